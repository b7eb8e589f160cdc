//! `expand`, `unexpand`, `join`, `comm`, `split`, `shuf`: lines and their columns.

use super::reading::inputs;
use super::{Arguments, Command, Options, Outcome};
use crate::fs::Access;
use crate::limits;
use crate::process::Process;
use rand::seq::SliceRandom;
use std::cmp::Ordering;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("expand", expand),
    Command::at_once("unexpand", unexpand),
    Command::at_once("join", join),
    Command::at_once("comm", comm),
    Command::at_once("split", split),
    Command::at_once("shuf", shuf),
];

/// Widest tab stop.
const TAB_MAX: usize = 1_024;

/// Files that `split` writes at once.
const PIECES_MAX: usize = 676;

fn tab(options: &Options) -> usize {
    let given = options.number("t").or(options.number("tabs"));
    given.map_or(8, |n| usize::try_from(n).unwrap_or(8)).clamp(1, TAB_MAX)
}

/// The lines of a text, without their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|b| *b == b'\n').map(|l| l.strip_suffix(b"\n").unwrap_or(l)).collect()
}

fn expand(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "it:", &["initial", "tabs:"]);
    let (tab, initial) = (tab(&options), options.has("i") || options.has("initial"));
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    for (_, text) in inputs {
        process.session.step(1 + text.len() as u64 / 512)?;
        let mut out = Vec::with_capacity(text.len());
        let (mut column, mut blank) = (0, true);
        for byte in &text {
            match byte {
                b'\t' if blank || !initial => {
                    let next = (column / tab + 1) * tab;
                    out.resize(out.len() + next - column, b' ');
                    column = next;
                }
                b'\n' => {
                    out.push(b'\n');
                    (column, blank) = (0, true);
                }
                other => {
                    out.push(*other);
                    column += 1;
                    blank &= matches!(other, b' ' | b'\t');
                }
            }
            if out.len() > limits::PIPE_BYTES {
                break;
            }
        }
        process.print(&out)?;
    }
    Ok(status)
}

fn unexpand(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "at:f", &["all", "tabs:", "first-only"]);
    let (tab, all) = (tab(&options), options.has("a") || options.has("all"));
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    for (_, text) in inputs {
        process.session.step(1 + text.len() as u64 / 512)?;
        let mut out = Vec::with_capacity(text.len());
        for line in text.split_inclusive(|b| *b == b'\n') {
            let (mut column, mut spaces, mut blank) = (0, 0, true);
            for byte in line {
                if *byte == b' ' && (blank || all) {
                    (spaces, column) = (spaces + 1, column + 1);
                    if column % tab == 0 {
                        out.push(if spaces > 1 { b'\t' } else { b' ' });
                        spaces = 0;
                    }
                    continue;
                }
                out.resize(out.len() + spaces, b' ');
                spaces = 0;
                blank &= *byte == b'\t';
                column = if *byte == b'\t' { (column / tab + 1) * tab } else { column + 1 };
                out.push(*byte);
            }
            out.resize(out.len() + spaces, b' ');
        }
        process.print(&out)?;
    }
    Ok(status)
}

fn join(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "t:1:2:j:a:v:i", &[]);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    let [(_, first), (_, second)] = &inputs[..] else {
        if status == 0 {
            process.error("join: missing operand\nTry 'join --help' for more information.")?;
        }
        return Ok(1);
    };
    let separator = options.value("t").and_then(|t| t.first().copied());
    let field = |letter: &str| {
        let number = options.number(letter).or(options.number("j")).unwrap_or(1);
        usize::try_from(number.saturating_sub(1)).unwrap_or(0)
    };
    let fields = |line: &[u8]| -> Vec<Vec<u8>> {
        let parts: Vec<&[u8]> = match separator {
            Some(separator) => line.split(|b| *b == separator).collect(),
            None => line.split(u8::is_ascii_whitespace).filter(|p| !p.is_empty()).collect(),
        };
        parts.into_iter().map(<[u8]>::to_vec).collect()
    };
    let read = |text: &[u8], key: usize| -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
        let row = |line: &&[u8]| {
            let mut row = fields(line);
            let key = if key < row.len() { row.remove(key) } else { Vec::new() };
            (key, row)
        };
        lines(text).iter().map(row).collect()
    };
    let (left, right) = (read(first, field("1")), read(second, field("2")));
    let alone = |side: &[u8]| {
        let asked = |flag: &str| options.values(flag).any(|v| v == side);
        asked("a") || asked("v")
    };
    let pairs = options.value("v").is_none();
    let between = separator.unwrap_or(b' ');
    let mut out = Vec::new();
    let mut push = |key: &[u8], rows: [&[Vec<u8>]; 2]| {
        out.extend_from_slice(key);
        for part in rows.into_iter().flatten() {
            out.push(between);
            out.extend_from_slice(part);
        }
        out.push(b'\n');
        out.len() <= limits::PIPE_BYTES
    };
    let (mut a, mut b) = (0, 0);
    let mut fits = true;
    while fits && (a < left.len() || b < right.len()) {
        process.session.step(1)?;
        let order = match (left.get(a), right.get(b)) {
            (Some((x, _)), Some((y, _))) => x.cmp(y),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        match order {
            Ordering::Less => {
                fits = !alone(b"1") || push(&left[a].0, [&left[a].1, &[]]);
                a += 1;
            }
            Ordering::Greater => {
                fits = !alone(b"2") || push(&right[b].0, [&right[b].1, &[]]);
                b += 1;
            }
            Ordering::Equal => {
                let key = &left[a].0;
                let ends = |rows: &[(Vec<u8>, Vec<Vec<u8>>)], from: usize| {
                    from + rows[from..].iter().take_while(|(k, _)| k == key).count()
                };
                let (a_end, b_end) = (ends(&left, a), ends(&right, b));
                process.session.step(((a_end - a) * (b_end - b)) as u64 / 8)?;
                for row in &left[a..a_end] {
                    for other in &right[b..b_end] {
                        fits = fits && (!pairs || push(key, [&row.1, &other.1]));
                    }
                }
                (a, b) = (a_end, b_end);
            }
        }
    }
    process.print(&out)?;
    Ok(status)
}

fn comm(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "123", &[]);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    let [(_, first), (_, second)] = &inputs[..] else {
        if status == 0 {
            process.error("comm: missing operand\nTry 'comm --help' for more information.")?;
        }
        return Ok(1);
    };
    let (left, right) = (lines(first), lines(second));
    process.session.step(1 + (left.len() + right.len()) as u64 / 8)?;
    let shown = ["1", "2", "3"].map(|column| !options.has(column));
    let mut out = Vec::new();
    let (mut a, mut b) = (0, 0);
    while a < left.len() || b < right.len() {
        let order = match (left.get(a), right.get(b)) {
            (Some(x), Some(y)) => x.cmp(y),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let (column, line) = match order {
            Ordering::Less => (0, left[a]),
            Ordering::Greater => (1, right[b]),
            Ordering::Equal => (2, left[a]),
        };
        a += usize::from(order != Ordering::Greater);
        b += usize::from(order != Ordering::Less);
        if shown[column] {
            let before = shown[..column].iter().filter(|s| **s).count();
            out.resize(out.len() + before, b'\t');
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
    process.print(&out)?;
    Ok(status)
}

fn split(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "l:b:a:d", &["lines:", "bytes:"]);
    let (file, prefix) = match &options.operands[..] {
        [] => (Vec::new(), b"x".to_vec()),
        [file] => (vec![file.clone()], b"x".to_vec()),
        [file, prefix, ..] => (vec![file.clone()], prefix.clone()),
    };
    let (inputs, status) = inputs(process, arguments, &file)?;
    let Some((_, text)) = inputs.first() else { return Ok(status) };
    let size = |value: Option<&[u8]>| -> Option<usize> {
        let text = std::str::from_utf8(value?).ok()?;
        let (digits, factor) = match text.strip_suffix(['k', 'K']) {
            Some(digits) => (digits, 1 << 10),
            None => text.strip_suffix(['m', 'M']).map_or((text, 1), |digits| (digits, 1 << 20)),
        };
        digits.parse::<usize>().ok()?.checked_mul(factor).filter(|n| *n > 0)
    };
    let pieces: Vec<&[u8]> =
        if let Some(bytes) = size(options.value("b").or(options.value("bytes"))) {
            text.chunks(bytes).collect()
        } else {
            let count = size(options.value("l").or(options.value("lines"))).unwrap_or(1_000);
            let all: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
            let mut at = 0;
            all.chunks(count)
                .map(|group| {
                    let length: usize = group.iter().map(|l| l.len()).sum();
                    at += length;
                    &text[at - length..at]
                })
                .collect()
        };
    if pieces.len() > PIECES_MAX {
        process.error("split: output file suffixes exhausted")?;
        return Ok(1);
    }
    for (index, piece) in pieces.into_iter().enumerate() {
        process.session.step(4 + piece.len() as u64 / 1_024)?;
        let suffix = if options.has("d") {
            format!("{index:02}").into_bytes()
        } else {
            vec![b'a' + (index / 26) as u8, b'a' + (index % 26) as u8]
        };
        let path = [&prefix[..], &suffix].concat();
        let open = match process.open(&path, Access::Truncate) {
            Ok(open) => open,
            Err(error) => {
                let shown = String::from_utf8_lossy(&path).into_owned();
                process.error(&format!("split: {shown}: {}", error.text()))?;
                return Ok(1);
            }
        };
        let saved = process.swap_fd(1, Some(open));
        let printed = process.print(piece);
        process.fds.set(1, saved);
        printed?;
    }
    Ok(status)
}

fn shuf(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "n:ei:zro:", &["head-count:", "echo", "input-range:"]);
    let mut items: Vec<Vec<u8>> = Vec::new();
    let mut status = 0;
    let range = options.value("i").or(options.value("input-range"));
    if options.has("e") || options.has("echo") {
        items.clone_from(&options.operands);
    } else if let Some(range) = range {
        let text = String::from_utf8_lossy(range).into_owned();
        let ends = text.split_once('-').and_then(|(low, high)| {
            Some((low.parse::<usize>().ok()?, high.parse::<usize>().ok()?))
        });
        let Some((low, high)) = ends.filter(|(low, high)| low <= high) else {
            process.error(&format!("shuf: invalid input range: ‘{text}’"))?;
            return Ok(1);
        };
        let high = high.min(low.saturating_add(limits::WORDS));
        process.session.step((high - low) as u64 / 8)?;
        items.extend((low..=high).map(|n| n.to_string().into_bytes()));
    } else {
        let (inputs, read) = inputs(process, arguments, &options.operands)?;
        status = read;
        for (_, text) in &inputs {
            items.extend(lines(text).into_iter().map(<[u8]>::to_vec));
        }
    }
    process.session.step(1 + items.len() as u64 / 16)?;
    items.shuffle(&mut process.session.system().rng);
    let count = options.number("n").or(options.number("head-count"));
    items.truncate(count.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0)));
    let mut out = Vec::new();
    for item in items {
        out.extend_from_slice(&item);
        out.push(b'\n');
    }
    process.print(&out)?;
    Ok(status)
}

//! `sort` and `uniq`.

use super::reading::inputs;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use std::cmp::Ordering;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("sort", sort), Command::at_once("uniq", uniq)];

/// How two lines are compared.
#[derive(Clone, Copy, Default)]
struct Order {
    numeric: bool,
    fold: bool,
    reverse: bool,
    human: bool,
}

/// A `-k` key: first and last field, from 1.
struct Key {
    first: usize,
    last: usize,
    order: Order,
}

fn sort(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options =
        Options::read(arguments, "nrufk:t:o:bdgihMVzsTS", &["reverse", "unique", "numeric-sort"]);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    if status != 0 {
        return Ok(2);
    }
    let order = Order {
        numeric: ["n", "g", "numeric-sort"].iter().any(|f| options.has(f)),
        fold: options.has("f"),
        reverse: options.has("r") || options.has("reverse"),
        human: options.has("h"),
    };
    let keys: Vec<Key> = options.values("k").map(|k| key(k, order)).collect();
    let separator = options.value("t").and_then(|t| t.first().copied());
    let mut lines: Vec<&[u8]> = inputs
        .iter()
        .flat_map(|(_, text)| text.split_inclusive(|b| *b == b'\n'))
        .map(|l| l.strip_suffix(b"\n").unwrap_or(l))
        .collect();
    process.session.step(1 + lines.len() as u64 / 4)?;
    let compare = |a: &[u8], b: &[u8]| {
        for key in &keys {
            let ordering = compare(field(a, key, separator), field(b, key, separator), key.order);
            if ordering != Ordering::Equal {
                return if key.order.reverse { ordering.reverse() } else { ordering };
            }
        }
        if keys.is_empty() {
            let ordering = compare(a, b, order);
            if ordering != Ordering::Equal {
                return if order.reverse { ordering.reverse() } else { ordering };
            }
        }
        Ordering::Equal
    };
    let unique = options.has("u") || options.has("unique");
    lines.sort_by(|a, b| {
        let ordering = compare(a, b);
        if ordering == Ordering::Equal && !unique {
            return if order.reverse { b.cmp(a) } else { a.cmp(b) };
        }
        ordering
    });
    if unique {
        lines.dedup_by(|a, b| compare(a, b) == Ordering::Equal);
    }
    let mut out = Vec::new();
    for line in lines {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    match options.value("o") {
        Some(path) => {
            let open = process.open(path, crate::fs::Access::Truncate);
            if let Ok(open) = open {
                let saved = process.swap_fd(1, Some(open));
                let written = process.print(&out);
                process.fds.set(1, saved);
                written?;
            }
        }
        None => {
            process.print(&out)?;
        }
    }
    Ok(status)
}

fn key(text: &[u8], order: Order) -> Key {
    let text = String::from_utf8_lossy(text);
    let (first, last) = text.split_once(',').unwrap_or((&text, ""));
    let number = |t: &str| {
        t.trim_end_matches(|c: char| c.is_ascii_alphabetic())
            .split('.')
            .next()
            .and_then(|n| n.parse().ok())
    };
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    let order = if letters.is_empty() {
        order
    } else {
        Order {
            numeric: letters.contains(['n', 'g']),
            fold: letters.contains('f'),
            reverse: letters.contains('r'),
            human: letters.contains('h'),
        }
    };
    Key { first: number(first).unwrap_or(1), last: number(last).unwrap_or(usize::MAX), order }
}

fn field<'a>(line: &'a [u8], key: &Key, separator: Option<u8>) -> &'a [u8] {
    let mut fields: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    match separator {
        Some(separator) => {
            for part in line.split(|b| *b == separator) {
                fields.push((start, start + part.len()));
                start += part.len() + 1;
            }
        }
        None => {
            while start < line.len() {
                let blanks = line[start..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                let word =
                    line[start + blanks..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
                fields.push((start + blanks, start + blanks + word));
                start += blanks + word;
            }
        }
    }
    let first = fields.get(key.first.saturating_sub(1)).map_or(line.len(), |f| f.0);
    let last = fields.get(key.last.saturating_sub(1)).map_or(line.len(), |f| f.1);
    &line[first..last.max(first)]
}

fn compare(a: &[u8], b: &[u8], order: Order) -> Ordering {
    if order.numeric || order.human {
        return number(a, order.human).total_cmp(&number(b, order.human));
    }
    if order.fold {
        return a.to_ascii_uppercase().cmp(&b.to_ascii_uppercase());
    }
    a.cmp(b)
}

fn number(text: &[u8], human: bool) -> f64 {
    let text = text.trim_ascii_start();
    let length = text
        .iter()
        .enumerate()
        .take_while(|(i, b)| b.is_ascii_digit() || **b == b'.' || (*i == 0 && **b == b'-'))
        .count();
    let value: f64 =
        std::str::from_utf8(&text[..length]).ok().and_then(|t| t.parse().ok()).unwrap_or(0.0);
    let factor = match text.get(length) {
        Some(b'K' | b'k') if human => 1e3,
        Some(b'M') if human => 1e6,
        Some(b'G') if human => 1e9,
        _ => 1.0,
    };
    value * factor
}

/// Groups of lines that are printed in a step.
const GROUPS_PER_STEP: u32 = 32;

fn uniq(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "cduif:s:w:", &["count"]);
    let (inputs, status) =
        inputs(process, arguments, &options.operands[..options.operands.len().min(1)])?;
    let count = options.has("c") || options.has("count");
    let mut out = Vec::new();
    let mut groups: u32 = 0;
    for (_, text) in &inputs {
        let mut lines = text
            .split_inclusive(|b| *b == b'\n')
            .map(|l| l.strip_suffix(b"\n").unwrap_or(l))
            .peekable();
        while let Some(line) = lines.next() {
            let mut times = 1;
            let same = |a: &[u8], b: &[u8]| {
                if options.has("i") { a.eq_ignore_ascii_case(b) } else { a == b }
            };
            while lines.next_if(|next| same(next, line)).is_some() {
                times += 1;
            }
            if (options.has("d") && times == 1) || (options.has("u") && times > 1) {
                continue;
            }
            groups += 1;
            process.session.step(u64::from(groups.is_multiple_of(GROUPS_PER_STEP)))?;
            if count {
                out.extend_from_slice(format!("{times:>7} ").as_bytes());
            }
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
    process.print(&out)?;
    Ok(status)
}

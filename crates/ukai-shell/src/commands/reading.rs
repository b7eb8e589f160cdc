//! Files named on a command line, or standard input; `head`, `tail`, `wc`, `tee`, `more`.

use super::{Arguments, Command, Leave, Options, Outcome};
use crate::fs::{Access, FsError};
use crate::io::Open;
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use bytes::Bytes;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("head", head_of_stream),
    Command::at_once("tail", tail),
    Command::at_once("wc", wc),
    Command::at_once("tee", tee),
    Command::at_once("tac", tac),
    Command::at_once("rev", rev),
    Command::at_once("nl", nl),
    Command::at_once("more", page),
    Command::at_once("less", page),
    Command::at_once("strings", strings),
];

/// A file that was read: its name as given, and its bytes.
pub(super) type Input = (Vec<u8>, Bytes);

/// Reads the operands, or standard input if there are none. Those that cannot be read
/// are complained about; the status says whether all could.
pub(super) fn inputs(
    process: &mut Process,
    arguments: &Arguments,
    operands: &[Vec<u8>],
) -> Result<(Vec<Input>, i32), Leave> {
    if operands.is_empty() {
        return Ok((vec![(Vec::new(), process.input()?)], 0));
    }
    // Typed input is asked for before anything is printed.
    if operands.iter().any(|o| o == b"-") && process.input_is_to_come(0) {
        return Err(Leave::NeedInput);
    }
    let mut all = Vec::with_capacity(operands.len());
    let mut status = 0;
    for operand in operands {
        if operand == b"-" {
            all.push((operand.clone(), process.input()?));
            continue;
        }
        match read_file(process, operand)? {
            Ok(bytes) => all.push((operand.clone(), bytes)),
            Err(error) => {
                status = 1;
                complain(process, arguments, operand, error)?;
            }
        }
    }
    Ok((all, status))
}

/// The whole of a file, with the work charged.
pub(super) fn read_file(
    process: &mut Process,
    path: &[u8],
) -> Result<Result<Bytes, FsError>, Leave> {
    let open = match process.open(path, Access::Read) {
        Ok(open) => open,
        Err(error) => return Ok(Err(error)),
    };
    let saved = process.swap_fd(0, Some(open));
    let bytes = process.still_input(0);
    process.fds.set(0, saved);
    let bytes = bytes.ok_or(Leave::NeedInput)?;
    process.session.step(1 + bytes.len() as u64 / 1_024)?;
    Ok(Ok(bytes))
}

/// `name: can't open 'x': ...`
pub(super) fn complain(
    process: &mut Process,
    arguments: &Arguments,
    path: &[u8],
    error: FsError,
) -> Result<(), Leave> {
    let (name, shown) = (arguments.name(), String::from_utf8_lossy(path));
    let text = match (arguments.gnu, error) {
        (false, FsError::IsDirectory) => {
            format!("{name}: read error: {}", error.text())
        }
        (true, _) if matches!(&*name, "head" | "tail") => {
            format!("{name}: cannot open '{shown}' for reading: {}", error.text())
        }
        (true, _) if name == "sort" => format!("sort: cannot read: {shown}: {}", error.text()),
        (true, _) => format!("{name}: {shown}: {}", error.text()),
        (false, _)
            if matches!(
                &*name,
                "head" | "wc" | "sort" | "grep" | "od" | "cut" | "sed" | "nl" | "base64"
            ) =>
        {
            format!("{name}: {shown}: {}", error.text())
        }
        (false, _) => format!("{name}: can't open '{shown}': {}", error.text()),
    };
    process.error(&text)?;
    Ok(())
}

/// Lines of a text, each with its newline.
pub(super) fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split_inclusive(|b| *b == b'\n')
}

/// A count as `head` and `tail` take it: with `k`, `m` or `b` behind it.
fn count(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?.trim_start_matches(['-', '+']);
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1 << 10),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1 << 20),
            None => {
                (text.strip_suffix('b').unwrap_or(text), if text.ends_with('b') { 512 } else { 1 })
            }
        },
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

fn bad_count(
    process: &mut Process,
    arguments: &Arguments,
    given: &[u8],
    by_bytes: bool,
) -> Outcome {
    let (name, shown) = (arguments.name(), String::from_utf8_lossy(given));
    process.error(&match (arguments.gnu, by_bytes) {
        (true, true) => format!("{name}: invalid number of bytes: ‘{shown}’"),
        (true, false) => format!("{name}: invalid number of lines: ‘{shown}’"),
        _ => format!("{name}: invalid number '{shown}'"),
    })?;
    Ok(1)
}

/// `head`, which reads no more of a pipe or of what is typed than it prints.
fn head_of_stream(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let given = with_old_counts(&arguments);
        let options = Options::read(&given, "n:c:qv", &["lines:", "bytes:"]);
        let bytes = options.value("c").or(options.value("bytes"));
        let number = bytes.or(options.value("n")).or(options.value("lines"));
        let from_end = number.is_some_and(|n| n.starts_with(b"-"));
        let stream = options.operands.is_empty() || options.operands == [b"-"];
        let wanted = if from_end { None } else { number.map_or(Some(10), count) };
        if let (true, true, Some(wanted)) = (process.input_is_to_come(0), stream, wanted) {
            let mut all = Vec::new();
            let mut left = wanted;
            while left > 0 && all.len() < limits::FILE_BYTES {
                let max = if bytes.is_some() { left } else { limits::PIPE_BYTES };
                let chunk = process.read(0, max, bytes.is_none()).await?.unwrap_or_default();
                if chunk.is_empty() {
                    break;
                }
                process.session.step(1 + chunk.len() as u64 / 4_096)?;
                left -=
                    if bytes.is_some() { chunk.len() } else { usize::from(chunk.ends_with(b"\n")) };
                all.extend_from_slice(&chunk);
            }
            let saved = process.swap_fd(0, Some(Open::bytes(all)));
            let result = head(process, &arguments);
            process.fds.set(0, saved);
            return result.or_else(Leave::stop);
        }
        Command::at_once("head", head).run(process, arguments).await
    })
}

/// `-5` is `-n 5`.
fn with_old_counts(arguments: &Arguments) -> Arguments {
    let mut words = Vec::with_capacity(arguments.words.len() + 1);
    for (index, word) in arguments.words.iter().enumerate() {
        let digits = word.len() > 1 && word[0] == b'-' && word[1..].iter().all(u8::is_ascii_digit);
        if index > 0 && digits {
            words.push(b"-n".to_vec());
            words.push(word[1..].to_vec());
        } else {
            words.push(word.clone());
        }
    }
    Arguments::new(words, arguments.gnu)
}

fn title(process: &mut Process, name: &[u8], first: bool) -> Result<(), Leave> {
    let name = if name.is_empty() { &b"standard input"[..] } else { name };
    let mut text = if first { b"==> ".to_vec() } else { b"\n==> ".to_vec() };
    text.extend_from_slice(name);
    text.extend_from_slice(b" <==\n");
    process.print(&text)?;
    Ok(())
}

fn head(process: &mut Process, arguments: &Arguments) -> Outcome {
    let arguments = with_old_counts(arguments);
    let options = Options::read(&arguments, "n:c:qv", &["lines:", "bytes:"]);
    let bytes = options.value("c").or(options.value("bytes"));
    let by_bytes = bytes.is_some();
    let given = bytes.or(options.value("n")).or(options.value("lines"));
    let Some(number) = given.map_or(Some(10), count) else {
        return bad_count(process, &arguments, given.unwrap_or_default(), by_bytes);
    };
    let all_but = given.is_some_and(|g| g.starts_with(b"-"));
    let (inputs, status) = inputs(process, &arguments, &options.operands)?;
    let titled = (inputs.len() > 1 && !options.has("q")) || options.has("v");
    for (index, (name, text)) in inputs.iter().enumerate() {
        if titled {
            title(process, name, index == 0)?;
        }
        let end = if by_bytes {
            if all_but { text.len().saturating_sub(number) } else { number.min(text.len()) }
        } else {
            let total = if all_but { lines(text).count().saturating_sub(number) } else { number };
            lines(text).take(total).map(<[u8]>::len).sum()
        };
        process.print(&text[..end])?;
    }
    Ok(status)
}

fn tail(process: &mut Process, arguments: &Arguments) -> Outcome {
    let arguments = with_old_counts(arguments);
    let options = Options::read(&arguments, "n:c:qvfFs:", &["lines:", "bytes:"]);
    let bytes = options.value("c").or(options.value("bytes"));
    let by_bytes = bytes.is_some();
    let given = bytes.or(options.value("n")).or(options.value("lines"));
    let Some(number) = given.map_or(Some(10), count) else {
        return bad_count(process, &arguments, given.unwrap_or_default(), by_bytes);
    };
    let from_start = given.is_some_and(|g| g.starts_with(b"+"));
    let (inputs, status) = inputs(process, &arguments, &options.operands)?;
    if inputs.is_empty() && !arguments.gnu {
        process.error("tail: no files")?;
    }
    let titled = inputs.len() > 1 && !options.has("q");
    for (index, (name, text)) in inputs.iter().enumerate() {
        if titled {
            title(process, name, index == 0)?;
        }
        let start = match (by_bytes, from_start) {
            (true, true) => number.saturating_sub(1).min(text.len()),
            (true, false) => text.len().saturating_sub(number),
            (false, true) => lines(text).take(number.saturating_sub(1)).map(<[u8]>::len).sum(),
            (false, false) => {
                text.len() - lines(text).rev().take(number).map(<[u8]>::len).sum::<usize>()
            }
        };
        process.print(&text[start..])?;
    }
    Ok(status)
}

fn wc(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "lwcmL", &["lines", "words", "bytes", "chars"]);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    let has = |s: &str, l: &str| options.has(s) || options.has(l);
    let mut shown = [has("l", "lines"), has("w", "words"), has("c", "bytes") || has("m", "chars")];
    if shown == [false; 3] {
        shown = [true; 3];
    }
    let single = shown.iter().filter(|s| **s).count() == 1;
    let mut totals = [0_usize; 3];
    let mut text = String::new();
    let mut row = |counts: [usize; 3], name: &[u8], alone: bool| {
        let mut line = String::new();
        for (count, _) in counts.iter().zip(shown).filter(|(_, shown)| *shown) {
            let piece = if single && alone {
                count.to_string()
            } else if arguments.gnu {
                format!("{count:>7}")
            } else {
                format!("{count:>9}")
            };
            if arguments.gnu && !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&piece);
        }
        if !name.is_empty() {
            line.push(' ');
            line.push_str(&String::from_utf8_lossy(name));
        }
        text.push_str(&line);
        text.push('\n');
    };
    for (name, bytes) in &inputs {
        let counts = [
            bytes.split(|b| *b == b'\n').count() - 1,
            bytes.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).count(),
            bytes.len(),
        ];
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
        row(counts, name, inputs.len() == 1);
    }
    if inputs.len() > 1 {
        row(totals, b"total", false);
    }
    process.print(&text)?;
    Ok(status)
}

fn tee(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "ai", &["append"]);
    let text = process.input()?;
    let access =
        if options.has("a") || options.has("append") { Access::Append } else { Access::Truncate };
    let mut status = 0;
    for path in &options.operands {
        match process.open(path, access) {
            Ok(open) => {
                let saved = process.swap_fd(1, Some(open));
                let written = process.print(&text);
                process.fds.set(1, saved);
                written?;
            }
            Err(error) => {
                status = 1;
                let shown = String::from_utf8_lossy(path);
                process.error(&format!("{}: {shown}: {}", arguments.name(), error.text()))?;
            }
        }
    }
    process.print(&text)?;
    Ok(status)
}

fn tac(process: &mut Process, arguments: &Arguments) -> Outcome {
    let (inputs, status) = inputs(process, arguments, arguments.rest())?;
    for (_, text) in inputs {
        let reversed: Vec<u8> = lines(&text).rev().flatten().copied().collect();
        process.print(&reversed)?;
    }
    Ok(status)
}

fn rev(process: &mut Process, arguments: &Arguments) -> Outcome {
    let (inputs, status) = inputs(process, arguments, arguments.rest())?;
    for (_, text) in inputs {
        let mut out = Vec::with_capacity(text.len());
        for line in lines(&text) {
            let body = line.strip_suffix(b"\n").unwrap_or(line);
            out.extend(body.iter().rev());
            out.push(b'\n');
        }
        process.print(&out)?;
    }
    Ok(status)
}

fn nl(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "b:w:s:v:i:n:", &[]);
    let all = options.value("b") == Some(b"a");
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    let mut number = 0;
    for (_, text) in inputs {
        let mut out = Vec::with_capacity(text.len());
        for line in lines(&text) {
            if line == b"\n" && !all {
                out.extend_from_slice(b"       \n");
                continue;
            }
            number += 1;
            out.extend_from_slice(format!("{number:>6}\t").as_bytes());
            out.extend_from_slice(line);
        }
        process.print(&out)?;
    }
    Ok(status)
}

fn page(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "EFRSXdefi", &[]);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    for (_, text) in inputs {
        process.print(&text)?;
    }
    Ok(status)
}

fn strings(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "an:ft:o", &[]);
    let least = options.number("n").map_or(4, |n| n.clamp(1, 1_024) as usize);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    for (_, text) in inputs {
        let mut out = Vec::new();
        for piece in text.split(|b| !(b.is_ascii_graphic() || matches!(b, b' ' | b'\t'))) {
            if piece.len() >= least {
                out.extend_from_slice(piece);
                out.push(b'\n');
            }
        }
        process.print(&out)?;
    }
    Ok(status)
}

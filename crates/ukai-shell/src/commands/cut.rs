//! `cut`, `paste`, `fold`.

use super::reading::inputs;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("cut", cut),
    Command::at_once("paste", paste),
    Command::at_once("fold", fold),
];

/// Ranges such as `1,3-5,7-`, from 1.
fn ranges(text: &[u8]) -> Option<Vec<(usize, usize)>> {
    let text = std::str::from_utf8(text).ok()?;
    text.split(',')
        .map(|part| {
            let (low, high) = match part.split_once('-') {
                Some((low, high)) => (low, high),
                None => (part, part),
            };
            let low = if low.is_empty() { 1 } else { low.parse().ok()? };
            let high = if high.is_empty() { usize::MAX } else { high.parse().ok()? };
            (low > 0 && high >= low).then_some((low, high))
        })
        .collect()
}

/// Bytes of a list of places that are read in a step.
const LIST_BYTES_PER_STEP: u64 = 64;

fn cut(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "b:c:f:d:sn",
        &["fields:", "delimiter:", "characters:", "bytes:", "output-delimiter:", "complement"],
    );
    let value =
        |short: &str, long: &str| options.value(short).or(options.value(long)).map(<[u8]>::to_vec);
    let fields = value("f", "fields");
    let characters = value("c", "characters").or_else(|| value("b", "bytes"));
    let Some(list) = fields.clone().or(characters) else {
        let text = if arguments.gnu {
            "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information."
        } else {
            "cut: expected a list of bytes, characters, or fields"
        };
        process.error(text)?;
        return Ok(1);
    };
    process.session.step(list.len() as u64 / LIST_BYTES_PER_STEP)?;
    let Some(ranges) = ranges(&list) else {
        process.error("cut: invalid byte, character or field list")?;
        return Ok(1);
    };
    let delimiter = value("d", "delimiter").and_then(|d| d.first().copied()).unwrap_or(b'\t');
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    let wanted = |n: usize| ranges.iter().any(|(low, high)| (*low..=*high).contains(&n));
    let mut out = Vec::new();
    for (_, text) in &inputs {
        // Each place is looked for in the list.
        let cost = text.len() as u64 / 512 * (1 + ranges.len() as u64 / 8);
        process.session.step(1 + cost)?;
        for line in text.split_inclusive(|b| *b == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if fields.is_none() {
                out.extend(line.iter().enumerate().filter(|(i, _)| wanted(i + 1)).map(|(_, b)| *b));
            } else if !line.contains(&delimiter) {
                if options.has("s") {
                    continue;
                }
                out.extend_from_slice(line);
            } else {
                let picked: Vec<&[u8]> = line
                    .split(|b| *b == delimiter)
                    .enumerate()
                    .filter(|(i, _)| wanted(i + 1))
                    .map(|(_, f)| f)
                    .collect();
                out.extend_from_slice(&picked.join(&delimiter));
            }
            out.push(b'\n');
        }
    }
    process.print(&out)?;
    Ok(status)
}

fn paste(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "sd:", &["serial", "delimiters:"]);
    let delimiter = options.value("d").and_then(|d| d.first().copied()).unwrap_or(b'\t');
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    let columns: Vec<Vec<&[u8]>> = inputs
        .iter()
        .map(|(_, t)| {
            t.split_inclusive(|b| *b == b'\n').map(|l| l.strip_suffix(b"\n").unwrap_or(l)).collect()
        })
        .collect();
    let mut out = Vec::new();
    if options.has("s") {
        for column in &columns {
            out.extend_from_slice(&column.join(&delimiter));
            out.push(b'\n');
        }
    } else {
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        for row in 0..rows {
            let line: Vec<&[u8]> =
                columns.iter().map(|c| c.get(row).copied().unwrap_or_default()).collect();
            out.extend_from_slice(&line.join(&delimiter));
            out.push(b'\n');
        }
    }
    process.print(&out)?;
    Ok(status)
}

fn fold(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "w:sb", &["width:"]);
    let width =
        options.number("w").or(options.number("width")).unwrap_or(80).clamp(1, 65_536) as usize;
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    for (_, text) in inputs {
        let mut out = Vec::new();
        for line in text.split_inclusive(|b| *b == b'\n') {
            let body = line.strip_suffix(b"\n").unwrap_or(line);
            out.extend_from_slice(&body.chunks(width).collect::<Vec<_>>().join(&b'\n'));
            if line.len() > body.len() {
                out.push(b'\n');
            }
        }
        process.print(&out)?;
    }
    Ok(status)
}

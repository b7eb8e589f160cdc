//! `od`, `hexdump`, `hd`, `xxd`.

use super::reading::inputs;
use super::{Arguments, Command, Leave, Options, Outcome};
use crate::limits;
use crate::process::Process;
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("od", od),
    Command::at_once("hexdump", hexdump),
    Command::at_once("hd", hexdump),
    Command::at_once("xxd", xxd),
];

/// Bytes in a row.
const ROW: usize = 16;

/// All inputs as one, cut as the options say.
fn gather(
    process: &mut Process,
    arguments: &Arguments,
    files: &[Vec<u8>],
    skip: usize,
    most: usize,
) -> Result<(Vec<u8>, i32), Leave> {
    let (inputs, status) = inputs(process, arguments, files)?;
    let all: Vec<u8> = inputs
        .iter()
        .flat_map(|(_, b)| b.iter().copied())
        .skip(skip)
        .take(most.min(limits::PIPE_BYTES))
        .collect();
    process.session.step(1 + all.len() as u64 / 64)?;
    Ok((all, status))
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if (0x20..0x7f).contains(b) { *b as char } else { '.' }).collect()
}

fn od(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "A:t:N:j:vbcdoxhw:", &[]);
    let most = options.number("N").map_or(usize::MAX, |n| n.max(0) as usize);
    let skip = options.number("j").map_or(0, |n| n.max(0) as usize);
    let (bytes, status) = gather(process, arguments, &options.operands, skip, most)?;
    if bytes.is_empty() && status != 0 {
        return Ok(status);
    }
    let kind =
        options.value("t").map(|t| String::from_utf8_lossy(t).into_owned()).unwrap_or_default();
    let kind = match kind.as_str() {
        "" if options.has("b") => "o1",
        "" if options.has("c") => "c",
        "" if options.has("x") || options.has("h") => "x2",
        "" if options.has("d") => "u2",
        "" => "o2",
        "x" => "x4",
        other => other,
    };
    let base = options.value("A").unwrap_or(b"o").first().copied().unwrap_or(b'o');
    let address = |at: usize| match base {
        b'n' => String::new(),
        b'd' => format!("{at:07}"),
        b'x' => format!("{at:06x}"),
        _ => format!("{at:07o}"),
    };
    let letter = kind.chars().next().unwrap_or('o');
    let size = kind.trim_start_matches(letter).parse().unwrap_or(1_usize).clamp(1, 8);
    let mut text = String::new();
    let mut repeated = false;
    for (index, row) in bytes.chunks(ROW).enumerate() {
        let same = index > 0 && row.len() == ROW && bytes[(index - 1) * ROW..].starts_with(row);
        if same && !options.has("v") {
            if !repeated {
                text.push_str("*\n");
            }
            repeated = true;
            continue;
        }
        repeated = false;
        text.push_str(&address(skip + index * ROW));
        if letter == 'c' {
            for byte in row {
                let shown = match byte {
                    0 => "\\0".to_owned(),
                    7 => "\\a".to_owned(),
                    8 => "\\b".to_owned(),
                    11 => "\\v".to_owned(),
                    12 => "\\f".to_owned(),
                    b'\n' => "\\n".to_owned(),
                    b'\t' => "\\t".to_owned(),
                    b'\r' => "\\r".to_owned(),
                    0x20..=0x7e => (*byte as char).to_string(),
                    other => format!("{other:03o}"),
                };
                let _ = write!(text, " {shown:>3}");
            }
        } else {
            for unit in row.chunks(size) {
                let mut raw = [0; 8];
                raw[..unit.len()].copy_from_slice(unit);
                if !process.session.host.persona.cpu().little_endian() {
                    raw[..size].reverse();
                }
                let value = u64::from_le_bytes(raw);
                let _ = match letter {
                    'x' => write!(text, " {value:0w$x}", w = size * 2),
                    'd' => write!(text, " {value:>w$}", w = [4, 6, 0, 11][(size - 1).min(3)]),
                    'u' => write!(text, " {value:>w$}", w = [3, 5, 0, 10][(size - 1).min(3)]),
                    _ => write!(text, " {value:0w$o}", w = [3, 6, 0, 11][(size - 1).min(3)]),
                };
            }
        }
        text.push('\n');
    }
    if base != b'n' {
        text.push_str(&address(skip + bytes.len()));
        text.push('\n');
    }
    process.print(&text)?;
    Ok(status)
}

fn hexdump(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "bcdoxCvn:s:e:f:", &[]);
    let most = options.number("n").map_or(usize::MAX, |n| n.max(0) as usize);
    let skip = options.number("s").map_or(0, |n| n.max(0) as usize);
    let (bytes, status) = gather(process, arguments, &options.operands, skip, most)?;
    let canonical = options.has("C") || arguments.name() == "hd";
    let mut text = String::new();
    if let Some(format) = options.value("e") {
        // The form that loaders use: `-e '16/1 "%02x"'` and the like.
        let upper = format.windows(2).any(|w| w == b"2X");
        let prefix = if format.windows(2).any(|w| w == b"\\x") { "\\x" } else { "" };
        for byte in &bytes {
            let _ = if upper {
                write!(text, "{prefix}{byte:02X}")
            } else {
                write!(text, "{prefix}{byte:02x}")
            };
        }
        process.print(&text)?;
        return Ok(status);
    }
    let width = if canonical { 8 } else { 7 };
    let mut repeated = false;
    for (index, row) in bytes.chunks(ROW).enumerate() {
        if index > 0
            && row.len() == ROW
            && bytes[(index - 1) * ROW..].starts_with(row)
            && !options.has("v")
        {
            if !repeated {
                text.push_str("*\n");
            }
            repeated = true;
            continue;
        }
        repeated = false;
        let _ = write!(text, "{:0width$x}", skip + index * ROW);
        if canonical {
            for at in 0..ROW {
                if at % 8 == 0 {
                    text.push(' ');
                }
                match row.get(at) {
                    Some(byte) => {
                        let _ = write!(text, " {byte:02x}");
                    }
                    None => text.push_str("   "),
                }
            }
            let _ = write!(text, "  |{}|", printable(row));
        } else {
            for pair in row.chunks(2) {
                let low = u16::from(pair[0]);
                let high = pair.get(1).map_or(0, |b| u16::from(*b));
                let little = process.session.host.persona.cpu().little_endian();
                let value = if little { high << 8 | low } else { low << 8 | high };
                let _ = write!(text, " {value:04x}");
            }
            // What is missing in the last row is blank.
            text.push_str(&" ".repeat(5 * (ROW / 2 - row.len().div_ceil(2))));
        }
        text.push('\n');
    }
    if !bytes.is_empty() {
        let _ = writeln!(text, "{:0width$x}", skip + bytes.len());
    }
    process.print(&text)?;
    Ok(status)
}

fn xxd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "prl:s:c:g:ui", &[]);
    if options.has("r") {
        let (inputs, status) = inputs(process, arguments, &options.operands)?;
        let mut out = Vec::new();
        for (_, text) in inputs {
            for line in text.split(|b| *b == b'\n') {
                let line = String::from_utf8_lossy(line).into_owned();
                let body = if options.has("p") {
                    line.as_str()
                } else {
                    line.split_once(": ").map_or("", |(_, r)| r.split("  ").next().unwrap_or(""))
                };
                let digits: Vec<u8> =
                    body.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
                out.extend(digits.chunks_exact(2).map(|p| p[0] << 4 | p[1]));
            }
        }
        process.print(&out)?;
        return Ok(status);
    }
    let most = options.number("l").map_or(usize::MAX, |n| n.max(0) as usize);
    let (bytes, status) = gather(process, arguments, &options.operands, 0, most)?;
    let mut text = String::new();
    if options.has("p") {
        for row in bytes.chunks(30) {
            for byte in row {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
    } else {
        let columns = options.number("c").map_or(ROW, |n| n.clamp(1, 256) as usize);
        let width = 2 * columns + columns.div_ceil(2);
        for (index, row) in bytes.chunks(columns).enumerate() {
            let mut hex = String::new();
            for pair in row.chunks(2) {
                for byte in pair {
                    let _ = write!(hex, "{byte:02x}");
                }
                hex.push(' ');
            }
            let _ = writeln!(text, "{:08x}: {hex:<width$} {}", index * columns, printable(row));
        }
    }
    process.print(&text)?;
    Ok(status)
}

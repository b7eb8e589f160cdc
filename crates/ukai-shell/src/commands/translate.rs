//! `tr`.

use super::{Arguments, Command, Options, Outcome};
use crate::escape::{Escape, escape};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("tr", tr)];

/// Bytes of a set's description that are read in a step.
const SET_BYTES_PER_STEP: u64 = 16;

fn tr(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "+cCdst", &["delete", "squeeze-repeats", "complement"]);
    let Some(first) = options.operands.first() else {
        if arguments.gnu {
            process.error("tr: missing operand\nTry 'tr --help' for more information.")?;
        } else {
            process.busybox_usage("tr [-cds] STRING1 [STRING2]\n")?;
        }
        return Ok(1);
    };
    let length: usize = options.operands.iter().map(Vec::len).sum();
    process.session.step(length as u64 / SET_BYTES_PER_STEP)?;
    let mut from = set(first);
    let to = options.operands.get(1).map(|w| set(w)).unwrap_or_default();
    if ["c", "C", "complement"].iter().any(|f| options.has(f)) {
        from = (0..=255).filter(|b| !from.contains(b)).collect();
    }
    let delete = options.has("d") || options.has("delete");
    let squeeze = options.has("s") || options.has("squeeze-repeats");
    let input = process.input()?;
    let mut map: [u8; 256] = std::array::from_fn(|i| i as u8);
    let mut in_from = [false; 256];
    for byte in &from {
        in_from[usize::from(*byte)] = true;
    }
    if !delete && let Some(last) = to.last() {
        for (index, byte) in from.iter().enumerate() {
            map[usize::from(*byte)] = *to.get(index).unwrap_or(last);
        }
    }
    let mut squeezed = [false; 256];
    for byte in if to.is_empty() { &from } else { &to } {
        squeezed[usize::from(*byte)] = squeeze;
    }
    let mut out = Vec::with_capacity(input.len());
    for byte in &input {
        if delete && in_from[usize::from(*byte)] {
            continue;
        }
        let new = map[usize::from(*byte)];
        if squeezed[usize::from(new)] && out.last() == Some(&new) {
            continue;
        }
        out.push(new);
    }
    process.print(&out)?;
    Ok(0)
}

/// The bytes of a set: ranges, classes, escapes.
fn set(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(b"[:")
            && let Some(end) = text[at..].windows(2).position(|w| w == b":]")
        {
            out.extend(class(&text[at + 2..at + end]));
            at += end + 2;
            continue;
        }
        let (low, length) = one(&text[at..]);
        at += length;
        if text.get(at) == Some(&b'-') && at + 1 < text.len() {
            let (high, length) = one(&text[at + 1..]);
            if high >= low {
                out.extend(low..=high);
                at += 1 + length;
                continue;
            }
        }
        out.push(low);
    }
    out
}

fn one(text: &[u8]) -> (u8, usize) {
    if text[0] == b'\\'
        && let Escape::Byte(byte, length) = escape(&text[1..], Some(false))
    {
        return (byte, 1 + length);
    }
    if text[0] == b'\\' && text.len() > 1 {
        return (text[1], 2);
    }
    (text[0], 1)
}

fn class(name: &[u8]) -> Vec<u8> {
    let fits: fn(&u8) -> bool = match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |b| b.is_ascii_whitespace() || *b == 11,
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"punct" => u8::is_ascii_punctuation,
        b"xdigit" => u8::is_ascii_hexdigit,
        b"cntrl" => u8::is_ascii_control,
        b"print" => |b| matches!(b, 0x20..=0x7e),
        b"graph" => u8::is_ascii_graphic,
        _ => |_| false,
    };
    (0..=255).filter(fits).collect()
}

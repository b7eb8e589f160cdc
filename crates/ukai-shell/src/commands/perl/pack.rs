//! `pack` and `unpack`.

use super::run::Value;
use bytes::Bytes;

/// `pack` for texts, hexadecimal digits and numbers.
pub(super) fn pack(form: &[u8], values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut values = values.iter();
    let mut at = 0;
    while let Some(kind) = form.get(at).copied() {
        at += 1;
        let digits: String =
            form[at..].iter().take_while(|b| b.is_ascii_digit()).map(|b| *b as char).collect();
        at += digits.len();
        let star = form.get(at) == Some(&b'*');
        at += usize::from(star);
        let count = digits.parse::<usize>().unwrap_or(1).min(4_096);
        match kind {
            b'H' => {
                let text = values.next().map(Value::shown).unwrap_or_default();
                let nibbles: Vec<u8> =
                    text.chars().map(|c| c.to_digit(16).unwrap_or(0) as u8).collect();
                out.extend(nibbles.chunks(2).map(|p| p[0] << 4 | p.get(1).copied().unwrap_or(0)));
            }
            b'A' | b'a' => {
                let text = values.next().map(Value::text).unwrap_or_default();
                if star || digits.is_empty() {
                    out.extend_from_slice(if star { &text } else { &text[..text.len().min(1)] });
                } else {
                    let mut part = text[..text.len().min(count)].to_vec();
                    part.resize(count, if kind == b'A' { b' ' } else { 0 });
                    out.extend(part);
                }
            }
            b'x' => out.extend(std::iter::repeat_n(0, count)),
            b'C' | b'c' | b'n' | b'N' | b'v' | b'V' | b'S' | b'L' => {
                let times = if star { usize::MAX } else { count };
                for value in values.by_ref().take(times) {
                    let n = value.integer();
                    match kind {
                        b'n' => out.extend((n as u16).to_be_bytes()),
                        b'N' => out.extend((n as u32).to_be_bytes()),
                        b'v' | b'S' => out.extend((n as u16).to_le_bytes()),
                        b'V' | b'L' => out.extend((n as u32).to_le_bytes()),
                        _ => out.push(n as u8),
                    }
                }
            }
            _ => {}
        }
    }
    out
}

pub(super) fn unpack(form: &[u8], bytes: &Bytes) -> Vec<Value> {
    match form.first() {
        Some(b'H') => {
            let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
            let text: String = bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect();
            vec![Value::str(text)]
        }
        // `u`: uuencoded text, which droppers carry.
        Some(b'u') => {
            let mut out = Vec::new();
            for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
                let value = |b: u8| b.wrapping_sub(32) & 63;
                let length = usize::from(value(line[0]));
                let mut part = Vec::new();
                for four in line[1..].chunks(4) {
                    let at = |n: usize| value(four.get(n).copied().unwrap_or(32));
                    part.extend([
                        at(0) << 2 | at(1) >> 4,
                        at(1) << 4 | at(2) >> 2,
                        at(2) << 6 | at(3),
                    ]);
                }
                part.truncate(length);
                out.extend(part);
            }
            vec![Value::str(out)]
        }
        Some(b'C') => bytes.iter().map(|b| Value::Int((*b).into())).collect(),
        Some(b'N') => bytes
            .chunks_exact(4)
            .map(|b| Value::Int(u32::from_be_bytes([b[0], b[1], b[2], b[3]]).into()))
            .collect(),
        _ => vec![Value::Str(bytes.clone())],
    }
}

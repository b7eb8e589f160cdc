//! `pack` and `unpack`.

use super::machine::Value;
use bytes::Bytes;

/// Deepest nesting of groups.
const DEPTH_MAX: u32 = 8;

/// Most of anything that a form may ask for.
const COUNT_MAX: usize = 4_096;

/// Most values that `unpack` gives.
const VALUES_MAX: usize = 65_536;

/// A part of a form: a kind (`(` is a group, whose form is `group`) and how often, none for `*`.
struct Part<'f> {
    kind: u8,
    group: &'f [u8],
    count: Option<usize>,
    counted: bool,
    /// `>`: the high byte is first.
    big: bool,
    /// `!` and `<` and `>` as they stand.
    native: bool,
}

/// The parts of a form, without blanks and comments.
fn parts(form: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(kind) = form.get(at).copied() {
        at += 1;
        if kind.is_ascii_whitespace() {
            continue;
        }
        if kind == b'#' {
            while form.get(at).is_some_and(|b| *b != b'\n') {
                at += 1;
            }
            continue;
        }
        let mut group: &[u8] = &[];
        if kind == b'(' {
            let mut depth = 1;
            let start = at;
            while depth > 0 && at < form.len() {
                depth += match form[at] {
                    b'(' => 1,
                    b')' => -1,
                    _ => 0,
                };
                at += 1;
            }
            group = &form[start..at - usize::from(depth == 0)];
        }
        let (mut big, mut native) = (false, false);
        while let Some(mark @ (b'<' | b'>' | b'!')) = form.get(at) {
            big |= *mark == b'>';
            native |= *mark == b'!';
            at += 1;
        }
        let bracket = form.get(at) == Some(&b'[');
        at += usize::from(bracket);
        let digits = form[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let count = std::str::from_utf8(&form[at..at + digits]).unwrap_or("").parse::<usize>();
        at += digits;
        let star = form.get(at) == Some(&b'*');
        at += usize::from(star);
        at += usize::from(bracket && form.get(at) == Some(&b']'));
        let count = if star { None } else { Some(count.unwrap_or(1).min(COUNT_MAX)) };
        parts.push(Part { kind, group, count, counted: digits > 0, big, native });
    }
    parts
}

/// `pack` for texts, digits of numbers to the base of 2 and 16, numbers, and groups of them.
pub(super) fn pack(form: &[u8], values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut values = values.iter();
    pack_into(form, &mut values, &mut out, 0);
    out
}

fn pack_into(form: &[u8], values: &mut std::slice::Iter<'_, Value>, out: &mut Vec<u8>, depth: u32) {
    if depth > DEPTH_MAX {
        return;
    }
    let all = parts(form);
    let mut at = 0;
    while let Some(part) = all.get(at) {
        at += 1;
        // `n/a*`: the length of what follows stands before it.
        if let Some(slash) = all.get(at)
            && slash.kind == b'/'
            && let Some(of) = all.get(at + 1)
        {
            at += 2;
            let text = values.next().map(Value::text).unwrap_or_default();
            let form = [part.kind, of.kind, b'*'];
            let length = [Value::Int(text.len() as i64)];
            pack_into(&form[..1], &mut length.iter(), out, depth + 1);
            pack_into(&form[1..], &mut [Value::Str(text)].iter(), out, depth + 1);
            continue;
        }
        let times = part.count.unwrap_or(usize::MAX);
        match part.kind {
            b'(' => {
                for _ in 0..times {
                    let left = values.len();
                    if left == 0 {
                        break;
                    }
                    pack_into(part.group, values, out, depth + 1);
                    if values.len() == left {
                        break;
                    }
                }
            }
            b'H' | b'h' | b'B' | b'b' => {
                let text = values.next().map(Value::text).unwrap_or_default();
                let digits = text.iter().map(|b| (*b as char).to_digit(16).unwrap_or(0) as u8);
                let digits: Vec<u8> = match part.count {
                    Some(count) if part.counted => digits.take(count).collect(),
                    Some(_) => digits.take(1).collect(),
                    None => digits.collect(),
                };
                let (bits, low_first) = match part.kind {
                    b'H' => (4, false),
                    b'h' => (4, true),
                    b'B' => (1, false),
                    _ => (1, true),
                };
                for digits in digits.chunks(8 / bits) {
                    let mut byte = 0_u8;
                    for (at, digit) in digits.iter().enumerate() {
                        let place = if low_first { at } else { 8 / bits - 1 - at };
                        byte |= (digit & ((1 << bits) - 1)) << (place * bits);
                    }
                    out.push(byte);
                }
            }
            b'A' | b'a' | b'Z' => {
                let text = values.next().map(Value::text).unwrap_or_default();
                match part.count {
                    None => {
                        out.extend_from_slice(&text);
                        if part.kind == b'Z' {
                            out.push(0);
                        }
                    }
                    Some(count) => {
                        let most = if part.kind == b'Z' { count.saturating_sub(1) } else { count };
                        let mut body = text[..text.len().min(most)].to_vec();
                        body.resize(count, if part.kind == b'A' { b' ' } else { 0 });
                        out.extend(body);
                    }
                }
            }
            b'u' => {
                let text = values.next().map(Value::text).unwrap_or_default();
                out.extend(uuencoded(&text));
            }
            b'x' => out.extend(std::iter::repeat_n(0, part.count.unwrap_or(0))),
            b'X' => out.truncate(out.len().saturating_sub(part.count.unwrap_or(0))),
            b'@' => out.resize(part.count.unwrap_or(0).min(COUNT_MAX), 0),
            kind => {
                for value in values.by_ref().take(times) {
                    let n = value.integer();
                    match kind {
                        b'w' => out.extend(compressed(value.bits())),
                        b'f' | b'F' | b'd' => {
                            let number = value.number();
                            if kind == b'f' {
                                out.extend((number as f32).to_le_bytes());
                            } else {
                                out.extend(number.to_le_bytes());
                            }
                        }
                        b'S' | b's' if part.big => out.extend((n as u16).to_be_bytes()),
                        b'L' | b'l' if part.native => out.extend(n.to_le_bytes()),
                        b'L' | b'l' | b'I' | b'i' if part.big => {
                            out.extend((n as u32).to_be_bytes());
                        }
                        b'Q' | b'q' | b'j' | b'J' if part.big => {
                            out.extend((value.bits()).to_be_bytes());
                        }
                        b'n' => out.extend((n as u16).to_be_bytes()),
                        b'N' => out.extend((n as u32).to_be_bytes()),
                        b'v' | b'S' | b's' => out.extend((n as u16).to_le_bytes()),
                        b'V' | b'L' | b'l' | b'I' | b'i' => out.extend((n as u32).to_le_bytes()),
                        b'Q' | b'q' | b'j' | b'J' => out.extend(value.bits().to_le_bytes()),
                        b'W' | b'U' if (0..256).contains(&n) => out.push(n as u8),
                        b'U' | b'W' => {
                            let letter = u32::try_from(n).ok().and_then(char::from_u32);
                            let mut buffer = [0; 4];
                            let letter = letter.unwrap_or('\u{fffd}');
                            out.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
                        }
                        b'C' | b'c' => out.push(n as u8),
                        _ => break,
                    }
                }
            }
        }
    }
}

/// `unpack` for what `pack` makes.
pub(super) fn unpack(form: &[u8], bytes: &Bytes) -> Vec<Value> {
    let mut out = Vec::new();
    let mut rest = bytes.clone();
    unpack_into(form, &mut rest, &mut out, 0);
    out
}

fn unpack_into(form: &[u8], rest: &mut Bytes, out: &mut Vec<Value>, depth: u32) {
    if depth > DEPTH_MAX {
        return;
    }
    let whole = rest.clone();
    let all = parts(form);
    let mut at = 0;
    while let Some(part) = all.get(at) {
        at += 1;
        let mut times = part.count.unwrap_or(usize::MAX);
        // `n/a*`: a number says how long what follows is.
        if part.kind == b'/' {
            let count = out.pop().map_or(0, |count| count.integer());
            let Some(of) = all.get(at) else { return };
            at += 1;
            let count = usize::try_from(count).unwrap_or(0).min(COUNT_MAX);
            let form = if of.kind == b'(' {
                [b"(", of.group, b")", count.to_string().as_bytes()].concat()
            } else {
                [&[of.kind][..], count.to_string().as_bytes()].concat()
            };
            unpack_into(&form, rest, out, depth + 1);
            continue;
        }
        // `%32C*`: the sum of what follows.
        if part.kind == b'%' {
            let bits = part.count.filter(|_| part.counted).unwrap_or(16);
            let Some(of) = all.get(at) else { return };
            at += 1;
            let count = of.count.map_or_else(|| "*".to_owned(), |count| count.to_string());
            let form = [&[of.kind][..], count.as_bytes()].concat();
            let mut parts = Vec::new();
            unpack_into(&form, rest, &mut parts, depth + 1);
            let sum = parts.iter().fold(0_u64, |sum, value| {
                sum.wrapping_add(match value {
                    Value::Str(text) if of.kind == b'b' || of.kind == b'B' => {
                        text.iter().map(|b| u64::from(*b == b'1')).sum()
                    }
                    other => other.bits(),
                })
            });
            let mask = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
            out.push(Value::of_bits(sum & mask));
            continue;
        }
        match part.kind {
            b'X' => {
                let gone = whole.len() - rest.len();
                *rest = whole.slice(gone.saturating_sub(part.count.unwrap_or(0))..);
            }
            b'@' => *rest = whole.slice(part.count.unwrap_or(0).min(whole.len())..),
            b'w' => {
                while times > 0 && !rest.is_empty() && out.len() <= VALUES_MAX {
                    times -= 1;
                    let mut number = 0_u64;
                    while !rest.is_empty() {
                        let byte = rest.split_to(1)[0];
                        number = number << 7 | u64::from(byte & 0x7f);
                        if byte < 0x80 {
                            break;
                        }
                    }
                    out.push(Value::of_bits(number));
                }
            }
            b'(' => {
                for _ in 0..times {
                    let left = rest.len();
                    if left == 0 || out.len() > VALUES_MAX {
                        break;
                    }
                    unpack_into(part.group, rest, out, depth + 1);
                    if rest.len() == left {
                        break;
                    }
                }
            }
            b'A' | b'a' | b'Z' => {
                let text = rest.split_to(times.min(rest.len()));
                let text = match part.kind {
                    b'A' => {
                        let end = text.iter().rposition(|b| *b != 0 && !b.is_ascii_whitespace());
                        text.slice(..end.map_or(0, |end| end + 1))
                    }
                    b'Z' => {
                        let end = text.iter().position(|b| *b == 0);
                        text.slice(..end.unwrap_or(text.len()))
                    }
                    _ => text,
                };
                out.push(Value::Str(text));
            }
            b'H' | b'h' | b'B' | b'b' => {
                let (bits, low_first) = match part.kind {
                    b'H' => (4, false),
                    b'h' => (4, true),
                    b'B' => (1, false),
                    _ => (1, true),
                };
                let each = 8 / bits;
                let digits = times.min(rest.len() * each);
                let mut text = Vec::with_capacity(digits);
                for byte in rest.split_to(digits.div_ceil(each)) {
                    for at in 0..each {
                        let place = if low_first { at } else { each - 1 - at };
                        let digit = byte >> (place * bits) & ((1 << bits) - 1);
                        text.push(char::from_digit(digit.into(), 16).unwrap_or('0') as u8);
                    }
                }
                text.truncate(digits);
                out.push(Value::str(text));
            }
            b'u' => {
                out.push(Value::str(uudecoded(rest)));
                *rest = Bytes::new();
            }
            b'x' => {
                let _ = rest.split_to(part.count.unwrap_or(0).min(rest.len()));
            }
            kind => {
                let width = match kind {
                    b'C' | b'c' | b'U' | b'W' => 1,
                    b'n' | b'v' | b'S' | b's' => 2,
                    b'L' | b'l' if part.native => 8,
                    b'N' | b'V' | b'L' | b'l' | b'I' | b'i' | b'f' => 4,
                    b'd' | b'F' | b'Q' | b'q' | b'j' | b'J' => 8,
                    _ => continue,
                };
                for _ in 0..times {
                    if rest.len() < width || out.len() > VALUES_MAX {
                        break;
                    }
                    let bytes = rest.split_to(width);
                    let big = part.big || matches!(kind, b'n' | b'N');
                    let number = (0..width).fold(0_u64, |number, at| {
                        let at = if big { at } else { width - 1 - at };
                        number << 8 | u64::from(bytes[at])
                    });
                    out.push(Value::Int(match kind {
                        b'c' => i64::from(number as i8),
                        b's' => i64::from(number as i16),
                        b'n' | b'v' if part.native => i64::from(number as i16),
                        b'l' | b'i' if !part.native => i64::from(number as i32),
                        b'N' | b'V' if part.native => i64::from(number as i32),
                        b'f' => {
                            let number = f32::from_bits(number as u32);
                            out.push(Value::of_number(number.into()));
                            continue;
                        }
                        b'd' | b'F' => {
                            out.push(Value::of_number(f64::from_bits(number)));
                            continue;
                        }
                        b'Q' | b'J' => {
                            out.push(Value::of_bits(number));
                            continue;
                        }
                        _ => number as i64,
                    }));
                }
            }
        }
    }
}

/// A number in groups of seven bits.
fn compressed(mut number: u64) -> Vec<u8> {
    let mut out = vec![(number & 0x7f) as u8];
    number >>= 7;
    while number > 0 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.reverse();
    out
}

/// Uuencoded text, which droppers carry.
fn uudecoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let value = |b: u8| b.wrapping_sub(32) & 63;
        let length = usize::from(value(line[0]));
        let mut part = Vec::new();
        for four in line[1..].chunks(4) {
            let at = |n: usize| value(four.get(n).copied().unwrap_or(32));
            part.extend([at(0) << 2 | at(1) >> 4, at(1) << 4 | at(2) >> 2, at(2) << 6 | at(3)]);
        }
        part.truncate(length);
        out.extend(part);
    }
    out
}

fn uuencoded(bytes: &[u8]) -> Vec<u8> {
    let letter = |value: u8| match value & 63 {
        0 => b'`',
        value => value + 32,
    };
    let mut out = Vec::new();
    for line in bytes.chunks(45) {
        out.push(letter(line.len() as u8));
        for three in line.chunks(3) {
            let at = |index: usize| three.get(index).copied().unwrap_or(0);
            let (a, b, c) = (at(0), at(1), at(2));
            out.extend([a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c].map(letter));
        }
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};
    use crate::commands::perl::value::Value;

    fn shown(values: &[Value]) -> Vec<String> {
        values.iter().map(Value::shown).collect()
    }

    #[test]
    fn texts_are_cut() {
        let text = bytes::Bytes::from_static(b"ab cd");
        assert_eq!(shown(&unpack(b"A3 a2", &text)), ["ab", "cd"]);
        assert_eq!(shown(&unpack(b"(A2)*", &text)), ["ab", " c", "d"]);
        assert_eq!(shown(&unpack(b"x1 a1", &text)), ["b"]);
    }

    #[test]
    fn digits_and_numbers_come_back() {
        let numbers = [Value::Int(0xc000_0201)];
        let address = bytes::Bytes::from(pack(b"N", &numbers));
        assert_eq!(shown(&unpack(b"C4", &address)), ["192", "0", "2", "1"]);
        assert_eq!(shown(&unpack(b"H*", &address)), ["c0000201"]);
        assert_eq!(shown(&unpack(b"B8", &address)), ["11000000"]);
        assert_eq!(pack(b"B*", &[Value::str("0110100001101001")]), b"hi");
        assert_eq!(pack(b"h*", &[Value::str("8696")]), b"hi");
        assert_eq!(pack(b"(H2)*", &[Value::str("68"), Value::str("69")]), b"hi");
        let packed = bytes::Bytes::from(pack(b"u", &[Value::str("hello")]));
        assert_eq!(shown(&unpack(b"u", &packed)), ["hello"]);
    }

    #[test]
    fn groups_end() {
        let text = bytes::Bytes::from_static(b"abc");
        assert!(unpack(b"()*", &text).is_empty());
        assert_eq!(shown(&unpack(b"(((((((((((((a)*)*)*)*)*)*)*)*)*)*)*)*", &text)).len(), 0);
        assert_eq!(shown(&unpack(b"(a", &text)), ["a"]);
    }
}

//! What `compress` of Unix writes (.Z): LZW whose codes grow from 9 bits up to what the header says
//! (the format is described in the manual and source of ncompress; no crate reads it).

use super::{Unpacking, streams};

/// The code that empties the table, where the header allows it.
const CLEAR: usize = 256;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(Decoded { content, broken }) = decode(bytes, unpacking.limits.member_bytes) else {
        return unpacking.note("compress: broken header".to_owned());
    };
    if broken {
        unpacking.note(format!("compress: broken after {} bytes", content.len()));
    }
    streams::layer("compress", None, &mut &content[..], bytes.len(), unpacking);
}

struct Decoded {
    content: Vec<u8>,
    broken: bool,
}

/// At most `max` bytes and one more code of them; none if the header is no such one.
fn decode(bytes: &[u8], max: usize) -> Option<Decoded> {
    let (flags, packed) = (*bytes.get(2)?, &bytes[3..]);
    let most = usize::from(flags & 0x1f);
    if !(9..=16).contains(&most) {
        return None;
    }
    let can_clear = flags & 0x80 != 0;
    let first_free = if can_clear { 257 } else { 256 };
    // Place and length of each entry's text in what came out.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let mut out: Vec<u8> = Vec::new();
    let mut previous: Option<(usize, usize)> = None;
    let (mut width, mut at) = (9, 0_usize);
    // Codes are written in groups of eight: where the width changes, the rest of a group is void.
    let mut group = 0;
    while out.len() <= max {
        let wanted = match first_free + table.len() {
            entries if entries < 1 << width || width == most => width,
            _ => width + 1,
        };
        if wanted != width {
            at = group + (at - group).next_multiple_of(8 * width);
            (group, width) = (at, wanted);
        }
        let Some(code) = code(packed, at, width) else { break };
        at += width;
        if code == CLEAR && can_clear {
            at = group + (at - group).next_multiple_of(8 * width);
            (group, width) = (at, 9);
            table.clear();
            previous = None;
            continue;
        }
        let start = out.len();
        if code < 256 {
            out.push(code as u8);
        } else if let Some((at, length)) = table.get(code.wrapping_sub(first_free)).copied() {
            out.extend_from_within(at..at + length);
        } else if let Some((at, length)) = previous.filter(|_| code == first_free + table.len()) {
            out.extend_from_within(at..at + length);
            out.push(out[at]);
        } else {
            return Some(Decoded { content: out, broken: true });
        }
        // The text before and the first byte of this one, which follows it directly.
        if let Some((at, length)) = previous
            && first_free + table.len() < 1 << most
        {
            table.push((at, length + 1));
        }
        previous = Some((start, out.len() - start));
    }
    Some(Decoded { content: out, broken: false })
}

/// The code of `width` bits at a bit, the lowest first.
fn code(packed: &[u8], at: usize, width: usize) -> Option<usize> {
    packed.get((at + width - 1) / 8)?;
    let byte = |index: usize| packed.get(at / 8 + index).map_or(0, |it| u32::from(*it));
    let three = byte(0) | byte(1) << 8 | byte(2) << 16;
    Some((three >> (at % 8)) as usize & ((1 << width) - 1))
}

#[cfg(test)]
mod tests {
    use super::decode;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_stream_ends(flags in any::<u8>(), packed in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut bytes = vec![0x1f, 0x9d, flags];
            bytes.extend(packed);
            if let Some(decoded) = decode(&bytes, 1000) {
                prop_assert!(decoded.content.len() <= 1000 + 65_536);
            }
        }
    }
}

//! Texts of a .NET program's user (ECMA-335, II.24.2.4): the heap `#US`.

use super::{DOTNET, Image};
use crate::limits::{DOTNET_STRINGS_MAX, DOTNET_TEXT_BYTES_MAX};

/// Streams of the metadata that are looked at.
const STREAMS_MAX: usize = 16;

/// The texts that the program's code uses, one on each line.
pub(super) fn user_strings(image: &Image<'_>) -> Option<Vec<u8>> {
    let (header, _) = image.directory(DOTNET)?;
    let metadata = image.place(image.u32(image.place(header)?.checked_add(8)?)?)?;
    if image.slice(metadata, 4)? != b"BSJB" {
        return None;
    }
    let version = image.u32(metadata.checked_add(12)?)? as usize;
    let mut at = metadata.checked_add(16)?.checked_add(version)?;
    let streams = usize::from(image.u16(at.checked_add(2)?)?).min(STREAMS_MAX);
    at = at.checked_add(4)?;
    for _ in 0..streams {
        let (offset, size) = (image.u32(at)?, image.u32(at.checked_add(4)?)?);
        let name = image.text(at.checked_add(8)?)?;
        if name == b"#US" {
            let heap = metadata.checked_add(offset as usize)?;
            return Some(lines(image.bytes.get(heap..)?, size as usize));
        }
        // Names end with a NUL and fill whole words.
        at = at.checked_add(8)?.checked_add((name.len() + 1).next_multiple_of(4))?;
    }
    None
}

/// Each text has its length before it, in one, two or four bytes, and a byte of flags behind it.
fn lines(heap: &[u8], size: usize) -> Vec<u8> {
    let mut rest = &heap[..heap.len().min(size)];
    let mut out = Vec::new();
    for _ in 0..DOTNET_STRINGS_MAX {
        let (length, behind) = match rest {
            [one @ 0..=0x7f, behind @ ..] => (usize::from(*one), behind),
            [high @ 0x80..=0xbf, low, behind @ ..] => {
                (usize::from(u16::from_be_bytes([high & 0x3f, *low])), behind)
            }
            [a @ 0xc0..=0xdf, b, c, d, behind @ ..] => {
                (u32::from_be_bytes([a & 0x1f, *b, *c, *d]) as usize, behind)
            }
            _ => break,
        };
        let Some((text, behind)) = behind.split_at_checked(length) else { break };
        rest = behind;
        let units = text.as_chunks::<2>().0.iter().map(|two| u16::from_le_bytes(*two));
        let text: String = char::decode_utf16(units).map(|it| it.unwrap_or('\u{fffd}')).collect();
        if !text.is_empty() {
            if out.len() + text.len() >= DOTNET_TEXT_BYTES_MAX {
                break;
            }
            out.extend_from_slice(text.as_bytes());
            out.push(b'\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn texts_have_their_length_before_them() {
        let mut heap = vec![0];
        let mut add = |text: &str| {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let length = wide.len() as u16 + 1;
            if length < 0x80 {
                heap.push(length as u8);
            } else {
                heap.extend((length | 0x8000).to_be_bytes());
            }
            heap.extend(wide);
            heap.push(0);
        };
        add("http://dotnet.example/a");
        add(&"x".repeat(100));
        add("雪");
        let expected = format!("http://dotnet.example/a\n{}\n雪\n", "x".repeat(100));
        assert_eq!(lines(&heap, heap.len()), expected.as_bytes());
        assert_eq!(lines(&heap, 20), b"");
        assert_eq!(lines(&[0xff; 9], 9), b"");
    }
}

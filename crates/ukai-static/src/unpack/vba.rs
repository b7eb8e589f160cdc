//! Visual Basic sources, as Office keeps them in streams (MS-OVBA 2.4.1).

use super::u16_le;
use memchr::memmem;

/// Decompressed length of a chunk, in bytes.
const CHUNK_BYTES: usize = 4096;

/// The source in a module's stream: behind what the compiler made of it stands a compressed
/// container whose text begins with `Attribute`.
pub(super) fn source(stream: &[u8], max: usize) -> Option<Vec<u8>> {
    // Flags of eight literals, the first eight letters; the signature is three bytes before.
    let at = memmem::find(stream, b"\0Attribut")?.checked_sub(3)?;
    (stream[at] == 1).then(|| decompress(&stream[at + 1..], max)).filter(|text| !text.is_empty())
}

/// Chunks, each of at most 4,096 bytes; what is broken is kept until there.
fn decompress(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(header) = u16_le(bytes, at)
        && out.len() < max
    {
        let length = usize::from(header & 0x0fff) + 1;
        let data = bytes.get(at + 2..).unwrap_or_default();
        let data = &data[..data.len().min(length)];
        at += 2 + length;
        if header >> 12 & 7 != 3 {
            break;
        }
        if header & 0x8000 == 0 {
            out.extend_from_slice(data);
            continue;
        }
        if chunk(data, &mut out).is_none() {
            break;
        }
    }
    out
}

fn chunk(data: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let mut at = 0;
    while at < data.len() {
        let flags = data[at];
        at += 1;
        for bit in 0..8 {
            let Some(byte) = data.get(at) else { return Some(()) };
            if flags >> bit & 1 == 0 {
                out.push(*byte);
                at += 1;
            } else {
                let token = usize::from(u16_le(data, at)?);
                at += 2;
                // As many bits of the distance as the text so far needs, 4 to 12.
                let done = out.len() - start;
                let bits = (4..12).find(|bits| done <= 1 << bits).unwrap_or(12);
                let length = (token & (0xffff >> bits)) + 3;
                let distance = (token >> (16 - bits)) + 1;
                let from = out.len().checked_sub(distance).filter(|from| *from >= start)?;
                for index in from..from + length {
                    out.push(out[index]);
                }
            }
            if out.len() - start >= CHUNK_BYTES {
                return Some(());
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{decompress, source};

    /// The examples of MS-OVBA, section 3.2.
    #[test]
    fn the_documents_examples() {
        let none = b"\x19\xB0\x00\x61\x62\x63\x64\x65\x66\x67\x68\x00\x69\x6A\x6B\x6C\x6D\x6E\x6F\x70\x00\x71\x72\x73\x74\x75\x76\x2E";
        assert_eq!(decompress(none, 4096), b"abcdefghijklmnopqrstuv.");
        let normal = b"\x2F\xB0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6A\x01\x38\x08\x61\x6B\x6C\x00\x30\x6D\x6E\x6F\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79\x7A\x00\x3C";
        assert_eq!(
            decompress(normal, 4096),
            b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"
        );
        let most = b"\x03\xB0\x02\x61\x45\x00";
        assert_eq!(decompress(most, 4096), [b'a'; 73]);
    }

    #[test]
    fn a_stream_without_a_source() {
        assert_eq!(source(b"nothing", 100), None);
        assert_eq!(source(b"\0Attribut", 100), None);
    }
}

//! One compressed layer around a file: gzip (RFC 1952) and zlib (RFC 1950).

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// A layer taken off.
pub(crate) struct Layer {
    /// `gzip` or `zlib`.
    pub(crate) format: &'static str,
    /// What was inside, as far as it could be read.
    pub(crate) bytes: Vec<u8>,
    /// What happened, for a reader.
    pub(crate) note: String,
}

/// Takes off one layer, at most `max` bytes of it; what is broken is kept until there.
pub(crate) fn unpack(bytes: &[u8], max: usize) -> Option<Layer> {
    let (format, mut reader): (_, Box<dyn Read + '_>) = match bytes {
        [0x1f, 0x8b, 8, ..] => ("gzip", Box::new(MultiGzDecoder::new(bytes))),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => ("zlib", Box::new(ZlibDecoder::new(bytes))),
        _ => return None,
    };
    let mut unpacked = Vec::new();
    let ended = reader.by_ref().take(max as u64 + 1).read_to_end(&mut unpacked);
    let note = if unpacked.len() > max {
        unpacked.truncate(max);
        format!("unpacked {format} up to the limit of {max} bytes")
    } else if ended.is_err() {
        format!("unpacked {format} to {} bytes, then it was broken", unpacked.len())
    } else {
        format!("unpacked {format} to {} bytes", unpacked.len())
    };
    (!unpacked.is_empty()).then_some(Layer { format, bytes: unpacked, note })
}

//! Compression of payloads: RFC 4253 section 6.2.

use crate::limits::PAYLOAD_BYTES_MAX;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// One deflate stream for the whole connection, flushed after each packet.
pub(crate) fn deflate(stream: &mut Compress, payload: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(payload.len() / 2 + 128);
    let start = stream.total_in();
    loop {
        let used = (stream.total_in() - start) as usize;
        let before = out.len();
        stream.compress_vec(payload.get(used..)?, &mut out, FlushCompress::Sync).ok()?;
        if out.len() < out.capacity() {
            return Some(out);
        }
        if out.len() == before && out.len() > 2 * PAYLOAD_BYTES_MAX {
            return None;
        }
        out.reserve(out.capacity());
    }
}

/// The payload, unless it is not deflate or grows beyond [`PAYLOAD_BYTES_MAX`].
pub(crate) fn inflate(stream: &mut Decompress, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() * 4 + 256);
    let start = stream.total_in();
    loop {
        let used = (stream.total_in() - start) as usize;
        let status =
            stream.decompress_vec(bytes.get(used..)?, &mut out, FlushDecompress::Sync).ok()?;
        if out.len() > PAYLOAD_BYTES_MAX || status == Status::StreamEnd {
            return None;
        }
        if out.len() < out.capacity() {
            return Some(out);
        }
        out.reserve(out.capacity());
    }
}

pub(crate) fn deflater() -> Compress {
    Compress::new(Compression::new(6), true)
}

pub(crate) fn inflater() -> Decompress {
    Decompress::new(true)
}

//! One compressed layer around one file.

use super::Unpacking;
use crate::limits::DICTIONARY_KIB_MAX;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use lzma_rust2::{LzipReader, LzmaReader, XzReader};
use std::io::Read;

/// RFC 1952, with the name in the header.
pub(super) fn gzip(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let name = gzip_name(bytes);
    layer("gzip", name, &mut MultiGzDecoder::new(bytes), bytes.len(), unpacking);
}

/// The original name (RFC 1952, section 2.3.1: flag bit 3).
fn gzip_name(bytes: &[u8]) -> Option<&[u8]> {
    let flags = *bytes.get(3)?;
    if flags & 8 == 0 {
        return None;
    }
    let extra = if flags & 4 == 0 { 0 } else { usize::from(super::u16_le(bytes, 10)?) + 2 };
    let rest = bytes.get(10 + extra..)?;
    rest.get(..memchr::memchr(0, rest)?)
}

/// RFC 1950.
pub(super) fn zlib(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    layer("zlib", None, &mut ZlibDecoder::new(bytes), bytes.len(), unpacking);
}

/// bzip2, several streams in a row.
pub(super) fn bzip2(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    layer("bzip2", None, &mut bzip2::read::MultiBzDecoder::new(bytes), bytes.len(), unpacking);
}

/// The .xz file format 1.2.
pub(super) fn xz(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut reader = XzReader::new_mem_limit(bytes, true, DICTIONARY_KIB_MAX);
    layer("xz", None, &mut reader, bytes.len(), unpacking);
}

/// The .lzma file format of LZMA SDK.
pub(super) fn lzma(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    match LzmaReader::new_mem_limit(bytes, DICTIONARY_KIB_MAX, None) {
        Ok(mut reader) => layer("lzma", None, &mut reader, bytes.len(), unpacking),
        Err(error) => unpacking.note(format!("lzma: {error}")),
    }
}

/// The lzip format.
pub(super) fn lzip(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    layer("lzip", None, &mut LzipReader::new(bytes), bytes.len(), unpacking);
}

/// RFC 8878.
pub(super) fn zstd(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let decoder = zstd::stream::read::Decoder::with_buffer(bytes).and_then(|mut decoder| {
        // A window larger than 32 MiB is refused, as by the `zstd` program by default 128.
        decoder.window_log_max(25)?;
        Ok(decoder)
    });
    match decoder {
        Ok(mut decoder) => layer("zstd", None, &mut decoder, bytes.len(), unpacking),
        Err(error) => unpacking.note(format!("zstd: {error}")),
    }
}

/// LZ4's frames, the legacy ones of the kernel's images, too.
pub(super) fn lz4(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut decoder = lz4_flex::frame::FrameDecoder::new(bytes);
    layer("lz4", None, &mut decoder, bytes.len(), unpacking);
}

pub(super) fn layer(
    container: &'static str,
    name: Option<&[u8]>,
    reader: &mut dyn Read,
    packed: usize,
    unpacking: &mut Unpacking<'_>,
) {
    let content = unpacking.read(container, reader, packed);
    unpacking.add(container, name, content);
}

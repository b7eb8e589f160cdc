//! Recognising UPX, also after its magic was altered so that `upx -d` refuses.
//!
//! A packed file has, right after the program headers, three structures of UPX's loader
//! (`src/stub/src/include/linux.h` of UPX): `l_info` {checksum, magic, size, version,
//! format}, `p_info` {program id, file size, block size}, and the first `b_info`
//! {unpacked size, packed size, method, filter, ...}.

use super::reader::{Header, Reader};
use memchr::memmem;

const MAGIC: &[u8] = b"UPX!";

/// Compression methods of UPX (NRV2B, NRV2D, NRV2E in their widths, LZMA, deflate).
const METHODS: &[u8] = &[2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15];

/// The name of the packer, if there is one.
pub(super) fn recognise(reader: &Reader<'_>, header: &Header) -> Option<&'static str> {
    let table = u64::from(header.segments) * u64::from(header.segment_bytes);
    let loader_at = header.segments_at.checked_add(table)?;
    let loader = reader.slice(loader_at, 12 + 12 + 12);
    let magic_in_place = loader.is_some_and(|bytes| &bytes[4..8] == MAGIC);
    let sizes_agree = loader.is_some() && structure_fits(reader, loader_at);
    if magic_in_place && sizes_agree {
        return Some("upx");
    }
    // Either half alone: the magic was replaced, or the sizes were wiped.
    let tail = &reader.bytes[reader.bytes.len().saturating_sub(64)..];
    let mentions_upx = || {
        memmem::find(reader.bytes, b"$Info: This file is packed with the UPX").is_some()
            || memmem::find(tail, MAGIC).is_some()
    };
    if magic_in_place || (header.sections == 0 && (sizes_agree || mentions_upx())) {
        return Some("upx (altered)");
    }
    None
}

/// Whether `p_info` and the first `b_info` say what only UPX would.
fn structure_fits(reader: &Reader<'_>, loader_at: u64) -> bool {
    let field = |at| reader.u32(loader_at + at).unwrap_or(0);
    let (file_bytes, block_bytes) = (field(16), field(20));
    let (unpacked, packed) = (field(24), field(28));
    let method = reader.u8(loader_at + 32).unwrap_or(0);
    file_bytes != 0
        && file_bytes == block_bytes
        && unpacked != 0
        && unpacked <= file_bytes
        && packed <= unpacked
        && packed != 0
        && METHODS.contains(&method)
}

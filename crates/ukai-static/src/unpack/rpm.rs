//! RPM packages: two headers of tags (`lib/header.c` of rpm), then a compressed cpio.

use super::{Unpacking, slice, u32_be};

const LEAD_BYTES: usize = 96;
const HEADER_MAGIC: &[u8] = b"\x8e\xad\xe8\x01";

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    // The signature's header is padded to eight bytes.
    let payload = header_end(bytes, LEAD_BYTES)
        .and_then(|end| end.checked_next_multiple_of(8))
        .and_then(|at| header_end(bytes, at))
        .and_then(|at| bytes.get(at..));
    match payload {
        Some(payload) => {
            let payload = unpacking.read("rpm", &mut &*payload, payload.len());
            unpacking.add("rpm", Some(b"payload"), payload);
        }
        None => unpacking.note("rpm: no headers".to_owned()),
    }
}

fn header_end(bytes: &[u8], at: usize) -> Option<usize> {
    if slice(bytes, at, 4)? != HEADER_MAGIC {
        return None;
    }
    let (entries, store) = (u32_be(bytes, at + 8)? as usize, u32_be(bytes, at + 12)? as usize);
    entries.checked_mul(16)?.checked_add(store)?.checked_add(at + 16)
}

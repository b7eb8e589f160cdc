//! Headers around firmware: U-Boot's legacy image (`include/image.h`) and Broadcom's TRX.

use super::{Unpacking, slice, u32_be, u32_le};

const UBOOT_HEADER_BYTES: usize = 64;
/// Parts of a TRX image (version 2 has four).
const TRX_PARTS: usize = 4;

/// What stands behind U-Boot's header, with the name that is in it.
pub(super) fn uboot(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(length) = u32_be(bytes, 12).map(|it| it as usize) else { return };
    let rest = bytes.get(UBOOT_HEADER_BYTES..).unwrap_or_default();
    if rest.len() < length {
        unpacking.note("uboot-image: cut off".to_owned());
    }
    let name = slice(bytes, 32, 32).unwrap_or_default();
    let name = &name[..memchr::memchr(0, name).unwrap_or(name.len())];
    let content = &rest[..rest.len().min(length)];
    let content = unpacking.read("uboot-image", &mut &*content, content.len());
    unpacking.add("uboot-image", Some(name), content);
}

/// The parts of a TRX image: loader, kernel, file system.
pub(super) fn trx(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let places = (0..TRX_PARTS).filter_map(|index| u32_le(bytes, 16 + 4 * index));
    // In version 1 the fourth is the beginning of the first part.
    let header = if u32_le(bytes, 12).is_some_and(|it| it >> 16 >= 2) { 32 } else { 28 };
    let mut places: Vec<usize> = places
        .map(|it| it as usize)
        .take((header - 16) / 4)
        .filter(|at| (header..bytes.len()).contains(at))
        .collect();
    places.sort_unstable();
    places.dedup();
    for (index, at) in places.iter().enumerate() {
        let end = places.get(index + 1).copied().unwrap_or(bytes.len());
        let content = unpacking.read("trx", &mut &bytes[*at..end], end - at);
        unpacking.add("trx", Some(format!("part {index}").as_bytes()), content);
    }
}

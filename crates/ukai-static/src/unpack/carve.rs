//! Files that stand inside of others as they are: behind a script, behind a program's last
//! section, in a firmware image, in a document.

use super::Unpacking;
use crate::elf;
use crate::kind;
use aho_corasick::{AhoCorasick, Input, MatchKind};
use flate2::read::DeflateDecoder;
use memchr::memmem;
use std::sync::LazyLock;

/// Files taken out of one.
const FILES_MAX: usize = 16;
/// Places that are looked at for one mark.
const PLACES_MAX: usize = 4000;

/// Marks that are long enough to be looked for anywhere, with the types that they must turn
/// out to be.
const MARKS: &[(&[u8], &[&str])] = &[
    (b"7z\xbc\xaf\x27\x1c\0", &["7z"]),
    (b"Rar!\x1a\x07", &["rar"]),
    (b"MSCF\0\0\0\0", &["cab"]),
    (b"\xfd7zXZ\0\0", &["xz"]),
    (b"1AY&SY", &["bzip2"]),
    (b"\x1f\x8b\x08", &["gzip"]),
    (b"\x28\xb5\x2f\xfd", &["zstd"]),
    (b"\x7fELF", &["elf"]),
    (b"This program ", &["pe"]),
    (b"hsqs", &["squashfs"]),
    (b"sqsh", &["squashfs"]),
    (b"Compressed ROMFS", &["cramfs"]),
    (b"UBI#\x01", &["ubi"]),
    // A name, an inode or a mark for a clean block, in either byte order.
    (b"\x85\x19\x01\xe0", &["jffs2"]),
    (b"\x85\x19\x02\xe0", &["jffs2"]),
    (b"\x85\x19\x03\x20", &["jffs2"]),
    (b"\x19\x85\xe0\x01", &["jffs2"]),
    (b"\x19\x85\xe0\x02", &["jffs2"]),
    (b"\x19\x85\x20\x03", &["jffs2"]),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &["ole", "doc", "xls", "ppt", "msg", "msi", "ole-vba"]),
    (b"%PDF-1.", &["pdf"]),
    (b"!<arch>\n", &["ar", "deb"]),
    (b"07070100", &["cpio"]),
    (b"#!/bin/sh\n", &["shell-script"]),
];

/// Finds the marks, all in one pass; none is the beginning of another.
static MARKS_SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let mut search = AhoCorasick::builder();
    let search = search.match_kind(MatchKind::LeftmostFirst);
    search.build(MARKS.iter().map(|(mark, _)| mark)).expect("few and short")
});

/// Makes the table of the marks.
pub(crate) fn prepare() {
    LazyLock::force(&MARKS_SEARCH);
}

/// Looks for files from `from` on.
pub(super) fn carve(bytes: &[u8], from: usize, unpacking: &mut Unpacking<'_>) {
    let mut found: Vec<usize> = Vec::new();
    let mut places = [0; MARKS.len()];
    let mut rest = from.min(bytes.len())..bytes.len();
    while let Some(one) = MARKS_SEARCH.find(Input::new(bytes).range(rest.clone())) {
        let (place, index) = (one.start(), one.pattern().as_usize());
        // Marks may overlap.
        rest.start = place + 1;
        places[index] += 1;
        if places[index] > PLACES_MAX {
            continue;
        }
        let (mark, names) = MARKS[index];
        let at = match mark {
            b"1AY&SY" => place.checked_sub(4),
            // The message in the DOS stub: the header is 78 bytes before.
            b"This program " => place.checked_sub(78),
            // The signature behind magic, size and flags.
            b"Compressed ROMFS" => place.checked_sub(16),
            _ => Some(place),
        };
        if let Some(at) = at.filter(|at| *at >= from)
            && is_one(mark, &bytes[at..], names)
        {
            found.push(at);
        }
    }
    found.sort_unstable();
    found.dedup();
    for (index, at) in found.iter().enumerate() {
        if index >= FILES_MAX || unpacking.is_full() {
            return unpacking.note(format!("{} files inside, not all looked at", found.len()));
        }
        let (content, is_archive) =
            extent(&bytes[*at..], found.get(index + 1).map(|next| next - at));
        let content = unpacking.read("embedded", &mut &*content, content.len());
        unpacking.add("embedded", Some(format!("at {at}").as_bytes()), content);
        // What stands further on most likely lies in it.
        if is_archive {
            return;
        }
    }
}

/// As much of `rest` as the file takes, and whether it is an archive: a program ends where
/// the next file begins, a script with its text, an archive with whatever is there.
fn extent(rest: &[u8], next: Option<usize>) -> (&[u8], bool) {
    if rest.starts_with(b"#!") {
        let end = memchr::memchr(0, rest).unwrap_or(rest.len());
        return (&rest[..end], false);
    }
    if rest.starts_with(b"\x7fELF") || rest.starts_with(b"MZ") || rest.starts_with(b"%PDF") {
        return (&rest[..next.unwrap_or(rest.len())], false);
    }
    (rest, true)
}

fn is_one(mark: &[u8], rest: &[u8], names: &[&str]) -> bool {
    match mark {
        // Method 8, no reserved flags, known system.
        b"\x1f\x8b\x08" => {
            let sane = rest.len() > 18 && rest[3] & 0xe0 == 0 && matches!(rest[9], 0..=13 | 255);
            sane && unpacks(rest)
        }
        b"\x7fELF" => elf::read(rest).is_some_and(|elf| {
            matches!(rest[4], 1 | 2)
                && matches!(rest[5], 1 | 2)
                && rest[6] == 1
                && !elf.info.segments.is_empty()
                && elf.info.segments[0].file_size as usize <= rest.len()
        }),
        b"\x28\xb5\x2f\xfd" => zstd_starts(rest),
        b"07070100" => rest.len() > 110 && rest[6..110].iter().all(u8::is_ascii_hexdigit),
        _ => {
            let head = &rest[..rest.len().min(64 * 1024)];
            let kind = kind::identify(head, None);
            names.contains(&kind.file_type.name.as_str())
        }
    }
}

/// Whether at least some bytes come out.
fn unpacks(gzip: &[u8]) -> bool {
    let mut head = [0; 64];
    let mut reader = flate2::read::GzDecoder::new(gzip);
    std::io::Read::read(&mut reader, &mut head).is_ok_and(|length| length > 0)
}

fn zstd_starts(bytes: &[u8]) -> bool {
    let mut head = [0; 16];
    let decoder = zstd::stream::read::Decoder::with_buffer(bytes);
    decoder.is_ok_and(|mut decoder| {
        decoder.window_log_max(25).is_ok()
            && std::io::Read::read(&mut decoder, &mut head).is_ok_and(|length| length > 0)
    })
}

/// Members of a zip archive without its directory, as a cut-off download is: by the local
/// headers alone (APPNOTE.TXT 4.3.7).
pub(super) fn without_directory(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    for at in memmem::find_iter(bytes, b"PK\x03\x04").take(PLACES_MAX) {
        if unpacking.is_full() {
            return;
        }
        let half = |offset| super::u16_le(bytes, at + offset).map(usize::from);
        let (Some(flags), Some(method), Some(name), Some(extra)) =
            (half(6), half(8), half(26), half(28))
        else {
            return;
        };
        let Some(packed) = super::u32_le(bytes, at + 18) else { return };
        let Some(data) = bytes.get(at + 30 + name + extra..) else { return };
        let data = if packed == 0 { data } else { &data[..data.len().min(packed as usize)] };
        if flags & 1 != 0 {
            unpacking.note("zip: a member without a directory is encrypted".to_owned());
            continue;
        }
        let content = match method {
            0 => unpacking.read("zip", &mut &*data, data.len()),
            8 => unpacking.read("zip", &mut DeflateDecoder::new(data), data.len()),
            _ => continue,
        };
        unpacking.add("zip", super::slice(bytes, at + 30, name), content);
    }
}

//! Binary formats by the bytes at a fixed place, and what confirms the short ones.

use super::table::{Magic, TABLE};

impl Magic {
    /// The line for a reader.
    pub(super) fn describe(&self, bytes: &[u8]) -> String {
        match self.name {
            "pe" => pe_in_words(bytes),
            "java-class" => format!("{} version {}", self.words, u16_be(bytes, 6)),
            "png" => format!("{}, {} x {}", self.words, u32_be(bytes, 16), u32_be(bytes, 20)),
            "matroska" if bytes[..bytes.len().min(64)].windows(4).any(|four| four == b"webm") => {
                "WebM".to_owned()
            }
            "iff" => format!("IFF data, {}", String::from_utf8_lossy(&four(bytes, 8))),
            _ => self.words.to_owned(),
        }
    }

    /// Why it is this one.
    pub(super) fn reason(&self, bytes: &[u8]) -> String {
        let shown = hex::encode(self.bytes);
        match self.name {
            "pe" => format!("{shown} at 0, PE signature at {}", u32_le(bytes, 60)),
            _ => format!("{shown} at {}", self.at),
        }
    }
}

/// The format of `bytes`, if it is known.
pub(super) fn find(bytes: &[u8]) -> Option<&'static Magic> {
    TABLE.iter().find(|magic| fits(magic, bytes))
}

/// Every format with its own place that `bytes` fits.
pub(super) fn all(bytes: &[u8]) -> impl Iterator<Item = &'static Magic> + '_ {
    TABLE.iter().filter(|magic| fits(magic, bytes))
}

fn fits(magic: &Magic, bytes: &[u8]) -> bool {
    bytes.get(magic.at..).is_some_and(|rest| rest.starts_with(magic.bytes))
        && confirmed(magic, bytes)
}

/// For patterns that are too short to be sure of.
fn confirmed(magic: &Magic, bytes: &[u8]) -> bool {
    match magic.name {
        "pe" => signature(bytes) == *b"PE\0\0",
        "ne" => signature(bytes).starts_with(b"NE"),
        "le" => matches!(&signature(bytes)[..2], b"LE" | b"LX"),
        "dos-executable" => bytes.len() >= 64,
        "efi-te" => matches!(u16_le(bytes, 2), 0x14c | 0x8664 | 0x1c2 | 0xaa64) && bytes.len() > 40,
        // 0xcafebabe is shared by Java classes (version 45 upwards) and fat Mach-O files
        // (a small number of architectures).
        "java-class" => u16_be(bytes, 6) >= 45,
        "mach-o" if magic.bytes == b"\xca\xfe\xba\xbe" => u32_be(bytes, 4) < 45,
        // The magic numbers of CPython 2.0 to 3.x; four bytes follow that are no text.
        "python-bytecode" => {
            matches!(u16_le(bytes, 0), 3000..=3999 | 50823 | 60202 | 60717 | 62000..=62300)
                && bytes.len() > 16
        }
        "lua-bytecode" => matches!(u8_at(bytes, 4), 0x40..=0x54),
        "coff" => is_coff(bytes),
        "coff-import" => matches!(u16_le(bytes, 4), 0..=2) && u16_le(bytes, 6) != 0,
        "xcoff" => (1..=99).contains(&u16_be(bytes, 2)) && bytes.len() > 60,
        "beam" => bytes.get(8..12) == Some(b"BEAM"),
        // CMF and FLG are a multiple of 31 (RFC 1950); the first block's type is known.
        "zlib" => {
            (u32::from(bytes[0]) * 256 + u32::from(u8_at(bytes, 1))).is_multiple_of(31)
                && u8_at(bytes, 2) & 6 != 6
        }
        "lzma" => bytes.len() > 13 && matches!(&bytes[5..13], [0xff, ..] | [.., 0, 0, 0]),
        "bzip2" => {
            matches!(u8_at(bytes, 3), b'1'..=b'9')
                && matches!(bytes.get(4..10), Some(b"1AY&SY" | b"\x17\x72\x45\x38\x50\x90"))
        }
        "compress" => u8_at(bytes, 2) & 0x1f >= 9 && u8_at(bytes, 2) & 0x1f <= 16,
        "pack" => {
            matches!(u32_be(bytes, 2), 1..=0x7fff_ffff) && (1..=24).contains(&u8_at(bytes, 6))
        }
        "compress-h" => bytes.len() > 10,
        "tar" => bytes.len() >= 512,
        "lha" => {
            u8_at(bytes, 6) == b'-' && matches!(u8_at(bytes, 5), b'0'..=b'9' | b's' | b'd' | b'x')
        }
        "cpio" if magic.bytes.len() == 2 => bytes.len() >= 26 && cpio_is_sane(magic, bytes),
        "arj" => (1..=2600).contains(&u16_le(bytes, 2)) && u8_at(bytes, 4) >= 30,
        "zpaq" => u8_at(bytes, 3) <= 3,
        "bmp" => {
            bytes.len() > 26 && matches!(u32_le(bytes, 14), 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)
        }
        "ico" | "cur" => is_icon(bytes),
        "webp" | "ani" | "wav" | "avi" => bytes.starts_with(b"RIFF") || bytes.starts_with(b"RIFX"),
        "emf" => u32_le(bytes, 0) == 1,
        "jxl" if magic.bytes.len() == 2 => bytes.len() > 16 && !is_texty(bytes),
        "pcx" => matches!(u8_at(bytes, 3), 1 | 2 | 4 | 8),
        "iff" => four(bytes, 8).iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' '),
        "quicktime" if magic.bytes == b"moov" => u8_at(bytes, 0) == 0,
        "mpeg-audio" if magic.bytes.len() == 2 => {
            let (third, length) = (u8_at(bytes, 2), bytes.len());
            third >> 4 != 0 && third >> 4 != 15 && third & 0x0c != 0x0c && length > 128
        }
        "mpeg-ts" => u8_at(bytes, 188) == 0x47 && u8_at(bytes, 376) == 0x47,
        "swf" => (1..=60).contains(&u8_at(bytes, 3)) && u32_le(bytes, 4) >= 20,
        "ttf" => (4..=64).contains(&u16_be(bytes, 4)) && bytes.len() > 60,
        "pfb" => bytes.get(6..8) == Some(b"%!"),
        "gettext" => bytes.len() >= 28,
        "terminfo" => {
            (1..=512).contains(&u16_le(bytes, 2)) && u16_le(bytes, 4) < 256 && bytes.len() > 12
        }
        "pgp" => u8_at(bytes, 2) == 0x0c && u8_at(bytes, 3) == 3,
        "der" => is_der(bytes),
        "ese" => bytes.len() > 668,
        "icc" => bytes.len() >= 128 && u32_be(bytes, 0) as usize <= bytes.len() + 4,
        "lotus-123" => matches!(u16_le(bytes, 4), 0x1000..=0x1005 | 0x0404),
        "ms-write" => bytes.get(4..6) == Some(b"\0\xab"),
        "xls-biff5" => matches!(u16_le(bytes, 2), 4 | 6 | 8 | 16) && u16_le(bytes, 4) == 0x500,
        "jffs2" => jffs2_node(bytes, magic.bytes[0] == 0x85),
        "ext" => {
            // One block group is described, and block sizes are 1 to 64 KiB.
            bytes.len() >= 2048 && u32_le(bytes, 1024 + 24) <= 6 && u32_le(bytes, 1024) > 0
        }
        "fat" => is_boot_sector(bytes) && matches!(u8_at(bytes, 0), 0xeb | 0xe9),
        "ntfs" | "exfat" | "bitlocker" | "gpt" => is_boot_sector(bytes),
        "boot-sector" => is_partitioned(bytes),
        _ => true,
    }
}

/// The signature behind a DOS header.
fn signature(bytes: &[u8]) -> [u8; 4] {
    four(bytes, u32_le(bytes, 60) as usize)
}

fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default()
}

fn is_texty(bytes: &[u8]) -> bool {
    bytes.iter().take(64).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// Sections that fit into the file, a symbol table inside of it, and no optional header.
fn is_coff(bytes: &[u8]) -> bool {
    let (sections, symbols) = (u16_le(bytes, 2), u32_le(bytes, 8) as usize);
    (1..=500).contains(&sections)
        && u16_le(bytes, 16) == 0
        && symbols < bytes.len()
        && 20 + 40 * usize::from(sections) <= bytes.len()
        && bytes.get(20).is_some_and(|byte| matches!(byte, b'.' | b'/'))
}

fn cpio_is_sane(magic: &Magic, bytes: &[u8]) -> bool {
    let half = |at| if magic.bytes[0] == 0xc7 { u16_le(bytes, at) } else { u16_be(bytes, at) };
    matches!(half(20), 1..=1024) && matches!(half(6) >> 12, 1 | 2 | 4 | 6 | 8 | 10 | 12)
}

/// The images of an icon lie inside of the file.
fn is_icon(bytes: &[u8]) -> bool {
    let count = usize::from(u16_le(bytes, 4));
    let (size, at) = (u32_le(bytes, 14) as usize, u32_le(bytes, 18) as usize);
    (1..=256).contains(&count)
        && u8_at(bytes, 9) == 0
        && at >= 6 + 16 * count
        && size > 0
        && at.saturating_add(size) <= bytes.len().max(22 + 16 * count)
}

fn is_der(bytes: &[u8]) -> bool {
    usize::from(u16_be(bytes, 2)) + 4 == bytes.len()
        && matches!(u8_at(bytes, 4), 0x30 | 0x02 | 0x06)
}

fn jffs2_node(bytes: &[u8], little: bool) -> bool {
    let kind = if little { u16_le(bytes, 2) } else { u16_be(bytes, 2) };
    let sum = if little { u32_le(bytes, 8) } else { u32_be(bytes, 8) };
    matches!(kind, 0xe001 | 0xe002 | 0x2003 | 0x2004 | 0x2006 | 0xe008 | 0xe009)
        && bytes.get(..8).is_some_and(|head| jffs2_crc(head) == sum)
}

/// CRC-32 as JFFS2 has it: from 0, and not turned over at the end.
pub(crate) fn jffs2_crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 }
        })
    })
}

fn is_boot_sector(bytes: &[u8]) -> bool {
    bytes.get(510..512) == Some(b"\x55\xaa")
}

/// A master boot record: four entries, each empty or with a type and a size, and code or
/// zeros before it.
fn is_partitioned(bytes: &[u8]) -> bool {
    let entries = [446, 462, 478, 494];
    let sane = entries.iter().all(|at| matches!(u8_at(bytes, *at), 0 | 0x80));
    let used =
        entries.iter().filter(|at| u8_at(bytes, **at + 4) != 0 && u32_le(bytes, **at + 12) != 0);
    let jumps =
        matches!(u8_at(bytes, 0), 0xeb | 0xe9 | 0xfa | 0x33 | 0xfc | 0x0e | 0 | 0x31 | 0xea);
    sane && jumps && (used.count() > 0 || matches!(u8_at(bytes, 0), 0xeb | 0xe9))
}

/// `PE32 executable (GUI) Intel 80386, for MS Windows`: PE/COFF specification, sections 3.3
/// and 3.4.
fn pe_in_words(bytes: &[u8]) -> String {
    let at = u32_le(bytes, 60) as usize;
    let field = |offset: usize| at.checked_add(offset).map_or(0, |place| u16_le(bytes, place));
    let width = if field(24) == 0x20b { "PE32+" } else { "PE32" };
    let machine = match field(4) {
        0x14c => "Intel 80386",
        0x8664 => "x86-64",
        0x1c0 | 0x1c4 => "ARM",
        0xaa64 => "Aarch64",
        0x200 => "Intel Itanium",
        _ => "unknown machine",
    };
    let kind = if field(22) & 0x2000 == 0 { "executable" } else { "executable (DLL)" };
    let subsystem = match field(24 + 68) {
        1 => " (native)",
        2 => " (GUI)",
        3 => " (console)",
        _ => "",
    };
    format!("{width} {kind}{subsystem} {machine}, for MS Windows")
}

pub(super) fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn u16_be(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([u8_at(bytes, at), u8_at(bytes, at.saturating_add(1))])
}

fn u16_le(bytes: &[u8], at: usize) -> u16 {
    u16_be(bytes, at).swap_bytes()
}

fn u32_be(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_be(bytes, at)) << 16 | u32::from(u16_be(bytes, at.saturating_add(2)))
}

fn u32_le(bytes: &[u8], at: usize) -> u32 {
    u32_be(bytes, at).swap_bytes()
}

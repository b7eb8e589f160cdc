//! Binary formats by the bytes at a fixed place.
//!
//! From the formats' own documents; names and descriptions as file(1) has them, shortened.

/// One format.
pub(super) struct Magic {
    at: usize,
    bytes: &'static [u8],
    pub(super) name: &'static str,
    pub(super) mime: &'static str,
    words: &'static str,
}

impl Magic {
    /// The line for a reader.
    pub(super) fn describe(&self, bytes: &[u8]) -> String {
        match self.name {
            "pe" => pe_in_words(bytes),
            "java-class" => format!("{} version {}", self.words, u16_be(bytes, 6)),
            "png" => format!("{}, {} x {}", self.words, u32_be(bytes, 16), u32_be(bytes, 20)),
            _ => self.words.to_owned(),
        }
    }
}

/// The format of `bytes`, if it is known. The first match counts: longer and rarer
/// patterns stand before shorter ones.
pub(super) fn find(bytes: &[u8]) -> Option<&'static Magic> {
    TABLE.iter().find(|magic| {
        bytes.get(magic.at..).is_some_and(|rest| rest.starts_with(magic.bytes))
            && confirmed(magic, bytes)
    })
}

/// For patterns that are too short to be sure of.
fn confirmed(magic: &Magic, bytes: &[u8]) -> bool {
    match magic.name {
        "pe" => is_pe(bytes),
        "dos-executable" => bytes.len() >= 64,
        // 0xcafebabe is shared by Java classes (version 45 upwards) and fat Mach-O files
        // (a small number of architectures).
        "java-class" => u16_be(bytes, 6) >= 45,
        "mach-o" if magic.bytes == b"\xca\xfe\xba\xbe" => u32_be(bytes, 4) < 45,
        // CMF and FLG are a multiple of 31 (RFC 1950).
        "zlib" => (u32::from(bytes[0]) * 256 + u32::from(u8_at(bytes, 1))).is_multiple_of(31),
        "lzma" => bytes.len() > 13 && matches!(&bytes[5..13], [0xff, ..] | [.., 0, 0, 0]),
        "bzip2" => {
            matches!(u8_at(bytes, 3), b'1'..=b'9')
                && matches!(bytes.get(4..10), Some(b"1AY&SY" | b"\x17\x72\x45\x38\x50\x90"))
        }
        "bmp" => bytes.len() > 26 && u32_le(bytes, 14) <= 124,
        "arj" => u16_le(bytes, 2) <= 2600,
        _ => true,
    }
}

const fn magic(
    at: usize,
    bytes: &'static [u8],
    name: &'static str,
    mime: &'static str,
    words: &'static str,
) -> Magic {
    Magic { at, bytes, name, mime, words }
}

static TABLE: &[Magic] = &[
    // Programs.
    magic(0, b"MZ", "pe", "application/vnd.microsoft.portable-executable", "PE executable"),
    magic(0, b"MZ", "dos-executable", "application/x-dosexec", "MS-DOS executable"),
    magic(0, b"\xca\xfe\xba\xbe", "java-class", "application/java-vm", "compiled Java class data,"),
    magic(0, b"\xca\xfe\xba\xbe", "mach-o", "application/x-mach-binary", "Mach-O universal binary"),
    magic(
        0,
        b"\xce\xfa\xed\xfe",
        "mach-o",
        "application/x-mach-binary",
        "Mach-O 32-bit executable",
    ),
    magic(
        0,
        b"\xcf\xfa\xed\xfe",
        "mach-o",
        "application/x-mach-binary",
        "Mach-O 64-bit executable",
    ),
    magic(
        0,
        b"\xfe\xed\xfa\xce",
        "mach-o",
        "application/x-mach-binary",
        "Mach-O 32-bit executable",
    ),
    magic(
        0,
        b"\xfe\xed\xfa\xcf",
        "mach-o",
        "application/x-mach-binary",
        "Mach-O 64-bit executable",
    ),
    magic(0, b"dex\n", "dex", "application/vnd.android.dex", "Dalvik dex file"),
    magic(0, b"\0asm", "wasm", "application/wasm", "WebAssembly (wasm) binary module"),
    magic(0, b"BC\xc0\xde", "llvm-bitcode", "application/x-llvm", "LLVM IR bitcode"),
    magic(0, b"\x1bLua", "lua-bytecode", "application/x-lua-bytecode", "Lua bytecode"),
    // Archives and compression.
    magic(0, b"PK\x03\x04", "zip", "application/zip", "Zip archive data"),
    magic(0, b"PK\x05\x06", "zip", "application/zip", "Zip archive data (empty)"),
    magic(0, b"Rar!\x1a\x07", "rar", "application/vnd.rar", "RAR archive data"),
    magic(0, b"7z\xbc\xaf\x27\x1c", "7z", "application/x-7z-compressed", "7-zip archive data"),
    magic(0, b"\xfd7zXZ\0", "xz", "application/x-xz", "XZ compressed data"),
    magic(0, b"BZh", "bzip2", "application/x-bzip2", "bzip2 compressed data"),
    magic(0, b"\x1f\x8b\x08", "gzip", "application/gzip", "gzip compressed data"),
    magic(0, b"\x1f\x9d", "compress", "application/x-compress", "compress'd data"),
    magic(0, b"\x28\xb5\x2f\xfd", "zstd", "application/zstd", "Zstandard compressed data"),
    magic(0, b"\x04\x22\x4d\x18", "lz4", "application/x-lz4", "LZ4 compressed data"),
    magic(0, b"LZIP", "lzip", "application/x-lzip", "lzip compressed data"),
    magic(0, b"\x5d\0\0", "lzma", "application/x-lzma", "LZMA compressed data"),
    magic(257, b"ustar", "tar", "application/x-tar", "POSIX tar archive"),
    magic(
        0,
        b"MSCF\0\0\0\0",
        "cab",
        "application/vnd.ms-cab-compressed",
        "Microsoft Cabinet archive data",
    ),
    magic(
        0,
        b"!<arch>\ndebian",
        "deb",
        "application/vnd.debian.binary-package",
        "Debian binary package",
    ),
    magic(0, b"!<arch>\n", "ar", "application/x-archive", "current ar archive"),
    magic(0, b"\xed\xab\xee\xdb", "rpm", "application/x-rpm", "RPM package"),
    magic(0, b"070701", "cpio", "application/x-cpio", "ASCII cpio archive"),
    magic(0, b"070707", "cpio", "application/x-cpio", "ASCII cpio archive (pre-SVR4)"),
    magic(2, b"-lh", "lha", "application/x-lzh-compressed", "LHa archive data"),
    magic(0, b"\x60\xea", "arj", "application/x-arj", "ARJ archive data"),
    magic(7, b"**ACE**", "ace", "application/x-ace-compressed", "ACE archive data"),
    magic(0, b"xar!", "xar", "application/x-xar", "xar archive"),
    magic(0, b"hsqs", "squashfs", "application/vnd.squashfs", "Squashfs filesystem, little endian"),
    magic(0, b"sqsh", "squashfs", "application/vnd.squashfs", "Squashfs filesystem, big endian"),
    magic(
        32769,
        b"CD001",
        "iso9660",
        "application/x-iso9660-image",
        "ISO 9660 CD-ROM filesystem data",
    ),
    magic(0, b"CART\x01\0", "cart", "application/x-cart", "CaRT neutered file"),
    magic(0, b"\x78\x01", "zlib", "application/zlib", "zlib compressed data"),
    magic(0, b"\x78\x5e", "zlib", "application/zlib", "zlib compressed data"),
    magic(0, b"\x78\x9c", "zlib", "application/zlib", "zlib compressed data"),
    magic(0, b"\x78\xda", "zlib", "application/zlib", "zlib compressed data"),
    // Documents.
    magic(0, b"%PDF-", "pdf", "application/pdf", "PDF document"),
    magic(
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "ole",
        "application/x-ole-storage",
        "Composite Document File V2 Document",
    ),
    magic(0, b"{\\rtf", "rtf", "application/rtf", "Rich Text Format data"),
    magic(0, b"L\0\0\0\x01\x14\x02\0", "lnk", "application/x-ms-shortcut", "MS Windows shortcut"),
    magic(0, b"ITSF", "chm", "application/vnd.ms-htmlhelp", "MS Windows HtmlHelp Data"),
    magic(
        0,
        b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d",
        "onenote",
        "application/onenote",
        "Microsoft OneNote",
    ),
    magic(0, b"!BDN", "pst", "application/vnd.ms-outlook", "Microsoft Outlook email folder"),
    magic(0, b"%!PS", "postscript", "application/postscript", "PostScript document text"),
    // Images, sound, film, fonts.
    magic(0, b"\x89PNG\r\n\x1a\n", "png", "image/png", "PNG image data"),
    magic(0, b"\xff\xd8\xff", "jpeg", "image/jpeg", "JPEG image data"),
    magic(0, b"GIF8", "gif", "image/gif", "GIF image data"),
    magic(0, b"BM", "bmp", "image/bmp", "PC bitmap"),
    magic(0, b"II*\0", "tiff", "image/tiff", "TIFF image data, little-endian"),
    magic(0, b"MM\0*", "tiff", "image/tiff", "TIFF image data, big-endian"),
    magic(0, b"\0\0\x01\0", "ico", "image/vnd.microsoft.icon", "MS Windows icon resource"),
    magic(8, b"WEBP", "webp", "image/webp", "Web/P image"),
    magic(8, b"WAVE", "wav", "audio/x-wav", "RIFF WAVE audio"),
    magic(8, b"AVI ", "avi", "video/x-msvideo", "RIFF AVI video"),
    magic(4, b"ftyp", "mp4", "video/mp4", "ISO Media"),
    magic(0, b"\x1aE\xdf\xa3", "matroska", "video/x-matroska", "Matroska data"),
    magic(0, b"OggS", "ogg", "application/ogg", "Ogg data"),
    magic(0, b"ID3", "mpeg-audio", "audio/mpeg", "Audio file with ID3"),
    magic(0, b"fLaC", "flac", "audio/flac", "FLAC audio bitstream data"),
    magic(0, b"wOFF", "woff", "font/woff", "Web Open Font Format"),
    magic(0, b"wOF2", "woff", "font/woff2", "Web Open Font Format 2"),
    magic(0, b"FWS", "swf", "application/vnd.adobe.flash.movie", "Macromedia Flash data"),
    magic(
        0,
        b"CWS",
        "swf",
        "application/vnd.adobe.flash.movie",
        "Macromedia Flash data (compressed)",
    ),
    // Captures, databases, disks, keys.
    magic(
        0,
        b"\xd4\xc3\xb2\xa1",
        "pcap",
        "application/vnd.tcpdump.pcap",
        "pcap capture file, little-endian",
    ),
    magic(
        0,
        b"\xa1\xb2\xc3\xd4",
        "pcap",
        "application/vnd.tcpdump.pcap",
        "pcap capture file, big-endian",
    ),
    magic(
        0,
        b"\x4d\x3c\xb2\xa1",
        "pcap",
        "application/vnd.tcpdump.pcap",
        "pcap capture file, nanoseconds",
    ),
    magic(0, b"\x0a\x0d\x0d\x0a", "pcapng", "application/x-pcapng", "pcapng capture file"),
    magic(0, b"SQLite format 3\0", "sqlite", "application/vnd.sqlite3", "SQLite 3.x database"),
    magic(0, b"regf", "registry", "application/x-ms-registry", "MS Windows registry file"),
    magic(0, b"ElfFile\0", "evtx", "application/x-ms-evtx", "MS Windows event log"),
    magic(0, b"MDMP\x93\xa7", "minidump", "application/x-dmp", "Mini DuMP crash report"),
    magic(0, b"QFI\xfb", "qcow", "application/x-qemu-disk", "QEMU QCOW image"),
    magic(0, b"conectix", "vhd", "application/x-vhd", "Microsoft Disk Image"),
    magic(0, b"\x27\x05\x19\x56", "uboot-image", "application/x-uboot", "u-boot legacy uImage"),
    magic(0, b"HDR0", "trx", "application/x-trx-firmware", "TRX firmware header"),
];

fn is_pe(bytes: &[u8]) -> bool {
    let at = u32_le(bytes, 60) as usize;
    bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
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

fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn u16_be(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([u8_at(bytes, at), u8_at(bytes, at + 1)])
}

fn u16_le(bytes: &[u8], at: usize) -> u16 {
    u16_be(bytes, at).swap_bytes()
}

fn u32_be(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_be(bytes, at)) << 16 | u32::from(u16_be(bytes, at + 2))
}

fn u32_le(bytes: &[u8], at: usize) -> u32 {
    u32_be(bytes, at).swap_bytes()
}

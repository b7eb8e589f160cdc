//! Containers, documents, disks and programs that begin as they should and go on in any way,
//! taken apart, with YARA rules looking at all that comes out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Write};
use std::sync::LazyLock;
use ukai_model::Timestamp;
use ukai_static::{Limits, analyze_with};
use ukai_yara::{RuleSet, Rules, States};

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::compile(vec![RuleSet::shipped()], States::default()).0);

/// Beginnings; the first byte of an input chooses among them and what is made below. The one
/// without any is for whole files, as `tools/fuzz.sh` has them made.
const HEADS: [&[u8]; 23] = [
    b"",
    // Squashfs 4 in blocks of 128 KiB, gzip.
    b"hsqs\x01\0\0\0\0\0\0\0\0\0\x02\0\x01\0\0\0\x01\0\x11\0\0\0\x01\0\x04\0\0\0",
    b"\x60\xea\x22\0\x1e\x0b\x01\0\0\0\x02\0",
    b"MZ",
    b"HDR0",
    b"\x27\x05\x19\x56",
    b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0",
    b"MEI\x0c\x0b\x0a\x0b\x0e",
    // A shortcut with all parts.
    b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46\xff\x02\0\0",
    b"<html><script>new Blob(atob(",
    b"<html><a download=a.js href=data:",
    b"{\\rtf1{\\*\\template {\\fldinst ",
    b"<?xml version=\"1.0\"?><Relationships><Relationship TargetMode=\"External\" ",
    b"<?xml version=\"1.0\"?><w:document><w:instrText>DDE",
    // cramfs with an inode for the root.
    b"\x45\x3d\xcd\x28\0\x10\0\0\0\0\0\0\0\0\0\0Compressed ROMFS",
    b"\x28\xcd\x3d\x45\0\x10\0\0\0\0\0\0\0\0\0\0Compressed ROMFS",
    b"UBI#\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\x80",
    b"\x31\x18\x10\x06",
    // A book of Excel 5 without a container.
    b"\x09\x08\x08\0\0\x05\x05\0\0\0\0\0",
    // Closed by the newest handler; how is `rest`.
    b"%PDF-2.0\n9 0 obj<</Filter/Standard/V 5/R 6/CF<</S<</CFM/AESV3>>>>/StmF/S/StrF/S/O()/U(",
    b"\x1f\x9d\x90",
    b"\x89LZO\0\r\n\x1a\n\x10\x40\x20\xa0\x09\x40\x01\x05\x03\0\0\x01\0\0\x81\xa4\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\x04\x22\x4d\x18\x60\x40\x82",
];

/// Kinds that are made here.
const MADE: usize = 11;

fn input(choice: usize, rest: &[u8]) -> Vec<u8> {
    match choice.checked_sub(HEADS.len()) {
        None => [HEADS[choice], rest].concat(),
        Some(0) => {
            // A book of Excel 97 whose one sheet is a macro sheet; what it says is `rest`.
            let mut book =
                b"\x09\x08\x04\0\0\x06\x05\0\x85\0\x09\0\x15\0\0\0\0\x01\x01\0M".to_vec();
            book.extend(b"\x09\x08\x04\0\0\x06\x40\0");
            ole("/Workbook", &[&book, rest].concat())
        }
        Some(1) => ole("/WordDocument", rest),
        Some(2) => sheets("xl/workbook.bin", "bin", rest),
        Some(3) => sheets("xl/workbook.xml", "xml", rest),
        Some(4) => flash(rest),
        Some(5) => fixed_disk(rest),
        Some(6) => dynamic_disk(rest),
        Some(7) => newer_disk(rest),
        Some(8) => {
            // A book that is closed by RC4; which keys is `rest`.
            let book = b"\x09\x08\x04\0\0\x06\x05\0\x2f\0\x36\0\x01\0";
            ole("/Workbook", &[&book[..], rest].concat())
        }
        Some(9) => package(b"\x04\0\x02\0\x24\0\0\0", rest),
        Some(_) => package(b"\x04\0\x04\0\x40\0\0\0<encryption><keyData ", rest),
    }
}

fn ole(name: &str, content: &[u8]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("memory");
    file.create_stream(name).expect("memory").write_all(content).expect("memory");
    file.into_inner().into_inner()
}

/// A document that is closed; `rest` says how, and is what is closed.
fn package(head: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("memory");
    for (name, content) in
        [("/EncryptionInfo", [head, rest].concat()), ("/EncryptedPackage", rest.to_vec())]
    {
        file.create_stream(name).expect("memory").write_all(&content).expect("memory");
    }
    file.into_inner().into_inner()
}

/// A book with a macro sheet.
fn sheets(book: &str, ending: &str, sheet: &[u8]) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default();
    let options = options.compression_method(zip::CompressionMethod::Stored);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let relations = format!("<Relationship Id=\"r\" Target=\"macrosheets/a.{ending}\"/>");
    let content: &[u8] = if ending == "bin" {
        b"\x9c\x01\x14\0\0\0\0\x01\0\0\0\x01\0\0\0r\0\x01\0\0\0M\0"
    } else {
        b"<workbook><sheet name=\"M\" id=\"r\"/></workbook>"
    };
    for (name, content) in [
        (book.to_owned(), content),
        (format!("xl/_rels/workbook.{ending}.rels"), relations.as_bytes()),
        (format!("xl/macrosheets/a.{ending}"), sheet),
    ] {
        zip.start_file(name, options).expect("memory");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// JFFS2: nodes of up to 80 bytes, by turns names and inodes, whose check sums are right.
fn flash(rest: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    for (index, body) in rest.chunks(80).enumerate() {
        let mut head = vec![0x85, 0x19, 1 + (index % 2) as u8, 0xe0];
        head.extend((12 + body.len() as u32).to_le_bytes());
        let sum = head.iter().fold(0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 }
            })
        });
        image.extend(head);
        image.extend(sum.to_le_bytes());
        image.extend(body);
        image.resize(image.len().next_multiple_of(4), 0);
    }
    image
}

/// VHD's last sector.
fn footer(kind: u8, size: usize) -> Vec<u8> {
    let mut footer = vec![0; 512];
    footer[..8].copy_from_slice(b"conectix");
    footer[16..24].copy_from_slice(&512u64.to_be_bytes());
    footer[48..56].copy_from_slice(&(size as u64).to_be_bytes());
    footer[63] = kind;
    footer
}

/// A fixed disk, with a boot sector's mark.
fn fixed_disk(rest: &[u8]) -> Vec<u8> {
    let mut disk = rest.to_vec();
    disk.resize(disk.len().next_multiple_of(512).max(1024), 0);
    disk[510..512].copy_from_slice(b"\x55\xaa");
    [&disk[..], &footer(2, disk.len())].concat()
}

/// A dynamic disk in blocks of 4 KiB; each begins in the next sector but one.
fn dynamic_disk(rest: &[u8]) -> Vec<u8> {
    let blocks = rest.len().div_ceil(4096).max(1);
    let mut image = footer(3, blocks * 4096);
    let mut header = vec![0; 1024];
    header[..8].copy_from_slice(b"cxsparse");
    header[16..24].copy_from_slice(&1536u64.to_be_bytes());
    header[28..32].copy_from_slice(&(blocks as u32).to_be_bytes());
    header[32..36].copy_from_slice(&4096u32.to_be_bytes());
    image.extend(header);
    let table = (4 * blocks).next_multiple_of(512);
    for index in 0..blocks {
        let sector = (1536 + table) / 512 + index * 9;
        image.extend((sector as u32).to_be_bytes());
    }
    image.resize(1536 + table, 0xff);
    for block in rest.chunks(4096) {
        image.extend([0xff; 512]);
        image.extend(block);
        image.resize(image.len().next_multiple_of(512), 0);
    }
    image.extend(footer(3, blocks * 4096));
    image
}

/// VHDX whose tables are `rest`, in pieces.
fn newer_disk(rest: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 320 << 10];
    image[..8].copy_from_slice(b"vhdxfile");
    image[64 << 10..][..4].copy_from_slice(b"head");
    let table = &mut image[192 << 10..];
    table[..4].copy_from_slice(b"regi");
    table[8] = 2;
    table[16..32]
        .copy_from_slice(b"\x66\x77\xc2\x2d\x23\xf6\0\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08");
    table[32..40].copy_from_slice(&(260u64 << 10).to_le_bytes());
    table[41] = 16;
    table[48..64]
        .copy_from_slice(b"\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e");
    table[64..72].copy_from_slice(&(256u64 << 10).to_le_bytes());
    table[73] = 16;
    let count = rest.len().min(64 << 10);
    image[256 << 10..][..count].copy_from_slice(&rest[..count]);
    image
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let bytes = input(usize::from(*choice) % (HEADS.len() + MADE), rest);
    let limits = Limits {
        unpacked_bytes: 1 << 20,
        member_bytes: 1 << 19,
        script_bytes: 1 << 12,
        ..Limits::default()
    };
    let now = Timestamp::from_secs(1);
    let analysis = analyze_with(&bytes, now, &limits, Some(&RULES), &mut |_| ());
    assert!(analysis.members.len() <= limits.members);
    // Files that a script makes have limits of their own.
    assert!(
        analysis
            .members
            .iter()
            .all(|it| { it.container == "script" || it.size <= limits.member_bytes as u64 })
    );
});

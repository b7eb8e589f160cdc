//! Containers of firmware, old archives, and programs that carry files.

use crate::upx::by_ucl;
use crate::{PAYLOAD, analysis, finds_payload, run};
use std::process::Command;
use ukai_model::Sha256;

/// What lies beside the payload, so that blocks, fragments and directories are real ones.
const BESIDE: &str = "head -c 300000 /bin/bash > big; seq 1 200 > small; mkdir -p deep/er; \
                      cp payload.sh deep/er/x.sh; for n in $(seq 300); do echo $n > deep/f$n; done;";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("payload.sh"), PAYLOAD).expect("written");
    folder
}

#[test]
fn squashfs_of_routers() {
    let folder = folder();
    run(
        folder.path(),
        &format!(
            "mkdir root; cd root; cp ../payload.sh .; {BESIDE} cd ..
            for method in gzip xz zstd lzma lzo lz4; do mksquashfs root $method.sqfs -comp $method -quiet -no-progress > /dev/null; done
            mksquashfs root plain.sqfs -noI -noD -noF -noX -quiet -no-progress > /dev/null
            mksquashfs root whole.sqfs -no-fragments -b 4096 -quiet -no-progress > /dev/null
            truncate -s 200000 holes; cat holes payload.sh > root/sparse
            mksquashfs root sparse.sqfs -quiet -no-progress > /dev/null
            head -c 64 /dev/urandom > firmware.bin; cat gzip.sqfs >> firmware.bin"
        ),
    );
    let read = |file: &str| std::fs::read(folder.path().join(file)).expect("made");
    let big = Sha256::of(&read("root/big"));
    for file in ["gzip", "xz", "zstd", "lzma", "lzo", "lz4", "plain", "whole"] {
        let analysis = analysis(&read(&format!("{file}.sqfs")));
        assert_eq!(analysis.file_type.as_ref().expect("a type").name, "squashfs");
        finds_payload(&analysis, file);
        let at = |name: &[u8]| {
            let named = |it: &&ukai_model::Member| {
                it.name.as_ref().is_some_and(|found| found.as_bytes() == name)
            };
            analysis.members.iter().find(named).unwrap_or_else(|| panic!("{file}: {name:?}"))
        };
        assert_eq!(at(b"big").sha256, big, "{file}");
        assert_eq!(at(b"deep/er/x.sh").sha256, Sha256::of(PAYLOAD), "{file}");
        let files = analysis.members.iter().filter(|it| it.container == "squashfs").count();
        assert_eq!(files, 304, "{file}: {:?}", analysis.notes);
    }
    let sparse = analysis(&read("sparse.sqfs"));
    let whole = Sha256::of(&read("root/sparse"));
    assert!(sparse.members.iter().any(|it| it.sha256 == whole), "{:?}", sparse.notes);
    finds_payload(&analysis(&read("firmware.bin")), "within firmware");
}

#[test]
fn headers_around_firmware() {
    let packed = {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut packer, PAYLOAD).expect("memory");
        packer.finish().expect("memory")
    };
    let mut uboot = b"\x27\x05\x19\x56".to_vec();
    for word in [0, 0, packed.len() as u32, 0x8000_0000, 0x8000_0000, 0] {
        uboot.extend(u32::to_be_bytes(word));
    }
    // Linux, MIPS, kernel, gzip.
    uboot.extend([5, 5, 2, 1]);
    let mut name = b"MIPS Linux".to_vec();
    name.resize(32, 0);
    uboot.extend(name);
    uboot.extend(&packed);
    let uboot_analysis = analysis(&uboot);
    finds_payload(&uboot_analysis, "u-boot");
    assert_eq!(uboot_analysis.members[0].name.as_ref().expect("a name").as_bytes(), b"MIPS Linux");
    let mut trx = b"HDR0".to_vec();
    let second = 28 + packed.len() as u32;
    for word in [second + 40, 0, 1 << 16, 28, second, 0] {
        trx.extend(u32::to_le_bytes(word));
    }
    trx.extend(&packed);
    trx.extend([0xaa; 40]);
    let trx_analysis = analysis(&trx);
    finds_payload(&trx_analysis, "trx");
    assert_eq!(trx_analysis.members.iter().filter(|it| it.container == "trx").count(), 2);
}

#[test]
fn arj_of_every_method() {
    let folder = folder();
    run(
        folder.path(),
        &format!(
            "{BESIDE} for method in 0 1 2 3 4; do
                arj a -y -i -m$method m$method.arj payload.sh big small deep/er/x.sh > /dev/null
            done
            arj a -y -i -gsecret closed.arj payload.sh > /dev/null
            head -c 90000 m1.arj > cut.arj"
        ),
    );
    let read = |file: &str| std::fs::read(folder.path().join(file)).expect("made");
    let wanted = ["payload.sh", "big", "small", "deep/er/x.sh"];
    for method in 0..5 {
        let analysis = analysis(&read(&format!("m{method}.arj")));
        finds_payload(&analysis, "arj");
        for file in wanted {
            let hash = Sha256::of(&read(file));
            let found = analysis.members.iter().any(|it| it.sha256 == hash);
            assert!(found, "method {method}: {file}: {:?}", analysis.notes);
        }
    }
    let closed = analysis(&read("closed.arj"));
    assert!(closed.notes.iter().any(|note| note.contains("encrypted")), "{:?}", closed.notes);
    let cut = analysis(&read("cut.arj"));
    finds_payload(&cut, "cut off");
    assert!(cut.notes.iter().any(|note| note.contains("cut off")), "{:?}", cut.notes);
}

/// CRC-16 as ARC, LHa and ARJ compute it.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte),
            |crc, _| {
                if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xa001 }
            },
        )
    })
}

/// An LHa archive of one file (level 0).
fn lha(method: [u8; 5], name: &[u8], packed: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = method.to_vec();
    header.extend((packed.len() as u32).to_le_bytes());
    header.extend((content.len() as u32).to_le_bytes());
    header.extend(0x5a21_0000_u32.to_le_bytes());
    header.extend([0x20, 0, name.len() as u8]);
    header.extend(name);
    header.extend(crc16(content).to_le_bytes());
    let sum = header.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let mut archive = vec![header.len() as u8, sum];
    archive.extend(header);
    archive.extend(packed);
    archive.push(0);
    archive
}

/// No program in Debian makes LHa archives of its own streams; ARJ's are the same, and
/// `lhasa` says whether what comes of it is one.
#[test]
fn lha_stored_and_packed() {
    let folder = folder();
    run(folder.path(), &format!("{BESIDE} arj a -y -i -m1 a.arj big > /dev/null"));
    let read = |file: &str| std::fs::read(folder.path().join(file)).expect("made");
    let big = read("big");
    let arj = read("a.arj");
    // The second header; its packed data ends four bytes before the archive does.
    let headers: Vec<usize> = memchr::memmem::find_iter(&arj, b"\x60\xea").collect();
    let at = headers[1];
    let length = usize::from(u16::from_le_bytes([arj[at + 2], arj[at + 3]]));
    let word = |at: usize| u32::from_le_bytes(arj[at..at + 4].try_into().expect("four")) as usize;
    let start = at + 4 + length + 4 + 2;
    let packed = &arj[start..start + word(at + 4 + 12)];
    for (file, bytes, content) in [
        ("stored.lzh", lha(*b"-lh0-", b"payload.sh", PAYLOAD, PAYLOAD), PAYLOAD),
        ("packed.lzh", lha(*b"-lh6-", b"big", packed, &big), &big[..]),
    ] {
        std::fs::write(folder.path().join(file), &bytes).expect("written");
        run(folder.path(), &format!("lha t {file} > /dev/null"));
        let analysis = analysis(&bytes);
        let hash = Sha256::of(content);
        let found = analysis.members.iter().any(|it| it.sha256 == hash && it.container == "lha");
        assert!(found, "{file}: {:?}", analysis.notes);
    }
}

/// The archive that PyInstaller's own writer makes, behind a program and in front of more.
#[test]
fn programs_of_pyinstaller() {
    let folder = folder();
    std::fs::write(
        folder.path().join("hidden.py"),
        "URL = 'http://cnc.module.example/gate.php'\ndef f():\n    return URL\n",
    )
    .expect("written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/unpack/pyinstaller_archive.py");
    let python = "/opt/ukai-test/references/bin/python";
    let made = Command::new(python).arg(script).current_dir(folder.path()).output();
    let made = made.expect("tools/setup.sh test installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let archive = std::fs::read(folder.path().join("out.pkg")).expect("made");
    let program = std::fs::read("/bin/true").expect("a Linux system");
    for (what, bytes) in [
        ("at the end", [&program[..], &archive].concat()),
        ("in a section", [&program[..], &archive, &[0; 500]].concat()),
    ] {
        let analysis = analysis(&bytes);
        finds_payload(&analysis, what);
        let from = |name: &str| {
            let named = |it: &&ukai_model::Member| {
                it.name.as_ref().is_some_and(|found| found.as_bytes() == name.as_bytes())
            };
            analysis.members.iter().filter(|it| it.container == "pyinstaller").find(named)
        };
        assert!(from("payload.sh").is_some(), "{what}: {:?}", analysis.notes);
        assert!(from("PYZ/0").is_some(), "{what}: {:?}", analysis.notes);
        let url = "http://cnc.module.example/gate.php";
        assert!(analysis.observables.iter().any(|it| it.observable.value == url), "{what}");
    }
}

#[test]
fn resources_of_windows_programs() {
    let folder = folder();
    run(
        folder.path(),
        "printf '1 RCDATA \"payload.sh\"\\nSETUP CUSTOM \"payload.sh\"\\n1 24 \"manifest.xml\"\\n' > a.rc
        echo '<assembly>http://schemas.example/</assembly>' > manifest.xml
        i686-w64-mingw32-windres --preprocessor=cat a.rc a.o
        i686-w64-mingw32-ld -e 0 -o a.exe a.o",
    );
    let bytes = std::fs::read(folder.path().join("a.exe")).expect("made");
    let analysis = analysis(&bytes);
    finds_payload(&analysis, "resources");
    let mut names: Vec<String> = analysis
        .members
        .iter()
        .filter(|it| it.container == "pe resource")
        .map(|it| it.name.as_ref().expect("a name").to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["CUSTOM/SETUP", "rcdata/1"], "{:?}", analysis.notes);
}

/// A program of one section as a linker makes it: its image in memory behind the first
/// section's address, and its headers.
struct Original {
    image: Vec<u8>,
    headers: Vec<u8>,
}

const STUB_BYTES: usize = 64;
const OPTIONAL_BYTES: usize = 0xe0;

fn pe_headers(sections: &[(&[u8], u32, u32, u32, u32)], entry: u32) -> Vec<u8> {
    let mut out = b"PE\0\0\x4c\x01".to_vec();
    out.extend((sections.len() as u16).to_le_bytes());
    out.extend([0; 12]);
    out.extend((OPTIONAL_BYTES as u16).to_le_bytes());
    out.extend(0x0102_u16.to_le_bytes());
    let mut optional = vec![0; OPTIONAL_BYTES];
    optional[..2].copy_from_slice(&0x010b_u16.to_le_bytes());
    optional[16..20].copy_from_slice(&entry.to_le_bytes());
    optional[92..96].copy_from_slice(&16_u32.to_le_bytes());
    out.extend(optional);
    for (name, memory, address, size, place) in sections {
        let mut name = name.to_vec();
        name.resize(8, 0);
        out.extend(name);
        for word in [memory, address, size, place] {
            out.extend(word.to_le_bytes());
        }
        out.extend([0; 12]);
        out.extend(0xe000_0020_u32.to_le_bytes());
    }
    out
}

fn original() -> Original {
    let mut image = b"text that repeats, text that repeats, and repeats. ".repeat(60);
    image.extend(PAYLOAD);
    image.resize(0x1000, 0);
    let headers = pe_headers(&[(b".text", 0x1000, 0x1000, 0x1000, 0x400)], 0x1000);
    Original { image, headers }
}

/// As `p_w32pe.cpp` lays it out: an empty section, the packed one, and before its content what
/// tells how it is packed.
fn upx_packed(original: &Original, method: u8, packed: &[u8], length: usize) -> Vec<u8> {
    let sections: [(&[u8], u32, u32, u32, u32); 2] = [
        (b"UPX0", 0x4000, 0x1000, 0, 0x400),
        (b"UPX1", 0x2000, 0x5000, packed.len() as u32, 0x400),
    ];
    let mut file = stub();
    file.extend(pe_headers(&sections, 0x5010));
    file.resize(0x400 - 32, 0);
    file.extend(b"UPX!");
    file.extend([13, 9, method, 9]);
    for word in [0, 0, length as u32, packed.len() as u32, original.image.len() as u32, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    file.extend(packed);
    file
}

fn stub() -> Vec<u8> {
    let mut stub = vec![0; STUB_BYTES];
    stub[..2].copy_from_slice(b"MZ");
    stub[0x3c] = STUB_BYTES as u8;
    stub
}

#[test]
fn windows_programs_packed_by_upx() {
    let original = original();
    // The image, then its headers, then where they stand.
    let mut content = original.image.clone();
    let at = content.len() as u32;
    content.extend(&original.headers);
    content.extend(at.to_le_bytes());
    let mut whole = stub();
    whole.extend(&original.headers);
    whole.resize(0x400, 0);
    whole.extend(&original.image);
    for (number, method) in [(2, "b"), (5, "d"), (8, "e")] {
        for (more, bits) in [(0, "32"), (1, "8")] {
            let packed = by_ucl(&content, method, bits);
            let file = upx_packed(&original, number + more, &packed, content.len());
            check(&file, &whole, method);
            // As malware wipes it: neither names nor what tells how it is packed.
            let mut wiped = file;
            wiped[0x400 - 32..0x400].fill(0);
            let marks: Vec<usize> = memchr::memmem::find_iter(&wiped, b"UPX").collect();
            for at in marks {
                wiped[at..at + 4].copy_from_slice(b".abc");
            }
            check(&wiped, &whole, method);
        }
    }
    let lzma = crate::upx::by_lzma(&content);
    check(&upx_packed(&original, 14, &lzma, content.len()), &whole, "lzma");
}

fn check(file: &[u8], whole: &[u8], what: &str) {
    let analysis = analysis(file);
    let member = analysis.members.iter().find(|it| it.container == "upx");
    let member = member.unwrap_or_else(|| panic!("{what}: {:?}", analysis.notes));
    assert_eq!(member.sha256, Sha256::of(whole), "{what}");
    assert_eq!(member.file_type.name, "pe", "{what}");
    finds_payload_text(&analysis, what);
}

fn finds_payload_text(analysis: &ukai_model::Analysis, what: &str) {
    let url = "http://dl.unpacked.example/mips";
    assert!(analysis.observables.iter().any(|it| it.observable.value == url), "{what}");
}

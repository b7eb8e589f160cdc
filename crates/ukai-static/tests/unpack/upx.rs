//! Programs packed as UPX packs them: by the description of its structures, with the NRV
//! methods of the UCL library, which UPX is built on, and LZMA. UPX itself is not in Debian.

use crate::{PAYLOAD, analysis, finds_payload};
use std::io::Write;
use std::process::{Command, Stdio};
use ukai_model::Sha256;

const HEADERS: usize = 52 + 32;

/// A program for 32-bit MIPS, most significant byte first, of one segment.
fn original() -> Vec<u8> {
    let filler = b"some text that repeats, some text that repeats, and more of it. ".repeat(40);
    let length = HEADERS + filler.len() + PAYLOAD.len() + 2;
    let mut program = header(length as u32);
    program.extend(filler);
    program.push(0);
    program.extend(PAYLOAD);
    program.push(0);
    program
}

fn header(length: u32) -> Vec<u8> {
    let mut out = b"\x7fELF\x01\x02\x01\0\0\0\0\0\0\0\0\0\0\x02\0\x08\0\0\0\x01".to_vec();
    for word in [0x40_0054, 52, 0, 0x1007] {
        out.extend(u32::to_be_bytes(word));
    }
    for half in [52, 32, 1, 0, 0, 0] {
        out.extend(u16::to_be_bytes(half));
    }
    for word in [1, 0, 0x40_0000, 0x40_0000, length, length, 5, 0x1_0000] {
        out.extend(u32::to_be_bytes(word));
    }
    out
}

pub(crate) fn by_ucl(content: &[u8], method: &str, bits: &str) -> Vec<u8> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/unpack/ucl.py");
    let mut child = Command::new("/usr/bin/python3")
        .args([script, method, bits])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    child.stdin.take().expect("piped").write_all(content).expect("read");
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "libucl1 is installed (tools/setup.sh test)");
    output.stdout
}

pub(crate) fn by_lzma(content: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(6);
    let (lc, lp, pb) = (options.lc, options.lp, options.pb);
    let mut writer =
        lzma_rust2::LzmaWriter::new_no_header(Vec::new(), &options, false).expect("options");
    writer.write_all(content).expect("memory");
    let stream = writer.finish().expect("memory");
    [&[((lc + lp) << 3 | pb) as u8, (lp << 4 | lc) as u8][..], &stream].concat()
}

/// The packed file; `altered` as bots alter it: another magic, no lengths.
fn packed(program: &[u8], method: u8, pack: &dyn Fn(&[u8]) -> Vec<u8>, altered: bool) -> Vec<u8> {
    let mut out = header(0x2000);
    let length = program.len() as u32;
    let (magic, length) = if altered { (&b"YTS\x99"[..], 0) } else { (&b"UPX!"[..], length) };
    out.extend([0, 0, 0, 0]);
    out.extend(magic);
    out.extend([0, 0, 13, 17]);
    for word in [0, length, length] {
        out.extend(u32::to_be_bytes(word));
    }
    for part in [&program[..HEADERS], &program[HEADERS..HEADERS + 1000], &program[HEADERS + 1000..]]
    {
        let small = pack(part);
        let content = if small.len() < part.len() { &small[..] } else { part };
        out.extend((part.len() as u32).to_be_bytes());
        out.extend((content.len() as u32).to_be_bytes());
        out.extend([method, 0, 0, 0]);
        out.extend(content);
    }
    out.extend([0, 0, 0, 0]);
    out.extend(magic);
    out.extend([0; 36]);
    out
}

#[test]
fn programs_packed_by_upx() {
    let program = original();
    let whole = Sha256::of(&program);
    for altered in [false, true] {
        for (number, method) in [(2, "b"), (5, "d"), (8, "e")] {
            for (more, bits) in [(0, "32"), (1, "8"), (2, "16")] {
                let pack = |content: &[u8]| by_ucl(content, method, bits);
                check(&packed(&program, number + more, &pack, altered), whole, method);
            }
        }
        check(&packed(&program, 14, &by_lzma, altered), whole, "lzma");
    }
}

fn check(file: &[u8], whole: Sha256, what: &str) {
    let analysis = analysis(file);
    let member = analysis.members.iter().find(|it| it.container == "upx");
    let member = member.unwrap_or_else(|| panic!("{what}: {:?}", analysis.notes));
    assert_eq!(member.sha256, whole, "{what}");
    assert_eq!(member.file_type.name, "elf");
    let url = "http://dl.unpacked.example/mips";
    assert!(analysis.observables.iter().any(|it| it.observable.value == url), "{what}");
}

#[test]
fn a_broken_block_leaves_what_was_before() {
    let pack = |content: &[u8]| by_ucl(content, "e", "32");
    let mut file = packed(&original(), 8, &pack, false);
    let end = file.len() - 80;
    file.truncate(end);
    let analysis = analysis(&file);
    let member = analysis.members.iter().find(|it| it.container == "upx").expect("a part");
    assert!(member.size >= (HEADERS + 1000) as u64);
}

#[test]
fn a_payload_is_found_behind_the_members_of_a_member() {
    // An archive with a packed program: two kinds of layers.
    let file = packed(&original(), 14, &by_lzma, true);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("x", zip::write::SimpleFileOptions::default()).expect("memory");
    zip.write_all(&file).expect("memory");
    let zip = zip.finish().expect("memory").into_inner();
    let analysis = analysis(&zip);
    finds_payload(&analysis, "zip and upx");
    let containers: Vec<&str> = analysis.members.iter().map(|it| it.container.as_str()).collect();
    assert!(containers.starts_with(&["zip", "upx"]), "{containers:?}");
}

//! Headers of programs against `pefile`, `pyelftools` and `telfhash`.

mod signatures;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use ukai_model::{Analysis, Timestamp};
use ukai_static::Limits;

const REFERENCES: &str = "/opt/ukai-test/references";

fn analysis(bytes: &[u8]) -> Analysis {
    let headers_only =
        Limits { scan_bytes: 0, xor_bytes: 0, members: 0, depth: 0, ..Limits::default() };
    ukai_static::analyze(bytes, Timestamp::default(), &headers_only, &mut |_| ())
}

fn reference(kind: &str, files: &[PathBuf]) -> Vec<Value> {
    let output = Command::new(format!("{REFERENCES}/bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/headers/reference.py"))
        .arg(kind)
        .args(files)
        .output()
        .expect("the reference parsers are installed (tools/setup.sh test)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let lines: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), files.len());
    lines
}

fn find(folder: &Path, fits: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            find(&entry.path(), fits, found);
        } else if kind.is_file() && fits(&entry.path()) {
            found.push(entry.path());
        }
    }
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|it| it.as_str().expect("text")).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

#[test]
fn pe_headers_as_pefile_reads_them() {
    let mut files = Vec::new();
    let is_exe = |path: &Path| path.extension().is_some_and(|it| it == "exe");
    find(Path::new(REFERENCES), &is_exe, &mut files);
    assert!(files.len() >= 6, "pip and setuptools bring programs for Windows: {files:?}");
    let (mut hashes, mut rich) = (0, 0);
    for (file, theirs) in files.iter().zip(reference("pe", &files)) {
        let bytes = std::fs::read(file).expect("readable");
        let ours = analysis(&bytes).pe.expect("headers");
        let shown = file.display();
        assert_eq!(ours.bits == 64, theirs["wide"], "{shown}");
        assert_eq!(ours.dll, theirs["dll"], "{shown}");
        assert_eq!(ours.linked, theirs["linked"], "{shown}");
        assert_eq!(ours.entry, theirs["entry"], "{shown}");
        assert_eq!(ours.imphash.as_deref(), theirs["imphash"].as_str(), "{shown}");
        assert_eq!(ours.rich_hash.as_deref(), theirs["rich_hash"].as_str(), "{shown}");
        assert_eq!(ours.signed, theirs["signed"], "{shown}");
        assert_eq!(ours.overlay, theirs["overlay"].as_u64(), "{shown}");
        assert_eq!(ours.resources.len() as u64, theirs["resources"], "{shown}");
        let pdb = ours.pdb.as_ref().map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        assert_eq!(pdb.as_deref(), theirs["pdb"].as_str(), "{shown}");
        let libraries: Vec<_> =
            ours.libraries.iter().map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
        assert_eq!(libraries, texts(&theirs["libraries"]), "{shown}");
        let version: Vec<Vec<_>> = ours
            .version
            .iter()
            .map(|it| [&it.name, &it.value].map(|it| String::from_utf8_lossy(it.as_bytes())).into())
            .collect();
        let expected: Vec<Vec<&str>> =
            theirs["version"].as_array().expect("a list").iter().map(texts).collect();
        assert_eq!(version, expected, "{shown}");
        let sections = theirs["sections"].as_array().expect("a list");
        assert_eq!(ours.sections.len(), sections.len(), "{shown}");
        for (ours, theirs) in ours.sections.iter().zip(sections) {
            assert_eq!(
                String::from_utf8_lossy(ours.name.as_bytes()),
                theirs[0].as_str().expect("text")
            );
            let places = [ours.offset, ours.address, ours.file_size, ours.memory_size];
            assert_eq!(places, [1, 2, 3, 4].map(|at| number(&theirs[at])), "{shown}");
            let entropy = theirs[5].as_f64().expect("a number");
            assert!((f64::from(ours.entropy) - entropy).abs() < 1e-3, "{shown}");
        }
        hashes += usize::from(ours.imphash.is_some());
        rich += usize::from(ours.rich_hash.is_some());
    }
    assert!(hashes >= 6 && rich >= 6, "{hashes} {rich}");
}

#[test]
fn elf_headers_as_pyelftools_reads_them() {
    let mut files = Vec::new();
    let is_elf = |path: &Path| {
        let Ok(mut file) = std::fs::File::open(path) else { return false };
        let mut magic = [0; 4];
        std::io::Read::read_exact(&mut file, &mut magic).is_ok()
            && &magic == b"\x7fELF"
            && file.metadata().is_ok_and(|it| it.len() < 2 << 20)
    };
    for folder in ["/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/gcc"] {
        find(Path::new(folder), &is_elf, &mut files);
    }
    let step = (files.len() / 80).max(1);
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    assert!(files.len() >= 50, "{}", files.len());
    let mut telfhashes = 0;
    for (file, theirs) in files.iter().zip(reference("elf", &files)) {
        let bytes = std::fs::read(file).expect("readable");
        let ours = analysis(&bytes).elf.expect("headers");
        let shown = file.display();
        assert_eq!(u64::from(ours.bits), theirs["bits"], "{shown}");
        assert_eq!(ours.little_endian, theirs["little"], "{shown}");
        assert_eq!(ours.entry, theirs["entry"], "{shown}");
        assert_eq!(ours.stripped, theirs["stripped"], "{shown}");
        let machine = match theirs["machine"].as_str() {
            Some("EM_X86_64") => "x86-64",
            Some("EM_386") => "x86",
            Some("EM_BPF") => "bpf",
            other => panic!("{shown}: {other:?}"),
        };
        assert_eq!(ours.machine, machine, "{shown}");
        let interpreter =
            ours.interpreter.as_ref().map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        assert_eq!(interpreter.as_deref(), theirs["interpreter"].as_str(), "{shown}");
        let libraries: Vec<_> =
            ours.libraries.iter().map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
        assert_eq!(libraries, texts(&theirs["libraries"]), "{shown}");
        let segments = theirs["segments"].as_array().expect("a list");
        assert_eq!(ours.segments.len(), segments.len(), "{shown}");
        for (ours, theirs) in ours.segments.iter().zip(segments) {
            let places = [ours.offset, ours.address, ours.file_size, ours.memory_size];
            assert_eq!(places, [1, 2, 3, 4].map(|at| number(&theirs[at])), "{shown}");
        }
        let sections = theirs["sections"].as_array().expect("a list");
        assert_eq!(ours.sections.len(), sections.len().min(96), "{shown}");
        for (ours, theirs) in ours.sections.iter().zip(sections) {
            assert_eq!(
                String::from_utf8_lossy(ours.name.as_bytes()),
                theirs[0].as_str().expect("text")
            );
            let places = [ours.offset, ours.address, ours.memory_size];
            assert_eq!(places, [1, 2, 3].map(|at| number(&theirs[at])), "{shown}");
        }
        // The digest of a text that is known to be right (`tests/hashes`).
        let joined = theirs["symbols"].is_array().then(|| texts(&theirs["symbols"]).join(","));
        let expected = joined
            .and_then(|joined| analysis(joined.as_bytes()).hashes?.tlsh)
            .map(|digest| digest.to_ascii_lowercase());
        assert_eq!(ours.telfhash, expected, "{shown}");
        telfhashes += usize::from(expected.is_some());
    }
    assert!(telfhashes >= 10, "{telfhashes}");
}

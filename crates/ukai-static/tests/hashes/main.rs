//! Digests against the reference implementations: Debian's `ssdeep`, `tlsh_unittest` and coreutils
//! (run here) and PyPI's `py-tlsh` (a table made by `tests/interop/tlsh_golden.py`).

mod inputs;

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use ukai_model::{Hashes, Timestamp};
use ukai_static::Limits;

fn hashes(bytes: &[u8]) -> Hashes {
    let none = Limits { scan_bytes: 0, xor_bytes: 0, unpacked_bytes: 0, ..Limits::default() };
    ukai_static::analyze(bytes, Timestamp::default(), &none, &mut |_| ()).hashes.expect("hashed")
}

#[test]
fn ssdeep_equals_the_program() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let lengths = [
        0, 1, 2, 6, 7, 8, 50, 100, 191, 192, 193, 300, 383, 384, 385, 767, 768, 769, 1000, 1536,
        2000, 3072, 4096, 5000, 6144, 6145, 8000, 12_288, 20_000, 30_000, 49_152, 65_536, 100_000,
    ];
    let kinds = ["noise", "few", "text", "period", "sparse", "zeros", "same", "tail"];
    let mut cases: Vec<(String, Vec<u8>)> = Vec::new();
    for kind in kinds {
        for (seed, length) in (1..).zip(lengths) {
            cases.push((format!("{kind}-{seed}-{length}"), inputs::make(kind, seed, length)));
        }
        for length in [400_000, 2_000_000] {
            cases.push((format!("{kind}-99-{length}"), inputs::make(kind, 99, length)));
        }
    }
    assert!(cases.len() >= 200);
    let mut command = Command::new("ssdeep");
    command.arg("-s").arg("-b");
    for (name, bytes) in &cases {
        let path = directory.path().join(name);
        let mut file = std::fs::File::create(&path).expect("writable");
        file.write_all(bytes).expect("writable");
        command.arg(path);
    }
    let output = command.output().expect("ssdeep is installed (apt-get install ssdeep)");
    let output = String::from_utf8(output.stdout).expect("ssdeep prints text");
    let mut theirs: Vec<(&str, &str)> = output
        .lines()
        .skip(1)
        .map(|line| {
            let (digest, name) = line.split_once(",\"").expect("digest,\"name\"");
            (name.trim_end_matches('"'), digest)
        })
        .collect();
    theirs.sort_unstable();
    assert_eq!(theirs.len(), cases.len(), "ssdeep left some out");
    for (name, bytes) in &cases {
        let at = theirs.binary_search_by_key(&name.as_str(), |it| it.0).expect("ssdeep did all");
        assert_eq!(hashes(bytes).ssdeep.as_deref(), Some(theirs[at].1), "{name}");
    }
}

#[test]
fn tlsh_equals_the_golden_table() {
    let table = include_str!("tlsh.txt");
    let mut compared = 0;
    for line in table.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [kind, seed, length, digest] = fields[..] else { panic!("four fields: {line}") };
        let bytes =
            inputs::make(kind, seed.parse().expect("a number"), length.parse().expect("a number"));
        let expected = (digest != "TNULL").then(|| digest.to_owned());
        assert_eq!(hashes(&bytes).tlsh, expected, "{line}");
        compared += 1;
    }
    assert_eq!(compared, 85);
}

/// Files of this system of usual sizes.
fn files_of_the_system() -> Vec<PathBuf> {
    let folders = ["/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu"];
    let entries = folders.map(|folder| std::fs::read_dir(folder).expect("a folder of the system"));
    let usual = |path: &PathBuf| {
        let about = std::fs::symlink_metadata(path);
        about.is_ok_and(|about| about.is_file() && (512..600_000).contains(&about.len()))
    };
    let mut files: Vec<PathBuf> =
        entries.into_iter().flatten().flatten().map(|entry| entry.path()).filter(usual).collect();
    files.sort_unstable();
    files.truncate(600);
    files
}

/// What a program prints about files.
fn said(program: &str, arguments: &[&str], files: &[PathBuf]) -> String {
    let output = Command::new(program).args(arguments).args(files).output();
    let output = output.unwrap_or_else(|error| panic!("{program} is installed: {error}"));
    String::from_utf8(output.stdout).expect("digests and paths are text")
}

#[test]
fn digests_of_the_systems_files_equal_the_programs() {
    let files = files_of_the_system();
    assert!(files.len() >= 500, "{} files", files.len());
    // By path: MD5, SHA-1, SHA-256, ssdeep, TLSH.
    let mut theirs: HashMap<String, [String; 5]> = HashMap::new();
    for (index, program) in ["md5sum", "sha1sum", "sha256sum"].into_iter().enumerate() {
        for line in said(program, &[], &files).lines() {
            let (digest, path) = line.split_once("  ").expect("digest and path");
            theirs.entry(path.to_owned()).or_default()[index] = digest.to_owned();
        }
    }
    for line in said("ssdeep", &["-s"], &files).lines().skip(1) {
        let (digest, path) = line.split_once(",\"").expect("digest,\"path\"");
        let path = path.trim_end_matches('"').to_owned();
        theirs.entry(path).or_default()[3] = digest.to_owned();
    }
    for file in &files {
        let printed = said("tlsh_unittest", &["-f"], std::slice::from_ref(file));
        let digest = printed.split_whitespace().next().unwrap_or_default();
        // It is of before the version in front of the digest.
        let digest = if digest.len() == 70 { format!("T1{digest}") } else { String::new() };
        theirs.entry(file.display().to_string()).or_default()[4] = digest;
    }
    assert_eq!(theirs.len(), files.len());
    for file in &files {
        let ours = hashes(&std::fs::read(file).expect("it can be read"));
        let ours = [
            ours.md5,
            ours.sha1,
            ours.sha256,
            ours.ssdeep.unwrap_or_default(),
            ours.tlsh.unwrap_or_default(),
        ];
        assert_eq!(ours, theirs[&file.display().to_string()], "{}", file.display());
    }
}

//! Digests against the reference implementations: Debian's `ssdeep` (run here) and PyPI's
//! `py-tlsh` (a table made by `tests/interop/tlsh_golden.py`).

mod inputs;

use std::io::Write;
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

//! Tidy rules that no linter knows.

use std::path::{Path, PathBuf};
use xtask::root;

const LINES_MAX: usize = 900;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
                rust_files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn ours() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["crates", "xtask", "fuzz", "tests", "bench"] {
        let folder = root().join(folder);
        if folder.exists() {
            rust_files(&folder, &mut found);
        }
    }
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("source files are UTF-8");
            (path, text)
        })
        .collect()
}

#[test]
fn each_file_says_what_lives_there() {
    for (path, text) in ours() {
        assert!(
            text.starts_with("//!") || text.starts_with("#![no_main]\n//!"),
            "{}: the first line is a `//!` that says what lives there",
            path.display()
        );
    }
}

#[test]
fn no_file_grows_without_end() {
    for (path, text) in ours() {
        let lines = text.lines().count();
        assert!(
            lines <= LINES_MAX,
            "{}: {lines} lines; one idea per file, at most {LINES_MAX}",
            path.display()
        );
    }
}

#[test]
fn unsafe_is_named_with_its_reason() {
    for (path, text) in ours() {
        for (number, line) in text.lines().enumerate() {
            if line.contains(concat!("allow(", "unsafe_code")) {
                assert!(
                    line.contains("reason = "),
                    "{}:{}: write #[allow(unsafe_code, reason = \"...\")]",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

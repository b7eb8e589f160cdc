//! Every command that Cowrie has is there on the Debian server, or is not for a reason.

use crate::driver::{Driver, host};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use ukai_shell::Fs;

/// What Debian 12 does not have, and why.
const ABSENT: &[(&str, &str)] = &[
    (">", "it is a redirection, no command"),
    ("dget", "it belongs to devscripts, which servers do not have"),
    ("emacs", "it is not installed with a server"),
    ("ftpget", "it is BusyBox's, and Debian's has no link of that name"),
    ("python", "Debian 12 has python3 alone, unless python-is-python3 is installed"),
    ("vim", "vim-tiny, which is installed, is called vi"),
    ("yum", "it is Fedora's"),
];

/// Files below `folder`.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Names of Cowrie's commands, from its own source.
fn names() -> BTreeSet<String> {
    let mut all = Vec::new();
    files(Path::new("/opt/ukai-test/cowrie/lib"), &mut all);
    let mut names = BTreeSet::new();
    for path in all.iter().filter(|p| p.to_string_lossy().contains("/cowrie/")) {
        let text = path.to_string_lossy();
        if text.contains("/txtcmds/") {
            names.extend(path.file_name().map(|n| n.to_string_lossy().into_owned()));
        } else if text.contains("/commands/") && text.ends_with(".py") {
            let source = std::fs::read_to_string(path).unwrap_or_default();
            for piece in source.split("commands[\"").skip(1) {
                let name = piece.split('"').next().unwrap_or_default();
                names.extend(name.rsplit('/').next().map(str::to_owned));
            }
        }
    }
    names
}

#[test]
fn cowries_commands_are_there() {
    const COWRIES: usize = 119;
    let names = names();
    assert!(names.len() >= COWRIES, "only {} found: is Cowrie installed?", names.len());
    let host = host("server-debian");
    let mut wrong = String::new();
    for name in &names {
        let mut driver = Driver::new(&host, &Fs::new(&host), "root", false);
        driver.run(format!("type -t '{name}'\n").as_bytes());
        let there = !driver.output.is_empty();
        let absent = ABSENT.iter().any(|(n, _)| n == name);
        if there == absent {
            let _ = writeln!(wrong, "{name}: {}", String::from_utf8_lossy(&driver.output));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    for (name, why) in ABSENT {
        assert!(names.contains(*name) && !why.is_empty(), "{name} is none of Cowrie's");
    }
}

//! What Debian's programs say of themselves: `--help`, `--version`, and what they answer
//! to a call without arguments or with an option that does not exist.
//!
//! `personas/debian-12.answers.gz` holds what the real programs printed in a root of the
//! persona's packages (`tools/capture-answers.py`): records of program, argument,
//! status, output and errors. A program that is not emulated is no worse at these than
//! one that is.

use super::program;
use crate::process::Process;
use crate::system::Stop;
use flate2::read::GzDecoder;
use std::collections::HashMap;
use std::io::Read as _;
use std::sync::LazyLock;

/// Longest text that the data unpack to, in bytes.
const UNPACKED_BYTES_MAX: u64 = 8 << 20;

/// The option that no program has, with which mistakes were provoked.
const NO_OPTION: &str = "--qqqq";

/// Programs whose help lists every option that they take, and whose arguments that begin
/// with `-` are their own.
const COMPLETE: &[&str] = &[
    "ls",
    "cat",
    "cp",
    "mv",
    "rm",
    "mkdir",
    "rmdir",
    "touch",
    "ln",
    "df",
    "du",
    "sort",
    "uniq",
    "wc",
    "cut",
    "tee",
    "date",
    "uname",
    "id",
    "whoami",
    "groups",
    "stat",
    "basename",
    "dirname",
    "readlink",
    "realpath",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "base64",
    "nproc",
    "free",
    "uptime",
    "lscpu",
    "lsblk",
    "dmesg",
    "useradd",
    "usermod",
    "userdel",
    "groupadd",
    "groupdel",
    "chown",
    "chgrp",
    "gzip",
    "gunzip",
    "mktemp",
    "seq",
    "tac",
    "nl",
    "paste",
    "comm",
    "join",
    "fold",
    "expand",
    "truncate",
    "shred",
    "split",
    "rmdir",
    "mknod",
    "mkfifo",
    "tty",
    "who",
    "users",
    "logname",
    "hostid",
    "sync",
    "unlink",
    "vdir",
    "dir",
    "wget",
    "chattr",
    "lsattr",
];

/// One program's answer to one argument.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    pub(super) status: i32,
    pub(super) output: &'static str,
    pub(super) errors: &'static str,
}

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let packed: &[u8] = include_bytes!("../../../../personas/debian-12.answers.gz");
    let mut text = String::new();
    // The data are ours and a test reads them; damaged ones only leave answers out.
    let _ = GzDecoder::new(packed).take(UNPACKED_BYTES_MAX).read_to_string(&mut text);
    text
});

static ANSWERS: LazyLock<HashMap<(&'static str, &'static str), Answer>> = LazyLock::new(|| {
    let record = |record: &'static str| {
        let mut fields = record.split('\u{1f}');
        let (program, argument) = (fields.next()?, fields.next()?);
        let status = fields.next()?.parse().ok()?;
        let (output, errors) = (fields.next()?, fields.next()?);
        Some(((program, argument), Answer { status, output, errors }))
    };
    TEXT.split('\u{1e}').filter_map(record).collect()
});

/// What `program` answers to `argument`, if that is known.
pub(super) fn answer(program: &str, argument: &str) -> Option<Answer> {
    let found = *ANSWERS.get(&(program, argument))?;
    // A short option that does what a long one does refers to it.
    if found.errors == "=" { ANSWERS.get(&(program, found.output)).copied() } else { Some(found) }
}

/// The usage text of an applet of BusyBox 1.35, without the banner's line.
pub(super) fn applet_usage(applet: &str) -> Option<&'static str> {
    answer("busybox", applet).map(|a| a.errors)
}

/// Answers a command line about the program itself; none if it is about something else.
pub(crate) fn answered(
    process: &mut Process,
    name: &[u8],
    words: &[Vec<u8>],
) -> Result<Option<i32>, Stop> {
    let Ok(name) = std::str::from_utf8(name) else { return Ok(None) };
    let known = program(name.as_bytes()).is_some();
    let first = words.get(1).map(|w| String::from_utf8_lossy(w).into_owned());
    let found = match (first.as_deref(), words.len()) {
        // They show sockets and a terminal, and there was neither where the answers were
        // recorded.
        (None, _) if matches!(name, "ss" | "stty") => None,
        (None, _) => answer(name, ""),
        (Some("--help" | "--version"), 2) => answer(name, first.as_deref().unwrap_or_default()),
        (Some(short @ ("-V" | "-h" | "-v")), 2) => {
            let alias = ANSWERS.get(&(name, short)).is_some_and(|a| a.errors == "=");
            // `-h` and `-v` often ask for something else; `-V` of those that keep it for
            // sorting printed nothing without input and is not in the data.
            if alias || !known || short == "-V" { answer(name, short) } else { None }
        }
        _ => None,
    };
    if let Some(found) = found {
        process.print(found.output)?;
        process.error_bytes(found.errors.as_bytes())?;
        return Ok(Some(found.status));
    }
    if known && !COMPLETE.contains(&name) {
        return Ok(None);
    }
    let Some(bad) = bad_option(name, &words[1..]) else { return Ok(None) };
    process.bad_option(name, &bad).map(Some)
}

/// The first option that the program's help does not list: `--name`, or a letter.
fn bad_option(name: &str, words: &[Vec<u8>]) -> Option<String> {
    let help = answer(name, "--help")?;
    let help = if help.output.is_empty() { help.errors } else { help.output };
    if !help.contains("--help") {
        return None;
    }
    for word in words.iter().take_while(|w| *w != b"--") {
        let text = std::str::from_utf8(word).ok()?;
        if let Some(long) = text.strip_prefix("--") {
            let long = long.split('=').next().unwrap_or_default();
            if !long.is_empty() && !help.contains(&format!("--{long}")) {
                return Some(format!("--{long}"));
            }
        } else if let Some(letter) = text.strip_prefix('-').and_then(|t| t.chars().next()) {
            let listed = help.match_indices(&format!("-{letter}")).any(|(at, _)| {
                let before = help[..at].chars().next_back();
                let after = help[at + 1 + letter.len_utf8()..].chars().next();
                before.is_none_or(|c| !c.is_alphanumeric() && c != '-')
                    && after.is_none_or(|c| !c.is_alphanumeric() && c != '-')
            });
            if !listed && letter.is_ascii_alphabetic() {
                return Some(letter.to_string());
            }
        }
    }
    None
}

impl Process {
    /// What a program of Debian's says to an option that it does not have: `--name`, or
    /// a letter.
    pub(crate) fn bad_option(&mut self, program: &str, option: &str) -> Result<i32, Stop> {
        let (status, text) = match answer(program, NO_OPTION) {
            Some(found) => (found.status, found.errors),
            None => (1, "%: unrecognized option '--qqqq'\n"),
        };
        let text = text.replacen('%', program, usize::from(text.starts_with('%')));
        let text = if option.starts_with("--") {
            text.replace(NO_OPTION, option)
        } else {
            text.replace("unrecognized option '--qqqq'", &format!("invalid option -- '{option}'"))
                .replace("invalid option -- '-'", &format!("invalid option -- '{option}'"))
                .replace(NO_OPTION, &format!("-{option}"))
        };
        self.error_bytes(text.as_bytes())?;
        Ok(status)
    }
}

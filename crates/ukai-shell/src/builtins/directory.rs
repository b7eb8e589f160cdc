//! `cd`, `umask`, `ulimit`.

use crate::commands::{Arguments, Command, Outcome};
use crate::fs::FsError;
use crate::process::Process;
use crate::system::Stop;
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("cd", cd),
    Command::at_once("chdir", cd),
    Command::at_once("umask", umask),
    Command::at_once("ulimit", ulimit),
];

fn cd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut words = arguments.rest();
    let mut physical = false;
    while let [first, rest @ ..] = words {
        match &first[..] {
            b"-P" => physical = true,
            b"-L" | b"--" => {}
            _ => break,
        }
        words = rest;
    }
    if words.len() > 1 && process.bash {
        process.complain_as("cd", "too many arguments")?;
        return Ok(1);
    }
    let (target, print) = match words.first().map(Vec::as_slice) {
        None => match process.variable(b"HOME") {
            Some(home) => (home.to_vec(), false),
            None => return Ok(0),
        },
        Some(b"-") => match process.variable(b"OLDPWD") {
            Some(old) => (old.to_vec(), true),
            None => (process.directory.to_vec(), true),
        },
        Some(target) => (target.to_vec(), false),
    };
    if target.is_empty() {
        return Ok(0);
    }
    let view = process.view();
    let (target, print) = match along_cdpath(process, &target) {
        Some((found, told)) => (found, print || told),
        None => (target, print),
    };
    let absolute = logical(&process.absolute(&target));
    let error = match process.fs().stat(&view, &absolute, true) {
        Ok(stat) if !stat.is_dir() => FsError::NotDirectory,
        Ok(stat) if process.uid != 0 && !searchable(&stat, process) => FsError::Permission,
        Ok(_) => {
            let path = if physical {
                process.fs().real_path(&view, &absolute).unwrap_or(absolute)
            } else {
                absolute
            };
            // ash keeps the double slash that `CDPATH=/` makes.
            let doubled = !process.bash && target.starts_with(b"//");
            let path = if doubled { [b"/", &path[..]].concat() } else { path };
            move_to(process, path)?;
            if print {
                let mut line = process.directory.to_vec();
                line.push(b'\n');
                process.print(&line)?;
            }
            return Ok(0);
        }
        Err(error) => error,
    };
    let shown = String::from_utf8_lossy(&target).into_owned();
    let message = if process.bash {
        format!("{shown}: {}", error.text())
    } else if process.dash {
        format!("can't cd to {shown}")
    } else if process.busybox_version() >= (1, 33) {
        format!("can't cd to {shown}: {}", error.text())
    } else {
        format!("can't cd to {shown}")
    };
    process.complain_as("cd", &message)?;
    Ok(if process.bash { 1 } else { 2 })
}

/// Where `$CDPATH` has the folder, and whether that is to be told.
fn along_cdpath(process: &Process, target: &[u8]) -> Option<(Vec<u8>, bool)> {
    let plain = !target.starts_with(b"/") && !target.starts_with(b".");
    let path = process.variable(b"CDPATH").filter(|p| plain && !p.is_empty())?;
    let view = process.view();
    for folder in path.split(|b| *b == b':') {
        let base = if folder.is_empty() { &b"."[..] } else { folder };
        let base = if process.bash { base.strip_suffix(b"/").unwrap_or(base) } else { base };
        let candidate = [base, b"/", target].concat();
        let full = process.absolute(&candidate);
        if process.fs().stat(&view, &full, true).is_ok_and(|s| s.is_dir()) {
            return Some((candidate, !folder.is_empty()));
        }
    }
    None
}

/// Goes to a folder for `pushd` and `popd`; the status if that failed.
pub(super) fn enter(
    process: &mut Process,
    builtin: &str,
    target: &[u8],
) -> Result<Option<i32>, Stop> {
    let view = process.view();
    let absolute = logical(&process.absolute(target));
    let error = match process.fs().stat(&view, &absolute, true) {
        Ok(stat) if !stat.is_dir() => FsError::NotDirectory,
        Ok(stat) if process.uid != 0 && !searchable(&stat, process) => FsError::Permission,
        Ok(_) => {
            move_to(process, absolute)?;
            return Ok(None);
        }
        Err(error) => error,
    };
    let shown = String::from_utf8_lossy(target).into_owned();
    process.complain_as(builtin, &format!("{shown}: {}", error.text()))?;
    Ok(Some(1))
}

fn searchable(stat: &crate::fs::Stat, process: &Process) -> bool {
    let shift = if stat.uid == process.uid {
        6
    } else if stat.gid == process.gid {
        3
    } else {
        0
    };
    (stat.mode >> shift) & 1 != 0
}

fn move_to(process: &mut Process, path: Vec<u8>) -> Result<(), Stop> {
    let old = process.directory.to_vec();
    process.assign(b"OLDPWD", old)?;
    process.directory = Arc::new(path.clone());
    process.assign(b"PWD", path)
}

/// A path without `.`, `..` and double slashes, links left as they are.
pub(crate) fn logical(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let mut out = Vec::with_capacity(path.len());
    for part in parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out
}

fn umask(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.rest();
    match words.first().map(Vec::as_slice) {
        None => {
            let text = format!("{:04o}\n", process.umask);
            process.print(&text)?;
        }
        Some(b"-S") => {
            let mut text = String::new();
            for (who, shift) in [("u", 6), ("g", 3), ("o", 0)] {
                let bits = !process.umask >> shift & 7;
                let letters: String = [(4, 'r'), (2, 'w'), (1, 'x')]
                    .iter()
                    .filter(|(b, _)| bits & b != 0)
                    .map(|(_, l)| l)
                    .collect();
                let _ = write!(text, "{}{who}={letters}", if text.is_empty() { "" } else { "," });
            }
            process.print(format!("{text}\n"))?;
        }
        Some(b"-p") if process.bash => {
            process.print(format!("umask {:04o}\n", process.umask))?;
        }
        Some(mode) if !mode.first().is_some_and(u8::is_ascii_digit) => {
            let allowed = !process.umask & 0o777;
            if let Some(mode) = crate::commands::changed_mode(mode, allowed) {
                process.umask = !mode & 0o777;
            } else {
                let shown = arguments.shown(1).into_owned();
                let text = if process.bash {
                    let bad = shown.chars().find(|c| !"ugoa+-=rwxX,st".contains(*c));
                    format!("`{}': invalid symbolic mode operator", bad.unwrap_or('?'))
                } else {
                    format!("illegal mode: {shown}")
                };
                process.complain_as("umask", &text)?;
                return if process.bash { Ok(1) } else { Err(Stop::Abort(2).into()) };
            }
        }
        Some(mode) => {
            let mode = std::str::from_utf8(mode).ok().and_then(|m| u16::from_str_radix(m, 8).ok());
            if let Some(mode) = mode.filter(|m| *m <= 0o777) {
                process.umask = mode;
            } else {
                let shown = arguments.shown(1).into_owned();
                let text = match (process.bash, process.dash) {
                    (true, _) => format!("{shown}: octal number out of range"),
                    (_, true) => format!("Illegal number: {shown}"),
                    _ => format!("illegal mode: {shown}"),
                };
                process.complain_as("umask", &text)?;
                return if process.bash { Ok(1) } else { Err(Stop::Abort(2).into()) };
            }
        }
    }
    Ok(0)
}

/// Limits of bash: name, unit and letter, value (bash 5.2 on a server of 2 GiB).
const BASH_ULIMITS: [(&str, &str, &str, &str); 17] = [
    ("real-time non-blocking time", "microseconds, ", "R", "unlimited"),
    ("core file size", "blocks, ", "c", "0"),
    ("data seg size", "kbytes, ", "d", "unlimited"),
    ("scheduling priority", "", "e", "0"),
    ("file size", "blocks, ", "f", "unlimited"),
    ("pending signals", "", "i", "7719"),
    ("max locked memory", "kbytes, ", "l", "253352"),
    ("max memory size", "kbytes, ", "m", "unlimited"),
    ("open files", "", "n", "1024"),
    ("pipe size", "512 bytes, ", "p", "8"),
    ("POSIX message queues", "bytes, ", "q", "819200"),
    ("real-time priority", "", "r", "0"),
    ("stack size", "kbytes, ", "s", "8192"),
    ("cpu time", "seconds, ", "t", "unlimited"),
    ("max user processes", "", "u", "7719"),
    ("virtual memory", "kbytes, ", "v", "unlimited"),
    ("file locks", "", "x", "unlimited"),
];

fn bash_ulimit(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut letters = Vec::new();
    let mut given = None;
    for word in arguments.rest() {
        match word.strip_prefix(b"-") {
            Some(flags) => letters.extend_from_slice(flags),
            None => given = Some(String::from_utf8_lossy(word).into_owned()),
        }
    }
    let all = letters.contains(&b'a');
    letters.retain(|l| !matches!(l, b'S' | b'H' | b'a'));
    let known = |l: &u8| BASH_ULIMITS.iter().any(|(_, _, letter, _)| letter.as_bytes() == [*l]);
    if let Some(bad) = letters.iter().find(|l| !known(l)) {
        let bad = *bad as char;
        process.complain_as("ulimit", &format!("-{bad}: invalid option"))?;
        process.error("ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]")?;
        return Ok(2);
    }
    if let Some(given) = given {
        let fits = matches!(given.as_str(), "unlimited" | "hard" | "soft")
            || given.bytes().all(|b| b.is_ascii_digit());
        if !fits {
            process.complain_as("ulimit", &format!("{given}: invalid number"))?;
            return Ok(1);
        }
        return Ok(0);
    }
    if letters.is_empty() && !all {
        letters.push(b'f');
    }
    let mut text = String::new();
    for (name, unit, letter, value) in BASH_ULIMITS {
        if all || letters.len() > 1 && letters.contains(&letter.as_bytes()[0]) {
            let place = format!("({unit}-{letter})");
            let width = 42 - name.len().min(42);
            let _ = writeln!(text, "{name}{place:>width$} {value}");
        } else if letters == letter.as_bytes() {
            let _ = writeln!(text, "{value}");
        }
    }
    process.print(&text)?;
    Ok(0)
}

const ULIMITS: [(&str, &str, &str); 9] = [
    ("core file size (blocks)", "c", "0"),
    ("data seg size (kb)", "d", "unlimited"),
    ("file size (blocks)", "f", "unlimited"),
    ("max locked memory (kb)", "l", "64"),
    ("max memory size (kb)", "m", "unlimited"),
    ("open files", "n", "1024"),
    ("stack size (kb)", "s", "8192"),
    ("cpu time (seconds)", "t", "unlimited"),
    ("max user processes", "u", "472"),
];

fn ulimit(process: &mut Process, arguments: &Arguments) -> Outcome {
    if process.bash {
        return bash_ulimit(process, arguments);
    }
    let words = arguments.rest();
    let letter = words
        .first()
        .map_or("f", |w| std::str::from_utf8(w).unwrap_or("f").trim_start_matches('-'));
    if letter == "a" {
        let mut text = String::new();
        for (name, letter, value) in ULIMITS {
            let _ = writeln!(text, "{name:<32}(-{letter}) {value}");
        }
        process.print(&text)?;
    } else if words.len() < 2
        && let Some((_, _, value)) = ULIMITS.iter().find(|(_, l, _)| *l == letter)
    {
        process.print(format!("{value}\n"))?;
    }
    Ok(0)
}

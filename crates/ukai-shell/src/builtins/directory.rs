//! `cd`, `umask`, `ulimit`, `history`, `help`.

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
    Command::at_once("history", history),
    Command::at_once("help", help),
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
    } else if process.busybox_version() >= (1, 33) {
        format!("can't cd to {shown}: {}", error.text())
    } else {
        format!("can't cd to {shown}")
    };
    process.complain_as("cd", &message)?;
    Ok(if process.bash { 1 } else { 2 })
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
        Some(mode) => {
            let mode = std::str::from_utf8(mode).ok().and_then(|m| u16::from_str_radix(m, 8).ok());
            if let Some(mode) = mode.filter(|m| *m <= 0o777) {
                process.umask = mode;
            } else {
                let shown = arguments.shown(1).into_owned();
                process.complain_as("umask", &format!("illegal mode: {shown}"))?;
                return Ok(2);
            }
        }
    }
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

fn history(process: &mut Process, arguments: &Arguments) -> Outcome {
    let clear = arguments.rest().first().is_some_and(|w| w.starts_with(b"-c"));
    let mut text = Vec::new();
    {
        let mut system = process.session.system();
        if clear {
            system.history.clear();
        } else {
            for (index, line) in system.history.iter().enumerate() {
                let width = if arguments.gnu { 5 } else { 4 };
                let number = if arguments.gnu { index + 1 } else { index };
                text.extend_from_slice(format!("{number:>width$}  ").as_bytes());
                text.extend_from_slice(line);
                text.push(b'\n');
            }
        }
    }
    process.print(&text)?;
    Ok(0)
}

fn help(process: &mut Process, _: &Arguments) -> Outcome {
    if process.bash {
        process.print(
            "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n\
             These shell commands are defined internally.  Type `help' to see this list.\n",
        )?;
        return Ok(0);
    }
    process.print(
        "Built-in commands:\n------------------\n\
         \t. : [ [[ alias bg break cd chdir command continue echo eval exec\n\
         \texit export false fg getopts hash help jobs kill local printf\n\
         \tpwd read readonly return set shift source test times trap true\n\
         \ttype ulimit umask unalias unset wait\n\n",
    )?;
    Ok(0)
}

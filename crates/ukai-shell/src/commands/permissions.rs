//! `chmod`, `chown`, `chgrp`.

use super::{Arguments, Command, Options, Outcome};
use crate::fs::{Attributes, FsError, Origin};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("chmod", chmod),
    Command::at_once("chown", chown),
    Command::at_once("chgrp", chown),
];

const TREE_DEPTH: u32 = 32;

/// `chmod` takes modes such as `-x`: words that are options are told apart by hand.
fn chmod(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut recursive = false;
    let mut mode = None;
    let mut paths = Vec::new();
    for word in arguments.rest() {
        let option =
            word.len() > 1 && word[0] == b'-' && word[1..].iter().all(|b| b"Rvcf".contains(b));
        if option && mode.is_none() {
            recursive |= word.contains(&b'R');
        } else if word.starts_with(b"--") {
            recursive |= word == b"--recursive";
        } else if mode.is_none() {
            mode = Some(word.clone());
        } else {
            paths.push(word.clone());
        }
    }
    let name = arguments.name().into_owned();
    let Some(mode) = mode else {
        if arguments.gnu {
            process.error(&format!(
                "{name}: missing operand\nTry '{name} --help' for more information."
            ))?;
        } else {
            process.busybox_usage("chmod [-R] MODE[,MODE]... FILE...\n")?;
        }
        return Ok(1);
    };
    if paths.is_empty() {
        let shown = String::from_utf8_lossy(&mode).into_owned();
        if arguments.gnu {
            process.error(&format!(
                "{name}: missing operand after '{shown}'\nTry '{name} --help' for more information."
            ))?;
        } else {
            process.busybox_usage("chmod [-R] MODE[,MODE]... FILE...\n")?;
        }
        return Ok(1);
    }
    if apply(&mode, 0o644, process.umask, false).is_none() {
        let shown = String::from_utf8_lossy(&mode).into_owned();
        process.error(&if arguments.gnu {
            format!("{name}: invalid mode: ‘{shown}’\nTry '{name} --help' for more information.")
        } else {
            format!("{name}: invalid mode '{shown}'")
        })?;
        return Ok(1);
    }
    let mut status = 0;
    let mut open: Vec<(Vec<u8>, u32)> = paths.into_iter().rev().map(|p| (p, 0)).collect();
    while let Some((path, depth)) = open.pop() {
        process.session.step(2)?;
        let view = process.view();
        let full = process.absolute(&path);
        let result = process.fs().stat(&view, &full, true).and_then(|stat| {
            let new = apply(&mode, stat.mode, process.umask, stat.is_dir()).unwrap_or(stat.mode);
            let change = Attributes { mode: Some(new), ..Attributes::default() };
            process.fs().set_attributes(&view, &full, &change).map(|()| (stat, new))
        });
        match result {
            Ok((stat, new)) => {
                if stat.is_dir() && recursive && depth < TREE_DEPTH {
                    for name in process.fs().list(&view, &full).unwrap_or_default() {
                        open.push(([&path[..], b"/", &name].concat(), depth + 1));
                    }
                }
                if new & 0o111 != 0 && process.fs().origin(&view, &full) == Some(Origin::Written) {
                    process.capture_before_loss(&path);
                }
            }
            Err(error) => {
                let shown = String::from_utf8_lossy(&path).into_owned();
                let text = if arguments.gnu && error == FsError::NotPermitted {
                    format!("{name}: changing permissions of '{shown}': {}", error.text())
                } else if arguments.gnu {
                    format!("{name}: cannot access '{shown}': {}", error.text())
                } else {
                    format!("{name}: {shown}: {}", error.text())
                };
                process.error(&text)?;
                status = 1;
            }
        }
    }
    Ok(status)
}

/// A mode as in `u+x,go=r`, applied to `old`, for `umask`.
pub(crate) fn changed_mode(mode: &[u8], old: u16) -> Option<u16> {
    apply(mode, old, 0, false)
}

/// A mode in octal or as in `u+x,go=r`, applied to `old`.
fn apply(mode: &[u8], old: u16, umask: u16, directory: bool) -> Option<u16> {
    let text = std::str::from_utf8(mode).ok()?;
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return u16::from_str_radix(text, 8).ok().filter(|m| *m <= 0o7777);
    }
    let mut new = old;
    for clause in text.split(',') {
        let who_len = clause.bytes().take_while(|b| b"ugoa".contains(b)).count();
        let (who, mut rest) = clause.split_at(who_len);
        let mut mask = 0;
        for letter in who.bytes() {
            mask |= match letter {
                b'u' => 0o4700,
                b'g' => 0o2070,
                b'o' => 0o1007,
                _ => 0o7777,
            };
        }
        if who.is_empty() {
            mask = 0o7777 & !umask;
        }
        if rest.is_empty() {
            return None;
        }
        while let Some(op) = rest.bytes().next() {
            if !b"+-=".contains(&op) {
                return None;
            }
            rest = &rest[1..];
            let length = rest.bytes().take_while(|b| !b"+-=".contains(b)).count();
            let (letters, after) = rest.split_at(length);
            rest = after;
            let mut bits = 0;
            for letter in letters.bytes() {
                bits |= match letter {
                    b'r' => 0o444,
                    b'w' => 0o222,
                    b'x' => 0o111,
                    b'X' if directory || new & 0o111 != 0 => 0o111,
                    b'X' => 0,
                    b's' => 0o6000,
                    b't' => 0o1000,
                    _ => return None,
                };
            }
            match op {
                b'+' => new |= bits & mask,
                b'-' => new &= !(bits & mask),
                _ => new = (new & !(mask & 0o777)) | (bits & mask),
            }
        }
    }
    Some(new)
}

fn chown(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "RhvcfLHP", &["recursive"]);
    let name = arguments.name().into_owned();
    let [owner, paths @ ..] = &options.operands[..] else {
        process.error(&format!("{name}: missing operand"))?;
        return Ok(1);
    };
    let text = String::from_utf8_lossy(owner).into_owned();
    let (user, group) = match text.split_once([':', '.']) {
        Some((user, group)) => (user, group),
        None if name == "chgrp" => ("", text.as_str()),
        None => (text.as_str(), ""),
    };
    let number = |who: &str| {
        let known = process.session.host.persona.user(who.as_bytes()).map(|u| u.uid);
        known.or_else(|| who.parse().ok())
    };
    let mut change = Attributes::default();
    for (who, kind, slot) in [(user, "user", 0), (group, "group", 1)] {
        if who.is_empty() {
            continue;
        }
        let Some(found) = number(who) else {
            let colon = if arguments.gnu { "invalid " } else { "unknown " };
            let text = if arguments.gnu {
                format!("{name}: {colon}{kind}: '{text}'")
            } else {
                format!("{name}: {colon}{kind} {who}")
            };
            process.error(&text)?;
            return Ok(1);
        };
        if slot == 0 {
            change.owner = Some(found);
        } else {
            change.group = Some(found);
        }
    }
    let recursive = options.has("R") || options.has("recursive");
    let mut status = 0;
    let mut open: Vec<(Vec<u8>, u32)> = paths.iter().rev().map(|p| (p.clone(), 0)).collect();
    while let Some((path, depth)) = open.pop() {
        process.session.step(2)?;
        let view = process.view();
        let full = process.absolute(&path);
        if let Err(error) = process.fs().set_attributes(&view, &full, &change) {
            let shown = String::from_utf8_lossy(&path).into_owned();
            let text = if arguments.gnu && error == FsError::NotPermitted {
                format!("{name}: changing ownership of '{shown}': {}", error.text())
            } else if arguments.gnu {
                format!("{name}: cannot access '{shown}': {}", error.text())
            } else {
                format!("{name}: {shown}: {}", error.text())
            };
            process.error(&text)?;
            status = 1;
        } else if recursive
            && depth < TREE_DEPTH
            && process.fs().stat(&view, &full, false).is_ok_and(|s| s.is_dir())
        {
            for name in process.fs().list(&view, &full).unwrap_or_default() {
                open.push(([&path[..], b"/", &name].concat(), depth + 1));
            }
        }
    }
    Ok(status)
}

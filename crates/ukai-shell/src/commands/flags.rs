//! `chattr` and `lsattr` of e2fsprogs 1.47: flags that keep files from being changed.

use super::{Arguments, Command, Outcome};
use crate::fs::{APPEND_ONLY, FsError, IMMUTABLE};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("chattr", chattr), Command::at_once("lsattr", lsattr)];

/// Flags in the order in which they are shown (lib/e2p/pf.c).
const SHOWN: &str = "suSDiadAcEjItTeCxFNPVm";

/// Most files that one call walks through.
const FILES_MAX: usize = 4_096;

/// What is at `path` and, if asked, below it.
fn below(process: &mut Process, path: &[u8], all: bool) -> Result<Vec<Vec<u8>>, super::Leave> {
    let mut found = vec![path.to_vec()];
    let mut next = 0;
    while all && next < found.len() && found.len() < FILES_MAX {
        process.session.step(1)?;
        let here = found[next].clone();
        next += 1;
        let view = process.view();
        let full = process.absolute(&here);
        if process.fs().stat(&view, &full, false).is_ok_and(|s| s.is_dir()) {
            for name in process.fs().list(&view, &full).unwrap_or_default() {
                found.push([&here[..], b"/", &name].concat());
            }
        }
    }
    Ok(found)
}

fn chattr(process: &mut Process, arguments: &Arguments) -> Outcome {
    const USAGE: &str =
        "Usage: chattr [-RVf] [-+=aAcCdDeijPsStTuFx] [-p project] [-v version] files...";
    let (mut set, mut clear, mut only) = (0, 0, None);
    let (mut all, mut quiet, mut changes) = (false, false, false);
    let mut files = Vec::new();
    let bits = |letters: &[u8]| {
        letters.iter().fold(0, |bits, letter| match letter {
            b'i' => bits | IMMUTABLE,
            b'a' => bits | APPEND_ONLY,
            _ => bits,
        })
    };
    let mut words = arguments.rest().iter();
    while let Some(word) = words.next() {
        let known = |letters: &[u8]| letters.iter().all(|l| b"aAcCdDeijPsStTuFxm".contains(l));
        match word.split_first() {
            Some((b'-', b"p" | b"v")) => {
                words.next();
                changes = true;
            }
            Some((b'-', letters)) if letters.iter().all(|l| b"RVf".contains(l)) => {
                all |= letters.contains(&b'R');
                quiet |= letters.contains(&b'f');
            }
            Some((sign @ (b'-' | b'+' | b'='), letters)) if files.is_empty() => {
                if !known(letters) {
                    process.error(USAGE)?;
                    return Ok(1);
                }
                changes = true;
                match sign {
                    b'+' => set |= bits(letters),
                    b'-' => clear |= bits(letters),
                    _ => only = Some(bits(letters)),
                }
            }
            _ => files.push(word.clone()),
        }
    }
    if files.is_empty() {
        process.error(USAGE)?;
        return Ok(1);
    }
    if !changes {
        process.error("Must use '-v', =, - or +")?;
        return Ok(1);
    }
    let mut status = 0;
    for file in files {
        for path in below(process, &file, all)? {
            process.session.step(1)?;
            let view = process.view();
            let full = process.absolute(&path);
            let shown = String::from_utf8_lossy(&path).into_owned();
            let failed = match process.fs().flags(&view, &full) {
                Ok(Some(old)) => {
                    let new = only.unwrap_or((old | set) & !clear);
                    let result = process.fs().set_flags(&view, &full, new);
                    result
                        .err()
                        .map(|e| format!("chattr: {} while setting flags on {shown}", e.text()))
                }
                Ok(None) => {
                    Some(format!("chattr: Operation not supported while reading flags on {shown}"))
                }
                Err(FsError::NotFound) => {
                    Some(format!("chattr: No such file or directory while trying to stat {shown}"))
                }
                Err(error) => {
                    Some(format!("chattr: {} while trying to stat {shown}", error.text()))
                }
            };
            if let Some(text) = failed {
                status = 1;
                if !quiet {
                    process.error(&text)?;
                }
            }
        }
    }
    Ok(status)
}

fn lsattr(process: &mut Process, arguments: &Arguments) -> Outcome {
    let (mut all, mut hidden, mut itself) = (false, false, false);
    let mut files = Vec::new();
    for word in arguments.rest() {
        match word.strip_prefix(b"-") {
            Some(letters) if !letters.is_empty() => {
                all |= letters.contains(&b'R');
                hidden |= letters.contains(&b'a');
                itself |= letters.contains(&b'd');
            }
            _ => files.push(word.clone()),
        }
    }
    if files.is_empty() {
        files.push(b".".to_vec());
    }
    let mut status = 0;
    for file in files {
        let view = process.view();
        let full = process.absolute(&file);
        let shown = String::from_utf8_lossy(&file).into_owned();
        let stat = match process.fs().stat(&view, &full, true) {
            Ok(stat) => stat,
            Err(error) => {
                process.error(&format!("lsattr: {} while trying to stat {shown}", error.text()))?;
                status = 1;
                continue;
            }
        };
        if !stat.is_dir() || itself {
            status |= one(process, &file)?;
            continue;
        }
        // Directories come one after another; below one of those that are listed with
        // `-R`, its name stands above its files.
        let mut open = vec![(file.clone(), false)];
        while let Some((folder, titled)) = open.pop() {
            process.session.step(1)?;
            if titled {
                process.print([b"\n", &folder[..], b":\n"].concat())?;
            }
            let full = process.absolute(&folder);
            let mut inner = Vec::new();
            for name in process.fs().list(&view, &full).unwrap_or_default() {
                if name.starts_with(b".") && !hidden {
                    continue;
                }
                let base = folder.strip_suffix(b"/").unwrap_or(&folder);
                let path = [base, b"/", &name].concat();
                process.session.step(1)?;
                one(process, &path)?;
                let is_dir = process
                    .fs()
                    .stat(&view, &process.absolute(&path), false)
                    .is_ok_and(|s| s.is_dir());
                if all && is_dir && inner.len() < FILES_MAX {
                    inner.push((path, true));
                }
            }
            open.extend(inner.into_iter().rev());
        }
    }
    Ok(status)
}

/// Shows the flags of one file.
fn one(process: &mut Process, path: &[u8]) -> Result<i32, super::Leave> {
    let view = process.view();
    let full = process.absolute(path);
    let Ok(Some(flags)) = process.fs().flags(&view, &full) else {
        let shown = String::from_utf8_lossy(path).into_owned();
        process
            .error(&format!("lsattr: Operation not supported While reading flags on {shown}"))?;
        return Ok(1);
    };
    let shown: String = SHOWN
        .chars()
        .map(|letter| match letter {
            'i' if flags & IMMUTABLE != 0 => 'i',
            'a' if flags & APPEND_ONLY != 0 => 'a',
            // Every file of ext4 has its blocks in extents.
            'e' => 'e',
            _ => '-',
        })
        .collect();
    process.print([shown.as_bytes(), b" ", path, b"\n"].concat())?;
    Ok(0)
}

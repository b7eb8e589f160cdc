//! `cp`, `mv`, `rm`, `mkdir`, `rmdir`, `touch`, `ln`, `mktemp`, `mknod`, `mkfifo`, `truncate`.

use super::moment;
use super::{Arguments, Command, Leave, Options, Outcome};
use crate::eval::base_name;
use crate::fs::{Access, Attributes, FileKind, FsError, Origin};
use crate::process::Process;
use rand::Rng;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("cp", cp),
    Command::at_once("mv", mv),
    Command::at_once("rm", rm),
    Command::at_once("unlink", rm),
    Command::at_once("mkdir", mkdir),
    Command::at_once("rmdir", rmdir),
    Command::at_once("touch", touch),
    Command::at_once("ln", ln),
    Command::at_once("mktemp", mktemp),
    Command::at_once("mknod", mknod),
    Command::at_once("mkfifo", mkfifo),
    Command::at_once("truncate", truncate),
    Command::at_once("install", cp),
    Command::at_once("shred", rm),
];

/// Deepest tree that is copied or removed.
const TREE_DEPTH: u32 = 32;

fn missing_operand(process: &mut Process, arguments: &Arguments) -> Outcome {
    let name = arguments.name().into_owned();
    if arguments.gnu {
        process.error(&format!(
            "{name}: missing operand\nTry '{name} --help' for more information."
        ))?;
    } else {
        process.busybox_usage(&format!("{name} [OPTIONS] FILE...\n"))?;
    }
    Ok(1)
}

fn fail(
    process: &mut Process,
    arguments: &Arguments,
    verb: &str,
    path: &[u8],
    error: FsError,
) -> Result<i32, Leave> {
    let (name, shown) = (arguments.name(), String::from_utf8_lossy(path));
    let text = if arguments.gnu {
        // Programs quote in two ways (`quote` and `quoteaf` of gnulib).
        let (open, close) = if verb == "create directory" { ('‘', '’') } else { ('\'', '\'') };
        format!("{name}: cannot {verb} {open}{shown}{close}: {}", error.text())
    } else {
        format!("{name}: can't {verb} '{shown}': {}", error.text())
    };
    process.error(&text)?;
    Ok(1)
}

/// `path/name`
fn inside(path: &[u8], name: &[u8]) -> Vec<u8> {
    let mut all = path.to_vec();
    if !all.ends_with(b"/") {
        all.push(b'/');
    }
    all.extend_from_slice(name);
    all
}

fn without_slash(path: &[u8]) -> &[u8] {
    let mut path = path;
    while path.len() > 1 && path.ends_with(b"/") {
        path = &path[..path.len() - 1];
    }
    path
}

fn cp(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "rRafpdLHPvinsTlum:o:g:D",
        &["recursive", "force", "verbose", "archive", "preserve:"],
    );
    let Some((target, sources)) = options.operands.split_last().filter(|(_, s)| !s.is_empty())
    else {
        return missing_operand(process, arguments);
    };
    let recursive = ["r", "R", "a", "recursive", "archive"].iter().any(|f| options.has(f));
    let preserve = ["p", "a", "archive"].iter().any(|f| options.has(f));
    let view = process.view();
    let to_directory =
        process.fs().stat(&view, &process.absolute(target), true).is_ok_and(|s| s.is_dir());
    let mut status = 0;
    for source in sources {
        let to = if to_directory {
            inside(target, base_name(without_slash(source)))
        } else {
            target.clone()
        };
        status |= copy(process, arguments, source, &to, recursive, preserve, 0)?;
    }
    Ok(status)
}

fn copy(
    process: &mut Process,
    arguments: &Arguments,
    from: &[u8],
    to: &[u8],
    recursive: bool,
    preserve: bool,
    depth: u32,
) -> Outcome {
    process.session.step(4)?;
    let view = process.view();
    let (source, target) = (process.absolute(from), process.absolute(to));
    let stat = match process.fs().stat(&view, &source, !recursive) {
        Ok(stat) => stat,
        Err(error) => return fail(process, arguments, "stat", from, error),
    };
    match stat.kind {
        FileKind::Directory if !recursive => {
            let shown = String::from_utf8_lossy(from).into_owned();
            let text = if arguments.gnu {
                format!("cp: -r not specified; omitting directory '{shown}'")
            } else {
                format!("cp: omitting directory '{shown}'")
            };
            process.error(&text)?;
            return Ok(1);
        }
        FileKind::Directory => {
            if depth >= TREE_DEPTH {
                return Ok(1);
            }
            match process.fs().mkdir(&view, &target, stat.mode) {
                Ok(()) | Err(FsError::Exists) => {}
                Err(error) => return fail(process, arguments, "create directory", to, error),
            }
            let mut status = 0;
            for name in process.fs().list(&view, &source).unwrap_or_default() {
                let (from, to) = (inside(from, &name), inside(to, &name));
                status |= copy(process, arguments, &from, &to, recursive, preserve, depth + 1)?;
            }
            return Ok(status);
        }
        FileKind::Link => {
            let link = process.fs().read_link(&view, &source).unwrap_or_default();
            return match process.fs().symlink(&view, &link, &target) {
                Ok(()) => Ok(0),
                Err(error) => fail(process, arguments, "create symlink", to, error),
            };
        }
        _ => {}
    }
    if process.fs().stat(&view, &target, true).is_ok_and(|t| t.ino == stat.ino) {
        let (from, to) = (String::from_utf8_lossy(from), String::from_utf8_lossy(to));
        process.error(&format!("cp: '{from}' and '{to}' are the same file"))?;
        return Ok(1);
    }
    if to.ends_with(b"/") && process.fs().stat(&view, &target, true).is_err() {
        let error = if arguments.gnu { FsError::NotDirectory } else { FsError::IsDirectory };
        let text = if arguments.gnu { "create regular file" } else { "create" };
        return fail(process, arguments, text, to, error);
    }
    if stat.kind != FileKind::File && !recursive {
        return copy_stream(process, arguments, from, to);
    }
    if stat.kind != FileKind::File {
        return Ok(0);
    }
    process.session.step(stat.size / 4_096)?;
    if process.fs().stat(&view, &target, true).is_ok_and(|s| s.is_file()) {
        process.capture_before_loss(to);
    }
    let mode = if preserve { stat.mode } else { stat.mode & !process.umask };
    match process.fs().copy(&view, &source, &target, mode) {
        Ok(()) => {
            if preserve {
                let change = Attributes { mtime: Some(stat.mtime), ..Attributes::default() };
                let _ = process.fs().set_attributes(&view, &target, &change);
            }
            Ok(0)
        }
        Err(error) => {
            if matches!(error, FsError::NoSpace | FsError::TooLarge) {
                process.session.system().limit("disk", "an attacker's files grew too large");
            }
            let text = if arguments.gnu { "create regular file" } else { "create" };
            fail(process, arguments, text, to, error)
        }
    }
}

/// Copies what a device gives until its end; one without an end gives nothing here.
fn copy_stream(process: &mut Process, arguments: &Arguments, from: &[u8], to: &[u8]) -> Outcome {
    let endless = matches!(base_name(from), b"zero" | b"random" | b"urandom" | b"full");
    let bytes = match super::reading::read_file(process, from) {
        _ if endless => bytes::Bytes::new(),
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return fail(process, arguments, "open", from, error),
        Err(Leave::Stop(stop)) => return Err(stop.into()),
        Err(Leave::NeedInput) => bytes::Bytes::new(),
    };
    let open = match process.open(to, Access::Truncate) {
        Ok(open) => open,
        Err(error) => {
            let text = if arguments.gnu { "create regular file" } else { "create" };
            return fail(process, arguments, text, to, error);
        }
    };
    let saved = process.swap_fd(1, Some(open));
    let printed = process.print(&bytes);
    process.fds.set(1, saved);
    printed?;
    Ok(0)
}

fn mv(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "finvuT", &["force", "verbose"]);
    let Some((target, sources)) = options.operands.split_last().filter(|(_, s)| !s.is_empty())
    else {
        return missing_operand(process, arguments);
    };
    let view = process.view();
    let to_directory =
        process.fs().stat(&view, &process.absolute(target), true).is_ok_and(|s| s.is_dir());
    let mut status = 0;
    for source in sources {
        let to = if to_directory {
            inside(target, base_name(without_slash(source)))
        } else {
            target.clone()
        };
        let (from_full, to_full) = (process.absolute(source), process.absolute(&to));
        if process.fs().stat(&view, &from_full, false).is_ok() {
            process.capture_before_loss(&to);
        }
        if let Err(error) = process.fs().rename(&view, &from_full, &to_full) {
            let verb = if error == FsError::NotFound {
                if arguments.gnu { "stat" } else { "rename" }
            } else if arguments.gnu {
                "move"
            } else {
                "rename"
            };
            status = fail(process, arguments, verb, source, error)?;
        }
    }
    Ok(status)
}

fn rm(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "rRfivdIuzn:",
        &["recursive", "force", "verbose", "no-preserve-root"],
    );
    let force = options.has("f") || options.has("force");
    let recursive = ["r", "R", "recursive"].iter().any(|f| options.has(f));
    if options.operands.is_empty() {
        return if force { Ok(0) } else { missing_operand(process, arguments) };
    }
    let mut status = 0;
    for path in &options.operands {
        let base = base_name(without_slash(path));
        if base == b"." || base == b".." {
            let shown = String::from_utf8_lossy(path).into_owned();
            let text = if arguments.gnu {
                format!("rm: refusing to remove '.' or '..' directory: skipping '{shown}'")
            } else {
                "rm: can't remove '.' or '..'".to_owned()
            };
            process.error(&text)?;
            status = 1;
            continue;
        }
        if arguments.gnu && without_slash(path) == b"/" && !options.has("no-preserve-root") {
            process.error("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe")?;
            status = 1;
            continue;
        }
        status |= remove(process, arguments, path, recursive, force, 0)?;
    }
    Ok(status)
}

fn remove(
    process: &mut Process,
    arguments: &Arguments,
    path: &[u8],
    recursive: bool,
    force: bool,
    depth: u32,
) -> Outcome {
    process.session.step(2)?;
    let view = process.view();
    let full = process.absolute(path);
    let stat = match process.fs().stat(&view, &full, false) {
        Ok(stat) => stat,
        Err(FsError::NotFound | FsError::NotDirectory) if force => return Ok(0),
        Err(error) => return fail(process, arguments, "remove", path, error),
    };
    if stat.is_dir() {
        if !recursive {
            let shown = String::from_utf8_lossy(path).into_owned();
            let text = if arguments.gnu {
                format!("rm: cannot remove '{shown}': Is a directory")
            } else {
                format!("rm: '{shown}' is a directory")
            };
            process.error(&text)?;
            return Ok(1);
        }
        let mut status = 0;
        if depth < TREE_DEPTH {
            for name in process.fs().list(&view, &full).unwrap_or_default() {
                status |=
                    remove(process, arguments, &inside(path, &name), recursive, force, depth + 1)?;
            }
        }
        return match process.fs().rmdir(&view, &full) {
            Ok(()) => Ok(status),
            Err(FsError::NotEmpty) if status != 0 => Ok(status),
            Err(error) => fail(process, arguments, "remove", path, error),
        };
    }
    process.capture_before_loss(path);
    match process.fs().unlink(&view, &full) {
        Ok(()) => Ok(0),
        Err(error) => fail(process, arguments, "remove", path, error),
    }
}

fn mkdir(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "pm:vZ", &["parents", "mode:", "verbose"]);
    if options.operands.is_empty() {
        return missing_operand(process, arguments);
    }
    let parents = options.has("p") || options.has("parents");
    let given = options.value("m").or(options.value("mode"));
    let given = given.and_then(|m| u16::from_str_radix(std::str::from_utf8(m).ok()?, 8).ok());
    let mode = given.unwrap_or(0o777 & !process.umask);
    let view = process.view();
    let mut status = 0;
    for path in &options.operands {
        let full = process.absolute(path);
        if parents {
            let ends: Vec<usize> = full
                .iter()
                .enumerate()
                .skip(1)
                .filter(|(_, b)| **b == b'/')
                .map(|(i, _)| i)
                .collect();
            for end in ends {
                process.session.step(1)?;
                let _ = process.fs().mkdir(&view, &full[..end], 0o777 & !process.umask);
            }
        }
        match process.fs().mkdir(&view, &full, mode) {
            Ok(()) => {}
            Err(FsError::Exists)
                if parents && process.fs().stat(&view, &full, true).is_ok_and(|s| s.is_dir()) => {}
            Err(error) => status = fail(process, arguments, "create directory", path, error)?,
        }
    }
    Ok(status)
}

fn rmdir(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "pv", &["ignore-fail-on-non-empty", "parents"]);
    let parents = options.has("p") || options.has("parents");
    if options.operands.is_empty() {
        return missing_operand(process, arguments);
    }
    let view = process.view();
    let mut status = 0;
    for path in &options.operands {
        let mut path = without_slash(path);
        loop {
            process.session.step(1)?;
            if let Err(error) = process.fs().rmdir(&view, &process.absolute(path)) {
                let shown = String::from_utf8_lossy(path).into_owned();
                let text = if arguments.gnu {
                    format!("rmdir: failed to remove '{shown}': {}", error.text())
                } else {
                    format!("rmdir: '{shown}': {}", error.text())
                };
                process.error(&text)?;
                status = 1;
                break;
            }
            match path.iter().rposition(|b| *b == b'/').filter(|at| parents && *at > 0) {
                Some(slash) => path = without_slash(&path[..slash]),
                None => break,
            }
        }
    }
    Ok(status)
}

fn touch(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "acmr:d:t:h", &["no-create", "reference:", "date:"]);
    if options.operands.is_empty() {
        return missing_operand(process, arguments);
    }
    let view = process.view();
    let reference = options.value("r").or(options.value("reference"));
    let reference =
        reference.and_then(|r| process.fs().stat(&view, &process.absolute(r), true).ok());
    let now = process.session.host.clock(view.now).secs();
    let mut mtime = reference.map_or(now, |s| s.mtime);
    for (given, stamp) in [("d", false), ("date", false), ("t", true)] {
        let Some(text) = options.value(given) else { continue };
        let time = if stamp { moment::of_stamp(text, now) } else { moment::of_date(text) };
        match time {
            Some(time) => mtime = time,
            None if text == b"now" => {}
            None => {
                let shown = String::from_utf8_lossy(text).into_owned();
                process.error(&if arguments.gnu {
                    format!("touch: invalid date format ‘{shown}’")
                } else {
                    format!("touch: invalid date '{shown}'")
                })?;
                return Ok(1);
            }
        }
    }
    let timed = mtime != now;
    let mut status = 0;
    for path in &options.operands {
        let full = process.absolute(path);
        let change = Attributes { mtime: Some(mtime), ..Attributes::default() };
        let result = match process.fs().stat(&view, &full, true) {
            Ok(_) => process.fs().set_attributes(&view, &full, &change),
            Err(FsError::NotFound) if options.has("c") || options.has("no-create") => Ok(()),
            Err(FsError::NotFound) => process.open(path, Access::Append).and_then(|_| {
                if timed { process.fs().set_attributes(&view, &full, &change) } else { Ok(()) }
            }),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            let shown = String::from_utf8_lossy(path).into_owned();
            let text = if arguments.gnu {
                format!("touch: cannot touch '{shown}': {}", error.text())
            } else {
                format!("touch: {shown}: {}", error.text())
            };
            process.error(&text)?;
            status = 1;
        }
    }
    Ok(status)
}

fn ln(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "sfnbvTr", &["symbolic", "force"]);
    let symbolic = options.has("s") || options.has("symbolic");
    let force = options.has("f") || options.has("force");
    let (targets, place) = match &options.operands[..] {
        [] => return missing_operand(process, arguments),
        [only] => (vec![only.clone()], b".".to_vec()),
        [first @ .., last] => (first.to_vec(), last.clone()),
    };
    let view = process.view();
    let follow = !options.has("n");
    let in_directory =
        process.fs().stat(&view, &process.absolute(&place), follow).is_ok_and(|s| s.is_dir());
    let mut status = 0;
    for target in targets {
        let path = if in_directory {
            inside(&place, base_name(without_slash(&target)))
        } else {
            place.clone()
        };
        let full = process.absolute(&path);
        if force {
            let _ = process.fs().unlink(&view, &full);
        }
        let result = if symbolic {
            process.fs().symlink(&view, &target, &full)
        } else {
            process.fs().hard_link(&view, &process.absolute(&target), &full)
        };
        if let Err(error) = result {
            let shown = String::from_utf8_lossy(&path).into_owned();
            let text = if arguments.gnu {
                let kind = if symbolic { "symbolic" } else { "hard" };
                format!("ln: failed to create {kind} link '{shown}': {}", error.text())
            } else {
                format!("ln: {shown}: {}", error.text())
            };
            process.error(&text)?;
            status = 1;
        }
    }
    Ok(status)
}

fn mktemp(process: &mut Process, arguments: &Arguments) -> Outcome {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let options = Options::read(arguments, "dqutp:", &["directory", "dry-run", "tmpdir:"]);
    let folder = options.value("p").map(<[u8]>::to_vec);
    let mut template = match options.operands.first() {
        Some(template) => template.clone(),
        None => b"tmp.XXXXXXXXXX".to_vec(),
    };
    if options.operands.is_empty() || options.has("t") || folder.is_some() {
        let folder = folder.or_else(|| process.variable(b"TMPDIR").map(|b| b.to_vec()));
        template = inside(&folder.unwrap_or_else(|| b"/tmp".to_vec()), &template);
    }
    let marks = template.iter().rev().take_while(|b| **b == b'X').count();
    if marks < 3 {
        let shown = String::from_utf8_lossy(&template).into_owned();
        process.error(&format!("mktemp: {shown}: Invalid argument"))?;
        return Ok(1);
    }
    let start = template.len() - marks;
    for byte in &mut template[start..] {
        let pick = process.session.system().rng.random_range(0..LETTERS.len());
        *byte = LETTERS[pick];
    }
    let view = process.view();
    let full = process.absolute(&template);
    let result = if options.has("d") || options.has("directory") {
        process.fs().mkdir(&view, &full, 0o700)
    } else if options.has("u") {
        Ok(())
    } else {
        process.fs().store(&view, &full, bytes::Bytes::new(), Origin::Written, 0o600)
    };
    if let Err(error) = result {
        let shown = String::from_utf8_lossy(&template).into_owned();
        process.error(&format!("mktemp: {shown}: {}", error.text()))?;
        return Ok(1);
    }
    template.push(b'\n');
    process.print(&template)?;
    Ok(0)
}

fn mknod(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "m:", &[]);
    let [path, kind, numbers @ ..] = &options.operands[..] else {
        return missing_operand(process, arguments);
    };
    let number = |i: usize| {
        numbers
            .get(i)
            .and_then(|n: &Vec<u8>| std::str::from_utf8(n).ok()?.parse().ok())
            .unwrap_or(0)
    };
    let view = process.view();
    let full = process.absolute(path);
    let kind = kind.first().copied().unwrap_or(b'c');
    match process.fs().mknod(&view, &full, kind, (number(0), number(1)), 0o666 & !process.umask) {
        Ok(()) => Ok(0),
        Err(error) => {
            let shown = String::from_utf8_lossy(path).into_owned();
            process.error(&format!("mknod: {shown}: {}", error.text()))?;
            Ok(1)
        }
    }
}

fn mkfifo(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "m:", &[]);
    let view = process.view();
    let mut status = 0;
    for path in &options.operands {
        let full = process.absolute(path);
        if let Err(error) = process.fs().mknod(&view, &full, b'p', (0, 0), 0o666 & !process.umask) {
            let shown = String::from_utf8_lossy(path).into_owned();
            process.error(&format!("mkfifo: {shown}: {}", error.text()))?;
            status = 1;
        }
    }
    Ok(status)
}

#[allow(clippy::unnecessary_wraps)] // The table of commands wants this type.
fn truncate(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "cs:o", &["size:"]);
    let size = options.number("s").or(options.number("size")).unwrap_or(0).max(0) as u64;
    let view = process.view();
    for path in &options.operands {
        let opened = process.open(path, Access::Update);
        let Ok(open) = opened else { return Ok(1) };
        if let crate::io::Open::File { ino, .. } = &*open
            && process.fs().truncate(&view, *ino, size).is_err()
        {
            return Ok(1);
        }
    }
    Ok(0)
}

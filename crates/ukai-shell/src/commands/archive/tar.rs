//! `tar`: GNU's 1.34, and BusyBox's.

use super::{Packing, steps};
use crate::commands::list::date;
use crate::commands::reading::read_file;
use crate::commands::{Arguments, Leave, Options, Outcome};
use crate::fs::{Attributes, FileKind, Origin, Stat};
use crate::limits;
use crate::process::Process;
use bytes::Bytes;
use std::io::Read as _;
use tar::{Archive, Builder, EntryType, Header};

/// Most members of an archive.
const MEMBERS_MAX: usize = 4_096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Create,
    Extract,
    List,
}

struct Task {
    mode: Mode,
    gnu: bool,
    file: Option<Vec<u8>>,
    folder: Option<Vec<u8>>,
    talks: usize,
    to_output: bool,
    strip: usize,
    keeps_mode: bool,
    excluded: Vec<Vec<u8>>,
    packing: Option<Packing>,
    absolute: bool,
}

pub(super) fn run(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = old_style(&arguments.words);
    let given = Arguments::new(words, arguments.gnu);
    let options = Options::read(
        &given,
        "xctruvzjJaf:C:OpkmohPT:X:SwWUlBAdiN:b:",
        &[
            "extract",
            "get",
            "list",
            "create",
            "append",
            "gzip",
            "gunzip",
            "bzip2",
            "xz",
            "file:",
            "directory:",
            "strip-components:",
            "verbose",
            "to-stdout",
            "exclude:",
            "preserve-permissions",
            "no-same-owner",
            "same-owner",
            "overwrite",
            "keep-old-files",
            "auto-compress",
            "absolute-names",
            "numeric-owner",
            "owner:",
            "group:",
            "mode:",
            "transform:",
            "wildcards",
            "no-recursion",
            "totals",
            "touch",
            "files-from:",
            "no-same-permissions",
            "one-file-system",
            "dereference",
            "sparse",
            "warning:",
        ],
    );
    if let Some(bad) = &options.bad {
        let what = if bad.starts_with("--") {
            format!("unrecognized option '{bad}'")
        } else {
            format!("invalid option -- '{bad}'")
        };
        let text = format!("tar: {what}\nTry 'tar --help' or 'tar --usage' for more information.");
        process.error(&text)?;
        return Ok(if arguments.gnu { 64 } else { 1 });
    }
    let has = |names: &[&str]| names.iter().any(|n| options.has(n));
    let mode = if has(&["c", "create", "r", "append", "u"]) {
        Mode::Create
    } else if has(&["x", "extract", "get"]) {
        Mode::Extract
    } else if has(&["t", "list"]) {
        Mode::List
    } else {
        process.error(if arguments.gnu {
            "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information."
        } else {
            "tar: need at least one option"
        })?;
        return Ok(if arguments.gnu { 2 } else { 1 });
    };
    let value =
        |short: &str, long: &str| options.value(short).or(options.value(long)).map(<[u8]>::to_vec);
    let packing = if has(&["z", "gzip", "gunzip"]) {
        Some(Packing::Gzip)
    } else if has(&["j", "bzip2"]) {
        Some(Packing::Bzip2)
    } else if has(&["J", "xz"]) {
        Some(Packing::Xz)
    } else {
        None
    };
    let mut task = Task {
        mode,
        gnu: arguments.gnu,
        file: value("f", "file"),
        folder: value("C", "directory"),
        talks: given
            .words
            .iter()
            .skip(1)
            .filter(|w| w.starts_with(b"-") && !w.starts_with(b"--"))
            .map(|w| w.split(|b| *b == b'v').count() - 1)
            .sum::<usize>()
            .min(2)
            .max(usize::from(has(&["v", "verbose"]))),
        to_output: has(&["O", "to-stdout"]),
        strip: options
            .number("strip-components")
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(0),
        keeps_mode: has(&["p", "preserve-permissions"]) || process.uid == 0,
        excluded: options.values("exclude").map(<[u8]>::to_vec).collect(),
        packing,
        absolute: has(&["P", "absolute-names"]),
    };
    if task.packing.is_none()
        && has(&["a", "auto-compress"])
        && let Some(file) = &task.file
    {
        task.packing = if file.ends_with(b"gz") {
            Some(Packing::Gzip)
        } else if file.ends_with(b"bz2") {
            Some(Packing::Bzip2)
        } else if file.ends_with(b"xz") {
            Some(Packing::Xz)
        } else {
            None
        };
    }
    match mode {
        Mode::Create => create(process, &task, &options.operands),
        _ => read(process, &task, &options.operands),
    }
}

/// `tar xzf FILE`: letters without a dash, whose values follow in order.
fn old_style(words: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let Some(first) = words.get(1).filter(|w| !w.starts_with(b"-") && !w.is_empty()) else {
        return words.to_vec();
    };
    let mut out = vec![words[0].clone()];
    let mut rest = words.get(2..).unwrap_or_default().iter();
    for letter in first {
        out.push(vec![b'-', *letter]);
        if b"fCTXNb".contains(letter) {
            out.extend(rest.next().cloned());
        }
    }
    out.extend(rest.cloned());
    out
}

/// `tar: message` and what follows an error that ends it.
fn fails(process: &mut Process, task: &Task, message: &str) -> Outcome {
    if task.gnu {
        process.error(&format!("tar: {message}\ntar: Error is not recoverable: exiting now"))?;
        return Ok(2);
    }
    process.error(&format!("tar: {message}"))?;
    Ok(1)
}

fn base_folder(process: &mut Process, task: &Task) -> Result<Result<Vec<u8>, i32>, Leave> {
    let folder = task.folder.clone().unwrap_or_else(|| b".".to_vec());
    let full = process.absolute(&folder);
    let view = process.view();
    if process.fs().stat(&view, &full, true).is_ok_and(|s| s.is_dir()) {
        return Ok(Ok(full));
    }
    let shown = String::from_utf8_lossy(&folder).into_owned();
    let status = if task.gnu {
        fails(process, task, &format!("{shown}: Cannot open: No such file or directory"))?
    } else {
        fails(
            process,
            task,
            &format!("can't change directory to '{shown}': No such file or directory"),
        )?
    };
    Ok(Err(status))
}

// Reading.

fn read(process: &mut Process, task: &Task, wanted: &[Vec<u8>]) -> Outcome {
    let bytes = match &task.file {
        None if task.gnu && process.input_is_typed(0) => {
            return fails(
                process,
                task,
                "Refusing to read archive contents from terminal (missing -f option?)",
            );
        }
        Some(file) if file != b"-" => match read_file(process, file)? {
            Ok(bytes) => bytes,
            Err(error) => {
                let shown = String::from_utf8_lossy(file).into_owned();
                let text = if task.gnu && error == crate::fs::FsError::IsDirectory {
                    format!(
                        "{shown}: Cannot read: {}\ntar: At beginning of tape, quitting now",
                        error.text()
                    )
                } else if task.gnu {
                    format!("{shown}: Cannot open: {}", error.text())
                } else {
                    format!("can't open '{shown}': {}", error.text())
                };
                if task.gnu && task.packing.is_some() {
                    process.error(&format!(
                        "tar (child): {text}\ntar (child): Error is not recoverable: exiting now"
                    ))?;
                    return fails(process, task, "Child returned status 2");
                }
                return fails(process, task, &text);
            }
        },
        _ => process.input()?,
    };
    process.session.step(steps(bytes.len()))?;
    let bytes = match (Packing::of(&bytes), task.packing) {
        (Some(packing), _) => match packing.unpack(&bytes) {
            Some(out) => Bytes::from(out),
            None => bytes,
        },
        (None, Some(packing)) if task.gnu => {
            let tool = match packing {
                Packing::Gzip => "\ngzip: stdin: not in gzip format",
                Packing::Bzip2 => "bzip2: (stdin) is not a bzip2 file.",
                _ => "xz: (stdin): File format not recognized",
            };
            process.error(tool)?;
            return fails(process, task, "Child returned status 1");
        }
        (None, Some(_)) => {
            process.error("tar: invalid magic\ntar: short read")?;
            return Ok(1);
        }
        (None, None) => bytes,
    };
    process.session.step(steps(bytes.len()))?;
    let base = match base_folder(process, task)? {
        Ok(base) => base,
        Err(status) => return Ok(status),
    };
    if bytes.iter().all(|b| *b == 0) && !bytes.is_empty() {
        return Ok(0);
    }
    let mut status = 0;
    let mut seen = 0;
    let mut found = vec![false; wanted.len()];
    let mut archive = Archive::new(&bytes[..]);
    let Ok(entries) = archive.entries() else { return Ok(2) };
    let mut told_absolute = false;
    for entry in entries.take(MEMBERS_MAX) {
        process.session.step(2)?;
        let Ok(mut entry) = entry else {
            if seen == 0 {
                process.error(if task.gnu { "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors" } else { "tar: invalid tar magic" })?;
                return Ok(if task.gnu { 2 } else { 1 });
            }
            process.error(if task.gnu {
                "tar: Unexpected EOF in archive\ntar: Error is not recoverable: exiting now"
            } else {
                "tar: short read"
            })?;
            return Ok(if task.gnu { 2 } else { 1 });
        };
        seen += 1;
        let name = entry.path_bytes().into_owned();
        if !wanted.is_empty() {
            let at = wanted.iter().position(|w| {
                let w = w.strip_suffix(b"/").unwrap_or(w);
                name == w || (name.starts_with(w) && name.get(w.len()) == Some(&b'/'))
            });
            let Some(at) = at else { continue };
            found[at] = true;
        }
        if task.excluded.iter().any(|e| excludes(e, &name)) {
            continue;
        }
        let Some(member) = stripped(&name, task.strip) else { continue };
        if task.mode == Mode::List || task.talks > 0 {
            let long = if task.mode == Mode::List { task.talks > 0 } else { task.talks > 1 };
            let mut line = if long { long_line(&entry) } else { Vec::new() };
            line.extend_from_slice(if task.mode == Mode::List { &name } else { member });
            if long && let Some(target) = entry.link_name_bytes() {
                let mark: &[u8] = if entry.header().entry_type() == EntryType::Link {
                    b" link to "
                } else {
                    b" -> "
                };
                line.extend_from_slice(mark);
                line.extend_from_slice(&target);
            }
            line.push(b'\n');
            if task.to_output {
                process.error_bytes(&line)?;
            } else {
                process.print(&line).map(|_| ())?;
            }
        }
        if task.mode == Mode::List {
            continue;
        }
        let relative = if task.absolute {
            member.to_vec()
        } else {
            if member.starts_with(b"/") && !told_absolute {
                told_absolute = true;
                process.error(if task.gnu {
                    "tar: Removing leading `/' from member names"
                } else {
                    "tar: removing leading '/' from member names"
                })?;
            }
            let cut = member.iter().position(|b| *b != b'/').unwrap_or(member.len());
            member[cut..].to_vec()
        };
        if relative.split(|b| *b == b'/').any(|part| part == b"..") {
            let shown = String::from_utf8_lossy(member).into_owned();
            process.error(&format!("tar: {shown}: Member name contains '..'"))?;
            status = 2;
            continue;
        }
        status = status.max(extract(process, task, &base, &relative, &mut entry)?);
    }
    if seen == 0 && !bytes.is_empty() {
        process.error(if task.gnu { "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors" } else { "tar: short read" })?;
        return Ok(if task.gnu { 2 } else { 1 });
    }
    if seen == 0 && task.gnu && task.file.is_some() && bytes.is_empty() {
        return fails(process, task, "This does not look like a tar archive");
    }
    for (name, found) in wanted.iter().zip(&found) {
        if !found {
            let shown = String::from_utf8_lossy(name).into_owned();
            process.error(&format!("tar: {shown}: Not found in archive"))?;
            status = 2;
        }
    }
    if status == 2 && task.gnu {
        process.error("tar: Exiting with failure status due to previous errors")?;
    }
    Ok(status)
}

fn stripped(name: &[u8], count: usize) -> Option<&[u8]> {
    let mut rest = name;
    for _ in 0..count {
        let slash = rest.iter().position(|b| *b == b'/')?;
        rest = &rest[slash + 1..];
    }
    (!rest.is_empty()).then_some(rest)
}

fn excludes(pattern: &[u8], name: &[u8]) -> bool {
    let plain = pattern.strip_suffix(b"/*").unwrap_or(pattern);
    let name = name.strip_suffix(b"/").unwrap_or(name);
    if let Some(end) = plain.strip_prefix(b"*") {
        return name.ends_with(end);
    }
    name == plain
        || (name.starts_with(plain) && name.get(plain.len()) == Some(&b'/'))
        || name.split(|b| *b == b'/').any(|part| part == plain)
}

fn long_line<R: std::io::Read>(entry: &tar::Entry<'_, R>) -> Vec<u8> {
    let header = entry.header();
    let kind = match header.entry_type() {
        EntryType::Directory => 'd',
        EntryType::Symlink => 'l',
        EntryType::Link => 'h',
        EntryType::Char => 'c',
        EntryType::Block => 'b',
        EntryType::Fifo => 'p',
        _ => '-',
    };
    let mode = header.mode().unwrap_or(0);
    let name = |name: Option<&[u8]>, id: u64| {
        name.filter(|n| !n.is_empty())
            .map_or_else(|| id.to_string(), |n| String::from_utf8_lossy(n).into_owned())
    };
    let user = name(header.username_bytes(), header.uid().unwrap_or(0));
    let group = name(header.groupname_bytes(), header.gid().unwrap_or(0));
    let size = header.size().unwrap_or(0).to_string();
    let owner = format!("{user}/{group}");
    let time = date(header.mtime().unwrap_or(0), "%Y-%m-%d %H:%M");
    // Owner and size share 19 columns (list.c, ugswidth).
    let room = 18_usize.saturating_sub(owner.chars().count()).max(size.len());
    format!("{kind}{} {owner} {size:>room$} {time} ", permissions(mode)).into_bytes()
}

fn permissions(mode: u32) -> String {
    let mut text = String::new();
    for shift in [6, 3, 0] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        let special = match shift {
            6 => mode & 0o4000 != 0,
            3 => mode & 0o2000 != 0,
            _ => mode & 0o1000 != 0,
        };
        text.push(match (special, bits & 1 != 0, shift) {
            (false, true, _) => 'x',
            (false, false, _) => '-',
            (true, true, 0) => 't',
            (true, false, 0) => 'T',
            (true, true, _) => 's',
            (true, false, _) => 'S',
        });
    }
    text
}

fn extract<R: std::io::Read>(
    process: &mut Process,
    task: &Task,
    base: &[u8],
    relative: &[u8],
    entry: &mut tar::Entry<'_, R>,
) -> Result<i32, Leave> {
    let view = process.view();
    let name = relative.strip_suffix(b"/").unwrap_or(relative);
    let full = if name.starts_with(b"/") { name.to_vec() } else { [base, b"/", name].concat() };
    let kind = entry.header().entry_type();
    let mode = entry.header().mode().unwrap_or(0o644) as u16 & 0o7777;
    let mode = if task.keeps_mode { mode } else { mode & !process.umask & 0o777 };
    let mtime = entry.header().mtime().ok();
    if task.to_output {
        if kind == EntryType::Regular {
            let mut bytes = Vec::new();
            let _ = entry.take(limits::UNPACKED_BYTES as u64).read_to_end(&mut bytes);
            process.print(&bytes)?;
        }
        return Ok(0);
    }
    // Folders on the way are made.
    for (at, _) in name.iter().enumerate().filter(|(_, b)| **b == b'/') {
        let folder = [base, b"/", &name[..at]].concat();
        process.session.step(1)?;
        let _ = process.fs().mkdir(&view, &folder, 0o777 & !process.umask);
    }
    let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
    let result = match (kind, link) {
        (EntryType::Directory, _) => match process.fs().mkdir(&view, &full, mode) {
            Err(crate::fs::FsError::Exists) => Ok(()),
            other => other,
        },
        (EntryType::Symlink, Some(target)) => {
            let _ = process.fs().unlink(&view, &full);
            process.fs().symlink(&view, &target, &full)
        }
        (EntryType::Link, Some(target)) => {
            let from = [base, b"/", &target].concat();
            process.fs().hard_link(&view, &from, &full)
        }
        (EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse, _) => {
            let mut bytes = Vec::new();
            let _ = entry.take(limits::FILE_BYTES as u64).read_to_end(&mut bytes);
            process.session.step(steps(bytes.len()))?;
            if process.fs().stat(&view, &full, false).is_ok() {
                process.capture_before_loss(&full);
                let _ = process.fs().unlink(&view, &full);
            }
            process.fs().store(&view, &full, bytes.into(), Origin::Written, mode)
        }
        _ => Ok(()),
    };
    if let Err(error) = result {
        let shown = String::from_utf8_lossy(name).into_owned();
        let text = if task.gnu {
            format!("tar: {shown}: Cannot open: {}", error.text())
        } else {
            format!("tar: can't open '{shown}': {}", error.text())
        };
        process.error(&text)?;
        return Ok(if task.gnu { 2 } else { 1 });
    }
    if kind != EntryType::Symlink {
        let change = Attributes { mtime, mode: Some(mode), ..Attributes::default() };
        let _ = process.fs().set_attributes(&view, &full, &change);
    }
    Ok(0)
}

// Writing.

fn create(process: &mut Process, task: &Task, operands: &[Vec<u8>]) -> Outcome {
    if operands.is_empty() {
        if task.gnu {
            process.error("tar: Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.")?;
            return Ok(2);
        }
        return fails(process, task, "empty archive");
    }
    let output = task.file.clone().filter(|f| f != b"-");
    if output.is_none() && task.gnu && process.fds.at(1).is_some_and(|o| o.is_terminal()) {
        return fails(
            process,
            task,
            "Refusing to write archive contents to terminal (missing -f option?)",
        );
    }
    let base = match base_folder(process, task)? {
        Ok(base) => base,
        Err(status) => return Ok(status),
    };
    let mut builder = Builder::new(Vec::new());
    let mut status = 0;
    let mut told = false;
    let own = output.as_ref().map(|f| process.absolute(f));
    for operand in operands {
        let full = if operand.starts_with(b"/") {
            operand.clone()
        } else {
            [&base[..], b"/", operand].concat()
        };
        let mut open = vec![(operand.clone(), full)];
        while let Some((name, full)) = open.pop() {
            process.session.step(2)?;
            let view = process.view();
            let stat = match process.fs().stat(&view, &full, false) {
                Ok(stat) => stat,
                Err(error) => {
                    let shown = String::from_utf8_lossy(&name).into_owned();
                    let text = if task.gnu {
                        format!("tar: {shown}: Cannot stat: {}", error.text())
                    } else {
                        format!("tar: {shown}: {}", error.text())
                    };
                    process.error(&text)?;
                    status = if task.gnu { 2 } else { 1 };
                    continue;
                }
            };
            if task.excluded.iter().any(|e| excludes(e, &name)) || own.as_ref() == Some(&full) {
                continue;
            }
            if name.starts_with(b"/") && !told && !task.absolute {
                told = true;
                process.error(if task.gnu {
                    "tar: Removing leading `/' from member names"
                } else {
                    "tar: removing leading '/' from member names"
                })?;
            }
            if task.talks > 0 {
                let mut line = name.clone();
                if stat.is_dir() && !line.ends_with(b"/") {
                    line.push(b'/');
                }
                line.push(b'\n');
                if output.is_some() {
                    process.print(&line).map(|_| ())?;
                } else {
                    process.error_bytes(&line)?;
                }
            }
            if stat.is_dir() {
                let names = process.fs().list(&view, &full).unwrap_or_default();
                for child in names.iter().rev() {
                    let joined =
                        |at: &[u8]| [at.strip_suffix(b"/").unwrap_or(at), b"/", child].concat();
                    open.push((joined(&name), joined(&full)));
                }
            }
            add(process, task, &mut builder, (&name, &full), &stat)?;
            if builder.get_ref().len() > limits::FILE_BYTES {
                return fails(process, task, "Cannot write: No space left on device");
            }
        }
    }
    let mut bytes = builder.into_inner().unwrap_or_default();
    if task.gnu {
        // GNU's writes records of twenty blocks.
        const RECORD_BYTES: usize = 10_240;
        bytes.resize(bytes.len().next_multiple_of(RECORD_BYTES), 0);
    }
    process.session.step(steps(bytes.len()))?;
    let bytes = match task.packing {
        Some(packing) => packing.pack(&bytes, b"", 0).unwrap_or_default(),
        None => bytes,
    };
    match output {
        None => {
            process.print(&bytes)?;
        }
        Some(file) => {
            let view = process.view();
            let full = process.absolute(&file);
            let mode = 0o666 & !process.umask;
            if let Err(error) =
                process.fs().store(&view, &full, bytes.into(), Origin::Written, mode)
            {
                let shown = String::from_utf8_lossy(&file).into_owned();
                let text = if task.gnu {
                    format!("{shown}: Cannot open: {}", error.text())
                } else {
                    format!("can't open '{shown}': {}", error.text())
                };
                return fails(process, task, &text);
            }
        }
    }
    if status != 0 && task.gnu {
        process.error("tar: Exiting with failure status due to previous errors")?;
    }
    Ok(status)
}

fn add(
    process: &mut Process,
    task: &Task,
    builder: &mut Builder<Vec<u8>>,
    (name, full): (&[u8], &[u8]),
    stat: &Stat,
) -> Result<(), Leave> {
    let view = process.view();
    let mut header = Header::new_gnu();
    header.set_mode(stat.mode.into());
    header.set_uid(stat.uid.into());
    header.set_gid(stat.gid.into());
    header.set_mtime(stat.mtime);
    header.set_size(0);
    let host = std::sync::Arc::clone(&process.session.host);
    let user = host.users().iter().find(|u| u.uid == stat.uid).map(|u| u.name.clone());
    let _ = header.set_username(user.as_deref().unwrap_or(""));
    let _ =
        header.set_groupname(if stat.gid == 0 { "root" } else { user.as_deref().unwrap_or("") });
    let mut member = name.to_vec();
    if !task.absolute {
        let cut = member.iter().position(|b| *b != b'/').unwrap_or(member.len());
        member.drain(..cut);
    }
    if member.is_empty() {
        member.push(b'.');
    }
    let path = std::path::PathBuf::from(String::from_utf8_lossy(&member).into_owned());
    match stat.kind {
        FileKind::Directory => {
            header.set_entry_type(EntryType::Directory);
            let _ = builder.append_data(&mut header, path.join(""), &[][..]);
        }
        FileKind::Link => {
            let target = process.fs().read_link(&view, full).unwrap_or_default();
            header.set_entry_type(EntryType::Symlink);
            let target = String::from_utf8_lossy(&target).into_owned();
            let _ = builder.append_link(&mut header, path, target);
        }
        FileKind::File => {
            let bytes = process.fs().read(&view, full).unwrap_or_default();
            process.session.step(steps(bytes.len()))?;
            header.set_size(bytes.len() as u64);
            let _ = builder.append_data(&mut header, path, &bytes[..]);
        }
        _ => {}
    }
    Ok(())
}

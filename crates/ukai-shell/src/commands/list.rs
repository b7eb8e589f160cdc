//! `ls` and `stat`.

use super::{Arguments, Command, Leave, Options, Outcome};
use crate::fs::{FileKind, Stat};
use crate::process::Process;
use ukai_model::Timestamp;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("ls", ls), Command::at_once("dir", ls), Command::at_once("stat", stat)];

/// A name to be shown, with what is known of it.
struct Entry {
    name: Vec<u8>,
    stat: Stat,
    link: Option<Vec<u8>>,
}

fn ls(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "1aAlhdRtrSinFpCxeskLQcuT:w:gov",
        &["all", "almost-all", "color:", "human-readable", "recursive", "full-time", "inode"],
    );
    let operands =
        if options.operands.is_empty() { vec![b".".to_vec()] } else { options.operands.clone() };
    let mut status = 0;
    let mut files = Vec::new();
    let mut folders = Vec::new();
    for path in &operands {
        let view = process.view();
        let full = process.absolute(path);
        let follow = !(options.has("l") || options.has("d"));
        let found = process
            .fs()
            .stat(&view, &full, follow)
            .or_else(|_| process.fs().stat(&view, &full, false));
        match found {
            Ok(stat) if stat.is_dir() && !options.has("d") => folders.push(path.clone()),
            Ok(stat) => files.push(entry(process, path.clone(), &full, stat)),
            Err(error) => {
                status = if arguments.gnu { 2 } else { 1 };
                let shown = String::from_utf8_lossy(path);
                let text = if arguments.gnu {
                    format!("ls: cannot access '{shown}': {}", error.text())
                } else {
                    format!("ls: {shown}: {}", error.text())
                };
                process.error(&text)?;
            }
        }
    }
    // GNU's sorts folders like files; BusyBox' too.
    folders.sort();
    if options.has("r") {
        folders.reverse();
    }
    let mut lister = Lister {
        options: &options,
        gnu: arguments.gnu,
        titled: operands.len() > 1 || options.has("R"),
        printed: false,
    };
    if !files.is_empty() {
        lister.sort(&mut files);
        let text = lister.rows(process, &files);
        process.print(&text)?;
        lister.printed = true;
    }
    for path in folders {
        if lister.folder(process, &path, 0)? != 0 {
            status = if arguments.gnu { 2 } else { 1 };
        }
    }
    Ok(status)
}

fn entry(process: &Process, name: Vec<u8>, full: &[u8], stat: Stat) -> Entry {
    let view = process.view();
    let link = (stat.kind == FileKind::Link)
        .then(|| process.fs().read_link(&view, full).ok().map(|b| b.to_vec()))
        .flatten();
    Entry { name, stat, link }
}

struct Lister<'a> {
    options: &'a Options,
    gnu: bool,
    titled: bool,
    printed: bool,
}

impl Lister<'_> {
    fn folder(&mut self, process: &mut Process, path: &[u8], depth: u32) -> Outcome {
        const DEPTH: u32 = 32;
        let view = process.view();
        let full = process.absolute(path);
        let names = match process.fs().list(&view, &full) {
            Ok(names) => names,
            Err(error) => {
                let shown = String::from_utf8_lossy(path);
                let text = if self.gnu {
                    format!("ls: cannot open directory '{shown}': {}", error.text())
                } else {
                    format!("ls: can't open '{shown}': {}", error.text())
                };
                process.error(&text)?;
                return Ok(1);
            }
        };
        process.session.step(1 + names.len() as u64 / 8)?;
        let all = self.options.has("a") || self.options.has("all");
        let hidden = all || self.options.has("A") || self.options.has("almost-all");
        let mut entries = Vec::with_capacity(names.len() + 2);
        for dots in [&b"."[..], b".."].iter().filter(|_| all) {
            let full = [&full[..], b"/", dots].concat();
            if let Ok(stat) = process.fs().stat(&view, &full, true) {
                entries.push(Entry { name: dots.to_vec(), stat, link: None });
            }
        }
        for name in &names {
            if name.starts_with(b".") && !hidden {
                continue;
            }
            let full = [&full[..], b"/", name].concat();
            if let Ok(stat) = process.fs().stat(&view, &full, false) {
                entries.push(entry(process, name.to_vec(), &full, stat));
            }
        }
        self.sort(&mut entries);
        if self.titled {
            let mut title = if self.printed { b"\n".to_vec() } else { Vec::new() };
            title.extend_from_slice(path);
            title.extend_from_slice(b":\n");
            process.print(&title)?;
        }
        self.printed = true;
        let mut text = Vec::new();
        if self.options.has("l") || self.options.has("s") {
            let blocks: u64 = entries.iter().map(|e| blocks(&e.stat)).sum();
            text.extend_from_slice(format!("total {blocks}\n").as_bytes());
        }
        text.extend_from_slice(&self.rows(process, &entries));
        process.print(&text)?;
        if (self.options.has("R") || self.options.has("recursive")) && depth < DEPTH {
            for entry in
                entries.iter().filter(|e| e.stat.is_dir() && e.name != b"." && e.name != b"..")
            {
                let path = [path.strip_suffix(b"/").unwrap_or(path), b"/", &entry.name].concat();
                self.folder(process, &path, depth + 1)?;
            }
        }
        Ok(0)
    }

    fn sort(&self, entries: &mut [Entry]) {
        match self.options.last_of(&["t", "S"]) {
            Some("t") => entries.sort_by_key(|e| std::cmp::Reverse(e.stat.mtime)),
            Some(_) => entries.sort_by_key(|e| std::cmp::Reverse(e.stat.size)),
            // GNU's order in a UTF-8 locale passes over dots and case.
            None if self.gnu => entries.sort_by_cached_key(|e| {
                let plain: Vec<u8> = e
                    .name
                    .iter()
                    .filter(|b| b.is_ascii_alphanumeric())
                    .map(u8::to_ascii_lowercase)
                    .collect();
                (e.name != b"." && e.name != b"..", plain, e.name.clone())
            }),
            None => entries.sort_by(|a, b| a.name.cmp(&b.name)),
        }
        if self.options.has("r") {
            entries.reverse();
        }
    }

    fn rows(&self, process: &Process, entries: &[Entry]) -> Vec<u8> {
        if self.options.has("l") || self.options.has("g") || self.options.has("o") {
            return self.long(process, entries);
        }
        let names: Vec<Vec<u8>> = entries.iter().map(|e| self.decorated(e)).collect();
        let terminal = process.fds.at(1).is_some_and(|o| o.is_terminal())
            && process.session.terminal().is_some();
        if !terminal || self.options.has("1") {
            let mut text = Vec::new();
            for name in names {
                text.extend_from_slice(&name);
                text.push(b'\n');
            }
            return text;
        }
        let width =
            process.session.terminal().map_or(80, |t| usize::from(t.columns).clamp(20, 500));
        columns(&names, width, self.gnu)
    }

    fn decorated(&self, entry: &Entry) -> Vec<u8> {
        let mut name = Vec::new();
        if self.options.has("i") || self.options.has("inode") {
            name.extend_from_slice(format!("{:>7} ", entry.stat.number()).as_bytes());
        }
        if self.options.has("s") {
            name.extend_from_slice(format!("{:>6} ", blocks(&entry.stat)).as_bytes());
        }
        name.extend_from_slice(&entry.name);
        if self.options.has("F") || self.options.has("p") {
            match entry.stat.kind {
                FileKind::Directory => name.push(b'/'),
                FileKind::Link if self.options.has("F") => name.push(b'@'),
                FileKind::Pipe if self.options.has("F") => name.push(b'|'),
                FileKind::File if self.options.has("F") && entry.stat.mode & 0o111 != 0 => {
                    name.push(b'*');
                }
                _ => {}
            }
        }
        name
    }

    fn long(&self, process: &Process, entries: &[Entry]) -> Vec<u8> {
        let host = &process.session.host;
        let numeric = self.options.has("n");
        let (accounts, groups) = (process.accounts(), process.groups());
        let who = |id: u32, group: bool| {
            let name = if group {
                groups.iter().find(|g| g.gid == id).map(|g| &g.name)
            } else {
                accounts.iter().find(|a| a.uid == id).map(|a| &a.name)
            };
            match name {
                Some(name) if !numeric => name.clone(),
                _ => id.to_string(),
            }
        };
        let human = self.options.has("h") || self.options.has("human-readable");
        let rows: Vec<[String; 4]> = entries
            .iter()
            .map(|e| {
                let size = match e.stat.kind {
                    FileKind::Character | FileKind::Block => {
                        format!("{:>3}, {:>3}", e.stat.device.0, e.stat.device.1)
                    }
                    _ if human && self.gnu => gnu_size(e.stat.size),
                    _ if human => human_size(e.stat.size),
                    _ => e.stat.size.to_string(),
                };
                [e.stat.links.to_string(), who(e.stat.uid, false), who(e.stat.gid, true), size]
            })
            .collect();
        let width = |column: usize| rows.iter().map(|r| r[column].len()).max().unwrap_or(0);
        let widths = if self.gnu { [width(0), width(1), width(2), width(3)] } else { [4, 8, 8, 9] };
        let now = host.clock(process.session.now());
        let mut text = Vec::new();
        for (entry, [links, user, group, size]) in entries.iter().zip(&rows) {
            if self.options.has("i") || self.options.has("inode") {
                text.extend_from_slice(format!("{:>7} ", entry.stat.number()).as_bytes());
            }
            let when = if self.options.has("e") || self.options.has("full-time") {
                date(entry.stat.mtime, "%a %b %e %H:%M:%S %Y")
            } else {
                age(entry.stat.mtime, now)
            };
            let row = format!(
                "{} {links:>a$} {user:<b$} {group:<c$} {size:>d$} {when} ",
                entry.stat.mode_text(),
                a = widths[0],
                b = widths[1],
                c = widths[2],
                d = widths[3],
            );
            text.extend_from_slice(row.as_bytes());
            let plain = Entry { name: entry.name.clone(), stat: entry.stat, link: None };
            let mut name = plain.name;
            if self.options.has("F") && entry.stat.is_dir() {
                name.push(b'/');
            }
            text.extend_from_slice(&name);
            if let Some(link) = &entry.link {
                text.extend_from_slice(b" -> ");
                text.extend_from_slice(link);
            }
            text.push(b'\n');
        }
        text
    }
}

fn blocks(stat: &Stat) -> u64 {
    match stat.kind {
        FileKind::File => stat.size.div_ceil(4_096) * 4,
        FileKind::Directory if stat.size > 0 => 4,
        _ => 0,
    }
}

/// A time as `ls -l` shows it: with the year if it is half a year away.
fn age(mtime: u64, now: Timestamp) -> String {
    const HALF_YEAR_S: u64 = 15_778_476;
    let recent = now.secs().abs_diff(mtime) < HALF_YEAR_S;
    date(mtime, if recent { "%b %e %H:%M" } else { "%b %e  %Y" })
}

/// A time in UTC by `strftime` directives.
pub(super) fn date(secs: u64, format: &str) -> String {
    let secs = i64::try_from(secs).unwrap_or(i64::MAX).min(253_402_300_799);
    let time = jiff::Timestamp::from_second(secs).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::fmt::strtime::format(format, &time.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default()
}

/// A size with `K`, `M`, `G`.
pub(super) fn human_size(bytes: u64) -> String {
    if bytes < 1_024 {
        return bytes.to_string();
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["K", "M", "G", "T"] {
        if value < 1_024.0 {
            break;
        }
        value /= 1_024.0;
        unit = next;
    }
    format!("{value:.1}{unit}")
}

/// A size as coreutils show it with `-h`: rounded up, one decimal below ten.
pub(super) fn gnu_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if bytes < 1_024 {
        return bytes.to_string();
    }
    // In tenths, so that nothing is lost to rounding.
    let mut divisor = 1_024_u128;
    for unit in UNITS {
        let tenths = (u128::from(bytes) * 10).div_ceil(divisor);
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        let whole = u128::from(bytes).div_ceil(divisor);
        if whole < 1_024 {
            return format!("{whole}{unit}");
        }
        divisor *= 1_024;
    }
    bytes.to_string()
}

/// Names in columns, filled downwards.
fn columns(names: &[Vec<u8>], width: usize, gnu: bool) -> Vec<u8> {
    if names.is_empty() {
        return Vec::new();
    }
    let longest = names.iter().map(Vec::len).max().unwrap_or(0) + if gnu { 2 } else { 4 };
    if gnu && names.iter().map(|n| n.len() + 2).sum::<usize>() <= width + 2 {
        let mut text = names.join(&b"  "[..]);
        text.push(b'\n');
        return text;
    }
    let per_row = (width / longest).max(1);
    let rows = names.len().div_ceil(per_row);
    let mut text = Vec::new();
    for row in 0..rows {
        let line: Vec<&Vec<u8>> = names.iter().skip(row).step_by(rows).collect();
        for (index, name) in line.iter().enumerate() {
            text.extend_from_slice(name);
            if index + 1 < line.len() {
                text.resize(text.len() + longest - name.len(), b' ');
            }
        }
        text.push(b'\n');
    }
    text
}

fn stat(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "c:fLtZ", &["format:", "printf:"]);
    let format = options.value("c").or(options.value("format")).map(<[u8]>::to_vec);
    let mut status = 0;
    for path in &options.operands {
        let view = process.view();
        let full = process.absolute(path);
        match process.fs().stat(&view, &full, options.has("L")) {
            Ok(found) => {
                let text = match &format {
                    Some(format) => formatted(process, format, path, &found),
                    None => described(process, path, &full, &found),
                };
                process.print(&text)?;
            }
            Err(error) => {
                status = 1;
                let shown = String::from_utf8_lossy(path);
                let text = if arguments.gnu {
                    format!("stat: cannot statx '{shown}': {}", error.text())
                } else {
                    format!("stat: can't stat '{shown}': {}", error.text())
                };
                let told: Result<(), Leave> = process.error(&text).map_err(Leave::from);
                told?;
            }
        }
    }
    Ok(status)
}

const fn kind_name(stat: &Stat) -> &'static str {
    match stat.kind {
        FileKind::Directory => "directory",
        FileKind::File if stat.size == 0 => "regular empty file",
        FileKind::File => "regular file",
        FileKind::Link => "symbolic link",
        FileKind::Character => "character special file",
        FileKind::Block => "block special file",
        FileKind::Pipe => "fifo",
    }
}

fn names_of(process: &Process, stat: &Stat) -> (String, String) {
    let (users, groups) = (process.accounts(), process.groups());
    let user = users.iter().find(|u| u.uid == stat.uid).map_or("UNKNOWN", |u| &u.name);
    let group = groups.iter().find(|g| g.gid == stat.gid).map_or("UNKNOWN", |g| &g.name);
    (user.to_owned(), group.to_owned())
}

fn formatted(process: &Process, format: &[u8], path: &[u8], stat: &Stat) -> Vec<u8> {
    let (user, group) = names_of(process, stat);
    let mut text = Vec::new();
    let mut bytes = format.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            text.push(*byte);
            continue;
        }
        let piece = match bytes.next() {
            Some(b'n') => String::from_utf8_lossy(path).into_owned(),
            Some(b's') => stat.size.to_string(),
            Some(b'a') => format!("{:o}", stat.mode),
            Some(b'A') => stat.mode_text(),
            Some(b'F') => kind_name(stat).to_owned(),
            Some(b'u') => stat.uid.to_string(),
            Some(b'g') => stat.gid.to_string(),
            Some(b'U') => user.clone(),
            Some(b'G') => group.clone(),
            Some(b'i') => stat.number().to_string(),
            Some(b'h') => stat.links.to_string(),
            Some(b'X' | b'Y' | b'Z') => stat.mtime.to_string(),
            Some(b'x' | b'y' | b'z') => date(stat.mtime, "%Y-%m-%d %H:%M:%S.000000000 +0000"),
            Some(b'b') => (blocks(stat) * 2).to_string(),
            Some(b'%') => "%".to_owned(),
            _ => "?".to_owned(),
        };
        text.extend_from_slice(piece.as_bytes());
    }
    text.push(b'\n');
    text
}

fn described(process: &Process, path: &[u8], full: &[u8], stat: &Stat) -> Vec<u8> {
    let view = process.view();
    let (user, group) = names_of(process, stat);
    let mut name = String::from_utf8_lossy(path).into_owned();
    if let Ok(target) = process.fs().read_link(&view, full) {
        name = format!("{name} -> {}", String::from_utf8_lossy(&target));
    }
    let when = date(stat.mtime, "%Y-%m-%d %H:%M:%S.000000000 +0000");
    format!(
        "  File: {name}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nDevice: 1f03h/7939d\tInode: {:<10}  Links: {}\n\
         Access: ({:04o}/{})  Uid: ({:>5}/{:>8})   Gid: ({:>5}/{:>8})\nAccess: {when}\nModify: {when}\nChange: {when}\n",
        stat.size,
        blocks(stat) * 2,
        kind_name(stat),
        stat.number(),
        stat.links,
        stat.mode,
        stat.mode_text(),
        stat.uid,
        user,
        stat.gid,
        group,
    )
    .into_bytes()
}

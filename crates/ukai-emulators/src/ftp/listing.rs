//! Directories as servers print them.

use crate::limits::LISTED_NAMES;
use ukai_model::Timestamp;
use ukai_persona::{FtpListing, Host};
use ukai_shell::{FileInfo, FileKind, Files};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Facts that are told of a file (RFC 3659, 7.5).
pub(super) const FACTS: [&str; 10] = [
    "modify",
    "perm",
    "size",
    "type",
    "unique",
    "UNIX.group",
    "UNIX.groupname",
    "UNIX.mode",
    "UNIX.owner",
    "UNIX.ownername",
];

/// What is listed.
pub(super) struct Listing<'a> {
    /// Facts that are wanted; all if absent.
    pub(super) wanted: Option<&'a [&'static str]>,
    pub(super) files: &'a Files,
    pub(super) host: &'a Host,
    pub(super) style: FtpListing,
    pub(super) now: Timestamp,
}

/// `20260102030405`, as `MDTM` and `MLST` tell times.
pub(super) fn digits(secs: u64) -> String {
    Timestamp::from_secs(secs).to_string().chars().filter(char::is_ascii_digit).take(14).collect()
}

/// Seconds since 1970 of `20260102030405`.
pub(super) fn read_digits(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() == 14)?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let parts = [&text[..4], &text[4..6], &text[6..8], &text[8..10], &text[10..12], &text[12..]];
    let [year, month, day, hour, minute, second] = parts;
    let stamp = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    stamp.parse::<Timestamp>().ok().map(Timestamp::secs)
}

impl Listing<'_> {
    /// Lines of `LIST`, or names alone as by `NLST`.
    pub(super) fn directory(&self, path: &[u8], hidden: bool, long: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let info = self.files.info(path, true).ok()?;
        if !info.is_dir() {
            self.entry(&mut out, path, path, long);
            return Some(out);
        }
        let names = self.files.names(path).ok()?;
        if hidden && long {
            for name in [&b"."[..], b".."] {
                self.entry(&mut out, &[path, b"/", name].concat(), name, long);
            }
        }
        for name in names.iter().filter(|name| hidden || !name.starts_with(b".")).take(LISTED_NAMES)
        {
            self.entry(&mut out, &[path, b"/", name].concat(), name, long);
        }
        Some(out)
    }

    /// Facts of everything in a directory (RFC 3659, 7).
    pub(super) fn facts_of_directory(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let names = self.files.names(path).ok()?;
        let own = [&b"."[..], b".."].into_iter().map(bytes::Bytes::from_static);
        for name in own.chain(names).take(LISTED_NAMES) {
            let path = [path, b"/", &name].concat();
            if let Ok(info) = self.files.info(&path, true) {
                let kind = match &name[..] {
                    b"." => "cdir",
                    b".." => "pdir",
                    _ => kind(&info),
                };
                out.extend_from_slice(self.facts(&info, kind).as_bytes());
                out.push(b' ');
                out.extend_from_slice(&name);
                out.extend_from_slice(b"\r\n");
            }
        }
        Some(out)
    }

    /// Facts of one file.
    pub(super) fn facts_of(&self, path: &[u8]) -> Option<String> {
        let info = self.files.info(path, true).ok()?;
        Some(self.facts(&info, kind(&info)))
    }

    fn facts(&self, info: &FileInfo, kind: &str) -> String {
        let perm = if info.is_dir() { "flcdmpe" } else { "adfrw" };
        let size = if info.is_dir() { String::new() } else { format!("size={};", info.size) };
        let all = format!(
            "modify={};perm={perm};{size}type={kind};unique=FE01U{:X};UNIX.group={};\
             UNIX.groupname={};UNIX.mode=0{:o};UNIX.owner={};UNIX.ownername={};",
            digits(info.mtime),
            info.number,
            info.gid,
            self.name_of(info.gid),
            info.mode & 0o7777,
            info.uid,
            self.name_of(info.uid),
        );
        let Some(wanted) = self.wanted else { return all };
        let is_wanted = |fact: &&str| fact.split('=').next().is_some_and(|f| wanted.contains(&f));
        all.split_inclusive(';').filter(is_wanted).collect()
    }

    fn entry(&self, out: &mut Vec<u8>, path: &[u8], name: &[u8], long: bool) {
        if long {
            let Ok(info) = self.files.info(path, false) else { return };
            out.extend_from_slice(self.line(&info).as_bytes());
        }
        out.extend_from_slice(name);
        if long
            && self.style != FtpListing::Busybox
            && let Ok(target) = self.files.link(path)
        {
            out.extend_from_slice(b" -> ");
            out.extend_from_slice(&target);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn line(&self, info: &FileInfo) -> String {
        let (mode, links, size) = (info.mode_text(), info.links, info.size);
        let date = self.date(info.mtime);
        let (user, group) = (self.name_of(info.uid), self.name_of(info.gid));
        match self.style {
            FtpListing::Numbers => {
                format!("{mode} {links:>4} {:<8} {:<8} {size:>8} {date} ", info.uid, info.gid)
            }
            FtpListing::Names => {
                format!("{mode} {links:>3} {user:<8} {group:<8} {size:>8} {date} ")
            }
            FtpListing::Busybox => {
                format!("{mode} {links:>4} {user:<8} {group:<8} {size:>9} {date} ")
            }
        }
    }

    /// `Jan  2 03:04`, or with the year if it is long ago.
    fn date(&self, secs: u64) -> String {
        const HALF_A_YEAR_S: u64 = 182 * 86_400;
        let stamp = digits(secs);
        let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or("00");
        let month = part(4, 6).parse::<usize>().unwrap_or(1).clamp(1, 12);
        let now = self.host.clock(self.now).secs();
        let old = secs > now || now - secs > HALF_A_YEAR_S;
        let pad = |text: &str| text.strip_prefix('0').map_or(text.to_owned(), |d| format!(" {d}"));
        let day = match self.style {
            FtpListing::Numbers => part(6, 8).to_owned(),
            _ => pad(part(6, 8)),
        };
        if old {
            format!("{} {day}  {}", MONTHS[month - 1], part(0, 4))
        } else {
            format!("{} {day} {}:{}", MONTHS[month - 1], part(8, 10), part(10, 12))
        }
    }

    fn name_of(&self, id: u32) -> String {
        let user = self.host.users().iter().find(|user| user.uid == id);
        user.map_or_else(|| id.to_string(), |user| user.name.clone())
    }
}

fn kind(info: &FileInfo) -> &'static str {
    match info.kind {
        FileKind::Directory => "dir",
        FileKind::Link => "OS.unix=symlink",
        _ => "file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_both_ways() {
        assert_eq!(digits(1_767_323_045), "20260102030405");
        assert_eq!(read_digits(b"20260102030405"), Some(1_767_323_045));
        assert_eq!(read_digits(b"2026"), None);
        assert_eq!(read_digits(b"20261302030405"), None);
    }
}

//! The trace of Linux' kernel in Windows' words: programs by their command lines instead of
//! Wine's loader, paths of the drive, files that Wine's server makes for programs, and the
//! registry as it was and is. What Wine does for itself goes.

use super::{DRIVES, HOME, Registry, differences, registry::Change};
use crate::limits::REGISTRY_BYTES_MAX;
use std::collections::{BTreeMap, BTreeSet};
use ukai_trace::{Address, Notice, Reason, What};

/// Wine's loaders of programs, with what reserves memory for them.
const LOADERS: &str = "/usr/lib/wine/wine";

/// The start of paths at which Wine's server has what it shares with programs.
const SHARED: [&[u8]; 2] = [b"/tmp/wine-", b"/tmp/.wine-"];

/// How the agent names the process that is Wine's server.
const SERVER_NAME: &[u8] = b"wineserver";

/// A trace that a guest with Wine has told.
pub(crate) fn translate(notices: &mut Vec<Notice>) {
    let told = std::mem::take(notices);
    let between = between(&told);
    let mut translation = Translation::default();
    let mut files = RegistryFiles::default();
    let mut last_ns = 0;
    for mut notice in told {
        last_ns = last_ns.max(notice.at_ns);
        if files.take(&mut notice.what) {
            continue;
        }
        if let Some(notice) = translation.notice(notice, &between) {
            // All is told when the registry is, too.
            if notice.what == (What::Finished {}) {
                notices.extend(files.changes(last_ns));
            }
            notices.push(notice);
        }
    }
}

/// Processes that only make another and end, since Wine's programs are no children of each
/// other for Linux, and the one that holds the windows. By their number, who made them.
fn between(told: &[Notice]) -> BTreeMap<u32, u32> {
    let mut executed = BTreeSet::new();
    let mut made = BTreeMap::new();
    let mut parents = BTreeSet::new();
    let mut desktops = BTreeSet::new();
    for notice in told {
        match &notice.what {
            What::Execute { arguments, .. } if is_desktop(arguments) => {
                desktops.insert(notice.pid);
            }
            What::Started {} | What::Execute { .. } => {
                executed.insert(notice.pid);
            }
            What::Fork { child, thread: false } => {
                made.insert(*child, notice.pid);
                parents.insert(notice.pid);
            }
            _ => {}
        }
    }
    made.retain(|pid, _| {
        desktops.contains(pid) || !executed.contains(pid) && parents.contains(pid)
    });
    made
}

#[derive(Default)]
struct Translation {
    /// Wine's server.
    server: u32,
    /// Processes that come from the sample or from one of Wine's services.
    known: BTreeSet<u32>,
    /// Who made them.
    parents: BTreeMap<u32, u32>,
    /// Windows' programs that run, with their command line.
    running: BTreeMap<u32, Vec<Vec<u8>>>,
    /// How a path was spelled first, by its lower case.
    spelled: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Translation {
    fn notice(&mut self, notice: Notice, between: &BTreeMap<u32, u32>) -> Option<Notice> {
        let Notice { at_ns, mut pid, mut what } = notice;
        if between.contains_key(&pid) && !matches!(what, What::Fork { .. }) {
            return None;
        }
        if let What::Fork { child, thread } = what {
            if let Some(before) = between.get(&pid) {
                pid = *before;
            }
            if thread {
                return self.known.contains(&pid).then_some(Notice { at_ns, pid, what });
            }
            if !between.contains_key(&child) {
                self.known.insert(child);
                self.parents.insert(child, pid);
                return Some(Notice { at_ns, pid, what });
            }
            return None;
        }
        if pid != 0 && matches!(what, What::Started {}) {
            self.known.insert(pid);
        }
        let stranger = pid != 0 && !self.known.contains(&pid);
        match &mut what {
            What::Execute { parent, path, arguments, folder, interpreter, .. } => {
                if let Some(made) = self.parents.get(&pid) {
                    *parent = *made;
                }
                *folder = self.path(folder).unwrap_or_default();
                if path.starts_with(LOADERS.as_bytes()) {
                    let line = command(arguments);
                    if line.is_empty() || self.running.get(&pid) == Some(&line) {
                        return None;
                    }
                    *path = self.spell(line[0].clone());
                    interpreter.clear();
                    self.running.insert(pid, line.clone());
                    *arguments = line;
                }
            }
            What::Exit { .. } => {
                self.running.remove(&pid);
                if stranger {
                    return None;
                }
            }
            What::Name { name } if stranger && name == SERVER_NAME => {
                self.server = pid;
                return None;
            }
            // Wine gives Linux' processes their names, stops threads by signals, and looks
            // around on Linux.
            What::Name { .. } | What::Trace { .. } => return None,
            What::Kill { .. } | What::Sleep { .. } | What::Socket { .. } if stranger => {
                return None;
            }
            What::Connect { remote, .. }
            | What::Send { remote, .. }
            | What::Receive { remote, .. } => {
                // What is not of the Internet is Wine's, and Linux' libraries'.
                if !matches!(remote, Address::Ip(_)) {
                    return None;
                }
                pid = self.doer(pid);
            }
            What::Open { path, .. } => {
                *path = self.path(path)?;
                pid = self.doer(pid);
            }
            What::Create { path }
            | What::Write { path, .. }
            | What::Delete { path }
            | What::Folder { path }
            | What::Mode { path, .. }
            | What::File { path, .. } => {
                match self.path(path) {
                    Some(found) => *path = found,
                    None if stranger || is_shared(path) => return None,
                    None => {}
                }
                pid = self.doer(pid);
            }
            What::Rename { from, to } | What::Link { from, to, .. } => {
                match (self.path(from), self.path(to)) {
                    (Some(first), Some(second)) => (*from, *to) = (first, second),
                    _ if stranger => return None,
                    _ => {}
                }
                pid = self.doer(pid);
            }
            _ => {}
        }
        Some(Notice { at_ns, pid, what })
    }

    /// Who is behind what Wine's server does: the only program that runs, if there is one.
    fn doer(&self, pid: u32) -> u32 {
        let mut programs = self.running.iter().filter(|(_, line)| !is_console(&line[0]));
        match (programs.next(), programs.next()) {
            (Some((only, _)), None) if pid == self.server => *only,
            _ => pid,
        }
    }

    /// A path of the drive's as Windows has it.
    fn path(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let found = windows(path)?;
        Some(self.spell(found))
    }

    /// Windows does not tell large and small letters apart: the first spelling counts.
    fn spell(&mut self, path: Vec<u8>) -> Vec<u8> {
        const SPELLED_MAX: usize = 100_000;
        let key = path.to_ascii_lowercase();
        if let Some(known) = self.spelled.get(&key) {
            return known.clone();
        }
        if self.spelled.len() < SPELLED_MAX {
            self.spelled.insert(key, path.clone());
        }
        path
    }
}

/// A path of the drive's as Windows has it.
pub(super) fn windows(path: &[u8]) -> Option<Vec<u8>> {
    let drive = |drive: &&str| path.strip_prefix(drive.as_bytes());
    let rest = DRIVES.iter().find_map(drive)?;
    if !(rest.is_empty() || rest.starts_with(b"/")) {
        return None;
    }
    let mut out = b"C:".to_vec();
    out.extend(rest.iter().map(|byte| if *byte == b'/' { b'\\' } else { *byte }));
    if rest.is_empty() {
        out.push(b'\\');
    }
    Some(out)
}

/// What stands behind the names of Wine's loaders.
fn command(arguments: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let loader = |argument: &&Vec<u8>| {
        argument.starts_with(LOADERS.as_bytes()) || matches!(&argument[..], b"wine" | b"wine64")
    };
    arguments.iter().skip_while(loader).cloned().collect()
}

/// What Wine starts for the first program with a window.
fn is_desktop(arguments: &[Vec<u8>]) -> bool {
    const LINE: [&[u8]; 2] = [b"C:\\windows\\system32\\explorer.exe", b"/desktop"];
    command(arguments) == LINE
}

/// A file by which Wine's programs share something.
fn is_shared(path: &[u8]) -> bool {
    SHARED.iter().any(|start| path.starts_with(start))
}

/// The window that Wine makes for programs that print.
fn is_console(program: &[u8]) -> bool {
    program.to_ascii_lowercase().ends_with(b"conhost.exe")
}

/// Files of the registry as they come, before and after.
#[derive(Default)]
struct RegistryFiles {
    files: BTreeMap<(&'static str, bool), Vec<u8>>,
}

/// The registry's files that are compared, and how Windows calls what is in them.
const FILES: [(&str, &str); 2] = [("system.reg", "HKLM"), ("user.reg", "HKCU")];

impl RegistryFiles {
    /// Whether it was a piece of one.
    fn take(&mut self, what: &mut What) -> bool {
        let What::File { path, reason, offset, bytes, .. } = what else { return false };
        let below =
            path.strip_prefix(HOME.as_bytes()).and_then(|path| path.strip_prefix(b"/.wine/"));
        let Some(name) = below.filter(|name| name.ends_with(b".reg")) else { return false };
        let known = FILES.iter().find(|(known, _)| known.as_bytes() == name);
        if let Some((name, _)) = known {
            let file = self.files.entry((*name, *reason == Reason::Before)).or_default();
            if *offset == file.len() as u64 && file.len() + bytes.len() <= REGISTRY_BYTES_MAX {
                file.append(bytes);
            }
        }
        true
    }

    /// What has changed in it.
    fn changes(&mut self, at_ns: u64) -> Vec<Notice> {
        let mut all = Vec::new();
        for (file, root) in FILES {
            let before = self.files.remove(&(file, true));
            let after = self.files.remove(&(file, false));
            let (Some(before), Some(after)) = (before, after) else { continue };
            let (before, after) = (Registry::parse(&before), Registry::parse(&after));
            for Change { key, name, data } in differences(&before, &after) {
                let values = [&before, &after].map(|registry| registry.value(&key, &name));
                if is_wines(&key, &name, values) {
                    continue;
                }
                let key = [root.as_bytes(), b"\\", &key].concat();
                let (deleted, data) = (data.is_none(), data.unwrap_or_default());
                let what = What::Registry { key, name, data, deleted };
                all.push(Notice { at_ns, pid: 0, what });
            }
        }
        all
    }
}

/// Whether it is what Wine enters whatever runs: once there is a window, and of the machine that it
/// finds itself on, which is not the one on which its image was made. `values` are those before and
/// after.
fn is_wines(key: &[u8], name: &[u8], values: [Option<&[u8]>; 2]) -> bool {
    const KEYS: [&[u8]; 4] = [
        b"system\\currentcontrolset\\control\\class\\{4d36e968-",
        b"system\\currentcontrolset\\control\\class\\{4d36e96e-",
        b"system\\currentcontrolset\\control\\video\\",
        b"software\\wine\\",
    ];
    const MACHINE: &[u8] = b"system\\currentcontrolset\\control\\session manager\\environment";
    const PROCESSORS: [&[u8]; 5] = [
        b"NUMBER_OF_PROCESSORS",
        b"PROCESSOR_ARCHITECTURE",
        b"PROCESSOR_IDENTIFIER",
        b"PROCESSOR_LEVEL",
        b"PROCESSOR_REVISION",
    ];
    const FONTS: [&[u8]; 2] = [
        b"software\\microsoft\\windows nt\\currentversion\\fonts",
        b"software\\microsoft\\windows\\currentversion\\fonts",
    ];
    // Where Windows' own are not.
    const LINUX: &[u8] = br"\usr\share\fonts\";
    let is_linux = |value: &[u8]| value.windows(LINUX.len()).any(|part| part == LINUX);
    let key = key.to_ascii_lowercase();
    KEYS.iter().any(|own| key.starts_with(own))
        || key == MACHINE && PROCESSORS.contains(&name)
        || FONTS.contains(&&key[..]) && values.into_iter().flatten().any(is_linux)
}

#[cfg(test)]
mod tests {
    use super::{translate, windows};
    use ukai_trace::{Address, Notice, Reason, What};

    const SERVER: u32 = 50;

    fn execute(arguments: &[&str]) -> What {
        What::Execute {
            parent: 1,
            path: arguments[0].into(),
            arguments: arguments.iter().map(|argument| (*argument).into()).collect(),
            environment: Vec::new(),
            folder: b"/home/daniel/.wine/drive_c/users/daniel/Desktop".to_vec(),
            deleted: false,
            interpreter: Vec::new(),
        }
    }

    fn translated(told: Vec<(u32, What)>) -> Vec<(u32, What)> {
        let mut notices: Vec<Notice> =
            (0..).zip(told).map(|(at_ns, (pid, what))| Notice { at_ns, pid, what }).collect();
        translate(&mut notices);
        notices.into_iter().map(|notice| (notice.pid, notice.what)).collect()
    }

    #[test]
    fn paths_of_the_drive_are_windows() {
        let path = b"/home/daniel/.wine/dosdevices/c:/users/daniel/a b.txt";
        assert_eq!(windows(path).expect("of the drive"), b"C:\\users\\daniel\\a b.txt");
        assert_eq!(windows(b"/home/daniel/.wine/drive_c").expect("the drive"), b"C:\\");
        assert_eq!(windows(b"/home/daniel/.wine/drive_cx/y"), None);
        assert_eq!(windows(b"/etc/passwd"), None);
    }

    #[test]
    fn programs_have_their_windows_names_and_parents() {
        let told = translated(vec![
            (100, What::Started {}),
            (100, execute(&["/usr/lib/wine/wine64", "C:\\a.exe"])),
            (
                100,
                execute(&["/usr/lib/wine/wine64-preloader", "/usr/lib/wine/wine64", "C:\\a.exe"]),
            ),
            (100, What::Name { name: b"a.exe".to_vec() }),
            (
                100,
                What::Connect {
                    local: Address::None,
                    remote: Address::Unix(b"/tmp/.wine-0/server-1/socket".to_vec()),
                    protocol: 0,
                    error: 0,
                    task: 100,
                },
            ),
            (100, What::Fork { child: 90, thread: false }),
            (
                90,
                execute(&[
                    "/usr/lib/wine/wine64-preloader",
                    "/usr/lib/wine/wine64",
                    "C:\\windows\\system32\\explorer.exe",
                    "/desktop",
                ]),
            ),
            (90, What::Exit { status: 0 }),
            (100, What::Fork { child: 101, thread: false }),
            (101, What::Fork { child: 102, thread: false }),
            (101, What::Exit { status: 0 }),
            (
                102,
                execute(&["/usr/lib/wine/wine-preloader", "/usr/lib/wine/wine", "C:\\B.exe", "-x"]),
            ),
        ]);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(matches!(&told[1], (100, What::Execute { path, arguments, folder, .. })
            if path == b"C:\\a.exe" && arguments.len() == 1 && folder == b"C:\\users\\daniel\\Desktop"));
        assert_eq!(told[2], (100, What::Fork { child: 102, thread: false }));
        assert!(matches!(&told[3], (102, What::Execute { parent: 100, arguments, .. })
            if arguments == &[b"C:\\B.exe".to_vec(), b"-x".to_vec()]));
    }

    #[test]
    fn what_the_server_does_is_the_only_programs() {
        let path = b"/home/daniel/.wine/dosdevices/c:/x.exe".to_vec();
        let told = translated(vec![
            (100, What::Started {}),
            (SERVER, What::Name { name: b"wineserver".to_vec() }),
            (SERVER, What::Delete { path: path.clone() }),
            (
                100,
                execute(&["/usr/lib/wine/wine64-preloader", "/usr/lib/wine/wine64", "C:\\a.exe"]),
            ),
            (SERVER, What::Create { path: path.clone() }),
            (SERVER, What::Create { path: b"/tmp/wine-x/lock".to_vec() }),
            (51, What::Create { path: b"/home/daniel/.wine/drive_c/y".to_vec() }),
            (SERVER, What::Kill { target: 100, name: Vec::new(), signal: 10 }),
            (100, What::Fork { child: 101, thread: false }),
            (
                101,
                execute(&["/usr/lib/wine/wine64-preloader", "/usr/lib/wine/wine64", "C:\\X.EXE"]),
            ),
            (SERVER, What::Delete { path }),
        ]);
        let x = b"C:\\x.exe".to_vec();
        assert_eq!(told[1], (SERVER, What::Delete { path: x.clone() }));
        assert_eq!(told[3], (100, What::Create { path: x.clone() }));
        assert_eq!(told[4], (51, What::Create { path: b"C:\\y".to_vec() }), "a service's");
        // One spelling, so that it is known as the file that was made.
        assert!(matches!(&told[6], (101, What::Execute { path, .. }) if *path == x));
        assert_eq!(told[7], (SERVER, What::Delete { path: x }), "one of two");
        assert_eq!(told.len(), 8);
    }

    fn registry_file(name: &str, reason: Reason, text: &str) -> What {
        What::File {
            number: 1,
            path: format!("/home/daniel/.wine/{name}").into(),
            reason,
            size: text.len() as u64,
            offset: 0,
            bytes: text.into(),
            last: true,
        }
    }

    #[test]
    fn changes_of_the_registry_are_told_at_the_end() {
        let file = |reason, text| registry_file("user.reg", reason, text);
        let told = translated(vec![
            (100, What::Started {}),
            (0, file(Reason::Before, "[Software\\\\Run] 1\n")),
            (0, file(Reason::Changed, "[Software\\\\Run] 1\n\"x\"=\"C:\\\\x.exe\"\n")),
            (0, What::Finished {}),
        ]);
        let key = b"HKCU\\Software\\Run".to_vec();
        let (name, data) = (b"x".to_vec(), b"C:\\x.exe".to_vec());
        assert_eq!(told[1], (0, What::Registry { key, name, data, deleted: false }));
        assert_eq!(told.len(), 3);
    }

    #[test]
    fn what_wine_enters_of_the_machine_is_no_change() {
        let file = |reason, text| registry_file("system.reg", reason, text);
        let fonts = r"[Software\\Microsoft\\Windows\\CurrentVersion\\Fonts] 1";
        let machine = r"[System\\CurrentControlSet\\Control\\Session Manager\\Environment] 1";
        let linux = r#""DejaVu Sans (TrueType)"="\\??\\unix\\usr\\share\\fonts\\a.ttf""#;
        let own = r#""Own (TrueType)"="C:\\own.ttf""#;
        let before = format!("{fonts}\n{linux}\n\n{machine}\n\"NUMBER_OF_PROCESSORS\"=\"2\"\n");
        let after =
            format!("{fonts}\n{own}\n\n{machine}\n\"NUMBER_OF_PROCESSORS\"=\"1\"\n\"Own\"=\"1\"\n");
        let told = translated(vec![
            (100, What::Started {}),
            (0, file(Reason::Before, &before)),
            (0, file(Reason::Changed, &after)),
            (0, What::Finished {}),
        ]);
        let names: Vec<&[u8]> = told
            .iter()
            .filter_map(|(_, what)| match what {
                What::Registry { name, .. } => Some(&name[..]),
                _ => None,
            })
            .collect();
        assert_eq!(names, [&b"Own (TrueType)"[..], b"Own"]);
    }
}

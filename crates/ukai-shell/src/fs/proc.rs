//! `/proc`: what is made up when it is looked at. Files that the persona gives come first.

use super::node::{FileKind, FsError, Ino, Kind, ProcNode, Stat};
use super::process_files::{self, Subject};
use super::{Fs, State, View, counters, network, statistics};
use crate::limits;
use bytes::Bytes;
use std::fmt::Write as _;
use ukai_persona::{DeviceKind, Process};

/// Links in `/proc/PID`; the namespaces are in a folder of their own.
const LINKS: [&str; 4] = ["cwd", "exe", "root", "net"];

/// Namespaces, and the numbers that the first of each has (include/linux/proc_ns.h).
const NAMESPACES: [(&str, &str); 10] = [
    ("cgroup", "cgroup:[4026531835]"),
    ("ipc", "ipc:[4026531839]"),
    ("mnt", "mnt:[4026531841]"),
    ("net", "net:[4026531840]"),
    ("pid", "pid:[4026531836]"),
    ("pid_for_children", "pid:[4026531836]"),
    ("time", "time:[4026531834]"),
    ("time_for_children", "time:[4026531834]"),
    ("user", "user:[4026531837]"),
    ("uts", "uts:[4026531838]"),
];

/// Descriptors of a process that are shown.
const DESCRIPTORS: u8 = 3;

/// A file's name and whether root alone may read it, by its place in the list.
fn file_at(index: usize) -> Option<(&'static str, bool)> {
    process_files::FILES.iter().chain(&process_files::MODERN_FILES).nth(index).copied()
}

/// Files of the system, for personas that do not give them.
const SYSTEM: [(&str, Option<&str>); 23] = [
    ("version", None),
    ("uptime", None),
    ("loadavg", None),
    ("meminfo", None),
    ("mounts", None),
    ("filesystems", None),
    ("cmdline", None),
    ("stat", None),
    ("modules", None),
    ("tcp", Some("net")),
    ("udp", Some("net")),
    ("tcp6", Some("net")),
    ("udp6", Some("net")),
    ("unix", Some("net")),
    ("partitions", None),
    ("diskstats", None),
    ("interrupts", None),
    ("softirqs", None),
    ("swaps", None),
    ("vmstat", None),
    ("route", Some("net")),
    ("arp", Some("net")),
    ("dev", Some("net")),
];

impl Fs {
    /// All processes: the host's, the attacker's programs, and the session's shell.
    pub(crate) fn processes(&self, view: &View) -> Vec<Process> {
        self.processes_of(&self.state(), view)
    }

    pub(super) fn processes_of(&self, state: &State, view: &View) -> Vec<Process> {
        let own = self.host().processes().iter().filter(|p| !state.ended.contains(&p.pid));
        let mut all: Vec<Process> = own.cloned().collect();
        all.extend(view.seat.processes(self.host(), view));
        all.extend(state.residents.iter().cloned());
        all.sort_by_key(|p| p.pid);
        all.dedup_by_key(|p| p.pid);
        all
    }

    /// A program of the attacker stays in the process list.
    pub(crate) fn add_resident(&self, process: Process) {
        let mut state = self.state();
        if state.residents.len() >= limits::RESIDENT_PROGRAMS {
            state.residents.remove(0);
        }
        state.residents.push(process);
    }

    /// Ends a process: one of the attacker's, or a service of the host's own. The first
    /// process and the kernel's threads do not end.
    pub(crate) fn end_process(&self, pid: u32) -> bool {
        if self.remove_resident(pid) {
            return true;
        }
        let own = self.host().processes().iter().any(|p| p.pid == pid && !p.is_kernel());
        if own && pid != 1 {
            self.state().ended.insert(pid);
        }
        own
    }

    /// Services of the host's own run again.
    pub(crate) fn revive(&self, which: impl Fn(&Process) -> bool) {
        let again: Vec<u32> =
            self.host().processes().iter().filter(|p| which(p)).map(|p| p.pid).collect();
        let mut state = self.state();
        for pid in again {
            state.ended.remove(&pid);
        }
    }

    /// Ends the attacker's program of that number; whether there was one.
    pub(crate) fn remove_resident(&self, pid: u32) -> bool {
        let mut state = self.state();
        let before = state.residents.len();
        state.residents.retain(|p| p.pid != pid);
        state.residents.len() < before
    }

    fn process(&self, state: &State, view: &View, pid: u32) -> Option<Process> {
        if state.ended.contains(&pid) {
            return None;
        }
        let found = self.host().processes().iter().chain(&state.residents).find(|p| p.pid == pid);
        found.cloned().or_else(|| view.seat.process_with(self.host(), view, pid))
    }

    pub(super) fn proc_root_child(&self, state: &State, view: &View, name: &[u8]) -> Option<Ino> {
        if name == b"self" || name == b"thread-self" && self.host().persona.is_gnu() {
            return Some(Ino::Proc(ProcNode::SelfLink));
        }
        let pid = std::str::from_utf8(name).ok().filter(|n| !n.starts_with('+'))?.parse().ok()?;
        self.process(state, view, pid).map(|_| Ino::Proc(ProcNode::Process(pid)))
    }

    /// A file that always moves: the persona's says only what it moves from.
    pub(super) fn proc_moving(folder: &[u8], name: &[u8]) -> Option<Ino> {
        if name != b"dev" {
            return None;
        }
        Self::proc_system(Some(folder), name)
    }

    /// A file of the system that the persona does not give.
    pub(super) fn proc_system(folder: Option<&[u8]>, name: &[u8]) -> Option<Ino> {
        let index = SYSTEM.iter().position(|(file, under)| {
            file.as_bytes() == name && under.map(str::as_bytes) == folder
        })?;
        Some(Ino::Proc(ProcNode::System(index as u8)))
    }

    pub(super) fn proc_child(
        &self,
        state: &State,
        node: ProcNode,
        name: &[u8],
    ) -> Result<Option<Ino>, FsError> {
        match node {
            ProcNode::Process(pid) | ProcNode::Task(pid) => {
                match name {
                    b"fd" => return Ok(Some(Ino::Proc(ProcNode::Descriptors(pid)))),
                    // A task has none of its own.
                    b"task" if matches!(node, ProcNode::Task(_)) => return Ok(None),
                    b"task" => return Ok(Some(Ino::Proc(ProcNode::Tasks(pid)))),
                    b"ns" if self.host().persona.is_gnu() => {
                        return Ok(Some(Ino::Proc(ProcNode::Namespaces(pid))));
                    }
                    _ => {}
                }
                if let Some(index) = LINKS.iter().position(|n| n.as_bytes() == name) {
                    return Ok(Some(Ino::Proc(ProcNode::Link(pid, index as u8))));
                }
                let index = self.process_file_names().position(|n| n.as_bytes() == name);
                if let Some(index) = index {
                    return Ok(Some(Ino::Proc(ProcNode::File(pid, index as u8))));
                }
                Ok(self.persona_self_file(state, name))
            }
            ProcNode::Tasks(pid) => {
                let own = name == pid.to_string().as_bytes();
                Ok(own.then_some(Ino::Proc(ProcNode::Task(pid))))
            }
            ProcNode::Namespaces(pid) => {
                let index = NAMESPACES.iter().position(|(n, _)| n.as_bytes() == name);
                Ok(index.map(|index| Ino::Proc(ProcNode::Namespace(pid, index as u8))))
            }
            ProcNode::Descriptors(pid) => Ok(match name {
                [digit @ b'0'..=b'9'] if digit - b'0' < DESCRIPTORS => {
                    Some(Ino::Proc(ProcNode::Descriptor(pid, digit - b'0')))
                }
                _ => None,
            }),
            _ => Err(FsError::NotDirectory),
        }
    }

    /// Files in `/proc/PID`, in the order of their numbers.
    fn process_file_names(&self) -> impl Iterator<Item = &'static str> {
        let modern = self.host().persona.is_gnu();
        let more = process_files::MODERN_FILES.iter().filter(move |_| modern);
        process_files::FILES.iter().chain(more).map(|(name, _)| *name)
    }

    /// What the persona puts into `/proc/self`.
    fn persona_self_file(&self, state: &State, name: &[u8]) -> Option<Ino> {
        let mut at = super::image::ROOT;
        for part in [b"proc".as_slice(), b"self", name] {
            let Some(Kind::Directory(entries)) = self.node(state, at).map(|n| &n.kind) else {
                return None;
            };
            match entries.get(part) {
                Some(number) => at = *number,
                None => return None,
            }
        }
        Some(Ino::Disk(at))
    }

    pub(super) const fn proc_is_directory(node: ProcNode) -> bool {
        matches!(
            node,
            ProcNode::Process(_)
                | ProcNode::Task(_)
                | ProcNode::Descriptors(_)
                | ProcNode::Tasks(_)
                | ProcNode::Namespaces(_)
        )
    }

    pub(super) fn proc_link(&self, state: &State, view: &View, node: ProcNode) -> Option<Bytes> {
        match node {
            ProcNode::SelfLink => Some(view.pid.to_string().into()),
            ProcNode::Descriptor(pid, fd) => Some(view.seat.descriptor(pid, fd).into()),
            ProcNode::Namespace(_, index) => NAMESPACES
                .get(usize::from(index))
                .map(|(_, text)| Bytes::from_static(text.as_bytes())),
            ProcNode::Link(pid, 1) => {
                let process = self.process(state, view, pid)?;
                // Others' are for root to see.
                if view.uid != 0 && process.user != view.seat.user {
                    return None;
                }
                let exe = self.executable(&process);
                (!exe.is_empty()).then(|| exe.into())
            }
            ProcNode::Link(pid, 0) => Some(view.seat.directory(pid).into()),
            ProcNode::Link(_, 3) => Some(Bytes::from_static(b"/proc/net")),
            ProcNode::Link(..) => Some(Bytes::from_static(b"/")),
            _ => None,
        }
    }

    /// The program that a process runs: an applet's is BusyBox.
    fn executable(&self, process: &Process) -> String {
        if !process.exe.is_empty() || process.is_kernel() {
            return process.exe.clone();
        }
        let persona = &self.host().persona;
        let busybox = persona.busybox.as_ref().filter(|_| !persona.is_gnu());
        busybox.map_or("/usr/bin/bash", |b| b.path.as_str()).to_owned()
    }

    pub(super) fn proc_stat(&self, state: &State, view: &View, node: ProcNode) -> Stat {
        let (kind, mode, pid) = match node {
            ProcNode::SelfLink => (FileKind::Link, 0o777, None),
            ProcNode::Link(pid, _) | ProcNode::Namespace(pid, _) => {
                (FileKind::Link, 0o777, Some(pid))
            }
            ProcNode::Descriptor(pid, _) => (FileKind::Link, 0o700, Some(pid)),
            ProcNode::Process(pid) | ProcNode::Tasks(pid) | ProcNode::Task(pid) => {
                (FileKind::Directory, 0o555, Some(pid))
            }
            ProcNode::Namespaces(pid) => (FileKind::Directory, 0o511, Some(pid)),
            ProcNode::Descriptors(pid) => (FileKind::Directory, 0o500, Some(pid)),
            ProcNode::File(pid, index) => {
                let secret = file_at(usize::from(index)).is_some_and(|(_, secret)| secret);
                (FileKind::File, if secret { 0o400 } else { 0o444 }, Some(pid))
            }
            ProcNode::System(_) => (FileKind::File, 0o444, None),
        };
        let owner = pid.and_then(|pid| self.process(state, view, pid));
        let owner = owner.and_then(|p| self.host().persona.user(p.user.as_bytes()));
        let (uid, gid) = owner.map_or((0, 0), |user| (user.uid, user.gid));
        let links = match node {
            ProcNode::Process(_) => 9,
            ProcNode::Task(_) => 7,
            ProcNode::Descriptors(_) | ProcNode::Namespaces(_) => 2,
            ProcNode::Tasks(_) => 3,
            _ => 1,
        };
        Stat {
            ino: Ino::Proc(node),
            kind,
            mode,
            uid,
            gid,
            size: if matches!(node, ProcNode::Descriptor(..)) { 64 } else { 0 },
            mtime: self.host().clock(view.now).secs(),
            links,
            device: (0, 0),
        }
    }

    pub(super) fn proc_list(&self, node: ProcNode) -> Option<Vec<Bytes>> {
        let names: Vec<&'static str> = match node {
            ProcNode::Process(_) | ProcNode::Task(_) => {
                let mut names: Vec<_> = self.process_file_names().chain(LINKS).collect();
                names.push("fd");
                if matches!(node, ProcNode::Process(_)) {
                    names.push("task");
                }
                if self.host().persona.is_gnu() {
                    names.push("ns");
                }
                names.sort_unstable();
                names
            }
            ProcNode::Descriptors(_) => vec!["0", "1", "2"],
            ProcNode::Namespaces(_) => NAMESPACES.iter().map(|(name, _)| *name).collect(),
            ProcNode::Tasks(pid) => return Some(vec![pid.to_string().into()]),
            _ => return None,
        };
        Some(names.into_iter().map(|n| Bytes::from_static(n.as_bytes())).collect())
    }

    pub(super) fn add_process_names(&self, state: &State, view: &View, names: &mut Vec<Bytes>) {
        names.extend(self.processes_of(state, view).iter().map(|p| Bytes::from(p.pid.to_string())));
        names.push(Bytes::from_static(b"self"));
        if self.host().persona.is_gnu() {
            names.push(Bytes::from_static(b"thread-self"));
        }
        for (file, folder) in SYSTEM {
            if folder.is_none() {
                names.push(Bytes::from_static(file.as_bytes()));
            }
        }
        names.sort();
        names.dedup();
    }

    /// Names in `/proc/net` that the persona does not give.
    pub(super) fn add_network_names(names: &mut Vec<Bytes>) {
        for (file, folder) in SYSTEM {
            if folder == Some("net") {
                names.push(Bytes::from_static(file.as_bytes()));
            }
        }
        names.sort();
        names.dedup();
    }

    pub(super) fn proc_contents(&self, state: &State, view: &View, node: ProcNode) -> Bytes {
        match node {
            ProcNode::File(pid, index) => {
                let (Some(process), Some((name, _))) =
                    (self.process(state, view, pid), file_at(usize::from(index)))
                else {
                    return Bytes::new();
                };
                let exe = self.executable(&process);
                Subject { fs: self, view, process: &process, exe: &exe }.file(name)
            }
            ProcNode::System(index) => {
                self.system_file(state, view, SYSTEM[usize::from(index)].0).into()
            }
            _ => Bytes::new(),
        }
    }

    /// `/proc/mounts` as the persona has it.
    pub(crate) fn mounts_text(&self) -> String {
        let mut text = String::new();
        for mount in &self.host().persona.mounts {
            let _ = writeln!(
                text,
                "{} {} {} {} 0 0",
                mount.device, mount.point, mount.kind, mount.options
            );
        }
        text
    }

    /// Disks and their partitions, from the devices and their sizes in `/sys/block`.
    fn partitions_text(&self) -> String {
        const SECTORS_PER_BLOCK: u64 = 2;
        let persona = &self.host().persona;
        let mut text = "major minor  #blocks  name\n\n".to_owned();
        for device in persona.tree.devices.iter().filter(|d| d.kind == DeviceKind::Block) {
            let name = device.path.rsplit('/').next().unwrap_or_default();
            let disk = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let own = [format!("/block/{name}/size"), format!("/block/{disk}/{name}/size")];
            let size = |path: &String| own.iter().any(|end| path.ends_with(end.as_str()));
            let size = persona.files.iter().find(|(path, _)| size(path));
            let Some(sectors) = size.and_then(|(_, f)| f.content.trim().parse::<u64>().ok()) else {
                continue;
            };
            let _ = writeln!(
                text,
                "{:>4} {:>7} {:>10} {name}",
                device.major,
                device.minor,
                sectors / SECTORS_PER_BLOCK
            );
        }
        text
    }

    fn system_file(&self, state: &State, view: &View, name: &str) -> String {
        let host = self.host();
        let fill = |text: &str| host.fill(text, view.now);
        match name {
            "version" => host.proc_version(),
            "uptime" => fill("{uptime} {idle}\n"),
            "loadavg" => statistics::loadavg_text(host, view, self.host().processes().len() + 2),
            "meminfo" => statistics::meminfo_text(host, view),
            "mounts" => self.mounts_text(),
            "filesystems" => {
                "nodev\tsysfs\nnodev\trootfs\nnodev\tproc\nnodev\ttmpfs\nnodev\tdevpts\n\tsquashfs\n".to_owned()
            }
            "cmdline" => "console=ttyS0,115200 root=/dev/mtdblock3\n".to_owned(),
            "stat" => statistics::stat_text(host, view),
            "tcp" | "udp" => self.sockets_text(state, view, name == "udp", false),
            "tcp6" | "udp6" => self.sockets_text(state, view, name == "udp6", true),
            "unix" => self.local_sockets_text(state, view),
            "route" => network::route_text(host, view.now),
            "partitions" => self.partitions_text(),
            "diskstats" => counters::diskstats_text(host, view, &self.partitions_text()),
            "interrupts" => counters::interrupts_text(host, view),
            "softirqs" => counters::softirqs_text(host, view),
            "swaps" => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".to_owned(),
            "vmstat" => counters::vmstat_text(host, view),
            "arp" => {
                "IP address       HW type     Flags       HW address            Mask     Device\n".to_owned()
            }
            "dev" => network::dev_text(host, view.now),
            _ => String::new(),
        }
    }
}

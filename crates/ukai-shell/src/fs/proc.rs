//! `/proc`: what is made up when it is looked at. Files that the persona gives come first.

use super::node::{FileKind, FsError, Ino, Kind, ProcNode, Stat};
use super::{Fs, State, View};
use crate::limits;
use bytes::Bytes;
use std::fmt::Write as _;
use ukai_persona::Process;

/// Files in `/proc/PID`.
const FILES: [&str; 8] =
    ["cmdline", "comm", "environ", "limits", "maps", "mounts", "stat", "status"];

/// Links in `/proc/PID`.
const LINKS: [&str; 3] = ["cwd", "exe", "root"];

/// Files of the system, for personas that do not give them.
const SYSTEM: [(&str, Option<&str>); 14] = [
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
    ("route", Some("net")),
    ("arp", Some("net")),
    ("dev", Some("net")),
];

impl Fs {
    /// All processes: the host's, the attacker's programs, and the session's shell.
    pub(crate) fn processes(&self, view: &View) -> Vec<Process> {
        self.processes_of(&self.state(), view)
    }

    fn own_processes(&self) -> &[Process] {
        self.inner.processes.get_or_init(|| self.host().processes())
    }

    fn processes_of(&self, state: &State, view: &View) -> Vec<Process> {
        let mut all = self.own_processes().to_vec();
        all.push(self.shell_process(view));
        all.extend(state.residents.iter().cloned());
        all.extend(self.current_process(view));
        all.sort_by_key(|p| p.pid);
        all
    }

    fn shell_process(&self, view: &View) -> Process {
        let host = self.host();
        let user = host.users().iter().find(|u| u.uid == view.uid);
        Process {
            pid: view.shell_pid,
            ppid: 1,
            user: user.map_or_else(|| "root".to_owned(), |u| u.name.clone()),
            command: host.persona.shell.name.clone(),
            vsz_kb: 1_112,
            rss_kb: 452,
            state: "S".to_owned(),
            tty: "pts/0".to_owned(),
            started_s: host.uptime(view.now).as_secs(),
        }
    }

    /// Who asks, if it is not the shell itself.
    fn current_process(&self, view: &View) -> Option<Process> {
        (view.pid != view.shell_pid).then(|| Process {
            pid: view.pid,
            ppid: view.shell_pid,
            state: "R".to_owned(),
            command: view.running.as_deref().unwrap_or("sh").to_owned(),
            ..self.shell_process(view)
        })
    }

    /// A program of the attacker stays in the process list.
    pub(crate) fn add_resident(&self, process: Process) {
        let mut state = self.state();
        if state.residents.len() >= limits::RESIDENT_PROGRAMS {
            state.residents.remove(0);
        }
        state.residents.push(process);
    }

    /// Ends the attacker's program of that number; whether there was one.
    pub(crate) fn remove_resident(&self, pid: u32) -> bool {
        let mut state = self.state();
        let before = state.residents.len();
        state.residents.retain(|p| p.pid != pid);
        state.residents.len() < before
    }

    fn process(&self, state: &State, view: &View, pid: u32) -> Option<Process> {
        if pid == view.shell_pid {
            return Some(self.shell_process(view));
        }
        if pid == view.pid {
            return self.current_process(view);
        }
        self.own_processes().iter().chain(&state.residents).find(|p| p.pid == pid).cloned()
    }

    pub(super) fn proc_root_child(&self, state: &State, view: &View, name: &[u8]) -> Option<Ino> {
        if name == b"self" {
            return Some(Ino::Proc(ProcNode::SelfLink));
        }
        let pid = std::str::from_utf8(name).ok().filter(|n| !n.starts_with('+'))?.parse().ok()?;
        self.process(state, view, pid).map(|_| Ino::Proc(ProcNode::Process(pid)))
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
            ProcNode::Process(pid) => {
                if name == b"fd" {
                    return Ok(Some(Ino::Proc(ProcNode::Descriptors(pid))));
                }
                let at = |list: &[&str]| list.iter().position(|n| n.as_bytes() == name);
                if let Some(index) = at(&LINKS) {
                    return Ok(Some(Ino::Proc(ProcNode::Link(pid, index as u8))));
                }
                if let Some(index) = at(&FILES) {
                    return Ok(Some(Ino::Proc(ProcNode::File(pid, index as u8))));
                }
                Ok(self.persona_self_file(state, name))
            }
            ProcNode::Descriptors(pid) => Ok(match name {
                [digit @ b'0'..=b'2'] => Some(Ino::Proc(ProcNode::Descriptor(pid, digit - b'0'))),
                _ => None,
            }),
            _ => Err(FsError::NotDirectory),
        }
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
        matches!(node, ProcNode::Process(_) | ProcNode::Descriptors(_))
    }

    pub(super) fn proc_link(&self, view: &View, node: ProcNode) -> Option<Bytes> {
        match node {
            ProcNode::SelfLink => Some(view.pid.to_string().into()),
            ProcNode::Descriptor(..) => Some(Bytes::from_static(b"/dev/pts/0")),
            ProcNode::Link(pid, 1) => Some(self.executable(view, pid)),
            ProcNode::Link(..) => Some(Bytes::from_static(b"/")),
            _ => None,
        }
    }

    /// The program that a process runs.
    fn executable(&self, view: &View, pid: u32) -> Bytes {
        let persona = &self.host().persona;
        let busybox = persona.busybox.as_ref().filter(|_| !persona.is_gnu());
        let shell = busybox.map_or("/usr/bin/bash", |b| b.path.as_str());
        if pid == view.pid || pid == view.shell_pid {
            return shell.to_owned().into();
        }
        let command =
            self.own_processes().iter().find(|p| p.pid == pid).map(|p| p.command.as_str());
        let word = command.unwrap_or_default();
        let word = word.split_whitespace().next().unwrap_or("").trim_start_matches('-');
        if word.starts_with('/') { word.to_owned().into() } else { shell.to_owned().into() }
    }

    pub(super) fn proc_stat(&self, view: &View, node: ProcNode) -> Stat {
        let (kind, mode) = match node {
            ProcNode::SelfLink | ProcNode::Link(..) => (FileKind::Link, 0o777),
            ProcNode::Descriptor(..) => (FileKind::Link, 0o700),
            ProcNode::Process(_) => (FileKind::Directory, 0o555),
            ProcNode::Descriptors(_) => (FileKind::Directory, 0o500),
            ProcNode::File(_, 2) => (FileKind::File, 0o400),
            ProcNode::File(..) | ProcNode::System(_) => (FileKind::File, 0o444),
        };
        Stat {
            ino: Ino::Proc(node),
            kind,
            mode,
            uid: 0,
            gid: 0,
            size: 0,
            mtime: self.host().clock(view.now).secs(),
            links: 1,
            device: (0, 0),
        }
    }

    pub(super) fn proc_list(node: ProcNode) -> Option<Vec<Bytes>> {
        let names: Vec<&'static str> = match node {
            ProcNode::Process(_) => {
                let mut names: Vec<_> = FILES.iter().chain(&LINKS).copied().collect();
                names.push("fd");
                names.sort_unstable();
                names
            }
            ProcNode::Descriptors(_) => vec!["0", "1", "2"],
            _ => return None,
        };
        Some(names.into_iter().map(|n| Bytes::from_static(n.as_bytes())).collect())
    }

    pub(super) fn add_process_names(&self, state: &State, view: &View, names: &mut Vec<Bytes>) {
        names.extend(self.processes_of(state, view).iter().map(|p| Bytes::from(p.pid.to_string())));
        names.push(Bytes::from_static(b"self"));
        for (file, folder) in SYSTEM {
            if folder.is_none() {
                names.push(Bytes::from_static(file.as_bytes()));
            }
        }
        names.sort();
        names.dedup();
    }

    pub(super) fn proc_contents(&self, state: &State, view: &View, node: ProcNode) -> Bytes {
        match node {
            ProcNode::File(pid, index) => self
                .process(state, view, pid)
                .map_or_else(Bytes::new, |p| self.process_file(&p, FILES[usize::from(index)])),
            ProcNode::System(index) => self.system_file(view, SYSTEM[usize::from(index)].0).into(),
            _ => Bytes::new(),
        }
    }

    fn process_file(&self, process: &Process, name: &str) -> Bytes {
        let command = process.command.as_str();
        let first = command.split_whitespace().next().unwrap_or("");
        let short = first.trim_start_matches('-').trim_matches(['[', ']']);
        let short = short.rsplit('/').next().unwrap_or(short);
        let letter = process.state.chars().next().unwrap_or('S');
        let pid = process.pid;
        match name {
            "cmdline" if process.is_kernel() => Bytes::new(),
            "cmdline" => [command.replace(' ', "\0").as_bytes(), b"\0"].concat().into(),
            "comm" => format!("{short}\n").into(),
            "mounts" => self.mounts_text().into(),
            "maps" if !process.is_kernel() => format!(
                "00400000-00456000 r-xp 00000000 1f:03 117        {first}\n\
                 00465000-00466000 rw-p 00055000 1f:03 117        {first}\n\
                 00466000-0046a000 rwxp 00000000 00:00 0          [heap]\n\
                 7fa4b000-7fa60000 rwxp 00000000 00:00 0          [stack]\n"
            )
            .into(),
            "stat" => format!(
                "{pid} ({short}) {letter} {} {pid} {pid} 0 -1 4194560 58 0 3 0 1 2 0 0 20 0 1 0 {} {} {} \
                 2147483647 4194304 4543892 2141474208 2141473480 2004373412 0 0 0 84487 0 0 0 17 0 0 0 0 0 0\n",
                process.ppid,
                process.started_s * 100,
                process.vsz_kb * 1_024,
                process.rss_kb / 4,
            )
            .into(),
            "status" => format!(
                "Name:\t{short}\nState:\t{letter} ({})\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{}\n\
                 TracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t32\nGroups:\t\n\
                 VmPeak:\t{:>8} kB\nVmSize:\t{:>8} kB\nVmRSS:\t{:>8} kB\nThreads:\t1\n",
                if letter == 'R' { "running" } else { "sleeping" },
                process.ppid,
                process.vsz_kb,
                process.vsz_kb,
                process.rss_kb,
            )
            .into(),
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

    fn system_file(&self, view: &View, name: &str) -> String {
        let host = self.host();
        let fill = |text: &str| host.fill(text, view.now);
        match name {
            "version" => host.proc_version(),
            "uptime" => fill("{uptime} {idle}\n"),
            "loadavg" => fill("{load} 1/{processes} {last_pid}\n"),
            "meminfo" => {
                let m = host.memory(view.now);
                let mut text = String::new();
                for (label, kb) in [
                    ("MemTotal", m.total_kb),
                    ("MemFree", m.free_kb),
                    ("Buffers", m.buffers_kb),
                    ("Cached", m.cached_kb),
                    ("SwapCached", 0),
                    ("Active", m.cached_kb / 2),
                    ("Inactive", m.cached_kb / 3),
                    ("SwapTotal", m.swap_total_kb),
                    ("SwapFree", m.swap_free_kb),
                    ("Shmem", m.shared_kb),
                ] {
                    let _ = writeln!(text, "{:<15}{kb:>9} kB", format!("{label}:"));
                }
                text
            }
            "mounts" => self.mounts_text(),
            "filesystems" => {
                "nodev\tsysfs\nnodev\trootfs\nnodev\tproc\nnodev\ttmpfs\nnodev\tdevpts\n\tsquashfs\n".to_owned()
            }
            "cmdline" => "console=ttyS0,115200 root=/dev/mtdblock3\n".to_owned(),
            "stat" => {
                let uptime = host.uptime(view.now).as_secs();
                let busy = uptime * 7;
                format!(
                    "cpu  {busy} 0 {} {} 0 0 {} 0 0\nctxt {}\nbtime {}\nprocesses {}\nprocs_running 1\nprocs_blocked 0\n",
                    busy / 2,
                    uptime * 90,
                    busy / 9,
                    uptime * 311,
                    host.booted(view.now).secs(),
                    host.next_pid(view.now),
                )
            }
            "tcp" | "udp" => {
                "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n".to_owned()
            }
            "route" => {
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n".to_owned()
            }
            "arp" => {
                "IP address       HW type     Flags       HW address            Mask     Device\n".to_owned()
            }
            "dev" => "Inter-|   Receive                                                |  Transmit\n \
                      face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
                .to_owned(),
            _ => String::new(),
        }
    }
}

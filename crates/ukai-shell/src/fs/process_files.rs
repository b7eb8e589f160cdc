//! The files of `/proc/PID`, as Linux 6.1 writes them (Documentation/filesystems/proc.rst,
//! fs/proc/array.c, task_mmu.c) and, for devices, as kernels of the 2.6 and 3 lines did.

use super::{Fs, View};
use bytes::Bytes;
use std::fmt::Write as _;
use ukai_persona::Process;

/// Files that every kernel has there, and whether root alone may read them.
pub(super) const FILES: [(&str, bool); 16] = [
    ("auxv", true),
    ("cmdline", false),
    ("comm", false),
    ("environ", true),
    ("limits", false),
    ("maps", false),
    ("mounts", false),
    ("oom_adj", false),
    ("oom_score", false),
    ("stat", false),
    ("statm", false),
    ("status", false),
    ("wchan", false),
    ("mountinfo", false),
    ("cgroup", false),
    ("io", true),
];

/// Files that kernels of servers have besides.
pub(super) const MODERN_FILES: [(&str, bool); 14] = [
    ("autogroup", false),
    ("coredump_filter", false),
    ("cpuset", false),
    ("gid_map", false),
    ("loginuid", false),
    ("oom_score_adj", false),
    ("personality", true),
    ("projid_map", false),
    ("schedstat", false),
    ("sessionid", false),
    ("setgroups", false),
    ("syscall", true),
    ("timerslack_ns", false),
    ("uid_map", false),
];

/// The service that a process of a Debian 12 server belongs to; none for the kernel's
/// threads, the first process and what people run.
pub(crate) fn unit_of(process: &Process) -> Option<&str> {
    if process.is_kernel() || process.pid == 1 {
        return None;
    }
    Some(match process.name.as_str() {
        "php-fpm8.2" => "php8.2-fpm",
        // A session's own has another parent.
        "sshd" if process.ppid == 1 => "ssh",
        "dbus-daemon" => "dbus",
        "rsyslogd" => "rsyslog",
        "dhclient" => "networking",
        "qemu-ga" => "qemu-guest-agent",
        "unattended-upgr" => "unattended-upgrades",
        "inetutils-inetd" => "inetutils-inetd",
        "agetty" if process.tty == "tty1" => "getty@tty1",
        "agetty" => "serial-getty@ttyS0",
        "systemd-journal" => "systemd-journald",
        "systemd-timesyn" => "systemd-timesyncd",
        "systemd-udevd" => "systemd-udevd",
        "systemd-logind" => "systemd-logind",
        "cron" if process.ppid == 1 => "cron",
        "atd" => "atd",
        "nginx" => "nginx",
        _ => return None,
    })
}

/// What a file of `/proc/PID` is made from.
pub(super) struct Subject<'a> {
    pub(super) fs: &'a Fs,
    pub(super) view: &'a View,
    pub(super) process: &'a Process,
    /// The program's file, empty for kernel threads.
    pub(super) exe: &'a str,
}

impl Subject<'_> {
    /// A file's contents.
    pub(super) fn file(&self, name: &str) -> Bytes {
        let p = self.process;
        let kernel = p.is_kernel();
        match name {
            "cmdline" if kernel => Bytes::new(),
            // Titles that programs give themselves are one argument.
            "cmdline" if p.command.contains(": ") => format!("{}\0", p.command).into(),
            "cmdline" => [p.command.replace(' ', "\0").as_bytes(), b"\0"].concat().into(),
            "comm" => format!("{}\n", p.name).into(),
            "mounts" => self.fs.mounts_text().into(),
            "mountinfo" => self.mountinfo().into(),
            "maps" if !kernel => self.maps().into(),
            "stat" => self.stat().into(),
            "statm" => self.statm().into(),
            "status" => self.status().into(),
            "limits" => self.limits().into(),
            "cgroup" => self.cgroup().into(),
            "io" => self.io().into(),
            "environ" if p.pid == self.view.pid || p.pid == self.view.shell_pid => {
                self.environment().into()
            }
            "oom_adj" | "oom_score_adj" => {
                let spared = p.name == "sshd" && p.ppid == 1 || p.name == "systemd-udevd";
                match (spared, name) {
                    (true, "oom_adj") => "-17\n".into(),
                    (true, _) => "-1000\n".into(),
                    _ => "0\n".into(),
                }
            }
            "oom_score" if kernel => "0\n".into(),
            "oom_score" => format!("{}\n", 666 + p.rss_kb / 4_096).into(),
            "wchan" => if p.state.starts_with('R') { "0" } else { "do_epoll_wait" }.into(),
            "autogroup" => format!("/autogroup-{} nice 0\n", p.pid % 300 + 1).into(),
            "coredump_filter" => "00000033\n".into(),
            "cpuset" => "/\n".into(),
            "uid_map" | "gid_map" | "projid_map" => "         0          0 4294967295\n".into(),
            "loginuid" if p.pid >= self.view.shell_pid.saturating_sub(8) => {
                self.uid().to_string().into()
            }
            "loginuid" | "sessionid" => "4294967295".into(),
            "personality" => "00000000\n".into(),
            "schedstat" => {
                let time = self.time();
                format!("{} {} {}\n", time * 10_000_000 + 921_000, time * 90_000, time + 12).into()
            }
            "setgroups" => "allow\n".into(),
            "syscall" => "running\n".into(),
            "timerslack_ns" => "50000\n".into(),
            _ => Bytes::new(),
        }
    }

    fn uid(&self) -> u32 {
        let persona = &self.fs.host().persona;
        persona.user(self.process.user.as_bytes()).map_or(0, |user| user.uid)
    }

    /// A number of this process's own.
    fn draw(&self, label: &str, low: u64, high: u64) -> u64 {
        let label = format!("{label} {} {}", self.process.pid, self.process.name);
        self.fs.host().draw(&label, low, high)
    }

    /// Processor time, in hundredths of a second.
    fn time(&self) -> u64 {
        let host = self.fs.host();
        let old = self.process.started_s + 60 < host.uptime(self.view.now).as_secs();
        if old { host.process_time(self.process, self.view.now) } else { 0 }
    }

    fn stat(&self) -> String {
        const TERMINAL: u32 = 34_816;
        let p = self.process;
        let kernel = p.is_kernel();
        let letter = p.state.chars().next().unwrap_or('S');
        let leads = p.state.contains('s');
        let time = self.time();
        let (group, session) = match (kernel, leads) {
            (true, _) => (0, 0),
            (_, true) => (p.pid, p.pid),
            _ if p.pid >= self.view.shell_pid => (p.pid, self.view.shell_pid),
            _ => (p.ppid, p.ppid),
        };
        let (terminal, foreground) = match p.tty.as_str() {
            "pts/0" => (TERMINAL, i64::from(self.view.pid)),
            "tty1" => (1_025, i64::from(p.pid)),
            "ttyS0" => (1_088, i64::from(p.pid)),
            _ => (0, -1),
        };
        let flags = if kernel { 2_129_984 } else { 4_194_560 };
        let (priority, nice) = match p.state.chars().nth(1) {
            Some('<') => (0, -20),
            Some('N') => (39, 19),
            _ => (20, 0),
        };
        let faults = if kernel { 0 } else { p.rss_kb / 5 };
        let threads = if p.state.contains('l') { 3 } else { 1 };
        let [code, code_end, stack, data, data_end, heap] = self.addresses();
        let hidden = kernel || self.view.uid != 0;
        let place = |at: u64| if hidden { 0 } else { at };
        let mut text = format!(
            "{} ({}) {letter} {} {group} {session} {terminal} {foreground} {flags} {faults} 0 {} 0 \
             {} {} 0 0 {priority} {nice} {threads} 0 {} {} {} 18446744073709551615",
            p.pid,
            p.name,
            p.ppid,
            u64::from(!kernel && p.pid == 1) * 68,
            time * 2 / 3,
            time / 3,
            p.started_s * 100 + u64::from(p.pid) * 37 % 100,
            p.vsz_kb * 1_024,
            p.rss_kb / 4,
        );
        let _ = write!(
            text,
            " {} {} {} 0 0 0 0 0 0 {} 0 0 17 {} 0 0 0 0 0",
            place(code),
            place(code_end),
            place(stack),
            u64::from(letter != 'R'),
            p.pid % self.fs.host().persona.machine.processors.max(1),
        );
        if self.fs.host().persona.is_gnu() {
            let arguments = stack + 0x0f00;
            let end = arguments + p.command.len() as u64 + 1;
            let _ = write!(
                text,
                " {} {} {} {} {} {} {} 0",
                place(data),
                place(data_end),
                place(heap),
                place(arguments),
                place(end),
                place(end),
                place(end + 0x1a0)
            );
        }
        text.push('\n');
        text
    }

    /// Where code begins and ends, the stack, data begin and end, and the heap.
    fn addresses(&self) -> [u64; 6] {
        if !self.fs.host().persona.machine.cpu.is_64_bit() {
            return [0x0040_0000, 0x0045_6000, 0x7fff_0e90, 0x0046_5000, 0x0046_6000, 0x0046_7000];
        }
        let base = 0x5500_0000_0000 | self.draw("base", 0, 0xff_ffff) << 12;
        let heap = base + 0x80_0000 + (self.draw("heap", 0, 0xfff) << 12);
        let stack = 0x7ffc_0000_0000 | self.draw("stack", 0, 0x3f_ffff) << 12;
        [base + 0x2000, base + 0x6611, stack, base + 0x9a90, base + 0xa0b8, heap]
    }

    fn statm(&self) -> String {
        let p = self.process;
        if p.is_kernel() {
            return "0 0 0 0 0 0 0\n".to_owned();
        }
        let (size, resident) = (p.vsz_kb / 4, p.rss_kb / 4);
        format!("{size} {resident} {} 5 0 {} 0\n", resident * 3 / 4, size / 18)
    }

    fn status(&self) -> String {
        let p = self.process;
        let gnu = self.fs.host().persona.is_gnu();
        let kernel = p.is_kernel();
        let letter = p.state.chars().next().unwrap_or('S');
        let word = match letter {
            'R' => "running",
            'I' => "idle",
            'T' => "stopped",
            'D' => "disk sleep",
            'Z' => "zombie",
            _ => "sleeping",
        };
        let user = self.fs.host().persona.user(p.user.as_bytes());
        let (uid, gid) = user.map_or((0, 0), |user| (user.uid, user.gid));
        let pid = p.pid;
        let mut text = format!("Name:\t{}\n", p.name);
        let mut row = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        if gnu {
            row(format!("Umask:\t{}", if kernel || p.pid == 1 { "0000" } else { "0022" }));
        }
        row(format!("State:\t{letter} ({word})\nTgid:\t{pid}"));
        if gnu {
            row("Ngid:\t0".to_owned());
        }
        let groups = if kernel || p.ppid == 1 { " ".to_owned() } else { format!("{gid} ") };
        row(format!(
            "Pid:\t{pid}\nPPid:\t{}\nTracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nFDSize:\t{}\nGroups:\t{groups}",
            p.ppid,
            if gnu && !kernel { 256 } else { 32 },
        ));
        if gnu {
            row(format!("NStgid:\t{pid}\nNSpid:\t{pid}\nNSpgid:\t{pid}\nNSsid:\t{pid}"));
        }
        if !kernel {
            let (data, stack, code, library) =
                if gnu { (p.vsz_kb / 18, 132, 20, 1_668) } else { (p.vsz_kb / 4, 84, 344, 260) };
            let kb = |label: &str, kb: u64| format!("{label}:\t{kb:>8} kB");
            row(kb("VmPeak", p.vsz_kb));
            row(kb("VmSize", p.vsz_kb));
            row(kb("VmLck", 0));
            if gnu {
                row(kb("VmPin", 0));
            }
            row(kb("VmHWM", p.rss_kb));
            row(kb("VmRSS", p.rss_kb));
            if gnu {
                let own = (p.rss_kb / 8) & !3;
                row(kb("RssAnon", own));
                row(kb("RssFile", p.rss_kb - own));
                row(kb("RssShmem", 0));
            }
            row(kb("VmData", data));
            row(kb("VmStk", stack));
            row(kb("VmExe", code));
            row(kb("VmLib", library));
            row(kb("VmPTE", if gnu { 48 + p.vsz_kb / 2_000 * 4 } else { 12 }));
            if gnu {
                row(kb("VmSwap", 0));
                row(kb("HugetlbPages", 0));
                row("CoreDumping:\t0\nTHP_enabled:\t1".to_owned());
            }
        }
        row(format!("Threads:\t{}", if p.state.contains('l') { 3 } else { 1 }));
        self.status_end(&mut text, uid);
        text
    }

    /// From the signals to the end.
    fn status_end(&self, text: &mut String, uid: u32) {
        const ALL: &str = "000001ffffffffff";
        const NONE: &str = "0000000000000000";
        let p = self.process;
        let host = self.fs.host();
        let gnu = host.persona.is_gnu();
        let pending = host.persona.memory.total_kb / 260;
        let _ =
            writeln!(text, "SigQ:\t0/{pending}\nSigPnd:\t{NONE}\nShdPnd:\t{NONE}\nSigBlk:\t{NONE}");
        let (ignored, caught) = match (p.is_kernel(), p.name.as_str()) {
            (true, _) => ("ffffffffffffffff", NONE),
            (_, "bash" | "sh") => ("0000000000384004", "000000004b813efb"),
            (_, "systemd") => ("0000000000001000", "00000001280014ec"),
            _ if p.ppid == 1 => ("0000000000001000", "0000000000014a03"),
            _ => (NONE, NONE),
        };
        let capabilities = if uid == 0 { ALL } else { NONE };
        let _ = writeln!(text, "SigIgn:\t{ignored}\nSigCgt:\t{caught}\nCapInh:\t{NONE}");
        if !gnu {
            let all = if uid == 0 { "ffffffffffffffff" } else { NONE };
            let _ = writeln!(
                text,
                "CapPrm:\t{all}\nCapEff:\t{all}\nCapBnd:\tffffffffffffffff\nvoluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}",
                self.time() * 3 + 2,
                self.time() / 2 + 1
            );
            return;
        }
        let cpus = host.persona.machine.processors.clamp(1, 31);
        let list = if cpus > 1 { format!("0-{}", cpus - 1) } else { "0".to_owned() };
        let _ = writeln!(
            text,
            "CapPrm:\t{capabilities}\nCapEff:\t{capabilities}\nCapBnd:\t{ALL}\nCapAmb:\t{NONE}\n\
             NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n\
             Speculation_Store_Bypass:\tthread vulnerable\nSpeculationIndirectBranch:\tconditional enabled\n\
             Cpus_allowed:\t{:x}\nCpus_allowed_list:\t{list}\nMems_allowed:\t00000000,00000001\n\
             Mems_allowed_list:\t0\nvoluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}",
            (1_u32 << cpus) - 1,
            self.time() * 3 + 2,
            self.time() / 2 + 1
        );
    }

    /// What is mapped: the program, its libraries, heap and stack.
    fn maps(&self) -> String {
        if self.exe.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        let mut row = |from: u64, size: u64, mode: &str, at: u64, file: &str| {
            let (device, inode) = if file.starts_with('/') {
                let gnu = self.fs.host().persona.is_gnu();
                let inode = self.fs.host().draw(&format!("inode {file}"), 1_100, 260_000);
                if gnu { ("fe:01", inode) } else { ("1f:03", inode % 900 + 12) }
            } else {
                ("00:00", 0)
            };
            let line = format!("{from:08x}-{:08x} {mode} {at:08x} {device} {inode}", from + size);
            let _ = if file.is_empty() {
                writeln!(text, "{line} ")
            } else {
                writeln!(text, "{line:<72} {file}")
            };
            from + size
        };
        let exe = self.exe;
        let [code, _, stack, _, _, heap] = self.addresses();
        if !self.fs.host().persona.machine.cpu.is_64_bit() {
            row(code, 0x5_6000, "r-xp", 0, exe);
            row(code + 0x6_5000, 0x1000, "rw-p", 0x5_5000, exe);
            row(code + 0x6_6000, 0x4000, "rwxp", 0, "[heap]");
            let base = 0x2aaa_8000 + (self.draw("library", 0, 0xff) << 12);
            let next = row(base, 0x6000, "r-xp", 0, "/lib/ld-uClibc.so.0");
            let next = row(next + 0xf000, 0x1000, "r--p", 0x5000, "/lib/ld-uClibc.so.0");
            let next = row(next, 0x1000, "rw-p", 0x6000, "/lib/ld-uClibc.so.0");
            let next = row(next, 0x4_7000, "r-xp", 0, "/lib/libc.so.0");
            let next = row(next + 0xf000, 0x2000, "rw-p", 0x4_6000, "/lib/libc.so.0");
            row(next, 0x5000, "rw-p", 0, "");
            row(stack & !0xfff, 0x1_5000, "rwxp", 0, "[stack]");
            return text;
        }
        let mut next = code - 0x2000;
        for (size, mode, at) in [
            (0x2000, "r--p", 0),
            (0x5000, "r-xp", 0x2000),
            (0x3000, "r--p", 0x7000),
            (0x1000, "r--p", 0x9000),
            (0x1000, "rw-p", 0xa000),
        ] {
            next = row(next, size, mode, at, exe);
        }
        row(heap, 0x2_1000, "rw-p", 0, "[heap]");
        let libc = "/usr/lib/x86_64-linux-gnu/libc.so.6";
        let loader = "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
        let mut next = 0x7f00_0000_0000 | self.draw("library", 0, 0xff_ffff) << 12;
        for (size, mode, at, file) in [
            (0x3000, "rw-p", 0, ""),
            (0x2_6000, "r--p", 0, libc),
            (0x15_5000, "r-xp", 0x2_6000, libc),
            (0x5_3000, "r--p", 0x17_b000, libc),
            (0x4000, "r--p", 0x1c_e000, libc),
            (0x2000, "rw-p", 0x1d_2000, libc),
            (0xd000, "rw-p", 0, ""),
        ] {
            next = row(next, size, mode, at, file);
        }
        next += 0x5000;
        for (size, mode, at, file) in [
            (0x2000, "rw-p", 0, ""),
            (0x1000, "r--p", 0, loader),
            (0x2_5000, "r-xp", 0x1000, loader),
            (0xa000, "r--p", 0x2_6000, loader),
            (0x2000, "r--p", 0x3_0000, loader),
            (0x2000, "rw-p", 0x3_2000, loader),
        ] {
            next = row(next, size, mode, at, file);
        }
        let top = stack & !0xfff;
        row(top, 0x2_1000, "rw-p", 0, "[stack]");
        row(top + 0x9_6000, 0x4000, "r--p", 0, "[vvar]");
        row(top + 0x9_a000, 0x2000, "r-xp", 0, "[vdso]");
        text
    }

    fn limits(&self) -> String {
        let pending = self.fs.host().persona.memory.total_kb / 260;
        let files = if self.process.ppid == 1 { (524_288, 524_288) } else { (1_024, 1_048_576) };
        let mut text =
            format!("{:<26}{:<21}{:<21}{:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
        let none = || "unlimited".to_owned();
        let both = |n: u64| (n.to_string(), n.to_string());
        for (name, (soft, hard), unit) in [
            ("Max cpu time", (none(), none()), "seconds"),
            ("Max file size", (none(), none()), "bytes"),
            ("Max data size", (none(), none()), "bytes"),
            ("Max stack size", ("8388608".to_owned(), none()), "bytes"),
            ("Max core file size", ("0".to_owned(), none()), "bytes"),
            ("Max resident set", (none(), none()), "bytes"),
            ("Max processes", both(pending), "processes"),
            ("Max open files", (files.0.to_string(), files.1.to_string()), "files"),
            ("Max locked memory", both(65_536 * 128 / 32), "bytes"),
            ("Max address space", (none(), none()), "bytes"),
            ("Max file locks", (none(), none()), "locks"),
            ("Max pending signals", both(pending), "signals"),
            ("Max msgqueue size", both(819_200), "bytes"),
            ("Max nice priority", both(0), ""),
            ("Max realtime priority", both(0), ""),
            ("Max realtime timeout", (none(), none()), "us"),
        ] {
            let _ = writeln!(text, "{name:<25} {soft:<20} {hard:<20} {unit:<10}");
        }
        text
    }

    fn cgroup(&self) -> String {
        let p = self.process;
        if !self.fs.host().persona.is_gnu() {
            return String::new();
        }
        let unit = if p.is_kernel() {
            "/".to_owned()
        } else if p.pid == 1 {
            "/init.scope".to_owned()
        } else if p.pid >= self.view.shell_pid.saturating_sub(9) {
            format!(
                "/user.slice/user-{}.slice/session-{}.scope",
                self.uid(),
                self.view.shell_pid / 40
            )
        } else {
            let unit = unit_of(p).unwrap_or("system");
            let slice = match unit.split_once('@') {
                Some((kind, _)) => format!("system-{kind}.slice/{unit}"),
                None => unit.to_owned(),
            };
            format!("/system.slice/{slice}.service")
        };
        format!("0::{unit}\n")
    }

    fn io(&self) -> String {
        let p = self.process;
        let busy = self.time() * 700 + 1;
        let read = self.draw("read", 9_000, 40_000) + busy * 3;
        format!(
            "rchar: {read}\nwchar: {busy}\nsyscr: {}\nsyscw: {}\nread_bytes: {}\nwrite_bytes: {}\ncancelled_write_bytes: 0\n",
            read / 700,
            busy / 90,
            if p.ppid == 1 { (read / 2) & !4_095 } else { 0 },
            if p.ppid == 1 { busy & !4_095 } else { 0 },
        )
    }

    /// What the session's programs were started with.
    fn environment(&self) -> String {
        let persona = &self.fs.host().persona;
        let user = persona.user(self.process.user.as_bytes());
        let home = user.map_or("/", |user| user.home.as_str());
        let shell = user.map_or("/bin/sh", |user| user.shell.as_str());
        let mut text = format!("USER={0}\0LOGNAME={0}\0HOME={home}\0", self.process.user);
        let _ = write!(text, "PATH={}\0SHELL={shell}\0", persona.shell.path);
        if let Some((own, peer)) = self.view.seat.connection {
            let (from, port) = (peer.ip().to_canonical(), peer.port());
            if persona.is_gnu() {
                let (to, service) = (own.ip(), own.port());
                let _ = write!(text, "SSH_CLIENT={from} {port} {service}\0");
                let _ = write!(text, "SSH_CONNECTION={from} {port} {to} {service}\0");
            }
        }
        text
    }

    fn mountinfo(&self) -> String {
        let mut text = String::new();
        for (place, mount) in self.fs.host().persona.mounts.iter().enumerate() {
            let number = 22 + place;
            let parent = match mount.point.as_str() {
                "/" => 1,
                _ => {
                    22 + self
                        .fs
                        .host()
                        .persona
                        .mounts
                        .iter()
                        .position(|m| m.point == "/")
                        .unwrap_or(0)
                }
            };
            let (own, all) = mount.options.split_once(",errors=").unwrap_or((&mount.options, ""));
            let device = if mount.device.starts_with("/dev/") { "254:1" } else { "0:" };
            let device = if device == "0:" { format!("0:{number}") } else { device.to_owned() };
            let all = if all.is_empty() { "rw".to_owned() } else { format!("rw,errors={all}") };
            let _ = writeln!(
                text,
                "{number} {parent} {device} / {} {own} shared:{} - {} {} {all}",
                mount.point,
                place + 1,
                mount.kind,
                mount.device
            );
        }
        text
    }
}

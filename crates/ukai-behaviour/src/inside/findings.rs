//! How a sample stays, hides, looks around and interferes: read off single records by where
//! they happen, and off the whole at the end.

use super::base;
use super::files::Files;
use crate::limits::{FEW, FINDINGS_MAX, LOGGED_MAX, TEXT_BYTES_MAX};
use std::collections::{BTreeMap, BTreeSet};
use ukai_model::{FindingKind, Proof};
use ukai_trace::Address;

/// Sleeps from this on are long, in milliseconds.
const LONG_SLEEP_MS: u64 = 60_000;
/// So many foreign processes whose program is looked at are a search.
const SEARCHED_PROCESSES: usize = 3;
/// So many files that get the same new ending are being taken hostage.
const SAME_ENDING: u64 = 10;
/// So many foreign files that are deleted are being destroyed.
const FOREIGN_DELETED: u64 = 20;

/// Findings of one run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: BTreeMap<(FindingKind, &'static str, Vec<u8>), Found>,
    searched: BTreeSet<Vec<u8>>,
    search: Vec<Proof>,
    endings: BTreeMap<Vec<u8>, (u64, Vec<Proof>)>,
    foreign_deleted: (u64, Vec<Proof>),
    slept: (u64, Vec<Proof>),
    /// Of the kind [`FindingKind::Log`], so many.
    logged: usize,
    pub(crate) left_out: u64,
}

/// One finding while the trace is read.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) kind: FindingKind,
    pub(crate) how: &'static str,
    pub(crate) detail: Vec<u8>,
    pub(crate) count: u64,
    pub(crate) proofs: Vec<Proof>,
}

impl Found {
    pub(super) const fn kind_name(&self) -> &'static str {
        match self.kind {
            FindingKind::Persistence => "persistence",
            FindingKind::Hiding => "hiding",
            FindingKind::Evasion => "evasion",
            FindingKind::Interference => "interference",
            FindingKind::Destruction => "destruction",
            FindingKind::Log => "log",
        }
    }
}

/// Places where a file that is written means something, by pattern: a `*` stands for
/// anything. The first that fits counts.
const PLACES: &[(&str, FindingKind, &str)] = {
    use FindingKind::{Destruction, Hiding, Interference, Persistence};
    &[
        ("/etc/cron*", Persistence, "cron"),
        ("/var/spool/cron*", Persistence, "cron"),
        ("/var/spool/at/*", Persistence, "at"),
        ("/etc/systemd/*", Persistence, "systemd"),
        ("/lib/systemd/system/*", Persistence, "systemd"),
        ("/usr/lib/systemd/*", Persistence, "systemd"),
        ("/run/systemd/system/*", Persistence, "systemd"),
        ("*/.config/systemd/user/*", Persistence, "systemd"),
        ("/etc/init.d/*", Persistence, "init"),
        ("/etc/init/*", Persistence, "init"),
        ("/etc/inittab", Persistence, "init"),
        ("/etc/rc.local", Persistence, "init"),
        ("/etc/rc*", Persistence, "init"),
        ("/etc/config/*", Persistence, "init"),
        ("/jffs/*", Persistence, "init"),
        ("/etc/ld.so.preload", Hiding, "preload"),
        ("/etc/profile*", Persistence, "shell-profile"),
        ("/etc/bash.bashrc", Persistence, "shell-profile"),
        ("*/.bashrc", Persistence, "shell-profile"),
        ("*/.profile", Persistence, "shell-profile"),
        ("*/.bash_profile", Persistence, "shell-profile"),
        ("*/.zshrc", Persistence, "shell-profile"),
        ("*/.ssh/authorized_keys*", Persistence, "ssh-key"),
        ("/etc/passwd", Persistence, "account"),
        ("/etc/shadow", Persistence, "account"),
        ("/etc/sudoers*", Persistence, "account"),
        ("/etc/udev/rules.d/*", Persistence, "udev"),
        ("/etc/modules*", Persistence, "kernel-module"),
        ("/etc/update-motd.d/*", Persistence, "motd"),
        ("*/.config/autostart/*", Persistence, "autostart"),
        ("*/Start Menu/Programs/Startup/*", Persistence, "startup-folder"),
        ("*/Start Menu/Programs/StartUp/*", Persistence, "startup-folder"),
        ("/etc/hosts", Interference, "hosts"),
        ("/etc/resolv.conf", Interference, "resolver"),
        ("/etc/selinux/*", Interference, "defences-off"),
        ("/var/log/*", Hiding, "logs-changed"),
        ("*/.bash_history", Hiding, "history-changed"),
        ("/proc/sys/*", Interference, "kernel-settings"),
        ("/proc/*/oom_*adj*", Interference, "out-of-memory-guard"),
        ("/proc/sysrq-trigger", Destruction, "sysrq"),
        ("/dev/watchdog*", Interference, "watchdog"),
        ("/dev/misc/watchdog", Interference, "watchdog"),
        ("/dev/mtd*", Destruction, "flash"),
        ("/dev/sd*", Destruction, "disk"),
        ("/dev/vd*", Destruction, "disk"),
        ("/dev/mmcblk*", Destruction, "disk"),
        ("/dev/mem", Interference, "memory"),
    ]
};

/// Places where a look means something.
const LOOKS: &[(&str, &str)] = &[
    ("/sys/class/dmi/*", "hardware-names"),
    ("/sys/devices/virtual/dmi/*", "hardware-names"),
    ("/sys/firmware/dmi/*", "hardware-names"),
    ("/sys/hypervisor*", "hypervisor"),
    ("/proc/xen*", "hypervisor"),
    ("/proc/cpuinfo", "processor"),
    ("/proc/scsi/scsi", "disks"),
    ("/proc/ide/*", "disks"),
    ("/proc/self/status", "debugger"),
    ("/.dockerenv", "container"),
    ("/proc/1/cgroup", "container"),
    ("/proc/1/sched", "container"),
    ("/proc/modules", "kernel-modules"),
    ("/sys/module/virtio*", "kernel-modules"),
    ("/proc/uptime", "uptime"),
    ("/sys/kernel/debug/*", "tracing"),
    ("/sys/kernel/tracing/*", "tracing"),
    ("/dev/virtio-ports*", "hypervisor"),
    ("/dev/vport*", "hypervisor"),
    ("/sys/class/net/*/address", "network-card"),
];

/// Commands that mean something, by the name of the program and a part of the command line.
const COMMANDS: &[(&str, &str, FindingKind, &str)] = {
    use FindingKind::{Destruction, Hiding, Interference, Persistence};
    &[
        ("crontab", "", Persistence, "cron"),
        ("systemctl", "enable", Persistence, "systemd"),
        ("update-rc.d", "", Persistence, "init"),
        ("chkconfig", "", Persistence, "init"),
        ("schtasks.exe", "/create", Persistence, "scheduled-task"),
        ("reg.exe", "currentversion\\run", Persistence, "run-key"),
        ("useradd", "", Persistence, "account"),
        ("adduser", "", Persistence, "account"),
        ("chattr", "+i", Persistence, "immutable-file"),
        ("insmod", "", Hiding, "kernel-module"),
        ("modprobe", "", Hiding, "kernel-module"),
        ("iptables", "", Interference, "firewall"),
        ("nft", "", Interference, "firewall"),
        ("ufw", "", Interference, "firewall"),
        ("netsh.exe", "firewall", Interference, "firewall"),
        ("setenforce", "", Interference, "defences-off"),
        ("systemctl", "stop", Interference, "service-stopped"),
        ("pkill", "", Interference, "processes-killed"),
        ("killall", "", Interference, "processes-killed"),
        ("vssadmin.exe", "delete", Destruction, "backups-deleted"),
        ("mkfs", "", Destruction, "disk"),
    ]
};

/// What writing a file at a path means.
pub(super) fn of_path(path: &[u8]) -> Option<(FindingKind, &'static str)> {
    // Windows' paths, as the patterns have them.
    let slashes = path.get(1..3) == Some(b":\\");
    let turned =
        slashes.then(|| path.iter().map(|b| if *b == b'\\' { b'/' } else { *b }).collect());
    let path = turned.as_ref().map_or(path, Vec::as_slice);
    PLACES.iter().find(|(pattern, _, _)| fits(pattern, path)).map(|(_, kind, how)| (*kind, *how))
}

/// What a command means.
pub(super) fn of_command(path: &[u8], command: &[u8]) -> Option<(FindingKind, &'static str)> {
    let command = command.to_ascii_lowercase();
    // A program of busybox is named by its first argument.
    let name = match base(path) {
        b"busybox" => {
            command.split(|b| *b == b' ').nth(usize::from(command.starts_with(b"busybox")))
        }
        _ => None,
    };
    let name = name.unwrap_or_else(|| base(path)).to_ascii_lowercase();
    let found = COMMANDS.iter().find(|(program, part, _, _)| {
        name == program.as_bytes()
            && (part.is_empty() || command.windows(part.len()).any(|w| w == part.as_bytes()))
    });
    found.map(|(_, _, kind, how)| (*kind, *how))
}

/// Whether a path fits a pattern with `*`, in time linear in both for each star.
fn fits(pattern: &str, path: &[u8]) -> bool {
    let mut parts = pattern.as_bytes().split(|byte| *byte == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let parts: Vec<&[u8]> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.windows(part.len().max(1)).position(|w| w.starts_with(part)) else {
            return part.is_empty();
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl Findings {
    pub(super) fn add(
        &mut self,
        kind: FindingKind,
        how: &'static str,
        detail: &[u8],
        proof: &Proof,
    ) {
        self.add_many(kind, how, detail, 1, std::slice::from_ref(proof));
    }

    fn add_many(
        &mut self,
        kind: FindingKind,
        how: &'static str,
        detail: &[u8],
        count: u64,
        proofs: &[Proof],
    ) {
        let detail = detail[..detail.len().min(TEXT_BYTES_MAX)].to_vec();
        let key = (kind, how, detail);
        if !self.all.contains_key(&key) {
            let is_log = kind == FindingKind::Log;
            if self.all.len() >= FINDINGS_MAX || is_log && self.logged >= LOGGED_MAX {
                self.left_out += 1;
                return;
            }
            self.logged += usize::from(is_log);
        }
        let detail = key.2.clone();
        let found = self.all.entry(key).or_insert_with(|| Found {
            kind,
            how,
            detail,
            count: 0,
            proofs: Vec::new(),
        });
        found.count = found.count.saturating_add(count);
        for proof in proofs {
            note(&mut found.proofs, proof);
        }
    }

    pub(super) fn wrote(&mut self, path: &[u8], created: bool, proof: &Proof) {
        if let Some((kind, how)) = of_path(path) {
            self.add(kind, how, path, proof);
        } else if created && base(path).starts_with(b".") && base(path).len() > 1 {
            let open = [&b"/tmp/"[..], b"/var/", b"/dev/shm/", b"/run/", b"/usr/", b"/etc/"];
            if open.iter().any(|start| path.starts_with(start)) {
                self.add(FindingKind::Hiding, "hidden-file", path, proof);
            }
        }
    }

    pub(super) fn opened(&mut self, path: &[u8], proof: &Proof) {
        if let Some((_, how)) = LOOKS.iter().find(|(pattern, _)| fits(pattern, path)) {
            self.add(FindingKind::Evasion, how, path, proof);
        }
        if let Some(rest) = path.strip_prefix(b"/proc/") {
            let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            let (pid, what) = rest.split_at(end);
            let looks = matches!(what, b"/exe" | b"/cmdline" | b"/maps" | b"/comm" | b"/fd");
            if looks && !pid.is_empty() && pid.iter().all(u8::is_ascii_digit) {
                if self.searched.len() < 4_096 {
                    self.searched.insert(pid.to_vec());
                }
                note(&mut self.search, proof);
            }
        }
    }

    pub(super) fn executed(&mut self, path: &[u8], command: &[u8], deleted: bool, proof: &Proof) {
        if deleted || path.starts_with(b"/memfd:") || path.starts_with(b"/proc/self/fd/") {
            self.add(FindingKind::Hiding, "runs-from-memory", path, proof);
        }
        if let Some((kind, how)) = of_command(path, command) {
            self.add(kind, how, command, proof);
        }
    }

    pub(super) fn named(&mut self, name: &[u8], program: &[u8], proof: &Proof) {
        // The kernel keeps 15 bytes of a name.
        let own = base(program);
        let same = name.starts_with(&own[..own.len().min(15)]) || own.starts_with(name);
        if !same && !name.is_empty() && !own.is_empty() {
            self.add(FindingKind::Hiding, "process-name", name, proof);
        }
    }

    pub(super) fn renamed(&mut self, from: &[u8], to: &[u8], proof: &Proof) {
        self.wrote(to, true, proof);
        let (old, new) = (base(from), base(to));
        if let Some(ending) = new.strip_prefix(old).filter(|ending| ending.starts_with(b".")) {
            let known = self.endings.len() < 256 || self.endings.contains_key(ending);
            if known {
                let entry = self.endings.entry(ending.to_vec()).or_default();
                entry.0 += 1;
                note(&mut entry.1, proof);
            }
        }
    }

    pub(super) fn deleted(&mut self, path: &[u8], own: bool, made_here: bool, proof: &Proof) {
        if own {
            self.add(FindingKind::Hiding, "self-deletion", path, proof);
        } else if path.starts_with(b"/var/log/") {
            self.add(FindingKind::Hiding, "logs-deleted", path, proof);
        } else if path.ends_with(b"/.bash_history") {
            self.add(FindingKind::Hiding, "history-changed", path, proof);
        } else if !made_here {
            self.foreign_deleted.0 += 1;
            note(&mut self.foreign_deleted.1, proof);
        }
    }

    pub(super) fn killed(&mut self, name: &[u8], signal: i32, proof: &Proof) {
        let signal = format!(", signal {signal}");
        let detail = [if name.is_empty() { b"?" } else { name }, signal.as_bytes()].concat();
        self.add(FindingKind::Interference, "processes-killed", &detail, proof);
    }

    pub(super) fn traced(&mut self, target: u32, request: u64, pid: u32, proof: &Proof) {
        // PTRACE_TRACEME: whoever is traced already learns so.
        if request == 0 {
            self.add(FindingKind::Evasion, "debugger", b"PTRACE_TRACEME", proof);
        } else if target != pid {
            let detail = format!("process {target}");
            self.add(FindingKind::Interference, "process-traced", detail.as_bytes(), proof);
        }
    }

    /// Connections that are not of IP.
    pub(super) fn reached_for(&mut self, remote: &Address, proof: &Proof) {
        if let Address::Vsock { cid, port } = remote {
            let detail = format!("machine {cid}, port {port}");
            self.add(FindingKind::Interference, "host-reached-for", detail.as_bytes(), proof);
        }
    }

    pub(super) fn mounted(&mut self, source: &[u8], target: &[u8], kind: &[u8], proof: &Proof) {
        if target.starts_with(b"/proc/") {
            let detail = [source, b" over ", target].concat();
            self.add(FindingKind::Hiding, "process-covered", &detail, proof);
        } else {
            self.add(FindingKind::Interference, "mount", target, proof);
        }
        let places = [source, target];
        let traced = |path: &&[u8]| path.ends_with(b"tracing") || path.ends_with(b"debug");
        if matches!(kind, b"tracefs" | b"debugfs") || places.iter().any(traced) {
            self.add(FindingKind::Evasion, "tracing", target, proof);
        }
    }

    pub(super) fn slept(&mut self, ms: u64, proof: &Proof) {
        if ms >= LONG_SLEEP_MS {
            self.slept.0 = self.slept.0.max(ms);
            note(&mut self.slept.1, proof);
        }
    }

    pub(super) fn conclude(&mut self, files: &Files, run: u32) {
        if self.searched.len() >= SEARCHED_PROCESSES {
            let detail = format!("{} processes looked at", self.searched.len());
            let proofs = std::mem::take(&mut self.search);
            let kind = FindingKind::Interference;
            self.add_many(kind, "process-search", detail.as_bytes(), 1, &proofs);
        }
        for (ending, (count, proofs)) in std::mem::take(&mut self.endings) {
            if count >= SAME_ENDING {
                let detail = [format!("{count} files renamed to *").as_bytes(), &ending].concat();
                let kind = FindingKind::Destruction;
                self.add_many(kind, "files-renamed", &detail, 1, &proofs);
            }
        }
        if self.foreign_deleted.0 >= FOREIGN_DELETED {
            let detail = format!("{} files that it had not made", self.foreign_deleted.0);
            let proofs = std::mem::take(&mut self.foreign_deleted.1);
            let kind = FindingKind::Destruction;
            self.add_many(kind, "files-deleted", detail.as_bytes(), 1, &proofs);
        }
        if self.slept.0 > 0 {
            let detail = format!("{} s at once", (self.slept.0 + 500) / 1_000);
            let proofs = std::mem::take(&mut self.slept.1);
            self.add_many(FindingKind::Evasion, "long-sleep", detail.as_bytes(), 1, &proofs);
        }
        // A file that replaces the sample's own comes from an update.
        let replaced = files.all().find(|(path, track)| files.is_own(path) && track.written > 0);
        if let Some((path, track)) = replaced {
            let proofs: Vec<Proof> =
                track.proofs.iter().filter(|proof| proof.run == run).cloned().collect();
            self.add_many(FindingKind::Persistence, "own-file-replaced", path, 1, &proofs);
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Found> {
        self.all.values()
    }
}

/// Keeps a proof, if there is room and it is not kept.
pub(crate) fn note(proofs: &mut Vec<Proof>, proof: &Proof) {
    if proofs.len() < FEW && !proofs.contains(proof) {
        proofs.push(proof.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, of_command, of_path};
    use ukai_model::FindingKind;

    #[test]
    fn patterns_fit_as_shells_have_them() {
        for (pattern, path, expected) in [
            ("/etc/cron*", "/etc/crontab", true),
            ("/etc/cron*", "/etc/cron.d/x", true),
            ("*/.bashrc", "/root/.bashrc", true),
            ("*/.bashrc", "/root/.bashrc2", false),
            ("/etc/rc.local", "/etc/rc.local.d", false),
            ("/proc/*/oom_*adj*", "/proc/12/oom_score_adj", true),
            ("/proc/*/oom_*adj*", "/proc/12/maps", false),
            ("a*b", "ab", true),
            ("a*b", "a", false),
        ] {
            assert_eq!(fits(pattern, path.as_bytes()), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn places_and_commands_are_named() {
        assert_eq!(of_path(b"/etc/cron.d/x"), Some((FindingKind::Persistence, "cron")));
        assert_eq!(of_path(b"/etc/hostname"), None);
        let startup = b"C:\\users\\x\\Start Menu\\Programs\\StartUp\\a.exe";
        assert_eq!(of_path(startup), Some((FindingKind::Persistence, "startup-folder")));
        let busybox = of_command(b"/bin/busybox", b"busybox crontab -");
        assert_eq!(busybox, Some((FindingKind::Persistence, "cron")));
        assert_eq!(of_command(b"/usr/bin/systemctl", b"systemctl status x"), None);
    }
}

//! QEMU, looked at from the host: what it is, what it has, what it can reach.

use crate::guest::{running, says};
use std::collections::BTreeSet;
use std::fs;
use ukai_sandbox::machine::Running;

/// The only child of a process.
pub(crate) fn child_of(pid: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.expect("a process");
    children.trim().parse().unwrap_or_else(|_| panic!("one child, not {children:?}"))
}

/// The process of QEMU.
pub(crate) fn qemu_of(running: &Running) -> u32 {
    child_of(running.process().expect("it runs"))
}

fn of_process(pid: u32, file: &str) -> String {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn field<'a>(status: &'a str, name: &str) -> Vec<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name}")).split_whitespace().collect()
}

#[tokio::test]
async fn it_has_no_rights() {
    let running = running().await;
    for pid in [qemu_of(&running), running.process().expect("it runs")] {
        let status = of_process(pid, "status");
        for id in field(&status, "Uid").into_iter().chain(field(&status, "Gid")) {
            assert_ne!(id, "0", "{status}");
        }
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(field(&status, set), ["0000000000000000"], "{set}");
        }
        assert_eq!(field(&status, "NoNewPrivs"), ["1"]);
    }
    // QEMU filters its own system calls, all threads.
    let qemu = qemu_of(&running);
    for thread in fs::read_dir(format!("/proc/{qemu}/task")).expect("threads") {
        let thread = thread.expect("a thread").file_name();
        let thread = thread.to_str().expect("a number");
        let status = of_process(qemu, &format!("task/{thread}/status"));
        assert_eq!(field(&status, "Seccomp"), ["2"], "thread {thread}");
    }
    running.end().await;
}

#[tokio::test]
async fn it_is_in_namespaces_in_which_there_is_nothing() {
    let mut running = running().await;
    let qemu = qemu_of(&running);
    for kind in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"] {
        let of = |process: &str| {
            fs::read_link(format!("/proc/{process}/ns/{kind}")).expect("a namespace")
        };
        assert_ne!(of(&qemu.to_string()), of("self"), "{kind}");
    }
    // The first of its namespace, and alone.
    let status = of_process(qemu, "status");
    assert_eq!(field(&status, "NSpid").last(), Some(&"1"));
    // A guest that tries to reach something has no other network than its card.
    let line = "ip link set eth0 up; ip address add 10.0.0.2/24 dev eth0; \
        ip route add default dev eth0; for a in 1 2 3; do ping -c 1 -W 1 192.0.2.$a; done; true";
    says(&mut running, line).await;
    let devices = of_process(qemu, "net/dev");
    let devices: Vec<&str> = devices.lines().skip(2).collect();
    let [only] = devices[..] else { panic!("{devices:?}") };
    let (name, counters) = only.split_once(':').expect("counters");
    assert_eq!(name.trim(), "lo");
    assert!(counters.split_whitespace().all(|counter| counter == "0"), "{only}");
    for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet"] {
        assert_eq!(of_process(qemu, &format!("net/{table}")).lines().count(), 1, "{table}");
    }
    let routes = of_process(qemu, "net/route");
    assert!(routes.lines().count() <= 1, "{routes}");
    running.end().await;
}

#[tokio::test]
async fn it_sees_no_file_of_the_host_but_its_own_and_may_write_none() {
    let running = running().await;
    let qemu = qemu_of(&running);
    let mut seen = BTreeSet::new();
    for line in of_process(qemu, "mountinfo").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (place, options) = (words[4], words[5]);
        seen.insert(place.to_owned());
        // A device and the processes of its own namespace are not files.
        let harmless = matches!(place, "/proc" | "/dev/null" | "/dev/kvm");
        assert!(harmless || options.split(',').any(|option| option == "ro"), "{line}");
        assert!(options.contains("nosuid") || place.starts_with("/dev/"), "{line}");
    }
    let allowed = [
        "/",
        "/dev/kvm",
        "/dev/null",
        "/etc/ld.so.cache",
        "/lib",
        "/lib64",
        "/proc",
        "/usr/bin/qemu-system-x86_64",
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/local/share/qemu",
        "/usr/share/qemu",
        "/usr/share/seabios",
    ];
    for place in &seen {
        assert!(allowed.contains(&place.as_str()), "{place} is shown");
    }
    let root: BTreeSet<_> = fs::read_dir(format!("/proc/{qemu}/root"))
        .expect("its root")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    for name in &root {
        assert!(["dev", "etc", "lib", "lib64", "proc", "usr"].contains(&name.as_str()), "{name}");
    }
    running.end().await;
}

#[tokio::test]
async fn it_holds_sockets_of_ours_and_files_in_memory_and_nothing_else() {
    let running = running().await;
    let qemu = qemu_of(&running);
    for entry in fs::read_dir(format!("/proc/{qemu}/fd")).expect("descriptors") {
        let entry = entry.expect("a descriptor").path();
        let Ok(target) = fs::read_link(&entry) else { continue };
        let target = target.to_str().expect("text");
        let own = ["socket:", "anon_inode:", "/memfd:", "pipe:", "/dev/null", "/dev/kvm"];
        // What it boots from; read-only, as the kernel keeps it.
        let parts = target.contains("vmlinuz") || target.contains("initial.gz");
        assert!(parts || own.iter().any(|own| target.starts_with(own)), "{target}");
        if parts {
            let number = entry.file_name().and_then(|name| name.to_str()).expect("a number");
            let info = of_process(qemu, &format!("fdinfo/{number}"));
            let flags = i32::from_str_radix(field(&info, "flags")[0], 8).expect("octal");
            assert_eq!(flags & libc::O_ACCMODE, libc::O_RDONLY, "{target}");
        }
    }
    // Limits, whatever the guest makes of QEMU.
    let limits = of_process(qemu, "limits");
    for (name, value) in [("Max file size", "0"), ("Max core file size", "0")] {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("a limit");
        assert_eq!(line[name.len()..].split_whitespace().next(), Some(value), "{line}");
    }
    running.end().await;
}

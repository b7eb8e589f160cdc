//! The confining process: it gives up everything, starts QEMU in namespaces of its own, and
//! ends it when its time is up or when nobody wants it any more.

use super::orders::Orders;
use super::root;
use crate::limits::QEMU_DESCRIPTORS_MAX;
use nix::sched::CloneFlags;
use nix::unistd::ForkResult;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{
    DumpableBehavior, Gid, Pid, PidfdFlags, Resource, Rlimit, Signal, Uid, WaitOptions, getegid,
    geteuid, pidfd_open, pidfd_send_signal, set_dumpable_behavior, set_parent_process_death_signal,
    setrlimit, waitpid,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Whom QEMU runs as when we are root: nobody.
const NOBODY: u32 = 65_534;

/// What the confining process exits with when it could not do its work.
pub(super) const CANNOT: u8 = 125;

type Step<T> = Result<T, (String, io::Error)>;

/// The confining process, to its end. Call it first in `main`, on the only thread.
pub fn confined() -> ExitCode {
    match confine() {
        Ok(code) => ExitCode::from(code),
        Err((step, error)) => {
            eprintln!("cannot {step}: {error}");
            ExitCode::from(CANNOT)
        }
    }
}

fn confine() -> Step<u8> {
    let control = rustix::stdio::stdin();
    let (orders, descriptors) =
        Orders::receive(control).map_err(|error| ("read the orders".to_owned(), error))?;
    let deadline = Instant::now() + Duration::from_millis(orders.deadline_ms);
    // Whoever must give memory back first, should it run short.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    become_nobody(orders.kvm)?;
    unshare()?;
    #[allow(unsafe_code, reason = "this process has one thread, so no lock is held by another")]
    // SAFETY: as above; fork is then as good as in any program of one thread.
    let forked = unsafe { nix::unistd::fork() };
    match step("fork", forked.map_err(io::Error::from))? {
        ForkResult::Child => Err(become_qemu(&orders, &descriptors)),
        ForkResult::Parent { child } => {
            // So that QEMU's end closes them.
            drop(descriptors);
            give_up_capabilities()?;
            let pid = Pid::from_raw(child.as_raw()).expect("a process");
            watch(pid, deadline)
        }
    }
}

/// Root runs nothing as root.
fn become_nobody(kvm: bool) -> Step<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let device = kvm.then(|| std::fs::metadata("/dev/kvm").ok()).flatten();
    let groups: Vec<Gid> = device.map(|device| Gid::from_raw(device.gid())).into_iter().collect();
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    sys("leave groups", set_thread_groups(&groups))?;
    sys("change the group", set_thread_res_gid(gid, gid, gid))?;
    sys("change the user", set_thread_res_uid(uid, uid, uid))?;
    // A process that has changed its user must not write its own maps otherwise.
    sys("stay its own", set_dumpable_behavior(DumpableBehavior::Dumpable))
}

/// Namespaces in which there is nothing.
fn unshare() -> Step<()> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let flags = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    step("make namespaces", nix::sched::unshare(flags).map_err(io::Error::from))?;
    step("close the groups", std::fs::write("/proc/self/setgroups", "deny"))?;
    step("map the user", std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1")))?;
    step("map the group", std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1")))
}

/// The first process of the new namespace; it comes back only if it fails.
fn become_qemu(orders: &Orders, descriptors: &[OwnedFd]) -> (String, io::Error) {
    if let Err(error) = prepare(orders, descriptors) {
        return error;
    }
    let numbers: Vec<i32> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let error = Command::new(&orders.program)
        .args(orders.arguments_with(&numbers))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .exec();
    (format!("start {}", orders.program.display()), error)
}

fn prepare(orders: &Orders, descriptors: &[OwnedFd]) -> Step<()> {
    sys("end with the parent", set_parent_process_death_signal(Some(Signal::KILL)))?;
    root::enter(&orders.program, orders.kvm)?;
    let hard = |amount| Rlimit { current: Some(amount), maximum: Some(amount) };
    for (resource, amount, what) in [
        (Resource::As, orders.memory_bytes, "limit memory"),
        (Resource::Cpu, orders.cpu_s, "limit processor time"),
        (Resource::Fsize, orders.file_bytes, "limit files' size"),
        (Resource::Nofile, QEMU_DESCRIPTORS_MAX, "limit file descriptors"),
        (Resource::Core, 0, "forbid core dumps"),
        (Resource::Memlock, 0, "forbid locked memory"),
    ] {
        sys(what, setrlimit(resource, hard(amount)))?;
    }
    // What goes beyond the limit of files' size is an error of writing, not QEMU's end.
    #[allow(unsafe_code, reason = "ignoring a signal has no safe binding")]
    // SAFETY: no handler of ours is called, now or later.
    let ignored = unsafe {
        nix::sys::signal::signal(nix::sys::signal::SIGXFSZ, nix::sys::signal::SigHandler::SigIgn)
    };
    step("ignore a signal", ignored.map_err(io::Error::from))?;
    for descriptor in descriptors {
        sys("hand a descriptor over", fcntl_setfd(descriptor, FdFlags::empty()))?;
    }
    give_up_capabilities()
}

fn give_up_capabilities() -> Step<()> {
    sys("forbid new privileges", set_no_new_privs(true))?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    sys("give up capabilities", set_capabilities(None, none))
}

/// Waits for QEMU's end, and sees to it: at the deadline, or when the other end of standard
/// input is closed, as it is when our parent dies.
fn watch(pid: Pid, deadline: Instant) -> Step<u8> {
    let process = sys("watch QEMU", pidfd_open(pid, PidfdFlags::empty()))?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        let mut waiting = [
            PollFd::new(&process, PollFlags::IN),
            PollFd::from_borrowed_fd(rustix::stdio::stdin(), PollFlags::IN),
        ];
        match poll(&mut waiting, timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            result => sys("wait", result)?,
        };
        let (ended, unwanted) = (&waiting[0], &waiting[1]);
        if ended.revents().is_empty() && unwanted.revents().is_empty() && !left.is_zero() {
            continue;
        }
        if ended.revents().is_empty() {
            let _ = pidfd_send_signal(&process, Signal::KILL);
        }
        let ended = sys("wait for QEMU", waitpid(Some(pid), WaitOptions::empty()))?;
        let status = ended.map(|(_, status)| status);
        let signal = status.and_then(rustix::process::WaitStatus::terminating_signal);
        return Ok(match signal {
            Some(signal) => 128_u8.wrapping_add(signal as u8),
            None => status.and_then(rustix::process::WaitStatus::exit_status).unwrap_or(1) as u8,
        });
    }
}

fn step<T>(what: &str, result: io::Result<T>) -> Step<T> {
    result.map_err(|error| (what.to_owned(), error))
}

fn sys<T>(what: &str, result: rustix::io::Result<T>) -> Step<T> {
    step(what, result.map_err(io::Error::from))
}

//! Where the sample lives: process, mount and time namespaces of its own, under a process
//! that stands for Debian's init, among processes that stand for its services.
//!
//! Made before the snapshot, so that a run only has to fork.

use std::ffi::{CStr, CString};
use std::fs;
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use ukai_trace::Order;

use crate::console::{self, Made};
use crate::{gate, sys};

pub struct Nest {
    /// The process that stands for init.
    pub pid: u32,
    pub control: OwnedFd,
    /// What the sample prints: output, errors.
    pub outputs: [OwnedFd; 2],
    /// Closed by being dropped: the sample executes.
    pub go: OwnedFd,
    /// The seccomp listener.
    pub gate: OwnedFd,
}

/// What the nest says, one byte at the head of a message.
pub const GATE: u8 = b'g';
pub const FORKED: u8 = b'f';
pub const FAILED: u8 = b'e';
/// What was to run before the sample has run.
pub const WARM: u8 = b'w';
/// The analyst's shell waits: its number, and one or two descriptors. One number alone is an
/// error's.
pub const CONSOLE: u8 = b'c';
/// It has ended: its status.
pub const ENDED: u8 = b'd';
/// To the nest: its descriptors are taken, and the shell may go on.
pub const TAKEN: u8 = b't';

/// The largest message to the nest, in bytes: a start with its texts.
const MESSAGE_BYTES_MAX: usize = 160 * 1024;

/// The number that the sample's process gets is a little above this.
const PID_BEFORE: u32 = 1_206;

pub fn make(before: Option<&Before>) -> Result<Nest> {
    let (control, theirs) = sys::socket_pair()?;
    let (out, out_theirs) = sys::pipe()?;
    let (error, error_theirs) = sys::pipe()?;
    let (go_theirs, go) = sys::pipe()?;
    let flags = libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::SIGCHLD;
    // SAFETY: a fork; this process has one thread.
    let pid = sys::check(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?;
    if pid == 0 {
        let keep = [&theirs, &out_theirs, &error_theirs, &go_theirs].map(AsRawFd::as_raw_fd);
        let error = inside(keep, before);
        sys::say(&format!("the nest ends: {error}"));
        // SAFETY: ends this process alone.
        unsafe { libc::_exit(1) }
    }
    let pid = pid as u32;
    let mut message = [0; 8];
    let count = sys::read(control.as_raw_fd(), &mut message)?;
    if count != 5 || message[0] != GATE {
        return Err(Error::other("the nest is not made"));
    }
    let number = u32::from_le_bytes([message[1], message[2], message[3], message[4]]);
    let gate = sys::descriptor_of(pid, number)?;
    sys::nonblocking(control.as_raw_fd());
    for output in [&out, &error] {
        sys::nonblocking(output.as_raw_fd());
    }
    Ok(Nest { pid, control, outputs: [out, error], go, gate })
}

/// Process 1 of the sample's world.
fn inside(keep: [i32; 4], before: Option<&Before>) -> Error {
    close_others(&keep);
    match furnish().and_then(|()| gate::install()) {
        Ok(listener) => {
            services();
            let mut message = vec![GATE];
            message.extend_from_slice(&(listener as u32).to_le_bytes());
            if let Err(error) = sys::write(keep[0], &message) {
                return error;
            }
            serve(keep, before.map(start_before))
        }
        Err(error) => error,
    }
}

fn close_others(keep: &[i32]) {
    for fd in 0..256 {
        if !keep.contains(&fd) {
            // SAFETY: descriptors of the agent; this process has others.
            unsafe { libc::close(fd) };
        }
    }
    // SAFETY: constants; descriptors 0 to 2 are what libraries expect there.
    unsafe {
        for _ in 0..3 {
            libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        }
    }
}

/// The sample's file systems.
fn furnish() -> Result<()> {
    sys::mount("", "/", "", libc::MS_REC | libc::MS_PRIVATE, "")?;
    std::env::set_current_dir("/root")?;
    for folder in ["proc", "sys", "dev", "tmp", "run"] {
        fs::create_dir_all(folder)?;
    }
    sys::mount("proc", "proc", "proc", libc::MS_NOSUID | libc::MS_NODEV, "")?;
    sys::mount("sysfs", "sys", "sysfs", libc::MS_NOSUID | libc::MS_NODEV, "")?;
    // The folder that would name our ports.
    let _ = sys::mount("none", "sys/class/virtio-ports", "tmpfs", libc::MS_RDONLY, "size=4k");
    sys::mount("udev", "dev", "tmpfs", libc::MS_NOSUID, "size=64m,mode=755")?;
    for (name, mode, major, minor) in [
        ("null", 0o666, 1, 3),
        ("zero", 0o666, 1, 5),
        ("full", 0o666, 1, 7),
        ("random", 0o666, 1, 8),
        ("urandom", 0o666, 1, 9),
        ("tty", 0o666, 5, 0),
        ("console", 0o600, 1, 3),
        ("ptmx", 0o666, 5, 2),
        ("mem", 0o640, 1, 1),
        // It swallows what is told to a watchdog.
        ("watchdog", 0o600, 1, 3),
    ] {
        sys::node(&format!("dev/{name}"), mode, major, minor);
    }
    fs::create_dir_all("dev/misc")?;
    sys::node("dev/misc/watchdog", 0o600, 1, 3);
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        std::os::unix::fs::symlink(target, format!("dev/{name}"))?;
    }
    fs::create_dir_all("dev/pts")?;
    fs::create_dir_all("dev/shm")?;
    let _ = sys::mount("devpts", "dev/pts", "devpts", 0, "gid=5,mode=620,ptmxmode=666");
    sys::mount("tmpfs", "dev/shm", "tmpfs", libc::MS_NOSUID | libc::MS_NODEV, "size=64m")?;
    sys::mount(".", "/", "", libc::MS_MOVE, "")?;
    // SAFETY: a constant.
    sys::check(libc::c_long::from(unsafe { libc::chroot(c".".as_ptr()) }))?;
    std::env::set_current_dir("/")
}

/// What a list of processes would be odd without.
const SERVICES: [(&CStr, &CStr); 5] = [
    (c"systemd-journal", c"/lib/systemd/systemd-journald"),
    (c"systemd-udevd", c"/lib/systemd/systemd-udevd"),
    (c"cron", c"/usr/sbin/cron -f"),
    (c"sshd", c"sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
    (c"agetty", c"/sbin/agetty -o -p -- \\u --noclear tty1 linux"),
];

fn services() {
    for (number, (name, line)) in SERVICES.iter().enumerate() {
        let _ = fs::write("/proc/sys/kernel/ns_last_pid", (217 + number * 61).to_string());
        // SAFETY: a fork; the child only waits.
        unsafe {
            if libc::fork() == 0 {
                close_others(&[0, 1, 2]);
                sys::name_self(name);
                claim_line(line);
                loop {
                    libc::pause();
                }
            }
        }
    }
}

/// Another command line for this process (`PR_SET_MM`). Constants lie below the stack, so
/// the start goes first.
fn claim_line(line: &CStr) {
    let start = line.as_ptr() as usize;
    let end = start + line.to_bytes_with_nul().len();
    // SAFETY: addresses within a constant.
    unsafe {
        libc::prctl(libc::PR_SET_MM, libc::PR_SET_MM_ARG_START, start, 0, 0);
        libc::prctl(libc::PR_SET_MM, libc::PR_SET_MM_ARG_END, end, 0, 0);
    }
}

/// A command that runs before the guest is ready: what it leaves running is in each copy.
pub struct Before {
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
}

/// For how long the world claims to run already, in seconds, where programs run in it before
/// it is ready: they and the sample must agree on the time.
const UPTIME_BEFORE_S: u64 = 790_241;

/// Starts it; its number.
fn start_before(before: &Before) -> i32 {
    older(UPTIME_BEFORE_S);
    let program = before.arguments.first().map_or(&[][..], Vec::as_slice);
    let line = Line::new(program, &before.arguments, &before.environment, b"");
    // SAFETY: a fork; the child executes or ends.
    match unsafe { libc::fork() } {
        0 => {
            close_others(&[]);
            let errno = become_sample([1, 2, 0], &line, b"/", 0);
            sys::say(&format!("what runs before cannot: error {errno}"));
            // SAFETY: ends this process alone.
            unsafe { libc::_exit(127) }
        }
        pid => pid,
    }
}

/// Waits for orders and for children that have ended.
fn serve([control, out, error, go]: [i32; 4], mut before: Option<i32>) -> Error {
    let mut message = vec![0; MESSAGE_BYTES_MAX];
    let mut uptime_s = 0;
    let mut made: Option<Made> = None;
    let mut shell = 0;
    loop {
        let ready = sys::poll(&[(control, libc::POLLIN)], Duration::from_millis(500));
        let mut status = 0;
        // SAFETY: the status is written.
        while let ended @ 1.. = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } {
            if before == Some(ended) {
                before = None;
                let _ = sys::write(control, &[WARM]);
            }
            if shell == ended {
                shell = 0;
                let _ = sys::write(control, &with_numbers(ENDED, &[status]));
            }
        }
        if ready[0] == 0 {
            continue;
        }
        match sys::read(control, &mut message) {
            Ok(0) => return Error::other("the agent is gone"),
            Err(error) => return error,
            Ok(1) if message[0] == TAKEN => {
                if let Some(Made { ends, go, .. }) = made.take() {
                    drop(ends);
                    drop(go);
                }
            }
            Ok(count) => match Order::decode(message.get(4..count).unwrap_or_default()) {
                Ok(order @ Order::Console { .. }) => match console::start(&order) {
                    Ok(new) => {
                        shell = new.child;
                        let ends = new.ends.iter().map(AsRawFd::as_raw_fd);
                        let numbers: Vec<i32> = [shell].into_iter().chain(ends).collect();
                        let _ = sys::write(control, &with_numbers(CONSOLE, &numbers));
                        made = Some(new);
                    }
                    Err(error) => {
                        let errno = error.raw_os_error().unwrap_or(0);
                        let _ = sys::write(control, &with_numbers(CONSOLE, &[errno]));
                    }
                },
                Ok(Order::Identity { uptime_s: uptime, .. }) => uptime_s = uptime,
                Ok(Order::Start {
                    program,
                    arguments,
                    environment,
                    folder,
                    user,
                    emulator,
                    ..
                }) => {
                    let line = Line::new(&program, &arguments, &environment, &emulator);
                    older(uptime_s);
                    let _ = fs::write("/proc/sys/kernel/ns_last_pid", PID_BEFORE.to_string());
                    // SAFETY: a fork; the child executes or ends.
                    match unsafe { libc::fork() } {
                        0 => {
                            let errno = become_sample([out, error, go], &line, &folder, user);
                            let mut failed = vec![FAILED];
                            failed.extend_from_slice(&errno.to_le_bytes());
                            let _ = sys::write(control, &failed);
                            // SAFETY: ends this process alone.
                            unsafe { libc::_exit(127) }
                        }
                        _ => {
                            let _ = sys::write(control, &[FORKED]);
                        }
                    }
                }
                _ => {}
            },
        }
    }
}

fn with_numbers(what: u8, numbers: &[i32]) -> Vec<u8> {
    [what].into_iter().chain(numbers.iter().flat_map(|number| number.to_le_bytes())).collect()
}

/// Children see a machine that runs for so long already.
fn older(uptime_s: u64) {
    const CLONE_NEWTIME: i32 = 0x80;
    // SAFETY: no memory is involved.
    if uptime_s > 0 && unsafe { libc::unshare(CLONE_NEWTIME) } == 0 {
        let offsets = format!("monotonic {uptime_s} 0\nboottime {uptime_s} 0\n");
        let _ = fs::write("/proc/self/timens_offsets", offsets);
    }
}

/// A program with its texts as the kernel takes them.
pub struct Line {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Line {
    pub fn new(
        program: &[u8],
        arguments: &[Vec<u8>],
        environment: &[Vec<u8>],
        emulator: &[u8],
    ) -> Self {
        let mut arguments: Vec<CString> = arguments.iter().map(sys::c).collect();
        let mut first = program;
        if !emulator.is_empty() {
            let name = if arguments.is_empty() { sys::c(program) } else { arguments.remove(0) };
            arguments.splice(0..0, [sys::c(emulator), sys::c("-0"), name, sys::c(program)]);
            first = emulator;
        }
        let environment = environment.iter().map(sys::c).collect();
        Self { program: sys::c(first), arguments, environment }
    }

    /// Comes back only with an error's number.
    pub fn execute(&self) -> i32 {
        let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
            texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
        };
        let (arguments, environment) = (pointers(&self.arguments), pointers(&self.environment));
        // SAFETY: vectors end with a null pointer, and live.
        unsafe { libc::execve(self.program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
        Error::last_os_error().raw_os_error().unwrap_or(0)
    }
}

/// Comes back only with an error's number.
fn become_sample([out, error, go]: [i32; 3], line: &Line, folder: &[u8], user: u32) -> i32 {
    // SAFETY: descriptors of this process; strings live over each call.
    unsafe {
        libc::setsid();
        libc::dup2(out, 1);
        libc::dup2(error, 2);
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        let folder = sys::c(folder);
        if libc::chdir(folder.as_ptr()) != 0 {
            libc::chdir(c"/".as_ptr());
        }
        if user != 0 {
            libc::setgroups(0, std::ptr::null());
            if libc::setgid(user) != 0 || libc::setuid(user) != 0 {
                return Error::last_os_error().raw_os_error().unwrap_or(0);
            }
        }
        // The agent knows us before we are the sample.
        let mut byte = [0];
        let _ = libc::read(go, byte.as_mut_ptr().cast(), 1);
    }
    line.execute()
}

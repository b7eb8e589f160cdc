//! The kernel's calls that the standard library has not, each with its errors as values.

use std::ffi::{CStr, CString};
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

pub fn check(result: libc::c_long) -> Result<libc::c_long> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}

pub fn c(text: impl AsRef<[u8]>) -> CString {
    let text = text.as_ref();
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// A line on the machine's console, which only the host reads.
pub fn say(line: &str) {
    use std::io::Write;
    if let Ok(mut log) = std::fs::OpenOptions::new().write(true).open("/dev/kmsg") {
        let _ = writeln!(log, "<4>{line}");
    }
}

pub fn power_off() -> ! {
    // SAFETY: no memory is involved.
    unsafe {
        libc::sync();
        libc::reboot(libc::RB_POWER_OFF);
        libc::_exit(1)
    }
}

pub fn mount(source: &str, target: &str, kind: &str, flags: u64, data: &str) -> Result<()> {
    let (source, target, kind, data) = (c(source), c(target), c(kind), c(data));
    // SAFETY: all strings live over the call.
    check(libc::c_long::from(unsafe {
        libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, data.as_ptr().cast())
    }))
    .map(drop)
}

pub fn unmount(target: &str) -> Result<()> {
    let target = c(target);
    // SAFETY: the string lives over the call.
    check(libc::c_long::from(unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) })).map(drop)
}

pub fn node(path: &str, mode: u32, major: u32, minor: u32) {
    let path = c(path);
    // SAFETY: the string lives over the call.
    unsafe {
        libc::mknod(path.as_ptr(), libc::S_IFCHR | mode, libc::makedev(major, minor));
        libc::chmod(path.as_ptr(), mode);
    }
}

pub fn execute(path: &CStr, arguments: &[&CStr]) -> Error {
    let mut pointers: Vec<*const libc::c_char> =
        arguments.iter().map(|argument| argument.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: the vector ends with a null pointer; all strings live over the call.
    unsafe { libc::execv(path.as_ptr(), pointers.as_ptr()) };
    Error::last_os_error()
}

/// Time that passes, also while asleep: what the kernel's records carry.
pub fn monotonic_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

pub fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is written.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub fn set_clock(unix_ns: u64) -> Result<()> {
    let time = libc::timespec {
        tv_sec: (unix_ns / 1_000_000_000) as i64,
        tv_nsec: (unix_ns % 1_000_000_000) as i64,
    };
    // SAFETY: `time` is read.
    check(libc::c_long::from(unsafe { libc::clock_settime(libc::CLOCK_REALTIME, &raw const time) }))
        .map(drop)
}

pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: two descriptors are written, and owned from here on.
    unsafe {
        check(libc::c_long::from(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC)))?;
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

pub fn socket_pair() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: as above.
    unsafe {
        check(libc::c_long::from(libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr())))?;
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

pub fn nonblocking(fd: RawFd) {
    // SAFETY: flags of a descriptor.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK);
    }
}

/// As much as is there. 0: nothing, or the end.
pub fn read(fd: RawFd, into: &mut [u8]) -> Result<usize> {
    // SAFETY: the slice is written within its length.
    check(unsafe { libc::read(fd, into.as_mut_ptr().cast(), into.len()) } as libc::c_long)
        .map(|count| count as usize)
}

pub fn write(fd: RawFd, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the slice is read within its length.
    check(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) } as libc::c_long)
        .map(|count| count as usize)
}

/// What is ready of what was asked for: for each, its events.
pub fn poll(asked: &[(RawFd, i16)], wait: Duration) -> Vec<i16> {
    let mut polled: Vec<libc::pollfd> = asked
        .iter()
        .map(|(fd, events)| libc::pollfd { fd: *fd, events: *events, revents: 0 })
        .collect();
    let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the vector is written within its length.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, wait) };
    polled.iter().map(|entry| entry.revents).collect()
}

/// Another process' descriptor, as one of ours.
pub fn descriptor_of(pid: u32, fd: u32) -> Result<OwnedFd> {
    // SAFETY: no memory is involved; both descriptors are owned from here on.
    unsafe {
        let process = check(libc::syscall(libc::SYS_pidfd_open, pid, 0))?;
        let process = OwnedFd::from_raw_fd(process as RawFd);
        let fd = check(libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0))?;
        Ok(OwnedFd::from_raw_fd(fd as RawFd))
    }
}

pub fn name_self(name: &CStr) {
    // SAFETY: at most 16 bytes of the string are read.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

pub fn kill(pid: u32, signal: i32) {
    // SAFETY: no memory is involved.
    unsafe { libc::kill(pid as i32, signal) };
}

/// Whether a process has threads that have not ended.
pub fn lives(pid: u32) -> bool {
    // A process may have any bytes as its name.
    let text = std::fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let Some((_, fields)) = text.rsplit_once(')') else { return false };
    let mut fields = fields.split_whitespace();
    let ended = matches!(fields.next(), Some("Z" | "X"));
    // The first thread waits for the others when it has ended (proc(5): fields 3 and 20).
    let threads = fields.nth(16).and_then(|threads| threads.parse::<u32>().ok());
    !ended || threads.is_some_and(|threads| threads > 1)
}

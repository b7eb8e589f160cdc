//! A seccomp listener for the few calls at which the sample has to wait for us: programs
//! that are executed, whose texts and files are read before they can change, and sleeps,
//! which are answered at once.
//!
//! qemu-user passes calls on natively, so that one gate serves all processors.

use std::fs::File;
use std::io::{Error, Result};
use std::mem::offset_of;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

use libc::{seccomp_data, seccomp_notif, seccomp_notif_resp, sock_filter, sock_fprog};

const ARCH_64: u32 = 0xc000_003e;
const ARCH_32: u32 = 0x4000_0003;

/// Calls of x86-64 and of i386, and whether their argument 0 or 1 must be 0.
const CALLS_64: [(u32, Option<u8>); 8] = [
    (59, None),     // execve
    (322, None),    // execveat
    (35, None),     // nanosleep
    (230, None),    // clock_nanosleep
    (7, Some(1)),   // poll of nothing
    (271, Some(1)), // ppoll
    (23, Some(0)),  // select
    (270, Some(0)), // pselect6
];
const CALLS_32: [(u32, Option<u8>); 11] = [
    (11, None),     // execve
    (358, None),    // execveat
    (162, None),    // nanosleep
    (267, None),    // clock_nanosleep
    (407, None),    // clock_nanosleep_time64
    (168, Some(1)), // poll
    (142, Some(0)), // _newselect
    (308, Some(0)), // pselect6
    (309, Some(1)), // ppoll
    (413, Some(0)), // pselect6_time64
    (414, Some(1)), // ppoll_time64
];

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn jump_if_equal(k: u32, then: u8, otherwise: u8) -> sock_filter {
    let code = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    sock_filter { code, jt: then, jf: otherwise, k }
}

fn filter() -> Vec<sock_filter> {
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let answer = libc::BPF_RET | libc::BPF_K;
    let allow = statement(answer, libc::SECCOMP_RET_ALLOW);
    let ask = statement(answer, libc::SECCOMP_RET_USER_NOTIF);
    let number = offset_of!(seccomp_data, nr) as u32;
    let argument = |which: u8| (offset_of!(seccomp_data, args) + 8 * usize::from(which)) as u32;
    let calls = |list: &[(u32, Option<u8>)]| {
        let mut part = vec![statement(load, number)];
        for (call, zero) in list {
            match zero {
                None => part.extend([jump_if_equal(*call, 0, 1), ask]),
                Some(which) => part.extend([
                    jump_if_equal(*call, 0, 4),
                    statement(load, argument(*which)),
                    jump_if_equal(0, 0, 1),
                    ask,
                    allow,
                ]),
            }
        }
        part.push(allow);
        part
    };
    let wide = calls(&CALLS_64);
    let mut all = vec![
        statement(load, offset_of!(seccomp_data, arch) as u32),
        jump_if_equal(ARCH_64, 0, wide.len() as u8),
    ];
    all.extend(wide);
    all.push(statement(load, offset_of!(seccomp_data, arch) as u32));
    let narrow = calls(&CALLS_32);
    all.push(jump_if_equal(ARCH_32, 0, narrow.len() as u8));
    all.extend(narrow);
    all.push(allow);
    all
}

/// Puts this process and all that come from it behind the gate; the listener's number.
pub fn install() -> Result<RawFd> {
    let mut filter = filter();
    let program = sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    const NEW_LISTENER: u64 = 8;
    const WAIT_KILLABLE: u64 = 32;
    // SAFETY: the program is read during the call.
    crate::sys::check(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            NEW_LISTENER | WAIT_KILLABLE,
            &raw const program,
        )
    })
    .map(|fd| fd as RawFd)
}

/// A call that waits for an answer.
pub struct Waiting {
    pub id: u64,
    /// The thread.
    pub task: u32,
    pub call: Call,
}

pub enum Call {
    /// `execve` and `execveat`
    Execute {
        folder_fd: i32,
        path: Vec<u8>,
        arguments: Vec<Vec<u8>>,
        environment: Vec<Vec<u8>>,
    },
    Sleep {
        ns: u64,
    },
    /// Until a time of a clock that cannot be moved: the monotonic one, or that of the boot,
    /// as the task sees them.
    SleepUntil {
        clock: i32,
        ns: u64,
    },
    Other,
}

pub struct Gate(OwnedFd);

const RECEIVE: u64 = 0xc050_2100;
const SEND: u64 = 0xc018_2101;
const STILL_THERE: u64 = 0x4008_2102;

impl Gate {
    pub fn new(listener: OwnedFd) -> Self {
        Self(listener)
    }

    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// The next that waits. Only to be called when the listener is ready.
    pub fn next(&self) -> Option<Waiting> {
        // SAFETY: the kernel wants the structure zeroed, and fills it.
        let notice: seccomp_notif = unsafe {
            let mut notice: seccomp_notif = std::mem::zeroed();
            if libc::ioctl(self.fd(), RECEIVE, &raw mut notice) != 0 {
                return None;
            }
            notice
        };
        let task = notice.pid;
        let call = self.read(task, &notice.data).unwrap_or(Call::Other);
        // What was read is only this task's if it still waits.
        // SAFETY: the number is read.
        if unsafe { libc::ioctl(self.fd(), STILL_THERE, &raw const notice.id) } != 0 {
            return None;
        }
        Some(Waiting { id: notice.id, task, call })
    }

    /// The kernel carries the call out.
    pub fn go_on(&self, id: u64) {
        self.answer(id, 1);
    }

    /// The call is done, with 0.
    pub fn done(&self, id: u64) {
        self.answer(id, 0);
    }

    fn answer(&self, id: u64, flags: u32) {
        let answer = seccomp_notif_resp { id, val: 0, error: 0, flags };
        // SAFETY: the structure is read.
        unsafe { libc::ioctl(self.fd(), SEND, &raw const answer) };
    }

    fn read(&self, task: u32, data: &seccomp_data) -> Result<Call> {
        let memory =
            Memory { file: File::open(format!("/proc/{task}/mem"))?, wide: data.arch == ARCH_64 };
        let argument = |which: usize| {
            if memory.wide { data.args[which] } else { data.args[which] & 0xffff_ffff }
        };
        let wide_times = memory.wide || matches!(data.nr, 407 | 413 | 414);
        let duration = |at: u64, unit_ns: u64| memory.time(at, wide_times, unit_ns);
        Ok(match (memory.wide, data.nr as u32) {
            (true, 59) | (false, 11) => {
                memory.execute(libc::AT_FDCWD, [argument(0), argument(1), argument(2)])?
            }
            (true, 322) | (false, 358) => {
                memory.execute(argument(0) as i32, [argument(1), argument(2), argument(3)])?
            }
            (true, 35) | (false, 162) => Call::Sleep { ns: duration(argument(0), 1)? },
            (true, 230) | (false, 267 | 407) => {
                let until = duration(argument(2), 1)?;
                let clock = argument(0) as i32;
                match (argument(1) & 1, clock) {
                    (0, _) => Call::Sleep { ns: until },
                    // The clock that can be moved.
                    (_, libc::CLOCK_REALTIME | libc::CLOCK_TAI) => {
                        Call::Sleep { ns: until.saturating_sub(crate::sys::clock_ns(clock)) }
                    }
                    (_, libc::CLOCK_MONOTONIC | libc::CLOCK_BOOTTIME) => {
                        Call::SleepUntil { clock, ns: until }
                    }
                    _ => Call::Other,
                }
            }
            (true, 7) | (false, 168) => match argument(2) as i32 {
                ms @ 0.. => Call::Sleep { ns: ms as u64 * 1_000_000 },
                _ => Call::Other,
            },
            (true, 271 | 270 | 23) | (false, 142 | 308 | 309 | 413 | 414) => {
                let at = argument(if matches!(data.nr, 271 | 309 | 414) { 2 } else { 4 });
                let unit_ns = if matches!(data.nr, 23 | 142) { 1_000 } else { 1 };
                if at == 0 { Call::Other } else { Call::Sleep { ns: duration(at, unit_ns)? } }
            }
            _ => Call::Other,
        })
    }
}

/// The memory of the task that waits.
struct Memory {
    file: File,
    wide: bool,
}

impl Memory {
    fn number(&self, at: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        let size = if self.wide { 8 } else { 4 };
        self.file.read_exact_at(&mut bytes[..size], at)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn time(&self, at: u64, wide: bool, unit_ns: u64) -> Result<u64> {
        let mut bytes = [0; 16];
        let size = if wide { 16 } else { 8 };
        self.file.read_exact_at(&mut bytes[..size], at)?;
        let half = size / 2;
        let mut parts = [[0; 8]; 2];
        parts[0][..half].copy_from_slice(&bytes[..half]);
        parts[1][..half].copy_from_slice(&bytes[half..size]);
        let [seconds, rest] = parts.map(u64::from_le_bytes);
        if seconds > i64::MAX as u64 || rest >= 1_000_000_000 {
            return Err(Error::from_raw_os_error(libc::EINVAL));
        }
        Ok(seconds.saturating_mul(1_000_000_000).saturating_add(rest * unit_ns))
    }

    fn text(&self, at: u64) -> Result<Vec<u8>> {
        use ukai_trace::limits::TEXT_BYTES_MAX;
        let mut text = Vec::new();
        // Page by page, since the next may not be there.
        let mut at = at;
        while text.len() < TEXT_BYTES_MAX {
            let mut page = [0; 4_096];
            let size = 4_096 - (at % 4_096) as usize;
            let count = self.file.read_at(&mut page[..size], at)?;
            let end = page[..count].iter().position(|byte| *byte == 0);
            text.extend_from_slice(&page[..end.unwrap_or(count)]);
            if end.is_some() || count < size {
                break;
            }
            at += count as u64;
        }
        text.truncate(TEXT_BYTES_MAX);
        Ok(text)
    }

    fn texts(&self, at: u64) -> Vec<Vec<u8>> {
        use ukai_trace::limits::{TEXTS_BYTES_MAX, TEXTS_MAX};
        let step = if self.wide { 8 } else { 4 };
        let (mut texts, mut size) = (Vec::new(), 0);
        for number in 0..TEXTS_MAX as u64 {
            match self.number(at + number * step) {
                Ok(pointer) if at != 0 && pointer != 0 && size < TEXTS_BYTES_MAX => {
                    let text = self.text(pointer).unwrap_or_default();
                    size += text.len();
                    texts.push(text);
                }
                _ => break,
            }
        }
        texts
    }

    fn execute(&self, folder_fd: i32, [path, arguments, environment]: [u64; 3]) -> Result<Call> {
        Ok(Call::Execute {
            folder_fd,
            path: self.text(path)?,
            arguments: self.texts(arguments),
            environment: self.texts(environment),
        })
    }
}

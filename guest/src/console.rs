//! A shell for an analyst, in the sample's world and followed like the sample. The nest starts
//! it ([`start`]); the agent carries what is typed and printed.

use std::fs;
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use ukai_trace::limits::TYPED_BYTES_MAX;
use ukai_trace::{Order, What};

use crate::nest::Line;
use crate::out::Out;
use crate::sys;

/// What the nest has made: our ends of the shell's input and output, in the nest; the shell's
/// process, as its world numbers it.
pub struct Made {
    pub ends: Vec<OwnedFd>,
    pub go: OwnedFd,
    pub child: i32,
}

/// Numbers of the kernel's for terminals (asm-generic/ioctls.h).
const UNLOCK: u64 = 0x4004_5431;
const PEER: u64 = 0x5441;
const SET_SIZE: u64 = 0x5414;
const CONTROL: u64 = 0x540e;

/// Forks the shell, which waits until [`Made::go`] is closed. Runs in the nest.
pub fn start(order: &Order) -> Result<Made> {
    let Order::Console { terminal, rows, columns, program, arguments, environment, folder } = order
    else {
        return Err(Error::from_raw_os_error(libc::EINVAL));
    };
    let line = Line::new(program, arguments, environment, b"");
    let (go_theirs, go) = sys::pipe()?;
    let (ends, theirs) = if *terminal {
        let (ours, theirs) = terminal_of(*rows, *columns)?;
        (vec![ours], vec![theirs])
    } else {
        let (input, write_end) = sys::pipe()?;
        let (read_end, output) = sys::pipe()?;
        (vec![write_end, read_end], vec![input, output])
    };
    // SAFETY: a fork; the child executes or ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop(go);
        let errno = become_shell(&theirs, &go_theirs, &line, folder, *terminal);
        sys::say(&format!("no shell for the console: error {errno}"));
        // SAFETY: ends this process alone.
        unsafe { libc::_exit(127) }
    }
    sys::check(libc::c_long::from(child))?;
    Ok(Made { ends, go, child })
}

/// Both ends of a new terminal.
fn terminal_of(rows: u16, columns: u16) -> Result<(OwnedFd, OwnedFd)> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: constants; descriptors are owned from here on.
    let ours = unsafe {
        let ours = libc::open(c"/dev/ptmx".as_ptr(), flags | libc::O_NONBLOCK);
        OwnedFd::from_raw_fd(sys::check(libc::c_long::from(ours))? as RawFd)
    };
    let locked: i32 = 0;
    // SAFETY: a number is read; the other end is owned from here on.
    let theirs = unsafe {
        let unlocked = libc::ioctl(ours.as_raw_fd(), UNLOCK, &raw const locked);
        sys::check(libc::c_long::from(unlocked))?;
        let theirs = libc::ioctl(ours.as_raw_fd(), PEER, flags);
        OwnedFd::from_raw_fd(sys::check(libc::c_long::from(theirs))? as RawFd)
    };
    set_size(ours.as_raw_fd(), rows, columns);
    Ok((ours, theirs))
}

fn set_size(terminal: RawFd, rows: u16, columns: u16) {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the structure is read.
    unsafe { libc::ioctl(terminal, SET_SIZE, &raw const size) };
}

/// Comes back only with an error's number.
fn become_shell(ends: &[OwnedFd], go: &OwnedFd, line: &Line, folder: &[u8], terminal: bool) -> i32 {
    let (first, last) = (ends[0].as_raw_fd(), ends[ends.len() - 1].as_raw_fd());
    // SAFETY: descriptors of this process; the string lives over the call.
    unsafe {
        libc::setsid();
        if terminal {
            libc::ioctl(first, CONTROL, 0);
        }
        libc::dup2(first, 0);
        libc::dup2(last, 1);
        libc::dup2(last, 2);
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        libc::chdir(sys::c(folder).as_ptr());
        // The agent follows us before we are the shell. Everything else closes with that.
        let mut byte = [0];
        let _ = libc::read(go.as_raw_fd(), byte.as_mut_ptr().cast(), 1);
    }
    line.execute()
}

/// The agent's side of it.
pub struct Console {
    input: Option<OwnedFd>,
    output: Option<OwnedFd>,
    terminal: bool,
    /// What is not yet handed to the shell.
    waiting: Vec<u8>,
    /// After what waits comes nothing more.
    no_more: bool,
    /// Bytes that were handed over, and how many of them the host knows of.
    typed: u64,
    told: u64,
    /// The shell's status, once it has ended.
    pub status: Option<u32>,
}

impl Console {
    /// `ends`: one of a terminal, or two of pipes.
    pub fn new(mut ends: Vec<OwnedFd>) -> Result<Self> {
        for end in &ends {
            sys::nonblocking(end.as_raw_fd());
        }
        let terminal = ends.len() == 1;
        let output = ends.pop();
        let input = match &output {
            Some(output) if terminal => Some(output.try_clone()?),
            _ => ends.pop(),
        };
        let (waiting, no_more) = (Vec::new(), false);
        Ok(Self { input, output, terminal, waiting, no_more, typed: 0, told: 0, status: None })
    }

    /// What is to be waited for: input that there is something for, output that there is room
    /// for.
    pub fn asked(&self, out: &Out) -> [(RawFd, i16); 2] {
        let fd = |end: &Option<OwnedFd>, wanted: bool| {
            end.as_ref().filter(|_| wanted).map_or(-1, AsRawFd::as_raw_fd)
        };
        [
            (fd(&self.input, !self.waiting.is_empty()), libc::POLLOUT),
            (fd(&self.output, out.has_room()), libc::POLLIN),
        ]
    }

    pub fn take(&mut self, bytes: &[u8]) {
        const END_OF_FILE: u8 = 4;
        if bytes.is_empty() {
            self.no_more = true;
            if self.terminal {
                self.waiting.push(END_OF_FILE);
            }
        }
        let room = TYPED_BYTES_MAX.saturating_sub(self.waiting.len()).min(bytes.len());
        self.waiting.extend_from_slice(&bytes[..room]);
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        if let Some(terminal) = self.output.as_ref().filter(|_| self.terminal) {
            set_size(terminal.as_raw_fd(), rows, columns);
        }
    }

    /// Hands over what the shell takes, and tells what it prints; whether it is over.
    pub fn pump(&mut self, out: &mut Out) -> bool {
        if let Some(input) = &self.input
            && !self.waiting.is_empty()
        {
            match sys::write(input.as_raw_fd(), &self.waiting) {
                Ok(count) => {
                    self.typed += count as u64;
                    self.waiting.drain(..count);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                // Nobody reads it any more.
                Err(_) => {
                    self.typed += self.waiting.len() as u64;
                    self.waiting.clear();
                }
            }
            if self.typed > self.told {
                self.told = self.typed;
                out.tell(0, What::Typed { total: self.typed });
            }
        }
        if self.no_more && self.waiting.is_empty() && !self.terminal {
            self.input = None;
        }
        let mut buffer = [0; 16 * 1024];
        let mut silent = self.output.is_none();
        // A few pieces a turn, as of the sample's output.
        for _ in 0..8 {
            let Some(output) = &self.output else { break };
            if !out.has_room() {
                break;
            }
            match sys::read(output.as_raw_fd(), &mut buffer) {
                Ok(count @ 1..) => out.tell(0, What::Screen { bytes: buffer[..count].to_vec() }),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    silent = true;
                    break;
                }
                Ok(0) | Err(_) => {
                    self.output = None;
                    silent = true;
                }
            }
        }
        // What it has left in the background may hold the terminal for ever.
        match self.status {
            Some(status) if silent => {
                out.tell(0, What::ConsoleEnded { status });
                true
            }
            _ => false,
        }
    }
}

/// The process whose number in the nest's world is `inside`.
pub fn find(nest: u32, inside: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{nest}/task/{nest}/children")).ok()?;
    let of_world = |pid: u32| {
        let status = fs::read(format!("/proc/{pid}/status")).unwrap_or_default();
        let status = String::from_utf8_lossy(&status).into_owned();
        let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
        line.split_whitespace().last()?.parse::<u32>().ok()
    };
    let mut numbers = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    numbers.find(|pid| of_world(*pid) == Some(inside))
}

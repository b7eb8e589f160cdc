//! Open files of a process, and the pipes between processes.

mod pipe;

pub(crate) use pipe::{Moves, PipeReader, PipeWriter};

use crate::fs::{Access, FsError, Opened, View};
use crate::limits;
use crate::process::Process;
use crate::system::Stop;
use bytes::Bytes;
use rand::Rng;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many descriptors a process may hold.
pub(crate) const DESCRIPTORS: usize = 16;

/// How much higher a lent descriptor's number is shown.
const SHOWN_ABOVE: usize = 48;

/// Bytes given by one read of an endless device.
const DEVICE_CHUNK: usize = 4_096;

/// An open file, shared by all who inherited it.
pub(crate) type Fd = Arc<Open>;

/// What a descriptor is open on.
#[derive(Debug)]
pub(crate) enum Open {
    /// The session's terminal.
    Terminal,
    /// What the peer sends, where there is no terminal.
    PeerInput,
    /// What the peer gets, where there is no terminal: standard output, or standard
    /// error.
    PeerOutput {
        error: bool,
    },
    Null,
    Zero,
    Full,
    Random,
    /// A regular file; the place in it is `None` for appending.
    File {
        ino: crate::fs::Ino,
        place: Mutex<Option<u64>>,
        readable: bool,
        writable: bool,
    },
    /// Bytes that stand still: here-documents, the output of a pipeline's last stage.
    Bytes {
        bytes: Bytes,
        place: Mutex<usize>,
    },
    /// What a command substitution collects.
    Collector(Mutex<Vec<u8>>),
    /// The reading end of a pipe.
    PipeReader(PipeReader),
    /// The writing end of a pipe.
    PipeWriter(PipeWriter),
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Descriptors of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fds {
    slots: [Option<Fd>; DESCRIPTORS],
}

impl Fds {
    /// Descriptors 0, 1 and 2 of a session: its terminal, or three streams.
    pub(crate) fn standard(terminal: bool) -> Self {
        let mut fds = Self::default();
        let open = if terminal {
            let open = Arc::new(Open::Terminal);
            [Arc::clone(&open), Arc::clone(&open), open]
        } else {
            [
                Arc::new(Open::PeerInput),
                Arc::new(Open::PeerOutput { error: false }),
                Arc::new(Open::PeerOutput { error: true }),
            ]
        };
        for (slot, open) in fds.slots.iter_mut().zip(open) {
            *slot = Some(open);
        }
        fds
    }

    pub(crate) fn at(&self, fd: usize) -> Option<&Fd> {
        self.slots.get(fd)?.as_ref()
    }

    pub(crate) fn set(&mut self, fd: usize, open: Option<Fd>) {
        if let Some(slot) = self.slots.get_mut(fd) {
            *slot = open;
        }
    }
}

impl Open {
    /// A new collector of what is written.
    pub(crate) fn collector() -> Fd {
        Arc::new(Self::Collector(Mutex::default()))
    }

    /// A new pipe's reading and writing ends.
    pub(crate) fn pipe(moves: &Moves) -> (Fd, Fd) {
        let (reader, writer) = pipe::pipe(moves);
        (Arc::new(Self::PipeReader(reader)), Arc::new(Self::PipeWriter(writer)))
    }

    /// Standing bytes to read.
    pub(crate) fn bytes(bytes: impl Into<Bytes>) -> Fd {
        Arc::new(Self::Bytes { bytes: bytes.into(), place: Mutex::new(0) })
    }

    /// Takes what was collected.
    pub(crate) fn collected(&self) -> Vec<u8> {
        match self {
            Self::Collector(bytes) => std::mem::take(&mut lock(bytes)),
            _ => Vec::new(),
        }
    }

    pub(crate) const fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal)
    }
}

impl Process {
    /// Opens a path for reading or writing.
    pub(crate) fn open(&self, path: &[u8], access: Access) -> Result<Fd, FsError> {
        if let Some(fd) = own_descriptor(path) {
            return self.fds.at(fd).cloned().ok_or(FsError::NotFound);
        }
        let view = self.view();
        let mode = 0o666 & !self.umask;
        let absolute = self.absolute(path);
        let opened = self.fs().open(&view, &absolute, access, mode)?;
        if matches!(opened, Opened::Terminal) && self.session.login.terminal.is_none() {
            return Err(FsError::NoDevice);
        }
        let readable = matches!(access, Access::Read | Access::Update);
        Ok(Arc::new(match opened {
            Opened::Null => Open::Null,
            Opened::Zero => Open::Zero,
            Opened::Full => Open::Full,
            Opened::Random => Open::Random,
            Opened::Terminal => Open::Terminal,
            Opened::File { ino } => Open::File {
                ino,
                place: Mutex::new((access != Access::Append).then_some(0)),
                readable,
                writable: access != Access::Read,
            },
        }))
    }

    /// Writes to a descriptor. A full disk is told to the writer by `false`.
    pub(crate) fn write(&mut self, fd: usize, bytes: &[u8]) -> Result<bool, Stop> {
        let Some(open) = self.fds.at(fd) else { return Ok(false) };
        match &**open {
            Open::Terminal => self.session.system().print(bytes, false)?,
            Open::PeerOutput { error } => self.session.system().print(bytes, *error)?,
            Open::PeerInput | Open::PipeReader(_) => return Ok(false),
            Open::Null | Open::Zero | Open::Random => {}
            Open::Full | Open::Bytes { .. } | Open::File { writable: false, .. } => {
                return Ok(false);
            }
            Open::File { ino, place, .. } => {
                let view = self.view();
                let mut place = lock(place);
                match self.fs().write(&view, *ino, *place, bytes) {
                    Ok(end) => {
                        if place.is_some() {
                            *place = Some(end);
                        }
                    }
                    Err(error) => {
                        drop(place);
                        if matches!(error, FsError::NoSpace | FsError::TooLarge) {
                            self.session
                                .system()
                                .limit("disk", "an attacker's files grew too large");
                        }
                        return Ok(false);
                    }
                }
            }
            Open::Collector(collected) => {
                let mut collected = lock(collected);
                let room = limits::PIPE_BYTES.saturating_sub(collected.len());
                collected.extend_from_slice(&bytes[..bytes.len().min(room)]);
                if bytes.len() > room {
                    return Err(Stop::BrokenPipe);
                }
            }
            Open::PipeWriter(writer) => {
                if !writer.write(bytes) {
                    return Err(Stop::BrokenPipe);
                }
            }
        }
        Ok(true)
    }

    /// Reads at most `max` bytes from a descriptor; none at its end. With `line`, no
    /// more than one line. `None` if the descriptor cannot be read.
    pub(crate) async fn read(
        &mut self,
        fd: usize,
        max: usize,
        line: bool,
    ) -> Result<Option<Bytes>, Stop> {
        let Some(open) = self.fds.at(fd).cloned() else { return Ok(None) };
        if self.input_is_typed(fd) {
            return self.session.typed(max, line).await.map(|b| Some(b.into()));
        }
        if let Open::PipeReader(reader) = &*open {
            return self.session.until(|| reader.read(max, line)).await.map(Some);
        }
        Ok(self.read_still(&open, max, line))
    }

    /// Waits until the reader of the pipe that `fd` may be has left at most `unread`
    /// bytes in it.
    pub(crate) async fn drained(&mut self, fd: usize, unread: usize) -> Result<(), Stop> {
        let Some(open) = self.fds.at(fd) else { return Ok(()) };
        if !matches!(**open, Open::PipeWriter(_)) {
            return Ok(());
        }
        let open = Arc::clone(open);
        let Open::PipeWriter(writer) = &*open else { return Ok(()) };
        self.session.until(|| writer.is_drained(unread).then_some(())).await
    }

    /// Reads from anything but the terminal.
    fn read_still(&self, open: &Open, max: usize, line: bool) -> Option<Bytes> {
        Some(match open {
            Open::Zero | Open::Full => Bytes::from(vec![0; max.min(DEVICE_CHUNK)]),
            Open::Random => {
                let mut bytes = vec![0; max.min(DEVICE_CHUNK)];
                self.session.system().rng.fill(&mut bytes[..]);
                bytes.into()
            }
            Open::File { readable: false, .. }
            | Open::Collector(_)
            | Open::PipeWriter(_)
            | Open::PeerOutput { .. } => {
                return None;
            }
            Open::PipeReader(reader) => reader.read(max, line)?,
            // To a job, or to nobody.
            Open::Null | Open::Terminal | Open::PeerInput => Bytes::new(),
            Open::File { ino, place, .. } => {
                let mut place = lock(place);
                let at = place.unwrap_or(0);
                let view: View = self.view();
                let mut bytes = self.fs().read_at(&view, *ino, at, max).ok()?;
                if line && let Some(end) = bytes.iter().position(|b| *b == b'\n') {
                    bytes.truncate(end + 1);
                }
                *place = Some(at + bytes.len() as u64);
                bytes
            }
            Open::Bytes { bytes, place } => {
                let mut place = lock(place);
                let mut end = (*place + max).min(bytes.len());
                if line && let Some(found) = bytes[*place..end].iter().position(|b| *b == b'\n') {
                    end = *place + found + 1;
                }
                let chunk = bytes.slice(*place..end);
                *place = end;
                chunk
            }
        })
    }

    /// Puts `open` on a free descriptor from the top, and gives the path that stands for
    /// it: bash counts down from 63.
    pub(crate) fn lend(&mut self, open: Fd) -> String {
        const FIRST: usize = 10;
        let free = (FIRST..DESCRIPTORS).rev().find(|fd| self.fds.at(*fd).is_none());
        let fd = free.unwrap_or(FIRST);
        self.fds.set(fd, Some(open));
        self.lent |= 1 << fd;
        format!("/dev/fd/{}", fd + SHOWN_ABOVE)
    }

    /// Closes what was lent since `before`.
    pub(crate) fn take_back(&mut self, before: u16) {
        for fd in 0..DESCRIPTORS {
            if (self.lent & !before) >> fd & 1 == 1 {
                self.fds.set(fd, None);
            }
        }
        self.lent = before;
    }

    /// Whether a descriptor reads what the peer types or sends.
    pub(crate) fn input_is_typed(&self, fd: usize) -> bool {
        let from_peer = match self.fds.at(fd).map(|open| &**open) {
            Some(Open::Terminal) => true,
            Some(Open::PeerInput) => self.session.login.piped_input,
            _ => false,
        };
        from_peer && !self.session.system().polling_job
    }

    /// Whether all that `fd` will give is not there yet.
    pub(crate) fn input_is_to_come(&self, fd: usize) -> bool {
        let pipe = match self.fds.at(fd).map(|open| &**open) {
            Some(Open::PipeReader(reader)) => !reader.is_ended(),
            _ => false,
        };
        pipe || self.input_is_typed(fd)
    }

    /// All that standard input still has, without waiting: `None` if more may come.
    /// Endless devices give `PIPE_BYTES`.
    pub(crate) fn still_input(&self, fd: usize) -> Option<Bytes> {
        if self.input_is_to_come(fd) {
            return None;
        }
        let open = self.fds.at(fd)?;
        let endless = matches!(**open, Open::Zero | Open::Random | Open::Full);
        let max = if endless { limits::PIPE_BYTES } else { limits::FILE_BYTES };
        if !endless {
            return Some(self.read_still(open, max, false).unwrap_or_default());
        }
        let mut all = Vec::new();
        while all.len() < max {
            all.extend_from_slice(&self.read_still(open, DEVICE_CHUNK, false)?);
        }
        Some(all.into())
    }
}

impl Process {
    /// So many bytes of an endless device on descriptor 0.
    pub(crate) fn device_bytes(&self, count: usize) -> Option<Bytes> {
        let open = self.fds.at(0)?;
        let mut all = Vec::new();
        while all.len() < count {
            all.extend_from_slice(&self.read_still(
                open,
                (count - all.len()).min(DEVICE_CHUNK),
                false,
            )?);
        }
        Some(all.into())
    }
}

/// The descriptor that is shown by this number: lent ones are shown higher.
pub(crate) const fn descriptor_shown(number: usize) -> usize {
    if number >= SHOWN_ABOVE + DESCRIPTORS / 2 { number - SHOWN_ABOVE } else { number }
}

/// The descriptor that `/dev/stdout` and the like stand for.
fn own_descriptor(path: &[u8]) -> Option<usize> {
    match path {
        b"/dev/stdin" => Some(0),
        b"/dev/stdout" => Some(1),
        b"/dev/stderr" => Some(2),
        _ => {
            let digits =
                path.strip_prefix(b"/dev/fd/").or_else(|| path.strip_prefix(b"/proc/self/fd/"))?;
            std::str::from_utf8(digits)
                .ok()?
                .parse::<usize>()
                .ok()
                .map(descriptor_shown)
                .filter(|fd| *fd < DESCRIPTORS)
        }
    }
}

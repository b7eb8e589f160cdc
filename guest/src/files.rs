//! Contents of files that the sample wrote: fanotify tells of each that is closed after
//! writing, with a descriptor that outlives the file's name, so that what is deleted at
//! once is had nevertheless.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Result;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use ukai_trace::limits::PIECE_BYTES_MAX;
use ukai_trace::{Reason, What};

use crate::limits::{FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX, HELD_MAX, VERSIONS_MAX};
use crate::out::Out;
use crate::sys;
use crate::wine::Wine;

struct Held {
    pid: u32,
    file: File,
    path: Vec<u8>,
    reason: Reason,
    number: u32,
    sent: u64,
    size: u64,
}

pub struct Files {
    group: OwnedFd,
    held: std::collections::VecDeque<Held>,
    /// Times each file (device, number) was closed, and the last that is kept for the end.
    versions: HashMap<(u64, u64), (u32, Option<Held>)>,
    number: u32,
    bytes: u64,
}

impl Files {
    /// Watches the file systems that process `nest` sees.
    pub fn watch(nest: u32) -> Result<Self> {
        const CLOEXEC: u32 = 1;
        const NONBLOCK: u32 = 2;
        let flags = (libc::O_RDONLY | libc::O_LARGEFILE | libc::O_CLOEXEC | libc::O_NOATIME) as u32;
        // SAFETY: the descriptor is owned from here on.
        let group = unsafe {
            let fd =
                sys::check(libc::c_long::from(libc::fanotify_init(CLOEXEC | NONBLOCK, flags)))?;
            OwnedFd::from_raw_fd(fd as RawFd)
        };
        let files = Self {
            group,
            held: std::collections::VecDeque::new(),
            versions: HashMap::new(),
            number: 0,
            bytes: 0,
        };
        for folder in ["", "/dev", "/dev/shm"] {
            files.watch_at(&format!("/proc/{nest}/root{folder}"))?;
        }
        Ok(files)
    }

    /// Watches the file system that is mounted there, too.
    pub fn watch_at(&self, path: &str) -> Result<()> {
        const ADD: u32 = 1;
        const FILE_SYSTEM: u32 = 0x100;
        const CLOSE_WRITE: u64 = 8;
        let path = sys::c(path);
        // SAFETY: the path lives over the call.
        sys::check(libc::c_long::from(unsafe {
            libc::fanotify_mark(
                self.group.as_raw_fd(),
                ADD | FILE_SYSTEM,
                CLOSE_WRITE,
                libc::AT_FDCWD,
                path.as_ptr(),
            )
        }))
        .map(drop)
    }

    pub fn fd(&self) -> RawFd {
        self.group.as_raw_fd()
    }

    /// Takes what fanotify has to tell.
    pub fn take(&mut self, out: &mut Out, tracing: bool, wine: &Wine) {
        const EVENT_BYTES: usize = 24;
        let mut buffer = [0; 4_096];
        while let Ok(count @ 1..) = sys::read(self.fd(), &mut buffer) {
            for event in buffer[..count].chunks_exact(EVENT_BYTES) {
                let number = |at: usize| {
                    i32::from_le_bytes(event[at..at + 4].try_into().unwrap_or_default())
                };
                let (fd, pid) = (number(16), number(20) as u32);
                if fd < 0 {
                    out.lost(1);
                    continue;
                }
                // SAFETY: the event gave it to us.
                let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
                if tracing && pid != std::process::id() {
                    self.closed(out, pid, file, wine);
                }
            }
        }
    }

    fn closed(&mut self, out: &mut Out, pid: u32, file: File, wine: &Wine) {
        let Ok(about) = file.metadata() else { return };
        if !about.is_file() {
            return;
        }
        let Some(pid) = wine.writer(pid, about.ino()) else { return };
        let link = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap_or_default();
        let link = link.as_os_str().as_bytes();
        let gone = link.strip_suffix(b" (deleted)");
        let path = gone.unwrap_or(link).to_vec();
        let size = about.len();
        out.tell(pid, What::Write { path: path.clone(), size });
        if size == 0 {
            return;
        }
        let below = Path::new("/lower")
            .join(std::ffi::OsStr::from_bytes(path.strip_prefix(b"/").unwrap_or_default()));
        let reason = match gone {
            Some(_) => Reason::Deleted,
            None if below.exists() => Reason::Changed,
            None => Reason::Dropped,
        };
        let held = Held { pid, file, path, reason, number: 0, sent: 0, size };
        let (times, last) = self.versions.entry((about.dev(), about.ino())).or_default();
        *times += 1;
        if *times > VERSIONS_MAX {
            *last = Some(held);
        } else {
            self.hold(out, held);
        }
        if self.versions.len() > HELD_MAX {
            self.versions.retain(|_, (_, last)| last.is_some());
        }
    }

    /// A file that is executed and is nowhere in a folder.
    pub fn executed(&mut self, out: &mut Out, pid: u32, file: File, path: Vec<u8>) {
        let Ok(about) = file.metadata() else { return };
        let (reason, size) = (Reason::Executed, about.len());
        let (times, _) = self.versions.entry((about.dev(), about.ino())).or_default();
        *times += 1;
        if about.is_file() && *times == 1 {
            self.hold(out, Held { pid, file, path, reason, number: 0, sent: 0, size });
        }
    }

    /// A file that is wanted at the end as it was and as it is, by its path in the nest,
    /// if it is another one.
    pub fn compare(&mut self, nest: u32, path: &str, before: Option<File>) {
        let after = File::open(format!("/proc/{nest}/root{path}")).ok();
        let number = |file: &Option<File>| Some(file.as_ref()?.metadata().ok()?.ino());
        if number(&before) == number(&after) {
            return;
        }
        for (file, reason) in [(before, Reason::Before), (after, Reason::Changed)] {
            let Some(file) = file else { continue };
            let size = file.metadata().map_or(0, |about| about.len());
            let (pid, path) = (0, path.as_bytes().to_vec());
            // They are few, and no number of the sample's files keeps them away.
            self.number += 1;
            let number = self.number;
            self.held.push_back(Held { pid, file, path, reason, number, sent: 0, size });
        }
    }

    fn hold(&mut self, out: &mut Out, mut held: Held) {
        if self.held.len() >= HELD_MAX || self.number >= FILES_MAX || self.bytes >= FILES_BYTES_MAX
        {
            out.lost(1);
            return;
        }
        self.number += 1;
        held.number = self.number;
        self.bytes += held.size.min(FILE_BYTES_MAX);
        self.held.push_back(held);
    }

    /// What was kept for the end is to be sent, too.
    pub fn all(&mut self, out: &mut Out) {
        let last: Vec<Held> = self.versions.drain().filter_map(|(_, (_, last))| last).collect();
        for held in last {
            self.hold(out, held);
        }
    }

    /// Sends what there is room for; whether nothing is left.
    pub fn pump(&mut self, out: &mut Out) -> bool {
        let mut piece = vec![0; PIECE_BYTES_MAX];
        while let Some(held) = self.held.front_mut() {
            if !out.has_room() {
                return false;
            }
            let room = (FILE_BYTES_MAX - held.sent).min(PIECE_BYTES_MAX as u64) as usize;
            let count = held.file.read_at(&mut piece[..room], held.sent).unwrap_or(0);
            let offset = held.sent;
            held.sent += count as u64;
            let last = count == 0 || held.sent >= FILE_BYTES_MAX || held.sent >= held.size;
            out.tell(
                held.pid,
                What::File {
                    number: held.number,
                    path: held.path.clone(),
                    reason: held.reason,
                    size: held.size,
                    offset,
                    bytes: piece[..count].to_vec(),
                    last,
                },
            );
            if last {
                self.held.pop_front();
            }
        }
        true
    }
}

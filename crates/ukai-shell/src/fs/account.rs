//! The disk as one account sees it through open files: what SFTP needs, and a server that
//! reads a user's files.

use super::node::{FileKind, FsError, Ino, Origin};
use super::open::{Access, Opened};
use super::walk::Attributes;
use super::{Fs, View};
use bytes::Bytes;
use std::sync::Arc;
use ukai_model::{Sha256, Timestamp};

/// A disk, with the rights of an account.
#[derive(Clone)]
pub struct AccountFs {
    fs: Fs,
    view: View,
}

/// A file that is open.
#[derive(Clone, Copy, Debug)]
pub struct OpenFile(Ino);

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // They are flags of a call, each its own.
pub struct OpenHow {
    /// Its bytes are to be changed.
    pub write: bool,
    /// It is made if it is not there.
    pub create: bool,
    /// It must not be there.
    pub exclusive: bool,
    /// What it held is dropped.
    pub truncate: bool,
}

/// What is told of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Type and permissions, as in `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Length in bytes.
    pub size: u64,
    /// Last change, seconds since 1970.
    pub mtime: u64,
    /// Number of names.
    pub links: u32,
}

/// What is to change about a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileChange {
    /// Permissions.
    pub mode: Option<u16>,
    /// Owner.
    pub owner: Option<u32>,
    /// Group.
    pub group: Option<u32>,
    /// Time of the last change, seconds since 1970.
    pub mtime: Option<u64>,
}

impl AccountFs {
    /// `fs` with the rights of an account.
    pub fn new(fs: Fs, uid: u32, gid: u32) -> Self {
        let now = Timestamp::default();
        Self { fs, view: View { now, pid: 1, shell_pid: 1, uid, gid, seat: Arc::default() } }
    }

    /// From now on it is `now`.
    pub fn set_time(&mut self, now: Timestamp) {
        self.view.now = now;
    }

    /// What is at `path`; the link itself if `follow` is false and it is one.
    pub fn facts(&self, path: &[u8], follow: bool) -> Result<FileFacts, FsError> {
        let stat = self.fs.stat(&self.view, path, follow)?;
        let kind = match stat.kind {
            FileKind::Directory => 0o040_000,
            FileKind::File => 0o100_000,
            FileKind::Link => 0o120_000,
            FileKind::Character => 0o020_000,
            FileKind::Block => 0o060_000,
            FileKind::Pipe => 0o010_000,
        };
        Ok(FileFacts {
            mode: kind | u32::from(stat.mode),
            uid: stat.uid,
            gid: stat.gid,
            size: stat.size,
            mtime: stat.mtime,
            links: stat.links,
        })
    }

    /// Opens a regular file.
    pub fn open(&self, path: &[u8], how: OpenHow, mode: u16) -> Result<OpenFile, FsError> {
        let there = self.fs.stat(&self.view, path, true);
        match there {
            Ok(_) if how.create && how.exclusive => return Err(FsError::Exists),
            Err(error) if !(how.create && error == FsError::NotFound) => return Err(error),
            _ => {}
        }
        let access = match (how.write || there.is_err(), how.truncate) {
            (true, true) => Access::Truncate,
            (true, false) => Access::Update,
            (false, _) => Access::Read,
        };
        match self.fs.open(&self.view, path, access, mode)? {
            Opened::File { ino } => Ok(OpenFile(ino)),
            _ => Err(FsError::Permission),
        }
    }

    /// At most `length` bytes from `offset`; none at the end.
    pub fn read_at(&self, file: OpenFile, offset: u64, length: usize) -> Result<Bytes, FsError> {
        self.fs.read_at(&self.view, file.0, offset, length)
    }

    /// Writes at `offset`, or at the end.
    pub fn write_at(
        &self,
        file: OpenFile,
        offset: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), FsError> {
        self.fs.write(&self.view, file.0, offset, bytes).map(drop)
    }

    /// Cuts or lengthens a file.
    pub fn truncate(&self, file: OpenFile, length: u64) -> Result<(), FsError> {
        self.fs.truncate(&self.view, file.0, length)
    }

    /// All bytes of an open file.
    pub fn contents(&self, file: OpenFile) -> Result<Bytes, FsError> {
        self.fs.contents(&self.view, file.0)
    }

    /// All bytes of the file at `path`.
    pub fn read(&self, path: &[u8]) -> Result<Bytes, FsError> {
        self.fs.read(&self.view, path)
    }

    /// Makes or replaces a file as the system itself does: it is none of the attacker's.
    pub fn store_as_system(&self, path: &[u8], bytes: Bytes, mode: u16) -> Result<(), FsError> {
        self.fs.store(&self.view, path, bytes, Origin::Host, mode)
    }

    /// Whether these contents are new; from now on a shell does not report them again.
    pub fn learn(&self, bytes: &[u8]) -> bool {
        self.fs.learn(Sha256::of(bytes))
    }

    /// The absolute path without links of what is at `path`.
    pub fn real_path(&self, path: &[u8]) -> Result<Vec<u8>, FsError> {
        self.fs.real_path(&self.view, path)
    }

    /// Names in a directory, sorted, without `.` and `..`.
    pub fn names(&self, path: &[u8]) -> Result<Vec<Bytes>, FsError> {
        self.fs.list(&self.view, path)
    }

    /// Where the link at `path` points.
    pub fn link(&self, path: &[u8]) -> Result<Bytes, FsError> {
        self.fs.read_link(&self.view, path)
    }

    /// Makes a symbolic link.
    pub fn make_link(&self, target: &[u8], path: &[u8]) -> Result<(), FsError> {
        self.fs.symlink(&self.view, target, path)
    }

    /// Gives a file another name beside its first.
    pub fn add_name(&self, from: &[u8], path: &[u8]) -> Result<(), FsError> {
        self.fs.hard_link(&self.view, from, path)
    }

    /// Makes a directory.
    pub fn make_directory(&self, path: &[u8], mode: u16) -> Result<(), FsError> {
        self.fs.mkdir(&self.view, path, mode)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, path: &[u8]) -> Result<(), FsError> {
        self.fs.rmdir(&self.view, path)
    }

    /// Removes a file or link.
    pub fn remove(&self, path: &[u8]) -> Result<(), FsError> {
        self.fs.unlink(&self.view, path)
    }

    /// Gives a node another name, in place of what has it.
    pub fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), FsError> {
        self.fs.rename(&self.view, from, to)
    }

    /// Changes permissions, owner or time.
    pub fn change(&self, path: &[u8], change: &FileChange) -> Result<(), FsError> {
        let FileChange { mode, owner, group, mtime } = *change;
        let change = Attributes { mode, owner, group, mtime };
        self.fs.set_attributes(&self.view, path, &change)
    }
}

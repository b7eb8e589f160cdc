//! The disk as services see it that are no shell: FTP, SFTP, TFTP and the like work on it
//! with the rights of the account that logged in.

use super::node::{FileKind, FsError, Origin, Stat};
use super::open::{Access, Opened};
use super::walk::Attributes;
use super::{Fs, View};
use bytes::Bytes;
use std::sync::Arc;
use ukai_model::{Sha256, Timestamp};

/// One account's view of a disk.
#[derive(Clone)]
pub struct Files {
    pub(super) fs: Fs,
    pub(super) view: View,
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

/// What a service is told of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Kind.
    pub kind: FileKind,
    /// Permissions.
    pub mode: u16,
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
    /// A number that no other file has.
    pub number: u64,
    stat: Stat,
}

impl FileInfo {
    fn new(stat: Stat) -> Self {
        let Stat { kind, mode, uid, gid, size, mtime, links, .. } = stat;
        Self { kind, mode, uid, gid, size, mtime, links, number: stat.number(), stat }
    }

    /// Type and permissions as `ls -l` shows them.
    pub fn mode_text(&self) -> String {
        self.stat.mode_text()
    }

    /// Type and permissions, as in `st_mode`.
    pub fn st_mode(&self) -> u32 {
        self.stat.st_mode()
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }
}

impl Files {
    /// `fs` with the rights of an account.
    pub fn new(fs: Fs, uid: u32, gid: u32) -> Self {
        let now = Timestamp::default();
        Self { fs, view: View { now, pid: 1, shell_pid: 1, uid, gid, seat: Arc::default() } }
    }

    /// From now on it is `now`.
    pub fn at(&mut self, now: Timestamp) -> &Self {
        self.view.now = now;
        self
    }

    /// What is at `path`; a link itself if `follow` is false.
    pub fn info(&self, path: &[u8], follow: bool) -> Result<FileInfo, FsError> {
        self.fs.stat(&self.view, path, follow).map(FileInfo::new)
    }

    /// The absolute path without links of what is at `path`.
    pub fn real_path(&self, path: &[u8]) -> Result<Vec<u8>, FsError> {
        self.fs.real_path(&self.view, path)
    }

    /// Where the link at `path` points.
    pub fn link(&self, path: &[u8]) -> Result<Bytes, FsError> {
        self.fs.read_link(&self.view, path)
    }

    /// Names in a directory, sorted, without `.` and `..`.
    pub fn names(&self, path: &[u8]) -> Result<Vec<Bytes>, FsError> {
        self.fs.list(&self.view, path)
    }

    /// The bytes of a regular file.
    pub fn read(&self, path: &[u8]) -> Result<Bytes, FsError> {
        match self.fs.stat(&self.view, path, true)? {
            stat if stat.is_dir() => Err(FsError::IsDirectory),
            _ => self.fs.read(&self.view, path),
        }
    }

    /// Makes an empty file, or empties one, if it may be written.
    pub fn create(&self, path: &[u8], mode: u16) -> Result<(), FsError> {
        self.open(path, Access::Truncate, mode)
    }

    /// Makes sure that a file is there and may be written; what it holds stays.
    pub fn prepare(&self, path: &[u8], mode: u16) -> Result<(), FsError> {
        self.open(path, Access::Update, mode)
    }

    fn open(&self, path: &[u8], access: Access, mode: u16) -> Result<(), FsError> {
        match self.fs.open(&self.view, path, access, mode)? {
            Opened::File { .. } => Ok(()),
            _ => Err(FsError::Invalid),
        }
    }

    /// Makes or replaces a regular file. The bytes are the attacker's; from now on they
    /// are known, so that a shell does not report them again.
    pub fn store(&self, path: &[u8], bytes: Bytes, mode: u16) -> Result<(), FsError> {
        self.fs.learn(Sha256::of(&bytes));
        self.fs.store(&self.view, path, bytes, Origin::Written, mode)
    }

    /// Makes a directory.
    pub fn make_directory(&self, path: &[u8], mode: u16) -> Result<(), FsError> {
        self.fs.mkdir(&self.view, path, mode)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, path: &[u8]) -> Result<(), FsError> {
        self.fs.rmdir(&self.view, path)
    }

    /// Removes a file.
    pub fn remove(&self, path: &[u8]) -> Result<(), FsError> {
        self.fs.unlink(&self.view, path)
    }

    /// Gives a node another name.
    pub fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), FsError> {
        self.fs.rename(&self.view, from, to)
    }

    /// Changes permissions, owner or time.
    pub fn change(&self, path: &[u8], change: &FileChange) -> Result<(), FsError> {
        let FileChange { mode, owner, group, mtime } = *change;
        let change = Attributes { mode, owner, group, mtime };
        self.fs.set_attributes(&self.view, path, &change)
    }

    /// Makes or replaces a file as the system itself does: it is none of the attacker's.
    pub fn store_as_system(&self, path: &[u8], bytes: Bytes, mode: u16) -> Result<(), FsError> {
        self.fs.store(&self.view, path, bytes, Origin::Host, mode)
    }
}

//! What services do with files that they hold open, as SFTP does, and with links.

use super::Files;
use super::node::{FsError, Ino};
use super::open::{Access, Opened};
use bytes::Bytes;
use ukai_model::Sha256;

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

impl Files {
    /// Opens a regular file.
    pub fn open_file(&self, path: &[u8], how: OpenHow, mode: u16) -> Result<OpenFile, FsError> {
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

    /// Whether these contents are new; from now on a shell does not report them again.
    pub fn learn(&self, bytes: &[u8]) -> bool {
        self.fs.learn(Sha256::of(bytes))
    }

    /// Makes a symbolic link.
    pub fn make_link(&self, target: &[u8], path: &[u8]) -> Result<(), FsError> {
        self.fs.symlink(&self.view, target, path)
    }

    /// Gives a file another name beside its first.
    pub fn add_name(&self, from: &[u8], path: &[u8]) -> Result<(), FsError> {
        self.fs.hard_link(&self.view, from, path)
    }
}

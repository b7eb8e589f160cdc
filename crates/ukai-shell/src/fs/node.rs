//! Nodes of a file system, and why an operation on one fails.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A node's number: on the disk, or made up by `/proc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ino {
    Disk(u32),
    Proc(ProcNode),
}

/// A node of `/proc` that is made up when it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ProcNode {
    /// `/proc/self`
    SelfLink,
    /// `/proc/PID`
    Process(u32),
    /// A file in `/proc/PID`.
    File(u32, u8),
    /// A link in `/proc/PID`.
    Link(u32, u8),
    /// `/proc/PID/fd`
    Descriptors(u32),
    /// `/proc/PID/fd/N`
    Descriptor(u32, u8),
    /// `/proc/PID/task`
    Tasks(u32),
    /// `/proc/PID/task/PID`
    Task(u32),
    /// `/proc/PID/ns`
    Namespaces(u32),
    /// A link in `/proc/PID/ns`.
    Namespace(u32, u8),
    /// A file of the system's own, by place in the list.
    System(u8),
}

/// Names in a directory.
pub(crate) type Entries = BTreeMap<Bytes, u32>;

/// Who made a file's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It came with the host, or is a copy of what did.
    Host,
    /// It was fetched; whoever fetched it keeps it.
    Fetched,
    /// The attacker wrote it.
    Written,
}

/// What a regular file holds.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// Bytes that do not change.
    Shared(Bytes),
    /// Bytes that are being written.
    Own(Vec<u8>),
    /// Text with the host's placeholders.
    Template(Arc<str>),
    /// A program of this many bytes, made when it is read.
    Program(u64),
}

/// Kind of a node, with what it holds.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Directory(Arc<Entries>),
    File(Data, Origin),
    Link(Bytes),
    Character(u32, u32),
    Block(u32, u32),
    Pipe,
}

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Permissions.
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Last change, seconds since 1970.
    pub(crate) mtime: u64,
    /// Number of names.
    pub(crate) links: u32,
    /// Flags of `chattr`: [`IMMUTABLE`], [`APPEND_ONLY`].
    pub(crate) flags: u8,
}

/// `chattr +i`: nothing of the file changes.
pub(crate) const IMMUTABLE: u8 = 1;

/// `chattr +a`: the file only grows.
pub(crate) const APPEND_ONLY: u8 = 2;

/// What `stat` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) ino: Ino,
    pub(crate) kind: FileKind,
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) mtime: u64,
    pub(crate) links: u32,
    /// Major and minor number of a device.
    pub(crate) device: (u32, u32),
}

impl Stat {
    pub(crate) fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }

    pub(crate) fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    /// A number for `ls -i`.
    pub(crate) fn number(&self) -> u64 {
        match self.ino {
            Ino::Disk(number) => u64::from(number) + 2,
            Ino::Proc(_) => 4_026_531_840,
        }
    }

    /// Type and permissions, as in `st_mode`.
    pub(crate) fn st_mode(&self) -> u32 {
        let kind = match self.kind {
            FileKind::Directory => 0o040_000,
            FileKind::File => 0o100_000,
            FileKind::Link => 0o120_000,
            FileKind::Character => 0o020_000,
            FileKind::Block => 0o060_000,
            FileKind::Pipe => 0o010_000,
        };
        kind | u32::from(self.mode)
    }

    /// Type and permissions as `ls -l` shows them.
    pub(crate) fn mode_text(&self) -> String {
        let mut text = String::with_capacity(10);
        text.push(self.kind.letter());
        for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
            let bits = self.mode >> shift;
            text.push(if bits & 4 == 0 { '-' } else { 'r' });
            text.push(if bits & 2 == 0 { '-' } else { 'w' });
            text.push(match (self.mode & special != 0, bits & 1 != 0) {
                (true, true) => letter,
                (true, false) => letter.to_ascii_uppercase(),
                (false, true) => 'x',
                (false, false) => '-',
            });
        }
        text
    }
}

/// Kind of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Directory.
    Directory,
    /// Regular file.
    File,
    /// Symbolic link.
    Link,
    /// Character device.
    Character,
    /// Block device.
    Block,
    /// Named pipe.
    Pipe,
}

impl FileKind {
    const fn letter(self) -> char {
        match self {
            Self::Directory => 'd',
            Self::File => '-',
            Self::Link => 'l',
            Self::Character => 'c',
            Self::Block => 'b',
            Self::Pipe => 'p',
        }
    }
}

/// Why an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsError {
    /// No such file or directory.
    NotFound,
    /// Not a directory.
    NotDirectory,
    /// Is a directory.
    IsDirectory,
    /// Too many levels of symbolic links.
    Loop,
    /// Permission denied.
    Permission,
    /// Operation not permitted.
    NotPermitted,
    /// File exists.
    Exists,
    /// Directory not empty.
    NotEmpty,
    /// No space left on device.
    NoSpace,
    /// Read-only file system.
    ReadOnly,
    /// File name too long.
    NameTooLong,
    /// Invalid argument.
    Invalid,
    /// Device or resource busy.
    Busy,
    /// File too large.
    TooLarge,
    /// No such device or address.
    NoDevice,
}

impl FsError {
    /// The C library's text for it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "No such file or directory",
            Self::NotDirectory => "Not a directory",
            Self::IsDirectory => "Is a directory",
            Self::Loop => "Too many levels of symbolic links",
            Self::Permission => "Permission denied",
            Self::NotPermitted => "Operation not permitted",
            Self::Exists => "File exists",
            Self::NotEmpty => "Directory not empty",
            Self::NoSpace => "No space left on device",
            Self::ReadOnly => "Read-only file system",
            Self::NameTooLong => "File name too long",
            Self::Invalid => "Invalid argument",
            Self::Busy => "Device or resource busy",
            Self::TooLarge => "File too large",
            Self::NoDevice => "No such device or address",
        }
    }
}

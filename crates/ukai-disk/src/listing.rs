//! What a file system says of its files.

use crate::limits::BLOCK_BYTES;
use std::collections::BTreeMap;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Other,
}

/// What is compared of a file. All of it is the guest's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    /// When its contents were changed, in nanoseconds since 1970.
    pub(crate) modified_ns: i128,
    /// What else changes with it: rights, when its record was changed.
    pub(crate) mark: u64,
    /// By which the file system finds it; 0 where it goes by the path.
    pub(crate) number: u64,
    /// How often that number was given to another file.
    pub(crate) sequence: u16,
}

/// Files by their path, and whether there are more than are looked at.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) entries: BTreeMap<Vec<u8>, Entry>,
    pub(crate) cut: bool,
}

/// A file's first bytes, at most so many: `read` fills a piece and tells how much of it, 0 at
/// the end, or that it cannot be read.
pub(crate) fn first_bytes(
    most: u64,
    mut read: impl FnMut(&mut [u8]) -> Option<usize>,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; BLOCK_BYTES];
    while (bytes.len() as u64) < most {
        let wanted = usize::try_from(most - bytes.len() as u64).unwrap_or(usize::MAX);
        let wanted = wanted.min(piece.len());
        match read(&mut piece[..wanted])? {
            0 => break,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
    Some(bytes)
}

//! What a file system says of its files.

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

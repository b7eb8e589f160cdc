//! Limits with their units.

/// A disk is read in pieces of so many bytes.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// Pieces that are kept of each disk.
pub(crate) const BLOCKS_KEPT: usize = 1_024;

/// Volumes of a disk that are looked at.
pub(crate) const VOLUMES_MAX: usize = 32;

/// Files and folders of a volume that are looked at.
pub const ENTRIES_MAX: usize = 600_000;

/// Folders within folders.
pub(crate) const DEPTH_MAX: usize = 128;

/// Files that are told; Windows changes some hundreds while it does nothing.
pub(crate) const TOLD_MAX: usize = 20_000;

/// Of a file, so many bytes are handed over.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// Of all files together, so many.
pub const ALL_BYTES_MAX: u64 = 96 << 20;

/// Of an event log, so many bytes are read. Windows lets them grow to 20 MiB, Sysmon's to 64.
pub const LOG_BYTES_MAX: u64 = 80 << 20;

/// Of all event logs together, so many, those of before included.
pub const LOGS_BYTES_MAX: u64 = 1 << 30;

/// Records of event logs that are told.
pub(crate) const RECORDS_MAX: usize = 20_000;

/// Records that are told of one event of one provider; one that writes without end leaves room for
/// others.
pub(crate) const RECORDS_ALIKE_MAX: usize = 2_000;

/// What is told of all records together, in bytes.
pub(crate) const RECORDS_BYTES_MAX: usize = 32 << 20;

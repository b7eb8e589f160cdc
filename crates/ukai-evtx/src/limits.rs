//! Limits with their units.

/// Records of one log that are looked at.
pub const RECORDS_MAX: usize = 1_000_000;

/// Steps for all records of one log: a token of their XML, an item of a list, or 64 bytes of text
/// each count for one. A usual record takes fewer than a hundred.
pub const LOG_STEPS_MAX: u64 = 50_000_000;

/// Steps for one record.
pub const RECORD_STEPS_MAX: u64 = 20_000;

/// One value's text, in bytes.
pub const VALUE_BYTES_MAX: usize = 32 * 1024;

/// All texts of a record together, names included, in bytes.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;

/// Elements within elements, nested documents included.
pub const DEPTH_MAX: usize = 32;

/// A name's length, in UTF-16 units.
pub(crate) const NAME_UNITS_MAX: usize = 255;

/// Pairs of a record's data.
pub const PAIRS_MAX: usize = 512;

/// The path of a pair, in bytes, from which on it begins anew.
pub(crate) const PATH_BYTES_MAX: usize = 512;

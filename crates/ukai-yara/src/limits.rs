//! How much of rules is read, and how much of their matches is told.

use std::time::Duration;

/// Length of one file of rules, in bytes.
pub const RULE_FILE_BYTES_MAX: u64 = 16 << 20;

/// Files of one set.
pub const RULE_FILES_MAX: usize = 10_000;

/// How long all rules may look at one file or layer.
pub const SCAN_MAX: Duration = Duration::from_secs(10);

/// Rules that are told of one file or layer.
pub(crate) const MATCHES_MAX: usize = 100;

/// Places of one string that a condition may count. A text of one letter has millions.
pub(crate) const PLACES_COUNTED_MAX: u32 = 1_000;

/// Strings of one rule that are told.
pub(crate) const STRINGS_TOLD_MAX: usize = 20;

/// Places of one string that are told.
pub(crate) const PLACES_TOLD_MAX: usize = 3;

/// Bytes of a place that are told.
pub(crate) const PLACE_BYTES_MAX: usize = 64;

/// Tags of one rule that are told.
pub(crate) const TAGS_MAX: usize = 20;

/// Remarks (`meta`) of one rule that are told.
pub(crate) const META_MAX: usize = 20;

/// Length of a tag, a remark or a name, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 256;

/// Depth of a condition: deeper ones would use up the stack.
pub(crate) const CONDITION_DEPTH_MAX: u32 = 40;

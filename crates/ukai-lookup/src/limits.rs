//! How much of what services say is read and kept.

/// Length of an answer, in bytes: a report with a hundred engines and their texts.
pub const ANSWER_BYTES_MAX: u64 = 8 << 20;

/// Length of a sample that is handed over, in bytes.
pub const UPLOAD_BYTES_MAX: usize = 32 << 20;

/// Names of one answer that are kept.
pub(crate) const NAMES_MAX: usize = 50;

/// Places (URLs, hosts) of one answer that are kept.
pub(crate) const PLACES_MAX: usize = 50;

/// Length of a text of an answer, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 256;

/// Answers that are remembered.
pub(crate) const REMEMBERED_MAX: usize = 20_000;

/// How long what a service knows is believed, in seconds.
pub(crate) const KNOWN_FOR_S: u64 = 7 * 86_400;

/// How long it is believed that a service knows nothing, in seconds: a new sample becomes
/// known within days.
pub(crate) const UNKNOWN_FOR_S: u64 = 86_400;

/// How long a service is left alone that says "too often" and not until when, in seconds.
pub(crate) const PAUSE_S: u64 = 60;

/// The longest pause that a service may ask for, in seconds.
pub(crate) const PAUSE_MAX_S: u64 = 86_400;

/// How long a service is left alone that refuses the key, in seconds.
pub(crate) const REFUSED_PAUSE_S: u64 = 3_600;

//! The limits of scoring and guarding, in one place.

/// Longest URL that becomes an observable, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// Longest domain name in text, without the final dot (RFC 1035, section 2.3.4).
pub const DOMAIN_BYTES_MAX: usize = 253;
/// Longest label of a domain name (RFC 1035, section 2.3.4).
pub const LABEL_BYTES_MAX: usize = 63;
/// Pieces of evidence listed in one indicator; the count goes on.
pub const EVIDENCE_MAX: usize = 64;
/// Claims made from one analysis.
pub const CLAIMS_PER_ANALYSIS_MAX: usize = 4_096;
/// Sightings of one sample that become evidence.
pub const SIGHTINGS_MAX: usize = 64;
/// Longest `detail` of a piece of evidence, in bytes.
pub const DETAIL_BYTES_MAX: usize = 200;
/// Longest warning list, as JSON, in bytes.
pub const WARNING_LIST_BYTES_MAX: usize = 64 << 20;
/// Longest pattern in a warning list of type `regex`, in bytes.
pub const PATTERN_BYTES_MAX: usize = 4_096;
/// Patterns in one warning list of type `regex`.
pub const PATTERNS_MAX: usize = 1_000;
/// Compiled size of all patterns of one warning list, in bytes.
pub const PATTERNS_COMPILED_BYTES_MAX: usize = 64 << 20;

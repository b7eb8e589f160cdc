//! What one attacker may use up, in one place.

/// Longest command text that is recorded, in bytes.
pub const RECORDED_LINE_BYTES: usize = 16 * 1024;

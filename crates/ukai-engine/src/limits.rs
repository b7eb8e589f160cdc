//! Limits of what engines may say and use up.

use std::time::Duration;

/// Bytes of an answer of clamd, of ICAP's headers, or of a line of output.
pub const ANSWER_BYTES_MAX: usize = 16 << 10;

/// Bytes of what a program prints, or of what a service answers.
pub const OUTPUT_BYTES_MAX: usize = 256 << 10;

/// Names that one engine may give one sample.
pub const NAMES_MAX: usize = 16;

/// Bytes of one of them.
pub const NAME_BYTES_MAX: usize = 256;

/// Header lines of an ICAP answer.
pub const HEADERS_MAX: usize = 64;

/// Bytes of a sample that are sent in one piece.
pub const PIECE_BYTES: usize = 64 << 10;

/// How long what an engine says of itself is believed.
pub const STATE_KEPT: Duration = Duration::from_mins(10);

/// How long an engine that is down is left alone.
pub const DOWN_FOR: Duration = Duration::from_secs(15);

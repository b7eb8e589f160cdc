//! What one session may use up of the machine's time and of the line.

use crate::limits;

/// What one session may use up. By default as in [`limits`]; a caller that runs many
/// sessions at once may give each less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps that one input may take.
    pub steps_per_input: u64,
    /// Steps that the session may take.
    pub steps_per_session: u64,
    /// Output to the peer that one input may cause, in bytes.
    pub output_bytes_per_input: usize,
    /// Output to the peer in the session, in bytes.
    pub output_bytes_per_session: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            steps_per_input: limits::STEPS_PER_INPUT,
            steps_per_session: limits::STEPS_PER_SESSION,
            output_bytes_per_input: limits::OUTPUT_BYTES_PER_INPUT,
            output_bytes_per_session: limits::OUTPUT_BYTES_PER_SESSION,
        }
    }
}

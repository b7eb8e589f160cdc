//! How much one script may use.

use std::time::Duration;

/// What one run of a script may use and tell, layers that it evaluates included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Beginning of the text that is read, in bytes.
    pub source_bytes: usize,
    /// Steps: evaluated nodes, turns of loops, and a step for each 64 bytes that are copied.
    pub steps: u64,
    /// All values that it holds at once, in bytes.
    pub held_bytes: usize,
    /// Brackets, blocks and processes inside each other.
    pub depth: usize,
    /// Calls of a script's own procedures, and texts that it evaluates, inside each other.
    pub calls: usize,
    /// Processor time after which the engine of JavaScript, whose single operations may cost much,
    /// is ended; the step limit ends all others before.
    pub cpu: Duration,
    /// Acts that are told.
    pub acts: usize,
    /// Layers that are kept.
    pub layers: usize,
    /// Files that are kept.
    pub made: usize,
    /// Length of one value, one layer, one file, in bytes.
    pub value_bytes: usize,
    /// Length of a URL, path or command line in an act, in bytes.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_bytes: 4 * 1024 * 1024,
            steps: 4_000_000,
            held_bytes: 64 * 1024 * 1024,
            depth: 64,
            calls: 1000,
            cpu: Duration::from_secs(6),
            acts: 1000,
            layers: 64,
            made: 32,
            value_bytes: 16 * 1024 * 1024,
            text_bytes: 8192,
        }
    }
}

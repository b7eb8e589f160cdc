//! Pipes between the stages of a pipeline, which run by turns.
//!
//! A writer is asked to wait when a pipe holds [`PIPE_SOFT_BYTES`](limits::PIPE_SOFT_BYTES),
//! as Linux's holds 64 KiB; a command that prints all at once may go beyond, up to
//! [`FILE_BYTES`](limits::FILE_BYTES).

use super::lock;
use crate::limits;
use bytes::{Bytes, BytesMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Counts what pipes do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves(Arc<AtomicU64>);

impl Moves {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Pipe {
    moves: Moves,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: BytesMut,
    /// How many of them the reader knows of and left, because it waits for more.
    seen: usize,
    writers_gone: bool,
    reader_gone: bool,
}

/// The reading end.
#[derive(Debug)]
pub(crate) struct PipeReader(Arc<Pipe>);

/// The writing end.
#[derive(Debug)]
pub(crate) struct PipeWriter(Arc<Pipe>);

/// A new pipe.
pub(super) fn pipe(moves: &Moves) -> (PipeReader, PipeWriter) {
    let pipe = Arc::new(Pipe { moves: moves.clone(), state: Mutex::default() });
    (PipeReader(Arc::clone(&pipe)), PipeWriter(pipe))
}

impl PipeReader {
    /// Takes at most `max` bytes, with `line` at most a line; none at the end, `None`
    /// if there is nothing yet.
    pub(super) fn read(&self, max: usize, line: bool) -> Option<Bytes> {
        let mut state = lock(&self.0.state);
        let held = state.bytes.len().min(max);
        let count = if line {
            match state.bytes[..held].iter().position(|b| *b == b'\n') {
                Some(end) => end + 1,
                // A writer that waits for room will not complete the line.
                None if state.writers_gone || held == max || held >= limits::PIPE_SOFT_BYTES => {
                    held
                }
                None => 0,
            }
        } else {
            held
        };
        if count == 0 && max > 0 {
            if state.seen != state.bytes.len() {
                state.seen = state.bytes.len();
                self.0.moves.count();
            }
            return state.writers_gone.then(Bytes::new);
        }
        state.seen = 0;
        self.0.moves.count();
        Some(state.bytes.split_to(count).freeze())
    }

    /// Whether nothing will be written any more.
    pub(super) fn is_ended(&self) -> bool {
        lock(&self.0.state).writers_gone
    }
}

impl PipeWriter {
    /// Adds bytes; false if nobody reads them, or if they are too many.
    pub(super) fn write(&self, bytes: &[u8]) -> bool {
        let mut state = lock(&self.0.state);
        if state.reader_gone || state.bytes.len() + bytes.len() > limits::FILE_BYTES {
            return false;
        }
        state.bytes.extend_from_slice(bytes);
        self.0.moves.count();
        true
    }

    /// Whether the writer may go on: at most `unread` bytes wait for the reader, or it
    /// has looked at them and wants more, or it is gone.
    pub(super) fn is_drained(&self, unread: usize) -> bool {
        let state = lock(&self.0.state);
        state.reader_gone || state.bytes.len() <= unread.max(state.seen)
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.reader_gone = true;
        state.bytes = BytesMut::new();
        self.0.moves.count();
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        lock(&self.0.state).writers_gone = true;
        self.0.moves.count();
    }
}

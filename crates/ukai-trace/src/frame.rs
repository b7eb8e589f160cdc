//! Frames in a stream of bytes.

use crate::limits::FRAME_BYTES_MAX;

/// A frame says that it is longer than any that is sent; its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong(pub u32);

/// Takes frames' bodies from bytes that come in any pieces.
///
/// Holds at most one frame and one piece; what `push` is given is the caller's to bound.
#[derive(Debug, Default)]
pub struct Framer {
    bytes: Vec<u8>,
    taken: usize,
}

impl Framer {
    /// Adds what was read. Take all frames out before more is added.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next body, if it is here as a whole.
    ///
    /// After [`TooLong`] there is no way to know where the next frame begins.
    pub fn next_body(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let rest = &self.bytes[self.taken..];
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length);
        let count = length as usize;
        if count > FRAME_BYTES_MAX {
            return Err(TooLong(length));
        }
        if rest.len() < count {
            return Ok(None);
        }
        let start = self.taken + 4;
        self.taken = start + count;
        Ok(Some(&self.bytes[start..start + count]))
    }
}

/// Appends a frame whose body `write` appends.
pub fn frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let count = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&count.to_le_bytes());
}

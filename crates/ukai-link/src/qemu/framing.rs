//! Frames on a stream: each behind its length, four bytes in the network's order
//! (`net_stream_receive` in QEMU's `net/stream.c`).

use crate::limits::QEMU_FRAME_BYTES_MAX;

/// Bytes of a length.
const HEAD: usize = 4;

/// A length that QEMU would not send, nor take: what follows is not frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {0} bytes, where {QEMU_FRAME_BYTES_MAX} are the most: the framing is broken")]
pub struct TooLong(pub u32);

/// Finds the frames in a stream, in a buffer of fixed size.
pub struct Deframer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Default for Deframer {
    fn default() -> Self {
        Self { bytes: vec![0; 2 * (HEAD + QEMU_FRAME_BYTES_MAX)].into(), start: 0, end: 0 }
    }
}

impl Deframer {
    /// Where what comes next belongs. There is room if [`Deframer::next`] has given `None`.
    pub fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.bytes[self.end..]
    }

    /// So many bytes have come.
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// The next whole frame.
    #[allow(clippy::should_implement_trait, reason = "what it gives borrows from it")]
    pub fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let waiting = &self.bytes[self.start..self.end];
        let Some((head, rest)) = waiting.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = u32::from_be_bytes(*head);
        if length as usize > QEMU_FRAME_BYTES_MAX {
            return Err(TooLong(length));
        }
        if rest.len() < length as usize {
            return Ok(None);
        }
        let begin = self.start + HEAD;
        self.start = begin + length as usize;
        Ok(Some(&self.bytes[begin..self.start]))
    }
}

/// Appends a frame behind its length.
pub(super) fn frame(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::{Deframer, HEAD, QEMU_FRAME_BYTES_MAX, TooLong, frame};
    use proptest::prelude::*;

    /// What is found in a stream that comes in pieces.
    fn found(stream: &[u8], pieces: &[usize]) -> Result<Vec<Vec<u8>>, TooLong> {
        let (mut deframer, mut frames) = (Deframer::default(), Vec::new());
        let (mut rest, mut sizes) = (stream, pieces.iter().cycle());
        loop {
            while let Some(frame) = deframer.next()? {
                frames.push(frame.to_vec());
            }
            let room = deframer.room();
            assert!(!room.is_empty());
            let size = sizes.next().map_or(1, |size| *size);
            let count = room.len().min(size).min(rest.len());
            if count == 0 {
                return Ok(frames);
            }
            room[..count].copy_from_slice(&rest[..count]);
            deframer.filled(count);
            rest = &rest[count..];
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<usize>> {
        proptest::collection::vec(1..100_000_usize, 1..10)
    }

    proptest! {
        #[test]
        fn frames_are_found_however_they_come(
            frames in proptest::collection::vec((0..QEMU_FRAME_BYTES_MAX, any::<u8>()), 0..8),
            pieces in pieces(),
        ) {
            let frames: Vec<_> = frames.iter().map(|(size, byte)| vec![*byte; *size]).collect();
            let mut stream = Vec::new();
            for bytes in &frames {
                frame(&mut stream, bytes);
            }
            prop_assert_eq!(found(&stream, &pieces), Ok(frames));
        }

        #[test]
        fn any_bytes_are_frames_or_an_error(
            bytes in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..2_000),
            pieces in pieces(),
        ) {
            match found(&bytes, &pieces) {
                Ok(frames) => {
                    let length: usize = frames.iter().map(|frame| HEAD + frame.len()).sum();
                    prop_assert!(length <= bytes.len());
                }
                Err(TooLong(length)) => prop_assert!(length as usize > QEMU_FRAME_BYTES_MAX),
            }
        }
    }

    #[test]
    fn the_longest_frame_is_taken_and_a_longer_one_is_an_error() {
        let mut stream = Vec::new();
        frame(&mut stream, &vec![5; QEMU_FRAME_BYTES_MAX]);
        assert_eq!(found(&stream, &[1 << 20]).map(|frames| frames.len()), Ok(1));
        stream.extend_from_slice(&(QEMU_FRAME_BYTES_MAX as u32 + 1).to_be_bytes());
        assert_eq!(found(&stream, &[7]), Err(TooLong(QEMU_FRAME_BYTES_MAX as u32 + 1)));
    }
}

//! Frames in a stream.

use crate::limits::FRAME_BYTES_MAX;
use crate::wire::Reader;
use crate::{Notice, Order};

/// Bytes of a length.
const HEAD: usize = 4;

/// A length that nobody would send: what follows is not frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub u32);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a frame of {} bytes, where {FRAME_BYTES_MAX} are the most", self.0)
    }
}

impl std::error::Error for Broken {}

/// Bodies in a stream that comes in pieces.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    start: usize,
}

impl Frames {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    fn next(&mut self) -> Result<Option<&[u8]>, Broken> {
        let Some((head, rest)) = self.bytes[self.start..].split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*head);
        if length as usize > FRAME_BYTES_MAX {
            return Err(Broken(length));
        }
        if rest.len() < length as usize {
            return Ok(None);
        }
        let begin = self.start + HEAD;
        self.start = begin + length as usize;
        Ok(Some(&self.bytes[begin..self.start]))
    }
}

/// Puts the length before what `body` appends.
fn frame(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; HEAD]);
    body(out);
    let length = (out.len() - at - HEAD) as u32;
    out[at..at + HEAD].copy_from_slice(&length.to_le_bytes());
}

impl Notice {
    /// Appends its frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        frame(out, |out| self.put(out));
    }
}

impl Order {
    /// Appends its frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        frame(out, |out| self.put(out));
    }
}

/// Finds the notices in a stream, as the host does. What is pushed should be taken out before
/// more is pushed.
#[derive(Default)]
pub struct Notices {
    frames: Frames,
    unknown: u64,
}

impl Notices {
    /// So much has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.frames.push(bytes);
    }

    /// The next whole notice that is known.
    #[allow(clippy::should_implement_trait, reason = "it can fail")]
    pub fn next(&mut self) -> Result<Option<Notice>, Broken> {
        while let Some(body) = self.frames.next()? {
            match Notice::take(&mut Reader(body)) {
                Some(notice) => return Ok(Some(notice)),
                None => self.unknown += 1,
            }
        }
        Ok(None)
    }

    /// Frames that were no notice, or one that is not known here.
    pub const fn unknown(&self) -> u64 {
        self.unknown
    }
}

/// Finds the orders in a stream, as the agent does.
#[derive(Default)]
pub struct Orders(Frames);

impl Orders {
    /// So much has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// The next whole order that is known.
    #[allow(clippy::should_implement_trait, reason = "it can fail")]
    pub fn next(&mut self) -> Result<Option<Order>, Broken> {
        while let Some(body) = self.0.next()? {
            if let Some(order) = Order::take(&mut Reader(body)) {
                return Ok(Some(order));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, FRAME_BYTES_MAX, Notices, Orders};
    use crate::{Notice, Order, Reason, What};
    use proptest::prelude::*;

    fn found(stream: &[u8], piece: usize) -> Result<(Vec<Notice>, u64), Broken> {
        let (mut notices, mut found) = (Notices::default(), Vec::new());
        for piece in stream.chunks(piece.max(1)) {
            notices.push(piece);
            while let Some(notice) = notices.next()? {
                found.push(notice);
            }
        }
        Ok((found, notices.unknown()))
    }

    fn what() -> impl Strategy<Value = What> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
        let list = || proptest::collection::vec(bytes(), 0..5);
        prop_oneof![
            Just(What::Started {}),
            any::<u32>().prop_map(|status| What::Exit { status }),
            (any::<u32>(), bytes(), list(), list(), any::<bool>(), proptest::option::of(bytes()))
                .prop_map(|(parent, path, arguments, environment, deleted, emulator)| {
                    let folder = b"/".to_vec();
                    What::Execute {
                        parent,
                        path,
                        arguments,
                        environment,
                        folder,
                        deleted,
                        emulator,
                    }
                }),
            (any::<[u8; 4]>(), any::<[u8; 16]>(), any::<u16>(), any::<i32>()).prop_map(
                |(local, remote, port, error)| What::Connect {
                    local: (local, port).into(),
                    remote: (remote, port).into(),
                    protocol: 6,
                    error,
                }
            ),
            (bytes(), any::<u64>(), any::<bool>()).prop_map(|(bytes, offset, last)| What::File {
                number: 1,
                path: b"/tmp/x".to_vec(),
                reason: Reason::Deleted,
                size: 7,
                offset,
                bytes,
                last,
            }),
        ]
    }

    proptest! {
        #[test]
        fn notices_arrive_as_they_were_sent(
            all in proptest::collection::vec((any::<u64>(), any::<u32>(), what()), 0..8),
            piece in 1..200_usize,
        ) {
            let all: Vec<_> =
                all.into_iter().map(|(at_ns, pid, what)| Notice { at_ns, pid, what }).collect();
            let mut stream = Vec::new();
            for notice in &all {
                notice.encode(&mut stream);
            }
            prop_assert_eq!(found(&stream, piece), Ok((all, 0)));
        }

        #[test]
        fn any_bytes_are_notices_or_an_error(
            bytes in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 0..900),
            piece in 1..64_usize,
        ) {
            // However it comes, it means the same.
            prop_assert_eq!(found(&bytes, piece), found(&bytes, usize::MAX));
        }
    }

    #[test]
    fn what_is_not_known_is_skipped_and_a_length_out_of_bounds_is_the_end() {
        let mut stream = vec![3, 0, 0, 0, 9, 9, 9];
        let notice = Notice { at_ns: 1, pid: 2, what: What::Finished {} };
        notice.encode(&mut stream);
        assert_eq!(found(&stream, 5), Ok((vec![notice.clone()], 1)));
        // A newer agent's word has more fields.
        let mut longer = Vec::new();
        notice.encode(&mut longer);
        longer[0] += 2;
        longer.extend_from_slice(b"xx");
        assert_eq!(found(&longer, 1), Ok((vec![notice], 0)));
        let length = FRAME_BYTES_MAX as u32 + 1;
        assert_eq!(found(&length.to_le_bytes(), 4), Err(Broken(length)));
    }

    #[test]
    fn orders_arrive() {
        let start = Order::Start {
            program: b"/bin/sh".to_vec(),
            arguments: vec![b"sh".to_vec(), b"-c".to_vec()],
            environment: Vec::new(),
            folder: b"/root".to_vec(),
            user: 0,
            emulator: Some(b"/usr/bin/qemu-arm".to_vec()),
            skip_sleep: true,
        };
        let mut stream = Vec::new();
        start.encode(&mut stream);
        let mut orders = Orders::default();
        orders.push(&stream);
        assert_eq!(orders.next(), Ok(Some(start)));
        assert_eq!(orders.next(), Ok(None));
    }
}

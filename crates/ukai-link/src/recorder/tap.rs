//! A link whose frames are recorded.

use super::{Comment, Shared, now};
use crate::capture::{Direction, Record, frame_block};
use crate::limits::{COMMENT_BYTES_MAX, RECORDER_WAITING_BYTES};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use ukai_netstack::{Link, Medium};

/// A link, all of whose frames are offered to a [`super::Recorder`].
pub struct Tapped<L> {
    link: L,
    shared: Arc<Shared>,
    interface: u32,
    comment: Option<Box<Comment>>,
    /// The comment of this moment's frame.
    said: String,
}

impl<L> Tapped<L> {
    pub(super) const fn new(
        link: L,
        shared: Arc<Shared>,
        interface: u32,
        comment: Option<Box<Comment>>,
    ) -> Self {
        Self { link, shared, interface, comment, said: String::new() }
    }

    fn offer(&mut self, direction: Direction, frame: &[u8]) {
        self.said.clear();
        if let Some(comment) = &mut self.comment {
            comment(direction, frame, &mut self.said);
        }
        self.shared.offer(self.interface, direction, frame, &self.said);
    }

    /// The link below.
    pub const fn link(&self) -> &L {
        &self.link
    }

    /// The link below.
    pub const fn link_mut(&mut self) -> &mut L {
        &mut self.link
    }
}

impl Shared {
    /// The lock is held elsewhere only to exchange buffers and to read figures.
    fn offer(&self, interface: u32, direction: Direction, bytes: &[u8], comment: &str) {
        let time = now();
        let mut queue = self.queue.lock();
        let waiting = queue.waiting();
        let closing = queue.closing;
        let Some(figures) = queue.interfaces.get_mut(interface as usize) else { return };
        figures.received += 1;
        let kept = bytes.len().min(self.snap_bytes as usize);
        let comment = &comment[..comment.floor_char_boundary(COMMENT_BYTES_MAX)];
        if closing || waiting + kept + comment.len() + 64 > RECORDER_WAITING_BYTES {
            figures.dropped += 1;
            figures.gap += 1;
            queue.recorded.dropped += 1;
            return;
        }
        let original_bytes = bytes.len() as u32;
        let dropped = std::mem::take(&mut figures.gap);
        let record = Record { time, interface, direction, original_bytes, dropped };
        frame_block(&mut queue.blocks, &record, &bytes[..kept], comment);
        let now_waiting = queue.waiting();
        drop(queue);
        self.wake(waiting, now_waiting);
    }
}

impl<L: Link> Link for Tapped<L> {
    fn medium(&self) -> Medium {
        self.link.medium()
    }

    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let received = self.link.poll_receive(cx, buffer);
        if let Poll::Ready(Ok(length)) = received {
            self.offer(Direction::In, &buffer[..length]);
        }
        received
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.offer(Direction::Out, frame);
        self.link.send(frame)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, RECORDER_WAITING_BYTES, Shared};
    use crate::capture::{CaptureReader, LinkType, interface_block, section_block};
    use crate::recorder::Interface;

    #[test]
    fn what_finds_no_room_is_counted_and_told_with_the_next_frame() {
        let shared = Shared {
            queue: parking_lot::Mutex::default(),
            wake: parking_lot::Condvar::new(),
            snap_bytes: 200_000,
        };
        let interface = Interface {
            name: "x".into(),
            kind: LinkType::RAW,
            snap_bytes: 0,
            received: 0,
            dropped: 0,
            gap: 0,
        };
        shared.queue.lock().interfaces.push(interface);
        // Nobody writes.
        let frame = vec![7; 100_000];
        for _ in 0..200 {
            shared.offer(0, Direction::In, &frame, "");
        }
        let mut queue = shared.queue.lock();
        let taken = (RECORDER_WAITING_BYTES / 100_048) as u64;
        assert_eq!((queue.recorded.dropped, queue.interfaces[0].received), (200 - taken, 200));
        queue.blocks.clear();
        drop(queue);
        shared.offer(0, Direction::In, &frame, "");
        let queue = shared.queue.lock();
        let told = (200 - taken).to_ne_bytes();
        assert_eq!(queue.blocks[queue.blocks.len() - 16..][..8], told);
        let mut file = Vec::new();
        section_block(&mut file);
        interface_block(&mut file, "x", LinkType::RAW, 0);
        file.extend_from_slice(&queue.blocks);
        let mut reader = CaptureReader::new(&file[..]).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().bytes, frame);
    }
}

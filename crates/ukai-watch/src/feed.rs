//! Where frames wait for the telescope's thread: two buffers that change places, so that no
//! frame costs an allocation, and a bound.

use crate::limits::{FEED_BYTES_MAX, FRAME_BYTES_LOOKED_AT};
use parking_lot::{Condvar, Mutex};
use std::time::Duration;
use ukai_model::Timestamp;
use ukai_telescope::Link;

/// Bytes that a frame takes beside its own.
const RECORD_BYTES: usize = size_of::<Record>();

/// Frames, one behind the other.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

#[derive(Clone, Copy)]
struct Record {
    time: Timestamp,
    link: Link,
    kept: u32,
    length: u32,
}

/// A frame that waited.
pub(crate) struct Waiting<'a> {
    pub(crate) time: Timestamp,
    pub(crate) link: Link,
    pub(crate) bytes: &'a [u8],
    /// Its length before it was cut.
    pub(crate) length: u32,
}

impl Batch {
    /// Adds a frame.
    pub(crate) fn push(&mut self, time: Timestamp, link: Link, frame: &[u8]) {
        let kept = &frame[..frame.len().min(FRAME_BYTES_LOOKED_AT)];
        self.bytes.extend_from_slice(kept);
        let (kept, length) = (kept.len() as u32, frame.len() as u32);
        self.records.push(Record { time, link, kept, length });
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.records.len() * RECORD_BYTES
    }

    /// The frames, the oldest first.
    pub(crate) fn frames(&self) -> impl Iterator<Item = Waiting<'_>> {
        let mut rest = self.bytes.as_slice();
        self.records.iter().map(move |record| {
            let (bytes, behind) = rest.split_at(record.kept as usize);
            rest = behind;
            Waiting { time: record.time, link: record.link, bytes, length: record.length }
        })
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }
}

/// What waits.
#[derive(Default)]
pub(crate) struct Feed {
    queue: Mutex<Queue>,
    ready: Condvar,
}

#[derive(Default)]
struct Queue {
    batch: Batch,
    offered: u64,
    dropped: u64,
    closed: bool,
}

impl Feed {
    /// Adds a frame, if there is room.
    pub(crate) fn offer(&self, time: Timestamp, link: Link, frame: &[u8]) {
        let mut queue = self.queue.lock();
        queue.offered += 1;
        if queue.batch.size() >= FEED_BYTES_MAX {
            queue.dropped += 1;
            return;
        }
        queue.batch.push(time, link, frame);
        if queue.batch.records.len() == 1 {
            self.ready.notify_one();
        }
    }

    /// Adds the frames of a batch, if there is room for them together, and empties it.
    pub(crate) fn offer_all(&self, batch: &mut Batch) {
        let mut queue = self.queue.lock();
        let count = batch.records.len() as u64;
        queue.offered += count;
        if queue.batch.size() + batch.size() > FEED_BYTES_MAX {
            queue.dropped += count;
            batch.clear();
            return;
        }
        if queue.batch.is_empty() {
            std::mem::swap(&mut queue.batch, batch);
            self.ready.notify_one();
        } else {
            queue.batch.bytes.append(&mut batch.bytes);
            queue.batch.records.append(&mut batch.records);
        }
    }

    /// Waits for frames, at most so long, and gives them all in exchange for an empty batch;
    /// `false` if there will be no more.
    pub(crate) fn take(&self, batch: &mut Batch, wait: Duration) -> bool {
        let mut queue = self.queue.lock();
        if queue.batch.is_empty() && !queue.closed {
            self.ready.wait_for(&mut queue, wait);
        }
        std::mem::swap(&mut queue.batch, batch);
        !queue.closed || !batch.is_empty()
    }

    /// There will be no more.
    pub(crate) fn close(&self) {
        self.queue.lock().closed = true;
        self.ready.notify_one();
    }

    /// Frames that were offered, and those of them that found no room.
    pub(crate) fn figures(&self) -> (u64, u64) {
        let queue = self.queue.lock();
        (queue.offered, queue.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Feed};
    use std::time::Duration;
    use ukai_model::Timestamp;
    use ukai_telescope::Link;

    #[test]
    fn frames_come_in_order_and_what_finds_no_room_is_counted() {
        let feed = Feed::default();
        let time = Timestamp::from_secs;
        feed.offer(time(1), Link::Raw, b"one");
        let mut more = Batch::default();
        more.push(time(2), Link::Ethernet, &[7; 3_000]);
        more.push(time(3), Link::Raw, b"");
        feed.offer_all(&mut more);
        assert!(more.is_empty());
        let mut taken = Batch::default();
        assert!(feed.take(&mut taken, Duration::ZERO));
        let seen: Vec<_> =
            taken.frames().map(|one| (one.time.secs(), one.bytes.len(), one.length)).collect();
        assert_eq!(seen, [(1, 3, 3), (2, 2_048, 3_000), (3, 0, 0)]);
        // Nobody takes.
        for _ in 0..20_000 {
            feed.offer(time(4), Link::Raw, &[7; 2_000]);
        }
        let (offered, dropped) = feed.figures();
        assert_eq!(offered, 20_003);
        taken.clear();
        feed.close();
        assert!(feed.take(&mut taken, Duration::ZERO), "what waits is given first");
        assert_eq!(taken.frames().count() as u64 + dropped, 20_000);
        assert!(dropped > 3_000, "{dropped}");
        taken.clear();
        assert!(!feed.take(&mut taken, Duration::from_mins(1)));
    }
}

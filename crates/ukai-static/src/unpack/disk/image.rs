//! Where the bytes of a disk stand in its image.

use std::borrow::Cow;
use std::cell::Cell;

/// What all readers of one disk may read together, in bytes.
const READ_BYTES_MAX: u64 = 512 << 20;
/// What one read counts at least: tables are read in small pieces.
const READ_COST_MIN: u64 = 512;

/// How a disk is laid out in the file.
#[derive(Clone)]
enum Map {
    /// As it is.
    Plain,
    /// In blocks, each at its place or, if it is all zeros, at none.
    Blocks { length: u64, places: Vec<Option<u64>> },
}

/// A disk. What is not stored is zeros.
#[derive(Clone)]
pub(super) struct Disk<'a> {
    bytes: Cow<'a, [u8]>,
    size: u64,
    map: Map,
    /// Bytes that may still be read.
    left: Cell<u64>,
}

impl<'a> Disk<'a> {
    /// One whose bytes are the file's.
    pub(super) fn plain(bytes: &'a [u8], size: u64) -> Self {
        let size = size.min(bytes.len() as u64);
        let left = Cell::new(READ_BYTES_MAX);
        Self { bytes: Cow::Borrowed(bytes), size, map: Map::Plain, left }
    }

    /// One in blocks of `length` bytes.
    pub(super) fn blocks(
        bytes: &'a [u8],
        size: u64,
        length: u64,
        places: Vec<Option<u64>>,
    ) -> Self {
        let left = Cell::new(READ_BYTES_MAX);
        let map = Map::Blocks { length: length.max(1), places };
        Self { bytes: Cow::Borrowed(bytes), size, map, left }
    }

    /// The same with bytes of its own, for readers that keep them.
    pub(super) fn owned(&self) -> Disk<'static> {
        Disk {
            bytes: Cow::Owned(self.bytes.to_vec()),
            size: self.size,
            map: self.map.clone(),
            left: self.left.clone(),
        }
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Whether more was asked for than may be.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// Fills `buffer`; `None` if a part lies outside of the disk or too much was read.
    pub(super) fn read(&self, at: u64, buffer: &mut [u8]) -> Option<()> {
        let cost = (buffer.len() as u64).max(READ_COST_MIN);
        let Some(left) = self.left.get().checked_sub(cost) else {
            self.left.set(0);
            return None;
        };
        self.left.set(left);
        let end = at.checked_add(buffer.len() as u64)?;
        if end > self.size {
            return None;
        }
        match &self.map {
            Map::Plain => {
                let at = usize::try_from(at).ok()?;
                buffer.copy_from_slice(self.bytes.get(at..at + buffer.len())?);
            }
            Map::Blocks { length, places } => {
                let mut done = 0;
                while done < buffer.len() {
                    let at = at + done as u64;
                    let within = at % length;
                    let rest = usize::try_from(length - within).unwrap_or(usize::MAX);
                    let count = rest.min(buffer.len() - done);
                    let target = &mut buffer[done..done + count];
                    let index = usize::try_from(at / length).ok()?;
                    match places.get(index).copied().flatten() {
                        // Cut off: what is not there is zeros too.
                        Some(place) => {
                            let place = usize::try_from(place.checked_add(within)?).ok()?;
                            let there = self.bytes.get(place..).unwrap_or_default();
                            let there = &there[..there.len().min(count)];
                            target[..there.len()].copy_from_slice(there);
                            target[there.len()..].fill(0);
                        }
                        None => target.fill(0),
                    }
                    done += count;
                }
            }
        }
        Some(())
    }

    /// How many bytes of it are stored.
    pub(super) fn stored(&self) -> u64 {
        match &self.map {
            Map::Plain => self.size,
            Map::Blocks { length, places } => {
                length.saturating_mul(places.iter().flatten().count() as u64)
            }
        }
    }

    /// What is stored, block after block, up to `max` bytes.
    pub(super) fn written(&self, max: usize) -> Cow<'_, [u8]> {
        match &self.map {
            Map::Plain => {
                let size = usize::try_from(self.size).unwrap_or(usize::MAX);
                Cow::Borrowed(&self.bytes[..self.bytes.len().min(size).min(max)])
            }
            Map::Blocks { length, places } => {
                let mut written = Vec::new();
                for place in places.iter().flatten() {
                    let length = usize::try_from(*length).unwrap_or(usize::MAX);
                    let rest = usize::try_from(*place).ok().and_then(|at| self.bytes.get(at..));
                    let rest = rest.unwrap_or_default();
                    let room = max - written.len();
                    written.extend_from_slice(&rest[..rest.len().min(length).min(room)]);
                    if written.len() >= max {
                        break;
                    }
                }
                Cow::Owned(written)
            }
        }
    }
}

/// A part of a disk.
#[derive(Clone)]
pub(super) struct Part<'a> {
    disk: &'a Disk<'a>,
    start: u64,
    length: u64,
}

impl<'a> Part<'a> {
    /// A part, as far as it lies on the disk.
    pub(super) fn new(disk: &'a Disk<'a>, start: u64, length: u64) -> Self {
        let start = start.min(disk.size);
        Self { disk, start, length: length.min(disk.size - start) }
    }

    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    pub(super) const fn disk(&self) -> &Disk<'a> {
        self.disk
    }

    /// Fills `buffer` from `at` on.
    pub(super) fn read(&self, at: u64, buffer: &mut [u8]) -> Option<()> {
        let end = at.checked_add(buffer.len() as u64)?;
        if end > self.length {
            return None;
        }
        self.disk.read(self.start + at, buffer)
    }

    /// `length` bytes from `at` on, which the caller has bounded.
    pub(super) fn take(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        // Checked before memory is asked for.
        if at.checked_add(length as u64)? > self.length {
            return None;
        }
        let mut buffer = vec![0; length];
        self.read(at, &mut buffer)?;
        Some(buffer)
    }

    /// The first `max` bytes, or as many as there are.
    pub(super) fn head(&self, max: usize) -> Vec<u8> {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX).min(max);
        self.take(0, length).unwrap_or_default()
    }
}

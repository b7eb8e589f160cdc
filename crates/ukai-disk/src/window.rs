//! A part of a disk, read through a cache.

use crate::limits::{BLOCK_BYTES, BLOCKS_KEPT};
use lru::LruCache;
use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::rc::Rc;

/// Where a disk's bytes come from.
pub trait Source {
    /// How many there are.
    fn size(&self) -> u64;

    /// Fills `buffer` with those from `offset` on. Never asked for what lies behind the end.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// A disk of which the pieces that were read last are kept.
pub struct Cached {
    source: Box<dyn Source>,
    size: u64,
    blocks: LruCache<u64, Box<[u8]>>,
}

impl Cached {
    /// Reads from there.
    pub fn new(source: Box<dyn Source>) -> Self {
        let kept = NonZeroUsize::new(BLOCKS_KEPT).expect("some");
        Self { size: source.size(), source, blocks: LruCache::new(kept) }
    }

    /// Copies from one piece, as much as it has: 0 behind the end.
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size {
            return Ok(0);
        }
        let (number, within) =
            (offset / BLOCK_BYTES as u64, (offset % BLOCK_BYTES as u64) as usize);
        if !self.blocks.contains(&number) {
            let start = number * BLOCK_BYTES as u64;
            let count = (self.size - start).min(BLOCK_BYTES as u64) as usize;
            let mut block = vec![0; count].into_boxed_slice();
            self.source.read_at(start, &mut block)?;
            self.blocks.put(number, block);
        }
        let block = self.blocks.get(&number).expect("it was put there");
        let rest = &block[within..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// A part of a disk, with a position of its own.
#[derive(Clone)]
pub struct Window {
    disk: Rc<RefCell<Cached>>,
    start: u64,
    length: u64,
    at: u64,
}

impl Window {
    /// The whole disk.
    pub fn whole(disk: Cached) -> Self {
        let length = disk.size;
        Self { disk: Rc::new(RefCell::new(disk)), start: 0, length, at: 0 }
    }

    /// A part of this part, as far as it lies within it.
    #[must_use]
    pub fn part(&self, start: u64, length: u64) -> Self {
        let start = start.min(self.length);
        let length = length.min(self.length - start);
        Self { disk: Rc::clone(&self.disk), start: self.start + start, length, at: 0 }
    }

    /// How many bytes it has.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Fills `buffer` from `offset` on, or fails.
    pub fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut window = self.clone();
        window.at = offset;
        window.read_exact(buffer)
    }
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self
            .disk
            .borrow_mut()
            .read(self.start + self.at.min(self.length), &mut buffer[..most])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

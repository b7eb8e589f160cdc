//! A buffer of fixed size, in which a frame lies in one piece.

use std::io::{self, Read};

pub(super) struct Buffer<R> {
    input: R,
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> Buffer<R> {
    pub(super) fn new(input: R, capacity: usize) -> Self {
        Self { input, bytes: vec![0; capacity].into(), start: 0, end: 0 }
    }

    /// What is there and not taken.
    pub(super) fn available(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Reads until `count` bytes are available; false if the input ends before.
    pub(super) fn fill(&mut self, count: usize) -> io::Result<bool> {
        if count > self.bytes.len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if self.start + count > self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < count {
            match self.input.read(&mut self.bytes[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Takes `count` bytes of what is available.
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let start = self.start;
        self.start = (start + count).min(self.end);
        if self.start == self.end {
            let taken = start..self.end;
            (self.start, self.end) = (0, 0);
            return &self.bytes[taken];
        }
        &self.bytes[start..self.start]
    }

    /// Takes `count` bytes unseen; false if the input ends before.
    pub(super) fn skip(&mut self, mut count: u64) -> io::Result<bool> {
        loop {
            let here = self.available().len();
            if here as u64 >= count {
                self.take(count as usize);
                return Ok(true);
            }
            self.take(here);
            count -= here as u64;
            if !self.fill(1)? {
                return Ok(false);
            }
        }
    }
}

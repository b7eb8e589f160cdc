//! Notices on their way to the host: bounded, in order, with the lost ones counted.

use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};

use ukai_trace::{Notice, What};

use crate::limits::{WAITING_BYTES_LOW, WAITING_BYTES_MAX};
use crate::sys;

pub struct Out {
    port: File,
    waiting: Vec<u8>,
    written: usize,
    lost: u64,
    /// The monotonic time of the start, in nanoseconds.
    pub start_ns: u64,
}

impl Out {
    pub fn new(port: File) -> Self {
        sys::nonblocking(port.as_raw_fd());
        Self { port, waiting: Vec::new(), written: 0, lost: 0, start_ns: sys::monotonic_ns() }
    }

    pub fn fd(&self) -> RawFd {
        self.port.as_raw_fd()
    }

    /// A notice of now.
    pub fn tell(&mut self, pid: u32, what: What) {
        self.tell_at(sys::monotonic_ns(), pid, what);
    }

    /// A notice of a time of the monotonic clock.
    pub fn tell_at(&mut self, monotonic_ns: u64, pid: u32, what: What) {
        if self.waiting.len() - self.written > WAITING_BYTES_MAX {
            self.lost += 1;
            return;
        }
        self.tell_lost();
        let at_ns = monotonic_ns.saturating_sub(self.start_ns);
        Notice { at_ns, pid, what }.encode(&mut self.waiting);
    }

    pub fn lost(&mut self, records: u64) {
        self.lost += records;
    }

    fn tell_lost(&mut self) {
        let records = std::mem::take(&mut self.lost);
        if records > 0 {
            let at_ns = sys::monotonic_ns().saturating_sub(self.start_ns);
            Notice { at_ns, pid: 0, what: What::Lost { records } }.encode(&mut self.waiting);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.written == self.waiting.len()
    }

    /// Whether contents may be added: they never crowd out what happened.
    pub fn has_room(&self) -> bool {
        self.waiting.len() - self.written < WAITING_BYTES_LOW
    }

    /// Writes what the host takes now.
    pub fn flush(&mut self) {
        if self.waiting.len() - self.written < WAITING_BYTES_MAX {
            self.tell_lost();
        }
        while self.written < self.waiting.len() {
            // The driver takes a page at a time anyway.
            let end = self.waiting.len().min(self.written + 32 * 1024);
            match sys::write(self.port.as_raw_fd(), &self.waiting[self.written..end]) {
                Ok(count) if count > 0 => self.written += count,
                _ => break,
            }
        }
        if self.is_empty() {
            self.waiting.clear();
            self.waiting.shrink_to(WAITING_BYTES_LOW);
            self.written = 0;
        } else if self.written > WAITING_BYTES_LOW {
            self.waiting.drain(..self.written);
            self.written = 0;
        }
    }
}

//! Frames that wait to be sent, many with one call.

use rustix::io::Errno;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};
use socket2::Socket;
use std::io::{self, IoSlice};

/// Frames that wait at most.
const FRAMES_MAX: usize = 64;

/// Bytes that wait at most, but for the last frame.
const BYTES_MAX: usize = 256 * 1024;

#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    sent: u64,
    lost: u64,
}

impl Batch {
    pub(super) fn push(&mut self, frame: &[u8]) {
        self.bytes.extend_from_slice(frame);
        self.ends.push(self.bytes.len());
    }

    pub(super) const fn is_full(&self) -> bool {
        self.ends.len() >= FRAMES_MAX || self.bytes.len() >= BYTES_MAX
    }

    /// Frames that were sent, and that were lost, since this was asked last.
    pub(super) fn figures(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.sent), std::mem::take(&mut self.lost))
    }

    /// Sends what waits. What the interface does not take is lost; an error is that it is
    /// gone, or something else that does not pass.
    pub(super) fn flush(&mut self, socket: &Socket, is_gone: impl Fn() -> bool) -> io::Result<()> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let slices: Vec<[IoSlice<'_>; 1]> = starts
            .zip(&self.ends)
            .map(|(start, end)| [IoSlice::new(&self.bytes[start..*end])])
            .collect();
        let mut nothing: Vec<_> = slices.iter().map(|_| SendAncillaryBuffer::default()).collect();
        let mut messages: Vec<_> = slices
            .iter()
            .zip(&mut nothing)
            .map(|(slice, nothing)| MMsgHdr::new(slice, nothing))
            .collect();
        let mut done = 0;
        let mut result = Ok(());
        while done < messages.len() {
            match sendmmsg(socket, &mut messages[done..], SendFlags::DONTWAIT) {
                Ok(count) => {
                    self.sent += count as u64;
                    done += count;
                }
                Err(Errno::INTR) => {}
                // Only this one is wrong: too long, mostly.
                Err(Errno::MSGSIZE | Errno::INVAL) => {
                    self.lost += 1;
                    done += 1;
                }
                Err(error) => {
                    self.lost += (messages.len() - done) as u64;
                    result = match error {
                        Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM => Ok(()),
                        Errno::NETDOWN | Errno::NXIO if !is_gone() => Ok(()),
                        error => Err(error.into()),
                    };
                    break;
                }
            }
        }
        drop(messages);
        drop(nothing);
        drop(slices);
        self.bytes.clear();
        self.ends.clear();
        result
    }
}

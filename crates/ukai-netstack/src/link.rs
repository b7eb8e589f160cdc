//! Where a stack's frames come from and go to.

use crate::config::Medium;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// A link: frames in and out.
pub trait Link: Send {
    /// What its frames are.
    fn medium(&self) -> Medium;

    /// The longest packet that it takes, in bytes, without its own header.
    fn mtu(&self) -> u16;

    /// Takes a frame into `buffer`; how long it is. Longer ones are cut. An error is the
    /// end of the link.
    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Sends a frame, at the latest with the next [`Link::flush`]. What the link cannot take
    /// now is lost, as on any link: an error is the end of the link.
    fn send(&mut self, frame: &[u8]) -> io::Result<()>;

    /// Sends what links that send many frames at once have kept back. To be called when
    /// nothing more is to be sent for now.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<L: Link + ?Sized> Link for Box<L> {
    fn medium(&self) -> Medium {
        (**self).medium()
    }

    fn mtu(&self) -> u16 {
        (**self).mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        (**self).poll_receive(cx, buffer)
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        (**self).send(frame)
    }

    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }
}

/// Frames that wait at one end of a [`MemoryLink`].
const WAITING_MAX: usize = 1_024;

#[derive(Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    waker: Option<Waker>,
    /// The other end is gone.
    closed: bool,
}

/// One end of a link in memory.
pub struct MemoryLink {
    medium: Medium,
    incoming: Arc<Mutex<Queue>>,
    outgoing: Arc<Mutex<Queue>>,
}

/// A link in memory, by its two ends.
pub fn memory_pair(medium: Medium) -> (MemoryLink, MemoryLink) {
    let (one, other) = (Arc::<Mutex<Queue>>::default(), Arc::<Mutex<Queue>>::default());
    let first = MemoryLink { medium, incoming: Arc::clone(&one), outgoing: Arc::clone(&other) };
    (first, MemoryLink { medium, incoming: other, outgoing: one })
}

impl Link for MemoryLink {
    fn medium(&self) -> Medium {
        self.medium
    }

    fn mtu(&self) -> u16 {
        1_500
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut queue = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = queue.frames.pop_front() {
            let count = frame.len().min(buffer.len());
            buffer[..count].copy_from_slice(&frame[..count]);
            return Poll::Ready(Ok(count));
        }
        if queue.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        queue.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut queue = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if queue.frames.len() < WAITING_MAX {
            queue.frames.push_back(Bytes::copy_from_slice(frame));
        }
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
        Ok(())
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        for queue in [&self.incoming, &self.outgoing] {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.closed = true;
            if let Some(waker) = queue.waker.take() {
                waker.wake();
            }
        }
    }
}

//! A link on which each frame takes its time.

use crate::limits::DELAYED_FRAMES_MAX;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use ukai_netstack::{Link, Medium};

/// A link whose frames are `delay` late, each way. When too many are on their way, later
/// ones are lost.
pub(super) struct Delayed<L> {
    link: L,
    delay: Duration,
    incoming: VecDeque<(Instant, Vec<u8>)>,
    outgoing: VecDeque<(Instant, Vec<u8>)>,
    buffer: Vec<u8>,
    wake: Pin<Box<Sleep>>,
    ended: Option<io::Error>,
}

impl<L: Link> Delayed<L> {
    pub(super) fn new(link: L, delay: Duration) -> Self {
        let buffer = vec![0; usize::from(link.mtu()) + 64];
        let wake = Box::pin(sleep_until(Instant::now()));
        let (incoming, outgoing) = (VecDeque::new(), VecDeque::new());
        Self { link, delay, incoming, outgoing, buffer, wake, ended: None }
    }

    /// Takes what has come, and lets go what has waited long enough.
    fn turn(&mut self, cx: &mut Context<'_>, now: Instant) -> io::Result<()> {
        while self.ended.is_none() {
            match self.link.poll_receive(cx, &mut self.buffer) {
                Poll::Pending => break,
                Poll::Ready(Err(error)) => self.ended = Some(error),
                Poll::Ready(Ok(count)) if self.incoming.len() < DELAYED_FRAMES_MAX => {
                    self.incoming.push_back((now + self.delay, self.buffer[..count].to_vec()));
                }
                Poll::Ready(Ok(_)) => {}
            }
        }
        let mut sent = false;
        while let Some((_, frame)) = self.outgoing.pop_front_if(|(due, _)| *due <= now) {
            self.link.send(&frame)?;
            sent = true;
        }
        if sent { self.link.flush() } else { Ok(()) }
    }
}

impl<L: Link> Link for Delayed<L> {
    fn medium(&self) -> Medium {
        self.link.medium()
    }

    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let now = Instant::now();
            self.turn(cx, now)?;
            if let Some((_, frame)) = self.incoming.pop_front_if(|(due, _)| *due <= now) {
                let count = frame.len().min(buffer.len());
                buffer[..count].copy_from_slice(&frame[..count]);
                return Poll::Ready(Ok(count));
            }
            let next = [self.incoming.front(), self.outgoing.front()].into_iter().flatten();
            match (next.map(|(due, _)| *due).min(), self.ended.take()) {
                (None, Some(error)) => return Poll::Ready(Err(error)),
                (None, None) => return Poll::Pending,
                (Some(due), ended) => {
                    self.ended = ended;
                    self.wake.as_mut().reset(due);
                    if self.wake.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        if self.outgoing.len() < DELAYED_FRAMES_MAX {
            self.outgoing.push_back((Instant::now() + self.delay, frame.to_vec()));
        }
        Ok(())
    }
}

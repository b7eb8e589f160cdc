//! A link that is worse than it is: for tests against real peers, where the kernel has no
//! `netem`.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll};
use ukai_netstack::{Link, Medium};

/// What is done to frames, each way. Of a thousand frames, so many are lost, doubled, or
/// overtaken by the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Impairment {
    /// Lost.
    pub lost: u32,
    /// Doubled.
    pub doubled: u32,
    /// Overtaken by the next.
    pub overtaken: u32,
}

/// A link whose frames are impaired, by a seed.
pub struct Impaired<L> {
    link: L,
    how: Impairment,
    state: u64,
    /// Frames that came in and wait.
    incoming: VecDeque<Vec<u8>>,
    /// A frame that comes behind the next one.
    held_in: Option<Vec<u8>>,
    held_out: Option<Vec<u8>>,
}

impl<L: Link> Impaired<L> {
    /// Impairs `link`.
    pub const fn new(link: L, how: Impairment, seed: u64) -> Self {
        Self { link, how, state: seed, incoming: VecDeque::new(), held_in: None, held_out: None }
    }

    /// Whether something happens whose chance is `of` in a thousand (xorshift64*, Vigna 2016).
    fn chance(&mut self, of: u32) -> bool {
        self.state |= 1;
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32 & 0x3ff < u64::from(of) * 1_024 / 1_000
    }

    /// What comes of a frame.
    fn impair(&mut self, frame: &[u8], held: &mut Option<Vec<u8>>) -> Vec<Vec<u8>> {
        let (lost, doubled, overtaken) = (
            self.chance(self.how.lost),
            self.chance(self.how.doubled),
            self.chance(self.how.overtaken),
        );
        let mut out = Vec::new();
        if !lost {
            if overtaken && held.is_none() {
                *held = Some(frame.to_vec());
                return out;
            }
            out.push(frame.to_vec());
            if doubled {
                out.push(frame.to_vec());
            }
        }
        out.extend(held.take());
        out
    }
}

impl<L: Link> Link for Impaired<L> {
    fn medium(&self) -> Medium {
        self.link.medium()
    }

    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            if let Some(frame) = self.incoming.pop_front() {
                let count = frame.len().min(buffer.len());
                buffer[..count].copy_from_slice(&frame[..count]);
                return Poll::Ready(Ok(count));
            }
            let length = std::task::ready!(self.link.poll_receive(cx, buffer))?;
            let mut held = self.held_in.take();
            let frames = self.impair(&buffer[..length], &mut held);
            self.held_in = held;
            self.incoming.extend(frames);
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut held = self.held_out.take();
        let frames = self.impair(frame, &mut held);
        self.held_out = held;
        frames.iter().try_for_each(|frame| self.link.send(frame))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link.flush()
    }
}

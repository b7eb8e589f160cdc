//! A link of whose frames somebody is told as they come in.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use ukai_netstack::{Link, Medium};

/// Is told of each frame that comes in. It must return at once: it is called between frames.
pub type Watcher = Arc<dyn Fn(Medium, &[u8]) + Send + Sync>;

/// A link of whose incoming frames a [`Watcher`] is told.
pub struct Watched<L> {
    link: L,
    watcher: Watcher,
}

impl<L> Watched<L> {
    /// Watches `link`.
    pub const fn new(link: L, watcher: Watcher) -> Self {
        Self { link, watcher }
    }
}

impl<L: Link> Link for Watched<L> {
    fn medium(&self) -> Medium {
        self.link.medium()
    }

    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let received = self.link.poll_receive(cx, buffer);
        if let Poll::Ready(Ok(length)) = received {
            (self.watcher)(self.link.medium(), &buffer[..length]);
        }
        received
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.link.send(frame)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link.flush()
    }
}

//! `-netdev dgram` over unix sockets: a frame is a datagram.

use super::MTU;
use crate::limits::{QEMU_FRAME_BYTES_MAX, QEMU_WAITING_BYTES_MAX};
use std::collections::VecDeque;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::ReadBuf;
use tokio::net::UnixDatagram;
use ukai_netstack::{Link, Medium};

/// A machine's network card, at the other end of datagrams.
///
/// With names, the machine may come and go: what is sent meanwhile is lost. As one end of a
/// pair, the link ends when something is sent to a machine that is gone.
pub struct QemuDatagram {
    socket: UnixDatagram,
    named: Option<Named>,
    /// What the machine has not taken yet: Linux lets ten datagrams wait at a socket
    /// (`net.unix.max_dgram_qlen`).
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    lost: u64,
    /// Whoever receives: to be woken if something waits to be sent.
    waker: Option<Waker>,
}

struct Named {
    own: PathBuf,
    peer: PathBuf,
    /// What is sent goes through a socket of its own: one that is connected says when its
    /// peer takes more, but would receive from that one peer only.
    sender: UnixDatagram,
    connected: bool,
}

impl QemuDatagram {
    /// Makes a socket `own` (QEMU's `remote.path`) that only this user may send to; until
    /// that is set, its folder must keep others off. Frames go to `peer` (`local.path`).
    /// Must be called within a runtime.
    pub fn bind(own: &Path, peer: &Path) -> io::Result<Self> {
        let sender = UnixDatagram::unbound()?;
        let socket = UnixDatagram::bind(own)?;
        let (own, peer) = (own.to_owned(), peer.to_owned());
        let named = Named { own, peer, sender, connected: false };
        let permissions = std::fs::set_permissions(&named.own, Permissions::from_mode(0o600));
        let link = Self::new(socket, Some(named));
        permissions.map(|()| link)
    }

    /// One end of a pair, of which QEMU is given the other. Must be called within a runtime.
    pub fn from_std(socket: std::os::unix::net::UnixDatagram) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self::new(UnixDatagram::from_std(socket)?, None))
    }

    const fn new(socket: UnixDatagram, named: Option<Named>) -> Self {
        let waiting = VecDeque::new();
        Self { socket, named, waiting, waiting_bytes: 0, lost: 0, waker: None }
    }

    /// Frames that were not sent, since the machine did not take those before, or is not
    /// there.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Hands over what waits, as far as it is taken; whether all was.
    fn hand_over(&mut self) -> io::Result<bool> {
        while let Some(frame) = self.waiting.pop_front() {
            if !self.hand_over_one(&frame)? {
                self.waiting.push_front(frame);
                return Ok(false);
            }
            self.waiting_bytes -= frame.len();
        }
        Ok(true)
    }

    /// Hands over a frame; whether it is taken, or lost.
    fn hand_over_one(&mut self, frame: &[u8]) -> io::Result<bool> {
        let sent = match &mut self.named {
            Some(named) => named.send(frame),
            None => self.socket.try_send(frame),
        };
        match sent {
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {}
            Err(_) if self.named.as_ref().is_some_and(|named| !named.connected) => {}
            Err(error) => return Err(error),
        }
        self.lost += 1;
        Ok(true)
    }

    fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = self.named.as_ref().map_or(&self.socket, |named| &named.sender);
        socket.poll_send_ready(cx)
    }
}

impl Named {
    /// Sends to whoever has the peer's name now.
    fn send(&mut self, frame: &[u8]) -> io::Result<usize> {
        if self.connected {
            match self.sender.try_send(frame) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                sent => return sent,
            }
        }
        self.connected = false;
        self.sender.connect(&self.peer)?;
        self.connected = true;
        self.sender.try_send(frame)
    }
}

impl Link for QemuDatagram {
    fn medium(&self) -> Medium {
        Medium::Ethernet
    }

    fn mtu(&self) -> u16 {
        MTU
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        while !self.hand_over()? {
            match self.poll_send_ready(cx) {
                Poll::Ready(writable) => writable?,
                Poll::Pending => break,
            }
        }
        self.waker.get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
        let mut buffer = ReadBuf::new(buffer);
        ready!(self.socket.poll_recv(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        if frame.len() > QEMU_FRAME_BYTES_MAX
            || self.waiting_bytes + frame.len() > QEMU_WAITING_BYTES_MAX
        {
            self.lost += 1;
            return Ok(());
        }
        if self.waiting.is_empty() && self.hand_over_one(frame)? {
            return Ok(());
        }
        self.waiting_bytes += frame.len();
        self.waiting.push_back(frame.to_vec());
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.hand_over()?
            && let Some(waker) = &self.waker
        {
            // Whoever receives waits for the machine to take the rest.
            waker.wake_by_ref();
        }
        Ok(())
    }
}

impl Drop for QemuDatagram {
    fn drop(&mut self) {
        if let Some(named) = &self.named {
            let _ = std::fs::remove_file(&named.own);
        }
    }
}

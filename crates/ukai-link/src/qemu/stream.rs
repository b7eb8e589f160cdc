//! `-netdev stream` over a unix socket, from either side.

use super::MTU;
use super::framing::{Deframer, frame};
use crate::limits::{QEMU_FRAME_BYTES_MAX, QEMU_WAITING_BYTES_MAX};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, Waker, ready};
use tokio::net::{UnixListener, UnixStream};
use ukai_netstack::{Link, Medium};

/// Waits for QEMU to connect. Its socket is removed with it.
pub struct QemuListener {
    listener: UnixListener,
    path: PathBuf,
}

impl QemuListener {
    /// Makes a socket that only this user may connect to; until that is set, its folder must
    /// keep others off. Must be called within a runtime.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let listener = Self { listener, path: path.to_owned() };
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(listener)
    }

    /// The next machine.
    pub async fn accept(&self) -> io::Result<QemuStream> {
        self.listener.accept().await.map(|(stream, _)| QemuStream::new(stream))
    }
}

impl Drop for QemuListener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A machine's network card, at the other end of a stream. The end of the stream is the end
/// of the link.
pub struct QemuStream {
    stream: UnixStream,
    incoming: Deframer,
    /// What the machine has not taken yet, from `sent` on.
    outgoing: Vec<u8>,
    sent: usize,
    lost: u64,
    /// Whoever receives: to be woken if something waits to be sent.
    waker: Option<Waker>,
}

/// What waits is handed over once it is this long, in bytes.
const HANDED_OVER: usize = 64 * 1024;

impl QemuStream {
    fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            incoming: Deframer::default(),
            outgoing: Vec::new(),
            sent: 0,
            lost: 0,
            waker: None,
        }
    }

    /// Connects to a QEMU that listens. Must be called within a runtime.
    pub async fn connect(path: &Path) -> io::Result<Self> {
        UnixStream::connect(path).await.map(Self::new)
    }

    /// One end of a pair, of which QEMU is given the other. Must be called within a runtime.
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        UnixStream::from_std(stream).map(Self::new)
    }

    /// Frames that were not sent, since the machine did not take those before.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Hands over what waits, as far as it is taken; whether all was.
    fn hand_over(&mut self) -> io::Result<bool> {
        while self.sent < self.outgoing.len() {
            match self.stream.try_write(&self.outgoing[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.outgoing.clear();
        self.sent = 0;
        Ok(true)
    }
}

impl Link for QemuStream {
    fn medium(&self) -> Medium {
        Medium::Ethernet
    }

    fn mtu(&self) -> u16 {
        MTU
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let frame = self.incoming.next();
            let frame = frame.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            if let Some(frame) = frame {
                let count = frame.len().min(buffer.len());
                buffer[..count].copy_from_slice(&frame[..count]);
                return Poll::Ready(Ok(count));
            }
            while !self.hand_over()? {
                if let Poll::Ready(writable) = self.stream.poll_write_ready(cx) {
                    writable?;
                } else {
                    break;
                }
            }
            self.waker.get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read(self.incoming.room()) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => self.incoming.filled(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let waiting = self.outgoing.len() - self.sent;
        if bytes.len() > QEMU_FRAME_BYTES_MAX || waiting + bytes.len() > QEMU_WAITING_BYTES_MAX {
            self.lost += 1;
            return Ok(());
        }
        if self.sent > QEMU_WAITING_BYTES_MAX {
            self.outgoing.drain(..std::mem::take(&mut self.sent));
        }
        frame(&mut self.outgoing, bytes);
        if waiting >= HANDED_OVER { self.flush() } else { Ok(()) }
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

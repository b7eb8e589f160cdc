//! A connection's bytes: what waits to be sent, and the prefix of an unwrapped stream.

use crate::acceptor::Stream;
use crate::gauge::Share;
use crate::limits::{DRAIN_BYTES_MAX, READ_BYTES_MAX};
use bytes::{Buf, Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout_at};

/// A connection's stream and the output that waits for it.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    pending: BytesMut,
    flushed: bool,
    /// Lengths of the datagrams that wait, on a flow of datagrams.
    lengths: Option<VecDeque<usize>>,
    share: Share,
    /// Bytes that have left.
    pub(crate) sent: u64,
}

thread_local! {
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES_MAX].into());
}

/// Lends the thread's read buffer: a connection that waits for bytes holds none of its
/// own. Not to be nested.
pub(crate) fn with_read_buffer<T>(f: impl FnOnce(&mut [u8]) -> T) -> T {
    READ_BUFFER.with_borrow_mut(|buffer| f(buffer))
}

impl Wire {
    pub(crate) fn new(stream: Box<dyn Stream>, share: Share) -> Self {
        Self { stream, pending: BytesMut::new(), flushed: true, lengths: None, share, sent: 0 }
    }

    /// What is pushed at once leaves as one datagram.
    pub(crate) fn of_datagrams(stream: Box<dyn Stream>, share: Share) -> Self {
        Self { lengths: Some(VecDeque::new()), ..Self::new(stream, share) }
    }

    /// Puts bytes behind what waits already.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        if let Some(lengths) = &mut self.lengths {
            lengths.push_back(bytes.len());
        }
        self.flushed = false;
    }

    /// How many bytes wait.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Forgets what waits.
    pub(crate) fn discard(&mut self) {
        self.pending = BytesMut::new();
        if let Some(lengths) = &mut self.lengths {
            lengths.clear();
        }
        self.flushed = true;
        self.share.set(0);
    }

    /// Books what waits on the bound of all sessions; false if there is no room.
    pub(crate) fn book(&mut self) -> bool {
        self.share.set(self.pending.len())
    }

    /// Sends what waits. Ready when all has left.
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let next = self.lengths.as_ref().and_then(|lengths| lengths.front()).copied();
            let bytes = &self.pending[..next.unwrap_or(self.pending.len())];
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
            if let Some(lengths) = &mut self.lengths {
                lengths.pop_front();
            }
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.advance(count);
            self.sent += count as u64;
        }
        if !self.flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.pending = BytesMut::new();
            self.flushed = true;
            self.share.set(0);
        }
        Poll::Ready(Ok(()))
    }

    /// Receives what is there; none is the end of the stream.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Ends our side.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Reads and forgets until the peer ends its side, for a bounded time. A socket closed
    /// over unread bytes would be reset, and the peer might lose our last words.
    pub(crate) async fn drain(mut self, limit: Instant) {
        let mut left = DRAIN_BYTES_MAX;
        while left > 0 {
            let received = poll_fn(|cx| with_read_buffer(|b| self.poll_receive(cx, b)));
            match timeout_at(limit, received).await {
                Ok(Ok(count)) if count > 0 => left = left.saturating_sub(count),
                _ => return,
            }
        }
    }

    /// Takes the stream out, to put another around it.
    pub(crate) fn take_stream(&mut self) -> Box<dyn Stream> {
        std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()))
    }

    /// Goes on with another stream.
    pub(crate) fn put_stream(&mut self, stream: Box<dyn Stream>) {
        self.stream = stream;
    }
}

/// A stream of which some bytes were read already.
pub(crate) struct Prefixed {
    prefix: Bytes,
    stream: Box<dyn Stream>,
}

impl Prefixed {
    pub(crate) fn new(prefix: impl Into<Bytes>, stream: Box<dyn Stream>) -> Self {
        Self { prefix: prefix.into(), stream }
    }
}

impl AsyncRead for Prefixed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.prefix.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let count = self.prefix.len().min(buffer.remaining());
        buffer.put_slice(&self.prefix.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

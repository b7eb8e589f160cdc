//! A flow as a stream.

use super::pump::Shared;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ukai_netstack::{Closing, FlowId, Neighbourhood};

/// What is known of a flow whose stream exists. What is received is bounded by the stack's
/// window.
#[derive(Default)]
pub(super) struct End {
    pub(super) received: VecDeque<Bytes>,
    pub(super) connected: bool,
    /// The peer sends no more.
    pub(super) ended: bool,
    pub(super) closed: Option<Closing>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl End {
    pub(super) fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    /// Why nothing more can be read or written.
    fn error(&self) -> Option<io::Error> {
        let kind = match self.closed? {
            Closing::Done => io::ErrorKind::BrokenPipe,
            Closing::Reset => io::ErrorKind::ConnectionReset,
            Closing::TimedOut => io::ErrorKind::TimedOut,
            Closing::Refused => io::ErrorKind::ConnectionRefused,
        };
        Some(kind.into())
    }
}

pub(super) struct FlowStream<N: Neighbourhood + Send + 'static> {
    shared: Arc<Shared<N>>,
    flow: FlowId,
}

impl<N: Neighbourhood + Send + 'static> FlowStream<N> {
    pub(super) const fn new(shared: Arc<Shared<N>>, flow: FlowId) -> Self {
        Self { shared, flow }
    }

    /// Waits until what we opened is open.
    pub(super) fn poll_connected(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|inner, _| {
            let Some(end) = inner.ends.get_mut(&self.flow) else { return Poll::Pending };
            if let Some(error) = end.error() {
                return Poll::Ready(Err(error));
            }
            if end.connected {
                return Poll::Ready(Ok(()));
            }
            end.reader = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

impl<N: Neighbourhood + Send + 'static> AsyncRead for FlowStream<N> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.shared.with(|inner, now| {
            let Some(end) = inner.ends.get_mut(&self.flow) else { return Poll::Ready(Ok(())) };
            let mut count = 0;
            while let Some(first) = end.received.front_mut()
                && buffer.remaining() > 0
            {
                let part = first.split_to(first.len().min(buffer.remaining()));
                buffer.put_slice(&part);
                count += part.len();
                if first.is_empty() {
                    end.received.pop_front();
                }
            }
            if count > 0 {
                inner.stack.consumed(now, self.flow, count);
                return Poll::Ready(Ok(()));
            }
            if end.ended || end.closed == Some(Closing::Done) || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if let Some(error) = end.error() {
                return Poll::Ready(Err(error));
            }
            end.reader = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

impl<N: Neighbourhood + Send + 'static> AsyncWrite for FlowStream<N> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.with(|inner, now| {
            let taken = inner.stack.send(now, self.flow, bytes);
            let Some(end) = inner.ends.get_mut(&self.flow) else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            if let Some(error) = end.error() {
                return Poll::Ready(Err(error));
            }
            if taken > 0 || bytes.is_empty() {
                return Poll::Ready(Ok(taken));
            }
            end.writer = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|inner, now| inner.stack.shut(now, self.flow));
        Poll::Ready(Ok(()))
    }
}

impl<N: Neighbourhood + Send + 'static> Drop for FlowStream<N> {
    fn drop(&mut self) {
        self.shared.with(|inner, now| {
            let end = inner.ends.remove(&self.flow);
            // As a kernel does: what nobody has read must not seem to have been.
            if end.is_some_and(|end| !end.received.is_empty()) {
                inner.stack.abort(now, self.flow);
            } else {
                inner.stack.close(now, self.flow);
            }
        });
    }
}

//! Flows of datagrams, each of which may be forged until its peer has answered.
//!
//! Who sends a first datagram chooses its source address freely. So that we never send
//! much to somebody who did not ask, a flow is *unproved* until a datagram comes back to
//! the port that only our answer has told; until then little is answered, and few such
//! flows are open at a time.

mod gate;
mod kernel;
#[cfg(test)]
mod tests;

pub(crate) use gate::{Gate, Proof};
pub use kernel::KernelDatagrams;

use crate::limits::{UNPROVED_ANSWERS_MAX, UNPROVED_BYTES_MAX};
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;

/// What carries one flow's datagrams.
pub(crate) trait Carrier: Send + Unpin {
    /// Receives one datagram.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;

    /// Sends one datagram.
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>>;
}

/// Receives one of the datagrams that wait in a channel. A peer that is gone is told by
/// ICMP where there is a network.
pub(super) fn poll_waiting(
    incoming: &mut mpsc::Receiver<Bytes>,
    cx: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let datagram = ready!(incoming.poll_recv(cx)).ok_or(io::ErrorKind::ConnectionRefused)?;
    let count = datagram.len().min(buffer.remaining());
    buffer.put_slice(&datagram[..count]);
    Poll::Ready(Ok(()))
}

/// A flow of datagrams as a stream: one read is one datagram, and so is one write. An
/// empty datagram, which would be the end of a stream, is not seen. It never ends: what
/// waits for the peer is ended by time.
pub(crate) struct DatagramFlow<C> {
    carrier: C,
    first: Option<Bytes>,
    proof: Arc<Proof>,
    answers_left: usize,
    bytes_left: usize,
}

impl<C> DatagramFlow<C> {
    pub(crate) const fn new(carrier: C, first: Bytes, proof: Arc<Proof>) -> Self {
        Self {
            carrier,
            first: Some(first),
            proof,
            answers_left: UNPROVED_ANSWERS_MAX,
            bytes_left: UNPROVED_BYTES_MAX,
        }
    }

    /// Whether so much may be answered.
    fn may_answer(&self, bytes: usize) -> bool {
        self.proof.is_given() || self.answers_left > 0 && bytes <= self.bytes_left
    }

    /// Books an answer that has left. Not before: a socket that is not ready yet is asked
    /// again, and must not cost the peer its answer.
    fn answered(&mut self, bytes: usize) {
        if !self.proof.is_given() {
            self.answers_left -= 1;
            self.bytes_left -= bytes;
        }
    }
}

impl<C: Carrier> AsyncRead for DatagramFlow<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(first) = self.first.take() {
            let count = first.len().min(buffer.remaining());
            buffer.put_slice(&first[..count]);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        while buffer.filled().len() == before {
            if self.proof.is_refused(cx) {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            ready!(self.carrier.poll_receive(cx, buffer))?;
            self.proof.give();
        }
        Poll::Ready(Ok(()))
    }
}

impl<C: Carrier> AsyncWrite for DatagramFlow<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        datagram: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.may_answer(datagram.len()) {
            ready!(self.carrier.poll_send(cx, datagram))?;
            self.answered(datagram.len());
        }
        // What may not be sent is lost, as datagrams are.
        Poll::Ready(Ok(datagram.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<C> Drop for DatagramFlow<C> {
    fn drop(&mut self) {
        self.proof.close();
    }
}

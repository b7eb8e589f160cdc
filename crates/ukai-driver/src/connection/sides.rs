//! Side streams of a session: opened, sent on, received from, ended.
//!
//! A real server works on one thing at a time: what it says on the main connection after
//! it has closed a side stream leaves when all of the side stream's bytes have left.

use super::Connection;
use crate::acceptor::{SideListener, Stream};
use crate::driver::Shared;
use crate::gauge::Share;
use crate::limits::{OUTPUT_PAUSE_BYTES, PRIVILEGED_PORTS, SIDE_WAIT};
use crate::tls::{Asked, TlsError};
use crate::wire::{Wire, with_read_buffer};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use rustls::ServerConfig;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use ukai_emulators::{Effect, SideEvent, SideId, SideStream};
use ukai_model::CloseReason;
use ukai_persona::Host;

/// A session's side streams. Only sessions that ask for one have this.
pub(super) struct Sides {
    shared: Arc<Shared>,
    list: Vec<Side>,
    /// Bytes sent on those that are gone.
    sent_before: u64,
}

struct Side {
    id: SideId,
    stage: Stage,
    wire: Wire,
    /// Our side is to end when all has left.
    closing: bool,
    permit: Option<OwnedSemaphorePermit>,
}

type Opening = BoxFuture<'static, io::Result<Box<dyn Stream>>>;

enum Stage {
    /// A port waits, of which the session does not know yet.
    Bound(SocketAddr, Opening),
    Opening(Opening),
    Shaking(Opening),
    Open,
    /// The peer has ended its side.
    Ended,
    Failed,
}

/// What happened on a side stream; bytes are in the buffer.
enum News {
    Listening(SocketAddr),
    Open,
    Bytes(usize),
    Eof,
    Failed,
}

impl Sides {
    fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), list: Vec::new(), sent_before: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Bytes that have left on all of them.
    pub(super) fn sent(&self) -> u64 {
        self.sent_before + self.list.iter().map(|side| side.wire.sent).sum::<u64>()
    }

    fn pending(&self) -> usize {
        self.list.iter().map(|side| side.wire.pending()).sum()
    }

    fn find(&mut self, id: SideId) -> Option<&mut Side> {
        self.list.iter_mut().find(|side| side.id == id && !side.closing)
    }

    fn push(&mut self, id: SideId, stage: Stage, permit: Option<OwnedSemaphorePermit>) {
        let share = Share::new(Arc::clone(&self.shared.gauge));
        let wire = Wire::new(Box::new(tokio::io::empty()), share);
        self.list.push(Side { id, stage, wire, closing: false, permit });
    }

    fn remove(&mut self, index: usize) -> Side {
        let side = self.list.remove(index);
        self.sent_before += side.wire.sent;
        side
    }

    /// Books what waits on the bound of all sessions; false if there is no room.
    pub(super) fn book(&mut self) -> bool {
        self.list.iter_mut().all(|side| side.wire.book())
    }

    /// Ends all of them after what was sent before.
    pub(super) fn close_all(&mut self) {
        let ids: Vec<SideId> = self.list.iter().map(|side| side.id).collect();
        for id in ids {
            self.close(id);
        }
    }

    /// Ends all of them at once. Whether one was still sending towards its end.
    pub(super) fn cut_all(&mut self) -> bool {
        self.sent_before = self.sent();
        self.list.drain(..).any(|side| side.closing)
    }

    fn close(&mut self, id: SideId) {
        let Some(index) = self.list.iter().position(|side| side.id == id && !side.closing) else {
            return;
        };
        match self.list[index].stage {
            Stage::Open | Stage::Ended | Stage::Shaking(_) => self.list[index].closing = true,
            Stage::Bound(..) | Stage::Opening(_) | Stage::Failed => drop(self.remove(index)),
        }
    }

    /// Sends what waits. Ready when none is left that was closed and has not left.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut index = 0;
        while index < self.list.len() {
            match self.list[index].poll_send(cx) {
                Poll::Ready(Ok(())) if self.list[index].closing => self.end(index),
                Poll::Ready(Err(_)) if self.list[index].closing => drop(self.remove(index)),
                Poll::Ready(Err(_)) => {
                    self.list[index].stage = Stage::Failed;
                    index += 1;
                }
                _ => index += 1,
            }
        }
        if self.list.iter().any(|side| side.closing) { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Our side has ended; the peer gets its time to end its own.
    fn end(&mut self, index: usize) {
        let Side { stage, wire, permit, .. } = self.remove(index);
        if !matches!(stage, Stage::Ended) {
            let limit = Instant::now() + self.shared.budgets.linger();
            self.shared.tasks.spawn(async move {
                wire.drain(limit).await;
                drop(permit);
            });
        }
    }

    fn poll_news(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<(SideId, News)> {
        for index in 0..self.list.len() {
            let side = &mut self.list[index];
            if let Poll::Ready(news) = side.poll_news(cx, buffer) {
                let id = side.id;
                if matches!(news, News::Failed) {
                    drop(self.remove(index));
                }
                return Poll::Ready((id, news));
            }
        }
        Poll::Pending
    }
}

impl Side {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Stage::Shaking(shaking) = &mut self.stage {
            let stream = ready!(shaking.as_mut().poll(cx))?;
            self.wire.put_stream(stream);
            self.stage = Stage::Open;
        }
        if !matches!(self.stage, Stage::Open | Stage::Ended) {
            return Poll::Pending;
        }
        ready!(self.wire.poll_send(cx))?;
        if self.closing {
            ready!(self.wire.poll_shutdown(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_news(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<News> {
        if self.closing {
            return Poll::Pending;
        }
        match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Bound(address, opening) => {
                self.stage = Stage::Opening(opening);
                Poll::Ready(News::Listening(address))
            }
            Stage::Opening(mut opening) => match opening.as_mut().poll(cx) {
                Poll::Pending => {
                    self.stage = Stage::Opening(opening);
                    Poll::Pending
                }
                Poll::Ready(Ok(stream)) => {
                    self.wire.put_stream(stream);
                    self.stage = Stage::Open;
                    Poll::Ready(News::Open)
                }
                Poll::Ready(Err(_)) => Poll::Ready(News::Failed),
            },
            Stage::Open if self.wire.pending() > OUTPUT_PAUSE_BYTES => {
                self.stage = Stage::Open;
                Poll::Pending
            }
            Stage::Open => {
                let received = self.wire.poll_receive(cx, buffer);
                let (stage, news) = match received {
                    Poll::Pending => (Stage::Open, Poll::Pending),
                    Poll::Ready(Ok(0)) => (Stage::Ended, Poll::Ready(News::Eof)),
                    Poll::Ready(Ok(count)) => (Stage::Open, Poll::Ready(News::Bytes(count))),
                    Poll::Ready(Err(_)) => (Stage::Failed, Poll::Ready(News::Failed)),
                };
                self.stage = stage;
                news
            }
            Stage::Failed => Poll::Ready(News::Failed),
            waiting @ (Stage::Shaking(_) | Stage::Ended) => {
                self.stage = waiting;
                Poll::Pending
            }
        }
    }
}

impl Connection {
    pub(super) fn open_side(&mut self, id: SideId, how: SideStream) {
        let (stage, permit) = self.first_stage(how);
        self.sides
            .get_or_insert_with(|| Box::new(Sides::new(&self.shared)))
            .push(id, stage, permit);
    }

    fn first_stage(&mut self, how: SideStream) -> (Stage, Option<OwnedSemaphorePermit>) {
        let open = self.sides.as_ref().map_or(0, |sides| sides.list.len());
        if open >= self.shared.budgets.sides_per_session_max {
            self.journal.limit("sides_per_session_max", "further side streams fail");
            return (Stage::Failed, None);
        }
        let Ok(permit) = Arc::clone(&self.shared.sides).try_acquire_owned() else {
            self.journal.limit("sides_max", "a side stream was not opened");
            return (Stage::Failed, None);
        };
        let flow = self.journal.flow();
        let stage = match how {
            SideStream::Connect(port) if PRIVILEGED_PORTS.contains(&port) => Stage::Failed,
            SideStream::Connect(port) => {
                Stage::Opening(within(SIDE_WAIT, self.side_door.connect(&flow, port)))
            }
            SideStream::Listen => {
                match self.side_door.listen(&flow, self.shared.world.random() as u64) {
                    Ok(listener) => {
                        let address = listener.address();
                        let opening = Box::pin(admit(listener, flow.src_ip));
                        Stage::Bound(address, within(SIDE_WAIT, opening))
                    }
                    Err(error) => {
                        tracing::debug!(%error, "no port for a side stream");
                        Stage::Failed
                    }
                }
            }
        };
        (stage, Some(permit))
    }

    pub(super) fn send_side(&mut self, id: SideId, bytes: &Bytes) -> Option<CloseReason> {
        let sides = self.sides.as_mut()?;
        let (pending, sent) = (sides.pending() + bytes.len(), sides.sent());
        let side = sides.find(id)?;
        if !matches!(side.stage, Stage::Open | Stage::Ended | Stage::Shaking(_)) {
            return None;
        }
        let budgets = &self.shared.budgets;
        if pending > budgets.output_pending_bytes_max {
            self.journal.limit("output_pending_bytes_max", "the peer does not read");
            return Some(CloseReason::Budget);
        }
        let control = self.wire.sent + self.wire.pending() as u64;
        if control + sent + pending as u64 > budgets.bytes_out_max {
            self.journal.limit("bytes_out_max", "the session was ended");
            return Some(CloseReason::Budget);
        }
        side.wire.push(bytes);
        None
    }

    pub(super) async fn close_side(&mut self, id: SideId) {
        // What was said before the end leaves before the rest of the side stream does.
        let _ = poll_fn(|cx| Poll::Ready(self.poll_send(cx))).await;
        if let Some(sides) = &mut self.sides {
            sides.close(id);
        }
    }

    pub(super) fn begin_side_tls(&mut self, id: SideId) {
        let Some(side) = self.sides.as_mut().and_then(|sides| sides.find(id)) else { return };
        let untouched = side.wire.sent == 0 && side.wire.pending() == 0;
        if !matches!(side.stage, Stage::Open) || !untouched {
            return;
        }
        let limit = self.shared.budgets.handshake();
        let stream = side.wire.take_stream();
        // The name that the main connection was made for: clients look at it here as there.
        let server_name = self.tls.as_ref().and_then(|tls| tls.server_name.as_ref());
        let asked = Asked { local: self.journal.flow().dst_ip, server_name, alpn: None };
        match shake_hands(&self.shared, &self.assignment.host, &asked, stream) {
            Ok(shaking) => side.stage = Stage::Shaking(within(limit, shaking)),
            Err(error) => {
                side.stage = Stage::Failed;
                self.note_fault(error.to_string());
            }
        }
    }

    /// Calls the session with what happened on its side streams, on the thread's read
    /// buffer.
    pub(super) fn poll_sides(&mut self, cx: &mut Context<'_>) -> Poll<SideWake> {
        with_read_buffer(|buffer| {
            let Some(sides) = &mut self.sides else { return Poll::Pending };
            let (id, news) = ready!(sides.poll_news(cx, buffer));
            self.moved_at = Instant::now();
            let event = match news {
                News::Listening(address) => SideEvent::Listening(address),
                News::Open => SideEvent::Open,
                News::Eof => SideEvent::Eof,
                News::Failed => SideEvent::Failed,
                News::Bytes(count) => {
                    self.received += count as u64;
                    if self.received > self.shared.budgets.bytes_in_max {
                        self.journal.limit("bytes_in_max", "the session was ended");
                        return Poll::Ready(SideWake::End(CloseReason::Budget));
                    }
                    SideEvent::Bytes(&buffer[..count])
                }
            };
            let effects = self.call(|session, cx| session.on_side(cx, id, event));
            Poll::Ready(SideWake::Effects(effects))
        })
    }

    /// Sends what waits: first what side streams have before their end.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(sides) = &mut self.sides {
            ready!(sides.poll_send(cx));
        }
        self.wire.poll_send(cx)
    }

    /// Bytes that have left, on side streams too.
    pub(super) fn sent(&self) -> u64 {
        self.wire.sent + self.sides.as_ref().map_or(0, |sides| sides.sent())
    }
}

/// What came of a look at the side streams.
pub(super) enum SideWake {
    Effects(Vec<Effect>),
    End(CloseReason),
}

/// Lets the first in who connects from `peer`, and closes at once on everybody else.
async fn admit(mut listener: Box<dyn SideListener>, peer: IpAddr) -> io::Result<Box<dyn Stream>> {
    loop {
        let (stream, from) = listener.accept().await?;
        if from.ip().to_canonical() == peer {
            return Ok(stream);
        }
    }
}

fn shake_hands(
    shared: &Shared,
    host: &Host,
    asked: &Asked<'_>,
    stream: Box<dyn Stream>,
) -> Result<Opening, TlsError> {
    let mut config = ServerConfig::clone(&*shared.tls.config(host, asked)?);
    // A client that only sends never reads its tickets: its close becomes a reset, which
    // takes the end of the file with it.
    config.send_tls13_tickets = 0;
    let shaking = TlsAcceptor::from(Arc::new(config)).accept(stream);
    Ok(Box::pin(async move { Ok(Box::new(shaking.await?) as Box<dyn Stream>) }))
}

fn within(limit: Duration, opening: Opening) -> Opening {
    Box::pin(async move {
        timeout(limit, opening).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    })
}

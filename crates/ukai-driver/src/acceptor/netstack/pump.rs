//! Frames from the link to the stack and back, timers, and what the stack tells.

use super::datagrams::Flows;
use super::door::{Door, Doors};
use super::stream::{End, FlowStream};
use crate::acceptor::{Accepted, Stream};
use crate::world::World;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep};
use ukai_model::{Flow, Timestamp, Transport};
use ukai_netstack::{Closing, Config, Event, FlowId, Hop, Link, Neighbourhood, Stack, Tuple};

/// Frames that are taken before others have their turn.
const BATCH: usize = 64;

/// The longest frame of any link, in bytes: a jumbo packet, tags and a header.
const FRAME_BYTES_MAX: usize = 65_535 + 64;

/// How long a pump sleeps that has nothing to wait for.
const IDLE: Duration = Duration::from_hours(1);

/// SYNs in the name of a prefix that never completes a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnansweredSyns {
    /// The prefix: an IPv4 /24, or an IPv6 /48.
    pub prefix: IpAddr,
    /// SYNs since its last handshake.
    pub syns: u32,
    /// Those of them that were not answered.
    pub unanswered: u32,
}

pub(super) struct Shared<N> {
    pub(super) inner: Mutex<Inner<N>>,
    world: Arc<dyn World>,
    told: Box<dyn Fn(UnansweredSyns) + Send + Sync>,
    /// Wakes the pump when something is due sooner.
    waker: AtomicWaker,
}

pub(super) struct Inner<N> {
    pub(super) stack: Stack<Doors<N>>,
    link: Box<dyn Link>,
    pub(super) ends: HashMap<FlowId, End>,
    datagrams: Flows,
    incoming: mpsc::Sender<Accepted>,
    /// When the pump wakes by itself.
    armed: Option<Timestamp>,
    /// What the link failed with.
    failed: Option<io::Error>,
    /// Streams that nobody takes. Their end takes the lock: they end outside of it.
    refused: Vec<Box<dyn Stream>>,
}

impl<N: Neighbourhood + Send + 'static> Shared<N> {
    pub(super) fn new(
        link: Box<dyn Link>,
        neighbourhood: Doors<N>,
        config: Config,
        world: Arc<dyn World>,
        incoming: mpsc::Sender<Accepted>,
        told: impl Fn(UnansweredSyns) + Send + Sync + 'static,
        datagrams: Flows,
    ) -> Arc<Self> {
        let mut seed = [0; 32];
        let (first, second) = seed.split_at_mut(16);
        first.copy_from_slice(&world.random().to_le_bytes());
        second.copy_from_slice(&world.random().to_le_bytes());
        let stack = Stack::new(config, neighbourhood, world.now(), seed);
        Arc::new(Self {
            inner: Mutex::new(Inner {
                stack,
                link,
                ends: HashMap::new(),
                datagrams,
                incoming,
                armed: None,
                failed: None,
                refused: Vec::new(),
            }),
            world,
            told: Box::new(told),
            waker: AtomicWaker::new(),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Lets `work` use the stack, then sends what is to be sent.
    pub(super) fn with<T>(self: &Arc<Self>, work: impl FnOnce(&mut Inner<N>, Timestamp) -> T) -> T {
        let now = self.now();
        let mut inner = self.inner.lock();
        let result = work(&mut inner, now);
        self.settle(&mut inner, now);
        self.flush(&mut inner);
        let sooner =
            inner.stack.next_due().is_some_and(|due| inner.armed.is_none_or(|at| due < at));
        let refused = std::mem::take(&mut inner.refused);
        drop(inner);
        drop(refused);
        if sooner {
            self.waker.wake();
        }
        result
    }

    /// Works until the link fails; gives what it failed with.
    pub(super) async fn pump(self: Arc<Self>) -> io::Error {
        let mut buffer = vec![0; FRAME_BYTES_MAX];
        let mut timer = pin!(sleep(IDLE));
        std::future::poll_fn(move |cx| {
            self.waker.register(cx.waker());
            let (turned, refused) = self.turn(cx, &mut buffer, timer.as_mut());
            drop(refused);
            turned
        })
        .await
    }

    fn turn(
        self: &Arc<Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        mut timer: std::pin::Pin<&mut Sleep>,
    ) -> (Poll<io::Error>, Vec<Box<dyn Stream>>) {
        let mut inner = self.inner.lock();
        let turned = self.turn_inner(&mut inner, cx, buffer, timer.as_mut());
        (turned, std::mem::take(&mut inner.refused))
    }

    fn turn_inner(
        self: &Arc<Self>,
        inner: &mut Inner<N>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        mut timer: std::pin::Pin<&mut Sleep>,
    ) -> Poll<io::Error> {
        let mut now = self.now();
        let mut taken = 0;
        while taken < BATCH
            && let Poll::Ready(received) = inner.link.poll_receive(cx, buffer)
        {
            match received {
                Ok(length) => inner.stack.input(now, &buffer[..length]),
                Err(error) => return Poll::Ready(inner.fail(error)),
            }
            self.settle(inner, now);
            taken += 1;
        }
        loop {
            inner.stack.advance(now);
            self.settle(inner, now);
            self.flush(inner);
            if let Some(error) = inner.failed.take() {
                return Poll::Ready(inner.fail(error));
            }
            inner.armed = inner.stack.next_due();
            let wait = inner.armed.map_or(IDLE, |due| due.since(now));
            timer.as_mut().reset(Instant::now() + wait);
            if timer.as_mut().poll(cx).is_pending() {
                break;
            }
            now = self.now();
        }
        if taken == BATCH {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn settle(self: &Arc<Self>, inner: &mut Inner<N>, now: Timestamp) {
        while let Some(event) = inner.stack.event() {
            self.happened(inner, now, event);
        }
        let frames = inner.stack.frames();
        for frame in frames.iter() {
            if let Err(error) = inner.link.send(frame) {
                inner.failed = Some(error);
                self.waker.wake();
            }
        }
        frames.clear();
    }

    /// Links that send many frames at once send them now.
    fn flush(&self, inner: &mut Inner<N>) {
        if let Err(error) = inner.link.flush() {
            inner.failed = Some(error);
            self.waker.wake();
        }
    }

    fn happened(self: &Arc<Self>, inner: &mut Inner<N>, now: Timestamp, event: Event) {
        match event {
            Event::Opened { flow, tuple, hop } => self.opened(inner, now, flow, tuple, hop),
            Event::Connected { flow } => inner.tell(flow, |end| end.connected = true),
            Event::Received { flow, bytes } => {
                inner.tell(flow, |end| end.received.push_back(bytes));
            }
            Event::PeerClosed { flow } => inner.tell(flow, |end| end.ended = true),
            Event::Writable { flow } => inner.tell(flow, |_| {}),
            Event::Closed { flow, how } => inner.tell(flow, |end| end.closed = Some(how)),
            Event::Datagram { tuple, hop, bytes } => {
                let Inner { stack, datagrams, .. } = inner;
                let reply = |answer: &[u8]| {
                    stack.send_datagram(now, tuple, hop, answer);
                };
                if datagrams.answer(now, tuple, &bytes, reply) {
                    return;
                }
                if let Some(accepted) = inner.datagrams.take(self, tuple, hop, bytes) {
                    let _ = inner.incoming.try_send(accepted);
                }
            }
            Event::Unproved { prefix, syns, unanswered } => {
                (self.told)(UnansweredSyns { prefix, syns, unanswered });
            }
        }
    }

    fn opened(
        self: &Arc<Self>,
        inner: &mut Inner<N>,
        now: Timestamp,
        flow: FlowId,
        tuple: Tuple,
        hop: Hop,
    ) {
        inner.ends.insert(flow, End::default());
        let stream: Box<dyn Stream> = Box::new(FlowStream::new(Arc::clone(self), flow));
        let door = inner.stack.neighbourhood().door(tuple.local_socket());
        let refused = if let Some(door) = door {
            door.try_send((stream, tuple.peer_socket())).map_err(|error| error.into_inner().0)
        } else {
            let accepted = Accepted {
                flow: Flow::new(Transport::Tcp, tuple.peer_socket(), tuple.local_socket()),
                stream,
                side: Arc::new(Door::new(Arc::clone(self), hop)),
            };
            inner.incoming.try_send(accepted).map_err(|error| error.into_inner().stream)
        };
        if let Err(stream) = refused {
            inner.ends.remove(&flow);
            inner.stack.abort(now, flow);
            inner.refused.push(stream);
        }
    }
}

impl<N: Neighbourhood> Inner<N> {
    fn tell(&mut self, flow: FlowId, change: impl FnOnce(&mut End)) {
        if let Some(end) = self.ends.get_mut(&flow) {
            change(end);
            end.wake();
        }
    }

    fn fail(&mut self, error: io::Error) -> io::Error {
        for end in self.ends.values_mut() {
            end.closed = Some(Closing::TimedOut);
            end.wake();
        }
        error
    }
}

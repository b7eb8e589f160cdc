//! Datagrams of a stack: answered at once, or as flows.

use super::pump::Shared;
use crate::acceptor::Accepted;
use crate::acceptor::datagram::{Carrier, DatagramFlow, Gate, Proof, poll_waiting};
use crate::acceptor::side::NoDoor;
use crate::limits::MEMORY_DATAGRAMS_MAX;
use bytes::Bytes;
use lru::LruCache;
use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;
use tokio::sync::mpsc;
use tokio::time::Instant;
use ukai_model::{Flow, Timestamp, Transport};
use ukai_netstack::{Hop, Neighbourhood, Tuple};

/// How the datagrams of a stack are treated.
#[derive(Default)]
pub enum Datagrams {
    /// Towards the Internet, where any source may be forged: few flows, and little said on
    /// each before its peer has answered.
    #[default]
    Guarded,
    /// On a closed link, where nobody can be forged against: what comes from anywhere opens
    /// a flow, and everything is answered.
    Open {
        /// Flows at a time; beyond, the one that was silent for the longest is ended.
        flows_max: usize,
        /// Who answers before flows are made.
        direct: Option<Box<dyn Datagram>>,
    },
}

/// Answers datagrams at once, without a flow: what is asked and answered in one datagram
/// each costs nothing that lasts.
pub trait Datagram: Send {
    /// Takes a datagram; each call of `reply` sends one back. False: it is not for this one,
    /// and goes to its flow. Called by who moves the frames: must be quick and must not
    /// wait.
    fn datagram(
        &mut self,
        now: Timestamp,
        tuple: Tuple,
        bytes: Bytes,
        reply: &mut dyn FnMut(&[u8]),
    ) -> bool;
}

/// Flows of datagrams that are looked through for those that have ended, when there are so
/// many more than at the last time.
const SWEEP_EVERY: usize = 256;

/// Where each flow's datagrams go, and who has them before.
pub(super) struct Flows {
    table: Table,
    direct: Option<Box<dyn Datagram>>,
}

enum Table {
    Guarded { flows: HashMap<Tuple, mpsc::Sender<Bytes>>, gate: Gate, sweep_at: usize },
    Open { flows: LruCache<Tuple, mpsc::Sender<Bytes>>, flows_max: usize },
}

impl Flows {
    pub(super) fn new(datagrams: Datagrams) -> Self {
        match datagrams {
            Datagrams::Guarded => {
                let (flows, gate) = (HashMap::new(), Gate::new());
                Self { table: Table::Guarded { flows, gate, sweep_at: SWEEP_EVERY }, direct: None }
            }
            Datagrams::Open { flows_max, direct } => {
                // Bounded where flows are put in; `new(n)` would allocate for n at once.
                Self { table: Table::Open { flows: LruCache::unbounded(), flows_max }, direct }
            }
        }
    }

    /// Whether a datagram was answered at once.
    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        tuple: Tuple,
        bytes: &Bytes,
        mut reply: impl FnMut(&[u8]),
    ) -> bool {
        let Some(direct) = &mut self.direct else { return false };
        let answered = catch_unwind(AssertUnwindSafe(|| {
            direct.datagram(now, tuple, bytes.clone(), &mut reply)
        }));
        answered.unwrap_or_else(|_| {
            // It costs this datagram, and nothing else.
            tracing::error!(?tuple, "answering a datagram has panicked");
            true
        })
    }

    /// Gives a datagram to its flow; or a new flow, if it may open one.
    pub(super) fn take<N: Neighbourhood + Send + 'static>(
        &mut self,
        shared: &Arc<Shared<N>>,
        tuple: Tuple,
        hop: Hop,
        bytes: Bytes,
    ) -> Option<Accepted> {
        let bytes = match self.table.flow(&tuple) {
            Some(flow) => match flow.try_send(bytes) {
                Err(mpsc::error::TrySendError::Closed(bytes)) => bytes,
                // What does not fit is lost, as datagrams are.
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => return None,
            },
            None => bytes,
        };
        let (sender, incoming) = mpsc::channel(MEMORY_DATAGRAMS_MAX);
        let proof = self.table.open(tuple, sender)?;
        let ends = Ends { shared: Arc::clone(shared), tuple, hop, incoming };
        Some(Accepted {
            flow: Flow::new(Transport::Udp, tuple.peer_socket(), tuple.local_socket()),
            stream: Box::new(DatagramFlow::new(ends, bytes, proof)),
            side: Arc::new(NoDoor),
        })
    }
}

impl Table {
    fn flow(&mut self, tuple: &Tuple) -> Option<&mpsc::Sender<Bytes>> {
        match self {
            Self::Guarded { flows, .. } => flows.get(tuple),
            Self::Open { flows, .. } => flows.get(tuple),
        }
    }

    /// Makes a flow, if it may be.
    fn open(&mut self, tuple: Tuple, sender: mpsc::Sender<Bytes>) -> Option<Arc<Proof>> {
        match self {
            Self::Guarded { flows, gate, sweep_at } => {
                let proof = gate.admit(tuple.peer_socket(), Instant::now())?;
                if flows.len() >= *sweep_at {
                    flows.retain(|_, flow| !flow.is_closed());
                    *sweep_at = flows.len() + SWEEP_EVERY;
                }
                flows.insert(tuple, sender);
                Some(proof)
            }
            Self::Open { flows, flows_max } => {
                flows.put(tuple, sender);
                if flows.len() > *flows_max {
                    // Its reader finds nobody at the other end.
                    flows.pop_lru();
                }
                Some(Proof::given())
            }
        }
    }
}

struct Ends<N> {
    shared: Arc<Shared<N>>,
    tuple: Tuple,
    hop: Hop,
    incoming: mpsc::Receiver<Bytes>,
}

impl<N: Neighbourhood + Send + 'static> Carrier for Ends<N> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_waiting(&mut self.incoming, cx, buffer)
    }

    fn poll_send(&mut self, _: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>> {
        let (tuple, hop) = (self.tuple, self.hop);
        self.shared.with(|inner, now| inner.stack.send_datagram(now, tuple, hop, datagram));
        Poll::Ready(Ok(()))
    }
}

//! Datagrams of a stack, as flows.

use super::pump::Shared;
use crate::acceptor::Accepted;
use crate::acceptor::datagram::{Carrier, DatagramFlow, Gate, poll_waiting};
use crate::acceptor::side::NoDoor;
use crate::limits::MEMORY_DATAGRAMS_MAX;
use bytes::Bytes;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;
use tokio::sync::mpsc;
use tokio::time::Instant;
use ukai_model::{Flow, Transport};
use ukai_netstack::{Hop, Neighbourhood, Tuple};

/// Flows of datagrams that are looked through for those that have ended, when there are so
/// many more than at the last time.
const SWEEP_EVERY: usize = 256;

pub(super) struct Datagrams {
    flows: HashMap<Tuple, mpsc::Sender<Bytes>>,
    gate: Gate,
    sweep_at: usize,
}

impl Datagrams {
    pub(super) fn new() -> Self {
        Self { flows: HashMap::new(), gate: Gate::new(), sweep_at: SWEEP_EVERY }
    }

    /// Gives a datagram to its flow; or a new flow, if it may open one.
    pub(super) fn take<N: Neighbourhood + Send + 'static>(
        &mut self,
        shared: &Arc<Shared<N>>,
        tuple: Tuple,
        hop: Hop,
        bytes: Bytes,
    ) -> Option<Accepted> {
        let bytes = match self.flows.get(&tuple) {
            Some(flow) => match flow.try_send(bytes) {
                Err(mpsc::error::TrySendError::Closed(bytes)) => bytes,
                // What does not fit is lost, as datagrams are.
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => return None,
            },
            None => bytes,
        };
        let proof = self.gate.admit(tuple.peer_socket(), Instant::now())?;
        if self.flows.len() >= self.sweep_at {
            self.flows.retain(|_, flow| !flow.is_closed());
            self.sweep_at = self.flows.len() + SWEEP_EVERY;
        }
        let (sender, incoming) = mpsc::channel(MEMORY_DATAGRAMS_MAX);
        self.flows.insert(tuple, sender);
        let ends = Ends { shared: Arc::clone(shared), tuple, hop, incoming };
        Some(Accepted {
            flow: Flow::new(Transport::Udp, tuple.peer_socket(), tuple.local_socket()),
            stream: Box::new(DatagramFlow::new(ends, bytes, proof)),
            side: Arc::new(NoDoor),
        })
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

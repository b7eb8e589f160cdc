//! Side streams of a stack's flows.

use super::pump::Shared;
use super::stream::{End, FlowStream};
use crate::acceptor::{SideDoor, SideListener, Stream};
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::mpsc;
use ukai_model::{Flow, Transport};
use ukai_netstack::{Hop, Host, Neighbourhood, Port, Tuple};

/// Connections that may wait at a side port.
const WAITING_MAX: usize = 4;

/// Ports that are given (Linux's `ip_local_port_range`).
const FREE_PORTS: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// Ports that are tried before there is none.
const TRIES: u64 = 64;

/// A connection and where it comes from.
type Arrived = (Box<dyn Stream>, SocketAddr);

/// Hosts, with ports that are open for a while.
pub(super) struct Doors<N> {
    hosts: N,
    open: HashMap<SocketAddr, mpsc::Sender<Arrived>>,
}

impl<N> Doors<N> {
    pub(super) fn new(hosts: N) -> Self {
        Self { hosts, open: HashMap::new() }
    }

    pub(super) fn door(&self, local: SocketAddr) -> Option<&mpsc::Sender<Arrived>> {
        self.open.get(&local)
    }
}

impl<N: Neighbourhood> Neighbourhood for Doors<N> {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        self.hosts.host(address)
    }

    fn port(&self, address: IpAddr, transport: Transport, port: u16) -> Port {
        let here = SocketAddr::new(address, port);
        if transport == Transport::Tcp && !self.open.is_empty() && self.open.contains_key(&here) {
            return Port::Open;
        }
        self.hosts.port(address, transport, port)
    }
}

/// Opens side streams of one flow.
pub(super) struct Door<N> {
    shared: Arc<Shared<N>>,
    hop: Hop,
}

impl<N> Door<N> {
    pub(super) const fn new(shared: Arc<Shared<N>>, hop: Hop) -> Self {
        Self { shared, hop }
    }
}

fn ports(random: u64) -> impl Iterator<Item = u16> {
    let count = u64::from(FREE_PORTS.end() - FREE_PORTS.start()) + 1;
    (0..TRIES).map(move |step| FREE_PORTS.start() + ((random % count + step) % count) as u16)
}

impl<N: Neighbourhood + Send + 'static> SideDoor for Door<N> {
    fn listen(&self, flow: &Flow, random: u64) -> io::Result<Box<dyn SideListener>> {
        let (sender, incoming) = mpsc::channel(WAITING_MAX);
        let address = self.shared.with(|inner, _| {
            let hosts = inner.stack.neighbourhood_mut();
            // Where every port is open, one that nobody is expected at must do.
            let closed =
                |at: &SocketAddr| hosts.port(at.ip(), Transport::Tcp, at.port()) != Port::Open;
            let at = |port| SocketAddr::new(flow.dst_ip, port);
            let free = ports(random)
                .map(at)
                .find(closed)
                .or_else(|| ports(random).map(at).find(|at| !hosts.open.contains_key(at)))?;
            hosts.open.insert(free, sender);
            Some(free)
        });
        let address = address.ok_or(io::ErrorKind::AddrInUse)?;
        Ok(Box::new(Listener { shared: Arc::clone(&self.shared), address, incoming }))
    }

    fn connect(&self, flow: &Flow, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let shared = Arc::clone(&self.shared);
        let (hop, local, peer) = (self.hop, flow.dst_ip, flow.src_ip);
        Box::pin(async move {
            // FTP's data comes from the port below the command's where it can; a kernel's
            // from any free one. The stack refuses ends that are in use.
            let id = shared.with(|inner, now| {
                let random = now.nanos();
                let id = ports(random).find_map(|local_port| {
                    let tuple = Tuple { peer, local, peer_port: port, local_port };
                    inner.stack.connect(now, tuple, hop)
                })?;
                inner.ends.insert(id, End::default());
                Some(id)
            });
            let id = id.ok_or(io::ErrorKind::AddrNotAvailable)?;
            let stream = FlowStream::new(shared, id);
            std::future::poll_fn(|cx| stream.poll_connected(cx)).await?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

struct Listener<N: Neighbourhood + Send + 'static> {
    shared: Arc<Shared<N>>,
    address: SocketAddr,
    incoming: mpsc::Receiver<Arrived>,
}

impl<N: Neighbourhood + Send + 'static> SideListener for Listener<N> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Arrived>> {
        Box::pin(async {
            let arrived = self.incoming.recv().await;
            arrived.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
        })
    }
}

impl<N: Neighbourhood + Send + 'static> Drop for Listener<N> {
    fn drop(&mut self) {
        self.shared.with(|inner, _| inner.stack.neighbourhood_mut().open.remove(&self.address));
    }
}

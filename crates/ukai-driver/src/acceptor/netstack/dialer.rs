//! A peer with a stack of its own, for tests.

use super::datagrams::{Datagrams, Flows};
use super::door::{Door, Doors};
use super::pump::Shared;
use super::stream::{End, FlowStream};
use crate::acceptor::{SideDoor as _, SideListener, Stream};
use crate::world::SystemWorld;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::mpsc;
use ukai_model::{Flow, Timestamp, Transport};
use ukai_netstack::{Config, Host, Link, Neighbourhood, Personality, Port, Tuple};
use ukai_netstack::{Hop, Medium};

/// A host whose ports 23 and 53 are open, at every address.
pub(in crate::acceptor) struct Anywhere(Arc<Personality>);

impl Anywhere {
    pub(in crate::acceptor) fn new() -> Self {
        Self(Arc::new(Personality::linux()))
    }
}

impl Neighbourhood for Anywhere {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        Some(Host { personality: &self.0, booted: Timestamp::from_secs(1), mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        if matches!(port, 23 | 53) { Port::Open } else { Port::Closed }
    }
}

pub(in crate::acceptor) struct Dialer {
    shared: Arc<Shared<Anywhere>>,
    _incoming: mpsc::Receiver<crate::acceptor::Accepted>,
}

impl Dialer {
    pub(in crate::acceptor) fn new(link: impl Link + 'static) -> Self {
        let (outgoing, incoming) = mpsc::channel(1);
        let config = Config { medium: Medium::Ip, ..Config::default() };
        let hosts = Doors::new(Anywhere::new());
        let world = Arc::new(SystemWorld);
        let flows = Flows::new(Datagrams::Guarded);
        let shared = Shared::new(Box::new(link), hosts, config, world, outgoing, |_| {}, flows);
        tokio::spawn(Arc::clone(&shared).pump());
        Self { shared, _incoming: incoming }
    }

    pub(in crate::acceptor) async fn connect(
        &self,
        from: SocketAddr,
        to: SocketAddr,
    ) -> io::Result<Box<dyn Stream>> {
        let tuple = Tuple {
            peer: to.ip(),
            local: from.ip(),
            peer_port: to.port(),
            local_port: from.port(),
        };
        let id = self.shared.with(|inner, now| {
            let id = inner.stack.connect(now, tuple, Hop::default())?;
            inner.ends.insert(id, End::default());
            Some(id)
        });
        let stream = FlowStream::new(Arc::clone(&self.shared), id.ok_or(io::ErrorKind::AddrInUse)?);
        std::future::poll_fn(|cx| stream.poll_connected(cx)).await?;
        Ok(Box::new(stream))
    }

    pub(in crate::acceptor) fn listen(&self, at: IpAddr) -> io::Result<Box<dyn SideListener>> {
        let door = Door::new(Arc::clone(&self.shared), Hop::default());
        let here = SocketAddr::new(at, 0);
        door.listen(&Flow::new(Transport::Tcp, here, here), 99)
    }
}

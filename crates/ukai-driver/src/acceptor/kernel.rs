//! Flows from the kernel: addresses × ports, IPv4 and IPv6.

use super::kernel_side::KernelDoor;
use super::{Accepted, Acceptor};
use crate::limits::BACKLOG;
use futures_util::stream::{SelectAll, Stream, StreamExt};
use nix::sys::socket::{setsockopt, sockopt};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use ukai_model::{Flow, Transport};

/// Listening sockets of the kernel.
pub struct KernelAcceptor {
    listeners: SelectAll<Listener>,
    addresses: Vec<SocketAddr>,
}

impl KernelAcceptor {
    /// Listens on all `addresses`, or on none: whatever stands in the way is told in
    /// one go. Must be called within a tokio runtime.
    ///
    /// An IPv6 address takes IPv6 only, so that `[::]` and `0.0.0.0` go side by side.
    /// Port 0 takes a free one.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        Self::bind_with(addresses, None)
    }

    /// Like [`KernelAcceptor::bind`]; side streams that peers connect to are on
    /// `side_ports`, or on any free port.
    pub fn bind_with(
        addresses: &[SocketAddr],
        side_ports: Option<RangeInclusive<u16>>,
    ) -> Result<Self, BindError> {
        Self::bind_all(addresses, side_ports, false)
    }

    /// Takes what the kernel's TPROXY (Documentation/networking/tproxy.rst) gives to
    /// `addresses`, wherever it was sent to.
    pub fn bind_transparent(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        Self::bind_all(addresses, None, true)
    }

    fn bind_all(
        addresses: &[SocketAddr],
        side_ports: Option<RangeInclusive<u16>>,
        transparent: bool,
    ) -> Result<Self, BindError> {
        let side = Arc::new(KernelDoor { ports: side_ports });
        let mut listeners = SelectAll::new();
        let mut bound = Vec::new();
        let mut problems = Vec::new();
        for address in addresses {
            match listen(*address, transparent).and_then(|l| Ok((l.local_addr()?, l))) {
                Ok((local, socket)) => {
                    bound.push(local);
                    // Where nothing else tells it, each connection must be asked.
                    let known = !transparent && !local.ip().is_unspecified();
                    let side = Arc::clone(&side);
                    listeners.push(Listener { socket, local: known.then_some(local), side });
                }
                Err(error) => {
                    let transport = Transport::Tcp;
                    problems.push(BindProblem { transport, address: *address, error });
                }
            }
        }
        if problems.is_empty() {
            Ok(Self { listeners, addresses: bound })
        } else {
            Err(BindError { problems })
        }
    }

    /// Where it listens, in the order given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Acceptor for KernelAcceptor {
    async fn accept(&mut self) -> Option<io::Result<Accepted>> {
        self.listeners.next().await
    }
}

fn listen(address: SocketAddr, transparent: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    if transparent {
        setsockopt(&socket, sockopt::IpTransparent, &true)?;
    }
    // Accepted sockets inherit it: one system call less for each connection.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// One listening socket. In a `SelectAll`, only those that are woken are polled.
struct Listener {
    socket: TcpListener,
    /// Which of our addresses peers mean, if that is always the same.
    local: Option<SocketAddr>,
    side: Arc<KernelDoor>,
}

impl Stream for Listener {
    type Item = io::Result<Accepted>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.socket.poll_accept(cx).map(|accepted| {
            Some(accepted.and_then(|(stream, peer)| {
                let local = match self.local {
                    Some(local) => local,
                    None => stream.local_addr()?,
                };
                let flow = Flow::new(Transport::Tcp, peer, local);
                Ok(Accepted { flow, stream: Box::new(stream), side: Arc::clone(&self.side) as _ })
            }))
        })
    }
}

/// Addresses that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct BindError {
    /// Each of them.
    pub problems: Vec<BindProblem>,
}

/// An address that cannot be listened on.
#[derive(Debug)]
pub struct BindProblem {
    /// The transport protocol.
    pub transport: Transport,
    /// The address.
    pub address: SocketAddr,
    /// What the kernel said.
    pub error: io::Error,
}

impl fmt::Display for BindProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, port) = (self.address, self.address.port());
        let letter = if self.transport == Transport::Udp { 'u' } else { 't' };
        match Errno::from_io_error(&self.error) {
            Some(Errno::ADDRINUSE) => write!(
                f,
                "address {address}: in use; stop what listens there (`ss -l{letter}np sport = :{port}` \
                 names it) or configure another port"
            ),
            Some(Errno::ACCESS) => write!(
                f,
                "address {address}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE \
                 (`setcap cap_net_bind_service+ep` on the program), or configure a higher port"
            ),
            Some(Errno::PERM) => write!(
                f,
                "address {address}: not permitted; what TPROXY gives is taken with \
                 CAP_NET_ADMIN (`setcap cap_net_admin+ep` on the program, or run it as root)"
            ),
            Some(Errno::ADDRNOTAVAIL) => write!(
                f,
                "address {address}: not an address of this machine; add it to an interface \
                 (`ip address add`) or take it out of the configuration"
            ),
            Some(Errno::AFNOSUPPORT) => write!(
                f,
                "address {address}: this machine has no IPv6; take it out of the configuration"
            ),
            Some(Errno::MFILE | Errno::NFILE) => write!(
                f,
                "address {address}: too many open files; raise the limit (`ulimit -n`) or \
                 configure fewer ports"
            ),
            _ => write!(f, "address {address}: {}", self.error),
        }
    }
}

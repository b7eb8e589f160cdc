//! Flows of datagrams from the kernel.

use super::{Carrier, DatagramFlow, Gate};
use crate::acceptor::kernel::{BindError, BindProblem};
use crate::acceptor::side::NoDoor;
use crate::acceptor::{Accepted, Acceptor};
use crate::wire::with_read_buffer;
use bytes::Bytes;
use futures_util::stream::{SelectAll, Stream, StreamExt};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrStorage, recvmsg, setsockopt,
    sockopt,
};
use parking_lot::Mutex;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{Interest, ReadBuf};
use tokio::net::UdpSocket;
use tokio::time::Instant;
use ukai_model::{Flow, Transport};

/// Sockets of the kernel for datagrams. Each datagram that comes to one of them opens a
/// flow, which goes on at a port of its own of the same address, as a TFTP server's
/// transfers do (RFC 1350, section 4); a request that is repeated is another flow.
pub struct KernelDatagrams {
    ports: SelectAll<Port>,
    addresses: Vec<SocketAddr>,
}

impl KernelDatagrams {
    /// Waits on all `addresses`, or on none: whatever stands in the way is told in one go.
    /// Must be called within a tokio runtime. Port 0 takes a free one.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        Self::bind_all(addresses, false)
    }

    /// Takes what the kernel's TPROXY (Documentation/networking/tproxy.rst) gives to
    /// `addresses`, wherever it was sent to. A flow goes on at the port that it was sent to.
    pub fn bind_transparent(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        Self::bind_all(addresses, true)
    }

    fn bind_all(addresses: &[SocketAddr], transparent: bool) -> Result<Self, BindError> {
        let gate = Arc::new(Mutex::new(Gate::new()));
        let side = Arc::new(NoDoor);
        let (mut ports, mut bound, mut problems) = (SelectAll::new(), Vec::new(), Vec::new());
        for address in addresses {
            match bind(*address, transparent).and_then(|socket| Ok((socket.local_addr()?, socket)))
            {
                Ok((local, socket)) => {
                    bound.push(local);
                    let (gate, side) = (Arc::clone(&gate), Arc::clone(&side));
                    ports.push(Port { socket, local, transparent, gate, side });
                }
                Err(error) => {
                    let transport = Transport::Udp;
                    problems.push(BindProblem { transport, address: *address, error });
                }
            }
        }
        if problems.is_empty() {
            Ok(Self { ports, addresses: bound })
        } else {
            Err(BindError { problems })
        }
    }

    /// Where it waits, in the order given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Acceptor for KernelDatagrams {
    async fn accept(&mut self) -> Option<io::Result<Accepted>> {
        self.ports.next().await
    }
}

fn bind(address: SocketAddr, transparent: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if transparent {
        setsockopt(&socket, sockopt::IpTransparent, &true)?;
        if address.is_ipv4() {
            setsockopt(&socket, sockopt::Ipv4OrigDstAddr, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv6OrigDstAddr, &true)?;
        }
    }
    // Only a wildcard must ask which of our addresses was meant.
    if address.ip().is_unspecified() {
        if address.is_ipv4() {
            setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        }
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// One socket that waits for first datagrams.
struct Port {
    socket: UdpSocket,
    local: SocketAddr,
    transparent: bool,
    gate: Arc<Mutex<Gate>>,
    side: Arc<NoDoor>,
}

/// A first datagram.
struct First {
    bytes: Bytes,
    peer: SocketAddr,
    local: SocketAddr,
}

impl Port {
    fn receive(&self) -> io::Result<Option<First>> {
        self.socket.try_io(Interest::READABLE, || {
            with_read_buffer(|buffer| {
                let (count, peer, local) = receive(&self.socket, buffer)?;
                let bytes = Bytes::copy_from_slice(&buffer[..count]);
                let local = match local {
                    Some(Local::Address(ip)) => SocketAddr::new(ip, self.local.port()),
                    Some(Local::Socket(socket)) => socket,
                    None => self.local,
                };
                Ok(peer.filter(|_| count > 0).map(|peer| First { bytes, peer, local }))
            })
        })
    }

    /// Opens a flow for a first datagram, if it may have one.
    fn open(&self, first: First) -> Option<io::Result<Accepted>> {
        let First { bytes, peer, local } = first;
        let proof = self.gate.lock().admit(peer, Instant::now())?;
        let flow = Flow::new(Transport::Udp, peer, local);
        Some(connect(local, peer, self.transparent).map(|socket| Accepted {
            flow,
            stream: Box::new(DatagramFlow::new(socket, bytes, proof)),
            side: Arc::clone(&self.side) as _,
        }))
    }
}

impl Stream for Port {
    type Item = io::Result<Accepted>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            ready!(self.socket.poll_recv_ready(cx))?;
            match self.receive() {
                Ok(Some(first)) => {
                    if let Some(accepted) = self.open(first) {
                        return Poll::Ready(Some(accepted));
                    }
                }
                // Empty, or not from the Internet.
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

/// What a socket tells of where a datagram was sent to.
enum Local {
    Address(IpAddr),
    Socket(SocketAddr),
}

/// One datagram: its length, its source, and where it was sent to, if the socket tells.
fn receive(
    socket: &UdpSocket,
    buffer: &mut [u8],
) -> io::Result<(usize, Option<SocketAddr>, Option<Local>)> {
    let mut control = nix::cmsg_space!(nix::libc::in6_pktinfo, nix::libc::sockaddr_in6);
    let mut parts = [IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::empty(),
    )?;
    let peer = message.address.as_ref().and_then(|address| {
        let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
    });
    let local = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            let address = Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr));
            Some(Local::Address(address.into()))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            Some(Local::Address(IpAddr::from(info.ipi6_addr.s6_addr)))
        }
        ControlMessageOwned::Ipv4OrigDstAddr(v4) => {
            Some(Local::Socket(SocketAddr::V4(SockaddrIn::from(v4).into())))
        }
        ControlMessageOwned::Ipv6OrigDstAddr(v6) => {
            Some(Local::Socket(SocketAddr::V6(SockaddrIn6::from(v6).into())))
        }
        _ => None,
    });
    Ok((message.bytes, peer, local))
}

/// A socket that hears nobody but `peer`: at a free port of `local`, or at its own port if it
/// is `transparent`.
fn connect(local: SocketAddr, peer: SocketAddr, transparent: bool) -> io::Result<UdpSocket> {
    let port = if transparent { local.port() } else { 0 };
    let local = match (local.ip(), peer) {
        // A link-local address is one only together with its link.
        (IpAddr::V6(ip), SocketAddr::V6(peer)) => {
            SocketAddr::V6(SocketAddrV6::new(ip, port, 0, peer.scope_id()))
        }
        (ip, _) => SocketAddr::new(ip, port),
    };
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    if transparent {
        setsockopt(&socket, sockopt::IpTransparent, &true)?;
        // Other peers' sockets are at the same port.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    socket.connect(&peer.into())?;
    UdpSocket::from_std(socket.into())
}

impl Carrier for UdpSocket {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_recv(cx, buffer)
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>> {
        Self::poll_send(self, cx, datagram).map_ok(drop)
    }
}

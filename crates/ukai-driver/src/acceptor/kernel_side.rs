//! Side streams over the kernel's sockets.

use super::{SideDoor, SideListener, Stream};
use crate::limits::{SIDE_BACKLOG, SIDE_PORT_TRIES};
use futures_util::future::BoxFuture;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use tokio::net::{TcpListener, TcpSocket};
use ukai_model::Flow;

/// Opens side streams with sockets.
///
/// What it opens for a peer leaves from any port: port 20, from which FTP's active mode
/// would come, needs a privilege that the honeypot does not have.
pub(crate) struct KernelDoor {
    /// Ports that peers connect to; `None`: any free one.
    pub(crate) ports: Option<RangeInclusive<u16>>,
}

impl KernelDoor {
    fn bind(&self, ip: IpAddr, random: u64) -> io::Result<TcpListener> {
        let Some(ports) = &self.ports else { return listen(SocketAddr::new(ip, 0)) };
        let count = u64::from(ports.end() - ports.start()) + 1;
        let mut taken = Err(io::ErrorKind::AddrInUse.into());
        for step in 0..count.min(SIDE_PORT_TRIES) {
            let port = ports.start() + ((random % count + step) % count) as u16;
            taken = listen(SocketAddr::new(ip, port));
            match &taken {
                Err(error) if Errno::from_io_error(error) == Some(Errno::ADDRINUSE) => {}
                _ => break,
            }
        }
        taken
    }
}

impl SideDoor for KernelDoor {
    fn listen(&self, flow: &Flow, random: u64) -> io::Result<Box<dyn SideListener>> {
        let listener = self.bind(flow.dst_ip, random)?;
        let address = listener.local_addr()?;
        Ok(Box::new(KernelListener { listener, address }))
    }

    fn connect(&self, flow: &Flow, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let from = SocketAddr::new(flow.dst_ip, 0);
        let to = SocketAddr::new(flow.src_ip, port);
        Box::pin(async move {
            let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.set_nodelay(true)?;
            socket.bind(from)?;
            Ok(Box::new(socket.connect(to).await?) as Box<dyn Stream>)
        })
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A port of the range may have connections of the last transfer in TIME-WAIT.
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(SIDE_BACKLOG)?;
    TcpListener::from_std(socket.into())
}

struct KernelListener {
    listener: TcpListener,
    address: SocketAddr,
}

impl SideListener for KernelListener {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, SocketAddr)>> {
        Box::pin(async {
            let (stream, peer) = self.listener.accept().await?;
            Ok((Box::new(stream) as Box<dyn Stream>, peer))
        })
    }
}

//! A network interface of the kernel, taken and sent on beside the kernel's own stack
//! (packet(7), Documentation/networking/packet_mmap.rst).
//!
//! Frames are received from a ring of TPACKET_V3 that is mapped, block by block: no call
//! for a frame. They are sent with `sendmmsg`, many at once. Several links on one interface
//! ([`PacketLink::open_group`]) share its frames by flow.
//!
//! A block is handed over when it is full, or after a millisecond: answers are later by up
//! to that.

mod filter;
mod gauge;
mod ring;
mod send;
mod system;

pub use filter::{FilterTooLong, PrefixFilter};
pub use gauge::{PacketGauge, PacketStatistics};

use crate::limits::{PACKET_RING_BYTES_MAX, PACKET_RING_BYTES_MIN};
use crate::offload;
use ring::{Place, Ring};
use send::Batch;
use socket2::{Domain, SockFilter, Socket, Type};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use ukai_netstack::{Link, Medium};
use ukai_packet::ether::{Mac, ethertype};

/// Why an interface cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// The operator's, or the system's.
    #[error("network interface {name}: {doing}: {error}; it takes the capability CAP_NET_RAW")]
    Interface {
        /// The interface.
        name: String,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// Its frames are neither Ethernet nor packets of IP.
    #[error("network interface {name}: its frames (ARP hardware type {hardware}) are not known")]
    Medium {
        /// The interface.
        name: String,
        /// Its type, as ARP numbers them.
        hardware: u16,
    },
    /// Too many prefixes.
    #[error(transparent)]
    Filter(#[from] FilterTooLong),
}

/// How an interface is used.
#[derive(Clone, Debug)]
pub struct PacketConfig {
    /// Bytes of the ring in which frames wait, of each link; rounded to whole blocks, and
    /// kept within [`PACKET_RING_BYTES_MIN`] and [`PACKET_RING_BYTES_MAX`].
    pub ring_bytes: usize,
    /// Takes frames to all stations: for hosts that have stations of their own. Else those
    /// to the interface's own, to all, and to groups.
    pub promiscuous: bool,
    /// Which frames are taken, the kernel dropping the others; all if `None`.
    pub filter: Option<PrefixFilter>,
}

impl Default for PacketConfig {
    fn default() -> Self {
        Self { ring_bytes: 16 << 20, promiscuous: true, filter: None }
    }
}

type Trouble = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// A network interface.
pub struct PacketLink {
    // Before the socket: a ring is unmapped before it is closed.
    ring: Ring,
    socket: Arc<AsyncFd<Socket>>,
    /// Comes to an end when the socket has an error.
    trouble: Trouble,
    batch: Batch,
    medium: Medium,
    mtu: u16,
    mac: Option<Mac>,
    gauge: PacketGauge,
}

impl PacketLink {
    /// Takes frames from the interface `name`. Must be called within a runtime.
    pub fn open(name: &str, config: &PacketConfig) -> Result<Self, PacketError> {
        Self::open_in(name, config, None).map(|(link, _)| link)
    }

    /// Opens `count` links on the interface, each of which gets a share of its frames: those
    /// of one flow go to one link, both ways of it (`PACKET_FANOUT_HASH`), with the fragments
    /// of a packet all to one, though not always to that of their flow.
    pub fn open_group(
        name: &str,
        config: &PacketConfig,
        count: usize,
    ) -> Result<Vec<Self>, PacketError> {
        let (mut links, mut group) = (Vec::new(), Some(system::Group::New));
        for _ in 0..count {
            let (link, joined) = Self::open_in(name, config, group)?;
            group = joined;
            links.push(link);
        }
        Ok(links)
    }

    fn open_in(
        name: &str,
        config: &PacketConfig,
        group: Option<system::Group>,
    ) -> Result<(Self, Option<system::Group>), PacketError> {
        let failed =
            |doing| move |error| PacketError::Interface { name: name.to_owned(), doing, error };
        // Without a protocol it takes nothing, until all is set.
        let socket = Socket::new(Domain::PACKET, Type::RAW, None).map_err(failed("a socket"))?;
        socket.set_nonblocking(true).map_err(failed("a socket"))?;
        let interface = system::interface(&socket, name).map_err(failed("its properties"))?;
        let medium = match interface.hardware {
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Medium::Ethernet,
            libc::ARPHRD_NONE | libc::ARPHRD_PPP => Medium::Ip,
            hardware => return Err(PacketError::Medium { name: name.to_owned(), hardware }),
        };
        if let Some(filter) = &config.filter {
            let program = filter.program()?;
            let program: Vec<_> =
                program.iter().map(|op| SockFilter::new(op.code, op.jt, op.jf, op.k)).collect();
            socket.attach_filter(&program).map_err(failed("a filter"))?;
        }
        let bytes = config.ring_bytes.clamp(PACKET_RING_BYTES_MIN, PACKET_RING_BYTES_MAX);
        let ring = Ring::new(&socket, bytes).map_err(failed("a ring"))?;
        // Kernels before 4.20 do not know it: frames say their direction, too.
        let _ = system::ignore_outgoing(&socket);
        // What it may not have, it does not get: the default is smaller.
        let _ = socket.set_send_buffer_size(4 << 20);
        system::bind(&socket, interface.index).map_err(failed("to take frames"))?;
        system::listen(&socket, interface.index, config.promiscuous)
            .map_err(failed("frames to groups"))?;
        let group = match group {
            Some(group) => Some(group.join(&socket).map_err(failed("a group"))?),
            None => None,
        };
        let socket = system::watch(socket).map_err(failed("a socket"))?;
        let socket = Arc::new(socket);
        let link = Self {
            ring,
            trouble: trouble(Arc::clone(&socket)),
            gauge: PacketGauge::new(&socket),
            socket,
            batch: Batch::default(),
            medium,
            mtu: interface.mtu,
            mac: interface.mac.filter(|_| medium == Medium::Ethernet),
        };
        Ok((link, group))
    }

    /// The interface's own station.
    pub const fn mac(&self) -> Option<Mac> {
        self.mac
    }

    /// What has happened since it was opened.
    pub fn statistics(&self) -> PacketStatistics {
        self.gauge.statistics()
    }

    /// Tells the same while a stack has the link.
    pub fn gauge(&self) -> PacketGauge {
        self.gauge.clone()
    }

    /// Copies a frame, with its tag and its checksum; how long it is.
    fn copy(&self, place: &Place, buffer: &mut [u8]) -> usize {
        let bytes = self.ring.bytes(place);
        let length = match place.tag.filter(|_| self.medium == Medium::Ethernet) {
            Some((kind, control)) if bytes.len() >= 12 => {
                let (stations, rest) = bytes.split_at(12);
                let tag = [kind.to_be_bytes(), control.to_be_bytes()];
                put(buffer, &[stations, tag.as_flattened(), rest])
            }
            _ => put(buffer, &[bytes]),
        };
        if place.checksum_missing {
            offload::complete(self.medium, &mut buffer[..length]);
        }
        length
    }

    /// What the socket's error means: an interface that is down comes back, one that is gone
    /// does not.
    fn check(&self) -> io::Result<()> {
        match self.socket.get_ref().take_error()? {
            Some(error) if error.raw_os_error() == Some(libc::ENETDOWN) => {
                if system::is_gone(self.socket.get_ref()) { Err(error) } else { Ok(()) }
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Waits for an error of the socket.
fn trouble(socket: Arc<AsyncFd<Socket>>) -> Trouble {
    Box::pin(async move {
        socket.ready(Interest::ERROR).await?.clear_ready();
        Ok(())
    })
}

/// Puts parts one behind the other, as far as there is room; how long they are together.
fn put(buffer: &mut [u8], parts: &[&[u8]]) -> usize {
    let mut length = 0;
    for part in parts {
        let count = part.len().min(buffer.len() - length);
        buffer[length..length + count].copy_from_slice(&part[..count]);
        length += count;
    }
    length
}

impl Link for PacketLink {
    fn medium(&self) -> Medium {
        self.medium
    }

    fn mtu(&self) -> u16 {
        self.mtu
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            while let Some(place) = self.ring.advance() {
                if !place.outgoing {
                    return Poll::Ready(Ok(self.copy(&place, buffer)));
                }
            }
            while self.trouble.as_mut().poll(cx)?.is_ready() {
                self.check()?;
                self.trouble = trouble(Arc::clone(&self.socket));
            }
            // What comes from here on makes it ready again.
            ready!(self.socket.poll_read_ready(cx))?.clear_ready();
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.batch.push(frame);
        if self.batch.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let socket = self.socket.get_ref();
        let flushed = self.batch.flush(socket, || system::is_gone(socket));
        let (sent, lost) = self.batch.figures();
        if sent + lost > 0 {
            self.gauge.sent(sent, lost);
        }
        flushed
    }
}

/// The tag that the kernel has taken off, if there was one: its type, and its control
/// information.
fn tag(status: u32, control: u32, kind: u16) -> Option<(u16, u16)> {
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let has_kind = status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    Some((if has_kind { kind } else { ethertype::VLAN }, control as u16))
}

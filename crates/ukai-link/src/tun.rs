//! TUN and TAP devices of Linux (Documentation/networking/tuntap.rst): what the kernel
//! routes into the device is read from it, what is written comes out of it.

use crate::offload;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd as _;
use std::task::{Context, Poll, ready};
use tun_rs::{AsyncDevice, DeviceBuilder, Layer, VIRTIO_NET_HDR_LEN};
use ukai_netstack::{Link, Medium};

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "network device {name}: {error}; it takes the capability CAP_NET_ADMIN, or a device that \
     `ip tuntap add {name} mode {mode} user USER` has made for this user"
)]
pub struct TunError {
    name: String,
    mode: &'static str,
    error: io::Error,
}

/// A TUN or TAP device.
pub struct Tun {
    device: AsyncDevice,
    medium: Medium,
    mtu: u16,
    offloaded: Option<Offloaded>,
}

/// What a device takes whose packets have a header of virtio.
struct Offloaded {
    /// A packet behind its header.
    incoming: Box<[u8]>,
    outgoing: Vec<u8>,
    /// Datagrams that came joined.
    cut: VecDeque<Vec<u8>>,
}

/// The longest packet of IP, in bytes.
const PACKET_BYTES_MAX: usize = 65_535;

impl Tun {
    /// Opens the device `name`, and makes it if it does not exist: TUN for
    /// [`Medium::Ip`], TAP for [`Medium::Ethernet`]. It is up afterwards; it has no
    /// addresses and no routes. Must be called within a runtime.
    pub fn open(name: &str, medium: Medium, mtu: u16) -> Result<Self, TunError> {
        Self::open_with(name, medium, mtu, false)
    }

    /// Opens a TUN device into which the kernel writes segments of TCP whole, up to 64 KiB,
    /// and without their checksums (a header of virtio says so; they are completed here).
    /// Bulk data takes far fewer calls. What is joined of UDP comes as it was sent.
    pub fn open_offloaded(name: &str, mtu: u16) -> Result<Self, TunError> {
        Self::open_with(name, Medium::Ip, mtu, true)
    }

    fn open_with(name: &str, medium: Medium, mtu: u16, offload: bool) -> Result<Self, TunError> {
        let (layer, mode) = match medium {
            Medium::Ip => (Layer::L3, "tun"),
            Medium::Ethernet => (Layer::L2, "tap"),
        };
        let device = DeviceBuilder::new().name(name).layer(layer).mtu(mtu).with(|options| {
            options.offload(offload);
        });
        let device = device.build_async();
        let device = device.map_err(|error| TunError { name: name.to_owned(), mode, error })?;
        let offloaded = offload.then(|| Offloaded {
            incoming: vec![0; VIRTIO_NET_HDR_LEN + PACKET_BYTES_MAX].into(),
            outgoing: Vec::new(),
            cut: VecDeque::new(),
        });
        Ok(Self { device, medium, mtu, offloaded })
    }
}

/// Of `struct virtio_net_hdr` (`linux/virtio_net.h`): there is no checksum.
const NEEDS_CHECKSUM: u8 = 1;
/// These are datagrams, joined.
const JOINED_DATAGRAMS: u8 = 5;

impl Offloaded {
    /// The packet that came; `None` if it came as several, which are in `cut`.
    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let (header, rest) = self.incoming.split_first_chunk_mut::<VIRTIO_NET_HDR_LEN>()?;
        let packet = rest.get_mut(..length.checked_sub(VIRTIO_NET_HDR_LEN)?)?;
        let [flags, kind, _, _, size @ ..] = *header;
        if flags & NEEDS_CHECKSUM != 0 {
            offload::complete(Medium::Ip, packet);
        }
        if kind == JOINED_DATAGRAMS {
            let size = u16::from_ne_bytes([size[0], size[1]]);
            self.cut = offload::datagrams(packet, usize::from(size)).unwrap_or_default();
            return None;
        }
        Some(packet)
    }
}

impl Link for Tun {
    fn medium(&self) -> Medium {
        self.medium
    }

    fn mtu(&self) -> u16 {
        self.mtu
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(offloaded) = &mut self.offloaded else {
            return self.device.poll_recv(cx, buffer);
        };
        let mut give = |packet: &[u8]| {
            let count = packet.len().min(buffer.len());
            buffer[..count].copy_from_slice(&packet[..count]);
            Poll::Ready(Ok(count))
        };
        loop {
            if let Some(datagram) = offloaded.cut.pop_front() {
                return give(&datagram);
            }
            let length = ready!(self.device.poll_recv(cx, &mut offloaded.incoming))?;
            if let Some(packet) = offloaded.take(length) {
                return give(packet);
            }
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let bytes = match &mut self.offloaded {
            None => frame,
            Some(offloaded) => {
                // Zeros: nothing is left to hardware.
                offloaded.outgoing.clear();
                offloaded.outgoing.extend_from_slice(&[0; VIRTIO_NET_HDR_LEN]);
                offloaded.outgoing.extend_from_slice(frame);
                &offloaded.outgoing
            }
        };
        // Not by the runtime, which does not know from the start that packets are taken.
        match rustix::io::write((*self.device).as_fd(), bytes) {
            // A full queue, or a device that is down: lost, as on any link.
            Ok(_) | Err(Errno::AGAIN | Errno::IO) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

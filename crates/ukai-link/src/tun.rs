//! TUN and TAP devices of Linux (Documentation/networking/tuntap.rst): what the kernel
//! routes into the device is read from it, what is written comes out of it.

use std::io;
use std::task::{Context, Poll};
use tun_rs::{AsyncDevice, DeviceBuilder, Layer};
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
}

impl Tun {
    /// Opens the device `name`, and makes it if it does not exist: TUN for
    /// [`Medium::Ip`], TAP for [`Medium::Ethernet`]. It is up afterwards; it has no
    /// addresses and no routes. Must be called within a runtime.
    pub fn open(name: &str, medium: Medium, mtu: u16) -> Result<Self, TunError> {
        let (layer, mode) = match medium {
            Medium::Ip => (Layer::L3, "tun"),
            Medium::Ethernet => (Layer::L2, "tap"),
        };
        let device = DeviceBuilder::new().name(name).layer(layer).mtu(mtu).build_async();
        let device = device.map_err(|error| TunError { name: name.to_owned(), mode, error })?;
        Ok(Self { device, medium, mtu })
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
        self.device.poll_recv(cx, buffer)
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        match self.device.try_send(frame) {
            // A full queue, or a device that is down: lost, as on any link.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) if error.raw_os_error() == Some(EIO) => Ok(()),
            sent => sent.map(|_| ()),
        }
    }
}

/// What Linux says of a device that is down.
const EIO: i32 = 5;

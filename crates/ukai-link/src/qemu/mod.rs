//! Network devices of QEMU over unix sockets: what a machine sends is a frame here, and the
//! other way round, without a device of the kernel or a right to one.
//!
//! | QEMU | here |
//! | --- | --- |
//! | `-netdev stream,server=off,addr.type=unix,addr.path=P` | [`QemuListener::bind`] `P` before it starts |
//! | `-netdev stream,server=on,addr.type=unix,addr.path=P` | [`QemuStream::connect`] `P` once it has |
//! | `-netdev dgram,local.type=unix,local.path=P,remote.type=unix,remote.path=Q` | [`QemuDatagram::bind`] `Q`, `P` |
//! | `-netdev stream` or `dgram` with `addr.type=fd` | a pair of sockets, and `from_std` |
//!
//! The machine is hostile. Its frames are bounded, what it does not take is lost after a
//! while, and a stream whose framing it breaks ends. Frames are complete: QEMU agrees on no
//! offload for these devices.

mod datagram;
mod framing;
mod stream;

pub use datagram::QemuDatagram;
pub use framing::{Deframer, TooLong};
pub use stream::{QemuListener, QemuStream};

/// What QEMU gives its cards, if it is not told otherwise.
const MTU: u16 = 1_500;

//! Links that carry frames between a stack of ours and the kernel, a machine of QEMU, or
//! a file.
//!
//! | link | where its frames come from |
//! | --- | --- |
//! | [`Tun`] | what the kernel routes into a device of ours |
//! | [`PacketLink`] | a network interface, beside the kernel's own stack |
//! | [`QemuStream`], [`QemuDatagram`] | a machine's network card |
//! | [`capture::CaptureLink`] | a capture file |
//!
//! What passes any of them is recorded by a [`Recorder`], and watched through [`Watched`]. Which of them leave checksums to
//! hardware, [`offload`] says.

pub mod capture;
mod impaired;
pub mod limits;
pub mod offload;
mod packet;
mod qemu;
mod recorder;
mod tun;
mod watched;

pub use impaired::{Impaired, Impairment};
pub use packet::{
    FilterTooLong, PacketConfig, PacketError, PacketGauge, PacketLink, PacketStatistics,
    PrefixFilter,
};
pub use qemu::{Deframer, QemuDatagram, QemuListener, QemuStream, TooLong};
pub use recorder::{Comment, Recorded, Recorder, RecorderHandle, Recording, Tapped};
pub use tun::{Tun, TunError};
pub use watched::{Watched, Watcher};

//! Links that carry frames between a stack of ours and the kernel, a machine of QEMU, or
//! a file.

pub mod capture;
mod impaired;
pub mod limits;
mod recorder;
mod tun;

pub use impaired::{Impaired, Impairment};
pub use recorder::{Recorded, Recorder, Recording, Tapped};
pub use tun::{Tun, TunError};

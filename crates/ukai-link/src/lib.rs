//! Links that carry frames between the kernel and a stack of ours.

mod impaired;
mod tun;

pub use impaired::{Impaired, Impairment};
pub use tun::{Tun, TunError};

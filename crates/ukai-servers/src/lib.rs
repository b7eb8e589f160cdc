//! The servers of the Internet that a sample looks for, as sessions without I/O: each
//! obliges whoever asks, records what was asked, and sends nothing anywhere.
//!
//! They have the shape of all emulators ([`ukai_emulators::shape`]) and so run wherever
//! those do. Unlike the honeypots' protocols, they are no particular host's: what they say
//! is data or is made from what was asked. Names and addresses are not decided here.
//!
//! Start with [`server`], which finds them by name, then one protocol's folder.

pub mod dns;
pub mod limits;
mod small;
#[cfg(test)]
mod stage;

pub use small::Echo;

use std::sync::Arc;
use ukai_emulators::Emulator;

/// The server of that name: `echo`.
pub fn server(name: &str) -> Option<Arc<dyn Emulator>> {
    Some(match name {
        "echo" => Arc::new(Echo),
        _ => return None,
    })
}

//! The honeypot: personas on addresses, emulators on ports, captures into the store.
//!
//! It decides who lives at which address and what a session's results mean: facts and
//! captured bytes go to the store, fetches go through the egress, each attacker finds
//! its own files again. It speaks no protocol (`ukai-emulators`), drives no connection
//! (`ukai-driver`) and reads no configuration file (`ukai`).
//!
//! Start with [`Honeypot::start`].

mod config;
mod disks;
mod downloads;
mod honeypot;
mod limits;
mod map;
mod neighbours;
mod network;
mod ports;
mod rules;
mod shelf;
mod sink;
#[cfg(test)]
mod tests;

pub use config::{ConfigError, DiskConfig, DiskPer, HoneypotConfig, Listener};
pub use honeypot::{Answered, Honeypot, HoneypotError, Service};
pub use map::{HostCard, HostMap, OpenPort};
pub use network::{Network, NetworkLink, Record};
pub use ports::Ports;
pub use rules::Rules;

//! A darknet telescope, without I/O: frames with their times in, facts out. What arrives at
//! addresses that nobody uses was not asked for; it tells who scans for what with which
//! tool, and, by answers to packets with forged sources, who is under attack.
//!
//! Start with [`Telescope`]. A packet is read once ([`seen`]), named by its own bytes
//! ([`classify()`]), and counted for its source and its victim in tables of fixed size.
//! Nothing is sent, and no capture is opened here: whoever has frames calls
//! [`Telescope::frame`].

mod attack;
mod blocks;
mod campaign;
pub mod class;
mod classify;
mod conversations;
mod estimator;
mod flows;
mod hash;
mod interval;
mod large;
mod libloc;
mod limits;
mod link;
mod mmdb;
mod origin;
mod origins_seen;
mod ports;
mod prefetch;
mod prefixes;
mod quick;
pub mod seen;
mod senders;
pub mod service;
mod settings;
mod source;
mod sweep;
mod table;
mod telescope;
mod tools;
mod top;
mod totals;

pub use attack::{Attack, Pulses, VectorCount};
pub use blocks::BlockSeen;
pub use campaign::{Campaign, Group};
pub use classify::{Rules, classify, never_routed};
pub use flows::{Flow, Minute};
pub use interval::Interval;
pub use ipnet::IpNet;
pub use link::Link;
pub use origin::counts::{CountrySeen, SystemSeen};
pub use origin::{About, NoDatabase, Origin, Origins, WrongLine};
pub use ports::{PortInterval, PortReport, PortSeen, Rise};
pub use prefixes::Prefixes;
pub use senders::SenderSeen;
pub use settings::{AttackRules, RisingRules, Settings};
pub use source::{Order, Scanner};
pub use sweep::{LeftOut, Sweep};
pub use telescope::{Fact, Summary, Telescope};
pub use tools::{Tool, ToolCount};
pub use top::{Port, PortCount};
pub use totals::{Classes, Totals};

//! A TCP/IP end point that is every address and every port, without I/O: frames in, frames
//! and events out. `now` and the seed are arguments, so every behaviour is tested with a
//! virtual clock and simulated loss, and gives the same answer twice.
//!
//! Towards the Internet it stands for a prefix of hosts, towards a sample for the whole
//! Internet. Who is at an address, and what its operating system looks like, is for the
//! [`Neighbourhood`] to say; what is said on a connection is for whoever takes the
//! [`Event`]s. This crate knows no protocol above TCP and UDP.
//!
//! **Nothing is kept for whom has not proved its address**: a SYN is answered with a cookie
//! (`cookie.rs`), and a flow exists from the ACK on that gives it back. Answers to claimed
//! addresses are capped by prefix (`caps.rs`), so that a forged source is not flooded.
//!
//! Start with [`Stack`], then `tcp/input.rs`.

mod caps;
mod config;
mod cookie;
mod ended;
mod event;
mod flow;
mod flows;
mod fragments;
mod frames;
mod hop;
mod icmp;
mod ids;
mod link;
mod neighbourhood;
mod personality;
mod queue;
mod sent;
mod seq;
mod stack;
mod tcp;
mod udp;
mod wheel;
mod wire;

pub use config::{Config, Medium};
pub use event::{Closing, Event, FlowId};
pub use flow::Tuple;
pub use frames::Frames;
pub use hop::Hop;
pub use link::{Link, MemoryLink, memory_pair};
pub use neighbourhood::{Host, Neighbourhood, Port};
pub use personality::{IpId, OptionOrder, Personality};
pub use stack::{Stack, Statistics};

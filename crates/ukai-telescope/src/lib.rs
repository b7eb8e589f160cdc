//! A darknet telescope, without I/O: frames with their times in, facts out. What arrives at
//! addresses that nobody uses was not asked for; it tells who scans for what with which
//! tool, and, by answers to packets with forged sources, who is under attack.
//!
//!
//! ([`classify()`]), and counted for its source and its victim in tables of fixed size.
//! Nothing is sent, and no capture is opened here: whoever has frames calls
//! [`Telescope::frame`].

pub mod class;
mod classify;
mod link;
pub mod seen;
pub mod service;

pub use classify::{Rules, classify, never_routed};
pub use link::Link;

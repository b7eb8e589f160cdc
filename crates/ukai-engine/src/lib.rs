//! Anti-virus engines of others, asked about samples: several at once, each with its
//! version and the date of its signatures.
//!
//! An [`Engine`] is one product behind one protocol: `clamd.rs` (ClamAV's daemon),
//! `icap/` (RFC 3507, as most vendors' gateways speak it), `command.rs` (a program on this
//! machine) and `http.rs` (a service that answers in JSON). [`Engines`] asks all of them at
//! once, within their limits, and knows how they are. What an engine does not say in time
//! is "not scanned", never "clean". `family.rs` makes one name of what they say.
//!
//! This crate does not decide what is scanned or when, and keeps nothing. Start with
//! [`Engines`].

mod clamd;
mod command;
mod config;
mod engine;
mod engines;
mod family;
mod http;
mod icap;
pub mod limits;
mod wire;

pub use config::{ConfigError, EngineConfig, EngineKind};
pub use engine::{Engine, EngineError, Said, State};
pub use engines::{EngineHealth, Engines};
pub use family::{Agreement, Vocabulary};
#[doc(hidden)]
pub use icap::fuzz as fuzz_icap;

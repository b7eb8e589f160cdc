//! The hub: analysis workers, scoring and publishing cycles, HTTP API and the web UI.
//!
//! It ties the store to what judges and renders: workers have samples analysed in a
//! confined child, the scoring cycle turns events and analyses into indicators, the
//! publishing cycle turns indicators into feeds, and the web server shows all of it and
//! hands the feeds out. Samples that run are run by a [`Sandbox`]; anti-virus engines and
//! [`Services`] are asked what they know of them. It is the only crate that knows HTTP JSON.
//!
//! It does not decide what is malicious (`ukai-indicator`), does not render feeds
//! (`ukai-feed`), does not parse samples (`ukai-static`, in a child of `ukai-jail`) and
//! reads neither arguments nor environment (`ukai`).
//!
//! Start reading at [`Hub::start`]; then `worker.rs`, `scoring.rs` and `publish.rs`, which
//! are the way of a sample, and `api/`, which shows it.

mod api;
mod artifacts;
mod auth;
mod board;
mod clock;
mod config;
mod context;
mod error;
mod hub;
mod likeness;
mod limits;
mod metrics;
mod novelty;
mod opinions;
mod publish;
mod published;
mod sandbox;
mod scoring;
mod secret;
mod server;
mod shared;
mod stall;
mod submission;
mod ui;
mod wishes;
mod worker;

#[cfg(test)]
mod tests;

pub use artifacts::Artifact;
pub use config::{FeedConfig, HttpConfig, HubConfig};
pub use context::{Analyzer, HubContext, ServiceInfo};
pub use error::HubError;
pub use hub::{Hub, RunningHub};
pub use opinions::{Services, carry};
pub use sandbox::{LeftFile, RunDone, RunOrder, Running, Sandbox, SandboxChoices, SandboxSeat};
pub use secret::Secret;
pub use wishes::RunWish;
pub use worker::analyze;

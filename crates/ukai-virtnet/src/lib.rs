//! The virtual Internet: every server there is, for a sample that has no way out.
//!
//! A guest's link (a machine's network card, a TAP device, or one in memory) ends in a stack
//! of ours that is every address. What it looks up leads to addresses that lead back to the
//! name; whatever it connects to, somebody answers who speaks that protocol. Everything is
//! recorded, and nothing passes on: this crate opens no connection and has no socket but
//! the guest's link.
//!
//! [`gateway`] is the way there, [`names`] and [`places`] say what is where, `ukai-servers`
//! and `ukai-emulators` speak. What it is like is the operator's to say: a [`Scenario`].

mod any;
mod book;
mod datagrams;
mod gateway;
mod generated;
mod guests;
mod internet;
pub mod limits;
mod names;
mod outgoing;
mod places;
mod scenario;
mod services;
mod sink;
mod summary;

pub use book::{
    Book, EVENTS_FILE, Listener, PACKETS_FOLDER, Pen, SAMPLES_FOLDER, TERMINALS_FOLDER,
};
pub use gateway::Gateway;
pub use internet::{Internet, InternetError, Options};
pub use names::{Known, Names};
pub use places::Places;
pub use scenario::{
    GuestNetwork, HostsSpec, LimitsSpec, NamesSpec, Reach, ReachRule, ReachSpec, ScanSpec,
    Scenario, ScenarioError, Unknown,
};
pub use summary::{DestinationRow, NameRow, RequestRow, Summary, TrafficRow};

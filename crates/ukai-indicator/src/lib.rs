//! Scoring: events and analyses become indicators with role, confidence, evidence and
//! expiry, and a guard decides which of them may be published.
//!
//! It decides only: it reads no store, opens no file and knows no clock. It does not
//! render feeds (`ukai-feed`).
//!
//! The way of a value: [`claims_of_event`], [`claims_of_analysis`] and
//! [`claims_of_behaviour`] say what role it plays, [`merge`] adds that to its [`ukai_model::Indicator`], and once per cycle
//! [`select`] asks the [`Guard`] what may be published. Start with `claims.rs`, then
//! `score.rs` with its table of confidences.
//!
//! [`special`] is the table of addresses that are not ordinary public ones; it depends
//! on nothing else here.

mod behaviour;
mod claims;
mod decay;
mod guard;
pub mod limits;
pub mod observables;
mod policy;
mod score;
mod select;
mod sets;
pub mod special;
mod warning_list;

pub use behaviour::claims_of_behaviour;
pub use claims::{Claim, claim_of_opinion, claims_of_analysis, claims_of_event};
pub use decay::{DECAY_SPEED, current_confidence, lifetime};
pub use guard::{Guard, Withheld};
pub use policy::{Brakes, Policy, PolicyError};
pub use score::merge;
pub use select::{Published, select};
pub use warning_list::{WarningList, WarningListError};

#[cfg(test)]
mod tests;

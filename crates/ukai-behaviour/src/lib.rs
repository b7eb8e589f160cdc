//! What a sample did: from the guest's trace and the virtual Internet's events of one or
//! more runs to a [`ukai_model::Behaviour`].
//!
//! A pure function of hostile input: the trace comes from a guest in which the sample may
//! have taken over everything, so nothing in it is believed to be well-formed, and every
//! list has a limit. It invents nothing: each entry carries what it rests on. It runs no
//! sample (that is the sandbox's part) and makes no indicator (`ukai-indicator`).
//!
//! Start with `report.rs`, which puts the parts together: `inside/` reads the trace,
//! `network/` the events, `rules.rs` holds the facts of both against `rules/behaviour`,
//! `in_memory.rs` enters what an analysis of memory found, `ids.rs` writes rules for others' detectors, `fingerprint.rs` makes samples comparable,
//! `text.rs` is the report for a terminal.

mod compare;
mod facts;
mod fingerprint;
mod ids;
mod in_memory;
mod inside;
pub mod limits;
mod network;
mod places;
mod report;
mod rules;
mod seen;
mod summary;
mod text;
mod timeline;

pub use compare::compare;
pub use fingerprint::{alike, likeness};
pub use in_memory::{MemoryOfRun, Place, in_memory, set_memory};
pub use report::{report, set_alike};
pub use rules::{RuleSet, RulesError};
pub use seen::{Content, RunSettings, Seen, Stretch, contents, memory};
pub use text::text;

#[cfg(test)]
mod tests;

//! YARA rules: sets with source, version and states, compiled and matched.
//!
//! A [`RuleSet`] is a folder's manifest and texts; [`Rules`] is all sets compiled into one
//! matcher. Pure functions of texts and bytes: whoever calls reads the folders, and puts
//! [`Rules::scan`] into a child that can be killed, since what it reads is hostile.
//!
//! The language is `boreal`'s. This crate says which rules count and how much of a match is
//! told; it does not judge what a match means (`ukai-indicator`).
//!
//! Start with [`Rules::compile`].

mod limits;
mod rules;
mod set;
#[cfg(test)]
mod tests;

pub use limits::{RULE_FILE_BYTES_MAX, RULE_FILES_MAX, SCAN_MAX};
pub use rules::{Problem, Rules, Scanned, Shown};
pub use set::{Manifest, RuleSet, SetError, State, States};

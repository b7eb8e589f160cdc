//! Static analysis of samples: type, hashes, headers, strings, observables.
//!
//! Pure functions of bytes: no I/O, no clock, no randomness, nothing of a sample is ever
//! run (a shell script is interpreted on a file system that does not exist). The caller
//! puts it into a child process that can be killed (`ukai-jail`), since its input is
//! hostile; therefore the result so far is handed out after each stage.
//!
//! This crate scores nothing (`ukai-indicator`) and stores nothing.
//!
//! Start with [`analyze`], then `observables` (what is found where) and
//! `observables::rules` (what is not believed, and why).

mod alike;
mod analyze;
mod android;
mod artefacts;
mod code;
mod config;
mod elf;
mod functions;
mod hashes;
mod kind;
mod limits;
mod mach;
mod observables;
mod passwords;
mod pe;
mod script;
mod similar;
#[cfg(test)]
mod specimen;
#[cfg(test)]
mod specimen_programs;
mod stages;
mod strings;
#[cfg(test)]
mod tests;
mod toushi;
mod unpack;
mod view;

pub use alike::{Alike, AlikeIndex};
pub use analyze::{analyze, analyze_with, prepare};
pub use code::{Code, Instruction};
pub use limits::Limits;
pub use stages::{Stage, interrupted, line};
pub use toushi::toushi;
pub use view::{Look, Seen, Text, View, Viewed, view};

/// Name of this engine in an analysis.
pub const ENGINE: &str = "static";

/// Version of this engine. A result of an older one is a reason to analyse again.
pub const ENGINE_VERSION: u32 = 8;

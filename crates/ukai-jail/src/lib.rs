//! Runs the parsers of hostile files in a killable child process with rlimits and seccomp.
//!
//! A parser that meets a hostile file may loop, eat memory, crash or be taken over. Here
//! it does so in a child that can do nothing but read its standard input, compute and
//! write lines to its standard output, and that dies when its time is up. What it wrote
//! until then is kept, with the reason of its end.
//!
//! Starting a program costs more than looking at a small file. A *warm* jail starts it once:
//! that process does what is the same for every child until it calls [`enter`], then forks a
//! child for each run, which confines itself and never returns to it (`warm.rs`, `fork.rs`).
//!
//! This crate knows nothing about analysis: the child is any program that calls
//! [`enter`] first. It is not a sandbox for running samples.
//!
//! A child that cannot be given all that it may want to read asks for it (`talk.rs`).
//!
//! Start with [`Jail::run`] for the parent's side and [`enter`] for the child's.

mod child;
mod filter;
mod fork;
mod limits;
mod outcome;
mod run;
mod spawner;
mod talk;
mod warm;

pub use child::{ConfineError, confine, enter};
pub use limits::{ANSWER_BYTES_MAX, JailLimits, RECORD_BYTES_MAX};
pub use outcome::JailOutcome;
pub use run::Jail;
pub use talk::{Answers, Talk};

//! The shell that attackers get: a real interpreter on a copy-on-write file system, without I/O.
//!
//! A [`Shell`] takes lines and appends [`ShellEffect`]s; it suspends in the middle of a
//! script while a file is fetched or time passes, and goes on when told. A [`Console`]
//! is a shell on a terminal: it takes raw key strokes. [`Fs`] is what one attacker sees
//! of one host's disk, kept between that attacker's sessions.
//!
//! Nothing here does I/O or reads a clock, and nothing runs an attacker's program: a
//! started file is reported and answered plausibly. What a fetch means is the caller's
//! business. Limits are in [`limits`].
//!
//! Start with [`Shell`] (`shell.rs`), then `syntax` (text to tree), `expand` (words to
//! arguments), `eval` (what the tree does), `builtins` and `commands` (a file per
//! command or small group), and `fs`.

mod budget;
mod builtins;
mod commands;
mod console;
mod effect;
mod escape;
mod eval;
mod expand;
mod fetch;
mod fs;
mod history;
mod io;
mod job;
pub mod limits;
mod login;
mod process;
mod prompt;
mod shell;
mod stack;
mod syntax;
mod system;
mod terminal;

pub use budget::Budget;
pub use commands::python::{Certainty, is_python};
pub use console::Console;
pub use effect::ShellEffect;
pub use fetch::{FetchId, Fetched};
pub use fs::{
    ByLogin, FileChange, FileInfo, FileKind, Files, Fs, FsError, Kept, Offers, OpenFile, OpenHow,
    Snapshot,
};
pub use login::Login;
pub use shell::{Shell, ShellState, WaitingFor, needs_more};
pub use terminal::{TerminalModes, TerminalSize};

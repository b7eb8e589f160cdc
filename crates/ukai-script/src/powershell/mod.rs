//! PowerShell: scripts are read by the grammar and run on values, commands and types of .NET as
//! far as droppers use them.
//!
//! `parser`, `expressions` and `literals` make an `ast` of text; `eval` runs statements,
//! `operators`, `access` and `convert` work out values. Commands are in `commands` and the
//! `cmdlets_*`, .NET in `statics`, `text_methods` and `objects`. Made after the Windows PowerShell
//! Language Specification 3.0 and the about_* documents; .NET's behaviour after its reference.
//! What a condition on something unknown guards is run, and what stands on its other side too.

#![allow(
    clippy::match_same_arms,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    clippy::ref_option,
    clippy::float_cmp,
    reason = "members and commands are a line each, and all have one shape: values come and go"
)]

mod access;
mod ast;
mod binding;
mod class_parser;
mod classes;
mod cmdlets_files;
mod cmdlets_groups;
mod cmdlets_lists;
mod cmdlets_net;
mod cmdlets_system;
mod com_objects;
mod commands;
mod convert;
mod digests;
mod eval;
mod expressions;
mod format;
mod literals;
mod loops;
mod numbers;
mod objects;
mod operators;
mod parameters;
mod parser;
mod paths;
mod patterns;
mod pipelines;
mod records;
mod regexes;
mod requests;
mod secure;
mod statics;
mod streams;
#[cfg(test)]
mod tests;
mod text_methods;
mod value;

use crate::cpu::Budget;
use crate::run::{Run, Stop};
use crate::stack::with_room_for_script;
use crate::{Dialect, Limits, Report};
use eval::Interpreter;

/// Where the script itself lies.
const PATH: &str = r"C:\Users\k.tanaka\Downloads\script.ps1";

/// The scripts of the tests.
#[cfg(test)]
pub(crate) fn sources() -> impl Iterator<Item = &'static str> {
    tests::CASES.iter().map(|it| it.1)
}

/// Runs a PowerShell script as far as `limits` allow; tells what it would do.
pub fn run(source: &str, limits: &Limits) -> Report {
    let _time = Budget::begin(limits.cpu);
    let mut run = Run::new(limits);
    let source = run.beginning(source);
    run.place(PATH, source.as_bytes(), Dialect::PowerShell);
    // A limit that was met is in the notes.
    let _ = with_room_for_script(|| interpret(&mut run, source));
    run.finish()
}

/// Runs a script within a run, as a process of its own.
pub(crate) fn interpret(run: &mut Run<'_>, source: &str) -> Result<(), Stop> {
    let mut interpreter = Interpreter::new(run);
    let done = interpreter.script(source);
    interpreter.leftovers();
    done
}

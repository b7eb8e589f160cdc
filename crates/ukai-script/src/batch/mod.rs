//! Batch, as `cmd.exe` reads it: a line has its percent signs expanded, is taken apart, and each
//! command has `for`'s variables and exclamation marks expanded when it is run.
//!
//! `expand` does the expansions, `parser` takes lines apart, `exec` runs what came of it,
//! `builtins` has the commands of `cmd` itself, `loops` has `for`, `arithmetic` has `set /a`. Made
//! after the help of `cmd.exe` and the description of its phases by dbenham and jeb. What a
//! condition on something unknown guards is run, and what stands on its other side too.

mod arithmetic;
mod builtins;
mod exec;
mod expand;
mod loops;
mod parser;
#[cfg(test)]
mod tests;

use crate::cpu::Budget;
use crate::run::{Run, Stop};
use crate::stack::with_room_for_script;
use crate::{Dialect, Limits, Report};
use exec::Batch;

/// Where the script itself lies.
const PATH: &str = r"C:\Users\k.tanaka\Downloads\script.bat";

/// Where a text comes from, which decides what becomes of percent signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A file.
    File,
    /// `cmd /c`.
    Line,
}

/// The scripts of the tests.
#[cfg(test)]
pub(crate) fn sources() -> impl Iterator<Item = &'static str> {
    tests::CASES.iter().map(|it| it.1)
}

/// Runs a batch file as far as `limits` allow; tells what it would do.
pub fn run(source: &str, limits: &Limits) -> Report {
    let _time = Budget::begin(limits.cpu);
    let mut run = Run::new(limits);
    let source = run.beginning(source);
    run.place(PATH, source.as_bytes(), Dialect::Batch);
    // A limit that was met is in the notes.
    let _ = with_room_for_script(|| interpret(&mut run, source, Mode::File, false));
    run.finish()
}

/// Runs a batch within a run, as a process of its own; `!NAME!` is expanded if `is_delayed`.
pub(crate) fn interpret(
    run: &mut Run<'_>,
    source: &str,
    mode: Mode,
    is_delayed: bool,
) -> Result<(), Stop> {
    Batch::new(run, source, mode, is_delayed).main()
}

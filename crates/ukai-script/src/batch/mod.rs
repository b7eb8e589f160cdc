//! Batch.
use crate::run::{Run, Stop};
use crate::{Limits, Report};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    File,
    Line,
}
pub(crate) fn interpret(
    _run: &mut Run<'_>,
    _source: &str,
    _mode: Mode,
    _d: bool,
) -> Result<(), Stop> {
    Ok(())
}
/// Runs.
pub fn run(source: &str, limits: &Limits) -> Report {
    let mut run = Run::new(limits);
    let _ = interpret(&mut run, source, Mode::File, false);
    run.finish()
}

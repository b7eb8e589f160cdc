//! JavaScript.
use crate::com::Shared;
use crate::limits::Limits;
use crate::report::Report;
use crate::twice::run_twice;
/// Runs.
pub fn run(source: &str, limits: &Limits) -> Report {
    run_twice(source, limits, &run_inside)
}
pub(crate) fn run_inside(_source: &str, _host: &Shared) {}

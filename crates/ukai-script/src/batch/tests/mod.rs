//! What batch files are told to do.

mod cases;
mod contacts;

pub(super) use cases::CASES;

use super::run;
use crate::told::holds;

#[test]
fn droppers() {
    holds(CASES, run);
}

//! What batch files are told to do.

mod cases;

pub(super) use cases::CASES;

use super::run;
use crate::told::holds;

#[test]
fn droppers() {
    holds(CASES, run);
}

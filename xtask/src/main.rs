//! Checks of the house, run as tests: see `tests/`.
fn main() {}

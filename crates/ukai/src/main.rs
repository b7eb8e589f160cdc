//! One program for the whole circle: flags, configuration, wiring.
fn main() {}

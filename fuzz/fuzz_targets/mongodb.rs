//! Any bytes to a session of the MongoDB emulator, in pieces, with timers between them.
#![no_main]

mod session;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| session::run("mongodb", 27_017, data));

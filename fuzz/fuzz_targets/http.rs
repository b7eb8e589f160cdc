//! Any bytes to a session of the http emulator, in pieces, with timers between them.
#![no_main]

mod session;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| session::run("http", 80, data));

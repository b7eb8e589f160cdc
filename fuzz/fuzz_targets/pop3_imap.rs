//! Any bytes to a session of the POP3 or the IMAP emulator, in pieces, with timers between
//! them. The first byte chooses.
#![no_main]

mod session;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| match data.split_first() {
    Some((choice, data)) if choice & 1 == 0 => session::run("pop3", 110, data),
    Some((_, data)) => session::run("imap", 143, data),
    None => {}
});

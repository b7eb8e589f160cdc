//! SFTP requests to the emulated server; the first byte cuts the rest in pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use ukai_emulators::Sftp;
use ukai_model::Timestamp;
use ukai_persona::Persona;
use ukai_shell::Fs;

fuzz_target!(|data: &[u8]| {
    let Some((cut, data)) = data.split_first() else { return };
    let Some(persona) = Persona::named("server-debian") else { return };
    let host = Arc::new(persona.host([192, 0, 2, 10].into(), [7; 32]));
    let mut sftp = Sftp::new(Fs::new(&host), host, b"root");
    let now = Timestamp::from_secs(1_767_323_045);
    sftp.on_bytes(b"\0\0\0\x05\x01\0\0\0\x03", now);
    for piece in data.chunks(usize::from(*cut) + 1) {
        sftp.on_bytes(piece, now);
        while sftp.waits() {
            sftp.on_bytes(&[], now);
        }
    }
    sftp.on_eof();
    assert!(sftp.ended().is_some() && sftp.take_effects().len() <= data.len() + 1);
});

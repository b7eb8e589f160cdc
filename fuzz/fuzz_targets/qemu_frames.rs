//! Frames on a stream of QEMU's, from a machine that sends any bytes in any pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_link::Deframer;
use ukai_link::limits::QEMU_FRAME_BYTES_MAX;

fuzz_target!(|input: (Vec<u8>, Vec<u16>)| {
    let (bytes, pieces) = input;
    let (mut deframer, mut rest, mut taken) = (Deframer::default(), &bytes[..], 0);
    let mut pieces = pieces.iter().map(|piece| usize::from(*piece).max(1));
    loop {
        loop {
            match deframer.next() {
                Ok(Some(frame)) => taken += 4 + frame.len(),
                Ok(None) => break,
                Err(error) => {
                    assert!(error.0 as usize > QEMU_FRAME_BYTES_MAX);
                    return;
                }
            }
        }
        assert!(taken <= bytes.len());
        let room = deframer.room();
        assert!(!room.is_empty());
        let count = pieces.next().unwrap_or(room.len()).min(room.len()).min(rest.len());
        if count == 0 {
            return;
        }
        room[..count].copy_from_slice(&rest[..count]);
        deframer.filled(count);
        rest = &rest[count..];
    }
});

//! Capture files of any bytes: frames come out until the end or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_link::capture::CaptureReader;
use ukai_link::limits::CAPTURED_BYTES_MAX;

/// Frames that are read: a small file of zstd can hold very many.
const FRAMES_MAX: usize = 10_000;

fuzz_target!(|data: &[u8]| {
    let Ok(mut reader) = CaptureReader::new(data) else { return };
    for _ in 0..FRAMES_MAX {
        let Ok(Some(frame)) = reader.next() else { return };
        assert!(frame.bytes.len() <= CAPTURED_BYTES_MAX);
        if let Some(ip) = frame.ip() {
            assert!(ip.len() <= frame.bytes.len() && matches!(ip[0] >> 4, 4 | 6));
        }
    }
});

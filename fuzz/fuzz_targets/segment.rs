//! Log segments with any damage: the walk ends, in order, within the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_store::segment::Records;

fuzz_target!(|bytes: &[u8]| {
    let mut records = Records::new(bytes, 0);
    let mut end = 0;
    for (offset, payload) in records.by_ref() {
        assert!(offset >= end);
        end = offset + payload.len();
    }
    assert!(records.valid_end() <= bytes.len());
});

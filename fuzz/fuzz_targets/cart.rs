//! CaRT containers from anywhere: no panic, no bytes over the limit; what opens packs again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_store::cart::{pack, unpack};

const LIMIT: u64 = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(unpacked) = unpack(bytes, LIMIT) {
        assert!(unpacked.bytes.len() as u64 <= LIMIT);
        let again = unpack(&pack(&unpacked.bytes, &unpacked.header), LIMIT).expect("our own");
        assert_eq!(again.bytes, unpacked.bytes);
        assert_eq!(again.header, unpacked.header);
    }
});

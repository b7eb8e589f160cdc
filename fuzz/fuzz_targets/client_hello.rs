#![no_main]
//! The ClientHello reader and its fingerprints, on any bytes.

use libfuzzer_sys::fuzz_target;
use ukai_driver::{ClientHello, Sniff, sniff};

fuzz_target!(|bytes: &[u8]| {
    if let Sniff::Hello(hello) = sniff(bytes) {
        assert_eq!(hello.ja4().len(), 36);
        assert_eq!(hello.ja3().len(), 32);
    }
    if let Some(hello) = ClientHello::parse(bytes) {
        assert_eq!(hello.ja4().len(), 36);
    }
});

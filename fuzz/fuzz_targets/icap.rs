//! Answers of an ICAP server of any bytes: what it offers, what it found, and whether it
//! shows the sample unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    ukai_engine::fuzz_icap(data);
    ukai_engine::fuzz_icap(&[b"ICAP/1.0 200 OK\r\nEncapsulated: res-body=0\r\n\r\n", data].concat());
});

//! Static analysis of arbitrary bytes, from an ELF header or anything else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_model::Timestamp;
use ukai_static::{Limits, analyze};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { unpacked_bytes: 1 << 20, script_bytes: 1 << 12, ..Limits::default() };
    let analysis = analyze(bytes, Timestamp::from_secs(1), &limits, &mut |_| ());
    assert!(analysis.observables.len() <= limits.observables);
    assert!(analysis.strings.len() <= limits.strings);
});

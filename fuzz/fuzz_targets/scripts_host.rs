//! VBScript, VBA and JavaScript from anywhere: they end, within bounds. The first byte chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_script::{Limits, javascript, vbscript};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let limits = Limits { steps: 50_000, held_bytes: 8 << 20, ..Limits::default() };
    let text = String::from_utf8_lossy(text);
    let report = match first & 1 {
        0 => vbscript::run(&text, &limits),
        _ => javascript::run(&text, &limits),
    };
    // A second run adds what the first did not show, up to the same limits.
    assert!(report.acts.len() <= limits.acts);
    assert!(report.layers.len() <= limits.layers && report.made.len() <= limits.made);
});

//! Scripts of Windows from anywhere, in a dialect by the first byte: they end, within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_script::{Limits, batch, hidden, powershell};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let limits = Limits {
        steps: 20_000,
        held_bytes: 4 << 20,
        value_bytes: 1 << 20,
        ..Limits::default()
    };
    let report = match first & 3 {
        0 => powershell::run(&text, &limits),
        1 => batch::run(&text, &limits),
        _ => {
            let Some(layer) = hidden(&text) else { return };
            powershell::run(&String::from_utf8_lossy(&layer.text), &limits)
        }
    };
    assert!(report.acts.len() <= limits.acts && report.layers.len() <= limits.layers);
});

//! A shell script, run by the shell that attackers get, to see what it would fetch.
//!
//! Variables, loops and substitutions hide URLs from a reader of the text; the interpreter
//! meets them all. The script runs once on each kind of device, since loaders ask for the
//! processor, and once more with every fetch refused, since they try other ways then
//! (`wget || curl || tftp`).

use super::device::Device;
use super::{Report, from_devices};
use crate::limits::Limits;
use ukai_model::Timestamp;
use ukai_persona::Persona;

/// Where a script lies that looks into its own file.
const SCRIPT: &str = "/tmp/sample.sh";

/// Runs `script` on every device.
pub(super) fn run(script: &[u8], now: Timestamp, limits: &Limits) -> Report {
    // Written under Windows: real shells choke on the carriage returns, real loaders are
    // sent through `dos2unix` or fail; what was meant is what matters.
    let text: Vec<u8> = script.iter().copied().filter(|byte| *byte != b'\r').collect();
    let devices = [true, false].into_iter().flat_map(|fetches_succeed| {
        Persona::built_in().iter().map(move |persona| Device::new(persona, fetches_succeed, now))
    });
    // Some look into the file that they lie in.
    let looks = [&b"$0"[..], b"${0", b"BASH_SOURCE"]
        .iter()
        .any(|name| text.windows(name.len()).any(|part| part == *name));
    let traps = text.windows(5).any(|part| part == b"trap ");
    from_devices(devices, limits, |device| {
        if looks {
            device.place(SCRIPT, &text);
            device.is_called(SCRIPT);
        }
        device.run(&text);
        // What a script left for its end.
        if traps {
            device.run(b"exit\n");
        }
    })
}

//! What the checks of the house share: where the workspace is and which tier each
//! crate stands on.

use std::path::{Path, PathBuf};

/// The workspace's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// The tier of a crate of ours (docs/architecture.md): it may use crates of its own
/// tier only where [`same_tier_allowed`] says so, and of lower tiers freely.
pub fn tier(name: &str) -> Option<u8> {
    Some(match name {
        "ukai-model" | "ukai-cipher" => 0,
        "ukai-persona" | "ukai-shell" | "ukai-emulators" | "ukai-static" | "ukai-indicator"
        | "ukai-feed" | "ukai-ssh" | "ukai-cowrie" | "ukai-packet" | "ukai-netstack"
        | "ukai-plan" | "ukai-telescope" | "ukai-servers" | "ukai-trace" | "ukai-behaviour"
        | "ukai-yara" | "ukai-lookup" | "ukai-evtx" | "ukai-script" => 1,
        "ukai-store" | "ukai-driver" | "ukai-egress" | "ukai-jail" | "ukai-link"
        | "ukai-engine" | "ukai-disk" => 2,
        "ukai-honeypot" | "ukai-hub" | "ukai-virtnet" | "ukai-watch" | "ukai-sandbox" => 3,
        "ukai" => 4,
        _ => return None,
    })
}

/// `docs/behaviour.md` with its fields as the types have them.
pub fn with_behaviour_fields(text: &str) -> String {
    const LINE: &str = "below this line.\n";
    let end = text.find(LINE).map_or(text.len(), |at| at + LINE.len());
    format!("{}{}", &text[..end], ukai_model::behaviour_reference())
}

/// Whether one crate may use another of its own tier: decisions may build on decisions;
/// seams and programs know nothing of each other, except that a sandbox's guest needs an
/// Internet.
pub fn same_tier_allowed(tier: u8, user: &str, used: &str) -> bool {
    tier == 1 || (user, used) == ("ukai-sandbox", "ukai-virtnet")
}

/// Crates that tier 1 must not contain: I/O, runtimes, clocks, global randomness.
pub const FORBIDDEN_IN_DECISIONS: &[&str] = &[
    "tokio",
    "mio",
    "hyper",
    "reqwest",
    "rusqlite",
    "rustix",
    "libc",
    "socket2",
    "getrandom",
    "tempfile",
];

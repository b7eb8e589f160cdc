//! Feeds loaded by those who consume them: BIND and nftables, for real.

mod bind;
mod nftables;

use std::process::{Command, Output};
use ukai_model::{
    Confidence, Indicator, IndicatorId, Observable, ObservableKind, Role, Timestamp, Tlp,
};

/// An indicator that may be published.
fn indicator(kind: ObservableKind, value: &str, role: Role) -> Indicator {
    let observable = Observable { kind, value: value.into() };
    Indicator {
        id: IndicatorId::of(&observable, role),
        observable,
        role,
        confidence: Confidence::new(80),
        tlp: Tlp::Clear,
        first_seen: Timestamp::from_secs(1_700_000_000),
        last_seen: Timestamp::from_secs(1_700_000_000),
        valid_until: Timestamp::from_secs(1_800_000_000),
        evidence: Vec::new(),
        evidence_count: 1,
        withheld: None,
    }
}

/// Runs a program to its end; fails loudly where it is not installed.
fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed for this test: {error}"))
}

/// What the program printed; it must have succeeded.
fn succeed(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}{errors}");
    text
}

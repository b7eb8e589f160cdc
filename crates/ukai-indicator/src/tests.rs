//! Claims, scoring, guarding and selecting, as a reader of feeds meets them.

mod behaviour;
mod claims;
mod guard;
mod score;
mod select;

use crate::observables;
use ukai_model::{
    Analysis, CaptureHow, Duration, Event, EventId, EventKind, Evidence, EvidenceKind, FileType,
    Flow, Found, Indicator, Outcome, Role, SCHEMA_VERSION, SensorId, SessionId, Sha256, Sighting,
    StringEncoding, Timestamp, Transport,
};

/// The time of most tests: 2026-01-31T00:00:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_769_817_600);
const DAY: Duration = Duration::from_hours(24);

fn sensor(name: &str) -> SensorId {
    name.parse().expect("a sensor name")
}

fn sample() -> Sha256 {
    Sha256::of(b"a sample")
}

/// An event of a session from 203.0.113.5.
fn event(transport: Transport, kind: EventKind) -> Event {
    Event {
        v: SCHEMA_VERSION,
        id: EventId::new(NOW, 1),
        time: NOW,
        sensor: sensor("s1"),
        session: Some(SessionId::new(NOW, 2)),
        flow: Some(Flow::new(
            transport,
            "203.0.113.5:4000".parse().expect("an address"),
            "198.51.100.1:23".parse().expect("an address"),
        )),
        kind,
    }
}

fn evidence(kind: EvidenceKind, sensor_name: &str, number: u128) -> Evidence {
    // Identities keep the upper 80 bits of what is random in them.
    let number = number << 48;
    Evidence {
        kind,
        time: NOW,
        event: Some(EventId::new(NOW, number)),
        session: Some(SessionId::new(NOW, number)),
        sensor: Some(sensor(sensor_name)),
        sample: None,
        detail: "for a test".into(),
    }
}

fn claim(value: &str, role: Role, evidence: Evidence) -> crate::Claim {
    crate::Claim { observable: observables::parse(value).expect("a value"), role, evidence }
}

/// An indicator of confidence 80, seen at [`NOW`].
fn indicator(value: &str, role: Role) -> Indicator {
    let claim = claim(value, role, evidence(EvidenceKind::MalwareServed, "s1", 1));
    crate::merge(None, &[claim], NOW)
}

fn analysis(file_type: &str, observables: Vec<Found>) -> Analysis {
    Analysis {
        sha256: sample(),
        engine: "static".into(),
        engine_version: 1,
        started: NOW,
        duration_ms: 1,
        outcome: Outcome::Complete,
        size: 8,
        file_type: Some(FileType {
            name: file_type.into(),
            mime: "application/octet-stream".into(),
            description: file_type.to_uppercase(),
            reasons: Vec::new(),
            also: Vec::new(),
        }),
        hashes: None,
        elf: None,
        pe: None,
        mach: Vec::new(),
        dex: Vec::new(),
        android: Vec::new(),
        entropy: 0.0,
        observables,
        members: Vec::new(),
        configurations: Vec::new(),
        artefacts: Vec::new(),
        yara: Vec::new(),
        strings: Vec::new(),
        commands: Vec::new(),
        acts: Vec::new(),
        notes: Vec::new(),
    }
}

fn found(value: &str, offset: u64, encoding: StringEncoding) -> Found {
    let observable = observables::parse(value).expect("a value");
    Found { observable, offset, encoding, method: "strings".into(), layer: None, confidence: 90 }
}

fn sighting(how: CaptureHow, url: Option<&str>) -> Sighting {
    Sighting {
        sha256: sample(),
        time: NOW,
        event: EventId::new(NOW, 9),
        sensor: sensor("s1"),
        session: Some(SessionId::new(NOW, 9)),
        src_ip: Some("203.0.113.5".parse().expect("an address")),
        how,
        name: None,
        url: url.map(Into::into),
    }
}

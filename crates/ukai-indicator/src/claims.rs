//! From events and analyses to claims: which value plays which role, and why.
//!
//! What only a datagram says is never claimed: its source may be forged.

use crate::limits::{CLAIMS_PER_ANALYSIS_MAX, DETAIL_BYTES_MAX, SIGHTINGS_MAX};
use crate::observables::{self, FetchUrl, HostOf};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use ukai_model::{
    Analysis, CaptureHow, Event, EventKind, Evidence, EvidenceKind, FetchOutcome, FileType, Found,
    Observable, ObservableKind, PeerText, Role, Sha256, Sighting, StringEncoding, Timestamp,
    Transport,
};

/// That a value plays a role, with one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The value.
    pub observable: Observable,
    /// The role.
    pub role: Role,
    /// The reason.
    pub evidence: Evidence,
}

/// What one event claims. Empty for most events.
pub fn claims_of_event(event: &Event) -> Vec<Claim> {
    match &event.kind {
        EventKind::SessionOpen { protocol, .. } => {
            scanner(event, EvidenceKind::Connection, format!("connection to {protocol}"))
        }
        EventKind::LoginAttempt { protocol, user, .. } => {
            scanner(event, EvidenceKind::Login, format!("{protocol} log-in as {user}"))
        }
        EventKind::CommandInput { line, .. } => {
            scanner(event, EvidenceKind::Attack, format!("command {line}"))
        }
        EventKind::AttackRecognised { attack, .. } => {
            scanner(event, EvidenceKind::Attack, format!("attack {attack}"))
        }
        EventKind::DownloadRequest { url, tool } if !may_be_forged(event) => {
            let detail = format!("an attacker asked for it by {tool}");
            distribution(url, &evidence(event, EvidenceKind::DownloadAsked, detail))
        }
        EventKind::DownloadResult {
            url,
            outcome: FetchOutcome::Complete,
            sha256: Some(sha256),
            size,
            final_url,
            ..
        } => {
            let detail = format!("it served a file of {size} bytes");
            let mut evidence = evidence(event, EvidenceKind::DownloadServed, detail);
            evidence.sample = Some(*sha256);
            let mut claims = distribution(url, &evidence);
            if let Some(last) = final_url {
                claims.extend(distribution(last, &evidence));
            }
            without_repetition(claims)
        }
        EventKind::SampleCaptured { sha256, how, .. } => match how {
            CaptureHow::Fetched | CaptureHow::Dropped | CaptureHow::Uploaded => {
                malware(event, EvidenceKind::Capture, *sha256, captured(*how))
            }
            CaptureHow::Payload
            | CaptureHow::Mail
            | CaptureHow::Submitted
            | CaptureHow::Sandbox => Vec::new(),
        },
        EventKind::CommandExecuted { path, sha256, .. } => {
            malware(event, EvidenceKind::Attack, *sha256, &format!("an attacker started {path}"))
        }
        _ => Vec::new(),
    }
}

/// Whether the peer's address is not proved.
fn may_be_forged(event: &Event) -> bool {
    event.flow.is_some_and(|flow| flow.transport != Transport::Tcp)
}

fn scanner(event: &Event, kind: EvidenceKind, detail: String) -> Vec<Claim> {
    match &event.flow {
        Some(flow) if flow.transport == Transport::Tcp => vec![Claim {
            observable: observables::ip(flow.src_ip),
            role: Role::Scanner,
            evidence: evidence(event, kind, detail),
        }],
        _ => Vec::new(),
    }
}

fn malware(event: &Event, kind: EvidenceKind, sha256: Sha256, detail: &str) -> Vec<Claim> {
    let mut evidence = evidence(event, kind, detail.to_owned());
    evidence.sample = Some(sha256);
    vec![Claim { observable: observables::sha256(&sha256), role: Role::Malware, evidence }]
}

/// The URL and its host, if it is a URL.
fn distribution(url: &PeerText, evidence: &Evidence) -> Vec<Claim> {
    std::str::from_utf8(url.as_bytes())
        .ok()
        .and_then(|text| FetchUrl::parse(text).ok())
        .map(|url| url_claims(&url, evidence))
        .unwrap_or_default()
}

fn url_claims(url: &FetchUrl, evidence: &Evidence) -> Vec<Claim> {
    std::iter::once(url.observable())
        .chain(url.host_observable())
        .map(|observable| Claim {
            observable,
            role: Role::Distribution,
            evidence: evidence.clone(),
        })
        .collect()
}

fn evidence(event: &Event, kind: EvidenceKind, detail: String) -> Evidence {
    Evidence {
        kind,
        time: event.time,
        event: Some(event.id),
        session: event.session,
        sensor: Some(event.sensor.clone()),
        sample: None,
        detail: shortened(detail),
    }
}

pub(crate) fn shortened(mut detail: String) -> String {
    if detail.len() > DETAIL_BYTES_MAX {
        detail.truncate(detail.floor_char_boundary(DETAIL_BYTES_MAX));
        detail.push('…');
    }
    detail
}

const fn captured(how: CaptureHow) -> &'static str {
    match how {
        CaptureHow::Fetched => "fetched from where an attacker pointed",
        CaptureHow::Dropped => "written by an attacker's commands",
        CaptureHow::Uploaded => "uploaded by an attacker",
        CaptureHow::Payload => "sent by an attacker",
        CaptureHow::Mail => "handed in as mail",
        CaptureHow::Submitted => "submitted",
        CaptureHow::Sandbox => "left by another sample in the sandbox",
    }
}

/// What one analysis claims, with the ways in which its sample came: only executables
/// and scripts say anything about others.
///
/// To be asked again when the sample is seen again: its arrival is a sighting of all
/// that it contacts. Of several sightings the newest one by an attacker is the evidence.
pub fn claims_of_analysis(analysis: &Analysis, sightings: &[Sighting]) -> Vec<Claim> {
    let Some(file_type) = analysis.file_type.as_ref().filter(|t| is_code(t)) else {
        return Vec::new();
    };
    let mut evidence = evidence_of_sample(
        EvidenceKind::StaticAnalysis,
        analysis.sha256,
        analysis.started,
        sightings,
    );
    evidence.detail = format!("{}, {}", file_type.description, evidence.detail);
    evidence.detail = shortened(evidence.detail);
    let mut claims = vec![Claim {
        observable: observables::sha256(&analysis.sha256),
        role: Role::Malware,
        evidence: evidence.clone(),
    }];
    claims.extend(served(&evidence, file_type, sightings));
    let urls = urls_in(&analysis.observables);
    let is_script = is_script(file_type);
    for found in &analysis.observables {
        if claims.len() >= CLAIMS_PER_ANALYSIS_MAX {
            break;
        }
        claims.extend(claims_of_found(found, &evidence, is_script, &urls));
    }
    without_repetition(claims)
}

/// What it claims that others know a sample as malware. `opinion` says who, and what they call
/// it; `time` is when they said so.
pub fn claim_of_opinion(
    sha256: Sha256,
    opinion: &str,
    time: Timestamp,
    sightings: &[Sighting],
) -> Claim {
    let mut evidence = evidence_of_sample(EvidenceKind::Opinion, sha256, time, sightings);
    evidence.detail = shortened(format!("{opinion}, {}", evidence.detail));
    Claim { observable: observables::sha256(&sha256), role: Role::Malware, evidence }
}

/// Whether a file of this type does something when it is started.
fn is_code(file_type: &FileType) -> bool {
    let name = file_type.name.as_str();
    matches!(name, "elf" | "pe" | "mach-o") || is_script(file_type)
}

/// Whether a file of this type is a script that static analysis runs.
fn is_script(file_type: &FileType) -> bool {
    let name = file_type.name.as_str();
    name.ends_with("script")
        || matches!(
            name,
            "powershell" | "batch" | "python" | "perl" | "vba" | "hta" | "wsf" | "sct"
        )
}

/// Evidence of what a sample says or does. Of several ways in which it came the newest one
/// by an attacker counts; `time` is when it was analysed.
pub(crate) fn evidence_of_sample(
    kind: EvidenceKind,
    sha256: Sha256,
    time: Timestamp,
    sightings: &[Sighting],
) -> Evidence {
    // What a person or the sandbox hands in was sent by nobody.
    let by_attacker = |how: CaptureHow| !matches!(how, CaptureHow::Submitted | CaptureHow::Sandbox);
    let newest = sightings
        .iter()
        .filter(|sighting| sighting.sha256 == sha256)
        .max_by_key(|sighting| (by_attacker(sighting.how), sighting.time));
    let mut evidence = Evidence {
        kind,
        time,
        event: None,
        session: None,
        sensor: None,
        sample: Some(sha256),
        detail: captured(CaptureHow::Submitted).into(),
    };
    if let Some(sighting) = newest {
        evidence.time = sighting.time;
        captured(sighting.how).clone_into(&mut evidence.detail);
        if by_attacker(sighting.how) {
            evidence.event = Some(sighting.event);
            evidence.session = sighting.session;
            evidence.sensor = Some(sighting.sensor.clone());
        }
    }
    evidence
}

/// The places that gave the sample out, each with its newest sighting.
fn served(evidence: &Evidence, file_type: &FileType, sightings: &[Sighting]) -> Vec<Claim> {
    let mut newest: BTreeMap<&PeerText, &Sighting> = BTreeMap::new();
    let fetched = sightings
        .iter()
        .filter(|s| s.how == CaptureHow::Fetched && Some(s.sha256) == evidence.sample)
        .filter_map(|s| Some((s.url.as_ref()?, s)));
    for (url, sighting) in fetched {
        let known = newest.entry(url).or_insert(sighting);
        if sighting.time > known.time {
            *known = sighting;
        }
    }
    let claims = newest.into_iter().take(SIGHTINGS_MAX).flat_map(|(url, sighting)| {
        let evidence = Evidence {
            kind: EvidenceKind::MalwareServed,
            time: sighting.time,
            event: Some(sighting.event),
            session: sighting.session,
            sensor: Some(sighting.sensor.clone()),
            sample: Some(sighting.sha256),
            detail: shortened(format!("it served {}", file_type.description)),
        };
        distribution(url, &evidence)
    });
    claims.collect()
}

/// The layer, and the first and last byte in it.
type Span = (Option<u32>, u64, u64);

/// Where URLs stand in the file: first and last byte, so that a host found inside one
/// is not taken for a server of its own.
fn urls_in(found: &[Found]) -> Vec<Span> {
    /// Canonical text may be a little shorter than what stood there (a port, a dot).
    const SLACK: u64 = 16;
    let mut spans: Vec<_> = found
        .iter()
        .filter(|f| f.observable.kind == ObservableKind::Url)
        .map(|f| {
            (
                f.layer,
                f.offset,
                f.offset.saturating_add(f.observable.value.len() as u64).saturating_add(SLACK),
            )
        })
        .collect();
    spans.sort_unstable();
    spans
}

/// Whether `found` lies in one of the spans, which are sorted.
fn inside(spans: &[Span], found: &Found) -> bool {
    let before =
        spans.partition_point(|(layer, start, _)| (*layer, *start) <= (found.layer, found.offset));
    before > 0 && spans[before - 1].0 == found.layer && found.offset <= spans[before - 1].2
}

fn claims_of_found(
    found: &Found,
    of_sample: &Evidence,
    is_script: bool,
    urls: &[Span],
) -> Vec<Claim> {
    let is_url = found.observable.kind == ObservableKind::Url;
    let plain = matches!(found.encoding, StringEncoding::Plain | StringEncoding::Utf16le);
    if found.observable.kind == ObservableKind::Sha256
        || (!is_url && inside(urls, found))
        || (plain && !is_script && looks_like_a_version(&found.observable))
    {
        return Vec::new();
    }
    let mut evidence = of_sample.clone();
    evidence.detail = shortened(format!("{}, in {}", place(found), of_sample.detail));
    if !plain {
        evidence.kind = EvidenceKind::StaticHidden;
    }
    if is_url {
        return FetchUrl::parse(&found.observable.value)
            .map(|url| url_claims(&url, &evidence))
            .unwrap_or_default();
    }
    // A script fetches from what it names; a program reports to it.
    let role = if is_script { Role::Distribution } else { Role::C2 };
    let host = (found.observable.kind == ObservableKind::Endpoint)
        .then(|| HostOf::of(&found.observable)?.observable())
        .flatten();
    std::iter::once(found.observable.clone())
        .chain(host)
        .map(|observable| Claim { observable, role, evidence: evidence.clone() })
        .collect()
}

/// `1.2.3.4` in a binary is rather a version than an address: four small numbers.
fn looks_like_a_version(observable: &Observable) -> bool {
    const SMALL: u8 = 40;
    observable.kind == ObservableKind::Ip
        && matches!(observable.value.parse(), Ok(IpAddr::V4(address)) if address.octets().iter().all(|octet| *octet < SMALL))
}

fn place(found: &Found) -> String {
    let offset = found.offset;
    match &found.encoding {
        StringEncoding::Plain if found.method == "script" => "reached by running it".to_owned(),
        StringEncoding::Plain => format!("plain text at offset {offset}"),
        StringEncoding::Utf16le => format!("UTF-16 at offset {offset}"),
        StringEncoding::Xor { key } => format!("XOR 0x{key:02x} at offset {offset}"),
        StringEncoding::Base64 => format!("Base64 at offset {offset}"),
        StringEncoding::Hex => format!("hexadecimal digits at offset {offset}"),
        StringEncoding::XorLong { key } => format!("XOR 0x{key} at offset {offset}"),
        StringEncoding::Stack => format!("put together on the stack at offset {offset}"),
    }
}

/// The first claim of each value and role.
pub(crate) fn without_repetition(mut claims: Vec<Claim>) -> Vec<Claim> {
    let mut seen = BTreeSet::new();
    claims.retain(|c| seen.insert((c.observable.clone(), c.role, c.evidence.kind as u8)));
    claims
}

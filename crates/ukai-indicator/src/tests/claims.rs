//! What events and analyses claim.

use super::{analysis, event, found, sample, sighting};
use crate::{Claim, claims_of_analysis, claims_of_event};
use ukai_model::{CaptureHow, EventKind, FetchOutcome, Sha256, StringEncoding, Transport};

const HIDDEN: StringEncoding = StringEncoding::Xor { key: 0x22 };

fn told(claims: &[Claim]) -> Vec<String> {
    claims
        .iter()
        .map(|c| format!("{} {} {:?}", c.role.as_str(), c.observable.value, c.evidence.kind))
        .collect()
}

fn result(outcome: FetchOutcome, sha256: Option<Sha256>) -> EventKind {
    EventKind::DownloadResult {
        url: "http://dist.example/x".into(),
        outcome,
        sha256,
        size: 8,
        server_ip: None,
        final_url: Some("http://203.0.113.9/y".into()),
        error: None,
        duration_ms: 1,
    }
}

#[test]
fn an_attacker_is_claimed_by_what_it_does() {
    let open = EventKind::SessionOpen { protocol: "telnet".into(), persona: "p".into() };
    let login = EventKind::LoginAttempt {
        protocol: "telnet".into(),
        user: "root".into(),
        password: "x".into(),
        method: None,
        proof: None,
        success: false,
    };
    let command = EventKind::CommandInput { line: "id".into(), unknown: Vec::new() };
    let attack =
        EventKind::AttackRecognised { attack: "command-injection".into(), detail: "x".into() };
    for (kind, expected) in
        [(open, "Connection"), (login, "Login"), (command, "Attack"), (attack, "Attack")]
    {
        let tcp = claims_of_event(&event(Transport::Tcp, kind.clone()));
        assert_eq!(told(&tcp), [format!("scanner 203.0.113.5 {expected}")]);
        assert_eq!(claims_of_event(&event(Transport::Udp, kind)), [], "a forged source");
    }
}

#[test]
fn downloads_claim_url_and_host() {
    let asked =
        EventKind::DownloadRequest { url: "http://Dist.example:80/x".into(), tool: "wget".into() };
    assert_eq!(
        told(&claims_of_event(&event(Transport::Tcp, asked.clone()))),
        [
            "distribution http://dist.example/x DownloadAsked",
            "distribution dist.example DownloadAsked"
        ]
    );
    assert_eq!(claims_of_event(&event(Transport::Udp, asked)), [], "a forged source");
    let served = event(Transport::Tcp, result(FetchOutcome::Complete, Some(sample())));
    assert_eq!(
        told(&claims_of_event(&served)),
        [
            "distribution http://dist.example/x DownloadServed",
            "distribution dist.example DownloadServed",
            "distribution http://203.0.113.9/y DownloadServed",
            "distribution 203.0.113.9 DownloadServed",
        ]
    );
    let refused = event(Transport::Tcp, result(FetchOutcome::Refused, Some(sample())));
    assert_eq!(claims_of_event(&refused), []);
    let nonsense =
        EventKind::DownloadRequest { url: b"http://\xff/\n"[..].into(), tool: "wget".into() };
    assert_eq!(claims_of_event(&event(Transport::Tcp, nonsense)), []);
}

#[test]
fn captured_and_started_files_are_claimed() {
    let captured =
        |how| EventKind::SampleCaptured { sha256: sample(), size: 8, how, name: None, url: None };
    let claims = claims_of_event(&event(Transport::Tcp, captured(CaptureHow::Dropped)));
    assert_eq!(told(&claims), [format!("malware {} Capture", sample())]);
    for how in [CaptureHow::Payload, CaptureHow::Submitted] {
        assert_eq!(claims_of_event(&event(Transport::Tcp, captured(how))), []);
    }
}

#[test]
fn a_program_reports_to_what_it_names_and_fetches_from_its_urls() {
    let elf = analysis(
        "elf",
        vec![
            found("http://dist.example:8080/bins/mips", 100, StringEncoding::Plain),
            found("dist.example", 107, StringEncoding::Plain),
            found("dist.example:8080", 107, StringEncoding::Plain),
            found("c2.example:23", 4112, HIDDEN),
            found("203.0.113.77", 5000, StringEncoding::Plain),
            found("1.2.3.4", 6000, StringEncoding::Plain),
        ],
    );
    let claims = claims_of_analysis(&elf, &[sighting(CaptureHow::Dropped, None)]);
    assert_eq!(
        told(&claims),
        [
            format!("malware {} StaticAnalysis", sample()),
            "distribution http://dist.example:8080/bins/mips StaticAnalysis".into(),
            "distribution dist.example StaticAnalysis".into(),
            "c2 c2.example:23 StaticHidden".into(),
            "c2 c2.example StaticHidden".into(),
            "c2 203.0.113.77 StaticAnalysis".into(),
        ]
    );
    let detail = &claims[3].evidence.detail;
    assert_eq!(detail, "XOR 0x22 at offset 4112, in ELF, written by an attacker's commands");
}

#[test]
fn a_script_fetches_from_what_it_names() {
    let script = analysis(
        "shell-script",
        vec![
            found("tftp://203.0.113.7/x", 0, StringEncoding::Plain),
            found("203.0.113.8", 900, StringEncoding::Plain),
        ],
    );
    let url = Some("http://dist.example/run.sh");
    let claims = claims_of_analysis(&script, &[sighting(CaptureHow::Fetched, url)]);
    assert_eq!(
        told(&claims)[1..],
        [
            "distribution http://dist.example/run.sh MalwareServed",
            "distribution dist.example MalwareServed",
            "distribution tftp://203.0.113.7/x StaticAnalysis",
            "distribution 203.0.113.7 StaticAnalysis",
            "distribution 203.0.113.8 StaticAnalysis",
        ]
    );
}

#[test]
fn a_page_or_text_claims_nothing() {
    for file_type in ["html", "text", "unknown", "gzip"] {
        let page = analysis(file_type, vec![found("http://other.example/", 0, HIDDEN)]);
        let url = Some("http://dist.example/");
        assert_eq!(claims_of_analysis(&page, &[sighting(CaptureHow::Fetched, url)]), []);
    }
}

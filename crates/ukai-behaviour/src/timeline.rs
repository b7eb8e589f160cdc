//! What happened, in order of time: first, last and decisive things; the least important
//! ones go when there is no room.

use crate::inside::Inside;
use crate::limits::TIMELINE_MAX;
use crate::network::{Host, Outside};
use ukai_model::{Class, FindingKind, Moment, PeerText, Proof, RuleMatch, Severity};

/// Moments that are collected of one run.
const COLLECTED_MAX: usize = 20_000;

/// Adds what a run has to tell.
pub(crate) fn of_run(
    inside: &Inside,
    outside: &Outside,
    matches: &[RuleMatch],
    moments: &mut Vec<Moment>,
) {
    let end = moments.len() + COLLECTED_MAX;
    let mut tell = |proof: Proof, kind: &str, weight: u8, text: Vec<u8>| {
        if moments.len() < end {
            let text = PeerText::truncated(&text, 240);
            moments.push(Moment { proof, kind: kind.to_owned(), text, weight });
        }
    };
    for (number, process) in inside.processes.all().iter().enumerate() {
        for program in process.started().iter().filter(|p| !p.command.is_empty() || number == 0) {
            let proof = Proof {
                run: inside.run,
                at_ms: program.at_ms,
                pid: Some(process.pid),
                event: None,
            };
            let text = [b"starts ", program.command.as_bytes()].concat();
            tell(proof, "process", if number == 0 { 4 } else { 2 }, text);
        }
    }
    for (path, track) in inside.files.all() {
        let Some(proof) = track.proofs.first() else { continue };
        if track.created {
            let weight = if track.executed_ms.is_some() { 4 } else { 2 };
            let size = format!(" ({} bytes)", track.written);
            let text = [b"makes ", path, size.as_bytes()].concat();
            tell(Proof { at_ms: track.made_ms, ..proof.clone() }, "file", weight, text);
        }
        if track.deleted
            && let Some(last) = track.proofs.last()
        {
            tell(last.clone(), "file", 1, [b"deletes ", path].concat());
        }
    }
    for found in inside.findings.all() {
        let Some(proof) = found.proofs.first() else { continue };
        let (kind, weight) = match found.kind {
            FindingKind::Persistence => ("persistence", 5),
            FindingKind::Hiding => ("hiding", 4),
            FindingKind::Evasion => ("evasion", 3),
            FindingKind::Interference => ("interference", 3),
            FindingKind::Destruction => ("destruction", 5),
            // What means nothing by itself, and is many.
            FindingKind::Log if found.how == "other" => continue,
            FindingKind::Log => ("log", 2),
        };
        let text = [found.how.as_bytes(), b": ", &found.detail].concat();
        tell(proof.clone(), kind, weight, text);
    }
    for (name, asked) in &outside.names {
        let Some(proof) = asked.proofs.first() else { continue };
        let times =
            if asked.count > 1 { format!(", {} times", asked.count) } else { String::new() };
        let answer = asked.answers.first().unwrap_or(&asked.code);
        let text = [b"looks up ", &name[..], b": ", answer.as_bytes(), times.as_bytes()].concat();
        tell(proof.clone(), "name", 2, text);
    }
    for (key, place) in &outside.places {
        let Some(proof) = place.proofs.first() else { continue };
        // Of a scan the attack tells.
        if place.class == Some(Class::ScanTarget) {
            continue;
        }
        let weight = match place.class {
            Some(Class::C2 | Class::Distribution | Class::Update | Class::MiningPool) => 5,
            Some(Class::Local | Class::Resolver) => 1,
            _ => 3,
        };
        let host = match &key.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string().into_bytes(),
        };
        let class = place.class.map_or("", Class::as_str);
        let port = format!(" port {} ({class})", key.port);
        let proof = Proof { at_ms: place.first_ms.unwrap_or(proof.at_ms), ..proof.clone() };
        tell(proof, "network", weight, [b"contacts ", &host[..], port.as_bytes()].concat());
    }
    for ((traffic, of), attack) in &outside.attacks {
        let Some(proof) = attack.proofs.first() else { continue };
        let text = format!(
            "{traffic} of {of}: {} packets to {} addresses",
            attack.packets, attack.targets
        );
        tell(proof.clone(), "attack", 5, text.into_bytes());
    }
    for found in matches.iter().filter(|found| found.severity == Severity::High) {
        if let Some(proof) = found.proofs.first() {
            tell(proof.clone(), "rule", 3, found.title.clone().into_bytes());
        }
    }
}

/// The moments in order of run and time, the least important left out; how many were.
pub(crate) fn shortened(mut moments: Vec<Moment>) -> (Vec<Moment>, u64) {
    let all = moments.len();
    // Of equal weight the later ones go.
    moments.sort_by_key(|moment| {
        (std::cmp::Reverse(moment.weight), moment.proof.at_ms, moment.proof.run)
    });
    moments.truncate(TIMELINE_MAX);
    let left_out = all - moments.len();
    moments.sort_by(|a, b| {
        (a.proof.run, a.proof.at_ms, &a.kind, &a.text).cmp(&(
            b.proof.run,
            b.proof.at_ms,
            &b.kind,
            &b.text,
        ))
    });
    (moments, left_out as u64)
}

//! What a reader should know first: a few sentences, each made of facts of the report.

use std::fmt::Write as _;
use ukai_model::{Behaviour, Class, Contact, Ended, FindingKind};

/// The summary of a report.
pub(crate) fn summary(report: &Behaviour) -> String {
    let mut out = String::new();
    began(report, &mut out);
    for (class, words) in [
        (Class::C2, "It takes orders from"),
        (Class::Distribution, "It loads programs from"),
        (Class::Update, "It updates itself from"),
        (Class::MiningPool, "It mines for"),
        (Class::AttackTarget, "It attacks"),
    ] {
        let all: Vec<&Contact> = report.contacts.iter().filter(|c| c.class == class).collect();
        if let Some(first) = all.first() {
            let _ = write!(out, " {words} {}", place(first));
            if let Some(rhythm) =
                first.rhythm.as_ref().filter(|r| class == Class::C2 && r.score >= 75)
            {
                let seconds = rhythm.period_ms as f64 / 1_000.0;
                let _ = write!(out, " every {seconds:.1} s");
            }
            if all.len() > 1 {
                let _ = write!(out, " and {} more", all.len() - 1);
            }
            out.push('.');
        }
    }
    for attack in &report.attacks {
        let ports: Vec<String> = attack.ports.iter().take(4).map(ToString::to_string).collect();
        let words = if attack.traffic == "scan" { "It scans" } else { "It floods" };
        let _ = write!(
            out,
            " {words} {} address{} with {} ({} packets, {}/s",
            attack.targets,
            if attack.targets == 1 { "" } else { "es" },
            attack.packets_of,
            attack.packets,
            attack.rate
        );
        if !ports.is_empty() {
            let _ = write!(
                out,
                ", port{} {}",
                if ports.len() == 1 { "" } else { "s" },
                ports.join(", ")
            );
        }
        out.push_str(").");
    }
    for (kind, words) in [
        (FindingKind::Persistence, "It stays by"),
        (FindingKind::Hiding, "It hides by"),
        (FindingKind::Evasion, "It looks whether it is watched by"),
        (FindingKind::Interference, "It interferes by"),
        (FindingKind::Destruction, "It destroys by"),
    ] {
        let mut how: Vec<&str> = Vec::new();
        for finding in report.findings.iter().filter(|finding| finding.kind == kind) {
            if !how.contains(&finding.how.as_str()) {
                how.push(&finding.how);
            }
        }
        if !how.is_empty() {
            let _ = write!(out, " {words} {}.", how.join(", "));
        }
    }
    let dropped = report.files.iter().filter(|file| file.created && file.executed && !file.own);
    match dropped.count() {
        0 => {}
        1 => out.push_str(" It starts a file that it has made."),
        count => {
            let _ = write!(out, " It starts {count} files that it has made.");
        }
    }
    let only_logged = report.findings.iter().all(|finding| finding.kind == FindingKind::Log);
    if out.len() < 200 && report.contacts.is_empty() && only_logged {
        out.push_str(" Nothing else was seen.");
    }
    out
}

fn began(report: &Behaviour, out: &mut String) {
    let Some(first) = report.runs.first() else {
        out.push_str("It was not run.");
        return;
    };
    let traced = report.runs.iter().any(|run| run.traced);
    let reached = report.runs.iter().filter(|run| run.reached).count();
    let durations = report.runs.iter().map(|run| run.duration_ms);
    let seconds = durations.fold(0, u64::saturating_add) / 1_000;
    if !traced {
        let _ = write!(out, "Only its traffic was seen, for {seconds} s.");
    } else if reached == 0 {
        let reason = first.reason.as_deref().unwrap_or("no program of it was seen");
        let _ = write!(out, "It did not start ({reason}).");
    } else if report.runs.len() == 1 {
        let end = match first.ended {
            Ended::Exited => "and ended by itself",
            Ended::TimeUsed => "until its time was used up",
            Ended::GuestEnded => "until the guest stopped",
            Ended::NotStarted | Ended::Failed => "until the run failed",
        };
        let processes = report.processes.len();
        let _ = write!(
            out,
            "It ran as {} for {seconds} s in {processes} process{} {end}.",
            first.architecture,
            if processes == 1 { "" } else { "es" },
        );
    } else {
        let _ = write!(
            out,
            "It ran in {reached} of {} runs, {seconds} s altogether.",
            report.runs.len()
        );
    }
    let lost = report.runs.iter().map(|run| run.lost).fold(0, u64::saturating_add);
    if lost > 0 {
        let _ = write!(out, " {lost} records of the trace are lost.");
    }
}

/// A destination in words.
pub(crate) fn place(contact: &Contact) -> String {
    let host = if contact.name.is_empty() {
        contact.addresses.first().map(ToString::to_string).unwrap_or_default()
    } else {
        contact.name.to_string()
    };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    format!("{host}:{}", contact.port)
}

//! A report as lines, to be compared whole: nothing may be missing, nothing invented.

use std::collections::BTreeMap;
use ukai_model::{Behaviour, Class, Process};

/// What the report says, a line for each statement. How often and how much is not in it.
pub(super) fn facts(report: &Behaviour) -> Vec<String> {
    let mut lines = Vec::new();
    for process in &report.processes {
        lines.push(process_line(process, &report.processes));
    }
    for file in &report.files {
        let mut line = format!("file {}", file.path);
        for (is, what) in [
            (file.created, "created"),
            (file.written_bytes > 0, "written"),
            (file.executed, "started"),
            (file.deleted, "deleted"),
            (file.own, "own"),
        ] {
            if is {
                line.push(' ');
                line.push_str(what);
            }
        }
        if let Some(mode) = &file.mode {
            line.push(' ');
            line.push_str(mode);
        }
        lines.push(line);
    }
    for finding in &report.findings {
        let kind = serde_json::to_value(finding.kind).expect("a name");
        let kind = kind.as_str().expect("text");
        lines.push(format!("{kind} {}: {}", finding.how, finding.detail));
    }
    for name in &report.names {
        let contacted = if name.contacted { " contacted" } else { "" };
        lines.push(format!("name {} {}{contacted}", name.name, name.records.join(" ")));
    }
    for contact in report.contacts.iter().filter(|contact| contact.class != Class::ScanTarget) {
        let host = if contact.name.is_empty() {
            contact.addresses.first().map(ToString::to_string).unwrap_or_default()
        } else {
            contact.name.to_string()
        };
        let by: Vec<_> = contact.processes.iter().map(|actor| actor.path.to_string()).collect();
        let transport = serde_json::to_value(contact.transport).expect("a name");
        let transport = transport.as_str().expect("text");
        let (class, port) = (contact.class.as_str(), contact.port);
        lines.push(format!("{class} {transport} {host} {port} by {}", by.join(", ")));
    }
    for attack in &report.attacks {
        let ports: Vec<_> = attack.ports.iter().map(ToString::to_string).collect();
        let forged = if attack.forged_sources { " forged" } else { "" };
        let (traffic, of) = (&attack.traffic, &attack.packets_of);
        lines.push(format!("{traffic} {of} {}{forged}", ports.join(" ")));
    }
    for found in &report.drops {
        lines.push(format!("drop {} {}", found.path, found.reason));
    }
    for rule in &report.matches {
        lines.push(format!("rule {}", rule.rule));
    }
    lines.sort_unstable();
    lines
}

/// `process`, one `>` for each generation, what it was last, how it ended.
fn process_line(process: &Process, all: &[Process]) -> String {
    let mut depth = 0;
    let mut parent = process.parent;
    while let Some(pid) = parent.filter(|_| depth < 16) {
        depth += 1;
        parent = all.iter().find(|other| other.pid == pid).and_then(|other| other.parent);
    }
    let path = process.programs.last().map(|program| program.path.to_string()).unwrap_or_default();
    let name =
        if process.name.is_empty() { String::new() } else { format!(" called {}", process.name) };
    let exit = process.exit.as_deref().unwrap_or(match process.ended_ms {
        Some(_) => "ended",
        None => "still there",
    });
    format!("process {}{path}{name} {exit}", "> ".repeat(depth))
}

/// Requires that the report says this and nothing else, lines in any order.
pub(super) fn require(report: &Behaviour, expected: &[&str]) {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for line in facts(report) {
        *counts.entry(line).or_default() += 1;
    }
    for line in expected {
        *counts.entry((*line).to_owned()).or_default() -= 1;
    }
    let wrong: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(line, count)| {
            let what = if count > 0 { "invented" } else { "missing" };
            format!("{what} ({}): {line}", count.abs())
        })
        .collect();
    let runs = &report.runs;
    let output = &report.output;
    assert!(wrong.is_empty(), "{}\nruns: {runs:#?}\noutput: {output}", wrong.join("\n"));
    let left: Vec<_> = report.left_out.iter().filter(|(list, _)| *list != "scan targets").collect();
    assert!(left.is_empty(), "left out: {left:?}");
    for run in runs {
        assert!(run.reached && run.traced, "{run:?}");
        assert_eq!(run.lost, 0, "{run:?}");
    }
}

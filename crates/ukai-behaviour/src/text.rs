//! The report for a terminal: read from the top in a minute, details below.

use crate::compare::memory_text;
use crate::summary::place;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use ukai_model::{Actor, Behaviour, Class, Contact, InMemory, Process, Transport};

/// Lines of each section; how many more there are is said.
const LINES_MAX: usize = 40;
/// Width of the summary, in characters.
const WIDTH: usize = 96;
/// Depth of the tree of processes that is indented.
const DEPTH_MAX: usize = 24;

/// The report as text.
pub fn text(report: &Behaviour) -> String {
    let mut out = format!("{}  score {}\n\n", report.sha256, report.score);
    wrap(&report.summary, &mut out);
    runs(report, &mut out);
    section(
        "Rules",
        report.matches.iter().map(|found| {
            let severity = format!("{:?}", found.severity).to_lowercase();
            let techniques = found.techniques.join(" ");
            let detail =
                found.details.first().map(|d| shown(&d.to_string(), 60)).unwrap_or_default();
            format!("{severity:<6} {:<44} {techniques:<20} {detail}", found.title)
        }),
        &mut out,
    );
    contacts(report, &mut out);
    section(
        "Scans and floods",
        report.attacks.iter().map(|attack| {
            let ports: Vec<String> = attack.ports.iter().take(6).map(ToString::to_string).collect();
            format!(
                "{} of {} to {} address{}, port {}: {} packets, {} B, {}/s{}{}",
                attack.traffic,
                attack.packets_of,
                attack.targets,
                if attack.targets == 1 { "" } else { "es" },
                ports.join(","),
                attack.packets,
                attack.bytes,
                attack.rate,
                if attack.forged_sources { ", forged sources" } else { "" },
                match attack.logins.len() {
                    0 => String::new(),
                    count => format!(
                        ", {count} log-ins tried: {}",
                        shown(&attack.logins[0].to_string(), 40)
                    ),
                }
            )
        }),
        &mut out,
    );
    section(
        "Names looked up",
        report.names.iter().map(|name| {
            let answer = name.answers.first().unwrap_or(&name.code);
            let contacted = if name.contacted { "" } else { "  (not contacted)" };
            format!("{:>5} {} {answer}{contacted}", name.count, shown(&name.name.to_string(), 80))
        }),
        &mut out,
    );
    section(
        "Findings",
        report.findings.iter().map(|finding| {
            let kind = format!("{:?}", finding.kind).to_lowercase();
            let times = if finding.count > 1 {
                format!(" ({} times)", finding.count)
            } else {
                String::new()
            };
            let at = finding.proofs.first().map(|proof| at(proof.at_ms)).unwrap_or_default();
            format!(
                "{kind:<12} {:<18} {}{times}  at {at}",
                finding.how,
                shown(&finding.detail.to_string(), 80)
            )
        }),
        &mut out,
    );
    tree(report, &mut out);
    section(
        "Files",
        report.files.iter().map(|file| {
            let mut what = Vec::new();
            for (holds, word) in [
                (file.own, "the sample"),
                (file.created, "made"),
                (file.executed, "started"),
                (file.deleted, "deleted"),
            ] {
                if holds {
                    what.push(word.to_owned());
                }
            }
            if file.written_bytes > 0 {
                what.push(format!("{} B written", file.written_bytes));
            }
            what.extend(file.mode.iter().map(|mode| format!("mode {mode}")));
            what.extend(
                file.renamed_to
                    .iter()
                    .map(|to| format!("renamed to {}", shown(&to.to_string(), 60))),
            );
            format!("{}  {}", shown(&file.path.to_string(), 70), what.join(", "))
        }),
        &mut out,
    );
    section(
        "Registry",
        report.registry.iter().map(|change| {
            let data = if change.deleted {
                "(deleted)".to_owned()
            } else {
                format!("= {}", shown(&change.data.to_string(), 60))
            };
            format!(
                "{}\\{} {data}",
                shown(&change.key.to_string(), 70),
                shown(&change.name.to_string(), 40)
            )
        }),
        &mut out,
    );
    section(
        "Came back",
        report.drops.iter().map(|drop| {
            let cut = if drop.came < drop.size {
                format!(", {} of them came", drop.came)
            } else {
                String::new()
            };
            format!(
                "{} {} B{cut}, {}: {}",
                drop.sha256,
                drop.size,
                if drop.served { "from the virtual Internet" } else { &drop.reason },
                shown(&drop.path.to_string(), 60)
            )
        }),
        &mut out,
    );
    section("In memory", report.memory.iter().map(in_memory), &mut out);
    section(
        "Timeline",
        report.timeline.iter().map(|moment| {
            let pid = moment.proof.pid.map(|pid| format!("[{pid}] ")).unwrap_or_default();
            let run = if report.runs.len() > 1 {
                format!("run {} ", moment.proof.run)
            } else {
                String::new()
            };
            format!(
                "{:>9} {run}{:<12} {pid}{}",
                at(moment.proof.at_ms),
                moment.kind,
                shown(&moment.text.to_string(), 100)
            )
        }),
        &mut out,
    );
    section(
        "Differs between runs",
        report.differences.iter().map(|difference| {
            format!(
                "{:<8} {} in {} but not in {}",
                difference.of,
                shown(&difference.what.to_string(), 70),
                numbers(&difference.seen_in),
                numbers(&difference.missing_in)
            )
        }),
        &mut out,
    );
    section(
        "Talks like",
        report.alike.iter().map(|alike| format!("{} {} %", alike.sha256, alike.percent)),
        &mut out,
    );
    section("Rules for Suricata", report.ids_rules.iter().map(|rule| rule.text.clone()), &mut out);
    section(
        "Printed",
        report
            .output
            .to_string()
            .split("\\x0a")
            .filter(|line| !line.is_empty())
            .map(|line| shown(line.strip_suffix("\\x0d").unwrap_or(line), 120)),
        &mut out,
    );
    section(
        "Left out, since there was too much",
        report.left_out.iter().map(|(list, count)| format!("{count} {list}")),
        &mut out,
    );
    out
}

fn runs(report: &Behaviour, out: &mut String) {
    section(
        "Runs",
        report.runs.iter().map(|run| {
            let ended = match run.ended {
                ukai_model::Ended::Exited => "ended by itself",
                ukai_model::Ended::TimeUsed => "time used up",
                ukai_model::Ended::GuestEnded => "the guest stopped",
                ukai_model::Ended::NotStarted => "not started",
                ukai_model::Ended::Failed => "failed",
            };
            let reason =
                run.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let settings = if run.settings.is_empty() {
                String::new()
            } else {
                format!(", {}", run.settings.join(", "))
            };
            let notes: Vec<String> = run.notes.iter().map(|note| shown(note, 140)).collect();
            let notes: String = notes.iter().flat_map(|note| ["\n        ", note]).collect();
            format!(
                "{} {} `{}` in {}{settings}: {:.1} s, {ended}{reason}; {} records, {} events{notes}",
                run.number,
                run.architecture,
                shown(&run.command.to_string(), 60),
                run.scenario,
                run.duration_ms as f64 / 1_000.0,
                run.records,
                run.events
            )
        }),
        out,
    );
}

fn contacts(report: &Behaviour, out: &mut String) {
    section(
        "Destinations",
        report.contacts.iter().map(|contact| {
            let mut line = format!(
                "{:<18} {:>3} % {} {} {}",
                contact.class.as_str(),
                contact.confidence,
                transport(contact),
                shown(&place(contact), 60),
                contact.protocols.join(",")
            );
            let _ = write!(
                line,
                ": {} conversation{}, {} B sent, {} B got",
                contact.conversations,
                if contact.conversations == 1 { "" } else { "s" },
                contact.bytes_sent,
                contact.bytes_got
            );
            if let Some(rhythm) = contact.rhythm.as_ref().filter(|rhythm| rhythm.score >= 75) {
                let _ = write!(
                    line,
                    ", every {:.1} s ± {} %",
                    rhythm.period_ms as f64 / 1_000.0,
                    rhythm.jitter_percent
                );
            }
            for actor in contact.processes.iter().take(1) {
                let _ = write!(line, ", by [{}] {}", actor.pid, shown(&actor.path.to_string(), 40));
            }
            if contact.class != Class::ScanTarget {
                for reason in &contact.reasons {
                    let _ = write!(line, "\n        because {}", shown(reason, 140));
                }
            }
            if !contact.first_payload.is_empty() {
                let _ = write!(
                    line,
                    "\n        first bytes {}",
                    shown(&contact.first_payload.to_string(), 80)
                );
            }
            let told = if contact.class == Class::ScanTarget { 0 } else { 3 };
            for said in contact.said.iter().take(told) {
                let _ = write!(line, "\n        {}", shown(&said.to_string(), 100));
            }
            line
        }),
        out,
    );
}

const fn transport(contact: &Contact) -> &'static str {
    match contact.transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

/// What was in memory: what it is, and whose memory it was.
fn in_memory(found: &InMemory) -> String {
    let what = shown(&memory_text(found).to_string(), 120);
    let how = match (&found.value, &found.yara) {
        (Some(value), _) => format!("{}, {} %", value.encoding, value.confidence),
        (None, Some(yara)) => {
            let noisy = if yara.noisy { " (noisy)" } else { "" };
            format!("{}{noisy}", yara.tags.join(" "))
        }
        (None, None) => String::new(),
    };
    let Actor { pid, path, .. } = &found.process;
    let mapping = if found.mapping.is_empty() {
        String::new()
    } else {
        format!(" {}", shown(&found.mapping.to_string(), 40))
    };
    let path = shown(&path.to_string(), 40);
    format!("{what}  {how}  [{pid}] {path}{mapping} at {:#x}", found.address)
}

/// The processes of each run as a tree. A process whose parent is not there stands at the
/// left edge; a circle, which only a forged trace has, is left out.
fn tree(report: &Behaviour, out: &mut String) {
    let mut children: BTreeMap<(u32, Option<u32>), Vec<&Process>> = BTreeMap::new();
    let known: std::collections::BTreeSet<(u32, u32)> =
        report.processes.iter().map(|process| (process.run, process.pid)).collect();
    for process in &report.processes {
        let parent = process
            .parent
            .filter(|parent| known.contains(&(process.run, *parent)) && *parent != process.pid);
        children.entry((process.run, parent)).or_default().push(process);
    }
    let mut lines = Vec::new();
    let mut stack: Vec<(usize, &Process)> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for run in &report.runs {
        let roots = children.get(&(run.number, None)).into_iter().flatten();
        stack.extend(roots.rev().map(|process| (0, *process)));
        while let Some((depth, process)) = stack.pop() {
            lines.push(process_line(depth, process));
            if seen.insert((process.run, process.pid)) && depth < DEPTH_MAX {
                let below = children.get(&(process.run, Some(process.pid))).into_iter().flatten();
                stack.extend(below.rev().map(|process| (depth + 1, *process)));
            }
        }
    }
    section("Processes", lines.into_iter(), out);
}

fn process_line(depth: usize, process: &Process) -> String {
    let command = process.programs.last().map_or_else(
        || "(a process of unknown program)".to_owned(),
        |program| shown(&program.command.to_string(), 80),
    );
    let name = if process.name.is_empty() {
        String::new()
    } else {
        format!(" calls itself {}", shown(&process.name.to_string(), 30))
    };
    let exit = process.exit.as_ref().map(|exit| format!(", {exit}")).unwrap_or_default();
    let did = if process.did.is_empty() {
        String::new()
    } else {
        format!(": {}", readable(&process.did.join(", ")))
    };
    format!(
        "{}[{}] {command}{name}  from {}{exit}{did}",
        "  ".repeat(depth),
        process.pid,
        at(process.started_ms)
    )
}

/// A section with its lines, if it has any.
fn section(title: &str, lines: impl Iterator<Item = String>, out: &mut String) {
    let mut lines = lines;
    let Some(first) = lines.next() else { return };
    let _ = writeln!(out, "\n{title}");
    let mut more = 0;
    for (number, line) in std::iter::once(first).chain(lines).enumerate() {
        if number < LINES_MAX {
            let _ = writeln!(out, "  {line}");
        } else {
            more += 1;
        }
    }
    if more > 0 {
        let _ = writeln!(out, "  ... and {more} more");
    }
}

fn wrap(text: &str, out: &mut String) {
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

fn at(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1_000, ms % 1_000)
}

fn numbers(runs: &[u32]) -> String {
    runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn shown(text: &str, chars: usize) -> String {
    let text = &readable(text);
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A peer's text for reading: a backslash, which comes as two, is one again, except where it would
/// read as the mark of an escaped byte (`\xNN`).
fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\\\") {
        out.push_str(before);
        let marks = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let mark = after.strip_prefix('x').and_then(|after| after.get(..2)).is_some_and(marks);
        out.push_str(if mark { "\\\\" } else { "\\" });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn paths_of_windows_have_single_backslashes() {
        assert_eq!(readable(r"C:\\users\\a\x0ab"), r"C:\users\a\x0ab");
        assert_eq!(readable(r"C:\\x64\\b"), r"C:\\x64\b");
        assert_eq!(readable(r"\\\\server\\x"), r"\\server\x");
    }
}

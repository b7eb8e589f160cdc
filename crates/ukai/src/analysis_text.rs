//! An analysis for a reader at a terminal.

use crate::terminal::{Style, columns};
use crate::yara::described_matches;
use std::fmt::Write as _;
use ukai_model::{
    Analysis, AndroidInfo, ArtefactKind, BotConfiguration, MachInfo, Outcome, PeInfo, PeerText,
    ScriptAct, ScriptStep,
};

/// Artefacts of one kind that are shown: `--json` has them all.
const ARTEFACTS_SHOWN_MAX: usize = 20;
/// Names of a list that are shown.
const NAMES_SHOWN_MAX: usize = 12;

/// The whole analysis.
pub(crate) fn describe(analysis: &Analysis, style: Style) -> String {
    let mut out = String::new();
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(out, "{}{value}", style.dim(&format!("{name:<9}")));
    };
    if let Some(file_type) = &analysis.file_type {
        fact("type", &file_type.description);
        if !file_type.also.is_empty() {
            fact("also", &file_type.also.join(", "));
        }
    }
    fact("size", &format!("{} bytes, entropy {:.2}", analysis.size, analysis.entropy));
    if let Some(hashes) = &analysis.hashes {
        fact("md5", &hashes.md5);
        fact("sha1", &hashes.sha1);
        fact("sha256", &hashes.sha256);
        for (name, value) in [("ssdeep", &hashes.ssdeep), ("tlsh", &hashes.tlsh)] {
            fact(name, value.as_deref().unwrap_or("too small or too uniform"));
        }
    }
    if let Some(elf) = &analysis.elf {
        let facts = [("packer", &elf.packer), ("telfhash", &elf.telfhash)];
        for (name, value) in facts {
            if let Some(it) = value {
                fact(name, it);
            }
        }
        if !elf.tool_chains.is_empty() {
            fact("made by", &names(&elf.tool_chains));
        }
    }
    if let Some(pe) = &analysis.pe {
        headers_of_pe(pe, &mut fact);
    }
    analysis.mach.iter().for_each(|mach| headers_of_mach(mach, &mut fact));
    for dex in &analysis.dex {
        let intact = if dex.intact { "" } else { ", its check sum is wrong" };
        fact("dex", &format!("{} classes: {}{intact}", dex.classes, names(&dex.names)));
    }
    analysis.android.iter().for_each(|android| manifest(android, &mut fact));
    let outcome = match &analysis.outcome {
        Outcome::Complete => "complete".to_owned(),
        Outcome::Partial { reason } => format!("partial: {reason}"),
        Outcome::Failed { reason } => format!("failed: {reason}"),
    };
    fact("outcome", &format!("{outcome}, {} ms", analysis.duration_ms));
    for note in &analysis.notes {
        fact("note", note);
    }
    if !analysis.members.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Inside"));
        out.push_str(&inside(analysis, style));
    }
    if !analysis.yara.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("YARA rules"));
        out.push_str(&described_matches(&analysis.yara, style));
    }
    for configuration in &analysis.configurations {
        described_configuration(configuration, style, &mut out);
    }
    if !analysis.artefacts.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Artefacts"));
        out.push_str(&artefacts(analysis, style));
    }
    if !analysis.observables.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Observables"));
        let rows: Vec<Vec<String>> = analysis
            .observables
            .iter()
            .map(|found| {
                vec![
                    format!("  {}", found.observable.kind),
                    found.observable.value.clone(),
                    style.dim(&format!("{} at {}, {}", found.encoding, found.offset, found.method)),
                ]
            })
            .collect();
        out.push_str(&columns(&rows));
    }
    if !analysis.acts.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("What its scripts would do"));
        let rows: Vec<Vec<String>> = analysis.acts.iter().map(|step| told(&step.act)).collect();
        out.push_str(&columns(&rows));
    }
    // What the acts do not have: each line that a shell ran.
    let is_act = |line: &PeerText| {
        let is_run =
            |step: &ScriptStep| matches!(&step.act, ScriptAct::Run { line: run } if run == line);
        analysis.acts.iter().any(is_run)
    };
    let commands: Vec<_> = analysis.commands.iter().filter(|line| !is_act(line)).collect();
    if !commands.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Commands"));
        for command in commands {
            let _ = writeln!(out, "  {command}");
        }
    }
    out
}

fn headers_of_pe(pe: &PeInfo, fact: &mut dyn FnMut(&str, &str)) {
    let facts = [("packer", &pe.packer), ("imphash", &pe.imphash), ("rich", &pe.rich_hash)];
    for (name, value) in facts {
        if let Some(it) = value {
            fact(name, it);
        }
    }
    if let Some(pdb) = &pe.pdb {
        fact("pdb", &pdb.to_string());
    }
    if !pe.libraries.is_empty() {
        fact("imports", &names(&pe.libraries));
    }
    for version in &pe.version {
        fact("version", &format!("{}: {}", version.name, version.value));
    }
    if pe.signed {
        fact("signed", "yes; the signature was not checked");
    }
    if let Some(overlay) = pe.overlay {
        fact("overlay", &format!("from {overlay} on"));
    }
}

fn headers_of_mach(mach: &MachInfo, fact: &mut dyn FnMut(&str, &str)) {
    let platform = mach.platform.as_deref().unwrap_or("unknown system");
    let marks = [(mach.signed, "signed"), (mach.encrypted, "encrypted")];
    let marks = marks.iter().filter(|it| it.0).map(|it| format!(", {}", it.1));
    let marks: String = marks.collect();
    let bits = mach.bits;
    fact("mach-o", &format!("{} {bits}-bit {}, {platform}{marks}", mach.machine, mach.kind));
    mach.symhash.iter().for_each(|it| fact("symhash", it));
    if !mach.libraries.is_empty() {
        fact("imports", &names(&mach.libraries));
    }
}

fn manifest(android: &AndroidInfo, fact: &mut dyn FnMut(&str, &str)) {
    let version = android.version.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
    fact("package", &format!("{}{version}", android.package));
    if !android.permissions.is_empty() {
        fact("may", &names(&android.permissions));
    }
    for component in &android.components {
        let actions = names(&component.actions);
        let by = if actions.is_empty() { String::new() } else { format!(", started by {actions}") };
        fact(&component.kind, &format!("{}{by}", component.name));
    }
}

/// The first names of a list.
fn names(list: &[PeerText]) -> String {
    let shown: Vec<String> = list.iter().take(NAMES_SHOWN_MAX).map(ToString::to_string).collect();
    let more = list.len().saturating_sub(NAMES_SHOWN_MAX);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{rest}", shown.join(", "))
}

fn inside(analysis: &Analysis, style: Style) -> String {
    let rows: Vec<Vec<String>> = analysis
        .members
        .iter()
        .map(|member| {
            let name = member.name.as_ref().map(ToString::to_string).unwrap_or_default();
            let indent = "  ".repeat(member.depth as usize);
            vec![
                format!("{indent}{} {name}", member.container),
                member.file_type.description.clone(),
                style.dim(&format!("{} bytes", member.size)),
            ]
        })
        .collect();
    columns(&rows)
}

fn described_configuration(configuration: &BotConfiguration, style: Style, out: &mut String) {
    let title = format!("Configuration of {}", configuration.family);
    let _ = writeln!(out, "\n{}", style.bold(&title));
    for server in &configuration.servers {
        let _ = writeln!(out, "  server {server}");
    }
    for report in &configuration.reports {
        let _ = writeln!(out, "  reports to {report}");
    }
    for (what, key) in [("table", &configuration.table_key), ("log-ins", &configuration.login_key)]
    {
        if let Some(key) = key {
            let _ = writeln!(out, "  {what} under 0x{key}");
        }
    }
    let logins = &configuration.logins;
    let pairs =
        logins.iter().take(NAMES_SHOWN_MAX).map(|it| format!("{}:{}", it.user, it.password));
    let pairs: Vec<String> = pairs.collect();
    let _ = writeln!(out, "  {} log-ins {}", logins.len(), style.dim(&pairs.join(" ")));
}

/// What says most stands first; of each kind the first ones.
fn artefacts(analysis: &Analysis, style: Style) -> String {
    const ORDER: [(ArtefactKind, &str); 10] = [
        (ArtefactKind::Technique, "technique"),
        (ArtefactKind::Command, "command"),
        (ArtefactKind::Login, "log-in"),
        (ArtefactKind::Service, "service"),
        (ArtefactKind::Wallet, "wallet"),
        (ArtefactKind::Mutex, "mutex"),
        (ArtefactKind::Mail, "mail"),
        (ArtefactKind::Origin, "origin"),
        (ArtefactKind::UserAgent, "user agent"),
        (ArtefactKind::Path, "path"),
    ];
    let mut rows = Vec::new();
    for (kind, word) in ORDER {
        let of_kind: Vec<_> = analysis.artefacts.iter().filter(|it| it.kind == kind).collect();
        for artefact in of_kind.iter().take(ARTEFACTS_SHOWN_MAX) {
            rows.push(vec![format!("  {word}"), artefact.value.to_string()]);
        }
        let more = of_kind.len().saturating_sub(ARTEFACTS_SHOWN_MAX);
        if more > 0 {
            rows.push(vec![format!("  {word}"), style.dim(&format!("{more} more in --json"))]);
        }
    }
    columns(&rows)
}

/// An act of a script: what, and with what.
fn told(act: &ScriptAct) -> Vec<String> {
    let (word, with) = match act {
        ScriptAct::Fetch { url, to: Some(to) } => ("fetch", format!("{url}, saved to {to}")),
        ScriptAct::Fetch { url, to: None } => ("fetch", url.to_string()),
        ScriptAct::Connect { host, port: Some(port) } => ("connect", format!("{host} port {port}")),
        ScriptAct::Connect { host, port: None } => ("connect", host.to_string()),
        ScriptAct::Write { path, size, .. } => ("write", format!("{path}, {size} bytes")),
        ScriptAct::Run { line } => ("run", line.to_string()),
        ScriptAct::Evaluate { language, size, .. } => {
            ("evaluate", format!("{language}, {size} bytes"))
        }
        ScriptAct::Set { what, value } => ("set", format!("{what} = {value}")),
    };
    vec![format!("  {word}"), with]
}

//! How tests write what a report tells.

use crate::{Limits, Report};
use ukai_model::ScriptAct;

/// The acts of a report, a line each; evaluated text is told by its language alone.
pub(crate) fn told(report: &Report) -> Vec<String> {
    let text = |it: &ukai_model::PeerText| String::from_utf8_lossy(it.as_bytes()).into_owned();
    let tell = |act: &ScriptAct| match act {
        ScriptAct::Fetch { url, to: None } => format!("fetch {}", text(url)),
        ScriptAct::Fetch { url, to: Some(to) } => format!("fetch {} to {}", text(url), text(to)),
        ScriptAct::Connect { host, port: None } => format!("connect {}", text(host)),
        ScriptAct::Connect { host, port: Some(port) } => format!("connect {} {port}", text(host)),
        ScriptAct::Write { path, size, .. } => format!("write {} {size}", text(path)),
        ScriptAct::Run { line } => format!("run {}", text(line)),
        ScriptAct::Evaluate { language, .. } => format!("evaluate {language}"),
        ScriptAct::Set { what, value } => format!("set {} = {}", text(what), text(value)),
    };
    report.acts.iter().map(tell).collect()
}

/// Runs each of the cases, a name, a script and its acts; all that are wrong are shown.
#[track_caller]
pub(crate) fn holds(cases: &[(&str, &str, &[&str])], run: fn(&str, &Limits) -> Report) {
    let mut wrong = Vec::new();
    for (name, source, acts) in cases {
        let report = run(source, &Limits::default());
        if told(&report) != *acts {
            wrong.push(format!(
                "{name}: {:#?}\nnot {acts:#?}\nnotes {:?}",
                told(&report),
                report.notes
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

/// Runs each script and looks for what it contacts, be it in what it starts as well: URLs, hosts,
/// or hosts with ports. All that are missing are shown.
#[track_caller]
pub(crate) fn contacts(cases: &[(&str, &[&str])], run: fn(&str, &Limits) -> Report) {
    let mut wrong = Vec::new();
    for (source, expected) in cases {
        let report = run(source, &Limits::default());
        let told = told(&report);
        let is_told = |wanted: &&&str| {
            let host = wanted.rsplit_once(':').map_or(**wanted, |it| it.0);
            told.iter().any(|act| match act.split_once(' ') {
                Some(("fetch", rest)) => rest.split(" to ").next() == Some(**wanted),
                Some(("connect", rest)) => rest.split(' ').next() == Some(host),
                // What else is started is run where it is met.
                Some(("run" | "set", rest)) => rest.contains(**wanted),
                _ => false,
            })
        };
        let missing: Vec<_> = expected.iter().filter(|it| !is_told(it)).collect();
        if !missing.is_empty() {
            wrong.push(format!("{source}\n{missing:?} not in {told:#?}\n{:?}", report.notes));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

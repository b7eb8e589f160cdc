//! Reports as lines, for tables of tests.

use crate::Limits;
use crate::report::Report;
use ukai_model::{ScriptAct, Sha256};

const TEMP: &str = r"C:\Users\k.tanaka\AppData\Local\Temp";

/// Runs a script and compares its acts, one a line; `%T` stands for the folder of temporary files.
#[track_caller]
pub(crate) fn check(run: fn(&str, &Limits) -> Report, source: &str, expected: &[&str]) {
    let report = run(source, &Limits::default());
    let expected: Vec<String> = expected.iter().map(|it| it.replace("%T", TEMP)).collect();
    assert_eq!(lines(&report), expected, "\nnotes: {:#?}", report.notes);
}

/// Each act as one line; content of files and layers as text.
pub(crate) fn lines(report: &Report) -> Vec<String> {
    let content = |wanted: &Sha256| {
        let made = report.made.iter().map(|it| &it.content);
        let found = made.chain(report.layers.iter().map(|it| &it.text));
        let bytes = found.into_iter().find(|it| Sha256::of(it) == *wanted);
        String::from_utf8_lossy(bytes.map_or(b"?", |it| it.as_ref())).into_owned()
    };
    let text = |it: &ukai_model::PeerText| String::from_utf8_lossy(it.as_bytes()).into_owned();
    report
        .acts
        .iter()
        .map(|act| match act {
            ScriptAct::Fetch { url, to: None } => format!("fetch {}", text(url)),
            ScriptAct::Fetch { url, to: Some(to) } => format!("fetch {} > {}", text(url), text(to)),
            ScriptAct::Connect { host, port } => {
                format!("connect {}:{}", text(host), port.unwrap_or(0))
            }
            ScriptAct::Write { path, sha256, .. } => {
                format!("write {}: {}", text(path), content(sha256))
            }
            ScriptAct::Run { line } => format!("run {}", text(line)),
            ScriptAct::Evaluate { language, sha256, .. } => {
                format!("eval {language}: {}", content(sha256))
            }
            ScriptAct::Set { what, value } => format!("set {} = {}", text(what), text(value)),
        })
        .collect()
}

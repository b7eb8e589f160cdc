//! The same SSH client at Cowrie and at ours: what Cowrie logs of the client, our Cowrie
//! output says too, word for word.

use crate::support::cowrie::Cowrie;
use crate::support::program::{Ukai, binary};
use crate::support::wait_for;
use serde_json::{Map, Value};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Lines of Cowrie's about a client, and about what it did.
const IDS: [&str; 7] = [
    "cowrie.client.version",
    "cowrie.client.kex",
    "cowrie.login.failed",
    "cowrie.login.success",
    "cowrie.client.size",
    "cowrie.client.var",
    "cowrie.command.input",
];

/// What two hosts and two connections cannot have in common.
const OWN: [&str; 9] = [
    "session",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "sensor",
    "timestamp",
    "uuid",
    "duration",
];

/// One log-in with a wrong password, one with the right one and a command on a terminal.
fn visit(target: SocketAddr, password: &str) {
    let folder = TempDir::new().expect("a temporary folder");
    for (password, command) in [("surely-not-7z", "true"), (password, "uname -s")] {
        let line = format!(
            "stty rows 37 cols 133; exec sshpass -p {password} ssh -tt -F none -o \
             StrictHostKeyChecking=no -o UserKnownHostsFile={}/known -o LogLevel=ERROR -o \
             PubkeyAuthentication=no -o KbdInteractiveAuthentication=no -o \
             NumberOfPasswordPrompts=1 -o SetEnv='LANG=ja_JP.UTF-8 LC_SEEN=\"a b\"' -p {} root@{} \
             {command}",
            folder.path().display(),
            target.port(),
            target.ip()
        );
        // A terminal of its own, whose size the client tells.
        let status = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .expect("script runs (Debian's bsdutils)");
        assert!(status.code().is_some(), "{status}");
    }
}

/// The lines that are compared, without what must differ.
fn lines(text: &str, password: &str) -> Vec<Value> {
    let mut lines: Vec<Map<String, Value>> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    lines.retain(|line| IDS.iter().any(|id| line["eventid"] == *id));
    for line in &mut lines {
        line.retain(|name, _| !OWN.contains(&name.as_str()));
        for value in line.values_mut() {
            if let Value::String(text) = value {
                *text = text.replace(password, "PASSWORD");
            }
        }
    }
    lines.into_iter().map(Value::Object).collect()
}

#[test]
fn ours_logs_what_cowrie_logs() {
    const THEIRS: &str = "detectors";
    const OURS: &str = "toor";
    let (cowrie, ukai) = (Cowrie::start(), Ukai::start());
    visit(cowrie.ssh(), THEIRS);
    visit(ukai.service("ssh", "server-debian"), OURS);
    let done = |lines: &[Value]| lines.iter().any(|line| line["eventid"] == "cowrie.command.input");
    let theirs = wait_for("Cowrie's log", Duration::from_secs(20), || {
        Some(lines(&cowrie.events(), THEIRS)).filter(|lines| done(lines))
    });
    let configuration = ukai.configuration().display().to_string();
    let ours = wait_for("our log", Duration::from_secs(20), || {
        let output = Command::new(binary())
            .args(["events", "--format", "cowrie", "--limit", "0", "--config", &configuration])
            .output()
            .expect("ukai runs");
        assert!(output.status.success(), "{output:?}");
        Some(lines(&String::from_utf8_lossy(&output.stdout), OURS)).filter(|lines| done(lines))
    });
    let ids = |lines: &[Value]| -> Vec<String> {
        lines.iter().map(|line| line["eventid"].as_str().unwrap_or_default().to_owned()).collect()
    };
    for id in IDS {
        assert!(ids(&theirs).iter().any(|seen| seen == id), "Cowrie logs {id}: {theirs:#?}");
    }
    assert_eq!(ids(&ours), ids(&theirs));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
}

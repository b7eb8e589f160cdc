//! F9: an FTP server's answers.

use super::{Finding, connect, read_until_quiet};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

const QUIET: Duration = Duration::from_millis(1_200);

/// What FTP betrays before a log-in.
pub(crate) fn findings(target: SocketAddr) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut stream = connect(target);
    let mut ask = |line: &str| {
        stream.write_all(format!("{line}\r\n").as_bytes()).expect("the server takes bytes");
        String::from_utf8_lossy(&read_until_quiet(&mut stream, QUIET).0).into_owned()
    };
    let mut wrong = |what: &str, seen: String| {
        found.push(Finding::new("F9 FTP", format!("{what}: {seen:?}")));
    };
    let hello = ask("NOOP");
    for known in
        ["Dionaea", "Welcome to the ftp service", "DiskStation FTP server ready", "Twisted"]
    {
        if hello.contains(known) {
            wrong("a known greeting", hello.clone());
        }
    }
    if !hello.starts_with("220") {
        wrong("no greeting", hello.clone());
    }
    let answer = ask("PASS");
    if !answer.starts_with("503") && !answer.starts_with("500") && !answer.starts_with("530") {
        wrong("PASS before USER", answer);
    }
    let answer = ask("FEAT");
    let lists = answer.starts_with("211-") && answer.contains("\r\n211 ");
    if !(lists || answer.starts_with('5')) {
        wrong("FEAT", answer);
    }
    let answer = ask("QQZX");
    if !answer.starts_with('5') || !answer.ends_with("\r\n") {
        wrong("an unknown verb", answer);
    }
    let answer = ask("USER nosuchuser-7");
    if !answer.starts_with("331") && !answer.starts_with("530") {
        wrong("USER", answer);
    }
    let mut answer = ask("PASS ");
    // A refusal takes its time.
    for _ in 0..8 {
        if !answer.is_empty() {
            break;
        }
        answer = ask("");
    }
    if !answer.starts_with("530") && !answer.starts_with("421") && !answer.starts_with("503") {
        wrong("an empty password", answer);
    }
    found
}

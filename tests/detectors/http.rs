//! F13: a web server's answers to what is not there and not right.

use super::{Finding, exchange};
use std::net::SocketAddr;
use std::time::Duration;

const QUIET: Duration = Duration::from_millis(900);

/// What HTTP betrays.
pub(crate) fn findings(target: SocketAddr) -> Vec<Finding> {
    let mut found = Vec::new();
    let ask = |text: &str| {
        String::from_utf8_lossy(&exchange(target, text.as_bytes(), QUIET).0).into_owned()
    };
    let status = |answer: &str| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut wrong = |what: &str, seen: &str| {
        found.push(Finding::new("F13 HTTP", format!("{what}: {seen:?}")));
    };
    let paths = ["/zq7-not-there.html", "/x/y/z7.php?a=1", "/.env-7"];
    for path in paths {
        let answer = ask(&format!("GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"));
        if !matches!(status(&answer).as_str(), "404" | "401" | "403" | "301" | "302") {
            wrong("a path that is not there", &answer);
        }
    }
    let answer = ask("GET / HTTP/1.0\r\n\r\n");
    let header = |name: &str| {
        answer.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    // RFC 9110; GoAhead-Webs 2 gives the form of ctime(3).
    let old = header("Server").is_some_and(|server| server.contains("GoAhead-Webs"));
    if header("Date").is_none_or(|date| !date.ends_with("GMT") && !old) {
        wrong("Date", &answer);
    }
    if header("Server").is_none_or(|server| server.contains("Python") || server.contains("Twisted"))
    {
        wrong("Server", &answer);
    }
    for line in ["GARBAGE\r\n\r\n", "GET\r\n\r\n", "\u{1}\u{2}\u{3}\r\n\r\n"] {
        let answer = ask(line);
        let fine = answer.is_empty() || answer.contains(" 400 ") || answer.contains("<html");
        if !fine || answer.contains(" 200 ") {
            wrong("a request line that is none", &answer);
        }
    }
    let answer = ask("FROB / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    if !matches!(status(&answer).as_str(), "400" | "405" | "501" | "403") {
        wrong("a method that is none", &answer);
    }
    // Dionaea answers OPTIONS with these, in this order, and a body of 0.
    let answer = ask("OPTIONS / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    if answer.contains("Allow: OPTIONS, GET, HEAD, POST, PUT") {
        wrong("OPTIONS", &answer);
    }
    found
}

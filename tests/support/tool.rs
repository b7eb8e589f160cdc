//! Clients that are run to their end, and what their attacks leave behind.

use super::program::Ukai;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use ukai_model::Sha256;

/// Longest run of a client, in seconds: far more than any takes.
const CLIENT_S: &str = "60";

/// How long events may take to be readable.
const EVENTS_AWAITED: Duration = Duration::from_secs(10);

/// Runs a client in `folder` with this input.
///
/// # Panics
/// If it is not installed.
pub(crate) fn tool(folder: &Path, program: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new("timeout")
        .args([CLIENT_S, program])
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("timeout is installed (Debian's coreutils)");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A client that ends early reads no more.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    assert_ne!(output.status.code(), Some(127), "{program} is not installed");
    output
}

/// Runs a client that must succeed; gives what it prints, both streams.
pub(crate) fn succeeds(folder: &Path, program: &str, arguments: &[&str], input: &str) -> String {
    let output = tool(folder, program, arguments, input);
    let text = printed(&output);
    assert!(output.status.success(), "{program} {arguments:?}: {:?}\n{text}", output.status);
    text
}

/// What a client printed, both streams.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

impl Ukai {
    /// Events of a kind, once `enough` is content with them.
    pub(crate) fn events(&self, kind: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut seen = Vec::new();
        let start = Instant::now();
        while start.elapsed() < EVENTS_AWAITED {
            let page = self.get(&format!("/api/events?kind={kind}&limit=500"));
            seen.clone_from(page["items"].as_array().expect("events"));
            if enough(&seen) {
                return seen;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("not the {kind} that is expected, but\n{}", Value::from(seen));
    }

    /// Waits until these bytes are a sample that came in this way.
    pub(crate) fn has_sample(&self, how: &str, bytes: &[u8]) {
        let sha256 = Sha256::of(bytes).to_string();
        self.events("sample.captured", |events| {
            events.iter().any(|event| event["sha256"] == sha256.as_str() && event["how"] == how)
        });
    }
}

//! What hides a text in the made-up droppers is right: real interpreters read it as that text.

use crate::generator::{Language, printed};
use std::io::Write;
use std::process::{Command, Stdio};

fn run(program: &str, script: &str) -> String {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    child.stdin.take().expect("it is piped").write_all(script.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn interpreters_read_what_is_hidden() {
    for (language, program) in
        [(Language::Shell, "bash"), (Language::Python, "python3"), (Language::Perl, "perl")]
    {
        for seed in 1..=40 {
            for (script, text) in printed(language, seed) {
                assert_eq!(run(program, &script), text, "{language:?} {seed}\n{script}");
            }
        }
    }
}

//! Python, against the real one: what a program prints in both.

use crate::driver::{Driver, host};
use std::io::Write as _;
use std::process::{Command, Stdio};
use ukai_shell::Fs;

/// What the real interpreter prints.
fn real(program: &str) -> String {
    let mut child = Command::new("python3")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 is there");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(program.as_bytes()).expect("it reads");
    drop(input);
    let out = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// What ours prints.
fn ours(program: &str) -> String {
    let host = host("server-debian");
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", false);
    let mark = "END-OF-PROGRAM";
    driver.run(format!("python3 - <<'{mark}'\n{program}\n{mark}\n").as_bytes());
    String::from_utf8_lossy(&driver.output).into_owned()
}

#[test]
fn python_prints_what_the_real_one_prints() {
    let mut different = String::new();
    for program in include_str!("python.txt").split("\n----\n") {
        let (shown, real) = (ours(program), real(program));
        if !shown.starts_with(real.trim_end()) || real.is_empty() {
            let parts = [program, "\n== real\n", &real, "\n== ours\n", &shown, "\n\n"];
            different.extend(parts);
        }
    }
    assert!(different.is_empty(), "{different}");
}

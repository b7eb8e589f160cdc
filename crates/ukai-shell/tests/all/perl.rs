//! Perl, against the real one: what a program prints in both.

use crate::driver::{Driver, host};
use std::io::Write as _;
use std::process::{Command, Stdio};
use ukai_shell::Fs;

/// What the real interpreter prints.
fn real(program: &str) -> String {
    let mut child = Command::new("perl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("perl is there");
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
    driver.run(format!("perl 2>/dev/null <<'{mark}'\n{program}\n{mark}\n").as_bytes());
    String::from_utf8_lossy(&driver.output).into_owned()
}

#[test]
fn perl_prints_what_the_real_one_prints() {
    for program in include_str!("perl.txt").split("\n----\n") {
        let shown = ours(program);
        assert!(shown.contains(real(program).trim_end()), "{program}\n{shown}");
    }
}

//! A machine that stays after its run, with a shell in it.

use super::guest::{Run, X86_64};
use crate::support::program::binary;
use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Runs a specimen, keeps the machine, and pipes `lines` into its shell; what was printed, and
/// what is in the record's trace of afterwards.
fn kept(run: Run, lines: &str) -> (Output, String) {
    let folder = TempDir::new().expect("a folder");
    let record = folder.path().join("record");
    let run = run.flag("--record").flag(record.to_str().expect("text"));
    let line = run.flag("--keep").flag("5").line(folder.path());
    let mut child = Command::new(binary())
        .args(line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ukai runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let after = std::fs::read_to_string(record.join("after.txt"));
    (output, after.expect("the trace of afterwards"))
}

#[test]
fn a_shell_after_the_run_and_what_is_done_there() {
    let long = "x".repeat(200);
    let lines = format!(
        "curl -s -m 20 http://after.example.org/ >/dev/null \
         && echo fetched\nprintf 'a\\033]0;title\\007b\\n'\necho {long} > /tmp/notes\nexit 3\n"
    );
    let (output, after) = kept(Run::of("beacon", X86_64).seconds(20), &lines);
    let shown = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}\n{errors}");
    // The report comes first, and knows nothing of the analyst.
    let (report, shell) = shown.split_once("fetched\n").unwrap_or_else(|| panic!("{shown}"));
    assert!(report.contains("home.example.net"), "{shown}");
    for of_later in ["after.example.org", "/tmp/notes", "curl"] {
        assert!(!report.contains(of_later), "{of_later} in {report}");
        assert!(after.contains(of_later), "{of_later} in {after}");
    }
    assert!(shell.contains("ab\n") && !shown.contains('\u{1b}'), "{shell:?}");
    assert!(errors.contains("The shell has ended"), "{errors}");
    assert!(!after.contains('\u{1b}'), "{after}");
}

/// The sample that is still at work is so after the run, too.
#[test]
fn the_sample_goes_on_in_a_terminal_that_is_resized() {
    let folder = TempDir::new().expect("a folder");
    let line = Run::of("irc", X86_64).seconds(8).flag("--keep").flag("2").line(folder.path());
    let command: Vec<String> =
        [binary().to_owned()].into_iter().chain(line).map(|word| quoted(&word)).collect();
    // `script` of util-linux gives it a terminal, which is a size smaller than usual.
    let command = format!("stty rows 33 columns 101; {}", command.join(" "));
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script (util-linux)");
    let mut input = child.stdin.take().expect("a pipe");
    let mut shown = Vec::new();
    let mut out = child.stdout.take().expect("a pipe");
    let mut until = |what: &str, shown: &mut Vec<u8>| {
        let mut piece = [0; 4_096];
        while !String::from_utf8_lossy(shown).contains(what) {
            let count = out.read(&mut piece).expect("it prints");
            assert!(count > 0, "no {what} in {}", String::from_utf8_lossy(shown));
            shown.extend_from_slice(&piece[..count]);
        }
    };
    until("Ctrl-]", &mut shown);
    until("# ", &mut shown);
    input
        .write_all(b"stty size; pgrep -c irc; tty; printf '\\033]52;c;AAAA\\007!\\n'\r")
        .expect("in");
    until("33 101", &mut shown);
    until("\n1\r", &mut shown);
    until("/dev/pts/", &mut shown);
    // An answer is not typed by hand: what asks the terminal does not reach it.
    until("\n!", &mut shown);
    assert!(!String::from_utf8_lossy(&shown).contains("\u{1b}]52"), "{shown:?}");
    // A program that hears nothing any more does not hold the analyst.
    input.write_all(b"trap '' INT; sleep 1000 < /dev/null\r").expect("in");
    input.write_all(&[3, 0x1d]).expect("in");
    until("with it the machine", &mut shown);
    assert!(child.wait().expect("it ends").success());
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

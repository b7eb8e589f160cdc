//! The same scripts in real shells and in ours: standard output and status must agree.
//!
//! `tests/semantics.txt` has a script per line, behind `ash:` (BusyBox's), `bash:` or
//! `both:`. Both programs must be installed (Debian: `busybox`, `bash`).

use crate::driver::{Driver, generous_host, host};
use std::path::Path;
use std::process::Command;
use ukai_model::PeerText;
use ukai_shell::{Fs, ShellState};

/// Fewest scripts that the corpus must have.
const SCRIPTS_MIN: usize = 100;

#[test]
fn scripts_do_what_they_do_in_real_shells() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantics.txt");
    let text = std::fs::read_to_string(path).expect("the corpus");
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let (kind, script) = line.split_once(": ").expect("kind: script");
        let script = script.replace("\\N", "\n");
        count += 1;
        for (persona, program) in
            [("router-mips", &["busybox", "ash"][..]), ("server-debian", &["bash"])]
        {
            let wanted = program[program.len() - 1];
            if kind != "both" && kind != wanted {
                continue;
            }
            let real = real(program, &script);
            let ours = ours(persona, &script);
            if real != ours {
                wrong.push(format!(
                    "{wanted}: {script}\n  real: {}\n  ours: {}",
                    show(&real),
                    show(&ours)
                ));
            }
        }
    }
    assert!(count >= SCRIPTS_MIN, "only {count} scripts");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn show((output, status): &(Vec<u8>, i32)) -> String {
    format!("{:?} status {status}", PeerText::from(&output[..]))
}

fn real(program: &[&str], script: &str) -> (Vec<u8>, i32) {
    let folder = tempfile();
    let output = Command::new(program[0])
        .args(&program[1..])
        .args(["-c", script, "name", "one", "two words", "three"])
        .current_dir(&folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/home/x")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} must be installed for this test: {error}", program[0]));
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    (output.stdout, output.status.code().unwrap_or(-1))
}

/// An empty folder of this process's own.
fn tempfile() -> std::path::PathBuf {
    let name = format!("ukai-shell-semantics-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir(&path).expect("a folder can be made");
    path
}

fn ours(persona: &str, script: &str) -> (Vec<u8>, i32) {
    let host = if persona == "router-mips" { generous_host() } else { host(persona) };
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", false);
    driver.run(
        b"export HOME=/home/x; mkdir /tmp/empty; cd /tmp/empty; set -- one 'two words' three\n",
    );
    driver.output.clear();
    // Standard error of the shell itself cannot be told apart in the output.
    let quoted = script.replace('\'', "'\\''");
    driver.run(format!("sh -c '{quoted}' name one 'two words' three 2>/dev/null\n").as_bytes());
    let output = std::mem::take(&mut driver.output);
    let status = if let ShellState::Exited(status) = driver.shell.state() {
        status
    } else {
        driver.run(b"echo $?\n");
        String::from_utf8_lossy(&driver.output).trim().parse().unwrap_or(-1)
    };
    (output, status)
}

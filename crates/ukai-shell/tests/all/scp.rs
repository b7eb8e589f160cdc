//! `scp -t` and `-f` as the far end: bytes, errors and status are those of the real
//! program (Debian: `openssh-client`), which gets the same bytes in a folder of its own.

use crate::driver::{START, host, login};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use ukai_model::CaptureHow;
use ukai_shell::{Fs, Shell, ShellEffect, ShellState};

/// What both make of one call.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    output: String,
    errors: String,
    status: Option<i32>,
}

/// Commands that make the same folder for both.
const BEFORE: &str = "umask 022; mkdir d d/sub; echo one > d/one; echo two > d/sub/two; \
    chmod 640 d/one; touch -d @1500000000 d/one d/sub/two d/sub d; echo old text of a file > old";

/// Commands that show what came of it.
const AFTER: &str = "cat old new d/one; ls -ld new newdir newdir/* d | cut -c1-10; \
    stat -c %Y new newdir newdir/x | sed 's/^17[0-9]*/now/'";

fn real(command: &str, input: &[u8]) -> (Answer, Answer) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let shell = |script: &str, input: &[u8], path: &Path| {
        let mut child = Command::new("bash")
            .args(["-c", script])
            .current_dir(path)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash starts");
        // It may end before it has read all.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        let output = child.wait_with_output().expect("it ends");
        Answer {
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code(),
        }
    };
    shell(BEFORE, b"", folder.path());
    let answer = shell(command, input, folder.path());
    (answer, shell(AFTER, b"", folder.path()))
}

fn ours(command: &str, input: &[u8]) -> (Answer, Answer) {
    let host = host("server-debian");
    let fs = Fs::new(&host);
    let shell = |script: &str, input: &[u8]| {
        let login = login("root", false).with_piped_input();
        let mut shell = Shell::new(host.clone(), fs.clone(), login, 1, START);
        let mut out = Vec::new();
        let script = format!("cd /tmp/w && {{ {script}\n}}");
        shell.exec(script.as_bytes(), START, &mut out);
        shell.feed_stdin(input, START, &mut out);
        shell.end_stdin(START, &mut out);
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        for effect in &out {
            match effect {
                ShellEffect::Output(bytes) => output.extend_from_slice(bytes),
                ShellEffect::ErrorOutput(bytes) => errors.extend_from_slice(bytes),
                _ => {}
            }
        }
        Answer {
            output: String::from_utf8_lossy(&output).into_owned(),
            errors: String::from_utf8_lossy(&errors).into_owned(),
            status: match shell.state() {
                ShellState::Exited(status) => Some(status),
                _ => None,
            },
        }
    };
    let mut driver = Shell::new(host.clone(), fs.clone(), login("root", false), 1, START);
    driver.exec(b"mkdir /tmp/w", START, &mut Vec::new());
    shell(BEFORE, b"");
    let answer = shell(command, input);
    (answer, shell(AFTER, b""))
}

#[test]
fn it_speaks_as_the_real_program() {
    let cases: &[(&str, &[u8])] = &[
        ("scp -t new", b"C0644 5 x\nhello\0"),
        ("scp -t .", b"C0755 5 new\nhello\0C0600 3 old\nabc\0"),
        ("scp -t old", b"C0644 5 x\nhello\0"),
        ("scp -p -t new", b"T1500000000 0 1500000001 0\nC0444 5 x\nhello\0"),
        ("scp -r -t .", b"D0755 0 newdir\nC0644 2 x\nab\0D0700 0 in\nE\nE\n"),
        (
            "scp -rp -t .",
            b"T1500000000 0 1 0\nD0711 0 newdir\nT1400000000 0 1 0\nC0644 2 x\nab\0E\n",
        ),
        ("cat old >&2; scp -r -t newdir", b"D0755 0 d\nC0644 2 x\nab\0E\n"),
        ("scp -r -t .", b"D0755 0 old\nE\n"),
        ("scp -t .", b"D0755 0 newdir\nE\n"),
        ("scp -d -t nosuch", b""),
        ("scp -d -t old", b""),
        ("scp -d -t d", b"C0644 2 x\nab\0"),
        ("scp -t nosuch/x", b"C0644 2 x\nab\0"),
        ("scp -t d", b"C0644 2 sub\nab\0"),
        ("scp -t", b""),
        ("scp -t a b", b""),
        ("scp -t new", b"\n"),
        ("scp -t new", b"C0644"),
        ("scp -t new", b"C0648 2 x\nab\0"),
        ("scp -t new", b"C064 2 x\nab\0"),
        ("scp -t new", b"C0644x2 x\nab\0"),
        ("scp -t new", b"C0644 y x\nab\0"),
        ("scp -t new", b"C0644 2x\nab\0"),
        ("scp -t new", b"C0644 99999999999999999999 x\nab\0"),
        ("scp -t new", b"C0644 2 ../x\nab\0"),
        ("scp -t new", b"C0644 2 ..\nab\0"),
        ("scp -t new", b"C0644 2 \nab\0"),
        ("scp -t new", b"Tx 0 1 0\n"),
        ("scp -t new", b"T1 0 x 0\n"),
        ("scp -t new", b"T1 9999999 1 0\n"),
        ("scp -t new", b"T1 0 1 0x\n"),
        ("scp -t new", b"hello\n"),
        ("scp -t new", b"C0644 2 x\nab\0hello\n"),
        ("scp -t new", b"C0644 9 x\nab"),
        ("scp -t new", b"\x01warning\nC0644 2 x\nab\0"),
        ("scp -t new", b"\x02fatal\n"),
        ("scp -t new", b"E\n"),
        ("scp -t /dev/null", b"C0644 2 x\nab\0"),
        ("scp -f d/one", b"\0\0\0"),
        ("scp -p -f d/one", b"\0\0\0\0"),
        ("scp -f d/one old", b"\0\x01no\n\0\0"),
        ("scp -f d/one", b"\0\x02no\n"),
        ("scp -f d/one", b"\0"),
        ("scp -f nosuch old", b"\0\0\0\0"),
        ("scp -f d old", b"\0\0\0\0"),
        ("scp -r -f d/sub", b"\0\0\0\0\0\0"),
        ("scp -r -p -f d/sub/", b"\0\0\0\0\0\0\0\0\0"),
        ("scp -f /dev/null", b"\0\0\0\0"),
        ("scp -t -Z new", b""),
        ("scp old copy; cat copy", b""),
    ];
    let mut wrong = Vec::new();
    for (command, input) in cases {
        let (real, ours) = (real(command, input), ours(command, input));
        if real != ours {
            let shown = String::from_utf8_lossy(input);
            wrong.push(format!("{command} {shown:?}\n  real: {real:?}\n  ours: {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_comes_is_a_sample() {
    let host = host("server-debian");
    let login = login("root", false).with_piped_input();
    let mut shell = Shell::new(host.clone(), Fs::new(&host), login, 1, START);
    let mut out = Vec::new();
    shell.exec(b"cd /tmp; scp -t .", START, &mut out);
    shell.feed_stdin(b"C0755 30 bot\n", START, &mut out);
    for byte in b"thirty bytes of a bot, in parts" {
        shell.feed_stdin(&[*byte], START, &mut out);
    }
    shell.end_stdin(START, &mut out);
    let captured: Vec<_> = out
        .iter()
        .filter_map(|effect| match effect {
            ShellEffect::Captured { path, bytes, how } => {
                Some((path.to_string(), &bytes[..], *how))
            }
            _ => None,
        })
        .collect();
    let wanted =
        ("/tmp/bot".to_owned(), &b"thirty bytes of a bot, in part"[..], CaptureHow::Uploaded);
    assert_eq!(captured, [wanted]);
}

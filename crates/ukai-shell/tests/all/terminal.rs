//! The console compared with the real bash and BusyBox on a pseudo-terminal: the same keys
//! are typed, and the screens must be the same at the end.
//!
//! `terminal.py` drives the real shells; `terminal-*.txt` hold the keys, a script a line.

use crate::driver::{START, busybox_host, host, login};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use ukai_model::{Duration, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::{Console, Fs, Shell, ShellEffect};

const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// The folder where ours run; a router's home cannot be written.
const FOLDER: &str = "/tmp/h";

/// Files of the folder in which the shells run.
const FILES: &str =
    "mkdir -p .ssh alpha/inner beta; touch file1 file2 filename.txt 'with space' one.c";

#[test]
fn bash_edits_lines_as_the_real_one() {
    let mut persona = Persona::named("server-debian").expect("the server").as_ref().clone();
    persona.shell.prompt_root = "bash# ".to_owned();
    let host = Arc::new(Arc::new(persona).host("192.0.2.77".parse().expect("an address"), [7; 32]));
    compare(&host, "bash", "xterm");
}

#[test]
fn bash_on_a_dumb_terminal_sends_no_escapes() {
    let host = host("server-debian");
    let mut screen = Ours::new(&host, "dumb");
    screen.keys(b"echo aab\x1b[D\x1b[Dxx\x7f\x01\x05\r");
    let sent = String::from_utf8_lossy(&screen.sent).into_owned();
    assert!(!sent.contains('\x1b'), "{sent:?}");
    assert!(sent.contains("axab"), "{sent:?}");
}

#[test]
fn ash_edits_lines_as_the_real_one() {
    let output = Command::new("busybox").arg("--list").output().expect("busybox is installed");
    let applets = String::from_utf8(output.stdout).expect("names");
    let applets: Vec<String> = applets.lines().map(str::to_owned).collect();
    compare(&busybox_host(&applets), "ash", "xterm");
}

/// Types every script of a shell into ours and the real one, and compares the screens.
fn compare(host: &Arc<Host>, shell: &str, terminal: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terminal");
    let text = std::fs::read_to_string(folder.join(format!("{shell}.txt"))).expect("the scripts");
    let scripts: Vec<&str> =
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(scripts.len() >= 40, "only {} scripts for {shell}", scripts.len());
    let real = real(&folder, shell, terminal, &scripts);
    let mut wrong = Vec::new();
    for (script, real) in scripts.iter().zip(real) {
        let mut ours = Ours::new(host, terminal);
        ours.sent.clear();
        ours.prompt();
        for key in script.split(' ') {
            ours.key(key);
        }
        let (left, right) = (screen(&ours.sent), screen(&real));
        if left != right {
            wrong.push(format!(
                "{script}\n--- ours {:?}\n{}\n--- real {:?}\n{}\n   sent {:?}\n   real {:?}",
                left.1,
                left.0,
                right.1,
                right.0,
                String::from_utf8_lossy(&ours.sent),
                String::from_utf8_lossy(&real),
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} scripts differ\n{}",
        wrong.len(),
        scripts.len(),
        wrong.join("\n")
    );
}

/// What the real shell sends for each script.
fn real(folder: &Path, shell: &str, terminal: &str, scripts: &[&str]) -> Vec<Vec<u8>> {
    let home = tempfile::tempdir().expect("a home");
    let made = Command::new("sh").arg("-c").arg(FILES).current_dir(home.path()).status();
    assert!(made.expect("sh runs").success());
    let mut child = Command::new("python3")
        .arg(folder.join("drive.py"))
        .args([shell, terminal])
        .arg(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let lines = scripts.join("\n");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("scripts are taken");
    let output = child.wait_with_output().expect("the driver ends");
    assert!(output.status.success(), "drive.py failed");
    let text = String::from_utf8(output.stdout).expect("hexadecimal");
    text.lines().map(unhex).collect()
}

fn unhex(line: &str) -> Vec<u8> {
    let digits: Vec<u8> = line.chars().map(|c| c.to_digit(16).expect("a digit") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The screen's text and its cursor.
fn screen(bytes: &[u8]) -> (String, (u16, u16)) {
    let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
    parser.process(bytes);
    let screen = parser.screen();
    let rows: Vec<String> = screen.rows(0, COLUMNS).map(|row| row.trim_end().to_owned()).collect();
    (rows.join("\n").trim_end().to_owned(), screen.cursor_position())
}

/// Our console.
struct Ours {
    console: Console,
    now: Timestamp,
    sent: Vec<u8>,
}

impl Ours {
    fn new(host: &Arc<Host>, terminal: &str) -> Self {
        let fs = Fs::new(host);
        let mut setup = Shell::new(Arc::clone(host), fs.clone(), login("root", false), 1, START);
        let place = format!("mkdir -p {FOLDER}; cd {FOLDER}; {FILES}\n");
        setup.run(place.as_bytes(), START, &mut Vec::new());
        let login = login("root", true)
            .with_variable("TERM", terminal.to_owned())
            .with_variable("H", FOLDER.to_owned());
        let shell = Shell::new(Arc::clone(host), fs, login, 1, START);
        let mut ours = Self { console: Console::new(shell, true), now: START, sent: Vec::new() };
        ours.console.set_separate_returns();
        let mut out = Vec::new();
        ours.console.start(START, &mut out);
        ours.take(out);
        // Real ones go to their folder likewise, so that the histories are the same.
        ours.keys(b"cd $H\r");
        ours
    }

    /// The prompt alone, as it stands before the first key.
    fn prompt(&mut self) {
        self.keys(b"\x0c");
    }

    fn key(&mut self, key: &str) {
        if key == "WAIT" {
            self.now = self.now + Duration::from_secs(2);
            let mut out = Vec::new();
            self.console.on_timer(self.now, &mut out);
            self.take(out);
        } else {
            self.keys(&bytes(key));
        }
    }

    fn keys(&mut self, keys: &[u8]) {
        let mut out = Vec::new();
        self.console.on_bytes(keys, self.now, &mut out);
        self.take(out);
    }

    fn take(&mut self, out: Vec<ShellEffect>) {
        for effect in out {
            if let ShellEffect::Output(bytes) = effect {
                self.sent.extend_from_slice(&bytes);
            }
        }
    }
}

/// Keys by name: `^A`, `LEFT`, `M-b`; `_` is a space, `\xNN` a byte.
fn bytes(key: &str) -> Vec<u8> {
    let names: BTreeMap<&str, &[u8]> = BTreeMap::from([
        ("UP", &b"\x1b[A"[..]),
        ("DOWN", b"\x1b[B"),
        ("RIGHT", b"\x1b[C"),
        ("LEFT", b"\x1b[D"),
        ("HOME", b"\x1b[H"),
        ("END", b"\x1b[F"),
        ("DEL", b"\x1b[3~"),
        ("CLEFT", b"\x1b[1;5D"),
        ("CRIGHT", b"\x1b[1;5C"),
        ("BS", b"\x7f"),
        ("TAB", b"\t"),
        ("RET", b"\r"),
        ("ESC", b"\x1b"),
    ]);
    if let Some(bytes) = names.get(key) {
        return bytes.to_vec();
    }
    if let Some(letter) = key.strip_prefix("M-") {
        return [b"\x1b", letter.as_bytes()].concat();
    }
    match key.as_bytes() {
        [b'^', letter @ (b'@'..=b'_')] => vec![letter & 0x1f],
        other => {
            let text = ukai_model::PeerText::parse(&String::from_utf8_lossy(other));
            text.as_bytes().iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect()
        }
    }
}

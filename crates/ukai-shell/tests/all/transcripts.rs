//! Transcripts: `$ line`, what it prints, and its effects as `= ...`.
//!
//! A file begins with `% persona NAME` and may have `% user NAME`, `% serve URL TEXT`
//! (with `\n`), `% finish`, `% session` (a new session of the same attacker) and `# remarks`.
//! Lines after `$ ` that begin with `> ` are typed next; `> ^D` ends the input.
//! `UPDATE_EXPECT=1` rewrites the files.

use crate::driver::{Driver, host};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use ukai_model::PeerText;
use ukai_persona::Host;
use ukai_shell::{Fs, ShellState};

#[test]
fn transcripts_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of transcripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no transcripts in {}", folder.display());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a transcript");
        let played = play(&text);
        if played == text {
            continue;
        }
        if update {
            std::fs::write(&path, played).expect("the transcript can be written");
        } else {
            wrong.push(difference(&path, &text, &played));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_EXPECT=1 rewrites them", wrong.join("\n"));
}

/// The first line in which they differ.
fn difference(path: &Path, expected: &str, played: &str) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut lines = expected.lines().zip(played.lines()).enumerate();
    match lines.find(|(_, (a, b))| a != b) {
        Some((at, (a, b))) => format!("{name}:{}\n  expected: {a}\n  got:      {b}", at + 1),
        None => format!("{name}: one is longer than the other"),
    }
}

/// Plays a transcript: the same text with what really happened.
fn play(text: &str) -> String {
    let mut player = Player {
        host: host("router-mips"),
        user: "root".to_owned(),
        driver: None,
        fs: None,
        out: String::new(),
    };
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('#') || line.is_empty() {
            let _ = writeln!(player.out, "{line}");
        } else if let Some(directive) = line.strip_prefix("% ") {
            let _ = writeln!(player.out, "{line}");
            player.directive(directive);
        } else if let Some(command) = line.strip_prefix("$ ") {
            let _ = writeln!(player.out, "{line}");
            player.driver().run(unescape(command, true).as_slice());
            while let Some(typed) = lines.next_if(|l| l.starts_with("> ") || *l == ">") {
                let _ = writeln!(player.out, "{typed}");
                player.typed(typed.strip_prefix("> ").unwrap_or(""));
            }
            player.show();
        }
    }
    player.out
}

struct Player {
    host: Arc<Host>,
    user: String,
    driver: Option<Driver>,
    fs: Option<Fs>,
    out: String,
}

impl Player {
    fn driver(&mut self) -> &mut Driver {
        let fs = self.fs.get_or_insert_with(|| Fs::new(&self.host));
        self.driver.get_or_insert_with(|| Driver::new(&self.host, fs, &self.user, true))
    }

    fn directive(&mut self, text: &str) {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "persona" => {
                self.host = host(rest);
                self.driver = None;
                self.fs = None;
            }
            "user" => {
                rest.clone_into(&mut self.user);
                self.driver = None;
            }
            "session" => self.driver = None,
            "serve" => {
                let (url, body) = rest.split_once(' ').unwrap_or((rest, ""));
                let body = unescape(body, false);
                self.driver().served.insert(url.to_owned(), body);
            }
            "finish" => {
                self.driver().finish();
                self.show();
            }
            other => panic!("no such directive: {other}"),
        }
    }

    fn typed(&mut self, line: &str) {
        let state = self.driver().shell.state();
        match (state, line) {
            (ShellState::Waiting(_), "^D") => self.driver().end_input(),
            (ShellState::Waiting(_), _) => {
                let bytes = unescape(line, true);
                self.driver().feed(&bytes);
            }
            _ => {
                let bytes = unescape(line, true);
                self.driver().run(&bytes);
            }
        }
    }

    fn show(&mut self) {
        let driver = self.driver();
        let output = std::mem::take(&mut driver.output);
        let effects = std::mem::take(&mut driver.effects);
        let state = driver.shell.state();
        for line in output.split_inclusive(|b| *b == b'\n') {
            let whole = line.strip_suffix(b"\n");
            let shown = PeerText::from(whole.unwrap_or(line)).to_string().replace("\\x09", "\t");
            let end = if whole.is_some() { "" } else { "\\" };
            let _ = writeln!(self.out, "  {shown}{end}");
        }
        for effect in effects {
            let _ = writeln!(self.out, "= {effect}");
        }
        match state {
            ShellState::Ready => {}
            other => {
                let _ = writeln!(self.out, "= {other:?}");
            }
        }
    }
}

/// A line with `\xNN` (and, in served files, `\n`) as bytes.
fn unescape(text: &str, line: bool) -> Vec<u8> {
    if line {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(b'\n');
        bytes
    } else {
        PeerText::parse(&text.replace("\\n", "\\x0a")).as_bytes().to_vec()
    }
}

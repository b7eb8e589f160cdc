//! Programs grown from the shell's grammar: whatever they are made of, they end within
//! their budgets, and what they print is bounded.
//!
//! The input is read as a list of choices, so that a mutation changes one construct and
//! leaves the rest. The session around the program is chosen too: persona, terminal or
//! streams, answers to fetches, key strokes, signals, changes of size. A program may also
//! stand in the input as it is, up to a NUL: `tools/fuzz.sh` makes such inputs of the
//! lines that are compared with real shells.
//!
//! Most sessions get a small budget: what an endless loop does after its first thousands
//! of rounds is nothing new.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use ukai_model::{Duration, FetchOutcome, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::{
    Budget, Console, FetchId, Fetched, Fs, Login, Shell, ShellEffect, ShellState, TerminalSize,
    WaitingFor, limits, needs_more,
};

/// Deepest construct within constructs.
const DEPTH: u32 = 6;

/// Longest program, in bytes.
const PROGRAM_BYTES: usize = 4 * 1024;

/// Calls into one session.
const ROUNDS: usize = 48;

/// What most sessions may use up.
const BUDGET: Budget = Budget {
    steps_per_input: 1_500,
    steps_per_session: 6_000,
    output_bytes_per_input: 64 * 1024,
    output_bytes_per_session: 256 * 1024,
};

/// Of so many sessions one has the usual budget.
const USUAL_ONE_IN: usize = 128;

/// Echo, prompts and messages beside what is counted as output, in bytes.
const ECHO_BYTES: usize = 8 << 20;

/// When every session begins.
const START: Timestamp = Timestamp::from_secs(1_760_000_000);

/// Hosts, each with a disk that keeps the persona's image in memory.
static HOSTS: LazyLock<Vec<(Arc<Host>, Fs)>> = LazyLock::new(|| {
    let address = "192.0.2.77".parse().expect("an address");
    let hosts = Persona::built_in().iter().map(|p| Arc::new(p.host(address, [7; 32])));
    hosts.map(|host| (Arc::clone(&host), Fs::new(&host))).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices { bytes };
    let (host, _) = &HOSTS[choices.below(HOSTS.len())];
    let (written, way) = match choices.below(10) {
        way @ 0..5 => (false, way),
        way => (true, way - 5),
    };
    let usual = choices.byte() as usize >= 256 - 256 / USUAL_ONE_IN;
    let budget = if usual { Budget::default() } else { BUDGET };
    let terminal = (way < 2).then_some(TerminalSize { columns: 80, rows: 24 });
    let login = Login { terminal, piped_input: choices.one_in(2), ..Login::new("root", 0) };
    let shell = Shell::new(Arc::clone(host), Fs::new(host), login, 1, START);
    let mut shell = shell.with_budget(budget);
    let program = if written {
        choices.text()
    } else {
        let mut text = Vec::new();
        for _ in 0..=choices.below(4) {
            choices.list(&mut text, 0);
            text.push(b'\n');
        }
        text.truncate(PROGRAM_BYTES);
        text
    };
    if choices.one_in(4) {
        needs_more(&program);
    }
    let mut out = Vec::new();
    let mut session = match way {
        0 | 1 => {
            let mut console = Console::new(shell, choices.one_in(2));
            console.start(START, &mut out);
            console.on_bytes(&program, START, &mut out);
            Driven::Console(console)
        }
        2 => {
            shell.exec(&program, START, &mut out);
            Driven::Shell(shell)
        }
        3 => {
            shell.script(START, &mut out);
            shell.feed_stdin(&program, START, &mut out);
            Driven::Shell(shell)
        }
        _ => {
            shell.run(&program, START, &mut out);
            Driven::Shell(shell)
        }
    };
    drive(&mut session, &mut choices, budget, out);
});

/// A shell with or without a terminal.
enum Driven {
    Shell(Shell),
    Console(Console),
}

/// Plays the world around a session until it is idle, then ends it.
fn drive(
    session: &mut Driven,
    choices: &mut Choices<'_>,
    budget: Budget,
    mut out: Vec<ShellEffect>,
) {
    let mut now = START;
    // A terminal shows a newline as two bytes, and echoes what is typed.
    let mut room = 2 * budget.output_bytes_per_session + ECHO_BYTES;
    let mut fetches: Vec<FetchId> = Vec::new();
    let mut timer = None;
    for _ in 0..ROUNDS {
        timer = take(&mut out, &mut room, &mut fetches).or(timer);
        let state = match session {
            Driven::Shell(shell) => shell.state(),
            Driven::Console(console) => {
                console.exited().map_or(ShellState::Ready, ShellState::Exited)
            }
        };
        if matches!(state, ShellState::Exited(_)) {
            break;
        }
        now = now + Duration::from_millis(choices.below(2_000) as u64);
        if choices.bytes.is_empty() && state == ShellState::Ready {
            break;
        }
        match (choices.below(12), &mut *session) {
            (0, Driven::Shell(shell)) => shell.interrupt(now, &mut out),
            (1, Driven::Shell(shell)) => shell.suspend(now, &mut out),
            (2, Driven::Shell(shell)) if state == ShellState::Waiting(WaitingFor::Stdin) => {
                shell.end_stdin(now, &mut out);
            }
            (3 | 4, Driven::Shell(shell)) => shell.feed_stdin(choices.input(), now, &mut out),
            (5, Driven::Shell(shell)) if state == ShellState::Ready => {
                let mut text = Vec::new();
                choices.list(&mut text, DEPTH - 2);
                shell.run(&text, now, &mut out);
            }
            (0, Driven::Console(console)) => {
                let columns = choices.byte().into();
                console.resize(TerminalSize { columns, rows: choices.byte().into() });
            }
            (1..=4, Driven::Console(console)) => {
                console.on_bytes(choices.keys(), now, &mut out);
            }
            (5, Driven::Console(console)) => {
                let mut modes = console.modes();
                let byte = choices.byte();
                (modes.echo, modes.canonical) = (byte & 1 != 0, byte & 2 != 0);
                (modes.signals, modes.utf8) = (byte & 4 != 0, byte & 8 != 0);
                (modes.return_is_newline, modes.newline_returns) = (byte & 16 != 0, byte & 32 != 0);
                console.set_modes(modes);
            }
            (6..=8, session) if !fetches.is_empty() => {
                let id = fetches.swap_remove(choices.below(fetches.len()));
                let fetched = choices.answer();
                match session {
                    Driven::Shell(shell) => shell.on_fetched(id, fetched, now, &mut out),
                    Driven::Console(console) => console.on_fetched(id, fetched, now, &mut out),
                }
            }
            (_, session) => {
                now = now.max(timer.take().unwrap_or(now));
                match session {
                    Driven::Shell(shell) => shell.on_timer(now, &mut out),
                    Driven::Console(console) => console.on_timer(now, &mut out),
                }
            }
        }
    }
    match session {
        Driven::Shell(shell) => {
            shell.interrupt(now, &mut out);
            assert!(
                !matches!(shell.state(), ShellState::Waiting(_)),
                "an interrupt leaves something running"
            );
            shell.finish(&mut out);
        }
        Driven::Console(console) => console.finish(&mut out),
    }
    take(&mut out, &mut room, &mut fetches);
}

/// Looks at what the session asked for; gives the timer.
fn take(
    out: &mut Vec<ShellEffect>,
    room: &mut usize,
    fetches: &mut Vec<FetchId>,
) -> Option<Timestamp> {
    let mut timer = None;
    for effect in out.drain(..) {
        match effect {
            ShellEffect::Output(bytes) | ShellEffect::ErrorOutput(bytes) => {
                let left = room.checked_sub(bytes.len());
                *room = left.expect("output stays within the budget");
            }
            ShellEffect::Fetch { id, url, .. } => {
                assert!(!url.as_bytes().is_empty(), "a fetch of nothing");
                fetches.push(id);
            }
            ShellEffect::Command { line, .. } => {
                assert!(line.as_bytes().len() <= limits::RECORDED_LINE_BYTES, "a long line");
            }
            ShellEffect::Timer(at) => timer = Some(at),
            _ => {}
        }
    }
    assert!(fetches.len() <= limits::FETCHES as usize, "{} fetches", fetches.len());
    timer
}

/// The input, as choices.
struct Choices<'a> {
    bytes: &'a [u8],
}

const NAMES: [&str; 14] =
    ["a", "b", "x", "IFS", "PATH", "1", "@", "*", "#", "?", "!", "-", "RANDOM", "long_name_1"];

const WORDS: [&str; 44] = [
    "a",
    "b c",
    "-n",
    "-e",
    "-c",
    "1",
    "0",
    "-1",
    "4096",
    "999999999999999999999",
    "/tmp/x",
    "/",
    "..",
    "/etc/passwd",
    "/proc/self/exe",
    "/dev/null",
    "/dev/urandom",
    "/dev/zero",
    "*",
    "/bin/*",
    "[a-z]?",
    "~",
    "%s\\n",
    "%d%x%5.2s",
    "\\x41\\0102\\n",
    "s/a*/b/g",
    "/x/,$p",
    "{print $1+$NF}",
    "^(a|b)+$",
    "if=/dev/zero",
    "bs=1k",
    "count=3",
    "http://192.0.2.1/x.sh",
    "192.0.2.1",
    "-rf",
    "--help",
    "-9",
    "$$",
    "=",
    "-eq",
    "]",
    "EXIT",
    "y",
    "\u{e9}\u{2192}",
];

const COMMANDS: [&str; 118] = [
    ":", "echo", "printf", "test", "[", "read", "export", "unset", "set", "shift", "local", "trap",
    "eval", ".", "exec", "exit", "return", "break", "continue", "cd", "pwd", "umask", "ulimit",
    "alias", "unalias", "type", "command", "getopts", "wait", "jobs", "fg", "bg", "disown", "kill",
    "history", "times", "true", "false", "let", "declare", "readonly", "mapfile", "cat", "head",
    "tail", "wc", "tee", "sort", "uniq", "cut", "tr", "sed", "awk", "grep", "find", "xargs", "dd",
    "od", "hexdump", "xxd", "base64", "md5sum", "tar", "gzip", "gunzip", "cp", "mv", "rm", "ln",
    "mkdir", "rmdir", "touch", "chmod", "chown", "ls", "stat", "df", "du", "mount", "ps", "top",
    "free", "uptime", "uname", "id", "who", "w", "last", "env", "nohup", "timeout", "sleep",
    "time", "yes", "seq", "expr", "bc", "basename", "dirname", "readlink", "which", "busybox",
    "sh", "bash", "wget", "curl", "tftp", "ftpget", "nc", "ping", "netstat", "ifconfig", "ip",
    "crontab", "passwd", "su", "sudo", "/tmp/x",
];

const KEYS: [&[u8]; 24] = [
    b"\r",
    b"\x03",
    b"\x04",
    b"\x1a",
    b"\t",
    b"\t\t",
    b"\x7f",
    b"\x01",
    b"\x05",
    b"\x0b",
    b"\x15",
    b"\x17",
    b"\x19",
    b"\x0c",
    b"\x12",
    b"\x1b[A",
    b"\x1b[B",
    b"\x1b[C",
    b"\x1b[D",
    b"\x1b[3~",
    b"\x1bb",
    b"\x1bf",
    b"echo a\r",
    b"!!\r",
];

impl<'a> Choices<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        let high = if count > 256 { usize::from(self.byte()) << 8 } else { 0 };
        (high | usize::from(self.byte())) % count.max(1)
    }

    /// What stands before a NUL, which is passed over.
    fn text(&mut self) -> Vec<u8> {
        let count = self.bytes.iter().position(|b| *b == 0).unwrap_or(self.bytes.len());
        let (text, rest) = self.bytes.split_at(count);
        self.bytes = rest.get(1..).unwrap_or_default();
        text[..count.min(PROGRAM_BYTES)].to_vec()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of(&mut self, all: &[&'static str]) -> &'static [u8] {
        all[self.below(all.len())].as_bytes()
    }

    /// Bytes for a program's input.
    fn input(&mut self) -> &'a [u8] {
        let count = self.below(64).min(self.bytes.len());
        let (input, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        input
    }

    /// Key strokes of an editor, or any bytes.
    fn keys(&mut self) -> &'a [u8] {
        let choice = self.below(KEYS.len() * 2);
        KEYS.get(choice).copied().unwrap_or_else(|| self.input())
    }

    fn answer(&mut self) -> Fetched {
        let good = !self.one_in(3);
        let bytes: &[u8] = match self.below(4) {
            0 => b"#!/bin/sh\necho ran $0 $1\nwget http://192.0.2.1/next\n",
            1 => b"\x7fELF\x01\x02\x01\0\0\0\0\0\0\0\0\0\0\x02\0\x08",
            2 => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            _ => self.input(),
        };
        Fetched {
            outcome: if good { FetchOutcome::Complete } else { FetchOutcome::Unreachable },
            bytes: if good { bytes.to_vec().into() } else { bytes::Bytes::new() },
            sha256: None,
            status: good.then_some(200),
            server_ip: None,
            content_type: None,
        }
    }

    fn list(&mut self, out: &mut Vec<u8>, depth: u32) {
        for index in 0..=self.below(3) {
            if index > 0 {
                out.extend_from_slice(self.of(&["; ", "\n", " & ", " && ", " || ", ";; "]));
            }
            self.pipeline(out, depth);
            if out.len() > PROGRAM_BYTES {
                return;
            }
        }
    }

    fn pipeline(&mut self, out: &mut Vec<u8>, depth: u32) {
        if self.one_in(12) {
            out.extend_from_slice(b"! ");
        }
        self.command(out, depth);
        while self.one_in(4) && out.len() <= PROGRAM_BYTES && !self.bytes.is_empty() {
            out.extend_from_slice(self.of(&[" | ", " | ", " |& "]));
            self.command(out, depth);
        }
    }

    fn command(&mut self, out: &mut Vec<u8>, depth: u32) {
        let inner = depth + 1;
        if depth >= DEPTH || self.bytes.is_empty() {
            return self.simple(out, depth);
        }
        match self.below(20) {
            0 => self.around(out, "(", ")", inner),
            1 => self.around(out, "{ ", "; }", inner),
            2 => {
                out.extend_from_slice(b"if ");
                self.list(out, inner);
                self.around(out, "; then ", "", inner);
                if self.one_in(2) {
                    self.around(out, "; else ", "", inner);
                }
                out.extend_from_slice(b"; fi");
            }
            3 => {
                out.extend_from_slice(self.of(&["while ", "until "]));
                self.list(out, inner);
                self.around(out, "; do ", "; done", inner);
            }
            4 | 5 => {
                out.extend_from_slice(b"for x in ");
                for _ in 0..self.below(4) {
                    self.word(out, inner);
                    out.push(b' ');
                }
                self.around(out, "; do ", "; done", inner);
            }
            6 => {
                out.extend_from_slice(b"for ((");
                for end in [";", ";", "))"] {
                    self.arithmetic(out, inner);
                    out.extend_from_slice(end.as_bytes());
                }
                self.around(out, " do ", "; done", inner);
            }
            7 => {
                out.extend_from_slice(b"case ");
                self.word(out, inner);
                out.extend_from_slice(b" in ");
                for _ in 0..self.below(3) {
                    self.word(out, inner);
                    out.push(b')');
                    self.list(out, inner);
                    out.extend_from_slice(self.of(&[";; ", ";& ", "\n;;\n"]));
                }
                out.extend_from_slice(b"esac");
            }
            8 => self.around(out, "f() { ", "; }", inner),
            9 => {
                out.extend_from_slice(b"[[ ");
                self.word(out, inner);
                out.extend_from_slice(self.of(&[" == ", " =~ ", " -nt ", " && ", " -eq "]));
                self.word(out, inner);
                out.extend_from_slice(b" ]]");
            }
            10 => {
                out.extend_from_slice(b"((");
                self.arithmetic(out, inner);
                out.extend_from_slice(b"))");
            }
            _ => return self.simple(out, depth),
        }
        self.redirects(out, depth);
    }

    fn around(&mut self, out: &mut Vec<u8>, before: &str, after: &str, depth: u32) {
        out.extend_from_slice(before.as_bytes());
        self.list(out, depth);
        out.extend_from_slice(after.as_bytes());
    }

    fn simple(&mut self, out: &mut Vec<u8>, depth: u32) {
        while self.one_in(6) && out.len() <= PROGRAM_BYTES && !self.bytes.is_empty() {
            out.extend_from_slice(self.of(&NAMES));
            out.extend_from_slice(self.of(&["=", "+=", "[1]=", "=("]));
            self.word(out, depth);
            out.push(b' ');
        }
        match self.below(12) {
            0 => out.push(b'f'),
            1 => self.word(out, depth),
            _ => out.extend_from_slice(self.of(&COMMANDS)),
        }
        for _ in 0..self.below(5) {
            out.push(b' ');
            self.word(out, depth);
        }
        self.redirects(out, depth);
    }

    fn redirects(&mut self, out: &mut Vec<u8>, depth: u32) {
        while self.one_in(5) && out.len() <= PROGRAM_BYTES && !self.bytes.is_empty() {
            match self.below(8) {
                0 => out.extend_from_slice(b" 2>&1"),
                1 => out.extend_from_slice(b" >&2"),
                2 => out.extend_from_slice(b" <&-"),
                3 => {
                    out.extend_from_slice(self.of(&[" <<E\n", " <<'E'\n", " <<-E\n"]));
                    self.word(out, depth);
                    out.extend_from_slice(b"\nE\n");
                }
                4 => {
                    out.extend_from_slice(b" <<<");
                    self.word(out, depth);
                }
                _ => {
                    out.extend_from_slice(
                        self.of(&[" > ", " >> ", " < ", " 2> ", " 3<> ", " &> "]),
                    );
                    out.extend_from_slice(self.of(&["/tmp/x", "/tmp/y", "/dev/null", "/nope/x"]));
                }
            }
        }
    }

    fn word(&mut self, out: &mut Vec<u8>, depth: u32) {
        if out.len() > PROGRAM_BYTES {
            return;
        }
        for _ in 0..=self.below(2) {
            self.piece(out, depth);
        }
    }

    fn piece(&mut self, out: &mut Vec<u8>, depth: u32) {
        let inner = depth + 1;
        if depth > DEPTH || self.bytes.is_empty() {
            return out.extend_from_slice(self.of(&WORDS));
        }
        match self.below(16) {
            0 => {
                out.push(b'$');
                out.extend_from_slice(self.of(&NAMES));
            }
            1 => {
                out.extend_from_slice(b"${");
                out.extend_from_slice(self.of(&["", "#", "!", "", ""]));
                out.extend_from_slice(self.of(&NAMES));
                out.extend_from_slice(self.of(&[
                    "", ":-", "-", ":=", "=", ":?", ":+", "%", "%%", "#", "##", "/", "//", ":",
                    "^^", ",,", "[@]", "[1]", "@Q",
                ]));
                self.word(out, inner);
                out.push(b'}');
            }
            2 => self.around(out, "$(", ")", inner),
            3 => self.around(out, "`", "`", inner),
            4 => {
                out.extend_from_slice(b"$((");
                self.arithmetic(out, inner);
                out.extend_from_slice(b"))");
            }
            5 | 6 => {
                out.push(b'"');
                self.word(out, inner);
                out.push(b'"');
            }
            7 => {
                out.push(b'\'');
                out.extend_from_slice(self.of(&WORDS));
                out.push(b'\'');
            }
            8 => {
                out.extend_from_slice(b"{");
                self.word(out, inner);
                out.extend_from_slice(self.of(&[",", "..", ",,"]));
                self.word(out, inner);
                out.push(b'}');
            }
            9 => self.around(out, "<(", ")", inner),
            10 => out.extend_from_slice(self.of(&["$'\\x41\\n'", "\\", "\\\n", "$", "#x", "!x"])),
            11 => out.extend_from_slice(self.input()),
            _ => out.extend_from_slice(self.of(&WORDS)),
        }
    }

    fn arithmetic(&mut self, out: &mut Vec<u8>, depth: u32) {
        self.number(out, depth);
        while self.one_in(2) && out.len() <= PROGRAM_BYTES && !self.bytes.is_empty() {
            out.extend_from_slice(self.of(&[
                "+", "-", "*", "/", "%", "**", "<<", ">>", "&", "|", "^", "&&", "||", "<", "==",
                "?", ":", ",", "=", "+=", "/=", "<<=",
            ]));
            self.number(out, depth);
        }
    }

    fn number(&mut self, out: &mut Vec<u8>, depth: u32) {
        match self.below(7) {
            0 => out.extend_from_slice(b"x"),
            1 => out.extend_from_slice(b"-9223372036854775808"),
            2 => out.extend_from_slice(self.of(&["-", "!", "~", "++x", "x--", "("])),
            3 => self.word(out, depth + 1),
            _ => out.extend_from_slice(self.of(&["0", "1", "2", "7", "010", "0x1f", "2#101", ")"])),
        }
    }
}

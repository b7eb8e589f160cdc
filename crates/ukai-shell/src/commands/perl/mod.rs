//! `perl`, where the persona has it: Perl 5.36 as Debian 12 delivers it, as much of it
//! as droppers and probes use. `parse` makes a tree (`ast`), a `machine` goes through it,
//! `functions` has Perl's own functions. A program takes from the session's budget.

#![allow(
    clippy::single_match_else,
    clippy::many_single_char_names,
    clippy::match_same_arms,
    clippy::float_cmp,
    clippy::unnecessary_wraps,
    clippy::nonminimal_bool,
    clippy::assigning_clones,
    reason = "operands are a and b; tables of functions stand by function"
)]

mod ast;
mod calls;
mod evaluate;
mod expressions;
mod files;
mod format;
mod functions;
mod lists;
mod machine;
mod methods;
mod modules;
mod operate;
mod pack;
mod packages;
mod parse;
mod pattern;
mod place;
mod quote;
mod scope;
mod statements;
mod system;
mod value;
mod variables;
mod verbs;
mod web;
mod words;

use super::{Arguments, Command};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use machine::{Machine, Unwind, Want};
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] = &[Command::waiting("perl", perl)];

const VERSION: &str = "\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu-thread-multi\n(with 54 registered patches, see perl -V for more detail)\n\nCopyright 1987-2022, Larry Wall\n\nPerl may be copied only under the terms of either the Artistic License or the\nGNU General Public License, which may be found in the Perl 5 source kit.\n\nComplete documentation for Perl, including FAQ lists, should be found on\nthis system using \"man perl\" or \"perldoc perl\".  If you have access to the\nInternet, point your browser at https://www.perl.org/, the Perl Home Page.\n\n";

fn perl(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let mut words = arguments.rest();
        let mut text: Option<Vec<u8>> = None;
        let mut uses = Vec::new();
        let mut switches = Switches::default();
        while let [first, rest @ ..] = words {
            let Some(letters) = first.strip_prefix(b"-").filter(|l| !l.is_empty()) else { break };
            words = rest;
            if letters == b"-" {
                break;
            }
            let mut at = 0;
            while let Some(letter) = letters.get(at).copied() {
                at += 1;
                match letter {
                    b'v' => {
                        process.print(VERSION)?;
                        return Ok(0);
                    }
                    b'e' | b'E' => {
                        let Some((program, rest)) = words.split_first() else {
                            process.error("No code specified for -e.")?;
                            return Ok(2);
                        };
                        let text = text.get_or_insert_default();
                        text.extend_from_slice(program);
                        text.push(b'\n');
                        words = rest;
                    }
                    b'M' | b'm' => {
                        uses.push(use_line(&letters[at..]));
                        at = letters.len();
                    }
                    b'n' => switches.lines = true,
                    b'p' => (switches.lines, switches.prints) = (true, true),
                    b'a' => (switches.lines, switches.splits) = (true, true),
                    b'F' => {
                        switches.by = letters[at..].to_vec();
                        (switches.lines, switches.splits) = (true, true);
                        at = letters.len();
                    }
                    b'l' => {
                        switches.ends = true;
                        while letters.get(at).is_some_and(u8::is_ascii_digit) {
                            at += 1;
                        }
                    }
                    b'0' => {
                        let hexadecimal = letters.get(at) == Some(&b'x');
                        let digits = letters[at + usize::from(hexadecimal)..]
                            .iter()
                            .take_while(|b| b.is_ascii_hexdigit())
                            .count();
                        let digits = digits + usize::from(hexadecimal);
                        switches.record = Some(letters[at..at + digits].to_vec());
                        at += digits;
                    }
                    b'i' => {
                        switches.changes = true;
                        at = letters.len();
                    }
                    b'I' if at == letters.len() => words = words.get(1..).unwrap_or_default(),
                    b'x' => {
                        switches.seeks = true;
                        at = letters.len();
                    }
                    b'I' | b'C' | b'D' | b'V' => at = letters.len(),
                    _ => {}
                }
            }
        }
        let (name, body) = match text {
            Some(text) => ("-e".to_owned(), text),
            None => match words.split_first() {
                Some((path, rest)) if path != b"-" => {
                    words = rest;
                    match script(process, path, rest)? {
                        Some(text) => (String::from_utf8_lossy(path).into_owned(), text),
                        None => return Ok(2),
                    }
                }
                _ => ("-".to_owned(), process.all_input().await?.to_vec()),
            },
        };
        let body = if switches.seeks { after_mark(&body).to_vec() } else { body };
        let program = switches.around(&uses.concat(), &body);
        // What `-i` changes is told by nobody; files are read one after the other.
        let input = if switches.lines && !words.is_empty() { files(process, words) } else { None };
        let saved = input.is_some().then(|| process.swap_fd(0, input));
        let words = if switches.lines { &[] } else { words };
        process.enter()?;
        let result = run(process, &program, name, words).await;
        process.depth -= 1;
        if let Some(saved) = saved {
            process.fds.set(0, saved);
        }
        result
    })
}

/// What is asked for by switches.
#[derive(Default)]
struct Switches {
    lines: bool,
    prints: bool,
    splits: bool,
    ends: bool,
    changes: bool,
    seeks: bool,
    by: Vec<u8>,
    /// What `-0` says that ends a line.
    record: Option<Vec<u8>>,
}

impl Switches {
    /// The program with what switches put around it.
    fn around(&self, uses: &str, body: &[u8]) -> Vec<u8> {
        let mut program = uses.as_bytes().to_vec();
        if self.ends {
            program.extend_from_slice(b"$\\ = \"\\n\"; ");
        }
        if let Some(record) = &self.record {
            let digits = String::from_utf8_lossy(record);
            program.extend_from_slice(match digits.as_ref() {
                "777" | "0777" => b"$/ = undef; ".as_slice(),
                "0" => b"$/ = ''; ",
                _ => b"$/ = \"\\0\"; ",
            });
        }
        if !self.lines {
            program.extend_from_slice(body);
            return program;
        }
        program.extend_from_slice(b"while (defined($_ = <STDIN>)) { ");
        if self.ends {
            program.extend_from_slice(b"chomp; ");
        }
        if self.splits {
            let by = self.by.strip_prefix(b"/").and_then(|by| by.strip_suffix(b"/"));
            let by = by.unwrap_or(&self.by);
            if by.is_empty() {
                program.extend_from_slice(b"our @F = split(' '); ");
            } else {
                program.extend_from_slice(b"our @F = split(/");
                program.extend_from_slice(by);
                program.extend_from_slice(b"/); ");
            }
        }
        program.extend_from_slice(body);
        program.extend_from_slice(if self.prints { b"; print $_; }" } else { b"; }" });
        program
    }
}

/// `-MModule=a,b`, `-M'Module qw(a b)'`
fn use_line(letters: &[u8]) -> String {
    let text = String::from_utf8_lossy(letters).into_owned();
    let (word, text) = match text.strip_prefix('-') {
        Some(rest) => ("no", rest.to_owned()),
        None => ("use", text),
    };
    match text.split_once('=') {
        Some((name, items)) => format!("{word} {name} split(/,/, q{{{items}}}); "),
        None => format!("{word} {text}; "),
    }
}

/// `-x`: the program begins at a line with `#!` and `perl`.
fn after_mark(text: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b"#!") && line.windows(4).any(|w| w == b"perl") {
            return &text[at..];
        }
        at += line.len();
    }
    text
}

/// The files of `-n` and `-p`, as one input.
fn files(process: &Process, words: &[Vec<u8>]) -> Option<crate::io::Fd> {
    let view = process.view();
    let mut all = Vec::new();
    for path in words {
        let full = process.absolute(path);
        all.extend_from_slice(&process.fs().read(&view, &full).unwrap_or_default());
    }
    Some(crate::io::Open::bytes(all))
}

/// The text of a script; complains where there is none.
fn script(process: &mut Process, path: &[u8], words: &[Vec<u8>]) -> Result<Option<Vec<u8>>, Stop> {
    let view = process.view();
    let full = process.absolute(path);
    match process.fs().read(&view, &full) {
        Ok(text) => {
            if process.fs().origin(&view, &full) != Some(crate::fs::Origin::Host) {
                let all: Vec<Vec<u8>> =
                    [b"perl".to_vec(), path.to_vec()].into_iter().chain(words.to_vec()).collect();
                process.report_executed(&full, &all, &text);
            }
            Ok(Some(text.to_vec()))
        }
        Err(error) => {
            let shown = String::from_utf8_lossy(path).into_owned();
            process.error(&format!("Can't open perl script \"{shown}\": {}", error.text()))?;
            Ok(None)
        }
    }
}

/// What Perl says to a text that is no program.
fn mistake_text(mistake: &ast::Mistake, name: &str) -> String {
    match &mistake.near {
        Some(near) => format!("syntax error at {name} line {}, near \"{near}\"\n", mistake.line),
        None => format!("syntax error at {name} line {}, at EOF\n", mistake.line),
    }
}

async fn run(
    process: &mut Process,
    text: &[u8],
    name: String,
    words: &[Vec<u8>],
) -> Result<i32, Stop> {
    const BYTES_PER_STEP: u64 = 64;
    const FAILED: i32 = 255;
    let text = &text[..text.len().min(limits::SCRIPT_BYTES)];
    process.session.step(text.len() as u64 / BYTES_PER_STEP + 1)?;
    let block = match parse::program(text) {
        Ok(block) => block,
        Err(mistake) => {
            let said = mistake_text(&mistake, &name);
            process.error_bytes(said.as_bytes())?;
            process.error(&format!("Execution of {name} aborted due to compilation errors."))?;
            super::fetch::fetch_mentioned(process, text, "perl").await?;
            return Ok(FAILED);
        }
    };
    let block = Arc::new(block);
    let mut child = process.fork();
    let (status, missing) = {
        let mut machine = Machine::new(&mut child, name, words);
        if let Some(data) = parse::data(text) {
            machine.has_data(data);
        }
        let mut result = machine.block(&block, Want::One).await;
        if !matches!(result, Err(Unwind::Stop(_))) {
            let ended = machine.ended().await;
            if let Err(unwind @ Unwind::Stop(_)) = ended {
                result = Err(unwind);
            }
            for url in std::mem::take(&mut machine.asked_for) {
                machine.process.session.fetch(url.as_bytes(), "perl").await?;
            }
        }
        let ended = match result {
            Ok(_)
            | Err(Unwind::Return(_) | Unwind::Next(_) | Unwind::Last(_) | Unwind::Redo(_)) => {
                Ok((0, false))
            }
            Err(Unwind::Exit(status)) => Ok((status, status == 2)),
            Err(Unwind::Stop(stop)) => Err(stop),
            Err(Unwind::Die(value)) => {
                machine.process.error_bytes(&value.text())?;
                let refused = machine.scalar_named("!").shown() == "Connection refused";
                Ok((if refused { 111 } else { FAILED }, false))
            }
        };
        match machine.flush() {
            Err(Unwind::Stop(stop)) => Err(stop),
            _ => ended,
        }
    }?;
    if missing {
        super::fetch::fetch_mentioned(process, text, "perl").await?;
    }
    Ok(status)
}

impl Machine<'_> {
    /// What runs when the program is over, in the order opposite to that in which it stands.
    async fn ended(&mut self) -> machine::Done<()> {
        while let Some(body) = self.ends.pop() {
            match self.scoped(&body, Want::One).await {
                Err(unwind @ Unwind::Stop(_)) => return Err(unwind),
                Err(Unwind::Die(value)) => self.process.error_bytes(&value.text())?,
                _ => {}
            }
        }
        self.close_all().await
    }
}

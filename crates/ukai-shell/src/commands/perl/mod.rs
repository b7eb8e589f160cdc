//! `perl`, where the persona has it: Perl 5.36 as Debian 12 delivers it, as much of it
//! as droppers and probes use. `parse` makes a tree (`ast`), `run` goes through it,
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
mod functions;
mod lists;
mod methods;
mod operate;
mod pack;
mod packages;
mod parse;
mod quote;
mod run;
mod store;
mod value;
mod web;
mod words;

use super::{Arguments, Command};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use run::{Machine, Unwind};

pub(super) const COMMANDS: &[Command] = &[Command::waiting("perl", perl)];

const VERSION: &str = "\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu-thread-multi\n(with 54 registered patches, see perl -V for more detail)\n\nCopyright 1987-2022, Larry Wall\n\nPerl may be copied only under the terms of either the Artistic License or the\nGNU General Public License, which may be found in the Perl 5 source kit.\n\nComplete documentation for Perl, including FAQ lists, should be found on\nthis system using \"man perl\" or \"perldoc perl\".  If you have access to the\nInternet, point your browser at https://www.perl.org/, the Perl Home Page.\n\n";

fn perl(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let mut words = arguments.rest();
        let mut text: Option<Vec<u8>> = None;
        let mut uses = Vec::new();
        let (mut lines, mut prints, mut ends) = (false, false, false);
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
                        let name = String::from_utf8_lossy(&letters[at..]).into_owned();
                        let name = name.split('=').next().unwrap_or("").to_owned();
                        uses.push(format!("use {name}; "));
                        at = letters.len();
                    }
                    b'n' => lines = true,
                    b'p' => (lines, prints) = (true, true),
                    b'l' => ends = true,
                    b'i' | b'I' | b'0' | b'F' | b'x' => at = letters.len(),
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
        let mut program = uses.concat().into_bytes();
        if ends {
            program.extend_from_slice(b"$\\ = \"\\n\"; ");
        }
        if lines {
            program.extend_from_slice(b"while (<STDIN>) { ");
            if ends {
                program.extend_from_slice(b"chomp; ");
            }
            program.extend_from_slice(&body);
            program.extend_from_slice(if prints { b"; print $_; }" } else { b"; }" });
        } else {
            program.extend_from_slice(&body);
        }
        let input = if lines && !words.is_empty() { files(process, words) } else { None };
        let saved = input.is_some().then(|| process.swap_fd(0, input));
        process.enter()?;
        let result = run(process, &program, name, words).await;
        process.depth -= 1;
        if let Some(saved) = saved {
            process.fds.set(0, saved);
        }
        result
    })
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
    let mut child = process.fork();
    let (status, missing) = {
        let mut machine = Machine::new(&mut child, name, words);
        if let Some(data) = parse::data(text) {
            machine.has_data(data);
        }
        let result = machine.block(&block).await;
        let ended = match result {
            Ok(_) | Err(Unwind::Return(_) | Unwind::Next | Unwind::Last) => Ok((0, false)),
            Err(Unwind::Exit(status)) => Ok((status, status == 2)),
            Err(Unwind::Stop(stop)) => Err(stop),
            Err(Unwind::Die(text)) => {
                machine.process.error_bytes(&text)?;
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

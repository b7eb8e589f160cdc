//! `python3`, where the persona has it: Python 3.11 as Debian 12 delivers it, as much
//! of it as droppers, probes and people at its prompt use.
//!
//! `lexer`, `parse` and `expressions` make a tree (`ast`), `run` and `eval` go through it; values are
//! in `value`, operators in `operate`, Python's own functions in `builtins`, `methods`
//! and `library`, what reaches the system or the network in `system` and `net`. A
//! program takes from the session's budget. What we do not have fails as a machine that
//! has no memory left would fail.

#![allow(
    clippy::single_match_else,
    clippy::many_single_char_names,
    clippy::match_same_arms,
    clippy::format_push_string,
    reason = "a failure beside what is wanted reads as two arms; operands are a and b; \
              tables of what modules hold stand by module; texts are short"
)]

mod ast;
mod builtins;
mod calls;
mod classes;
mod codings;
mod containers;
mod data_model;
mod eval;
mod expressions;
mod format;
mod items;
mod json;
mod large;
mod lexer;
mod library;
mod matching;
mod methods;
mod modules;
mod names;
mod net;
mod objects;
mod operate;
mod parse;
mod placing;
mod protocol;
mod random;
mod recognise;
mod regex;
mod run;
mod second;
mod streams;
mod structure;
mod system;
mod text_methods;
mod texts;
mod trace;
mod type_functions;
mod unknown;
mod value;
mod written;

pub(super) use net::resolves;
pub use recognise::{Certainty, is_python};

use super::{Arguments, Command};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use ast::Mistake;
use run::{Machine, Unwind};
use std::sync::Arc;
use value::Value;

pub(super) const COMMANDS: &[Command] =
    &[Command::waiting("python3", python), Command::waiting("python", python)];

/// Bytes of a program that are read in a step.
const TEXT_PER_STEP: u64 = 128;

const USAGE: &str = "usage: python3 [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `python -h' for more information.\n";

/// Where a program comes from.
enum Program {
    Text(Vec<u8>),
    File(Vec<u8>),
    Input,
}

fn python(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let mut words = arguments.rest();
        let mut program = None;
        while let [first, rest @ ..] = words {
            let Some(letters) = first.strip_prefix(b"-").filter(|l| !l.is_empty()) else { break };
            words = rest;
            if letters == b"-version" || letters.starts_with(b"V") {
                process.print("Python 3.11.2\n")?;
                return Ok(0);
            }
            if letters.starts_with(b"-") {
                if letters == b"-" {
                    break;
                }
                process.error_bytes(
                    format!("unknown option {}\n{USAGE}", String::from_utf8_lossy(first))
                        .as_bytes(),
                )?;
                return Ok(2);
            }
            let mut known = true;
            for (at, letter) in letters.iter().enumerate() {
                match letter {
                    b'c' | b'm' | b'W' | b'X' => {
                        let inside = &letters[at + 1..];
                        let value = if inside.is_empty() {
                            let value = words.first().cloned();
                            words = words.get(1..).unwrap_or_default();
                            value
                        } else {
                            Some(inside.to_vec())
                        };
                        let Some(value) = value else {
                            let letter = *letter as char;
                            let text =
                                format!("Argument expected for the -{letter} option\n{USAGE}");
                            process.error_bytes(text.as_bytes())?;
                            return Ok(2);
                        };
                        match letter {
                            b'c' => program = Some(Program::Text(value)),
                            b'm' => return module(process, &value, words).await,
                            _ => {}
                        }
                        break;
                    }
                    b'i' | b'u' | b'B' | b'E' | b'I' | b'O' | b'P' | b'q' | b's' | b'S' | b'v'
                    | b'x' | b'b' | b'd' => {}
                    _ => known = false,
                }
            }
            if !known {
                let letter = letters.iter().map(|b| *b as char).next().unwrap_or('?');
                process.error_bytes(format!("Unknown option: -{letter}\n{USAGE}").as_bytes())?;
                return Ok(2);
            }
            if program.is_some() {
                break;
            }
        }
        if program.is_none()
            && let [first, rest @ ..] = words
        {
            program =
                Some(if first == b"-" { Program::Input } else { Program::File(first.clone()) });
            words = rest;
        }
        match program {
            Some(Program::Text(text)) => run(process, &text, "<string>", "-c", words).await,
            Some(Program::File(path)) => file(process, &path, words).await,
            Some(Program::Input) | None => input(process, words).await,
        }
    })
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a file; also one that begins with `#!/usr/bin/python3`.
pub(crate) async fn file(
    process: &mut Process,
    path: &[u8],
    words: &[Vec<u8>],
) -> Result<i32, Stop> {
    let view = process.view();
    let full = process.absolute(path);
    let name = shown(path);
    match process.fs().read(&view, &full) {
        Ok(text) => {
            if process.fs().origin(&view, &full) != Some(crate::fs::Origin::Host) {
                let all: Vec<Vec<u8>> = [b"python3".to_vec(), path.to_vec()]
                    .into_iter()
                    .chain(words.to_vec())
                    .collect();
                process.report_executed(&full, &all, &text);
            }
            // Tracebacks name the file from the root.
            let whole = if name.starts_with('/') {
                name.clone()
            } else {
                let folder = shown(&process.directory);
                format!("{}/{}", folder.trim_end_matches('/'), name.trim_start_matches("./"))
            };
            run(process, &text, &whole, &name, words).await
        }
        Err(error) => {
            let number = match error {
                crate::fs::FsError::NotFound => 2,
                crate::fs::FsError::Permission => 13,
                crate::fs::FsError::IsDirectory => {
                    let text = format!(
                        "/usr/bin/python3: can't find '__main__' module in '{}'",
                        shown(&full)
                    );
                    process.error(&text)?;
                    return Ok(1);
                }
                _ => 20,
            };
            let full = shown(&full);
            process.error(&format!(
                "python3: can't open file '{full}': [Errno {number}] {}",
                error.text()
            ))?;
            Ok(2)
        }
    }
}

/// `python3 -m module`: what is asked for in practice.
async fn module(process: &mut Process, name: &[u8], words: &[Vec<u8>]) -> Result<i32, Stop> {
    let name = shown(name);
    match name.as_str() {
        "http.server" | "SimpleHTTPServer" if name == "http.server" => {
            let port = words.first().map_or_else(|| "8000".to_owned(), |w| shown(w));
            process.print(format!(
                "Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ...\n"
            ))?;
            let long = ukai_model::Duration::from_secs(limits::SLEEP_S);
            process.session.sleep(long).await?;
            Ok(0)
        }
        "platform" => {
            let text = b"import platform; print(platform.platform())";
            run(process, text, "<string>", "-m", words).await
        }
        "pty" => {
            let shell = process.variable(b"SHELL").unwrap_or_default();
            process.program(vec![shell.to_vec()]).await
        }
        _ => {
            process.error(&format!("/usr/bin/python3: No module named {name}"))?;
            Ok(1)
        }
    }
}

/// Standard input: a program as a whole, or a person at the prompt.
async fn input(process: &mut Process, words: &[Vec<u8>]) -> Result<i32, Stop> {
    if process.input_is_typed(0) && process.session.login.terminal.is_some() {
        return prompt(process, words).await;
    }
    let text = process.all_input().await?;
    run(process, &text, "<stdin>", "-", words).await
}

fn arguments(name: &str, words: &[Vec<u8>]) -> Vec<Value> {
    std::iter::once(Value::str(name)).chain(words.iter().map(|w| Value::str(shown(w)))).collect()
}

/// Runs a program's text to its end.
async fn run(
    process: &mut Process,
    text: &[u8],
    name: &str,
    zero: &str,
    words: &[Vec<u8>],
) -> Result<i32, Stop> {
    process.enter()?;
    let result = run_inside(process, text, name, zero, words).await;
    process.depth -= 1;
    result
}

async fn run_inside(
    process: &mut Process,
    text: &[u8],
    name: &str,
    zero: &str,
    words: &[Vec<u8>],
) -> Result<i32, Stop> {
    let text = &text[..text.len().min(limits::SCRIPT_BYTES)];
    process.session.step(text.len() as u64 / TEXT_PER_STEP + 1)?;
    if text.contains(&0) && !text.starts_with(b"#") {
        let shown = shown(text.split(|b| *b == b'\n').next().unwrap_or_default());
        if name == "<string>" || name == "<stdin>" {
            process.error("ValueError: source code string cannot contain null bytes")?;
        } else if shown.is_ascii() {
            process.error("SyntaxError: source code cannot contain null bytes")?;
        } else {
            let text = format!(
                "SyntaxError: Non-UTF-8 code starting with '\\x{:02x}' in file {name} on line 1, but no encoding declared; see https://peps.python.org/pep-0263/ for details",
                text.iter().find(|b| **b >= 0x80).copied().unwrap_or(0xff)
            );
            process.error(&text)?;
        }
        return Ok(1);
    }
    let text: Arc<str> = String::from_utf8_lossy(text).into();
    let block = match second::either(&text, process.session.may_pass_over() > 0) {
        Ok(block) => block,
        Err(mistake) => {
            report_mistake(process, &mistake, name, &text)?;
            // What it wanted is fetched all the same: a program for another Python.
            super::fetch::fetch_mentioned(process, text.as_bytes(), "python3").await?;
            return Ok(1);
        }
    };
    let mut child = process.fork();
    let status = {
        let mut machine = Machine::new(&mut child, arguments(zero, words));
        // Only files are read again to show their lines.
        let lines = (name != "<string>" && name != "<stdin>").then(|| Arc::clone(&text));
        machine.sources.push((name.into(), lines));
        if name != "<string>" && name != "<stdin>" {
            let scope = &mut machine.scopes[0];
            scope.order.push("__file__".into());
            scope.names.insert("__file__".into(), Value::str(name));
        }
        let result = machine.block(&block).await;
        let ended = finish(&mut machine, &result)?;
        machine.run_at_end().await?;
        Ok::<_, Stop>(ended)
    }?;
    if let (status, Some(module)) = &status
        && *status != 0
        && module.contains("ModuleNotFoundError")
    {
        super::fetch::fetch_mentioned(process, text.as_bytes(), "python3").await?;
    }
    Ok(status.0)
}

/// How a program ends: its status, and what it complained of.
fn finish(
    machine: &mut Machine<'_>,
    result: &Result<(), Unwind>,
) -> Result<(i32, Option<String>), Stop> {
    let ended = match result {
        Ok(()) | Err(Unwind::Return(_) | Unwind::Break | Unwind::Continue) => Ok((0, None)),
        Err(Unwind::Exit(status)) => Ok((*status, None)),
        Err(Unwind::Stop(stop)) => Err(*stop),
        Err(Unwind::Raise(id)) => raised(machine, *id),
    };
    match machine.flush() {
        Err(Unwind::Stop(stop)) => Err(stop),
        _ => ended,
    }
}

fn raised(machine: &mut Machine<'_>, id: value::Id) -> Result<(i32, Option<String>), Stop> {
    let exit = machine.fits(id, &Value::Type("SystemExit"));
    if exit {
        let argument = match machine.objects[id].field("args") {
            Some(Value::Tuple(items)) => items.first().cloned(),
            _ => None,
        };
        return match machine.exit_with(argument) {
            Unwind::Exit(status) => Ok((status, None)),
            Unwind::Stop(stop) => Err(stop),
            _ => Ok((1, None)),
        };
    }
    let interrupted = machine.fits(id, &Value::Type("KeyboardInterrupt"));
    match machine.traceback(id) {
        Ok(text) => {
            machine.process.error_bytes(text.as_bytes())?;
            Ok((if interrupted { 130 } else { 1 }, Some(text)))
        }
        Err(Unwind::Stop(stop)) => Err(stop),
        Err(_) => Ok((1, None)),
    }
}

fn report_mistake(
    process: &mut Process,
    mistake: &Mistake,
    name: &str,
    text: &str,
) -> Result<(), Stop> {
    let text = Machine::mistake_text(mistake, name, text);
    process.error_bytes(text.as_bytes())
}

/// A person at Python's prompt.
async fn prompt(process: &mut Process, words: &[Vec<u8>]) -> Result<i32, Stop> {
    process.enter()?;
    process.print("Python 3.11.2 (main, Apr 28 2025, 14:11:48) [GCC 12.2.0] on linux\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n")?;
    let mut child = process.fork();
    let result = talk(&mut child, words).await;
    process.depth -= 1;
    result
}

async fn talk(child: &mut Process, words: &[Vec<u8>]) -> Result<i32, Stop> {
    let mut machine = Machine::new(child, arguments("", words));
    machine.shows = true;
    let mut pending = String::new();
    loop {
        machine.process.print(if pending.is_empty() { ">>> " } else { "... " })?;
        let line = match machine.process.read(0, limits::TERMINAL_LINE_BYTES, true).await {
            Ok(line) => line.unwrap_or_default(),
            Err(Stop::Interrupted) => {
                return Err(Stop::Interrupted);
            }
            Err(stop) => return Err(stop),
        };
        if line.is_empty() {
            machine.process.print("\n")?;
            return Ok(0);
        }
        machine.process.session.system().refill();
        let blank = line.trim_ascii().is_empty();
        pending.push_str(&String::from_utf8_lossy(&line));
        let block = parse::program(&pending);
        let more = match &block {
            Err(mistake) => mistake.unfinished && !blank,
            // A compound statement ends with an empty line.
            Ok(block) => !blank && block.last().is_some_and(is_compound),
        };
        if more && pending.len() < limits::TERMINAL_LINE_BYTES {
            continue;
        }
        let text = std::mem::take(&mut pending);
        match block {
            Err(mistake) => report_mistake(machine.process, &mistake, "<stdin>", &text)?,
            Ok(block) => {
                machine.sources.push(("<stdin>".into(), None));
                machine.source = machine.sources.len() - 1;
                let result = machine.block(&block).await;
                match result {
                    Err(Unwind::Raise(id)) => {
                        let exits = machine.fits(id, &Value::Type("SystemExit"));
                        let (status, _) = raised(&mut machine, id)?;
                        if exits {
                            return Ok(status);
                        }
                    }
                    Err(Unwind::Exit(status)) => return Ok(status),
                    Err(Unwind::Stop(stop)) => return Err(stop),
                    _ => {}
                }
            }
        }
    }
}

fn is_compound(stmt: &ast::Stmt) -> bool {
    use ast::StmtKind::{Class, For, Function, If, Try, While, With};
    matches!(
        stmt.kind,
        If(..) | While(..) | For { .. } | Try { .. } | With(..) | Function(..) | Class { .. }
    )
}

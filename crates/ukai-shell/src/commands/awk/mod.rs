//! `awk`: mawk 1.3.4 where the host is Debian, otherwise BusyBox's. `lexer` and `parse`
//! make a tree, `run` goes through it, `evaluate` and `functions` find values,
//! `records` reads lines and splits them, `streams` has files and other commands.

mod arrays;
mod evaluate;
mod format;
mod functions;
mod lexer;
mod parse;
mod records;
mod run;
mod streams;
mod value;

use super::{Arguments, Command, Leave, Options};
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::collections::HashMap;

pub(super) const COMMANDS: &[Command] =
    &[Command::waiting("awk", awk), Command::waiting("gawk", awk), Command::waiting("mawk", awk)];

/// An expression.
#[derive(Debug)]
enum Expression {
    Number(f64),
    Text(Vec<u8>),
    /// A regular expression alone is tried on the whole line.
    Regex(Vec<u8>),
    Variable(String),
    Element(String, Vec<Expression>),
    Field(Box<Expression>),
    Unary(u8, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    Concat(Vec<Expression>),
    /// Operators of one level from left to right, with what stands after each: long
    /// ones must not nest.
    Chain(Box<Expression>, Vec<(&'static str, Expression)>),
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
    /// Target, operator (`=`, `+=` ...), value.
    Assign(Box<Expression>, &'static str, Box<Expression>),
    /// Target, change, whether the old value is given.
    Step(Box<Expression>, f64, bool),
    In(Vec<Expression>, String),
    /// Name, arguments, and the line where it stands.
    Call(String, Vec<Expression>, u32),
    /// Where a line comes from, and what it is assigned to: `$0` if nothing is named.
    Getline(LineFrom, Option<Box<Expression>>),
}

/// Where `getline` reads.
#[derive(Debug)]
enum LineFrom {
    Main,
    File(Box<Expression>),
    Command(Box<Expression>),
}

/// Where `print` writes, if not on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PrintTo {
    File,
    Append,
    Command,
}

/// A statement.
#[derive(Debug)]
enum Statement {
    Expression(Expression),
    /// What is printed, whether its first is a format, and where to.
    Print(Vec<Expression>, bool, Option<(PrintTo, Expression)>),
    If(Expression, Box<Statement>, Option<Box<Statement>>),
    While(Expression, Box<Statement>, bool),
    For(Option<Box<Statement>>, Option<Expression>, Option<Box<Statement>>, Box<Statement>),
    ForIn(String, String, Box<Statement>),
    Block(Vec<Statement>),
    Delete(String, Vec<Expression>),
    Next,
    NextFile,
    Exit(Option<Expression>),
    Return(Option<Expression>),
    Break,
    Continue,
}

/// When an action runs.
#[derive(Debug)]
enum When {
    Begin,
    End,
    Always,
    Fits(Expression),
    Range(Expression, Expression),
}

/// A function of the program.
#[derive(Debug)]
struct Function {
    parameters: Vec<String>,
    body: Statement,
}

/// A program.
#[derive(Debug, Default)]
struct Program {
    /// When, and what; no action prints the line.
    rules: Vec<(When, Option<Statement>)>,
    functions: HashMap<String, Function>,
}

/// Whose `awk` it is, and how it is called in messages.
#[derive(Clone, Debug)]
struct Called {
    gnu: bool,
    name: String,
    /// What stands in front of the line's number: `cmd. line`, or the program's file.
    source: String,
}

impl Called {
    /// A message about a line of the program: mawk's text, or BusyBox's.
    fn message(&self, line: u32, mawk: &str, busybox: &str) -> String {
        if self.gnu && mawk.starts_with("unexpected character") {
            format!("{}: {line}: {mawk}", self.name)
        } else if self.gnu {
            format!("{}: line {line}: {mawk}", self.name)
        } else {
            format!("{}: {}:{line}: {busybox}", self.name, self.source)
        }
    }

    /// The status with which it gives up.
    const fn failure(&self) -> i32 {
        if self.gnu { 2 } else { 1 }
    }
}

fn awk(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(&arguments, "+F:v:f:e:W:", &["version"]);
        if options.has("version") || options.value("W") == Some(b"version") && arguments.gnu {
            process.print("mawk 1.3.4 20200120\n")?;
            return Ok(0);
        }
        let mut called = Called {
            gnu: arguments.gnu,
            name: arguments.name().into_owned(),
            source: "cmd. line".to_owned(),
        };
        let mut operands = options.operands.clone();
        let text = match program_text(process, &options, &mut operands, &mut called)? {
            Ok(text) => text,
            Err(status) => return Ok(status),
        };
        process.session.step(1 + text.len() as u64 / 64)?;
        let program = match parse::program(&text, called.gnu) {
            Ok(program) => program,
            Err(mistake) => {
                let message = called.message(mistake.line, &mistake.mawk, mistake.busybox);
                process.error(&message)?;
                return Ok(called.failure());
            }
        };
        let mut machine = run::Machine::new(process, &program.functions, called, operands);
        if let Some(separator) = options.value("F") {
            let separator = if separator == b"t" {
                b"\t".to_vec()
            } else {
                crate::escape::unescape(separator, None).0
            };
            machine.preset("FS", separator);
        }
        for word in options.values("v") {
            machine.assign_operand(word);
        }
        machine.run(&program).await
    })
}

/// The program's text: of `-f` files, or the first operand. An error is the status with
/// which `awk` ends after it has complained.
fn program_text(
    process: &mut Process,
    options: &Options,
    operands: &mut Vec<Vec<u8>>,
    called: &mut Called,
) -> Result<Result<Vec<u8>, i32>, Stop> {
    let mut text = Vec::new();
    let files: Vec<Vec<u8>> = options.values("f").map(<[u8]>::to_vec).collect();
    for path in &files {
        let shown = String::from_utf8_lossy(path).into_owned();
        match super::reading::read_file(process, path) {
            Ok(Ok(bytes)) => text.extend_from_slice(&bytes),
            Ok(Err(error)) => {
                let why = error.text();
                process.error(&if called.gnu {
                    streams::cannot_read(called, &shown, why)
                } else {
                    format!("{}: can't open '{shown}': {why}", called.name)
                })?;
                return Ok(Err(called.failure()));
            }
            Err(Leave::Stop(stop)) => return Err(stop),
            Err(Leave::NeedInput) => {}
        }
        text.push(b'\n');
        called.source = shown;
    }
    for more in options.values("e").filter(|_| !called.gnu) {
        text.extend_from_slice(more);
        text.push(b'\n');
    }
    if text.is_empty() {
        if operands.is_empty() {
            if called.gnu {
                process.error("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]")?;
            } else {
                process.busybox_usage("awk [OPTIONS] [AWK_PROGRAM] [FILE]...\n")?;
            }
            return Ok(Err(1));
        }
        text = operands.remove(0);
        if text.is_empty() {
            return Ok(Err(0));
        }
    }
    text.truncate(crate::limits::SCRIPT_BYTES);
    Ok(Ok(text))
}

//! `awk`: patterns, actions, fields, variables and arrays, the functions that scripts
//! of attackers and administrators use. No pipes, no files, no functions of one's own.

mod parse;
mod run;
mod value;

use super::{Arguments, Command, Leave, Options, Outcome};
use crate::process::Process;
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("awk", awk), Command::at_once("gawk", awk), Command::at_once("mawk", awk)];

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
    Call(String, Vec<Expression>),
    Getline,
}

/// A statement.
#[derive(Debug)]
enum Statement {
    Expression(Expression),
    Print(Vec<Expression>),
    Printf(Vec<Expression>),
    If(Expression, Box<Statement>, Option<Box<Statement>>),
    While(Expression, Box<Statement>, bool),
    For(Option<Box<Statement>>, Option<Expression>, Option<Box<Statement>>, Box<Statement>),
    ForIn(String, String, Box<Statement>),
    Block(Vec<Statement>),
    Delete(String, Vec<Expression>),
    Next,
    Exit(Option<Expression>),
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

/// A program: when, and what; no action prints the line.
type Program = Vec<(When, Option<Statement>)>;

fn awk(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "+F:v:f:W:", &["version"]);
    if options.has("version") {
        process.print("mawk 1.3.4 20200120\n")?;
        return Ok(0);
    }
    let mut operands = options.operands.clone();
    let text;
    if let Some(path) = options.value("f").map(<[u8]>::to_vec) {
        match super::reading::read_file(process, &path)? {
            Ok(bytes) => text = bytes.to_vec(),
            Err(error) => {
                let shown = String::from_utf8_lossy(&path).into_owned();
                process.error(&format!("awk: can't open file {shown}: {}", error.text()))?;
                return Ok(2);
            }
        }
    } else if operands.is_empty() {
        if arguments.gnu {
            process.error("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]")?;
        } else {
            process.busybox_usage("awk [OPTIONS] [AWK_PROGRAM] [FILE]...\n")?;
        }
        return Ok(1);
    } else {
        text = operands.remove(0);
        if text.is_empty() {
            return Ok(0);
        }
    }
    process.session.step(1 + text.len() as u64 / 64)?;
    let Ok(program) = parse::program(&text) else {
        process.error("awk: cmd. line:1: Unexpected token")?;
        return Ok(1);
    };
    let mut variables = BTreeMap::new();
    if let Some(separator) = options.value("F") {
        let separator = if separator == b"t" {
            b"\t".to_vec()
        } else {
            crate::escape::unescape(separator, None).0
        };
        variables.insert("FS".to_owned(), separator);
    }
    for word in options.values("v") {
        if let Some(at) = word.iter().position(|b| *b == b'=') {
            let name = String::from_utf8_lossy(&word[..at]).into_owned();
            variables.insert(name, crate::escape::unescape(&word[at + 1..], None).0);
        }
    }
    let reads = program.iter().any(|(when, _)| !matches!(when, When::Begin))
        || text.windows(7).any(|w| w == b"getline");
    let mut files = Vec::new();
    for operand in operands {
        match operand.iter().position(|b| *b == b'=') {
            Some(at) if crate::syntax::is_name(&operand[..at]) => {
                let name = String::from_utf8_lossy(&operand[..at]).into_owned();
                variables.insert(name, operand[at + 1..].to_vec());
            }
            _ => files.push(operand),
        }
    }
    let (inputs, status) =
        if reads { super::reading::inputs(process, arguments, &files)? } else { (Vec::new(), 0) };
    let mut machine = run::Machine::new(process, variables);
    let result = machine.run(&program, &inputs);
    let (out, code) = (machine.take_output(), machine.status());
    process.print(&out)?;
    match result {
        Ok(()) => Ok(code.unwrap_or(if status == 0 { 0 } else { 2 })),
        Err(stop) => Err(Leave::Stop(stop)),
    }
}

//! From text to tree: the grammar of POSIX `sh` as BusyBox ash reads it, with bash's
//! additions where the persona has bash.
//!
//! The parser is ours and works on bytes: `brush-parser` takes time exponential in the
//! number of open `((` (16 of them: 268 s), overflows the stack on deep nesting, knows
//! only UTF-8, and does not give ash's messages, which are what an attacker sees of it.
//! This one is linear, bounded in depth, and reads one complete command at a time, as
//! a shell does: what stands before a mistake is run.

mod ast;
mod error;
mod lexer;
mod parser;
mod simple;
mod word;

pub(crate) use ast::{
    AndOr, Assignment, Case, CaseChange, Command, Compound, Connector, Element, List, Param,
    ParamOp, Part, Redirect, RedirectKind, Simple, Subscript, Target, TimeForm, Value, Word,
};
pub(crate) use error::SyntaxError;
pub(crate) use lexer::is_name;
pub(crate) use parser::Parser;

/// Which program a shell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShellKind {
    /// BusyBox's.
    Ash,
    Bash,
    Dash,
}

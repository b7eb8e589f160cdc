//! As much SQL as those ask for who try passwords, look around, and run programs.

mod define;
pub(super) mod eval;
mod expression;
pub(super) mod functions;
mod lexer;
pub(super) mod numeric;
pub(super) mod parse;
mod parser;
mod query;
mod settings;
pub(super) mod syntax;
pub(super) mod tables;
mod unread;
pub(super) mod value;

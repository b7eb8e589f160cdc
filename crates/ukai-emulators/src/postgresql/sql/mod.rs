//! As much SQL as those ask for who try passwords, look around, and run programs.

pub(super) mod eval;
pub(super) mod functions;
pub(super) mod lexer;
pub(super) mod parse;
pub(super) mod tables;
pub(super) mod value;

//! The tree of a Perl program.

use bytes::Bytes;
use std::sync::Arc;

pub(super) type Name = Arc<str>;

#[derive(Debug)]
pub(super) enum Expr {
    Int(i64),
    Num(f64),
    Str(Bytes),
    /// A text with variables in it.
    Text(Vec<Expr>),
    Scalar(Name),
    Array(Name),
    Hash(Name),
    /// `$#name`
    Last(Name),
    /// `$name[...]`, or `$ref->[...]`.
    Item(Box<Expr>, Box<Expr>),
    /// `$name{...}`, or `$ref->{...}`.
    Member(Box<Expr>, Box<Expr>),
    /// `@name[...]`, `@name{...}`: of an array, or of a hash.
    Slice(Box<Expr>, Vec<Expr>),
    /// `@{...}`, `%{...}`, `${...}`
    Deref(char, Box<Expr>),
    /// `\...`
    Ref(Box<Expr>),
    My(Vec<(char, Name)>, bool),
    List(Vec<Expr>),
    NewArray(Vec<Expr>),
    NewHash(Vec<Expr>),
    Sub(Arc<Vec<Stmt>>),
    Assign(&'static str, Box<Expr>, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Logic(&'static str, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    Choice(Box<[Expr; 3]>),
    /// `++` and `--`, before or after.
    Step(Box<Expr>, i64, bool),
    Call(Name, Vec<Expr>),
    /// `print {HANDLE} ...`
    Print(Name, Option<Box<Expr>>, Vec<Expr>),
    Method(Box<Expr>, Name, Vec<Expr>),
    Invoke(Box<Expr>, Vec<Expr>),
    /// `` `...` ``
    Run(Box<Expr>),
    /// `<HANDLE>`
    Read(Name),
    Match(Box<Expr>, Arc<Pattern>, bool),
    Replace(Box<Expr>, Arc<Pattern>, Box<Expr>),
    /// What is looked at, its letters, others for them, and flags.
    Translate(Box<Expr>, Vec<u8>, Vec<u8>, Name),
    /// `-e file`
    Test(char, Box<Expr>),
    /// `map`, `grep`, `sort`: a block (or an expression) and a list.
    Each(Name, Option<Arc<Vec<Stmt>>>, Vec<Expr>),
    /// `eval { ... }`, `do { ... }`
    Block(Name, Arc<Vec<Stmt>>),
}

#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: Expr,
    pub(super) flags: String,
}

#[derive(Debug)]
pub(super) struct Stmt {
    pub(super) kind: StmtKind,
    pub(super) line: u32,
}

#[derive(Debug)]
pub(super) enum StmtKind {
    Expr(Expr),
    If(Vec<(Expr, Vec<Stmt>)>, Vec<Stmt>),
    While(Expr, Vec<Stmt>),
    For(Option<Expr>, Option<Expr>, Option<Expr>, Vec<Stmt>),
    Foreach(Option<Name>, Expr, Vec<Stmt>),
    Sub(Name, Arc<Vec<Stmt>>),
    Block(Vec<Stmt>),
    Use(Name),
    Package(Name),
}

/// Why a text is no program: what stands near, and where.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) line: u32,
    pub(super) near: Option<String>,
}

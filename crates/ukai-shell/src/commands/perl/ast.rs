//! The tree of a Perl program.

use bytes::Bytes;
use std::sync::Arc;

pub(super) type Name = Arc<str>;
pub(super) type Body = Arc<Vec<Stmt>>;

#[derive(Debug)]
pub(super) enum Expr {
    Int(i64),
    Num(f64),
    Str(Bytes),
    /// A text with variables in it, and what dots join.
    Text(Vec<Expr>),
    Scalar(Name),
    Array(Name),
    Hash(Name),
    /// `$name[...]`, or `$ref->[...]`.
    Item(Box<Expr>, Box<Expr>),
    /// `$name{...}`, or `$ref->{...}`.
    Member(Box<Expr>, Box<Expr>),
    /// `@name[...]`, `@name{...}`, `(list)[...]`; with keys, too, after `%`.
    Slice(Box<Expr>, Vec<Expr>, bool),
    /// `@{...}`, `%{...}`, `${...}`; `#` is `$#{...}`.
    Deref(char, Box<Expr>),
    /// `\...`
    Ref(Box<Expr>),
    /// `\&name`, and what `defined &name` asks for.
    SubOf(Box<Expr>),
    /// `*name`
    Glob(Box<Expr>),
    My(Vec<(char, Name)>, bool),
    Our(Vec<(char, Name)>, bool),
    /// `state $name`: the place tells it from others.
    State(char, Name, usize),
    Local(Box<Expr>),
    List(Vec<Expr>),
    NewArray(Vec<Expr>),
    NewHash(Vec<Expr>),
    Sub(Body),
    Assign(&'static str, Box<Expr>, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Logic(&'static str, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    /// `~`
    Complement(Box<Expr>),
    Choice(Box<[Expr; 3]>),
    /// `++` and `--`, before or after.
    Step(Box<Expr>, i64, bool),
    /// A function; whether it was called with `&`, which means a sub.
    Call(Name, Vec<Expr>),
    /// `print {HANDLE} ...`
    Print(Name, Option<Box<Expr>>, Vec<Expr>),
    Method(Box<Expr>, Box<Expr>, Vec<Expr>),
    Invoke(Box<Expr>, Vec<Expr>),
    /// `` `...` ``
    Run(Box<Expr>),
    /// `<HANDLE>`
    Read(Name),
    Match(Box<Expr>, Arc<Pattern>, bool),
    Replace(Box<Expr>, Arc<Pattern>, Arc<Replacement>),
    /// What is looked at, its letters, others for them, and flags.
    Translate(Box<Expr>, Vec<u8>, Vec<u8>, Name),
    /// `-e file`
    Test(char, Box<Expr>),
    /// `map`, `grep`, `sort` and those of `List::Util`: a block (or an expression) and a list.
    Each(Name, Option<Body>, Vec<Expr>),
    /// `eval { ... }`, `do { ... }`
    Block(Name, Body),
}

#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: Expr,
    pub(super) flags: String,
}

/// What a match is replaced with.
#[derive(Debug)]
pub(super) enum Replacement {
    Text(Expr),
    /// With the flag `e`.
    Code(Vec<Stmt>),
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
    /// The condition, the body, what `continue` has.
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `do { ... } while ...`
    DoWhile(Expr, Expr),
    For(Option<Expr>, Option<Expr>, Option<Expr>, Vec<Stmt>),
    /// The variable and whether it is declared there.
    Foreach(Option<(Name, bool)>, Expr, Vec<Stmt>),
    Sub(Name, Body),
    Block(Vec<Stmt>),
    /// `END { ... }`
    End(Body),
    /// A module and what is asked of it.
    Use(Name, Vec<Expr>),
    Package(Name),
    Labelled(Name, Box<StmtKind>),
}

/// Why a text is no program: what stands near, and where.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) line: u32,
    pub(super) near: Option<String>,
}

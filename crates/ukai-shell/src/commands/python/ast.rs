//! The tree of a Python program.

use super::value::Value;
use std::sync::Arc;

/// Where something stands in the source: lines from 1, columns from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) line: u32,
    pub(super) start: u32,
    pub(super) end_line: u32,
    pub(super) end: u32,
    /// Columns that a traceback underlines with `^` where the rest gets `~`.
    pub(super) mark: Option<(u32, u32)>,
}

#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) span: Span,
    /// Levels below it.
    pub(super) height: u16,
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Constant(Value),
    Format(Vec<Piece>),
    Name(Arc<str>),
    Attribute(Box<Expr>, Arc<str>),
    Index(Box<Expr>, Box<Expr>),
    Slice([Option<Box<Expr>>; 3]),
    Call(Box<Expr>, Vec<Argument>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `and`, `or`
    Logic(&'static str, Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(&'static str, Expr)>),
    /// Condition, then, else.
    Choice(Box<[Expr; 3]>),
    Lambda(Arc<Function>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    /// Without a key it is `**value`.
    Dict(Vec<(Option<Expr>, Expr)>),
    Comprehension(Box<Comprehension>),
    Starred(Box<Expr>),
    Walrus(Arc<str>, Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
    Await(Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gathers {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Debug)]
pub(super) struct Comprehension {
    pub(super) gathers: Gathers,
    pub(super) element: Expr,
    pub(super) value: Option<Expr>,
    pub(super) clauses: Vec<Clause>,
}

/// `for target in source if condition ...`
#[derive(Debug)]
pub(super) struct Clause {
    pub(super) target: Expr,
    pub(super) source: Expr,
    pub(super) conditions: Vec<Expr>,
}

/// A part of an f-string.
#[derive(Debug)]
pub(super) enum Piece {
    Text(Arc<str>),
    Value { value: Expr, conversion: Option<char>, form: Vec<Piece> },
}

#[derive(Debug)]
pub(super) enum Argument {
    Plain(Expr),
    Named(Arc<str>, Expr),
    Many(Expr),
    ManyNamed(Expr),
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: Arc<str>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Vec<Stmt>,
    /// Whether it yields.
    pub(super) generates: bool,
}

impl Function {
    /// The text that says what it is for.
    pub(super) fn doc(&self) -> Option<Arc<str>> {
        match self.body.first().map(|it| &it.kind) {
            Some(StmtKind::Expr(Expr { kind: ExprKind::Constant(Value::Str(text)), .. })) => {
                Some(Arc::clone(text))
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    One,
    Rest,
    RestNamed,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: Arc<str>,
    pub(super) default: Option<Expr>,
    pub(super) takes: Takes,
}

#[derive(Debug)]
pub(super) struct Stmt {
    pub(super) kind: StmtKind,
    pub(super) span: Span,
}

pub(super) type Block = Vec<Stmt>;

#[derive(Debug)]
pub(super) enum StmtKind {
    Expr(Expr),
    Assign(Vec<Expr>, Expr),
    Augment(Expr, &'static str, Expr),
    /// `target: type = value`
    Annotate(Expr, Option<Expr>),
    If(Vec<(Expr, Block)>, Block),
    While(Expr, Block, Block),
    For {
        target: Expr,
        source: Expr,
        body: Block,
        otherwise: Block,
    },
    Try {
        body: Block,
        handlers: Vec<Handler>,
        otherwise: Block,
        finally: Block,
    },
    With(Vec<(Expr, Option<Expr>)>, Block),
    Function(Arc<Function>, Vec<Expr>),
    Class {
        name: Arc<str>,
        bases: Vec<Expr>,
        /// `metaclass=...` and others.
        keywords: Vec<(Arc<str>, Expr)>,
        decorators: Vec<Expr>,
        body: Block,
    },
    Return(Option<Expr>),
    Raise(Option<Expr>, Option<Expr>),
    /// Dotted name and alias.
    Import(Vec<(Arc<str>, Option<Arc<str>>)>),
    From(Arc<str>, Vec<(Arc<str>, Option<Arc<str>>)>),
    Global(Vec<Arc<str>>),
    Nonlocal(Vec<Arc<str>>),
    Delete(Vec<Expr>),
    Assert(Expr, Option<Expr>),
    Match(Expr, Vec<super::matching::Case>),
    Break,
    Continue,
    Pass,
}

#[derive(Debug)]
pub(super) struct Handler {
    pub(super) class: Option<Expr>,
    pub(super) name: Option<Arc<str>>,
    pub(super) body: Block,
}

/// Why a text is no program.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) class: &'static str,
    pub(super) message: String,
    pub(super) line: u32,
    /// Where the marks begin and end; none are shown without.
    pub(super) marks: Option<(u32, u32)>,
    /// The compiler found it, which knows the line of a file only.
    pub(super) late: bool,
    /// More text could make it right (at a prompt).
    pub(super) unfinished: bool,
}

//! What a script is made of. Chains (operators, members, prefixes, `elseif`) are flat lists, so
//! that their length needs no stack.

use crate::held::Held;
use std::rc::Rc;

/// A list of statements.
pub(super) type Body = Rc<[Statement]>;

#[derive(Debug)]
pub(super) enum Statement {
    /// Commands whose output flows from one to the next.
    Pipeline(Vec<Element>),
    Assign {
        target: Expr,
        operator: Assign,
        value: Box<Statement>,
    },
    If {
        /// Condition and body of each.
        arms: Vec<(Statement, Body)>,
        otherwise: Option<Body>,
    },
    While {
        condition: Option<Box<Statement>>,
        body: Body,
        /// The last part of a `for`.
        step: Option<Box<Statement>>,
    },
    /// `do` ... `while`, and `until` if `is_until`.
    Do {
        body: Body,
        condition: Box<Statement>,
        is_until: bool,
    },
    Foreach {
        variable: Name,
        over: Box<Statement>,
        body: Body,
    },
    Switch {
        kind: Match,
        over: Box<Statement>,
        arms: Vec<(Expr, Body)>,
        otherwise: Option<Body>,
    },
    Function {
        name: Rc<str>,
        block: Rc<Block>,
    },
    /// A class, or an enumeration.
    Class(Rc<Class>),
    Try {
        body: Body,
        catches: Vec<Body>,
        last: Option<Body>,
    },
    Return(Option<Box<Statement>>),
    Throw(Option<Box<Statement>>),
    /// With the label of the loop that is meant.
    Break(Option<Rc<str>>),
    Continue(Option<Rc<str>>),
    Exit,
    /// A loop with a label.
    Labelled(Rc<str>, Box<Statement>),
    /// A namespace whose types need no longer name.
    Using(Rc<str>),
    /// What is done where a statement of the same body throws.
    Trap(Body),
    /// Several, where one is asked for: `for`'s parts.
    Group(Body),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assign {
    Set,
    With(Operator),
    IfNull,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Exact,
    Wildcard,
    Regex,
}

#[derive(Debug)]
pub(super) enum Element {
    /// With the file that its value goes into, as [`Command::to`].
    Expr(Expr, Option<(Expr, bool)>),
    Command(Command),
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) how: Invoke,
    pub(super) name: Expr,
    pub(super) arguments: Vec<Argument>,
    /// Where output goes: path and whether behind what is there.
    pub(super) to: Option<(Expr, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invoke {
    Plain,
    /// `&`
    Call,
    /// `.`: in the same scope.
    Dot,
}

#[derive(Debug)]
pub(super) enum Argument {
    /// `-Name`, or `-Name:value`.
    Parameter(Rc<str>, Option<Expr>),
    Value(Expr),
    /// `@name`
    Splat(Name),
}

/// A variable's name: its drive or scope, and the name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) scope: Option<Rc<str>>,
    pub(super) name: Rc<str>,
}

#[derive(Debug)]
pub(super) enum Expr {
    Text(Rc<str>),
    Int(i64),
    Double(f64),
    /// Text with parts that are worked out.
    Expandable(Vec<Part>),
    Variable(Name),
    /// `( ... )`
    Paren(Box<Statement>),
    /// `$( ... )`
    Sub(Body),
    /// `@( ... )`
    Array(Body),
    Table(Vec<(Expr, Statement)>),
    /// `condition ? one : other`
    Ternary(Box<[Expr; 3]>),
    Script(Rc<Block>),
    Type(Rc<str>),
    /// Casts and unary operators, the outermost first.
    Prefixed(Vec<Prefix>, Box<Expr>),
    List(Vec<Expr>),
    /// Operands with operators between them, of any precedence.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    /// `-and`, `-or`, `-xor`, from left to right.
    Logic(Box<Expr>, Vec<(Operator, Expr)>),
    Postfix(Box<Expr>, Vec<Suffix>),
}

#[derive(Debug)]
pub(super) enum Part {
    Text(Rc<str>),
    Expr(Expr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Cast(Rc<str>),
    Not,
    Minus,
    Plus,
    BitNot,
    Join,
    Split,
    Comma,
    Increment,
    Decrement,
}

#[derive(Debug)]
pub(super) enum Suffix {
    Member { name: Expr, is_static: bool },
    Call { name: Expr, is_static: bool, arguments: Vec<Expr> },
    Index(Expr),
    Increment,
    Decrement,
}

/// A script block or a function's.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) parameters: Rc<[Parameter]>,
    /// `begin`.
    pub(super) begin: Option<Body>,
    /// `process`.
    pub(super) process: Option<Body>,
    /// `end`, or all there is.
    pub(super) body: Body,
    /// The text between its braces.
    pub(super) source: Rc<str>,
    /// Whether it is a `filter`, whose body is `process`.
    pub(super) is_filter: bool,
    /// The table of the variables that it keeps (`GetNewClosure`).
    pub(super) captured: Option<usize>,
    /// What it holds as it was read.
    pub(super) held: Option<Held>,
}

/// A parameter of a block.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: Name,
    /// What it is without an argument.
    pub(super) value: Option<Expr>,
    pub(super) kind: Option<Rc<str>>,
    /// Other names, in lower case.
    pub(super) aliases: Vec<Rc<str>>,
    /// Whether what flows into the pipeline is bound to it, or a property of that.
    pub(super) from_pipeline: bool,
    pub(super) from_property: bool,
}

/// A class of a script.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: Rc<str>,
    pub(super) base: Option<Rc<str>>,
    pub(super) fields: Vec<Field>,
    pub(super) methods: Vec<Method>,
}

/// A property of a class.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Rc<str>,
    pub(super) kind: Option<Rc<str>>,
    pub(super) value: Option<Expr>,
    pub(super) is_static: bool,
}

/// A method of a class; a constructor has the name of the class.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: Rc<str>,
    pub(super) is_static: bool,
    /// What the base's constructor is given.
    pub(super) base: Vec<Expr>,
    pub(super) block: Rc<Block>,
}

/// Bytes that one node of a block holds, at most.
pub(super) const NODE_BYTES: usize = 160;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Range,
    Format,
    Join,
    Split(Case),
    Replace(Case),
    Match(Case),
    NotMatch(Case),
    Like(Case),
    NotLike(Case),
    Equal(Case),
    NotEqual(Case),
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Contains,
    NotContains,
    In,
    NotIn,
    Is,
    IsNot,
    As,
    ShiftLeft,
    ShiftRight,
    BitAnd,
    BitOr,
    BitXor,
    And,
    Or,
    Xor,
    /// `??`
    Coalesce,
}

/// Whether letters' case matters: `-creplace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Ignored,
    Kept,
}

impl Operator {
    /// How tightly it binds: about_Operator_Precedence.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::And | Self::Or | Self::Xor => 1,
            Self::BitAnd | Self::BitOr | Self::BitXor => 2,
            Self::Coalesce => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::Modulo => 6,
            Self::Format => 7,
            Self::Range => 8,
            _ => 3,
        }
    }

    /// The operator that stands behind a dash, in lower case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (bare, case) = match name {
            "contains" | "notcontains" | "in" | "is" | "isnot" | "f" | "join" => {
                (name, Case::Ignored)
            }
            _ => match name.as_bytes() {
                [b'c', rest @ ..] if rest.len() > 1 => (&name[1..], Case::Kept),
                [b'i', rest @ ..] if rest.len() > 1 && name != "in" && name != "is" => {
                    (&name[1..], Case::Ignored)
                }
                _ => (name, Case::Ignored),
            },
        };
        Some(match bare {
            "f" => Self::Format,
            "join" => Self::Join,
            "split" => Self::Split(case),
            "replace" => Self::Replace(case),
            "match" => Self::Match(case),
            "notmatch" => Self::NotMatch(case),
            "like" => Self::Like(case),
            "notlike" => Self::NotLike(case),
            "eq" => Self::Equal(case),
            "ne" => Self::NotEqual(case),
            "gt" => Self::Greater,
            "ge" => Self::GreaterEqual,
            "lt" => Self::Less,
            "le" => Self::LessEqual,
            "contains" => Self::Contains,
            "notcontains" => Self::NotContains,
            "in" => Self::In,
            "notin" => Self::NotIn,
            "is" => Self::Is,
            "isnot" => Self::IsNot,
            "as" => Self::As,
            "shl" => Self::ShiftLeft,
            "shr" => Self::ShiftRight,
            "band" => Self::BitAnd,
            "bor" => Self::BitOr,
            "bxor" => Self::BitXor,
            "and" => Self::And,
            "or" => Self::Or,
            "xor" => Self::Xor,
            _ => return None,
        })
    }
}

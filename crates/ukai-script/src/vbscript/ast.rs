//! What VBScript and VBA say, as a tree.

use std::rc::Rc;

/// A name, in lower case.
pub(super) type Name = Rc<str>;

/// Statements in order.
pub(super) type Block = Vec<Statement>;

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Imp,
    Eqv,
    Xor,
    Or,
    And,
    Equal,
    Unequal,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Is,
    Like,
    Concat,
    Add,
    Subtract,
    Mod,
    Whole,
    Multiply,
    Divide,
    Power,
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Whole(i64),
    Real(f64),
    Text(Rc<str>),
    Date(Rc<str>),
    Bool(bool),
    Empty,
    Null,
    Nothing,
    /// An argument that was left out.
    Missing,
    Name(Name),
    /// `object.name`.
    Member(Box<Expression>, Name),
    /// `.name`, of the object of the `With` around.
    WithMember(Name),
    /// `callee(arguments)`: a call, an element of an array, a property with an index.
    Call(Box<Expression>, Vec<Expression>),
    New(Name),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    /// Operators of the same rank, from left to right: not one inside the other, since scripts
    /// put texts together from thousands of pieces.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
    /// Something in brackets of its own, which is passed by value.
    Grouped(Box<Expression>),
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Dim(Vec<Declared>),
    ReDim {
        preserve: bool,
        arrays: Vec<(Expression, Vec<Bound>)>,
    },
    Const(Vec<(Name, Expression)>),
    Assign {
        target: Expression,
        value: Expression,
    },
    Call {
        callee: Expression,
        arguments: Vec<Expression>,
    },
    If {
        branches: Vec<(Expression, Block)>,
        otherwise: Block,
    },
    Select {
        subject: Expression,
        cases: Vec<(Vec<Test>, Block)>,
        otherwise: Block,
    },
    For {
        variable: Expression,
        from: Expression,
        to: Expression,
        step: Option<Expression>,
        body: Block,
    },
    ForEach {
        variable: Expression,
        list: Expression,
        body: Block,
    },
    /// `While`, `Do`: what is asked before each turn, and after it.
    Loop {
        before: Option<Condition>,
        after: Option<Condition>,
        body: Block,
    },
    Exit(Exit),
    With(Expression, Block),
    /// `On Error Resume Next` clears what went wrong before.
    OnError,
    Erase(Vec<Expression>),
    /// VBA's files.
    Open {
        path: Expression,
        append: bool,
        number: Expression,
    },
    Print {
        number: Expression,
        items: Vec<Expression>,
        line: bool,
    },
    Close(Vec<Expression>),
}

/// A condition of a loop.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// `Until`: the loop ends when it is true.
    pub(super) until: bool,
    /// What is asked.
    pub(super) test: Expression,
}

/// What `Exit` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Do,
    For,
    Procedure,
}

/// `Case`.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Equal(Expression),
    Between(Expression, Expression),
    Compare(Operator, Expression),
}

/// Bounds of a dimension: from, if it is said, and to.
pub(super) type Bound = (Option<Expression>, Expression);

/// A variable that is declared.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// Its name.
    pub(super) name: Name,
    /// Bounds, if it is an array.
    pub(super) bounds: Option<Vec<Bound>>,
    /// Its type, if it is said.
    pub(super) kind: Option<Name>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: Name,
    /// Whether the caller's variable stays as it is.
    pub(super) by_value: bool,
    /// All arguments from here on.
    pub(super) rest: bool,
    /// What it is if it is left out.
    pub(super) default: Option<Expression>,
}

/// A `Sub`, `Function` or `Property`.
#[derive(Clone, Debug)]
pub(super) struct Procedure {
    /// Its name.
    pub(super) name: Name,
    /// Its parameters.
    pub(super) parameters: Vec<Parameter>,
    /// What it does.
    pub(super) body: Block,
    /// `Property Let` or `Set`.
    pub(super) setter: bool,
}

/// A class.
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    /// Its fields.
    pub(super) fields: Vec<Declared>,
    /// Its methods and properties.
    pub(super) procedures: Vec<Rc<Procedure>>,
    /// The one that an object of it stands for.
    pub(super) default: Option<Name>,
}

/// A function of a library of Windows.
#[derive(Clone, Debug)]
pub(super) struct Declare {
    /// The name in the script.
    pub(super) name: Name,
    /// The library.
    pub(super) library: Name,
    /// The name in the library, in lower case.
    pub(super) function: Name,
}

/// A whole text.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    /// Statements outside of procedures.
    pub(super) body: Block,
    /// Procedures.
    pub(super) procedures: Vec<Rc<Procedure>>,
    /// Classes by name.
    pub(super) classes: Vec<(Name, Rc<Class>)>,
    /// Functions of libraries.
    pub(super) declares: Vec<Declare>,
    /// Lines that were not understood.
    pub(super) unknown_lines: Vec<u32>,
}

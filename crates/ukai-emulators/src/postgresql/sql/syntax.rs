//! What statements and expressions are, once they are read.

use super::value::{Datum, Ty};
use crate::postgresql::report::Report;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Statement {
    Select(Select),
    /// The setting's name; `None` for all.
    Show(Option<Vec<u8>>),
    /// A setting and its new value; `None` for the default.
    Set(Vec<u8>, Option<Vec<u8>>),
    /// The setting's name; `None` for all.
    Reset(Option<Vec<u8>>),
    /// With its tag: `BEGIN`, `START TRANSACTION`.
    Begin(&'static str),
    Commit,
    Rollback,
    CreateTable {
        table: Name,
        if_not_exists: bool,
        columns: Vec<(Vec<u8>, Ty)>,
    },
    DropTable {
        tables: Vec<Name>,
        if_exists: bool,
    },
    Copy {
        table: Option<Name>,
        from: bool,
        with: CopyEnd,
    },
    CreateTableAs(Name, Select),
    Insert {
        table: Name,
        columns: Vec<(Vec<u8>, usize)>,
        rows: Rows,
    },
    Update {
        table: Name,
        /// Columns, where they stand, and their new values.
        sets: Vec<(Vec<u8>, usize, Expr)>,
        filter: Option<Expr>,
    },
    Delete(Name, Option<Expr>),
    Truncate(Name),
    CreateFunction {
        language: Vec<u8>,
        sources: Vec<Vec<u8>>,
    },
    CreateExtension(Vec<u8>),
    Load(Vec<u8>),
    Role {
        verb: RoleVerb,
        role: Vec<u8>,
        if_exists: bool,
    },
    /// An object of another kind is made.
    Make(Object, Vec<u8>),
    Drop {
        object: Object,
        names: Vec<Vec<u8>>,
        if_exists: bool,
    },
    /// Something is done to a relation that must be there, with its tag.
    On(Name, &'static str),
    /// Only within a transaction, with its name and its tag.
    Within(&'static str, &'static str),
    RollbackTo,
    Prepare(Vec<u8>, Box<Self>),
    Execute(Vec<u8>, Vec<Expr>),
    Deallocate(Vec<u8>),
    /// A cursor, and the query that it reads.
    Declare(Vec<u8>, Box<Self>),
    Fetch(Vec<u8>),
    Move(Vec<u8>),
    CloseCursor(Vec<u8>),
    Explain(Box<Self>),
    Unread(Unread),
    /// Refused when it is run.
    Refused(Report),
    /// One that is done by saying so, with its tag.
    Other(&'static str),
}

/// What an `INSERT` puts into its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Rows {
    Values(Vec<Vec<Expr>>),
    Query(Box<Select>),
    Default,
}

/// A statement that is right for all we know, and beyond what is read here: it finds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::postgresql) struct Unread {
    pub(in crate::postgresql) tag: &'static str,
    /// The columns of its rows, if it has any.
    pub(in crate::postgresql) columns: Option<Vec<Vec<u8>>>,
    /// Relations that it names.
    pub(in crate::postgresql) relations: Vec<Name>,
}

/// Kinds of objects of which only the names matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Object {
    Database,
    Schema,
    Extension,
    Language,
    View,
    MaterializedView,
    Index,
    Sequence,
    Type,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum RoleVerb {
    Create,
    Alter,
    Drop,
}

/// Where `COPY` reads or writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum CopyEnd {
    Program(Vec<u8>),
    File(Vec<u8>),
    Client,
}

/// A relation's name, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) struct Name {
    pub(in crate::postgresql) schema: Option<Vec<u8>>,
    pub(in crate::postgresql) own: Vec<u8>,
    pub(in crate::postgresql) at: usize,
}

/// A query of one relation at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::postgresql) struct Select {
    pub(in crate::postgresql) distinct: bool,
    pub(in crate::postgresql) items: Vec<Item>,
    pub(in crate::postgresql) from: Option<Name>,
    /// A function in its place.
    pub(in crate::postgresql) call: Option<Expr>,
    /// What the table is called in this query.
    pub(in crate::postgresql) alias: Option<Vec<u8>>,
    pub(in crate::postgresql) filter: Option<Expr>,
    /// Keys, and whether they descend.
    pub(in crate::postgresql) order: Vec<(Expr, bool)>,
    pub(in crate::postgresql) limit: Option<u64>,
    pub(in crate::postgresql) offset: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Item {
    All,
    One(Expr, Option<Vec<u8>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Expr {
    Literal(Datum, Ty, usize),
    Parameter(u16, usize),
    Column {
        table: Option<Vec<u8>>,
        name: Vec<u8>,
        at: usize,
    },
    /// `star` for `count(*)`; `bare` for those that are called by their name alone.
    Call {
        name: Vec<u8>,
        arguments: Vec<Self>,
        star: bool,
        at: usize,
    },
    /// The type's name in a column's, and where the cast stands.
    Cast(Box<Self>, Ty, &'static str, usize),
    Binary {
        operator: Vec<u8>,
        left: Box<Self>,
        right: Box<Self>,
        at: usize,
    },
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    /// Whether it is NULL; turned round if so.
    IsNull(Box<Self>, bool),
    /// Whether it is TRUE or FALSE, and not NULL; turned round if so.
    IsTruth(Box<Self>, bool, bool),
    In(Box<Self>, Vec<Self>, usize),
    Between(Box<[Self; 3]>, usize),
    Case {
        operand: Option<Box<Self>>,
        arms: Vec<(Self, Self)>,
        other: Option<Box<Self>>,
    },
}

//! The tree of a shell program.

use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// Commands one after the other.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
}

/// One `a && b || c` with what separates it from the next.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) and_or: Arc<AndOr>,
    /// Whether `&` follows.
    pub(crate) background: bool,
    /// The text it was read from, for `jobs`.
    pub(crate) text: Bytes,
}

impl AndOr {
    /// A pipeline by its place.
    pub(crate) fn pipeline(&self, index: usize) -> &Pipeline {
        match index.checked_sub(1).and_then(|at| self.rest.get(at)) {
            Some((_, pipeline)) => pipeline,
            None => &self.first,
        }
    }
}

impl Command {
    pub(crate) fn is_subshell(&self) -> bool {
        matches!(self, Self::Compound { body: Compound::Subshell(_), .. })
    }
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug)]
pub(crate) struct AndOr {
    pub(crate) first: Pipeline,
    pub(crate) rest: Vec<(Connector, Pipeline)>,
}

/// `&&` or `||`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connector {
    And,
    Or,
}

/// Commands joined by `|`.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    /// `time` of bash stands before; with `-p` the times are in POSIX's form.
    pub(crate) timed: Option<TimeForm>,
    pub(crate) commands: Vec<Command>,
}

/// How the `time` of bash shows times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeForm {
    Bash,
    Posix,
}

/// One command of a pipeline.
#[derive(Debug)]
pub(crate) enum Command {
    Simple(Simple),
    Compound {
        body: Compound,
        redirects: Vec<Redirect>,
    },
    /// With the length of its text.
    Function {
        name: Bytes,
        body: Arc<Command>,
        bytes: usize,
    },
}

/// Assignments, words and redirections.
#[derive(Debug, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirects: Vec<Redirect>,
    /// `name=(...)` among the words of `declare` and the like, by the word's place.
    pub(crate) arrays: Vec<(usize, Assignment)>,
    /// Line of the script, from 1.
    pub(crate) line: u32,
    /// The command's text, for bash's `BASH_COMMAND`.
    pub(crate) text: Bytes,
}

/// `name=value`, `name+=value`, `name[i]=value`.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) name: Bytes,
    pub(crate) subscript: Option<Word>,
    pub(crate) append: bool,
    pub(crate) value: Value,
}

/// What is assigned.
#[derive(Debug)]
pub(crate) enum Value {
    Scalar(Word),
    Array(Vec<Element>),
}

/// An element of `name=(...)`: `word` or `[key]=word`.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) key: Option<Word>,
    pub(crate) value: Word,
}

/// A command that contains others.
#[derive(Debug)]
pub(crate) enum Compound {
    Group(List),
    Subshell(Arc<List>),
    If {
        arms: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    Loop {
        until: bool,
        condition: List,
        body: List,
    },
    For {
        name: Bytes,
        words: Option<Vec<Word>>,
        body: List,
    },
    /// `select` of bash.
    Select {
        name: Bytes,
        words: Option<Vec<Word>>,
        body: List,
    },
    /// `coproc` of bash.
    Coprocess {
        name: Bytes,
        command: Arc<Command>,
        text: Bytes,
    },
    ForArithmetic {
        parts: [Option<Word>; 3],
        body: List,
    },
    Case {
        subject: Word,
        arms: Vec<Case>,
    },
    Arithmetic(Word),
}

/// One arm of a `case`.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) patterns: Vec<Word>,
    pub(crate) body: List,
    /// `;&` (bash): go on with the next arm's body.
    pub(crate) falls_through: bool,
    /// `;;&` (bash): go on trying the patterns that follow.
    pub(crate) goes_on: bool,
}

/// A redirection.
#[derive(Debug)]
pub(crate) struct Redirect {
    /// Descriptor; by default 0 for input and 1 for output.
    pub(crate) fd: Option<u8>,
    /// `{name}` of bash: a free descriptor, whose number the variable gets.
    pub(crate) variable: Option<Bytes>,
    pub(crate) kind: RedirectKind,
    pub(crate) target: Target,
}

/// Direction and manner of a redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectKind {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>|`
    Overwrite,
    /// `>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `<&` and `>&`
    Duplicate,
    /// `&>`: both outputs.
    Both,
    /// `&>>`: both outputs.
    BothAppend,
    /// `<<`, `<<-` and `<<<`
    Here,
}

/// Where a redirection leads.
#[derive(Debug)]
pub(crate) enum Target {
    Word(Word),
    /// A here-document's body; filled when the line is over.
    Document(Arc<OnceLock<Word>>),
}

/// A word before expansion.
#[derive(Clone, Debug, Default)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
}

/// A piece of a word.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Unquoted text: active in patterns.
    Literal(Vec<u8>),
    /// Quoted text.
    Quoted(Vec<u8>),
    /// `"..."`
    Double(Vec<Part>),
    /// `$name`, `${...}`
    Param(Box<Param>),
    /// `$(...)`, back-ticks
    Command(Arc<List>),
    /// `$((...))`
    Arithmetic(Box<Word>),
    /// `<(...)` of bash: the name of a file with what the list prints.
    Printed(Arc<List>),
    /// `>(...)` of bash: the name of a file whose contents the list reads.
    Read(Arc<List>),
    /// `name[subscript]=` of bash, before the value.
    Element { name: Bytes, subscript: Word, append: bool },
}

/// A parameter expansion.
#[derive(Clone, Debug)]
pub(crate) struct Param {
    /// A name, a digit string, or one of `@*#?-$!`.
    pub(crate) name: Bytes,
    pub(crate) subscript: Option<Subscript>,
    /// `${!name}`
    pub(crate) indirect: bool,
    /// `$name`, without braces.
    pub(crate) bare: bool,
    pub(crate) op: ParamOp,
}

/// Which element of an array.
#[derive(Clone, Debug)]
pub(crate) enum Subscript {
    /// `[@]`, or `[*]`, which within quotes is one text.
    All { joined: bool },
    /// `[expression]`
    Index(Word),
}

/// What is done with a parameter's value.
#[derive(Clone, Debug)]
pub(crate) enum ParamOp {
    Plain,
    /// `${#a}`
    Length,
    /// `${a-w}`, `${a:-w}`
    Default {
        colon: bool,
        word: Word,
    },
    /// `${a=w}`, `${a:=w}`
    Assign {
        colon: bool,
        word: Word,
    },
    /// `${a?w}`, `${a:?w}`
    Require {
        colon: bool,
        word: Word,
    },
    /// `${a+w}`, `${a:+w}`
    Alternative {
        colon: bool,
        word: Word,
    },
    /// `${a#p}`, `${a##p}`, `${a%p}`, `${a%%p}`
    Trim {
        suffix: bool,
        longest: bool,
        pattern: Word,
    },
    /// `${a/p/w}`, `${a//p/w}`, `${a/#p/w}`, `${a/%p/w}`
    Replace {
        all: bool,
        anchor: Option<u8>,
        pattern: Word,
        with: Word,
    },
    /// `${a:offset}`, `${a:offset:length}`
    Substring {
        offset: Word,
        length: Option<Word>,
    },
    /// `${a^}`, `${a^^}`, `${a,}`, `${a,,}`
    Case {
        change: CaseChange,
        all: bool,
        /// Which characters are changed; without it all are.
        pattern: Word,
    },
    /// `${a@Q}` and the like.
    Transform(u8),
    /// `${!prefix*}`
    Names,
    /// Anything else: an error when it is expanded.
    Bad,
}

/// What `${a^}` and the like do to a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseChange {
    Upper,
    Lower,
    Toggle,
}

impl Word {
    /// The word's text if nothing in it is quoted or expanded.
    pub(crate) fn plain(&self) -> Option<&[u8]> {
        match &self.parts[..] {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// A word of unquoted text.
    pub(crate) fn literal(text: impl Into<Vec<u8>>) -> Self {
        Self { parts: vec![Part::Literal(text.into())] }
    }
}

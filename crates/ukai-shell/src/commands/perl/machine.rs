//! The machine that runs a Perl program: what it holds, and what it may use up.

use super::ast::{Body, Name};
use super::pattern::{Matched, Rule};
use super::place::Place;
pub(super) use super::value::Value;
use crate::io::Fd;
use crate::limits;
use crate::process::Process;
use crate::system::Stop;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most values that a program may keep at once.
const VALUES_MAX: usize = 200_000;

/// The same of one that is run for what it would do.
const VALUES_GOING_ON_MAX: usize = 1_000_000;

pub(super) enum Unwind {
    Die(Value),
    Return(Vec<Value>),
    Next(Option<Name>),
    Last(Option<Name>),
    Redo(Option<Name>),
    Exit(i32),
    Stop(Stop),
}

impl From<Stop> for Unwind {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

pub(super) type Done<T> = Result<T, Unwind>;

/// Whether one value is wanted, or as many as there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    One,
    All,
}

/// An open file.
pub(super) enum Handle {
    Reader(Bytes),
    Writer(Fd),
    /// `open(F, "|command")`: the words of the command, and what it is given when it is closed.
    Pipe(Vec<Vec<u8>>, Vec<u8>),
    /// `open(F, '>', \$text)`
    Memory(usize),
    /// What `opendir` found.
    Folder(Vec<Bytes>),
    /// A socket that is not connected, or a file that takes everything.
    Sink,
}

/// A sub: its text, the scope that it stands in, its package, its name.
pub(super) struct Code {
    pub(super) body: Body,
    pub(super) frame: usize,
    pub(super) package: Name,
    pub(super) name: Name,
    /// Whether it stands in its scope already.
    pub(super) bound: bool,
}

/// A scope and its variables: sigil, name, number, and whether it ends with the scope.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) names: Vec<(u8, Name, usize, bool)>,
    pub(super) parent: Option<usize>,
}

/// What a `local` keeps of what was before.
pub(super) enum Saved {
    Scalar(usize, Value),
    Array(usize, Vec<Value>),
    Hash(usize, BTreeMap<Bytes, Value>),
    Member(usize, Bytes, Option<Value>),
    Sub(Name, Option<usize>),
    Handle(Bytes, Option<Handle>),
}

/// A call that runs.
pub(super) struct Call {
    pub(super) name: Name,
    pub(super) package: Name,
    pub(super) line: u32,
    pub(super) want: Want,
}

pub(super) struct Machine<'p> {
    pub(super) process: &'p mut Process,
    pub(super) name: String,
    pub(super) frames: Vec<Frame>,
    /// The scope that is in use.
    pub(super) frame: usize,
    pub(super) scalars: Vec<Value>,
    pub(super) arrays: Vec<Vec<Value>>,
    pub(super) hashes: Vec<BTreeMap<Bytes, Value>>,
    pub(super) codes: Vec<Code>,
    /// Variables of packages, by sigil and name.
    pub(super) globals: HashMap<(u8, Name), usize>,
    /// Scalars and arrays that may be used again.
    pub(super) free: [Vec<usize>; 2],
    /// How often something was referred to that a scope must not take with it.
    pub(super) captures: u64,
    pub(super) saved: Vec<Saved>,
    pub(super) calls: Vec<Call>,
    pub(super) subs: HashMap<Name, usize>,
    /// The package that statements are in.
    pub(super) package: Name,
    pub(super) blessed: HashMap<(u8, usize), Bytes>,
    pub(super) constants: HashMap<String, Vec<Value>>,
    /// Where the next `//g` of a variable begins.
    pub(super) positions: HashMap<Place, usize>,
    pub(super) rules: HashMap<(Vec<u8>, String), Arc<Rule>>,
    /// How far `each` has gone through hashes.
    pub(super) walked: HashMap<usize, Option<Bytes>>,
    /// What a file was last asked about.
    pub(super) tested: Bytes,
    pub(super) handles: HashMap<Bytes, Handle>,
    /// Whom handles are connected to.
    pub(super) peers: HashMap<Bytes, (String, u16)>,
    /// URLs that were asked for over those, to be told of at the end.
    pub(super) asked_for: Vec<String>,
    /// Handles that were made, ever.
    pub(super) opened: usize,
    /// Where `print` writes.
    pub(super) selected: Bytes,
    pub(super) line: u32,
    pub(super) status: i64,
    pub(super) printed: Vec<u8>,
    pub(super) forked: bool,
    pub(super) matched: Matched,
    /// Names that were asked for, whose made-up addresses they stand for.
    pub(super) names: Vec<String>,
    /// The label of the loop that begins.
    pub(super) label: Option<Name>,
    /// What runs at the end.
    pub(super) ends: Vec<Body>,
    /// Statements that may still fail without the program's end.
    pub(super) passes: u32,
    /// `LWP::Simple` is used, and there.
    pub(super) has_lwp: bool,
    /// `eval`s around what runs.
    pub(super) guards: u32,
    values: usize,
    values_max: usize,
    parts: u32,
}

impl<'p> Machine<'p> {
    pub(super) fn new(process: &'p mut Process, name: String, arguments: &[Vec<u8>]) -> Self {
        let passes = process.session.may_pass_over();
        let pid = i64::from(process.pid);
        let (uid, gid) = (i64::from(process.uid), i64::from(process.gid));
        let mut machine = Self {
            process,
            frames: vec![Frame::default()],
            frame: 0,
            scalars: Vec::new(),
            arrays: Vec::new(),
            hashes: Vec::new(),
            codes: Vec::new(),
            globals: HashMap::new(),
            free: [Vec::new(), Vec::new()],
            captures: 0,
            saved: Vec::new(),
            calls: Vec::new(),
            subs: HashMap::new(),
            package: "main".into(),
            blessed: HashMap::new(),
            constants: HashMap::new(),
            positions: HashMap::new(),
            rules: HashMap::new(),
            walked: HashMap::new(),
            tested: Bytes::new(),
            handles: HashMap::new(),
            peers: HashMap::new(),
            asked_for: Vec::new(),
            opened: 0,
            selected: Bytes::from_static(b"STDOUT"),
            line: 1,
            status: 0,
            printed: Vec::new(),
            forked: false,
            matched: Matched::default(),
            names: Vec::new(),
            label: None,
            ends: Vec::new(),
            passes,
            has_lwp: false,
            guards: 0,
            values: 0,
            values_max: if passes > 0 { VALUES_GOING_ON_MAX } else { VALUES_MAX },
            parts: 0,
            name,
        };
        machine.arrays.push(arguments.iter().map(|a| Value::str(a.clone())).collect());
        machine.globals.insert((b'@', "ARGV".into()), 0);
        for (name, value) in [
            ("/", Value::str("\n")),
            ("\"", Value::str(" ")),
            ("0", Value::str(machine.name.clone())),
            ("$", Value::Int(pid)),
            ("<", Value::Int(uid)),
            (">", Value::Int(uid)),
            ("(", Value::Int(gid)),
            (")", Value::Int(gid)),
            ("]", Value::str("5.036000")),
            (";", Value::str("\x1c")),
            ("^O", Value::str("linux")),
            ("^W", Value::Int(0)),
            ("^X", Value::str("/usr/bin/perl")),
            ("^T", Value::Int(0)),
            ("|", Value::Int(0)),
        ] {
            machine.scalars.push(value);
            machine.globals.insert((b'$', name.into()), machine.scalars.len() - 1);
        }
        machine
    }

    /// What `<DATA>` reads.
    pub(super) fn has_data(&mut self, data: &[u8]) {
        let data = Bytes::copy_from_slice(data);
        self.handles.insert(Bytes::from_static(b"DATA"), Handle::Reader(data));
    }

    /// Whether the program is run for what it would do.
    pub(super) fn goes_on(&self) -> bool {
        self.process.session.may_pass_over() > 0
    }

    pub(super) fn part(&mut self) -> Done<()> {
        const PARTS_PER_STEP: u32 = 8;
        self.parts += 1;
        if self.parts >= PARTS_PER_STEP {
            self.parts = 0;
            self.process.session.step(1)?;
        }
        let base = self.process.session.system().stack_base;
        if crate::stack::is_spent(base) {
            return Err(Unwind::Exit(137));
        }
        Ok(())
    }

    /// Values that are kept, and bytes that are looked at.
    pub(super) fn costs(&mut self, values: usize, bytes: usize) -> Done<()> {
        self.values = self.values.saturating_add(values);
        if self.values > self.values_max || bytes > limits::FILE_BYTES {
            self.process.error("Out of memory!")?;
            return Err(Unwind::Exit(1));
        }
        self.process.session.copied(values, bytes)?;
        Ok(())
    }

    /// Values that pass by, and are not kept.
    pub(super) fn passes_by(&mut self, values: usize, bytes: usize) -> Done<()> {
        if values > self.values_max || bytes > limits::FILE_BYTES {
            self.process.error("Out of memory!")?;
            return Err(Unwind::Exit(1));
        }
        self.process.session.copied(values, bytes)?;
        Ok(())
    }

    /// Values that a scope took with it.
    pub(super) const fn refund(&mut self, values: usize) {
        self.values = self.values.saturating_sub(values);
    }

    /// `die` with the place, as Perl adds it.
    pub(super) fn die<T>(&self, text: &str) -> Done<T> {
        Err(Unwind::Die(Value::str(format!("{text} at {} line {}.\n", self.name, self.line))))
    }
}

pub(super) fn boolean(value: bool) -> Value {
    if value { Value::Int(1) } else { Value::str("") }
}

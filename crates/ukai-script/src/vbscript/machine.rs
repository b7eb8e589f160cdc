//! The state of a running script: variables, procedures, what may still be used.

use super::super::com::{self, Host, Shared};
use super::super::stack;
use super::ast::{Class, Declare, Exit, Name, Procedure, Program};
use super::lexer::tokens;
use super::parser::parse;
use super::regexp::Pattern;
use super::value::{Array, Meter, Text, Value};
use super::vba::OpenFile;
use std::cell::{Cell, RefMut};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Objects of classes of one script.
pub(super) const INSTANCES_MAX: usize = 10_000;

/// Brackets and statements of a text inside each other for one level of depth: they are cheaper
/// than calls.
const LEVELS: usize = 3;

/// Steps that a further stack costs.
const STACK_STEPS: u64 = 64;

/// Why a script does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something cannot be done; the next statement goes on.
    Error(&'static str),
    /// A limit, or the script's own wish.
    End,
}

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The next one follows.
    Next,
    /// Something around is left.
    Exit(Exit),
}

/// Variables of a call.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) variables: HashMap<Name, Value>,
    /// The object whose method runs.
    pub(super) me: Option<usize>,
    /// The function whose name stands for its result.
    pub(super) function: Name,
    /// Loops around the statement that runs.
    pub(super) loops: usize,
}

/// An object of a class of the script.
pub(super) struct Instance {
    pub(super) class: Rc<Class>,
    pub(super) fields: HashMap<Name, Value>,
}

/// A running script.
pub(super) struct Machine {
    pub(super) host: Shared,
    pub(super) globals: HashMap<Name, Value>,
    pub(super) frames: Vec<Frame>,
    pub(super) procedures: HashMap<Name, Rc<Procedure>>,
    pub(super) classes: HashMap<Name, Rc<Class>>,
    pub(super) declares: HashMap<Name, Declare>,
    pub(super) instances: Vec<Instance>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) withs: Vec<Value>,
    pub(super) open_files: BTreeMap<i64, OpenFile>,
    pub(super) meter: Meter,
    /// What went wrong last, for `Err`.
    pub(super) error: Option<&'static str>,
    /// Calls and evaluated texts inside each other.
    calls: usize,
    pub(super) random: u64,
    value_bytes: usize,
    held_bytes: usize,
    depth_max: usize,
    calls_max: usize,
}

impl Machine {
    /// One that works on that machine.
    pub(super) fn new(host: Shared) -> Self {
        let limits = host.borrow().limits.clone();
        Self {
            host,
            globals: HashMap::new(),
            frames: Vec::new(),
            procedures: HashMap::new(),
            classes: HashMap::new(),
            declares: HashMap::new(),
            instances: Vec::new(),
            patterns: Vec::new(),
            withs: Vec::new(),
            open_files: BTreeMap::new(),
            meter: Rc::new(Cell::new(0)),
            error: None,
            calls: 0,
            random: 0x5_0000,
            value_bytes: limits.value_bytes,
            held_bytes: limits.held_bytes,
            depth_max: limits.depth.saturating_mul(LEVELS),
            calls_max: limits.calls,
        }
    }

    /// Reads a text: what it defines is defined, its statements are given back.
    pub(super) fn load(&mut self, source: &str) -> Rc<Program> {
        let (tokens, whole) = tokens(source);
        let program = parse(&tokens, self.depth_max);
        if !whole {
            self.note("only the beginning of the script was read");
        }
        for line in &program.unknown_lines {
            self.note(&format!("line {line} was not understood"));
        }
        for procedure in &program.procedures {
            self.procedures.insert(procedure.name.clone(), procedure.clone());
        }
        for (name, class) in &program.classes {
            self.classes.insert(name.clone(), class.clone());
        }
        for declare in &program.declares {
            self.declares.insert(declare.name.clone(), declare.clone());
        }
        Rc::new(program)
    }

    /// The machine on which it runs.
    pub(super) fn host(&self) -> RefMut<'_, Host> {
        self.host.borrow_mut()
    }

    /// A note for the reader.
    pub(super) fn note(&self, note: &str) {
        self.host().recorder.note(note);
    }

    /// Uses steps.
    pub(super) fn charge(&self, steps: u64) -> Result<(), Stop> {
        let mut host = self.host();
        if host.charge(steps) && host.runs() { Ok(()) } else { Err(Stop::End) }
    }

    /// Uses what copying so many bytes costs, and looks whether there is room for them.
    pub(super) fn room(&self, bytes: usize) -> Result<(), Stop> {
        self.charge(1 + bytes as u64 / 64)?;
        if bytes > self.value_bytes {
            self.note(&format!("makes no value of more than {} bytes", self.value_bytes));
            return Err(Stop::Error("out of string space"));
        }
        if self.meter.get().saturating_add(bytes) > self.held_bytes {
            self.note(&format!("holds no more than {} bytes", self.held_bytes));
            return Err(Stop::Error("out of memory"));
        }
        Ok(())
    }

    /// A text value.
    pub(super) fn units(&self, units: Vec<u16>) -> Result<Value, Stop> {
        self.room(2 * units.len())?;
        Ok(Value::Text(Text::new(units, &self.meter)))
    }

    /// A text value.
    pub(super) fn text(&self, text: &str) -> Result<Value, Stop> {
        self.room(2 * text.len())?;
        Ok(Value::Text(Text::new(text.encode_utf16().collect(), &self.meter)))
    }

    /// An array from 0.
    pub(super) fn list(&self, items: Vec<Value>) -> Result<Value, Stop> {
        self.room(size_of::<Value>() * items.len())?;
        Ok(Value::Array(Array::list(items, &self.meter)))
    }

    /// What a value says as text, objects by what they stand for.
    pub(super) fn say(&mut self, value: &Value) -> Result<String, Stop> {
        let text = match value {
            Value::Object(id) => {
                let answer = self.host().call(*id, "", &[]);
                answer.text()
            }
            Value::Pattern(number) => {
                let number = *number;
                self.pattern_text(number)
            }
            other => other.shown(),
        };
        self.charge(text.len() as u64 / 64)?;
        Ok(text)
    }

    /// The units of a value's text.
    pub(super) fn units_of(&mut self, value: &Value) -> Result<Vec<u16>, Stop> {
        if let Value::Text(text) = value {
            self.charge(text.units().len() as u64 / 32)?;
            return Ok(text.units().to_vec());
        }
        Ok(self.say(value)?.encode_utf16().collect())
    }

    /// As objects of COM take it.
    pub(super) fn outward(&mut self, value: &Value) -> com::Value {
        match value {
            Value::Empty | Value::Missing => com::Value::Empty,
            Value::Null | Value::Nothing => com::Value::Null,
            Value::Bool(truth) => com::Value::Bool(*truth),
            Value::Whole(whole) => com::Value::Number(*whole as f64),
            Value::Real(real) => com::Value::Number(*real),
            Value::Text(text) => com::Value::Text(text.to_text()),
            Value::Date(_) => com::Value::Text(value.shown()),
            Value::Bytes(content) => com::Value::Bytes(content.clone()),
            Value::Array(array) => {
                let flat = array.items().iter().map(|it| match it {
                    // An array in an array is not passed: no object here takes one.
                    Value::Array(_) => com::Value::Unknown,
                    other => self.outward(other),
                });
                com::Value::Array(flat.collect())
            }
            Value::Object(id) => com::Value::Object(*id),
            Value::Pattern(number) => com::Value::Text(self.pattern_text(*number)),
            Value::Instance(_) | Value::Err | Value::Procedure(_) | Value::Unknown => {
                com::Value::Unknown
            }
        }
    }

    /// As it comes from objects of COM.
    pub(super) fn inward(&mut self, value: com::Value) -> Result<Value, Stop> {
        Ok(match value {
            com::Value::Empty => Value::Empty,
            com::Value::Null => Value::Null,
            com::Value::Bool(truth) => Value::Bool(truth),
            com::Value::Number(number) => Value::from_number(number, true),
            com::Value::Text(text) => self.text(&text)?,
            com::Value::Bytes(content) => Value::Bytes(content),
            com::Value::Array(items) => {
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    all.push(match item {
                        com::Value::Array(_) => Value::Unknown,
                        other => self.inward(other)?,
                    });
                }
                self.list(all)?
            }
            com::Value::Object(id) => Value::Object(id),
            com::Value::Unknown => Value::Unknown,
        })
    }

    /// The variable of a name, if there is one.
    pub(super) fn variable(&mut self, name: &str) -> Option<&mut Value> {
        let frame = self.frames.last_mut();
        let me = frame.as_ref().and_then(|it| it.me);
        if let Some(frame) = frame
            && let Some(value) = frame.variables.get_mut(name)
        {
            return Some(value);
        }
        if let Some(me) = me
            && let Some(instance) = self.instances.get_mut(me)
            && let Some(value) = instance.fields.get_mut(name)
        {
            return Some(value);
        }
        self.globals.get_mut(name)
    }

    /// Puts a value into a variable, which is made where it is not there.
    pub(super) fn assign(&mut self, name: &Name, value: Value) -> Result<(), Stop> {
        if let Some(place) = self.variable(name) {
            *place = value;
            return Ok(());
        }
        self.declare(name, value)
    }

    /// Makes a variable of the call that runs.
    pub(super) fn declare(&mut self, name: &Name, value: Value) -> Result<(), Stop> {
        self.room(size_of::<Value>() + name.len())?;
        let variables = match self.frames.last_mut() {
            Some(frame) => &mut frame.variables,
            None => &mut self.globals,
        };
        variables.insert(name.clone(), value);
        Ok(())
    }

    /// Does something inside of what runs; how deep the text goes, its reader has bounded.
    pub(super) fn deeper<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        if stack::is_short() {
            self.charge(STACK_STEPS)?;
        }
        match stack::with_room(|| work(self)) {
            Some(done) => done,
            None => self.too_deep(),
        }
    }

    /// Does something in a call, or in an evaluated text.
    pub(super) fn call<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        if self.calls >= self.calls_max {
            return self.too_deep();
        }
        self.calls += 1;
        let result = self.deeper(work);
        self.calls -= 1;
        result
    }

    fn too_deep<T>(&self) -> Result<T, Stop> {
        self.note("calls go too deep");
        Err(Stop::Error("out of stack space"))
    }
}

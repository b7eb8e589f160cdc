//! What an `awk` program does.

use super::arrays::Array;
use super::records::Source;
use super::streams::Stream;
use super::value::{Value, show};
use super::{Called, Expression, Function, Program, Statement, When};
use crate::commands::regex::Pattern;
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use rand::Rng;
use std::collections::HashMap;

/// Why a statement does not go on to the next.
pub(super) enum Flow {
    Next,
    NextFile,
    Break,
    Continue,
    Return(Value),
    Exit,
    /// The program ends here, without its `END`.
    Quit,
    Stop(Stop),
}

impl From<Stop> for Flow {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

pub(super) type Done<T> = Result<T, Flow>;

/// A parameter of a function that runs.
pub(super) struct Local {
    pub(super) value: Value,
    /// The array that is meant if it is used as one.
    pub(super) array: String,
}

/// A running program.
pub(super) struct Machine<'a> {
    pub(super) process: &'a mut Process,
    pub(super) functions: &'a HashMap<String, Function>,
    pub(super) called: Called,
    pub(super) variables: HashMap<String, Value>,
    pub(super) arrays: HashMap<String, Array>,
    /// Elements of all arrays together.
    pub(super) elements: usize,
    /// Parameters of the functions that run, the innermost last.
    pub(super) frames: Vec<HashMap<String, Local>>,
    /// Calls so far, to name their arrays by.
    pub(super) calls: u64,
    pub(super) line: Vec<u8>,
    pub(super) fields: Vec<Vec<u8>>,
    pub(super) main: Option<Source>,
    /// The next of `ARGV`.
    pub(super) operand: usize,
    pub(super) used_operand: bool,
    /// Open files and commands: whether they are read, their names.
    pub(super) streams: Vec<(bool, Vec<u8>, Stream)>,
    pub(super) out: Vec<u8>,
    status: Option<i32>,
    pub(super) patterns: HashMap<Vec<u8>, Option<Pattern>>,
    pub(super) seed: u64,
    /// What `srand` was given last.
    pub(super) last_seed: f64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        process: &'a mut Process,
        functions: &'a HashMap<String, Function>,
        called: Called,
        operands: Vec<Vec<u8>>,
    ) -> Self {
        let mut variables: HashMap<String, Value> = HashMap::new();
        for (name, text) in [
            ("FS", " "),
            ("OFS", " "),
            ("ORS", "\n"),
            ("RS", "\n"),
            ("SUBSEP", "\x1c"),
            ("CONVFMT", "%.6g"),
            ("OFMT", "%.6g"),
            ("FILENAME", ""),
        ] {
            variables.insert(name.to_owned(), Value::Text(text.as_bytes().to_vec()));
        }
        for (name, number) in [("NR", 0.0), ("NF", 0.0), ("FNR", 0.0), ("RSTART", 0.0)] {
            variables.insert(name.to_owned(), Value::Number(number));
        }
        variables.insert("RLENGTH".to_owned(), Value::Number(-1.0));
        variables.insert("ARGC".to_owned(), Value::Number(operands.len() as f64 + 1.0));
        let seed = process.session.system().rng.random();
        let last_seed = if called.gnu { (seed >> 33) as f64 } else { 1.0 };
        let environment = process.environment();
        let mut machine = Self {
            process,
            functions,
            called,
            variables,
            arrays: HashMap::new(),
            elements: 0,
            frames: Vec::new(),
            calls: 0,
            line: Vec::new(),
            fields: Vec::new(),
            main: None,
            operand: 1,
            used_operand: false,
            streams: Vec::new(),
            out: Vec::new(),
            status: None,
            patterns: HashMap::new(),
            seed,
            last_seed,
        };
        let name = machine.called.name.clone().into_bytes();
        let words = std::iter::once(name).chain(operands).enumerate();
        machine.preset_array(
            "ARGV",
            words.map(|(index, word)| (index.to_string().into_bytes(), word)),
        );
        machine.preset_array(
            "ENVIRON",
            environment.into_iter().map(|(name, value)| (name.to_vec(), value.to_vec())),
        );
        machine
    }

    fn preset_array(&mut self, name: &str, pairs: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) {
        let mawk = self.called.gnu;
        let mut array = Array::default();
        for (key, value) in pairs {
            array.set(key, Value::Input(value), mawk);
        }
        self.arrays.insert(name.to_owned(), array);
    }

    /// Sets a variable before the program runs.
    pub(super) fn preset(&mut self, name: &str, text: Vec<u8>) {
        self.set(name, Value::Input(text));
    }

    /// Makes the assignment that an operand may be; whether it was one.
    pub(super) fn assign_operand(&mut self, word: &[u8]) -> bool {
        let Some(at) = word.iter().position(|b| *b == b'=') else { return false };
        let (name, value) = (&word[..at], &word[at + 1..]);
        if !crate::syntax::is_name(name) {
            return false;
        }
        let name = String::from_utf8_lossy(name).into_owned();
        self.set(&name, Value::Input(crate::escape::unescape(value, None).0));
        true
    }

    /// Runs the program, and gives its status.
    pub(super) async fn run(&mut self, program: &Program) -> Result<i32, Stop> {
        let ended = match self.all(program).await {
            Err(Flow::Stop(stop)) => Err(stop),
            _ => Ok(()),
        };
        let closed = match self.close_all().await {
            Err(Flow::Stop(stop)) => Err(stop),
            _ => Ok(()),
        };
        ended.and(closed)?;
        Ok(self.status.unwrap_or(0))
    }

    async fn all(&mut self, program: &Program) -> Done<()> {
        match self.main_part(program).await {
            Err(flow @ (Flow::Stop(_) | Flow::Quit)) => return Err(flow),
            _ => self.frames.clear(),
        }
        for (when, action) in &program.rules {
            if let (When::End, Some(action)) = (when, action) {
                self.statement(action).await?;
            }
        }
        Ok(())
    }

    async fn main_part(&mut self, program: &Program) -> Done<()> {
        for (when, action) in &program.rules {
            if let (When::Begin, Some(action)) = (when, action) {
                self.statement(action).await?;
            }
        }
        if program.rules.iter().all(|(when, _)| matches!(when, When::Begin)) {
            return Ok(());
        }
        let mut inside = vec![false; program.rules.len()];
        while let Some(line) = self.main_record().await? {
            self.count_record();
            self.set_line(line);
            match self.rules(program, &mut inside).await {
                Err(Flow::Next) => {}
                Err(Flow::NextFile) => self.main = None,
                other => other?,
            }
        }
        Ok(())
    }

    /// What the rules do with the present line.
    async fn rules(&mut self, program: &Program, inside: &mut [bool]) -> Done<()> {
        for ((when, action), inside) in program.rules.iter().zip(inside) {
            let fits = match when {
                When::Begin | When::End => false,
                When::Always => true,
                When::Fits(expression) => self.value(expression).await?.is_true(),
                When::Range(first, last) => {
                    let begins = !*inside && self.value(first).await?.is_true();
                    let fits = *inside || begins;
                    *inside = fits && !self.value(last).await?.is_true();
                    fits
                }
            };
            match action {
                _ if !fits => {}
                Some(action) => self.statement(action).await?,
                None => self.print_values(&[], None).await?,
            }
        }
        Ok(())
    }

    /// Ends the program with a message about its text.
    pub(super) fn fatal<T>(&mut self, line: u32, mawk: &str, busybox: &str) -> Done<T> {
        let message = self.called.message(line, mawk, busybox);
        self.fatal_text(&message)
    }

    /// Ends the program with a message.
    pub(super) fn fatal_text<T>(&mut self, message: &str) -> Done<T> {
        self.process.error(message)?;
        self.status = Some(self.called.failure());
        Err(Flow::Quit)
    }

    /// Ends the program if its calls are nested too deep.
    pub(super) fn check_stack(&mut self) -> Done<()> {
        let base = self.process.session.system().stack_base;
        let deep = crate::stack::is_spent(base);
        if !deep && self.frames.len() < limits::AWK_CALLS {
            return Ok(());
        }
        if self.called.gnu {
            let message =
                format!("{}: program limit exceeded: eval stack size=1024", self.called.name);
            return self.fatal_text(&message);
        }
        // BusyBox's overruns its stack.
        const SEGMENTATION_FAULT: i32 = 139;
        self.process.error("Segmentation fault")?;
        self.status = Some(SEGMENTATION_FAULT);
        Err(Flow::Quit)
    }

    pub(super) fn variable(&self, name: &str) -> Value {
        match self.frames.last().and_then(|frame| frame.get(name)) {
            Some(local) => local.value.clone(),
            None => self.variables.get(name).cloned().unwrap_or(Value::Unset),
        }
    }

    /// Sets a variable, or the parameter of that name.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(local) = self.frames.last_mut().and_then(|frame| frame.get_mut(name)) {
            local.value = value;
        } else if let Some(old) = self.variables.get_mut(name) {
            *old = value;
        } else {
            self.variables.insert(name.to_owned(), value);
        }
    }

    /// A value as text, as `CONVFMT` says.
    pub(super) fn text(&self, value: &Value) -> Vec<u8> {
        self.text_by(value, "CONVFMT")
    }

    fn text_by(&self, value: &Value, format: &str) -> Vec<u8> {
        match value {
            Value::Number(number) => {
                let format = match self.variables.get(format) {
                    Some(Value::Text(text) | Value::Input(text)) if text != b"%.6g" => Some(text),
                    _ => None,
                };
                show(*number, format.map(Vec::as_slice), self.called.gnu)
            }
            Value::Text(text) | Value::Input(text) => text.clone(),
            Value::Unset => Vec::new(),
        }
    }

    async fn print_values(
        &mut self,
        list: &[Expression],
        to: Option<&(super::PrintTo, Expression)>,
    ) -> Done<()> {
        let mut text = if list.is_empty() { self.line.clone() } else { Vec::new() };
        let separator = self.text(&self.variable("OFS"));
        for (index, expression) in list.iter().enumerate() {
            if index > 0 {
                text.extend_from_slice(&separator);
            }
            let value = self.value(expression).await?;
            text.extend_from_slice(&self.text_by(&value, "OFMT"));
            if text.len() > limits::PIPE_BYTES {
                return Err(Flow::Quit);
            }
        }
        text.extend_from_slice(&self.text(&self.variable("ORS")));
        self.print_to(&text, to).await
    }

    /// Does a statement; see [`value`](Self::value).
    pub(super) fn statement<'s>(&'s mut self, statement: &'s Statement) -> Fut<'s, Done<()>> {
        if let Err(stop) = self.process.session.step(1) {
            return Box::pin(std::future::ready(Err(stop.into())));
        }
        match statement {
            Statement::Block(statements) => Box::pin(async move {
                for statement in statements {
                    self.statement(statement).await?;
                }
                Ok(())
            }),
            Statement::Return(Some(value)) => {
                Box::pin(async move { Err(Flow::Return(self.value(value).await?)) })
            }
            Statement::Expression(expression) => {
                Box::pin(async move { self.value(expression).await.map(|_| ()) })
            }
            Statement::If(condition, then, otherwise) => Box::pin(async move {
                if self.value(condition).await?.is_true() {
                    self.statement(then).await?;
                } else if let Some(otherwise) = otherwise {
                    self.statement(otherwise).await?;
                }
                Ok(())
            }),
            other => Box::pin(self.do_statement(other)),
        }
    }

    async fn do_statement(&mut self, statement: &Statement) -> Done<()> {
        match statement {
            Statement::Print(list, false, to) => self.print_values(list, to.as_ref()).await?,
            Statement::Print(list, true, to) => {
                let text = self.formatted(list).await?;
                self.print_to(&text, to.as_ref()).await?;
            }
            Statement::While(condition, body, first) => {
                let mut again = *first || self.value(condition).await?.is_true();
                while again && self.goes_on(body).await? {
                    again = self.value(condition).await?.is_true();
                }
            }
            Statement::For(start, condition, step, body) => {
                if let Some(start) = start {
                    self.statement(start).await?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.value(condition).await?.is_true()
                    {
                        break;
                    }
                    if !self.goes_on(body).await? {
                        break;
                    }
                    if let Some(step) = step {
                        self.statement(step).await?;
                    }
                }
            }
            Statement::ForIn(name, array, body) => {
                let array = self.array_name(array);
                let keys =
                    self.arrays.get(&array).map(|a| a.keys(self.called.gnu)).unwrap_or_default();
                self.process.session.copied(keys.len(), 0)?;
                for key in keys {
                    self.set(name, Value::Text(key));
                    if !self.goes_on(body).await? {
                        break;
                    }
                }
            }
            Statement::Delete(name, index) => {
                let key = self.key(index).await?;
                let name = self.array_name(name);
                if let Some(array) = self.arrays.get_mut(&name) {
                    let removed = if index.is_empty() {
                        std::mem::take(array).len()
                    } else {
                        usize::from(array.remove(&key))
                    };
                    self.elements = self.elements.saturating_sub(removed);
                }
            }
            Statement::Next => return Err(Flow::Next),
            Statement::NextFile => return Err(Flow::NextFile),
            Statement::Break => return Err(Flow::Break),
            Statement::Continue => return Err(Flow::Continue),
            Statement::Exit(code) => {
                self.status = Some(match code {
                    Some(code) => self.value(code).await?.number() as i32 & 0xff,
                    None => self.status.unwrap_or(0),
                });
                return Err(Flow::Exit);
            }
            Statement::Return(_) => return Err(Flow::Return(Value::Unset)),
            // The others have futures of their own.
            Statement::Block(_) | Statement::Expression(_) | Statement::If(..) => {}
        }
        Ok(())
    }

    /// One round of a loop; whether there may be another.
    async fn goes_on(&mut self, body: &Statement) -> Done<bool> {
        self.process.session.step(1)?;
        match self.statement(body).await {
            Err(Flow::Break) => Ok(false),
            Err(Flow::Continue) | Ok(()) => Ok(true),
            Err(other) => Err(other),
        }
    }
}

//! What an `awk` program does.

use super::super::regex::Pattern;
use super::super::sed::substitute;
use super::value::{Value, show};
use super::{Expression, Program, Statement, When};
use crate::limits;
use crate::process::Process;
use crate::system::Stop;
use bytes::Bytes;
use rand::Rng;
use std::collections::{BTreeMap, HashMap};

/// Most elements of all arrays together.
const ELEMENTS: usize = 65_536;

/// Bytes that are split into fields in a step.
const FIELD_BYTES_PER_STEP: u64 = 64;

/// Why a statement does not go on to the next.
enum Flow {
    Next,
    Break,
    Continue,
    Exit,
    Stop(Stop),
}

impl From<Stop> for Flow {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

type Done<T> = Result<T, Flow>;

/// A running program.
pub(super) struct Machine<'a> {
    process: &'a Process,
    variables: HashMap<String, Value>,
    arrays: HashMap<String, BTreeMap<Vec<u8>, Value>>,
    elements: usize,
    line: Vec<u8>,
    fields: Vec<Vec<u8>>,
    rest: Vec<Bytes>,
    out: Vec<u8>,
    status: Option<i32>,
    patterns: HashMap<Vec<u8>, Option<Pattern>>,
    seed: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(process: &'a Process, variables: BTreeMap<String, Vec<u8>>) -> Self {
        let mut all: HashMap<String, Value> = HashMap::new();
        for (name, text) in
            [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\x1c")]
        {
            all.insert(name.to_owned(), Value::Text(text.as_bytes().to_vec()));
        }
        all.extend(variables.into_iter().map(|(n, v)| (n, Value::Input(v))));
        let seed = process.session.system().rng.random();
        let mut machine = Self {
            process,
            variables: all,
            arrays: HashMap::new(),
            elements: 0,
            line: Vec::new(),
            fields: Vec::new(),
            rest: Vec::new(),
            out: Vec::new(),
            status: None,
            patterns: HashMap::new(),
            seed,
        };
        let environment =
            process.environment().into_iter().map(|(n, v)| (n.to_vec(), Value::Input(v.to_vec())));
        machine.arrays.insert("ENVIRON".to_owned(), environment.collect());
        machine
    }

    pub(super) fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    pub(super) const fn status(&self) -> Option<i32> {
        self.status
    }

    /// Runs the program over all inputs.
    pub(super) fn run(
        &mut self,
        program: &Program,
        inputs: &[(Vec<u8>, Bytes)],
    ) -> Result<(), Stop> {
        match self.all(program, inputs) {
            Err(Flow::Stop(stop)) => Err(stop),
            _ => Ok(()),
        }
    }

    fn all(&mut self, program: &Program, inputs: &[(Vec<u8>, Bytes)]) -> Done<()> {
        let mut lines: Vec<Bytes> = Vec::new();
        for (_, text) in inputs {
            let mut at = 0;
            while at < text.len() {
                let end =
                    text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n);
                lines.push(text.slice(at..end));
                at = end + 1;
            }
        }
        lines.reverse();
        self.rest = lines;
        let result = self.main(program);
        if let Err(Flow::Stop(stop)) = result {
            return Err(Flow::Stop(stop));
        }
        for (when, action) in program {
            if let (When::End, Some(action)) = (when, action) {
                self.statement(action)?;
            }
        }
        Ok(())
    }

    fn main(&mut self, program: &Program) -> Done<()> {
        for (when, action) in program {
            if let (When::Begin, Some(action)) = (when, action) {
                self.statement(action)?;
            }
        }
        if program.iter().all(|(when, _)| matches!(when, When::Begin)) {
            return Ok(());
        }
        let mut inside = vec![false; program.len()];
        while let Some(line) = self.rest.pop() {
            self.process.session.step(1)?;
            self.take_line(&line);
            for (index, (when, action)) in program.iter().enumerate() {
                let fits = match when {
                    When::Begin | When::End => false,
                    When::Always => true,
                    When::Fits(expression) => self.value(expression)?.is_true(),
                    When::Range(first, last) => {
                        let begins = !inside[index] && self.value(first)?.is_true();
                        let fits = inside[index] || begins;
                        inside[index] = fits && !self.value(last)?.is_true();
                        fits
                    }
                };
                if !fits {
                    continue;
                }
                let result = match action {
                    Some(action) => self.statement(action),
                    None => self.statement(&Statement::Print(Vec::new())),
                };
                match result {
                    Err(Flow::Next) => break,
                    other => other?,
                }
            }
        }
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) {
        let number = self.variables.get("NR").map_or(0.0, Value::number) + 1.0;
        self.variables.insert("NR".to_owned(), Value::Number(number));
        self.variables.insert("FNR".to_owned(), Value::Number(number));
        self.set_line(line.to_vec());
    }

    fn set_line(&mut self, line: Vec<u8>) {
        // Each byte may become a field. An empty budget ends the program at its next step.
        let _ = self.process.session.step(line.len() as u64 / FIELD_BYTES_PER_STEP);
        let separator = self.variables.get("FS").map_or_else(Vec::new, Value::text);
        self.fields = self.split(&line, &separator);
        self.line = line;
        self.variables.insert("NF".to_owned(), Value::Number(self.fields.len() as f64));
    }

    fn split(&mut self, text: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
        if text.is_empty() {
            return Vec::new();
        }
        match separator {
            b" " => text
                .split(u8::is_ascii_whitespace)
                .filter(|f| !f.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
            [] => text.iter().map(|b| vec![*b]).collect(),
            [single] if *single != b'\\' => {
                text.split(|b| b == single).map(<[u8]>::to_vec).collect()
            }
            _ => {
                let mut places = Vec::new();
                if let Some(pattern) = self.pattern(separator) {
                    let mut at = 0;
                    while let Some((start, end)) = pattern.find_at(text, at) {
                        if end == start {
                            break;
                        }
                        places.push((start, end));
                        at = end;
                    }
                }
                let mut fields = Vec::new();
                let mut from = 0;
                for (start, end) in places {
                    fields.push(text[from..start].to_vec());
                    from = end;
                }
                fields.push(text[from..].to_vec());
                fields
            }
        }
    }

    fn pattern(&mut self, text: &[u8]) -> Option<&Pattern> {
        const CACHED: usize = 64;
        if self.patterns.len() > CACHED {
            self.patterns.clear();
        }
        if !self.patterns.contains_key(text) {
            // It is built. An empty budget ends the program at its next step.
            let _ = self.process.session.step(1 + text.len() as u64 / 8);
        }
        self.patterns
            .entry(text.to_vec())
            .or_insert_with(|| Pattern::new(text, true, false).ok())
            .as_ref()
    }

    fn rebuild_line(&mut self) {
        let bytes: usize = self.fields.iter().map(|f| f.len() + 1).sum();
        let _ = self.process.session.copied(self.fields.len() / 4, bytes);
        let separator = self.variables.get("OFS").map_or_else(|| b" ".to_vec(), Value::text);
        self.line = self.fields.join(&separator[..]);
        self.variables.insert("NF".to_owned(), Value::Number(self.fields.len() as f64));
    }

    fn print(&mut self, text: &[u8]) -> Done<()> {
        self.process.session.step(text.len() as u64 / 1_024)?;
        if self.out.len() + text.len() > limits::PIPE_BYTES {
            return Err(Flow::Exit);
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Done<()> {
        self.process.session.step(1)?;
        match statement {
            Statement::Expression(expression) => {
                self.value(expression)?;
            }
            Statement::Print(list) => {
                let mut text = if list.is_empty() { self.line.clone() } else { Vec::new() };
                let separator = self.variables.get("OFS").map_or_else(Vec::new, Value::text);
                for (index, expression) in list.iter().enumerate() {
                    if index > 0 {
                        text.extend_from_slice(&separator);
                    }
                    text.extend_from_slice(&self.value(expression)?.text());
                }
                text.extend_from_slice(
                    &self.variables.get("ORS").map_or_else(Vec::new, Value::text),
                );
                self.print(&text)?;
            }
            Statement::Printf(list) => {
                let text = self.formatted(list)?;
                self.print(&text)?;
            }
            Statement::If(condition, then, otherwise) => {
                if self.value(condition)?.is_true() {
                    self.statement(then)?;
                } else if let Some(otherwise) = otherwise {
                    self.statement(otherwise)?;
                }
            }
            Statement::While(condition, body, first) => {
                let mut again = *first || self.value(condition)?.is_true();
                while again {
                    match self.statement(body) {
                        Err(Flow::Break) => break,
                        Err(Flow::Continue) => {}
                        other => other?,
                    }
                    self.process.session.step(1)?;
                    again = self.value(condition)?.is_true();
                }
            }
            Statement::For(start, condition, step, body) => {
                if let Some(start) = start {
                    self.statement(start)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.value(condition)?.is_true()
                    {
                        break;
                    }
                    match self.statement(body) {
                        Err(Flow::Break) => break,
                        Err(Flow::Continue) => {}
                        other => other?,
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                    self.process.session.step(1)?;
                }
            }
            Statement::ForIn(name, array, body) => {
                let keys: Vec<Vec<u8>> =
                    self.arrays.get(array).map(|a| a.keys().cloned().collect()).unwrap_or_default();
                self.process.session.copied(keys.len(), 0)?;
                for key in keys {
                    self.variables.insert(name.clone(), Value::Input(key));
                    match self.statement(body) {
                        Err(Flow::Break) => break,
                        Err(Flow::Continue) => {}
                        other => other?,
                    }
                }
            }
            Statement::Block(statements) => {
                for statement in statements {
                    self.statement(statement)?;
                }
            }
            Statement::Delete(name, index) => {
                let key = self.key(index)?;
                if let Some(array) = self.arrays.get_mut(name) {
                    if index.is_empty() {
                        array.clear();
                    } else {
                        array.remove(&key);
                    }
                }
            }
            Statement::Next => return Err(Flow::Next),
            Statement::Break => return Err(Flow::Break),
            Statement::Continue => return Err(Flow::Continue),
            Statement::Exit(code) => {
                self.status = Some(match code {
                    Some(code) => self.value(code)?.number() as i32 & 0xff,
                    None => self.status.unwrap_or(0),
                });
                return Err(Flow::Exit);
            }
        }
        Ok(())
    }

    fn key(&mut self, index: &[Expression]) -> Done<Vec<u8>> {
        let separator = self.variables.get("SUBSEP").map_or_else(Vec::new, Value::text);
        let mut parts = Vec::with_capacity(index.len());
        for part in index {
            parts.push(self.value(part)?.text());
        }
        Ok(parts.join(&separator[..]))
    }

    fn fits(&mut self, text: &[u8], expression: &Expression) -> Done<bool> {
        let wanted = match expression {
            Expression::Regex(text) => text.clone(),
            other => self.value(other)?.text(),
        };
        self.process.session.step(1 + text.len() as u64 / 256)?;
        Ok(self.pattern(&wanted).is_some_and(|p| p.is_match(text)))
    }

    fn value(&mut self, expression: &Expression) -> Done<Value> {
        let value = self.evaluated(expression)?;
        if let Value::Text(text) | Value::Input(text) = &value {
            self.process.session.copied(0, text.len())?;
        }
        Ok(value)
    }

    fn evaluated(&mut self, expression: &Expression) -> Done<Value> {
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Regex(_) => {
                let line = self.line.clone();
                truth(self.fits(&line, expression)?)
            }
            Expression::Variable(name) => self.variables.get(name).cloned().unwrap_or(Value::Unset),
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.arrays.get(name).and_then(|a| a.get(&key)).cloned().unwrap_or(Value::Unset)
            }
            Expression::Field(index) => {
                let index = self.value(index)?.number();
                match index as usize {
                    0 => Value::Input(self.line.clone()),
                    n => self.fields.get(n - 1).cloned().map_or(Value::Unset, Value::Input),
                }
            }
            Expression::Unary(op, inner) => {
                let value = self.value(inner)?;
                match op {
                    b'!' => truth(!value.is_true()),
                    b'-' => Value::Number(-value.number()),
                    _ => Value::Number(value.number()),
                }
            }
            Expression::Binary(op, left, right) => {
                let left = self.value(left)?;
                self.binary(op, &left, right)?
            }
            Expression::Chain(first, rest) => {
                let mut value = self.value(first)?;
                for (op, right) in rest {
                    value = self.binary(op, &value, right)?;
                }
                value
            }
            Expression::Concat(parts) => {
                let mut text = Vec::new();
                for part in parts {
                    let part = self.value(part)?.text();
                    self.process.session.copied(0, part.len())?;
                    text.extend_from_slice(&part);
                    text.truncate(limits::WORD_BYTES);
                }
                Value::Text(text)
            }
            Expression::Conditional(condition, yes, no) => {
                if self.value(condition)?.is_true() {
                    self.value(yes)?
                } else {
                    self.value(no)?
                }
            }
            Expression::Assign(target, op, value) => {
                let mut value = self.value(value)?;
                if *op != "=" {
                    let old = self.value(target)?.number();
                    value = Value::Number(calculate(op, old, value.number()));
                }
                self.assign(target, value.clone())?;
                value
            }
            Expression::Step(target, change, old) => {
                let before = self.value(target)?.number();
                self.assign(target, Value::Number(before + change))?;
                Value::Number(if *old { before } else { before + change })
            }
            Expression::In(index, array) => {
                let key = self.key(index)?;
                truth(self.arrays.get(array).is_some_and(|a| a.contains_key(&key)))
            }
            Expression::Call(name, arguments) => self.call(name, arguments)?,
            Expression::Getline => match self.rest.pop() {
                Some(line) => {
                    self.take_line(&line);
                    Value::Number(1.0)
                }
                None => Value::Number(0.0),
            },
        })
    }

    fn binary(&mut self, op: &str, left: &Value, right: &Expression) -> Done<Value> {
        match op {
            "&&" => return Ok(truth(left.is_true() && self.value(right)?.is_true())),
            "||" => return Ok(truth(left.is_true() || self.value(right)?.is_true())),
            "~" | "!~" => {
                return Ok(truth(self.fits(&left.text(), right)? == (op == "~")));
            }
            _ => {}
        }
        let right = self.value(right)?;
        let ordering = || {
            if left.is_numeric() && right.is_numeric() {
                left.number().partial_cmp(&right.number())
            } else {
                Some(left.text().cmp(&right.text()))
            }
        };
        Ok(match op {
            "<" => truth(ordering().is_some_and(std::cmp::Ordering::is_lt)),
            "<=" => truth(ordering().is_some_and(std::cmp::Ordering::is_le)),
            ">" => truth(ordering().is_some_and(std::cmp::Ordering::is_gt)),
            ">=" => truth(ordering().is_some_and(std::cmp::Ordering::is_ge)),
            "==" => truth(ordering().is_some_and(std::cmp::Ordering::is_eq)),
            "!=" => truth(!ordering().is_some_and(std::cmp::Ordering::is_eq)),
            _ => Value::Number(calculate(op, left.number(), right.number())),
        })
    }

    fn assign(&mut self, target: &Expression, value: Value) -> Done<()> {
        const FIELDS: usize = 4_096;
        match target {
            Expression::Variable(name) => {
                let fields = (name == "NF").then(|| value.number().max(0.0) as usize);
                self.variables.insert(name.clone(), value);
                if let Some(count) = fields {
                    self.fields.resize(count.min(FIELDS), Vec::new());
                    self.rebuild_line();
                }
            }
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.elements += 1;
                if self.elements > ELEMENTS {
                    self.process.session.system().limit("memory", "arrays of awk grew too large");
                    return Err(Flow::Exit);
                }
                self.arrays.entry(name.clone()).or_default().insert(key, value);
            }
            Expression::Field(index) => match self.value(index)?.number() as usize {
                0 => self.set_line(value.text()),
                n if n <= FIELDS => {
                    if self.fields.len() < n {
                        self.fields.resize(n, Vec::new());
                    }
                    self.fields[n - 1] = value.text();
                    self.rebuild_line();
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn formatted(&mut self, list: &[Expression]) -> Done<Vec<u8>> {
        let mut words = Vec::with_capacity(list.len());
        for expression in list {
            let value = self.value(expression)?;
            words.push(match value {
                Value::Number(number) => show(number).into_bytes(),
                other => other.text(),
            });
        }
        let Some((format, values)) = words.split_first() else { return Ok(Vec::new()) };
        Ok(super::super::printf::format_once(format, values))
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) -> Done<Value> {
        if matches!(name, "sub" | "gsub") {
            return self.substitute(name == "gsub", arguments);
        }
        if name == "split" {
            return self.split_into(arguments);
        }
        if name == "sprintf" {
            return self.formatted(arguments).map(Value::Text);
        }
        if name == "match" && arguments.len() >= 2 {
            let text = self.value(&arguments[0])?.text();
            let wanted = match &arguments[1] {
                Expression::Regex(text) => text.clone(),
                other => self.value(other)?.text(),
            };
            self.process.session.step(1 + text.len() as u64 / 256)?;
            let found = self.pattern(&wanted).and_then(|p| p.find_at(&text, 0));
            let (start, length) =
                found.map_or((0.0, -1.0), |(s, e)| ((s + 1) as f64, (e - s) as f64));
            self.variables.insert("RSTART".to_owned(), Value::Number(start));
            self.variables.insert("RLENGTH".to_owned(), Value::Number(length));
            return Ok(Value::Number(start));
        }
        if name == "length"
            && let [Expression::Variable(array)] = arguments
            && let Some(array) = self.arrays.get(array)
        {
            return Ok(Value::Number(array.len() as f64));
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        let text = |i: usize| values.get(i).map_or_else(Vec::new, Value::text);
        let number = |i: usize| values.get(i).map_or(0.0, Value::number);
        Ok(match name {
            "length" if values.is_empty() => Value::Number(self.line.len() as f64),
            "length" => Value::Number(text(0).len() as f64),
            "substr" => {
                let source = text(0);
                let start = number(1).round();
                // A start before the text becomes its first character; mawk 1.3.4 makes the
                // length greater by that.
                let before = (1.0 - start).max(0.0);
                let more = if self.process.session.host.persona.is_gnu() {
                    (before - 1.0).max(0.0)
                } else {
                    0.0
                };
                let start = start.max(1.0);
                let end =
                    if values.len() > 2 { start + number(2).round() + more } else { f64::MAX };
                let from = (start.max(1.0) as usize - 1).min(source.len());
                let to = if end >= source.len() as f64 + 1.0 {
                    source.len()
                } else {
                    (end.max(1.0) as usize - 1).max(from)
                };
                Value::Text(source[from..to].to_vec())
            }
            "index" => {
                let (source, wanted) = (text(0), text(1));
                self.process.session.step(1 + (source.len() * wanted.len() / 4_096) as u64)?;
                let found = if wanted.is_empty() {
                    None
                } else {
                    source.windows(wanted.len()).position(|w| w == wanted)
                };
                Value::Number(found.map_or(0.0, |p| (p + 1) as f64))
            }
            "toupper" => Value::Text(text(0).to_ascii_uppercase()),
            "tolower" => Value::Text(text(0).to_ascii_lowercase()),
            "int" => Value::Number(number(0).trunc()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "log" => Value::Number(number(0).ln()),
            "exp" => Value::Number(number(0).exp()),
            "sin" => Value::Number(number(0).sin()),
            "cos" => Value::Number(number(0).cos()),
            "rand" => {
                self.seed = self
                    .seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                Value::Number((self.seed >> 11) as f64 / (1_u64 << 53) as f64)
            }
            "systime" => Value::Number(
                self.process.session.host.clock(self.process.session.now()).secs() as f64,
            ),
            "srand" | "system" | "close" | "fflush" => Value::Number(0.0),
            _ => Value::Unset,
        })
    }

    fn split_into(&mut self, arguments: &[Expression]) -> Done<Value> {
        let [source, Expression::Variable(array), rest @ ..] = arguments else {
            return Ok(Value::Number(0.0));
        };
        let text = self.value(source)?.text();
        let separator = match rest.first() {
            Some(Expression::Regex(text)) => text.clone(),
            Some(other) => self.value(other)?.text(),
            None => self.variables.get("FS").map_or_else(Vec::new, Value::text),
        };
        self.process.session.step(text.len() as u64 / FIELD_BYTES_PER_STEP)?;
        let parts = self.split(&text, &separator);
        let count = parts.len();
        self.elements += count;
        if self.elements > ELEMENTS {
            return Err(Flow::Exit);
        }
        let elements = parts
            .into_iter()
            .enumerate()
            .map(|(i, p)| ((i + 1).to_string().into_bytes(), Value::Input(p)));
        self.arrays.insert(array.clone(), elements.collect());
        Ok(Value::Number(count as f64))
    }

    fn substitute(&mut self, all: bool, arguments: &[Expression]) -> Done<Value> {
        let [wanted, with, rest @ ..] = arguments else { return Ok(Value::Number(0.0)) };
        let wanted = match wanted {
            Expression::Regex(text) => text.clone(),
            other => self.value(other)?.text(),
        };
        let with = self.value(with)?.text();
        let whole = Expression::Field(Box::new(Expression::Number(0.0)));
        let target = rest.first().unwrap_or(&whole);
        let text = self.value(target)?.text();
        self.process.session.step(1 + text.len() as u64 / 64)?;
        let Some(pattern) = self.pattern(&wanted) else { return Ok(Value::Number(0.0)) };
        let count = if all { pattern.count(&text) } else { 1 };
        let Some(new) = substitute(pattern, &text, &with, all, 1) else {
            return Ok(Value::Number(0.0));
        };
        self.assign(target, Value::Text(new))?;
        Ok(Value::Number(count as f64))
    }
}

const fn truth(value: bool) -> Value {
    Value::Number(if value { 1.0 } else { 0.0 })
}

fn calculate(op: &str, left: f64, right: f64) -> f64 {
    match op {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "%" => left % right,
        _ => left.powf(right),
    }
}

//! Statements: variables, branches, loops, functions, and where output goes.

use super::ast::{Assign, Block, Body, Command, Element, Expr, Name, Part, Statement};
use super::classes::Defined;
use super::value::{List, Object, State, Text, Value};
use super::{PATH, parser};
use crate::run::{Run, Stop};
use crate::stack::with_room;
use std::collections::HashMap;
use std::rc::Rc;

/// Why statements are left.
#[derive(Debug)]
pub(super) enum Flow {
    /// A limit is met.
    Stop,
    /// With whether a request before it may fail in truth.
    Break(bool),
    Continue,
    Return,
    Exit,
    Throw(Value),
}

impl From<Stop> for Flow {
    fn from(_: Stop) -> Self {
        Self::Stop
    }
}

pub(super) type Eval<T> = Result<T, Flow>;

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Unknown,
}

/// A PowerShell that runs.
#[derive(Debug)]
pub(super) struct Interpreter<'r, 'a> {
    pub(super) run: &'r mut Run<'a>,
    pub(super) scopes: Vec<HashMap<Rc<str>, Value>>,
    pub(super) functions: HashMap<Rc<str>, Rc<Block>>,
    pub(super) aliases: HashMap<Rc<str>, Rc<str>>,
    pub(super) classes: HashMap<Rc<str>, Defined>,
    /// The pattern of the last `Select-String`.
    pub(super) selected: String,
    /// Whether it compiled code that loads from somewhere.
    pub(super) compiles_loader: bool,
    /// Whether a method of a class runs, which puts out only what it returns.
    pub(super) is_method: bool,
    /// The label of the loop that `break` or `continue` means, where it names one.
    pub(super) label: Option<Rc<str>>,
    /// The label of the loop that begins.
    pub(super) own_label: Option<Rc<str>>,
    /// Namespaces whose types need no longer name.
    pub(super) namespaces: Vec<Rc<str>>,
    pub(super) heap: Vec<Object>,
    pub(super) patterns: super::patterns::Patterns,
    /// State of `Get-Random`.
    pub(super) seed: u64,
}

impl<'r, 'a> Interpreter<'r, 'a> {
    pub(super) fn new(run: &'r mut Run<'a>) -> Self {
        let mut interpreter = Self {
            run,
            scopes: vec![HashMap::new()],
            functions: HashMap::new(),
            aliases: HashMap::new(),
            classes: HashMap::new(),
            selected: String::new(),
            compiles_loader: false,
            is_method: false,
            label: None,
            own_label: None,
            namespaces: Vec::new(),
            heap: Vec::new(),
            patterns: super::patterns::Patterns::default(),
            seed: 0x2545_f491_4f6c_dd1d,
        };
        let texts = [
            ("shellid", "Microsoft.PowerShell"),
            ("pshome", r"C:\Windows\System32\WindowsPowerShell\v1.0"),
            ("home", r"C:\Users\k.tanaka"),
            (
                "profile",
                r"C:\Users\k.tanaka\Documents\WindowsPowerShell\Microsoft.PowerShell_profile.ps1",
            ),
            ("pwd", r"C:\Users\k.tanaka\Downloads"),
            ("psscriptroot", r"C:\Users\k.tanaka\Downloads"),
            ("pscommandpath", PATH),
            ("verbosepreference", "SilentlyContinue"),
            ("debugpreference", "SilentlyContinue"),
            ("warningpreference", "Continue"),
            ("erroractionpreference", "Continue"),
            ("progresspreference", "Continue"),
            ("confirmpreference", "High"),
            ("consolefilename", ""),
            ("psculture", "en-US"),
            ("psuiculture", "en-US"),
            ("ofs", " "),
        ];
        let globals = &mut interpreter.scopes[0];
        for (name, text) in texts {
            globals.insert(name.into(), Value::text(text));
        }
        for (name, value) in [
            ("maximumaliascount", 4096),
            ("maximumdrivecount", 4096),
            ("maximumerrorcount", 256),
            ("maximumfunctioncount", 4096),
            ("maximumvariablecount", 4096),
            ("maximumhistorycount", 4096),
            ("pid", 4312),
            ("lastexitcode", 0),
        ] {
            globals.insert(name.into(), Value::Int(value));
        }
        for (name, value) in [("true", true), ("false", false), ("?", true), ("iswindows", true)] {
            globals.insert(name.into(), Value::Bool(value));
        }
        interpreter
    }

    /// Runs a script's text in the scope that is there.
    pub(super) fn script(&mut self, source: &str) -> Result<(), Stop> {
        let mut out = Vec::new();
        let done = self.evaluate_text(source, Vec::new(), &mut out);
        if self.run.output.is_some() {
            for value in &out {
                if !matches!(value, Value::Unknown(_)) {
                    let text = self.text_of(value);
                    self.run.say(&text);
                    self.run.say("\r\n");
                }
            }
        }
        match done {
            Err(Flow::Stop) => Err(Stop),
            Err(Flow::Throw(value)) => {
                let text = self.text_of(&value);
                self.run.remark(&text);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Text that was put together and came to no act is of interest to whoever searches.
    pub(super) fn leftovers(&mut self) {
        let texts: Vec<Text> = self
            .scopes
            .iter()
            .flat_map(HashMap::values)
            .filter_map(|value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .take(1000)
            .collect();
        for text in texts {
            self.run.remark(text.as_str());
        }
    }

    /// Reads and runs text, its output behind `out`.
    pub(super) fn evaluate_text(
        &mut self,
        source: &str,
        arguments: Vec<Value>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        self.run.steps(source.len() as u64 / 64)?;
        let depth = self.run.limits.depth.saturating_sub(self.run.depth()).max(8);
        let parsed = parser::parse(source, depth);
        self.run.steps(parsed.nodes as u64 / 4)?;
        for note in &parsed.notes {
            self.run.note(note);
        }
        if !arguments.is_empty() {
            self.assign_plain("args", Value::list(arguments.clone()));
        }
        let block = parsed.block;
        let given = arguments.into_iter().map(|it| (None, it)).collect();
        self.bind(&block.parameters, given)?;
        for body in [&block.begin, &block.process].into_iter().flatten() {
            self.statements(body, out)?;
        }
        self.statements(&block.body, out)
    }

    /// One deeper: `None` where it is too deep, which is noted.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Eval<T>,
    ) -> Eval<Option<T>> {
        self.run.pay_for_stack()?;
        if !self.run.enter() {
            return Ok(None);
        }
        let done = with_room(|| inner(self));
        self.run.leave();
        if let Some(done) = done {
            return done.map(Some);
        }
        self.run.note_deep();
        Ok(None)
    }

    /// The same for a call, in which levels are counted anew.
    pub(super) fn called<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Eval<T>,
    ) -> Eval<Option<T>> {
        let Some(depth) = self.run.begin_call() else { return Ok(None) };
        let done = self.deeper(inner);
        self.run.end_call(depth);
        done
    }

    pub(super) fn statements(&mut self, body: &[Statement], out: &mut Vec<Value>) -> Eval<()> {
        for statement in body {
            match self.statement(statement, out) {
                Ok(()) => {}
                Err(Flow::Throw(error)) => self.trapped(body, error, out)?,
                Err(flow) => return Err(flow),
            }
        }
        Ok(())
    }

    /// What a body does about an error, after which it goes on; else that is thrown on.
    fn trapped(&mut self, body: &[Statement], error: Value, out: &mut Vec<Value>) -> Eval<()> {
        let trap = body.iter().find_map(|it| match it {
            Statement::Trap(trap) => Some(trap),
            _ => None,
        });
        let Some(trap) = trap else { return Err(Flow::Throw(error)) };
        self.assign_error(&error);
        match self.statements(trap, out) {
            Ok(()) | Err(Flow::Continue) => Ok(()),
            Err(Flow::Break(_)) => Err(Flow::Throw(error)),
            Err(flow) => Err(flow),
        }
    }

    /// `$_` where an error is handled.
    fn assign_error(&mut self, error: &Value) {
        let message = self.text_of(error);
        let record = self.new_object(Object::new("exception", State::None));
        self.set_entry(record, Value::text("message"), Value::text(message));
        self.set_entry(record, Value::text("exception"), Value::Object(record));
        self.set_entry(record, Value::text("targetobject"), error.clone());
        self.assign_plain("_", Value::Object(record));
    }

    pub(super) fn statement(&mut self, statement: &Statement, out: &mut Vec<Value>) -> Eval<()> {
        self.run.step()?;
        self.run.steps(out.len() as u64 / 100_000)?;
        match statement {
            Statement::Pipeline(elements) => self.pipeline(elements, out),
            Statement::Group(body) => self.statements(body, out),
            Statement::Function { name, block } => {
                if self.functions.len() < 10_000 {
                    self.functions.insert(Rc::clone(name), Rc::clone(block));
                }
                Ok(())
            }
            Statement::Class(class) => self.define_class(class),
            Statement::Break(label) => {
                self.label.clone_from(label);
                Err(Flow::Break(false))
            }
            Statement::Continue(label) => {
                self.label.clone_from(label);
                Err(Flow::Continue)
            }
            Statement::Trap(_) => Ok(()),
            Statement::Using(space) => {
                if self.namespaces.len() < 100 {
                    self.namespaces.push(Rc::clone(space));
                }
                Ok(())
            }
            Statement::Exit => Err(Flow::Exit),
            Statement::Return(None) => {
                if self.is_method {
                    out.clear();
                }
                Err(Flow::Return)
            }
            _ => self.deeper(|it| it.compound(statement, out)).map(|_| ()),
        }
    }

    fn compound(&mut self, statement: &Statement, out: &mut Vec<Value>) -> Eval<()> {
        match statement {
            Statement::Assign { target, operator, value } => {
                self.assignment(target, *operator, value)
            }
            Statement::If { arms, otherwise } => self.branches(arms, otherwise.as_ref(), out),
            Statement::While { condition, body, step } => {
                self.while_loop(condition.as_deref(), body, step.as_deref(), out)
            }
            Statement::Do { body, condition, is_until } => {
                self.do_loop(body, condition, *is_until, out)
            }
            Statement::Foreach { variable, over, body } => self.foreach(variable, over, body, out),
            Statement::Switch { kind, over, arms, otherwise } => {
                self.switch(*kind, over, arms, otherwise.as_ref(), out)
            }
            Statement::Labelled(label, labelled) => self.labelled(label, labelled, out),
            Statement::Try { body, catches, last } => {
                self.try_catch(body, catches, last.as_ref(), out)
            }
            Statement::Return(Some(value)) => {
                if self.is_method {
                    out.clear();
                }
                self.statement(value, out)?;
                Err(Flow::Return)
            }
            Statement::Throw(value) => {
                let value = match value {
                    Some(value) => self.value_of(value)?,
                    None => Value::Null,
                };
                Err(Flow::Throw(value))
            }
            _ => Ok(()),
        }
    }

    /// What a statement's output is as one value.
    pub(super) fn value_of(&mut self, statement: &Statement) -> Eval<Value> {
        // An expression is its value, also where that is a list.
        if let Some(expr) = super::expressions::lone_expression(statement) {
            self.run.step()?;
            return self.expr(expr);
        }
        if let Statement::Assign { target, operator, value } = statement {
            self.deeper(|it| it.assignment(target, *operator, value))?;
            return self.expr(target);
        }
        let mut out = Vec::new();
        self.statement(statement, &mut out)?;
        Ok(Value::from_output(out))
    }

    fn pipeline(&mut self, elements: &[Element], out: &mut Vec<Value>) -> Eval<()> {
        let Some((first, rest)) = elements.split_first() else { return Ok(()) };
        if rest.is_empty() {
            return match first {
                Element::Expr(expr, to) => {
                    let value = self.expr(expr)?;
                    // `$i++` alone says nothing.
                    if is_silent(expr) {
                        return Ok(());
                    }
                    let mut put = Vec::new();
                    self.put_out(value, &mut put);
                    if let Some(to) = to {
                        return self.redirect(to, &put);
                    }
                    out.append(&mut put);
                    Ok(())
                }
                Element::Command(command) => self.element(command, None, out),
            };
        }
        let mut flowing = Vec::new();
        match first {
            Element::Expr(expr, _) => {
                let value = self.expr(expr)?;
                self.put_out(value, &mut flowing);
            }
            Element::Command(command) => self.element(command, None, &mut flowing)?,
        }
        for (at, element) in rest.iter().enumerate() {
            let mut next = Vec::new();
            match element {
                Element::Expr(expr, _) => {
                    let value = self.expr(expr)?;
                    self.put_out(value, &mut next);
                }
                Element::Command(command) if at + 1 == rest.len() => {
                    return self.element(command, Some(flowing), out);
                }
                Element::Command(command) => self.element(command, Some(flowing), &mut next)?,
            }
            flowing = next;
        }
        out.append(&mut flowing);
        Ok(())
    }

    /// A command of a pipeline, its output perhaps into a file.
    fn element(
        &mut self,
        command: &Command,
        input: Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let Some(to) = &command.to else {
            return self.deeper(|it| it.command(command, input, out)).map(|_| ());
        };
        let mut written = Vec::new();
        self.deeper(|it| it.command(command, input, &mut written))?;
        self.redirect(to, &written)
    }

    /// `> path`
    fn redirect(&mut self, (path, append): &(Expr, bool), values: &[Value]) -> Eval<()> {
        let path = self.expr(path)?;
        let path = self.text_of(&path);
        if path.is_empty() {
            return Ok(());
        }
        self.write_file(&path, values, *append, true)
    }

    /// Output: lists are taken apart.
    pub(super) fn put_out(&mut self, value: Value, out: &mut Vec<Value>) {
        match value {
            Value::Null => {}
            Value::List(list) => out.extend(list.into_items()),
            Value::Object(id) if self.is_list(id) => out.extend(self.items_of(&Value::Object(id))),
            Value::Bytes(blob) if blob.as_slice().len() <= 1 => {
                out.extend(blob.as_slice().iter().map(|it| Value::Byte(*it)));
            }
            other => out.push(other),
        }
    }

    pub(super) fn truth(value: &Value) -> Truth {
        let is_true = match value {
            Value::Unknown(_) => return Truth::Unknown,
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Double(value) => *value != 0.0,
            Value::Byte(value) => *value != 0,
            Value::Char(value) => *value != '\0',
            Value::Text(text) => !text.as_str().is_empty(),
            Value::List(list) => match list.items() {
                [] => false,
                [Value::List(_)] | [_, _, ..] => true,
                [one] => return Self::truth(one),
            },
            Value::Bytes(blob) => !blob.as_slice().is_empty(),
            Value::Object(_) | Value::Script(_) | Value::Type(_) | Value::Method(_) => true,
        };
        if is_true { Truth::Yes } else { Truth::No }
    }

    fn branches(
        &mut self,
        arms: &[(Statement, Body)],
        otherwise: Option<&Body>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let mut was_unknown = false;
        for (condition, body) in arms {
            let value = self.value_of(condition)?;
            match Self::truth(&value) {
                Truth::Yes if was_unknown => return self.perhaps(body, out),
                Truth::Yes => return self.statements(body, out),
                Truth::No => {}
                Truth::Unknown => {
                    was_unknown = true;
                    self.perhaps(body, out)?;
                }
            }
        }
        match otherwise {
            Some(body) if was_unknown => self.perhaps(body, out),
            Some(body) => self.statements(body, out),
            None => Ok(()),
        }
    }

    /// Statements that may be run or not: how they end does not end others.
    pub(super) fn perhaps(&mut self, body: &[Statement], out: &mut Vec<Value>) -> Eval<()> {
        if let Err(Flow::Stop) = self.statements(body, out) {
            return Err(Flow::Stop);
        }
        self.label = None;
        Ok(())
    }

    /// What would be asked for where a request fails is run too.
    fn try_catch(
        &mut self,
        body: &Body,
        catches: &[Body],
        last: Option<&Body>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let before = self.run.requests();
        let mut done = self.statements(body, out);
        let may_fail = self.run.requests() > before;
        match done {
            Err(Flow::Stop) => return Err(Flow::Stop),
            Err(Flow::Throw(error)) => {
                self.assign_error(&error);
                done = match catches.first() {
                    Some(catch) => self.statements(catch, out),
                    None => Ok(()),
                };
            }
            ended if may_fail => {
                let before = self.scope_value("_");
                for catch in catches {
                    self.assign_plain("_", Value::Unknown(None));
                    self.perhaps(catch, out)?;
                }
                if let Some(before) = before {
                    self.assign_plain("_", before);
                }
                done = match ended {
                    Err(Flow::Break(_)) => Err(Flow::Break(true)),
                    other => other,
                };
            }
            _ => {}
        }
        if let Some(last) = last {
            self.statements(last, out)?;
        }
        done
    }

    fn assignment(&mut self, target: &Expr, operator: Assign, value: &Statement) -> Eval<()> {
        let value = self.value_of(value)?;
        match operator {
            Assign::Set => self.assign(target, value),
            Assign::IfNull => match self.expr(target)? {
                Value::Null => self.assign(target, value),
                _ => Ok(()),
            },
            Assign::With(operator) => {
                // Text and lists grow in place.
                if let Expr::Variable(name) = target
                    && operator == super::ast::Operator::Add
                    && name.scope.as_deref() != Some("env")
                {
                    let before = self.take_variable(name);
                    let sum = self.add(before, value)?;
                    return self.set_variable(name, sum);
                }
                let before = self.expr(target)?;
                let after = self.binary(operator, before, value)?;
                self.assign(target, after)
            }
        }
    }

    /// Takes a variable's value out of where it is, so that nobody else has it.
    fn take_variable(&mut self, name: &Name) -> Value {
        let own = self.scopes.last_mut().and_then(|scope| scope.get_mut(&name.name));
        match own.filter(|_| name.scope.is_none()) {
            Some(value) => std::mem::replace(value, Value::Null),
            None => self.variable(name),
        }
    }

    /// Sets a variable of the scope that is there.
    pub(super) fn assign_plain(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.last_mut()
            && (scope.len() < 100_000 || scope.contains_key(name))
        {
            scope.insert(name.into(), value);
        }
    }

    pub(super) fn set_variable(&mut self, name: &Name, value: Value) -> Eval<()> {
        match name.scope.as_deref() {
            Some("env") => {
                let text = self.text_of(&value);
                self.run.set_variable(&name.name, &text)?;
            }
            Some("global" | "script" | "variable") => {
                if self.scopes[0].len() < 100_000 {
                    self.scopes[0].insert(Rc::clone(&name.name), value);
                }
            }
            Some("function") => {
                if let Value::Script(block) = value {
                    self.functions.insert(Rc::clone(&name.name), block);
                }
            }
            _ => {
                let (name, value) = (Rc::clone(&name.name), value);
                if !matches!(&*name, "true" | "false" | "null") {
                    self.assign_plain(&name, value);
                }
            }
        }
        Ok(())
    }

    /// A variable's value by its plain name, from the innermost scope on.
    pub(super) fn scope_value(&self, name: &str) -> Option<Value> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).cloned()
    }

    pub(super) fn variable(&mut self, name: &Name) -> Value {
        match name.scope.as_deref() {
            Some("env") => match self.run.variable(&name.name) {
                Some(value) => Value::text(value),
                None => Value::Null,
            },
            Some("global" | "script") => {
                self.scopes[0].get(&name.name).cloned().unwrap_or(Value::Null)
            }
            // A variable of a drive is the content of a file: `${C:\a.txt}`.
            Some(drive) if drive.len() == 1 && name.name.starts_with(['\\', '/']) => {
                match self.read_file(&format!("{drive}:{}", name.name), false) {
                    Value::Text(text) => {
                        Value::list(text.as_str().lines().map(Value::text).collect())
                    }
                    other => other,
                }
            }
            Some("function") => {
                self.functions.get(&name.name).cloned().map_or(Value::Null, Value::Script)
            }
            _ => self.scope_value(&name.name).unwrap_or_else(|| self.automatic(&name.name)),
        }
    }

    /// Objects that are there without being set.
    fn automatic(&mut self, name: &str) -> Value {
        match name {
            "executioncontext" | "host" | "myinvocation" | "psversiontable" => {
                let id = self.new_object(Object::new(name, State::None));
                self.assign_plain(name, Value::Object(id));
                Value::Object(id)
            }
            "error" | "matches" => Value::Unknown(None),
            _ => Value::Null,
        }
    }

    /// Runs a script block: parameters bound, the input in `$_` and `$input`.
    pub(super) fn call_block(
        &mut self,
        block: &Rc<Block>,
        arguments: Vec<(Option<Rc<str>>, Value)>,
        input: Option<Vec<Value>>,
        own_scope: bool,
    ) -> Eval<Vec<Value>> {
        self.run.step()?;
        let mut out = Vec::new();
        let is_method = std::mem::replace(&mut self.is_method, false);
        let done = self.called(|it| {
            if own_scope {
                let scope = it.captured(block);
                it.scopes.push(scope);
            }
            let done = it.block_within(block, arguments, input, &mut out);
            if own_scope {
                it.scopes.pop();
            }
            done
        });
        self.is_method = is_method;
        match done {
            Ok(_) => Ok(out),
            Err(Flow::Return) if own_scope => Ok(out),
            Err(flow) => Err(flow),
        }
    }

    /// Expandable text.
    pub(super) fn expand(&mut self, parts: &[Part]) -> Eval<Value> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Expr(expr) => {
                    let value = self.expr(expr)?;
                    let text = self.text_of(&value);
                    self.push_text(&mut out, &text)?;
                }
            }
        }
        Ok(Value::text(out))
    }

    /// More text, up to what one value may hold.
    pub(super) fn push_text(&mut self, out: &mut String, more: &str) -> Eval<()> {
        if out.len() + more.len() > self.run.limits.value_bytes {
            self.run.note("a value is too long");
            return Err(Flow::Stop);
        }
        self.run.steps(more.len() as u64 / 64)?;
        out.push_str(more);
        Ok(())
    }

    pub(super) fn new_object(&mut self, object: Object) -> usize {
        self.heap.push(object);
        self.heap.len() - 1
    }

    fn is_list(&self, id: usize) -> bool {
        matches!(self.heap.get(id).map(|it| &it.state), Some(State::Items(_)))
    }

    /// What a loop goes over.
    pub(super) fn items_of(&self, value: &Value) -> Vec<Value> {
        let items = self.items_within(value);
        crate::held::copied(items.len() * size_of::<Value>());
        items
    }

    fn items_within(&self, value: &Value) -> Vec<Value> {
        match value {
            Value::Null => Vec::new(),
            Value::List(list) => list.items().to_vec(),
            Value::Bytes(blob) => blob.as_slice().iter().map(|it| Value::Byte(*it)).collect(),
            Value::Object(id) => match self.heap.get(*id).map(|it| &it.state) {
                Some(State::Items(items)) => items.clone(),
                _ => vec![value.clone()],
            },
            other => vec![other.clone()],
        }
    }

    /// A list of values, as an array.
    pub(super) fn as_list(&self, value: Value) -> List {
        match value {
            Value::List(list) => list,
            other => List::new(self.items_of(&other)),
        }
    }
}

/// `$i++` and assignments have no output.
fn is_silent(expr: &Expr) -> bool {
    use super::ast::{Prefix, Suffix};
    match expr {
        Expr::Postfix(_, suffixes) => {
            matches!(suffixes.last(), Some(Suffix::Increment | Suffix::Decrement))
        }
        Expr::Prefixed(prefixes, _) => {
            matches!(prefixes.last(), Some(Prefix::Increment | Prefix::Decrement))
        }
        _ => false,
    }
}

//! What Python's statements do.

use super::ast::{Expr, ExprKind, Function, Handler, Mistake, Span, Stmt, StmtKind};
use super::value::{
    Callable, Class, ClassOf, Frame, Id, Native, Object, Raised, Scope, Value, derives, held,
    own_type,
};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::collections::HashMap;
use std::sync::Arc;

/// Most values that a program may keep in its lists at once.
const VALUES_MAX: usize = 400_000;

/// Parts of a program that are evaluated in a step.
const PARTS_PER_STEP: u32 = 8;

/// Why evaluation leaves where it is.
pub(super) enum Unwind {
    Raise(Id),
    Return(Value),
    Break,
    Continue,
    Stop(Stop),
    /// `sys.exit`, `os._exit`, `exec`: the program ends with this status.
    Exit(i32),
}

impl From<Stop> for Unwind {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

pub(super) type Done<T> = Result<T, Unwind>;

/// A function that is called later, and what with: by place, and by name.
type Later = (Value, Vec<Value>, Vec<(Arc<str>, Value)>);

/// A program that runs.
pub(super) struct Machine<'p> {
    pub(super) process: &'p mut Process,
    /// Lists and sets.
    pub(super) lists: Vec<Vec<Value>>,
    pub(super) dicts: Vec<Vec<(Value, Value)>>,
    pub(super) callables: Vec<Callable>,
    pub(super) classes: Vec<Class>,
    pub(super) objects: Vec<Object>,
    pub(super) scopes: Vec<Scope>,
    pub(super) scope: Id,
    /// Texts that run: their names, and their lines where tracebacks show them.
    pub(super) sources: Vec<(Arc<str>, Option<Arc<str>>)>,
    pub(super) source: usize,
    pub(super) function: Arc<str>,
    /// The line of the statement that runs.
    pub(super) line: u32,
    pub(super) calls: u32,
    /// What is being handled.
    pub(super) handled: Vec<Id>,
    /// What generators have given, one list for each that runs.
    pub(super) yielded: Vec<Vec<Value>>,
    /// What was printed and not written: standard output is no terminal.
    pub(super) printed: Vec<u8>,
    pub(super) imported: Vec<Arc<str>>,
    pub(super) arguments: Vec<Value>,
    /// The child of `os.fork` runs.
    pub(super) forked: bool,
    /// Statements that may still fail without the program's end.
    passes: u32,
    /// Times that it waited: for time to pass, for an answer.
    pub(super) pauses: u32,
    /// `try` statements around what runs.
    guards: u32,
    parts: u32,
    values: usize,
    /// The class whose method runs, and what it was called for.
    pub(super) within: Option<(Id, Option<Value>)>,
    /// The class whose metaclass makes an object of it.
    pub(super) calling: Option<Id>,
    /// Dictionaries that are the names of a scope.
    pub(super) views: HashMap<Id, Id>,
    /// What `atexit` is told to call.
    pub(super) at_end: Vec<Later>,
    /// Generators of `random`, the module's own the first.
    pub(super) generators: Vec<super::random::Twister>,
    /// Modules that are written in Python: the scope of each.
    pub(super) written: HashMap<Arc<str>, Id>,
    /// What is missing is passed over: it is all about what a program asks for.
    pub(super) goes_on: bool,
    /// It seems to run on Windows.
    pub(super) windows: bool,
    /// What a program put in the place of something that a module has.
    pub(super) replaced: HashMap<Arc<str>, Value>,
    /// The prompt shows values of expressions.
    pub(super) shows: bool,
}

impl<'p> Machine<'p> {
    pub(super) fn new(process: &'p mut Process, arguments: Vec<Value>) -> Self {
        let passes = process.session.may_pass_over();
        let os = process.variable(b"OS");
        let windows = passes > 0 && os.is_some_and(|it| &it[..] == b"Windows_NT");
        Self {
            process,
            lists: Vec::new(),
            dicts: Vec::new(),
            callables: Vec::new(),
            classes: Vec::new(),
            objects: Vec::new(),
            scopes: vec![Scope::default()],
            scope: 0,
            sources: Vec::new(),
            source: 0,
            function: "<module>".into(),
            line: 1,
            calls: 0,
            handled: Vec::new(),
            yielded: Vec::new(),
            printed: Vec::new(),
            imported: Vec::new(),
            arguments,
            forked: false,
            passes,
            pauses: 0,
            guards: 0,
            parts: 0,
            values: 0,
            within: None,
            calling: None,
            views: HashMap::new(),
            at_end: Vec::new(),
            generators: Vec::new(),
            written: HashMap::new(),
            goes_on: passes > 0,
            windows,
            replaced: HashMap::new(),
            shows: false,
        }
    }

    /// Takes a part of a step from the budget.
    pub(super) fn part(&mut self) -> Done<()> {
        self.parts += 1;
        if self.parts >= PARTS_PER_STEP {
            self.parts = 0;
            self.process.session.step(1)?;
        }
        Ok(())
    }

    /// Takes from the budget what it takes to make so many values and bytes.
    pub(super) fn costs(&mut self, values: usize, bytes: usize) -> Done<()> {
        self.values = self.values.saturating_add(values);
        if self.values > VALUES_MAX || bytes > limits::FILE_BYTES {
            return Err(self.raise("MemoryError", ""));
        }
        self.process.session.copied(values, bytes)?;
        Ok(())
    }

    pub(super) fn list(&mut self, items: Vec<Value>) -> Done<Value> {
        self.costs(items.len() + 1, 0)?;
        self.lists.push(items);
        Ok(Value::List(self.lists.len() - 1))
    }

    pub(super) fn set(&mut self, items: Vec<Value>) -> Done<Value> {
        let mut unique: Vec<Value> = Vec::new();
        self.costs(items.len() + 1, 0)?;
        for item in items {
            self.process.session.step(unique.len() as u64 / 64)?;
            if !unique.iter().any(|known| self.equal(known, &item)) {
                unique.push(item);
            }
        }
        self.lists.push(unique);
        Ok(Value::Set(self.lists.len() - 1))
    }

    pub(super) fn dict(&mut self, pairs: Vec<(Value, Value)>) -> Done<Value> {
        self.costs(2 * pairs.len() + 1, 0)?;
        self.dicts.push(Vec::new());
        let id = self.dicts.len() - 1;
        for (key, value) in pairs {
            self.put(id, key, value)?;
        }
        Ok(Value::Dict(id))
    }

    pub(super) fn put(&mut self, dict: Id, key: Value, value: Value) -> Done<()> {
        if matches!(key, Value::List(_) | Value::Dict(_) | Value::Set(_)) {
            let text = format!("unhashable type: '{}'", self.type_name(&key));
            return Err(self.raise("TypeError", text));
        }
        if let (Some(scope), Value::Str(name)) = (self.views.get(&dict).copied(), &key) {
            let of = &mut self.scopes[scope];
            if of.names.insert(Arc::clone(name), value.clone()).is_none() {
                of.order.push(Arc::clone(name));
            }
        }
        self.process.session.step(self.dicts[dict].len() as u64 / 64)?;
        let at = self.dicts[dict].iter().position(|(k, _)| self.equal(k, &key));
        match at {
            Some(at) => self.dicts[dict][at].1 = value,
            None => {
                self.costs(2, 0)?;
                self.dicts[dict].push((key, value));
            }
        }
        Ok(())
    }

    pub(super) fn find(&self, dict: Id, key: &Value) -> Done<Option<Value>> {
        if let (Some(scope), Value::Str(name)) = (self.views.get(&dict), key)
            && let Some(value) = self.scopes[*scope].names.get(name)
        {
            return Ok(Some(value.clone()));
        }
        self.process.session.step(self.dicts[dict].len() as u64 / 64)?;
        let found = self.dicts[dict].iter().find(|(k, _)| self.equal(k, key));
        Ok(found.map(|(_, v)| v.clone()))
    }

    pub(super) fn object(&mut self, object: Object) -> Done<Value> {
        self.costs(2 + object.fields.len(), 0)?;
        self.objects.push(object);
        Ok(Value::Object(self.objects.len() - 1))
    }

    // Exceptions.

    pub(super) fn raise(&mut self, class: &'static str, text: impl Into<Arc<str>>) -> Unwind {
        let text: Arc<str> = text.into();
        let arguments = if text.is_empty() { Vec::new() } else { vec![Value::Str(text)] };
        self.raise_with(class, arguments, Raised::default())
    }

    pub(super) fn raise_with(
        &mut self,
        class: &'static str,
        arguments: Vec<Value>,
        raised: Raised,
    ) -> Unwind {
        let mut object = Object::own(class, Native::None).with("args", Value::tuple(arguments));
        object.raised = Some(Box::new(raised));
        self.objects.push(object);
        Unwind::Raise(self.objects.len() - 1)
    }

    /// An error of the system, of the class that its number has.
    pub(super) fn os_error(&mut self, error: crate::fs::FsError, path: Option<Value>) -> Unwind {
        let (number, class) = match error.text() {
            "No such file or directory" => (2, "FileNotFoundError"),
            "Permission denied" => (13, "PermissionError"),
            "File exists" => (17, "FileExistsError"),
            "Not a directory" => (20, "NotADirectoryError"),
            "Is a directory" => (21, "IsADirectoryError"),
            "No space left on device" => (28, "OSError"),
            "Directory not empty" => (39, "OSError"),
            "Read-only file system" => (30, "OSError"),
            "Operation not permitted" => (1, "PermissionError"),
            _ => (22, "OSError"),
        };
        let mut arguments = vec![Value::Int(number), Value::str(error.text())];
        arguments.extend(path);
        self.raise_with(class, arguments, Raised::default())
    }

    /// Raises a mistake in a text that `exec`, `eval` or `import` read.
    pub(super) fn raise_mistake(&mut self, mistake: &Mistake, name: &str, text: &str) -> Unwind {
        let class = own_type(mistake.class).unwrap_or("SyntaxError");
        let after = Self::mistake_place(mistake, name, text);
        let raised = Raised { after, ..Raised::default() };
        self.raise_with(class, vec![Value::str(mistake.message.as_str())], raised)
    }

    /// Remembers where an exception was raised, once for each call.
    fn locate(&mut self, exception: Id, span: Span) {
        const FRAMES_MAX: usize = 64;
        let frame = Frame {
            depth: self.calls,
            source: self.source,
            function: Arc::clone(&self.function),
            span,
        };
        let Some(raised) = self.objects.get_mut(exception).and_then(|o| o.raised.as_mut()) else {
            return;
        };
        let told = raised
            .frames
            .last()
            .is_some_and(|last| last.depth == frame.depth && last.source == frame.source);
        if !told && raised.frames.len() < FRAMES_MAX {
            raised.frames.push(frame);
        }
    }

    pub(super) fn located<T>(&mut self, result: Done<T>, span: Span) -> Done<T> {
        if let Err(Unwind::Raise(exception)) = &result {
            self.locate(*exception, span);
        }
        result
    }

    /// Whether an exception is of a class (or of one of a tuple of classes).
    pub(super) fn fits(&self, exception: Id, class: &Value) -> bool {
        match class {
            Value::Tuple(all) => all.iter().any(|class| self.fits(exception, class)),
            _ => self.is_instance(&Value::Object(exception), class),
        }
    }

    pub(super) fn is_instance(&self, value: &Value, class: &Value) -> bool {
        match (value, class) {
            (_, Value::Tuple(all)) => all.iter().any(|class| self.is_instance(value, class)),
            (_, Value::Type("object")) => true,
            (Value::Object(id), Value::Type(name)) => match self.objects[*id].class {
                ClassOf::Own(own) => own == *name || derives(own, name),
                ClassOf::User(id) => self.class_derives(id, class, 0),
            },
            (Value::Object(id), Value::Class(_)) => match self.objects[*id].class {
                ClassOf::Own(_) => false,
                ClassOf::User(id) => self.class_derives(id, class, 0),
            },
            (Value::Bool(_), Value::Type("int")) => true,
            (_, Value::Type(name)) => self.type_name(value) == *name,
            _ => false,
        }
    }

    pub(super) fn class_derives(&self, class: Id, from: &Value, depth: u32) -> bool {
        const BASES_DEPTH: u32 = 32;
        if depth > BASES_DEPTH {
            return false;
        }
        if matches!(from, Value::Class(id) if *id == class) {
            return true;
        }
        self.classes[class].bases.iter().any(|base| match (base, from) {
            (Value::Class(id), _) => self.class_derives(*id, from, depth + 1),
            (Value::Type("dict" | "list" | "str" | "int"), Value::Type("object")) => true,
            (Value::Type(own), Value::Type(name)) => own == name || derives(own, name),
            _ => false,
        })
    }

    /// Whether a class of the program is an exception.
    pub(super) fn class_raises(&self, class: Id) -> bool {
        self.class_derives(class, &Value::Type("BaseException"), 0)
    }

    // Names.

    /// The scope of the module (or of the text with names of its own) that runs.
    pub(super) fn global_scope(&self) -> Id {
        let mut id = self.scope;
        while let Some(outer) = self.scopes[id].outer {
            id = outer;
        }
        id
    }

    pub(super) fn look_up(&self, name: &str) -> Option<Value> {
        let mut scope = Some(self.scope);
        let own = &self.scopes[self.scope];
        if own.global.iter().any(|n| &**n == name) {
            scope = Some(self.global_scope());
        }
        while let Some(id) = scope {
            if let Some(value) = self.scopes[id].names.get(name) {
                return Some(value.clone());
            }
            scope = self.scopes[id].outer;
        }
        super::modules::global(name)
    }

    pub(super) fn bind(&mut self, name: &Arc<str>, value: Value) -> Done<()> {
        let own = &self.scopes[self.scope];
        let mut id = self.scope;
        if own.global.contains(name) {
            id = self.global_scope();
        } else if own.nonlocal.contains(name) {
            let mut scope = own.outer;
            while let Some(outer) = scope {
                if self.scopes[outer].names.contains_key(name) {
                    id = outer;
                    break;
                }
                scope = self.scopes[outer].outer;
            }
        }
        if !self.scopes[id].names.contains_key(name) {
            self.costs(1, name.len())?;
            self.scopes[id].order.push(Arc::clone(name));
        }
        self.scopes[id].names.insert(Arc::clone(name), value);
        Ok(())
    }

    /// Remembers that a name was given a type, as `dataclasses` asks.
    fn annotate(&mut self, name: &Arc<str>) -> Done<()> {
        let all: Arc<str> = "__annotations__".into();
        let id = match self.scopes[self.scope].names.get(&all) {
            Some(Value::Dict(id)) => *id,
            _ => {
                let made = self.dict(Vec::new())?;
                self.bind(&all, made.clone())?;
                let Value::Dict(id) = made else { return Ok(()) };
                id
            }
        };
        self.put(id, Value::Str(Arc::clone(name)), Value::None)
    }

    fn unbind(&mut self, name: &Arc<str>) -> Done<()> {
        let is_global = self.scopes[self.scope].global.contains(name);
        let scope = if is_global { self.global_scope() } else { self.scope };
        self.scopes[scope].order.retain(|it| it != name);
        if self.scopes[scope].names.remove(name).is_none() {
            return Err(self.raise("NameError", format!("name '{name}' is not defined")));
        }
        Ok(())
    }

    // Statements.

    pub(super) fn block<'a>(&'a mut self, block: &'a [Stmt]) -> Fut<'a, Done<()>> {
        Box::pin(async move {
            for stmt in block {
                self.part()?;
                self.line = stmt.span.line;
                let result = self.statement(stmt).await;
                let result = self.located(result, stmt.span);
                if !self.passes_over(&result) {
                    result?;
                }
            }
            Ok(())
        })
    }

    /// Whether the program goes on though a statement failed, as it was wanted.
    fn passes_over(&mut self, result: &Done<()>) -> bool {
        let Err(Unwind::Raise(exception)) = result else { return false };
        let passes = self.passes > 0
            && self.guards == 0
            && !self.fits(*exception, &Value::Type("SystemExit"))
            && !self.fits(*exception, &Value::Type("StopIteration"));
        self.passes -= u32::from(passes);
        passes
    }

    /// Ends what nests too deep.
    pub(super) fn check_stack(&mut self) -> Done<()> {
        let base = self.process.session.system().stack_base;
        if crate::stack::is_spent(base) {
            return Err(self.raise("RecursionError", "maximum recursion depth exceeded"));
        }
        Ok(())
    }

    async fn statement(&mut self, stmt: &Stmt) -> Done<()> {
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                let value = self.eval(expr).await?;
                if self.shows && self.calls == 0 && !matches!(value, Value::None) {
                    let text = self.repr(&value)?;
                    self.print(text.as_bytes())?;
                    self.print(b"\n")?;
                    self.bind(&"_".into(), value)?;
                }
            }
            StmtKind::Assign(targets, value) => {
                let value = self.eval(value).await?;
                for target in targets {
                    self.assign(target, value.clone()).await?;
                }
            }
            StmtKind::Augment(target, op, value) => self.augment(target, op, value).await?,
            StmtKind::If(branches, otherwise) => {
                for (condition, body) in branches {
                    let value = self.eval(condition).await?;
                    if self.is_true(&value).await? {
                        return self.block(body).await;
                    }
                }
                self.block(otherwise).await?;
            }
            StmtKind::While(condition, body, otherwise) => {
                // Bots try again for ever; whoever wants to see what follows does not wait.
                const PAUSES_MAX: u32 = 4;
                let pauses = self.pauses;
                loop {
                    self.part()?;
                    if self.passes > 0 && self.pauses - pauses > PAUSES_MAX {
                        return Ok(());
                    }
                    let value = self.eval(condition).await?;
                    if !self.is_true(&value).await? {
                        break;
                    }
                    match self.block(body).await {
                        Ok(()) | Err(Unwind::Continue) => {}
                        Err(Unwind::Break) => return Ok(()),
                        Err(other) => return Err(other),
                    }
                }
                self.block(otherwise).await?;
            }
            StmtKind::For { target, source, body, otherwise } => {
                self.for_each(target, source, body, otherwise).await?;
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                let result = self.try_body(body, handlers, otherwise).await;
                if !finally.is_empty() && !matches!(result, Err(Unwind::Stop(_))) {
                    self.block(finally).await?;
                }
                result?;
            }
            StmtKind::With(items, body) => self.with(items, body).await?,
            StmtKind::Function(code, decorators) => {
                let mut value = self.function(code).await?;
                for decorator in decorators.iter().rev() {
                    let wrapper = self.eval(decorator).await?;
                    value = self.call(wrapper, vec![value], Vec::new()).await?;
                }
                self.bind(&code.name, value)?;
            }
            StmtKind::Class { name, bases, keywords, decorators, body } => {
                self.class(name, (bases, keywords), decorators, body).await?;
            }
            StmtKind::Annotate(target, value) => {
                if let ExprKind::Name(name) = &target.kind {
                    self.annotate(name)?;
                }
                if let Some(value) = value {
                    let value = self.eval(value).await?;
                    self.assign(target, value).await?;
                }
            }
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value).await?,
                    None => Value::None,
                };
                return Err(Unwind::Return(value));
            }
            StmtKind::Raise(value, cause) => {
                return Err(self.raise_statement(value.as_ref(), cause.as_ref()).await);
            }
            StmtKind::Import(names) => {
                for (name, alias) in names {
                    self.import(name, alias.as_ref()).await?;
                }
            }
            StmtKind::From(module, names) => self.import_from(module, names).await?,
            StmtKind::Global(names) => {
                if self.scopes[self.scope].outer.is_some() {
                    self.costs(names.len(), 0)?;
                    self.scopes[self.scope].global.extend(names.iter().cloned());
                }
            }
            StmtKind::Nonlocal(names) => {
                self.costs(names.len(), 0)?;
                self.scopes[self.scope].nonlocal.extend(names.iter().cloned());
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(target).await?;
                }
            }
            StmtKind::Assert(condition, message) => {
                let value = self.eval(condition).await?;
                if !self.is_true(&value).await? {
                    let arguments = match message {
                        Some(message) => vec![self.eval(message).await?],
                        None => Vec::new(),
                    };
                    return Err(self.raise_with("AssertionError", arguments, Raised::default()));
                }
            }
            StmtKind::Match(value, cases) => {
                let value = self.eval(value).await?;
                self.match_cases(value, cases).await?;
            }
            StmtKind::Break => return Err(Unwind::Break),
            StmtKind::Continue => return Err(Unwind::Continue),
            StmtKind::Pass => {}
        }
        Ok(())
    }

    async fn for_each(
        &mut self,
        target: &Expr,
        source: &Expr,
        body: &[Stmt],
        otherwise: &[Stmt],
    ) -> Done<()> {
        let source = self.eval(source).await?;
        let (items, range) = match source {
            Value::Range(from, to, step) => (Vec::new(), Some((from, to, step))),
            other => (self.items(&other).await?, None),
        };
        let mut at = 0_usize;
        loop {
            self.part()?;
            let value = match range {
                Some((from, _, step)) => {
                    if at >= super::operate::range_length(range) {
                        break;
                    }
                    Value::Int(i128::from(from) + at as i128 * i128::from(step))
                }
                None => match items.get(at) {
                    Some(item) => item.clone(),
                    None => break,
                },
            };
            at += 1;
            self.assign(target, value).await?;
            match self.block(body).await {
                Ok(()) | Err(Unwind::Continue) => {}
                Err(Unwind::Break) => return Ok(()),
                Err(other) => return Err(other),
            }
        }
        self.block(otherwise).await
    }

    async fn try_body(
        &mut self,
        body: &[Stmt],
        handlers: &[Handler],
        otherwise: &[Stmt],
    ) -> Done<()> {
        self.guards += u32::from(!handlers.is_empty());
        let result = self.block(body).await;
        self.guards -= u32::from(!handlers.is_empty());
        let exception = match result {
            Err(Unwind::Raise(exception)) => exception,
            // `sys.exit` raises what a bare `except` catches.
            Err(Unwind::Exit(status)) if handlers.iter().any(|h| h.class.is_none()) => {
                match self.raise_with(
                    "SystemExit",
                    vec![Value::Int(status.into())],
                    Raised::default(),
                ) {
                    Unwind::Raise(exception) => exception,
                    other => return Err(other),
                }
            }
            Ok(()) => return self.block(otherwise).await,
            Err(other) => return Err(other),
        };
        for handler in handlers {
            let fits = match &handler.class {
                Some(class) => {
                    let class = self.eval(class).await?;
                    self.fits(exception, &class)
                }
                None => true,
            };
            if !fits {
                continue;
            }
            if let Some(name) = &handler.name {
                self.bind(name, Value::Object(exception))?;
            }
            self.handled.push(exception);
            let result = self.block(&handler.body).await;
            self.handled.pop();
            if let Err(Unwind::Raise(next)) = &result
                && *next != exception
                && let Some(raised) = self.objects.get_mut(*next).and_then(|o| o.raised.as_mut())
                && raised.context.is_none()
            {
                raised.context = Some((exception, false));
            }
            return result;
        }
        Err(Unwind::Raise(exception))
    }

    async fn with(&mut self, items: &[(Expr, Option<Expr>)], body: &[Stmt]) -> Done<()> {
        let mut open = Vec::new();
        for (value, target) in items {
            let value = self.eval(value).await?;
            let entered = match self.method_of(&value, "__enter__") {
                Some(method) => self.call(method, Vec::new(), Vec::new()).await?,
                None => value.clone(),
            };
            if let Some(target) = target {
                self.assign(target, entered).await?;
            }
            open.push(value);
        }
        let mut result = self.block(body).await;
        for value in open.into_iter().rev() {
            if let Some(method) = self.method_of(&value, "__exit__") {
                let told = match &result {
                    Err(Unwind::Raise(id)) => Value::Object(*id),
                    _ => Value::None,
                };
                let told = vec![Value::None, told, Value::None];
                let swallows = self.call(method, told, Vec::new()).await?;
                if matches!(result, Err(Unwind::Raise(_))) && self.is_true(&swallows).await? {
                    result = Ok(());
                }
            }
        }
        result
    }

    pub(super) async fn function(&mut self, code: &Arc<Function>) -> Done<Value> {
        let mut defaults = Vec::new();
        for parameter in &code.parameters {
            defaults.push(match &parameter.default {
                Some(default) => Some(self.eval(default).await?),
                None => None,
            });
        }
        self.costs(2 + defaults.len(), 0)?;
        let (scope, source) = (self.scope, self.source);
        self.callables.push(Callable {
            code: Arc::clone(code),
            defaults,
            scope,
            source,
            owner: None,
            fields: Vec::new(),
        });
        Ok(Value::Function(self.callables.len() - 1))
    }

    async fn raise_statement(&mut self, value: Option<&Expr>, cause: Option<&Expr>) -> Unwind {
        let Some(value) = value else {
            return match self.handled.last() {
                Some(exception) => Unwind::Raise(*exception),
                None => self.raise("RuntimeError", "No active exception to reraise"),
            };
        };
        let mut value = match self.eval(value).await {
            Ok(value) => value,
            Err(unwind) => return unwind,
        };
        if matches!(value, Value::Type(_) | Value::Class(_)) {
            value = match self.call(value, Vec::new(), Vec::new()).await {
                Ok(value) => value,
                Err(unwind) => return unwind,
            };
        }
        let Value::Object(id) = value else {
            return self.raise("TypeError", "exceptions must derive from BaseException");
        };
        if self.objects[id].raised.is_none() {
            return self.raise("TypeError", "exceptions must derive from BaseException");
        }
        if let Some(cause) = cause {
            match self.eval(cause).await {
                Ok(Value::Object(of)) => {
                    if let Some(raised) = &mut self.objects[id].raised {
                        raised.context = Some((of, true));
                    }
                }
                Ok(_) => {}
                Err(unwind) => return unwind,
            }
        }
        Unwind::Raise(id)
    }

    pub(super) fn assign<'a>(&'a mut self, target: &'a Expr, value: Value) -> Fut<'a, Done<()>> {
        Box::pin(async move {
            match &target.kind {
                ExprKind::Name(name) => self.bind(name, value),
                ExprKind::Attribute(of, name) => {
                    let of = self.eval(of).await?;
                    self.assign_attribute(&of, name, value).await
                }
                ExprKind::Index(of, index) => {
                    let of = self.eval(of).await?;
                    if let ExprKind::Slice(parts) = &index.kind {
                        let ends = self.ends(parts).await?;
                        return self.set_slice(&of, ends, Some(value)).await;
                    }
                    let index = self.eval(index).await?;
                    self.set_item(&of, index, value).await
                }
                ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                    self.unpack(targets, &value).await
                }
                ExprKind::Starred(inner) => self.assign(inner, value).await,
                _ => Err(self.raise("SyntaxError", "cannot assign to expression")),
            }
        })
    }

    async fn unpack(&mut self, targets: &[Expr], value: &Value) -> Done<()> {
        let items = self.items(value).await?;
        let star = targets.iter().position(|t| matches!(t.kind, ExprKind::Starred(_)));
        let count = targets.len();
        let enough = match star {
            Some(_) => items.len() + 1 >= count,
            None => items.len() == count,
        };
        if !enough {
            let text = if items.len() > count {
                format!("too many values to unpack (expected {count})")
            } else if star.is_some() {
                format!(
                    "not enough values to unpack (expected at least {}, got {})",
                    count - 1,
                    items.len()
                )
            } else {
                format!("not enough values to unpack (expected {count}, got {})", items.len())
            };
            return Err(self.raise("ValueError", text));
        }
        let extra = items.len() + 1 - count.min(items.len() + 1);
        let mut items = items.into_iter();
        for (place, target) in targets.iter().enumerate() {
            if Some(place) == star {
                let rest: Vec<Value> = items.by_ref().take(extra).collect();
                let rest = self.list(rest)?;
                self.assign(target, rest).await?;
            } else if let Some(item) = items.next() {
                self.assign(target, item).await?;
            }
        }
        Ok(())
    }

    async fn augment(&mut self, target: &Expr, op: &'static str, value: &Expr) -> Done<()> {
        let before = self.eval(target).await?;
        let value = self.eval(value).await?;
        if let (Value::List(id), "+") = (&before, op) {
            let id = *id;
            let more = self.items(&value).await?;
            self.costs(more.len(), 0)?;
            self.lists[id].extend(more);
            return Ok(());
        }
        if let (Value::Array(cells), "+", Some(more)) = (&before, op, value.raw()) {
            self.costs(0, more.len())?;
            held(cells).extend_from_slice(&more);
            return Ok(());
        }
        let after = match super::data_model::in_place(op).and_then(|it| self.method_of(&before, it))
        {
            Some(method) => self.call(method, vec![value], Vec::new()).await?,
            None => self.operate(op, before, value).await?,
        };
        self.assign(target, after).await
    }

    async fn delete(&mut self, target: &Expr) -> Done<()> {
        match &target.kind {
            ExprKind::Name(name) => self.unbind(name),
            ExprKind::Attribute(of, name) => {
                if let Value::Object(id) = self.eval(of).await? {
                    self.objects[id].fields.retain(|(n, _)| n != name);
                }
                Ok(())
            }
            ExprKind::Index(of, index) => {
                let of = self.eval(of).await?;
                if let ExprKind::Slice(parts) = &index.kind {
                    let ends = self.ends(parts).await?;
                    return self.set_slice(&of, ends, None).await;
                }
                let index = self.eval(index).await?;
                if let Some(method) = self.method_of(&of, "__delitem__") {
                    return self.call(method, vec![index], Vec::new()).await.map(|_| ());
                }
                self.delete_item(&of, &index)
            }
            _ => Ok(()),
        }
    }
}

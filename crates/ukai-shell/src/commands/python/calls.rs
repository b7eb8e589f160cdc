//! Calls of functions and classes of a Python program.

use super::ast::{Function, Takes};
use super::run::{Done, Machine, Unwind};
use super::value::{ClassOf, Id, Native, Object, Scope, Value};
use crate::stack::with_room;
use std::sync::Arc;

/// Deepest nesting of calls (`sys.getrecursionlimit()` is more, the stack is less).
const CALLS_MAX: u32 = 60;

/// The same for a program that is run for what it would do: what CPython allows.
const CALLS_GOING_ON_MAX: u32 = 990;

impl Machine<'_> {
    /// Calls a function of the program.
    pub(super) async fn call_function(
        &mut self,
        id: Id,
        arguments: Vec<Value>,
        named: Vec<(Arc<str>, Value)>,
    ) -> Done<Value> {
        self.check_stack()?;
        let goes_on = self.runs_second();
        if self.calls >= if goes_on { CALLS_GOING_ON_MAX } else { CALLS_MAX } {
            return Err(self.raise("RecursionError", "maximum recursion depth exceeded"));
        }
        let callable = &self.callables[id];
        let (code, outer, source) = (Arc::clone(&callable.code), callable.scope, callable.source);
        let names = self.parameters(id, &code, arguments, named)?;
        self.costs(names.len() + 2, 0)?;
        self.scopes.push(Scope {
            names: names.into_iter().collect(),
            outer: Some(outer),
            ..Scope::default()
        });
        let inner = self.scopes.len() - 1;
        let scope = std::mem::replace(&mut self.scope, inner);
        let source = std::mem::replace(&mut self.source, source);
        let function = std::mem::replace(&mut self.function, Arc::clone(&code.name));
        self.calls += 1;
        if code.generates {
            self.yielded.push(Vec::new());
        }
        let result = if goes_on {
            let base = self.process.session.system().stack_base;
            with_room(base, self.block(&code.body)).await
        } else {
            self.block(&code.body).await
        };
        let given = if code.generates { self.yielded.pop() } else { None };
        self.calls -= 1;
        (self.scope, self.source, self.function) = (scope, source, function);
        match (result, given) {
            (Ok(()) | Err(Unwind::Return(_)), Some(items)) => self.list(items),
            (Ok(()), None) => Ok(Value::None),
            (Err(Unwind::Return(value)), None) => Ok(value),
            (Err(other), _) => Err(other),
        }
    }

    fn parameters(
        &mut self,
        id: Id,
        code: &Function,
        arguments: Vec<Value>,
        mut named: Vec<(Arc<str>, Value)>,
    ) -> Done<Vec<(Arc<str>, Value)>> {
        let given = arguments.len();
        let mut arguments = arguments.into_iter();
        let mut bound = Vec::new();
        let mut missing = Vec::new();
        let mut rest_named = None;
        for (place, parameter) in code.parameters.iter().enumerate() {
            let name = Arc::clone(&parameter.name);
            match parameter.takes {
                Takes::Rest => {
                    let rest: Vec<Value> = arguments.by_ref().collect();
                    bound.push((name, Value::tuple(rest)));
                }
                Takes::RestNamed => rest_named = Some(name),
                Takes::One => {
                    let by_name = named.iter().position(|(n, _)| *n == name);
                    let value = match (arguments.next(), by_name) {
                        (Some(value), _) => Some(value),
                        (None, Some(at)) => Some(named.swap_remove(at).1),
                        (None, None) => self.callables[id].defaults.get(place).cloned().flatten(),
                    };
                    match value {
                        Some(value) => bound.push((name, value)),
                        None => missing.push(format!("'{name}'")),
                    }
                }
            }
        }
        let shown = &code.name;
        if let Some(name) = rest_named {
            let pairs = named.drain(..).map(|(n, v)| (Value::Str(n), v)).collect();
            let dict = self.dict(pairs)?;
            bound.push((name, dict));
        }
        if let Some((name, _)) = named.first() {
            let text = format!("{shown}() got an unexpected keyword argument '{name}'");
            return Err(self.raise("TypeError", text));
        }
        if arguments.next().is_some() {
            let takes = code.parameters.iter().filter(|p| p.takes == Takes::One).count();
            let plural = if takes == 1 { "" } else { "s" };
            let were = if given == 1 { "was" } else { "were" };
            let text = format!(
                "{shown}() takes {takes} positional argument{plural} but {given} {were} given"
            );
            return Err(self.raise("TypeError", text));
        }
        if !missing.is_empty() {
            let list = match &missing[..] {
                [one] => one.clone(),
                [first, second] => format!("{first} and {second}"),
                [all @ .., last] => format!("{}, and {last}", all.join(", ")),
                [] => String::new(),
            };
            let plural = if missing.len() == 1 { "" } else { "s" };
            let text = format!(
                "{shown}() missing {} required positional argument{plural}: {list}",
                missing.len()
            );
            return Err(self.raise("TypeError", text));
        }
        Ok(bound)
    }

    /// Makes an object of a class of the program.
    pub(super) async fn make_object(
        &mut self,
        class: Id,
        arguments: Vec<Value>,
        named: Vec<(Arc<str>, Value)>,
    ) -> Done<Value> {
        let mut object = Object::own("object", Native::None);
        object.class = ClassOf::User(class);
        if self.class_raises(class) {
            object = object.with("args", Value::tuple(arguments.clone()));
            object.raised = Some(Box::default());
        }
        let value = self.object(object)?;
        if let Some(method) = self.method_of(&value, "__init__") {
            self.call(method, arguments, named).await?;
        }
        Ok(value)
    }

    /// A method of an object of the program's own classes.
    pub(super) fn method_of(&self, value: &Value, name: &str) -> Option<Value> {
        let Value::Object(id) = value else { return None };
        let ClassOf::User(class) = self.objects[*id].class else { return None };
        let found = self.member(class, name, 0)?;
        match found {
            Value::Function(_) => Some(Value::Bound(Arc::new((value.clone(), name.into())))),
            other => Some(self.of_class(class, name, other)),
        }
    }

    /// A member as the class gives it: a `classmethod` is bound to it.
    pub(super) fn of_class(&self, class: Id, name: &str, member: Value) -> Value {
        match &member {
            Value::Object(id) if self.objects[*id].class == ClassOf::Own("classmethod") => {
                Value::Bound(Arc::new((Value::Class(class), name.into())))
            }
            _ => self.unwrapped(member),
        }
    }

    /// What a `staticmethod` is of.
    pub(super) fn unwrapped(&self, value: Value) -> Value {
        match &value {
            Value::Object(id)
                if matches!(
                    self.objects[*id].class,
                    ClassOf::Own("staticmethod" | "classmethod")
                ) =>
            {
                self.objects[*id].field("__func__").cloned().unwrap_or(value)
            }
            _ => value,
        }
    }

    /// What a `property` gives for an object.
    pub(super) async fn got(&mut self, of: &Value, value: Value) -> Done<Value> {
        let Value::Object(id) = &value else { return Ok(value) };
        if self.objects[*id].class != ClassOf::Own("property") || !matches!(of, Value::Object(_)) {
            return Ok(value);
        }
        match self.objects[*id].field("fget").cloned() {
            Some(get) => self.call(get, vec![of.clone()], Vec::new()).await,
            None => Ok(value),
        }
    }

    /// A member of a class or of its bases.
    pub(super) fn member(&self, class: Id, name: &str, depth: u32) -> Option<Value> {
        self.owned(class, name, depth).map(|(_, value)| value)
    }

    /// A member of a class or of its bases, and whose it is.
    pub(super) fn owned(&self, class: Id, name: &str, depth: u32) -> Option<(Id, Value)> {
        const BASES_DEPTH: u32 = 32;
        let of = self.classes.get(class).filter(|_| depth < BASES_DEPTH)?;
        let own = of.members.iter().find(|(n, _)| &**n == name);
        own.map(|(_, value)| (class, value.clone())).or_else(|| self.inherited(class, name, depth))
    }

    /// A member of a class's bases, and whose it is.
    pub(super) fn inherited(&self, class: Id, name: &str, depth: u32) -> Option<(Id, Value)> {
        self.classes.get(class)?.bases.iter().find_map(|base| match base {
            Value::Class(id) => self.owned(*id, name, depth + 1),
            _ => None,
        })
    }

    /// `super()`: what the bases of the class whose method runs have, for its object.
    pub(super) fn above(&mut self) -> Done<Value> {
        let this = self.scopes[self.scope].names.get("self").or_else(|| {
            self.scopes[self.scope].names.values().find(|it| matches!(it, Value::Object(_)))
        });
        let this = this.cloned().unwrap_or(Value::None);
        let own = match &this {
            Value::Object(id) => match self.objects[*id].class {
                ClassOf::User(class) => Some(class),
                ClassOf::Own(_) => None,
            },
            _ => None,
        };
        let mut object = Object::own("super", Native::None).with("__self__", this);
        if let Some(class) = self.within.or(own) {
            object = object.with("__thisclass__", Value::Class(class));
        }
        self.object(object)
    }

    /// Calls a method that `super()` gives; one that no base has does nothing.
    pub(super) async fn call_above(
        &mut self,
        above: Id,
        name: &str,
        arguments: Vec<Value>,
        named: Vec<(Arc<str>, Value)>,
    ) -> Done<Value> {
        let this = self.objects[above].field("__self__").cloned().unwrap_or(Value::None);
        let found = match self.objects[above].field("__thisclass__") {
            Some(Value::Class(class)) => self.inherited(*class, name, 0),
            _ => None,
        };
        let Some((owner, Value::Function(function))) = found else { return Ok(Value::None) };
        let all = std::iter::once(this).chain(arguments).collect();
        self.call_within(owner, function, all, named).await
    }

    /// Calls a method of a class.
    pub(super) async fn call_within(
        &mut self,
        class: Id,
        function: Id,
        arguments: Vec<Value>,
        named: Vec<(Arc<str>, Value)>,
    ) -> Done<Value> {
        let before = self.within.replace(class);
        let result = self.call_function(function, arguments, named).await;
        self.within = before;
        result
    }
}

//! Calls of functions and classes of a Python program.

use super::ast::{Function, Takes};
use super::run::{Done, Machine, Unwind};
use super::value::{Id, Scope, Value};
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
        // A method's `super()` begins behind the class that it is of, for the object that it got.
        let within = callable.owner.map(|owner| (owner, arguments.first().cloned()));
        let within = within.or_else(|| self.within.clone());
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
        let within = std::mem::replace(&mut self.within, within);
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
        self.within = within;
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
}

//! Names of scopes as dictionaries: `globals()`, and what `exec` is given.

use super::builtins::CODE_OF;
use super::run::{Done, Machine};
use super::value::{Id, Native, Object, Scope, Value};
use std::sync::Arc;

impl Machine<'_> {
    /// The dictionary of a scope's names: what is put in it is bound.
    pub(super) fn names_of(&mut self, scope: Id) -> Done<Value> {
        let known = self.views.iter().find(|(_, of)| **of == scope).map(|(dict, _)| *dict);
        let dict = match known {
            Some(dict) => dict,
            None => {
                let Value::Dict(dict) = self.dict(Vec::new())? else { return Ok(Value::None) };
                self.views.insert(dict, scope);
                dict
            }
        };
        self.refresh(dict)?;
        Ok(Value::Dict(dict))
    }

    /// Brings a dictionary of names up to date.
    pub(super) fn refresh(&mut self, dict: Id) -> Done<()> {
        let Some(scope) = self.views.get(&dict).copied() else { return Ok(()) };
        let of = &self.scopes[scope];
        let mut pairs = Vec::new();
        if of.outer.is_none() {
            for name in ["__name__", "__doc__", "__builtins__"] {
                if !of.names.contains_key(name)
                    && let Some(value) = super::modules::global(name)
                {
                    pairs.push((Value::str(name), value));
                }
            }
        }
        for name in &of.order {
            if let Some(value) = of.names.get(name) {
                pairs.push((Value::Str(Arc::clone(name)), value.clone()));
            }
        }
        self.process.session.copied(pairs.len(), 0)?;
        self.dicts[dict] = pairs;
        Ok(())
    }

    /// The scope that a dictionary's names are, within `outer`.
    pub(super) fn scope_of_names(&mut self, dict: Id, outer: Option<Id>) -> Done<Id> {
        if let Some(scope) = self.views.get(&dict) {
            return Ok(*scope);
        }
        let mut scope = Scope { outer, ..Scope::default() };
        for (name, value) in &self.dicts[dict] {
            if let Value::Str(name) = name {
                scope.order.push(Arc::clone(name));
                scope.names.insert(Arc::clone(name), value.clone());
            }
        }
        self.costs(scope.order.len() + 4, 0)?;
        self.scopes.push(scope);
        let id = self.scopes.len() - 1;
        self.views.insert(dict, id);
        Ok(id)
    }

    /// What a program's function has beside what it does.
    pub(super) fn function_attribute(&mut self, id: Id, name: &str) -> Done<Option<Value>> {
        let callable = &self.callables[id];
        if let Some((_, value)) = callable.fields.iter().find(|(known, _)| &**known == name) {
            return Ok(Some(value.clone()));
        }
        let code = Arc::clone(&callable.code);
        Ok(Some(match name {
            "__name__" | "__qualname__" => Value::Str(Arc::clone(&code.name)),
            "__module__" => Value::str("__main__"),
            "__doc__" => code.doc().map_or(Value::None, Value::Str),
            "__defaults__" => {
                let given: Vec<Value> = callable.defaults.iter().flatten().cloned().collect();
                if given.is_empty() { Value::None } else { Value::tuple(given) }
            }
            "__closure__" => Value::None,
            "__dict__" => {
                let fields = callable.fields.clone();
                self.dict(fields.into_iter().map(|(n, v)| (Value::Str(n), v)).collect())?
            }
            "__globals__" => {
                let mut scope = callable.scope;
                while let Some(outer) = self.scopes[scope].outer {
                    scope = outer;
                }
                self.names_of(scope)?
            }
            "__code__" | "func_code" => {
                let names = code.parameters.iter().map(|it| Value::Str(Arc::clone(&it.name)));
                let names: Vec<Value> = names.collect();
                let count = Value::Int(names.len() as i128);
                let object = Object::own("code", Native::None)
                    .with("co_name", Value::Str(Arc::clone(&code.name)))
                    .with("co_varnames", Value::tuple(names))
                    .with("co_argcount", count)
                    .with(CODE_OF, Value::Function(id));
                self.object(object)?
            }
            "__call__" | "__get__" => Value::Bound(Arc::new((Value::Function(id), name.into()))),
            _ => return Ok(None),
        }))
    }
}

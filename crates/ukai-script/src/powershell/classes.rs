//! Objects of classes that a script defines: made, their methods called, their static members.

use super::ast::{Class, Method};
use super::eval::{Eval, Flow, Interpreter};
use super::value::{Object, State, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// Classes of one script.
const CLASSES_MAX: usize = 1000;
/// Classes that one is derived from.
const BASES_MAX: usize = 16;

/// A class that is defined.
#[derive(Clone, Debug)]
pub(super) struct Defined {
    class: Rc<Class>,
    /// The object that holds its static properties.
    statics: usize,
}

impl Interpreter<'_, '_> {
    /// Defines a class; the values of its static properties are worked out.
    pub(super) fn define_class(&mut self, class: &Rc<Class>) -> Eval<()> {
        if self.classes.len() >= CLASSES_MAX {
            return Ok(());
        }
        let statics = self.new_object(Object::new("class", State::None));
        self.classes.insert(Rc::clone(&class.name), Defined { class: Rc::clone(class), statics });
        self.fill(class, statics, true)
    }

    /// Puts the properties of a class, with the values that they begin with, into an object.
    fn fill(&mut self, class: &Class, id: usize, is_static: bool) -> Eval<()> {
        for field in class.fields.iter().filter(|it| it.is_static == is_static) {
            self.run.step()?;
            let value = match (&field.value, field.kind.as_deref()) {
                (Some(expr), _) => self.expr(expr)?,
                (None, Some("string")) => Value::text(""),
                (None, Some("int" | "int32" | "long" | "byte" | "uint32")) => Value::Int(0),
                (None, Some("bool")) => Value::Bool(false),
                (None, _) => Value::Null,
            };
            let value = match field.kind.as_deref() {
                Some(kind) if field.value.is_some() => self.cast(kind, value)?,
                _ => value,
            };
            self.set_entry(id, Value::text(&*field.name), value);
        }
        Ok(())
    }

    /// A class and those that it is derived from.
    fn lineage(&self, name: &str) -> Vec<Defined> {
        let mut all = Vec::new();
        let mut next = self.classes.get(name);
        while let Some(defined) = next
            && all.len() < BASES_MAX
        {
            all.push(defined.clone());
            next = defined.class.base.as_deref().and_then(|it| self.classes.get(it));
        }
        all
    }

    /// `[class]::new(arguments)`, `New-Object class`; none if the script has no such class.
    pub(super) fn create_own(&mut self, name: &str, arguments: &[Value]) -> Eval<Option<Value>> {
        let lineage = self.lineage(name);
        if lineage.is_empty() {
            return Ok(None);
        }
        let id = self.new_object(Object::new(name, State::None));
        for defined in lineage.iter().rev() {
            self.fill(&defined.class, id, false)?;
        }
        self.construct(id, &lineage, arguments.to_vec())?;
        Ok(Some(Value::Object(id)))
    }

    /// Runs the constructor of the first class, after that of its base.
    fn construct(&mut self, id: usize, lineage: &[Defined], arguments: Vec<Value>) -> Eval<()> {
        let Some((Defined { class, .. }, bases)) = lineage.split_first() else { return Ok(()) };
        let Some(method) = found(class, &class.name, arguments.len(), false) else {
            return self.construct(id, bases, Vec::new());
        };
        let mut scope = HashMap::new();
        let named = method.block.parameters.iter().map(|it| Rc::clone(&it.name.name));
        scope.extend(named.zip(arguments.iter().cloned()));
        self.scopes.push(scope);
        let given = self.expressions(&method.base);
        self.scopes.pop();
        self.construct(id, bases, given?)?;
        self.call_own(method, Value::Object(id), arguments).map(|_| ())
    }

    /// `object.name(arguments)`; none if the object's class has no such method.
    pub(super) fn call_own_method(
        &mut self,
        id: usize,
        class: &str,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Option<Value>> {
        for Defined { class, .. } in self.lineage(class) {
            if let Some(method) = found(&class, name, arguments.len(), false) {
                return self.call_own(method, Value::Object(id), arguments.to_vec()).map(Some);
            }
        }
        Ok(None)
    }

    /// `[class]::name(arguments)`; none if the script has no such.
    pub(super) fn call_own_static(
        &mut self,
        class: &str,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Option<Value>> {
        if name == "new" {
            return self.create_own(class, arguments);
        }
        for Defined { class, .. } in self.lineage(class) {
            if let Some(method) = found(&class, name, arguments.len(), true) {
                return self.call_own(method, Value::Null, arguments.to_vec()).map(Some);
            }
        }
        Ok(None)
    }

    /// The object with the static properties of the class that has this one.
    pub(super) fn own_statics(&self, class: &str, name: &str) -> Option<usize> {
        let lineage = self.lineage(class);
        lineage.iter().map(|it| it.statics).find(|id| self.named_entry(*id, name).is_some())
    }

    /// Puts a value into a static property; without effect if the script has no such.
    pub(super) fn set_own_static(&mut self, class: &Value, name: &str, value: Value) {
        if let Value::Type(class) = class
            && let Some(id) = self.own_statics(class, name)
        {
            self.set_entry(id, Value::text(name), value);
        }
    }

    /// `[class]@{ name = value }`; none if the script has no such class, or it is no table.
    pub(super) fn cast_own(&mut self, class: &str, value: &Value) -> Eval<Option<Value>> {
        let Value::Object(table) = value else { return Ok(None) };
        let is_table = self.heap.get(*table).is_some_and(|it| &*it.class == "hashtable");
        if !is_table || !self.classes.contains_key(class) {
            return Ok(None);
        }
        let entries = self.heap.get(*table).map(|it| it.entries.clone()).unwrap_or_default();
        let made = self.create_own(class, &[])?;
        if let Some(Value::Object(id)) = made {
            for (key, value) in entries {
                let key = self.text_of(&key).to_ascii_lowercase();
                self.set_entry(id, Value::text(key), value);
            }
        }
        Ok(made)
    }

    /// Runs a method: what it returns is its result, and nothing else.
    fn call_own(&mut self, method: &Method, this: Value, arguments: Vec<Value>) -> Eval<Value> {
        self.run.step()?;
        let mut out = Vec::new();
        let done = self.called(|it| {
            it.scopes.push(HashMap::from([("this".into(), this)]));
            let outer = std::mem::replace(&mut it.is_method, true);
            let arguments = arguments.into_iter().map(|value| (None, value)).collect();
            let done = it.block_within(&method.block, arguments, None, &mut out);
            it.is_method = outer;
            it.scopes.pop();
            done
        });
        match done {
            Ok(_) => Ok(Value::Null),
            Err(Flow::Return) => Ok(Value::from_output(out)),
            Err(flow) => Err(flow),
        }
    }
}

/// The method of a name that takes so many arguments; else one of that name.
fn found<'c>(class: &'c Class, name: &str, count: usize, is_static: bool) -> Option<&'c Method> {
    let mut named =
        class.methods.iter().filter(|it| &*it.name == name && it.is_static == is_static);
    let is_constructor = *name == *class.name;
    let exact = named.clone().find(|it| it.block.parameters.len() == count);
    // One that takes others is meant where an argument is not understood here.
    exact.or_else(|| if is_constructor && count == 0 { None } else { named.next() })
}

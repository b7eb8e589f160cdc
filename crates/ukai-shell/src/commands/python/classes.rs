//! Classes of a Python program: how they are made, what they derive from, and their objects.

use super::ast::{Expr, Stmt};
use super::builtins::Named;
use super::data_model::INNER;
use super::run::{Done, Machine, Unwind};
use super::value::{Class, ClassOf, Id, Native, Object, Scope, Value, is_exception};
use std::sync::Arc;

/// Most classes that one derives from.
const BASES_MAX: usize = 64;

/// Types of Python's own whose values an object of a class derived from them is.
const VALUES: &[&str] =
    &["list", "dict", "str", "int", "float", "bytes", "bytearray", "tuple", "set", "frozenset"];

/// Those that can be changed: they begin empty, and their `__init__` fills them.
const CHANGING: &[&str] = &["list", "dict", "bytearray", "set"];

/// The order in which classes are looked through (C3, as Python has it since 2.3); where there is
/// none, as they stand.
fn linear(own: Id, mut lists: Vec<Vec<Id>>) -> Vec<Id> {
    let mut all = vec![own];
    loop {
        lists.retain(|it| !it.is_empty());
        if lists.is_empty() || all.len() > BASES_MAX {
            return all;
        }
        let fits = |head: &Id| !lists.iter().any(|it| it.iter().skip(1).any(|other| other == head));
        let next = lists.iter().filter_map(|it| it.first()).find(|head| fits(head)).copied();
        let Some(next) = next.or_else(|| lists.first().and_then(|it| it.first()).copied()) else {
            return all;
        };
        if !all.contains(&next) {
            all.push(next);
        }
        for list in &mut lists {
            list.retain(|it| *it != next);
        }
    }
}

impl Machine<'_> {
    /// `class name(bases, keywords): body`
    pub(super) async fn class(
        &mut self,
        name: &Arc<str>,
        (bases, keywords): (&[Expr], &[(Arc<str>, Expr)]),
        decorators: &[Expr],
        body: &[Stmt],
    ) -> Done<()> {
        let parents = self.eval_all(bases).await?;
        let mut named = Vec::new();
        let mut meta = None;
        for (keyword, value) in keywords {
            let value = self.eval(value).await?;
            match (&**keyword, value) {
                ("metaclass", Value::Class(class)) => meta = Some(class),
                ("metaclass", _) => {}
                (_, value) => named.push((Arc::clone(keyword), value)),
            }
        }
        self.costs(4, 0)?;
        self.scopes.push(Scope { outer: Some(self.scope), ..Scope::default() });
        let inner = self.scopes.len() - 1;
        let outside = std::mem::replace(&mut self.scope, inner);
        let result = self.block(body).await;
        self.scope = outside;
        result?;
        let order = std::mem::take(&mut self.scopes[inner].order);
        let mut names = std::mem::take(&mut self.scopes[inner].names);
        let members =
            order.into_iter().filter_map(|name| names.remove(&name).map(|it| (name, it))).collect();
        // Functions of the class do not see its names.
        let outer = self.scopes[inner].outer;
        for callable in self.callables.iter_mut().filter(|c| c.scope == inner) {
            callable.scope = outer.unwrap_or(0);
        }
        let inherited = parents.iter().find_map(|it| match it {
            Value::Class(id) => self.classes[*id].meta,
            _ => None,
        });
        let made = match meta.or(inherited) {
            Some(meta) => self.class_of_meta(meta, name, parents, members).await?,
            None => self.make_class(name, parents, members)?,
        };
        if let Value::Class(id) = made
            && let Some((_, Value::Function(function))) = self.behind(id, id, "__init_subclass__")
        {
            self.call_function(function, vec![made.clone()], named).await?;
        }
        let mut made = made;
        for decorator in decorators.iter().rev() {
            let wrapper = self.eval(decorator).await?;
            made = self.call(wrapper, vec![made], Vec::new()).await?;
        }
        self.bind(name, made)
    }

    /// A class that its metaclass makes.
    async fn class_of_meta(
        &mut self,
        meta: Id,
        name: &Arc<str>,
        bases: Vec<Value>,
        members: Vec<(Arc<str>, Value)>,
    ) -> Done<Value> {
        let pairs = members.iter().map(|(n, v)| (Value::Str(Arc::clone(n)), v.clone())).collect();
        let pairs = self.dict(pairs)?;
        let parents = Value::tuple(bases.clone());
        let arguments = vec![Value::Class(meta), Value::Str(Arc::clone(name)), parents, pairs];
        let made = match self.member(meta, "__new__") {
            Some(Value::Function(new)) => {
                self.call_function(new, arguments.clone(), Vec::new()).await?
            }
            _ => self.make_class(name, bases, members)?,
        };
        if let Value::Class(id) = made {
            self.classes[id].meta = Some(meta);
            if let Some(Value::Function(init)) = self.member(meta, "__init__") {
                let mut arguments = arguments;
                arguments[0] = made.clone();
                self.call_function(init, arguments, Vec::new()).await?;
            }
        }
        Ok(made)
    }

    /// A class of its name, what it derives from, and its members.
    pub(super) fn make_class(
        &mut self,
        name: &Arc<str>,
        bases: Vec<Value>,
        members: Vec<(Arc<str>, Value)>,
    ) -> Done<Value> {
        self.costs(members.len() + bases.len() + 4, 0)?;
        let own = self.classes.len();
        let parents: Vec<Id> = bases
            .iter()
            .filter_map(|it| match it {
                Value::Class(id) => Some(*id),
                _ => None,
            })
            .collect();
        let mut lists: Vec<Vec<Id>> =
            parents.iter().map(|it| self.classes[*it].order.clone()).collect();
        lists.push(parents);
        let order = linear(own, lists);
        for (_, member) in &members {
            let function = match member {
                Value::Function(id) => Some(*id),
                Value::Object(id) => {
                    let object = &self.objects[*id];
                    let field = object.field("__func__").or_else(|| object.field("fget"));
                    match field {
                        Some(Value::Function(id)) => Some(*id),
                        _ => None,
                    }
                }
                _ => None,
            };
            if let Some(callable) = function.and_then(|id| self.callables.get_mut(id)) {
                callable.owner.get_or_insert(own);
            }
        }
        self.classes.push(Class { name: Arc::clone(name), bases, members, order, meta: None });
        Ok(Value::Class(own))
    }

    /// The type of Python's own that a class derives from, where its objects are values of that.
    fn value_base(&self, class: Id) -> Option<&'static str> {
        self.classes[class].order.iter().find_map(|id| {
            self.classes[*id].bases.iter().find_map(|base| match base {
                Value::Type(name) if VALUES.contains(name) => Some(*name),
                _ => None,
            })
        })
    }

    /// An object of a class, before its `__init__`.
    async fn new_object(&mut self, class: Id, arguments: &[Value], named: &Named) -> Done<Value> {
        let mut object = Object::own("object", Native::None);
        object.class = ClassOf::User(class);
        if self.class_raises(class) {
            object = object.with("args", Value::tuple(arguments.to_vec()));
            object.raised = Some(Box::default());
        } else if let Some(base) = self.value_base(class) {
            let fills_itself = CHANGING.contains(&base) && self.member(class, "__init__").is_some();
            let (arguments, named) = if fills_itself {
                (Vec::new(), Vec::new())
            } else {
                (arguments.to_vec(), named.clone())
            };
            let inner = self.call_builtin(base, arguments, named).await?;
            object = object.with(INNER, inner);
        }
        self.object(object)
    }

    /// `Class(arguments)`.
    pub(super) async fn make_object(
        &mut self,
        class: Id,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        if let Some(meta) = self.classes[class].meta
            && let Some(Value::Function(call)) = self.member(meta, "__call__")
            && self.calling != Some(class)
        {
            let before = self.calling.replace(class);
            let all = std::iter::once(Value::Class(class)).chain(arguments).collect();
            let result = self.call_function(call, all, named).await;
            self.calling = before;
            return result;
        }
        // `Enum(value)` is the member that has it.
        if let Some(Value::List(members)) = self.member(class, "_members_")
            && let Some(wanted) = arguments.first()
        {
            for member in self.lists[members].clone() {
                if let Value::Object(id) = member
                    && let Some(value) = self.objects[id].field("value").cloned()
                    && self.equal(&value, wanted)
                {
                    return Ok(member);
                }
            }
        }
        let value = match self.member(class, "__new__") {
            Some(new) => {
                let new = self.unwrapped(new);
                let all = std::iter::once(Value::Class(class)).chain(arguments.iter().cloned());
                let made = self.call(new, all.collect(), named.clone()).await?;
                if !self.is_instance(&made, &Value::Class(class)) {
                    return Ok(made);
                }
                made
            }
            None => self.new_object(class, &arguments, &named).await?,
        };
        if let Some(method) = self.method_of(&value, "__init__") {
            self.call(method, arguments, named).await?;
        }
        Ok(value)
    }

    /// A method of an object of the program's own classes.
    pub(super) fn method_of(&self, value: &Value, name: &str) -> Option<Value> {
        let Value::Object(id) = value else { return None };
        let ClassOf::User(class) = self.objects[*id].class else { return None };
        let found = self.member(class, name)?;
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
        if !matches!(of, Value::Object(_)) {
            return Ok(value);
        }
        if self.objects[*id].class == ClassOf::Own("property") {
            return match self.objects[*id].field("fget").cloned() {
                Some(get) => self.call(get, vec![of.clone()], Vec::new()).await,
                None => Ok(value),
            };
        }
        // A descriptor of the program's own, where a class has it.
        if let Value::Object(owner) = of
            && let ClassOf::User(class) = self.objects[*owner].class
            && let Some(get) = self.method_of(&value, "__get__")
            && self.classes[class]
                .members
                .iter()
                .any(|(_, it)| matches!(it, Value::Object(other) if other == id))
        {
            return self.call(get, vec![of.clone(), Value::Class(class)], Vec::new()).await;
        }
        Ok(value)
    }

    /// A member of a class or of its bases.
    pub(super) fn member(&self, class: Id, name: &str) -> Option<Value> {
        self.owned(class, name).map(|(_, value)| value)
    }

    /// A member of a class or of its bases, and whose it is.
    pub(super) fn owned(&self, class: Id, name: &str) -> Option<(Id, Value)> {
        self.classes.get(class)?.order.iter().find_map(|id| self.own_member(*id, name))
    }

    fn own_member(&self, class: Id, name: &str) -> Option<(Id, Value)> {
        let members = &self.classes.get(class)?.members;
        members.iter().find(|(n, _)| &**n == name).map(|(_, value)| (class, value.clone()))
    }

    /// What stands behind a class in the order of another that derives from it.
    fn behind(&self, of: Id, class: Id, name: &str) -> Option<(Id, Value)> {
        let order = &self.classes.get(of)?.order;
        let at = order.iter().position(|id| *id == class).map_or(0, |at| at + 1);
        order.iter().skip(at).find_map(|id| self.own_member(*id, name))
    }

    /// `super()`: what the bases of the class whose method runs have, for its object; or
    /// `super(Class, object)`.
    pub(super) fn above(&mut self, arguments: &[Value]) -> Done<Value> {
        let (class, this) = match (arguments, &self.within) {
            ([Value::Class(class), this, ..], _) => (Some(*class), Some(this.clone())),
            (_, Some((class, this))) => (Some(*class), this.clone()),
            _ => (None, None),
        };
        let mut object =
            Object::own("super", Native::None).with("__self__", this.unwrap_or(Value::None));
        if let Some(class) = class {
            object = object.with("__thisclass__", Value::Class(class));
        }
        self.object(object)
    }

    /// What `super()` has by a name: a member of a base, for the object.
    pub(super) fn found_above(&self, above: Id, name: &str) -> Option<(Value, Value)> {
        let this = self.objects[above].field("__self__").cloned().unwrap_or(Value::None);
        let own = match &this {
            Value::Object(id) => match self.objects[*id].class {
                ClassOf::User(class) => Some(class),
                ClassOf::Own(_) => None,
            },
            Value::Class(class) => Some(*class),
            _ => None,
        };
        let Some(Value::Class(class)) = self.objects[above].field("__thisclass__") else {
            return None;
        };
        let of = own.filter(|own| self.classes[*own].order.contains(class)).unwrap_or(*class);
        self.behind(of, *class, name).map(|(_, found)| (found, this))
    }

    /// Calls a method that `super()` gives; one that no base has does what Python's own types do.
    pub(super) async fn call_above(
        &mut self,
        above: Id,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        if let Some((found, this)) = self.found_above(above, name) {
            let is_static = name == "__new__"
                || matches!(&found, Value::Object(id)
                    if self.objects[*id].class == ClassOf::Own("staticmethod"));
            let found = self.unwrapped(found);
            let all = if is_static {
                arguments
            } else {
                std::iter::once(this).chain(arguments).collect()
            };
            return self.call(found, all, named).await;
        }
        let this = self.objects[above].field("__self__").cloned().unwrap_or(Value::None);
        self.call_base(&this, name, arguments, named).await
    }

    /// Methods that each object has, and those of the value that it is.
    pub(super) async fn call_base(
        &mut self,
        this: &Value,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        match (name, this, arguments.first()) {
            ("__new__", _, Some(Value::Class(class))) => {
                // `type.__new__(meta, name, bases, members)` is a class.
                if let [_, Value::Str(name), Value::Tuple(bases), Value::Dict(members)] =
                    &arguments[..]
                {
                    let members = self.dicts[*members].clone();
                    let members = members.into_iter().filter_map(|(name, value)| match name {
                        Value::Str(name) => Some((name, value)),
                        _ => None,
                    });
                    let members = members.collect();
                    return self.make_class(&Arc::clone(name), bases.to_vec(), members);
                }
                let class = *class;
                return self.new_object(class, &arguments[1..], &named).await;
            }
            ("__call__", Value::Class(class), _) => {
                return Box::pin(self.make_object(*class, arguments, named)).await;
            }
            ("__setattr__", _, Some(Value::Str(name))) => {
                let value = arguments.get(1).cloned().unwrap_or(Value::None);
                let name = Arc::clone(name);
                self.set_attribute(this, &name, value)?;
                return Ok(Value::None);
            }
            ("__getattribute__" | "__getattr__", _, Some(Value::Str(name))) => {
                let name = Arc::clone(name);
                return self.attribute(this, &name);
            }
            _ => {}
        }
        let Value::Object(id) = this else { return Ok(Value::None) };
        if name == "__init__" {
            if self.objects[*id].raised.is_some() {
                let fields = &mut self.objects[*id].fields;
                fields.retain(|(name, _)| &**name != "args");
                fields.push(("args".into(), Value::tuple(arguments)));
                return Ok(Value::None);
            }
            let base = match self.objects[*id].class {
                ClassOf::User(class) => self.value_base(class).filter(|it| CHANGING.contains(it)),
                ClassOf::Own(_) => None,
            };
            if let Some(base) = base {
                let filled = Box::pin(self.call_builtin(base, arguments, named)).await?;
                self.set_attribute(this, &INNER.into(), filled)?;
            }
            return Ok(Value::None);
        }
        match self.inner(this) {
            Some(inner) => self.call_method(&inner, name, arguments, named).await,
            None if matches!(name, "__str__" | "__repr__") => {
                Ok(Value::Str(self.text(this)?.into()))
            }
            None => Ok(Value::None),
        }
    }

    /// What a class has that is no member of it.
    pub(super) fn class_attribute(&mut self, class: Id, name: &str) -> Done<Option<Value>> {
        let of = &self.classes[class];
        Ok(Some(match name {
            "__name__" | "__qualname__" => Value::Str(Arc::clone(&of.name)),
            "__module__" => Value::str("__main__"),
            "__bases__" | "__base__" => {
                let mut bases = of.bases.clone();
                if bases.is_empty() {
                    bases.push(Value::Type("object"));
                }
                match bases.first() {
                    Some(first) if name == "__base__" => first.clone(),
                    _ => Value::tuple(bases),
                }
            }
            "__mro__" => {
                let order = of.order.iter().map(|id| Value::Class(*id));
                Value::tuple(order.chain([Value::Type("object")]).collect())
            }
            "__dict__" => {
                let members = of.members.clone();
                self.dict(members.into_iter().map(|(n, v)| (Value::Str(n), v)).collect())?
            }
            "__doc__" => Value::None,
            _ if is_known(name) => Value::Bound(Arc::new((Value::Class(class), name.into()))),
            _ => return Ok(None),
        }))
    }

    /// Methods of a class itself.
    pub(super) async fn class_method(
        &mut self,
        class: Id,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        match name {
            "__subclasses__" => {
                let all = (0..self.classes.len()).filter(|id| {
                    self.classes[*id]
                        .bases
                        .iter()
                        .any(|it| matches!(it, Value::Class(it) if *it == class))
                });
                let all = all.map(Value::Class).collect();
                self.list(all)
            }
            "mro" => Ok(self.class_attribute(class, "__mro__")?.unwrap_or(Value::None)),
            "__call__" => self.make_object(class, arguments, named).await,
            "__init__" | "__setattr__" | "__getattribute__" | "__str__" | "__repr__" => {
                let mut arguments = arguments.into_iter();
                let this = arguments.next().unwrap_or(Value::None);
                self.call_base(&this, name, arguments.collect(), named).await
            }
            _ => self.call_base(&Value::Class(class), name, arguments, named).await,
        }
    }

    /// Whether a type of Python's own is an exception that can be made with these arguments.
    pub(super) fn own_exception(
        &mut self,
        name: &'static str,
        arguments: Vec<Value>,
    ) -> Done<Value> {
        debug_assert!(is_exception(name), "others are not made so");
        match self.raise_with(name, arguments, super::value::Raised::default()) {
            Unwind::Raise(id) => Ok(Value::Object(id)),
            other => Err(other),
        }
    }
}

/// Methods that every class has.
fn is_known(name: &str) -> bool {
    matches!(
        name,
        "__subclasses__"
            | "mro"
            | "__call__"
            | "__new__"
            | "__init__"
            | "__setattr__"
            | "__getattribute__"
            | "__str__"
            | "__repr__"
    )
}

#[cfg(test)]
mod tests {
    use super::linear;

    #[test]
    fn a_diamond_is_looked_through_once() {
        // D(B, C), B(A), C(A).
        assert_eq!(linear(3, vec![vec![1, 0], vec![2, 0], vec![1, 2]]), [3, 1, 2, 0]);
        assert_eq!(linear(1, vec![vec![0], vec![0]]), [1, 0]);
    }
}

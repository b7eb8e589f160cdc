//! Methods with two underscores of Python's own values: `(1).__add__(2)`, `text.__getitem__(0)`.

use super::builtins::Named;
use super::data_model::{comparison, operator};
use super::run::{Done, Machine};
use super::value::{Cells, Value, held};
use std::sync::Arc;

/// Those that are no operator.
const NAMES: &[&str] = &[
    "__len__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__contains__",
    "__iter__",
    "__next__",
    "__str__",
    "__repr__",
    "__call__",
    "__bool__",
    "__hash__",
    "__format__",
    "__getattribute__",
    "__getattr__",
    "__init__",
    "__neg__",
    "__invert__",
    "__int__",
    "__float__",
    "__index__",
    "__bytes__",
    "__dir__",
    "__enter__",
    "__exit__",
    "__subclasses__",
    "__get__",
    "__reversed__",
    "__import__",
];

/// Whether a value has such a method.
pub(super) fn has(value: &Value, name: &str) -> bool {
    let calls =
        matches!(value, Value::Function(_) | Value::Builtin(_) | Value::Bound(_) | Value::Type(_));
    match name {
        "__call__" => calls,
        "__next__" => matches!(value, Value::List(_)),
        "__iter__" | "__len__" | "__getitem__" | "__contains__" => !matches!(
            value,
            Value::None
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Function(_)
                | Value::Builtin(_)
                | Value::Bound(_)
        ),
        _ => NAMES.contains(&name) || operator(name).is_some() || comparison(name).is_some(),
    }
}

/// `real`, `imag` and the like of a number.
pub(super) fn number_part(value: &Value, name: &str) -> Option<Value> {
    match name {
        "real" | "numerator" => Some(value.clone()),
        "imag" => Some(Value::Int(0)),
        "denominator" => Some(Value::Int(1)),
        _ => None,
    }
}

impl Machine<'_> {
    /// Calls such a method.
    pub(super) async fn protocol(
        &mut self,
        of: &Value,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        let first = arguments.first().cloned();
        if let (Some((op, mirrored)), Some(other)) = (operator(name), first.clone()) {
            let (a, b) = if mirrored { (other, of.clone()) } else { (of.clone(), other) };
            return Box::pin(self.operate(op, a, b)).await;
        }
        if let (Some(op), Some(other)) = (comparison(name), &first) {
            return Ok(Value::Bool(self.compare(op, of, other).await?));
        }
        let function = match name {
            "__len__" => "len",
            "__str__" => "str",
            "__repr__" => "repr",
            "__bool__" => "bool",
            "__hash__" => "hash",
            "__int__" | "__index__" => "int",
            "__float__" => "float",
            "__iter__" => "iter",
            "__next__" => "next",
            "__bytes__" => "bytes",
            "__dir__" => "dir",
            "__reversed__" => "reversed",
            "__format__" => "format",
            "__getattribute__" | "__getattr__" => "getattr",
            _ => "",
        };
        if !function.is_empty() {
            let all = std::iter::once(of.clone()).chain(arguments).collect();
            return Box::pin(self.call_builtin(function, all, named)).await;
        }
        match (name, first) {
            ("__call__", _) => self.call(of.clone(), arguments, named).await,
            ("__getitem__", Some(at)) => Box::pin(self.item(of, &at)).await,
            ("__setitem__", Some(at)) => {
                let value = arguments.get(1).cloned().unwrap_or(Value::None);
                if let Some(ends) = self.slice_ends(&at) {
                    Box::pin(self.set_slice(of, ends, Some(value))).await?;
                } else {
                    Box::pin(self.set_item(of, at, value)).await?;
                }
                Ok(Value::None)
            }
            ("__delitem__", Some(at)) => self.delete_item(of, &at).map(|()| Value::None),
            ("__contains__", Some(item)) => {
                Ok(Value::Bool(Box::pin(self.compare("in", &item, of)).await?))
            }
            ("__neg__", _) => self.unary("-", of),
            ("__invert__", _) => self.unary("~", of),
            ("__subclasses__", _) => self.list(Vec::new()),
            ("__enter__" | "__get__", _) => Ok(of.clone()),
            ("__init__" | "__exit__", _) => Ok(Value::None),
            _ => Err(self.missing(of, name)),
        }
    }

    /// Methods of a `bytearray`: those that change it, and those of bytes.
    pub(super) async fn array_method(
        &mut self,
        cells: &Cells,
        name: &str,
        arguments: Vec<Value>,
    ) -> Done<Value> {
        let first = arguments.first().cloned();
        let byte = first.as_ref().and_then(Value::integer).and_then(|it| u8::try_from(it).ok());
        let length = held(cells).len();
        let place = |at: i128| {
            let at = if at < 0 { at + length as i128 } else { at };
            usize::try_from(at.max(0)).unwrap_or(length).min(length)
        };
        match (name, byte) {
            ("append", Some(byte)) => {
                self.costs(0, 16)?;
                held(cells).push(byte);
            }
            ("append" | "remove", None) => {
                return Err(self.raise("ValueError", "byte must be in range(0, 256)"));
            }
            ("extend", _) => {
                let more = self.items(&first.unwrap_or(Value::None)).await?;
                self.costs(0, more.len())?;
                let bytes = more.iter().filter_map(|it| u8::try_from(it.integer()?).ok());
                held(cells).extend(bytes);
            }
            ("pop", _) => {
                let at = place(first.and_then(|it| it.integer()).unwrap_or(-1));
                if at >= length {
                    return Err(self.raise("IndexError", "pop from empty bytearray"));
                }
                return Ok(Value::Int(i128::from(held(cells).remove(at))));
            }
            ("insert", _) => {
                let at = place(first.and_then(|it| it.integer()).unwrap_or(0));
                let byte = arguments.get(1).and_then(Value::integer).unwrap_or(0);
                self.costs(0, length)?;
                held(cells).insert(at, u8::try_from(byte).unwrap_or(0));
            }
            ("remove", Some(byte)) => {
                let at = held(cells).iter().position(|it| *it == byte);
                match at {
                    Some(at) => drop(held(cells).remove(at)),
                    None => return Err(self.raise("ValueError", "value not found in bytearray")),
                }
            }
            ("reverse", _) => held(cells).reverse(),
            ("clear", _) => held(cells).clear(),
            ("copy", _) => return Ok(Value::array(held(cells).clone())),
            _ => {
                let bytes = Value::Bytes(held(cells).clone().into());
                let made = self.call_method(&bytes, name, arguments, Vec::new()).await?;
                return Ok(match made {
                    Value::Bytes(bytes) if !matches!(name, "tobytes") => {
                        Value::array(bytes.to_vec())
                    }
                    other => other,
                });
            }
        }
        Ok(Value::None)
    }

    /// `property.setter(function)` and the like.
    pub(super) fn property_with(
        &mut self,
        property: super::value::Id,
        name: &str,
        function: Value,
    ) -> Done<Value> {
        let mut object = self.objects[property].clone();
        let field: Arc<str> = match name {
            "setter" => "fset".into(),
            "deleter" => "fdel".into(),
            _ => "fget".into(),
        };
        object.fields.retain(|(known, _)| *known != field);
        object.fields.push((field, function));
        self.object(object)
    }
}

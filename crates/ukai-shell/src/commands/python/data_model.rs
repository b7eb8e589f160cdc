//! The methods by which a program's own classes act as Python's values do (the reference's "data
//! model"): operators, truth, comparison, attributes.

use super::ast::Expr;
use super::run::{Done, Machine, Unwind};
use super::value::{ClassOf, Native, Object, Value};
use std::sync::Arc;

/// The method that a class has for an operator, and the one for its right operand.
fn special(op: &str) -> Option<(&'static str, &'static str)> {
    Some(match op {
        "+" => ("__add__", "__radd__"),
        "-" => ("__sub__", "__rsub__"),
        "*" => ("__mul__", "__rmul__"),
        "/" => ("__truediv__", "__rtruediv__"),
        "//" => ("__floordiv__", "__rfloordiv__"),
        "%" => ("__mod__", "__rmod__"),
        "**" => ("__pow__", "__rpow__"),
        "^" => ("__xor__", "__rxor__"),
        "&" => ("__and__", "__rand__"),
        "|" => ("__or__", "__ror__"),
        "<<" => ("__lshift__", "__rlshift__"),
        ">>" => ("__rshift__", "__rrshift__"),
        "@" => ("__matmul__", "__rmatmul__"),
        _ => return None,
    })
}

/// The method for an operator that changes its left operand.
pub(super) fn in_place(op: &str) -> Option<&'static str> {
    Some(match op {
        "+" => "__iadd__",
        "-" => "__isub__",
        "*" => "__imul__",
        "^" => "__ixor__",
        "|" => "__ior__",
        "&" => "__iand__",
        "<<" => "__ilshift__",
        ">>" => "__irshift__",
        _ => return None,
    })
}

/// The method for an operator before its operand.
pub(super) fn unary(op: &str) -> Option<&'static str> {
    Some(match op {
        "-" => "__neg__",
        "+" => "__pos__",
        "~" => "__invert__",
        _ => return None,
    })
}

/// The operator that a method of Python's own values stands for.
pub(super) fn operator(method: &str) -> Option<(&'static str, bool)> {
    const OPERATORS: &[&str] = &["+", "-", "*", "/", "//", "%", "**", "^", "&", "|", "<<", ">>"];
    OPERATORS.iter().find_map(|op| match special(op) {
        Some((name, _)) if name == method => Some((*op, false)),
        Some((_, name)) if name == method => Some((*op, true)),
        _ => None,
    })
}

/// The comparison that a method stands for.
pub(super) fn comparison(method: &str) -> Option<&'static str> {
    Some(match method {
        "__eq__" => "==",
        "__ne__" => "!=",
        "__lt__" => "<",
        "__le__" => "<=",
        "__gt__" => ">",
        "__ge__" => ">=",
        _ => return None,
    })
}

impl Machine<'_> {
    /// `a op b`.
    pub(super) async fn operate(&mut self, op: &str, a: Value, b: Value) -> Done<Value> {
        let is_object = |it: &Value| matches!(it, Value::Object(_));
        let is_text = |it: &Value| matches!(it, Value::Str(_));
        if self.is_unknown(&a) || self.is_unknown(&b) && !(op == "%" && is_text(&a)) {
            // A text to which nothing known is added stays what it is.
            return match (op, is_text(&a), is_text(&b)) {
                ("+", true, _) => Ok(a),
                ("+", _, true) => Ok(b),
                _ => self.unknown(),
            };
        }
        if let Some((left, right)) = special(op)
            && (is_object(&a) || is_object(&b))
        {
            if let Some(method) = self.method_of(&a, left) {
                return self.call(method, vec![b], Vec::new()).await;
            }
            if let Some(method) = self.method_of(&b, right) {
                return self.call(method, vec![a], Vec::new()).await;
            }
            let a = self.inner(&a).unwrap_or(a);
            let b = self.inner(&b).unwrap_or(b);
            if op == "%" && matches!(a, Value::Str(_) | Value::Bytes(_)) {
                let b = self.told(b).await?;
                return self.binary(op, &a, &b);
            }
            return self.binary(op, &a, &b);
        }
        if op == "%" && matches!(a, Value::Str(_)) {
            let b = self.told(b).await?;
            return self.binary(op, &a, &b);
        }
        self.binary(op, &a, &b)
    }

    /// Objects whose class says how they are written, as what they say, for `text % values`.
    async fn told(&mut self, value: Value) -> Done<Value> {
        match &value {
            Value::Object(_) if self.method_of(&value, "__getitem__").is_none() => {
                match self.method_of(&value, "__str__") {
                    Some(Value::Bound(_)) => Ok(Value::Str(self.any_text(&value).await?.into())),
                    _ => Ok(value),
                }
            }
            Value::Tuple(items) if items.iter().any(|it| matches!(it, Value::Object(_))) => {
                let mut all = Vec::new();
                for item in items.iter() {
                    all.push(Box::pin(self.told(item.clone())).await?);
                }
                Ok(Value::tuple(all))
            }
            _ => Ok(value),
        }
    }

    /// Whether a value counts as true.
    pub(super) async fn is_true(&mut self, value: &Value) -> Done<bool> {
        if !matches!(value, Value::Object(_)) {
            return Ok(self.truth(value));
        }
        for name in ["__bool__", "__len__"] {
            if let Some(method) = self.method_of(value, name) {
                let answer = self.call(method, Vec::new(), Vec::new()).await?;
                return Ok(self.truth(&answer));
            }
        }
        let inner = self.inner(value);
        Ok(self.truth(inner.as_ref().unwrap_or(value)))
    }

    /// What a class's own methods say of a comparison; none where it has none.
    pub(super) async fn compared_by_class(
        &mut self,
        op: &str,
        a: &Value,
        b: &Value,
    ) -> Done<Option<bool>> {
        if !matches!(a, Value::Object(_)) && !matches!(b, Value::Object(_)) {
            return Ok(None);
        }
        if self.is_unknown(a) || self.is_unknown(b) {
            return Ok(Some(matches!(op, "!=" | "is not" | "not in")));
        }
        let (name, mirrored) = match op {
            "==" => ("__eq__", "__eq__"),
            "!=" => ("__ne__", "__ne__"),
            "<" => ("__lt__", "__gt__"),
            "<=" => ("__le__", "__ge__"),
            ">" => ("__gt__", "__lt__"),
            ">=" => ("__ge__", "__le__"),
            "in" | "not in" => {
                let Some(method) = self.method_of(b, "__contains__") else { return Ok(None) };
                let answer = self.call(method, vec![a.clone()], Vec::new()).await?;
                return Ok(Some(self.truth(&answer) == (op == "in")));
            }
            _ => return Ok(None),
        };
        for (of, name, other) in [(a, name, b), (b, mirrored, a)] {
            if let Some(method) = self.method_of(of, name) {
                let answer = self.call(method, vec![other.clone()], Vec::new()).await?;
                return Ok(Some(self.truth(&answer)));
            }
            if op == "!="
                && let Some(method) = self.method_of(of, "__eq__")
            {
                let answer = self.call(method, vec![other.clone()], Vec::new()).await?;
                return Ok(Some(!self.truth(&answer)));
            }
        }
        Ok(None)
    }

    /// `of.name`, by all that a class can say about it.
    pub(super) async fn get_attribute(&mut self, of: &Value, name: &Arc<str>) -> Done<Value> {
        let found = match self.attribute(of, name) {
            Ok(found) => found,
            Err(Unwind::Raise(error)) => {
                let asked = self
                    .method_of(of, "__getattr__")
                    .filter(|_| self.fits(error, &Value::Type("AttributeError")));
                let Some(method) = asked else { return Err(Unwind::Raise(error)) };
                return self.call(method, vec![Value::Str(Arc::clone(name))], Vec::new()).await;
            }
            Err(other) => return Err(other),
        };
        self.got(of, found).await
    }

    /// `of.name = value`.
    pub(super) async fn assign_attribute(
        &mut self,
        of: &Value,
        name: &Arc<str>,
        value: Value,
    ) -> Done<()> {
        if let Value::Object(id) = of
            && let ClassOf::User(class) = self.objects[*id].class
        {
            if let Some(Value::Object(member)) = self.member(class, name) {
                let setter = match self.objects[member].class {
                    ClassOf::Own("property") => self.objects[member].field("fset").cloned(),
                    _ => None,
                };
                if let Some(setter) = setter {
                    let arguments = vec![of.clone(), value];
                    return self.call(setter, arguments, Vec::new()).await.map(|_| ());
                }
            }
            if let Some(method) = self.method_of(of, "__setattr__") {
                let arguments = vec![Value::Str(Arc::clone(name)), value];
                return self.call(method, arguments, Vec::new()).await.map(|_| ());
            }
        }
        self.set_attribute(of, name, value)
    }

    /// The list, text, number ... that an object of a class derived from one of Python's own is.
    pub(super) fn inner(&self, value: &Value) -> Option<Value> {
        let Value::Object(id) = value else { return None };
        let object = &self.objects[*id];
        match object.class {
            ClassOf::User(_) => object.field(INNER).cloned(),
            ClassOf::Own(_) => None,
        }
    }

    /// The ends of `from:to:step`.
    pub(super) async fn ends(&mut self, parts: &[Option<Box<Expr>>; 3]) -> Done<[Option<i128>; 3]> {
        let mut ends = [None, None, None];
        for (end, part) in ends.iter_mut().zip(parts) {
            if let Some(part) = part {
                *end = self.eval(part).await?.integer();
            }
        }
        Ok(ends)
    }

    /// `slice(from, to, step)` as a value.
    pub(super) fn slice_object(&mut self, ends: [Option<i128>; 3]) -> Done<Value> {
        let mut object = Object::own("slice", Native::None);
        for (name, end) in ["start", "stop", "step"].into_iter().zip(ends) {
            object = object.with(name, end.map_or(Value::None, Value::Int));
        }
        self.object(object)
    }

    /// The ends of a slice that is a value.
    pub(super) fn slice_ends(&self, value: &Value) -> Option<[Option<i128>; 3]> {
        let Value::Object(id) = value else { return None };
        let object = &self.objects[*id];
        if object.class != ClassOf::Own("slice") {
            return None;
        }
        Some(["start", "stop", "step"].map(|name| object.field(name).and_then(Value::integer)))
    }
}

/// The field that holds what an object of a class derived from one of Python's own is.
pub(super) const INNER: &str = "(value)";

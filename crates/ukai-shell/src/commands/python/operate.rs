//! Operators, truth, comparison, texts of values, items and slices.

use super::run::{Done, Machine};
use super::value::{ClassOf, Id, Value, held};
use bytes::Bytes;
use std::cmp::Ordering;
use std::sync::Arc;

/// Deepest nesting of values that is written or compared.
const NESTING_MAX: u32 = 24;

/// Longest text that an operator makes, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 20;

impl Value {
    /// As a whole number, where it is one.
    pub(super) fn integer(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Bool(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Large(value) => value.to_string().parse().ok(),
            other => other.integer().map(|v| v as f64),
        }
    }

    /// Bytes of bytes, or of a text.
    pub(super) fn raw(&self) -> Option<Bytes> {
        match self {
            Self::Str(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::Array(cells) => Some(Bytes::copy_from_slice(&held(cells))),
            _ => None,
        }
    }
}

/// How many numbers a range has.
pub(super) fn range_length(range: Option<(i64, i64, i64)>) -> usize {
    let Some((from, to, step)) = range else { return 0 };
    let (from, to, step) = (i128::from(from), i128::from(to), i128::from(step));
    let span = if step > 0 { to - from } else { from - to };
    let step = step.abs().max(1);
    usize::try_from((span + step - 1).max(0) / step).unwrap_or(usize::MAX)
}

impl Machine<'_> {
    pub(super) fn type_name(&self, value: &Value) -> String {
        match value {
            Value::None => "NoneType".to_owned(),
            Value::Ellipsis => "ellipsis".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Int(_) | Value::Large(_) => "int".to_owned(),
            Value::Float(_) => "float".to_owned(),
            Value::Str(_) => "str".to_owned(),
            Value::Bytes(_) => "bytes".to_owned(),
            Value::Array(_) => "bytearray".to_owned(),
            Value::Tuple(_) => "tuple".to_owned(),
            Value::Range(..) => "range".to_owned(),
            Value::List(_) => "list".to_owned(),
            Value::Set(_) => "set".to_owned(),
            Value::Dict(_) => "dict".to_owned(),
            Value::Function(_) => "function".to_owned(),
            Value::Builtin(_) => "builtin_function_or_method".to_owned(),
            Value::Bound(_) => "method".to_owned(),
            Value::Module(_) => "module".to_owned(),
            Value::Class(_) | Value::Type(_) => "type".to_owned(),
            Value::Object(id) => self.class_name(*id),
        }
    }

    /// The name of an object's class, without its module.
    pub(super) fn class_name(&self, object: Id) -> String {
        match self.objects[object].class {
            ClassOf::Own(name) => name.rsplit('.').next().unwrap_or(name).to_owned(),
            ClassOf::User(class) => self.classes[class].name.to_string(),
        }
    }

    pub(super) fn truth(&self, value: &Value) -> bool {
        match value {
            Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::Array(cells) => !held(cells).is_empty(),
            Value::Tuple(items) => !items.is_empty(),
            Value::List(id) | Value::Set(id) => !self.lists[*id].is_empty(),
            Value::Dict(id) => !self.dicts[*id].is_empty(),
            Value::Range(a, b, c) => range_length(Some((*a, *b, *c))) > 0,
            _ => true,
        }
    }

    pub(super) fn equal(&self, a: &Value, b: &Value) -> bool {
        self.equal_to(a, b, 0)
    }

    fn equal_to(&self, a: &Value, b: &Value, depth: u32) -> bool {
        if depth > NESTING_MAX {
            return false;
        }
        let all = |a: &[Value], b: &[Value]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.equal_to(a, b, depth + 1))
        };
        match (a, b) {
            (Value::None, Value::None) => true,
            (Value::Large(a), Value::Large(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Array(_), _) | (_, Value::Array(_)) => match (a.still(), b.still()) {
                (Value::Bytes(a), Value::Bytes(b)) => a == b,
                _ => false,
            },
            (Value::Tuple(a), Value::Tuple(b)) => all(a, b),
            (Value::List(a), Value::List(b)) => all(&self.lists[*a], &self.lists[*b]),
            (Value::Set(a), Value::Set(b)) => {
                let (a, b) = (&self.lists[*a], &self.lists[*b]);
                a.len() == b.len()
                    && a.iter().all(|a| b.iter().any(|b| self.equal_to(a, b, depth + 1)))
            }
            (Value::Dict(a), Value::Dict(b)) => {
                let (a, b) = (&self.dicts[*a], &self.dicts[*b]);
                a.len() == b.len()
                    && a.iter().all(|(key, value)| {
                        b.iter().any(|(k, v)| {
                            self.equal_to(k, key, depth + 1) && self.equal_to(v, value, depth + 1)
                        })
                    })
            }
            (Value::Object(a), Value::Object(b)) => a == b,
            (Value::Class(a), Value::Class(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => a == b,
            (Value::Type(a), Value::Type(b)) => a == b,
            (Value::Module(a), Value::Module(b)) => a == b,
            (Value::Builtin(a), Value::Builtin(b)) => a == b,
            (Value::Range(a, b, c), Value::Range(d, e, f)) => (a, b, c) == (d, e, f),
            _ => match (a.integer(), b.integer()) {
                (Some(a), Some(b)) => a == b,
                _ => match (a.number(), b.number()) {
                    (Some(a), Some(b)) => a.total_cmp(&b) == Ordering::Equal,
                    _ => false,
                },
            },
        }
    }

    /// Which of two values comes first, where they can be compared.
    pub(super) fn order(&self, a: &Value, b: &Value) -> Option<Ordering> {
        match (a, b) {
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
            (Value::Array(_), Value::Array(_) | Value::Bytes(_))
            | (Value::Bytes(_), Value::Array(_)) => Some(a.raw()?.cmp(&b.raw()?)),
            (Value::Tuple(a), Value::Tuple(b)) => self.order_all(a, b),
            (Value::List(a), Value::List(b)) => self.order_all(&self.lists[*a], &self.lists[*b]),
            (Value::Large(_), _) | (_, Value::Large(_)) => Some(a.large()?.cmp(&b.large()?)),
            _ => match (a.integer(), b.integer()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => a.number()?.partial_cmp(&b.number()?),
            },
        }
    }

    fn order_all(&self, a: &[Value], b: &[Value]) -> Option<Ordering> {
        for (a, b) in a.iter().zip(b) {
            // Lists in lists are not looked into: nobody sorts those.
            if matches!(a, Value::List(_)) {
                return None;
            }
            if !self.equal(a, b) {
                return self.order(a, b);
            }
        }
        Some(a.len().cmp(&b.len()))
    }

    pub(super) async fn compare(&mut self, op: &str, a: &Value, b: &Value) -> Done<bool> {
        if let Some(answer) = self.compared_by_class(op, a, b).await? {
            return Ok(answer);
        }
        let (one, other) = (self.inner(a), self.inner(b));
        let (a, b) = (one.as_ref().unwrap_or(a), other.as_ref().unwrap_or(b));
        Ok(match op {
            "==" => self.equal(a, b),
            "!=" => !self.equal(a, b),
            "is" => self.same(a, b),
            "is not" => !self.same(a, b),
            "in" => self.contains(a, b).await?,
            "not in" => !self.contains(a, b).await?,
            "<" | "<=" | ">" | ">=" if let (Value::Set(one), Value::Set(other)) = (a, b) => {
                let (one, other) = (&self.lists[*one], &self.lists[*other]);
                let (small, large) = if op.starts_with('<') { (one, other) } else { (other, one) };
                self.process.session.step((small.len() * large.len()) as u64 / 64)?;
                let within = small.iter().all(|it| large.iter().any(|other| self.equal(it, other)));
                within && (op.len() == 2 || small.len() < large.len())
            }
            _ => {
                let Some(order) = self.order(a, b) else {
                    let (a, b) = (self.type_name(a), self.type_name(b));
                    let text = format!("'{op}' not supported between instances of '{a}' and '{b}'");
                    return Err(self.raise("TypeError", text));
                };
                match op {
                    "<" => order == Ordering::Less,
                    "<=" => order != Ordering::Greater,
                    ">" => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }
            }
        })
    }

    fn same(&self, a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::List(a), Value::List(b))
            | (Value::Set(a), Value::Set(b))
            | (Value::Dict(a), Value::Dict(b)) => a == b,
            (Value::Int(_), Value::Bool(_)) | (Value::Bool(_), Value::Int(_)) => false,
            _ => self.equal(a, b),
        }
    }

    async fn contains(&mut self, item: &Value, whole: &Value) -> Done<bool> {
        if matches!(
            (item, whole),
            (Value::Array(_), Value::Array(_) | Value::Bytes(_)) | (_, Value::Array(_))
        ) {
            return Box::pin(self.contains(&item.still(), &whole.still())).await;
        }
        match (item, whole) {
            (Value::Str(part), Value::Str(text)) => {
                self.costs(0, text.len())?;
                Ok(text.contains(&**part))
            }
            (Value::Bytes(part), Value::Bytes(text)) => {
                self.costs(0, text.len())?;
                Ok(part.is_empty() || text.windows(part.len()).any(|w| w == part))
            }
            (Value::Int(byte), Value::Bytes(text)) => {
                Ok(text.iter().any(|b| i128::from(*b) == *byte))
            }
            (_, Value::Dict(id)) => Ok(self.find(*id, item)?.is_some()),
            (_, Value::Object(id)) if self.objects[*id].class == ClassOf::Own("os._Environ") => {
                let name = item.raw().unwrap_or_default();
                Ok(self.process.variable(&name).is_some())
            }
            (_, Value::Str(_)) => {
                let name = self.type_name(item);
                let text = format!("'in <string>' requires string as left operand, not {name}");
                Err(self.raise("TypeError", text))
            }
            _ => {
                let items = self.items_for(whole, "argument of type '%' is not iterable").await?;
                self.process.session.step(items.len() as u64 / 64)?;
                Ok(items.iter().any(|i| self.equal(i, item)))
            }
        }
    }

    pub(super) fn unary(&mut self, op: &str, value: &Value) -> Done<Value> {
        match (op, value) {
            ("not", _) => return Ok(Value::Bool(!self.truth(value))),
            ("-", Value::Float(value)) => return Ok(Value::Float(-value)),
            ("+", Value::Float(_)) => return Ok(value.clone()),
            _ => {}
        }
        if let (Value::Large(number), "-") = (value, op) {
            return Ok(Value::of_large(-(**number).clone()));
        }
        if let Some(number) = value.integer() {
            let result = match op {
                "-" => number.checked_neg(),
                "~" => Some(!number),
                _ => Some(number),
            };
            return match result {
                Some(number) => Ok(Value::Int(number)),
                None => Err(self.raise("MemoryError", "")),
            };
        }
        let name = self.type_name(value);
        Err(self.raise("TypeError", format!("bad operand type for unary {op}: '{name}'")))
    }

    pub(super) fn binary(&mut self, op: &str, a: &Value, b: &Value) -> Done<Value> {
        if matches!(a, Value::Array(_)) || matches!(b, Value::Array(_)) && op != "%" {
            let made = self.binary(op, &a.still(), &b.still())?;
            return Ok(match made {
                Value::Bytes(bytes)
                    if matches!(a, Value::Array(_)) || !matches!(a, Value::Bytes(_)) =>
                {
                    Value::array(bytes.to_vec())
                }
                other => other,
            });
        }
        if let (Some(a), Some(b)) = (a.integer(), b.integer()) {
            return self.whole(op, a, b);
        }
        if matches!(a, Value::Large(_)) || matches!(b, Value::Large(_)) {
            if let (Some(a), Some(b)) = (a.large(), b.large())
                && let Some(result) = self.large_binary(op, &a, &b)?
            {
                return Ok(result);
            }
            if op != "/" {
                return Err(self.raise("MemoryError", ""));
            }
        }
        if let (Some(a), Some(b)) = (a.number(), b.number())
            && let Some(result) = self.real(op, a, b)?
        {
            return Ok(result);
        }
        match (op, a, b) {
            ("%", Value::Str(text), _) => {
                let text = Arc::clone(text);
                return Ok(Value::Str(self.percent(&text, b)?.into()));
            }
            ("%", Value::Bytes(bytes), _) => {
                // As letters of which each is a byte.
                let letters = |it: &[u8]| it.iter().map(|it| *it as char).collect::<String>();
                let part =
                    |it: &Value| it.raw().map_or_else(|| it.clone(), |it| Value::str(letters(&it)));
                let b = match b {
                    Value::Tuple(all) => Value::tuple(all.iter().map(part).collect()),
                    Value::Bytes(_) => part(b),
                    other => other.clone(),
                };
                let made = self.percent(&letters(bytes), &b)?;
                return Ok(Value::Bytes(made.chars().map(|c| c as u8).collect::<Vec<_>>().into()));
            }
            ("+", Value::Str(a), Value::Str(b)) => {
                self.costs(0, a.len() + b.len())?;
                return Ok(Value::Str([&**a, &**b].concat().into()));
            }
            ("+", Value::Bytes(a), Value::Bytes(b)) => {
                self.costs(0, a.len() + b.len())?;
                return Ok(Value::Bytes([&a[..], &b[..]].concat().into()));
            }
            ("+", Value::List(a), Value::List(b)) => {
                let all = [&self.lists[*a][..], &self.lists[*b]].concat();
                return self.list(all);
            }
            ("+", Value::Tuple(a), Value::Tuple(b)) => {
                self.costs(a.len() + b.len(), 0)?;
                return Ok(Value::Tuple([&a[..], &b[..]].concat().into()));
            }
            ("*", _, _) => {
                if let Some(result) = self.repeated(a, b)? {
                    return Ok(result);
                }
            }
            ("|" | "&" | "-" | "^", Value::Set(a), Value::Set(b)) => {
                let (a, b) = (self.lists[*a].clone(), self.lists[*b].clone());
                self.process.session.step((a.len() * b.len()) as u64 / 64)?;
                let within = |all: &[Value], item: &Value| all.iter().any(|i| self.equal(i, item));
                let items: Vec<Value> = match op {
                    "|" => a.iter().chain(&b).cloned().collect(),
                    "&" => a.iter().filter(|i| within(&b, i)).cloned().collect(),
                    "-" => a.iter().filter(|i| !within(&b, i)).cloned().collect(),
                    _ => {
                        let left = a.iter().filter(|i| !within(&b, i));
                        left.chain(b.iter().filter(|i| !within(&a, i))).cloned().collect()
                    }
                };
                return self.set(items);
            }
            ("|", Value::Dict(a), Value::Dict(b)) => {
                let all = self.dicts[*a].iter().chain(&self.dicts[*b]).cloned().collect();
                return self.dict(all);
            }
            _ => {}
        }
        let (left, right) = (self.type_name(a), self.type_name(b));
        let text = match (op, a) {
            ("+", Value::Str(_)) => {
                format!("can only concatenate str (not \"{right}\") to str")
            }
            ("+", Value::Bytes(_)) => format!("can't concat {right} to bytes"),
            ("+", Value::List(_)) => {
                format!("can only concatenate list (not \"{right}\") to list")
            }
            ("+", Value::Tuple(_)) => {
                format!("can only concatenate tuple (not \"{right}\") to tuple")
            }
            ("*", Value::Str(_) | Value::List(_) | Value::Bytes(_) | Value::Tuple(_)) => {
                format!("can't multiply sequence by non-int of type '{right}'")
            }
            ("**", _) => {
                format!("unsupported operand type(s) for ** or pow(): '{left}' and '{right}'")
            }
            _ => format!("unsupported operand type(s) for {op}: '{left}' and '{right}'"),
        };
        Err(self.raise("TypeError", text))
    }

    fn repeated(&mut self, a: &Value, b: &Value) -> Done<Option<Value>> {
        let (whole, count) = match (a.integer(), b.integer()) {
            (None, Some(count)) => (a, count),
            (Some(count), None) => (b, count),
            _ => return Ok(None),
        };
        let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
        let length = match whole {
            Value::Str(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::List(id) => self.lists[*id].len() * 16,
            Value::Tuple(items) => items.len() * 16,
            _ => return Ok(None),
        };
        if length.saturating_mul(count) > TEXT_BYTES_MAX {
            return Err(self.raise("MemoryError", ""));
        }
        self.costs(0, length * count)?;
        Ok(Some(match whole {
            Value::Str(text) => Value::Str(text.repeat(count).into()),
            Value::Bytes(bytes) => Value::Bytes(bytes.repeat(count).into()),
            Value::List(id) => {
                let items = self.lists[*id].clone();
                let all = items.iter().cycle().take(items.len() * count).cloned().collect();
                self.list(all)?
            }
            Value::Tuple(items) => {
                self.costs(items.len() * count, 0)?;
                Value::Tuple(items.iter().cycle().take(items.len() * count).cloned().collect())
            }
            _ => return Ok(None),
        }))
    }

    fn whole(&mut self, op: &str, a: i128, b: i128) -> Done<Value> {
        let result = match op {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "&" => Some(a & b),
            "|" => Some(a | b),
            "^" => Some(a ^ b),
            "/" | "//" | "%" if b == 0 => {
                let text = match op {
                    "/" => "division by zero",
                    "%" => "integer modulo by zero",
                    _ => "integer division or modulo by zero",
                };
                return Err(self.raise("ZeroDivisionError", text));
            }
            "/" => return Ok(Value::Float(a as f64 / b as f64)),
            "//" => a.checked_div_euclid(b).map(|q| {
                // Rounds down, where Euclid's would round away for a negative divisor.
                if b < 0 && a.rem_euclid(b) != 0 { q - 1 } else { q }
            }),
            "%" => a.checked_rem_euclid(b).map(|r| if b < 0 && r != 0 { r + b } else { r }),
            "**" if b < 0 => return Ok(Value::Float((a as f64).powf(b as f64))),
            "**" => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            "<<" => u32::try_from(b).ok().and_then(|b| {
                let shifted = a.checked_shl(b)?;
                (shifted >> b == a).then_some(shifted)
            }),
            ">>" => Some(a >> u32::try_from(b.clamp(0, 127)).unwrap_or(127)),
            _ => None,
        };
        match result {
            Some(value) => Ok(Value::Int(value)),
            None => match self.large_binary(op, &a.into(), &b.into())? {
                Some(value) => Ok(value),
                // Larger than what a machine of this size would need long for.
                None => Err(self.raise("MemoryError", "")),
            },
        }
    }

    fn real(&mut self, op: &str, a: f64, b: f64) -> Done<Option<Value>> {
        Ok(Some(Value::Float(match op {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" | "//" | "%" if b == 0.0 => {
                let text = match op {
                    "/" => "float division by zero",
                    "%" => "float modulo",
                    _ => "float floor division by zero",
                };
                return Err(self.raise("ZeroDivisionError", text));
            }
            "/" => a / b,
            "//" => (a / b).floor(),
            "%" => a - b * (a / b).floor(),
            "**" => a.powf(b),
            _ => return Ok(None),
        })))
    }
}

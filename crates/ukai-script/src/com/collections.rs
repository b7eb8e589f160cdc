//! Lists and dictionaries: results of queries, `Scripting.Dictionary`, `ArrayList`.

use super::{Com, Host, Value, text_at};

/// Items of one list or dictionary.
const ITEMS_MAX: usize = 100_000;

/// A list, as queries answer and as `System.Collections.ArrayList` is.
pub(super) struct List {
    items: Vec<Value>,
}

impl List {
    /// With these.
    pub(super) fn new(items: Vec<Value>) -> Self {
        Self { items }
    }

    fn at(&self, index: &Value) -> Value {
        self.items.get(index.number().max(0.0) as usize).cloned().unwrap_or(Value::Unknown)
    }
}

impl Com for List {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "count" | "length" => Some(Value::Number(self.items.len() as f64)),
            // What the engines ask for to go through it.
            "_items" => Some(Value::Array(self.items.clone())),
            "named" | "unnamed" => Some(Value::Array(Vec::new())),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match (name, arguments) {
            ("add" | "push", [value, ..]) => {
                if self.items.len() < ITEMS_MAX && host.holds(size_of::<Value>()) {
                    self.items.push(value.clone());
                }
                Value::Number(self.items.len() as f64 - 1.0)
            }
            ("item" | "itemindex" | "", [index, ..]) => self.at(index),
            ("clear", _) => {
                self.items.clear();
                Value::Empty
            }
            ("reverse", _) => {
                self.items.reverse();
                Value::Empty
            }
            ("contains" | "exists", [value, ..]) => Value::Bool(self.items.contains(value)),
            ("toarray", _) => Value::Array(self.items.clone()),
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, name: &str, index: &[Value], value: Value) {
        if let ("item" | "", Some(index)) = (name, index.first())
            && let Some(place) = self.items.get_mut(index.number().max(0.0) as usize)
        {
            *place = value;
        }
    }
}

/// `Scripting.Dictionary`.
#[derive(Default)]
pub(super) struct Dictionary {
    pairs: Vec<(Value, Value)>,
    ignores_case: bool,
    /// Whether it keeps its keys in order: `SortedList`.
    is_sorted: bool,
}

impl Dictionary {
    /// `System.Collections.SortedList`.
    pub(super) fn sorted() -> Self {
        Self { is_sorted: true, ..Self::default() }
    }

    fn find(&self, key: &Value) -> Option<usize> {
        self.pairs.iter().position(|(known, _)| {
            known == key
                || self.ignores_case
                    && matches!((known, key), (Value::Text(a), Value::Text(b)) if a.eq_ignore_ascii_case(b))
        })
    }

    fn put(&mut self, host: &mut Host, key: Value, value: Value) {
        match self.find(&key) {
            Some(at) => self.pairs[at].1 = value,
            None if self.pairs.len() < ITEMS_MAX && host.holds(2 * size_of::<Value>()) => {
                let place = if self.is_sorted {
                    self.pairs.iter().position(|it| is_before(&key, &it.0))
                } else {
                    None
                };
                self.pairs.insert(place.unwrap_or(self.pairs.len()), (key, value));
            }
            None => {}
        }
    }
}

impl Com for Dictionary {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "count" => Some(Value::Number(self.pairs.len() as f64)),
            "_items" => Some(Value::Array(self.pairs.iter().map(|it| it.0.clone()).collect())),
            "comparemode" => Some(Value::Number(f64::from(u8::from(self.ignores_case)))),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        // A look-up goes through all pairs.
        host.charge(self.pairs.len() as u64 / 8);
        match (name, arguments) {
            ("add", [key, value, ..]) => {
                self.put(host, key.clone(), value.clone());
                Value::Empty
            }
            ("item" | "", [key, ..]) => {
                self.find(key).map_or(Value::Empty, |at| self.pairs[at].1.clone())
            }
            ("getbyindex", [at, ..]) => {
                let pair = self.pairs.get(at.number().max(0.0) as usize);
                pair.map_or(Value::Empty, |it| it.1.clone())
            }
            ("getkey", [at, ..]) => {
                let pair = self.pairs.get(at.number().max(0.0) as usize);
                pair.map_or(Value::Empty, |it| it.0.clone())
            }
            ("exists" | "contains" | "containskey", [key, ..]) => {
                Value::Bool(self.find(key).is_some())
            }
            ("keys", _) => Value::Array(self.pairs.iter().map(|it| it.0.clone()).collect()),
            ("items", _) => Value::Array(self.pairs.iter().map(|it| it.1.clone()).collect()),
            ("remove", [key, ..]) => {
                if let Some(at) = self.find(key) {
                    self.pairs.remove(at);
                }
                Value::Empty
            }
            ("removeall", _) => {
                self.pairs.clear();
                Value::Empty
            }
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, host: &mut Host, name: &str, index: &[Value], value: Value) {
        match (name, index.first()) {
            ("item" | "", Some(key)) => self.put(host, key.clone(), value),
            ("key", Some(key)) => {
                if let Some(at) = self.find(key) {
                    self.pairs[at].0 = value;
                }
            }
            ("comparemode", _) => self.ignores_case = value.number() != 0.0,
            _ => {}
        }
    }
}

/// Whether a key stands before another: numbers by size, texts by letters.
fn is_before(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left < right,
        _ => left.text() < right.text(),
    }
}

/// `System.Collections.Queue` and `Stack`.
pub(super) struct Line {
    items: std::collections::VecDeque<Value>,
    is_stack: bool,
}

impl Line {
    /// The first that came goes first.
    pub(super) fn queue() -> Self {
        Self { items: std::collections::VecDeque::new(), is_stack: false }
    }

    /// The last that came goes first.
    pub(super) fn stack() -> Self {
        Self { is_stack: true, ..Self::queue() }
    }
}

impl Com for Line {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "count" => Some(Value::Number(self.items.len() as f64)),
            "_items" => Some(Value::Array(self.items.iter().cloned().collect())),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match (name, arguments) {
            ("enqueue" | "push", [value, ..]) => {
                if self.items.len() < ITEMS_MAX && host.holds(size_of::<Value>()) {
                    // The next to go stands in front.
                    if self.is_stack {
                        self.items.push_front(value.clone());
                    } else {
                        self.items.push_back(value.clone());
                    }
                }
                Value::Empty
            }
            ("dequeue" | "pop", _) => self.items.pop_front().unwrap_or(Value::Empty),
            ("peek", _) => self.items.front().cloned().unwrap_or(Value::Empty),
            ("toarray", _) => Value::Array(self.items.iter().cloned().collect()),
            ("clear", _) => {
                self.items.clear();
                Value::Empty
            }
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `System.Text.StringBuilder`.
#[derive(Default)]
pub(super) struct Builder {
    text: String,
}

impl Com for Builder {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "length" => Some(Value::Number(self.text.chars().count() as f64)),
            "tostring" => Some(Value::Text(self.text.clone())),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let text = text_at(host, arguments, 0);
        let has_room = self.text.len().saturating_add(text.len()) <= host.limits.value_bytes;
        // Overloads have a number after their name.
        match name.split('_').next().unwrap_or_default() {
            "append" if has_room && host.charge_bytes(text.len()) && host.holds(text.len()) => {
                self.text.push_str(&text);
                Value::Empty
            }
            "appendline" if has_room && host.holds(text.len()) => {
                self.text.push_str(&text);
                self.text.push_str("\r\n");
                Value::Empty
            }
            "replace" => {
                let to = text_at(host, arguments, 1);
                if !text.is_empty() && to.len() <= text.len() && host.charge_bytes(self.text.len())
                {
                    self.text = self.text.replace(&text, &to);
                }
                Value::Empty
            }
            "tostring" | "" => Value::Text(self.text.clone()),
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// Properties of an environment: named values that can be asked for.
pub(super) struct Environment;

impl Com for Environment {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            // The variables of one of the places that have some.
            "item" | ""
                if ["process", "user", "system", "volatile"]
                    .iter()
                    .any(|it| text_at(host, arguments, 0).eq_ignore_ascii_case(it)) =>
            {
                host.add(Self)
            }
            "item" | "" => {
                let variable = text_at(host, arguments, 0);
                let value = host.variable(&variable).unwrap_or_default().to_owned();
                Value::Text(value)
            }
            _ => Value::Empty,
        }
    }

    fn set(&mut self, host: &mut Host, name: &str, index: &[Value], value: Value) {
        let variable = if index.is_empty() { name.to_owned() } else { text_at(host, index, 0) };
        let value = host.text(&value);
        host.recorder.remark(super::bytes_of(&format!("{variable}={value}")));
        host.set_variable(&variable, value);
    }
}

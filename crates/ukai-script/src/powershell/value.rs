//! Values: what variables hold and commands hand on.
//!
//! Texts, lists and bytes are shared until they are changed; tables and objects stand in the
//! interpreter's heap and are named by their number, so that no value can hold itself.

use super::ast::Block;
use crate::held::Held;
use std::rc::Rc;

/// Lists within lists; what is deeper is cut.
const NESTED_MAX: u8 = 40;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    /// What the made-up machine cannot tell; with a URL if it is the answer to a request.
    Unknown(Option<Rc<str>>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Byte(u8),
    Char(char),
    Text(Text),
    List(List),
    Bytes(Blob),
    /// A table or an object, by its place in the heap.
    Object(usize),
    Script(Rc<Block>),
    Type(Rc<str>),
    /// A method that was named and not called.
    Method(Rc<(Value, String)>),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Text::new(text.into()))
    }

    pub(super) fn list(items: Vec<Value>) -> Self {
        Self::List(List::new(items))
    }

    pub(super) fn bytes(bytes: Vec<u8>) -> Self {
        Self::Bytes(Blob::new(bytes))
    }

    /// What output of several values is: none, itself, or a list.
    pub(super) fn from_output(mut items: Vec<Value>) -> Self {
        match items.len() {
            0 => Self::Null,
            1 => items.pop().unwrap_or(Self::Null),
            _ => Self::list(items),
        }
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// Text, with its length in characters.
#[derive(Clone, Debug)]
pub(super) struct Text(Rc<TextData>);

#[derive(Clone, Debug)]
struct TextData {
    text: String,
    chars: usize,
    held: Held,
}

impl Text {
    pub(super) fn new(text: String) -> Self {
        let chars = text.chars().count();
        let held = Held::new(text.len() + 64);
        Self(Rc::new(TextData { text, chars, held }))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0.text
    }

    pub(super) fn chars(&self) -> usize {
        self.0.chars
    }

    pub(super) fn char_at(&self, index: usize) -> Option<char> {
        if self.0.chars == self.0.text.len() {
            self.0.text.as_bytes().get(index).map(|it| char::from(*it))
        } else {
            self.0.text.chars().nth(index)
        }
    }

    /// So many characters from `start` on, as far as they are there.
    pub(super) fn slice(&self, start: usize, count: usize) -> String {
        if self.0.chars == self.0.text.len() {
            let start = start.min(self.0.text.len());
            let end = start.saturating_add(count).min(self.0.text.len());
            self.0.text[start..end].to_owned()
        } else {
            self.0.text.chars().skip(start).take(count).collect()
        }
    }

    /// More text behind it; in place where nobody else has it.
    pub(super) fn push(&mut self, more: &str) {
        let data = Rc::make_mut(&mut self.0);
        data.text.push_str(more);
        data.chars += more.chars().count();
        data.held.grow(more.len());
    }
}

#[derive(Clone, Debug)]
pub(super) struct List(Rc<ListData>);

#[derive(Clone, Debug)]
struct ListData {
    items: Vec<Value>,
    nested: u8,
    held: Held,
}

impl List {
    pub(super) fn new(mut items: Vec<Value>) -> Self {
        let mut nested = 0;
        for item in &mut items {
            if nest(item) >= NESTED_MAX {
                *item = Value::Null;
            }
            nested = nested.max(nest(item));
        }
        let held = Held::new(64 + items.len() * size_of::<Value>());
        Self(Rc::new(ListData { items, nested: nested + 1, held }))
    }

    pub(super) fn items(&self) -> &[Value] {
        &self.0.items
    }

    pub(super) fn push(&mut self, item: Value) {
        if nest(&item) >= NESTED_MAX {
            return;
        }
        let data = Rc::make_mut(&mut self.0);
        data.nested = data.nested.max(nest(&item) + 1);
        data.held.grow(size_of::<Value>());
        data.items.push(item);
    }

    pub(super) fn set(&mut self, index: usize, item: Value) {
        if nest(&item) >= NESTED_MAX {
            return;
        }
        let data = Rc::make_mut(&mut self.0);
        data.nested = data.nested.max(nest(&item) + 1);
        if let Some(place) = data.items.get_mut(index) {
            *place = item;
        }
    }

    /// All of it, where nobody else has it without a copy.
    pub(super) fn into_items(self) -> Vec<Value> {
        match Rc::try_unwrap(self.0) {
            Ok(data) => data.items,
            Err(shared) => shared.items.clone(),
        }
    }
}

fn nest(value: &Value) -> u8 {
    match value {
        Value::List(list) => list.0.nested,
        Value::Method(bound) => nest(&bound.0) + 1,
        _ => 0,
    }
}

#[derive(Clone, Debug)]
pub(super) struct Blob(Rc<BlobData>);

#[derive(Clone, Debug)]
struct BlobData {
    bytes: Vec<u8>,
    held: Held,
}

impl Blob {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let held = Held::new(bytes.len() + 64);
        Self(Rc::new(BlobData { bytes, held }))
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0.bytes
    }

    pub(super) fn set(&mut self, index: usize, byte: u8) {
        if let Some(place) = Rc::make_mut(&mut self.0).bytes.get_mut(index) {
            *place = byte;
        }
    }

    pub(super) fn extend(&mut self, more: &[u8]) {
        let data = Rc::make_mut(&mut self.0);
        data.held.grow(more.len());
        data.bytes.extend_from_slice(more);
    }
}

/// A table or an object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// The type's name, as [`super::literals::type_name`] writes it; `hashtable`, `psobject`.
    pub(super) class: Rc<str>,
    /// Entries or properties, by key in the order in which they came.
    pub(super) entries: Vec<(Value, Value)>,
    pub(super) state: State,
    pub(super) held: Held,
}

/// What else an object has.
#[derive(Clone, Debug)]
pub(super) enum State {
    None,
    /// Items of a list that grows.
    Items(Vec<Value>),
    /// A stream's bytes, and how far they were read.
    Stream {
        content: Value,
        at: usize,
    },
    /// A `StringBuilder`'s text.
    Builder(String),
}

impl Object {
    pub(super) fn new(class: &str, state: State) -> Self {
        Self { class: class.into(), entries: Vec::new(), state, held: Held::new(200) }
    }
}

/// Numbers as .NET writes them.
pub(super) fn double_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "∞" } else { "-∞" }.to_owned()
    } else if value != 0.0 && (value.abs() >= 1e15 || value.abs() < 1e-5) {
        let text = format!("{value:E}");
        match text.split_once('E') {
            Some((digits, exponent)) => {
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(rest) => ('-', rest),
                    None => ('+', exponent),
                };
                format!("{digits}E{sign}{exponent:0>2}")
            }
            None => text,
        }
    } else {
        format!("{value}")
    }
}

/// A number in text, as a conversion takes it.
pub(super) fn parse_number(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Value::Int(0));
    }
    let (sign, digits) = match text.as_bytes()[0] {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    match super::literals::number(digits)? {
        super::ast::Expr::Int(value) => Some(Value::Int(value.saturating_mul(sign))),
        super::ast::Expr::Double(value) => Some(Value::Double(value * sign as f64)),
        _ => None,
    }
}

//! `ADODB.Stream` and `ADODB.Recordset`: bytes that become text or a file.

use super::encodings::{decode, encode};
use super::{Com, Content, Host, Value, latin1, number_at, text_at};
use std::cell::RefCell;
use std::rc::Rc;

/// `ADODB.Stream`.
pub(super) struct Stream {
    content: Content,
    at: usize,
    text: bool,
    charset: String,
}

impl Stream {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { content: Content::default(), at: 0, text: true, charset: "unicode".to_owned() }
    }

    /// Puts bytes at the position, over what stands there.
    fn write(&mut self, host: &mut Host, added: &Content) {
        let length = self.content.bytes.len();
        let at = self.at.min(length);
        let end = at.saturating_add(added.bytes.len());
        if end > host.limits.value_bytes || !host.charge_bytes(length) || !host.holds(length) {
            return;
        }
        if length == 0 {
            self.content = added.clone();
        } else {
            let mut bytes = self.content.bytes.to_vec();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            if let Some(place) = bytes.get_mut(at..end) {
                place.copy_from_slice(&added.bytes);
            }
            let from = self.content.from.or(added.from);
            self.content = Content { bytes: bytes.into(), from };
        }
        self.at = end;
    }

    /// The next bytes, no more than `count`.
    fn take(&mut self, count: f64) -> Content {
        let rest = self.content.bytes.slice(self.at.min(self.content.bytes.len())..);
        let length = if count < 0.0 { rest.len() } else { rest.len().min(count as usize) };
        self.at += length;
        Content { bytes: rest.slice(..length), from: self.content.from }
    }
}

impl Com for Stream {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        Some(match name {
            "type" => Value::Number(if self.text { 2.0 } else { 1.0 }),
            "size" => Value::Number(Host::claimed_size(&self.content) as f64),
            "position" => Value::Number(self.at as f64),
            "eos" => Value::Bool(self.at >= self.content.bytes.len()),
            "charset" => Value::Text(self.charset.clone()),
            "state" => Value::Number(1.0),
            "mode" => Value::Number(3.0),
            _ => return None,
        })
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "write" => {
                let added = arguments.first().map(|it| host.content(it)).unwrap_or_default();
                self.write(host, &added);
            }
            "writetext" => {
                let mut text = text_at(host, arguments, 0);
                if number_at(arguments, 1, 0.0) as i64 == 1 {
                    text.push_str("\r\n");
                }
                let mut added: Content =
                    encode(&text, &self.charset, self.content.bytes.is_empty()).into();
                added.from = host.origin(text.as_bytes());
                self.write(host, &added);
            }
            "read" => return Value::Bytes(self.take(number_at(arguments, 0, -1.0))),
            "readtext" => {
                let all = self.take(-1.0);
                let text = decode(&all.bytes, &self.charset);
                let count = number_at(arguments, 0, -1.0);
                if count >= 0.0 {
                    return Value::Text(text.chars().take(count as usize).collect());
                }
                return Value::Text(text);
            }
            "savetofile" => {
                let path = text_at(host, arguments, 0);
                host.save(&path, self.content.clone());
            }
            "loadfromfile" => {
                let path = text_at(host, arguments, 0);
                self.content = host.file(&path).cloned().unwrap_or_default();
                self.at = 0;
            }
            "copyto" => {
                let count = number_at(arguments, 1, -1.0);
                let content = self.take(count);
                if let Some(Value::Object(to)) = arguments.first() {
                    host.call(*to, "write", &[Value::Bytes(content)]);
                }
            }
            "seteos" => {
                let end = self.at.min(self.content.bytes.len());
                self.content.bytes.truncate(end);
            }
            "close" => *self = Self { charset: self.charset.clone(), ..Self::new() },
            "open" => {
                // It may open a URL: `URL=http://...`.
                let source = text_at(host, arguments, 0);
                let scheme = source.get(..4).unwrap_or_default();
                if scheme.eq_ignore_ascii_case("url=") {
                    self.content = host.fetch(source.get(4..).unwrap_or_default());
                }
            }
            "" => return Value::Bytes(self.content.clone()),
            _ => return self.get(host, name).unwrap_or(Value::Empty),
        }
        Value::Empty
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        match name {
            "type" => self.text = value.number() as i64 != 1,
            "charset" => self.charset = host.text(&value),
            "position" => self.at = value.number().max(0.0) as usize,
            _ => {}
        }
    }
}

/// `ADODB.Recordset`, as it is used to turn bytes into text: `AppendChunk`, then the field. Its
/// fields are one.
#[derive(Clone, Default)]
pub(super) struct Recordset {
    chunk: Rc<RefCell<Content>>,
}

impl Recordset {
    fn text(&self) -> Value {
        Value::Text(latin1(&self.chunk.borrow().bytes))
    }
}

impl Com for Recordset {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        match name {
            "value" => Some(self.text()),
            "fields" => Some(host.add(self.clone())),
            "eof" | "bof" => Some(Value::Bool(true)),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "open" | "addnew" | "update" | "close" | "append" => Value::Empty,
            "appendchunk" => {
                let chunk = arguments.first().map(|it| host.content(it)).unwrap_or_default();
                *self.chunk.borrow_mut() = chunk;
                Value::Empty
            }
            "getchunk" => Value::Bytes(self.chunk.borrow().clone()),
            "" | "item" | "fields" if !arguments.is_empty() => host.add(self.clone()),
            // A field: only its text is asked for.
            _ => self.text(),
        }
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        if matches!(name, "" | "value" | "item") {
            *self.chunk.borrow_mut() = host.content(&value);
        }
    }
}

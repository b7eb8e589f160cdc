//! Conversions: what a value is as text, as a number, as another type.

use super::eval::{Eval, Flow, Interpreter, Truth};
use super::value::{Object, State, Value, double_text, parse_number};
use std::rc::Rc;

/// A number that fits 32 bits.
pub(super) fn as_int32(value: i64) -> Option<i32> {
    i32::try_from(value).ok()
}

impl Interpreter<'_, '_> {
    /// A value as text; lists with `$OFS` between their items.
    pub(super) fn text_of(&self, value: &Value) -> String {
        let text = self.text_made(value);
        crate::held::copied(text.len());
        text
    }

    fn text_made(&self, value: &Value) -> String {
        match value {
            Value::Null | Value::Unknown(_) => String::new(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(value) => value.to_string(),
            Value::Double(value) => double_text(*value),
            Value::Byte(value) => value.to_string(),
            Value::Char(c) => c.to_string(),
            Value::Text(text) => text.as_str().to_owned(),
            Value::List(list) => self.joined(list.items()),
            Value::Bytes(blob) => {
                let separator = self.separator();
                let mut out = String::new();
                for (at, byte) in blob.as_slice().iter().take(1 << 20).enumerate() {
                    if at > 0 {
                        out.push_str(&separator);
                    }
                    out.push_str(&byte.to_string());
                }
                out
            }
            Value::Object(id) => self.object_text(*id),
            Value::Script(block) => block.source.to_string(),
            Value::Type(name) => full_type_name(name),
            Value::Method(bound) => super::text_methods::signature(&bound.1).to_owned(),
        }
    }

    fn separator(&self) -> String {
        match self.scope_value("ofs") {
            Some(Value::Text(text)) => text.as_str().to_owned(),
            Some(Value::Char(c)) => c.to_string(),
            Some(Value::Null) | None => String::new(),
            _ => " ".to_owned(),
        }
    }

    fn joined(&self, items: &[Value]) -> String {
        let separator = self.separator();
        let mut out = String::new();
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(&separator);
            }
            match item {
                Value::Char(c) => out.push(*c),
                Value::Text(text) => out.push_str(text.as_str()),
                Value::List(_) => out.push_str("System.Object[]"),
                // What is in a list may be that list.
                Value::Object(id)
                    if matches!(self.heap.get(*id).map(|it| &it.state), Some(State::Items(_))) =>
                {
                    out.push_str("System.Object[]");
                }
                other => out.push_str(&self.text_of(other)),
            }
            if out.len() > self.run.limits.value_bytes {
                break;
            }
        }
        out
    }

    fn object_text(&self, id: usize) -> String {
        let Some(object) = self.heap.get(id) else { return String::new() };
        match &object.state {
            State::Items(items) => self.joined(items),
            State::Builder(text) => text.clone(),
            _ => match &*object.class {
                "hashtable" => "System.Collections.Hashtable".to_owned(),
                "text.regularexpressions.match"
                | "text.regularexpressions.group"
                | "uri"
                | "text"
                | "management.automation.psvariable"
                | "management.automation.cmdletinfo"
                | "io.fileinfo"
                | "version" => {
                    let main =
                        self.named_entry(id, "value").or_else(|| self.named_entry(id, "name"));
                    match main {
                        Some(
                            value @ (Value::Text(_)
                            | Value::Char(_)
                            | Value::Int(_)
                            | Value::Bool(_)),
                        ) => self.text_of(&value),
                        _ => String::new(),
                    }
                }
                "exception" => match self.named_entry(id, "message") {
                    Some(Value::Text(text)) => text.as_str().to_owned(),
                    _ => String::new(),
                },
                "uribuilder" => self.built(id),
                class => class.to_owned(),
            },
        }
    }

    /// A value as a number: `Int`, `Double`, `Unknown`, or `Null` where it is none.
    pub(super) fn number_of(&self, value: &Value) -> Value {
        match value {
            Value::Null => Value::Int(0),
            Value::Bool(value) => Value::Int(i64::from(*value)),
            Value::Byte(value) => Value::Int(i64::from(*value)),
            Value::Char(c) => Value::Int(i64::from(u32::from(*c))),
            Value::Int(_) | Value::Double(_) | Value::Unknown(_) => value.clone(),
            Value::Text(text) => parse_number(text.as_str()).unwrap_or(Value::Null),
            Value::List(list) => match list.items() {
                [one] if !matches!(one, Value::List(_)) => self.number_of(one),
                _ => Value::Null,
            },
            Value::Object(id) => match self.heap.get(*id).map(|it| &*it.class) {
                Some(
                    "text.regularexpressions.match" | "text.regularexpressions.group" | "text",
                ) => parse_number(&self.object_text(*id)).unwrap_or(Value::Null),
                _ => Value::Null,
            },
            _ => Value::Null,
        }
    }

    /// A whole number, where a method takes one.
    pub(super) fn int_of(&self, value: &Value) -> Option<i64> {
        match self.number_of(value) {
            Value::Int(value) => Some(value),
            Value::Double(value) => Some(value.round_ties_even() as i64),
            _ => None,
        }
    }

    fn whole(&self, value: &Value) -> Value {
        match self.number_of(value) {
            Value::Double(value) => Value::Int(value.round_ties_even() as i64),
            other => other,
        }
    }

    /// `[type]value`
    pub(super) fn cast(&mut self, name: &str, value: Value) -> Eval<Value> {
        if value.is_unknown() {
            return Ok(value);
        }
        if let Some(item) = name.strip_suffix("[]") {
            return self.cast_list(item, value);
        }
        if let Some(own) = self.cast_own(name, &value)? {
            return Ok(own);
        }
        Ok(match name {
            "string" => {
                // A text that is one already is not copied.
                Value::Text(self.text_value(value))
            }
            "char" => match &value {
                Value::Text(text) if text.chars() == 1 => {
                    text.char_at(0).map_or(Value::Null, Value::Char)
                }
                Value::Char(_) => value,
                _ => match self.int_of(&value) {
                    Some(code) => char_of(code).map_or(Value::Null, Value::Char),
                    None => return Err(failed("char")),
                },
            },
            "int" | "int32" | "long" | "int64" | "int16" | "short" | "sbyte" => {
                match self.whole(&value) {
                    Value::Null => return Err(failed("int")),
                    Value::Int(value) if name == "sbyte" => Value::Int(i64::from(value as i8)),
                    whole => whole,
                }
            }
            "uint32" | "uint" | "uint64" | "ulong" | "uint16" | "ushort" | "intptr" | "uintptr" => {
                match self.whole(&value) {
                    Value::Int(value) if matches!(name, "uint32" | "uint") => {
                        Value::Int(i64::from(value as u32))
                    }
                    Value::Int(value) if matches!(name, "uint16" | "ushort") => {
                        Value::Int(i64::from(value as u16))
                    }
                    whole => whole,
                }
            }
            "byte" => match self.whole(&value) {
                Value::Int(value) => match u8::try_from(value) {
                    Ok(byte) => Value::Byte(byte),
                    Err(_) => return Err(failed("byte")),
                },
                _ => return Err(failed("byte")),
            },
            "double" | "single" | "float" | "decimal" => match self.number_of(&value) {
                Value::Int(value) => Value::Double(value as f64),
                other => other,
            },
            "bigint" | "numerics.biginteger" => self.whole(&value),
            "bool" | "boolean" | "switch" | "management.automation.switchparameter" => {
                match Self::truth(&value) {
                    Truth::Yes => Value::Bool(true),
                    _ => Value::Bool(false),
                }
            }
            "type" => Value::Type(super::literals::type_name(&self.text_of(&value))),
            "array" | "collections.ilist" | "collections.ienumerable" => {
                Value::List(self.as_list(value))
            }
            "scriptblock" | "management.automation.scriptblock" => match value {
                Value::Script(_) => value,
                other => {
                    let text = self.text_of(&other);
                    self.script_block(&text)?
                }
            },
            "void" => Value::Null,
            "regex" | "text.regularexpressions.regex" => {
                let text = self.text_of(&value);
                let mut object = Object::new("text.regularexpressions.regex", State::None);
                object.entries.push((Value::text("pattern"), Value::text(text)));
                Value::Object(self.new_object(object))
            }
            "uri" => {
                let text = self.text_of(&value);
                self.uri(&text)
            }
            "pscustomobject" | "psobject" | "management.automation.psobject" => {
                if let Value::Object(id) = value
                    && let Some(object) = self.heap.get_mut(id)
                    && &*object.class == "hashtable"
                {
                    object.class = "pscustomobject".into();
                }
                value
            }
            "collections.arraylist" | "collections.generic.list" => {
                let items = self.items_of(&value);
                Value::Object(
                    self.new_object(Object::new("collections.arraylist", State::Items(items))),
                )
            }
            "io.memorystream" => self.stream(value),
            "xml" | "xml.xmldocument" if matches!(value, Value::Text(_) | Value::List(_)) => {
                let text = match &value {
                    Value::List(list) => self.lines(list.items()),
                    other => self.text_of(other),
                };
                return self.xml(&text);
            }
            "uribuilder" => return self.create(name, vec![value]),
            _ if name.starts_with("collections.generic.list") => {
                let items = self.items_of(&value);
                Value::Object(
                    self.new_object(Object::new("collections.arraylist", State::Items(items))),
                )
            }
            // `[ordered]@{}`, `[xml]`, `[wmiclass]'Win32_Process'` ...
            "wmiclass" | "wmi" | "adsi" => {
                let text = self.text_of(&value);
                let mut object = Object::new("wmiclass", State::None);
                object.entries.push((Value::text("name"), Value::text(text)));
                Value::Object(self.new_object(object))
            }
            _ => value,
        })
    }

    fn cast_list(&mut self, item: &str, value: Value) -> Eval<Value> {
        match (item, &value) {
            ("byte", Value::Bytes(_)) => return Ok(value),
            ("char", Value::Text(text)) => {
                self.run.steps(text.as_str().len() as u64 / 8)?;
                return Ok(Value::list(text.as_str().chars().map(Value::Char).collect()));
            }
            _ => {}
        }
        let items = self.items_of(&value);
        self.run.steps(items.len() as u64 / 4)?;
        if item == "byte" {
            let mut bytes = Vec::with_capacity(items.len());
            for item in &items {
                match self.int_of(item) {
                    Some(byte) => bytes.push(byte as u8),
                    None if item.is_unknown() => bytes.push(0),
                    None => return Err(failed("byte")),
                }
            }
            return Ok(Value::bytes(bytes));
        }
        let mut out = Vec::with_capacity(items.len());
        for value in items {
            out.push(self.cast(item, value)?);
        }
        Ok(Value::list(out))
    }

    /// Text as a script block, which tells that it was put together.
    pub(super) fn script_block(&mut self, text: &str) -> Eval<Value> {
        self.run.steps(1 + text.len() as u64 / 64)?;
        let depth = self.run.limits.depth.saturating_sub(self.run.depth()).max(8);
        let parsed = super::parser::parse(text, depth);
        self.run.steps(parsed.nodes as u64 / 4)?;
        for note in &parsed.notes {
            self.run.note(note);
        }
        self.run.tell_layer(crate::Dialect::PowerShell, text);
        Ok(Value::Script(Rc::new(parsed.block)))
    }

    /// A `Uri` with its parts.
    pub(super) fn uri(&mut self, text: &str) -> Value {
        let mut object = Object::new("uri", State::None);
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let host = rest[..end].split(':').next().unwrap_or_default();
        for (name, value) in [
            ("value", text),
            ("absoluteuri", text),
            ("originalstring", text),
            ("scheme", scheme),
            ("host", host),
            ("pathandquery", &rest[end..]),
            ("absolutepath", rest[end..].split('?').next().unwrap_or_default()),
        ] {
            object.entries.push((Value::text(name), Value::text(value)));
        }
        Value::Object(self.new_object(object))
    }
}

/// An error as .NET throws it where a conversion does not work.
pub(super) fn failed(what: &str) -> Flow {
    Flow::Throw(Value::text(format!("cannot convert to {what}")))
}

/// The character of a code; a half of a pair stands alone as U+FFFD.
pub(super) fn char_of(code: i64) -> Option<char> {
    let code = u32::try_from(code).ok().filter(|it| *it <= 0xffff)?;
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// A type as it names itself.
fn full_type_name(name: &str) -> String {
    let short = match name {
        "int" => "int32",
        "long" => "int64",
        "bool" => "boolean",
        other => other,
    };
    let mut out = "System".to_owned();
    for part in short.split('.') {
        out.push('.');
        let mut chars = part.chars();
        out.extend(chars.next().map(|it| it.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

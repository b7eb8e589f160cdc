//! `json`.

use super::builtins::{Named, by_name};
use super::run::{Done, Machine};
use super::system::library;
use super::value::Value;
use crate::limits;

impl Machine<'_> {
    pub(super) async fn json(
        &mut self,
        name: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::None);
        match name {
            "loads" => {
                let bytes = first.raw().unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.json_value(&text)
            }
            "load" => {
                let text = self.call_method(&first, "read", Vec::new(), Vec::new()).await?;
                let bytes = text.raw().unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.json_value(&text)
            }
            _ => {
                let indent = by_name(named, "indent").and_then(|v| v.integer());
                let indent = indent.and_then(|n| usize::try_from(n).ok()).map(|n| n.min(16));
                let mut out = String::new();
                self.write_json(&first, indent, 0, &mut out)?;
                if name == "dump" {
                    let file = arguments.get(1).cloned().unwrap_or(Value::None);
                    self.call_method(&file, "write", vec![Value::Str(out.into())], Vec::new())
                        .await?;
                    return Ok(Value::None);
                }
                Ok(Value::Str(out.into()))
            }
        }
    }

    pub(super) fn json_value(&mut self, text: &str) -> Done<Value> {
        self.costs(text.len() / 8, text.len())?;
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => self.value_of_json(value),
            Err(error) => {
                let (line, column) = (error.line().max(1), error.column());
                let at = text.split('\n').take(line - 1).map(|l| l.len() + 1).sum::<usize>()
                    + column.saturating_sub(1);
                let what = if text.trim_start().starts_with('{') && text.trim().len() == 1 {
                    "Expecting property name enclosed in double quotes"
                } else {
                    "Expecting value"
                };
                let at = if text.trim().is_empty() { 0 } else { at };
                let (at, column) =
                    if error.is_eof() { (text.len(), text.len() + 1) } else { (at, column.max(1)) };
                let text = format!("{what}: line {line} column {column} (char {at})");
                let unwind = self.raise("json.decoder.JSONDecodeError", text);
                Err(self.after(unwind, library("json.loads")))
            }
        }
    }

    fn value_of_json(&mut self, value: serde_json::Value) -> Done<Value> {
        Ok(match value {
            serde_json::Value::Null => Value::None,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(number) => Value::Int(number.into()),
                None => Value::Float(number.as_f64().unwrap_or(0.0)),
            },
            serde_json::Value::String(text) => Value::Str(text.into()),
            serde_json::Value::Array(items) => {
                let mut all = Vec::new();
                for item in items {
                    all.push(self.value_of_json(item)?);
                }
                self.list(all)?
            }
            serde_json::Value::Object(pairs) => {
                let mut all = Vec::new();
                for (key, value) in pairs {
                    all.push((Value::Str(key.into()), self.value_of_json(value)?));
                }
                self.dict(all)?
            }
        })
    }

    fn write_json(
        &mut self,
        value: &Value,
        indent: Option<usize>,
        depth: usize,
        out: &mut String,
    ) -> Done<()> {
        const DEPTH_MAX: usize = 24;
        self.part()?;
        if depth > DEPTH_MAX || out.len() > limits::PIPE_BYTES {
            return Err(self.raise("ValueError", "Circular reference detected"));
        }
        let newline = |out: &mut String, depth: usize| {
            if let Some(width) = indent {
                out.push('\n');
                out.push_str(&" ".repeat(width * depth));
            }
        };
        let comma = if indent.is_some() { "," } else { ", " };
        match value {
            Value::None => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Str(text) => {
                let made = serde_json::to_string(&**text).unwrap_or_default();
                for c in made.chars() {
                    if c.is_ascii() {
                        out.push(c);
                    } else {
                        let mut units = [0; 2];
                        for unit in c.encode_utf16(&mut units) {
                            out.push_str(&format!("\\u{unit:04x}"));
                        }
                    }
                }
            }
            Value::List(_) | Value::Tuple(_) => {
                let items = match value {
                    Value::List(id) => self.lists[*id].clone(),
                    Value::Tuple(items) => items.to_vec(),
                    _ => Vec::new(),
                };
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push_str(comma);
                    }
                    newline(out, depth + 1);
                    self.write_json(item, indent, depth + 1, out)?;
                }
                if !items.is_empty() {
                    newline(out, depth);
                }
                out.push(']');
            }
            Value::Dict(id) => {
                let pairs = self.dicts[*id].clone();
                out.push('{');
                for (at, (key, value)) in pairs.iter().enumerate() {
                    if at > 0 {
                        out.push_str(comma);
                    }
                    newline(out, depth + 1);
                    let key = Value::Str(self.text(key)?.into());
                    self.write_json(&key, indent, depth + 1, out)?;
                    out.push_str(": ");
                    self.write_json(value, indent, depth + 1, out)?;
                }
                if !pairs.is_empty() {
                    newline(out, depth);
                }
                out.push('}');
            }
            other if other.number().is_some() => out.push_str(&self.repr(other)?),
            other => {
                let class = self.type_name(other);
                let text = format!("Object of type {class} is not JSON serializable");
                return Err(self.raise("TypeError", text));
            }
        }
        Ok(())
    }
}

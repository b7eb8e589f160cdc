//! Values as texts: `str` and `repr`.

use super::run::{Done, Machine};
use super::value::{ClassOf, Id, Native, Value, float_text, held, quoted, quoted_bytes};

/// Deepest nesting of values that is written.
const NESTING_MAX: u32 = 24;

/// Longest text of a value, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 20;

impl Machine<'_> {
    pub(super) fn text(&mut self, value: &Value) -> Done<String> {
        match value {
            Value::Str(text) => Ok(text.to_string()),
            _ if self.is_unknown(value) => Ok(String::new()),
            Value::Object(_) if let Some(inner) = self.inner(value) => self.text(&inner),
            Value::Object(id) if self.objects[*id].raised.is_some() => self.exception_text(*id),
            _ => self.repr(value),
        }
    }

    pub(super) fn repr(&mut self, value: &Value) -> Done<String> {
        let mut out = String::new();
        self.write_repr(value, 0, &mut out)?;
        self.costs(0, out.len())?;
        Ok(out)
    }

    fn write_repr(&mut self, value: &Value, depth: u32, out: &mut String) -> Done<()> {
        self.part()?;
        if out.len() > TEXT_BYTES_MAX {
            return Err(self.raise("MemoryError", ""));
        }
        if depth > NESTING_MAX {
            out.push_str("[...]");
            return Ok(());
        }
        let (open, close, items) = match value {
            Value::List(id) => ("[", "]", self.lists[*id].clone()),
            Value::Set(id) if self.lists[*id].is_empty() => {
                out.push_str("set()");
                return Ok(());
            }
            Value::Set(id) => ("{", "}", self.lists[*id].clone()),
            Value::Tuple(items) => ("(", if items.len() == 1 { ",)" } else { ")" }, items.to_vec()),
            Value::Dict(id) => {
                out.push('{');
                for (at, (key, value)) in self.dicts[*id].clone().iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    self.write_repr(key, depth + 1, out)?;
                    out.push_str(": ");
                    self.write_repr(value, depth + 1, out)?;
                }
                out.push('}');
                return Ok(());
            }
            other => {
                let text = self.plain_repr(other)?;
                out.push_str(&text);
                return Ok(());
            }
        };
        out.push_str(open);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            self.write_repr(item, depth + 1, out)?;
        }
        out.push_str(close);
        Ok(())
    }

    fn plain_repr(&mut self, value: &Value) -> Done<String> {
        Ok(match value {
            Value::None => "None".to_owned(),
            Value::Ellipsis => "Ellipsis".to_owned(),
            Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
            Value::Int(value) => value.to_string(),
            Value::Large(value) => {
                self.process.session.step(value.bits() / 64)?;
                value.to_string()
            }
            Value::Float(value) => float_text(*value),
            Value::Str(text) => quoted(text),
            Value::Bytes(bytes) => quoted_bytes(bytes),
            Value::Array(cells) => format!("bytearray({})", quoted_bytes(&held(cells))),
            Value::Range(from, to, 1) => format!("range({from}, {to})"),
            Value::Range(from, to, step) => format!("range({from}, {to}, {step})"),
            Value::Type(name) if super::value::is_exception(name) || !name.contains('.') => {
                format!("<class '{name}'>")
            }
            Value::Type(name) => format!("<class '{name}'>"),
            Value::Class(id) => format!("<class '__main__.{}'>", self.classes[*id].name),
            Value::Function(id) => {
                format!("<function {} at {}>", self.callables[*id].code.name, address(*id, 1))
            }
            Value::Builtin(name) => {
                let name = name.rsplit('.').next().unwrap_or(name);
                format!("<built-in function {name}>")
            }
            Value::Bound(bound) => {
                let name = self.type_name(&bound.0);
                format!("<built-in method {} of {name} object at {}>", bound.1, address(7, 2))
            }
            Value::Module(name) => super::modules::shown(name),
            Value::Object(_) if let Some(inner) = self.inner(value) => return self.repr(&inner),
            Value::Object(id) => return self.object_repr(*id),
            _ => String::new(),
        })
    }

    fn object_repr(&mut self, id: Id) -> Done<String> {
        if self.objects[id].raised.is_some() {
            let name = self.class_name(id);
            let Some(Value::Tuple(arguments)) = self.objects[id].field("args").cloned() else {
                return Ok(format!("{name}()"));
            };
            return Ok(match &arguments[..] {
                [one] => format!("{name}({})", self.repr(one)?),
                _ => format!("{name}{}", self.repr(&Value::Tuple(arguments))?),
            });
        }
        let object = &self.objects[id];
        Ok(match (&object.class, &object.native) {
            (ClassOf::User(class), _) => {
                format!("<__main__.{} object at {}>", self.classes[*class].name, address(id, 3))
            }
            (ClassOf::Own("requests.models.Response"), _) => {
                let status = object.field("status_code").and_then(Value::integer).unwrap_or(200);
                format!("<Response [{status}]>")
            }
            (
                ClassOf::Own("subprocess.CompletedProcess"),
                Native::Program { status, output, errors },
            ) => {
                let mut text = String::from("CompletedProcess(args=");
                let (status, output, errors) = (*status, output.clone(), errors.clone());
                let of = object.field("args").cloned().unwrap_or(Value::None);
                text.push_str(&self.repr(&of)?);
                text.push_str(&format!(", returncode={status}"));
                for (name, part) in [("stdout", output), ("stderr", errors)] {
                    if let Some(part) = part {
                        text.push_str(&format!(", {name}={}", quoted_bytes(&part)));
                    }
                }
                text.push(')');
                text
            }
            (ClassOf::Own("posix.uname_result" | "platform.uname_result"), _) => {
                let name = self.class_name(id);
                let long = matches!(object.class, ClassOf::Own("posix.uname_result"));
                let fields = object.fields.clone();
                let mut parts = Vec::new();
                for (field, value) in fields {
                    parts.push(format!("{field}={}", self.repr(&value)?));
                }
                let prefix = if long { "posix." } else { "" };
                format!("{prefix}{name}({})", parts.join(", "))
            }
            (ClassOf::Own(name), _) => format!("<{name} object at {}>", address(id, 4)),
        })
    }

    /// `str()` of an exception.
    pub(super) fn exception_text(&mut self, id: Id) -> Done<String> {
        if let Some(text) = self.objects[id].raised.as_ref().and_then(|r| r.text.clone()) {
            return Ok(text);
        }
        if let Some(Value::Function(_)) = match self.objects[id].class {
            ClassOf::User(class) => self.member(class, "__str__"),
            ClassOf::Own(_) => None,
        } {
            return Ok(String::new());
        }
        let Some(Value::Tuple(arguments)) = self.objects[id].field("args").cloned() else {
            return Ok(String::new());
        };
        let system = self.is_instance(&Value::Object(id), &Value::Type("OSError"));
        Ok(match &arguments[..] {
            [] => String::new(),
            [number, text] if system => {
                format!("[Errno {}] {}", self.text(number)?, self.text(text)?)
            }
            [number, text, path] if system => {
                let (number, text) = (self.text(number)?, self.text(text)?);
                format!("[Errno {number}] {text}: {}", self.repr(path)?)
            }
            [one] if self.is_instance(&Value::Object(id), &Value::Type("KeyError")) => {
                self.repr(one)?
            }
            [one] => self.text(one)?,
            _ => self.repr(&Value::Tuple(arguments))?,
        })
    }
}

/// Where an object seems to be in memory.
fn address(id: Id, kind: usize) -> String {
    format!("0x{:x}", 0x7f3a_2c40_0000_usize + kind * 0x2_8a40 + id % 0xffff * 0x40)
}

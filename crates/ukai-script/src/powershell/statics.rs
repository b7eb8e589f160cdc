//! Static members of .NET's types, as far as scripts hide and load with them.

use super::ast::Expr;
use super::convert::{char_of, failed};
use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use crate::com::{decode_hex, encode_hex};
use crate::command_line::BASE64;
use base64::Engine as _;

impl Interpreter<'_, '_> {
    /// `[type]::name`
    pub(super) fn static_member(&mut self, value: &Value, name: &str) -> Eval<Value> {
        let class = match value {
            Value::Type(class) => class.to_string(),
            Value::Text(text) => super::literals::type_name(text.as_str()).to_string(),
            _ => return Ok(Value::Unknown(None)),
        };
        if let Some(id) = self.own_statics(&class, name) {
            return Ok(self.named_entry(id, name).unwrap_or(Value::Null));
        }
        Ok(match (class.as_str(), name) {
            ("text.encoding", _) => self.encoding(name),
            ("string", "empty") => Value::text(""),
            ("environment", "newline") => Value::text("\r\n"),
            ("environment", "username") => Value::text(self.environment("username")),
            ("environment", "machinename") => Value::text(self.environment("computername")),
            ("environment", "userdomainname") => Value::text(self.environment("userdomain")),
            ("environment", "currentdirectory") => Value::text(r"C:\Users\k.tanaka\Downloads"),
            ("environment", "systemdirectory") => Value::text(r"C:\Windows\system32"),
            ("environment", "is64bitoperatingsystem" | "is64bitprocess") => Value::Bool(true),
            ("int" | "int32", "maxvalue") => Value::Int(i64::from(i32::MAX)),
            ("int" | "int32", "minvalue") => Value::Int(i64::from(i32::MIN)),
            ("byte", "maxvalue") => Value::Int(255),
            ("intptr", "zero") => Value::Int(0),
            ("intptr", "size") => Value::Int(8),
            ("math", "pi") => Value::Double(std::f64::consts::PI),
            ("io.path", "directoryseparatorchar") => Value::Char('\\'),
            ("microsoft.win32.registry", hive) => {
                let mut object = Object::new("registry", State::None);
                object.entries.push((Value::text("key"), Value::text(hive_of(hive))));
                Value::Object(self.new_object(object))
            }
            ("datetime" | "environment" | "console" | "diagnostics.process" | "guid", _) => {
                Value::Unknown(None)
            }
            ("appdomain", _) => {
                Value::Object(self.new_object(Object::new("appdomain", State::None)))
            }
            // A method that is handed on: `[Convert]::FromBase64String`.
            _ if is_known_method(name) => Value::Method(std::rc::Rc::new((
                Value::Type(class.as_str().into()),
                name.to_owned(),
            ))),
            // What is left is mostly a name of an enumeration.
            _ => Value::text(name),
        })
    }

    fn environment(&self, name: &str) -> String {
        self.run.variable(name).unwrap_or_default().to_owned()
    }

    fn encoding(&mut self, name: &str) -> Value {
        let mut object = Object::new("text.encoding", State::None);
        object.entries.push((Value::text("name"), Value::text(name)));
        Value::Object(self.new_object(object))
    }

    /// `[type]::name(arguments)`
    pub(super) fn call_static(
        &mut self,
        value: &Value,
        name: &str,
        arguments: &[Expr],
    ) -> Eval<Value> {
        let class = match value {
            Value::Type(class) => class.to_string(),
            Value::Text(text) => super::literals::type_name(text.as_str()).to_string(),
            Value::Object(_) => {
                let arguments = self.expressions(arguments)?;
                return self.call_method(value.clone(), name, arguments);
            }
            _ => {
                let arguments = self.expressions(arguments)?;
                self.remark_all(&arguments);
                return Ok(Value::Unknown(None));
            }
        };
        // What changes an array in place needs the variable.
        if class == "array" && matches!(name, "reverse" | "sort" | "resize" | "clear") {
            return self.change_array(name, arguments);
        }
        if matches!(
            (class.as_str(), name),
            ("array", "copy" | "constrainedcopy")
                | ("buffer", "blockcopy")
                | ("runtime.interopservices.marshal", "copy")
        ) {
            return self.copy_array(arguments);
        }
        let values = self.expressions(arguments)?;
        self.call_static_with(&class, name, values)
    }

    /// `[Array]::Reverse($variable)` and the like.
    fn change_array(&mut self, name: &str, arguments: &[Expr]) -> Eval<Value> {
        let Some(target) = arguments.first() else { return Ok(Value::Null) };
        // `[ref]$x` and `($x)` are the variable.
        let target = match target {
            Expr::Prefixed(_, inner) => inner,
            other => other,
        };
        let value = self.expr(target)?;
        self.run.steps(self.length(&value) as u64 / 4)?;
        let after = match (&value, name) {
            (Value::Bytes(blob), "reverse") => {
                let mut bytes = blob.as_slice().to_vec();
                bytes.reverse();
                Value::bytes(bytes)
            }
            (_, "reverse") => {
                let mut items = self.items_of(&value);
                items.reverse();
                Value::list(items)
            }
            (_, "sort") => {
                let mut items = self.items_of(&value);
                items.sort_by(|a, b| self.order(a, b).unwrap_or(std::cmp::Ordering::Equal));
                Value::list(items)
            }
            (_, "resize") => {
                let size = match arguments.get(1) {
                    Some(size) => {
                        let size = self.expr(size)?;
                        self.int_of(&size).and_then(|it| usize::try_from(it).ok()).unwrap_or(0)
                    }
                    None => 0,
                };
                self.fits(size.saturating_mul(32))?;
                let mut items = self.items_of(&value);
                items.resize(size, Value::Null);
                Value::list(items)
            }
            _ => value,
        };
        if let Value::Object(id) = &value_of_list(&after, target, self) {
            let items = self.items_of(&after);
            if let Some(Object { state: State::Items(place), .. }) = self.heap.get_mut(*id) {
                *place = items;
            }
            return Ok(Value::Null);
        }
        self.assign(target, after)?;
        Ok(Value::Null)
    }

    /// `[Array]::Copy(from, to, count)`, or with a place in each.
    fn copy_array(&mut self, arguments: &[Expr]) -> Eval<Value> {
        let values = self.expressions(arguments)?;
        let number = |it: &Self, at: usize| {
            values
                .get(at)
                .and_then(|value| it.int_of(value))
                .and_then(|it| usize::try_from(it).ok())
        };
        let (target, from, into, count) = match values.len() {
            0..=3 => (1, 0, 0, number(self, 2)),
            _ => (2, number(self, 1).unwrap_or(0), number(self, 3).unwrap_or(0), number(self, 4)),
        };
        let (Some(source), Some(before), Some(place)) =
            (values.first(), values.get(target), arguments.get(target))
        else {
            return Ok(Value::Null);
        };
        if source.is_unknown() {
            return Ok(Value::Null);
        }
        let items = self.items_of(source);
        self.run.steps(items.len() as u64 / 4)?;
        let mut after = self.items_of(before);
        let count = count.unwrap_or(items.len());
        for (at, item) in items.into_iter().skip(from).take(count).enumerate() {
            if let Some(slot) = after.get_mut(into.saturating_add(at)) {
                *slot = item;
            }
        }
        let after = match before {
            Value::Bytes(_) => Value::bytes(self.bytes_of(&Value::list(after))),
            _ => Value::list(after),
        };
        self.assign(place, after)?;
        Ok(Value::Null)
    }

    pub(super) fn call_static_with(
        &mut self,
        class: &str,
        name: &str,
        values: Vec<Value>,
    ) -> Eval<Value> {
        if let Some(result) = self.call_own_static(class, name, &values)? {
            return Ok(result);
        }
        let resolved = self.resolved(class);
        let class = &*resolved;
        if let Some(result) = self.request_static(class, name, &values)? {
            return Ok(result);
        }
        if let Some(result) = self.secret_static(class, name, &values)? {
            return Ok(result);
        }
        let first = values.first().cloned().unwrap_or(Value::Null);
        if let Value::Unknown(_) = first
            && !matches!(
                class,
                "io.file" | "reflection.assembly" | "diagnostics.process" | "array" | "io.path"
            )
            && name != "new"
        {
            self.remark_all(&values);
            return Ok(first);
        }
        let text = |it: &Self, at: usize| {
            values.get(at).map(|value| it.text_of(value)).unwrap_or_default()
        };
        match class {
            "convert" => self.convert(name, &values),
            "text.encoding"
            | "text.asciiencoding"
            | "text.utf8encoding"
            | "text.unicodeencoding"
                if name == "getencoding" =>
            {
                let name = text(self, 0).to_ascii_lowercase();
                Ok(self.encoding(&name))
            }
            "string" => self.string_static(name, values),
            "math" => Ok(self.math(name, &values)),
            "char" => Ok(match name {
                "convertfromutf32" | "parse" | "tostring" => match first {
                    Value::Text(text) => text.char_at(0).map_or(Value::Null, Value::Char),
                    other => match self.int_of(&other).and_then(char_of) {
                        Some(c) => Value::text(c.to_string()),
                        None => Value::Null,
                    },
                },
                "isletter" => Value::Bool(text(self, 0).chars().all(char::is_alphabetic)),
                "isdigit" => Value::Bool(text(self, 0).chars().all(|it| it.is_ascii_digit())),
                "isletterordigit" => Value::Bool(text(self, 0).chars().all(char::is_alphanumeric)),
                "isupper" => Value::Bool(text(self, 0).chars().all(char::is_uppercase)),
                "toupper" => Value::text(text(self, 0).to_uppercase()),
                "tolower" => Value::text(text(self, 0).to_lowercase()),
                _ => Value::Unknown(None),
            }),
            "int" | "int32" | "int64" | "long" | "byte" | "uint32" | "uint64" | "int16"
            | "double"
                if matches!(name, "parse" | "tryparse") =>
            {
                let is_hex =
                    text(self, 1).to_ascii_lowercase().contains("hex") || text(self, 1) == "515";
                if is_hex {
                    return Ok(i64::from_str_radix(text(self, 0).trim(), 16)
                        .map_or(Value::Null, Value::Int));
                }
                self.cast(class, first)
            }
            "regex" | "text.regularexpressions.regex" => self.regex_static(name, &values),
            "array" => Ok(match name {
                "indexof" => {
                    let item = values.get(1).cloned().unwrap_or(Value::Null);
                    return self.call_method(first, "indexof", vec![item]);
                }
                "createinstance" => {
                    let size = values
                        .get(1)
                        .and_then(|it| self.int_of(it))
                        .and_then(|it| usize::try_from(it).ok())
                        .unwrap_or(0);
                    self.fits(size.saturating_mul(32))?;
                    Value::list(vec![Value::Null; size])
                }
                _ => Value::Null,
            }),
            "bitconverter" => Ok(self.bit_converter(name, &values)),
            "scriptblock" | "management.automation.scriptblock" if name == "create" => {
                let text = text(self, 0);
                self.script_block(&text)
            }
            "activator" if name == "createinstance" => match &first {
                Value::Type(class) => {
                    let class = class.to_string();
                    self.create(&class, values.into_iter().skip(1).collect())
                }
                _ => Ok(first),
            },
            "type" if matches!(name, "gettype" | "gettypefromprogid" | "gettypefromclsid") => {
                let type_name = text(self, 0);
                if name == "gettypefromprogid" {
                    return Ok(Value::Type(
                        format!("com:{}", type_name.to_ascii_lowercase()).into(),
                    ));
                }
                if name == "gettypefromclsid" {
                    return Ok(Value::Type(format!("com:{}", com_of_clsid(&type_name)).into()));
                }
                Ok(Value::Type(super::literals::type_name(&type_name)))
            }
            "environment" => match name {
                "getenvironmentvariable" => {
                    let name = text(self, 0);
                    Ok(self.run.variable(&name).map_or(Value::Null, Value::text))
                }
                "setenvironmentvariable" => {
                    let (name, value) = (text(self, 0), text(self, 1));
                    self.run.set_variable(&name, &value)?;
                    Ok(Value::Null)
                }
                "expandenvironmentvariables" => {
                    Ok(Value::text(crate::machine::expand(&text(self, 0))))
                }
                "getfolderpath" => Ok(Value::text(super::paths::folder(&text(self, 0)))),
                "exit" => Err(super::eval::Flow::Exit),
                _ => Ok(Value::Unknown(None)),
            },
            "io.file" => self.file_static(name, &values),
            "io.path" => Ok(super::paths::path_static(
                name,
                &values.iter().map(|it| self.text_of(it)).collect::<Vec<_>>(),
            )),
            "io.directory" => Ok(match name {
                "exists" => Value::Bool(true),
                _ => Value::Unknown(None),
            }),
            "net.ipaddress" if name == "parse" => Ok(first),
            "linq.enumerable" => match name {
                "reverse" => {
                    let mut items = self.items_of(&first);
                    items.reverse();
                    Ok(Value::list(items))
                }
                "range" => {
                    let start = self.int_of(&first).unwrap_or(0);
                    let count = values.get(1).and_then(|it| self.int_of(it)).unwrap_or(0);
                    let end = start.saturating_add(count.clamp(0, 1_000_000));
                    self.run.steps(count.unsigned_abs().min(1_000_000))?;
                    Ok(Value::list((start..end).map(Value::Int).collect()))
                }
                _ => Ok(first),
            },
            "reflection.assembly" => self.assembly(name, &values),
            "appdomain" => self.assembly(name, &values),
            "diagnostics.process" if name == "start" => {
                if let Value::Object(id) = first {
                    return self.call_object(id, "start", Vec::new());
                }
                let line = format!("{} {}", text(self, 0), text(self, 1));
                self.run.start(&line)?;
                Ok(Value::Unknown(None))
            }
            // A secure string goes through as its text.
            "runtime.interopservices.marshal"
                if name.contains("securestring") || name.starts_with("ptrtostring") =>
            {
                Ok(first)
            }
            "threading.thread" => {
                self.run.wait();
                Ok(Value::Null)
            }
            "net.webutility" | "web.httputility" | "uri" if name != "new" => {
                let whole = text(self, 0);
                Ok(Value::text(match name {
                    "urldecode" | "unescapedatastring" => {
                        percent_decoded(&whole, name == "urldecode")
                    }
                    "htmldecode" => html_decoded(&whole),
                    "escapedatastring" | "urlencode" | "escapeuristring" => {
                        percent_encoded(&whole, name == "escapeuristring")
                    }
                    _ => whole,
                }))
            }
            "management.automation.powershell" | "powershell" if name == "create" => {
                let object =
                    Object::new("management.automation.powershell", State::Builder(String::new()));
                Ok(Value::Object(self.new_object(object)))
            }
            "runspacefactory" | "management.automation.runspaces.runspacefactory" => {
                Ok(Value::Object(self.new_object(Object::new("runspace", State::None))))
            }
            "microsoft.win32.registry" if name == "getvalue" => {
                let key = format!("{}\\{}", text(self, 0), text(self, 1));
                let fallback = values.get(2).cloned().unwrap_or(Value::Unknown(None));
                Ok(self.run.setting(&key).map_or(fallback, Value::text))
            }
            "microsoft.win32.registry" if name == "setvalue" => {
                let (key, name, value) = (text(self, 0), text(self, 1), text(self, 2));
                self.run.set(&format!("{key}\\{name}"), &value);
                Ok(Value::Null)
            }
            "microsoft.visualbasic.interaction" => match name {
                "shell" => {
                    let line = text(self, 0);
                    self.run.start(&line)?;
                    Ok(Value::Unknown(None))
                }
                "createobject" => {
                    let class = format!("com:{}", text(self, 0).to_ascii_lowercase());
                    self.create(&class, Vec::new())
                }
                "callbyname" => {
                    let method = text(self, 1).to_ascii_lowercase();
                    let arguments = values.get(3).map(|it| self.items_of(it)).unwrap_or_default();
                    self.call_method(first, &method, arguments)
                }
                _ => Ok(Value::Unknown(None)),
            },
            "guid" => Ok(Value::text("5f0c7a52-3f0e-4c8b-9d1e-6a2b7c4d8e90")),
            "console" | "gc" | "windows.forms.messagebox" => Ok(Value::Unknown(None)),
            _ if name == "new" => self.create(class, values),
            _ if name == "create" && class.starts_with("security.cryptography") => {
                self.create(class, values)
            }
            _ if name.starts_with("urldownloadto") => {
                let (url, to) = (text(self, 1), text(self, 2));
                self.run.fetch(&url, Some(&to));
                Ok(Value::Int(0))
            }
            _ => {
                // Code that the script compiled, and that loads, is given what to load.
                if self.compiles_loader {
                    for value in &values {
                        let url = self.text_of(value);
                        if ["http://", "https://", "ftp://"].iter().any(|it| url.starts_with(it)) {
                            self.run.fetch(&url, None);
                        }
                    }
                }
                self.run.note_unknown("powershell: member", &format!("{class}::{name}"));
                self.remark_all(&values);
                Ok(Value::Unknown(None))
            }
        }
    }

    fn convert(&mut self, name: &str, values: &[Value]) -> Eval<Value> {
        let first = values.first().cloned().unwrap_or(Value::Null);
        let base =
            values.get(1).and_then(|it| self.int_of(it)).and_then(|it| u32::try_from(it).ok());
        Ok(match name {
            "frombase64string" | "frombase64chararray" => {
                let text = match first {
                    Value::List(_) => {
                        let joined = self.join(first, "")?;
                        self.text_of(&joined)
                    }
                    other => self.text_of(&other),
                };
                self.run.steps(text.len() as u64 / 16)?;
                let bare: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                match BASE64.decode(bare.as_bytes()) {
                    Ok(bytes) => Value::bytes(bytes),
                    Err(_) => return Err(failed("base64")),
                }
            }
            "tobase64string" => {
                let bytes = self.bytes_of(&first);
                Value::text(BASE64.encode(bytes))
            }
            "toint32" | "toint16" | "toint64" | "tobyte" | "touint32" | "touint16" | "touint64"
            | "tosbyte" => {
                let value = match (base, &first) {
                    (
                        Some(base @ (2 | 8 | 10 | 16)),
                        Value::Text(_) | Value::Char(_) | Value::Object(_),
                    ) => {
                        let text = self.text_of(&first);
                        let digits = text.trim().trim_start_matches("0x").trim_start_matches("0X");
                        match i64::from_str_radix(digits, base) {
                            Ok(value) => value,
                            Err(_) => return Err(failed("number")),
                        }
                    }
                    _ => match self.int_of(&first) {
                        Some(value) => value,
                        None => return Err(failed("number")),
                    },
                };
                if name == "tobyte" {
                    u8::try_from(value).map_or(Value::Int(value), Value::Byte)
                } else {
                    Value::Int(value)
                }
            }
            "tochar" => self.cast("char", first)?,
            "todouble" | "tosingle" | "todecimal" => self.cast("double", first)?,
            "toboolean" => self.cast("bool", first)?,
            "tostring" => match (base, self.int_of(&first)) {
                (Some(2), Some(value)) => Value::text(format!("{value:b}")),
                (Some(8), Some(value)) => Value::text(format!("{value:o}")),
                (Some(16), Some(value)) => Value::text(format!("{value:x}")),
                _ => Value::Text(self.text_value(first)),
            },
            "fromhexstring" => Value::bytes(decode_hex(&self.text_of(&first))),
            "tohexstring" => {
                let bytes = self.bytes_of(&first);
                Value::text(encode_hex(&bytes).to_ascii_uppercase())
            }
            "changetype" => match values.get(1) {
                Some(Value::Type(class)) => {
                    let class = class.to_string();
                    self.cast(&class, first)?
                }
                _ => first,
            },
            _ => Value::Unknown(None),
        })
    }

    fn string_static(&mut self, name: &str, values: Vec<Value>) -> Eval<Value> {
        let first = values.first().cloned().unwrap_or(Value::Null);
        Ok(match name {
            "join" => {
                let separator = self.text_of(&first);
                let rest = match values.len() {
                    0..=2 => values.get(1).cloned().unwrap_or(Value::Null),
                    _ => Value::list(values[1..].to_vec()),
                };
                self.join(Value::List(self.as_list(rest)), &separator)?
            }
            "concat" => {
                let all: Vec<Value> = values.iter().flat_map(|it| self.items_of(it)).collect();
                self.join(Value::list(all), "")?
            }
            "format" => {
                let pattern = self.text_of(&first);
                let rest: Vec<Value> = match values.get(1) {
                    Some(Value::List(list)) if values.len() == 2 => list.items().to_vec(),
                    _ => values[1.min(values.len())..].to_vec(),
                };
                self.format_text(&pattern, &rest)?
            }
            "isnullorempty" => Value::Bool(self.text_of(&first).is_empty()),
            "isnullorwhitespace" => Value::Bool(self.text_of(&first).trim().is_empty()),
            "new" => match (&first, values.get(1)) {
                (Value::List(_), _) => self.join(first, "")?,
                (Value::Char(c), Some(count)) => {
                    let count =
                        self.int_of(count).and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
                    self.fits(count)?;
                    Value::text(c.to_string().repeat(count))
                }
                _ => Value::Text(self.text_value(first)),
            },
            "equals" | "compare" => {
                let second = values.get(1).cloned().unwrap_or(Value::Null);
                let is_equal = self.equals(&first, &second, false);
                if name == "equals" {
                    Value::Bool(is_equal)
                } else {
                    Value::Int(i64::from(!is_equal))
                }
            }
            "copy" | "intern" => first,
            _ => Value::Unknown(None),
        })
    }

    fn regex_static(&mut self, name: &str, values: &[Value]) -> Eval<Value> {
        let text = |it: &Self, at: usize| {
            values.get(at).map(|value| it.text_of(value)).unwrap_or_default()
        };
        let whole = text(self, 0);
        match name {
            "escape" => return Ok(Value::text(regex::escape(&whole))),
            "unescape" => return Ok(Value::text(unescaped(&whole))),
            "new" => return self.cast("regex", Value::text(whole)),
            _ => {}
        }
        let (pattern, rest) = (text(self, 1), values.get(2..).unwrap_or_default().to_vec());
        self.regex_call(name, &pattern, &whole, &rest)
    }

    /// A method of a pattern on a text, with what follows these two.
    pub(super) fn regex_call(
        &mut self,
        name: &str,
        pattern: &str,
        whole: &str,
        rest: &[Value],
    ) -> Eval<Value> {
        let options: String = rest.iter().map(|it| self.text_of(it).to_ascii_lowercase()).collect();
        let Some(regex) = self.pattern(pattern, options.contains("ignorecase"))? else {
            return Ok(Value::Unknown(None));
        };
        self.run.steps(whole.len() as u64 / 16)?;
        Ok(match name {
            "replace" => match rest.first() {
                Some(block @ Value::Script(_)) => {
                    Value::text(self.replace_with(&regex, whole, block)?)
                }
                with => {
                    let with = with.map(|it| self.text_of(it)).unwrap_or_default();
                    Value::text(self.replace_all(&regex, whole, &with)?)
                }
            },
            "matches" => {
                let mut found = Vec::new();
                for groups in regex.all(whole) {
                    self.run.steps(4)?;
                    found.push(self.match_object(&groups));
                }
                if options.contains("righttoleft") {
                    found.reverse();
                }
                Value::list(found)
            }
            "match" => match regex.first(whole) {
                Some(groups) => self.match_object(&groups),
                None => Value::Null,
            },
            "ismatch" => Value::Bool(regex.is_match(whole)),
            "split" => {
                let mut out = Vec::new();
                super::patterns::split(&regex, whole, usize::MAX, &mut out);
                Value::list(out)
            }
            _ => Value::Unknown(None),
        })
    }

    fn file_static(&mut self, name: &str, values: &[Value]) -> Eval<Value> {
        let path = values.first().map(|it| self.text_of(it)).unwrap_or_default();
        let second = values.get(1).cloned().unwrap_or(Value::Null);
        Ok(match name {
            "writeallbytes" | "writealltext" | "writealllines" => {
                self.save(&path, &second, false)?;
                Value::Null
            }
            "appendalltext" | "appendalllines" => {
                self.save(&path, &second, true)?;
                Value::Null
            }
            "readalltext" => self.read_file(&path, false),
            "readallbytes" => self.read_file(&path, true),
            "readalllines" | "readlines" => match self.read_file(&path, false) {
                Value::Text(text) => Value::list(text.as_str().lines().map(Value::text).collect()),
                other => other,
            },
            "exists" => match self.run.file(&path) {
                Some(_) => Value::Bool(true),
                None => Value::Unknown(None),
            },
            "copy" | "move" => {
                let to = self.text_of(&second);
                self.run.copy(&path, &to);
                Value::Null
            }
            "openread" | "open" | "openwrite" | "create" => self.file_stream(&path),
            _ => Value::Unknown(None),
        })
    }

    /// An assembly from bytes is a file that the script made.
    fn assembly(&mut self, name: &str, values: &[Value]) -> Eval<Value> {
        let first = values.first().cloned().unwrap_or(Value::Null);
        if name == "load" {
            match &first {
                Value::Bytes(blob) => {
                    self.run.note("powershell: an assembly is loaded from memory");
                    let bytes = blob.as_slice().to_vec();
                    self.run.write("assembly in memory", &bytes, false)?;
                }
                Value::List(_) => {
                    self.run.note("powershell: an assembly is loaded from memory");
                    let bytes = self.bytes_of(&first);
                    self.run.write("assembly in memory", &bytes, false)?;
                }
                Value::Unknown(_) => self.run.note("powershell: an assembly is loaded from memory"),
                _ => {}
            }
        }
        if name.starts_with("loadf") || name.starts_with("unsafeload") {
            let path = self.text_of(&first);
            if crate::programs::url_in(&path).is_some() {
                self.run.fetch(&path, None);
            }
        }
        Ok(Value::Unknown(None))
    }

    /// Bytes, where a method takes some.
    pub(super) fn bytes_of(&self, value: &Value) -> Vec<u8> {
        let bytes = self.bytes_within(value);
        crate::held::copied(bytes.len());
        bytes
    }

    fn bytes_within(&self, value: &Value) -> Vec<u8> {
        match value {
            Value::Bytes(blob) => blob.as_slice().to_vec(),
            Value::Text(text) => text.as_str().as_bytes().to_vec(),
            Value::Object(id) => match self.heap.get(*id).map(|it| &it.state) {
                Some(State::Stream { content: Value::Bytes(blob), .. }) => blob.as_slice().to_vec(),
                Some(State::Items(items)) => {
                    items.iter().map(|it| self.int_of(it).unwrap_or(0) as u8).collect()
                }
                _ => Vec::new(),
            },
            other => {
                self.items_of(other).iter().map(|it| self.int_of(it).unwrap_or(0) as u8).collect()
            }
        }
    }
}

/// The list object that a target holds, where it is one.
fn value_of_list(after: &Value, target: &Expr, interpreter: &mut Interpreter<'_, '_>) -> Value {
    match (after, target) {
        (Value::List(_), Expr::Variable(name)) => interpreter.variable(name),
        _ => Value::Null,
    }
}

fn is_known_method(name: &str) -> bool {
    matches!(
        name,
        "frombase64string"
            | "tobase64string"
            | "toint32"
            | "toint16"
            | "tochar"
            | "tobyte"
            | "join"
            | "format"
            | "concat"
            | "reverse"
            | "replace"
            | "matches"
            | "split"
            | "create"
            | "load"
            | "start"
            | "getstring"
            | "readalltext"
            | "readallbytes"
            | "writeallbytes"
            | "writealltext"
            | "new"
            | "createinstance"
    )
}

/// A hive of the registry by the name of the property that has it.
fn hive_of(property: &str) -> &'static str {
    match property {
        "localmachine" => "HKLM:",
        "classesroot" => "HKCR:",
        "users" => "HKU:",
        _ => "HKCU:",
    }
}

/// COM classes that are named by their number.
fn com_of_clsid(clsid: &str) -> &'static str {
    let lower = clsid.trim_matches(['{', '}']).to_ascii_lowercase();
    match lower.as_str() {
        "f5078f35-c551-11d3-89b9-0000f81fe221"
        | "f6d90f16-9c73-11d3-b32e-00c04f990bb4"
        | "ed8c108e-4349-11d2-91a4-00c04f7969e8" => "msxml2.xmlhttp",
        "72c24dd5-d70a-438b-8a42-98424b88afb8" => "wscript.shell",
        "13709620-c279-11ce-a49e-444553540000"
        | "9ba05972-f6a8-11cf-a442-00a0c90a8f39"
        | "c08afd90-f2a1-11d1-8455-00a0c91f3880" => "shell.application",
        "0002df01-0000-0000-c000-000000000046" => "internetexplorer.application",
        "2087c2f4-2cef-4953-a8ab-66779b670495" => "winhttp.winhttprequest.5.1",
        _ => "unknown",
    }
}

/// `%41`, and `+` where it is a blank.
pub(super) fn percent_decoded(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digit = |at: usize| bytes.get(at).and_then(|it| char::from(*it).to_digit(16));
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            (b'+', ..) if plus => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Letters that URLs do not have, as `%41`; marks of URLs are kept where it is a whole one.
fn percent_encoded(text: &str, is_whole: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let keeps = byte.is_ascii_alphanumeric()
            || b"-_.~".contains(&byte)
            || (is_whole && b":/?#[]@!$&'()*+,;=%".contains(&byte));
        if keeps {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&encode_hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

/// `\x41`, `\u0041`, `\n`, as a pattern has them.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let hex = |digits: usize| {
            let code = after.get(1..=digits)?;
            char_of(i64::from_str_radix(code, 16).ok()?)
        };
        let (c, length) = match after.as_bytes().first() {
            Some(b'x') => (hex(2), 3),
            Some(b'u') => (hex(4), 5),
            Some(b'n') => (Some('\n'), 1),
            Some(b'r') => (Some('\r'), 1),
            Some(b't') => (Some('\t'), 1),
            _ => (None, 0),
        };
        if let Some(c) = c {
            out.push(c);
            rest = &after[length..];
        } else {
            out.extend(after.chars().next());
            rest = &after[after.chars().next().map_or(0, char::len_utf8)..];
        }
    }
    out.push_str(rest);
    out
}

/// A text with the character references of HTML that are numbers, and the commonest names.
fn html_decoded(text: &str) -> String {
    const NAMES: &[(&str, char)] =
        &[("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("amp", '&'), ("nbsp", ' ')];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let body = &rest[at + 1..];
        let end = body.bytes().take(10).position(|it| it == b';');
        let name = end.map_or("", |end| &body[..end]);
        let letter = match name.strip_prefix('#') {
            Some(hex) if hex.starts_with(['x', 'X']) => {
                u32::from_str_radix(&hex[1..], 16).ok().and_then(char::from_u32)
            }
            Some(number) => number.parse().ok().and_then(char::from_u32),
            None => NAMES.iter().find(|it| it.0 == name).map(|it| it.1),
        };
        if let Some(letter) = letter {
            out.push(letter);
            rest = &body[name.len() + 1..];
        } else {
            out.push('&');
            rest = body;
        }
    }
    out.push_str(rest);
    out
}

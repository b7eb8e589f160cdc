//! Methods of texts and characters, of lists and bytes, and of script blocks.

use super::convert::failed;
use super::eval::{Eval, Flow, Interpreter};
use super::value::{Text, Value};

/// Methods of texts, in lower case.
pub(super) const NAMES: &[&str] = &[
    "replace",
    "substring",
    "split",
    "tochararray",
    "insert",
    "remove",
    "trim",
    "trimstart",
    "trimend",
    "indexof",
    "lastindexof",
    "tolower",
    "tolowerinvariant",
    "toupper",
    "toupperinvariant",
    "padleft",
    "padright",
    "contains",
    "startswith",
    "endswith",
    "equals",
    "normalize",
    "chars",
    "compareto",
    "clone",
    "indexofany",
    "join",
    "format",
    "tostring",
    "gettype",
    "invoke",
    "downloadstring",
    "downloadfile",
    "downloaddata",
    "openread",
];

/// What a method is as text; obfuscators take letters out of it.
pub(super) fn signature(name: &str) -> &'static str {
    match name {
        "insert" => "string Insert(int startIndex, string value)",
        "remove" => "string Remove(int startIndex, int count), string Remove(int startIndex)",
        "indexof" => {
            "int IndexOf(char value), int IndexOf(char value, int startIndex), int IndexOf(char value, int startIndex, int count), int IndexOf(string value), int IndexOf(string value, int startIndex)"
        }
        "lastindexof" => "int LastIndexOf(char value), int LastIndexOf(char value, int startIndex)",
        "normalize" => {
            "string Normalize(), string Normalize(System.Text.NormalizationForm normalizationForm)"
        }
        "trim" => "string Trim(Params char[] trimChars), string Trim()",
        "replace" => {
            "string Replace(char oldChar, char newChar), string Replace(string oldValue, string newValue)"
        }
        "substring" => {
            "string Substring(int startIndex), string Substring(int startIndex, int length)"
        }
        _ => "",
    }
}

impl Interpreter<'_, '_> {
    /// `value.name(arguments)`
    pub(super) fn call_method(
        &mut self,
        value: Value,
        name: &str,
        arguments: Vec<Value>,
    ) -> Eval<Value> {
        self.run.step()?;
        match value {
            Value::Method(bound) if name == "invoke" => {
                let (mut value, name) = (bound.0.clone(), bound.1.clone());
                let mut arguments = arguments;
                if matches!(value, Value::Null) {
                    // A method by reflection: the object, then a list of arguments.
                    let rest = arguments.get(1).map(|it| self.items_of(it)).unwrap_or_default();
                    value = arguments.into_iter().next().unwrap_or(Value::Null);
                    arguments = rest;
                }
                Ok(self
                    .deeper(|it| it.call_method(value, &name, arguments))?
                    .unwrap_or(Value::Null))
            }
            Value::Object(id) => self.call_object(id, name, arguments),
            Value::Script(block) => match name {
                "invoke" | "invokereturnasis" | "invokewithcontext" => {
                    let arguments = arguments.into_iter().map(|it| (None, it)).collect();
                    let out = self.call_block(&block, arguments, None, true)?;
                    Ok(Value::from_output(out))
                }
                "tostring" => Ok(Value::text(&*block.source)),
                "getnewclosure" => self.closure(&block),
                _ => Ok(Value::Script(block)),
            },
            Value::Text(text) => self.call_text(&text, name, &arguments),
            Value::Unknown(_) => match self.call_unknown(name, &arguments)? {
                Value::Unknown(None) => Ok(value),
                other => Ok(other),
            },
            Value::Null => {
                self.remark_all(&arguments);
                Ok(Value::Null)
            }
            Value::List(_) | Value::Bytes(_) if !matches!(name, "tostring") => {
                self.call_list(value, name, arguments)
            }
            Value::Type(class) if name == "gettype" || name == "tostring" => {
                Ok(Value::text(&*class))
            }
            Value::Type(class) if name == "invoke" => Ok(Value::Type(class)),
            Value::Type(_) if name == "invokemember" && arguments.len() > 3 => {
                // Name, how, binder, object, arguments.
                let mut given = arguments.into_iter();
                let method = given.next().map(|it| self.text_of(&it)).unwrap_or_default();
                let object = given.nth(2).unwrap_or(Value::Null);
                let rest = given.next().map(|it| self.items_of(&it)).unwrap_or_default();
                let method = method.to_lowercase();
                let done = self.deeper(|it| it.call_method(object, &method, rest))?;
                Ok(done.unwrap_or(Value::Null))
            }
            Value::Type(_) if name == "getmethod" => {
                let method = arguments.first().map(|it| self.text_of(it)).unwrap_or_default();
                Ok(Value::Method(std::rc::Rc::new((Value::Null, method.to_lowercase()))))
            }
            Value::Type(class) => self.call_static_with(&class, name, arguments),
            other => match name {
                "tostring" => match arguments.first() {
                    Some(format) => {
                        let format = self.text_of(format);
                        Ok(Value::text(self.formatted(&other, &format)))
                    }
                    None => Ok(Value::Text(self.text_value(other))),
                },
                "gettype" => Ok(Value::Type("object".into())),
                "equals" => Ok(Value::Bool(
                    arguments.first().is_some_and(|it| self.equals(&other, it, false)),
                )),
                _ => {
                    let text = Text::new(self.text_of(&other));
                    self.call_text(&text, name, &arguments)
                }
            },
        }
    }

    /// Arguments of what is not known, for whoever searches.
    pub(super) fn remark_all(&mut self, arguments: &[Value]) {
        for argument in arguments {
            if let Value::Text(text) = argument {
                self.run.remark(text.as_str());
            }
        }
    }

    fn call_text(&mut self, text: &Text, name: &str, arguments: &[Value]) -> Eval<Value> {
        self.run.steps(text.as_str().len() as u64 / 64)?;
        let whole = text.as_str();
        let argument = |it: &Self, at: usize| {
            arguments.get(at).map(|value| it.text_of(value)).unwrap_or_default()
        };
        let index = |it: &Self, at: usize| {
            arguments
                .get(at)
                .and_then(|value| it.int_of(value))
                .and_then(|it| usize::try_from(it).ok())
        };
        let find = |start: usize, needle: &str, from_end: bool| -> i64 {
            let tail: String;
            let hay = if start == 0 {
                whole
            } else {
                tail = text.slice(start, usize::MAX);
                tail.as_str()
            };
            let found = if from_end { hay.rfind(needle) } else { hay.find(needle) };
            found.map_or(-1, |at| (start + hay[..at].chars().count()) as i64)
        };
        Ok(match name {
            "replace" => {
                let (from, to) = (argument(self, 0), argument(self, 1));
                if from.is_empty() {
                    return Err(failed("replace"));
                }
                let count = whole.matches(from.as_str()).count();
                self.fits(whole.len().saturating_add(count.saturating_mul(to.len())))?;
                Value::text(whole.replace(&from, &to))
            }
            "substring" => {
                let start = index(self, 0).filter(|it| *it <= text.chars());
                let Some(start) = start else { return Err(failed("substring")) };
                let count =
                    if arguments.len() > 1 { index(self, 1) } else { Some(text.chars() - start) };
                match count {
                    Some(count) if count <= text.chars() - start => {
                        Value::text(text.slice(start, count))
                    }
                    _ => return Err(failed("substring")),
                }
            }
            "split" => self.split_text(whole, arguments)?,
            "tochararray" | "getenumerator" => {
                self.run.steps(text.chars() as u64 / 8)?;
                Value::list(whole.chars().map(Value::Char).collect())
            }
            "insert" => {
                let Some(at) = index(self, 0).filter(|it| *it <= text.chars()) else {
                    return Err(failed("insert"));
                };
                let more = argument(self, 1);
                self.fits(whole.len() + more.len())?;
                Value::text(format!("{}{more}{}", text.slice(0, at), text.slice(at, usize::MAX)))
            }
            "remove" => {
                let Some(at) = index(self, 0).filter(|it| *it <= text.chars()) else {
                    return Err(failed("remove"));
                };
                let count =
                    if arguments.len() > 1 { index(self, 1).unwrap_or(0) } else { usize::MAX };
                Value::text(format!(
                    "{}{}",
                    text.slice(0, at),
                    text.slice(at.saturating_add(count), usize::MAX)
                ))
            }
            "trim" | "trimstart" | "trimend" => {
                let set: String = arguments
                    .iter()
                    .flat_map(|it| self.items_of(it))
                    .map(|it| self.text_of(&it))
                    .collect();
                let is_cut =
                    |c: char| if set.is_empty() { c.is_whitespace() } else { set.contains(c) };
                Value::text(match name {
                    "trim" => whole.trim_matches(is_cut),
                    "trimstart" => whole.trim_start_matches(is_cut),
                    _ => whole.trim_end_matches(is_cut),
                })
            }
            "indexof" => Value::Int(find(index(self, 1).unwrap_or(0), &argument(self, 0), false)),
            "lastindexof" => Value::Int(find(0, &argument(self, 0), true)),
            "indexofany" => {
                let set: String = arguments
                    .iter()
                    .flat_map(|it| self.items_of(it))
                    .map(|it| self.text_of(&it))
                    .collect();
                Value::Int(whole.chars().position(|it| set.contains(it)).map_or(-1, |it| it as i64))
            }
            "tolower" | "tolowerinvariant" => Value::text(whole.to_lowercase()),
            "toupper" | "toupperinvariant" => Value::text(whole.to_uppercase()),
            "padleft" | "padright" => {
                let width = index(self, 0).unwrap_or(0);
                self.fits(width)?;
                let fill = argument(self, 1).chars().next().unwrap_or(' ');
                let missing = width.saturating_sub(text.chars());
                let blanks: String = std::iter::repeat_n(fill, missing).collect();
                Value::text(if name == "padleft" {
                    format!("{blanks}{whole}")
                } else {
                    format!("{whole}{blanks}")
                })
            }
            "contains" => Value::Bool(whole.contains(&argument(self, 0))),
            "startswith" => Value::Bool(whole.starts_with(&argument(self, 0))),
            "endswith" => Value::Bool(whole.ends_with(&argument(self, 0))),
            "equals" => Value::Bool(whole == argument(self, 0)),
            "compareto" => Value::Int(whole.cmp(argument(self, 0).as_str()) as i64),
            "chars" | "get_chars" => {
                index(self, 0).and_then(|it| text.char_at(it)).map_or(Value::Null, Value::Char)
            }
            "get_length" => Value::Int(text.chars() as i64),
            "gettype" => Value::Type("string".into()),
            "tostring" | "clone" | "normalize" => Value::Text(text.clone()),
            "gethashcode" => Value::Unknown(None),
            "invoke" => Value::Text(text.clone()),
            _ => {
                self.run.note_unknown("powershell: method", name);
                self.remark_all(arguments);
                Value::Unknown(None)
            }
        })
    }

    pub(super) fn fits(&mut self, bytes: usize) -> Eval<()> {
        if bytes > self.run.limits.value_bytes {
            self.run.note("a value is too long");
            return Err(Flow::Stop);
        }
        self.run.steps(bytes as u64 / 64)?;
        Ok(())
    }

    /// `.Split(...)`: each character of the separators parts; `[string[]]` whole ones do.
    fn split_text(&mut self, whole: &str, arguments: &[Value]) -> Eval<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let options = arguments.iter().skip(1).any(|it| {
            self.text_of(it).to_ascii_lowercase().contains("remove")
                || matches!(it, Value::Int(1))
                    && arguments.len() == 2
                    && matches!(first, Value::List(_))
        });
        let texts: Vec<String> = self
            .items_of(&first)
            .iter()
            .map(|it| self.text_of(it))
            .filter(|it| !it.is_empty())
            .collect();
        let is_whole =
            matches!(first, Value::List(_)) && texts.iter().any(|it| it.chars().count() > 1);
        let max = match arguments.get(1) {
            Some(Value::Int(max)) if !matches!(first, Value::List(_)) => {
                usize::try_from(*max).unwrap_or(0).max(1)
            }
            _ => usize::MAX,
        };
        self.run.steps(whole.len() as u64 / 4)?;
        let mut parts: Vec<Value> = Vec::new();
        if is_whole {
            // By the whole separators, the first that stands there.
            let mut rest = whole;
            loop {
                let next =
                    texts.iter().filter_map(|it| Some((rest.find(it.as_str())?, it.len()))).min();
                self.run.steps(1 + rest.len() as u64 / 512)?;
                if let Some((at, length)) = next.filter(|_| parts.len() + 1 < max) {
                    parts.push(Value::text(&rest[..at]));
                    rest = &rest[at + length..];
                } else {
                    parts.push(Value::text(rest));
                    break;
                }
            }
        } else {
            let set: String = texts.concat();
            let parting =
                |c: char| if set.is_empty() { c.is_whitespace() } else { set.contains(c) };
            parts.extend(whole.splitn(max, parting).map(Value::text));
        }
        if options {
            parts.retain(|it| !matches!(it, Value::Text(text) if text.as_str().is_empty()));
        }
        Ok(Value::list(parts))
    }

    fn call_list(&mut self, value: Value, name: &str, arguments: Vec<Value>) -> Eval<Value> {
        let argument = arguments.first().cloned().unwrap_or(Value::Null);
        Ok(match name {
            "contains" => {
                let items = self.items_of(&value);
                self.run.steps(items.len() as u64)?;
                Value::Bool(items.iter().any(|it| self.equals(it, &argument, false)))
            }
            "indexof" => {
                let items = self.items_of(&value);
                self.run.steps(items.len() as u64)?;
                let at = items.iter().position(|it| self.equals(it, &argument, false));
                Value::Int(at.map_or(-1, |it| it as i64))
            }
            "getvalue" | "get" | "get_item" => self.index(&value, &argument)?,
            "getenumerator" | "clone" | "toarray" | "invoke" => value,
            "getlength" | "getupperbound" => {
                Value::Int(self.length(&value) as i64 - i64::from(name == "getupperbound"))
            }
            "gettype" => Value::Type("array".into()),
            "foreach" => match argument {
                Value::Script(block) => {
                    let items = self.items_of(&value);
                    let mut out = Vec::new();
                    for item in items {
                        self.assign_plain("_", item);
                        out.append(&mut self.call_block(&block, Vec::new(), None, false)?);
                    }
                    Value::list(out)
                }
                name => {
                    let name = self.text_of(&name).to_ascii_lowercase();
                    self.member(value, &name)?
                }
            },
            "where" => match argument {
                Value::Script(block) => {
                    let items = self.items_of(&value);
                    let mut out = Vec::new();
                    for item in items {
                        self.assign_plain("_", item.clone());
                        let answer = self.call_block(&block, Vec::new(), None, false)?;
                        if Self::truth(&Value::from_output(answer)) != super::eval::Truth::No {
                            out.push(item);
                        }
                    }
                    Value::list(out)
                }
                _ => value,
            },
            "find" | "findall" if matches!(argument, Value::Script(_)) => {
                let all = self.call_list(value, "where", arguments)?;
                if name == "find" { self.index(&all, &Value::Int(0))? } else { all }
            }
            // A method of each item.
            _ => {
                let mut out = Vec::new();
                for item in self.items_of(&value) {
                    if matches!(item, Value::List(_) | Value::Bytes(_)) {
                        continue;
                    }
                    out.push(self.call_method(item, name, arguments.clone())?);
                }
                Value::from_output(out)
            }
        })
    }
}

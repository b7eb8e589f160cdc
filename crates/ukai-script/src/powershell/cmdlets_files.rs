//! Commands on files, on drives of variables and environment, and on the registry.

use super::commands::Arguments;
use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use crate::run::Content;

impl Interpreter<'_, '_> {
    /// Whether it was one of these.
    pub(super) fn file_command(
        &mut self,
        name: &str,
        arguments: &Arguments,
        input: &Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<bool> {
        let path = arguments
            .get(&["path", "literalpath", "filepath", "fullname"], 0)
            .map(|it| self.text_of(it))
            .unwrap_or_default();
        let place = usize::from(arguments.named(&["path", "literalpath", "filepath"]).is_none());
        match name {
            "set-content" | "add-content" | "out-file" => {
                let value = if name == "out-file" {
                    arguments.named(&["inputobject"])
                } else {
                    arguments.get(&["value"], place)
                };
                let values = match value {
                    Some(value) => vec![value.clone()],
                    None => input.clone().unwrap_or_default(),
                };
                let append = name == "add-content" || arguments.has("append");
                self.write_file(&path, &values, append, !arguments.has("nonewline"))?;
            }
            "clear-content" | "remove-item" | "expand-archive" => {}
            "get-content" => {
                let is_bytes = arguments
                    .named(&["encoding"])
                    .is_some_and(|it| self.text_of(it).eq_ignore_ascii_case("byte"));
                if let Some(value) = self.drive(&path)? {
                    let value = self.member(value, "value")?;
                    self.put_out(value, out);
                    return Ok(true);
                }
                match self.read_file(&path, is_bytes) {
                    Value::Text(text) if !arguments.has("raw") => {
                        self.run.steps(text.as_str().len() as u64 / 32)?;
                        out.extend(text.as_str().lines().map(Value::text));
                    }
                    other => out.push(other),
                }
            }
            "copy-item" | "move-item" | "rename-item" => {
                let to = arguments
                    .get(&["destination", "newname"], place)
                    .map(|it| self.text_of(it))
                    .unwrap_or_default();
                self.run.copy(&path, &to);
            }
            "get-item" | "get-childitem" => {
                if let Some(value) = self.drive(&path)? {
                    self.put_out(value, out);
                } else {
                    let value = self.file_info(&path);
                    out.push(value);
                }
            }
            "set-item" => {
                let value = arguments.get(&["value"], place).cloned();
                let value =
                    value.unwrap_or_else(|| Value::from_output(input.clone().unwrap_or_default()));
                let lower = path.to_ascii_lowercase().replace(['\\', '/'], "");
                match lower.split_once(':') {
                    Some(("variable" | "env" | "function", _)) => {
                        let name = super::literals::name(&lower);
                        self.set_variable(&name, value)?;
                    }
                    Some(("alias", alias)) => {
                        let full = self.text_of(&value).to_lowercase();
                        self.aliases.insert(alias.into(), full.into());
                    }
                    _ => {
                        let value = self.text_of(&value);
                        self.run.set(&path, &value);
                    }
                }
            }
            "new-item" => self.new_item(&path, arguments, place, out)?,
            "set-itemproperty" | "new-itemproperty" => {
                let name =
                    arguments.get(&["name"], place).map(|it| self.text_of(it)).unwrap_or_default();
                let place = place + usize::from(arguments.named(&["name"]).is_none());
                let value =
                    arguments.get(&["value"], place).map(|it| self.text_of(it)).unwrap_or_default();
                let what = if name.is_empty() { path } else { format!("{path}\\{name}") };
                self.run.set(&what, &value);
                crate::programs::carried(self.run, &value)?;
            }
            "get-itemproperty" | "get-itempropertyvalue" => {
                let wanted = arguments.get(&["name"], place).cloned();
                let wanted: Vec<String> = match wanted {
                    Some(names) => {
                        self.items_of(&names).iter().map(|it| self.text_of(it)).collect()
                    }
                    None => Vec::new(),
                };
                let found = self.run.settings_of(&path);
                let found: Vec<_> = found
                    .into_iter()
                    .filter(|it| {
                        wanted.is_empty()
                            || wanted.iter().any(|name| super::patterns::like(&it.0, name, true))
                    })
                    .collect();
                if found.is_empty() {
                    out.push(Value::Unknown(None));
                } else if name == "get-itempropertyvalue" {
                    out.extend(found.into_iter().map(|it| Value::text(it.1)));
                } else {
                    let id = self.new_object(Object::new("pscustomobject", State::None));
                    for (name, value) in found {
                        self.set_entry(id, Value::text(name), Value::text(value));
                    }
                    out.push(Value::Object(id));
                }
            }
            "remove-itemproperty" => {
                let name =
                    arguments.get(&["name"], place).map(|it| self.text_of(it)).unwrap_or_default();
                self.run.set(&format!("{path}\\{name}"), "deleted");
            }
            "test-path" => out.push(match self.run.file(&path) {
                Some(_) => Value::Bool(true),
                None => Value::Unknown(None),
            }),
            "join-path" => {
                let child = arguments
                    .get(&["childpath"], place)
                    .map(|it| self.text_of(it))
                    .unwrap_or_default();
                out.push(Value::text(format!(
                    "{}\\{}",
                    path.trim_end_matches('\\'),
                    child.trim_start_matches('\\')
                )));
            }
            "split-path" => {
                let at = path.rfind(['\\', '/']);
                let is_leaf = arguments.has("leaf");
                out.push(Value::text(match at {
                    Some(at) if is_leaf => &path[at + 1..],
                    Some(at) => &path[..at],
                    None if is_leaf => &path,
                    None => "",
                }));
            }
            "resolve-path" | "convert-path" => out.push(Value::text(path)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn new_item(
        &mut self,
        path: &str,
        arguments: &Arguments,
        place: usize,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let name = arguments.named(&["name"]).map(|it| self.text_of(it));
        let path = match name {
            Some(name) if path.is_empty() => name,
            Some(name) => format!("{}\\{name}", path.trim_end_matches('\\')),
            None => path.to_owned(),
        };
        let lower = path.to_ascii_lowercase();
        let value = arguments.get(&["value"], place).cloned();
        if lower.starts_with("hk") || lower.starts_with("registry::") {
            let value = value.map(|it| self.text_of(&it)).unwrap_or_default();
            self.run.set(&path, &value);
        } else if let Some((drive @ ("variable" | "env" | "alias" | "function"), name)) =
            lower.split_once(':')
        {
            let value = value.unwrap_or(Value::Null);
            if drive == "alias" {
                let full = self.text_of(&value).to_lowercase();
                self.aliases.insert(name.into(), full.into());
            } else {
                let name = super::literals::name(&lower.replace('\\', ""));
                self.set_variable(&name, value)?;
            }
        } else if let Some(value) = value.filter(|_| arguments.named(&["value"]).is_some()) {
            self.save(&path, &value, false)?;
        }
        let info = self.file_info(&path);
        out.push(info);
        Ok(())
    }

    /// What stands in the drives of variables, environment, aliases and functions.
    fn drive(&mut self, path: &str) -> Eval<Option<Value>> {
        let plain =
            path.trim().trim_start_matches("Microsoft.PowerShell.Core\\").replace("::", ":");
        let Some((drive, rest)) = plain.split_once(':') else { return Ok(None) };
        let name = rest.trim_start_matches(['\\', '/']);
        let drive = drive.to_ascii_lowercase();
        let mut found = Vec::new();
        match drive.as_str() {
            "variable" => {
                let pattern = if name.is_empty() { "*" } else { name };
                for name in self.variables_like(pattern) {
                    found.push(self.variable_object(&name));
                }
            }
            "env" => {
                let mut names: Vec<String> = crate::machine::names().map(str::to_owned).collect();
                names.extend(self.run.environment().keys().map(ToString::to_string));
                let pattern = if name.is_empty() { "*" } else { name };
                names.retain(|it| super::patterns::like(it, pattern, true));
                names.truncate(1000);
                for name in names {
                    let mut object = Object::new("entry", State::None);
                    let value = self.run.variable(&name).map_or(Value::Null, Value::text);
                    object.entries.push((Value::text("name"), Value::text(name.as_str())));
                    object.entries.push((Value::text("key"), Value::text(name)));
                    object.entries.push((Value::text("value"), value));
                    found.push(Value::Object(self.new_object(object)));
                }
            }
            "alias" => found.push(self.command_named(name)),
            "function" => match self.functions.get(&*name.to_lowercase()) {
                Some(block) => found.push(Value::Script(std::rc::Rc::clone(block))),
                None => found.push(Value::Unknown(None)),
            },
            _ => return Ok(None),
        }
        Ok(Some(Value::from_output(found)))
    }

    /// A file as `Get-Item` shows it: what the script wrote is known.
    fn file_info(&mut self, path: &str) -> Value {
        let size = match self.run.file(path) {
            Some(Content::Own(bytes)) => bytes.len() as i64,
            Some(Content::Answer(_)) | None => return Value::Unknown(None),
        };
        let mut object = Object::new("io.fileinfo", State::None);
        object.entries.push((Value::text("value"), Value::text(path)));
        object.entries.push((Value::text("fullname"), Value::text(path)));
        object
            .entries
            .push((Value::text("name"), Value::text(path.rsplit('\\').next().unwrap_or(path))));
        object.entries.push((Value::text("length"), Value::Int(size)));
        object.entries.push((Value::text("exists"), Value::Bool(true)));
        Value::Object(self.new_object(object))
    }

    pub(super) fn read_file(&mut self, path: &str, as_bytes: bool) -> Value {
        match self.run.file(path) {
            Some(Content::Own(bytes)) if as_bytes => Value::bytes(bytes.clone()),
            Some(Content::Own(bytes)) => Value::text(crate::run::decode(bytes)),
            Some(Content::Answer(url)) => Value::Unknown(Some(url.as_str().into())),
            None => Value::Unknown(None),
        }
    }

    /// Output is written as lines, bytes as they are.
    pub(super) fn write_file(
        &mut self,
        path: &str,
        values: &[Value],
        append: bool,
        newline: bool,
    ) -> Eval<()> {
        let items: Vec<Value> = values
            .iter()
            .flat_map(|it| match it {
                Value::Bytes(_) => vec![it.clone()],
                other => self.items_of(other),
            })
            .collect();
        if let [one @ (Value::Unknown(_) | Value::Bytes(_))] = items.as_slice() {
            return self.save(path, one, append);
        }
        if !items.is_empty() && items.iter().all(|it| matches!(it, Value::Byte(_))) {
            let bytes = self.bytes_of(&Value::list(items));
            return self.save(path, &Value::bytes(bytes), append);
        }
        let mut text = self.lines(&items);
        if !newline {
            text.truncate(text.len().saturating_sub(2));
        }
        self.save(path, &Value::text(text), append)
    }

    /// A value becomes a file; an answer is saved.
    pub(super) fn save(&mut self, path: &str, value: &Value, append: bool) -> Eval<()> {
        if path.is_empty() {
            self.run.note("powershell: writes a file whose name is not known");
            return Ok(());
        }
        match value {
            Value::Unknown(Some(url)) => self.run.saved(url, path),
            Value::Unknown(None) => {
                self.run.note("powershell: writes a file whose content is not known");
            }
            Value::Text(text) => self.run.write(path, text.as_str().as_bytes(), append)?,
            Value::Bytes(blob) => self.run.write(path, blob.as_slice(), append)?,
            Value::List(list)
                if list.items().iter().all(|it| matches!(it, Value::Int(_) | Value::Byte(_))) =>
            {
                let bytes = self.bytes_of(value);
                self.run.write(path, &bytes, append)?;
            }
            other => {
                let items = self.items_of(other);
                let text = self.lines(&items);
                self.run.write(path, text.as_bytes(), append)?;
            }
        }
        Ok(())
    }
}

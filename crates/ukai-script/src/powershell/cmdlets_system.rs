//! Commands that start programs, and those that change what the system starts or how it is guarded.

use super::commands::Arguments;
use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};

impl Interpreter<'_, '_> {
    /// Whether it was one of these.
    pub(super) fn system_command(
        &mut self,
        name: &str,
        arguments: &Arguments,
        input: &Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<bool> {
        match name {
            "start-process" => {
                let path = arguments.get(&["filepath", "path"], 0).cloned();
                let path = path
                    .or_else(|| input.as_ref()?.first().cloned())
                    .map(|it| self.text_of(&it))
                    .unwrap_or_default();
                let place = usize::from(arguments.named(&["filepath", "path"]).is_none());
                let rest = match arguments.get(&["argumentlist", "args"], place) {
                    Some(value) => {
                        let words: Vec<String> =
                            self.items_of(value).iter().map(|it| self.text_of(it)).collect();
                        words.join(" ")
                    }
                    None => String::new(),
                };
                let path = if path.contains(' ') && !path.starts_with('"') && !rest.is_empty() {
                    format!("\"{path}\"")
                } else {
                    path
                };
                self.run.start(&format!("{path} {rest}"))?;
                out.push(Value::Unknown(None));
            }
            "invoke-item" => {
                let path = arguments.get(&["path", "literalpath"], 0).cloned();
                let path = path
                    .or_else(|| input.as_ref()?.first().cloned())
                    .map(|it| self.text_of(&it))
                    .unwrap_or_default();
                self.run.start(&path)?;
            }
            "invoke-wmimethod" | "invoke-cimmethod" => {
                let is_create = arguments
                    .named
                    .iter()
                    .chain(std::iter::empty())
                    .any(|(_, value)| self.text_of(value).eq_ignore_ascii_case("create"))
                    || arguments
                        .plain
                        .iter()
                        .any(|it| self.text_of(it).eq_ignore_ascii_case("create"));
                if let Some(host) = arguments.named(&["computername", "cn"]) {
                    let host = self.text_of(host);
                    self.run.connect(&host, Some(135));
                }
                let line = match arguments
                    .named(&["argumentlist", "arguments"])
                    .or_else(|| arguments.plain.last())
                {
                    Some(Value::Object(id)) => {
                        self.named_entry(*id, "commandline").map(|it| self.text_of(&it))
                    }
                    Some(value) => self.items_of(value).first().map(|it| self.text_of(it)),
                    None => None,
                };
                if let Some(line) = line.filter(|_| is_create) {
                    self.run.start(&line)?;
                }
                out.push(Value::Unknown(None));
            }
            "set-wmiinstance" | "new-ciminstance" => {
                let table = arguments.named(&["arguments", "property"]).cloned();
                if let Some(Value::Object(id)) = table {
                    for name in ["commandlinetemplate", "executablepath", "scripttext"] {
                        let Some(value) = self.named_entry(id, name) else { continue };
                        let value = self.text_of(&value);
                        self.run.set(&format!("WMI {name}"), &value);
                        if name == "scripttext" {
                            self.run.evaluate(crate::Dialect::VbScript, &value)?;
                        } else {
                            crate::programs::carried(self.run, &value)?;
                        }
                    }
                }
                out.push(Value::Unknown(None));
            }
            "new-scheduledtaskaction" => {
                let mut object = Object::new("bag", State::None);
                for (name, full) in [("execute", &["execute"]), ("argument", &["argument"])] {
                    let place = usize::from(name == "argument");
                    let value = arguments.get(full, place).cloned().unwrap_or(Value::Null);
                    object.entries.push((Value::text(name), value));
                }
                out.push(Value::Object(self.new_object(object)));
            }
            "register-scheduledtask" => {
                let name =
                    arguments.get(&["taskname"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                let line = match arguments.named(&["action"]) {
                    Some(Value::Object(id)) => {
                        let part = |name: &str| {
                            self.named_entry(*id, name)
                                .map(|it| self.text_of(&it))
                                .unwrap_or_default()
                        };
                        format!("{} {}", part("execute"), part("argument"))
                    }
                    _ => String::new(),
                };
                self.run.set(&format!("task {name}"), line.trim());
                crate::programs::carried(self.run, &line)?;
            }
            "new-service" | "set-service" => {
                let name =
                    arguments.get(&["name"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                let line = arguments
                    .get(&["binarypathname"], 1)
                    .map(|it| self.text_of(it))
                    .unwrap_or_default();
                self.run.set(&format!("service {name}"), &line);
            }
            "set-mppreference" | "add-mppreference" => {
                for (parameter, value) in &arguments.named {
                    let value = match self.items_of(value).as_slice() {
                        [] => String::new(),
                        items => {
                            items.iter().map(|it| self.text_of(it)).collect::<Vec<_>>().join(", ")
                        }
                    };
                    if !matches!(&**parameter, "force" | "erroraction" | "ea") {
                        self.run.set(&format!("Defender {parameter}"), &value);
                    }
                }
            }
            "set-executionpolicy" => {
                let policy = arguments
                    .get(&["executionpolicy"], 0)
                    .map(|it| self.text_of(it))
                    .unwrap_or_default();
                self.run.set("execution policy", &policy);
            }
            "new-localuser" => {
                let name =
                    arguments.get(&["name"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                self.run.set("user", &name);
            }
            "new-netfirewallrule" => {
                let name = arguments
                    .named(&["displayname", "name"])
                    .map(|it| self.text_of(it))
                    .unwrap_or_default();
                self.run.set("firewall", &name);
            }
            "stop-process" | "stop-service" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

//! Windows Management Instrumentation and the scheduler of tasks: programs that others start.

use super::bag::{Bag, search};
use super::collections::List;
use super::{Com, Host, ObjectId, Value, command_line, text_at};

/// `winmgmts:`, and the locator that leads there.
pub(super) struct Management;

impl Com for Management {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        (name == "security_").then_some(Value::Unknown)
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let first = text_at(host, arguments, 0);
        match name {
            "connectserver" => host.add(Self),
            "get" => host.add(Class { name: first.to_ascii_lowercase() }),
            "execquery" | "instancesof" | "execnotificationquery" => {
                // Something is there, of which nothing is known.
                host.recorder.remark(super::bytes_of(&first));
                if let Some(address) = pinged(&first) {
                    host.recorder.connect(address, None);
                }
                host.add(List::new(vec![Value::Unknown]))
            }
            "execmethod" => {
                if let Some(Value::Object(parameters)) = arguments.get(2) {
                    by_method(host, &first.to_ascii_lowercase(), *parameters);
                }
                host.add(Bag::default())
            }
            _ => Value::Unknown,
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// What a method of a class does with parameters in a bag.
fn by_method(host: &mut Host, class: &str, parameters: ObjectId) {
    if class == "stdregprov" {
        let mut of = |name: &str| search(host, parameters, name).unwrap_or_default();
        let what = format!("{}\\{}", of("ssubkeyname"), of("svaluename"));
        let value = of("svalue");
        host.recorder.set(&what, &value);
    } else if let Some(line) =
        search(host, parameters, "commandline").or_else(|| search(host, parameters, "command"))
    {
        host.start(&line);
    }
}

/// Whom a query has pinged: `... Win32_PingStatus where address = 'host'`.
fn pinged(query: &str) -> Option<&str> {
    let lower = query.to_ascii_lowercase();
    let at =
        lower.find("win32_pingstatus").and_then(|at| Some(at + lower[at..].find("address")?))?;
    query.get(at..)?.split(['\'', '"']).nth(1)
}

/// A class of it.
pub(super) struct Class {
    /// In lower case.
    pub(super) name: String,
}

impl Com for Class {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "create"
                if self.name.starts_with("win32_process")
                    || self.name.starts_with("win32_scheduledjob") =>
            {
                let line = text_at(host, arguments, 0);
                host.start(&line);
                Value::Number(0.0)
            }
            "create" if self.name == "win32_service" => {
                let (service, line) = (text_at(host, arguments, 0), text_at(host, arguments, 2));
                host.recorder.set(&format!("service {service}"), &line);
                Value::Number(0.0)
            }
            // A value of the registry: hive, key, name, value.
            _ if name.starts_with("set") && name.ends_with("value") => {
                let hive = match arguments.first().map(|it| it.number() as i64 as u32 & 0xff) {
                    Some(0) => "HKCR",
                    Some(2) => "HKLM",
                    Some(3) => "HKU",
                    _ => "HKCU",
                };
                let (key, value_name) = (text_at(host, arguments, 1), text_at(host, arguments, 2));
                let value = text_at(host, arguments, 3);
                host.recorder.set(&format!("{hive}\\{key}\\{value_name}"), &value);
                Value::Number(0.0)
            }
            "spawninstance_" | "methods_" | "inparameters" | "properties_" | "item" | "" => {
                host.add(Bag::of_class(&self.name))
            }
            "execmethod_" => {
                if let Some(Value::Object(parameters)) = arguments.get(1) {
                    by_method(host, &self.name, *parameters);
                }
                host.add(Bag::default())
            }
            _ => Value::Unknown,
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `Schedule.Service`, and its folders.
pub(super) struct Scheduler;

impl Com for Scheduler {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        (name == "connected").then_some(Value::Bool(true))
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "getfolder" | "createfolder" => host.add(Self),
            "newtask" => host.add(Bag::default()),
            "registertaskdefinition" => {
                let task = text_at(host, arguments, 0);
                if let Some(Value::Object(definition)) = arguments.get(1) {
                    let path = search(host, *definition, "path").unwrap_or_default();
                    let rest = search(host, *definition, "arguments").unwrap_or_default();
                    host.recorder.set(&task, &command_line(&path, &rest));
                }
                Value::Unknown
            }
            "registertask" => {
                let task = text_at(host, arguments, 0);
                let definition = text_at(host, arguments, 1);
                let line = task_line(&definition).unwrap_or(definition);
                host.recorder.set(&task, &line);
                Value::Unknown
            }
            _ => Value::Empty,
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// The command line in the definition of a task as XML.
pub(crate) fn task_line(definition: &str) -> Option<String> {
    let lower = definition.to_ascii_lowercase();
    let of = |tag: &str| {
        let start = lower.find(&format!("<{tag}>"))? + tag.len() + 2;
        let end = start + lower[start..].find("</")?;
        let text = definition.get(start..end)?.trim();
        let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        Some(plain.replace("&apos;", "'").replace("&amp;", "&"))
    };
    let command = of("command")?;
    Some(command_line(&command, &of("arguments").unwrap_or_default()))
}

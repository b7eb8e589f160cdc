//! Windows Management Instrumentation and the scheduler of tasks: programs that others start.

use super::bag::{Bag, search};
use super::collections::List;
use super::{Com, Host, Value, command_line, text_at};

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
                host.add(List::new(vec![Value::Unknown]))
            }
            "execmethod" => {
                if first.to_ascii_lowercase().starts_with("win32_process")
                    && let Some(Value::Object(parameters)) = arguments.get(2)
                    && let Some(line) = search(host, *parameters, "commandline")
                {
                    host.recorder.run(&line);
                }
                host.add(Bag::default())
            }
            _ => Value::Unknown,
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
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
            "create" if self.name.starts_with("win32_process") => {
                let line = text_at(host, arguments, 0);
                host.recorder.run(&line);
                Value::Number(0.0)
            }
            "spawninstance_" | "methods_" | "inparameters" | "properties_" | "item" | "" => {
                host.add(Bag::default())
            }
            "execmethod_" => {
                if let Some(Value::Object(parameters)) = arguments.get(1)
                    && let Some(line) = search(host, *parameters, "commandline")
                {
                    host.recorder.run(&line);
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
                host.recorder.set(&task, &definition);
                Value::Unknown
            }
            _ => Value::Empty,
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

//! `WScript`: what the host of scripts gives to each script.

use super::collections::List;
use super::{Com, Host, Value, bytes_of, number_at, text_at};

/// The folder of the script.
const FOLDER: &str = r"C:\Users\k.tanaka\Downloads\";

/// The host of scripts.
pub(super) struct WScript {
    script: &'static str,
}

impl WScript {
    /// For a script of that name.
    pub(super) fn new(script: &'static str) -> Self {
        Self { script }
    }
}

impl Com for WScript {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        Some(match name {
            "scriptfullname" => Value::Text(format!("{FOLDER}{}", self.script)),
            "scriptname" => Value::from(self.script),
            "name" => Value::from("Windows Script Host"),
            "fullname" => Value::from(r"C:\Windows\System32\wscript.exe"),
            "path" => Value::from(r"C:\Windows\System32"),
            "version" => Value::from("5.812"),
            "buildversion" | "timeout" => Value::Number(0.0),
            "interactive" => Value::Bool(true),
            "arguments" => host.add(List::new(Vec::new())),
            "stdout" | "stderr" | "stdin" => host.add(Console),
            "application" => return Some(host.wscript(self.script)),
            _ => return None,
        })
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "createobject" => {
                let progid = text_at(host, arguments, 0);
                host.create(&progid)
            }
            "getobject" => {
                let moniker = text_at(host, arguments, 0);
                if moniker.is_empty() {
                    let progid = text_at(host, arguments, 1);
                    return host.create(&progid);
                }
                host.get_object(&moniker)
            }
            "echo" => {
                let text = text_at(host, arguments, 0);
                host.recorder.say(&format!("{text}\r\n"));
                host.recorder.remark(bytes_of(&text));
                Value::Empty
            }
            "sleep" => {
                host.sleep(number_at(arguments, 0, 0.0));
                Value::Empty
            }
            "quit" => {
                host.quit = true;
                Value::Empty
            }
            "connectobject" | "disconnectobject" => Value::Empty,
            "" => Value::from("Windows Script Host"),
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// Standard input and output: what is written is kept for whoever searches, nothing is to be read.
struct Console;

impl Com for Console {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "atendofstream" | "atendofline" => Some(Value::Bool(true)),
            "line" | "column" => Some(Value::Number(1.0)),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "write" | "writeline" => {
                let text = text_at(host, arguments, 0);
                host.recorder.say(&text);
                if name == "writeline" {
                    host.recorder.say("\r\n");
                }
                host.recorder.remark(bytes_of(&text));
                Value::Empty
            }
            "read" | "readline" | "readall" | "" => Value::from(""),
            _ => self.get(host, name).unwrap_or(Value::Empty),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

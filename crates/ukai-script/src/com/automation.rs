//! Programs that scripts steer by COM: Office, the management console, mail, sockets, databases.

use super::{Com, Host, Value, command_line, number_at, text_at};
use crate::report::Dialect;

/// Office, its documents and parts, and the management console: whatever is not known of them
/// leads to more of the same.
pub(super) struct Automation;

impl Com for Automation {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        match name {
            "version" => Some(Value::from("16.0")),
            "name" | "path" | "fullname" | "username" => Some(Value::from("")),
            "count" => Some(Value::Number(1.0)),
            "open"
            | "quit"
            | "close"
            | "save"
            | "ddeinitiate"
            | "executeexcel4macro"
            | "followhyperlink"
            | "executeshellcommand"
            | "addfromstring"
            | "run"
            | "add" => None,
            _ => Some(host.add(Self)),
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let first = text_at(host, arguments, 0);
        match name {
            "" => return Value::from(""),
            "open" | "opentext" | "openxml" | "followhyperlink" | "add" | "navigate"
                if first.contains("://") =>
            {
                host.fetch(&first);
            }
            "ddeinitiate" => {
                let topic = text_at(host, arguments, 1);
                host.start(&command_line(&first, &topic));
            }
            "executeshellcommand" => {
                let rest = text_at(host, arguments, 2);
                host.start(&command_line(&first, &rest));
            }
            "executeexcel4macro" => {
                if let Some(line) = exec_of(&first) {
                    host.start(&line);
                }
            }
            "addfromstring" => host.run_later(Dialect::VbScript, &first),
            "quit" | "close" | "save" | "saveas" => return Value::Empty,
            _ => {}
        }
        host.add(Self)
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// The command line in a macro of Excel 4: `EXEC("...")`.
fn exec_of(formula: &str) -> Option<String> {
    let at = formula.to_ascii_lowercase().find("exec(\"")? + 6;
    let rest = formula.get(at..)?;
    let end = rest.rfind('"')?;
    Some(rest[..end].replace("\"\"", "\""))
}

/// `CDO.Message`, its configuration and its fields.
pub(super) struct Mail;

impl Com for Mail {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        matches!(name, "configuration" | "fields").then(|| host.add(Self))
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "item" | "" if !arguments.is_empty() => {
                let field = text_at(host, arguments, 0);
                host.add(Field { name: field })
            }
            "fields" | "configuration" => host.add(Self),
            "send" => {
                let (server, port) = host.mail.clone();
                if !server.is_empty() {
                    host.recorder.connect(&server, Some(port.unwrap_or(25)));
                }
                Value::Empty
            }
            _ => Value::Empty,
        }
    }

    fn set(&mut self, host: &mut Host, name: &str, index: &[Value], value: Value) {
        let field = if index.is_empty() { name.to_owned() } else { text_at(host, index, 0) };
        set_field(host, &field, &value);
    }
}

/// One field, of which the value is set.
struct Field {
    name: String,
}

impl Com for Field {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, _: &mut Host, _: &str, _: &[Value]) -> Value {
        Value::Empty
    }

    fn set(&mut self, host: &mut Host, _: &str, _: &[Value], value: Value) {
        set_field(host, &self.name, &value);
    }
}

fn set_field(host: &mut Host, field: &str, value: &Value) {
    match field.to_ascii_lowercase().rsplit('/').next() {
        Some("smtpserver") => host.mail.0 = host.text(value),
        Some("smtpserverport") => {
            host.mail.1 = host.text(value).trim().parse().ok();
        }
        _ => {}
    }
}

/// `MSWinsock.Winsock`.
#[derive(Default)]
pub(super) struct Socket {
    host: String,
    port: Option<u16>,
}

impl Com for Socket {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "state" => Some(Value::Number(7.0)),
            "remotehost" => Some(Value::Text(self.host.clone())),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        if name == "connect" {
            if !arguments.is_empty() {
                self.host = text_at(host, arguments, 0);
                self.port = Some(number_at(arguments, 1, 0.0) as u16).filter(|it| *it > 0);
            }
            if !self.host.is_empty() {
                host.recorder.connect(&self.host, self.port);
            }
        }
        Value::Empty
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        match name {
            "remotehost" => self.host = host.text(&value),
            "remoteport" => self.port = host.text(&value).trim().parse().ok(),
            _ => {}
        }
    }
}

/// `ADODB.Connection`: a database on another machine.
pub(super) struct Connection;

impl Com for Connection {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        if name == "open" {
            let text = text_at(host, arguments, 0);
            let server = text.split(';').find_map(|part| {
                let (key, value) = part.split_once('=')?;
                let key = key.trim().to_ascii_lowercase();
                matches!(key.as_str(), "data source" | "server").then(|| value.trim())
            });
            let server = server.filter(|it| it.contains('.') && !it.contains(['\\', '/']));
            if let Some(server) = server {
                let (server, port) = server.split_once([',', ':']).unwrap_or((server, ""));
                host.recorder.connect(server, port.parse().ok());
            }
        }
        Value::Unknown
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `System.Net.WebClient`.
pub(super) struct WebClient;

impl Com for WebClient {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        matches!(name, "headers" | "proxy" | "encoding").then_some(Value::Unknown)
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let url = text_at(host, arguments, 0);
        if url.contains("://") {
            let answer = host.fetch(&url);
            if name.starts_with("downloadfile") {
                let path = text_at(host, arguments, 1);
                host.save(&path, answer);
                return Value::Empty;
            }
            if name.starts_with("downloadstring") {
                return Value::Text(super::latin1(&answer.bytes));
            }
            return Value::Bytes(answer);
        }
        Value::Empty
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

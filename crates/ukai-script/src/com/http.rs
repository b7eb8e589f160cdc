//! Objects that ask for URLs: `XMLHTTP`, `ServerXMLHTTP`, `WinHttpRequest`, Internet Explorer.

use super::{Com, Content, Host, Value, bytes_of, latin1, text_at};

/// One request.
#[derive(Default)]
pub(super) struct Http {
    url: String,
    sent: bool,
    answer: Content,
}

impl Com for Http {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        Some(match name {
            "status" => Value::Number(match (self.sent, self.answer.from) {
                (false, _) => 0.0,
                (true, Some(_)) => 200.0,
                (true, None) => 404.0,
            }),
            "statustext" => {
                Value::from(if self.answer.from.is_some() { "OK" } else { "Not Found" })
            }
            "readystate" => Value::Number(if self.sent { 4.0 } else { 1.0 }),
            "responsetext" => Value::Text(latin1(&self.answer.bytes)),
            "responsebody" | "responsestream" | "response" => Value::Bytes(self.answer.clone()),
            "responsexml" => Value::Unknown,
            "responseurl" => Value::Text(self.url.clone()),
            "timeout" => Value::Number(30_000.0),
            "option" => Value::from(""),
            _ => return None,
        })
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "open" => {
                self.url = text_at(host, arguments, 1);
                self.sent = false;
                Value::Empty
            }
            "send" => {
                let body = text_at(host, arguments, 0);
                if !body.is_empty() {
                    host.recorder.remark(bytes_of(&body));
                }
                self.answer = host.fetch(&self.url);
                self.sent = true;
                Value::Empty
            }
            "setrequestheader" => {
                let value = text_at(host, arguments, 1);
                if crate::recorder::is_beside(&text_at(host, arguments, 0)) {
                    host.recorder.beside(&value);
                } else {
                    host.recorder.remark(bytes_of(&value));
                }
                Value::Empty
            }
            "getresponseheader" => {
                let header = text_at(host, arguments, 0).to_ascii_lowercase();
                Value::from(match header.as_str() {
                    "content-length" => "245760",
                    "content-type" => "application/octet-stream",
                    _ => "",
                })
            }
            "getallresponseheaders" => Value::from("Content-Type: application/octet-stream\r\n"),
            "waitforresponse" => Value::Bool(true),
            "" => Value::from(""),
            _ => self.get(host, name).unwrap_or(Value::Empty),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `InternetExplorer.Application`.
#[derive(Default)]
pub(super) struct Browser {
    url: String,
}

impl Com for Browser {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        Some(match name {
            "busy" | "visible" => Value::Bool(false),
            "readystate" => Value::Number(4.0),
            "locationurl" => Value::Text(self.url.clone()),
            "document" => Value::Unknown,
            _ => return None,
        })
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "navigate" | "navigate2" => {
                self.url = text_at(host, arguments, 0);
                let url = self.url.clone();
                host.fetch(&url);
                Value::Empty
            }
            "" => Value::from("Internet Explorer"),
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

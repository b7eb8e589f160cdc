//! Objects of COM, as far as scripts of PowerShell load and start with them.

use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use crate::Dialect;

impl Interpreter<'_, '_> {
    /// `object.name(arguments)` of COM.
    pub(super) fn call_com(
        &mut self,
        id: usize,
        class: &str,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Value> {
        let text = |it: &Self, at: usize| {
            arguments.get(at).map(|value| it.text_of(value)).unwrap_or_default()
        };
        match name {
            "run" | "exec" => {
                let line = text(self, 0);
                self.run.start(&line)?;
            }
            "shellexecute" | "executeshellcommand" => {
                let line = if name == "shellexecute" {
                    format!("{} {}", text(self, 0), text(self, 1))
                } else {
                    format!("{} {}", text(self, 0), text(self, 2))
                };
                self.run.start(&line)?;
            }
            "regwrite" => {
                let (key, value) = (text(self, 0), text(self, 1));
                self.run.set(&key, &value);
            }
            "createshortcut" => {
                let mut object = Object::new("com:shortcut", State::None);
                object.entries.push((Value::text("path"), Value::text(text(self, 0))));
                return Ok(Value::Object(self.new_object(object)));
            }
            "save" if class == "com:shortcut" => {
                let entry = |it: &Self, name: &str| {
                    it.named_entry(id, name).map(|value| it.text_of(&value)).unwrap_or_default()
                };
                let what = format!("shortcut {}", entry(self, "path"));
                let line = format!("{} {}", entry(self, "targetpath"), entry(self, "arguments"));
                self.run.set(&what, line.trim());
                crate::programs::carried(self.run, &line)?;
            }
            "expandenvironmentstrings" => {
                return Ok(Value::text(crate::machine::expand(&text(self, 0))));
            }
            "executestatement" | "addcode" | "eval" if class.contains("scriptcontrol") => {
                let language = self
                    .named_entry(id, "language")
                    .map(|it| self.text_of(&it))
                    .unwrap_or_default();
                let dialect = if language.to_ascii_lowercase().starts_with('j') {
                    Dialect::JavaScript
                } else {
                    Dialect::VbScript
                };
                let script = text(self, 0);
                self.run.evaluate(dialect, &script)?;
            }
            "load" if is_dom(class) => {
                let url = text(self, 0);
                if url.contains("://") {
                    self.run.fetch(&url, None);
                    return Ok(Value::Unknown(Some(url.into())));
                }
            }
            "createelement" | "documentelement" if is_dom(class) => {
                let element = Object::new("com:element", State::None);
                return Ok(Value::Object(self.new_object(element)));
            }
            "regread" => {
                let key = text(self, 0);
                return Ok(self.run.setting(&key).map_or(Value::Unknown(None), Value::text));
            }
            "namespace" | "windows" | "item" if class.starts_with("com:shell") => {
                return Ok(Value::Object(id));
            }
            "copyhere" | "movehere" => {
                let path = text(self, 0);
                if path.contains("://") {
                    self.run.fetch(&path, None);
                }
            }
            "open" if is_xml_http(class) => {
                let url = text(self, 1);
                self.set_entry(id, Value::text("url"), Value::text(url));
            }
            "send" if is_xml_http(class) => {
                let url =
                    self.named_entry(id, "url").map(|it| self.text_of(&it)).unwrap_or_default();
                self.run.fetch(&url, None);
            }
            "navigate" | "navigate2" => {
                let url = text(self, 0);
                self.run.fetch(&url, None);
            }
            "write" | "writetext" if class == "com:adodb.stream" => {
                let value = arguments.first().cloned().unwrap_or(Value::Null);
                self.set_entry(id, Value::text("content"), value);
            }
            "savetofile" => {
                let content = self.named_entry(id, "content").unwrap_or(Value::Unknown(None));
                let path = text(self, 0);
                self.save(&path, &content, false)?;
            }
            "open" if class == "com:shell.application" => {
                let line = text(self, 0);
                self.run.start(&line)?;
            }
            _ => return self.call_unknown(name, arguments),
        }
        Ok(Value::Unknown(None))
    }

    /// A method of something that is not known: names that say what they do are believed.
    pub(super) fn call_unknown(&mut self, name: &str, arguments: &[Value]) -> Eval<Value> {
        let text = |it: &Self, at: usize| {
            arguments.get(at).map(|value| it.text_of(value)).unwrap_or_default()
        };
        let first = text(self, 0);
        match name {
            "downloadstring"
            | "downloadfile"
            | "downloaddata"
            | "downloadstringasync"
            | "downloadfileasync"
            | "downloadstringtaskasync"
            | "getstringasync"
            | "getbytearrayasync"
            | "uploadstring"
                if first.contains("://") =>
            {
                let to = name.starts_with("downloadfile").then(|| text(self, 1));
                self.run.fetch(&first, to.as_deref());
                return Ok(Value::Unknown(Some(first.into())));
            }
            // Documents and pages that a program opens.
            "open" | "opentext" | "navigate" | "navigate2" | "load" | "followhyperlink"
                if first.contains("://") =>
            {
                self.run.fetch(&first, None);
                return Ok(Value::Unknown(Some(first.into())));
            }
            // A function of Windows that the script declares.
            _ if name.starts_with("urldownloadto") => {
                let (url, to) = (text(self, 1), text(self, 2));
                self.run.fetch(&url, Some(&to));
            }
            "shellexecute" if !first.is_empty() => {
                let line = format!("{first} {}", text(self, 1));
                self.run.start(&line)?;
            }
            "executeshellcommand" => {
                let line = format!("{first} {}", text(self, 2));
                self.run.start(&line)?;
            }
            _ => self.remark_all(arguments),
        }
        Ok(Value::Unknown(None))
    }

    /// A member that is worked out when it is asked for.
    pub(super) fn com_member(&mut self, id: usize, class: &str, name: &str) -> Option<Value> {
        if class == "com:element" && matches!(name, "nodetypedvalue" | "text") {
            let text = self.named_entry(id, "text")?;
            let kind = self.named_entry(id, "datatype").map(|it| self.text_of(&it));
            let text = self.text_of(&text);
            return Some(match kind.unwrap_or_default().to_ascii_lowercase().as_str() {
                "bin.base64" => {
                    use base64::Engine as _;
                    let bare: String = text.split_ascii_whitespace().collect();
                    Value::bytes(crate::command_line::BASE64.decode(bare).ok()?)
                }
                "bin.hex" => Value::bytes(crate::com::decode_hex(&text)),
                _ => Value::text(text),
            });
        }
        (is_dom(class) && name == "documentelement")
            .then(|| Value::Object(self.new_object(Object::new("com:element", State::None))))
    }
}

pub(super) fn is_xml_http(class: &str) -> bool {
    class.contains("xmlhttp") || class.contains("winhttp")
}

fn is_dom(class: &str) -> bool {
    class.contains("xmldom") || class.contains("domdocument")
}

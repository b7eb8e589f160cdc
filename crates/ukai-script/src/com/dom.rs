//! `MSXML2.DOMDocument`, as it is used: for base64 and hexadecimal, and to load a URL.

use super::encodings::{decode_base64, decode_hex, encode_base64, encode_hex};
use super::{Com, Content, Host, Value, latin1, text_at};
use crate::report::Dialect;

/// How an element holds bytes.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Base64,
    Hex,
}

/// A document.
#[derive(Default)]
pub(super) struct Document {
    root: Option<Value>,
    loaded: String,
}

impl Document {
    fn parse(&mut self, host: &mut Host, text: &str) {
        let lower = text.to_ascii_lowercase();
        let kind = if lower.contains("bin.base64") {
            Kind::Base64
        } else if lower.contains("bin.hex") {
            Kind::Hex
        } else {
            Kind::Text
        };
        self.root = Some(host.add(Element { kind, text: without_tags(text), bytes: None }));
        text.clone_into(&mut self.loaded);
    }
}

impl Com for Document {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "documentelement" | "firstchild" => Some(self.root.clone().unwrap_or(Value::Unknown)),
            "text" | "xml" => Some(Value::Text(self.loaded.clone())),
            "readystate" => Some(Value::Number(4.0)),
            "parseerror" => Some(Value::Unknown),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "createelement" | "createnode" => {
                let element =
                    host.add(Element { kind: Kind::Text, text: String::new(), bytes: None });
                self.root.get_or_insert_with(|| element.clone());
                element
            }
            "load" => {
                let source = text_at(host, arguments, 0);
                if source.contains("://") {
                    let answer = host.fetch(&source);
                    self.loaded = latin1(&answer.bytes);
                    self.root = None;
                } else if let Some(content) = host.file(&source).cloned() {
                    self.parse(host, &latin1(&content.bytes));
                }
                Value::Bool(true)
            }
            "loadxml" => {
                let text = text_at(host, arguments, 0);
                if host.charge_bytes(text.len()) {
                    self.parse(host, &text);
                }
                Value::Bool(true)
            }
            "selectsinglenode" | "getelementbyid" => self.root.clone().unwrap_or(Value::Unknown),
            "transformnode" | "transformnodetoobject" => {
                for (dialect, code) in scripts(&self.loaded) {
                    host.run_later(dialect, &code);
                }
                Value::from("")
            }
            "" => Value::from(""),
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// Scripts that one text carries.
const SCRIPTS_MAX: usize = 64;

/// The scripts in markup, of a page or of a style sheet (`<msxsl:script>`), each in its language.
pub(super) fn scripts(markup: &str) -> Vec<(Dialect, String)> {
    let lower = markup.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = lower[at..].find("script") {
        let start = at + start;
        at = start + 6;
        // `<script`, or `<ms:script`.
        let open = lower[..start].rfind('<').map(|open| &lower[open + 1..start]);
        let is_tag = open.is_some_and(|it| {
            it.is_empty()
                || it.ends_with(':')
                    && it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b':')
        }) && lower[at..].starts_with(|c: char| c.is_whitespace() || c == '>');
        if !is_tag {
            continue;
        }
        let Some(end) = lower[at..].find('>').map(|end| at + end) else { break };
        let attributes = &lower[at..end];
        let rest = &lower[end + 1..];
        let length = rest.find("</").unwrap_or(rest.len());
        // A sign less in the script is no end of it.
        let length = (0..8).try_fold(length, |length, _| {
            let tail = &rest[length..];
            let is_end = tail.is_empty() || tail[..tail.len().min(24)].contains("script");
            if is_end {
                Err(length)
            } else {
                Ok(length + 2 + tail[2..].find("</").unwrap_or(tail.len() - 2))
            }
        });
        let length = length.unwrap_or_else(|length| length);
        let code = markup.get(end + 1..end + 1 + length).unwrap_or_default().trim();
        let code = code.strip_prefix("<![CDATA[").unwrap_or(code);
        let code = code.strip_suffix("]]>").unwrap_or(code);
        at = end + 1 + length;
        if !code.trim().is_empty() && found.len() < SCRIPTS_MAX {
            found.push((super::script_control::dialect(attributes), code.to_owned()));
        }
    }
    found
}

/// What stands between the tags.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    out
}

/// The document of the page in which a script stands.
pub(super) struct PageDocument;

impl Com for PageDocument {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        matches!(name, "body" | "documentelement" | "parentwindow").then_some(Value::Unknown)
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let text = text_at(host, arguments, 0);
        match name {
            "getelementbyid" | "all" | "" => match host.element(&text).map(str::to_owned) {
                Some(text) => host.add(PageElement { text }),
                None => Value::Unknown,
            },
            "write" | "writeln" => {
                for (dialect, code) in scripts(&text) {
                    host.run_later(dialect, &code);
                }
                Value::Empty
            }
            _ => Value::Unknown,
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// An element of it.
struct PageElement {
    text: String,
}

impl Com for PageElement {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        matches!(name, "innertext" | "innerhtml" | "textcontent" | "value" | "text" | "content")
            .then(|| Value::Text(self.text.clone()))
    }

    fn call(&mut self, host: &mut Host, name: &str, _: &[Value]) -> Value {
        self.get(host, name).unwrap_or(Value::Unknown)
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// An element: text that may stand for bytes.
struct Element {
    kind: Kind,
    text: String,
    bytes: Option<Content>,
}

impl Element {
    fn typed(&self) -> Value {
        match (self.kind, &self.bytes) {
            (_, Some(content)) => Value::Bytes(content.clone()),
            (Kind::Base64, None) => Value::Bytes(decode_base64(&self.text).into()),
            (Kind::Hex, None) => Value::Bytes(decode_hex(&self.text).into()),
            (Kind::Text, None) => Value::Text(self.text.clone()),
        }
    }

    fn text(&self) -> Value {
        Value::Text(match (self.kind, &self.bytes) {
            (Kind::Base64, Some(content)) => encode_base64(&content.bytes),
            (Kind::Hex, Some(content)) => encode_hex(&content.bytes),
            (Kind::Text, Some(content)) => latin1(&content.bytes),
            (_, None) => self.text.clone(),
        })
    }
}

impl Com for Element {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        if !host.charge_bytes(self.text.len()) {
            return None;
        }
        match name {
            "nodetypedvalue" => Some(self.typed()),
            "text" | "nodevalue" | "xml" => Some(self.text()),
            "childnodes" | "attributes" => Some(Value::Unknown),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, _: &[Value]) -> Value {
        if name.is_empty() { self.typed() } else { self.get(host, name).unwrap_or(Value::Unknown) }
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        match name {
            "datatype" => {
                self.kind = match host.text(&value).to_ascii_lowercase().as_str() {
                    "bin.base64" => Kind::Base64,
                    "bin.hex" => Kind::Hex,
                    _ => Kind::Text,
                }
            }
            "text" | "nodevalue" => {
                self.text = host.text(&value);
                self.bytes = None;
            }
            "nodetypedvalue" => self.bytes = Some(host.content(&value)),
            _ => {}
        }
    }
}

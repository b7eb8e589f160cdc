//! Facts: what rules are held against. One fact is a kind with a few texts and numbers, made
//! of a record of the trace, of an event, or of what the report concluded.

use crate::limits::{FACTS_PER_KIND_MAX, FIELD_BYTES_MAX};
use std::collections::BTreeMap;
use ukai_model::Proof;

/// Kinds of facts with the fields that they have. Rules that name others are refused.
pub(crate) const KINDS: &[(&str, &[&str])] = &[
    ("execute", &["path", "command", "deleted"]),
    ("name", &["name", "program"]),
    ("open", &["path", "writes"]),
    ("create", &["path"]),
    ("write", &["path", "size"]),
    ("rename", &["path", "to"]),
    ("delete", &["path", "own"]),
    ("link", &["path", "to"]),
    ("mode", &["path", "mode", "executable"]),
    ("socket", &["family", "type", "protocol"]),
    ("listen", &["address", "port"]),
    ("connect", &["address", "port", "protocol"]),
    ("kill", &["signal", "own", "name"]),
    ("trace", &["request", "self"]),
    ("mount", &["source", "target", "type"]),
    ("module", &["name"]),
    ("reboot", &["command"]),
    ("clock", &[]),
    ("registry", &["key", "name", "data", "deleted"]),
    ("log", &["channel", "provider", "id", "text"]),
    ("sleep", &["seconds"]),
    ("output", &["text"]),
    ("fork", &["thread"]),
    ("dns", &["name", "record", "code", "via"]),
    ("http", &["method", "url", "agent", "head", "body"]),
    ("chat", &["protocol", "target", "text", "sent"]),
    ("login", &["protocol", "user", "password", "port"]),
    ("payload", &["text", "protocol", "port"]),
    ("request", &["protocol", "request", "detail"]),
    ("tls", &["name", "ja4", "port"]),
    ("conversation", &["id", "port"]),
    ("command", &["line"]),
    ("mail", &["from", "subject", "recipients"]),
    ("traffic", &["traffic", "of", "port", "targets", "rate", "forged"]),
    ("generated-names", &["names"]),
    ("contact", &["class", "name", "port", "protocol", "transport", "jitter", "rhythm"]),
    ("finding", &["kind", "how", "detail"]),
];

/// One fact.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) kind: &'static str,
    pub(crate) fields: Vec<(&'static str, Value)>,
    pub(crate) proof: Proof,
}

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Text(Vec<u8>),
    Number(u64),
}

impl Fact {
    pub(crate) fn new(kind: &'static str, proof: Proof) -> Self {
        Self { kind, fields: Vec::new(), proof }
    }

    pub(crate) fn text(mut self, name: &'static str, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        let text = text[..text.len().min(FIELD_BYTES_MAX)].to_vec();
        self.fields.push((name, Value::Text(text)));
        self
    }

    pub(crate) fn number(mut self, name: &'static str, number: impl Into<u64>) -> Self {
        self.fields.push((name, Value::Number(number.into())));
        self
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// What a reader sees of it: its texts, the first decisive.
    pub(crate) fn detail(&self) -> Vec<u8> {
        let mut out = self.kind.as_bytes().to_vec();
        for (name, value) in &self.fields {
            match value {
                Value::Text(text) if !text.is_empty() => {
                    out.push(b' ');
                    out.extend_from_slice(text);
                }
                Value::Number(number)
                    if matches!(*name, "port" | "targets" | "rate" | "seconds") =>
                {
                    out.extend_from_slice(format!(" {name} {number}").as_bytes());
                }
                _ => {}
            }
            if out.len() > 200 {
                break;
            }
        }
        out
    }
}

/// The facts of a run by kind, bounded.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    by_kind: BTreeMap<&'static str, Vec<Fact>>,
    pub(crate) left_out: u64,
}

impl Facts {
    pub(crate) fn add(&mut self, fact: Fact) {
        let list = self.by_kind.entry(fact.kind).or_default();
        if list.len() < FACTS_PER_KIND_MAX {
            list.push(fact);
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn of(&self, kind: &str) -> &[Fact] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }
}

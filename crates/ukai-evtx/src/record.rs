//! A record: what Windows itself says of it, and its data.

use crate::binxml::Element;
use crate::limits::{PAIRS_MAX, PATH_BYTES_MAX};
use crate::log::Head;

/// A record of a log. All of it is what the log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its number within the log.
    pub id: u64,
    /// When it was written, in 100 ns since 1601 ([`crate::unix_ns`]).
    pub written: u64,
    /// The log that it was written to: `Security`, `Microsoft-Windows-Sysmon/Operational` ...
    pub channel: String,
    /// Who wrote it.
    pub provider: String,
    /// What it says, by the provider's numbers.
    pub event_id: u32,
    /// 1 critical, 2 error, 3 warning, 4 information, 5 details; 0 always.
    pub level: u32,
    /// On which computer.
    pub computer: String,
    /// The security identifier of the user for whom it was written.
    pub user: Option<String>,
    /// The process that wrote it.
    pub process_id: u32,
    /// Its data in order: names and texts. Data of older programs have empty names; of data in
    /// an XML of its own, a name is its path (`Operation/PossibleCause`, `Item@id`).
    pub data: Vec<(String, String)>,
    /// Something of it had no room ([`crate::limits`]).
    pub cut: bool,
}

impl Record {
    pub(crate) fn new(head: &Head, event: &Element, cut: bool) -> Self {
        let Head { id, written, .. } = *head;
        let mut record = Self { id, written, cut, ..Self::default() };
        for part in &event.children {
            match part.name.as_str() {
                "System" => record.system(part),
                "EventData" => record.event_data(part),
                // Words for a reader, in the language of the system that wrote them.
                "RenderingInfo" => {}
                // In the element that is named after the event, or directly.
                _ => part.children.iter().for_each(|inner| {
                    let path = if inner.children.is_empty() { &inner.name } else { "" };
                    record.own_data(inner, path);
                }),
            }
        }
        record
    }

    /// A pair's text. Where a name is there twice, the first.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.data.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str())
    }

    fn system(&mut self, system: &Element) {
        for part in &system.children {
            let text = part.text.trim();
            match part.name.as_str() {
                "Provider" => {
                    let name = part.attribute("Name").filter(|name| !name.is_empty());
                    let name = name.or_else(|| part.attribute("EventSourceName"));
                    name.unwrap_or_default().clone_into(&mut self.provider);
                }
                "EventID" => self.event_id = text.parse().unwrap_or_default(),
                "Level" => self.level = text.parse().unwrap_or_default(),
                "Channel" => text.clone_into(&mut self.channel),
                "Computer" => text.clone_into(&mut self.computer),
                "Security" => self.user = part.attribute("UserID").map(str::to_owned),
                "Execution" => {
                    let number = part.attribute("ProcessID").and_then(|text| text.parse().ok());
                    self.process_id = number.unwrap_or_default();
                }
                _ => {}
            }
        }
    }

    fn event_data(&mut self, data: &Element) {
        for part in &data.children {
            if part.name == "Data" && part.children.is_empty() {
                let name = part.attribute("Name").unwrap_or_default().to_owned();
                self.push(name, part.text.clone());
            } else {
                self.own_data(part, &part.name);
            }
        }
        // Some programs write their text without any element.
        if !data.text.trim().is_empty() {
            self.push(String::new(), data.text.clone());
        }
    }

    /// An XML of the program's own: what has a text or an attribute, by its path.
    fn own_data(&mut self, element: &Element, path: &str) {
        for (name, text) in &element.attributes {
            if name != "xmlns" && !name.starts_with("xmlns:") {
                self.push(format!("{path}@{name}"), text.clone());
            }
        }
        let is_empty = element.text.trim().is_empty();
        if !is_empty || element.children.is_empty() && element.attributes.is_empty() {
            self.push(path.to_owned(), element.text.clone());
        }
        for inner in &element.children {
            // A path that says more than this says nothing.
            if path.is_empty() || path.len() > PATH_BYTES_MAX {
                self.own_data(inner, &inner.name);
            } else {
                self.own_data(inner, &format!("{path}/{}", inner.name));
            }
        }
    }

    fn push(&mut self, name: String, text: String) {
        if self.data.len() >= PAIRS_MAX {
            self.cut = true;
        } else {
            self.data.push((name, text));
        }
    }
}

impl Element {
    /// An attribute's text.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str())
    }
}

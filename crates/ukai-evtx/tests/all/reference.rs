//! What `evtxexport` reads in a log.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use ukai_evtx::Element;

/// Its records by their numbers, recovered ones included.
pub(super) fn exported(log: &Path) -> BTreeMap<u64, Element> {
    let output = Command::new("evtxexport").args(["-f", "xml", "-m", "all"]).arg(log).output();
    let output = output.expect("evtxexport of libevtx-utils runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found = BTreeMap::new();
    let mut rest = &text[..];
    while let Some(start) = rest.find("<Event ") {
        rest = &rest[start..];
        // What is in it is indented.
        const END: &str = "\n</Event>";
        let Some(end) = rest.find(END) else { break };
        let (event, after) = rest.split_at(end + END.len());
        rest = after;
        // It leaves a record that it cannot write in the middle.
        let event = event.rfind("\n<Event ").map_or(event, |start| &event[start + 1..]);
        let event = element(&mut &event[..]);
        found.insert(number(&event), event);
    }
    found
}

/// A record's number by its own word: of records that were copied into another log, that in the first.
pub(super) fn number(event: &Element) -> u64 {
    let system = event.children.iter().find(|part| part.name == "System");
    let ids = system.into_iter().flat_map(|system| &system.children);
    let id = ids.filter(|part| part.name == "EventRecordID").find_map(|id| id.text.parse().ok());
    id.expect("a number")
}

/// An element of the plain XML that the tool writes.
fn element(from: &mut &str) -> Element {
    *from = from.strip_prefix('<').unwrap_or_else(|| panic!("an element: {from:.200}"));
    let mut found =
        Element { name: until(from, &[' ', '>', '/']).to_owned(), ..Element::default() };
    loop {
        *from = from.trim_start();
        if let Some(rest) = from.strip_prefix("/>") {
            *from = rest;
            return found;
        }
        if let Some(rest) = from.strip_prefix('>') {
            *from = rest;
            break;
        }
        let name = until(from, &['=']).to_owned();
        *from = from.strip_prefix("=\"").expect("a value");
        let text = plain(until(from, &['"']));
        *from = &from[1..];
        if !text.is_empty() {
            found.attributes.push((name, text));
        }
    }
    // It writes the text of these as it is, XML included.
    if found.name == "Data" {
        let (text, rest) = from.split_once("</Data>").expect("an end");
        found.text = plain(text);
        *from = rest;
        return found;
    }
    loop {
        let text = plain(until(from, &['<']));
        found.text.push_str(&text);
        if let Some(rest) = from.strip_prefix("</") {
            *from = rest;
            until(from, &['>']);
            *from = &from[1..];
            break;
        }
        if let Some(rest) = from.strip_prefix("<![CDATA[") {
            let (text, rest) = rest.split_once("]]>").expect("an end");
            found.text.push_str(text);
            *from = rest;
        } else if let Some(rest) = from.strip_prefix("<?") {
            *from = rest.split_once("?>").expect("an end").1;
        } else {
            found.children.push(element(from));
        }
    }
    // It breaks lines between elements.
    if !found.children.is_empty() && found.text.trim().is_empty() {
        found.text.clear();
    }
    found
}

fn until<'a>(from: &mut &'a str, ends: &[char]) -> &'a str {
    let (text, rest) = from.split_at(from.find(ends).unwrap_or(from.len()));
    *from = rest;
    text
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&amp;", "&")
}

/// What both write in their own ways, written in one.
pub(super) fn alike(mut of: Element) -> Element {
    let attributes = of.attributes.into_iter().filter(|(_, text)| !text.is_empty());
    of.attributes = attributes.map(|(name, text)| (name, written_alike(&text))).collect();
    of.text = written_alike(&of.text);
    of.children = of.children.into_iter().map(alike).collect();
    of
}

/// Hexadecimal numbers as decimal ones, GUIDs in capitals, line ends of one kind.
fn written_alike(text: &str) -> String {
    let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
    let number = text.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    if let Some(number) = number {
        return number.to_string();
    }
    if text.len() == 38 && text.starts_with('{') { text.to_uppercase() } else { text }
}

//! How documents fetch and start things without a macro: templates from elsewhere (MITRE
//! ATT&CK T1221), dynamic data exchange (T1559.002), and objects that are only linked.

use super::Unpacking;
use super::markup::tags;
use memchr::{memchr, memmem};
use ukai_model::ArtefactKind;

/// Fields of one document that are looked at, and the length of one, in bytes.
const FIELDS_MAX: usize = 500;
const FIELD_BYTES_MAX: usize = 8192;

/// Kinds of relations whose target is loaded without a click, by the end of their type.
const LOADED: &[(&str, &str)] = &[
    ("/attachedTemplate", "remote template"),
    ("/oleObject", "linked object"),
    ("/frame", "frame from elsewhere"),
    ("/subDocument", "part from elsewhere"),
    ("/externalLinkPath", "linked book"),
    ("/image", "picture from elsewhere"),
];

/// A part of an OOXML document: relations (ECMA-376, part 2, 9.3), fields, links.
pub(super) fn part(xml: &[u8], unpacking: &mut Unpacking<'_>) {
    let has = |mark: &[u8]| memmem::find(xml, mark).is_some();
    if has(b"<Relationship") {
        relations(xml, unpacking);
    }
    if has(b"ddeLink") {
        for tag in tags(xml).filter(|tag| tag.name == b"ddeLink" && !tag.closes).take(FIELDS_MAX) {
            let (server, topic) = (tag.attribute("ddeService"), tag.attribute("ddeTopic"));
            exchange(&server.unwrap_or_default(), &topic.unwrap_or_default(), unpacking);
        }
    }
    if has(b"instr") {
        for text in fields(xml) {
            field(&text, unpacking);
        }
    }
}

fn relations(xml: &[u8], unpacking: &mut Unpacking<'_>) {
    for tag in tags(xml).filter(|tag| tag.name == b"Relationship").take(FIELDS_MAX) {
        let is_external = tag.attribute("TargetMode").is_some_and(|it| it == "External");
        let (Some(kind), Some(target)) = (tag.attribute("Type"), tag.attribute("Target")) else {
            continue;
        };
        let loaded = LOADED.iter().find(|(end, _)| kind.ends_with(end));
        // A template's own path on its maker's disk is no attack.
        let lower = target.to_ascii_lowercase();
        let is_local = lower.starts_with("file:///") && !lower.starts_with("file:////");
        if let Some((_, words)) = loaded.filter(|_| is_external && !is_local) {
            let confidence = if *words == "picture from elsewhere" { 50 } else { 90 };
            let told = format!("{words}: {target}");
            unpacking.tell(ArtefactKind::Technique, told.as_bytes(), 0, confidence);
        }
    }
}

/// Instructions of fields (ECMA-376, part 1, 17.16), put together of the runs they lie in.
fn fields(xml: &[u8]) -> Vec<String> {
    let mut fields = Vec::new();
    let mut text = String::new();
    for tag in tags(xml) {
        match tag.name {
            b"instrText" if !tag.closes && text.len() < FIELD_BYTES_MAX => {
                text.push_str(&tag.text());
            }
            b"fldSimple" if !tag.closes => fields.extend(tag.attribute("instr")),
            b"fldChar" if tag.attribute("fldCharType").is_some_and(|it| it != "begin") => {
                fields.push(std::mem::take(&mut text));
            }
            _ => {}
        }
        if fields.len() >= FIELDS_MAX {
            break;
        }
    }
    fields.push(text);
    fields
}

/// What a field says: `DDEAUTO server topic`, or characters by their numbers.
pub(super) fn field(text: &str, unpacking: &mut Unpacking<'_>) {
    let trimmed = text.trim_start();
    let upper: String = trimmed.chars().take(16).collect::<String>().to_ascii_uppercase();
    if upper.starts_with("QUOTE ") {
        let codes = trimmed.split_whitespace().skip(1).map_while(|word| word.parse::<u32>().ok());
        let letters: String = codes.filter_map(char::from_u32).collect();
        if letters.len() >= 4 {
            unpacking.add("field", None, letters.into_bytes());
        }
        return;
    }
    if upper.starts_with("INCLUDEPICTURE") || upper.starts_with("INCLUDETEXT") {
        let target = trimmed.split('"').nth(1).unwrap_or_default();
        if target.contains("://") || target.starts_with("\\\\") {
            let told = format!("field loads {target}");
            unpacking.tell(ArtefactKind::Technique, told.as_bytes(), 0, 80);
        }
        return;
    }
    let rest = if upper.starts_with("DDEAUTO") {
        trimmed.get(7..)
    } else if upper.starts_with("DDE ") || upper.starts_with("DDE\"") {
        trimmed.get(3..)
    } else {
        None
    };
    let Some(rest) = rest.map(str::trim_start) else { return };
    let (server, topic) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
    };
    let plain = |text: &str| text.trim().trim_matches('"').replace("\\\\", "\\");
    exchange(&plain(server), &plain(topic), unpacking);
}

/// Tells of dynamic data exchange and hands the command on.
fn exchange(server: &str, topic: &str, unpacking: &mut Unpacking<'_>) {
    if server.is_empty() {
        return;
    }
    let line = format!("{server} {topic}");
    unpacking.tell(ArtefactKind::Command, line.as_bytes(), 0, 85);
    let told = format!("DDE: asks {server} for {topic}");
    unpacking.tell(ArtefactKind::Technique, told.as_bytes(), 0, 90);
    unpacking.add("dde", None, line.into_bytes());
}

/// Fields in a Word document's stream (MS-DOC 2.8.25): between the characters 19 and 20 or
/// 21, of one byte or two.
pub(super) fn word_fields(stream: &[u8], unpacking: &mut Unpacking<'_>) {
    for at in memchr::memchr_iter(0x13, stream).take(FIELDS_MAX * 4) {
        let rest = &stream[at + 1..stream.len().min(at + FIELD_BYTES_MAX)];
        let is_wide = rest.first() == Some(&0);
        let letters: Vec<u8> =
            if is_wide { rest.iter().skip(1).step_by(2).copied().collect() } else { rest.to_vec() };
        let Some(end) = letters.iter().position(|byte| matches!(byte, 0x14 | 0x15)) else {
            continue;
        };
        let text = &letters[..end];
        if text.iter().all(|byte| *byte >= 0x20 || matches!(byte, 9 | 10 | 13)) {
            field(&String::from_utf8_lossy(text), unpacking);
        }
    }
}

/// Templates and fields in RTF (RTF 1.9.1): the first group behind the word.
pub(super) fn rtf(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    for at in memmem::find_iter(bytes, b"\\template").take(FIELDS_MAX) {
        let target = rtf_text(&bytes[at + 9..]);
        let target = target.trim();
        if target.contains("://") || target.starts_with("\\\\") {
            let told = format!("remote template: {target}");
            unpacking.tell(ArtefactKind::Technique, told.as_bytes(), at, 95);
            unpacking.add("rtf template", None, target.as_bytes().to_vec());
        }
    }
    for at in memmem::find_iter(bytes, b"\\fldinst").take(FIELDS_MAX) {
        field(&rtf_text(&bytes[at + 8..]), unpacking);
    }
}

/// The text of the group that goes on in `bytes`, without control words and with escaped
/// characters decoded.
fn rtf_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut depth, mut at) = (0usize, 0);
    while let Some(byte) = bytes.get(at)
        && text.len() < FIELD_BYTES_MAX
        && at < 8 * FIELD_BYTES_MAX
    {
        at += 1;
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => break,
            b'}' => depth -= 1,
            b'\r' | b'\n' => {}
            b'\\' => {
                let rest = &bytes[at..];
                match rest.first() {
                    Some(b'\'') => {
                        let digits = rest.get(1..3).and_then(|it| std::str::from_utf8(it).ok());
                        let code = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
                        text.extend(code.map(char::from));
                        at += 3;
                    }
                    Some(symbol @ (b'\\' | b'{' | b'}')) => {
                        text.push(char::from(*symbol));
                        at += 1;
                    }
                    _ => {
                        let word = rest.iter().take_while(|it| it.is_ascii_alphabetic()).count();
                        let digits = rest[word..].iter().take(8);
                        let digits = digits.take_while(|it| it.is_ascii_digit() || **it == b'-');
                        let number = &rest[word..word + digits.count()];
                        at += (word + number.len()).max(1);
                        at += usize::from(bytes.get(at) == Some(&b' '));
                        if &rest[..word] == b"u" {
                            let code = std::str::from_utf8(number).ok();
                            let code = code.and_then(|it| it.parse::<i32>().ok());
                            let code = code.map(|it| (it & 0xffff) as u32);
                            text.extend(code.and_then(char::from_u32));
                            // One character for readers that know no Unicode.
                            at += match bytes.get(at..) {
                                Some([b'\\', b'\'', ..]) => 4,
                                Some([b'?', ..]) => 1,
                                _ => 0,
                            };
                        }
                    }
                }
            }
            byte => text.push(char::from(*byte)),
        }
    }
    text
}

/// Dynamic data exchange in the cells of texts that spreadsheets open: `=cmd|'/c calc'!A0`.
pub(super) fn cells(text: &[u8], unpacking: &mut Unpacking<'_>) {
    for at in memmem::find_iter(text, b"|'").take(FIELDS_MAX) {
        let before = &text[at.saturating_sub(64)..at];
        let word = before.iter().rev().take_while(|it| it.is_ascii_alphanumeric()).count();
        let (start, server) = before.split_at(before.len() - word);
        let is_formula =
            matches!(start.last(), Some(b'=' | b'+' | b'-' | b'@' | b'(' | b'E' | b'*'));
        let rest = &text[at + 2..text.len().min(at + FIELD_BYTES_MAX)];
        let Some(end) = memchr(b'\'', rest) else { continue };
        let (topic, behind) = rest.split_at(end);
        if is_formula && (2..=20).contains(&word) && behind.starts_with(b"'!") {
            let (server, topic) = (String::from_utf8_lossy(server), String::from_utf8_lossy(topic));
            exchange(&server, &topic, unpacking);
        }
    }
}

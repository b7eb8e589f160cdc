//! Macro sheets in the parts of .xlsm (ECMA-376) and .xlsb (MS-XLSB), which have been taken
//! out of their archive.

use super::biff::rk;
use super::formula::{Value, cell, parse};
use super::tokens::{Around, Layout, expression, wide};
use super::{Book, NAMES_MAX, SHEETS_MAX, Sheet, Visible};
use crate::unpack::markup::tags;
use crate::unpack::{Child, Unpacking, slice, u16_le, u32_le};
use std::collections::HashMap;

/// Texts that cells share.
const TEXTS_MAX: usize = 200_000;
/// Records of one part.
const RECORDS_MAX: usize = 2_000_000;

/// Takes the macros out of a book whose parts are the last children from `first` on.
pub(in crate::unpack) fn unpack(first: usize, unpacking: &mut Unpacking<'_>) {
    let parts = Parts(unpacking.children.get(first..).unwrap_or_default());
    if !parts.0.iter().any(|part| named(part).contains("macrosheets/")) {
        return;
    }
    let book = if parts.get("xl/workbook.bin").is_some() { binary(&parts) } else { text(&parts) };
    if book.has_macros() {
        book.report(unpacking);
    }
}

fn named(part: &Child) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(part.name.as_ref().map_or(&[], |name| name.as_bytes()))
}

struct Parts<'a>(&'a [Child]);

impl Parts<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let part = self.0.iter().find(|part| named(part).eq_ignore_ascii_case(name));
        part.map(|part| part.bytes.as_slice())
    }

    /// Where the book's parts are, by the identifier that it calls them.
    fn relations(&self, of: &str) -> HashMap<String, String> {
        let relations = tags(self.get(of).unwrap_or_default());
        let relation = relations.filter(|tag| tag.name == b"Relationship").filter_map(|tag| {
            let target = tag.attribute("Target")?;
            let path = match target.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => format!("xl/{target}"),
            };
            Some((tag.attribute("Id")?, path))
        });
        relation.take(SHEETS_MAX * 4).collect()
    }
}

fn text(parts: &Parts<'_>) -> Book {
    let mut book = Book::default();
    let relations = parts.relations("xl/_rels/workbook.xml.rels");
    let mut places = Vec::new();
    let mut defined = Vec::new();
    for tag in tags(parts.get("xl/workbook.xml").unwrap_or_default()) {
        match tag.name {
            b"sheet" if !tag.closes && book.sheets.len() < SHEETS_MAX => {
                let path = tag.attribute("id").and_then(|id| relations.get(&id).cloned());
                let path = path.unwrap_or_default();
                let visible = match tag.attribute("state").as_deref() {
                    Some("veryHidden") => Visible::VeryHidden,
                    Some("hidden") => Visible::Hidden,
                    _ => Visible::Yes,
                };
                let is_macro = path.contains("macrosheets/");
                let name = tag.attribute("name").unwrap_or_default();
                book.sheets.push(Sheet { name, is_macro, visible });
                places.push(path);
            }
            b"definedName" if !tag.closes && defined.len() < NAMES_MAX => {
                defined.extend(tag.attribute("name").map(|name| (name, tag.text())));
            }
            _ => {}
        }
    }
    let sheets: Vec<String> = book.sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let names = defined.into_iter().map(|(name, text)| (name, parse(&text, &sheets)));
    book.names = names.collect();
    let texts = shared_texts(parts.get("xl/sharedStrings.xml").unwrap_or_default());
    for (index, path) in places.iter().enumerate() {
        // Each part once.
        if places[..index].contains(path) {
            continue;
        }
        let part = parts.get(path).unwrap_or_default();
        read_sheet(part, index, &texts, &sheets, &mut book);
    }
    book
}

/// The texts that cells share: each in pieces, if it is formatted.
fn shared_texts(xml: &[u8]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for tag in tags(xml) {
        match tag.name {
            b"si" if !tag.closes && texts.len() < TEXTS_MAX => texts.push(String::new()),
            b"t" if !tag.closes => {
                if let Some(last) = texts.last_mut() {
                    last.push_str(&tag.text());
                }
            }
            _ => {}
        }
    }
    texts
}

fn read_sheet(xml: &[u8], sheet: usize, texts: &[String], sheets: &[String], book: &mut Book) {
    let mut key = None;
    let mut kind = None;
    for tag in tags(xml).filter(|tag| !tag.closes) {
        match tag.name {
            b"c" => {
                let place = tag.attribute("r").and_then(|place| cell(&place));
                key = place.map(|(row, column)| (sheet, column, row));
                kind = tag.attribute("t");
            }
            b"f" => {
                let is_macro = book.sheets.get(sheet).is_some_and(|sheet| sheet.is_macro);
                if let (Some(key), true) = (key, is_macro) {
                    let formula = tag.text();
                    match parse(&formula, sheets) {
                        Some(expr) => book.set_formula(key, expr),
                        // What cannot be read is at least shown.
                        None => book.set_formula(key, super::Expr::Name(formula)),
                    }
                }
            }
            b"v" | b"t" => {
                let Some(key) = key else { continue };
                let text = tag.text();
                let value = match kind.as_deref() {
                    Some("s") => {
                        let index = text.trim().parse::<usize>().ok();
                        index.and_then(|index| texts.get(index)).cloned().map(Value::Text)
                    }
                    Some("str" | "inlineStr") => Some(Value::Text(text)),
                    Some("b") => Some(Value::Truth(text.trim() == "1")),
                    Some("e") => None,
                    _ => text.trim().parse().ok().map(Value::Number),
                };
                if let Some(value) = value {
                    book.set_value(key, value);
                }
            }
            _ => {}
        }
    }
}

/// Records of a part of .xlsb (2.1.4): kind and content.
fn records(part: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut number = |bytes: usize| {
            let mut value = 0u32;
            for index in 0..bytes {
                let byte = *part.get(at)?;
                at += 1;
                value |= u32::from(byte & 0x7f) << (7 * index);
                if byte & 0x80 == 0 {
                    break;
                }
            }
            Some(value)
        };
        let (kind, length) = (number(2)?, number(4)? as usize);
        let content = slice(part, at, length)?;
        at += length;
        Some((kind, content))
    })
    .take(RECORDS_MAX)
}

/// A text with four bytes of length in front, and where it ends.
fn long_text(bytes: &[u8], at: usize) -> Option<(String, usize)> {
    let letters = u32_le(bytes, at)? as usize;
    let length = letters.checked_mul(2)?;
    let text = slice(bytes, at.checked_add(4)?, length)?;
    Some((wide(text), at + 4 + length))
}

fn binary(parts: &Parts<'_>) -> Book {
    let mut book = Book::default();
    let relations = parts.relations("xl/_rels/workbook.bin.rels");
    let mut places = Vec::new();
    let mut names = Vec::new();
    let mut references = Vec::new();
    for (kind, content) in records(parts.get("xl/workbook.bin").unwrap_or_default()) {
        match kind {
            // BrtBundleSh.
            156 if book.sheets.len() < SHEETS_MAX => {
                let Some((id, at)) = long_text(content, 8) else { continue };
                let Some((name, _)) = long_text(content, at) else { continue };
                let path = relations.get(&id).cloned().unwrap_or_default();
                let is_macro = path.contains("macrosheets/");
                let visible = Visible::from_bits(u32_le(content, 0).unwrap_or(0));
                book.sheets.push(Sheet { name, is_macro, visible });
                places.push(path);
            }
            // BrtName: flags, key, sheet, name, formula.
            39 if names.len() < NAMES_MAX => {
                if let Some((name, at)) = long_text(content, 9) {
                    names.push((name, tokens(content, at)));
                }
            }
            // BrtExternSheet: book, first sheet, last sheet.
            362 => {
                let entries = content.get(4..).unwrap_or_default().chunks_exact(12);
                let sheet = |entry: &[u8]| u32_le(entry, 4).filter(|it| *it < 0x8000_0000);
                references.extend(entries.map(|entry| sheet(entry).map(|it| it as usize)));
            }
            _ => {}
        }
    }
    let shown: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
    let around = Around { layout: Layout::Biff12, names: &shown, references: &references };
    let defined = names.iter().map(|(name, tokens)| {
        (name.clone(), (!tokens.is_empty()).then(|| expression(tokens, &around)))
    });
    book.names = defined.collect();
    let mut texts = Vec::new();
    for (kind, content) in records(parts.get("xl/sharedStrings.bin").unwrap_or_default()) {
        // BrtSSTItem: a byte of flags in front.
        if kind == 19 && texts.len() < TEXTS_MAX {
            texts.push(long_text(content, 1).map(|(text, _)| text).unwrap_or_default());
        }
    }
    for (index, path) in places.iter().enumerate() {
        if places[..index].contains(path) {
            continue;
        }
        let mut row = 0;
        for (kind, content) in records(parts.get(path).unwrap_or_default()) {
            if kind == 0 {
                row = u32_le(content, 0).unwrap_or(0);
                continue;
            }
            let Some(column) = u32_le(content, 0).filter(|_| (1..=11).contains(&kind)) else {
                continue;
            };
            read_cell(kind, content, (index, column, row), &texts, &around, &mut book);
        }
    }
    book
}

/// The tokens of a formula at `at`, with four bytes of length in front.
fn tokens(content: &[u8], at: usize) -> &[u8] {
    let length = u32_le(content, at).map_or(0, |length| length as usize);
    let rest = content.get(at.saturating_add(4)..).unwrap_or_default();
    &rest[..rest.len().min(length)]
}

/// One cell (2.4.308 to 2.4.680): column and style, the value, the formula.
fn read_cell(
    kind: u32,
    content: &[u8],
    key: super::Key,
    texts: &[String],
    around: &Around<'_>,
    book: &mut Book,
) {
    const VALUE: usize = 8;
    let number = || {
        let bytes = content.get(VALUE..).and_then(|it| it.first_chunk());
        bytes.map(|it| Value::Number(f64::from_le_bytes(*it)))
    };
    let truth = || content.get(VALUE).map(|byte| Value::Truth(*byte != 0));
    let text = || long_text(content, VALUE);
    let (value, end) = match kind {
        2 => (u32_le(content, VALUE).map(|it| Value::Number(rk(it))), None),
        4 => (truth(), None),
        5 => (number(), None),
        6 => (text().map(|(text, _)| Value::Text(text)), None),
        7 => {
            let text = u32_le(content, VALUE).and_then(|index| texts.get(index as usize));
            (text.cloned().map(Value::Text), None)
        }
        8 => text().map_or((None, None), |(text, end)| (Some(Value::Text(text)), Some(end))),
        9 => (number().filter(|it| *it != Value::Number(0.0)), Some(VALUE + 8)),
        10 => (truth(), Some(VALUE + 1)),
        11 => (None, Some(VALUE + 1)),
        _ => (None, None),
    };
    if let Some(value) = value {
        book.set_value(key, value);
    }
    let is_macro = book.sheets.get(key.0).is_some_and(|sheet| sheet.is_macro);
    // Two bytes of flags stand before the formula.
    if let Some(end) = end.filter(|end| is_macro && u16_le(content, *end).is_some()) {
        book.set_formula(key, expression(tokens(content, end + 2), around));
    }
}

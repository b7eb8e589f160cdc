//! Books of Excel 5 to 2003: a stream of records (MS-XLS 2.1).

use super::formula::Value;
use super::tokens::{Around, Layout, expression, narrow, wide};
use super::{Book, NAMES_MAX, SHEETS_MAX, Sheet, Visible};
use crate::unpack::{Unpacking, slice, u16_le, u32_le};
use ukai_model::ArtefactKind;

/// Records that are looked at.
const RECORDS_MAX: usize = 2_000_000;
/// Texts that cells share.
const TEXTS_MAX: usize = 200_000;
/// Names that are built in, by the number that stands for them.
const BUILT_IN: [&str; 14] = [
    "Consolidate_Area",
    "Auto_Open",
    "Auto_Close",
    "Extract",
    "Database",
    "Criteria",
    "Print_Area",
    "Print_Titles",
    "Recorder",
    "Data_Form",
    "Auto_Activate",
    "Auto_Deactivate",
    "Sheet_Title",
    "_FilterDatabase",
];

mod kind {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const NAME: u16 = 0x0018;
    pub(super) const EXTERN_SHEET: u16 = 0x0017;
    pub(super) const CONTINUE: u16 = 0x003c;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const MULTIPLE_RK: u16 = 0x00bd;
    pub(super) const TEXTS: u16 = 0x00fc;
    pub(super) const SHARED_TEXT: u16 = 0x00fd;
    pub(super) const BOOK: u16 = 0x01ae;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const RESULT: u16 = 0x0207;
    pub(super) const RK: u16 = 0x027e;
    pub(super) const BEGIN: u16 = 0x0809;
}

/// One record: where it begins in the stream, its kind and content.
struct Record<'a> {
    at: usize,
    kind: u16,
    content: &'a [u8],
}

/// Takes the macros out of a book's stream.
pub(in crate::unpack) fn unpack(stream: &[u8], unpacking: &mut Unpacking<'_>) {
    let records = records(stream);
    let Some(first) = records.first().filter(|record| record.kind == kind::BEGIN) else { return };
    let layout = match u16_le(first.content, 0) {
        Some(0x0600) => Layout::Biff8,
        Some(0x0500) => Layout::Biff5,
        _ => return,
    };
    for record in &records {
        if record.kind == kind::BOOK
            && let Some((server, topic)) = exchange(record.content)
        {
            let line = format!("{server} {topic}");
            unpacking.tell(ArtefactKind::Command, line.as_bytes(), record.at, 85);
            let told = format!("DDE: the book asks {server} for {topic}");
            unpacking.tell(ArtefactKind::Technique, told.as_bytes(), record.at, 90);
            unpacking.add("dde", None, line.into_bytes());
        }
    }
    let book = read(&records, layout);
    if book.has_macros() {
        book.report(unpacking);
    }
}

fn records(stream: &[u8]) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    let mut at = 0;
    while let (Some(kind), Some(length)) = (u16_le(stream, at), u16_le(stream, at + 2))
        && records.len() < RECORDS_MAX
    {
        let Some(content) = slice(stream, at + 4, usize::from(length)) else { break };
        records.push(Record { at, kind, content });
        at += 4 + content.len();
    }
    records
}

fn read(records: &[Record<'_>], layout: Layout) -> Book {
    let mut book = Book::default();
    let mut places = Vec::new();
    let mut names = Vec::new();
    let mut references = Vec::new();
    let mut texts = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let content = record.content;
        match record.kind {
            kind::SHEET if book.sheets.len() < SHEETS_MAX => {
                if let Some((place, sheet)) = sheet(content, layout) {
                    places.push(place);
                    book.sheets.push(sheet);
                }
            }
            kind::NAME if names.len() < NAMES_MAX => names.extend(name(content, layout)),
            kind::EXTERN_SHEET if layout == Layout::Biff8 => {
                let entries = content.get(2..).unwrap_or_default().chunks_exact(6);
                let sheet = |entry: &[u8]| u16_le(entry, 2).filter(|it| *it < 0x8000);
                references.extend(entries.map(|entry| sheet(entry).map(usize::from)));
            }
            kind::TEXTS => {
                let more = records[index + 1..].iter().take_while(|it| it.kind == kind::CONTINUE);
                let pieces = std::iter::once(content).chain(more.map(|it| it.content)).collect();
                texts = Texts { pieces, piece: 0, at: 8 }.read();
            }
            _ => {}
        }
    }
    let shown: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
    let around = Around { layout, names: &shown, references: &references };
    let defined = names.iter().map(|(name, tokens)| {
        let expr = (!tokens.is_empty()).then(|| expression(tokens, &around));
        (name.clone(), expr)
    });
    book.names = defined.collect();
    let mut sheet = None;
    // The cell of a formula whose result comes next.
    let mut waiting = None;
    for record in records {
        let content = record.content;
        if record.kind == kind::BEGIN {
            sheet = places.iter().position(|place| *place == record.at);
            continue;
        }
        let Some(sheet) = sheet else { continue };
        let (Some(row), Some(column)) = (u16_le(content, 0), u16_le(content, 2)) else { continue };
        let key = (sheet, u32::from(column), u32::from(row));
        match record.kind {
            kind::FORMULA => {
                let is_macro = book.sheets.get(sheet).is_some_and(|sheet| sheet.is_macro);
                let length = usize::from(u16_le(content, 20).unwrap_or(0));
                let tokens = content.get(22..).unwrap_or_default();
                let tokens = &tokens[..tokens.len().min(length)];
                waiting = Some(key);
                if is_macro {
                    book.set_formula(key, expression(tokens, &around));
                }
                // A number, unless the last two bytes say that it is none.
                let result = slice(content, 6, 8).and_then(|it| it.first_chunk());
                if let Some(result) = result.filter(|it| it[6..] != [0xff, 0xff]) {
                    let number = f64::from_le_bytes(*result);
                    // What was never worked out is 0.
                    if !is_macro || number != 0.0 {
                        book.set_value(key, Value::Number(number));
                    }
                }
            }
            kind::RESULT => {
                if let (Some(key), Some(text)) = (waiting.take(), long_text(content, layout)) {
                    book.set_value(key, Value::Text(text));
                }
            }
            kind::LABEL => {
                if let Some(text) = content.get(6..).and_then(|it| long_text(it, layout)) {
                    book.set_value(key, Value::Text(text));
                }
            }
            kind::SHARED_TEXT => {
                let text = u32_le(content, 6).and_then(|index| texts.get(index as usize));
                if let Some(text) = text {
                    book.set_value(key, Value::Text(text.clone()));
                }
            }
            kind::NUMBER => {
                if let Some(number) = content.get(6..).and_then(|it| it.first_chunk()) {
                    book.set_value(key, Value::Number(f64::from_le_bytes(*number)));
                }
            }
            kind::RK => {
                if let Some(number) = u32_le(content, 6) {
                    book.set_value(key, Value::Number(rk(number)));
                }
            }
            kind::MULTIPLE_RK => {
                let entries = content.get(4..).unwrap_or_default().chunks_exact(6);
                for (index, entry) in entries.enumerate() {
                    if let Some(number) = u32_le(entry, 2) {
                        let key = (sheet, u32::from(column) + index as u32, u32::from(row));
                        book.set_value(key, Value::Number(rk(number)));
                    }
                }
            }
            _ => {}
        }
    }
    book
}

/// BoundSheet8 (2.4.28): where the sheet begins, and what it is.
fn sheet(content: &[u8], layout: Layout) -> Option<(usize, Sheet)> {
    let place = u32_le(content, 0)? as usize;
    let (state, kind) = (*content.get(4)?, *content.get(5)?);
    let name = short_text(content.get(6..)?, layout)?;
    let visible = Visible::from_bits(state.into());
    Some((place, Sheet { name, is_macro: kind == 1, visible }))
}

/// Lbl (2.4.150): a name and the formula that it stands for.
fn name(content: &[u8], layout: Layout) -> Option<(String, &[u8])> {
    let is_built_in = u16_le(content, 0)? & 0x20 != 0;
    let letters = usize::from(*content.get(3)?);
    let tokens = usize::from(u16_le(content, 4)?);
    let rest = content.get(14..)?;
    let (text, rest) = if layout == Layout::Biff8 {
        let is_wide = rest.first()? & 1 != 0;
        let length = if is_wide { 2 * letters } else { letters };
        let text = slice(rest, 1, length)?;
        (if is_wide { wide(text) } else { narrow(text) }, &rest[1 + length..])
    } else {
        (narrow(slice(rest, 0, letters)?), &rest[letters..])
    };
    let number = text.chars().next().map(|letter| letter as usize);
    let built_in = number.and_then(|number| BUILT_IN.get(number)).filter(|_| is_built_in);
    let text = built_in.map_or(text, |name| (*name).to_owned());
    Some((text, &rest[..rest.len().min(tokens)]))
}

/// SupBook (2.4.271) for dynamic data exchange: server and topic with a mark between them.
fn exchange(content: &[u8]) -> Option<(String, String)> {
    // A book's own and those of other files count sheets; here there are none.
    let letters = usize::from(u16_le(content, 2)?);
    if u16_le(content, 0)? != 0 || !(1..=255).contains(&letters) {
        return None;
    }
    let text = if content.get(4)? & 1 == 0 {
        narrow(slice(content, 5, letters)?)
    } else {
        wide(slice(content, 5, 2 * letters)?)
    };
    let (server, topic) = text.split_once('\u{3}')?;
    // A file's path begins with a mark of its own.
    (!server.is_empty() && !server.starts_with('\u{1}'))
        .then(|| (server.to_owned(), topic.to_owned()))
}

/// A text of up to 255 letters.
fn short_text(bytes: &[u8], layout: Layout) -> Option<String> {
    let letters = usize::from(*bytes.first()?);
    text(bytes.get(1..)?, letters, layout)
}

/// A text of up to 65,535 letters.
fn long_text(bytes: &[u8], layout: Layout) -> Option<String> {
    let letters = usize::from(u16_le(bytes, 0)?);
    text(bytes.get(2..)?, letters, layout)
}

fn text(bytes: &[u8], letters: usize, layout: Layout) -> Option<String> {
    match layout {
        Layout::Biff5 => slice(bytes, 0, letters).map(narrow),
        _ if bytes.first()? & 1 == 0 => slice(bytes, 1, letters).map(narrow),
        _ => slice(bytes, 1, 2 * letters).map(wide),
    }
}

/// A number in 30 bits (2.5.216).
pub(super) fn rk(bits: u32) -> f64 {
    let number = if bits & 2 == 0 {
        f64::from_bits(u64::from(bits & !3) << 32)
    } else {
        f64::from((bits as i32) >> 2)
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

/// The texts that cells share (2.4.265), over the records that go on with them.
struct Texts<'a> {
    pieces: Vec<&'a [u8]>,
    piece: usize,
    at: usize,
}

impl<'a> Texts<'a> {
    /// All texts, as far as they are good.
    fn read(mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < TEXTS_MAX
            && let Some(text) = self.text()
        {
            texts.push(text);
        }
        texts
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        while self.at >= self.pieces.get(self.piece)?.len() && length > 0 {
            self.piece += 1;
            self.at = 0;
        }
        let taken = slice(self.pieces[self.piece], self.at, length)?;
        self.at += length;
        Some(taken)
    }

    fn skip(&mut self, mut length: usize) -> Option<()> {
        while length > 0 {
            let left = self.pieces.get(self.piece)?.len().saturating_sub(self.at);
            let step = left.min(length);
            self.at += step;
            length -= step;
            if length > 0 {
                self.piece += 1;
                self.at = 0;
            }
        }
        Some(())
    }

    fn text(&mut self) -> Option<String> {
        let mut letters = usize::from(u16_le(self.take(2)?, 0)?);
        let flags = self.take(1)?[0];
        let runs = if flags & 8 == 0 { 0 } else { usize::from(u16_le(self.take(2)?, 0)?) };
        let more = if flags & 4 == 0 { 0 } else { u32_le(self.take(4)?, 0)? as usize };
        let mut is_wide = flags & 1 != 0;
        let mut text = String::new();
        while letters > 0 {
            let piece = self.pieces.get(self.piece)?;
            let rest = piece.get(self.at..).unwrap_or_default();
            let width = if is_wide { 2 } else { 1 };
            let count = letters.min(rest.len() / width);
            let part = &rest[..count * width];
            text.push_str(&if is_wide { wide(part) } else { narrow(part) });
            letters -= count;
            self.at += part.len();
            if letters > 0 {
                // The next record says anew how wide letters are.
                self.piece += 1;
                is_wide = self.pieces.get(self.piece)?.first()? & 1 != 0;
                self.at = 1;
            }
        }
        self.skip(4 * runs)?;
        self.skip(more)?;
        Some(text)
    }
}

//! Binary XML: tokens, templates with their values, documents within values.
//!
//! Names and templates are stored once in a chunk: where they are used the first time, or
//! elsewhere; those who use them give the place, counted from the chunk's beginning.

use crate::bytes::{place_at, slice, u16_at, utf16};
use crate::limits::{DEPTH_MAX, NAME_UNITS_MAX, RECORD_BYTES_MAX, VALUE_BYTES_MAX};
use crate::value::{self, ARRAY, BINARY_XML, NULL};

/// A record that is not as the format wants it, or takes more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// An element of a record's XML. Comments and instructions are not kept, nor is where between its
/// elements a text stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its attributes, in order, those without a value left out.
    pub attributes: Vec<(String, String)>,
    /// All text that is directly in it.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
}

/// Tokens, without the bit that tells that more follows.
mod token {
    pub(super) const END: u8 = 0x00;
    pub(super) const OPEN: u8 = 0x01;
    pub(super) const CLOSE_START: u8 = 0x02;
    pub(super) const CLOSE_EMPTY: u8 = 0x03;
    pub(super) const CLOSE: u8 = 0x04;
    pub(super) const TEXT: u8 = 0x05;
    pub(super) const ATTRIBUTE: u8 = 0x06;
    pub(super) const CDATA: u8 = 0x07;
    pub(super) const CHARACTER: u8 = 0x08;
    pub(super) const ENTITY: u8 = 0x09;
    pub(super) const INSTRUCTION: u8 = 0x0a;
    pub(super) const INSTRUCTION_TEXT: u8 = 0x0b;
    pub(super) const TEMPLATE: u8 = 0x0c;
    pub(super) const VALUE: u8 = 0x0d;
    pub(super) const OPTIONAL_VALUE: u8 = 0x0e;
    pub(super) const FRAGMENT: u8 = 0x0f;

    pub(super) const MORE: u8 = 0x40;
}

/// A value that a template is filled with: where it is in the chunk.
#[derive(Clone, Copy, Debug)]
struct Value {
    kind: u8,
    at: usize,
    length: usize,
}

/// Where a part of a chunk is read: until its end, within so many others, with the values of the
/// template whose part it is.
#[derive(Clone, Copy)]
struct Place<'v> {
    end: usize,
    depth: usize,
    values: &'v [Value],
    /// Not in a template: elements begin without the number of what they depend on.
    bare: bool,
}

/// What an element is filled with, while it is read.
#[derive(Default)]
struct Content {
    text: String,
    children: Vec<Element>,
    /// The items of an array: the element is there once for each.
    items: Option<Vec<String>>,
    /// It has an optional value, which there is not: without anything else there is no element.
    absent: bool,
}

impl Content {
    fn is_absent(&self) -> bool {
        self.absent && self.text.is_empty() && self.children.is_empty() && self.items.is_none()
    }
}

/// Reads records of one chunk.
pub(crate) struct Parser<'a> {
    chunk: &'a [u8],
    steps_left: u64,
    bytes_left: usize,
    cut: bool,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(chunk: &'a [u8], steps: u64) -> Self {
        Self { chunk, steps_left: steps, bytes_left: RECORD_BYTES_MAX, cut: false }
    }

    pub(crate) const fn steps_left(&self) -> u64 {
        self.steps_left
    }

    /// Whether a text was cut.
    pub(crate) const fn was_cut(&self) -> bool {
        self.cut
    }

    /// The document's only element.
    pub(crate) fn document(&mut self, start: usize, end: usize) -> Result<Element, Damaged> {
        let mut found = Vec::new();
        let end = end.min(self.chunk.len());
        self.fragment(start, Place { end, depth: 0, values: &[], bare: true }, &mut found)?;
        found.into_iter().next().ok_or(Damaged)
    }

    fn steps(&mut self, count: usize) -> Result<(), Damaged> {
        self.steps_left = self.steps_left.checked_sub(count as u64).ok_or(Damaged)?;
        Ok(())
    }

    /// Elements until the end. Gives where it ended.
    fn fragment(
        &mut self,
        mut at: usize,
        place: Place<'_>,
        out: &mut Vec<Element>,
    ) -> Result<usize, Damaged> {
        if place.depth > DEPTH_MAX {
            return Err(Damaged);
        }
        while at < place.end {
            self.steps(1)?;
            at = match self.byte(at)? & !token::MORE {
                token::END => return Ok(at + 1),
                token::FRAGMENT => at + 4,
                token::TEMPLATE => self.template(at, place, out)?,
                token::OPEN => self.element(at, place, out)?,
                token::INSTRUCTION => self.named(at + 1)?.1,
                token::INSTRUCTION_TEXT => self.counted(at + 1)?.1,
                _ => return Err(Damaged),
            };
        }
        Ok(at)
    }

    /// A template and its values: the elements that they make.
    fn template(
        &mut self,
        at: usize,
        place: Place<'_>,
        out: &mut Vec<Element>,
    ) -> Result<usize, Damaged> {
        const HEADER_BYTES: usize = 24;
        let definition = self.place(at + 6)?;
        let mut at = at + 10;
        let length = self.place(definition.checked_add(20).ok_or(Damaged)?)?;
        let start = definition + HEADER_BYTES;
        let end = start.checked_add(length).filter(|end| *end <= self.chunk.len());
        let end = end.ok_or(Damaged)?;
        if definition == at {
            at = end;
        }
        let count = self.place(at)?;
        at += 4;
        // Each takes its four bytes, so that there is an end to them.
        let heads = count.checked_mul(4).and_then(|length| slice(self.chunk, at, length));
        let heads = heads.ok_or(Damaged)?;
        self.steps(count)?;
        at += heads.len();
        let mut values = Vec::with_capacity(count);
        for head in heads.as_chunks::<4>().0 {
            let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
            slice(self.chunk, at, length).ok_or(Damaged)?;
            values.push(Value { kind: head[2], at, length });
            at += length;
        }
        let inner = Place { end, depth: place.depth + 1, values: &values, bare: false };
        self.fragment(start, inner, out)?;
        Ok(at)
    }

    /// An element; several where its content is an array. Gives where it ended.
    fn element(
        &mut self,
        at: usize,
        place: Place<'_>,
        out: &mut Vec<Element>,
    ) -> Result<usize, Damaged> {
        let has_attributes = self.byte(at)? & token::MORE != 0;
        // The number of what it depends on.
        let with = at + 3;
        let length = if place.bare && self.is_plausible(at + 1, place.end) { at + 1 } else { with };
        let (name, mut at) = self.named(length + 4)?;
        let mut element = Element { name, ..Element::default() };
        if has_attributes {
            at += 4;
            while self.byte(at)? & !token::MORE == token::ATTRIBUTE {
                self.steps(1)?;
                let (name, start) = self.named(at + 1)?;
                let mut content = Content::default();
                at = self.content(start, place, &mut content)?;
                if let Some(items) = content.items {
                    content.text.push_str(&items.join(", "));
                }
                if !content.text.is_empty() {
                    element.attributes.push((name, content.text));
                }
            }
        }
        let mut content = Content::default();
        at = match self.byte(at)? {
            token::CLOSE_EMPTY => at + 1,
            token::CLOSE_START => {
                let at = self.inside(at + 1, place, &mut content)?;
                if self.byte(at)? != token::CLOSE {
                    return Err(Damaged);
                }
                at + 1
            }
            _ => return Err(Damaged),
        };
        if content.is_absent() {
            return Ok(at);
        }
        element.children = content.children;
        match content.items.filter(|items| !items.is_empty()) {
            None => {
                element.text = content.text;
                out.push(element);
            }
            Some(items) => {
                // Each has the name, the attributes and the text; elements in it are there once.
                let own = element.attributes.iter().map(|(name, text)| name.len() + text.len());
                let own = own.sum::<usize>() + element.name.len() + content.text.len() + 64;
                let mut children = std::mem::take(&mut element.children);
                for item in items {
                    self.take(own)?;
                    let text = format!("{}{item}", content.text);
                    let children = std::mem::take(&mut children);
                    out.push(Element { text, children, ..element.clone() });
                }
            }
        }
        Ok(at)
    }

    /// Whether an element's length and name stand there.
    fn is_plausible(&self, at: usize, end: usize) -> bool {
        let length = place_at(self.chunk, at).and_then(|length| at.checked_add(4 + length));
        let name = place_at(self.chunk, at + 4).and_then(|name| name_at(self.chunk, name));
        length.is_some_and(|last| last <= end) && name.is_some()
    }

    /// What is between an element's beginning and its end: texts, values and elements.
    fn inside(
        &mut self,
        mut at: usize,
        place: Place<'_>,
        content: &mut Content,
    ) -> Result<usize, Damaged> {
        if place.depth >= DEPTH_MAX {
            return Err(Damaged);
        }
        let inner = Place { depth: place.depth + 1, ..place };
        loop {
            self.steps(1)?;
            at = self.content(at, place, content)?;
            at = match self.byte(at)? & !token::MORE {
                token::OPEN => self.element(at, inner, &mut content.children)?,
                token::TEMPLATE => self.template(at, inner, &mut content.children)?,
                token::FRAGMENT => at + 4,
                token::INSTRUCTION => self.named(at + 1)?.1,
                token::INSTRUCTION_TEXT => self.counted(at + 1)?.1,
                _ => return Ok(at),
            };
        }
    }

    /// Texts and values, until something else comes.
    fn content(
        &mut self,
        mut at: usize,
        place: Place<'_>,
        content: &mut Content,
    ) -> Result<usize, Damaged> {
        loop {
            at = match self.byte(at)? & !token::MORE {
                token::TEXT => {
                    // Nothing but texts is written in this way.
                    let (text, at) = self.counted(at + 2)?;
                    self.write(&text, &mut content.text)?;
                    at
                }
                token::CDATA => {
                    let (text, at) = self.counted(at + 1)?;
                    self.write(&text, &mut content.text)?;
                    at
                }
                token::CHARACTER => {
                    let number = u16_at(self.chunk, at + 1).ok_or(Damaged)?;
                    let text = char::from_u32(number.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
                    self.write(text.encode_utf8(&mut [0; 4]), &mut content.text)?;
                    at + 3
                }
                token::ENTITY => {
                    let (name, at) = self.named(at + 1)?;
                    let text = match name.as_str() {
                        "lt" => "<",
                        "gt" => ">",
                        "amp" => "&",
                        "quot" => "\"",
                        "apos" => "'",
                        _ => &format!("&{name};"),
                    };
                    self.write(text, &mut content.text)?;
                    at
                }
                kind @ (token::VALUE | token::OPTIONAL_VALUE) => {
                    let number = usize::from(u16_at(self.chunk, at + 1).ok_or(Damaged)?);
                    let value = *place.values.get(number).ok_or(Damaged)?;
                    content.absent |= kind == token::OPTIONAL_VALUE && value.kind == NULL;
                    self.value(value, place, content)?;
                    at + 4
                }
                _ => return Ok(at),
            };
        }
    }

    /// A template's value in its place.
    fn value(
        &mut self,
        value: Value,
        place: Place<'_>,
        content: &mut Content,
    ) -> Result<(), Damaged> {
        let Value { kind, at, length } = value;
        self.steps(1 + length / 64)?;
        let bytes = slice(self.chunk, at, length).ok_or(Damaged)?;
        if kind == NULL {
            return Ok(());
        }
        if kind == BINARY_XML {
            let (end, depth) = (at + length, place.depth + 1);
            let inner = Place { end, depth, values: &[], bare: true };
            self.fragment(at, inner, &mut content.children)?;
            return Ok(());
        }
        if kind & ARRAY != 0 {
            let most = usize::try_from(self.steps_left).unwrap_or(usize::MAX);
            let mut items = value::items(kind & !ARRAY, bytes, most).ok_or(Damaged)?;
            self.steps(items.len())?;
            for item in &mut items {
                let whole = std::mem::take(item);
                self.write(&whole, item)?;
            }
            content.items.get_or_insert_default().extend(items);
            return Ok(());
        }
        let text = value::text(kind, bytes).ok_or(Damaged)?;
        self.write(&text, &mut content.text)
    }

    /// Appends a text, as far as there is room.
    fn write(&mut self, text: &str, to: &mut String) -> Result<(), Damaged> {
        self.steps(text.len() / 64)?;
        let room = VALUE_BYTES_MAX.saturating_sub(to.len()).min(self.bytes_left);
        let text = if text.len() > room {
            self.cut = true;
            &text[..text.floor_char_boundary(room)]
        } else {
            text
        };
        self.bytes_left -= text.len();
        to.push_str(text);
        Ok(())
    }

    /// Takes the room that something needs.
    fn take(&mut self, bytes: usize) -> Result<(), Damaged> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(Damaged)?;
        self.steps(1 + bytes / 64)
    }

    fn byte(&self, at: usize) -> Result<u8, Damaged> {
        self.chunk.get(at).copied().ok_or(Damaged)
    }

    fn place(&self, at: usize) -> Result<usize, Damaged> {
        place_at(self.chunk, at).ok_or(Damaged)
    }

    /// The name whose place stands here, and where it goes on.
    fn named(&mut self, at: usize) -> Result<(String, usize), Damaged> {
        let place = self.place(at)?;
        let (name, length) = name_at(self.chunk, place).ok_or(Damaged)?;
        self.take(name.len())?;
        let at = at + 4;
        Ok((name, if place == at { at + length } else { at }))
    }

    /// A text behind its length, and where it goes on.
    fn counted(&self, at: usize) -> Result<(String, usize), Damaged> {
        let units = usize::from(u16_at(self.chunk, at).ok_or(Damaged)?);
        let bytes = slice(self.chunk, at + 2, units * 2).ok_or(Damaged)?;
        Ok((utf16(bytes), at + 2 + bytes.len()))
    }
}

/// A name, and how many bytes it takes with what is around it.
fn name_at(chunk: &[u8], place: usize) -> Option<(String, usize)> {
    // The place of another name with the same hash, and the hash.
    let at = place.checked_add(6)?;
    let units = usize::from(u16_at(chunk, at)?);
    let bytes = slice(chunk, at + 2, units * 2).filter(|_| units <= NAME_UNITS_MAX)?;
    // It has an end, which does not count.
    Some((utf16(bytes), 8 + bytes.len() + 2))
}

//! Values of VBScript, each counted for as long as it is held.

use super::super::com::{Content, ObjectId, latin1, number_text};
use super::ast::Name;
use std::cell::Cell;
use std::rc::Rc;

/// Bytes that are held now.
pub(super) type Meter = Rc<Cell<usize>>;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Empty,
    Null,
    Nothing,
    /// An argument that was left out.
    Missing,
    Bool(bool),
    Whole(i64),
    Real(f64),
    /// Days since 1899-12-30.
    Date(f64),
    Text(Text),
    Bytes(Content),
    Array(Array),
    /// An object of COM.
    Object(ObjectId),
    /// An object of a class of the script, by its number.
    Instance(usize),
    /// A regular expression, its matches, one of them: by its number.
    Pattern(usize),
    /// `Err`.
    Err,
    /// A procedure, from `GetRef`.
    Procedure(Name),
    /// Something that the machine does not know: it takes every call and goes on.
    Unknown,
}

/// Text in UTF-16, as scripts count it.
#[derive(Clone, Debug)]
pub(super) struct Text(Rc<Units>);

#[derive(Debug)]
struct Units {
    units: Vec<u16>,
    meter: Meter,
}

impl Drop for Units {
    fn drop(&mut self) {
        self.meter.set(self.meter.get().saturating_sub(2 * self.units.len()));
    }
}

impl Text {
    /// Counted by `meter`.
    pub(super) fn new(units: Vec<u16>, meter: &Meter) -> Self {
        meter.set(meter.get() + 2 * units.len());
        Self(Rc::new(Units { units, meter: meter.clone() }))
    }

    /// Its units.
    pub(super) fn units(&self) -> &[u16] {
        &self.0.units
    }

    /// Appends, in place if nobody else holds it.
    pub(super) fn append(&mut self, more: &[u16]) -> bool {
        let Some(own) = Rc::get_mut(&mut self.0) else { return false };
        own.units.extend_from_slice(more);
        own.meter.set(own.meter.get() + 2 * more.len());
        true
    }

    /// As text of Rust, halves of pairs replaced.
    pub(super) fn to_text(&self) -> String {
        String::from_utf16_lossy(&self.0.units)
    }
}

/// An array: a value, copied when one of two holders changes it.
#[derive(Clone, Debug)]
pub(super) struct Array(Rc<Elements>);

#[derive(Debug)]
struct Elements {
    /// Lowest index and length of each dimension.
    bounds: Vec<(i64, usize)>,
    items: Vec<Value>,
    meter: Meter,
}

impl Clone for Elements {
    fn clone(&self) -> Self {
        self.meter.set(self.meter.get() + size_of::<Value>() * self.items.len());
        Self { bounds: self.bounds.clone(), items: self.items.clone(), meter: self.meter.clone() }
    }
}

impl Drop for Elements {
    fn drop(&mut self) {
        // One after the other: arrays in arrays may go deeper than the stack.
        let mut waiting = self.give_back();
        while let Some(value) = waiting.pop() {
            if let Value::Array(Array(elements)) = value
                && let Some(mut last) = Rc::into_inner(elements)
            {
                waiting.append(&mut last.give_back());
            }
        }
    }
}

impl Elements {
    /// What it holds, which is counted here no longer.
    fn give_back(&mut self) -> Vec<Value> {
        let size = size_of::<Value>() * self.items.len();
        self.meter.set(self.meter.get().saturating_sub(size));
        std::mem::take(&mut self.items)
    }
}

impl Array {
    /// Of those dimensions; `items` has as many as they hold.
    pub(super) fn new(bounds: Vec<(i64, usize)>, items: Vec<Value>, meter: &Meter) -> Self {
        meter.set(meter.get() + size_of::<Value>() * items.len());
        Self(Rc::new(Elements { bounds, items, meter: meter.clone() }))
    }

    /// Of one dimension from 0.
    pub(super) fn list(items: Vec<Value>, meter: &Meter) -> Self {
        Self::new(vec![(0, items.len())], items, meter)
    }

    /// Its elements in order.
    pub(super) fn items(&self) -> &[Value] {
        &self.0.items
    }

    /// Lowest index and length of each dimension.
    pub(super) fn bounds(&self) -> &[(i64, usize)] {
        &self.0.bounds
    }

    fn place(&self, index: &[i64]) -> Option<usize> {
        if index.len() != self.0.bounds.len() {
            return None;
        }
        let mut place = 0_usize;
        for (at, (low, length)) in index.iter().zip(&self.0.bounds) {
            let at = usize::try_from(at.checked_sub(*low)?).ok().filter(|it| it < length)?;
            place = place.checked_mul(*length)?.checked_add(at)?;
        }
        Some(place)
    }

    /// An element.
    pub(super) fn get(&self, index: &[i64]) -> Option<&Value> {
        self.0.items.get(self.place(index)?)
    }

    /// An element, to change it; the array becomes the holder's own.
    pub(super) fn get_mut(&mut self, index: &[i64]) -> Option<&mut Value> {
        let place = self.place(index)?;
        Rc::make_mut(&mut self.0).items.get_mut(place)
    }

    /// Whether nobody else holds it.
    pub(super) fn is_own(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }
}

impl Value {
    /// As text; none for what has no text.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.to_text(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Whole(whole) => whole.to_string(),
            Self::Real(real) => real_text(*real),
            Self::Date(days) => super::dates::shown(*days),
            Self::Bytes(content) => latin1(&content.bytes),
            Self::Empty
            | Self::Null
            | Self::Nothing
            | Self::Missing
            | Self::Array(_)
            | Self::Object(_)
            | Self::Instance(_)
            | Self::Pattern(_)
            | Self::Err
            | Self::Procedure(_)
            | Self::Unknown => String::new(),
        }
    }

    /// As a number; none if it is not one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Empty => Some(0.0),
            Self::Bool(truth) => Some(if *truth { -1.0 } else { 0.0 }),
            Self::Whole(whole) => Some(*whole as f64),
            Self::Real(real) | Self::Date(real) => Some(*real),
            Self::Text(text) => parse_number(&text.to_text()),
            _ => None,
        }
    }

    /// As a whole number, rounded as VBScript does: half to even.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(whole) => Some(*whole),
            other => other.number().map(|it| it.round_ties_even() as i64),
        }
    }

    /// As a condition; none if nothing is known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            Self::Null | Self::Empty | Self::Nothing => Some(false),
            Self::Text(text) => {
                let text = text.to_text();
                let word = text.trim().to_ascii_lowercase();
                match word.as_str() {
                    "true" => Some(true),
                    "false" => Some(false),
                    _ => parse_number(&text).map(|it| it != 0.0),
                }
            }
            other => other.number().map(|it| it != 0.0),
        }
    }

    /// The number of a result: whole as long as it is one and fits.
    pub(super) fn from_number(number: f64, whole: bool) -> Self {
        if whole && number.fract() == 0.0 && number.abs() < 9e15 {
            Self::Whole(number as i64)
        } else {
            Self::Real(number)
        }
    }
}

/// A number in text, as `CDbl` reads it.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', "");
    if let Some(digits) = text.strip_prefix("&H").or_else(|| text.strip_prefix("&h")) {
        return i64::from_str_radix(digits.trim_end_matches('&'), 16).ok().map(|it| it as f64);
    }
    if !text.chars().all(|it| it.is_ascii_digit() || matches!(it, '.' | '-' | '+' | 'e' | 'E')) {
        return None;
    }
    text.parse().ok()
}

fn real_text(real: f64) -> String {
    let text = number_text(real);
    // VBScript tells 15 digits.
    if text.len() > 17 && real.fract() != 0.0 {
        let short = format!("{real:.*}", 15_usize.saturating_sub(integer_digits(real)));
        return short.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

fn integer_digits(real: f64) -> usize {
    let digits = real.abs().max(1.0).log10().floor();
    digits as usize + 1
}

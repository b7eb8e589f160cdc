//! Excel 4 macros (XLM): formulas on macro sheets, run from the top down when a book is
//! opened, with every function of Windows at hand (MITRE ATT&CK T1137, T1059).
//!
//! `biff` reads them from .xls, `ooxml` from .xlsm and .xlsb; `tokens` makes formulas of what
//! is stored, `formula` writes and reads them as text, `fold` works out what they come to.
//! Nothing is run: each formula is looked at once, in the order of the cells.

mod biff;
mod fold;
mod formula;
mod ooxml;
mod tokens;

pub(super) use biff::unpack;
pub(super) use ooxml::unpack as from_zip;

use super::Unpacking;
use fold::{Folder, Key};
use formula::{Expr, Place, Shown, Value, cell_text};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use ukai_model::ArtefactKind;

/// Cells of one book that are looked at.
const CELLS_MAX: usize = 200_000;
/// Sheets and names of one book that are looked at.
const SHEETS_MAX: usize = 1000;
const NAMES_MAX: usize = 10_000;
/// Length of the text that comes of one book, in bytes.
const LISTING_BYTES_MAX: usize = 1 << 20;
/// How far formulas write formulas.
const WRITES_DEEP_MAX: usize = 4;
/// Functions within one formula that are looked at.
const CALLS_MAX: usize = 200;

/// How hard a sheet is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visible {
    Yes,
    Hidden,
    /// Not even in the list of hidden sheets.
    VeryHidden,
}

impl Visible {
    fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Yes,
            1 => Self::Hidden,
            _ => Self::VeryHidden,
        }
    }
}

struct Sheet {
    name: String,
    is_macro: bool,
    visible: Visible,
}

/// A book as far as macros need it.
#[derive(Default)]
struct Book {
    sheets: Vec<Sheet>,
    /// Names that are defined, and what for.
    names: Vec<(String, Option<Expr>)>,
    formulas: BTreeMap<Key, Rc<Expr>>,
    folder: Folder,
    cells: usize,
    /// Whether there is more than is looked at.
    cut: bool,
}

impl Book {
    fn has_macros(&self) -> bool {
        self.sheets.iter().any(|sheet| sheet.is_macro)
    }

    /// Whether there is room for one more cell.
    fn counts(&mut self) -> bool {
        self.cells += 1;
        self.cut |= self.cells > CELLS_MAX;
        self.cells <= CELLS_MAX
    }

    fn set_value(&mut self, key: Key, value: Value) {
        let fits = !matches!(&value, Value::Text(text) if text.len() > fold::TEXT_BYTES_MAX);
        if fits && self.counts() {
            self.folder.values.insert(key, value);
        }
    }

    fn set_formula(&mut self, key: Key, expr: Expr) {
        if self.counts() {
            let expr = Rc::new(expr);
            self.formulas.insert(key, Rc::clone(&expr));
            self.folder.formulas.insert(key, expr);
        }
    }

    /// Writes all macros down, with what they come to, and tells what they do.
    fn report(mut self, unpacking: &mut Unpacking<'_>) {
        let sheets: Vec<String> = self.sheets.iter().map(|sheet| sheet.name.clone()).collect();
        for (name, expr) in &self.names {
            if let Some(expr) = expr {
                let expr = Rc::new(expr.clone());
                self.folder.names.insert(name.to_lowercase(), (0, expr));
            }
        }
        let mut listing = Listing {
            sheets: &sheets,
            folder: self.folder,
            text: String::new(),
            told: Vec::new(),
            registered: Vec::new(),
        };
        for sheet in self.sheets.iter().filter(|sheet| sheet.is_macro) {
            let how = match sheet.visible {
                Visible::Yes => continue,
                Visible::Hidden => "hidden",
                Visible::VeryHidden => "very hidden",
            };
            listing
                .tell(ArtefactKind::Technique, format!("XLM: macro sheet {} is {how}", sheet.name));
        }
        for (name, expr) in &self.names {
            let lower = name.to_lowercase();
            let starts = ["auto_open", "auto_close", "auto_activate", "auto_deactivate"];
            if let Some(start) = starts.iter().find(|start| lower.contains(*start)) {
                let at = expr.as_ref().map(|expr| Shown(expr, &sheets).to_string());
                let at = at.unwrap_or_default();
                listing.tell(ArtefactKind::Technique, format!("XLM: {start} runs {at}"));
                let _ = writeln!(listing.text, "{name}: {at}");
            }
        }
        for (key, expr) in &self.formulas {
            let is_macro = self.sheets.get(key.0).is_some_and(|sheet| sheet.is_macro);
            if !is_macro {
                continue;
            }
            if listing.text.len() > LISTING_BYTES_MAX {
                self.cut = true;
                break;
            }
            listing.line(*key, expr, 0);
        }
        if self.cut || listing.folder.is_exhausted() {
            unpacking.note("xlm: more macros than are looked at".to_owned());
        }
        for (kind, told) in &listing.told {
            unpacking.tell(*kind, told.as_bytes(), 0, 90);
        }
        let name = self.sheets.iter().find(|sheet| sheet.is_macro).map(|sheet| sheet.name.clone());
        let name = name.unwrap_or_default();
        let text = unpacking.read("xlm", &mut listing.text.as_bytes(), listing.text.len());
        unpacking.add("xlm", Some(name.as_bytes()), text);
    }
}

/// The macros of a book as text.
struct Listing<'a> {
    sheets: &'a [String],
    folder: Folder,
    text: String,
    told: Vec<(ArtefactKind, String)>,
    /// Names under which functions of libraries are called.
    registered: Vec<(String, String)>,
}

impl Listing<'_> {
    fn tell(&mut self, kind: ArtefactKind, told: String) {
        if self.told.len() < CALLS_MAX && !self.told.iter().any(|(_, known)| *known == told) {
            self.told.push((kind, told));
        }
    }

    /// One formula: as it stands there, and as what it comes to if that is more.
    fn line(&mut self, key: Key, expr: &Expr, depth: usize) {
        let (sheet, column, row) = key;
        let place = cell_text(Place { sheet: Some(sheet), row, column }, self.sheets);
        let shown = Shown(expr, self.sheets).to_string();
        let _ = writeln!(self.text, "{place}: ={shown}");
        let plain = self.folder.simplified(expr, sheet);
        let simplified = Shown(&plain, self.sheets).to_string();
        if simplified != shown {
            let _ = writeln!(self.text, "{place}: -> ={simplified}");
        }
        let mut calls = Vec::new();
        collect(expr, &mut calls);
        for (name, arguments) in calls {
            self.call(name, arguments, key, depth);
        }
    }

    /// Tells what one function does. `raw` are its arguments as they stand there.
    fn call(&mut self, name: &str, raw: &[Expr], key: Key, depth: usize) {
        let tells = matches!(
            name,
            "EXEC"
                | "CALL"
                | "REGISTER"
                | "FOPEN"
                | "FILE.DELETE"
                | "SAVE.AS"
                | "OPEN"
                | "SEND.KEYS"
                | "WORKBOOK.HIDE"
                | "FORMULA"
                | "FORMULA.FILL"
                | "FORMULA.ARRAY"
                | "SET.VALUE"
                | "SET.NAME"
                | "DEFINE.NAME"
        );
        let alias = self.registered.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
        let alias = alias.map(|(_, function)| function.clone());
        if !tells && alias.is_none() {
            return;
        }
        let sheets = self.sheets;
        let arguments: Vec<Expr> =
            raw.iter().map(|argument| self.folder.simplified(argument, key.0)).collect();
        let known = |at: usize| match arguments.get(at) {
            Some(Expr::Constant(value)) => Some(value.text()),
            _ => None,
        };
        let all = |from: usize| {
            let shown = arguments.iter().skip(from).map(|expr| match expr {
                Expr::Constant(value) => value.text(),
                other => Shown(other, sheets).to_string(),
            });
            shown.collect::<Vec<String>>().join(", ")
        };
        match name {
            "EXEC" => {
                if let Some(line) = known(0) {
                    self.tell(ArtefactKind::Command, line);
                }
                self.tell(ArtefactKind::Technique, "XLM: EXEC starts a program".to_owned());
            }
            "CALL" => {
                let (library, function) = (known(0), known(1));
                if let (Some(library), Some(function)) = (library, function) {
                    let told = format!("XLM: calls {library}!{function}({})", all(3));
                    self.tell(ArtefactKind::Technique, told);
                }
            }
            "REGISTER" => {
                if let (Some(library), Some(function)) = (known(0), known(1)) {
                    if let Some(alias) = known(3).filter(|_| self.registered.len() < CALLS_MAX) {
                        self.registered.push((alias, format!("{library}!{function}")));
                    }
                    let told = format!("XLM: registers {library}!{function}");
                    self.tell(ArtefactKind::Technique, told);
                }
            }
            "FOPEN" | "FILE.DELETE" | "SAVE.AS" | "OPEN" | "SEND.KEYS" | "WORKBOOK.HIDE" => {
                if let Some(what) = known(0) {
                    self.tell(ArtefactKind::Technique, format!("XLM: {name} {what}"));
                }
            }
            "FORMULA" | "FORMULA.FILL" | "FORMULA.ARRAY" => {
                if let (Some(text), Some(target)) = (known(0), target(raw.get(1), key)) {
                    self.write(target, text, depth);
                }
            }
            "SET.VALUE" => {
                let value = match arguments.get(1) {
                    Some(Expr::Constant(value)) => Some(value.clone()),
                    _ => None,
                };
                if let (Some(value), Some(target)) = (value, target(raw.first(), key)) {
                    self.folder.write(target, value);
                }
            }
            "SET.NAME" | "DEFINE.NAME" => {
                if let (Some(name), Some(value)) = (known(0), known(1)) {
                    self.folder.define(&name, Value::Text(value));
                }
            }
            _ => {
                if let Some(function) = alias {
                    let told = format!("XLM: calls {function}({})", all(0));
                    self.tell(ArtefactKind::Technique, told);
                }
            }
        }
    }

    /// A macro writes `text` into a cell; a formula among it runs when its turn comes.
    fn write(&mut self, key: Key, text: String, depth: usize) {
        let formula = text.strip_prefix('=').and_then(|it| formula::parse(it, self.sheets));
        match formula {
            Some(expr) if depth < WRITES_DEEP_MAX && self.text.len() < LISTING_BYTES_MAX => {
                self.line(key, &expr, depth + 1);
            }
            _ => self.folder.write(key, Value::Text(text)),
        }
    }
}

/// The cell that a macro at `key` writes into.
fn target(expr: Option<&Expr>, key: Key) -> Option<Key> {
    match expr? {
        Expr::Cell(place) | Expr::Area(place, _) => {
            Some((place.sheet.unwrap_or(key.0), place.column, place.row))
        }
        _ => None,
    }
}

/// All calls in a formula, the outer ones first.
fn collect<'a>(expr: &'a Expr, calls: &mut Vec<(&'a str, &'a [Expr])>) {
    if calls.len() >= CALLS_MAX {
        return;
    }
    match expr {
        Expr::Call(name, arguments) => {
            calls.push((name, arguments));
            for argument in arguments {
                collect(argument, calls);
            }
        }
        Expr::Join(parts) => parts.iter().for_each(|part| collect(part, calls)),
        Expr::Binary(_, left, right) => {
            collect(left, calls);
            collect(right, calls);
        }
        Expr::Sign(_, inner) | Expr::Percent(inner) => collect(inner, calls),
        _ => {}
    }
}

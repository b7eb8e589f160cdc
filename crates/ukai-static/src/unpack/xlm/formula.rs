//! Formulas: what they are made of, how they are written, and how written ones are read.

use std::fmt::{self, Display, Formatter, Write as _};

/// How deep a formula may nest.
pub(super) const DEPTH_MAX: usize = 64;
/// Operators in a formula besides `&`, and texts that `&` joins.
const OPERATORS_MAX: usize = 200;
const PARTS_MAX: usize = 8192;
/// Arguments of one function.
const ARGUMENTS_MAX: usize = 256;

/// A cell. Rows and columns count from 0; the sheet is an index, none the formula's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) sheet: Option<usize>,
    pub(super) row: u32,
    pub(super) column: u32,
}

/// What a cell or a formula comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    Truth(bool),
}

impl Value {
    /// As it is in a text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number_text(*number),
            Self::Truth(true) => "TRUE".to_owned(),
            Self::Truth(false) => "FALSE".to_owned(),
        }
    }

    /// As it is in a sum.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Number(number) => Some(*number),
            Self::Truth(truth) => Some(f64::from(u8::from(*truth))),
        }
    }
}

fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number:.0}")
    } else {
        format!("{number}")
    }
}

/// A formula.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Constant(Value),
    Cell(Place),
    /// Two corners.
    Area(Place, Place),
    Name(String),
    Call(String, Vec<Expr>),
    /// Sign in front.
    Sign(char, Box<Expr>),
    Percent(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// Texts that `&` joins: macros join hundreds.
    Join(Vec<Expr>),
    /// An argument left out.
    Missing,
    /// What is no value: `#REF!`, or what cannot be read.
    Error(&'static str),
}

/// `A1`, with the sheet's name in front if it is another one.
pub(super) fn cell_text(place: Place, sheets: &[String]) -> String {
    let mut text = String::new();
    if let Some(name) = place.sheet.and_then(|sheet| sheets.get(sheet)) {
        let plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if plain {
            text.push_str(name);
        } else {
            let _ = write!(text, "'{}'", name.replace('\'', "''"));
        }
        text.push('!');
    }
    let mut letters = Vec::new();
    let mut column = place.column;
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    text.extend(letters.iter().rev());
    let _ = write!(text, "{}", u64::from(place.row) + 1);
    text
}

/// A formula to be written, with the names of sheets.
pub(super) struct Shown<'a>(pub(super) &'a Expr, pub(super) &'a [String]);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let sheets = self.1;
        let shown = |expr| Shown(expr, sheets);
        match self.0 {
            Expr::Constant(Value::Text(text)) => write!(out, "\"{}\"", text.replace('"', "\"\"")),
            Expr::Constant(value) => out.write_str(&value.text()),
            Expr::Cell(place) => out.write_str(&cell_text(*place, sheets)),
            Expr::Area(first, last) => {
                let last = Place { sheet: None, ..*last };
                write!(out, "{}:{}", cell_text(*first, sheets), cell_text(last, sheets))
            }
            Expr::Name(name) => out.write_str(name),
            Expr::Call(name, arguments) => {
                write!(out, "{name}(")?;
                for (index, argument) in arguments.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(out, "{comma}{}", shown(argument))?;
                }
                out.write_str(")")
            }
            Expr::Sign(sign, inner) => {
                write!(out, "{sign}")?;
                side(out, inner, sheets)
            }
            Expr::Percent(inner) => {
                side(out, inner, sheets)?;
                out.write_str("%")
            }
            Expr::Binary(sign, left, right) => {
                side(out, left, sheets)?;
                out.write_str(sign)?;
                side(out, right, sheets)
            }
            Expr::Join(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { "&" })?;
                    side(out, part, sheets)?;
                }
                Ok(())
            }
            Expr::Missing => Ok(()),
            Expr::Error(text) => out.write_str(text),
        }
    }
}

/// One side of an operator.
fn side(out: &mut Formatter<'_>, expr: &Expr, sheets: &[String]) -> fmt::Result {
    match expr {
        Expr::Binary(..) | Expr::Join(_) => write!(out, "({})", Shown(expr, sheets)),
        _ => write!(out, "{}", Shown(expr, sheets)),
    }
}

/// Joins two texts, either of which may be joined already.
pub(super) fn join(left: Expr, right: Expr) -> Option<Expr> {
    let mut parts = match left {
        Expr::Join(parts) => parts,
        other => vec![other],
    };
    parts.push(right);
    (parts.len() <= PARTS_MAX).then_some(Expr::Join(parts))
}

/// Reads a formula as it is written, without the `=`; `None` if it is none.
pub(super) fn parse(text: &str, sheets: &[String]) -> Option<Expr> {
    let mut parser = Parser { text, at: 0, sheets, operators: 0 };
    let expr = parser.binary(0, 0)?;
    parser.blank();
    (parser.at == text.len()).then_some(expr)
}

/// Operators, the weakest first.
const OPERATORS: &[&[&str]] =
    &[&["<>", "<=", ">=", "=", "<", ">"], &["&"], &["+", "-"], &["*", "/"], &["^"]];

struct Parser<'a> {
    text: &'a str,
    at: usize,
    sheets: &'a [String],
    operators: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, mark: &str) -> bool {
        self.blank();
        let found = self.rest().starts_with(mark);
        self.at += if found { mark.len() } else { 0 };
        found
    }

    fn binary(&mut self, level: usize, depth: usize) -> Option<Expr> {
        let Some(signs) = OPERATORS.get(level) else { return self.unary(depth) };
        let mut left = self.binary(level + 1, depth)?;
        while let Some(sign) = signs.iter().find(|sign| self.take(sign)) {
            let right = self.binary(level + 1, depth)?;
            if *sign == "&" {
                left = join(left, right)?;
                continue;
            }
            self.operators += 1;
            if self.operators > OPERATORS_MAX {
                return None;
            }
            left = Expr::Binary(sign, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn unary(&mut self, depth: usize) -> Option<Expr> {
        if depth > DEPTH_MAX {
            return None;
        }
        for (mark, sign) in [("-", '-'), ("+", '+'), ("@", '+')] {
            if self.take(mark) {
                let inner = self.unary(depth + 1)?;
                return Some(if mark == "@" { inner } else { Expr::Sign(sign, Box::new(inner)) });
            }
        }
        let inner = self.primary(depth)?;
        Some(if self.take("%") { Expr::Percent(Box::new(inner)) } else { inner })
    }

    fn primary(&mut self, depth: usize) -> Option<Expr> {
        self.blank();
        let rest = self.rest();
        match rest.chars().next()? {
            '"' => self.string('"').map(|text| Expr::Constant(Value::Text(text))),
            '(' => {
                self.at += 1;
                let inner = self.binary(0, depth + 1)?;
                self.take(")").then_some(inner)
            }
            '0'..='9' | '.' => {
                let length = rest.len()
                    - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
                self.at += length;
                rest[..length].parse().ok().map(|number| Expr::Constant(Value::Number(number)))
            }
            '#' => {
                let length = rest.find([',', ')', ' ']).unwrap_or(rest.len());
                self.at += length;
                Some(Expr::Error("#REF!"))
            }
            '\'' => {
                let sheet = self.string('\'')?;
                self.take("!").then_some(())?;
                let word = self.word();
                self.reference(Some(&sheet), word)
            }
            _ => self.named(depth),
        }
    }

    /// A text between quotes, of which two are one.
    fn string(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            if letter != quote {
                text.push(letter);
            } else if letters.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                self.at += at + 1;
                return Some(text);
            }
        }
        None
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let part =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '\\' | '?' | '[' | ']');
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// A function, a name or a cell.
    fn named(&mut self, depth: usize) -> Option<Expr> {
        let word = self.word();
        if word.is_empty() {
            return None;
        }
        if self.rest().starts_with('!') {
            self.at += 1;
            let cell = self.word();
            return self.reference(Some(word), cell);
        }
        if !self.take("(") {
            return self.reference(None, word);
        }
        let name = word.trim_start_matches("_xlfn.").trim_start_matches("_xludf.").to_uppercase();
        let mut arguments = Vec::new();
        if self.take(")") {
            return Some(Expr::Call(name, arguments));
        }
        while arguments.len() < ARGUMENTS_MAX {
            self.blank();
            let missing = self.rest().starts_with([',', ')']);
            arguments.push(if missing { Expr::Missing } else { self.binary(0, depth + 1)? });
            if self.take(")") {
                return Some(Expr::Call(name, arguments));
            }
            self.take(",").then_some(())?;
        }
        None
    }

    fn reference(&mut self, sheet: Option<&str>, word: &str) -> Option<Expr> {
        let known = |name: &str| self.sheets.iter().position(|it| it.eq_ignore_ascii_case(name));
        let sheet = sheet.and_then(known);
        match word.to_ascii_uppercase().as_str() {
            "TRUE" => return Some(Expr::Constant(Value::Truth(true))),
            "FALSE" => return Some(Expr::Constant(Value::Truth(false))),
            _ => {}
        }
        let Some((row, column)) = cell(word) else {
            return (!word.is_empty()).then(|| Expr::Name(word.to_owned()));
        };
        let first = Place { sheet, row, column };
        if self.rest().starts_with(':') {
            self.at += 1;
            let word = self.word();
            let (row, column) = cell(word)?;
            return Some(Expr::Area(first, Place { sheet, row, column }));
        }
        Some(Expr::Cell(first))
    }
}

/// Row and column of `A1`, `$A$1` or `R1C1`.
pub(super) fn cell(word: &str) -> Option<(u32, u32)> {
    let upper = word.to_ascii_uppercase();
    let number = |text: &str| text.parse::<u32>().ok()?.checked_sub(1);
    if let Some((row, column)) = upper.strip_prefix('R').and_then(|rest| rest.split_once('C'))
        && let (Some(row), Some(column)) = (number(row), number(column))
    {
        return Some((row, column));
    }
    let word = upper.strip_prefix('$').unwrap_or(&upper);
    let letters = word.len() - word.trim_start_matches(|c: char| c.is_ascii_uppercase()).len();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let column = word[..letters].bytes().fold(0, |sum, byte| sum * 26 + u32::from(byte - b'A') + 1);
    let row = word[letters..].strip_prefix('$').unwrap_or(&word[letters..]);
    Some((number(row)?, column - 1))
}

#[cfg(test)]
mod tests {
    use super::{Shown, cell, parse};

    #[test]
    fn formulas_are_read_and_written() {
        let sheets = ["Macro1".to_owned(), "My sheet".to_owned()];
        for (text, shown) in [
            ("EXEC(\"cmd /c \"&$A$1 & CHAR(65+1))", "EXEC(\"cmd /c \"&A1&CHAR(65+1))"),
            ("'My sheet'!B2:C3", "'My sheet'!B2:C3"),
            ("Macro1!R3C27", "Macro1!AA3"),
            ("_xlfn.CONCAT(\"a\"\"b\",,-1%)", "CONCAT(\"a\"\"b\",,-1%)"),
            ("IF(A1>=2*(3+4),TRUE,#N/A)", "IF(A1>=(2*(3+4)),TRUE,#REF!)"),
        ] {
            let parsed = parse(text, &sheets).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(Shown(&parsed, &sheets).to_string(), shown);
        }
        assert_eq!(parse("A1 B", &sheets), None);
        assert_eq!(parse(&"(".repeat(100_000), &sheets), None);
        assert_eq!(parse(&"-".repeat(100_000), &sheets), None);
        assert_eq!(parse(&format!("1{}", "+1".repeat(100_000)), &sheets), None);
        assert_eq!(cell("XFD1048576"), Some((1_048_575, 16383)));
    }
}

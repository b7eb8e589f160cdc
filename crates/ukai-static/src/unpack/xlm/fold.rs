//! What formulas come to, as far as it can be known without running Excel: texts that are
//! put together of pieces, cells that hold them, and what a macro writes into cells.
//!
//! No branch is taken and no loop is run. Steps and lengths are bounded: cells that double a
//! text forty times over cost nothing.

use super::formula::{Expr, Place, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// Steps of all evaluations in one book.
const STEPS_MAX: usize = 400_000;
/// How deep formulas nest, those of the cells that they refer to included.
const DEPTH_MAX: usize = 200;
/// Length of a text that comes of a formula, in bytes: Excel's own limit in characters.
pub(super) const TEXT_BYTES_MAX: usize = 32_767;
/// Rows and columns of an area that is summed up.
const AREA_MAX: u32 = 64;

/// A cell by sheet, column and row: macros run down a column.
pub(super) type Key = (usize, u32, u32);

/// The cells of a book while it is evaluated.
#[derive(Default)]
pub(super) struct Folder {
    pub(super) formulas: HashMap<Key, Rc<Expr>>,
    pub(super) values: HashMap<Key, Value>,
    /// What names stand for, in lower case.
    pub(super) names: HashMap<String, (usize, Rc<Expr>)>,
    known: HashMap<Key, Option<Value>>,
    steps: usize,
}

impl Folder {
    /// Whether there was more to do than there may be.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps >= STEPS_MAX
    }

    /// A macro writes into a cell.
    pub(super) fn write(&mut self, key: Key, value: Value) {
        self.formulas.remove(&key);
        self.values.insert(key, value);
        self.known.clear();
    }

    /// A macro defines a name.
    pub(super) fn define(&mut self, name: &str, value: Value) {
        self.names.insert(name.to_lowercase(), (0, Rc::new(Expr::Constant(value))));
        self.known.clear();
    }

    /// What `expr`, which stands on `sheet`, comes to.
    pub(super) fn value(&mut self, expr: &Expr, sheet: usize) -> Option<Value> {
        self.fold(expr, sheet, 0)
    }

    /// The same with all that is known put in its place.
    pub(super) fn simplified(&mut self, expr: &Expr, sheet: usize) -> Expr {
        if !matches!(expr, Expr::Constant(_))
            && let Some(value) = self.value(expr, sheet)
        {
            return Expr::Constant(value);
        }
        let mut inner = |expr: &Expr| Box::new(self.simplified(expr, sheet));
        match expr {
            Expr::Call(name, arguments) => {
                let arguments = arguments.iter().map(|it| *inner(it)).collect();
                Expr::Call(name.clone(), arguments)
            }
            Expr::Join(parts) => Expr::Join(parts.iter().map(|it| *inner(it)).collect()),
            Expr::Binary(sign, left, right) => Expr::Binary(sign, inner(left), inner(right)),
            other => other.clone(),
        }
    }

    fn fold(&mut self, expr: &Expr, sheet: usize, depth: usize) -> Option<Value> {
        self.steps += 1;
        let depth = depth + 1;
        if depth > DEPTH_MAX || self.is_exhausted() {
            return None;
        }
        match expr {
            Expr::Constant(value) => Some(self.copied(value)),
            Expr::Cell(place) => self.cell(*place, sheet, depth),
            Expr::Name(name) => {
                let (home, inner) = self.names.get(&name.to_lowercase())?.clone();
                self.fold(&inner, home, depth)
            }
            Expr::Sign('-', inner) => {
                Some(Value::Number(-self.fold(inner, sheet, depth)?.number()?))
            }
            Expr::Sign(_, inner) => self.fold(inner, sheet, depth),
            Expr::Percent(inner) => {
                Some(Value::Number(self.fold(inner, sheet, depth)?.number()? / 100.0))
            }
            Expr::Join(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&self.fold(part, sheet, depth)?.text());
                    if text.len() > TEXT_BYTES_MAX {
                        return None;
                    }
                }
                Some(Value::Text(text))
            }
            Expr::Binary(sign, left, right) => {
                let left = self.fold(left, sheet, depth)?;
                let right = self.fold(right, sheet, depth)?;
                binary(sign, &left, &right)
            }
            Expr::Call(name, arguments) => self.call(name, arguments, sheet, depth),
            Expr::Area(..) | Expr::Missing | Expr::Error(_) => None,
        }
    }

    /// A copy, which costs as much as it is long.
    fn copied(&mut self, value: &Value) -> Value {
        if let Value::Text(text) = value {
            self.steps += text.len() / 32;
        }
        value.clone()
    }

    fn cell(&mut self, place: Place, sheet: usize, depth: usize) -> Option<Value> {
        let key = (place.sheet.unwrap_or(sheet), place.column, place.row);
        if let Some(known) = self.known.get(&key) {
            let known = known.clone()?;
            return Some(self.copied(&known));
        }
        let Some(formula) = self.formulas.get(&key).cloned() else {
            let value = self.values.get(&key).cloned()?;
            return Some(self.copied(&value));
        };
        // While it is worked out it has no value: it may refer to itself.
        self.known.insert(key, None);
        let folded = self.fold(&formula, key.0, depth);
        // Excel keeps the last result beside the formula.
        let value = folded.or_else(|| self.values.get(&key).cloned());
        self.known.insert(key, value.clone());
        value
    }

    fn call(
        &mut self,
        name: &str,
        arguments: &[Expr],
        sheet: usize,
        depth: usize,
    ) -> Option<Value> {
        match name {
            "IF" => {
                let truth = self.fold(arguments.first()?, sheet, depth)?.number()? != 0.0;
                let branch = arguments.get(if truth { 1 } else { 2 })?;
                return self.fold(branch, sheet, depth);
            }
            "CONCATENATE" | "CONCAT" | "SUM" => {
                return self.over_all(name, arguments, sheet, depth);
            }
            _ => {}
        }
        let mut values = Vec::new();
        for argument in arguments.iter().take(8) {
            values.push(self.fold(argument, sheet, depth)?);
        }
        let text = |at: usize| values.get(at).map(Value::text);
        let number = |at: usize| values.get(at).and_then(Value::number);
        let count = |at: usize| number(at).map(|it| it.clamp(0.0, 1e6) as usize);
        let letters = |at: usize| text(at).map(|it| it.chars().collect::<Vec<char>>());
        let joined = |letters: &[char]| Some(Value::Text(letters.iter().collect()));
        match name {
            "CHAR" | "UNICHAR" => {
                let letter = char::from_u32(number(0)? as u32).filter(|it| *it != '\0')?;
                Some(Value::Text(letter.to_string()))
            }
            "CODE" | "UNICODE" => {
                Some(Value::Number(f64::from(u32::from(text(0)?.chars().next()?))))
            }
            "LEFT" => {
                let (letters, count) = (letters(0)?, if values.len() > 1 { count(1)? } else { 1 });
                joined(&letters[..letters.len().min(count)])
            }
            "RIGHT" => {
                let (letters, count) = (letters(0)?, if values.len() > 1 { count(1)? } else { 1 });
                joined(&letters[letters.len().saturating_sub(count)..])
            }
            "MID" => {
                let (letters, start, count) = (letters(0)?, count(1)?.checked_sub(1)?, count(2)?);
                let rest = letters.get(start..).unwrap_or_default();
                joined(&rest[..rest.len().min(count)])
            }
            "LEN" => Some(Value::Number(letters(0)?.len() as f64)),
            "LOWER" => Some(Value::Text(text(0)?.to_lowercase())),
            "UPPER" => Some(Value::Text(text(0)?.to_uppercase())),
            "TRIM" => {
                let text = text(0)?;
                Some(Value::Text(text.split_whitespace().collect::<Vec<_>>().join(" ")))
            }
            "T" | "EVALUATE" => text(0).map(Value::Text),
            "REPT" => {
                let (text, count) = (text(0)?, count(1)?);
                let fits = text.len().saturating_mul(count) <= TEXT_BYTES_MAX;
                fits.then(|| Value::Text(text.repeat(count)))
            }
            "SUBSTITUTE" => {
                let (text, from, to) = (text(0)?, text(1)?, text(2)?);
                let most = text.len().saturating_mul(to.len().max(1));
                let works = !from.is_empty() && most <= 64 * TEXT_BYTES_MAX;
                works.then(|| Value::Text(text.replace(&from, &to)))
            }
            "REPLACE" => {
                let (letters, start, count) = (letters(0)?, count(1)?.checked_sub(1)?, count(2)?);
                let start = start.min(letters.len());
                let end = start.saturating_add(count).min(letters.len());
                let mut new: String = letters[..start].iter().collect();
                new.push_str(&text(3)?);
                new.extend(&letters[end..]);
                (new.len() <= TEXT_BYTES_MAX).then_some(Value::Text(new))
            }
            "VALUE" | "N" => number(0).map(Value::Number),
            "INT" => number(0).map(|it| Value::Number(it.floor())),
            "ABS" => number(0).map(|it| Value::Number(it.abs())),
            "ROUND" => {
                let scale = 10f64.powi(number(1)?.clamp(-15.0, 15.0) as i32);
                Some(Value::Number((number(0)? * scale).round() / scale))
            }
            "MOD" => {
                let (left, right) = (number(0)?, number(1)?);
                (right != 0.0).then(|| Value::Number(left - right * (left / right).floor()))
            }
            "PRODUCT" => {
                let all: Option<Vec<f64>> = values.iter().map(Value::number).collect();
                all.map(|all| Value::Number(all.iter().product()))
            }
            "TRUE" => Some(Value::Truth(true)),
            "FALSE" => Some(Value::Truth(false)),
            _ => None,
        }
    }

    /// Functions of any number of arguments, areas among them.
    fn over_all(
        &mut self,
        name: &str,
        arguments: &[Expr],
        sheet: usize,
        depth: usize,
    ) -> Option<Value> {
        let mut values = Vec::new();
        for argument in arguments {
            let Expr::Area(first, last) = argument else {
                if !matches!(argument, Expr::Missing) {
                    values.push(self.fold(argument, sheet, depth)?);
                }
                continue;
            };
            let rows = first.row..=last.row.min(first.row.saturating_add(AREA_MAX));
            for row in rows {
                for column in first.column..=last.column.min(first.column.saturating_add(AREA_MAX))
                {
                    self.steps += 1;
                    if self.is_exhausted() {
                        return None;
                    }
                    values.extend(self.cell(Place { row, column, ..*first }, sheet, depth));
                }
            }
        }
        if name == "SUM" {
            return Some(Value::Number(values.iter().filter_map(Value::number).sum()));
        }
        let length: usize = values.iter().map(|it| it.text().len()).sum();
        let text = || values.iter().map(Value::text).collect();
        (length <= TEXT_BYTES_MAX).then(|| Value::Text(text()))
    }
}

fn binary(sign: &str, left: &Value, right: &Value) -> Option<Value> {
    let truth = |truth| Some(Value::Truth(truth));
    if let (Value::Text(left), Value::Text(right)) = (left, right) {
        let same = left.eq_ignore_ascii_case(right);
        match sign {
            "=" => return truth(same),
            "<>" => return truth(!same),
            _ => {}
        }
    }
    let (left, right) = (left.number()?, right.number()?);
    let number = match sign {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" if right != 0.0 => left / right,
        "^" => left.powf(right),
        "=" => return truth((left - right).abs() < f64::EPSILON),
        "<>" => return truth((left - right).abs() >= f64::EPSILON),
        "<" => return truth(left < right),
        ">" => return truth(left > right),
        "<=" => return truth(left <= right),
        ">=" => return truth(left >= right),
        _ => return None,
    };
    number.is_finite().then_some(Value::Number(number))
}

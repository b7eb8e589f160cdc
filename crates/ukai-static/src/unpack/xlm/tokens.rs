//! Formulas as Excel stores them: tokens in reverse Polish order (MS-XLS 2.5.198, MS-XLSB
//! 2.5.97).

use super::formula::{DEPTH_MAX, Expr, Place, Value, join};
use crate::unpack::{slice, u16_le, u32_le};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Tokens of one formula.
const TOKENS_MAX: usize = 20_000;
/// What a user's function is called by: its name is the first argument.
const USER_FUNCTION: u16 = 255;

/// Names of functions and how many arguments they have, if that is fixed.
static FUNCTIONS: LazyLock<HashMap<u16, (&str, Option<usize>)>> = LazyLock::new(|| {
    let lines = include_str!("functions.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split(' ');
            let number = words.next()?.parse().ok()?;
            Some((number, (words.next()?, words.next().and_then(|it| it.parse().ok()))))
        })
        .collect()
});

/// How places and texts are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Excel 5 and 95.
    Biff5,
    /// Excel 97 to 2003.
    Biff8,
    /// XLSB.
    Biff12,
}

/// What tokens point at.
pub(super) struct Around<'a> {
    pub(super) layout: Layout,
    /// Names that are defined in the book, from 1 on.
    pub(super) names: &'a [String],
    /// The sheet that an entry of the book's references begins with.
    pub(super) references: &'a [Option<usize>],
}

/// The formula that `tokens` are; as far as it goes, if they are broken.
pub(super) fn expression(tokens: &[u8], around: &Around<'_>) -> Expr {
    let mut stack = Stack { entries: Vec::new() };
    let mut reader = Reader { bytes: tokens, at: 0, around };
    for _ in 0..TOKENS_MAX {
        if reader.at >= tokens.len() {
            break;
        }
        if reader.token(&mut stack).is_none() {
            stack.entries.push((Expr::Error("#BROKEN!"), 1));
            break;
        }
    }
    stack.entries.pop().map_or(Expr::Error("#BROKEN!"), |(expr, _)| expr)
}

/// Operands, each with how deep it nests.
struct Stack {
    entries: Vec<(Expr, usize)>,
}

impl Stack {
    fn push(&mut self, expr: Expr) -> Option<()> {
        self.put(expr, 1)
    }

    fn wrap(&mut self, make: impl FnOnce(Box<Expr>) -> Expr) -> Option<()> {
        let (inner, depth) = self.entries.pop()?;
        self.put(make(Box::new(inner)), depth + 1)
    }

    fn put(&mut self, expr: Expr, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.entries.push((expr, depth));
        Some(())
    }

    fn binary(&mut self, sign: &'static str) -> Option<()> {
        let (right, right_depth) = self.entries.pop()?;
        let (left, left_depth) = self.entries.pop()?;
        if sign == "&" {
            let below = usize::from(!matches!(left, Expr::Join(_)));
            return self.put(join(left, right)?, (left_depth + below).max(right_depth + 1));
        }
        let depth = left_depth.max(right_depth) + 1;
        self.put(Expr::Binary(sign, Box::new(left), Box::new(right)), depth)
    }

    fn call(&mut self, number: u16, count: usize) -> Option<()> {
        let first = self.entries.len().checked_sub(count)?;
        let taken = self.entries.split_off(first);
        let depth = taken.iter().map(|(_, depth)| *depth).max().unwrap_or(0) + 1;
        let mut arguments: Vec<Expr> = taken.into_iter().map(|(expr, _)| expr).collect();
        let name = match FUNCTIONS.get(&number) {
            _ if number == USER_FUNCTION && !arguments.is_empty() => match arguments.remove(0) {
                Expr::Name(name) => name,
                _ => "USER.FUNCTION".to_owned(),
            },
            Some((name, _)) => (*name).to_owned(),
            None => format!("FUNCTION.{number}"),
        };
        self.put(Expr::Call(name, arguments), depth)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    around: &'a Around<'a>,
}

impl Reader<'_> {
    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let taken = slice(self.bytes, self.at, length)?;
        self.at += length;
        Some(taken)
    }

    fn half(&mut self) -> Option<u16> {
        self.take(2).and_then(|it| u16_le(it, 0))
    }

    fn word(&mut self) -> Option<u32> {
        self.take(4).and_then(|it| u32_le(it, 0))
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|it| it[0])
    }

    /// Reads one token; `None` if it is broken or unknown.
    fn token(&mut self, stack: &mut Stack) -> Option<()> {
        let layout = self.around.layout;
        let token = self.byte()?;
        // Operands come in three classes.
        let token = if token >= 0x20 { token & 0x1f | 0x20 } else { token };
        let old = |biff5: usize, biff8: usize, biff12: usize| match layout {
            Layout::Biff5 => biff5,
            Layout::Biff8 => biff8,
            Layout::Biff12 => biff12,
        };
        match token {
            // A formula that is shared with other cells, or a table's.
            0x01 | 0x02 => {
                self.take(old(4, 4, 4))?;
                stack.push(Expr::Error("#SHARED!"))
            }
            0x03..=0x11 => {
                const SIGNS: [&str; 15] =
                    ["+", "-", "*", "/", "^", "&", "<", "<=", "=", ">=", ">", "<>", " ", ",", ":"];
                stack.binary(SIGNS[usize::from(token - 3)])
            }
            0x12 => stack.wrap(|inner| Expr::Sign('+', inner)),
            0x13 => stack.wrap(|inner| Expr::Sign('-', inner)),
            0x14 => stack.wrap(Expr::Percent),
            // Parentheses are written where they are needed.
            0x15 => Some(()),
            0x16 => stack.push(Expr::Missing),
            0x17 => {
                let text = self.text()?;
                stack.push(Expr::Constant(Value::Text(text)))
            }
            0x18 => self.take(5).map(|_| ()),
            0x19 => self.attribute(stack),
            0x1c => {
                self.byte()?;
                stack.push(Expr::Error("#ERROR!"))
            }
            0x1d => {
                let truth = self.byte()? != 0;
                stack.push(Expr::Constant(Value::Truth(truth)))
            }
            0x1e => {
                let number = self.half()?;
                stack.push(Expr::Constant(Value::Number(f64::from(number))))
            }
            0x1f => {
                let bytes = self.take(8)?.first_chunk().copied()?;
                stack.push(Expr::Constant(Value::Number(f64::from_le_bytes(bytes))))
            }
            0x20 => {
                self.take(old(7, 7, 14))?;
                stack.push(Expr::Error("{...}"))
            }
            0x21 => {
                let number = self.half()?;
                let count = FUNCTIONS.get(&number).and_then(|(_, count)| *count)?;
                stack.call(number, count)
            }
            0x22 => {
                let count = usize::from(self.byte()? & 0x7f);
                let number = self.half()?;
                stack.call(number, count)
            }
            0x23 => {
                let index = if layout == Layout::Biff5 {
                    let index = self.half()?;
                    self.take(12)?;
                    u32::from(index)
                } else {
                    self.word()?
                };
                stack.push(self.name(index))
            }
            0x24 | 0x2c => {
                let place = self.place(None)?;
                stack.push(Expr::Cell(place))
            }
            0x25 | 0x2d => {
                let (first, last) = self.area(None)?;
                stack.push(Expr::Area(first, last))
            }
            // What is behind them says it again.
            0x26..=0x28 => self.take(6).map(|_| ()),
            0x29 | 0x2e | 0x2f => self.take(2).map(|_| ()),
            0x2a => {
                self.take(old(3, 4, 6))?;
                stack.push(Expr::Error("#REF!"))
            }
            0x2b => {
                self.take(old(6, 8, 12))?;
                stack.push(Expr::Error("#REF!"))
            }
            0x39 => {
                if layout == Layout::Biff5 {
                    self.take(24)?;
                    return stack.push(Expr::Name("EXTERNAL".to_owned()));
                }
                self.half()?;
                let index = self.word()?;
                stack.push(self.name(index))
            }
            0x3a => {
                let sheet = self.sheet();
                let place = self.place(sheet)?;
                stack.push(Expr::Cell(place))
            }
            0x3b => {
                let sheet = self.sheet();
                let (first, last) = self.area(sheet)?;
                stack.push(Expr::Area(first, last))
            }
            0x3c => {
                self.take(old(17, 6, 8))?;
                stack.push(Expr::Error("#REF!"))
            }
            0x3d => {
                self.take(old(20, 10, 14))?;
                stack.push(Expr::Error("#REF!"))
            }
            _ => None,
        }
    }

    /// What controls evaluation and spacing (2.5.198.4 to 2.5.198.12).
    fn attribute(&mut self, stack: &mut Stack) -> Option<()> {
        let kind = self.byte()?;
        let value = usize::from(self.half()?);
        if kind & 0x04 != 0 {
            self.take(2 * (value + 1))?;
        }
        if kind & 0x10 != 0 {
            // SUM of one argument.
            return stack.call(4, 1);
        }
        Some(())
    }

    fn text(&mut self) -> Option<String> {
        match self.around.layout {
            Layout::Biff5 => {
                let count = usize::from(self.byte()?);
                self.take(count).map(narrow)
            }
            Layout::Biff8 => {
                let count = usize::from(self.byte()?);
                if self.byte()? & 1 == 0 {
                    self.take(count).map(narrow)
                } else {
                    self.take(2 * count).map(wide)
                }
            }
            Layout::Biff12 => {
                let count = usize::from(self.half()?);
                self.take(2 * count).map(wide)
            }
        }
    }

    fn name(&self, index: u32) -> Expr {
        let name = (index as usize).checked_sub(1).and_then(|index| self.around.names.get(index));
        Expr::Name(name.cloned().unwrap_or_else(|| format!("NAME.{index}")))
    }

    /// The sheet of a reference to another one; none if it is not known, or what is left is
    /// too short for anything.
    fn sheet(&mut self) -> Option<usize> {
        if self.around.layout == Layout::Biff5 {
            // Index, eight bytes, first and last sheet.
            let taken = self.take(14)?;
            return u16_le(taken, 10).map(usize::from);
        }
        let index = usize::from(self.half()?);
        self.around.references.get(index).copied().flatten()
    }

    fn place(&mut self, sheet: Option<usize>) -> Option<Place> {
        let (row, column) = match self.around.layout {
            Layout::Biff5 => (u32::from(self.half()? & 0x3fff), u32::from(self.byte()?)),
            Layout::Biff8 => (u32::from(self.half()?), u32::from(self.half()? & 0x3fff)),
            Layout::Biff12 => (self.word()?, u32::from(self.half()? & 0x3fff)),
        };
        Some(Place { sheet, row, column })
    }

    fn area(&mut self, sheet: Option<usize>) -> Option<(Place, Place)> {
        let layout = self.around.layout;
        let mut row = || match layout {
            Layout::Biff5 => self.half().map(|it| u32::from(it & 0x3fff)),
            Layout::Biff8 => self.half().map(u32::from),
            Layout::Biff12 => self.word(),
        };
        let (first_row, last_row) = (row()?, row()?);
        let mut column = || match layout {
            Layout::Biff5 => self.byte().map(u32::from),
            _ => self.half().map(|it| u32::from(it & 0x3fff)),
        };
        let (first, last) = (column()?, column()?);
        let place = |row, column| Place { sheet, row, column };
        Some((place(first_row, first), place(last_row, last)))
    }
}

/// Text of a byte per letter: Latin for want of a code page.
pub(super) fn narrow(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// UTF-16.
pub(super) fn wide(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

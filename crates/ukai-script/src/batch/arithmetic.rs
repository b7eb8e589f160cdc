//! `set /a`: whole numbers of 32 bits, with C's operators.

use super::exec::{Batch, Eval};

/// Operators by precedence, the loosest first; longer ones before what they begin with.
const LEVELS: &[&[&str]] = &[&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];

/// Numbers as they are written: decimal, `0x`, and octal behind a zero.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(sign * value)
}

struct Reader<'t> {
    text: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.text = self.text.trim_start();
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.skip();
        match self.text.strip_prefix(sign) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }
}

impl Batch<'_, '_> {
    /// Works out expressions with commas between them: the last one's value.
    pub(super) fn arithmetic(&mut self, text: &str) -> Eval<i32> {
        self.run.steps(1 + text.len() as u64)?;
        let mut value = 0;
        for part in text.split(',') {
            let mut reader = Reader { text: part, depth: 0 };
            value = self.assignment(&mut reader)?;
        }
        Ok(value)
    }

    /// `name = value`, `name += value`.
    fn assignment(&mut self, reader: &mut Reader<'_>) -> Eval<i32> {
        reader.skip();
        let end = name_length(reader.text);
        let (name, rest) = reader.text.split_at(end);
        let rest = rest.trim_start();
        let operator = ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "="]
            .into_iter()
            .find(|it| rest.starts_with(it));
        if let Some(operator) = operator.filter(|_| end > 0)
            && reader.depth < 32
        {
            let name = name.to_owned();
            reader.text = &rest[operator.len()..];
            reader.depth += 1;
            let right = self.assignment(reader)?;
            reader.depth -= 1;
            let value = match operator.strip_suffix('=') {
                Some(operator) if !operator.is_empty() => {
                    let left = self.named(&name);
                    apply(operator, left, right)
                }
                _ => right,
            };
            self.run.set_variable(&name, &value.to_string())?;
            return Ok(value);
        }
        Ok(self.level(reader, 0))
    }

    fn level(&mut self, reader: &mut Reader<'_>, level: usize) -> i32 {
        let Some(operators) = LEVELS.get(level) else { return self.unary(reader) };
        let mut value = self.level(reader, level + 1);
        'more: loop {
            for operator in *operators {
                if reader.eat(operator) {
                    let right = self.level(reader, level + 1);
                    value = apply(operator, value, right);
                    continue 'more;
                }
            }
            return value;
        }
    }

    fn unary(&mut self, reader: &mut Reader<'_>) -> i32 {
        let mut signs = Vec::new();
        while let Some(sign) =
            ['-', '+', '~', '!'].into_iter().find(|it| reader.eat(&it.to_string()))
        {
            signs.push(sign);
        }
        let mut value = self.primary(reader);
        for sign in signs.into_iter().rev() {
            value = match sign {
                '-' => value.wrapping_neg(),
                '~' => !value,
                '!' => i32::from(value == 0),
                _ => value,
            };
        }
        value
    }

    fn primary(&mut self, reader: &mut Reader<'_>) -> i32 {
        if reader.depth < 32 && reader.eat("(") {
            reader.depth += 1;
            let value = self.level(reader, 0);
            reader.depth -= 1;
            reader.eat(")");
            return value;
        }
        reader.skip();
        let end = name_length(reader.text);
        let end = if end == 0 {
            reader.text.bytes().take_while(u8::is_ascii_alphanumeric).count()
        } else {
            end
        };
        let (word, rest) = reader.text.split_at(end);
        reader.text = rest;
        match number(word) {
            Some(value) => value as i32,
            None => self.named(word),
        }
    }

    fn named(&mut self, name: &str) -> i32 {
        self.variable(name).and_then(|it| number(&it)).map_or(0, |it| it as i32)
    }
}

/// Length of the variable's name that a text begins with.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| c.is_whitespace() || "+-*/%&|^<>=!~(),".contains(c)).unwrap_or(text.len())
}

fn apply(operator: &str, left: i32, right: i32) -> i32 {
    match operator {
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "<<" => left.checked_shl(right as u32).unwrap_or(0),
        ">>" => left.checked_shr(right as u32).unwrap_or(0),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right).unwrap_or(0),
        "%" => left.checked_rem(right).unwrap_or(0),
        _ => right,
    }
}

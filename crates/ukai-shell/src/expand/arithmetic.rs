//! `$((...))`: 64-bit integers, the operators of C, variables.

use crate::process::{Key, Process};
use crate::syntax::ShellKind;
use crate::system::Stop;

/// Deepest nesting of brackets, operators and variables that hold expressions.
const DEPTH: u32 = 48;

/// Why an expression has no value.
pub(crate) enum Fault {
    /// The shell's message.
    Message(&'static str),
    /// The message, and the text from the token on at which reading stopped.
    At(&'static str, Vec<u8>),
    /// Something else ended the command.
    Stop(Stop),
}

/// What is wrong with an expression.
#[derive(Clone, Copy)]
enum Mistake {
    /// There is no operand where one must be.
    Operand,
    /// Something follows the expression.
    Trailing,
    /// A closing bracket is missing.
    Close,
    /// `?` without `:`.
    Colon,
    /// A digit is none in this base.
    Digit,
    Base,
    /// `3=4`
    Target,
}

impl Mistake {
    const fn message(self, kind: ShellKind) -> &'static str {
        match (kind, self) {
            (ShellKind::Bash, Self::Operand) => "syntax error: operand expected",
            (ShellKind::Bash, Self::Trailing) => "syntax error in expression",
            (ShellKind::Bash, Self::Close) => "missing `)'",
            (ShellKind::Bash, Self::Colon) => "`:' expected for conditional expression",
            (ShellKind::Bash, Self::Digit) => "value too great for base",
            (ShellKind::Bash, Self::Base) => "invalid arithmetic base",
            (ShellKind::Bash, Self::Target) => "attempted assignment to non-variable",
            (ShellKind::Dash, Self::Operand) => "expecting primary",
            (ShellKind::Dash, Self::Close) => "expecting ')'",
            (ShellKind::Dash, Self::Colon) => "expecting ':'",
            (ShellKind::Dash, _) => "expecting EOF",
            (ShellKind::Ash, Self::Colon) => "malformed ?: operator",
            (ShellKind::Ash, _) => "arithmetic syntax error",
        }
    }
}

/// The value of an expression.
pub(crate) fn evaluate(process: &mut Process, text: &[u8]) -> Result<i64, Fault> {
    let mut parser = Evaluator { process, text, at: 0, last: 0, depth: 0, skip: 0, choices: 0 };
    parser.whole()
}

/// What can be assigned to.
struct Place {
    name: Vec<u8>,
    key: Option<Key>,
}

struct Evaluator<'a> {
    process: &'a mut Process,
    text: &'a [u8],
    at: usize,
    /// Where the last token began.
    last: usize,
    depth: u32,
    /// How many `?` wait for their `:` outside of brackets.
    choices: u32,
    /// Inside a part that is not evaluated (`0 && x`): no side effects.
    skip: u32,
}

/// Binary operators by falling precedence; the longest spelling of a level first.
const LEVELS: [&[&str]; 10] = [
    &["*", "/", "%"],
    &["+", "-"],
    &["<<", ">>"],
    &["<=", ">=", "<", ">"],
    &["==", "!="],
    &["&"],
    &["^"],
    &["|"],
    &["&&"],
    &["||"],
];

const ASSIGNMENTS: [&str; 11] = ["<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=", "="];

impl Evaluator<'_> {
    fn whole(&mut self) -> Result<i64, Fault> {
        self.blanks();
        if self.at == self.text.len() {
            return Ok(0);
        }
        let value = self.comma()?;
        self.blanks();
        if self.at < self.text.len() {
            let assigns = self.text[self.at] == b'=' && self.process.bash;
            return Err(self.mistake(if assigns { Mistake::Target } else { Mistake::Trailing }));
        }
        Ok(value)
    }

    /// The mistake at this place; at the end of the text, at the last token.
    fn mistake(&mut self, mistake: Mistake) -> Fault {
        self.blanks();
        let place = if self.at < self.text.len() { self.at } else { self.last };
        Fault::At(mistake.message(self.process.kind()), self.text[place..].to_vec())
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn take(&mut self, op: &str) -> bool {
        self.blanks();
        let found = self.text[self.at..].starts_with(op.as_bytes());
        if found {
            self.last = self.at;
            self.at += op.len();
        }
        found
    }

    fn comma(&mut self) -> Result<i64, Fault> {
        let mut value = self.conditional()?;
        while self.take(",") {
            value = self.conditional()?;
        }
        Ok(value)
    }

    fn conditional(&mut self) -> Result<i64, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::Message("expression recursion level exceeded"));
        }
        let condition = self.binary(LEVELS.len())?;
        let value = if self.take("?") {
            // BusyBox's takes no choice in the first half of another.
            if self.choices > 0 && self.process.kind() == ShellKind::Ash {
                return Err(self.mistake(Mistake::Colon));
            }
            let (then, otherwise) = (condition != 0, condition == 0);
            self.skip += u32::from(!then);
            self.choices += 1;
            let yes = self.conditional();
            self.choices -= 1;
            self.skip -= u32::from(!then);
            let yes = yes?;
            if !self.take(":") {
                return Err(self.mistake(Mistake::Colon));
            }
            self.skip += u32::from(!otherwise);
            let no = self.conditional();
            self.skip -= u32::from(!otherwise);
            if then { yes } else { no? }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Operators of the first `level` levels.
    fn binary(&mut self, level: usize) -> Result<i64, Fault> {
        if level == 0 {
            return self.power();
        }
        let mut left = self.binary(level - 1)?;
        while let Some(op) = self.operator(LEVELS[level - 1]) {
            let operand = self.at;
            let idle = (op == "&&" && left == 0) || (op == "||" && left != 0);
            self.skip += u32::from(idle);
            let right = self.binary(level - 1);
            self.skip -= u32::from(idle);
            left = self.apply(op, left, right?, operand)?;
        }
        Ok(left)
    }

    fn operator(&mut self, level: &[&'static str]) -> Option<&'static str> {
        self.blanks();
        let rest = &self.text[self.at..];
        let op = *level.iter().find(|op| rest.starts_with(op.as_bytes()))?;
        let after = rest.get(op.len()).copied();
        // `&` is not half of `&&`, `<` not of `<<`, `*` not of `**`, nothing of `+=`.
        let longer = match op {
            "&" | "|" | "*" | "<" | ">" => after == Some(op.as_bytes()[0]),
            _ => false,
        };
        let assigns = after == Some(b'=')
            && !matches!(op, "<=" | ">=" | "==" | "!=" | "&&" | "||" | "<" | ">");
        if longer || assigns {
            return None;
        }
        self.last = self.at;
        self.at += op.len();
        Some(op)
    }

    fn power(&mut self) -> Result<i64, Fault> {
        let base = self.unary()?;
        if !self.take("**") {
            return Ok(base);
        }
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::Message("expression recursion level exceeded"));
        }
        let exponent = self.power()?;
        self.depth -= 1;
        match u32::try_from(exponent) {
            Ok(exponent) => Ok(base.wrapping_pow(exponent)),
            Err(_) if self.skip > 0 => Ok(0),
            Err(_) if self.process.bash => {
                Err(Fault::At("exponent less than 0", self.text[self.last..].to_vec()))
            }
            Err(_) => Err(Fault::Message("exponent less than 0")),
        }
    }

    /// Applies an operator, whose right operand began at `operand`.
    fn apply(&self, op: &str, left: i64, right: i64, operand: usize) -> Result<i64, Fault> {
        Ok(match op {
            "*" => left.wrapping_mul(right),
            "/" | "%" if right == 0 => {
                if self.skip > 0 {
                    return Ok(0);
                }
                let text = match self.process.kind() {
                    ShellKind::Bash => "division by 0",
                    ShellKind::Dash => "division by zero",
                    ShellKind::Ash => "divide by zero",
                };
                let rest = self.text.get(operand..).unwrap_or_default();
                return Err(Fault::At(text, rest.trim_ascii_start().to_vec()));
            }
            "/" => left.wrapping_div(right),
            "%" => left.wrapping_rem(right),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "&" => left & right,
            "^" => left ^ right,
            "|" => left | right,
            "&&" => i64::from(left != 0 && right != 0),
            _ => i64::from(left != 0 || right != 0),
        })
    }

    fn unary(&mut self) -> Result<i64, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::Message("expression recursion level exceeded"));
        }
        let value = self.unary_inner();
        self.depth -= 1;
        value
    }

    fn unary_inner(&mut self) -> Result<i64, Fault> {
        self.blanks();
        for (op, change) in [("++", 1), ("--", -1)] {
            let rest = &self.text[self.at..];
            if rest.starts_with(op.as_bytes()) {
                let start = self.at;
                self.at += 2;
                self.blanks();
                if let Some(place) = self.place()? {
                    let value = self.value_of(&place)?.wrapping_add(change);
                    self.set(&place, value)?;
                    return Ok(value);
                }
                self.at = start;
            }
        }
        match self.text.get(self.at) {
            Some(b'-') => {
                self.step();
                Ok(self.unary()?.wrapping_neg())
            }
            Some(b'+') => {
                self.step();
                self.unary()
            }
            Some(b'!') => {
                self.step();
                Ok(i64::from(self.unary()? == 0))
            }
            Some(b'~') => {
                self.step();
                Ok(!self.unary()?)
            }
            Some(b'(') => {
                self.step();
                let choices = std::mem::take(&mut self.choices);
                let value = self.comma();
                self.choices = choices;
                let value = value?;
                if self.take(")") { Ok(value) } else { Err(self.mistake(Mistake::Close)) }
            }
            Some(b) if b.is_ascii_digit() => self.number(),
            _ => self.name_or_assignment(),
        }
    }

    /// Takes a token of one character.
    fn step(&mut self) {
        self.last = self.at;
        self.at += 1;
    }

    /// A variable or an element of an array.
    fn place(&mut self) -> Result<Option<Place>, Fault> {
        let start = self.at;
        let Some(name) = self.name() else { return Ok(None) };
        self.last = start;
        if !self.process.bash || self.text.get(self.at) != Some(&b'[') {
            return Ok(Some(Place { name, key: None }));
        }
        let inner = self.at + 1;
        let mut open = 0_u32;
        for (at, byte) in self.text.iter().enumerate().skip(inner) {
            match byte {
                b'[' => open += 1,
                b']' if open > 0 => open -= 1,
                b']' => {
                    let subscript = self.text[inner..at].to_vec();
                    self.at = at + 1;
                    self.process.session.step(1).map_err(Fault::Stop)?;
                    if self.depth + 8 > DEPTH {
                        return Err(Fault::Message("expression recursion level exceeded"));
                    }
                    let key = self.process.element_key(&name, &subscript).map_err(Fault::Stop)?;
                    return Ok(Some(Place { name, key: Some(key) }));
                }
                _ => {}
            }
        }
        Err(Fault::At("bad array subscript", self.text[start..].to_vec()))
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        if length == 0 || rest[0].is_ascii_digit() {
            return None;
        }
        self.at += length;
        Some(rest[..length].to_vec())
    }

    fn name_or_assignment(&mut self) -> Result<i64, Fault> {
        let Some(place) = self.place()? else { return Err(self.mistake(Mistake::Operand)) };
        self.blanks();
        let rest = &self.text[self.at..];
        if rest.starts_with(b"++") || rest.starts_with(b"--") {
            let change = if rest[0] == b'+' { 1 } else { -1 };
            self.at += 2;
            let value = self.value_of(&place)?;
            self.set(&place, value.wrapping_add(change))?;
            return Ok(value);
        }
        let op = ASSIGNMENTS.iter().find(|op| rest.starts_with(op.as_bytes())).copied();
        let Some(op) = op.filter(|op| *op != "=" || !rest.starts_with(b"==")) else {
            return self.value_of(&place);
        };
        self.last = self.at;
        self.at += op.len();
        let operand = self.at;
        let right = self.conditional()?;
        let value = if op == "=" {
            right
        } else {
            let left = self.value_of(&place)?;
            self.apply(&op[..op.len() - 1], left, right, operand)?
        };
        self.set(&place, value)?;
        Ok(value)
    }

    fn number(&mut self) -> Result<i64, Fault> {
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
        let digits = &rest[..length];
        self.last = self.at;
        if let Some(number) = parse_number(digits) {
            self.at += length;
            return Ok(number);
        }
        let base = digits.split(|b| *b == b'#').next().unwrap_or_default();
        let base = std::str::from_utf8(base).ok().and_then(|b| b.parse::<u32>().ok());
        let based = digits.contains(&b'#');
        let wrong = based && base.is_none_or(|b| !(2..=64).contains(&b));
        Err(self.mistake(if wrong { Mistake::Base } else { Mistake::Digit }))
    }

    fn set(&mut self, place: &Place, value: i64) -> Result<(), Fault> {
        if self.skip > 0 {
            return Ok(());
        }
        let text = value.to_string();
        match &place.key {
            Some(key) => self.process.assign_element(&place.name, key.clone(), text),
            None => self.process.assign(&place.name, text),
        }
        .map_err(Fault::Stop)
    }

    /// The value of a variable, itself an expression.
    fn value_of(&mut self, place: &Place) -> Result<i64, Fault> {
        let value = match &place.key {
            Some(key) => self.process.element(&place.name, key),
            None => self.process.variable(&place.name),
        };
        let Some(value) = value else {
            if self.process.options.no_unset && place.key.is_none() && self.skip == 0 {
                let shown = String::from_utf8_lossy(&place.name).into_owned();
                let text = if self.process.bash { "unbound variable" } else { "parameter not set" };
                self.process.complain(&format!("{shown}: {text}")).map_err(Fault::Stop)?;
                return Err(Fault::Stop(Stop::Abort(self.process.unset_status())));
            }
            return Ok(0);
        };
        self.process.session.copied(0, value.len() / 8).map_err(Fault::Stop)?;
        if let Some(number) = parse_number(value.trim_ascii()) {
            return Ok(number);
        }
        if self.depth + 8 > DEPTH {
            return Err(Fault::Message("expression recursion loop detected"));
        }
        self.process.session.step(1).map_err(Fault::Stop)?;
        let depth = self.depth + 8;
        let mut inner = Evaluator {
            process: self.process,
            text: &value,
            at: 0,
            last: 0,
            depth,
            skip: self.skip,
            choices: 0,
        };
        inner.whole()
    }
}

/// A number as C and the shell write it: decimal, `0` octal, `0x` hexadecimal, `base#`.
pub(crate) fn parse_number(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    let value = if let Some((base, digits)) = digits.split_once('#') {
        let base = base.parse().ok().filter(|b| (2..=64).contains(b))?;
        based_number(digits, base)?
    } else if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16).ok()? as i64
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(if negative { value.wrapping_neg() } else { value })
}

/// Digits of a base up to 64, as bash has them: `0-9a-zA-Z@_`; up to 36 case is the same.
fn based_number(digits: &str, base: u32) -> Option<i64> {
    let value_of = |byte: u8| {
        Some(u32::from(match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            b'@' => 62,
            b'_' => 63,
            _ => return None,
        }))
    };
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_i64, |number, byte| {
        let digit = value_of(byte).filter(|d| *d < base)?;
        Some(number.wrapping_mul(i64::from(base)).wrapping_add(i64::from(digit)))
    })
}

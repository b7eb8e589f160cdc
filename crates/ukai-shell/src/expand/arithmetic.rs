//! `$((...))`: 64-bit integers, the operators of C, variables.

use crate::process::Process;
use crate::system::Stop;

/// Deepest nesting of brackets, operators and variables that hold expressions.
const DEPTH: u32 = 48;

/// Why an expression has no value.
pub(crate) enum Fault {
    /// The shell's message.
    Message(&'static str),
    /// Something else ended the command.
    Stop(Stop),
}

/// The value of an expression.
pub(crate) fn evaluate(process: &mut Process, text: &[u8]) -> Result<i64, Fault> {
    let mut parser = Evaluator { process, text, at: 0, depth: 0, skip: 0 };
    parser.whole()
}

struct Evaluator<'a> {
    process: &'a mut Process,
    text: &'a [u8],
    at: usize,
    depth: u32,
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
            return Err(syntax());
        }
        Ok(value)
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
            let (then, otherwise) = (condition != 0, condition == 0);
            self.skip += u32::from(!then);
            let yes = self.conditional();
            self.skip -= u32::from(!then);
            let yes = yes?;
            if !self.take(":") {
                return Err(syntax());
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
            let idle = (op == "&&" && left == 0) || (op == "||" && left != 0);
            self.skip += u32::from(idle);
            let right = self.binary(level - 1);
            self.skip -= u32::from(idle);
            left = self.apply(op, left, right?)?;
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
            Err(_) => Err(Fault::Message("exponent less than 0")),
        }
    }

    fn apply(&self, op: &str, left: i64, right: i64) -> Result<i64, Fault> {
        Ok(match op {
            "*" => left.wrapping_mul(right),
            "/" | "%" if right == 0 => {
                if self.skip > 0 {
                    return Ok(0);
                }
                let text = if self.process.bash { "division by 0" } else { "divide by zero" };
                return Err(Fault::Message(text));
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
                if let Some(name) = self.name() {
                    let value = self.variable(&name)?.wrapping_add(change);
                    self.set(&name, value)?;
                    return Ok(value);
                }
                self.at = start;
            }
        }
        match self.text.get(self.at) {
            Some(b'-') => {
                self.at += 1;
                Ok(self.unary()?.wrapping_neg())
            }
            Some(b'+') => {
                self.at += 1;
                self.unary()
            }
            Some(b'!') => {
                self.at += 1;
                Ok(i64::from(self.unary()? == 0))
            }
            Some(b'~') => {
                self.at += 1;
                Ok(!self.unary()?)
            }
            Some(b'(') => {
                self.at += 1;
                let value = self.comma()?;
                if self.take(")") { Ok(value) } else { Err(syntax()) }
            }
            Some(b) if b.is_ascii_digit() => self.number(),
            _ => self.name_or_assignment(),
        }
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
        let Some(name) = self.name() else { return Err(syntax()) };
        self.blanks();
        let rest = &self.text[self.at..];
        if rest.starts_with(b"++") || rest.starts_with(b"--") {
            let change = if rest[0] == b'+' { 1 } else { -1 };
            self.at += 2;
            let value = self.variable(&name)?;
            self.set(&name, value.wrapping_add(change))?;
            return Ok(value);
        }
        let op = ASSIGNMENTS.iter().find(|op| rest.starts_with(op.as_bytes())).copied();
        let Some(op) = op.filter(|op| *op != "=" || !rest.starts_with(b"==")) else {
            return self.variable(&name);
        };
        self.at += op.len();
        let right = self.conditional()?;
        let value = if op == "=" {
            right
        } else {
            let left = self.variable(&name)?;
            self.apply(&op[..op.len() - 1], left, right)?
        };
        self.set(&name, value)?;
        Ok(value)
    }

    fn number(&mut self) -> Result<i64, Fault> {
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
        self.at += length;
        parse_number(&rest[..length]).ok_or_else(syntax)
    }

    fn set(&mut self, name: &[u8], value: i64) -> Result<(), Fault> {
        if self.skip > 0 {
            return Ok(());
        }
        self.process.assign(name, value.to_string()).map_err(Fault::Stop)
    }

    /// The value of a variable, itself an expression.
    fn variable(&mut self, name: &[u8]) -> Result<i64, Fault> {
        let Some(value) = self.process.variable(name) else { return Ok(0) };
        self.process.session.copied(0, value.len() / 8).map_err(Fault::Stop)?;
        if let Some(number) = parse_number(value.trim_ascii()) {
            return Ok(number);
        }
        if self.depth + 8 > DEPTH {
            return Err(Fault::Message("expression recursion loop detected"));
        }
        self.process.session.step(1).map_err(Fault::Stop)?;
        let depth = self.depth + 8;
        let mut inner =
            Evaluator { process: self.process, text: &value, at: 0, depth, skip: self.skip };
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
        let base = base.parse().ok().filter(|b| (2..=36).contains(b))?;
        i64::from_str_radix(digits, base).ok()?
    } else if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16).ok()? as i64
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(if negative { value.wrapping_neg() } else { value })
}

const fn syntax() -> Fault {
    Fault::Message("arithmetic syntax error")
}

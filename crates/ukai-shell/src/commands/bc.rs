//! `bc` and `dc`: decimal numbers of any length, as POSIX has them.
//!
//! Expressions, variables, `scale`, `obase` and strings; no functions of one's own and no
//! loops, which nobody types at a prompt.

use super::reading::inputs;
use super::{Arguments, Command, Leave, Options, Outcome};
use crate::process::Process;
use num_bigint::{BigInt, Sign};
use std::collections::HashMap;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("bc", bc), Command::at_once("dc", dc)];

/// Most digits of a number, behind the point and overall.
const DIGITS_MAX: usize = 2_000;

/// Deepest brackets.
const DEPTH_MAX: u32 = 32;

/// Numbers on `dc`'s stack.
const STACK_MAX: usize = 1_000;

/// Why a line gives nothing.
enum Mistake {
    Syntax,
    Division,
    TooLong,
}

/// `value / 10^scale`
#[derive(Clone)]
struct Decimal {
    value: BigInt,
    scale: usize,
}

fn ten(power: usize) -> BigInt {
    BigInt::from(10).pow(power as u32)
}

impl Decimal {
    fn zero() -> Self {
        Self { value: BigInt::from(0), scale: 0 }
    }

    fn read(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if text.len() > DIGITS_MAX || (whole.is_empty() && part.is_empty()) {
            return None;
        }
        let value = BigInt::parse_bytes(format!("0{whole}{part}").as_bytes(), 10)?;
        Some(Self { value, scale: part.len() })
    }

    /// The same with `scale` digits behind the point; what is cut off is lost.
    fn at_scale(&self, scale: usize) -> Self {
        let value = if scale >= self.scale {
            &self.value * ten(scale - self.scale)
        } else {
            &self.value / ten(self.scale - scale)
        };
        Self { value, scale }
    }

    fn is_zero(&self) -> bool {
        self.value.sign() == Sign::NoSign
    }

    fn sum(&self, other: &Self, minus: bool) -> Self {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.at_scale(scale).value, other.at_scale(scale).value);
        Self { value: if minus { a - b } else { a + b }, scale }
    }

    fn times(&self, other: &Self, scale: usize) -> Self {
        let product = Self { value: &self.value * &other.value, scale: self.scale + other.scale };
        let wanted = product.scale.min(scale.max(self.scale).max(other.scale));
        product.at_scale(wanted)
    }

    fn divided(&self, other: &Self, scale: usize) -> Result<Self, Mistake> {
        if other.is_zero() {
            return Err(Mistake::Division);
        }
        let shifted = &self.value * ten(scale + other.scale);
        Ok(Self { value: shifted / (&other.value * ten(self.scale)), scale })
    }

    fn rest(&self, other: &Self, scale: usize) -> Result<Self, Mistake> {
        let quotient = self.divided(other, scale)?;
        let back =
            Self { value: &quotient.value * &other.value, scale: quotient.scale + other.scale };
        let wanted = self.scale.max(scale + other.scale);
        Ok(self.sum(&back, true).at_scale(wanted))
    }

    fn power(&self, exponent: &Self, scale: usize) -> Result<Self, Mistake> {
        let power = exponent.at_scale(0).value;
        let count = u32::try_from(power.magnitude()).map_err(|_| Mistake::TooLong)?;
        let digits = self.value.bits().max(1) / 3 + 1;
        if digits.saturating_mul(u64::from(count)) > DIGITS_MAX as u64 {
            return Err(Mistake::TooLong);
        }
        let all = Self { value: self.value.pow(count), scale: self.scale * count as usize };
        if power.sign() == Sign::Minus {
            return Self { value: BigInt::from(1), scale: 0 }.divided(&all, scale);
        }
        let wanted = all.scale.min(scale.max(self.scale));
        Ok(all.at_scale(wanted))
    }

    fn root(&self, scale: usize) -> Result<Self, Mistake> {
        if self.value.sign() == Sign::Minus {
            return Err(Mistake::Syntax);
        }
        let scale = scale.max(self.scale);
        Ok(Self { value: self.at_scale(2 * scale).value.sqrt(), scale })
    }

    /// As it is printed: without the zero before a point. A base above 16 has its digits
    /// as numbers.
    fn shown(&self, base: u32) -> String {
        let sign = if self.value.sign() == Sign::Minus { "-" } else { "" };
        if base != 10 {
            let whole = self.at_scale(0).value.magnitude().clone();
            return format!("{sign}{}", whole.to_str_radix(base.clamp(2, 36)).to_ascii_uppercase());
        }
        let digits = self.value.magnitude().to_str_radix(10);
        if self.scale == 0 || self.is_zero() {
            return if self.is_zero() { "0".to_owned() } else { format!("{sign}{digits}") };
        }
        let padded = format!("{digits:0>width$}", width = self.scale);
        let (whole, part) = padded.split_at(padded.len() - self.scale);
        format!("{sign}{}.{part}", if whole == "0" { "" } else { whole })
    }
}

struct Calculator {
    variables: HashMap<String, Decimal>,
    scale: usize,
    base: u32,
}

fn bc(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "lqsiw", &["mathlib", "quiet"]);
    let mut files = options.operands.clone();
    files.push(b"-".to_vec());
    let (inputs, status) = inputs(process, arguments, &files)?;
    let scale = if options.has("l") || options.has("mathlib") { 20 } else { 0 };
    let mut calculator = Calculator { variables: HashMap::new(), scale, base: 10 };
    for (_, text) in inputs {
        let text = String::from_utf8_lossy(&text).into_owned();
        for (index, line) in text.lines().enumerate() {
            process.session.step(1 + line.len() as u64 / 16)?;
            let line = line.split('#').next().unwrap_or_default();
            for statement in statements(line) {
                process.session.step(4)?;
                match statement.trim() {
                    "" => {}
                    "quit" | "halt" => return Ok(0),
                    text => run(process, &mut calculator, text, index + 1)?,
                }
            }
        }
    }
    Ok(status)
}

/// What `;` separates, outside of strings.
fn statements(line: &str) -> Vec<&str> {
    let mut quoted = false;
    line.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    })
    .collect()
}

fn run(
    process: &mut Process,
    calculator: &mut Calculator,
    text: &str,
    line: usize,
) -> Result<(), Leave> {
    if let Some(string) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        process.print(string)?;
        return Ok(());
    }
    let tokens = tokens(text);
    let quiet = matches!(&tokens[..], [Token::Name(_), Token::Assign(_), ..]);
    let mut reader = Reader { tokens, at: 0, depth: 0, calculator };
    let result = reader.assignment().and_then(|value| {
        if reader.at == reader.tokens.len() { Ok(value) } else { Err(Mistake::Syntax) }
    });
    match result {
        Ok(value) if quiet => drop(value),
        Ok(value) => {
            let shown = value.shown(reader.calculator.base);
            process.print(format!("{shown}\n"))?;
        }
        Err(Mistake::Syntax) => process.error(&format!("(standard_in) {line}: syntax error"))?,
        Err(Mistake::Division) => {
            process.error("Runtime error (func=(main), adr=3): Divide by zero")?;
        }
        Err(Mistake::TooLong) => {
            process.error("Runtime error (func=(main), adr=3): exponent too large in raise")?;
        }
    }
    Ok(())
}

#[derive(Clone, PartialEq)]
enum Token {
    Number(String),
    Name(String),
    /// `=`, or an operator before it.
    Assign(char),
    Op(char),
    /// A comparison.
    Compare(&'static str),
}

fn tokens(text: &str) -> Vec<Token> {
    const COMPARISONS: [&str; 4] = ["==", "!=", "<=", ">="];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let number =
            rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let name = rest.len()
            - rest.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '_').len();
        let (token, length) = if number > 0 {
            (Token::Number(rest[..number].to_owned()), number)
        } else if name > 0 {
            (Token::Name(rest[..name].to_owned()), name)
        } else if let Some(two) = COMPARISONS.into_iter().find(|c| rest.starts_with(c)) {
            (Token::Compare(two), 2)
        } else if "+-*/%^".contains(first) && rest[1..].starts_with('=') {
            (Token::Assign(first), 2)
        } else {
            let token = match first {
                '=' => Token::Assign('='),
                '<' => Token::Compare("<"),
                '>' => Token::Compare(">"),
                other => Token::Op(other),
            };
            (token, first.len_utf8())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    calculator: &'a mut Calculator,
}

impl Reader<'_> {
    fn op(&mut self, wanted: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Op(wanted));
        self.at += usize::from(found);
        found
    }

    fn one_of(&mut self, wanted: &str) -> Option<char> {
        match self.tokens.get(self.at) {
            Some(Token::Op(op)) if wanted.contains(*op) => {
                self.at += 1;
                Some(*op)
            }
            _ => None,
        }
    }

    fn assignment(&mut self) -> Result<Decimal, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Mistake::Syntax);
        }
        let value = match self.tokens.get(self.at..self.at + 2) {
            Some([Token::Name(name), Token::Assign(op)]) => {
                let (name, op) = (name.clone(), *op);
                self.at += 2;
                let right = self.assignment()?;
                let value = if op == '=' {
                    right
                } else {
                    let old = self.variable(&name);
                    self.apply(op, &old, &right)?
                };
                self.set(&name, &value);
                value
            }
            _ => self.comparison()?,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn variable(&self, name: &str) -> Decimal {
        let number = |n: usize| Decimal { value: BigInt::from(n), scale: 0 };
        match name {
            "scale" => number(self.calculator.scale),
            "obase" => number(self.calculator.base as usize),
            "ibase" => number(10),
            _ => self.calculator.variables.get(name).cloned().unwrap_or_else(Decimal::zero),
        }
    }

    fn set(&mut self, name: &str, value: &Decimal) {
        let whole = usize::try_from(value.at_scale(0).value).unwrap_or(0);
        match name {
            "scale" => self.calculator.scale = whole.min(DIGITS_MAX / 4),
            "obase" => self.calculator.base = whole.clamp(2, 36) as u32,
            // Single letters in POSIX; GNU's names may be longer, and are as few.
            _ if self.calculator.variables.len() < 256 => {
                self.calculator.variables.insert(name.to_owned(), value.clone());
            }
            _ => {}
        }
    }

    fn comparison(&mut self) -> Result<Decimal, Mistake> {
        let left = self.terms()?;
        let Some(Token::Compare(op)) = self.tokens.get(self.at).cloned() else { return Ok(left) };
        self.at += 1;
        let right = self.terms()?;
        let order = left.sum(&right, true).value.cmp(&BigInt::from(0));
        let holds = match op {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<=" => order.is_le(),
            ">=" => order.is_ge(),
            "<" => order.is_lt(),
            _ => order.is_gt(),
        };
        Ok(Decimal { value: BigInt::from(u8::from(holds)), scale: 0 })
    }

    fn terms(&mut self) -> Result<Decimal, Mistake> {
        let mut left = self.products()?;
        while let Some(op) = self.one_of("+-") {
            let right = self.products()?;
            left = self.apply(op, &left, &right)?;
        }
        Ok(left)
    }

    fn products(&mut self) -> Result<Decimal, Mistake> {
        let mut left = self.powers()?;
        while let Some(op) = self.one_of("*/%") {
            let right = self.powers()?;
            left = self.apply(op, &left, &right)?;
        }
        Ok(left)
    }

    fn powers(&mut self) -> Result<Decimal, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Mistake::Syntax);
        }
        let base = self.primary()?;
        let value = if self.op('^') {
            let exponent = self.powers()?;
            self.apply('^', &base, &exponent)?
        } else {
            base
        };
        self.depth -= 1;
        Ok(value)
    }

    fn primary(&mut self) -> Result<Decimal, Mistake> {
        let token = self.tokens.get(self.at).cloned().ok_or(Mistake::Syntax)?;
        self.at += 1;
        match token {
            Token::Number(text) => Decimal::read(&text).ok_or(Mistake::Syntax),
            Token::Op('-') => {
                let value = self.powers()?;
                Ok(Decimal { value: -value.value, scale: value.scale })
            }
            Token::Op('(') => {
                let value = self.assignment()?;
                if self.op(')') { Ok(value) } else { Err(Mistake::Syntax) }
            }
            Token::Name(name) if self.op('(') => {
                let value = self.assignment()?;
                if !self.op(')') {
                    return Err(Mistake::Syntax);
                }
                let count = |n: usize| Decimal { value: BigInt::from(n), scale: 0 };
                match name.as_str() {
                    "sqrt" => value.root(self.calculator.scale),
                    "scale" => Ok(count(value.scale)),
                    "length" => Ok(count(value.value.magnitude().to_str_radix(10).len())),
                    _ => Err(Mistake::Syntax),
                }
            }
            Token::Name(name) => Ok(self.variable(&name)),
            _ => Err(Mistake::Syntax),
        }
    }

    fn apply(&self, op: char, left: &Decimal, right: &Decimal) -> Result<Decimal, Mistake> {
        apply(op, left, right, self.calculator.scale)
    }
}

fn apply(op: char, left: &Decimal, right: &Decimal, scale: usize) -> Result<Decimal, Mistake> {
    let result = match op {
        '+' => left.sum(right, false),
        '-' => left.sum(right, true),
        '*' => left.times(right, scale),
        '/' => left.divided(right, scale)?,
        '%' => left.rest(right, scale)?,
        _ => left.power(right, scale)?,
    };
    if result.value.bits() > DIGITS_MAX as u64 * 4 { Err(Mistake::TooLong) } else { Ok(result) }
}

fn dc(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "e:f:x", &["expression:", "file:"]);
    let mut text: Vec<u8> = Vec::new();
    for part in options.values("e").chain(options.values("expression")) {
        text.extend_from_slice(part);
        text.push(b'\n');
    }
    let mut files = options.operands.clone();
    files.extend(options.values("f").map(<[u8]>::to_vec));
    if text.is_empty() || !files.is_empty() {
        let (inputs, _) = inputs(process, arguments, &files)?;
        for (_, part) in &inputs {
            text.extend_from_slice(part);
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let (mut stack, mut scale, mut base) = (Vec::<Decimal>::new(), 0_usize, 10_u32);
    let mut rest = text.as_str();
    while let Some(letter) = rest.chars().next() {
        process.session.step(2)?;
        let digits = rest.strip_prefix('_').unwrap_or(rest);
        let length = digits.len()
            - digits.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        if length > 0 {
            let negative = digits.len() < rest.len();
            if let Some(mut number) = Decimal::read(&digits[..length]) {
                if negative {
                    number.value = -number.value;
                }
                stack.push(number);
            }
            rest = &digits[length..];
        } else {
            rest = &rest[letter.len_utf8()..];
            match letter {
                '+' | '-' | '*' | '/' | '%' | '^' => {
                    let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
                        process.error("dc: stack empty")?;
                        continue;
                    };
                    match apply(letter, &left, &right, scale) {
                        Ok(value) => stack.push(value),
                        Err(_) => process.error("dc: divide by zero")?,
                    }
                }
                'p' => match stack.last() {
                    Some(top) => {
                        let shown = top.shown(base);
                        process.print(format!("{shown}\n"))?;
                    }
                    None => process.error("dc: stack empty")?,
                },
                'n' => {
                    if let Some(top) = stack.pop() {
                        process.print(top.shown(base))?;
                    }
                }
                'f' => {
                    for value in stack.iter().rev() {
                        process.session.step(1)?;
                        process.print(format!("{}\n", value.shown(base)))?;
                    }
                }
                'v' => {
                    if let Some(Ok(root)) = stack.pop().map(|top| top.root(scale)) {
                        stack.push(root);
                    }
                }
                'k' => {
                    let given = stack.pop().and_then(|v| usize::try_from(v.at_scale(0).value).ok());
                    scale = given.unwrap_or(0).min(DIGITS_MAX / 4);
                }
                'o' => {
                    let given = stack.pop().and_then(|v| u32::try_from(v.at_scale(0).value).ok());
                    base = given.unwrap_or(10).clamp(2, 36);
                }
                'd' => stack.extend(stack.last().cloned()),
                'c' => stack.clear(),
                'r' => {
                    let length = stack.len();
                    if length > 1 {
                        stack.swap(length - 1, length - 2);
                    }
                }
                'q' => return Ok(0),
                '#' => rest = rest.split_once('\n').map_or("", |(_, after)| after),
                letter if letter.is_ascii_whitespace() => {}
                other => {
                    let code = u32::from(other);
                    process.error(&format!("dc: '{other}' ({code:#03o}) unimplemented"))?;
                }
            }
        }
        stack.truncate(STACK_MAX);
    }
    Ok(0)
}

//! `printf`, of the shells and as a program.

use super::{Arguments, Command, Outcome, float};
use crate::escape::{Escape, backslash_quoted, character, escape, hex_digits, unescape};
use crate::expand::arithmetic::parse_number;
use crate::limits;
use crate::process::Process;
use crate::system::Stop;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("printf", printf)];

fn printf(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut words = arguments.rest();
    let mut variable = None;
    let flavour = Flavour::of(process, arguments);
    if flavour == Flavour::Bash && words.len() >= 2 && words[0] == b"-v" {
        variable = Some(words[1].clone());
        words = &words[2..];
    }
    if words.first().is_some_and(|w| w == b"--") {
        words = &words[1..];
    }
    let Some((format, mut values)) = words.split_first() else {
        match flavour {
            Flavour::Bash => process.error("printf: usage: printf [-v var] format [arguments]")?,
            Flavour::Dash => process.complain_as("printf", "usage: printf format [arg ...]")?,
            Flavour::BusyBox => process.complain_as_applet("usage: printf FORMAT [ARGUMENT...]")?,
        }
        return Ok(if flavour == Flavour::BusyBox && !is_applet_of_shell(process) { 1 } else { 2 });
    };
    let now = process.session.host.clock(process.session.now()).secs();
    let mut printer = Printer::new(flavour, now);
    loop {
        let before = values.len();
        process.session.step(format.len() as u64 / FORMAT_BYTES_PER_STEP)?;
        values = printer.format(format, values);
        if values.is_empty()
            || values.len() == before
            || printer.ended
            || printer.out.len() > limits::PIPE_BYTES
        {
            break;
        }
    }
    for mistake in &printer.mistakes {
        process.complain_printf(flavour, mistake)?;
    }
    match variable {
        Some(name) => assign(process, &name, printer.out)?,
        None => {
            process.print(&printer.out)?;
        }
    }
    Ok(i32::from(!printer.mistakes.is_empty()))
}

/// Whether the shell of the host is BusyBox's own.
fn is_applet_of_shell(process: &Process) -> bool {
    process.session.host.persona.busybox.is_some()
}

/// `printf -v name`, which may be an element of an array.
fn assign(process: &mut Process, name: &[u8], text: Vec<u8>) -> Result<(), Stop> {
    if let Some(open) = name.iter().position(|b| *b == b'[').filter(|_| name.ends_with(b"]")) {
        let key = process.element_key(&name[..open], &name[open + 1..name.len() - 1])?;
        return process.assign_element(&name[..open], key, text);
    }
    process.assign(name, text)
}

/// Whose `printf` it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Bash,
    Dash,
    BusyBox,
}

impl Flavour {
    fn of(process: &Process, arguments: &Arguments) -> Self {
        match (arguments.gnu, process.dash) {
            (true, true) => Self::Dash,
            (true, false) => Self::Bash,
            _ => Self::BusyBox,
        }
    }
}

/// What was wrong with a call.
enum Mistake {
    /// A value that is no number.
    Number(Vec<u8>),
    /// The conversion, and the format from its `%` on.
    Conversion(u8, Vec<u8>),
}

impl Process {
    fn complain_printf(&mut self, flavour: Flavour, mistake: &Mistake) -> Result<(), Stop> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match (flavour, mistake) {
            (Flavour::Bash, Mistake::Number(value)) => {
                self.complain_as("printf", &format!("{}: invalid number", text(value)))
            }
            (Flavour::Dash, Mistake::Number(value)) => {
                let digits = value.first().is_some_and(u8::is_ascii_digit);
                let why =
                    if digits { "not completely converted" } else { "expected numeric value" };
                self.complain_as("printf", &format!("{}: {why}", text(value)))
            }
            (Flavour::BusyBox, Mistake::Number(value)) => {
                self.complain_as_applet(&format!("invalid number '{}'", text(value)))
            }
            (Flavour::Bash, Mistake::Conversion(letter, _)) => {
                let letter = text(&[*letter]);
                self.complain_as("printf", &format!("`{letter}': invalid format character"))
            }
            (Flavour::Dash, Mistake::Conversion(_, rest)) => {
                self.complain_as("printf", &format!("{}: invalid directive", text(rest)))
            }
            (Flavour::BusyBox, Mistake::Conversion(_, rest)) => {
                self.complain_as_applet(&format!("{}: invalid format", text(rest)))
            }
        }
    }
}

/// Bytes of a format that are read in a step.
const FORMAT_BYTES_PER_STEP: u64 = 128;

struct Printer {
    flavour: Flavour,
    now: u64,
    out: Vec<u8>,
    mistakes: Vec<Mistake>,
    ended: bool,
    /// Values are numbers of awk: `%c` shows the character of that number.
    numbers: bool,
}

/// Flags, width and precision of a conversion.
#[derive(Default)]
struct Shape {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternative: bool,
    width: usize,
    precision: Option<usize>,
    /// What stands in `%(...)T`.
    time: Option<Vec<u8>>,
}

const WIDTH_MAX: usize = 4_096;

/// Most mistakes that one call tells of.
const MISTAKES: usize = 64;

impl Printer {
    fn new(flavour: Flavour, now: u64) -> Self {
        Self { flavour, now, out: Vec::new(), mistakes: Vec::new(), ended: false, numbers: false }
    }

    fn mistake(&mut self, mistake: Mistake) {
        if self.mistakes.len() < MISTAKES {
            self.mistakes.push(mistake);
        }
    }

    /// Prints one round of the format; gives the values that are left.
    fn format<'a>(&mut self, format: &[u8], mut values: &'a [Vec<u8>]) -> &'a [Vec<u8>] {
        let mut at = 0;
        while at < format.len() {
            match format[at] {
                b'\\' => {
                    at += 1;
                    at += self.escaped(&format[at..]);
                    if self.ended {
                        return values;
                    }
                }
                b'%' if format.get(at + 1) == Some(&b'%') => {
                    self.out.push(b'%');
                    at += 2;
                }
                b'%' => {
                    let (shape, conversion, length, rest) = read_shape(&format[at..], values);
                    values = rest;
                    let letter = conversion.unwrap_or(0);
                    if !self.knows(letter) {
                        // BusyBox takes size letters out before it complains.
                        let shown = if self.flavour == Flavour::BusyBox {
                            without_sizes(&format[at..])
                        } else {
                            format[at..].to_vec()
                        };
                        self.mistake(Mistake::Conversion(letter, shown));
                        self.ended = true;
                        return values;
                    }
                    at += length;
                    let (value, rest) = match values.split_first() {
                        Some((value, rest)) => (Some(value.as_slice()), rest),
                        None => (None, values),
                    };
                    values = rest;
                    self.convert(letter, &shape, value);
                    if self.ended {
                        return values;
                    }
                }
                byte => {
                    self.out.push(byte);
                    at += 1;
                }
            }
        }
        values
    }

    /// What stands after a backslash of the format; how many bytes that is.
    fn escaped(&mut self, text: &[u8]) -> usize {
        if self.flavour == Flavour::Bash {
            match text.first() {
                Some(b @ (b'"' | b'\'' | b'?')) => {
                    self.out.push(*b);
                    return 1;
                }
                Some(b @ (b'u' | b'U')) => {
                    let most = if *b == b'u' { 4 } else { 8 };
                    let count = hex_digits(&text[1..], most);
                    if count > 0 {
                        self.out.extend(character(&text[1..=count]));
                        return 1 + count;
                    }
                }
                Some(b'c') => {
                    self.out.push(b'\\');
                    return 0;
                }
                _ => {}
            }
        }
        match escape(text, Some(false)) {
            Escape::Byte(byte, length) => {
                self.out.push(byte);
                length
            }
            Escape::End => {
                self.ended = true;
                0
            }
            Escape::None if text.first() == Some(&b'"') => {
                self.out.push(b'"');
                1
            }
            Escape::None => {
                self.out.push(b'\\');
                0
            }
        }
    }

    fn knows(&self, conversion: u8) -> bool {
        match conversion {
            b's' | b'b' | b'c' | b'd' | b'i' | b'u' | b'x' | b'X' | b'o' | b'f' | b'F' | b'g'
            | b'G' | b'e' | b'E' => true,
            b'q' | b'Q' | b'T' | b'a' | b'A' | b'n' => self.flavour == Flavour::Bash,
            _ => false,
        }
    }

    fn convert(&mut self, conversion: u8, shape: &Shape, value: Option<&[u8]>) {
        let text = value.unwrap_or_default();
        match conversion {
            b's' | b'b' => {
                let mut shown = text.to_vec();
                if conversion == b'b' {
                    (shown, self.ended) = unescape(text, None);
                }
                if let Some(precision) = shape.precision {
                    shown.truncate(precision);
                }
                self.pad(&shown, shape, false);
            }
            b'c' if self.numbers => self.pad(&text[..text.len().min(1)], shape, false),
            // A missing character is a NUL.
            b'c' => self.pad(&[text.first().copied().unwrap_or(0)], shape, false),
            b'd' | b'i' => {
                let number = self.number(value);
                let sign = sign(number < 0, shape);
                self.digits(sign, &number.unsigned_abs().to_string(), shape);
            }
            b'u' => {
                let number = self.number(value) as u64;
                self.digits("", &number.to_string(), shape);
            }
            b'x' | b'X' | b'o' => {
                let number = self.number(value) as u64;
                let (prefix, digits) = match conversion {
                    b'x' => ("0x", format!("{number:x}")),
                    b'X' => ("0X", format!("{number:X}")),
                    _ => ("0", format!("{number:o}")),
                };
                let prefixed = shape.alternative && number != 0;
                self.digits(if prefixed { prefix } else { "" }, &digits, shape);
            }
            b'q' | b'Q' => self.pad(&backslash_quoted(text), shape, false),
            b'T' => {
                let secs = match text {
                    b"" | b"-1" | b"-2" => self.now,
                    _ => u64::try_from(self.number(value)).unwrap_or(0),
                };
                let format = shape.time.clone().filter(|t| !t.is_empty());
                let format = format.unwrap_or_else(|| b"%X".to_vec());
                let shown = super::list::date(secs, &String::from_utf8_lossy(&format));
                self.pad(shown.as_bytes(), shape, false);
            }
            b'n' => {}
            b'a' | b'A' => {
                let number = self.float(value);
                let shown = hexadecimal(number, conversion == b'A');
                self.pad(shown.as_bytes(), shape, true);
            }
            _ => {
                let number = self.float(value);
                let shown = float::show(conversion, number, shape.precision, shape.alternative);
                let sign = if shown.starts_with('-') { "" } else { sign(false, shape) };
                self.pad_number(sign, &shown, shape);
            }
        }
    }

    fn float(&mut self, value: Option<&[u8]>) -> f64 {
        let Some(text) = value else { return 0.0 };
        let text = text.trim_ascii_start();
        if text.is_empty() && self.flavour != Flavour::BusyBox {
            return 0.0;
        }
        if let Some(code) = character_code(text) {
            return code as f64;
        }
        let (number, length) = float::prefix(text);
        if length == text.len() && length > 0 {
            return number;
        }
        if let Some(number) = parse_number(text) {
            return number as f64;
        }
        self.mistake(Mistake::Number(text.to_vec()));
        if self.flavour == Flavour::BusyBox { 0.0 } else { number }
    }

    fn number(&mut self, value: Option<&[u8]>) -> i64 {
        // A missing value is no number to BusyBox.
        let strict = self.flavour == Flavour::BusyBox && !self.numbers;
        let text = value.unwrap_or_default().trim_ascii_start();
        if text.is_empty() && !strict {
            return 0;
        }
        if let Some(code) = character_code(text) {
            return code;
        }
        let unsigned = text.strip_prefix(b"+").unwrap_or(text);
        if !unsigned.contains(&b'#')
            && let Some(number) = parse_number(unsigned)
        {
            return number;
        }
        if self.numbers {
            return float::prefix(text).0 as i64;
        }
        self.mistake(Mistake::Number(text.to_vec()));
        if strict {
            return 0;
        }
        let sign = usize::from(unsigned.starts_with(b"-"));
        let digits = unsigned[sign..].iter().take_while(|b| b.is_ascii_digit()).count();
        parse_number(&unsigned[..sign + digits]).unwrap_or(0)
    }

    fn digits(&mut self, sign: &str, digits: &str, shape: &Shape) {
        let mut digits = digits.to_owned();
        if let Some(precision) = shape.precision {
            while digits.len() < precision.min(WIDTH_MAX) {
                digits.insert(0, '0');
            }
            self.pad(format!("{sign}{digits}").as_bytes(), shape, false);
        } else {
            self.pad_number(sign, &digits, shape);
        }
    }

    /// A number, with zeros between its sign and its digits.
    fn pad_number(&mut self, sign: &str, digits: &str, shape: &Shape) {
        let (minus, digits) = match digits.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", digits),
        };
        let sign = format!("{sign}{minus}");
        if shape.zero && !shape.left {
            let width = shape.width.saturating_sub(sign.len());
            self.out.extend_from_slice(format!("{sign}{digits:0>width$}").as_bytes());
        } else {
            self.pad(format!("{sign}{digits}").as_bytes(), shape, false);
        }
    }

    fn pad(&mut self, text: &[u8], shape: &Shape, zero: bool) {
        let missing = shape.width.saturating_sub(text.len());
        let fill = if zero && shape.zero && !shape.left { b'0' } else { b' ' };
        if !shape.left {
            self.out.resize(self.out.len() + missing, fill);
        }
        self.out.extend_from_slice(text);
        if shape.left {
            self.out.resize(self.out.len() + missing, b' ');
        }
    }
}

/// `'A` and `"A` stand for the character's number.
fn character_code(text: &[u8]) -> Option<i64> {
    let rest = text.strip_prefix(b"'").or_else(|| text.strip_prefix(b"\""))?;
    let shown = std::str::from_utf8(rest).ok().and_then(|t| t.chars().next());
    Some(shown.map_or_else(|| rest.first().map_or(0, |b| i64::from(*b)), |c| i64::from(c as u32)))
}

const fn sign(negative: bool, shape: &Shape) -> &'static str {
    if negative {
        "-"
    } else if shape.plus {
        "+"
    } else if shape.space {
        " "
    } else {
        ""
    }
}

/// `%a` as glibc shows a `long double`, which bash uses: four bits before the point.
fn hexadecimal(number: f64, upper: bool) -> String {
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1_023;
    let fraction = bits & ((1 << 52) - 1);
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let text = if number == 0.0 {
        format!("{sign}0x0p+0")
    } else {
        let whole = (1_u64 << 52) | fraction;
        let (lead, rest) = (whole >> 49, (whole & ((1 << 49) - 1)) << 3);
        let digits = format!("{rest:013x}");
        let digits = digits.trim_end_matches('0');
        let point = if digits.is_empty() { "" } else { "." };
        format!("{sign}0x{lead:x}{point}{digits}p{:+}", exponent - 3)
    };
    if upper { text.to_uppercase() } else { text }
}

/// A format without the size letters of its first conversion.
fn without_sizes(format: &[u8]) -> Vec<u8> {
    let flags = format.iter().skip(1).take_while(|b| b"-+ #0123456789.*".contains(b)).count();
    let sizes = format[1 + flags..].iter().take_while(|b| b"Llhz".contains(b)).count();
    [&format[..=flags], &format[1 + flags + sizes..]].concat()
}

/// Reads `%flags width .precision conversion`; `*` takes a value.
fn read_shape<'a>(
    format: &[u8],
    mut values: &'a [Vec<u8>],
) -> (Shape, Option<u8>, usize, &'a [Vec<u8>]) {
    let mut shape = Shape::default();
    let mut at = 1;
    while let Some(flag) = format.get(at) {
        match flag {
            b'-' => shape.left = true,
            b'0' => shape.zero = true,
            b'+' => shape.plus = true,
            b' ' => shape.space = true,
            b'#' => shape.alternative = true,
            _ => break,
        }
        at += 1;
    }
    let mut take = |at: &mut usize| {
        if format.get(*at) == Some(&b'*') {
            *at += 1;
            let (first, rest) = values.split_first()?;
            values = rest;
            let number = parse_number(first)?;
            return Some((number < 0, (number.unsigned_abs() as usize).min(WIDTH_MAX)));
        }
        let digits = format[*at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&format[*at..*at + digits]).ok()?;
        *at += digits;
        text.parse().ok().map(|n: usize| (false, n.min(WIDTH_MAX)))
    };
    if let Some((negative, width)) = take(&mut at) {
        shape.width = width;
        shape.left |= negative;
    }
    if format.get(at) == Some(&b'.') {
        at += 1;
        shape.precision = match take(&mut at) {
            Some((true, _)) => None,
            Some((false, precision)) => Some(precision),
            None => Some(0),
        };
    }
    while matches!(format.get(at), Some(b'l' | b'h' | b'z' | b'j' | b't' | b'L')) {
        at += 1;
    }
    if format.get(at) == Some(&b'(')
        && let Some(end) = format[at..].iter().position(|b| *b == b')')
    {
        shape.time = Some(format[at + 1..at + end].to_vec());
        at += end + 1;
    }
    let conversion = format.get(at).copied();
    (shape, conversion, (at + 1).min(format.len()), values)
}

/// One round of a format, for `awk`.
pub(super) fn format_once(format: &[u8], values: &[Vec<u8>]) -> Vec<u8> {
    let mut printer = Printer::new(Flavour::BusyBox, 0);
    printer.numbers = true;
    printer.format(format, values);
    printer.out
}

//! `echo` and `printf`.

use super::{Arguments, Command, Outcome};
use crate::escape::unescape;
use crate::expand::arithmetic::parse_number;
use crate::limits;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("echo", echo), Command::at_once("printf", printf)];

fn echo(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut newline = true;
    let mut escapes = false;
    let mut words = arguments.rest();
    while let [first, rest @ ..] = words {
        let is_option = first.len() > 1
            && first[0] == b'-'
            && first[1..].iter().all(|b| matches!(b, b'n' | b'e' | b'E'));
        if !is_option {
            break;
        }
        for letter in &first[1..] {
            match letter {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        words = rest;
    }
    let mut text = words.join(&b' ');
    if escapes {
        let (plain, ended) = unescape(&text, if arguments.gnu { Some(true) } else { None });
        text = plain;
        newline &= !ended;
    }
    if newline {
        text.push(b'\n');
    }
    process.print(&text)?;
    Ok(0)
}

fn printf(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut words = arguments.rest();
    if words.first().is_some_and(|w| w == b"--") {
        words = &words[1..];
    }
    let mut variable = None;
    if arguments.gnu && words.len() >= 2 && words[0] == b"-v" {
        variable = Some(words[1].clone());
        words = &words[2..];
    }
    let Some((format, mut values)) = words.split_first() else {
        let text = if arguments.gnu {
            "printf: usage: printf [-v var] format [arguments]"
        } else {
            "printf: usage: printf FORMAT [ARG]..."
        };
        process.error(text)?;
        return Ok(2);
    };
    let mut printer = Printer { out: Vec::new(), bad: None, ended: false };
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
    let Printer { out, bad, .. } = printer;
    if let Some(bad) = &bad {
        process.complain_value(arguments, bad)?;
    }
    match variable {
        Some(name) => process.assign(&name, out)?,
        None => {
            process.print(&out)?;
        }
    }
    Ok(i32::from(bad.is_some()))
}

impl Process {
    fn complain_value(
        &mut self,
        arguments: &Arguments,
        bad: &[u8],
    ) -> Result<(), crate::system::Stop> {
        let shown = String::from_utf8_lossy(bad).into_owned();
        if arguments.gnu {
            self.complain_as("printf", &format!("{shown}: invalid number"))
        } else {
            self.complain_as_applet(&format!("invalid number '{shown}'"))
        }
    }
}

struct Printer {
    out: Vec<u8>,
    bad: Option<Vec<u8>>,
    ended: bool,
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
}

const WIDTH_MAX: usize = 4_096;

/// Bytes of a format that are read in a step.
const FORMAT_BYTES_PER_STEP: u64 = 128;

impl Printer {
    /// Prints one round of the format; gives the values that are left.
    fn format<'a>(&mut self, format: &[u8], mut values: &'a [Vec<u8>]) -> &'a [Vec<u8>] {
        let mut at = 0;
        while at < format.len() {
            match format[at] {
                b'\\' => match crate::escape::escape(&format[at + 1..], None) {
                    crate::escape::Escape::Byte(byte, length) => {
                        self.out.push(byte);
                        at += 1 + length;
                    }
                    crate::escape::Escape::End => {
                        self.ended = true;
                        return values;
                    }
                    crate::escape::Escape::None => {
                        at += 1;
                        if format.get(at) == Some(&b'"') {
                            self.out.push(b'"');
                            at += 1;
                        } else {
                            self.out.push(b'\\');
                        }
                    }
                },
                b'%' if format.get(at + 1) == Some(&b'%') => {
                    self.out.push(b'%');
                    at += 2;
                }
                b'%' => {
                    let (shape, conversion, length, rest) = read_shape(&format[at..], values);
                    values = rest;
                    at += length;
                    let Some(conversion) = conversion else {
                        return values;
                    };
                    let (value, rest) = match values.split_first() {
                        Some((value, rest)) => (value.as_slice(), rest),
                        None => (&[][..], values),
                    };
                    values = rest;
                    self.convert(conversion, &shape, value);
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

    fn convert(&mut self, conversion: u8, shape: &Shape, value: &[u8]) {
        match conversion {
            b's' | b'b' => {
                let mut text = value.to_vec();
                if conversion == b'b' {
                    (text, self.ended) = unescape(value, None);
                }
                if let Some(precision) = shape.precision {
                    text.truncate(precision);
                }
                self.pad(&text, shape, false);
            }
            b'c' => self.pad(&value[..value.len().min(1)], shape, false),
            b'd' | b'i' => {
                let number = self.number(value);
                let sign = if number < 0 {
                    "-"
                } else if shape.plus {
                    "+"
                } else if shape.space {
                    " "
                } else {
                    ""
                };
                let digits = number.unsigned_abs().to_string();
                self.digits(sign, &digits, shape);
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
                self.digits(if shape.alternative { prefix } else { "" }, &digits, shape);
            }
            b'f' | b'F' | b'g' | b'G' | b'e' | b'E' => {
                let number: f64 = String::from_utf8_lossy(value).trim().parse().unwrap_or(0.0);
                let precision = shape.precision.unwrap_or(6).min(64);
                let text = match conversion {
                    b'e' | b'E' => format!("{number:.precision$e}"),
                    b'g' | b'G' => format!("{number}"),
                    _ => format!("{number:.precision$}"),
                };
                self.pad(text.as_bytes(), shape, true);
            }
            b'q' => {
                let text = value.to_vec();
                self.pad(&text, shape, false);
            }
            other => self.out.extend_from_slice(&[b'%', other]),
        }
    }

    fn number(&mut self, value: &[u8]) -> i64 {
        let value = value.trim_ascii();
        if value.is_empty() {
            return 0;
        }
        if let Some(character) = value.strip_prefix(b"'").or_else(|| value.strip_prefix(b"\"")) {
            return character.first().map_or(0, |b| i64::from(*b));
        }
        let unsigned = value.strip_prefix(b"+").unwrap_or(value);
        parse_number(unsigned).unwrap_or_else(|| {
            self.bad = Some(value.to_vec());
            let length = unsigned.iter().take_while(|b| b.is_ascii_digit()).count();
            parse_number(&unsigned[..length]).unwrap_or(0)
        })
    }

    fn digits(&mut self, sign: &str, digits: &str, shape: &Shape) {
        let mut digits = digits.to_owned();
        if let Some(precision) = shape.precision {
            while digits.len() < precision.min(WIDTH_MAX) {
                digits.insert(0, '0');
            }
        } else if shape.zero && !shape.left {
            let width = shape.width.saturating_sub(sign.len());
            digits = format!("{digits:0>width$}");
        }
        self.pad(format!("{sign}{digits}").as_bytes(), shape, false);
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
            return parse_number(first).map(|n| (n.unsigned_abs() as usize).min(WIDTH_MAX));
        }
        let digits = format[*at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&format[*at..*at + digits]).ok()?;
        *at += digits;
        text.parse().ok().map(|n: usize| n.min(WIDTH_MAX))
    };
    shape.width = take(&mut at).unwrap_or(0);
    if format.get(at) == Some(&b'.') {
        at += 1;
        shape.precision = Some(take(&mut at).unwrap_or(0));
    }
    while matches!(format.get(at), Some(b'l' | b'h' | b'z')) {
        at += 1;
    }
    let conversion = format.get(at).copied();
    (shape, conversion, (at + 1).min(format.len()), values)
}

/// One round of a format, for `awk`.
pub(super) fn format_once(format: &[u8], values: &[Vec<u8>]) -> Vec<u8> {
    let mut printer = Printer { out: Vec::new(), bad: None, ended: false };
    printer.format(format, values);
    printer.out
}

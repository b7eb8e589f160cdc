//! `expr`, `seq`, `factor`.

use super::regex::Pattern;
use super::{Arguments, Command, Outcome};
use crate::limits;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("expr", expr), Command::at_once("seq", seq)];

/// Bytes of an expression that are read in a step.
const BYTES_PER_STEP: u64 = 16;

/// Numbers of `seq` that are printed in a step.
const NUMBERS_PER_STEP: f64 = 32.0;

fn expr(process: &mut Process, arguments: &Arguments) -> Outcome {
    const WORDS: usize = 512;
    let words = arguments.rest();
    if words.is_empty() || words.len() > WORDS {
        process.error(if arguments.gnu {
            "expr: missing operand\nTry 'expr --help' for more information."
        } else {
            "expr: too few arguments"
        })?;
        return Ok(2);
    }
    // Any of them may be a regular expression, which is built.
    let length: usize = words.iter().map(Vec::len).sum();
    process.session.step(length as u64 / BYTES_PER_STEP)?;
    let mut parser = Expression { words, at: 0, depth: 0 };
    match parser.level(0) {
        Ok(value) if parser.at == words.len() => {
            let null = value.is_empty() || value == b"0";
            process.print([&value[..], b"\n"].concat())?;
            Ok(i32::from(null))
        }
        Ok(_) => {
            process.error("expr: syntax error")?;
            Ok(2)
        }
        Err(message) => {
            process.error(&format!("expr: {message}"))?;
            Ok(2)
        }
    }
}

struct Expression<'a> {
    words: &'a [Vec<u8>],
    at: usize,
    depth: u32,
}

/// Operators by rising precedence.
const LEVELS: [&[&str]; 6] = [
    &["|"],
    &["&"],
    &["<", "<=", "=", "==", "!=", ">=", ">"],
    &["+", "-"],
    &["*", "/", "%"],
    &[":"],
];

impl Expression<'_> {
    fn level(&mut self, level: usize) -> Result<Vec<u8>, &'static str> {
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1)?;
        while let Some(op) = self
            .words
            .get(self.at)
            .and_then(|w| operators.iter().find(|op| op.as_bytes() == &w[..]))
        {
            self.at += 1;
            let right = self.level(level + 1)?;
            left = apply(op, left, &right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<Vec<u8>, &'static str> {
        const DEPTH: u32 = 32;
        let word = self.words.get(self.at).ok_or("syntax error")?.clone();
        self.at += 1;
        let mut take = || {
            let word = self.words.get(self.at).cloned().ok_or("syntax error");
            self.at += 1;
            word
        };
        match &word[..] {
            b"(" => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err("syntax error");
                }
                let value = self.level(0)?;
                self.depth -= 1;
                if self.words.get(self.at).is_none_or(|w| w != b")") {
                    return Err("syntax error");
                }
                self.at += 1;
                Ok(value)
            }
            b"length" => take().map(|w| w.len().to_string().into_bytes()),
            b"match" => {
                let (text, pattern) = (take()?, take()?);
                apply(":", text, &pattern)
            }
            b"index" => {
                let (text, set) = (take()?, take()?);
                let found = text.iter().position(|b| set.contains(b)).map_or(0, |p| p + 1);
                Ok(found.to_string().into_bytes())
            }
            b"substr" => {
                let (text, start, length) = (take()?, take()?, take()?);
                let (Some(start), Some(length)) = (number(&start), number(&length)) else {
                    return Ok(Vec::new());
                };
                if start < 1 || length < 1 {
                    return Ok(Vec::new());
                }
                Ok(text.iter().skip(start as usize - 1).take(length as usize).copied().collect())
            }
            _ => Ok(word),
        }
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn apply(op: &str, left: Vec<u8>, right: &[u8]) -> Result<Vec<u8>, &'static str> {
    let truth = |value: bool| Ok(if value { b"1".to_vec() } else { b"0".to_vec() });
    let null = |text: &[u8]| text.is_empty() || text == b"0";
    match op {
        "|" => return Ok(if null(&left) { right.to_vec() } else { left }),
        "&" => return Ok(if null(&left) || null(right) { b"0".to_vec() } else { left }),
        ":" => {
            let pattern =
                Pattern::surrounded(right, false, false, ("^", "")).map_err(|_| "regex")?;
            let has_group = right.windows(2).any(|w| w == b"\\(");
            return Ok(match pattern.captures_at(&left, 0) {
                Some(found) if has_group => {
                    found.get(1).map_or(Vec::new(), |m| m.as_bytes().to_vec())
                }
                Some(found) => found.get(0).map_or(0, |m| m.len()).to_string().into_bytes(),
                None if has_group => Vec::new(),
                None => b"0".to_vec(),
            });
        }
        "<" | "<=" | "=" | "==" | "!=" | ">=" | ">" => {
            let ordering = match (number(&left), number(right)) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => left[..].cmp(right),
            };
            return truth(match op {
                "<" => ordering.is_lt(),
                "<=" => ordering.is_le(),
                ">" => ordering.is_gt(),
                ">=" => ordering.is_ge(),
                "!=" => ordering.is_ne(),
                _ => ordering.is_eq(),
            });
        }
        _ => {}
    }
    let (Some(a), Some(b)) = (number(&left), number(right)) else {
        return Err("non-numeric argument");
    };
    let value = match op {
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        _ if b == 0 => return Err("division by zero"),
        "/" => a.wrapping_div(b),
        _ => a.wrapping_rem(b),
    };
    Ok(value.to_string().into_bytes())
}

fn seq(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut words = arguments.rest();
    let mut separator = b"\n".to_vec();
    let mut equal_width = false;
    loop {
        match words {
            [flag, value, rest @ ..] if flag == b"-s" => {
                separator.clone_from(value);
                words = rest;
            }
            [flag, rest @ ..] if flag.len() > 2 && flag.starts_with(b"-s") => {
                separator = flag[2..].to_vec();
                words = rest;
            }
            [flag, rest @ ..] if flag == b"-w" => {
                equal_width = true;
                words = rest;
            }
            _ => break,
        }
    }
    let numbers: Option<Vec<f64>> = words
        .iter()
        .map(|w| std::str::from_utf8(w).ok()?.parse().ok().filter(|n: &f64| n.is_finite()))
        .collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1.0, 1.0, *last),
        Some([first, last]) => (*first, 1.0, *last),
        Some([first, step, last]) if *step != 0.0 => (*first, *step, *last),
        _ => {
            let shown = arguments.shown(1).into_owned();
            if arguments.gnu {
                process.error(&format!(
                    "seq: invalid floating point argument: ‘{shown}’\nTry 'seq --help' for more information."
                ))?;
            } else {
                process.busybox_usage("seq [-w] [-s SEP] [FIRST [INC]] LAST\n")?;
            }
            return Ok(1);
        }
    };
    let decimals = words
        .iter()
        .map(|w| w.iter().position(|b| *b == b'.').map_or(0, |p| w.len() - p - 1))
        .max()
        .unwrap_or(0)
        .min(12);
    let width = if equal_width { words.iter().map(Vec::len).max().unwrap_or(0).min(64) } else { 0 };
    let mut out = Vec::new();
    let mut count = 0.0;
    loop {
        let value = first + step * count;
        if (step > 0.0 && value > last + 1e-9)
            || (step < 0.0 && value < last - 1e-9)
            || out.len() > limits::PIPE_BYTES
        {
            break;
        }
        if count > 0.0 {
            out.extend_from_slice(&separator);
        }
        out.extend_from_slice(format!("{value:0width$.decimals$}").as_bytes());
        count += 1.0;
        process.session.step(u64::from(count % NUMBERS_PER_STEP == 0.0))?;
    }
    if !out.is_empty() {
        out.push(b'\n');
    }
    process.print(&out)?;
    Ok(0)
}

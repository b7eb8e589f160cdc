//! `test`, `[`, `[[`.

use super::{Arguments, Command, Outcome};
use crate::expand::arithmetic::parse_number;
use crate::expand::pattern::Pattern;
use crate::fs::FileKind;
use crate::process::{Process, VariableValue};
use crate::system::Stop;
use bytes::Bytes;
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("test", test), Command::at_once("[", test), Command::at_once("[[", test)];

fn test(process: &mut Process, arguments: &Arguments) -> Outcome {
    let name = arguments.words.first().map_or(&[][..], |w| crate::eval::base_name(w));
    let double = name == b"[[";
    let mut words = arguments.rest();
    if name.starts_with(b"[") {
        let close: &[u8] = if double { b"]]" } else { b"]" };
        match words.split_last() {
            Some((last, rest)) if last == close => words = rest,
            _ => {
                let shown = if double { "missing ]]" } else { "missing ]" };
                if process.bash {
                    process.complain_as("[", "missing `]'")?;
                } else if process.dash {
                    process.complain_as("[", "missing ]")?;
                } else {
                    process.complain_as_applet(shown)?;
                }
                return Ok(2);
            }
        }
    }
    let name = if name == b"test" { "test" } else { "[" };
    Ok(evaluate(process, words, double, name)?)
}

/// The status of a test: 0 if it holds, 1 if not, 2 if it makes no sense.
pub(crate) fn evaluate(
    process: &mut Process,
    words: &[Vec<u8>],
    double: bool,
    name: &str,
) -> Result<i32, Stop> {
    const WORDS: usize = 512;
    if words.is_empty() {
        return Ok(1);
    }
    if words.len() > WORDS {
        return Ok(2);
    }
    if process.bash
        && !double
        && let Some(mistake) = mistake_by_count(words)
    {
        process.complain_as(name, &mistake)?;
        return Ok(2);
    }
    let mut test = Test { process, words, at: 0, depth: 0, double, bad: None, stopped: None };
    let value = test.or();
    if let Some(stop) = test.stopped {
        return Err(stop);
    }
    let (bad, rest) = (test.bad.take(), test.at < words.len());
    if let Some(message) = bad {
        process.complain_test(name, &message)?;
        return Ok(2);
    }
    if rest {
        let shown = String::from_utf8_lossy(&words[words.len().min(2) - 1]).into_owned();
        let message = if process.bash {
            "too many arguments".to_owned()
        } else if process.dash {
            format!("{}: unexpected operator", String::from_utf8_lossy(&words[0]))
        } else {
            format!("{shown}: unknown operand")
        };
        process.complain_test(name, &message)?;
        return Ok(2);
    }
    Ok(i32::from(!value))
}

impl Process {
    fn complain_test(&mut self, name: &str, message: &str) -> Result<(), Stop> {
        if self.bash || self.dash {
            self.complain_as(name, message)
        } else {
            self.complain_as_applet(message)
        }
    }
}

/// What bash finds wrong with two or three words by their number alone (`posixtest` of
/// `test.c`).
fn mistake_by_count(words: &[Vec<u8>]) -> Option<String> {
    let shown = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    match words {
        [not, rest @ ..] if not == b"!" && (1..=3).contains(&rest.len()) => mistake_by_count(rest),
        [op, _] => {
            let unary = op.len() == 2 && op[0] == b'-' && UNARY.contains(&op[1]);
            (!unary).then(|| format!("{}: unary operator expected", shown(op)))
        }
        [open, _, close] if open == b"(" && close == b")" => None,
        [_, op, _] => {
            let known = is_binary(op) || matches!(&op[..], b"-a" | b"-o");
            (!known).then(|| format!("{}: binary operator expected", shown(op)))
        }
        _ => None,
    }
}

/// Letters of the tests of one operand.
const UNARY: &[u8] = b"abcdefghknoprstuvwxzGLNORS";

struct Test<'a> {
    process: &'a mut Process,
    words: &'a [Vec<u8>],
    at: usize,
    depth: u32,
    double: bool,
    bad: Option<String>,
    /// An expression ended the command.
    stopped: Option<Stop>,
}

impl Test<'_> {
    fn word(&self, ahead: usize) -> Option<&[u8]> {
        self.words.get(self.at + ahead).map(Vec::as_slice)
    }

    fn take(&mut self, choices: &[&[u8]]) -> bool {
        let found = self.word(0).is_some_and(|w| choices.contains(&w));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> bool {
        let mut value = self.and();
        while self.take(&[b"-o", b"||"]) {
            let right = self.and();
            value |= right;
        }
        value
    }

    fn and(&mut self) -> bool {
        let mut value = self.not();
        while self.take(&[b"-a", b"&&"]) {
            let right = self.not();
            value &= right;
        }
        value
    }

    fn not(&mut self) -> bool {
        let mut negated = false;
        // `! = x` compares the text `!`.
        while self.word(0) == Some(b"!") && self.word(1).is_some() && !self.binary_ahead() {
            self.at += 1;
            negated = !negated;
        }
        self.primary() != negated
    }

    fn binary_ahead(&self) -> bool {
        self.word(1).is_some_and(is_binary) && self.word(2).is_some()
    }

    fn primary(&mut self) -> bool {
        if self.binary_ahead() {
            return self.binary();
        }
        let Some(first) = self.word(0).map(<[u8]>::to_vec) else {
            self.bad.get_or_insert_with(|| "argument expected".to_owned());
            return false;
        };
        if first == b"(" && self.depth < 16 {
            self.at += 1;
            self.depth += 1;
            let value = self.or();
            self.depth -= 1;
            if !self.take(&[b")"]) {
                self.bad.get_or_insert_with(|| "closing paren expected".to_owned());
            }
            return value;
        }
        if first.len() == 2
            && first[0] == b'-'
            && let Some(operand) = self.word(1).map(<[u8]>::to_vec)
            && let Some(value) = self.unary(first[1], &operand)
        {
            self.at += 2;
            return value;
        }
        self.at += 1;
        !first.is_empty()
    }

    fn unary(&mut self, op: u8, operand: &[u8]) -> Option<bool> {
        let view = self.process.view();
        let path = self.process.absolute(operand);
        let follow = !matches!(op, b'h' | b'L');
        let stat = || self.process.fs().stat(&view, &path, follow).ok();
        let kind = |kind: FileKind| stat().is_some_and(|s| s.kind == kind);
        let permits = |bit: u16| {
            stat().is_some_and(|s| {
                if view.uid == 0 {
                    return bit != 1 || s.mode & 0o111 != 0;
                }
                let shift = if s.uid == view.uid {
                    6
                } else if s.gid == view.gid {
                    3
                } else {
                    0
                };
                (s.mode >> shift) & bit != 0
            })
        };
        Some(match op {
            b'z' => operand.is_empty(),
            b'n' => !operand.is_empty(),
            b'e' | b'a' => stat().is_some(),
            b'f' => kind(FileKind::File),
            b'd' => kind(FileKind::Directory),
            b'h' | b'L' => kind(FileKind::Link),
            b'c' => kind(FileKind::Character),
            b'b' => kind(FileKind::Block),
            b'p' => kind(FileKind::Pipe),
            b'S' => false,
            b's' => stat().is_some_and(|s| s.size > 0),
            b'r' => permits(4),
            b'w' => permits(2),
            b'x' => permits(1),
            b'u' => stat().is_some_and(|s| s.mode & 0o4000 != 0),
            b'g' => stat().is_some_and(|s| s.mode & 0o2000 != 0),
            b'k' => stat().is_some_and(|s| s.mode & 0o1000 != 0),
            b'O' => stat().is_some_and(|s| s.uid == view.uid),
            b'G' => stat().is_some_and(|s| s.gid == view.gid),
            b't' => {
                let fd = parse_number(operand)
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(usize::MAX);
                self.process.fds.at(fd).is_some_and(|o| o.is_terminal())
                    && self.process.session.terminal().is_some()
            }
            b'v' if self.double || self.process.bash => {
                self.process.variables.contains_key(operand)
            }
            _ => return None,
        })
    }

    /// `=~`: what matched, and its groups, are in `BASH_REMATCH`.
    fn matches_expression(&mut self, text: &[u8], expression: &[u8]) -> bool {
        // It is built each time. An empty budget ends the command at its next step.
        let cost = expression.len() / 8 + text.len() / 256;
        if self.process.session.step(cost as u64).is_err() {
            return false;
        }
        let Ok(pattern) = super::regex::Pattern::new(expression, true, false) else {
            return false;
        };
        let Some(found) = pattern.captures_at(text, 0) else { return false };
        let groups =
            found.iter().map(|g| g.map_or(Bytes::new(), |g| Bytes::copy_from_slice(g.as_bytes())));
        let value = VariableValue::Array(Arc::new((0..).zip(groups).collect()));
        self.process.assign_value(b"BASH_REMATCH", value).is_ok()
    }

    /// An empty budget ends the command at its next step.
    fn matches_pattern(&self, pattern: &[u8], text: &[u8]) -> bool {
        let session = &self.process.session;
        let mut work = session.work();
        let fits = Pattern::new(pattern, &mut work).matches(text, &mut work);
        session.worked(&work).is_ok() && fits
    }

    fn binary(&mut self) -> bool {
        let [left, op, right] = [0, 1, 2].map(|i| self.word(i).unwrap_or_default().to_vec());
        self.at += 3;
        match &op[..] {
            b"=" | b"==" | b"!=" => {
                let same =
                    if self.double { self.matches_pattern(&right, &left) } else { left == right };
                same == (op != b"!=")
            }
            b"=~" => self.matches_expression(&left, &right),
            b"<" => left < right,
            b">" => left > right,
            b"-nt" | b"-ot" | b"-ef" => self.compare_files(&op, &left, &right),
            _ => {
                let (Some(a), Some(b)) = (self.number(&left), self.number(&right)) else {
                    return false;
                };
                match &op[..] {
                    b"-eq" => a == b,
                    b"-ne" => a != b,
                    b"-lt" => a < b,
                    b"-le" => a <= b,
                    b"-gt" => a > b,
                    _ => a >= b,
                }
            }
        }
    }

    fn compare_files(&self, op: &[u8], left: &[u8], right: &[u8]) -> bool {
        let view = self.process.view();
        let stat = |p: &[u8]| self.process.fs().stat(&view, &self.process.absolute(p), true).ok();
        match (op, stat(left), stat(right)) {
            (b"-nt", Some(_), None) | (b"-ot", None, Some(_)) => true,
            (b"-nt", Some(a), Some(b)) => a.mtime > b.mtime,
            (b"-ot", Some(a), Some(b)) => a.mtime < b.mtime,
            (b"-ef", Some(a), Some(b)) => a.ino == b.ino,
            _ => false,
        }
    }

    fn number(&mut self, text: &[u8]) -> Option<i64> {
        if self.double && self.process.bash {
            // Between double brackets it is an expression.
            return match self.process.arithmetic(text) {
                Ok(value) => Some(value),
                Err(stop) => {
                    self.stopped.get_or_insert(stop);
                    None
                }
            };
        }
        let trimmed = text.trim_ascii();
        let digits = trimmed.strip_prefix(b"+").unwrap_or(trimmed);
        let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
        let decimal = !unsigned.is_empty() && unsigned.iter().all(u8::is_ascii_digit);
        let value = decimal.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten();
        if value.is_none() {
            let shown = String::from_utf8_lossy(text);
            let message = if self.process.bash {
                format!("{shown}: integer expression expected")
            } else if self.process.dash {
                format!("Illegal number: {shown}")
            } else {
                format!("{shown}: bad number")
            };
            self.bad.get_or_insert(message);
        }
        value
    }
}

fn is_binary(word: &[u8]) -> bool {
    matches!(
        word,
        b"=" | b"=="
            | b"!="
            | b"<"
            | b">"
            | b"=~"
            | b"-eq"
            | b"-ne"
            | b"-lt"
            | b"-le"
            | b"-gt"
            | b"-ge"
            | b"-nt"
            | b"-ot"
            | b"-ef"
    )
}

//! History expansion of an interactive bash: `!!`, `!n`, `!str`, `^a^b` (history(3),
//! "HISTORY EXPANSION").

use crate::history::History;
use crate::limits;
use bytes::Bytes;

/// What a line became.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) text: Vec<u8>,
    /// `:p`: it is shown and not run.
    pub(super) only_shown: bool,
}

fn back(history: &History, count: usize) -> Option<&Bytes> {
    history.lines.get(history.lines.len().checked_sub(count)?)
}

fn numbered(history: &History, number: usize) -> Option<&Bytes> {
    history.lines.get(number.checked_sub(history.first)?)
}

/// Expands a line; `None` if nothing in it is to be expanded.
pub(super) fn expand(line: &[u8], history: &History) -> Result<Option<Expanded>, String> {
    let quick;
    let mut line = line;
    if line.starts_with(b"^") && line.len() > 1 {
        quick = [b"!!:s", line].concat();
        line = &quick;
    }
    let mut out = Expanded { text: Vec::with_capacity(line.len()), only_shown: false };
    let mut found = false;
    let mut double = false;
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        match byte {
            b'\\' => {
                out.text.push(byte);
                at += 1;
                if let Some(next) = line.get(at) {
                    out.text.push(*next);
                    at += 1;
                }
                continue;
            }
            b'"' => double = !double,
            b'\'' if !double => {
                let end = line[at + 1..].iter().position(|b| *b == b'\'');
                let end = end.map_or(line.len(), |end| at + end + 2);
                out.text.extend_from_slice(&line[at..end]);
                at = end;
                continue;
            }
            b'!' if begins(line, at, double) => {
                let (event, next) = Event::read(line, at + 1, double, history)?;
                out.text.extend_from_slice(&event.text);
                out.only_shown |= event.only_shown;
                if out.text.len() > limits::TERMINAL_LINE_BYTES {
                    return Err("history expansion failed".to_owned());
                }
                found = true;
                at = next;
                continue;
            }
            _ => {}
        }
        out.text.push(byte);
        at += 1;
    }
    Ok(found.then_some(out))
}

/// Whether a `!` is more than itself.
fn begins(line: &[u8], at: usize, double: bool) -> bool {
    let substitution =
        at > 0 && matches!(line[at - 1], b'$' | b'{' | b'[') && line.get(at - 1) != Some(&b'{');
    match line.get(at + 1) {
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b'=' | b'(') => false,
        Some(b'"') => !double,
        Some(_) => !substitution,
    }
}

struct Event {
    text: Vec<u8>,
    only_shown: bool,
}

impl Event {
    /// Reads what follows a `!`; also where the rest of the line begins.
    fn read(
        line: &[u8],
        start: usize,
        double: bool,
        history: &History,
    ) -> Result<(Self, usize), String> {
        let rest = &line[start..];
        let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
        let number = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
        let (event, mut length) = match rest {
            [b'!', ..] => (back(history, 1), 1),
            [b'$' | b'^' | b'*' | b':', ..] => (back(history, 1), 0),
            [b'-', more @ ..] if digits(more) > 0 => {
                let count = digits(more);
                (number(&more[..count]).and_then(|n: usize| back(history, n)), 1 + count)
            }
            [first, ..] if first.is_ascii_digit() => {
                let count = digits(rest);
                (number(&rest[..count]).and_then(|n: usize| numbered(history, n)), count)
            }
            [b'?', more @ ..] => {
                let end = more.iter().position(|b| *b == b'?').unwrap_or(more.len());
                let wanted = &more[..end];
                let has = |l: &&Bytes| l.windows(wanted.len().max(1)).any(|w| w == wanted);
                (history.lines.iter().rev().find(has), (end + 2).min(rest.len()))
            }
            _ => {
                let ends = |b: &u8| {
                    b.is_ascii_whitespace()
                        || matches!(b, b':' | b';' | b'&' | b'(' | b')' | b'|' | b'<' | b'>')
                        || (double && *b == b'"')
                };
                let end = rest.iter().position(ends).unwrap_or(rest.len());
                let wanted = &rest[..end];
                (history.lines.iter().rev().find(|l| l.starts_with(wanted)), end)
            }
        };
        let shown = |end: usize| String::from_utf8_lossy(&rest[..end]).into_owned();
        let Some(event) = event else {
            return Err(format!("!{}: event not found", shown(length)));
        };
        let mut event = Self { text: event.to_vec(), only_shown: false };
        let (end, words) = designator(&rest[length..]);
        if let Some(words) = words {
            let found = pick(&event.text, words);
            let wrong = shown(length + end);
            let wrong = wrong.trim_start_matches('!');
            event.text = found.ok_or_else(|| format!("{wrong}: bad word specifier"))?;
            length += end;
        }
        while let [b':', modifier, ..] = rest[length..] {
            let (taken, fits) = event.modify(modifier, &rest[length + 2..]);
            if !fits {
                let all = String::from_utf8_lossy(&rest[length..]).into_owned();
                return Err(format!("{all}: substitution failed"));
            }
            if taken == 0 {
                break;
            }
            length += 1 + taken;
        }
        Ok((event, start + length))
    }

    /// Applies a modifier; how many bytes it took with its letter, and whether it could.
    fn modify(&mut self, modifier: u8, rest: &[u8]) -> (usize, bool) {
        let slash = self.text.iter().rposition(|b| *b == b'/');
        let dot = self.text.iter().rposition(|b| *b == b'.');
        match modifier {
            b'p' => self.only_shown = true,
            b'h' => self.text.truncate(slash.unwrap_or(self.text.len())),
            b't' => {
                self.text.drain(..slash.map_or(0, |at| at + 1));
            }
            b'r' => self.text.truncate(dot.unwrap_or(self.text.len())),
            b'e' => {
                self.text.drain(..dot.unwrap_or(0));
            }
            b's' => return self.substitute(rest, false),
            b'g' if rest.first() == Some(&b's') => {
                let (taken, fits) = self.substitute(&rest[1..], true);
                return (taken + 1, fits);
            }
            _ => return (0, true),
        }
        (1, true)
    }

    /// `s/old/new/`
    fn substitute(&mut self, rest: &[u8], all: bool) -> (usize, bool) {
        let Some((&mark, body)) = rest.split_first() else { return (1, false) };
        let mut parts = body.splitn(3, |b| *b == mark);
        let old = parts.next().unwrap_or_default();
        let new = parts.next().unwrap_or_default();
        let taken = (2 + old.len() + 1 + new.len() + 1).min(1 + rest.len());
        if old.is_empty() {
            return (taken, false);
        }
        let mut out = Vec::with_capacity(self.text.len());
        let mut left = &self.text[..];
        let mut done = false;
        while let Some(at) = left.windows(old.len()).position(|w| w == old) {
            if (done && !all) || out.len() > limits::TERMINAL_LINE_BYTES {
                break;
            }
            out.extend_from_slice(&left[..at]);
            out.extend_from_slice(new);
            left = &left[at + old.len()..];
            done = true;
        }
        out.extend_from_slice(left);
        self.text = out;
        (taken, done)
    }
}

/// Which words of an event are meant.
#[derive(Clone, Copy)]
enum Words {
    Range(usize, Option<usize>),
    Last,
}

/// Reads a word designator: its length, and what it means.
fn designator(text: &[u8]) -> (usize, Option<Words>) {
    let (colon, body) = match text {
        [b':', body @ ..] => (1, body),
        body => (0, body),
    };
    let digits = body.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
    match body {
        [b'$', ..] => (colon + 1, Some(Words::Last)),
        [b'^', ..] => (colon + 1, Some(Words::Range(1, Some(1)))),
        [b'*', ..] => (colon + 1, Some(Words::Range(1, None))),
        _ if colon == 1 && digits > 0 => {
            let from = number(&body[..digits]).unwrap_or(usize::MAX);
            match &body[digits..] {
                [b'*', ..] => (colon + digits + 1, Some(Words::Range(from, None))),
                [b'-', more @ ..] => {
                    let count = more.iter().take_while(|b| b.is_ascii_digit()).count();
                    let to = number(&more[..count]);
                    (colon + digits + 1 + count, Some(Words::Range(from, to)))
                }
                _ => (colon + digits, Some(Words::Range(from, Some(from)))),
            }
        }
        _ => (0, None),
    }
}

fn pick(line: &[u8], words: Words) -> Option<Vec<u8>> {
    let all: Vec<&[u8]> =
        line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let (from, to) = match words {
        Words::Last => return all.last().map(|w| w.to_vec()),
        Words::Range(from, to) => (from, to.unwrap_or(all.len().saturating_sub(1))),
    };
    if matches!(words, Words::Range(1, None)) && all.len() <= 1 {
        return Some(Vec::new());
    }
    all.get(from..=to.max(from)).map(|part| part.join(&b' '))
}

//! What clients send: inline commands and arrays of bulk strings, as networking.c of Redis
//! 7.0 reads them (`processInlineBuffer`, `processMultibulkBuffer`).

use super::reply::int;
use crate::limits::{REDIS_COMMAND_BYTES, REDIS_INLINE_BYTES};

/// Redis' `proto-max-bulk-len`.
const BULK_BYTES_MAX: i64 = 512 << 20;

/// What an argument costs beside its bytes.
const ARGUMENT_BYTES: usize = 48;

/// What has been read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A command; `cut` if it was longer than what is kept of one.
    Command { words: Vec<Vec<u8>>, cut: bool },
    /// The protocol is not kept: what is told before the connection ends.
    Error(String),
}

/// A client's bytes that are not yet a command.
#[derive(Debug, Default)]
pub(super) struct Wire {
    waiting: Vec<u8>,
    /// How much of them is done with.
    at: usize,
    /// Arguments that an array still has to come; 0 between commands.
    left: i64,
    /// Bytes of a bulk string that is read without being kept, with its line end.
    skip: usize,
    words: Vec<Vec<u8>>,
    kept: usize,
    cut: bool,
}

impl Wire {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.waiting.drain(..self.at.min(self.waiting.len()));
        self.at = 0;
        self.waiting.extend_from_slice(bytes);
    }

    /// Forgets what came.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next command, or none until more has come.
    pub(super) fn next(&mut self, authenticated: bool) -> Option<Read> {
        loop {
            if self.left == 0 {
                match self.rest().first()? {
                    b'*' => {
                        if let Err(error) = self.array(authenticated)? {
                            return Some(Read::Error(error));
                        }
                    }
                    _ => match self.inline()? {
                        Ok(words) if words.is_empty() => {}
                        Ok(words) => return Some(Read::Command { words, cut: false }),
                        Err(error) => return Some(Read::Error(error)),
                    },
                }
                continue;
            }
            if let Err(error) = self.bulk(authenticated)? {
                return Some(Read::Error(error));
            }
            if self.left == 0 {
                self.kept = 0;
                let cut = std::mem::take(&mut self.cut);
                return Some(Read::Command { words: std::mem::take(&mut self.words), cut });
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.waiting.get(self.at..).unwrap_or_default()
    }

    fn inline(&mut self) -> Option<Result<Vec<Vec<u8>>, String>> {
        let rest = self.rest();
        let end = memchr::memchr(b'\n', rest);
        let Some(end) = end.filter(|end| *end <= REDIS_INLINE_BYTES) else {
            let long = rest.len() > REDIS_INLINE_BYTES;
            return long.then(|| Err("too big inline request".to_owned()));
        };
        let line = &rest[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let words = words(line).ok_or_else(|| "unbalanced quotes in request".to_owned());
        self.at += end + 1;
        Some(words)
    }

    /// A line that ends with CR and another byte, without its end and its first byte.
    fn line(&self, what: &str) -> Option<Result<(usize, &[u8]), String>> {
        let rest = self.rest();
        let Some(end) = memchr::memchr(b'\r', rest) else {
            return (rest.len() > REDIS_INLINE_BYTES).then(|| Err(format!("too big {what}")));
        };
        (rest.len() > end + 1).then(|| Ok((end + 2, rest.get(1..end).unwrap_or_default())))
    }

    fn array(&mut self, authenticated: bool) -> Option<Result<(), String>> {
        let (width, length) = match self.line("mbulk count string")? {
            Ok((width, digits)) => (width, int(digits)),
            Err(error) => return Some(Err(error)),
        };
        let length = length.filter(|length| *length <= i64::from(i32::MAX));
        Some(match length {
            None => Err("invalid multibulk length".to_owned()),
            Some(11..) if !authenticated => Err("unauthenticated multibulk length".to_owned()),
            Some(length) => {
                self.at += width;
                self.left = length.max(0);
                Ok(())
            }
        })
    }

    fn bulk(&mut self, authenticated: bool) -> Option<Result<(), String>> {
        if self.skip > 0 {
            let step = self.skip.min(self.rest().len());
            self.at += step;
            self.skip -= step;
            if self.skip > 0 {
                return None;
            }
            self.left -= 1;
            return Some(Ok(()));
        }
        let (width, length) = match self.line("bulk count string")? {
            Ok((width, digits)) => (width, int(digits)),
            Err(error) => return Some(Err(error)),
        };
        match self.rest().first() {
            Some(b'$') => {}
            other => {
                let got = char::from(other.copied().unwrap_or_default());
                return Some(Err(format!("expected '$', got '{got}'")));
            }
        }
        let length = match length.filter(|length| (0..=BULK_BYTES_MAX).contains(length)) {
            None => return Some(Err("invalid bulk length".to_owned())),
            Some(16_385..) if !authenticated => {
                return Some(Err("unauthenticated bulk length".to_owned()));
            }
            Some(length) => usize::try_from(length).unwrap_or(usize::MAX),
        };
        if self.kept + ARGUMENT_BYTES + length > REDIS_COMMAND_BYTES {
            self.cut = true;
            self.at += width;
            self.skip = length + 2;
            return Some(Ok(()));
        }
        let word = self.rest().get(width..width + length + 2)?;
        let word = word[..length].to_vec();
        self.kept += ARGUMENT_BYTES + length;
        self.words.push(word);
        self.at += width + length + 2;
        self.left -= 1;
        Some(Ok(()))
    }
}

/// An inline command's words (`sdssplitargs`); `None` where quotes are not balanced.
fn words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    // C's isspace(3), and a string ends at a NUL.
    let blank = |byte: u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
    let mut all = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(|byte| blank(*byte)) {
            at += 1;
        }
        if at >= line.len() {
            return Some(all);
        }
        let mut word = Vec::new();
        loop {
            match line.get(at).copied() {
                None => break,
                Some(byte) if blank(byte) => break,
                Some(quote @ (b'"' | b'\'')) => {
                    at = quoted(line, at + 1, quote, &mut word)?;
                    if line.get(at).is_some_and(|byte| !blank(*byte)) {
                        return None;
                    }
                }
                Some(byte) => {
                    word.push(byte);
                    at += 1;
                }
            }
        }
        all.push(word);
    }
}

/// What stands between quotes, from `at` on; gives where it goes on.
fn quoted(line: &[u8], mut at: usize, quote: u8, word: &mut Vec<u8>) -> Option<usize> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    loop {
        let rest = line.get(at..).unwrap_or_default();
        match rest {
            [] => return None,
            [byte, ..] if *byte == quote => return Some(at + 1),
            [b'\\', b'x', high, low, ..]
                if quote == b'"' && hex(*high).is_some() && hex(*low).is_some() =>
            {
                word.push(hex(*high)? * 16 + hex(*low)?);
                at += 4;
            }
            [b'\\', escaped, ..] if quote == b'"' => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                at += 2;
            }
            [b'\\', b'\'', ..] if quote == b'\'' => {
                word.push(b'\'');
                at += 2;
            }
            [byte, ..] => {
                word.push(*byte);
                at += 1;
            }
        }
    }
}

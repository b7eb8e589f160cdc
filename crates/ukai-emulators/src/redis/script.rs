//! `EVAL`: the scripts by which scanners try whether it is there, and the texts of those
//! that fail. What else is in a script is recorded and not run.

use super::reply::{Reply, bulk, int};
use crate::limits::REDIS_SCRIPT_ELEMENTS;
use sha1::{Digest as _, Sha1};
use std::fmt::Write as _;

/// Names that reach out of the sandbox (CVE-2022-0543: Debian's `package`); none of them is
/// there in a server that is up to date.
const ESCAPES: [&str; 8] =
    ["package", "io", "require", "dofile", "loadfile", "debug", "module", "print"];

/// What a script comes to.
#[derive(Debug)]
pub(super) enum Outcome {
    Value(Reply),
    /// A command to be carried out, its answer the script's.
    Call(Vec<Vec<u8>>),
    Error(String),
}

/// The script's name: its SHA-1.
pub(super) fn name(script: &[u8]) -> String {
    Sha1::digest(script).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether it tries to leave the sandbox.
pub(super) fn escapes(script: &str) -> Option<&'static str> {
    let found = ESCAPES.iter().filter_map(|word| Some((position(script, word)?, *word))).min();
    found.map(|(_, word)| word)
}

/// Where `word` stands as a name of its own.
fn position(script: &str, word: &str) -> Option<usize> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    script.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = script[..*at].chars().next_back();
        let behind = script[at + word.len()..].chars().next();
        !before.is_some_and(|c| part(c) || matches!(c, '.' | '"' | '\''))
            && !behind.is_some_and(|c| part(c) || matches!(c, '"' | '\''))
    })
}

pub(super) fn run(script: &[u8], keys: &[Vec<u8>], args: &[Vec<u8>]) -> Outcome {
    let text = String::from_utf8_lossy(script);
    let sha = name(script);
    if let Some(word) = escapes(&text) {
        let line = position(&text, word).map_or(1, |at| text[..at].matches('\n').count() + 1);
        return missing(word, line, &sha);
    }
    let body = text.trim().trim_end_matches(';');
    if body.is_empty() {
        return Outcome::Value(Reply::Nil);
    }
    let Some(value) = body.strip_prefix("return").filter(|rest| !rest.starts_with('(')) else {
        let word = body.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        return if word {
            Outcome::Error(
                "ERR Error compiling script (new function): user_script:1: '=' expected near \
                 '<eof>'"
                    .to_owned(),
            )
        } else {
            Outcome::Value(Reply::Nil)
        };
    };
    expression(value.trim(), keys, args, &sha, true)
}

fn missing(word: &str, line: usize, sha: &str) -> Outcome {
    Outcome::Error(format!(
        "ERR user_script:{line}: Script attempted to access nonexistent global variable \
         '{word}' script: {sha}, on @user_script:{line}."
    ))
}

fn expression(text: &str, keys: &[Vec<u8>], args: &[Vec<u8>], sha: &str, outer: bool) -> Outcome {
    if let Some(number) = int(text.as_bytes()) {
        return Outcome::Value(Reply::Int(number));
    }
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return Outcome::Value(bulk(inner));
        }
    }
    for (table, name) in [(keys, "KEYS["), (args, "ARGV[")] {
        let inner = text.strip_prefix(name).and_then(|rest| rest.strip_suffix(']'));
        if let Some(index) = inner.and_then(|inner| inner.parse::<usize>().ok()) {
            let found = index.checked_sub(1).and_then(|index| table.get(index));
            return Outcome::Value(found.map_or(Reply::Nil, bulk));
        }
    }
    let list = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(list) = list.filter(|_| outer) {
        return Outcome::Value(Reply::Array(values(list, keys, args, sha)));
    }
    for caller in ["redis.call(", "redis.pcall("] {
        let call = text.strip_prefix(caller).and_then(|rest| rest.strip_suffix(')'));
        if let Some(call) = call.filter(|_| outer) {
            let words = values(call, keys, args, sha).into_iter().map(|value| match value {
                Reply::Bulk(bytes) => bytes,
                Reply::Int(number) => number.to_string().into_bytes(),
                _ => Vec::new(),
            });
            return Outcome::Call(words.collect());
        }
    }
    match text {
        "true" => Outcome::Value(Reply::Int(1)),
        "" | "nil" | "false" => Outcome::Value(Reply::Nil),
        _ if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => missing(text, 1, sha),
        _ => Outcome::Value(Reply::Nil),
    }
}

fn values(list: &str, keys: &[Vec<u8>], args: &[Vec<u8>], sha: &str) -> Vec<Reply> {
    let mut all = Vec::new();
    for part in list.split(',').map(str::trim).take(REDIS_SCRIPT_ELEMENTS) {
        match expression(part, keys, args, sha, false) {
            Outcome::Value(Reply::Nil) | Outcome::Error(_) | Outcome::Call(_) => break,
            Outcome::Value(value) => all.push(value),
        }
    }
    all
}

//! Statements that are right for all we know and beyond ours: what can be told of their
//! columns and of the relations that they name, from their words alone.

use super::lexer::{Kind, Token};
use super::parser::{Parser, is_beyond, is_reserved};
use super::syntax::{Name, Unread};

/// Words that end the list of a query's columns.
const ENDS: &str = "from into where group order having window union intersect except limit offset \
                    fetch for";

impl Parser<'_> {
    /// Takes the rest of the statement.
    pub(super) fn unread(&mut self) -> Unread {
        let start = self.at;
        self.skip_to_end();
        let words = self.tokens.get(start..self.at).unwrap_or_default();
        let verb = words.iter().find_map(|token| word(Some(token))).unwrap_or_default();
        let (tag, columns_behind) = match verb {
            b"insert" => ("INSERT 0 0", &b"returning"[..]),
            b"update" => ("UPDATE 0", &b"returning"[..]),
            b"delete" => ("DELETE 0", &b"returning"[..]),
            b"merge" => ("MERGE 0", &b"returning"[..]),
            b"create" => ("SELECT 0", &b""[..]),
            _ => ("SELECT 0", &b"select"[..]),
        };
        let begins = outside(words).find(|(_, token)| word(Some(token)) == Some(columns_behind));
        // A query in parentheses begins inside of them.
        let begins = begins.map(|(at, _)| at).or_else(|| {
            let is_select = |token| word(Some(token)) == Some(b"select");
            words.iter().position(is_select).filter(|_| columns_behind == b"select")
        });
        let columns = begins.map(|at| labels(words.get(at + 1..).unwrap_or_default()));
        Unread { tag, columns, relations: relations(words, verb == b"with") }
    }
}

fn relations(words: &[Token], with: bool) -> Vec<Name> {
    let mut all: Vec<Name> = Vec::new();
    let mut own: Vec<&[u8]> = Vec::new();
    // For each parenthesis that is open, whether a function's arguments are inside.
    let mut calls = Vec::new();
    for (at, token) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| word(words.get(at)));
        let next = words.get(at + 1);
        match &token.kind {
            Kind::Mark(mark) if mark == b"(" => {
                let query = matches!(word(next), Some(b"select" | b"with" | b"values"));
                let named = before.is_some_and(|word| !is_reserved(word) && !is_beyond(word));
                calls.push(named && !query);
            }
            Kind::Mark(mark) if mark == b")" => drop(calls.pop()),
            Kind::Word(word) => match word.as_slice() {
                b"with" | b"recursive" if with => own.extend(self::word(next)),
                b"into" | b"update" if at <= 1 => {
                    all.extend(named(words, at + 1).map(|found| found.0));
                }
                b"from" | b"join" | b"using" => {
                    let inside = calls.last().copied().unwrap_or_default();
                    if !inside && before != Some(b"distinct") {
                        list_of_relations(words, at + 1, &mut all);
                    }
                }
                _ => {}
            },
            Kind::Mark(mark) if mark == b"," && with && calls.is_empty() => {
                let behind = words.get(at + 2);
                if word(behind) == Some(b"as") || is_mark(behind, b"(") {
                    own.extend(word(next));
                }
            }
            _ => {}
        }
    }
    all.retain(|name| name.schema.is_some() || !own.contains(&name.own.as_slice()));
    all
}

fn list_of_relations(words: &[Token], from: usize, all: &mut Vec<Name>) {
    let mut at = from;
    while let Some((name, end)) = named(words, at) {
        if !is_mark(words.get(end), b"(") {
            all.push(name);
        }
        // Its alias, and what follows it.
        let alias = |word: &[u8]| !is_reserved(word) && !is_beyond(word) || word == b"as";
        at = end;
        while word(words.get(at)).is_some_and(alias) {
            at += 1;
        }
        if !is_mark(words.get(at), b",") {
            return;
        }
        at += 1;
    }
}

/// The relation's name at a word, and where it ends.
fn named(words: &[Token], from: usize) -> Option<(Name, usize)> {
    let only = matches!(word(words.get(from)), Some(b"only" | b"lateral"));
    let mut at = from + usize::from(only);
    let place = words.get(at)?.place;
    let mut name = Name { schema: None, own: part(words.get(at))?.to_vec(), at: place };
    while is_mark(words.get(at + 1), b".") {
        at += 2;
        let inner = part(words.get(at))?.to_vec();
        name.schema = Some(std::mem::replace(&mut name.own, inner));
    }
    Some((name, at + 1))
}

fn word(token: Option<&Token>) -> Option<&[u8]> {
    match &token?.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

/// A word that can be part of a name.
fn part(token: Option<&Token>) -> Option<&[u8]> {
    match &token?.kind {
        Kind::Word(word) if !is_reserved(word) => Some(word),
        Kind::Quoted(word) => Some(word),
        _ => None,
    }
}

fn is_mark(token: Option<&Token>, mark: &[u8]) -> bool {
    matches!(token.map(|token| &token.kind), Some(Kind::Mark(found)) if found == mark)
}

/// The words that stand in no parentheses or brackets, with their places.
fn outside(words: &[Token]) -> impl Iterator<Item = (usize, &Token)> {
    let mut depth = 0_usize;
    words.iter().enumerate().filter(move |(_, token)| {
        let token = Some(*token);
        if is_mark(token, b"(") || is_mark(token, b"[") {
            depth += 1;
            return depth == 1;
        }
        if is_mark(token, b")") || is_mark(token, b"]") {
            depth = depth.saturating_sub(1);
        }
        depth == 0
    })
}

/// What the items of a list are called, up to its end.
fn labels(words: &[Token]) -> Vec<Vec<u8>> {
    let ends = |token: &Token| {
        let named = |word: &[u8]| ENDS.split_ascii_whitespace().any(|end| end.as_bytes() == word);
        word(Some(token)).is_some_and(named)
    };
    let mut all = Vec::new();
    let mut from = 0;
    // Whether it goes on behind a parenthesis that closes the query.
    let mut depth = 0_usize;
    let closed = words.iter().position(|token| {
        if is_mark(Some(token), b"(") {
            depth += 1;
        } else if is_mark(Some(token), b")") {
            if depth == 0 {
                return true;
            }
            depth -= 1;
        }
        false
    });
    let words = words.get(..closed.unwrap_or(words.len())).unwrap_or_default();
    for (at, token) in outside(words) {
        let distinct = at.checked_sub(1).and_then(|at| word(words.get(at))) == Some(b"distinct");
        let end = ends(token) && !distinct;
        if end || is_mark(Some(token), b",") {
            all.extend(label(words.get(from..at).unwrap_or_default()));
            from = at + 1;
        }
        if end {
            return all;
        }
    }
    all.extend(label(words.get(from..).unwrap_or_default()));
    all
}

/// What an item is called; nothing if it stands for all columns, or for none.
fn label(item: &[Token]) -> Option<Vec<u8>> {
    let (last, before) = item.split_last()?;
    if is_mark(Some(last), b"*") && before.last().is_none_or(|token| is_mark(Some(token), b".")) {
        return None;
    }
    let previous = before.last();
    if word(previous) == Some(b"as") {
        return part(Some(last)).or_else(|| word(Some(last))).map(<[u8]>::to_vec);
    }
    let behind_value = match previous.map(|token| &token.kind) {
        Some(Kind::Mark(mark)) => mark == b")" || mark == b"]",
        Some(Kind::Word(word)) => !is_reserved(word) || word == b"end",
        Some(_) => true,
        None => false,
    };
    if behind_value && let Some(name) = part(Some(last)).filter(|word| !is_beyond(word)) {
        return Some(name.to_vec());
    }
    let first = word(item.first()).unwrap_or_default();
    if matches!(first, b"case" | b"exists" | b"array" | b"row") {
        return Some(first.to_vec());
    }
    let dotted = item.chunks(2).all(|pair| {
        part(pair.first()).is_some() && pair.get(1).is_none_or(|dot| is_mark(Some(dot), b"."))
    });
    let call = item.iter().position(|token| is_mark(Some(token), b"("));
    let called = call.and_then(|at| part(item.get(at.checked_sub(1)?)));
    let name = if dotted { part(Some(last)) } else { called };
    Some(name.unwrap_or(b"?column?").to_vec())
}

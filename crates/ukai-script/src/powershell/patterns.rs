//! Regular expressions and wildcards, as .NET and PowerShell write them.

use super::eval::{Eval, Flow, Interpreter};
use super::regexes::{Groups, Pattern};
use super::value::Value;
use regex::RegexBuilder;
use std::collections::HashMap;
use std::rc::Rc;

/// Size of one compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 18;
/// Length of one pattern's text, in bytes.
const PATTERN_TEXT_BYTES: usize = 16 << 10;
/// Patterns that are kept compiled.
const PATTERNS_MAX: usize = 32;
/// Steps that compiling one costs, beside one for each byte.
const PATTERN_STEPS: u64 = 500;

/// Steps back of one match in what looks around or back.
const BACKTRACK_MAX: usize = 20_000;

/// Compiled patterns by their text.
#[derive(Debug, Default)]
pub(super) struct Patterns(HashMap<(String, bool), Option<Rc<Pattern>>>);

impl Interpreter<'_, '_> {
    /// A compiled pattern; `None`, with a note, for what the library does not know.
    pub(super) fn pattern(
        &mut self,
        pattern: &str,
        ignore_case: bool,
    ) -> Eval<Option<Rc<Pattern>>> {
        let key = (pattern.to_owned(), ignore_case);
        if let Some(known) = self.patterns.0.get(&key) {
            return Ok(known.clone());
        }
        self.run.steps(PATTERN_STEPS + pattern.len() as u64)?;
        let compiled = if pattern.len() > PATTERN_TEXT_BYTES {
            None
        } else {
            let text = to_rust(pattern);
            let plain = RegexBuilder::new(&text)
                .case_insensitive(ignore_case)
                .size_limit(PATTERN_BYTES)
                .dfa_size_limit(PATTERN_BYTES)
                .build();
            match plain {
                Ok(plain) => Some(Rc::new(Pattern::Plain(plain))),
                // What looks around or back is for the slower library.
                Err(_) => fancy_regex::RegexBuilder::new(&text)
                    .case_insensitive(ignore_case)
                    .backtrack_limit(BACKTRACK_MAX)
                    .delegate_size_limit(PATTERN_BYTES)
                    .delegate_dfa_size_limit(PATTERN_BYTES)
                    .build()
                    .ok()
                    .map(|it| Rc::new(Pattern::Rich(it))),
            }
        };
        if compiled.is_none() {
            self.run.note_unknown("powershell: pattern", pattern);
        }
        if self.patterns.0.len() >= PATTERNS_MAX {
            self.patterns.0.clear();
        }
        self.patterns.0.insert(key, compiled.clone());
        Ok(compiled)
    }

    /// All matches replaced by a text with `$1`, `${name}` and `$&`.
    pub(super) fn replace_all(&mut self, regex: &Pattern, text: &str, with: &str) -> Eval<String> {
        let mut out = String::new();
        let mut last = 0;
        for found in regex.all(text) {
            let Some(all) = found.get(0) else { continue };
            self.run.step()?;
            out.push_str(&text[last..all.start]);
            last = all.end;
            expand(&found, with, &mut out);
            if out.len() > self.run.limits.value_bytes {
                self.run.note("a value is too long");
                return Err(Flow::Stop);
            }
        }
        out.push_str(&text[last..]);
        Ok(out)
    }

    /// All matches replaced by what a script block makes of each.
    pub(super) fn replace_with(
        &mut self,
        regex: &Pattern,
        text: &str,
        block: &Value,
    ) -> Eval<String> {
        let mut out = String::new();
        let mut last = 0;
        for found in regex.all(text) {
            let Some(all) = found.get(0) else { continue };
            self.run.step()?;
            self.push_text(&mut out, &text[last..all.start])?;
            last = all.end;
            let found = self.match_object(&found);
            self.assign_plain("_", found.clone());
            let made = match block {
                Value::Script(block) => self.call_block(block, vec![(None, found)], None, true)?,
                _ => Vec::new(),
            };
            let made = self.text_of(&Value::from_output(made));
            self.push_text(&mut out, &made)?;
        }
        self.push_text(&mut out, &text[last..])?;
        Ok(out)
    }

    /// A `Match`.
    pub(super) fn match_object(&mut self, found: &Groups<'_>) -> Value {
        use super::value::{Object, State};
        let mut groups = Object::new("groups", State::None);
        let (value, at) = found.get(0).map_or(("", 0), |it| (it.text, it.start));
        for group in found.iter() {
            let mut object = Object::new("text.regularexpressions.group", State::None);
            let text = group.as_ref().map_or("", |it| it.text);
            object.entries.push((Value::text("value"), Value::text(text)));
            object.entries.push((Value::text("success"), Value::Bool(group.is_some())));
            let group = Value::Object(self.new_object(object));
            groups.entries.push((Value::Int(groups.entries.len() as i64), group));
        }
        for (name, at) in found.names() {
            if let Some(group) = groups.entries.get(at).map(|it| it.1.clone()) {
                groups.entries.push((Value::text(name), group));
            }
        }
        let groups = Value::Object(self.new_object(groups));
        let mut object = Object::new("text.regularexpressions.match", State::None);
        object.entries.push((Value::text("value"), Value::text(value)));
        object.entries.push((Value::text("index"), Value::Int(at as i64)));
        object.entries.push((Value::text("length"), Value::Int(value.chars().count() as i64)));
        object.entries.push((Value::text("success"), Value::Bool(true)));
        object.entries.push((Value::text("groups"), groups));
        Value::Object(self.new_object(object))
    }
}

/// .NET's way of writing where Rust's library has another.
fn to_rust(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                // Letters and signs that need no escape there.
                Some(next) if !next.is_ascii_alphanumeric() && !next.is_ascii_punctuation() => {
                    out.push(next);
                }
                Some(
                    next @ ('_' | '\'' | '"' | ',' | ';' | ':' | '<' | '>' | '=' | '!' | '/' | '@'
                    | '`' | '%'),
                ) => out.push(next),
                Some('Z') => out.push_str("(?:\\n?\\z)"),
                Some('e') => out.push_str("\\x1b"),
                Some(next) => {
                    out.push('\\');
                    out.push(next);
                }
                None => out.push_str("\\\\"),
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    out.extend(chars.next());
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    out.push_str("\\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            // A brace that is no count is itself.
            '{' if !in_class => {
                let ahead = chars.clone();
                let mut is_count = false;
                for next in ahead {
                    match next {
                        '0'..='9' | ',' => is_count = true,
                        '}' => break,
                        _ => {
                            is_count = false;
                            break;
                        }
                    }
                }
                out.push_str(if is_count || out.ends_with("\\p") || out.ends_with("\\P") {
                    "{"
                } else {
                    "\\{"
                });
            }
            '}' if !in_class && !is_in_braces(&out) => out.push_str("\\}"),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a brace is open at the end.
fn is_in_braces(text: &str) -> bool {
    let tail = text.as_bytes();
    let Some(open) = tail.iter().rposition(|it| *it == b'{') else { return false };
    (open == 0 || tail[open - 1] != b'\\') && !tail[open..].contains(&b'}')
}

/// `$1`, `${1}`, `${name}`, `$&`, `$$`.
fn expand(found: &Groups<'_>, with: &str, out: &mut String) {
    let mut rest = with;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some(tail) = after.strip_prefix('&') {
            out.push_str(found.get(0).map_or("", |it| it.text));
            rest = tail;
        } else if digits > 0 {
            let group = after[..digits].parse().ok().and_then(|it: usize| found.get(it));
            out.push_str(group.map_or("", |it| it.text));
            rest = &after[digits..];
        } else if let Some((name, tail)) = after.strip_prefix('{').and_then(|it| it.split_once('}'))
        {
            let group = match name.parse::<usize>() {
                Ok(number) => found.get(number),
                Err(_) => found.name(name),
            };
            out.push_str(group.map_or("", |it| it.text));
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
}

/// `-split`: parts, and the groups between them.
pub(super) fn split(regex: &Pattern, text: &str, max: usize, out: &mut Vec<Value>) {
    let (mut last, mut parts) = (0, 1);
    if let Some(count) = regex.chunk() {
        let mut rest = text;
        while let Some((at, _)) = rest.char_indices().nth(count).filter(|_| parts < max) {
            out.push(Value::text(&rest[..at]));
            rest = &rest[at..];
            parts += 1;
        }
        // The last piece has nothing behind it where it is a whole one.
        out.push(Value::text(rest));
        if rest.chars().count() == count {
            out.push(Value::text(""));
        }
        return;
    }
    for found in regex.all(text) {
        let Some(all) = found.get(0) else { continue };
        if parts >= max {
            break;
        }
        // Nothing is parted before the first character.
        if all.text.is_empty()
            && (all.start == 0 && last == 0 || all.start == text.len())
            && !regex.is_empty()
        {
            continue;
        }
        out.push(Value::text(&text[last..all.start]));
        out.extend(found.iter().skip(1).flatten().map(|it| Value::text(it.text)));
        last = all.end;
        parts += 1;
    }
    out.push(Value::text(&text[last..]));
}

/// Whether a wildcard pattern, with `*`, `?` and `[abc]`, is all of a text.
pub(super) fn like(text: &str, pattern: &str, ignore_case: bool) -> bool {
    let fold = |text: &str| -> Vec<char> {
        if ignore_case {
            text.chars().flat_map(char::to_lowercase).collect()
        } else {
            text.chars().collect()
        }
    };
    let (text, pattern) = (fold(text), fold(pattern));
    let (mut at, mut place) = (0, 0);
    let mut star = None;
    // Bounded: a star goes back at most once for each character.
    let mut budget = 1_000_000_usize;
    while at < text.len() {
        budget = budget.saturating_sub(1);
        if budget == 0 {
            return false;
        }
        match pattern.get(place) {
            Some('*') => {
                star = Some((place, at));
                place += 1;
                continue;
            }
            Some('?') => {
                at += 1;
                place += 1;
                continue;
            }
            Some('[') => {
                if let Some(length) = pattern[place..].iter().position(|it| *it == ']')
                    && length > 1
                {
                    if class_has(&pattern[place + 1..place + length], text[at]) {
                        at += 1;
                        place += length + 1;
                        continue;
                    }
                } else if text[at] == '[' {
                    at += 1;
                    place += 1;
                    continue;
                }
            }
            Some('`') if pattern.get(place + 1) == Some(&text[at]) => {
                at += 1;
                place += 2;
                continue;
            }
            Some(c) if *c == text[at] => {
                at += 1;
                place += 1;
                continue;
            }
            _ => {}
        }
        match star {
            Some((star_place, star_at)) => {
                star = Some((star_place, star_at + 1));
                place = star_place + 1;
                at = star_at + 1;
            }
            None => return false,
        }
    }
    pattern[place.min(pattern.len())..].iter().all(|it| *it == '*')
}

fn class_has(class: &[char], c: char) -> bool {
    let mut at = 0;
    while at < class.len() {
        if let (Some('-'), Some(last)) = (class.get(at + 1), class.get(at + 2)) {
            if (class[at]..=*last).contains(&c) {
                return true;
            }
            at += 3;
        } else {
            if class[at] == c {
                return true;
            }
            at += 1;
        }
    }
    false
}

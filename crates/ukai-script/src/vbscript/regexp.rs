//! `RegExp`: patterns of VBScript, by an engine that takes no longer than the text is long.

use super::super::com;
use super::machine::{Machine, Stop};
use super::value::Value;
use regex::{Regex, RegexBuilder};

/// Patterns, matches and lists of them of one script.
const PATTERNS_MAX: usize = 20_000;

/// Matches of one search.
const MATCHES_MAX: usize = 5000;

/// A compiled pattern, in bytes.
const COMPILED_BYTES_MAX: usize = 256 * 1024;

/// A regular expression, or what it found.
pub(super) enum Pattern {
    /// The expression and its flags.
    Expression { pattern: String, global: bool, ignore_case: bool, multiline: bool },
    /// One match: where, what, its groups.
    Match { at: usize, text: String, groups: Vec<String> },
    /// Matches, by their numbers.
    Matches(Vec<usize>),
    /// Groups of a match.
    Groups(Vec<String>),
}

impl Machine {
    /// `New RegExp`.
    pub(super) fn make_pattern(&mut self) -> Result<Value, Stop> {
        let pattern = Pattern::Expression {
            pattern: String::new(),
            global: false,
            ignore_case: false,
            multiline: false,
        };
        self.keep_pattern(pattern).map(Value::Pattern)
    }

    fn keep_pattern(&mut self, pattern: Pattern) -> Result<usize, Stop> {
        if self.patterns.len() >= PATTERNS_MAX {
            return Err(Stop::Error("out of memory"));
        }
        self.patterns.push(pattern);
        Ok(self.patterns.len() - 1)
    }

    pub(super) fn pattern_text(&self, number: usize) -> String {
        match self.patterns.get(number) {
            Some(Pattern::Match { text, .. }) => text.clone(),
            Some(Pattern::Expression { pattern, .. }) => pattern.clone(),
            _ => String::new(),
        }
    }

    pub(super) fn pattern_items(&mut self, number: usize) -> Vec<Value> {
        match self.patterns.get(number) {
            Some(Pattern::Matches(all)) => all.iter().map(|it| Value::Pattern(*it)).collect(),
            Some(Pattern::Groups(groups)) => {
                let groups = groups.clone();
                groups.iter().filter_map(|it| self.text(it).ok()).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn set_pattern(&mut self, number: usize, name: &str, value: &com::Value) {
        let truth = value.number() != 0.0 || *value == com::Value::Bool(true);
        if let Some(Pattern::Expression { pattern, global, ignore_case, multiline }) =
            self.patterns.get_mut(number)
        {
            match name {
                "pattern" => *pattern = value.text(),
                "global" => *global = truth,
                "ignorecase" => *ignore_case = truth,
                "multiline" => *multiline = truth,
                _ => {}
            }
        }
    }

    fn compiled(&mut self, number: usize) -> Result<(Regex, bool), Stop> {
        let Some(Pattern::Expression { pattern, global, ignore_case, multiline }) =
            self.patterns.get(number)
        else {
            return Err(Stop::Error("object does not support this"));
        };
        self.charge(16 + pattern.len() as u64)?;
        RegexBuilder::new(pattern)
            .case_insensitive(*ignore_case)
            .multi_line(*multiline)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX)
            .build()
            .map(|regex| (regex, *global))
            .map_err(|_| Stop::Error("syntax error in regular expression"))
    }

    pub(super) fn pattern_member(
        &mut self,
        number: usize,
        name: &str,
        arguments: &[Value],
    ) -> Result<Value, Stop> {
        let text = match arguments.first() {
            Some(value) => self.say(value)?,
            None => String::new(),
        };
        let index =
            arguments.first().and_then(Value::whole).and_then(|it| usize::try_from(it).ok());
        match name {
            "test" => {
                let (regex, _) = self.compiled(number)?;
                self.charge(text.len() as u64 / 4)?;
                return Ok(Value::Bool(regex.is_match(&text)));
            }
            "replace" => {
                let (regex, global) = self.compiled(number)?;
                self.charge(text.len() as u64 / 4)?;
                let other = arguments.get(1).cloned().unwrap_or(Value::Empty);
                let other = braced(&self.say(&other)?);
                // Each match may become as long as the replacement.
                let matches =
                    if global { regex.find_iter(&text).take(MATCHES_MAX).count() } else { 1 };
                self.room(2 * (text.len() + matches.saturating_mul(other.len())))?;
                let limit = if global { MATCHES_MAX } else { 1 };
                let replaced = regex.replacen(&text, limit, other.as_str());
                return self.text(&replaced);
            }
            "execute" => {
                let (regex, global) = self.compiled(number)?;
                self.charge(text.len() as u64 / 4)?;
                let most = if global { MATCHES_MAX } else { 1 };
                let mut found = Vec::new();
                for captures in regex.captures_iter(&text).take(most) {
                    self.charge(1)?;
                    let Some(whole) = captures.get(0) else { continue };
                    let groups: Vec<String> = captures
                        .iter()
                        .skip(1)
                        .map(|it| it.map(|it| it.as_str().to_owned()).unwrap_or_default())
                        .collect();
                    let size: usize = whole.len() + groups.iter().map(String::len).sum::<usize>();
                    if !self.host().holds(size + 64) {
                        break;
                    }
                    found.push(self.keep_pattern(Pattern::Match {
                        at: whole.start(),
                        text: whole.as_str().to_owned(),
                        groups,
                    })?);
                }
                return self.keep_pattern(Pattern::Matches(found)).map(Value::Pattern);
            }
            _ => {}
        }
        let answer = match (self.patterns.get(number), name) {
            (Some(Pattern::Match { text, .. }), "value" | "") => text.clone(),
            (Some(Pattern::Match { at, .. }), "firstindex") => return Ok(Value::Whole(*at as i64)),
            (Some(Pattern::Match { text, .. }), "length") => {
                return Ok(Value::Whole(text.encode_utf16().count() as i64));
            }
            (Some(Pattern::Match { groups, .. }), "submatches") => {
                let Some(index) = index else {
                    let groups = groups.clone();
                    return self.keep_pattern(Pattern::Groups(groups)).map(Value::Pattern);
                };
                groups.get(index).cloned().unwrap_or_default()
            }
            (Some(Pattern::Groups(groups)), "item" | "") => {
                index.and_then(|it| groups.get(it)).cloned().unwrap_or_default()
            }
            (Some(Pattern::Groups(groups)), "count") => {
                return Ok(Value::Whole(groups.len() as i64));
            }
            (Some(Pattern::Matches(all)), "count") => return Ok(Value::Whole(all.len() as i64)),
            (Some(Pattern::Matches(all)), "item" | "") => {
                return index
                    .and_then(|it| all.get(it))
                    .map(|it| Value::Pattern(*it))
                    .ok_or(Stop::Error("invalid procedure call"));
            }
            (Some(Pattern::Expression { pattern, .. }), "pattern") => pattern.clone(),
            _ => return Ok(Value::Unknown),
        };
        self.text(&answer)
    }
}

/// `$1` as the engine writes it.
fn braced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let digits: usize = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        match after.get(..digits).filter(|it| !it.is_empty()) {
            Some(number) => {
                out.push_str("${");
                out.push_str(number);
                out.push('}');
            }
            None if after.starts_with('&') => {
                out.push_str("${0}");
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            None => out.push_str("$$"),
        }
        rest = after.get(digits..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

//! Perl's patterns: what is matched, replaced and translated.
//!
//! Most patterns are what the crate `regex` knows, which takes time in proportion to the text.
//! Those that look around or back go to `fancy-regex`, whose steps are limited.

use super::ast::{Expr, Pattern, Replacement};
use super::machine::{Done, Machine, Value, boolean};
use super::place::Place;
use crate::limits;
use bytes::Bytes;
use std::fmt::Write as _;
use std::sync::Arc;

/// Most steps that a pattern may go back.
const BACKTRACKS_MAX: usize = 100_000;

/// Most compiled patterns that are kept.
const RULES_MAX: usize = 64;

type Spans = Vec<Option<(usize, usize)>>;

/// A pattern, compiled.
pub(super) struct Rule {
    kind: Kind,
    names: Vec<Option<String>>,
    /// Whether it asks for the end of the text, before which a line may end.
    ends: bool,
}

enum Kind {
    Plain(regex::bytes::Regex),
    /// Matches letters of which each stands for a byte.
    Fancy(Box<fancy_regex::Regex>),
}

/// What was matched last.
#[derive(Clone, Default)]
pub(super) struct Matched {
    text: Bytes,
    spans: Spans,
    rule: Option<Arc<Rule>>,
}

impl Matched {
    fn part(&self, span: Option<(usize, usize)>) -> Value {
        span.map_or(Value::Undef, |(from, to)| Value::Str(self.text.slice(from..to)))
    }

    pub(super) fn group(&self, at: usize) -> Value {
        self.part(self.spans.get(at).copied().flatten())
    }

    pub(super) fn before(&self) -> Value {
        self.part(self.spans.first().copied().flatten().map(|(from, _)| (0, from)))
    }

    pub(super) fn after(&self) -> Value {
        self.part(self.spans.first().copied().flatten().map(|(_, to)| (to, self.text.len())))
    }

    /// `$+`
    pub(super) fn last(&self) -> Value {
        self.part(self.spans.iter().skip(1).rev().copied().flatten().next())
    }

    /// `$-[n]`, `$+[n]`
    pub(super) fn edge(&self, at: i64, begins: bool) -> Value {
        let span = usize::try_from(at).ok().and_then(|at| self.spans.get(at).copied().flatten());
        span.map_or(Value::Undef, |(from, to)| Value::Int(if begins { from } else { to } as i64))
    }

    /// `$+{name}`
    pub(super) fn named(&self, name: &[u8]) -> Value {
        let Some(rule) = &self.rule else { return Value::Undef };
        let mut places = rule.names.iter().enumerate();
        let found = places.find(|(at, own)| {
            own.as_ref().is_some_and(|own| own.as_bytes() == name)
                && self.spans.get(*at).copied().flatten().is_some()
        });
        found.map_or(Value::Undef, |(at, _)| self.group(at))
    }

    /// `%+`
    pub(super) fn names(&self) -> Vec<Value> {
        let Some(rule) = &self.rule else { return Vec::new() };
        let names = rule.names.iter().flatten();
        names.flat_map(|name| [Value::str(name.clone()), self.named(name.as_bytes())]).collect()
    }

    fn groups(&self) -> Vec<Value> {
        (1..self.spans.len()).map(|at| self.group(at)).collect()
    }
}

impl Rule {
    fn new(text: &[u8], flags: &str) -> Option<Self> {
        let extended = flags.contains('x') || text.starts_with(b"(?x") || text.starts_with(b"(?^x");
        let (body, ends) = translated(text, extended);
        let letters: String = flags.chars().filter(|c| "imsx".contains(*c)).collect();
        let whole = if letters.is_empty() { body } else { format!("(?{letters}:{body})") };
        let plain = regex::bytes::RegexBuilder::new(&whole)
            .unicode(false)
            .size_limit(limits::REGEX_BYTES)
            .build();
        let ends = ends && !flags.contains('m');
        if let Ok(plain) = plain {
            let names = plain.capture_names().map(|name| name.map(str::to_owned)).collect();
            return Some(Self { kind: Kind::Plain(plain), names, ends });
        }
        let fancy = fancy_regex::RegexBuilder::new(&whole)
            .backtrack_limit(BACKTRACKS_MAX)
            .delegate_size_limit(limits::REGEX_BYTES)
            .build()
            .ok()?;
        let names = fancy.capture_names().map(|name| name.map(str::to_owned)).collect();
        Some(Self { kind: Kind::Fancy(Box::new(fancy)), names, ends })
    }

    fn find(&self, subject: &Subject, from: usize) -> Option<Spans> {
        let found = self.find_in(subject, from, subject.text.len());
        if found.is_none() && self.ends && subject.text.ends_with(b"\n") {
            return self.find_in(subject, from, subject.text.len() - 1);
        }
        found
    }

    fn find_in(&self, subject: &Subject, from: usize, to: usize) -> Option<Spans> {
        if from > to {
            return None;
        }
        match &self.kind {
            Kind::Plain(regex) => {
                let found = regex.captures_at(&subject.text[..to], from)?;
                Some(found.iter().map(|g| g.map(|g| (g.start(), g.end()))).collect())
            }
            Kind::Fancy(regex) => {
                let letters = subject
                    .letters
                    .get_or_init(|| subject.text.iter().map(|byte| char::from(*byte)).collect());
                // Where a byte's letter begins, and the other way.
                let wide = subject.wide.get_or_init(|| letters.len() != subject.text.len());
                let place = |at: usize| {
                    if *wide {
                        letters.char_indices().nth(at).map_or(letters.len(), |(at, _)| at)
                    } else {
                        at
                    }
                };
                let back = |at: usize| if *wide { letters[..at].chars().count() } else { at };
                let found = regex.captures_from_pos(&letters[..place(to)], place(from)).ok()??;
                Some(
                    (0..found.len())
                        .map(|at| found.get(at).map(|g| (back(g.start()), back(g.end()))))
                        .collect(),
                )
            }
        }
    }
}

/// A text that is looked at.
struct Subject {
    text: Bytes,
    letters: std::sync::OnceLock<String>,
    wide: std::sync::OnceLock<bool>,
}

impl Subject {
    const fn new(text: Bytes) -> Self {
        Self { text, letters: std::sync::OnceLock::new(), wide: std::sync::OnceLock::new() }
    }
}

/// A pattern of Perl's in the words of `regex`, and whether it has a `$`.
fn translated(text: &[u8], extended: bool) -> (String, bool) {
    let mut out = String::new();
    let mut ends = false;
    let mut at = 0;
    let mut class = false;
    let byte = |out: &mut String, b: u8| {
        if b.is_ascii_alphanumeric() || b == b'_' {
            out.push(b as char);
        } else {
            let _ = write!(out, "\\x{b:02x}");
        }
    };
    while let Some(b) = text.get(at).copied() {
        at += 1;
        match b {
            b'\\' => {
                let next = text.get(at).copied().unwrap_or(b'\\');
                at += 1;
                match next {
                    b'0'..=b'7' if next == b'0' || class => {
                        let digits = text[at - 1..]
                            .iter()
                            .take(3)
                            .take_while(|b| (b'0'..=b'7').contains(b))
                            .count();
                        let value = text[at - 1..at - 1 + digits]
                            .iter()
                            .fold(0_u32, |n, b| n * 8 + u32::from(b - b'0'));
                        at += digits - 1;
                        byte(&mut out, value as u8);
                    }
                    b'e' => out.push_str("\\x1b"),
                    b'h' if class => out.push_str(" \\t"),
                    b'h' => out.push_str("[ \\t]"),
                    b'H' if !class => out.push_str("[^ \\t]"),
                    b'R' if !class => out.push_str("(?:\\r\\n|\\n|\\r)"),
                    b'N' if !class => out.push_str("[^\\n]"),
                    b'Z' if !class => out.push_str("(?=\\n?\\z)"),
                    b'b' if class => out.push_str("\\x08"),
                    b'c' => {
                        let letter = text.get(at).copied().unwrap_or(b'@').to_ascii_uppercase();
                        at += 1;
                        byte(&mut out, letter ^ 64);
                    }
                    b'x' => {
                        let braces = text.get(at) == Some(&b'{');
                        at += usize::from(braces);
                        let most = if braces { 6 } else { 2 };
                        let digits = text[at.min(text.len())..]
                            .iter()
                            .take(most)
                            .take_while(|b| b.is_ascii_hexdigit())
                            .count();
                        let value = std::str::from_utf8(&text[at..at + digits])
                            .ok()
                            .and_then(|t| u32::from_str_radix(t, 16).ok())
                            .unwrap_or(0);
                        at += digits + usize::from(braces);
                        match u8::try_from(value) {
                            Ok(value) => byte(&mut out, value),
                            Err(_) => {
                                let letter = char::from_u32(value).unwrap_or('\u{fffd}');
                                for b in letter.to_string().bytes() {
                                    byte(&mut out, b);
                                }
                            }
                        }
                    }
                    _ if next.is_ascii_alphanumeric() => {
                        out.push('\\');
                        out.push(next as char);
                    }
                    _ => byte(&mut out, next),
                }
            }
            b'[' if !class => {
                class = true;
                out.push('[');
                if text.get(at) == Some(&b'^') {
                    at += 1;
                    out.push('^');
                }
                if text.get(at) == Some(&b']') {
                    at += 1;
                    out.push_str("\\]");
                }
            }
            b'[' if text.get(at) == Some(&b':') => {
                let end = text[at..].windows(2).position(|w| w == b":]");
                match end {
                    Some(end) => {
                        out.push('[');
                        out.push_str(&String::from_utf8_lossy(&text[at..at + end + 2]));
                        at += end + 2;
                    }
                    None => out.push_str("\\["),
                }
            }
            b']' if class => {
                class = false;
                out.push(']');
            }
            b'[' | b'&' | b'~' if class => byte(&mut out, b),
            b'-' if class => {
                // `[\w-.]`: a mark that stands for itself.
                let edge =
                    matches!(text.get(at), Some(b']')) || out.ends_with('[') || out.ends_with("[^");
                let after_class = [b'w', b'd', b's', b'W', b'D', b'S']
                    .iter()
                    .any(|c| out.ends_with(&format!("\\{}", *c as char)));
                out.push_str(
                    if edge
                        || after_class
                        || text.get(at) == Some(&b'\\')
                            && text.get(at + 1).is_some_and(|b| b"wds".contains(b))
                    {
                        "\\-"
                    } else {
                        "-"
                    },
                );
            }
            b'#' | b' ' | b'\t' | b'\n' | b'\r' if class => byte(&mut out, b),
            b'#' if extended => {
                // A comment, which `regex` would read on for ever on one line.
                while text.get(at).is_some_and(|b| *b != b'\n') {
                    at += 1;
                }
            }
            b'{' if !class => {
                let rest = &text[at..];
                let end = rest.iter().position(|b| *b == b'}');
                let counts = end.is_some_and(|end| {
                    let inner = &rest[..end];
                    !inner.is_empty()
                        && inner[0].is_ascii_digit()
                        && inner.iter().all(|b| b.is_ascii_digit() || *b == b',')
                }) && !out.is_empty();
                out.push_str(if counts { "{" } else { "\\{" });
            }
            b'}' if !class => {
                let open = out.rfind('{').filter(|open| !out[..*open].ends_with('\\'));
                let counts = open.is_some_and(|open| {
                    out[open + 1..].bytes().all(|b| b.is_ascii_digit() || b == b',')
                        && out.len() > open + 1
                });
                out.push_str(if counts { "}" } else { "\\}" });
            }
            b'(' if text[at..].starts_with(b"?^") => {
                at += 2;
                out.push_str("(?");
            }
            b'(' if text[at..].starts_with(b"?#") => {
                while text.get(at).is_some_and(|b| *b != b')') {
                    at += 1;
                }
                at += 1;
            }
            b'$' if !class => {
                ends = true;
                out.push('$');
            }
            _ if b.is_ascii() => out.push(b as char),
            _ => byte(&mut out, b),
        }
    }
    (out, ends)
}

impl Machine<'_> {
    pub(super) fn rule(&mut self, text: &[u8], flags: &str) -> Done<Arc<Rule>> {
        let key = (text.to_vec(), flags.to_owned());
        if let Some(rule) = self.rules.get(&key) {
            return Ok(Arc::clone(rule));
        }
        self.process.session.step(text.len() as u64 / 8 + 2)?;
        if self.rules.len() >= RULES_MAX {
            self.rules.clear();
        }
        match Rule::new(text, flags) {
            Some(rule) => {
                let rule = Arc::new(rule);
                self.rules.insert(key, Arc::clone(&rule));
                Ok(rule)
            }
            None => self.die("Out of memory in perl:util:safesysrealloc"),
        }
    }

    async fn compiled(&mut self, pattern: &Pattern) -> Done<Arc<Rule>> {
        let text = self.scalar(&pattern.text).await?.text();
        let flags: String = pattern.flags.chars().filter(|c| "imsx".contains(*c)).collect();
        // A pattern that is code (`use re 'eval'`), as those that are all signs are.
        if let Some(code) = text.strip_prefix(b"(?{").and_then(|it| it.strip_suffix(b"})"))
            && self.goes_on()
        {
            let code = code.to_vec();
            Box::pin(self.eval_text(&code, super::machine::Want::All)).await?;
            return self.rule(b"", "");
        }
        self.rule(&text, &flags)
    }

    fn found(&mut self, rule: &Arc<Rule>, subject: &Subject, from: usize) -> Done<bool> {
        let fancy = matches!(rule.kind, Kind::Fancy(_));
        let left = subject.text.len().saturating_sub(from);
        self.passes_by(0, left.min(1 << 20) + if fancy { 4_096 } else { 0 })?;
        let Some(spans) = rule.find(subject, from) else { return Ok(false) };
        self.matched = Matched { text: subject.text.clone(), spans, rule: Some(Arc::clone(rule)) };
        Ok(true)
    }

    fn edges(&self) -> (usize, usize) {
        self.matched.spans.first().copied().flatten().unwrap_or((0, 0))
    }

    /// A match in a list: its groups, or all matches with `g`.
    pub(super) async fn matches_list(&mut self, of: &Expr, pattern: &Pattern) -> Done<Vec<Value>> {
        let text = self.scalar(of).await?.text();
        let subject = Subject::new(text);
        let rule = self.compiled(pattern).await?;
        if !pattern.flags.contains('g') {
            if !self.found(&rule, &subject, 0)? {
                return Ok(Vec::new());
            }
            let groups = self.matched.groups();
            return Ok(if groups.is_empty() { vec![Value::Int(1)] } else { groups });
        }
        let place = self.place_of_match(of).await?;
        let mut from =
            place.as_ref().and_then(|place| self.positions.get(place)).copied().unwrap_or(0);
        let mut out = Vec::new();
        while from <= subject.text.len() && self.found(&rule, &subject, from)? {
            let (begin, end) = self.edges();
            let groups = self.matched.groups();
            self.passes_by(groups.len() + 1, 0)?;
            if groups.is_empty() {
                out.push(self.matched.group(0));
            } else {
                out.extend(groups);
            }
            from = end + usize::from(begin == end);
        }
        if let Some(place) = place {
            self.positions.remove(&place);
        }
        Ok(out)
    }

    /// Where the text of a `//g` stands, with which its position is kept.
    async fn place_of_match(&mut self, of: &Expr) -> Done<Option<Place>> {
        Ok(match of {
            Expr::Scalar(_) | Expr::Item(..) | Expr::Member(..) | Expr::Deref('$', _) => {
                Some(self.place(of).await?)
            }
            _ => None,
        })
    }

    pub(super) async fn matches_once(&mut self, of: &Expr, pattern: &Pattern) -> Done<bool> {
        let global = pattern.flags.contains('g');
        let (place, value) = if global {
            match self.place_of_match(of).await? {
                Some(Place::Nowhere) | None => (None, self.scalar(of).await?),
                Some(place) => {
                    let value = self.get(&place);
                    (Some(place), value)
                }
            }
        } else if let Expr::Assign(..) | Expr::My(..) = of {
            let place = self.place(of).await?;
            (None, self.get(&place))
        } else {
            (None, self.scalar(of).await?)
        };
        let subject = Subject::new(value.text());
        let rule = self.compiled(pattern).await?;
        let from = place.as_ref().and_then(|place| self.positions.get(place)).copied();
        let from = from.unwrap_or(0);
        let found = from <= subject.text.len() && self.found(&rule, &subject, from)?;
        if let Some(place) = place {
            if found {
                const POSITIONS_MAX: usize = 10_000;
                let (begin, end) = self.edges();
                // An empty match is not made twice at the same place.
                let again = begin == end && end == from && self.positions.contains_key(&place);
                let over = from >= subject.text.len();
                if again && (over || !self.found(&rule, &subject, from + 1)?) {
                    self.positions.remove(&place);
                    return Ok(false);
                }
                let (_, end) = self.edges();
                if self.positions.len() < POSITIONS_MAX {
                    self.positions.insert(place, end);
                }
            } else if !pattern.flags.contains('c') {
                self.positions.remove(&place);
            }
        }
        Ok(found)
    }

    pub(super) async fn replace(
        &mut self,
        of: &Expr,
        pattern: &Pattern,
        with: &Replacement,
    ) -> Done<Value> {
        let keeps = pattern.flags.contains('r');
        let (place, value) = if keeps {
            (Place::Nowhere, self.scalar(of).await?)
        } else {
            let place = self.place(of).await?;
            let value = self.get(&place);
            (place, value)
        };
        let subject = Subject::new(value.text());
        let rule = self.compiled(pattern).await?;
        let twice = pattern.flags.matches('e').count() > 1;
        let global = pattern.flags.contains('g');
        let mut out = Vec::new();
        let (mut from, mut at, mut count) = (0, 0, 0);
        while at <= subject.text.len() && self.found(&rule, &subject, at)? {
            let (begin, end) = self.edges();
            out.extend_from_slice(&subject.text[from..begin]);
            let matched = self.matched.clone();
            let made = self.replacement(with, twice).await?;
            self.matched = matched;
            self.passes_by(0, made.len() + 16)?;
            if out.len() + made.len() > limits::FILE_BYTES {
                return self.die("Out of memory!");
            }
            out.extend_from_slice(&made);
            from = end;
            at = end;
            count += 1;
            if begin == end {
                if let Some(b) = subject.text.get(end) {
                    out.push(*b);
                }
                from = (end + 1).min(subject.text.len());
                at = end + 1;
            }
            if !global {
                break;
            }
        }
        out.extend_from_slice(&subject.text[from..]);
        if keeps {
            return Ok(Value::str(out));
        }
        if count > 0 {
            self.set(&place, Value::str(out)).await?;
            return Ok(Value::Int(count));
        }
        Ok(boolean(false))
    }

    /// `tr`
    pub(super) async fn translate(
        &mut self,
        of: &Expr,
        from: &[u8],
        to: &[u8],
        flags: &str,
    ) -> Done<Value> {
        let has = |flag: char| flags.contains(flag);
        let mut from = from.to_vec();
        if has('c') {
            let own = from;
            from = (0..=255).filter(|b| !own.contains(b)).collect();
        }
        let mut table: [Option<Option<u8>>; 256] = [None; 256];
        for (at, byte) in from.iter().enumerate() {
            let slot = &mut table[usize::from(*byte)];
            if slot.is_some() {
                continue;
            }
            *slot = Some(match to.get(at) {
                Some(b) => Some(*b),
                None if has('d') => None,
                None => Some(to.last().copied().unwrap_or(*byte)),
            });
        }
        let changes = !to.is_empty() || has('d') || has('s');
        let (place, value) = if has('r') || !changes {
            (Place::Nowhere, self.scalar(of).await?)
        } else {
            let place = self.place(of).await?;
            let value = self.get(&place);
            (place, value)
        };
        let text = value.text();
        self.passes_by(0, text.len())?;
        let mut out = Vec::with_capacity(text.len());
        let mut count = 0;
        let mut before = None;
        for byte in &text {
            match table[usize::from(*byte)] {
                Some(new) => {
                    count += 1;
                    if let Some(new) = new
                        && !(has('s') && before == Some(new))
                    {
                        out.push(new);
                        before = Some(new);
                    }
                }
                None => {
                    out.push(*byte);
                    before = None;
                }
            }
        }
        if has('r') {
            return Ok(Value::str(out));
        }
        if changes && out != text {
            self.set(&place, Value::str(out)).await?;
        }
        Ok(Value::Int(count))
    }

    /// `split`
    pub(super) async fn split(&mut self, arguments: &[Expr]) -> Done<Vec<Value>> {
        let text = match arguments.get(1) {
            Some(of) => self.scalar(of).await?.text(),
            None => self.scalar_named("_").text(),
        };
        let most = match arguments.get(2) {
            Some(most) => self.scalar(most).await?.integer(),
            None => 0,
        };
        let (by, flags) = match arguments.first() {
            Some(Expr::Match(_, pattern, _)) => {
                let by = self.scalar(&pattern.text).await?.text();
                (by, pattern.flags.chars().filter(|c| "imsx".contains(*c)).collect::<String>())
            }
            Some(other) => {
                let by = self.scalar(other).await?.text();
                if &by[..] == b" " { (Bytes::new(), "awk".to_owned()) } else { (by, String::new()) }
            }
            None => (Bytes::new(), "awk".to_owned()),
        };
        self.passes_by(text.len() / 4, text.len() * 2)?;
        let (rule, text) = if flags == "awk" {
            let start = text.len() - text.trim_ascii_start().len();
            (self.rule(b"\\s+", "")?, text.slice(start..))
        } else if &by[..] == b"^" {
            (self.rule(b"^", "m")?, text)
        } else {
            (self.rule(&by, &flags)?, text)
        };
        let subject = Subject::new(text.clone());
        let mut parts: Vec<Value> = Vec::new();
        let (mut from, mut at) = (0, 0);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        while at < text.len() && !(most > 0 && parts.len() as i64 + 1 >= most) {
            self.process.session.step(u64::from(parts.len().is_multiple_of(16)))?;
            let Some(spans) = rule.find(&subject, at) else { break };
            let Some((begin, end)) = spans.first().copied().flatten() else { break };
            if begin >= text.len() && begin == end {
                break;
            }
            // An empty match does not split where the part begins.
            if begin == end && begin == from {
                at = begin + 1;
                continue;
            }
            parts.push(Value::Str(text.slice(from..begin)));
            for span in spans.iter().skip(1) {
                parts.push(span.map_or(Value::Undef, |(a, b)| Value::Str(text.slice(a..b))));
            }
            from = end;
            at = end;
        }
        parts.push(Value::Str(text.slice(from..)));
        while most == 0 && parts.last().is_some_and(|p| p.text().is_empty()) {
            parts.pop();
        }
        self.costs(0, parts.len() * 8)?;
        Ok(parts)
    }
}

//! `re`: by `regex`, and by `fancy-regex` what looks around or back, whose steps are limited.

use super::builtins::{Named, by_name};
use super::run::{Done, Machine};
use super::value::{Native, Object, Value};
use crate::limits;
use bytes::Bytes;
use std::sync::Arc;

/// Steps back that a search may take.
const BACKTRACKS_MAX: usize = 100_000;

/// A pattern, compiled.
#[derive(Debug)]
pub(super) struct Pattern {
    kind: Kind,
    text: String,
    flags: i128,
    names: Vec<Option<String>>,
}

#[derive(Debug)]
enum Kind {
    Plain(::regex::bytes::Regex),
    Fancy(Box<fancy_regex::Regex>),
}

/// Where the groups of a match are, the whole first.
type Spans = Vec<Option<(usize, usize)>>;

impl Pattern {
    fn new(text: &str, flags: i128) -> Option<Self> {
        // Python's `\Z` is the very end.
        let body = text.replace("\\Z", "\\z");
        let letters: String = [(2, 'i'), (8, 'm'), (16, 's'), (64, 'x')]
            .into_iter()
            .filter(|(bit, _)| flags & bit != 0)
            .map(|(_, letter)| letter)
            .collect();
        let whole = if letters.is_empty() { body } else { format!("(?{letters}){body}") };
        let plain =
            ::regex::bytes::RegexBuilder::new(&whole).size_limit(limits::REGEX_BYTES).build();
        let (kind, names) = match plain {
            Ok(plain) => {
                let names = plain.capture_names().map(|it| it.map(str::to_owned)).collect();
                (Kind::Plain(plain), names)
            }
            Err(_) => {
                let fancy = fancy_regex::RegexBuilder::new(&whole)
                    .backtrack_limit(BACKTRACKS_MAX)
                    .delegate_size_limit(limits::REGEX_BYTES)
                    .build()
                    .ok()?;
                let names = fancy.capture_names().map(|it| it.map(str::to_owned)).collect();
                (Kind::Fancy(Box::new(fancy)), names)
            }
        };
        Some(Self { kind, text: text.to_owned(), flags, names })
    }

    /// The pattern as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The first match from a place on.
    fn find(&self, subject: &[u8], from: usize) -> Option<Spans> {
        if from > subject.len() {
            return None;
        }
        match &self.kind {
            Kind::Plain(regex) => {
                let found = regex.captures_at(subject, from)?;
                Some(found.iter().map(|it| it.map(|it| (it.start(), it.end()))).collect())
            }
            Kind::Fancy(regex) => {
                let text = std::str::from_utf8(subject).ok()?;
                let found = regex.captures_from_pos(text, from).ok()??;
                Some(found.iter().map(|it| it.map(|it| (it.start(), it.end()))).collect())
            }
        }
    }

    /// All matches, none within another.
    fn all(&self, subject: &[u8], most: usize) -> Vec<Spans> {
        let mut all = Vec::new();
        let mut from = 0;
        while all.len() < most {
            let Some(spans) = self.find(subject, from) else { break };
            let Some((start, end)) = spans.first().copied().flatten() else { break };
            // Behind an empty match it goes on at the next character.
            from = if end == start { next_char(subject, end) } else { end };
            all.push(spans);
        }
        all
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|it| it.as_deref() == Some(name))
    }
}

fn next_char(subject: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while subject.get(next).is_some_and(|byte| byte & 0xc0 == 0x80) {
        next += 1;
    }
    next
}

/// A match.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pattern: Arc<Pattern>,
    subject: Bytes,
    spans: Spans,
    text: bool,
}

impl Found {
    fn shown(&self, span: (usize, usize)) -> Value {
        let part = self.subject.slice(span.0..span.1);
        if self.text { Value::str(String::from_utf8_lossy(&part)) } else { Value::Bytes(part) }
    }

    fn group(&self, at: usize) -> Value {
        self.spans.get(at).copied().flatten().map_or(Value::None, |span| self.shown(span))
    }

    /// A place in the text, in characters.
    fn place(&self, byte: usize) -> i128 {
        if !self.text {
            return byte as i128;
        }
        String::from_utf8_lossy(&self.subject[..byte]).chars().count() as i128
    }

    /// `\1`, `\g<name>` and the like in what a match is replaced with.
    fn filled(&self, with: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = with;
        while let [byte, more @ ..] = rest {
            rest = more;
            if *byte != b'\\' {
                out.push(*byte);
                continue;
            }
            let [kind, more @ ..] = rest else {
                out.push(b'\\');
                break;
            };
            rest = more;
            let mut put = |at: Option<usize>| {
                let span = at.and_then(|at| self.spans.get(at).copied().flatten());
                if let Some((from, to)) = span {
                    out.extend_from_slice(&self.subject[from..to]);
                }
            };
            match kind {
                b'0'..=b'9' => put(Some(usize::from(kind - b'0'))),
                b'g' if rest.first() == Some(&b'<') => {
                    let end = rest.iter().position(|it| *it == b'>').unwrap_or(rest.len() - 1);
                    let name = String::from_utf8_lossy(&rest[1..end.max(1)]).into_owned();
                    rest = rest.get(end + 1..).unwrap_or_default();
                    put(name.parse().ok().or_else(|| self.pattern.place_of(&name)));
                }
                b'n' => out.push(b'\n'),
                b't' => out.push(b'\t'),
                b'r' => out.push(b'\r'),
                other => out.push(*other),
            }
        }
        out
    }
}

impl Machine<'_> {
    /// A pattern of a text, or one that is compiled already.
    fn pattern(&mut self, value: &Value, flags: i128) -> Done<Arc<Pattern>> {
        if let Value::Object(id) = value
            && let Native::Pattern(pattern) = &self.objects[*id].native
        {
            return Ok(Arc::clone(pattern));
        }
        let raw = value.raw().unwrap_or_default();
        let text = String::from_utf8_lossy(&raw).into_owned();
        self.process.session.step(raw.len() as u64 / 8 + 4)?;
        match Pattern::new(&text, flags) {
            Some(pattern) => Ok(Arc::new(pattern)),
            None => Err(self.raise("re.error", "bad pattern")),
        }
    }

    fn found(
        &mut self,
        pattern: &Arc<Pattern>,
        subject: &Bytes,
        spans: Spans,
        text: bool,
    ) -> Done<Value> {
        let found = Found { pattern: Arc::clone(pattern), subject: subject.clone(), spans, text };
        self.object(Object::own("re.Match", Native::Found(Arc::new(found))))
    }

    pub(super) async fn regex(
        &mut self,
        name: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::None);
        match name {
            "escape" => {
                let text = first.raw().unwrap_or_default();
                return Ok(Value::str(::regex::escape(&String::from_utf8_lossy(&text))));
            }
            "purge" => return Ok(Value::None),
            _ => {}
        }
        // Where flags and counts stand.
        let number = |name: &str, at: usize| {
            let given = by_name(named, name).or_else(|| arguments.get(at).cloned());
            given.and_then(|it| it.integer()).unwrap_or(0)
        };
        let flags = match name {
            "compile" => number("flags", 1),
            "sub" | "subn" => number("flags", 4),
            "split" => number("flags", 3),
            _ => number("flags", 2),
        };
        let compiled = matches!(first, Value::Object(_));
        let pattern = self.pattern(&first, flags)?;
        if name == "compile" {
            return self.object(Object::own("re.Pattern", Native::Pattern(pattern)));
        }
        let subject = if matches!(name, "sub" | "subn") { 2 } else { 1 };
        let whole = arguments.get(subject).cloned().unwrap_or(Value::None);
        let text = matches!(whole, Value::Str(_));
        let Some(bytes) = whole.raw() else {
            let class = self.type_name(&whole);
            let text = format!("expected string or bytes-like object, got '{class}'");
            return Err(self.raise("TypeError", text));
        };
        self.costs(0, bytes.len() * 8)?;
        let show = |part: Bytes| {
            if text { Value::str(String::from_utf8_lossy(&part)) } else { Value::Bytes(part) }
        };
        match name {
            "match" | "search" | "fullmatch" => {
                // `pattern.search(text, from)`
                let from = if compiled { number("pos", 2) } else { 0 };
                let from = usize::try_from(from).unwrap_or(0).min(bytes.len());
                let spans = pattern.find(&bytes, from).filter(|spans| {
                    let (start, end) = spans.first().copied().flatten().unwrap_or((0, 0));
                    (name == "search" || start == from)
                        && (name != "fullmatch" || end == bytes.len())
                });
                match spans {
                    Some(spans) => self.found(&pattern, &bytes, spans, text),
                    None => Ok(Value::None),
                }
            }
            "findall" | "finditer" => {
                let mut all = Vec::new();
                for spans in pattern.all(&bytes, usize::MAX) {
                    self.costs(1 + spans.len(), 0)?;
                    let part = |at: usize| match spans.get(at).copied().flatten() {
                        Some((from, to)) => show(bytes.slice(from..to)),
                        None => show(Bytes::new()),
                    };
                    all.push(match (name, spans.len()) {
                        ("finditer", _) => self.found(&pattern, &bytes, spans, text)?,
                        (_, 1) => part(0),
                        (_, 2) => part(1),
                        (_, more) => Value::tuple((1..more).map(part).collect()),
                    });
                }
                self.list(all)
            }
            "split" => {
                let most = usize::try_from(number("maxsplit", 2)).unwrap_or(0);
                let most = if most == 0 { usize::MAX } else { most };
                let (mut parts, mut from) = (Vec::new(), 0);
                for spans in pattern.all(&bytes, most) {
                    let Some((start, end)) = spans.first().copied().flatten() else { continue };
                    self.costs(1 + spans.len(), 0)?;
                    parts.push(show(bytes.slice(from..start)));
                    for group in spans.iter().skip(1) {
                        parts.push(
                            group.map_or(Value::None, |(from, to)| show(bytes.slice(from..to))),
                        );
                    }
                    from = end;
                }
                parts.push(show(bytes.slice(from..)));
                self.list(parts)
            }
            _ => {
                let with = arguments.get(1).cloned().unwrap_or(Value::None);
                let most = usize::try_from(number("count", 3)).unwrap_or(0);
                let most = if most == 0 { usize::MAX } else { most };
                let (mut out, mut from, mut count) = (Vec::new(), 0, 0);
                for spans in pattern.all(&bytes, most) {
                    let Some((start, end)) = spans.first().copied().flatten() else { continue };
                    out.extend_from_slice(&bytes[from.min(start)..start]);
                    from = end;
                    count += 1;
                    let made = match with.raw() {
                        Some(with) => {
                            let found = Found {
                                pattern: Arc::clone(&pattern),
                                subject: bytes.clone(),
                                spans,
                                text,
                            };
                            found.filled(&with)
                        }
                        None => {
                            let found = self.found(&pattern, &bytes, spans, text)?;
                            let made = self.call(with.clone(), vec![found], Vec::new()).await?;
                            made.raw().unwrap_or_default().to_vec()
                        }
                    };
                    self.costs(0, made.len() + 16)?;
                    out.extend_from_slice(&made);
                    if out.len() > limits::FILE_BYTES {
                        return Err(self.raise("MemoryError", ""));
                    }
                }
                out.extend_from_slice(&bytes[from.min(bytes.len())..]);
                let made = show(out.into());
                Ok(if name == "subn" { Value::tuple(vec![made, Value::Int(count)]) } else { made })
            }
        }
    }

    /// Methods of a match.
    pub(super) fn found_method(
        &mut self,
        found: &Arc<Found>,
        name: &str,
        arguments: &[Value],
    ) -> Done<Value> {
        let mut places = Vec::new();
        for argument in arguments {
            let place = match argument {
                Value::Str(name) => found.pattern.place_of(name),
                other => other.integer().and_then(|it| usize::try_from(it).ok()),
            };
            match place.filter(|it| *it < found.spans.len()) {
                Some(place) => places.push(place),
                None if matches!(name, "groups" | "groupdict" | "expand") => {}
                None => return Err(self.raise("IndexError", "no such group")),
            }
        }
        let at = places.first().copied().unwrap_or(0);
        let span = found.spans.get(at).copied().flatten();
        let edges = span.map(|(from, to)| (found.place(from), found.place(to)));
        let (from, to) = edges.unwrap_or((-1, -1));
        match name {
            "group" if places.len() > 1 => {
                Ok(Value::tuple(places.into_iter().map(|at| found.group(at)).collect()))
            }
            "group" => Ok(found.group(at)),
            "groups" => {
                let absent = arguments.first().cloned().unwrap_or(Value::None);
                let all = (1..found.spans.len()).map(|at| match found.group(at) {
                    Value::None => absent.clone(),
                    other => other,
                });
                Ok(Value::tuple(all.collect()))
            }
            "groupdict" => {
                let names = found.pattern.names.iter().enumerate();
                let pairs = names
                    .filter_map(|(at, name)| Some((Value::str(name.as_deref()?), found.group(at))));
                let pairs = pairs.collect();
                self.dict(pairs)
            }
            "start" => Ok(Value::Int(from)),
            "end" => Ok(Value::Int(to)),
            "span" => Ok(Value::tuple(vec![Value::Int(from), Value::Int(to)])),
            "expand" => {
                let with = arguments.first().and_then(Value::raw).unwrap_or_default();
                Ok(Value::str(String::from_utf8_lossy(&found.filled(&with))))
            }
            _ => Ok(Value::None),
        }
    }

    /// What a pattern or a match has.
    pub(super) fn regex_attribute(native: &Native, name: &str) -> Option<Value> {
        match (native, name) {
            (Native::Pattern(pattern), "pattern") => Some(Value::str(pattern.text())),
            (Native::Pattern(pattern), "flags") => Some(Value::Int(pattern.flags)),
            (Native::Found(found), "string") => Some(found.shown((0, found.subject.len()))),
            (Native::Found(found), "lastindex") => {
                let last = (1..found.spans.len()).rev().find(|at| found.spans[*at].is_some());
                Some(last.map_or(Value::None, |at| Value::Int(at as i128)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn both_engines_are_asked() {
        let plain = Pattern::new("(a)|b", 2).expect("it is right");
        assert_eq!(plain.all(b"xAb", 9).len(), 2);
        let fancy = Pattern::new(r"(?<=x)(\w)\1", 0).expect("it is right");
        assert_eq!(fancy.find(b"xaaxb", 0), Some(vec![Some((1, 3)), Some((1, 2))]));
        assert!(Pattern::new("(", 0).is_none());
        assert_eq!(Pattern::new("", 0).expect("it is right").all("é".as_bytes(), 9).len(), 2);
    }
}

//! `re`.

use super::run::{Done, Machine};
use super::value::{Native, Object, Value};
use crate::limits;
use bytes::Bytes;

impl Machine<'_> {
    pub(super) async fn regex(&mut self, name: &str, arguments: &[Value]) -> Done<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::None);
        if name == "escape" {
            let text = first.raw().unwrap_or_default();
            return Ok(Value::str(::regex::escape(&String::from_utf8_lossy(&text))));
        }
        let compiled = match &first {
            Value::Object(id) => match &self.objects[*id].native {
                Native::Pattern(pattern) => Some(pattern.clone()),
                _ => None,
            },
            _ => None,
        };
        let flags = if name == "compile" { 1 } else { 2 };
        let pattern = match compiled {
            Some(pattern) => pattern,
            None => {
                let raw = first.raw().unwrap_or_default();
                let text = String::from_utf8_lossy(&raw).into_owned();
                let flags = arguments.get(flags).and_then(Value::integer).unwrap_or(0);
                let flags = if name == "sub" || name == "split" { 0 } else { flags };
                self.process.session.step(raw.len() as u64 / 8 + 4)?;
                let built = ::regex::bytes::RegexBuilder::new(&text)
                    .case_insensitive(flags & 2 != 0)
                    .multi_line(flags & 8 != 0)
                    .dot_matches_new_line(flags & 16 != 0)
                    .size_limit(limits::REGEX_BYTES)
                    .build();
                match built {
                    Ok(pattern) => pattern,
                    // Look-around and references back are Python's, not ours.
                    Err(_) => return Err(self.raise("MemoryError", "")),
                }
            }
        };
        if name == "compile" {
            return self.object(Object::own("re.Pattern", Native::Pattern(pattern)));
        }
        let subject = if name == "sub" { 2 } else { 1 };
        let whole = arguments.get(subject).cloned().unwrap_or(Value::None);
        let text = matches!(whole, Value::Str(_));
        let bytes = whole.raw().unwrap_or_default();
        self.costs(0, bytes.len() * 8)?;
        let show = |part: &[u8]| {
            if text {
                Value::str(String::from_utf8_lossy(part))
            } else {
                Value::Bytes(Bytes::copy_from_slice(part))
            }
        };
        match name {
            "match" | "search" | "fullmatch" => {
                let found = pattern.captures(&bytes).filter(|c| {
                    let all = c.get(0).map_or(0..0, |m| m.range());
                    (name == "search" || all.start == 0)
                        && (name != "fullmatch" || all.end == bytes.len())
                });
                let Some(found) = found else { return Ok(Value::None) };
                let groups =
                    found.iter().map(|g| g.map(|g| (g.start(), bytes.slice(g.range())))).collect();
                self.object(Object::own("re.Match", Native::Found { groups, text }))
            }
            "findall" | "finditer" => {
                let mut all = Vec::new();
                for found in pattern.captures_iter(&bytes) {
                    self.costs(1 + found.len(), 0)?;
                    let part = |at: usize| show(found.get(at).map_or(&b""[..], |g| g.as_bytes()));
                    all.push(if name == "finditer" {
                        let groups = found
                            .iter()
                            .map(|g| g.map(|g| (g.start(), bytes.slice(g.range()))))
                            .collect();
                        self.object(Object::own("re.Match", Native::Found { groups, text }))?
                    } else {
                        match found.len() {
                            1 => part(0),
                            2 => part(1),
                            more => Value::tuple((1..more).map(part).collect()),
                        }
                    });
                }
                self.list(all)
            }
            "split" => {
                let parts: Vec<Value> = pattern.split(&bytes).map(show).collect();
                self.list(parts)
            }
            _ => {
                let with = arguments.get(1).cloned().unwrap_or(Value::None);
                let mut out = Vec::new();
                let mut from = 0;
                for found in pattern.captures_iter(&bytes) {
                    let Some(all) = found.get(0) else { continue };
                    out.extend_from_slice(&bytes[from..all.start()]);
                    from = all.end();
                    let made = match &with {
                        Value::Str(_) | Value::Bytes(_) => {
                            references(&with.raw().unwrap_or_default(), &found)
                        }
                        function => {
                            let groups = found
                                .iter()
                                .map(|g| g.map(|g| (g.start(), bytes.slice(g.range()))))
                                .collect();
                            let object = Object::own("re.Match", Native::Found { groups, text });
                            let found = self.object(object)?;
                            let made = self.call(function.clone(), vec![found], Vec::new()).await?;
                            made.raw().unwrap_or_default().to_vec()
                        }
                    };
                    self.costs(0, made.len() + 16)?;
                    out.extend_from_slice(&made);
                }
                out.extend_from_slice(&bytes[from.min(bytes.len())..]);
                Ok(show(&out))
            }
        }
    }
}

/// `\1` and the like in what a match is replaced with.
fn references(with: &[u8], found: &::regex::bytes::Captures<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = with.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(digit @ b'0'..=b'9') => {
                let group = found.get(usize::from(digit - b'0'));
                out.extend_from_slice(group.map_or(&b""[..], |g| g.as_bytes()));
            }
            Some(b'n') => out.push(b'\n'),
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    out
}

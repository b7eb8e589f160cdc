//! Methods of texts and bytes, and the codings between them.

use super::builtins::Named;
use super::format::padded;
use super::methods::{has_method, hex};
use super::run::{Done, Machine};
use super::value::{Raised, Value};
use bytes::Bytes;
use std::sync::Arc;

impl Machine<'_> {
    pub(super) async fn str_method(
        &mut self,
        text: &Arc<str>,
        name: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<Value> {
        self.costs(0, text.len())?;
        let first = match arguments.first() {
            Some(Value::Str(text)) => Some(Arc::clone(text)),
            _ => None,
        };
        let pattern = first.as_deref().unwrap_or("");
        let number = |at: usize| arguments.get(at).and_then(Value::integer);
        let width = || usize::try_from(number(0).unwrap_or(0)).unwrap_or(0).min(1 << 20);
        let fill = || match arguments.get(1) {
            Some(Value::Str(text)) => text.chars().next().unwrap_or(' '),
            _ => ' ',
        };
        Ok(match name {
            "upper" => Value::str(text.to_uppercase()),
            "lower" | "casefold" => Value::str(text.to_lowercase()),
            "capitalize" => {
                let mut chars = text.chars();
                let head: String =
                    chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
                Value::str(head + &chars.as_str().to_lowercase())
            }
            "title" => {
                let mut before = false;
                let change = |c: char| {
                    let upper = !std::mem::replace(&mut before, c.is_alphabetic());
                    if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
                };
                Value::str(text.chars().map(change).collect::<String>())
            }
            "swapcase" => {
                let change = |c: char| {
                    if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
                };
                Value::str(text.chars().map(change).collect::<String>())
            }
            "strip" | "lstrip" | "rstrip" => {
                let strips = |c: char| match &first {
                    Some(set) => set.contains(c),
                    None => c.is_whitespace(),
                };
                Value::str(match name {
                    "strip" => text.trim_matches(strips),
                    "lstrip" => text.trim_start_matches(strips),
                    _ => text.trim_end_matches(strips),
                })
            }
            "removeprefix" => Value::str(text.strip_prefix(pattern).unwrap_or(text)),
            "removesuffix" => Value::str(text.strip_suffix(pattern).unwrap_or(text)),
            "split" | "rsplit" => {
                let most = number(1).or_else(|| {
                    named.iter().find(|(n, _)| &**n == "maxsplit").and_then(|(_, v)| v.integer())
                });
                let most = most.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
                if first.is_some() && pattern.is_empty() {
                    return Err(self.raise("ValueError", "empty separator"));
                }
                let most = most.saturating_add(1);
                let mut parts: Vec<Value> = match (&first, name) {
                    (None, _) => {
                        let mut parts = Vec::new();
                        let mut rest = text.trim_start();
                        while !rest.is_empty() {
                            if parts.len() + 1 >= most {
                                parts.push(Value::str(rest.trim_end()));
                                break;
                            }
                            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                            parts.push(Value::str(&rest[..end]));
                            rest = rest[end..].trim_start();
                        }
                        parts
                    }
                    (Some(by), "split") => text.splitn(most, &**by).map(Value::str).collect(),
                    (Some(by), _) => text.rsplitn(most, &**by).map(Value::str).collect(),
                };
                if name == "rsplit" && first.is_some() {
                    parts.reverse();
                }
                return self.list(parts);
            }
            "splitlines" => {
                let parts = text.lines().map(Value::str).collect();
                return self.list(parts);
            }
            "partition" | "rpartition" => {
                let found = if name == "partition" {
                    text.split_once(pattern)
                } else {
                    text.rsplit_once(pattern)
                };
                let parts = match found {
                    Some((before, after)) => [before, pattern, after],
                    None if name == "partition" => [text, "", ""],
                    None => ["", "", text],
                };
                Value::tuple(parts.into_iter().map(Value::str).collect())
            }
            "join" => {
                let items = match arguments.first() {
                    Some(value) => self.items(value).await?,
                    None => Vec::new(),
                };
                let mut out = String::new();
                for (at, item) in items.iter().enumerate() {
                    let Value::Str(part) = item else {
                        let class = self.type_name(item);
                        let text =
                            format!("sequence item {at}: expected str instance, {class} found");
                        return Err(self.raise("TypeError", text));
                    };
                    if at > 0 {
                        out.push_str(text);
                    }
                    out.push_str(part);
                    self.costs(0, text.len() + part.len())?;
                    if out.len() > crate::limits::FILE_BYTES {
                        return Err(self.raise("MemoryError", ""));
                    }
                }
                Value::Str(out.into())
            }
            "replace" => {
                let Some(Value::Str(with)) = arguments.get(1) else {
                    return Err(
                        self.raise("TypeError", "replace expected at least 2 arguments, got 1")
                    );
                };
                let most = number(2).and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
                let times =
                    if pattern.is_empty() { text.len() + 1 } else { text.matches(pattern).count() };
                self.costs(0, times.saturating_mul(with.len()))?;
                Value::str(text.replacen(pattern, with, most.min(times)))
            }
            "startswith" | "endswith" => {
                let tries: Vec<Value> = match arguments.first() {
                    Some(Value::Tuple(all)) => all.to_vec(),
                    Some(one) => vec![one.clone()],
                    None => Vec::new(),
                };
                let fits = |value: &Value| match value {
                    Value::Str(part) if name == "startswith" => text.starts_with(&**part),
                    Value::Str(part) => text.ends_with(&**part),
                    _ => false,
                };
                Value::Bool(tries.iter().any(fits))
            }
            "find" | "rfind" | "index" | "rindex" => {
                let (before, text) = within(text, number(1), number(2));
                let found =
                    if name.starts_with('r') { text.rfind(pattern) } else { text.find(pattern) };
                match found {
                    Some(at) => Value::Int((before + text[..at].chars().count()) as i128),
                    None if name.ends_with("index") => {
                        return Err(self.raise("ValueError", "substring not found"));
                    }
                    None => Value::Int(-1),
                }
            }
            "count" if pattern.is_empty() => Value::Int(text.chars().count() as i128 + 1),
            "count" => {
                let (_, text) = within(text, number(1), number(2));
                Value::Int(text.matches(pattern).count() as i128)
            }
            "decode" if self.runs_second() => {
                let coding = first.as_deref().unwrap_or("utf-8");
                return self
                    .second_codec(&Value::Str(Arc::clone(text)), name, coding)
                    .unwrap_or_else(|| Ok(Value::Str(Arc::clone(text))));
            }
            "encode" => {
                let coding = first.as_deref().unwrap_or("utf-8").to_lowercase();
                if let Some(done) = self.second_codec(&Value::Str(Arc::clone(text)), name, &coding)
                {
                    return done;
                }
                return self.encode(text, &coding);
            }
            "isidentifier" => Value::Bool(
                text.starts_with(|c: char| c.is_alphabetic() || c == '_')
                    && text.chars().all(|c| c.is_alphanumeric() || c == '_'),
            ),
            "isascii" => Value::Bool(text.is_ascii()),
            "isprintable" => Value::Bool(!text.chars().any(char::is_control)),
            "istitle" => Value::Bool(text.starts_with(char::is_uppercase)),
            "format_map" => {
                let names = match arguments.first() {
                    Some(Value::Dict(id)) => self.dicts[*id].clone(),
                    _ => Vec::new(),
                };
                let names = names.into_iter().filter_map(|(name, value)| match name {
                    Value::Str(name) => Some((name, value)),
                    _ => None,
                });
                let names = names.collect();
                let made = self.format_method(text, &[], &names).await?;
                Value::str(made)
            }
            "maketrans" => {
                return self.call_builtin("str.maketrans", arguments.to_vec(), Vec::new()).await;
            }
            "isdigit" | "isnumeric" | "isdecimal" => {
                Value::Bool(!text.is_empty() && text.chars().all(char::is_numeric))
            }
            "isalpha" => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphabetic)),
            "isalnum" => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphanumeric)),
            "isspace" => Value::Bool(!text.is_empty() && text.chars().all(char::is_whitespace)),
            "isupper" => Value::Bool(
                text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
            ),
            "islower" => Value::Bool(
                text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
            ),
            "zfill" => {
                let (sign, digits) = match text.strip_prefix('-') {
                    Some(digits) => ("-", digits),
                    None => ("", &**text),
                };
                self.costs(0, width())?;
                let digits = padded(digits, width().saturating_sub(sign.len()), '0', '>');
                Value::str(format!("{sign}{digits}"))
            }
            "ljust" | "rjust" | "center" => {
                self.costs(0, width())?;
                let align = match name {
                    "ljust" => '<',
                    "rjust" => '>',
                    _ => '^',
                };
                Value::str(padded(text, width(), fill(), align))
            }
            "format" => {
                let made = self.format_method(text, arguments, named).await?;
                Value::str(made)
            }
            "translate" => {
                let mut out = String::new();
                for c in text.chars() {
                    self.part()?;
                    let to = match arguments.first() {
                        Some(Value::Dict(id)) => self.find(*id, &Value::Int(c as i128))?,
                        _ => None,
                    };
                    match to {
                        Some(Value::Str(to)) => out.push_str(&to),
                        Some(Value::Int(code)) => {
                            out.extend(u32::try_from(code).ok().and_then(char::from_u32));
                        }
                        Some(Value::None) => {}
                        _ => out.push(c),
                    }
                }
                Value::str(out)
            }
            "expandtabs" => {
                let width =
                    number(0).and_then(|it| usize::try_from(it).ok()).unwrap_or(8).clamp(1, 64);
                let mut out = String::new();
                let mut column = 0;
                for c in text.chars() {
                    match c {
                        '\t' => {
                            let more = width - column % width;
                            out.push_str(&" ".repeat(more));
                            column += more;
                        }
                        '\n' | '\r' => {
                            out.push(c);
                            column = 0;
                        }
                        other => {
                            out.push(other);
                            column += 1;
                        }
                    }
                }
                Value::str(out)
            }
            _ => return Err(self.missing(&Value::Str(Arc::clone(text)), name)),
        })
    }

    async fn format_method(
        &mut self,
        text: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<String> {
        let mut out = String::new();
        let chars: Vec<char> = text.chars().collect();
        let (mut at, mut next, mut automatic) = (0, 0_usize, false);
        while let Some(c) = chars.get(at).copied() {
            self.part()?;
            at += 1;
            if (c == '{' || c == '}') && chars.get(at) == Some(&c) {
                out.push(c);
                at += 1;
                continue;
            }
            if c != '{' {
                out.push(c);
                continue;
            }
            let end = chars[at..].iter().position(|c| *c == '}').map(|n| n + at);
            let Some(end) = end else {
                return Err(self.raise("ValueError", "expected '}' before end of string"));
            };
            let field: String = chars[at..end].iter().collect();
            at = end + 1;
            let (field, form) = field.split_once(':').unwrap_or((&field, ""));
            let (field, conversion) = field.split_once('!').unwrap_or((field, ""));
            let split = field.find(['.', '[']).unwrap_or(field.len());
            let (head, path) = field.split_at(split);
            automatic |= head.is_empty();
            if automatic && head.parse::<usize>().is_ok() {
                let text =
                    "cannot switch from automatic field numbering to manual field specification";
                return Err(self.raise("ValueError", text));
            }
            let found = if head.is_empty() {
                next += 1;
                arguments.get(next - 1).cloned()
            } else if let Ok(index) = head.parse::<usize>() {
                arguments.get(index).cloned()
            } else {
                let value = named.iter().find(|(n, _)| &**n == head).map(|(_, v)| v.clone());
                if value.is_none() {
                    let raised = Raised::default();
                    return Err(self.raise_with("KeyError", vec![Value::str(head)], raised));
                }
                value
            };
            let Some(mut value) = found else {
                let text = format!(
                    "Replacement index {} out of range for positional args tuple",
                    next.saturating_sub(1)
                );
                return Err(self.raise("IndexError", text));
            };
            for part in path.split(['.', '[']).filter(|p| !p.is_empty()) {
                value = match part.strip_suffix(']') {
                    Some(index) => {
                        let index =
                            index.parse::<i128>().map_or_else(|_| Value::str(index), Value::Int);
                        self.item(&value, &index).await?
                    }
                    None => self.attribute(&value, &part.into())?,
                };
            }
            if conversion == "r" {
                value = Value::Str(self.repr(&value)?.into());
            }
            out.push_str(&self.format_value(&value, form)?);
            self.costs(0, out.len() / 16)?;
        }
        Ok(out)
    }

    pub(super) async fn bytes_method(
        &mut self,
        bytes: &Bytes,
        name: &str,
        arguments: &[Value],
    ) -> Done<Value> {
        self.costs(0, bytes.len())?;
        let first = arguments.first().and_then(Value::raw);
        let pattern = first.clone().unwrap_or_default();
        let find = |from: usize| {
            bytes[from..].windows(pattern.len().max(1)).position(|w| w == pattern).map(|n| n + from)
        };
        Ok(match name {
            "decode" => {
                let coding = match arguments.first() {
                    Some(Value::Str(coding)) => coding.to_string(),
                    _ => "utf-8".to_owned(),
                };
                if let Some(done) = self.second_codec(&Value::Bytes(bytes.clone()), name, &coding) {
                    return done;
                }
                let lenient = super::builtins::is_lenient(arguments.get(1));
                return self.decode(bytes, &coding, lenient);
            }
            "hex" => {
                let between = first.map(|it| String::from_utf8_lossy(&it).into_owned());
                match between {
                    Some(between) => Value::str(
                        bytes.iter().map(|it| hex(&[*it])).collect::<Vec<_>>().join(&between),
                    ),
                    None => Value::str(hex(bytes)),
                }
            }
            // Those of `memoryview`.
            "tobytes" => Value::Bytes(bytes.clone()),
            "tolist" => return self.list(bytes.iter().map(|b| Value::Int((*b).into())).collect()),
            "release" => Value::None,
            "upper" => Value::Bytes(bytes.to_ascii_uppercase().into()),
            "lower" => Value::Bytes(bytes.to_ascii_lowercase().into()),
            "strip" | "lstrip" | "rstrip" => {
                let strips = |b: &u8| match &first {
                    Some(set) => set.contains(b),
                    None => b.is_ascii_whitespace(),
                };
                let mut part = &bytes[..];
                if name != "rstrip" {
                    while let [head, rest @ ..] = part
                        && strips(head)
                    {
                        part = rest;
                    }
                }
                if name != "lstrip" {
                    while let [rest @ .., last] = part
                        && strips(last)
                    {
                        part = rest;
                    }
                }
                Value::Bytes(bytes.slice_ref(part))
            }
            "split" | "splitlines" => {
                let mut parts = Vec::new();
                let by = match (&first, name) {
                    (Some(by), "split") if !by.is_empty() => by.clone(),
                    (_, "splitlines") => Bytes::from_static(b"\n"),
                    _ => {
                        let words = bytes.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
                        let words = words.map(|w| Value::Bytes(bytes.slice_ref(w))).collect();
                        return self.list(words);
                    }
                };
                let mut from = 0;
                while from <= bytes.len() {
                    let found = bytes[from..].windows(by.len()).position(|w| w == by);
                    let end = found.map_or(bytes.len(), |n| n + from);
                    parts.push(Value::Bytes(bytes.slice(from..end)));
                    self.part()?;
                    if found.is_none() {
                        break;
                    }
                    from = end + by.len();
                }
                if name == "splitlines" && bytes.ends_with(b"\n") {
                    parts.pop();
                }
                return self.list(parts);
            }
            "join" => {
                let items = match arguments.first() {
                    Some(value) => self.items(value).await?,
                    None => Vec::new(),
                };
                let parts: Vec<Bytes> = items.iter().filter_map(Value::raw).collect();
                self.costs(0, parts.iter().map(|p| p.len() + bytes.len()).sum())?;
                Value::Bytes(parts.join(&bytes[..]).into())
            }
            "replace" => {
                let with = arguments.get(1).and_then(Value::raw).unwrap_or_default();
                if pattern.is_empty() {
                    return Ok(Value::Bytes(bytes.clone()));
                }
                let mut out = Vec::new();
                let mut from = 0;
                while let Some(at) = find(from) {
                    out.extend_from_slice(&bytes[from..at]);
                    out.extend_from_slice(&with);
                    from = at + pattern.len();
                    self.costs(0, with.len() + 16)?;
                }
                out.extend_from_slice(&bytes[from..]);
                Value::Bytes(out.into())
            }
            "startswith" => Value::Bool(bytes.starts_with(&pattern)),
            "endswith" => Value::Bool(bytes.ends_with(&pattern)),
            "translate" => {
                let deleted = arguments.get(1).and_then(Value::raw).unwrap_or_default();
                let kept = bytes.iter().filter(|it| !deleted.contains(it));
                let out: Vec<u8> =
                    kept.map(|it| pattern.get(usize::from(*it)).copied().unwrap_or(*it)).collect();
                Value::Bytes(out.into())
            }
            "maketrans" => {
                let all = arguments.to_vec();
                return self.call_builtin("bytes.maketrans", all, Vec::new()).await;
            }
            "fromhex" => {
                return self.call_builtin("bytes.fromhex", arguments.to_vec(), Vec::new()).await;
            }
            "copy" | "__bytes__" => Value::Bytes(bytes.clone()),
            "count" => {
                let (mut count, mut from) = (0, 0);
                while let Some(at) = find(from) {
                    count += 1;
                    from = at + pattern.len().max(1);
                    self.part()?;
                }
                Value::Int(count)
            }
            _ => return self.as_text_method(bytes, name, arguments).await,
        })
    }

    /// A method of bytes that is that of a text whose letters they are.
    async fn as_text_method(
        &mut self,
        bytes: &Bytes,
        name: &str,
        arguments: &[Value],
    ) -> Done<Value> {
        if !has_method("str", name) || matches!(name, "encode" | "format") {
            return Err(self.missing(&Value::Bytes(bytes.clone()), name));
        }
        let letters = |it: &[u8]| it.iter().map(|it| *it as char).collect::<String>();
        let mut given = Vec::new();
        for argument in arguments {
            given.push(match argument {
                Value::Bytes(_) | Value::Array(_) => {
                    Value::str(letters(&argument.raw().unwrap_or_default()))
                }
                Value::Tuple(all) => Value::tuple(
                    all.iter()
                        .map(|it| {
                            it.raw().map_or_else(|| it.clone(), |it| Value::str(letters(&it)))
                        })
                        .collect(),
                ),
                other => other.clone(),
            });
        }
        let text: Arc<str> = letters(bytes).into();
        let made = Box::pin(self.str_method(&text, name, &given, &Vec::new())).await?;
        let back = |it: &Value| match it {
            Value::Str(text) => {
                Value::Bytes(text.chars().map(|c| c as u8).collect::<Vec<_>>().into())
            }
            other => other.clone(),
        };
        Ok(match &made {
            Value::List(id) => {
                let items = self.lists[*id].iter().map(back).collect();
                self.list(items)?
            }
            Value::Tuple(items) => Value::tuple(items.iter().map(back).collect()),
            other => back(other),
        })
    }

    pub(super) fn encode(&mut self, text: &str, coding: &str) -> Done<Value> {
        Ok(Value::Bytes(match coding {
            "hex" | "hex_codec" | "base64" | "rot13" => {
                let text = format!(
                    "'{coding}' is not a text encoding; use codecs.encode() to handle arbitrary codecs"
                );
                return Err(self.raise("LookupError", text));
            }
            "latin-1" | "latin1" | "latin_1" | "l1" | "iso-8859-1" | "iso8859-1" | "cp1252"
            | "ascii" | "us-ascii" | "raw_unicode_escape" => {
                let limit = if coding.contains("ascii") { 128 } else { 256 };
                if let Some((at, c)) = text.chars().enumerate().find(|(_, c)| *c as u32 >= limit) {
                    let text = format!(
                        "'{coding}' codec can't encode character '\\u{:04x}' in position {at}: ordinal not in range({limit})",
                        c as u32
                    );
                    return Err(self.raise("UnicodeEncodeError", text));
                }
                text.chars().map(|c| c as u8).collect::<Vec<_>>().into()
            }
            "utf-16be" | "utf-16-be" => {
                text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>().into()
            }
            "utf-32" | "utf-32le" | "utf-32-le" => {
                let mark: &[u8] = if coding == "utf-32" { &[0xff, 0xfe, 0, 0] } else { &[] };
                let units = text.chars().flat_map(|c| (c as u32).to_le_bytes());
                mark.iter().copied().chain(units).collect::<Vec<_>>().into()
            }
            "utf-8-sig" => [b"\xef\xbb\xbf", text.as_bytes()].concat().into(),
            "unicode_escape" | "unicode-escape" => {
                let shown = super::value::quoted(text);
                Bytes::copy_from_slice(&shown.as_bytes()[1..shown.len() - 1])
            }
            "idna" => Bytes::copy_from_slice(text.to_lowercase().as_bytes()),
            "utf-16" | "utf-16le" | "utf-16-le" | "utf_16_le" | "utf16" => {
                let mark: &[u8] =
                    if matches!(coding, "utf-16" | "utf16") { &[0xff, 0xfe] } else { &[] };
                let units = text.encode_utf16().flat_map(u16::to_le_bytes);
                mark.iter().copied().chain(units).collect::<Vec<_>>().into()
            }
            _ => Bytes::copy_from_slice(text.as_bytes()),
        }))
    }

    pub(super) fn decode(&mut self, bytes: &[u8], coding: &str, lenient: bool) -> Done<Value> {
        self.costs(0, bytes.len())?;
        match coding.to_lowercase().as_str() {
            "latin-1" | "latin1" | "latin_1" | "l1" | "iso-8859-1" | "iso8859-1" | "cp1252"
            | "cp437" | "charmap" | "raw_unicode_escape" => {
                Ok(Value::str(bytes.iter().map(|b| *b as char).collect::<String>()))
            }
            "unicode_escape" | "string_escape" | "unicode-escape" => {
                let chars: Vec<char> = bytes.iter().map(|b| *b as char).collect();
                let text: String = super::lexer::unescape(&chars, false).iter().collect();
                Ok(Value::str(text))
            }
            "hex" | "base64" | "hex_codec" => {
                let text = format!(
                    "'{coding}' is not a text encoding; use codecs.decode() to handle arbitrary codecs"
                );
                Err(self.raise("LookupError", text))
            }
            "utf-16be" | "utf-16-be" | "utf_16_be" => {
                let units =
                    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                let text: String =
                    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
                Ok(Value::str(text))
            }
            "utf-32" | "utf-32le" | "utf-32-le" => {
                let bytes = bytes.strip_prefix(&[0xff, 0xfe, 0, 0]).unwrap_or(bytes);
                let units = bytes.as_chunks::<4>().0.iter().map(|it| u32::from_le_bytes(*it));
                let text: String =
                    units.map(|it| char::from_u32(it).unwrap_or('\u{fffd}')).collect();
                Ok(Value::str(text))
            }
            "utf-8-sig" => {
                let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
                Ok(Value::str(String::from_utf8_lossy(bytes)))
            }
            "utf-16" | "utf-16le" | "utf-16-le" | "utf_16_le" | "utf16" => {
                let bytes = bytes.strip_prefix(&[0xff, 0xfe]).unwrap_or(bytes);
                let units =
                    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                let text: String =
                    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
                Ok(Value::str(text))
            }
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Value::str(text)),
                Err(_) if lenient => Ok(Value::str(String::from_utf8_lossy(bytes))),
                Err(error) => {
                    let at = error.valid_up_to();
                    let byte = bytes.get(at).copied().unwrap_or(0);
                    let kind = if (0xc2..0xf5).contains(&byte) {
                        "invalid continuation byte"
                    } else {
                        "invalid start byte"
                    };
                    let text = format!(
                        "'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {kind}"
                    );
                    Err(self.raise("UnicodeDecodeError", text))
                }
            },
        }
    }
}

/// What of a text stands between two places, and how many characters stand before it.
fn within(text: &str, from: Option<i128>, to: Option<i128>) -> (usize, &str) {
    if from.is_none() && to.is_none() {
        return (0, text);
    }
    let length = text.chars().count() as i128;
    let place = |at: i128| {
        let at = if at < 0 { at.saturating_add(length) } else { at };
        usize::try_from(at.clamp(0, length)).unwrap_or(0)
    };
    let (from, to) = (from.map_or(0, place), to.map_or(length as usize, place));
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
    (from, text.get(byte(from)..byte(to.max(from))).unwrap_or_default())
}

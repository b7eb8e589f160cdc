//! `$name` and everything in `${...}`.

use super::fields::Builder;
use super::pattern::{Pattern, Work};
use crate::limits;
use crate::process::{Process, Source, Traits, VariableValue};
use crate::syntax::{CaseChange, Param, ParamOp, Subscript, Word};
use crate::system::Stop;
use bytes::Bytes;
use rand::Rng;
use std::sync::Arc;

/// What a parameter stands for.
enum Value {
    Unset,
    One(Bytes),
    /// All parameters or elements; `true` if `*` was written, which joins them.
    Many(Vec<Bytes>, bool),
}

/// What is done to each value.
type Change = Arc<dyn Fn(&[u8], &mut Work) -> Vec<u8> + Send + Sync>;

impl Process {
    pub(super) async fn expand_parameter(
        &mut self,
        param: &Param,
        quoted: bool,
        out: &mut Builder,
    ) -> Result<(), Stop> {
        self.session.step(1)?;
        if matches!(param.op, ParamOp::Bad) {
            let text = if self.dash { "Bad substitution" } else { "bad substitution" };
            self.complain(text)?;
            return Err(Stop::Abort(2));
        }
        if matches!(param.op, ParamOp::Names) {
            let mut names: Vec<Bytes> =
                self.variables.keys().filter(|n| n.starts_with(&param.name)).cloned().collect();
            names.sort();
            self.emit(Value::Many(names, false), quoted, out);
            return Ok(());
        }
        if param.indirect {
            if let Some(Subscript::All { joined }) = param.subscript {
                let keys = match self.lookup(&param.name).map(|v| &v.value) {
                    Some(VariableValue::Array(elements)) => {
                        elements.keys().map(|k| k.to_string().into()).collect()
                    }
                    Some(VariableValue::Map(elements)) => {
                        elements.keys().map(|k| k.name.clone()).collect()
                    }
                    Some(VariableValue::Scalar(_)) => vec![Bytes::from_static(b"0")],
                    Some(VariableValue::Unset) | None => Vec::new(),
                };
                self.emit(Value::Many(keys, joined), quoted, out);
                return Ok(());
            }
            let is_reference = self.variables.get(&param.name).is_some_and(|v| v.traits.reference);
            if is_reference {
                let name = self.referred(&param.name);
                out.value(&name, quoted);
                return Ok(());
            }
            let name = self.parameter_value(&param.name, param.subscript.as_ref()).await?;
            let Value::One(name) = name else {
                self.emit(name, quoted, out);
                return Ok(());
            };
            // `${!x}` where x holds `name[index]`.
            let (name, subscript) = match name.iter().position(|b| *b == b'[') {
                Some(open) if name.ends_with(b"]") => {
                    let inner = &name[open + 1..name.len() - 1];
                    let subscript = match inner {
                        b"@" => Subscript::All { joined: false },
                        b"*" => Subscript::All { joined: true },
                        other => Subscript::Index(Word::literal(other)),
                    };
                    (name.slice(..open), Some(subscript))
                }
                _ => (name, None),
            };
            let inner =
                Param { name, subscript, indirect: false, bare: false, op: param.op.clone() };
            return Box::pin(self.expand_parameter(&inner, quoted, out)).await;
        }
        let value = self.parameter_value(&param.name, param.subscript.as_ref()).await?;
        match &value {
            Value::Unset => {}
            Value::One(text) => self.session.copied(0, text.len() / 4)?,
            Value::Many(all, _) => self.session.copied(all.len(), 0)?,
        }
        let null = match &value {
            Value::Unset => true,
            Value::One(text) => text.is_empty(),
            Value::Many(all, _) => all.is_empty(),
        };
        let missing = |colon: bool| match &value {
            Value::Unset => true,
            Value::Many(all, _) => all.is_empty(),
            Value::One(_) => colon && null,
        };
        match &param.op {
            ParamOp::Plain => {
                self.check_set(param, &value)?;
                self.emit(value, quoted, out);
            }
            ParamOp::Length => {
                self.check_set(param, &value)?;
                let length = match &value {
                    // ash counts the characters of `"$*"`.
                    Value::Many(all, _) if !self.bash => {
                        all.iter().map(|t| characters(t) + 1).sum::<usize>().saturating_sub(1)
                    }
                    Value::Unset => 0,
                    Value::One(text) => characters(text),
                    Value::Many(all, _) => all.len(),
                };
                out.value(length.to_string().as_bytes(), quoted);
            }
            ParamOp::Default { colon, word } => {
                if missing(*colon) {
                    self.expand_parts(&word.parts, quoted, out).await?;
                } else {
                    self.emit(value, quoted, out);
                }
            }
            ParamOp::Alternative { colon, word } => {
                if !missing(*colon) {
                    self.expand_parts(&word.parts, quoted, out).await?;
                }
            }
            ParamOp::Assign { colon, word } => {
                if missing(*colon) {
                    let text = Box::pin(self.expand_text(word)).await?;
                    match &param.subscript {
                        Some(Subscript::Index(index)) => {
                            let index = Box::pin(self.expand_text(index)).await?;
                            let key = self.element_key(&param.name, &index)?;
                            self.assign_element(&param.name, key, text.clone())?;
                        }
                        _ => self.assign(&param.name, text.clone())?,
                    }
                    out.value(&text, quoted);
                } else {
                    self.emit(value, quoted, out);
                }
            }
            ParamOp::Require { colon, word } => {
                if missing(*colon) {
                    let text = Box::pin(self.expand_text(word)).await?;
                    let name = String::from_utf8_lossy(&param.name).into_owned();
                    let reason = if text.is_empty() {
                        let reason = match (*colon, self.bash) {
                            (true, true) => "parameter null or not set",
                            (true, false) => "parameter not set or null",
                            (false, _) => "parameter not set",
                        };
                        reason.to_owned()
                    } else {
                        String::from_utf8_lossy(&text).into_owned()
                    };
                    self.complain(&format!("{name}: {reason}"))?;
                    return Err(Stop::Abort(self.unset_status()));
                }
                self.emit(value, quoted, out);
            }
            ParamOp::Trim { .. } | ParamOp::Replace { .. } | ParamOp::Case { .. } => {
                self.check_set(param, &value)?;
                let value = self.transform(value, &param.op).await?;
                self.emit(value, quoted, out);
            }
            ParamOp::Substring { offset, length } => {
                self.check_set(param, &value)?;
                let value = self
                    .substring(value, offset, length.as_ref(), param.subscript.is_some())
                    .await?;
                self.emit(value, quoted, out);
            }
            ParamOp::Transform(letter) => {
                let value = self.transformed(param, value, *letter)?;
                self.emit(value, quoted, out);
            }
            ParamOp::Bad | ParamOp::Names => {}
        }
        Ok(())
    }

    /// With `set -u`, an unset parameter is an error.
    fn check_set(&mut self, param: &Param, value: &Value) -> Result<(), Stop> {
        if self.options.no_unset && matches!(value, Value::Unset) {
            let text = if self.bash { "unbound variable" } else { "parameter not set" };
            self.complain(&format!("{}: {text}", String::from_utf8_lossy(&param.name)))?;
            return Err(Stop::Abort(self.unset_status()));
        }
        Ok(())
    }

    /// Status of a shell that an unset parameter ends.
    pub(super) fn unset_status(&self) -> i32 {
        match (self.bash, self.source) {
            (true, Source::Interactive) => 1,
            (true, _) if self.subshell_level > 0 => 1,
            (true, _) => 127,
            _ => 2,
        }
    }

    fn emit(&mut self, value: Value, quoted: bool, out: &mut Builder) {
        match value {
            Value::Unset => {
                if quoted {
                    out.quoted(b"");
                }
            }
            Value::One(text) => out.value(&text, quoted),
            Value::Many(all, star) => {
                if (star && quoted) || out.is_joining() {
                    let ifs = self.variable(b"IFS");
                    let separator: &[u8] = match &ifs {
                        Some(ifs) if star => &ifs[..ifs.len().min(1)],
                        _ => b" ",
                    };
                    out.value(&all.join(separator), quoted);
                    return;
                }
                for (index, text) in all.iter().enumerate() {
                    if index > 0 {
                        out.end_field();
                    }
                    out.value(text, quoted);
                }
            }
        }
    }

    async fn parameter_value(
        &mut self,
        name: &[u8],
        subscript: Option<&Subscript>,
    ) -> Result<Value, Stop> {
        if self.bash
            && let Some(values) = self.dynamic_array(name)
        {
            return Ok(match subscript {
                Some(Subscript::All { joined }) => Value::Many(values, *joined),
                Some(Subscript::Index(word)) => {
                    let text = Box::pin(self.expand_text(word)).await?;
                    let index = self.arithmetic(&text)?;
                    let found = usize::try_from(index).ok().and_then(|i| values.get(i).cloned());
                    found.map_or(Value::Unset, Value::One)
                }
                None => values.first().cloned().map_or(Value::Unset, Value::One),
            });
        }
        match subscript {
            Some(Subscript::All { joined }) => {
                let joined = *joined;
                return Ok(match self.lookup(name).map(|v| &v.value) {
                    Some(VariableValue::Array(elements)) => {
                        Value::Many(elements.values().cloned().collect(), joined)
                    }
                    Some(VariableValue::Map(elements)) => {
                        Value::Many(elements.values().cloned().collect(), joined)
                    }
                    Some(VariableValue::Scalar(text)) => Value::Many(vec![text.clone()], joined),
                    Some(VariableValue::Unset) | None => Value::Many(Vec::new(), joined),
                });
            }
            Some(Subscript::Index(word)) => {
                let text = Box::pin(self.expand_text(word)).await?;
                let key = self.element_key(name, &text)?;
                return Ok(self.element(name, &key).map_or(Value::Unset, Value::One));
            }
            None => {}
        }
        let text: Bytes = match name {
            b"@" | b"*" => return Ok(Value::Many(self.positional.to_vec(), name == b"*")),
            b"#" => self.positional.len().to_string().into(),
            b"?" => self.status.to_string().into(),
            b"$" => self.own_pid.to_string().into(),
            b"!" => match self.last_job {
                Some(pid) => pid.to_string().into(),
                None => return Ok(Value::One(Bytes::new())),
            },
            b"-" => self.flags().into(),
            b"0" => self.name.clone(),
            [digit, ..] if digit.is_ascii_digit() => {
                let index = std::str::from_utf8(name).ok().and_then(|n| n.parse::<usize>().ok());
                let found = index.and_then(|i| self.positional.get(i.checked_sub(1)?));
                return Ok(found.cloned().map_or(Value::Unset, Value::One));
            }
            b"RANDOM" if !self.dash => {
                let number: u32 = self.session.system().rng.random_range(0..32_768);
                number.to_string().into()
            }
            b"LINENO" => self.line.to_string().into(),
            b"SECONDS" if self.bash => "0".into(),
            b"_" => self.last_argument.clone(),
            b"BASH_SUBSHELL" if self.bash => self.subshell_level.to_string().into(),
            b"BASH_COMMAND" if self.bash => self.simple_text.clone(),
            b"BASHPID" if self.bash => self.pid.to_string().into(),
            b"EPOCHSECONDS" if self.bash => {
                let now = self.session.host.clock(self.session.now());
                now.secs().to_string().into()
            }
            b"UID" | b"EUID" if self.bash => self.uid.to_string().into(),
            _ => return Ok(self.variable(name).map_or(Value::Unset, Value::One)),
        };
        Ok(Value::One(text))
    }

    /// `$-`
    fn flags(&self) -> String {
        let mut flags = String::new();
        for (set, letter) in [
            (self.options.exit_on_error, 'e'),
            (self.options.no_glob, 'f'),
            (self.bash, 'h'),
            (self.source == Source::Interactive, 'i'),
            (self.source == Source::Interactive, 'm'),
            (self.options.no_unset, 'u'),
            (self.options.trace, 'x'),
            (self.bash, 'B'),
            (self.bash && self.source == Source::Interactive, 'H'),
            (self.source == Source::Text, 'c'),
            (self.source == Source::Input, 's'),
        ] {
            if set {
                flags.push(letter);
            }
        }
        flags
    }

    /// Arrays that bash makes when they are looked at.
    fn dynamic_array(&self, name: &[u8]) -> Option<Vec<Bytes>> {
        let frames = self.frames.iter().rev();
        let bottom = self.source == Source::Script;
        Some(match name {
            b"FUNCNAME" => {
                let names = frames.map(|f| f.function.clone());
                if self.frames.is_empty() {
                    return None;
                }
                names.chain(bottom.then(|| Bytes::from_static(b"main"))).collect()
            }
            b"BASH_SOURCE" => {
                frames.map(|f| f.source.clone()).chain(bottom.then(|| self.name.clone())).collect()
            }
            b"BASH_LINENO" => {
                let lines = frames.map(|f| Bytes::from(f.line.to_string()));
                lines.chain(bottom.then(|| Bytes::from_static(b"0"))).collect()
            }
            b"DIRSTACK" => {
                let here = Bytes::copy_from_slice(&self.directory);
                std::iter::once(here).chain(self.folders.iter().cloned()).collect()
            }
            _ => return None,
        })
    }

    /// `${a@Q}`, `${a@U}` and the like.
    fn transformed(&mut self, param: &Param, value: Value, letter: u8) -> Result<Value, Stop> {
        let traits = self.lookup(&param.name).map(|v| (v.traits, v.exported, v.read_only));
        let change: Change = match letter {
            b'U' => Arc::new(|t, _| t.to_ascii_uppercase()),
            b'L' => Arc::new(|t, _| t.to_ascii_lowercase()),
            b'u' => Arc::new(|t, work| change_case(t, CaseChange::Upper, false, None, work)),
            b'Q' | b'K' => Arc::new(|t, _| crate::escape::single_quoted(t)),
            b'E' => Arc::new(|t, _| crate::escape::ansi_c(t)),
            b'P' => Arc::new(|t, _| t.to_vec()),
            b'A' => {
                let name = param.name.to_vec();
                let flags = attribute_letters(traits, self.lookup(&param.name).map(|v| &v.value));
                Arc::new(move |t, _| {
                    let quoted = crate::escape::single_quoted(t);
                    let head = if flags.is_empty() {
                        Vec::new()
                    } else {
                        format!("declare -{flags} ").into_bytes()
                    };
                    [&head[..], &name, b"=", &quoted].concat()
                })
            }
            b'a' => {
                let flags = attribute_letters(traits, self.lookup(&param.name).map(|v| &v.value));
                Arc::new(move |_, _| flags.clone().into_bytes())
            }
            _ => {
                self.complain("bad substitution")?;
                return Err(Stop::Abort(1));
            }
        };
        let work = self.session.work();
        self.change_all(value, &change, work)
    }

    async fn transform(&mut self, value: Value, op: &ParamOp) -> Result<Value, Stop> {
        let mut work = self.session.work();
        let change: Change = match op {
            ParamOp::Trim { suffix, longest, pattern } => {
                let pattern = Box::pin(self.expand_pattern(pattern)).await?;
                let pattern = Pattern::new(&pattern, &mut work);
                let (suffix, longest) = (*suffix, *longest);
                Arc::new(move |text, work| trim(text, &pattern, suffix, longest, work))
            }
            ParamOp::Replace { all, anchor, pattern, with } => {
                let pattern = Box::pin(self.expand_pattern(pattern)).await?;
                let with = Box::pin(self.expand_text(with)).await?;
                let pattern = Pattern::new(&pattern, &mut work);
                let (all, anchor) = (*all, *anchor);
                Arc::new(move |text, work| replace(text, &pattern, &with, (all, anchor), work))
            }
            ParamOp::Case { change, all, pattern } => {
                let (change, all) = (*change, *all);
                let pattern = Box::pin(self.expand_pattern(pattern)).await?;
                let pattern = (!pattern.is_empty()).then(|| Pattern::new(&pattern, &mut work));
                Arc::new(move |text, work| change_case(text, change, all, pattern.as_ref(), work))
            }
            _ => return Ok(value),
        };
        self.change_all(value, &change, work)
    }

    /// Changes each value, for what the change and the values' size cost.
    fn change_all(&mut self, value: Value, change: &Change, mut work: Work) -> Result<Value, Stop> {
        // What is longer than a word may be is refused later, whatever follows it.
        let mut room = limits::WORD_BYTES;
        let mut changed = |text: &Bytes| {
            let text = change(text, &mut work);
            let fits = room > 0;
            room = room.saturating_sub(text.len());
            fits.then(|| text.into())
        };
        let value = match value {
            Value::Unset => Value::Unset,
            Value::One(text) => Value::One(changed(&text).unwrap_or_default()),
            Value::Many(all, star) => Value::Many(all.iter().map_while(changed).collect(), star),
        };
        self.session.worked(&work)?;
        Ok(value)
    }

    async fn substring(
        &mut self,
        value: Value,
        offset: &Word,
        length: Option<&Word>,
        array: bool,
    ) -> Result<Value, Stop> {
        let text = Box::pin(self.expand_text(offset)).await?;
        let offset = self.arithmetic(&text)?;
        let length = match length {
            Some(word) => {
                let text = Box::pin(self.expand_text(word)).await?;
                Some(self.arithmetic(&text)?)
            }
            None => None,
        };
        let range = |count: usize| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let start = if offset < 0 { count.saturating_add(offset) } else { offset };
            if start < 0 || start > count {
                return 0..0;
            }
            let end = match length {
                None => count,
                Some(length) if length < 0 => count.saturating_add(length).max(start),
                Some(length) => start.saturating_add(length).min(count),
            };
            start as usize..end as usize
        };
        Ok(match value {
            Value::Unset => Value::Unset,
            Value::One(text) => Value::One(text.slice(range(text.len()))),
            Value::Many(all, star) if array => {
                let range = range(all.len());
                Value::Many(all.get(range).unwrap_or_default().to_vec(), star)
            }
            // To ash they are one text.
            Value::Many(all, _) if !self.bash => {
                let text = Bytes::from(all.join(&b" "[..]));
                let range = range(text.len());
                Value::One(text.slice(range))
            }
            Value::Many(mut all, star) => {
                if offset > 0 || length.is_none() {
                    all.insert(0, self.name.clone());
                }
                let range = range(all.len());
                let range = range.start.max(usize::from(offset == 0))..range.end.max(1);
                Value::Many(all.get(range).map(<[Bytes]>::to_vec).unwrap_or_default(), star)
            }
        })
    }
}

/// Number of characters: bytes of a character's continuation do not count.
fn characters(text: &[u8]) -> usize {
    if std::str::from_utf8(text).is_ok() {
        text.iter().filter(|b| **b & 0xc0 != 0x80).count()
    } else {
        text.len()
    }
}

fn trim(text: &[u8], wanted: &Pattern, suffix: bool, longest: bool, work: &mut Work) -> Vec<u8> {
    if let Some(literal) = wanted.literal() {
        let rest =
            if suffix { text.strip_suffix(&literal[..]) } else { text.strip_prefix(&literal[..]) };
        return rest.unwrap_or(text).to_vec();
    }
    let part = |cut: usize| if suffix { &text[cut..] } else { &text[..cut] };
    let fits = |cut: &usize| wanted.matches(part(*cut), work) || work.is_spent();
    // Shortest first: a suffix is short when the cut is late.
    let cut = if suffix == longest {
        (0..=text.len()).find(fits)
    } else {
        (0..=text.len()).rev().find(fits)
    };
    match cut {
        Some(cut) if suffix => text[..cut].to_vec(),
        Some(cut) => text[cut..].to_vec(),
        None => text.to_vec(),
    }
}

/// `how`: whether every place counts, and where the pattern must be (`#` or `%`).
fn replace(
    text: &[u8],
    wanted: &Pattern,
    with: &[u8],
    how: (bool, Option<u8>),
    work: &mut Work,
) -> Vec<u8> {
    let (all, anchor) = how;
    let literal = wanted.literal();
    if literal.as_ref().is_some_and(Vec::is_empty) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut room = limits::WORD_BYTES;
    while at <= text.len() && !work.is_spent() {
        let found = match (&literal, anchor) {
            (Some(literal), None) => {
                work.spend(1 + literal.len() / 16);
                text[at..].starts_with(literal).then(|| at + literal.len())
            }
            (_, Some(b'%')) => wanted.matches(&text[at..], work).then_some(text.len()),
            _ => (at..=text.len())
                .rev()
                .find(|end| wanted.matches(&text[at..*end], work) || work.is_spent()),
        };
        if let Some(end) = found.filter(|end| *end > at || text.is_empty()) {
            out.extend_from_slice(&with[..with.len().min(room)]);
            room = room.saturating_sub(with.len());
            at = end;
            if !all || anchor.is_some() || at >= text.len() {
                break;
            }
            continue;
        }
        if at == text.len() || anchor == Some(b'#') {
            break;
        }
        out.push(text[at]);
        at += 1;
    }
    out.extend_from_slice(&text[at.min(text.len())..]);
    out
}

/// The letters of `declare` for a variable's attributes, in bash's order.
pub(crate) fn attribute_letters(
    attributes: Option<(Traits, bool, bool)>,
    value: Option<&VariableValue>,
) -> String {
    let (traits, exported, read_only) = attributes.unwrap_or_default();
    [
        (matches!(value, Some(VariableValue::Array(_))), 'a'),
        (matches!(value, Some(VariableValue::Map(_))), 'A'),
        (traits.integer, 'i'),
        (traits.reference, 'n'),
        (read_only, 'r'),
        (exported, 'x'),
        (traits.case == Some(CaseChange::Lower), 'l'),
        (traits.case == Some(CaseChange::Upper), 'u'),
    ]
    .into_iter()
    .filter_map(|(set, letter)| set.then_some(letter))
    .collect()
}

/// Without `wanted` every letter is changed.
fn change_case(
    text: &[u8],
    change: CaseChange,
    all: bool,
    wanted: Option<&Pattern>,
    work: &mut Work,
) -> Vec<u8> {
    let changed = |b: u8| match change {
        CaseChange::Lower => b.to_ascii_lowercase(),
        CaseChange::Toggle if b.is_ascii_uppercase() => b.to_ascii_lowercase(),
        CaseChange::Upper | CaseChange::Toggle => b.to_ascii_uppercase(),
    };
    let mut fits = |b: u8| wanted.is_none_or(|wanted| wanted.matches(&[b], work));
    let letters = text.iter().enumerate();
    letters.map(|(i, b)| if (all || i == 0) && fits(*b) { changed(*b) } else { *b }).collect()
}

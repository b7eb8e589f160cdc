//! `$name` and everything in `${...}`.

use super::fields::Builder;
use super::pattern::{Pattern, Work};
use crate::limits;
use crate::process::{Process, Source, VariableValue};
use crate::syntax::{Param, ParamOp, Subscript, Word};
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
            self.complain("bad substitution")?;
            return Err(Stop::Abort(2));
        }
        if param.indirect {
            if let Some(Subscript::All) = param.subscript {
                let keys = match self.variables.get(&param.name).map(|v| &v.value) {
                    Some(VariableValue::Array(elements)) => {
                        elements.keys().map(|k| k.to_string().into()).collect()
                    }
                    Some(VariableValue::Scalar(_)) => vec![Bytes::from_static(b"0")],
                    None => Vec::new(),
                };
                self.emit(Value::Many(keys, false), quoted, out);
                return Ok(());
            }
            let name = self.parameter_value(&param.name, None).await?;
            let value = match name {
                Value::One(name) => self.parameter_value(&name, None).await?,
                other => other,
            };
            self.emit(value, quoted, out);
            return Ok(());
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
                    self.assign(&param.name, text.clone())?;
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
            ParamOp::Bad => {}
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
    fn unset_status(&self) -> i32 {
        match (self.bash, self.source) {
            (true, Source::Interactive) => 1,
            (true, _) if self.subshell && self.pid == self.session.shell_pid => 1,
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
        match subscript {
            Some(Subscript::All) => {
                return Ok(match self.variables.get(name).map(|v| &v.value) {
                    Some(VariableValue::Array(elements)) => {
                        Value::Many(elements.values().cloned().collect(), false)
                    }
                    Some(VariableValue::Scalar(text)) => Value::Many(vec![text.clone()], false),
                    None => Value::Unset,
                });
            }
            Some(Subscript::Index(word)) => {
                let count = match self.variables.get(name).map(|v| &v.value) {
                    Some(VariableValue::Array(elements)) => {
                        elements.last_key_value().map_or(0, |(k, _)| k.saturating_add(1))
                    }
                    _ => 1,
                };
                let index = self.subscript_below(word, count).await?;
                let value = self.variables.get(name).map(|v| &v.value);
                return Ok(match value {
                    Some(VariableValue::Array(elements)) => {
                        elements.get(&index).cloned().map_or(Value::Unset, Value::One)
                    }
                    Some(VariableValue::Scalar(text)) if index == 0 => Value::One(text.clone()),
                    _ => Value::Unset,
                });
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
            b"RANDOM" => {
                let number: u32 = self.session.system().rng.random_range(0..32_768);
                number.to_string().into()
            }
            b"LINENO" => self.line.to_string().into(),
            b"SECONDS" if self.bash => "0".into(),
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

    /// The value of an array subscript.
    pub(crate) async fn subscript(&mut self, word: &Word) -> Result<u32, Stop> {
        self.subscript_below(word, 0).await
    }

    /// The same, where negative ones count from the end of so many elements.
    async fn subscript_below(&mut self, word: &Word, count: u32) -> Result<u32, Stop> {
        let text = Box::pin(self.expand_text(word)).await?;
        let mut index = self.arithmetic(&text)?;
        if index < 0 {
            index = index.saturating_add(i64::from(count));
        }
        Ok(u32::try_from(index.max(0)).unwrap_or(0))
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
            ParamOp::Case { upper, all } => {
                let (upper, all) = (*upper, *all);
                Arc::new(move |text, _| change_case(text, upper, all))
            }
            _ => return Ok(value),
        };
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

fn change_case(text: &[u8], upper: bool, all: bool) -> Vec<u8> {
    let change = |b: u8| if upper { b.to_ascii_uppercase() } else { b.to_ascii_lowercase() };
    text.iter().enumerate().map(|(i, b)| if all || i == 0 { change(*b) } else { *b }).collect()
}

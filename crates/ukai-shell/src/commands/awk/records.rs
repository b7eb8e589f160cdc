//! Where lines come from, and how they are split.

use super::run::{Done, Machine};
use super::streams::cannot_read;
use super::value::Value;
use crate::commands::regex::Pattern;
use crate::fs::{Access, FsError};
use crate::io::{Fd, Open};
use crate::limits;
use bytes::BytesMut;

/// Bytes that are split into fields in a step.
pub(super) const FIELD_BYTES_PER_STEP: u64 = 64;

/// A file, a command's output or standard input that lines are read from.
#[derive(Debug)]
pub(super) struct Source {
    open: Fd,
    held: BytesMut,
    ended: bool,
}

impl Source {
    pub(super) fn new(open: Fd) -> Self {
        Self { open, held: BytesMut::new(), ended: false }
    }
}

impl Machine<'_> {
    /// The next record of the files named on the command line, or of standard input.
    pub(super) async fn main_record(&mut self) -> Done<Option<Vec<u8>>> {
        loop {
            if self.main.is_none() {
                match self.next_input()? {
                    Some(source) => self.main = Some(source),
                    None => return Ok(None),
                }
            }
            let Some(mut source) = self.main.take() else { return Ok(None) };
            let record = self.record(&mut source).await?;
            if record.is_some() {
                self.main = Some(source);
                return Ok(record);
            }
        }
    }

    /// Opens the next operand; assignments among them are made.
    fn next_input(&mut self) -> Done<Option<Source>> {
        loop {
            let count = self.variable("ARGC").number();
            let index = self.operand;
            if index as f64 >= count || index > limits::WORDS {
                if self.used_operand {
                    return Ok(None);
                }
                self.used_operand = true;
                return Ok(self.process.fds.at(0).cloned().map(Source::new));
            }
            self.operand += 1;
            let name = self.element("ARGV", index.to_string().as_bytes());
            let name = self.text(&name);
            if name.is_empty() || self.assign_operand(&name) {
                continue;
            }
            self.used_operand = true;
            match self.open_input(&name) {
                Ok(source) => {
                    self.set("FILENAME", Value::Input(name));
                    self.set("FNR", Value::Number(0.0));
                    return Ok(Some(source));
                }
                Err(error) => {
                    let shown = String::from_utf8_lossy(&name).into_owned();
                    let message = cannot_read(&self.called, &shown, error.text());
                    return self.fatal_text(&message);
                }
            }
        }
    }

    /// A file, or standard input for `-`.
    pub(super) fn open_input(&mut self, name: &[u8]) -> Result<Source, FsError> {
        if name == b"-" {
            let open = self.process.fds.at(0).cloned().ok_or(FsError::NotFound)?;
            return Ok(Source::new(open));
        }
        self.process.open(name, Access::Read).map(Source::new)
    }

    /// Reads more of a source; whether there was any.
    async fn fill(&mut self, source: &mut Source) -> Done<bool> {
        if source.ended || source.held.len() >= limits::FILE_BYTES {
            source.ended = true;
            return Ok(false);
        }
        let saved = self.process.swap_fd(0, Some(source.open.clone()));
        let line = self.process.input_is_typed(0);
        let chunk = self.process.read(0, limits::PIPE_SOFT_BYTES, line).await;
        self.process.fds.set(0, saved);
        let chunk = chunk?.unwrap_or_default();
        self.process.session.step(1 + chunk.len() as u64 / 1_024)?;
        source.ended = chunk.is_empty();
        source.held.extend_from_slice(&chunk);
        Ok(!source.ended)
    }

    /// The next record of a source, as `RS` says.
    pub(super) async fn record(&mut self, source: &mut Source) -> Done<Option<Vec<u8>>> {
        self.process.session.step(1)?;
        let separator = self.variable("RS");
        let separator = self.text(&separator);
        if let [separator] = separator[..] {
            let mut from = 0;
            loop {
                let found = source.held[from..].iter().position(|b| *b == separator);
                if let Some(found) = found {
                    let mut record = source.held.split_to(from + found + 1);
                    record.truncate(from + found);
                    return Ok(Some(record.to_vec()));
                }
                from = source.held.len();
                if !self.fill(source).await? {
                    return Ok(last_record(source));
                }
            }
        }
        while self.fill(source).await? {}
        self.process.session.step(source.held.len() as u64 / 4_096)?;
        if separator.is_empty() {
            return Ok(paragraph(source));
        }
        let found = self.pattern(&separator).and_then(|p| p.find_at(&source.held, 0));
        let Some((start, end)) = found.filter(|(start, end)| end > start) else {
            return Ok(last_record(source));
        };
        let mut record = source.held.split_to(end);
        record.truncate(start);
        Ok(Some(record.to_vec()))
    }

    /// Counts a line of the main input. Neither program counts those of commands.
    pub(super) fn count_record(&mut self) {
        for name in ["NR", "FNR"] {
            let number = self.variables.get(name).map_or(0.0, Value::number) + 1.0;
            self.set(name, Value::Number(number));
        }
    }

    pub(super) fn set_line(&mut self, line: Vec<u8>) {
        // Each byte may become a field. An empty budget ends the program at its next step.
        let _ = self.process.session.step(line.len() as u64 / FIELD_BYTES_PER_STEP);
        let separator = self.variable("FS");
        let mut separator = self.text(&separator);
        // In paragraphs newlines split, too; mawk only where blanks do.
        let paragraphs = self.variables.get("RS").is_some_and(|rs| self.text(rs).is_empty());
        if paragraphs && !self.called.gnu && separator != b" " && !separator.is_empty() {
            let escaped = separator.len() == 1 && !separator[0].is_ascii_alphanumeric();
            let inner = if escaped { [b"\\".to_vec(), separator].concat() } else { separator };
            separator = [b"(".to_vec(), inner, b")|\n".to_vec()].concat();
        }
        self.fields = self.split(&line, &separator);
        self.line = line;
        self.set("NF", Value::Number(self.fields.len() as f64));
    }

    pub(super) fn split(&mut self, text: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
        if text.is_empty() {
            return Vec::new();
        }
        match separator {
            b" " => text
                .split(u8::is_ascii_whitespace)
                .filter(|f| !f.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
            [] => text.iter().map(|b| vec![*b]).collect(),
            [single] if *single != b'\\' => {
                text.split(|b| b == single).map(<[u8]>::to_vec).collect()
            }
            _ => {
                let mut places = Vec::new();
                if let Some(pattern) = self.pattern(separator) {
                    let mut at = 0;
                    while let Some((start, end)) = pattern.find_at(text, at) {
                        if end == start {
                            break;
                        }
                        places.push((start, end));
                        at = end;
                    }
                }
                let mut fields = Vec::new();
                let mut from = 0;
                for (start, end) in places {
                    fields.push(text[from..start].to_vec());
                    from = end;
                }
                fields.push(text[from..].to_vec());
                fields
            }
        }
    }

    pub(super) fn pattern(&mut self, text: &[u8]) -> Option<&Pattern> {
        const CACHED: usize = 64;
        if self.patterns.len() > CACHED {
            self.patterns.clear();
        }
        if !self.patterns.contains_key(text) {
            // It is built. An empty budget ends the program at its next step.
            let _ = self.process.session.step(1 + text.len() as u64 / 8);
        }
        self.patterns
            .entry(text.to_vec())
            .or_insert_with(|| Pattern::new(text, true, false).ok())
            .as_ref()
    }

    pub(super) fn rebuild_line(&mut self) {
        let bytes: usize = self.fields.iter().map(|f| f.len() + 1).sum();
        let _ = self.process.session.copied(self.fields.len() / 4, bytes);
        let separator = self.variable("OFS");
        self.line = self.fields.join(&self.text(&separator)[..]);
        self.set("NF", Value::Number(self.fields.len() as f64));
    }
}

/// What is left of a source, if anything is.
fn last_record(source: &mut Source) -> Option<Vec<u8>> {
    let rest = source.held.split();
    (!rest.is_empty()).then(|| rest.to_vec())
}

/// What stands before an empty line.
fn paragraph(source: &mut Source) -> Option<Vec<u8>> {
    let blank = source.held.iter().take_while(|b| **b == b'\n').count();
    let _ = source.held.split_to(blank);
    let Some(end) = source.held.windows(2).position(|pair| pair == b"\n\n") else {
        let mut rest = last_record(source)?;
        if rest.ends_with(b"\n") {
            rest.pop();
        }
        return Some(rest);
    };
    Some(source.held.split_to(end).to_vec())
}

/// Standing text as a source.
pub(super) fn standing(bytes: Vec<u8>) -> Source {
    Source::new(Open::bytes(bytes))
}

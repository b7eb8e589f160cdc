//! What a running script's acts go into, within the limits.

use crate::limits::Limits;
use crate::report::{Dialect, Layer, Made, Report};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::BTreeSet;
use ukai_model::{PeerText, ScriptAct, Sha256};

/// Notes of one script that are told.
const NOTES_MAX: usize = 40;

/// Length of a script's output that is kept, in bytes.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// Texts beside requests that are kept.
const BESIDE_MAX: usize = 64;

/// Whether a header of this name tells of who asks, not of whom.
pub(crate) fn is_beside(header: &str) -> bool {
    let lower = header.to_ascii_lowercase();
    matches!(lower.as_str(), "referer" | "origin" | "host" | "user-agent" | "useragent")
        || lower.starts_with("accept")
}

/// Collects what a script does, each limit said once.
#[derive(Debug)]
pub struct Recorder<'a> {
    limits: Cow<'a, Limits>,
    report: Report,
    layers: BTreeSet<Sha256>,
    made: BTreeSet<Sha256>,
    texts_bytes: usize,
    notes: BTreeSet<String>,
}

impl<'a> Recorder<'a> {
    /// An empty one.
    pub fn new(limits: &'a Limits) -> Self {
        Self::with(Cow::Borrowed(limits))
    }

    /// An empty one that keeps limits of its own, for engines that borrow nothing.
    pub fn owning(limits: Limits) -> Recorder<'static> {
        Recorder::with(Cow::Owned(limits))
    }

    fn with(limits: Cow<'a, Limits>) -> Self {
        Self {
            limits,
            report: Report::default(),
            layers: BTreeSet::new(),
            made: BTreeSet::new(),
            texts_bytes: 0,
            notes: BTreeSet::new(),
        }
    }

    /// A request for `url`; `to` is where the answer is saved.
    pub fn fetch(&mut self, url: &str, to: Option<&str>) {
        // A socket of the web is often made of a page's URL, which itself is not asked for.
        if let Some(rest) =
            url.strip_prefix("ws").filter(|it| it.starts_with(':') || it.starts_with("s:"))
        {
            self.beside(&format!("http{rest}"));
        }
        let url = self.text(url);
        let to = to.map(|it| self.text(it));
        self.act(ScriptAct::Fetch { url, to });
    }

    /// The last request's answer is saved: as [`Self::fetch`] with `to`, where the script saves
    /// later than it asks. Without effect if no request for `url` stands there without a place.
    pub fn saved(&mut self, url: &str, path: &str) {
        let wanted = self.text(url);
        let path = self.text(path);
        let place = self.report.acts.iter_mut().rev().find_map(|act| match act {
            ScriptAct::Fetch { url, to: to @ None } if *url == wanted => Some(to),
            _ => None,
        });
        if let Some(place) = place {
            *place = Some(path);
        }
    }

    /// A connection.
    pub fn connect(&mut self, host: &str, port: Option<u16>) {
        let host = self.text(host);
        self.act(ScriptAct::Connect { host, port });
    }

    /// A file is written.
    pub fn write(&mut self, path: &str, mut content: Bytes) {
        content.truncate(self.limits.value_bytes);
        let sha256 = Sha256::of(&content);
        let path = self.text(path);
        self.act(ScriptAct::Write { path: path.clone(), size: content.len() as u64, sha256 });
        if self.report.made.len() >= self.limits.made {
            self.note(&format!("only the first {} files that it makes are kept", self.limits.made));
        } else if self.made.insert(sha256) {
            self.report.made.push(Made { path, content });
        }
    }

    /// A program is started.
    pub fn run(&mut self, line: &str) {
        let line = self.text(line);
        self.act(ScriptAct::Run { line });
    }

    /// Text is run that the script put together; whoever calls also interprets it.
    pub fn evaluate(&mut self, dialect: Dialect, text: &str) {
        let mut end = text.len().min(self.limits.value_bytes);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = Bytes::copy_from_slice(&text.as_bytes()[..end]);
        let sha256 = Sha256::of(&text);
        let size = text.len() as u64;
        self.act(ScriptAct::Evaluate { language: dialect.name().to_owned(), size, sha256 });
        if self.report.layers.len() >= self.limits.layers {
            self.note(&format!("only the first {} layers are kept", self.limits.layers));
        } else if self.layers.insert(sha256) {
            self.report.layers.push(Layer { dialect, text });
        }
    }

    /// Something of the system is set.
    pub fn set(&mut self, what: &str, value: &str) {
        let what = self.text(what);
        let value = self.text(value);
        self.act(ScriptAct::Set { what, value });
    }

    /// Text that no act has, for whoever searches.
    pub fn remark(&mut self, text: Bytes) {
        if self.texts_bytes.saturating_add(text.len()) <= self.limits.value_bytes {
            self.texts_bytes += text.len();
            self.report.texts.push(text);
        }
    }

    /// Text that a request carries and that is not asked: where the user comes from.
    pub fn beside(&mut self, text: &str) {
        if text.contains('.') && self.report.beside.len() < BESIDE_MAX {
            let text = self.text(text);
            if !self.report.beside.contains(&text) {
                self.report.beside.push(text);
            }
        }
    }

    /// Text that the script puts out; what is too much is left out.
    pub(crate) fn say(&mut self, text: &str) {
        if self.report.output.len().saturating_add(text.len()) <= OUTPUT_BYTES_MAX {
            self.report.output.push_str(text);
        }
    }

    /// A note, told once.
    pub fn note(&mut self, note: &str) {
        if self.notes.len() < NOTES_MAX && self.notes.insert(note.to_owned()) {
            self.report.notes.push(note.to_owned());
        }
    }

    /// Adds what another script told that ran as a part of this one.
    pub(crate) fn absorb(&mut self, report: Report) {
        for act in report.acts {
            self.act(act);
        }
        for layer in report.layers {
            if self.report.layers.len() < self.limits.layers
                && self.layers.insert(Sha256::of(&layer.text))
            {
                self.report.layers.push(layer);
            }
        }
        for made in report.made {
            if self.report.made.len() < self.limits.made
                && self.made.insert(Sha256::of(&made.content))
            {
                self.report.made.push(made);
            }
        }
        report.texts.into_iter().for_each(|text| self.remark(text));
        let room = BESIDE_MAX.saturating_sub(self.report.beside.len());
        self.report.beside.extend(report.beside.into_iter().take(room));
        report.notes.iter().for_each(|note| self.note(note));
    }

    /// What was collected.
    pub fn finish(self) -> Report {
        self.report
    }

    fn text(&self, text: &str) -> PeerText {
        PeerText::truncated(text.as_bytes(), self.limits.text_bytes)
    }

    fn act(&mut self, act: ScriptAct) {
        if self.report.acts.len() < self.limits.acts {
            // A loop that asks for the same again says nothing new.
            if self.report.acts.last() != Some(&act) {
                self.report.acts.push(act);
            }
        } else {
            self.note(&format!("only the first {} acts are told", self.limits.acts));
        }
    }
}

//! Addresses, names and URLs in a file.
//!
//! `scan` finds what looks like one in a text, `rules` says what is none after all, `xor`
//! and `base64` bring texts to light that are not readable as they are.

mod base64;
pub(crate) mod certificates;
mod comments;
mod hexadecimal;
mod lists;
mod pieces;
mod rules;
mod runs;
mod scan;
mod sift;
mod stack;
mod xor;
mod xor_long;

use crate::kind::Language;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use ukai_model::{Found, Observable, ObservableKind, StringEncoding};

pub(crate) use base64::search as search_base64;
pub(crate) use hexadecimal::search as search_hex;
pub(crate) use runs::runs;
pub(crate) use scan::{service_urls, text as scan_text};
pub(crate) use stack::search as search_stack;
pub(crate) use xor::search as search_xor;
pub(crate) use xor_long::search as search_xor_long;

/// Method of what the interpreter ran into.
pub(crate) const SCRIPT: &str = "script";

/// Method of what stands in texts that a script put together and did nothing with.
pub(crate) const SCRIPT_TEXT: &str = "script-text";

/// Whether a name can be somebody's host.
pub(crate) fn is_contact_host(name: &str) -> bool {
    rules::url_host(name).is_some()
}

/// Finds beside requests that are kept in mind.
const RULED_OUT_MAX: usize = 256;

/// Where a text comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Place of the text's first byte.
    pub(crate) offset: u64,
    /// Bytes in the file per byte of the text; 0 if the place within is not known.
    pub(crate) stride: u64,
    /// How it was written.
    pub(crate) encoding: StringEncoding,
    /// How it came to light.
    pub(crate) method: &'static str,
    /// What it is written in; `None` in binary files.
    pub(crate) language: Option<Language>,
}

impl Source {
    /// Text that stands in the file as it is.
    pub(crate) fn plain(offset: usize, language: Option<Language>) -> Self {
        Self {
            offset: offset as u64,
            stride: 1,
            encoding: StringEncoding::Plain,
            method: "strings",
            language,
        }
    }
}

/// The finds: first occurrence of each value, up to a number.
#[derive(Debug, Default)]
pub(crate) struct Finds {
    pub(crate) list: Vec<Found>,
    seen: HashSet<Observable>,
    /// What stands in the texts of scripts, and whether it may be a piece of something.
    in_scripts: HashMap<Observable, bool>,
    /// What stands beside requests and in comments, of which nobody is asked.
    ruled_out: HashSet<Observable>,
    /// URLs with a letter right before them.
    glued: HashSet<Observable>,
    max: usize,
    /// Which member is looked at; `None`: the sample itself.
    pub(crate) layer: Option<u32>,
    /// Whether something found no room.
    pub(crate) overflown: bool,
}

impl Finds {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, ..Self::default() }
    }

    pub(crate) fn add(&mut self, mut found: Found) {
        found.layer = self.layer;
        if self.seen.contains(&found.observable) {
            if found.method == SCRIPT {
                self.confirm(&found.observable);
            }
            return;
        }
        if self.list.len() >= self.max {
            self.overflown = true;
            return;
        }
        self.seen.insert(found.observable.clone());
        self.list.push(found);
    }

    /// The interpreter ran into what had been read in the text: the place stays, but it is
    /// known now that the script would use it.
    fn confirm(&mut self, observable: &Observable) {
        let known = self.list.iter_mut().find(|found| found.observable == *observable);
        if let Some(found) = known {
            SCRIPT.clone_into(&mut found.method);
            found.confidence = found.confidence.max(CONFIDENCE_REACHED);
        }
    }

    /// Keeps in mind which finds of the layer that is looked at stand in the text of a script,
    /// and which of them may be pieces of what the script puts together.
    pub(crate) fn mark_pieces(&mut self, kind: &str, text: &[u8]) {
        let layer = self.layer;
        let comments = comments::places(kind, text);
        for found in self.list.iter().filter(|it| it.layer == layer && it.method != SCRIPT) {
            let value = found.observable.value.trim_end_matches('/');
            let is_loose = found.observable.kind == ObservableKind::Url
                || found.method == SCRIPT_TEXT
                || found.encoding != StringEncoding::Plain
                || pieces::is_piece(text, value);
            let at = usize::try_from(found.offset).unwrap_or(usize::MAX);
            let is_plain = found.encoding == StringEncoding::Plain && found.method == "strings";
            let before = comments.partition_point(|it| it.0 <= at);
            let comment = before.checked_sub(1).and_then(|it| comments.get(it));
            if is_plain && comment.is_some_and(|it| at < it.1) {
                self.ruled_out.insert(found.observable.clone());
            }
            let is_url = found.observable.kind == ObservableKind::Url;
            if is_plain && is_url && pieces::is_glued(text, at) {
                self.glued.insert(found.observable.clone());
            }
            let is_known = self.in_scripts.get(&found.observable).copied().unwrap_or_default();
            self.in_scripts.insert(found.observable.clone(), is_known || is_loose);
        }
    }

    /// Text of a request that says who asks: what stands in it is no find of a script unless it
    /// is asked as well.
    pub(crate) fn rule_out(&mut self, text: &[u8]) {
        let mut beside = Self::new(RULED_OUT_MAX);
        scan_text(text, &Source::plain(0, None), &mut beside);
        if self.ruled_out.len() < RULED_OUT_MAX {
            self.ruled_out.extend(beside.list.into_iter().map(|it| it.observable));
        }
    }

    /// Takes back what stands in the text of a script as a piece of what the script puts
    /// together: `'http://192.0.2.1' + '0/a'` is one URL, not two hosts. A piece is part of
    /// something longer that the interpreter ran into, here or in what the script started, and
    /// ends, or begins, where a quoted text does; or it was cut out of a name or number.
    pub(crate) fn forget_pieces(&mut self) {
        let reached: Vec<String> = self
            .list
            .iter()
            .filter(|found| found.method == SCRIPT)
            .map(|found| found.observable.value.clone())
            .collect();
        if reached.is_empty() || self.in_scripts.is_empty() {
            return;
        }
        // What stands beside requests stands in the text in pieces, too.
        let beside: Vec<String> = self
            .ruled_out
            .iter()
            .filter(|it| it.kind == ObservableKind::Url)
            .map(|it| it.value.clone())
            .collect();
        let (seen, in_scripts) = (&mut self.seen, &self.in_scripts);
        let (ruled_out, glued) = (&self.ruled_out, &self.glued);
        self.list.retain(|found| {
            let Some(is_loose) = in_scripts.get(&found.observable) else { return true };
            if found.method == SCRIPT {
                return true;
            }
            let value = found.observable.value.trim_end_matches('/');
            let mut wholes =
                reached.iter().filter(|whole| whole.len() > value.len() && whole.contains(value));
            let is_piece = match wholes.next() {
                _ if ruled_out.contains(&found.observable) => true,
                _ if glued.contains(&found.observable) && pieces::has_tail(&reached, value) => true,
                _ if pieces::is_littered(&reached, value) => true,
                _ if *is_loose && beside.iter().any(|it| it.starts_with(value)) => true,
                // A letter too many, where what was hidden ended.
                _ if found.encoding != StringEncoding::Plain
                    && pieces::has_tail(&reached, value)
                    && reached.iter().any(|it| {
                        it.len() + 1 == value.len() && value.starts_with(it.as_str())
                    }) =>
                {
                    true
                }
                None => pieces::is_shuffled(&reached, value),
                Some(_) if *is_loose => true,
                Some(first) => {
                    pieces::is_cut(first, value) || wholes.any(|it| pieces::is_cut(it, value))
                }
            };
            if is_piece {
                seen.remove(&found.observable);
            }
            !is_piece
        });
    }

    fn add_at(&mut self, kind: ObservableKind, value: String, at: usize, source: &Source) {
        self.add(Found {
            observable: Observable { kind, value },
            offset: source.offset + at as u64 * source.stride,
            encoding: source.encoding.clone(),
            method: source.method.to_owned(),
            layer: self.layer,
            confidence: confidence(kind, source),
        });
    }

    /// Adds an address or name, and the endpoint if a port stands with it.
    fn add_host(&mut self, host: &Host, port: Option<u16>, at: usize, source: &Source) {
        if let Some(port) = port {
            self.add_at(ObservableKind::Endpoint, host.with_port(port), at, source);
        }
        match host {
            Host::Address(address) => {
                self.add_at(ObservableKind::Ip, address.to_string(), at, source);
            }
            Host::Name(name) => self.add_at(ObservableKind::Domain, name.clone(), at, source),
        }
    }
}

/// What a script would contact when it runs.
const CONFIDENCE_REACHED: u8 = 95;

/// How sure a find is: somebody hid it or wrote it as a URL, or it only looks like a name.
fn confidence(kind: ObservableKind, source: &Source) -> u8 {
    let hidden = match source.encoding {
        StringEncoding::Plain | StringEncoding::Utf16le => 0,
        _ => 20,
    };
    let base = match kind {
        _ if source.method == SCRIPT => return CONFIDENCE_REACHED,
        ObservableKind::Url => 75,
        ObservableKind::Endpoint => 70,
        ObservableKind::Ip => 60,
        ObservableKind::Domain | ObservableKind::Sha256 => 55,
    };
    base + hidden
}

/// Who is meant: an address or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
}

impl Host {
    fn with_port(&self, port: u16) -> String {
        match self {
            Self::Address(IpAddr::V6(address)) => format!("[{address}]:{port}"),
            Self::Address(IpAddr::V4(address)) => format!("{address}:{port}"),
            Self::Name(name) => format!("{name}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests;

//! MISP's warning lists: values that are known to be harmless or shared.
//!
//! Format: <https://github.com/MISP/misp-warninglists> (`schema.json` there). The types
//! mean what `PyMISPWarningLists` makes of them: `string` is equality, `hostname` a name
//! with all below it, `cidr` a network, `substring` and `regex` what they say.
//! `matching_attributes` is not looked at: a value that stands in a list under whatever
//! type is better not blocked.

use crate::limits::{
    PATTERN_BYTES_MAX, PATTERNS_COMPILED_BYTES_MAX, PATTERNS_MAX, WARNING_LIST_BYTES_MAX,
};
use crate::observables::{self, HostOf};
use crate::sets::{NameSet, NetSet, parse_net};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use std::collections::HashSet;
use ukai_model::{Observable, ObservableKind};

/// A warning list, ready to be asked.
#[derive(Clone, Debug)]
pub struct WarningList {
    name: String,
    matcher: Matcher,
    entries: usize,
    notes: Vec<String>,
}

#[derive(Clone, Debug)]
enum Matcher {
    Text(HashSet<String>),
    Names(NameSet),
    Nets(NetSet),
    Substrings(Regex),
    Patterns(RegexSet),
    Nothing,
}

/// Why a warning list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WarningListError {
    /// Not JSON of that form.
    #[error("not a MISP warning list: {0}")]
    Format(#[from] serde_json::Error),
    /// Larger than [`WARNING_LIST_BYTES_MAX`].
    #[error("longer than {WARNING_LIST_BYTES_MAX} bytes")]
    TooLong,
    /// More patterns than [`PATTERNS_MAX`], or too large when compiled.
    #[error("patterns are too many or too large: {0}")]
    Patterns(String),
}

#[derive(Deserialize)]
struct Document {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    list: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    String,
    Cidr,
    Hostname,
    Substring,
    Regex,
}

impl WarningList {
    /// Reads a list's JSON. Entries that do not fit the list's type are passed over with
    /// a note.
    pub fn parse(json: &[u8]) -> Result<Self, WarningListError> {
        if json.len() > WARNING_LIST_BYTES_MAX {
            return Err(WarningListError::TooLong);
        }
        let document: Document = serde_json::from_slice(json)?;
        let entries = document.list.len();
        let mut notes = Vec::new();
        let matcher = match document.kind {
            Kind::String => Matcher::Text(document.list.iter().map(|s| canonical(s)).collect()),
            Kind::Hostname => names(&document.list, &mut notes),
            Kind::Cidr => nets(&document.list, &mut notes),
            Kind::Substring => substrings(&document.list)?,
            Kind::Regex => patterns(&document.list, &mut notes)?,
        };
        Ok(Self { name: document.name, matcher, entries, notes })
    }

    /// The list's own name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Entries in it, also those passed over.
    pub const fn entries(&self) -> usize {
        self.entries
    }

    /// Entries that were passed over, and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether the value, or the host it speaks of, stands in the list.
    pub fn matches(&self, observable: &Observable) -> bool {
        let host = HostOf::of(observable);
        let host_text = match &host {
            Some(HostOf::Ip(address)) => Some(address.to_string()),
            Some(HostOf::Domain(name)) => Some(name.clone()),
            None => None,
        };
        let texts = || std::iter::once(observable.value.as_str()).chain(host_text.as_deref());
        match (&self.matcher, &host) {
            (Matcher::Text(values), _) => texts().any(|text| values.contains(text)),
            (Matcher::Names(names), Some(HostOf::Domain(name))) => {
                // Blocking a name blocks what is below it; a URL blocks only itself.
                names.covering(name).is_some()
                    || (observable.kind == ObservableKind::Domain && names.below(name).is_some())
            }
            (Matcher::Nets(nets), Some(HostOf::Ip(address))) => nets.covering(*address).is_some(),
            (Matcher::Substrings(any), _) => any.is_match(&observable.value),
            (Matcher::Patterns(any), _) => texts().any(|text| any.is_match(text)),
            _ => false,
        }
    }
}

/// Our canonical form, so that equality means the same; other text stays as it is.
fn canonical(text: &str) -> String {
    observables::parse(text.trim()).map_or_else(|_| text.trim().to_owned(), |o| o.value)
}

fn names(list: &[String], notes: &mut Vec<String>) -> Matcher {
    let mut set = NameSet::default();
    for entry in list {
        match observables::domain(entry.trim().trim_start_matches('.')) {
            Ok(name) => set.insert(&name.value),
            Err(_) => note(notes, entry, "not a domain name"),
        }
    }
    Matcher::Names(set)
}

fn nets(list: &[String], notes: &mut Vec<String>) -> Matcher {
    let mut set = NetSet::default();
    for entry in list {
        match parse_net(entry.trim()) {
            Some(net) => set.insert(net),
            None => note(notes, entry, "not a network"),
        }
    }
    Matcher::Nets(set)
}

fn substrings(list: &[String]) -> Result<Matcher, WarningListError> {
    let any: Vec<_> = list.iter().filter(|s| !s.is_empty()).map(|s| regex::escape(s)).collect();
    if any.is_empty() {
        return Ok(Matcher::Nothing);
    }
    RegexBuilder::new(&any.join("|"))
        .case_insensitive(true)
        .size_limit(PATTERNS_COMPILED_BYTES_MAX)
        .build()
        .map(Matcher::Substrings)
        .map_err(|error| WarningListError::Patterns(error.to_string()))
}

fn patterns(list: &[String], notes: &mut Vec<String>) -> Result<Matcher, WarningListError> {
    if list.len() > PATTERNS_MAX {
        return Err(WarningListError::Patterns(format!("more than {PATTERNS_MAX}")));
    }
    let mut usable = Vec::new();
    for entry in list {
        let pattern = without_delimiters(entry);
        let compiles = pattern.len() <= PATTERN_BYTES_MAX
            && RegexBuilder::new(pattern).size_limit(1 << 20).build().is_ok();
        if compiles {
            usable.push(pattern);
        } else {
            note(notes, entry, "a pattern that cannot be used (look-around, or too large)");
        }
    }
    RegexSetBuilder::new(usable)
        .case_insensitive(true)
        .size_limit(PATTERNS_COMPILED_BYTES_MAX)
        .build()
        .map(Matcher::Patterns)
        .map_err(|error| WarningListError::Patterns(error.to_string()))
}

/// Some lists write patterns as PHP does: `/pattern/i`.
fn without_delimiters(pattern: &str) -> &str {
    pattern
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'))
        .filter(|(_, flags)| flags.bytes().all(|b| b.is_ascii_lowercase()))
        .map_or(pattern, |(inner, _)| inner)
}

/// Notes are for a reader, who needs the first few.
fn note(notes: &mut Vec<String>, entry: &str, why: &str) {
    const NOTES_MAX: usize = 20;
    if notes.len() < NOTES_MAX {
        notes.push(format!("\"{}\" is {why}", entry.escape_debug()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(kind: &str, entries: &[&str]) -> WarningList {
        let json = serde_json::json!({
            "name": "a list", "description": "for a test", "version": 3, "type": kind,
            "matching_attributes": ["ip-dst", "hostname"], "list": entries,
        });
        WarningList::parse(json.to_string().as_bytes()).expect("a list")
    }

    fn check(list: &WarningList, text: &str, expected: bool) {
        let observable = observables::parse(text).expect("a value");
        assert_eq!(list.matches(&observable), expected, "{text} in {list:?}");
    }

    #[test]
    fn each_type_matches_as_misp_has_it() {
        let strings = list("string", &["Partner.example", "203.0.113.7"]);
        check(&strings, "partner.example", true);
        check(&strings, "www.partner.example", false);
        check(&strings, "http://203.0.113.7/x", true);
        let names = list("hostname", &[".partner.example", "www.shared.example"]);
        check(&names, "partner.example", true);
        check(&names, "a.b.partner.example", true);
        check(&names, "http://a.partner.example/x", true);
        check(&names, "notpartner.example", false);
        check(&names, "shared.example", true);
        check(&names, "http://shared.example/", false);
        let nets = list("cidr", &["203.0.113.0/24", "2001:db8::1", "nonsense"]);
        check(&nets, "203.0.113.255", true);
        check(&nets, "203.0.113.255:23", true);
        check(&nets, "198.51.100.1", false);
        check(&nets, "2001:db8::1", true);
        assert_eq!(nets.notes().len(), 1);
        assert_eq!(nets.entries(), 3);
        let substrings = list("substring", &["/favicon.ico", "a.b("]);
        check(&substrings, "http://evil.example/favicon.ico", true);
        check(&substrings, "http://evil.example/favicon", false);
        let patterns = list("regex", &["/^safe[0-9]+\\.example$/i", "(?=look)around"]);
        check(&patterns, "safe12.example", true);
        check(&patterns, "http://safe12.example/", true);
        check(&patterns, "unsafe12.example", false);
        assert_eq!(patterns.notes().len(), 1);
        check(&list("substring", &[]), "evil.example", false);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for json in ["", "[]", r#"{"name":"x","type":"magic","list":[]}"#] {
            assert!(WarningList::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}

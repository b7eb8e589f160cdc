//! Entries into bytes: filtering, order, validators.

use crate::limits::NOTES_MAX;
use crate::spec::{FeedSpec, Format};
use crate::{csv, json, nftables, rpz, text};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use ukai_model::{Indicator, ObservableKind};

/// One feed, rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Strong validator of HTTP (RFC 9110, section 8.8.3), with its quotes: a digest of
    /// the bytes.
    pub etag: String,
    /// Entries in it.
    pub entries: usize,
    /// To be given to the next rendering.
    pub state: FeedState,
    /// Entries left out because the format cannot hold them, for a reader.
    pub notes: Vec<String>,
}

/// What the next rendering must know of the last one. Without it a zone's serial
/// starts again at 1, and secondaries would not take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// Serial number of the content (RFC 1982): goes on by one when the content changes.
    pub serial: u32,
    /// Digest of the content without its serial.
    pub content: String,
}

/// What a format makes of its entries.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) text: String,
    pub(crate) entries: usize,
    pub(crate) notes: Vec<String>,
}

impl Body {
    pub(crate) fn note(&mut self, note: String) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(note);
        }
    }
}

/// Renders `feed` from what may be published.
///
/// What the feed does not take (kind, role, TLP, withheld) is left out here, so the
/// same entries can be given to every feed, in any order. The same entries give the same
/// bytes: nothing in them tells when they were made.
pub fn render(feed: &FeedSpec, entries: &[Indicator], previous: Option<&FeedState>) -> Rendered {
    let mut taken: Vec<&Indicator> =
        entries.iter().filter(|entry| feed.takes(entry) && is_sound(entry)).collect();
    taken.sort_by(|a, b| order(a).cmp(&order(b)));
    taken.dedup_by(|a, b| a.id == b.id);
    let body = match feed.format {
        Format::Text => text::body(feed, &taken),
        Format::Csv => csv::body(&taken),
        Format::Json => json::body(feed, &taken),
        Format::Rpz => rpz::body(&taken),
        Format::Nftables => nftables::body(&taken),
    };
    let content = digest(body.text.as_bytes());
    let serial = match previous {
        Some(previous) if previous.content == content => previous.serial,
        Some(previous) => next_serial(previous.serial),
        None => 1,
    };
    let bytes = match feed.format {
        Format::Rpz => format!("{}{}", rpz::head(feed, serial), body.text).into_bytes(),
        _ => body.text.into_bytes(),
    };
    Rendered {
        etag: format!("\"{}\"", &digest(&bytes)[..32]),
        bytes,
        entries: body.entries,
        state: FeedState { serial, content },
        notes: body.notes,
    }
}

/// The next serial by RFC 1982; 0 is passed over, as some servers take it for "none".
const fn next_serial(serial: u32) -> u32 {
    match serial.wrapping_add(1) {
        0 => 1,
        next => next,
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Addresses in the order of their numbers, IPv4 first; the rest as text.
fn order(indicator: &Indicator) -> impl Ord + '_ {
    let address = match indicator.observable.kind {
        ObservableKind::Ip => indicator.observable.value.parse::<IpAddr>().ok(),
        _ => None,
    };
    (indicator.observable.kind, address, indicator.observable.value.as_str(), indicator.role)
}

/// Whether the value is what its kind says. It was made so; but what is enforced is
/// looked at twice, and no value may end a line or a field.
fn is_sound(indicator: &Indicator) -> bool {
    let value = indicator.observable.value.as_str();
    match indicator.observable.kind {
        ObservableKind::Ip => {
            value.parse::<IpAddr>().is_ok_and(|a| a == a.to_canonical() && a.to_string() == value)
        }
        ObservableKind::Domain => is_name(value),
        ObservableKind::Sha256 => value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()),
        ObservableKind::Url => {
            value.contains("://")
                && value.starts_with(|first: char| first.is_ascii_lowercase())
                && value.bytes().all(|b| b.is_ascii_graphic())
        }
        ObservableKind::Endpoint => value
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:[]".contains(&b)),
    }
}

fn is_name(value: &str) -> bool {
    value.len() <= crate::limits::DOMAIN_BYTES_MAX
        && value.contains('.')
        && value.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        })
}

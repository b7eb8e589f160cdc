//! Observables in texts that were base64-encoded (RFC 4648), also several times.

use super::runs::{is_printable, runs};
use super::{Finds, Source, scan};
use crate::kind::Language;
use crate::limits::BASE64_DEPTH_MAX;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ukai_model::StringEncoding;

/// Characters of the shortest run that is decoded: `http://a.b/c` takes 16.
const ENCODED_BYTES_MIN: usize = 16;
/// Line length from which a line that ends inside a run is one of many (RFC 2045: 76).
const WRAPPED_LINE_BYTES_MIN: usize = 60;

/// Searches `bytes` for encoded texts and those for observables. Each layer is smaller
/// than the one around it, and there are at most [`BASE64_DEPTH_MAX`].
pub(crate) fn search(bytes: &[u8], language: Option<Language>, finds: &mut Finds) {
    for (start, encoded) in encoded_runs(bytes) {
        layer(&encoded, start as u64, language, 1, finds);
    }
}

fn layer(encoded: &[u8], offset: u64, language: Option<Language>, depth: usize, finds: &mut Finds) {
    let Some(decoded) = decode(encoded) else { return };
    let source =
        Source { offset, stride: 0, encoding: StringEncoding::Base64, method: "base64", language };
    for run in runs(&decoded) {
        scan::text(&run.text(&decoded), &source, finds);
    }
    if depth < BASE64_DEPTH_MAX {
        for (_, inner) in encoded_runs(&decoded) {
            layer(&inner, offset, language, depth + 1, finds);
        }
    }
}

/// Padding or none, and whatever in the bits that nobody reads: as lax as `base64 -d`.
const LAX: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
static TOLERANT: GeneralPurpose = GeneralPurpose::new(&STANDARD, LAX);
static TOLERANT_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LAX);

/// Whether a byte is in one of the two alphabets.
static IS_ENCODED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

fn is_encoded(byte: u8) -> bool {
    IS_ENCODED[usize::from(byte)]
}

/// Runs of the alphabet, without the line ends inside them.
fn encoded_runs(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        at = super::runs::long_run(bytes, at, ENCODED_BYTES_MIN, is_encoded)?;
        let start = at;
        let mut run = Vec::new();
        loop {
            let line = bytes[at..].iter().take_while(|byte| is_encoded(**byte)).count();
            run.extend_from_slice(&bytes[at..at + line]);
            at += line;
            let next = at + line_end(&bytes[at..]);
            let goes_on = next > at && bytes.get(next).is_some_and(|byte| is_encoded(*byte));
            if line < WRAPPED_LINE_BYTES_MIN || !goes_on {
                break;
            }
            at = next;
        }
        at += 1;
        Some((start, run))
    })
}

fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => 0,
    }
}

/// The decoded bytes, if they are a text: long identifiers are in the alphabet too.
fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let url_safe = encoded.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let engine = if url_safe { &TOLERANT_URL_SAFE } else { &TOLERANT };
    // A rest of one character encodes nothing.
    let whole = encoded.len() - usize::from(encoded.len() % 4 == 1);
    // Judged by the beginning first: most runs are no base64 at all.
    let head = engine.decode(&encoded[..ENCODED_BYTES_MIN]).ok()?;
    if !is_text(&head) {
        return None;
    }
    engine.decode(&encoded[..whole]).ok().filter(|decoded| is_text(decoded))
}

/// Whether nearly all bytes are printable, or every other one in UTF-16.
fn is_text(bytes: &[u8]) -> bool {
    let readable = |byte: &&u8| is_printable(**byte) || matches!(**byte, b'\r' | b'\n');
    let narrow = bytes.iter().filter(readable).count();
    let zeros = bytes.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
    let wide = zeros * 10 >= bytes.len() / 2 * 9;
    narrow * 10 >= bytes.len() * 9 || wide && narrow * 10 >= bytes.len() * 4
}

//! URLs hidden by XOR with a key of four bytes, repeated.
//!
//! Two bytes that stand four apart are XORed with the same byte of the key, so that their
//! difference is that of the plain text: `http://` and `https://` are recognised whatever
//! the key, and give it away. Only URLs count; under a key that is found, the text around
//! is read as well.

use super::runs::is_printable;
use super::sift::sift;
use super::{Finds, Source, scan};
use crate::limits::{XOR_LONG_KEYS_MAX, XOR_RUN_BYTES_MAX};
use std::collections::BTreeSet;
use ukai_model::{ObservableKind, StringEncoding};

/// Length of the key, in bytes.
const KEY_BYTES: usize = 4;
/// Length of the shortest URL that proves a key, in bytes.
const URL_BYTES_MIN: usize = 12;

/// Searches `bytes`; the keys under which something was found are returned, each as it
/// stands at the beginning of the find.
pub(crate) fn search(bytes: &[u8], finds: &mut Finds) -> BTreeSet<String> {
    // What bytes that stand four apart differ in: h:, t/, t/ and hs, t:, t/, p/.
    let test = |[h, t, t2, p, a, b, c, d]: [u8; 8]| {
        let is = |one: u8, other: u8, pair: [u8; 2]| one ^ other == pair[0] ^ pair[1];
        let http = is(h, a, *b"h:") & is(t, b, *b"t/");
        let https = is(h, a, *b"hs") & is(t, b, *b"t:") & is(p, d, *b"p/");
        (http | https) & is(t2, c, *b"t/")
    };
    let mut keys = BTreeSet::new();
    let mut done = 0;
    sift(bytes, test, |at| {
        let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { return };
        let key: [u8; KEY_BYTES] = std::array::from_fn(|index| window[index] ^ b"http"[index]);
        // One byte repeated is the other search's affair.
        let is_short = key.iter().all(|byte| *byte == key[0]);
        if is_short || at < done || keys.len() >= XOR_LONG_KEYS_MAX {
            return;
        }
        if let Some(end) = judge(bytes, at, key, finds) {
            done = end;
            keys.insert(hex::encode(key));
        }
    });
    keys
}

/// Reads the run around `at`; where it ends, if a URL begins right there.
fn judge(bytes: &[u8], at: usize, key: [u8; KEY_BYTES], finds: &mut Finds) -> Option<usize> {
    let plain = |place: usize| {
        let phase = (place + KEY_BYTES - at % KEY_BYTES) % KEY_BYTES;
        bytes[place] ^ key[phase]
    };
    let half = XOR_RUN_BYTES_MAX / 2;
    let first = at.saturating_sub(half);
    let last = bytes.len().min(at + half);
    let start = (first..at).rev().find(|place| !is_printable(plain(*place)));
    let start = start.map_or(first, |place| place + 1);
    let end = (at..last).find(|place| !is_printable(plain(*place))).unwrap_or(last);
    let text: Vec<u8> = (start..end).map(plain).collect();
    let mut found = Finds::new(XOR_RUN_BYTES_MAX);
    let source = Source {
        offset: start as u64,
        stride: 1,
        encoding: StringEncoding::XorLong { key: hex::encode(key) },
        method: "xor",
        language: None,
    };
    scan::text(&text, &source, &mut found);
    let proved = found.list.iter().any(|it| {
        it.observable.kind == ObservableKind::Url
            && it.offset == at as u64
            && it.observable.value.len() >= URL_BYTES_MIN
    });
    if !proved {
        return None;
    }
    for find in found.list {
        finds.add(find);
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::{Finds, search};
    use crate::specimen::noise;
    use ukai_model::StringEncoding;

    #[test]
    fn urls_under_keys_of_four_bytes() {
        for seed in 0..50 {
            let key = noise(4, seed + 1);
            let url = b"https://gate.under-four.example/path";
            let hidden: Vec<u8> =
                url.iter().chain([&0]).zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect();
            let place = 300 + seed as usize;
            let bytes = [noise(place, 7), hidden, noise(400, 9)].concat();
            let mut finds = Finds::new(50);
            let keys = search(&bytes, &mut finds);
            assert_eq!(keys.into_iter().collect::<Vec<_>>(), [hex::encode(&key)], "{seed}");
            let first = &finds.list[0];
            assert_eq!(first.observable.value.as_bytes(), url);
            assert_eq!(first.offset, place as u64);
            assert_eq!(first.encoding, StringEncoding::XorLong { key: hex::encode(&key) });
        }
    }

    #[test]
    fn noise_and_plain_texts_give_nothing() {
        let mut finds = Finds::new(50);
        assert!(search(&noise(2_000_000, 3), &mut finds).is_empty());
        assert!(search(b"see http://plain.example/ here", &mut finds).is_empty());
        assert!(search(b"", &mut finds).is_empty() && search(b"http:", &mut finds).is_empty());
        assert!(finds.list.is_empty());
    }
}

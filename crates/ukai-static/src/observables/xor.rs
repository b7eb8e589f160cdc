//! Observables hidden by XOR with one byte, all 255 keys at once.
//!
//! Bots keep their configuration in tables of strings, each XORed with the same key:
//! Mirai's `table.c` with the four bytes of 0xdeadbeef, which comes to the one byte 0x22.
//!
//! Two neighbouring bytes XORed with each other are the same whatever the key. So one pass
//! over the file finds the places where, under *some* key, a dot stands between letters or
//! digits or a colon before two slashes; that key is then known, and only the run around
//! the place is decoded and judged. Each byte is decoded at most once per key.
//!
//! Random bytes look like anything under one of 255 keys. Evidence is demanded: a URL has
//! enough of its own; a name or address must be a whole string of a table, and a name must
//! be long. What falls short of that counts if its key is proved by another find.

use super::runs::is_printable;
use super::sift::sift;
use super::{Finds, Source, scan};
use crate::limits::{XOR_RUN_BYTES_MAX, XOR_WEAK_FINDS_MAX};
use memchr::memmem;
use std::collections::BTreeSet;
use ukai_model::{Found, Observable, ObservableKind, StringEncoding};

/// Length from which a name proves its key, in bytes. Each further byte makes a find by
/// chance about seven times rarer.
const STRONG_NAME_BYTES: usize = 10;
/// The same for an address: `4.4.4.4` occurs in tables of numbers.
const STRONG_ADDRESS_BYTES: usize = 9;
/// Length of the shortest name that counts, in bytes.
const NAME_BYTES_MIN: usize = 6;

/// What a colon and a slash after it are XORed with each other.
const SLASH: u8 = b':' ^ b'/';

/// Whether a byte XORed with a dot beside it may be a character of a host name.
const fn is_by_dot(pair: u8) -> bool {
    let byte = pair ^ b'.';
    // Both are looked at, so that there is no branch.
    byte.is_ascii_lowercase() | byte.is_ascii_digit()
}

/// Searches `bytes`; the keys under which something was found are returned.
pub(crate) fn search(bytes: &[u8], finds: &mut Finds) -> BTreeSet<u8> {
    let mut search = Search {
        bytes,
        decoded_to: [0; 256],
        proved: BTreeSet::new(),
        weak: Vec::new(),
        run: Vec::with_capacity(XOR_RUN_BYTES_MAX),
    };
    let is_dot = |before, middle, after| is_by_dot(before ^ middle) & is_by_dot(middle ^ after);
    let is_colon = |middle, after, next| middle ^ after == SLASH && after == next;
    let test = |[before, middle, after, next]: [u8; 4]| {
        is_dot(before, middle, after) | is_colon(middle, after, next)
    };
    sift(bytes, test, |place| {
        let Some([before, middle, after, rest @ ..]) = bytes.get(place..) else { return };
        if is_dot(*before, *middle, *after) {
            search.candidate(place + 1, middle ^ b'.', finds);
        }
        let is_letter = (before ^ middle ^ b':').is_ascii_alphabetic();
        if is_letter && rest.first().is_some_and(|next| is_colon(*middle, *after, *next)) {
            search.candidate(place + 1, middle ^ b':', finds);
        }
    });
    search.finish(finds)
}

/// Characters of names, addresses and URLs, as they stand in tables.
const fn is_part_of_names(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'/' | b':')
}

/// Whether something in `run` can count: a URL, or a name or an address that is all of it. Nearly
/// no run of chance passes, so that few are read.
fn may_count(run: &[u8]) -> bool {
    let is_part = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
    };
    run.iter().all(is_part) || memmem::find(run, b"://").is_some()
}

struct Search<'a> {
    bytes: &'a [u8],
    /// By key, the place up to which runs were decoded.
    decoded_to: [usize; 256],
    /// Keys with a strong find.
    proved: BTreeSet<u8>,
    /// Finds that count if their key is proved.
    weak: Vec<(u8, Found)>,
    /// Room for the decoded run.
    run: Vec<u8>,
}

impl Search<'_> {
    fn candidate(&mut self, at: usize, key: u8, finds: &mut Finds) {
        let done = self.decoded_to[usize::from(key)];
        if key == 0 || at < done {
            return;
        }
        let stop = |place: &usize| !self.belongs(*place, key);
        let half = XOR_RUN_BYTES_MAX / 2;
        let start = (done.max(at.saturating_sub(half))..at)
            .rev()
            .find(stop)
            .map_or_else(|| done.max(at.saturating_sub(half)), |place| place + 1);
        let last = self.bytes.len().min(at + half);
        let end = (at..last).find(stop).unwrap_or(last);
        self.decoded_to[usize::from(key)] = end.max(at + 1);
        self.run.clear();
        self.run.extend(self.bytes[start..end].iter().map(|byte| byte ^ key));
        self.judge(start, end, key, finds);
    }

    /// Whether the byte at `place` continues a run.
    ///
    /// A zero byte is the end of the C string that holds the XORed one, unless the key is a
    /// character of names: then it may also stand for that character. One or two of them
    /// between other such characters do.
    fn belongs(&self, place: usize, key: u8) -> bool {
        let byte = self.bytes[place];
        if byte != 0 {
            return is_printable(byte ^ key) && byte ^ key != b'\t';
        }
        if !is_part_of_names(key) {
            return false;
        }
        let zero = |at: &usize| self.bytes.get(*at) == Some(&0);
        let first = if place > 0 && zero(&(place - 1)) { place - 1 } else { place };
        let after = (place..place + 2).find(|at| !zero(at)).unwrap_or(place + 2);
        let part = |at: Option<usize>| {
            at.and_then(|at| self.bytes.get(at))
                .is_some_and(|byte| *byte != 0 && is_part_of_names(byte ^ key))
        };
        after - first <= 2
            && part(first.checked_sub(1))
            && (part(first.checked_sub(2)) || key == b'.')
            && part(Some(after))
    }

    fn judge(&mut self, start: usize, end: usize, key: u8, finds: &mut Finds) {
        if self.run.len() < NAME_BYTES_MIN || !may_count(&self.run) {
            return;
        }
        let source = Source {
            offset: start as u64,
            stride: 1,
            encoding: StringEncoding::Xor { key },
            method: "xor",
            language: None,
        };
        let mut found = Finds::new(XOR_RUN_BYTES_MAX);
        scan::text(&self.run, &source, &mut found);
        if found.list.is_empty() {
            return;
        }
        let has_url = found.list.iter().any(|it| it.observable.kind == ObservableKind::Url);
        let is_run = found.list.iter().any(|it| it.observable.value.len() == self.run.len());
        let closed = self.is_closed(start, end, key);
        // With a key that is a character of names, the last one may be missing.
        let cut = is_part_of_names(key) && self.bytes.get(end) == Some(&0);
        for found in found.list {
            let Observable { kind, value } = &found.observable;
            if cut && (*kind == ObservableKind::Url || self.run.ends_with(value.as_bytes())) {
                continue;
            }
            let strong = match kind {
                ObservableKind::Ip => value.len() >= STRONG_ADDRESS_BYTES,
                _ => value.len() >= STRONG_NAME_BYTES,
            };
            if has_url || (is_run && closed && strong) {
                self.proved.insert(key);
                finds.add(found);
            } else if is_run
                && (closed || !is_part_of_names(key))
                && self.weak.len() < XOR_WEAK_FINDS_MAX
            {
                self.weak.push((key, found));
            }
        }
    }

    /// Whether the run stands like a string of a table: it ends with a NUL under the key,
    /// or it is a C string that nobody would write. Readable C strings prove nothing:
    /// `dir/ab` under key 1 is `ehs.cc`, and `(%s)(%` under key 0x5d is `ux.tux`.
    fn is_closed(&self, start: usize, end: usize, key: u8) -> bool {
        let before = |distance: usize| start.checked_sub(distance).map(|at| self.bytes[at]);
        let after = self.bytes.get(end).copied();
        let terminated = after == Some(key);
        if is_part_of_names(key) {
            // A zero beside it may be its first or last character. Only the NUL of the
            // string before, with at most one plain zero, shows that it is not.
            let follows_another =
                before(1) == Some(key) || (before(1) == Some(0) && before(2) == Some(key));
            return terminated && follows_another;
        }
        let begins = matches!(before(1), None | Some(0)) || before(1) == Some(key);
        let unreadable = || self.bytes[start..end].iter().any(|byte| !is_printable(*byte));
        terminated || (begins && matches!(after, None | Some(0)) && unreadable())
    }

    fn finish(self, finds: &mut Finds) -> BTreeSet<u8> {
        for (key, found) in self.weak {
            if self.proved.contains(&key) {
                finds.add(found);
            }
        }
        self.proved
    }
}

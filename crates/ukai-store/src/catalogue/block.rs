//! A row of the index of events: up to 256 events by identity, with what they can be
//! found by and where they lie, in columns that compress.
//!
//! ```text
//! version:u8=1  head length:u32  zstd(head)  tails
//! head:  kinds and protocols as text; addresses; the first 6 bytes of sessions'
//!        identities; samples' digests; then by event: the first 6 bytes of its identity as a
//!        difference, kind, protocol, address, session and sample as numbers of the above
//!        (0 is none), position as a difference
//! tails: the other 10 bytes of each event's, then of each session's identity
//! ```
//!
//! Two thirds of an identity are random and would only be in the way of the rest.

use crate::StoreError;
use crate::limits::BLOCK_EVENTS_MAX;
use crate::record::{compress, decompress};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ukai_model::{EventId, SessionId, Sha256};

const VERSION: u8 = 1;
/// Bytes of an identity that hold its time in milliseconds.
const TIME_LEN: usize = 6;
const TAIL_LEN: usize = 16 - TIME_LEN;
/// Most distinct values of a column: one an event, and for names two.
const VALUES_MAX: usize = 2 * BLOCK_EVENTS_MAX;
/// Longest kind or protocol, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// What the index knows of one event. Numbers lead to the block's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: [u8; 16],
    pub(super) position: u64,
    pub(super) kind: u16,
    pub(super) protocol: Option<u16>,
    pub(super) src: Option<u16>,
    pub(super) session: Option<u16>,
    pub(super) sample: Option<u16>,
}

/// What an event can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts<'a> {
    pub(super) id: EventId,
    pub(super) position: u64,
    pub(super) kind: &'a str,
    pub(super) protocol: Option<&'a str>,
    pub(super) src: Option<IpAddr>,
    pub(super) session: Option<SessionId>,
    pub(super) sample: Option<Sha256>,
}

/// Up to [`BLOCK_EVENTS_MAX`] events, in no particular order until they are encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) entries: Vec<Entry>,
    pub(super) names: Vec<String>,
    pub(super) sources: Vec<IpAddr>,
    pub(super) sessions: Vec<SessionId>,
    pub(super) samples: Vec<Sha256>,
}

impl Block {
    pub(super) fn push(&mut self, facts: &Facts<'_>) {
        let entry = Entry {
            id: *facts.id.as_bytes(),
            position: facts.position,
            kind: self.name(facts.kind),
            protocol: facts.protocol.map(|protocol| self.name(protocol)),
            src: facts.src.map(|src| number_of(&mut self.sources, src)),
            session: facts.session.map(|session| number_of(&mut self.sessions, session)),
            sample: facts.sample.map(|sample| number_of(&mut self.samples, sample)),
        };
        self.entries.push(entry);
    }

    fn name(&mut self, name: &str) -> u16 {
        let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        if let Some(known) = self.names.iter().position(|known| known == name) {
            return known as u16;
        }
        self.names.push(name.to_owned());
        (self.names.len() - 1) as u16
    }

    /// The facts of an entry.
    pub(super) fn facts(&self, entry: &Entry) -> Facts<'_> {
        let name = |number: u16| self.names.get(usize::from(number)).map(String::as_str);
        Facts {
            id: EventId::from_bytes(entry.id),
            position: entry.position,
            kind: name(entry.kind).unwrap_or_default(),
            protocol: entry.protocol.and_then(name),
            src: value_of(&self.sources, entry.src),
            session: value_of(&self.sessions, entry.session),
            sample: value_of(&self.samples, entry.sample),
        }
    }

    /// The block without the events that `keep` refuses.
    pub(super) fn filtered(&self, keep: impl Fn(&Entry) -> bool) -> Self {
        let mut left = Self::default();
        for entry in self.entries.iter().filter(|entry| keep(entry)) {
            left.push(&self.facts(entry));
        }
        left
    }

    pub(super) fn first_id(&self) -> [u8; 16] {
        self.entries.iter().map(|entry| entry.id).min().unwrap_or_default()
    }

    pub(super) fn last_id(&self) -> [u8; 16] {
        self.entries.iter().map(|entry| entry.id).max().unwrap_or_default()
    }

    pub(super) fn first_position(&self) -> u64 {
        self.entries.iter().map(|entry| entry.position).min().unwrap_or_default()
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut sorted: Vec<&Entry> = self.entries.iter().collect();
        sorted.sort_unstable_by_key(|entry| entry.id);
        let mut head = Vec::with_capacity(4_096);
        put(&mut head, self.names.len() as u64);
        for name in &self.names {
            put(&mut head, name.len() as u64);
            head.extend_from_slice(name.as_bytes());
        }
        put(&mut head, self.sources.len() as u64);
        for source in &self.sources {
            match source {
                IpAddr::V4(ip) => {
                    head.push(4);
                    head.extend_from_slice(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    head.push(6);
                    head.extend_from_slice(&ip.octets());
                }
            }
        }
        put(&mut head, self.sessions.len() as u64);
        for session in &self.sessions {
            head.extend_from_slice(&session.as_bytes()[..TIME_LEN]);
        }
        put(&mut head, self.samples.len() as u64);
        for sample in &self.samples {
            head.extend_from_slice(sample.as_bytes());
        }
        put(&mut head, sorted.len() as u64);
        let mut before = 0;
        for entry in &sorted {
            let time = time_of(&entry.id);
            put(&mut head, time - before);
            before = time;
        }
        let number = |number: Option<u16>| number.map_or(0, |number| u64::from(number) + 1);
        let columns: [fn(&Entry) -> Option<u16>; 5] =
            [|e| Some(e.kind), |e| e.protocol, |e| e.src, |e| e.session, |e| e.sample];
        for column in columns {
            for entry in &sorted {
                put(&mut head, number(column(entry)));
            }
        }
        let mut before = 0_u64;
        for entry in &sorted {
            let step = entry.position.wrapping_sub(before) as i64;
            put(&mut head, ((step << 1) ^ (step >> 63)) as u64);
            before = entry.position;
        }
        let head = compress(&head)?;
        let tails = (sorted.len() + self.sessions.len()) * TAIL_LEN;
        let mut out = Vec::with_capacity(5 + head.len() + tails);
        out.push(VERSION);
        out.extend_from_slice(&(head.len() as u32).to_le_bytes());
        out.extend_from_slice(&head);
        for entry in &sorted {
            out.extend_from_slice(&entry.id[TIME_LEN..]);
        }
        for session in &self.sessions {
            out.extend_from_slice(&session.as_bytes()[TIME_LEN..]);
        }
        Ok(out)
    }

    /// Reads a block back; its entries are in the order of their identities.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        read(bytes).ok_or_else(|| StoreError::damaged("a row of the index of events", "cut off"))
    }
}

fn read(bytes: &[u8]) -> Option<Block> {
    let (version, rest) = bytes.split_first()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (head, tails) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    if *version != VERSION {
        return None;
    }
    let head = decompress(head).ok()?;
    let mut head = Reader(&head);
    let mut tails = Reader(tails);
    let mut block = Block::default();
    for _ in 0..head.count()? {
        let len = usize::try_from(head.number()?).ok()?;
        block.names.push(String::from_utf8(head.take(len)?.to_vec()).ok()?);
    }
    for _ in 0..head.count()? {
        block.sources.push(match head.take(1)? {
            [4] => Ipv4Addr::from(head.array::<4>()?).into(),
            [6] => Ipv6Addr::from(head.array::<16>()?).into(),
            _ => return None,
        });
    }
    let mut sessions = Vec::new();
    for _ in 0..head.count()? {
        sessions.push(head.array::<TIME_LEN>()?);
    }
    for _ in 0..head.count()? {
        block.samples.push(Sha256::from_bytes(head.array()?));
    }
    let count = head.count()?;
    let mut time = 0_u64;
    for _ in 0..count {
        time = time.checked_add(head.number()?)?;
        let id = joined(*time.to_be_bytes().last_chunk()?, &tails.array()?);
        block.entries.push(Entry {
            id,
            position: 0,
            kind: 0,
            protocol: None,
            src: None,
            session: None,
            sample: None,
        });
    }
    let columns: [fn(&mut Entry, Option<u16>); 5] = [
        |e, n| e.kind = n.unwrap_or_default(),
        |e, n| e.protocol = n,
        |e, n| e.src = n,
        |e, n| e.session = n,
        |e, n| e.sample = n,
    ];
    for column in columns {
        for entry in &mut block.entries {
            let number = u16::try_from(head.number()?).ok()?;
            column(entry, number.checked_sub(1));
        }
    }
    let mut position = 0_u64;
    for entry in &mut block.entries {
        let step = head.number()?;
        position = position.wrapping_add((step >> 1) ^ (step & 1).wrapping_neg());
        entry.position = position;
    }
    for time in sessions {
        block.sessions.push(SessionId::from_bytes(joined(time, &tails.array()?)));
    }
    Some(block)
}

/// Where to read on.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn count(&mut self) -> Option<usize> {
        self.number().and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= VALUES_MAX)
    }
}

/// LEB128.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn time_of(id: &[u8; 16]) -> u64 {
    id[..TIME_LEN].iter().fold(0, |time, byte| time << 8 | u64::from(*byte))
}

fn joined(time: [u8; TIME_LEN], tail: &[u8; TAIL_LEN]) -> [u8; 16] {
    let mut id = [0; 16];
    id[..TIME_LEN].copy_from_slice(&time);
    id[TIME_LEN..].copy_from_slice(tail);
    id
}

fn number_of<T: PartialEq>(values: &mut Vec<T>, value: T) -> u16 {
    // What came last comes again most often.
    if let Some(known) = values.iter().rposition(|known| *known == value) {
        return known as u16;
    }
    values.push(value);
    (values.len() - 1) as u16
}

fn value_of<T: Copy>(values: &[T], number: Option<u16>) -> Option<T> {
    values.get(usize::from(number?)).copied()
}

#[cfg(test)]
mod tests {
    use super::{Block, Facts};
    use crate::limits::BLOCK_EVENTS_MAX;
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use ukai_model::{EventId, SessionId, Sha256};

    type Raw = ([u8; 16], u64, u8, Option<u8>, Option<u8>, Option<u8>, Option<u8>);

    fn block(raw: &[Raw]) -> Block {
        let mut block = Block::default();
        for (id, position, kind, protocol, src, session, sample) in raw {
            let src = src.map(|src| match src % 2 {
                0 => IpAddr::from(Ipv4Addr::new(192, 0, 2, src)),
                _ => Ipv6Addr::from([src; 16]).into(),
            });
            block.push(&Facts {
                id: EventId::from_bytes(*id),
                position: *position,
                kind: &format!("kind.{}", kind % 30),
                protocol: protocol.map(|p| ["telnet", "ssh"][usize::from(p % 2)]),
                src,
                session: session.map(|s| SessionId::from_bytes([s; 16])),
                sample: sample.map(|s| Sha256::of(&[s])),
            });
        }
        block
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(
            raw in prop::collection::vec(any::<Raw>(), 0..=BLOCK_EVENTS_MAX)
        ) {
            let block = block(&raw);
            let decoded = Block::decode(&block.encode().unwrap()).unwrap();
            let mut expected: Vec<_> = block.entries.iter().map(|e| block.facts(e)).collect();
            expected.sort_by_key(|facts| facts.id);
            let mut facts: Vec<_> = decoded.entries.iter().map(|e| decoded.facts(e)).collect();
            prop_assert!(facts.is_sorted_by_key(|facts| facts.id));
            // Equal identities may change places.
            let key = |f: &Facts<'_>| (f.id, f.position, format!("{f:?}"));
            expected.sort_by_key(key);
            facts.sort_by_key(key);
            prop_assert_eq!(facts, expected);
        }

        #[test]
        fn garbage_is_refused_or_read_within_bounds(
            raw in prop::collection::vec(any::<Raw>(), 0..20),
            at: prop::sample::Index,
            flip: u8,
            garbage: Vec<u8>,
        ) {
            let _refused = Block::decode(&garbage);
            let mut bytes = block(&raw).encode().unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let _refused = Block::decode(&bytes).map(|block| {
                block.entries.iter().map(|entry| block.facts(entry).position).max()
            });
            let _refused = Block::decode(&bytes[..at]);
        }
    }
}

//! Data that waits: to be acknowledged, and to come into order.

use crate::sent::Sent;
use crate::seq::{at_most, before, distance};
use bytes::Bytes;
use std::collections::VecDeque;

/// Parts that may wait for what is missing before them.
const PARTS_MAX: usize = 256;

/// What is sent and not acknowledged, and what is not sent yet. Its first byte is the first
/// that is not acknowledged.
#[derive(Default)]
pub(crate) struct Queue {
    bytes: VecDeque<u8>,
    /// What is on its way: of the bytes, and of the FIN behind them.
    pub(crate) sent: Sent,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Whether nothing waits in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.sent.is_empty()
    }

    /// Forgets `count` bytes, which are acknowledged.
    pub(crate) fn acknowledge(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        // What a burst took is given back.
        if self.bytes.capacity() > 16 * 1024 && self.bytes.len() * 4 < self.bytes.capacity() {
            self.bytes.shrink_to(self.bytes.len() * 2);
        }
    }

    /// `count` bytes from `offset` on.
    pub(crate) fn slices(&self, offset: usize, count: usize) -> [&[u8]; 2] {
        let (first, second) = self.bytes.as_slices();
        let end = (offset + count).min(self.bytes.len());
        let offset = offset.min(end);
        let cut = |slice: &'_ [u8], start: usize| {
            let from = offset.saturating_sub(start).min(slice.len());
            let to = end.saturating_sub(start).min(slice.len());
            (from, to)
        };
        let (a, b) = cut(first, 0);
        let (c, d) = cut(second, first.len());
        [&first[a..b], &second[c..d]]
    }
}

/// Data that arrived before what precedes it.
#[derive(Default)]
pub(crate) struct Pending {
    /// Apart and in order.
    parts: Vec<(u32, Bytes)>,
    bytes: usize,
    /// Where the peer's FIN stands, if it has come.
    pub(crate) fin: Option<u32>,
    /// The part that came last.
    last: u32,
}

impl Pending {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Behind the last byte, or the FIN.
    pub(crate) fn end(&self) -> Option<u32> {
        let end = self.parts.last().map(|(start, part)| start.wrapping_add(part.len() as u32));
        self.fin.map(|fin| fin.wrapping_add(1)).or(end)
    }

    /// Takes a part, without what is there already; what does not fit is dropped, and comes
    /// again. Gives the range that was there.
    pub(crate) fn insert(&mut self, mut seq: u32, mut data: &[u8]) -> Option<(u32, u32)> {
        self.last = seq;
        let mut twice: Option<(u32, u32)> = None;
        let mut place = 0;
        while !data.is_empty() {
            while let Some((start, part)) = self.parts.get(place) {
                if before(seq, *start) {
                    break;
                }
                let end = start.wrapping_add(part.len() as u32);
                if before(seq, end) {
                    let known = (distance(seq, end) as usize).min(data.len());
                    data = &data[known..];
                    let begin = twice.map_or(seq, |(begin, _)| begin);
                    twice = Some((begin, seq.wrapping_add(known as u32)));
                    seq = end;
                }
                place += 1;
            }
            if data.is_empty() || self.parts.len() >= PARTS_MAX {
                return twice;
            }
            let free =
                self.parts.get(place).map_or(data.len(), |(s, _)| distance(seq, *s) as usize);
            let (part, rest) = data.split_at(free.min(data.len()));
            if !part.is_empty() {
                self.parts.insert(place, (seq, Bytes::copy_from_slice(part)));
                self.bytes += part.len();
                seq = seq.wrapping_add(part.len() as u32);
            }
            data = rest;
        }
        twice
    }

    /// The part that begins at `next` or before it, without what was had.
    pub(crate) fn pop(&mut self, next: u32) -> Option<Bytes> {
        while let Some((start, _)) = self.parts.first() {
            if before(next, *start) {
                return None;
            }
            let (start, part) = self.parts.remove(0);
            self.bytes -= part.len();
            let known = distance(start, next) as usize;
            if known < part.len() {
                return Some(part.slice(known..));
            }
        }
        None
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.fin.is_none()
    }

    /// The blocks that a selective acknowledgement names, the newest first (RFC 2018, 4).
    pub(crate) fn blocks(&self) -> Vec<(u32, u32)> {
        let mut blocks: Vec<(u32, u32)> = Vec::new();
        for (start, part) in &self.parts {
            let end = start.wrapping_add(part.len() as u32);
            match blocks.last_mut() {
                Some((_, last)) if *last == *start => *last = end,
                _ => blocks.push((*start, end)),
            }
        }
        if let Some(fin) = self.fin {
            match blocks.last_mut() {
                Some((_, last)) if *last == fin => *last = fin.wrapping_add(1),
                _ => blocks.push((fin, fin.wrapping_add(1))),
            }
        }
        let newest =
            blocks.iter().position(|(s, e)| at_most(*s, self.last) && before(self.last, *e));
        if let Some(newest) = newest {
            blocks[..=newest].rotate_right(1);
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::Pending;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_in_any_order_give_the_whole(
            start: u32,
            pieces in proptest::collection::vec((0_usize..500, 1_usize..80), 1..120),
        ) {
            let whole: Vec<u8> = (0..600).map(|i| (i % 251) as u8).collect();
            let mut pending = Pending::default();
            let mut have = [false; 600];
            for (at, length) in &pieces {
                pending.insert(start.wrapping_add(*at as u32), &whole[*at..at + length]);
                have[*at..at + length].fill(true);
            }
            prop_assert_eq!(pending.bytes(), have.iter().filter(|h| **h).count());
            for (first, last) in pending.blocks() {
                let (first, last) = (first.wrapping_sub(start), last.wrapping_sub(start));
                prop_assert!(have[first as usize..last as usize].iter().all(|h| *h));
            }
            let mut out = Vec::new();
            while let Some(part) = pending.pop(start.wrapping_add(out.len() as u32)) {
                out.extend_from_slice(&part);
            }
            let length = have.iter().take_while(|h| **h).count();
            prop_assert_eq!(&out[..], &whole[..length]);
        }
    }
}

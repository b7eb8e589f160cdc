//! Packets in fragments, put together within bounds (RFC 791, 3.2; RFC 8200, 4.5).
//!
//! Fragments that overlap are not guessed at: the whole packet is dropped (RFC 5722, for
//! IPv4 too).

use std::collections::HashMap;
use std::net::IpAddr;
use ukai_packet::ip::{Fragment, Ip};

/// Packets that are put together at once.
const PACKETS_MAX: usize = 512;

/// Fragments of one packet.
const PARTS_MAX: usize = 64;

/// How long a packet may take to be whole, in milliseconds.
const WAIT_MS: u64 = 30_000;

/// Longest payload of a packet.
const PAYLOAD_MAX: u32 = 65_535;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    id: u32,
    protocol: u8,
}

struct Assembly {
    since: u64,
    /// Each part's offset and bytes.
    parts: Vec<(u32, Vec<u8>)>,
    /// Length of the whole, once the last part is there.
    total: Option<u32>,
    /// A part contradicts another.
    broken: bool,
}

pub(crate) struct Fragments {
    packets: HashMap<Key, Assembly>,
    bytes: usize,
    bytes_max: usize,
}

impl Fragments {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { packets: HashMap::new(), bytes: 0, bytes_max }
    }

    /// Takes a fragment; gives the payload when it makes a packet whole.
    pub(crate) fn add(&mut self, ip: &Ip<'_>, fragment: Fragment, now: u64) -> Option<Vec<u8>> {
        let length = ip.payload.len() as u32;
        let end = fragment.offset.checked_add(length).filter(|end| *end <= PAYLOAD_MAX)?;
        // All but the last have a length of whole units.
        if length == 0 || (fragment.more && !length.is_multiple_of(8)) {
            return None;
        }
        let key = Key { src: ip.src, dst: ip.dst, id: fragment.id, protocol: ip.protocol };
        let expired = |assembly: &Assembly| now.saturating_sub(assembly.since) >= WAIT_MS;
        if self.packets.get(&key).is_some_and(expired)
            && let Some(assembly) = self.packets.remove(&key)
        {
            self.bytes -= assembly.parts.iter().map(|(_, part)| part.len()).sum::<usize>();
        }
        if !self.packets.contains_key(&key) {
            self.make_room(ip.payload.len(), now);
            if self.packets.len() >= PACKETS_MAX {
                return None;
            }
        }
        if self.bytes + ip.payload.len() > self.bytes_max {
            return None;
        }
        let assembly = self.packets.entry(key).or_insert_with(|| Assembly {
            since: now,
            parts: Vec::new(),
            total: None,
            broken: false,
        });
        let same = assembly.parts.iter().any(|(o, p)| *o == fragment.offset && p == ip.payload);
        if same || assembly.broken {
            return None;
        }
        let overlaps = assembly
            .parts
            .iter()
            .any(|(offset, part)| fragment.offset < offset + part.len() as u32 && *offset < end);
        let too_long = assembly.total.is_some_and(|total| end > total || !fragment.more);
        if overlaps || too_long || assembly.parts.len() >= PARTS_MAX {
            // Kept as broken until its time is over, so that later parts do not begin anew.
            assembly.broken = true;
            self.bytes -= assembly.parts.drain(..).map(|(_, part)| part.len()).sum::<usize>();
            return None;
        }
        if !fragment.more {
            assembly.total = Some(end);
        }
        self.bytes += ip.payload.len();
        assembly.parts.push((fragment.offset, ip.payload.to_vec()));
        let total = assembly.total?;
        if assembly.parts.iter().map(|(_, part)| part.len() as u32).sum::<u32>() < total {
            return None;
        }
        let assembly = self.packets.remove(&key)?;
        let mut whole = vec![0; total as usize];
        for (offset, part) in &assembly.parts {
            self.bytes -= part.len();
            whole.get_mut(*offset as usize..*offset as usize + part.len())?.copy_from_slice(part);
        }
        Some(whole)
    }

    /// Forgets what has waited too long, when there is no room.
    fn make_room(&mut self, wanted: usize, now: u64) {
        if self.packets.len() < PACKETS_MAX && self.bytes + wanted <= self.bytes_max {
            return;
        }
        let bytes = &mut self.bytes;
        self.packets.retain(|_, assembly| {
            let keep = now.saturating_sub(assembly.since) < WAIT_MS;
            if !keep {
                *bytes -= assembly.parts.iter().map(|(_, part)| part.len()).sum::<usize>();
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Fragments, PACKETS_MAX, WAIT_MS};
    use ukai_packet::ip::{Fragment, Ip};

    fn part(payload: &[u8]) -> Ip<'_> {
        Ip {
            src: "192.0.2.1".parse().unwrap(),
            dst: "198.51.100.1".parse().unwrap(),
            protocol: 17,
            hop_limit: 64,
            traffic_class: 0,
            id: 0,
            dont_fragment: false,
            fragment: None,
            header: &[],
            payload,
            bytes: payload,
        }
    }

    fn at(id: u32, offset: u32, more: bool) -> Fragment {
        Fragment { id, offset, more }
    }

    #[test]
    fn a_packet_is_whole_in_any_order() {
        let mut fragments = Fragments::new(1 << 20);
        assert_eq!(fragments.add(&part(b"cc"), at(1, 16, false), 0), None);
        assert_eq!(fragments.add(&part(&[b'a'; 8]), at(1, 0, true), 0), None);
        assert_eq!(fragments.add(&part(&[b'a'; 8]), at(1, 0, true), 0), None, "a duplicate");
        let whole = fragments.add(&part(&[b'b'; 8]), at(1, 8, true), 0).unwrap();
        assert_eq!(whole, b"aaaaaaaabbbbbbbbcc");
        assert_eq!(fragments.bytes, 0);
    }

    #[test]
    fn overlaps_drop_the_packet() {
        let mut fragments = Fragments::new(1 << 20);
        fragments.add(&part(&[1; 16]), at(1, 0, true), 0);
        assert_eq!(fragments.add(&part(&[2; 16]), at(1, 8, true), 0), None);
        assert_eq!(fragments.add(&part(&[3; 8]), at(1, 16, false), 0), None);
        assert_eq!(fragments.bytes, 0);
    }

    #[test]
    fn a_flood_is_bounded_and_passes() {
        let mut fragments = Fragments::new(64 * 1024);
        for id in 0..100_000 {
            fragments.add(&part(&[0; 1_024]), at(id, 0, true), 0);
        }
        assert!(fragments.bytes <= 64 * 1024 && fragments.packets.len() <= PACKETS_MAX);
        let later = WAIT_MS + 1;
        assert_eq!(fragments.add(&part(&[7; 8]), at(7, 0, true), later), None);
        assert!(fragments.add(&part(&[8; 1]), at(7, 8, false), later).is_some());
    }
}

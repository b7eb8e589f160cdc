//! What a sample sends out in masses: scans and floods, counted in bounded memory.

use crate::limits::{
    FLOOD_PACKETS, PAYLOAD_TOLD_BYTES, SCAN_TARGETS, TRAFFIC_EXAMPLES, TRAFFIC_KINDS_MAX,
    TRAFFIC_WINDOW,
};
use cardinality_estimator::CardinalityEstimator;
use std::collections::HashMap;
use std::net::IpAddr;
use ukai_model::{EventKind, PeerText, Timestamp};
use ukai_packet::ip::Ip;
use ukai_packet::protocol;
use ukai_packet::tcp::{Flags, Tcp};

/// Packets by kind, over a window.
#[derive(Default)]
pub(crate) struct Outgoing {
    began: Option<Timestamp>,
    kinds: HashMap<Kind, Counted>,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    protocol: u8,
    /// A SYN without ACK.
    opening: bool,
}

struct Counted {
    packets: u64,
    bytes: u64,
    targets: CardinalityEstimator<IpAddr>,
    ports: Top<u16>,
    examples: Top<IpAddr>,
    forged: bool,
    payload: Vec<u8>,
}

impl Outgoing {
    /// Counts a packet; `forged`: its source is none of the guest's. What the last window
    /// has shown is told when it is over.
    pub(crate) fn count(&mut self, ip: &Ip<'_>, forged: bool, now: Timestamp) -> Vec<EventKind> {
        let told = if self.began.is_some_and(|began| now.since(began) >= TRAFFIC_WINDOW) {
            self.tell(now)
        } else {
            Vec::new()
        };
        self.began.get_or_insert(now);
        let whole = ip.fragment.is_none_or(|fragment| fragment.offset == 0);
        let (opening, port, payload) = match ip.protocol {
            protocol::TCP if whole => match Tcp::parse_unverified(ip.payload) {
                Ok(tcp) => {
                    let opening = tcp.flags().has(Flags::SYN) && !tcp.flags().has(Flags::ACK);
                    (opening, Some(tcp.dst_port()), tcp.payload())
                }
                Err(_) => (false, None, ip.payload),
            },
            protocol::UDP if whole => match ip.payload {
                [_, _, high, low, _, _, _, _, payload @ ..] => {
                    (false, Some(u16::from_be_bytes([*high, *low])), payload)
                }
                other => (false, None, other),
            },
            _ => (false, None, ip.payload),
        };
        let kind = Kind { protocol: ip.protocol, opening };
        if self.kinds.len() >= TRAFFIC_KINDS_MAX && !self.kinds.contains_key(&kind) {
            return told;
        }
        let counted = self.kinds.entry(kind).or_insert_with(Counted::new);
        counted.packets += 1;
        counted.bytes += ip.bytes.len() as u64;
        counted.targets.insert(&ip.dst);
        counted.examples.count(ip.dst);
        if let Some(port) = port {
            counted.ports.count(port);
        }
        counted.forged |= forged;
        if counted.payload.is_empty() && !payload.is_empty() {
            counted.payload = payload[..payload.len().min(PAYLOAD_TOLD_BYTES)].to_vec();
        }
        told
    }

    /// Ends the window: what it has shown.
    pub(crate) fn tell(&mut self, now: Timestamp) -> Vec<EventKind> {
        let Some(began) = self.began.take() else { return Vec::new() };
        let duration_ms = now.since(began).as_millis() as u64;
        let kinds = std::mem::take(&mut self.kinds);
        let mut told: Vec<EventKind> = kinds
            .into_iter()
            .filter_map(|(kind, counted)| counted.told(kind, duration_ms))
            .collect();
        told.sort_by_key(|kind| match kind {
            EventKind::TrafficOutgoing { packets, .. } => std::cmp::Reverse(*packets),
            _ => std::cmp::Reverse(0),
        });
        told
    }
}

impl Counted {
    fn new() -> Self {
        Self {
            packets: 0,
            bytes: 0,
            targets: CardinalityEstimator::new(),
            ports: Top::default(),
            examples: Top::default(),
            forged: false,
            payload: Vec::new(),
        }
    }

    /// Much to many is a scan, much to one a flood. Segments of open connections are
    /// neither.
    fn told(self, kind: Kind, duration_ms: u64) -> Option<EventKind> {
        let targets = self.targets.estimate() as u64;
        let most = self.examples.first_count();
        let answered = kind.protocol == protocol::TCP && !kind.opening && !self.forged;
        let traffic = if answered && targets < SCAN_TARGETS {
            return None;
        } else if most >= FLOOD_PACKETS || self.forged && self.packets >= FLOOD_PACKETS {
            "flood"
        } else if targets >= SCAN_TARGETS && !answered {
            "scan"
        } else {
            return None;
        };
        let packets_of = match (kind.protocol, kind.opening) {
            (protocol::TCP, true) => "tcp-syn".to_owned(),
            (protocol::TCP, false) => "tcp".to_owned(),
            (protocol::UDP, _) => "udp".to_owned(),
            (protocol::ICMP | protocol::ICMP6, _) => "icmp".to_owned(),
            (number, _) => number.to_string(),
        };
        Some(EventKind::TrafficOutgoing {
            traffic: traffic.to_owned(),
            packets_of,
            packets: self.packets,
            bytes: self.bytes,
            duration_ms,
            targets,
            ports: self.ports.names().copied().collect(),
            examples: self.examples.names().map(ToString::to_string).collect(),
            forged_sources: self.forged,
            payload: PeerText::from(&self.payload[..]),
        })
    }
}

/// The most frequent values of a stream, by Misra and Gries: who makes up more than a
/// seventeenth of it is among them.
struct Top<T> {
    counts: Vec<(T, u64)>,
}

impl<T> Default for Top<T> {
    fn default() -> Self {
        Self { counts: Vec::new() }
    }
}

impl<T: PartialEq> Top<T> {
    fn count(&mut self, value: T) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(other, _)| *other == value) {
            *count += 1;
        } else if self.counts.len() < TRAFFIC_EXAMPLES {
            self.counts.push((value, 1));
        } else {
            for (_, count) in &mut self.counts {
                *count -= 1;
            }
            self.counts.retain(|(_, count)| *count > 0);
        }
    }

    fn first_count(&self) -> u64 {
        self.counts.iter().map(|(_, count)| *count).max().unwrap_or(0)
    }

    fn names(&self) -> impl Iterator<Item = &T> {
        let mut order: Vec<&(T, u64)> = self.counts.iter().collect();
        order.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        order.into_iter().map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::Outgoing;
    use std::net::{IpAddr, Ipv4Addr};
    use ukai_model::{EventKind, Timestamp};
    use ukai_packet::ip::{Header, Ip};
    use ukai_packet::protocol;
    use ukai_packet::tcp::{Flags, Segment};
    use ukai_packet::udp::Udp;

    const START: u64 = 1_767_323_045_000;

    fn header(dst: IpAddr, protocol: u8) -> Header {
        Header {
            src: [192, 168, 178, 23].into(),
            dst,
            protocol,
            hop_limit: 64,
            traffic_class: 0,
            id: 0,
            dont_fragment: true,
            flow_label: 0,
        }
    }

    fn udp(dst: IpAddr, port: u16) -> Vec<u8> {
        let mut packet = Vec::new();
        Udp { src_port: 4_000, dst_port: port, payload: b"payload" }
            .write(&header(dst, protocol::UDP), &mut packet);
        packet
    }

    fn syn(dst: IpAddr, port: u16) -> Vec<u8> {
        let mut packet = Vec::new();
        let segment = Segment {
            src_port: 4_000,
            dst_port: port,
            seq: 1,
            ack: 0,
            flags: Flags::SYN,
            window: 1_024,
            urgent: 0,
            options: &[],
            payload: [&[], &[]],
        };
        segment.write(&header(dst, protocol::TCP), &mut packet);
        packet
    }

    fn run(packets: impl Iterator<Item = Vec<u8>>) -> Vec<EventKind> {
        let mut outgoing = Outgoing::default();
        let mut told = Vec::new();
        for (number, packet) in packets.enumerate() {
            let now = Timestamp::from_millis(START + number as u64 / 10);
            told.extend(outgoing.count(&Ip::parse(&packet).expect("a packet"), false, now));
        }
        told.extend(outgoing.tell(Timestamp::from_millis(START + 9_000)));
        told
    }

    #[test]
    fn scans_and_floods_are_told_apart() {
        let scan = run((0..5_000_u32).map(|n| syn(Ipv4Addr::from(0x0808_0000 + n * 7).into(), 23)));
        let [EventKind::TrafficOutgoing { traffic, packets_of, packets, targets, ports, .. }] =
            &scan[..]
        else {
            panic!("{scan:?}")
        };
        assert_eq!((traffic.as_str(), packets_of.as_str(), *packets), ("scan", "tcp-syn", 5_000));
        assert!((4_800..5_200).contains(targets) && *ports == [23], "{targets} {ports:?}");

        let victim = IpAddr::from([203, 0, 113, 7]);
        let flood = run((0..5_000).map(|_| udp(victim, 80)));
        let [EventKind::TrafficOutgoing { traffic, examples, payload, targets, .. }] = &flood[..]
        else {
            panic!("{flood:?}")
        };
        assert_eq!((traffic.as_str(), *targets), ("flood", 1));
        assert_eq!((examples[0].as_str(), payload.as_bytes()), ("203.0.113.7", &b"payload"[..]));
    }

    #[test]
    fn a_conversation_is_neither() {
        let few = (0..100_u16).map(|n| udp([203, 0, 113, (n % 5) as u8].into(), 53));
        assert_eq!(run(few), []);
    }
}

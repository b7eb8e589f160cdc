//! Records per minute: who sent what to which /24 and port, like FlowTuple (version 4 of
//! CAIDA's keys on time, source, the destination's /24, port and protocol).
//!
//! At most so many records are kept for a minute. When they are used up, packets of further
//! sources are counted together by port and class: sums stay exact, what is lost is which
//! source sent them; how many they were is estimated to 3.3 % (one standard deviation).

use crate::class::Class;
use crate::hash::Estimator;
use crate::limits::REST_MAX;
use crate::top::Port;
use foldhash::quality::FixedState;
use ipnet::IpNet;
use serde::Serialize;
use std::collections::HashMap;
use std::net::IpAddr;
use ukai_model::Timestamp;

const MINUTE_S: u64 = 60;

/// A record of one minute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flow {
    /// When the minute begins.
    pub minute: Timestamp,
    /// Who sent the packets; none for those who are counted together.
    pub src: Option<IpAddr>,
    /// To which /24, or /48 of IPv6; none for those who are counted together.
    pub dst: Option<IpNet>,
    /// To which port.
    pub port: Port,
    /// What they are: the group of the class.
    pub group: &'static str,
    /// And its kind.
    pub class: &'static str,
    /// Packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Sources; estimated for those who are counted together.
    pub sources: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    port: u32,
    class: Class,
}

#[derive(Clone, Copy, Default)]
struct Count {
    packets: u64,
    bytes: u64,
}

#[derive(Default)]
struct Rest {
    count: Count,
    sources: Estimator<10>,
}

pub(crate) struct Flows {
    /// Number of the minute, from the epoch.
    minute: Option<u64>,
    records_max: usize,
    records: HashMap<Key, Count, FixedState>,
    /// By port and class; where there are too many of them, by class alone.
    rest: HashMap<(Option<u32>, Class), Rest, FixedState>,
}

impl Flows {
    /// Of at most so many records a minute.
    pub(crate) fn new(records_max: usize, seed: u64) -> Self {
        let state = FixedState::with_seed(seed);
        Self {
            minute: None,
            records_max,
            records: HashMap::with_hasher(state.clone()),
            rest: HashMap::with_hasher(state),
        }
    }

    /// Counts a packet; what the minute before it had, if it begins another. Late packets
    /// count for the minute that is open.
    pub(crate) fn add(
        &mut self,
        time: Timestamp,
        (src, src_hash): (IpAddr, u64),
        dst: IpAddr,
        port: Port,
        class: Class,
        bytes: u32,
    ) -> Vec<Flow> {
        let minute = time.secs() / MINUTE_S;
        let over = match self.minute {
            Some(open) if minute > open => self.close(),
            _ => Vec::new(),
        };
        let open = *self.minute.get_or_insert(minute);
        debug_assert!(open >= minute || !over.is_empty());
        let key = Key { src, dst: net_of(dst), port: port.code(), class };
        let count = if let Some(count) = self.records.get_mut(&key) {
            count
        } else if self.records.len() < self.records_max {
            self.records.entry(key).or_default()
        } else {
            let by_port = (Some(key.port), class);
            let full = self.rest.len() >= REST_MAX && !self.rest.contains_key(&by_port);
            let rest = self.rest.entry(if full { (None, class) } else { by_port }).or_default();
            rest.sources.insert_hash(src_hash);
            &mut rest.count
        };
        count.packets += 1;
        count.bytes += u64::from(bytes);
        over
    }

    /// What the open minute has.
    pub(crate) fn close(&mut self) -> Vec<Flow> {
        let Some(minute) = self.minute.take() else { return Vec::new() };
        let minute = Timestamp::from_secs(minute * MINUTE_S);
        let flow = |src, dst, port, class: Class, count: Count, sources| Flow {
            minute,
            src,
            dst,
            port: Port::from_code(port),
            group: class.group(),
            class: class.kind(),
            packets: count.packets,
            bytes: count.bytes,
            sources,
        };
        let mut flows = Vec::with_capacity(self.records.len() + self.rest.len());
        flows.extend(self.records.drain().map(|(key, count)| {
            let bits = if key.dst.is_ipv4() { 24 } else { 48 };
            let dst = IpNet::new(key.dst, bits).ok();
            flow(Some(key.src), dst, key.port, key.class, count, 1)
        }));
        flows.extend(self.rest.drain().map(|((port, class), rest)| {
            let sources = rest.sources.estimate() as u64;
            flow(None, None, port.unwrap_or(ANY_PORT), class, rest.count, sources)
        }));
        flows
    }
}

/// Ports of a protocol that there is not: "any".
const ANY_PORT: u32 = 0x4_00ff;

fn net_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4((u32::from(address) & !0xff).into()),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 80 << 80).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::Flows;
    use crate::class::{Class, Scan};
    use crate::hash::Hashes;
    use crate::top::Port;
    use std::net::{IpAddr, Ipv4Addr};
    use ukai_model::Timestamp;

    const SYN: Class = Class::Scan(Scan::Syn);

    fn add(flows: &mut Flows, second: u64, src: u32, dst: u32, port: u16) -> Vec<super::Flow> {
        let src = IpAddr::V4(Ipv4Addr::from(src));
        let hash = Hashes::new(3).address(src);
        let dst = IpAddr::V4(Ipv4Addr::from(dst));
        flows.add(Timestamp::from_secs(second), (src, hash), dst, Port::Tcp(port), SYN, 40)
    }

    #[test]
    fn a_minute_is_closed_by_the_next() {
        let mut flows = Flows::new(100, 7);
        for (second, dst) in [(0, 0xc612_0001), (1, 0xc612_0002), (2, 0xc612_0101)] {
            assert!(add(&mut flows, second, 9, dst, 23).is_empty());
        }
        let mut minute = add(&mut flows, 60, 9, 0xc612_0001, 23);
        minute.sort_by_key(|flow| flow.dst);
        let shown: Vec<_> = minute
            .iter()
            .map(|flow| (flow.dst.map(|net| net.to_string()), flow.packets, flow.bytes))
            .collect();
        let expected =
            [(Some("198.18.0.0/24".to_owned()), 2, 80), (Some("198.18.1.0/24".to_owned()), 1, 40)];
        assert_eq!(shown, expected);
        assert_eq!(flows.close().len(), 1);
    }

    #[test]
    fn under_a_flood_sums_stay_exact_and_sources_nearly() {
        let mut flows = Flows::new(1000, 7);
        for source in 0..50_000 {
            add(&mut flows, 1, source, 0xc612_0000 + source % 256, 80);
        }
        let minute = flows.close();
        assert_eq!(minute.len(), 1001);
        assert_eq!(minute.iter().map(|flow| flow.packets).sum::<u64>(), 50_000);
        let rest = minute.iter().find(|flow| flow.src.is_none()).unwrap();
        assert_eq!(rest.packets, 49_000);
        // Four standard deviations; the seed is fixed.
        assert!((42_600..=55_400).contains(&rest.sources), "{}", rest.sources);
    }
}

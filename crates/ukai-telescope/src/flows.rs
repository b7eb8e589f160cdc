//! Records per minute: who sent what to which /24 and port, like FlowTuple (version 4 of
//! CAIDA's keys on time, source, the destination's /24, port and protocol).
//!
//! At most so many records are kept for a minute. When they are used up, packets of further
//! sources are counted together by port and class: sums stay exact, what is lost is which
//! source sent them; how many they were is estimated to 3.3 % (one standard deviation).

use crate::class::Class;
use crate::estimator::Estimator;
use crate::hash::Hashes;
use crate::large;
use crate::limits::{PENDING, REST_MAX};
use crate::prefetch::prefetch;
use crate::top::Port;
use ipnet::IpNet;
use serde::Serialize;
use std::collections::HashMap;
use std::net::IpAddr;
use ukai_model::Timestamp;

const MINUTE_S: u64 = 60;

/// Slots of the index at first, a power of two. It grows with a minute's records.
const SLOTS_MIN: usize = 4096;

/// A record of one minute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flow {
    /// When the minute begins.
    pub minute: Timestamp,
    /// Who sent the packets; none for those who are counted together.
    pub src: Option<IpAddr>,
    /// To which /24, or /48 of IPv6; none for those who are counted together.
    pub dst: Option<IpNet>,
    /// To which port; none where there are too many to be told apart.
    pub port: Option<Port>,
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

/// The records of a minute that is over.
#[derive(Debug)]
pub struct Minute {
    begins: Timestamp,
    records: Vec<Record>,
    rest: Vec<(Option<u32>, Class, Count, u64)>,
}

impl Minute {
    /// When it began.
    pub const fn begins(&self) -> Timestamp {
        self.begins
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len() + self.rest.len()
    }

    /// Whether nothing came: never, as the telescope gives it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records, those that are counted together last.
    pub fn flows(&self) -> impl Iterator<Item = Flow> + '_ {
        let flow = |src, dst, port: Option<u32>, class: Class, count: Count, sources| Flow {
            minute: self.begins,
            src,
            dst,
            port: port.map(Port::from_code),
            group: class.group(),
            class: class.kind(),
            packets: count.packets,
            bytes: count.bytes,
            sources,
        };
        let single = self.records.iter().map(move |record| {
            let (src, dst) = (Some(record.src), Some(net_of(record.dst)));
            flow(src, dst, Some(record.port), record.class, record.count, 1)
        });
        let together = self.rest.iter().map(move |(port, class, count, sources)| {
            flow(None, None, *port, *class, *count, *sources)
        });
        single.chain(together)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    packets: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Record {
    hash: u64,
    count: Count,
    src: IpAddr,
    /// An address of the prefix.
    dst: IpAddr,
    port: u32,
    class: Class,
}

#[derive(Default)]
struct Rest {
    count: Count,
    sources: Estimator<10>,
}

/// A packet, as it is counted.
pub(crate) struct Sent {
    pub(crate) src: IpAddr,
    pub(crate) src_hash: u64,
    pub(crate) dst: IpAddr,
    pub(crate) port: Port,
    pub(crate) class: Class,
    pub(crate) bytes: u32,
}

pub(crate) struct Flows {
    /// Number of the minute, from the epoch.
    minute: Option<u64>,
    records_max: usize,
    /// Which record is of which hash; none where it is zero. At most half full.
    slots: Vec<(u64, u32)>,
    records: Vec<Record>,
    /// By port and class; where there are too many of them, by class alone.
    rest: HashMap<(Option<u32>, Class), Rest>,
    /// Packets that wait for their slots to be read from memory, together.
    pending: Vec<(u64, Sent)>,
}

impl Flows {
    /// Of at most so many records a minute.
    pub(crate) fn new(records_max: usize) -> Self {
        Self {
            minute: None,
            records_max,
            slots: large::filled(SLOTS_MIN, (0, 0)),
            records: Vec::new(),
            rest: HashMap::new(),
            pending: Vec::with_capacity(PENDING),
        }
    }

    /// Counts a packet; what the minute before it had, if it begins another. Late packets
    /// count for the minute that is open.
    #[inline]
    pub(crate) fn add(&mut self, time: Timestamp, sent: Sent, hashes: &Hashes) -> Option<Minute> {
        let minute = time.secs() / MINUTE_S;
        let over = match self.minute {
            Some(open) if minute > open => self.close(),
            _ => None,
        };
        self.minute.get_or_insert(minute);
        let net = match sent.dst {
            IpAddr::V4(address) => u64::from(u32::from(address) >> 8),
            IpAddr::V6(address) => (u128::from(address) >> 80) as u64,
        };
        let what = u32::from(sent.class.number()) << 20 | sent.port.code();
        let hash = hashes.pair(sent.src_hash ^ net.rotate_left(24), what);
        prefetch(&self.slots[hash as usize & (self.slots.len() - 1)]);
        self.pending.push((hash, sent));
        if self.pending.len() >= PENDING {
            self.settle();
        }
        over
    }

    fn settle(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for (hash, _) in &pending {
            let (other, index) = self.slots[*hash as usize & (self.slots.len() - 1)];
            if other == *hash {
                prefetch(&self.records[index as usize]);
            }
        }
        for (hash, sent) in &pending {
            self.count(*hash, sent);
        }
        self.pending = pending;
        self.pending.clear();
    }

    #[inline]
    fn count(&mut self, hash: u64, sent: &Sent) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        let count = loop {
            let (other, index) = self.slots[slot];
            if other == hash {
                break &mut self.records[index as usize].count;
            }
            if other == 0 {
                if self.records.len() >= self.records_max {
                    break self.together(sent);
                }
                self.slots[slot] = (hash, self.records.len() as u32);
                self.records.push(Record {
                    hash,
                    count: Count::default(),
                    src: sent.src,
                    dst: sent.dst,
                    port: sent.port.code(),
                    class: sent.class,
                });
                if self.records.len() * 2 > self.slots.len() {
                    self.grow();
                }
                let last = self.records.len() - 1;
                break &mut self.records[last].count;
            }
            slot = (slot + 1) & mask;
        };
        count.packets += 1;
        count.bytes += u64::from(sent.bytes);
    }

    /// The count of all who find no record.
    fn together(&mut self, sent: &Sent) -> &mut Count {
        let by_port = (Some(sent.port.code()), sent.class);
        let full = self.rest.len() >= REST_MAX && !self.rest.contains_key(&by_port);
        let rest = self.rest.entry(if full { (None, sent.class) } else { by_port }).or_default();
        rest.sources.insert_hash(sent.src_hash);
        &mut rest.count
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        self.slots = large::filled(size, (0, 0));
        for (index, record) in self.records.iter().enumerate() {
            let mut slot = record.hash as usize & (size - 1);
            while self.slots[slot].0 != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = (record.hash, index as u32);
        }
    }

    /// What the open minute has.
    pub(crate) fn close(&mut self) -> Option<Minute> {
        self.settle();
        let begins = Timestamp::from_secs(self.minute.take()? * MINUTE_S);
        let rest = self.rest.drain();
        let rest =
            rest.map(|((port, class), rest)| (port, class, rest.count, rest.sources.estimate()));
        let rest = rest.collect();
        // The next minute has about as many.
        let room = large::with_capacity(self.records.len() + self.records.len() / 8);
        let records = std::mem::replace(&mut self.records, room);
        let size = (records.len() * 2).next_power_of_two().max(SLOTS_MIN);
        if self.slots.len() / 4 <= size && size <= self.slots.len() {
            self.slots.fill((0, 0));
        } else {
            self.slots = large::filled(size, (0, 0));
        }
        Some(Minute { begins, records, rest })
    }
}

fn net_of(address: IpAddr) -> IpNet {
    let bits = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, bits).map_or_else(|_| address.into(), |net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::{Flow, Flows, Minute, Sent};
    use crate::class::{Class, Scan};
    use crate::hash::Hashes;
    use crate::top::Port;
    use std::collections::BTreeMap;
    use std::net::{IpAddr, Ipv4Addr};
    use ukai_model::Timestamp;

    const SYN: Class = Class::Scan(Scan::Syn);

    fn add(flows: &mut Flows, second: u64, src: u32, dst: u32, port: u16) -> Option<Minute> {
        let hashes = Hashes::new(3);
        let src = IpAddr::V4(Ipv4Addr::from(src));
        let (src_hash, dst) = (hashes.address(src), IpAddr::V4(Ipv4Addr::from(dst)));
        let sent = Sent { src, src_hash, dst, port: Port::Tcp(port), class: SYN, bytes: 40 };
        flows.add(Timestamp::from_secs(second), sent, &hashes)
    }

    #[test]
    fn a_minute_is_closed_by_the_next() {
        let mut flows = Flows::new(100);
        for (second, dst) in [(0, 0xc612_0001), (1, 0xc612_0002), (2, 0xc612_0101)] {
            assert!(add(&mut flows, second, 9, dst, 23).is_none());
        }
        let minute = add(&mut flows, 60, 9, 0xc612_0001, 23).unwrap();
        let mut minute: Vec<_> = minute.flows().collect();
        minute.sort_by_key(|flow| flow.dst);
        let shown: Vec<_> = minute
            .iter()
            .map(|flow| (flow.dst.map(|net| net.to_string()), flow.packets, flow.bytes))
            .collect();
        let expected =
            [(Some("198.18.0.0/24".to_owned()), 2, 80), (Some("198.18.1.0/24".to_owned()), 1, 40)];
        assert_eq!(shown, expected);
        assert_eq!(flows.close().unwrap().len(), 1);
        assert!(flows.close().is_none());
    }

    #[test]
    fn records_are_what_a_plain_map_has() {
        let mut flows = Flows::new(1 << 20);
        let mut plain = BTreeMap::<_, u64>::new();
        for number in 0..60_000_u32 {
            let mixed = number.wrapping_mul(0x9e37_79b1);
            let (src, dst) = (mixed >> 20, 0xc612_0000 | mixed >> 8 & 0xffff);
            let port = (mixed & 3) as u16;
            add(&mut flows, 1, src, dst, port);
            *plain.entry((src, dst >> 8, port)).or_default() += 1;
        }
        let minute = flows.close().unwrap();
        let found: BTreeMap<_, _> = minute
            .flows()
            .map(|Flow { src, dst, port, packets, .. }| {
                let number = |address| match address {
                    IpAddr::V4(address) => u32::from(address),
                    IpAddr::V6(_) => panic!("no address of IPv6 was sent"),
                };
                let Some(Port::Tcp(port)) = port else { panic!("{port:?}") };
                ((number(src.unwrap()), number(dst.unwrap().addr()) >> 8, port), packets)
            })
            .collect();
        assert!(found.len() > 40_000, "{}", found.len());
        assert_eq!(found, plain);
    }

    #[test]
    fn under_a_flood_sums_stay_exact_and_sources_nearly() {
        let mut flows = Flows::new(1000);
        for source in 0..50_000 {
            add(&mut flows, 1, source, 0xc612_0000 + source % 256, 80);
        }
        let minute: Vec<_> = flows.close().unwrap().flows().collect();
        assert_eq!(minute.len(), 1001);
        assert_eq!(minute.iter().map(|flow| flow.packets).sum::<u64>(), 50_000);
        let rest = minute.iter().find(|flow| flow.src.is_none()).unwrap();
        assert_eq!(rest.packets, 49_000);
        // Four standard deviations; the seed is fixed.
        assert!((42_600..=55_400).contains(&rest.sources), "{}", rest.sources);
    }

    #[test]
    fn too_many_ports_are_counted_together_too() {
        let mut flows = Flows::new(1);
        for port in 0..10_000_u16 {
            add(&mut flows, 1, u32::from(port), 0xc612_0000, port);
        }
        let minute: Vec<_> = flows.close().unwrap().flows().collect();
        assert_eq!(minute.iter().map(|flow| flow.packets).sum::<u64>(), 10_000);
        let any = minute.iter().find(|flow| flow.src.is_none() && flow.port.is_none()).unwrap();
        assert_eq!(any.packets, 10_000 - 1 - 4096);
        assert_eq!(minute.len(), 1 + 4096 + 1);
    }
}

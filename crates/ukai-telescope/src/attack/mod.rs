//! Attacks on third parties, by their backscatter: the victim of a flood with forged sources
//! answers everybody, the telescope among them (RSDoS: randomly spoofed denial of service).

mod tally;

pub(crate) use tally::{Hit, Tally};

use crate::class::Vector;
use crate::origin::Origin;
use crate::table::Entry;
use crate::top::PortCount;
use ipnet::IpNet;
use serde::Serialize;
use std::net::IpAddr;
use ukai_model::Timestamp;

/// A victim, or a prefix of victims. Most are named by one packet, and take no more than this.
pub(crate) struct Victim {
    target: IpNet,
    first: Hit,
    last: Timestamp,
    packets: u64,
    /// Whether its beginning was told.
    pub(crate) announced: bool,
    tally: Option<Box<Tally>>,
}

impl Victim {
    pub(crate) fn new(target: IpNet, hit: Hit) -> Self {
        let last = hit.time;
        Self { target, first: hit, last, packets: 0, announced: false, tally: None }
    }

    pub(crate) const fn target(&self) -> IpNet {
        self.target
    }

    /// Counts a packet.
    #[inline]
    pub(crate) fn add(&mut self, hit: &Hit) {
        self.packets += 1;
        if self.packets == 1 {
            return;
        }
        let first = &self.first;
        self.tally.get_or_insert_with(|| Box::new(Tally::new(first))).add(hit);
        self.last = self.last.max(hit.time);
    }

    pub(crate) fn tally(&self) -> Option<&Tally> {
        self.tally.as_deref()
    }

    pub(crate) const fn first(&self) -> Timestamp {
        self.first.time
    }
}

impl Entry for Victim {
    fn address(&self) -> IpAddr {
        self.target.addr()
    }

    fn packets(&self) -> u64 {
        self.packets
    }

    fn last(&self) -> Timestamp {
        self.last
    }
}

/// One way in which a victim is attacked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VectorCount {
    /// How.
    pub vector: Vector,
    /// Packets that show it.
    pub packets: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// An attack, as it is reported.
#[derive(Clone, Debug, Serialize)]
pub struct Attack {
    /// The victim's address; a longer or shorter prefix if the whole of it is bombed.
    pub victim: IpNet,
    /// Whose it is.
    #[serde(flatten)]
    pub origin: Origin,
    /// Whether it is of the operator's own prefixes.
    pub own: bool,
    /// Whether it is over: nothing came for the time-out.
    pub ended: bool,
    /// The first packet.
    pub first: Timestamp,
    /// The last packet.
    pub last: Timestamp,
    /// How it is attacked, the strongest vector first.
    pub vectors: Vec<VectorCount>,
    /// The ports that are attacked most.
    pub ports: Vec<PortCount>,
    /// How many ports are, roughly.
    pub distinct_ports: u64,
    /// Packets at the telescope.
    pub packets: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Packets in the busiest minute, by steps of ten seconds.
    pub minute_peak: u64,
    /// Packets in the busiest second.
    pub second_peak: u64,
    /// Dark addresses that were answered.
    pub addresses: u64,
    /// Addresses under attack in the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub victims: Option<u64>,
    /// How it comes in waves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pulses: Option<Pulses>,
    /// Answers that the victim sends in the busiest minute, each second, if forged sources
    /// are spread evenly over IPv4: the attack has at least as many packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_estimated: Option<f64>,
}

/// Waves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pulses {
    /// How many.
    pub count: u64,
    /// From the beginning of one to that of the next, in seconds, on average.
    pub period_s: f64,
}

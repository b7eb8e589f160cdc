//! What is remembered about one source: counts, ports, tool, order and rate.

use crate::hash::Estimator;
use crate::limits::PORTS_MAX;
use crate::origin::Origin;
use crate::table::Entry;
use crate::tools::{Evidence, Signs, Tool, ToolCount};
use crate::top::{Port, PortCount, Top};
use serde::Serialize;
use std::net::IpAddr;
use std::time::Duration;
use ukai_model::Timestamp;

/// Counts exactly up to 128, then to 3.3 % (one standard deviation).
type Distinct = Estimator<10>;

/// What one packet says about its source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    pub(crate) time: Timestamp,
    pub(crate) signs: Signs,
    pub(crate) port: Port,
    pub(crate) is_probe: bool,
    pub(crate) bytes: u32,
    /// The low 64 bits of the destination.
    pub(crate) dst: u64,
    /// Hash of the destination.
    pub(crate) dst_hash: u64,
    /// Hash of destination and port.
    pub(crate) target_hash: u64,
}

/// A source. Most send one packet, and take no more than this.
pub(crate) struct Source {
    body: Body,
    last: Timestamp,
    packets: u64,
    probes: u64,
    address: IpAddr,
    /// Packets that may have been counted for an entry that was displaced.
    missed: u32,
    /// Whether it was told that it scans.
    pub(crate) announced: bool,
}

enum Body {
    /// One packet.
    One(Touch),
    /// More.
    Many(Box<Detail>),
}

struct Detail {
    first: Timestamp,
    evidence: Evidence,
    ports: Top<PORTS_MAX>,
    distinct_ports: Estimator<7>,
    /// Addresses; made when a second port is met, since with one they are the targets.
    addresses: Option<Distinct>,
    targets: Distinct,
    first_port: Port,
    steps: Steps,
    bytes: u64,
    second: u64,
    in_second: u32,
    peak: u32,
    visits: u32,
}

/// How one destination follows the other.
#[derive(Clone, Copy, Debug, Default)]
struct Steps {
    last: u64,
    up: u32,
    down: u32,
    same: u32,
    far: u32,
}

/// A step that is still "the next address": scanners work on several at once.
const STEP_MAX: u64 = 16;

impl Source {
    pub(crate) fn new(address: IpAddr, touch: Touch, missed: u32) -> Self {
        let body = Body::One(touch);
        Self { body, last: touch.time, packets: 0, probes: 0, address, missed, announced: false }
    }

    /// Reads what [`Self::add`] will read first: see [`crate::table::Table::warm_bucket`].
    #[inline]
    pub(crate) fn warm(&self) -> u64 {
        self.packets
    }

    /// The same for what lies behind it.
    #[inline]
    pub(crate) fn warm_detail(&self) -> u32 {
        match &self.body {
            Body::One(_) => 0,
            Body::Many(detail) => {
                detail.evidence.warm() ^ detail.steps.same ^ detail.in_second ^ detail.visits
            }
        }
    }

    pub(crate) const fn probes(&self) -> u64 {
        self.probes
    }

    /// Counts a packet.
    #[inline]
    pub(crate) fn add(&mut self, touch: &Touch, visit_gap: Duration) {
        self.packets += 1;
        self.probes += u64::from(touch.is_probe);
        if self.packets == 1 {
            return;
        }
        if let Body::One(first) = &self.body {
            self.body = Body::Many(Box::new(Detail::new(first)));
        }
        let Body::Many(detail) = &mut self.body else { return };
        if touch.time.since(self.last) >= visit_gap {
            detail.visits += 1;
        }
        detail.add(touch);
        self.last = self.last.max(touch.time);
    }

    /// Whether it scans.
    pub(crate) fn scans(&self, packets_min: u64, targets_min: u64) -> bool {
        let targets = || match &self.body {
            Body::One(_) => 1,
            Body::Many(detail) => detail.targets.estimate() as u64,
        };
        self.probes >= packets_min && targets() >= targets_min
    }

    /// What is known about it; `dark` is how many IPv4 addresses the telescope has.
    pub(crate) fn scanner(&self, dark: Option<u64>, sampling: u32) -> Scanner {
        let one;
        let detail = match &self.body {
            Body::One(first) => {
                one = Detail::new(first);
                &one
            }
            Body::Many(detail) => detail.as_ref(),
        };
        let seconds = self.last.since(detail.first).as_secs_f64();
        let rate = if seconds > 0.0 { (self.packets - 1) as f64 / seconds } else { 0.0 };
        let targets = detail.targets.estimate() as u64;
        let addresses = detail.addresses.as_ref().map_or(targets, |a| a.estimate() as u64);
        let dark = dark.filter(|dark| *dark > 0 && self.address.is_ipv4());
        let tools = detail.evidence.tools();
        Scanner {
            address: self.address,
            origin: Origin::default(),
            known: None,
            own: false,
            first: detail.first,
            last: self.last,
            packets: self.packets,
            packets_missed_max: u64::from(self.missed),
            probes: self.probes,
            bytes: detail.bytes,
            tool: tools.first().map(|count| count.tool),
            evidence: tools,
            ports: detail.ports.ports(),
            distinct_ports: detail.distinct_ports.estimate() as u64,
            addresses,
            targets,
            order: detail.steps.order(targets, self.packets, dark),
            rate,
            rate_peak: u64::from(detail.peak),
            coverage: dark.map(|dark| (addresses as f64 / dark as f64).min(1.0)),
            internet_rate: dark
                .map(|dark| rate * f64::from(sampling) * 4_294_967_296.0 / dark as f64),
            visits: u64::from(detail.visits),
        }
    }
}

impl Entry for Source {
    fn address(&self) -> IpAddr {
        self.address
    }

    fn packets(&self) -> u64 {
        self.packets
    }

    fn last(&self) -> Timestamp {
        self.last
    }
}

impl Detail {
    fn new(first: &Touch) -> Self {
        let mut detail = Self {
            first: first.time,
            evidence: Evidence::new(),
            ports: Top::new(),
            distinct_ports: Estimator::new(),
            addresses: None,
            first_port: first.port,
            targets: Distinct::new(),
            steps: Steps { last: first.dst, ..Steps::default() },
            bytes: 0,
            second: 0,
            in_second: 0,
            peak: 0,
            visits: 1,
        };
        detail.add(first);
        detail.steps.same = 0;
        detail
    }

    #[inline]
    fn add(&mut self, touch: &Touch) {
        if touch.is_probe {
            self.evidence.add(touch.signs);
        }
        if self.ports.add(touch.port) {
            self.distinct_ports.insert_hash(port_hash(touch.port));
        }
        // A target at the first port is named by its address alone.
        let is_first = touch.port == self.first_port;
        if !is_first && self.addresses.is_none() {
            self.addresses = Some(self.targets.clone());
        }
        if let Some(addresses) = &mut self.addresses {
            addresses.insert_hash(touch.dst_hash);
        }
        self.targets.insert_hash(if is_first { touch.dst_hash } else { touch.target_hash });
        self.steps.add(touch.dst);
        self.bytes += u64::from(touch.bytes);
        let second = touch.time.secs();
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += 1;
        self.peak = self.peak.max(self.in_second);
    }
}

/// A permutation that spreads the few bits of a port.
fn port_hash(port: Port) -> u64 {
    let code = u64::from(port.code()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (code ^ code >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

impl Steps {
    #[inline]
    fn add(&mut self, dst: u64) {
        let up = dst.wrapping_sub(self.last);
        self.last = dst;
        let way = match up {
            0 => &mut self.same,
            1..=STEP_MAX => &mut self.up,
            _ if up.wrapping_neg() <= STEP_MAX => &mut self.down,
            _ => &mut self.far,
        };
        *way = way.saturating_add(1);
    }

    fn order(&self, targets: u64, packets: u64, dark: Option<u64>) -> Order {
        let moves = u64::from(self.up) + u64::from(self.down) + u64::from(self.far);
        if moves < 4 {
            return Order::Unknown;
        }
        let most = |count: u32| u64::from(count) * 10 >= moves * 7;
        if most(self.up) {
            return Order::Ascending;
        }
        if most(self.down) {
            return Order::Descending;
        }
        // Of n draws from D with replacement, D(1 - e^(-n/D)) are different: 12 % fewer than
        // n where n is a quarter of D. The estimate of what is different errs by 3.3 %.
        match dark {
            Some(dark) if packets * 4 >= dark && targets * 100 >= packets * 95 => Order::EachOnce,
            Some(dark) if packets * 4 >= dark => Order::Random,
            _ => Order::Scattered,
        }
    }
}

/// In which order addresses are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Too few to say.
    Unknown,
    /// One after the other.
    Ascending,
    /// One before the other.
    Descending,
    /// Each once, in an order that looks random: a permutation, as ZMap's cyclic group and
    /// masscan's cipher make it.
    EachOnce,
    /// By lot, some of them again.
    Random,
    /// Far from each other; too few to tell a permutation from lots.
    Scattered,
}

impl Order {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ascending => "ascending",
            Self::Descending => "descending",
            Self::EachOnce => "each-once",
            Self::Random => "random",
            Self::Scattered => "scattered",
        }
    }
}

/// A source, as it is reported.
#[derive(Clone, Debug, Serialize)]
pub struct Scanner {
    /// Its address.
    pub address: IpAddr,
    /// Whose it is.
    #[serde(flatten)]
    pub origin: Origin,
    /// Under which name it is known to scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// Whether it is of the operator's own prefixes: then it is suspected to be infected.
    pub own: bool,
    /// Its first packet.
    pub first: Timestamp,
    /// Its last packet.
    pub last: Timestamp,
    /// Its packets.
    pub packets: u64,
    /// Packets before `first` that may not be counted, at most.
    pub packets_missed_max: u64,
    /// Packets that look for something.
    pub probes: u64,
    /// Bytes of its packets.
    pub bytes: u64,
    /// The tool that it uses most.
    pub tool: Option<Tool>,
    /// What betrays its tools.
    pub evidence: Vec<ToolCount>,
    /// The ports that it tries most.
    pub ports: Vec<PortCount>,
    /// How many ports it tries, roughly.
    pub distinct_ports: u64,
    /// Dark addresses that it tried.
    pub addresses: u64,
    /// Pairs of address and port that it tried.
    pub targets: u64,
    /// In which order.
    pub order: Order,
    /// Packets a second at the telescope, on average.
    pub rate: f64,
    /// Packets in its busiest second.
    pub rate_peak: u64,
    /// Which part of the telescope it tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Packets a second if it does to the whole of IPv4 what it does to the telescope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_rate: Option<f64>,
    /// Times that it came back after a silence.
    pub visits: u64,
}

//! What is remembered about one source: counts, ports, tool, order and rate.

use crate::estimator::Estimator;
use crate::hash::Hashes;
use crate::limits::PORTS_MAX;
use crate::origin::Origin;
use crate::prefetch::prefetch;
use crate::settings::Settings;
use crate::sweep::{Sweep, Track};
use crate::table::Entry;
use crate::tools::{Evidence, Marks, Signs, Tool, ToolCount};
use crate::top::{Port, PortCount, Top};
use serde::Serialize;
use std::net::IpAddr;
use ukai_model::Timestamp;

/// To 3.3 % (one standard deviation).
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
}

/// A source. Most send one packet, and take no more than this line of cache.
#[repr(align(64))]
pub(crate) struct Source {
    body: Body,
    address: IpAddr,
    /// Packets that may have been counted for an entry that was displaced.
    missed: u32,
    /// Whether it was told that it scans.
    pub(crate) announced: bool,
    /// Whether its only packet was told in an interval.
    told: bool,
}

const _: () = assert!(size_of::<Option<Source>>() == 64);

enum Body {
    /// One packet.
    One(First),
    /// More.
    Many(Box<Detail>),
}

/// A first packet, packed.
#[derive(Clone, Copy)]
struct First {
    time: Timestamp,
    dst: u64,
    dst_hash: u64,
    seq: u32,
    /// Both ports; without ports the protocol.
    ports: u32,
    bytes: u32,
    marks: Marks,
    /// The upper half of the port's code: which protocol it is of.
    kind: u8,
    is_probe: bool,
}

/// What is counted of a source that came more than once: what every packet changes first.
#[repr(C, align(64))]
struct Detail {
    last: Timestamp,
    packets: u64,
    probes: u64,
    bytes: u64,
    second: u64,
    in_second: u32,
    peak: u32,
    /// In which interval the source was counted last, and for which port.
    counted: Counted,
    visits: u32,
    steps: Steps,
    evidence: Evidence,
    ports: Top<PORTS_MAX>,
    targets: Distinct,
    /// Addresses; made when a second port is met, since with one they are the targets.
    addresses: Option<Distinct>,
    first_port: Port,
    distinct_ports: Estimator<7>,
    first: Timestamp,
    /// Packets that were told in intervals.
    told: u64,
    /// Addresses that ZMap's packets went to.
    track: Option<Box<Track>>,
}

/// For what a source was counted last: nothing becomes different by counting it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Which interval it was, by a number that begins with one.
    pub(crate) interval: u32,
    /// The port of a probe; zero is none.
    pub(crate) port: u32,
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
    pub(crate) fn new(address: IpAddr, touch: &Touch, missed: u32) -> Self {
        let body = Body::One(First::pack(touch));
        Self { body, address, missed, announced: false, told: false }
    }

    /// Brings what [`Self::add`] will read nearer.
    #[inline]
    pub(crate) fn prefetch(&self) {
        if let Body::Many(detail) = &self.body {
            prefetch(&detail.last);
            prefetch(&detail.steps);
            prefetch(&detail.evidence);
            prefetch(&detail.ports);
            prefetch(&detail.targets);
        }
    }

    /// The same for what lies behind it, which is near now.
    #[inline]
    pub(crate) fn prefetch_targets(&self, touch: &Touch) {
        if let Body::Many(detail) = &self.body
            && detail.first_port == touch.port
        {
            detail.targets.prefetch(touch.dst_hash);
        }
    }

    pub(crate) const fn probes(&self) -> u64 {
        match &self.body {
            Body::One(first) => first.is_probe as u64,
            Body::Many(detail) => detail.probes,
        }
    }

    /// Counts a packet that is not its first, of an interval; what it was counted for before.
    #[inline]
    pub(crate) fn add(
        &mut self,
        touch: &Touch,
        interval: u32,
        rules: &Settings,
        hashes: &Hashes,
    ) -> Counted {
        if let Body::One(first) = &self.body {
            let first = first.unpack(self.address.is_ipv4());
            let mut detail = Box::new(Detail::new(&first, hashes));
            detail.told = u64::from(self.told);
            self.body = Body::Many(detail);
        }
        let Body::Many(detail) = &mut self.body else { return Counted::default() };
        if touch.time.since(detail.last) >= rules.visit_gap {
            detail.visits += 1;
        }
        detail.add(touch, hashes);
        detail.last = detail.last.max(touch.time);
        let port = if touch.is_probe { touch.port.code() } else { 0 };
        let now = Counted { interval, port };
        std::mem::replace(&mut detail.counted, now)
    }

    /// Packets that were told in no interval yet.
    pub(crate) fn untold(&self) -> u64 {
        match &self.body {
            Body::One(_) => u64::from(!self.told),
            Body::Many(detail) => detail.packets - detail.told,
        }
    }

    /// The same, and now they are.
    pub(crate) fn tell(&mut self) -> u64 {
        let untold = self.untold();
        self.told = true;
        if let Body::Many(detail) = &mut self.body {
            detail.told = detail.packets;
        }
        untold
    }

    /// Whether it scans.
    pub(crate) fn scans(&self, packets_min: u64, targets_min: u64) -> bool {
        let targets = || match &self.body {
            Body::One(_) => 1,
            Body::Many(detail) => detail.targets.estimate(),
        };
        self.probes() >= packets_min && targets() >= targets_min
    }

    /// Its addresses, if it may be a scan of all of IPv4: ZMap's, for one port.
    pub(crate) fn track(&self) -> Option<&Track> {
        let Body::Many(detail) = &self.body else { return None };
        let one_port = detail.distinct_ports.estimate() == 1;
        detail.track.as_deref().filter(|track| one_port && track.is_enough())
    }

    /// What is known about it; `dark` is how many IPv4 addresses the telescope has.
    pub(crate) fn scanner(&self, dark: Option<u64>, sampling: u32, hashes: &Hashes) -> Scanner {
        let one;
        let detail = match &self.body {
            Body::One(first) => {
                one = Detail::new(&first.unpack(self.address.is_ipv4()), hashes);
                &one
            }
            Body::Many(detail) => detail.as_ref(),
        };
        let seconds = detail.last.since(detail.first).as_secs_f64();
        let rate = if seconds > 0.0 { (detail.packets - 1) as f64 / seconds } else { 0.0 };
        let targets = detail.targets.estimate();
        let addresses = detail.addresses.as_ref().map_or(targets, Estimator::estimate);
        let dark = dark.filter(|dark| *dark > 0 && self.address.is_ipv4());
        let tools = detail.evidence.tools();
        Scanner {
            address: self.address,
            origin: Origin::default(),
            known: None,
            own: false,
            first: detail.first,
            last: detail.last,
            packets: detail.packets,
            packets_missed_max: u64::from(self.missed),
            probes: detail.probes,
            bytes: detail.bytes,
            tool: tools.first().map(|count| count.tool),
            evidence: tools,
            ports: detail.ports.ports(),
            distinct_ports: detail.distinct_ports.estimate(),
            addresses,
            targets,
            order: detail.steps.order(targets, detail.packets, dark),
            sweep: None,
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
        match &self.body {
            Body::One(_) => 1,
            Body::Many(detail) => detail.packets,
        }
    }

    fn last(&self) -> Timestamp {
        match &self.body {
            Body::One(first) => first.time,
            Body::Many(detail) => detail.last,
        }
    }
}

impl First {
    fn pack(touch: &Touch) -> Self {
        let Touch { time, signs, port, is_probe, bytes, dst, dst_hash } = *touch;
        let code = port.code();
        let ports = if let Port::Protocol(number) = port { number.into() } else { signs.ports };
        let (seq, marks, kind) = (signs.seq, signs.marks, (code >> 16) as u8);
        Self { time, dst, dst_hash, seq, ports, bytes, marks, kind, is_probe }
    }

    fn unpack(&self, is_v4: bool) -> Touch {
        let port = Port::from_code(u32::from(self.kind) << 16 | self.ports & 0xffff);
        let ports = if matches!(port, Port::Protocol(_)) { 0 } else { self.ports };
        let dst = if is_v4 { self.dst as u32 } else { 0 };
        Touch {
            time: self.time,
            signs: Signs { marks: self.marks, seq: self.seq, ports, dst },
            port,
            is_probe: self.is_probe,
            bytes: self.bytes,
            dst: self.dst,
            dst_hash: self.dst_hash,
        }
    }
}

impl Detail {
    fn new(first: &Touch, hashes: &Hashes) -> Self {
        let mut detail = Self {
            last: first.time,
            packets: 0,
            probes: 0,
            bytes: 0,
            second: 0,
            in_second: 0,
            peak: 0,
            counted: Counted::default(),
            visits: 1,
            steps: Steps { last: first.dst, ..Steps::default() },
            evidence: Evidence::new(),
            ports: Top::new(),
            targets: Distinct::new(),
            addresses: None,
            first_port: first.port,
            distinct_ports: Estimator::new(),
            first: first.time,
            told: 0,
            track: None,
        };
        detail.add(first, hashes);
        detail.steps.same = 0;
        detail
    }

    #[inline]
    fn add(&mut self, touch: &Touch, hashes: &Hashes) {
        self.packets += 1;
        self.bytes += u64::from(touch.bytes);
        if touch.is_probe {
            self.probes += 1;
            self.evidence.add(touch.signs);
            if touch.signs.marks.has(Marks::ZMAP) && touch.signs.dst != 0 {
                self.follow(touch);
            }
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
        self.targets.insert_hash(if is_first {
            touch.dst_hash
        } else {
            hashes.pair(touch.dst_hash, touch.port.code())
        });
        self.steps.add(touch.dst);
        let second = touch.time.secs();
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += 1;
        self.peak = self.peak.max(self.in_second);
    }
}

impl Detail {
    #[cold]
    fn follow(&mut self, touch: &Touch) {
        match &mut self.track {
            Some(track) => track.add(touch.signs.dst, touch.time),
            None => self.track = Some(Box::new(Track::new(touch.signs.dst, touch.time))),
        }
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
    /// By ZMap's cyclic group, whose generator is known: see [`Sweep`].
    Cyclic,
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
            Self::Cyclic => "cyclic",
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
    /// Which scan of the whole of IPv4 it is a part of, if that could be solved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// Packets a second at the telescope, on average.
    pub rate: f64,
    /// Packets in its busiest second.
    pub rate_peak: u64,
    /// Which part of the telescope it tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Packets a second if it does to the whole of IPv4 what it does to the telescope; what
    /// it does, where [`Self::sweep`] is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_rate: Option<f64>,
    /// Times that it came back after a silence.
    pub visits: u64,
}

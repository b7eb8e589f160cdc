//! The telescope: frames in, facts out.

use crate::attack::{Attack, Hit, Victim};
use crate::blocks::Blocks;
use crate::campaign::{Campaign, Campaigns};
use crate::class::{Class, Impossible, Scan, Vector};
use crate::conversations::Conversations;
use crate::flows::{Flows, Minute, Sent};
use crate::hash::Hashes;
use crate::interval::{Interval, Intervals, Parts};
use crate::limits::{FACTS_MAX, MINUTES_MAX, PENDING, SWEEPS_AT_ONCE, SWEEPS_AT_THE_END};
use crate::origin::Origins;
use crate::origin::counts::{CountrySeen, SystemSeen};
use crate::origins_seen::OriginsSeen;
use crate::ports::{Closed, PortReport, Ports, Rise};
use crate::quick::Syn;
use crate::seen::{Seen, Transport};
use crate::senders::{SenderSeen, Senders};
use crate::settings::Settings;
use crate::source::{Counted, Order, Scanner, Source, Touch};
use crate::table::{Entry as _, Spot, Table};
use crate::tools::marks;
use crate::top::Port;
use crate::totals::Totals;
use crate::{Link, class, classify};
use ipnet::IpNet;
use serde::Serialize;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ukai_model::Timestamp;

/// How often attacks, and sources where they are told early, are looked at, in packet time.
const SWEEP: Duration = Duration::from_secs(10);

/// Something that the telescope found out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    /// An attack passed the thresholds.
    AttackBegan(Attack),
    /// An attack is over, or the packets are.
    AttackEnded(Attack),
    /// A source has begun to scan; only where [`Settings::forget_after`] is set.
    ScannerBegan(Scanner),
    /// A source that scanned, with all that it did.
    Scanner(Scanner),
    /// A port is tried by many more sources than before.
    PortRises(Rise),
    /// An interval is over: what came in it.
    Interval(Interval),
}

/// A telescope.
pub struct Telescope {
    settings: Settings,
    origins: Arc<Origins>,
    hashes: Hashes,
    dark_v4: Option<u64>,
    now: Timestamp,
    conversations: Option<Conversations>,
    next_sweep: Timestamp,
    totals: Totals,
    sources: Table<Source>,
    pending: Vec<Pending>,
    victims: Table<Victim>,
    carpets: Table<Victim>,
    ports: Ports,
    campaigns: Campaigns,
    /// How many scans may yet be solved before the next look at what is over.
    sweeps_left: u32,
    seen: Intervals,
    blocks: Blocks,
    senders: Senders,
    /// None where nothing is known of any address.
    origins_seen: Option<OriginsSeen>,
    /// The number of the interval that is open; from one on.
    interval: u32,
    flows: Option<Flows>,
    minutes: VecDeque<Minute>,
    facts: VecDeque<Fact>,
    facts_lost: u64,
}

/// A packet that has yet to be counted for its source.
struct Pending {
    address: IpAddr,
    hash: u64,
    spot: Spot,
    touch: Touch,
}

/// What is known in sum.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Packets by what they are.
    pub totals: Totals,
    /// Different sources, to 0.8 % (one standard deviation); those of impossible packets and
    /// of backscatter too.
    pub sources: u64,
    /// Different destinations, to 0.8 %.
    pub addresses: u64,
    /// Sources that made room for others: their counts begin anew if they come back.
    pub sources_displaced: u64,
    /// Victims that made room for others.
    pub victims_displaced: u64,
    /// Facts, and minutes of records, that nobody took in time.
    pub facts_lost: u64,
    /// The ports that were tried most.
    pub ports: Vec<PortReport>,
    /// The countries of the most sources, at most 100, with all that they sent; none without a
    /// table of origins.
    pub countries: Vec<CountrySeen>,
    /// The same by autonomous system.
    pub systems: Vec<SystemSeen>,
    /// Sources that belong together.
    pub campaigns: Vec<Campaign>,
}

impl Telescope {
    /// A telescope. `seed` must not be known to those who are watched.
    pub fn new(settings: Settings, origins: impl Into<Arc<Origins>>, seed: u64) -> Self {
        let addresses = settings.dark.v4_addresses();
        let origins = origins.into();
        Self {
            dark_v4: (addresses > 0).then_some(addresses),
            hashes: Hashes::new(seed),
            now: Timestamp::default(),
            conversations: settings.answered.then(Conversations::new),
            next_sweep: Timestamp::default(),
            totals: Totals::default(),
            sources: Table::new(settings.sources_max),
            pending: Vec::with_capacity(PENDING),
            victims: Table::new(settings.victims_max),
            carpets: Table::new(settings.victims_max / 4),
            ports: Ports::new(settings.interval),
            campaigns: Campaigns::default(),
            sweeps_left: SWEEPS_AT_ONCE,
            seen: Intervals::default(),
            blocks: Blocks::new(&settings.dark),
            senders: Senders::default(),
            origins_seen: (!origins.is_empty()).then(|| OriginsSeen::new(Arc::clone(&origins))),
            interval: 1,
            flows: (settings.flows_max > 0).then(|| Flows::new(settings.flows_max)),
            minutes: VecDeque::new(),
            facts: VecDeque::new(),
            facts_lost: 0,
            settings,
            origins,
        }
    }

    /// Takes a frame as a capture has it: when it came, and how long it was on the wire.
    #[inline]
    pub fn frame(&mut self, time: Timestamp, link: Link, frame: &[u8], wire_bytes: u32) {
        match link.packet(frame) {
            Ok(Some(packet)) => self.packet(time, packet, wire_bytes as usize > frame.len()),
            Ok(None) => self.totals.not_ip += 1,
            Err(_) => self.totals.unreadable += 1,
        }
    }

    /// Says what time it is, where no packets come: what is over is told.
    pub fn tick(&mut self, now: Timestamp) {
        self.advance(now);
    }

    /// Takes a packet of IP. `cut` says that the capture kept only its beginning.
    pub fn packet(&mut self, time: Timestamp, packet: &[u8], cut: bool) {
        self.advance(time);
        let Settings { reading, rules, dark, .. } = &self.settings;
        if self.conversations.is_none()
            && let Some(syn) = Syn::read(packet, *reading, *rules)
            && !dark.contains(syn.src())
        {
            return self.syn(time, &syn);
        }
        let Ok(seen) = Seen::read(packet, cut, self.settings.reading) else {
            self.totals.unreadable += 1;
            return;
        };
        let mut verdict = classify(&seen, self.settings.rules);
        let dark = &self.settings.dark;
        if !dark.is_empty() {
            let Some(place) = dark.place(seen.dst) else {
                self.totals.elsewhere += 1;
                return;
            };
            self.blocks.add(place);
            if dark.contains(seen.src) {
                let class = Class::Impossible(Impossible::OwnSource);
                verdict = class::Verdict { class, victim: None };
            }
        }
        if let Some(conversations) = &mut self.conversations
            && conversations.goes_on(&seen, &self.hashes)
        {
            self.totals.conversations += 1;
            return;
        }
        self.totals.count(verdict.class, time, seen.length);
        let src_hash = self.hashes.address(seen.src);
        let dst_hash = self.hashes.address(seen.dst);
        self.seen.add_address(dst_hash);
        if let Some(flows) = &mut self.flows {
            let sent = Sent {
                src: seen.src,
                src_hash,
                dst: seen.dst,
                port: port_of(&seen),
                class: verdict.class,
                bytes: seen.length,
            };
            if let Some(minute) = flows.add(time, sent, &self.hashes) {
                self.keep_minute(minute);
            }
        }
        match verdict.class {
            Class::Backscatter(_) => {
                self.seen.add_source(src_hash);
                if let Some(victim) = verdict.victim {
                    self.victim(time, &victim, seen.length, dst_hash);
                }
            }
            // Who is said to have sent these did not.
            Class::Impossible(Impossible::Source | Impossible::OwnSource | Impossible::Broken) => {
                self.seen.add_source(src_hash);
            }
            class => {
                let touch = Touch {
                    time,
                    signs: marks(&seen),
                    port: port_of(&seen),
                    is_probe: matches!(class, Class::Scan(_)),
                    bytes: seen.length,
                    dst: low(seen.dst),
                    dst_hash,
                };
                self.source(seen.src, src_hash, touch);
            }
        }
    }

    /// Counts a SYN over IPv4.
    fn syn(&mut self, time: Timestamp, syn: &Syn) {
        const CLASS: Class = Class::Scan(Scan::Syn);
        let dst = syn.dst();
        if !self.settings.dark.is_empty() {
            let Some(place) = self.settings.dark.place(dst) else {
                self.totals.elsewhere += 1;
                return;
            };
            self.blocks.add(place);
        }
        let (length, port) = (syn.length, Port::Tcp(syn.dst_port));
        self.totals.count(CLASS, time, length);
        let (src_hash, dst_hash) = (self.hashes.address(syn.src()), self.hashes.address(dst));
        self.seen.add_address(dst_hash);
        if let Some(flows) = &mut self.flows {
            let (src, class, bytes) = (syn.src(), CLASS, length);
            let sent = Sent { src, src_hash, dst, port, class, bytes };
            if let Some(minute) = flows.add(time, sent, &self.hashes) {
                self.keep_minute(minute);
            }
        }
        let (signs, dst) = (syn.signs, u64::from(syn.dst));
        let touch = Touch { time, signs, port, is_probe: true, bytes: length, dst, dst_hash };
        self.source(syn.src(), src_hash, touch);
    }

    /// Counts a packet for its source, soon.
    #[inline]
    fn source(&mut self, address: IpAddr, hash: u64, touch: Touch) {
        self.sources.prefetch(hash);
        self.pending.push(Pending { address, hash, spot: Spot::default(), touch });
        if self.pending.len() >= PENDING {
            self.settle();
        }
    }

    /// Counts what is pending. Memory is slower than everything else here: what will be
    /// needed is asked for, for all packets, before the first is counted.
    fn settle(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        for one in &mut pending {
            one.spot = self.sources.look(one.hash, one.touch.time);
            if one.touch.is_probe {
                self.ports.prefetch(one.touch.port);
            }
        }
        for one in &pending {
            if let Some(source) = self.sources.spotted(one.spot, one.hash) {
                source.prefetch();
            }
        }
        for one in &pending {
            if let Some(source) = self.sources.spotted(one.spot, one.hash) {
                source.prefetch_targets(&one.touch);
            }
        }
        for one in &pending {
            let touch = &one.touch;
            let make = |missed| Source::new(one.address, touch, missed);
            let place = self.sources.place_at(one.spot, one.hash, touch.time, make);
            let mut counted = Counted::default();
            if !place.is_new
                && let Some(source) = self.sources.at(place.index)
            {
                counted = source.add(touch, self.interval, &self.settings, &self.hashes);
            }
            let again = counted.interval == self.interval;
            if !again {
                self.seen.add_source(one.hash);
            }
            if touch.is_probe {
                let again = again && counted.port == touch.port.code();
                self.ports.add(touch.port, (!again).then_some(one.hash));
            }
            if let Some(displaced) = place.displaced {
                self.retire(&displaced);
            }
        }
        self.pending = pending;
        self.pending.clear();
    }

    fn victim(&mut self, time: Timestamp, victim: &class::Victim, bytes: u32, dst_hash: u64) {
        let port = victim.port.map(|port| match victim.vector {
            Vector::Tcp => Port::Tcp(port),
            _ => Port::Udp(port),
        });
        let victim_hash = self.hashes.address(victim.address);
        let hit = Hit { time, vector: victim.vector, port, bytes, dst_hash, victim_hash };
        let rules = self.settings.attack;
        let bits =
            if victim.address.is_ipv4() { rules.carpet_v4_bits } else { rules.carpet_v6_bits };
        let alone = IpNet::from(victim.address);
        let around = IpNet::new(victim.address, bits).map_or(alone, |net| net.trunc());
        let around_hash = self.hashes.pair(self.hashes.address(around.addr()), u32::MAX);
        for (is_prefix, net, key) in [(false, alone, victim_hash), (true, around, around_hash)] {
            let table = if is_prefix { &mut self.carpets } else { &mut self.victims };
            let place = table.place(key, time, |_| Victim::new(net, hit));
            let mut over = place.displaced;
            if let Some(entry) = table.at(place.index) {
                if time.since(entry.last()) >= rules.timeout {
                    over = Some(std::mem::replace(entry, Victim::new(net, hit)));
                }
                entry.add(&hit);
            }
            if let Some(over) = over {
                self.end(&over, is_prefix, true);
            }
        }
    }

    /// Moves the time on; what is over is told.
    fn advance(&mut self, time: Timestamp) {
        self.now = self.now.max(time);
        if self.now < self.next_sweep {
            return;
        }
        self.next_sweep = self.now + SWEEP;
        self.sweeps_left = SWEEPS_AT_ONCE;
        self.settle();
        if let Some(closed) = self.ports.advance(self.now, self.settings.rising) {
            self.close_interval(closed);
        }
        if let Some(forget_after) = self.settings.forget_after {
            self.look_at_sources(forget_after);
        }
        let rules = self.settings.attack;
        let now = self.now;
        for is_prefix in [false, true] {
            let table = if is_prefix { &mut self.carpets } else { &mut self.victims };
            let mut over = Vec::new();
            table.take(
                |victim| now.since(victim.last()) >= rules.timeout,
                |victim| over.push(victim),
            );
            let mut began = Vec::new();
            for victim in table.iter_mut().filter(|victim| !victim.announced) {
                let Some(tally) = victim.tally() else { continue };
                if tally.passes(victim, &rules, is_prefix) {
                    let sampling = self.settings.sampling;
                    began.push(tally.attack(victim, is_prefix, self.dark_v4, sampling));
                    victim.announced = true;
                }
            }
            for attack in began {
                let attack = self.placed(attack);
                self.tell(Fact::AttackBegan(attack));
            }
            for victim in over {
                self.end(&victim, is_prefix, true);
            }
        }
    }

    fn close_interval(&mut self, closed: Closed) {
        self.interval = self.interval.wrapping_add(1).max(1);
        for rise in closed.rises {
            self.tell(Fact::PortRises(rise));
        }
        for source in self.sources.iter_mut() {
            let packets = source.tell();
            if packets > 0 {
                let address = source.address();
                self.senders.offer(address, packets);
                if let Some(seen) = &mut self.origins_seen {
                    seen.add(address, self.hashes.address(address), packets);
                }
            }
        }
        let senders = self.senders.close().into_iter();
        let senders = senders.map(|(source, packets)| {
            let origin = self.origins.of(source);
            SenderSeen { source, origin, packets }
        });
        let senders = senders.collect();
        let seen = self.origins_seen.as_mut();
        let (countries, systems) = seen.map(OriginsSeen::close).unwrap_or_default();
        let (ports, blocks) = (closed.ports, self.blocks.close());
        let parts = Parts { ports, blocks, senders, countries, systems };
        let interval = self.seen.close(closed.begins, closed.length, &self.totals, parts);
        self.tell(Fact::Interval(interval));
    }

    /// Tells who scans, and forgets who is silent.
    fn look_at_sources(&mut self, forget_after: Duration) {
        let mut began = Vec::new();
        for source in self.sources.iter_mut().filter(|source| !source.announced) {
            if self.settings.takes_for_scanner(source) {
                source.announced = true;
                let scanner = source.scanner(self.dark_v4, self.settings.sampling, &self.hashes);
                began.push(solved(scanner, source, &mut self.sweeps_left));
            }
        }
        for scanner in began {
            let scanner = self.known(scanner);
            self.tell(Fact::ScannerBegan(scanner));
        }
        let now = self.now;
        let mut silent = Vec::new();
        let is_silent = |source: &Source| now.since(source.last()) >= forget_after;
        self.sources.take(is_silent, |source| silent.push(source));
        for source in silent {
            self.retire(&source);
        }
    }

    /// Tells what an attack was, if it was one.
    fn end(&mut self, victim: &Victim, is_prefix: bool, ended: bool) {
        let Some(tally) = victim.tally() else { return };
        if tally.passes(victim, &self.settings.attack, is_prefix) {
            let attack = tally.attack(victim, is_prefix, self.dark_v4, self.settings.sampling);
            let attack = self.placed(Attack { ended, ..attack });
            self.tell(Fact::AttackEnded(attack));
        }
    }

    fn placed(&self, attack: Attack) -> Attack {
        let origin = self.origins.of(attack.victim.addr());
        let own = self.settings.own.contains(attack.victim.addr());
        Attack { origin, own, ..attack }
    }

    /// Counts what a source sent since the last interval, and tells what it was if it scanned.
    fn retire(&mut self, source: &Source) {
        let untold = source.untold();
        if untold > 0 {
            self.senders.offer(source.address(), untold);
            if let Some(seen) = &mut self.origins_seen {
                seen.add(source.address(), self.hashes.address(source.address()), untold);
            }
        }
        if !self.settings.takes_for_scanner(source) {
            return;
        }
        let scanner = source.scanner(self.dark_v4, self.settings.sampling, &self.hashes);
        let scanner = solved(scanner, source, &mut self.sweeps_left);
        let scanner = self.known(scanner);
        self.campaigns.add(&scanner);
        self.tell(Fact::Scanner(scanner));
    }

    fn known(&self, mut scanner: Scanner) -> Scanner {
        scanner.origin = self.origins.of(scanner.address);
        scanner.known = self.origins.known(scanner.address).map(str::to_owned);
        scanner.own = self.settings.own.contains(scanner.address);
        scanner
    }

    fn tell(&mut self, fact: Fact) {
        if self.facts.len() >= FACTS_MAX {
            self.facts.pop_front();
            self.facts_lost += 1;
        }
        self.facts.push_back(fact);
    }

    fn keep_minute(&mut self, minute: Minute) {
        if self.minutes.len() >= MINUTES_MAX {
            self.minutes.pop_front();
            self.facts_lost += 1;
        }
        self.minutes.push_back(minute);
    }

    /// The records of minutes that are over, if they are made: see [`Settings::flows_max`].
    pub fn minutes(&mut self) -> impl Iterator<Item = Minute> + '_ {
        self.minutes.drain(..)
    }

    /// What was found out since this was last called.
    pub fn facts(&mut self) -> impl Iterator<Item = Fact> + '_ {
        self.facts.drain(..)
    }

    /// There are no more packets: tells every scanner, and the attacks that go on.
    pub fn finish(&mut self) {
        self.sweeps_left = SWEEPS_AT_THE_END;
        self.settle();
        if let Some(minute) = self.flows.as_mut().and_then(Flows::close) {
            self.keep_minute(minute);
        }
        if let Some(closed) = self.ports.finish(self.settings.rising) {
            self.close_interval(closed);
        }
        for is_prefix in [false, true] {
            let table = if is_prefix { &mut self.carpets } else { &mut self.victims };
            let mut open = Vec::new();
            table.take(|_| true, |victim| open.push(victim));
            for victim in open {
                self.end(&victim, is_prefix, false);
            }
        }
        let mut sources = Vec::new();
        self.sources.take(|_| true, |source| sources.push(source));
        for source in sources {
            self.retire(&source);
        }
    }

    /// Packets that were named so far.
    pub const fn packets(&self) -> u64 {
        self.totals.packets
    }

    /// What is known in sum, of intervals that are closed and sources that were told.
    pub fn summary(&self, ports: usize) -> Summary {
        let seen = self.origins_seen.as_ref();
        let (countries, systems) = seen.map(OriginsSeen::all).unwrap_or_default();
        Summary {
            totals: self.totals.clone(),
            sources: self.seen.sources(),
            addresses: self.seen.addresses(),
            sources_displaced: self.sources.displaced(),
            victims_displaced: self.victims.displaced(),
            facts_lost: self.facts_lost,
            ports: self.ports.report(ports),
            countries,
            systems,
            campaigns: self.campaigns.report(),
        }
    }
}

/// A scanner with the scan of all of IPv4 that it is a part of, if that is found; a flood of
/// forged ones must not take all the time.
fn solved(mut scanner: Scanner, source: &Source, left: &mut u32) -> Scanner {
    if let Some(track) = source.track()
        && *left > 0
    {
        *left -= 1;
        if let Some(sweep) = track.sweep() {
            scanner.order = Order::Cyclic;
            scanner.internet_rate = Some(sweep.rate);
            scanner.sweep = Some(sweep);
        }
    }
    scanner
}

fn port_of(seen: &Seen<'_>) -> Port {
    match &seen.transport {
        Transport::Tcp(segment) => Port::Tcp(segment.dst_port),
        Transport::Udp(datagram) => Port::Udp(datagram.dst_port),
        Transport::Icmp(_) => Port::Icmp,
        Transport::Fragment | Transport::Other => Port::Protocol(seen.protocol),
    }
}

fn low(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address) as u64,
    }
}

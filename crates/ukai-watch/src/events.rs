//! What the telescope finds out, as events for the store.

use crate::limits::{
    EVENTS_AT_ONCE, EVENTS_WAITING_MAX, INTERVAL_ORIGINS_TOLD, INTERVAL_PORTS_TOLD,
    SCANNERS_PER_MINUTE_MAX,
};
use crate::watch::News;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use ukai_driver::{SystemWorld, World as _};
use ukai_model::{Event, EventId, EventKind, SCHEMA_VERSION, SensorId, Timestamp};
use ukai_store::Store;
use ukai_telescope::{Attack, Fact, Interval, Scanner, Tool};

/// Gives what keeps news as events of a sensor, and the task that ends when that is gone and
/// everything is in the store.
pub fn keep(store: Store, sensor: SensorId) -> (impl FnMut(News) + Send + 'static, JoinHandle<()>) {
    let (sender, mut waiting) = mpsc::channel::<Event>(EVENTS_WAITING_MAX);
    let task = tokio::spawn(async move {
        let mut events = Vec::new();
        while waiting.recv_many(&mut events, EVENTS_AT_ONCE).await > 0 {
            if let Err(error) = store.submit(std::mem::take(&mut events)).await {
                tracing::error!(%error, "events of the telescope are lost");
            }
        }
    });
    let mut pace = Pace::default();
    let keep = move |news| {
        let News::Fact(fact, now, dropped) = news else { return };
        for kind in pace.let_through(*fact, now, dropped) {
            let id = EventId::new(now, SystemWorld.random());
            let (v, sensor) = (SCHEMA_VERSION, sensor.clone());
            let event = Event { v, id, time: now, sensor, session: None, flow: None, kind };
            // Only at the end of the program is there nobody who takes it.
            let _ = sender.blocking_send(event);
        }
    };
    (keep, task)
}

/// Sees to it that a flood of sources does not become one of events.
#[derive(Default)]
struct Pace {
    minute: u64,
    told: u32,
    left_out: u64,
    dropped_before: u64,
}

impl Pace {
    fn let_through(&mut self, fact: Fact, now: Timestamp, dropped: u64) -> Vec<EventKind> {
        let mut kinds = Vec::new();
        let minute = now.secs() / 60;
        if minute != self.minute {
            if self.left_out > 0 {
                kinds.push(EventKind::LimitReached {
                    limit: "telescope.scanners_per_minute".to_owned(),
                    detail: format!("{} events of scanners are not kept", self.left_out),
                });
            }
            (self.minute, self.told, self.left_out) = (minute, 0, 0);
        }
        match fact {
            Fact::AttackBegan(attack) => kinds.push(attack_event("began", attack)),
            Fact::AttackEnded(attack) => kinds.push(attack_event("ended", attack)),
            Fact::ScannerBegan(scanner) => self.scanner("began", scanner, &mut kinds),
            Fact::Scanner(scanner) => self.scanner("ended", scanner, &mut kinds),
            Fact::PortRises(rise) => kinds.push(EventKind::TelescopeRise {
                port: rise.port.to_string(),
                begins: rise.begins,
                sources: rise.sources,
                packets: rise.packets,
                history: rise.history.iter().map(|past| past.sources).collect(),
            }),
            Fact::Interval(interval) => {
                let new = dropped - self.dropped_before;
                self.dropped_before = dropped;
                interval_events(&interval, new, &mut kinds);
            }
        }
        kinds
    }

    fn scanner(&mut self, state: &str, scanner: Scanner, kinds: &mut Vec<EventKind>) {
        if self.told >= SCANNERS_PER_MINUTE_MAX && !scanner.own {
            self.left_out += 1;
            return;
        }
        self.told += 1;
        kinds.push(scanner_event(state, scanner));
    }
}

fn attack_event(state: &str, attack: Attack) -> EventKind {
    let net = attack.victim;
    let alone = net.prefix_len() == net.max_prefix_len();
    EventKind::TelescopeAttack {
        state: state.to_owned(),
        victim: if alone { net.addr().to_string() } else { net.to_string() },
        country: attack.origin.country,
        asn: attack.origin.asn,
        as_name: attack.origin.name,
        own: attack.own,
        first: attack.first,
        last: attack.last,
        vectors: attack.vectors.iter().map(|count| count.vector.name().to_owned()).collect(),
        ports: attack.ports.iter().map(|count| count.port.to_string()).collect(),
        packets: attack.packets,
        minute_peak: attack.minute_peak,
        addresses: attack.addresses,
        victims: attack.victims,
        waves: attack.pulses.map(|pulses| pulses.count),
        rate_estimated: attack.rate_estimated.map(|rate| rate as u64),
    }
}

fn scanner_event(state: &str, scanner: Scanner) -> EventKind {
    EventKind::TelescopeScanner {
        state: state.to_owned(),
        source: scanner.address,
        known: scanner.known,
        country: scanner.origin.country,
        asn: scanner.origin.asn,
        as_name: scanner.origin.name,
        own: scanner.own,
        first: scanner.first,
        last: scanner.last,
        packets: scanner.packets,
        tool: scanner.tool.map(Tool::name).map(str::to_owned),
        ports: scanner.ports.iter().map(|count| count.port.to_string()).collect(),
        distinct_ports: scanner.distinct_ports,
        addresses: scanner.addresses,
        order: scanner.order.name().to_owned(),
        internet_rate: scanner.internet_rate.map(|rate| rate as u64),
        generator: scanner.sweep.map(|sweep| sweep.generator),
        done_permille: scanner.sweep.map(|sweep| (sweep.done * 1000.0) as u64),
    }
}

fn interval_events(interval: &Interval, dropped: u64, kinds: &mut Vec<EventKind>) {
    let group = |name| interval.groups.get(name).copied().unwrap_or_default();
    let (scan, backscatter) = (group("scan"), group("backscatter"));
    kinds.push(EventKind::TelescopeInterval {
        begins: interval.begins,
        length_s: interval.length_s,
        packets: interval.packets,
        bytes: interval.bytes,
        sources: interval.sources,
        addresses: interval.addresses,
        scan,
        backscatter,
        other: interval.packets - scan - backscatter,
        dropped,
    });
    if !interval.blocks.is_empty() {
        kinds.push(EventKind::TelescopeBlocks {
            begins: interval.begins,
            length_s: interval.length_s,
            blocks: interval.blocks.iter().map(|seen| seen.block.to_string()).collect(),
            packets: interval.blocks.iter().map(|seen| seen.packets).collect(),
        });
    }
    for (seen, rank) in interval.ports.iter().take(INTERVAL_PORTS_TOLD).zip(1..) {
        kinds.push(EventKind::TelescopePort {
            port: seen.port.to_string(),
            begins: interval.begins,
            length_s: interval.length_s,
            rank,
            sources: seen.sources,
            packets: seen.packets,
        });
    }
    let (begins, length_s) = (interval.begins, interval.length_s);
    for (seen, rank) in interval.countries.iter().take(INTERVAL_ORIGINS_TOLD).zip(1..) {
        let country = seen.country.clone();
        let (sources, packets) = (seen.sources, seen.packets);
        kinds.push(EventKind::TelescopeCountry {
            country,
            begins,
            length_s,
            rank,
            sources,
            packets,
        });
    }
    for (seen, rank) in interval.systems.iter().take(INTERVAL_ORIGINS_TOLD).zip(1..) {
        let (asn, as_name) = (seen.asn, seen.name.clone());
        let (sources, packets) = (seen.sources, seen.packets);
        kinds.push(EventKind::TelescopeSystem {
            asn,
            as_name,
            begins,
            length_s,
            rank,
            sources,
            packets,
        });
    }
}

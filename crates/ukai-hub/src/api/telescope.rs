//! The telescope in numbers: what came to unused addresses, for which ports, who is under
//! attack, and who scans. All of it from events, so it is the same for every sensor.

use super::error::{ApiError, ErrorBody};
use super::overview::Range;
use super::query::{Params, Part};
use crate::shared::App;
use crate::{clock, limits};
use axum::Json;
use axum::extract::State;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;
use ukai_model::{Event, EventKind, Timestamp, Transport};
use ukai_store::{EventQuery, SessionQuery, SessionSummary, Store, TopEntry};

/// What is asked of the telescope.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TelescopeQuery {
    /// How far back; a day when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    range: Range,
}

/// What came in an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct DarkInterval {
    /// It begins here.
    begins: Timestamp,
    /// Packets.
    packets: u64,
    /// Sources; of several sensors, in sum.
    sources: u64,
    /// Packets that look for something.
    scan: u64,
    /// Packets that answer what was sent with a forged source.
    backscatter: u64,
    /// All others.
    other: u64,
    /// Packets that arrived and were not looked at.
    dropped: u64,
}

/// A port in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct PortCell {
    /// The interval begins here.
    begins: Timestamp,
    /// Sources that tried it.
    sources: u64,
    /// Probes.
    packets: u64,
}

/// A port over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct PortLine {
    /// The port: `23/tcp`.
    port: String,
    /// Probes in the whole time.
    packets: u64,
    /// Sources of the second half of the time, summed over its intervals.
    sources: u64,
    /// The same of the first half.
    sources_before: u64,
    /// Its place by sources in the second half.
    rank: u64,
    /// Its place in the first half; absent if it was not tried then.
    rank_before: Option<u64>,
    /// The intervals in which it was among the most tried, the oldest first.
    cells: Vec<PortCell>,
}

/// What came from a country, or from an autonomous system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct OriginLine {
    /// The country, or the system: `AS64500 Example`; `?` where it is not known.
    value: String,
    /// Packets in the whole time; of the intervals in which it was among those of the most
    /// sources.
    packets: u64,
    /// Different sources in the interval in which they were most; of several sensors, in sum.
    sources: u64,
}

/// What came to a block of the telescope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct BlockCount {
    /// A /24, or a /48 of IPv6.
    block: String,
    /// Packets.
    packets: u64,
}

/// The telescope in numbers.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TelescopeView {
    /// How far back.
    range: Range,
    /// What came, the oldest first; intervals are told when they are over.
    intervals: Vec<DarkInterval>,
    /// The ports that most sources tried.
    ports: Vec<PortLine>,
    /// How much came to each block of the telescope, by address; to the most hit of each
    /// interval, where there are many.
    blocks: Vec<BlockCount>,
    /// The countries of the most sources.
    source_countries: Vec<OriginLine>,
    /// The autonomous systems of the most sources.
    source_systems: Vec<OriginLine>,
    /// Attacks on third parties, the newest first: the last that is known of each.
    attacks: Vec<Event>,
    /// Attacks by the victim's country.
    countries: Vec<TopEntry>,
    /// Attacks by the victim's autonomous system.
    systems: Vec<TopEntry>,
    /// Ports that rose, the newest first.
    rises: Vec<Event>,
    /// Sources that scanned, those with the most packets first.
    scanners: Vec<Event>,
    /// Sources in the operator's own prefixes, the newest first: suspected to be infected.
    suspects: Vec<Event>,
    /// Whether all events of the time were read.
    complete: bool,
}

/// Shows what came to unused addresses.
#[utoipa::path(get, path = "/api/telescope", tag = "telescope", params(TelescopeQuery), responses(
    (status = 200, description = "The telescope in numbers", body = TelescopeView),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn telescope(
    State(app): State<App>,
    Params(query): Params<TelescopeQuery>,
) -> Result<Json<TelescopeView>, ApiError> {
    let now = clock::now();
    let from = now - Duration::from_secs(query.range.spans().0);
    let mut read = Read { store: &app.store, from, complete: true };
    let intervals = intervals(read.all("telescope.interval").await?);
    let blocks = blocks(read.all("telescope.blocks").await?);
    let middle = from + now.since(from) / 2;
    let ports = ports(&read.all("telescope.port").await?, middle);
    let source_countries = origins(&read.all("telescope.country").await?);
    let source_systems = origins(&read.all("telescope.system").await?);
    let mut attacks = newest_of_each(read.all("telescope.attack").await?);
    let (countries, systems) = victims(&attacks);
    attacks.truncate(limits::TELESCOPE_ITEMS);
    let mut rises = read.all("telescope.rise").await?;
    rises.truncate(limits::TELESCOPE_ITEMS);
    let mut scanners = newest_of_each(read.all("telescope.scanner").await?);
    let mut suspects: Vec<Event> =
        scanners.iter().filter(|event| is_own(&event.kind)).cloned().collect();
    suspects.truncate(limits::TELESCOPE_ITEMS);
    scanners.sort_by_key(|event| std::cmp::Reverse(packets(&event.kind)));
    scanners.truncate(limits::TELESCOPE_ITEMS);
    let (range, complete) = (query.range, read.complete);
    Ok(Json(TelescopeView {
        range,
        intervals,
        ports,
        blocks,
        source_countries,
        source_systems,
        attacks,
        countries,
        systems,
        rises,
        scanners,
        suspects,
        complete,
    }))
}

/// What is known about a source.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SourceView {
    /// Its address.
    #[schema(value_type = String)]
    address: IpAddr,
    /// Its scans of unused addresses, the newest first.
    scans: Vec<Event>,
    /// Its newest sessions with honeypots.
    sessions: Vec<SessionSummary>,
    /// Whether it completed a handshake with a honeypot: its address is not forged then. With
    /// scans besides, it looks first and comes back for what it found.
    handshake: bool,
}

/// Shows what a source did: scans, and sessions with honeypots.
#[utoipa::path(get, path = "/api/telescope/sources/{address}", tag = "telescope",
    params(("address" = String, Path, description = "An address of IPv4 or IPv6")), responses(
    (status = 200, description = "What it did", body = SourceView),
    (status = 400, description = "Not an address", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn source(
    State(app): State<App>,
    part: Part,
) -> Result<Json<SourceView>, ApiError> {
    let address: IpAddr = part.identity("a source", "an address such as 192.0.2.1")?;
    let scans = EventQuery {
        kind: Some("telescope.scanner".into()),
        src_ip: Some(address),
        limit: Some(limits::SOURCE_ITEMS),
        ..EventQuery::default()
    };
    let sessions = SessionQuery {
        src_ip: Some(address),
        limit: Some(limits::SOURCE_ITEMS),
        ..SessionQuery::default()
    };
    let (scans, sessions) =
        tokio::try_join!(app.store.events(scans), app.store.sessions(sessions))?;
    let handshake = sessions.items.iter().any(|session| session.transport == Transport::Tcp);
    Ok(Json(SourceView { address, scans: scans.items, sessions: sessions.items, handshake }))
}

/// Reads events of a time.
struct Read<'a> {
    store: &'a Store,
    from: Timestamp,
    complete: bool,
}

impl Read<'_> {
    /// Those of a kind, the newest first, up to a bound.
    async fn all(&mut self, kind: &str) -> Result<Vec<Event>, ApiError> {
        let mut events = Vec::new();
        let mut before = None;
        loop {
            let query = EventQuery {
                kind: Some(kind.into()),
                from: Some(self.from),
                before,
                limit: Some(limits::TELESCOPE_PAGE),
                ..EventQuery::default()
            };
            let page = self.store.events(query).await?;
            events.extend(page.items);
            before = page.next;
            if before.is_none() {
                return Ok(events);
            }
            if events.len() >= limits::TELESCOPE_EVENTS_MAX {
                self.complete = false;
                return Ok(events);
            }
        }
    }
}

fn intervals(events: Vec<Event>) -> Vec<DarkInterval> {
    let mut sums = BTreeMap::<Timestamp, DarkInterval>::new();
    for event in events {
        let EventKind::TelescopeInterval {
            begins,
            packets,
            sources,
            scan,
            backscatter,
            other,
            dropped,
            ..
        } = event.kind
        else {
            continue;
        };
        let sum = sums.entry(begins).or_insert(DarkInterval { begins, ..DarkInterval::default() });
        sum.packets += packets;
        sum.sources += sources;
        sum.scan += scan;
        sum.backscatter += backscatter;
        sum.other += other;
        sum.dropped += dropped;
    }
    sums.into_values().collect()
}

/// Sums of each block, in the order of addresses.
fn blocks(events: Vec<Event>) -> Vec<BlockCount> {
    let mut sums = BTreeMap::<IpNet, u64>::new();
    for event in events {
        let EventKind::TelescopeBlocks { blocks, packets, .. } = event.kind else { continue };
        for (block, packets) in blocks.iter().zip(packets) {
            // A sensor of another version may name something else.
            if let Ok(block) = block.parse() {
                *sums.entry(block).or_default() += packets;
            }
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, packets)| std::cmp::Reverse(*packets));
    sums.truncate(limits::TELESCOPE_BLOCKS);
    sums.sort_unstable_by_key(|(block, _)| *block);
    let shown = sums.into_iter();
    shown.map(|(block, packets)| BlockCount { block: block.to_string(), packets }).collect()
}

/// Countries, or systems; those of the most sources first.
fn origins(events: &[Event]) -> Vec<OriginLine> {
    let mut sums = BTreeMap::<String, BTreeMap<Timestamp, (u64, u64)>>::new();
    for event in events {
        let (value, begins, sources, packets) = match &event.kind {
            EventKind::TelescopeCountry { country, begins, sources, packets, .. } => {
                (country.clone().unwrap_or_else(|| "?".to_owned()), begins, sources, packets)
            }
            EventKind::TelescopeSystem { asn, as_name, begins, sources, packets, .. } => {
                (system_shown(*asn, as_name.as_deref()), begins, sources, packets)
            }
            _ => continue,
        };
        let sum = sums.entry(value).or_default().entry(*begins).or_default();
        sum.0 += sources;
        sum.1 += packets;
    }
    let mut lines: Vec<OriginLine> = sums
        .into_iter()
        .map(|(value, intervals)| OriginLine {
            value,
            packets: intervals.values().map(|(_, packets)| packets).sum(),
            sources: intervals.values().map(|(sources, _)| *sources).max().unwrap_or(0),
        })
        .collect();
    lines.sort_by(|a, b| (b.sources, b.packets, &a.value).cmp(&(a.sources, a.packets, &b.value)));
    lines.truncate(limits::TELESCOPE_ORIGINS);
    lines
}

fn system_shown(asn: Option<u32>, name: Option<&str>) -> String {
    match (asn, name) {
        (Some(asn), Some(name)) => format!("AS{asn} {name}"),
        (Some(asn), None) => format!("AS{asn}"),
        (None, _) => "?".to_owned(),
    }
}

/// Ports over time; those that most sources tried after `middle` first.
fn ports(events: &[Event], middle: Timestamp) -> Vec<PortLine> {
    let mut cells = BTreeMap::<&str, BTreeMap<Timestamp, PortCell>>::new();
    for event in events {
        let EventKind::TelescopePort { port, begins, sources, packets, .. } = &event.kind else {
            continue;
        };
        let line = cells.entry(port).or_default();
        let new = PortCell { begins: *begins, sources: 0, packets: 0 };
        let cell = line.entry(*begins).or_insert(new);
        cell.sources += sources;
        cell.packets += packets;
    }
    let mut lines: Vec<PortLine> = cells
        .into_iter()
        .map(|(port, cells)| {
            let halves = |late| {
                let cells = cells.values().filter(move |cell| (cell.begins >= middle) == late);
                cells.map(|cell| cell.sources).sum()
            };
            PortLine {
                port: port.to_owned(),
                packets: cells.values().map(|cell| cell.packets).sum(),
                sources: halves(true),
                sources_before: halves(false),
                rank: 0,
                rank_before: None,
                cells: cells.into_values().collect(),
            }
        })
        .collect();
    lines.sort_by(|a, b| (b.sources_before, &a.port).cmp(&(a.sources_before, &b.port)));
    for (line, place) in lines.iter_mut().zip(1..) {
        line.rank_before = (line.sources_before > 0).then_some(place);
    }
    lines.sort_by(|a, b| (b.sources, b.packets, &a.port).cmp(&(a.sources, a.packets, &b.port)));
    for (line, place) in lines.iter_mut().zip(1..) {
        line.rank = place;
    }
    lines.truncate(limits::TELESCOPE_PORTS);
    lines
}

/// Of events about the same attack or scan, the newest.
fn newest_of_each(events: Vec<Event>) -> Vec<Event> {
    let mut known = HashSet::new();
    let is_new = |event: &Event| match &event.kind {
        EventKind::TelescopeAttack { victim, first, .. } => {
            known.insert((event.sensor.clone(), victim.clone(), *first))
        }
        EventKind::TelescopeScanner { source, first, .. } => {
            known.insert((event.sensor.clone(), source.to_string(), *first))
        }
        _ => true,
    };
    events.into_iter().filter(is_new).collect()
}

/// Attacks by country and by autonomous system, the most frequent first.
fn victims(attacks: &[Event]) -> (Vec<TopEntry>, Vec<TopEntry>) {
    let (mut countries, mut systems) = (BTreeMap::new(), BTreeMap::new());
    for event in attacks {
        let EventKind::TelescopeAttack { country, asn, as_name, .. } = &event.kind else {
            continue;
        };
        let country = country.clone().unwrap_or_else(|| "?".to_owned());
        *countries.entry(country).or_default() += 1;
        *systems.entry(system_shown(*asn, as_name.as_deref())).or_default() += 1;
    }
    (top(countries), top(systems))
}

fn top(counts: BTreeMap<String, u64>) -> Vec<TopEntry> {
    let mut top: Vec<_> =
        counts.into_iter().map(|(value, count)| TopEntry { value, count }).collect();
    top.sort_by_key(|entry| std::cmp::Reverse(entry.count));
    top.truncate(limits::LOGIN_LISTS as usize);
    top
}

const fn is_own(kind: &EventKind) -> bool {
    matches!(kind, EventKind::TelescopeScanner { own: true, .. })
}

const fn packets(kind: &EventKind) -> u64 {
    match kind {
        EventKind::TelescopeScanner { packets, .. } => *packets,
        _ => 0,
    }
}

//! What every engine must do. Each test runs against each engine, through the seams.

use super::make::{
    analysis, at, captured, command, download, event, evidence, indicator, ip, login, open,
    session_id, visit,
};
use crate::catalogue::Catalogue;
use crate::config::StoreConfig;
use crate::log::SegmentLog;
use crate::memory::{MemoryCatalog, MemoryLog, MemorySamples};
use crate::query::{
    EventQuery, Has, IndicatorQuery, IndicatorState, JobState, SampleQuery, SessionQuery, TopBy,
};
use crate::samples::CartFolder;
use crate::seam::{Batch, Catalog, EventLog, Position, Retry, SampleStore, Span, WorkQueue};
use crate::{Queue, cart};
use bytes::Bytes;
use std::sync::Arc;
use tempfile::TempDir;
use ukai_model::{Event, Outcome, Role, Sha256, Timestamp};

/// One engine, empty.
struct Engine {
    log: Box<dyn EventLog>,
    samples: Box<dyn SampleStore>,
    catalog: Arc<dyn Catalog>,
    queue: Arc<dyn WorkQueue>,
    _dir: Option<TempDir>,
}

/// Bytes per log segment: small, so that tests roll over.
const SEGMENT_BYTES: u64 = 1_000;

fn embedded() -> Engine {
    let dir = tempfile::tempdir().unwrap();
    let catalogue = Arc::new(Catalogue::open(&dir.path().join("catalogue.sqlite")).unwrap());
    Engine {
        log: Box::new(SegmentLog::open(&dir.path().join("log"), SEGMENT_BYTES).unwrap()),
        samples: Box::new(CartFolder::open(&dir.path().join("samples"), 1 << 20).unwrap()),
        catalog: catalogue.clone(),
        queue: catalogue,
        _dir: Some(dir),
    }
}

fn in_memory() -> Engine {
    let catalogue = Arc::new(MemoryCatalog::default());
    Engine {
        log: Box::new(MemoryLog::new(SEGMENT_BYTES)),
        samples: Box::new(MemorySamples::default()),
        catalog: catalogue.clone(),
        queue: catalogue,
        _dir: None,
    }
}

macro_rules! conformance {
    ($($test:ident)*) => {
        mod embedded_engine {
            $(#[test] fn $test() { super::$test(&super::embedded()); })*
        }
        mod memory_engine {
            $(#[test] fn $test() { super::$test(&super::in_memory()); })*
        }
    };
}

conformance! {
    a_log_gives_back_what_it_took
    a_log_is_read_in_stretches
    a_log_drops_its_oldest_part_and_keeps_positions
    a_log_can_be_advanced
    a_sample_is_kept_once_and_removed_for_good
    events_are_found_by_every_condition
    pages_follow_one_another_without_gap_or_overlap
    an_event_is_indexed_once
    sessions_are_summed_up_from_their_events
    a_session_goes_on_over_batches
    sessions_are_found_by_what_they_had
    samples_are_summed_up_from_their_sightings
    a_captured_sample_is_queued_once
    sightings_of_one_sample_are_bounded
    analyses_replace_earlier_ones_and_fill_the_summary
    indicators_are_found_by_every_condition
    evidence_leads_back_to_indicators
    counts_per_step_and_top_lists
    top_lists_are_by_day_for_what_is_long_ago
    what_retention_dropped_is_forgotten
    work_goes_by_priority_then_age
    a_lost_lease_is_worth_nothing
    work_that_fails_too_often_is_put_aside
    meta_values_are_replaced
    a_cursor_of_another_kind_is_refused
}

fn index(engine: &Engine, events: Vec<Event>) -> Vec<bool> {
    let records: Vec<Bytes> =
        events.iter().map(|e| crate::record::encode_event(e).unwrap()).collect();
    let positions = engine.log.append(&records).unwrap();
    let batch = Batch {
        events: positions.into_iter().zip(events.into_iter().map(Arc::new)).collect(),
        indexed: engine.log.end(),
        engines: StoreConfig::default().engines,
        now: at(0),
        ..Batch::default()
    };
    engine.catalog.index(&batch).unwrap().fresh
}

/// The numbers of the events that a query finds, as given to `make::event`.
fn found(engine: &Engine, query: &EventQuery) -> Vec<u32> {
    let page = engine.catalog.events(query).unwrap();
    page.items.iter().map(|(id, _)| number(id.as_bytes())).collect()
}

fn number(id: &[u8; 16]) -> u32 {
    u32::from_be_bytes([id[8] & 0x3f, id[9], id[10], id[11]])
}

fn a_log_gives_back_what_it_took(engine: &Engine) {
    let records: Vec<Bytes> = (0..200u32).map(|n| Bytes::from(format!("record {n}"))).collect();
    let mut positions = engine.log.append(&records[..1]).unwrap();
    positions.extend(engine.log.append(&records[1..90]).unwrap());
    positions.extend(engine.log.append(&records[90..]).unwrap());
    assert_eq!(engine.log.append(&[]).unwrap(), []);
    assert!(positions.is_sorted());
    for (position, record) in positions.iter().zip(&records) {
        assert_eq!(engine.log.read(*position).unwrap().as_ref(), Some(record));
    }
    assert_eq!(engine.log.read(engine.log.end()).unwrap(), None);
    assert!(engine.log.used_bytes() > 0);
}

fn a_log_is_read_in_stretches(engine: &Engine) {
    assert!(engine.log.read_from(Position(0), 10, 10).unwrap().records.is_empty());
    let records: Vec<Bytes> = (0..300u32).map(|n| Bytes::from(format!("record {n}"))).collect();
    for some in records.chunks(7) {
        engine.log.append(some).unwrap();
    }
    for (records_max, bytes_max) in [(1, 1 << 20), (7, 40), (1_000, 1), (1_000, 1 << 20)] {
        let (mut at, mut read) = (Position(0), Vec::new());
        loop {
            let stretch = engine.log.read_from(at, records_max, bytes_max).unwrap();
            assert!(stretch.records.len() <= records_max);
            assert_eq!(stretch.damaged, 0);
            if stretch.records.is_empty() {
                break;
            }
            at = stretch.next;
            read.extend(stretch.records.into_iter().map(|(_, record)| record));
        }
        assert_eq!(read, records);
        assert_eq!(at, engine.log.end());
    }
}

fn a_log_drops_its_oldest_part_and_keeps_positions(engine: &Engine) {
    let records: Vec<Bytes> = (0..100u8).map(|n| Bytes::from(vec![n; 100])).collect();
    let mut positions = Vec::new();
    for record in &records {
        positions.extend(engine.log.append(std::slice::from_ref(record)).unwrap());
    }
    let used = engine.log.used_bytes();
    assert!(engine.log.drop_oldest().unwrap());
    let dropped = positions.iter().filter(|at| **at < engine.log.start()).count();
    assert!((1..50).contains(&dropped), "{dropped}");
    assert!(engine.log.used_bytes() < used);
    for (n, (position, record)) in positions.iter().zip(&records).enumerate() {
        let expected = (n >= dropped).then_some(record);
        assert_eq!(engine.log.read(*position).unwrap().as_ref(), expected);
    }
    let stretch = engine.log.read_from(Position(0), 1, 1).unwrap();
    assert_eq!(stretch.records[0].0, positions[dropped]);
    while engine.log.drop_oldest().unwrap() {}
    let end = engine.log.end();
    assert!(engine.log.append(&records[..1]).unwrap()[0] >= end);
}

fn a_log_can_be_advanced(engine: &Engine) {
    let first = engine.log.append(&[Bytes::from_static(b"one")]).unwrap()[0];
    engine.log.advance_to(Position(5_000)).unwrap();
    engine.log.advance_to(Position(10)).unwrap();
    let second = engine.log.append(&[Bytes::from_static(b"two")]).unwrap()[0];
    assert!(second >= Position(5_000));
    assert_eq!(engine.log.read(first).unwrap().as_deref(), Some(&b"one"[..]));
    let stretch = engine.log.read_from(Position(0), 10, 1 << 20).unwrap();
    assert_eq!(stretch.records.len(), 2);
}

fn a_sample_is_kept_once_and_removed_for_good(engine: &Engine) {
    let sha256 = Sha256::of(b"sample");
    let container = cart::pack(b"sample", &cart::Metadata::new());
    assert!(!engine.samples.contains(&sha256).unwrap());
    assert_eq!(engine.samples.container(&sha256).unwrap(), None);
    for _ in 0..2 {
        engine.samples.put(&sha256, &container).unwrap();
        assert!(engine.samples.contains(&sha256).unwrap());
        assert_eq!(engine.samples.container(&sha256).unwrap().as_deref(), Some(&container[..]));
    }
    engine.samples.remove(&sha256).unwrap();
    engine.samples.remove(&sha256).unwrap();
    assert_eq!(engine.samples.container(&sha256).unwrap(), None);

    engine.catalog.sample_stored(&sha256, 6, 100, at(0)).unwrap();
    engine.catalog.sample_stored(&sha256, 6, 120, at(1)).unwrap();
    assert_eq!(engine.catalog.samples_bytes().unwrap(), 120);
    assert_eq!(engine.catalog.oldest_samples(9).unwrap(), [(sha256, 120)]);
    assert!(engine.catalog.sample(&sha256).unwrap().unwrap().stored);
    engine.catalog.sample_gone(&sha256).unwrap();
    assert_eq!(engine.catalog.samples_bytes().unwrap(), 0);
    assert!(engine.catalog.oldest_samples(9).unwrap().is_empty());
    assert!(!engine.catalog.sample(&sha256).unwrap().unwrap().stored);
}

fn events_are_found_by_every_condition(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    let mut events = visit(1, at(0), 1);
    events.extend(visit(2, at(60), 2));
    events.push(event(30, at(61), session_id(2, at(60)), 2, captured(sha256, "arm")));
    index(engine, events);
    let all = EventQuery::default();
    assert_eq!(found(engine, &all), [25, 24, 30, 23, 22, 21, 20, 15, 14, 13, 12, 11, 10]);
    let by = |query: EventQuery| found(engine, &query);
    assert_eq!(by(EventQuery { src_ip: Some(ip(2)), limit: Some(2), ..all.clone() }), [25, 24]);
    assert_eq!(
        by(EventQuery { kind: Some("login.attempt".into()), ..all.clone() }),
        [22, 21, 12, 11]
    );
    assert_eq!(by(EventQuery { kind: Some("no.such".into()), ..all.clone() }), [0u32; 0]);
    assert_eq!(by(EventQuery { sha256: Some(sha256), ..all.clone() }), [30]);
    let session = Some(session_id(1, at(0)));
    assert_eq!(by(EventQuery { session, ..all.clone() }), [15, 14, 13, 12, 11, 10]);
    assert_eq!(
        by(EventQuery {
            session,
            kind: Some("command.input".into()),
            src_ip: Some(ip(1)),
            ..all.clone()
        }),
        [14, 13]
    );
    assert_eq!(by(EventQuery { session, src_ip: Some(ip(2)), ..all.clone() }), [0u32; 0]);
    // Commands name no protocol themselves.
    assert_eq!(by(EventQuery { protocol: Some("telnet".into()), ..all.clone() }).len(), 13);
    assert_eq!(by(EventQuery { protocol: Some("http".into()), ..all.clone() }), [0u32; 0]);
    let span = EventQuery { from: Some(at(60)), to: Some(at(61)), ..all.clone() };
    assert_eq!(by(span), [23, 22, 21, 20]);
    let first = engine.catalog.event(super::make::event_id(10, at(0))).unwrap().unwrap();
    assert!(engine.log.read(first).unwrap().is_some());
    assert_eq!(engine.catalog.event(super::make::event_id(99, at(0))).unwrap(), None);
    assert_eq!(engine.catalog.totals().unwrap().events, 13);
}

fn pages_follow_one_another_without_gap_or_overlap(engine: &Engine) {
    for n in 1..9 {
        index(engine, visit(n, at(u64::from(n)), n as u8));
    }
    let whole = found(engine, &EventQuery { limit: Some(1_000), ..EventQuery::default() });
    assert_eq!(whole.len(), 48);
    let (mut query, mut pages) =
        (EventQuery { limit: Some(7), ..EventQuery::default() }, Vec::new());
    loop {
        let page = engine.catalog.events(&query).unwrap();
        pages.extend(page.items.iter().map(|(id, _)| number(id.as_bytes())));
        query.before = page.next;
        if query.before.is_none() {
            break;
        }
    }
    assert_eq!(pages, whole);

    let mut query = SessionQuery { limit: Some(8), ..SessionQuery::default() };
    let page = engine.catalog.sessions(&query).unwrap();
    assert_eq!((page.items.len(), page.next), (8, None), "a full last page names no next");
    query.limit = Some(5);
    let page = engine.catalog.sessions(&query).unwrap();
    query.before = page.next;
    let rest = engine.catalog.sessions(&query).unwrap();
    assert_eq!(
        rest.items.iter().map(|s| s.id).collect::<Vec<_>>(),
        [session_id(3, at(3)), session_id(2, at(2)), session_id(1, at(1))]
    );
}

fn an_event_is_indexed_once(engine: &Engine) {
    let events = visit(1, at(0), 1);
    assert_eq!(index(engine, events[..4].to_vec()), [true; 4]);
    assert_eq!(index(engine, events.clone()), [false, false, false, false, true, true]);
    let doubled = vec![events[0].clone(), events[0].clone()];
    assert_eq!(index(engine, doubled), [false; 2]);
    assert_eq!(engine.catalog.totals().unwrap().events, 6);
    let session = engine.catalog.session(session_id(1, at(0))).unwrap().unwrap();
    assert_eq!((session.logins, session.commands), (2, 2));
    assert_eq!(engine.catalog.indexed().unwrap(), engine.log.end());
    // A minute counts if it begins in the span.
    let span = Span { from: at(0) - std::time::Duration::from_mins(1), to: at(600) };
    assert_eq!(engine.catalog.rollup(span, 3_600).unwrap()[0].logins, 2);
}

fn sessions_are_summed_up_from_their_events(engine: &Engine) {
    index(engine, visit(1, at(0), 7));
    let session = engine.catalog.session(session_id(1, at(0))).unwrap().unwrap();
    assert_eq!((session.src_ip, session.src_port, session.dst_port), (ip(7), 40_000, 23));
    assert_eq!((session.protocol.as_str(), session.persona.as_str()), ("telnet", "router-mips"));
    assert_eq!(
        (session.started, session.ended),
        (at(0), Some(Timestamp::from_millis(at(1).millis() + 500)))
    );
    assert_eq!((session.logins, session.login_success, session.commands), (2, true, 2));
    assert_eq!((session.bytes_in, session.bytes_out, session.recorded), (120, 4_000, true));
    assert_eq!(session.reason, Some(ukai_model::CloseReason::Peer));
    assert_eq!(engine.catalog.session(session_id(9, at(0))).unwrap(), None);
}

fn a_session_goes_on_over_batches(engine: &Engine) {
    let events = visit(1, at(0), 7);
    for event in events {
        let seen = engine.catalog.session(session_id(1, at(0))).unwrap();
        assert!(seen.is_none_or(|session| session.ended.is_none()));
        index(engine, vec![event]);
    }
    let session = engine.catalog.session(session_id(1, at(0))).unwrap().unwrap();
    assert_eq!((session.logins, session.commands, session.ended.is_some()), (2, 2, true));
    assert_eq!(engine.catalog.totals().unwrap().sessions, 1);

    // A session whose opening was lost is known from its first event on.
    let late = session_id(2, at(5));
    index(engine, vec![event(50, at(5), late, 8, command("id"))]);
    let session = engine.catalog.session(late).unwrap().unwrap();
    assert_eq!((session.protocol.as_str(), session.commands), ("unknown", 1));
    // Without a flow there is nothing to tell of.
    let mut flowless = event(51, at(6), session_id(3, at(6)), 8, command("id"));
    flowless.flow = None;
    assert_eq!(index(engine, vec![flowless]), [true]);
    assert_eq!(engine.catalog.totals().unwrap().sessions, 2);
}

fn sessions_are_found_by_what_they_had(engine: &Engine) {
    let with = |n: u32, kind| {
        let session = session_id(n, at(u64::from(n)));
        let time = at(u64::from(n));
        let open = event(n * 10, time, session, n as u8, open());
        vec![open, event(n * 10 + 1, time, session, n as u8, kind)]
    };
    index(engine, with(1, login("a", "b", false)));
    index(engine, with(2, command("id")));
    index(engine, with(3, download("http://c2.example/")));
    index(engine, with(4, captured(Sha256::of(b"x"), "x")));
    let has = |has, src_ip, protocol: Option<&str>| {
        let protocol = protocol.map(str::to_owned);
        let query = SessionQuery { src_ip, protocol, has, ..SessionQuery::default() };
        let page = engine.catalog.sessions(&query).unwrap();
        page.items.iter().map(|s| number(s.id.as_bytes())).collect::<Vec<_>>()
    };
    assert_eq!(has(None, None, None), [4, 3, 2, 1]);
    assert_eq!(has(Some(Has::Login), None, None), [1]);
    assert_eq!(has(Some(Has::Command), None, Some("telnet")), [2]);
    assert_eq!(has(Some(Has::Download), None, Some("telnet")), [3]);
    assert_eq!(has(Some(Has::Sample), Some(ip(4)), None), [4]);
    assert_eq!(has(Some(Has::Sample), Some(ip(3)), None), [0u32; 0]);
    assert_eq!(has(None, Some(ip(2)), Some("telnet")), [2]);
    assert_eq!(has(None, None, Some("http")), [0u32; 0]);
}

fn samples_are_summed_up_from_their_sightings(engine: &Engine) {
    let (sha256, other) = (Sha256::of(b"x"), Sha256::of(b"y"));
    engine.catalog.sample_stored(&sha256, 1_234, 900, at(100)).unwrap();
    let session = session_id(1, at(0));
    for n in 0..12 {
        let name = format!("mirai.arm{n}");
        index(engine, vec![event(n, at(u64::from(n)), session, 1, captured(sha256, &name))]);
    }
    index(engine, vec![event(50, at(2), session, 2, captured(other, "\u{1b}[2J\n"))]);
    let sample = engine.catalog.sample(&sha256).unwrap().unwrap();
    assert_eq!((sample.size, sample.sightings, sample.stored), (1_234, 12, true));
    assert_eq!((sample.first_seen, sample.last_seen), (at(0), at(11)));
    assert_eq!((sample.names.len(), sample.urls.len()), (8, 8));
    assert_eq!(sample.urls[0].to_string(), "http://203.0.113.9/mirai.arm0");
    assert_eq!((sample.analysed, sample.file_type), (None, None));

    let sightings = engine.catalog.sightings(&sha256, 3).unwrap();
    assert_eq!(sightings.len(), 3);
    assert_eq!((sightings[0].time, sightings[0].src_ip), (at(11), Some(ip(1))));
    assert_eq!(
        (sightings[0].session, sightings[0].event),
        (Some(session), super::make::event_id(11, at(11)))
    );
    assert_eq!(sightings[0].name, Some("mirai.arm11".into()));

    let search = |q: &str, file_type: Option<&str>| {
        let query = SampleQuery {
            q: Some(q.into()),
            file_type: file_type.map(Into::into),
            ..SampleQuery::default()
        };
        let page = engine.catalog.samples(&query).unwrap();
        page.items.iter().map(|s| s.sha256).collect::<Vec<_>>()
    };
    assert_eq!(search("", None), [other, sha256]);
    assert_eq!(search(&sha256.to_string()[..9].to_uppercase(), None), [sha256]);
    assert_eq!(search("MIRAI", None), [sha256]);
    assert_eq!(search("\\x1b[2j\\x0a", None), [other]);
    assert_eq!(search("203.0.113.9/mirai", Some("elf")), []);
    assert_eq!(engine.catalog.totals().unwrap().samples, 2);

    let first = engine.catalog.samples(&SampleQuery { limit: Some(1), ..SampleQuery::default() });
    let first = first.unwrap();
    assert_eq!(first.items[0].sha256, other);
    let next = SampleQuery { limit: Some(1), before: first.next, ..SampleQuery::default() };
    let second = engine.catalog.samples(&next).unwrap();
    assert_eq!((second.items[0].sha256, second.next), (sha256, None));
}

fn a_captured_sample_is_queued_once(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    let session = session_id(1, at(0));
    let capture = |n| vec![event(n, at(1), session, 1, captured(sha256, "a"))];
    index(engine, capture(1));
    index(engine, capture(2));
    assert_eq!(engine.queue.stats().unwrap().waiting, 1);
    let job = engine.queue.lease("static", "w", at(60), 9, 3, at(2)).unwrap().remove(0);
    assert_eq!((job.sha256, job.priority), (sha256, Queue::CAPTURED));
    index(engine, capture(3));
    assert_eq!(engine.queue.stats().unwrap().leased, 1);
    engine.catalog.put_analysis(&analysis(sha256, at(3), Outcome::Complete)).unwrap();
    assert!(engine.queue.complete(&job).unwrap());
    index(engine, capture(4));
    assert_eq!(engine.queue.job_of("static", &sha256).unwrap(), None);
    assert!(engine.queue.push("static", &sha256, Queue::ASKED, at(5)).unwrap());
    assert_eq!(engine.queue.stats().unwrap().waiting, 1);
}

fn sightings_of_one_sample_are_bounded(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    let session = session_id(1, at(0));
    let capture = |n| event(n, at(u64::from(n)), session, 1, captured(sha256, "a"));
    index(engine, (0..1_005).map(capture).collect());
    assert_eq!(engine.catalog.sample(&sha256).unwrap().unwrap().sightings, 1_005);
    let sightings = engine.catalog.sightings(&sha256, 5_000).unwrap();
    assert_eq!(
        (sightings.len(), sightings[0].time, sightings[999].time),
        (1_000, at(1_004), at(5))
    );
}

fn analyses_replace_earlier_ones_and_fill_the_summary(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    let failed = Outcome::Failed { reason: "killed".into() };
    let mut first = analysis(sha256, at(0), failed);
    first.file_type = None;
    engine.catalog.put_analysis(&first).unwrap();
    assert_eq!(engine.catalog.sample(&sha256).unwrap().unwrap().file_type, None);
    let second = analysis(sha256, at(1), Outcome::Complete);
    let mut other = analysis(sha256, at(1), Outcome::Complete);
    other.engine = "clamav".into();
    engine.catalog.put_analysis(&other).unwrap();
    engine.catalog.put_analysis(&second).unwrap();
    assert_eq!(engine.catalog.analyses_of(&sha256).unwrap(), [other, second]);
    assert_eq!(engine.catalog.analyses_of(&Sha256::of(b"y")).unwrap(), []);
    let sample = engine.catalog.sample(&sha256).unwrap().unwrap();
    assert_eq!(sample.analysed.as_deref(), Some("complete"));
    assert_eq!(sample.file_type.as_deref(), Some("elf"));
    assert_eq!(sample.description.as_deref(), Some("ELF 32-bit LSB executable, ARM"));
}

fn indicators_are_found_by_every_condition(engine: &Engine) {
    let mut c2 = indicator("c2.example", Role::C2, at(0));
    let mut old = indicator("old.example", Role::C2, Timestamp::from_secs(1));
    old.confidence = ukai_model::Confidence::new(20);
    let mut withheld = indicator("dns.example", Role::Distribution, at(2));
    withheld.withheld = Some("resolver".into());
    engine.catalog.put_indicators(&[c2.clone(), old.clone(), withheld.clone()]).unwrap();
    c2.last_seen = at(5);
    c2.evidence_count = 2;
    engine.catalog.put_indicators(std::slice::from_ref(&c2)).unwrap();
    assert_eq!(engine.catalog.totals().unwrap().indicators, 3);

    let find = |query: IndicatorQuery| engine.catalog.indicators(&query, at(10)).unwrap().items;
    let all = IndicatorQuery::default();
    assert_eq!(find(all.clone()), [c2.clone(), withheld.clone(), old.clone()]);
    assert_eq!(
        find(IndicatorQuery { role: Some("c2".into()), ..all.clone() }),
        [c2.clone(), old.clone()]
    );
    assert_eq!(find(IndicatorQuery { kind: Some("ip".into()), ..all.clone() }), []);
    assert_eq!(
        find(IndicatorQuery { min_confidence: Some(50), q: Some("EXAMPLE".into()), ..all.clone() }),
        [c2.clone(), withheld.clone()]
    );
    let state = |state| find(IndicatorQuery { state: Some(state), ..all.clone() });
    assert_eq!(state(IndicatorState::Active), std::slice::from_ref(&c2));
    assert_eq!(state(IndicatorState::Withheld), std::slice::from_ref(&withheld));
    assert_eq!(state(IndicatorState::Expired), std::slice::from_ref(&old));

    let page = engine
        .catalog
        .indicators(&IndicatorQuery { limit: Some(1), ..all.clone() }, at(10))
        .unwrap();
    let rest = find(IndicatorQuery { before: page.next, ..all });
    assert_eq!(rest, [withheld.clone(), old.clone()]);

    let mut valid = engine.catalog.valid_indicators(at(10), None, 1).unwrap();
    valid.extend(engine.catalog.valid_indicators(at(10), Some(valid[0].id), 9).unwrap());
    let mut expected = [c2.clone(), withheld];
    expected.sort_by_key(|indicator| indicator.id);
    assert_eq!(valid, expected);
    assert_eq!(engine.catalog.indicators_by_ids(&[c2.id]).unwrap(), [c2]);
}

fn evidence_leads_back_to_indicators(engine: &Engine) {
    let (sha256, session) = (Sha256::of(b"x"), session_id(1, at(0)));
    let mut first = indicator("c2.example", Role::C2, at(0));
    first.evidence =
        vec![evidence(at(0), Some(session), Some(sha256)), evidence(at(1), Some(session), None)];
    let mut second = indicator("d.example", Role::C2, at(3));
    second.evidence = vec![evidence(at(0), None, Some(sha256))];
    engine.catalog.put_indicators(&[first.clone(), second.clone()]).unwrap();
    let of_sample = |limit| engine.catalog.indicators_of_sample(&sha256, limit).unwrap();
    assert_eq!(of_sample(9), [second.clone(), first.clone()]);
    assert_eq!(of_sample(1), [second.clone()]);
    assert_eq!(engine.catalog.indicators_of_session(session, 9).unwrap(), [first.clone()]);
    // Evidence that is no longer listed leads nowhere.
    first.evidence.remove(0);
    engine.catalog.put_indicators(std::slice::from_ref(&first)).unwrap();
    assert_eq!(of_sample(9), [second]);
    assert_eq!(engine.catalog.indicators_of_session(session, 9).unwrap(), [first]);
}

fn counts_per_step_and_top_lists(engine: &Engine) {
    index(engine, visit(1, at(0), 1));
    index(engine, visit(2, at(40), 1));
    index(engine, visit(3, at(7_200), 2));
    let span = Span { from: at(0) - std::time::Duration::from_mins(1), to: at(10_000) };
    // 22:13:20 and 22:14:00 lie in different minutes, two hours later is another hour.
    let minutes = engine.catalog.rollup(span, 60).unwrap();
    assert_eq!(
        minutes
            .iter()
            .map(|b| (b.time.secs() - at(0).secs() / 60 * 60, b.sessions))
            .collect::<Vec<_>>(),
        [(0, 1), (60, 1), (7_200, 1)]
    );
    let hours = engine.catalog.rollup(span, 3_600).unwrap();
    assert_eq!(
        hours.iter().map(|b| (b.sessions, b.logins, b.commands)).collect::<Vec<_>>(),
        [(2, 4, 4), (1, 2, 2)]
    );
    let early = Span { to: at(100), ..span };
    assert_eq!(engine.catalog.rollup(early, 3_600).unwrap().len(), 1);

    let top = |by, span, limit| {
        let top = engine.catalog.top(by, span, limit, at(10_000)).unwrap();
        top.into_iter().map(|entry| (entry.value, entry.count)).collect::<Vec<_>>()
    };
    assert_eq!(top(TopBy::SrcIp, span, 9), [("192.0.2.1".into(), 2), ("192.0.2.2".into(), 1)]);
    assert_eq!(top(TopBy::SrcIp, span, 1), [("192.0.2.1".into(), 2)]);
    assert_eq!(top(TopBy::SrcIp, early, 9), [("192.0.2.1".into(), 2)]);
    assert_eq!(top(TopBy::DstPort, span, 9), [("23".into(), 3)]);
    assert_eq!(top(TopBy::Protocol, span, 9), [("telnet".into(), 3)]);
    assert_eq!(
        top(TopBy::Credential, span, 9),
        [("root:vizxv".into(), 3), ("root:xc3511".into(), 3)]
    );
    assert_eq!(top(TopBy::Password, span, 1), [("vizxv".into(), 3)]);
    assert_eq!(top(TopBy::Command, span, 1), [("enable; sh; /bin/busybox MIRAI".into(), 3)]);
    assert_eq!(top(TopBy::DownloadUrl, span, 9), []);
}

fn top_lists_are_by_day_for_what_is_long_ago(engine: &Engine) {
    // 22:13:20 and 23:03:20 of one day, 00:03:20 of the next.
    for (n, seconds) in [(1, 0), (2, 3_000), (3, 6_600)] {
        index(engine, visit(n, at(seconds), 1));
    }
    let count = |from, to, now| {
        let span = Span { from: at(from), to: at(to) };
        engine.catalog.top(TopBy::SrcIp, span, 9, now).unwrap().first().map(|entry| entry.count)
    };
    assert_eq!(count(0, 10, at(7_000)), Some(1));
    assert_eq!(count(0, 10, at(10 * 86_400)), Some(2));
    assert_eq!(count(0, 6_600, at(10 * 86_400)), Some(3));
    engine.catalog.forget_counts(at(600 * 86_400)).unwrap();
    assert_eq!(count(0, 10, at(10 * 86_400)), None);
    assert_eq!(engine.catalog.rollup(Span { from: at(0), to: at(7_000) }, 60).unwrap(), []);
}

fn what_retention_dropped_is_forgotten(engine: &Engine) {
    index(engine, visit(1, at(0), 1));
    let start = engine.log.end();
    index(engine, visit(2, at(60), 2));
    let batch = Batch {
        recordings: vec![
            (session_id(1, at(0)), Position(16)),
            (session_id(2, at(60)), Position(90)),
        ],
        ..Batch::default()
    };
    engine.catalog.index(&batch).unwrap();
    while engine.catalog.forget_events(start, at(60)).unwrap() {}
    while engine.catalog.forget_recordings(Position(90)).unwrap() {}
    assert_eq!(found(engine, &EventQuery::default()), [25, 24, 23, 22, 21, 20]);
    assert_eq!(engine.catalog.session(session_id(1, at(0))).unwrap(), None);
    assert_eq!(engine.catalog.recording(session_id(1, at(0))).unwrap(), None);
    assert_eq!(engine.catalog.recording(session_id(2, at(60))).unwrap(), Some(Position(90)));
    let totals = engine.catalog.totals().unwrap();
    assert_eq!((totals.events, totals.sessions), (6, 1));
}

fn work_goes_by_priority_then_age(engine: &Engine) {
    let sha = |n: u8| Sha256::of(&[n]);
    for (n, priority) in [(1, 0), (2, 5), (3, 0)] {
        assert!(engine.queue.push("static", &sha(n), priority, at(0)).unwrap());
    }
    engine.queue.push("other", &sha(4), 9, at(0)).unwrap();
    engine.queue.push("static", &sha(3), 7, at(1)).unwrap();
    let jobs = engine.queue.lease("static", "w", at(60), 2, 3, at(2)).unwrap();
    assert_eq!(jobs.iter().map(|job| job.sha256).collect::<Vec<_>>(), [sha(3), sha(2)]);
    assert_eq!((jobs[0].attempts, jobs[0].worker.as_deref()), (1, Some("w")));
    assert_eq!(jobs[0].lease_until, Some(at(60)));
    let jobs = engine.queue.lease("static", "w", at(60), 9, 3, at(2)).unwrap();
    assert_eq!(jobs.iter().map(|job| job.sha256).collect::<Vec<_>>(), [sha(1)]);
    assert_eq!(engine.queue.lease("static", "w", at(60), 9, 3, at(2)).unwrap(), []);
    assert!(!engine.queue.push("static", &sha(1), 9, at(3)).unwrap(), "it is in work");
    let stats = engine.queue.stats().unwrap();
    assert_eq!((stats.waiting, stats.leased, stats.quarantined), (1, 3, 0));
}

fn a_lost_lease_is_worth_nothing(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    engine.queue.push("static", &sha256, 0, at(0)).unwrap();
    let first = engine.queue.lease("static", "a", at(10), 1, 3, at(0)).unwrap().remove(0);
    assert!(engine.queue.renew(&first, at(20), at(5)).unwrap());
    assert_eq!(engine.queue.lease("static", "b", at(30), 1, 3, at(15)).unwrap(), []);
    assert!(!engine.queue.renew(&first, at(40), at(20)).unwrap(), "it has just run out");
    let second = engine.queue.lease("static", "b", at(40), 1, 3, at(20)).unwrap().remove(0);
    assert_eq!((second.id, second.attempts), (first.id, 2));
    assert!(second.last_error.is_some());
    assert!(!engine.queue.renew(&first, at(50), at(25)).unwrap());
    assert!(!engine.queue.complete(&first).unwrap());
    let retry = Retry { not_before: at(0), attempts_max: 3 };
    assert_eq!(engine.queue.fail(&first, "late", retry).unwrap(), None);
    assert!(engine.queue.complete(&second).unwrap());
    assert!(!engine.queue.complete(&second).unwrap());
    assert_eq!(engine.queue.job_of("static", &sha256).unwrap(), None);
}

fn work_that_fails_too_often_is_put_aside(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    engine.queue.push("static", &sha256, 0, at(0)).unwrap();
    let lease = |now| {
        engine
            .queue
            .lease("static", "w", now + std::time::Duration::from_secs(10), 1, 3, now)
            .unwrap()
    };
    let retry = |not_before| Retry { not_before, attempts_max: 3 };
    let job = lease(at(0)).remove(0);
    assert_eq!(engine.queue.fail(&job, "boom", retry(at(5))).unwrap(), Some(JobState::Waiting));
    assert_eq!(lease(at(4)), []);
    let job = lease(at(5)).remove(0);
    assert_eq!(job.last_error.as_deref(), Some("boom"));
    assert_eq!(engine.queue.fail(&job, "boom", retry(at(6))).unwrap(), Some(JobState::Waiting));
    let job = lease(at(6)).remove(0);
    assert_eq!(job.attempts, 3);
    // The worker dies: the third lease runs out.
    assert_eq!(lease(at(30)), []);
    let aside = engine.queue.quarantined(9).unwrap();
    assert_eq!((aside.len(), aside[0].state, aside[0].attempts), (1, JobState::Quarantined, 3));
    assert!(!engine.queue.complete(&job).unwrap());
    assert!(engine.queue.retry(aside[0].id, at(31)).unwrap());
    assert!(!engine.queue.retry(aside[0].id, at(31)).unwrap());
    assert_eq!(lease(at(31)).remove(0).attempts, 1);

    let other = Sha256::of(b"y");
    engine.queue.push("static", &other, 0, at(40)).unwrap();
    let job = lease(at(40)).remove(0);
    assert_eq!(job.sha256, other);
    let once = Retry { not_before: at(40), attempts_max: 1 };
    assert_eq!(engine.queue.fail(&job, "no", once).unwrap(), Some(JobState::Quarantined));
    assert!(engine.queue.push("static", &other, 3, at(41)).unwrap(), "asking again starts anew");
    let job = engine.queue.job_of("static", &other).unwrap().unwrap();
    assert_eq!((job.state, job.attempts, job.priority), (JobState::Waiting, 0, 3));
}

fn meta_values_are_replaced(engine: &Engine) {
    assert_eq!(engine.catalog.meta("scorer").unwrap(), None);
    engine.catalog.put_meta("scorer", "1").unwrap();
    engine.catalog.put_meta("scorer", "2").unwrap();
    assert_eq!(engine.catalog.meta("scorer").unwrap().as_deref(), Some("2"));
}

fn a_cursor_of_another_kind_is_refused(engine: &Engine) {
    for before in ["zz", "00", "' OR 1=1 --", &"0".repeat(300)] {
        let before = Some(before.to_owned());
        assert!(
            engine
                .catalog
                .events(&EventQuery { before: before.clone(), ..EventQuery::default() })
                .is_err()
        );
        assert!(engine.catalog.samples(&SampleQuery { before, ..SampleQuery::default() }).is_err());
    }
    let empty = EventQuery { before: Some(String::new()), ..EventQuery::default() };
    assert!(engine.catalog.events(&empty).unwrap().items.is_empty());
}

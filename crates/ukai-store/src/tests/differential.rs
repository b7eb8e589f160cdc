//! The engine with indexes and the one that filters agree on random histories.

use super::make::{at, captured, close, command, download, event, ip, login, open, session_id};
use crate::catalogue::Catalogue;
use crate::memory::MemoryCatalog;
use crate::query::{EventQuery, Has, SampleQuery, SessionQuery, TopBy};
use crate::seam::{Batch, Catalog, Position, Span};
use proptest::prelude::*;
use std::sync::Arc;
use ukai_model::{Event, EventKind, Sha256};

/// One event: session, second, what.
type Step = (u8, u16, u8);

fn kind(what: u8) -> EventKind {
    match what % 8 {
        0 => open(),
        1 => close(),
        2 => login("root", &format!("pass{}", what / 8), what > 100),
        3 => command(&format!("echo {}", what / 32)),
        4 => download("http://203.0.113.1/x"),
        5 => captured(Sha256::of(&[what / 32]), &format!("file{}", what / 16)),
        6 => EventKind::ProtocolRecognised { protocol: "http".into() },
        _ => EventKind::LimitReached { limit: "line".into(), detail: "cut".into() },
    }
}

fn history(steps: &[Step]) -> Vec<Event> {
    let make = |(n, (session, second, what)): (u32, &Step)| {
        let session = session % 12;
        let mut event = event(
            n,
            at((*second).into()),
            session_id(session.into(), at(0)),
            session % 4,
            kind(*what),
        );
        if what % 17 == 0 {
            event.session = None;
        }
        if what % 23 == 0 {
            event.flow = None;
        }
        event
    };
    (0..).zip(steps).map(make).collect()
}

fn index(catalog: &dyn Catalog, events: &[Event], batch: usize) {
    let mut position = 0;
    for events in events.chunks(batch) {
        let events = events.iter().map(|event| {
            position += 100;
            (Position(position), Arc::new(event.clone()))
        });
        let batch = Batch {
            events: events.collect(),
            indexed: Position(position + 100),
            engines: vec!["static".into()],
            now: at(0),
            ..Batch::default()
        };
        catalog.index(&batch).unwrap();
    }
}

fn event_queries(what: u8, second: u16) -> Vec<EventQuery> {
    let all = EventQuery { limit: Some(20), ..EventQuery::default() };
    let source = Some(ip(what % 4));
    vec![
        all.clone(),
        EventQuery { src_ip: source, ..all.clone() },
        EventQuery { session: Some(session_id(u32::from(what % 12), at(0))), ..all.clone() },
        EventQuery { kind: Some(kind(what).name().into()), ..all.clone() },
        EventQuery { kind: Some(kind(what).name().into()), src_ip: source, ..all.clone() },
        EventQuery { sha256: Some(Sha256::of(&[what / 32])), ..all.clone() },
        EventQuery { protocol: Some("telnet".into()), ..all.clone() },
        EventQuery { protocol: Some("http".into()), src_ip: source, ..all.clone() },
        EventQuery { from: Some(at(second.into())), ..all.clone() },
        EventQuery { to: Some(at(second.into())), protocol: Some("telnet".into()), ..all },
    ]
}

fn same_answers(one: &dyn Catalog, other: &dyn Catalog, what: u8, second: u16) {
    for mut query in event_queries(what, second) {
        loop {
            let page = one.events(&query).unwrap();
            assert_eq!(page, other.events(&query).unwrap(), "{query:?}");
            query.before = page.next;
            if query.before.is_none() {
                break;
            }
        }
    }
    for has in [None, Some(Has::Login), Some(Has::Command), Some(Has::Download), Some(Has::Sample)]
    {
        for src_ip in [None, Some(ip(what % 4))] {
            let query = SessionQuery { has, src_ip, limit: Some(3), ..SessionQuery::default() };
            assert_eq!(one.sessions(&query).unwrap(), other.sessions(&query).unwrap());
        }
    }
    for q in [None, Some(format!("file{}", what / 16))] {
        let query = SampleQuery { q, ..SampleQuery::default() };
        assert_eq!(one.samples(&query).unwrap(), other.samples(&query).unwrap());
    }
    let sha256 = Sha256::of(&[what / 32]);
    assert_eq!(one.sightings(&sha256, 50).unwrap(), other.sightings(&sha256, 50).unwrap());
    let span = Span { from: at(0), to: at(second.into()) };
    for step_s in [60, 3_600] {
        assert_eq!(one.rollup(span, step_s).unwrap(), other.rollup(span, step_s).unwrap());
    }
    for by in [TopBy::SrcIp, TopBy::Password, TopBy::Command, TopBy::DownloadUrl] {
        for now in [at(0), at(30 * 86_400)] {
            assert_eq!(one.top(by, span, 5, now).unwrap(), other.top(by, span, 5, now).unwrap());
        }
    }
    assert_eq!(one.totals().unwrap(), other.totals().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn engines_agree(
        steps in prop::collection::vec((any::<u8>(), any::<u16>(), any::<u8>()), 1..120),
        batch in 1usize..40,
        what: u8,
        second: u16,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let embedded = Catalogue::open(&dir.path().join("catalogue.sqlite")).unwrap();
        let memory = MemoryCatalog::default();
        let events = history(&steps);
        index(&embedded, &events, batch);
        // The memory engine gets everything at once: batches must not matter.
        index(&memory, &events, usize::MAX);
        same_answers(&memory, &embedded, what, second);
    }
}

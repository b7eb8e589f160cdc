//! Events, sessions and counts.

use super::{Engine, found, index, number};
use crate::query::{EventQuery, Has, SampleQuery, SessionQuery, TopBy};
use crate::seam::{Batch, Position, Span};
use crate::tests::make::{
    self, at, captured, command, download, event, ip, login, open, session_id, visit,
};
use ukai_model::{EventKind, PeerText, Sha256, Timestamp};

pub(super) fn events_are_found_by_every_condition(engine: &Engine) {
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
    let first = engine.catalog.event(make::event_id(10, at(0))).unwrap().unwrap();
    assert!(engine.log.read(first).unwrap().is_some());
    assert_eq!(engine.catalog.event(make::event_id(99, at(0))).unwrap(), None);
    assert_eq!(engine.catalog.totals().unwrap().events, 13);
}

pub(super) fn pages_follow_one_another_without_gap_or_overlap(engine: &Engine) {
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

pub(super) fn an_event_is_indexed_once(engine: &Engine) {
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

pub(super) fn sessions_are_summed_up_from_their_events(engine: &Engine) {
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

pub(super) fn a_session_goes_on_over_batches(engine: &Engine) {
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

pub(super) fn sessions_are_found_by_what_they_had(engine: &Engine) {
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
    index(engine, with(5, make::close()));
    let has = |has, src_ip, protocol: Option<&str>| {
        let protocol = protocol.map(str::to_owned);
        let query = SessionQuery { src_ip, protocol, has, ..SessionQuery::default() };
        let page = engine.catalog.sessions(&query).unwrap();
        page.items.iter().map(|s| number(s.id.as_bytes())).collect::<Vec<_>>()
    };
    assert_eq!(has(None, None, None), [5, 4, 3, 2, 1]);
    assert_eq!(has(Some(Has::Recording), None, None), [5]);
    assert_eq!(has(Some(Has::Login), None, None), [1]);
    assert_eq!(has(Some(Has::Command), None, Some("telnet")), [2]);
    assert_eq!(has(Some(Has::Download), None, Some("telnet")), [3]);
    assert_eq!(has(Some(Has::Sample), Some(ip(4)), None), [4]);
    assert_eq!(has(Some(Has::Sample), Some(ip(3)), None), [0u32; 0]);
    assert_eq!(has(None, Some(ip(2)), Some("telnet")), [2]);
    assert_eq!(has(None, None, Some("http")), [0u32; 0]);
}

pub(super) fn counts_per_step_and_top_lists(engine: &Engine) {
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

pub(super) fn log_ins_and_clients_are_counted(engine: &Engine) {
    let session = session_id(1, at(0));
    let attempt = |method: Option<&str>, password: &str, proof: Option<&str>, success| {
        EventKind::LoginAttempt {
            protocol: "ssh".into(),
            user: "root".into(),
            password: password.into(),
            method: method.map(str::to_owned),
            proof: proof.map(PeerText::from),
            success,
        }
    };
    let client = |software: Option<&str>| EventKind::ClientFingerprint {
        method: "hassh".into(),
        value: "92674389fa1e47a27ddd8d9b63ecd42b".into(),
        software: software.map(PeerText::from),
    };
    let kinds = [
        attempt(None, "toor", None, true),
        attempt(None, "x", None, false),
        attempt(Some("publickey"), "", Some("ssh-ed25519 SHA256:abc"), false),
        attempt(Some("cram-md5"), "", Some("00ff"), false),
        attempt(Some("cram-md5"), "toor", Some("00fe"), true),
        client(Some("SSH-2.0-Go\u{1b}")),
        client(None),
    ];
    let events = (10..).zip(kinds).map(|(n, kind)| event(n, at(1), session, 1, kind)).collect();
    index(engine, events);
    let span = Span { from: at(0), to: at(10) };
    let top = |by| {
        let top = engine.catalog.top(by, span, 9, at(10)).unwrap();
        top.into_iter().map(|entry| (entry.value, entry.count)).collect::<Vec<_>>()
    };
    assert_eq!(top(TopBy::User), [("root".into(), 5)]);
    assert_eq!(top(TopBy::Credential), [("root:toor".into(), 2), ("root:x".into(), 1)]);
    assert_eq!(top(TopBy::Password), [("toor".into(), 2), ("x".into(), 1)]);
    assert_eq!(top(TopBy::LoginProtocol), [("ssh".into(), 5)]);
    assert_eq!(top(TopBy::LoginSuccess), [("ssh".into(), 2)]);
    assert_eq!(top(TopBy::PublicKey), [("ssh-ed25519 SHA256:abc".into(), 1)]);
    let hassh = "hassh 92674389fa1e47a27ddd8d9b63ecd42b";
    assert_eq!(
        top(TopBy::Client),
        [(hassh.to_owned(), 1), (format!("{hassh} SSH-2.0-Go\\x1b"), 1)]
    );
}

pub(super) fn top_lists_are_by_day_for_what_is_long_ago(engine: &Engine) {
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

pub(super) fn what_retention_dropped_is_forgotten(engine: &Engine) {
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

pub(super) fn a_cursor_of_another_kind_is_refused(engine: &Engine) {
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

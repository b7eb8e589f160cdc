//! Any frames as a guest's trace, and any lines as the virtual Internet's events: a bounded
//! report without a panic, whose text has no control characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_behaviour::{RuleSet, RunSettings, Seen, contents, report, text};
use ukai_model::{Ended, Event, Sha256, Timestamp};
use ukai_trace::Notice;

fuzz_target!(|data: &[u8]| {
    let (trace, lines) = data.split_at(data.len() * 2 / 3);
    let mut notices = Vec::new();
    let mut rest = trace;
    while let [length, body @ ..] = rest {
        let (body, after) = body.split_at(usize::from(*length).min(body.len()));
        notices.extend(Notice::decode(body));
        rest = after;
    }
    let events: Vec<Event> =
        lines.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let seen = Seen {
        settings: RunSettings { path: b"/tmp/a".to_vec(), ..RunSettings::default() },
        started: Timestamp::from_secs(1_767_323_045),
        duration_ms: 1_000,
        ended: Ended::TimeUsed,
        reason: None,
        notices,
        events,
        guest: vec![[192, 168, 178, 23].into()],
    };
    let _ = contents(&seen);
    let report = report(&Sha256::of(data), &[seen.clone(), seen], RuleSet::built_in());
    assert!(text(&report).chars().all(|c| c == '\n' || !c.is_control()));
});

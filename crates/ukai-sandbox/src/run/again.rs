//! Whether a sample is run once more, and how: what it does when the network is another one,
//! or the time.

use super::{Conditions, Ended, Seen, Setup};
use std::time::Duration;
use ukai_model::EventKind;

/// How many runs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// A second one, where the first leaves a question.
    Auto,
    /// So many.
    Runs(u32),
}

/// Runs that can be asked for.
const RUNS_MAX: u32 = 6;

/// A month later: what waits for a day has its day, and certificates are still valid.
const LATER_S: i64 = 30 * 86_400;

/// What is tried one after another, where so many runs are asked for.
const ORDER: [Change; RUNS_MAX as usize - 1] = [
    Change::Conditions("nxdomain"),
    Change::Conditions("refused"),
    Change::Later,
    Change::Conditions("offline"),
    Change::Conditions("slow"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Conditions(&'static str),
    Later,
}

/// The next run's set-up after those that were `seen`, and what is different in it, as
/// `key = value`; `None`: there is none.
pub fn again(how: Again, first: &Setup, seen: &[Seen]) -> Option<(Setup, String)> {
    let change = match how {
        Again::Runs(runs) if seen.len() < runs as usize => *ORDER.get(seen.len() - 1)?,
        Again::Auto if seen.len() == 1 => question(&seen[0])?,
        Again::Runs(_) | Again::Auto => return None,
    };
    let mut setup = first.clone();
    setup.record = first.record.as_ref().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        folder.with_file_name(format!("{name}-{}", seen.len() + 1))
    });
    let told = match change {
        Change::Conditions(name) => {
            let internet = first.conditions.internet.clone();
            setup.conditions = Conditions::of(name, internet)?;
            format!("scenario = {name}")
        }
        Change::Later => {
            setup.clock_shift_s += LATER_S;
            // Nothing was seen: it may only have been slow.
            setup.time = setup.time.saturating_mul(2).min(Duration::from_mins(10));
            format!("clock = +{LATER_S} s")
        }
    };
    Some((setup, told))
}

/// What a first run leaves open.
fn question(seen: &Seen) -> Option<Change> {
    if matches!(seen.ended, Ended::NotStarted) {
        return None;
    }
    let named = |kind: &EventKind| matches!(kind, EventKind::DnsQuery { .. });
    let reached = |kind: &EventKind| matches!(kind, EventKind::Destination { .. });
    if seen.events.iter().any(|event| named(&event.kind)) {
        // Whom does it turn to when the names are gone?
        Some(Change::Conditions("nxdomain"))
    } else if seen.events.iter().any(|event| reached(&event.kind)) {
        // Whom, when its servers are?
        Some(Change::Conditions("refused"))
    } else {
        Some(Change::Later)
    }
}

#[cfg(test)]
mod tests {
    use super::{Again, LATER_S, again};
    use crate::run::{Authority, Conditions, Ended, Seen, Setup};
    use std::time::Duration;
    use ukai_model::{Event, EventId, EventKind, PeerText, SCHEMA_VERSION, Timestamp};
    use ukai_servers::replies::ReplySet;

    fn setup() -> Setup {
        let none = String::new();
        Setup {
            time: Duration::from_mins(1),
            conditions: Conditions::named("open").expect("known"),
            environment: Vec::new(),
            clock_shift_s: 0,
            skip_sleep: true,
            memory: false,
            record: Some("/records/run".into()),
            authority: Authority { certificate: none.clone(), key: none },
            replies: ReplySet::shipped(),
        }
    }

    fn seen(ended: Ended, kinds: Vec<EventKind>) -> Seen {
        let started = Timestamp::from(std::time::SystemTime::UNIX_EPOCH);
        let event = |kind| Event {
            v: SCHEMA_VERSION,
            id: EventId::new(started, 0),
            time: started,
            sensor: "sandbox".parse().expect("a name"),
            session: None,
            flow: None,
            kind,
        };
        Seen {
            started,
            until_running: None,
            lasted: Duration::ZERO,
            ended,
            reason: None,
            notices: Vec::new(),
            lost: 0,
            events: kinds.into_iter().map(event).collect(),
            guest: Vec::new(),
            console: Vec::new(),
        }
    }

    #[test]
    fn a_second_run_asks_what_the_first_left_open() {
        let name = EventKind::Destination { name: PeerText::default(), asked_ms: None };
        let silent = seen(Ended::TimeUsed, Vec::new());
        let (later, told) =
            again(Again::Auto, &setup(), std::slice::from_ref(&silent)).expect("a second");
        assert_eq!((later.clock_shift_s, later.time.as_secs()), (LATER_S, 120));
        assert_eq!(told, "clock = +2592000 s");
        assert_eq!(later.record, Some("/records/run-2".into()));
        let (refused, told) =
            again(Again::Auto, &setup(), &[seen(Ended::Exited, vec![name])]).expect("a second");
        assert_eq!(
            (refused.conditions.name.as_str(), told.as_str()),
            ("refused", "scenario = refused")
        );
        assert!(again(Again::Auto, &setup(), &[silent.clone(), silent.clone()]).is_none());
        let failed = seen(Ended::NotStarted, Vec::new());
        assert!(again(Again::Auto, &setup(), &[failed]).is_none());
        // As many as are asked for, each different.
        let mut seen = vec![silent.clone()];
        let mut told = Vec::new();
        while let Some((_, change)) = again(Again::Runs(4), &setup(), &seen) {
            told.push(change);
            seen.push(silent.clone());
        }
        assert_eq!(told, ["scenario = nxdomain", "scenario = refused", "clock = +2592000 s"]);
    }
}

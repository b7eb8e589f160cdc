//! The runs of one sample: a first one, and those that its result asks for.

use ukai_behaviour::RunSettings;
use ukai_sandbox::run::{After, Again, Ended, Guest, Plan, RunError, Seen, Setup, again};
use ukai_trace::Notice;

/// Runs a sample as often as it takes; each run is shown to `look` when it is over. In the
/// report's words.
pub(super) async fn series(
    guest: &impl Guest,
    sample: &[u8],
    plan: &Plan,
    first: &Setup,
    how_often: Again,
    look: impl Fn(&Seen),
) -> Result<Vec<ukai_behaviour::Seen>, RunError> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut told = Vec::new();
    let mut next = Some((first.clone(), None));
    while let Some((setup, changed)) = next {
        let one = guest.run(sample, plan, &setup).await?;
        look(&one);
        told.push(as_told(plan, &setup, changed, &one));
        seen.push(one);
        next = again(how_often, first, &seen).map(|(setup, told)| (setup, Some(told)));
    }
    Ok(told)
}

/// What happened after a run, in the report's words, though it is none of the report's.
pub(super) fn after_as_told(
    plan: &Plan,
    setup: &Setup,
    seen: &Seen,
    after: &After,
) -> ukai_behaviour::Seen {
    let (notices, events) = (after.notices.clone(), after.events.clone());
    as_told(plan, setup, None, &Seen { notices, events, ..seen.clone() })
}

/// A run in the report's words.
pub(super) fn as_told(
    plan: &Plan,
    setup: &Setup,
    changed: Option<String>,
    seen: &Seen,
) -> ukai_behaviour::Seen {
    // The guest counts from the sample's start, the report from the run's.
    let before_ns = seen.until_running.unwrap_or_default().as_nanos() as u64;
    let since_run = |notice: &Notice| Notice {
        at_ns: notice.at_ns.saturating_add(before_ns),
        ..notice.clone()
    };
    ukai_behaviour::Seen {
        settings: RunSettings {
            architecture: plan.architecture.clone(),
            path: plan.path.clone(),
            command: plan.arguments.clone(),
            scenario: setup.conditions.name.clone(),
            changed: changed.into_iter().collect(),
        },
        started: seen.started,
        duration_ms: seen.lasted.as_millis() as u64,
        ended: match seen.ended {
            Ended::Exited => ukai_model::Ended::Exited,
            Ended::TimeUsed => ukai_model::Ended::TimeUsed,
            Ended::GuestEnded => ukai_model::Ended::GuestEnded,
            Ended::NotStarted => ukai_model::Ended::NotStarted,
        },
        reason: seen.reason.clone(),
        notices: seen.notices.iter().map(since_run).collect(),
        events: seen.events.clone(),
        guest: seen.guest.clone(),
    }
}

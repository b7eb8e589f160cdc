//! What is published in one cycle: what the guard lets through, slowed by the brakes.

use crate::decay::current_confidence;
use crate::guard::{Guard, Withheld};
use crate::policy::Brakes;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use ukai_model::{Indicator, IndicatorId, ObservableKind, Timestamp};

/// What is published in one cycle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Published {
    /// The entries, by kind, value and role; `withheld` is empty in each.
    pub entries: Vec<Indicator>,
    /// What is not published and why, by identity.
    pub withheld: BTreeMap<IndicatorId, Withheld>,
    /// Which brakes took hold, for a reader.
    pub brakes_hit: Vec<String>,
}

/// Selects what may be published at `now`.
///
/// `previous` are the entries of the last cycle; without any (`None`: the first cycle
/// ever) only the limit on entries brakes. Where a brake cuts, the surest go first.
pub fn select(
    indicators: &[Indicator],
    guard: &Guard,
    brakes: &Brakes,
    previous: Option<&[Indicator]>,
    now: Timestamp,
) -> Published {
    let mut published = Published::default();
    let mut passed: BTreeMap<ObservableKind, Vec<&Indicator>> = BTreeMap::new();
    for indicator in indicators {
        match guard.check(indicator, now) {
            Ok(()) => passed.entry(indicator.observable.kind).or_default().push(indicator),
            Err(reason) => {
                published.withheld.insert(indicator.id, reason);
            }
        }
    }
    let mut before: BTreeMap<ObservableKind, Vec<&Indicator>> = BTreeMap::new();
    for indicator in previous.unwrap_or_default() {
        before.entry(indicator.observable.kind).or_default().push(indicator);
    }
    for kind in KINDS {
        let cycle = Cycle {
            kind,
            passed: passed.remove(&kind).unwrap_or_default(),
            before: previous.map(|_| before.remove(&kind).unwrap_or_default()),
        };
        cycle.run(guard, brakes, now, &mut published);
    }
    published.entries.sort_by(|a, b| {
        (a.observable.kind, &a.observable.value, a.role).cmp(&(
            b.observable.kind,
            &b.observable.value,
            b.role,
        ))
    });
    published
}

const KINDS: [ObservableKind; 5] = [
    ObservableKind::Ip,
    ObservableKind::Domain,
    ObservableKind::Url,
    ObservableKind::Endpoint,
    ObservableKind::Sha256,
];

/// One kind of observable in one cycle.
struct Cycle<'a> {
    kind: ObservableKind,
    passed: Vec<&'a Indicator>,
    before: Option<Vec<&'a Indicator>>,
}

impl Cycle<'_> {
    fn run(mut self, guard: &Guard, brakes: &Brakes, now: Timestamp, published: &mut Published) {
        self.passed.sort_by_key(|i| (Reverse(current_confidence(i, now)), i.id));
        let mut entries = self.grow(brakes, published);
        entries.extend(self.faded(&entries, guard, brakes, now, published));
        self.cut(&mut entries, brakes, published);
        for entry in entries {
            published.withheld.remove(&entry.id);
            published.entries.push(Indicator { withheld: None, ..entry.clone() });
        }
    }

    /// What passed the guard, without the new ones that are too many for one cycle.
    fn grow(&self, brakes: &Brakes, published: &mut Published) -> Vec<&Indicator> {
        let Some(before) = &self.before else { return self.passed.clone() };
        let known: HashSet<_> = before.iter().map(|i| i.id).collect();
        let allowed = share(before.len(), brakes.growth_percent_max).max(brakes.growth_always);
        let mut new = 0;
        let mut deferred = 0;
        let mut entries = Vec::with_capacity(self.passed.len());
        for indicator in &self.passed {
            let is_new = !known.contains(&indicator.id);
            if is_new && new == allowed {
                deferred += 1;
                published.withheld.insert(indicator.id, Withheld::Brake("growth"));
            } else {
                new += usize::from(is_new);
                entries.push(*indicator);
            }
        }
        if deferred > 0 {
            published.brakes_hit.push(format!(
                "growth: {deferred} new entries of kind {} wait, {allowed} were let in",
                self.kind
            ));
        }
        entries
    }

    /// Entries of the last cycle that would fade without a reason of their own, and are
    /// too many for one cycle: a lost catalogue must not empty the feeds at once.
    fn faded(
        &self,
        entries: &[&Indicator],
        guard: &Guard,
        brakes: &Brakes,
        now: Timestamp,
        published: &mut Published,
    ) -> Vec<&Indicator> {
        let Some(before) = &self.before else { return Vec::new() };
        let staying: HashSet<_> = entries.iter().map(|i| i.id).collect();
        let is_final =
            |id: &IndicatorId| published.withheld.get(id).is_some_and(Withheld::is_final);
        let mut fading: Vec<_> = before
            .iter()
            .filter(|i| !staying.contains(&i.id) && !is_final(&i.id))
            .filter(|i| !guard.check(i, now).is_err_and(|reason| reason.is_final()))
            .copied()
            .collect();
        let allowed = share(before.len(), brakes.shrink_percent_max).max(brakes.shrink_always);
        if fading.len() <= allowed {
            return Vec::new();
        }
        fading.sort_by_key(|i| (Reverse(current_confidence(i, now)), i.id));
        let kept = fading.len() - allowed;
        fading.truncate(kept);
        published.brakes_hit.push(format!(
            "shrinkage: {kept} entries of kind {} stay for this cycle, {allowed} fade",
            self.kind
        ));
        fading
    }

    fn cut(&self, entries: &mut Vec<&Indicator>, brakes: &Brakes, published: &mut Published) {
        if entries.len() <= brakes.entries_max {
            return;
        }
        for indicator in &entries[brakes.entries_max..] {
            published.withheld.insert(indicator.id, Withheld::Brake("entries"));
        }
        published.brakes_hit.push(format!(
            "entries: {} of kind {} are over the limit of {}",
            entries.len() - brakes.entries_max,
            self.kind,
            brakes.entries_max
        ));
        entries.truncate(brakes.entries_max);
    }
}

fn share(whole: usize, percent: u32) -> usize {
    usize::try_from(whole as u64 * u64::from(percent) / 100).unwrap_or(usize::MAX)
}

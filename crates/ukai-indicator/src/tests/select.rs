//! What one cycle publishes.

use super::{DAY, NOW, indicator};
use crate::{Brakes, Guard, Policy, Published, Withheld, select};
use ukai_model::{Confidence, Indicator, Role};

fn guard() -> Guard {
    let policy = Policy { publish_documentation_ranges: true, ..Policy::default() };
    Guard::new(&policy).expect("a policy")
}

const TIGHT: Brakes = Brakes {
    entries_max: 20,
    growth_percent_max: 50,
    growth_always: 2,
    shrink_percent_max: 50,
    shrink_always: 1,
};

fn domains(count: usize) -> Vec<Indicator> {
    (0..count).map(|n| indicator(&format!("c2-{n}.test"), Role::C2)).collect()
}

fn values(published: &Published) -> Vec<&str> {
    published.entries.iter().map(|entry| entry.observable.value.as_str()).collect()
}

#[test]
fn the_order_does_not_depend_on_the_input() {
    let mut input = domains(5);
    input.push(indicator("203.0.113.5", Role::Scanner));
    input.push(indicator("10.0.0.1", Role::Scanner));
    let forward = select(&input, &guard(), &Brakes::default(), None, NOW);
    input.reverse();
    assert_eq!(select(&input, &guard(), &Brakes::default(), None, NOW), forward);
    assert_eq!(values(&forward)[0], "203.0.113.5");
    assert_eq!(forward.entries.len(), 6);
    assert_eq!(forward.withheld.len(), 1);
    assert!(forward.brakes_hit.is_empty());
}

#[test]
fn growth_is_braked_and_goes_on_in_the_next_cycle() {
    let first = select(&domains(10), &guard(), &TIGHT, None, NOW);
    assert_eq!(first.entries.len(), 10);
    let second = select(&domains(18), &guard(), &TIGHT, Some(&first.entries), NOW);
    assert_eq!(second.entries.len(), 15);
    assert_eq!(second.withheld.values().next(), Some(&Withheld::Brake("growth")));
    assert_eq!(second.brakes_hit.len(), 1, "{:?}", second.brakes_hit);
    let third = select(&domains(18), &guard(), &TIGHT, Some(&second.entries), NOW);
    assert_eq!(third.entries.len(), 18);
    assert!(third.withheld.is_empty());
}

#[test]
fn the_surest_stay_under_the_limit_of_entries() {
    let mut input = domains(25);
    input[20].confidence = Confidence::new(95);
    input[3].confidence = Confidence::new(61);
    let published = select(&input, &guard(), &TIGHT, None, NOW);
    assert_eq!(published.entries.len(), 20);
    assert!(values(&published).contains(&"c2-20.test"));
    assert!(!values(&published).contains(&"c2-3.test"));
    assert_eq!(published.withheld.len(), 5);
}

#[test]
fn a_lost_catalogue_does_not_empty_the_feeds_at_once() {
    let first = select(&domains(10), &guard(), &TIGHT, None, NOW);
    let second = select(&[], &guard(), &TIGHT, Some(&first.entries), NOW);
    assert_eq!(second.entries.len(), 5);
    assert_eq!(second.brakes_hit.len(), 1, "{:?}", second.brakes_hit);
    let expired = select(&[], &guard(), &TIGHT, Some(&first.entries), NOW + DAY * 42);
    assert_eq!(expired.entries.len(), 0, "what has expired goes, whatever the brakes say");
}

#[test]
fn what_is_withdrawn_for_a_reason_goes_within_the_cycle() {
    let input = domains(10);
    let first = select(&input, &guard(), &TIGHT, None, NOW);
    let policy = Policy {
        allow: (0..10).map(|n| format!("c2-{n}.test")).collect(),
        publish_documentation_ranges: true,
        ..Policy::default()
    };
    let strict = Guard::new(&policy).expect("a policy");
    for input in [&input[..], &[]] {
        let second = select(input, &strict, &TIGHT, Some(&first.entries), NOW);
        assert_eq!(second.entries.len(), 0);
        assert_eq!(second.withheld.len(), input.len());
    }
}

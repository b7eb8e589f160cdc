//! Samples, analyses, indicators.

use super::{Engine, index};
use crate::query::{BehaviourQuery, IndicatorQuery, IndicatorState, Remark, SampleQuery};
use crate::tests::make::{
    self, analysis, at, captured, event, evidence, indicator, ip, session_id,
};
use ukai_model::{Ended, Outcome, Role, Sha256, Timestamp};

pub(super) fn analyses_replace_earlier_ones_and_fill_the_summary(engine: &Engine) {
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

pub(super) fn behaviours_are_kept_listed_and_compared(engine: &Engine) {
    let catalog = &engine.catalog;
    let made = |n: u8, score: u8| make::behaviour(Sha256::of(&[n]), at(u64::from(n)), score);
    for n in 0..5 {
        catalog.put_behaviour(&made(n, 0)).unwrap();
        catalog.put_behaviour(&made(n, n * 20)).unwrap();
    }
    assert_eq!(catalog.behaviour(&Sha256::of(&[3])).unwrap(), Some(made(3, 60)));
    assert_eq!(catalog.behaviour(&Sha256::of(b"x")).unwrap(), None);

    let scores = |query: &BehaviourQuery| {
        let page = catalog.behaviours(query).unwrap();
        (page.items.iter().map(|item| item.score).collect::<Vec<_>>(), page.next)
    };
    let all = BehaviourQuery { limit: Some(3), ..BehaviourQuery::default() };
    let (first, next) = scores(&all);
    assert_eq!(first, [80, 60, 40]);
    let rest = scores(&BehaviourQuery { before: next, ..all.clone() });
    assert_eq!(rest, (vec![20, 0], None));
    assert_eq!(scores(&BehaviourQuery { min_score: Some(60), ..all }).0, [80, 60]);

    let listed = &catalog.behaviours(&BehaviourQuery::default()).unwrap().items[0];
    let servers: Vec<_> =
        listed.servers.iter().map(|s| format!("{} {}", s.class.as_str(), s.host)).collect();
    assert_eq!(servers, ["c2 c2.example:6667", "distribution [2001:db8::9]:80"]);
    assert_eq!((listed.runs, listed.drops, listed.ended), (1, 1, Ended::TimeUsed));

    let newest = catalog.minhashes(2).unwrap();
    let minhash = |n: u8| made(n, 0).fingerprint.minhash;
    assert_eq!(newest, [(Sha256::of(&[4]), minhash(4)), (Sha256::of(&[3]), minhash(3))]);
    // What hardly talks is compared with nothing.
    let mut silent = made(9, 0);
    silent.fingerprint.minhash.clear();
    catalog.put_behaviour(&silent).unwrap();
    assert_eq!(catalog.minhashes(10).unwrap().len(), 5);
}

pub(super) fn reports_of_a_sample_are_kept_beside_each_other(engine: &Engine) {
    let catalog = &engine.catalog;
    let (sha256, other) = (Sha256::of(b"a"), Sha256::of(b"b"));
    let made = |n: u8| make::behaviour(sha256, at(u64::from(n)), n);
    catalog.put_behaviour(&made(20)).unwrap();
    for n in [22, 21] {
        catalog.put_behaviour_report(&made(n)).unwrap();
    }
    catalog.put_behaviour_report(&make::behaviour(other, at(1), 1)).unwrap();
    let listed = |of: &Sha256| -> Vec<u8> {
        catalog.behaviour_reports(of).unwrap().iter().map(|report| report.score).collect()
    };
    assert_eq!((listed(&sha256), listed(&other)), (vec![22, 21, 20], vec![1]));
    assert_eq!(catalog.behaviour_report(&sha256, at(21)).unwrap(), Some(made(21)));
    assert_eq!(catalog.behaviour_report(&other, at(21)).unwrap(), None);
    // What is known of the sample is another thing, and the oldest report goes.
    assert_eq!(catalog.behaviour(&sha256).unwrap(), Some(made(20)));
    (23..31).for_each(|n| catalog.put_behaviour_report(&made(n)).unwrap());
    assert_eq!(listed(&sha256), (21..31).rev().collect::<Vec<_>>());
    assert_eq!(catalog.behaviour(&sha256).unwrap(), Some(made(20)));
}

pub(super) fn remarks_are_replaced_and_their_labels_find_the_sample(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    engine.catalog.put_analysis(&analysis(sha256, at(0), Outcome::Complete)).unwrap();
    let other = analysis(Sha256::of(b"y"), at(1), Outcome::Complete);
    engine.catalog.put_analysis(&other).unwrap();
    let made = |kind: &str, labels: &[&str], body: &str| Remark {
        sha256,
        kind: kind.to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        body: serde_json::json!({ "text": body }),
    };
    let first = made("antivirus", &["mirai"], "first");
    let second = made("antivirus", &["gafgyt", "tsunami"], "second");
    let analyst = made("analyst", &["seen in Kyoto", "gafgyt"], "third");
    for remark in [&first, &analyst, &second] {
        engine.catalog.put_remark(remark).unwrap();
    }
    assert_eq!(engine.catalog.remarks(&sha256).unwrap(), [analyst, second]);
    assert_eq!(engine.catalog.remarks(&Sha256::of(b"y")).unwrap(), []);
    let sample = engine.catalog.sample(&sha256).unwrap().unwrap();
    assert_eq!(sample.labels, ["seen in Kyoto", "gafgyt", "tsunami"], "each once, by kind");
    let find = |query: SampleQuery| {
        let found = engine.catalog.samples(&query).unwrap().items;
        found.into_iter().map(|sample| sample.sha256).collect::<Vec<_>>()
    };
    let by_label =
        |label: &str| SampleQuery { label: Some(label.into()), ..SampleQuery::default() };
    assert_eq!(find(SampleQuery::default()).len(), 2);
    assert_eq!(find(by_label("Gafgyt")), [sha256]);
    assert_eq!(find(by_label("tsunami")), [sha256]);
    assert_eq!(find(by_label("mirai")), [], "replaced");
    assert_eq!(find(by_label("gaf")), [], "a part of a label");
    assert_eq!(find(SampleQuery { q: Some("KYOTO".into()), ..SampleQuery::default() }), [sha256]);
}

pub(super) fn indicators_are_found_by_every_condition(engine: &Engine) {
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

pub(super) fn evidence_leads_back_to_indicators(engine: &Engine) {
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

pub(super) fn samples_are_summed_up_from_their_sightings(engine: &Engine) {
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
        (Some(session), make::event_id(11, at(11)))
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

pub(super) fn sightings_of_one_sample_are_bounded(engine: &Engine) {
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

pub(super) fn meta_values_are_replaced(engine: &Engine) {
    assert_eq!(engine.catalog.meta("scorer").unwrap(), None);
    engine.catalog.put_meta("scorer", "1").unwrap();
    engine.catalog.put_meta("scorer", "2").unwrap();
    assert_eq!(engine.catalog.meta("scorer").unwrap().as_deref(), Some("2"));
}

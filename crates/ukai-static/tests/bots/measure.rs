//! How much of what specimens carry is found, and how much is found that they do not carry.

use super::generator::Truth;
use std::collections::BTreeSet;
use ukai_model::{Analysis, ObservableKind, PeerText, Timestamp};
use ukai_static::{Limits, analyze};

/// Counts of one kind of value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Score {
    pub(crate) there: usize,
    pub(crate) found: usize,
    pub(crate) wrong: usize,
}

impl Score {
    pub(crate) fn recall(&self) -> f64 {
        self.found as f64 / self.there.max(1) as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        self.found as f64 / (self.found + self.wrong).max(1) as f64
    }

    fn count(&mut self, there: &BTreeSet<String>, found: &BTreeSet<String>) {
        self.there += there.len();
        self.found += there.intersection(found).count();
        self.wrong += found.difference(there).count();
    }
}

/// All kinds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scores {
    pub(crate) hosts: Score,
    pub(crate) endpoints: Score,
    pub(crate) urls: Score,
    pub(crate) logins: Score,
    pub(crate) weights: Score,
    pub(crate) families: Score,
    pub(crate) keys: Score,
}

impl Scores {
    pub(crate) fn add(&mut self, truth: &Truth) {
        let limits = Limits::default();
        let analysis = analyze(&truth.bytes, Timestamp::default(), &limits, &mut |_| ());
        let of = |kinds: &[ObservableKind]| -> BTreeSet<String> {
            let list = analysis.observables.iter();
            list.filter(|it| kinds.contains(&it.observable.kind))
                .map(|it| it.observable.value.clone())
                .collect()
        };
        let url_host = |url: &String| url.split('/').nth(2).unwrap_or_default().to_owned();
        let hosts = truth.hosts.iter().map(|(host, _)| host.clone());
        let hosts: BTreeSet<String> = hosts.chain(truth.urls.iter().map(url_host)).collect();
        self.hosts.count(&hosts, &of(&[ObservableKind::Ip, ObservableKind::Domain]));
        let endpoints = truth.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        self.endpoints.count(&endpoints, &of(&[ObservableKind::Endpoint]));
        self.urls.count(&truth.urls.iter().cloned().collect(), &of(&[ObservableKind::Url]));
        let logins = truth.logins.iter().map(|(user, password)| format!("{user} {password}"));
        self.logins.count(&logins.collect(), &logins_of(&analysis));
        let weights = truth.logins.iter().zip(&truth.weights);
        let weights =
            weights.map(|((user, password), weight)| format!("{user} {password} {weight}"));
        self.weights.count(&weights.collect(), &weights_of(&analysis));
        let families = analysis.configurations.iter().map(|it| it.family.clone()).collect();
        if truth.family == "mirai" {
            let there = [truth.table_key, truth.login_key].map(|key| format!("{key:02x}"));
            let found = analysis.configurations.iter();
            let found = found.flat_map(|it| [it.table_key.clone(), it.login_key.clone()]).flatten();
            self.keys.count(&there.into(), &found.collect());
        }
        self.families.count(&BTreeSet::from([truth.family.to_owned()]), &families);
    }
}

fn weights_of(analysis: &Analysis) -> BTreeSet<String> {
    let text = |text: &PeerText| String::from_utf8_lossy(text.as_bytes()).into_owned();
    let logins = analysis.configurations.iter().flat_map(|it| &it.logins);
    let weighed = logins
        .filter_map(|it| Some(format!("{} {} {}", text(&it.user), text(&it.password), it.weight?)));
    weighed.collect()
}

fn logins_of(analysis: &Analysis) -> BTreeSet<String> {
    let text = |text: &PeerText| String::from_utf8_lossy(text.as_bytes()).into_owned();
    analysis
        .configurations
        .iter()
        .flat_map(|it| &it.logins)
        .map(|login| format!("{} {}", text(&login.user), text(&login.password)))
        .collect()
}

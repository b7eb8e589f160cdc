//! How much of what droppers contact is found, and how much is found that they do not contact.

use super::generator::{Truth, authority};
use std::collections::BTreeSet;
use ukai_model::{ObservableKind, Timestamp};
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
    pub(crate) urls: Score,
    pub(crate) hosts: Score,
    /// Hosts with their ports.
    pub(crate) ports: Score,
}

impl Scores {
    /// Counts one dropper. What was not found is told with a minus, what is not there and was
    /// found with a plus.
    pub(crate) fn add(&mut self, truth: &Truth) -> Vec<String> {
        let limits = Limits::default();
        let analysis = analyze(truth.text.as_bytes(), Timestamp::default(), &limits, &mut |_| ());
        let of = |kinds: &[ObservableKind]| -> BTreeSet<String> {
            let list = analysis.observables.iter();
            list.filter(|it| kinds.contains(&it.observable.kind))
                .map(|it| it.observable.value.clone())
                .collect()
        };
        let mut urls = of(&[ObservableKind::Url]);
        let hosts = of(&[ObservableKind::Ip, ObservableKind::Domain]);
        let implied = truth.implied_ports();
        let mut ports = of(&[ObservableKind::Endpoint]);
        ports.retain(|port| !implied.contains(port));
        // What is got by FTP is told as a URL, which says its end point.
        let transfers = urls.iter().filter_map(|url| {
            let (host, port) = authority(url.strip_prefix("ftp:").map(|_| url.as_str())?);
            let point = (host, port.unwrap_or(21));
            let is_point = truth.endpoints.contains(&point) && !truth.urls.contains(url);
            is_point.then(|| (url.clone(), point))
        });
        for (url, (host, port)) in transfers.collect::<Vec<_>>() {
            urls.remove(&url);
            ports.insert(format!("{host}:{port}"));
        }
        let mut different = Vec::new();
        for (score, there, found) in [
            (&mut self.urls, &truth.fetched(), urls),
            (&mut self.hosts, &truth.hosts(), hosts),
            (&mut self.ports, &truth.ports(), ports),
        ] {
            score.count(there, &found);
            different.extend(there.difference(&found).map(|value| format!("-{value}")));
            different.extend(found.difference(there).map(|value| format!("+{value}")));
        }
        different
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.urls, other.urls),
            (&mut self.hosts, other.hosts),
            (&mut self.ports, other.ports),
        ] {
            own.there += other.there;
            own.found += other.found;
            own.wrong += other.wrong;
        }
    }

    /// What is measured, by name.
    pub(crate) fn each(&self) -> [(&'static str, Score); 3] {
        [("urls", self.urls), ("hosts", self.hosts), ("hosts with ports", self.ports)]
    }
}

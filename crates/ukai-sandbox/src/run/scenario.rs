//! Conditions of the network, by name.

use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;
use ukai_virtnet::{NamesSpec, Reach, ReachRule, ReachSpec, Scenario, Unknown};

/// What the network is like in a run.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Its name, for the report.
    pub name: String,
    /// What the virtual Internet is like.
    pub internet: Scenario,
    /// How long each frame is on its way, each way.
    pub delay: Duration,
}

/// Names of those that are known.
pub const CONDITIONS: [&str; 5] = ["open", "offline", "nxdomain", "refused", "slow"];

/// One way of a slow line.
const SLOW: Duration = Duration::from_millis(400);

impl Conditions {
    /// Those of a name; `None` if there are none.
    pub fn named(name: &str) -> Option<Self> {
        Self::of(name, Scenario::default())
    }

    /// Those of a name, in an Internet of the operator's own.
    pub fn of(name: &str, internet: Scenario) -> Option<Self> {
        let (mut internet, mut delay) = (internet, Duration::ZERO);
        let names = |unknown, names: NamesSpec| NamesSpec { unknown, ..names };
        let reach = |policy| ReachSpec { policy, ..ReachSpec::default() };
        match name {
            "open" => {}
            "offline" => {
                internet.names = names(Unknown::Silent, internet.names);
                internet.reach = reach(Reach::Silent);
            }
            "nxdomain" => internet.names = names(Unknown::Missing, internet.names),
            "refused" => {
                // Names are still answered: it is the servers that are gone.
                let gateway = IpNet::from(IpAddr::from(internet.guest.gateway()));
                let resolver =
                    ReachRule { to: vec![gateway], policy: Reach::Open, ..ReachRule::default() };
                internet.reach = ReachSpec { policy: Reach::Refused, rules: vec![resolver] };
            }
            "slow" => delay = SLOW,
            _ => return None,
        }
        Some(Self { name: name.to_owned(), internet, delay })
    }
}

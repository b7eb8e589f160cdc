//! Sources that belong together: neighbours, or of one autonomous system, with the same tool
//! for the same ports; or the shards of one scan.

use crate::limits::{CAMPAIGN_PORTS_MAX, CAMPAIGNS_MAX};
use crate::source::Scanner;
use crate::tools::Tool;
use crate::top::Port;
use ipnet::IpNet;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use ukai_model::Timestamp;

/// Sources that make a campaign.
const SOURCES_MIN: u64 = 3;

/// Sources that make one if they share the generator of a scan: chance does not.
const SHARDS_MIN: u64 = 2;

/// What the sources of a campaign share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// A /24 of IPv4, or a /48 of IPv6.
    Prefix(IpNet),
    /// An autonomous system.
    Asn(u32),
    /// One scan of all of IPv4 by ZMap, in shards, by its generator.
    Scan(u64),
}

impl Group {
    const fn sources_min(self) -> u64 {
        if matches!(self, Self::Scan(_)) { SHARDS_MIN } else { SOURCES_MIN }
    }
}

/// A campaign, as it is reported.
#[derive(Clone, Debug, Serialize)]
pub struct Campaign {
    /// Where its sources are.
    pub group: Group,
    /// With what they scan.
    pub tool: Option<Tool>,
    /// What they scan for.
    pub ports: Vec<Port>,
    /// How many there are.
    pub sources: u64,
    /// Their packets.
    pub packets: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

#[derive(Clone, Copy)]
struct Sum {
    sources: u64,
    packets: u64,
    first: Timestamp,
    last: Timestamp,
}

#[derive(Default)]
pub(crate) struct Campaigns {
    sums: BTreeMap<(Group, Option<Tool>, Vec<Port>), Sum>,
}

impl Campaigns {
    /// Counts a scanner whose story is over.
    pub(crate) fn add(&mut self, scanner: &Scanner) {
        let ports = port_set(scanner);
        let groups = [
            Some(neighbours(scanner.address)),
            scanner.origin.asn.map(Group::Asn),
            scanner.sweep.map(|sweep| Group::Scan(sweep.generator)),
        ];
        for group in groups.into_iter().flatten() {
            let key = (group, scanner.tool, ports.clone());
            if self.sums.len() >= CAMPAIGNS_MAX && !self.sums.contains_key(&key) {
                // Loners make room; if there is none, what comes late is left out.
                self.sums.retain(|(group, ..), sum| sum.sources >= group.sources_min());
                if self.sums.len() >= CAMPAIGNS_MAX {
                    continue;
                }
            }
            let new = Sum { sources: 0, packets: 0, first: scanner.first, last: scanner.last };
            let sum = self.sums.entry(key).or_insert(new);
            sum.sources += 1;
            sum.packets += scanner.packets;
            sum.first = sum.first.min(scanner.first);
            sum.last = sum.last.max(scanner.last);
        }
    }

    /// The campaigns, the one of the most sources first.
    pub(crate) fn report(&self) -> Vec<Campaign> {
        let mut campaigns: Vec<_> = self
            .sums
            .iter()
            .filter(|((group, ..), sum)| sum.sources >= group.sources_min())
            .map(|((group, tool, ports), sum)| Campaign {
                group: *group,
                tool: *tool,
                ports: ports.clone(),
                sources: sum.sources,
                packets: sum.packets,
                first: sum.first,
                last: sum.last,
            })
            .collect();
        campaigns.sort_by_key(|campaign| (std::cmp::Reverse(campaign.sources), campaign.group));
        campaigns
    }
}

fn neighbours(address: IpAddr) -> Group {
    let bits = if address.is_ipv4() { 24 } else { 48 };
    Group::Prefix(IpNet::new(address, bits).map_or_else(|_| address.into(), |net| net.trunc()))
}

/// The ports that each get a tenth of a source's packets.
fn port_set(scanner: &Scanner) -> Vec<Port> {
    let often = scanner.ports.iter().filter(|count| count.packets * 10 >= scanner.packets);
    let mut ports: Vec<_> = often.take(CAMPAIGN_PORTS_MAX).map(|count| count.port).collect();
    ports.sort_unstable();
    ports
}

//! The sources that sent the most packets in an interval.

use crate::limits::SENDERS_MAX;
use crate::origin::Origin;
use serde::Serialize;
use std::collections::HashMap;
use std::net::IpAddr;

/// A source in an interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SenderSeen {
    /// Its address.
    pub source: IpAddr,
    /// Whose it is.
    #[serde(flatten)]
    pub origin: Origin,
    /// Its packets in the interval.
    pub packets: u64,
}

/// Those who sent most so far.
#[derive(Default)]
pub(crate) struct Senders {
    /// Some more than are told, in no order.
    most: Vec<(u64, IpAddr)>,
    /// Who sent fewer is not among them.
    least: u64,
}

impl Senders {
    /// Counts packets of a source; it may be named several times.
    #[inline]
    pub(crate) fn offer(&mut self, address: IpAddr, packets: u64) {
        if packets > self.least {
            self.most.push((packets, address));
            if self.most.len() >= 4 * SENDERS_MAX {
                self.cut();
            }
        }
    }

    #[cold]
    fn cut(&mut self) {
        let mut sums = HashMap::<IpAddr, u64>::new();
        for (packets, address) in self.most.drain(..) {
            *sums.entry(address).or_default() += packets;
        }
        self.most.extend(sums.into_iter().map(|(address, packets)| (packets, address)));
        self.most
            .sort_unstable_by_key(|(packets, address)| (std::cmp::Reverse(*packets), *address));
        if self.most.len() > 2 * SENDERS_MAX {
            self.most.truncate(2 * SENDERS_MAX);
            self.least = self.most.last().map_or(0, |(packets, _)| *packets);
        }
    }

    /// Ends the interval: who sent most, that one first.
    pub(crate) fn close(&mut self) -> Vec<(IpAddr, u64)> {
        self.cut();
        self.least = 0;
        self.most.truncate(SENDERS_MAX);
        self.most.drain(..).map(|(packets, address)| (address, packets)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Senders;
    use crate::limits::SENDERS_MAX;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn who_sent_most_is_kept_also_when_it_is_named_twice() {
        let mut senders = Senders::default();
        let address = |number: u32| IpAddr::V4(Ipv4Addr::from(number));
        for number in 0..100_000_u32 {
            senders.offer(address(number), u64::from(number % 50_000) / 100 + 1);
        }
        senders.offer(address(7), 600);
        senders.offer(address(7), 550);
        let most = senders.close();
        assert_eq!(most.len(), SENDERS_MAX);
        assert_eq!(most[0], (address(7), 1150));
        assert!(most[1..].iter().all(|(_, packets)| *packets == 500), "{most:?}");
        assert!(senders.close().is_empty(), "the next interval begins with nothing");
    }
}

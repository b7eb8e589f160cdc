//! Who is at an address: somebody nearly everywhere.

use crate::guests::Guests;
use crate::names::{Names, key_of};
use crate::scenario::{GuestNetwork, Reach, ReachSpec, ScanSpec, Scenario, ScenarioError, globs};
use globset::GlobSet;
use siphasher::sip::SipHasher13;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use ukai_driver::World;
use ukai_model::{Duration, Transport};
use ukai_netstack::{Host, Neighbourhood, Personality, Port};
use ukai_packet::ether::Mac;

/// The gateway's address on the link (RFC 4861 has routers use those).
pub(crate) const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// Ports to which `traceroute` sends.
const TRACED: std::ops::RangeInclusive<u16> = 33_434..=33_534;

/// Vendor prefixes of hosts in homes and offices: a maker of printers, one of boards, one
/// of television sets.
const STATIONS: [[u8; 3]; 3] = [[0x3c, 0x2a, 0xf4], [0xdc, 0xa6, 0x32], [0x78, 0xbd, 0xbc]];

/// All addresses there are.
pub struct Places {
    guest: GuestNetwork,
    guests: Arc<Guests>,
    names: Arc<Names>,
    reach: ReachSpec,
    reach_names: Vec<GlobSet>,
    scan: ScanSpec,
    key: (u64, u64),
    personalities: [Arc<Personality>; 4],
    world: Arc<dyn World>,
}

impl Places {
    pub(crate) fn new(
        scenario: &Scenario,
        names: Arc<Names>,
        guests: Arc<Guests>,
        world: Arc<dyn World>,
    ) -> Result<Self, ScenarioError> {
        let rules = &scenario.reach.rules;
        let reach_names = rules
            .iter()
            .map(|rule| globs("reach.rules.names", &rule.names))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            guest: scenario.guest.clone(),
            guests,
            names,
            reach: scenario.reach.clone(),
            reach_names,
            scan: scenario.scan.clone(),
            key: key_of(&scenario.seed),
            personalities: [
                Arc::new(Personality::linux()),
                Arc::new(Personality::linux()),
                Arc::new(Personality::linux_3()),
                Arc::new(Personality::windows()),
            ],
            world,
        })
    }

    fn draw(&self, address: IpAddr, what: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        (address, what).hash(&mut hasher);
        hasher.finish()
    }

    /// Whether anybody is there.
    pub(crate) fn is_somebody(&self, address: IpAddr) -> bool {
        if self.guests.has(address) {
            return false;
        }
        match address {
            IpAddr::V4(v4) if self.guest.network.contains(&v4) => self.is_neighbour_v4(v4),
            IpAddr::V4(v4) => {
                !v4.is_unspecified()
                    && !v4.is_loopback()
                    && v4.octets()[0] < 224
                    && v4.octets()[0] != 0
            }
            IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfe80 => v6 == ROUTER,
            IpAddr::V6(v6) if self.guest.network_v6.is_some_and(|net| net.contains(&v6)) => {
                Some(v6) == self.guest.gateway_v6()
            }
            IpAddr::V6(v6) => {
                !v6.is_unspecified()
                    && !v6.is_loopback()
                    && !v6.is_multicast()
                    && self.guest.network_v6.is_some()
            }
        }
    }

    fn is_neighbour_v4(&self, v4: Ipv4Addr) -> bool {
        v4 == self.guest.gateway() || self.neighbours().any(|neighbour| neighbour == v4)
    }

    /// Other hosts of the guest's network.
    fn neighbours(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let (first, last) =
            (u32::from(self.guest.network.network()), u32::from(self.guest.network.broadcast()));
        let room = u64::from(last - first).saturating_sub(2).max(1);
        (0..self.guest.neighbours).map(move |number| {
            let draw =
                self.draw(self.guest.network.network().into(), &format!("neighbour {number}"));
            (first + 2 + (draw % room) as u32).into()
        })
    }

    /// Whether an address is one of those that answer a scan of `port`: no name has led to
    /// it, and few answer.
    pub(crate) fn is_scanned(&self, address: IpAddr, port: u16) -> bool {
        self.scan.ports.contains(&port) && self.names.known(address).is_none()
    }

    fn policy(&self, address: IpAddr, port: u16) -> Reach {
        let mut rules = self.reach.rules.iter().zip(&self.reach_names);
        let rule = rules.find(|(rule, names)| {
            let named = || {
                let known = self.names.known(address);
                known.is_some_and(|known| names.is_match(&*known.name))
            };
            (rule.ports.is_empty() || rule.ports.contains(&port))
                && (rule.to.is_empty() || rule.to.iter().any(|net| net.contains(&address)))
                && (rule.names.is_empty() || named())
        });
        rule.map_or(self.reach.policy, |(rule, _)| rule.policy)
    }
}

impl Neighbourhood for Places {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        if !self.is_somebody(address) {
            return None;
        }
        let draw = self.draw(address, "host");
        let now = self.world.now();
        let uptime = Duration::from_secs(86_400 + (draw >> 8) % (300 * 86_400));
        let near = matches!(address, IpAddr::V4(v4)
            if self.guest.network.contains(&v4) && v4 != self.guest.gateway());
        let mac = near.then(|| {
            let mut station = [0; 6];
            station[..3].copy_from_slice(&STATIONS[(draw % 3) as usize]);
            station[3..].copy_from_slice(&draw.to_be_bytes()[5..]);
            Mac(station)
        });
        let personality = &self.personalities[(draw >> 4 & 3) as usize];
        Some(Host { personality, booted: now - uptime, mac })
    }

    fn port(&self, address: IpAddr, transport: Transport, port: u16) -> Port {
        match self.policy(address, port) {
            Reach::Silent => return Port::Silent,
            Reach::Refused => return Port::Closed,
            Reach::Open => {}
        }
        // Where routes are traced to, nobody listens: that is how a trace ends.
        if transport == Transport::Udp && TRACED.contains(&port) {
            return Port::Closed;
        }
        if transport == Transport::Tcp && self.is_scanned(address, port) {
            let answers =
                self.draw(address, "scan") % 1_000 < u64::from(self.scan.answer_per_mille);
            return if answers { Port::Open } else { Port::Silent };
        }
        Port::Open
    }
}

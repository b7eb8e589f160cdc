//! The gateway as a router of IPv6: it makes itself known (RFC 4861), with the network from
//! which hosts make their addresses (RFC 4862) and name servers (RFC 8106).

use super::{Answers, Asker, Road};
use crate::places::ROUTER;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use ukai_model::{Duration, Timestamp};
use ukai_packet::ether::Mac;
use ukai_packet::icmp::{Icmp, v6};
use ukai_packet::ip::Ip;
use ukai_packet::protocol;

/// How long an advertised router is one, in seconds.
const LIFETIME_S: u16 = 1_800;

/// How often it makes itself known without being asked.
const EVERY: Duration = Duration::from_mins(5);

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

impl Road {
    /// Deals with discovery; `None` where it is another message.
    pub(super) fn router(
        &mut self,
        asker: Asker<'_>,
        ip: &Ip<'_>,
        icmp: &Icmp<'_>,
        now: Timestamp,
        answers: &mut Answers<'_>,
    ) -> io::Result<Option<bool>> {
        match icmp.kind {
            v6::NEIGHBOR_SOLICITATION | v6::NEIGHBOR_ADVERTISEMENT => {
                self.learn_neighbor(asker, ip, icmp);
                if self.advertised.is_none_or(|last| now.since(last) >= EVERY) {
                    self.advertise(asker, now, answers)?;
                }
                Ok(Some(icmp.kind == v6::NEIGHBOR_ADVERTISEMENT))
            }
            v6::ROUTER_SOLICITATION => {
                if ip.hop_limit == 255 {
                    self.advertise(asker, now, answers)?;
                }
                Ok(Some(true))
            }
            _ => Ok(None),
        }
    }

    fn advertise(
        &mut self,
        asker: Asker<'_>,
        now: Timestamp,
        answers: &mut Answers<'_>,
    ) -> io::Result<()> {
        let Some(network) = self.guest.network_v6 else { return Ok(()) };
        self.advertised = Some(now);
        let mut body = Vec::with_capacity(96);
        // Reachable time and timer: the host's own choice.
        body.extend_from_slice(&[0; 8]);
        let Mac(station) = self.mac;
        body.extend_from_slice(&[1, 1]);
        body.extend_from_slice(&station);
        body.extend_from_slice(&[5, 1, 0, 0]);
        body.extend_from_slice(&u32::from(self.mtu).to_be_bytes());
        // On link, and for addresses that hosts make themselves.
        body.extend_from_slice(&[3, 4, network.prefix_len(), 0xc0]);
        body.extend_from_slice(&86_400_u32.to_be_bytes());
        body.extend_from_slice(&14_400_u32.to_be_bytes());
        body.extend_from_slice(&[0; 4]);
        body.extend_from_slice(&network.network().octets());
        let servers = self.name_servers_v6();
        if !servers.is_empty() {
            body.extend_from_slice(&[25, 1 + 2 * servers.len() as u8, 0, 0]);
            body.extend_from_slice(&u32::from(LIFETIME_S).to_be_bytes());
            for server in servers {
                body.extend_from_slice(&server.octets());
            }
        }
        let [high, low] = LIFETIME_S.to_be_bytes();
        // Hop limit of hosts; more is told by DHCPv6.
        let rest = [64, 0x40, high, low];
        let header = Self::header(ROUTER.into(), IpAddr::V6(ALL_NODES), protocol::ICMP6, 255);
        answers.packet(asker, Some(Mac([0x33, 0x33, 0, 0, 0, 1])), true, |out| {
            Icmp { kind: v6::ROUTER_ADVERTISEMENT, code: 0, rest, body: &body }.write(&header, out);
        })
    }

    /// Name servers of IPv6 that are given.
    pub(super) fn name_servers_v6(&self) -> Vec<Ipv6Addr> {
        let listed = self.guest.name_servers.iter().filter_map(|server| match server {
            IpAddr::V6(v6) => Some(*v6),
            IpAddr::V4(_) => None,
        });
        let listed: Vec<Ipv6Addr> = listed.take(4).collect();
        if listed.is_empty() { self.guest.gateway_v6().into_iter().collect() } else { listed }
    }
}

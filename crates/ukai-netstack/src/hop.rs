//! The link under IP: where a frame came from, and ARP and neighbour discovery for every
//! address that somebody is at.

use crate::config::Medium;
use crate::neighbourhood::Neighbourhood;
use crate::stack::can_send;
use crate::wire::Wire;
use std::net::IpAddr;
use ukai_packet::arp::{Arp, Operation};
use ukai_packet::ether::{self, Frame, Mac, Tags, ethertype};
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::{Header, Ip};
use ukai_packet::ndp::{Neighbor, OVERRIDE, SOLICITED};
use ukai_packet::{ipv6, protocol};

/// Where frames of a peer come from, and where those to it go: nothing on a link without
/// stations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// The neighbour, mostly a router.
    pub(crate) peer: Mac,
    /// The station of ours that it sent to.
    pub(crate) local: Mac,
    pub(crate) tags: Tags,
}

impl Hop {
    /// Where an answer to `frame` goes that concerns the host with station `mac`.
    pub(crate) fn back(frame: &Frame<'_>, mac: Mac) -> Self {
        let local = if frame.dst.is_group() { mac } else { frame.dst };
        Self { peer: frame.src, local, tags: frame.tags }
    }
}

impl Wire {
    /// Begins a frame: what is written to the buffer is a packet of IP.
    pub(crate) fn begin(&mut self, hop: &Hop, is_v6: bool) -> &mut Vec<u8> {
        let kind = if is_v6 { ethertype::IPV6 } else { ethertype::IPV4 };
        let out = self.frames.buffer();
        if self.config.medium == Medium::Ethernet {
            ether::write(out, hop.peer, hop.local, &hop.tags, kind);
        }
        out
    }

    pub(crate) fn arp(&mut self, frame: &Frame<'_>, neighbourhood: &impl Neighbourhood) {
        let Ok(arp) = Arp::parse(frame.payload) else { return };
        let (_, target) = arp.target;
        // A probe for a free address (RFC 5227) has no sender; towards the Internet it is
        // answered like others.
        if !can_send(IpAddr::V4(target)) || self.config.closed && arp.sender.1.is_unspecified() {
            return;
        }
        let Some(host) = neighbourhood.host(IpAddr::V4(target)) else { return };
        if arp.operation != Operation::Request || arp.sender.1 == target {
            return;
        }
        let mac = host.mac.unwrap_or(self.config.mac);
        let out = self.frames.buffer();
        ether::write(out, frame.src, mac, &frame.tags, ethertype::ARP);
        let reply = Arp { operation: Operation::Reply, sender: (mac, target), target: arp.sender };
        reply.write(out);
        // Ethernet's shortest frame has 60 bytes of its own.
        let missing = 60_usize.saturating_sub(ether::HEADER_BYTES + ukai_packet::arp::BYTES);
        out.resize(out.len() + missing, 0);
        self.frames.end();
    }

    /// Answers a neighbour's solicitation. Only from the link itself can one come: its hop
    /// limit says so (RFC 4861, 7.1.1).
    pub(crate) fn neighbor(
        &mut self,
        frame: &Frame<'_>,
        ip: &Ip<'_>,
        icmp: &Icmp<'_>,
        neighbourhood: &impl Neighbourhood,
    ) {
        let Ok(Some(asked)) = Neighbor::parse(icmp) else { return };
        let target = IpAddr::V6(asked.target);
        if !can_send(target) || self.config.closed && ip.src.is_unspecified() {
            return;
        }
        let Some(host) = neighbourhood.host(target) else { return };
        if asked.advertisement || ip.hop_limit != 255 || icmp.code != 0 {
            return;
        }
        let mac = host.mac.unwrap_or(self.config.mac);
        let IpAddr::V6(source) = ip.src else { return };
        // Who has no address yet asks whether this one is free: all are told.
        let all_nodes = std::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let (dst, flags) = if source.is_unspecified() {
            (all_nodes, OVERRIDE)
        } else {
            (source, SOLICITED | OVERRIDE)
        };
        let answer =
            Neighbor { advertisement: true, flags, target: asked.target, station: Some(mac) };
        let (kind, rest, body) = answer.parts();
        let header = Header {
            src: target,
            dst: IpAddr::V6(dst),
            protocol: protocol::ICMP6,
            hop_limit: 255,
            traffic_class: 0,
            id: 0,
            dont_fragment: true,
            flow_label: 0,
        };
        let hop = Hop { peer: frame.src, local: mac, tags: frame.tags };
        let out = self.begin(&hop, true);
        Icmp { kind, code: 0, rest, body: &body }.write(&header, out);
        self.frames.end();
    }
}

/// Whether a packet to `dst` may be a neighbour's solicitation of a host of ours.
pub(crate) fn is_solicited_node(dst: IpAddr) -> bool {
    let prefix = ipv6::solicited_node(std::net::Ipv6Addr::UNSPECIFIED).segments();
    matches!(dst, IpAddr::V6(a) if a.segments()[..6] == prefix[..6] && a.octets()[12] == 0xff)
}

//! What goes out, and what is needed to write it.

use crate::config::Config;
use crate::frames::Frames;
use crate::ids::Ids;
use crate::personality::{IpId, Personality};
use crate::stack::Statistics;
use rand::rngs::SmallRng;
use std::net::IpAddr;
use ukai_packet::ip::Header;

pub(crate) struct Wire {
    pub(crate) config: Config,
    pub(crate) frames: Frames,
    pub(crate) ids: Ids,
    pub(crate) rng: SmallRng,
    pub(crate) statistics: Statistics,
    /// The time, in milliseconds since 1970; never goes back.
    pub(crate) now: u64,
}

impl Wire {
    /// A header from one of our addresses.
    pub(crate) fn header(
        &mut self,
        (local, peer): (IpAddr, IpAddr),
        protocol: u8,
        personality: &Personality,
        ids: IpId,
    ) -> Header {
        Header {
            src: local,
            dst: peer,
            protocol,
            hop_limit: personality.ttl,
            traffic_class: 0,
            id: self.ids.next(ids, (local, peer), protocol, &mut self.rng),
            dont_fragment: personality.dont_fragment,
            flow_label: 0,
        }
    }

    /// A header of ICMP from one of our addresses.
    pub(crate) fn icmp_header(
        &mut self,
        ends: (IpAddr, IpAddr),
        protocol: u8,
        personality: &Personality,
    ) -> Header {
        Header {
            hop_limit: personality.icmp_ttl,
            dont_fragment: false,
            ..self.header(ends, protocol, personality, personality.id_icmp)
        }
    }

    /// Bytes of a packet's payload that the link takes.
    pub(crate) fn room(&self, is_v6: bool) -> usize {
        let header = if is_v6 { 40 } else { 20 };
        usize::from(self.config.mtu).saturating_sub(header)
    }
}

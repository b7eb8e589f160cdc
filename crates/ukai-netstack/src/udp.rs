//! UDP: datagrams in, datagrams out.

use crate::event::Event;
use crate::flow::Tuple;
use crate::hop::Hop;
use crate::neighbourhood::{Host, Neighbourhood, Port};
use crate::personality::{IpId, Personality};
use crate::stack::Core;
use crate::wire::Wire;
use bytes::Bytes;
use rand::RngCore as _;
use ukai_model::Transport;
use ukai_packet::ip::Header;
use ukai_packet::ip::Ip;
use ukai_packet::udp::{HEADER_BYTES, Udp};
use ukai_packet::{Malformed, protocol};

/// Longest datagram, in bytes of payload, over IPv4 (RFC 768 within RFC 791).
const DATAGRAM_BYTES_MAX: usize = 65_507;

impl Core {
    pub(crate) fn udp(
        &mut self,
        hop: Hop,
        ip: &Ip<'_>,
        host: Host<'_>,
        neighbourhood: &impl Neighbourhood,
    ) -> Result<(), Malformed> {
        let datagram = Udp::parse(ip)?;
        match neighbourhood.port(ip.dst, Transport::Udp, datagram.dst_port) {
            Port::Closed if host.personality.udp_unreachable => {
                self.port_unreachable(&hop, ip, host);
            }
            Port::Silent | Port::Closed => {}
            Port::Open => {
                self.wire.statistics.datagrams += 1;
                let tuple = Tuple::of(ip, datagram.src_port, datagram.dst_port);
                let bytes = Bytes::copy_from_slice(datagram.payload);
                self.events.push_back(Event::Datagram { tuple, hop, bytes });
            }
        }
        Ok(())
    }
}

impl Wire {
    /// Sends a datagram; whether it could be.
    pub(crate) fn datagram(
        &mut self,
        tuple: Tuple,
        hop: &Hop,
        personality: &Personality,
        bytes: &[u8],
    ) -> bool {
        if bytes.len() > DATAGRAM_BYTES_MAX || tuple.local.is_ipv4() != tuple.peer.is_ipv4() {
            return false;
        }
        let ends = (tuple.local, tuple.peer);
        let is_v6 = tuple.local.is_ipv6();
        let fits = HEADER_BYTES + bytes.len() <= self.room(is_v6);
        let ids = if fits { personality.id_segments } else { IpId::Random };
        let header = self.header(ends, protocol::UDP, personality, ids);
        let header = Header { dont_fragment: header.dont_fragment && fits, ..header };
        let udp = Udp { src_port: tuple.local_port, dst_port: tuple.peer_port, payload: bytes };
        if fits {
            let out = self.begin(hop, is_v6);
            udp.write(&header, out);
            self.frames.end();
        } else {
            let mut whole = Vec::new();
            udp.write(&header, &mut whole);
            self.in_fragments(hop, &whole);
        }
        true
    }

    /// Sends a packet that is too long for the link.
    pub(crate) fn in_fragments(&mut self, hop: &Hop, whole: &[u8]) {
        let is_v6 = whole.first().is_some_and(|byte| byte >> 4 == 6);
        let id = self.rng.next_u32();
        let mtu = usize::from(self.config.mtu);
        for part in ukai_packet::ip::fragments(whole, mtu, id) {
            self.begin(hop, is_v6).extend_from_slice(&part);
            self.frames.end();
        }
    }
}

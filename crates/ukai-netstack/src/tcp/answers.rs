//! Segments that belong to no flow: SYNs are answered with a cookie, an ACK that brings one
//! makes a flow, and everything else is answered, or not, as the host's system does.

use super::input::length_of;
use super::options::{Seen, Written};
use crate::event::Event;
use crate::flow::Tuple;
use crate::hop::Hop;
use crate::neighbourhood::{Host, Neighbourhood, Port};
use crate::stack::Core;
use std::net::IpAddr;
use ukai_model::Transport;
use ukai_packet::ip::{Header, Ip};
use ukai_packet::tcp::{Flags, HEADER_BYTES, Segment, Tcp};
use ukai_packet::{Malformed, protocol};

/// The bits by which a SYN offers ECN (RFC 3168, 6.1.1).
const ECN_SETUP: Flags = Flags(Flags::ECE.0 | Flags::CWR.0);

/// What a SYN answer is made of that is also needed when its cookie comes back.
pub(super) fn window_of_answer(host: &Host<'_>, stamps: bool) -> u16 {
    if stamps { host.personality.window } else { host.personality.window_plain }
}

impl Core {
    pub(crate) fn tcp(
        &mut self,
        hop: Hop,
        ip: &Ip<'_>,
        host: Host<'_>,
        neighbourhood: &impl Neighbourhood,
    ) -> Result<(), Malformed> {
        let tcp = Tcp::parse(ip)?;
        let tuple = Tuple::of(ip, tcp.src_port(), tcp.dst_port());
        if let Some(id) = self.flows.find(&tuple)
            && !self.segment(id, hop, ip, &tcp)
        {
            return Ok(());
        }
        let port = neighbourhood.port(ip.dst, Transport::Tcp, tuple.local_port);
        self.stray(&hop, tuple, ip, &tcp, host, port);
        Ok(())
    }

    fn stray(
        &mut self,
        hop: &Hop,
        tuple: Tuple,
        ip: &Ip<'_>,
        tcp: &Tcp<'_>,
        host: Host<'_>,
        port: Port,
    ) {
        let flags = tcp.flags();
        if port == Port::Silent || flags.any(Flags::RST) {
            return;
        }
        let open = port == Port::Open;
        if flags.has(Flags::ACK) {
            if open && !flags.any(Flags::SYN) {
                let now = self.wire.now;
                let over = self.ended.has(&tuple, now);
                if !over && self.accept(hop, tuple, ip, tcp, host) {
                    return;
                }
                // What overtook the handshake's end is sent again; a reset would end it.
                let cookie = tcp.ack().wrapping_sub(1);
                if !over && self.cookies.is_ours(&tuple, cookie, now / 1_000) {
                    return;
                }
            }
            self.wire.statistics.strays += 1;
            let ack = if host.personality.resets_with_ack { tcp.ack() } else { 0 };
            return self.refuse(hop, tuple, host, Flags::RST, tcp.ack(), ack);
        }
        if flags.has(Flags::SYN) && open {
            if !flags.any(Flags::FIN) || host.personality.takes_syn_fin {
                self.answer_syn(hop, tuple, tcp, host);
            }
            return;
        }
        if open && host.personality.resets_null && !flags.any(Flags::SYN | Flags::FIN) {
            return self.refuse(hop, tuple, host, Flags::RST | Flags::ACK, 0, tcp.seq());
        }
        let xmas = flags.has(Flags::FIN | Flags::PSH | Flags::URG) && !flags.any(Flags::SYN);
        if open || xmas && !host.personality.resets_xmas {
            return;
        }
        let ack = tcp.seq().wrapping_add(length_of(tcp));
        self.refuse(hop, tuple, host, Flags::RST | Flags::ACK, 0, ack);
    }

    fn answer_syn(&mut self, hop: &Hop, tuple: Tuple, tcp: &Tcp<'_>, host: Host<'_>) {
        self.wire.statistics.syns += 1;
        if let Some(told) = self.caps.syn(tuple.peer) {
            self.events.push_back(Event::Unproved {
                prefix: crate::caps::prefix(tuple.peer),
                syns: told.syns,
                unanswered: told.unanswered,
            });
        }
        if !self.allow(tuple.peer) {
            return;
        }
        self.ended.forget(&tuple);
        let personality = host.personality;
        let seen = Seen::read(tcp);
        let now = self.wire.now;
        let seq = self.cookies.make(&tuple, tcp.seq(), seen.offer, now / 1_000);
        let stamps = seen
            .stamps
            .zip(self.clock_start(&tuple, &host))
            .map(|((theirs, _), start)| (start.wrapping_add(personality.ticks(now)), theirs));
        let options = Written::of_syn(
            personality,
            self.wire.longest_segment(personality, tuple.local),
            seen.offer.scale.and(personality.scale),
            seen.offer.sack && personality.sack,
            stamps,
        );
        let ecn = personality.ecn && tcp.flags().has(ECN_SETUP);
        let flags = Flags::SYN | Flags::ACK | if ecn { Flags::ECE } else { Flags(0) };
        let segment = Segment {
            src_port: tuple.local_port,
            dst_port: tuple.peer_port,
            seq,
            ack: tcp.seq().wrapping_add(1),
            flags,
            window: window_of_answer(&host, stamps.is_some()),
            urgent: 0,
            options: options.bytes(),
            payload: [&[], &[]],
        };
        self.answer(hop, tuple, host, &segment);
    }

    /// Refuses a segment, as a host does where nobody listens.
    fn refuse(
        &mut self,
        hop: &Hop,
        tuple: Tuple,
        host: Host<'_>,
        flags: Flags,
        seq: u32,
        ack: u32,
    ) {
        if !self.allow(tuple.peer) {
            return;
        }
        let segment = Segment {
            src_port: tuple.local_port,
            dst_port: tuple.peer_port,
            seq,
            ack,
            flags,
            window: 0,
            urgent: 0,
            options: &[],
            payload: [&[], &[]],
        };
        self.answer(hop, tuple, host, &segment);
    }

    fn answer(&mut self, hop: &Hop, tuple: Tuple, host: Host<'_>, segment: &Segment<'_>) {
        let personality = host.personality;
        let ends = (tuple.local, tuple.peer);
        let ids = personality.id_answers;
        let header: Header = self.wire.header(ends, protocol::TCP, personality, ids);
        let out = self.wire.begin(hop, tuple.local.is_ipv6());
        segment.write(&header, out);
        self.wire.frames.end();
    }
}

impl crate::wire::Wire {
    /// The longest segment that we take on this link.
    pub(super) fn longest_segment(&self, personality: &crate::Personality, local: IpAddr) -> u16 {
        let room = self.room(local.is_ipv6()) - HEADER_BYTES;
        let most = if local.is_ipv6() {
            personality.mss_max.saturating_sub(20)
        } else {
            personality.mss_max
        };
        most.min(u16::try_from(room).unwrap_or(u16::MAX))
    }
}

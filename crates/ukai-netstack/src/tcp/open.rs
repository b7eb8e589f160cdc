//! How flows come to be: by a cookie that comes back, or by our own SYN.

use super::options::{Seen, Written};
use super::{Context, Outcome};
use crate::event::{Closing, Event, FlowId};
use crate::flow::{Flow, State, Tuple};
use crate::hop::Hop;
use crate::neighbourhood::Host;
use crate::personality::Personality;
use crate::stack::Core;
use rand::RngCore as _;
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;
use std::sync::Arc;
use ukai_packet::ip::Ip;
use ukai_packet::tcp::{Flags, Tcp};

/// Segments that may be sent before any is acknowledged (RFC 6928).
const INITIAL_WINDOW: u32 = 10;

impl Core {
    /// Makes a flow of a segment that gives a cookie back, and takes the segment; whether
    /// it did.
    pub(super) fn accept(
        &mut self,
        hop: &Hop,
        tuple: Tuple,
        ip: &Ip<'_>,
        tcp: &Tcp<'_>,
        host: Host<'_>,
    ) -> bool {
        let now = self.wire.now;
        let (seq, cookie) = (tcp.seq().wrapping_sub(1), tcp.ack().wrapping_sub(1));
        let Some(offer) = self.cookies.check(&tuple, seq, cookie, now / 1_000) else {
            return false;
        };
        self.caps.proved(tuple.peer, now);
        if self.flows.len() >= self.wire.config.flows_max {
            self.wire.statistics.full += 1;
            return true;
        }
        let personality = host.personality;
        let mut flow = Flow::new(tuple, *hop, Arc::clone(personality), (tcp.ack(), tcp.seq()));
        let stamps = Seen::read(tcp).stamps.zip(self.clock_start(&tuple, &host));
        if let Some(((theirs, _), start)) = stamps {
            flow.timestamps = true;
            flow.ts_recent = theirs;
            flow.ts_offset = start;
        }
        flow.sack = offer.sack && personality.sack;
        if let (Some(theirs), Some(ours)) = (offer.scale, personality.scale) {
            (flow.snd_scale, flow.rcv_scale) = (theirs, ours);
        }
        flow.agree_on(offer.mss, self.wire.longest_segment(personality, tuple.local));
        flow.snd_wnd = u32::from(tcp.window()) << flow.snd_scale;
        let window = super::answers::window_of_answer(&host, stamps.is_some());
        flow.rcv_edge = flow.rcv_nxt.wrapping_add(u32::from(window));
        flow.ip_id = self.wire.rng.next_u32() as u16;
        let id = self.flows.insert(flow);
        self.wire.statistics.opened += 1;
        self.events.push_back(Event::Opened { flow: id, tuple, hop: *hop });
        self.segment(id, *hop, ip, tcp);
        true
    }

    /// Opens a flow to a peer.
    pub(crate) fn connect(&mut self, tuple: Tuple, hop: Hop, host: Host<'_>) -> Option<FlowId> {
        if self.flows.len() >= self.wire.config.flows_max || self.flows.find(&tuple).is_some() {
            return None;
        }
        let first = self.wire.rng.next_u32();
        let mut flow = Flow::new(tuple, hop, Arc::clone(host.personality), (first, 0));
        flow.state = State::SynSent;
        if let Some(start) = self.clock_start(&tuple, &host) {
            flow.timestamps = true;
            flow.ts_offset = start;
        }
        flow.ip_id = self.wire.rng.next_u32() as u16;
        let id = self.flows.insert(flow);
        self.with(id, |flow, cx| {
            flow.snd_max = first.wrapping_add(1);
            flow.send_syn(cx);
            flow.sent_at = cx.wire.now + flow.rto();
            Outcome::Keep
        });
        Some(id)
    }

    /// What a host's TCP clock shows to this peer in 1970; `None`: it shows none.
    pub(super) fn clock_start(&self, tuple: &Tuple, host: &Host<'_>) -> Option<u32> {
        let personality = host.personality;
        personality.clock_hertz?;
        Some(if personality.clock_since_boot {
            personality.ticks(host.booted.millis()).wrapping_neg()
        } else {
            // `secure_tcp_ts_off` of Linux 4.10: the same for all ports of two hosts.
            let (first, second) = self.clock_keys;
            let mut hasher = SipHasher13::new_with_keys(first, second);
            Tuple { peer_port: 0, local_port: 0, ..*tuple }.write(&mut hasher);
            hasher.finish() as u32
        })
    }
}

impl Flow {
    /// Settles the length of segments, and how many may be on their way at first.
    fn agree_on(&mut self, theirs: u16, ours: u16) {
        let stamps = if self.timestamps { 12 } else { 0 };
        self.mss = theirs.min(ours).saturating_sub(stamps).max(32);
        self.cwnd = INITIAL_WINDOW * u32::from(self.mss);
    }

    pub(super) fn send_syn(&mut self, cx: &mut Context<'_>) {
        let personality = Arc::clone(&self.personality);
        let stamps = self.timestamps.then(|| (self.clock(cx.wire.now), 0));
        let mss = cx.wire.longest_segment(&personality, self.tuple.local);
        let options =
            Written::of_syn(&personality, mss, personality.scale, personality.sack, stamps);
        self.write(cx, self.snd_una, 0, Flags::SYN, personality.window_plain, &options);
    }

    /// A segment that answers our SYN.
    pub(super) fn syn_sent(
        &mut self,
        cx: &mut Context<'_>,
        tcp: &Tcp<'_>,
        seen: &Seen<'_>,
    ) -> Outcome {
        let flags = tcp.flags();
        let answers = flags.has(Flags::ACK) && tcp.ack() == self.snd_max;
        if flags.any(Flags::RST) {
            return if answers { Outcome::Over(Some(Closing::Refused)) } else { Outcome::Keep };
        }
        // Both sides opening at once is not taken: nobody does.
        if !answers || !flags.has(Flags::SYN) {
            return Outcome::Keep;
        }
        let personality = Arc::clone(&self.personality);
        self.state = State::Established;
        self.snd_una = self.snd_max;
        self.rcv_nxt = tcp.seq().wrapping_add(1);
        self.acked = self.rcv_nxt;
        self.rcv_edge = self.rcv_nxt.wrapping_add(u32::from(personality.window_plain));
        self.timestamps &= seen.stamps.is_some();
        if let Some((theirs, _)) = seen.stamps {
            self.ts_recent = theirs;
        }
        self.sack = seen.offer.sack && personality.sack;
        if let (Some(theirs), Some(ours)) = (seen.offer.scale, personality.scale) {
            (self.snd_scale, self.rcv_scale) = (theirs, ours);
        }
        let ours = cx.wire.longest_segment(&personality, self.tuple.local);
        self.agree_on(seen.offer.mss, ours);
        self.snd_wnd = u32::from(tcp.window());
        self.snd_wl1 = tcp.seq();
        self.ack_least = self.snd_una;
        (self.tries, self.sent_at) = (0, crate::flow::NEVER);
        self.recover = self.snd_una;
        cx.events.push_back(Event::Connected { flow: cx.id });
        self.stays_alive(cx);
        self.output(cx, true);
        Outcome::Keep
    }

    /// What our TCP clock shows at `now`, in milliseconds since 1970.
    pub(super) fn clock(&self, now: u64) -> u32 {
        self.ts_offset.wrapping_add(self.personality.ticks(now))
    }
}

impl Personality {
    /// Ticks of the TCP clock since 1970 at `now`, in milliseconds.
    pub(super) fn ticks(&self, now: u64) -> u32 {
        (now * u64::from(self.clock_hertz.unwrap_or(0)) / 1_000) as u32
    }
}

//! What is kept of a TCP connection (RFC 9293, 3.3.1): as little as works, since there may
//! be hundreds of thousands. Data that waits is in boxes that exist only while it does.

use crate::hop::Hop;
use crate::personality::Personality;
use crate::queue::{Pending, Queue};
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use ukai_packet::ip::Ip;

/// The ends of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tuple {
    /// The peer's address.
    pub peer: IpAddr,
    /// Ours, as the peer addressed it.
    pub local: IpAddr,
    /// The peer's port.
    pub peer_port: u16,
    /// Ours, as the peer addressed it.
    pub local_port: u16,
}

impl Tuple {
    /// The ends of a packet that a peer has sent.
    pub(crate) const fn of(ip: &Ip<'_>, peer_port: u16, local_port: u16) -> Self {
        Self { peer: ip.src, local: ip.dst, peer_port, local_port }
    }

    /// The peer's end.
    pub const fn peer_socket(&self) -> SocketAddr {
        SocketAddr::new(self.peer, self.peer_port)
    }

    /// Our end.
    pub const fn local_socket(&self) -> SocketAddr {
        SocketAddr::new(self.local, self.local_port)
    }

    pub(crate) fn write(&self, hasher: &mut impl Hasher) {
        for address in [self.peer, self.local] {
            match address {
                IpAddr::V4(a) => hasher.write_u32(a.to_bits()),
                IpAddr::V6(a) => hasher.write_u128(a.to_bits()),
            }
        }
        hasher.write_u32(u32::from(self.peer_port) << 16 | u32::from(self.local_port));
    }
}

/// The states of a connection that exists (RFC 9293, 3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    SynSent,
    Established,
    FinWait1,
    FinWait2,
    Closing,
    TimeWait,
    CloseWait,
    LastAck,
}

/// What a flow does when what it has sent is not acknowledged for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// All is held for lost, or the peer's window is asked about.
    Late,
    /// Something more is sent to have an answer (RFC 8985, 7).
    Tail,
    /// What may only have been overtaken is held for lost.
    Overtaken,
}

/// No deadline.
pub(crate) const NEVER: u64 = u64::MAX;

/// Segments at the start of a connection that are acknowledged at once: Linux's "quick"
/// acknowledgements.
pub(crate) const QUICK_ACKS: u8 = 16;

pub(crate) struct Flow {
    pub(crate) tuple: Tuple,
    pub(crate) hop: Hop,
    pub(crate) personality: Arc<Personality>,
    pub(crate) state: State,

    /// First byte that the peer has not acknowledged.
    pub(crate) snd_una: u32,
    /// Behind the last byte that was ever sent.
    pub(crate) snd_max: u32,
    /// The peer's window, in bytes, and the segment that told it.
    pub(crate) snd_wnd: u32,
    pub(crate) snd_wl1: u32,
    /// Acknowledgements of less are too old to be true (RFC 5961, 5.2).
    pub(crate) ack_least: u32,
    /// Next byte that is expected.
    pub(crate) rcv_nxt: u32,
    /// Behind the last byte that the peer may send.
    pub(crate) rcv_edge: u32,
    /// What we acknowledged last.
    pub(crate) acked: u32,
    /// Bytes that were given out and not consumed.
    pub(crate) unconsumed: u32,

    /// Bytes of payload in a segment, options included.
    pub(crate) mss: u16,
    pub(crate) snd_scale: u8,
    pub(crate) rcv_scale: u8,
    pub(crate) timestamps: bool,
    pub(crate) sack: bool,
    /// The peer's clock as last seen; where ours begins.
    pub(crate) ts_recent: u32,
    pub(crate) ts_offset: u32,
    pub(crate) ip_id: u16,

    /// We send no more once the queue is empty.
    pub(crate) shut: bool,
    /// Our FIN was sent; it is the byte before `snd_max`.
    pub(crate) fin_sent: bool,
    /// Nobody takes what the peer sends.
    pub(crate) deaf: bool,
    /// Whoever sends waits for room.
    pub(crate) blocked: bool,
    /// The peer's packets were marked: congestion (RFC 3168).
    pub(crate) congested: bool,
    pub(crate) quick: u8,
    /// Segments that are not acknowledged.
    pub(crate) unacked: u8,

    pub(crate) dup_acks: u8,
    pub(crate) in_recovery: bool,
    /// Retransmissions, or probes, of the same byte.
    pub(crate) tries: u8,
    pub(crate) recover: u32,
    pub(crate) cwnd: u32,
    pub(crate) ssthresh: u32,
    /// Smoothed round trip and its variation, in milliseconds times 8 and times 4.
    pub(crate) srtt: u32,
    pub(crate) rttvar: u32,
    /// The shortest round trip, in milliseconds.
    pub(crate) shortest: u32,
    /// Something has overtaken what was sent before it; how long that is waited for, in
    /// quarters of the shortest round trip, since which byte, and for how many recoveries
    /// more (RFC 8985, 6.2, step 4).
    pub(crate) overtaken: bool,
    pub(crate) patience: u8,
    pub(crate) patience_left: u8,
    pub(crate) patience_from: u32,

    pub(crate) queue: Option<Box<Queue>>,
    pub(crate) pending: Option<Box<Pending>>,

    /// When a segment outside the window was last answered, in milliseconds.
    pub(crate) challenged: u64,
    /// Deadlines, in milliseconds: to do something for what was sent, to acknowledge, to
    /// end or to ask.
    pub(crate) sent_at: u64,
    /// What is to be done for what was sent.
    pub(crate) next: Next,
    pub(crate) ack_at: u64,
    pub(crate) end_at: u64,
}

impl Flow {
    pub(crate) fn new(
        tuple: Tuple,
        hop: Hop,
        personality: Arc<Personality>,
        (ours, theirs): (u32, u32),
    ) -> Self {
        Self {
            tuple,
            hop,
            personality,
            state: State::Established,
            snd_una: ours,
            snd_max: ours,
            snd_wnd: 0,
            snd_wl1: theirs,
            ack_least: ours,
            rcv_nxt: theirs,
            rcv_edge: theirs,
            acked: theirs,
            unconsumed: 0,
            mss: 536,
            snd_scale: 0,
            rcv_scale: 0,
            timestamps: false,
            sack: false,
            ts_recent: 0,
            ts_offset: 0,
            ip_id: 0,
            shut: false,
            fin_sent: false,
            deaf: false,
            blocked: false,
            congested: false,
            quick: QUICK_ACKS,
            unacked: 0,
            dup_acks: 0,
            in_recovery: false,
            tries: 0,
            recover: ours,
            cwnd: 0,
            ssthresh: u32::MAX,
            srtt: 0,
            rttvar: 0,
            shortest: u32::MAX,
            overtaken: false,
            patience: 1,
            patience_left: 0,
            patience_from: ours,
            queue: None,
            pending: None,
            challenged: 0,
            sent_at: NEVER,
            next: Next::Late,
            ack_at: NEVER,
            end_at: NEVER,
        }
    }

    /// Bytes of data that wait to be acknowledged or sent.
    pub(crate) fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    /// Bytes that arrived out of order.
    pub(crate) fn pending(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.bytes())
    }

    /// The first of its deadlines.
    pub(crate) fn deadline(&self) -> u64 {
        self.sent_at.min(self.ack_at).min(self.end_at)
    }

    /// Whether our FIN was acknowledged.
    pub(crate) fn fin_acknowledged(&self) -> bool {
        self.fin_sent && self.snd_una == self.snd_max
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_flow_that_waits_is_small() {
        assert!(size_of::<super::Flow>() <= 216, "{}", size_of::<super::Flow>());
    }
}

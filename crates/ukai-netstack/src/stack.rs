//! The stack: frames and calls in, frames and events out.

use crate::caps::Caps;
use crate::config::{Config, Medium};
use crate::cookie::Cookies;
use crate::ended::Ended;
use crate::event::{Event, FlowId};
use crate::flow::Tuple;
use crate::flows::Flows;
use crate::fragments::Fragments;
use crate::frames::Frames;
use crate::hop::{Hop, is_solicited_node};
use crate::ids::Ids;
use crate::neighbourhood::{Host, Neighbourhood};
use crate::wheel::Wheel;
use crate::wire::Wire;
use rand::rngs::{SmallRng, StdRng};
use rand::{RngCore as _, SeedableRng as _};
use std::collections::VecDeque;
use std::net::IpAddr;
use ukai_model::Timestamp;
use ukai_packet::ether::{Frame, ethertype};
use ukai_packet::ip::Ip;
use ukai_packet::{Malformed, protocol};

/// What has happened since the stack began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that came.
    pub frames_in: u64,
    /// Those that could not be read, or whose checksums do not fit.
    pub malformed: u64,
    /// Packets to addresses where nobody is.
    pub nobody: u64,
    /// Packets whose source nobody can have.
    pub impossible: u64,
    /// Fragments of packets.
    pub fragments: u64,
    /// SYNs to open ports.
    pub syns: u64,
    /// Answers that were not given, since their claimed source has had its share.
    pub capped: u64,
    /// Flows that peers have opened.
    pub opened: u64,
    /// Handshakes that were not taken, since there are too many flows.
    pub full: u64,
    /// Segments that belong to no flow, and bring no cookie of ours.
    pub strays: u64,
    /// Segments sent again.
    pub sent_again: u64,
    /// Times that nothing was acknowledged for so long that all was held for lost.
    pub timeouts: u64,
    /// Segments whose data was dropped for want of memory.
    pub short_of_memory: u64,
    /// Datagrams to open ports.
    pub datagrams: u64,
}

/// All of a stack but its hosts.
pub(crate) struct Core {
    pub(crate) wire: Wire,
    pub(crate) events: VecDeque<Event>,
    pub(crate) flows: Flows,
    pub(crate) wheel: Wheel,
    pub(crate) cookies: Cookies,
    pub(crate) caps: Caps,
    pub(crate) ended: Ended,
    pub(crate) fragments: Fragments,
    /// Bytes that wait in all flows.
    pub(crate) buffered: usize,
    /// Where the TCP clocks of pairs of addresses begin.
    pub(crate) clock_keys: (u64, u64),
}

/// A TCP/IP end point that is every address of its [`Neighbourhood`].
///
/// After each call, what is to be sent is in [`Stack::frames`], and what happened comes out
/// of [`Stack::event`]. The time must be told in each call, and may not go back.
pub struct Stack<N> {
    core: Core,
    neighbourhood: N,
    due: Vec<u32>,
}

impl<N: Neighbourhood> Stack<N> {
    /// A stack for the hosts of `neighbourhood`. `seed` must be unpredictable for peers: it
    /// makes the cookies.
    pub fn new(config: Config, neighbourhood: N, now: Timestamp, seed: [u8; 32]) -> Self {
        let mut seeded = StdRng::from_seed(seed);
        let mut keys = || (seeded.next_u64(), seeded.next_u64());
        let (cookies, caps, flows, ids, clock_keys) = (keys(), keys(), keys(), keys(), keys());
        let ended = keys();
        let mut rng = SmallRng::seed_from_u64(keys().0);
        let now = now.millis();
        Self {
            core: Core {
                events: VecDeque::new(),
                flows: Flows::new(flows),
                wheel: Wheel::new(now),
                cookies: Cookies::new(cookies),
                caps: Caps::new(&config, caps),
                ended: Ended::new(ended),
                fragments: Fragments::new(config.fragment_bytes_max),
                buffered: 0,
                clock_keys,
                wire: Wire {
                    config,
                    frames: Frames::default(),
                    ids: Ids::new(ids, &mut rng),
                    rng,
                    statistics: Statistics::default(),
                    now,
                },
            },
            neighbourhood,
            due: Vec::new(),
        }
    }

    /// The hosts.
    pub fn neighbourhood(&self) -> &N {
        &self.neighbourhood
    }

    /// The hosts, to be changed: flows that exist go on.
    pub fn neighbourhood_mut(&mut self) -> &mut N {
        &mut self.neighbourhood
    }

    /// Takes a frame: of Ethernet, or a packet of IP, as the configuration says.
    pub fn input(&mut self, now: Timestamp, frame: &[u8]) {
        self.core.tick(now);
        self.core.wire.statistics.frames_in += 1;
        let taken = match self.core.wire.config.medium {
            Medium::Ip => self.core.packet(None, frame, &self.neighbourhood),
            Medium::Ethernet => self.core.ethernet(frame, &self.neighbourhood),
        };
        if taken.is_err() {
            self.core.wire.statistics.malformed += 1;
        }
    }

    /// Does what is due by now; to be called at [`Stack::next_due`], or any time.
    pub fn advance(&mut self, now: Timestamp) {
        self.core.tick(now);
        let mut due = std::mem::take(&mut self.due);
        self.core.wheel.advance(self.core.wire.now, &mut due);
        for index in due.drain(..) {
            if let Some(flow) = self.core.flows.at(index) {
                self.core.due(flow);
            }
        }
        self.due = due;
    }

    /// When something is due; `None`: only when something comes.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.core.wheel.next_ms().map(Timestamp::from_millis)
    }

    /// What is to be sent; to be cleared by whoever has sent it.
    pub fn frames(&mut self) -> &mut Frames {
        &mut self.core.wire.frames
    }

    /// What happened next.
    pub fn event(&mut self) -> Option<Event> {
        self.core.events.pop_front()
    }

    /// Queues data for the peer of a flow; how many bytes were taken. If not all,
    /// [`Event::Writable`] tells when to go on.
    pub fn send(&mut self, now: Timestamp, flow: FlowId, bytes: &[u8]) -> usize {
        self.core.tick(now);
        self.core.send(flow, bytes)
    }

    /// Gives back what was received and is used: the peer may send as much again.
    pub fn consumed(&mut self, now: Timestamp, flow: FlowId, bytes: usize) {
        self.core.tick(now);
        self.core.consumed(flow, bytes);
    }

    /// Sends no more once all that is queued is sent. The peer may go on.
    pub fn shut(&mut self, now: Timestamp, flow: FlowId) {
        self.core.tick(now);
        self.core.shut(flow, false);
    }

    /// Sends no more once all that is queued is sent, and takes nothing more: if the peer
    /// sends, it is reset.
    pub fn close(&mut self, now: Timestamp, flow: FlowId) {
        self.core.tick(now);
        self.core.shut(flow, true);
    }

    /// Ends a flow at once, with a reset.
    pub fn abort(&mut self, now: Timestamp, flow: FlowId) {
        self.core.tick(now);
        self.core.abort(flow);
    }

    /// Opens a flow from one of our addresses, by way of `hop`; `None`: nobody is at that
    /// address, or the flow exists, or there are too many.
    pub fn connect(&mut self, now: Timestamp, tuple: Tuple, hop: Hop) -> Option<FlowId> {
        self.core.tick(now);
        let host = self.neighbourhood.host(tuple.local)?;
        self.core.connect(tuple, hop, host)
    }

    /// Sends a datagram from one of our addresses; whether somebody is there. What is too
    /// long for the link goes in fragments.
    pub fn send_datagram(&mut self, now: Timestamp, tuple: Tuple, hop: Hop, bytes: &[u8]) -> bool {
        self.core.tick(now);
        let Some(host) = self.neighbourhood.host(tuple.local) else { return false };
        self.core.wire.datagram(tuple, &hop, host.personality, bytes)
    }

    /// Flows that exist, those that are being closed included.
    pub fn flows(&self) -> usize {
        self.core.flows.len()
    }

    /// Bytes that wait, in all flows, to be sent, acknowledged, put into order or consumed.
    pub fn buffered(&self) -> usize {
        self.core.buffered
    }

    /// What has happened so far.
    pub fn statistics(&self) -> &Statistics {
        &self.core.wire.statistics
    }
}

impl Core {
    fn tick(&mut self, now: Timestamp) {
        self.wire.now = self.wire.now.max(now.millis());
    }

    fn ethernet(
        &mut self,
        bytes: &[u8],
        neighbourhood: &impl Neighbourhood,
    ) -> Result<(), Malformed> {
        let frame = Frame::parse(bytes)?;
        // No station is a group: an answer would go to all of them.
        if frame.src.is_group() {
            self.wire.statistics.impossible += 1;
            return Ok(());
        }
        match frame.ethertype {
            ethertype::ARP => self.wire.arp(&frame, neighbourhood),
            ethertype::IPV4 | ethertype::IPV6 => {
                self.packet(Some(&frame), frame.payload, neighbourhood)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn packet(
        &mut self,
        frame: Option<&Frame<'_>>,
        bytes: &[u8],
        neighbourhood: &impl Neighbourhood,
    ) -> Result<(), Malformed> {
        let ip = Ip::parse(bytes)?;
        let odd = if self.wire.config.closed { is_group(ip.src) } else { !can_send(ip.src) };
        if odd && !ip.src.is_unspecified() || ip.src == ip.dst {
            self.wire.statistics.impossible += 1;
            return Ok(());
        }
        if is_solicited_node(ip.dst) {
            if let Some(frame) = frame {
                self.solicited(frame, &ip, neighbourhood);
            }
            return Ok(());
        }
        // Nobody answers in the name of a group, whoever the neighbourhood says is there.
        let host = can_send(ip.dst).then(|| neighbourhood.host(ip.dst)).flatten();
        let Some(host) = host else {
            self.wire.statistics.nobody += 1;
            return Ok(());
        };
        if ip.src.is_unspecified() {
            self.wire.statistics.impossible += 1;
            return Ok(());
        }
        let hop = frame.map_or_else(Hop::default, |frame| {
            Hop::back(frame, host.mac.unwrap_or(self.wire.config.mac))
        });
        let Some(fragment) = ip.fragment else {
            return self.whole(frame, hop, &ip, host, neighbourhood);
        };
        self.wire.statistics.fragments += 1;
        let Some(payload) = self.fragments.add(&ip, fragment, self.wire.now) else { return Ok(()) };
        let ip = Ip { fragment: None, payload: &payload, ..ip };
        self.whole(frame, hop, &ip, host, neighbourhood)
    }

    fn whole(
        &mut self,
        frame: Option<&Frame<'_>>,
        hop: Hop,
        ip: &Ip<'_>,
        host: Host<'_>,
        neighbourhood: &impl Neighbourhood,
    ) -> Result<(), Malformed> {
        match (ip.protocol, ip.dst) {
            (protocol::TCP, _) => self.tcp(hop, ip, host, neighbourhood),
            (protocol::UDP, _) => self.udp(hop, ip, host, neighbourhood),
            (protocol::ICMP, IpAddr::V4(_)) | (protocol::ICMP6, IpAddr::V6(_)) => {
                self.icmp(frame, hop, ip, host, neighbourhood)
            }
            _ => {
                self.unknown_protocol(&hop, ip, host);
                Ok(())
            }
        }
    }
}

/// Whether an address is that of no single host.
fn is_group(address: IpAddr) -> bool {
    address.is_multicast() || matches!(address, IpAddr::V4(a) if a.is_broadcast())
}

/// Whether a host can have this address, and send from it.
pub(crate) fn can_send(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            !(a.is_unspecified() || a.is_multicast() || a.is_loopback() || a.octets()[0] >= 240)
        }
        IpAddr::V6(a) => !(a.is_unspecified() || a.is_multicast() || a.is_loopback()),
    }
}

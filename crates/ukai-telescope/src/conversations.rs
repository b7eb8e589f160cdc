//! Whom we speak with. Where a honeypot answers, its peers' segments and resets arrive among
//! the packets that nobody asked for, and would pass for backscatter: a scanner that resets
//! what it found would be taken for a victim. What belongs to a conversation that a peer has
//! begun is left out.
//!
//! A table of fingerprints of fixed size: in a flood a conversation may be forgotten, and then
//! its packets are counted like any.

use crate::hash::Hashes;
use crate::limits::CONVERSATIONS;
use crate::seen::{Seen, Transport, quoted};
use std::net::IpAddr;
use ukai_packet::protocol;
use ukai_packet::tcp::Flags;

pub(crate) struct Conversations(Vec<u32>);

impl Conversations {
    pub(crate) fn new() -> Self {
        Self(vec![0; CONVERSATIONS])
    }

    /// Whether a packet goes on with what its sender has begun; remembers what begins here.
    pub(crate) fn goes_on(&mut self, seen: &Seen<'_>, hashes: &Hashes) -> bool {
        let (src, dst) = (seen.src, seen.dst);
        match &seen.transport {
            Transport::Tcp(segment) => {
                let ports = (segment.src_port, segment.dst_port);
                let key = key(hashes, protocol::TCP, (src, dst), ports);
                if segment.flags.0 & (Flags::SYN.0 | Flags::ACK.0 | Flags::RST.0) == Flags::SYN.0 {
                    self.remember(key);
                    return false;
                }
                self.knows(key)
            }
            Transport::Udp(datagram) => {
                let ports = (datagram.src_port, datagram.dst_port);
                self.remember(key(hashes, protocol::UDP, (src, dst), ports));
                false
            }
            Transport::Icmp(message) => {
                let is_error = match src {
                    IpAddr::V4(_) => matches!(message.kind, 3 | 4 | 5 | 11 | 12),
                    IpAddr::V6(_) => matches!(message.kind, 1..=4),
                };
                // It quotes our answer: from us, to the peer.
                let about = if is_error { quoted(message.body) } else { None };
                about.is_some_and(|about| {
                    about.ports.is_some_and(|(ours, theirs)| {
                        let ends = (about.dst, about.src);
                        self.knows(key(hashes, about.protocol, ends, (theirs, ours)))
                    })
                })
            }
            Transport::Fragment | Transport::Other => false,
        }
    }

    fn remember(&mut self, key: u64) {
        let place = key as usize & (self.0.len() - 1);
        self.0[place] = print(key);
    }

    fn knows(&self, key: u64) -> bool {
        self.0[key as usize & (self.0.len() - 1)] == print(key)
    }
}

/// Never zero, which is nobody.
const fn print(key: u64) -> u32 {
    (key >> 32) as u32 | 1
}

fn key(
    hashes: &Hashes,
    protocol: u8,
    (peer, us): (IpAddr, IpAddr),
    (theirs, ours): (u16, u16),
) -> u64 {
    let ports = u32::from(theirs) << 16 | u32::from(ours);
    let both = hashes.pair(hashes.address(peer), ports);
    hashes.pair(both ^ hashes.address(us).rotate_left(17), protocol.into())
}

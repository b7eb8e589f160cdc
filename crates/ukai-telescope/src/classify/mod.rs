//! What a packet is, by its own bytes alone. Allocates nothing and remembers nothing.

mod icmp;
mod source;
mod tcp;
mod udp;

use crate::class::{Class, Impossible, Other, Scan, Verdict};
use crate::seen::{Seen, Transport};

pub use source::never_routed;

/// What decides beside the packet itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whether addresses that are never routed on the Internet are honest sources: the
    /// telescope stands inside a network that uses them.
    pub private_sources: bool,
}

/// What a packet is.
#[inline]
pub fn classify(seen: &Seen<'_>, rules: Rules) -> Verdict {
    let class = match impossible(seen, rules) {
        Some(why) => Class::Impossible(why),
        None => match &seen.transport {
            Transport::Tcp(segment) => return tcp::classify(seen, segment),
            Transport::Udp(datagram) => return udp::classify(seen, datagram),
            Transport::Icmp(message) => return icmp::classify(seen, message),
            Transport::Fragment => Class::Other(Other::Fragment),
            Transport::Other if has_header(seen.protocol) => Class::Other(Other::Cut),
            Transport::Other => Class::Scan(Scan::Protocol),
        },
    };
    Verdict { class, victim: None }
}

fn has_header(protocol: u8) -> bool {
    use ukai_packet::protocol::{ICMP, ICMP6, TCP, UDP};
    matches!(protocol, TCP | UDP | ICMP | ICMP6)
}

#[inline]
fn impossible(seen: &Seen<'_>, rules: Rules) -> Option<Impossible> {
    if seen.flaw.is_some() {
        return Some(Impossible::Broken);
    }
    if seen.src == seen.dst {
        return Some(Impossible::OwnSource);
    }
    if !rules.private_sources && never_routed(seen.src) {
        return Some(Impossible::Source);
    }
    match &seen.transport {
        Transport::Tcp(segment) if tcp::contradicts_itself(segment.flags) => {
            Some(Impossible::Flags)
        }
        Transport::Tcp(segment) if segment.src_port == 0 => Some(Impossible::PortZero),
        Transport::Udp(datagram) if datagram.dst_port == 0 => Some(Impossible::PortZero),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

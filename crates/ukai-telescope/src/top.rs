//! The ports that were seen most, in a few words of memory: "space-saving" (Metwally, Agrawal
//! and El Abbadi, 2005). A count is too high by at most the least count that is kept.

use serde::{Serialize, Serializer};
use std::fmt;

/// A port of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Port {
    /// Of TCP.
    Tcp(u16),
    /// Of UDP.
    Udp(u16),
    /// ICMP and ICMPv6 have none.
    Icmp,
    /// Another protocol, by number.
    Protocol(u8),
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(port) => write!(f, "{port}/tcp"),
            Self::Udp(port) => write!(f, "{port}/udp"),
            Self::Icmp => f.write_str("icmp"),
            Self::Protocol(number) => write!(f, "protocol-{number}"),
        }
    }
}

impl Serialize for Port {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Port {
    /// As a number that tells it from all others.
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::Tcp(port) => 0x1_0000 | port as u32,
            Self::Udp(port) => 0x2_0000 | port as u32,
            Self::Icmp => 0x3_0000,
            Self::Protocol(number) => 0x4_0000 | number as u32,
        }
    }

    pub(crate) const fn from_code(code: u32) -> Self {
        let low = code as u16;
        match code >> 16 {
            1 => Self::Tcp(low),
            2 => Self::Udp(low),
            3 => Self::Icmp,
            _ => Self::Protocol(low as u8),
        }
    }
}

/// How often a port was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PortCount {
    /// The port.
    pub port: Port,
    /// Packets, at most.
    pub packets: u64,
}

/// The `N` ports that were seen most.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Top<const N: usize> {
    codes: [u32; N],
    counts: [u32; N],
}

impl<const N: usize> Top<N> {
    pub(crate) const fn new() -> Self {
        Self { codes: [0; N], counts: [0; N] }
    }

    /// Counts a port; whether it was not among those that are kept.
    #[inline]
    pub(crate) fn add(&mut self, port: Port) -> bool {
        let code = port.code();
        // Most sources try one port, most victims are attacked at one.
        if self.codes[0] == code {
            self.counts[0] = self.counts[0].saturating_add(1);
            return false;
        }
        let known = self.codes.iter().position(|other| *other == code);
        let way = known.unwrap_or_else(|| (0..N).min_by_key(|way| self.counts[*way]).unwrap_or(0));
        self.codes[way] = code;
        self.counts[way] = self.counts[way].saturating_add(1);
        known.is_none()
    }

    /// The ports, the most frequent first.
    pub(crate) fn ports(&self) -> Vec<PortCount> {
        let mut ports: Vec<_> = self
            .codes
            .iter()
            .zip(self.counts)
            .filter(|(_, count)| *count != 0)
            .map(|(code, count)| PortCount { port: Port::from_code(*code), packets: count.into() })
            .collect();
        ports.sort_by_key(|count| (std::cmp::Reverse(count.packets), count.port));
        ports
    }
}

#[cfg(test)]
mod tests {
    use super::{Port, Top};

    #[test]
    fn whoever_comes_often_stays() {
        let mut top = Top::<4>::new();
        for round in 0..1000_u16 {
            top.add(Port::Tcp(23));
            top.add(Port::Udp(53));
            top.add(Port::Tcp(1000 + round));
        }
        let ports = top.ports();
        assert_eq!((ports[0].port, ports[1].port), (Port::Tcp(23), Port::Udp(53)));
        assert_eq!((ports[0].packets, ports[1].packets), (1000, 1000));
    }

    #[test]
    fn a_code_is_a_port() {
        for port in [Port::Tcp(0), Port::Udp(65_535), Port::Icmp, Port::Protocol(47)] {
            assert_eq!(Port::from_code(port.code()), port);
        }
    }
}

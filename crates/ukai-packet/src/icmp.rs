//! ICMP (RFC 792) and ICMPv6 (RFC 4443): one layout, two sets of numbers.

use crate::Malformed;
use crate::checksum::Sum;
use crate::ip::{Header, Ip};
use crate::protocol;

/// Bytes of a header: type, code, checksum and four bytes whose meaning the type gives.
pub const HEADER_BYTES: usize = 8;

/// Types of ICMP.
pub mod v4 {
    /// The answer to an echo request.
    pub const ECHO_REPLY: u8 = 0;
    /// Destination unreachable.
    pub const UNREACHABLE: u8 = 3;
    /// An echo request.
    pub const ECHO: u8 = 8;
    /// Time exceeded.
    pub const TIME_EXCEEDED: u8 = 11;
    /// A timestamp request.
    pub const TIMESTAMP: u8 = 13;
    /// The answer to a timestamp request.
    pub const TIMESTAMP_REPLY: u8 = 14;
    /// Code of [`UNREACHABLE`]: nobody listens at the port.
    pub const CODE_PORT: u8 = 3;
    /// Code of [`UNREACHABLE`]: the protocol is unknown.
    pub const CODE_PROTOCOL: u8 = 2;
    /// Code of [`UNREACHABLE`]: too long, and not to be fragmented.
    pub const CODE_TOO_BIG: u8 = 4;
}

/// Types of ICMPv6.
pub mod v6 {
    /// Destination unreachable.
    pub const UNREACHABLE: u8 = 1;
    /// The packet is too big for a link.
    pub const TOO_BIG: u8 = 2;
    /// Time exceeded.
    pub const TIME_EXCEEDED: u8 = 3;
    /// A parameter's problem.
    pub const PARAMETER_PROBLEM: u8 = 4;
    /// An echo request.
    pub const ECHO: u8 = 128;
    /// The answer to an echo request.
    pub const ECHO_REPLY: u8 = 129;
    /// A router is looked for.
    pub const ROUTER_SOLICITATION: u8 = 133;
    /// A router makes itself known.
    pub const ROUTER_ADVERTISEMENT: u8 = 134;
    /// A neighbour is looked for.
    pub const NEIGHBOR_SOLICITATION: u8 = 135;
    /// A neighbour makes itself known.
    pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;
    /// Code of [`UNREACHABLE`]: nobody listens at the port.
    pub const CODE_PORT: u8 = 4;
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icmp<'a> {
    /// Its type: see [`v4`] and [`v6`].
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Four bytes whose meaning the type gives.
    pub rest: [u8; 4],
    /// What follows.
    pub body: &'a [u8],
}

impl<'a> Icmp<'a> {
    /// Reads what `ip` carries, of either version. The checksum must fit.
    pub fn parse(ip: &Ip<'a>) -> Result<Self, Malformed> {
        let bytes = ip.payload;
        if bytes.len() < HEADER_BYTES {
            return Err(Malformed::Truncated);
        }
        let sum = if ip.protocol == protocol::ICMP6 { ip.pseudo_header() } else { Sum::new() };
        if sum.bytes(bytes).finish() != 0 {
            return Err(Malformed::Checksum);
        }
        Ok(Self {
            kind: bytes[0],
            code: bytes[1],
            rest: [bytes[4], bytes[5], bytes[6], bytes[7]],
            body: &bytes[HEADER_BYTES..],
        })
    }

    /// Writes a packet of IP with this message.
    pub fn write(&self, ip: &Header, out: &mut Vec<u8>) {
        let length = HEADER_BYTES + self.body.len();
        ip.write(out, length);
        let start = out.len();
        out.extend_from_slice(&[self.kind, self.code, 0, 0]);
        out.extend_from_slice(&self.rest);
        out.extend_from_slice(self.body);
        let sum = if ip.protocol == protocol::ICMP6 {
            Sum::new().pseudo_header(ip.src, ip.dst, ip.protocol, length)
        } else {
            Sum::new()
        };
        let sum = sum.bytes(&out[start..]).finish();
        out[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
    }
}

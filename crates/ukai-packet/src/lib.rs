//! Headers of the Internet's packets: views on bytes that were received, and values that
//! are written as bytes. No state, no allocation in reading, no panic on any bytes.
//!
//! A file per protocol, each of the same shape: a view (`parse`, then accessors), and what
//! writes one. [`ip::Ip`] is the view that both versions of IP share: start there.
//!
//! What is wrong with a packet is a [`Malformed`], never an excuse to guess.

pub mod arp;
pub mod checksum;
pub mod ether;
pub mod icmp;
pub mod ip;
pub mod ipv6;
pub mod ndp;
pub mod tcp;
pub mod udp;

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// Fewer bytes than a header takes, or than a length field says.
    #[error("truncated")]
    Truncated,
    /// An IP version other than 4 and 6, or another address family than expected.
    #[error("unknown version")]
    Version,
    /// A length field that its own header contradicts.
    #[error("wrong length")]
    Length,
    /// A checksum that does not fit.
    #[error("wrong checksum")]
    Checksum,
    /// More extension headers, or labels, than are followed.
    #[error("too many headers")]
    Headers,
}

/// Numbers of protocols in IP (IANA "Assigned Internet Protocol Numbers").
pub mod protocol {
    /// ICMP (RFC 792).
    pub const ICMP: u8 = 1;
    /// TCP (RFC 9293).
    pub const TCP: u8 = 6;
    /// UDP (RFC 768).
    pub const UDP: u8 = 17;
    /// ICMPv6 (RFC 4443).
    pub const ICMP6: u8 = 58;
}

/// Two bytes of the network's order at `at`; the caller has checked the length.
#[inline]
fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// Four bytes of the network's order at `at`; the caller has checked the length.
#[inline]
fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

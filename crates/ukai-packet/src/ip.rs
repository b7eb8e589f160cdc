//! IPv4 (RFC 791), and the view that IPv4 and IPv6 share.

use crate::checksum::Sum;
use crate::{Malformed, be16, ipv6};
use std::net::{IpAddr, Ipv4Addr};

/// Bytes of an IPv4 header without options.
pub const V4_HEADER_BYTES: usize = 20;

/// A part of a packet that was too long for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Which packet it is a part of; with IPv4 of 16 bits.
    pub id: u32,
    /// Where in the packet's payload it stands, in bytes.
    pub offset: u32,
    /// Whether others follow.
    pub more: bool,
}

/// A packet of IPv4 or IPv6.
#[derive(Clone, Copy, Debug)]
pub struct Ip<'a> {
    /// Who says to have sent it.
    pub src: IpAddr,
    /// To whom.
    pub dst: IpAddr,
    /// What it carries, behind IPv6's extension headers: see [`crate::protocol`].
    pub protocol: u8,
    /// Routers that it may still pass: IPv4's time to live, IPv6's hop limit.
    pub hop_limit: u8,
    /// Type of service or traffic class: DSCP and ECN (RFC 2474, 3168).
    pub traffic_class: u8,
    /// IPv4's identification; zero with IPv6.
    pub id: u16,
    /// Whether routers must not fragment it; always so with IPv6.
    pub dont_fragment: bool,
    /// What part it is, if it is not whole.
    pub fragment: Option<Fragment>,
    /// The header, with options or extension headers.
    pub header: &'a [u8],
    /// What it carries, without padding of the link.
    pub payload: &'a [u8],
    /// The whole of it, without padding of the link.
    pub bytes: &'a [u8],
}

impl<'a> Ip<'a> {
    /// Reads a packet; the version is in its first four bits. The checksum of an IPv4
    /// header must fit.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        match bytes.first().map(|b| b >> 4) {
            Some(4) => parse_v4(bytes, bytes.len(), true),
            Some(6) => ipv6::parse(bytes, bytes.len()),
            Some(_) => Err(Malformed::Version),
            None => Err(Malformed::Truncated),
        }
    }

    /// Reads a packet that an ICMP error quotes: cut off anywhere behind its header, and
    /// with a header that routers have changed.
    #[allow(clippy::inline_always, reason = "a packet passed on in memory costs more than it")]
    #[inline(always)]
    pub fn parse_quoted(bytes: &'a [u8]) -> Result<Self, Malformed> {
        match bytes.first().map(|b| b >> 4) {
            Some(4) => parse_v4(bytes, usize::MAX, false),
            Some(6) => ipv6::parse(bytes, usize::MAX),
            Some(_) => Err(Malformed::Version),
            None => Err(Malformed::Truncated),
        }
    }

    /// The sum of the pseudo-header for what it carries.
    #[inline]
    pub fn pseudo_header(&self) -> Sum {
        Sum::new().pseudo_header(self.src, self.dst, self.protocol, self.payload.len())
    }
}

/// `room` is how long the packet may say to be.
#[allow(clippy::inline_always, reason = "a packet passed on in memory costs more than it")]
#[inline(always)]
fn parse_v4(bytes: &[u8], room: usize, verify: bool) -> Result<Ip<'_>, Malformed> {
    if bytes.len() < V4_HEADER_BYTES {
        return Err(Malformed::Truncated);
    }
    let header_bytes = usize::from(bytes[0] & 0x0f) * 4;
    let total = usize::from(be16(bytes, 2));
    if header_bytes < V4_HEADER_BYTES || (verify && total < header_bytes) {
        return Err(Malformed::Length);
    }
    if total > room || bytes.len() < header_bytes {
        return Err(Malformed::Truncated);
    }
    let end = total.clamp(header_bytes, bytes.len());
    let (header, payload) = bytes[..end].split_at(header_bytes);
    if verify && Sum::new().bytes(header).finish() != 0 {
        return Err(Malformed::Checksum);
    }
    let flags = be16(bytes, 6);
    let (offset, more) = (u32::from(flags & 0x1fff) * 8, flags & 0x2000 != 0);
    let id = be16(bytes, 4);
    let address = |at: usize| {
        IpAddr::V4(Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]))
    };
    Ok(Ip {
        src: address(12),
        dst: address(16),
        protocol: bytes[9],
        hop_limit: bytes[8],
        traffic_class: bytes[1],
        id,
        dont_fragment: flags & 0x4000 != 0,
        fragment: (offset != 0 || more).then_some(Fragment { id: u32::from(id), offset, more }),
        header,
        payload,
        bytes: &bytes[..end],
    })
}

/// What a header to be written says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// From whom.
    pub src: IpAddr,
    /// To whom; of the same family.
    pub dst: IpAddr,
    /// What it carries.
    pub protocol: u8,
    /// Time to live, or hop limit.
    pub hop_limit: u8,
    /// Type of service, or traffic class.
    pub traffic_class: u8,
    /// IPv4's identification.
    pub id: u16,
    /// IPv4: routers must not fragment it.
    pub dont_fragment: bool,
    /// IPv6's flow label, of 20 bits.
    pub flow_label: u32,
}

impl Header {
    /// Bytes that it takes.
    pub const fn bytes(&self) -> usize {
        if self.src.is_ipv4() { V4_HEADER_BYTES } else { ipv6::HEADER_BYTES }
    }

    /// Writes it in front of `payload_bytes` that follow, at most 65,515 with IPv4 and
    /// 65,535 with IPv6.
    pub fn write(&self, out: &mut Vec<u8>, payload_bytes: usize) {
        let start = out.len();
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let total = (V4_HEADER_BYTES + payload_bytes) as u16;
                let flags: u16 = if self.dont_fragment { 0x4000 } else { 0 };
                let mut header = [0; V4_HEADER_BYTES];
                header[0] = 0x45;
                header[1] = self.traffic_class;
                header[2..4].copy_from_slice(&total.to_be_bytes());
                header[4..6].copy_from_slice(&self.id.to_be_bytes());
                header[6..8].copy_from_slice(&flags.to_be_bytes());
                header[8] = self.hop_limit;
                header[9] = self.protocol;
                header[12..16].copy_from_slice(&src.octets());
                header[16..20].copy_from_slice(&dst.octets());
                let sum = Sum::new().bytes(&header).finish();
                header[10..12].copy_from_slice(&sum.to_be_bytes());
                out.extend_from_slice(&header);
            }
            (src, dst) => ipv6::write(self, as_v6(src), as_v6(dst), out, payload_bytes),
        }
        debug_assert_eq!(out.len() - start, self.bytes());
    }
}

/// Cuts a packet without options or extension headers into fragments of at most `mtu`
/// bytes each (RFC 791, 3.2; RFC 8200, 4.5). `id` names it with IPv6; with IPv4 its own
/// identification does.
pub fn fragments(whole: &[u8], mtu: usize, id: u32) -> impl Iterator<Item = Vec<u8>> {
    let is_v6 = whole.first().is_some_and(|byte| byte >> 4 == 6);
    let (header_bytes, extra) = if is_v6 { (ipv6::HEADER_BYTES, 8) } else { (V4_HEADER_BYTES, 0) };
    let (header, payload) = whole.split_at(header_bytes.min(whole.len()));
    let size = (mtu.saturating_sub(header_bytes + extra) & !7).max(8);
    let count = payload.len().div_ceil(size);
    payload.chunks(size).enumerate().map(move |(index, part)| {
        let (offset, more) = (index * size, index + 1 < count);
        let mut out = header.to_vec();
        let place = offset as u16;
        if is_v6 {
            out[4..6].copy_from_slice(&((8 + part.len()) as u16).to_be_bytes());
            let next = std::mem::replace(&mut out[6], ipv6::FRAGMENT);
            out.extend_from_slice(&[next, 0]);
            out.extend_from_slice(&(place | u16::from(more)).to_be_bytes());
            out.extend_from_slice(&id.to_be_bytes());
        } else {
            out[2..4].copy_from_slice(&((V4_HEADER_BYTES + part.len()) as u16).to_be_bytes());
            let flags = place >> 3 | if more { 0x2000 } else { 0 };
            out[6..8].copy_from_slice(&flags.to_be_bytes());
            out[10..12].fill(0);
            let sum = Sum::new().bytes(&out).finish();
            out[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        out.extend_from_slice(part);
        out
    })
}

fn as_v6(address: IpAddr) -> std::net::Ipv6Addr {
    match address {
        IpAddr::V4(a) => a.to_ipv6_mapped(),
        IpAddr::V6(a) => a,
    }
}

#[cfg(test)]
mod tests {
    use super::{Fragment, Header, Ip};
    use crate::Malformed;

    fn header() -> Header {
        Header {
            src: [192, 0, 2, 1].into(),
            dst: [198, 51, 100, 7].into(),
            protocol: 17,
            hop_limit: 61,
            traffic_class: 0x10,
            id: 0xbeef,
            dont_fragment: true,
            flow_label: 0,
        }
    }

    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        header().write(&mut bytes, 3);
        bytes.extend_from_slice(b"abc");
        bytes
    }

    #[test]
    fn what_is_written_is_read_without_the_padding() {
        let mut bytes = written();
        bytes.extend_from_slice(&[0; 20]);
        let ip = Ip::parse(&bytes).unwrap();
        assert_eq!((ip.src, ip.dst), (header().src, header().dst));
        assert_eq!((ip.protocol, ip.hop_limit, ip.traffic_class), (17, 61, 0x10));
        assert_eq!((ip.id, ip.dont_fragment, ip.fragment), (0xbeef, true, None));
        assert_eq!(ip.payload, b"abc");
    }

    #[test]
    fn a_header_with_a_wrong_bit_is_refused() {
        let good = written();
        for bit in 0..160 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Ip::parse(&bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn fragments_are_told() {
        let mut bytes = written();
        bytes[6..8].copy_from_slice(&0x2003_u16.to_be_bytes());
        bytes[10..12].fill(0);
        let sum = crate::checksum::Sum::new().bytes(&bytes[..20]).finish();
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        let expected = Fragment { id: 0xbeef, offset: 24, more: true };
        assert_eq!(Ip::parse(&bytes).unwrap().fragment, Some(expected));
    }

    #[test]
    fn a_quoted_packet_may_be_cut_off_and_a_received_one_may_not() {
        let bytes = written();
        assert_eq!(Ip::parse(&bytes[..22]).unwrap_err(), Malformed::Truncated);
        assert_eq!(Ip::parse_quoted(&bytes[..22]).unwrap().payload, b"ab");
    }
}

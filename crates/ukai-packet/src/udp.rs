//! UDP (RFC 768).

use crate::ip::{Header, Ip};
use crate::{Malformed, be16};

/// Bytes of a header.
pub const HEADER_BYTES: usize = 8;

/// A datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp<'a> {
    /// From which port.
    pub src_port: u16,
    /// To which port.
    pub dst_port: u16,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> Udp<'a> {
    /// Reads what `ip` carries. The checksum must fit, if there is one; IPv6 demands one
    /// (RFC 8200, 8.1).
    pub fn parse(ip: &Ip<'a>) -> Result<Self, Malformed> {
        let bytes = ip.payload;
        if bytes.len() < HEADER_BYTES {
            return Err(Malformed::Truncated);
        }
        let length = usize::from(be16(bytes, 4));
        if length < HEADER_BYTES {
            return Err(Malformed::Length);
        }
        let bytes = bytes.get(..length).ok_or(Malformed::Truncated)?;
        let has_sum = be16(bytes, 6) != 0;
        if !has_sum && ip.src.is_ipv6() {
            return Err(Malformed::Checksum);
        }
        let sum = crate::checksum::Sum::new().pseudo_header(ip.src, ip.dst, ip.protocol, length);
        if has_sum && sum.bytes(bytes).finish() != 0 {
            return Err(Malformed::Checksum);
        }
        Ok(Self {
            src_port: be16(bytes, 0),
            dst_port: be16(bytes, 2),
            payload: &bytes[HEADER_BYTES..],
        })
    }

    /// Writes a packet of IP with this datagram.
    pub fn write(&self, ip: &Header, out: &mut Vec<u8>) {
        let length = HEADER_BYTES + self.payload.len();
        ip.write(out, length);
        let start = out.len();
        out.extend_from_slice(&self.src_port.to_be_bytes());
        out.extend_from_slice(&self.dst_port.to_be_bytes());
        out.extend_from_slice(&(length as u16).to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(self.payload);
        let sum = crate::checksum::Sum::new().pseudo_header(ip.src, ip.dst, ip.protocol, length);
        // A sum of zero would mean that there is none.
        let sum = match sum.bytes(&out[start..]).finish() {
            0 => 0xffff,
            sum => sum,
        };
        out[start + 6..start + 8].copy_from_slice(&sum.to_be_bytes());
    }
}

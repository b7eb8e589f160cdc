//! Attributes: their numbers, and addresses in them (RFC 8489, 14; RFC 8656, 18).

use crate::wire::Reader;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(super) const MAPPED_ADDRESS: u16 = 0x0001;
pub(super) const CHANGE_REQUEST: u16 = 0x0003;
pub(super) const SOURCE_ADDRESS: u16 = 0x0004;
pub(super) const CHANGED_ADDRESS: u16 = 0x0005;
pub(super) const USERNAME: u16 = 0x0006;
pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
pub(super) const ERROR_CODE: u16 = 0x0009;
pub(super) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
pub(super) const CHANNEL_NUMBER: u16 = 0x000c;
pub(super) const LIFETIME: u16 = 0x000d;
pub(super) const XOR_PEER_ADDRESS: u16 = 0x0012;
pub(super) const DATA: u16 = 0x0013;
pub(super) const REALM: u16 = 0x0014;
pub(super) const NONCE: u16 = 0x0015;
pub(super) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
pub(super) const REQUESTED_TRANSPORT: u16 = 0x0019;
pub(super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub(super) const SOFTWARE: u16 = 0x8022;
pub(super) const FINGERPRINT: u16 = 0x8028;
pub(super) const RESPONSE_ORIGIN: u16 = 0x802b;
pub(super) const OTHER_ADDRESS: u16 = 0x802c;

/// Whether a server knows the attribute, or may pass over it (RFC 8489, 14).
pub(super) const fn understood(kind: u16) -> bool {
    kind >= 0x8000
        || matches!(
            kind,
            0x0001..=0x000d | 0x0012..=0x001e | 0x0020 | 0x0022 | 0x0024..=0x0027 | 0x002a
        )
}

/// The value of MAPPED-ADDRESS.
pub(super) fn address(address: SocketAddr) -> Vec<u8> {
    let mut out = vec![0, if address.is_ipv4() { 1 } else { 2 }];
    out.extend_from_slice(&address.port().to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
    }
    out
}

/// The value of XOR-MAPPED-ADDRESS and its like; `mask` is cookie and transaction.
pub(super) fn masked(plain: SocketAddr, mask: &[u8; 16]) -> Vec<u8> {
    let mut out = address(plain);
    apply(&mut out, mask);
    out
}

fn apply(value: &mut [u8], mask: &[u8; 16]) {
    for (byte, mask) in value.iter_mut().skip(2).take(2).zip(mask) {
        *byte ^= mask;
    }
    for (byte, mask) in value.iter_mut().skip(4).zip(mask) {
        *byte ^= mask;
    }
}

/// Reads a masked address.
pub(super) fn unmasked(value: &[u8], mask: &[u8; 16]) -> Option<SocketAddr> {
    let mut value = value.get(..value.len().min(20))?.to_vec();
    apply(&mut value, mask);
    let mut reader = Reader(&value);
    let family = reader.u16()? & 0xff;
    let port = reader.u16()?;
    let ip = match family {
        1 => Ipv4Addr::from_bits(reader.u32()?).into(),
        2 => Ipv6Addr::from(*reader.take(16)?.first_chunk::<16>()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_rfc_5769_are_read() {
        let mask = *b"\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";
        let four = SocketAddr::from(([192, 0, 2, 1], 32853));
        assert_eq!(masked(four, &mask), b"\0\x01\xa1\x47\xe1\x12\xa6\x43");
        let six: SocketAddr =
            "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().expect("an address");
        let value = masked(six, &mask);
        assert_eq!(value[..12], *b"\0\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79");
        assert_eq!(unmasked(&value, &mask), Some(six));
        assert_eq!(unmasked(&value[..19], &mask), None);
    }
}

//! IPv6 and its extension headers (RFC 8200).

use crate::ip::{Fragment, Header, Ip};
use crate::{Malformed, be16, be32};
use std::net::{IpAddr, Ipv6Addr};

/// Bytes of the fixed header.
pub const HEADER_BYTES: usize = 40;

/// Extension headers that are followed: more are an attack on whoever does.
const EXTENSIONS_MAX: usize = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
pub(crate) const FRAGMENT: u8 = 44;
const DESTINATION: u8 = 60;

/// `room` is how long the packet may say to be.
#[inline]
pub(crate) fn parse(bytes: &[u8], room: usize) -> Result<Ip<'_>, Malformed> {
    if bytes.len() < HEADER_BYTES {
        return Err(Malformed::Truncated);
    }
    let length = usize::from(be16(bytes, 4));
    if HEADER_BYTES + length > room {
        return Err(Malformed::Truncated);
    }
    let whole = &bytes[..(HEADER_BYTES + length).min(bytes.len())];
    let mut protocol = bytes[6];
    let mut at = HEADER_BYTES;
    let mut fragment = None;
    let mut count = 0;
    // What follows the header of a later fragment is a piece of payload.
    while fragment.is_none_or(|f: Fragment| f.offset == 0) {
        let rest = &whole[at..];
        let size = match protocol {
            HOP_BY_HOP | ROUTING | DESTINATION => {
                if rest.len() < 8 {
                    return Err(Malformed::Truncated);
                }
                8 + usize::from(rest[1]) * 8
            }
            FRAGMENT => {
                if rest.len() < 8 {
                    return Err(Malformed::Truncated);
                }
                let place = be16(rest, 2);
                let (offset, more) = (u32::from(place & 0xfff8), place & 1 != 0);
                // An "atomic" fragment is a whole packet (RFC 6946).
                if offset != 0 || more {
                    fragment = Some(Fragment { id: be32(rest, 4), offset, more });
                }
                8
            }
            _ => break,
        };
        if rest.len() < size {
            return Err(Malformed::Truncated);
        }
        count += 1;
        if count > EXTENSIONS_MAX {
            return Err(Malformed::Headers);
        }
        let was_fragment = protocol == FRAGMENT;
        protocol = rest[0];
        at += size;
        if was_fragment && fragment.is_some() {
            // Extension headers behind it belong to what is put together.
            break;
        }
    }
    let (header, payload) = whole.split_at(at);
    Ok(Ip {
        src: IpAddr::V6(address(bytes, 8)),
        dst: IpAddr::V6(address(bytes, 24)),
        protocol,
        hop_limit: bytes[7],
        traffic_class: (be16(bytes, 0) >> 4) as u8,
        id: 0,
        dont_fragment: true,
        fragment,
        header,
        payload,
        bytes: whole,
    })
}

#[inline]
fn address(bytes: &[u8], at: usize) -> Ipv6Addr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&bytes[at..at + 16]);
    Ipv6Addr::from(octets)
}

pub(crate) fn write(
    header: &Header,
    src: Ipv6Addr,
    dst: Ipv6Addr,
    out: &mut Vec<u8>,
    payload_bytes: usize,
) {
    let first = 6 << 28 | u32::from(header.traffic_class) << 20 | header.flow_label & 0xf_ffff;
    out.extend_from_slice(&first.to_be_bytes());
    out.extend_from_slice(&(payload_bytes as u16).to_be_bytes());
    out.extend_from_slice(&[header.protocol, header.hop_limit]);
    out.extend_from_slice(&src.octets());
    out.extend_from_slice(&dst.octets());
}

/// The group of stations that look for a neighbour of this address (RFC 4291, 2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from(b) << 8 | u16::from(c))
}

#[cfg(test)]
mod tests {
    use crate::Malformed;
    use crate::ip::{Fragment, Header, Ip};
    use std::net::Ipv6Addr;

    fn packet(next: u8, payload: &[u8]) -> Vec<u8> {
        let header = Header {
            src: "2001:db8::1".parse().unwrap(),
            dst: "2001:db8::2".parse().unwrap(),
            protocol: next,
            hop_limit: 64,
            traffic_class: 0xab,
            id: 0,
            dont_fragment: true,
            flow_label: 0x12345,
        };
        let mut bytes = Vec::new();
        header.write(&mut bytes, payload.len());
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn extension_headers_are_passed_over() {
        let mut payload = vec![60, 0, 1, 4, 0, 0, 0, 0]; // hop-by-hop, padding
        payload.extend_from_slice(&[6, 1]); // destination options of 16 bytes
        payload.extend_from_slice(&[0; 14]);
        payload.extend_from_slice(b"tcp");
        let bytes = packet(0, &payload);
        let ip = Ip::parse(&bytes).unwrap();
        assert_eq!((ip.protocol, ip.payload, ip.traffic_class), (6, &b"tcp"[..], 0xab));
        assert_eq!(ip.header.len(), 64);
    }

    #[test]
    fn a_fragment_ends_the_chain_and_an_atomic_one_does_not() {
        let bytes = packet(44, &[17, 0, 0x00, 0x11, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8]);
        let ip = Ip::parse(&bytes).unwrap();
        assert_eq!(ip.fragment, Some(Fragment { id: 9, offset: 16, more: true }));
        assert_eq!((ip.protocol, ip.payload.len()), (17, 8));
        let bytes = packet(44, &[17, 0, 0, 0, 0, 0, 0, 9, 1, 2]);
        let ip = Ip::parse(&bytes).unwrap();
        assert_eq!((ip.protocol, ip.fragment, ip.payload), (17, None, &[1, 2][..]));
    }

    #[test]
    fn a_chain_without_end_is_refused() {
        let bytes = packet(0, &[0; 80]);
        assert_eq!(Ip::parse(&bytes).unwrap_err(), Malformed::Headers);
    }

    #[test]
    fn the_group_of_an_address() {
        let address: Ipv6Addr = "2001:db8::1:800:200e:8c6c".parse().unwrap();
        assert_eq!(super::solicited_node(address).to_string(), "ff02::1:ff0e:8c6c");
    }
}

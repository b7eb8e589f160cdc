//! What clients of SOCKS send.

use crate::wire::Reader;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a client wants to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Destination {
    /// A name or an address, as text.
    pub(super) host: Vec<u8>,
    /// The address, where there is one.
    pub(super) ip: Option<IpAddr>,
    pub(super) port: u16,
}

/// A request of either version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// 1 CONNECT, 2 BIND, 3 UDP ASSOCIATE.
    pub(super) command: u8,
    pub(super) destination: Destination,
    /// The user's name that SOCKS 4 carries.
    pub(super) user: Vec<u8>,
}

/// What was found at the beginning of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read<T> {
    /// It, and its length.
    Whole(T, usize),
    Incomplete,
    Broken,
}

fn whole<T>(bytes: &[u8], rest: Reader<'_>, value: T) -> Read<T> {
    Read::Whole(value, bytes.len() - rest.0.len())
}

/// The methods of a greeting of SOCKS 5.
pub(super) fn greeting(bytes: &[u8]) -> Read<Vec<u8>> {
    let mut reader = Reader(bytes);
    let read = |reader: &mut Reader<'_>| {
        reader.u8()?;
        let count = reader.u8()?;
        reader.take(usize::from(count)).map(<[u8]>::to_vec)
    };
    match read(&mut reader) {
        Some(methods) => whole(bytes, reader, methods),
        None => Read::Incomplete,
    }
}

/// User name and password (RFC 1929).
pub(super) fn credentials(bytes: &[u8]) -> Read<(Vec<u8>, Vec<u8>)> {
    if bytes.first().is_some_and(|version| *version != 1) {
        return Read::Broken;
    }
    let mut reader = Reader(bytes);
    let read = |reader: &mut Reader<'_>| {
        reader.u8()?;
        let length = reader.u8()?;
        let user = reader.take(usize::from(length))?.to_vec();
        let length = reader.u8()?;
        Some((user, reader.take(usize::from(length))?.to_vec()))
    };
    match read(&mut reader) {
        Some(pair) => whole(bytes, reader, pair),
        None => Read::Incomplete,
    }
}

/// A request of SOCKS 5.
pub(super) fn request_5(bytes: &[u8]) -> Read<Request> {
    match bytes {
        [version, ..] if *version != 5 => return Read::Broken,
        [_, _, _, kind, ..] if !matches!(kind, 1 | 3 | 4) => return Read::Broken,
        _ => {}
    }
    let mut reader = Reader(bytes);
    let read = |reader: &mut Reader<'_>| {
        reader.u8()?;
        let command = reader.u8()?;
        reader.u8()?;
        Some(Request { command, destination: destination(reader)?, user: Vec::new() })
    };
    match read(&mut reader) {
        Some(request) => whole(bytes, reader, request),
        None => Read::Incomplete,
    }
}

/// Type, address and port (RFC 1928, 5), as they also stand before datagrams.
pub(super) fn destination(reader: &mut Reader<'_>) -> Option<Destination> {
    let (host, ip) = match reader.u8()? {
        1 => address(Ipv4Addr::from_bits(reader.u32()?).into()),
        3 => {
            let length = reader.u8()?;
            let name = reader.take(usize::from(length))?;
            let literal = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
            (name.to_vec(), literal)
        }
        4 => address(Ipv6Addr::from(*reader.take(16)?.first_chunk::<16>()?).into()),
        _ => return None,
    };
    Some(Destination { host, ip, port: reader.u16()? })
}

fn address(ip: IpAddr) -> (Vec<u8>, Option<IpAddr>) {
    (ip.to_string().into_bytes(), Some(ip))
}

/// A request of SOCKS 4, or 4a where the address is 0.0.0.x.
pub(super) fn request_4(bytes: &[u8]) -> Read<Request> {
    let mut reader = Reader(bytes);
    let read = |reader: &mut Reader<'_>| {
        reader.u8()?;
        let command = reader.u8()?;
        let port = reader.u16()?;
        let bits = reader.u32()?;
        let user = reader.until_nul()?.to_vec();
        let (host, ip) = if matches!(bits, 1..=255) {
            (reader.until_nul()?.to_vec(), None)
        } else {
            address(Ipv4Addr::from_bits(bits).into())
        };
        Some(Request { command, destination: Destination { host, ip, port }, user })
    };
    match read(&mut reader) {
        Some(request) => whole(bytes, reader, request),
        None => Read::Incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_of_all_versions() {
        let bytes = b"\x04\x01\0\x50\0\0\0\x07me\0example.org\0";
        assert_eq!(request_4(&bytes[..22]), Read::Incomplete);
        let Read::Whole(request, 23) = request_4(bytes) else { panic!("a request of SOCKS 4a") };
        let destination = Destination { host: b"example.org".to_vec(), ip: None, port: 80 };
        assert_eq!(request, Request { command: 1, destination, user: b"me".to_vec() });
    }

    #[test]
    fn an_address_in_the_place_of_a_name_is_an_address() {
        let bytes = b"\x05\x01\0\x03\x09192.0.2.1\x01\xbb";
        let Read::Whole(request, 16) = request_5(bytes) else { panic!("a request") };
        assert_eq!(request.destination.ip, Some([192, 0, 2, 1].into()));
        assert_eq!(request_5(b"\x05\x01\0\x02"), Read::Broken);
        assert_eq!(
            credentials(b"\x01\x02ab\x01c"),
            Read::Whole((b"ab".to_vec(), b"c".to_vec()), 6)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (greeting(&bytes), credentials(&bytes), request_4(&bytes), request_5(&bytes));
        }
    }
}

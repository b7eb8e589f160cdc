//! Nodes and peers that there are: who is at an address, and who is named for a hash.

use crate::chance::Chance;
use crate::wire::hex;
use sha1::{Digest, Sha1};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Identities and hashes: twenty bytes.
pub(super) type Id = [u8; 20];

/// Nodes in an answer (BEP 5).
const NODES: usize = 8;
/// Addresses among which those nearest to a target are chosen. More of them come closer.
const CANDIDATES: usize = 128;

/// The identity of the node at an address, fit for it (BEP 42).
pub(super) fn id(address: SocketAddr) -> Id {
    let mut id: Id = Sha1::digest(format!("node {address}")).into();
    fit(&mut id, address.ip());
    id
}

/// Makes an identity one that BEP 42 allows at this address; its last byte chooses which.
fn fit(id: &mut Id, ip: IpAddr) {
    let random = id[19];
    let mut masked: [u8; 8] = [0; 8];
    let length = match ip {
        IpAddr::V4(ip) => {
            masked[..4].copy_from_slice(&(ip.to_bits() & 0x030f_3fff).to_be_bytes());
            4
        }
        IpAddr::V6(ip) => {
            let high = (ip.to_bits() >> 64) as u64;
            masked.copy_from_slice(&(high & 0x0103_070f_1f3f_7fff).to_be_bytes());
            8
        }
    };
    masked[0] |= (random & 7) << 5;
    let sum = crc32c(&masked[..length]);
    id[0] = (sum >> 24) as u8;
    id[1] = (sum >> 16) as u8;
    id[2] = (sum >> 8) as u8 & 0xf8 | id[2] & 7;
}

/// CRC-32C (Castagnoli, RFC 3720, B.4) of a few bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            sum >> 1 ^ 0x82f6_3b78 & (sum & 1).wrapping_neg()
        })
    })
}

/// The nodes nearest to a target, the nearest first: all nodes know the same ones, so that a
/// search comes to an end.
pub(super) fn near(target: &Id, six: bool) -> Vec<(Id, SocketAddr)> {
    let mut chance = Chance::new(fold(target), "nodes");
    let mut nodes: Vec<_> = (0..CANDIDATES)
        .map(|_| address(&mut chance, six))
        .map(|address| (id(address), address))
        .collect();
    nodes.sort_unstable_by_key(|(id, _)| distance(id, target));
    nodes.truncate(NODES);
    nodes
}

/// Peers that share what has this hash: the same wherever one asks.
pub(super) fn peers(hash: &Id, six: bool, most: usize) -> Vec<SocketAddr> {
    let mut chance = Chance::new(fold(hash), "peers");
    let count = chance.between(3, 9) as usize;
    (0..count.min(most)).map(|_| address(&mut chance, six)).collect()
}

/// How many have all of it, how many have a part, how many have got it so far.
pub(super) fn swarm(hash: &Id) -> (u32, u32, u32) {
    let mut chance = Chance::new(fold(hash), "swarm");
    (chance.between(2, 6) as u32, chance.between(1, 4) as u32, chance.between(20, 900) as u32)
}

/// An address and port in compact form (BEP 23, BEP 7).
pub(super) fn compact(address: SocketAddr) -> Vec<u8> {
    let mut out = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    out.extend_from_slice(&address.port().to_be_bytes());
    out
}

fn distance(a: &Id, b: &Id) -> Id {
    std::array::from_fn(|at| a[at] ^ b[at])
}

fn fold(id: &Id) -> u64 {
    let (first, rest) = id.split_at(8);
    first.iter().chain(rest).fold(0, |seed: u64, byte| seed.rotate_left(9) ^ u64::from(*byte))
}

/// A public address that somebody at home could have, and a port of BitTorrent's clients.
fn address(chance: &mut Chance, six: bool) -> SocketAddr {
    let port = match chance.between(0, 3) {
        0 => 6881,
        1 => 51_413,
        _ => chance.between(10_000, 65_535) as u16,
    };
    if six {
        let bits = u128::from(chance.number()) << 64 | u128::from(chance.number());
        // 2400::/12 to 2a00::/12, which are given out to providers.
        let first = [0x2400, 0x2600, 0x2a00][chance.between(0, 3) as usize]
            | u128::from(chance.between(0, 16));
        return SocketAddr::new(Ipv6Addr::from_bits(bits >> 16 | first << 112).into(), port);
    }
    loop {
        let ip = Ipv4Addr::from_bits(chance.number() as u32);
        let [first, second, third, last] = ip.octets();
        let reserved = matches!(first, 0 | 10 | 100 | 127 | 169 | 172 | 192 | 198 | 203 | 224..);
        if !reserved && !matches!(last, 0 | 255) && (second, third) != (0, 0) {
            return SocketAddr::new(ip.into(), port);
        }
    }
}

/// Twenty bytes of a peer's, if they are twenty.
pub(super) fn id_of(bytes: &[u8]) -> Option<Id> {
    bytes.try_into().ok()
}

/// A hash as people write it.
pub(super) fn text(id: &[u8]) -> String {
    hex(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_fit_as_in_the_examples_of_bep_42() {
        for (ip, random, start) in [
            ([124, 31, 75, 21], 1, [0x5f, 0xbf, 0xb8]),
            ([21, 75, 31, 124], 86, [0x5a, 0x3c, 0xe8]),
            ([65, 23, 51, 170], 22, [0xa5, 0xd4, 0x30]),
            ([84, 124, 73, 14], 65, [0x1b, 0x03, 0x20]),
            ([43, 213, 53, 83], 90, [0xe5, 0x6f, 0x68]),
        ] {
            let mut id = [0; 20];
            id[19] = random;
            fit(&mut id, IpAddr::from(ip));
            assert_eq!([id[0], id[1], id[2]], start, "{ip:?}");
        }
    }

    #[test]
    fn who_is_named_has_the_same_identity_at_home_and_is_near() {
        let target = [0x5a; 20];
        for six in [false, true] {
            let nodes = near(&target, six);
            assert_eq!(nodes.len(), 8);
            assert!(nodes.iter().all(|(named, address)| *named == id(*address)));
            assert!(nodes.is_sorted_by_key(|(named, _)| distance(named, &target)));
            assert!(distance(&nodes[0].0, &target)[0] < 8, "{nodes:?}");
            assert!(nodes.iter().all(|(_, address)| address.is_ipv6() == six));
        }
        assert_eq!(peers(&target, false, 50), peers(&target, false, 50));
        assert_eq!(peers(&target, false, 2).len(), 2);
    }
}

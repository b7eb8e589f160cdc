//! Databases in the format of libloc (IPFire Location), as Debian's `libloc-database` is:
//! country and autonomous system of every network, and the systems' names, in one file.
//!
//! Version 1 (libloc, `src/libloc/format.h`), all numbers big-endian: a header, then tables at
//! places that it names. Networks hang on a binary tree of IPv6 addresses, with IPv4 below
//! `::ffff:0:0/96`. Signatures are not looked at: whoever can write the operator's files can
//! write the key as well.

use crate::origin::Origin;
use ipnet::IpNet;
use std::net::IpAddr;
use std::ops::Range;
use ukai_model::Timestamp;

const MAGIC: &[u8] = b"LOCDBXX";
const VERSION: u8 = 1;

/// Where the header's fields are: behind the magic and the version.
const HEADER_AT: usize = 8;
const HEADER_BYTES: usize = HEADER_AT + 60;

const SYSTEM_BYTES: usize = 8;
const NETWORK_BYTES: usize = 12;
const NODE_BYTES: usize = 12;

/// A node without a network, and the longest way to one.
const NONE: u32 = u32::MAX;
const BITS: u32 = 128;

/// Bytes of a name that are looked at.
const NAME_BYTES_MAX: usize = 200;

/// Why a file is no such database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLibloc {
    #[error("libloc's version {0}; 1 is known")]
    Version(u8),
    #[error("a table of libloc lies outside of the file")]
    Outside,
}

/// A database.
pub(crate) struct Database {
    bytes: Vec<u8>,
    systems: Range<usize>,
    networks: Range<usize>,
    nodes: Range<usize>,
    names: Range<usize>,
    created: u64,
    description: u32,
    licence: u32,
    /// The node of `::ffff:0:0/96`, from which IPv4 is looked for.
    v4: Option<u32>,
}

/// Where an address's bits led.
struct Walk {
    /// The node at the end, if there is one.
    node: Option<u32>,
    /// The most specific network that was met.
    network: Option<u32>,
    /// Bits that led there: all addresses that begin so have the same network.
    bits: u32,
}

impl Database {
    /// Whether a file says to be one.
    pub(crate) fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, NoLibloc> {
        match bytes.get(MAGIC.len()) {
            Some(&VERSION) if bytes.len() >= HEADER_BYTES => {}
            Some(&VERSION) | None => return Err(NoLibloc::Outside),
            Some(other) => return Err(NoLibloc::Version(*other)),
        }
        let field = |number: usize| word(&bytes, HEADER_AT + 8 + 4 * number);
        let table = |number: usize| {
            let begin = field(number)? as usize;
            let end = begin.checked_add(field(number + 1)? as usize)?;
            (end <= bytes.len()).then_some(begin..end)
        };
        // Vendor, description and licence; then a place and a length for each table.
        let texts = || Some((field(1)?, field(2)?));
        let tables = || Some((table(3)?, table(5)?, table(7)?, table(11)?));
        let (description, licence) = texts().ok_or(NoLibloc::Outside)?;
        let (systems, networks, nodes, names) = tables().ok_or(NoLibloc::Outside)?;
        let time = |at| word(&bytes, HEADER_AT + at).map_or(0, u64::from);
        let created = time(0) << 32 | time(4);
        let mut database = Self {
            bytes,
            systems,
            networks,
            nodes,
            names,
            created,
            description,
            licence,
            v4: None,
        };
        let mapped = u128::from(std::net::Ipv4Addr::UNSPECIFIED.to_ipv6_mapped());
        database.v4 = database.walk(0, mapped, 0..96).node;
        Ok(database)
    }

    /// When it was made.
    pub(crate) fn created(&self) -> Timestamp {
        Timestamp::from_secs(self.created.min(u64::from(u32::MAX)))
    }

    /// What it is, in its makers' words.
    pub(crate) fn description(&self) -> Option<String> {
        self.name(self.description)
    }

    /// Under which licence it is.
    pub(crate) fn licence(&self) -> Option<String> {
        self.name(self.licence)
    }

    /// What is known about an address.
    pub(crate) fn of(&self, address: IpAddr) -> Option<Origin> {
        let entry = self.network(self.find(address)?.network?)?;
        let country = [entry[0], entry[1]];
        let number = word(entry, 4).filter(|number| *number != 0);
        Some(Origin {
            country: country
                .iter()
                .all(u8::is_ascii_uppercase)
                .then(|| country.iter().map(|letter| char::from(*letter)).collect()),
            asn: number,
            name: number.and_then(|number| self.system(number)),
        })
    }

    /// Country and number of an address's network, zero if there is none; and the prefix that
    /// has the same.
    pub(crate) fn key(&self, address: IpAddr) -> (u64, IpNet) {
        let found = self.find(address);
        let all = if address.is_ipv4() { BITS - 32 } else { 0 };
        let prefix = found.as_ref().map_or(0, |walk| walk.bits.saturating_sub(all));
        let entry = found.and_then(|walk| self.network(walk.network?));
        let key = entry.and_then(|entry| {
            let country = u16::from_be_bytes(*entry.first_chunk()?);
            Some(u64::from(country) << 32 | u64::from(word(entry, 4)?) | 1 << 48)
        });
        let net = IpNet::new(address, prefix as u8);
        (key.unwrap_or(0), net.map_or_else(|_| address.into(), |net| net.trunc()))
    }

    fn find(&self, address: IpAddr) -> Option<Walk> {
        Some(match address {
            IpAddr::V4(v4) => {
                let mapped = u128::from(v4.to_ipv6_mapped());
                self.walk(self.v4?, mapped, 96..BITS)
            }
            IpAddr::V6(v6) => self.walk(0, u128::from(v6), 0..BITS),
        })
    }

    fn network(&self, number: u32) -> Option<&[u8]> {
        self.entry(&self.networks, number, NETWORK_BYTES)
    }

    /// Follows an address's bits from a node on.
    fn walk(&self, from: u32, address: u128, bits: Range<u32>) -> Walk {
        let (mut node, mut network) = (from, None);
        for bit in bits {
            let Some(entry) = self.entry(&self.nodes, node, NODE_BYTES) else {
                return Walk { node: None, network, bits: bit };
            };
            network = word(entry, 8).filter(|number| *number != NONE).or(network);
            let side = (address >> (BITS - 1 - bit) & 1) as usize;
            match word(entry, side * 4) {
                // Nobody's child is the root.
                Some(next) if next != 0 => node = next,
                _ => return Walk { node: None, network, bits: bit + 1 },
            }
        }
        let own = self.entry(&self.nodes, node, NODE_BYTES).and_then(|entry| word(entry, 8));
        let network = own.filter(|number| *number != NONE).or(network);
        Walk { node: Some(node), network, bits: BITS }
    }

    /// The name of a system: they are sorted by number.
    fn system(&self, number: u32) -> Option<String> {
        let (mut low, mut high) = (0, (self.systems.len() / SYSTEM_BYTES) as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.entry(&self.systems, middle, SYSTEM_BYTES)?;
            match word(entry, 0)?.cmp(&number) {
                std::cmp::Ordering::Equal => return self.name(word(entry, 4)?),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn name(&self, at: u32) -> Option<String> {
        let bytes = self.bytes[self.names.clone()].get(at as usize..)?;
        let bytes = &bytes[..bytes.len().min(NAME_BYTES_MAX)];
        let bytes = bytes.split(|byte| *byte == 0).next()?;
        (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned())
    }

    fn entry(&self, table: &Range<usize>, number: u32, size: usize) -> Option<&[u8]> {
        let at = (number as usize).checked_mul(size)?;
        self.bytes[table.clone()].get(at..at + size)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "libloc of {}, {} bytes", self.created(), self.bytes.len())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Database, HEADER_BYTES, NONE, NoLibloc};
    use std::net::{IpAddr, Ipv6Addr};

    /// A database of two networks within each other, one of IPv6, and two systems.
    pub(crate) fn example() -> Vec<u8> {
        let names = b"\0CC0-1.0\0Example\0Inner\0";
        let systems = [(64_500, 9), (64_501, 17)];
        let networks = [(*b"JP", 64_500), (*b"US", 64_501), (*b"\0\0", 0)];
        let mut nodes = vec![[0, 0, NONE]];
        for (prefix, bits, network) in [
            ("::ffff:203.0.113.0", 96 + 24, 0),
            ("::ffff:203.0.113.128", 96 + 25, 1),
            ("2001:db8::", 32, 2),
        ] {
            let address = u128::from(prefix.parse::<Ipv6Addr>().unwrap());
            let mut node = 0;
            for bit in 0..bits {
                let side = (address >> (127 - bit) & 1) as usize;
                if nodes[node][side] == 0 {
                    nodes[node][side] = nodes.len() as u32;
                    nodes.push([0, 0, NONE]);
                }
                node = nodes[node][side] as usize;
            }
            nodes[node][2] = network;
        }
        let mut tables = Vec::new();
        let mut places = Vec::new();
        let mut table = |bytes: Vec<u8>| {
            places.push(((HEADER_BYTES + tables.len()) as u32, bytes.len() as u32));
            tables.extend(bytes);
        };
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect();
        table(
            systems
                .iter()
                .flat_map(|(number, name)| [*number, *name])
                .flat_map(u32::to_be_bytes)
                .collect(),
        );
        table(
            networks
                .iter()
                .flat_map(|(country, number)| {
                    [&country[..], &[0, 0], &u32::to_be_bytes(*number), &[0; 4]].concat()
                })
                .collect(),
        );
        table(words(&nodes.concat()));
        table(Vec::new());
        table(names.to_vec());
        let mut out = b"LOCDBXX\x01".to_vec();
        out.extend_from_slice(&1_767_225_600_u64.to_be_bytes());
        for text in [0_u32, 0, 1] {
            out.extend_from_slice(&text.to_be_bytes());
        }
        for (begin, length) in places {
            out.extend_from_slice(&begin.to_be_bytes());
            out.extend_from_slice(&length.to_be_bytes());
        }
        out.extend(tables);
        out
    }

    #[test]
    fn the_most_specific_network_decides() {
        let database = Database::read(example()).unwrap();
        assert_eq!(database.licence().as_deref(), Some("CC0-1.0"));
        assert!(database.created().to_string().starts_with("2026-01-01T00:00:00"));
        let of = |address: &str| {
            let origin = database.of(address.parse().unwrap())?;
            Some((origin.country, origin.asn, origin.name))
        };
        let expected = |country: &str, number, name: &str| {
            Some((Some(country.to_owned()), Some(number), Some(name.to_owned())))
        };
        assert_eq!(of("203.0.113.127"), expected("JP", 64_500, "Example"));
        assert_eq!(of("203.0.113.128"), expected("US", 64_501, "Inner"));
        assert_eq!(of("2001:db8:7::1"), Some((None, None, None)));
        assert_eq!(of("203.0.112.255"), None);
        assert_eq!(of("2001:db9::"), None);
    }

    #[test]
    fn any_byte_may_be_wrong_and_any_part_missing() {
        let good = example();
        let addresses: [IpAddr; 2] = [[203, 0, 113, 200].into(), "2001:db8::1".parse().unwrap()];
        for at in 0..good.len() {
            for value in [0, 0xff, good[at] ^ 0x20, good[at] ^ 1] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Ok(database) = Database::read(bytes) {
                    let _ = addresses.map(|address| database.of(address));
                }
            }
            if let Ok(database) = Database::read(good[..at].to_vec()) {
                panic!("{at} bytes are {database:?}");
            }
        }
        let mut newer = good;
        newer[7] = 2;
        assert_eq!(Database::read(newer).unwrap_err(), NoLibloc::Version(2));
    }
}

//! Databases in MaxMind's format, as country and AS data are handed out in: of MaxMind,
//! DB-IP and others.

use crate::origin::Origin;
use ipnet::IpNet;
use maxminddb::{LookupResult, MaxMindDbError, Reader};
use serde::Deserialize;
use std::net::IpAddr;
use ukai_model::Timestamp;

/// A database.
#[derive(Debug)]
pub(crate) struct Database(Reader<Vec<u8>>);

/// What databases of countries and systems have in common.
#[derive(Deserialize)]
struct Record {
    country: Option<Country>,
    country_code: Option<String>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Country {
    Nested { iso_code: Option<String> },
    Code(String),
}

impl Database {
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, MaxMindDbError> {
        Reader::from_source(bytes).map(Self)
    }

    /// When it was made.
    pub(crate) fn made(&self) -> Timestamp {
        Timestamp::from_secs(self.0.metadata().build_epoch.min(u64::from(u32::MAX)))
    }

    /// What it holds, as its makers name it.
    pub(crate) fn holds(&self) -> &str {
        &self.0.metadata().database_type
    }

    /// The place of what is known about an address, zero if there is nothing; and the prefix
    /// that has the same. Where the tree cannot be read, nothing is said of any address: so it
    /// is, too, of one version of IP where a database has only the other.
    pub(crate) fn key(&self, address: IpAddr) -> (u64, IpNet) {
        let found = self.0.lookup(address).ok();
        let key = found.as_ref().and_then(LookupResult::offset);
        let key = key.map_or(0, |offset| offset as u64 + 1);
        let network = found.and_then(|found| found.network().ok());
        let network = network.filter(|network| network.is_ipv4() == address.is_ipv4());
        let prefix = network.map_or(0, |network| network.prefix());
        (key, IpNet::new(address, prefix).map_or_else(|_| address.into(), |net| net.trunc()))
    }

    /// What is known about an address; a record that cannot be read says nothing.
    pub(crate) fn of(&self, address: IpAddr) -> Option<Origin> {
        let record: Record = self.0.lookup(address).ok()?.decode().ok()??;
        let country = match record.country {
            Some(Country::Nested { iso_code }) => iso_code,
            Some(Country::Code(code)) => Some(code),
            None => record.country_code,
        };
        Some(Origin {
            country: country.filter(|code| code.len() == 2),
            asn: record.autonomous_system_number,
            name: record.autonomous_system_organization,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Database;

    fn text(out: &mut Vec<u8>, text: &str) {
        out.push(2 << 5 | text.len() as u8);
        out.extend_from_slice(text.as_bytes());
    }

    fn number(out: &mut Vec<u8>, name: &str, kind: u8, value: u32) {
        text(out, name);
        let bytes = value.to_be_bytes();
        let from = if kind == 5 { 2 } else { 0 };
        if kind < 8 {
            out.push(kind << 5 | (4 - from) as u8);
        } else {
            out.extend_from_slice(&[4, kind - 7]);
        }
        out.extend_from_slice(&bytes[from..]);
    }

    /// A database of one prefix, 203.0.113.0/24, in the layout of MaxMind's specification
    /// (version 2.0): a tree of 24 nodes, data, metadata.
    pub(crate) fn example() -> Vec<u8> {
        const NODES: u32 = 24;
        let mut out = Vec::new();
        let address = 0xcb00_7100_u32;
        for node in 0..NODES {
            let next = if node + 1 == NODES { NODES + 16 } else { node + 1 };
            let bit = address >> (31 - node) & 1;
            for side in 0..2 {
                let record = if side == bit { next } else { NODES };
                out.extend_from_slice(&record.to_be_bytes()[1..]);
            }
        }
        out.extend_from_slice(&[0; 16]);
        out.push(7 << 5 | 2);
        text(&mut out, "country");
        out.push(7 << 5 | 1);
        text(&mut out, "iso_code");
        text(&mut out, "JP");
        number(&mut out, "autonomous_system_number", 6, 64_500);
        out.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
        out.push(7 << 5 | 9);
        number(&mut out, "node_count", 6, NODES);
        number(&mut out, "record_size", 5, 24);
        number(&mut out, "ip_version", 5, 4);
        number(&mut out, "binary_format_major_version", 5, 2);
        number(&mut out, "binary_format_minor_version", 5, 0);
        number(&mut out, "build_epoch", 9, 1_767_225_600);
        text(&mut out, "database_type");
        text(&mut out, "Example");
        text(&mut out, "languages");
        out.extend_from_slice(&[0, 4]);
        text(&mut out, "description");
        out.push(7 << 5);
        out
    }

    #[test]
    fn a_database_of_one_prefix() {
        let database = Database::read(example()).unwrap();
        let of = |address: [u8; 4]| database.of(address.into());
        let origin = of([203, 0, 113, 200]).unwrap();
        assert_eq!((origin.country.as_deref(), origin.asn), (Some("JP"), Some(64_500)));
        assert_eq!(of([203, 0, 112, 200]), None);
        assert_eq!(database.of("2001:db8::1".parse().unwrap()), None);
    }

    #[test]
    fn any_byte_may_be_wrong() {
        let good = example();
        for at in 0..good.len() {
            for value in [0, 0xff, good[at] ^ 0x20] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Ok(database) = Database::read(bytes) {
                    let _ = database.of([203, 0, 113, 200].into());
                }
            }
        }
    }
}

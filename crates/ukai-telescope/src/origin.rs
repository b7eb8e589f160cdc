//! Whose an address is: country and autonomous system, from an operator's own table and from
//! databases.

pub(crate) mod counts;
pub(crate) mod index;
mod prefixed;

use crate::libloc;
use crate::mmdb;
use index::Index;
use ipnet::IpNet;
use prefixed::Prefixed;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::OnceLock;
use ukai_model::Timestamp;

/// Whose an address is, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Country (ISO 3166-1, two letters).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Autonomous system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// A name: of the system, or of who is known to scan from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A line that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text:?} is not `prefix,asn,country[,name]`, such as 198.18.0.0/15,64496,JP")]
pub struct WrongLine {
    /// Its number.
    pub line: usize,
    /// Its beginning.
    pub text: String,
}

/// Tables of origins. In the operator's own the longest prefix decides; what it does not say,
/// the databases do, in their order.
#[derive(Debug, Default)]
pub struct Origins {
    table: Prefixed,
    databases: Vec<Database>,
    known: Prefixed,
    /// Made when it is first needed.
    index: OnceLock<Index>,
}

/// A database of others', in one of the formats that they are handed out in.
#[derive(Debug)]
enum Database {
    Mmdb(mmdb::Database),
    Libloc(libloc::Database),
}

/// What is no database.
#[derive(Debug, thiserror::Error)]
#[error("neither a database in MaxMind's format nor one of libloc: {0}")]
pub struct NoDatabase(String);

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// Its format.
    pub format: &'static str,
    /// When it was made.
    pub made: Timestamp,
    /// What it holds, in its makers' words.
    pub holds: Option<String>,
    /// Its licence, where the format has a place for it.
    pub licence: Option<String>,
}

impl Origins {
    /// Reads `prefix,asn,country[,name]` lines. Fields may be empty, the number may have `AS`
    /// in front; empty lines and those with `#` are passed over.
    pub fn parse(text: &str) -> Result<Self, WrongLine> {
        Ok(Self { table: Prefixed::parse(text)?, ..Self::default() })
    }

    /// Adds a database, in MaxMind's format or in that of libloc.
    pub fn add_database(&mut self, bytes: Vec<u8>) -> Result<(), NoDatabase> {
        self.databases.push(Database::read(bytes)?);
        self.index = OnceLock::new();
        Ok(())
    }

    /// What the databases say of themselves, in their order.
    pub fn databases(&self) -> impl Iterator<Item = About> + '_ {
        self.databases.iter().map(Database::about)
    }

    /// Whether nothing is known of any address.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty() && self.databases.is_empty()
    }

    /// Reads who is known to scan, as lines of the same form, of which only the name counts.
    pub fn add_known(&mut self, text: &str) -> Result<(), WrongLine> {
        self.known = Prefixed::parse(text)?;
        Ok(())
    }

    /// Whose an address is.
    pub fn of(&self, address: IpAddr) -> Origin {
        let mut origin = self.table.of(address).cloned().unwrap_or_default();
        for found in self.databases.iter().filter_map(|database| database.of(address)) {
            origin.country = origin.country.or(found.country);
            if origin.asn.is_none() {
                origin.asn = found.asn;
                origin.name = origin.name.or(found.name);
            }
        }
        origin
    }

    /// The same of all addresses, in a form in which one is found quickly. It is made at the
    /// first call: about a second for a million and a half networks.
    pub(crate) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(self))
    }

    /// What tells an address's origin from others', in each of the tables; and the last address
    /// up to which it is the same in all of them.
    fn keys(&self, address: IpAddr) -> (Vec<u64>, IpAddr) {
        let (own, last) = self.table.key(address);
        let (mut keys, mut last) = (vec![own], last);
        for database in &self.databases {
            let (key, prefix) = database.key(address);
            keys.push(key);
            last = last.min(prefix.broadcast());
        }
        (keys, last)
    }

    /// Under which name the address is known to scan.
    pub fn known(&self, address: IpAddr) -> Option<&str> {
        self.known.of(address)?.name.as_deref()
    }
}

impl Database {
    fn read(bytes: Vec<u8>) -> Result<Self, NoDatabase> {
        if libloc::Database::is_one(&bytes) {
            let read = libloc::Database::read(bytes);
            return read.map(Self::Libloc).map_err(|error| NoDatabase(error.to_string()));
        }
        mmdb::Database::read(bytes).map(Self::Mmdb).map_err(|error| NoDatabase(error.to_string()))
    }

    fn of(&self, address: IpAddr) -> Option<Origin> {
        match self {
            Self::Mmdb(database) => database.of(address),
            Self::Libloc(database) => database.of(address),
        }
    }

    /// What tells an address's origin from others', and the prefix that has the same.
    fn key(&self, address: IpAddr) -> (u64, IpNet) {
        match self {
            Self::Mmdb(database) => database.key(address),
            Self::Libloc(database) => database.key(address),
        }
    }

    fn about(&self) -> About {
        match self {
            Self::Mmdb(database) => About {
                format: "MMDB",
                made: database.made(),
                holds: Some(database.holds().to_owned()),
                licence: None,
            },
            Self::Libloc(database) => About {
                format: "libloc",
                made: database.created(),
                holds: database.description(),
                licence: database.licence(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, Origins};

    #[test]
    fn the_longest_prefix_decides_and_databases_fill_up() {
        let text = "# ours\n198.18.0.0/15,64496,JP\n198.18.4.0/24,AS64497,US,\"Example\"\n\n\
                    2001:db8::/32,,DE\n";
        let mut origins = Origins::parse(text).unwrap();
        let of = |origins: &Origins, address: &str| origins.of(address.parse().unwrap());
        assert_eq!(of(&origins, "198.18.5.1").asn, Some(64_496));
        let inner = of(&origins, "198.18.4.1");
        assert_eq!((inner.asn, inner.name.as_deref()), (Some(64_497), Some("Example")));
        let v6 = of(&origins, "2001:db8::1");
        assert_eq!((v6.asn, v6.country.as_deref()), (None, Some("DE")));
        assert_eq!(of(&origins, "203.0.113.1"), Origin::default());
        origins.add_database(crate::mmdb::tests::example()).unwrap();
        assert_eq!(of(&origins, "203.0.113.1").country.as_deref(), Some("JP"));
        origins.add_database(crate::libloc::tests::example()).unwrap();
        let inner = of(&origins, "203.0.113.200");
        // What comes first goes first; what it does not say, the next does.
        assert_eq!((inner.country.as_deref(), inner.asn), (Some("JP"), Some(64_500)));
        assert_eq!(of(&origins, "198.18.4.1").country.as_deref(), Some("US"));
        let formats: Vec<_> = origins.databases().map(|about| about.format).collect();
        assert_eq!(formats, ["MMDB", "libloc"]);
        for wrong in [&b"nothing"[..], b"LOCDBXX\x01", b"LOCDBXX\x09", b"LOCDBXX"] {
            assert!(origins.add_database(wrong.to_vec()).is_err(), "{wrong:?}");
        }
        origins.add_known("203.0.113.0/28,,,Somebody").unwrap();
        assert_eq!(origins.known([203, 0, 113, 15].into()), Some("Somebody"));
        assert_eq!(origins.known([203, 0, 113, 16].into()), None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for line in ["198.18.0.0,1,JP", "198.18.0.0/15,x,JP", "198.18.0.0/15,1,Japan"] {
            let wrong = Origins::parse(&format!("# x\n{line}\n")).unwrap_err();
            assert_eq!((wrong.line, wrong.text.as_str()), (2, line));
        }
    }
}

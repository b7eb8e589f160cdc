//! Whose an address is: country and autonomous system, from an operator's own table and from
//! databases.

use crate::libloc;
use crate::mmdb;
use ipnet::IpNet;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
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

#[derive(Debug, Default)]
struct Prefixed {
    by_prefix: BTreeMap<IpNet, Origin>,
    /// Lengths that there are, the longest first: of IPv4, of IPv6.
    lengths: [Vec<u8>; 2],
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
        Ok(())
    }

    /// What the databases say of themselves, in their order.
    pub fn databases(&self) -> impl Iterator<Item = About> + '_ {
        self.databases.iter().map(Database::about)
    }

    /// Whether nothing is known of any address.
    pub fn is_empty(&self) -> bool {
        self.table.by_prefix.is_empty() && self.databases.is_empty()
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

impl Prefixed {
    fn parse(text: &str) -> Result<Self, WrongLine> {
        let mut prefixed = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (prefix, origin) = parse_line(line).ok_or_else(|| WrongLine {
                line: number + 1,
                text: line.chars().take(60).collect(),
            })?;
            prefixed.insert(prefix, origin);
        }
        Ok(prefixed)
    }

    fn insert(&mut self, prefix: IpNet, origin: Origin) {
        let lengths = &mut self.lengths[usize::from(prefix.addr().is_ipv6())];
        let length = prefix.prefix_len();
        if let Err(at) = lengths.binary_search_by_key(&!length, |length| !*length) {
            lengths.insert(at, length);
        }
        self.by_prefix.insert(prefix.trunc(), origin);
    }

    fn of(&self, address: IpAddr) -> Option<&Origin> {
        self.lengths[usize::from(address.is_ipv6())].iter().find_map(|length| {
            let prefix = IpNet::new(address, *length).ok()?.trunc();
            self.by_prefix.get(&prefix)
        })
    }
}

fn parse_line(line: &str) -> Option<(IpNet, Origin)> {
    let mut fields = line.split(',').map(|field| field.trim().trim_matches('"'));
    let prefix = fields.next()?.parse().ok()?;
    let number = fields.next().unwrap_or_default();
    let number = number.strip_prefix("AS").unwrap_or(number);
    let asn = if number.is_empty() { None } else { Some(number.parse().ok()?) };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let country = some(fields.next().unwrap_or_default());
    if country.as_ref().is_some_and(|country| country.len() != 2) {
        return None;
    }
    let name = some(fields.next().unwrap_or_default());
    Some((prefix, Origin { country, asn, name }))
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

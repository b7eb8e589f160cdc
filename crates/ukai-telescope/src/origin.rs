//! Whose an address is: country and autonomous system, from an operator's own table.

use ipnet::IpNet;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

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

/// A table of origins: the longest prefix decides.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    by_prefix: BTreeMap<IpNet, Origin>,
    /// Lengths that there are, the longest first: of IPv4, of IPv6.
    lengths: [Vec<u8>; 2],
}

impl Origins {
    /// Reads `prefix,asn,country[,name]` lines. Fields may be empty, the number may have `AS`
    /// in front; empty lines and those with `#` are passed over.
    pub fn parse(text: &str) -> Result<Self, WrongLine> {
        let mut origins = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (prefix, origin) = parse_line(line).ok_or_else(|| WrongLine {
                line: number + 1,
                text: line.chars().take(60).collect(),
            })?;
            origins.insert(prefix, origin);
        }
        Ok(origins)
    }

    fn insert(&mut self, prefix: IpNet, origin: Origin) {
        let lengths = &mut self.lengths[usize::from(prefix.addr().is_ipv6())];
        let length = prefix.prefix_len();
        if let Err(at) = lengths.binary_search_by_key(&!length, |length| !*length) {
            lengths.insert(at, length);
        }
        self.by_prefix.insert(prefix.trunc(), origin);
    }

    /// Whose an address is.
    pub fn of(&self, address: IpAddr) -> Option<&Origin> {
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
    use super::Origins;

    #[test]
    fn the_longest_prefix_decides() {
        let text = "# ours\n198.18.0.0/15,64496,JP\n198.18.4.0/24,AS64497,US,\"Example\"\n\n\
                    2001:db8::/32,,DE\n";
        let origins = Origins::parse(text).unwrap();
        let of = |address: &str| origins.of(address.parse().unwrap());
        assert_eq!(of("198.18.5.1").unwrap().asn, Some(64_496));
        let inner = of("198.18.4.1").unwrap();
        assert_eq!((inner.asn, inner.name.as_deref()), (Some(64_497), Some("Example")));
        let v6 = of("2001:db8::1").unwrap();
        assert_eq!((v6.asn, v6.country.as_deref()), (None, Some("DE")));
        assert_eq!(of("192.0.2.1"), None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for line in ["198.18.0.0,1,JP", "198.18.0.0/15,x,JP", "198.18.0.0/15,1,Japan"] {
            let wrong = Origins::parse(&format!("# x\n{line}\n")).unwrap_err();
            assert_eq!((wrong.line, wrong.text.as_str()), (2, line));
        }
    }
}

//! What is in the directory: its root (RFC 4512, 5.1), as OpenLDAP 2.5 shows it, and the
//! entry of its suffix. The suffix is the one that the client knows, if it tells.

use super::request::Search;
use crate::chance::Chance;
use crate::limits::LDAP_SUFFIX_BYTES;
use std::net::IpAddr;
use ukai_emulators::Open;

/// Suffixes of those who have not told theirs.
const SUFFIXES: [&str; 4] =
    ["dc=corp,dc=local", "dc=office,dc=lan", "dc=ad,dc=internal", "dc=example,dc=org"];

/// Attributes, each with its values.
pub(super) type Attributes = Vec<(&'static str, Vec<Vec<u8>>)>;

pub(super) struct Directory {
    address: IpAddr,
    suffix: Vec<u8>,
    /// What CRAM-MD5 asks.
    pub(super) challenge: String,
}

impl Directory {
    pub(super) fn new(open: &Open) -> Self {
        let mut chance = Chance::new(open.seed, "ldap");
        let suffix = chance.pick(&SUFFIXES).as_bytes().to_vec();
        let (first, second) = (chance.number() >> 32, open.now.secs());
        Self { address: open.flow.dst_ip, suffix, challenge: format!("<{first}.{second}@ldap>") }
    }

    /// Takes the suffix from a name: `cn=admin,dc=a,dc=b` or `admin@a.b`.
    pub(super) fn learn(&mut self, name: &[u8]) {
        let lower = name.to_ascii_lowercase();
        let at = lower.windows(3).position(|window| window == b"dc=");
        if let Some(suffix) = at.and_then(|at| name.get(at..)) {
            if suffix.len() <= LDAP_SUFFIX_BYTES {
                self.suffix = suffix.to_vec();
            }
        } else if let Some(at) = name.iter().rposition(|byte| *byte == b'@')
            && let Some(domain) = name.get(at + 1..)
            && !domain.is_empty()
            && domain.len() <= LDAP_SUFFIX_BYTES / 4
        {
            let labels = domain.split(|byte| *byte == b'.').map(|label| [b"dc=", label].concat());
            self.suffix = labels.collect::<Vec<_>>().join(&b',');
        }
    }

    /// The entry that a search finds, if any.
    pub(super) fn find(&mut self, search: &Search<'_>, tls: bool) -> Option<Attributes> {
        self.learn(search.base);
        let mut entry = match search.base {
            _ if search.scope != 0 => return None,
            b"" => return Some(self.root(search, tls)),
            base if base.eq_ignore_ascii_case(&self.suffix) => self.suffix_entry(),
            base if base.eq_ignore_ascii_case(b"cn=subschema") => vec![
                ("objectClass", values(&["top", "subentry", "subschema", "extensibleObject"])),
                ("cn", values(&["Subschema"])),
            ],
            _ => return None,
        };
        entry.retain(|(name, _)| all_of(search) || search.asks_for(name));
        Some(entry)
    }

    /// The root's attributes; those that only servers set are there if they are asked for.
    fn root(&self, search: &Search<'_>, tls: bool) -> Attributes {
        let suffix = vec![self.suffix.clone()];
        let mut extensions =
            vec!["1.3.6.1.4.1.4203.1.11.1", "1.3.6.1.4.1.4203.1.11.3", "1.3.6.1.1.8"];
        if !tls {
            extensions.push("1.3.6.1.4.1.1466.20037");
        }
        let operational: Attributes = vec![
            ("structuralObjectClass", values(&["OpenLDAProotDSE"])),
            ("configContext", values(&["cn=config"])),
            ("namingContexts", suffix.clone()),
            ("supportedControl", values(&["2.16.840.1.113730.3.4.2", "1.2.840.113556.1.4.319"])),
            ("supportedExtension", values(&extensions)),
            ("supportedFeatures", values(&["1.3.6.1.1.14", "1.3.6.1.4.1.4203.1.5.1"])),
            ("supportedLDAPVersion", values(&["3"])),
            ("supportedSASLMechanisms", values(&["GSS-SPNEGO", "CRAM-MD5", "PLAIN", "EXTERNAL"])),
            ("entryDN", values(&[""])),
            ("subschemaSubentry", values(&["cn=Subschema"])),
        ];
        // Active Directory's, for those who look for a domain.
        let domain: Attributes = ["defaultNamingContext", "rootDomainNamingContext"]
            .map(|name| (name, suffix.clone()))
            .to_vec();
        let (all, plus) = (all_of(search), search.asks_for("+"));
        let mut entry: Attributes = vec![("objectClass", values(&["top", "OpenLDAProotDSE"]))];
        entry.retain(|(name, _)| all || search.asks_for(name));
        entry.extend(operational.into_iter().filter(|(name, _)| plus || search.asks_for(name)));
        entry.extend(domain.into_iter().filter(|(name, _)| search.asks_for(name)));
        entry
    }

    fn suffix_entry(&self) -> Attributes {
        let first = self.suffix.split(|byte| *byte == b',').next().unwrap_or_default();
        let label = first.get(3..).unwrap_or_default().to_vec();
        vec![
            ("objectClass", values(&["top", "dcObject", "organization"])),
            ("o", vec![label.clone()]),
            ("dc", vec![label]),
        ]
    }

    /// A reference to a class (RFC 2713) that this address has by HTTP, if anything has.
    pub(super) fn reference(&self, class: &str) -> Attributes {
        let base = match self.address {
            IpAddr::V4(address) => format!("http://{address}/"),
            IpAddr::V6(address) => format!("http://[{address}]/"),
        };
        vec![
            ("javaClassName", values(&[class])),
            ("javaCodeBase", values(&[&base])),
            ("objectClass", values(&["javaNamingReference"])),
            ("javaFactory", values(&[class])),
        ]
    }
}

/// Whether a search wants all attributes that people set.
fn all_of(search: &Search<'_>) -> bool {
    search.attributes.is_empty() || search.asks_for("*")
}

fn values(of: &[&str]) -> Vec<Vec<u8>> {
    of.iter().map(|value| value.as_bytes().to_vec()).collect()
}

/// The class that a look-up by JNDI is for: Java asks for the entry itself, for whatever
/// class it has, with all its attributes, under a name that need not be an LDAP one
/// (`a`, `Exploit`, `o=tomcat`, `Basic/Command/...`). Names below a `dc` are directories'.
pub(super) fn jndi_name(search: &Search<'_>) -> Option<String> {
    let base = String::from_utf8_lossy(search.base);
    let directory = base.split(',').all(|part| part.contains('='))
        && (base.to_ascii_lowercase().contains("dc=") || base.to_ascii_lowercase().contains("cn="));
    let lookup = search.scope == 0
        && search.attributes.is_empty()
        && search.filter.eq_ignore_ascii_case(b"(objectclass=*)");
    if !lookup || directory || base.is_empty() {
        return None;
    }
    let last = base.rsplit(['/', '=', ',']).next().unwrap_or_default();
    let class: String = last.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let named = class.starts_with(|c: char| c.is_ascii_alphabetic());
    Some(if named { class } else { "Exploit".to_owned() })
}

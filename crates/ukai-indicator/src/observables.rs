//! From text to observables: validation and canonical forms.
//!
//! Text is taken as it is; defanged forms (`hxxp://`, `evil[.]example`) are not values
//! and are refused, so that nothing half-understood is ever enforced.

use crate::limits::{DOMAIN_BYTES_MAX, LABEL_BYTES_MAX, URL_BYTES_MAX};
use std::net::IpAddr;
use ukai_model::{Observable, ObservableKind, Sha256};
use url::{Host, Url};

/// Why a text is not an observable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObservable {
    /// Not an IPv4 or IPv6 address in text.
    #[error("not an IP address")]
    Address,
    /// Not a domain name of at least two labels, or over the limits of RFC 1035.
    #[error("not a domain name")]
    Domain,
    /// Not an absolute URL with a host.
    #[error("not an absolute URL")]
    Url,
    /// A URL of a scheme by which no file is fetched.
    #[error("scheme is not http, https, ftp or tftp")]
    Scheme,
    /// Longer than [`URL_BYTES_MAX`].
    #[error("longer than {URL_BYTES_MAX} bytes")]
    TooLong,
    /// None of the kinds.
    #[error("not an address, domain, URL, endpoint or SHA-256")]
    Unknown,
}

/// The schemes by which files are fetched, with their default ports.
const SCHEMES: [(&str, u16); 4] = [("http", 80), ("https", 443), ("ftp", 21), ("tftp", 69)];

/// A URL understood: canonical text, scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchUrl {
    text: String,
    scheme: &'static str,
    host: Host<String>,
    port: u16,
    /// The same URL under a scheme of which WHATWG knows the syntax (`tftp` has none).
    parts: Url,
}

impl FetchUrl {
    /// Parses by the WHATWG URL standard; `tftp` URLs (RFC 3617) are read like `http`
    /// ones. Fragments are dropped, user names and passwords kept.
    pub fn parse(text: &str) -> Result<Self, NotAnObservable> {
        if text.len() > URL_BYTES_MAX {
            return Err(NotAnObservable::TooLong);
        }
        if text.bytes().any(|b| b.is_ascii_control()) {
            return Err(NotAnObservable::Url);
        }
        let text = text.trim_matches(' ');
        let (scheme, rest) = text.split_once(':').ok_or(NotAnObservable::Url)?;
        let &(scheme, default_port) = SCHEMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(scheme))
            .ok_or(NotAnObservable::Scheme)?;
        if !rest.starts_with("//") || rest[2..].starts_with(['/', '\\']) {
            return Err(NotAnObservable::Url);
        }
        let parts = if scheme == "tftp" { parse_tftp(rest)? } else { parse_special(scheme, rest)? };
        let host = match parts.host().ok_or(NotAnObservable::Url)? {
            Host::Domain(name) => Host::Domain(host_name(name).ok_or(NotAnObservable::Url)?),
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        let port = parts.port().unwrap_or(default_port);
        if port == 0 {
            return Err(NotAnObservable::Url);
        }
        let text = match scheme {
            "tftp" => format!("tftp{}", parts.as_str().trim_start_matches("http")),
            _ => parts.as_str().to_owned(),
        };
        if text.len() > URL_BYTES_MAX {
            return Err(NotAnObservable::TooLong);
        }
        Ok(Self { text, scheme, host, port, parts })
    }

    /// Resolves a reference (a `Location` header) against this URL.
    pub fn join(&self, reference: &str) -> Result<Self, NotAnObservable> {
        if reference.len() > URL_BYTES_MAX {
            return Err(NotAnObservable::TooLong);
        }
        if let Some((scheme, _)) = reference.split_once("://")
            && SCHEMES.iter().any(|(name, _)| name.eq_ignore_ascii_case(scheme))
        {
            return Self::parse(reference);
        }
        let joined = self.parts.join(reference).map_err(|_| NotAnObservable::Url)?;
        Self::parse(joined.as_str())
    }

    /// Canonical text; printable ASCII.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `http`, `https`, `ftp` or `tftp`.
    pub const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The host.
    pub const fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port, the scheme's own if none is given.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path, percent-encoded, starting with a slash.
    pub fn path(&self) -> &str {
        self.parts.path()
    }

    /// Query without the question mark, percent-encoded.
    pub fn query(&self) -> Option<&str> {
        self.parts.query()
    }

    /// User name, percent-encoded; empty if there is none.
    pub fn user(&self) -> &str {
        self.parts.username()
    }

    /// Password, percent-encoded.
    pub fn password(&self) -> Option<&str> {
        self.parts.password()
    }

    /// The URL itself as an observable.
    pub fn observable(&self) -> Observable {
        Observable { kind: ObservableKind::Url, value: self.text.clone() }
    }

    /// The host as an observable; `None` for a single label such as `localhost`.
    pub fn host_observable(&self) -> Option<Observable> {
        match &self.host {
            Host::Domain(name) => domain(name).ok(),
            Host::Ipv4(address) => Some(ip(IpAddr::V4(*address))),
            Host::Ipv6(address) => Some(ip(IpAddr::V6(*address))),
        }
    }
}

/// The host of a URL as a name for DNS: without the final dot, of valid labels, single
/// labels included.
fn host_name(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    valid_labels(name).then(|| name.to_owned())
}

fn parse_special(scheme: &str, rest: &str) -> Result<Url, NotAnObservable> {
    let mut url = Url::parse(&format!("{scheme}:{rest}")).map_err(|_| NotAnObservable::Url)?;
    url.set_fragment(None);
    drop_final_dot(&mut url);
    Ok(url)
}

/// WHATWG takes the host of an unknown scheme as opaque text, so `tftp` is parsed as
/// `http`; a port 80 that was given would vanish as the default and is put back.
fn parse_tftp(rest: &str) -> Result<Url, NotAnObservable> {
    let url = parse_special("http", rest)?;
    let as_ftp = parse_special("ftp", rest)?;
    if url.port().is_none() && as_ftp.port() == Some(80) {
        // The port cannot be kept in an `http` URL; nobody serves TFTP there.
        return Err(NotAnObservable::Url);
    }
    Ok(url)
}

fn drop_final_dot(url: &mut Url) {
    if let Some(Host::Domain(name)) = url.host()
        && let Some(shorter) = name.strip_suffix('.').map(str::to_owned)
    {
        // Fails only for a host that is empty then, which the caller refuses anyway.
        let _ = url.set_host(Some(&shorter));
    }
}

/// An address. IPv4-mapped IPv6 addresses become the IPv4 address that they are.
pub fn ip(address: IpAddr) -> Observable {
    Observable { kind: ObservableKind::Ip, value: address.to_canonical().to_string() }
}

/// An address from text, in square brackets or not.
pub fn parse_ip(text: &str) -> Result<Observable, NotAnObservable> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse().map(ip).map_err(|_| NotAnObservable::Address)
}

/// A domain name: IDNA (UTS 46) to A-labels, lower case, no final dot, at least two
/// labels, and not something that would be read as an IPv4 address.
pub fn domain(text: &str) -> Result<Observable, NotAnObservable> {
    // A name that is too long after UTS 46 was so before, but for its expansion.
    if text.len() > 4 * DOMAIN_BYTES_MAX {
        return Err(NotAnObservable::Domain);
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    let name = idna::domain_to_ascii(text).map_err(|_| NotAnObservable::Domain)?;
    let last = name.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if !name.contains('.') || numeric || !valid_labels(&name) {
        return Err(NotAnObservable::Domain);
    }
    Ok(Observable { kind: ObservableKind::Domain, value: name })
}

/// Letters, digits, hyphens and underscores, within the lengths of RFC 1035.
fn valid_labels(name: &str) -> bool {
    name.len() <= DOMAIN_BYTES_MAX
        && name.split('.').all(|label| {
            (1..=LABEL_BYTES_MAX).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        })
}

/// A URL.
pub fn url(text: &str) -> Result<Observable, NotAnObservable> {
    FetchUrl::parse(text).map(|url| url.observable())
}

/// An address or domain with a port.
pub fn endpoint(host: &str, port: u16) -> Result<Observable, NotAnObservable> {
    if port == 0 {
        return Err(NotAnObservable::Unknown);
    }
    let host = parse_ip(host).or_else(|_| domain(host))?;
    let value = if host.value.contains(':') {
        format!("[{}]:{port}", host.value)
    } else {
        format!("{}:{port}", host.value)
    };
    Ok(Observable { kind: ObservableKind::Endpoint, value })
}

/// A sample's digest.
pub fn sha256(digest: &Sha256) -> Observable {
    Observable { kind: ObservableKind::Sha256, value: digest.to_string() }
}

/// Whatever kind a text is: for values that a person or a list gives.
pub fn parse(text: &str) -> Result<Observable, NotAnObservable> {
    if let Ok(digest) = text.parse::<Sha256>() {
        return Ok(sha256(&digest));
    }
    if text.contains("://") {
        return url(text);
    }
    if let Ok(address) = parse_ip(text) {
        return Ok(address);
    }
    if let Some((host, port)) = text.rsplit_once(':')
        && let Ok(port) = port.parse()
        && let Ok(found) = endpoint(host, port)
    {
        return Ok(found);
    }
    domain(text).map_err(|_| NotAnObservable::Unknown)
}

/// The host that an observable speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostOf {
    /// An address.
    Ip(IpAddr),
    /// A domain name, also one of a single label.
    Domain(String),
}

impl HostOf {
    /// The host of `observable`; `None` for digests, and for values that are not what
    /// their kind says.
    pub fn of(observable: &Observable) -> Option<Self> {
        let value = observable.value.as_str();
        match observable.kind {
            ObservableKind::Ip => value.parse().ok().map(Self::Ip),
            ObservableKind::Domain => Some(Self::Domain(value.to_owned())),
            ObservableKind::Endpoint => {
                let host = value.rsplit_once(':')?.0;
                Some(match parse_ip(host) {
                    Ok(address) => Self::Ip(address.value.parse().ok()?),
                    Err(_) => Self::Domain(host.to_owned()),
                })
            }
            ObservableKind::Url => Some(match FetchUrl::parse(value).ok()?.host {
                Host::Domain(name) => Self::Domain(name),
                Host::Ipv4(address) => Self::Ip(IpAddr::V4(address)),
                Host::Ipv6(address) => Self::Ip(IpAddr::V6(address).to_canonical()),
            }),
            ObservableKind::Sha256 => None,
        }
    }

    /// The host as an observable; `None` for a single label.
    pub fn observable(&self) -> Option<Observable> {
        match self {
            Self::Ip(address) => Some(ip(*address)),
            Self::Domain(name) => domain(name).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(found: Result<Observable, NotAnObservable>) -> Option<String> {
        found.ok().map(|o| format!("{} {}", o.kind, o.value))
    }

    #[test]
    fn values_in_their_canonical_form() {
        for (text, expected) in [
            ("192.0.2.1", "ip 192.0.2.1"),
            ("::ffff:192.0.2.1", "ip 192.0.2.1"),
            ("[2001:DB8:0::1]", "ip 2001:db8::1"),
            ("EVIL.Example.", "domain evil.example"),
            ("bücher.example", "domain xn--bcher-kva.example"),
            ("_dmarc.evil.example", "domain _dmarc.evil.example"),
            ("192.0.2.1:23", "endpoint 192.0.2.1:23"),
            ("[2001:db8::1]:23", "endpoint [2001:db8::1]:23"),
            ("C2.example:443", "endpoint c2.example:443"),
            ("HTTP://Evil.Example:80/a b#x", "url http://evil.example/a%20b"),
            ("http://0xc0.0.2.1/x", "url http://192.0.2.1/x"),
            ("http://evil.example./x", "url http://evil.example/x"),
            ("http://192.0.2.1:8080/x;y|z'", "url http://192.0.2.1:8080/x;y|z'"),
            ("ftp://u:p@192.0.2.1/x", "url ftp://u:p@192.0.2.1/x"),
            ("tftp://192.0.2.1/mips", "url tftp://192.0.2.1/mips"),
            ("tftp://EVIL.example:6969/mips", "url tftp://evil.example:6969/mips"),
        ] {
            assert_eq!(value(parse(text)).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_value_is_refused() {
        for text in [
            "",
            ".",
            "localhost",
            "hxxp://evil.example/x",
            "evil[.]example",
            "evil(.)example",
            "1.2.3",
            "1.2.3.4.5",
            "evil..example",
            "evil.example/x",
            "ev il.example",
            "http:///x",
            "http://",
            "http:evil.example",
            "http://evil[.]example/",
            "http://evil.example:0/",
            "http://evil\n.example/",
            "mailto:a@evil.example",
            "file:///etc/passwd",
            "192.0.2.1:0",
            "192.0.2.1:65536",
            "192.0.2.0/24",
        ] {
            assert_eq!(value(parse(text)), None, "{text}");
        }
        assert!(parse(&format!("http://evil.example/{}", "a".repeat(3000))).is_err());
        assert!(parse(&format!("{}.example", "a".repeat(64))).is_err());
        assert!(parse(&format!("{}example", "a.".repeat(130))).is_err());
    }

    #[test]
    fn a_redirection_is_read_against_its_origin() {
        let base = FetchUrl::parse("http://evil.example:8080/a/b?c").expect("a URL");
        for (reference, expected) in [
            ("/x", "http://evil.example:8080/x"),
            ("x", "http://evil.example:8080/a/x"),
            ("//other.example/x", "http://other.example/x"),
            ("tftp://192.0.2.1/x", "tftp://192.0.2.1/x"),
            ("https://other.example", "https://other.example/"),
        ] {
            assert_eq!(base.join(reference).expect("joins").as_str(), expected, "{reference}");
        }
        assert!(base.join("file:///etc/passwd").is_err());
        assert!(base.join("gopher://192.0.2.1/x").is_err());
    }

    proptest! {
        #[test]
        fn any_text_gives_canonical_printable_ascii_or_nothing(text in "\\PC{0,64}|[a-z0-9.:/\\[\\]@_-]{0,64}") {
            if let Ok(found) = parse(&text) {
                prop_assert!(found.value.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert_eq!(parse(&found.value), Ok(found.clone()));
                if found.kind != ObservableKind::Sha256 {
                    prop_assert!(HostOf::of(&found).is_some());
                }
            }
        }

        #[test]
        fn any_url_is_stable(rest in "\\PC{0,64}") {
            for scheme in ["http", "tftp", "ftp"] {
                if let Ok(found) = FetchUrl::parse(&format!("{scheme}://{rest}")) {
                    let again = FetchUrl::parse(found.as_str());
                    prop_assert_eq!(again.as_ref().map(FetchUrl::as_str), Ok(found.as_str()));
                    prop_assert_eq!(again.map(|u| u.port()), Ok(found.port()));
                }
            }
        }
    }
}

//! Which feeds there are, and what each of them takes.

use ukai_model::{Indicator, ObservableKind, Role, Tlp};

/// One feed.
#[derive(Debug, PartialEq, Eq)]
pub struct FeedSpec {
    /// Short name.
    pub name: &'static str,
    /// File name under which it is served.
    pub file: &'static str,
    /// Its form.
    pub format: Format,
    /// One line for a reader.
    pub description: &'static str,
    /// Media type, with its character set.
    pub media_type: &'static str,
    /// Kinds of observables that it takes.
    pub kinds: &'static [ObservableKind],
    /// Roles that it takes.
    pub roles: &'static [Role],
    /// Widest-kept sharing mark that it shows: what is marked stricter stays out.
    pub max_tlp: Tlp,
    /// How a consumer loads it, for a reader.
    pub how_to_load: &'static str,
}

/// The form of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One value per line, with a comment at the top.
    Text,
    /// RFC 4180, with a header line.
    Csv,
    /// One JSON document.
    Json,
    /// A DNS response policy zone (BIND, Unbound, Knot Resolver, PowerDNS Recursor).
    Rpz,
    /// A file for `nft -f`.
    Nftables,
}

impl Format {
    /// The name for a reader and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Rpz => "rpz",
            Self::Nftables => "nftables",
        }
    }
}

impl FeedSpec {
    /// Whether the feed shows `indicator`, if it is published at all.
    pub fn takes(&self, indicator: &Indicator) -> bool {
        indicator.withheld.is_none()
            && self.kinds.contains(&indicator.observable.kind)
            && self.roles.contains(&indicator.role)
            && indicator.tlp <= self.max_tlp
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
const ALL_KINDS: &[ObservableKind] = &[
    ObservableKind::Ip,
    ObservableKind::Domain,
    ObservableKind::Url,
    ObservableKind::Endpoint,
    ObservableKind::Sha256,
];
const ALL_ROLES: &[Role] = &[Role::C2, Role::Distribution, Role::Scanner, Role::Malware];

/// All feeds.
pub fn feeds() -> &'static [FeedSpec] {
    &FEEDS
}

/// The feed that is served as `file`.
pub fn feed(file: &str) -> Option<&'static FeedSpec> {
    FEEDS.iter().find(|feed| feed.file == file)
}

static FEEDS: [FeedSpec; 8] = [
    FeedSpec {
        name: "domains",
        file: "domains.txt",
        format: Format::Text,
        description: "domains of C&C and malware distribution servers, one per line",
        media_type: TEXT,
        kinds: &[ObservableKind::Domain],
        roles: &[Role::C2, Role::Distribution],
        max_tlp: Tlp::Green,
        how_to_load: "Lists for resolvers, proxies and DNS filters that take one name per line.",
    },
    FeedSpec {
        name: "ips",
        file: "ips.txt",
        format: Format::Text,
        description: "addresses of C&C and distribution servers and of attackers, one per line",
        media_type: TEXT,
        kinds: &[ObservableKind::Ip],
        roles: &[Role::C2, Role::Distribution, Role::Scanner],
        max_tlp: Tlp::Green,
        how_to_load: "Firewalls that load external lists, ipset, fail2ban and the like.",
    },
    FeedSpec {
        name: "urls",
        file: "urls.txt",
        format: Format::Text,
        description: "URLs that give out malware, one per line",
        media_type: TEXT,
        kinds: &[ObservableKind::Url],
        roles: &[Role::Distribution, Role::C2],
        max_tlp: Tlp::Green,
        how_to_load: "Web proxies and mail filters that take one URL per line.",
    },
    FeedSpec {
        name: "hashes",
        file: "hashes.txt",
        format: Format::Text,
        description: "SHA-256 of malware, one per line",
        media_type: TEXT,
        kinds: &[ObservableKind::Sha256],
        roles: &[Role::Malware],
        max_tlp: Tlp::Green,
        how_to_load: "Endpoint products and file scanners that take one SHA-256 per line.",
    },
    FeedSpec {
        name: "indicators-csv",
        file: "indicators.csv",
        format: Format::Csv,
        description: "all indicators with role, confidence, validity and sharing mark",
        media_type: "text/csv; charset=utf-8; header=present",
        kinds: ALL_KINDS,
        roles: ALL_ROLES,
        max_tlp: Tlp::Green,
        how_to_load: "Spreadsheets, SIEM look-up tables, MISP's CSV feed.",
    },
    FeedSpec {
        name: "indicators-json",
        file: "indicators.json",
        format: Format::Json,
        description: "all indicators with role, confidence, validity and sharing mark",
        media_type: "application/json",
        kinds: ALL_KINDS,
        roles: ALL_ROLES,
        max_tlp: Tlp::Green,
        how_to_load: "Programs: one document, the array `indicators` in it.",
    },
    FeedSpec {
        name: "rpz",
        file: "rpz.zone",
        format: Format::Rpz,
        description: "DNS response policy zone: listed domains and all below them do not exist",
        media_type: "text/dns; charset=utf-8",
        kinds: &[ObservableKind::Domain],
        roles: &[Role::C2, Role::Distribution],
        max_tlp: Tlp::Green,
        how_to_load: "BIND: zone \"rpz.ukai\" { type primary; file \"rpz.zone\"; }; and in options \
                      response-policy { zone \"rpz.ukai\"; } min-update-interval 5; (by default \
                      BIND waits a minute between updates). Reload after each download: \
                      rndc reload rpz.ukai",
    },
    FeedSpec {
        name: "nftables",
        file: "nftables.nft",
        format: Format::Nftables,
        description: "nftables sets blocked_v4 and blocked_v6 in table inet ukai",
        media_type: TEXT,
        kinds: &[ObservableKind::Ip],
        roles: &[Role::C2, Role::Distribution, Role::Scanner],
        max_tlp: Tlp::Green,
        how_to_load: "nft -f nftables.nft, as often as wanted: the sets are replaced at once. Rules \
                      of your own in the table refer to @blocked_v4 and @blocked_v6.",
    },
];

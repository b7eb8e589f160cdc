//! What the web's sites are told: the peer's public address, the user's own answers, and
//! the functions of other services that are reached through HTTP.

use super::answer::Answer;
use super::request::Request;
use super::rule::Rule;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use ukai_emulators::{Context, Emulator};

/// Answers some requests itself, and may record what it learns from them.
pub type Hook = Arc<dyn Fn(&Request<'_>, &mut Context<'_>) -> Option<Answer> + Send + Sync>;

/// Answers a message of DNS (RFC 8484).
pub type DnsHook = Arc<dyn Fn(&[u8], &mut Context<'_>) -> Option<Vec<u8>> + Send + Sync>;

/// Chooses who answers behind a proxy, by host and port.
pub type Chooser = Arc<dyn Fn(&str, u16) -> Arc<dyn Emulator> + Send + Sync>;

/// All sites at once.
#[derive(Clone, Default)]
pub struct Sites {
    /// The user's own answers; the first that fits is given.
    pub rules: Vec<Rule>,
    /// How the peer is seen from the Internet.
    pub public: Public,
    /// What a WebSocket's peer hears.
    pub websocket: WebSocketManner,
    /// DNS over HTTPS: `/dns-query` and `application/dns-message`.
    pub dns: Option<DnsHook>,
    /// DNS as JSON: `/resolve?name=`, and `/dns-query` with `application/dns-json`.
    pub dns_json: Option<Hook>,
    /// The BitTorrent tracker: `/announce` and `/scrape`.
    pub announce: Option<Hook>,
    /// Who answers behind `CONNECT`; the web's sites themselves where nobody is named.
    pub tunnel: Option<Chooser>,
}

impl fmt::Debug for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sites")
            .field("rules", &self.rules.len())
            .field("public", &self.public)
            .field("websocket", &self.websocket)
            .finish_non_exhaustive()
    }
}

/// How the peer is seen from the Internet, by those who tell it.
#[derive(Clone, Debug)]
pub struct Public {
    /// Its address of IPv4.
    pub v4: Ipv4Addr,
    /// Its address of IPv6.
    pub v6: Ipv6Addr,
    /// Country, as `US`.
    pub country_code: String,
    /// Country.
    pub country: String,
    /// Region, as `NY`.
    pub region_code: String,
    /// Region.
    pub region: String,
    /// City.
    pub city: String,
    /// Postal code.
    pub zip: String,
    /// Latitude and longitude in degrees.
    pub place: (f64, f64),
    /// Time zone, as `America/New_York`.
    pub timezone: String,
    /// Offset from UTC in minutes.
    pub offset_min: i32,
    /// Provider.
    pub isp: String,
    /// Number of the provider's autonomous system.
    pub asn: u32,
}

impl Default for Public {
    /// An address of a documentation range that stands for nobody, with a plausible place.
    fn default() -> Self {
        Self {
            v4: Ipv4Addr::new(203, 0, 113, 47),
            v6: Ipv6Addr::new(0x2001, 0xdb8, 0x4f1, 0x20, 0, 0, 0, 0x47),
            country_code: "US".to_owned(),
            country: "United States".to_owned(),
            region_code: "OH".to_owned(),
            region: "Ohio".to_owned(),
            city: "Columbus".to_owned(),
            zip: "43215".to_owned(),
            place: (39.9612, -82.9988),
            timezone: "America/New_York".to_owned(),
            offset_min: -300,
            isp: "Midwest Fiber Networks".to_owned(),
            asn: 64_512,
        }
    }
}

impl Public {
    /// The address of the family in which the peer came.
    pub const fn address(&self, peer: IpAddr) -> IpAddr {
        match peer {
            IpAddr::V4(_) => IpAddr::V4(self.v4),
            IpAddr::V6(_) => IpAddr::V6(self.v6),
        }
    }
}

/// What a WebSocket's peer hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebSocketManner {
    /// Its own messages.
    #[default]
    Echo,
    /// Nothing but what the protocol itself asks for.
    Silent,
}

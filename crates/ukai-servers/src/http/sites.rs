//! What the web's sites are told: the peer's public address, the user's own answers, and
//! other services that are reached through HTTP.

use super::rule::Rule;
use crate::clock::Clock;
use crate::dns::Zone;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use ukai_emulators::Emulator;
use ukai_model::Timestamp;

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
    /// The name by which all servers go; each by its own if absent.
    pub server: Option<String>,
    /// How far the web's clocks are ahead, in milliseconds; negative: behind.
    pub clock_shift_ms: i64,
    /// What names lead to, for DNS over HTTPS.
    pub zone: Option<Arc<dyn Zone>>,
    /// Who answers behind `CONNECT`; the web's sites themselves where nobody is named.
    pub tunnel: Option<Chooser>,
}

impl fmt::Debug for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sites")
            .field("rules", &self.rules.len())
            .field("public", &self.public)
            .field("websocket", &self.websocket)
            .field("server", &self.server)
            .field("clock_shift_ms", &self.clock_shift_ms)
            .finish_non_exhaustive()
    }
}

impl Sites {
    /// What the web's clocks show at a time.
    pub(super) fn clock(&self, now: Timestamp) -> Timestamp {
        Clock { shift_ms: self.clock_shift_ms }.at(now)
    }

    /// The name by which the server of a host goes.
    pub(super) fn server_of(&self, host: &str) -> &str {
        self.server.as_deref().unwrap_or_else(|| super::page::server_of(host))
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

//! Networks whose addresses are hosts of ours, as the operator describes them.

use crate::config::ConfigError;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use ukai_netstack::Medium;

/// A network whose addresses are hosts of ours. Their packets come over a link, and a
/// network stack of our own answers: the machine needs no address for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// How packets come: `{ kind = "tun", device = "ukai0" }` or `tap`.
    pub link: NetworkLink,
    /// The prefixes, as they are routed: `198.18.0.0/16`, `2001:db8::/32`.
    #[schema(value_type = Vec<String>)]
    pub prefixes: Vec<IpNet>,
    /// Prefixes in which there is nobody.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub exclude: Vec<IpNet>,
    /// One host for each IPv4 block of this length, where `ukai plan` places it with the
    /// same seed; with 32, each address is a host.
    #[serde(default = "one_per_23")]
    pub density: u8,
    /// The same with IPv6, where 128 is each address.
    #[serde(default = "one_per_48")]
    pub density_v6: u8,
    /// Decides who lives where; with the same one it stays as it is.
    #[serde(default)]
    pub seed: String,
    /// Personas that are shared out among the hosts.
    pub personas: Vec<String>,
    /// Whether ports without a service are open too: TCP ports wait for the peer to speak,
    /// then answer what they recognise, and the first payload is kept; what comes to UDP
    /// ports is kept, and nothing is said. Otherwise they are closed, as the persona's
    /// system closes them.
    #[serde(default)]
    pub any_port: bool,
}

/// How a network's packets come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum NetworkLink {
    /// The kernel routes the prefixes into a TUN device, which is made if it does not exist.
    Tun {
        /// Its name.
        device: String,
    },
    /// The network is on a TAP device, as for a bridge: ARP and neighbour solicitations are
    /// answered.
    Tap {
        /// Its name.
        device: String,
    },
}

impl NetworkLink {
    /// The device, and what its frames are.
    pub(crate) fn device(&self) -> (&str, Medium) {
        match self {
            Self::Tun { device } => (device, Medium::Ip),
            Self::Tap { device } => (device, Medium::Ethernet),
        }
    }
}

const fn one_per_23() -> u8 {
    23
}

const fn one_per_48() -> u8 {
    48
}

impl Network {
    /// Says what in these values cannot work; `key` is where they stand.
    pub(crate) fn check(&self, key: &str) -> Result<(), ConfigError> {
        /// `IFNAMSIZ`, without the end.
        const NAME_BYTES_MAX: usize = 15;
        let (device, _) = self.link.device();
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if device.is_empty() || device.len() > NAME_BYTES_MAX || !device.chars().all(fits) {
            return Err(ConfigError::new(
                format!("{key}.link.device"),
                format!("\"{}\" is no name of a device", device.escape_debug()),
                "choose up to 15 of a-z 0-9 . _ -, such as ukai0",
            ));
        }
        for (name, list, what) in [
            ("prefixes", self.prefixes.is_empty(), "a prefix, such as 198.18.0.0/16"),
            ("personas", self.personas.is_empty(), "a persona, such as camera-arm"),
        ] {
            if list {
                return Err(ConfigError::new(
                    format!("{key}.{name}"),
                    "empty",
                    format!("name {what}, or leave the network out"),
                ));
            }
        }
        Ok(())
    }
}

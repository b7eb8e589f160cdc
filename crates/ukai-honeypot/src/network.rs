//! Networks whose addresses are hosts of ours, as the operator describes them.

use crate::config::ConfigError;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// A network whose addresses are hosts of ours. Their packets come over a link, and a
/// network stack of our own answers: the machine needs no address for them. With `tproxy`
/// they are addresses of this machine, and the kernel's stack answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// How packets come: `{ kind = "tun", device = "ukai0" }`, the same with `tap`,
    /// `{ kind = "packet", interface = "eth1" }`, or `{ kind = "tproxy" }`.
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
    /// Where the packets are recorded, and how many: `{ folder = "/var/lib/ukai/packets" }`.
    /// Not with `tproxy`, whose packets the kernel keeps to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

/// Where a network's packets are recorded, as pcapng files that are begun anew by size and
/// age; the oldest are removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The folder; made, for this user only, if it is not there.
    #[schema(value_type = String)]
    pub folder: PathBuf,
    /// A file that reaches this many bytes takes no more.
    #[serde(default = "file_bytes_max")]
    pub file_bytes_max: u64,
    /// A file that is this old takes no more, in seconds.
    #[serde(default = "file_s_max")]
    pub file_s_max: u64,
    /// Files that are kept.
    #[serde(default = "files_max")]
    pub files_max: usize,
    /// Of each packet, at most so many bytes are written.
    #[serde(default = "snap_bytes")]
    pub snap_bytes: u32,
}

const fn file_bytes_max() -> u64 {
    256 << 20
}

const fn file_s_max() -> u64 {
    3_600
}

const fn files_max() -> usize {
    24
}

const fn snap_bytes() -> u32 {
    65_535
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
    /// The network is on an interface of this machine, beside the kernel's own addresses:
    /// frames for the prefixes are taken from it, and ARP and neighbour solicitations
    /// answered.
    Packet {
        /// Its name.
        interface: String,
    },
    /// The addresses are this machine's own, and the kernel gives us what is sent to their
    /// ports, by rules that `ukai sensor rules` shows, applies and removes.
    Tproxy {
        /// The port of loopback where we take it.
        #[serde(default = "tproxy_port")]
        port: u16,
        /// Interfaces at which it arrives; none: all but loopback.
        #[serde(default)]
        interfaces: Vec<String>,
        /// Ports that stay this machine's. So does every port on which it listens itself.
        #[serde(default = "management_ports")]
        kept: Vec<u16>,
    },
}

impl fmt::Display for NetworkLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tun { device } => write!(f, "tun {device}"),
            Self::Tap { device } => write!(f, "tap {device}"),
            Self::Packet { interface } => write!(f, "packet {interface}"),
            Self::Tproxy { port, .. } => write!(f, "tproxy {port}"),
        }
    }
}

const fn tproxy_port() -> u16 {
    7891
}

fn management_ports() -> Vec<u16> {
    vec![22]
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
        let (name, devices) = match &self.link {
            NetworkLink::Tun { device } | NetworkLink::Tap { device } => {
                ("device", std::slice::from_ref(device))
            }
            NetworkLink::Packet { interface } => ("interface", std::slice::from_ref(interface)),
            NetworkLink::Tproxy { interfaces, .. } => ("interfaces", interfaces.as_slice()),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
        let named = |device: &&String| {
            !device.is_empty() && device.len() <= NAME_BYTES_MAX && device.chars().all(fits)
        };
        if let Some(device) = devices.iter().find(|device| !named(device)) {
            return Err(ConfigError::new(
                format!("{key}.link.{name}"),
                format!("\"{}\" is no name of a device", device.escape_debug()),
                "choose up to 15 of a-z 0-9 . _ - @, such as ukai0",
            ));
        }
        if matches!(self.link, NetworkLink::Tproxy { port: 0, .. }) {
            let (problem, remedy) = ("the rules need a number", "choose a free port of loopback");
            return Err(ConfigError::new(format!("{key}.link.port"), problem, remedy));
        }
        if let Some(record) = &self.record {
            if matches!(self.link, NetworkLink::Tproxy { .. }) {
                return Err(ConfigError::new(
                    format!("{key}.record"),
                    "the kernel keeps the packets of a network by tproxy to itself",
                    "leave it out, and let tcpdump record",
                ));
            }
            for (name, value, least) in [
                ("file_bytes_max", record.file_bytes_max, 64 << 10),
                ("file_s_max", record.file_s_max, 1),
                ("files_max", record.files_max as u64, 1),
                ("snap_bytes", u64::from(record.snap_bytes), 64),
            ] {
                if value < least {
                    return Err(ConfigError::new(
                        format!("{key}.record.{name}"),
                        format!("{value} is too little"),
                        format!("choose {least} or more"),
                    ));
                }
            }
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

//! What the telescope is told in the configuration file.

use crate::FlowFolder;
use crate::limits::{FLOW_MINUTE_S, LINKS_MAX};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ukai_telescope::{AttackRules, Settings};

/// The telescope: who scans for what, and who is under attack, by the packets that arrive at
/// unused addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TelescopeConfig {
    /// Interfaces on which packets to unused addresses arrive (`["eth1"]`); taken beside the
    /// kernel's own stack, nothing is answered. It takes the capability `CAP_NET_RAW`.
    pub interfaces: Vec<String>,
    /// Links that share an interface's packets by flow, where one core does not fetch them all.
    pub links_per_interface: usize,
    /// Bytes in which packets wait, of each link.
    pub ring_bytes: usize,
    /// Whether what comes to `[[honeypot.networks]]` is looked at, too.
    pub honeypots: bool,
    /// The prefixes that are watched; those of the honeypot's networks are always. Packets to
    /// others are only counted. Without any, every packet on the interfaces is looked at.
    #[schema(value_type = Vec<String>)]
    pub prefixes: Vec<IpNet>,
    /// File of `prefix,asn,country[,name]` lines, as from your BGP table.
    #[schema(value_type = Option<String>)]
    pub origins: Option<PathBuf>,
    /// Databases of countries and autonomous systems, in MaxMind's format or in that of
    /// Debian's `libloc-database`; what the first does not say, the next does. Without any,
    /// those in the folder `geo` of the data folder, where `make geo` puts them.
    #[schema(value_type = Vec<String>)]
    pub databases: Vec<PathBuf>,
    /// Who is known to scan, as `prefix,,,name` lines; instead of the list that is built in.
    #[schema(value_type = Option<String>)]
    pub known: Option<PathBuf>,
    /// Sources that are remembered at once.
    pub sources_max: usize,
    /// A source that is silent so long is told and forgotten, in seconds.
    pub forget_after_s: u64,
    /// Length of an interval of the history of ports, in seconds.
    pub interval_s: u64,
    /// Packets of an attack, at least.
    pub attack_packets: u64,
    /// Seconds of an attack, at least.
    pub attack_s: u64,
    /// Packets of an attack in its busiest minute, at least.
    pub attack_minute_packets: u64,
    /// Seconds of silence that end an attack.
    pub attack_timeout_s: u64,
    /// Whether records per minute (who sent what to which /24 and port) are kept as Parquet
    /// files, in the folder `flows` of the data folder.
    pub flows: bool,
    /// Records of a minute, at most. Packets of further sources are counted together by port
    /// and class: sums stay exact, how many sources they were is estimated to 3.3 %.
    pub flows_per_minute_max: usize,
    /// Seconds of a file of records. It can be read when they are over.
    pub flows_file_s: u64,
    /// Bytes of all files of records: the oldest go.
    pub flows_bytes_max: u64,
}

impl Default for TelescopeConfig {
    fn default() -> Self {
        let (settings, attack) = (Settings::default(), AttackRules::default());
        Self {
            interfaces: Vec::new(),
            links_per_interface: 1,
            ring_bytes: 64 << 20,
            honeypots: true,
            prefixes: Vec::new(),
            origins: None,
            databases: Vec::new(),
            known: None,
            sources_max: settings.sources_max,
            forget_after_s: 3_600,
            interval_s: settings.interval.as_secs(),
            attack_packets: attack.packets_min,
            attack_s: attack.duration_min.as_secs(),
            attack_minute_packets: attack.packets_in_minute_min,
            attack_timeout_s: attack.timeout.as_secs(),
            flows: false,
            flows_per_minute_max: 262_144,
            flows_file_s: 600,
            flows_bytes_max: 10 << 30,
        }
    }
}

impl TelescopeConfig {
    /// Says what in these values cannot work: the key, and the remedy.
    pub fn check(&self) -> Result<(), String> {
        let between = |key: &str, value: u64, min: u64, max: u64| {
            if (min..=max).contains(&value) {
                Ok(())
            } else {
                Err(format!("{key}: {value} cannot work; choose {min} to {max}"))
            }
        };
        between("links_per_interface", self.links_per_interface as u64, 1, LINKS_MAX as u64)?;
        between("ring_bytes", self.ring_bytes as u64, 1 << 20, 1 << 30)?;
        between("sources_max", self.sources_max as u64, 1_024, 1 << 26)?;
        between("forget_after_s", self.forget_after_s, 60, 7 * 86_400)?;
        between("interval_s", self.interval_s, 60, 86_400)?;
        between("attack_packets", self.attack_packets, 2, u64::MAX)?;
        between("attack_timeout_s", self.attack_timeout_s, 10, 86_400)?;
        between("flows_per_minute_max", self.flows_per_minute_max as u64, 1, 1 << 24)?;
        between("flows_file_s", self.flows_file_s, FLOW_MINUTE_S, 86_400)?;
        between("flows_bytes_max", self.flows_bytes_max, 1 << 20, u64::MAX)
    }

    /// Where records are kept, if they are, of a data folder.
    pub fn flow_folder(&self, data: &Path) -> Option<FlowFolder> {
        self.flows.then(|| FlowFolder {
            path: data.join("flows"),
            file_s: self.flows_file_s,
            bytes_max: self.flows_bytes_max,
        })
    }

    /// The same for the telescope. `networks` are the honeypot's prefixes, if it is looked
    /// at; `own` are the operator's.
    pub fn settings(&self, networks: &[IpNet], own: &[IpNet]) -> Settings {
        let defaults = Settings::default();
        // With interfaces and without prefixes, all that arrives there is looked at.
        let all = self.prefixes.is_empty() && !self.interfaces.is_empty();
        let watched = if all { &[] } else { networks };
        Settings {
            dark: self.prefixes.iter().chain(watched).copied().collect(),
            own: own.iter().copied().collect(),
            answered: !networks.is_empty(),
            sources_max: self.sources_max,
            forget_after: Some(Duration::from_secs(self.forget_after_s)),
            interval: Duration::from_secs(self.interval_s),
            attack: AttackRules {
                packets_min: self.attack_packets,
                duration_min: Duration::from_secs(self.attack_s),
                packets_in_minute_min: self.attack_minute_packets,
                timeout: Duration::from_secs(self.attack_timeout_s),
                ..defaults.attack
            },
            flows_max: if self.flows { self.flows_per_minute_max } else { 0 },
            ..defaults
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TelescopeConfig;

    #[test]
    fn what_cannot_work_is_named() {
        TelescopeConfig::default().check().unwrap();
        let config = TelescopeConfig { links_per_interface: 0, ..TelescopeConfig::default() };
        assert!(config.check().unwrap_err().starts_with("links_per_interface: 0"));
        let config = TelescopeConfig { interval_s: 5, ..TelescopeConfig::default() };
        assert!(config.check().unwrap_err().contains("choose 60 to 86400"));
    }

    #[test]
    fn honeypots_prefixes_are_watched_beside_ones_own() {
        let networks = ["198.18.0.0/24".parse().unwrap()];
        let dark = |config: TelescopeConfig| config.settings(&networks, &[]).dark.v4_addresses();
        assert_eq!(dark(TelescopeConfig::default()), 256);
        let prefixes = vec!["198.19.0.0/24".parse().unwrap()];
        assert_eq!(dark(TelescopeConfig { prefixes, ..TelescopeConfig::default() }), 512);
        let interfaces = vec!["eth1".to_owned()];
        assert_eq!(dark(TelescopeConfig { interfaces, ..TelescopeConfig::default() }), 0);
    }
}

//! What the operator decides about the honeypot.

use crate::limits::{CANARIES_MAX, PERSONA_FILE_BYTES_MAX};
use crate::neighbours::Neighbours;
use crate::network::Network;
use crate::ports::{Ports, Spoken};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use ukai_driver::{Budgets, SystemWorld, World};
use ukai_emulators::Emulator;
use ukai_model::SensorId;
use ukai_persona::{Canary, Persona};

/// What the operator decides about the honeypot. The defaults listen on loopback only,
/// on ports that need no privilege.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HoneypotConfig {
    /// Name of this sensor in events: `a-z 0-9 . _ -`, at most 64 characters.
    pub sensor: SensorId,
    /// Files with further personas. One with the name of a built-in persona replaces it.
    #[schema(value_type = Vec<String>)]
    pub persona_files: Vec<PathBuf>,
    /// Who listens where, as whom.
    pub listeners: Vec<Listener>,
    /// Networks that our own network stack answers for: `{ link = { kind = "tun", device =
    /// "ukai0" }, prefixes = ["198.18.0.0/16"], personas = ["camera-arm"] }`.
    pub networks: Vec<Network>,
    /// Log-ins whose use is reported as `login.canary`, since they stand nowhere but
    /// where you have laid them:
    /// `{ user = "backup-svc", password = "...", note = "in the wiki", accepted = false }`.
    /// Without a password, any one does; without `accepted`, the persona decides.
    pub canaries: Vec<Canary>,
    /// First and last port on which data connections from peers are awaited (FTP's
    /// passive mode), for the sake of firewalls; not set: any free port.
    #[schema(value_type = Option<Vec<u16>>)]
    pub passive_ports: Option<[u16; 2]>,
    /// What peers may use up.
    pub budgets: Budgets,
    /// What attackers left on the disks of our hosts, and how long it stays there.
    pub disks: DiskConfig,
}

/// Addresses that wear one persona.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Our addresses, each a host of its own. `0.0.0.0` and `::` are all addresses of
    /// the machine of that family.
    #[schema(value_type = Vec<String>)]
    pub addresses: Vec<IpAddr>,
    /// The persona: `router-mips`, `camera-arm`, `server-debian`, or one from a file.
    pub persona: String,
    /// Ports, by what is spoken on them.
    #[serde(default)]
    pub ports: Ports,
}

/// What attackers left on the disks of our hosts. Each attacker sees changes of its own
/// only, and finds them again when it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiskConfig {
    /// Whose a disk is: `address`, of the address that a peer comes from; `credential`, of
    /// the user and password that it logs in with, from anywhere.
    pub per: DiskPer,
    /// Attackers' disks kept; the one not used for longest goes first.
    pub disks_max: usize,
    /// Memory for all of them together, in bytes; the one not used for longest goes first.
    pub bytes_max: u64,
    /// Space for disks in the data folder, in bytes, where they outlast the program; the one
    /// not used for longest goes first. 0: they are kept in memory only.
    pub disk_bytes_max: u64,
    /// A disk that was not used for this long is as the owner left it again, in seconds.
    pub kept_s: u64,
}

/// Whose a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DiskPer {
    /// Of the address that a peer comes from.
    Address,
    /// Of the user and password that it logs in with.
    Credential,
}

impl Default for HoneypotConfig {
    fn default() -> Self {
        let v4 = |last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let listener = |addresses: &[IpAddr], name: &str| {
            let persona = Persona::built_in().iter().find(|persona| persona.name == name);
            let ports = Ports::all_of(persona.expect("a built-in persona"));
            Listener { addresses: addresses.to_vec(), persona: name.to_owned(), ports }
        };
        Self {
            sensor: "local".parse().expect("a valid name"),
            persona_files: Vec::new(),
            listeners: vec![
                listener(&[v4(1), v6], "router-mips"),
                listener(&[v4(2)], "camera-arm"),
                listener(&[v4(3)], "server-debian"),
            ],
            networks: Vec::new(),
            canaries: Vec::new(),
            passive_ports: None,
            budgets: Budgets::default(),
            disks: DiskConfig::default(),
        }
    }
}

impl Default for DiskConfig {
    fn default() -> Self {
        Self {
            per: DiskPer::Address,
            disks_max: 10_000,
            bytes_max: 256 << 20,
            disk_bytes_max: 512 << 20,
            kept_s: 7 * 86_400,
        }
    }
}

/// One address and port to listen on.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) address: SocketAddr,
    pub(crate) spoken: &'static Spoken,
    pub(crate) emulator: Arc<dyn Emulator>,
    pub(crate) persona: Arc<Persona>,
}

/// A configuration that cannot work: the key, what is wrong, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}; {remedy}")]
pub struct ConfigError {
    /// The key, from `listeners` or the like on.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl ConfigError {
    pub(crate) fn new(
        key: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl HoneypotConfig {
    /// Says what in these values cannot work.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_values()?;
        self.plan()?;
        self.neighbours([0; 32], &(Arc::new(SystemWorld) as Arc<dyn World>)).map(drop)
    }

    /// The hosts of each network.
    pub(crate) fn neighbours(
        &self,
        secret: [u8; 32],
        world: &Arc<dyn World>,
    ) -> Result<Vec<Neighbours>, ConfigError> {
        let personas = self.personas()?;
        let of = |(number, network)| {
            let key = format!("networks[{number}]");
            Neighbours::new(network, &key, &personas, secret, Arc::clone(world))
        };
        self.networks.iter().enumerate().map(of).collect()
    }

    /// Whatever can be checked without reading a file.
    pub(crate) fn check_values(&self) -> Result<(), ConfigError> {
        if self.canaries.len() > CANARIES_MAX {
            return Err(ConfigError::new(
                "canaries",
                format!("{} are too many", self.canaries.len()),
                format!("choose {CANARIES_MAX} at most"),
            ));
        }
        if let Some(number) = self.canaries.iter().position(|canary| canary.user.is_empty()) {
            return Err(ConfigError::new(
                format!("canaries[{number}].user"),
                "empty",
                "name the user that you have laid out",
            ));
        }
        self.check_budgets()
    }

    fn check_budgets(&self) -> Result<(), ConfigError> {
        let budgets = &self.budgets;
        for (key, value, min) in [
            ("budgets.sessions_max", budgets.sessions_max as u64, 1),
            ("budgets.sessions_per_peer_max", budgets.sessions_per_peer_max as u64, 1),
            ("budgets.idle_ms", budgets.idle_ms, 1_000),
            ("budgets.datagram_idle_ms", budgets.datagram_idle_ms, 1_000),
            ("budgets.session_ms", budgets.session_ms, 1_000),
            ("budgets.handshake_ms", budgets.handshake_ms, 100),
            ("budgets.bytes_in_max", budgets.bytes_in_max, 1_024),
            ("budgets.bytes_out_max", budgets.bytes_out_max, 1_024),
            ("budgets.output_pending_bytes_max", budgets.output_pending_bytes_max as u64, 65_536),
            ("budgets.buffered_bytes_max", budgets.buffered_bytes_max as u64, 1 << 20),
            ("disks.disks_max", self.disks.disks_max as u64, 1),
        ] {
            if value < min {
                return Err(ConfigError::new(
                    key,
                    format!("{value} leaves no room for a session"),
                    format!("choose {min} or more"),
                ));
            }
        }
        if let Some([first, last]) = self.passive_ports
            && (first < 1_024 || first > last)
        {
            return Err(ConfigError::new(
                "passive_ports",
                format!("[{first}, {last}] is no range of ports from 1024 on"),
                "write [first, last], or leave it out",
            ));
        }
        Ok(())
    }

    /// Every address and port, with who listens there.
    pub(crate) fn plan(&self) -> Result<Vec<Planned>, ConfigError> {
        let personas = self.personas()?;
        let mut planned = Vec::new();
        let mut taken = HashSet::new();
        for (number, listener) in self.listeners.iter().enumerate() {
            let key = format!("listeners[{number}]");
            let Some(persona) = personas.iter().find(|p| p.name == listener.persona) else {
                let names: Vec<&str> = personas.iter().map(|p| p.name.as_str()).collect();
                return Err(ConfigError::new(
                    format!("{key}.persona"),
                    format!("there is no persona \"{}\"", listener.persona.escape_debug()),
                    format!("choose one of {}", names.join(", ")),
                ));
            };
            if listener.addresses.is_empty() {
                return Err(ConfigError::new(
                    format!("{key}.addresses"),
                    "empty",
                    "name an address, or leave the listener out",
                ));
            }
            for address in &listener.addresses {
                for (spoken, port) in listener.ports.all() {
                    let key = format!("{key}.ports.{}", spoken.name);
                    let emulator = who_speaks(&key, spoken, persona)?;
                    let address = SocketAddr::new(*address, port);
                    // Port 0 is any free one, as often as wanted.
                    if port != 0 && !taken.insert((spoken.transport, address)) {
                        return Err(ConfigError::new(
                            key,
                            format!("{address} is listed twice"),
                            "one protocol per address and port",
                        ));
                    }
                    let persona = Arc::clone(persona);
                    planned.push(Planned { address, spoken, emulator, persona });
                }
            }
        }
        Ok(planned)
    }

    /// The built-in personas and those from files.
    pub(crate) fn personas(&self) -> Result<Vec<Arc<Persona>>, ConfigError> {
        let mut personas = Persona::built_in().to_vec();
        for path in &self.persona_files {
            let wrong = |problem: String| {
                ConfigError::new(
                    format!("persona_files: {}", path.display()),
                    problem,
                    "the files in `personas/` of the source show how one looks",
                )
            };
            let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
            if size > PERSONA_FILE_BYTES_MAX {
                return Err(wrong(format!("{size} bytes are too many")));
            }
            let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
            let persona = Persona::parse(&text).map_err(|error| wrong(error.to_string()))?;
            personas.retain(|known| known.name != persona.name);
            personas.push(Arc::new(persona));
        }
        Ok(personas)
    }
}

/// The emulator for what is to be spoken, if the persona knows it.
pub(crate) fn who_speaks(
    key: &str,
    spoken: &Spoken,
    persona: &Persona,
) -> Result<Arc<dyn Emulator>, ConfigError> {
    let Some(emulator) = spoken.emulator() else {
        return Err(ConfigError::new(key, "no emulator speaks it", "take the ports out"));
    };
    if !emulator.speaks(persona) {
        let problem = format!("the persona {} does not speak it", persona.name);
        let remedy = "take the ports out, or choose another persona";
        return Err(ConfigError::new(key, problem, remedy));
    }
    Ok(emulator)
}

#[cfg(test)]
mod tests {
    use super::{HoneypotConfig, Listener, Ports};
    use std::path::PathBuf;

    fn with(listeners: Vec<Listener>) -> HoneypotConfig {
        HoneypotConfig { listeners, ..HoneypotConfig::default() }
    }

    fn listener(persona: &str, ports: Ports) -> Listener {
        let addresses = vec!["127.0.0.1".parse().expect("an address")];
        Listener { addresses, persona: persona.into(), ports }
    }

    #[test]
    fn the_defaults_bind_to_loopback_without_privilege() {
        let plan = HoneypotConfig::default().plan().expect("the defaults work");
        assert!(plan.iter().all(|p| p.address.ip().is_loopback() && p.address.port() >= 1_024));
        assert!(plan.iter().any(|p| p.address.is_ipv6()));
        HoneypotConfig::default().check().expect("the defaults work");
    }

    /// A persona that speaks Telnet only.
    fn taciturn(folder: &std::path::Path) -> PathBuf {
        let text = include_str!("../../../personas/router-mips.toml");
        let mut taciturn: toml::Table = text.parse().expect("TOML");
        taciturn.insert("name".into(), "taciturn".into());
        taciturn.remove("http");
        let services = "telnet = [23]\nhttp = []\nhttps = []".parse::<toml::Table>();
        taciturn.insert("services".into(), services.expect("TOML").into());
        let path = folder.join("taciturn.toml");
        std::fs::write(&path, taciturn.to_string()).expect("written");
        path
    }

    #[test]
    fn what_the_persona_does_not_speak_is_named_with_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let ports = Ports { telnet: vec![0], https: vec![0], ..Ports::default() };
        let mut config = with(vec![listener("taciturn", ports)]);
        config.persona_files.push(taciturn(folder.path()));
        let error = config.check().expect_err("it has no web server").to_string();
        let expected = "listeners[0].ports.https: the persona taciturn does not speak it; take";
        assert!(error.starts_with(expected), "{error}");
        config.listeners[0].ports.https.clear();
        config.check().expect("it speaks Telnet");
    }

    #[test]
    fn what_cannot_work_is_named_with_its_remedy() {
        let twice = Ports { raw: vec![7000], detect: vec![7000], ..Ports::default() };
        for (config, expected) in [
            (with(vec![listener("toaster", Ports::default())]), "listeners[0].persona"),
            (with(vec![listener("router-mips", twice)]), "127.0.0.1:7000 is listed twice"),
            (
                with(vec![Listener {
                    addresses: Vec::new(),
                    persona: "router-mips".into(),
                    ports: Ports::default(),
                }]),
                "addresses: empty",
            ),
            (
                HoneypotConfig {
                    persona_files: vec!["/nonexistent/x.toml".into()],
                    ..HoneypotConfig::default()
                },
                "/nonexistent/x.toml",
            ),
        ] {
            let error = config.check().expect_err("it cannot work").to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let mut config = HoneypotConfig::default();
        config.budgets.idle_ms = 0;
        assert!(config.check().expect_err("too little").to_string().starts_with("budgets.idle_ms"));
        for range in [[21, 2_000], [3_000, 2_000]] {
            let config = HoneypotConfig { passive_ports: Some(range), ..HoneypotConfig::default() };
            let error = config.check().expect_err("no range").to_string();
            assert!(error.starts_with("passive_ports: ["), "{error}");
        }
    }
}

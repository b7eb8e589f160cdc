//! What the virtual Internet is like, as the operator writes it (TOML).

use globset::{Glob, GlobSet, GlobSetBuilder};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use ukai_persona::Persona;
use ukai_servers::IrcScript;
use ukai_servers::http::{Rule, RuleSpec, WebSocketManner};

/// What a scenario is: every key has a default that obliges a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Names, addresses and chance are drawn from it: the same seed, the same Internet.
    pub seed: String,
    /// What the guest is given.
    pub guest: GuestNetwork,
    /// Names.
    pub names: NamesSpec,
    /// Who answers connections.
    pub reach: ReachSpec,
    /// Addresses that a sample scans.
    pub scan: ScanSpec,
    /// As whom servers speak.
    pub hosts: HostsSpec,
    /// Ports of streams at which another server is expected than usual: `8443 = "irc"`.
    pub ports: BTreeMap<String, String>,
    /// How far time servers are ahead of this machine, in seconds; negative: behind.
    pub time_shift_s: i64,
    /// Web sites: `rules`, the first of which that fits answers, and `websocket`.
    pub http: HttpSpec,
    /// What is said in chats (`topic`, `users`, `on`, `after` ...).
    pub irc: toml::Table,
    /// What is said first on a port where nobody knows who speaks first, after a silence;
    /// empty: nothing.
    pub greeting: String,
    /// That silence, in milliseconds.
    pub greeting_after_ms: u64,
    /// What sessions may use up.
    pub limits: LimitsSpec,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: "ukai".to_owned(),
            guest: GuestNetwork::default(),
            names: NamesSpec::default(),
            reach: ReachSpec::default(),
            scan: ScanSpec::default(),
            hosts: HostsSpec::default(),
            ports: BTreeMap::new(),
            time_shift_s: 0,
            http: HttpSpec::default(),
            irc: toml::Table::new(),
            greeting: "220 service ready\\r\\n".replace("\\r\\n", "\r\n"),
            greeting_after_ms: 2_500,
            limits: LimitsSpec::default(),
        }
    }
}

/// The network that the guest finds itself in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuestNetwork {
    /// Its IPv4 network; the first address is the gateway.
    pub network: Ipv4Net,
    /// Its IPv6 network, of /64; the first address is the gateway. Leave it out for a guest
    /// without IPv6.
    pub network_v6: Option<Ipv6Net>,
    /// First address that is given by DHCP, counted from the network's.
    pub first_lease: u32,
    /// Name servers that are given; empty: the gateway.
    pub name_servers: Vec<IpAddr>,
    /// Domain that is given.
    pub domain: String,
    /// The address under which the guest is seen by servers that are asked for it.
    pub public_address: IpAddr,
    /// Other hosts of its network.
    pub neighbours: u32,
}

impl Default for GuestNetwork {
    fn default() -> Self {
        Self {
            network: "192.168.178.0/24".parse().expect("a constant"),
            network_v6: Some("2a02:8071:51c2:1a00::/64".parse().expect("a constant")),
            first_lease: 23,
            name_servers: Vec::new(),
            domain: "home".to_owned(),
            public_address: "93.228.41.107".parse().expect("a constant"),
            neighbours: 3,
        }
    }
}

impl GuestNetwork {
    /// The gateway's IPv4 address.
    pub fn gateway(&self) -> std::net::Ipv4Addr {
        (u32::from(self.network.network()) + 1).into()
    }

    /// The gateway's IPv6 address.
    pub fn gateway_v6(&self) -> Option<std::net::Ipv6Addr> {
        self.network_v6.map(|net| (u128::from(net.network()) + 1).into())
    }
}

/// What names lead to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NamesSpec {
    /// What a name leads to of which nothing else is said.
    pub unknown: Unknown,
    /// For how long answers may be kept, in seconds.
    pub ttl_s: u32,
    /// Addresses to which all names lead of which nothing else is said; empty: each name
    /// to one of its own.
    pub everywhere: Vec<IpAddr>,
    /// So many of the first look-ups altogether find no name.
    pub first_missing: u32,
    /// Names that do not exist, with `*` and `?`.
    pub missing: Vec<String>,
    /// Names whose servers fail.
    pub failing: Vec<String>,
    /// Names about which nothing is ever answered.
    pub silent: Vec<String>,
    /// Names with several addresses that change each minute.
    pub flux: Vec<String>,
    /// Names with addresses of their own.
    pub at: BTreeMap<String, Vec<IpAddr>>,
    /// Names that are aliases of others.
    pub alias: BTreeMap<String, String>,
    /// Names with texts of their own (TXT).
    pub texts: BTreeMap<String, Vec<String>>,
    /// How name servers call themselves; empty: they do not say.
    pub version: String,
}

impl Default for NamesSpec {
    fn default() -> Self {
        Self {
            unknown: Unknown::Exists,
            ttl_s: 300,
            everywhere: Vec::new(),
            first_missing: 0,
            missing: ["*.invalid", "*.onion", "*.local", "*.test", "wpad.*", "isatap.*"]
                .map(str::to_owned)
                .to_vec(),
            failing: Vec::new(),
            silent: Vec::new(),
            flux: Vec::new(),
            at: BTreeMap::new(),
            alias: BTreeMap::new(),
            texts: BTreeMap::new(),
            version: "9.18.33-1~deb12u2-Debian".to_owned(),
        }
    }
}

/// What a name leads to of which nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// To an address of its own.
    #[default]
    Exists,
    /// It does not exist.
    Missing,
    /// Its servers fail.
    Fails,
    /// Nothing is answered.
    Silent,
}

/// How connections are met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReachSpec {
    /// What happens where no rule fits.
    pub policy: Reach,
    /// The first that fits decides.
    pub rules: Vec<ReachRule>,
}

/// How a connection is met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Somebody answers.
    #[default]
    Open,
    /// It is refused.
    Refused,
    /// Nothing is answered.
    Silent,
}

/// How connections to some addresses are met. What is left out always fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReachRule {
    /// Networks.
    pub to: Vec<IpNet>,
    /// Names that lead there, with `*` and `?`.
    pub names: Vec<String>,
    /// Ports.
    pub ports: Vec<u16>,
    /// What happens.
    pub policy: Reach,
}

/// How addresses are met that are scanned: those that no name has led to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanSpec {
    /// Ports on which few hosts answer.
    pub ports: Vec<u16>,
    /// How many of a thousand addresses answer there; the others are silent. They are
    /// vulnerable devices: log-ins succeed after some tries.
    pub answer_per_mille: u16,
}

impl Default for ScanSpec {
    fn default() -> Self {
        Self {
            ports: vec![23, 2323, 5555, 37_215, 52_869, 7_547, 445, 139, 135],
            answer_per_mille: 20,
        }
    }
}

/// Web sites of the operator's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSpec {
    /// Answers: `host`, `uri`, `user_agent`, `methods`, and `status`, `content_type`,
    /// `headers`, with `text`, `base64`, `file` or `like` as the body.
    pub rules: Vec<toml::Table>,
    /// What a WebSocket's peer hears: `echo` or `silent`.
    pub websocket: Option<String>,
    /// The name by which all web servers go (`Server:`); each by its own if left out.
    pub server: Option<String>,
}

impl HttpSpec {
    /// The rules, with the files that they name read by `read`.
    pub(crate) fn rules(
        &self,
        mut read: impl FnMut(&str) -> std::io::Result<Vec<u8>>,
    ) -> Result<Vec<Rule>, ScenarioError> {
        let made = self.rules.iter().enumerate().map(|(at, table)| {
            let key = format!("http.rules[{at}]");
            let remedy = "docs/internet.md describes rules";
            let spec = RuleSpec::deserialize(table.clone())
                .map_err(|error| ScenarioError::new(&*key, error.message().to_owned(), remedy))?;
            spec.rule(&mut read)
                .map_err(|error| ScenarioError::new(&*key, error.to_string(), remedy))
        });
        made.collect()
    }

    pub(crate) fn websocket(&self) -> Result<WebSocketManner, ScenarioError> {
        match self.websocket.as_deref() {
            None | Some("echo") => Ok(WebSocketManner::Echo),
            Some("silent") => Ok(WebSocketManner::Silent),
            Some(other) => Err(ScenarioError::new(
                "http.websocket",
                format!("\"{}\" is no manner", other.escape_debug()),
                "write `echo` or `silent`",
            )),
        }
    }
}

/// What one guest may use up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSpec {
    /// Connections at a time.
    pub connections_max: usize,
    /// Flows of datagrams that are remembered at a time.
    pub datagram_flows_max: usize,
    /// A connection ends when nothing moved for this long, in seconds.
    pub idle_s: u64,
    /// Bytes of uploads that are kept, altogether.
    pub captured_bytes_max: u64,
    /// Bytes of events that are written; later ones are only counted.
    pub event_bytes_max: u64,
    /// Bytes of packets that are written.
    pub packet_bytes_max: u64,
}

impl Default for LimitsSpec {
    fn default() -> Self {
        Self {
            connections_max: 65_536,
            datagram_flows_max: 8_192,
            idle_s: 3_600,
            captured_bytes_max: 1 << 30,
            event_bytes_max: 2 << 30,
            packet_bytes_max: 4 << 30,
        }
    }
}

/// Personas, by the name of a built-in one or as a file (`*.toml`): banners, users, files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostsSpec {
    /// Of all servers; every log-in succeeds there, and files of any name can be fetched.
    pub obliging: String,
    /// Of devices that are found by scanning.
    pub vulnerable: String,
}

impl Default for HostsSpec {
    fn default() -> Self {
        Self { obliging: "server-debian".to_owned(), vulnerable: "router-mips".to_owned() }
    }
}

impl HostsSpec {
    /// Both personas, with the files that they name read by `read`.
    pub(crate) fn personas(
        &self,
        read: &mut dyn FnMut(&str) -> std::io::Result<Vec<u8>>,
    ) -> Result<(Arc<Persona>, Arc<Persona>), ScenarioError> {
        let mut find = |key: &str, name: &str| {
            if !is_file(name) {
                return persona(key, name);
            }
            let error = |problem: String| {
                ScenarioError::new(key, format!("{}: {problem}", name.escape_debug()), PERSONAS)
            };
            let bytes = read(name).map_err(|e| error(e.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|e| error(e.to_string()))?;
            Persona::parse(&text).map(Arc::new).map_err(|e| error(e.to_string()))
        };
        let obliging = find("hosts.obliging", &self.obliging)?;
        Ok((obliging, find("hosts.vulnerable", &self.vulnerable)?))
    }
}

/// Where personas are described.
const PERSONAS: &str = "docs/sensors.md describes personas";

fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

/// A built-in persona.
fn persona(key: &str, name: &str) -> Result<Arc<Persona>, ScenarioError> {
    Persona::named(name).map(Arc::clone).ok_or_else(|| {
        let names = Persona::built_in().iter().map(|persona| &*persona.name);
        let known = names.collect::<Vec<_>>().join(", ");
        let name = name.escape_debug();
        let problem = format!("there is no persona \"{name}\": {known}, or a file *.toml");
        ScenarioError::new(key, problem, PERSONAS)
    })
}

/// Why a scenario cannot work: the key, what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}; {remedy}")]
pub struct ScenarioError {
    key: String,
    problem: String,
    remedy: String,
}

impl ScenarioError {
    pub(crate) fn new(
        key: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl Scenario {
    /// Reads a scenario and checks it.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text[..at.min(text.len())].matches('\n').count() + 1;
            ScenarioError::new(
                format!("line {line}"),
                error.message().to_owned(),
                "`ukai internet scenario` prints every key with its default",
            )
        })?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Checks that the values make sense together.
    pub fn check(&self) -> Result<(), ScenarioError> {
        let guest = &self.guest;
        if guest.network.prefix_len() > 29 {
            let problem = format!("{} has no room for a guest", guest.network);
            return Err(ScenarioError::new("guest.network", problem, "take a /24"));
        }
        let hosts = u32::from(guest.network.broadcast()) - u32::from(guest.network.network());
        if !(2..hosts).contains(&guest.first_lease) {
            let problem = format!("{} is not within {}", guest.first_lease, guest.network);
            return Err(ScenarioError::new(
                "guest.first_lease",
                problem,
                "take a number from 2 on",
            ));
        }
        if let Some(net) = guest.network_v6
            && net.prefix_len() != 64
        {
            let problem = format!("{net} is no /64");
            return Err(ScenarioError::new(
                "guest.network_v6",
                problem,
                "hosts find their addresses only in a /64 (RFC 4862)",
            ));
        }
        if self.scan.answer_per_mille > 1_000 {
            return Err(ScenarioError::new(
                "scan.answer_per_mille",
                "more than a thousand of a thousand",
                "take a number from 0 to 1000",
            ));
        }
        self.expected_ports()?;
        self.http.websocket()?;
        self.irc()?;
        // Whether the files that it names are there is seen when it is used.
        self.http.rules(|_| Ok(Vec::new()))?;
        // Files are looked at when they are used.
        for (key, name) in
            [("hosts.obliging", &self.hosts.obliging), ("hosts.vulnerable", &self.hosts.vulnerable)]
        {
            if !is_file(name) {
                persona(key, name)?;
            }
        }
        let names = &self.names;
        for (key, list) in [
            ("names.missing", &names.missing),
            ("names.failing", &names.failing),
            ("names.silent", &names.silent),
            ("names.flux", &names.flux),
        ] {
            globs(key, list)?;
        }
        for (at, rule) in self.reach.rules.iter().enumerate() {
            globs(&format!("reach.rules[{at}].names"), &rule.names)?;
        }
        Ok(())
    }

    /// Ports at which a server is expected, by number.
    pub(crate) fn expected_ports(&self) -> Result<Vec<(u16, &str)>, ScenarioError> {
        let all = self.ports.iter().map(|(port, server)| {
            let number = port.parse::<u16>().ok().filter(|number| *number > 0);
            let remedy = "write a port from 1 to 65535 and the name of a server";
            let problem = |what: String| ScenarioError::new(format!("ports.{port}"), what, remedy);
            let number = number.ok_or_else(|| problem("this is no port".to_owned()))?;
            let names = crate::services::NAMES;
            if names.contains(&server.as_str()) {
                return Ok((number, server.as_str()));
            }
            let known = names.join(", ");
            Err(problem(format!("there is no server \"{}\": {known}", server.escape_debug())))
        });
        all.collect()
    }

    /// What is said in chats.
    pub(crate) fn irc(&self) -> Result<IrcScript, ScenarioError> {
        IrcScript::deserialize(self.irc.clone()).map_err(|error| {
            let remedy = "docs/internet.md describes what can be said";
            ScenarioError::new("irc", error.message().to_owned(), remedy)
        })
    }

    /// The defaults as a file.
    pub fn default_text() -> String {
        toml::to_string(&Self::default()).expect("a scenario can be written")
    }
}

/// Patterns of names: `*` stands for any part of a name, dots included.
pub(crate) fn globs(key: &str, patterns: &[String]) -> Result<GlobSet, ScenarioError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(&pattern.to_ascii_lowercase()).map_err(|error| {
            ScenarioError::new(key, error.to_string(), "write a name with `*` and `?`")
        })?;
        set.add(glob);
    }
    set.build().map_err(|error| ScenarioError::new(key, error.to_string(), "write fewer patterns"))
}

#[cfg(test)]
mod tests {
    use super::Scenario;

    #[test]
    fn the_defaults_can_be_read_back() {
        assert_eq!(Scenario::parse(&Scenario::default_text()), Ok(Scenario::default()));
        assert_eq!(Scenario::parse(""), Ok(Scenario::default()));
    }

    #[test]
    fn mistakes_are_told_with_key_and_remedy() {
        for (text, expected) in [
            ("[names]\nunknwon = 1", "line 2: unknown field `unknwon`"),
            ("[guest]\nnetwork = \"10.0.0.0/31\"", "guest.network: 10.0.0.0/31 has no room"),
            ("[guest]\nfirst_lease = 900", "guest.first_lease: 900 is not within"),
            (
                "[guest]\nnetwork_v6 = \"2001:db8::/48\"",
                "guest.network_v6: 2001:db8::/48 is no /64",
            ),
            ("[scan]\nanswer_per_mille = 1001", "scan.answer_per_mille: more than"),
            ("[ports]\n99999 = \"irc\"", "ports.99999: this is no port"),
            ("[ports]\n4444 = \"ircd\"", "ports.4444: there is no server \"ircd\""),
            ("[http]\nwebsocket = \"loud\"", "http.websocket: \"loud\" is no manner"),
            ("[[http.rules]]\nurl = \"x\"", "http.rules[0]: unknown field `url`"),
            ("[irc]\nthema = \"x\"", "irc: unknown field `thema`"),
            ("[names]\nflux = [\"a[\"]", "names.flux: "),
            ("[hosts]\nobliging = \"nobody\"", "hosts.obliging: there is no persona \"nobody\": "),
        ] {
            let error = Scenario::parse(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(error.contains("; "), "{error}");
        }
    }
}

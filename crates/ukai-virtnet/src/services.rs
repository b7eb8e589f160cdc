//! Which server is at which port, and as whom it speaks.

use crate::any::{Any, First, Knowledge, Looks, Recogniser, Speaker};
use crate::limits::{FILE_BYTES_MAX, HOSTS_MAX};
use crate::names::{Names, key_of};
use crate::places::Places;
use crate::scenario::{Scenario, ScenarioError};
use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Weak};
use ukai_driver::{Assignment, TlsUse, World};
use ukai_emulators::{Emulator, Raw, recognise};
use ukai_model::{Duration, Flow, Transport};
use ukai_persona::{Host, Persona};
use ukai_servers::dns::{Dns, Zone, looks_like_dns};
use ukai_servers::http::file_named;
use ukai_servers::http::{Public, Rule, WebSocketManner};
use ukai_servers::replies::ReplySet;
use ukai_servers::{
    Behind, Bittorrent, Daytime, Irc, IrcScript, Mqtt, Ntp, Rdp, Replies, Sites, Smb, Socks,
    Stratum, Stun, Time, Tor, Web, looks_like_http, looks_like_ident, looks_like_irc,
    looks_like_ldap, looks_like_syslog,
};
use ukai_shell::{Fs, Offers};

/// Who speaks on a port.
struct PortSpec {
    ports: &'static [u16],
    server: &'static str,
    first: First,
    tls: TlsUse,
}

const fn plain(ports: &'static [u16], server: &'static str, first: First) -> PortSpec {
    PortSpec { ports, server, first, tls: TlsUse::Recognised }
}

/// The same, in TLS from the first byte on.
const fn in_tls(ports: &'static [u16], server: &'static str, first: First) -> PortSpec {
    PortSpec { ports, server, first, tls: TlsUse::Expected }
}

/// Ports of streams, by IANA's registry and by what bots and miners use.
const STREAMS: &[PortSpec] = &[
    plain(&[53], "dns", First::Client),
    in_tls(&[853], "dns", First::Client),
    plain(
        &[80, 81, 591, 3000, 3128, 5000, 8000, 8008, 8080, 8081, 8088, 8118, 8888, 9000, 9090],
        "http",
        First::Client,
    ),
    in_tls(&[443, 4443, 8443, 9443], "http", First::Client),
    plain(&[21, 2121], "ftp", First::Server),
    in_tls(&[990], "ftp", First::Server),
    plain(&[22, 2222, 22_222], "ssh", First::Server),
    plain(&[23, 2323, 23_231], "telnet", First::Server),
    plain(&[25, 587, 2525], "smtp", First::Server),
    in_tls(&[465], "smtp", First::Server),
    plain(&[110], "pop3", First::Server),
    in_tls(&[995], "pop3", First::Server),
    plain(&[143], "imap", First::Server),
    in_tls(&[993], "imap", First::Server),
    plain(&[3306], "mysql", First::Server),
    plain(&[5432], "postgresql", First::Client),
    plain(&[6379], "redis", First::Client),
    plain(&[27_017], "mongodb", First::Client),
    plain(&[7], "echo", First::Anything),
    plain(&[9], "discard", First::Anything),
    plain(&[13], "daytime", First::Server),
    plain(&[17], "quotd", First::Server),
    plain(&[19], "chargen", First::Server),
    plain(&[37], "time", First::Server),
    plain(&[79], "finger", First::Anything),
    plain(&[113], "ident", First::Client),
    plain(&[514, 601], "syslog", First::Client),
    in_tls(&[6514], "syslog", First::Client),
    plain(&[389, 3268], "ldap", First::Client),
    in_tls(&[636, 3269], "ldap", First::Client),
    plain(&[1080, 9050, 9150], "socks", First::Client),
    plain(&[1883], "mqtt", First::Client),
    in_tls(&[8883], "mqtt", First::Client),
    plain(&[3478, 5349], "stun", First::Client),
    plain(&[445], "smb", First::Client),
    plain(&[3389], "rdp", First::Client),
    plain(
        &[6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 7000],
        "irc",
        First::Client,
    ),
    in_tls(&[6679, 6697], "irc", First::Client),
    plain(&[3333, 4444, 5555, 7777, 14_444], "stratum", First::Client),
    plain(&[6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889], "bittorrent", First::Client),
];

/// Ports of datagrams.
const DATAGRAMS: &[(&[u16], &str)] = &[
    (&[53], "dns"),
    (&[69], "tftp"),
    (&[7], "echo"),
    (&[9], "discard"),
    (&[13], "daytime"),
    (&[17], "quotd"),
    (&[19], "chargen"),
    (&[37], "time"),
    (&[123], "ntp"),
    (&[514], "syslog"),
    (&[3478, 5349, 19_302], "stun"),
    (&[6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889], "bittorrent"),
];

/// Protocols that may be agreed on within TLS.
fn alpn(server: &str) -> &'static [&'static str] {
    match server {
        "http" => &["h2", "http/1.1", "http/1.0"],
        "dns" => &["dot"],
        "irc" => &["irc"],
        "smtp" => &["smtp"],
        "imap" => &["imap"],
        "pop3" => &["pop3"],
        "ftp" => &["ftp"],
        "mqtt" => &["mqtt"],
        "stun" => &["stun.turn", "stun.nat-discovery"],
        _ => &["h2", "http/1.1"],
    }
}

/// Servers that may be expected at a port.
pub(crate) const NAMES: &[&str] = &[
    "bittorrent",
    "chargen",
    "daytime",
    "discard",
    "dns",
    "echo",
    "finger",
    "ftp",
    "http",
    "ident",
    "imap",
    "irc",
    "ldap",
    "mongodb",
    "mqtt",
    "mysql",
    "ntp",
    "pop3",
    "postgresql",
    "quotd",
    "rdp",
    "redis",
    "smb",
    "smtp",
    "socks",
    "ssh",
    "stratum",
    "stun",
    "syslog",
    "telnet",
    "time",
    "tor",
];

/// All servers.
pub(crate) struct Services {
    streams: HashMap<u16, (Speaker, TlsUse)>,
    datagrams: HashMap<u16, Arc<dyn Emulator>>,
    dns: Arc<dyn Emulator>,
    replies: Replies,
    knowledge: Arc<Knowledge>,
    obliging: Arc<Persona>,
    vulnerable: Arc<Persona>,
    places: Arc<Places>,
    hosts: Mutex<LruCache<(IpAddr, bool), Arc<Host>>>,
    secret: [u8; 32],
    world: Arc<dyn World>,
}

/// What servers are made of.
struct Parts {
    sites: Arc<Sites>,
    irc: IrcScript,
    replies: Arc<ReplySet>,
    /// Of those that oblige, and of devices that are found.
    personas: (Arc<Persona>, Arc<Persona>),
    world: Arc<dyn World>,
}

impl Services {
    /// The servers of a scenario, whose files are in `files`.
    pub(crate) fn new(
        scenario: &Scenario,
        files: &Path,
        replies: Arc<ReplySet>,
        names: &Arc<Names>,
        places: Arc<Places>,
        world: Arc<dyn World>,
    ) -> Result<Arc<Self>, ScenarioError> {
        let mut read = |name: &str| {
            let file = File::open(files.join(name))?;
            let mut bytes = Vec::new();
            file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let rules = scenario.http.rules(&mut read)?;
        let personas = scenario.hosts.personas(&mut read)?;
        let (websocket, irc) = (scenario.http.websocket()?, scenario.irc()?);
        Ok(Arc::new_cyclic(|whole| {
            let sites = Arc::new(sites(scenario, rules, websocket, names, whole));
            Self::made(
                scenario,
                Parts { sites, irc, replies, personas, world },
                names,
                places,
                whole,
            )
        }))
    }

    fn made(
        scenario: &Scenario,
        parts: Parts,
        names: &Arc<Names>,
        places: Arc<Places>,
        whole: &Weak<Self>,
    ) -> Self {
        let Parts { sites, irc, replies, personas: (obliging, vulnerable), world } = parts;
        let dns: Arc<dyn Emulator> = Arc::new(Dns::new(Arc::clone(names) as _));
        let shift_ms = scenario.time_shift_s.saturating_mul(1_000);
        let find = |name: &str| -> Option<Arc<dyn Emulator>> {
            Some(match name {
                "dns" => Arc::clone(&dns),
                "ntp" => Arc::new(Ntp::new(shift_ms)),
                "time" => Arc::new(Time::new(shift_ms)),
                "daytime" => Arc::new(Daytime::new(shift_ms)),
                "socks" => Arc::new(Socks::new(behind(whole.clone()))),
                "http" => Arc::new(Web::new(Arc::clone(&sites))),
                "irc" => Arc::new(Irc::new(irc.clone())),
                _ => {
                    return ukai_servers::server(name).or_else(|| ukai_emulators::emulator(name));
                }
            })
        };
        let mut streams = HashMap::new();
        for spec in STREAMS {
            let Some(emulator) = find(spec.server) else { continue };
            for port in spec.ports {
                let speaker = Speaker { emulator: Arc::clone(&emulator), first: spec.first };
                streams.insert(*port, (speaker, spec.tls));
            }
        }
        for (port, name) in scenario.expected_ports().unwrap_or_default() {
            let usual = STREAMS.iter().find(|spec| spec.server == name);
            let first = usual.map_or(First::Client, |spec| spec.first);
            if let Some(emulator) = find(name) {
                streams.insert(port, (Speaker { emulator, first }, TlsUse::Recognised));
            }
        }
        let mut datagrams = HashMap::new();
        for (ports, name) in DATAGRAMS {
            let Some(emulator) = find(name) else { continue };
            datagrams.extend(ports.iter().map(|port| (*port, Arc::clone(&emulator))));
        }
        let replies = Replies::new(replies);
        let knowledge = Knowledge {
            recognisers: recognisers(&replies, &find),
            greeting: scenario.greeting.as_bytes().to_vec(),
            greeting_after: Duration::from_millis(scenario.greeting_after_ms),
        };
        let mut obliging = (*obliging).clone();
        obliging.credentials.obliging = true;
        let (first, second) = key_of(&scenario.seed);
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&first.to_le_bytes());
        secret[8..16].copy_from_slice(&second.to_le_bytes());
        Self {
            streams,
            datagrams,
            dns,
            replies,
            knowledge: Arc::new(knowledge),
            obliging: Arc::new(obliging),
            vulnerable,
            places,
            hosts: Mutex::new(LruCache::new(NonZeroUsize::new(HOSTS_MAX).expect("a constant"))),
            secret,
            world,
        }
    }

    /// Who answers a stream.
    pub(crate) fn choose(&self, flow: &Flow) -> Assignment {
        let scanned = self.places.is_scanned(flow.dst_ip, flow.dst_port);
        let host = self.host(flow.dst_ip, scanned);
        let fs = self.disk(&host, flow, scanned);
        let tls = self.streams.get(&flow.dst_port).map_or(TlsUse::Recognised, |(_, tls)| *tls);
        let emulator = self.on_port(flow.dst_port);
        let alpn = alpn(emulator.name());
        Assignment { emulator: Arc::new(emulator), host, fs, tls, alpn }
    }

    /// Who answers a stream to a port, wherever it leads.
    fn on_port(&self, port: u16) -> Any {
        let expected = if self.replies.speaks_first(Transport::Tcp, port) {
            Some(Speaker { emulator: Arc::new(self.replies.clone()), first: First::Server })
        } else {
            self.streams.get(&port).map(|(speaker, _)| speaker.clone())
        };
        Any { knowledge: Arc::clone(&self.knowledge), expected }
    }

    /// Who answers datagrams of a flow that begins so; `None`: nobody, they are kept.
    pub(crate) fn choose_datagrams(&self, flow: &Flow, first: &[u8]) -> Option<Arc<dyn Emulator>> {
        let kept_talking = self.replies.matches(Transport::Udp, flow.dst_port, first);
        if kept_talking && self.replies.names(Transport::Udp, flow.dst_port) {
            return Some(Arc::new(self.replies.clone()));
        }
        if let Some(emulator) = self.datagrams.get(&flow.dst_port) {
            return Some(Arc::clone(emulator));
        }
        if Stun::looks_like(first) {
            return self.streams.get(&3478).map(|(speaker, _)| Arc::clone(&speaker.emulator));
        }
        if Bittorrent::looks_like(first) {
            return self.streams.get(&6881).map(|(speaker, _)| Arc::clone(&speaker.emulator));
        }
        // A name may be asked for on any port.
        let length = u16::try_from(first.len()).unwrap_or(0).to_be_bytes();
        let framed = [&length[..], &first[..first.len().min(32)]].concat();
        if looks_like_dns(&framed) {
            return Some(Arc::clone(&self.dns));
        }
        kept_talking.then(|| Arc::new(self.replies.clone()) as _)
    }

    /// The host at an address.
    pub(crate) fn host(&self, address: IpAddr, scanned: bool) -> Arc<Host> {
        let mut hosts = self.hosts.lock();
        let make = || {
            let persona = if scanned { &self.vulnerable } else { &self.obliging };
            Arc::new(persona.host(address, self.secret).of_many())
        };
        Arc::clone(hosts.get_or_insert((address, scanned), make))
    }

    /// Its disk. Who obliges has any file; a device that was found has its own.
    pub(crate) fn disk(&self, host: &Arc<Host>, flow: &Flow, scanned: bool) -> Fs {
        if scanned {
            return Fs::new(host);
        }
        let offered = Offered { local: flow.local(), world: Arc::clone(&self.world) };
        Fs::offering(host, Arc::new(offered))
    }

    /// Whether a port is one of those on which names are looked up.
    pub(crate) fn is_dns(flow: &Flow) -> bool {
        flow.transport == Transport::Udp && flow.dst_port == 53
    }
}

/// Any file, made when it is asked for.
struct Offered {
    local: SocketAddr,
    world: Arc<dyn World>,
}

impl Offers for Offered {
    fn file(&self, path: &[u8]) -> Option<Bytes> {
        let name = path.rsplit(|byte| *byte == b'/').next().filter(|name| !name.is_empty())?;
        Some(file_named(&String::from_utf8_lossy(name), self.local, self.world.now()))
    }
}

/// All web sites.
fn sites(
    scenario: &Scenario,
    rules: Vec<Rule>,
    websocket: WebSocketManner,
    names: &Arc<Names>,
    whole: &Weak<Services>,
) -> Sites {
    let mut public = Public::default();
    match scenario.guest.public_address {
        IpAddr::V4(v4) => public.v4 = v4,
        IpAddr::V6(v6) => public.v6 = v6,
    }
    // Nothing is translated there: the guest's own address is the public one.
    if let Some(network) = scenario.guest.network_v6 {
        public.v6 = (u128::from(network.network()) + u128::from(scenario.guest.first_lease)).into();
    }
    let (zone, whole): (Arc<dyn Zone>, _) = (Arc::clone(names) as _, whole.clone());
    Sites {
        rules,
        public,
        websocket,
        server: scenario.http.server.clone(),
        clock_shift_ms: scenario.time_shift_s.saturating_mul(1_000),
        zone: Some(zone),
        tunnel: Some(Arc::new(move |_, port| match whole.upgrade() {
            Some(services) => Arc::new(services.on_port(port)),
            None => Arc::new(Raw),
        })),
    }
}

/// What lies behind a proxy: any server of ours.
fn behind(whole: Weak<Services>) -> Behind {
    Arc::new(move |_, port| match whole.upgrade() {
        Some(services) => Arc::new(services.on_port(port)),
        None => Arc::new(Raw),
    })
}

/// Protocols by what clients say first, the surest first.
fn recognisers(
    replies: &Replies,
    find: &dyn Fn(&str) -> Option<Arc<dyn Emulator>>,
) -> Vec<Recogniser> {
    let known = replies.clone();
    let mut all = vec![Recogniser {
        // Where a conversation names the port, it goes before what its bytes look like.
        looks_like: Box::new(move |port, bytes| {
            known.names(Transport::Tcp, port) && known.matches(Transport::Tcp, port, bytes)
        }),
        emulator: Arc::new(replies.clone()),
        greeted: false,
    }];
    let mut add = |name: &str, greeted: bool, looks_like: Looks| {
        if let Some(emulator) = find(name) {
            all.push(Recogniser { looks_like, emulator, greeted });
        }
    };
    let known = |name: &'static str| -> Looks {
        Box::new(move |_, bytes| recognise(bytes).is_some_and(|found| found.protocol == name))
    };
    add("ssh", false, known("ssh"));
    add("http", false, Box::new(|_, bytes| looks_like_http(bytes)));
    add("redis", false, known("redis"));
    add("postgresql", false, known("postgresql"));
    add("mongodb", false, known("mongodb"));
    add("dns", false, Box::new(|_, bytes| looks_like_dns(bytes)));
    add("tor", false, Box::new(|_, bytes| Tor::looks_like(bytes)));
    add("stratum", false, Box::new(|_, bytes| Stratum::looks_like(bytes)));
    add("irc", false, Box::new(|_, bytes| looks_like_irc(bytes)));
    add("ldap", false, Box::new(|_, bytes| looks_like_ldap(bytes)));
    add("smb", false, Box::new(|_, bytes| Smb::looks_like(bytes)));
    add("rdp", false, Box::new(|_, bytes| Rdp::looks_like(bytes)));
    add("mqtt", false, Box::new(|_, bytes| Mqtt::looks_like(bytes)));
    add("bittorrent", false, Box::new(|_, bytes| Bittorrent::looks_like(bytes)));
    add("stun", false, Box::new(|_, bytes| Stun::looks_like(bytes)));
    add("ident", false, Box::new(|port, bytes| port == 113 && looks_like_ident(bytes)));
    add("syslog", false, Box::new(|_, bytes| looks_like_syslog(bytes)));
    let words = |words: &'static [&'static str]| -> Looks {
        Box::new(move |_, bytes| {
            words.iter().any(|word| {
                bytes.len() >= word.len()
                    && bytes[..word.len()].eq_ignore_ascii_case(word.as_bytes())
            })
        })
    };
    // Its first bytes are few: only after those that are surer.
    add("socks", false, Box::new(|_, bytes| Socks::looks_like(bytes)));
    add("smtp", true, words(&["EHLO ", "HELO ", "MAIL FROM:"]));
    add("pop3", true, words(&["CAPA\r", "STLS\r", "APOP "]));
    add("ftp", true, words(&["USER ", "AUTH TLS", "FEAT\r"]));
    let known = replies.clone();
    all.push(Recogniser {
        looks_like: Box::new(move |port, bytes| known.matches(Transport::Tcp, port, bytes)),
        emulator: Arc::new(replies.clone()),
        greeted: false,
    });
    all
}

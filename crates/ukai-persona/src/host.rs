//! One address wearing a persona: stable for it, different from its neighbours.

use crate::canary::Access;
use crate::draw::Draw;
use crate::moving::Process;
use crate::outline::Outline;
use crate::persona::{Persona, parse_prefix};
use crate::services::Services;
use crate::system::User;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};
use ukai_model::{Duration, Timestamp};

/// One address wearing a persona.
#[derive(Clone)]
pub struct Host {
    /// The template.
    pub persona: Arc<Persona>,
    /// The address.
    pub address: IpAddr,
    /// Host name.
    pub hostname: String,
    /// Hardware address of the first interface.
    pub mac: [u8; 6],
    /// Serial number.
    pub serial: String,
    /// Address of the inner network, or the host's own.
    pub lan_address: IpAddr,
    /// A number of this host's own, from which further plausible values may be drawn.
    pub seed: u64,
    /// What it listens on: all that its kind does, unless it is one [of many](Host::of_many).
    pub services: Services,
    outline: Outline,
    /// By how many milliseconds its clock is ahead.
    pub(crate) skew_ms: i64,
    pub(crate) draw: Draw,
    pub(crate) access: Arc<Access>,
    /// The processes that always run, once they were asked for: each session asks.
    pub(crate) processes: OnceLock<Vec<Process>>,
}

impl Host {
    pub(crate) fn new(persona: &Arc<Persona>, address: IpAddr, secret: &[u8; 32]) -> Self {
        let address = address.to_canonical();
        let octets = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let draw = Draw::new(secret, &[persona.name.as_bytes(), &octets]);
        let identity = &persona.identity;
        let hostname = drawn(
            &draw,
            "hostname",
            draw.pick(b"hostname", &identity.hostnames).map_or("localhost", String::as_str),
        );
        let prefix = draw
            .pick(b"mac-prefix", &identity.mac_prefixes)
            .and_then(|text| parse_prefix(text))
            .unwrap_or_default();
        let tail = draw.number(b"mac").to_be_bytes();
        let mac = [prefix[0], prefix[1], prefix[2], tail[5], tail[6], tail[7]];
        let skew = identity.clock_skew_ms;
        Self {
            persona: Arc::clone(persona),
            address,
            hostname,
            mac,
            serial: drawn(&draw, "serial", &identity.serial),
            lan_address: identity.lan_address.parse().unwrap_or(address),
            seed: draw.number(b"seed"),
            services: persona.services.clone(),
            outline: persona.outline(address, secret),
            skew_ms: draw.between(b"skew", 0, 2 * skew) as i64 - skew as i64,
            draw,
            access: Arc::default(),
            processes: OnceLock::new(),
        }
    }

    /// The same host with what the installation knows about log-ins.
    #[must_use]
    pub fn with_access(mut self, access: Arc<Access>) -> Self {
        self.access = access;
        self
    }

    /// The same host as one of many of its kind in a neighbourhood, that do not all have
    /// the same services.
    #[must_use]
    pub fn of_many(mut self) -> Self {
        self.services = self.persona.services.of(&self.outline);
        self
    }

    /// Time since the host was last started. It grows with `now`, and starts again
    /// once per period of the host's own, as power cuts and updates do.
    pub fn uptime(&self, now: Timestamp) -> Duration {
        self.outline.uptime(now)
    }

    /// When the host was last started, by its own clock.
    pub fn booted(&self, now: Timestamp) -> Timestamp {
        self.clock(now) - self.uptime(now)
    }

    /// What the host's clock says at `now`: some devices are minutes off.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        let off = Duration::from_millis(self.skew_ms.unsigned_abs());
        if self.skew_ms < 0 { now - off } else { now + off }
    }

    /// Accounts of the system.
    pub fn users(&self) -> &[User] {
        self.persona.users()
    }

    /// The default gateway of the host's network.
    pub fn gateway(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, if d == 1 { 254 } else { 1 }))
            }
            IpAddr::V6(v6) => {
                let mut octets = v6.octets();
                octets[8..].fill(0);
                octets[15] = 1;
                IpAddr::from(octets)
            }
        }
    }

    /// The hardware address as `aa:bb:cc:dd:ee:ff`.
    pub fn mac_text(&self) -> String {
        let octets: Vec<String> = self.mac.iter().map(|octet| format!("{octet:02x}")).collect();
        octets.join(":")
    }

    /// A number in `low..=high` that is this host's own for `label`.
    pub fn draw(&self, label: &str, low: u64, high: u64) -> u64 {
        self.draw.between(label.as_bytes(), low, high)
    }

    /// Bytes of this host's own for `label`, which nobody can guess: for keys.
    pub fn secret(&self, label: &str) -> [u8; 32] {
        let mut secret = [0; 32];
        for (number, chunk) in secret.chunks_exact_mut(8).enumerate() {
            let label = format!("secret {number} {label}");
            chunk.copy_from_slice(&self.draw.number(label.as_bytes()).to_be_bytes());
        }
        secret
    }

    /// The host that answers to `name` when this one connects there: somebody's web
    /// server, always the same.
    #[must_use]
    pub fn elsewhere(&self, name: &str) -> Self {
        let persona = Persona::named("server-debian").unwrap_or(&self.persona);
        let number = self.draw.number(format!("elsewhere {name}").as_bytes()).to_be_bytes();
        let [a, b, c, d, ..] = number;
        let drawn = IpAddr::V4(Ipv4Addr::new(23 + a % 160, b, c, 1 + d % 254));
        let address = name.parse().unwrap_or(drawn);
        let mut host = Self::new(persona, address, &self.secret("elsewhere"));
        if name.parse::<IpAddr>().is_err() {
            let plain = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c));
            host.hostname = plain.take(64).collect();
        }
        host
    }

    /// What `/proc/version` says.
    pub fn proc_version(&self) -> String {
        let kernel = &self.persona.kernel;
        format!("Linux version {} ({}) {}\n", kernel.release, kernel.built_by, kernel.version)
    }

    /// What `uname -a` says, without the line end.
    pub fn uname_all(&self) -> String {
        let persona = &self.persona;
        let mut line = format!(
            "Linux {} {} {} {}",
            self.hostname, persona.kernel.release, persona.kernel.version, persona.machine.uname
        );
        if !persona.is_gnu() && persona.machine.uname_processor != "-" {
            line.push(' ');
            line.push_str(&persona.machine.uname_processor);
        }
        if persona.kernel.operating_system != "-" {
            line.push(' ');
            line.push_str(&persona.kernel.operating_system);
        }
        line
    }
}

/// `template` with `{hex4}`, `{hex6}`, `{digits4}` and `{digits8}` drawn.
fn drawn(draw: &Draw, label: &str, template: &str) -> String {
    let number = draw.number(format!("{label}-digits").as_bytes());
    template
        .replace("{hex4}", &format!("{:04X}", number & 0xffff))
        .replace("{hex6}", &format!("{:06X}", number & 0xff_ffff))
        .replace("{digits4}", &format!("{:04}", number % 10_000))
        .replace("{digits8}", &format!("{:08}", number % 100_000_000))
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("persona", &self.persona.name)
            .field("address", &self.address)
            .field("hostname", &self.hostname)
            .finish_non_exhaustive()
    }
}

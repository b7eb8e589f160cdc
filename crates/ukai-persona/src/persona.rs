//! A persona: the template of a device, read from TOML and checked as a whole.

use crate::ftp::FtpSpec;
use crate::http::HttpSpec;
use crate::mail::MailSpec;
use crate::mongodb::MongodbSpec;
use crate::mysql::MysqlSpec;
use crate::policy::CredentialSpec;
use crate::postgresql::PostgresqlSpec;
use crate::redis::RedisSpec;
use crate::services::Services;
use crate::ssh::SshSpec;
use crate::system::{
    BusyBox, Cpu, FileSpec, Kernel, Machine, MemorySpec, Mount, ProcessSpec, ShellSpec, Tree, User,
};
use crate::telnet::TelnetSpec;
use crate::{Host, Outline, PersonaError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

/// Longest persona file that is read, in bytes.
pub(crate) const PERSONA_BYTES_MAX: usize = 4 << 20;

/// The template of a device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// Name by which configuration and events call it: `router-mips`.
    pub name: String,
    /// What it is, for a reader.
    pub description: String,
    /// Names and numbers that differ per host.
    pub identity: Identity,
    /// Processor.
    pub machine: Machine,
    /// Kernel.
    pub kernel: Kernel,
    /// Interactive shell.
    pub shell: ShellSpec,
    /// BusyBox, where the system has it.
    #[serde(default)]
    pub busybox: Option<BusyBox>,
    /// Memory.
    pub memory: MemorySpec,
    /// Who gets in.
    pub credentials: CredentialSpec,
    /// Processes that always run, in the order of their start.
    pub processes: Vec<ProcessSpec>,
    /// Mounted file systems.
    pub mounts: Vec<Mount>,
    /// Directories, links, devices and programs.
    pub tree: Tree,
    /// Files with contents, by path.
    pub files: BTreeMap<String, FileSpec>,
    /// Ports on which the device listens.
    pub services: Services,
    /// Telnet service.
    #[serde(default)]
    pub telnet: Option<TelnetSpec>,
    /// SSH service.
    #[serde(default)]
    pub ssh: Option<SshSpec>,
    /// Web server.
    #[serde(default)]
    pub http: Option<HttpSpec>,
    /// FTP service.
    #[serde(default)]
    pub ftp: Option<FtpSpec>,
    /// Mail services.
    #[serde(default)]
    pub mail: Option<MailSpec>,
    /// MySQL server.
    #[serde(default)]
    pub mysql: Option<MysqlSpec>,
    /// Redis.
    #[serde(default)]
    pub redis: Option<RedisSpec>,
    /// PostgreSQL.
    #[serde(default)]
    pub postgresql: Option<PostgresqlSpec>,
    /// MongoDB.
    #[serde(default)]
    pub mongodb: Option<MongodbSpec>,
    #[serde(skip)]
    users: Vec<User>,
}

/// What differs between hosts of one persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Host names: `{hex4}`, `{hex6}` and `{digits4}` are drawn per host.
    pub hostnames: Vec<String>,
    /// Vendor prefixes of hardware addresses: `c8:3a:35`.
    pub mac_prefixes: Vec<String>,
    /// Serial numbers: `{hex6}`, `{digits4}`, `{digits8}` are drawn per host.
    pub serial: String,
    /// Model name shown on pages and banners.
    pub model: String,
    /// Least and most days between restarts.
    pub uptime_days: [u64; 2],
    /// How far the clock may be wrong, in milliseconds.
    pub clock_skew_ms: u64,
    /// Address on the device's own network; the host's address if empty.
    #[serde(default)]
    pub lan_address: String,
}

impl Persona {
    /// Reads a persona file and checks that its parts agree.
    pub fn parse(text: &str) -> Result<Self, PersonaError> {
        if text.len() > PERSONA_BYTES_MAX {
            return Err(PersonaError::contradiction(
                "file",
                "longer than 4 MiB",
                "leave large files out: programs need only name and size",
            ));
        }
        let mut persona: Self =
            toml::from_str(text).map_err(|error| PersonaError::form(text, &error))?;
        let passwd = persona.files.get("/etc/passwd").map_or("", |file| file.content.as_str());
        persona.users = User::read_all(passwd);
        persona.check()?;
        Ok(persona)
    }

    /// The personas that are compiled in: `router-mips`, `camera-arm`, `server-debian`.
    pub fn built_in() -> &'static [Arc<Self>] {
        static ALL: LazyLock<Vec<Arc<Persona>>> = LazyLock::new(|| {
            [
                include_str!("../../../personas/router-mips.toml"),
                include_str!("../../../personas/camera-arm.toml"),
                include_str!("../../../personas/server-debian.toml"),
            ]
            .iter()
            .map(|text| Arc::new(Persona::parse(text).expect("built-in personas are tested")))
            .collect()
        });
        &ALL
    }

    /// The built-in persona of that name.
    pub fn named(name: &str) -> Option<&'static Arc<Self>> {
        Self::built_in().iter().find(|persona| persona.name == name)
    }

    /// The host that wears this persona at `address`: the same for the same `secret`.
    pub fn host(self: &Arc<Self>, address: IpAddr, secret: [u8; 32]) -> Host {
        Host::new(self, address, &secret)
    }

    /// What a single packet shows of that host.
    pub fn outline(&self, address: IpAddr, secret: &[u8; 32]) -> Outline {
        Outline::new(self, address, secret)
    }

    /// Accounts of the system, in the order of `/etc/passwd`.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The account of that name.
    pub fn user(&self, name: &[u8]) -> Option<&User> {
        self.users.iter().find(|user| user.name.as_bytes() == name)
    }

    /// The processor family.
    pub const fn cpu(&self) -> Cpu {
        self.machine.cpu
    }

    /// Whether the system's BusyBox has this applet.
    pub fn has_applet(&self, name: &str) -> bool {
        self.busybox.as_ref().is_some_and(|busybox| busybox.applets.iter().any(|a| a == name))
    }

    fn check(&self) -> Result<(), PersonaError> {
        let wrong = PersonaError::contradiction;
        if self.user(b"root").is_none_or(|root| root.uid != 0) {
            return Err(wrong(
                "files.\"/etc/passwd\"",
                "has no root with uid 0",
                "add a line such as root:x:0:0:root:/root:/bin/sh",
            ));
        }
        self.credentials.check(self)?;
        if let Some(postgresql) = &self.postgresql {
            postgresql.check(self)?;
        }
        for prefix in &self.identity.mac_prefixes {
            if parse_prefix(prefix).is_none() {
                return Err(wrong(
                    "identity.mac_prefixes",
                    &format!("\"{prefix}\" is not a vendor prefix"),
                    "write three octets in hexadecimal such as c8:3a:35",
                ));
            }
        }
        if self.identity.hostnames.is_empty() || self.identity.mac_prefixes.is_empty() {
            return Err(wrong(
                "identity",
                "hostnames and mac_prefixes must not be empty",
                "give at least one of each",
            ));
        }
        let [low, high] = self.identity.uptime_days;
        if low > high || high == 0 || high > 10_000 {
            return Err(wrong(
                "identity.uptime_days",
                "not a range of days",
                "write [least, most]",
            ));
        }
        let [low, high] = self.memory.free_kb;
        if low > high || high > self.memory.total_kb {
            return Err(wrong(
                "memory.free_kb",
                "not a range below total_kb",
                "write [least, most]",
            ));
        }
        self.check_services()
    }

    fn check_services(&self) -> Result<(), PersonaError> {
        let wrong = PersonaError::contradiction;
        self.services.check()?;
        if self.telnet.is_none() && !self.services.telnet.is_empty() {
            return Err(wrong("services.telnet", "there is no [telnet] table", "add it"));
        }
        if self.http.is_none() && !(self.services.http.is_empty() && self.services.https.is_empty())
        {
            return Err(wrong("services.http", "there is no [http] table", "add it"));
        }
        if self.ssh.is_none() && !self.services.ssh.is_empty() {
            return Err(wrong("services.ssh", "there is no [ssh] table", "add it"));
        }
        if let Some(ssh) = &self.ssh {
            let [low, high] = ssh.failure_delay_ms;
            if low > high || high > 60_000 {
                return Err(wrong(
                    "ssh.failure_delay_ms",
                    "not a range below a minute",
                    "write [least, most] in milliseconds",
                ));
            }
        }
        if let Some(telnet) = &self.telnet {
            let [low, high] = telnet.failure_delay_ms;
            if low > high || high > 60_000 || telnet.attempts == 0 {
                return Err(wrong(
                    "telnet.failure_delay_ms",
                    "not a range below a minute, or attempts is 0",
                    "write [least, most] in milliseconds and at least one attempt",
                ));
            }
        }
        if let Some(redis) = &self.redis
            && self.user(redis.runs_as.as_bytes()).is_none()
        {
            return Err(wrong(
                "redis.runs_as",
                &format!("user \"{}\" has no line in /etc/passwd", redis.runs_as),
                "add the line or name another user",
            ));
        }
        if let Some(http) = &self.http {
            if self.user(http.runs_as.as_bytes()).is_none() {
                return Err(wrong(
                    "http.runs_as",
                    &format!("user \"{}\" has no line in /etc/passwd", http.runs_as),
                    "add the line or name another user",
                ));
            }
            for status in http.errors.keys() {
                if !status.parse::<u16>().is_ok_and(|s| (400..600).contains(&s)) {
                    return Err(wrong(
                        &format!("http.errors.{status}"),
                        "not an error status",
                        "use a number from 400 to 599",
                    ));
                }
            }
            for page in &http.pages {
                if !page.path.starts_with('/') {
                    return Err(wrong(
                        "http.pages.path",
                        &format!("\"{}\" does not begin with /", page.path),
                        "write the path as a request does",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The three octets of a vendor prefix.
pub(crate) fn parse_prefix(text: &str) -> Option<[u8; 3]> {
    let mut octets = [0; 3];
    let mut parts = text.split(':');
    for octet in &mut octets {
        let part = parts.next().filter(|p| p.len() == 2)?;
        *octet = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

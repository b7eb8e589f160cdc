//! Which ports a device has open, and which of them one host of its kind has.

use crate::{Outline, PersonaError};
use serde::Deserialize;
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

/// Ports on which the device listens, by what it speaks there: the names are those of the
/// ports in a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Services {
    /// Telnet.
    pub telnet: Vec<u16>,
    /// SSH.
    pub ssh: Vec<u16>,
    /// FTP.
    pub ftp: Vec<u16>,
    /// SMTP.
    pub smtp: Vec<u16>,
    /// SMTP in TLS.
    pub smtps: Vec<u16>,
    /// POP3.
    pub pop3: Vec<u16>,
    /// POP3 in TLS.
    pub pop3s: Vec<u16>,
    /// IMAP.
    pub imap: Vec<u16>,
    /// IMAP in TLS.
    pub imaps: Vec<u16>,
    /// MySQL.
    pub mysql: Vec<u16>,
    /// PostgreSQL.
    pub postgresql: Vec<u16>,
    /// MongoDB.
    pub mongodb: Vec<u16>,
    /// Redis.
    pub redis: Vec<u16>,
    /// HTTP in the clear.
    pub http: Vec<u16>,
    /// HTTP in TLS.
    pub https: Vec<u16>,
    /// TCP ports of which the first bytes decide what is spoken.
    pub detect: Vec<u16>,
    /// Of a hundred hosts, how many have a service, or a port: `mail = 20`, `"8080" = 35`.
    /// All have what is not named. `mail` are SMTP, POP3 and IMAP together, `web` HTTP with
    /// and without TLS.
    pub share: BTreeMap<String, u8>,
}

/// How likely it is that a host has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    pub(crate) label: u64,
    pub(crate) percent: u8,
}

impl Services {
    /// Every port, with what is spoken there.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u16)> {
        let lists: [(&'static str, &[u16]); 16] = [
            ("telnet", &self.telnet),
            ("ssh", &self.ssh),
            ("ftp", &self.ftp),
            ("smtp", &self.smtp),
            ("smtps", &self.smtps),
            ("pop3", &self.pop3),
            ("pop3s", &self.pop3s),
            ("imap", &self.imap),
            ("imaps", &self.imaps),
            ("mysql", &self.mysql),
            ("postgresql", &self.postgresql),
            ("mongodb", &self.mongodb),
            ("redis", &self.redis),
            ("http", &self.http),
            ("https", &self.https),
            ("detect", &self.detect),
        ];
        lists.into_iter().flat_map(|(name, ports)| ports.iter().map(move |port| (name, *port)))
    }

    /// What decides whether a host has a port on which `name` is spoken: it must have all of
    /// them.
    pub fn odds(&self, name: &str, port: u16) -> Vec<Odds> {
        let keys = [name.to_owned(), family(name).to_owned(), port.to_string()];
        let named = keys.iter().enumerate().filter(|(n, key)| !keys[..*n].contains(key));
        let of = |(_, key): (usize, &String)| {
            let percent = *self.share.get(key)?;
            let mut hasher = SipHasher13::new();
            key.hash(&mut hasher);
            Some(Odds { label: hasher.finish(), percent })
        };
        named.filter_map(of).collect()
    }

    /// The services that one host has of these.
    #[must_use]
    pub(crate) fn of(&self, outline: &Outline) -> Self {
        let mut own = self.clone();
        let has = |name: &str, port: u16| outline.has(&self.odds(name, port));
        for (name, list) in own.lists_mut() {
            list.retain(|port| has(name, *port));
        }
        own
    }

    pub(crate) fn check(&self) -> Result<(), PersonaError> {
        for (key, percent) in &self.share {
            let known = |(name, port): (&str, u16)| {
                key == name || key == family(name) || *key == port.to_string()
            };
            let what = format!("services.share.{key}");
            if !self.all().any(known) {
                let remedy = "name a service or a port that is listed in [services]";
                return Err(PersonaError::contradiction(&what, "no such service", remedy));
            }
            if *percent > 100 {
                let remedy = "write a number of hosts in a hundred";
                return Err(PersonaError::contradiction(&what, "more than 100", remedy));
            }
        }
        Ok(())
    }

    fn lists_mut(&mut self) -> [(&'static str, &mut Vec<u16>); 16] {
        [
            ("telnet", &mut self.telnet),
            ("ssh", &mut self.ssh),
            ("ftp", &mut self.ftp),
            ("smtp", &mut self.smtp),
            ("smtps", &mut self.smtps),
            ("pop3", &mut self.pop3),
            ("pop3s", &mut self.pop3s),
            ("imap", &mut self.imap),
            ("imaps", &mut self.imaps),
            ("mysql", &mut self.mysql),
            ("postgresql", &mut self.postgresql),
            ("mongodb", &mut self.mongodb),
            ("redis", &mut self.redis),
            ("http", &mut self.http),
            ("https", &mut self.https),
            ("detect", &mut self.detect),
        ]
    }
}

/// What is installed together.
fn family(name: &str) -> &str {
    match name {
        "smtp" | "smtps" | "pop3" | "pop3s" | "imap" | "imaps" => "mail",
        "http" | "https" => "web",
        _ => name,
    }
}

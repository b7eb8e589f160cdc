//! What is spoken on which port, and which emulator speaks it.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ukai_driver::TlsUse;
use ukai_emulators::{Emulator, emulator};
use ukai_model::Transport;
use ukai_persona::Persona;

/// Ports, by what is spoken on them. TLS is recognised on all TCP ports whose server waits
/// for its peer to speak, but for PostgreSQL's, which has its own way to begin it, and
/// MongoDB's, which has none. TFTP's are UDP ports, the others TCP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ports {
    /// Telnet.
    pub telnet: Vec<u16>,
    /// SSH.
    pub ssh: Vec<u16>,
    /// A shell on the bare connection, without log-in or negotiation, as backdoors open.
    pub shell: Vec<u16>,
    /// FTP, with AUTH TLS where the persona has it.
    pub ftp: Vec<u16>,
    /// FTP in TLS from the first byte.
    pub ftps: Vec<u16>,
    /// TFTP (UDP).
    pub tftp: Vec<u16>,
    /// SMTP, with STARTTLS where the persona has it.
    pub smtp: Vec<u16>,
    /// SMTP in TLS from the first byte.
    pub smtps: Vec<u16>,
    /// POP3, with STLS where the persona has it.
    pub pop3: Vec<u16>,
    /// POP3 in TLS from the first byte.
    pub pop3s: Vec<u16>,
    /// IMAP, with STARTTLS where the persona has it.
    pub imap: Vec<u16>,
    /// IMAP in TLS from the first byte.
    pub imaps: Vec<u16>,
    /// MySQL.
    pub mysql: Vec<u16>,
    /// Redis.
    pub redis: Vec<u16>,
    /// PostgreSQL, with TLS inside where the persona has it.
    pub postgresql: Vec<u16>,
    /// MongoDB.
    pub mongodb: Vec<u16>,
    /// HTTP in the clear.
    pub http: Vec<u16>,
    /// HTTP in TLS.
    pub https: Vec<u16>,
    /// Nothing is said; the first payload is kept.
    pub raw: Vec<u16>,
    /// The first bytes decide, or a short silence.
    pub detect: Vec<u16>,
}

/// Something that can be spoken on a port.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// Its name in the configuration and in the list of services.
    pub(crate) name: &'static str,
    /// The emulator's name.
    emulator: &'static str,
    pub(crate) tls: TlsUse,
    pub(crate) transport: Transport,
    /// Ports of the default configuration: those of the real services, raised to where no
    /// privilege is needed.
    default: &'static [u16],
}

const fn tcp(name: &'static str, default: &'static [u16]) -> Spoken {
    let tls = TlsUse::Recognised;
    Spoken { name, emulator: name, tls, transport: Transport::Tcp, default }
}

const fn in_tls(name: &'static str, emulator: &'static str, default: &'static [u16]) -> Spoken {
    Spoken { name, emulator, tls: TlsUse::Expected, transport: Transport::Tcp, default }
}

static TELNET: Spoken = tcp("telnet", &[2323]);
static SSH: Spoken = tcp("ssh", &[2222]);
static SHELL: Spoken = tcp("shell", &[4444]);
static FTP: Spoken = tcp("ftp", &[2121]);
static FTPS: Spoken = in_tls("ftps", "ftp", &[9990]);
static TFTP: Spoken = Spoken { transport: Transport::Udp, ..tcp("tftp", &[6969]) };
static SMTP: Spoken = tcp("smtp", &[2525, 5870]);
static SMTPS: Spoken = in_tls("smtps", "smtp", &[4650]);
static POP3: Spoken = tcp("pop3", &[1110]);
static POP3S: Spoken = in_tls("pop3s", "pop3", &[9950]);
static IMAP: Spoken = tcp("imap", &[1143]);
static IMAPS: Spoken = in_tls("imaps", "imap", &[9930]);
static MYSQL: Spoken = tcp("mysql", &[3306]);
static REDIS: Spoken = tcp("redis", &[6379]);
static POSTGRESQL: Spoken = Spoken { tls: TlsUse::Unknown, ..tcp("postgresql", &[5432]) };
static MONGODB: Spoken = Spoken { tls: TlsUse::Unknown, ..tcp("mongodb", &[27_017]) };
static HTTP: Spoken = tcp("http", &[8080]);
static HTTPS: Spoken = in_tls("https", "http", &[8443]);
static RAW: Spoken = tcp("raw", &[5555, 7547, 37_215, 52_869]);
static DETECT: Spoken = tcp("detect", &[9000]);

/// Whatever comes to a UDP port that has no service: it is kept, and nothing is said.
pub(crate) static UNKNOWN_DATAGRAMS: Spoken =
    Spoken { transport: Transport::Udp, ..tcp("raw", &[]) };

/// Whatever comes to a TCP port that has no service.
pub(crate) static UNKNOWN: &Spoken = &DETECT;

impl Spoken {
    /// What has this name in the configuration.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        let mut ports = Ports::default();
        ports.lists_mut().into_iter().map(|(spoken, _)| spoken).find(|spoken| spoken.name == name)
    }

    /// The emulator that speaks it, if there is one.
    pub(crate) fn emulator(&self) -> Option<Arc<dyn Emulator>> {
        emulator(self.emulator)
    }
}

impl Ports {
    /// Everything that a persona speaks, on ports that need no privilege.
    pub(crate) fn all_of(persona: &Persona) -> Self {
        let mut ports = Self::default();
        for (spoken, list) in ports.lists_mut() {
            if spoken.emulator().is_some_and(|emulator| emulator.speaks(persona)) {
                list.extend(spoken.default);
            }
        }
        ports
    }

    /// Each port, with what is spoken on it.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static Spoken, u16)> {
        let lists: [(&'static Spoken, &[u16]); 20] = [
            (&TELNET, &self.telnet),
            (&SSH, &self.ssh),
            (&SHELL, &self.shell),
            (&FTP, &self.ftp),
            (&FTPS, &self.ftps),
            (&TFTP, &self.tftp),
            (&SMTP, &self.smtp),
            (&SMTPS, &self.smtps),
            (&POP3, &self.pop3),
            (&POP3S, &self.pop3s),
            (&IMAP, &self.imap),
            (&IMAPS, &self.imaps),
            (&MYSQL, &self.mysql),
            (&REDIS, &self.redis),
            (&POSTGRESQL, &self.postgresql),
            (&MONGODB, &self.mongodb),
            (&HTTP, &self.http),
            (&HTTPS, &self.https),
            (&RAW, &self.raw),
            (&DETECT, &self.detect),
        ];
        lists.into_iter().flat_map(|(spoken, ports)| ports.iter().map(move |port| (spoken, *port)))
    }

    fn lists_mut(&mut self) -> [(&'static Spoken, &mut Vec<u16>); 20] {
        [
            (&TELNET, &mut self.telnet),
            (&SSH, &mut self.ssh),
            (&SHELL, &mut self.shell),
            (&FTP, &mut self.ftp),
            (&FTPS, &mut self.ftps),
            (&TFTP, &mut self.tftp),
            (&SMTP, &mut self.smtp),
            (&SMTPS, &mut self.smtps),
            (&POP3, &mut self.pop3),
            (&POP3S, &mut self.pop3s),
            (&IMAP, &mut self.imap),
            (&IMAPS, &mut self.imaps),
            (&MYSQL, &mut self.mysql),
            (&REDIS, &mut self.redis),
            (&POSTGRESQL, &mut self.postgresql),
            (&MONGODB, &mut self.mongodb),
            (&HTTP, &mut self.http),
            (&HTTPS, &mut self.https),
            (&RAW, &mut self.raw),
            (&DETECT, &mut self.detect),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;
    use serde_json::json;
    use std::collections::HashSet;
    use ukai_persona::Persona;

    /// The two lists and the keys of the configuration say the same.
    #[test]
    fn every_key_is_spoken_under_its_own_name() {
        let mut numbered = Ports::default();
        for (port, (_, list)) in (1..).zip(numbered.lists_mut()) {
            list.push(port);
        }
        let keys = json!(numbered);
        let keys = keys.as_object().expect("a table");
        let all: Vec<_> = numbered.all().collect();
        assert_eq!(all.len(), keys.len());
        for (spoken, port) in all {
            assert_eq!(keys[spoken.name], json!([port]), "{}", spoken.name);
        }
    }

    #[test]
    fn no_two_defaults_want_the_same_port() {
        let mut ports = Ports::default();
        let mut seen = HashSet::new();
        for (spoken, _) in ports.lists_mut() {
            for port in spoken.default {
                assert!(*port >= 1_024 && seen.insert(port), "{}: {port}", spoken.name);
            }
        }
    }

    #[test]
    fn by_default_each_persona_speaks_what_it_knows() {
        for persona in Persona::built_in() {
            let ports = Ports::all_of(persona);
            assert!(!ports.telnet.is_empty() && !ports.raw.is_empty(), "{}", persona.name);
            for (spoken, _) in ports.all() {
                let emulator = spoken.emulator().expect("an emulator");
                assert!(emulator.speaks(persona), "{} on {}", spoken.name, persona.name);
            }
        }
    }
}

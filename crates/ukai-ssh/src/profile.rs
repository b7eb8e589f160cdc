//! Which implementation the server claims to be, as data: `personas/ssh/*.toml`.

use serde::Deserialize;
use std::sync::Arc;

/// An implementation and version of an SSH server, with its default configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name, by which [`Profile::named`] finds it.
    pub name: String,
    /// Whose code decides what happens.
    pub family: Family,
    /// The identification string, without its line end.
    pub version: String,
    /// The name-lists of its KEXINIT.
    pub kex: Lists,
    /// Host keys that it has, in the order of its configuration.
    pub host_keys: Vec<HostKeyKind>,
    /// Bits of its RSA key.
    pub rsa_bits: u16,
    /// What `server-sig-algs` says, where EXT_INFO is sent (RFC 8308).
    #[serde(default)]
    pub server_sig_algs: Option<String>,
    /// Whether EXT_INFO also has `publickey-hostbound@openssh.com`.
    #[serde(default)]
    pub hostbound: bool,
    /// Authentication methods, as a failure lists them.
    pub auth_methods: String,
    /// Failures before the connection is cut.
    pub auth_tries_max: u32,
    /// Seconds until a client must have authenticated.
    pub login_grace_s: u32,
    /// Session channels at once.
    pub sessions_max: u32,
    /// Whether `hostkeys-00@openssh.com` follows the authentication.
    #[serde(default)]
    pub announces_host_keys: bool,
    /// Milliseconds between the connection and the banner.
    #[serde(default)]
    pub banner_delay_ms: u32,
    /// Window that each channel offers the client, in bytes.
    pub window_bytes: u32,
    /// Largest packet of data that each channel takes, in bytes.
    pub packet_bytes: u32,
}

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// OpenSSH portable.
    Openssh,
    /// Dropbear.
    Dropbear,
}

/// The ten name-lists of a KEXINIT (RFC 4253 section 7.1), in its order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// kex_algorithms.
    pub kex: Vec<String>,
    /// server_host_key_algorithms.
    pub host_key: Vec<String>,
    /// encryption_algorithms_client_to_server.
    pub cipher_in: Vec<String>,
    /// encryption_algorithms_server_to_client.
    pub cipher_out: Vec<String>,
    /// mac_algorithms_client_to_server.
    pub mac_in: Vec<String>,
    /// mac_algorithms_server_to_client.
    pub mac_out: Vec<String>,
    /// compression_algorithms_client_to_server.
    pub compression_in: Vec<String>,
    /// compression_algorithms_server_to_client.
    pub compression_out: Vec<String>,
    /// languages_client_to_server.
    #[serde(default)]
    pub language_in: Vec<String>,
    /// languages_server_to_client.
    #[serde(default)]
    pub language_out: Vec<String>,
}

impl Lists {
    /// The lists in the order of the packet.
    pub fn in_order(&self) -> [&[String]; 10] {
        [
            &self.kex,
            &self.host_key,
            &self.cipher_in,
            &self.cipher_out,
            &self.mac_in,
            &self.mac_out,
            &self.compression_in,
            &self.compression_out,
            &self.language_in,
            &self.language_out,
        ]
    }
}

/// A type of host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKeyKind {
    /// `ssh-rsa`.
    Rsa,
    /// `ecdsa-sha2-nistp256`.
    Ecdsa,
    /// `ssh-ed25519`.
    Ed25519,
    /// `ssh-dss`.
    Dss,
}

/// Why a profile cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No profile of this name is compiled in.
    #[error("no SSH profile is named {name:?}; there are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// The text is not a profile.
    #[error("the SSH profile cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It claims something that the server cannot do.
    #[error("the SSH profile lists {what} {name:?}, which this server cannot do")]
    Unsupported {
        /// In which list.
        what: &'static str,
        /// Which entry.
        name: String,
    },
}

const BUILT_IN: &[(&str, &str)] = &[
    ("openssh-9.2p1-debian12", include_str!("../../../personas/ssh/openssh-9.2p1-debian12.toml")),
    ("openssh-8.4p1-debian11", include_str!("../../../personas/ssh/openssh-8.4p1-debian11.toml")),
    ("dropbear-2022.83", include_str!("../../../personas/ssh/dropbear-2022.83.toml")),
    ("dropbear-2012.55", include_str!("../../../personas/ssh/dropbear-2012.55.toml")),
];

impl Profile {
    /// A profile that is compiled in.
    pub fn named(name: &str) -> Result<Arc<Self>, ProfileError> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            ProfileError::Unknown {
                name: name.to_owned(),
                known: Self::names().collect::<Vec<_>>().join(", "),
            }
        })?;
        Self::parse(text).map(Arc::new)
    }

    /// The names of all that are compiled in.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Reads a profile.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text)?;
        Ok(profile)
    }
}

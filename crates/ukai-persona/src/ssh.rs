//! What a device's SSH service allows, beside what its server program always does.

use serde::Deserialize;

/// SSH service of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshSpec {
    /// Server program and version, by the name of a profile in `personas/ssh/`. Methods,
    /// number of tries and time for the log-in are the profile's.
    pub profile: String,
    /// Text before the log-in (`Banner` of `sshd_config`, `dropbear -b`).
    #[serde(default)]
    pub banner: String,
    /// Least and most time before a wrong password is answered, in milliseconds.
    pub failure_delay_ms: [u64; 2],
    /// Whether there is an SFTP server.
    #[serde(default)]
    pub sftp: bool,
    /// Names of variables that are taken over from the client (`AcceptEnv`); a `*` at the
    /// end stands for anything.
    #[serde(default)]
    pub accepts_environment: Vec<String>,
    /// Whether connections may be forwarded.
    #[serde(default)]
    pub forwarding: bool,
    /// Whether X11 may be forwarded; it needs `xauth` on the system too.
    #[serde(default)]
    pub x11: bool,
    /// Text on a terminal after the log-in (the part of PAM's `motd` that is made anew),
    /// with placeholders.
    #[serde(default)]
    pub motd: String,
    /// The file that follows it.
    #[serde(default)]
    pub motd_file: String,
    /// Whether a terminal shows when the user was last there.
    #[serde(default)]
    pub last_login: bool,
}

impl SshSpec {
    /// Whether a variable of that name is taken over.
    pub fn accepts_variable(&self, name: &[u8]) -> bool {
        self.accepts_environment.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start.as_bytes()),
            None => name == pattern.as_bytes(),
        })
    }
}

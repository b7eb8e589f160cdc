//! What a device's FTP service says: the server program's replies, and the persona's policy.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// FTP service of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FtpSpec {
    /// The server program: `vsftpd`, `proftpd` or `busybox`.
    pub server: Arc<FtpServer>,
    /// Greeting, where it is not the program's own, with placeholders.
    #[serde(default)]
    pub greeting: Option<String>,
    /// Directory that `anonymous` sees as its root; nobody is let in if absent.
    #[serde(default)]
    pub anonymous_root: Option<String>,
    /// Accounts that are kept out, whatever the password (`/etc/ftpusers`).
    #[serde(default)]
    pub denied: Vec<String>,
    /// Whether `AUTH TLS` is offered.
    #[serde(default)]
    pub tls: bool,
}

/// A server program: what it says and how it judges, read from `personas/ftp/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FtpFile {
    /// Verbs that it knows.
    pub verbs: Vec<String>,
    /// Verbs that are served before the log-in.
    pub before_login: Vec<String>,
    /// Whether a verb that it does not know is told apart before the log-in.
    #[serde(default)]
    pub tells_unknown_before_login: bool,
    /// What other protocols begin with, at which it hangs up without a word.
    #[serde(default)]
    pub hangs_up_on: Vec<String>,
    /// Verb → what `HELP VERB` tells of it.
    #[serde(default)]
    pub help_of: BTreeMap<String, String>,
    /// Whether an overlong line is dropped, and the next one read; otherwise it hangs up.
    #[serde(default)]
    pub drops_long_lines: bool,
    /// Verb → its only answer, after the log-in.
    #[serde(default)]
    pub fixed: BTreeMap<String, String>,
    /// Verb → answer to its absent argument.
    #[serde(default)]
    pub no_argument: BTreeMap<String, String>,
    /// Situation → reply, with `{path}`, `{argument}`, `{verb}`, `{error}` and the like.
    pub replies: BTreeMap<String, String>,
    /// How directories are listed.
    pub listing: FtpListing,
    /// Whether `TYPE A` changes line ends.
    #[serde(default)]
    pub converts_ascii: bool,
    /// Whether a transfer is refused for want of `PORT` or `PASV` before its file is
    /// looked at.
    #[serde(default)]
    pub data_first: bool,
    /// Whether a line ends with CR LF only; a LF within is a blank like others.
    #[serde(default)]
    pub needs_crlf: bool,
    /// Whether a line ends at a NUL.
    #[serde(default)]
    pub ends_at_nul: bool,
    /// Longest command line, in bytes.
    pub line_bytes: usize,
    /// Least and most time before a wrong pair is answered, in milliseconds.
    pub failure_delay_ms: [u64; 2],
    /// Wrong pairs after which it hangs up.
    pub attempts: u32,
    /// Time without a command after which it hangs up, in seconds.
    pub idle_s: u64,
}

/// How a server lists a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FtpListing {
    /// vsftpd: numbers for owners.
    Numbers,
    /// `ProFTPD`: names for owners.
    Names,
    /// BusyBox' `ls -l`.
    Busybox,
}

/// A server program, found by its name.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct FtpServer {
    /// Its name.
    pub name: String,
    /// What it says.
    pub file: Arc<FtpFile>,
}

type Files = Vec<(&'static str, Arc<FtpFile>)>;

fn built_in() -> &'static Files {
    static FILES: LazyLock<Files> = LazyLock::new(|| {
        [
            ("vsftpd", include_str!("../../../personas/ftp/vsftpd.toml")),
            ("proftpd", include_str!("../../../personas/ftp/proftpd.toml")),
            ("busybox", include_str!("../../../personas/ftp/busybox.toml")),
        ]
        .into_iter()
        .map(|(name, text)| {
            (name, Arc::new(toml::from_str(text).expect("built-in servers are tested")))
        })
        .collect()
    });
    &FILES
}

impl TryFrom<String> for FtpServer {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let found = built_in().iter().find(|(known, _)| *known == name);
        match found {
            Some((_, file)) => Ok(Self { name, file: Arc::clone(file) }),
            None => Err(format!("\"{name}\" is not an FTP server: vsftpd, proftpd or busybox")),
        }
    }
}

impl FtpFile {
    /// The reply for a situation; the name of an absent one is a mistake of ours, which a
    /// test finds.
    pub fn reply(&self, situation: &str) -> &str {
        self.replies.get(situation).map_or("500 Unknown command.", String::as_str)
    }

    /// Whether it knows `verb`.
    pub fn knows(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb) || self.fixed.contains_key(verb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_speak_of_the_same_situations() {
        let keys = |name: &str| -> Vec<&String> {
            let (_, file) = built_in().iter().find(|(known, _)| *known == name).expect("a server");
            file.replies.keys().collect()
        };
        assert_eq!(keys("vsftpd"), keys("proftpd"));
        assert_eq!(keys("vsftpd"), keys("busybox"));
        for (name, file) in built_in() {
            assert!(file.replies.values().all(|r| r.as_bytes()[0].is_ascii_digit()), "{name}");
            assert!(file.failure_delay_ms[0] <= file.failure_delay_ms[1] && file.attempts > 0);
        }
        assert!(FtpServer::try_from("wu-ftpd".to_owned()).is_err());
    }
}

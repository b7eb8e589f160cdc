//! Which log-ins succeed, as data: fixed pairs, pairs that never do, and rules in order.

use crate::access::Attempt;
use crate::canary::Canary;
use crate::{Persona, PersonaError};
use ipnet::IpNet;
use serde::Deserialize;

/// Tries that a rule may ask of one source, at most.
pub(crate) const AFTER_TRIES_MAX: u32 = 64;

/// Pairs that one source may find by trying, at most.
pub(crate) const REMEMBERED_PAIRS_MAX: u32 = 4;

/// Who gets in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialSpec {
    /// Pairs that every host of the persona takes, through any protocol.
    pub accepted: Vec<Credential>,
    /// Pairs that no host of the persona takes, not even by a rule; `*` stands for
    /// anything, `?` for one character.
    #[serde(default)]
    pub refused: Vec<Credential>,
    /// What happens to all other pairs: the first rule that fits decides.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Where no rule fits: of a thousand pairs with an existing user and a password, how
    /// many a host takes from a given source. They are always the same ones.
    #[serde(default)]
    pub chance_per_mille: u64,
    /// Pairs whose use is reported: they stand nowhere but where somebody looked.
    #[serde(default)]
    pub canaries: Vec<Canary>,
    /// Whether everybody gets in: for servers of the virtual Internet, never for honeypots.
    #[serde(default)]
    pub obliging: bool,
}

/// A user name and a password.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "(String, String)")]
pub struct Credential {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl From<(String, String)> for Credential {
    fn from((user, password): (String, String)) -> Self {
        Self { user, password }
    }
}

/// One rule about log-ins. A condition that is left out always holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Protocols: `ssh`, `telnet`, `ftp`, `smtp`, `pop3`, `imap`,
    /// `mysql`, `postgresql`, `mongodb`, `http`.
    #[serde(default)]
    pub protocols: Vec<String>,
    /// User names, with `*` and `?`.
    #[serde(default)]
    pub users: Vec<String>,
    /// Passwords, with `*` and `?`.
    #[serde(default)]
    pub passwords: Vec<String>,
    /// Least and most bytes of the password.
    #[serde(default)]
    pub password_length: Option<[usize; 2]>,
    /// What the password consists of: one of these is enough.
    #[serde(default)]
    pub password_classes: Vec<PasswordClass>,
    /// Networks that the source is in.
    #[serde(default)]
    pub sources: Vec<IpNet>,
    /// What happens then.
    pub decision: Decision,
}

/// What a password consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordClass {
    /// Digits only.
    Digits,
    /// Letters only.
    Letters,
    /// Lower-case letters only.
    Lower,
    /// Letters and digits only.
    Alphanumeric,
    /// The user name, perhaps with digits behind it.
    LikeUser,
}

/// What happens to a pair that a rule fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "\"accept\", \"refuse\", { chance_per_mille = N } or { after = [LEAST, MOST] }"
)]
pub enum Decision {
    /// Always the same.
    Always(Verdict),
    /// By a chance that host, source and pair settle once and for all.
    Chance(Chance),
    /// After some tries of the source.
    After(After),
}

/// An answer that is always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It gets in, if the account exists and the password is not empty.
    Accept,
    /// It does not.
    Refuse,
}

/// A chance that host, source and pair settle once and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// How many of a thousand pairs get in.
    pub chance_per_mille: u64,
}

/// A pair gets in after its source has tried others, as if it had guessed at last. It
/// gets in again later; those that it tried before do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// Least and most different pairs that a source must try; how many it is for a given
    /// source is the host's own.
    pub after: [u32; 2],
    /// How many pairs a source can find so; all others are refused then.
    #[serde(default = "one")]
    pub remember: u32,
}

const fn one() -> u32 {
    1
}

impl Rule {
    /// Whether the rule is about this try.
    pub(crate) fn fits(&self, attempt: &Attempt<'_>) -> bool {
        let source = attempt.source.to_canonical();
        let family = attempt.family();
        let length = attempt.password.len();
        (self.protocols.is_empty() || self.protocols.iter().any(|name| name == family))
            && any_fits(&self.users, attempt.user)
            && any_fits(&self.passwords, attempt.password)
            && self.password_length.is_none_or(|[low, high]| (low..=high).contains(&length))
            && (self.password_classes.is_empty()
                || self.password_classes.iter().any(|class| class.fits(attempt)))
            && (self.sources.is_empty() || self.sources.iter().any(|net| net.contains(&source)))
    }
}

impl PasswordClass {
    fn fits(self, attempt: &Attempt<'_>) -> bool {
        let password = attempt.password;
        match self {
            Self::Digits => password.iter().all(u8::is_ascii_digit),
            Self::Letters => password.iter().all(u8::is_ascii_alphabetic),
            Self::Lower => password.iter().all(u8::is_ascii_lowercase),
            Self::Alphanumeric => password.iter().all(u8::is_ascii_alphanumeric),
            Self::LikeUser => password
                .strip_prefix(attempt.user)
                .is_some_and(|rest| rest.iter().all(u8::is_ascii_digit)),
        }
    }
}

impl Credential {
    /// Whether the pair, read as two patterns, is about this try.
    pub(crate) fn fits(&self, attempt: &Attempt<'_>) -> bool {
        pattern_fits(self.user.as_bytes(), attempt.user)
            && pattern_fits(self.password.as_bytes(), attempt.password)
    }
}

fn any_fits(patterns: &[String], text: &[u8]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| pattern_fits(pattern.as_bytes(), text))
}

/// Whether `text` is what `pattern` says, where `*` stands for any bytes and `?` for one.
/// Time is at most the product of both lengths.
pub(crate) fn pattern_fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(at) {
        match pattern.get(from) {
            Some(b'*') => {
                star = Some((from + 1, at));
                from += 1;
            }
            Some(wanted) if wanted == byte || *wanted == b'?' => {
                at += 1;
                from += 1;
            }
            _ => {
                // The last star takes one byte more.
                let Some((behind, taken)) = star else { return false };
                star = Some((behind, taken + 1));
                (at, from) = (taken + 1, behind);
            }
        }
    }
    pattern.get(from..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

const PROTOCOLS: [&str; 10] =
    ["ssh", "telnet", "ftp", "smtp", "pop3", "imap", "mysql", "postgresql", "mongodb", "http"];

impl CredentialSpec {
    pub(crate) fn check(&self, persona: &Persona) -> Result<(), PersonaError> {
        let wrong = PersonaError::contradiction;
        for pair in &self.accepted {
            if persona.user(pair.user.as_bytes()).is_none() {
                return Err(wrong(
                    "credentials.accepted",
                    &format!("user \"{}\" has no line in /etc/passwd", pair.user),
                    "add the line or drop the pair",
                ));
            }
        }
        for (number, rule) in self.rules.iter().enumerate() {
            let key = |name: &str| format!("credentials.rules[{number}].{name}");
            if let Some(name) =
                rule.protocols.iter().find(|name| !PROTOCOLS.contains(&name.as_str()))
            {
                return Err(wrong(
                    &key("protocols"),
                    &format!("there are no log-ins by \"{}\"", name.escape_debug()),
                    &format!("choose among {}", PROTOCOLS.join(", ")),
                ));
            }
            if rule.password_length.is_some_and(|[low, high]| low > high) {
                return Err(wrong(&key("password_length"), "not a range", "write [least, most]"));
            }
            match rule.decision {
                Decision::Chance(Chance { chance_per_mille }) if chance_per_mille > 1_000 => {
                    return Err(wrong(
                        &key("decision.chance_per_mille"),
                        "more than 1000 of a thousand",
                        "write 0 to 1000",
                    ));
                }
                Decision::After(After { after: [low, high], .. })
                    if low == 0 || low > high || high > AFTER_TRIES_MAX =>
                {
                    return Err(wrong(
                        &key("decision.after"),
                        "not a range of tries",
                        &format!("write [least, most] between 1 and {AFTER_TRIES_MAX}"),
                    ));
                }
                Decision::After(After { remember, .. })
                    if !(1..=REMEMBERED_PAIRS_MAX).contains(&remember) =>
                {
                    return Err(wrong(
                        &key("decision.remember"),
                        "a source finds no pair, or too many",
                        &format!("write 1 to {REMEMBERED_PAIRS_MAX}"),
                    ));
                }
                _ => {}
            }
        }
        if self.chance_per_mille > 1_000 {
            return Err(wrong(
                "credentials.chance_per_mille",
                "more than 1000 of a thousand",
                "write 0 to 1000",
            ));
        }
        Ok(())
    }
}

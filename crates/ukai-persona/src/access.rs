//! Who gets in: never everybody, never at random twice.

use crate::{Canary, Credential, Host};
use std::net::IpAddr;

/// One try at getting in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What it was tried through: `ssh`, `telnet`, `ftp`, `smtp`, `pop3`, `imap`,
    /// `http-basic`, `http-form` ...
    pub protocol: &'a str,
    /// User name.
    pub user: &'a [u8],
    /// Password.
    pub password: &'a [u8],
    /// Who tries.
    pub source: IpAddr,
}

impl Host {
    /// Whether the system lets this pair in.
    ///
    /// The persona's own pairs always are. Of the others, a share is accepted that
    /// depends on host, source and pair only: a bot that comes again with the same
    /// pair finds it as it was. An empty password is never accepted by chance, and
    /// neither is an account that `/etc/passwd` does not have or that has no shell.
    pub fn accepts(&self, attempt: &Attempt<'_>) -> bool {
        if let Some(accepted) = self.canary(attempt).and_then(|canary| canary.accepted) {
            return accepted && self.has_account(attempt);
        }
        (attempt.is_web() && self.lists(self.web_accounts(), attempt))
            || self.lists(&self.persona.credentials.accepted, attempt)
            || (self.has_account(attempt) && self.by_chance(attempt))
    }

    /// The canary that this try has stepped on, if any.
    pub fn canary(&self, attempt: &Attempt<'_>) -> Option<&Canary> {
        let mut laid = self.access.canaries.iter().chain(&self.persona.credentials.canaries);
        laid.find(|canary| canary.is_met_by(attempt))
    }

    /// Passwords that would let `user` in whatever else is tried: with them, a response
    /// to a challenge can be tested.
    pub fn passwords(&self, user: &[u8]) -> Vec<Vec<u8>> {
        let laid = self.access.canaries.iter().chain(&self.persona.credentials.canaries);
        let canaries = laid.filter(|canary| canary.user.as_bytes() == user);
        let accepted = self.persona.credentials.accepted.iter();
        accepted
            .filter(|pair| pair.user.as_bytes() == user)
            .map(|pair| self.filled(pair).into_bytes())
            .chain(canaries.filter_map(|canary| Some(canary.password.clone()?.into_bytes())))
            .collect()
    }

    fn web_accounts(&self) -> &[Credential] {
        self.persona.http.as_ref().map_or(&[][..], |http| &http.accounts)
    }

    fn lists(&self, pairs: &[Credential], attempt: &Attempt<'_>) -> bool {
        pairs.iter().any(|pair| {
            pair.user.as_bytes() == attempt.user && self.filled(pair).as_bytes() == attempt.password
        })
    }

    fn filled(&self, pair: &Credential) -> String {
        if pair.password.contains('{') {
            self.fill_fixed(&pair.password)
        } else {
            pair.password.clone()
        }
    }

    /// Whether there is anything to log in to.
    fn has_account(&self, attempt: &Attempt<'_>) -> bool {
        match attempt.protocol {
            "smtp" | "pop3" | "imap" => {
                let local = attempt.user.split(|byte| *byte == b'@').next().unwrap_or_default();
                self.persona.user(local).is_some()
            }
            _ if attempt.is_web() => {
                self.web_accounts().iter().any(|a| a.user.as_bytes() == attempt.user)
            }
            _ => self
                .persona
                .user(attempt.user)
                .is_some_and(|u| !u.shell.ends_with("nologin") && !u.shell.ends_with("false")),
        }
    }

    fn by_chance(&self, attempt: &Attempt<'_>) -> bool {
        let Attempt { user, password, source, .. } = *attempt;
        let share = self.persona.credentials.chance_per_mille;
        if password.is_empty() || share == 0 {
            return false;
        }
        let mut label = format!("accept {} {} ", source.to_canonical(), user.len()).into_bytes();
        label.extend_from_slice(user);
        label.push(b' ');
        label.extend_from_slice(password);
        self.draw.number(&label) % 1_000 < share
    }
}

impl Attempt<'_> {
    pub(crate) fn is_web(&self) -> bool {
        self.protocol.starts_with("http")
    }
}

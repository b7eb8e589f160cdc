//! Who gets in: never everybody, never at random twice.

use crate::policy::{After, Chance, Decision, Verdict};
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
    /// Whether the system lets this pair in. The order is: a canary that is to be
    /// accepted or refused, pairs that are never accepted, the persona's own pairs, the
    /// first rule that fits, chance.
    ///
    /// No rule accepts an empty password, nor a user without an account, nor one whose
    /// account has no shell where a shell is what it would get. The same pair from the
    /// same source has the same fate later; another source may find other pairs.
    pub fn accepts(&self, attempt: &Attempt<'_>) -> bool {
        let policy = &self.persona.credentials;
        if policy.obliging {
            return true;
        }
        if let Some(accepted) = self.canary(attempt).and_then(|canary| canary.accepted) {
            return accepted && self.has_account(attempt);
        }
        if policy.refused.iter().any(|pair| pair.fits(attempt)) {
            return false;
        }
        // A database's roles are its own, and so are their passwords.
        if let Some(roles) = self.database_roles(attempt.protocol) {
            return self.lists(roles, attempt);
        }
        if (attempt.family() == "http" && self.lists(self.web_accounts(), attempt))
            || self.lists(&policy.accepted, attempt)
        {
            return true;
        }
        if attempt.password.is_empty() || !self.has_account(attempt) {
            return false;
        }
        let rule = policy.rules.iter().enumerate().find(|(_, rule)| rule.fits(attempt));
        match rule.map(|(number, rule)| (number, rule.decision)) {
            Some((_, Decision::Always(verdict))) => verdict == Verdict::Accept,
            Some((_, Decision::Chance(Chance { chance_per_mille }))) => {
                self.by_chance(attempt, chance_per_mille)
            }
            Some((number, Decision::After(after))) => self.by_guessing(attempt, number, after),
            None => self.by_chance(attempt, policy.chance_per_mille),
        }
    }

    /// The canary that this try has stepped on, if any.
    pub fn canary(&self, attempt: &Attempt<'_>) -> Option<&Canary> {
        self.canaries().find(|canary| canary.is_met_by(attempt))
    }

    /// Passwords of `user` that may be let in through `protocol`: with them, a response to a
    /// challenge can be tested.
    pub fn passwords(&self, protocol: &str, user: &[u8]) -> Vec<Vec<u8>> {
        let accepted = self.database_roles(protocol).unwrap_or(&self.persona.credentials.accepted);
        accepted
            .iter()
            .filter(|pair| pair.user.as_bytes() == user)
            .map(|pair| self.filled(pair).into_bytes())
            .chain(
                self.canaries()
                    .filter(|canary| canary.user.as_bytes() == user)
                    .filter_map(|canary| Some(canary.password.clone()?.into_bytes())),
            )
            .collect()
    }

    fn canaries(&self) -> impl Iterator<Item = &Canary> {
        self.access.canaries.iter().chain(&self.persona.credentials.canaries)
    }

    fn web_accounts(&self) -> &[Credential] {
        self.persona.http.as_ref().map_or(&[][..], |http| &http.accounts)
    }

    /// The roles of a database that has its own.
    fn database_roles(&self, protocol: &str) -> Option<&[Credential]> {
        match protocol {
            "postgresql" => {
                Some(self.persona.postgresql.as_ref().map_or(&[], |spec| &spec.accounts))
            }
            "mongodb" => Some(self.persona.mongodb.as_ref().map_or(&[], |spec| &spec.accounts)),
            _ => None,
        }
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
        match attempt.family() {
            "smtp" | "pop3" | "imap" => {
                let local = attempt.user.split(|byte| *byte == b'@').next().unwrap_or_default();
                self.persona.user(local).is_some()
            }
            "http" => self.web_accounts().iter().any(|a| a.user.as_bytes() == attempt.user),
            protocol @ ("postgresql" | "mongodb") => {
                let roles = self.database_roles(protocol).unwrap_or_default();
                roles.iter().any(|role| role.user.as_bytes() == attempt.user)
            }
            _ => self
                .persona
                .user(attempt.user)
                .is_some_and(|u| !u.shell.ends_with("nologin") && !u.shell.ends_with("false")),
        }
    }

    fn by_chance(&self, attempt: &Attempt<'_>, share: u64) -> bool {
        share > 0 && self.draw.number(&label("accept", attempt)) % 1_000 < share
    }

    fn by_guessing(&self, attempt: &Attempt<'_>, rule: usize, after: After) -> bool {
        let [low, high] = after.after;
        let source = attempt.source.to_canonical();
        let guesser = format!("guesser {rule} {source}");
        let pair = self.draw.number(&label("guess", attempt));
        self.access.guesses.judge(self.draw.number(guesser.as_bytes()), pair, after, |found| {
            let label = format!("{guesser} {found}");
            self.draw.between(label.as_bytes(), low.into(), high.into()) as u32
        })
    }
}

/// What stands for a pair and its source in draws.
fn label(purpose: &str, attempt: &Attempt<'_>) -> Vec<u8> {
    let source = attempt.source.to_canonical();
    let mut label = format!("{purpose} {source} {} ", attempt.user.len()).into_bytes();
    label.extend_from_slice(attempt.user);
    label.push(b' ');
    label.extend_from_slice(attempt.password);
    label
}

impl<'a> Attempt<'a> {
    /// The protocol as rules name it: `http` for all its ways of logging in.
    pub(crate) fn family(&self) -> &'a str {
        if self.protocol.starts_with("http") { "http" } else { self.protocol }
    }
}

#[cfg(test)]
mod tests;

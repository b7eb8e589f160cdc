//! Who gets in: never everybody, never at random twice.

use crate::{Credential, Host};
use std::net::IpAddr;

impl Host {
    /// Whether the system lets this pair in when it is tried from `source`.
    ///
    /// The persona's own pairs always are. Of the others, a share is accepted that
    /// depends on host, source and pair only: a bot that comes again with the same
    /// pair finds it as it was. An empty password is never accepted by chance, and
    /// neither is an account that `/etc/passwd` does not have or that has no shell.
    pub fn accepts(&self, user: &[u8], password: &[u8], source: IpAddr) -> bool {
        self.lists(&self.persona.credentials.accepted, user, password)
            || (self.has_shell(user) && self.by_chance(user, password, source))
    }

    /// Whether the web interface lets this pair in: its own accounts, or the system's.
    pub fn accepts_web(&self, user: &[u8], password: &[u8], source: IpAddr) -> bool {
        let accounts = self.persona.http.as_ref().map_or(&[][..], |http| &http.accounts);
        self.lists(accounts, user, password)
            || self.lists(&self.persona.credentials.accepted, user, password)
            || (accounts.iter().any(|a| a.user.as_bytes() == user)
                && self.by_chance(user, password, source))
    }

    fn lists(&self, pairs: &[Credential], user: &[u8], password: &[u8]) -> bool {
        pairs.iter().any(|pair| {
            let expected = if pair.password.contains('{') {
                self.fill_fixed(&pair.password)
            } else {
                pair.password.clone()
            };
            pair.user.as_bytes() == user && expected.as_bytes() == password
        })
    }

    fn has_shell(&self, user: &[u8]) -> bool {
        self.persona
            .user(user)
            .is_some_and(|u| !u.shell.ends_with("nologin") && !u.shell.ends_with("false"))
    }

    fn by_chance(&self, user: &[u8], password: &[u8], source: IpAddr) -> bool {
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

//! Which disk a session works on, and whom its accounts let in.
//!
//! A disk is chosen when a connection opens, by the address that it comes from. Where
//! disks belong to credentials, the log-in puts another in its place.

use super::{Fs, View};
use std::sync::{Arc, OnceLock};

/// Disks of one host that belong to credentials.
pub trait ByLogin: Send + Sync {
    /// Disks that are kept of whoever logs in so: those of the same peer, and the one of
    /// this pair.
    fn known(&self, user: &[u8], password: &[u8]) -> Vec<Fs>;
    /// The disk of a pair that was let in: by the accounts of the `known`th of those, or
    /// as anybody is.
    fn of(&self, user: &[u8], password: &[u8], known: Option<usize>) -> Fs;
}

/// What stands in for a disk since a log-in.
pub(super) struct Instead {
    by_login: Arc<dyn ByLogin>,
    disk: OnceLock<Fs>,
}

impl Instead {
    pub(super) fn disk(&self) -> Option<&Fs> {
        self.disk.get()
    }
}

impl Fs {
    /// The same disk for one session, which gets another at its log-in.
    #[must_use]
    pub fn until_login(&self, by_login: Arc<dyn ByLogin>) -> Self {
        let instead = Instead { by_login, disk: OnceLock::new() };
        Self { inner: Arc::clone(&self.inner), instead: Some(Arc::new(instead)) }
    }

    /// Whether the system lets this pair in: an account that the attacker has changed is
    /// as it was left (`passwd`, `useradd`), any other as `accepts` says. From then on the
    /// session works on the disk that belongs to the log-in.
    pub fn log_in(&self, user: &[u8], password: &[u8], accepts: impl FnOnce() -> bool) -> bool {
        let Some(instead) = &self.instead else {
            return self.verify_password(user, password).unwrap_or_else(accepts);
        };
        let mut refused = false;
        for (n, disk) in instead.by_login.known(user, password).iter().enumerate() {
            match disk.verify_password(user, password) {
                Some(true) => {
                    Self::take(instead, instead.by_login.of(user, password, Some(n)));
                    return true;
                }
                Some(false) => refused = true,
                None => {}
            }
        }
        let success = !refused && accepts();
        if success {
            Self::take(instead, instead.by_login.of(user, password, None));
        }
        success
    }

    /// Whether `password` is the user's: by the accounts as the attacker left them, or as
    /// `accepts` says.
    pub(crate) fn password_fits(
        &self,
        user: &[u8],
        password: &[u8],
        accepts: impl FnOnce() -> bool,
    ) -> bool {
        self.verify_password(user, password).unwrap_or_else(accepts)
    }

    /// The first log-in counts.
    fn take(instead: &Instead, disk: Self) {
        let _taken = instead.disk.set(Self { inner: disk.inner, instead: None });
    }

    /// How many have the disk at hand, this one included.
    pub fn holders(&self) -> usize {
        Arc::strong_count(&self.inner)
    }

    /// Whether `password` is the user's by the accounts as the attacker left them; `None`
    /// if the attacker has not touched this account.
    fn verify_password(&self, user: &[u8], password: &[u8]) -> Option<bool> {
        let account = self.account(user);
        if account == Self::new(&self.inner.host).account(user) {
            return None;
        }
        let Some(hash) = account else { return Some(false) };
        Some(match &hash[..] {
            b"" => password.is_empty(),
            hash => match (std::str::from_utf8(hash), std::str::from_utf8(password)) {
                (Ok(hash), Ok(password)) => pwhash::unix::verify(password, hash),
                _ => false,
            },
        })
    }

    /// The user's password as `/etc/passwd` or, if that says `x`, `/etc/shadow` has it.
    fn account(&self, user: &[u8]) -> Option<Vec<u8>> {
        let field = |path: &[u8]| {
            let text = self.read(&View::of_system(), path).ok()?;
            let mut lines = text.split(|byte| *byte == b'\n');
            lines.find_map(|line| {
                let mut fields = line.split(|byte| *byte == b':');
                (fields.next() == Some(user)).then(|| fields.next().unwrap_or_default().to_vec())
            })
        };
        match field(b"/etc/passwd")? {
            shadowed if shadowed == b"x" => Some(field(b"/etc/shadow").unwrap_or(b"*".to_vec())),
            hash => Some(hash),
        }
    }
}

impl View {
    /// The system itself.
    fn of_system() -> Self {
        let now = ukai_model::Timestamp::default();
        Self { now, pid: 1, shell_pid: 1, uid: 0, gid: 0, seat: Arc::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Fs, Login, Shell};
    use std::sync::Arc;
    use ukai_model::Timestamp;
    use ukai_persona::Persona;

    #[test]
    fn accounts_that_the_attacker_changed_decide() {
        // `openssl passwd -1 -salt ab secret`
        const MD5: &str = "$1$ab$dslkcXxVH.x8LwW1W/oAB/";
        let address = "198.51.100.1".parse().expect("an address");
        let host = Persona::built_in().iter().find(|p| p.name == "server-debian");
        let host = Arc::new(host.expect("it is built in").host(address, [7; 32]));
        let fs = Fs::new(&host);
        assert_eq!(fs.verify_password(b"root", b"secret"), None);
        assert!(fs.log_in(b"root", b"secret", || true));
        let login = Login::new("root", 0);
        let mut shell = Shell::new(Arc::clone(&host), fs.clone(), login, 1, Timestamp::default());
        let line = format!(
            "echo 'eve:{MD5}:0:0::/:/bin/sh' >> /etc/passwd; echo 'bob::0:0::/:/bin/sh' >> /etc/passwd"
        );
        shell.run(line.as_bytes(), Timestamp::default(), &mut Vec::new());
        assert_eq!(fs.verify_password(b"root", b"secret"), None, "root is as it was");
        assert_eq!(fs.verify_password(b"eve", b"secret"), Some(true));
        assert_eq!(fs.verify_password(b"eve", b"other"), Some(false));
        assert_eq!(fs.verify_password(b"bob", b"x"), Some(false));
        assert!(!fs.log_in(b"eve", b"other", || true));
        assert!(fs.log_in(b"eve", b"secret", || false));
        let line = b"echo root:fresh | chpasswd\n";
        shell.run(line, Timestamp::default(), &mut Vec::new());
        assert_eq!(fs.verify_password(b"root", b"fresh"), Some(true));
        assert_eq!(fs.verify_password(b"root", b"secret"), Some(false));
    }
}

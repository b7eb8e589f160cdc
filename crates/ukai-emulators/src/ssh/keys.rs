//! Keys: the hosts' own, and those that a user may log in with.

use crate::Open;
use crate::limits::{SSH_HOSTS, SSH_KEY_FILE_BYTES};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use ukai_persona::Host;
use ukai_shell::Files;
use ukai_ssh::{HostKeys, Profile};

type Known = HashMap<[u8; 32], Arc<HostKeys>>;

/// The keys of `host`. They follow from its secret; they are remembered because some of
/// them take seconds to make.
pub(super) fn host_keys(host: &Host, profile: &Arc<Profile>) -> Arc<HostKeys> {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let secret = host.secret("ssh host keys");
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= SSH_HOSTS {
        known.clear();
    }
    let keys = known.entry(secret).or_insert_with(|| Arc::new(HostKeys::derive(profile, secret)));
    Arc::clone(keys)
}

/// Whether the account's `authorized_keys` has this key (sshd(8), its file format).
pub(super) fn is_authorised(open: &Open, user: &[u8], blob: &[u8]) -> bool {
    if open.host.persona.credentials.obliging {
        return true;
    }
    let Some(account) = open.host.persona.user(user) else { return false };
    let mut disk = Files::new(open.fs.clone(), account.uid, account.gid);
    disk.at(open.now);
    let wanted = STANDARD.encode(blob);
    [".ssh/authorized_keys", ".ssh/authorized_keys2"].iter().any(|name| {
        let path = format!("{}/{name}", account.home.trim_end_matches('/'));
        let Ok(file) = disk.read(path.as_bytes()) else { return false };
        let file = &file[..file.len().min(SSH_KEY_FILE_BYTES)];
        file.split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.starts_with(b"#"))
            .any(|line| line.split(u8::is_ascii_whitespace).any(|word| word == wanted.as_bytes()))
    })
}

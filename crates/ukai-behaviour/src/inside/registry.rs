//! What became of Windows' registry, and what a change in it means.

use crate::limits::REGISTRY_MAX;
use std::collections::BTreeMap;
use ukai_model::{FindingKind, Proof};

/// Values of one run that are others than before, by key and name.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    all: BTreeMap<(Vec<u8>, Vec<u8>), Changed>,
    pub(crate) left_out: u64,
}

/// What a value is now.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) data: Vec<u8>,
    pub(crate) deleted: bool,
    pub(crate) proof: Proof,
}

impl Registry {
    pub(super) fn add(&mut self, key: &[u8], name: &[u8], changed: Changed) {
        let at = (key.to_vec(), name.to_vec());
        if self.all.len() >= REGISTRY_MAX && !self.all.contains_key(&at) {
            self.left_out += 1;
            return;
        }
        self.all.insert(at, changed);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&[u8], &[u8], &Changed)> {
        self.all.iter().map(|((key, name), changed)| (&key[..], &name[..], changed))
    }
}

/// Keys whose values mean something: a part of the key, the value's name if only that one
/// counts, in small letters. The first that fits counts.
const MEANINGS: &[(&str, &str, FindingKind, &str)] = {
    use FindingKind::{Hiding, Interference, Persistence};
    &[
        ("\\currentversion\\run", "", Persistence, "run-key"),
        ("\\currentversion\\policies\\explorer\\run", "", Persistence, "run-key"),
        ("\\windows nt\\currentversion\\windows", "load", Persistence, "run-key"),
        ("\\windows nt\\currentversion\\windows", "run", Persistence, "run-key"),
        (
            "\\windows nt\\currentversion\\windows",
            "appinit_dlls",
            Persistence,
            "library-in-programs",
        ),
        ("\\windows nt\\currentversion\\winlogon", "shell", Persistence, "log-on"),
        ("\\windows nt\\currentversion\\winlogon", "userinit", Persistence, "log-on"),
        ("\\image file execution options\\", "debugger", Persistence, "program-replaced"),
        ("\\active setup\\installed components\\", "stubpath", Persistence, "active-setup"),
        ("\\schedule\\taskcache\\", "", Persistence, "scheduled-task"),
        ("\\environment", "userinitmprlogonscript", Persistence, "log-on"),
        ("\\services\\", "imagepath", Persistence, "service"),
        ("\\services\\", "servicedll", Persistence, "service"),
        ("\\session manager", "bootexecute", Persistence, "boot"),
        ("\\windows defender\\", "", Interference, "defences-off"),
        ("\\policies\\system", "enablelua", Interference, "defences-off"),
        ("\\policies\\system", "disabletaskmgr", Interference, "defences-off"),
        ("\\policies\\system", "disableregistrytools", Interference, "defences-off"),
        ("\\firewallpolicy\\", "", Interference, "firewall"),
        ("\\explorer\\advanced", "hidden", Hiding, "hidden-files"),
        ("\\explorer\\advanced", "showsuperhidden", Hiding, "hidden-files"),
        ("\\internet settings", "proxyserver", Interference, "proxy"),
    ]
};

/// What a value that was set means.
pub(super) fn meaning(key: &[u8], name: &[u8]) -> Option<(FindingKind, &'static str)> {
    let key = [&key.to_ascii_lowercase()[..], b"\\"].concat();
    let name = name.to_ascii_lowercase();
    let found = MEANINGS.iter().find(|(part, value, _, _)| {
        let parts = part.as_bytes();
        // Of `run`, `runonce` too, but not `runmru` and the like.
        let place = key.windows(parts.len()).position(|window| window == parts);
        let rest = place.map(|at| &key[at + parts.len()..]);
        let whole = match rest {
            Some(rest) if part.ends_with('\\') => Some(rest),
            Some(rest) if rest.starts_with(b"\\") || rest.starts_with(b"once") => Some(rest),
            _ => None,
        };
        whole.is_some() && (value.is_empty() || name == value.as_bytes())
    });
    found.map(|(_, _, kind, how)| (*kind, *how))
}

#[cfg(test)]
mod tests {
    use super::meaning;
    use ukai_model::FindingKind::{Interference, Persistence};

    #[test]
    fn keys_are_known_for_what_they_do() {
        for (key, name, expected) in [
            (
                r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run",
                "x",
                Some((Persistence, "run-key")),
            ),
            (
                r"HKLM\Software\Microsoft\Windows\CurrentVersion\RunOnce",
                "x",
                Some((Persistence, "run-key")),
            ),
            (r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\RunMRU", "a", None),
            (
                r"HKLM\System\CurrentControlSet\Services\Bad",
                "ImagePath",
                Some((Persistence, "service")),
            ),
            (r"HKLM\System\CurrentControlSet\Services\Bad", "Description", None),
            (
                r"HKLM\Software\Policies\Microsoft\Windows Defender\X",
                "y",
                Some((Interference, "defences-off")),
            ),
            (r"HKCU\Software\Vendor", "x", None),
        ] {
            assert_eq!(meaning(key.as_bytes(), name.as_bytes()), expected, "{key} {name}");
        }
    }
}

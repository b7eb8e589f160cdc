//! F14: what neighbours have in common.

use super::{Finding, exchange};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

/// What two hosts of one network betray side by side.
pub(crate) fn findings(neighbours: &[SocketAddr]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut keys = HashSet::new();
    for address in neighbours {
        for key in host_keys(*address) {
            if !keys.insert(key.clone()) {
                found.push(Finding::new("F14 host keys", format!("{address} shares {key}")));
            }
        }
    }
    let cookies: HashSet<Vec<u8>> = neighbours
        .iter()
        .map(|address| {
            let hello = b"SSH-2.0-OpenSSH_9.2p1\r\n";
            let (answer, _) = exchange(*address, hello, Duration::from_millis(800));
            let start = answer.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 7);
            answer.get(start..start + 16).map(<[u8]>::to_vec).unwrap_or_default()
        })
        .collect();
    if cookies.len() != neighbours.len() {
        found.push(Finding::new("F14 cookies", "two KEXINITs have one cookie"));
    }
    found
}

/// The public keys of a server, as `ssh-keyscan` gives them.
pub(crate) fn host_keys(address: SocketAddr) -> Vec<String> {
    let output = Command::new("ssh-keyscan")
        .args(["-T", "10", "-t", "ed25519,ecdsa,rsa", "-p", &address.port().to_string()])
        .arg(address.ip().to_string())
        .output()
        .expect("ssh-keyscan is installed");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' ').map(|(_, key)| key.to_owned()))
        .collect()
}

//! F2-F4: what an SSH server says before anybody has logged in.

use super::{Finding, exchange};
use std::net::SocketAddr;
use std::time::Duration;

const QUIET: Duration = Duration::from_millis(800);

/// Software versions that distributions have shipped: what stands behind `SSH-2.0-`.
const SHIPPED: &[&str] = &[
    "OpenSSH_9.2p1 Debian-2+deb12u",
    "OpenSSH_8.4p1 Debian-5+deb11u",
    "OpenSSH_7.9p1 Debian-10+deb10u",
    "OpenSSH_7.4p1 Debian-10+deb9u",
    "OpenSSH_6.7p1 Debian-5+deb8u",
    "OpenSSH_6.0p1 Debian-4+deb7u",
    "OpenSSH_9.6p1 Ubuntu-3ubuntu13",
    "OpenSSH_8.9p1 Ubuntu-3ubuntu0",
    "OpenSSH_8.2p1 Ubuntu-4ubuntu0",
    "OpenSSH_7.6p1 Ubuntu-4ubuntu0",
    "dropbear_2022.83",
    "dropbear_2020.81",
    "dropbear_2019.78",
    "dropbear_2017.75",
    "dropbear_2016.74",
    "dropbear_2015.67",
    "dropbear_2014.63",
    "dropbear_2012.55",
    "dropbear_0.52",
    "dropbear_0.46",
];

/// All that is known of the wire.
pub(crate) fn findings(target: SocketAddr) -> Vec<Finding> {
    let mut found = Vec::new();
    let (greeting, _) = exchange(target, b"", QUIET);
    let banner = String::from_utf8_lossy(&greeting);
    let banner = banner.lines().next().unwrap_or_default().trim_end().to_owned();
    let software = banner.strip_prefix("SSH-2.0-").unwrap_or_default();
    if !SHIPPED.iter().any(|known| software.starts_with(known)) {
        found.push(Finding::new("F4 banner", format!("no distribution ships {banner:?}")));
    }
    versions(target, software, &mut found);
    algorithms(target, software, &mut found);
    found
}

fn after_banner(answer: &[u8]) -> &[u8] {
    let end = answer.iter().position(|byte| *byte == b'\n').map_or(answer.len(), |at| at + 1);
    &answer[end..]
}

/// F2: nonsense instead of a version.
fn versions(target: SocketAddr, software: &str, found: &mut Vec<Finding>) {
    for nonsense in [&b"SSH-1111-x\r\n"[..], b"\r\n\r\n", b"\n\n\n\n\n\n\n\n\n\n", b"SSH-2.0\r\n"] {
        let (answer, _) = exchange(target, nonsense, QUIET);
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        for twisted in ["bad version", "protocol mismatch", "bad packet"] {
            if text.contains(twisted) {
                found.push(Finding::new("F2 version", format!("{nonsense:?} gives {text:?}")));
            }
        }
    }
    if software.starts_with("OpenSSH_") {
        for nonsense in [&b"SSH-1111-x\r\n"[..], b"GET / HTTP/1.0\r\n\r\n"] {
            let (answer, closed) = exchange(target, nonsense, QUIET);
            let rest = String::from_utf8_lossy(after_banner(&answer)).into_owned();
            // OpenSSH up to 9.x reads a few KiB of lines that are no version; then, or at
            // a version that it cannot read, it says this.
            let http = nonsense.starts_with(b"GET");
            let right = rest.contains("Invalid SSH identification string.\r\n") && closed;
            if !(right || http && rest.is_empty()) {
                found.push(Finding::new("F2 version", format!("{nonsense:?} gives {rest:?}")));
            }
        }
        let (answer, closed) = exchange(target, b"SSH-1.5-x\r\n", QUIET);
        let rest = String::from_utf8_lossy(after_banner(&answer)).into_owned();
        if !(closed && rest.contains("Protocol major versions differ.\r\n")) {
            found.push(Finding::new("F2 version", format!("version 1 gives {rest:?}")));
        }
    }
    // A second version line is no packet: a server must hang up, not go on.
    let twice = b"SSH-2.0-OpenSSH_9.2p1\r\nSSH-2.0-OpenSSH_9.2p1\r\n";
    let (answer, closed) = exchange(target, twice, Duration::from_secs(2));
    if !closed {
        let text = String::from_utf8_lossy(after_banner(&answer)).into_owned();
        found.push(Finding::new("F2 version", format!("goes on after a second version: {text:?}")));
    }
}

/// F3: the lists of KEXINIT.
fn algorithms(target: SocketAddr, software: &str, found: &mut Vec<Finding>) {
    let (answer, _) = exchange(target, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\n", QUIET);
    let Some(lists) = kexinit(after_banner(&answer)) else {
        found.push(Finding::new("F3 KEXINIT", "there is none"));
        return;
    };
    let [kex, _keys, ciphers, _, macs, _, compression, ..] = &lists[..] else {
        found.push(Finding::new("F3 KEXINIT", format!("{} lists", lists.len())));
        return;
    };
    let has = |list: &str, name: &str| list.split(',').any(|one| one == name);
    let mut wrong = |what: &str| found.push(Finding::new("F3 algorithms", what));
    if software.starts_with("OpenSSH_9.") {
        if !has(kex, "sntrup761x25519-sha512@openssh.com") {
            wrong("OpenSSH 9 without sntrup761x25519-sha512");
        }
        if ciphers.contains("cbc") || !has(ciphers, "chacha20-poly1305@openssh.com") {
            wrong("OpenSSH 9 has no CBC, and has chacha20-poly1305");
        }
        if !has(macs, "umac-128-etm@openssh.com") || has(macs, "hmac-md5") {
            wrong("OpenSSH 9 has UMAC, and no MD5");
        }
        if compression != "none,zlib@openssh.com" {
            wrong("OpenSSH 9 compresses by zlib@openssh.com only");
        }
    }
    if has(macs, "hmac-sha2-384") || has(macs, "hmac-sha2-384-etm@openssh.com") {
        wrong("no server has hmac-sha2-384");
    }
    if software.starts_with("dropbear") && has(ciphers, "aes256-gcm@openssh.com") {
        wrong("dropbear of that time has no AES-GCM");
    }
}

/// The name-lists of the KEXINIT with which `bytes` begin.
fn kexinit(bytes: &[u8]) -> Option<Vec<String>> {
    let word = |at: usize| {
        Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().expect("four bytes")) as usize)
    };
    if *bytes.get(5)? != 20 {
        return None;
    }
    let end = 4 + word(0)?;
    let mut at = 6 + 16;
    let mut lists = Vec::new();
    while lists.len() < 10 && at + 4 <= end {
        let length = word(at)?;
        lists.push(String::from_utf8_lossy(bytes.get(at + 4..at + 4 + length)?).into_owned());
        at += 4 + length;
    }
    Some(lists)
}

//! MACs: RFC 4253 section 6.4, RFC 6668, and OpenSSH's encrypt-then-MAC and UMAC.

use super::umac::Umac;
use hmac::{Hmac, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// A keyed MAC for one direction.
pub(crate) struct Mac {
    kind: Kind,
    /// Bytes of tag on the wire.
    pub(crate) len: usize,
    /// Whether it covers the encrypted packet.
    pub(crate) etm: bool,
}

enum Kind {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Box<Hmac<Sha512>>),
    Umac(Box<Umac>),
}

/// Bytes of key of a MAC.
pub(crate) fn key_len(name: &str) -> Option<usize> {
    Some(match base(name) {
        "hmac-md5" | "hmac-md5-96" | "umac-64" | "umac-128" => 16,
        "hmac-sha1" | "hmac-sha1-96" => 20,
        "hmac-sha2-256" => 32,
        "hmac-sha2-512" => 64,
        _ => return None,
    })
}

fn base(name: &str) -> &str {
    let name = name.strip_suffix("@openssh.com").unwrap_or(name);
    name.strip_suffix("-etm").unwrap_or(name)
}

impl Mac {
    pub(crate) fn new(name: &str, key: &[u8]) -> Option<Self> {
        let (kind, len) = match base(name) {
            "hmac-md5" => (Kind::Md5(Hmac::new_from_slice(key).ok()?), 16),
            "hmac-md5-96" => (Kind::Md5(Hmac::new_from_slice(key).ok()?), 12),
            "hmac-sha1" => (Kind::Sha1(Hmac::new_from_slice(key).ok()?), 20),
            "hmac-sha1-96" => (Kind::Sha1(Hmac::new_from_slice(key).ok()?), 12),
            "hmac-sha2-256" => (Kind::Sha256(Hmac::new_from_slice(key).ok()?), 32),
            "hmac-sha2-512" => (Kind::Sha512(Box::new(Hmac::new_from_slice(key).ok()?)), 64),
            "umac-64" => (Kind::Umac(Box::new(Umac::new(key.try_into().ok()?, 8))), 8),
            "umac-128" => (Kind::Umac(Box::new(Umac::new(key.try_into().ok()?, 16))), 16),
            _ => return None,
        };
        Some(Self { kind, len, etm: name.ends_with("-etm@openssh.com") })
    }

    /// Appends the tag of `data`, the packet of this number.
    pub(crate) fn tag(&self, sequence: u32, data: &[u8], out: &mut Vec<u8>) {
        fn hmac<D: hmac::Mac + Clone>(key: &D, sequence: u32, data: &[u8], out: &mut Vec<u8>) {
            let mut mac = key.clone();
            mac.update(&sequence.to_be_bytes());
            mac.update(data);
            out.extend_from_slice(&mac.finalize().into_bytes());
        }
        let start = out.len();
        match &self.kind {
            Kind::Md5(key) => hmac(key, sequence, data, out),
            Kind::Sha1(key) => hmac(key, sequence, data, out),
            Kind::Sha256(key) => hmac(key, sequence, data, out),
            Kind::Sha512(key) => hmac(&**key, sequence, data, out),
            Kind::Umac(key) => {
                let tag = key.tag(u64::from(sequence), data);
                out.extend_from_slice(&tag);
            }
        }
        out.truncate(start + self.len);
    }

    pub(crate) fn verify(&self, sequence: u32, data: &[u8], tag: &[u8]) -> bool {
        let mut right = Vec::with_capacity(64);
        self.tag(sequence, data, &mut right);
        right == tag
    }
}

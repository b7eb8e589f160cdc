//! How a sample talks, in a form that can be compared with others: a set of features that do
//! not depend on which server it talks to today, and its MinHash.
//!
//! MinHash: A. Broder, "On the resemblance and containment of documents" (1997). Of each of
//! [`MINHASH_NUMBERS`] hash functions the smallest value over the set is kept; the part of
//! equal numbers estimates the Jaccard likeness of two sets (standard error 6 % at 64).

use crate::limits::{FEATURES_MAX, FEATURES_MIN, MINHASH_NUMBERS};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use ukai_model::{Alike, Attack, Class, Contact, Fingerprint, NameAsked, Transport};

/// The fingerprint of what a report tells of the network.
pub(crate) fn fingerprint(
    names: &[NameAsked],
    contacts: &[Contact],
    attacks: &[Attack],
) -> Fingerprint {
    let mut features = BTreeSet::new();
    for contact in contacts {
        of_contact(contact, &mut features);
    }
    for attack in attacks {
        for port in attack.ports.iter().take(4) {
            features.insert(format!("{} {} port {port}", attack.traffic, attack.packets_of));
        }
        if !attack.payload.is_empty() {
            let start = &attack.payload.as_bytes()[..attack.payload.as_bytes().len().min(16)];
            features.insert(format!("{} payload {}", attack.traffic, hex(start)));
        }
        features.extend(attack.logins.iter().map(|login| format!("login {login}")));
    }
    for name in names {
        features.insert(format!("name {}", name.name));
    }
    let minhash = if features.len() < FEATURES_MIN { Vec::new() } else { minhash(&features) };
    Fingerprint { features: features.into_iter().take(FEATURES_MAX).collect(), minhash }
}

fn of_contact(contact: &Contact, features: &mut BTreeSet<String>) {
    if matches!(contact.class, Class::Local | Class::ScanTarget | Class::Resolver) {
        return;
    }
    let transport = if contact.transport == Transport::Tcp { "tcp" } else { "udp" };
    let what = contact.class.as_str();
    features.insert(format!("{what} {transport} port {}", contact.port));
    features.extend(contact.protocols.iter().map(|protocol| format!("{what} speaks {protocol}")));
    features.extend(contact.agents.iter().map(|agent| format!("agent {agent}")));
    features.extend(contact.ja4.iter().map(|ja4| format!("ja4 {ja4}")));
    if contact.name.is_empty() {
        features.extend(contact.addresses.first().map(|address| format!("address {address}")));
    }
    for line in &contact.said {
        features.insert(format!("says {}", shape(&line.to_string())));
    }
    if !contact.first_payload.is_empty() {
        let payload = contact.first_payload.as_bytes();
        features.insert(format!("payload {}", shape(&hex(&payload[..payload.len().min(8)]))));
    }
    if let Some(rhythm) = contact.rhythm.as_ref().filter(|rhythm| rhythm.score >= 75) {
        // Periods within a factor of two are alike.
        features.insert(format!("{what} every 2^{} ms", rhythm.period_ms.max(1).ilog2()));
    }
}

/// A line without what changes from run to run: hosts, numbers and long hexadecimal words.
fn shape(line: &str) -> String {
    let line = match line.split_once("://") {
        Some((before, rest)) => {
            let path = rest.find('/').map_or("", |at| &rest[at..]);
            format!("{before}://*{path}")
        }
        None => line.to_owned(),
    };
    let mut out = String::new();
    for c in line.chars().take(120) {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if !(c == '0' && out.ends_with('0')) {
            out.push(c);
        }
    }
    out
}

fn minhash(features: &BTreeSet<String>) -> Vec<u32> {
    let mut smallest = vec![u32::MAX; MINHASH_NUMBERS];
    for feature in features {
        let digest = Sha256::digest(feature.as_bytes());
        let half = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&digest[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        // A family of functions from two independent ones (Kirsch and Mitzenmacher, 2006).
        let (a, b) = (half(0), half(8) | 1);
        for (n, least) in smallest.iter_mut().enumerate() {
            let mixed = a.wrapping_add(b.wrapping_mul(n as u64));
            let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x7fb5_d329_728e_a185);
            *least = (*least).min((mixed >> 32) as u32);
        }
    }
    smallest
}

/// How alike two samples talk, 0 to 100; `None` if one says too little.
pub fn likeness(a: &Fingerprint, b: &Fingerprint) -> Option<u8> {
    let comparable = a.minhash.len() == MINHASH_NUMBERS && b.minhash.len() == MINHASH_NUMBERS;
    comparable.then(|| {
        let equal = a.minhash.iter().zip(&b.minhash).filter(|(a, b)| a == b).count();
        (equal * 100 / MINHASH_NUMBERS) as u8
    })
}

/// Of other samples those that talk like this one, the most alike first.
pub fn alike<'a>(
    fingerprint: &Fingerprint,
    others: impl IntoIterator<Item = (ukai_model::Sha256, &'a Fingerprint)>,
) -> Vec<Alike> {
    /// Fewer common features are chance.
    const PERCENT_MIN: u8 = 30;
    let mut alike: Vec<Alike> = others
        .into_iter()
        .filter_map(|(sha256, other)| {
            let percent = likeness(fingerprint, other)?;
            (percent >= PERCENT_MIN).then_some(Alike { sha256, percent })
        })
        .collect();
    alike.sort_by_key(|alike| (std::cmp::Reverse(alike.percent), alike.sha256));
    alike.truncate(crate::limits::SOME);
    alike
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

//! What an SSH client offers, and its HASSH.
//!
//! An emulator of SSH records the client's KEXINIT as a fingerprint of method
//! [`KEXINIT_METHOD`], before that of method `hassh`. Its value has the name lists of RFC
//! 4253, section 7.1, for the direction to the server, separated by `;`: key exchange, host
//! keys, encryption, MAC, compression, languages.

use crate::text::plain;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};
use ukai_model::PeerText;

/// The method of a fingerprint that holds a client's KEXINIT.
pub const KEXINIT_METHOD: &str = "ssh-kexinit";

/// The fields of `cowrie.client.kex`.
pub(crate) fn from_kexinit(value: &str) -> Map<String, Value> {
    let value = plain(&PeerText::from(value));
    let mut lists = value.split(';');
    let mut next = || lists.next().unwrap_or_default();
    let (kex, keys, encryption, mac, compression, languages) =
        (next(), next(), next(), next(), next(), next());
    // `cowrie.core.fingerprint.hassh_client`.
    let algorithms = format!("{kex};{encryption};{mac};{compression}");
    let names = |list: &str| Value::from(list.split(',').collect::<Vec<_>>());
    let mut fields = Map::new();
    fields.insert("hassh".into(), hex::encode(Md5::digest(&algorithms)).into());
    fields.insert("hasshAlgorithms".into(), algorithms.into());
    for (name, list) in [
        ("kexAlgs", kex),
        ("keyAlgs", keys),
        ("encCS", encryption),
        ("macCS", mac),
        ("compCS", compression),
        ("langCS", languages),
    ] {
        fields.insert(name.into(), names(list));
    }
    fields
}

/// The same where only the HASSH is known.
pub(crate) fn from_hassh(hassh: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("hassh".into(), json!(hassh));
    fields
}

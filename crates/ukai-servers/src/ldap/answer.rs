//! What is answered.

use super::ber::{self, element, number};

/// Codes of results (RFC 4511, appendix A).
pub(super) mod code {
    pub(in crate::ldap) const SUCCESS: u32 = 0;
    pub(in crate::ldap) const PROTOCOL_ERROR: u32 = 2;
    pub(in crate::ldap) const COMPARE_TRUE: u32 = 6;
    pub(in crate::ldap) const METHOD_NOT_SUPPORTED: u32 = 7;
    pub(in crate::ldap) const SASL_IN_PROGRESS: u32 = 14;
    pub(in crate::ldap) const INVALID_CREDENTIALS: u32 = 49;
}

/// Tags of answers.
pub(super) mod op {
    pub(in crate::ldap) const BIND: u8 = 0x61;
    pub(in crate::ldap) const ENTRY: u8 = 0x64;
    pub(in crate::ldap) const SEARCH_DONE: u8 = 0x65;
    pub(in crate::ldap) const EXTENDED: u8 = 0x78;
}

/// A message with a result: code, text for a reader, and what the operation adds.
pub(super) fn result(id: u32, tag: u8, code: u32, text: &str, more: &[u8]) -> Vec<u8> {
    let empty = element(ber::OCTETS, b"");
    let text = element(ber::OCTETS, text.as_bytes());
    let body = [&number(ber::ENUMERATED, code), &empty, &text, more].concat();
    envelope(id, tag, &body)
}

/// The same without text, and with a matched name.
pub(super) fn matched(id: u32, tag: u8, code: u32, name: &[u8], more: &[u8]) -> Vec<u8> {
    let (name, empty) = (element(ber::OCTETS, name), element(ber::OCTETS, b""));
    envelope(id, tag, &[&number(ber::ENUMERATED, code), &name, &empty, more].concat())
}

/// A message with an entry.
pub(super) fn entry(id: u32, name: &[u8], attributes: &[(&str, Vec<Vec<u8>>)]) -> Vec<u8> {
    let attribute = |(name, values): &(&str, Vec<Vec<u8>>)| {
        let values: Vec<u8> = values.iter().flat_map(|value| element(ber::OCTETS, value)).collect();
        let name = element(ber::OCTETS, name.as_bytes());
        element(ber::SEQUENCE, &[name, element(ber::SET, &values)].concat())
    };
    let attributes: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    let name = element(ber::OCTETS, name);
    envelope(id, op::ENTRY, &[name, element(ber::SEQUENCE, &attributes)].concat())
}

fn envelope(id: u32, tag: u8, body: &[u8]) -> Vec<u8> {
    element(ber::SEQUENCE, &[number(ber::INTEGER, id), element(tag, body)].concat())
}

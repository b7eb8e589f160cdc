//! What a client asks for (RFC 4511, section 4).

use super::ber::{self, Elements};
use crate::limits::LDAP_FILTER_DEPTH;

/// Tags of operations.
pub(super) mod op {
    pub(in crate::ldap) const BIND: u8 = 0x60;
    pub(in crate::ldap) const UNBIND: u8 = 0x42;
    pub(in crate::ldap) const SEARCH: u8 = 0x63;
    pub(in crate::ldap) const MODIFY: u8 = 0x66;
    pub(in crate::ldap) const ADD: u8 = 0x68;
    pub(in crate::ldap) const DELETE: u8 = 0x4a;
    pub(in crate::ldap) const RENAME: u8 = 0x6c;
    pub(in crate::ldap) const COMPARE: u8 = 0x6e;
    pub(in crate::ldap) const ABANDON: u8 = 0x50;
    pub(in crate::ldap) const EXTENDED: u8 = 0x77;
}

/// Names of operations, as they are told.
pub(super) const NAMES: [(u8, &str); 10] = [
    (op::BIND, "bind"),
    (op::UNBIND, "unbind"),
    (op::SEARCH, "search"),
    (op::MODIFY, "modify"),
    (op::ADD, "add"),
    (op::DELETE, "delete"),
    (op::RENAME, "modify-dn"),
    (op::COMPARE, "compare"),
    (op::ABANDON, "abandon"),
    (op::EXTENDED, "extended"),
];

/// A message: its number, and its operation's tag and content.
pub(super) fn message(bytes: &[u8]) -> Option<(u32, u8, &[u8])> {
    let mut inner = Elements(Elements(bytes).tagged(ber::SEQUENCE)?);
    let id = inner.number(ber::INTEGER)?;
    let (tag, content) = inner.next()?;
    NAMES.iter().any(|(known, _)| *known == tag).then_some((id, tag, content))
}

/// How a client says who it is.
pub(super) struct Bind<'a> {
    pub(super) name: &'a [u8],
    pub(super) how: Credentials<'a>,
}

pub(super) enum Credentials<'a> {
    Simple(&'a [u8]),
    Sasl(&'a [u8], &'a [u8]),
    /// Active Directory's own way to carry NTLM.
    Sicily(&'a [u8]),
}

impl<'a> Bind<'a> {
    pub(super) fn parse(content: &'a [u8]) -> Option<Self> {
        let mut parts = Elements(content);
        let _version = parts.number(ber::INTEGER)?;
        let name = parts.tagged(ber::OCTETS)?;
        let how = match parts.next()? {
            (0x80, password) => Credentials::Simple(password),
            (0x89..=0x8b, token) => Credentials::Sicily(token),
            (0xa3, sasl) => {
                let mut sasl = Elements(sasl);
                let mechanism = sasl.tagged(ber::OCTETS)?;
                Credentials::Sasl(mechanism, sasl.tagged(ber::OCTETS).unwrap_or_default())
            }
            _ => return None,
        };
        Some(Self { name, how })
    }
}

/// A search.
pub(super) struct Search<'a> {
    pub(super) base: &'a [u8],
    /// 0: the entry itself, 1: those below, 2: the whole tree.
    pub(super) scope: u32,
    pub(super) filter: Vec<u8>,
    pub(super) attributes: Vec<&'a [u8]>,
}

/// Attributes of a search that are looked at.
const ATTRIBUTES: usize = 64;

impl<'a> Search<'a> {
    pub(super) fn parse(content: &'a [u8]) -> Option<Self> {
        let mut parts = Elements(content);
        let base = parts.tagged(ber::OCTETS)?;
        let scope = parts.number(ber::ENUMERATED)?;
        let _aliases = parts.number(ber::ENUMERATED)?;
        let _limits = (parts.number(ber::INTEGER)?, parts.number(ber::INTEGER)?);
        let _types_only = parts.tagged(ber::BOOLEAN)?;
        let mut filter = Vec::new();
        write_filter(&mut filter, parts.next()?, LDAP_FILTER_DEPTH);
        let attributes = Elements(parts.tagged(ber::SEQUENCE).unwrap_or_default());
        let attributes = attributes.map(|(_, name)| name).take(ATTRIBUTES).collect();
        Some(Self { base, scope, filter, attributes })
    }

    /// It in a line.
    pub(super) fn detail(&self) -> Vec<u8> {
        let scope: &[u8] = match self.scope {
            0 => b"\" base ",
            1 => b"\" one ",
            2 => b"\" sub ",
            _ => b"\" other ",
        };
        let mut detail = [b"\"", self.base, scope, self.filter.as_slice()].concat();
        for attribute in &self.attributes {
            detail.push(b' ');
            detail.extend(*attribute);
        }
        detail
    }

    pub(super) fn asks_for(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|asked| asked.eq_ignore_ascii_case(attribute.as_bytes()))
    }
}

/// A filter as RFC 4515 writes it, values as they came; what stands deeper than `depth` is
/// left out.
fn write_filter(text: &mut Vec<u8>, (tag, content): (u8, &[u8]), depth: usize) {
    let mut parts = Elements(content);
    let mut value = || parts.next().unwrap_or_default().1;
    text.push(b'(');
    match tag {
        _ if depth == 0 => text.extend(b"..."),
        0xa0..=0xa2 => {
            text.push(b"&|!"[usize::from(tag & 3)]);
            for part in Elements(content) {
                write_filter(text, part, depth - 1);
            }
        }
        0xa3 => text.extend([value(), b"=", value()].concat()),
        0xa5 => text.extend([value(), b">=", value()].concat()),
        0xa6 => text.extend([value(), b"<=", value()].concat()),
        0xa8 => text.extend([value(), b"~=", value()].concat()),
        0xa4 => {
            text.extend([value(), b"="].concat());
            let pieces: Vec<(u8, &[u8])> = Elements(value()).collect();
            for (at, (kind, piece)) in pieces.iter().enumerate() {
                // 0: at the beginning, 1: anywhere, 2: at the end.
                if at > 0 || *kind != 0x80 {
                    text.push(b'*');
                }
                text.extend(*piece);
            }
            if pieces.last().is_none_or(|(kind, _)| *kind != 0x82) {
                text.push(b'*');
            }
        }
        0x87 => text.extend([content, b"=*"].concat()),
        0xa9 => {
            let of = |wanted: u8| {
                let mut parts = Elements(content).filter(|(kind, _)| *kind == wanted);
                parts.next().unwrap_or_default().1
            };
            text.extend([of(0x82), b":", of(0x81), b":=", of(0x83)].concat());
        }
        _ => text.push(b'?'),
    }
    text.push(b')');
}

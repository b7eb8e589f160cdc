//! What looks like an address or a name and is none.
//!
//! Every dot between letters looks like a name: `libc.so.6`, `main.cc`, `install.sh`,
//! `console.info`. Every version looks like an address. A wrong find that is published
//! blocks an innocent, so doubt counts against a find here; what is lost by that shows up
//! again in other ways (the interpreter, the sandbox, the network).
//!
//! Values that are well-formed but must not be *published* (private and documentation
//! ranges, resolvers, the operator's own) are none of this file's business: they are facts
//! about the sample, and `ukai-indicator` withholds them.

use super::lists::{
    FETCHED, FILE_ENDINGS, HOSTING, PACKAGES, REFERENCES, SERVICES, SPECIAL_DOMAINS, WORDS,
};
use crate::kind::Language;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Length of a host name, in bytes (RFC 1035, section 2.3.4).
pub(super) const NAME_BYTES_MAX: usize = 253;
/// Length of a label, in bytes.
const LABEL_BYTES_MAX: usize = 63;
/// Lengths of IPv6 addresses in text, in bytes.
pub(super) const IPV6_BYTES: std::ops::RangeInclusive<usize> = 8..=45;
/// Length of the shortest bare name that is believed, in bytes.
const BARE_NAME_BYTES_MIN: usize = 5;
/// Length of the longest scheme below, in bytes.
pub(super) const SCHEME_BYTES_MAX: usize = 12;

/// What stands around a word.
pub(super) struct Around<'a> {
    pub(super) before: &'a [u8],
    pub(super) after: &'a [u8],
    /// Whether a colon and a port follow.
    pub(super) port: bool,
    /// Whether the word is all of its printable run.
    pub(super) whole_run: bool,
    pub(super) language: Option<Language>,
}

pub(super) fn is_scheme(letters: &[u8]) -> bool {
    let is = |scheme: &&str| scheme.as_bytes().eq_ignore_ascii_case(letters);
    FETCHED.iter().any(is) || SERVICES.iter().any(|(scheme, _)| is(scheme))
}

/// Whether a scheme is that of a service from which no file is fetched.
pub(super) fn is_service(scheme: &str) -> bool {
    SERVICES.iter().any(|(name, _)| name.eq_ignore_ascii_case(scheme))
}

/// The port of such a scheme, if it has one of its own.
pub(super) fn service_port(scheme: &str) -> Option<u16> {
    let known = SERVICES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme));
    known.and_then(|(_, port)| *port)
}

/// Characters that end a URL in a text: RFC 3986 leaves out the rest.
const fn may_stand_in_url(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'|' | b';')
}

/// Length of the URL at the beginning of `text`, as far as code around it lets it be one: to what
/// cannot stand in it, to the next command, to the next URL of a list, to the bracket that closes
/// what it stands in.
pub(super) fn url_length(text: &[u8]) -> usize {
    let mut opened = 0_u32;
    for (at, byte) in text.iter().enumerate() {
        let rest = &text[at..];
        match byte {
            b'(' => opened += 1,
            b')' if opened == 0 => return at,
            b')' => opened = opened.saturating_sub(1),
            b'&' if rest.starts_with(b"&&") => return at,
            b'@' if rest.starts_with(b"@http://") || rest.starts_with(b"@https://") => return at,
            _ if !may_stand_in_url(*byte) => return at,
            _ => {}
        }
    }
    text.len()
}

/// Length of `url` without marks that belong to the sentence or code around it.
pub(super) fn without_trailing_punctuation(url: &[u8]) -> usize {
    let opened = url.contains(&b'(');
    let marks = url
        .iter()
        .rev()
        .take_while(|byte| {
            matches!(byte, b'.' | b',' | b'!' | b'?' | b']' | b'}' | b'*')
                || (**byte == b')' && !opened)
        })
        .count();
    url.len() - marks
}

/// Whether an address can be anybody's: not this host, this network, everybody or nobody.
pub(super) const fn may_be_contacted(address: IpAddr) -> bool {
    match address {
        // 0/8, 127/8, multicast, and what was never handed out, with all netmasks.
        IpAddr::V4(address) => !matches!(address.octets()[0], 0 | 127 | 224..),
        IpAddr::V6(address) => {
            !address.is_unspecified() && !address.is_loopback() && !address.is_multicast()
        }
    }
}

/// Whether four numbers are an address rather than a version or an object identifier.
pub(super) fn is_contact_address(address: Ipv4Addr, around: &Around<'_>) -> bool {
    if !may_be_contacted(address.into()) {
        return false;
    }
    // With a port there is no doubt.
    around.port
        || !(is_prefix(around.after)
            || is_object_identifier(address)
            || follows_product_name(around.before)
            || follows_version_word(around.before)
            || joined(around))
}

/// `192.0.2.0/24`: a network, as in lists of what to scan.
fn is_prefix(after: &[u8]) -> bool {
    let Some(rest) = after.strip_prefix(b"/") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=2).contains(&digits)
        && !rest.get(digits).is_some_and(|byte| is_name_byte(*byte) || *byte == b'/')
}

/// X.500 attributes and extensions (2.5.4.3, 2.5.29.17), in every TLS library.
const fn is_object_identifier(address: Ipv4Addr) -> bool {
    matches!(
        address.octets(),
        [2, 5, 4 | 8 | 29, 0..=70] | [1, 3, 6 | 14 | 36 | 101 | 132, _] | [1, 2, _, _]
    )
}

/// `Chrome/41.0.2228.0`: a product and its version (RFC 9110, section 10.1.5). But a tool's
/// argument may follow a path: `-r bin/192.0.2.1`.
fn follows_product_name(before: &[u8]) -> bool {
    let Some((b'/', product)) = before.split_last() else { return false };
    product.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// `Version 1.2.3.4`, `rv:1.9.2.3`, `firmware v5.1.0.17`.
fn follows_version_word(before: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[
        b"version",
        b"versions",
        b"ver",
        b"v",
        b"release",
        b"rel",
        b"revision",
        b"rev",
        b"rv",
        b"build",
        b"firmware",
        b"fw",
        b"patch",
        b"patchlevel",
        b"update",
        b"product",
        b"level",
        b"fileversion",
        b"productversion",
        b"section",
        b"rfc",
        b"oid",
        b"sdk",
        b"api",
        b"since",
    ];
    let marks = before
        .iter()
        .rev()
        .take_while(|byte| {
            matches!(byte, b' ' | b'\t' | b':' | b'=' | b'"' | b'\'' | b'(' | b'#' | b'.')
        })
        .count();
    let rest = &before[..before.len() - marks];
    let letters = rest.iter().rev().take(16).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = rest[rest.len() - letters..].to_ascii_lowercase();
    WORDS.contains(&word.as_slice())
}

/// Part of a larger thing: a path, a variable, an arithmetic term.
fn joined(around: &Around<'_>) -> bool {
    matches!(around.before.last(), Some(b'+' | b'#' | b'~' | b'$' | b'%' | b'\\' | b'^' | b'*'))
        || matches!(around.after.first(), Some(b'%' | b'(' | b'+' | b'$'))
}

/// Only addresses of the global range (2000::/3) in full form are believed: `a::b` is C++.
pub(super) fn is_contact_address_v6(address: Ipv6Addr, before: &[u8], after: &[u8]) -> bool {
    let global = address.segments()[0] >> 13 == 1;
    let alone = !before.last().is_some_and(|byte| is_name_byte(*byte))
        && !after.first().is_some_and(|byte| is_name_byte(*byte));
    let prefix = is_prefix(after) || after.starts_with(b"/1");
    global && alone && !prefix
}

/// The host of a URL, lower-case, if it can be contacted from anywhere.
pub(super) fn url_host(host: &str) -> Option<String> {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    (is_well_formed(&name) && is_registrable(&name) && !is_below(&name, REFERENCES)).then_some(name)
}

/// Whether a name is a host of everybody's files.
pub(super) fn is_hosting(name: &str) -> bool {
    is_below(name, HOSTING)
}

/// A bare word as a name, lower-case, if it is believed to be one.
pub(super) fn contact_name(word: &str, around: &Around<'_>) -> Option<String> {
    let name = word.to_ascii_lowercase();
    let plausible = word.len() >= BARE_NAME_BYTES_MIN
        && is_one_case(word)
        && is_well_formed(&name)
        && stands_free(around)
        && is_registrable(&name)
        && !is_below(&name, REFERENCES)
        && (!is_hosting(&name) || around.port)
        && (!is_short(&name) || around.port);
    let believed =
        || around.port || !(is_package(&name) || is_file(&name, around) || is_member(around));
    (plausible && believed()).then_some(name)
}

/// Noise in machine code and identifiers mix cases; names in malware do not.
fn is_one_case(word: &str) -> bool {
    !(word.bytes().any(|byte| byte.is_ascii_lowercase())
        && word.bytes().any(|byte| byte.is_ascii_uppercase()))
}

/// Labels of letters, digits, hyphens and (in front) underscores: RFC 1123, section 2.1.
fn is_well_formed(name: &str) -> bool {
    let mut labels = name.rsplit('.');
    let top = labels.next().unwrap_or_default();
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(is_name_byte)
    };
    name.len() <= NAME_BYTES_MAX
        && top.len() >= 2
        && is_label(top)
        && top.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && labels.clone().next().is_some_and(|second| !second.contains('_'))
        && labels.all(is_label)
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether somebody can have registered the name: it lies below a public suffix
/// (publicsuffix.org) or a special top-level domain.
fn is_registrable(name: &str) -> bool {
    let top = name.rsplit('.').next().unwrap_or_default();
    if SPECIAL_DOMAINS.contains(&top) {
        return top != "onion" || is_onion(name);
    }
    psl::domain(name.as_bytes()).is_some_and(|domain| domain.suffix().is_known())
}

/// Tor's names are keys: 16 or 56 characters of base32 (rend-spec-v3, section 6).
fn is_onion(name: &str) -> bool {
    let key = name.rsplit('.').nth(1).unwrap_or_default();
    matches!(key.len(), 16 | 56)
        && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}

fn is_below(name: &str, list: &[&str]) -> bool {
    list.iter().any(|entry| {
        name.strip_suffix(entry).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Nothing beside it that makes it part of a path, a mail address, a variable or a call.
fn stands_free(around: &Around<'_>) -> bool {
    let before = match around.before {
        [] => true,
        [.., byte] => matches!(
            byte,
            b' ' | b'\t'
                | b'"'
                | b'\''
                | b'`'
                | b'='
                | b'('
                | b'['
                | b'<'
                | b'>'
                | b','
                | b';'
                | b'|'
                | b'{'
                | b':'
        ),
    };
    let after = match around.after {
        [] => true,
        [b':', ..] => around.port || !matches!(around.after.get(1), Some(b':')),
        [byte, ..] => matches!(
            byte,
            b' ' | b'\t'
                | b'"'
                | b'\''
                | b'`'
                | b')'
                | b']'
                | b'<'
                | b'>'
                | b','
                | b';'
                | b'|'
                | b'}'
                | b'/'
                | b'.'
                | b'!'
                | b'?'
                | b'&'
                | b'%'
        ),
    };
    before && after
}

/// Two labels of which the first has at most three characters: as often `value.ir` as a
/// name. Where short names are common, they are believed.
fn is_short(name: &str) -> bool {
    let Some((first, top)) = name.split_once('.') else { return true };
    let usual =
        matches!(top, "com" | "net" | "org" | "cn" | "ru") || SPECIAL_DOMAINS.contains(&top);
    first.len() < 4 && !top.contains('.') && !usual
}

fn is_package(name: &str) -> bool {
    name.split('.').next().is_some_and(|first| PACKAGES.contains(&first))
}

/// `main.cc`, `libc.so`: believed as a name only with three labels, none of them a number,
/// and as the whole string.
fn is_file(name: &str, around: &Around<'_>) -> bool {
    let mut labels = name.rsplit('.');
    let top = labels.next().unwrap_or_default();
    if WORDS.contains(&top) {
        return !around.whole_run;
    }
    if !FILE_ENDINGS.contains(&top) {
        return false;
    }
    let numbers = labels.clone().any(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    !around.whole_run || labels.count() < 2 || numbers || name.contains('_')
}

/// In a program's text a bare `node.name` is a member; names stand in quotes.
fn is_member(around: &Around<'_>) -> bool {
    around.language == Some(Language::Code)
        && !matches!(around.before.last(), Some(b'"' | b'\'' | b'`' | b'>'))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;

//! Finds what looks like a URL, an address, a name or an endpoint in a text.
//!
//! Three linear passes: URLs; then words of letters, digits, dots, hyphens (names and IPv4
//! addresses); then words of hexadecimal digits and colons (IPv6 addresses). What they
//! find is judged by [`super::rules`].

use super::rules::{self, Around};
use super::{Finds, Host, Source};
use crate::limits::URL_BYTES_MAX;
use memchr::{memchr, memmem};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ukai_indicator::observables::FetchUrl;
use ukai_model::ObservableKind;

/// Finds observables in `text`, which is one printable run or line.
pub(crate) fn text(text: &[u8], source: &Source, finds: &mut Finds) {
    let colon = memchr(b':', text).is_some();
    let urls = if colon { urls(text, source, finds) } else { Places::new() };
    if memchr(b'.', text).is_some() {
        words(text, &urls, source, finds);
    }
    if colon {
        addresses_v6(text, &urls, source, finds);
    }
}

/// Places of URLs, in order, so that their parts are not looked at again.
type Places = Vec<(usize, usize)>;

fn urls(text: &[u8], source: &Source, finds: &mut Finds) -> Places {
    let places = url_places(text);
    for (start, end) in &places {
        url(&text[*start..*end], *start, source, finds);
    }
    places
}

fn url_places(text: &[u8]) -> Places {
    let mut places = Places::new();
    for mark in memmem::find_iter(text, b"://") {
        let done = places.last().map_or(0, |(_, end)| *end);
        if mark < done {
            continue;
        }
        let Some(start) = scheme_start(text, mark, done) else { continue };
        let rest = &text[mark + 3..text.len().min(start + URL_BYTES_MAX)];
        let length = rules::url_length(rest);
        let end = mark + 3 + rules::without_trailing_punctuation(&rest[..length]);
        places.push((start, end));
    }
    places
}

/// URLs of services that send no files, such as mining pools, IRC and LDAP, with their places:
/// what is fetched is an observable of its own.
pub(crate) fn service_urls(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    url_places(text).into_iter().filter_map(|(start, end)| {
        let raw = &text[start..end];
        let whole = std::str::from_utf8(raw).ok().filter(|url| template_at(url).is_none())?;
        let (scheme, _) = whole.split_once("://")?;
        let told = rules::is_service(scheme) && host_of(whole, false).is_some();
        told.then_some((start, raw))
    })
}

/// Where the scheme before `mark` begins, if it is one of those that count: of "xhttp", the
/// last four letters.
fn scheme_start(text: &[u8], mark: usize, done: usize) -> Option<usize> {
    let letters = text[done..mark]
        .iter()
        .rev()
        .take(rules::SCHEME_BYTES_MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'+')
        .count();
    (mark - letters..mark).find(|at| rules::is_scheme(&text[*at..mark]))
}

fn url(raw: &[u8], at: usize, source: &Source, finds: &mut Finds) {
    let Ok(raw) = std::str::from_utf8(raw) else { return };
    // What follows a variable or a format directive is only known when the program runs.
    let template = template_at(raw);
    let known = &raw[..template.unwrap_or(raw.len())];
    let Some((host, port)) = host_of(known, template.is_some()) else { return };
    if template.is_none()
        && let Ok(url) = FetchUrl::parse(raw)
    {
        finds.add_at(ObservableKind::Url, url.as_str().to_owned(), at, source);
    }
    // The port is the URL's own where nothing is fetched: no URL says it then.
    let scheme = raw.split_once("://").map_or("", |(scheme, _)| scheme);
    let port = port.or_else(|| rules::service_port(scheme));
    let name_alone = match &host {
        Host::Name(name) => !rules::is_hosting(name),
        Host::Address(_) => true,
    };
    if name_alone || port.is_some() {
        finds.add_host(&host, port, at, source);
    }
}

/// Where a URL has a shell variable, a placeholder or a format directive.
fn template_at(url: &str) -> Option<usize> {
    let escape = |at: usize| {
        url.as_bytes().get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    let mut marks =
        url.char_indices().filter(|(_, mark)| matches!(mark, '$' | '%' | '{' | '*' | '<'));
    marks.find(|(at, mark)| *mark != '%' || !escape(*at)).map(|(at, _)| at)
}

/// The host that a URL would contact. If the URL goes on with something unknown, the host
/// counts only if it is over already.
fn host_of(url: &str, continues: bool) -> Option<(Host, Option<u16>)> {
    let (_, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']);
    if continues && end.is_none() {
        return None;
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        Some("") | None => None,
        Some(digits) => Some(digits.parse().ok().filter(|port| *port != 0)?),
    };
    let host = match host.parse::<IpAddr>() {
        Ok(address) => rules::may_be_contacted(address).then_some(Host::Address(address))?,
        Err(_) => Host::Name(rules::url_host(host)?),
    };
    Some((host, port))
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn words(text: &[u8], urls: &Places, source: &Source, finds: &mut Finds) {
    let mut urls = urls.iter().peekable();
    let mut at = 0;
    while at < text.len() {
        while urls.next_if(|(_, end)| *end <= at).is_some() {}
        if let Some((start, end)) = urls.peek()
            && *start <= at
        {
            at = *end;
            continue;
        }
        let stop = urls.peek().map_or(text.len(), |(start, _)| *start);
        let length = text[at..stop].iter().take_while(|byte| is_word_byte(**byte)).count();
        if length == 0 {
            at += 1;
            continue;
        }
        word(text, at, at + length, source, finds);
        at += length;
    }
}

fn word(text: &[u8], start: usize, end: usize, source: &Source, finds: &mut Finds) {
    // A sentence's final dot is not part of the word.
    let trimmed = text[start..end].iter().rev().take_while(|byte| **byte == b'.').count();
    let end = end - trimmed;
    let word = &text[start..end];
    if memchr(b'.', word).is_none() || word.len() > rules::NAME_BYTES_MAX {
        return;
    }
    let word = std::str::from_utf8(word).expect("letters, digits and marks are ASCII");
    let port = port_after(text, end);
    let around = Around {
        before: &text[..start],
        after: &text[end..],
        port: port.is_some(),
        whole_run: start == 0 && end == text.len(),
        language: source.language,
    };
    if let Ok(address) = word.parse::<Ipv4Addr>() {
        if rules::is_contact_address(address, &around) {
            finds.add_host(&Host::Address(address.into()), port, start, source);
        }
    } else if let Some(name) = rules::contact_name(word, &around) {
        finds.add_host(&Host::Name(name), port, start, source);
    }
}

/// The port in `:PORT` right at `at`.
fn port_after(text: &[u8], at: usize) -> Option<u16> {
    let rest = text[at..].strip_prefix(b":")?;
    let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let goes_on = rest.get(digits).is_some_and(|byte| is_word_byte(*byte) && *byte != b'.');
    let port = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    (!goes_on && port != 0).then_some(port)
}

fn addresses_v6(text: &[u8], urls: &Places, source: &Source, finds: &mut Finds) {
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':' || *byte == b'.';
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|byte| is_part(byte)).count();
        let (start, end) = (at, at + length);
        at += length.max(1);
        let before = urls.partition_point(|(from, _)| *from <= start);
        let in_url = before > 0 && start < urls[before - 1].1;
        if !rules::IPV6_BYTES.contains(&length) || in_url {
            continue;
        }
        let word = std::str::from_utf8(&text[start..end]).expect("digits and colons are ASCII");
        let Ok(address) = word.trim_end_matches(['.', ':']).parse::<Ipv6Addr>() else { continue };
        if !rules::is_contact_address_v6(address, &text[..start], &text[end..]) {
            continue;
        }
        let bracketed = text[..start].ends_with(b"[") && text[end..].starts_with(b"]");
        let port = if bracketed { port_after(text, end + 1) } else { None };
        finds.add_host(&Host::Address(address.into()), port, start, source);
    }
}

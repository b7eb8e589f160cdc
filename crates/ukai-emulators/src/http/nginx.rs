//! How nginx 1.22 reads a request (src/http/ngx_http_parse.c and ngx_http_request.c):
//! what it refuses, when, and as what. Compared with a running one by
//! `tests/compare/http.rs`.

use super::request::{Line, Request};
use memchr::{memchr, memmem};

/// Longest request line or header line, in bytes (`large_client_header_buffers 4 8k`).
pub(super) const LINE_BYTES: usize = 8 * 1024;

/// nginx' own number for header lines that do not fit.
pub(super) const HEADER_TOO_LARGE: u16 = 494;

/// Largest body that is taken, in bytes (`client_max_body_size`).
const BODY_BYTES: i64 = 1 << 20;

/// Headers of which there may be one.
const ONCE: [&str; 9] = [
    "authorization",
    "content-length",
    "content-range",
    "expect",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
];

/// What stands behind error pages for browsers that replace short ones (`msie_padding`).
const PADDING: &[u8] = b"<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n";

/// Whether a request says to have more body than is taken.
pub(super) fn is_too_large(request: &Request) -> bool {
    let length = request.header("content-length").and_then(|text| std::str::from_utf8(text).ok());
    length.and_then(|text| text.parse::<i64>().ok()).is_some_and(|length| length > BODY_BYTES)
}

/// Adds what an error page has for some browsers.
pub(super) fn pad(request: &Request, status: u16, body: &mut Vec<u8>) {
    let mut seen = request.headers.iter().take(request.headers_seen.unwrap_or(usize::MAX));
    let agent = seen.find(|(name, _)| name == "user-agent").map_or(&[][..], |(_, value)| value);
    let has = |what: &[u8]| memmem::find(agent, what).is_some();
    let msie = has(b"MSIE ") && !has(b"Opera");
    let chrome = has(b"Chrome/") && !has(b"Gecko/") && !has(b"Opera");
    if status >= 400 && request.minor.is_some() && (msie || chrome) {
        body.extend_from_slice(&PADDING.repeat(6));
    }
}

/// Whether the connection may stay open for this browser (`keepalive_disable msie6`).
pub(super) fn may_stay(request: &Request) -> bool {
    let agent = request.header("user-agent").unwrap_or_default();
    let Some(at) = memmem::find(agent, b"MSIE ") else { return true };
    let old = match agent.get(at + 5..at + 7) {
        Some(b"4." | b"5.") => true,
        Some(b"6.") => memmem::find(&agent[at..], b"SV1").is_none(),
        _ => false,
    };
    let opera = memmem::find(agent, b"Opera").is_some();
    request.method != b"POST" || !old || opera
}

/// Looks at a request line.
pub(super) fn check_line(line: &[u8]) -> Line {
    let is_method = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-');
    let Some(space) = line.iter().position(|byte| !is_method(byte)) else {
        return Line::Bad(400);
    };
    if space == 0 || line[space] != b' ' {
        return Line::Bad(400);
    }
    let method = &line[..space];
    let rest = line[space..].trim_ascii_start();
    let end = memchr(b' ', rest).unwrap_or(rest.len());
    let (target, version) = (&rest[..end], trim_blanks(&rest[end..]));
    if target.iter().any(|byte| *byte < 0x20 || *byte == 0x7f) || split_target(target).is_none() {
        return Line::Bad(400);
    }
    if version.is_empty() {
        return if method == b"GET" && path_is_good(target) {
            Line::Simple
        } else {
            Line::Bad(400)
        };
    }
    match check_version(version) {
        Ok(()) if path_is_good(target) => Line::Good,
        Ok(()) => Line::Bad(400),
        Err(status) => Line::Bad(status),
    }
}

/// Without blanks around; nginx takes no tabs for blanks here.
fn trim_blanks(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(start, |last| last + 1);
    &text[start..end]
}

fn check_version(version: &[u8]) -> Result<(), u16> {
    let numbers = version.strip_prefix(b"HTTP/").ok_or(400_u16)?;
    let dot = memchr(b'.', numbers);
    let major = &numbers[..dot.unwrap_or(numbers.len())];
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match major {
        [] | [b'0', ..] => return Err(400),
        [b'1'] => {}
        [b'1', rest @ ..] => return Err(if digits(&rest[..1]) { 505 } else { 400 }),
        [byte, ..] if byte.is_ascii_digit() => return Err(505),
        _ => return Err(400),
    }
    let minor = &numbers[dot.map_or(numbers.len(), |dot| dot + 1)..];
    // Digits are added as long as the number so far has two at most.
    let sum = minor.iter().take(minor.len().saturating_sub(1)).try_fold(0_u32, |sum, digit| {
        Some(sum * 10 + u32::from(digit.wrapping_sub(b'0'))).filter(|sum| *sum <= 99)
    });
    if digits(minor) && sum.is_some() { Ok(()) } else { Err(400) }
}

/// A target's authority, if it has one, and its path with query; nothing for what nginx
/// refuses.
pub(super) fn split_target(target: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    if target.starts_with(b"/") {
        return Some((None, target));
    }
    let colon = memchr(b':', target)?;
    let (scheme, rest) = (&target[..colon], target[colon + 1..].strip_prefix(b"//")?);
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if !scheme.first().is_some_and(u8::is_ascii_alphabetic) || !scheme.iter().all(is_scheme) {
        return None;
    }
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (!authority.is_empty()).then_some((Some(authority), path))
}

/// Whether the escapes of a path are right and it stays below the root
/// (`ngx_http_parse_complex_uri`).
fn path_is_good(target: &[u8]) -> bool {
    let Some((authority, target)) = split_target(target) else { return false };
    if authority.is_some_and(|host| !host_is_good(host)) {
        return false;
    }
    let end = target.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(target.len());
    let path = &target[..end];
    let mut escapes = memchr::memchr_iter(b'%', path).map(|at| path.get(at + 1..at + 3));
    let right = |digits: Option<&[u8]>| {
        digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit) && d != b"00")
    };
    if !escapes.all(right) {
        return false;
    }
    let decoded = super::fields::percent_decode(path, false);
    let mut depth = 0_usize;
    for segment in decoded.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return false,
            },
            _ => depth += 1,
        }
    }
    true
}

/// Whether a host can be one (`ngx_http_validate_host`).
fn host_is_good(host: &[u8]) -> bool {
    let (name, port) = match host {
        [b'[', ..] => host.split_at(memchr(b']', host).map_or(host.len(), |end| end + 1)),
        _ => host.split_at(memchr(b':', host).unwrap_or(host.len())),
    };
    let bad = |byte: &u8| *byte <= 0x20 || *byte == 0x7f || *byte == b'/';
    let named = !name.is_empty() && name != b"." && memmem::find(name, b"..").is_none();
    named && !name.iter().any(bad) && !port.iter().any(bad)
}

/// A header line: what it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header<'a> {
    Good(&'a [u8], &'a [u8]),
    /// Passed over: its name has signs that nginx ignores lines for.
    Ignored,
    Bad,
}

/// Looks at a header line without its end.
pub(super) fn header(line: &[u8]) -> Header<'_> {
    let colon = memchr(b':', line);
    let (name, value) = match colon {
        Some(colon) => (&line[..colon], &line[colon + 1..]),
        None => (line, &line[line.len()..]),
    };
    let mut ignored = false;
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' => {}
            // The line is passed over to its end, whatever else is in it.
            _ if *byte > 0x20 && *byte != 0x7f => {
                if *byte == b'_' {
                    ignored = true;
                    continue;
                }
                let rest = &name[at..];
                return if rest.contains(&0) { Header::Bad } else { Header::Ignored };
            }
            _ => return Header::Bad,
        }
    }
    if name.is_empty() {
        return Header::Bad;
    }
    let value = trim_blanks(value);
    if value.iter().any(|byte| matches!(byte, 0 | b'\r')) {
        return Header::Bad;
    }
    if ignored { Header::Ignored } else { Header::Good(name, value) }
}

/// What is wrong with a head that has been read, and as what it is refused.
pub(super) fn judge(request: &Request) -> Option<u16> {
    let all = |name: &'static str| {
        request.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_slice())
    };
    let modern = request.minor.is_some_and(|minor| minor > 0);
    let hosts = all("host").count();
    if hosts > 1 || all("host").any(|host| !host_is_good(host)) || hosts == 0 && modern {
        return Some(400);
    }
    if ONCE.iter().any(|name| all(name).count() > 1) {
        return Some(400);
    }
    let lengths = all("content-length").count();
    let number = |text: &[u8]| {
        let text = std::str::from_utf8(text).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        text.is_some_and(|text| text.parse::<i64>().is_ok())
    };
    if !all("content-length").all(number) {
        return Some(400);
    }
    let codings = all("transfer-encoding").count();
    if codings > 0 && (!modern || codings > 1 || lengths > 0) {
        return Some(400);
    }
    if all("transfer-encoding").any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) {
        return Some(501);
    }
    matches!(&request.method[..], b"TRACE" | b"CONNECT").then_some(405)
}

#[cfg(test)]
mod tests {
    use super::{Header, header};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_line_is_judged(line in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = super::check_line(&line);
            let _ = header(&line);
        }

        #[test]
        fn any_target_is_judged(target in "[/.%a-c0-2:#?@\\[\\] ]{0,30}", version in "[HTP/0-9. ]{0,10}") {
            let _ = super::check_line(format!("GET {target} {version}").as_bytes());
        }
    }

    #[test]
    fn header_lines() {
        assert_eq!(header(b"A-1:  b c "), Header::Good(b"A-1", b"b c"));
        assert_eq!(header(b"alone"), Header::Good(b"alone", b""));
        assert_eq!(header(b"a_b: c"), Header::Ignored);
        for bad in [&b"a b: c"[..], b" a: b", b": b", b"a: \0", b"a: b\rc"] {
            assert_eq!(header(bad), Header::Bad, "{bad:?}");
        }
    }
}

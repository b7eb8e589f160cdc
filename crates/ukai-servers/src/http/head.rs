//! Heads of HTTP/1 requests out of a stream (RFC 9112). What programs really send is
//! taken, also where it is not quite by the book: spaces in targets, lines without colon.

use super::request::{Header, Version};
use crate::limits::{HTTP_HEAD_BYTES, HTTP_HEADERS, HTTP_METHOD_BYTES};
use memchr::memchr;

/// A head, read.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a [u8],
    pub(super) version: Version,
    /// How many of the headers are used.
    pub(super) headers: usize,
    /// Its length, with the empty line.
    pub(super) length: usize,
}

/// What reading led to.
#[derive(Debug)]
pub(super) enum Read<'a> {
    /// More bytes must come.
    More,
    /// A head is complete.
    Head(Head<'a>),
    /// It cannot be followed: the status to answer.
    Bad(u16),
    /// It is not HTTP.
    Foreign,
}

/// Room for the headers of a request.
pub(super) type Lines<'a> = [Header<'a>; HTTP_HEADERS];

/// Reads the head at the beginning of `data`, in front of which no empty lines stand.
pub(super) fn read<'a>(data: &'a [u8], lines: &mut Lines<'a>) -> Read<'a> {
    let Some(method) = method(data) else { return Read::Foreign };
    let Some(feed) = memchr(b'\n', data) else {
        return match method {
            Method::Begun if data.len() > HTTP_METHOD_BYTES => Read::Foreign,
            _ if data.len() > HTTP_HEAD_BYTES => Read::Bad(414),
            _ => Read::More,
        };
    };
    let Method::Whole(method) = method else { return Read::Foreign };
    let line = data[..feed].strip_suffix(b"\r").unwrap_or(&data[..feed]);
    let rest = &line[method.len() + 1..];
    let last = memchr::memrchr(b' ', rest).map_or(rest, |space| &rest[space + 1..]);
    let version = match last {
        b"HTTP/1.0" => Version::Http10,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'] => Version::Http11,
        [b'H', b'T', b'T', b'P', b'/', b'2'..=b'9', ..] => return Read::Bad(505),
        [b'H', b'T', b'T', b'P', b'/', ..] => return Read::Bad(400),
        _ if matches!(method, "GET" | "HEAD") && rest.starts_with(b"/") => {
            let target = rest.trim_ascii();
            let length = feed + 1;
            return Read::Head(Head {
                method,
                target,
                version: Version::Http09,
                headers: 0,
                length,
            });
        }
        _ => return Read::Foreign,
    };
    let target = rest[..rest.len() - last.len()].trim_ascii();
    if target.is_empty() {
        return Read::Bad(400);
    }
    let behind = &data[feed + 1..];
    let (headers, length) = match httparse::parse_headers(behind, lines) {
        Ok(httparse::Status::Complete((length, headers))) => (headers.len(), length),
        Ok(httparse::Status::Partial) if data.len() > HTTP_HEAD_BYTES => return Read::Bad(431),
        Ok(httparse::Status::Partial) => return Read::More,
        Err(httparse::Error::TooManyHeaders) => return Read::Bad(431),
        Err(_) => match end(behind) {
            Some(length) => (leniently(&behind[..length], lines), length),
            None if data.len() > HTTP_HEAD_BYTES => return Read::Bad(431),
            None => return Read::More,
        },
    };
    let length = feed + 1 + length;
    if length > HTTP_HEAD_BYTES {
        return Read::Bad(431);
    }
    Read::Head(Head { method, target, version, headers, length })
}

enum Method<'a> {
    Whole(&'a str),
    Begun,
}

/// The method that bytes begin with; nothing if that is none.
fn method(data: &[u8]) -> Option<Method<'_>> {
    let start = &data[..data.len().min(HTTP_METHOD_BYTES)];
    let length = start.iter().position(|b| !(b.is_ascii_alphabetic() || matches!(b, b'-' | b'_')));
    match length {
        Some(length @ 1..) if start[length] == b' ' => {
            std::str::from_utf8(&start[..length]).ok().map(Method::Whole)
        }
        Some(_) => None,
        None => (start.len() < HTTP_METHOD_BYTES).then_some(Method::Begun),
    }
}

/// Behind the empty line that ends a head's lines.
fn end(lines: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(feed) = memchr(b'\n', &lines[at..]) {
        if matches!(&lines[at..at + feed], b"" | b"\r") {
            return Some(at + feed + 1);
        }
        at += feed + 1;
    }
    None
}

/// Takes what looks like headers of lines that are not all by the book; how many.
fn leniently<'a>(text: &'a [u8], lines: &mut Lines<'a>) -> usize {
    let mut count = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let Some(colon) = memchr(b':', line) else { continue };
        let Ok(name) = std::str::from_utf8(line[..colon].trim_ascii()) else { continue };
        let Some(place) = lines.get_mut(count) else { break };
        *place = Header { name, value: line[colon + 1..].trim_ascii() };
        count += 1;
    }
    count
}

/// How a body is framed (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// The framing that headers tell; nothing if it cannot be understood.
pub(super) fn framing(headers: &[Header<'_>]) -> Option<Framing> {
    let mut length = 0;
    for header in headers {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            let chunked = super::text::holds(header.value, "chunked");
            return chunked.then_some(Framing::Chunked);
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value.trim_ascii()).ok()?.parse().ok()?;
        }
    }
    Some(Framing::Length(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(data: &[u8]) -> String {
        let mut lines = [httparse::EMPTY_HEADER; HTTP_HEADERS];
        match read(data, &mut lines) {
            Read::Head(head) => {
                let headers: Vec<String> = lines[..head.headers]
                    .iter()
                    .map(|h| format!("{}={}", h.name, String::from_utf8_lossy(h.value)))
                    .collect();
                let target = String::from_utf8_lossy(head.target);
                let (method, version) = (head.method, head.version);
                format!("{method} {target} {version:?} {headers:?} {}", head.length)
            }
            Read::More => "more".to_owned(),
            Read::Foreign => "foreign".to_owned(),
            Read::Bad(status) => status.to_string(),
        }
    }

    #[test]
    fn heads_are_read_as_programs_send_them() {
        for (data, read) in [
            ("", "more"),
            ("GE", "more"),
            ("GET / HT", "more"),
            ("GET / HTTP/1.1\r\nHost: a\r\n", "more"),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest", r#"GET / Http11 ["Host=a"] 27"#),
            ("POST /a b HTTP/1.0\n\n", "POST /a b Http10 [] 20"),
            ("GET / HTTP/1.1\r\nno colon\r\nA : b\r\n\r\n", r#"GET / Http11 ["A=b"] 35"#),
            ("GET / HTTP/1.1\r\nno colon\r\n", "more"),
            ("GET /old\r\n", "GET /old Http09 [] 10"),
            ("GET / HTTP/3.0\r\n\r\n", "505"),
            ("GET / HTTP/1.x\r\n\r\n", "400"),
            ("GET HTTP/1.1\r\n\r\n", "400"),
            ("HELO there\r\n", "foreign"),
            ("\u{16}\u{3}\u{1}", "foreign"),
            ("AnythingThatGoesOnAndOnWithoutSpace", "foreign"),
            ("SSH-2.0-x\r\n", "foreign"),
        ] {
            assert_eq!(shown(data.as_bytes()), read, "{data:?}");
        }
        let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(HTTP_HEAD_BYTES));
        assert_eq!(shown(long.as_bytes()), "431");
        assert_eq!(shown(&long.as_bytes()[..HTTP_HEAD_BYTES + 2]), "414");
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(HTTP_HEADERS + 1));
        assert_eq!(shown(many.as_bytes()), "431");
    }
}

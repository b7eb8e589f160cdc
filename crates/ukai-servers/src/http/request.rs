//! A request as every version of HTTP has it.

use super::text;
use std::borrow::Cow;
use std::net::SocketAddr;
use ukai_model::Timestamp;

pub use httparse::Header;

/// The version that a request is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// A request line without version.
    Http09,
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1 (RFC 9112).
    #[default]
    Http11,
    /// HTTP/2 (RFC 9113).
    Http2,
}

/// A request, read whole.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Method as sent.
    pub method: &'a str,
    /// Target as sent; in HTTP/2 its path.
    pub target: &'a [u8],
    /// Version.
    pub version: Version,
    /// Whether it came through TLS.
    pub secure: bool,
    /// The host that is asked, in lower case and without port; the server's address where
    /// none is named.
    pub host: Cow<'a, str>,
    /// Path as sent, without query.
    pub path: &'a [u8],
    /// Query as sent, without its mark.
    pub query: &'a [u8],
    /// Header lines in order.
    pub headers: &'a [Header<'a>],
    /// Request line and headers as sent; in HTTP/2 as HTTP/1.1 has them.
    pub head: &'a [u8],
    /// Body with all codings of the transfer undone, as far as it is kept.
    pub body: &'a [u8],
    /// Length of the whole body in bytes.
    pub body_size: u64,
    /// Who asks.
    pub peer: SocketAddr,
    /// Whom it asks.
    pub local: SocketAddr,
    /// When.
    pub now: Timestamp,
}

impl<'a> Request<'a> {
    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        header(self.headers, name)
    }

    /// Whether a header of that name holds a word, in any case.
    pub fn header_has(&self, name: &str, word: &str) -> bool {
        self.header(name).is_some_and(|value| text::holds(value, word))
    }

    /// The path with percent-encoding undone, as text.
    pub fn decoded_path(&self) -> Cow<'a, str> {
        text::percent_decoded(self.path, false)
    }

    /// The first value of a query's parameter, with percent-encoding undone.
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        text::parameter(self.query, name)
    }

    /// The last segment of the path, in lower case.
    pub fn file_name(&self) -> String {
        let path = self.decoded_path();
        path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether the client would rather have this media type (`html`, `json`, `image/`)
    /// than none in particular.
    pub fn accepts(&self, word: &str) -> bool {
        self.header_has("accept", word)
    }
}

/// The value of the first header of that name.
pub(super) fn header<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|h| h.value)
}

/// A target taken apart: what authority it names, if any, its path and its query.
pub(super) fn split_target(target: &[u8]) -> (Option<&[u8]>, &[u8], &[u8]) {
    let (mut authority, mut rest) = (None, target);
    if !target.starts_with(b"/")
        && let Some(scheme) = memchr::memmem::find(&target[..target.len().min(64)], b"://")
    {
        let behind = &target[scheme + 3..];
        let end = behind.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(behind.len());
        authority = Some(&behind[..end]);
        rest = &behind[end..];
    }
    let rest = memchr::memchr(b'#', rest).map_or(rest, |hash| &rest[..hash]);
    let (path, query) = match memchr::memchr(b'?', rest) {
        Some(mark) => (&rest[..mark], &rest[mark + 1..]),
        None => (rest, &rest[rest.len()..]),
    };
    (authority, if path.is_empty() { b"/" } else { path }, query)
}

/// An authority taken apart: host in lower case, and port. What stands before an `@` is
/// not part of the host.
pub(super) fn split_authority(authority: &[u8]) -> (Cow<'_, str>, Option<u16>) {
    let authority = memchr::memrchr(b'@', authority).map_or(authority, |at| &authority[at + 1..]);
    let (host, port) = if let Some(inside) = authority.strip_prefix(b"[") {
        let end = memchr::memchr(b']', inside).unwrap_or(inside.len());
        (&inside[..end], inside.get(end + 1..).and_then(|rest| rest.strip_prefix(b":")))
    } else {
        match memchr::memrchr(b':', authority) {
            // Two colons without brackets are an address of IPv6.
            Some(colon) if memchr::memchr(b':', &authority[..colon]).is_none() => {
                (&authority[..colon], Some(&authority[colon + 1..]))
            }
            _ => (authority, None),
        }
    };
    let port = port.and_then(|port| std::str::from_utf8(port).ok()?.parse().ok());
    let host = match String::from_utf8_lossy(host.strip_suffix(b".").unwrap_or(host)) {
        Cow::Borrowed(host) if !host.bytes().any(|b| b.is_ascii_uppercase()) => host.into(),
        host => host.to_ascii_lowercase().into(),
    };
    (host, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_apart() {
        let plain = split_target(b"/a/b?x=1&y=/#z");
        assert_eq!(plain, (None, &b"/a/b"[..], &b"x=1&y=/"[..]));
        let whole = split_target(b"http://User@Example.org:8080?q");
        assert_eq!(whole, (Some(&b"User@Example.org:8080"[..]), &b"/"[..], &b"q"[..]));
        assert_eq!(
            split_authority(whole.0.unwrap_or_default()),
            ("example.org".into(), Some(8080))
        );
        assert_eq!(split_authority(b"[2001:db8::1]:443"), ("2001:db8::1".into(), Some(443)));
        assert_eq!(split_authority(b"2001:db8::1"), ("2001:db8::1".into(), None));
        assert_eq!(split_authority(b"a.example.:99999"), ("a.example".into(), None));
        assert_eq!(split_authority(b"\xff["), ("\u{fffd}[".into(), None));
        assert_eq!(split_target(b"*").1, b"*");
        assert_eq!(split_target(b"").1, b"/");
    }
}

//! An answer as every version of HTTP has it, and how HTTP/1 writes it.

use super::request::Version;
use bytes::Bytes;
use std::borrow::Cow;
use std::io::Write as _;

/// An answer to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Media type of the body; empty for none.
    pub content_type: Cow<'static, str>,
    /// Further headers. `Server`, `Date` and the body's length are not among them.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body.
    pub body: Bytes,
    /// Whether it is a file, of which parts may be asked for.
    pub file: bool,
    /// Whether HTTP/1.1 sends the body in chunks, as programs behind servers do whose
    /// output has no length yet.
    pub chunked: bool,
    /// Whether the connection ends behind it.
    pub close: bool,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: 200,
            content_type: Cow::Borrowed(""),
            headers: Vec::new(),
            body: Bytes::new(),
            file: false,
            chunked: false,
            close: false,
        }
    }
}

impl Answer {
    /// An answer of 200 with a body of that type.
    pub fn of(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { content_type: content_type.into(), body: body.into(), ..Self::default() }
    }

    /// The same, as a file.
    pub(super) fn file(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { file: true, ..Self::of(content_type, body) }
    }

    /// HTML.
    pub(super) fn html(body: String) -> Self {
        Self::of("text/html; charset=utf-8", body)
    }

    /// Plain text.
    pub(super) fn text(body: impl Into<Bytes>) -> Self {
        Self::of("text/plain; charset=utf-8", body)
    }

    /// JSON.
    pub(super) fn json(body: String) -> Self {
        Self::of("application/json", body)
    }

    /// A status and nothing else.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The same with another status.
    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A page that tells a status, as nginx has it.
    pub(super) fn error(status: u16) -> Self {
        let reason = reason(status);
        let body = format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n\
             <center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n\
             </body>\r\n</html>\r\n"
        );
        Self::of("text/html", body).status(status)
    }

    /// Whether a body belongs to it at all (RFC 9110, 6.4.1).
    pub(super) const fn has_body(&self) -> bool {
        !matches!(self.status, 100..=199 | 204 | 304)
    }
}

/// What HTTP/1 must know of the request to write its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) version: Version,
    pub(super) head_only: bool,
    pub(super) keep_alive: bool,
}

/// Writes the head of an answer, and its body if it is short: a long one is given back,
/// to be sent as it lies.
pub(super) fn write(
    answer: &Answer,
    manner: Manner,
    server: &str,
    date: &str,
    out: &mut Vec<u8>,
) -> Option<Bytes> {
    const SHORT_BYTES: usize = 16 * 1024;
    let body = if manner.head_only || !answer.has_body() { &[][..] } else { &answer.body[..] };
    if manner.version == Version::Http09 {
        out.extend_from_slice(body);
        return None;
    }
    let chunked = answer.chunked && manner.version == Version::Http11 && answer.has_body();
    out.reserve(256 + body.len().min(SHORT_BYTES));
    // Writing to memory does not fail.
    let _ = write!(
        out,
        "HTTP/1.1 {} {}\r\nServer: {server}\r\nDate: {date}\r\n",
        answer.status,
        reason(answer.status)
    );
    let mut line = |name: &str, value: &str| {
        for part in [name.as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            out.extend_from_slice(part);
        }
    };
    if !answer.content_type.is_empty() {
        line("Content-Type", &answer.content_type);
    }
    for (name, value) in &answer.headers {
        line(name, value);
    }
    if chunked {
        line("Transfer-Encoding", "chunked");
    }
    if !manner.keep_alive {
        line("Connection", "close");
    } else if manner.version == Version::Http10 {
        line("Connection", "keep-alive");
    }
    if chunked {
        out.extend_from_slice(b"\r\n");
        if !manner.head_only {
            if !body.is_empty() {
                let _ = write!(out, "{:x}\r\n", body.len());
                out.extend_from_slice(body);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
        }
        return None;
    }
    if answer.has_body() {
        let _ = write!(out, "Content-Length: {}\r\n", answer.body.len());
    }
    out.extend_from_slice(b"\r\n");
    if body.len() > SHORT_BYTES {
        return Some(answer.body.clone());
    }
    out.extend_from_slice(body);
    None
}

/// The phrase of a status (RFC 9110, 15).
pub(super) const fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        416 => "Requested Range Not Satisfiable",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(answer: &Answer, version: Version, keep_alive: bool) -> String {
        let mut out = Vec::new();
        let manner = Manner { version, head_only: false, keep_alive };
        assert_eq!(write(answer, manner, "nginx", "now", &mut out), None);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn answers_are_written_for_each_version() {
        let mut answer = Answer::text("hello").with("X-A", "b");
        let head = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: now\r\n\
                    Content-Type: text/plain; charset=utf-8\r\nX-A: b\r\n";
        assert_eq!(
            written(&answer, Version::Http11, true),
            format!("{head}Content-Length: 5\r\n\r\nhello")
        );
        assert_eq!(
            written(&answer, Version::Http10, true),
            format!("{head}Connection: keep-alive\r\nContent-Length: 5\r\n\r\nhello")
        );
        assert_eq!(written(&answer, Version::Http09, false), "hello");
        answer.chunked = true;
        assert_eq!(
            written(&answer, Version::Http11, false),
            format!(
                "{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            )
        );
        assert!(written(&Answer::empty(204), Version::Http11, true).ends_with("Date: now\r\n\r\n"));
    }
}

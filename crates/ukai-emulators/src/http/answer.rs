//! Answers, put together as the persona's server does.

use crate::Context;
use crate::date::{asctime, http_date};
use ukai_model::Timestamp;
use ukai_persona::{Host, HttpSpec};

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    /// Further header lines, filled.
    pub(super) headers: Vec<String>,
    pub(super) body: Vec<u8>,
    /// Whether it is an error page of the server.
    pub(super) error: bool,
    /// Whether it is a plain file.
    pub(super) file: bool,
    /// Bytes of that file, where the body is another.
    pub(super) file_bytes: Option<usize>,
    /// The part of a file that it is (206), or the file's length (416).
    pub(super) range: Option<String>,
    /// Whether the body is compressed, and in chunks.
    pub(super) compressed: bool,
    /// Whether the body is left out (HEAD).
    pub(super) head_only: bool,
    /// Whether there is no head at all (HTTP/0.9).
    pub(super) body_only: bool,
    /// Whether the connection stays open.
    pub(super) keep_alive: bool,
}

/// The error page of `status` for `target`.
pub(super) fn error(
    host: &Host,
    spec: &HttpSpec,
    status: u16,
    target: &[u8],
    cx: &Context<'_>,
) -> Answer {
    let page = spec.errors.get(&status.to_string()).unwrap_or(&spec.default_error);
    let status = page.status.unwrap_or(status);
    let body = host.fill(&page.body, cx.now);
    let body =
        body.replace("{status}", &status.to_string()).replace("{reason}", reason(spec, status));
    let mut headers: Vec<String> = page.headers.iter().map(|h| host.fill(h, cx.now)).collect();
    if status == 401 {
        headers.push(format!("WWW-Authenticate: Basic realm=\"{}\"", host.fill_fixed(&spec.realm)));
    }
    Answer {
        status,
        content_type: page.content_type.clone(),
        headers,
        body: splice(&body, "{target}", &escape_html(target)),
        error: true,
        ..Answer::default()
    }
}

/// `template` with `mark` replaced by bytes.
pub(super) fn splice(template: &str, mark: &str, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(template.len() + value.len());
    for (index, piece) in template.split(mark).enumerate() {
        if index > 0 {
            out.extend_from_slice(value);
        }
        out.extend_from_slice(piece.as_bytes());
    }
    out
}

/// The tag of a file (`ngx_http_set_etag`).
pub(super) fn entity_tag(modified: u64, bytes: usize) -> String {
    format!("\"{modified:x}-{bytes:x}\"")
}

fn escape_html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            other => out.push(*other),
        }
    }
    out
}

/// The bytes of an answer.
pub(super) fn render(host: &Host, spec: &HttpSpec, answer: &Answer, now: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + answer.body.len());
    if !answer.body_only {
        let shape = &spec.shape;
        let reason = reason(spec, answer.status);
        out.extend_from_slice(
            format!("{} {} {reason}\r\n", shape.version, answer.status).as_bytes(),
        );
        let lines = match &shape.error_headers {
            Some(lines) if answer.error => lines,
            _ => &shape.headers,
        };
        for template in lines {
            if template == "{extra}" {
                for line in &answer.headers {
                    out.extend_from_slice(line.as_bytes());
                    out.extend_from_slice(b"\r\n");
                }
            } else if let Some(line) = header_line(host, answer, template, now) {
                out.extend_from_slice(line.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    if !answer.head_only {
        out.extend_from_slice(&answer.body);
    }
    out
}

/// A header line; nothing if what it speaks of is missing.
fn header_line(host: &Host, answer: &Answer, template: &str, now: Timestamp) -> Option<String> {
    let modified = host.persona.tree.modified;
    let clock = host.clock(now);
    let value = match template.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
        None => return Some(template.to_owned()),
        Some(("date", _)) => http_date(clock),
        Some(("asctime", _)) => asctime(clock),
        Some(("type" | "length", _)) if answer.status == 304 => return None,
        Some(("length", _)) if answer.compressed => return None,
        Some(("type", _)) => answer.content_type.clone(),
        Some(("length", _)) => answer.body.len().to_string(),
        Some(("range", _)) => answer.range.clone()?,
        Some(("encoding" | "transfer", _)) if !answer.compressed => return None,
        Some(("encoding", _)) => "gzip".to_owned(),
        Some(("transfer", _)) if answer.head_only => return None,
        Some(("transfer", _)) => "chunked".to_owned(),
        Some(("connection", _)) if answer.keep_alive => "keep-alive".to_owned(),
        Some(("connection", _)) => "close".to_owned(),
        Some(("modified" | "etag" | "ranges", _)) if !answer.file => return None,
        Some(("modified", _)) => http_date(Timestamp::from_secs(modified)),
        Some(("etag", _)) => {
            let weak = if answer.compressed { "W/" } else { "" };
            format!(
                "{weak}{}",
                entity_tag(modified, answer.file_bytes.unwrap_or(answer.body.len()))
            )
        }
        Some(("ranges", _)) if answer.status != 200 || answer.compressed => return None,
        Some(("ranges", _)) => "bytes".to_owned(),
        Some(_) => return Some(host.fill(template, now)),
    };
    let (before, rest) = template.split_once('{')?;
    let (_, after) = rest.split_once('}')?;
    (!value.is_empty()).then(|| format!("{before}{value}{after}"))
}

/// The reason phrase: the server's own, or the standard's (RFC 9110, 15).
fn reason(spec: &HttpSpec, status: u16) -> &str {
    if let Some(phrase) = spec.shape.reasons.get(&status.to_string()) {
        return phrase;
    }
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        206 => "Partial Content",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Unknown",
    }
}

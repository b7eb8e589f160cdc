//! Headers of HTTP/2: out of HPACK (RFC 7541), and into it.

use super::frame::Code;
use crate::http::answer::Answer;
use crate::limits::{HTTP_HEADERS, HTTP2_HEAD_BYTES};
use httparse::Header;
use loona_hpack::Decoder;
use std::fmt::Write as _;

/// The headers of one request, as they came.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) method: String,
    pub(super) scheme: String,
    pub(super) authority: Vec<u8>,
    pub(super) path: Vec<u8>,
    lines: Vec<(String, Vec<u8>)>,
}

/// Reads a whole block. What is too long is read to its end all the same, since the state
/// of the compression goes on behind it: `None` then.
pub(super) fn read(decoder: &mut Decoder<'_>, block: &[u8]) -> Result<Option<Fields>, Code> {
    let mut fields = Fields::default();
    let (mut size, mut count) = (0, 0);
    let decoded = decoder.decode_with_cb(block, |name, value| {
        // As RFC 9113, 6.5.2 counts.
        size += name.len() + value.len() + 32;
        count += 1;
        if size > HTTP2_HEAD_BYTES || count > HTTP_HEADERS {
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match &*name {
            b":method" => fields.method = text(&value),
            b":scheme" => fields.scheme = text(&value),
            b":authority" => fields.authority = value.into_owned(),
            b":path" => fields.path = value.into_owned(),
            name => fields.lines.push((text(name), value.into_owned())),
        }
    });
    decoded.map_err(|_| Code::Compression)?;
    Ok((size <= HTTP2_HEAD_BYTES && count <= HTTP_HEADERS).then_some(fields))
}

impl Fields {
    /// The header lines; the authority is the first of them, as `host`.
    pub(super) fn headers(&self) -> Vec<Header<'_>> {
        let mut headers = Vec::with_capacity(self.lines.len() + 1);
        if !self.authority.is_empty() {
            headers.push(Header { name: "host", value: &self.authority });
        }
        headers.extend(self.lines.iter().map(|(name, value)| Header { name, value }));
        headers
    }

    /// The head as HTTP/1.1 would have it.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut head = [self.method.as_bytes(), b" ", &self.path, b" HTTP/2\r\n"].concat();
        for header in self.headers() {
            for part in [header.name.as_bytes(), b": ", header.value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// Adds a header that leaves no trace in the state of the compression: so none is kept
/// for a peer, and none can be asked to be smaller.
fn push(block: &mut Vec<u8>, name: &str, value: &[u8]) {
    block.push(0);
    for text in [name.as_bytes(), value] {
        // Writing to memory does not fail.
        let _ = loona_hpack::encoder::encode_integer_into(text.len(), 7, 0, block);
        block.extend_from_slice(text);
    }
}

/// The block of an answer's headers.
pub(super) fn of_answer(answer: &Answer, server: &str, date: &str) -> Vec<u8> {
    /// What belongs to a connection of HTTP/1 (RFC 9113, 8.2.2).
    const NOT_HERE: [&str; 5] =
        ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    let mut block = Vec::with_capacity(256);
    let mut number = String::new();
    let _ = write!(number, "{}", answer.status);
    push(&mut block, ":status", number.as_bytes());
    push(&mut block, "server", server.as_bytes());
    push(&mut block, "date", date.as_bytes());
    if !answer.content_type.is_empty() {
        push(&mut block, "content-type", answer.content_type.as_bytes());
    }
    for (name, value) in &answer.headers {
        let name = name.to_ascii_lowercase();
        if !NOT_HERE.contains(&&*name) {
            push(&mut block, &name, value.as_bytes());
        }
    }
    if answer.has_body() {
        number.clear();
        let _ = write!(number, "{}", answer.body.len());
        push(&mut block, "content-length", number.as_bytes());
    }
    block
}

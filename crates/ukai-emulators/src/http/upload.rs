//! Bodies that are files.

use super::request::Request;
use crate::Capture;
use crate::limits::{HTTP_PARTS, HTTP_PLAIN_SAMPLE_BYTES_MIN};
use bytes::Bytes;
use memchr::memmem;
use ukai_model::{CaptureHow, PeerText};

/// Whether bytes begin as programs, scripts and archives do.
pub fn is_program(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 11] = [
        b"\x7fELF",
        b"MZ",
        b"#!",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"BZh",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07",
        b"dex\n",
        b"\xfd7zXZ\0",
        b"\xcf\xfa\xed\xfe",
    ];
    MARKS.iter().any(|mark| bytes.starts_with(mark))
}

/// A part of a multipart body (RFC 7578).
pub(super) struct Part<'a> {
    /// Name of the form field.
    pub(super) field: Option<String>,
    /// File name, if the part is a file.
    pub(super) file: Option<PeerText>,
    /// The contents.
    pub(super) bytes: &'a [u8],
}

/// The parts of a multipart body; none if it is not one.
pub(super) fn parts(request: &Request) -> Vec<Part<'_>> {
    const BOUNDARY_BYTES_MAX: usize = 200;
    let Some(kind) = request.header("content-type") else { return Vec::new() };
    if !kind.to_ascii_lowercase().starts_with(b"multipart/") {
        return Vec::new();
    }
    let Some(boundary) = parameter(kind, b"boundary") else { return Vec::new() };
    if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
        return Vec::new();
    }
    let delimiter = [b"--", boundary].concat();
    let finder = memmem::Finder::new(&delimiter);
    let mut starts = finder.find_iter(&request.body).take(HTTP_PARTS + 1).peekable();
    let mut all = Vec::new();
    while let Some(start) = starts.next() {
        let end = starts.peek().copied().unwrap_or(request.body.len());
        let part = &request.body[start + delimiter.len()..end];
        let Some(part) = part.strip_prefix(b"\r\n").or_else(|| part.strip_prefix(b"\n")) else {
            continue;
        };
        let Some(split) = memmem::find(part, b"\r\n\r\n") else { continue };
        let (head, bytes) = (&part[..split], &part[split + 4..]);
        let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let disposition = head
            .split(|byte| *byte == b'\n')
            .find(|line| line.to_ascii_lowercase().starts_with(b"content-disposition"))
            .unwrap_or_default();
        all.push(Part {
            field: parameter(disposition, b"name")
                .map(|name| String::from_utf8_lossy(name).to_lowercase()),
            file: parameter(disposition, b"filename").map(PeerText::from),
            bytes,
        });
    }
    all
}

/// The value of `; name=value` or `; name="value"` in a header's value.
fn parameter<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    header.split(|byte| *byte == b';').skip(1).find_map(|piece| {
        let piece = piece.trim_ascii();
        let equals = memchr::memchr(b'=', piece)?;
        if !piece[..equals].eq_ignore_ascii_case(name) {
            return None;
        }
        let value = &piece[equals + 1..];
        Some(value.strip_prefix(b"\"").map_or(value, |v| v.strip_suffix(b"\"").unwrap_or(v)))
    })
}

/// What of a request is to be kept as samples.
pub(super) fn captures(request: &Request) -> Vec<Capture> {
    let keep = |bytes: &[u8], name: Option<PeerText>| Capture {
        bytes: Bytes::copy_from_slice(bytes),
        how: CaptureHow::Uploaded,
        name,
        url: None,
    };
    let parts = parts(request);
    if !parts.is_empty() {
        return parts
            .into_iter()
            .filter(|part| !part.bytes.is_empty())
            .filter(|part| part.file.is_some() || is_program(part.bytes))
            .map(|part| keep(part.bytes, part.file.filter(|name| !name.is_empty())))
            .collect();
    }
    let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let stream = kind.starts_with(b"application/octet-stream")
        && request.body.len() >= HTTP_PLAIN_SAMPLE_BYTES_MIN;
    let put = request.method == b"PUT" && !request.body.is_empty();
    if put || stream || is_program(&request.body) {
        let path = request.path();
        let name = path.rsplit(|byte| *byte == b'/').next().filter(|name| !name.is_empty());
        return vec![keep(&request.body, name.map(PeerText::from))];
    }
    Vec::new()
}

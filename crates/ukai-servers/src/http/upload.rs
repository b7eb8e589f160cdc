//! What of a request's body is kept as a sample.

use super::request::Request;
use crate::limits::{HTTP_BODY_RECORDED_BYTES, HTTP_PARTS};
use bytes::Bytes;
use memchr::memmem;
use ukai_emulators::{Capture, is_program};
use ukai_model::{CaptureHow, PeerText};

/// What is kept: files of forms, what is put, programs, and whatever is longer than what
/// the event of the request holds.
pub(super) fn captures(request: &Request<'_>) -> Vec<Capture> {
    if request.body.is_empty() {
        return Vec::new();
    }
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
            .filter(|part| part.file.is_some() || is_program(part.bytes))
            .filter(|part| !part.bytes.is_empty())
            .map(|part| keep(part.bytes, part.file.filter(|name| !name.is_empty())))
            .collect();
    }
    if request.method == "PUT"
        || request.body.len() > HTTP_BODY_RECORDED_BYTES
        || is_program(request.body)
    {
        let path = request.decoded_path();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty());
        return vec![keep(request.body, name.map(PeerText::from))];
    }
    Vec::new()
}

struct Part<'a> {
    file: Option<PeerText>,
    bytes: &'a [u8],
}

/// The parts of a multipart body (RFC 7578); none if it is not one.
fn parts<'a>(request: &Request<'a>) -> Vec<Part<'a>> {
    const BOUNDARY_BYTES_MAX: usize = 200;
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/")) {
        return Vec::new();
    }
    let boundary = parameter(kind, b"boundary").unwrap_or_default();
    if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
        return Vec::new();
    }
    let delimiter = [b"--", boundary].concat();
    let finder = memmem::Finder::new(&delimiter);
    let mut starts = finder.find_iter(request.body).take(HTTP_PARTS + 1).peekable();
    let mut all = Vec::new();
    while let Some(start) = starts.next() {
        let end = starts.peek().copied().unwrap_or(request.body.len());
        let part = &request.body[start + delimiter.len()..end];
        let Some(part) = part.strip_prefix(b"\r\n").or_else(|| part.strip_prefix(b"\n")) else {
            continue;
        };
        let Some(split) = memmem::find(part, b"\r\n\r\n") else { continue };
        let (head, bytes) = (&part[..split], &part[split + 4..]);
        let disposition = head
            .split(|byte| *byte == b'\n')
            .find(|line| line.to_ascii_lowercase().starts_with(b"content-disposition"))
            .unwrap_or_default();
        all.push(Part {
            file: parameter(disposition, b"filename").map(PeerText::from),
            bytes: bytes.strip_suffix(b"\r\n").unwrap_or(bytes),
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

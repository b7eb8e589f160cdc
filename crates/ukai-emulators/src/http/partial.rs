//! Conditions, ranges and compression of a plain file's answer, as nginx 1.22 has them
//! (ngx_http_not_modified_filter_module.c, ngx_http_range_filter_module.c,
//! ngx_http_gzip_filter_module.c with Debian's settings).

use super::answer::{Answer, entity_tag};
use super::request::Request;
use crate::date::http_date;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use ukai_model::Timestamp;
use ukai_persona::Host;

/// Shortest body that is compressed, in bytes (`gzip_min_length`).
const GZIP_BYTES_MIN: usize = 20;

/// Ranges of one request (`max_ranges` has no limit; a request's head has).
const RANGES_MAX: usize = 2_048;

/// What becomes of the answer with the whole file.
pub(super) enum Outcome {
    Whole,
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 416, for a file of so many bytes.
    Unsatisfiable(usize),
    Part,
}

/// Applies the conditions and ranges of `request` to an answer with a whole file.
pub(super) fn apply(host: &Host, request: &Request, number: u32, answer: &mut Answer) -> Outcome {
    let modified = host.persona.tree.modified;
    let tag = entity_tag(modified, answer.body.len());
    let date = http_date(Timestamp::from_secs(modified));
    let listed = |name| request.header(name).map(|value| tag_is_listed(value, &tag));
    let same = |value: &[u8]| value == date.as_bytes();
    if let Some(since) = request.header("if-unmodified-since") {
        let later = crate::date::parse(since).is_some_and(|time| time < modified);
        if later {
            return Outcome::Failed;
        }
    }
    if listed("if-match") == Some(false) {
        return Outcome::Failed;
    }
    let since = request.header("if-modified-since").map(same);
    let none = listed("if-none-match");
    if (since.is_some() || none.is_some()) && since != Some(false) && none != Some(false) {
        return Outcome::NotModified;
    }
    let Some(wanted) = request.header("range") else { return Outcome::Whole };
    if let Some(if_range) = request.header("if-range") {
        let fits =
            if if_range.ends_with(b"\"") { if_range == tag.as_bytes() } else { same(if_range) };
        if !fits {
            return Outcome::Whole;
        }
    }
    let is_bytes = wanted.get(..6).is_some_and(|unit| unit.eq_ignore_ascii_case(b"bytes="));
    let Some(wanted) = wanted.get(6..).filter(|rest| is_bytes && !rest.is_empty()) else {
        return Outcome::Whole;
    };
    let length = answer.body.len();
    match ranges(wanted, length) {
        None => Outcome::Whole,
        Some(ranges) if ranges.is_empty() => Outcome::Unsatisfiable(length),
        Some(ranges) => {
            cut(answer, &ranges, number);
            Outcome::Part
        }
    }
}

/// Whether an entity tag is in a list (`ngx_http_test_if_match`), weak or not.
fn tag_is_listed(list: &[u8], tag: &str) -> bool {
    list == b"*"
        || list.split(|byte| *byte == b',').any(|one| {
            let one = one.trim_ascii();
            one.strip_prefix(b"W/").unwrap_or(one) == tag.as_bytes()
        })
}

/// The ranges that are asked for and can be had; none of them: unsatisfiable. Nothing: the
/// whole, since more is asked for than there is.
fn ranges(text: &[u8], length: usize) -> Option<Vec<(usize, usize)>> {
    let mut all = Vec::new();
    let mut sum = 0_usize;
    for one in text.split(|byte| *byte == b',').take(RANGES_MAX) {
        let one = one.trim_ascii();
        let Some(dash) = memchr::memchr(b'-', one) else { return Some(Vec::new()) };
        let number = |digits: &[u8]| -> Option<usize> {
            let digits = digits.trim_ascii();
            let right = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            right.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
        };
        let (first, last) = (one[..dash].trim_ascii(), one[dash + 1..].trim_ascii());
        let (start, end) = match (first.is_empty(), last.is_empty()) {
            (true, true) => return Some(Vec::new()),
            (true, false) => {
                let Some(count) = number(last) else { return Some(Vec::new()) };
                (length.saturating_sub(count), length)
            }
            (false, true) => {
                let Some(start) = number(first) else { return Some(Vec::new()) };
                (start, length)
            }
            (false, false) => {
                let (Some(start), Some(end)) = (number(first), number(last)) else {
                    return Some(Vec::new());
                };
                (start, end.saturating_add(1).min(length))
            }
        };
        if start < end {
            sum += end - start;
            if sum > length {
                return None;
            }
            all.push((start, end));
        }
    }
    Some(all)
}

fn cut(answer: &mut Answer, ranges: &[(usize, usize)], number: u32) {
    let whole = std::mem::take(&mut answer.body);
    answer.status = 206;
    if let [(start, end)] = ranges {
        answer.range = Some(format!("bytes {start}-{}/{}", end - 1, whole.len()));
        answer.body = whole[*start..*end].to_vec();
        return;
    }
    // `ngx_next_temp_number`, of twenty digits.
    let boundary = format!("{number:020}");
    for (start, end) in ranges {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Range: bytes {start}-{}/{}\r\n\r\n",
            answer.content_type,
            end - 1,
            whole.len()
        );
        answer.body.extend_from_slice(head.as_bytes());
        answer.body.extend_from_slice(&whole[*start..*end]);
    }
    answer.body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    answer.content_type = format!("multipart/byteranges; boundary={boundary}");
    answer.range = None;
}

/// Compresses an answer where nginx does: a page for who takes it, over HTTP/1.1.
pub(super) fn compress(request: &Request, answer: &mut Answer) {
    let modern = request.minor.is_some_and(|minor| minor > 0);
    let page = matches!(answer.status, 200 | 403 | 404) && answer.content_type == "text/html";
    if !modern || !page || answer.body.len() < GZIP_BYTES_MIN || !takes_gzip(request) {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(1));
    let Ok(()) = encoder.write_all(&answer.body) else { return };
    let Ok(compressed) = encoder.finish() else { return };
    answer.body = if answer.head_only {
        Vec::new()
    } else {
        let mut chunked = format!("{:x}\r\n", compressed.len()).into_bytes();
        chunked.extend_from_slice(&compressed);
        chunked.extend_from_slice(b"\r\n0\r\n\r\n");
        chunked
    };
    answer.compressed = true;
}

/// `ngx_http_gzip_accept_encoding`, in what clients send.
fn takes_gzip(request: &Request) -> bool {
    let Some(list) = request.header("accept-encoding") else { return false };
    list.split(|byte| *byte == b',').any(|one| {
        let mut parts = one.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let coding = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            part.get(..2).is_some_and(|q| q.eq_ignore_ascii_case(b"q="))
                && part[2..].iter().all(|byte| matches!(byte, b'0' | b'.'))
        });
        coding.eq_ignore_ascii_case(b"gzip") && !refused
    })
}

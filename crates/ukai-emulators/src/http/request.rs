//! Requests out of a stream (RFC 9112), each kept whole within its limits.

use super::fields::percent_decode;
use super::nginx;
use crate::limits::{
    HTTP_BODY_BYTES, HTTP_CHUNK_LINE_BYTES, HTTP_HEAD_BYTES, HTTP_HEADERS, HTTP_TRAILER_BYTES,
};
use memchr::memchr;
use ukai_persona::HttpDialect;

/// A request, read whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    /// Method as sent.
    pub(super) method: Vec<u8>,
    /// Target as sent.
    pub(super) target: Vec<u8>,
    /// Minor version of HTTP/1; `None` for a request without version (HTTP/0.9).
    pub(super) minor: Option<u8>,
    /// Header lines: name in lower case, value.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    /// Request line and headers as sent.
    pub(super) head: Vec<u8>,
    /// Body, with transfer coding undone.
    pub(super) body: Vec<u8>,
    /// How many of the headers stand before what the request is refused for.
    pub(super) headers_seen: Option<usize>,
}

impl Request {
    /// The value of the first header of that name.
    pub(super) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice())
    }

    /// Target without scheme, authority, query and fragment, as sent.
    pub(super) fn raw_path(&self) -> &[u8] {
        let target = self.target.as_slice();
        let target = match memchr::memmem::find(target, b"://") {
            Some(scheme) if !target.starts_with(b"/") => {
                let rest = &target[scheme + 3..];
                memchr(b'/', rest).map_or(&b"/"[..], |slash| &rest[slash..])
            }
            _ => target,
        };
        let end = target.iter().position(|b| matches!(b, b'?' | b'#')).unwrap_or(target.len());
        &target[..end]
    }

    /// The path, decoded; `.`, `..` and empty segments resolved. A name for look-ups:
    /// it leads to no file.
    pub(super) fn path(&self) -> Vec<u8> {
        let decoded = percent_decode(self.raw_path(), false);
        let mut segments: Vec<&[u8]> = Vec::new();
        for segment in decoded.split(|byte| *byte == b'/') {
            match segment {
                b"" | b"." => {}
                b".." => {
                    segments.pop();
                }
                name => segments.push(name),
            }
        }
        let mut path = Vec::with_capacity(decoded.len() + 1);
        for segment in &segments {
            path.push(b'/');
            path.extend_from_slice(segment);
        }
        if segments.is_empty() || decoded.ends_with(b"/") {
            path.push(b'/');
        }
        path
    }

    /// Whether the path tries to leave the server's root.
    pub(super) fn traverses(&self) -> bool {
        // Twice: some servers decoded twice.
        let decoded = percent_decode(&percent_decode(&self.target, false), false);
        decoded.split(|byte| matches!(byte, b'/' | b'\\' | b'=')).any(|segment| segment == b"..")
    }

    /// The query, as sent.
    pub(super) fn query(&self) -> &[u8] {
        memchr(b'?', &self.target).map_or(&[], |mark| &self.target[mark + 1..])
    }

    /// Whether the client waits to be asked for its body.
    pub(super) fn wants_continue(&self) -> bool {
        self.minor >= Some(1)
            && self.header("expect").is_some_and(|v| v.eq_ignore_ascii_case(b"100-continue"))
    }

    /// Whether the client wants the connection to stay open.
    pub(super) fn wants_keep_alive(&self) -> bool {
        let lines = self.headers.iter().filter(|(name, _)| name == "connection");
        let lines: Vec<&[u8]> = lines.map(|(_, value)| value.as_slice()).collect();
        let connection = lines.join(&b',').to_ascii_lowercase();
        match self.minor {
            None => false,
            Some(0) => memchr::memmem::find(&connection, b"keep-alive").is_some(),
            Some(_) => memchr::memmem::find(&connection, b"close").is_none(),
        }
    }
}

/// What reading led to.
#[derive(Debug)]
pub(super) enum Read {
    /// More bytes must come.
    More,
    /// The head is complete and the client waits for `100 Continue`.
    Continue,
    /// A request is complete.
    Request(Box<Request>),
    /// The stream cannot be followed further: the status to answer, what there is of
    /// the request, and the limit that was reached, if it was one.
    Bad(u16, Box<Request>, Option<&'static str>),
    /// The head of a request is complete, and its body is still to be read: nginx answers
    /// now.
    Head(Box<Request>),
    /// A request whose body cannot be followed: it is answered, and the last.
    Last(Box<Request>),
    /// Not HTTP at all; it is collected until the peer falls silent.
    Foreign,
    /// It is refused already; the rest of its head is collected until the peer falls
    /// silent.
    Refused,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Head,
    /// A body of known length: what is missing.
    Length(Box<Request>, usize),
    Chunked(Box<Request>, Chunk),
    Foreign,
    /// With this status, for what stands behind so many bytes, and at this limit if it was
    /// one.
    Refused(u16, usize, Option<&'static str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunk {
    Size,
    Data(usize),
    DataEnd,
    Trailer(usize),
}

/// Takes a stream apart into requests.
#[derive(Debug, Default)]
pub(super) struct Reader {
    input: Vec<u8>,
    /// Bytes of `input` already used up.
    used: usize,
    /// Bytes of the unfinished head in which its end was already looked for.
    scanned: usize,
    line_checked: bool,
    stage: Stage,
    dialect: HttpDialect,
}

impl Reader {
    pub(super) fn new(dialect: HttpDialect) -> Self {
        Self { dialect, ..Self::default() }
    }

    /// Takes bytes in.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.used > 0 {
            self.input.drain(..self.used);
            self.used = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// Bytes that were taken in and are not used yet.
    pub(super) fn waiting(&self) -> usize {
        self.input.len() - self.used
    }

    /// Whether a request has begun.
    pub(super) fn in_request(&self) -> bool {
        self.waiting() > 0 || !matches!(self.stage, Stage::Head)
    }

    /// An unfinished request, as far as it came.
    pub(super) fn take_unfinished(&mut self) -> Option<Box<Request>> {
        match std::mem::take(&mut self.stage) {
            Stage::Length(request, _) | Stage::Chunked(request, _) => Some(request),
            Stage::Foreign => None,
            Stage::Head | Stage::Refused(..) => {
                let head = &self.input[self.used..];
                (!head.is_empty())
                    .then(|| Box::new(simple(&head[..head.len().min(HTTP_HEAD_BYTES)])))
            }
        }
    }

    /// What was taken in and is not used yet.
    pub(super) fn leftover(&self) -> &[u8] {
        &self.input[self.used..]
    }

    /// The next thing in the stream.
    pub(super) fn next(&mut self) -> Read {
        loop {
            match std::mem::take(&mut self.stage) {
                Stage::Head if self.dialect == HttpDialect::Nginx => match self.nginx_head() {
                    Ok(None) => return Read::More,
                    Ok(Some(read)) => return read,
                    Err(()) => {}
                },
                Stage::Head => match self.head() {
                    Ok(None) => return Read::More,
                    Ok(Some(read)) => return read,
                    Err(()) => {}
                },
                Stage::Length(mut request, missing) => {
                    let count = missing.min(self.waiting());
                    request.body.extend_from_slice(&self.input[self.used..self.used + count]);
                    self.used += count;
                    if count == missing {
                        return Read::Request(request);
                    }
                    self.stage = Stage::Length(request, missing - count);
                    return Read::More;
                }
                Stage::Chunked(request, chunk) => {
                    if let Some(read) = self.chunked(request, chunk) {
                        return read;
                    }
                }
                Stage::Foreign => {
                    self.stage = Stage::Foreign;
                    return Read::Foreign;
                }
                Stage::Refused(status, seen, limit) => {
                    self.stage = Stage::Refused(status, seen, limit);
                    let head = &self.input[self.used..];
                    return if head_end(head).is_some() || head.len() > HTTP_HEAD_BYTES {
                        self.refusal()
                    } else {
                        Read::Refused
                    };
                }
            }
        }
    }

    /// Reads a head. `Err` means that the stage has moved on to a body.
    fn head(&mut self) -> Result<Option<Read>, ()> {
        if self.scanned == 0 {
            while matches!(self.input.get(self.used), Some(b'\r' | b'\n')) {
                self.used += 1;
            }
            match self.input.get(self.used) {
                None => return Ok(None),
                Some(byte) if !byte.is_ascii_alphabetic() => {
                    self.stage = Stage::Foreign;
                    return Ok(Some(Read::Foreign));
                }
                Some(_) => {}
            }
        }
        let head = &self.input[self.used..];
        let (mut end, mut at) = (None, self.scanned);
        while let Some(feed) = memchr(b'\n', &head[at..]) {
            let feed = at + feed;
            if !self.line_checked {
                self.line_checked = true;
                let line = &head[..feed];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                match check_line(line) {
                    Line::Good => {}
                    Line::Simple => {
                        let request = Box::new(simple(line));
                        self.advance(feed + 1);
                        return Ok(Some(Read::Request(request)));
                    }
                    Line::Bad(status) => {
                        let request = Box::new(simple(line));
                        self.advance(feed + 1);
                        return Ok(Some(Read::Bad(status, request, None)));
                    }
                }
            }
            match head.get(feed + 1..) {
                Some([b'\n', ..]) => end = Some(feed + 2),
                Some([b'\r', b'\n', ..]) => end = Some(feed + 3),
                Some([] | [b'\r']) | None => {
                    at = feed;
                    break;
                }
                Some(_) => {}
            }
            at = feed + 1;
            if end.is_some() {
                break;
            }
        }
        self.scanned =
            if end.is_some() || memchr(b'\n', &head[at..]).is_some() { at } else { head.len() };
        let size = end.unwrap_or(head.len());
        if size > HTTP_HEAD_BYTES {
            let request = Box::new(simple(&head[..HTTP_HEAD_BYTES]));
            self.advance(size);
            return Ok(Some(Read::Bad(400, request, Some("http-head-bytes"))));
        }
        let Some(end) = end else { return Ok(None) };
        let head = head[..end].to_vec();
        self.advance(end);
        self.begin(head)
    }

    /// Reads a head as nginx does: line by line, refused at the first that is wrong.
    fn nginx_head(&mut self) -> Result<Option<Read>, ()> {
        if self.scanned == 0 {
            // Empty lines before a request are passed over.
            while matches!(self.input.get(self.used), Some(b'\r' | b'\n')) {
                self.used += 1;
            }
            match self.input.get(self.used) {
                None => return Ok(None),
                Some(byte) if !byte.is_ascii_alphabetic() && !matches!(byte, b'_' | b'-') => {
                    self.stage = Stage::Foreign;
                    return Ok(Some(Read::Foreign));
                }
                Some(_) => {}
            }
        }
        loop {
            let head = &self.input[self.used..];
            let rest = &head[self.scanned..];
            let Some(feed) = memchr(b'\n', rest).filter(|feed| *feed < nginx::LINE_BYTES) else {
                if rest.len() < nginx::LINE_BYTES && head.len() <= HTTP_HEAD_BYTES {
                    return Ok(None);
                }
                let status = if self.scanned == 0 { 414 } else { nginx::HEADER_TOO_LARGE };
                self.stage = Stage::Refused(status, self.scanned, Some("http-head-bytes"));
                return Err(());
            };
            let end = self.scanned + feed + 1;
            let line = rest[..feed].strip_suffix(b"\r").unwrap_or(&rest[..feed]);
            if self.scanned == 0 {
                match nginx::check_line(line) {
                    Line::Good => {}
                    Line::Simple => {
                        let request = Box::new(simple(line));
                        self.advance(end);
                        return Ok(Some(Read::Request(request)));
                    }
                    Line::Bad(status) => {
                        self.stage = Stage::Refused(status, self.scanned, None);
                        return Err(());
                    }
                }
            } else if line.is_empty() {
                let head = head[..end].to_vec();
                self.advance(end);
                let request = Box::new(nginx_request(head));
                if let Some(status) = nginx::judge(&request) {
                    return Ok(Some(Read::Bad(status, request, None)));
                }
                return self.body_of(request);
            } else if nginx::header(line) == nginx::Header::Bad {
                self.stage = Stage::Refused(400, self.scanned, None);
                return Err(());
            }
            self.scanned = end;
        }
    }

    /// What is refused, with what there is of its head.
    pub(super) fn refusal(&mut self) -> Read {
        let Stage::Refused(status, seen, limit) = std::mem::take(&mut self.stage) else {
            return Read::More;
        };
        let head = &self.input[self.used..];
        let size = head_end(head).unwrap_or(head.len());
        let seen = nginx_request(head[..seen.min(size)].to_vec()).headers.len();
        let mut request = nginx_request(head[..size.min(HTTP_HEAD_BYTES)].to_vec());
        request.headers_seen = Some(seen);
        self.advance(size);
        Read::Bad(status, Box::new(request), limit)
    }

    fn advance(&mut self, count: usize) {
        self.used += count;
        self.scanned = 0;
        self.line_checked = false;
    }

    /// A head is complete: what body belongs to it?
    fn begin(&mut self, head: Vec<u8>) -> Result<Option<Read>, ()> {
        match parse(head) {
            Ok(request) => self.body_of(request),
            Err(request) => Ok(Some(Read::Bad(400, request, None))),
        }
    }

    fn body_of(&mut self, mut request: Box<Request>) -> Result<Option<Read>, ()> {
        let chunked = request
            .header("transfer-encoding")
            .map(|coding| coding.to_ascii_lowercase().ends_with(b"chunked"));
        match chunked {
            Some(true) => {
                let read = self.before_body(&request);
                self.stage = Stage::Chunked(request, Chunk::Size);
                return read.map_or(Err(()), |read| Ok(Some(read)));
            }
            Some(false) => return Ok(Some(Read::Bad(501, request, None))),
            None => {}
        }
        let mut lengths = request.headers.iter().filter(|(name, _)| name == "content-length");
        let Some((_, first)) = lengths.next() else { return Ok(Some(Read::Request(request))) };
        if lengths.any(|(_, other)| other != first) {
            return Ok(Some(Read::Bad(400, request, None)));
        }
        let digits =
            std::str::from_utf8(first).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        let Some(length) = digits.and_then(|text| text.parse::<u64>().ok()) else {
            return Ok(Some(Read::Bad(400, request, None)));
        };
        if length > HTTP_BODY_BYTES as u64 {
            return Ok(Some(Read::Bad(413, request, Some("http-body-bytes"))));
        }
        let length = length as usize;
        if length == 0 {
            return Ok(Some(Read::Request(request)));
        }
        let read = self.before_body(&request);
        request.body.reserve(length.min(64 * 1024));
        self.stage = Stage::Length(request, length);
        read.map_or(Err(()), |read| Ok(Some(read)))
    }

    /// What is to be done before a body is read.
    fn before_body(&self, request: &Request) -> Option<Read> {
        if self.dialect == HttpDialect::Nginx {
            return Some(Read::Head(Box::new(request.clone())));
        }
        request.wants_continue().then_some(Read::Continue)
    }

    /// Goes on in a chunked body; `None` means: look again.
    fn chunked(&mut self, mut request: Box<Request>, chunk: Chunk) -> Option<Read> {
        let rest = &self.input[self.used..];
        if let Chunk::Data(missing) = chunk {
            let count = missing.min(rest.len());
            request.body.extend_from_slice(&rest[..count]);
            self.used += count;
            let more = count < missing;
            let next = if more { Chunk::Data(missing - count) } else { Chunk::DataEnd };
            self.stage = Stage::Chunked(request, next);
            return more.then_some(Read::More);
        }
        let Some(feed) = memchr(b'\n', &rest[..rest.len().min(HTTP_CHUNK_LINE_BYTES)]) else {
            if rest.len() >= HTTP_CHUNK_LINE_BYTES {
                return Some(Read::Bad(400, request, Some("http-chunk-line-bytes")));
            }
            self.stage = Stage::Chunked(request, chunk);
            return Some(Read::More);
        };
        let line = rest[..feed].trim_ascii();
        self.used += feed + 1;
        let next = match chunk {
            Chunk::Size => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(digits.trim_ascii())
                    .ok()
                    .and_then(|text| usize::from_str_radix(text, 16).ok());
                match size {
                    None => return Some(self.broken(request)),
                    Some(0) => Chunk::Trailer(0),
                    Some(size) if size > HTTP_BODY_BYTES - request.body.len() => {
                        return Some(Read::Bad(413, request, Some("http-body-bytes")));
                    }
                    Some(size) => Chunk::Data(size),
                }
            }
            Chunk::DataEnd if line.is_empty() => Chunk::Size,
            Chunk::Trailer(_) if line.is_empty() => return Some(Read::Request(request)),
            Chunk::Trailer(seen) if seen + feed < HTTP_TRAILER_BYTES => Chunk::Trailer(seen + feed),
            _ => return Some(self.broken(request)),
        };
        self.stage = Stage::Chunked(request, next);
        None
    }

    /// A chunk is wrong. nginx answers what it refuses anyway before it sees that.
    fn broken(&self, request: Box<Request>) -> Read {
        let reads_on = matches!(&request.method[..], b"GET" | b"HEAD");
        if self.dialect == HttpDialect::Nginx && !reads_on {
            Read::Last(request)
        } else {
            Read::Bad(400, request, None)
        }
    }
}

pub(super) enum Line {
    Good,
    /// A request without version.
    Simple,
    Bad(u16),
}

fn check_line(line: &[u8]) -> Line {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let (method, target) = (words.next().unwrap_or_default(), words.next());
    if !method.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'_' | b'-'))
        || target.is_none()
    {
        return Line::Bad(400);
    }
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    match version {
        b"HTTP/1.0" | b"HTTP/1.1" => Line::Good,
        [b'H', b'T', b'T', b'P', b'/', b'2'..=b'9', ..] => Line::Bad(505),
        [b'H', b'T', b'T', b'P', b'/', ..] => Line::Bad(400),
        _ if words.next().is_none() && method == b"GET" => Line::Simple,
        _ => Line::Bad(400),
    }
}

/// Behind the empty line that ends a head.
fn head_end(head: &[u8]) -> Option<usize> {
    let ends: [&[u8]; 2] = [b"\n\r\n", b"\n\n"];
    ends.iter().filter_map(|end| Some(memchr::memmem::find(head, end)? + end.len())).min()
}

/// A request of which only the first line is known.
fn simple(line: &[u8]) -> Request {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Request {
        method: words.next().unwrap_or_default().to_vec(),
        target: words.next().unwrap_or_default().to_vec(),
        head: line.to_vec(),
        ..Request::default()
    }
}

/// A request by its head, whose lines were looked at before, or by what there is of it.
fn nginx_request(head: Vec<u8>) -> Request {
    let mut lines = head.split(|byte| *byte == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    let first = lines.next().unwrap_or_default();
    let mut request = simple(first);
    let version = first.rsplit(|byte| *byte == b' ').find(|word| !word.is_empty());
    if let Some(minor) = version.and_then(|version| version.strip_prefix(b"HTTP/1.")) {
        // Above 9 is as good as 9.
        request.minor = match minor {
            [digit @ b'0'..=b'9'] => Some(digit - b'0'),
            _ => Some(9),
        };
    }
    for line in lines {
        if let nginx::Header::Good(name, value) = nginx::header(line) {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            request.headers.push((name, value.to_vec()));
        }
    }
    request.head = head;
    request
}

/// Parses a whole head; on failure gives back what the first line says.
fn parse(head: Vec<u8>) -> Result<Box<Request>, Box<Request>> {
    // Bots put spaces and other bytes into targets, which lenient servers take.
    let line_end = memchr(b'\n', &head).unwrap_or(head.len());
    let line = head[..line_end].trim_ascii();
    let mut request = Box::new(simple(line));
    if let Some(version) =
        line.rsplit(|byte| *byte == b' ').next().filter(|v| v.starts_with(b"HTTP/1."))
    {
        request.minor = Some(version.last().copied().unwrap_or(b'0') - b'0');
        let rest = line[..line.len() - version.len()].trim_ascii();
        if let Some(space) = memchr(b' ', rest) {
            request.target = rest[space..].trim_ascii().to_vec();
        }
    }
    let mut lines = [httparse::EMPTY_HEADER; HTTP_HEADERS];
    let parsed = httparse::parse_headers(&head[(line_end + 1).min(head.len())..], &mut lines);
    let Ok(httparse::Status::Complete((_, headers))) = parsed else {
        request.head = head;
        return Err(request);
    };
    request.headers =
        headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.to_vec())).collect();
    request.head = head;
    Ok(request)
}

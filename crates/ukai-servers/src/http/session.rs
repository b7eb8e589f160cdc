//! A connection of the web, as a stream of requests of HTTP/1.

use super::answer::{self, Answer, Manner};
use super::auth::{self, Login};
use super::chunks::{Chunks, Taken};
use super::core::{Core, request_event};
use super::h2::{Http2, PREFACE};
use super::head::{self, Framing, Head, Lines, Read};
use super::request::{self, Header, Request, Version};
use super::sites::Sites;
use super::text;
use super::tunnel::Tunnel;
use super::websocket::{self, WebSocket};
use crate::limits::{HTTP_BODY_BYTES, HTTP_HEAD_BYTES, HTTP_HEADERS, HTTP_METHOD_BYTES};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;
use ukai_emulators::{Context, FetchId, Fetched, Open, Session, SideEvent, SideId, TimerId};
use ukai_model::{EventKind, PeerText};

/// A request whose body is still coming.
struct Pending {
    head: Vec<u8>,
    body: Vec<u8>,
    /// What has come of the body, kept or not.
    size: u64,
    rest: Rest,
}

enum Rest {
    Length(u64),
    Chunked(Chunks),
}

/// Where the stream is.
enum Stage {
    /// Before or in a head.
    Head,
    /// In a body.
    Body(Box<Pending>),
    /// It has gone over to HTTP/2.
    Http2(Box<Http2>),
    /// It has gone over to WebSocket.
    WebSocket(Box<WebSocket>),
    /// It is another server's.
    Tunnel(Box<Tunnel>),
    /// What comes is no concern any more.
    Over,
}

pub(super) struct WebSession {
    core: Core,
    stage: Stage,
    /// A head that has begun.
    input: Vec<u8>,
    /// The host that a proxy was asked for last.
    proxied: Vec<u8>,
    /// What a session behind a proxy is opened with.
    open: Box<Open>,
}

/// Output of one call: what is short is gathered into one piece.
#[derive(Default)]
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
}

impl Out {
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        if !self.bytes.is_empty() {
            cx.send(std::mem::take(&mut self.bytes));
        }
    }

    fn long(&mut self, cx: &mut Context<'_>, body: Option<Bytes>) {
        if let Some(body) = body {
            self.flush(cx);
            cx.send(body);
        }
    }
}

impl WebSession {
    pub(super) fn new(sites: Arc<Sites>, open: Open) -> Self {
        Self {
            core: Core::new(sites, open.flow, open.tls, open.seed),
            open: Box::new(open),
            stage: Stage::Head,
            input: Vec::new(),
            proxied: Vec::new(),
        }
    }

    fn end(&mut self, cx: &mut Context<'_>, out: &mut Out) {
        out.flush(cx);
        self.stage = Stage::Over;
        cx.close();
    }

    /// Goes through the stream as far as it can; how many bytes were used.
    fn pump(&mut self, cx: &mut Context<'_>, data: &[u8], out: &mut Out) -> usize {
        let mut at = 0;
        loop {
            match &mut self.stage {
                Stage::Over => return data.len(),
                Stage::Http2(http2) => {
                    if http2.on_bytes(cx, &mut self.core, &data[at..], &mut out.bytes) {
                        self.end(cx, out);
                    }
                    return data.len();
                }
                Stage::WebSocket(socket) => {
                    if socket.on_bytes(cx, &data[at..], &mut out.bytes) {
                        self.end(cx, out);
                    }
                    return data.len();
                }
                Stage::Tunnel(tunnel) => {
                    if at < data.len() {
                        tunnel.on_bytes(cx, &data[at..]);
                    }
                    return data.len();
                }
                Stage::Head => {
                    while matches!(data.get(at), Some(b'\r' | b'\n')) {
                        at += 1;
                    }
                    if at == data.len() {
                        return at;
                    }
                    if data[at..].starts_with(b"PRI ") {
                        let begun = &data[at..];
                        if begun.len() < PREFACE.len() && PREFACE.starts_with(begun) {
                            return at;
                        }
                        self.stage = Stage::Http2(Box::new(Http2::new(&mut out.bytes)));
                        continue;
                    }
                    let mut lines = [httparse::EMPTY_HEADER; HTTP_HEADERS];
                    match head::read(&data[at..], &mut lines) {
                        Read::More => return at,
                        Read::Foreign => {
                            self.foreign(cx, &data[at..], out);
                            return data.len();
                        }
                        Read::Bad(status) => {
                            self.bad(cx, &data[at..], status, out);
                            return data.len();
                        }
                        Read::Head(read) => at = self.head(cx, data, at, &read, &lines, out),
                    }
                }
                Stage::Body(_) => {
                    let Stage::Body(mut pending) = std::mem::replace(&mut self.stage, Stage::Head)
                    else {
                        return data.len();
                    };
                    match pending.take(&data[at..]) {
                        Taken::More => {
                            self.stage = Stage::Body(pending);
                            return data.len();
                        }
                        Taken::Bad => {
                            self.bad(cx, &pending.head, 400, out);
                            return data.len();
                        }
                        Taken::Done(used) => {
                            at += used;
                            if pending.size > pending.body.len() as u64 {
                                cx.record(EventKind::LimitReached {
                                    limit: "http-body-bytes".to_owned(),
                                    detail: "the rest of a body was not kept".to_owned(),
                                });
                            }
                            let mut lines = [httparse::EMPTY_HEADER; HTTP_HEADERS];
                            // It was read before.
                            if let Read::Head(read) = head::read(&pending.head, &mut lines) {
                                let lines = &lines[..read.headers];
                                let body = (&pending.body[..], pending.size);
                                self.request(cx, &pending.head, &read, lines, body, out);
                            }
                        }
                    }
                }
            }
        }
    }

    /// A head is complete at `at`; where the stream goes on.
    fn head(
        &mut self,
        cx: &mut Context<'_>,
        data: &[u8],
        at: usize,
        read: &Head<'_>,
        lines: &Lines<'_>,
        out: &mut Out,
    ) -> usize {
        let lines = &lines[..read.headers];
        let head = &data[at..at + read.length];
        let behind = at + read.length;
        let framing = match head::framing(lines) {
            Some(framing) if read.method != "CONNECT" => framing,
            Some(_) => Framing::Length(0),
            None => {
                self.bad(cx, head, 400, out);
                return data.len();
            }
        };
        match framing {
            Framing::Length(length) if length <= (data.len() - behind) as u64 => {
                let end = behind + length as usize;
                self.request(cx, head, read, lines, (&data[behind..end], length), out);
                end
            }
            framing => {
                let waits = read.version >= Version::Http11
                    && request::header(lines, "expect")
                        .is_some_and(|value| text::holds(value, "100-continue"));
                if waits && behind == data.len() {
                    out.bytes.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                let rest = match framing {
                    Framing::Length(length) => Rest::Length(length),
                    Framing::Chunked => Rest::Chunked(Chunks::default()),
                };
                let (head, body) = (head.to_vec(), Vec::new());
                self.stage = Stage::Body(Box::new(Pending { head, body, size: 0, rest }));
                behind
            }
        }
    }

    /// A request is complete.
    fn request(
        &mut self,
        cx: &mut Context<'_>,
        head: &[u8],
        read: &Head<'_>,
        lines: &[Header<'_>],
        (body, body_size): (&[u8], u64),
        out: &mut Out,
    ) {
        let (authority, path, query) = request::split_target(read.target);
        let named = authority.or_else(|| request::header(lines, "host")).unwrap_or_default();
        let host = match request::split_authority(named).0 {
            Cow::Borrowed("") => self.core.local().ip().to_string().into(),
            host => host,
        };
        let request = Request {
            method: read.method,
            target: read.target,
            version: read.version,
            secure: self.core.secure,
            host,
            path,
            query,
            headers: lines,
            head,
            body,
            body_size,
            peer: self.core.peer(),
            local: self.core.local(),
            now: self.core.now(cx),
        };
        if let Some(authority) = authority {
            self.proxied(cx, authority);
        }
        if self.goes_over(cx, &request, out) {
            return;
        }
        let answer = self.core.handle(cx, &request);
        let keep_alive = keeps_alive(&request) && !answer.close;
        let manner = Manner { version: read.version, head_only: read.method == "HEAD", keep_alive };
        self.send(cx, &answer, manner, &request.host, out);
        if !keep_alive {
            self.end(cx, out);
        }
    }

    /// Whether the connection goes over to another protocol, which is begun then.
    fn goes_over(&mut self, cx: &mut Context<'_>, request: &Request<'_>, out: &mut Out) -> bool {
        if request.method == "CONNECT" {
            let login = auth::login(request, self.core.seed);
            if matches!(login, Login::Challenge(_)) {
                return false;
            }
            out.flush(cx);
            cx.record(request_event(request, &Answer::empty(200)));
            self.core.keep(cx, request, login);
            let tunnel = Tunnel::new(cx, &self.core.sites, &self.open, request.target);
            self.stage = Stage::Tunnel(Box::new(tunnel));
            return true;
        }
        if request.header("upgrade").is_none() || request.version != Version::Http11 {
            return false;
        }
        if let Some(answer) = websocket::accept(request) {
            cx.record(request_event(request, &Answer::empty(101)));
            self.core.keep(cx, request, auth::login(request, self.core.seed));
            let manner = Manner { version: request.version, head_only: false, keep_alive: true };
            self.send(cx, &answer, manner, &request.host, out);
            let socket = WebSocket::new(self.core.sites.websocket);
            self.stage = Stage::WebSocket(Box::new(socket));
            return true;
        }
        if request.header_has("upgrade", "h2c")
            && let Some(settings) = request.header("http2-settings")
        {
            out.bytes.extend_from_slice(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            );
            let mut http2 = Box::new(Http2::new(&mut out.bytes));
            let settings = URL_SAFE_NO_PAD.decode(settings).unwrap_or_default();
            let answer = self.core.handle(cx, request);
            let head_only = request.method == "HEAD";
            let server = self.core.sites.server_of(&request.host).to_owned();
            let date = self.core.date(cx);
            http2.upgraded(&settings, &answer, &server, date, head_only, &mut out.bytes);
            self.stage = Stage::Http2(http2);
            return true;
        }
        false
    }

    fn send(
        &mut self,
        cx: &mut Context<'_>,
        answer: &Answer,
        manner: Manner,
        host: &str,
        out: &mut Out,
    ) {
        let sites = Arc::clone(&self.core.sites);
        let server = sites.server_of(host);
        let date = self.core.date(cx);
        let long = answer::write(answer, manner, server, date, &mut out.bytes);
        out.long(cx, long);
    }

    /// A whole URL as target: we are taken for a proxy.
    fn proxied(&mut self, cx: &mut Context<'_>, authority: &[u8]) {
        if self.proxied == authority {
            return;
        }
        self.proxied = authority.to_vec();
        let (host, port) = request::split_authority(authority);
        cx.record(EventKind::TunnelRequest {
            how: "http-proxy".to_owned(),
            host: PeerText::from(&*host),
            port: port.unwrap_or(80),
            origin: PeerText::default(),
            granted: true,
        });
    }

    /// What cannot be followed is refused, and told as far as it can be read.
    fn bad(&mut self, cx: &mut Context<'_>, head: &[u8], status: u16, out: &mut Out) {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let method = words.next().map(String::from_utf8_lossy).unwrap_or_default();
        let request = Request {
            method: &method,
            target: words.next().unwrap_or_default(),
            version: Version::Http11,
            secure: self.core.secure,
            host: Cow::Borrowed(""),
            path: b"/",
            query: b"",
            headers: &[],
            head,
            body: b"",
            body_size: 0,
            peer: self.core.peer(),
            local: self.core.local(),
            now: self.core.now(cx),
        };
        cx.record(request_event(&request, &Answer::empty(status)));
        self.refuse(cx, status, out);
    }

    /// What came is not HTTP: it is told, and refused as servers refuse it.
    fn foreign(&mut self, cx: &mut Context<'_>, bytes: &[u8], out: &mut Out) {
        const PAYLOAD_BYTES: usize = 4_096;
        cx.record(EventKind::PayloadFirst {
            protocol: "unknown".to_owned(),
            payload: PeerText::truncated(bytes, PAYLOAD_BYTES),
            size: bytes.len() as u64,
            sha256: None,
        });
        self.refuse(cx, 400, out);
    }

    fn refuse(&mut self, cx: &mut Context<'_>, status: u16, out: &mut Out) {
        let manner = Manner { version: Version::Http11, head_only: false, keep_alive: false };
        self.send(cx, &Answer::error(status), manner, "", out);
        self.end(cx, out);
    }
}

impl Pending {
    fn take(&mut self, bytes: &[u8]) -> Taken {
        let (kept, size) = (&mut self.body, &mut self.size);
        let mut keep = |part: &[u8]| {
            *size += part.len() as u64;
            let room = HTTP_BODY_BYTES.saturating_sub(kept.len());
            kept.extend_from_slice(&part[..part.len().min(room)]);
        };
        match &mut self.rest {
            Rest::Length(missing) => {
                let count = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                keep(&bytes[..count]);
                *missing -= count as u64;
                if *missing == 0 { Taken::Done(count) } else { Taken::More }
            }
            Rest::Chunked(chunks) => chunks.take(bytes, keep),
        }
    }
}

/// Whether the connection stays open (RFC 9112, 9.3).
fn keeps_alive(request: &Request<'_>) -> bool {
    let says = |word| {
        request.header_has("connection", word) || request.header_has("proxy-connection", word)
    };
    match request.version {
        Version::Http09 => false,
        Version::Http10 => says("keep-alive"),
        Version::Http11 | Version::Http2 => !says("close"),
    }
}

impl Session for WebSession {
    fn protocol(&self) -> &'static str {
        match &self.stage {
            Stage::WebSocket(_) => "websocket",
            Stage::Tunnel(tunnel) => tunnel.session.protocol(),
            _ => "http",
        }
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            tunnel.on_bytes(cx, bytes);
            return;
        }
        let mut out = Out::default();
        let mut held = std::mem::take(&mut self.input);
        if held.is_empty() {
            let used = self.pump(cx, bytes, &mut out);
            self.input.extend_from_slice(&bytes[used..]);
        } else {
            // No head ends without a line's end, but what is no head may show before.
            let complete = memchr::memchr(b'\n', bytes).is_some();
            held.extend_from_slice(bytes);
            if complete || held.len() <= 2 * HTTP_METHOD_BYTES || held.len() > HTTP_HEAD_BYTES {
                let used = self.pump(cx, &held, &mut out);
                held.drain(..used);
            }
            self.input = held;
        }
        out.flush(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            tunnel.session.on_eof(cx);
            return;
        }
        if matches!(self.stage, Stage::Over) {
            return;
        }
        self.unfinished(cx);
        self.end(cx, &mut Out::default());
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            tunnel.session.on_timer(cx, timer);
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            tunnel.session.on_fetched(cx, fetch, fetched);
        }
    }

    fn on_side(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            tunnel.session.on_side(cx, side, event);
        }
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            tunnel.session.on_close(cx);
            return;
        }
        self.unfinished(cx);
    }
}

impl WebSession {
    /// Tells what came of a request that was cut off.
    fn unfinished(&mut self, cx: &mut Context<'_>) {
        let input = std::mem::take(&mut self.input);
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Body(pending) => {
                let mut lines = [httparse::EMPTY_HEADER; HTTP_HEADERS];
                let Read::Head(read) = head::read(&pending.head, &mut lines) else { return };
                let (_, path, query) = request::split_target(read.target);
                let request = Request {
                    method: read.method,
                    target: read.target,
                    version: read.version,
                    secure: self.core.secure,
                    host: Cow::Borrowed(""),
                    path,
                    query,
                    headers: &lines[..read.headers],
                    head: &pending.head,
                    body: &pending.body,
                    body_size: pending.size,
                    peer: self.core.peer(),
                    local: self.core.local(),
                    now: self.core.now(cx),
                };
                cx.record(request_event(&request, &Answer::empty(400)));
                self.core.keep(cx, &request, Login::None);
            }
            Stage::Head if !input.is_empty() => {
                cx.record(EventKind::PayloadFirst {
                    protocol: "http".to_owned(),
                    payload: PeerText::truncated(&input, 4_096),
                    size: input.len() as u64,
                    sha256: None,
                });
            }
            _ => {}
        }
    }
}

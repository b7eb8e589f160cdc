//! A connection of HTTP/2 as the server: streams, windows, settings (RFC 9113).

use super::fields::{self, Fields};
use super::frame::{self, Code, Frame, PREFACE};
use crate::http::answer::Answer;
use crate::http::core::Core;
use crate::http::request::{self, Request, Version};
use crate::limits::{HTTP_BODY_BYTES, HTTP2_HEAD_BYTES, HTTP2_STREAMS};
use bytes::Bytes;
use loona_hpack::Decoder;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use ukai_emulators::Context;

/// What the standard begins with: windows of 65,535 bytes.
const WINDOW: i64 = 65_535;
/// How large a window may grow (RFC 9113, 6.9.1).
const WINDOW_MAX: i64 = (1 << 31) - 1;
/// The window that we give a stream, in bytes, and what we add to that of the connection.
const OUR_WINDOW: u32 = 1 << 20;

/// A stream on which something is still to come or to go.
struct Stream {
    /// What is asked, until it is answered.
    fields: Option<Box<Fields>>,
    body: Vec<u8>,
    size: u64,
    /// How much the peer takes.
    window: i64,
    /// What is still to be sent of the answer.
    rest: Bytes,
}

/// A block of headers that goes on in the next frame.
struct Block {
    stream: u32,
    end_stream: bool,
    bytes: Vec<u8>,
}

/// One connection of HTTP/2.
pub(crate) struct Http2 {
    /// Whether the peer has still to send its preface.
    preface: bool,
    input: Vec<u8>,
    decoder: Decoder<'static>,
    block: Option<Block>,
    streams: BTreeMap<u32, Stream>,
    /// The highest stream that the peer has opened.
    last: u32,
    /// What all streams together may send.
    window: i64,
    /// The window that the peer gives a new stream.
    stream_window: i64,
    /// Longest payload that the peer takes.
    frame_bytes: usize,
    /// Bytes of bodies that are kept, of all streams.
    kept: usize,
}

impl Http2 {
    /// A connection; our own settings are the first that is sent on it.
    pub(crate) fn new(out: &mut Vec<u8>) -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(4_096);
        let mut settings = Vec::new();
        // MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE.
        for (id, value) in
            [(3u16, HTTP2_STREAMS as u32), (4, OUR_WINDOW), (6, HTTP2_HEAD_BYTES as u32)]
        {
            settings.extend_from_slice(&id.to_be_bytes());
            settings.extend_from_slice(&value.to_be_bytes());
        }
        frame::write(out, frame::SETTINGS, 0, 0, &settings);
        frame::write(out, frame::WINDOW_UPDATE, 0, 0, &OUR_WINDOW.to_be_bytes());
        Self {
            preface: true,
            input: Vec::new(),
            decoder,
            block: None,
            streams: BTreeMap::new(),
            last: 0,
            window: WINDOW,
            stream_window: WINDOW,
            frame_bytes: frame::FRAME_BYTES,
            kept: 0,
        }
    }

    /// After an upgrade from HTTP/1.1 (RFC 7540, 3.2): the settings that came with it, and
    /// the answer to its request, which is the first stream.
    pub(crate) fn upgraded(
        &mut self,
        settings: &[u8],
        answer: &Answer,
        server: &str,
        date: &str,
        head_only: bool,
        out: &mut Vec<u8>,
    ) {
        // What is wrong in them shows again in those that follow.
        let _ = self.settings(settings);
        self.last = 1;
        let (body, window) = (Vec::new(), self.stream_window);
        let stream = Stream { fields: None, body, size: 0, window, rest: Bytes::new() };
        self.streams.insert(1, stream);
        self.answer(1, answer, server, date, head_only, out);
        self.flow(out);
    }

    /// Takes bytes; whether the connection is over.
    pub(crate) fn on_bytes(
        &mut self,
        cx: &mut Context<'_>,
        core: &mut Core,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> bool {
        let mut held = std::mem::take(&mut self.input);
        let data = if held.is_empty() {
            bytes
        } else {
            held.extend_from_slice(bytes);
            &held
        };
        let mut at = 0;
        if self.preface {
            if data.len() < PREFACE.len() && PREFACE.starts_with(data) {
                self.input = data.to_vec();
                return false;
            }
            if !data.starts_with(PREFACE) {
                return self.fail(Code::Protocol, out);
            }
            self.preface = false;
            at = PREFACE.len();
        }
        loop {
            match frame::read(&data[at..]) {
                Ok(None) => break,
                Ok(Some((frame, length))) => {
                    at += length;
                    match self.frame(cx, core, &frame, out) {
                        Ok(false) => {}
                        Ok(true) => return true,
                        Err(code) => return self.fail(code, out),
                    }
                }
                Err(code) => return self.fail(code, out),
            }
        }
        self.flow(out);
        self.input = data[at..].to_vec();
        false
    }

    fn fail(&mut self, code: Code, out: &mut Vec<u8>) -> bool {
        let payload = [self.last.to_be_bytes(), (code as u32).to_be_bytes()].concat();
        frame::write(out, frame::GOAWAY, 0, 0, &payload);
        true
    }

    /// One frame; whether the connection is over.
    fn frame(
        &mut self,
        cx: &mut Context<'_>,
        core: &mut Core,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Code> {
        if let Some(block) = &self.block
            && (frame.kind, frame.stream) != (frame::CONTINUATION, block.stream)
        {
            return Err(Code::Protocol);
        }
        match frame.kind {
            frame::DATA => self.data(cx, core, frame, out)?,
            frame::HEADERS => {
                if frame.stream.is_multiple_of(2) {
                    return Err(Code::Protocol);
                }
                let block = Block {
                    stream: frame.stream,
                    end_stream: frame.has(frame::END_STREAM),
                    bytes: frame.content()?.to_vec(),
                };
                self.headers(cx, core, block, frame.has(frame::END_HEADERS), out)?;
            }
            frame::CONTINUATION => {
                let mut block = self.block.take().ok_or(Code::Protocol)?;
                block.bytes.extend_from_slice(frame.payload);
                // Frames that carry nothing would cost without end.
                if block.bytes.len() > HTTP2_HEAD_BYTES || frame.payload.is_empty() {
                    return Err(Code::EnhanceYourCalm);
                }
                self.headers(cx, core, block, frame.has(frame::END_HEADERS), out)?;
            }
            frame::RST_STREAM => {
                if frame.stream == 0 || frame.stream > self.last {
                    return Err(Code::Protocol);
                }
                frame.number()?;
                self.forget(frame.stream);
            }
            frame::SETTINGS if frame.has(frame::ACK) => {}
            frame::SETTINGS => {
                if frame.stream != 0 || !frame.payload.len().is_multiple_of(6) {
                    return Err(Code::FrameSize);
                }
                self.settings(frame.payload)?;
                frame::write(out, frame::SETTINGS, frame::ACK, 0, b"");
            }
            frame::PING if frame.payload.len() != 8 => return Err(Code::FrameSize),
            frame::PING if frame.has(frame::ACK) => {}
            frame::PING => frame::write(out, frame::PING, frame::ACK, 0, frame.payload),
            frame::WINDOW_UPDATE => {
                let more = i64::from(frame.number()? & 0x7fff_ffff);
                if frame.stream == 0 {
                    self.window += more;
                    if more == 0 || self.window > WINDOW_MAX {
                        return Err(Code::FlowControl);
                    }
                } else if let Some(stream) = self.streams.get_mut(&frame.stream) {
                    stream.window += more;
                    if more == 0 || stream.window > WINDOW_MAX {
                        self.reset(frame.stream, Code::FlowControl, out);
                    }
                }
            }
            frame::GOAWAY => {
                // What was asked before is answered still.
                self.flow(out);
                return Ok(self.streams.is_empty());
            }
            frame::PUSH_PROMISE => return Err(Code::Protocol),
            // Priorities, and what is not known (RFC 9113, 5.5), are passed over.
            _ => {}
        }
        Ok(false)
    }

    fn settings(&mut self, payload: &[u8]) -> Result<(), Code> {
        for (id, value) in frame::settings(payload) {
            match id {
                4 => {
                    let window = i64::from(value);
                    if window > WINDOW_MAX {
                        return Err(Code::FlowControl);
                    }
                    let change = window - self.stream_window;
                    self.stream_window = window;
                    for stream in self.streams.values_mut() {
                        stream.window += change;
                    }
                }
                5 => {
                    if !(16_384..=16_777_215).contains(&value) {
                        return Err(Code::Protocol);
                    }
                    self.frame_bytes = (value as usize).min(65_536);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn data(
        &mut self,
        cx: &mut Context<'_>,
        core: &mut Core,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Code> {
        if frame.stream == 0 || frame.stream > self.last {
            return Err(Code::Protocol);
        }
        let content = frame.content()?;
        let end = frame.has(frame::END_STREAM);
        // What came may come again at once.
        if !frame.payload.is_empty() {
            let count = (frame.payload.len() as u32).to_be_bytes();
            frame::write(out, frame::WINDOW_UPDATE, 0, 0, &count);
            if !end && self.streams.contains_key(&frame.stream) {
                frame::write(out, frame::WINDOW_UPDATE, 0, frame.stream, &count);
            }
        }
        // Data for what is over already is counted, and dropped.
        let Some(stream) = self.streams.get_mut(&frame.stream) else { return Ok(()) };
        if stream.fields.is_none() {
            self.reset(frame.stream, Code::StreamClosed, out);
            return Ok(());
        }
        stream.size += content.len() as u64;
        let room = HTTP_BODY_BYTES.saturating_sub(self.kept).min(content.len());
        stream.body.extend_from_slice(&content[..room]);
        self.kept += room;
        if end {
            self.request(cx, core, frame.stream, out);
        }
        Ok(())
    }

    fn headers(
        &mut self,
        cx: &mut Context<'_>,
        core: &mut Core,
        block: Block,
        complete: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Code> {
        if !complete {
            self.block = Some(block);
            return Ok(());
        }
        let id = block.stream;
        let fields = fields::read(&mut self.decoder, &block.bytes)?;
        if id <= self.last {
            // Trailers, of which nothing is needed but that they end the request.
            let waits = self.streams.get(&id).is_some_and(|stream| stream.fields.is_some());
            if !waits || !block.end_stream {
                return Err(Code::StreamClosed);
            }
            self.request(cx, core, id, out);
            return Ok(());
        }
        self.last = id;
        let full = self.streams.len() >= HTTP2_STREAMS;
        let mut stream = Stream {
            fields: None,
            body: Vec::new(),
            size: 0,
            window: self.stream_window,
            rest: Bytes::new(),
        };
        match fields {
            _ if full => reset(id, Code::Refused, out),
            None => {
                self.streams.insert(id, stream);
                let (server, date) =
                    (core.sites.server_of("").to_owned(), core.date(cx).to_owned());
                self.answer(id, &Answer::error(431), &server, &date, false, out);
                // Of a body that comes all the same nothing is kept.
                if !block.end_stream {
                    self.reset(id, Code::None, out);
                }
            }
            Some(fields) if fields.method.is_empty() || fields.path.is_empty() => {
                reset(id, Code::Protocol, out);
            }
            Some(fields) => {
                let waits = fields.headers().iter().any(|header| {
                    header.name == "expect" && header.value.eq_ignore_ascii_case(b"100-continue")
                });
                stream.fields = Some(Box::new(fields));
                self.streams.insert(id, stream);
                if block.end_stream {
                    self.request(cx, core, id, out);
                } else if waits {
                    // `:status: 100`, as a literal.
                    let block = b"\x08\x03100";
                    frame::write(out, frame::HEADERS, frame::END_HEADERS, id, block);
                }
            }
        }
        Ok(())
    }

    /// A request is complete.
    fn request(&mut self, cx: &mut Context<'_>, core: &mut Core, id: u32, out: &mut Vec<u8>) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(fields) = stream.fields.take() else { return };
        let (body, size) = (std::mem::take(&mut stream.body), stream.size);
        self.kept = self.kept.saturating_sub(body.len());
        let (headers, head) = (fields.headers(), fields.head());
        let (_, path, query) = request::split_target(&fields.path);
        let named = request::header(&headers, "host").unwrap_or_default();
        let host = match request::split_authority(named).0 {
            Cow::Borrowed("") => core.local().ip().to_string().into(),
            host => host,
        };
        let request = Request {
            method: &fields.method,
            target: &fields.path,
            version: Version::Http2,
            secure: core.secure || fields.scheme == "https",
            host,
            path,
            query,
            headers: &headers,
            head: &head,
            body: &body,
            body_size: size,
            peer: core.peer(),
            local: core.local(),
            now: core.now(cx),
        };
        let answer = core.handle(cx, &request);
        let sites = Arc::clone(&core.sites);
        let (server, date) = (sites.server_of(&request.host), core.date(cx));
        self.answer(id, &answer, server, date, fields.method == "HEAD", out);
    }

    fn answer(
        &mut self,
        id: u32,
        answer: &Answer,
        server: &str,
        date: &str,
        head_only: bool,
        out: &mut Vec<u8>,
    ) {
        let block = fields::of_answer(answer, server, date);
        let body = if head_only || !answer.has_body() { Bytes::new() } else { answer.body.clone() };
        let over = if body.is_empty() { frame::END_STREAM } else { 0 };
        let mut parts = block.chunks(self.frame_bytes).peekable();
        let mut kind = frame::HEADERS;
        while let Some(part) = parts.next() {
            let end = if parts.peek().is_none() { frame::END_HEADERS } else { 0 };
            let over = if kind == frame::HEADERS { over } else { 0 };
            frame::write(out, kind, end | over, id, part);
            kind = frame::CONTINUATION;
        }
        if body.is_empty() {
            self.forget(id);
        } else if let Some(stream) = self.streams.get_mut(&id) {
            stream.rest = body;
        }
    }

    /// Sends of all bodies what the windows let through.
    fn flow(&mut self, out: &mut Vec<u8>) {
        let (window, frame_bytes) = (&mut self.window, self.frame_bytes);
        self.streams.retain(|id, stream| {
            while !stream.rest.is_empty() {
                let room = (*window).min(stream.window).max(0) as usize;
                let count = room.min(frame_bytes).min(stream.rest.len());
                if count == 0 {
                    return true;
                }
                let part = stream.rest.split_to(count);
                *window -= count as i64;
                stream.window -= count as i64;
                let end = if stream.rest.is_empty() { frame::END_STREAM } else { 0 };
                frame::write(out, frame::DATA, end, *id, &part);
                if stream.rest.is_empty() {
                    return false;
                }
            }
            true
        });
    }

    fn forget(&mut self, id: u32) {
        if let Some(stream) = self.streams.remove(&id) {
            self.kept = self.kept.saturating_sub(stream.body.len());
        }
    }

    fn reset(&mut self, id: u32, code: Code, out: &mut Vec<u8>) {
        self.forget(id);
        reset(id, code, out);
    }
}

fn reset(id: u32, code: Code, out: &mut Vec<u8>) {
    frame::write(out, frame::RST_STREAM, 0, id, &(code as u32).to_be_bytes());
}

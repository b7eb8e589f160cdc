//! WebSocket (RFC 6455) as the server: messages are told, and echoed if that is wished.

use super::answer::Answer;
use super::request::Request;
use super::sites::WebSocketManner;
use crate::limits::{DETAIL_BYTES, HTTP_WEBSOCKET_BYTES};
use crate::told::Told;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};
use ukai_emulators::{Capture, Context, Effect};
use ukai_model::CaptureHow;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const PROTOCOL_ERROR: u16 = 1002;
const TOO_BIG: u16 = 1009;

/// The answer to a request to go over to WebSocket (RFC 6455, 4.2.2), if it is one.
pub(super) fn accept(request: &Request<'_>) -> Option<Answer> {
    const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    if request.method != "GET" || !request.header_has("upgrade", "websocket") {
        return None;
    }
    let key = request.header("sec-websocket-key")?;
    let proof = Sha1::new().chain_update(key.trim_ascii()).chain_update(GUID).finalize();
    let mut answer = Answer::empty(101)
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade")
        .with("Sec-WebSocket-Accept", STANDARD.encode(proof));
    // The first of the protocols that are offered.
    if let Some(offered) = request.header("sec-websocket-protocol") {
        let first = offered.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
        let plain = first.iter().all(u8::is_ascii_graphic);
        if let (Ok(first), true, false) = (std::str::from_utf8(first), plain, first.is_empty()) {
            answer = answer.with("Sec-WebSocket-Protocol", first.to_owned());
        }
    }
    Some(answer)
}

/// One connection of WebSocket.
pub(super) struct WebSocket {
    manner: WebSocketManner,
    input: Vec<u8>,
    /// A message that comes in fragments: its kind, and what has come.
    message: Option<(u8, Vec<u8>)>,
    told: Told,
}

struct Frame<'a> {
    end: bool,
    kind: u8,
    mask: [u8; 4],
    payload: &'a [u8],
}

impl WebSocket {
    pub(super) fn new(manner: WebSocketManner) -> Self {
        Self { manner, input: Vec::new(), message: None, told: Told::new("websocket") }
    }

    /// Takes bytes; whether the connection is over.
    pub(super) fn on_bytes(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> bool {
        let mut data = std::mem::take(&mut self.input);
        data.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            match read(&data[at..]) {
                Err(status) => return fail(status, out),
                Ok(None) => break,
                Ok(Some((frame, length))) => {
                    at += length;
                    match self.frame(cx, &frame, out) {
                        Ok(true) => return true,
                        Ok(false) => {}
                        Err(status) => return fail(status, out),
                    }
                }
            }
        }
        data.drain(..at);
        self.input = data;
        false
    }

    fn frame(
        &mut self,
        cx: &mut Context<'_>,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, u16> {
        let payload: Vec<u8> = frame
            .payload
            .iter()
            .zip(frame.mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask)
            .collect();
        match frame.kind {
            CONTINUATION | TEXT | BINARY => {
                let (kind, mut message) = match (frame.kind, self.message.take()) {
                    (CONTINUATION, Some(begun)) => begun,
                    (TEXT | BINARY, None) => (frame.kind, Vec::new()),
                    _ => return Err(PROTOCOL_ERROR),
                };
                if message.len() + payload.len() > HTTP_WEBSOCKET_BYTES {
                    return Err(TOO_BIG);
                }
                message.extend_from_slice(&payload);
                if frame.end {
                    self.message(cx, kind, message, out);
                } else {
                    self.message = Some((kind, message));
                }
            }
            CLOSE => {
                self.told.request(cx, "close", payload.get(2..).unwrap_or_default());
                write(out, CLOSE, payload.get(..2).unwrap_or_default());
                return Ok(true);
            }
            PING => write(out, PONG, &payload),
            PONG => {}
            _ => return Err(PROTOCOL_ERROR),
        }
        Ok(false)
    }

    /// A message is complete.
    fn message(&mut self, cx: &mut Context<'_>, kind: u8, message: Vec<u8>, out: &mut Vec<u8>) {
        self.told.request(cx, if kind == TEXT { "text" } else { "binary" }, &message);
        if self.manner == WebSocketManner::Echo {
            write(out, kind, &message);
        }
        if message.len() > DETAIL_BYTES {
            let (bytes, how) = (message.into(), CaptureHow::Payload);
            cx.effects.push(Effect::Capture(Capture { bytes, how, name: None, url: None }));
        }
    }
}

fn fail(status: u16, out: &mut Vec<u8>) -> bool {
    write(out, CLOSE, &status.to_be_bytes());
    true
}

/// The frame at the beginning of `data` and its length there (RFC 6455, 5.2). A client's
/// frames are masked; no extension is agreed upon.
fn read(data: &[u8]) -> Result<Option<(Frame<'_>, usize)>, u16> {
    const MASKED: u8 = 0x80;
    const RESERVED: u8 = 0x70;
    let Some((&[first, second], rest)) = data.split_first_chunk::<2>() else { return Ok(None) };
    let (end, kind) = (first & 0x80 != 0, first & 0x0f);
    if first & RESERVED != 0 || second & MASKED == 0 {
        return Err(PROTOCOL_ERROR);
    }
    let short = u64::from(second & 0x7f);
    if kind >= CLOSE && (short > 125 || !end) {
        return Err(PROTOCOL_ERROR);
    }
    let (length, rest) = match short {
        126 => match rest.split_first_chunk::<2>() {
            Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk::<8>() {
            Some((length, rest)) => (u64::from_be_bytes(*length), rest),
            None => return Ok(None),
        },
        short => (short, rest),
    };
    if length > HTTP_WEBSOCKET_BYTES as u64 {
        return Err(TOO_BIG);
    }
    let Some((&mask, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let Some(payload) = rest.get(..length as usize) else { return Ok(None) };
    let used = data.len() - rest.len() + payload.len();
    Ok(Some((Frame { end, kind, mask, payload }, used)))
}

fn write(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    out.push(0x80 | kind);
    match payload.len() {
        short @ 0..=125 => out.push(short as u8),
        medium @ 126..=65_535 => {
            out.push(126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

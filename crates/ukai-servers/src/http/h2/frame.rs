//! Frames of HTTP/2 (RFC 9113, 4 and 6).

/// What a client sends first (RFC 9113, 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Longest payload that we take, in bytes: the default of the standard.
pub(super) const FRAME_BYTES: usize = 16_384;

pub(super) const HEADER_BYTES: usize = 9;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

/// `END_STREAM` of data and headers, `ACK` of settings and pings.
pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
pub(super) const HAS_PRIORITY: u8 = 0x20;

/// Why a stream or a connection ends (RFC 9113, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    None = 0,
    Protocol = 1,
    FlowControl = 3,
    StreamClosed = 5,
    FrameSize = 6,
    Refused = 7,
    Compression = 9,
    EnhanceYourCalm = 11,
}

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: &'a [u8],
}

/// The frame at the beginning of `data` and its length there; nothing while it is not
/// whole. An error if it is longer than we take.
pub(super) fn read(data: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Code> {
    let Some((&[a, b, c, kind, flags, s0, s1, s2, s3], rest)) =
        data.split_first_chunk::<HEADER_BYTES>()
    else {
        return Ok(None);
    };
    let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
    if length > FRAME_BYTES {
        return Err(Code::FrameSize);
    }
    let stream = u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]);
    Ok(rest
        .get(..length)
        .map(|payload| (Frame { kind, flags, stream, payload }, HEADER_BYTES + length)))
}

impl<'a> Frame<'a> {
    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload of data or headers without padding and priority.
    pub(super) fn content(&self) -> Result<&'a [u8], Code> {
        let mut content = self.payload;
        let mut padding = 0;
        if self.has(PADDED) {
            let (&count, rest) = content.split_first().ok_or(Code::Protocol)?;
            (padding, content) = (usize::from(count), rest);
        }
        if self.kind == HEADERS && self.has(HAS_PRIORITY) {
            content = content.get(5..).ok_or(Code::Protocol)?;
        }
        let length = content.len().checked_sub(padding).ok_or(Code::Protocol)?;
        Ok(&content[..length])
    }

    /// A payload of exactly one number.
    pub(super) fn number(&self) -> Result<u32, Code> {
        let bytes: [u8; 4] = self.payload.try_into().map_err(|_| Code::FrameSize)?;
        Ok(u32::from_be_bytes(bytes))
    }
}

/// Writes a frame.
pub(super) fn write(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = (payload.len() as u32).to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// The pairs of settings: identifier and value.
pub(super) fn settings(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    payload.chunks_exact(6).map(|pair| {
        let value = u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]]);
        (u16::from_be_bytes([pair[0], pair[1]]), value)
    })
}

//! One connection: NetBIOS' frames, and in them messages of either generation.

use super::one::One;
use super::two::Two;
use crate::limits::SMB_MESSAGE_BYTES;
use crate::ntlm::{Challenger, Proof};
use crate::told::Told;
use crate::wire::Reader;
use ukai_emulators::{Context, FetchId, Fetched, Open, Session, TimerId};

pub(super) struct SmbSession {
    shared: Shared,
    one: One,
    two: Two,
    buffer: Vec<u8>,
    over: bool,
}

/// What both generations need.
pub(super) struct Shared {
    pub(super) told: Told,
    pub(super) challenger: Challenger,
    pub(super) guid: [u8; 16],
}

impl Shared {
    /// Sends a message in NetBIOS' frame.
    pub(super) fn send(cx: &mut Context<'_>, message: &[u8]) {
        let length = (message.len() as u32).to_be_bytes();
        cx.send([&[0, length[1], length[2], length[3]], message].concat());
    }

    /// Writes down who logged in.
    pub(super) fn login(&mut self, cx: &mut Context<'_>, proof: &Proof) {
        let domain =
            if proof.domain.is_empty() { String::new() } else { format!("{}\\", proof.domain) };
        let user = format!("{domain}{}", proof.user);
        let crackable = proof.crackable(self.challenger.challenge);
        let crackable = crackable.as_deref().map(str::as_bytes);
        self.told.login(cx, user.as_bytes(), b"", Some(proof.method()), crackable);
        if !proof.workstation.is_empty() {
            self.told.request(cx, "workstation", proof.workstation.as_bytes());
        }
    }
}

impl SmbSession {
    pub(super) fn new(open: &Open) -> Self {
        let challenger = Challenger::new(open.seed);
        let mut chance = crate::chance::Chance::new(open.seed, "smb");
        let guid = (u128::from(chance.number()) << 64 | u128::from(chance.number())).to_le_bytes();
        Self {
            shared: Shared { told: Told::new("smb"), challenger, guid },
            one: One::default(),
            two: Two::default(),
            buffer: Vec::new(),
            over: false,
        }
    }

    /// Takes one frame; its length, or `None` if it is not whole.
    fn frame(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<usize> {
        let mut reader = Reader(bytes);
        let head = reader.u32()?;
        let (kind, length) = (head >> 24, (head & 0x00ff_ffff) as usize);
        if length > SMB_MESSAGE_BYTES || !matches!(kind, 0 | 0x81 | 0x85) {
            self.shared.told.payload(cx, "unknown", bytes);
            self.end(cx);
            return None;
        }
        let message = reader.take(length)?;
        match (kind, message) {
            (0x81, _) => {
                self.shared.told.request(cx, "NetBIOS session", &called(message));
                cx.send(&[0x82, 0, 0, 0][..]);
            }
            (0x85, _) | (0, []) => {}
            (_, [0xff, b'S', b'M', b'B', ..]) => {
                if let Some(dialect) = self.one.message(cx, &mut self.shared, message) {
                    Two::agree(cx, &self.shared, dialect);
                }
            }
            (_, [0xfe, b'S', b'M', b'B', ..]) => self.two.messages(cx, &mut self.shared, message),
            // SMB 3's encrypted and compressed messages are never agreed on.
            _ => {
                self.shared.told.payload(cx, "unknown", message);
                self.end(cx);
            }
        }
        Some(4 + length)
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.over = true;
        cx.close();
    }
}

/// The names in a request for a session (RFC 1001, 14.1): called, then calling.
fn called(bytes: &[u8]) -> Vec<u8> {
    let name = |bytes: &[u8]| -> Vec<u8> {
        let pairs = bytes.chunks_exact(2).take(16);
        let text: Vec<u8> = pairs
            .map(|pair| pair[0].wrapping_sub(b'A') << 4 | pair[1].wrapping_sub(b'A') & 15)
            .take(15)
            .collect();
        text.trim_ascii_end().to_vec()
    };
    let called = name(bytes.get(1..33).unwrap_or_default());
    let calling = name(bytes.get(35..67).unwrap_or_default());
    [&called[..], b" ", &calling].concat()
}

impl Session for SmbSession {
    fn protocol(&self) -> &'static str {
        "smb"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        while !self.over
            && let Some(length) = self.frame(cx, &buffer[at..])
        {
            at += length;
        }
        buffer.drain(..at);
        self.buffer = buffer;
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        cx.close();
    }

    fn on_timer(&mut self, _cx: &mut Context<'_>, _timer: TimerId) {}

    fn on_fetched(&mut self, _cx: &mut Context<'_>, _fetch: FetchId, _fetched: Fetched) {}

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.two.files.close_all(cx, &mut self.shared.told);
    }
}

#[cfg(test)]
mod tests;

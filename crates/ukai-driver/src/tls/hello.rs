//! The ClientHello, read without trusting it (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).

use crate::limits::{HELLO_ALPN_MAX, HELLO_BYTES_MAX, HELLO_TEXT_BYTES_MAX};
use ukai_model::PeerText;

/// Record type of a handshake message.
const RECORD_HANDSHAKE: u8 = 0x16;
/// Handshake type of a ClientHello.
const CLIENT_HELLO: u8 = 1;

pub(super) const EXTENSION_SERVER_NAME: u16 = 0x0000;
pub(super) const EXTENSION_GROUPS: u16 = 0x000a;
pub(super) const EXTENSION_POINT_FORMATS: u16 = 0x000b;
pub(super) const EXTENSION_SIGNATURES: u16 = 0x000d;
pub(super) const EXTENSION_ALPN: u16 = 0x0010;
pub(super) const EXTENSION_VERSIONS: u16 = 0x002b;

/// What the first bytes of a flow are, as far as TLS is concerned.
#[derive(Debug, PartialEq, Eq)]
pub enum Sniff {
    /// They cannot be a ClientHello.
    No,
    /// They may become one: wait for more.
    More,
    /// They are one.
    Hello(Box<ClientHello>),
}

/// What a ClientHello says, in the peer's own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// `legacy_version`.
    pub version: u16,
    /// Cipher suites.
    pub ciphers: Vec<u16>,
    /// Types of the extensions.
    pub extensions: Vec<u16>,
    /// Server name asked for, the first 255 bytes.
    pub server_name: Option<PeerText>,
    /// Protocols offered (ALPN), the first 16.
    pub alpn: Vec<PeerText>,
    /// Supported groups (elliptic curves).
    pub groups: Vec<u16>,
    /// Point formats.
    pub point_formats: Vec<u8>,
    /// Signature algorithms.
    pub signatures: Vec<u16>,
    /// Supported versions.
    pub versions: Vec<u16>,
}

/// Looks at all bytes that a peer has sent so far. At most 16 KiB are looked at:
/// longer hellos are not TLS to us.
pub fn sniff(bytes: &[u8]) -> Sniff {
    // Type, major version: what decides early, so that nobody waits for nothing.
    match bytes {
        [] => return Sniff::More,
        [kind, ..] if *kind != RECORD_HANDSHAKE => return Sniff::No,
        [_, major, ..] if *major != 3 => return Sniff::No,
        [_, _, _, _, _, message, ..] if *message != CLIENT_HELLO => return Sniff::No,
        _ => {}
    }
    let mut records = Reader(bytes);
    let mut handshake = Vec::new();
    loop {
        let Some(payload) = records.record() else {
            let fits = bytes.len() < HELLO_BYTES_MAX && !records.is_malformed();
            return if fits { Sniff::More } else { Sniff::No };
        };
        handshake.extend_from_slice(payload);
        if let [CLIENT_HELLO, high, middle, low, body @ ..] = &handshake[..] {
            let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
            if length > HELLO_BYTES_MAX {
                return Sniff::No;
            }
            if let Some(body) = body.get(..length) {
                return ClientHello::parse(body).map_or(Sniff::No, |h| Sniff::Hello(Box::new(h)));
            }
        }
    }
}

impl ClientHello {
    /// Reads the body of a ClientHello message. Unknown and odd extensions are kept by
    /// type; only a frame that does not hold together is refused.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let mut hello = Self { version: reader.u16()?, ..Self::default() };
        reader.take(32)?; // random
        reader.vector8()?; // session id
        hello.ciphers = reader.vector16()?.u16s();
        reader.vector8()?; // compression methods
        if reader.0.is_empty() {
            return Some(hello);
        }
        let mut extensions = reader.vector16()?;
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let content = extensions.vector16()?;
            hello.extensions.push(kind);
            hello.read_extension(kind, content);
        }
        Some(hello)
    }

    /// Odd contents leave the field empty: what they are is the peer's business.
    fn read_extension(&mut self, kind: u16, mut content: Reader<'_>) {
        match kind {
            EXTENSION_SERVER_NAME => self.server_name = content.server_name(),
            EXTENSION_GROUPS => {
                self.groups = content.vector16().map(|list| list.u16s()).unwrap_or_default();
            }
            EXTENSION_POINT_FORMATS => {
                self.point_formats =
                    content.vector8().map(|list| list.0.to_vec()).unwrap_or_default();
            }
            EXTENSION_SIGNATURES => {
                self.signatures = content.vector16().map(|list| list.u16s()).unwrap_or_default();
            }
            EXTENSION_VERSIONS => {
                self.versions = content.vector8().map(|list| list.u16s()).unwrap_or_default();
            }
            EXTENSION_ALPN => self.alpn = content.alpn(),
            _ => {}
        }
    }

    /// The newest version that is offered; zero: none that we know.
    pub(super) fn best_version(&self) -> u16 {
        if self.versions.is_empty() {
            return self.version;
        }
        // Not those that keep servers tolerant (RFC 8701).
        let known = self.versions.iter().copied().filter(|version| version >> 8 == 3);
        known.max().unwrap_or(0)
    }

    /// Whether TLS 1.2, the oldest that is spoken, is more than is offered.
    pub(super) fn is_too_old(&self) -> bool {
        self.best_version() < 0x0303
    }

    /// JA3: the MD5 of what the hello offers.
    pub fn ja3(&self) -> String {
        super::fingerprint::ja3(self)
    }

    /// JA4 (TLS over TCP).
    pub fn ja4(&self) -> String {
        super::fingerprint::ja4(self)
    }
}

/// Bytes not yet read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }

    fn vector8(&mut self) -> Option<Self> {
        let length = self.take(1)?[0];
        self.take(length.into()).map(Reader)
    }

    fn vector16(&mut self) -> Option<Self> {
        let length = self.u16()?;
        self.take(length.into()).map(Reader)
    }

    fn u16s(&self) -> Vec<u16> {
        self.0.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect()
    }

    /// The payload of the next record, if it is there whole.
    fn record(&mut self) -> Option<&'a [u8]> {
        let mut rest = Reader(self.0);
        let [RECORD_HANDSHAKE, 3, _] = rest.take(3)? else { return None };
        let payload = rest.vector16()?.0;
        if payload.is_empty() {
            return None;
        }
        self.0 = rest.0;
        Some(payload)
    }

    /// Whether what is left can never become a record of a ClientHello.
    fn is_malformed(&self) -> bool {
        match self.0 {
            [kind, ..] if *kind != RECORD_HANDSHAKE => true,
            [_, major, ..] if *major != 3 => true,
            [_, _, _, 0, 0, ..] => true,
            _ => false,
        }
    }

    fn server_name(&mut self) -> Option<PeerText> {
        let mut list = self.vector16()?;
        let [0] = list.take(1)? else { return None };
        Some(PeerText::truncated(list.vector16()?.0, HELLO_TEXT_BYTES_MAX))
    }

    fn alpn(&mut self) -> Vec<PeerText> {
        let Some(mut list) = self.vector16() else { return Vec::new() };
        let mut protocols = Vec::new();
        while protocols.len() < HELLO_ALPN_MAX {
            let Some(name) = list.vector8() else { break };
            protocols.push(PeerText::truncated(name.0, HELLO_TEXT_BYTES_MAX));
        }
        protocols
    }
}

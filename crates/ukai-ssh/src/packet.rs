//! The binary packet protocol (RFC 4253 section 6), with the reactions of the claimed
//! implementation to packets that are none.

use crate::crypto::cipher::Cipher;
use crate::crypto::compress;
use crate::crypto::mac::Mac;
use crate::limits::{COMPRESSED_PACKET_SLACK_BYTES, PACKET_BYTES_MAX, PAYLOAD_BYTES_MAX};
use crate::profile::Family;
use flate2::{Compress, Decompress};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

/// Why the peer's bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The length is impossible, or no multiple of the block.
    Length,
    /// The MAC or tag is wrong.
    Mac,
    /// Less padding than four bytes.
    Padding(u8),
    /// More padding than packet, or nothing inside.
    Empty,
    /// Compressed data that are none.
    Compression,
}

/// What comes in.
pub(crate) struct Inbound {
    family: Family,
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that are dealt with.
    used: usize,
    cipher: Cipher,
    mac: Option<Mac>,
    pub(crate) inflate: Option<Decompress>,
    pub(crate) sequence: u32,
    /// Length of the packet at the front, once known, and whether its first block is
    /// decrypted already.
    length: Option<usize>,
    pub(crate) bytes: u64,
}

impl Inbound {
    pub(crate) fn new(family: Family) -> Self {
        Self {
            family,
            buffer: Vec::new(),
            used: 0,
            cipher: Cipher::None,
            mac: None,
            inflate: None,
            sequence: 0,
            length: None,
            bytes: 0,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.used > 0 {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that are not dealt with yet.
    pub(crate) fn waiting(&self) -> usize {
        self.buffer.len() - self.used
    }

    /// One byte of the time before packets.
    pub(crate) fn take_byte(&mut self) -> Option<u8> {
        let byte = self.buffer.get(self.used).copied()?;
        self.used += 1;
        Some(byte)
    }

    pub(crate) fn rekey(&mut self, cipher: Cipher, mac: Option<Mac>, reset: bool) {
        self.cipher = cipher;
        self.mac = mac;
        self.bytes = 0;
        if reset {
            self.sequence = 0;
        }
    }

    /// The next payload and its number, once it is complete.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Vec<u8>)>, Broken> {
        let tag = self.cipher.tag();
        let block = self.cipher.block();
        let etm = self.mac.as_ref().is_some_and(|mac| mac.etm);
        let mac_len = if tag > 0 { tag } else { self.mac.as_ref().map_or(0, |mac| mac.len) };
        // Bytes that are decrypted to learn the length, in the plain modes.
        let first = if tag > 0 || etm { 4 } else { block };
        let have = self.buffer.len() - self.used;
        let length = if let Some(length) = self.length {
            length
        } else {
            if have < first {
                return Ok(None);
            }
            let front = &mut self.buffer[self.used..self.used + first];
            if first != 4 {
                self.cipher.apply(front);
            }
            let word = [front[0], front[1], front[2], front[3]];
            let length = if tag > 0 {
                self.cipher.length(self.sequence, word)
            } else {
                u32::from_be_bytes(word)
            } as usize;
            self.check(length, block, first)?;
            self.length = Some(length);
            length
        };
        let total = 4 + length;
        if have < total + mac_len {
            return Ok(None);
        }
        let (packet, rest) = self.buffer[self.used..].split_at_mut(total);
        let given = &rest[..mac_len];
        let sound = if tag > 0 {
            self.cipher.open(self.sequence, packet, given)
        } else if etm {
            let sound =
                self.mac.as_ref().is_none_or(|mac| mac.verify(self.sequence, packet, given));
            self.cipher.apply(&mut packet[4..]);
            sound
        } else {
            self.cipher.apply(&mut packet[first.min(total)..]);
            self.mac.as_ref().is_none_or(|mac| mac.verify(self.sequence, packet, given))
        };
        if !sound {
            return Err(Broken::Mac);
        }
        let padding = packet[4];
        // Dropbear does not mind.
        if padding < 4 && self.family == Family::Openssh {
            return Err(Broken::Padding(padding));
        }
        let end = total.checked_sub(usize::from(padding)).filter(|end| *end >= 5);
        let payload = packet[5..end.ok_or(Broken::Empty)?].to_vec();
        self.used += total + mac_len;
        self.length = None;
        self.bytes += total as u64;
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let payload = match &mut self.inflate {
            Some(stream) => compress::inflate(stream, &payload).ok_or(Broken::Compression)?,
            None => payload,
        };
        if payload.is_empty() {
            return Err(Broken::Empty);
        }
        Ok(Some((sequence, payload)))
    }

    fn check(&self, length: usize, block: usize, first: usize) -> Result<(), Broken> {
        let (shortest, longest) = match self.family {
            Family::Openssh => (5, PACKET_BYTES_MAX),
            // Dropbear: packet.c, RECV_MAX_PACKET_LEN and MIN_PACKET_LEN less the length.
            Family::Dropbear => (12, 35_000 + COMPRESSED_PACKET_SLACK_BYTES),
        };
        let counted = if first == 4 { length } else { 4 + length };
        if length < shortest || length > longest || counted % block != 0 {
            return Err(Broken::Length);
        }
        Ok(())
    }
}

/// What goes out.
pub(crate) struct Outbound {
    family: Family,
    cipher: Cipher,
    mac: Option<Mac>,
    pub(crate) deflate: Option<Compress>,
    sequence: u32,
    pub(crate) bytes: u64,
}

impl Outbound {
    pub(crate) fn new(family: Family) -> Self {
        Self { family, cipher: Cipher::None, mac: None, deflate: None, sequence: 0, bytes: 0 }
    }

    pub(crate) fn rekey(&mut self, cipher: Cipher, mac: Option<Mac>, reset: bool) {
        self.cipher = cipher;
        self.mac = mac;
        self.bytes = 0;
        if reset {
            self.sequence = 0;
        }
    }

    /// Appends the packet of this payload.
    pub(crate) fn seal(&mut self, payload: &[u8], rng: &mut ChaCha20Rng, out: &mut Vec<u8>) {
        let deflated = self.deflate.as_mut().and_then(|stream| compress::deflate(stream, payload));
        let payload = deflated.as_deref().unwrap_or(payload);
        debug_assert!(payload.len() <= PAYLOAD_BYTES_MAX, "the caller splits data");
        let block = self.cipher.block();
        let tag = self.cipher.tag();
        let etm = self.mac.as_ref().is_some_and(|mac| mac.etm);
        let counted = payload.len() + if tag > 0 || etm { 1 } else { 5 };
        let mut padding = block - counted % block;
        if padding < 4 {
            padding += block;
        }
        // Dropbear's smallest packet has 16 bytes.
        if self.family == Family::Dropbear && counted + padding < 16 {
            padding += block;
        }
        let mut packet = Vec::with_capacity(payload.len() + padding + 5 + 64);
        packet.extend_from_slice(&((payload.len() + padding + 1) as u32).to_be_bytes());
        packet.push(padding as u8);
        packet.extend_from_slice(payload);
        let start = packet.len();
        packet.resize(start + padding, 0);
        // OpenSSH pads with zeros as long as nothing is encrypted.
        if !(self.family == Family::Openssh && matches!(self.cipher, Cipher::None)) {
            rng.fill_bytes(&mut packet[start..]);
        }
        self.bytes += packet.len() as u64;
        if tag > 0 {
            self.cipher.seal(self.sequence, &mut packet);
        } else if etm {
            self.cipher.apply(&mut packet[4..]);
            let mut mac = Vec::with_capacity(64);
            if let Some(key) = &self.mac {
                key.tag(self.sequence, &packet, &mut mac);
            }
            packet.extend_from_slice(&mac);
        } else {
            let mut mac = Vec::with_capacity(64);
            if let Some(key) = &self.mac {
                key.tag(self.sequence, &packet, &mut mac);
            }
            self.cipher.apply(&mut packet);
            packet.extend_from_slice(&mac);
        }
        self.sequence = self.sequence.wrapping_add(1);
        out.extend_from_slice(&packet);
    }
}

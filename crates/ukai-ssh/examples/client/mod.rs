//! The least client there can be: curve25519, ed25519, aes128-ctr and hmac-sha2-256. It
//! checks nothing. What measures or fuzzes the server behind the encryption shares it.

use aes::cipher::{KeyIvInit, StreamCipher};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// What the client calls itself.
const VERSION: &[u8] = b"SSH-2.0-least";

/// Bytes of a block of the cipher.
const BLOCK: usize = 16;

type Ctr = ctr::Ctr128BE<aes::Aes128>;

/// Appends a string of RFC 4251.
pub(crate) fn string(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    into.extend_from_slice(bytes);
}

/// The keys of one direction.
struct Keys {
    cipher: Ctr,
    mac: Hmac<Sha256>,
}

/// A client's end of a connection: payloads become bytes, and bytes payloads.
pub(crate) struct Client {
    private: [u8; 32],
    /// `none` or what else there is for what the client sends.
    compression: &'static str,
    server_version: Vec<u8>,
    session: Option<Vec<u8>>,
    received: Vec<u8>,
    /// Bytes at the front of `received` that are read.
    used: usize,
    /// Length of the packet at the front, once its first block is decrypted.
    length: Option<usize>,
    sending: Option<Keys>,
    receiving: Option<Keys>,
    sent: u32,
}

impl Client {
    /// A client whose secrets come of `number`.
    pub(crate) fn new(number: u32, compression: &'static str) -> Self {
        let mut private = [0x5A; 32];
        private[..4].copy_from_slice(&number.to_be_bytes());
        Self {
            private,
            compression,
            server_version: Vec::new(),
            session: None,
            received: Vec::new(),
            used: 0,
            length: None,
            sending: None,
            receiving: None,
            sent: 0,
        }
    }

    /// The packet of a payload.
    pub(crate) fn packet(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut padding = BLOCK - (payload.len() + 5) % BLOCK;
        if padding < 4 {
            padding += BLOCK;
        }
        let mut packet = ((payload.len() + padding + 1) as u32).to_be_bytes().to_vec();
        packet.push(padding as u8);
        packet.extend_from_slice(payload);
        packet.resize(packet.len() + padding, 0);
        if let Some(keys) = &mut self.sending {
            let mut mac = keys.mac.clone();
            mac.update(&self.sent.to_be_bytes());
            mac.update(&packet);
            keys.cipher.apply_keystream(&mut packet);
            packet.extend_from_slice(&mac.finalize().into_bytes());
        }
        self.sent = self.sent.wrapping_add(1);
        packet
    }

    /// Takes what the server has sent.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.received.drain(..self.used);
        self.used = 0;
        self.received.extend_from_slice(bytes);
    }

    /// The next payload that the server has sent.
    pub(crate) fn payload(&mut self) -> Option<Vec<u8>> {
        let first = if self.receiving.is_some() { BLOCK } else { 4 };
        let mac = if self.receiving.is_some() { 32 } else { 0 };
        let waiting = &mut self.received[self.used..];
        let length = if let Some(length) = self.length {
            length
        } else {
            let front = waiting.get_mut(..first)?;
            if let Some(keys) = &mut self.receiving {
                keys.cipher.apply_keystream(front);
            }
            u32::from_be_bytes(front[..4].try_into().ok()?) as usize
        };
        self.length = Some(length);
        let end = 4 + length;
        if waiting.len() < end + mac {
            return None;
        }
        if let Some(keys) = &mut self.receiving {
            keys.cipher.apply_keystream(&mut waiting[first..end]);
        }
        let payload = waiting[5..end - usize::from(waiting[4])].to_vec();
        self.used += end + mac;
        self.length = None;
        Some(payload)
    }

    /// Makes keys together with the server, the first ones or new ones. `send` gives bytes
    /// to the server and appends what it answers. Gives what else came in between, or
    /// nothing if the server does not join in.
    pub(crate) fn make_keys(
        &mut self,
        mut send: impl FnMut(&[u8], &mut Vec<u8>),
    ) -> Option<VecDeque<Vec<u8>>> {
        if self.session.is_none() {
            send(&[VERSION, b"\r\n"].concat(), &mut self.received);
            let line = self.received.iter().position(|byte| *byte == b'\n')?;
            self.server_version = self.received.drain(..=line).collect();
            self.server_version.truncate(line.checked_sub(1)?);
        }
        let mut other = VecDeque::new();
        let init = self.key_init();
        let packet = self.packet(&init);
        send(&packet, &mut self.received);
        let theirs = self.until(20, &mut other)?;
        let public = MontgomeryPoint::mul_base_clamped(self.private).to_bytes();
        let mut half = vec![30];
        string(&mut half, &public);
        let packet = self.packet(&half);
        send(&packet, &mut self.received);
        let reply = self.until(31, &mut other)?;
        let fields = strings::<2>(reply.get(1..)?)?;
        let point: [u8; 32] = fields[1].try_into().ok()?;
        let secret = mpint(&MontgomeryPoint(point).mul_clamped(self.private).to_bytes());
        let mut hashed = Vec::new();
        let versions = [VERSION, &self.server_version];
        let rest = [&init[..], &theirs, fields[0], &public, &point, &secret];
        for part in versions.into_iter().chain(rest) {
            string(&mut hashed, part);
        }
        let hash = Sha256::digest(&hashed).to_vec();
        let session = self.session.get_or_insert_with(|| hash.clone()).clone();
        let mut start = Vec::new();
        string(&mut start, &secret);
        start.extend_from_slice(&hash);
        let key = |letter: u8| Sha256::digest([start.as_slice(), &[letter], &session].concat());
        let keys = |iv: u8, cipher: u8, mac: u8| {
            Some(Keys {
                cipher: Ctr::new_from_slices(&key(cipher)[..16], &key(iv)[..16]).ok()?,
                mac: Mac::new_from_slice(&key(mac)).ok()?,
            })
        };
        self.until(21, &mut other)?;
        self.receiving = Some(keys(b'B', b'D', b'F')?);
        let packet = self.packet(&[21]);
        self.sending = Some(keys(b'A', b'C', b'E')?);
        send(&packet, &mut self.received);
        Some(other)
    }

    /// The next message of this kind; those before it are put aside.
    fn until(&mut self, kind: u8, other: &mut VecDeque<Vec<u8>>) -> Option<Vec<u8>> {
        loop {
            let payload = self.payload()?;
            if payload.first() == Some(&kind) {
                return Some(payload);
            }
            other.push_back(payload);
        }
    }

    fn key_init(&self) -> Vec<u8> {
        let mut init = vec![20; 17];
        for list in [
            "curve25519-sha256",
            "ssh-ed25519",
            "aes128-ctr",
            "aes128-ctr",
            "hmac-sha2-256",
            "hmac-sha2-256",
            self.compression,
            "none",
            "",
            "",
        ] {
            string(&mut init, list.as_bytes());
        }
        init.extend_from_slice(&[0; 5]);
        init
    }
}

/// A positive number as RFC 4251 writes it.
fn mpint(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut number = bytes[zeros..].to_vec();
    if number.first().is_some_and(|byte| byte & 0x80 != 0) {
        number.insert(0, 0);
    }
    number
}

fn strings<const COUNT: usize>(mut bytes: &[u8]) -> Option<[&[u8]; COUNT]> {
    let mut found = [&[][..]; COUNT];
    for place in &mut found {
        let (length, rest) = bytes.split_first_chunk()?;
        (*place, bytes) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    }
    Some(found)
}

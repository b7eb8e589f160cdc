//! Key exchange: RFC 4253 sections 7 and 8, with OpenSSH's strict variant.

use super::{Handled, SHORT, Server, Trouble, strict_violation};
use crate::crypto::cipher::{self, Cipher, Direction};
use crate::crypto::compress;
use crate::crypto::kex::{Exchange, Group, Half, Hash, by_name, curve, derive};
use crate::crypto::mac::{self, Mac};
use crate::event::{KexInit, Negotiated, Output, ServerEvent};
use crate::hostkeys::kind_of;
use crate::limits::{REKEY_LARGE_BLOCK_BYTES, REKEY_SMALL_BLOCK_BYTES};
use crate::message;
use crate::profile::{Family, HostKeyKind};
use crate::wire::{Put, Reader};
use bytes::Bytes;
use md5::{Digest as _, Md5};
use rand_core::RngCore;

/// Where the key exchange stands.
#[derive(Default)]
pub(super) struct Kex {
    stage: Stage,
    /// Our KEXINIT is out and our NEWKEYS is not.
    out: bool,
    /// A first exchange is complete.
    complete: bool,
    pub(super) strict: bool,
    ext_info: bool,
    ours: Vec<u8>,
    theirs: Vec<u8>,
    choice: Option<Choice>,
    ignore_next: bool,
    gex: Option<([u32; 3], Group)>,
    session: Vec<u8>,
    incoming: Option<(Cipher, Option<Mac>)>,
    /// Bytes after which the keys are changed.
    limit: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Waits for the client's KEXINIT.
    #[default]
    Init,
    /// Waits for the client's half.
    Half,
    /// Waits for the client's NEWKEYS.
    NewKeys,
}

#[derive(Clone)]
struct Choice {
    negotiated: Negotiated,
    exchange: Exchange,
    hash: Hash,
    host_key: HostKeyKind,
}

impl Kex {
    pub(super) fn initial(&self) -> bool {
        !self.complete
    }

    pub(super) fn sending(&self) -> bool {
        self.out
    }

    pub(super) fn session(&self) -> &[u8] {
        &self.session
    }

    pub(super) fn host_key_algorithm(&self) -> &str {
        self.choice.as_ref().map_or("", |choice| &choice.negotiated.host_key)
    }
}

impl Server {
    pub(super) fn send_kexinit(&mut self) {
        if self.kex.out {
            return;
        }
        let mut payload = vec![message::KEXINIT];
        let mut cookie = [0; 16];
        self.rng.fill_bytes(&mut cookie);
        payload.extend_from_slice(&cookie);
        for list in self.profile.kex.in_order() {
            payload.put_string(list.join(",").as_bytes());
        }
        payload.push(0);
        payload.put_int(0);
        self.outbound.seal(&payload, &mut self.rng, &mut self.ready);
        self.kex.ours = payload;
        self.kex.out = true;
    }

    /// Changes keys that were used long enough.
    pub(super) fn rekey_if_due(&mut self) {
        if self.kex.complete
            && self.kex.stage == Stage::Init
            && (self.outbound.bytes > self.kex.limit || self.inbound.bytes > self.kex.limit)
        {
            self.send_kexinit();
        }
    }

    pub(super) fn kex_message(
        &mut self,
        kind: u8,
        sequence: u32,
        payload: &[u8],
        out: &mut Vec<Output>,
    ) -> Handled {
        let mut body = Reader::new(payload.get(1..).unwrap_or_default());
        match (self.kex.stage, kind) {
            (Stage::Init, message::KEXINIT) => return self.kexinit(sequence, payload, out),
            (Stage::Half, 30..=49) if self.kex.ignore_next => {
                self.kex.ignore_next = false;
                return Ok(());
            }
            (Stage::NewKeys, message::NEWKEYS) => return self.newkeys(out),
            _ => {}
        }
        let exchange = self.kex.choice.as_ref().map(|choice| choice.exchange);
        match (self.kex.stage, kind, exchange) {
            (Stage::Half, message::GEX_REQUEST, Some(Exchange::ChosenGroup))
                if self.kex.gex.is_none() =>
            {
                let sizes =
                    [body.u32().ok_or(SHORT)?, body.u32().ok_or(SHORT)?, body.u32().ok_or(SHORT)?];
                self.gex_request(sizes)
            }
            (Stage::Half, message::GEX_INIT, Some(Exchange::ChosenGroup))
                if self.kex.gex.is_some() =>
            {
                self.half(body)
            }
            (Stage::Half, message::KEX_INIT, Some(exchange))
                if exchange != Exchange::ChosenGroup =>
            {
                self.half(body)
            }
            // process-packet.c: only a second KEXINIT is fatal here, unless the exchange is strict.
            _ if self.profile.family == Family::Dropbear
                && (kind == message::KEXINIT || (self.kex.strict && self.kex.initial())) =>
            {
                Err(Trouble::Silent("a message out of turn in the key exchange"))
            }
            _ if self.kex.strict && self.kex.initial() => Err(strict_violation(kind, sequence)),
            _ => self.unimplemented(sequence),
        }
    }

    fn kexinit(&mut self, sequence: u32, payload: &[u8], out: &mut Vec<Output>) -> Handled {
        let mut body = Reader::new(payload);
        body.take(17).ok_or(SHORT)?;
        let mut lists: [&[u8]; 10] = [&[]; 10];
        for list in &mut lists {
            *list = body.string().ok_or(SHORT)?;
        }
        let guess_follows = body.bool().ok_or(SHORT)?;
        body.u32().ok_or(SHORT)?;
        if self.kex.initial() {
            let init = fingerprint(&lists, guess_follows);
            self.event(ServerEvent::KexInit(Box::new(init)), out);
            let has = |name: &str| names(lists[0]).any(|entry| entry == name.as_bytes());
            let ours = &self.profile.kex.kex;
            self.kex.strict = has("kex-strict-c-v00@openssh.com")
                && ours.iter().any(|name| name == "kex-strict-s-v00@openssh.com");
            self.kex.ext_info = has("ext-info-c");
            if self.kex.strict && sequence != 0 {
                return Err(if self.profile.family == Family::Openssh {
                    Trouble::Says(
                        "a KEXINIT that was not the first packet",
                        "strict KEX violation: KEXINIT was not the first packet".to_owned(),
                    )
                } else {
                    Trouble::Silent("a KEXINIT that was not the first packet")
                });
            }
        }
        self.send_kexinit();
        let choice = self.choose(&lists)?;
        self.kex.ignore_next = guess_follows && !self.guessed_right(&lists);
        self.kex.theirs = payload.to_vec();
        self.kex.choice = Some(choice);
        self.kex.gex = None;
        self.kex.stage = Stage::Half;
        Ok(())
    }

    fn guessed_right(&self, lists: &[&[u8]; 10]) -> bool {
        let ours = &self.profile.kex;
        let first = |theirs: &[u8], ours: &[String]| {
            names(theirs).next() == ours.first().map(String::as_bytes)
        };
        // Dropbear's kexguess2: only the key exchange counts.
        let second = "kexguess2@matt.ucc.asn.au";
        let only_kex = ours.kex.iter().any(|name| name == second)
            && names(lists[0]).any(|name| name == second.as_bytes());
        first(lists[0], &ours.kex) && (only_kex || first(lists[1], &ours.host_key))
    }

    fn choose(&self, lists: &[&[u8]; 10]) -> Result<Choice, Trouble> {
        let ours = self.profile.kex.in_order();
        let common = |at: usize, what: &'static str| -> Result<String, Trouble> {
            names(lists[at])
                .filter(|name| !name.starts_with(b"kexguess2@"))
                .find_map(|name| ours[at].iter().find(|own| own.as_bytes() == name))
                .cloned()
                .ok_or(Trouble::Silent(what))
        };
        let kex = common(0, "no common key exchange")?;
        let host_key = common(1, "no common host key algorithm")?;
        let implicit =
            |cipher: &str| cipher::authenticates(cipher).then(|| "<implicit>".to_owned());
        let cipher_in = common(2, "no common cipher")?;
        let mac_in = implicit(&cipher_in).map_or_else(|| common(4, "no common MAC"), Ok)?;
        let compression_in = common(6, "no common compression")?;
        let cipher_out = common(3, "no common cipher")?;
        let mac_out = implicit(&cipher_out).map_or_else(|| common(5, "no common MAC"), Ok)?;
        let compression_out = common(7, "no common compression")?;
        let (exchange, hash) = by_name(&kex).ok_or(Trouble::Silent("no common key exchange"))?;
        let kind = kind_of(&host_key).ok_or(Trouble::Silent("no common host key algorithm"))?;
        Ok(Choice {
            negotiated: Negotiated {
                kex,
                host_key,
                cipher_in,
                cipher_out,
                mac_in,
                mac_out,
                compression_in,
                compression_out,
                again: self.kex.complete,
            },
            exchange,
            hash,
            host_key: kind,
        })
    }

    fn gex_request(&mut self, sizes: [u32; 3]) -> Handled {
        let [min, wanted, max] = sizes;
        if max < min || wanted < min || max < wanted || max < 2048 {
            return Err(Trouble::Silent("a group of impossible size"));
        }
        let group =
            Group::choose(min.max(2048), wanted.clamp(2048, 8192), max.min(8192), &mut self.rng)
                .ok_or(Trouble::Silent("no group"))?;
        let mut payload = vec![message::KEX_REPLY];
        payload.put_mpint(&group.modulus.to_bytes_be());
        payload.put_mpint(&group.generator.to_bytes_be());
        self.send_payload(payload);
        self.kex.gex = Some((sizes, group));
        Ok(())
    }

    /// The client's half of the exchange: answers with ours, and with new keys.
    fn half(&mut self, mut body: Reader<'_>) -> Handled {
        let Some(choice) = self.kex.choice.clone() else { return Err(SHORT) };
        // As OpenSSH shortens private numbers: twice the largest thing to derive.
        let private_bits = needed(&choice.negotiated).max(32) * 16;
        let invalid = Trouble::Silent("an invalid public value");
        let mut middle = Vec::with_capacity(1024);
        let (half, reply) = match choice.exchange {
            Exchange::Group(_) | Exchange::ChosenGroup => {
                let client = body.mpint().ok_or(SHORT)?;
                let (group, reply) = match (&choice.exchange, self.kex.gex.take()) {
                    (Exchange::ChosenGroup, Some((sizes, group))) => {
                        for size in sizes {
                            middle.put_int(size);
                        }
                        middle.put_mpint(&group.modulus.to_bytes_be());
                        middle.put_mpint(&group.generator.to_bytes_be());
                        (group, message::GEX_REPLY)
                    }
                    (Exchange::Group(modulus), _) => {
                        let group = Group::of(modulus).ok_or(SHORT)?;
                        (group, message::KEX_REPLY)
                    }
                    _ => return Err(SHORT),
                };
                let half = group.answer(&client, private_bits, &mut self.rng).ok_or(invalid)?;
                middle.put_mpint(&client.to_bytes_be());
                middle.put_mpint(&half.public);
                (half, reply)
            }
            _ => {
                let client = body.string().ok_or(SHORT)?;
                let half = curve(choice.exchange, client, &mut self.rng).ok_or(invalid)?;
                middle.put_string(client);
                middle.put_string(&half.public);
                (half, message::KEX_REPLY)
            }
        };
        let host_key = self.keys.public(choice.host_key);
        let mut hashed = Vec::with_capacity(8192);
        hashed.put_string(&self.client_version);
        hashed.put_string(self.profile.version.as_bytes());
        hashed.put_string(&self.kex.theirs);
        hashed.put_string(&self.kex.ours);
        hashed.put_string(&host_key);
        hashed.extend_from_slice(&middle);
        hashed.extend_from_slice(&half.secret);
        let exchange_hash = choice.hash.digest(&[&hashed]);
        if self.kex.session.is_empty() {
            self.kex.session.clone_from(&exchange_hash);
        }
        let signature =
            self.keys.sign(choice.host_key, &choice.negotiated.host_key, &exchange_hash);
        let mut payload = vec![reply];
        payload.put_string(&host_key);
        match choice.exchange {
            Exchange::Group(_) | Exchange::ChosenGroup => payload.put_mpint(&half.public),
            _ => payload.put_string(&half.public),
        }
        payload.put_string(&signature);
        self.send_payload(payload);
        self.send_payload(vec![message::NEWKEYS]);
        self.take_keys(&choice, &half, &exchange_hash)
    }

    fn take_keys(&mut self, choice: &Choice, half: &Half, exchange_hash: &[u8]) -> Handled {
        let session = std::mem::take(&mut self.kex.session);
        let key = |letter: u8, len: usize| {
            derive(choice.hash, &half.secret, exchange_hash, letter, &session, len)
        };
        let make = |name: &str, mac: &str, letters: [u8; 3], direction: Direction| {
            let (key_len, iv_len, _) = cipher::sizes(name)?;
            let iv = key(letters[0], iv_len);
            let cipher = Cipher::new(name, &key(letters[1], key_len), &iv, direction)?;
            let mac = match mac {
                "<implicit>" => None,
                mac => Some(Mac::new(mac, &key(letters[2], mac::key_len(mac)?))?),
            };
            Some((cipher, mac))
        };
        let agreed = &choice.negotiated;
        let incoming = make(&agreed.cipher_in, &agreed.mac_in, *b"ACE", Direction::In);
        let outgoing = make(&agreed.cipher_out, &agreed.mac_out, *b"BDF", Direction::Out);
        self.kex.session = session;
        let (Some(incoming), Some((cipher, mac))) = (incoming, outgoing) else {
            return Err(Trouble::Silent("an algorithm without a key"));
        };
        self.kex.limit = if cipher.block() >= 16 && self.profile.family == Family::Openssh {
            REKEY_LARGE_BLOCK_BYTES
        } else {
            REKEY_SMALL_BLOCK_BYTES
        };
        self.outbound.rekey(cipher, mac, self.kex.strict);
        let compress =
            agreed.compression_out == "zlib" || self.auth.done && agreed.compression_out != "none";
        self.outbound.deflate = compress.then(compress::deflater);
        self.kex.incoming = Some(incoming);
        self.kex.stage = Stage::NewKeys;
        if self.kex.initial() && self.kex.ext_info {
            self.send_ext_info();
        }
        self.kex.out = false;
        self.release_held();
        Ok(())
    }

    /// RFC 8308.
    fn send_ext_info(&mut self) {
        let Some(algorithms) = &self.profile.server_sig_algs else { return };
        let mut payload = vec![message::EXT_INFO];
        payload.put_int(1 + u32::from(self.profile.hostbound));
        payload.put_string(b"server-sig-algs");
        payload.put_string(algorithms.as_bytes());
        if self.profile.hostbound {
            payload.put_string(b"publickey-hostbound@openssh.com");
            payload.put_string(b"0");
        }
        self.send_payload(payload);
    }

    fn newkeys(&mut self, out: &mut Vec<Output>) -> Handled {
        let (Some((cipher, mac)), Some(choice)) = (self.kex.incoming.take(), &self.kex.choice)
        else {
            return Err(SHORT);
        };
        let negotiated = choice.negotiated.clone();
        self.inbound.rekey(cipher, mac, self.kex.strict);
        let compression = &negotiated.compression_in;
        let compressed = compression == "zlib" || self.auth.done && compression != "none";
        self.inbound.inflate = compressed.then(compress::inflater);
        self.kex.stage = Stage::Init;
        self.kex.complete = true;
        self.event(ServerEvent::Negotiated(Box::new(negotiated)), out);
        Ok(())
    }

    /// `zlib@openssh.com` begins with the log-in.
    pub(super) fn start_delayed_compression(&mut self) {
        let Some(choice) = &self.kex.choice else { return };
        if choice.negotiated.compression_out == "zlib@openssh.com" {
            self.outbound.deflate = Some(compress::deflater());
        }
        if choice.negotiated.compression_in == "zlib@openssh.com" {
            self.inbound.inflate = Some(compress::inflater());
        }
    }
}

fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').filter(|name| !name.is_empty())
}

/// Bytes of the largest key, vector or block of what was agreed.
fn needed(agreed: &Negotiated) -> usize {
    let cipher =
        |name: &str| cipher::sizes(name).map_or(0, |(key, iv, block)| key.max(iv).max(block));
    let mac = |name: &str| mac::key_len(name).unwrap_or(0);
    cipher(&agreed.cipher_in)
        .max(cipher(&agreed.cipher_out))
        .max(mac(&agreed.mac_in))
        .max(mac(&agreed.mac_out))
}

/// HASSH (Salesforce, 2018).
fn fingerprint(lists: &[&[u8]; 10], guess_follows: bool) -> KexInit {
    let text = |at: usize| String::from_utf8_lossy(lists[at]).into_owned();
    let algorithms = [text(0), text(2), text(4), text(6)].join(";");
    let hassh = Md5::digest([lists[0], b";", lists[2], b";", lists[4], b";", lists[6]].concat())
        .iter()
        .fold(String::with_capacity(32), |mut hex, byte| {
            use std::fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
            hex
        });
    KexInit { lists: lists.map(Bytes::copy_from_slice), guess_follows, hassh, algorithms }
}

//! Measures what one log-in and one command cost the server: version, key exchange
//! (curve25519, ed25519), password, `exec`, exit status, all in this process.
//!
//! `cargo run --release -p ukai-ssh --example handshake`

use aes::cipher::{KeyIvInit, StreamCipher};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ukai_ssh::{AuthReply, ChannelRequest, HostKeys, Output, Profile, Server, ServerEvent};

const SESSIONS: u32 = 500;
type Ctr = ctr::Ctr128BE<aes::Aes128>;

fn string(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    into.extend_from_slice(bytes);
}

/// The keys of one direction.
struct Keys {
    cipher: Ctr,
    mac: Hmac<Sha256>,
}

/// The least client there can be: aes128-ctr and hmac-sha2-256.
struct Client {
    server: Server,
    spent: Duration,
    received: Vec<u8>,
    sending: Option<Keys>,
    receiving: Option<Keys>,
    sent: u32,
    got: u32,
    closed: bool,
}

impl Client {
    /// Gives bytes to the server, and answers its events; only this is measured.
    fn exchange(&mut self, bytes: &[u8]) {
        let start = Instant::now();
        let mut out = Vec::new();
        if bytes.is_empty() {
            self.server.start(&mut out);
        } else {
            self.server.receive(bytes, &mut out);
        }
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Send(bytes) => self.received.extend_from_slice(&bytes),
                    Output::Close => self.closed = true,
                    Output::Event(event) => answer(&mut self.server, &event, &mut out),
                }
            }
        }
        self.spent += start.elapsed();
    }

    fn send(&mut self, payload: &[u8]) {
        let mut padding = 16 - (payload.len() + 5) % 16;
        if padding < 4 {
            padding += 16;
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
        self.sent += 1;
        self.exchange(&packet);
    }

    /// The next payload that the server has sent.
    fn payload(&mut self) -> Vec<u8> {
        let (length, mac) = if let Some(keys) = &mut self.receiving {
            keys.cipher.apply_keystream(&mut self.received[..16]);
            let length = u32::from_be_bytes(self.received[..4].try_into().expect("four bytes"));
            keys.cipher.apply_keystream(&mut self.received[16..4 + length as usize]);
            (length as usize, 32)
        } else {
            let length = u32::from_be_bytes(self.received[..4].try_into().expect("four bytes"));
            (length as usize, 0)
        };
        self.got += 1;
        let packet: Vec<u8> = self.received.drain(..4 + length + mac).collect();
        packet[5..4 + length - usize::from(packet[4])].to_vec()
    }

    /// Reads until a message of this kind.
    fn until(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let payload = self.payload();
            if payload[0] == kind {
                return payload;
            }
        }
    }
}

fn answer(server: &mut Server, event: &ServerEvent, out: &mut Vec<Output>) {
    match event {
        ServerEvent::Auth(_) => server.auth_reply(AuthReply::Accept, out),
        ServerEvent::ChannelOpen { channel, .. } => server.open_confirm(*channel, out),
        ServerEvent::ChannelRequest { channel, request: ChannelRequest::Exec { .. }, .. } => {
            server.request_reply(*channel, true, out);
            server.send(*channel, b"Linux\n", out);
            server.exit_status(*channel, 0, out);
            server.eof(*channel, out);
            server.close(*channel, out);
        }
        _ => {}
    }
}

fn session(profile: &Arc<Profile>, host_keys: &Arc<HostKeys>, number: u32) -> Duration {
    const VERSION: &[u8] = b"SSH-2.0-bench";
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    let mut client = Client {
        server: Server::new(Arc::clone(profile), Arc::clone(host_keys), seed),
        spent: Duration::ZERO,
        received: Vec::new(),
        sending: None,
        receiving: None,
        sent: 0,
        got: 0,
        closed: false,
    };
    client.exchange(b"");
    client.exchange(b"SSH-2.0-bench\r\n");
    let line = client.received.iter().position(|byte| *byte == b'\n').expect("a version");
    client.received.drain(..=line);
    let mut init = vec![20; 17];
    for list in [
        "curve25519-sha256",
        "ssh-ed25519",
        "aes128-ctr",
        "aes128-ctr",
        "hmac-sha2-256",
        "hmac-sha2-256",
        "none",
        "none",
        "",
        "",
    ] {
        string(&mut init, list.as_bytes());
    }
    init.extend_from_slice(&[0; 5]);
    let theirs = client.payload();
    client.send(&init);
    let private = [number as u8 ^ 0x5A; 32];
    let public = MontgomeryPoint::mul_base_clamped(private).to_bytes();
    let mut half = vec![30];
    string(&mut half, &public);
    client.send(&half);
    let reply = client.until(31);
    let mut fields = Vec::new();
    let mut rest = &reply[1..];
    for _ in 0..3 {
        let length = u32::from_be_bytes(rest[..4].try_into().expect("four bytes")) as usize;
        fields.push(&rest[4..4 + length]);
        rest = &rest[4 + length..];
    }
    let point: [u8; 32] = fields[1].try_into().expect("a point");
    let shared = MontgomeryPoint(point).mul_clamped(private).to_bytes();
    let zeros = shared.iter().take_while(|byte| **byte == 0).count();
    let mut secret = shared[zeros..].to_vec();
    if secret[0] & 0x80 != 0 {
        secret.insert(0, 0);
    }
    let mut hashed = Vec::new();
    for part in
        [VERSION, profile.version.as_bytes(), &init, &theirs, fields[0], &public, &point, &secret]
    {
        string(&mut hashed, part);
    }
    let hash = Sha256::digest(&hashed);
    let mut start = Vec::new();
    string(&mut start, &secret);
    start.extend_from_slice(&hash);
    let key = |letter: u8| Sha256::digest([start.as_slice(), &[letter], &hash].concat());
    let keys = |iv: u8, cipher: u8, mac: u8| Keys {
        cipher: Ctr::new_from_slices(&key(cipher)[..16], &key(iv)[..16]).expect("sizes"),
        mac: Mac::new_from_slice(&key(mac)).expect("any size"),
    };
    client.until(21);
    client.send(&[21]);
    client.sending = Some(keys(b'A', b'C', b'E'));
    client.receiving = Some(keys(b'B', b'D', b'F'));
    let mut service = vec![5];
    string(&mut service, b"ssh-userauth");
    client.send(&service);
    let mut auth = vec![50];
    for part in ["root", "ssh-connection", "password"] {
        string(&mut auth, part.as_bytes());
    }
    auth.push(0);
    string(&mut auth, b"secret");
    client.send(&auth);
    client.until(52);
    let mut open = vec![90];
    string(&mut open, b"session");
    for number in [0u32, 1 << 21, 1 << 15] {
        open.extend_from_slice(&number.to_be_bytes());
    }
    client.send(&open);
    client.until(91);
    let mut exec = vec![98, 0, 0, 0, 0];
    string(&mut exec, b"exec");
    exec.push(1);
    string(&mut exec, b"uname");
    client.send(&exec);
    let data = client.until(94);
    assert!(data.ends_with(b"Linux\n"));
    client.until(97);
    client.send(&[97, 0, 0, 0, 0]);
    assert!(!client.closed);
    client.spent
}

fn main() {
    for name in ["openssh-9.2p1-debian12", "dropbear-2022.83"] {
        let profile = Profile::named(name).expect("a profile");
        let keys = Arc::new(HostKeys::derive(&profile, [7; 32]));
        let start = Instant::now();
        keys.prepare();
        let prepared = start.elapsed();
        let spent: Duration = (0..SESSIONS).map(|number| session(&profile, &keys, number)).sum();
        println!(
            "{name}: {:.3} ms of server for each of {SESSIONS} sessions; host keys took {prepared:.1?}",
            spent.as_secs_f64() * 1e3 / f64::from(SESSIONS)
        );
    }
}

//! The server: one value for one connection.

mod auth;
mod channels;
mod connection;
mod kex;
mod version;

use crate::event::{DisconnectReason, Output, ServerEvent};
use crate::hostkeys::HostKeys;
use crate::limits::{INPUT_BYTES_MAX, REKEY_QUEUE_BYTES_MAX};
use crate::message;
use crate::packet::{Broken, Inbound, Outbound};
use crate::profile::{Family, Profile};
use crate::wire::{Put, Reader};
use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::sync::Arc;

/// One connection of a client.
///
/// Each call appends what is to be done to `out`, in order.
pub struct Server {
    profile: Arc<Profile>,
    keys: Arc<HostKeys>,
    rng: ChaCha20Rng,
    phase: Phase,
    client_version: Vec<u8>,
    inbound: Inbound,
    outbound: Outbound,
    /// Bytes that are ready for the peer and not yet in anybody's `out`.
    ready: Vec<u8>,
    /// Payloads that wait for the end of a key exchange.
    held: Vec<Vec<u8>>,
    held_bytes: usize,
    kex: kex::Kex,
    auth: auth::Auth,
    connection: connection::Connection,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("profile", &self.profile.name)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Reads the client's version; whether a carriage return was seen.
    Version {
        carriage_return: bool,
    },
    Packets,
    Closed,
}

/// Why a message ends the connection.
enum Trouble {
    /// The claimed program closes without a word.
    Silent(&'static str),
    /// It says why, with reason 2.
    Says(&'static str, String),
}

type Handled = Result<(), Trouble>;

/// The error of a message that is shorter than its kind says: both OpenSSH and Dropbear
/// close without a word.
const SHORT: Trouble = Trouble::Silent("a message that is too short");

fn strict_violation(kind: u8, sequence: u32) -> Trouble {
    Trouble::Says(
        "a message that strict key exchange forbids",
        format!("strict KEX violation: unexpected packet type {kind} (seqnr {sequence})"),
    )
}

impl Server {
    /// A server for a new connection. The seed must differ between connections: session
    /// keys come from it.
    pub fn new(profile: Arc<Profile>, keys: Arc<HostKeys>, seed: [u8; 32]) -> Self {
        let family = profile.family;
        Self {
            profile,
            keys,
            rng: ChaCha20Rng::from_seed(seed),
            phase: Phase::Version { carriage_return: false },
            client_version: Vec::new(),
            inbound: Inbound::new(family),
            outbound: Outbound::new(family),
            ready: Vec::new(),
            held: Vec::new(),
            held_bytes: 0,
            kex: kex::Kex::default(),
            auth: auth::Auth::default(),
            connection: connection::Connection::default(),
        }
    }

    /// Which implementation this is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The connection is there: puts out the banner.
    pub fn start(&mut self, out: &mut Vec<Output>) {
        self.ready.extend_from_slice(self.profile.version.as_bytes());
        self.ready.extend_from_slice(b"\r\n");
        // Dropbear does not wait for the client's version, OpenSSH does.
        if self.profile.family == Family::Dropbear {
            self.send_kexinit();
        }
        self.flush(out);
    }

    /// Bytes from the client.
    pub fn receive(&mut self, bytes: &[u8], out: &mut Vec<Output>) {
        if self.phase == Phase::Closed {
            return;
        }
        if self.inbound.waiting() + bytes.len() > INPUT_BYTES_MAX {
            self.end("more input than can wait", None, out);
            return;
        }
        self.inbound.push(bytes);
        self.pump_cut();
        self.run(out);
        self.flush(out);
    }

    /// The client sends no more.
    pub fn ended(&mut self, out: &mut Vec<Output>) {
        self.abort(out);
    }

    /// Says good-bye and closes.
    pub fn disconnect(&mut self, reason: DisconnectReason, text: &str, out: &mut Vec<Output>) {
        if self.phase == Phase::Packets {
            self.say_goodbye(reason as u32, text);
        }
        self.abort(out);
    }

    /// Closes without a word, as a real server does at the end of its grace time.
    pub fn abort(&mut self, out: &mut Vec<Output>) {
        if self.phase != Phase::Closed {
            self.flush(out);
            self.phase = Phase::Closed;
            out.push(Output::Close);
        }
    }

    /// Whether the client has authenticated.
    pub fn authenticated(&self) -> bool {
        self.auth.done
    }

    /// Whether the connection is over, so that everything sent is ignored.
    pub fn closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    fn run(&mut self, out: &mut Vec<Output>) {
        while matches!(self.phase, Phase::Version { .. }) {
            let Some(byte) = self.inbound.take_byte() else { return };
            self.version_byte(byte, out);
        }
        while self.phase == Phase::Packets && !self.auth.waits() {
            match self.inbound.next() {
                Ok(None) => return,
                Ok(Some((sequence, payload))) => {
                    if let Err(trouble) = self.message(sequence, &payload, out) {
                        match trouble {
                            Trouble::Silent(what) => self.end(what, None, out),
                            Trouble::Says(what, text) => self.end(what, Some(text), out),
                        }
                    }
                }
                Err(broken) => self.broken(broken, out),
            }
        }
    }

    /// packet.c of OpenSSH and of Dropbear.
    fn broken(&mut self, broken: Broken, out: &mut Vec<Output>) {
        let openssh = self.profile.family == Family::Openssh;
        // OpenSSH composes a DISCONNECT "Packet corrupt" for some of these, and exits
        // before it is sent.
        let (what, text) = match broken {
            Broken::Length => ("a packet of impossible length", None),
            Broken::Mac => ("a packet with a wrong MAC", None),
            Broken::Padding(padding) if openssh => (
                "a packet with too little padding",
                Some(format!("Corrupted padlen {padding} on input.")),
            ),
            Broken::Padding(_) => ("a packet with too little padding", None),
            Broken::Empty => ("an empty packet", None),
            Broken::Compression => ("compressed data that are none", None),
        };
        self.end(what, text, out);
    }

    fn message(&mut self, sequence: u32, payload: &[u8], out: &mut Vec<Output>) -> Handled {
        let Some((kind, body)) = payload.split_first() else { return Err(SHORT) };
        let openssh = self.profile.family == Family::Openssh;
        if openssh && (*kind < 1 || *kind >= 192) {
            return Err(Trouble::Says(
                "a message of impossible type",
                format!("Invalid ssh2 packet type: {kind}"),
            ));
        }
        let body = Reader::new(body);
        let strict_now = self.kex.strict && self.kex.initial();
        match *kind {
            message::DISCONNECT => {
                let mut body = body;
                let reason = body.u32().unwrap_or_default();
                let text = Bytes::copy_from_slice(body.string().unwrap_or_default());
                self.event(ServerEvent::Disconnect { reason, text }, out);
                self.abort(out);
                Ok(())
            }
            message::IGNORE if !strict_now => Ok(()),
            message::UNIMPLEMENTED if !strict_now => {
                let mut body = body;
                body.u32().map(drop).ok_or(SHORT)
            }
            message::DEBUG if !strict_now => {
                let mut body = body;
                let whole = body.bool().is_some() && body.string().is_some();
                if openssh && !(whole && body.string().is_some()) {
                    return Err(SHORT);
                }
                Ok(())
            }
            message::KEXINIT..=49 => self.kex_message(*kind, sequence, payload, out),
            _ if self.kex.initial() => self.too_early(*kind, sequence),
            message::SERVICE_REQUEST if !self.auth.done || !openssh => self.service_request(body),
            message::EXT_INFO if openssh => Ok(()),
            message::USERAUTH_REQUEST if self.auth.service && !self.auth.done => {
                self.auth_request(body, out)
            }
            // RFC 4252 section 5.1: ignored after success. OpenSSH knows it no more.
            message::USERAUTH_REQUEST if self.auth.done && !openssh => Ok(()),
            message::USERAUTH_INFO_RESPONSE if self.auth.prompts > 0 => {
                self.info_response(body, out)
            }
            80..=127 if self.auth.done => self.connection_message(*kind, sequence, body, out),
            61..=255 if !openssh && !self.auth.done => {
                Err(Trouble::Silent("a message before the authentication"))
            }
            _ => self.unimplemented(sequence),
        }
    }

    /// A message before there are keys.
    fn too_early(&mut self, kind: u8, sequence: u32) -> Handled {
        if self.profile.family == Family::Dropbear {
            if !self.kex.strict
                && (1..50).contains(&kind)
                && kind != message::SERVICE_REQUEST
                && kind != message::SERVICE_ACCEPT
            {
                return self.unimplemented(sequence);
            }
            return Err(Trouble::Silent("a message before the key exchange"));
        }
        if self.kex.strict {
            return Err(strict_violation(kind, sequence));
        }
        if kind >= 50 {
            return Err(Trouble::Silent("a message before the key exchange"));
        }
        self.unimplemented(sequence)
    }

    #[allow(clippy::unnecessary_wraps, reason = "the last thing that a handler does")]
    fn unimplemented(&mut self, sequence: u32) -> Handled {
        let mut payload = vec![message::UNIMPLEMENTED];
        payload.put_int(sequence);
        self.send_payload(payload);
        Ok(())
    }

    fn say_goodbye(&mut self, reason: u32, text: &str) {
        let mut payload = vec![message::DISCONNECT];
        payload.put_int(reason);
        payload.put_string(text.as_bytes());
        payload.put_string(b"");
        self.outbound.seal(&payload, &mut self.rng, &mut self.ready);
    }

    /// Ends because of what the peer did.
    fn end(&mut self, what: &'static str, text: Option<String>, out: &mut Vec<Output>) {
        if let Some(text) = &text {
            self.say_goodbye(DisconnectReason::ProtocolError as u32, text);
        }
        self.event(ServerEvent::ProtocolError { what, answer: text }, out);
        self.abort(out);
    }

    /// Sends a message, or keeps it until the key exchange is over.
    fn send_payload(&mut self, payload: Vec<u8>) {
        let transport = payload.first().is_some_and(|kind| *kind < 50 && *kind != 5 && *kind != 6);
        if self.kex.sending() && !transport {
            // A client that asks for answers during its own key exchange, without end,
            // gets none.
            if self.held_bytes + payload.len() <= REKEY_QUEUE_BYTES_MAX {
                self.held_bytes += payload.len();
                self.held.push(payload);
            }
            return;
        }
        self.outbound.seal(&payload, &mut self.rng, &mut self.ready);
    }

    fn release_held(&mut self) {
        self.held_bytes = 0;
        for payload in std::mem::take(&mut self.held) {
            self.outbound.seal(&payload, &mut self.rng, &mut self.ready);
        }
    }

    fn event(&mut self, event: ServerEvent, out: &mut Vec<Output>) {
        self.flush(out);
        out.push(Output::Event(event));
    }

    fn flush(&mut self, out: &mut Vec<Output>) {
        if !self.ready.is_empty() && self.phase != Phase::Closed {
            out.push(Output::Send(Bytes::from(std::mem::take(&mut self.ready))));
        }
    }
}

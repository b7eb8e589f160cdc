//! One client: requests and indications in, answers out.

use super::attribute::{
    CHANGE_REQUEST, CHANGED_ADDRESS, CHANNEL_NUMBER, DATA, ERROR_CODE, FINGERPRINT, LIFETIME,
    MAPPED_ADDRESS, NONCE, OTHER_ADDRESS, REALM, REQUESTED_TRANSPORT, RESPONSE_ORIGIN, SOFTWARE,
    SOURCE_ADDRESS, UNKNOWN_ATTRIBUTES, USERNAME, XOR_MAPPED_ADDRESS, XOR_PEER_ADDRESS,
    XOR_RELAYED_ADDRESS, address, masked, understood, unmasked,
};
use super::credentials::find;
use super::message::{Answer, BINDING, Message};
use crate::limits::STUN_MESSAGE_BYTES;
use crate::told::Told;
use crate::wire::hex;
use std::net::{IpAddr, SocketAddr};
use ukai_emulators::{Context, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::{EventKind, Flow, PeerText, Transport};

const ALLOCATE: u16 = 0x0003;
const REFRESH: u16 = 0x0004;
const SEND_INDICATION: u16 = 0x0016;
const CREATE_PERMISSION: u16 = 0x0008;
const CHANNEL_BIND: u16 = 0x0009;
const CONNECT: u16 = 0x000a;

/// What Debian 12's coturn says.
const SERVER: &[u8] = b"Coturn-4.6.1 'Gorst'";
const OUR_REALM: &[u8] = b"turn.local";
/// Longest life of an allocation, in seconds (coturn's `max-allocate-lifetime`).
const LIFETIME_MAX: u32 = 3_600;
/// Life of one that asks for none (RFC 8656, 3.2).
const LIFETIME_USUAL: u32 = 600;

pub(super) struct StunSession {
    told: Told,
    flow: Flow,
    seed: u64,
    buffer: Vec<u8>,
    /// The key that signs answers, once it is known.
    key: Option<[u8; 16]>,
    known: bool,
    allocated: bool,
    over: bool,
}

impl StunSession {
    pub(super) fn new(open: &Open) -> Self {
        Self {
            told: Told::new("stun"),
            flow: open.flow,
            seed: open.seed,
            buffer: Vec::new(),
            key: None,
            known: false,
            allocated: false,
            over: false,
        }
    }

    fn message(&mut self, cx: &mut Context<'_>, message: &Message<'_>) {
        if message.kind & 0x0110 == 0x0010 {
            return self.indication(cx, message);
        }
        if message.kind & 0x0110 != 0 {
            return;
        }
        let unknown: Vec<u8> = message
            .attributes()
            .filter(|(kind, ..)| !understood(*kind))
            .flat_map(|(kind, ..)| kind.to_be_bytes())
            .collect();
        if !unknown.is_empty() && message.cookie() {
            return self.refuse(cx, message, 420, "Unknown Attribute", |answer| {
                answer.add(UNKNOWN_ATTRIBUTES, &unknown);
            });
        }
        match message.kind {
            BINDING => self.binding(cx, message),
            ALLOCATE | REFRESH | CREATE_PERMISSION | CHANNEL_BIND | CONNECT => {
                if self.logged_in(cx, message) {
                    self.turn(cx, message);
                }
            }
            kind => {
                self.told.request(cx, "unknown", format!("method 0x{kind:03x}").as_bytes());
                self.refuse(cx, message, 400, "Bad Request", |_| {});
            }
        }
    }

    fn binding(&mut self, cx: &mut Context<'_>, message: &Message<'_>) {
        let software = message.attribute(SOFTWARE).unwrap_or_default();
        self.told.request(cx, "Binding", software);
        // An answer from elsewhere is asked for. None comes, as from behind a filter.
        if message.attribute(CHANGE_REQUEST).is_some_and(|value| value.iter().any(|b| b & 6 != 0)) {
            return;
        }
        let (peer, local) = (self.flow.peer(), self.flow.local());
        let other = self.other();
        self.succeed(cx, message, |answer, mask| {
            if message.cookie() {
                answer.add(XOR_MAPPED_ADDRESS, &masked(peer, mask));
            }
            answer.add(MAPPED_ADDRESS, &address(peer));
            if message.cookie() {
                answer.add(RESPONSE_ORIGIN, &address(local));
                answer.add(OTHER_ADDRESS, &address(other));
            } else {
                answer.add(SOURCE_ADDRESS, &address(local));
                answer.add(CHANGED_ADDRESS, &address(other));
            }
        });
    }

    /// The server's second address, beside the first.
    fn other(&self) -> SocketAddr {
        let mut ip = self.flow.dst_ip;
        // Up from a low address and down from a high one: never to a network's ends.
        let beside = |low: u8| if low < 128 { low + 1 } else { low - 1 };
        match &mut ip {
            IpAddr::V4(ip) => {
                let [a, b, c, low] = ip.octets();
                *ip = [a, b, c, beside(low)].into();
            }
            IpAddr::V6(ip) => {
                let mut octets = ip.octets();
                octets[15] = beside(octets[15]);
                *ip = octets.into();
            }
        }
        SocketAddr::new(ip, self.flow.dst_port.wrapping_add(1).max(1))
    }

    /// Asks for a log-in, or writes it down; whether there was one.
    fn logged_in(&mut self, cx: &mut Context<'_>, message: &Message<'_>) -> bool {
        let user = message.attribute(USERNAME);
        let (Some(user), Some((text, signature))) = (user, message.signed()) else {
            let nonce = format!("{:016x}", self.seed ^ 0x5bd1_e995_9d1c_a3f7);
            self.refuse(cx, message, 401, "Unauthorized", |answer| {
                answer.add(NONCE, nonce.as_bytes()).add(REALM, OUR_REALM);
            });
            return false;
        };
        let realm = message.attribute(REALM).unwrap_or_default();
        if !self.known {
            self.known = true;
            let found = find(message, user, realm);
            // With user and realm, what a cracker needs: the signature, and what it signs.
            let proof = format!(
                "hmac-sha1 realm={} {} {}",
                PeerText::from(realm),
                hex(signature),
                hex(&text)
            );
            let password = found.as_ref().map(|found| found.password.clone()).unwrap_or_default();
            self.told.login(cx, user, &password, Some("turn-long-term"), Some(proof.as_bytes()));
            self.key = found.map(|found| found.key);
        }
        true
    }

    fn turn(&mut self, cx: &mut Context<'_>, message: &Message<'_>) {
        let number = |kind| {
            message
                .attribute(kind)
                .and_then(|value| value.first_chunk::<4>().copied())
                .map(u32::from_be_bytes)
        };
        let lifetime = number(LIFETIME).unwrap_or(LIFETIME_USUAL).min(LIFETIME_MAX);
        match message.kind {
            ALLOCATE => {
                let transport =
                    message.attribute(REQUESTED_TRANSPORT).and_then(|value| value.first());
                self.told.request(
                    cx,
                    "Allocate",
                    match transport {
                        Some(6) => b"tcp",
                        Some(17) => b"udp",
                        _ => b"?",
                    },
                );
                match transport {
                    None => return self.refuse(cx, message, 400, "Bad Request", |_| {}),
                    Some(6 | 17) => {}
                    Some(_) => {
                        return self.refuse(
                            cx,
                            message,
                            442,
                            "Unsupported Transport Protocol",
                            |_| {},
                        );
                    }
                }
                self.allocated = true;
                let relayed =
                    SocketAddr::new(self.flow.dst_ip, 49_152 + (self.seed % 16_384) as u16);
                let peer = self.flow.peer();
                self.succeed(cx, message, |answer, mask| {
                    answer.add(XOR_RELAYED_ADDRESS, &masked(relayed, mask));
                    answer.add(XOR_MAPPED_ADDRESS, &masked(peer, mask));
                    answer.add(LIFETIME, &lifetime.max(LIFETIME_USUAL).to_be_bytes());
                });
            }
            _ if !self.allocated => self.refuse(cx, message, 437, "Allocation Mismatch", |_| {}),
            REFRESH => {
                self.told.request(cx, "Refresh", lifetime.to_string().as_bytes());
                self.allocated = lifetime > 0;
                self.succeed(cx, message, |answer, _| {
                    answer.add(LIFETIME, &lifetime.to_be_bytes());
                });
            }
            CONNECT => {
                self.peers(cx, "turn-connect", message, false);
                self.refuse(cx, message, 447, "Connection Timeout or Failure", |_| {});
            }
            kind => {
                let how = if kind == CHANNEL_BIND { "turn-channel" } else { "turn-permission" };
                if !self.peers(cx, how, message, true)
                    || kind == CHANNEL_BIND && message.attribute(CHANNEL_NUMBER).is_none()
                {
                    return self.refuse(cx, message, 400, "Bad Request", |_| {});
                }
                self.succeed(cx, message, |_, _| {});
            }
        }
    }

    /// Writes down the peers that a request names; whether there was one.
    fn peers(
        &mut self,
        cx: &mut Context<'_>,
        how: &str,
        message: &Message<'_>,
        granted: bool,
    ) -> bool {
        let mut any = false;
        for (kind, value, _) in message.attributes() {
            if kind != XOR_PEER_ADDRESS {
                continue;
            }
            let Some(peer) = unmasked(value, &message.transaction) else { continue };
            any = true;
            self.told.record(
                cx,
                EventKind::TunnelRequest {
                    how: how.to_owned(),
                    host: peer.ip().to_string().as_str().into(),
                    port: peer.port(),
                    origin: PeerText::default(),
                    granted,
                },
            );
        }
        any
    }

    fn indication(&mut self, cx: &mut Context<'_>, message: &Message<'_>) {
        if message.kind == SEND_INDICATION {
            let to = message
                .attribute(XOR_PEER_ADDRESS)
                .and_then(|value| unmasked(value, &message.transaction))
                .map_or_else(String::new, |peer| peer.to_string());
            let data = message.attribute(DATA).unwrap_or_default();
            self.told.request(cx, "Send", &[to.as_bytes(), b" ", data].concat());
        }
    }

    /// Data on a channel (RFC 8656, 12.4).
    fn channel(&mut self, cx: &mut Context<'_>, number: u16, data: &[u8]) {
        self.told.request(
            cx,
            "ChannelData",
            &[format!("0x{number:04x} ").as_bytes(), data].concat(),
        );
    }

    fn succeed(
        &mut self,
        cx: &mut Context<'_>,
        message: &Message<'_>,
        fill: impl FnOnce(&mut Answer, &[u8; 16]),
    ) {
        let mut answer = Answer::new(message.kind | 0x0100, &message.transaction);
        fill(&mut answer, &message.transaction);
        self.send(cx, message, answer);
    }

    fn refuse(
        &mut self,
        cx: &mut Context<'_>,
        message: &Message<'_>,
        code: u16,
        reason: &str,
        fill: impl FnOnce(&mut Answer),
    ) {
        let mut answer = Answer::new(message.kind | 0x0110, &message.transaction);
        let code = [0, 0, (code / 100) as u8, (code % 100) as u8];
        answer.add(ERROR_CODE, &[&code[..], reason.as_bytes()].concat());
        fill(&mut answer);
        self.send(cx, message, answer);
    }

    fn send(&mut self, cx: &mut Context<'_>, message: &Message<'_>, mut answer: Answer) {
        if message.cookie() {
            answer.add(SOFTWARE, SERVER);
            if let Some(key) = self.key.filter(|_| message.kind != BINDING) {
                answer.sign(&key);
            }
            if message.attribute(FINGERPRINT).is_some() {
                answer.fingerprint();
            }
        }
        cx.send(answer.bytes());
    }

    /// One message of a stream; its length, or `None` if it is not whole yet.
    fn framed(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<usize> {
        let first = *bytes.first()?;
        if (0x40..0x80).contains(&first) {
            let [high, low, length_high, length_low] = *bytes.first_chunk::<4>()?;
            let length = usize::from(u16::from_be_bytes([length_high, length_low]));
            let data = bytes.get(4..4 + length)?;
            // Padded to four bytes on streams; the padding may still be under way.
            let padded = (4 + length).next_multiple_of(4);
            bytes.get(..padded)?;
            self.channel(cx, u16::from_be_bytes([high, low]), data);
            return Some(padded);
        }
        let announced = Message::announced(bytes)?;
        let whole = bytes.get(..announced);
        match (whole, whole.and_then(Message::read)) {
            (_, Some(message)) => {
                self.message(cx, &message);
                Some(announced)
            }
            (None, _) if first < 0x40 && announced <= STUN_MESSAGE_BYTES => None,
            _ => {
                self.told.payload(cx, "unknown", bytes);
                self.over = true;
                cx.close();
                Some(bytes.len())
            }
        }
    }
}

impl Session for StunSession {
    fn protocol(&self) -> &'static str {
        "stun"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        if self.flow.transport == Transport::Udp {
            match (Message::read(bytes), bytes) {
                (Some(message), _) => self.message(cx, &message),
                (None, [high @ 0x40..=0x7f, low, _, _, data @ ..]) => {
                    self.channel(cx, u16::from_be_bytes([*high, *low]), data);
                }
                _ => self.told.payload(cx, "unknown", bytes),
            }
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        while !self.over
            && let Some(length) = self.framed(cx, &buffer[at..])
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

    fn on_close(&mut self, _cx: &mut Context<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::super::Stun;
    use super::*;
    use crate::stage::Stage;
    use proptest::prelude::*;

    const MASK: [u8; 16] = *b"\x21\x12\xa4\x42transaction!";

    fn request(kind: u16, attributes: &[(u16, &[u8])]) -> Answer {
        let mut request = Answer::new(kind, &MASK);
        for (kind, value) in attributes {
            request.add(*kind, value);
        }
        request
    }

    #[test]
    fn a_client_is_told_its_address() {
        let request = request(BINDING, &[]).bytes();
        assert!(Stun::looks_like(&request));
        for mut stage in [Stage::datagrams(&Stun, 3478), Stage::open(&Stun, 3478)] {
            let answer = stage.say(&request);
            let answer = Message::read(&answer).expect("an answer");
            assert_eq!((answer.kind, answer.transaction), (0x0101, MASK));
            let mapped = answer.attribute(XOR_MAPPED_ADDRESS).expect("an address");
            assert_eq!(unmasked(mapped, &MASK), Some(([198, 51, 100, 7], 4000).into()));
        }
    }

    #[test]
    fn old_clients_get_what_they_know() {
        let mut stage = Stage::datagrams(&Stun, 3478);
        let mut old = request(BINDING, &[]).bytes();
        old[4] = 0;
        let answer = stage.say(&old);
        let answer = Message::read(&answer).expect("an answer");
        let kinds: Vec<u16> = answer.attributes().map(|(kind, ..)| kind).collect();
        assert_eq!(kinds, [MAPPED_ADDRESS, SOURCE_ADDRESS, CHANGED_ADDRESS]);
        let mut elsewhere = request(BINDING, &[(CHANGE_REQUEST, &[0, 0, 0, 6])]).bytes();
        elsewhere[4] = 0;
        assert_eq!(stage.say(&elsewhere), b"");
    }

    #[test]
    fn turn_asks_for_a_password_and_then_allocates() {
        let mut stage = Stage::datagrams(&Stun, 3478);
        let answer =
            stage.say(&request(ALLOCATE, &[(REQUESTED_TRANSPORT, &[17, 0, 0, 0])]).bytes());
        let answer = Message::read(&answer).expect("an answer");
        assert_eq!(answer.attribute(ERROR_CODE), Some(&b"\0\0\x04\x01Unauthorized"[..]));
        assert_eq!(answer.attribute(REALM), Some(OUR_REALM));
        // user "guest", password "guest", in our realm.
        let key: [u8; 16] = {
            use md5::Digest as _;
            md5::Md5::digest(b"guest:turn.local:guest").into()
        };
        let log_in: &[(u16, &[u8])] = &[(USERNAME, b"guest"), (REALM, OUR_REALM), (NONCE, b"n")];
        let with = |kind, rest: &[(u16, &[u8])]| {
            request(kind, &[rest, log_in].concat()).sign(&key).fingerprint().bytes()
        };
        let answer = stage.say(&with(ALLOCATE, &[(REQUESTED_TRANSPORT, &[17, 0, 0, 0])]));
        let answer = Message::read(&answer).expect("an answer");
        assert_eq!(answer.kind, 0x0103);
        let (text, signature) = answer.signed().expect("a signed answer");
        assert_eq!(super::super::message::sign(&key, &text), signature);
        let EventKind::LoginAttempt { password, proof: Some(_), .. } = &stage.facts[0] else {
            panic!("{:?}", stage.facts);
        };
        assert_eq!(password.as_bytes(), b"guest");
        let peer = masked(([203, 0, 113, 5], 53).into(), &MASK);
        for (kind, rest) in [
            (CREATE_PERMISSION, &[(XOR_PEER_ADDRESS, &peer[..])][..]),
            (CHANNEL_BIND, &[(XOR_PEER_ADDRESS, &peer[..]), (CHANNEL_NUMBER, &[0x40, 0, 0, 0])]),
            (REFRESH, &[(LIFETIME, &[0, 0, 0, 0])]),
        ] {
            let answer = stage.say(&with(kind, rest));
            assert_eq!(Message::read(&answer).map(|answer| answer.kind), Some(kind | 0x100));
        }
        assert_eq!(
            stage.say(
                &request(SEND_INDICATION, &[(XOR_PEER_ADDRESS, &peer), (DATA, b"hi")]).bytes()
            ),
            b""
        );
        stage.say(b"\x40\x00\x00\x02hi");
        let EventKind::ServiceRequest { detail, .. } = &stage.facts[stage.facts.len() - 2] else {
            panic!("{:?}", stage.facts);
        };
        assert_eq!(detail.as_bytes(), b"203.0.113.5:53 hi");
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_named() {
        let mut stage = Stage::datagrams(&Stun, 3478);
        let answer = stage.say(&request(BINDING, &[(0x7777, b"x")]).bytes());
        let answer = Message::read(&answer).expect("an answer");
        assert_eq!(answer.attribute(UNKNOWN_ATTRIBUTES), Some(&[0x77, 0x77][..]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_messages_in_any_pieces(
            attributes in prop::collection::vec((0..0x30_u16, prop::collection::vec(any::<u8>(), 0..24)), 0..6),
            kind in 0..0x20_u16, cut in 1..50_usize, noise in prop::collection::vec(any::<u8>(), 0..40), noisy: bool,
        ) {
            let attributes: Vec<(u16, &[u8])> = attributes.iter().map(|(kind, value)| (*kind, &value[..])).collect();
            let mut bytes = request(kind, &attributes).bytes();
            if noisy {
                bytes.splice(0..0, noise);
            }
            let mut datagrams = Stage::datagrams(&Stun, 3478);
            prop_assert!(datagrams.say(&bytes).len() <= 200 + 2 * bytes.len());
            let mut stream = Stage::open(&Stun, 3478);
            for piece in bytes.chunks(cut) {
                stream.say(piece);
            }
            let sent: usize = stream.sent.iter().map(Vec::len).sum();
            prop_assert!(sent <= 8 * bytes.len() + 200);
        }
    }
}

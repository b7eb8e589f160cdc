//! One connection to the proxy: greeting, log-in, request, then the session behind it.

use super::Behind;
use super::read::{Read, Request, credentials, greeting, request_4, request_5};
use crate::inside::{Deeper, Inside};
use crate::limits::{DETAIL_BYTES, SOCKS_HEAD_BYTES};
use crate::told::Told;
use std::net::IpAddr;
use ukai_emulators::{Context, FetchId, Fetched, Open, Session, SideEvent, SideId, TimerId};
use ukai_model::{EventKind, Flow, PeerText};

pub(super) struct SocksSession {
    open: Box<Open>,
    behind: Behind,
    told: Told,
    buffer: Vec<u8>,
    state: State,
}

enum State {
    /// Nothing is known of the version.
    Start,
    /// User name and password are waited for.
    Credentials,
    /// The request of SOCKS 5 is waited for.
    Request,
    /// The connection holds a UDP association, or is over.
    Held,
    /// The destination speaks.
    Inside(Box<Inside>),
}

impl SocksSession {
    pub(super) fn new(open: Open, behind: Behind) -> Self {
        Self {
            open: Box::new(open),
            behind,
            told: Told::new("socks"),
            buffer: Vec::new(),
            state: State::Start,
        }
    }

    /// Reads one message of what has come; whether there was one.
    fn step(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(first) = self.buffer.first() else { return false };
        match self.state {
            State::Start => match first {
                5 => {
                    let read = greeting(&self.buffer);
                    self.whole(cx, read, |session, cx, methods| session.greeted(cx, methods))
                }
                4 => {
                    let read = request_4(&self.buffer);
                    self.whole(cx, read, Self::asked_4)
                }
                _ => self.give_up(cx),
            },
            State::Credentials => {
                let read = credentials(&self.buffer);
                self.whole(cx, read, |session, cx, (user, password)| {
                    session.told.login(cx, user, password, None, None);
                    session.state = State::Request;
                    cx.send(&[1, 0][..]);
                })
            }
            State::Request => {
                let read = request_5(&self.buffer);
                self.whole(cx, read, Self::asked_5)
            }
            State::Held | State::Inside(_) => false,
        }
    }

    fn whole<T>(
        &mut self,
        cx: &mut Context<'_>,
        read: Read<T>,
        then: impl FnOnce(&mut Self, &mut Context<'_>, &T),
    ) -> bool {
        match read {
            Read::Whole(value, length) => {
                self.buffer.drain(..length);
                then(self, cx, &value);
                true
            }
            Read::Incomplete if self.buffer.len() <= SOCKS_HEAD_BYTES => false,
            Read::Incomplete | Read::Broken => self.give_up(cx),
        }
    }

    fn give_up(&mut self, cx: &mut Context<'_>) -> bool {
        self.told.payload(cx, "unknown", &self.buffer);
        self.buffer.clear();
        self.state = State::Held;
        cx.close();
        false
    }

    /// Whoever can tell a user name is asked for it.
    fn greeted(&mut self, cx: &mut Context<'_>, methods: &[u8]) {
        let (method, state) = if methods.contains(&2) {
            (2, State::Credentials)
        } else if methods.contains(&0) {
            (0, State::Request)
        } else {
            self.told.request(cx, "methods", crate::wire::hex(methods).as_bytes());
            (0xff, State::Held)
        };
        self.state = state;
        cx.send(vec![5, method]);
        if method == 0xff {
            cx.close();
        }
    }

    fn asked_5(&mut self, cx: &mut Context<'_>, request: &Request) {
        const FAILURE: u8 = 1;
        const NOT_SUPPORTED: u8 = 7;
        let local = self.open.flow.local();
        match request.command {
            1 if !Deeper::allowed() => {
                self.tunnel(cx, "socks5-connect", request, false);
                cx.send(reply_5(FAILURE, [0, 0, 0, 0].into(), 0));
                self.state = State::Held;
                cx.close();
            }
            1 => {
                self.tunnel(cx, "socks5-connect", request, true);
                cx.send(reply_5(0, local.ip(), self.port()));
                self.enter(cx, request);
            }
            3 => {
                self.tunnel(cx, "socks5-udp-associate", request, true);
                cx.send(reply_5(0, local.ip(), local.port()));
                self.state = State::Held;
            }
            command => {
                let how = if command == 2 { "socks5-bind" } else { "socks5-unknown" };
                self.tunnel(cx, how, request, false);
                cx.send(reply_5(NOT_SUPPORTED, [0, 0, 0, 0].into(), 0));
                self.state = State::Held;
                cx.close();
            }
        }
    }

    fn asked_4(&mut self, cx: &mut Context<'_>, request: &Request) {
        if !request.user.is_empty() {
            self.told.login(cx, &request.user, b"", Some("socks4-userid"), None);
        }
        let granted = request.command == 1 && Deeper::allowed();
        let how = match request.command {
            1 if request.destination.ip.is_none() => "socks4a-connect",
            1 => "socks4-connect",
            2 => "socks4-bind",
            _ => "socks4-unknown",
        };
        self.tunnel(cx, how, request, granted);
        let address = match self.open.flow.dst_ip {
            IpAddr::V4(ip) => ip.octets(),
            IpAddr::V6(_) => [0; 4],
        };
        let code = if granted { 90 } else { 91 };
        let port = if granted { self.port() } else { 0 };
        cx.send([&[0, code][..], &port.to_be_bytes(), &address].concat());
        if granted {
            self.enter(cx, request);
        } else {
            self.state = State::Held;
            cx.close();
        }
    }

    /// The port from which a proxy would have connected.
    fn port(&self) -> u16 {
        32_768 + (self.open.seed % 28_232) as u16
    }

    fn tunnel(&mut self, cx: &mut Context<'_>, how: &str, request: &Request, granted: bool) {
        self.told.record(
            cx,
            EventKind::TunnelRequest {
                how: how.to_owned(),
                host: PeerText::truncated(&request.destination.host, DETAIL_BYTES),
                port: request.destination.port,
                origin: PeerText::default(),
                granted,
            },
        );
    }

    fn enter(&mut self, cx: &mut Context<'_>, request: &Request) {
        let destination = &request.destination;
        let mut open = (*self.open).clone();
        let local = (destination.ip.unwrap_or(open.flow.dst_ip), destination.port).into();
        open.flow = Flow::new(open.flow.transport, open.flow.peer(), local);
        open.now = cx.now;
        open.tls = false;
        let server = (self.behind)(&destination.host, destination.port);
        let mut inside = Box::new(Inside::new(cx, server, open));
        let early = std::mem::take(&mut self.buffer);
        if !early.is_empty() {
            inside.bytes(cx, &early);
        }
        self.state = State::Inside(inside);
    }
}

/// A reply of SOCKS 5.
fn reply_5(code: u8, ip: IpAddr, port: u16) -> Vec<u8> {
    let mut out = vec![5, code, 0];
    put_address(&mut out, ip, port);
    out
}

/// Type, address and port.
pub(super) fn put_address(out: &mut Vec<u8>, ip: IpAddr, port: u16) {
    match ip {
        IpAddr::V4(ip) => {
            out.push(1);
            out.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            out.push(4);
            out.extend_from_slice(&ip.octets());
        }
    }
    out.extend_from_slice(&port.to_be_bytes());
}

impl Session for SocksSession {
    fn protocol(&self) -> &'static str {
        match &self.state {
            State::Inside(inside) => inside.protocol(),
            _ => "socks",
        }
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        match &mut self.state {
            State::Inside(inside) => inside.bytes(cx, bytes),
            State::Held => {}
            _ => {
                self.buffer.extend_from_slice(bytes);
                while self.step(cx) {}
            }
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        match &mut self.state {
            State::Inside(inside) => inside.eof(cx),
            _ => cx.close(),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if let State::Inside(inside) = &mut self.state {
            inside.act(|session| session.on_timer(cx, timer));
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let State::Inside(inside) = &mut self.state {
            inside.act(|session| session.on_fetched(cx, fetch, fetched));
        }
    }

    fn on_side(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        if let State::Inside(inside) = &mut self.state {
            inside.act(|session| session.on_side(cx, side, event));
        }
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        if let State::Inside(inside) = &mut self.state {
            inside.act(|session| session.on_close(cx));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Socks;
    use crate::Echo;
    use crate::stage::Stage;
    use proptest::prelude::*;
    use std::sync::Arc;
    use ukai_model::EventKind;

    fn echo() -> Socks {
        Socks::new(Arc::new(|_, _| Arc::new(Echo)))
    }

    #[test]
    fn version_five_with_a_name_and_a_password() {
        let mut stage = Stage::open(&echo(), 1080);
        assert_eq!(stage.say(b"\x05\x02\0\x02"), b"\x05\x02");
        assert_eq!(stage.say(b"\x01\x02me\x03pwd"), b"\x01\0");
        let answer = stage.say(b"\x05\x01\0\x03\x0bexample.org\0\x50GET");
        assert_eq!(answer[..8], [5, 0, 0, 1, 192, 0, 2, 10]);
        assert_eq!(answer[10..], *b"GET", "what came early went through the tunnel");
        assert_eq!(stage.say(b"more"), b"more");
        let EventKind::TunnelRequest { host, port: 80, granted: true, .. } = &stage.facts[1] else {
            panic!("{:?}", stage.facts);
        };
        assert_eq!(host.as_bytes(), b"example.org");
        assert_eq!(stage.kinds()[0], "login.attempt");
    }

    #[test]
    fn version_four_in_single_bytes() {
        let mut stage = Stage::open(&echo(), 1080);
        let request = b"\x04\x01\0\x17\0\0\0\x01bob\0host\0";
        let answers: Vec<u8> = request.iter().flat_map(|byte| stage.say(&[*byte])).collect();
        assert_eq!(answers[..2], [0, 90]);
        assert_eq!(stage.say(b"x"), b"x");
        assert_eq!(stage.kinds(), ["login.attempt", "tunnel.request", "service.request"]);
    }

    #[test]
    fn nobody_is_let_in_from_outside() {
        let mut stage = Stage::open(&echo(), 1080);
        stage.say(b"\x05\x01\0");
        assert_eq!(stage.say(b"\x05\x02\0\x01\xc0\0\x02\x01\0\x50")[1], 7);
        assert!(stage.closed);
        let mut stage = Stage::open(&echo(), 1080);
        assert_eq!(stage.say(b"\x05\x01\x01"), b"\x05\xff");
        assert!(stage.closed);
    }

    #[test]
    fn tls_is_begun_inside() {
        let mut stage = Stage::open(&echo(), 1080);
        stage.say(b"\x05\x01\0");
        stage.say(b"\x05\x01\0\x01\xc0\0\x02\x01\x01\xbb\x16\x03\x01");
        assert!(!stage.tls);
        assert_eq!(stage.say(b"\x02\0\x01\0\x01\xfc"), b"");
        assert!(stage.tls);
        assert_eq!(stage.say(b"in the clear"), b"in the clear");
    }

    #[test]
    fn proxies_behind_proxies_come_to_an_end() {
        fn proxy() -> Socks {
            Socks::new(Arc::new(|_, _| Arc::new(proxy())))
        }
        let mut stage = Stage::open(&proxy(), 1080);
        stage.say(&b"\x04\x01\0\x50\xc0\0\x02\x01\0".repeat(5_000));
        let granted = stage
            .facts
            .iter()
            .filter(|fact| matches!(fact, EventKind::TunnelRequest { granted: true, .. }));
        assert_eq!(granted.count(), crate::limits::NESTED_SESSIONS);
        assert!(stage.closed);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_in_any_pieces(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..40), 0..20), version in 3..6_u8) {
            let mut stage = Stage::open(&echo(), 1080);
            stage.say(&[version, 1, 0]);
            let said: usize = pieces.iter().map(Vec::len).sum();
            for piece in pieces {
                stage.say(&piece);
            }
            let sent: usize = stage.sent.iter().map(Vec::len).sum();
            prop_assert!(sent <= said + 64);
        }
    }
}

//! Datagrams of a UDP association (RFC 1928, 7): each goes to the session of its
//! destination, and what that says comes back behind a header.

use super::Behind;
use super::read::{Destination, destination};
use super::session::put_address;
use crate::inside::Deeper;
use crate::limits::{DETAIL_BYTES, SOCKS_UDP_DESTINATIONS};
use crate::told::Told;
use crate::wire::Reader;
use ukai_emulators::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::{EventKind, Flow, PeerText, Timestamp};

/// Bits of a timer's or fetch's number that are the inner session's own.
const INNER_BITS: u32 = 24;

pub(super) struct SocksDatagrams {
    open: Box<Open>,
    behind: Behind,
    told: Told,
    inner: Vec<(Destination, Box<dyn Session>)>,
}

impl SocksDatagrams {
    pub(super) fn new(open: Open, behind: Behind) -> Self {
        Self { open: Box::new(open), behind, told: Told::new("socks"), inner: Vec::new() }
    }

    /// The session of a destination; opened if there is room.
    fn find(&mut self, cx: &mut Context<'_>, destination: &Destination) -> Option<usize> {
        if let Some(at) = self.inner.iter().position(|(known, _)| known == destination) {
            return Some(at);
        }
        let room = self.inner.len() < SOCKS_UDP_DESTINATIONS && Deeper::allowed();
        self.told.record(
            cx,
            EventKind::TunnelRequest {
                how: "socks5-udp".to_owned(),
                host: PeerText::truncated(&destination.host, DETAIL_BYTES),
                port: destination.port,
                origin: PeerText::default(),
                granted: room,
            },
        );
        if !room {
            return None;
        }
        let mut open = (*self.open).clone();
        let local = (destination.ip.unwrap_or(open.flow.dst_ip), destination.port).into();
        open.flow = Flow::new(open.flow.transport, open.flow.peer(), local);
        open.now = cx.now;
        let session = (self.behind)(&destination.host, destination.port).open(open);
        self.inner.push((destination.clone(), session));
        let at = self.inner.len() - 1;
        self.within(cx, at, |session, cx| session.on_open(cx));
        Some(at)
    }

    /// Lets an inner session act, and turns its effects into ours.
    fn within(
        &mut self,
        cx: &mut Context<'_>,
        at: usize,
        act: impl FnOnce(&mut dyn Session, &mut Context<'_>),
    ) {
        let fallback = self.open.flow.dst_ip;
        let Some((destination, session)) = self.inner.get_mut(at) else { return };
        let mut effects = Vec::new();
        let _deeper = Deeper::new();
        act(&mut **session, &mut Context { now: cx.now, effects: &mut effects });
        for effect in effects {
            match effect {
                Effect::Send(bytes) => {
                    let mut out = vec![0; 3];
                    put_address(&mut out, destination.ip.unwrap_or(fallback), destination.port);
                    out.extend_from_slice(&bytes);
                    cx.send(out);
                }
                Effect::Timer { id: TimerId(id), at: due } if id >> INNER_BITS == 0 => {
                    timer(cx, at, id, due);
                }
                Effect::Fetch { id: FetchId(id), url, tool } if id >> INNER_BITS == 0 => {
                    let id = FetchId((at as u32) << INNER_BITS | id);
                    cx.effects.push(Effect::Fetch { id, url, tool });
                }
                Effect::Record(_) | Effect::Capture(_) => cx.effects.push(effect),
                // There is no stream to wrap, to pass on or to end.
                _ => {}
            }
        }
    }
}

fn timer(cx: &mut Context<'_>, at: usize, id: u32, due: Timestamp) {
    let id = TimerId((at as u32) << INNER_BITS | id);
    cx.effects.push(Effect::Timer { id, at: due });
}

/// Which inner session a number belongs to, and its own part.
const fn split(id: u32) -> (usize, u32) {
    ((id >> INNER_BITS) as usize, id & ((1 << INNER_BITS) - 1))
}

impl Session for SocksDatagrams {
    fn protocol(&self) -> &'static str {
        "socks"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let mut reader = Reader(bytes);
        // Fragments are not put together; hardly any proxy does.
        let header = reader.take(3) == Some(&[0, 0, 0]);
        match destination(&mut reader) {
            Some(destination) if header => {
                if let Some(at) = self.find(cx, &destination) {
                    self.within(cx, at, |session, cx| session.on_bytes(cx, reader.0));
                }
            }
            _ => self.told.payload(cx, "unknown", bytes),
        }
    }

    fn on_eof(&mut self, _cx: &mut Context<'_>) {}

    fn on_timer(&mut self, cx: &mut Context<'_>, TimerId(id): TimerId) {
        let (at, id) = split(id);
        self.within(cx, at, |session, cx| session.on_timer(cx, TimerId(id)));
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, FetchId(id): FetchId, fetched: Fetched) {
        let (at, id) = split(id);
        self.within(cx, at, |session, cx| session.on_fetched(cx, FetchId(id), fetched));
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        for at in 0..self.inner.len() {
            self.within(cx, at, |session, cx| session.on_close(cx));
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

    fn echo() -> Socks {
        Socks::new(Arc::new(|_, _| Arc::new(Echo)))
    }

    #[test]
    fn a_datagram_comes_back_behind_its_header() {
        let mut stage = Stage::datagrams(&echo(), 1080);
        let sent = b"\0\0\0\x01\xc0\0\x02\x63\0\x07hello";
        assert_eq!(stage.say(sent), sent);
        let named = stage.say(b"\0\0\0\x03\x01x\0\x07hello");
        assert_eq!(named, b"\0\0\0\x01\xc0\0\x02\x0a\0\x07hello");
        assert_eq!(stage.say(b"\0\0\x01\x01\xc0\0\x02\x63\0\x07part"), b"");
        let told = ["tunnel.request", "service.request"];
        assert_eq!(stage.kinds(), [&told[..], &told, &["payload.first"]].concat());
    }

    #[test]
    fn destinations_are_bounded() {
        let mut stage = Stage::datagrams(&echo(), 1080);
        for port in 0..100_u16 {
            stage.say(&[&b"\0\0\0\x01\xc0\0\x02\x63"[..], &port.to_be_bytes(), b"x"].concat());
        }
        assert_eq!(stage.sent.len(), crate::limits::SOCKS_UDP_DESTINATIONS);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_datagrams(datagrams in prop::collection::vec(
            prop::collection::vec(0..5_u8, 0..60), 0..20)) {
            let mut stage = Stage::datagrams(&echo(), 1080);
            for datagram in datagrams {
                let answer = stage.say(&datagram);
                prop_assert!(answer.len() <= datagram.len() + 32);
            }
        }
    }
}

//! `CONNECT`: the bytes behind it are another server's, chosen by host and port.

use super::Web;
use super::request::split_authority;
use super::sites::Sites;
use crate::Discard;
use crate::inside::Deeper;
use bytes::Bytes;
use std::sync::Arc;
use ukai_emulators::{Context, Effect, Emulator, Open, Session};
use ukai_model::{EventKind, PeerText};

/// A tunnel that was granted.
pub(super) struct Tunnel {
    server: Arc<dyn Emulator>,
    open: Open,
    pub(super) session: Box<dyn Session>,
    /// First bytes that may become a ClientHello; nothing once that is decided.
    begun: Option<Vec<u8>>,
}

impl Tunnel {
    /// Tells what is asked for and opens the session behind it, which may speak first.
    pub(super) fn new(
        cx: &mut Context<'_>,
        sites: &Arc<Sites>,
        open: &Open,
        target: &[u8],
    ) -> Self {
        let (host, port) = split_authority(target);
        let port = port.unwrap_or(443);
        cx.record(EventKind::TunnelRequest {
            how: "http-connect".to_owned(),
            host: PeerText::from(&*host),
            port,
            origin: PeerText::default(),
            granted: true,
        });
        let server: Arc<dyn Emulator> = match &sites.tunnel {
            // Proxies behind proxies come to an end: what follows is taken and not answered.
            _ if !Deeper::allowed() => Arc::new(Discard),
            Some(choose) => choose(&host, port),
            None => Arc::new(Web::new(Arc::clone(sites))),
        };
        let mut open = Open { now: cx.now, ..open.clone() };
        open.flow.dst_port = port;
        if let Ok(address) = host.parse() {
            open.flow.dst_ip = address;
        }
        cx.send(&b"HTTP/1.1 200 Connection established\r\n\r\n"[..]);
        let mut session = server.open(open.clone());
        let _deeper = Deeper::new();
        session.on_open(cx);
        Self { server, open, session, begun: Some(Vec::new()) }
    }

    /// Bytes for the session inside. Where they begin TLS, that is begun, and the session
    /// anew inside of it.
    pub(super) fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        /// A record that carries a handshake, its version, its length, a ClientHello.
        const HELLO_BYTES: usize = 6;
        let _deeper = Deeper::new();
        let Some(mut begun) = self.begun.take() else {
            self.session.on_bytes(cx, bytes);
            return;
        };
        begun.extend_from_slice(bytes);
        let hello = match *begun {
            [0x16, 3, 0..=4, _, _, 1, ..] => true,
            [0x16] | [0x16, 3] | [0x16, 3, 0..=4, ..] if begun.len() < HELLO_BYTES => {
                self.begun = Some(begun);
                return;
            }
            _ => false,
        };
        if !hello {
            self.session.on_bytes(cx, &begun);
            return;
        }
        cx.effects.push(Effect::ResumeTls(Bytes::from(begun)));
        self.open.tls = true;
        self.open.now = cx.now;
        self.session = self.server.open(self.open.clone());
        self.session.on_open(cx);
    }
}

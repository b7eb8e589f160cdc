//! TLS as the server, begun by the peer or by the session.

use super::Connection;
use crate::tls::{Asked, ClientHello, Sniff, failure, sniff};
use crate::wire::{Prefixed, with_read_buffer};
use std::future::poll_fn;
use std::io;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use ukai_model::{CloseReason, EventKind, PeerText};

/// The event of a ClientHello.
pub(super) fn tls_hello(hello: &ClientHello) -> EventKind {
    EventKind::TlsHello {
        server_name: hello.server_name.clone(),
        alpn: hello.alpn.clone(),
        ja3: hello.ja3(),
        ja4: hello.ja4(),
    }
}

/// What is known of the TLS around a stream.
pub(super) struct Unwrapped {
    /// The name that the peer asked for.
    pub(super) server_name: Option<PeerText>,
    /// The protocol that was agreed on.
    pub(super) alpn: Option<&'static str>,
}

impl Connection {
    /// The peer began with a ClientHello: the emulator's session begins anew inside.
    pub(super) async fn unwrap_tls(&mut self, hello: ClientHello) -> Option<CloseReason> {
        self.session = None;
        self.timers.clear();
        if let Some(ended) = self.shake_hands(Some(&hello)).await {
            self.journal.record().await;
            return Some(ended);
        }
        let opening = self.open_session();
        self.carry_out(opening).await
    }

    /// The session asked for TLS: what it sent before leaves in the clear. What it had
    /// `begun` to read of the handshake comes first.
    pub(super) async fn start_tls(&mut self, begun: Vec<u8>) -> Option<CloseReason> {
        let limit = Instant::now() + self.shared.budgets.handshake();
        let sent = timeout_at(limit, poll_fn(|cx| self.wire.poll_send(cx))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Some(CloseReason::Peer);
        }
        self.hello = begun;
        self.sniffing = false;
        let hello = loop {
            match sniff(&self.hello) {
                Sniff::Hello(hello) => break Some(hello),
                // The handshake fails, but not without the alert that says so.
                Sniff::No => break None,
                Sniff::More => {}
            }
            match timeout_at(limit, self.receive_hello()).await {
                Ok(Ok(count)) if count > 0 => {}
                _ => return Some(CloseReason::Peer),
            }
        };
        self.shake_hands(hello.as_deref()).await
    }

    async fn receive_hello(&mut self) -> io::Result<usize> {
        let count = poll_fn(|cx| {
            with_read_buffer(|buffer| {
                self.wire.poll_receive(cx, buffer).map_ok(|count| {
                    self.hello.extend_from_slice(&buffer[..count]);
                    count
                })
            })
        })
        .await?;
        self.received += count as u64;
        Ok(count)
    }

    /// Notes the hello and answers it. Returns why the connection is to end if that
    /// fails.
    async fn shake_hands(&mut self, hello: Option<&ClientHello>) -> Option<CloseReason> {
        if let Some(hello) = hello {
            self.journal.note(tls_hello(hello));
        }
        let server_name = hello.and_then(|hello| hello.server_name.clone());
        let alpn = hello.and_then(|hello| agreed(self.assignment.alpn, hello));
        let local = self.journal.flow().dst_ip;
        let asked = Asked { local, server_name: server_name.as_ref(), alpn };
        let config = match self.shared.tls.config(&self.assignment.host, &asked) {
            Ok(config) => config,
            Err(error) => {
                self.note_fault(error.to_string());
                return Some(CloseReason::Fault);
            }
        };
        let begun = std::mem::take(&mut self.hello);
        let stream = Prefixed::new(begun, self.wire.take_stream());
        let handshake = TlsAcceptor::from(config).accept(stream);
        match timeout(self.shared.budgets.handshake(), handshake).await {
            Ok(Ok(stream)) => {
                self.wire.put_stream(Box::new(stream));
                self.moved_at = Instant::now();
                self.tls = Some(Box::new(Unwrapped { server_name, alpn }));
                None
            }
            Ok(Err(error)) => {
                self.note_failure(failure(&error, hello));
                Some(CloseReason::Peer)
            }
            Err(_) => Some(CloseReason::IdleTimeout),
        }
    }

    /// Notes with what alert the peer has ended its connection in TLS: some look at a
    /// certificate when the handshake is over.
    pub(super) fn note_tls_failure(&mut self, error: &io::Error) {
        if self.tls.is_some() {
            self.note_failure(failure(error, None).filter(|(what, _)| *what == "alert"));
        }
    }

    fn note_failure(&mut self, failure: Option<(&'static str, String)>) {
        let Some((request, detail)) = failure else { return };
        self.journal.note(EventKind::ServiceRequest {
            protocol: "tls".to_owned(),
            request: request.to_owned(),
            detail: PeerText::from(detail.as_str()),
        });
    }
}

/// The first of `ours` that the peer offers.
fn agreed(ours: &'static [&'static str], hello: &ClientHello) -> Option<&'static str> {
    let offered =
        |name: &&str| hello.alpn.iter().any(|theirs| theirs.as_bytes() == name.as_bytes());
    ours.iter().copied().find(offered)
}

//! TLS as the server, begun by the peer or by the session.

use super::Connection;
use crate::tls::{ClientHello, Sniff, sniff};
use crate::wire::{Prefixed, with_read_buffer};
use std::future::poll_fn;
use std::io;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use ukai_model::{CloseReason, EventKind};

/// The event of a ClientHello.
pub(super) fn tls_hello(hello: &ClientHello) -> EventKind {
    EventKind::TlsHello {
        server_name: hello.server_name.clone(),
        alpn: hello.alpn.clone(),
        ja3: hello.ja3(),
        ja4: hello.ja4(),
    }
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
        self.tls = true;
        let opening = self.open_session();
        self.carry_out(opening).await
    }

    /// The session asked for TLS: what it sent before leaves in the clear.
    pub(super) async fn start_tls(&mut self) -> Option<CloseReason> {
        let limit = Instant::now() + self.shared.budgets.handshake();
        let sent = timeout_at(limit, poll_fn(|cx| self.wire.poll_send(cx))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Some(CloseReason::Peer);
        }
        self.hello = Vec::new();
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
        let ended = self.shake_hands(hello.as_deref()).await;
        self.tls = ended.is_none();
        ended
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
        let host = &self.assignment.host;
        let name = hello.and_then(|hello| hello.server_name.as_ref());
        let config = match self.shared.tls.config(host, name) {
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
                None
            }
            Ok(Err(_)) => Some(CloseReason::Peer),
            Err(_) => Some(CloseReason::IdleTimeout),
        }
    }
}

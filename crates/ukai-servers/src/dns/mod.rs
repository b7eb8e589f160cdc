//! DNS: whoever asks for a name gets an answer, over UDP, TCP and TLS (RFC 1035, 7766,
//! 7858). Messages are read and written by `hickory-proto`; what a name leads to is for a
//! [`Zone`] to say.

mod answer;
mod records;
#[cfg(test)]
mod tests;
mod zone;

pub use answer::{Answer, Via, answer};
pub use zone::{Found, Place, Zone};

use crate::limits::DNS_WAITING_BYTES;
use std::sync::Arc;
use ukai_emulators::{Context, Emulator, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::Transport;

/// The DNS server.
#[derive(Clone)]
pub struct Dns {
    zone: Arc<dyn Zone>,
}

impl Dns {
    /// A server for these names.
    pub fn new(zone: Arc<dyn Zone>) -> Self {
        Self { zone }
    }
}

/// Whether a stream's first bytes are a query: its length, then a header of one question.
pub fn looks_like_dns(bytes: &[u8]) -> bool {
    let Some((length, message)) = bytes.split_first_chunk::<2>() else { return false };
    let Some((head, _)) = message.split_first_chunk::<12>() else { return false };
    let [_, _, flags, _, 0, 1, 0, 0, 0, 0, 0, 0..=2] = *head else { return false };
    flags & 0xf8 == 0 && usize::from(u16::from_be_bytes(*length)) >= message.len().min(17)
}

impl Emulator for Dns {
    fn name(&self) -> &'static str {
        "dns"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        let via = match (open.flow.transport, open.tls) {
            (Transport::Udp, _) => Via::Udp,
            (Transport::Tcp, true) => Via::Tls,
            (Transport::Tcp, false) => Via::Tcp,
        };
        Box::new(DnsSession { zone: Arc::clone(&self.zone), via, waiting: Vec::new() })
    }
}

struct DnsSession {
    zone: Arc<dyn Zone>,
    via: Via,
    waiting: Vec<u8>,
}

impl DnsSession {
    fn message(&self, cx: &mut Context<'_>, message: &[u8]) {
        let answer = answer(message, self.via, &*self.zone, cx.now);
        if let Some(fact) = answer.fact {
            cx.record(fact);
        }
        let Some(message) = answer.message else { return };
        if self.via == Via::Udp {
            cx.send(message);
        } else if let Ok(length) = u16::try_from(message.len()) {
            cx.send([&length.to_be_bytes()[..], &message].concat());
        }
    }
}

impl Session for DnsSession {
    fn protocol(&self) -> &'static str {
        "dns"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.via == Via::Udp {
            return self.message(cx, bytes);
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.extend_from_slice(bytes);
        let mut rest = &waiting[..];
        while let Some((length, behind)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((message, behind)) = behind.split_at_checked(length) else { break };
            self.message(cx, message);
            rest = behind;
        }
        debug_assert!(rest.len() < DNS_WAITING_BYTES, "less than one message waits");
        self.waiting = rest.to_vec();
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        cx.close();
    }

    fn on_timer(&mut self, _cx: &mut Context<'_>, _timer: TimerId) {}

    fn on_fetched(&mut self, _cx: &mut Context<'_>, _fetch: FetchId, _fetched: Fetched) {}

    fn on_close(&mut self, _cx: &mut Context<'_>) {}
}

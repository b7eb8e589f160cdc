//! A session inside another's connection, as behind a proxy: it gets the bytes of a tunnel,
//! and TLS where the client begins that there.

use crate::limits::NESTED_SESSIONS;
use bytes::Bytes;
use std::cell::Cell;
use std::sync::Arc;
use ukai_emulators::{Context, Effect, Emulator, Open, Session};

thread_local! {
    /// How many sessions stand in each other in the call that is under way.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Held while a session inside another acts.
pub(crate) struct Deeper(());

impl Deeper {
    pub(crate) fn new() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self(())
    }

    /// Whether another session may stand inside the one that asks: a proxy behind a proxy
    /// behind a proxy would end on the stack's last byte.
    pub(crate) fn allowed() -> bool {
        DEPTH.get() < NESTED_SESSIONS
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// The session inside.
pub(crate) struct Inside {
    server: Arc<dyn Emulator>,
    open: Open,
    session: Box<dyn Session>,
    /// First bytes that may become a ClientHello; nothing once that is decided.
    begun: Option<Vec<u8>>,
}

impl Inside {
    /// Opens it; it may speak first.
    pub(crate) fn new(cx: &mut Context<'_>, server: Arc<dyn Emulator>, open: Open) -> Self {
        let session = server.open(open.clone());
        let mut inside = Self { server, open, session, begun: Some(Vec::new()) };
        inside.act(|session| session.on_open(cx));
        inside
    }

    /// The protocol that is spoken.
    pub(crate) fn protocol(&self) -> &'static str {
        self.session.protocol()
    }

    /// Anything that happens to the session but bytes.
    pub(crate) fn act(&mut self, act: impl FnOnce(&mut dyn Session)) {
        let _deeper = Deeper::new();
        act(&mut *self.session);
    }

    /// Bytes for it. Where they begin TLS, that is begun, and the session anew inside of it.
    pub(crate) fn bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let Some(mut begun) = self.begun.take() else {
            return self.act(|session| session.on_bytes(cx, bytes));
        };
        begun.extend_from_slice(bytes);
        match *begun {
            [0x16, 3, 0..=4, _, _, 1, ..] => {}
            []
            | [0x16]
            | [0x16, 3]
            | [0x16, 3, 0..=4]
            | [0x16, 3, 0..=4, _]
            | [0x16, 3, 0..=4, _, _] => {
                self.begun = Some(begun);
                return;
            }
            _ => return self.act(|session| session.on_bytes(cx, &begun)),
        }
        cx.effects.push(Effect::ResumeTls(Bytes::from(begun)));
        self.open.tls = true;
        self.open.now = cx.now;
        self.session = self.server.open(self.open.clone());
        self.act(|session| session.on_open(cx));
    }

    /// The client sends no more: what had begun like TLS is not.
    pub(crate) fn eof(&mut self, cx: &mut Context<'_>) {
        if let Some(begun) = self.begun.take().filter(|begun| !begun.is_empty()) {
            self.act(|session| session.on_bytes(cx, &begun));
        }
        self.act(|session| session.on_eof(cx));
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::NESTED_SESSIONS;
    use crate::stage::Stage;

    #[test]
    fn web_proxies_behind_web_proxies_come_to_an_end() {
        let server = crate::server("web").expect("a server");
        let mut stage = Stage::open(&*server, 80);
        stage.say(&b"CONNECT a.example:80 HTTP/1.1\r\n\r\n".repeat(1_500));
        let tunnels = stage.kinds().iter().filter(|kind| **kind == "tunnel.request").count();
        assert_eq!(tunnels, NESTED_SESSIONS + 1);
    }
}

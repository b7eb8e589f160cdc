//! Echo (RFC 862): whatever comes goes back.

use crate::limits::DETAIL_BYTES;
use bytes::Bytes;
use ukai_emulators::{Context, Emulator, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::{EventKind, PeerText};

/// The echo server, on TCP and UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Emulator for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn open(&self, _open: Open) -> Box<dyn Session> {
        Box::new(EchoSession { told: false })
    }
}

struct EchoSession {
    told: bool,
}

impl Session for EchoSession {
    fn protocol(&self) -> &'static str {
        "echo"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if !self.told {
            self.told = true;
            cx.record(EventKind::ServiceRequest {
                protocol: "echo".to_owned(),
                request: "echo".to_owned(),
                detail: PeerText::truncated(bytes, DETAIL_BYTES),
            });
        }
        cx.send(Bytes::copy_from_slice(bytes));
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
    use super::Echo;
    use crate::stage::Stage;
    use ukai_model::Duration;

    #[test]
    fn what_comes_goes_back_and_is_told_once() {
        let mut stage = Stage::open(&Echo, 7);
        assert_eq!(stage.say(b"abc"), b"abc");
        assert_eq!(stage.say(b"\xff\0"), b"\xff\0");
        stage.eof();
        assert!(stage.closed);
        assert_eq!(stage.kinds(), ["service.request"]);
    }

    #[test]
    fn datagrams_go_back_one_by_one() {
        let mut stage = Stage::datagrams(&Echo, 7);
        assert_eq!(stage.talk("one"), "one");
        assert_eq!(stage.wait(Duration::from_mins(1)), b"");
        assert_eq!(stage.talk("two"), "two");
        assert_eq!((stage.sent.len(), stage.captures.len(), stage.tls), (2, 0, false));
    }
}

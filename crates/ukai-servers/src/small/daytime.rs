//! Daytime (RFC 867): the date and time as text, in the form of `inetd`.

use crate::clock::Clock;
use crate::simple::{AtOnce, Plain, Telling};
use crate::told::Told;
use ukai_emulators::{Context, Emulator, Open, Session};

/// The daytime server, on TCP and UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Daytime {
    clock: Clock,
}

impl Daytime {
    /// One whose clock is ahead by `shift_ms` milliseconds, or behind if negative.
    pub fn new(shift_ms: i64) -> Self {
        Self { clock: Clock { shift_ms } }
    }
}

impl Emulator for Daytime {
    fn name(&self) -> &'static str {
        "daytime"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        let telling = Text { told: Told::new("daytime"), clock: self.clock };
        Box::new(Plain(AtOnce::new(telling, open.flow.transport)))
    }
}

struct Text {
    told: Told,
    clock: Clock,
}

impl Telling for Text {
    const NAME: &'static str = "daytime";

    fn tell(&mut self, cx: &mut Context<'_>, asked: &[u8]) {
        self.told.request(cx, "daytime", asked);
        cx.send(format!("{}\r\n", self.clock.text(cx.now)));
    }
}

#[cfg(test)]
mod tests {
    use super::Daytime;
    use crate::stage::Stage;

    #[test]
    fn the_time_is_told_at_once_on_a_stream_and_by_datagram_when_asked() {
        let stage = Stage::open(&Daytime::default(), 13);
        assert_eq!(stage.sent, [b"Fri Jan  2 03:04:05 2026\r\n"]);
        assert!(stage.closed);
        let mut stage = Stage::datagrams(&Daytime::new(-60_000), 13);
        assert!(stage.sent.is_empty());
        assert_eq!(stage.talk("?"), "Fri Jan  2 03:03:05 2026\r\n");
        assert_eq!(stage.talk("?"), "Fri Jan  2 03:03:05 2026\r\n");
        assert_eq!(stage.kinds(), ["service.request"; 2]);
    }
}

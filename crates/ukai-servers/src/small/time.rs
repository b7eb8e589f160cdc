//! Time (RFC 868): seconds since 1900 in four bytes.

use crate::clock::{Clock, secs_1900};
use crate::simple::{AtOnce, Plain, Telling};
use crate::told::Told;
use ukai_emulators::{Context, Emulator, Open, Session};

/// The time server, on TCP and UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    clock: Clock,
}

impl Time {
    /// One whose clock is ahead by `shift_ms` milliseconds, or behind if negative.
    pub fn new(shift_ms: i64) -> Self {
        Self { clock: Clock { shift_ms } }
    }
}

impl Emulator for Time {
    fn name(&self) -> &'static str {
        "time"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        let telling = Counting { told: Told::new("time"), clock: self.clock };
        Box::new(Plain(AtOnce::new(telling, open.flow.transport)))
    }
}

struct Counting {
    told: Told,
    clock: Clock,
}

impl Telling for Counting {
    const NAME: &'static str = "time";

    fn tell(&mut self, cx: &mut Context<'_>, asked: &[u8]) {
        self.told.request(cx, "time", asked);
        cx.send(secs_1900(self.clock.at(cx.now)).to_be_bytes().to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::Time;
    use crate::stage::Stage;

    #[test]
    fn four_bytes_are_the_time() {
        let stage = Stage::open(&Time::default(), 37);
        assert_eq!(stage.sent, [0xed01_b425_u32.to_be_bytes()]);
        assert!(stage.closed);
        let mut stage = Stage::datagrams(&Time::new(1_000), 37);
        assert_eq!(stage.say(b""), 0xed01_b426_u32.to_be_bytes());
    }
}

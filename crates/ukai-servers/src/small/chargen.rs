//! Character generator (RFC 864): lines of 72 characters without end, or one datagram for
//! each that comes.

use crate::chance::Chance;
use crate::limits::{CHARGEN_BYTES, CHARGEN_BYTES_A_TICK};
use crate::simple::{Plain, Simple};
use crate::told::Told;
use ukai_emulators::{Context, Emulator, Open, Session, TimerId};
use ukai_model::{Duration, Transport};

/// Characters of a line.
const WIDTH: usize = 72;
/// Time between pieces of the stream.
const TICK: Duration = Duration::from_millis(200);
const MORE: TimerId = TimerId(0);

/// The character generator, on TCP and UDP. What it sends on a stream comes in pieces with
/// time between them and ends at [`CHARGEN_BYTES`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Chargen;

impl Emulator for Chargen {
    fn name(&self) -> &'static str {
        "chargen"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(Plain(Generating {
            told: Told::new("chargen"),
            chance: Chance::new(open.seed, "chargen"),
            stream: open.flow.transport == Transport::Tcp,
            line: 0,
            sent: 0,
        }))
    }
}

struct Generating {
    told: Told,
    chance: Chance,
    stream: bool,
    /// Lines so far.
    line: usize,
    /// Bytes so far, on a stream.
    sent: usize,
}

impl Generating {
    /// Whole lines, at most `bytes` of them.
    fn lines(&mut self, bytes: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(bytes);
        while text.len() + WIDTH + 2 <= bytes {
            text.extend((self.line..self.line + WIDTH).map(|at| b' ' + (at % 95) as u8));
            text.extend_from_slice(b"\r\n");
            self.line = (self.line + 1) % 95;
        }
        text
    }

    fn more(&mut self, cx: &mut Context<'_>) {
        let lines = self.lines(CHARGEN_BYTES_A_TICK);
        self.sent += lines.len();
        cx.send(lines);
        if self.sent < CHARGEN_BYTES {
            cx.effects.push(ukai_emulators::Effect::Timer { id: MORE, at: cx.now + TICK });
        } else {
            cx.close();
        }
    }
}

impl Simple for Generating {
    const NAME: &'static str = "chargen";

    fn on_open(&mut self, cx: &mut Context<'_>) {
        if self.stream {
            self.told.request(cx, "chargen", b"");
            self.more(cx);
        }
    }

    /// On a stream what comes is thrown away. A datagram is answered with one of up to 512
    /// characters, however many.
    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if !self.stream {
            self.told.request(cx, "chargen", bytes);
            let lines = self.chance.between(1, 7) as usize;
            let answer = self.lines(lines * (WIDTH + 2));
            cx.send(answer);
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, _timer: TimerId) {
        self.more(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::Chargen;
    use crate::limits::{CHARGEN_BYTES, CHARGEN_BYTES_A_TICK};
    use crate::stage::Stage;
    use ukai_model::Duration;

    #[test]
    fn a_stream_is_long_and_ends() {
        let mut stage = Stage::open(&Chargen, 19);
        let text = stage.sent.concat();
        let mut lines = text.split(|byte| *byte == b'\n');
        let first = lines.next().expect("a line");
        assert_eq!(
            first,
            b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r"
        );
        assert!(lines.next().expect("a second").starts_with(b"!\"#"));
        stage.wait(Duration::from_hours(1));
        assert!(stage.closed);
        let bytes = stage.sent.concat().len();
        assert!((CHARGEN_BYTES..CHARGEN_BYTES + CHARGEN_BYTES_A_TICK).contains(&bytes));
    }

    #[test]
    fn a_datagram_is_answered_with_one_that_is_short() {
        let mut stage = Stage::datagrams(&Chargen, 19);
        for _ in 0..20 {
            let answer = stage.say(b"");
            assert!((74..=512).contains(&answer.len()) && answer.ends_with(b"\r\n"));
        }
        assert_eq!(stage.sent.len(), 20);
    }
}

//! Syslog (RFC 3164, RFC 5424): messages by datagram (RFC 5426) or on a stream (RFC 6587),
//! there counted or ended by a line's end. Nothing is ever answered.

use crate::limits::SYSLOG_BYTES;
use crate::simple::{Plain, Simple};
use crate::told::Told;
use ukai_emulators::{Context, Emulator, Open, Session};
use ukai_model::Transport;

/// Names of facilities, by number (`syslog.h`).
const FACILITIES: [&str; 24] = [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
];

/// Names of severities, by number.
const SEVERITIES: [&str; 8] =
    ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// What a message without a priority has (RFC 3164, 4.3.3): `user.notice`.
const NO_PRIORITY: usize = 13;

/// Digits of a counted message's length.
const COUNT_DIGITS: usize = 9;

/// The syslog server, on TCP and UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Syslog;

impl Emulator for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(Plain(Logged {
            told: Told::new("syslog"),
            stream: open.flow.transport == Transport::Tcp,
            buffer: Vec::new(),
            skip: Skip::Nothing,
        }))
    }
}

/// Whether a datagram, or the beginning of a stream, is a message with a priority.
pub fn looks_like_syslog(bytes: &[u8]) -> bool {
    let message = match count(bytes) {
        Count::Of(_, digits) => bytes.get(digits + 1..).unwrap_or_default(),
        _ => bytes,
    };
    priority(message).is_some()
}

/// The number in `<13>`, if it is one that there is.
fn priority(message: &[u8]) -> Option<usize> {
    let inner = message.strip_prefix(b"<")?;
    let end = inner.iter().take(4).position(|byte| *byte == b'>')?;
    let digits = std::str::from_utf8(inner.get(..end)?).ok()?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number < FACILITIES.len() * 8)
}

struct Logged {
    told: Told,
    stream: bool,
    /// On a stream, what is not a whole message yet.
    buffer: Vec<u8>,
    skip: Skip,
}

/// The rest of a message that was too long.
enum Skip {
    Nothing,
    Bytes(usize),
    Line,
}

/// How a frame on a stream begins.
enum Count {
    /// With a length, of so many digits.
    Of(usize, usize),
    /// With what may still become one.
    Open,
    /// It ends with its line.
    Line,
}

fn count(bytes: &[u8]) -> Count {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (digits, bytes.get(digits)) {
        (1..=COUNT_DIGITS, Some(b' ')) if bytes.first() != Some(&b'0') => {
            let length =
                bytes.iter().take(digits).fold(0, |n, digit| n * 10 + usize::from(digit - b'0'));
            Count::Of(length, digits)
        }
        (0..=COUNT_DIGITS, None) => Count::Open,
        _ => Count::Line,
    }
}

impl Logged {
    fn message(&mut self, cx: &mut Context<'_>, message: &[u8]) {
        if message.is_empty() {
            return;
        }
        let number = priority(message).unwrap_or(NO_PRIORITY);
        let request = format!("{}.{}", FACILITIES[number / 8], SEVERITIES[number % 8]);
        self.told.request(cx, &request, message);
    }

    /// Takes the next frame off the buffer; `None` if it is not whole.
    fn frame(&mut self) -> Option<Vec<u8>> {
        match self.skip {
            Skip::Nothing => {}
            Skip::Bytes(bytes) => {
                let here = bytes.min(self.buffer.len());
                self.buffer.drain(..here);
                self.skip = if here == bytes { Skip::Nothing } else { Skip::Bytes(bytes - here) };
            }
            Skip::Line => {
                let end = self.buffer.iter().position(|byte| line_ends(*byte));
                self.buffer.drain(..end.map_or(self.buffer.len(), |end| end + 1));
                self.skip = if end.is_some() { Skip::Nothing } else { Skip::Line };
            }
        }
        match count(&self.buffer) {
            Count::Open => None,
            Count::Of(length, digits) => {
                let kept = length.min(SYSLOG_BYTES);
                let end = digits + 1 + kept;
                let message = self.buffer.get(digits + 1..end)?.to_vec();
                self.buffer.drain(..end);
                if length > kept {
                    self.skip = Skip::Bytes(length - kept);
                }
                Some(message)
            }
            Count::Line => {
                let end = self.buffer.iter().position(|byte| line_ends(*byte));
                let kept = end.unwrap_or(self.buffer.len()).min(SYSLOG_BYTES);
                match end {
                    None if kept < SYSLOG_BYTES => None,
                    Some(end) if end == kept => {
                        let message = self.buffer.drain(..=end).take(kept).collect();
                        Some(message)
                    }
                    _ => {
                        self.skip = Skip::Line;
                        Some(self.buffer.drain(..kept).collect())
                    }
                }
            }
        }
    }
}

/// Lines of messages end with a line feed or, from some senders, a zero (RFC 6587, 3.4.2).
fn line_ends(byte: u8) -> bool {
    byte == b'\n' || byte == 0
}

impl Simple for Logged {
    const NAME: &'static str = "syslog";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if !self.stream {
            self.message(cx, bytes);
            return;
        }
        // In pieces, so that the buffer never holds much more than one message.
        for piece in bytes.chunks(SYSLOG_BYTES) {
            self.buffer.extend_from_slice(piece);
            while let Some(message) = self.frame() {
                self.message(cx, message.strip_suffix(b"\r").unwrap_or(&message));
            }
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        let rest = std::mem::take(&mut self.buffer);
        if matches!(self.skip, Skip::Nothing) {
            self.message(cx, &rest);
        }
        cx.close();
    }
}

#[cfg(test)]
mod tests {
    use super::{Syslog, looks_like_syslog};
    use crate::limits::SYSLOG_BYTES;
    use crate::stage::Stage;
    use proptest::prelude::*;
    use ukai_model::EventKind;

    fn told(stage: &Stage) -> Vec<String> {
        let told = stage.facts.iter().map(|fact| match fact {
            EventKind::ServiceRequest { request, detail, .. } => format!("{request} {detail}"),
            other => panic!("{other:?}"),
        });
        told.collect()
    }

    #[test]
    fn a_datagram_is_one_message() {
        let mut stage = Stage::datagrams(&Syslog, 514);
        stage.talk("<34>Oct 11 22:14:15 mymachine su: 'su root' failed");
        stage.talk("no priority");
        stage.talk("<165>1 2003-10-11T22:14:15.003Z host app - ID47 - text");
        assert_eq!(
            told(&stage),
            [
                "auth.crit <34>Oct 11 22:14:15 mymachine su: 'su root' failed",
                "user.notice no priority",
                "local4.notice <165>1 2003-10-11T22:14:15.003Z host app - ID47 - text",
            ]
        );
        assert!(stage.sent.is_empty());
    }

    #[test]
    fn both_framings_stand_on_one_stream() {
        let mut stage = Stage::open(&Syslog, 514);
        stage.talk("<13>one\n8 <14>t\nwo<15>three\r\n<13>zero\0");
        stage.talk("1");
        stage.talk("0 <13>abcdef<13>last");
        stage.eof();
        assert_eq!(
            told(&stage),
            [
                "user.notice <13>one",
                r"user.info <14>t\x0awo",
                "user.debug <15>three",
                "user.notice <13>zero",
                "user.notice <13>abcdef",
                "user.notice <13>last",
            ]
        );
    }

    #[test]
    fn long_messages_are_cut_and_the_next_is_read() {
        let long = "x".repeat(SYSLOG_BYTES * 3);
        let mut stage = Stage::open(&Syslog, 514);
        stage.talk(&format!("{long}\n<13>next\n{} {long}<14>after\n", long.len()));
        let told = told(&stage);
        assert_eq!(told.len(), 4);
        assert_eq!(
            (told[1].as_str(), told[3].as_str()),
            ("user.notice <13>next", "user.info <14>after")
        );
    }

    #[test]
    fn messages_are_told_from_other_bytes() {
        for message in [&b"<13>x"[..], b"<0>", b"<191>1 2003", b"7 <14>two"] {
            assert!(looks_like_syslog(message), "{message:?}");
        }
        for other in [&b""[..], b"<192>x", b"<>", b"<html>", b"<1 3>", b"7 x", b"< 1>", b"<+1>"] {
            assert!(!looks_like_syslog(other), "{other:?}");
        }
    }

    proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pieces_make_no_difference(
            pieces in prop::collection::vec("[0-9]{0,3}[ <>0-9\n\\x00a]{0,12}", 0..12),
        ) {
            let (mut once, mut many) = (Stage::open(&Syslog, 514), Stage::open(&Syslog, 514));
            once.talk(&pieces.concat());
            for piece in &pieces {
                many.talk(piece);
            }
            prop_assert_eq!(told(&once), told(&many));
        }
    }
}

//! NTP and SNTP, versions 1 to 4 (RFC 1059, 1119, 1305, 4330, 5905): a server of stratum 2
//! whose clock may be set ahead or behind.
//!
//! Clients and active peers are answered; control messages get a short answer
//! ([`control`]); private ones (`monlist` is one) are told and never answered, as by ntpd
//! since 4.2.8. Nothing is authenticated: a question with a key gets ntpd's crypto-NAK.

mod control;
mod packet;

use crate::chance::Chance;
use crate::clock::{Clock, written};
use crate::simple::{Plain, Simple};
use crate::told::Told;
use control::Command;
use packet::{Answer, PACKET_BYTES, Question, mode, timestamp};
use std::fmt::Write as _;
use ukai_emulators::{Context, Emulator, Open, Session};
use ukai_model::{Duration, Timestamp};

/// Lengths of a question that ends with a key's number and a digest of 16, 20 or 32 bytes.
const WITH_KEY_BYTES: [usize; 3] = [68, 72, 84];
/// Time from a question to its answer.
const SERVICE_TIME: Duration = Duration::from_micros(24);
/// Code of the request for the last clients (`REQ_MON_GETLIST` and its successor).
const MONLIST: [u8; 2] = [20, 42];

/// The time server, on UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ntp {
    clock: Clock,
}

impl Ntp {
    /// One whose clock is ahead by `shift_ms` milliseconds, or behind if negative.
    pub fn new(shift_ms: i64) -> Self {
        Self { clock: Clock { shift_ms } }
    }
}

impl Emulator for Ntp {
    fn name(&self) -> &'static str {
        "ntp"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        let mut chance = Chance::new(open.seed, "ntp");
        // Not a private address, nor one of a reserved block, for any of the first bytes.
        let first = *chance.pick(&[&129_u8, &131, &132, &162, &193, &194]);
        let rest = chance.number().to_be_bytes();
        Box::new(Plain(Telling {
            told: Told::new("ntp"),
            clock: self.clock,
            reference: [first, rest[0], rest[1], rest[2]],
            root_delay: chance.between(300, 1_600) as u32,
            root_dispersion: chance.between(600, 2_600) as u32,
            set_before: Duration::from_millis(chance.between(20_000, 900_000)),
        }))
    }
}

/// Whether a datagram on any port is a client's or an active peer's question.
pub fn looks_like_ntp(bytes: &[u8]) -> bool {
    let length = bytes.len() == PACKET_BYTES || WITH_KEY_BYTES.contains(&bytes.len());
    let stratum = bytes.get(1).is_some_and(|stratum| *stratum <= 16);
    let poll = bytes.get(2).is_some_and(|poll| *poll <= 17);
    let question = Question::parse(bytes).is_some_and(|question| {
        (1..=4).contains(&question.version) && matches!(question.mode, mode::CLIENT | mode::ACTIVE)
    });
    length && stratum && poll && question
}

struct Telling {
    told: Told,
    clock: Clock,
    /// Address of the server that this one follows.
    reference: [u8; 4],
    root_delay: u32,
    root_dispersion: u32,
    /// How long ago its clock was set.
    set_before: Duration,
}

impl Telling {
    fn time(&mut self, cx: &mut Context<'_>, question: Question, bytes: usize) {
        let symmetric = question.mode == mode::ACTIVE;
        let mut detail = format!("version {}, {bytes} bytes", question.version);
        if let Some(theirs) = their_time(question.transmit) {
            let _ = write!(detail, ", its clock {theirs}");
        }
        self.told.request(cx, if symmetric { "symmetric" } else { "client" }, detail.as_bytes());
        let now = self.clock.at(cx.now);
        let mut answer = Answer {
            version: question.version.clamp(1, 4),
            mode: if symmetric { mode::PASSIVE } else { mode::SERVER },
            stratum: 2,
            poll: question.poll,
            root_delay: self.root_delay,
            root_dispersion: self.root_dispersion,
            reference: self.reference,
            set: timestamp(now - self.set_before),
            originate: question.transmit,
            receive: timestamp(now),
            transmit: timestamp(now + SERVICE_TIME),
        }
        .bytes();
        if WITH_KEY_BYTES.contains(&bytes) {
            // The key's number 0 and no digest: we do not have that key.
            answer.extend([0; 4]);
        }
        cx.send(answer);
    }
}

/// What an asker's clock shows, if it put a time between 1970 and 2036 there.
fn their_time(transmit: u64) -> Option<String> {
    let secs = (transmit >> 32).checked_sub(2_208_988_800)?;
    Some(written(Timestamp::from_secs(secs), "%Y-%m-%dT%H:%M:%SZ"))
}

impl Simple for Telling {
    const NAME: &'static str = "ntp";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let Some(first) = bytes.first() else { return };
        match first & 7 {
            mode::CONTROL => match Command::parse(bytes) {
                Some(command) => {
                    self.told.request(cx, command.name(), bytes);
                    cx.send(command.answer(self.clock.at(cx.now), self.reference));
                }
                None => self.told.request(cx, "control", bytes),
            },
            mode::PRIVATE => {
                let monlist = bytes.get(3).is_some_and(|code| MONLIST.contains(code));
                self.told.request(cx, if monlist { "monlist" } else { "private" }, bytes);
            }
            mode::PASSIVE | mode::SERVER => self.told.request(cx, "answer", bytes),
            mode::BROADCAST => self.told.request(cx, "broadcast", bytes),
            mode::UNSPECIFIED | mode::ACTIVE | mode::CLIENT => match Question::parse(bytes) {
                // Mode 0 is that of clients of version 1 (RFC 1305, appendix D).
                Some(question) if question.mode != mode::UNSPECIFIED || question.version == 1 => {
                    self.time(cx, question, bytes.len());
                }
                _ => self.told.request(cx, "malformed", bytes),
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ntp, looks_like_ntp};
    use crate::stage::Stage;
    use proptest::prelude::*;
    use ukai_model::EventKind;

    /// The stage's time, 2026-01-02T03:04:05Z, since 1900.
    const NOW_SECS: u32 = 0xed01_b425;

    fn question(first: u8) -> Vec<u8> {
        let mut bytes = vec![0; 48];
        bytes[0] = first;
        bytes[2] = 6;
        bytes[40..].copy_from_slice(b"\xed\x01\xb4\x20efgh");
        bytes
    }

    fn word(answer: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(answer[at..at + 4].try_into().expect("four bytes"))
    }

    #[test]
    fn clients_of_each_version_are_told_the_time() {
        // Mode 0 of version 1, then mode 3 of all.
        for (first, answered) in
            [(0x08, 0x0c), (0x0b, 0x0c), (0x13, 0x14), (0x1b, 0x1c), (0xe3, 0x24)]
        {
            let mut stage = Stage::datagrams(&Ntp::default(), 123);
            let answer = stage.say(&question(first));
            assert_eq!(answer.len(), 48);
            assert_eq!(answer[..4], [answered, 2, 6, 0xe9]);
            assert_eq!(answer[24..32], *b"\xed\x01\xb4\x20efgh", "the client's time comes back");
            assert_eq!((word(&answer, 32), word(&answer, 36)), (NOW_SECS, 0));
            assert_eq!(word(&answer, 40), NOW_SECS);
            assert!(word(&answer, 44) > 0 && word(&answer, 16) < NOW_SECS);
            let EventKind::ServiceRequest { request, detail, .. } = &stage.facts[0] else {
                panic!("{:?}", stage.facts)
            };
            assert_eq!(request, "client");
            assert!(detail.to_string().ends_with("its clock 2026-01-02T03:04:00Z"), "{detail}");
        }
    }

    #[test]
    fn the_clock_can_be_set_ahead() {
        let mut stage = Stage::datagrams(&Ntp::new(86_400_500), 123);
        let answer = stage.say(&question(0x23));
        assert_eq!((word(&answer, 32), word(&answer, 36)), (NOW_SECS + 86_400, 1 << 31));
    }

    #[test]
    fn a_peer_is_answered_and_a_key_is_not_known() {
        let mut stage = Stage::datagrams(&Ntp::default(), 123);
        assert_eq!(stage.say(&question(0x21))[0], 0x22);
        let mut keyed = question(0x23);
        keyed.resize(68, 1);
        let answer = stage.say(&keyed);
        assert_eq!((answer.len(), word(&answer, 48)), (52, 0));
    }

    #[test]
    fn variables_are_read_out_and_lists_of_clients_are_not() {
        let mut stage = Stage::datagrams(&Ntp::default(), 123);
        let answer = stage.say(&[0x16, 2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(answer[..8], [0x16, 0x82, 0, 7, 6, 0x15, 0, 0]);
        let length = usize::from(answer[11]);
        assert_eq!(answer.len(), (12 + length).next_multiple_of(4));
        assert!(answer[12..].starts_with(b"version=\"ntpd") && answer.len() < 256);
        assert_eq!(stage.say(&[0x16, 2, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0])[1], 0xc2);
        assert_eq!(stage.say(&[0x17, 0, 3, 0x2a, 0, 0, 0, 0]), b"");
        assert_eq!(stage.say(&[0x1b; 20]), b"");
        let names: Vec<String> = stage
            .facts
            .iter()
            .map(|fact| serde_json::to_value(fact).expect("serialises")["request"].to_string())
            .collect();
        assert_eq!(names, [r#""readvar""#, r#""readvar""#, r#""monlist""#, r#""malformed""#]);
    }

    #[test]
    fn questions_are_told_from_other_datagrams() {
        assert!(looks_like_ntp(&question(0x1b)) && looks_like_ntp(&question(0xe3)));
        let short = &question(0x1b)[..47];
        assert!(!looks_like_ntp(short) && !looks_like_ntp(&question(0x24)));
        assert!(!looks_like_ntp(&question(0x03)) && !looks_like_ntp(&[b'#'; 48]));
    }

    proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_answered_with_much_more(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut stage = Stage::datagrams(&Ntp::default(), 123);
            let answer = stage.say(&bytes);
            prop_assert!(stage.sent.len() <= 1 && answer.len() < 256);
            prop_assert!(bytes.first().is_none_or(|first| first & 7 == 6) || answer.len() <= bytes.len());
        }
    }
}

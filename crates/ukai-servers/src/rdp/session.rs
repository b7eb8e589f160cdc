//! One client: connection request, then CredSSP or the client's own settings.

use super::mcs::{Settings, Step, connected};
use crate::limits::RDP_MESSAGE_BYTES;
use crate::ntlm::{Challenger, Token, der, go_on, read};
use crate::simple::Simple;
use crate::told::Told;
use crate::wire::Reader;
use ukai_emulators::{Context, Effect, Open};

const SSL: u32 = 1;
const HYBRID: u32 = 2;

pub(super) struct RdpSession {
    told: Told,
    challenger: Challenger,
    buffer: Vec<u8>,
    state: State,
    /// What the client offered; it is told again.
    protocols: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The request to connect is waited for.
    Start,
    /// The client's settings (MCS Connect Initial) are waited for.
    Settings,
    /// The client joins channels, and tells who it is.
    Joining,
    /// The client logs in before it is let in.
    CredSsp,
    /// All is known that will be.
    Over,
}

impl RdpSession {
    pub(super) fn new(open: &Open) -> Self {
        Self {
            told: Told::new("rdp"),
            challenger: Challenger::new(open.seed),
            buffer: Vec::new(),
            state: State::Start,
            protocols: 0,
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.state = State::Over;
        cx.close();
    }

    /// Takes one message; its length, or `None` if it is not whole.
    fn message(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<usize> {
        let length = match bytes {
            [3, _, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
            [0x30, rest @ ..] if self.state == State::CredSsp => der_length(rest)? + 1,
            [first, ..] if *first == 3 || *first == 0x30 && self.state == State::CredSsp => {
                return None;
            }
            [] => return None,
            _ => 0,
        };
        if !(5..=RDP_MESSAGE_BYTES).contains(&length) {
            self.told.payload(cx, "unknown", bytes);
            self.end(cx);
            return None;
        }
        let message = bytes.get(..length)?;
        match self.state {
            State::Start => self.connect(cx, message),
            State::Settings => self.settings(cx, message),
            State::Joining => self.join(cx, message),
            State::CredSsp => self.credentials(cx, message),
            State::Over => {}
        }
        Some(length)
    }

    fn connect(&mut self, cx: &mut Context<'_>, message: &[u8]) {
        let Some(request) = Request::read(message) else {
            self.told.payload(cx, "unknown", message);
            return self.end(cx);
        };
        self.protocols = request.protocols.unwrap_or_default();
        let offered =
            request.protocols.map_or_else(|| "none".to_owned(), |bits| format!("0x{bits:x}"));
        let detail = [format!("protocols={offered} ").as_bytes(), request.cookie].concat();
        self.told.request(cx, "connect", &detail);
        let chosen = match request.protocols {
            Some(bits) if bits & SSL != 0 => Some(SSL),
            Some(bits) if bits & HYBRID != 0 => Some(HYBRID),
            Some(_) => Some(0),
            None => None,
        };
        let mut answer = vec![0xd0, 0, 0, 0x12, 0x34, 0];
        if let Some(chosen) = chosen {
            // RDP_NEG_RSP; extended client data is supported.
            answer.extend([2, 1, 8, 0]);
            answer.extend(chosen.to_le_bytes());
        }
        let length = answer.len() as u8;
        cx.send([&[3, 0, 0, length + 5, length][..], &answer].concat());
        self.state = if chosen == Some(HYBRID) { State::CredSsp } else { State::Settings };
        if matches!(chosen, Some(SSL | HYBRID)) {
            cx.effects.push(Effect::StartTls);
        }
    }

    fn settings(&mut self, cx: &mut Context<'_>, message: &[u8]) {
        let Some(settings) = Settings::read(message) else {
            self.told.payload(cx, "unknown", message);
            return self.end(cx);
        };
        self.told.request(cx, "settings", &settings.core);
        if !settings.channels.is_empty() {
            self.told.request(cx, "channels", settings.channels.join(",").as_bytes());
        }
        self.state = State::Joining;
        cx.send(connected(self.protocols, settings.channels.len()));
    }

    fn join(&mut self, cx: &mut Context<'_>, message: &[u8]) {
        match Step::read(message) {
            Step::Answer(answer) => cx.send(answer),
            Step::Nothing => {}
            Step::Info(info) => {
                let domain = if info.domain.is_empty() { info.domain } else { info.domain + "\\" };
                let user = domain + &info.user;
                self.told.login(cx, user.as_bytes(), info.password.as_bytes(), None, None);
                if !info.shell.is_empty() {
                    self.told.request(cx, "shell", info.shell.as_bytes());
                }
                self.end(cx);
            }
            Step::Disconnect => self.end(cx),
            Step::Unknown => self.told.payload(cx, "rdp", message),
        }
    }

    fn credentials(&mut self, cx: &mut Context<'_>, message: &[u8]) {
        match read(message) {
            Some(Token::Negotiate) => {
                let token = go_on(&self.challenger.message(cx.now));
                let token = der(0xa0, &der(4, &token));
                let tokens = der(0xa1, &der(0x30, &der(0x30, &token)));
                // Version 2 of TSRequest: what everybody speaks.
                cx.send(der(0x30, &[der(0xa0, &[2, 1, 2]), tokens].concat()));
            }
            Some(Token::Authenticate(proof)) => {
                let user = format!("{}\\{}", proof.domain, proof.user);
                let user = user.strip_prefix('\\').unwrap_or(&user);
                let crackable = proof.crackable(self.challenger.challenge);
                let crackable = crackable.as_deref().map(str::as_bytes);
                self.told.login(cx, user.as_bytes(), b"", Some(proof.method()), crackable);
                // What comes next is sealed with the password, which nobody here knows.
                self.end(cx);
            }
            None => {
                self.told.payload(cx, "credssp", message);
                self.end(cx);
            }
        }
    }
}

/// X.224 Connection Request ([MS-RDPBCGR] 2.2.1.1).
struct Request<'a> {
    /// The cookie or routing token, without the line's end.
    cookie: &'a [u8],
    /// What RDP_NEG_REQ offers.
    protocols: Option<u32>,
}

impl<'a> Request<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(message);
        reader.take(4)?;
        let length = reader.u8()?;
        let mut inner = Reader(reader.take(usize::from(length))?);
        if inner.u8()? & 0xf0 != 0xe0 {
            return None;
        }
        inner.take(5)?;
        let mut cookie = &[][..];
        if let Some(end) = inner.0.windows(2).position(|pair| pair == b"\r\n") {
            cookie = inner.take(end)?;
            inner.take(2)?;
        }
        let protocols = match inner.0 {
            [1, _, 8, 0, a, b, c, d, ..] => Some(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => None,
        };
        Some(Self { cookie, protocols })
    }
}

/// Length of a value of DER behind its tag: the field's own bytes and what it counts.
fn der_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [length @ 0..=0x7f, ..] => Some(usize::from(*length) + 1),
        [0x81, length, ..] => Some(usize::from(*length) + 2),
        [0x82, high, low, ..] => Some(usize::from(u16::from_be_bytes([*high, *low])) + 3),
        [0x81 | 0x82, ..] | [] => None,
        _ => Some(usize::MAX - 1),
    }
}

impl Simple for RdpSession {
    const NAME: &'static str = "rdp";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.state == State::Over {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        while self.state != State::Over {
            let before = self.state;
            let Some(length) = self.message(cx, &buffer[at..]) else { break };
            at += length;
            // What came in the clear behind the request does not belong into TLS.
            if before == State::Start {
                at = buffer.len();
            }
        }
        buffer.drain(..at);
        self.buffer = buffer;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rdp;
    use super::super::mcs::tests::{client_info, connect_initial};
    use super::*;
    use crate::stage::Stage;
    use proptest::prelude::*;
    use ukai_model::EventKind;

    fn request(protocols: u8) -> Vec<u8> {
        let cookie = b"Cookie: mstshash=admin\r\n";
        let length = 6 + cookie.len() as u8 + 8;
        let head = [3, 0, 0, length + 5, length, 0xe0, 0, 0, 0, 0, 0];
        [&head[..], cookie, &[1, 0, 8, 0, protocols, 0, 0, 0]].concat()
    }

    #[test]
    fn tls_is_chosen_where_it_is_offered() {
        let mut stage = Stage::open(&Rdp, 3389);
        assert!(Rdp::looks_like(&request(3)));
        assert_eq!(
            stage.say(&request(3)),
            b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x01\x08\0\x01\0\0\0"
        );
        assert!(stage.tls);
        let EventKind::ServiceRequest { detail, .. } = &stage.facts[0] else { panic!() };
        assert_eq!(detail.as_bytes(), b"protocols=0x3 Cookie: mstshash=admin");
        let answer = stage.say(&connect_initial());
        assert_eq!(answer[7..9], [0x7f, 0x66]);
        let EventKind::ServiceRequest { detail, .. } = &stage.facts[1] else { panic!() };
        assert_eq!(detail.to_string(), "name=PC-1 build=2600 keyboard=0x409 screen=800x600");
        assert_eq!(stage.say(b"\x03\0\0\x0c\x02\xf0\x80\x04\x01\0\x01\0"), b"");
        assert_eq!(stage.say(b"\x03\0\0\x08\x02\xf0\x80\x28")[7..], [0x2e, 0, 0, 6]);
        let join = stage.say(b"\x03\0\0\x0c\x02\xf0\x80\x38\0\x06\x03\xeb");
        assert_eq!(join[7..], [0x3e, 0, 0, 6, 3, 0xeb, 3, 0xeb]);
        stage.say(&client_info("DOM", "admin", "hunter2"));
        let Some(EventKind::LoginAttempt { user, password, .. }) = stage.facts.last() else {
            panic!("{:?}", stage.facts);
        };
        assert_eq!((user.as_bytes(), password.as_bytes()), (&br"DOM\admin"[..], &b"hunter2"[..]));
        assert!(stage.closed);
    }

    #[test]
    fn a_client_that_must_log_in_before_shows_its_proof() {
        let mut stage = Stage::open(&Rdp, 3389);
        assert!(stage.say(&request(2)).ends_with(&[2, 0, 0, 0]));
        let negotiate = der(0x30, b"NTLMSSP\0\x01\0\0\0\0\0\0\0");
        let answer = stage.say(&negotiate);
        assert!(
            answer.starts_with(&[0x30, 0x81]) || answer.starts_with(&[0x30, 0x82]),
            "{answer:?}"
        );
        assert!(memchr::memmem::find(&answer, b"NTLMSSP\0\x02").is_some());
        let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
        for _ in 0..6 {
            message.extend([0, 0, 0, 0, 64, 0, 0, 0]);
        }
        message.extend([1, 0, 0, 0]);
        stage.say(&der(0x30, &message));
        assert_eq!(stage.kinds(), ["service.request", "login.attempt"]);
        assert!(stage.closed);
    }

    #[test]
    fn old_clients_get_no_negotiation() {
        let mut stage = Stage::open(&Rdp, 3389);
        assert_eq!(
            stage.say(b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0"),
            b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0"
        );
        assert!(!stage.tls);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_in_any_pieces(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..40), 0..12), protocols in 0..5_u8) {
            let mut stage = Stage::open(&Rdp, 3389);
            if protocols < 4 {
                stage.say(&request(protocols));
            }
            for piece in pieces {
                let _ = Rdp::looks_like(&piece);
                stage.say(&piece);
            }
            prop_assert!(stage.sent.iter().map(Vec::len).sum::<usize>() < 2_000);
        }
    }
}

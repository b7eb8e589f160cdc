//! Any port: the first bytes decide who answers. HTTP methods go to the web server,
//! Telnet commands to Telnet, an SSH version to SSH, an array of Redis to Redis, the rest is kept as raw payload. On
//! ports where a server would speak first it does so, after a short silence.
//!
//! TLS is not seen here: the driver unwraps it and opens a session on what is inside.

use crate::ftp::Ftp;
use crate::http::Http;
use crate::imap::Imap;
use crate::limits::DETECT_SILENCE_MS;
use crate::mysql::Mysql;
use crate::pop3::Pop3;
use crate::postgresql::Postgresql;
use crate::raw::Raw;
use crate::redis::Redis;
use crate::smtp::Smtp;
use crate::ssh::Ssh;
use crate::telnet::Telnet;
use crate::{
    Context, Effect, Emulator, FetchId, Fetched, Open, Session, SideEvent, SideId, TimerId,
};
use ukai_model::{Duration, EventKind};

const SILENCE: TimerId = TimerId(u32::MAX);

/// Ports on which Telnet is expected besides those of the persona.
const TELNET_PORTS: [u16; 8] = [23, 223, 2223, 2323, 23023, 23231, 9527, 60023];

/// Ports on which SSH is expected besides those of the persona.
const SSH_PORTS: [u16; 3] = [22, 2222, 22_222];

/// The emulator that decides by the first bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detect;

impl Emulator for Detect {
    fn name(&self) -> &'static str {
        "detect"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(DetectSession { state: State::Waiting(Box::new(open), Vec::new()) })
    }
}

enum State {
    Waiting(Box<Open>, Vec<u8>),
    Decided(Box<dyn Session>),
}

struct DetectSession {
    state: State,
}

/// What the first bytes are, as far as there is an emulator for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Http,
    Telnet,
    Ssh,
    Ftp,
    Smtp,
    Pop3,
    Imap,
    Mysql,
    Redis,
    Postgresql,
    Other,
    /// More bytes are needed.
    Open,
}

/// Decides on a prefix; more bytes never change a decision.
fn guess(bytes: &[u8]) -> Guess {
    const METHODS: [&[u8]; 16] = [
        b"GET ",
        b"POST ",
        b"HEAD ",
        b"PUT ",
        b"OPTIONS ",
        b"DELETE ",
        b"TRACE ",
        b"PATCH ",
        b"CONNECT ",
        b"PROPFIND ",
        b"MKCOL ",
        b"SEARCH ",
        b"MOVE ",
        b"COPY ",
        b"LOCK ",
        b"NOTIFY ",
    ];
    const SSH: &[u8] = b"SSH-";
    match bytes {
        [] | [0xff] => return Guess::Open,
        [0xff, 0xf0..=0xfe, ..] => return Guess::Telnet,
        [b'S', b'S', b'H', b'-', ..] => return Guess::Ssh,
        _ if SSH.starts_with(bytes) => return Guess::Open,
        [0, 0, ..] | [0] => return postgresql(bytes),
        _ => {}
    }
    if METHODS.iter().any(|method| bytes.starts_with(method)) {
        return Guess::Http;
    }
    if METHODS.iter().any(|method| method.starts_with(bytes)) {
        return Guess::Open;
    }
    if bytes.first() == Some(&b'*') {
        return redis(bytes);
    }
    mail(bytes)
}

/// An array of bulk strings, as clients of Redis send commands.
fn redis(bytes: &[u8]) -> Guess {
    const COUNT_DIGITS: usize = 7;
    const BEHIND: &[u8] = b"\r\n$";
    let digits = bytes[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let behind = &bytes[1 + digits..];
    if digits > COUNT_DIGITS || digits == 0 && !behind.is_empty() {
        Guess::Other
    } else if digits > 0 && behind.starts_with(BEHIND) {
        Guess::Redis
    } else if BEHIND.starts_with(behind) {
        Guess::Open
    } else {
        Guess::Other
    }
}

/// PostgreSQL's first packet: its length, then its version or one of three requests.
fn postgresql(bytes: &[u8]) -> Guess {
    match *bytes {
        [_, _, _, _, 0, 3, 0, 0..=2, ..] | [_, _, 0, 8, 4, 0xd2, 0x16, 0x2f | 0x30, ..] => {
            Guess::Postgresql
        }
        [_, _, 0, 16, 4, 0xd2, 0x16, 0x2e, ..] => Guess::Postgresql,
        _ if bytes.len() < 8 => {
            let begins = |code: &[u8]| bytes.get(4..).is_none_or(|rest| code.starts_with(rest));
            let might = [&[0, 3, 0][..], &[4, 0xd2, 0x16]]
                .iter()
                .any(|code| begins(code) || bytes.get(4..7) == Some(*code));
            if might { Guess::Open } else { Guess::Other }
        }
        _ => Guess::Other,
    }
}

/// What a client says that did not wait for its server's greeting. `USER` alone may be
/// FTP's or POP3's; who speaks first mostly means FTP.
fn mail(bytes: &[u8]) -> Guess {
    const WORDS: [(&[u8], Guess); 14] = [
        (b"EHLO ", Guess::Smtp),
        (b"HELO ", Guess::Smtp),
        (b"MAIL FROM:", Guess::Smtp),
        (b"USER ", Guess::Ftp),
        (b"AUTH TLS", Guess::Ftp),
        (b"FEAT", Guess::Ftp),
        (b"CAPA\r", Guess::Pop3),
        (b"STLS\r", Guess::Pop3),
        (b"APOP ", Guess::Pop3),
        (b"PING\r", Guess::Redis),
        (b"INFO\r", Guess::Redis),
        (b"CONFIG ", Guess::Redis),
        (b"SLAVEOF ", Guess::Redis),
        (b"FLUSHALL\r", Guess::Redis),
    ];
    const IMAP: [&[u8]; 5] = [b"LOGIN ", b"CAPABILITY", b"AUTHENTICATE ", b"STARTTLS", b"ID "];
    const TAG_BYTES: usize = 12;
    let upper = bytes[..bytes.len().min(64)].to_ascii_uppercase();
    if let Some((_, guess)) = WORDS.iter().find(|(word, _)| upper.starts_with(word)) {
        return *guess;
    }
    if WORDS.iter().any(|(word, _)| word.starts_with(&upper)) {
        return Guess::Open;
    }
    let tag =
        upper.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'.').count();
    if !(1..=TAG_BYTES).contains(&tag) || !upper[..tag].iter().any(u8::is_ascii_digit) {
        return Guess::Other;
    }
    let Some(behind) = upper[tag..].strip_prefix(b" ") else {
        return if upper.len() == tag { Guess::Open } else { Guess::Other };
    };
    if IMAP.iter().any(|word| behind.starts_with(word)) {
        Guess::Imap
    } else if IMAP.iter().any(|word| word.starts_with(behind)) {
        Guess::Open
    } else {
        Guess::Other
    }
}

/// Who would speak first on this port, by its number.
const fn expected(port: u16) -> Guess {
    match port {
        21 | 2121 | 8021 => Guess::Ftp,
        25 | 465 | 587 | 2525 | 5870 => Guess::Smtp,
        110 | 995 | 1110 => Guess::Pop3,
        143 | 993 | 1143 => Guess::Imap,
        3306 | 3307 | 33_060 => Guess::Mysql,
        _ => Guess::Other,
    }
}

impl DetectSession {
    fn decide(&mut self, cx: &mut Context<'_>, guess: Guess) {
        let State::Waiting(open, held) = &mut self.state else { return };
        let persona = &open.host.persona;
        let redis = Redis::default();
        let emulator: &dyn Emulator = match guess {
            Guess::Http if persona.http.is_some() => &Http,
            Guess::Telnet if persona.telnet.is_some() => &Telnet,
            Guess::Ssh if Ssh.speaks(persona) => &Ssh,
            Guess::Ftp if persona.ftp.is_some() => &Ftp,
            Guess::Smtp if persona.mail.is_some() => &Smtp,
            Guess::Pop3 if persona.mail.is_some() => &Pop3,
            Guess::Imap if persona.mail.is_some() => &Imap,
            Guess::Mysql if persona.mysql.is_some() => &Mysql,
            Guess::Redis if persona.redis.is_some() => &redis,
            Guess::Postgresql if persona.postgresql.is_some() => &Postgresql,
            _ => &Raw,
        };
        if emulator.name() != Raw.name() {
            cx.record(EventKind::ProtocolRecognised { protocol: emulator.name().to_owned() });
        }
        let held = std::mem::take(held);
        let mut session = emulator.open(Open { now: cx.now, ..(**open).clone() });
        session.on_open(cx);
        if !held.is_empty() {
            session.on_bytes(cx, &held);
        }
        self.state = State::Decided(session);
    }

    /// Who speaks first on this port, if nobody else does.
    fn speaks_first(&self) -> Guess {
        let State::Waiting(open, _) = &self.state else { return Guess::Other };
        let (port, persona) = (open.flow.dst_port, &open.host.persona);
        let telnet = persona.services.telnet.contains(&port) || TELNET_PORTS.contains(&port);
        let ssh = persona.services.ssh.contains(&port) || SSH_PORTS.contains(&port);
        match expected(port) {
            Guess::Ftp if persona.ftp.is_some() => Guess::Ftp,
            Guess::Mysql if persona.mysql.is_some() => Guess::Mysql,
            guess @ (Guess::Smtp | Guess::Pop3 | Guess::Imap) if persona.mail.is_some() => guess,
            _ if telnet && persona.telnet.is_some() => Guess::Telnet,
            _ if ssh && Ssh.speaks(persona) => Guess::Ssh,
            _ => Guess::Other,
        }
    }
}

impl Session for DetectSession {
    fn protocol(&self) -> &'static str {
        match &self.state {
            State::Waiting(..) => "detect",
            State::Decided(session) => session.protocol(),
        }
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        if self.speaks_first() != Guess::Other {
            let at = cx.now + Duration::from_millis(DETECT_SILENCE_MS);
            cx.effects.push(Effect::Timer { id: SILENCE, at });
        }
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        match &mut self.state {
            State::Decided(session) => session.on_bytes(cx, bytes),
            State::Waiting(_, held) => {
                // Never more than a method's name: the next byte decides.
                held.extend_from_slice(bytes);
                let guess = guess(held);
                if guess != Guess::Open {
                    self.decide(cx, guess);
                }
            }
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.decide(cx, Guess::Open);
        if let State::Decided(session) = &mut self.state {
            session.on_eof(cx);
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match &mut self.state {
            State::Decided(session) if timer != SILENCE => session.on_timer(cx, timer),
            State::Waiting(_, held) if timer == SILENCE && held.is_empty() => {
                let guess = self.speaks_first();
                self.decide(cx, guess);
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let State::Decided(session) = &mut self.state {
            session.on_fetched(cx, fetch, fetched);
        }
    }

    fn on_side(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        if let State::Decided(session) = &mut self.state {
            session.on_side(cx, side, event);
        }
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.decide(cx, Guess::Open);
        if let State::Decided(session) = &mut self.state {
            session.on_close(cx);
        }
    }
}

//! A PostgreSQL connection, from its first packet to its last.

use super::backend::{Backend, Next};
use super::out::Out;
use super::report::{Report, about};
use super::scram::{NONCE_BYTES, Scram};
use super::startup::{self, Packet, Startup};
use super::state::State;
use crate::injected::Injected;
use crate::limits::{
    INJECTED_LINE_BYTES, INJECTED_LINES, INJECTED_WAIT_MS, POSTGRES_LOGIN_MS,
    POSTGRES_MESSAGE_BYTES, POSTGRES_WAITING_BYTES,
};
use crate::login::{LoginTry, log_in_by_proof};
use crate::mail::Requests;
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use std::cell::RefCell;
use ukai_model::{Duration, EventKind, Sha256};

const LOGIN: TimerId = TimerId(1);
const SHELL: TimerId = TimerId(2);
const RUN_LIMIT: TimerId = TimerId(3);
const SLEEP: TimerId = TimerId(4);

/// Longest message of a log-in, in bytes (`PG_MAX_SASL_MESSAGE_LENGTH`).
const SASL_BYTES: usize = 1_024;
/// Longest message that is no query, in bytes (`PQ_SMALL_MESSAGE_LIMIT`).
const SMALL_BYTES: usize = 10_000;
/// Longest token of GSSAPI, in bytes (`PQ_GSS_RECV_BUFFER_SIZE`).
const GSS_BYTES: usize = 16_384;

enum Stage {
    Startup {
        ssl: bool,
        gss: bool,
    },
    /// GSSAPI, for which the server has no key.
    Gss,
    /// Mechanisms were offered.
    Offered(Startup),
    /// A mechanism was chosen, without a first message.
    Chosen(Startup, bool),
    Challenged(Startup, Box<Scram>),
    Inside(Box<Backend>),
    Over,
}

pub(super) struct PostgresqlSession {
    open: Box<Open>,
    stage: Stage,
    waiting: Vec<u8>,
    tls: bool,
    ended: bool,
    /// Bytes of a message too long that are still to come, and what it was.
    dropping: Option<(usize, u8)>,
    running: Option<Box<Injected>>,
    asleep: bool,
    lines: u32,
    next_fetch: u32,
    requests: Requests,
}

impl PostgresqlSession {
    pub(super) fn new(open: Open) -> Self {
        Self {
            tls: open.tls,
            stage: Stage::Startup { ssl: open.tls, gss: false },
            open: Box::new(open),
            waiting: Vec::new(),
            ended: false,
            dropping: None,
            running: None,
            asleep: false,
            lines: 0,
            next_fetch: 0,
            requests: Requests::default(),
        }
    }

    fn hang_up(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Over) {
            self.stage = Stage::Over;
            self.waiting = Vec::new();
            cx.close();
        }
    }

    fn refuse(&mut self, cx: &mut Context<'_>, report: &Report) {
        let mut out = Out::default();
        report.write(&mut out);
        cx.send(out.bytes);
        self.hang_up(cx);
    }

    const fn busy(&self) -> bool {
        self.running.is_some() || self.asleep
    }

    fn go_on(&mut self, cx: &mut Context<'_>) {
        while !self.busy() {
            let went_on = match &self.stage {
                Stage::Over => return,
                Stage::Startup { ssl, gss } => {
                    let packet = startup::take(&mut self.waiting, *ssl, *gss);
                    self.start(cx, packet)
                }
                Stage::Gss => {
                    let length = self.waiting.first_chunk().map(|l| u32::from_be_bytes(*l));
                    let length = length.map_or(usize::MAX, |length| length as usize);
                    let whole = self.waiting.len() >= length.saturating_add(4);
                    if whole || self.waiting.len() >= 4 && length > GSS_BYTES {
                        self.hang_up(cx);
                    }
                    false
                }
                Stage::Inside(_) => self.take_message(cx),
                _ => self.take_answer(cx),
            };
            if !went_on {
                break;
            }
        }
        if self.ended && !self.busy() {
            self.hang_up(cx);
        }
    }

    fn start(&mut self, cx: &mut Context<'_>, packet: Packet) -> bool {
        let Stage::Startup { ssl, gss } = &mut self.stage else { return false };
        match packet {
            Packet::Incomplete => return false,
            Packet::Nonsense => self.hang_up(cx),
            Packet::Cancel => {
                self.requests.note(cx, "postgresql", b"cancel", b"");
                self.hang_up(cx);
            }
            Packet::Ssl => {
                *ssl = true;
                let offered = self.open.host.persona.postgresql.as_ref().is_some_and(|s| s.tls);
                let early = !self.waiting.is_empty();
                cx.send(if offered && !self.tls { "S" } else { "N" });
                if offered && !self.tls {
                    cx.effects.push(Effect::StartTls);
                    self.tls = true;
                }
                if early {
                    // What came in the clear behind the request is not listened to.
                    let message = "received unencrypted data after SSL request";
                    let source = ("postmaster.c", 2_136, "ProcessStartupPacket");
                    let report = Report::fatal("08P01", message, source).detail(
                        "This could be either a client-software bug or evidence of an attempted \
                         man-in-the-middle attack.",
                    );
                    self.refuse(cx, &report);
                }
            }
            Packet::Gss => {
                *gss = true;
                cx.send("G");
                self.stage = Stage::Gss;
            }
            Packet::Refused(report) => self.refuse(cx, &report),
            Packet::RefusedInOldWords(message) => {
                cx.send(format!("EFATAL:  {message}\n\0"));
                self.hang_up(cx);
            }
            Packet::Startup(startup) => self.offer(cx, startup),
        }
        true
    }

    fn offer(&mut self, cx: &mut Context<'_>, startup: Startup) {
        let shown = [&b"user="[..], &startup.user, b" database=", &startup.database].concat();
        let application = startup.settings.iter().find(|(name, _)| name == b"application_name");
        let application = application.map(|(_, value)| [b" application=", &value[..]].concat());
        let shown = [shown, application.unwrap_or_default()].concat();
        self.requests.note(cx, "postgresql", b"startup", &shown);
        let mut out = Out::default();
        if let Some(unknown) = &startup.unknown {
            let count = u32::try_from(unknown.len()).unwrap_or_default();
            let mut body = [0_u32.to_be_bytes(), count.to_be_bytes()].concat();
            if let Some(version) = body.get_mut(..4) {
                version.copy_from_slice(&[0, 3, 0, 0]);
            }
            for option in unknown {
                body.extend_from_slice(option);
                body.push(0);
            }
            out.message(b'v', &body);
        }
        // Debian's pg_hba.conf lets replicas in from the host itself only.
        if startup.replication && !self.open.flow.src_ip.is_loopback() {
            let encryption = if self.tls { "SSL encryption" } else { "no encryption" };
            let host = self.open.flow.src_ip.to_canonical();
            let message = about(
                &format!(
                    "no pg_hba.conf entry for replication connection from host \"{host}\", user \""
                ),
                &startup.user,
                &format!("\", {encryption}"),
            );
            Report::fatal("28000", message, ("auth.c", 541, "ClientAuthentication"))
                .write(&mut out);
            cx.send(out.bytes);
            self.hang_up(cx);
            return;
        }
        let mechanisms: &[u8] =
            if self.tls { b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0" } else { b"SCRAM-SHA-256\0\0" };
        out.authentication(10, mechanisms);
        cx.send(out.bytes);
        self.stage = Stage::Offered(startup);
    }

    /// Takes an answer of the log-in.
    fn take_answer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(kind) = self.waiting.first().copied() else { return false };
        if kind != b'p' {
            let message = format!("expected SASL response, got message type {kind}");
            let source = ("auth-sasl.c", 95, "CheckSASLAuth");
            self.refuse(cx, &Report::fatal("08P01", message, source));
            return false;
        }
        let Some(length) = self.waiting.get(1..).and_then(|rest| rest.first_chunk()) else {
            return false;
        };
        let length = u32::from_be_bytes(*length) as usize;
        if !(4..=SASL_BYTES).contains(&length) {
            if let Stage::Offered(startup)
            | Stage::Chosen(startup, _)
            | Stage::Challenged(startup, _) = &self.stage
            {
                let report = wrong_password(&startup.user);
                self.refuse(cx, &report);
            }
            return false;
        }
        if self.waiting.len() < 1 + length {
            return false;
        }
        let message: Vec<u8> = self.waiting.drain(..=length).collect();
        let body = message.get(5..).unwrap_or_default();
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Offered(startup) => self.choose(cx, startup, body),
            Stage::Chosen(startup, plus) => self.challenge(cx, startup, plus, body),
            Stage::Challenged(startup, scram) => self.judge(cx, startup, &scram, body),
            other => self.stage = other,
        }
        true
    }

    /// Refuses what a log-in said; the stage was taken.
    fn refuse_answer(&mut self, cx: &mut Context<'_>, startup: Startup, report: &Report) {
        self.stage = Stage::Offered(startup);
        self.refuse(cx, report);
    }

    fn choose(&mut self, cx: &mut Context<'_>, startup: Startup, body: &[u8]) {
        let Some(end) = memchr::memchr(0, body) else {
            let source = ("pqformat.c", 624, "pq_getmsgrawstring");
            let report = Report::fatal("08P01", "invalid string in message", source);
            self.refuse_answer(cx, startup, &report);
            return;
        };
        let (mechanism, rest) = (&body[..end], &body[end + 1..]);
        let plus = match mechanism {
            b"SCRAM-SHA-256" => false,
            b"SCRAM-SHA-256-PLUS" if self.tls => true,
            _ => {
                let message = "client selected an invalid SASL authentication mechanism";
                let report = Report::fatal("08P01", message, ("auth-scram.c", 256, "scram_init"));
                self.refuse_answer(cx, startup, &report);
                return;
            }
        };
        let Some((length, rest)) = rest.split_first_chunk() else {
            let source = ("pqformat.c", 533, "pq_copymsgbytes");
            let report = Report::fatal("08P01", "insufficient data left in message", source);
            self.refuse_answer(cx, startup, &report);
            return;
        };
        let length = u32::from_be_bytes(*length);
        if length == u32::MAX && rest.is_empty() {
            let mut out = Out::default();
            out.authentication(11, b"");
            cx.send(out.bytes);
            self.stage = Stage::Chosen(startup, plus);
            return;
        }
        match rest.split_at_checked(length as usize) {
            Some((first, [])) => self.challenge(cx, startup, plus, first),
            Some(_) => {
                let source = ("pqformat.c", 640, "pq_getmsgend");
                let report = Report::fatal("08P01", "invalid message format", source);
                self.refuse_answer(cx, startup, &report);
            }
            None => {
                let source = ("pqformat.c", 515, "pq_getmsgbytes");
                let report = Report::fatal("08P01", "insufficient data left in message", source);
                self.refuse_answer(cx, startup, &report);
            }
        }
    }

    /// Bytes that nobody can foretell, of this connection's own.
    fn unforeseen(&self, cx: &Context<'_>, label: &[u8]) -> [u8; 32] {
        let secret = self.open.host.secret("postgresql session");
        let (seed, now) = (self.open.seed.to_be_bytes(), cx.now.nanos().to_be_bytes());
        *Sha256::of(&[&secret[..], &seed, &now, label].concat()).as_bytes()
    }

    fn challenge(&mut self, cx: &mut Context<'_>, startup: Startup, plus: bool, first: &[u8]) {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&self.unforeseen(cx, b"nonce")[..NONCE_BYTES]);
        match Scram::begin(&self.open.host, &startup.user, first, (plus, self.tls), nonce) {
            Ok(scram) => {
                let mut out = Out::default();
                out.authentication(11, scram.challenge());
                cx.send(out.bytes);
                self.stage = Stage::Challenged(startup, Box::new(scram));
            }
            Err(report) => self.refuse_answer(cx, startup, &report),
        }
    }

    fn judge(&mut self, cx: &mut Context<'_>, startup: Startup, scram: &Scram, last: &[u8]) {
        let answer = match scram.finish(last) {
            Ok(answer) => answer,
            Err(report) => return self.refuse_answer(cx, startup, &report),
        };
        let login = LoginTry {
            protocol: "postgresql",
            method: Some("SCRAM-SHA-256"),
            user: &startup.user,
            password: b"",
        };
        let verdict = RefCell::new(Vec::new());
        let success = log_in_by_proof(cx, &self.open, &login, &answer.recorded, |password| {
            let fits = answer.fits(password);
            if fits {
                verdict.replace(answer.verdict(password));
            }
            fits
        });
        if !success {
            let report = wrong_password(&startup.user);
            self.refuse_answer(cx, startup, &report);
            return;
        }
        let mut out = Out::default();
        out.authentication(12, &verdict.into_inner());
        out.authentication(0, b"");
        self.let_in(cx, startup, out);
    }

    fn let_in(&mut self, cx: &mut Context<'_>, startup: Startup, mut out: Out) {
        let spec = self.open.host.persona.postgresql.as_ref();
        let own = spec.map_or(&[][..], |spec| &spec.databases);
        let known = [&b"postgres"[..], b"template1"].contains(&startup.database.as_slice())
            || own.iter().any(|name| name.as_bytes() == startup.database);
        let refusal = if startup.database == b"template0" {
            let message = "database \"template0\" is not currently accepting connections";
            Some(Report::fatal("55000", message, ("postinit.c", 350, "CheckMyDatabase")))
        } else if known {
            None
        } else {
            let message = about("database \"", &startup.database, "\" does not exist");
            Some(Report::fatal("3D000", message, ("postinit.c", 948, "InitPostgres")))
        };
        let unforeseen = self.unforeseen(cx, b"backend");
        let number =
            |at: usize| unforeseen.iter().skip(at).take(4).fold(0, |n, b| n << 8 | u32::from(*b));
        let pid = 1_000 + number(0) % 30_000;
        let open = self.open.clone();
        let mut state = State::new(open, startup.user.clone(), startup.database.clone(), pid);
        let mut set = || {
            for (name, value) in &startup.settings {
                if name == b"options" {
                    for (name, value) in options(value) {
                        state.set(&name, Some(&value))?;
                    }
                } else {
                    state.set(name, Some(value))?;
                }
            }
            Ok(())
        };
        let refusal = refusal.or_else(|| set().err());
        if let Some(report) = refusal {
            report.with_severity("FATAL").write(&mut out);
            cx.send(out.bytes);
            self.stage = Stage::Offered(startup);
            self.hang_up(cx);
            return;
        }
        let mut backend = Backend::new(state);
        backend.out = out;
        backend.greet(number(4));
        cx.send(std::mem::take(&mut backend.out.bytes));
        self.stage = Stage::Inside(Box::new(backend));
    }

    /// Takes a message of a session that is let in; whether there was a whole one.
    fn take_message(&mut self, cx: &mut Context<'_>) -> bool {
        let Stage::Inside(backend) = &mut self.stage else { return false };
        if let Some((rest, kind)) = self.dropping {
            let gone = rest.min(self.waiting.len());
            self.waiting.drain(..gone);
            self.dropping = Some((rest - gone, kind)).filter(|(rest, _)| *rest > 0);
            if self.dropping.is_some() {
                return false;
            }
            backend.oversized(kind);
            cx.send(std::mem::take(&mut backend.out.bytes));
        }
        let Some(kind) = self.waiting.first().copied() else { return false };
        let least = match kind {
            b'Q' | b'P' | b'B' | b'F' | b'd' => usize::MAX,
            b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f' => SMALL_BYTES,
            _ => {
                let message = format!("invalid frontend message type {kind}");
                let source = ("postgres.c", 446, "SocketBackend");
                self.refuse(cx, &Report::fatal("08P01", message, source));
                return false;
            }
        };
        let Some(length) = self.waiting.get(1..).and_then(|rest| rest.first_chunk()) else {
            return false;
        };
        let length = u32::from_be_bytes(*length) as usize;
        if !(4..0x3fff_ffff).contains(&length) || length > least {
            self.hang_up(cx);
            return false;
        }
        if length > POSTGRES_MESSAGE_BYTES {
            cx.record(EventKind::LimitReached {
                limit: "postgresql-message".to_owned(),
                detail: format!("a message of {length} bytes is not read"),
            });
            self.dropping = Some((1 + length, kind));
            return true;
        }
        if self.waiting.len() < 1 + length {
            return false;
        }
        let message: Vec<u8> = self.waiting.drain(..=length).collect();
        let body = message.get(5..).unwrap_or_default();
        match kind {
            b'Q' => {
                let text = body.strip_suffix(b"\0").unwrap_or(body);
                self.requests.note(cx, "postgresql", b"query", text);
            }
            b'P' => {
                let from = memchr::memchr(0, body).map_or(0, |end| end + 1);
                let text = body.get(from..).unwrap_or_default();
                let end = memchr::memchr(0, text).unwrap_or(text.len());
                self.requests.note(cx, "postgresql", b"parse", &text[..end]);
            }
            _ => {}
        }
        let next = backend.message(cx, kind, body);
        self.after(cx, next);
        true
    }

    fn after(&mut self, cx: &mut Context<'_>, mut next: Next) {
        loop {
            let Stage::Inside(backend) = &mut self.stage else { return };
            match next {
                Next::Go => break,
                Next::Close => {
                    cx.send(std::mem::take(&mut backend.out.bytes));
                    self.hang_up(cx);
                    return;
                }
                Next::Wait if backend.takes_rows() => break,
                Next::Wait if backend.state.sleep_ms > 0 => {
                    let ms = std::mem::take(&mut backend.state.sleep_ms);
                    self.asleep = true;
                    let at = cx.now + Duration::from_millis(ms);
                    cx.effects.push(Effect::Timer { id: SLEEP, at });
                    return;
                }
                Next::Wait => match self.run_program(cx) {
                    Some(after) => next = after,
                    None => return,
                },
            }
        }
        let Stage::Inside(backend) = &mut self.stage else { return };
        cx.send(std::mem::take(&mut backend.out.bytes));
    }

    /// Runs the program that the session waits for; what comes next, if it is over at once.
    fn run_program(&mut self, cx: &mut Context<'_>) -> Option<Next> {
        let Stage::Inside(backend) = &mut self.stage else { return Some(Next::Close) };
        let Some((program, _)) = &backend.program else { return Some(Next::Go) };
        self.lines += 1;
        if self.lines > INJECTED_LINES {
            if self.lines == INJECTED_LINES + 1 {
                cx.record(EventKind::LimitReached {
                    limit: "injected-lines".to_owned(),
                    detail: "further programs of this session are recorded, not run".to_owned(),
                });
            }
            return Some(backend.program_ended(cx, b"", 0));
        }
        let line = program.line.get(..program.line.len().min(INJECTED_LINE_BYTES));
        let line = line.unwrap_or_default().to_vec();
        let spec = self.open.host.persona.postgresql.as_ref();
        let runs_as = spec.map_or("nobody", |spec| spec.runs_as.as_str());
        let run = Injected::popen(cx, &self.open, runs_as, &line, &mut self.next_fetch, SHELL);
        self.running = Some(Box::new(run));
        let next = self.program_over(cx, false);
        if next.is_none() {
            let at = cx.now + Duration::from_millis(INJECTED_WAIT_MS);
            cx.effects.push(Effect::Timer { id: RUN_LIMIT, at });
        }
        next
    }

    /// What comes next if the program is over, or is given up.
    fn program_over(&mut self, cx: &mut Context<'_>, given_up: bool) -> Option<Next> {
        let run = self.running.take_if(|run| given_up || run.is_over())?;
        let status = run.status().unwrap_or_default();
        let output = run.finish(cx);
        let Stage::Inside(backend) = &mut self.stage else { return Some(Next::Close) };
        Some(backend.program_ended(cx, &output, status))
    }

    fn program_went_on(&mut self, cx: &mut Context<'_>, given_up: bool) {
        if let Some(next) = self.program_over(cx, given_up) {
            self.after(cx, next);
            self.go_on(cx);
        }
    }
}

fn wrong_password(user: &[u8]) -> Report {
    let message = about("password authentication failed for user \"", user, "\"");
    Report::fatal("28P01", message, ("auth.c", 334, "auth_failed"))
}

/// Settings in a client's `options`: `-c name=value` and `--name=value`.
fn options(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let pair = match word.strip_prefix(b"--").or_else(|| word.strip_prefix(b"-c")) {
            Some(b"") => words.next().unwrap_or_default(),
            Some(pair) => pair,
            None => continue,
        };
        if let Some(equals) = memchr::memchr(b'=', pair) {
            let (name, value) = (&pair[..equals], &pair[equals + 1..]);
            let name = name.iter().map(|byte| if *byte == b'-' { b'_' } else { *byte });
            all.push((name.collect(), value.to_vec()));
        }
    }
    all
}

impl Session for PostgresqlSession {
    fn protocol(&self) -> &'static str {
        "postgresql"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        let at = cx.now + Duration::from_millis(POSTGRES_LOGIN_MS);
        cx.effects.push(Effect::Timer { id: LOGIN, at });
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        let room = POSTGRES_WAITING_BYTES.saturating_sub(self.waiting.len());
        if bytes.len() > room {
            cx.record(EventKind::LimitReached {
                limit: "postgresql-waiting".to_owned(),
                detail: "too much was sent while a statement ran".to_owned(),
            });
            self.hang_up(cx);
            return;
        }
        self.waiting.extend_from_slice(bytes);
        self.go_on(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.ended = true;
        self.go_on(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match timer {
            LOGIN => match self.stage {
                Stage::Inside(_) | Stage::Over => {}
                Stage::Startup { .. } | Stage::Gss => self.hang_up(cx),
                _ => {
                    let message = "canceling authentication due to timeout";
                    let source = ("postgres.c", 3_239, "ProcessInterrupts");
                    self.refuse(cx, &Report::fatal("57014", message, source));
                }
            },
            SHELL => {
                if let Some(run) = &mut self.running {
                    run.on_timer(cx, &mut self.next_fetch);
                }
                self.program_went_on(cx, false);
            }
            RUN_LIMIT => self.program_went_on(cx, true),
            SLEEP if self.asleep => {
                self.asleep = false;
                if let Stage::Inside(backend) = &mut self.stage {
                    let next = backend.go_on(cx);
                    self.after(cx, next);
                }
                self.go_on(cx);
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let Some(run) = &mut self.running {
            run.on_fetched(cx, &mut self.next_fetch, fetch, fetched);
        }
        self.program_went_on(cx, false);
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        if let Some(run) = self.running.take() {
            run.finish(cx);
        }
        self.stage = Stage::Over;
    }
}

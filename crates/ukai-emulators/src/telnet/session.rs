//! A Telnet connection from the first offer to the end of the shell.

use super::codec::{self, DO, Decoder, EC, EL, EOF, IAC, IP, Item, SB, SE, WILL};
use super::fingerprint::Fingerprint;
use super::ladder::{self, Step};
use super::line::{LineReader, Typed};
use super::options::{Options, Side};
use crate::limits::{
    EMPTY_LOGINS, LADDER_LINE_BYTES, LOGIN_LINE_BYTES, LOGIN_SCREEN_BYTES, LOGIN_TYPE_AHEAD_BYTES,
    NEGOTIATION_WAIT_MS, OPTION_ANSWERS,
};
use crate::login::{LoginTry, log_in};
use crate::shell_effects::{Screen, pass_on};
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use bytes::Bytes;
use ukai_model::{Direction, Duration, EventKind, PeerText};
use ukai_persona::{Ladder, TelnetSpec};
use ukai_shell::{Console, Login, Shell, ShellEffect, TerminalSize};

const ECHO: u8 = 1;
const TTYPE: u8 = 24;
const NAWS: u8 = 31;
const TSPEED: u8 = 32;
const XDISPLOC: u8 = 35;
const NEW_ENVIRON: u8 = 39;

const DEADLINE: TimerId = TimerId(1);
const DELAY: TimerId = TimerId(2);
const NEGOTIATION: TimerId = TimerId(3);
const SHELL: TimerId = TimerId(4);

/// What ends a program that reads, or a shell, whatever stands half typed.
const END_OF_INPUT: &[u8] = b"\x15\x04";

/// How many programs and shells within shells the end of the stream ends.
const SHELLS_MAX: usize = 16;

/// Where the dialogue is.
enum Phase {
    /// First offers are out; nothing was said yet.
    Negotiating,
    /// The log-in prompt stands.
    User,
    /// The password prompt stands.
    Password(Vec<u8>),
    /// A wrong pair is being refused; what is typed meanwhile waits.
    Refusing(Vec<u8>),
    /// The vendor's command line.
    Ladder { enabled: bool },
    /// The shell.
    Shell(Box<Console>),
    /// Nothing more is said.
    Over,
}

pub(super) struct TelnetSession {
    open: Open,
    decoder: Decoder,
    options: Options,
    option_answers: u32,
    fingerprint: Fingerprint,
    phase: Phase,
    line: LineReader,
    echo: bool,
    failures: u32,
    empty_logins: u32,
    size: Option<TerminalSize>,
    user: Vec<u8>,
    /// The log-in screen, for the recording, until the log-in succeeds.
    screen: Vec<u8>,
    limits_told: Vec<&'static str>,
}

impl TelnetSession {
    pub(super) fn new(open: Open) -> Self {
        Self {
            open,
            decoder: Decoder::default(),
            options: Options::default(),
            option_answers: 0,
            fingerprint: Fingerprint::default(),
            phase: Phase::Negotiating,
            line: LineReader::default(),
            echo: true,
            failures: 0,
            empty_logins: 0,
            size: None,
            user: Vec::new(),
            screen: Vec::new(),
            limits_told: Vec::new(),
        }
    }

    /// The persona's Telnet service. A host without one gets a bare log-in when the
    /// protocol was recognised on another port.
    fn spec(&self) -> Option<&TelnetSpec> {
        self.open.host.persona.telnet.as_ref()
    }

    fn ladder(&self) -> Option<&Ladder> {
        self.spec().and_then(|spec| spec.ladder.as_ref())
    }

    fn text(&self, pick: impl Fn(&TelnetSpec) -> &str, bare: &str) -> String {
        self.open.host.fill_fixed(self.spec().map_or(bare, pick))
    }

    fn limit(&mut self, cx: &mut Context<'_>, limit: &'static str, detail: &str) {
        if !self.limits_told.contains(&limit) {
            self.limits_told.push(limit);
            cx.record(EventKind::LimitReached { limit: limit.into(), detail: detail.into() });
        }
    }

    /// Sends text of the log-in or of the vendor's command line.
    fn say(&mut self, cx: &mut Context<'_>, text: impl Into<Vec<u8>>) {
        let text: Vec<u8> = text.into();
        if text.is_empty() {
            return;
        }
        if matches!(self.phase, Phase::Ladder { .. }) {
            let shown = Bytes::copy_from_slice(&text);
            cx.effects.push(Effect::Terminal(Direction::Out, shown));
        } else if self.screen.len() + text.len() <= LOGIN_SCREEN_BYTES {
            self.screen.extend_from_slice(&text);
        }
        cx.send(codec::escape(text.into()));
    }

    fn hang_up(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.phase, Phase::Over) {
            self.finish_shell(cx);
            self.phase = Phase::Over;
            cx.close();
        }
    }

    fn begin_login(&mut self, cx: &mut Context<'_>) {
        let after = self.spec().map_or_else(Vec::new, |spec| spec.offers_after.clone());
        self.offer(cx, &after);
        let banner = self.text(|spec| &spec.banner, "");
        let prompt = self.text(|spec| &spec.login_prompt, "login: ");
        self.phase = Phase::User;
        self.say(cx, banner + &prompt);
    }

    fn offer(&mut self, cx: &mut Context<'_>, offers: &[ukai_persona::OptionOffer]) {
        let mut bytes = Vec::with_capacity(offers.len() * 3);
        for offer in offers {
            bytes.extend(self.options.offer(offer.verb, offer.option).into_iter().flatten());
        }
        cx.send(bytes);
    }

    fn on_negotiate(&mut self, cx: &mut Context<'_>, verb: u8, option: u8) {
        self.fingerprint.negotiate(verb, option);
        if self.spec().is_some_and(|spec| spec.ignores_options) {
            return;
        }
        if self.option_answers >= OPTION_ANSWERS {
            self.limit(cx, "telnet-option-answers", "further option commands are ignored");
            return;
        }
        let willing = self.spec().is_some_and(|spec| match verb {
            WILL => spec.allows.iter().any(|o| o.0 == option),
            DO => spec.performs.iter().any(|o| o.0 == option),
            _ => false,
        });
        let outcome = self.options.receive(verb, option, willing);
        if let Some(answer) = outcome.answer {
            self.option_answers += 1;
            cx.send(answer.to_vec());
        }
        match (outcome.change, option) {
            (Some((Side::Us, on)), ECHO) => self.echo = on,
            (Some((Side::Peer, true)), TTYPE | TSPEED | XDISPLOC | NEW_ENVIRON)
                if self.spec().is_some_and(|spec| spec.asks_terminal_type) =>
            {
                cx.send(vec![IAC, SB, option, 1, IAC, SE]);
            }
            _ => {}
        }
        if outcome.answered && matches!(self.phase, Phase::Negotiating) && !self.options.waits() {
            self.begin_login(cx);
        }
    }

    fn on_sub(&mut self, cx: &mut Context<'_>, option: u8, bytes: &[u8]) {
        self.fingerprint.sub(option);
        match (option, bytes) {
            (NAWS, [c1, c2, r1, r2]) => {
                let columns = u16::from_be_bytes([*c1, *c2]);
                let rows = u16::from_be_bytes([*r1, *r2]);
                let size = TerminalSize { columns, rows };
                if self.size != Some(size) && self.option_answers < OPTION_ANSWERS {
                    self.option_answers += 1;
                    self.size = Some(size);
                    if let Phase::Shell(console) = &mut self.phase {
                        console.resize(size);
                    }
                    cx.effects.push(Effect::TerminalSize { columns, rows });
                }
            }
            (TTYPE, [0, name @ ..]) => self.fingerprint.terminal(name),
            // A user name that is an option of `login` (CVE-2007-0882, CVE-2026-24061).
            (NEW_ENVIRON, [0 | 2, rest @ ..])
                if memchr::memmem::find(rest, b"USER\x01-f").is_some() =>
            {
                cx.record(EventKind::AttackRecognised {
                    attack: "telnet-login-option".into(),
                    detail: PeerText::truncated(rest, LOGIN_LINE_BYTES),
                });
            }
            _ => {}
        }
    }

    fn on_command(&mut self, cx: &mut Context<'_>, command: u8) {
        let key = match command {
            IP => 0x03,
            EOF => 0x04,
            EC => 0x7f,
            EL => 0x15,
            _ => return,
        };
        self.on_data(cx, &[key]);
    }

    fn on_data(&mut self, cx: &mut Context<'_>, mut data: &[u8]) {
        while !data.is_empty() {
            match &mut self.phase {
                Phase::Negotiating => self.begin_login(cx),
                Phase::User | Phase::Password(_) | Phase::Ladder { .. } => {
                    data = self.read_line(cx, data);
                }
                Phase::Refusing(waiting) => {
                    let room = LOGIN_TYPE_AHEAD_BYTES - waiting.len();
                    waiting.extend_from_slice(&data[..data.len().min(room)]);
                    if data.len() > room {
                        self.limit(cx, "login-type-ahead-bytes", "input during a refusal is lost");
                    }
                    return;
                }
                Phase::Shell(_) => {
                    self.with_console(cx, |console, cx, out| console.on_bytes(data, cx.now, out));
                    return;
                }
                Phase::Over => return,
            }
        }
    }

    /// Reads `data` up to the end of a line and acts on it; gives back the rest.
    fn read_line<'a>(&mut self, cx: &mut Context<'_>, data: &'a [u8]) -> &'a [u8] {
        let ladder = matches!(self.phase, Phase::Ladder { .. });
        let echo = self.echo && !matches!(self.phase, Phase::Password(_));
        let max = if ladder { LADDER_LINE_BYTES } else { LOGIN_LINE_BYTES };
        let mut shown = Vec::new();
        let mut typed = Typed::More;
        let mut used = 0;
        for byte in data {
            used += 1;
            typed = self.line.take(*byte, echo, max, &mut shown);
            if typed != Typed::More {
                break;
            }
        }
        if ladder {
            let typed = Bytes::copy_from_slice(&data[..used]);
            cx.effects.push(Effect::Terminal(Direction::In, typed));
        }
        self.say(cx, shown);
        if self.line.take_overlong() {
            self.limit(cx, "login-line-bytes", "the rest of an overlong line was dropped");
        }
        match typed {
            Typed::More => {}
            Typed::Quit => self.hang_up(cx),
            Typed::Line(line) => self.on_line(cx, line),
        }
        &data[used..]
    }

    fn on_line(&mut self, cx: &mut Context<'_>, line: Vec<u8>) {
        match std::mem::replace(&mut self.phase, Phase::User) {
            Phase::User => self.on_user(cx, line),
            Phase::Password(user) => self.on_password(cx, user, &line),
            Phase::Ladder { enabled } => self.on_ladder_line(cx, &line, enabled),
            other => self.phase = other,
        }
    }

    fn on_user(&mut self, cx: &mut Context<'_>, user: Vec<u8>) {
        if let Some(event) = self.fingerprint.event() {
            cx.record(event);
        }
        if user.is_empty() {
            self.empty_logins += 1;
            if self.empty_logins >= EMPTY_LOGINS {
                self.hang_up(cx);
            } else {
                let prompt = self.text(|spec| &spec.login_prompt, "login: ");
                self.say(cx, prompt);
            }
            return;
        }
        let prompt = self.text(|spec| &spec.password_prompt, "Password: ");
        self.phase = Phase::Password(user);
        self.say(cx, prompt);
    }

    fn on_password(&mut self, cx: &mut Context<'_>, user: Vec<u8>, password: &[u8]) {
        let login = LoginTry { protocol: "telnet", method: None, user: &user, password };
        let success = log_in(cx, &self.open, &login);
        self.say(cx, &b"\r\n"[..]);
        if success {
            self.user = user;
            self.enter(cx);
            return;
        }
        self.failures += 1;
        let [low, high] = self.spec().map_or([2_000, 3_000], |spec| spec.failure_delay_ms);
        let draw = self.open.seed.rotate_left(self.failures * 7) ^ u64::from(self.failures);
        let delay = low + draw % (high - low + 1);
        self.phase = Phase::Refusing(Vec::new());
        cx.effects.push(Effect::Timer { id: DELAY, at: cx.now + Duration::from_millis(delay) });
    }

    /// A refusal's delay is over.
    fn refuse(&mut self, cx: &mut Context<'_>) {
        let Phase::Refusing(waiting) = std::mem::replace(&mut self.phase, Phase::User) else {
            return;
        };
        let incorrect = self.text(|spec| &spec.incorrect, "Login incorrect\r\n");
        if self.failures >= self.spec().map_or(3, |spec| spec.attempts) {
            let farewell = self.text(|spec| &spec.too_many, "");
            self.say(cx, incorrect + &farewell);
            self.hang_up(cx);
            return;
        }
        let prompt = self.text(|spec| &spec.login_prompt, "login: ");
        self.say(cx, incorrect + &prompt);
        self.on_data(cx, &waiting);
    }

    /// The pair was right: welcome, then what stands behind the log-in.
    fn enter(&mut self, cx: &mut Context<'_>) {
        let welcome = self.text(|spec| &spec.welcome, "");
        self.say(cx, welcome);
        let screen = Bytes::from(std::mem::take(&mut self.screen));
        cx.effects.push(Effect::Terminal(Direction::Out, screen));
        let has_ladder = self.ladder().is_some_and(|ladder| {
            ladder.users.is_empty() || ladder.users.iter().any(|u| u.as_bytes() == self.user)
        });
        if has_ladder {
            self.phase = Phase::Ladder { enabled: false };
            self.prompt_ladder(cx, false);
        } else {
            self.start_shell(cx);
        }
    }

    fn prompt_ladder(&mut self, cx: &mut Context<'_>, enabled: bool) {
        let prompt = self
            .ladder()
            .map(|ladder| if enabled { &ladder.prompt_enabled } else { &ladder.prompt });
        let prompt = prompt.map_or_else(String::new, |text| self.open.host.fill_fixed(text));
        self.say(cx, prompt);
    }

    fn on_ladder_line(&mut self, cx: &mut Context<'_>, line: &[u8], mut enabled: bool) {
        let step = self
            .ladder()
            .map_or(Step::Exit, |ladder| ladder::step(&self.open.host, ladder, line, &mut enabled));
        self.phase = Phase::Ladder { enabled };
        if !line.is_empty() && step != Step::Run {
            let line = PeerText::from(line);
            cx.record(EventKind::CommandInput { line, unknown: Vec::new() });
        }
        match step {
            Step::Show(text) => {
                self.say(cx, text);
                self.prompt_ladder(cx, enabled);
            }
            Step::Exit => self.hang_up(cx),
            Step::Shell => self.start_shell(cx),
            Step::Run => {
                self.start_shell(cx);
                let line = [line, b"\r"].concat();
                self.on_data(cx, &line);
            }
        }
    }

    fn start_shell(&mut self, cx: &mut Context<'_>) {
        let user = String::from_utf8_lossy(&self.user).into_owned();
        let uid = self.open.host.persona.user(&self.user).map_or(0, |user| user.uid);
        let login = Login::new(user, uid)
            .on_terminal(self.size.unwrap_or(TerminalSize { columns: 80, rows: 24 }))
            .from_peer(self.open.flow.src_ip);
        let shell =
            Shell::new(self.open.host.clone(), self.open.fs.clone(), login, self.open.seed, cx.now);
        self.phase = Phase::Shell(Box::new(Console::new(shell, self.echo)));
        self.with_console(cx, |console, cx, out| console.start(cx.now, out));
    }

    /// Lets the console do something and passes on what it asks for.
    fn with_console(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut Console, &Context<'_>, &mut Vec<ShellEffect>),
    ) {
        let Phase::Shell(console) = &mut self.phase else { return };
        let mut out = Vec::new();
        act(console, cx, &mut out);
        let exited = console.exited().is_some();
        let mut sent = Vec::new();
        for effect in out {
            match pass_on(cx, effect, SHELL) {
                Some(Screen::Output(bytes) | Screen::Error(bytes)) => sent.push(bytes),
                Some(Screen::Input(bytes)) => {
                    flush(cx, &mut sent);
                    cx.effects.push(Effect::Terminal(Direction::In, bytes));
                }
                None => {}
            }
        }
        flush(cx, &mut sent);
        if exited {
            self.hang_up(cx);
        }
    }

    fn finish_shell(&mut self, cx: &mut Context<'_>) {
        if let Phase::Shell(console) = &mut self.phase {
            let mut out = Vec::new();
            console.finish(&mut out);
            for effect in out {
                let _ = pass_on(cx, effect, SHELL);
            }
        }
    }
}

/// Sends what was collected in one piece, and shows it in the recording.
fn flush(cx: &mut Context<'_>, collected: &mut Vec<Bytes>) {
    let bytes = match collected.as_slice() {
        [] => return,
        [one] => one.clone(),
        many => Bytes::from(many.concat()),
    };
    collected.clear();
    if !bytes.is_empty() {
        cx.effects.push(Effect::Terminal(Direction::Out, bytes.clone()));
        cx.send(codec::escape(bytes));
    }
}

impl Session for TelnetSession {
    fn protocol(&self) -> &'static str {
        "telnet"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        let (offers, limit_s) = self
            .spec()
            .map_or((Vec::new(), 60), |spec| (spec.offers.clone(), spec.login_timeout_s));
        self.offer(cx, &offers);
        cx.effects.push(Effect::Timer { id: DEADLINE, at: cx.now + Duration::from_secs(limit_s) });
        if self.spec().is_some_and(|spec| !spec.offers_after.is_empty()) {
            let at = cx.now + Duration::from_millis(NEGOTIATION_WAIT_MS);
            cx.effects.push(Effect::Timer { id: NEGOTIATION, at });
        } else {
            self.begin_login(cx);
        }
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(item) = self.decoder.next(&mut rest) {
            match item {
                Item::Data(data) => self.on_data(cx, data),
                Item::Negotiate(verb, option) => self.on_negotiate(cx, verb, option),
                Item::Sub(option, bytes) => self.on_sub(cx, option, &bytes),
                Item::Command(command) => self.on_command(cx, command),
            }
            if matches!(self.phase, Phase::Over) {
                return;
            }
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        match &mut self.phase {
            // What runs may end; then whatever reads, and the shell, meet the end.
            Phase::Shell(_) => self.on_data(cx, &END_OF_INPUT.repeat(SHELLS_MAX)),
            Phase::Refusing(waiting) if waiting.len() < LOGIN_TYPE_AHEAD_BYTES => {
                waiting.push(0x04);
            }
            _ => self.hang_up(cx),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match (timer, &self.phase) {
            (SHELL, Phase::Shell(_)) => {
                self.with_console(cx, |console, cx, out| console.on_timer(cx.now, out));
            }
            (DELAY, Phase::Refusing(_)) => self.refuse(cx),
            (NEGOTIATION, Phase::Negotiating) => self.begin_login(cx),
            (
                DEADLINE,
                Phase::Negotiating | Phase::User | Phase::Password(_) | Phase::Refusing(_),
            ) => {
                let text = self.text(|spec| &spec.timed_out, "");
                self.say(cx, text);
                self.hang_up(cx);
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        self.with_console(cx, |console, cx, out| console.on_fetched(fetch, fetched, cx.now, out));
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        if let Some(event) = self.fingerprint.event() {
            cx.record(event);
        }
        self.finish_shell(cx);
        self.phase = Phase::Over;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_that_waits_is_small() {
        assert!(size_of::<super::TelnetSession>() < 1_024);
    }
}

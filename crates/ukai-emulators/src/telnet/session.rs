//! A Telnet connection from the first offer to the end of the shell.

use super::busybox::Busybox;
use super::codec::{
    self, ABORT, AO, AYT, BRK, DM, DO, Decoder, EC, EL, EOF, Framing, IAC, IP, Item, NOP, SUSP,
    WILL,
};
use super::fingerprint::Fingerprint;
use super::ladder::{self, Step};
use super::line::LineReader;
use super::opening::Opening;
use super::options::{Options, Side};
use super::terminal::Terminal;
use crate::limits::{LOGIN_LINE_BYTES, LOGIN_SCREEN_BYTES, LOGIN_TYPE_AHEAD_BYTES, OPTION_ANSWERS};
use crate::shell_effects::{Screen, pass_on};
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use bytes::Bytes;
use ukai_model::{Direction, Duration, EventKind, PeerText};
use ukai_persona::{Ladder, TelnetProgram, TelnetSpec};
use ukai_shell::{Console, Login, Shell, ShellEffect, TerminalSize};

pub(super) const ECHO: u8 = 1;
pub(super) const TTYPE: u8 = 24;
pub(super) const NAWS: u8 = 31;
pub(super) const TSPEED: u8 = 32;
pub(super) const XDISPLOC: u8 = 35;
pub(super) const NEW_ENVIRON: u8 = 39;

const DEADLINE: TimerId = TimerId(1);
pub(super) const DELAY: TimerId = TimerId(2);
const SHELL: TimerId = TimerId(4);

/// What ends a program that reads, or a shell, whatever stands half typed.
const END_OF_INPUT: &[u8] = b"\x15\x04";

/// How many programs and shells within shells the end of the stream ends.
const SHELLS_MAX: usize = 16;

/// Where the dialogue is.
pub(super) enum Phase {
    /// Offers are out; nothing was said yet. What is typed meanwhile waits.
    Negotiating(Vec<u8>),
    /// The log-in prompt stands.
    User,
    /// The password prompt stands.
    Password(Vec<u8>),
    /// A wrong pair is being refused.
    Refusing,
    /// The vendor's command line.
    Ladder { enabled: bool },
    /// The shell.
    Shell(Box<Console>),
    /// Nothing more is said.
    Over,
}

pub(super) struct TelnetSession {
    pub(super) program: TelnetProgram,
    pub(super) open: Open,
    framing: Framing,
    options: Options,
    option_answers: u32,
    pub(super) fingerprint: Fingerprint,
    pub(super) phase: Phase,
    opening: Opening,
    /// Options about which the peer has told what it was asked.
    told: Vec<u8>,
    pub(super) terminal: Terminal,
    /// What the log-in has read of a line so far.
    pub(super) reading: Vec<u8>,
    pub(super) ladder_line: LineReader,
    pub(super) echo: bool,
    pub(super) failures: u32,
    pub(super) empty_logins: u32,
    size: Option<TerminalSize>,
    pub(super) user: Vec<u8>,
    /// The log-in screen, for the recording, until the log-in succeeds.
    screen: Vec<u8>,
    limits_told: Vec<&'static str>,
}

impl TelnetSession {
    pub(super) fn new(open: Open) -> Self {
        let program =
            open.host.persona.telnet.as_ref().map_or_else(Default::default, |s| s.program);
        let framing = if program.is_busybox() {
            Framing::Busybox(Busybox::new(program))
        } else {
            Framing::Rfc(Decoder::default())
        };
        Self {
            program,
            open,
            framing,
            options: Options::default(),
            option_answers: 0,
            fingerprint: Fingerprint::default(),
            phase: Phase::Negotiating(Vec::new()),
            opening: Opening::default(),
            told: Vec::new(),
            terminal: Terminal::default(),
            reading: Vec::new(),
            ladder_line: LineReader::default(),
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
    pub(super) fn spec(&self) -> Option<&TelnetSpec> {
        self.open.host.persona.telnet.as_ref()
    }

    pub(super) fn ladder(&self) -> Option<&Ladder> {
        self.spec().and_then(|spec| spec.ladder.as_ref())
    }

    pub(super) fn text(&self, pick: impl Fn(&TelnetSpec) -> &str, bare: &str) -> String {
        self.open.host.fill_fixed(self.spec().map_or(bare, pick))
    }

    pub(super) fn limit(&mut self, cx: &mut Context<'_>, limit: &'static str, detail: &str) {
        if !self.limits_told.contains(&limit) {
            self.limits_told.push(limit);
            cx.record(EventKind::LimitReached { limit: limit.into(), detail: detail.into() });
        }
    }

    /// Sends text of the log-in or of the vendor's command line.
    pub(super) fn say(&mut self, cx: &mut Context<'_>, text: impl Into<Vec<u8>>) {
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

    pub(super) fn hang_up(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.phase, Phase::Over) {
            self.finish_shell(cx);
            self.phase = Phase::Over;
            cx.close();
        }
    }

    fn begin_login(&mut self, cx: &mut Context<'_>) {
        let limit_s = self.spec().map_or(60, |spec| spec.login_timeout_s);
        cx.effects.push(Effect::Timer { id: DEADLINE, at: cx.now + Duration::from_secs(limit_s) });
        let banner = self.text(|spec| &spec.banner, "");
        let prompt = self.text(|spec| &spec.login_prompt, "login: ");
        let before = std::mem::replace(&mut self.phase, Phase::User);
        self.say(cx, banner + &prompt);
        if let Phase::Negotiating(typed) = before {
            self.on_data(cx, &typed);
        }
    }

    /// Settles what is to be settled before the log-in.
    fn negotiate(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.phase, Phase::Negotiating(_)) {
            return;
        }
        let Some(spec) = self.open.host.persona.telnet.as_ref() else {
            return self.begin_login(cx);
        };
        if spec.offers_after.is_empty() {
            return self.begin_login(cx);
        }
        cx.send(self.opening.go_on(spec, &mut self.options, &self.told));
        if self.opening == Opening::Over {
            self.begin_login(cx);
        }
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
        if self.program.is_busybox() {
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
            // Where we echo, the peer is not to.
            (Some((Side::Peer, true)), ECHO) => {
                self.option_answers += 1;
                cx.send(self.options.take_back(ECHO).to_vec());
            }
            _ => {}
        }
        self.negotiate(cx);
    }

    fn on_sub(&mut self, cx: &mut Context<'_>, option: u8, bytes: &[u8]) {
        self.fingerprint.sub(option);
        if matches!(self.phase, Phase::Negotiating(_)) && !self.told.contains(&option) {
            self.told.push(option);
        }
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
        self.negotiate(cx);
    }

    fn on_command(&mut self, cx: &mut Context<'_>, command: u8) {
        if self.program.is_busybox() {
            // Its NOP has its IAC doubled.
            if command == AYT {
                cx.send(&[IAC, IAC, NOP][..]);
            }
            return;
        }
        let key = match command {
            AYT => return cx.send(&b"\r\n[Yes]\r\n"[..]),
            AO => {
                self.flush_terminal(cx);
                0x0f
            }
            IP => 0x03,
            EOF => 0x04,
            EC => 0x7f,
            EL => 0x15,
            BRK | ABORT => 0x1c,
            SUSP => 0x1a,
            _ => return,
        };
        self.on_data(cx, &[key]);
    }

    /// inetutils' `telnetd` tells that it has dropped output (the mark is not sent as
    /// urgent data, for which there is no effect).
    pub(super) fn flush_terminal(&self, cx: &mut Context<'_>) {
        if !self.program.is_busybox() {
            cx.send(&[IAC, DM][..]);
        }
    }

    pub(super) fn on_data(&mut self, cx: &mut Context<'_>, mut data: &[u8]) {
        while !data.is_empty() {
            match &mut self.phase {
                Phase::Negotiating(typed) => {
                    let room = LOGIN_TYPE_AHEAD_BYTES.saturating_sub(typed.len());
                    typed.extend_from_slice(&data[..data.len().min(room)]);
                    return;
                }
                Phase::User | Phase::Password(_) | Phase::Refusing => {
                    data = self.on_typed(cx, data);
                }
                Phase::Ladder { .. } => data = self.read_ladder(cx, data),
                Phase::Shell(_) => {
                    self.with_console(cx, |console, cx, out| console.on_bytes(data, cx.now, out));
                    return;
                }
                Phase::Over => return,
            }
        }
    }

    /// The pair was right: welcome, then what stands behind the log-in.
    pub(super) fn enter(&mut self, cx: &mut Context<'_>) {
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
        let typed = self.terminal.hand_over();
        self.on_data(cx, &typed);
    }

    pub(super) fn prompt_ladder(&mut self, cx: &mut Context<'_>, enabled: bool) {
        let prompt = self
            .ladder()
            .map(|ladder| if enabled { &ladder.prompt_enabled } else { &ladder.prompt });
        let prompt = prompt.map_or_else(String::new, |text| self.open.host.fill_fixed(text));
        self.say(cx, prompt);
    }

    pub(super) fn on_ladder_line(&mut self, cx: &mut Context<'_>, line: &[u8], mut enabled: bool) {
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
        let offers = self.spec().map_or(Vec::new(), |spec| spec.offers.clone());
        self.offer(cx, &offers);
        self.negotiate(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let whole = self.framing.begin(bytes);
        let mut rest = &whole[..];
        while let Some(item) = self.framing.next(&mut rest) {
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
        self.read_terminal(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        match &mut self.phase {
            // What runs may end; then whatever reads, and the shell, meet the end.
            Phase::Shell(_) => self.on_data(cx, &END_OF_INPUT.repeat(SHELLS_MAX)),
            _ => self.hang_up(cx),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match (timer, &self.phase) {
            (SHELL, Phase::Shell(_)) => {
                self.with_console(cx, |console, cx, out| console.on_timer(cx.now, out));
            }
            (DELAY, Phase::Refusing) => self.refuse(cx),
            (DEADLINE, Phase::User | Phase::Password(_) | Phase::Refusing) => {
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

//! The log-in: BusyBox' `login` (loginutils/login.c, libbb/bb_askpass.c) and Debian's, which
//! asks by PAM (libpam_misc/misc_conv.c), each behind a terminal that echoes.

use super::line::Typed;
use super::session::{DELAY, Phase, TelnetSession};
use crate::limits::{EMPTY_LOGINS, LADDER_LINE_BYTES, LOGIN_LINE_BYTES};
use crate::login::{LoginTry, log_in};
use crate::{Context, Effect};
use bytes::Bytes;
use ukai_model::{Direction, Duration};
use ukai_persona::TelnetProgram;

const INTERRUPT: u8 = 0x03;
const SUSPEND: u8 = 0x1a;

impl TelnetSession {
    /// Takes what is typed in front of the log-in.
    pub(super) fn on_typed<'a>(&mut self, cx: &mut Context<'_>, data: &'a [u8]) -> &'a [u8] {
        let echo = self.echo && !matches!(self.phase, Phase::Password(_));
        let mut shown = Vec::new();
        let (signal, rest) = self.terminal.take(data, echo, &mut shown);
        if signal.is_some() {
            self.flush_terminal(cx);
        }
        self.say(cx, shown);
        if self.terminal.take_overflow() {
            self.limit(cx, "login-type-ahead-bytes", "the rest of what was typed is lost");
        }
        if let Some(key) = signal {
            self.on_signal(cx, key);
        }
        rest
    }

    /// The program reads what it waits for, once all that came together is in the terminal.
    pub(super) fn read_terminal(&mut self, cx: &mut Context<'_>) {
        while matches!(self.phase, Phase::User | Phase::Password(_))
            && let Some((text, whole)) = self.terminal.read()
        {
            let ended = text.is_empty() && !whole;
            let room = LOGIN_LINE_BYTES.saturating_sub(self.reading.len());
            self.reading.extend_from_slice(&text[..text.len().min(room)]);
            let goes_on = match self.phase {
                Phase::User => self.program.is_busybox(),
                _ => self.program == TelnetProgram::Busybox1_35,
            };
            if !whole && !ended && goes_on {
                continue;
            }
            let typed = std::mem::take(&mut self.reading);
            match std::mem::replace(&mut self.phase, Phase::User) {
                Phase::Password(_) if ended && typed.is_empty() => self.no_password(cx),
                Phase::Password(user) => self.on_password(cx, user, &typed),
                _ if ended && goes_on => self.hang_up(cx),
                _ => {
                    // PAM ends the line that nobody ended.
                    if !whole {
                        self.say(cx, &b"\r\n"[..]);
                    }
                    // That is no answer.
                    if ended { self.refuse_late(cx) } else { self.on_user(cx, typed) }
                }
            }
        }
    }

    /// Reads a line of the vendor's command line and acts on it; gives back the rest.
    pub(super) fn read_ladder<'a>(&mut self, cx: &mut Context<'_>, data: &'a [u8]) -> &'a [u8] {
        let mut shown = Vec::new();
        let mut typed = Typed::More;
        let mut used = 0;
        for byte in data {
            used += 1;
            typed = self.ladder_line.take(*byte, self.echo, LADDER_LINE_BYTES, &mut shown);
            if typed != Typed::More {
                break;
            }
        }
        let input = Bytes::copy_from_slice(&data[..used]);
        cx.effects.push(Effect::Terminal(Direction::In, input));
        self.say(cx, shown);
        if self.ladder_line.take_overlong() {
            self.limit(cx, "ladder-line-bytes", "the rest of an overlong line was dropped");
        }
        let Phase::Ladder { enabled } = self.phase else { return &data[used..] };
        match typed {
            Typed::Line(line) => self.on_ladder_line(cx, &line, enabled),
            Typed::End(line) if line.is_empty() => self.hang_up(cx),
            Typed::Signal(_) => {
                self.say(cx, &b"\r\n"[..]);
                self.prompt_ladder(cx, enabled);
            }
            Typed::More | Typed::End(_) => {}
        }
        &data[used..]
    }

    /// A key that sends a signal.
    fn on_signal(&mut self, cx: &mut Context<'_>, key: u8) {
        self.reading.clear();
        match (&self.phase, key) {
            (_, SUSPEND) => {}
            // It interrupts the reading of a password.
            (Phase::Password(_), INTERRUPT) if self.program.is_busybox() => self.no_password(cx),
            _ => self.hang_up(cx),
        }
    }

    fn on_user(&mut self, cx: &mut Context<'_>, typed: Vec<u8>) {
        if let Some(event) = self.fingerprint.event() {
            cx.record(event);
        }
        let Some(user) = user_name(self.program, typed) else {
            return self.hang_up(cx);
        };
        if user.is_empty() && self.program.is_busybox() {
            self.empty_logins += 1;
            if self.empty_logins >= EMPTY_LOGINS {
                self.hang_up(cx);
            } else {
                let prompt = self.text(|spec| &spec.login_prompt, "login: ");
                self.say(cx, prompt);
            }
            return;
        }
        // Each of them drops what was typed ahead of this prompt.
        self.terminal.flush();
        self.phase = Phase::Password(user);
        let prompt = self.text(|spec| &spec.password_prompt, "Password: ");
        self.say(cx, prompt);
    }

    fn on_password(&mut self, cx: &mut Context<'_>, user: Vec<u8>, password: &[u8]) {
        let password = password.split(|byte| *byte == 0).next().unwrap_or_default();
        let login = LoginTry { protocol: "telnet", method: None, user: &user, password };
        let success = log_in(cx, &self.open, &login);
        if !success {
            return self.no_password(cx);
        }
        self.say(cx, &b"\r\n"[..]);
        self.user = user;
        self.enter(cx);
    }

    /// There was none, or not the right one.
    fn no_password(&mut self, cx: &mut Context<'_>) {
        self.say(cx, &b"\r\n"[..]);
        self.refuse_late(cx);
    }

    fn refuse_late(&mut self, cx: &mut Context<'_>) {
        self.empty_logins = 0;
        self.failures += 1;
        let [low, high] = self.spec().map_or([2_000, 3_000], |spec| spec.failure_delay_ms);
        let draw = self.open.seed.rotate_left(self.failures * 7) ^ u64::from(self.failures);
        let delay = low + draw % (high - low + 1);
        self.phase = Phase::Refusing;
        cx.effects.push(Effect::Timer { id: DELAY, at: cx.now + Duration::from_millis(delay) });
    }

    /// A refusal's delay is over.
    pub(super) fn refuse(&mut self, cx: &mut Context<'_>) {
        self.phase = Phase::User;
        let incorrect = self.text(|spec| &spec.incorrect, "Login incorrect\r\n");
        if self.failures >= self.spec().map_or(3, |spec| spec.attempts) {
            let farewell = self.text(|spec| &spec.too_many, "");
            self.say(cx, incorrect + &farewell);
            self.hang_up(cx);
            return;
        }
        let prompt = self.text(|spec| &spec.login_prompt, "login: ");
        self.say(cx, incorrect + &prompt);
        if self.program.flushes_at_login() {
            self.terminal.flush();
        }
        self.read_terminal(cx);
    }
}

/// The name in what was typed; `None` where the program gives up.
fn user_name(program: TelnetProgram, mut typed: Vec<u8>) -> Option<Vec<u8>> {
    if program == TelnetProgram::Inetutils {
        let end = memchr::memchr(0, &typed).unwrap_or(typed.len());
        typed.truncate(end.min(program.user_bytes()));
        return Some(typed);
    }
    let space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let typed = &typed[typed.iter().take_while(|byte| space(byte)).count()..];
    let Some((first, rest)) = typed.split_first() else { return Some(Vec::new()) };
    if typed.len() > program.user_bytes() || rest.contains(&0) {
        return None;
    }
    let old = program == TelnetProgram::Busybox1_12;
    let graphic = |byte: &&u8| **byte > b' ' && (!old || byte.is_ascii_graphic());
    Some(std::iter::once(first).chain(rest.iter().take_while(graphic)).copied().collect())
}

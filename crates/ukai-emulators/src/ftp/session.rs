//! One connection: who is logged in, what waits, which verb goes where.

use super::data::Data;
use super::line::{Command, read, take_line};
use crate::limits::{
    COMMANDS_WAITING_BYTES, LOGIN_LINE_BYTES, REQUEST_DETAIL_BYTES, REQUESTS_RECORDED,
};
use crate::login::{LoginTry, log_in, record};
use crate::{Context, Effect, FetchId, Fetched, Open, Session, SideEvent, SideId, TimerId};
use std::sync::Arc;
use ukai_model::{Duration, EventKind, PeerText};
use ukai_persona::{FtpFile, FtpSpec};
use ukai_shell::Files;

pub(super) const DELAY: TimerId = TimerId(1);
pub(super) const IDLE: TimerId = TimerId(2);
pub(super) const DATA: TimerId = TimerId(3);

/// One connection.
pub(super) struct FtpSession {
    pub(super) open: Box<Open>,
    pub(super) server: Arc<FtpFile>,
    pub(super) account: Option<Account>,
    pub(super) ascii: bool,
    pub(super) umask: u16,
    pub(super) offset: u64,
    pub(super) rename: Option<Vec<u8>>,
    pub(super) data: Data,
    pub(super) private: bool,
    pub(super) tls: bool,
    /// Nothing is read until what goes on is over.
    pub(super) busy: bool,
    pub(super) uploads: u32,
    user: Option<Vec<u8>>,
    waiting: Vec<u8>,
    failures: u32,
    recorded: u32,
    over: bool,
    ended: bool,
    /// The rest of an overlong line is still to come.
    dropping: bool,
    /// Facts of files that the peer wants to be told, if it said so.
    pub(super) facts: Option<Vec<&'static str>>,
}

/// Who is logged in, and where.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) files: Files,
    /// What it takes for `/`, without the slash at the end.
    pub(super) root: Vec<u8>,
    /// The present directory, as it sees it.
    pub(super) directory: Vec<u8>,
    pub(super) read_only: bool,
}

impl FtpSession {
    pub(super) fn new(open: Open) -> Option<Self> {
        let server = Arc::clone(&open.host.persona.ftp.as_ref()?.server.file);
        Some(Self {
            tls: open.tls,
            open: Box::new(open),
            server,
            account: None,
            ascii: true,
            umask: 0o077,
            offset: 0,
            rename: None,
            data: Data::default(),
            private: false,
            busy: false,
            uploads: 0,
            user: None,
            waiting: Vec::new(),
            failures: 0,
            recorded: 0,
            over: false,
            ended: false,
            dropping: false,
            facts: None,
        })
    }

    pub(super) fn spec(&self) -> Option<&FtpSpec> {
        self.open.host.persona.ftp.as_ref()
    }

    /// Goes through the lines that wait.
    pub(super) fn go_on(&mut self, cx: &mut Context<'_>) {
        while !self.busy && !self.over {
            let Some(line) = take_line(&mut self.waiting, self.server.needs_crlf) else {
                if self.waiting.len() > self.server.line_bytes {
                    self.overlong(cx, false);
                } else if self.ended {
                    self.hang_up(cx);
                }
                return;
            };
            if std::mem::take(&mut self.dropping) {
                continue;
            }
            if line.len() > self.server.line_bytes {
                self.overlong(cx, true);
                continue;
            }
            self.idle_timer(cx);
            let command = read(&line, self.server.ends_at_nul);
            self.note(cx, &command);
            self.command(cx, &command);
        }
    }

    /// A line is too long; its end is among what waits if `ended`.
    fn overlong(&mut self, cx: &mut Context<'_>, ended: bool) {
        if !self.server.drops_long_lines {
            self.waiting = Vec::new();
            self.say(cx, "too_long");
            self.hang_up(cx);
        } else if !ended {
            self.waiting.clear();
            self.dropping = true;
        }
    }

    fn note(&mut self, cx: &mut Context<'_>, command: &Command) {
        self.recorded += 1;
        if self.recorded > REQUESTS_RECORDED {
            return;
        }
        let detail = if command.verb == "PASS" { &[][..] } else { &command.argument };
        cx.record(EventKind::ServiceRequest {
            protocol: "ftp".to_owned(),
            request: command.verb.chars().filter(char::is_ascii_graphic).take(32).collect(),
            detail: PeerText::truncated(detail, REQUEST_DETAIL_BYTES),
        });
        if self.recorded == REQUESTS_RECORDED {
            cx.record(EventKind::LimitReached {
                limit: "requests-recorded".to_owned(),
                detail: "further commands of this session are not recorded".to_owned(),
            });
        }
    }

    fn command(&mut self, cx: &mut Context<'_>, command: &Command) {
        let server = Arc::clone(&self.server);
        let Command { verb, argument } = command;
        // To some, what begins with a blank is empty too.
        if verb.is_empty() && (argument.is_empty() || server.tells_unknown_before_login) {
            self.say_for(cx, "empty", command);
            return;
        }
        if verb == "QUIT" {
            self.say(cx, "goodbye");
            self.hang_up(cx);
            return;
        }
        if server.hangs_up_on.iter().any(|begin| verb.starts_with(begin.as_str())) {
            self.hang_up(cx);
            return;
        }
        let known = server.knows(verb) && (self.offers_tls() || !needs_tls_offer(verb));
        if self.account.is_none() && !server.before_login.contains(verb) {
            let apart = server.tells_unknown_before_login && !known;
            self.say_for(cx, if apart { "unknown" } else { "not_logged_in" }, command);
            return;
        }
        if !known {
            let before = self.account.is_none() && !server.tells_unknown_before_login;
            self.say_for(cx, if before { "not_logged_in" } else { "unknown" }, command);
            return;
        }
        if argument.is_empty()
            && let Some(answer) = server.no_argument.get(verb)
        {
            self.say_text(cx, answer, command, &[]);
            return;
        }
        if let Some(answer) = server.fixed.get(verb) {
            self.say_text(cx, answer, command, &[]);
            return;
        }
        match verb.as_str() {
            "USER" => self.user(cx, command),
            "PASS" => self.password(cx, command),
            "AUTH" => self.auth(cx, command),
            "PBSZ" | "PROT" => self.protection(cx, command),
            "FEAT" | "HELP" | "STAT" | "OPTS" | "TYPE" | "STRU" | "MODE" | "SITE" | "ABOR" => {
                self.talk(cx, command);
            }
            "PASV" | "EPSV" | "PORT" | "EPRT" => self.data_command(cx, command),
            "RETR" | "STOR" | "APPE" | "STOU" | "LIST" | "NLST" | "MLSD" => {
                self.transfer_command(cx, command);
            }
            _ => self.file_command(cx, command),
        }
    }

    fn user(&mut self, cx: &mut Context<'_>, command: &Command) {
        if let Some(account) = &self.account {
            let same = account.name.as_bytes() == command.argument;
            self.say_for(cx, if same { "user_same" } else { "user_again" }, command);
            return;
        }
        let mut name = command.argument.clone();
        name.truncate(LOGIN_LINE_BYTES);
        let guest = is_anonymous(&name) && self.anonymous_root().is_some();
        let shown = String::from_utf8_lossy(&name).into_owned();
        self.user = Some(name);
        let key = if guest { "give_password_anonymous" } else { "give_password" };
        self.say_with(cx, key, command, &[("user", &shown)]);
    }

    fn anonymous_root(&self) -> Option<String> {
        self.spec()?.anonymous_root.clone()
    }

    fn password(&mut self, cx: &mut Context<'_>, command: &Command) {
        if self.account.is_some() {
            self.say_for(cx, "pass_again", command);
            return;
        }
        let Some(user) = self.user.take() else {
            self.say_for(cx, "user_first", command);
            return;
        };
        let mut password = command.argument.clone();
        password.truncate(LOGIN_LINE_BYTES);
        let guest = self.anonymous_root().filter(|_| is_anonymous(&user));
        let login = LoginTry {
            protocol: "ftp",
            method: guest.as_ref().map(|_| "anonymous"),
            user: &user,
            password: &password,
        };
        let denied =
            self.spec().is_some_and(|spec| spec.denied.iter().any(|name| name.as_bytes() == user));
        let accepted = if denied {
            record(cx, &self.open, &login, None, false);
            false
        } else if guest.is_some() {
            record(cx, &self.open, &login, None, true);
            true
        } else {
            log_in(cx, &self.open, &login)
        };
        if accepted {
            self.enter(cx, &user, guest, command);
            return;
        }
        self.failures += 1;
        let [low, high] = self.server.failure_delay_ms;
        let spread = (high - low).max(1);
        let step = u64::from(self.failures).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let delay = low + (self.open.seed ^ step) % spread;
        self.busy = true;
        cx.effects.push(Effect::Timer { id: DELAY, at: cx.now + Duration::from_millis(delay) });
    }

    fn enter(
        &mut self,
        cx: &mut Context<'_>,
        user: &[u8],
        guest: Option<String>,
        command: &Command,
    ) {
        let name = String::from_utf8_lossy(user).into_owned();
        let system = if guest.is_some() { &b"ftp"[..] } else { user };
        let known = self.open.host.persona.user(system);
        // Who obliges everybody lets them write, too.
        let obliging = self.open.host.persona.credentials.obliging;
        let (uid, gid) = match known {
            _ if obliging => (0, 0),
            Some(user) => (user.uid, user.gid),
            None => (65_534, 65_534),
        };
        let nowhere = if obliging { "/srv/ftp" } else { "/" };
        let home = known.map_or(nowhere, |user| user.home.as_str()).as_bytes().to_vec();
        let mut files = Files::new(self.open.fs.clone(), uid, gid);
        files.at(cx.now);
        let read_only = guest.is_some() && !obliging;
        let root = guest.map_or(Vec::new(), |root| root.trim_end_matches('/').into());
        let inside = !read_only && files.info(&home, true).is_ok_and(|info| info.is_dir());
        let directory = if inside { home } else { b"/".to_vec() };
        self.account = Some(Account { name: name.clone(), files, root, directory, read_only });
        self.say_with(cx, "logged_in", command, &[("user", &name)]);
    }

    fn refuse(&mut self, cx: &mut Context<'_>) {
        self.busy = false;
        self.say(cx, "incorrect");
        if self.failures >= self.server.attempts {
            self.hang_up(cx);
        } else {
            self.idle_timer(cx);
            self.go_on(cx);
        }
    }

    fn offers_tls(&self) -> bool {
        self.spec().is_some_and(|spec| spec.tls)
    }

    fn auth(&mut self, cx: &mut Context<'_>, command: &Command) {
        let kind = command.argument.to_ascii_uppercase();
        if self.tls || self.account.is_some() {
            self.say_for(cx, "unknown", command);
        } else if [&b"TLS"[..], b"TLS-C", b"SSL", b"TLS-P"].contains(&&kind[..]) {
            self.say_for(cx, "auth", command);
            cx.effects.push(Effect::StartTls);
            self.tls = true;
            self.waiting = Vec::new();
        } else {
            self.say_for(cx, "auth_unknown", command);
        }
    }

    fn protection(&mut self, cx: &mut Context<'_>, command: &Command) {
        let level = command.argument.first().map(u8::to_ascii_uppercase);
        let key = match (command.verb.as_str(), level) {
            _ if !self.tls => "needs_tls",
            ("PBSZ", _) => "pbsz",
            (_, Some(b'P')) => {
                self.private = true;
                "prot_private"
            }
            (_, Some(b'C')) => {
                self.private = false;
                "prot_clear"
            }
            _ => "prot_unknown",
        };
        self.say_for(cx, key, command);
    }

    fn idle_timer(&self, cx: &mut Context<'_>) {
        let at = cx.now + Duration::from_secs(self.server.idle_s);
        cx.effects.push(Effect::Timer { id: IDLE, at });
    }

    pub(super) fn hang_up(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = true;
            cx.close();
        }
    }
}

fn is_anonymous(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"anonymous") || name.eq_ignore_ascii_case(b"ftp")
}

fn needs_tls_offer(verb: &str) -> bool {
    matches!(verb, "AUTH" | "PBSZ" | "PROT")
}

impl Session for FtpSession {
    fn protocol(&self) -> &'static str {
        "ftp"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        let own = self.spec().and_then(|spec| spec.greeting.clone());
        let text = own.unwrap_or_else(|| self.server.reply("greeting").to_owned());
        let text = self.open.host.fill(&text, cx.now);
        cx.send(format!("{text}\r\n"));
        self.idle_timer(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        let room = COMMANDS_WAITING_BYTES.saturating_sub(self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.go_on(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.ended = true;
        self.go_on(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match timer {
            DELAY if self.busy && !self.over => self.refuse(cx),
            DATA => self.data_timeout(cx),
            IDLE if !self.busy && !self.over => {
                self.say(cx, "timeout");
                self.hang_up(cx);
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, _: &mut Context<'_>, _: FetchId, _: Fetched) {}

    fn on_side(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        if !self.over {
            self.side_event(cx, side, event);
        }
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.over = true;
        self.abandon_upload(cx);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_that_waits_is_small() {
        assert!(size_of::<super::FtpSession>() < 1_024);
    }
}

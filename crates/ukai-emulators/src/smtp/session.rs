//! One connection: commands, log-in, messages.

use super::words::{Path, PathError, path, words};
use crate::limits::{COMMANDS_WAITING_BYTES, MAIL_RECIPIENTS, MAILS_KEPT, SMTP_LINE_BYTES};
use crate::mail::collect::Mail;
use crate::mail::sasl::{Place, Sasl, Step};
use crate::mail::{Requests, take_line};
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::Duration;
use ukai_persona::MailSpec;

const IDLE: TimerId = TimerId(1);
const DELAY: TimerId = TimerId(2);
/// Postfix' `smtpd_timeout`.
const IDLE_S: u64 = 300;
/// Errors after which each answer takes a second, and after which it hangs up.
const ERRORS_SOFT: u32 = 10;
const ERRORS_HARD: u32 = 20;
/// Dovecot's `auth_failure_delay`.
const AUTH_DELAY_MS: u64 = 2_000;

/// One connection.
pub(super) struct SmtpSession {
    open: Box<Open>,
    waiting: Vec<u8>,
    phase: Phase,
    tls: bool,
    greeted: bool,
    authenticated: bool,
    mail: Option<Mail>,
    /// `BDAT` began.
    chunking: bool,
    kept: u32,
    errors: u32,
    /// An answer that waits.
    delayed: Option<Vec<u8>>,
    requests: Requests,
    /// It hangs up when it has said what waits.
    leaving: bool,
    over: bool,
    ended: bool,
}

enum Phase {
    Commands,
    /// A response to a challenge is awaited.
    Auth(Box<Sasl>),
    /// The lines of a message.
    Message,
    /// So many bytes of a chunk, the last one or not.
    Chunk(u64, bool),
}

impl SmtpSession {
    pub(super) fn new(open: Open) -> Self {
        Self {
            tls: open.tls,
            open: Box::new(open),
            waiting: Vec::new(),
            phase: Phase::Commands,
            greeted: false,
            authenticated: false,
            mail: None,
            chunking: false,
            kept: 0,
            errors: 0,
            delayed: None,
            requests: Requests::default(),
            leaving: false,
            over: false,
            ended: false,
        }
    }

    fn spec(&self) -> Option<&MailSpec> {
        self.open.host.persona.mail.as_ref()
    }

    fn name(&self) -> String {
        let name = self.spec().map_or("{hostname}", |spec| spec.name.as_str());
        self.open.host.fill_fixed(name)
    }

    fn size_max(&self) -> u64 {
        self.spec().map_or(0, |spec| spec.size_bytes)
    }

    /// Answers; errors are counted, and slow down those who make many.
    fn reply(&mut self, cx: &mut Context<'_>, text: impl AsRef<[u8]>) {
        let mut text = text.as_ref().to_vec();
        if matches!(text.first(), Some(b'4' | b'5')) {
            self.errors += 1;
        }
        text.extend_from_slice(b"\r\n");
        if self.errors > ERRORS_SOFT {
            self.delay(cx, &text, 1_000);
        } else {
            cx.send(text);
        }
    }

    fn delay(&mut self, cx: &mut Context<'_>, text: &[u8], ms: u64) {
        self.delayed.get_or_insert_default().extend_from_slice(text);
        cx.effects.push(Effect::Timer { id: DELAY, at: cx.now + Duration::from_millis(ms) });
    }

    fn go_on(&mut self, cx: &mut Context<'_>) {
        while !self.over && self.delayed.is_none() {
            if self.errors >= ERRORS_HARD && matches!(self.phase, Phase::Commands) {
                let text = format!("421 4.7.0 {} Error: too many errors", self.name());
                self.reply(cx, text);
                self.leaving = true;
                return;
            }
            if let Phase::Chunk(left, last) = self.phase {
                if !self.chunk(cx, left, last) {
                    return;
                }
                continue;
            }
            let line = match take_line(&mut self.waiting) {
                Some(line) => line,
                // Postfix reads a longer line in pieces.
                None if self.waiting.len() > SMTP_LINE_BYTES
                    && matches!(self.phase, Phase::Message) =>
                {
                    std::mem::take(&mut self.waiting)
                }
                None => {
                    if self.ended {
                        self.hang_up(cx);
                    }
                    return;
                }
            };
            match &self.phase {
                Phase::Message => self.message_line(cx, &line),
                Phase::Auth(_) => self.auth_response(cx, &line),
                _ => self.command(cx, &line),
            }
        }
    }

    fn command(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        Self::idle(cx);
        let line = &line[..line.len().min(SMTP_LINE_BYTES)];
        let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
        let words = words(line);
        let verb = words.first().map_or(Vec::new(), |word| word.to_ascii_uppercase());
        let rest = line.trim_ascii_start().get(verb.len()..).unwrap_or_default();
        if verb.is_empty() {
            return self.reply(cx, "500 5.5.2 Error: bad syntax");
        }
        let detail = if verb == b"AUTH" { words.get(1).copied().unwrap_or_default() } else { rest };
        self.requests.note(cx, "smtp", &verb, detail.trim_ascii());
        match &verb[..] {
            b"EHLO" => self.hello(cx, &words, true),
            b"HELO" => self.hello(cx, &words, false),
            b"MAIL" => self.mail_from(cx, rest),
            b"RCPT" => self.rcpt_to(cx, rest),
            b"DATA" => self.data(cx, &words),
            b"BDAT" => self.bdat(cx, &words),
            b"RSET" if words.len() > 1 => self.reply(cx, "501 5.5.4 Syntax: RSET"),
            b"RSET" => {
                self.reset();
                self.reply(cx, "250 2.0.0 Ok");
            }
            b"NOOP" => self.reply(cx, "250 2.0.0 Ok"),
            b"VRFY" => self.verify(cx, &words),
            b"ETRN" => self.etrn(cx, &words),
            b"AUTH" => self.auth(cx, &words),
            b"STARTTLS" => self.start_tls(cx, &words),
            b"QUIT" => {
                self.reply(cx, "221 2.0.0 Bye");
                self.hang_up(cx);
            }
            b"GET" | b"POST" | b"CONNECT" => self.forbidden(cx),
            _ if std::str::from_utf8(line).is_err() => {
                self.reply(cx, "500 5.5.2 Error: bad UTF-8 syntax");
            }
            _ if !verb.first().is_some_and(u8::is_ascii_alphabetic) => self.forbidden(cx),
            _ => self.reply(cx, "500 5.5.2 Error: command not recognized"),
        }
    }

    fn forbidden(&mut self, cx: &mut Context<'_>) {
        self.reply(cx, "221 2.7.0 Error: I can break rules, too. Goodbye.");
        self.hang_up(cx);
    }

    fn hello(&mut self, cx: &mut Context<'_>, words: &[&[u8]], extended: bool) {
        if words.len() < 2 {
            let verb = if extended { "EHLO" } else { "HELO" };
            return self.reply(cx, format!("501 Syntax: {verb} hostname"));
        }
        self.reset();
        self.greeted = true;
        let name = self.name();
        if !extended {
            return self.reply(cx, format!("250 {name}"));
        }
        let mut lines = vec![name, "PIPELINING".into(), format!("SIZE {}", self.size_max())];
        lines.extend(["VRFY", "ETRN"].map(str::to_owned));
        if !self.tls {
            lines.push("STARTTLS".into());
        }
        if let Some(spec) = self.spec().filter(|spec| !spec.smtp_auth.is_empty()) {
            lines.push(format!("AUTH {}", spec.smtp_auth.join(" ")));
        }
        lines.extend(
            ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"].map(str::to_owned),
        );
        let last = lines.len() - 1;
        let text: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(n, line)| format!("250{}{line}", if n == last { ' ' } else { '-' }))
            .collect();
        self.reply(cx, text.join("\r\n"));
    }

    fn mail_from(&mut self, cx: &mut Context<'_>, rest: &[u8]) {
        if self.mail.is_some() {
            return self.reply(cx, "503 5.5.1 Error: nested MAIL command");
        }
        let Path { address, options } = match path(rest, b"FROM:") {
            Ok(path) => path,
            Err(PathError::Syntax) => {
                return self.reply(cx, "501 5.5.4 Syntax: MAIL FROM:<address>");
            }
            Err(PathError::Address) => {
                return self.reply(cx, "501 5.1.7 Bad sender address syntax");
            }
        };
        for option in options {
            let upper = option.to_ascii_uppercase();
            let known = [&b"BODY=8BITMIME"[..], b"BODY=7BIT", b"SMTPUTF8"].contains(&&upper[..])
                || [&b"RET="[..], b"ENVID=", b"AUTH="].iter().any(|name| upper.starts_with(name));
            if let Some(size) = upper.strip_prefix(b"SIZE=") {
                let size = std::str::from_utf8(size).ok().and_then(|text| text.parse().ok());
                match size {
                    None => return self.reply(cx, "501 5.5.4 Bad message size syntax"),
                    Some(size) if self.size_max() > 0 && self.size_max() < size => {
                        return self.reply(cx, "552 5.3.4 Message size exceeds fixed limit");
                    }
                    Some::<u64>(_) => {}
                }
            } else if !known {
                let text = [b"555 5.5.4 Unsupported option: ", option].concat();
                return self.reply(cx, text);
            }
        }
        self.mail = Some(Mail::new(address));
        self.reply(cx, "250 2.1.0 Ok");
    }

    fn rcpt_to(&mut self, cx: &mut Context<'_>, rest: &[u8]) {
        let Some(mail) = &mut self.mail else {
            return self.reply(cx, "503 5.5.1 Error: need MAIL command");
        };
        let text = match path(rest, b"TO:") {
            Err(PathError::Syntax) => "501 5.5.4 Syntax: RCPT TO:<address>".to_owned(),
            Err(PathError::Address) => "501 5.1.3 Bad recipient address syntax".to_owned(),
            Ok(path) if path.address.is_empty() => "501 5.1.3 Bad recipient address syntax".into(),
            Ok(path) => {
                let strange = path.options.iter().find(|option| {
                    let upper = option.to_ascii_uppercase();
                    !upper.starts_with(b"NOTIFY=") && !upper.starts_with(b"ORCPT=")
                });
                match strange {
                    Some(option) => {
                        let shown = String::from_utf8_lossy(option);
                        format!("555 5.5.4 Unsupported option: {shown}")
                    }
                    None if mail.recipients >= MAIL_RECIPIENTS => {
                        "452 4.5.3 Error: too many recipients".to_owned()
                    }
                    None => {
                        mail.add_recipient(path.address);
                        "250 2.1.5 Ok".to_owned()
                    }
                }
            }
        };
        self.reply(cx, text);
    }

    /// Why no message can begin now, if so.
    fn not_yet(&self) -> Option<&'static str> {
        match &self.mail {
            None => Some("503 5.5.1 Error: need RCPT command"),
            Some(mail) if mail.recipients == 0 => Some("554 5.5.1 Error: no valid recipients"),
            Some(_) => None,
        }
    }

    fn data(&mut self, cx: &mut Context<'_>, words: &[&[u8]]) {
        if self.chunking {
            return self.reply(cx, "503 5.5.1 Error: DATA after BDAT");
        }
        if let Some(text) = self.not_yet() {
            return self.reply(cx, text);
        }
        if words.len() != 1 {
            return self.reply(cx, "501 5.5.4 Syntax: DATA");
        }
        self.phase = Phase::Message;
        self.reply(cx, "354 End data with <CR><LF>.<CR><LF>");
    }

    fn message_line(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        if line == b"." {
            self.phase = Phase::Commands;
            return self.queue(cx);
        }
        let max = self.size_max();
        if let Some(mail) = &mut self.mail {
            // RFC 5321, 4.5.2.
            mail.add(line.strip_prefix(b".").unwrap_or(line), max);
            mail.add(b"\r\n", max);
        }
    }

    fn bdat(&mut self, cx: &mut Context<'_>, words: &[&[u8]]) {
        let size = words.get(1).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        let last = words.get(2).is_some_and(|word| word.eq_ignore_ascii_case(b"LAST"));
        let Some(size) = size.filter(|_| words.len() == 2 || words.len() == 3 && last) else {
            return self.reply(cx, "501 5.5.4 Syntax: BDAT count [LAST]");
        };
        self.chunking = true;
        self.phase = Phase::Chunk(size, last);
    }

    /// Takes bytes of a chunk; whether more can be done now.
    fn chunk(&mut self, cx: &mut Context<'_>, left: u64, last: bool) -> bool {
        let max = self.size_max();
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(self.waiting.len());
        let taken: Vec<u8> = self.waiting.drain(..take).collect();
        if let Some(mail) = &mut self.mail {
            mail.add(&taken, max);
        }
        let left = left - take as u64;
        if left > 0 {
            self.phase = Phase::Chunk(left, last);
            if self.ended {
                self.hang_up(cx);
            }
            return false;
        }
        self.phase = Phase::Commands;
        if let Some(text) = self.not_yet() {
            self.chunking = false;
            self.reply(cx, text);
        } else if last {
            self.chunking = false;
            self.queue(cx);
        } else {
            let size = self.mail.as_ref().map_or(0, Mail::size);
            self.reply(cx, format!("250 2.0.0 Ok: {size} bytes"));
        }
        true
    }

    /// A message is whole: it is kept, and said to be queued.
    fn queue(&mut self, cx: &mut Context<'_>) {
        let Some(mail) = self.mail.take() else { return };
        if self.size_max() > 0 && mail.size() > self.size_max() {
            mail.finish(cx, false);
            return self.reply(cx, "552 5.3.4 Error: message file too big");
        }
        self.kept += 1;
        mail.finish(cx, self.kept <= MAILS_KEPT);
        // global/mail_queue.h: microseconds, then the number of the file.
        let micros = cx.now.nanos() / 1_000 % 1_000_000;
        let file = 0x4_0000 + (self.open.seed ^ u64::from(self.kept)) % 0xb_ffff;
        self.reply(cx, format!("250 2.0.0 Ok: queued as {micros:05X}{file:X}"));
    }

    fn reset(&mut self) {
        self.mail = None;
        self.chunking = false;
    }

    fn verify(&mut self, cx: &mut Context<'_>, words: &[&[u8]]) {
        let Some(address) = words.get(1) else {
            return self.reply(cx, "501 5.5.4 Syntax: VRFY address [SMTPUTF8]");
        };
        let text = String::from_utf8_lossy(address);
        let text = text.trim_matches(['<', '>']).to_owned();
        if text.contains('@') || self.open.host.persona.user(text.as_bytes()).is_some() {
            self.reply(cx, format!("252 2.0.0 {text}"));
        } else {
            self.reply(
                cx,
                format!(
                    "550 5.1.1 <{text}>: Recipient address rejected: User unknown in local recipient table"
                ),
            );
        }
    }

    fn etrn(&mut self, cx: &mut Context<'_>, words: &[&[u8]]) {
        match words.get(1) {
            _ if self.mail.is_some() => {
                self.reply(cx, "503 5.5.1 Error: MAIL transaction in progress");
            }
            Some(domain) if words.len() == 2 => {
                let domain = String::from_utf8_lossy(domain);
                self.reply(cx, format!("459 <{domain}>: service unavailable"));
            }
            _ => self.reply(cx, "500 Syntax: ETRN domain"),
        }
    }

    fn start_tls(&mut self, cx: &mut Context<'_>, words: &[&[u8]]) {
        if words.len() != 1 {
            return self.reply(cx, "501 5.5.4 Syntax: STARTTLS");
        }
        if self.tls {
            return self.reply(cx, "554 5.5.1 Error: TLS already active");
        }
        self.reply(cx, "220 2.0.0 Ready to start TLS");
        cx.effects.push(Effect::StartTls);
        self.tls = true;
        self.greeted = false;
        self.waiting = Vec::new();
        self.reset();
    }

    fn auth(&mut self, cx: &mut Context<'_>, words: &[&[u8]]) {
        let offered = self.spec().map_or(Vec::new(), |spec| spec.smtp_auth.clone());
        if offered.is_empty() {
            return self.reply(cx, "503 5.5.1 Error: authentication not enabled");
        }
        if self.mail.is_some() {
            return self.reply(cx, "503 5.5.1 Error: MAIL transaction in progress");
        }
        if self.authenticated {
            return self.reply(cx, "503 5.5.1 Error: already authenticated");
        }
        let (Some(mechanism), 2 | 3) = (words.get(1), words.len()) else {
            return self.reply(cx, "501 5.5.4 Syntax: AUTH mechanism");
        };
        let Some(mut sasl) = Sasl::new(mechanism, &offered, &self.open, cx) else {
            let text = "535 5.7.8 Error: authentication failed: Invalid authentication mechanism";
            return self.reply(cx, text);
        };
        let step = match words.get(2) {
            Some(initial) => sasl.respond(cx, &self.open, "smtp", initial),
            None => sasl.begin(),
        };
        self.phase = Phase::Auth(Box::new(sasl));
        self.auth_step(cx, step);
    }

    fn auth_response(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        if line == b"*" {
            self.phase = Phase::Commands;
            return self.reply(cx, "501 5.7.0 Authentication aborted");
        }
        let Phase::Auth(sasl) = &mut self.phase else { return };
        let step = sasl.respond(cx, &self.open, "smtp", line);
        self.auth_step(cx, step);
    }

    fn auth_step(&mut self, cx: &mut Context<'_>, step: Step) {
        match step {
            Step::Challenge(text) => self.reply(cx, format!("334 {text}")),
            Step::Done(true) => {
                self.phase = Phase::Commands;
                self.authenticated = true;
                self.reply(cx, "235 2.7.0 Authentication successful");
            }
            Step::Malformed(place) => {
                self.phase = Phase::Commands;
                let place = match place {
                    Place::Initial => "initial",
                    Place::Continued => "continued",
                };
                let reason = format!("Invalid base64 data in {place} response");
                self.reply(cx, format!("535 5.7.8 Error: authentication failed: {reason}"));
            }
            Step::Done(false) => {
                self.phase = Phase::Commands;
                self.errors += 1;
                let text = "535 5.7.8 Error: authentication failed: (reason unavailable)\r\n";
                self.delay(cx, text.as_bytes(), AUTH_DELAY_MS);
            }
        }
    }

    fn idle(cx: &mut Context<'_>) {
        cx.effects.push(Effect::Timer { id: IDLE, at: cx.now + Duration::from_secs(IDLE_S) });
    }

    fn hang_up(&mut self, cx: &mut Context<'_>) {
        if self.over {
            return;
        }
        self.over = true;
        if let Some(text) = self.delayed.take() {
            cx.send(text);
        }
        cx.close();
    }
}

impl Session for SmtpSession {
    fn protocol(&self) -> &'static str {
        "smtp"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        let banner = self.spec().map_or("", |spec| spec.smtp_banner.as_str());
        let text = format!("220 {} {banner}\r\n", self.name());
        cx.send(text);
        Self::idle(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        let room = COMMANDS_WAITING_BYTES.saturating_sub(self.waiting.len());
        let (now, rest) = bytes.split_at(bytes.len().min(room));
        self.waiting.extend_from_slice(now);
        self.go_on(cx);
        if !rest.is_empty() && self.delayed.is_none() && !self.over {
            self.waiting.extend_from_slice(rest);
            self.go_on(cx);
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.ended = true;
        self.go_on(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match timer {
            _ if self.over => {}
            DELAY => {
                if self.leaving {
                    self.hang_up(cx);
                } else if let Some(text) = self.delayed.take() {
                    cx.send(text);
                    self.go_on(cx);
                }
            }
            IDLE if self.delayed.is_none() => {
                let text = format!("421 4.4.2 {} Error: timeout exceeded\r\n", self.name());
                cx.send(text);
                self.hang_up(cx);
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, _: &mut Context<'_>, _: FetchId, _: Fetched) {}

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.over = true;
        if matches!(self.phase, Phase::Message | Phase::Chunk(..))
            && let Some(mail) = self.mail.take()
        {
            mail.finish(cx, self.kept < MAILS_KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_that_waits_is_small() {
        assert!(size_of::<super::SmtpSession>() < 1_024);
    }
}

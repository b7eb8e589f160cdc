//! IMAP (RFC 3501, 2177, 2971, 4959) as Dovecot 2.3.19 of Debian 12 speaks it, with a
//! mailbox that works and is empty. Texts and counting are those of a running one.

mod inside;
mod words;

use crate::limits::{COMMANDS_WAITING_BYTES, MAILBOX_LINE_BYTES};
use crate::login::{LoginTry, log_in};
use crate::mail::mailbox::{DELAY, Door, IDLE};
use crate::mail::sasl::{Place, Sasl, Step};
use crate::{Context, Emulator, FetchId, Fetched, Open, Session, TimerId};
use inside::Mailbox;
use ukai_persona::Persona;
use words::{Taken, take_command};

/// Bad commands before the log-in after which it hangs up.
const BAD_COMMANDS: u32 = 3;

const BAD: &str = "BAD Error in IMAP command received by server.";

/// The IMAP emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Imap;

impl Emulator for Imap {
    fn name(&self) -> &'static str {
        "imap"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.mail.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        if open.host.persona.mail.is_none() {
            return Box::new(crate::raw::RawSession::default());
        }
        Box::new(ImapSession {
            door: Door::new(open),
            tag: String::new(),
            asked: 0,
            mailbox: Mailbox::default(),
        })
    }
}

struct ImapSession {
    door: Door,
    /// Of the command that is under way.
    tag: String,
    /// Literals of the waiting command that were asked for.
    asked: usize,
    mailbox: Mailbox,
}

impl ImapSession {
    fn go_on(&mut self, cx: &mut Context<'_>) {
        while !self.door.halted() {
            if self.door.sasl.is_some() || self.mailbox.idles() {
                let Some(line) = crate::mail::take_line(&mut self.door.waiting) else { break };
                self.line(cx, &line);
                continue;
            }
            match take_command(&mut self.door.waiting, self.asked) {
                Taken::More => break,
                Taken::Ask(literals) => {
                    self.asked = literals;
                    cx.send("+ OK\r\n");
                }
                Taken::Command(words) => {
                    self.asked = 0;
                    self.door.idle(cx);
                    self.command(cx, &words);
                }
            }
        }
        if self.door.halted() {
            return;
        }
        if !self.door.inside && self.door.waiting.len() > MAILBOX_LINE_BYTES
            || self.door.waiting.len() >= COMMANDS_WAITING_BYTES
        {
            cx.send("* BYE Input buffer full, aborting\r\n");
            self.door.hang_up(cx);
        } else if self.door.ended {
            self.door.hang_up(cx);
        }
    }

    /// A line that is no command: a response to a challenge, or the end of `IDLE`.
    fn line(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        let Some(mut sasl) = self.door.sasl.take() else {
            return self.mailbox.end_idle(cx, line);
        };
        if line == b"*" {
            cx.send(format!("{} BAD Authentication aborted by client.\r\n", self.tag));
            return;
        }
        let step = sasl.respond(cx, &self.door.open, "imap", line);
        self.step(cx, sasl, step);
    }

    fn command(&mut self, cx: &mut Context<'_>, words: &[Vec<u8>]) {
        self.tag = words.first().map_or_else(String::new, |tag| printable(tag));
        let verb = words.get(1).map_or(Vec::new(), |verb| verb.to_ascii_uppercase());
        let secret = matches!(&verb[..], b"LOGIN" | b"AUTHENTICATE");
        let detail = words.get(2..).unwrap_or_default().join(&b' ');
        self.door.requests.note(cx, "imap", &verb, if secret { b"" } else { &detail });
        if self.door.inside {
            let over = self.mailbox.command(cx, &self.door.open, &self.tag, &verb, words);
            if over {
                self.door.hang_up(cx);
            }
            return;
        }
        let good = self.outside(cx, &verb, words);
        self.door.bad = if good { 0 } else { self.door.bad + 1 };
    }

    fn outside(&mut self, cx: &mut Context<'_>, verb: &[u8], words: &[Vec<u8>]) -> bool {
        let tag = self.tag.clone();
        match (verb, words.len()) {
            _ if tag == "*" => {
                self.bad(cx);
                return false;
            }
            (b"CAPABILITY", _) => {
                cx.send(format!(
                    "* CAPABILITY {}\r\n{tag} OK Pre-login capabilities listed, post-login \
                     capabilities have more.\r\n",
                    self.capabilities()
                ));
            }
            (b"NOOP", _) => cx.send(format!("{tag} OK NOOP completed.\r\n")),
            (b"ID", _) => {
                cx.send(format!("* ID (\"name\" \"Dovecot\")\r\n{tag} OK ID completed.\r\n"));
            }
            (b"LOGOUT", _) => {
                cx.send(format!("* BYE Logging out\r\n{tag} OK Logout completed.\r\n"));
                self.door.hang_up(cx);
            }
            (b"LOGIN", 4..) => {
                let (user, password) = (cut(&words[2]), cut(&words[3]));
                let login = LoginTry { protocol: "imap", method: None, user, password };
                let success = log_in(cx, &self.door.open, &login);
                self.decided(cx, user, success);
            }
            (b"AUTHENTICATE", 3..) => self.authenticate(cx, words),
            (b"STARTTLS", _) if self.door.tls => {
                cx.send(format!("{tag} BAD TLS is already active.\r\n"));
            }
            (b"STARTTLS", _) => {
                cx.send(format!("{tag} OK Begin TLS negotiation now.\r\n"));
                self.door.start_tls(cx);
            }
            _ => {
                self.bad(cx);
                return false;
            }
        }
        true
    }

    fn bad(&mut self, cx: &mut Context<'_>) {
        if self.door.bad + 1 >= BAD_COMMANDS {
            cx.send("* BYE Too many invalid IMAP commands.\r\n");
            self.door.hang_up(cx);
        } else {
            let tag = if self.tag.is_empty() { "*" } else { &self.tag };
            cx.send(format!("{tag} {BAD}\r\n"));
        }
    }

    fn capabilities(&self) -> String {
        let mut text = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+".to_owned();
        if !self.door.tls {
            text.push_str(" STARTTLS");
        }
        for mechanism in self.door.mechanisms() {
            text.push_str(" AUTH=");
            text.push_str(&mechanism);
        }
        text
    }

    fn authenticate(&mut self, cx: &mut Context<'_>, words: &[Vec<u8>]) {
        let offered = self.door.mechanisms();
        let Some(mut sasl) = Sasl::new(&words[2], &offered, &self.door.open, cx) else {
            let text = format!("{} NO [ALERT] Unsupported authentication mechanism.\r\n", self.tag);
            return cx.send(text);
        };
        let step = match words.get(3) {
            Some(initial) => sasl.respond(cx, &self.door.open, "imap", initial),
            None => sasl.begin(),
        };
        self.step(cx, Box::new(sasl), step);
    }

    fn step(&mut self, cx: &mut Context<'_>, sasl: Box<Sasl>, step: Step) {
        match step {
            Step::Challenge(text) => {
                self.door.sasl = Some(sasl);
                cx.send(format!("+ {text}\r\n"));
            }
            Step::Done(success) => self.decided(cx, sasl.user(), success),
            Step::Malformed(Place::Initial) => {
                let tag = &self.tag;
                cx.send(format!("{tag} BAD Invalid base64 data in initial response\r\n"));
            }
            Step::Malformed(Place::Continued) => {
                cx.send(format!("{} NO [ALERT] Invalid base64 in response\r\n", self.tag));
            }
        }
    }

    fn decided(&mut self, cx: &mut Context<'_>, user: &[u8], success: bool) {
        let tag = &self.tag;
        if success && !self.door.has_mailbox(user) {
            cx.send(format!(
                "{tag} OK Logged in, but initialization failed.\r\n* BYE Internal error occurred. \
                 Refer to server log for more information.\r\n"
            ));
            self.door.hang_up(cx);
        } else if success {
            let text = format!("{tag} OK [CAPABILITY {}] Logged in\r\n", inside::CAPABILITIES);
            cx.send(text);
            self.door.inside = true;
        } else {
            let text = format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n");
            self.door.refuse(cx, text);
        }
    }
}

fn cut(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(crate::limits::LOGIN_LINE_BYTES)]
}

fn printable(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(64);
    if bytes.iter().all(u8::is_ascii_graphic) {
        shown.map(|byte| char::from(*byte)).collect()
    } else {
        String::new()
    }
}

impl Session for ImapSession {
    fn protocol(&self) -> &'static str {
        "imap"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        let (capabilities, greeting) = (self.capabilities(), self.door.greeting());
        cx.send(format!("* OK [CAPABILITY {capabilities}] {greeting}\r\n"));
        self.door.idle(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let room = COMMANDS_WAITING_BYTES.saturating_sub(self.door.waiting.len());
        self.door.waiting.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.go_on(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.door.ended = true;
        self.go_on(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match timer {
            _ if self.door.over => {}
            DELAY => {
                self.door.after_delay(cx);
                self.go_on(cx);
            }
            IDLE if !self.door.halted() => {
                cx.send("* BYE Disconnected for inactivity.\r\n");
                self.door.hang_up(cx);
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, _: &mut Context<'_>, _: FetchId, _: Fetched) {}

    fn on_close(&mut self, _: &mut Context<'_>) {
        self.door.over = true;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_that_waits_is_small() {
        assert!(size_of::<super::ImapSession>() < 1_024);
    }
}

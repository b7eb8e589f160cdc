//! POP3 (RFC 1939, 2449, 2595, 5034) as Dovecot 2.3.19 of Debian 12 speaks it, with a
//! mailbox that works and is empty. Texts and counting are those of a running one.

use crate::limits::{COMMANDS_WAITING_BYTES, MAILBOX_LINE_BYTES};
use crate::login::{LoginTry, log_in};
use crate::mail::mailbox::{DELAY, Door, IDLE};
use crate::mail::sasl::{Place, Sasl, Step};
use crate::mail::take_line;
use crate::{Context, Emulator, FetchId, Fetched, Open, Session, TimerId};
use ukai_persona::Persona;

/// Bad commands before the log-in after which it hangs up.
const BAD_COMMANDS: u32 = 3;

/// The POP3 emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pop3;

impl Emulator for Pop3 {
    fn name(&self) -> &'static str {
        "pop3"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.mail.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        if open.host.persona.mail.is_none() {
            return Box::new(crate::raw::RawSession::default());
        }
        Box::new(Pop3Session { door: Door::new(open), user: None })
    }
}

struct Pop3Session {
    door: Door,
    user: Option<Vec<u8>>,
}

impl Pop3Session {
    fn go_on(&mut self, cx: &mut Context<'_>) {
        while !self.door.halted() {
            let Some(line) = take_line(&mut self.door.waiting) else {
                if self.door.waiting.len() > MAILBOX_LINE_BYTES {
                    cx.send("-ERR Input buffer full, aborting\r\n");
                    self.door.hang_up(cx);
                } else if self.door.ended {
                    self.door.hang_up(cx);
                }
                return;
            };
            self.door.idle(cx);
            if let Some(mut sasl) = self.door.sasl.take() {
                if line == b"*" {
                    cx.send("-ERR Authentication aborted by client.\r\n");
                    continue;
                }
                let step = sasl.respond(cx, &self.door.open, "pop3", &line);
                self.step(cx, sasl, step);
                continue;
            }
            let space = memchr::memchr(b' ', &line).unwrap_or(line.len());
            let verb = line[..space].to_ascii_uppercase();
            let argument = line.get(space + 1..).unwrap_or_default();
            let secret = matches!(&verb[..], b"PASS" | b"AUTH");
            self.door.requests.note(cx, "pop3", &verb, if secret { b"" } else { argument });
            if self.door.inside {
                self.inside(cx, &line[..space], &verb, argument);
            } else {
                self.outside(cx, &verb, argument);
            }
        }
    }

    fn outside(&mut self, cx: &mut Context<'_>, verb: &[u8], argument: &[u8]) {
        let good = match verb {
            b"CAPA" => {
                cx.send(self.capabilities());
                true
            }
            b"USER" => {
                self.user = Some(argument.to_vec());
                cx.send("+OK\r\n");
                true
            }
            b"PASS" => {
                self.pass(cx, argument);
                true
            }
            b"AUTH" => self.auth(cx, argument),
            b"APOP" => {
                cx.send("-ERR APOP not enabled.\r\n");
                true
            }
            b"STLS" if self.door.tls => {
                cx.send("-ERR TLS is already active.\r\n");
                false
            }
            b"STLS" => {
                cx.send("+OK Begin TLS negotiation now.\r\n");
                self.door.start_tls(cx);
                true
            }
            b"QUIT" => {
                cx.send("+OK Logging out\r\n");
                self.door.hang_up(cx);
                true
            }
            _ => {
                cx.send("-ERR Unknown command.\r\n");
                false
            }
        };
        self.door.bad = if good { 0 } else { self.door.bad + 1 };
        if self.door.bad >= BAD_COMMANDS {
            cx.send("-ERR Too many invalid bad commands.\r\n");
            self.door.hang_up(cx);
        }
    }

    fn capabilities(&self) -> String {
        let mut text =
            "+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\n"
                .to_owned();
        if !self.door.inside {
            if !self.door.tls {
                text.push_str("STLS\r\n");
            }
            text.push_str("USER\r\nSASL ");
            text.push_str(&self.door.mechanisms().join(" "));
            text.push_str("\r\n");
        }
        text.push_str(".\r\n");
        text
    }

    fn pass(&mut self, cx: &mut Context<'_>, password: &[u8]) {
        let Some(user) = self.user.take() else {
            cx.send("-ERR No username given.\r\n");
            return;
        };
        let user = &user[..user.len().min(crate::limits::LOGIN_LINE_BYTES)];
        let login = LoginTry { protocol: "pop3", method: None, user, password };
        let success = log_in(cx, &self.door.open, &login);
        self.decided(cx, user, success);
    }

    fn decided(&mut self, cx: &mut Context<'_>, user: &[u8], success: bool) {
        if success && !self.door.has_mailbox(user) {
            cx.send(
                "-ERR [SYS/TEMP] Internal error occurred. Refer to server log for more \
                 information.\r\n",
            );
            self.door.hang_up(cx);
        } else if success {
            self.door.inside = true;
            cx.send("+OK Logged in.\r\n");
        } else {
            self.door.refuse(cx, "-ERR [AUTH] Authentication failed.\r\n".to_owned());
        }
    }

    fn auth(&mut self, cx: &mut Context<'_>, argument: &[u8]) -> bool {
        let offered = self.door.mechanisms();
        let mut words = argument.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let Some(mechanism) = words.next() else {
            cx.send(format!("+OK\r\n{}\r\n.\r\n", offered.join("\r\n")));
            return true;
        };
        let Some(mut sasl) = Sasl::new(mechanism, &offered, &self.door.open, cx) else {
            cx.send("-ERR [AUTH] Unsupported authentication mechanism.\r\n");
            return false;
        };
        let step = match words.next() {
            Some(initial) => sasl.respond(cx, &self.door.open, "pop3", initial),
            None => sasl.begin(),
        };
        self.step(cx, Box::new(sasl), step);
        true
    }

    fn step(&mut self, cx: &mut Context<'_>, sasl: Box<Sasl>, step: Step) {
        match step {
            Step::Challenge(text) => {
                self.door.sasl = Some(sasl);
                cx.send(format!("+ {text}\r\n"));
            }
            Step::Done(success) => self.decided(cx, sasl.user(), success),
            Step::Malformed(Place::Initial) => {
                cx.send("-ERR [AUTH] Invalid base64 data in initial response\r\n");
            }
            Step::Malformed(Place::Continued) => {
                cx.send("-ERR [AUTH] Invalid base64 in response\r\n");
            }
        }
    }

    fn inside(&mut self, cx: &mut Context<'_>, sent: &[u8], verb: &[u8], argument: &[u8]) {
        let number = std::str::from_utf8(argument)
            .ok()
            .and_then(|text| text.split(' ').next().and_then(|word| word.parse::<u32>().ok()));
        let shown = String::from_utf8_lossy(argument).into_owned();
        let missing = match number {
            Some(number) => format!("-ERR There's no message {number}.\r\n"),
            None => format!("-ERR Invalid message number: {shown}\r\n"),
        };
        match verb {
            b"CAPA" => cx.send(self.capabilities()),
            b"STAT" => cx.send("+OK 0 0\r\n"),
            b"LIST" if argument.is_empty() => cx.send("+OK 0 messages:\r\n.\r\n"),
            b"UIDL" if argument.is_empty() => cx.send("+OK\r\n.\r\n"),
            b"TOP" if number.is_some() && !argument.contains(&b' ') => {
                cx.send("-ERR Noise after message number: \r\n");
            }
            b"LIST" | b"UIDL" | b"RETR" | b"TOP" | b"DELE" => cx.send(missing),
            b"NOOP" | b"RSET" => cx.send("+OK\r\n"),
            b"QUIT" => {
                cx.send("+OK Logging out.\r\n");
                self.door.hang_up(cx);
            }
            b"" => cx.send("-ERR Unknown command.\r\n"),
            _ => {
                let text = [b"-ERR Unknown command: ", &sent.to_ascii_uppercase()[..], b"\r\n"];
                cx.send(text.concat());
            }
        }
    }
}

impl Session for Pop3Session {
    fn protocol(&self) -> &'static str {
        "pop3"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        cx.send(format!("+OK {}\r\n", self.door.greeting()));
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
                cx.send("-ERR Disconnected for inactivity.\r\n");
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
        assert!(size_of::<super::Pop3Session>() < 1_024);
    }
}

//! One client's connection: lines in, lines out, and what time brings.

use super::channel::Channel;
use super::message::Message;
use super::people;
use super::script::IrcScript;
use crate::limits::{
    IRC_ANSWER_BYTES, IRC_DUE, IRC_LINE_BYTES, IRC_NICK_BYTES, IRC_TAGGED_LINE_BYTES,
};
use crate::lines::Lines;
use crate::told::Told;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use ukai_emulators::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::{Duration, Timestamp};

/// Silence after which the server asks whether the client is still there.
const PING_AFTER: Duration = Duration::from_mins(2);
/// Time in which it must say something then.
const PONG_WITHIN: Duration = Duration::from_mins(2);
const PING: TimerId = TimerId(0);
const SAY: TimerId = TimerId(1);

/// The conversation with one client.
pub(super) struct Served {
    pub(super) told: Told,
    lines: Lines,
    pub(super) script: Arc<IrcScript>,
    /// The server's address: what is made up follows from it.
    pub(super) place: String,
    pub(super) server: String,
    /// The client's address, as it stands in its mask.
    pub(super) host: String,
    /// What is to be sent.
    out: Vec<u8>,
    pub(super) now: Timestamp,
    pub(super) opened: Timestamp,
    /// When the client said something last.
    pub(super) heard: Timestamp,
    pinged: bool,
    pub(super) client: Client,
    pub(super) channels: Vec<Channel>,
    due: Vec<Due>,
    ended: bool,
}

/// Who the client says that it is.
#[derive(Default)]
pub(super) struct Client {
    /// Empty until it is given.
    pub(super) nick: Vec<u8>,
    pub(super) user: Vec<u8>,
    pub(super) real: Vec<u8>,
    pub(super) password: Option<Vec<u8>>,
    pub(super) registered: bool,
    pub(super) away: bool,
    pub(super) modes: BTreeSet<u8>,
    pub(super) account: Option<Vec<u8>>,
    /// Capabilities are being negotiated, so that registration waits.
    pub(super) negotiating: bool,
    pub(super) capabilities: BTreeSet<&'static str>,
    /// Mechanism of SASL, and its response so far.
    pub(super) sasl: Option<(String, Vec<u8>)>,
    pub(super) tls: bool,
}

/// What a script says later.
pub(super) struct Due {
    pub(super) at: Timestamp,
    pub(super) channel: Vec<u8>,
    pub(super) say: String,
    pub(super) private: bool,
}

impl Served {
    pub(super) fn new(script: Arc<IrcScript>, open: &Open) -> Self {
        let place = open.flow.dst_ip.to_string();
        let server = script.server.clone().unwrap_or_else(|| people::server_name(&place));
        // A parameter that began with a colon would be the last one.
        let host = match open.flow.src_ip {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) if address.segments()[0] == 0 => format!("0{address}"),
            IpAddr::V6(address) => address.to_string(),
        };
        Self {
            told: Told::new("irc"),
            lines: Lines::new(IRC_TAGGED_LINE_BYTES, b"\r\n"),
            script,
            place,
            server: single_word(&server),
            host,
            out: Vec::new(),
            now: open.now,
            opened: open.now,
            heard: open.now,
            pinged: false,
            client: Client { tls: open.tls, ..Client::default() },
            channels: Vec::new(),
            due: Vec::new(),
            ended: false,
        }
    }

    /// Sends `source command middle... :text`, cut to a line.
    pub(super) fn say(
        &mut self,
        source: &[u8],
        command: &str,
        middle: &[&[u8]],
        text: Option<&[u8]>,
    ) {
        let mut line = [b":", source, b" ", command.as_bytes()].concat();
        for parameter in middle {
            line.push(b' ');
            line.extend(*parameter);
        }
        if let Some(text) = text {
            line.extend(b" :");
            line.extend(text);
        }
        line.retain(|byte| !b"\r\n\0".contains(byte));
        line.truncate(IRC_LINE_BYTES - 2);
        self.out.extend(line);
        self.out.extend(b"\r\n");
    }

    /// Sends a line that names no source.
    pub(super) fn bare(&mut self, line: &str) {
        self.out.extend(line.bytes());
        self.out.extend(b"\r\n");
    }

    /// Sends a reply of the server.
    pub(super) fn numeric(&mut self, number: u16, middle: &[&[u8]], text: Option<&[u8]>) {
        let nick = self.shown_nick();
        let middle: Vec<&[u8]> = [&nick[..]].into_iter().chain(middle.iter().copied()).collect();
        self.server_says(&format!("{number:03}"), &middle, text);
    }

    /// The same, for a reply that is all text.
    pub(super) fn reply(&mut self, number: u16, text: &str) {
        self.numeric(number, &[], Some(text.as_bytes()));
    }

    /// Sends something in the server's name.
    pub(super) fn server_says(&mut self, command: &str, middle: &[&[u8]], text: Option<&[u8]>) {
        let server = self.server.clone();
        self.say(server.as_bytes(), command, middle, text);
    }

    /// Sends something in the client's own name.
    pub(super) fn client_does(&mut self, command: &str, middle: &[&[u8]], text: Option<&[u8]>) {
        let mask = self.mask();
        self.say(&mask, command, middle, text);
    }

    /// The client's nickname, or what stands for it before there is one.
    pub(super) fn shown_nick(&self) -> Vec<u8> {
        if self.client.nick.is_empty() { b"*".to_vec() } else { self.client.nick.clone() }
    }

    /// The client as the source of a message.
    pub(super) fn mask(&self) -> Vec<u8> {
        let Client { nick, user, .. } = &self.client;
        [nick, b"!~".as_slice(), user, b"@", self.host.as_bytes()].concat()
    }

    /// Whether that is the client's nickname.
    pub(super) fn is_client(&self, nick: &[u8]) -> bool {
        self.client.nick.eq_ignore_ascii_case(nick)
    }

    /// Tells a log-in, which is always right.
    pub(super) fn login(
        &mut self,
        cx: &mut Context<'_>,
        user: &[u8],
        password: &[u8],
        method: Option<&str>,
    ) {
        self.told.login(cx, user, password, method, None);
    }

    /// Something that a script has to say later.
    pub(super) fn later(&mut self, due: Due) {
        if self.due.len() < IRC_DUE {
            self.due.push(due);
        }
    }

    /// Ends the connection with a reason.
    pub(super) fn end(&mut self, reason: &[u8]) {
        self.out.extend(b"ERROR :");
        self.out.extend(
            reason.iter().filter(|byte| !b"\r\n\0".contains(byte)).take(IRC_LINE_BYTES - 9),
        );
        self.out.extend(b"\r\n");
        self.ended = true;
    }

    /// Sends what there is, and goes on in TLS.
    pub(super) fn start_tls(&mut self, cx: &mut Context<'_>) {
        self.flush(cx);
        self.client.tls = true;
        cx.effects.push(Effect::StartTls);
    }

    fn message(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        let Some(message) = Message::parse(line) else { return };
        self.note(cx, &message, line);
        let registering = self.registration(cx, &message);
        if registering {
            return;
        }
        if !self.client.registered {
            self.reply(451, "Connection not registered");
            return;
        }
        if !(self.room_command(&message)
            || self.talk_command(cx, &message)
            || self.question(cx, &message))
        {
            let command: Vec<u8> = line.iter().copied().take_while(|byte| *byte != b' ').collect();
            self.numeric(421, &[&command], Some(b"Unknown command"));
        }
    }

    /// Tells the request. What is said, and passwords, are told as what they are; what only
    /// keeps the connection alive is not told.
    fn note(&mut self, cx: &mut Context<'_>, message: &Message, line: &[u8]) {
        match message.command.as_str() {
            "PING" | "PONG" | "PRIVMSG" | "NOTICE" | "PASS" | "OPER" | "AUTHENTICATE" => {}
            _ if people::service_of(message).is_some() => {}
            "" => self.told.request(cx, "unknown", line),
            command => self.told.request(cx, command, &message.rest),
        }
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        cx.send(std::mem::take(&mut self.out));
    }

    /// After each call: what is to be sent, and when the next one is due.
    fn settle(&mut self, cx: &mut Context<'_>) {
        self.flush(cx);
        if self.ended {
            cx.close();
            return;
        }
        if let Some(at) = self.due.iter().map(|due| due.at).min() {
            cx.effects.push(Effect::Timer { id: SAY, at });
        }
    }

    fn say_what_is_due(&mut self, cx: &mut Context<'_>) {
        while let Some(at) = self.due.iter().position(|due| due.at <= self.now) {
            let due = self.due.remove(at);
            self.say_line(cx, &due.channel, &due.say, due.private);
        }
    }
}

/// A name that may stand in the middle of a message.
fn single_word(name: &str) -> String {
    let word: String =
        name.chars().filter(char::is_ascii_graphic).take(IRC_NICK_BYTES * 2).collect();
    if word.is_empty() { "irc".to_owned() } else { word }
}

impl Session for Served {
    fn protocol(&self) -> &'static str {
        "irc"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        self.now = cx.now;
        for text in ["*** Looking up your hostname", "*** Found your hostname"] {
            self.server_says("NOTICE", &[b"*"], Some(text.as_bytes()));
        }
        cx.effects.push(Effect::Timer { id: PING, at: cx.now + PING_AFTER });
        self.settle(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, mut bytes: &[u8]) {
        (self.now, self.heard, self.pinged) = (cx.now, cx.now, false);
        let in_tls = self.client.tls;
        while !self.ended
            && let Some((line, rest)) = self.lines.next(bytes)
        {
            bytes = rest;
            self.message(cx, &line);
            if self.client.tls != in_tls {
                // Nothing of the clear text becomes a command inside TLS.
                self.lines.rest();
                break;
            }
            if self.out.len() > IRC_ANSWER_BYTES {
                self.end(b"Excess Flood");
            }
        }
        self.settle(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        cx.close();
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        self.now = cx.now;
        if timer == SAY {
            self.say_what_is_due(cx);
        } else if cx.now < self.heard + PING_AFTER {
            cx.effects.push(Effect::Timer { id: PING, at: self.heard + PING_AFTER });
        } else if self.pinged {
            self.end(format!("Ping timeout: {} seconds", PONG_WITHIN.as_secs()).as_bytes());
        } else {
            self.pinged = true;
            self.bare(&format!("PING :{}", self.server));
            cx.effects.push(Effect::Timer { id: PING, at: cx.now + PONG_WITHIN });
        }
        self.settle(cx);
    }

    fn on_fetched(&mut self, _cx: &mut Context<'_>, _fetch: FetchId, _fetched: Fetched) {}

    /// A password is told with the nickname, which may never have come.
    fn on_close(&mut self, cx: &mut Context<'_>) {
        if let Some(password) = self.client.password.take() {
            let nick = self.client.nick.clone();
            self.login(cx, &nick, &password, None);
        }
    }
}

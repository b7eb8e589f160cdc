//! What is said: to channels, to people, to services; and what a script has to say to it.

use super::message::Message;
use super::people::{Person, service_of};
use super::rooms::{is_channel, targets};
use super::script::fill;
use super::session::{Due, Served};
use crate::clock::Clock;
use crate::limits::DETAIL_BYTES;
use std::sync::Arc;
use ukai_emulators::Context;
use ukai_model::{EventKind, PeerText};

/// Delimiter of CTCP, which asks programs rather than people.
const CTCP: u8 = 1;

/// A request or answer of CTCP in a text: its word, and the rest.
fn ctcp(text: &[u8]) -> Option<(String, &[u8])> {
    let inner = text.strip_prefix(&[CTCP])?;
    let inner = inner.strip_suffix(&[CTCP]).unwrap_or(inner);
    let end = inner.iter().position(|byte| *byte == b' ').unwrap_or(inner.len());
    let (word, rest) = inner.split_at(end);
    let word = String::from_utf8_lossy(word.get(..16).unwrap_or(word)).to_ascii_uppercase();
    Some((word, rest.get(1..).unwrap_or_default()))
}

impl Served {
    /// Carries out a command by which something is said; whether it is one.
    pub(super) fn talk_command(&mut self, cx: &mut Context<'_>, message: &Message) -> bool {
        if let Some(service) = service_of(message) {
            let mut text = message.rest.clone();
            if message.command == "IDENTIFY" {
                text = [b"IDENTIFY ".as_slice(), &text].concat();
            }
            self.told_to(cx, service, &text);
            self.service(cx, service, &text);
            return true;
        }
        let command = message.command.as_str();
        if !matches!(command, "PRIVMSG" | "NOTICE" | "TAGMSG" | "SQUERY") {
            return false;
        }
        let text = message.parameters.get(1).filter(|text| !text.is_empty());
        match (message.get(0), text) {
            _ if command == "TAGMSG" => {}
            (None, _) => {
                self.numeric(411, &[], Some(format!("No recipient given ({command})").as_bytes()));
            }
            (_, None) => self.reply(412, "No text to send"),
            (Some(names), Some(text)) => {
                for name in targets(names) {
                    self.told_to(cx, name, text);
                    self.heard_by(cx, name, text, command != "NOTICE");
                }
            }
        }
        true
    }

    /// Tells that the client said something.
    fn told_to(&mut self, cx: &mut Context<'_>, target: &[u8], text: &[u8]) {
        let from = self.client.nick.clone();
        self.tell(cx, &from, target, text, true);
    }

    fn tell(&mut self, cx: &mut Context<'_>, from: &[u8], target: &[u8], text: &[u8], sent: bool) {
        self.told.record(
            cx,
            EventKind::ChatMessage {
                protocol: "irc".to_owned(),
                from: PeerText::truncated(from, DETAIL_BYTES),
                target: PeerText::truncated(target, DETAIL_BYTES),
                text: PeerText::truncated(text, DETAIL_BYTES),
                sent,
            },
        );
    }

    /// What comes of something said; `ask` for what may be answered (RFC 2812, 3.3.2).
    fn heard_by(&mut self, cx: &mut Context<'_>, name: &[u8], text: &[u8], ask: bool) {
        if let Some((word, rest)) = ctcp(text) {
            match word.as_str() {
                "DCC" => self.told.request(cx, "DCC", rest),
                "ACTION" => {}
                "VERSION" if !ask => self.told.record(
                    cx,
                    EventKind::ClientFingerprint {
                        method: "ctcp-version".to_owned(),
                        value: PeerText::truncated(rest, DETAIL_BYTES).to_string(),
                        software: Some(PeerText::truncated(rest, DETAIL_BYTES)),
                    },
                ),
                _ if ask && !is_channel(name) => self.program_answers(name, &word, rest),
                _ => {}
            }
            return;
        }
        let services = [b"NickServ".as_slice(), b"ChanServ"];
        let bare = name.split(|byte| *byte == b'@').next().unwrap_or_default();
        if let Some(service) = services.into_iter().find(|known| known.eq_ignore_ascii_case(bare)) {
            if ask {
                self.service(cx, service, text);
            }
        } else if ask {
            self.script_answers(name, text);
        }
    }

    /// Somebody's program answers a request of CTCP.
    fn program_answers(&mut self, name: &[u8], word: &str, rest: &[u8]) {
        if self.is_client(name) {
            return;
        }
        let answer = match word {
            "VERSION" => b"mIRC v7.72".to_vec(),
            "PING" => rest.to_vec(),
            "TIME" => Clock::default().text(self.now).into_bytes(),
            _ => return,
        };
        let mask = Person::of(&self.place, name).mask();
        let text = [b"\x01", word.as_bytes(), b" ", &answer, b"\x01"].concat();
        let nick = self.client.nick.clone();
        self.say(&mask, "NOTICE", &[&nick], Some(&text));
    }

    /// Services of the network. Whoever identifies with a password has the right one.
    fn service(&mut self, cx: &mut Context<'_>, service: &[u8], text: &[u8]) {
        let words: Vec<&[u8]> =
            text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
        let nick = self.client.nick.clone();
        let command = words.first().copied().unwrap_or_default().to_ascii_uppercase();
        let answer: Vec<u8> = match (command.as_slice(), words.get(1..).unwrap_or_default()) {
            (b"IDENTIFY" | b"ID" | b"LOGIN", [given @ .., password]) if !password.is_empty() => {
                let account = given.first().copied().unwrap_or(&nick).to_vec();
                self.login(cx, &account, password, Some("nickserv"));
                self.logged_in(&account);
                b"You are now identified for your nickname.".to_vec()
            }
            (b"REGISTER", [password, ..]) => {
                self.login(cx, &nick, password, Some("nickserv-register"));
                b"Your nickname is now registered.".to_vec()
            }
            (b"GHOST" | b"RECOVER" | b"RELEASE", [other, rest @ ..]) => {
                if let Some(password) = rest.first() {
                    self.login(cx, other, password, Some("nickserv"));
                }
                b"Ghost with your nick has been killed.".to_vec()
            }
            _ => [b"Unknown command. Type /msg ", service, b" HELP for help."].concat(),
        };
        let mask = self.service_mask(service);
        self.say(&mask, "NOTICE", &[&nick], Some(&answer));
    }

    fn service_mask(&self, service: &[u8]) -> Vec<u8> {
        let domain = self.server.split_once('.').map_or(self.server.as_str(), |(_, rest)| rest);
        [service, b"!services@services.", domain.as_bytes()].concat()
    }

    /// Who asks newcomers for their software.
    pub(super) fn stats_service(&self) -> Vec<u8> {
        self.service_mask(b"StatServ")
    }

    fn script_answers(&mut self, name: &[u8], text: &[u8]) {
        let script = Arc::clone(&self.script);
        for reply in script.on.iter().filter(|reply| reply.pattern.matches(text)) {
            for say in &reply.say {
                let (say, private) = (say.clone(), reply.private);
                // At once, but by the timer: it is said after what is being answered.
                self.later(Due { at: self.now, channel: name.to_vec(), say, private });
            }
        }
    }

    /// The operator says a line of the script: in the channel, or to the client alone. In a
    /// private talk, whoever the client talked to says it.
    pub(super) fn say_line(
        &mut self,
        cx: &mut Context<'_>,
        place: &[u8],
        say: &str,
        private: bool,
    ) {
        let nick = self.client.nick.clone();
        let text = fill(say, &nick, place);
        let (speaker, target) = if is_channel(place) {
            // Whoever has left hears nothing more.
            let Some(at) = self.joined(place) else { return };
            let Some(operator) = self.channels[at].operator(&nick) else { return };
            let target = if private { nick.clone() } else { self.channels[at].name.clone() };
            (operator.to_vec(), target)
        } else {
            (place.to_vec(), nick.clone())
        };
        let mask = Person::of(&self.place, &speaker).mask();
        self.say(&mask, "PRIVMSG", &[&target], Some(&text));
        self.tell(cx, &speaker, &target, &text, false);
    }
}

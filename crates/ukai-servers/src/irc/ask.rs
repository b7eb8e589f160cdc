//! Questions about people and about the server.

use super::message::Message;
use super::people::{self, Person, public_channels};
use super::rooms::{is_channel, targets};
use super::session::Served;
use crate::chance::Chance;
use crate::clock::written;
use crate::limits::IRC_TARGETS;
use ukai_emulators::Context;
use ukai_model::Timestamp;

const VERSION: &str = "IDENT+IPv6+IRCPLUS+PAM+SSL+SYSLOG+ZLIB-x86_64/pc/linux-gnu";
/// What the server says of itself.
const ABOUT: &[u8] = b"Internet Relay Chat";

impl Served {
    /// Answers a question; whether it is one.
    pub(super) fn question(&mut self, cx: &mut Context<'_>, message: &Message) -> bool {
        let (first, second) = (message.get(0), message.get(1));
        let command = message.command.as_str();
        match (command, first) {
            ("WHOIS" | "WHOWAS" | "ISON" | "USERHOST", None) => self.too_few(command),
            ("WHO", who) => self.who(who),
            // With two parameters the first is a server.
            ("WHOIS", Some(first)) => self.whois(second.unwrap_or(first)),
            ("WHOWAS", Some(nick)) => {
                self.numeric(406, &[nick], Some(b"There was no such nickname"));
                self.numeric(369, &[nick], Some(b"End of WHOWAS list"));
            }
            ("ISON", Some(_)) => self.is_on(&message.parameters),
            ("USERHOST", Some(_)) => self.userhost(&message.parameters),
            ("AWAY", text) => {
                self.client.away = text.is_some();
                if self.client.away {
                    self.reply(306, "You have been marked as being away");
                } else {
                    self.reply(305, "You are no longer marked as being away");
                }
            }
            ("OPER", Some(name)) if second.is_some() => {
                self.login(cx, name, second.unwrap_or_default(), Some("oper"));
                self.oper();
            }
            ("OPER", _) => self.too_few("OPER"),
            ("LUSERS", _) => self.users(),
            ("MOTD", _) => self.motd(),
            ("VERSION", _) => {
                let server = self.server.clone();
                self.numeric(351, &[b"ngIRCd-26.1.", server.as_bytes()], Some(VERSION.as_bytes()));
                self.supported();
            }
            ("TIME", _) => {
                let (server, now) = (self.server.clone(), self.now);
                let text = written(now, "%A %B %d %Y -- %H:%M UTC");
                self.numeric(391, &[server.as_bytes()], Some(text.as_bytes()));
            }
            ("ADMIN", _) => self.admin(),
            ("INFO", _) => self.info(),
            ("STATS", letter) => self.stats(letter),
            ("LINKS", _) => {
                let server = self.server.clone();
                let name = server.as_bytes();
                self.numeric(364, &[name, name], Some(&[b"0 ", ABOUT].concat()));
                self.numeric(365, &[b"*"], Some(b"End of LINKS list"));
            }
            ("SUMMON", _) => self.reply(445, "SUMMON has been disabled"),
            ("USERS", _) => self.reply(446, "USERS has been disabled"),
            (
                "WALLOPS" | "KILL" | "REHASH" | "DIE" | "RESTART" | "CONNECT" | "SQUIT" | "GLINE"
                | "KLINE" | "DISCONNECT",
                _,
            ) => self.reply(481, "Permission denied"),
            _ => return false,
        }
        true
    }

    /// When the server was started.
    pub(super) fn begun(&self) -> Timestamp {
        people::begun(&self.place, self.opened)
    }

    fn who(&mut self, mask: Option<&[u8]>) {
        let mask = mask.unwrap_or(b"*");
        let mut rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = Vec::new();
        let channels = match mask {
            mask if is_channel(mask) => vec![self.look(mask)],
            b"*" | b"0" => self.channels.clone(),
            mask => {
                rows.push((b"*".to_vec(), mask.to_vec(), Vec::new()));
                Vec::new()
            }
        };
        for channel in channels {
            for member in &channel.members {
                rows.push((channel.name.clone(), member.nick.clone(), member.signs(false)));
            }
        }
        for (channel, nick, signs) in rows {
            let server = self.server.clone();
            let (user, host, real, away) = self.identity(&nick);
            let here = [if away { b"G" } else { b"H" }, signs.as_slice()].concat();
            let real = [b"0 ", real.as_slice()].concat();
            self.numeric(
                352,
                &[&channel, &user, host.as_bytes(), server.as_bytes(), &nick, &here],
                Some(&real),
            );
        }
        self.numeric(315, &[mask], Some(b"End of WHO list"));
    }

    /// User name, host, real name, and whether they are away.
    fn identity(&self, nick: &[u8]) -> (Vec<u8>, String, Vec<u8>, bool) {
        if self.is_client(nick) {
            let user = [b"~", self.client.user.as_slice()].concat();
            return (user, self.host.clone(), self.client.real.clone(), self.client.away);
        }
        let person = Person::of(&self.place, nick);
        (person.user.into_bytes(), person.host, person.real.as_bytes().to_vec(), false)
    }

    fn whois(&mut self, nicks: &[u8]) {
        let nicks: Vec<Vec<u8>> = targets(nicks).map(<[u8]>::to_vec).collect();
        for nick in &nicks {
            let (user, host, real, _) = self.identity(nick);
            self.numeric(311, &[nick, &user, host.as_bytes(), b"*"], Some(&real));
            let server = self.server.clone();
            self.numeric(312, &[nick, server.as_bytes()], Some(ABOUT));
            let mut shared = Vec::new();
            for channel in &mut self.channels {
                if let Some(member) = channel.member(nick) {
                    shared.extend(member.signs(false));
                    shared.extend(&channel.name);
                    shared.push(b' ');
                }
            }
            if shared.pop().is_some() {
                self.numeric(319, &[nick], Some(&shared));
            }
            let (idle, since) = if self.is_client(nick) {
                if self.client.modes.contains(&b'o') {
                    self.numeric(313, &[nick], Some(b"is an IRC operator"));
                }
                (self.now.since(self.opened).as_secs().min(60), self.opened.secs())
            } else {
                let idle = Person::of(&self.place, nick).idle_secs;
                (idle, self.now.secs().saturating_sub(idle * 3))
            };
            let (idle, since) = (idle.to_string(), since.to_string());
            let middle = [nick.as_slice(), idle.as_bytes(), since.as_bytes()];
            self.numeric(317, &middle, Some(b"seconds idle, signon time"));
            self.numeric(318, &[nick], Some(b"End of WHOIS list"));
        }
    }

    /// Whoever is asked for is there.
    fn is_on(&mut self, asked: &[Vec<u8>]) {
        let words = asked.iter().flat_map(|nicks| nicks.split(|byte| *byte == b' '));
        let nicks: Vec<&[u8]> = words.filter(|n| !n.is_empty()).take(IRC_TARGETS).collect();
        self.numeric(303, &[], Some(&nicks.join(&b' ')));
    }

    fn userhost(&mut self, asked: &[Vec<u8>]) {
        let mut found: Vec<Vec<u8>> = Vec::new();
        // Five at most (RFC 2812, 4.8).
        for nick in asked.iter().take(5) {
            let (user, host, _, away) = self.identity(nick);
            let here: &[u8] = if away { b"=-" } else { b"=+" };
            found.push([nick, here, &user, b"@", host.as_bytes()].concat());
        }
        self.numeric(302, &[], Some(&found.join(&b' ')));
    }

    /// The password was right, as all are.
    fn oper(&mut self) {
        let nick = self.shown_nick();
        self.client.modes.insert(b'o');
        self.server_says("MODE", &[&nick], Some(b"+o"));
        self.reply(381, "You are now an IRC Operator");
    }

    /// `LUSERS`, which also stands in the welcome.
    pub(super) fn users(&mut self) {
        let mut chance = Chance::new(6, &self.place);
        let users = chance.between(40, 900);
        let most = users + chance.between(10, 200);
        let came = most * chance.between(9, 60);
        let channels = self.channels.len() + public_channels(&self.place).len() + 12;
        self.reply(251, &format!("There are {users} users and 0 services on 1 servers"));
        self.numeric(252, &[b"2"], Some(b"operator(s) online"));
        self.numeric(254, &[channels.to_string().as_bytes()], Some(b"channels formed"));
        self.reply(255, &format!("I have {users} users, 0 services and 0 servers"));
        for (number, whose) in [(265, "local"), (266, "global")] {
            let text = format!("Current {whose} users: {users}, Max: {most}");
            let counts = [users.to_string(), most.to_string()];
            let middle = [counts[0].as_bytes(), counts[1].as_bytes()];
            self.numeric(number, &middle, Some(text.as_bytes()));
        }
        self.reply(250, &format!("Highest connection count: {most} ({came} connections received)"));
    }

    /// The message of the day, which ends the welcome: many bots join when it is over.
    pub(super) fn motd(&mut self) {
        let server = self.server.clone();
        self.reply(375, &format!("- {server} message of the day"));
        let script = std::sync::Arc::clone(&self.script);
        if script.motd.is_empty() {
            self.reply(372, &format!("- Welcome to {server}"));
        }
        for line in &script.motd {
            self.reply(372, &format!("- {line}"));
        }
        self.reply(376, "End of MOTD command");
    }

    fn admin(&mut self) {
        let server = self.server.clone();
        self.numeric(256, &[server.as_bytes()], Some(b"Administrative info"));
        for (number, text) in [(257, server.as_str()), (258, ""), (259, "")] {
            self.reply(number, text);
        }
    }

    fn info(&mut self) {
        let begun = written(self.begun(), "%a %b %d %Y at %H:%M:%S (UTC)");
        self.reply(371, &format!("ngIRCd 26.1-{VERSION}"));
        self.reply(371, "Birth Date: Wed May 01 2024 at 10:00:00 (UTC)");
        self.reply(371, &format!("On-line since {begun}"));
        self.reply(374, "End of INFO list");
    }

    fn stats(&mut self, letter: Option<&[u8]>) {
        let letter = letter.and_then(|letter| letter.get(..1)).unwrap_or(b"*");
        if letter == b"u" {
            let up = self.now.since(self.begun()).as_secs();
            let (days, hours, minutes) = (up / 86_400, up / 3_600 % 24, up / 60 % 60);
            let text = format!("Server Up {days} days {hours}:{minutes:02}:{:02}", up % 60);
            self.reply(242, &text);
        }
        self.numeric(219, &[letter], Some(b"End of STATS report"));
    }
}

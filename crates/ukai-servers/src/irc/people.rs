//! The other users: who is in a channel, and what there is to know of anybody. It follows
//! from the server's address and the names, so that a bot that comes back finds the same.

use super::message::Message;
use crate::chance::Chance;
use ukai_model::Timestamp;

const WEEK_SECS: u64 = 7 * 86_400;

const WORDS: [&str; 40] = [
    "ghost", "neo", "dark", "zero", "raven", "spike", "luna", "viper", "frost", "echo", "nova",
    "pixel", "rogue", "storm", "wolf", "blade", "acid", "byte", "cobra", "delta", "ember", "fuzz",
    "glitch", "haze", "iris", "jinx", "karma", "lynx", "moss", "nyx", "onyx", "pulse", "quark",
    "rust", "sable", "tux", "umbra", "vex", "wisp", "zed",
];
const ENDS: [&str; 10] = ["", "_", "^", "01", "99", "x", "|afk", "`", "23", "er"];
const NAMES: [&str; 12] = [
    "Alex", "Marco", "J.", "realname", "Unknown", "Nick", "Dmitri", "Sofia", "Jan", "Tom", "...",
    "purple",
];

/// Somebody who is not the bot.
pub(super) struct Person {
    pub(super) nick: Vec<u8>,
    pub(super) user: String,
    pub(super) host: String,
    pub(super) real: &'static str,
    /// Seconds since they said anything.
    pub(super) idle_secs: u64,
}

impl Person {
    /// Whoever has that nickname at that place.
    pub(super) fn of(place: &str, nick: &[u8]) -> Self {
        let lower = String::from_utf8_lossy(nick).to_ascii_lowercase();
        let mut chance = Chance::new(Chance::new(0, place).number(), &lower);
        let user: String = lower.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let part = |chance: &mut Chance| format!("{:08X}", chance.number() as u32);
        Self {
            nick: nick.to_vec(),
            user: format!("~{}", if user.is_empty() { "user" } else { &user }),
            // A cloak, so that it is nobody's address.
            host: format!("{}.{}.{}.IP", part(&mut chance), part(&mut chance), part(&mut chance)),
            real: chance.pick(&NAMES),
            idle_secs: chance.between(5, 20_000),
        }
    }

    /// As the source of a message.
    pub(super) fn mask(&self) -> Vec<u8> {
        [&self.nick, b"!".as_slice(), self.user.as_bytes(), b"@", self.host.as_bytes()].concat()
    }
}

/// Who is in a channel: nicknames, all different, the operator first.
pub(super) fn crowd(place: &str, channel: &[u8]) -> Vec<Vec<u8>> {
    let lower = String::from_utf8_lossy(channel).to_ascii_lowercase();
    let mut chance = Chance::new(Chance::new(1, place).number(), &lower);
    let mut nicks: Vec<Vec<u8>> = Vec::new();
    for _ in 0..chance.between(4, 10) {
        let nick = format!("{}{}", chance.pick(&WORDS), chance.pick(&ENDS)).into_bytes();
        if !nicks.contains(&nick) {
            nicks.push(nick);
        }
    }
    nicks
}

/// Channels that the server lists besides the bot's own, with how many are in them.
pub(super) fn public_channels(place: &str) -> Vec<(&'static [u8], usize)> {
    let all: [&[u8]; 8] =
        [b"#lobby", b"#help", b"#chat", b"#linux", b"#music", b"#games", b"#trade", b"#dev"];
    let mut chance = Chance::new(2, place);
    all.into_iter()
        .filter(|_| chance.between(0, 2) == 0)
        .map(|name| (name, crowd(place, name).len()))
        .collect()
}

/// A name for the server at that place.
pub(super) fn server_name(place: &str) -> String {
    let mut chance = Chance::new(3, place);
    let (first, second) = (chance.pick(&WORDS), chance.pick(&WORDS));
    format!("irc.{first}{second}.net")
}

/// When the server at that place was started: some weeks ago, and the same for all who come
/// within those weeks.
pub(super) fn begun(place: &str, now: Timestamp) -> Timestamp {
    let weeks = Chance::new(4, place).between(3 * WEEK_SECS, 12 * WEEK_SECS);
    let offset = Chance::new(5, place).between(0, weeks);
    Timestamp::from_secs(now.secs().saturating_sub((now.secs() + offset) % weeks))
}

/// Whether it can be a nickname (RFC 2812, 2.3.1; digits lead too, as many networks allow).
pub(super) fn is_nick(nick: &[u8], bytes: usize) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"[]\\`_^{|}-~.".contains(byte);
    !nick.is_empty() && nick.len() <= bytes && nick.iter().all(fits) && nick[0] != b'-'
}

/// Whether a message asks one of the services for it, under its own command.
pub(super) fn service_of(message: &Message) -> Option<&'static [u8]> {
    match message.command.as_str() {
        "NS" | "NICKSERV" | "IDENTIFY" => Some(b"NickServ"),
        "CS" | "CHANSERV" => Some(b"ChanServ"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Person, crowd, is_nick, public_channels, server_name};

    #[test]
    fn the_same_people_are_found_again() {
        let nicks = crowd("192.0.2.1", b"#Bots");
        assert_eq!(nicks, crowd("192.0.2.1", b"#bots"));
        assert_ne!(nicks, crowd("192.0.2.1", b"#other"));
        assert!((2..=10).contains(&nicks.len()));
        for nick in &nicks {
            assert!(is_nick(nick, 30), "{}", String::from_utf8_lossy(nick));
            assert_eq!(Person::of("a", nick).mask(), Person::of("a", nick).mask());
        }
        assert_eq!(server_name("a"), server_name("a"));
        assert_ne!(server_name("a"), server_name("b"));
        assert!((0..50).any(|at| !public_channels(&at.to_string()).is_empty()));
    }
}

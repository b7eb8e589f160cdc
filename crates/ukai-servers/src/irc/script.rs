//! What an operator wants said to the bots that come: harmless commands, answers.

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer};

/// Largest compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// What the server says of its own accord. The empty one says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IrcScript {
    /// The server's name, as `irc.example.net`; none: one is made up for the address.
    pub server: Option<String>,
    /// Message of the day, by lines; none: a short one is made up.
    pub motd: Vec<String>,
    /// Topic of each channel. Many bots take it for a command.
    pub topic: Option<String>,
    /// Nicknames of those who are in each channel, the operator first; none: they are made
    /// up for the channel.
    pub users: Vec<String>,
    /// Answers to what a bot says.
    pub on: Vec<IrcReply>,
    /// What the operator says in a channel some time after the bot has joined it.
    pub after: Vec<IrcLater>,
}

/// An answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IrcReply {
    /// What the bot's text must contain.
    #[serde(rename = "match")]
    pub pattern: IrcPattern,
    /// Lines that the operator says where the bot said it. `{nick}` and `{channel}` stand for
    /// the bot's nickname and the channel.
    pub say: Vec<String>,
    /// Whether they are said to the bot alone.
    #[serde(default)]
    pub private: bool,
}

/// Something said later.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IrcLater {
    /// Seconds from the bot's joining.
    pub seconds: u64,
    /// What the operator says then, with the same placeholders.
    pub say: String,
    /// Whether it is said to the bot alone.
    #[serde(default)]
    pub private: bool,
}

/// A regular expression (syntax of the crate `regex`) that may match anywhere in a text.
#[derive(Clone, Debug)]
pub struct IrcPattern(Regex);

impl IrcPattern {
    /// Compiles one.
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build().map(Self)
    }

    pub(super) fn matches(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for IrcPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A line of the script, for this bot and channel, fit to stand in one message.
pub(super) fn fill(line: &str, nick: &[u8], channel: &[u8]) -> Vec<u8> {
    let filled = line
        .replace("{nick}", &String::from_utf8_lossy(nick))
        .replace("{channel}", &String::from_utf8_lossy(channel));
    filled.into_bytes().into_iter().filter(|byte| !b"\r\n\0".contains(byte)).collect()
}

//! IRC (RFC 1459, RFC 2812, and of IRCv3 what clients negotiate: CAP 302 and SASL): a
//! server on which a bot registers, joins its channels with whatever keys, and waits.
//!
//! Answers are worded as ngIRCd 26.1 words them. Every password is right, every channel
//! exists with some people and one operator in it ([`people`]), and everybody who is asked
//! for is there. The server is more lenient than a real one in one thing: the newcomer may
//! do what takes an operator. Everything said is told, but nobody says anything to the bot
//! unless an [`IrcScript`] does. The files follow what a client does: it registers
//! ([`register`]), joins ([`rooms`]), talks ([`talk`]) and asks ([`ask`]).

mod ask;
mod channel;
mod message;
mod people;
mod register;
mod rooms;
mod script;
mod session;
mod talk;
#[cfg(test)]
mod tests;

pub use script::{IrcLater, IrcPattern, IrcReply, IrcScript};

use message::Message;
use session::Served;
use std::sync::Arc;
use ukai_emulators::{Emulator, Open, Session};

/// The IRC server, on TCP.
#[derive(Clone, Debug, Default)]
pub struct Irc {
    script: Arc<IrcScript>,
}

impl Irc {
    /// One that says what a script tells it to.
    pub fn new(script: IrcScript) -> Self {
        Self { script: Arc::new(script) }
    }
}

impl Emulator for Irc {
    fn name(&self) -> &'static str {
        "irc"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(Served::new(Arc::clone(&self.script), &open))
    }
}

/// Whether this is how a client of IRC begins. `USER` with one parameter is not: FTP and
/// POP3 have that.
pub fn looks_like_irc(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return false;
    };
    let Some(message) = bytes.get(..end).and_then(Message::parse) else { return false };
    match (message.command.as_str(), message.parameters.as_slice()) {
        ("NICK" | "PASS", [_, ..]) | ("USER", [_, _, _, _, ..]) => true,
        ("CAP", [first, ..]) => [&b"LS"[..], b"REQ", b"LIST"]
            .iter()
            .any(|subcommand| first.eq_ignore_ascii_case(subcommand)),
        _ => false,
    }
}

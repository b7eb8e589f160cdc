//! By what a Telnet client is known again: the order of its option commands.

use super::codec::{DO, DONT, WILL};
use crate::limits::FINGERPRINT_COMMANDS;
use std::fmt::Write as _;
use ukai_model::{EventKind, PeerText};

/// What a client said of options, in its order.
#[derive(Debug, Default)]
pub(super) struct Fingerprint {
    commands: Vec<(u8, u8)>,
    terminal: Option<Vec<u8>>,
    told: bool,
}

/// Stands for a subnegotiation in the list of commands.
const SUB: u8 = super::codec::SB;

impl Fingerprint {
    /// An option command came.
    pub(super) fn negotiate(&mut self, verb: u8, option: u8) {
        if !self.told && self.commands.len() < FINGERPRINT_COMMANDS {
            self.commands.push((verb, option));
        }
    }

    /// A subnegotiation came.
    pub(super) fn sub(&mut self, option: u8) {
        self.negotiate(SUB, option);
    }

    /// The client named its terminal (RFC 1091).
    pub(super) fn terminal(&mut self, name: &[u8]) {
        if self.terminal.is_none() {
            self.terminal = Some(name.to_vec());
        }
    }

    /// The event, once, if there is anything to tell. Clients that negotiate nothing
    /// (most loaders) are known by just that.
    pub(super) fn event(&mut self) -> Option<EventKind> {
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        let mut value = String::with_capacity(self.commands.len() * 8);
        for (verb, option) in self.commands.drain(..) {
            if !value.is_empty() {
                value.push(',');
            }
            let word = match verb {
                WILL => "will",
                DO => "do",
                DONT => "dont",
                SUB => "sb",
                _ => "wont",
            };
            let _ = write!(value, "{word}-{option}");
        }
        if value.is_empty() {
            value.push_str("none");
        }
        Some(EventKind::ClientFingerprint {
            method: "telnet-options".to_owned(),
            value,
            software: self.terminal.take().map(PeerText::new),
        })
    }
}

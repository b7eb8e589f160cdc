//! Telnet (RFC 854, 855, 1143) as devices speak it: options in the persona's order, the
//! log-in dialogue, a vendor's command line where there is one, then the shell.
//!
//! Emulated from BusyBox' `telnetd` and `login` and from inetutils' `telnetd`; what
//! differs between devices is in the persona's `[telnet]` table. What Mirai's and
//! Gafgyt's loaders expect works: those that send all without negotiating, and those
//! that wait for `IAC DO NAWS` first.

mod busybox;
mod codec;
mod fingerprint;
mod ladder;
mod line;
mod login;
mod opening;
mod options;
mod session;
mod terminal;

use crate::{Emulator, Open, Session};
use ukai_persona::Persona;

/// The Telnet emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Telnet;

impl Emulator for Telnet {
    fn name(&self) -> &'static str {
        "telnet"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.telnet.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(session::TelnetSession::new(open))
    }
}

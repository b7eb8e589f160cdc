//! SMTP (RFC 5321, 1870, 2920, 3030, 3207, 4954, 6152) as Postfix 3.7 of Debian 12 speaks
//! it, configured as an open relay: whoever comes may send, everything is kept, nothing
//! is delivered.
//!
//! Texts, order and counting are those of smtpd/smtpd.c and of a running Postfix 3.7.11;
//! the SASL server behind it is Dovecot's.

mod session;
mod words;

use crate::{Emulator, Open, Session};
use ukai_persona::Persona;

/// The SMTP emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smtp;

impl Emulator for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.mail.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        if open.host.persona.mail.is_none() {
            return Box::new(crate::raw::RawSession::default());
        }
        Box::new(session::SmtpSession::new(open))
    }
}

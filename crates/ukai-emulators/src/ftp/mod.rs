//! FTP (RFC 959, 2228, 2389, 2428, 3659, 4217) as vsftpd 3.0.3, ProFTPD 1.3.8 or BusyBox'
//! `ftpd` speak it: their texts are data (`personas/ftp/`), the verbs are here.
//!
//! A session works on the attacker's disk with the rights of the account that logged in.
//! Data connections are side streams: only the session's own peer is ever at their other
//! end. What is uploaded is a sample. Commands that come during a transfer wait for it,
//! as the real servers do that do not watch for `ABOR`.

mod data;
mod files;
mod line;
mod listing;
mod session;
mod talk;

use crate::{Emulator, Open, Session};
use ukai_persona::Persona;

/// The FTP emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ftp;

impl Emulator for Ftp {
    fn name(&self) -> &'static str {
        "ftp"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.ftp.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        match session::FtpSession::new(open) {
            Some(session) => Box::new(session),
            None => Box::new(crate::raw::RawSession::default()),
        }
    }
}

//! TFTP (RFC 1350, 2347, 2348, 2349, 7440) as tftpd-hpa serves it, with creation of files
//! allowed: what is written is a sample, what is read comes from the disk that the
//! attacker sees.
//!
//! A source address may be forged: a request is answered by one block, sent again only a
//! few times, and never by a larger window.

mod packet;
mod session;

use crate::{Emulator, Open, Session};

/// The TFTP emulator, on flows of datagrams.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tftp;

impl Emulator for Tftp {
    fn name(&self) -> &'static str {
        "tftp"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(session::TftpSession::new(open))
    }
}

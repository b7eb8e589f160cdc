//! SMB ([MS-CIFS], [MS-SMB], [MS-SMB2]) as a Windows server of the 2008 R2 kind that lets
//! everybody in as a guest: what is agreed on and who logs in (with what proves the
//! password) is recorded, shares are there whatever they are called, and files that are
//! written to them are samples. Pipes, and so remote procedures, are not there.

mod files;
mod names;
mod one;
mod session;
mod two;

use ukai_emulators::{Emulator, Open, Session};

/// The server, with or without NetBIOS' session service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smb;

impl Smb {
    /// Whether a client's first bytes are SMB, or ask NetBIOS for a session.
    pub fn looks_like(bytes: &[u8]) -> bool {
        matches!(
            bytes,
            [0, _, _, _, 0xfe | 0xff, b'S', b'M', b'B', ..] | [0x81, 0, 0, 0x44, 0x20, ..]
        )
    }
}

impl Emulator for Smb {
    fn name(&self) -> &'static str {
        "smb"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(session::SmbSession::new(&open))
    }
}

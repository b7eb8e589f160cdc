//! SSH as OpenSSH and Dropbear serve it: log-ins, shells, commands, files and tunnels.
//!
//! The wire is `ukai-ssh`'s; what a device allows is the persona's `[ssh]` table. Tunnels
//! lead to emulated services inside the session (`tunnel.rs`), never to a socket.

mod auth;
mod channel;
mod effects;
mod greeting;
mod keys;
mod request;
mod session;
mod sftp;
mod terminal;
mod tunnel;

pub use sftp::Sftp;

use crate::{Emulator, Open, Raw, Session};
use ukai_persona::{Host, Persona};

/// The SSH emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ssh;

impl Emulator for Ssh {
    fn name(&self) -> &'static str {
        "ssh"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.ssh.as_ref().is_some_and(|ssh| ukai_ssh::Profile::named(&ssh.profile).is_ok())
    }

    fn prepare(&self, host: &Host) {
        if let Some(profile) =
            host.persona.ssh.as_ref().and_then(|ssh| ukai_ssh::Profile::named(&ssh.profile).ok())
        {
            keys::host_keys(host, &profile).prepare();
        }
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        match session::SshSession::new(&open) {
            Some(session) => Box::new(session),
            None => Raw.open(open),
        }
    }
}

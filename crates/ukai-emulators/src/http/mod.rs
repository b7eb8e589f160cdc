//! HTTP/1.0 and 1.1 (RFC 9110, RFC 9112) as small devices' servers speak it.
//!
//! Emulated from Boa 0.94, GoAhead 2.1 and nginx 1.22 (`nginx.rs`, `partial.rs`); pages, error texts and header
//! order are the persona's (`[http]`). A request is kept whole; what is uploaded is a
//! sample; a command that a vulnerable page would run is run by `ukai-shell`. Paths
//! only look up data: nothing here reaches a file.
//!
//! `request.rs` takes the stream apart, `session.rs` says what happens to a request,
//! `answer.rs` puts the answer together, `injection.rs` finds what is meant for a shell.

mod answer;
mod fields;
mod injection;
mod nginx;
mod partial;
mod request;
mod session;
mod upload;

pub use upload::is_program;

use crate::raw::Raw;
use crate::{Emulator, Open, Session};
use ukai_persona::Persona;

/// The web server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Http;

impl Emulator for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.http.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        if open.host.persona.http.is_none() {
            return Raw.open(open);
        }
        Box::new(session::HttpSession::new(open))
    }
}

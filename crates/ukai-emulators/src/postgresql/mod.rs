//! PostgreSQL 15.18 as Debian 12 sets it up: the protocol's version 3 (chapter 55 of its
//! manual), SCRAM-SHA-256, and as much SQL as intruders use. Texts, fields and order are those
//! of a running server, which `tests/compare/postgresql.rs` starts.

mod backend;
mod copy;
mod objects;
mod out;
mod report;
mod run;
mod scram;
mod session;
mod sql;
mod startup;
mod state;

use crate::{Emulator, Open, Session};
use ukai_persona::Persona;

/// The PostgreSQL emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postgresql;

impl Emulator for Postgresql {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.postgresql.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        if open.host.persona.postgresql.is_none() {
            return Box::new(crate::raw::RawSession::default());
        }
        Box::new(session::PostgresqlSession::new(open))
    }
}

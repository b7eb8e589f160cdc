//! MySQL's protocol as MariaDB 10.11 of Debian 12 speaks it, with a server behind it that
//! has its tables, variables and error texts. What it answers is compared with a running
//! one; what it says of itself (version, variables, databases) is the persona's.
//!
//! `packet` frames, `handshake` greets and reads who comes, `session` keeps the
//! conversation; `lexer`, `expression`, `statement`, `show` and `table` are the SQL that
//! clients and bots use, and `disk` is what SQL does to files and functions.

mod column;
mod counter;
mod disk;
mod expression;
mod function;
mod handshake;
mod lexer;
mod packet;
mod session;
mod show;
mod state;
mod statement;
mod table;
mod variables;

use crate::{Emulator, Open, Session};
use ukai_persona::Persona;

/// The MySQL emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mysql;

impl Emulator for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.mysql.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        match session::MysqlSession::new(open) {
            Some(session) => Box::new(session),
            None => Box::new(crate::raw::RawSession::default()),
        }
    }
}

//! Protocol emulators as sessions without I/O: Telnet, SSH, FTP, mail, HTTP, Redis, raw, and the shape they share.
//!
//! An [`Emulator`] opens a [`Session`] per connection; a session takes bytes and ticks
//! and appends [`Effect`]s, which the driver carries out. Nothing here touches a
//! socket, a clock or a generator of its own, and nothing here decides what a fetch
//! means. What devices say is not here either: it is data, in `ukai-persona`.
//!
//! Start with [`shape`], then one protocol's folder; [`emulator`] finds them by name.

mod date;
mod detect;
mod ftp;
mod http;
mod imap;
mod injected;
pub mod limits;
pub mod login;
mod mail;
mod mongodb;
mod mysql;
mod pop3;
mod postgresql;
mod raw;
mod redis;
pub mod shape;
mod shell;
mod shell_effects;
mod smtp;
mod ssh;
mod telnet;
mod tftp;

pub use detect::Detect;
pub use ftp::Ftp;
pub use http::{Http, is_program};
pub use imap::Imap;
pub use mongodb::Mongodb;
pub use mysql::Mysql;
pub use pop3::Pop3;
pub use postgresql::Postgresql;
pub use raw::{Raw, Recognised, recognise};
pub use redis::Redis;
pub use shape::{
    Capture, Context, Effect, Emulator, Open, Session, SideEvent, SideId, SideStream, TimerId,
};
pub use shell::BareShell;
pub use smtp::Smtp;
pub use ssh::{Sftp, Ssh};
pub use telnet::Telnet;
pub use tftp::Tftp;
pub use ukai_shell::{FetchId, Fetched};

use std::sync::Arc;

/// The emulator of that name: `telnet`, `ssh`, `ftp`, `tftp`, `smtp`, `pop3`, `imap`, `mongodb`, `mysql`,
/// `postgresql`, `redis`, `shell`, `http`, `raw` or `detect`.
pub fn emulator(name: &str) -> Option<Arc<dyn Emulator>> {
    Some(match name {
        "telnet" => Arc::new(Telnet),
        "ftp" => Arc::new(Ftp),
        "smtp" => Arc::new(Smtp),
        "pop3" => Arc::new(Pop3),
        "imap" => Arc::new(Imap),
        "mongodb" => Arc::new(Mongodb::default()),
        "mysql" => Arc::new(Mysql),
        "postgresql" => Arc::new(Postgresql),
        "tftp" => Arc::new(Tftp),
        "shell" => Arc::new(BareShell),
        "ssh" => Arc::new(Ssh),
        "http" => Arc::new(Http),
        "redis" => Arc::new(Redis::default()),
        "raw" => Arc::new(Raw),
        "detect" => Arc::new(Detect),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;

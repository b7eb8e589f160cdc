//! Personas: what a host claims to be, read from data and made different for each address.
//!
//! A [`Persona`] is the template of a device: processor, kernel, accounts, files,
//! programs, Telnet dialogue, web pages. A [`Host`] is one address wearing it: host
//! name, hardware address, serial number, uptime, processes, which log-ins it takes.
//! A host is a pure function of (persona, address, secret), so it is the same after a
//! restart and differs from its neighbours.
//!
//! This crate answers no peer and interprets nothing: the shell gives life to the
//! files, the emulators to the dialogues. Start with [`Persona`], then [`Host`].

mod access;
mod canary;
mod draw;
mod error;
mod fill;
mod ftp;
mod guesses;
mod host;
mod http;
mod mail;
mod mongodb;
mod moving;
mod mysql;
mod outline;
mod persona;
mod policy;
mod postgresql;
mod redis;
mod services;
mod ssh;
mod system;
mod telnet;

pub use access::Attempt;
pub use canary::{Access, Canary};
pub use error::PersonaError;
pub use ftp::{FtpFile, FtpListing, FtpServer, FtpSpec};
pub use host::Host;
pub use http::{
    ErrorPage, FormAnswer, HttpDialect, HttpSpec, Injection, InjectionPoint, LoginForm, Page,
    ResponseShape,
};
pub use mail::MailSpec;
pub use mongodb::{MongodbSpec, MongodbValue};
pub use moving::{CPU_COLUMNS, Memory, Process};
pub use mysql::MysqlSpec;
pub use outline::Outline;
pub use persona::{Identity, Persona};
pub use policy::{
    After, Chance, Credential, CredentialSpec, Decision, PasswordClass, Rule, Verdict,
};
pub use postgresql::{PostgresqlRelation, PostgresqlSetting, PostgresqlSettings, PostgresqlSpec};
pub use redis::{REDIS_7_0, RedisSpec, RedisTexts};
pub use services::{Odds, Services};
pub use ssh::SshSpec;
pub use system::{
    BusyBox, Cpu, Device, DeviceKind, Directory, FileSpec, Kernel, Link, Machine, MemorySpec,
    Mount, ProcessSpec, Program, ShellFlavour, ShellSpec, Tree, User,
};
pub use telnet::{Ladder, OptionOffer, TelnetOption, TelnetProgram, TelnetSpec, Verb};

#[cfg(test)]
mod tests;

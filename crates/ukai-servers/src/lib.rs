//! The servers of the Internet that a sample looks for, as sessions without I/O: each
//! obliges whoever asks, records what was asked, and sends nothing anywhere.
//!
//! They have the shape of all emulators ([`ukai_emulators::shape`]) and so run wherever
//! those do. Unlike the honeypots' protocols, they are no particular host's: what they say
//! is data or is made from what was asked. Names and addresses are not decided here.
//!
//! Start with [`server`], which finds them by name, then one protocol's folder.

mod bittorrent;
mod chance;
mod clock;
pub mod dns;
mod finger;
pub mod http;
mod ident;
mod inside;
mod irc;
mod ldap;
pub mod limits;
mod lines;
mod mqtt;
mod ntlm;
mod ntp;
#[cfg(test)]
mod properties;
mod rdp;
pub mod replies;
mod simple;
mod small;
mod smb;
mod socks;
#[cfg(test)]
mod stage;
mod stratum;
mod stun;
mod syslog;
mod told;
mod tor;
mod wire;

pub use bittorrent::{Bittorrent, announce, scrape, tracker};
pub use finger::Finger;
pub use http::{Sites, Web, looks_like_http};
pub use ident::{Ident, looks_like_ident};
pub use irc::{Irc, IrcLater, IrcPattern, IrcReply, IrcScript, looks_like_irc};
pub use ldap::{Ldap, looks_like_ldap};
pub use mqtt::Mqtt;
pub use ntp::{Ntp, looks_like_ntp};
pub use rdp::Rdp;
pub use replies::Replies;
pub use small::{Chargen, Daytime, Discard, Echo, Quote, Time};
pub use smb::Smb;
pub use socks::{Behind, Socks};
pub use stratum::Stratum;
pub use stun::Stun;
pub use syslog::{Syslog, looks_like_syslog};
pub use tor::Tor;

use std::sync::Arc;
use ukai_emulators::Emulator;

/// The server of that name: `bittorrent`, `chargen`, `daytime`, `discard`, `echo`,
/// `finger`, `ident`, `irc`, `ldap`, `mqtt`, `ntp`, `quotd`, `rdp`, `replies`, `smb`,
/// `socks`, `stratum`, `stun`, `syslog`, `time`, `tor` or `web`.
pub fn server(name: &str) -> Option<Arc<dyn Emulator>> {
    Some(match name {
        "bittorrent" => Arc::new(Bittorrent),
        "chargen" => Arc::new(Chargen),
        "daytime" => Arc::new(Daytime::default()),
        "discard" => Arc::new(Discard),
        "echo" => Arc::new(Echo),
        "finger" => Arc::new(Finger),
        "ident" => Arc::new(Ident),
        "irc" => Arc::new(Irc::default()),
        "ldap" => Arc::new(Ldap),
        "mqtt" => Arc::new(Mqtt),
        "ntp" => Arc::new(Ntp::default()),
        "quotd" => Arc::new(Quote),
        "rdp" => Arc::new(Rdp),
        "replies" => Arc::new(Replies::default()),
        "smb" => Arc::new(Smb),
        "socks" => Arc::new(Socks::default()),
        "stratum" => Arc::new(Stratum),
        "stun" => Arc::new(Stun),
        "syslog" => Arc::new(Syslog),
        "time" => Arc::new(Time::default()),
        "tor" => Arc::new(Tor),
        "web" => Arc::new(Web::default()),
        _ => return None,
    })
}

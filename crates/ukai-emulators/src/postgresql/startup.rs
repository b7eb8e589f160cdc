//! What a client says first: `ProcessStartupPacket` of PostgreSQL 15.

use super::report::{Report, about};

/// Longest startup packet, in bytes (`MAX_STARTUP_PACKET_LENGTH`).
const PACKET_BYTES: usize = 10_000;
const ROUTINE: &str = "ProcessStartupPacket";

/// A first packet.
#[derive(Debug)]
pub(super) enum Packet {
    /// More bytes are needed.
    Incomplete,
    /// It is none: hung up on, without a word.
    Nonsense,
    Cancel,
    Ssl,
    Gss,
    Startup(Startup),
    /// Refused, in the words of protocol 3.
    Refused(Report),
    /// Refused, in those of protocol 2 and before.
    RefusedInOldWords(String),
}

/// Who wants what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Startup {
    pub(super) user: Vec<u8>,
    pub(super) database: Vec<u8>,
    pub(super) replication: bool,
    /// Settings, in order.
    pub(super) settings: Vec<(Vec<u8>, Vec<u8>)>,
    /// Options of the protocol that we do not know; `None` if nothing is to be negotiated.
    pub(super) unknown: Option<Vec<Vec<u8>>>,
}

/// Takes the first packet off `waiting`; a request for encryption counts only once.
pub(super) fn take(waiting: &mut Vec<u8>, ssl_done: bool, gss_done: bool) -> Packet {
    let Some(length) = waiting.first_chunk().map(|length| u32::from_be_bytes(*length)) else {
        return Packet::Incomplete;
    };
    let length = length as usize;
    if !(8..=PACKET_BYTES + 4).contains(&length) {
        return Packet::Nonsense;
    }
    if waiting.len() < length {
        return Packet::Incomplete;
    }
    let packet: Vec<u8> = waiting.drain(..length).collect();
    let Some((code, body)) = packet.get(4..).and_then(|rest| rest.split_first_chunk()) else {
        return Packet::Nonsense;
    };
    match u32::from_be_bytes(*code) {
        80_877_102 if length == 16 => Packet::Cancel,
        80_877_102 => Packet::Nonsense,
        80_877_103 if !ssl_done => Packet::Ssl,
        80_877_104 if !gss_done => Packet::Gss,
        code => read(code, body),
    }
}

fn read(code: u32, body: &[u8]) -> Packet {
    let (major, minor) = (code >> 16, code & 0xffff);
    if major != 3 {
        let message =
            format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0");
        if major < 3 {
            return Packet::RefusedInOldWords(message);
        }
        return refused("0A000", message, 2_222);
    }
    let mut startup = Startup::default();
    let mut unknown = Vec::new();
    let mut rest = body;
    while rest.first().is_some_and(|byte| *byte != 0) {
        let Some((name, after)) = string(rest) else { break };
        // A name at the very end has no value, and is not taken.
        let Some((value, after)) = string(after) else { break };
        rest = after;
        match name {
            b"user" => startup.user = value.to_vec(),
            b"database" => startup.database = value.to_vec(),
            b"replication" if value == b"database" => startup.replication = true,
            b"replication" => {
                let Some(wanted) = truth(value) else {
                    let message =
                        about("invalid value for parameter \"replication\": \"", value, "\"");
                    let source = ("postmaster.c", 2_286, ROUTINE);
                    return Packet::Refused(
                        Report::fatal("22023", message, source)
                            .hint("Valid values are: \"false\", 0, \"true\", 1, \"database\"."),
                    );
                };
                startup.replication = wanted;
            }
            _ if name.starts_with(b"_pq_.") => unknown.push(name.to_vec()),
            _ => startup.settings.push((name.to_vec(), value.to_vec())),
        }
    }
    if rest.len() != 1 {
        let message = "invalid startup packet layout: expected terminator as last byte";
        return refused("08P01", message, 2_334);
    }
    if minor > 0 || !unknown.is_empty() {
        startup.unknown = Some(unknown);
    }
    if startup.user.is_empty() {
        return refused("28000", "no PostgreSQL user name specified in startup packet", 2_351);
    }
    startup.user.truncate(63);
    if startup.database.is_empty() {
        startup.database.clone_from(&startup.user);
    }
    startup.database.truncate(63);
    Packet::Startup(startup)
}

fn refused(code: &'static str, message: impl Into<Vec<u8>>, line: u32) -> Packet {
    Packet::Refused(Report::fatal(code, message, ("postmaster.c", line, ROUTINE)))
}

/// A string up to its NUL; at the end of the packet, one is there although not sent.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.is_empty() {
        return None;
    }
    Some(match memchr::memchr(0, bytes) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    })
}

/// A boolean in any of PostgreSQL's ways.
pub(super) fn truth(value: &[u8]) -> Option<bool> {
    let lower = value.to_ascii_lowercase();
    let begins = |word: &[u8], least: usize| lower.len() >= least && word.starts_with(&lower);
    match () {
        () if lower == b"1" || begins(b"true", 1) || begins(b"yes", 1) || begins(b"on", 2) => {
            Some(true)
        }
        () if lower == b"0" || begins(b"false", 1) || begins(b"no", 1) || begins(b"off", 2) => {
            Some(false)
        }
        () => None,
    }
}

//! Telnet's framing (RFC 854, RFC 855): data, commands, options, subnegotiations.

use super::busybox::Busybox;
use crate::limits::SUBNEGOTIATION_BYTES;
use bytes::Bytes;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

pub(super) const IAC: u8 = 255;
pub(super) const DONT: u8 = 254;
pub(super) const DO: u8 = 253;
pub(super) const WONT: u8 = 252;
pub(super) const WILL: u8 = 251;
pub(super) const SB: u8 = 250;
pub(super) const EL: u8 = 248;
pub(super) const EC: u8 = 247;
pub(super) const AYT: u8 = 246;
pub(super) const AO: u8 = 245;
pub(super) const IP: u8 = 244;
pub(super) const BRK: u8 = 243;
pub(super) const DM: u8 = 242;
pub(super) const NOP: u8 = 241;
pub(super) const SE: u8 = 240;
pub(super) const ABORT: u8 = 238;
pub(super) const SUSP: u8 = 237;
pub(super) const EOF: u8 = 236;

/// One thing that the peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// Data, with escapes undone, and with `CR LF` and `CR NUL` as `CR`.
    Data(&'a [u8]),
    /// `WILL`, `WONT`, `DO` or `DONT` and the option.
    Negotiate(u8, u8),
    /// A subnegotiation: option and its bytes, cut at [`SUBNEGOTIATION_BYTES`].
    Sub(u8, Vec<u8>),
    /// Another command.
    Command(u8),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Data,
    AfterCr,
    Iac,
    Verb(u8),
    SubOption,
    Sub,
    SubIac,
}

/// Takes the stream apart; keeps a few bytes between calls, whatever comes.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    option: u8,
    sub: Vec<u8>,
}

impl Decoder {
    /// The next item of `rest`, which is shortened by it; `None` when more must come.
    pub(super) fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Option<Item<'a>> {
        loop {
            let (&first, after) = rest.split_first()?;
            match self.state {
                State::AfterCr if first == b'\n' || first == 0 => {
                    self.state = State::Data;
                    *rest = after;
                }
                State::Data | State::AfterCr if first == IAC => {
                    self.state = State::Iac;
                    *rest = after;
                }
                State::Data | State::AfterCr => return Some(self.data(rest)),
                State::Iac => {
                    *rest = after;
                    self.state = State::Data;
                    match first {
                        IAC => return Some(Item::Data(&[IAC])),
                        WILL | WONT | DO | DONT => self.state = State::Verb(first),
                        SB => self.state = State::SubOption,
                        command => return Some(Item::Command(command)),
                    }
                }
                State::Verb(verb) => {
                    *rest = after;
                    self.state = State::Data;
                    return Some(Item::Negotiate(verb, first));
                }
                State::SubOption => {
                    *rest = after;
                    self.option = first;
                    self.state = State::Sub;
                }
                State::Sub => {
                    let end = memchr(IAC, rest).unwrap_or(rest.len());
                    self.keep(&rest[..end]);
                    if end < rest.len() {
                        self.state = State::SubIac;
                        *rest = &rest[end + 1..];
                    } else {
                        *rest = &[];
                    }
                }
                State::SubIac => {
                    *rest = after;
                    match first {
                        SE => {
                            self.state = State::Data;
                            return Some(Item::Sub(self.option, std::mem::take(&mut self.sub)));
                        }
                        IAC => {
                            self.state = State::Sub;
                            self.keep(&[IAC]);
                        }
                        // An unescaped IAC inside: the peer forgot the end.
                        WILL | WONT | DO | DONT => {
                            self.state = State::Verb(first);
                            self.sub = Vec::new();
                        }
                        _ => self.state = State::Sub,
                    }
                }
            }
        }
    }

    fn data<'a>(&mut self, rest: &mut &'a [u8]) -> Item<'a> {
        let whole = *rest;
        let end = match memchr2(IAC, b'\r', whole) {
            Some(at) if whole[at] == b'\r' => {
                self.state = State::AfterCr;
                at + 1
            }
            Some(at) => {
                self.state = State::Data;
                at
            }
            None => {
                self.state = State::Data;
                whole.len()
            }
        };
        *rest = &whole[end..];
        Item::Data(&whole[..end])
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = SUBNEGOTIATION_BYTES - self.sub.len();
        self.sub.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// The framing as a program takes it.
#[derive(Debug)]
pub(super) enum Framing {
    /// As the RFCs have it.
    Rfc(Decoder),
    /// As BusyBox has it.
    Busybox(Busybox),
}

impl Framing {
    /// What is to be read now that `bytes` came.
    pub(super) fn begin<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Self::Rfc(_) => Cow::Borrowed(bytes),
            Self::Busybox(busybox) => busybox.begin(bytes),
        }
    }

    /// The next item of `rest`, which is shortened by it; `None` when more must come.
    pub(super) fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Option<Item<'a>> {
        match self {
            Self::Rfc(decoder) => decoder.next(rest),
            Self::Busybox(busybox) => busybox.next(rest),
        }
    }
}

/// `bytes` with each IAC doubled.
pub(super) fn escape(bytes: Bytes) -> Bytes {
    if memchr(IAC, &bytes).is_none() {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        out.push(byte);
        if byte == IAC {
            out.push(IAC);
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> (Vec<u8>, Vec<String>) {
        let mut decoder = Decoder::default();
        let (mut data, mut others) = (Vec::new(), Vec::new());
        let mut rest = bytes;
        while let Some(item) = decoder.next(&mut rest) {
            match item {
                Item::Data(bytes) => data.extend_from_slice(bytes),
                other => others.push(format!("{other:?}")),
            }
        }
        (data, others)
    }

    #[test]
    fn line_ends_become_carriage_returns_and_escapes_are_undone() {
        assert_eq!(all(b"a\r\nb\r\0c\rd\ne\xff\xff").0, b"a\rb\rc\rd\ne\xff");
        assert_eq!(all(b"\xff\xfd\x1f").1, ["Negotiate(253, 31)"]);
        assert_eq!(all(b"\xff\xfa\x1f\0\x50\xff\xff\x18\xff\xf0").1, ["Sub(31, [0, 80, 255, 24])"]);
        assert_eq!(all(b"x\xff\xf4y"), (b"xy".to_vec(), vec!["Command(244)".to_owned()]));
    }

    #[test]
    fn a_subnegotiation_without_end_is_bounded_and_left_by_the_next_command() {
        let mut flood = b"\xff\xfa\x18".to_vec();
        flood.extend(std::iter::repeat_n(b'A', 100_000));
        flood.extend_from_slice(b"\xff\xfb\x01ok");
        assert_eq!(all(&flood), (b"ok".to_vec(), vec!["Negotiate(251, 1)".to_owned()]));
        flood.truncate(50_000);
        flood.extend_from_slice(b"\xff\xf0");
        let (_, others) = all(&flood);
        assert!(others[0].len() < SUBNEGOTIATION_BYTES * 5);
    }
}

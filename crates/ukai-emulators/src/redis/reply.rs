//! Answers in RESP2 and RESP3.

use std::borrow::Cow;

/// What a command answers: a reply, or an error's text with its code.
pub(super) type Answer = Result<Reply, Cow<'static, str>>;

/// A reply, before it is known which version of the protocol the client speaks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Simple(Cow<'static, str>),
    Error(Cow<'static, str>),
    Int(i64),
    Bulk(Vec<u8>),
    Nil,
    /// An absent array; nothing else than an absent value in RESP3.
    NilArray,
    Array(Vec<Reply>),
    Set(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
    Push(Vec<Reply>),
    /// Text for a reader.
    Text(Vec<u8>),
    /// Several replies to one command.
    Many(Vec<Reply>),
    /// Ready for the wire.
    Raw(Vec<u8>),
    Nothing,
}

pub(super) const OK: Reply = Reply::Simple(Cow::Borrowed("OK"));
pub(super) const SYNTAX: Cow<'static, str> = Cow::Borrowed("ERR syntax error");
pub(super) const NOT_INT: Cow<'static, str> =
    Cow::Borrowed("ERR value is not an integer or out of range");
pub(super) const WRONG_TYPE: Cow<'static, str> =
    Cow::Borrowed("WRONGTYPE Operation against a key holding the wrong kind of value");
pub(super) const OOM: Cow<'static, str> =
    Cow::Borrowed("OOM command not allowed when used memory > 'maxmemory'.");

pub(super) fn bulk(text: impl AsRef<[u8]>) -> Reply {
    Reply::Bulk(text.as_ref().to_vec())
}

pub(super) fn bulks<T: AsRef<[u8]>>(all: impl IntoIterator<Item = T>) -> Vec<Reply> {
    all.into_iter().map(bulk).collect()
}

pub(super) fn count(number: usize) -> Reply {
    Reply::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// An integer as Redis reads it (`string2ll`): no blanks, no plus, no zeros before it.
pub(super) fn int(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let plain = digits.iter().all(u8::is_ascii_digit) && !digits.is_empty();
    if !plain || (digits.first() == Some(&b'0') && text.len() > 1) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The same where it is an error not to be one.
pub(super) fn number(text: &[u8]) -> Result<i64, Cow<'static, str>> {
    int(text).ok_or(NOT_INT)
}

impl Reply {
    /// Appends it as the client wants it.
    pub(super) fn write(&self, resp3: bool, out: &mut Vec<u8>) {
        let head = |out: &mut Vec<u8>, kind: char, count: usize| {
            out.extend_from_slice(format!("{kind}{count}\r\n").as_bytes());
        };
        match self {
            Self::Simple(text) => out.extend_from_slice(format!("+{text}\r\n").as_bytes()),
            Self::Error(text) => {
                let text = text.replace(['\r', '\n'], " ");
                // A character stands for each byte that the client sent.
                out.push(b'-');
                out.extend(text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')));
                out.extend_from_slice(b"\r\n");
            }
            Self::Int(number) => out.extend_from_slice(format!(":{number}\r\n").as_bytes()),
            Self::Bulk(bytes) => {
                head(out, '$', bytes.len());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Self::Text(bytes) if resp3 => {
                head(out, '=', bytes.len() + 4);
                out.extend_from_slice(b"txt:");
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Self::Text(bytes) => Self::Bulk(bytes.clone()).write(resp3, out),
            Self::Nil | Self::NilArray if resp3 => out.extend_from_slice(b"_\r\n"),
            Self::Nil => out.extend_from_slice(b"$-1\r\n"),
            Self::NilArray => out.extend_from_slice(b"*-1\r\n"),
            Self::Map(pairs) => {
                let (kind, count) = if resp3 { ('%', 1) } else { ('*', 2) };
                head(out, kind, pairs.len() * count);
                for (key, value) in pairs {
                    key.write(resp3, out);
                    value.write(resp3, out);
                }
            }
            Self::Array(items) | Self::Set(items) | Self::Push(items) => {
                let kind = match self {
                    Self::Set(_) if resp3 => '~',
                    Self::Push(_) if resp3 => '>',
                    _ => '*',
                };
                head(out, kind, items.len());
                for item in items {
                    item.write(resp3, out);
                }
            }
            Self::Many(replies) => {
                for reply in replies {
                    reply.write(resp3, out);
                }
            }
            Self::Raw(bytes) => out.extend_from_slice(bytes),
            Self::Nothing => {}
        }
    }
}

/// Bytes of a client as characters, one for each, up to a NUL, as C prints them.
pub(super) fn shown(bytes: &[u8], most: usize) -> String {
    bytes.iter().take(most).take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect()
}

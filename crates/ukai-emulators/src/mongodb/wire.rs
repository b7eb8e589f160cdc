//! Messages of MongoDB's wire protocol (its manual's page of that name): `OP_MSG`, and
//! `OP_QUERY` with which old drivers begin.

use super::bson::{Document, Value};
use crate::limits::MONGODB_MESSAGE_BYTES;

const REPLY: i32 = 1;
const QUERY: i32 = 2_004;
const MSG: i32 = 2_013;

/// Longest message that the server takes, in bytes (`MaxMessageSizeBytes`).
const SERVER_MESSAGE_BYTES: usize = 48_000_000;

/// A checksum stands behind the sections.
const CHECKSUM: u32 = 1;
/// The client wants no answer; the server goes on without being asked.
const MORE_TO_COME: u32 = 1 << 1;
/// The client takes answers that it has not asked for one by one.
const EXHAUST_ALLOWED: u32 = 1 << 16;

/// What a client has sent.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    /// More bytes are needed.
    Incomplete,
    /// Nothing that the server would answer: it hangs up.
    Nonsense,
    /// A browser's request, which the server has an answer for.
    Http,
    /// So many bytes, more than are read here.
    TooLong(usize),
    Command(Command),
}

/// A command, and how its answer is sent.
#[derive(Debug, PartialEq)]
pub(super) struct Command {
    pub(super) request: i32,
    pub(super) body: Document,
    /// The database of an `OP_QUERY`.
    pub(super) query: Option<String>,
    /// It wants no answer.
    pub(super) silent: bool,
    pub(super) exhaust: bool,
}

/// Takes a message off `waiting`.
pub(super) fn take(waiting: &mut Vec<u8>) -> Message {
    let Some((length, _)) = waiting.split_first_chunk() else { return Message::Incomplete };
    if length == b"GET " {
        return if waiting.len() < 16 { Message::Incomplete } else { Message::Http };
    }
    let length = usize::try_from(i32::from_le_bytes(*length)).unwrap_or_default();
    if !(16..=SERVER_MESSAGE_BYTES).contains(&length) {
        return Message::Nonsense;
    }
    if length > MONGODB_MESSAGE_BYTES {
        return Message::TooLong(length);
    }
    if waiting.len() < length {
        return Message::Incomplete;
    }
    let message: Vec<u8> = waiting.drain(..length).collect();
    let part = |at: usize| message.get(at..).and_then(|rest| rest.first_chunk()).copied();
    let (Some(request), Some(code)) = (part(4), part(12)) else { return Message::Nonsense };
    let request = i32::from_le_bytes(request);
    let body = message.get(16..).unwrap_or_default();
    let command = match i32::from_le_bytes(code) {
        MSG => read_msg(request, body),
        QUERY => read_query(request, body),
        // Compressed ones too, since no compressor was agreed on; the old ones are gone since 5.1.
        _ => None,
    };
    command.map_or(Message::Nonsense, Message::Command)
}

fn read_msg(request: i32, body: &[u8]) -> Option<Command> {
    let (flags, mut rest) = body.split_first_chunk()?;
    let flags = u32::from_le_bytes(*flags);
    // Flags among the first sixteen must be known.
    if flags & 0xffff & !(CHECKSUM | MORE_TO_COME) != 0 {
        return None;
    }
    if flags & CHECKSUM != 0 {
        rest = rest.get(..rest.len().checked_sub(4)?)?;
    }
    let mut command: Option<Document> = None;
    let mut sequences = Vec::new();
    while let Some((kind, after)) = rest.split_first() {
        let length = after.first_chunk().map(|length| i32::from_le_bytes(*length))?;
        let length = usize::try_from(length).ok()?;
        let (section, behind) = after.split_at_checked(length)?;
        match kind {
            0 if command.is_none() => command = Some(Document::read(section)?),
            1 => sequences.push(read_sequence(section.get(4..)?)?),
            _ => return None,
        }
        rest = behind;
    }
    let mut command = command?;
    for (name, documents) in sequences {
        if command.field(&name).is_some() {
            return None;
        }
        command.0.push((name, Value::Array(documents)));
    }
    Some(Command {
        request,
        body: command,
        query: None,
        silent: flags & MORE_TO_COME != 0,
        exhaust: flags & EXHAUST_ALLOWED != 0,
    })
}

fn read_sequence(section: &[u8]) -> Option<(String, Vec<Value>)> {
    let (name, mut rest) = cstring(section)?;
    let mut documents = Vec::new();
    while !rest.is_empty() {
        let length = rest.first_chunk().map(|length| i32::from_le_bytes(*length))?;
        let (document, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        documents.push(Value::Document(Document::read(document)?));
        rest = behind;
    }
    Some((name, documents))
}

fn read_query(request: i32, body: &[u8]) -> Option<Command> {
    let (name, rest) = cstring(body.get(4..)?)?;
    let document = rest.get(8..)?;
    let length = document.first_chunk().map(|length| i32::from_le_bytes(*length))?;
    let document = document.get(..usize::try_from(length).ok()?)?;
    let mut body = Document::read(document)?;
    // Old drivers wrap what they ask for.
    for wrapper in ["$query", "query"] {
        if let Some(inner) = body.document(wrapper) {
            body = inner.clone();
        }
    }
    let database = name.split('.').next().unwrap_or_default().to_owned();
    Some(Command { request, body, query: Some(database), silent: false, exhaust: false })
}

fn cstring(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    let (text, rest) = bytes.split_at(end);
    Some((String::from_utf8_lossy(text).into_owned(), rest.get(1..)?))
}

/// An answer in `OP_MSG`, or in `OP_REPLY` to an `OP_QUERY`.
pub(super) fn answer(
    number: i32,
    request: i32,
    to_query: bool,
    more_to_come: bool,
    body: &Document,
) -> Vec<u8> {
    let mut rest = Vec::new();
    if to_query {
        // It can wait for data; cursor 0; from 0 on; one document.
        rest.extend_from_slice(&8_i32.to_le_bytes());
        rest.extend_from_slice(&[0; 12]);
        rest.extend_from_slice(&1_i32.to_le_bytes());
    } else {
        let flags = if more_to_come { MORE_TO_COME } else { 0 };
        rest.extend_from_slice(&flags.to_le_bytes());
        rest.push(0);
    }
    rest.extend_from_slice(&body.bytes());
    let length = i32::try_from(rest.len() + 16).unwrap_or(i32::MAX);
    let code = if to_query { REPLY } else { MSG };
    let header = [length, number, request, code].map(i32::to_le_bytes);
    [header.concat(), rest].concat()
}

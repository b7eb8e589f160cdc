//! Lines of QEMU's control protocol (`docs/interop/qmp-spec.txt`): JSON, one message each.
//! QEMU may have been taken over by its guest: any bytes are a message or an error.

use crate::limits::QMP_LINE_BYTES_MAX;
use serde_json::Value;

/// A message of QEMU's.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The first line.
    Greeting,
    /// A command was carried out.
    Return {
        /// Which.
        id: Option<u64>,
        /// What it gives.
        value: Value,
    },
    /// A command was not carried out.
    Error {
        /// Which.
        id: Option<u64>,
        /// Why.
        text: String,
    },
    /// Something has happened.
    Event {
        /// What.
        name: String,
        /// More of it.
        data: Value,
    },
}

/// What is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A line that has no end.
    #[error("a line of more than {QMP_LINE_BYTES_MAX} bytes")]
    Long,
    /// A line that is not what QEMU says.
    #[error("a line that is no message")]
    NoMessage,
}

/// Finds the messages in a stream.
#[derive(Default)]
pub struct Lines {
    bytes: Vec<u8>,
    /// So many of them were looked at, and no line ends there.
    seen: usize,
}

impl Lines {
    /// So much has come.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        if self.bytes.len() + bytes.len() > 2 * QMP_LINE_BYTES_MAX {
            return Err(Broken::Long);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The next whole message.
    #[allow(clippy::should_implement_trait, reason = "it can fail")]
    pub fn next(&mut self) -> Result<Option<Message>, Broken> {
        loop {
            let end = self.bytes[self.seen..].iter().position(|byte| *byte == b'\n');
            let Some(end) = end.map(|end| self.seen + end) else {
                self.seen = self.bytes.len();
                let long = self.bytes.len() > QMP_LINE_BYTES_MAX;
                return if long { Err(Broken::Long) } else { Ok(None) };
            };
            self.seen = 0;
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            if !line.trim_ascii().is_empty() {
                return message(&line).map(Some).ok_or(Broken::NoMessage);
            }
        }
    }
}

fn message(line: &[u8]) -> Option<Message> {
    // Nested deeper than 128 is an error of this reader, not a deep recursion.
    let mut value: Value = serde_json::from_slice(line).ok()?;
    let object = value.as_object_mut()?;
    let id = object.get("id").and_then(Value::as_u64);
    if let Some(value) = object.remove("return") {
        return Some(Message::Return { id, value });
    }
    if let Some(error) = object.get("error") {
        let text = error.get("desc").and_then(Value::as_str).unwrap_or("it does not say why");
        return Some(Message::Error { id, text: text.to_owned() });
    }
    if let Some(name) = object.get("event").and_then(Value::as_str) {
        let name = name.to_owned();
        return Some(Message::Event { name, data: object.remove("data").unwrap_or_default() });
    }
    object.contains_key("QMP").then_some(Message::Greeting)
}

#[cfg(test)]
mod tests {
    use super::{Broken, Lines, Message, QMP_LINE_BYTES_MAX};
    use proptest::prelude::*;
    use serde_json::json;

    fn all(stream: &[u8], piece: usize) -> Result<Vec<Message>, Broken> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in stream.chunks(piece.max(1)) {
            lines.push(piece)?;
            while let Some(message) = lines.next()? {
                found.push(message);
            }
        }
        Ok(found)
    }

    #[test]
    fn what_qemu_says_is_understood() {
        let said = b"{\"QMP\": {\"version\": {}}}\r\n{\"return\": {}, \"id\": 7}\r\n\
            {\"event\": \"STOP\", \"timestamp\": {}}\r\n\
            {\"id\": 8, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n";
        let expected = vec![
            Message::Greeting,
            Message::Return { id: Some(7), value: json!({}) },
            Message::Event { name: "STOP".to_owned(), data: json!(null) },
            Message::Error { id: Some(8), text: "no".to_owned() },
        ];
        for piece in [1, 5, 1_000] {
            assert_eq!(all(said, piece), Ok(expected.clone()));
        }
    }

    #[test]
    fn a_line_without_end_ends_the_conversation() {
        let long = vec![b'x'; 3 * QMP_LINE_BYTES_MAX];
        assert_eq!(all(&long, 4_096), Err(Broken::Long));
        let deep = [vec![b'['; 100_000], b"\n".to_vec()].concat();
        assert_eq!(all(&deep, 4_096), Err(Broken::NoMessage));
    }

    proptest! {
        #[test]
        fn any_bytes_are_messages_or_an_error(
            bytes in proptest::collection::vec(
                prop_oneof![Just(b'{'), Just(b'}'), Just(b'"'), Just(b'\n'), any::<u8>()], 0..600),
            piece in 1..64_usize,
        ) {
            let whole = all(&bytes, usize::MAX);
            // However it comes, it means the same.
            prop_assert_eq!(all(&bytes, piece), whole);
        }
    }
}

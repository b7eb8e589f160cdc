//! A line of a client, taken apart (RFC 2812, 2.3.1; tags of IRCv3 are left aside).

/// Parameters of a message; what follows belongs to the last.
const PARAMETERS: usize = 15;

/// Longest command that is one, in bytes.
const COMMAND_BYTES: usize = 20;

/// Command and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// In capitals; empty if it is no word.
    pub(super) command: String,
    pub(super) parameters: Vec<Vec<u8>>,
    /// All that stands behind the command.
    pub(super) rest: Vec<u8>,
}

impl Message {
    /// Reads a line; `None` if nothing is in it.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let mut line = trimmed(line);
        for sign in *b"@:" {
            // Tags, then the source: a client's own word for who it is counts for nothing.
            if line.first() == Some(&sign) {
                line = trimmed(word(line).1);
            }
        }
        let (command, rest) = word(line);
        if command.is_empty() {
            return None;
        }
        let plain = command.len() <= COMMAND_BYTES && command.iter().all(u8::is_ascii_alphanumeric);
        let rest = trimmed(rest);
        Some(Self {
            command: if plain {
                String::from_utf8_lossy(command).to_ascii_uppercase()
            } else {
                String::new()
            },
            parameters: parameters(rest),
            rest: rest.to_vec(),
        })
    }

    /// The parameter of that number, from 0; empty parameters count as absent.
    pub(super) fn get(&self, number: usize) -> Option<&[u8]> {
        self.parameters.get(number).map(Vec::as_slice).filter(|given| !given.is_empty())
    }
}

fn parameters(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut parameters = Vec::new();
    while let Some(first) = rest.first() {
        if *first == b':' || parameters.len() + 1 == PARAMETERS {
            parameters.push(rest.strip_prefix(b":").unwrap_or(rest).to_vec());
            break;
        }
        let (parameter, behind) = word(rest);
        parameters.push(parameter.to_vec());
        rest = trimmed(behind);
    }
    parameters
}

fn word(line: &[u8]) -> (&[u8], &[u8]) {
    line.split_at(line.iter().position(|byte| *byte == b' ').unwrap_or(line.len()))
}

fn trimmed(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
    line.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Message;
    use proptest::prelude::*;

    fn check(line: &str, command: &str, parameters: &[&str]) {
        let message = Message::parse(line.as_bytes()).expect("a message");
        let found: Vec<_> =
            message.parameters.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
        assert_eq!(
            (message.command.as_str(), found),
            (command, parameters.iter().map(|p| (*p).into()).collect())
        );
    }

    #[test]
    fn lines_are_taken_apart() {
        check("nick bot", "NICK", &["bot"]);
        check("USER a 0 * :Real name", "USER", &["a", "0", "*", "Real name"]);
        check("@time=1;a=b :me!u@h  PRIVMSG  #c   ::)", "PRIVMSG", &["#c", ":)"]);
        check("JOIN #c key ", "JOIN", &["#c", "key"]);
        check("PRIVMSG #c :", "PRIVMSG", &["#c", ""]);
        check("GET/ HTTP/1.1", "", &["HTTP/1.1"]);
        check(
            "X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
            "X",
            &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15 16"],
        );
        assert_eq!(Message::parse(b"  "), None);
        assert_eq!(Message::parse(b":only.a.source"), None);
    }

    proptest! {
        #[test]
        fn any_line_is_borne(line in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(message) = Message::parse(&line) {
                prop_assert!(message.parameters.len() <= 15);
                prop_assert!(message.parameters.concat().len() <= line.len());
            }
        }
    }
}

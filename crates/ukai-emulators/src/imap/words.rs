//! A command in words: atoms, quoted strings and literals (RFC 3501, 4.3).

/// What could be taken out of what waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// More must come.
    More,
    /// The client waits to be asked for its literal; with how many that makes.
    Ask(usize),
    /// A whole command.
    Command(Vec<Vec<u8>>),
}

/// Takes a whole command out of `waiting`. `asked` literals have been asked for already.
pub(super) fn take_command(waiting: &mut Vec<u8>, asked: usize) -> Taken {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let (mut at, mut literals) = (0, 0);
    loop {
        let rest = waiting.get(at..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', rest) else { return Taken::More };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        at += end + 1;
        let Some((before, length, waits)) = literal(line) else {
            split(line, &mut words);
            waiting.drain(..at);
            return Taken::Command(words);
        };
        split(before, &mut words);
        literals += 1;
        // Dovecot asks for one that is here already, too.
        if waits && literals > asked {
            return Taken::Ask(literals);
        }
        let Some(end) = at.checked_add(length) else { return Taken::More };
        match waiting.get(at..end) {
            Some(bytes) => words.push(bytes.to_vec()),
            None => return Taken::More,
        }
        at = end;
    }
}

/// A literal at the end of a line: what stands before, its length, whether the client
/// waits before it sends it.
fn literal(line: &[u8]) -> Option<(&[u8], usize, bool)> {
    let inner = line.strip_suffix(b"}")?;
    let open = memchr::memrchr(b'{', inner)?;
    let (digits, waits) = match inner[open + 1..].strip_suffix(b"+") {
        Some(digits) => (digits, false),
        None => (&inner[open + 1..], true),
    };
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((&line[..open], length, waits))
}

fn split(line: &[u8], words: &mut Vec<Vec<u8>>) {
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        match rest.split_first() {
            None => return,
            Some((b'"', quoted)) => {
                let mut word = Vec::new();
                let mut bytes = quoted.iter().enumerate();
                let mut end = quoted.len();
                while let Some((at, byte)) = bytes.next() {
                    match byte {
                        b'"' => {
                            end = at + 1;
                            break;
                        }
                        b'\\' => word.extend(bytes.next().map(|(_, byte)| *byte)),
                        byte => word.push(*byte),
                    }
                }
                words.push(word);
                rest = &quoted[end..];
            }
            Some(_) => {
                let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
                words.push(rest[..end].to_vec());
                rest = &rest[end..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Taken {
        Taken::Command(words.iter().map(|word| word.as_bytes().to_vec()).collect())
    }

    #[test]
    fn atoms_strings_and_literals() {
        let mut waiting = b"a LOGIN \"b o\\\"b\" x\r\nb LOGIN {3}\r\n".to_vec();
        assert_eq!(take_command(&mut waiting, 0), command(&["a", "LOGIN", "b o\"b", "x"]));
        assert_eq!(take_command(&mut waiting, 0), Taken::Ask(1));
        assert_eq!(take_command(&mut waiting, 1), Taken::More);
        waiting.extend_from_slice(b"bob {2+}\r\nxy\r\n");
        assert_eq!(take_command(&mut waiting, 1), command(&["b", "LOGIN", "bob", "xy"]));
        assert!(waiting.is_empty());
        waiting.extend_from_slice(b"b LOGIN {1}\r\nx {1}\r\ny\r\n");
        assert_eq!(take_command(&mut waiting, 0), Taken::Ask(1));
        assert_eq!(take_command(&mut waiting, 1), Taken::Ask(2));
        assert_eq!(take_command(&mut waiting, 2), command(&["b", "LOGIN", "x", "y"]));
        waiting.extend_from_slice(b"c X {99999999999999999999}\r\n");
        assert_eq!(take_command(&mut waiting, 0), command(&["c", "X", "{99999999999999999999}"]));
        waiting.extend_from_slice(b"d X {18446744073709551615+}\r\n");
        assert_eq!(take_command(&mut waiting, 0), Taken::More);
    }
}

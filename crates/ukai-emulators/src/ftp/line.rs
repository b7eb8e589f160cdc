//! Command lines: Telnet's signals taken out, verb and argument apart.

/// A command line, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// In upper case; what is no verb's letter stays.
    pub(super) verb: String,
    /// As it was sent.
    pub(super) argument: Vec<u8>,
}

/// Takes the next whole line out of `waiting`; it ends with LF, or only with CR LF.
pub(super) fn take_line(waiting: &mut Vec<u8>, needs_crlf: bool) -> Option<Vec<u8>> {
    let end = if needs_crlf {
        memchr::memmem::find(waiting, b"\r\n")? + 1
    } else {
        memchr::memchr(b'\n', waiting)?
    };
    let mut line: Vec<u8> = waiting.drain(..=end).collect();
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    Some(line)
}

/// Reads a line; `ends_at_nul` as by programs that take it for a C string.
pub(super) fn read(line: &[u8], ends_at_nul: bool) -> Command {
    let mut text = Vec::with_capacity(line.len());
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            // RFC 959, 4.1.3: IP and Synch before ABOR.
            0xff => text.extend(bytes.next().filter(|byte| *byte == 0xff)),
            0 if ends_at_nul => break,
            _ => text.push(byte),
        }
    }
    while text.last() == Some(&b' ') {
        text.pop();
    }
    let end = memchr::memchr2(b' ', b'\n', &text).unwrap_or(text.len());
    let verb = String::from_utf8_lossy(&text[..end]).to_ascii_uppercase();
    let argument = text.get(end + 1..).unwrap_or_default().to_vec();
    Command { verb, argument }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_ends_and_nuls() {
        let mut waiting = b"\xff\xf4\xff\xf2abor\r\nNO\0OP\nrest".to_vec();
        let line = take_line(&mut waiting, false).expect("a line");
        assert_eq!(read(&line, false), Command { verb: "ABOR".into(), argument: vec![] });
        let line = take_line(&mut waiting, false).expect("a line");
        assert_eq!(read(&line, true).verb, "NO");
        assert_eq!(read(&line, false).verb, "NO\0OP");
        assert_eq!(take_line(&mut waiting, false), None);
        assert_eq!(read(b"stor  a b", false).argument, b" a b");
        let mut waiting = b"NOOP\nNOOP x\r\nrest\n".to_vec();
        let line = take_line(&mut waiting, true).expect("a line");
        assert_eq!(
            read(&line, true),
            Command { verb: "NOOP".into(), argument: b"NOOP x".to_vec() }
        );
        assert_eq!(take_line(&mut waiting, true), None);
    }
}

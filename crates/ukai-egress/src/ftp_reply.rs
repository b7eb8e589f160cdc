//! FTP replies (RFC 959, section 4.2; RFC 2428), read byte by byte within bounds.

use crate::limits::{FTP_LINE_BYTES_MAX, FTP_REPLY_LINES_MAX};

/// One reply of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its code, 100 to 599.
    pub code: u16,
    /// Text of its last line, without the code.
    pub text: Vec<u8>,
}

impl Reply {
    /// 1yz: more follows.
    pub const fn is_preliminary(&self) -> bool {
        self.code / 100 == 1
    }

    /// 2yz: done.
    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }
}

/// What the server sent is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A line over [`FTP_LINE_BYTES_MAX`].
    #[error("a line of the reply is too long")]
    LineTooLong,
    /// More than [`FTP_REPLY_LINES_MAX`] lines.
    #[error("the reply has too many lines")]
    TooManyLines,
    /// No code where one must be.
    #[error("the reply has no code")]
    NoCode,
}

/// Puts a reply together, byte by byte.
#[derive(Debug, Default)]
pub struct ReplyReader {
    line: Vec<u8>,
    lines: usize,
    /// Code of a reply of several lines that has begun.
    open: Option<u16>,
}

impl ReplyReader {
    /// Takes one byte; gives the reply that it ends.
    pub fn push(&mut self, byte: u8) -> Result<Option<Reply>, ReplyError> {
        if byte != b'\n' {
            if self.line.len() >= FTP_LINE_BYTES_MAX {
                return Err(ReplyError::LineTooLong);
            }
            self.line.push(byte);
            return Ok(None);
        }
        self.lines += 1;
        if self.lines > FTP_REPLY_LINES_MAX {
            return Err(ReplyError::TooManyLines);
        }
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let code = code_of(&line);
        let ends = line.get(3) != Some(&b'-');
        match (self.open, code) {
            (None, None) => Err(ReplyError::NoCode),
            (None, Some(code)) if !ends => {
                self.open = Some(code);
                Ok(None)
            }
            (Some(open), Some(code)) if ends && code == open => Ok(Some(self.finish(code, &line))),
            (None, Some(code)) => Ok(Some(self.finish(code, &line))),
            (Some(_), _) => Ok(None),
        }
    }

    fn finish(&mut self, code: u16, line: &[u8]) -> Reply {
        *self = Self::default();
        Reply { code, text: line.get(4..).unwrap_or_default().to_vec() }
    }
}

/// Three digits, alone or before a space or a hyphen.
fn code_of(line: &[u8]) -> Option<u16> {
    let separated = matches!(line.get(3), None | Some(b' ' | b'-'));
    let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    (separated && (100..600).contains(&code)).then_some(code)
}

/// The port in a reply to `PASV`: `(h1,h2,h3,h4,p1,p2)`, brackets not required (RFC 1123,
/// section 4.1.2.6). The address in it is not looked at: data come from where the
/// commands went.
pub fn pasv_port(text: &[u8]) -> Option<u16> {
    let start = text.iter().position(u8::is_ascii_digit)?;
    let end = text[start..]
        .iter()
        .position(|b| !b.is_ascii_digit() && *b != b',')
        .map_or(text.len(), |length| start + length);
    let numbers: Option<Vec<u8>> = std::str::from_utf8(&text[start..end])
        .ok()?
        .split(',')
        .take(7)
        .map(|number| number.parse().ok())
        .collect();
    match numbers?.as_slice() {
        [_, _, _, _, high, low] => Some(u16::from_be_bytes([*high, *low])).filter(|p| *p != 0),
        _ => None,
    }
}

/// The port in a reply to `EPSV`: `(|||port|)` with any delimiter (RFC 2428, section 3).
pub fn epsv_port(text: &[u8]) -> Option<u16> {
    let start = text.iter().position(|b| *b == b'(')? + 1;
    let inner = &text[start..];
    let delimiter = *inner.first().filter(|b| b.is_ascii_graphic() && !b.is_ascii_digit())?;
    let rest = inner.strip_prefix(&[delimiter; 3])?;
    let end = rest.iter().position(|b| *b == delimiter)?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Vec<Reply>, ReplyError> {
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        for byte in bytes {
            replies.extend(reader.push(*byte)?);
        }
        Ok(replies)
    }

    fn reply(code: u16, text: &str) -> Reply {
        Reply { code, text: text.into() }
    }

    #[test]
    fn replies_of_one_and_of_many_lines() {
        assert_eq!(
            read(b"220 hello\r\n331\n230-a\r\n 230 b\r\n331 c\r\n230-d\r\n230 in\r\n"),
            Ok(vec![reply(220, "hello"), reply(331, ""), reply(230, "in")])
        );
        assert_eq!(read(b"HTTP/1.1 200 OK\r\n"), Err(ReplyError::NoCode));
        assert_eq!(read(b"999 x\r\n"), Err(ReplyError::NoCode));
        assert_eq!(read(b"2200 x\r\n"), Err(ReplyError::NoCode));
        assert_eq!(read(&[b'2'; 5_000]), Err(ReplyError::LineTooLong));
        let endless = b"220-\r\n".repeat(1_000);
        assert_eq!(read(&endless), Err(ReplyError::TooManyLines));
    }

    #[test]
    fn ports_for_data() {
        assert_eq!(pasv_port(b"Entering Passive Mode (10,0,0,1,4,1)."), Some(1025));
        assert_eq!(pasv_port(b"Entering Passive Mode 10,0,0,1,4,1"), Some(1025));
        for text in
            ["", "none", "(1,2,3,4,5)", "(1,2,3,4,5,6,7)", "(1,2,3,4,256,1)", "(1,2,3,4,0,0)"]
        {
            assert_eq!(pasv_port(text.as_bytes()), None, "{text}");
        }
        assert_eq!(epsv_port(b"Extended Passive Mode (|||6446|)"), Some(6446));
        assert_eq!(epsv_port(b"ok (!!!6446!)"), Some(6446));
        for text in
            ["", "(", "(|||)", "(|||0|)", "(|||65536|)", "(||6446|)", "(|||6446", "(1116446 1)"]
        {
            assert_eq!(epsv_port(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..4_096)) {
            if let Ok(replies) = read(&bytes) {
                for reply in replies {
                    prop_assert!((100..600).contains(&reply.code));
                    prop_assert!(reply.text.len() <= FTP_LINE_BYTES_MAX);
                }
            }
            let _ = pasv_port(&bytes);
            let _ = epsv_port(&bytes);
        }

        #[test]
        fn whatever_is_sent_as_a_reply_is_read_as_one(code in 100..600_u16, text in "[ -~]{0,80}") {
            let line = format!("{code} {text}\r\n");
            prop_assert_eq!(read(line.as_bytes()), Ok(vec![reply(code, &text)]));
        }

        #[test]
        fn ports_are_read_back(port in 1..=u16::MAX) {
            let [high, low] = port.to_be_bytes();
            prop_assert_eq!(pasv_port(format!("(1,2,3,4,{high},{low})").as_bytes()), Some(port));
            prop_assert_eq!(epsv_port(format!("(|||{port}|)").as_bytes()), Some(port));
        }
    }
}

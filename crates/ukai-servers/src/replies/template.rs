//! Byte strings as they are written in files, and those that are filled in when sent.

use super::error::Problem;
use crate::limits::REPLY_BYTES;
use std::net::SocketAddr;
use ukai_model::Timestamp;

const ESCAPES: &str =
    r"the escapes are \n, \r, \t, \0, \\ and \xNN (in TOML, write the string in single quotes)";
const DOLLARS: &str = "after `$` stands a number, peer_ip, peer_port or now, in braces or not; write `$$` for a dollar sign";

/// Something to be sent, with places to be filled in.
#[derive(Debug)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Bytes(Vec<u8>),
    Capture(usize),
    PeerIp,
    PeerPort,
    /// Seconds since 1970.
    Now,
}

/// What is filled in.
pub(super) struct Filling<'a> {
    /// The match, then its groups.
    pub(super) captures: &'a [Vec<u8>],
    pub(super) peer: SocketAddr,
    pub(super) now: Timestamp,
}

/// Bytes that are only themselves: `hex:00 01`, or text with escapes.
pub(super) fn bytes(text: &str) -> Result<Vec<u8>, Problem> {
    if let Some(digits) = text.strip_prefix("hex:") {
        return hexadecimal(digits);
    }
    let mut out = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        push(&mut out, c, &mut chars)?;
    }
    Ok(out)
}

/// Appends a character, or what an escape that begins with it stands for.
fn push(out: &mut Vec<u8>, c: char, rest: &mut std::str::Chars<'_>) -> Result<(), Problem> {
    if c != '\\' {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        return Ok(());
    }
    out.push(match rest.next() {
        Some('n') => b'\n',
        Some('r') => b'\r',
        Some('t') => b'\t',
        Some('0') => 0,
        Some('\\') => b'\\',
        Some('x') => {
            let mut digit = || rest.next().and_then(|c| c.to_digit(16));
            match (digit(), digit()) {
                (Some(high), Some(low)) => (high * 16 + low) as u8,
                _ => return Err(Problem(r"\x without two hexadecimal digits".to_owned(), ESCAPES)),
            }
        }
        Some(c) => return Err(Problem(format!(r"unknown escape \{c}"), ESCAPES)),
        None => return Err(Problem("a backslash at the end".to_owned(), ESCAPES)),
    });
    Ok(())
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, Problem> {
    let digits: Option<Vec<u32>> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(|| {
        Problem("not pairs of hexadecimal digits".to_owned(), "write for example hex:00 00 00 01")
    })?;
    Ok(digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

impl Template {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        if text.starts_with("hex:") {
            return Ok(Self(vec![Part::Bytes(bytes(text)?)]));
        }
        let mut parts = Vec::new();
        let mut plain = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '$' {
                push(&mut plain, c, &mut chars)?;
                continue;
            }
            if let Some(rest) = chars.as_str().strip_prefix('$') {
                plain.push(b'$');
                chars = rest.chars();
                continue;
            }
            let (name, rest) = place(chars.as_str());
            chars = rest.chars();
            let part = match name {
                "peer_ip" => Part::PeerIp,
                "peer_port" => Part::PeerPort,
                "now" => Part::Now,
                number => match number.parse() {
                    Ok(number) => Part::Capture(number),
                    Err(_) => {
                        return Err(Problem(format!("`${name}` stands for nothing"), DOLLARS));
                    }
                },
            };
            parts.extend([Part::Bytes(std::mem::take(&mut plain)), part]);
        }
        parts.push(Part::Bytes(plain));
        Ok(Self(parts))
    }

    /// The highest number of a group that it names.
    pub(super) fn highest_capture(&self) -> usize {
        let numbers = self.0.iter().filter_map(|part| match part {
            Part::Capture(number) => Some(*number),
            _ => None,
        });
        numbers.max().unwrap_or_default()
    }

    /// The bytes, filled in; at most [`REPLY_BYTES`].
    pub(super) fn fill(&self, with: &Filling<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &self.0 {
            match part {
                Part::Bytes(bytes) => out.extend_from_slice(bytes),
                Part::Capture(number) => {
                    out.extend_from_slice(with.captures.get(*number).map_or(&[], Vec::as_slice));
                }
                Part::PeerIp => out.extend_from_slice(with.peer.ip().to_string().as_bytes()),
                Part::PeerPort => out.extend_from_slice(with.peer.port().to_string().as_bytes()),
                Part::Now => out.extend_from_slice(with.now.secs().to_string().as_bytes()),
            }
            if out.len() > REPLY_BYTES {
                out.truncate(REPLY_BYTES);
                return out;
            }
        }
        out
    }
}

/// The name behind a dollar sign, and what follows it.
fn place(text: &str) -> (&str, &str) {
    if let Some(inner) = text.strip_prefix('{')
        && let Some(end) = inner.find('}')
    {
        return (&inner[..end], &inner[end + 1..]);
    }
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let ends = |c: char| {
        if digits { !c.is_ascii_digit() } else { !(c.is_ascii_lowercase() || c == '_') }
    };
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(text: &str) -> Result<String, String> {
        let captures = [b"whole".to_vec(), b"one".to_vec()];
        let with = Filling {
            captures: &captures,
            peer: ([192, 0, 2, 1], 40_000).into(),
            now: Timestamp::from_secs(5),
        };
        let template = Template::read(text).map_err(|problem| problem.0)?;
        Ok(String::from_utf8_lossy(&template.fill(&with)).into_owned())
    }

    #[test]
    fn places_are_filled_in() {
        assert_eq!(
            filled("a$1b $0 ${1}2 $$1 $peer_ip:$peer_port $now$9"),
            Ok("aoneb whole one2 $1 192.0.2.1:40000 5".to_owned())
        );
        assert_eq!(filled(r"\x41\n\\"), Ok("A\n\\".to_owned()));
        assert_eq!(filled("hex:41 42"), Ok("AB".to_owned()));
        assert_eq!(filled("$who"), Err("`$who` stands for nothing".to_owned()));
        assert_eq!(filled("$"), Err("`$` stands for nothing".to_owned()));
        assert_eq!(filled(r"\q"), Err(r"unknown escape \q".to_owned()));
        assert!(bytes("hex:4").is_err() && bytes(r"\x4").is_err() && bytes("\\").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in ".{0,40}|[$\\\\x{}0-9a-z]{0,40}|hex:[0-9a-f ]{0,20}") {
            let _ = bytes(&text);
            if let Ok(template) = Template::read(&text) {
                let _ = template.highest_capture();
            }
        }
    }
}

//! Names, texts and numbers as PDF documents write them (ISO 32000-1, 7.2 and 7.3).

use memchr::memchr;

/// What a document is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name without its stroke, the escapes in it undone.
    Name(Vec<u8>),
    /// A text in brackets or by digits.
    Text(Vec<u8>),
    /// `<<`
    Opens,
    /// `>>`
    Closes,
    /// A number, a word, or the bracket of a list.
    Word(&'a [u8]),
}

/// The tokens from a place on; comments are passed over.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    /// Where the last token began.
    pub(super) from: usize,
    /// Where the next one is looked for.
    pub(super) at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, from: at, at }
    }

    fn pass_over(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ' => self.at += 1,
                b'%' => {
                    let rest = &self.bytes[self.at..];
                    self.at +=
                        rest.iter().position(|it| b"\r\n".contains(it)).unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.pass_over();
        self.from = self.at;
        let rest = self.bytes.get(self.at..)?;
        let (token, used) = match rest {
            [] => return None,
            [b'/', ..] => {
                let end = rest[1..].iter().position(|it| !is_regular(*it)).map(|it| it + 1);
                let end = end.unwrap_or(rest.len());
                (Token::Name(without_escapes(&rest[1..end])), end)
            }
            [b'(', text @ ..] => {
                let (text, used) = literal(text, usize::MAX);
                (Token::Text(text), used + 1)
            }
            [b'<', b'<', ..] => (Token::Opens, 2),
            [b'>', b'>', ..] => (Token::Closes, 2),
            [b'<', digits @ ..] => {
                let end = memchr(b'>', digits).unwrap_or(digits.len());
                (Token::Text(hexadecimal(&digits[..end])), (end + 2).min(rest.len()))
            }
            _ => {
                let end = rest.iter().position(|it| !is_regular(*it)).unwrap_or(rest.len()).max(1);
                (Token::Word(&rest[..end]), end)
            }
        };
        self.at += used;
        Some(token)
    }
}

/// Whether a byte is neither a space nor ends the word before it.
fn is_regular(byte: u8) -> bool {
    !matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ') && !b"()<>[]{}/%".contains(&byte)
}

/// A text from behind its first bracket (7.3.4.2), up to `max` bytes of it, and how much it takes,
/// its last bracket included.
pub(super) fn literal(bytes: &[u8], max: usize) -> (Vec<u8>, usize) {
    let mut text = Vec::new();
    let (mut open, mut at) = (0usize, 0);
    while let Some(byte) = bytes.get(at)
        && text.len() < max
    {
        at += 1;
        match byte {
            b'(' => open += 1,
            b')' if open == 0 => break,
            b')' => open -= 1,
            b'\\' => {
                let Some(escaped) = bytes.get(at) else { break };
                at += 1;
                let plain = match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    b'\r' | b'\n' => {
                        // A line that goes on.
                        at += usize::from(*escaped == b'\r' && bytes.get(at) == Some(&b'\n'));
                        continue;
                    }
                    b'0'..=b'7' => {
                        let digits = bytes[at - 1..].iter().take(3);
                        let count = digits.take_while(|it| (b'0'..=b'7').contains(it)).count();
                        let digits = &bytes[at - 1..at - 1 + count];
                        at += count - 1;
                        digits.iter().fold(0u32, |sum, it| 8 * sum + u32::from(it - b'0')) as u8
                    }
                    other => *other,
                };
                text.push(plain);
                continue;
            }
            _ => {}
        }
        text.push(*byte);
    }
    (text, at)
}

/// A text by its digits, up to `>`; a digit that is missing is 0.
pub(super) fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.iter().take_while(|byte| **byte != b'>');
    let digits: Vec<u8> =
        digits.filter_map(|byte| char::from(*byte).to_digit(16)).map(|it| it as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

/// What is there with the escapes in names undone: `/Lau#6ech`.
pub(super) fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr(b'#', rest) {
        plain.extend_from_slice(&rest[..at]);
        let digits = rest.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let value = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        plain.push(value.unwrap_or(b'#'));
        rest = &rest[at + if value.is_some() { 3 } else { 1 }..];
    }
    plain.extend_from_slice(rest);
    plain
}

/// The places of a name, each with what stands behind it.
pub(super) fn named<'a>(
    bytes: &'a [u8],
    name: &'a [u8],
) -> impl DoubleEndedIterator<Item = (usize, &'a [u8])> {
    let value = move |at| Some((at, behind_name(&bytes[at + 1..], name)?));
    memchr::memchr_iter(b'/', bytes).filter_map(value)
}

/// What stands behind a name, from behind its stroke on, if `text` begins with it; each letter may
/// be written by its number.
fn behind_name<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = text;
    for letter in name {
        rest = match rest {
            [first, tail @ ..] if first == letter => tail,
            [b'#', high, low, tail @ ..] => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok()?;
                (u8::from_str_radix(digits, 16).ok()? == *letter).then_some(tail)?
            }
            _ => return None,
        };
    }
    // `/JSON` is another name than `/JS`, and the value may follow at once.
    let ends = rest.first().is_none_or(|it| !is_regular(*it));
    ends.then(|| rest.trim_ascii_start())
}

/// A text: UTF-16 with its mark, else UTF-8, else a letter for each byte.
pub(super) fn to_utf8(text: &[u8]) -> Vec<u8> {
    if let Some(wide) = text.strip_prefix(b"\xfe\xff") {
        let units = wide.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
        let chars = char::decode_utf16(units);
        let text: String = chars.map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        return text.into_bytes();
    }
    match std::str::from_utf8(text) {
        Ok(_) => text.to_vec(),
        Err(_) => text.iter().map(|it| char::from(*it)).collect::<String>().into_bytes(),
    }
}

/// A number at the beginning, and what follows.
pub(super) fn whole(text: &[u8]) -> Option<(u32, &[u8])> {
    let text = text.trim_ascii_start();
    let length = text.iter().take_while(|it| it.is_ascii_digit()).count();
    let number = std::str::from_utf8(&text[..length]).ok()?.parse().ok()?;
    Some((number, &text[length..]))
}

/// What stands behind `NUMBER GENERATION obj`: the last of that number counts.
pub(super) fn object(bytes: &[u8], number: u32, generation: u32) -> Option<&[u8]> {
    let mark = format!("{number} {generation} obj");
    let places = memchr::memmem::rfind_iter(bytes, mark.as_bytes());
    let mut starts = places.filter(|at| {
        at.checked_sub(1).and_then(|it| bytes.get(it)).is_none_or(|it| !it.is_ascii_digit())
    });
    starts.next().and_then(|at| bytes.get(at + mark.len()..))
}

#[cfg(test)]
mod tests {
    use super::{Token, Tokens, behind_name, hexadecimal, literal, without_escapes};
    use proptest::prelude::*;

    #[test]
    fn names_and_texts_are_read_as_readers_do() {
        assert_eq!(without_escapes(b"/Lau#6ech #zz #4"), b"/Launch #zz #4");
        assert_eq!(literal(b"a(b)\\)\\101\\n)c", 100), (b"a(b))A\n".to_vec(), 13));
        assert_eq!(literal(b"a\\\r\nb\\8", 100), (b"ab8".to_vec(), 7));
        assert_eq!(hexadecimal(b"48 65 6C6c 6F7>"), b"Hellop");
        assert_eq!(behind_name(b"J#53(x)", b"JS"), Some(&b"(x)"[..]));
        assert_eq!(behind_name(b"JSON (x)", b"JS"), None);
    }

    #[test]
    fn tokens_of_an_object() {
        let text = b"<< /Le#6egth 12 /ID[<61>(b)] % no (token\n/F/G >>stream";
        let tokens: Vec<_> = Tokens::new(text, 0).collect();
        let name = |name: &str| Token::Name(name.as_bytes().to_vec());
        let expected = [
            Token::Opens,
            name("Length"),
            Token::Word(b"12"),
            name("ID"),
            Token::Word(b"["),
            Token::Text(b"a".to_vec()),
            Token::Text(b"b".to_vec()),
            Token::Word(b"]"),
            name("F"),
            name("G"),
            Token::Closes,
            Token::Word(b"stream"),
        ];
        assert_eq!(tokens, expected);
    }

    proptest! {
        #[test]
        fn tokens_of_any_bytes_end(bytes in prop::collection::vec(prop_oneof![
            any::<u8>(), prop::sample::select(b"()<>[]/%\\ \n#7".to_vec()),
        ], 0..200)) {
            let mut tokens = Tokens::new(&bytes, 0);
            let mut before = 0;
            while tokens.next().is_some() {
                prop_assert!(tokens.at > before && tokens.at <= bytes.len());
                before = tokens.at;
            }
        }
    }
}

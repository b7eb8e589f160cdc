//! PDF documents that are closed by the standard handler (ISO 32000-2, 7.6): texts and streams are
//! encrypted one by one. Most open with no password at all: only what may be done with them is
//! guarded, and scanners see nothing.
//!
//! Objects are found by their own marks, as everywhere: the table of references may lie.

use super::Found;
use crate::unpack::pdf::data;
use crate::unpack::pdf_text::{Token, Tokens, named, object, whole};
use memchr::memmem;
use ukai_cipher::{Mode, close_cbc, digest, open as decrypt, rc4, unpad};

/// Dictionaries and identifiers of one document that are tried.
const DICTIONARIES_MAX: usize = 3;
const IDENTIFIERS_MAX: usize = 4;
/// Depth and number of values in a dictionary.
const DEEP_MAX: usize = 6;
const VALUES_MAX: usize = 500;
/// Objects that are opened.
const OBJECTS_MAX: usize = 200_000;
/// Rounds of the newest hash: it ends by itself after 64 and some.
const ROUNDS_MAX: usize = 400;
/// What fills a password up (7.6.4.3.2).
const PADDING: [u8; 32] = *b"\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\
\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a";
const NAME: &[u8] = b"Encrypt";

/// Opens a document: the same one in clear.
pub(in crate::unpack) fn open<'a>(bytes: &[u8], passwords: &'a [Vec<u8>]) -> Found<'a> {
    let mut values = named(bytes, NAME).rev().map(|(_, value)| value).peekable();
    if values.peek().is_none() {
        return Found::Plain;
    }
    let identifiers = identifiers(bytes);
    for value in values.take(DICTIONARIES_MAX) {
        let Some((dictionary, number)) = dictionary(bytes, value) else { continue };
        let Some(handler) = Handler::of(&dictionary) else { continue };
        // The newer keys are made without one.
        let tried = if handler.revision >= 5 { 1 } else { identifiers.len() };
        for identifier in &identifiers[..tried] {
            let none: &[u8] = &[];
            let all = std::iter::once(none).chain(passwords.iter().map(Vec::as_slice));
            let mut keys = all.map(|it| (handler.key(it, identifier), it));
            let Some((Some(key), password)) = keys.find(|(key, _)| key.is_some()) else { continue };
            let clear = Rewriter { bytes, handler: &handler, key: &key, own: number }.rewrite();
            let password = (!password.is_empty()).then_some(password);
            return Found::Opened { clear: without_name(clear), password };
        }
    }
    Found::Shut
}

/// The dictionary that `value` is or refers to, and the number of its object.
fn dictionary(bytes: &[u8], value: &[u8]) -> Option<(Value, Option<u32>)> {
    let (text, number) = match whole(value) {
        Some((number, rest)) => {
            let (generation, _) = whole(rest)?;
            (object(bytes, number, generation)?, Some(number))
        }
        None => (value, None),
    };
    let mut left = VALUES_MAX;
    Some((Value::read(&mut Tokens::new(text, 0), DEEP_MAX, &mut left)?, number))
}

/// What the trailer names the document by; an empty text where it names it by none.
fn identifiers(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for (_, value) in named(bytes, b"ID").rev() {
        let mut tokens = Tokens::new(value, 0);
        if tokens.next() == Some(Token::Word(b"["))
            && let Some(Token::Text(text)) = tokens.next()
            && !found.contains(&text)
        {
            found.push(text);
        }
        if found.len() == IDENTIFIERS_MAX {
            break;
        }
    }
    found.push(Vec::new());
    found
}

/// A value of a dictionary, as far as one that tells of a cipher needs it.
enum Value {
    Name(Vec<u8>),
    Text(Vec<u8>),
    Word(Vec<u8>),
    Dictionary(Vec<(Vec<u8>, Value)>),
}

impl Value {
    fn read(tokens: &mut Tokens<'_>, deep: usize, left: &mut usize) -> Option<Self> {
        *left = left.checked_sub(1)?;
        Some(match tokens.next()? {
            Token::Name(name) => Self::Name(name),
            Token::Text(text) => Self::Text(text),
            Token::Word(word) => Self::Word(word.to_vec()),
            Token::Closes => return None,
            Token::Opens => {
                let deep = deep.checked_sub(1)?;
                let mut entries = Vec::new();
                loop {
                    match tokens.next() {
                        Some(Token::Name(name)) => {
                            entries.push((name, Self::read(tokens, deep, left)?));
                        }
                        // What follows the first word of a list or reference.
                        Some(Token::Word(_) | Token::Text(_)) => *left = left.checked_sub(1)?,
                        Some(Token::Opens) => return None,
                        Some(Token::Closes) | None => break,
                    }
                }
                Self::Dictionary(entries)
            }
        })
    }

    fn get(&self, key: &[u8]) -> Option<&Self> {
        let Self::Dictionary(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn text(&self, key: &[u8]) -> Option<&[u8]> {
        match self.get(key)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn name(&self, key: &[u8]) -> Option<&[u8]> {
        match self.get(key)? {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    fn word(&self, key: &[u8]) -> Option<&str> {
        match self.get(key)? {
            Self::Word(word) => std::str::from_utf8(word).ok(),
            _ => None,
        }
    }

    fn number(&self, key: &[u8]) -> Option<i64> {
        self.word(key)?.parse().ok()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Identity,
    Rc4,
    Aes,
}

/// How a document is closed (tables 20 and 21).
struct Handler {
    revision: i64,
    key_bytes: usize,
    owner: Vec<u8>,
    user: Vec<u8>,
    /// The key of the document, closed by the user's password (revisions 5 and 6).
    wrapped: Vec<u8>,
    permissions: u32,
    covers_metadata: bool,
    streams: Method,
    texts: Method,
}

impl Handler {
    fn of(dictionary: &Value) -> Option<Self> {
        if dictionary.name(b"Filter")? != b"Standard" {
            return None;
        }
        let version = dictionary.number(b"V").unwrap_or(0);
        let revision = dictionary.number(b"R")?;
        let method = |key: &[u8]| {
            let filter = dictionary.name(key).unwrap_or(b"Identity");
            let filters = dictionary.get(b"CF");
            match filters.and_then(|all| all.get(filter)).and_then(|it| it.name(b"CFM")) {
                Some(b"V2") => Method::Rc4,
                Some(b"AESV2" | b"AESV3") => Method::Aes,
                _ => Method::Identity,
            }
        };
        let (streams, texts) = match version {
            1..=3 => (Method::Rc4, Method::Rc4),
            4 | 5 => (method(b"StmF"), method(b"StrF")),
            _ => return None,
        };
        let bits = match (version, dictionary.number(b"Length")) {
            (1, _) => 40,
            (4, _) => 128,
            (5, _) => 256,
            // Some write bytes.
            (_, Some(bytes @ 5..=16)) => bytes * 8,
            (_, bits) => bits.unwrap_or(40).clamp(40, 128),
        };
        Some(Self {
            revision,
            key_bytes: bits as usize / 8,
            owner: dictionary.text(b"O")?.to_vec(),
            user: dictionary.text(b"U")?.to_vec(),
            wrapped: dictionary.text(b"UE").unwrap_or_default().to_vec(),
            // Written with a sign, and by some without.
            permissions: dictionary.number(b"P").unwrap_or(0) as u32,
            covers_metadata: dictionary.word(b"EncryptMetadata") != Some("false"),
            streams,
            texts,
        })
    }

    /// The key of the document by a user's password; none if that is the wrong one.
    fn key(&self, password: &[u8], identifier: &[u8]) -> Option<Vec<u8>> {
        match self.revision {
            2..=4 => self.key_by_digest(password, identifier),
            5 | 6 => {
                let password = &password[..password.len().min(127)];
                let (check, salt) = (self.user.get(32..40)?, self.user.get(40..48)?);
                if self.hash(password, check)? != self.user[..32] {
                    return None;
                }
                let key = self.hash(password, salt)?;
                decrypt("aes", Mode::Cbc, &key, &[0; 16], self.wrapped.get(..32)?)
            }
            _ => None,
        }
    }

    /// Algorithms 2, 4, 5 and 6.
    fn key_by_digest(&self, password: &[u8], identifier: &[u8]) -> Option<Vec<u8>> {
        let padded: Vec<u8> = password.iter().chain(&PADDING).copied().take(32).collect();
        let permissions = self.permissions.to_le_bytes();
        let owner = self.owner.get(..32)?;
        let mut text = [&padded[..], owner, &permissions, identifier].concat();
        if self.revision >= 4 && !self.covers_metadata {
            text.extend([0xff; 4]);
        }
        let mut key = digest("md5", &text)?;
        key.truncate(self.key_bytes);
        if self.revision == 2 {
            return (rc4(&key, &PADDING)? == self.user.get(..32)?).then_some(key);
        }
        for _ in 0..50 {
            key = digest("md5", &key)?;
            key.truncate(self.key_bytes);
        }
        let mut check = digest("md5", &[&PADDING[..], identifier].concat())?;
        for round in 0..20 {
            let turned: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
            check = rc4(&turned, &check)?;
        }
        (check[..] == *self.user.get(..16)?).then_some(key)
    }

    /// Algorithm 2.B; revision 5 takes the first digest.
    fn hash(&self, password: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
        let mut last = digest("sha256", &[password, salt].concat())?;
        if self.revision == 5 {
            return Some(last);
        }
        for round in 0..ROUNDS_MAX {
            let repeated = [password, &last[..]].concat().repeat(64);
            let closed = close_cbc(last.first_chunk()?, last[16..].first_chunk()?, &repeated);
            // The first 16 bytes as one number, modulo 3: 256 leaves 1.
            let kind = closed[..16].iter().map(|byte| u32::from(*byte)).sum::<u32>() % 3;
            last = digest(["sha256", "sha384", "sha512"][kind as usize], &closed)?;
            if round >= 63 && usize::from(*closed.last()?) <= round.saturating_sub(31) {
                break;
            }
        }
        last.truncate(32);
        Some(last)
    }

    /// What a text or stream of an object is in clear (algorithms 1 and 1.A).
    fn clear(&self, method: Method, key: &[u8], object: (u32, u32), bytes: &[u8]) -> Vec<u8> {
        let key = if self.revision >= 5 {
            key.to_vec()
        } else {
            let (number, generation) = (object.0.to_le_bytes(), object.1.to_le_bytes());
            let salt: &[u8] = if method == Method::Aes { b"sAlT" } else { b"" };
            let text = [key, &number[..3], &generation[..2], salt].concat();
            let mut own = digest("md5", &text).unwrap_or_default();
            own.truncate((key.len() + 5).min(16));
            own
        };
        let clear = match method {
            Method::Identity => None,
            Method::Rc4 => rc4(&key, bytes),
            Method::Aes => bytes.split_at_checked(16).and_then(|(vector, bytes)| {
                let mut clear = decrypt("aes", Mode::Cbc, &key, vector, bytes)?;
                unpad(&mut clear);
                Some(clear)
            }),
        };
        clear.unwrap_or_else(|| bytes.to_vec())
    }
}

/// A document on its way into the clear.
struct Rewriter<'a> {
    bytes: &'a [u8],
    handler: &'a Handler,
    key: &'a [u8],
    /// The object that says how the document is closed: the one that is not.
    own: Option<u32>,
}

impl Rewriter<'_> {
    fn rewrite(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut done = 0;
        for at in memmem::find_iter(self.bytes, b"obj").take(2 * OBJECTS_MAX) {
            // `endobj`, or within what was passed over.
            let Some(object) = numbers_before(self.bytes, at).filter(|_| at >= done) else {
                continue;
            };
            out.extend_from_slice(&self.bytes[done..at + 3]);
            done = at + 3;
            if Some(object.0) != self.own {
                done = self.object(done, object, &mut out);
            }
        }
        out.extend_from_slice(&self.bytes[done..]);
        out
    }

    /// Writes an object in clear, and tells where it ends.
    fn object(&self, from: usize, object: (u32, u32), out: &mut Vec<u8>) -> usize {
        let mut tokens = Tokens::new(self.bytes, from);
        let mut done = from;
        let mut is_clear = false;
        let mut length = None;
        let mut is_length = false;
        let mut end = self.bytes.len();
        while let Some(token) = tokens.next() {
            match token {
                Token::Text(text) if !text.is_empty() => {
                    out.extend_from_slice(&self.bytes[done..tokens.from]);
                    let clear = self.handler.clear(self.handler.texts, self.key, object, &text);
                    out.push(b'<');
                    out.extend_from_slice(hex::encode(clear).as_bytes());
                    out.push(b'>');
                    done = tokens.at;
                }
                Token::Name(name) => {
                    // The table of references is in clear, and what says that it is.
                    is_clear |= matches!(&name[..], b"XRef" | b"Crypt")
                        || (name == b"Metadata" && !self.handler.covers_metadata);
                    is_length = name == b"Length";
                    continue;
                }
                Token::Word(b"endobj" | b"obj" | b"xref" | b"trailer") => {
                    end = tokens.from;
                    break;
                }
                Token::Word(b"stream") => {
                    out.extend_from_slice(&self.bytes[done..tokens.at]);
                    let rest = &self.bytes[tokens.at..];
                    let Some(data) = data(rest).filter(|_| !is_clear) else { return tokens.at };
                    // Behind the data stands the end of a line, which belongs to nobody.
                    let wanted = length.filter(|it| data.len().saturating_sub(*it) <= 2);
                    let closed = &data[..wanted.unwrap_or(data.len()).min(data.len())];
                    let clear = self.handler.clear(self.handler.streams, self.key, object, closed);
                    out.push(b'\n');
                    out.extend_from_slice(&clear);
                    out.push(b'\n');
                    let line_end = if rest.starts_with(b"\r\n") { 2 } else { 1 };
                    return tokens.at + line_end + data.len();
                }
                Token::Word(word) if is_length => {
                    length = std::str::from_utf8(word).ok().and_then(|it| it.parse().ok());
                }
                _ => {}
            }
            is_length = false;
        }
        out.extend_from_slice(&self.bytes[done..end]);
        end
    }
}

/// The two numbers before `obj`.
fn numbers_before(bytes: &[u8], at: usize) -> Option<(u32, u32)> {
    let head = &bytes[at.saturating_sub(32)..at];
    let number = |text: &[u8]| {
        let text = text.trim_ascii_end();
        let digits = text.iter().rev().take_while(|it| it.is_ascii_digit()).count();
        let (rest, digits) = text.split_at(text.len() - digits);
        Some((std::str::from_utf8(digits).ok()?.parse::<u32>().ok()?, rest.len()))
    };
    let (generation, rest) = number(head)?;
    let (number, _) = number(&head[..rest])?;
    Some((number, generation))
}

/// The document without the name of what closed it.
fn without_name(mut clear: Vec<u8>) -> Vec<u8> {
    let places: Vec<usize> = named(&clear, NAME).map(|(at, _)| at).collect();
    for at in places {
        clear[at + 1] = b'_';
    }
    clear
}

#[cfg(test)]
mod tests {
    use super::{Found, Value, open};
    use crate::unpack::pdf_text::Tokens;
    use proptest::prelude::*;

    #[test]
    fn dictionaries_hold_others() {
        let text = b"<</V 4/CF<</StdCF<</CFM/AESV2>>>>/P -4/O(ab)/List[1 2]/R 4 0 R/EncryptMetadata false>>";
        let value = Value::read(&mut Tokens::new(text, 0), 5, &mut 100).expect("a dictionary");
        assert_eq!(value.number(b"P"), Some(-4));
        assert_eq!(value.text(b"O"), Some(&b"ab"[..]));
        assert_eq!(value.word(b"EncryptMetadata"), Some("false"));
        let filter = value.get(b"CF").and_then(|it| it.get(b"StdCF"));
        assert_eq!(filter.and_then(|it| it.name(b"CFM")), Some(&b"AESV2"[..]));
    }

    proptest! {
        #[test]
        fn any_document_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "/Encrypt 1 0 R", "/Encr#79pt<<", "1 0 obj<</Filter/Standard", "/V 5/R 6", "/V 2/R 3", "/V 4/R 4",
            "/O<00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff>",
            "/U<00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677>",
            "/ID[(a)]", ">>", "endobj", "2 0 obj", "(a)", "(", "stream\r\n", "endstream", "/Length 3", "<</CF", "%",
        ]), 0..30), noise in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = parts.concat().into_bytes();
            bytes.extend(noise);
            if let Found::Opened { clear, .. } = open(&bytes, &[b"x".to_vec()]) {
                prop_assert!(clear.len() <= 4 * bytes.len());
            }
        }
    }
}

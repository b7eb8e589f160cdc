//! Books of Excel 97 to 2003 that are closed: the contents of their records are encrypted, kinds
//! and lengths are not (MS-XLS 2.2.10, MS-OFFCRYPTO 2.3.5 to 2.3.7).

use super::{Found, for_office, wide};
use crate::unpack::{slice, u16_le, u32_le};
use ukai_cipher::{digest, rc4};

/// Bytes of the stream that one key is for.
const BLOCK_BYTES: usize = 1024;
/// The record that says how a book is closed.
const FILE_PASS: u16 = 0x002f;
/// A sheet's name: where its records begin stays in clear.
const SHEET: u16 = 0x0085;
/// Records that stay in clear: BOF, UsrExcl, FileLock, InterfaceHdr, RRDInfo, RRDHead.
const IN_CLEAR: [u16; 6] = [0x0809, 0x0194, 0x0195, 0x00e1, 0x0196, 0x0138];
/// What fills a short password up (MS-OFFCRYPTO 2.3.7.2).
const PADDING: [u8; 15] =
    [0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0, 0xbe, 0x0f, 0, 0xbf, 0x0f, 0];

/// How one password opens a book.
enum Key {
    /// By 16 bytes, over and over.
    Xor([u8; 16]),
    Rc4(Rc4),
}

/// A hash of the password, and RC4 with the first bytes of a digest.
struct Rc4 {
    hash: &'static str,
    secret: Vec<u8>,
    key_bytes: usize,
}

impl Rc4 {
    /// The stream of one block's key.
    fn pad(&self, block: usize, length: usize) -> Option<Vec<u8>> {
        let mut key =
            digest(self.hash, &[&self.secret[..], &(block as u32).to_le_bytes()].concat())?;
        key.truncate(self.key_bytes);
        // 40 bits are used as 128 (MS-OFFCRYPTO 2.3.5.2).
        if self.key_bytes == 5 {
            key.resize(16, 0);
        }
        rc4(&key, &vec![0; length])
    }
}

/// Opens the stream `Workbook`.
pub(in crate::unpack) fn open<'a>(stream: &[u8], passwords: &'a [Vec<u8>]) -> Found<'a> {
    let Some((at, content)) = file_pass(stream) else { return Found::Plain };
    let found =
        for_office(passwords).find_map(|password| Some((key(content, password)?, password)));
    let Some((key, password)) = found else { return Found::Shut };
    match decrypted(stream, at, &key) {
        Some(clear) => Found::Opened { clear, password: Some(password) },
        None => Found::Shut,
    }
}

/// Where the record stands that says how the book is closed, and what is in it.
fn file_pass(stream: &[u8]) -> Option<(usize, &[u8])> {
    let mut at = 0;
    // It is one of the first.
    for _ in 0..8 {
        let kind = u16_le(stream, at)?;
        let content = slice(stream, at + 4, usize::from(u16_le(stream, at + 2)?))?;
        if kind == FILE_PASS {
            return Some((at, content));
        }
        at += 4 + content.len();
    }
    None
}

/// The key by a password; none if it is the wrong one.
fn key(pass: &[u8], password: &[u8]) -> Option<Key> {
    if u16_le(pass, 0)? == 0 {
        let (key, verifier) = (u16_le(pass, 2)?, u16_le(pass, 4)?);
        let password = password.get(..password.len().min(15)).filter(|it| !it.is_empty())?;
        let fits = xor_key(password) == key && xor_verifier(password) == verifier;
        return fits.then(|| Key::Xor(xor_pad(password, key)));
    }
    let (key, input, value) = match u16_le(pass, 2)? {
        1 => {
            let hash = digest("md5", &wide(password))?;
            let salted = [&hash[..5], slice(pass, 6, 16)?].concat().repeat(16);
            let secret = digest("md5", &salted)?[..5].to_vec();
            let key = Rc4 { hash: "md5", secret, key_bytes: 16 };
            (key, slice(pass, 22, 16)?, slice(pass, 38, 16)?)
        }
        2..=4 => {
            let header = pass.get(14..)?;
            let header_bytes = u32_le(pass, 10)? as usize;
            let bits = u32_le(header, 16)?;
            let verifier = header.get(header_bytes..)?;
            let secret = digest("sha1", &[slice(verifier, 4, 16)?, &wide(password)].concat())?;
            // None stands for 40.
            let key_bytes = if bits == 0 { 5 } else { bits as usize / 8 };
            let key = Rc4 { hash: "sha1", secret, key_bytes: key_bytes.clamp(5, 16) };
            (key, slice(verifier, 20, 16)?, slice(verifier, 40, 20)?)
        }
        _ => return None,
    };
    let pad = key.pad(0, 16 + value.len())?;
    let plain: Vec<u8> = input.iter().chain(value).zip(pad).map(|(byte, pad)| byte ^ pad).collect();
    (digest(key.hash, &plain[..16])? == plain[16..]).then_some(Key::Rc4(key))
}

/// The stream in clear, the record at `pass` made void.
fn decrypted(stream: &[u8], pass: usize, key: &Key) -> Option<Vec<u8>> {
    let mut clear = stream.to_vec();
    clear[pass..pass + 2].fill(0);
    let mut at = pass;
    let (mut block, mut pad) = (usize::MAX, Vec::new());
    while let (Some(kind), Some(length)) = (u16_le(stream, at), u16_le(stream, at + 2)) {
        let from = at + 4;
        let to = stream.len().min(from + usize::from(length));
        let is_closed = at != pass && !IN_CLEAR.contains(&kind);
        at = to;
        if !is_closed {
            continue;
        }
        for (byte, place) in clear[from..to].iter_mut().zip(from..) {
            if kind == SHEET && place < from + 4 {
                continue;
            }
            match key {
                Key::Xor(pad) => *byte = byte.rotate_left(3) ^ pad[(place + to - from) % 16],
                Key::Rc4(key) => {
                    if place / BLOCK_BYTES != block {
                        block = place / BLOCK_BYTES;
                        pad = key.pad(block, BLOCK_BYTES)?;
                    }
                    *byte ^= pad[place % BLOCK_BYTES];
                }
            }
        }
    }
    Some(clear)
}

/// The key of a password (MS-OFFCRYPTO 2.3.7.2): the matrix of that section is a register with
/// feedback, run backwards over the password's letters.
fn xor_key(password: &[u8]) -> u16 {
    let step = |value: u16| {
        let turned = value.rotate_left(1);
        if turned & 1 == 1 { turned ^ 0x1020 } else { turned }
    };
    let (mut key, mut base, mut end) = (0u16, 0x8000u16, 0xffffu16);
    for letter in password.iter().rev() {
        for bit in 0..8 {
            base = step(base);
            if (letter & 0x7f) >> bit & 1 == 1 {
                key ^= base;
            }
            end = step(end);
        }
    }
    key ^ end
}

/// What tells whether a password is right (2.3.7.1).
fn xor_verifier(password: &[u8]) -> u16 {
    let turned = |(index, letter): (usize, &u8)| {
        let by = (index as u32 + 1) % 15;
        let wide = u32::from(*letter) << by;
        ((wide | wide >> 15) & 0x7fff) as u16
    };
    let sum = password.iter().enumerate().map(turned).fold(0, |sum, it| sum ^ it);
    sum ^ password.len() as u16 ^ 0xce4b
}

/// The 16 bytes that the content is mixed with (2.3.7.2).
fn xor_pad(password: &[u8], key: u16) -> [u8; 16] {
    let filled = password.iter().chain(&PADDING);
    let mut pad = [0; 16];
    for ((index, byte), letter) in pad.iter_mut().enumerate().zip(filled) {
        *byte = (letter ^ key.to_le_bytes()[index % 2]).rotate_left(2);
    }
    pad
}

#[cfg(test)]
mod tests {
    use super::{Found, open, xor_key, xor_verifier};
    use proptest::prelude::*;

    #[test]
    fn excels_own_password_has_the_key_that_excel_writes() {
        assert_eq!(
            (xor_key(b"VelvetSweatshop"), xor_verifier(b"VelvetSweatshop")),
            (0xb359, 0x9a0a)
        );
    }

    proptest! {
        #[test]
        fn any_records_are_read(kind in 0u16..5, version in 0u16..6, noise in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut pass = [kind.to_le_bytes(), version.to_le_bytes()].concat();
            pass.extend(&noise);
            let mut stream = vec![9, 8, 2, 0, 0, 6, 0x2f, 0, pass.len() as u8, 0];
            stream.extend(pass);
            stream.extend(&noise);
            let _ = open(&stream, &[b"x".to_vec()]);
            prop_assert!(matches!(open(&noise, &[]), Found::Plain | Found::Shut));
        }
    }
}

//! Codings of bytes as letters beside base64: base 32, Ascii85 and base 85, and what ciphers made.

use super::run::{Done, Machine};
use super::value::Value;
use ukai_cipher::Mode;

/// The digits of base 85 as git and CPython's `b85encode` have them.
const BASE85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Five letters for four bytes; `digit` gives a letter's value.
fn unbase85(letters: &[u8], digit: impl Fn(u8) -> Option<u32>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(letters.len() / 5 * 4);
    for chunk in letters.chunks(5) {
        let missing = 5 - chunk.len();
        let mut word = 0u64;
        for at in 0..5 {
            let value = match chunk.get(at) {
                Some(letter) => digit(*letter)?,
                None => 84,
            };
            word = word * 85 + u64::from(value);
        }
        let word = u32::try_from(word).ok()?;
        out.extend_from_slice(&word.to_be_bytes()[..4 - missing.min(4)]);
    }
    Some(out)
}

fn base85(bytes: &[u8], letter: impl Fn(u32) -> u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 5 + 5);
    for chunk in bytes.chunks(4) {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        let mut word = u32::from_be_bytes(word);
        let mut letters = [0; 5];
        for place in letters.iter_mut().rev() {
            *place = letter(word % 85);
            word /= 85;
        }
        out.extend_from_slice(&letters[..=chunk.len()]);
    }
    out
}

/// `base64.b85decode`
fn unb85(letters: &[u8]) -> Option<Vec<u8>> {
    unbase85(letters, |letter| BASE85.iter().position(|it| *it == letter).map(|at| at as u32))
}

/// `base64.a85decode`, with the marks of Adobe where they stand.
fn unascii85(letters: &[u8]) -> Option<Vec<u8>> {
    let letters = letters.trim_ascii();
    let letters = letters.strip_prefix(b"<~").unwrap_or(letters);
    let letters = letters.strip_suffix(b"~>").unwrap_or(letters);
    let mut plain = Vec::with_capacity(letters.len());
    for letter in letters.iter().filter(|it| !it.is_ascii_whitespace()) {
        match letter {
            b'z' => plain.extend_from_slice(b"!!!!!"),
            other => plain.push(*other),
        }
    }
    unbase85(&plain, |letter| matches!(letter, b'!'..=b'u').then(|| u32::from(letter - b'!')))
}

/// `base64.b32encode`
fn base32(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 5 * 8 + 8);
    for chunk in bytes.chunks(5) {
        let mut word = [0; 8];
        word[3..3 + chunk.len()].copy_from_slice(chunk);
        let word = u64::from_be_bytes(word);
        let count = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = (word >> (35 - 5 * at) & 31) as usize;
            out.push(if at < count { BASE32[digit] } else { b'=' });
        }
    }
    out
}

impl Machine<'_> {
    /// Codings of `base64` beside the one that it is named after; none where it is another.
    pub(super) fn coded(&mut self, whole: &str, bytes: &[u8]) -> Option<Done<Value>> {
        let made = match whole {
            "base64.b85encode" => Some(base85(bytes, |digit| BASE85[digit as usize])),
            "base64.a85encode" => Some(base85(bytes, |digit| b'!' + digit as u8)),
            "base64.b32encode" => Some(base32(bytes)),
            "base64.b85decode" => unb85(bytes),
            "base64.a85decode" => unascii85(bytes),
            _ => return None,
        };
        Some(match made {
            Some(out) => Ok(Value::Bytes(out.into())),
            None => Err(self.raise("ValueError", "bad base85 character")),
        })
    }

    /// `_cipher.name(...)`, which the written modules of ciphers stand on.
    pub(super) fn cipher(&mut self, name: &str, arguments: &[Value]) -> Done<Value> {
        let bytes = |at: usize| arguments.get(at).and_then(Value::raw).unwrap_or_default();
        let text = |at: usize| String::from_utf8_lossy(&bytes(at)).into_owned();
        let number = |at: usize| arguments.get(at).and_then(Value::integer).unwrap_or(0);
        for at in 0..arguments.len() {
            self.costs(0, bytes(at).len() * 4)?;
        }
        let made = match name {
            "open" => {
                let mode = match text(1).as_str() {
                    "ecb" => Mode::Ecb,
                    "ctr" => Mode::Ctr,
                    "gcm" => Mode::Gcm,
                    "cfb8" => Mode::Cfb8,
                    "cfb" => Mode::Cfb,
                    "ofb" => Mode::Ofb,
                    _ => Mode::Cbc,
                };
                ukai_cipher::open(&text(0), mode, &bytes(2), &bytes(3), &bytes(4))
            }
            "rc4" => ukai_cipher::rc4(&bytes(0), &bytes(1)),
            "keyed" => ukai_cipher::keyed(&format!("hmac{}", text(0)), &bytes(1), &bytes(2)),
            "stretched" => {
                let rounds = u32::try_from(number(3)).unwrap_or(u32::MAX);
                let length = usize::try_from(number(4)).unwrap_or(0);
                if rounds > ukai_cipher::ROUNDS_MAX || length > ukai_cipher::KEY_BYTES_MAX {
                    return Err(self.raise("MemoryError", ""));
                }
                self.costs(rounds as usize / 8, 0)?;
                Some(ukai_cipher::stretched(&text(0), &bytes(1), &bytes(2), rounds, length))
            }
            _ => None,
        };
        match made {
            Some(out) => Ok(Value::Bytes(out.into())),
            None => Err(self.raise("ValueError", "Incorrect key length")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BASE85, base32, base85, unascii85, unb85};
    use proptest::prelude::*;

    #[test]
    fn letters_are_those_of_cpython() {
        assert_eq!(base85(b"http", |it| BASE85[it as usize]), b"XmoUN");
        assert_eq!(unascii85(b"<~BOu!rDZ~>").as_deref(), Some(&b"hello"[..]));
        assert_eq!(base32(b"hello"), b"NBSWY3DP");
        assert_eq!(base32(b"a"), b"ME======");
    }

    proptest! {
        #[test]
        fn the_way_back_is_found(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let there = base85(&bytes, |it| BASE85[it as usize]);
            prop_assert_eq!(unb85(&there), Some(bytes));
        }

        #[test]
        fn any_letters_are_read(letters in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (unb85(&letters), unascii85(&letters));
        }
    }
}

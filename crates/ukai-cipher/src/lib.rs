//! Digests and ciphers that scripts hide their texts with, for the interpreters that read those.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{
    BlockDecrypt as _, BlockDecryptMut as _, BlockEncrypt as _, KeyInit as _, KeyIvInit as _,
};
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// Rounds of a key's making that are done.
pub const ROUNDS_MAX: u32 = 200_000;
/// Bytes of a key that are made.
pub const KEY_BYTES_MAX: usize = 4096;

/// How blocks are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each is mixed with the one before it.
    Cbc,
    /// Not at all.
    Ecb,
    /// A counter is encrypted, and mixed with each.
    Ctr,
    /// The tag is not looked at.
    Gcm,
    /// What was closed before is encrypted, and mixed with the next byte.
    Cfb8,
    /// The same by whole blocks.
    Cfb,
    /// What was mixed in before is encrypted again.
    Ofb,
}

/// The digest of a name without dashes, in lower case.
pub fn digest(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    Some(match name {
        "md5" => Md5::digest(bytes).to_vec(),
        "sha1" | "sha" => Sha1::digest(bytes).to_vec(),
        "sha256" => Sha256::digest(bytes).to_vec(),
        "sha384" => Sha384::digest(bytes).to_vec(),
        "sha512" => Sha512::digest(bytes).to_vec(),
        _ => return None,
    })
}

/// The keyed digest of a name: `hmacsha256`.
pub fn keyed(name: &str, key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    macro_rules! mac {
        ($hash:ty) => {{
            let mut mac = <Hmac<$hash> as hmac::Mac>::new_from_slice(key).ok()?;
            mac.update(bytes);
            mac.finalize().into_bytes().to_vec()
        }};
    }
    Some(match name {
        "hmacmd5" => mac!(Md5),
        "hmacsha1" => mac!(Sha1),
        "hmacsha256" => mac!(Sha256),
        "hmacsha512" => mac!(Sha512),
        _ => return None,
    })
}

/// A key made of a password in many rounds (PBKDF2, RFC 8018); with SHA-1 where the digest is not
/// known. Callers bound rounds and length.
pub fn stretched(hash: &str, password: &[u8], salt: &[u8], rounds: u32, length: usize) -> Vec<u8> {
    let mut key = vec![0; length];
    match hash {
        "sha256" => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut key),
        "sha384" => pbkdf2::pbkdf2_hmac::<Sha384>(password, salt, rounds, &mut key),
        "sha512" => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut key),
        _ => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut key),
    }
    key
}

/// What was encrypted, padding kept; none where key or vector do not fit.
pub fn open(cipher: &str, mode: Mode, key: &[u8], vector: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    match (cipher, mode) {
        ("tripledes", _) => open_triple(key, vector, bytes, mode == Mode::Ecb),
        ("des", _) => open_single(key, vector, bytes, mode == Mode::Ecb),
        ("chacha20", _) => streamed(key, vector, bytes),
        (_, Mode::Cfb8 | Mode::Cfb | Mode::Ofb) => fed_back(key, vector, bytes, mode),
        (_, Mode::Ctr) => counted(key, vector.try_into().ok()?, bytes),
        (_, Mode::Gcm) => {
            // The first block is the tag's; NIST SP 800-38D, with a vector of 96 bits.
            let mut first = [0; 16];
            first.get_mut(..12)?.copy_from_slice(vector.get(..12).filter(|_| vector.len() == 12)?);
            first[15] = 2;
            counted(key, first, bytes)
        }
        _ => open_aes(key, vector, bytes, mode == Mode::Ecb),
    }
}

/// AES with 128 bits in CBC the other way, as hashes of passwords are made with it (ISO 32000-2,
/// algorithm 2.B). What is left of the last block is left out.
pub fn close_cbc(key: &[u8; 16], vector: &[u8; 16], bytes: &[u8]) -> Vec<u8> {
    let cipher = aes::Aes128::new(key.into());
    let mut before = *vector;
    let mut out = Vec::with_capacity(bytes.len());
    for block in bytes.as_chunks::<16>().0 {
        before.iter_mut().zip(block).for_each(|(byte, plain)| *byte ^= plain);
        cipher.encrypt_block((&mut before).into());
        out.extend_from_slice(&before);
    }
    out
}

/// AES of a counter that begins with `block`.
fn counted(key: &[u8], block: [u8; 16], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut counter = u128::from_be_bytes(block);
    let mut out = bytes.to_vec();
    let mut each = |encrypt: &dyn Fn(&mut [u8])| {
        for chunk in out.chunks_mut(16) {
            let mut pad = counter.to_be_bytes();
            counter = counter.wrapping_add(1);
            encrypt(&mut pad);
            chunk.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        }
    };
    match key.len() {
        16 => {
            let cipher = aes::Aes128::new_from_slice(key).ok()?;
            each(&|it| cipher.encrypt_block(it.into()));
        }
        24 => {
            let cipher = aes::Aes192::new_from_slice(key).ok()?;
            each(&|it| cipher.encrypt_block(it.into()));
        }
        32 => {
            let cipher = aes::Aes256::new_from_slice(key).ok()?;
            each(&|it| cipher.encrypt_block(it.into()));
        }
        _ => return None,
    }
    Some(out)
}

/// ChaCha20 with a nonce of 8 or 12 bytes (RFC 8439), the counter at 0.
fn streamed(key: &[u8], nonce: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
    let mut out = bytes.to_vec();
    match nonce.len() {
        8 => chacha20::ChaCha20Legacy::new_from_slices(key, nonce).ok()?.apply_keystream(&mut out),
        _ => chacha20::ChaCha20::new_from_slices(key, nonce).ok()?.apply_keystream(&mut out),
    }
    Some(out)
}

/// AES whose pads are made of what came before (NIST SP 800-38A).
fn fed_back(key: &[u8], vector: &[u8], bytes: &[u8], mode: Mode) -> Option<Vec<u8>> {
    let mut register: [u8; 16] = vector.try_into().ok()?;
    let each = |encrypt: &dyn Fn(&mut [u8])| {
        let mut out = Vec::with_capacity(bytes.len());
        for chunk in bytes.chunks(if mode == Mode::Cfb8 { 1 } else { 16 }) {
            let mut pad = register;
            encrypt(&mut pad);
            out.extend(chunk.iter().zip(pad).map(|(byte, pad)| byte ^ pad));
            if mode == Mode::Ofb {
                register = pad;
            } else {
                register.rotate_left(chunk.len() % 16);
                let at = 16 - chunk.len();
                register[at..].copy_from_slice(chunk);
            }
        }
        out
    };
    let mut each = each;
    match key.len() {
        16 => {
            let cipher = aes::Aes128::new_from_slice(key).ok()?;
            Some(each(&|it| cipher.encrypt_block(it.into())))
        }
        24 => {
            let cipher = aes::Aes192::new_from_slice(key).ok()?;
            Some(each(&|it| cipher.encrypt_block(it.into())))
        }
        32 => {
            let cipher = aes::Aes256::new_from_slice(key).ok()?;
            Some(each(&|it| cipher.encrypt_block(it.into())))
        }
        _ => None,
    }
}

/// RC4, whose way back is its way there. Nothing without a key.
pub fn rc4(key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    if key.is_empty() {
        return None;
    }
    let mut state: [u8; 256] = std::array::from_fn(|at| at as u8);
    let mut other = 0u8;
    for at in 0..256 {
        other = other.wrapping_add(state[at]).wrapping_add(key[at % key.len()]);
        state.swap(at, usize::from(other));
    }
    let (mut one, mut other) = (0u8, 0u8);
    let next = |byte: &u8| {
        one = one.wrapping_add(1);
        other = other.wrapping_add(state[usize::from(one)]);
        state.swap(usize::from(one), usize::from(other));
        let sum = state[usize::from(one)].wrapping_add(state[usize::from(other)]);
        byte ^ state[usize::from(sum)]
    };
    Some(bytes.iter().map(next).collect())
}

/// PKCS #7.
pub fn unpad(plain: &mut Vec<u8>) {
    if let Some(last) = plain.last().copied()
        && (1..=16).contains(&last)
        && usize::from(last) <= plain.len()
    {
        plain.truncate(plain.len() - usize::from(last));
    }
}

/// AES in CBC or ECB, padding kept.
fn open_aes(key: &[u8], vector: &[u8], bytes: &[u8], is_ecb: bool) -> Option<Vec<u8>> {
    let whole = bytes.len() / 16 * 16;
    let mut plain = bytes.get(..whole).filter(|it| !it.is_empty())?.to_vec();
    if is_ecb {
        let mut each = |decrypt: &dyn Fn(&mut [u8])| plain.chunks_exact_mut(16).for_each(decrypt);
        match key.len() {
            16 => {
                let cipher = aes::Aes128::new_from_slice(key).ok()?;
                each(&|it| cipher.decrypt_block(it.into()));
            }
            24 => {
                let cipher = aes::Aes192::new_from_slice(key).ok()?;
                each(&|it| cipher.decrypt_block(it.into()));
            }
            32 => {
                let cipher = aes::Aes256::new_from_slice(key).ok()?;
                each(&|it| cipher.decrypt_block(it.into()));
            }
            _ => return None,
        }
        return Some(plain);
    }
    match key.len() {
        16 => cbc::Decryptor::<aes::Aes128>::new_from_slices(key, vector)
            .ok()?
            .decrypt_padded_mut::<NoPadding>(&mut plain)
            .ok()?,
        24 => cbc::Decryptor::<aes::Aes192>::new_from_slices(key, vector)
            .ok()?
            .decrypt_padded_mut::<NoPadding>(&mut plain)
            .ok()?,
        32 => cbc::Decryptor::<aes::Aes256>::new_from_slices(key, vector)
            .ok()?
            .decrypt_padded_mut::<NoPadding>(&mut plain)
            .ok()?,
        _ => return None,
    };
    Some(plain)
}

/// DES thrice in CBC or ECB, padding kept.
fn open_triple(key: &[u8], vector: &[u8], bytes: &[u8], is_ecb: bool) -> Option<Vec<u8>> {
    // Two keys: the first is also the third.
    let key = match key.len() {
        16 => [key, &key[..8]].concat(),
        _ => key.to_vec(),
    };
    if is_ecb {
        let cipher = des::TdesEde3::new_from_slice(&key).ok()?;
        return Some(by_block(bytes, &|it| cipher.decrypt_block(it.into())));
    }
    let mut plain = bytes.get(..bytes.len() / 8 * 8).filter(|it| !it.is_empty())?.to_vec();
    cbc::Decryptor::<des::TdesEde3>::new_from_slices(&key, vector)
        .ok()?
        .decrypt_padded_mut::<NoPadding>(&mut plain)
        .ok()?;
    Some(plain)
}

fn open_single(key: &[u8], vector: &[u8], bytes: &[u8], is_ecb: bool) -> Option<Vec<u8>> {
    if is_ecb {
        let cipher = des::Des::new_from_slice(key).ok()?;
        return Some(by_block(bytes, &|it| cipher.decrypt_block(it.into())));
    }
    let mut plain = bytes.get(..bytes.len() / 8 * 8).filter(|it| !it.is_empty())?.to_vec();
    cbc::Decryptor::<des::Des>::new_from_slices(key, vector)
        .ok()?
        .decrypt_padded_mut::<NoPadding>(&mut plain)
        .ok()?;
    Some(plain)
}

fn by_block(bytes: &[u8], open: &dyn Fn(&mut [u8])) -> Vec<u8> {
    let mut plain = bytes[..bytes.len() / 8 * 8].to_vec();
    plain.chunks_exact_mut(8).for_each(open);
    plain
}

#[cfg(test)]
mod tests {
    use super::{Mode, close_cbc, digest, keyed, open, rc4, stretched, unpad};

    fn hex(text: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
        (0..text.len()).step_by(2).map(digit).collect()
    }

    #[test]
    fn texts_open_that_openssl_closed() {
        let key = b"0123456789abcdef";
        let vector = [0; 16];
        // `printf hello | openssl enc -aes-128-cbc -K 30313233343536373839616263646566 -iv 0`
        let closed = [
            0x17, 0x5e, 0x8b, 0x3c, 0x37, 0xa7, 0xe1, 0x5c, 0x6c, 0x1f, 0xa2, 0x9a, 0x7f, 0x52,
            0x4a, 0x4d,
        ];
        assert!(open("aes", Mode::Cbc, key, &vector, &closed).is_some_and(|it| it.len() == 16));
        // A stream is its own way back.
        let closed = open("aes", Mode::Ctr, key, &vector, b"hello").expect("a key that fits");
        assert_eq!(open("aes", Mode::Ctr, key, &vector, &closed).as_deref(), Some(&b"hello"[..]));
        assert_eq!(open("aes", Mode::Gcm, key, &[0; 11], b"hello"), None);
        assert_eq!(open("aes", Mode::Cbc, b"short", &vector, &[0; 16]), None);
        // NIST SP 800-38A, F.3.7 and F.3.13 and F.4.1.
        let key = hex("2b7e151628aed2a6abf7158809cf4f3c");
        let vector = hex("000102030405060708090a0b0c0d0e0f");
        for (mode, closed, plain) in [
            (Mode::Cfb8, "3b79424c9c0dd436bace9e0ed4586a4f", "6bc1bee22e409f96e93d7e117393172a"),
            (Mode::Cfb, "3b3fd92eb72dad20333449f8e83cfb4a", "6bc1bee22e409f96e93d7e117393172a"),
            (Mode::Ofb, "3b3fd92eb72dad20333449f8e83cfb4a", "6bc1bee22e409f96e93d7e117393172a"),
        ] {
            assert_eq!(open("aes", mode, &key, &vector, &hex(closed)), Some(hex(plain)));
        }
        // F.2.1, there and back.
        let plain = hex("6bc1bee22e409f96e93d7e117393172a");
        let closed = close_cbc(&[7; 16], &[9; 16], &plain.repeat(3));
        assert_eq!(open("aes", Mode::Cbc, &[7; 16], &[9; 16], &closed), Some(plain.repeat(3)));
        let fits: &[u8; 16] = key.first_chunk().expect("16 bytes");
        let start: &[u8; 16] = vector.first_chunk().expect("16 bytes");
        let closed = close_cbc(fits, start, &plain);
        assert_eq!(closed, hex("7649abac8119b246cee98e9b12e9197d"));
        // RFC 6229, and RFC 8439, 2.4.2 with the counter at 0.
        assert_eq!(rc4(&[1, 2, 3, 4, 5], &[0; 4]), Some(hex("b2396305")));
        assert_eq!(rc4(b"", b"x"), None);
        let zero = open("chacha20", Mode::Ctr, &[0; 32], &[0; 12], &[0; 4]);
        assert_eq!(zero, Some(hex("76b8e0ad")));
        let mut padded = b"hello\x03\x03\x03".to_vec();
        unpad(&mut padded);
        assert_eq!(padded, b"hello");
    }

    #[test]
    fn digests_are_those_of_their_standards() {
        assert_eq!(digest("md5", b"").map(|it| it[0]), Some(0xd4));
        assert_eq!(digest("crc", b""), None);
        assert_eq!(keyed("hmacsha256", b"", b"").map(|it| it[0]), Some(0xb6));
        // RFC 6070.
        assert_eq!(stretched("sha1", b"password", b"salt", 1, 2), [0x0c, 0x60]);
    }
}

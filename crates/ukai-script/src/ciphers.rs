//! Digests and ciphers that scripts hide their texts with.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{
    BlockDecrypt as _, BlockDecryptMut as _, BlockEncrypt as _, KeyInit as _, KeyIvInit as _,
};
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// Rounds of a key's making that are done.
pub(crate) const ROUNDS_MAX: u32 = 200_000;
/// Bytes of a key that are made.
pub(crate) const KEY_BYTES_MAX: usize = 4096;

/// How blocks are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Cbc,
    Ecb,
    Ctr,
    /// The tag is not looked at.
    Gcm,
}

/// The digest of a name without dashes, in lower case.
pub(crate) fn digest(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
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
pub(crate) fn keyed(name: &str, key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
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
pub(crate) fn stretched(
    hash: &str,
    password: &[u8],
    salt: &[u8],
    rounds: u32,
    length: usize,
) -> Vec<u8> {
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
pub(crate) fn open(
    cipher: &str,
    mode: Mode,
    key: &[u8],
    vector: &[u8],
    bytes: &[u8],
) -> Option<Vec<u8>> {
    match (cipher, mode) {
        ("tripledes", _) => open_triple(key, vector, bytes, mode == Mode::Ecb),
        ("des", _) => open_single(key, vector, bytes, mode == Mode::Ecb),
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

/// PKCS #7.
pub(crate) fn unpad(plain: &mut Vec<u8>) {
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
    use super::{Mode, digest, keyed, open, stretched, unpad};

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

//! Ciphers: RFC 4253 section 6.3, RFC 4344, RFC 5647 as OpenSSH does it, and
//! `PROTOCOL.chacha20poly1305`.

use aes::cipher::generic_array::GenericArray;
use aes::cipher::{
    BlockDecryptMut, BlockEncryptMut, BlockSizeUser, KeyInit, KeyIvInit, StreamCipher,
    StreamCipherSeek,
};
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::AeadInPlace;
use aes_gcm::aead::generic_array::typenum::Unsigned;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20::ChaCha20Legacy;
use des::TdesEde3;
use poly1305::Poly1305;
use twofish::Twofish;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// Name, bytes of key, of initialisation vector, of block.
const CIPHERS: &[(&str, usize, usize, usize)] = &[
    ("none", 0, 0, 8),
    ("chacha20-poly1305@openssh.com", 64, 0, 8),
    ("aes128-ctr", 16, 16, 16),
    ("aes192-ctr", 24, 16, 16),
    ("aes256-ctr", 32, 16, 16),
    ("aes128-gcm@openssh.com", 16, 12, 16),
    ("aes256-gcm@openssh.com", 32, 12, 16),
    ("aes128-cbc", 16, 16, 16),
    ("aes192-cbc", 24, 16, 16),
    ("aes256-cbc", 32, 16, 16),
    ("3des-ctr", 24, 8, 8),
    ("3des-cbc", 24, 8, 8),
    ("twofish256-cbc", 32, 16, 16),
    ("twofish-cbc", 32, 16, 16),
    ("twofish128-cbc", 16, 16, 16),
];

/// Bytes of key, initialisation vector and block of a cipher.
pub(crate) fn sizes(name: &str) -> Option<(usize, usize, usize)> {
    CIPHERS.iter().find(|row| row.0 == name).map(|row| (row.1, row.2, row.3))
}

/// Whether a cipher authenticates by itself.
pub(crate) fn authenticates(name: &str) -> bool {
    name.contains("-gcm@") || name.starts_with("chacha20-poly1305")
}

/// Changes whole blocks in place.
pub(crate) trait Transform: Send {
    fn apply(&mut self, data: &mut [u8]);
}

struct Stream<C>(C);

impl<C: StreamCipher + Send> Transform for Stream<C> {
    fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }
}

struct Encrypt<C>(C);

impl<C: BlockEncryptMut + BlockSizeUser + Send> Transform for Encrypt<C> {
    fn apply(&mut self, data: &mut [u8]) {
        for block in data.chunks_exact_mut(C::block_size()) {
            self.0.encrypt_block_mut(GenericArray::from_mut_slice(block));
        }
    }
}

struct Decrypt<C>(C);

impl<C: BlockDecryptMut + BlockSizeUser + Send> Transform for Decrypt<C> {
    fn apply(&mut self, data: &mut [u8]) {
        for block in data.chunks_exact_mut(C::block_size()) {
            self.0.decrypt_block_mut(GenericArray::from_mut_slice(block));
        }
    }
}

/// A keyed cipher for one direction.
pub(crate) enum Cipher {
    None,
    Plain { transform: Box<dyn Transform>, block: usize },
    Gcm128 { key: Box<Aes128Gcm>, nonce: [u8; 12] },
    Gcm256 { key: Box<Aes256Gcm>, nonce: [u8; 12] },
    ChaCha { main: [u8; 32], header: [u8; 32] },
}

impl Cipher {
    /// `key` and `iv` have the lengths of [`sizes`].
    pub(crate) fn new(name: &str, key: &[u8], iv: &[u8], direction: Direction) -> Option<Self> {
        macro_rules! cbc {
            ($kind:ty) => {
                match direction {
                    Direction::In => {
                        Box::new(Decrypt(cbc::Decryptor::<$kind>::new_from_slices(key, iv).ok()?))
                            as Box<dyn Transform>
                    }
                    Direction::Out => {
                        Box::new(Encrypt(cbc::Encryptor::<$kind>::new_from_slices(key, iv).ok()?))
                    }
                }
            };
        }
        macro_rules! twofish {
            () => {{
                use aes::cipher::InnerIvInit;
                let inner = Twofish::new_from_slice(key).ok()?;
                let iv = GenericArray::from_slice(iv);
                match direction {
                    Direction::In => Box::new(Decrypt(cbc::Decryptor::inner_iv_init(inner, iv)))
                        as Box<dyn Transform>,
                    Direction::Out => Box::new(Encrypt(cbc::Encryptor::inner_iv_init(inner, iv))),
                }
            }};
        }
        macro_rules! ctr {
            ($kind:ty) => {
                Box::new(Stream(<$kind>::new_from_slices(key, iv).ok()?)) as Box<dyn Transform>
            };
        }
        let transform = match name {
            "none" => return Some(Self::None),
            "chacha20-poly1305@openssh.com" => {
                return Some(Self::ChaCha {
                    main: key.get(..32)?.try_into().ok()?,
                    header: key.get(32..64)?.try_into().ok()?,
                });
            }
            "aes128-gcm@openssh.com" => {
                return Some(Self::Gcm128 {
                    key: Box::new(Aes128Gcm::new_from_slice(key).ok()?),
                    nonce: iv.try_into().ok()?,
                });
            }
            "aes256-gcm@openssh.com" => {
                return Some(Self::Gcm256 {
                    key: Box::new(Aes256Gcm::new_from_slice(key).ok()?),
                    nonce: iv.try_into().ok()?,
                });
            }
            "aes128-ctr" => ctr!(ctr::Ctr128BE<Aes128>),
            "aes192-ctr" => ctr!(ctr::Ctr128BE<Aes192>),
            "aes256-ctr" => ctr!(ctr::Ctr128BE<Aes256>),
            "3des-ctr" => ctr!(ctr::Ctr64BE<TdesEde3>),
            "aes128-cbc" => cbc!(Aes128),
            "aes192-cbc" => cbc!(Aes192),
            "aes256-cbc" => cbc!(Aes256),
            "3des-cbc" => cbc!(TdesEde3),
            "twofish256-cbc" | "twofish-cbc" | "twofish128-cbc" => twofish!(),
            _ => return None,
        };
        let block = sizes(name)?.2;
        Some(Self::Plain { transform, block })
    }

    pub(crate) fn block(&self) -> usize {
        match self {
            Self::None | Self::ChaCha { .. } => 8,
            Self::Plain { block, .. } => *block,
            Self::Gcm128 { .. } | Self::Gcm256 { .. } => 16,
        }
    }

    /// Bytes of authentication tag; 0 where a MAC is needed.
    pub(crate) fn tag(&self) -> usize {
        match self {
            Self::None | Self::Plain { .. } => 0,
            _ => 16,
        }
    }

    /// Encrypts or decrypts without authentication.
    pub(crate) fn apply(&mut self, data: &mut [u8]) {
        if let Self::Plain { transform, .. } = self {
            transform.apply(data);
        }
    }

    /// The length in the first four bytes of a packet of an authenticated cipher.
    pub(crate) fn length(&self, sequence: u32, first: [u8; 4]) -> u32 {
        let mut bytes = first;
        if let Self::ChaCha { header, .. } = self {
            chacha(header, sequence).apply_keystream(&mut bytes);
        }
        u32::from_be_bytes(bytes)
    }

    /// Seals `packet`, of which the first four bytes are the length; appends the tag.
    pub(crate) fn seal(&mut self, sequence: u32, packet: &mut Vec<u8>) {
        match self {
            Self::None | Self::Plain { .. } => {}
            Self::Gcm128 { key, nonce } => gcm_seal(&**key, nonce, packet),
            Self::Gcm256 { key, nonce } => gcm_seal(&**key, nonce, packet),
            Self::ChaCha { main, header } => {
                let (poly, mut body) = chacha_body(main, sequence);
                let (length, rest) = packet.split_at_mut(4);
                chacha(header, sequence).apply_keystream(length);
                body.apply_keystream(rest);
                let tag = poly.compute_unpadded(packet);
                packet.extend_from_slice(&tag);
            }
        }
    }

    /// Opens `packet` (length, body) in place; false if the tag is wrong.
    pub(crate) fn open(&mut self, sequence: u32, packet: &mut [u8], tag: &[u8]) -> bool {
        match self {
            Self::None | Self::Plain { .. } => false,
            Self::Gcm128 { key, nonce } => gcm_open(&**key, nonce, packet, tag),
            Self::Gcm256 { key, nonce } => gcm_open(&**key, nonce, packet, tag),
            Self::ChaCha { main, header } => {
                let (poly, mut body) = chacha_body(main, sequence);
                if poly.compute_unpadded(packet).as_slice() != tag {
                    return false;
                }
                let (length, rest) = packet.split_at_mut(4);
                chacha(header, sequence).apply_keystream(length);
                body.apply_keystream(rest);
                true
            }
        }
    }
}

fn chacha(key: &[u8; 32], sequence: u32) -> ChaCha20Legacy {
    let nonce = u64::from(sequence).to_be_bytes();
    ChaCha20Legacy::new(GenericArray::from_slice(key), GenericArray::from_slice(&nonce))
}

/// The one-time authenticator, and the stream from its second block on.
fn chacha_body(key: &[u8; 32], sequence: u32) -> (Poly1305, ChaCha20Legacy) {
    let mut stream = chacha(key, sequence);
    let mut poly_key = [0; 32];
    stream.apply_keystream(&mut poly_key);
    stream.seek(64u32);
    (Poly1305::new(GenericArray::from_slice(&poly_key)), stream)
}

/// RFC 5647 section 7.1: the last eight bytes of the nonce count.
fn next_nonce(nonce: &mut [u8; 12]) -> [u8; 12] {
    let now = *nonce;
    for byte in nonce[4..].iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    now
}

fn gcm_seal<K: AeadInPlace<NonceSize = aes_gcm::aead::consts::U12>>(
    key: &K,
    nonce: &mut [u8; 12],
    packet: &mut Vec<u8>,
) {
    let nonce = next_nonce(nonce);
    let (length, body) = packet.split_at_mut(4);
    if let Ok(tag) = key.encrypt_in_place_detached(GenericArray::from_slice(&nonce), length, body) {
        packet.extend_from_slice(&tag);
    }
}

fn gcm_open<K: AeadInPlace<NonceSize = aes_gcm::aead::consts::U12>>(
    key: &K,
    nonce: &mut [u8; 12],
    packet: &mut [u8],
    tag: &[u8],
) -> bool {
    let nonce = next_nonce(nonce);
    let (length, body) = packet.split_at_mut(4);
    let Ok(tag) = <[u8; 16]>::try_from(tag) else { return false };
    let mut full = GenericArray::default();
    full.copy_from_slice(&tag[..K::TagSize::USIZE.min(16)]);
    key.decrypt_in_place_detached(GenericArray::from_slice(&nonce), length, body, &full).is_ok()
}

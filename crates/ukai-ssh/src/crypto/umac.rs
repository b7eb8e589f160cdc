//! UMAC (RFC 4418) with AES-128, tags of 8 and 16 bytes, nonces of 8 bytes, and messages
//! of at most 2^17 bytes after the first layer: an SSH packet is far shorter.

use aes::Aes128;
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockEncrypt, KeyInit};

const L1_BYTES: usize = 1024;
/// 2^64 - 59.
const P64: u128 = 0xFFFF_FFFF_FFFF_FFC5;
/// 2^36 - 5.
const P36: u64 = 0xF_FFFF_FFFB;

pub(super) struct Umac {
    l1: Vec<u32>,
    l2: Vec<u64>,
    l3: Vec<[u64; 8]>,
    l4: Vec<u32>,
    pad: Aes128,
    tag_bytes: usize,
}

impl Umac {
    pub(super) fn new(key: &[u8; 16], tag_bytes: usize) -> Self {
        let cipher = Aes128::new(GenericArray::from_slice(key));
        let iterations = tag_bytes / 4;
        let l1 = derive(&cipher, 1, L1_BYTES + 16 * (iterations - 1));
        let l2 = derive(&cipher, 2, iterations * 24);
        let l3 = derive(&cipher, 3, iterations * 64);
        let l4 = derive(&cipher, 4, iterations * 4);
        let pad = derive(&cipher, 0, 16);
        Self {
            l1: l1.chunks_exact(4).map(word32).collect(),
            l2: l2.chunks_exact(24).map(|key| word64(&key[..8]) & 0x01FF_FFFF_01FF_FFFF).collect(),
            l3: l3
                .chunks_exact(64)
                .map(|key| {
                    let mut words = [0; 8];
                    for (word, bytes) in words.iter_mut().zip(key.chunks_exact(8)) {
                        *word = word64(bytes) % P36;
                    }
                    words
                })
                .collect(),
            l4: l4.chunks_exact(4).map(word32).collect(),
            pad: Aes128::new(GenericArray::from_slice(&pad)),
            tag_bytes,
        }
    }

    pub(super) fn tag(&self, nonce: u64, message: &[u8]) -> Vec<u8> {
        let iterations = self.tag_bytes / 4;
        let mut tag = Vec::with_capacity(self.tag_bytes);
        for iteration in 0..iterations {
            let key = &self.l1[iteration * 4..iteration * 4 + L1_BYTES / 4];
            let hashed = if message.len() <= L1_BYTES {
                u128::from(nh(key, message))
            } else {
                message
                    .chunks(L1_BYTES)
                    .fold(1, |y, chunk| poly64(y, self.l2[iteration], nh(key, chunk)))
            };
            let words = self.l3[iteration];
            let sum =
                hashed.to_be_bytes().chunks_exact(2).zip(words).fold(0u64, |sum, (pair, word)| {
                    let value = u64::from(u16::from_be_bytes([pair[0], pair[1]]));
                    (sum + value * word % P36) % P36
                });
            tag.extend_from_slice(&((sum as u32) ^ self.l4[iteration]).to_be_bytes());
        }
        let low = if self.tag_bytes == 8 { nonce & 1 } else { 0 };
        let mut block = [0; 16];
        block[..8].copy_from_slice(&(nonce ^ low).to_be_bytes());
        self.pad.encrypt_block(GenericArray::from_mut_slice(&mut block));
        for (byte, pad) in tag.iter_mut().zip(&block[low as usize * 8..]) {
            *byte ^= pad;
        }
        tag
    }
}

/// Section 3.2.1, KDF.
fn derive(cipher: &Aes128, index: u64, bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 16);
    for counter in 1u64.. {
        if out.len() >= bytes {
            break;
        }
        let mut block = [0; 16];
        block[..8].copy_from_slice(&index.to_be_bytes());
        block[8..].copy_from_slice(&counter.to_be_bytes());
        cipher.encrypt_block(GenericArray::from_mut_slice(&mut block));
        out.extend_from_slice(&block);
    }
    out.truncate(bytes);
    out
}

fn word32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn word64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Section 5.2.2, NH over one chunk, padded with zeros to a multiple of 32 bytes, plus its
/// length in bits.
fn nh(key: &[u32], chunk: &[u8]) -> u64 {
    let mut sum = chunk.len() as u64 * 8;
    let mut padded = [0; 32];
    let (whole, rest) = chunk.as_chunks::<32>();
    let mut keys = key.chunks_exact(8);
    let mut add = |block: &[u8; 32]| {
        let Some(key) = keys.next() else { return };
        for lane in 0..4 {
            let word = |at: usize| {
                let bytes =
                    [block[at * 4], block[at * 4 + 1], block[at * 4 + 2], block[at * 4 + 3]];
                u64::from(u32::from_le_bytes(bytes).wrapping_add(key[at]))
            };
            sum = sum.wrapping_add(word(lane).wrapping_mul(word(lane + 4)));
        }
    };
    whole.iter().for_each(&mut add);
    if !rest.is_empty() || chunk.is_empty() {
        padded[..rest.len()].copy_from_slice(rest);
        add(&padded);
    }
    sum
}

/// Section 5.3.2, one step of POLY with a word of 64 bits.
fn poly64(y: u128, key: u64, word: u64) -> u128 {
    let step = |y: u128, add: u128| (u128::from(key) * y % P64 + add) % P64;
    if word >= 0xFFFF_FFFF_0000_0000 {
        step(step(y, P64 - 1), u128::from(word - 59))
    } else {
        step(y, u128::from(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4418's appendix: key `abcdefghijklmnop`, nonce `bcdefghi`.
    #[test]
    fn agrees_with_the_rfc() {
        let nonce = u64::from_be_bytes(*b"bcdefghi");
        let short = Umac::new(b"abcdefghijklmnop", 8);
        assert_eq!(short.tag(nonce, b""), [0x6E, 0x15, 0x5F, 0xAD, 0x26, 0x90, 0x0B, 0xE1]);
        assert_eq!(short.tag(nonce, b"aaa"), [0x44, 0xB5, 0xCB, 0x54, 0x2F, 0x22, 0x01, 0x04]);
        assert_eq!(
            short.tag(nonce, &vec![b'a'; 1 << 10]),
            [0x26, 0xBF, 0x2F, 0x5D, 0x60, 0x11, 0x8B, 0xD9]
        );
        assert_eq!(
            short.tag(nonce, &vec![b'a'; 1 << 15]),
            [0x27, 0xF8, 0xEF, 0x64, 0x3B, 0x0D, 0x11, 0x8D]
        );
    }
}

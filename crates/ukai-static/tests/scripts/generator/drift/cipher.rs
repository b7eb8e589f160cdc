//! Encryption as loaders decrypt it: AES in CBC (FIPS 197, SP 800-38A), Fernet, bzip2.

use super::Dice;
use sha2::{Digest, Sha256};

/// AES-CBC with PKCS #7 padding; the key has 16 or 32 bytes.
pub(super) fn aes_cbc(text: &[u8], key: &[u8], start: &[u8]) -> Vec<u8> {
    let substitution = substitution();
    let keys = schedule(key, &substitution);
    let pad = 16 - text.len() % 16;
    let mut text = text.to_vec();
    text.resize(text.len() + pad, pad as u8);
    let mut last: Vec<u8> = start.to_vec();
    let mut out = Vec::new();
    for block in text.chunks(16) {
        let mut state: Vec<u8> = block.iter().zip(&last).map(|(one, other)| one ^ other).collect();
        encrypt(&mut state, &keys, &substitution);
        out.extend_from_slice(&state);
        last = state;
    }
    out
}

/// A token of Fernet, and its key, as Python's `cryptography` has them.
pub(super) fn fernet(dice: &mut Dice, text: &[u8]) -> (String, String) {
    let key = bytes(dice, 32);
    let start = bytes(dice, 16);
    let mut token = vec![0x80, 0, 0, 0, 0, 0x66, dice.key(), dice.key(), dice.key()];
    token.extend_from_slice(&start);
    token.extend(aes_cbc(text, &key[16..], &start));
    let mac = hmac(&key[..16], &token);
    token.extend_from_slice(&mac);
    let safe = |bytes: &[u8]| super::super::base64(bytes).replace('+', "-").replace('/', "_");
    (safe(&key), safe(&token))
}

/// Bytes of chance.
pub(super) fn bytes(dice: &mut Dice, count: usize) -> Vec<u8> {
    (0..count).map(|_| dice.below(256) as u8).collect()
}

/// bzip2.
pub(super) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = key.to_vec();
    block.resize(64, 0);
    let with = |mark: u8| block.iter().map(|byte| byte ^ mark).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(with(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(with(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Twice in the field of AES.
fn double(byte: u8) -> u8 {
    byte << 1 ^ if byte & 0x80 == 0 { 0 } else { 0x1b }
}

/// The S-box: inverses are found by going through the field with a generator and its inverse.
fn substitution() -> [u8; 256] {
    let mut table = [0u8; 256];
    let (mut one, mut inverse) = (1u8, 1u8);
    loop {
        one ^= double(one);
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        if inverse & 0x80 != 0 {
            inverse ^= 0x09;
        }
        let turned = (1..5).fold(inverse, |sum, by| sum ^ inverse.rotate_left(by));
        table[usize::from(one)] = turned ^ 0x63;
        if one == 1 {
            break;
        }
    }
    table[0] = 0x63;
    table
}

fn schedule(key: &[u8], substitution: &[u8; 256]) -> Vec<[u8; 4]> {
    let words = key.len() / 4;
    let mut keys: Vec<[u8; 4]> = key.chunks(4).map(|it| [it[0], it[1], it[2], it[3]]).collect();
    let mut round = 1u8;
    for at in words..4 * (words + 7) {
        let mut word = keys[at - 1];
        if at % words == 0 {
            word.rotate_left(1);
            word = word.map(|byte| substitution[usize::from(byte)]);
            word[0] ^= round;
            round = double(round);
        } else if words > 6 && at % words == 4 {
            word = word.map(|byte| substitution[usize::from(byte)]);
        }
        let before = keys[at - words];
        keys.push([0, 1, 2, 3].map(|it| word[it] ^ before[it]));
    }
    keys
}

fn encrypt(state: &mut [u8], keys: &[[u8; 4]], substitution: &[u8; 256]) {
    let add = |state: &mut [u8], round: usize| {
        for (byte, key) in state.iter_mut().zip(keys[4 * round..].iter().flatten()) {
            *byte ^= key;
        }
    };
    let rounds = keys.len() / 4 - 1;
    add(state, 0);
    for round in 1..=rounds {
        let before: Vec<u8> = state.iter().map(|it| substitution[usize::from(*it)]).collect();
        for (at, byte) in state.iter_mut().enumerate() {
            // Row r is turned by r columns.
            *byte = before[(at + 4 * (at % 4)) % 16];
        }
        if round < rounds {
            for column in state.chunks_mut(4) {
                let old = [column[0], column[1], column[2], column[3]];
                for at in 0..4 {
                    let next = old[(at + 1) % 4];
                    column[at] = double(old[at])
                        ^ double(next)
                        ^ next
                        ^ old[(at + 2) % 4]
                        ^ old[(at + 3) % 4];
                }
            }
        }
        add(state, round);
    }
}

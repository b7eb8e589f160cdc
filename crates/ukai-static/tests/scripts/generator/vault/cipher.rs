//! AES in CBC mode, as crypters of scripts use it, and the Fernet tokens of Python's `cryptography`.

use sha2::{Digest, Sha256};

/// Multiplication by x in the field of AES.
fn doubled(byte: u8) -> u8 {
    (byte << 1) ^ if byte & 0x80 == 0 { 0 } else { 0x1b }
}

/// The table of substitutions, made of inverses in the field.
fn substitutions() -> [u8; 256] {
    let mut table = [0u8; 256];
    let (mut power, mut inverse) = (1u8, 1u8);
    loop {
        power ^= doubled(power);
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        if inverse & 0x80 != 0 {
            inverse ^= 0x09;
        }
        let mixed = inverse
            ^ inverse.rotate_left(1)
            ^ inverse.rotate_left(2)
            ^ inverse.rotate_left(3)
            ^ inverse.rotate_left(4);
        table[usize::from(power)] = mixed ^ 0x63;
        if power == 1 {
            break;
        }
    }
    table[0] = 0x63;
    table
}

fn round_keys(key: &[u8], table: &[u8; 256]) -> Vec<[u8; 4]> {
    let words = key.len() / 4;
    let mut out: Vec<[u8; 4]> = key.chunks(4).map(|it| [it[0], it[1], it[2], it[3]]).collect();
    let mut constant = 1u8;
    for at in words..4 * (words + 7) {
        let mut word = out[at - 1];
        if at % words == 0 {
            word.rotate_left(1);
            word = word.map(|byte| table[usize::from(byte)]);
            word[0] ^= constant;
            constant = doubled(constant);
        } else if words > 6 && at % words == 4 {
            word = word.map(|byte| table[usize::from(byte)]);
        }
        for (byte, other) in word.iter_mut().zip(out[at - words]) {
            *byte ^= other;
        }
        out.push(word);
    }
    out
}

fn block(block: &mut [u8; 16], keys: &[[u8; 4]], table: &[u8; 256]) {
    let rounds = keys.len() / 4 - 1;
    let add = |block: &mut [u8; 16], round: usize| {
        for (byte, key) in block.iter_mut().zip(keys[round * 4..round * 4 + 4].iter().flatten()) {
            *byte ^= key;
        }
    };
    add(block, 0);
    for round in 1..=rounds {
        let mut moved = [0u8; 16];
        for (at, byte) in moved.iter_mut().enumerate() {
            *byte = table[usize::from(block[(at + 4 * (at % 4)) % 16])];
        }
        if round < rounds {
            for column in moved.chunks_mut(4) {
                let all = column.iter().fold(0, |all, byte| all ^ byte);
                let first = column[0];
                for at in 0..4 {
                    let next = if at == 3 { first } else { column[at + 1] };
                    column[at] ^= all ^ doubled(column[at] ^ next);
                }
            }
        }
        *block = moved;
        add(block, round);
    }
}

/// AES-CBC with the padding of PKCS #7; the key has 16 or 32 bytes.
pub(super) fn aes_cbc(key: &[u8], vector: &[u8], text: &[u8]) -> Vec<u8> {
    let table = substitutions();
    let keys = round_keys(key, &table);
    let padding = 16 - text.len() % 16;
    let mut padded = text.to_vec();
    padded.extend(std::iter::repeat_n(padding as u8, padding));
    let mut last = [0u8; 16];
    last.copy_from_slice(&vector[..16]);
    let mut out = Vec::new();
    for chunk in padded.chunks(16) {
        for (byte, own) in last.iter_mut().zip(chunk) {
            *byte ^= own;
        }
        block(&mut last, &keys, &table);
        out.extend(last);
    }
    out
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = Sha256::digest([pad(0x36), text.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

/// A Fernet token of `text`, in the alphabet of URLs.
pub(super) fn fernet(key: &[u8], vector: &[u8], text: &[u8]) -> String {
    let mut token = vec![0x80];
    token.extend(0x6553_f100_u64.to_be_bytes());
    token.extend(&vector[..16]);
    token.extend(aes_cbc(&key[16..32], vector, text));
    let sign = hmac(&key[..16], &token);
    token.extend(sign);
    safe(&token)
}

/// Base64 with the two letters that URLs may have.
pub(super) fn safe(bytes: &[u8]) -> String {
    super::super::base64(bytes).replace('+', "-").replace('/', "_")
}

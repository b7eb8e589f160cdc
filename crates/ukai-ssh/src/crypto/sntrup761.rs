//! Encapsulation of Streamlined NTRU Prime 761, as `sntrup761x25519-sha512@openssh.com`
//! uses it. After the public-domain reference (supercop, OpenSSH's `sntrup761.c`). A
//! server only encapsulates; there is no key generation and no decapsulation here.

use rand_core::RngCore;
use sha2::{Digest, Sha512};

const P: usize = 761;
const Q: i32 = 4591;
const W: usize = 286;
/// Bytes of a public key.
pub(crate) const PUBLIC_BYTES: usize = 1158;
const ROUNDED_BYTES: usize = 1007;

/// A ciphertext for this key, and the secret in it.
pub(crate) fn encapsulate(public: &[u8], rng: &mut impl RngCore) -> Option<(Vec<u8>, [u8; 32])> {
    if public.len() != PUBLIC_BYTES {
        return None;
    }
    let h: Vec<i32> = decode(public, &[Q as u16; P])
        .into_iter()
        .map(|value| i32::from(value) - (Q - 1) / 2)
        .collect();
    let r = short(rng);
    let rounded: Vec<u16> = multiply(&h, &r)
        .into_iter()
        .map(|value| {
            let round = value - (value + 3 * Q + 1).rem_euclid(3) + 1;
            (((round + (Q - 1) / 2) as u32 * 10923) >> 15) as u16
        })
        .collect();
    let mut cipher = Vec::with_capacity(ROUNDED_BYTES + 32);
    encode(&rounded, &[((Q + 2) / 3) as u16; P], &mut cipher);
    let r_hash = hash(3, &[&small_encode(&r)]);
    let confirm = hash(2, &[&r_hash, &hash(4, &[public])]);
    cipher.extend_from_slice(&confirm);
    let secret = hash(1, &[&r_hash, &cipher]);
    Some((cipher, secret))
}

fn hash(prefix: u8, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha512::new();
    hash.update([prefix]);
    for part in parts {
        hash.update(part);
    }
    let mut half = [0; 32];
    half.copy_from_slice(&hash.finalize()[..32]);
    half
}

/// A random polynomial with exactly `W` coefficients of ±1, by sorting.
fn short(rng: &mut impl RngCore) -> Vec<i32> {
    let mut list: Vec<u32> = (0..P)
        .map(|at| {
            let word = rng.next_u32();
            if at < W { word & !1 } else { word & !3 | 1 }
        })
        .collect();
    list.sort_unstable();
    list.into_iter().map(|word| (word & 3) as i32 - 1).collect()
}

/// h·r in Z_q[x]/(x^p - x - 1), each coefficient in -(q-1)/2..=(q-1)/2.
fn multiply(h: &[i32], r: &[i32]) -> Vec<i32> {
    let mut product = vec![0i32; 2 * P];
    for (at, coefficient) in r.iter().enumerate() {
        let target = &mut product[at..at + P];
        match coefficient {
            1 => target.iter_mut().zip(h).for_each(|(sum, value)| *sum += value),
            -1 => target.iter_mut().zip(h).for_each(|(sum, value)| *sum -= value),
            _ => {}
        }
    }
    for at in (P..2 * P - 1).rev() {
        product[at - P] += product[at];
        product[at - P + 1] += product[at];
    }
    let half = (Q - 1) / 2;
    product[..P].iter().map(|sum| (sum + half).rem_euclid(Q) - half).collect()
}

fn small_encode(r: &[i32]) -> Vec<u8> {
    r.chunks(4)
        .map(|four| {
            four.iter()
                .enumerate()
                .fold(0, |byte, (at, value)| byte | ((value + 1) as u8) << (2 * at))
        })
        .collect()
}

fn encode(values: &[u16], moduli: &[u16], out: &mut Vec<u8>) {
    if let ([value], [modulus]) = (values, moduli) {
        let (mut r, mut m) = (*value, *modulus);
        while m > 1 {
            out.push(r as u8);
            r >>= 8;
            m = (m + 255) >> 8;
        }
        return;
    }
    let mut next_values = Vec::with_capacity(values.len().div_ceil(2));
    let mut next_moduli = Vec::with_capacity(values.len().div_ceil(2));
    for (pair, limits) in values.chunks(2).zip(moduli.chunks(2)) {
        if let ([low, high], [m0, m1]) = (pair, limits) {
            let mut r = u32::from(*low) + u32::from(*high) * u32::from(*m0);
            let mut m = u32::from(*m0) * u32::from(*m1);
            while m >= 16384 {
                out.push(r as u8);
                r >>= 8;
                m = (m + 255) >> 8;
            }
            next_values.push(r as u16);
            next_moduli.push(m as u16);
        } else {
            next_values.extend_from_slice(pair);
            next_moduli.extend_from_slice(limits);
        }
    }
    encode(&next_values, &next_moduli, out);
}

fn decode(bytes: &[u8], moduli: &[u16]) -> Vec<u16> {
    let byte = |at: usize| bytes.get(at).map_or(0, |byte| u32::from(*byte));
    if let [modulus] = moduli {
        let value = match modulus {
            0 | 1 => 0,
            2..=256 => byte(0) % u32::from(*modulus),
            _ => (byte(0) + (byte(1) << 8)) % u32::from(*modulus),
        };
        return vec![value as u16];
    }
    let mut used = 0;
    let mut bottoms = Vec::with_capacity(moduli.len() / 2);
    let mut next_moduli = Vec::with_capacity(moduli.len().div_ceil(2));
    for limits in moduli.chunks(2) {
        let [m0, m1] = limits else {
            next_moduli.extend_from_slice(limits);
            continue;
        };
        let m = u32::from(*m0) * u32::from(*m1);
        if m > 256 * 16383 {
            bottoms.push((byte(used) + 256 * byte(used + 1), 65536));
            used += 2;
            next_moduli.push(((((m + 255) >> 8) + 255) >> 8) as u16);
        } else if m >= 16384 {
            bottoms.push((byte(used), 256));
            used += 1;
            next_moduli.push(((m + 255) >> 8) as u16);
        } else {
            bottoms.push((0, 1));
            next_moduli.push(m as u16);
        }
    }
    let next = decode(bytes.get(used..).unwrap_or_default(), &next_moduli);
    let mut out = Vec::with_capacity(moduli.len());
    for (at, limits) in moduli.chunks(2).enumerate() {
        let value = next.get(at).copied().unwrap_or_default();
        if let ([m0, m1], Some((bottom, factor))) = (limits, bottoms.get(at)) {
            let r = bottom + factor * u32::from(value);
            out.push((r % u32::from(*m0)) as u16);
            out.push((r / u32::from(*m0) % u32::from(*m1)) as u16);
        } else {
            out.push(value);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_turns_back() {
        let values: Vec<u16> = (0..P as u16).map(|at| at.wrapping_mul(977) % 4591).collect();
        let mut bytes = Vec::new();
        encode(&values, &[Q as u16; P], &mut bytes);
        assert_eq!(bytes.len(), PUBLIC_BYTES);
        assert_eq!(decode(&bytes, &[Q as u16; P]), values);
    }
}

//! Signatures of clients' keys: RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709.

use crate::event::KeyProof;
use crate::wire::Reader;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::Digest as _;

/// What a signature over `data` proves.
pub(crate) fn verify(algorithm: &[u8], blob: &[u8], signature: &[u8], data: &[u8]) -> KeyProof {
    match algorithm {
        b"ssh-ed25519"
        | b"ssh-rsa"
        | b"rsa-sha2-256"
        | b"rsa-sha2-512"
        | b"ecdsa-sha2-nistp256"
        | b"ecdsa-sha2-nistp384"
        | b"ecdsa-sha2-nistp521" => match good(algorithm, blob, signature, data) {
            Some(true) => KeyProof::Valid,
            _ => KeyProof::Invalid,
        },
        _ => KeyProof::Unknown,
    }
}

fn good(algorithm: &[u8], blob: &[u8], signature: &[u8], data: &[u8]) -> Option<bool> {
    let mut key = Reader::new(blob);
    let mut signature = Reader::new(signature);
    let kind = key.string()?;
    if signature.string()? != algorithm {
        return Some(false);
    }
    let signature = signature.string()?;
    macro_rules! ecdsa {
        ($curve:ident) => {{
            use $curve::ecdsa::signature::Verifier;
            key.string()?;
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(key.string()?).ok()?;
            let mut numbers = Reader::new(signature);
            let (r, s) = (number(&mut numbers)?, number(&mut numbers)?);
            let signature = $curve::ecdsa::Signature::from_scalars(r, s).ok()?;
            Some(key.verify(data, &signature).is_ok())
        }};
    }
    match kind {
        b"ssh-ed25519" => {
            let key =
                ed25519_dalek::VerifyingKey::from_bytes(key.string()?.try_into().ok()?).ok()?;
            let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
            Some(key.verify_strict(data, &signature).is_ok())
        }
        b"ssh-rsa" => {
            let (exponent, modulus) = (key.mpint()?, key.mpint()?);
            if !(1024..=16384).contains(&modulus.bits()) {
                return Some(false);
            }
            let key = RsaPublicKey::new_with_max_size(
                BigUint::from_bytes_be(&modulus.to_bytes_be()),
                BigUint::from_bytes_be(&exponent.to_bytes_be()),
                16384,
            )
            .ok()?;
            let (scheme, hash) = match algorithm {
                b"ssh-rsa" => {
                    (Pkcs1v15Sign::new::<sha1::Sha1>(), sha1::Sha1::digest(data).to_vec())
                }
                b"rsa-sha2-256" => {
                    (Pkcs1v15Sign::new::<sha2::Sha256>(), sha2::Sha256::digest(data).to_vec())
                }
                _ => (Pkcs1v15Sign::new::<sha2::Sha512>(), sha2::Sha512::digest(data).to_vec()),
            };
            Some(key.verify(scheme, &hash, signature).is_ok())
        }
        b"ecdsa-sha2-nistp256" => ecdsa!(p256),
        b"ecdsa-sha2-nistp384" => ecdsa!(p384),
        b"ecdsa-sha2-nistp521" => ecdsa!(p521),
        _ => None,
    }
}

/// A number of an ECDSA signature, filled up with zeros.
fn number<N>(reader: &mut Reader<'_>) -> Option<aes::cipher::generic_array::GenericArray<u8, N>>
where
    N: aes::cipher::generic_array::ArrayLength<u8>,
{
    let bytes = reader.mpint()?.to_bytes_be();
    let mut full = aes::cipher::generic_array::GenericArray::<u8, N>::default();
    let start = full.len().checked_sub(bytes.len())?;
    full[start..].copy_from_slice(&bytes);
    Some(full)
}

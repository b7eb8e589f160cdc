//! Key exchanges: RFC 4253 section 8, RFC 4419, RFC 5656, RFC 8268, RFC 8731, and
//! OpenSSH's hybrid with Streamlined NTRU Prime.

use super::{groups, sntrup761};
use crate::wire::Put;
use curve25519_dalek::MontgomeryPoint;
use num_bigint_dig::{BigUint, RandBigInt};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The hash of a key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn run<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut hash = D::new();
            for part in parts {
                hash.update(part);
            }
            hash.finalize().to_vec()
        }
        match self {
            Self::Sha1 => run::<Sha1>(parts),
            Self::Sha256 => run::<Sha256>(parts),
            Self::Sha384 => run::<Sha384>(parts),
            Self::Sha512 => run::<Sha512>(parts),
        }
    }
}

/// How the secret is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    Curve25519,
    Sntrup761,
    P256,
    P384,
    P521,
    /// A fixed group: its modulus.
    Group(&'static str),
    /// A group of the server's choice (RFC 4419).
    ChosenGroup,
}

/// A key exchange by its name.
pub(crate) fn by_name(name: &str) -> Option<(Exchange, Hash)> {
    Some(match name {
        "curve25519-sha256" | "curve25519-sha256@libssh.org" => {
            (Exchange::Curve25519, Hash::Sha256)
        }
        "sntrup761x25519-sha512" | "sntrup761x25519-sha512@openssh.com" => {
            (Exchange::Sntrup761, Hash::Sha512)
        }
        "ecdh-sha2-nistp256" => (Exchange::P256, Hash::Sha256),
        "ecdh-sha2-nistp384" => (Exchange::P384, Hash::Sha384),
        "ecdh-sha2-nistp521" => (Exchange::P521, Hash::Sha512),
        "diffie-hellman-group1-sha1" => (Exchange::Group(groups::GROUP_1), Hash::Sha1),
        "diffie-hellman-group14-sha1" => (Exchange::Group(groups::GROUP_14), Hash::Sha1),
        "diffie-hellman-group14-sha256" => (Exchange::Group(groups::GROUP_14), Hash::Sha256),
        "diffie-hellman-group16-sha512" => (Exchange::Group(groups::GROUP_16), Hash::Sha512),
        "diffie-hellman-group18-sha512" => (Exchange::Group(groups::GROUP_18), Hash::Sha512),
        "diffie-hellman-group-exchange-sha1" => (Exchange::ChosenGroup, Hash::Sha1),
        "diffie-hellman-group-exchange-sha256" => (Exchange::ChosenGroup, Hash::Sha256),
        _ => return None,
    })
}

/// Our half: the public value, and the secret as it goes into the hash (with its length).
pub(crate) struct Half {
    pub(crate) public: Vec<u8>,
    pub(crate) secret: Vec<u8>,
}

/// Answers a client's public value on a curve. `None` for a value that is no point.
pub(crate) fn curve(exchange: Exchange, client: &[u8], rng: &mut ChaCha20Rng) -> Option<Half> {
    macro_rules! nist {
        ($curve:ident) => {{
            let theirs = $curve::PublicKey::from_sec1_bytes(client).ok()?;
            let ours = $curve::ecdh::EphemeralSecret::random(rng);
            let public = $curve::EncodedPoint::from(ours.public_key()).as_bytes().to_vec();
            let shared = ours.diffie_hellman(&theirs);
            let mut secret = Vec::with_capacity(80);
            secret.put_mpint(shared.raw_secret_bytes());
            Some(Half { public, secret })
        }};
    }
    match exchange {
        Exchange::Curve25519 => {
            let (public, shared) = x25519(client, rng)?;
            let mut secret = Vec::with_capacity(40);
            secret.put_mpint(&shared);
            Some(Half { public: public.to_vec(), secret })
        }
        Exchange::Sntrup761 => {
            let (key, point) = client.split_at_checked(sntrup761::PUBLIC_BYTES)?;
            let (mut public, inner) = sntrup761::encapsulate(key, rng)?;
            let (ours, shared) = x25519(point, rng)?;
            public.extend_from_slice(&ours);
            let mut secret = Vec::with_capacity(68);
            secret.put_string(&Hash::Sha512.digest(&[&inner, &shared]));
            Some(Half { public, secret })
        }
        Exchange::P256 => nist!(p256),
        Exchange::P384 => nist!(p384),
        Exchange::P521 => nist!(p521),
        Exchange::Group(_) | Exchange::ChosenGroup => None,
    }
}

fn x25519(client: &[u8], rng: &mut ChaCha20Rng) -> Option<([u8; 32], [u8; 32])> {
    let theirs: [u8; 32] = client.try_into().ok()?;
    let mut ours = [0; 32];
    rng.fill_bytes(&mut ours);
    let public = MontgomeryPoint::mul_base_clamped(ours).to_bytes();
    let shared = MontgomeryPoint(theirs).mul_clamped(ours).to_bytes();
    (shared != [0; 32]).then_some((public, shared))
}

/// A group for Diffie-Hellman.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) modulus: BigUint,
    pub(crate) generator: BigUint,
}

impl Group {
    /// The group of a hexadecimal modulus with the generator 2.
    pub(crate) fn of(modulus: &str) -> Option<Self> {
        Some(Self {
            modulus: BigUint::parse_bytes(modulus.as_bytes(), 16)?,
            generator: BigUint::from(2u8),
        })
    }

    /// As OpenSSH's `choose_dh` chooses: the smallest size that is not below what is
    /// wanted, else the largest; one of that size at random.
    pub(crate) fn choose(min: u32, wanted: u32, max: u32, rng: &mut ChaCha20Rng) -> Option<Self> {
        let rows = || {
            groups::MODULI.lines().filter_map(|line| {
                let mut columns = line.split(' ');
                let size: u32 = columns.next()?.parse().ok()?;
                Some((size + 1, columns.next()?, columns.next()?))
            })
        };
        let mut best = 0;
        for (size, ..) in rows().filter(|row| row.0 >= min && row.0 <= max) {
            if (size > wanted && size < best) || (size > best && best < wanted) {
                best = size;
            }
        }
        let count = rows().filter(|row| row.0 == best).count();
        if count == 0 {
            let fallback = if max < 3072 {
                groups::GROUP_14
            } else if max < 6144 {
                groups::GROUP_16
            } else {
                groups::GROUP_18
            };
            return Self::of(fallback);
        }
        let which = rng.next_u32() as usize % count;
        let (_, generator, modulus) = rows().filter(|row| row.0 == best).nth(which)?;
        Some(Self {
            modulus: BigUint::parse_bytes(modulus.as_bytes(), 16)?,
            generator: BigUint::parse_bytes(generator.as_bytes(), 16)?,
        })
    }

    /// Answers a client's public number; `None` for one outside of 2..=p-2. The private
    /// number has `bits`, as OpenSSH shortens it.
    pub(crate) fn answer(
        &self,
        client: &BigUint,
        bits: usize,
        rng: &mut ChaCha20Rng,
    ) -> Option<Half> {
        let one = BigUint::from(1u8);
        if *client <= one || *client >= &self.modulus - &one {
            return None;
        }
        let private = rng.gen_biguint(bits.min(self.modulus.bits() - 1)) | one;
        let public = self.generator.modpow(&private, &self.modulus).to_bytes_be();
        let shared = client.modpow(&private, &self.modulus).to_bytes_be();
        let mut secret = Vec::with_capacity(shared.len() + 5);
        secret.put_mpint(&shared);
        Some(Half { public, secret })
    }
}

/// RFC 4253 section 7.2: a key of `len` bytes.
pub(crate) fn derive(
    hash: Hash,
    secret: &[u8],
    exchange_hash: &[u8],
    letter: u8,
    session: &[u8],
    len: usize,
) -> Vec<u8> {
    let mut key = hash.digest(&[secret, exchange_hash, &[letter], session]);
    while key.len() < len {
        let more = hash.digest(&[secret, exchange_hash, &key]);
        key.extend_from_slice(&more);
    }
    key.truncate(len);
    key
}

//! The host keys of one host: the same for ever, and shared with no other host.

use crate::profile::{HostKeyKind, Profile};
use crate::wire::Put;
use ed25519_dalek::Signer as _;
use num_bigint_dig::prime::probably_prime;
use num_bigint_dig::{BigUint, RandBigInt, RandPrime};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Digest as _;
use std::sync::{Arc, OnceLock};

/// The host keys of one host, derived from a secret.
///
/// Ed25519 and ECDSA keys take microseconds. RSA and DSA keys take up to a few seconds:
/// each is made at its first use, once per host, and whoever needs it meanwhile waits.
/// [`HostKeys::prepare`] makes them before anybody waits. A real server that lacked a key
/// would say so in its KEXINIT, so there is no answer that does without it.
pub struct HostKeys {
    profile: Arc<Profile>,
    secret: [u8; 32],
    ed25519: OnceLock<ed25519_dalek::SigningKey>,
    ecdsa: OnceLock<p256::ecdsa::SigningKey>,
    rsa: OnceLock<Option<RsaPrivateKey>>,
    dss: OnceLock<Dss>,
}

impl std::fmt::Debug for HostKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostKeys").field("profile", &self.profile.name).finish_non_exhaustive()
    }
}

struct Dss {
    p: BigUint,
    q: BigUint,
    g: BigUint,
    x: BigUint,
    y: BigUint,
}

impl HostKeys {
    /// The keys of the host with this secret.
    pub fn derive(profile: &Arc<Profile>, secret: [u8; 32]) -> Self {
        Self {
            profile: Arc::clone(profile),
            secret,
            ed25519: OnceLock::new(),
            ecdsa: OnceLock::new(),
            rsa: OnceLock::new(),
            dss: OnceLock::new(),
        }
    }

    /// Makes the keys that are slow to make. Call it on a thread that may take its time.
    pub fn prepare(&self) {
        for kind in &self.profile.host_keys {
            self.public(*kind);
        }
    }

    /// The public key as it goes over the wire.
    pub fn public(&self, kind: HostKeyKind) -> Vec<u8> {
        let mut blob = Vec::with_capacity(512);
        match kind {
            HostKeyKind::Ed25519 => {
                blob.put_string(b"ssh-ed25519");
                blob.put_string(self.ed25519().verifying_key().as_bytes());
            }
            HostKeyKind::Ecdsa => {
                blob.put_string(b"ecdsa-sha2-nistp256");
                blob.put_string(b"nistp256");
                let key = self.ecdsa();
                blob.put_string(key.verifying_key().to_encoded_point(false).as_bytes());
            }
            HostKeyKind::Rsa => {
                blob.put_string(b"ssh-rsa");
                if let Some(key) = self.rsa() {
                    blob.put_mpint(&key.e().to_bytes_be());
                    blob.put_mpint(&key.n().to_bytes_be());
                }
            }
            HostKeyKind::Dss => {
                blob.put_string(b"ssh-dss");
                let key = self.dss();
                for number in [&key.p, &key.q, &key.g, &key.y] {
                    blob.put_mpint(&number.to_bytes_be());
                }
            }
        }
        blob
    }

    /// Signs, by an algorithm of this kind of key.
    pub(crate) fn sign(&self, kind: HostKeyKind, algorithm: &str, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        out.put_string(algorithm.as_bytes());
        match kind {
            HostKeyKind::Ed25519 => out.put_string(&self.ed25519().sign(data).to_bytes()),
            HostKeyKind::Ecdsa => {
                let signature: p256::ecdsa::Signature = self.ecdsa().sign(data);
                let (r, s) = signature.split_bytes();
                let mut numbers = Vec::with_capacity(80);
                numbers.put_mpint(&r);
                numbers.put_mpint(&s);
                out.put_string(&numbers);
            }
            HostKeyKind::Rsa => out.put_string(&self.sign_rsa(algorithm, data)),
            HostKeyKind::Dss => out.put_string(&self.sign_dss(data)),
        }
        out
    }

    fn sign_rsa(&self, algorithm: &str, data: &[u8]) -> Vec<u8> {
        let Some(key) = self.rsa() else { return Vec::new() };
        let (scheme, hash) = match algorithm {
            "rsa-sha2-512" => {
                (Pkcs1v15Sign::new::<sha2::Sha512>(), sha2::Sha512::digest(data).to_vec())
            }
            "rsa-sha2-256" => {
                (Pkcs1v15Sign::new::<sha2::Sha256>(), sha2::Sha256::digest(data).to_vec())
            }
            _ => (Pkcs1v15Sign::new::<sha1::Sha1>(), sha1::Sha1::digest(data).to_vec()),
        };
        key.sign(scheme, &hash).unwrap_or_default()
    }

    /// FIPS 186 with a number per message that comes from the key and the message.
    fn sign_dss(&self, data: &[u8]) -> Vec<u8> {
        let key = self.dss();
        let hash = sha1::Sha1::digest(data);
        let mut seed = sha2::Sha256::new();
        seed.update(self.secret);
        seed.update(b"dss nonce");
        seed.update(hash);
        let mut rng = ChaCha20Rng::from_seed(seed.finalize().into());
        let one = BigUint::from(1u8);
        let k = rng.gen_biguint_range(&one, &key.q);
        let r = key.g.modpow(&k, &key.p) % &key.q;
        let inverse = k.modpow(&(&key.q - BigUint::from(2u8)), &key.q);
        let s = inverse * (BigUint::from_bytes_be(&hash) + &key.x * &r) % &key.q;
        let mut out = vec![0; 40];
        for (half, number) in out.chunks_exact_mut(20).zip([r, s]) {
            let bytes = number.to_bytes_be();
            half[20 - bytes.len().min(20)..].copy_from_slice(&bytes[..bytes.len().min(20)]);
        }
        out
    }

    fn rng(&self, purpose: &[u8]) -> ChaCha20Rng {
        let mut seed = sha2::Sha256::new();
        seed.update(self.secret);
        seed.update(b"ssh host key ");
        seed.update(purpose);
        ChaCha20Rng::from_seed(seed.finalize().into())
    }

    fn ed25519(&self) -> &ed25519_dalek::SigningKey {
        self.ed25519.get_or_init(|| {
            let seed = self.rng(b"ed25519").get_seed();
            ed25519_dalek::SigningKey::from_bytes(&seed)
        })
    }

    fn ecdsa(&self) -> &p256::ecdsa::SigningKey {
        self.ecdsa.get_or_init(|| p256::ecdsa::SigningKey::random(&mut self.rng(b"ecdsa")))
    }

    fn rsa(&self) -> Option<&RsaPrivateKey> {
        self.rsa
            .get_or_init(|| {
                let bits = usize::from(self.profile.rsa_bits);
                RsaPrivateKey::new(&mut self.rng(b"rsa"), bits).ok()
            })
            .as_ref()
    }

    /// A key of 1024 and 160 bits, the only sizes of `ssh-dss`.
    #[allow(clippy::many_single_char_names, reason = "the names of FIPS 186")]
    fn dss(&self) -> &Dss {
        self.dss.get_or_init(|| {
            let mut rng = self.rng(b"dss");
            let one = BigUint::from(1u8);
            let q = rng.gen_prime(160);
            let double = &q * BigUint::from(2u8);
            let p = loop {
                let start = rng.gen_biguint(1024) | (&one << 1023usize);
                let candidate = &start - (&start % &double) + &one;
                if candidate.bits() == 1024 && probably_prime(&candidate, 20) {
                    break candidate;
                }
            };
            let cofactor = (&p - &one) / &q;
            let g = (2..u8::MAX)
                .map(|base| BigUint::from(base).modpow(&cofactor, &p))
                .find(|g| *g > one)
                .unwrap_or_else(|| one.clone());
            let x = rng.gen_biguint_range(&one, &q);
            let y = g.modpow(&x, &p);
            Dss { p, q, g, x, y }
        })
    }
}

/// The kind of key that a host key algorithm needs.
pub(crate) fn kind_of(algorithm: &str) -> Option<HostKeyKind> {
    Some(match algorithm {
        "ssh-ed25519" => HostKeyKind::Ed25519,
        "ecdsa-sha2-nistp256" => HostKeyKind::Ecdsa,
        "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512" => HostKeyKind::Rsa,
        "ssh-dss" => HostKeyKind::Dss,
        _ => return None,
    })
}

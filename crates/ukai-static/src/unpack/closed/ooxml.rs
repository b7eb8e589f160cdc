//! Office's documents since 2007 that are closed: a container with the document encrypted as one
//! stream, and one that says how (MS-OFFCRYPTO 2.3.4).

use super::{Found, for_office, wide};
use crate::unpack::markup::{Tag, tags};
use crate::unpack::{slice, u16_le, u32_le};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ukai_cipher::{Mode, digest, open as decrypt};

/// Rounds of hashing for all passwords of one document: 0.4 s. Word 2010 and its
/// successors write 100,000 for each.
const ROUNDS_MAX: u32 = 1_600_000;
/// Rounds of the older way.
const STANDARD_ROUNDS: u32 = 50_000;
/// Bytes that are encrypted by themselves in the newer way.
const SEGMENT_BYTES: usize = 4096;
/// What keys are made for (MS-OFFCRYPTO 2.3.4.12 and 2.3.4.13).
const FOR_INPUT: [u8; 8] = [0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79];
const FOR_VALUE: [u8; 8] = [0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e];
const FOR_KEY: [u8; 8] = [0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6];

/// Opens a document by the streams `EncryptionInfo` and `EncryptedPackage`.
pub(in crate::unpack) fn open<'a>(
    info: &[u8],
    package: &[u8],
    passwords: &'a [Vec<u8>],
) -> Found<'a> {
    let opened = match (u16_le(info, 0), u16_le(info, 2)) {
        (Some(4), Some(4)) => agile(info, package, passwords),
        (Some(2..=4), Some(2)) => standard(info, package, passwords),
        _ => None,
    };
    match opened {
        Some((clear, password)) => Found::Opened { clear, password: Some(password) },
        None => Found::Shut,
    }
}

/// The parameters of a key that is made of a password, or of the document's own.
struct Parameters {
    hash: String,
    salt: Vec<u8>,
    salt_bytes: usize,
    block_bytes: usize,
    key_bytes: usize,
}

impl Parameters {
    fn of(tag: &Tag<'_>) -> Option<Self> {
        // The other ciphers of the schema are written by nobody.
        let chained = tag.attribute("cipherChaining")? == "ChainingModeCBC";
        if tag.attribute("cipherAlgorithm")? != "AES" || !chained {
            return None;
        }
        Some(Self {
            hash: tag.attribute("hashAlgorithm")?.replace('-', "").to_ascii_lowercase(),
            salt: base64_of(tag, "saltValue")?,
            salt_bytes: tag.attribute("saltSize")?.parse().ok()?,
            block_bytes: tag.attribute("blockSize")?.parse().ok()?,
            key_bytes: tag.attribute("keyBits")?.parse::<usize>().ok()? / 8,
        })
    }

    /// A digest cut or filled up to a length.
    fn fitted(&self, parts: &[&[u8]], length: usize) -> Option<Vec<u8>> {
        Some(fit(digest(&self.hash, &parts.concat())?, length))
    }
}

/// Cut or filled up to a length.
fn fit(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    bytes.resize(length.min(64), 0x36);
    bytes
}

fn base64_of(tag: &Tag<'_>, name: &str) -> Option<Vec<u8>> {
    STANDARD.decode(tag.attribute(name)?.trim()).ok()
}

/// Agile encryption (2.3.4.10 to 2.3.4.15).
fn agile<'a>(info: &[u8], package: &[u8], passwords: &'a [Vec<u8>]) -> Option<(Vec<u8>, &'a [u8])> {
    let xml = info.get(8..)?;
    let own = tags(xml).find(|tag| tag.name == b"keyData")?;
    let own = Parameters::of(&own)?;
    let closed = tags(xml).find(|tag| tag.name == b"encryptedKey")?;
    let by_password = Parameters::of(&closed)?;
    let rounds: u32 = closed.attribute("spinCount")?.parse().ok()?;
    let input = base64_of(&closed, "encryptedVerifierHashInput")?;
    let value = base64_of(&closed, "encryptedVerifierHashValue")?;
    let wrapped = base64_of(&closed, "encryptedKeyValue")?;
    let vector = fit(by_password.salt.clone(), by_password.block_bytes);
    // None, if there are more rounds than for all of them.
    let tries = (ROUNDS_MAX / rounds.max(1)) as usize;
    for password in for_office(passwords).take(tries) {
        let hash = stretched(&by_password.hash, &by_password.salt, password, rounds)?;
        let unwrap = |purpose: &[u8], closed: &[u8]| {
            let key = by_password.fitted(&[&hash, purpose], by_password.key_bytes)?;
            decrypt("aes", Mode::Cbc, &key, &vector, closed)
        };
        let input = unwrap(&FOR_INPUT, &input)?;
        let expected = digest(&by_password.hash, input.get(..by_password.salt_bytes)?)?;
        if !unwrap(&FOR_VALUE, &value)?.starts_with(&expected) {
            continue;
        }
        let key = unwrap(&FOR_KEY, &wrapped)?;
        let key = key.get(..own.key_bytes)?;
        let mut clear = Vec::with_capacity(package.len());
        for (index, segment) in package.get(8..)?.chunks(SEGMENT_BYTES).enumerate() {
            let vector =
                own.fitted(&[&own.salt, &(index as u32).to_le_bytes()], own.block_bytes)?;
            let Some(plain) = decrypt("aes", Mode::Cbc, key, &vector, segment) else { break };
            clear.extend(plain);
        }
        clear.truncate(length(package)?);
        return Some((clear, password));
    }
    None
}

/// How long the document is in clear.
fn length(package: &[u8]) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*package.first_chunk()?)).ok()
}

/// A password hashed over and over (2.3.4.7 and 2.3.4.11); none if the hash is not known.
fn stretched(hash: &str, salt: &[u8], password: &[u8], rounds: u32) -> Option<Vec<u8>> {
    let mut last = digest(hash, &[salt, &wide(password)].concat())?;
    let mut input = vec![0; 4 + last.len()];
    for round in 0..rounds {
        input[..4].copy_from_slice(&round.to_le_bytes());
        input[4..].copy_from_slice(&last);
        last = digest(hash, &input)?;
    }
    Some(last)
}

/// Standard encryption (2.3.4.5 to 2.3.4.9).
fn standard<'a>(
    info: &[u8],
    package: &[u8],
    passwords: &'a [Vec<u8>],
) -> Option<(Vec<u8>, &'a [u8])> {
    let header_bytes = u32_le(info, 8)? as usize;
    let key_bytes = u32_le(info, 12 + 16)? as usize / 8;
    let verifier = info.get(12usize.checked_add(header_bytes)?..)?;
    let salt = slice(verifier, 4, 16)?;
    let (input, value) = (slice(verifier, 20, 16)?, slice(verifier, 40, 32)?);
    let tries = (ROUNDS_MAX / STANDARD_ROUNDS) as usize;
    for password in for_office(passwords).take(tries) {
        let hash = stretched("sha1", salt, password, STANDARD_ROUNDS)?;
        let hash = digest("sha1", &[&hash[..], &[0; 4]].concat())?;
        let half = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(&hash).for_each(|(byte, hash)| *byte ^= hash);
            digest("sha1", &block)
        };
        let key = [half(0x36)?, half(0x5c)?].concat();
        let key = key.get(..key_bytes)?;
        let plain = |closed: &[u8]| decrypt("aes", Mode::Ecb, key, &[], closed);
        if plain(value)?.starts_with(&digest("sha1", &plain(input)?)?) {
            let mut clear = plain(package.get(8..)?)?;
            clear.truncate(length(package)?);
            return Some((clear, password));
        }
    }
    None
}

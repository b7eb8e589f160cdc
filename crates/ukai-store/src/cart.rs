//! The CaRT container, version 1 (Canadian Centre for Cyber Security), in which samples
//! rest: compressed and RC4-encrypted under a well-known key, so that neither a system
//! nor a virus scanner takes it for a program, and everybody's tools can open it.
//!
//! ```text
//! "CART" version:u16=1 reserved:u64=0 key:[u8;16] header_len:u64
//! RC4(JSON header)  RC4(zlib(bytes))  RC4(JSON footer)
//! "TRAC" reserved:u64=0 footer_pos:u64 footer_len:u64           (little-endian)
//! ```
//!
//! The footer carries `length`, `md5`, `sha1` and `sha256` of the bytes, as text.

use crate::limits::CART_METADATA_BYTES_MAX;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use md5::Md5;
use rc4::{KeyInit as _, Rc4, StreamCipher as _, consts::U16};
use serde_json::{Map, Value};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;

/// What a container's optional header and footer hold: one JSON object each.
pub type Metadata = Map<String, Value>;

/// Length of the mandatory header, in bytes.
const HEADER_LEN: usize = 38;
/// Length of the mandatory footer, in bytes.
const FOOTER_LEN: usize = 28;
/// Room that is made at least for what is compressed next, in bytes.
const DEFLATE_STEP: usize = 4 << 10;
/// The well-known key: the first eight digits of pi, twice.
const DEFAULT_KEY: [u8; 16] = [3, 1, 4, 1, 5, 9, 2, 6, 3, 1, 4, 1, 5, 9, 2, 6];

/// The digests in a container's footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// MD5 (RFC 1321).
    pub md5: [u8; 16],
    /// SHA-1 (FIPS 180-4).
    pub sha1: [u8; 20],
    /// SHA-256 (FIPS 180-4).
    pub sha256: [u8; 32],
}

impl Digests {
    /// The digests of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::with(bytes, Sha256::digest(bytes).into())
    }

    /// The same where the SHA-256 is known already.
    pub(crate) fn with(bytes: &[u8], sha256: [u8; 32]) -> Self {
        Self { md5: Md5::digest(bytes).into(), sha1: Sha1::digest(bytes).into(), sha256 }
    }

    /// What a footer says, if it says them all.
    fn read(footer: &Metadata) -> Option<Self> {
        fn field<const LENGTH: usize>(footer: &Metadata, name: &str) -> Option<[u8; LENGTH]> {
            let mut digest = [0; LENGTH];
            hex::decode_to_slice(footer.get(name)?.as_str()?, &mut digest).ok()?;
            Some(digest)
        }
        Some(Self {
            md5: field(footer, "md5")?,
            sha1: field(footer, "sha1")?,
            sha256: field(footer, "sha256")?,
        })
    }
}

/// A container that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Unpacked {
    /// The bytes, with length and digests checked against the footer.
    pub bytes: Vec<u8>,
    /// The optional header, empty if there is none.
    pub header: Metadata,
    /// The optional footer, empty if there is none.
    pub footer: Metadata,
}

impl Unpacked {
    /// The digests of the bytes. The SHA-256 was checked if the footer has one; the others are
    /// the footer's word, or computed where it lacks one.
    pub(crate) fn digests(&self) -> Digests {
        Digests::read(&self.footer).unwrap_or_else(|| Digests::of(&self.bytes))
    }
}

/// Why a container cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// The magic, version or reserved field is another.
    #[error("not a CaRT container of version 1")]
    NotCart,
    /// A length points outside of the container, or is over the limit.
    #[error("the container's {0} is cut off or too long")]
    Bounds(&'static str),
    /// Metadata that is no JSON object: another key, or damage.
    #[error("the container's {0} cannot be read: another key, or damage")]
    Metadata(&'static str),
    /// The compressed bytes are damaged or cut off.
    #[error("the container's bytes are damaged")]
    Data,
    /// The bytes are longer than allowed.
    #[error("the container holds more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes do not fit a digest or the length in the footer.
    #[error("the container's {0} does not fit its bytes")]
    Mismatch(&'static str),
}

/// Whether `bytes` begin like a container.
pub fn is_cart(bytes: &[u8]) -> bool {
    bytes.starts_with(b"CART\x01\x00")
}

/// Puts `bytes` into a container, under the well-known key.
pub fn pack(bytes: &[u8], header: &Metadata) -> Vec<u8> {
    pack_known(bytes, &Digests::of(bytes), header)
}

/// The same where the digests of the bytes are known already.
pub(crate) fn pack_known(bytes: &[u8], digests: &Digests, header: &Metadata) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_LEN + bytes.len() / 2 + 512);
    let header = if header.is_empty() { Vec::new() } else { crypt_json(header) };
    out.extend_from_slice(b"CART");
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&0u64.to_le_bytes());
    out.extend_from_slice(&DEFAULT_KEY);
    out.extend_from_slice(&(header.len() as u64).to_le_bytes());
    out.extend_from_slice(&header);

    let data_at = out.len();
    deflate(bytes, &mut out);
    cipher(DEFAULT_KEY).apply_keystream(&mut out[data_at..]);

    let footer_at = out.len();
    let footer = crypt_json(&footer(bytes, digests));
    out.extend_from_slice(&footer);
    out.extend_from_slice(b"TRAC");
    out.extend_from_slice(&0u64.to_le_bytes());
    out.extend_from_slice(&(footer_at as u64).to_le_bytes());
    out.extend_from_slice(&(footer.len() as u64).to_le_bytes());
    out
}

/// Opens a container whose bytes are at most `limit` long, and checks them against
/// its footer. Only containers under the key that they name can be opened.
pub fn unpack(container: &[u8], limit: u64) -> Result<Unpacked, CartError> {
    let start = container.get(..HEADER_LEN).ok_or(CartError::NotCart)?;
    if !is_cart(start) || start[6..14] != [0; 8] {
        return Err(CartError::NotCart);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&start[14..30]);
    let header_end = end(HEADER_LEN, read_u64(&start[30..38]), "header")?;
    let header = metadata(key, container, HEADER_LEN..header_end, "header")?;

    let end_at = container.len().checked_sub(FOOTER_LEN).filter(|&at| at >= header_end);
    let end_at = end_at.ok_or(CartError::Bounds("footer"))?;
    let last = &container[end_at..];
    if !last.starts_with(b"TRAC") || last[4..12] != [0; 8] {
        return Err(CartError::NotCart);
    }
    let footer_at = usize::try_from(read_u64(&last[12..20])).unwrap_or(usize::MAX);
    if footer_at < header_end || end(footer_at, read_u64(&last[20..28]), "footer")? != end_at {
        return Err(CartError::Bounds("footer"));
    }
    let footer = metadata(key, container, footer_at..end_at, "footer")?;

    let mut data = container[header_end..footer_at].to_vec();
    cipher(key).apply_keystream(&mut data);
    let bytes = inflate(&data, limit, &footer)?;
    check(&bytes, &footer)?;
    Ok(Unpacked { bytes, header, footer })
}

fn cipher(key: [u8; 16]) -> Rc4<U16> {
    Rc4::new(&key.into())
}

fn crypt_json(object: &Metadata) -> Vec<u8> {
    let mut json = Value::Object(object.clone()).to_string().into_bytes();
    cipher(DEFAULT_KEY).apply_keystream(&mut json);
    json
}

fn read_u64(bytes: &[u8]) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(bytes);
    u64::from_le_bytes(value)
}

/// The end of `len` bytes from `start` on.
fn end(start: usize, len: u64, what: &'static str) -> Result<usize, CartError> {
    let len = usize::try_from(len).ok().filter(|&len| len <= CART_METADATA_BYTES_MAX);
    len.and_then(|len| start.checked_add(len)).ok_or(CartError::Bounds(what))
}

fn metadata(
    key: [u8; 16],
    container: &[u8],
    range: std::ops::Range<usize>,
    what: &'static str,
) -> Result<Metadata, CartError> {
    let mut json = container.get(range).ok_or(CartError::Bounds(what))?.to_vec();
    if json.is_empty() {
        return Ok(Metadata::new());
    }
    cipher(key).apply_keystream(&mut json);
    serde_json::from_slice(&json).map_err(|_| CartError::Metadata(what))
}

/// zlib, added to `out`.
fn deflate(bytes: &[u8], out: &mut Vec<u8>) {
    thread_local! {
        // Its tables are larger than most samples.
        static ZLIB: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), true));
    }
    ZLIB.with_borrow_mut(|zlib| {
        zlib.reset();
        loop {
            let used = usize::try_from(zlib.total_in()).expect("no more than there is");
            out.reserve(DEFLATE_STEP.max((bytes.len() - used) / 2));
            let status = zlib
                .compress_vec(&bytes[used..], out, FlushCompress::Finish)
                .expect("memory can be compressed");
            if status == Status::StreamEnd {
                return;
            }
        }
    });
}

/// zlib, at most `limit` bytes out.
fn inflate(data: &[u8], limit: u64, footer: &Metadata) -> Result<Vec<u8>, CartError> {
    const STEP: usize = 64 << 10;
    let mut zlib = Decompress::new(true);
    // As long as the footer says, if that is not out of all proportion.
    let length = footer.get("length").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let length = length.unwrap_or(0).min(data.len().saturating_mul(4));
    let mut out = Vec::with_capacity(length.saturating_add(STEP));
    loop {
        if zlib.total_out() > limit {
            return Err(CartError::TooLarge { limit });
        }
        let used = usize::try_from(zlib.total_in()).unwrap_or(data.len());
        let (before_in, before_out) = (zlib.total_in(), zlib.total_out());
        out.reserve(STEP);
        let status = zlib
            .decompress_vec(&data[used..], &mut out, FlushDecompress::None)
            .map_err(|_| CartError::Data)?;
        let stuck = zlib.total_in() == before_in && zlib.total_out() == before_out;
        match status {
            Status::StreamEnd if zlib.total_out() > limit => {
                return Err(CartError::TooLarge { limit });
            }
            Status::StreamEnd => return Ok(out),
            Status::Ok | Status::BufError if stuck => return Err(CartError::Data),
            Status::Ok | Status::BufError => {}
        }
    }
}

fn footer(bytes: &[u8], digests: &Digests) -> Metadata {
    let texts = [
        ("length", bytes.len().to_string()),
        ("md5", hex::encode(digests.md5)),
        ("sha1", hex::encode(digests.sha1)),
        ("sha256", hex::encode(digests.sha256)),
    ];
    texts.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text))).collect()
}

/// Checks what the footer says of the bytes, as far as it says it.
fn check(bytes: &[u8], footer: &Metadata) -> Result<(), CartError> {
    let says = |name: &str| footer.get(name).and_then(Value::as_str);
    if says("length").is_some_and(|length| length != bytes.len().to_string()) {
        return Err(CartError::Mismatch("length"));
    }
    // The strongest digest decides; the others add nothing but time.
    let fits = match (says("sha256"), says("sha1"), says("md5")) {
        (Some(sha256), _, _) => sha256.eq_ignore_ascii_case(&hex::encode(Sha256::digest(bytes))),
        (None, Some(sha1), _) => sha1.eq_ignore_ascii_case(&hex::encode(Sha1::digest(bytes))),
        (None, None, Some(md5)) => md5.eq_ignore_ascii_case(&hex::encode(Md5::digest(bytes))),
        (None, None, None) => true,
    };
    if fits { Ok(()) } else { Err(CartError::Mismatch("digest")) }
}

//! SCRAM-SHA-256 (RFC 5802, 7677) as PostgreSQL 15's `auth-scram.c` reads and answers it.

use super::report::{Report, about};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use ukai_persona::Host;

/// Rounds of a password's hash (`SCRAM_DEFAULT_ITERATIONS`).
const ITERATIONS: u32 = 4_096;
/// Bytes of our part of the nonce, before base64.
pub(super) const NONCE_BYTES: usize = 18;
const SALT_BYTES: usize = 16;

/// An exchange that the client has begun.
#[derive(Debug)]
pub(super) struct Scram {
    /// The client's header, before its first message proper: `n,,`.
    header: Vec<u8>,
    plus: bool,
    client_first: Vec<u8>,
    nonce: Vec<u8>,
    server_first: Vec<u8>,
    salt: [u8; SALT_BYTES],
}

/// What the client answered to the challenge.
#[derive(Debug)]
pub(super) struct Answer {
    proof: [u8; 32],
    signed: Vec<u8>,
    salt: [u8; SALT_BYTES],
    /// All that a dictionary needs to find the password.
    pub(super) recorded: Vec<u8>,
}

fn malformed(detail: impl Into<Vec<u8>>, line: u32, routine: &'static str) -> Report {
    Report::fatal("08P01", "malformed SCRAM message", ("auth-scram.c", line, routine))
        .detail(detail)
}

/// A byte as it is shown in complaints.
fn shown(byte: Option<u8>) -> String {
    match byte {
        Some(byte @ 0x21..=0x7e) => format!("'{}'", char::from(byte)),
        other => format!("0x{:02x}", other.unwrap_or_default()),
    }
}

/// The complaints about any message, before it is read.
fn check_length(message: &[u8]) -> Result<(), Report> {
    if message.is_empty() {
        return Err(malformed("The message is empty.", 366, "scram_exchange"));
    }
    if message.contains(&0) {
        let detail = "Message length does not match input length.";
        return Err(malformed(detail, 371, "scram_exchange"));
    }
    Ok(())
}

/// `name=value` at the beginning, up to a comma, and what is behind that.
fn attribute(text: &[u8], name: u8) -> Result<(&[u8], &[u8]), Report> {
    const ROUTINE: &str = "read_attr_value";
    if text.first() != Some(&name) {
        let found = shown(text.first().copied());
        let detail = format!("Expected attribute \"{}\" but found \"{found}\".", char::from(name));
        return Err(malformed(detail, 712, ROUTINE));
    }
    if text.get(1) != Some(&b'=') {
        let detail = format!("Expected character \"=\" for attribute \"{}\".", char::from(name));
        return Err(malformed(detail, 720, ROUTINE));
    }
    Ok(split(text.get(2..).unwrap_or_default()))
}

fn split(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b',', text) {
        Some(comma) => (&text[..comma], &text[comma + 1..]),
        None => (text, &[]),
    }
}

/// Any attribute: its name, its value, what is behind.
fn any_attribute(text: &[u8]) -> Result<(u8, &[u8], &[u8]), Report> {
    const ROUTINE: &str = "read_any_attr";
    let Some(name) = text.first().copied() else {
        return Err(malformed("Attribute expected, but found end of string.", 825, ROUTINE));
    };
    if !name.is_ascii_alphabetic() {
        let detail =
            format!("Attribute expected, but found invalid character \"{}\".", shown(Some(name)));
        return Err(malformed(detail, 838, ROUTINE));
    }
    if text.get(1) != Some(&b'=') {
        let detail = format!("Expected character \"=\" for attribute \"{}\".", char::from(name));
        return Err(malformed(detail, 848, ROUTINE));
    }
    let (value, rest) = split(text.get(2..).unwrap_or_default());
    Ok((name, value, rest))
}

impl Scram {
    /// Reads the client's first message, and challenges it. `plus` if it chose the mechanism
    /// with channel binding, `tls` if that was offered.
    pub(super) fn begin(
        host: &Host,
        user: &[u8],
        message: &[u8],
        (plus, tls): (bool, bool),
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Self, Report> {
        const ROUTINE: &str = "read_client_first_message";
        check_length(message)?;
        let rest = match (message.first(), plus) {
            (Some(b'y'), false) if tls => {
                let detail = "The client supports SCRAM channel binding but thinks the server \
                              does not.  However, this server does support channel binding.";
                let source = ("auth-scram.c", 985, ROUTINE);
                let message = "SCRAM channel binding negotiation error";
                return Err(Report::fatal("28000", message, source).detail(detail));
            }
            (Some(b'n' | b'y'), false) => message.get(1..).unwrap_or_default(),
            (Some(b'n' | b'y'), true) => {
                let detail = "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message \
                              does not include channel binding data.";
                let line = if message.first() == Some(&b'n') { 947 } else { 970 };
                return Err(malformed(detail, line, ROUTINE));
            }
            (Some(b'p'), false) => {
                let detail = "The client selected SCRAM-SHA-256 without channel binding, but the \
                              SCRAM message includes channel binding data.";
                return Err(malformed(detail, 1_007, ROUTINE));
            }
            (Some(b'p'), true) => {
                let (kind, _) = attribute(message, b'p')?;
                if kind != b"tls-server-end-point" {
                    let message = about("unsupported SCRAM channel-binding type \"", kind, "\"");
                    let source = ("auth-scram.c", 1_019, ROUTINE);
                    return Err(Report::fatal("08P01", message, source));
                }
                message.get(2 + kind.len()..).unwrap_or_default()
            }
            (other, _) => {
                let detail =
                    format!("Unexpected channel-binding flag \"{}\".", shown(other.copied()));
                return Err(malformed(detail, 1_025, ROUTINE));
            }
        };
        let Some(rest) = rest.strip_prefix(b",") else {
            let found = shown(rest.first().copied());
            let detail = format!("Comma expected, but found character \"{found}\".");
            return Err(malformed(detail, 963, ROUTINE));
        };
        if rest.first() == Some(&b'a') {
            let message = "client uses authorization identity, but it is not supported";
            return Err(Report::fatal("0A000", message, ("auth-scram.c", 1_036, ROUTINE)));
        }
        let Some(first) = rest.strip_prefix(b",") else {
            let found = shown(rest.first().copied());
            let detail = format!("Unexpected attribute \"{found}\" in client-first-message.");
            return Err(malformed(detail, 1_040, ROUTINE));
        };
        if first.first() == Some(&b'm') {
            let message = "client requires an unsupported SCRAM extension";
            return Err(Report::fatal("0A000", message, ("auth-scram.c", 1_057, ROUTINE)));
        }
        let (_, rest) = attribute(first, b'n')?;
        let (own, mut rest) = attribute(rest, b'r')?;
        if !own.iter().all(|byte| (0x21..=0x7e).contains(byte)) {
            let message = "non-printable characters in SCRAM nonce";
            return Err(Report::fatal("08P01", message, ("auth-scram.c", 1_071, ROUTINE)));
        }
        while !rest.is_empty() {
            rest = any_attribute(rest)?.2;
        }
        let header = message.get(..message.len() - first.len()).unwrap_or_default();
        let nonce = [own, STANDARD.encode(nonce).as_bytes()].concat();
        let salt = salt(host, user);
        let challenge = format!(",s={},i={ITERATIONS}", STANDARD.encode(salt));
        Ok(Self {
            header: header.to_vec(),
            plus,
            client_first: first.to_vec(),
            server_first: [b"r=", nonce.as_slice(), challenge.as_bytes()].concat(),
            nonce,
            salt,
        })
    }

    pub(super) fn challenge(&self) -> &[u8] {
        &self.server_first
    }

    /// Reads the client's last message.
    pub(super) fn finish(&self, message: &[u8]) -> Result<Answer, Report> {
        const ROUTINE: &str = "read_client_final_message";
        check_length(message)?;
        let (binding, rest) = attribute(message, b'c')?;
        // With channel binding, the certificate's hash follows the header.
        let expected = STANDARD.encode(&self.header);
        let bound = || STANDARD.decode(binding).is_ok_and(|data| data.starts_with(&self.header));
        if !self.plus && binding != expected.as_bytes() {
            let message = "unexpected SCRAM channel-binding attribute in client-final-message";
            return Err(Report::fatal("08P01", message, ("auth-scram.c", 1_335, ROUTINE)));
        }
        if self.plus && !bound() {
            let message = "SCRAM channel binding check failed";
            return Err(Report::fatal("28000", message, ("auth-scram.c", 1_316, ROUTINE)));
        }
        let (nonce, mut rest) = attribute(rest, b'r')?;
        let (value, signed) = loop {
            let before = message.len() - rest.len();
            let (name, value, behind) = any_attribute(rest)?;
            let ended = behind.is_empty() && !rest.ends_with(b",");
            rest = behind;
            if name == b'p' {
                if !ended {
                    let proof = proof(value)?;
                    let _ = proof;
                    let detail = "Garbage found at the end of client-final-message.";
                    return Err(malformed(detail, 1_361, ROUTINE));
                }
                break (value, message.get(..before.saturating_sub(1)).unwrap_or_default());
            }
        };
        let proof = proof(value)?;
        if nonce != self.nonce {
            let source = ("auth-scram.c", 404, "scram_exchange");
            return Err(Report::fatal("08P01", "invalid SCRAM response", source)
                .detail("Nonce does not match."));
        }
        let signed = [&self.client_first[..], &self.server_first, signed].join(&b',');
        let recorded = [b"SCRAM-SHA-256 ", &signed[..], b",p=", value].concat();
        Ok(Answer { proof, signed, salt: self.salt, recorded })
    }
}

fn proof(value: &[u8]) -> Result<[u8; 32], Report> {
    let decoded = STANDARD.decode(value).ok().and_then(|proof| proof.try_into().ok());
    decoded.ok_or_else(|| {
        let detail = "Malformed proof in client-final-message.";
        malformed(detail, 1_353, "read_client_final_message")
    })
}

impl Answer {
    /// Whether it is that of one who knows `password`.
    pub(super) fn fits(&self, password: &[u8]) -> bool {
        let key = hmac(&salted(password, &self.salt), b"Client Key");
        let signature = hmac(&Sha256::digest(key), &self.signed);
        key.iter().zip(signature).map(|(key, byte)| key ^ byte).eq(self.proof)
    }

    /// The server's own proof.
    pub(super) fn verdict(&self, password: &[u8]) -> Vec<u8> {
        let key = hmac(&salted(password, &self.salt), b"Server Key");
        format!("v={}", STANDARD.encode(hmac(&key, &self.signed))).into_bytes()
    }
}

/// What `pg_authid` holds of a password.
pub(super) fn verifier(host: &Host, user: &[u8], password: &[u8]) -> String {
    let salt = salt(host, user);
    let salted = salted(password, &salt);
    let stored = Sha256::digest(hmac(&salted, b"Client Key"));
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored),
        STANDARD.encode(hmac(&salted, b"Server Key"))
    )
}

/// A user's salt: the same at every try, whether there is such a user or not.
fn salt(host: &Host, user: &[u8]) -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    let key = host.secret("postgresql salts");
    salt.copy_from_slice(&hmac(&key, user)[..SALT_BYTES]);
    salt
}

fn salted(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ITERATIONS, &mut key);
    key
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

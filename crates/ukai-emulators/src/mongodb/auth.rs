//! SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677) as the server's `saslStart` and
//! `saslContinue` carry them.

use super::bson::{Document, Value};
use super::failure::Failure;
use crate::login::{LoginTry, log_in_by_proof, record};
use crate::{Context, Open};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Longest message of a conversation, in bytes.
const MESSAGE_BYTES: usize = 4_096;

/// A log-in under way.
#[derive(Debug)]
pub(super) struct Conversation {
    sha256: bool,
    user: String,
    database: String,
    salt: Vec<u8>,
    /// `n=...,r=...` and the server's first message.
    first: String,
    challenge: String,
    nonce: String,
    /// The client leaves out the last, empty exchange.
    skips: bool,
    /// The proof was right, and the client is still to say that it has seen the signature.
    done: bool,
}

const fn iterations(sha256: bool) -> u32 {
    if sha256 { 15_000 } else { 10_000 }
}

const fn mechanism(sha256: bool) -> &'static str {
    if sha256 { "SCRAM-SHA-256" } else { "SCRAM-SHA-1" }
}

/// The payload of a message, as text.
fn payload(body: &Document) -> Option<String> {
    let bytes = match body.field("payload")? {
        Value::Binary(_, bytes) => bytes.clone(),
        Value::Text(text) => STANDARD.decode(text).ok()?,
        _ => return None,
    };
    (bytes.len() <= MESSAGE_BYTES).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn step(done: bool, payload: &str) -> Document {
    Document::new()
        .with("conversationId", 1)
        .with("done", done)
        .with("payload", Value::Binary(0, payload.as_bytes().to_vec()))
}

/// Takes `saslStart`, or what a `hello` brings of it.
pub(super) fn start(
    cx: &mut Context<'_>,
    open: &Open,
    database: &str,
    body: &Document,
    drawn: &[u8; 32],
) -> Result<(Document, Conversation), Failure> {
    let name = body.text("mechanism").unwrap_or_default();
    let sha256 = match name {
        "SCRAM-SHA-256" => true,
        "SCRAM-SHA-1" => false,
        _ => {
            // A password in the clear is not taken, and kept.
            if let ("PLAIN", Some(text)) = (name, payload(body)) {
                let mut parts = text.splitn(3, '\0').skip(1);
                let (user, password) =
                    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let login = LoginTry {
                    protocol: "mongodb",
                    method: Some("PLAIN"),
                    user: user.as_bytes(),
                    password: password.as_bytes(),
                };
                record(cx, open, &login, None, false);
            }
            let message =
                format!("Received authentication for mechanism {name} which is not enabled");
            return Err(Failure::new(334, "MechanismUnavailable", message));
        }
    };
    let text = payload(body).unwrap_or_default();
    let bare = text.splitn(3, ',').nth(2).unwrap_or_default();
    let field = |name: &str| bare.split(',').find_map(|field| field.strip_prefix(name));
    let (Some(user), Some(nonce)) = (field("n="), field("r=")) else {
        return Err(Failure::authentication());
    };
    let user = user.replace("=2C", ",").replace("=3D", "=");
    if open.host.passwords("mongodb", user.as_bytes()).is_empty() {
        // The server says so at once, before there is a proof.
        let login = LoginTry {
            protocol: "mongodb",
            method: Some(mechanism(sha256)),
            user: user.as_bytes(),
            password: b"",
        };
        record(cx, open, &login, None, false);
        return Err(Failure::authentication());
    }
    let secret = open.host.secret("mongodb salts");
    let salted = super::digest(&[&secret[..], user.as_bytes(), &[u8::from(sha256)]].concat());
    let salt = salted[..if sha256 { 28 } else { 16 }].to_vec();
    let nonce = format!("{nonce}{}", STANDARD.encode(&drawn[..24]));
    let challenge = format!("r={nonce},s={},i={}", STANDARD.encode(&salt), iterations(sha256));
    let conversation = Conversation {
        sha256,
        user,
        database: database.to_owned(),
        salt,
        first: bare.to_owned(),
        challenge: challenge.clone(),
        nonce,
        skips: body.document("options").is_some_and(|all| all.is_true("skipEmptyExchange")),
        done: false,
    };
    Ok((step(false, &challenge), conversation))
}

impl Conversation {
    pub(super) fn user(&self) -> (&str, &str) {
        (&self.user, &self.database)
    }

    /// Takes `saslContinue`; whether the client is let in now.
    pub(super) fn go_on(
        &mut self,
        cx: &mut Context<'_>,
        open: &Open,
        body: &Document,
    ) -> Result<(Document, bool), Failure> {
        if self.done {
            return Ok((step(true, ""), true));
        }
        let text = payload(body).unwrap_or_default();
        let (without_proof, proof) = text.rsplit_once(",p=").unwrap_or_default();
        let nonce = without_proof.split(',').find_map(|field| field.strip_prefix("r="));
        let signed = format!("{},{},{without_proof}", self.first, self.challenge);
        let given = STANDARD.decode(proof).unwrap_or_default();
        let login = LoginTry {
            protocol: "mongodb",
            method: Some(mechanism(self.sha256)),
            user: self.user.as_bytes(),
            password: b"",
        };
        let recorded = format!("{signed},p={proof}");
        let right_nonce = nonce == Some(self.nonce.as_str());
        let signature = std::cell::RefCell::new(Vec::new());
        let success = log_in_by_proof(cx, open, &login, recorded.as_bytes(), |password| {
            let keys = self.keys(password, signed.as_bytes());
            signature.replace(keys.signature);
            right_nonce && keys.proof == given
        });
        if !success {
            return Err(Failure::authentication());
        }
        self.done = true;
        let signature = STANDARD.encode(signature.into_inner());
        Ok((step(self.skips, &format!("v={signature}")), self.skips))
    }

    fn keys(&self, password: &[u8], signed: &[u8]) -> Keys {
        let rounds = iterations(self.sha256);
        if self.sha256 {
            let mut salted = [0; 32];
            pbkdf2::pbkdf2_hmac::<Sha256>(password, &self.salt, rounds, &mut salted);
            let mac = |key: &[u8], text: &[u8]| {
                Hmac::<Sha256>::new_from_slice(key).map_or(Vec::new(), |mut mac| {
                    mac.update(text);
                    mac.finalize().into_bytes().to_vec()
                })
            };
            return keys(&salted, signed, mac, |bytes| Sha256::digest(bytes).to_vec());
        }
        // Passwords of the old mechanism are hashed with the user's name before.
        let text = [self.user.as_bytes(), b":mongo:", password].concat();
        let mut hex = String::new();
        for byte in Md5::digest(text) {
            let _ = write!(hex, "{byte:02x}");
        }
        let mut salted = [0; 20];
        pbkdf2::pbkdf2_hmac::<Sha1>(hex.as_bytes(), &self.salt, rounds, &mut salted);
        let mac = |key: &[u8], text: &[u8]| {
            Hmac::<Sha1>::new_from_slice(key).map_or(Vec::new(), |mut mac| {
                mac.update(text);
                mac.finalize().into_bytes().to_vec()
            })
        };
        keys(&salted, signed, mac, |bytes| Sha1::digest(bytes).to_vec())
    }
}

struct Keys {
    proof: Vec<u8>,
    signature: Vec<u8>,
}

fn keys(
    salted: &[u8],
    signed: &[u8],
    mac: impl Fn(&[u8], &[u8]) -> Vec<u8>,
    hash: impl Fn(&[u8]) -> Vec<u8>,
) -> Keys {
    let client = mac(salted, b"Client Key");
    let mask = mac(&hash(&client), signed);
    Keys {
        proof: client.iter().zip(mask).map(|(left, right)| left ^ right).collect(),
        signature: mac(&mac(salted, b"Server Key"), signed),
    }
}

//! Log-ins that come with requests: all are let in, and told.

use super::answer::Answer;
use super::request::Request;
use crate::limits::DETAIL_BYTES;
use crate::ntlm::{self, Challenger, Token};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use ukai_model::{EventKind, PeerText};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a request's credentials come to.
pub(super) enum Login {
    /// There are none.
    None,
    /// They are told.
    Told(Box<EventKind>),
    /// NTLM needs a second step: this asks for it.
    Challenge(Box<Answer>),
}

/// Looks at `Authorization` and `Proxy-Authorization`.
pub(super) fn login(request: &Request<'_>, seed: u64) -> Login {
    for (name, protocol, status, asks) in [
        ("authorization", "http", 401, "WWW-Authenticate"),
        ("proxy-authorization", "http-proxy", 407, "Proxy-Authenticate"),
    ] {
        let Some(value) = request.header(name) else { continue };
        let value = value.trim_ascii();
        let space = memchr::memchr(b' ', value).unwrap_or(value.len());
        let (scheme, token) = (&value[..space], value[space..].trim_ascii());
        let scheme = String::from_utf8_lossy(scheme).to_ascii_lowercase();
        let told = |user: &[u8], password: &[u8], proof: Option<PeerText>| {
            Login::Told(Box::new(EventKind::LoginAttempt {
                protocol: format!("{protocol}-{scheme}"),
                user: PeerText::truncated(user, DETAIL_BYTES),
                password: PeerText::truncated(password, DETAIL_BYTES),
                method: None,
                proof,
                success: true,
            }))
        };
        return match &*scheme {
            "basic" => {
                let Ok(pair) = LENIENT.decode(token) else { return told(token, b"", None) };
                let colon = memchr::memchr(b':', &pair).unwrap_or(pair.len());
                told(&pair[..colon], pair.get(colon + 1..).unwrap_or_default(), None)
            }
            "digest" => {
                let proof = PeerText::truncated(token, DETAIL_BYTES);
                told(parameter(token, "username"), b"", Some(proof))
            }
            "bearer" | "token" | "bot" => told(b"", token, None),
            "ntlm" | "negotiate" => {
                let message = LENIENT.decode(token).unwrap_or_default();
                let challenger = Challenger::new(seed);
                match ntlm::read(&message) {
                    Some(Token::Negotiate) => {
                        let reply = challenger.message(request.now);
                        let bare = message.starts_with(b"NTLMSSP");
                        let reply = if bare { reply } else { ntlm::go_on(&reply) };
                        let scheme = if scheme == "ntlm" { "NTLM" } else { "Negotiate" };
                        let value = format!("{scheme} {}", STANDARD.encode(reply));
                        Login::Challenge(Box::new(Answer::error(status).with(asks, value)))
                    }
                    Some(Token::Authenticate(proof)) => {
                        let domain = if proof.domain.is_empty() { "" } else { "\\" };
                        let user = format!("{}{domain}{}", proof.domain, proof.user);
                        let crackable = proof.crackable(challenger.challenge);
                        let crackable = crackable.map(|text| PeerText::from(&*text));
                        told(user.as_bytes(), b"", crackable)
                    }
                    None => told(b"", token, None),
                }
            }
            _ => told(b"", value, None),
        };
    }
    Login::None
}

/// A parameter of a digest (RFC 7616, 3.4).
fn parameter<'a>(token: &'a [u8], name: &str) -> &'a [u8] {
    token
        .split(|byte| *byte == b',')
        .find_map(|piece| {
            let piece = piece.trim_ascii();
            let equals = memchr::memchr(b'=', piece)?;
            let value = &piece[equals + 1..];
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            (&piece[..equals] == name.as_bytes())
                .then(|| value.strip_suffix(b"\"").unwrap_or(value))
        })
        .unwrap_or_default()
}

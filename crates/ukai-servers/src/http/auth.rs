//! Log-ins that come with requests: all are let in, and told.

use super::answer::Answer;
use super::request::Request;
use crate::limits::DETAIL_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use std::fmt::Write as _;
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
                if message.starts_with(b"NTLMSSP\0\x01") {
                    let scheme = if scheme == "ntlm" { "NTLM" } else { "Negotiate" };
                    let value = format!("{scheme} {}", STANDARD.encode(challenge(seed)));
                    let answer = Answer::error(status).with(asks, value);
                    return Login::Challenge(Box::new(answer));
                }
                match ntlm_response(&message, seed) {
                    Some((user, proof)) => told(&user, b"", Some(proof)),
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

const TARGET: &str = "CORP";

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The server's challenge (MS-NLMP, 2.2.1.2): without session security of its own, so
/// that the response can be tested by itself.
fn challenge(seed: u64) -> Vec<u8> {
    /// Unicode, request for a target, NTLM, always sign, target is a domain, extended
    /// session security, target information, 128 and 56 bit.
    const FLAGS: u32 = 0xa289_8205;
    let target = utf16(TARGET);
    let mut info = Vec::new();
    for (kind, value) in [(2u16, TARGET), (1, "WEB01"), (4, "corp.local"), (3, "web01.corp.local")]
    {
        let value = utf16(value);
        info.extend_from_slice(&kind.to_le_bytes());
        info.extend_from_slice(&(value.len() as u16).to_le_bytes());
        info.extend_from_slice(&value);
    }
    info.extend_from_slice(&[0; 4]);
    let mut out = b"NTLMSSP\0\x02\0\0\0".to_vec();
    let field = |out: &mut Vec<u8>, length: usize, at: usize| {
        out.extend_from_slice(&(length as u16).to_le_bytes());
        out.extend_from_slice(&(length as u16).to_le_bytes());
        out.extend_from_slice(&(at as u32).to_le_bytes());
    };
    field(&mut out, target.len(), 56);
    out.extend_from_slice(&FLAGS.to_le_bytes());
    out.extend_from_slice(&seed.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    field(&mut out, info.len(), 56 + target.len());
    // Windows 10, build 17763, revision 15.
    out.extend_from_slice(&[10, 0, 0x63, 0x45, 0, 0, 0, 15]);
    out.extend_from_slice(&target);
    out.extend_from_slice(&info);
    out
}

/// User and response of an authenticate message (MS-NLMP, 2.2.1.3), the latter as
/// password crackers read it.
fn ntlm_response(message: &[u8], seed: u64) -> Option<(Vec<u8>, PeerText)> {
    if !message.starts_with(b"NTLMSSP\0\x03\0\0\0") {
        return None;
    }
    let field = |at: usize| {
        let descriptor = message.get(at..at + 8)?;
        let length = usize::from(u16::from_le_bytes([descriptor[0], descriptor[1]]));
        let start = u32::from_le_bytes([descriptor[4], descriptor[5], descriptor[6], descriptor[7]])
            as usize;
        message.get(start..start.checked_add(length)?)
    };
    let (lm, nt, domain, user) = (field(12)?, field(20)?, field(28)?, field(36)?);
    let flags = message.get(60..64).map_or(1, |f| u32::from_le_bytes([f[0], f[1], f[2], f[3]]));
    let text = |bytes: &[u8]| {
        if flags & 1 == 0 {
            return String::from_utf8_lossy(bytes).into_owned();
        }
        let units: Vec<u16> =
            bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    let (domain, user) = (text(domain), text(user));
    let mut proof = format!("{user}::{domain}:");
    let hex = |proof: &mut String, bytes: &[u8]| {
        for byte in bytes {
            let _ = write!(proof, "{byte:02x}");
        }
    };
    if nt.len() > 24 {
        hex(&mut proof, &seed.to_le_bytes());
        proof.push(':');
        hex(&mut proof, nt.get(..16)?);
        proof.push(':');
        hex(&mut proof, nt.get(16..)?);
    } else {
        hex(&mut proof, lm);
        proof.push(':');
        hex(&mut proof, nt);
        proof.push(':');
        hex(&mut proof, &seed.to_le_bytes());
    }
    Some((user.into_bytes(), PeerText::truncated(proof.as_bytes(), 4 * DETAIL_BYTES)))
}

//! Logging in by SASL: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), DIGEST-MD5
//! (RFC 2831), NTLM and XOAUTH2, as far as a server must to get what the client knows.

use crate::Context;
use crate::limits::LOGIN_LINE_BYTES;
use crate::login::{LoginTry, log_in, log_in_by_proof, record};
use crate::shape::Open;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use std::cell::RefCell;
use ukai_model::PeerText;

/// A log-in that is under way.
#[derive(Debug)]
pub(crate) struct Sasl {
    mechanism: Mechanism,
    challenge: String,
    user: Option<Vec<u8>>,
    /// A challenge was sent.
    asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Plain,
    Login,
    CramMd5,
    DigestMd5,
    Ntlm,
    Xoauth2,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask for more: base64, empty for an empty challenge.
    Challenge(String),
    /// It is over: whether it was let in.
    Done(bool),
    /// What came is no base64.
    Malformed(Place),
}

/// Which response it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One with the command.
    Initial,
    /// One to a challenge.
    Continued,
}

impl Sasl {
    /// A log-in by `mechanism`, if it is one of `offered`; NTLM and XOAUTH2 are listened
    /// to wherever a client insists.
    pub(crate) fn new(
        mechanism: &[u8],
        offered: &[String],
        open: &Open,
        cx: &Context<'_>,
    ) -> Option<Self> {
        let name = String::from_utf8_lossy(mechanism).to_ascii_uppercase();
        if !offered.contains(&name) {
            return None;
        }
        let mechanism = match name.as_str() {
            "PLAIN" => Mechanism::Plain,
            "LOGIN" => Mechanism::Login,
            "CRAM-MD5" => Mechanism::CramMd5,
            "DIGEST-MD5" => Mechanism::DigestMd5,
            "NTLM" => Mechanism::Ntlm,
            "XOAUTH2" => Mechanism::Xoauth2,
            _ => return None,
        };
        let number = open.seed ^ cx.now.nanos();
        let host = open.host.hostname.as_str();
        let challenge = match mechanism {
            Mechanism::CramMd5 => {
                format!("<{:016}.{}@{host}>", number % 10_000_000_000_000_000, cx.now.secs())
            }
            Mechanism::DigestMd5 => format!(
                "realm=\"\",nonce=\"{}\",qop=\"auth\",charset=\"utf-8\",algorithm=\"md5-sess\"",
                STANDARD.encode(number.to_be_bytes().repeat(2))
            ),
            _ => String::new(),
        };
        Some(Self { mechanism, challenge, user: None, asked: false })
    }

    /// The first challenge, for a client that sent no initial response.
    pub(crate) fn begin(&mut self) -> Step {
        self.asked = true;
        Step::Challenge(match self.mechanism {
            Mechanism::Plain | Mechanism::Ntlm | Mechanism::Xoauth2 => String::new(),
            Mechanism::Login => STANDARD.encode("Username:"),
            Mechanism::CramMd5 | Mechanism::DigestMd5 => STANDARD.encode(&self.challenge),
        })
    }

    /// Who logged in, when it is over.
    pub(crate) fn user(&self) -> &[u8] {
        self.user.as_deref().unwrap_or_default()
    }

    /// A response came, in base64; `=` stands for an empty one.
    pub(crate) fn respond(
        &mut self,
        cx: &mut Context<'_>,
        open: &Open,
        protocol: &str,
        response: &[u8],
    ) -> Step {
        let text = if response == b"=" { &[][..] } else { response };
        let Ok(bytes) = STANDARD.decode(text) else {
            return Step::Malformed(if self.asked { Place::Continued } else { Place::Initial });
        };
        self.asked = true;
        match self.mechanism {
            Mechanism::Plain => {
                let mut parts = bytes.splitn(3, |byte| *byte == 0);
                let _authorization = parts.next();
                let user = cut(parts.next().unwrap_or_default());
                let password = cut(parts.next().unwrap_or_default());
                let login = attempt(protocol, "plain", &user, &password);
                let success = log_in(cx, open, &login);
                self.user = Some(user);
                Step::Done(success)
            }
            Mechanism::Login => match self.user.take() {
                None => {
                    self.user = Some(cut(&bytes));
                    Step::Challenge(STANDARD.encode("Password:"))
                }
                Some(user) => {
                    let password = cut(&bytes);
                    let login = attempt(protocol, "login", &user, &password);
                    let success = log_in(cx, open, &login);
                    self.user = Some(user);
                    Step::Done(success)
                }
            },
            Mechanism::CramMd5 => self.cram(cx, open, protocol, &bytes),
            Mechanism::DigestMd5 => self.digest(cx, open, protocol, &bytes),
            Mechanism::Ntlm => self.ntlm(cx, open, protocol, &bytes),
            Mechanism::Xoauth2 => {
                let (user, token) = oauth(&bytes);
                let proof = PeerText::truncated(&token, LOGIN_LINE_BYTES);
                let login = attempt(protocol, "xoauth2", &user, b"");
                record(cx, open, &login, Some(proof), false);
                Step::Done(false)
            }
        }
    }

    fn cram(&mut self, cx: &mut Context<'_>, open: &Open, protocol: &str, bytes: &[u8]) -> Step {
        let space = memchr::memrchr(b' ', bytes).unwrap_or(bytes.len());
        let (user, digest) = bytes.split_at(space);
        let digest = digest.strip_prefix(b" ").unwrap_or(digest);
        let user = cut(user);
        let proof = [self.challenge.as_bytes(), b" ", digest].concat();
        let login = attempt(protocol, "cram-md5", &user, b"");
        let fits = |password: &[u8]| {
            Hmac::<Md5>::new_from_slice(password).is_ok_and(|mac| {
                let mac = mac.chain_update(self.challenge.as_bytes());
                hex(&mac.finalize().into_bytes()).as_bytes().eq_ignore_ascii_case(digest)
            })
        };
        let success = log_in_by_proof(cx, open, &login, &proof, fits);
        self.user = Some(user);
        Step::Done(success)
    }

    /// RFC 2831, 2.1.3: a response that fits is answered with the server's own proof, and
    /// that one with an empty response.
    fn digest(&mut self, cx: &mut Context<'_>, open: &Open, protocol: &str, bytes: &[u8]) -> Step {
        if self.user.is_some() {
            return Step::Done(true);
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        let field = |name: &str| {
            text.split(',').find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key.trim() == name).then(|| value.trim_matches('"').to_owned())
            })
        };
        let value = |name: &str| field(name).unwrap_or_default();
        let (user, realm, nonce) = (value("username"), value("realm"), value("nonce"));
        let (count, own, uri) = (value("nc"), value("cnonce"), value("digest-uri"));
        let response = value("response");
        let login = attempt(protocol, "digest-md5", user.as_bytes(), b"");
        let proof = |password: &[u8], method: &str| {
            let secret = Md5::digest([format!("{user}:{realm}:").as_bytes(), password].concat());
            let tail = format!(":{nonce}:{own}");
            let a1 = hex(&Md5::digest([&secret[..], tail.as_bytes()].concat()));
            let a2 = hex(&Md5::digest(format!("{method}:{uri}")));
            hex(&Md5::digest(format!("{a1}:{nonce}:{count}:{own}:auth:{a2}")))
        };
        let ours = RefCell::new(String::new());
        let success = log_in_by_proof(cx, open, &login, bytes, |password| {
            let fits = proof(password, "AUTHENTICATE") == response;
            if fits {
                ours.replace(format!("rspauth={}", proof(password, "")));
            }
            fits
        });
        if !success {
            return Step::Done(false);
        }
        self.user = Some(user.into_bytes());
        Step::Challenge(STANDARD.encode(ours.into_inner()))
    }

    /// [MS-NLMP] 2.2.1: the third message has the user's name and the proof.
    fn ntlm(&mut self, cx: &mut Context<'_>, open: &Open, protocol: &str, bytes: &[u8]) -> Step {
        if self.user.is_none() {
            self.user = Some(Vec::new());
            let mut challenge = b"NTLMSSP\0\x02\0\0\0".to_vec();
            challenge.extend_from_slice(&[0, 0, 0, 0, 0x38, 0, 0, 0, 1, 0x82, 0, 0]);
            challenge.extend_from_slice(&(open.seed ^ cx.now.nanos()).to_be_bytes());
            challenge.extend_from_slice(&[0; 24]);
            return Step::Challenge(STANDARD.encode(challenge));
        }
        let field = |at: usize| -> Vec<u8> {
            let word = |at: usize| {
                bytes.get(at..at + 2).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])))
            };
            let (length, from) = (word(at), word(at + 4));
            bytes.get(from..from + length).unwrap_or_default().to_vec()
        };
        let user: Vec<u8> = field(36).into_iter().filter(|byte| *byte != 0).collect();
        let login = attempt(protocol, "ntlm", &user, b"");
        let proof = PeerText::truncated(hex(&field(20)).as_bytes(), LOGIN_LINE_BYTES);
        record(cx, open, &login, Some(proof), false);
        Step::Done(false)
    }
}

fn attempt<'a>(
    protocol: &'a str,
    method: &'static str,
    user: &'a [u8],
    password: &'a [u8],
) -> LoginTry<'a> {
    LoginTry { protocol, method: Some(method), user, password }
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(LOGIN_LINE_BYTES)].to_vec()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `user=NAME^Aauth=Bearer TOKEN^A^A`
fn oauth(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut parts = bytes.split(|byte| *byte == 1);
    let user = parts.next().unwrap_or_default();
    let token = parts.next().unwrap_or_default();
    let user = user.strip_prefix(b"user=").unwrap_or(user);
    let token = token.strip_prefix(b"auth=Bearer ").unwrap_or(token);
    (cut(user), cut(token))
}

//! Who a client says that it is (RFC 4511, 4.2): by a password, by SASL, or by NTLM as
//! Active Directory has it. Whatever proves it is right, and is told.

use super::answer::{self, code, op};
use super::request::{Bind, Credentials};
use super::{Served, ber};
use crate::limits::DETAIL_BYTES;
use crate::ntlm::{self, Token};
use ukai_emulators::Context;

/// What a bind comes to: its code, what stands in place of a matched name, and credentials of
/// the server's.
struct Outcome {
    code: u32,
    matched: Vec<u8>,
    credentials: Option<Vec<u8>>,
}

impl From<u32> for Outcome {
    fn from(code: u32) -> Self {
        Self { code, matched: Vec::new(), credentials: None }
    }
}

impl Served {
    pub(super) fn bind(&mut self, cx: &mut Context<'_>, id: u32, content: &[u8]) {
        let Some(Bind { name, how }) = Bind::parse(content) else { return self.malformed() };
        let challenged = std::mem::take(&mut self.challenged);
        let Outcome { code, matched, credentials } = match how {
            Credentials::Simple(password) => {
                let anonymous = name.is_empty() && password.is_empty();
                self.login(cx, name, password, anonymous.then_some("anonymous"), None);
                code::SUCCESS.into()
            }
            Credentials::Sasl(mechanism, response) => {
                self.sasl(cx, mechanism, response, challenged)
            }
            Credentials::Sicily(token) => self.sicily(cx, token),
        };
        let more = credentials.map(|given| ber::element(0x87, &given)).unwrap_or_default();
        self.out.extend(answer::matched(id, op::BIND, code, &matched, &more));
    }

    fn sasl(
        &mut self,
        cx: &mut Context<'_>,
        mechanism: &[u8],
        response: &[u8],
        challenged: bool,
    ) -> Outcome {
        let go_on = |credentials: Vec<u8>| Outcome {
            credentials: Some(credentials),
            ..code::SASL_IN_PROGRESS.into()
        };
        match mechanism.to_ascii_uppercase().as_slice() {
            b"PLAIN" => {
                // RFC 4616: whom to act for, who it is, the password.
                let mut parts = response.splitn(3, |byte| *byte == 0).skip(1);
                let user = parts.next().unwrap_or_default();
                let password = parts.next().unwrap_or_default();
                self.login(cx, user, password, Some("sasl-plain"), None);
                code::SUCCESS.into()
            }
            b"EXTERNAL" => {
                self.login(cx, response, b"", Some("sasl-external"), None);
                code::SUCCESS.into()
            }
            b"CRAM-MD5" if challenged => self.cram(cx, response).into(),
            b"CRAM-MD5" => {
                self.challenged = true;
                go_on(self.directory.challenge.clone().into_bytes())
            }
            b"GSS-SPNEGO" | b"NTLM" => {
                let wrapped = !response.starts_with(b"NTLMSSP\0");
                if let Some(Token::Authenticate(proof)) = ntlm::read(response) {
                    self.ntlm(cx, &proof);
                    let credentials = wrapped.then(ntlm::done);
                    return Outcome { credentials, ..code::SUCCESS.into() };
                }
                // Who offers Kerberos first is answered with what there is.
                let challenge = self.challenger.message(cx.now);
                go_on(if wrapped { ntlm::go_on(&challenge) } else { challenge })
            }
            _ => {
                self.told.request(cx, "bind", &[mechanism, b" ", response].concat());
                code::METHOD_NOT_SUPPORTED.into()
            }
        }
    }

    /// [MS-ADTS] 5.1.1.1.3: packages are asked for, then NTLM's tokens go to and fro; the
    /// server's stand in place of a matched name.
    fn sicily(&mut self, cx: &mut Context<'_>, token: &[u8]) -> Outcome {
        let matched = match ntlm::read(token) {
            Some(Token::Authenticate(proof)) => {
                self.ntlm(cx, &proof);
                Vec::new()
            }
            Some(Token::Negotiate) => self.challenger.message(cx.now),
            None => b"NTLM".to_vec(),
        };
        Outcome { matched, ..code::SUCCESS.into() }
    }

    fn ntlm(&mut self, cx: &mut Context<'_>, proof: &ntlm::Proof) {
        let domain = if proof.domain.is_empty() { "" } else { "\\" };
        let user = format!("{}{domain}{}", proof.domain, proof.user);
        let crackable = proof.crackable(self.challenger.challenge);
        let crackable = crackable.as_deref().map(str::as_bytes);
        self.login(cx, user.as_bytes(), b"", Some(proof.method()), crackable);
    }

    /// RFC 2195: the user's name and a digest, with which a password can be tested.
    fn cram(&mut self, cx: &mut Context<'_>, response: &[u8]) -> u32 {
        let Some(space) = response.iter().rposition(|byte| *byte == b' ') else {
            return code::INVALID_CREDENTIALS;
        };
        let (user, digest) = response.split_at(space);
        let proof = [self.directory.challenge.as_bytes(), digest].concat();
        self.login(cx, user, b"", Some("cram-md5"), Some(&proof));
        code::SUCCESS
    }

    fn login(
        &mut self,
        cx: &mut Context<'_>,
        user: &[u8],
        password: &[u8],
        method: Option<&str>,
        proof: Option<&[u8]>,
    ) {
        self.name = user.get(..DETAIL_BYTES).unwrap_or(user).to_vec();
        self.directory.learn(&self.name);
        self.told.login(cx, user, password, method, proof);
    }
}

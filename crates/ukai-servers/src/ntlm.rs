//! NTLMSSP ([MS-NLMP] 2.2.1) as a server has it, and the SPNEGO that it is wrapped in
//! (RFC 4178): a challenge is given, and what proves the password is taken.

use crate::chance::Chance;
use crate::wire::{Reader, hex};
use ukai_model::Timestamp;

const SIGNATURE: &[u8] = b"NTLMSSP\0";
/// 1.3.6.1.4.1.311.2.2.10, NTLMSSP.
const MECHANISM: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// NEGOTIATE_MESSAGE.
    Negotiate,
    /// AUTHENTICATE_MESSAGE.
    Authenticate(Proof),
}

/// Who a client is, and its proof.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) user: String,
    pub(crate) domain: String,
    pub(crate) workstation: String,
    lm: Vec<u8>,
    nt: Vec<u8>,
}

/// The token in a message, wherever it is wrapped.
pub(crate) fn read(bytes: &[u8]) -> Option<Token> {
    let at = memchr::memmem::find(bytes, SIGNATURE)?;
    let message = &bytes[at..];
    let mut reader = Reader(message);
    reader.take(SIGNATURE.len())?;
    match reader.u32_le()? {
        1 => Some(Token::Negotiate),
        3 => authenticate(message, reader).map(Token::Authenticate),
        _ => None,
    }
}

fn authenticate(message: &[u8], mut reader: Reader<'_>) -> Option<Proof> {
    let mut field = || {
        let length = usize::from(reader.u16_le()?);
        reader.u16_le()?;
        let offset = reader.u32_le()? as usize;
        message.get(offset..offset.checked_add(length)?)
    };
    let (lm, nt) = (field()?, field()?);
    let (domain, user, workstation) = (field()?, field()?, field()?);
    reader.take(8)?;
    let unicode = reader.u32_le().is_none_or(|flags| flags & 1 != 0);
    let text = |bytes: &[u8]| {
        if unicode { utf16(bytes) } else { String::from_utf8_lossy(bytes).into_owned() }
    };
    Some(Proof {
        user: text(user),
        domain: text(domain),
        workstation: text(workstation),
        lm: lm.to_vec(),
        nt: nt.to_vec(),
    })
}

impl Proof {
    /// Of a log-in without NTLMSSP.
    pub(crate) fn plain(user: String, domain: String, lm: &[u8], nt: &[u8]) -> Self {
        Self { user, domain, workstation: String::new(), lm: lm.to_vec(), nt: nt.to_vec() }
    }

    /// Whether nobody in particular logs in.
    pub(crate) fn anonymous(&self) -> bool {
        self.user.is_empty() && self.nt.is_empty()
    }

    /// The method's name.
    pub(crate) fn method(&self) -> &'static str {
        match self.nt.len() {
            0 => "anonymous",
            1..=24 => "ntlmv1",
            _ => "ntlmv2",
        }
    }

    /// In the form that crackers of passwords read, for the challenge that was given; none
    /// where nothing was proved.
    pub(crate) fn crackable(&self, challenge: [u8; 8]) -> Option<String> {
        let Self { user, domain, .. } = self;
        let challenge = hex(&challenge);
        match self.nt.split_at_checked(16) {
            _ if self.nt.is_empty() => None,
            Some((proof, blob)) if self.nt.len() > 24 => {
                Some(format!("{user}::{domain}:{challenge}:{}:{}", hex(proof), hex(blob)))
            }
            _ => Some(format!("{user}::{domain}:{}:{}:{challenge}", hex(&self.lm), hex(&self.nt))),
        }
    }
}

/// A server's side of it.
#[derive(Debug)]
pub(crate) struct Challenger {
    pub(crate) challenge: [u8; 8],
    pub(crate) name: String,
}

impl Challenger {
    pub(crate) fn new(seed: u64) -> Self {
        const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut chance = Chance::new(seed, "ntlm");
        let challenge = chance.number().to_be_bytes();
        let letters = (0..11).map(|_| char::from(LETTERS[chance.between(0, 36) as usize]));
        let name = "WIN-".chars().chain(letters).collect();
        Self { challenge, name }
    }

    /// CHALLENGE_MESSAGE.
    pub(crate) fn message(&self, now: Timestamp) -> Vec<u8> {
        // Unicode, NTLM, target is a server, extended security, target information, version,
        // 128 bits, 56 bits, key exchange, always sign, request target.
        const FLAGS: u32 = 0xe28a_8215;
        let name = to_utf16(&self.name);
        let mut information = Vec::new();
        for (kind, value) in [(2_u16, &name), (1, &name), (4, &name), (3, &name)] {
            information.extend(kind.to_le_bytes());
            information.extend((value.len() as u16).to_le_bytes());
            information.extend(value);
        }
        information.extend([7, 0, 8, 0]);
        information.extend(filetime(now).to_le_bytes());
        information.extend([0; 4]);
        let mut out = [SIGNATURE, &2_u32.to_le_bytes()].concat();
        let field = |length: usize, offset: usize| {
            let length = (length as u16).to_le_bytes();
            [&length[..], &length, &(offset as u32).to_le_bytes()].concat()
        };
        out.extend(field(name.len(), 56));
        out.extend(FLAGS.to_le_bytes());
        out.extend(self.challenge);
        out.extend([0; 8]);
        out.extend(field(information.len(), 56 + name.len()));
        // Windows Server 2008 R2: 6.1, build 7601, NTLM revision 15.
        out.extend([6, 1, 0xb1, 0x1d, 0, 0, 0, 15]);
        out.extend(name);
        out.extend(information);
        out
    }
}

/// A value of DER.
pub(crate) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..0x80 => out.push(length as u8),
        length @ 0x80..0x100 => out.extend([0x81, length as u8]),
        length => {
            out.push(0x82);
            out.extend((length as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

/// What a server offers unasked: NTLMSSP and nothing else (NegTokenInit2, [MS-SPNG]).
pub(crate) fn offer() -> Vec<u8> {
    let mechanisms = der(0xa0, &der(0x30, MECHANISM));
    let hint = der(0xa0, &der(0x1b, b"not_defined_in_RFC4178@please_ignore"));
    let hints = der(0xa3, &der(0x30, &hint));
    let token = der(0xa0, &der(0x30, &[mechanisms, hints].concat()));
    der(0x60, &[&b"\x06\x06\x2b\x06\x01\x05\x05\x02"[..], &token].concat())
}

/// NegTokenResp with a challenge: more is to come.
pub(crate) fn go_on(token: &[u8]) -> Vec<u8> {
    let state = der(0xa0, &[10, 1, 1]);
    let token = der(0xa2, &der(4, token));
    der(0xa1, &der(0x30, &[state, der(0xa1, MECHANISM), token].concat()))
}

/// NegTokenResp: accepted.
pub(crate) fn done() -> Vec<u8> {
    der(0xa1, &der(0x30, &der(0xa0, &[10, 1, 0])))
}

/// Text of UTF-16, the low byte first.
pub(crate) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Text in UTF-16, the low byte first.
pub(crate) fn to_utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Windows' count of time: 100 ns since 1601.
pub(crate) fn filetime(now: Timestamp) -> u64 {
    now.nanos() / 100 + 116_444_736_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_proof_is_read_into_what_crackers_take() {
        let mut message = [SIGNATURE, &3_u32.to_le_bytes()].concat();
        let (lm, nt) = (vec![1; 24], [vec![2; 16], vec![3; 30]].concat());
        let texts = [to_utf16("DOM"), to_utf16("user"), to_utf16("PC")];
        let mut offset = 8 + 4 + 8 * 6 + 4;
        let mut payload = Vec::new();
        for part in [&lm, &nt, &texts[0], &texts[1], &texts[2], &Vec::new()] {
            let length = (part.len() as u16).to_le_bytes();
            message.extend([&length[..], &length, &(offset as u32).to_le_bytes()].concat());
            offset += part.len();
            payload.extend(part.clone());
        }
        message.extend(1_u32.to_le_bytes());
        message.extend(payload);
        let Some(Token::Authenticate(proof)) = read(&go_on(&message)) else { panic!("a proof") };
        assert_eq!((&*proof.user, &*proof.domain, &*proof.workstation), ("user", "DOM", "PC"));
        assert_eq!(
            proof.crackable([0xab; 8]),
            Some(format!("user::DOM:abababababababab:{}:{}", "02".repeat(16), "03".repeat(30)))
        );
        assert_eq!((proof.method(), proof.anonymous()), ("ntlmv2", false));
        assert_eq!(read(&message[..40]), None);
    }

    #[test]
    fn lengths_of_der_grow() {
        assert_eq!(der(4, &[0; 5])[..2], [4, 5]);
        assert_eq!(der(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(der(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(filetime(Timestamp::from_secs(0)), 116_444_736_000_000_000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..90), kind in 0..4_u8) {
            let mut message = [SIGNATURE, &[kind, 0, 0, 0]].concat();
            message.extend(bytes);
            let _ = read(&message);
        }
    }
}

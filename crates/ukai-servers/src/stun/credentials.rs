//! Passwords of TURN that are tried on a client's proof, so that answers can be signed.

use super::message::{Message, sign};
use md5::{Digest, Md5};

/// Passwords that stand in examples and public lists of TURN servers. The user's own name is
/// tried too.
const PASSWORDS: [&[u8]; 13] = [
    b"",
    b"password",
    b"openrelayproject",
    b"muazkh",
    b"root",
    b"guest",
    b"somepassword",
    b"peerjsp",
    b"webrtc",
    b"turn",
    b"test",
    b"123456",
    b"admin",
];

/// A password that fits, and the key that it makes with name and realm (RFC 8489, 9.2.2).
#[derive(Debug)]
pub(super) struct Found {
    pub(super) password: Vec<u8>,
    pub(super) key: [u8; 16],
}

/// The password with which a request was signed, if it is one of the usual ones.
pub(super) fn find(message: &Message<'_>, user: &[u8], realm: &[u8]) -> Option<Found> {
    let (text, signature) = message.signed()?;
    std::iter::once(user).chain(PASSWORDS).find_map(|password| {
        let key = key(user, realm, password);
        (sign(&key, &text) == signature).then(|| Found { password: password.to_vec(), key })
    })
}

fn key(user: &[u8], realm: &[u8], password: &[u8]) -> [u8; 16] {
    let mut hash = Md5::new();
    for (number, part) in [user, realm, password].into_iter().enumerate() {
        if number > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::attribute::USERNAME;
    use crate::stun::message::Answer;

    #[test]
    fn a_password_is_found_by_its_proof() {
        for (password, found) in [(&b"guest"[..], true), (b"me", true), (b"r4nd0m", false)] {
            let mut request = Answer::new(3, &[7; 16]);
            request.add(USERNAME, b"me").sign(&key(b"me", b"r", password));
            let bytes = request.bytes();
            let message = Message::read(&bytes).expect("a message");
            let got = find(&message, b"me", b"r").map(|found| found.password);
            assert_eq!(got, found.then(|| password.to_vec()));
        }
    }
}

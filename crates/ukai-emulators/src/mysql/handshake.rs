//! The greeting, and who answers it (MariaDB 10.11, sql/sql_acl.cc).

use super::packet::{Fault, Reader};
use crate::limits::LOGIN_LINE_BYTES;
use sha1::{Digest, Sha1};

pub(super) const PROTOCOL_41: u32 = 1 << 9;
const WITH_DB: u32 = 1 << 3;
pub(super) const SSL: u32 = 1 << 11;
const SECURE_CONNECTION: u32 = 1 << 15;
pub(super) const MULTI_STATEMENTS: u32 = 1 << 16;
const PLUGIN_AUTH: u32 = 1 << 19;
const LONG_RESPONSE: u32 = 1 << 21;
pub(super) const SESSION_TRACK: u32 = 1 << 23;
pub(super) const DEPRECATE_EOF: u32 = 1 << 24;
/// Set by MySQL's own clients: the others' extensions are MariaDB's.
const CLIENT_MYSQL: u32 = 1;
/// MariaDB's fourth extension: columns with more to say.
const EXTENDED_COLUMNS: u32 = 1 << 3;

/// What the server can do: everything but TLS, which is added where there is a key.
const CAPABILITIES: u32 = 0x81ff_f7fe;
const MARIADB_CAPABILITIES: u32 = 0x1d;

/// `utf8mb4_general_ci`, the collation of Debian's server.
const COLLATION: u8 = 45;

/// The plug-in that all accounts have.
pub(super) const NATIVE: &[u8] = b"mysql_native_password";

/// Longest user name, in characters; the rest is dropped.
const USER_CHARACTERS: usize = 128;

/// A challenge: letters, digits and signs.
pub(super) type Salt = [u8; 20];

/// A salt that nobody can foresee who does not know the seed.
pub(super) fn salt(seed: u64, nanos: u64, number: u32) -> Salt {
    let digest = Sha1::new()
        .chain_update(b"mysql salt")
        .chain_update(seed.to_be_bytes())
        .chain_update(nanos.to_be_bytes())
        .chain_update(number.to_be_bytes())
        .finalize();
    std::array::from_fn(|at| b'!' + digest[at] % 94)
}

/// The first packet.
pub(super) fn greeting(version: &str, id: u32, salt: &Salt, tls: bool) -> Vec<u8> {
    let capabilities = if tls { CAPABILITIES | SSL } else { CAPABILITIES };
    let [low0, low1, high0, high1] = capabilities.to_le_bytes();
    let mut out = vec![10];
    // So that old replicas do not take it for a MySQL of version 10.
    out.extend_from_slice(b"5.5.5-");
    out.extend_from_slice(version.as_bytes());
    out.push(0);
    out.extend_from_slice(&id.to_le_bytes());
    out.extend_from_slice(&salt[..8]);
    out.extend_from_slice(&[0, low0, low1, COLLATION, 2, 0, high0, high1]);
    out.push(salt.len() as u8 + 1);
    out.extend_from_slice(&[0; 6]);
    out.extend_from_slice(&MARIADB_CAPABILITIES.to_le_bytes());
    out.extend_from_slice(&salt[8..]);
    out.push(0);
    out.extend_from_slice(NATIVE);
    out.push(0);
    out
}

/// Asks for the answer to another challenge, by the plug-in that the account has.
pub(super) fn switch(salt: &Salt) -> Vec<u8> {
    [b"\xfe", NATIVE, b"\0", &salt[..], b"\0"].concat()
}

/// Who answered the greeting, and how.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) capabilities: u32,
    pub(super) extended_columns: bool,
    pub(super) collation: u8,
    pub(super) user: Vec<u8>,
    pub(super) response: Vec<u8>,
    pub(super) database: Option<Vec<u8>>,
    /// The plug-in by which it answered, if it named one.
    pub(super) plugin: Option<Vec<u8>>,
}

/// What the second packet is.
#[derive(Debug)]
pub(super) enum Answer {
    /// It wants TLS first.
    Tls,
    Client(Box<Client>),
}

pub(super) fn bad_handshake() -> Fault {
    Fault::new(1043, "08S01", "Bad handshake")
}

/// Reads the answer to the greeting.
pub(super) fn read(payload: &[u8], may_tls: bool) -> Result<Answer, Fault> {
    let mut reader = Reader(payload);
    let low = reader.u16().ok_or_else(bad_handshake)?;
    if u32::from(low) & PROTOCOL_41 == 0 {
        return before_41(payload, low).ok_or_else(bad_handshake);
    }
    reader = Reader(payload);
    let head = reader.take(32).ok_or_else(bad_handshake)?;
    let mut head = Reader(head);
    let (Some(capabilities), Some(_), Some(collation)) = (head.u32(), head.u32(), head.byte())
    else {
        return Err(bad_handshake());
    };
    if capabilities & SSL != 0 {
        return if may_tls { Ok(Answer::Tls) } else { Err(bad_handshake()) };
    }
    let _ = head.take(19);
    let mariadb = if capabilities & CLIENT_MYSQL == 0 { head.u32().unwrap_or(0) } else { 0 };
    rest(reader, capabilities)
        .map(|client| {
            let extended_columns = mariadb & EXTENDED_COLUMNS != 0;
            Answer::Client(Box::new(Client { extended_columns, collation, ..client }))
        })
        .ok_or_else(bad_handshake)
}

fn rest(mut reader: Reader<'_>, capabilities: u32) -> Option<Client> {
    let user = cut(reader.text()?);
    let response = if capabilities & LONG_RESPONSE != 0 {
        let length = usize::try_from(reader.number()?).ok()?;
        reader.take(length)?
    } else if capabilities & SECURE_CONNECTION != 0 {
        let length = usize::from(reader.byte()?);
        reader.take(length)?
    } else {
        reader.text()?
    };
    let text = |reader: &mut Reader<'_>| {
        reader.text().map_or_else(|| std::mem::take(&mut reader.0).to_vec(), <[u8]>::to_vec)
    };
    let database = (capabilities & WITH_DB != 0).then(|| text(&mut reader));
    let named = capabilities & PLUGIN_AUTH != 0 && !reader.0.is_empty();
    let plugin = named.then(|| text(&mut reader));
    Some(Client {
        capabilities,
        extended_columns: false,
        collation: 0,
        user,
        response: response[..response.len().min(LOGIN_LINE_BYTES)].to_vec(),
        database: database.filter(|name| !name.is_empty()),
        plugin: plugin.map(|name| name[..name.len().min(64)].to_vec()),
    })
}

/// Clients of MySQL 3 and 4.0.
fn before_41(payload: &[u8], low: u16) -> Option<Answer> {
    let mut reader = Reader(payload.get(5..)?);
    let user = cut(reader.text()?);
    let response = reader.0.split(|byte| *byte == 0).next().unwrap_or_default();
    let response = response[..response.len().min(LOGIN_LINE_BYTES)].to_vec();
    let capabilities = u32::from(low);
    Some(Answer::Client(Box::new(Client { capabilities, user, response, ..Client::default() })))
}

fn cut(user: &[u8]) -> Vec<u8> {
    user[..user.len().min(USER_CHARACTERS)].to_vec()
}

/// Whether `response` proves that its sender knows `password`:
/// SHA1(password) XOR SHA1(salt + SHA1(SHA1(password))).
pub(super) fn fits(password: &[u8], salt: &Salt, response: &[u8]) -> bool {
    let once = Sha1::digest(password);
    let mask = Sha1::new().chain_update(salt).chain_update(Sha1::digest(once)).finalize();
    response.len() == once.len()
        && once
            .iter()
            .zip(mask)
            .zip(response)
            .all(|((once, mask), response)| once ^ mask == *response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_are_printable_and_never_the_same() {
        let all: std::collections::HashSet<Salt> = (0..100).map(|n| salt(7, 1, n)).collect();
        assert_eq!(all.len(), 100);
        assert!(all.iter().flatten().all(u8::is_ascii_graphic));
    }

    #[test]
    fn what_is_too_short_is_a_bad_handshake() {
        for length in 0..34 {
            let payload = [&0x8200_u32.to_le_bytes()[..], &[0; 30]].concat();
            assert_eq!(read(&payload[..length], false).unwrap_err(), bad_handshake(), "{length}");
        }
    }
}

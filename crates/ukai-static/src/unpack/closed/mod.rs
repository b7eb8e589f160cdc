//! Documents that are closed with a password, and opened again: most of them by a password that
//! their reader tries by itself, so that whoever opens them is asked for none.

pub(super) mod ooxml;
pub(super) mod pdf;
pub(super) mod xls;

use super::Unpacking;
use ukai_model::ArtefactKind;

/// What Excel tries before it asks (MS-OFFCRYPTO 2.3.7.1 and following): books that are closed with
/// it are closed for scanners only.
const EXCELS_OWN: &[u8] = b"VelvetSweatshop";

/// What became of a document.
pub(super) enum Found<'a> {
    /// It is not closed.
    Plain,
    /// None of the passwords opens it, or the way it is closed is not known.
    Shut,
    /// What it is in clear, and by which password: none if it has none.
    Opened { clear: Vec<u8>, password: Option<&'a [u8]> },
}

/// Says that a document stays closed.
pub(super) fn note(what: &str, unpacking: &mut Unpacking<'_>) {
    let tried = unpacking.passwords.len();
    unpacking.note(format!("{what}: encrypted, and none of {tried} passwords opens it"));
}

/// Tells of a document that opens without anybody being asked, and is closed for scanners only.
pub(super) fn tell(password: Option<&[u8]>, unpacking: &mut Unpacking<'_>) {
    if password == Some(EXCELS_OWN) {
        let told = b"encrypted with the password that Excel tries by itself";
        unpacking.tell(ArtefactKind::Technique, told, 0, 80);
    }
}

/// The passwords for a document of Office: Excel's own first.
fn for_office(passwords: &[Vec<u8>]) -> impl Iterator<Item = &[u8]> {
    let others = passwords.iter().map(Vec::as_slice).filter(|it| *it != EXCELS_OWN);
    std::iter::once(EXCELS_OWN).chain(others)
}

/// A password as Office hashes it: UTF-16, and 255 letters of it at most.
fn wide(password: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(password);
    text.encode_utf16().take(255).flat_map(u16::to_le_bytes).collect()
}

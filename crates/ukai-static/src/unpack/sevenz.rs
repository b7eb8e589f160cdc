//! 7-Zip archives.
//!
//! Blocks are decoded one by one and on this thread: the crate's reader asks for the number
//! of processors, which a confined child may not.

use super::Unpacking;
use crate::limits::DICTIONARY_KIB_MAX;
use sevenz_rust2::{Archive, BlockDecoder, Error, Password};
use std::io::Cursor;

/// Passwords tried: each costs half a million rounds of SHA-256.
const PASSWORDS_MAX: usize = 6;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let tried = unpacking.passwords;
    let passwords = tried.iter().take(PASSWORDS_MAX).map(|word| Some(word.as_slice()));
    for word in std::iter::once(None).chain(passwords) {
        let password = match word {
            Some(word) => Password::from(&*String::from_utf8_lossy(word)),
            None => Password::empty(),
        };
        let before = unpacking.children.len();
        match read(bytes, &password, word, unpacking) {
            Ok(()) => return,
            Err(Error::PasswordRequired | Error::MaybeBadPassword(_)) => {}
            // With the wrong password the content is noise to the decoder inside.
            Err(_) if word.is_some() && unpacking.children.len() == before => {}
            Err(error) => {
                if !is_encrypted(bytes) || unpacking.children.len() > before {
                    return unpacking.note(format!("7z: {error}"));
                }
            }
        }
    }
    unpacking.note(format!("7z: encrypted, and none of {PASSWORDS_MAX} passwords opens it"));
}

/// Whether the AES coder (06 f1 07 01) is mentioned.
fn is_encrypted(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"\x06\xf1\x07\x01").is_some()
}

fn read(
    bytes: &[u8],
    password: &Password,
    word: Option<&[u8]>,
    unpacking: &mut Unpacking<'_>,
) -> Result<(), Error> {
    let limit = DICTIONARY_KIB_MAX as usize;
    let mut source = Cursor::new(bytes);
    let archive = Archive::read_with_memory_limit(&mut source, password, limit)?;
    for block in 0..archive.blocks.len() {
        let decoder =
            BlockDecoder::new_with_memory_limit(1, limit, block, &archive, password, &mut source);
        let mut full = false;
        decoder.for_each_entries(&mut |entry, reader| {
            if !entry.has_stream() || entry.is_directory() {
                return Ok(true);
            }
            if unpacking.is_full() {
                full = true;
                return Ok(false);
            }
            let notes = unpacking.notes.len();
            let content = unpacking.read("7z", reader, bytes.len());
            let broken = unpacking.notes[notes..].iter().any(|note| note.contains("broken"));
            if broken && word.is_some() {
                unpacking.notes.truncate(notes);
                return Err(Error::MaybeBadPassword(std::io::ErrorKind::InvalidData.into()));
            }
            unpacking.add_opened("7z", Some(entry.name().as_bytes()), content, word);
            Ok(true)
        })?;
        if full {
            unpacking.note("7z: not all members were looked at".to_owned());
            break;
        }
    }
    Ok(())
}

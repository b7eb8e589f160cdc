//! Zip archives, encrypted ones with the passwords that samples travel with.

use super::{Unpacking, xlm};
use std::io::Cursor;
use zip::read::ZipFile;
use zip::result::ZipError;

/// Members that are looked at in an archive where most are not wanted.
const ENTRIES_MAX: usize = 20_000;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => {
            unpacking.note(format!("zip: {error}"));
            return super::carve::without_directory(bytes, unpacking);
        }
    };
    if archive.len() > ENTRIES_MAX {
        unpacking
            .note(format!("zip: {} members, of which {ENTRIES_MAX} were looked at", archive.len()));
    }
    let first = unpacking.children.len();
    // What opened one member most likely opens the next.
    let mut known: Option<Vec<u8>> = None;
    for index in 0..archive.len().min(ENTRIES_MAX) {
        if unpacking.is_full() {
            return unpacking.note("zip: not all members were looked at".to_owned());
        }
        let (encrypted, directory) = match archive.by_index_raw(index) {
            Ok(file) => (file.encrypted(), file.is_dir()),
            Err(error) => {
                unpacking.note(format!("zip: {error}"));
                continue;
            }
        };
        if directory {
            continue;
        }
        if encrypted {
            let opened = open(&mut archive, index, known.as_deref(), unpacking);
            known = opened.or(known);
            continue;
        }
        match archive.by_index(index) {
            Ok(mut file) => {
                let (name, content) = read(&mut file, unpacking);
                unpacking.add("zip", Some(&name), content);
            }
            Err(error) => unpacking.note(format!("zip: {error}")),
        }
    }
    xlm::from_zip(first, unpacking);
}

fn read(
    file: &mut ZipFile<'_, Cursor<&[u8]>>,
    unpacking: &mut Unpacking<'_>,
) -> (Vec<u8>, Vec<u8>) {
    let name = file.name_raw().to_vec();
    let packed = usize::try_from(file.compressed_size()).unwrap_or(usize::MAX);
    let content = unpacking.read("zip", file, packed);
    (name, content)
}

/// Tries passwords until the check sum is right: ZipCrypto's own check lets one in 256
/// wrong ones pass.
fn open(
    archive: &mut zip::ZipArchive<Cursor<&[u8]>>,
    index: usize,
    known: Option<&[u8]>,
    unpacking: &mut Unpacking<'_>,
) -> Option<Vec<u8>> {
    let tried = unpacking.passwords;
    for password in known.into_iter().chain(tried.iter().map(Vec::as_slice)) {
        let mut file = match archive.by_index_decrypt(index, password) {
            Ok(file) => file,
            Err(ZipError::InvalidPassword) => continue,
            Err(error) => {
                unpacking.note(format!("zip: {error}"));
                return None;
            }
        };
        let notes = unpacking.notes.len();
        let (name, content) = read(&mut file, unpacking);
        // Noise fails the decoder or the check sum.
        let cut = unpacking.notes.last().is_some_and(|note| note.contains("limit"));
        if unpacking.notes.len() > notes && !cut {
            unpacking.notes.truncate(notes);
            continue;
        }
        unpacking.add_opened("zip", Some(&name), content, Some(password));
        return Some(password.to_vec());
    }
    unpacking.note(format!("zip: encrypted, and none of {} passwords opens it", tried.len()));
    None
}

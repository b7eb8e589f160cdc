//! Archives whose formats their crates know: tar, cab, LHa.

use super::Unpacking;
use std::io::Cursor;

/// POSIX and GNU tar.
pub(super) fn tar(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut archive = tar::Archive::new(bytes);
    let Ok(entries) = archive.entries() else { return };
    for entry in entries {
        if unpacking.is_full() {
            unpacking.note("tar: not all members were looked at".to_owned());
            return;
        }
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unpacking.note(format!("tar: {error}"));
                return;
            }
        };
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let packed = usize::try_from(entry.size()).unwrap_or(usize::MAX).min(bytes.len());
        let content = unpacking.read("tar", &mut entry, packed);
        unpacking.add("tar", Some(&name), content);
    }
}

/// Microsoft's cabinets.
pub(super) fn cab(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut cabinet = match cab::Cabinet::new(Cursor::new(bytes)) {
        Ok(cabinet) => cabinet,
        Err(error) => return unpacking.note(format!("cab: {error}")),
    };
    let names: Vec<String> = cabinet
        .folder_entries()
        // The crate panics on a file in a folder without data.
        .filter(|folder| folder.num_data_blocks() > 0)
        .flat_map(|folder| {
            folder.file_entries().map(|file| file.name().to_owned()).collect::<Vec<_>>()
        })
        .take(unpacking.limits.members)
        .collect();
    for name in names {
        if unpacking.is_full() {
            return unpacking.note("cab: not all members were looked at".to_owned());
        }
        match cabinet.read_file(&name) {
            Ok(mut file) => {
                let content = unpacking.read("cab", &mut file, bytes.len());
                unpacking.add("cab", Some(name.as_bytes()), content);
            }
            Err(error) => unpacking.note(format!("cab: {error}")),
        }
    }
}

/// LHa, LZH and PMarc.
pub(super) fn lha(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut reader = match delharc::LhaDecodeReader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return unpacking.note(format!("lha: {error}")),
    };
    loop {
        if unpacking.is_full() {
            return unpacking.note("lha: not all members were looked at".to_owned());
        }
        let name = reader.header().parse_pathname_to_str();
        if !reader.header().is_directory() {
            if reader.is_decoder_supported() {
                let packed = reader.header().compressed_size;
                let packed = usize::try_from(packed).unwrap_or(bytes.len()).min(bytes.len());
                let content = unpacking.read("lha", &mut reader, packed);
                unpacking.add("lha", Some(name.as_bytes()), content);
            } else {
                unpacking.note("lha: a member has an unknown compression".to_owned());
            }
        }
        match reader.next_file() {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return unpacking.note(format!("lha: {error}")),
        }
    }
}

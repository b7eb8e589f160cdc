//! RAR archives, 1.3 to 7.

use super::Unpacking;
use rars::{ArchiveReadOptions, ArchiveReader, ErrorKind};

/// Passwords tried: each costs up to a quarter of a million rounds of a hash.
const PASSWORDS_MAX: usize = 6;
/// Headers that are read.
const HEADERS_MAX: u64 = 20_000;
/// Dictionary of a RAR 5 archive, in bytes.
const DICTIONARY_BYTES_MAX: u64 = 64 << 20;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let tried = unpacking.passwords;
    let passwords = tried.iter().take(PASSWORDS_MAX).map(|word| Some(word.as_slice()));
    for word in std::iter::once(None).chain(passwords) {
        match read(bytes, word, unpacking) {
            Ok(()) => return,
            Err(error) => match error.kind() {
                ErrorKind::PasswordRequired | ErrorKind::BadPassword => {}
                _ => return unpacking.note(format!("rar: {error}")),
            },
        }
    }
    unpacking.note(format!("rar: encrypted, and none of {PASSWORDS_MAX} passwords opens it"));
}

fn read(bytes: &[u8], word: Option<&[u8]>, unpacking: &mut Unpacking<'_>) -> rars::Result<()> {
    let member_max = unpacking.limits.member_bytes.min(unpacking.budget.bytes) as u64;
    let options = ArchiveReadOptions::with_optional_password(word)
        .with_max_header_count(HEADERS_MAX)
        .with_max_member_output_bytes(member_max)
        .with_max_total_output_bytes(member_max)
        .with_max_reader_workspace_bytes(member_max)
        .with_rar50_dictionary_size_limit(DICTIONARY_BYTES_MAX);
    let archive = ArchiveReader::read_with_options(bytes, options)?;
    let members: Vec<_> = archive.members().collect();
    for (index, member) in members.iter().enumerate() {
        if unpacking.is_full() {
            unpacking.note("rar: not all members were looked at".to_owned());
            break;
        }
        if member.meta.is_directory {
            continue;
        }
        match archive.read_member_at_with_options(index, options) {
            Ok(Some(content)) => {
                let used = member.meta.is_encrypted.then_some(word).flatten();
                unpacking.add_opened("rar", Some(member.meta.name_bytes()), content, used);
            }
            Ok(None) => {}
            Err(error)
                if matches!(error.kind(), ErrorKind::PasswordRequired | ErrorKind::BadPassword) =>
            {
                return Err(error);
            }
            Err(error) => unpacking.note(format!("rar: {error}")),
        }
    }
    Ok(())
}

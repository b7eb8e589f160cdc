//! What a file is, by its content; names and claimed types are not looked at.

mod archive;
mod magic;
mod text;

use crate::elf::Elf;
use ukai_model::FileType;

pub(crate) use text::Language;

/// The type of a file, and its language if it is text.
pub(crate) struct Kind {
    /// For the analysis.
    pub(crate) file_type: FileType,
    /// `None` for binary files.
    pub(crate) language: Option<Language>,
}

/// Identifies a file. `elf` is what its ELF headers say, if it has any.
pub(crate) fn identify(bytes: &[u8], elf: Option<&Elf>) -> Kind {
    if let Some(elf) = elf {
        return binary("elf", elf_mime(&elf.info.kind), elf.description.clone());
    }
    if bytes.is_empty() {
        return binary("empty", "application/x-empty", "empty".to_owned());
    }
    if crate::elf::is_elf(bytes) {
        return binary("elf", "application/x-elf", "ELF, truncated".to_owned());
    }
    if let Some((name, mime, description)) = archive::zip(bytes) {
        return binary(name, mime, description.to_owned());
    }
    if let Some(found) = magic::find(bytes) {
        return binary(found.name, found.mime, found.describe(bytes));
    }
    if let Some((language, file_type)) = text::identify(bytes) {
        return Kind { file_type, language: Some(language) };
    }
    binary("unknown", "application/octet-stream", "data".to_owned())
}

fn binary(name: &str, mime: &str, description: String) -> Kind {
    let file_type = FileType { name: name.to_owned(), mime: mime.to_owned(), description };
    Kind { file_type, language: None }
}

fn elf_mime(kind: &str) -> &'static str {
    match kind {
        "executable" => "application/x-executable",
        "shared object" => "application/x-sharedlib",
        "relocatable" => "application/x-object",
        "core" => "application/x-coredump",
        _ => "application/x-elf",
    }
}

#[cfg(test)]
mod tests;

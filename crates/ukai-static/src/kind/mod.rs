//! What a file is, by its content; names and claimed types are not looked at.

mod archive;
mod languages;
mod magic;
mod polyglot;
mod shapes;
mod table;
mod text;

use crate::elf::Elf;
use ukai_model::FileType;

pub(crate) use magic::jffs2_crc;
pub(crate) use text::Language;

/// The type of a file, and its language if it is text.
#[derive(Clone)]
pub(crate) struct Kind {
    /// For the analysis.
    pub(crate) file_type: FileType,
    /// `None` for binary files.
    pub(crate) language: Option<Language>,
}

/// Whether `bytes` are a text in the first place.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    magic::find(bytes).is_none() && text::identify(bytes).is_some()
}

/// Identifies a file. `elf` is what its ELF headers say, if it has any.
pub(crate) fn identify(bytes: &[u8], elf: Option<&Elf>) -> Kind {
    let mut kind = first(bytes, elf);
    let others = polyglot::others(bytes, &kind.file_type.name, kind.language.is_some());
    for (name, reason) in others {
        kind.file_type.reasons.push(format!("also {name}: {reason}"));
        kind.file_type.also.push(name.to_owned());
    }
    kind
}

/// What it is in the first place.
fn first(bytes: &[u8], elf: Option<&Elf>) -> Kind {
    if let Some(elf) = elf {
        let reason = "7f454c46 at 0, ELF header";
        return binary("elf", elf_mime(&elf.info.kind), elf.description.clone(), reason);
    }
    if bytes.is_empty() {
        return binary("empty", "application/x-empty", "empty".to_owned(), "no bytes");
    }
    if crate::elf::is_elf(bytes) {
        let reason = "7f454c46 at 0, no ELF header";
        return binary("elf", "application/x-elf", "ELF, truncated".to_owned(), reason);
    }
    let special = archive::zip(bytes).or_else(|| archive::ole(bytes));
    if let Some((name, mime, description, reason)) = special {
        return binary(name, mime, description.to_owned(), &reason);
    }
    if bytes.len() >= 1024 && bytes[bytes.len() - 512..].starts_with(b"conectix") {
        let words = "Microsoft Disk Image, Virtual Server or Virtual PC".to_owned();
        return binary("vhd", "application/x-vhd", words, "conectix trailer");
    }
    if let Some(found) = magic::find(bytes) {
        return binary(found.name, found.mime, found.describe(bytes), &found.reason(bytes));
    }
    if bytes.len() >= 512 && bytes[bytes.len() - 512..].starts_with(b"koly") {
        let words = "Apple disk image (UDIF)".to_owned();
        return binary("dmg", "application/x-apple-diskimage", words, "koly trailer");
    }
    if let Some((language, file_type)) = text::identify(bytes) {
        return Kind { file_type, language: Some(language) };
    }
    binary("unknown", "application/octet-stream", "data".to_owned(), "nothing known")
}

fn binary(name: &str, mime: &str, description: String, reason: &str) -> Kind {
    let file_type = FileType {
        name: name.to_owned(),
        mime: mime.to_owned(),
        description,
        reasons: vec![reason.to_owned()],
        also: Vec::new(),
    };
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

//! What is inside: archives, compressed layers, documents, mail, encoded texts.
//!
//! Everything stays in memory, and every length is bounded before it is believed: by the
//! length of one member, the total, the number of members and the ratio of what came out
//! to what went in. What a limit cuts is noted, never silent. Depth is the caller's affair.

mod ar;
mod archives;
mod arj;
mod carve;
mod closed;
mod compress;
mod cpio;
mod cramfs;
mod disk;
mod encoded;
mod firmware;
mod iso9660;
mod jffs2;
mod lnk;
mod log;
mod lzo;
mod lzop;
mod mail;
mod markup;
mod nrv;
mod office;
mod ole;
mod pdf;
mod pdf_actions;
mod pdf_script;
mod pdf_text;
mod pe;
mod pyinstaller;
mod rar;
mod rpm;
mod rtf;
mod sevenz;
mod smuggling;
mod squashfs;
mod streams;
mod ubi;
mod ubifs;
mod udf;
mod upx;
mod vba;
mod xlm;
mod zip;

pub(crate) use carve::prepare;
pub(crate) use pdf::PDF_SCRIPT;

use crate::kind::{Kind, Language};
use crate::limits::{
    ARTEFACT_BYTES_MAX, ARTEFACTS_OF_A_KIND_MAX, Limits, MEMBER_NAME_BYTES_MAX, NOTES_MAX,
    RATIO_FREE_BYTES,
};
use std::io::Read;
use ukai_model::{ArtefactKind, PeerText};

/// A file or layer taken out.
pub(crate) struct Child {
    /// Its name in there.
    pub(crate) name: Option<PeerText>,
    /// What it was taken out of.
    pub(crate) container: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// The password that opened it.
    pub(crate) password: Option<PeerText>,
}

/// What a container says that is no member: how it attacks, what it starts, where it was made.
pub(crate) struct Told {
    pub(crate) kind: ArtefactKind,
    pub(crate) value: Vec<u8>,
    /// Where it stands in the container, in bytes.
    pub(crate) at: usize,
    /// How sure it is, 0 to 100.
    pub(crate) confidence: u8,
}

/// What is left for all that is taken out of one sample.
pub(crate) struct Budget {
    pub(crate) members: usize,
    pub(crate) bytes: usize,
}

/// One container being taken apart.
pub(crate) struct Unpacking<'a> {
    limits: &'a Limits,
    budget: &'a mut Budget,
    /// Passwords to try, the likeliest first.
    passwords: &'a [Vec<u8>],
    pub(crate) children: Vec<Child>,
    pub(crate) told: Vec<Told>,
    pub(crate) notes: Vec<String>,
}

impl<'a> Unpacking<'a> {
    pub(crate) fn new(
        limits: &'a Limits,
        budget: &'a mut Budget,
        passwords: &'a [Vec<u8>],
    ) -> Self {
        Self {
            limits,
            budget,
            passwords,
            children: Vec::new(),
            told: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes `bytes`, which are of `kind`, apart.
    pub(crate) fn take_apart(&mut self, kind: &Kind, bytes: &[u8]) {
        let name = kind.file_type.name.as_str();
        match name {
            "gzip" => streams::gzip(bytes, self),
            "zlib" => streams::zlib(bytes, self),
            "bzip2" => streams::bzip2(bytes, self),
            "xz" => streams::xz(bytes, self),
            "lzma" => streams::lzma(bytes, self),
            "lzip" => streams::lzip(bytes, self),
            "zstd" => streams::zstd(bytes, self),
            "lz4" => streams::lz4(bytes, self),
            "lzop" => lzop::unpack(bytes, self),
            "compress" => compress::unpack(bytes, self),
            "tar" => archives::tar(bytes, self),
            "cab" => archives::cab(bytes, self),
            "lha" => archives::lha(bytes, self),
            "arj" => arj::unpack(bytes, self),
            "uboot-image" => firmware::uboot(bytes, self),
            "trx" => firmware::trx(bytes, self),
            "squashfs" => squashfs::unpack(bytes, self),
            "7z" => sevenz::unpack(bytes, self),
            "rar" => rar::unpack(bytes, self),
            "cpio" => cpio::unpack(bytes, self),
            "ar" | "deb" => ar::unpack(bytes, self),
            "rpm" => rpm::unpack(bytes, self),
            "iso9660" => {
                // What both name is listed once: Windows opens UDF.
                udf::unpack(bytes, self);
                iso9660::unpack(bytes, self);
            }
            "udf" => udf::unpack(bytes, self),
            "boot-sector" | "gpt" | "fat" | "ntfs" | "ext" => disk::raw(bytes, self),
            "vhd" => disk::vhd(bytes, self),
            "vhdx" => disk::vhdx(bytes, self),
            "cramfs" => cramfs::unpack(bytes, self),
            "jffs2" => jffs2::unpack(bytes, self),
            "ubi" => ubi::unpack(bytes, self),
            "ubifs" => ubifs::unpack(bytes, self),
            "rtf" => rtf::unpack(bytes, self),
            "pdf" => pdf::unpack(bytes, self),
            "mail" | "mhtml" => mail::message(bytes, self),
            "mbox" => mail::folder(bytes, self),
            "tnef" => mail::tnef(bytes, self),
            "lnk" => lnk::unpack(bytes, self),
            "xls-biff5" => xlm::unpack(bytes, self),
            "onenote" => ole::onenote(bytes, self),
            "elf" => {
                upx::unpack(bytes, self);
                pyinstaller::unpack(bytes, self);
                carve::carve(bytes, 1, self);
            }
            "pe" => {
                pe::unpack(bytes, self);
                pyinstaller::unpack(bytes, self);
                carve::carve(bytes, 1, self);
            }
            "crx" => carve::carve(bytes, 4, self),
            _ if bytes.starts_with(b"\xd0\xcf\x11\xe0") => ole::unpack(bytes, self),
            _ if bytes.starts_with(b"PK") => zip::unpack(bytes, self),
            _ => match kind.language {
                Some(language) => {
                    if matches!(name, "html" | "hta" | "svg" | "xml" | "wsf" | "javascript") {
                        smuggling::unpack(bytes, self);
                    }
                    if name == "xml" {
                        office::part(bytes, self);
                    }
                    if matches!(name, "text" | "slk") {
                        office::cells(bytes, self);
                    }
                    encoded::unpack(bytes, language, self);
                    if name != "json" && memchr::memchr(0, bytes).is_some() {
                        carve::carve(bytes, 1, self);
                    }
                }
                None => carve::carve(bytes, 1, self),
            },
        }
        for other in &kind.file_type.also {
            match other.as_str() {
                "zip" => zip::unpack(bytes, self),
                "tar" => archives::tar(bytes, self),
                "iso9660" => iso9660::unpack(bytes, self),
                "pdf" => pdf::unpack(bytes, self),
                "php" | "html" | "asp" | "hta" => encoded::unpack(bytes, Language::Code, self),
                _ => {}
            }
        }
    }

    /// Whether nothing more may be taken out.
    fn is_full(&self) -> bool {
        self.budget.members == 0 || self.budget.bytes == 0
    }

    /// Reads what `packed` bytes unpack to, as far as limits allow; what is broken is kept
    /// until there. `what` names it in notes.
    fn read(&mut self, what: &str, reader: &mut dyn Read, packed: usize) -> Vec<u8> {
        let ratio = packed.saturating_mul(self.limits.ratio).max(RATIO_FREE_BYTES);
        let max = self.limits.member_bytes.min(self.budget.bytes).min(ratio);
        let mut bytes = Vec::new();
        let ended = reader.take(max as u64 + 1).read_to_end(&mut bytes);
        if bytes.len() > max {
            bytes.truncate(max);
            let limit = if max == self.budget.bytes {
                format!("of {max} bytes that were left")
            } else if max == ratio {
                format!("of {} times its packed length", self.limits.ratio)
            } else {
                format!("of {max} bytes")
            };
            self.note(format!("{what}: unpacked up to the limit {limit}"));
        } else if let Err(error) = ended {
            self.note(format!("{what}: broken after {} bytes: {error}", bytes.len()));
        }
        bytes
    }

    /// Whether these bytes were taken out already.
    fn has(&self, bytes: &[u8]) -> bool {
        self.children.iter().any(|child| child.bytes == bytes)
    }

    /// How much of a member of `length` bytes there is room for. What is cut is noted.
    fn room(&mut self, container: &str, length: u64) -> usize {
        let max = self.limits.member_bytes.min(self.budget.bytes);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > max {
            self.note(format!("{container}: unpacked up to the limit of {max} bytes"));
        }
        length.min(max)
    }

    /// Keeps a member, unless it is empty or there is no room.
    fn add(&mut self, container: &'static str, name: Option<&[u8]>, bytes: Vec<u8>) -> bool {
        self.add_opened(container, name, bytes, None)
    }

    fn add_opened(
        &mut self,
        container: &'static str,
        name: Option<&[u8]>,
        bytes: Vec<u8>,
        password: Option<&[u8]>,
    ) -> bool {
        if bytes.is_empty() {
            return true;
        }
        if self.budget.members == 0 {
            self.note(format!(
                "{container}: more members than the limit of {}",
                self.limits.members
            ));
            return false;
        }
        if bytes.len() > self.budget.bytes {
            let limit = self.limits.unpacked_bytes;
            self.note(format!("{container}: more bytes than the limit of {limit} for all members"));
            self.budget.bytes = 0;
            return false;
        }
        self.budget.members -= 1;
        self.budget.bytes -= bytes.len();
        let text = |text: &[u8]| PeerText::truncated(text, MEMBER_NAME_BYTES_MAX);
        self.children.push(Child {
            name: name.filter(|name| !name.is_empty()).map(text),
            container,
            bytes,
            password: password.map(text),
        });
        true
    }

    /// Keeps what a container says, as far as there is room for it later.
    fn tell(&mut self, kind: ArtefactKind, value: &[u8], at: usize, confidence: u8) {
        if self.told.len() < ARTEFACTS_OF_A_KIND_MAX {
            let value = value[..value.len().min(ARTEFACT_BYTES_MAX)].to_vec();
            self.told.push(Told { kind, value, at, confidence });
        }
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < NOTES_MAX && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Little-endian number of two bytes at `at`.
fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|two| u16::from_le_bytes(*two))
}

/// Little-endian number of four bytes at `at`.
fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|four| u32::from_le_bytes(*four))
}

/// Big-endian number of four bytes at `at`.
fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    u32_le(bytes, at).map(u32::swap_bytes)
}

/// `length` bytes at `at`, if they are there.
fn slice(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

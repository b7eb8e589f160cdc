//! What an analysis found out about a sample.

use crate::{
    AndroidInfo, Artefact, BotConfiguration, DexInfo, MachInfo, Member, Observable, PeInfo,
    PeerText, ScriptStep, Sha256, Timestamp, YaraMatch,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of analysing one sample once. Partial results are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Analysis {
    /// The sample.
    pub sha256: Sha256,
    /// Which analysis: `static`.
    pub engine: String,
    /// Version of the engine; a new version is a reason to analyse again.
    pub engine_version: u32,
    /// When it started.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether it came to its end.
    pub outcome: Outcome,
    /// Length of the sample in bytes.
    pub size: u64,
    /// Type by content. `None` only if the analysis failed before it.
    pub file_type: Option<FileType>,
    /// Digests. `None` only if the analysis failed before them.
    pub hashes: Option<Hashes>,
    /// ELF headers, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elf: Option<ElfInfo>,
    /// PE headers, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pe: Option<PeInfo>,
    /// Headers of Mach-O programs: of the sample's architectures, or of members; at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mach: Vec<MachInfo>,
    /// Headers of Dalvik's byte code, the sample or members; at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dex: Vec<DexInfo>,
    /// Manifests of Android packages, the sample or members; at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub android: Vec<AndroidInfo>,
    /// Shannon entropy of the bytes, 0 to 8 bits per byte.
    pub entropy: f32,
    /// Files and layers inside, in the order in which they were taken out; at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// Configurations of known families of bots, as they would use them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configurations: Vec<BotConfiguration>,
    /// What else tells about it: mail addresses, wallets, paths, user agents, log-ins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artefacts: Vec<Artefact>,
    /// YARA rules that matched it or its members; at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yara: Vec<YaraMatch>,
    /// Observables, first occurrence of each, with place and encoding.
    pub observables: Vec<Found>,
    /// The first strings worth reading, escaped; at most 1,000 of at most 256 bytes.
    pub strings: Vec<PeerText>,
    /// Lines that a script would run, as the interpreter ran them; at most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<PeerText>,
    /// What its scripts would do, in order, as interpreters met it; at most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<ScriptStep>,
    /// Limits that cut something short, and oddities, for a reader.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whether an analysis came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Outcome {
    /// Everything was looked at.
    Complete,
    /// A limit, a time-out or a crash ended it; what was found until then is here.
    Partial {
        /// Why.
        reason: String,
    },
    /// Nothing could be found out.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// `complete`, `partial` or `failed`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial { .. } => "partial",
            Self::Failed { .. } => "failed",
        }
    }
}

/// The type of a file by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileType {
    /// Short name: `elf`, `pe`, `shell-script`, `html`, `text`, `gzip`, `unknown` ...
    pub name: String,
    /// Media type.
    pub mime: String,
    /// One line for a reader, e.g. `ELF 32-bit LSB executable, ARM, statically linked, stripped`.
    pub description: String,
    /// What in the bytes says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Short names of other types that the same bytes can be read as: a polyglot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// Digests of a file. The fuzzy ones are `None` where the file is too small or too
/// uniform for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hashes {
    /// MD5 (RFC 1321), lower-case hexadecimal.
    pub md5: String,
    /// SHA-1, lower-case hexadecimal.
    pub sha1: String,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// ssdeep (Kornblum 2006), as the `ssdeep` program prints it.
    pub ssdeep: Option<String>,
    /// TLSH (Oliver 2013), with the `T1` prefix.
    pub tlsh: Option<String>,
    /// What the functions of a program are made of: a MinHash (Broder 1997) of the sequences of
    /// four instructions in them, without operands; 64 values of 16 bits in hexadecimal. Where
    /// two have a value in common, both were likely made from the same source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<String>,
}

/// What an ELF file's headers say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ElfInfo {
    /// 32 or 64.
    pub bits: u8,
    /// Whether it is little-endian.
    pub little_endian: bool,
    /// Machine: `arm`, `mips`, `x86-64`, `powerpc`, `sh`, `sparc`, `m68k`, `unknown (N)` ...
    pub machine: String,
    /// `executable`, `shared object`, `relocatable`, `core`, `unknown (N)`.
    pub kind: String,
    /// Entry point.
    pub entry: u64,
    /// Dynamic loader asked for.
    pub interpreter: Option<PeerText>,
    /// Libraries needed.
    pub libraries: Vec<PeerText>,
    /// Whether there is no dynamic section.
    pub static_linked: bool,
    /// Whether there is no symbol table.
    pub stripped: bool,
    /// Packer recognised: `upx`, `upx (altered)`.
    pub packer: Option<String>,
    /// Program headers, at most 64.
    pub segments: Vec<ElfSegment>,
    /// Sections with their entropy, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
    /// telfhash, as Trend Micro's program prints it: TLSH of the imported functions' names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telfhash: Option<String>,
    /// Compilers and tool chains by what they leave behind (`.comment`, version strings).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_chains: Vec<PeerText>,
}

/// A section of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Section {
    /// Name.
    pub name: PeerText,
    /// `rwx`, with `-` for what is absent.
    pub flags: String,
    /// Place in the file.
    pub offset: u64,
    /// Place in memory.
    pub address: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Bytes in memory.
    pub memory_size: u64,
    /// Shannon entropy of the bytes in the file, 0 to 8 bits per byte.
    pub entropy: f32,
}

/// One program header of an ELF file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ElfSegment {
    /// `LOAD`, `DYNAMIC`, `INTERP`, `NOTE`, `GNU_STACK`, hexadecimal otherwise.
    pub kind: String,
    /// `rwx`, with `-` for what is absent.
    pub flags: String,
    /// Place in the file.
    pub offset: u64,
    /// Place in memory.
    pub address: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Bytes in memory.
    pub memory_size: u64,
}

/// An observable found in a sample, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Found {
    /// The value.
    pub observable: Observable,
    /// Where it starts in the file (in the layer, for unpacked layers), in bytes.
    pub offset: u64,
    /// How it was written.
    pub encoding: StringEncoding,
    /// How it came to light: `strings`, `script` (the interpreter ran into it) ...
    pub method: String,
    /// Which of the analysis' members it is in; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// How sure it is that this is what it looks like, 0 to 100; 0 in results of engines
    /// that did not say.
    #[serde(default)]
    pub confidence: u8,
}

/// How a string was written in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "encoding", rename_all = "lowercase")]
pub enum StringEncoding {
    /// As it is.
    Plain,
    /// UTF-16, little-endian.
    Utf16le,
    /// Each byte XORed with one key.
    Xor {
        /// The key.
        key: u8,
    },
    /// Base64 (RFC 4648).
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// XORed with a key of four bytes, repeated.
    XorLong {
        /// The key, as it stands at the place of the find: eight hexadecimal digits.
        key: String,
    },
    /// Put together on the stack by machine instructions.
    Stack,
}

impl fmt::Display for StringEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("plain"),
            Self::Utf16le => f.write_str("UTF-16"),
            Self::Xor { key } => write!(f, "XOR 0x{key:02x}"),
            Self::Base64 => f.write_str("Base64"),
            Self::Hex => f.write_str("hex"),
            Self::XorLong { key } => write!(f, "XOR 0x{key}"),
            Self::Stack => f.write_str("on the stack"),
        }
    }
}

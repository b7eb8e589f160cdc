//! What an analysis found beside observables: files inside, program headers, bots'
//! configurations, and values that nobody contacts but that tell one sample from another.

use crate::{ElfInfo, FileType, PeerText, Section, Sha256, StringEncoding};
use serde::{Deserialize, Serialize};

/// A file or layer found inside of a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Member {
    /// Which member it was found in; `None`: in the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// Layers around it, at least 1.
    pub depth: u32,
    /// What it was taken out of: `zip`, `gzip`, `upx`, `base64`, `pdf stream`, `mail part` ...
    pub container: String,
    /// Its name in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PeerText>,
    /// Length in bytes.
    pub size: u64,
    /// Digest of its content.
    pub sha256: Sha256,
    /// Type by content.
    pub file_type: FileType,
    /// Shannon entropy, 0 to 8 bits per byte.
    pub entropy: f32,
    /// The password that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PeerText>,
    /// ELF headers, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elf: Option<ElfInfo>,
    /// PE headers, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pe: Option<PeInfo>,
}

/// What a PE file's headers say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeInfo {
    /// 32 or 64.
    pub bits: u8,
    /// Machine: `x86`, `x86-64`, `arm`, `aarch64`, `unknown (N)` ...
    pub machine: String,
    /// `gui`, `console`, `native`, `efi`, `unknown (N)`.
    pub subsystem: String,
    /// Whether it is a library.
    pub dll: bool,
    /// Whether it has a header of the .NET runtime.
    pub dotnet: bool,
    /// Time stamp of the linker, in seconds since 1970; often a lie.
    pub linked: u32,
    /// Entry point, relative to the image.
    pub entry: u64,
    /// Sections with their entropy, at most 96.
    pub sections: Vec<Section>,
    /// MD5 of the imports, as `pefile` computes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imphash: Option<String>,
    /// MD5 of the linker's own record of tools ("Rich" header), as `pefile` computes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rich_hash: Option<String>,
    /// Imported libraries, at most 100.
    pub libraries: Vec<PeerText>,
    /// Exported names, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<PeerText>,
    /// Resources, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<PeResource>,
    /// Strings of the version resource: name and value, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub version: Vec<PeVersion>,
    /// Path of the debugging information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdb: Option<PeerText>,
    /// Whether there is an Authenticode signature; nobody checked it.
    pub signed: bool,
    /// Place of what stands behind the last section, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<u64>,
    /// Packer by its marks: `upx`, `aspack` ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packer: Option<String>,
}

/// One string of a PE file's version resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeVersion {
    /// `CompanyName`, `OriginalFilename` ...
    pub name: PeerText,
    /// What it says.
    pub value: PeerText,
}

/// One resource of a PE file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeResource {
    /// `icon`, `version`, `manifest`, `rcdata` ..., or the number or name of the type.
    pub kind: PeerText,
    /// Name or number.
    pub name: PeerText,
    /// Place in the file.
    pub offset: u64,
    /// Length in bytes.
    pub size: u64,
}

/// The configuration of a bot, read out of its tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BotConfiguration {
    /// Which extractor: `mirai`, `gafgyt` ...
    pub family: String,
    /// Which of the analysis' members it was found in; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// Key of the table, four bytes in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_key: Option<String>,
    /// Key of the list of log-ins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_key: Option<String>,
    /// Command servers: `host:port`, or the host alone where the port is not known.
    pub servers: Vec<PeerText>,
    /// Where scan results are reported to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<PeerText>,
    /// Log-ins that it tries, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logins: Vec<BotLogin>,
    /// The table's strings in order, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<PeerText>,
    /// How much of it fits the family, 0 to 100.
    pub confidence: u8,
}

/// A log-in that a bot tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BotLogin {
    /// User.
    pub user: PeerText,
    /// Password.
    pub password: PeerText,
    /// How often it is chosen beside the others, if the list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u16>,
}

/// A value that is not contacted, but tells about the sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Artefact {
    /// Type.
    pub kind: ArtefactKind,
    /// The value as it stands there, or what tells of it, at most 256 bytes.
    pub value: PeerText,
    /// Where it starts in the file or member, in bytes; 0 if it has no one place.
    pub offset: u64,
    /// How it was written.
    pub encoding: StringEncoding,
    /// Which of the analysis' members it is in; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// How sure it is that this is what it looks like, 0 to 100.
    pub confidence: u8,
}

/// The type of an artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArtefactKind {
    /// Mail address.
    Mail,
    /// Address of a crypto-currency wallet whose check sum is right.
    Wallet,
    /// Path in a file system, Unix or Windows, or of the registry.
    Path,
    /// What HTTP clients call themselves.
    UserAgent,
    /// User and password.
    Login,
    /// Named mutex of Windows.
    Mutex,
    /// URL of a service that sends no files: a mining pool, IRC, LDAP, a WebSocket.
    Service,
    /// Command line that is run when a document or shortcut is opened.
    Command,
    /// How a file attacks, told by its form, with the reason.
    Technique,
    /// What tells where a file was made: machine, volume, network address, folders.
    Origin,
}

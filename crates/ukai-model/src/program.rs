//! What the headers of Apple's and Android's programs say.

use crate::{PeerText, Section};
use serde::{Deserialize, Serialize};

/// What a Mach-O program's headers say; each architecture of a universal binary has its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MachInfo {
    /// Which of the analysis' members it is; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// Where in a universal binary it begins, in bytes; 0 in others.
    pub offset: u64,
    /// 32 or 64.
    pub bits: u8,
    /// Whether it is little-endian.
    pub little_endian: bool,
    /// Machine: `x86`, `x86-64`, `arm`, `aarch64`, `powerpc`, `unknown (N)` ...
    pub machine: String,
    /// `executable`, `library`, `bundle`, `object`, `core`, `kernel extension`, `unknown (N)` ...
    pub kind: String,
    /// Place of the first instruction behind the beginning (`LC_MAIN`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// System and its least version: `macos 11.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Identity that the linker gave it, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Libraries needed, at most 100.
    pub libraries: Vec<PeerText>,
    /// Whether there is a signature; nobody checked it.
    pub signed: bool,
    /// Whether parts are encrypted, as in Apple's shop.
    pub encrypted: bool,
    /// MD5 of the sorted names of imported symbols, with commas between them ("symhash").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symhash: Option<String>,
    /// Sections with their entropy, at most 96.
    pub sections: Vec<Section>,
}

/// What the header of Dalvik's byte code says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DexInfo {
    /// Which of the analysis' members it is; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// Version of the format: `035` ...
    pub version: PeerText,
    /// Whether the check sum in the header is right; what was altered afterwards has a wrong one.
    pub intact: bool,
    /// Number of strings.
    pub strings: u32,
    /// Number of methods that are named, its own and others'.
    pub methods: u32,
    /// Number of classes in it.
    pub classes: u32,
    /// Names of the first 100 classes.
    pub names: Vec<PeerText>,
}

/// What an Android package says of itself (`AndroidManifest.xml`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AndroidInfo {
    /// Which of the analysis' members it is; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// Name of the package.
    pub package: PeerText,
    /// Version for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<PeerText>,
    /// Least API level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdk_min: Option<PeerText>,
    /// API level that it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdk_target: Option<PeerText>,
    /// Permissions that it asks for, at most 100.
    pub permissions: Vec<PeerText>,
    /// Activities, services, receivers and providers, at most 100.
    pub components: Vec<AndroidComponent>,
    /// Mistakes in the form that Android's own reader takes and others stumble over.
    pub anomalies: u32,
}

/// A component of an Android package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AndroidComponent {
    /// `activity`, `service`, `receiver`, `provider`.
    pub kind: String,
    /// Class.
    pub name: PeerText,
    /// Actions that start it: `android.intent.action.BOOT_COMPLETED` ..., at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<PeerText>,
}

//! How much an analysis looks at and reports.

use serde::{Deserialize, Serialize};

/// What one analysis may look at and report. What a limit cuts is said in the notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Observables reported.
    pub observables: usize,
    /// Strings reported.
    pub strings: usize,
    /// Length of a reported string or command, in bytes.
    pub string_bytes: usize,
    /// Commands of a script reported.
    pub commands: usize,
    /// Beginning of the file that is searched for strings and observables, in bytes.
    pub scan_bytes: usize,
    /// Beginning of the file that is searched for XORed observables, in bytes.
    pub xor_bytes: usize,
    /// What all members together may unpack to, in bytes.
    pub unpacked_bytes: usize,
    /// What one member may unpack to, in bytes.
    pub member_bytes: usize,
    /// Members that are taken out.
    pub members: usize,
    /// Layers inside each other.
    pub depth: usize,
    /// How many times its packed length a member may unpack to.
    pub ratio: usize,
    /// Length of a script that is run through the interpreter, in bytes.
    pub script_bytes: usize,
    /// Whether MD5 and SHA-1 are computed. Who knows them already does without and fills them in.
    pub weak_digests: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            observables: 2000,
            strings: 1000,
            string_bytes: 256,
            commands: 1000,
            scan_bytes: 64 * 1024 * 1024,
            xor_bytes: 32 * 1024 * 1024,
            unpacked_bytes: 96 * 1024 * 1024,
            member_bytes: 32 * 1024 * 1024,
            members: 500,
            depth: 8,
            ratio: 250,
            script_bytes: 1024 * 1024,
            weak_digests: true,
        }
    }
}

/// Program headers of an ELF file that are read.
pub(crate) const SEGMENTS_MAX: usize = 64;

/// Section headers of an ELF file that are looked at.
pub(crate) const SECTIONS_MAX: usize = 4096;

/// C strings of a program that extractors of configurations see.
pub(crate) const C_STRINGS_MAX: usize = 200_000;

/// Length of such a string, in bytes.
pub(crate) const C_STRING_BYTES_MAX: usize = 512;

/// Constants in a program's code that extractors see.
pub(crate) const CODE_CONSTANTS_MAX: usize = 200_000;

/// Configurations of one sample that are reported.
pub(crate) const CONFIGURATIONS_MAX: usize = 50;

/// Log-ins of a configuration that are reported.
pub(crate) const BOT_LOGINS_MAX: usize = 500;

/// Strings of a configuration that are reported.
pub(crate) const BOT_TABLE_MAX: usize = 500;

/// Sections of a PE file that are read.
pub(crate) const PE_SECTIONS_MAX: usize = 96;

/// Length of a text in a PE file, in bytes.
pub(crate) const PE_TEXT_BYTES_MAX: usize = 1024;

/// Libraries of a PE file that are read.
pub(crate) const PE_LIBRARIES_MAX: usize = 1000;

/// Imported functions of a PE file that are read.
pub(crate) const PE_FUNCTIONS_MAX: usize = 20_000;

/// Exported names of a PE file that are reported.
pub(crate) const PE_EXPORTS_MAX: usize = 100;

/// Entries of one directory of resources.
pub(crate) const PE_RESOURCE_ENTRIES_MAX: usize = 500;

/// Resources of a PE file that are reported.
pub(crate) const PE_RESOURCES_MAX: usize = 100;

/// Texts of a .NET program's code that are read.
pub(crate) const DOTNET_STRINGS_MAX: usize = 50_000;

/// Length of all of them, in bytes.
pub(crate) const DOTNET_TEXT_BYTES_MAX: usize = 4 << 20;

/// Strings of a PE file's version that are reported.
pub(crate) const PE_VERSION_STRINGS_MAX: usize = 50;

/// Architectures of a universal binary that are read.
pub(crate) const MACH_ARCHITECTURES_MAX: usize = 16;

/// Commands of a Mach-O program that are read.
pub(crate) const MACH_COMMANDS_MAX: usize = 1000;

/// Libraries of a Mach-O program that are reported.
pub(crate) const MACH_LIBRARIES_MAX: usize = 100;

/// Programs of Apple's and Android's systems in one sample that are described, of each kind.
pub(crate) const PROGRAMS_MAX: usize = 16;

/// Length of an Android manifest that is read, in bytes.
pub(crate) const MANIFEST_BYTES_MAX: usize = 512 * 1024;

/// Elements inside each other in an Android manifest that is read.
pub(crate) const ANDROID_NESTING_MAX: usize = 100;

/// Permissions, and components, of an Android package that are reported.
pub(crate) const ANDROID_ITEMS_MAX: usize = 100;

/// Actions of one component that are reported.
pub(crate) const ANDROID_ACTIONS_MAX: usize = 20;

/// Classes of byte code that are named.
pub(crate) const DEX_NAMES_MAX: usize = 100;

/// Sections of a program that are reported.
pub(crate) const SECTIONS_REPORTED_MAX: usize = 96;

/// Symbols of an ELF file that are looked at.
pub(crate) const SYMBOLS_MAX: u64 = 200_000;

/// Tool chains of a program that are reported.
pub(crate) const TOOL_CHAINS_MAX: usize = 10;

/// Entries of an ELF file's dynamic section that are looked at.
pub(crate) const DYNAMIC_ENTRIES_MAX: usize = 4096;

/// Libraries of an ELF file that are reported.
pub(crate) const LIBRARIES_MAX: usize = 64;

/// Length of a library's or interpreter's name, in bytes.
pub(crate) const ELF_NAME_BYTES_MAX: usize = 256;

/// Notes of an analysis.
pub(crate) const NOTES_MAX: usize = 50;

/// Beginning of a text that its kind is judged by, in bytes.
pub(crate) const TEXT_HEAD_BYTES: usize = 64 * 1024;

/// Length of a URL, in bytes.
pub(crate) const URL_BYTES_MAX: usize = 2048;

/// Length of a run of text under one XOR key that is judged at once, in bytes.
pub(crate) const XOR_RUN_BYTES_MAX: usize = 512;

/// Keys of four bytes under which texts are read.
pub(crate) const XOR_LONG_KEYS_MAX: usize = 200;

/// Pieces of one text on the stack.
pub(crate) const STACK_TEXT_BYTES_MAX: usize = 512;

/// Artefacts of one sample that are reported.
pub(crate) const ARTEFACTS_MAX: usize = 500;

/// Artefacts of one kind that are reported.
pub(crate) const ARTEFACTS_OF_A_KIND_MAX: usize = 120;

/// Length of an artefact, in bytes.
pub(crate) const ARTEFACT_BYTES_MAX: usize = 256;

/// Weak finds under XOR that wait for better evidence of their key.
pub(crate) const XOR_WEAK_FINDS_MAX: usize = 1000;

/// Layers of base64 inside each other.
pub(crate) const BASE64_DEPTH_MAX: usize = 3;

/// Unpacked length up to which no ratio is looked at, in bytes: text compresses well.
pub(crate) const RATIO_FREE_BYTES: usize = 4 * 1024 * 1024;

/// Dictionary of a decoder, in KiB.
pub(crate) const DICTIONARY_KIB_MAX: u32 = 64 * 1024;

/// Length of a member's name or password, in bytes.
pub(crate) const MEMBER_NAME_BYTES_MAX: usize = 256;

/// Passwords that are tried.
pub(crate) const PASSWORDS_MAX: usize = 60;

/// Matches of YARA rules in one sample and all its members that are reported.
pub(crate) const YARA_MATCHES_MAX: usize = 500;

/// Scripts that are run for one sample.
pub(crate) const SCRIPTS_RUN_MAX: usize = 16;

/// Scripts that wait to be run; not all that wait are: what another has run is not run again.
pub(crate) const SCRIPTS_WAITING_MAX: usize = 4 * SCRIPTS_RUN_MAX;

/// Blocks of scripts in one page that are read.
pub(crate) const SCRIPT_BLOCKS_MAX: usize = 256;

/// Acts of one sample's scripts that are reported.
pub(crate) const ACTS_MAX: usize = 1000;

/// Length of all their texts, in bytes.
pub(crate) const ACTS_BYTES_MAX: usize = 512 * 1024;

/// Length of one text in an act, in bytes.
pub(crate) const ACT_TEXT_BYTES_MAX: usize = 2048;

/// Files that one script makes and that are looked at.
pub(crate) const SCRIPT_FILES_MAX: usize = 32;

/// Answers and wake-ups that one run of a script gets.
pub(crate) const SCRIPT_ROUNDS_MAX: usize = 1000;

/// Length of the made-up program that a script gets when it fetches one, in bytes.
pub(crate) const SCRIPT_STUB_BYTES: usize = 4096;

/// Notes about one run of a script up to which files that it makes are noted.
pub(crate) const SCRIPT_CAPTURE_NOTES_MAX: usize = 20;

/// Bytes that are shown at once.
pub(crate) const VIEW_BYTES_MAX: usize = 16 << 10;

/// Texts that are shown at once.
pub(crate) const VIEW_TEXTS_MAX: usize = 500;

/// Length of a text that is shown, in bytes.
pub(crate) const VIEW_TEXT_BYTES_MAX: usize = 1024;

/// Instructions that are shown at once.
pub(crate) const VIEW_INSTRUCTIONS_MAX: usize = 500;

/// Bytes of code that are read for that: the longest instruction has 15.
pub(crate) const VIEW_CODE_BYTES_MAX: usize = VIEW_INSTRUCTIONS_MAX * 16;

/// Code of a program that is read for its functions' MinHash, in bytes.
pub(crate) const CODE_BYTES_MAX: usize = 2 << 20;

/// Sequences of instructions from which on such a hash says something.
pub(crate) const CODE_GRAMS_MIN: usize = 200;

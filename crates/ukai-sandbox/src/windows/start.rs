//! How Windows' files are started: programs by themselves, libraries by an entry point,
//! scripts and packages by the program that Windows has for them.

use super::{LOADER, LOADER_32};
use ukai_model::Analysis;

/// What a file is to Windows, and what starts it.
pub(crate) struct Start {
    /// Wine's loader for it.
    pub(crate) loader: &'static str,
    /// Windows' command line.
    pub(crate) line: Vec<Vec<u8>>,
}

/// What can be asked for: the name, the ending that the file must have, what starts it.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("windows-x86-64", "exe", &[]),
    ("windows-x86", "exe", &[]),
    ("windows-x86-64-dll", "dll", &["C:\\windows\\system32\\rundll32.exe"]),
    ("windows-x86-dll", "dll", &["C:\\windows\\syswow64\\rundll32.exe"]),
    ("batch", "bat", &["C:\\windows\\system32\\cmd.exe", "/c"]),
    ("vbscript", "vbs", &["C:\\windows\\system32\\wscript.exe"]),
    ("javascript", "js", &["C:\\windows\\system32\\wscript.exe"]),
    ("msi", "msi", &["C:\\windows\\system32\\msiexec.exe", "/qn", "/i"]),
];

/// Endings under which Windows takes a file for the same.
const ALSO: &[(&str, &[&str])] =
    &[("exe", &["scr", "com"]), ("dll", &["ocx", "cpl"]), ("bat", &["cmd"])];

/// Names of all kinds.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|known| known.0)
}

/// The kind of a file by what its bytes are; none: it is not for Windows.
pub(crate) fn kind(analysis: &Analysis) -> Option<&'static str> {
    if let Some(pe) = &analysis.pe {
        let name = match (pe.bits, pe.dll) {
            (64, false) => "windows-x86-64",
            (64, true) => "windows-x86-64-dll",
            (_, false) => "windows-x86",
            (_, true) => "windows-x86-dll",
        };
        let native = matches!(pe.machine.as_str(), "x86" | "x86-64");
        return native.then_some(name);
    }
    let found = analysis.file_type.as_ref()?.name.as_str();
    kinds().find(|name| *name == found)
}

/// A file name with an ending by which Windows knows it as of this kind.
pub(crate) fn file_name(kind: &str, name: &[u8]) -> Vec<u8> {
    let ending = KINDS.iter().find(|known| known.0 == kind).map_or("exe", |known| known.1);
    let also = ALSO.iter().find(|known| known.0 == ending).map_or(&[][..], |known| known.1);
    // What no name has there.
    let odd = |byte: &u8| *byte < 32 || b":*?\"<>|".contains(byte);
    let name: Vec<u8> = name.iter().map(|byte| if odd(byte) { b'_' } else { *byte }).collect();
    let lower = name.to_ascii_lowercase();
    let fits = |ending: &str| {
        lower.strip_suffix(ending.as_bytes()).is_some_and(|start| start.ends_with(b"."))
    };
    if fits(ending) || also.iter().any(|ending| fits(ending)) {
        name
    } else {
        [&name[..], b".", ending.as_bytes()].concat()
    }
}

/// The command line of a file at `path`. Of a library, the first of `further` names the entry
/// point.
pub(crate) fn start(
    kind: &str,
    path: &[u8],
    analysis: &Analysis,
    further: &[Vec<u8>],
) -> Option<Start> {
    let (name, ending, by) = KINDS.iter().find(|known| known.0 == kind)?;
    let narrow = name.starts_with("windows-x86") && !name.starts_with("windows-x86-64");
    let loader = if narrow { LOADER_32 } else { LOADER };
    let mut line: Vec<Vec<u8>> = by.iter().map(|word| word.as_bytes().to_vec()).collect();
    if *ending == "dll" {
        let entry = further.first().cloned().unwrap_or_else(|| entry(analysis));
        line.push([path, b",", &entry].concat());
        line.extend(further.iter().skip(1).cloned());
    } else {
        line.push(path.to_vec());
        line.extend(further.iter().cloned());
    }
    Some(Start { loader, line })
}

/// A library's entry point: the one that registers it, or its first, or the first number.
fn entry(analysis: &Analysis) -> Vec<u8> {
    let exports = analysis.pe.as_ref().map_or(&[][..], |pe| &pe.exports);
    let names = || exports.iter().map(ukai_model::PeerText::as_bytes);
    let plain = |name: &&[u8]| !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    let known = [&b"DllRegisterServer"[..], b"DllInstall", b"Start", b"Run", b"Main"];
    let found = known.into_iter().find(|known| names().any(|name| name == *known));
    found.or_else(|| names().find(plain)).unwrap_or(b"#1").to_vec()
}

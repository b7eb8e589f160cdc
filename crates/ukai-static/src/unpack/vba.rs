//! Visual Basic sources, as Office keeps them in streams (MS-OVBA 2.4.1).

use super::u16_le;
use memchr::memmem;
use std::collections::HashSet;

/// Decompressed length of a chunk, in bytes.
const CHUNK_BYTES: usize = 4096;

/// The source in a module's stream: behind what the compiler made of it stands a compressed
/// container whose text begins with `Attribute`.
pub(super) fn source(stream: &[u8], max: usize) -> Option<Vec<u8>> {
    // Flags of eight literals, the first eight letters; the signature is three bytes before.
    let at = memmem::find(stream, b"\0Attribut")?.checked_sub(3)?;
    (stream[at] == 1).then(|| decompress(&stream[at + 1..], max)).filter(|text| !text.is_empty())
}

/// Procedures that Office runs by itself.
const BY_ITSELF: &[&str] = &[
    "autoopen",
    "autoexec",
    "autoclose",
    "auto_open",
    "auto_close",
    "document_open",
    "document_close",
    "document_new",
    "workbook_open",
    "workbook_activate",
    "workbook_beforeclose",
    "presentation_open",
];

/// What macros do harm with, in lower case.
const CALLS: &[&str] = &[
    "shell",
    "shellexecute",
    "createobject",
    "getobject",
    "wscript.shell",
    "shell.application",
    "powershell",
    "mshta",
    "rundll32",
    "regsvr32",
    "certutil",
    "xmlhttp",
    "winhttp",
    "urldownloadtofile",
    "adodb.stream",
    "savetofile",
    "callbyname",
    "executeexcel4macro",
    "virtualalloc",
    "createthread",
    "rtlmovememory",
    "winmgmts",
    "win32_process",
    "environ",
    "chrw",
    "strreverse",
    "regwrite",
];

/// What of a source is seldom honest: `VBA: AutoOpen runs by itself; Shell, CreateObject`. None
/// unless there is a call, since honest documents have procedures of these names, too.
pub(super) fn suspicious(source: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(source).to_ascii_lowercase();
    let words: HashSet<&str> =
        text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    // Names with a point in them are texts.
    let has = |word: &&&str| {
        if word.contains('.') { text.contains(**word) } else { words.contains(**word) }
    };
    let starts: Vec<&str> = BY_ITSELF.iter().filter(has).copied().collect();
    let calls: Vec<&str> = CALLS.iter().filter(has).copied().collect();
    if calls.is_empty() {
        return None;
    }
    let calls = calls.join(", ");
    Some(if starts.is_empty() {
        format!("VBA: {calls}")
    } else {
        format!("VBA: {} runs by itself; {calls}", starts.join(", "))
    })
}

/// Chunks, each of at most 4,096 bytes; what is broken is kept until there.
fn decompress(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(header) = u16_le(bytes, at)
        && out.len() < max
    {
        let length = usize::from(header & 0x0fff) + 1;
        let data = bytes.get(at + 2..).unwrap_or_default();
        let data = &data[..data.len().min(length)];
        at += 2 + length;
        if header >> 12 & 7 != 3 {
            break;
        }
        if header & 0x8000 == 0 {
            out.extend_from_slice(data);
            continue;
        }
        if chunk(data, &mut out).is_none() {
            break;
        }
    }
    out
}

fn chunk(data: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let mut at = 0;
    while at < data.len() {
        let flags = data[at];
        at += 1;
        for bit in 0..8 {
            let Some(byte) = data.get(at) else { return Some(()) };
            if flags >> bit & 1 == 0 {
                out.push(*byte);
                at += 1;
            } else {
                let token = usize::from(u16_le(data, at)?);
                at += 2;
                // As many bits of the distance as the text so far needs, 4 to 12.
                let done = out.len() - start;
                let bits = (4..12).find(|bits| done <= 1 << bits).unwrap_or(12);
                let length = (token & (0xffff >> bits)) + 3;
                let distance = (token >> (16 - bits)) + 1;
                let from = out.len().checked_sub(distance).filter(|from| *from >= start)?;
                for index in from..from + length {
                    out.push(out[index]);
                }
            }
            if out.len() - start >= CHUNK_BYTES {
                return Some(());
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{decompress, source, suspicious};

    /// The examples of MS-OVBA, section 3.2.
    #[test]
    fn the_documents_examples() {
        let none = b"\x19\xB0\x00\x61\x62\x63\x64\x65\x66\x67\x68\x00\x69\x6A\x6B\x6C\x6D\x6E\x6F\x70\x00\x71\x72\x73\x74\x75\x76\x2E";
        assert_eq!(decompress(none, 4096), b"abcdefghijklmnopqrstuv.");
        let normal = b"\x2F\xB0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6A\x01\x38\x08\x61\x6B\x6C\x00\x30\x6D\x6E\x6F\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79\x7A\x00\x3C";
        assert_eq!(
            decompress(normal, 4096),
            b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"
        );
        let most = b"\x03\xB0\x02\x61\x45\x00";
        assert_eq!(decompress(most, 4096), [b'a'; 73]);
    }

    #[test]
    fn calls_that_are_seldom_honest() {
        let source = b"Sub AutoOpen()\r\nSet s = CreateObject(\"WScript.Shell\")\r\ns.Run x\r\n";
        let told = suspicious(source).expect("some");
        assert_eq!(told, "VBA: autoopen runs by itself; shell, createobject, wscript.shell");
        assert_eq!(suspicious(b"Sub Document_Open()\r\nMsgBox \"shelling\"\r\n"), None);
    }

    #[test]
    fn a_stream_without_a_source() {
        assert_eq!(source(b"nothing", 100), None);
        assert_eq!(source(b"\0Attribut", 100), None);
    }
}

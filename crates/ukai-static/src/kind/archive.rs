//! What a zip archive really is: documents, programs and packages are zip files too.
//!
//! Told from the names in the first local file headers (APPNOTE.TXT 4.3.7); nothing is
//! unpacked.

use memchr::memmem;

/// Beginning of an archive in which names are looked for, in bytes.
const HEAD_BYTES: usize = 256 * 1024;

/// Names in an archive, and what it then is: name, media type, words.
const CONTENTS: &[(&[u8], &str, &str, &str)] = &[
    (
        b"word/",
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "Microsoft Word 2007+",
    ),
    (
        b"xl/",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Microsoft Excel 2007+",
    ),
    (
        b"ppt/",
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "Microsoft PowerPoint 2007+",
    ),
    (
        b"AndroidManifest.xml",
        "apk",
        "application/vnd.android.package-archive",
        "Android package (APK)",
    ),
    (b"META-INF/", "jar", "application/java-archive", "Java archive data (JAR)"),
    (b"mimetypeapplication/epub+zip", "epub", "application/epub+zip", "EPUB document"),
    (
        b"mimetypeapplication/vnd.oasis.opendocument",
        "odf",
        "application/vnd.oasis.opendocument.text",
        "OpenDocument",
    ),
    (b"AppxManifest.xml", "appx", "application/vnd.ms-appx", "Windows app package"),
];

/// The kind of a zip archive, if it is more than that: name, media type, words.
pub(super) fn zip(bytes: &[u8]) -> Option<(&'static str, &'static str, &'static str)> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return None;
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let names: Vec<&[u8]> =
        memmem::find_iter(head, b"PK\x03\x04").filter_map(|at| name(head, at)).collect();
    CONTENTS
        .iter()
        .find(|(content, ..)| names.iter().any(|name| name.starts_with(content)))
        .map(|(_, name, mime, words)| (*name, *mime, *words))
}

/// The name in the local file header at `at`, with the content that follows it: the
/// `mimetype` member of some formats is stored plainly.
fn name(head: &[u8], at: usize) -> Option<&[u8]> {
    head.get(at + 30..).map(|rest| &rest[..rest.len().min(64)])
}

//! What a zip archive or an OLE container really is: documents, programs and packages are
//! kept in them too.
//!
//! Told from the names in the first local file headers (APPNOTE.TXT 4.3.7) and in the
//! directory (MS-CFB 2.6); nothing is unpacked.

use memchr::memmem;

/// Beginning of a zip archive in which names are looked for, in bytes.
const ZIP_HEAD_BYTES: usize = 4 * 1024 * 1024;
/// Beginning of an OLE container in which names are looked for, in bytes.
const OLE_HEAD_BYTES: usize = 16 * 1024 * 1024;
/// Headers of a zip archive that are looked at.
const NAMES_MAX: usize = 2000;

/// A kind of container: what must be in it, name, media type, words.
type Content = (&'static [u8], &'static str, &'static str, &'static str);

/// A more special kind: mark, name, media type, words, reason.
pub(super) type Special = (&'static str, &'static str, &'static str, String);

/// Names in a zip archive, or the stored `mimetype` member's header with its content, and
/// what it then is. The first that is there counts.
#[rustfmt::skip]
const IN_ZIP: &[Content] = &[
    (b"mimetypeapplication/epub+zip", "epub", "application/epub+zip", "EPUB document"),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", "odt", "application/vnd.oasis.opendocument.text", "OpenDocument Text"),
    (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "ods", "application/vnd.oasis.opendocument.spreadsheet", "OpenDocument Spreadsheet"),
    (b"mimetypeapplication/vnd.oasis.opendocument.presentation", "odp", "application/vnd.oasis.opendocument.presentation", "OpenDocument Presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "odf", "application/vnd.oasis.opendocument.text", "OpenDocument"),
    (b"word/vbaProject.bin", "docm", "application/vnd.ms-word.document.macroEnabled.12", "Microsoft Word 2007+ with macros"),
    (b"xl/vbaProject.bin", "xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12", "Microsoft Excel 2007+ with macros"),
    (b"ppt/vbaProject.bin", "pptm", "application/vnd.ms-powerpoint.presentation.macroEnabled.12", "Microsoft PowerPoint 2007+ with macros"),
    (b"xl/workbook.bin", "xlsb", "application/vnd.ms-excel.sheet.binary.macroEnabled.12", "Microsoft Excel 2007+ binary"),
    (b"word/", "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Microsoft Word 2007+"),
    (b"xl/", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Microsoft Excel 2007+"),
    (b"ppt/", "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "Microsoft PowerPoint 2007+"),
    (b"visio/", "vsdx", "application/vnd.ms-visio.drawing", "Microsoft Visio 2013+"),
    (b"FixedDocSeq.fdseq", "xps", "application/oxps", "XPS document"),
    (b"FixedDocumentSequence.fdseq", "xps", "application/oxps", "XPS document"),
    (b"AndroidManifest.xml", "apk", "application/vnd.android.package-archive", "Android package (APK)"),
    (b"classes.dex", "apk", "application/vnd.android.package-archive", "Android package (APK)"),
    (b"WEB-INF/", "war", "application/java-archive", "Java web archive (WAR)"),
    (b"AppxManifest.xml", "appx", "application/vnd.ms-appx", "Windows app package"),
    (b"AppxMetadata/", "appx", "application/vnd.ms-appx", "Windows app bundle"),
    (b"Payload/", "ipa", "application/x-ios-app", "iOS App"),
    (b"extension.vsixmanifest", "vsix", "application/vsix", "Visual Studio extension"),
    (b"META-INF/mozilla.rsa", "xpi", "application/x-xpinstall", "Mozilla extension"),
    (b"META-INF/MANIFEST.MF", "jar", "application/java-archive", "Java archive data (JAR)"),
    (b"META-INF/", "jar", "application/java-archive", "Java archive data (JAR)"),
    (b"doc.kml", "kmz", "application/vnd.google-earth.kmz", "Google Earth archive"),
];

/// The kind of a zip archive, if it is more than that.
pub(super) fn zip(bytes: &[u8]) -> Option<Special> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return None;
    }
    let head = &bytes[..bytes.len().min(ZIP_HEAD_BYTES)];
    let names: Vec<&[u8]> = memmem::find_iter(head, b"PK\x03\x04")
        .filter_map(|at| name(head, at))
        .take(NAMES_MAX)
        .collect();
    let by_name = IN_ZIP
        .iter()
        .find(|(content, ..)| names.iter().any(|name| name.starts_with(content)))
        .map(|(content, name, mime, words)| {
            let shown = String::from_utf8_lossy(content);
            (*name, *mime, *words, format!("`{shown}` in the archive"))
        });
    by_name.or_else(|| {
        let ending = |suffix: &[u8]| {
            names.iter().any(|name| memmem::find(name, suffix).is_some_and(|at| at < 56))
        };
        if ending(b".dist-info/") {
            return Some(("wheel", "application/zip", "Python wheel", "`.dist-info/`".to_owned()));
        }
        ending(b".nuspec").then(|| {
            ("nupkg", "application/zip", "NuGet package", "`.nuspec` in the archive".to_owned())
        })
    })
}

/// The name in the local file header at `at`, with the content that follows it: the
/// `mimetype` member of some formats is stored plainly.
fn name(head: &[u8], at: usize) -> Option<&[u8]> {
    head.get(at + 30..).map(|rest| &rest[..rest.len().min(64)])
}

/// Names of streams in an OLE container, and what it then is.
#[rustfmt::skip]
const IN_OLE: &[Content] = &[
    (b"EncryptedPackage", "ooxml-encrypted", "application/encrypted", "CDFV2 Encrypted (Office 2007+)"),
    (b"WordDocument", "doc", "application/msword", "Composite Document File V2 Document, Microsoft Word"),
    (b"Workbook", "xls", "application/vnd.ms-excel", "Composite Document File V2 Document, Microsoft Excel"),
    (b"Book", "xls", "application/vnd.ms-excel", "Composite Document File V2 Document, Microsoft Excel 5"),
    (b"PowerPoint Document", "ppt", "application/vnd.ms-powerpoint", "Composite Document File V2 Document, Microsoft PowerPoint"),
    (b"__properties_version1.0", "msg", "application/vnd.ms-outlook", "CDFV2 Microsoft Outlook Message"),
    (b"VisioDocument", "vsd", "application/vnd.ms-visio", "Composite Document File V2 Document, Microsoft Visio"),
    (b"Quill", "pub", "application/vnd.ms-publisher", "Composite Document File V2 Document, Microsoft Publisher"),
    (b"HwpSummaryInformation", "hwp", "application/x-hwp", "Hangul (Korean) Word Processor File 5.x"),
    (b"VBA", "ole-vba", "application/x-ole-storage", "Composite Document File V2 Document with macros"),
];

/// {000C1084-0000-0000-C000-000000000046} and its patch and transform, as class of the root.
const MSI_CLASS: &[u8] = b"\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";

/// The kind of an OLE container, if it is more than that.
pub(super) fn ole(bytes: &[u8]) -> Option<Special> {
    if !bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return None;
    }
    let head = &bytes[..bytes.len().min(OLE_HEAD_BYTES)];
    if memmem::find_iter(head, MSI_CLASS)
        .any(|at| at > 0 && matches!(head[at - 1], 0x84 | 0x86 | 0x82))
    {
        let words = "Composite Document File V2 Document, MSI Installer";
        return Some(("msi", "application/x-msi", words, "class of the root".to_owned()));
    }
    IN_OLE.iter().find_map(|(stream, name, mime, words)| {
        let mut wide: Vec<u8> = stream.iter().flat_map(|byte| [*byte, 0]).collect();
        wide.extend([0, 0]);
        // A directory entry begins with the name, and entries are 128 bytes each; a name
        // may have one character in front (`\x05HwpSummaryInformation`).
        let mut found = memmem::find_iter(head, &wide);
        found.any(|at| at % 128 <= 2).then(|| {
            (*name, *mime, *words, format!("stream `{}`", String::from_utf8_lossy(stream)))
        })
    })
}

/// Short names of all that is told here.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    IN_ZIP.iter().chain(IN_OLE).map(|content| content.1).chain(["msi", "wheel", "nupkg"])
}

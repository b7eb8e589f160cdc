//! Documents and sounds.

use super::archives::zip_of;
use crate::http::request::Request;
use bytes::Bytes;
use std::fmt::Write as _;
use std::sync::OnceLock;

/// A text in RTF, which word processors open under any of their extensions.
pub(super) const RTF: &str = "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Calibri;}}\r\n\
    \\f0\\fs22 Please find the requested document attached.\\par\r\n}\r\n";

/// A PDF of one page (ISO 32000-1, annex H.3).
pub(super) fn pdf(request: &Request<'_>) -> String {
    let host: String = request.host.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let stream = format!("BT /F1 18 Tf 72 720 Td (Document {host}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut places = String::new();
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(places, "{:010} 00000 n ", out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = out.len();
    let size = objects.len() + 1;
    let _ = write!(
        out,
        "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n\
         << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    out
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>"#;

const RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/"#;

/// A text in Office Open XML (ECMA-376).
pub(super) fn docx() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    let make = || {
        let types = format!(
            "{TYPES}<Override PartName=\"/word/document.xml\" ContentType=\"application/\
             vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
        );
        let relations = format!(
            "{RELATIONSHIPS}officeDocument\" Target=\"word/document.xml\"/></Relationships>"
        );
        let document = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
            <w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
            <w:body><w:p><w:r><w:t>Please find the requested document attached.</w:t></w:r></w:p>\
            </w:body></w:document>";
        zip_of(&[
            ("[Content_Types].xml", types.as_bytes()),
            ("_rels/.rels", relations.as_bytes()),
            ("word/document.xml", document.as_bytes()),
        ])
    };
    MADE.get_or_init(make).clone()
}

/// A table in Office Open XML.
pub(super) fn xlsx() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    let make = || {
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
        let types = format!(
            "{TYPES}<Override PartName=\"/xl/workbook.xml\" ContentType=\"{kind}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{kind}.worksheet+xml\"/>\
             </Types>"
        );
        let of = |what: &str, target: &str| {
            format!("{RELATIONSHIPS}{what}\" Target=\"{target}\"/></Relationships>")
        };
        let space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let workbook = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook xmlns=\"{space}\" \
             xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>\
             <sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
        );
        let sheet = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"{space}\">\
             <sheetData><row r=\"1\"><c r=\"A1\"><v>42</v></c></row></sheetData></worksheet>"
        );
        zip_of(&[
            ("[Content_Types].xml", types.as_bytes()),
            ("_rels/.rels", of("officeDocument", "xl/workbook.xml").as_bytes()),
            ("xl/workbook.xml", workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", of("worksheet", "worksheets/sheet1.xml").as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ])
    };
    MADE.get_or_init(make).clone()
}

/// A quarter of a second of silence.
pub(super) fn wav() -> Bytes {
    const SAMPLES: u32 = 2_000;
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&(36 + SAMPLES).to_le_bytes());
    // PCM, one channel, 8,000 samples a second, of 8 bit.
    out.extend_from_slice(
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data",
    );
    out.extend_from_slice(&SAMPLES.to_le_bytes());
    out.resize(out.len() + SAMPLES as usize, 0x80);
    out.into()
}

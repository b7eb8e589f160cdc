//! Documents that the real tools close with a password are opened: PDF by qpdf, Office's by what
//! msoffcrypto opens, too.

use crate::documents::{book_by_xlwt, check_macros};
use crate::{PAYLOAD, analysis, finds_payload, run};
use std::path::Path;
use std::process::Command;
use ukai_model::Analysis;

/// A document with an attachment, an address and a script, as plain as it can be.
const DOCUMENT: &str = "%PDF-1.5
1 0 obj <</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R/Names<</EmbeddedFiles<</Names[(a.sh) 5 0 R]>>>>>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]\
/A<</S/URI/URI(http://lure.closed.example/login\\(1\\))>>>>]>> endobj
4 0 obj <</S/JavaScript/JS(app.launchURL\\(\"http://js.closed.example/a\"\\);)>> endobj
5 0 obj <</Type/Filespec/F(a.sh)/EF<</F 6 0 R>>>> endobj
";

fn document(folder: &Path) {
    let payload = String::from_utf8_lossy(PAYLOAD);
    let attached = format!(
        "6 0 obj <</Type/EmbeddedFile/Length {}>> stream\n{payload}\nendstream endobj\n",
        PAYLOAD.len()
    );
    let end = "trailer <</Root 1 0 R/Size 7>>\nstartxref\n0\n%%EOF\n";
    std::fs::write(folder.join("bare.pdf"), format!("{DOCUMENT}{attached}{end}")).expect("written");
    // Its table of references is missing: qpdf says so, and makes one.
    run(folder, "qpdf bare.pdf plain.pdf 2> /dev/null || [ $? = 3 ]");
}

#[test]
fn pdf_that_opens_without_a_password() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    document(folder.path());
    for (what, options) in [
        ("RC4, 40 bits", "--encrypt '' owner 40 --"),
        ("RC4, 128 bits", "--encrypt '' owner 128 --use-aes=n --"),
        ("RC4 by a filter", "--encrypt '' owner 128 --use-aes=n --force-V4 --"),
        ("AES, 128 bits", "--encrypt '' owner 128 --use-aes=y --"),
        ("plain metadata", "--encrypt '' owner 128 --use-aes=y --cleartext-metadata --"),
        ("AES, revision 5", "--encrypt '' owner 256 --force-R5 --"),
        ("AES, revision 6", "--encrypt '' owner 256 --"),
        ("a list of objects", "--object-streams=generate --encrypt '' owner 256 --"),
        ("a password", "--encrypt infected owner 256 --"),
        ("a password, 128 bits", "--encrypt 1234 owner 128 --use-aes=y --"),
    ] {
        run(folder.path(), &format!("qpdf --allow-weak-crypto plain.pdf {options} closed.pdf"));
        let closed = std::fs::read(folder.path().join("closed.pdf")).expect("made");
        let analysis = analysis(&closed);
        finds_payload(&analysis, what);
        for url in ["http://lure.closed.example/login(1)", "http://js.closed.example/a"] {
            let found = analysis.observables.iter().any(|it| it.observable.value == url);
            assert!(found, "{what}: {url} {:?}", analysis.observables);
        }
        let opened =
            analysis.members.iter().find(|it| it.container == "pdf").expect("the document");
        let password = opened.password.as_ref().map(ToString::to_string);
        let expected = match what {
            "a password" => Some("infected"),
            "a password, 128 bits" => Some("1234"),
            _ => None,
        };
        assert_eq!(password.as_deref(), expected, "{what}");
    }
    run(folder.path(), "qpdf plain.pdf --encrypt nobody-knows-this owner 256 -- closed.pdf");
    let closed = std::fs::read(folder.path().join("closed.pdf")).expect("made");
    let notes = analysis(&closed).notes;
    assert!(notes.iter().any(|it| it.starts_with("pdf: encrypted, and none of ")), "{notes:?}");
}

/// The password that opened a member.
fn password_of(analysis: &Analysis) -> Option<String> {
    let opened = analysis.members.iter().find_map(|it| it.password.as_ref());
    opened.map(ToString::to_string)
}

fn close(folder: &Path, from: &str, way: &str, password: &str) -> Vec<u8> {
    let closed = Command::new("/opt/ukai-test/references/bin/python")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/unpack/close_office.py"))
        .args([from, "closed"])
        .args(way.split(' '))
        .arg(password)
        .current_dir(folder)
        .output()
        .expect("tools/setup.sh test installs it");
    assert!(closed.status.success(), "{way}: {}", String::from_utf8_lossy(&closed.stderr));
    std::fs::read(folder.join("closed")).expect("made")
}

#[test]
fn packages_of_office() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    // It must be longer than what containers keep in their small streams.
    run(
        folder.path(),
        "mkdir word; echo '<x/>' > '[Content_Types].xml'; head -c 9001 /dev/urandom > word/a.bin",
    );
    std::fs::write(folder.path().join("word/payload.sh"), PAYLOAD).expect("written");
    run(folder.path(), "zip -q plain.docx '[Content_Types].xml' word/*");
    for (way, password) in [
        ("agile SHA512 256", "VelvetSweatshop"),
        ("agile SHA512 256", "infected"),
        ("agile SHA1 128", "VelvetSweatshop"),
        ("agile SHA256 256", "1234"),
        ("agile SHA384 256", "VelvetSweatshop"),
        ("standard 128", "VelvetSweatshop"),
        ("standard 192", "malware"),
        ("standard 256", "infected"),
    ] {
        let closed = close(folder.path(), "plain.docx", way, password);
        let analysis = analysis(&closed);
        finds_payload(&analysis, way);
        let told =
            analysis.artefacts.iter().any(|it| it.value.as_bytes().starts_with(b"encrypted with"));
        assert_eq!(told, password == "VelvetSweatshop", "{way}: {:?}", analysis.artefacts);
        assert_eq!(password_of(&analysis).as_deref(), Some(password), "{way}");
    }
    let closed = close(folder.path(), "plain.docx", "agile SHA512 256", "nobody-knows-this");
    let notes = analysis(&closed).notes;
    assert!(notes.iter().any(|it| it.starts_with("ooxml: encrypted, and none of ")), "{notes:?}");
    // Cut off anywhere it is still read as far as it goes, and ends.
    for end in (0..closed.len()).step_by(997) {
        analysis(&closed[..end]);
    }
}

#[test]
fn books_of_excel() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("plain.xls"), book_by_xlwt()).expect("written");
    for (way, password) in [
        ("xor", "VelvetSweatshop"),
        ("xor", "infected"),
        ("rc4", "VelvetSweatshop"),
        ("rc4", "1234"),
        ("crypto 40", "VelvetSweatshop"),
        ("crypto 128", "VelvetSweatshop"),
        ("crypto 128", "infected"),
    ] {
        let closed = close(folder.path(), "plain.xls", way, password);
        let analysis = analysis(&closed);
        check_macros(&analysis, way);
        assert_eq!(password_of(&analysis).as_deref(), Some(password), "{way}");
    }
    let closed = close(folder.path(), "plain.xls", "crypto 128", "nobody-knows-this");
    let analysis = analysis(&closed);
    let shut = analysis.notes.iter().any(|it| it.starts_with("xls: encrypted, and none of "));
    assert!(shut, "{:?}", analysis.notes);
}

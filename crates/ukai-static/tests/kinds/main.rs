//! Types by content against Debian's `file`, over files of the system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use ukai_model::{FileType, Timestamp};
use ukai_static::Limits;

fn identify(bytes: &[u8]) -> FileType {
    let nothing = Limits {
        scan_bytes: 0,
        xor_bytes: 0,
        script_bytes: 0,
        members: 0,
        depth: 0,
        ..Limits::default()
    };
    let analysis = ukai_static::analyze(bytes, Timestamp::default(), &nothing, &mut |_| ());
    analysis.file_type.expect("identified")
}

/// Every file below `folder`, in a stable order, without following links.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file()
            && entry.metadata().is_ok_and(|it| (1..1 << 20).contains(&it.len()))
        {
            found.push(entry.path());
        }
    }
}

/// Which of our names a media type of file(1) may have. `None`: nothing is demanded, since
/// file(1) itself says little.
fn expected(mime: &str) -> Option<&'static [&'static str]> {
    Some(match mime {
        "application/gzip" => &["gzip"],
        "application/x-xz" => &["xz"],
        "application/x-bzip2" => &["bzip2"],
        "application/zstd" => &["zstd"],
        "application/x-tar" => &["tar"],
        "application/x-archive" => &["ar"],
        "application/vnd.debian.binary-package" => &["deb"],
        "application/pdf" => &["pdf"],
        "application/x-bytecode.python" => &["python-bytecode"],
        "application/x-gettext-translation" => &["gettext"],
        "application/x-terminfo" | "application/x-terminfo2" => &["terminfo"],
        "application/vnd.microsoft.portable-executable" | "application/x-dosexec" => {
            &["pe", "dos-executable", "ne", "le"]
        }
        "application/x-sharedlib"
        | "application/x-pie-executable"
        | "application/x-executable"
        | "application/x-object"
        | "application/x-coredump" => &["elf"],
        "application/zip" => &["zip", "jar", "wheel", "war", "epub", "xpi"],
        "application/java-archive" => &["jar", "war", "apk"],
        "application/x-java-applet" => &["java-class"],
        "application/vnd.sqlite3" => &["sqlite"],
        "application/json" => &["json", "text", "javascript"],
        "text/x-shellscript" => &["shell-script", "script"],
        "text/x-perl" => &["perl", "shell-script", "script"],
        "image/png" => &["png"],
        "image/jpeg" => &["jpeg"],
        "image/gif" => &["gif"],
        "image/bmp" => &["bmp"],
        "image/svg+xml" => &["svg"],
        "image/vnd.microsoft.icon" => &["ico"],
        "image/webp" => &["webp"],
        "font/sfnt" => &["ttf"],
        "font/woff" | "font/woff2" | "application/font-woff" => &["woff", "woff2"],
        "application/wasm" => &["wasm"],
        "audio/x-wav" => &["wav"],
        _ => return None,
    })
}

#[test]
fn types_agree_with_file_over_the_system() {
    const FILES: usize = 1500;
    let mut all = Vec::new();
    for folder in ["/bin", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share", "/etc", "/opt"] {
        files(Path::new(folder), &mut all);
    }
    let step = (all.len() / FILES).max(1);
    let chosen: Vec<PathBuf> = all.into_iter().step_by(step).collect();
    assert!(chosen.len() >= 500, "only {} files", chosen.len());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let list = folder.path().join("list");
    let lines: Vec<String> = chosen.iter().map(|path| path.display().to_string()).collect();
    std::fs::write(&list, lines.join("\n") + "\n").expect("written");
    let output = Command::new("file")
        .args(["--brief", "--mime-type", "--no-pad", "--files-from"])
        .arg(&list)
        .output()
        .expect("file is installed (apt-get install file)");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let mimes: Vec<&str> = output.lines().collect();
    assert_eq!(mimes.len(), chosen.len());

    let mut demanded = 0;
    let mut faults: BTreeMap<(String, String), Vec<PathBuf>> = BTreeMap::new();
    let mut texts = 0;
    let mut texts_missed = Vec::new();
    for (path, mime) in chosen.iter().zip(mimes) {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let ours = identify(&bytes);
        if let Some(names) = expected(mime) {
            demanded += 1;
            if !names.contains(&ours.name.as_str()) {
                faults.entry((mime.to_owned(), ours.name.clone())).or_default().push(path.clone());
            }
        }
        if mime.starts_with("text/") {
            texts += 1;
            if ours.name == "unknown" {
                texts_missed.push(path.clone());
            }
        }
    }
    let wrong: usize = faults.values().map(Vec::len).sum();
    println!("{demanded} files with a type that counts, {wrong} otherwise; {texts} texts");
    assert!(demanded >= 200, "{demanded}");
    assert!(wrong * 100 <= demanded, "{wrong} of {demanded}: {faults:#?}");
    assert!(texts_missed.len() * 100 <= texts, "{texts_missed:#?}");
}

/// Files that the real tools make.
#[test]
fn types_of_files_that_tools_make() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let script = "set -e
        echo 'hello, this is a text that is long enough to be packed' > a.txt
        gzip -k a.txt; bzip2 -k a.txt; xz -k a.txt; xz --format=lzma -k a.txt
        zstd -q a.txt; lzip -k a.txt
        tar cf a.tar a.txt; zip -q a.zip a.txt; 7zz a a.7z a.txt > /dev/null
        echo a.txt | cpio --quiet -o -H newc > newc.cpio
        echo a.txt | cpio --quiet -o -H odc > odc.cpio
        echo a.txt | cpio --quiet -o -H bin > bin.cpio
        ar qc a.ar a.txt 2> /dev/null
        arj a -y a.arj a.txt > /dev/null
        gcab -c a.cab a.txt > /dev/null
        genisoimage -quiet -o a.iso a.txt 2> /dev/null
        mkdir d; cp a.txt d; mksquashfs d a.squashfs -quiet -no-progress > /dev/null
        uuencode a.txt a.txt > a.uu
        openssl genrsa -out a.key 2> /dev/null
        openssl req -new -x509 -key a.key -subj /CN=x -out a.crt
        openssl x509 -in a.crt -outform der -out a.der
        python3 -c \"import sqlite3; c=sqlite3.connect('a.db'); c.execute('create table t(x)')\"
        python3 -m compileall -q -b . 2> /dev/null || true
        git init -q r; git -C r -c user.name=x -c user.email=x@y.example commit -q --allow-empty -m x
        git -C r bundle create -q ../a.bundle HEAD
        truncate -s 1M a.img; mke2fs -q -F a.img";
    let made = Command::new("bash")
        .args(["-c", script])
        .current_dir(folder.path())
        .output()
        .expect("bash is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for (file, name) in [
        ("a.txt", "text"),
        ("a.txt.gz", "gzip"),
        ("a.txt.bz2", "bzip2"),
        ("a.txt.xz", "xz"),
        ("a.txt.lzma", "lzma"),
        ("a.txt.zst", "zstd"),
        ("a.txt.lz", "lzip"),
        ("a.tar", "tar"),
        ("a.zip", "zip"),
        ("a.7z", "7z"),
        ("newc.cpio", "cpio"),
        ("odc.cpio", "cpio"),
        ("bin.cpio", "cpio"),
        ("a.ar", "ar"),
        ("a.arj", "arj"),
        ("a.cab", "cab"),
        ("a.iso", "iso9660"),
        ("a.squashfs", "squashfs"),
        ("a.uu", "uuencoded"),
        ("a.key", "private-key"),
        ("a.crt", "certificate"),
        ("a.der", "der"),
        ("a.db", "sqlite"),
        ("a.bundle", "git-bundle"),
        ("a.img", "ext"),
    ] {
        let bytes = std::fs::read(folder.path().join(file)).expect(file);
        assert_eq!(identify(&bytes).name, name, "{file}");
    }
}

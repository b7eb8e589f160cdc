//! Programs of Windows in the guest with Wine. Its image takes some minutes and a gigabyte.

use crate::support::program::binary;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ukai_model::{Behaviour, Class, FindingKind, PeerText, Sha256};
use ukai_sandbox::image::machine_guid;

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/specimens/windows").join(name)
}

/// Compiles a specimen for 64 or 32 bits.
pub(super) fn compile(bits: u8, folder: &Path) -> PathBuf {
    let (compiler, package) = match bits {
        64 => ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
        _ => ("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686"),
    };
    let made = folder.join("beacon.exe");
    let output = Command::new(compiler)
        .args(["-O1", "-s", "-Wall", "-Wextra", "-Werror"])
        .arg(format!("-DMARKER=\"{}\"", machine_guid()))
        .arg("-o")
        .arg(&made)
        .arg(source("beacon.c"))
        .arg("-lwininet")
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error} (Debian: {package})"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    made
}

/// The image, built if it is not there.
pub(super) fn image() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-windows");
    std::fs::create_dir_all(&folder).expect("a folder");
    let lock = std::fs::File::create(folder.join("lock")).expect("a lock");
    lock.lock().expect("a lock");
    let image = folder.join("image");
    let mut build = Command::new(binary());
    let output = build.args(["sandbox", "build", "--windows", "--folder"]).arg(&image).output();
    let output = output.expect("ukai runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    image
}

/// A text as it is, without escapes.
fn raw(text: &PeerText) -> String {
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// Runs a file; its report.
fn report(file: &Path, flags: &[&str]) -> Behaviour {
    let image = image();
    let folder = TempDir::new().expect("a folder");
    let output = Command::new(binary())
        .args(["sandbox", "run", "--json", "--runs", "1", "--windows-image"])
        .arg(&image)
        .arg("--cache")
        .arg(image.with_file_name("booted"))
        .arg("--ca")
        .arg(folder.path().join("ca"))
        .args(flags)
        .arg(file)
        .output()
        .expect("ukai runs");
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}\n{}", String::from_utf8_lossy(&output.stderr))
    })
}

fn a_program_is_seen_in_windows_words(bits: u8) {
    let folder = TempDir::new().expect("a folder");
    let file = compile(bits, folder.path());
    let report = report(&file, &["--time", "120", "--sleep"]);
    let shown = || ukai_behaviour::text(&report);
    let (own, copy) = (
        "C:\\users\\daniel\\Desktop\\beacon.exe",
        "C:\\users\\daniel\\AppData\\Roaming\\updater.exe",
    );

    // The tree: the specimen, and its copy as its child; no word of Wine.
    let started = |path: &str| {
        let found = report
            .processes
            .iter()
            .find(|process| process.programs.iter().any(|program| raw(&program.path) == path));
        found.unwrap_or_else(|| panic!("{path} does not run\n{}", shown()))
    };
    let (first, second) = (started(own), started(copy));
    assert_eq!(second.parent, Some(first.pid), "{}", shown());
    assert_eq!(first.exit.as_deref(), Some("exit 0"), "{}", shown());
    for process in &report.processes {
        for program in &process.programs {
            let path = raw(&program.path);
            assert!(path.starts_with("C:\\"), "{path}\n{}", shown());
        }
    }

    // The copy: made by it, started, come back whole.
    let made = report.files.iter().find(|file| raw(&file.path) == copy);
    let made = made.unwrap_or_else(|| panic!("no copy\n{}", shown()));
    assert!(made.created && made.executed, "{made:?}");
    assert!(made.proofs.iter().any(|proof| proof.pid == Some(first.pid)), "{made:?}");
    let bytes = std::fs::read(&file).expect("the specimen");
    assert_eq!(made.sha256, Some(Sha256::of(&bytes)), "{made:?}");
    assert!(report.files.iter().all(|file| raw(&file.path).starts_with("C:\\")), "{}", shown());

    // The registry: its value, and nothing else.
    let changes: Vec<_> = report
        .registry
        .iter()
        .map(|change| {
            format!("{}\\{} = {}", raw(&change.key), raw(&change.name), raw(&change.data))
        })
        .collect();
    let key = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run";
    assert_eq!(changes, [format!("{key}\\Updater = {copy}")]);
    let findings: Vec<_> =
        report.findings.iter().map(|found| (found.kind, &found.how[..])).collect();
    assert_eq!(findings, [(FindingKind::Persistence, "run-key")], "{}", shown());

    // Home: whom it calls, and how.
    let [home] = &report.contacts.iter().filter(|c| c.port == 80).collect::<Vec<_>>()[..] else {
        panic!("one contact is expected\n{}", shown())
    };
    assert_eq!((raw(&home.name).as_str(), home.class), ("home.example.net", Class::C2));
    assert!(home.rhythm.is_some(), "{home:?}");
    assert!(home.processes.iter().all(|actor| raw(&actor.path) == own), "{home:?}");
    let rules: Vec<_> = report.matches.iter().map(|found| &found.rule[..]).collect();
    assert!(rules.contains(&"wine-run-key") && rules.contains(&"wine-drops-program"), "{rules:?}");
    assert!(report.output.to_string().contains("the copy runs"), "{}", shown());
}

#[test]
#[ignore = "needs the image with Wine: make test-sandbox"]
fn a_program_of_64_bits_is_seen_in_windows_words() {
    a_program_is_seen_in_windows_words(64);
}

#[test]
#[ignore = "needs the image with Wine: make test-sandbox"]
fn a_program_of_32_bits_is_seen_in_windows_words() {
    a_program_is_seen_in_windows_words(32);
}

#[test]
#[ignore = "needs the image with Wine: make test-sandbox"]
fn scripts_are_given_to_windows_own_programs() {
    let folder = TempDir::new().expect("a folder");
    for (name, script, program) in [
        ("a.bat", "@echo off\r\necho made by batch> %TEMP%\\batch.txt\r\nset X=1\r\n", "cmd.exe"),
        (
            "a.vbs",
            "Dim files\r\nSet files = CreateObject(\"Scripting.FileSystemObject\")\r\n\
             Set made = files.CreateTextFile(\"C:\\users\\daniel\\AppData\\Local\\Temp\\script.txt\")\r\n\
             made.Write \"made by script\"\r\nmade.Close\r\n",
            "wscript.exe",
        ),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, script).expect("a script");
        let report = report(&file, &["--time", "60"]);
        let shown = ukai_behaviour::text(&report);
        let mut programs = report.processes.iter().flat_map(|process| &process.programs);
        assert!(programs.any(|p| raw(&p.path).ends_with(program)), "{name}\n{shown}");
        let made = report
            .files
            .iter()
            .find(|file| file.created && file.path.as_bytes().ends_with(b".txt"));
        assert!(made.is_some_and(|file| file.sha256.is_some()), "{name}\n{shown}");
    }
}

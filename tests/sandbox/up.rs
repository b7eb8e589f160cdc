//! The whole circle with a real sandbox: a sample comes to `ukai up`, is run, and the server that
//! only its behaviour shows becomes an indicator.

use super::guest::{X86_64, compile, guest};
use super::windows;
use crate::support::program::Ukai;
use crate::support::wait_for;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// With the guest's boot, on a busy machine.
const LIMIT: Duration = Duration::from_mins(10);

/// A POST on the hub, with the token: status, answer.
fn post(ukai: &Ukai, path: &str, body: &str) -> (String, Value) {
    let output = Command::new("curl")
        .args(["-sS", "-X", "POST", "-w", "\n%{http_code}", "-H"])
        .arg(format!("Authorization: Bearer {}", ukai.token()))
        .args(["-H", "Content-Type: application/octet-stream", "--data-binary", body])
        .arg(format!("{}{path}", ukai.url()))
        .output()
        .expect("curl runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (answer, status) = text.rsplit_once('\n').expect("an answer");
    (status.to_owned(), serde_json::from_str(answer).unwrap_or_default())
}

/// A hub with a real sandbox, that is given a sample: the hub, the sample's path, its report, once
/// it has been run and `host` is an indicator of C&C whose evidence is the run.
fn taken(settings: &str, sample: &Path, host: &str) -> (Ukai, String, Value) {
    let ukai = Ukai::start_with(|config| {
        let section = format!("\n[sandbox]\nruns = 1\naccelerator = \"tcg\"\n{settings}");
        config.push_str(&section);
    });
    let name = sample.file_name().and_then(|name| name.to_str()).expect("a name");
    let body = format!("@{}", sample.display());
    let (status, sent) = post(&ukai, &format!("/api/samples?name={name}"), &body);
    assert_eq!(status, "200", "{sent}");
    let sha256 = sent["sha256"].as_str().expect("a hash");
    let path = format!("/api/samples/{sha256}");
    wait_for("the run", LIMIT, || (ukai.get(&path)["ran"] == true).then_some(()));
    let report = ukai.get(&format!("{path}/behaviour"));
    let contacts = report["contacts"].as_array().expect("a list");
    let home = contacts.iter().find(|contact| contact["name"] == host);
    let home = home.unwrap_or_else(|| panic!("{report}"));
    assert_eq!((&home["class"], &home["port"]), (&"c2".into(), &80.into()), "{home}");
    assert_eq!(report["runs"][0]["ended"], "exited", "{report}");

    let indicator = wait_for("the indicator", LIMIT, || {
        let found = ukai.get(&format!("/api/indicators?q={host}"));
        found["items"].as_array()?.iter().find(|item| item["role"] == "c2").cloned()
    });
    let page = ukai.get(&format!("/api/indicators/{}", indicator["id"].as_str().expect("an id")));
    assert!(page["chain"].to_string().contains(sha256), "{page}");
    (ukai, path, report)
}

#[test]
fn a_sample_is_run_and_ends_in_indicators() {
    let folder = TempDir::new().expect("a folder");
    let sample = compile("beacon", X86_64, folder.path());
    let image = guest().join("image");
    let settings = format!("image = \"{}\"\ntime_s = 60\n", image.display());
    let (ukai, path, _) = taken(&settings, &sample, "home.example.net");
    look(&ukai, &path, &["home.example.net:80", "/tmp/beacon"]);

    // Its packets are there: pcapng begins with a section header.
    let reports = ukai.get(&format!("{path}/behaviour/reports"));
    let kept = &reports["items"][0];
    let started = kept["started"].as_str().expect("a time");
    assert_eq!(kept["artifacts"][0]["name"], "packets-1.pcapng", "{reports}");
    let packets = ukai.data().join("sandbox/artifacts");
    let packets = std::fs::read_dir(packets).expect("a folder").next().expect("one").expect("one");
    let packets = std::fs::read(packets.path().join("packets-1.pcapng")).expect("packets");
    assert_eq!(packets[..4], [0x0a, 0x0d, 0x0d, 0x0a]);

    // Again, as a person wants it, with the memory of its processes.
    let wish = r#"{"scenario": "slow", "time_s": 10, "sleep": true, "memory": true}"#;
    let (status, answer) = post(&ukai, &format!("{path}/run"), wish);
    assert_eq!(status, "202", "{answer}");
    let newer = wait_for("the other run", LIMIT, || {
        let reports = ukai.get(&format!("{path}/behaviour/reports"));
        (reports["items"].as_array()?.len() == 2).then(|| reports["items"][0].clone())
    });
    assert!(newer["settings"].to_string().contains("scenario = slow"), "{newer}");
    let newest = newer["started"].as_str().expect("a time");
    let differs = format!("{path}/behaviour/differences?first={started}&second={newest}");
    // In so short a time there is no rhythm by which it could be known.
    assert!(ukai.get(&differs).to_string().contains("c2 home.example.net port 80"), "{newer}");
    assert_eq!(ukai.get(&format!("{path}/behaviour"))["started"], started, "the usual one stays");
    let names: Vec<&str> = newer["artifacts"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|file| file["name"].as_str())
        .collect();
    assert_eq!(names, ["memory-1.tar.cart", "packets-1.pcapng"], "{newer}");
    assert_eq!(ukai.terminate(), Some(0));
}

/// The same for a program of Windows; and what only Windows has is on the report's page.
#[test]
#[ignore = "needs the image with Wine: make test-sandbox"]
fn a_program_of_windows_is_run_and_ends_in_indicators() {
    let folder = TempDir::new().expect("a folder");
    let sample = windows::compile(64, folder.path());
    let image = windows::image();
    let settings = format!("windows_image = \"{}\"\ntime_s = 240\n", image.display());
    let (ukai, path, report) = taken(&settings, &sample, "home.example.net");
    assert_eq!(report["runs"][0]["architecture"], "windows-x86-64", "{report}");
    let changes = report["registry"].as_array().expect("a list");
    assert!(changes.iter().any(|change| change["name"] == "Updater"), "{report}");
    // The copy that it left is the sample itself, and no other one.
    let copy = report["files"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|file| file["path"].as_str().is_some_and(|path| path.ends_with("updater.exe")));
    assert_eq!(copy.expect("a copy")["sha256"], report["sha256"], "{report}");
    let texts = [
        r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run",
        "Updater",
        r"C:\users\daniel\AppData\Roaming\updater.exe",
        "home.example.net:80",
    ];
    look(&ukai, &path, &texts);
    assert_eq!(ukai.terminate(), Some(0));
}

/// The report's page in a browser, in both languages, on a desk and on a phone: it must be sound,
/// and show these texts.
fn look(ukai: &Ukai, path: &str, texts: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/web");
    let output = Command::new("npm")
        .args(["run", "test:page", "--silent"])
        .current_dir(folder)
        .env("UKAI_URL", ukai.url())
        .env("UKAI_TOKEN", ukai.token())
        .env("UKAI_PAGE", path.replace("/api/samples", "/sandbox"))
        .env("UKAI_TEXTS", texts.join("\n"))
        .output()
        .expect("npm runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

//! The whole circle with a real sandbox: a sample comes to `ukai up`, is run, and the server that
//! only its behaviour shows becomes an indicator.

use super::guest::{X86_64, compile, guest};
use crate::support::program::Ukai;
use crate::support::wait_for;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// With the guest's boot, on a busy machine.
const LIMIT: Duration = Duration::from_mins(6);

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

#[test]
fn a_sample_is_run_and_ends_in_indicators() {
    let folder = TempDir::new().expect("a folder");
    let sample = compile("beacon", X86_64, folder.path());
    let image = guest().join("image");
    let ukai = Ukai::start_with(|config| {
        let image = image.display();
        let section = format!(
            "\n[sandbox]\nimage = \"{image}\"\ntime_s = 60\nruns = 1\naccelerator = \"tcg\"\n"
        );
        config.push_str(&section);
    });
    let upload =
        |file: &Path| post(&ukai, "/api/samples?name=beacon", &format!("@{}", file.display()));
    let (status, sent) = upload(&sample);
    assert_eq!(status, "200", "{sent}");
    let path = format!("/api/samples/{}", sent["sha256"].as_str().expect("a hash"));
    wait_for("the run", LIMIT, || (ukai.get(&path)["ran"] == true).then_some(()));

    // What it did, by the API.
    let report = ukai.get(&format!("{path}/behaviour"));
    let contacts = report["contacts"].as_array().expect("a list");
    let home = contacts.iter().find(|contact| contact["name"] == "home.example.net");
    let home = home.unwrap_or_else(|| panic!("{report}"));
    assert_eq!((&home["class"], &home["port"]), (&"c2".into(), &80.into()), "{home}");
    assert_eq!(report["runs"][0]["ended"], "exited", "{report}");

    // What comes of it: its evidence is the run.
    let indicator = wait_for("the indicator", LIMIT, || {
        let found = ukai.get("/api/indicators?q=home.example.net");
        found["items"].as_array()?.iter().find(|item| item["role"] == "c2").cloned()
    });
    let page = ukai.get(&format!("/api/indicators/{}", indicator["id"].as_str().expect("an id")));
    let told = page["chain"].to_string();
    assert!(told.contains(sent["sha256"].as_str().expect("a hash")), "{page}");

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

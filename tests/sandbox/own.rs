//! An operator's own guest: a small Linux on a disk of its own, without an agent, that starts
//! what is on a disc that is put in.

use super::guest::{X86_64, compile};
use crate::support::program::binary;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ukai_model::{Behaviour, Ended};
use ukai_sandbox::image::MACHINE_ID;

/// Whoever has it to himself.
struct Own {
    folder: TempDir,
    disk: PathBuf,
}

impl Own {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sandbox/own/image.sh");
        let disk = folder.path().join("disk.qcow2");
        let output = Command::new(script).arg(&disk).arg(MACHINE_ID).output().expect("bash runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let machine = "disk = \"disk.qcow2\"\nsystem = \"linux\"\nmemory_mib = 256\nsettle_s = 10\n\
            shutdown_s = 60\n";
        std::fs::write(folder.path().join("machine.toml"), machine).expect("a file");
        Self { folder, disk }
    }

    fn run(&self, specimen: &str) -> Behaviour {
        let sample = compile(specimen, X86_64, self.folder.path());
        let path = |name: &str| self.folder.path().join(name);
        let output = Command::new(binary())
            .args(["sandbox", "run"])
            .arg(sample)
            .arg("--machine")
            .arg(path("machine.toml"))
            .arg("--cache")
            .arg(path("booted"))
            .arg("--ca")
            .arg(path("ca"))
            .args(["--time", "30", "--runs", "1", "--json", "--accelerator", "tcg"])
            .output()
            .expect("ukai runs");
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{error}: {text}\n{}", String::from_utf8_lossy(&output.stderr))
        })
    }
}

/// Network and disk of the same guest, booted once; the operator's disk stays as it was.
#[test]
#[ignore = "downloads a kernel and boots it: make test-sandbox"]
fn an_operators_own_guest_shows_contacts_and_what_has_changed_on_its_disk() {
    let own = Own::new();
    let before = std::fs::read(&own.disk).expect("the disk");

    let report = own.run("drop");
    let run = &report.runs[0];
    assert_eq!((run.ended, &run.reason), (Ended::TimeUsed, &None), "{report:?}");
    let paths: Vec<String> =
        report.files.iter().map(|file| file.path.escaped().into_owned()).collect();
    let expected = ["/root/drop", "/var/tmp/.helper/helper", "/var/tmp/.helper/log"];
    assert_eq!(paths, expected, "{report:?}");
    // The helper is the specimen itself, and came back.
    let helper = &report.files[1];
    assert_eq!(helper.sha256, Some(report.sha256), "{helper:?}");

    let report = own.run("fetch");
    assert!(!report.contacts.is_empty(), "{report:?}");
    let run = &report.runs[0];
    assert_eq!(run.ended, Ended::TimeUsed, "{report:?}");

    assert!(std::fs::read(&own.disk).expect("the disk") == before, "the disk was written");
}

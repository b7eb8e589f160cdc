//! Whole reports of runs that are made here.

mod bot;
mod logs;
mod make;
mod properties;

use crate::{RuleSet, report, text};
use make::{Maker, SAMPLE};
use ukai_model::{Class, Ended};
use ukai_trace::{Address, What};

#[test]
fn the_rules_that_come_along_hold_their_tests() {
    assert!(RuleSet::built_in().len() >= 40, "{}", RuleSet::built_in().len());
}

#[test]
fn rules_that_cannot_work_are_refused_with_their_id() {
    let refused = |text: &str| RuleSet::default().add(text).expect_err("refused").to_string();
    let rule = |body: &str| format!("[[rule]]\nid = 'a'\ntitle = 't'\nseverity = 'low'\n{body}");
    let tests = "[[rule.test]]\nfacts = [{ fact = 'delete', path = '/a' }]\nmatches = true
        [[rule.test]]\nfacts = []\nmatches = false\n";
    let good = rule(&format!("any = [{{ fact = 'delete', path = '^/a$' }}]\n{tests}"));
    RuleSet::default().add(&good).expect("a rule");
    for (body, word) in [
        (format!("any = [{{ fact = 'delete', path = '^/b$' }}]\n{tests}"), "test 1"),
        (format!("any = [{{ fact = 'none' }}]\n{tests}"), "no fact"),
        (format!("any = [{{ fact = 'delete', colour = 'x' }}]\n{tests}"), "no field"),
        (format!("any = [{{ fact = 'delete', path = '(' }}]\n{tests}"), "regex"),
        (tests.to_owned(), "neither"),
        ("any = [{ fact = 'delete' }]\n".to_owned(), "needs a test"),
        (format!("techniques = ['1053']\nany = [{{ fact = 'delete' }}]\n{tests}"), "technique"),
    ] {
        let error = refused(&rule(&body));
        assert!(error.contains(word), "{error}");
    }
    assert!(refused(&format!("{good}{good}")).contains("twice"));
}

/// Nothing happened, and the report says so, and nothing else.
#[test]
fn nothing_is_invented() {
    let mut maker = Maker::new(1);
    maker.start("x86_64", "/tmp/a");
    maker.exit(7, 100, 0);
    let report = report(&SAMPLE, &[maker.seen(Ended::Exited)], RuleSet::built_in());
    assert!(report.contacts.is_empty() && report.attacks.is_empty() && report.names.is_empty());
    assert!(report.findings.is_empty() && report.ids_rules.is_empty() && report.drops.is_empty());
    assert_eq!(
        report.matches.iter().map(|m| m.rule.as_str()).collect::<Vec<_>>(),
        ["runs-from-temporary"]
    );
    assert_eq!(
        report.summary,
        "It ran as x86_64 for 60 s in 1 process and ended by itself. Nothing else was seen."
    );
}

#[test]
fn a_guest_without_an_agent_shows_its_traffic_only() {
    let mut maker = Maker::new(2);
    for n in 0..8 {
        maker.name(n * 5_000, "c2.example.net", "20.1.2.3");
        maker.http(
            n * 5_000 + 10,
            ("20.1.2.3", 80),
            "POST",
            "c2.example.net",
            "/gate.php",
            "agent/1",
        );
    }
    let report = report(&SAMPLE, &[maker.seen(Ended::TimeUsed)], RuleSet::built_in());
    let contact = &report.contacts[0];
    assert_eq!((contact.class, contact.name.to_string().as_str()), (Class::C2, "c2.example.net"));
    assert!(contact.confidence >= 60, "{contact:?}");
    let rhythm = contact.rhythm.as_ref().expect("a rhythm");
    assert!((4_900..5_100).contains(&rhythm.period_ms) && rhythm.score > 90, "{rhythm:?}");
    let values: Vec<&str> = contact.observables.iter().map(|o| o.value.as_str()).collect();
    assert_eq!(values, ["c2.example.net", "c2.example.net:80", "http://c2.example.net/gate.php"]);
    assert!(
        report.summary.starts_with("Only its traffic was seen, for 60 s."),
        "{}",
        report.summary
    );
}

#[test]
fn what_did_not_start_is_told() {
    let mut maker = Maker::new(3);
    maker.settings("arm", "/tmp/a");
    maker.failed("start", 8);
    let report = report(&SAMPLE, &[maker.seen(Ended::NotStarted)], RuleSet::built_in());
    assert_eq!(report.summary, "It did not start (start failed: error 8). Nothing else was seen.");
    assert!(!report.runs[0].reached && text(&report).contains("not started"));
}

#[test]
fn runs_are_compared() {
    let mut first = Maker::new(4);
    first.start("x86_64", "/tmp/a");
    first.sleep(7, 10, 600);
    let mut second = Maker::new(5);
    second.start("x86_64", "/tmp/a");
    second.name(20, "c2.example.net", "20.1.2.3");
    second.irc(30, "20.1.2.3", 6667, "#bots");
    let (key, name) = (b"HKCU\\Software\\A".to_vec(), b"x".to_vec());
    second.tell(0, 40, What::Registry { key, name, data: b"1".to_vec(), deleted: false });
    let runs = [first.seen(Ended::TimeUsed), second.seen(Ended::TimeUsed)];
    let report = report(&SAMPLE, &runs, RuleSet::built_in());
    let difference = |of: &str, what: &str| {
        let found = report.differences.iter().find(|d| d.of == of && d.what.to_string() == what);
        let found = found.unwrap_or_else(|| panic!("{of} {what}: {:?}", report.differences));
        (found.seen_in.clone(), found.missing_in.clone())
    };
    assert_eq!(difference("contact", "c2 c2.example.net port 6667"), (vec![2], vec![1]));
    assert_eq!(difference("rule", "Sleeps for a long time"), (vec![1], vec![2]));
    assert_eq!(difference("registry", "HKCU\\\\Software\\\\A\\\\x"), (vec![2], vec![1]));
    assert!(!report.differences.iter().any(|d| d.what.to_string().contains("/tmp/a")));
}

#[test]
fn well_known_names_are_checks_and_victims_are_victims() {
    let mut maker = Maker::new(6);
    maker.start("x86_64", "/tmp/a");
    maker.name(10, "www.google.com", "20.9.9.9");
    maker.http(20, ("20.9.9.9", 80), "GET", "www.google.com", "/", "");
    maker.flood(30, "udp", "203.0.113.7", 80, 50_000);
    maker.tell(
        7,
        25,
        What::Send {
            local: Address::None,
            remote: Address::Ip("203.0.113.7:80".parse().expect("an address")),
            protocol: 17,
            bytes: 512,
            count: 1,
        },
    );
    let report = report(&SAMPLE, &[maker.seen(Ended::TimeUsed)], RuleSet::built_in());
    let class = |port: u16, host: &str| {
        let found = report.contacts.iter().find(|c| {
            c.port == port && (c.name.to_string() == host || c.addresses[0].to_string() == host)
        });
        found.expect("a contact").class
    };
    assert_eq!(class(80, "www.google.com"), Class::ConnectivityCheck);
    assert_eq!(class(80, "203.0.113.7"), Class::AttackTarget);
    assert!(report.ids_rules.is_empty(), "{:?}", report.ids_rules);
}

/// What a process has said is summed up, and may be told after its end.
#[test]
fn a_process_that_has_ended_is_listed_once() {
    let mut maker = Maker::new(7);
    maker.start("x86_64", "/tmp/a");
    let said = || What::Send {
        local: Address::None,
        remote: Address::Ip("198.51.100.1:80".parse().expect("an address")),
        protocol: 6,
        bytes: 12,
        count: 1,
    };
    maker.exit(7, 100, 0);
    maker.tell(7, 90, said());
    // The number is used again, and the first one's words come even later.
    maker.tell(8, 200, What::Fork { child: 7, thread: false });
    maker.tell(7, 95, said());
    let report = report(&SAMPLE, &[maker.seen(Ended::Exited)], RuleSet::built_in());
    let of_number: Vec<_> = report.processes.iter().filter(|process| process.pid == 7).collect();
    let [first, second] = of_number[..] else { panic!("{:#?}", report.processes) };
    assert_eq!(first.did, ["24 bytes sent"]);
    assert!(second.did.is_empty(), "{second:?}");
}

#[test]
fn a_beacon_is_known_though_its_sleeping_was_cut_short() {
    let mut maker = Maker::new(8);
    maker.start("x86_64", "/tmp/a");
    for n in 0..8 {
        maker.connect(7, n * 50, "203.0.113.9", 80, 6);
        maker.http(n * 50, ("203.0.113.9", 80), "GET", "203.0.113.9", "/g", "");
        maker.sleep(7, n * 50 + 20, 30);
    }
    let report = report(&SAMPLE, &[maker.seen(Ended::Exited)], RuleSet::built_in());
    let contact = &report.contacts[0];
    let rhythm = contact.rhythm.as_ref().expect("a rhythm");
    assert_eq!((rhythm.period_ms, rhythm.intervals), (30_050, 7), "{rhythm:?}");
    assert_eq!(contact.class, Class::C2);
}

/// As Windows' own library for HTTP does it: one connection, in which all is asked.
#[test]
fn a_beacon_on_one_connection_is_known_though_its_sleeping_was_cut_short() {
    let mut maker = Maker::new(18);
    maker.start("x86_64", "/tmp/a");
    maker.connect(7, 0, "203.0.113.9", 80, 6);
    for n in 0..8 {
        maker.http(n * 50 + 5, ("203.0.113.9", 80), "GET", "203.0.113.9", "/g", "");
        maker.sleep(7, n * 50 + 20, 30);
    }
    let report = report(&SAMPLE, &[maker.seen(Ended::Exited)], RuleSet::built_in());
    let contact = &report.contacts[0];
    let rhythm = contact.rhythm.as_ref().expect("a rhythm");
    assert_eq!((rhythm.period_ms, rhythm.intervals), (30_050, 7), "{rhythm:?}");
    assert_eq!(contact.class, Class::C2);
}

/// The virtual Internet's clock is not the guest's: what it is asked may read as later than the sleep
/// that follows. When the guest sent it tells.
#[test]
fn the_guests_clock_tells_before_which_sleep_it_asked() {
    let mut maker = Maker::new(22);
    maker.start("x86_64", "/tmp/a");
    maker.connect(7, 0, "203.0.113.9", 80, 6);
    let remote = Address::Ip("203.0.113.9:80".parse().expect("an address"));
    for n in 0..8 {
        let at = n * 50;
        let (local, remote) = (Address::None, remote.clone());
        maker.tell(7, at + 2, What::Send { local, remote, protocol: 6, bytes: 99, count: 1 });
        let late = if n % 3 == 1 { 25 } else { 5 };
        maker.http(at + late, ("203.0.113.9", 80), "GET", "203.0.113.9", "/g", "");
        maker.sleep(7, at + 20, 30);
    }
    let report = report(&SAMPLE, &[maker.seen(Ended::Exited)], RuleSet::built_in());
    let rhythm = report.contacts[0].rhythm.as_ref().expect("a rhythm");
    assert_eq!((rhythm.period_ms, rhythm.intervals), (30_050, 7), "{rhythm:?}");
    assert_eq!(report.contacts[0].class, Class::C2);
}

/// A loop that starts a tool each time: its sleep lies between the tools' contacts. What only
/// finds out by a datagram's socket which address it would have has contacted nobody.
#[test]
fn the_sleep_of_a_maker_counts_for_what_it_makes() {
    let mut maker = Maker::new(4);
    maker.start("x86_64", "/tmp/a");
    for number in 0..12 {
        let (pid, at) = (20 + number, 100 + u64::from(number) * 200);
        maker.tell(7, at, What::Fork { child: pid, thread: false });
        maker.connect(pid, at + 5, "198.51.100.9", 443, 17);
        maker.connect(pid, at + 10, "198.51.100.9", 443, 6);
        maker.exit(pid, at + 40, 0);
        maker.tell(7, at + 50, What::Sleep { ns: 5_000_000_000, skipped: true, task: 7 });
    }
    let report = report(&SAMPLE, &[maker.seen(Ended::Exited)], RuleSet::built_in());
    let [contact] = &report.contacts[..] else { panic!("{:#?}", report.contacts) };
    let rhythm = contact.rhythm.as_ref().expect("a rhythm");
    assert_eq!((rhythm.period_ms, rhythm.intervals), (5_200, 11), "{rhythm:?}");
}

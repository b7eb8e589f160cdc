//! What each specimen does, and that its report says so and nothing else.

use super::facts::{facts, require};
use super::guest::{Processor, Run, X86_64};
use ukai_model::{Behaviour, Class, Contact, Ended};

/// What every specimen that looks a name up asks first.
const RESOLVER: &str = "resolver udp 192.168.178.1 53 by";

fn resolver(name: &str) -> String {
    format!("{RESOLVER} /tmp/{name}")
}

fn contact(report: &Behaviour, port: u16) -> &Contact {
    let found = report.contacts.iter().find(|contact| contact.port == port);
    found.unwrap_or_else(|| panic!("port {port} in {:#?}", report.contacts))
}

fn ended(report: &Behaviour, how: Ended) {
    let [run] = &report.runs[..] else { panic!("one run, not {:?}", report.runs) };
    assert_eq!(run.ended, how, "{run:?}");
    assert_eq!(run.reason, None);
}

pub(super) fn fetch(on: Processor, family: &str) {
    let report = Run::of("fetch", on).argument(family).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/fetch exit 0",
            "process > /tmp/second exit 0",
            "file /tmp/fetch started own",
            "file /tmp/second created written started 0755",
            if family == "v6" {
                "name load.example.net AAAA contacted"
            } else {
                "name load.example.net A contacted"
            },
            &resolver("fetch"),
            "distribution tcp load.example.net 80 by /tmp/fetch",
            "drop /tmp/second dropped",
            "rule runs-from-temporary",
            "rule download-and-run",
        ],
    );
    let from = contact(&report, 80);
    assert!(from.confidence >= 90, "{from:?}");
    let v6 = from.addresses.iter().all(std::net::IpAddr::is_ipv6);
    assert_eq!(v6, family == "v6", "{from:?}");
}

pub(super) fn irc(on: Processor) {
    let report = Run::of("irc", on).seconds(25).report();
    ended(&report, Ended::TimeUsed);
    require(
        &report,
        &[
            "process /tmp/irc still there",
            "file /tmp/irc started own",
            "name irc.example.net A contacted",
            &resolver("irc"),
            "c2 tcp irc.example.net 6667 by /tmp/irc",
            "rule runs-from-temporary",
            "rule c2-irc",
        ],
    );
    let said = contact(&report, 6667).said.iter();
    assert!(said.map(ToString::to_string).any(|line| line.contains("#specimens")));
}

pub(super) fn beacon(on: Processor) {
    let report = Run::of("beacon", on).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/beacon exit 0",
            "file /tmp/beacon started own",
            "name home.example.net A contacted",
            &resolver("beacon"),
            "c2 tcp home.example.net 80 by /tmp/beacon",
            "rule runs-from-temporary",
            "rule c2-beacon",
        ],
    );
    is_rhythm(contact(&report, 80), 5_000, 9);
}

/// The requests lie in TLS; each is another process' and another connection.
pub(super) fn https(on: Processor) {
    let report = Run::of("https", on).seconds(90).report();
    ended(&report, Ended::Exited);
    let curls = ["/usr/bin/curl"; 8].join(", ");
    let (resolver, home) = (
        format!("resolver udp 192.168.178.1 53 by {curls}"),
        format!("c2 tcp secure.example.net 443 by {curls}"),
    );
    let mut lines = vec![
        "process /tmp/https exit 0",
        "file /tmp/https started own",
        "name secure.example.net A AAAA contacted",
        // The first of the processes behind them.
        &resolver,
        &home,
        "rule runs-from-temporary",
        "rule shell-loader",
        "rule c2-beacon",
    ];
    lines.extend([BEACON; 12]);
    require(&report, &lines);
    let home = contact(&report, 443);
    assert!(home.protocols.iter().any(|protocol| protocol == "tls"), "{home:?}");
    assert!(home.said.iter().any(|said| said.to_string().contains("/gate")), "{home:?}");
    assert!(!home.ja4.is_empty(), "{home:?}");
    is_rhythm(home, 5_000, 9);
}

const BEACON: &str = "process > /usr/bin/curl exit 0";

pub(super) fn datagrams(on: Processor, family: &str) {
    let report = Run::of("datagrams", on).argument(family).report();
    ended(&report, Ended::Exited);
    let host = if family == "v6" { "2001:db8:77::1" } else { "198.51.100.77" };
    require(
        &report,
        &[
            "process /tmp/datagrams exit 0",
            "file /tmp/datagrams started own",
            &format!("c2 udp {host} 4433 by /tmp/datagrams"),
            "rule runs-from-temporary",
            "rule c2-beacon",
            "rule c2-raw",
        ],
    );
    is_rhythm(contact(&report, 4433), 4_000, 7);
}

/// The period is the specimen's own, though its sleeping was cut short.
fn is_rhythm(contact: &Contact, period_ms: u64, intervals: u64) {
    let rhythm = contact.rhythm.as_ref().unwrap_or_else(|| panic!("no rhythm: {contact:#?}"));
    let near = rhythm.period_ms.abs_diff(period_ms) < period_ms / 5;
    assert!(near && rhythm.intervals >= intervals && rhythm.score >= 75, "{rhythm:?}");
}

pub(super) fn scan(on: Processor) {
    let report = Run::of("scan", on).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/scan exit 0",
            "file /tmp/scan started own",
            "scan tcp-syn 23",
            "rule runs-from-temporary",
            "rule scan",
            "rule scan-telnet",
            "rule default-passwords",
        ],
    );
    let targets = report.attacks[0].targets;
    assert!((280..=360).contains(&targets), "320 addresses, not {targets}");
    let listed = report.contacts.iter().filter(|contact| contact.class == Class::ScanTarget);
    assert!(listed.clone().count() > 0);
    assert!(listed.clone().all(|contact| contact.port == 23), "{:?}", report.contacts);
}

pub(super) fn flood(on: Processor, how: &str) {
    let report = Run::of("flood", on).argument(how).report();
    ended(&report, Ended::Exited);
    let (host, of) = match how {
        "v6" => ("2001:db8:66::1", "udp 80"),
        "syn" => ("192.0.2.66", "tcp-syn 80 forged"),
        _ => ("192.0.2.66", "udp 80"),
    };
    let flood = format!("flood {of}");
    let target = format!("attack-target udp {host} 80 by /tmp/flood");
    let mut lines = vec![
        "process /tmp/flood exit 0",
        "file /tmp/flood started own",
        &flood,
        "rule runs-from-temporary",
    ];
    if how == "syn" {
        lines.extend(["rule flood-syn", "rule forged-sources", "rule raw-socket"]);
    } else {
        lines.extend([&*target, "rule flood-udp"]);
    }
    require(&report, &lines);
    // What is left for a last window may be too little for a flood.
    let attack = &report.attacks[0];
    assert!((5_000..=6_100).contains(&attack.packets), "6,000 packets, not {}", attack.packets);
    assert_eq!(attack.examples, [host]);
}

pub(super) fn drop(on: Processor) {
    let report = Run::of("drop", on).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/drop exit 0",
            "process > /var/tmp/.helper/helper exit 5",
            "file /tmp/drop started own",
            "file /var/tmp/.helper/helper created written started 0755",
            "file /var/tmp/.helper/log created written",
            "hiding hidden-file: /var/tmp/.helper",
            "drop /var/tmp/.helper/helper dropped",
            "drop /var/tmp/.helper/log dropped",
            "rule runs-from-temporary",
            "rule hidden-file",
        ],
    );
    let helper = report.drops.iter().find(|drop| drop.path.to_string().ends_with("helper"));
    // The very bytes of the sample.
    assert_eq!(helper.expect("it came back").sha256, report.sha256);
}

pub(super) fn cron(on: Processor) {
    let report = Run::of("cron", on).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/cron exit 0",
            "file /tmp/cron started own",
            "file /etc/cron.d/specimen created written",
            "file /var/spool/cron/crontabs/root written",
            "persistence cron: /etc/cron.d/specimen",
            "persistence cron: /var/spool/cron/crontabs/root",
            "drop /etc/cron.d/specimen dropped",
            "drop /var/spool/cron/crontabs/root changed",
            "rule runs-from-temporary",
            "rule persistence-cron",
        ],
    );
}

pub(super) fn delete(on: Processor) {
    let report = Run::of("delete", on).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/delete exit 0",
            "process > /tmp/delete exit 0",
            "file /tmp/delete started deleted own",
            "hiding self-deletion: /tmp/delete",
            "rule runs-from-temporary",
            "rule self-deletion",
        ],
    );
}

pub(super) fn rename(on: Processor) {
    let report = Run::of("rename", on).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/rename called kworker/0:1 exit 0",
            "file /tmp/rename started own",
            "hiding process-name: kworker/0:1",
            "rule runs-from-temporary",
            "rule process-name",
            "rule process-name-of-system",
        ],
    );
}

pub(super) fn sleep(on: Processor, how: &str) {
    let report = Run::of("sleep", on).argument(how).seconds(30).report();
    ended(&report, Ended::Exited);
    let slept = if how == "steps" { 60 } else { 600 };
    require(
        &report,
        &[
            "process /tmp/sleep exit 0",
            "file /tmp/sleep started own",
            &format!("evasion long-sleep: {slept} s at once"),
            "c2 tcp 198.51.100.60 4444 by /tmp/sleep",
            "rule runs-from-temporary",
            "rule long-sleep",
            "rule c2-raw",
        ],
    );
    assert_eq!(report.output.as_bytes(), b"slept well\n");
}

pub(super) fn look(on: Processor) {
    let report = Run::of("look", on).report();
    ended(&report, Ended::Exited);
    let mut lines = vec![
        "process /tmp/look exit 0",
        "file /tmp/look started own",
        "evasion hardware-names: /sys/class/dmi/id/sys_vendor",
        "evasion hardware-names: /sys/class/dmi/id/product_name",
        "evasion hardware-names: /sys/class/dmi/id/bios_vendor",
        "evasion network-card: /sys/class/net/eth0/address",
        "evasion uptime: /proc/uptime",
        // It has found nothing.
        "c2 tcp 198.51.100.61 4445 by /tmp/look",
        "rule runs-from-temporary",
        "rule machine-look",
        "rule system-look",
        "rule c2-raw",
    ];
    if on == X86_64 {
        lines.push("evasion processor: /proc/cpuinfo");
    }
    require(&report, &lines);
}

pub(super) fn children(on: Processor) {
    let report = Run::of("children", on).report();
    ended(&report, Ended::Exited);
    let mut lines = vec![
        "process /tmp/children exit 0".to_owned(),
        "file /tmp/children started own".to_owned(),
        "rule runs-from-temporary".to_owned(),
        "rule fork-bomb".to_owned(),
    ];
    lines.extend((0..100).map(|number| format!("process > /tmp/children exit {number}")));
    require(&report, &lines.iter().map(String::as_str).collect::<Vec<_>>());
}

pub(super) fn memory(on: Processor) {
    let report = Run::of("memory", on).report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/memory signal 9",
            "file /tmp/memory started own",
            "rule runs-from-temporary",
        ],
    );
}

pub(super) fn disk(on: Processor) {
    let report = Run::of("memory", on).argument("disk").report();
    ended(&report, Ended::Exited);
    require(
        &report,
        &[
            "process /tmp/memory exit 0",
            "file /tmp/memory started own",
            "file /tmp/full created written",
            "drop /tmp/full dropped",
            "rule runs-from-temporary",
        ],
    );
    let full = &report.drops[0];
    assert!(full.size > 50 << 20 && full.came <= 16 << 20, "{full:?}");
}

pub(super) fn print(on: Processor) {
    let report = Run::of("print", on).seconds(15).report();
    ended(&report, Ended::TimeUsed);
    require(
        &report,
        &[
            "process /tmp/print still there",
            "file /tmp/print started own",
            "rule runs-from-temporary",
        ],
    );
    let output = report.output.as_bytes();
    assert!(output.len() > 1_000 && output.iter().all(|byte| *byte == b'y'), "{}", output.len());
}

/// It can blind the agent, and the guest is its own to break; what it did before is told.
pub(super) fn channel(on: Processor) {
    let report = Run::of("channel", on).seconds(45).report();
    let output = String::from_utf8_lossy(report.output.as_bytes()).into_owned();
    for attempt in ["ports", "memory of process 1", "memory of the machine", "process 1 is gone"] {
        assert!(output.contains(&format!("{attempt}: no\n")), "{output}");
    }
    assert!(output.contains("called before: YES\ncalled after: YES\n"), "{output}");
    ended(&report, Ended::Exited);
    let found = facts(&report);
    for line in [
        "c2 tcp 198.51.100.63 4447 by /tmp/channel",
        "evasion tracing: /tmp/traces",
        "interference mount: /tmp/traces",
    ] {
        assert!(found.iter().any(|found| found == line), "{line} in {found:#?}");
    }
    // Of the second call, only the virtual Internet knows.
    assert_eq!(contact(&report, 4448).conversations, 1);
    // Its words are escaped wherever they are shown.
    let shown = Run::of("channel", on).seconds(45).flag("--trace").output();
    for stream in [shown.stdout, shown.stderr] {
        let odd = stream.iter().find(|byte| **byte < b' ' && **byte != b'\n');
        assert_eq!(odd, None, "{}", String::from_utf8_lossy(&stream).escape_debug());
    }
}

/// The guest is gone, hangs, or the sample's world is: what was seen until then is told, and
/// in time.
pub(super) fn halt(on: Processor, how: &str) {
    let began = std::time::Instant::now();
    let report = Run::of("halt", on).argument(how).seconds(12).report();
    let took = began.elapsed().as_secs();
    let [run] = &report.runs[..] else { panic!("one run, not {:?}", report.runs) };
    match how {
        "panic" | "restart" => assert_eq!(run.ended, Ended::GuestEnded, "{run:?}"),
        "reboot" => assert_eq!(run.ended, Ended::Exited, "{run:?}"),
        // Whether the agent is heard beside a sample that takes all time is up to the kernel.
        _ => assert!(matches!(run.ended, Ended::TimeUsed), "{run:?}"),
    }
    assert!(took < 60, "{took} s");
    let called = contact(&report, 4446);
    assert_eq!((called.class, called.conversations), (Class::C2, 1), "{called:?}");
}

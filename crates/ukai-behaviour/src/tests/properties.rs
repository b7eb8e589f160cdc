//! Any trace and any events: a bounded report without a panic.

use super::make::{Maker, SAMPLE};
use crate::limits::{CONTACTS_MAX, FILES_MAX, FINDINGS_MAX, PROCESSES_MAX, TIMELINE_MAX};
use crate::{RuleSet, report, text};
use proptest::prelude::*;
use std::net::SocketAddr;
use ukai_model::Ended;
use ukai_trace::{Address, Notice, Reason, What};

fn path() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::sample::select(vec![
            &b"/tmp/a"[..],
            b"/etc/crontab",
            b"/proc/1/exe",
            b"/proc/self/status",
            b"",
            b"/",
            b"/dev/watchdog",
            b"/tmp/.x",
            b"/var/log/messages",
            b"*",
            b"/proc/",
        ])
        .prop_map(<[u8]>::to_vec),
    ]
}

fn end() -> impl Strategy<Value = Address> {
    prop_oneof![
        address().prop_map(Address::Ip),
        Just(Address::None),
        Just(Address::Vsock { cid: 2, port: 1 })
    ]
}

fn address() -> impl Strategy<Value = SocketAddr> {
    (any::<[u8; 4]>(), any::<u16>(), any::<bool>()).prop_map(|(v4, port, six)| {
        let v4 = std::net::Ipv4Addr::from(v4);
        if six { SocketAddr::new(v4.to_ipv6_mapped().into(), port) } else { (v4, port).into() }
    })
}

/// A record of a log, of one that is known more often than not.
fn logged() -> impl Strategy<Value = What> {
    let text = prop_oneof![
        path(),
        prop::sample::select(vec![
            &b"ProcessId"[..],
            b"NewProcessId",
            b"NewProcessName",
            b"Image",
            b"TargetObject",
            b"0x7",
            b"7",
            b"1",
            b"HKU\\Run\\x",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    let provider = prop::sample::select(vec![
        &b"Microsoft-Windows-Security-Auditing"[..],
        b"Microsoft-Windows-Sysmon",
        b"Service Control Manager",
        b"",
    ]);
    let id = prop_oneof![
        prop::sample::select(vec![1, 3, 5, 11, 13, 4688, 4689, 4698, 7045]),
        any::<u32>()
    ];
    (provider, id, prop::collection::vec(text, 0..12)).prop_map(|(provider, id, data)| {
        What::Logged {
            channel: b"Log".to_vec(),
            provider: provider.to_vec(),
            id,
            level: 0,
            record: 1,
            computer: vec![],
            user: vec![],
            writer: 0,
            data,
        }
    })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        (0..9_u32, path(), prop::collection::vec(path(), 0..4), any::<bool>()).prop_map(
            |(parent, path, arguments, deleted)| What::Execute {
                parent,
                path,
                arguments,
                environment: vec![],
                folder: vec![],
                deleted,
                interpreter: vec![],
            }
        ),
        (0..9_u32, any::<bool>()).prop_map(|(child, thread)| What::Fork { child, thread }),
        logged(),
        any::<u32>().prop_map(|status| What::Exit { status }),
        path().prop_map(|name| What::Name { name }),
        (path(), any::<u32>(), any::<i32>()).prop_map(|(path, flags, error)| What::Open {
            path,
            flags,
            error
        }),
        path().prop_map(|path| What::Create { path }),
        (path(), any::<u64>()).prop_map(|(path, size)| What::Write { path, size }),
        (path(), path()).prop_map(|(from, to)| What::Rename { from, to }),
        path().prop_map(|path| What::Delete { path }),
        (path(), any::<u32>()).prop_map(|(path, mode)| What::Mode { path, mode }),
        end().prop_map(|local| What::Listen { local }),
        (end(), end(), any::<u8>(), any::<i32>()).prop_map(|(local, remote, protocol, error)| {
            What::Connect { local, remote, protocol, error, task: 7 }
        }),
        (end(), end(), any::<u64>()).prop_map(|(local, remote, bytes)| What::Send {
            local,
            remote,
            protocol: 6,
            bytes,
            count: 1
        }),
        (any::<u32>(), path(), any::<i32>()).prop_map(|(target, name, signal)| What::Kill {
            target,
            name,
            signal
        }),
        (any::<u32>(), any::<u64>()).prop_map(|(target, request)| What::Trace { target, request }),
        (path(), path(), path()).prop_map(|(source, target, kind)| What::Mount {
            source,
            target,
            kind,
            flags: 0
        }),
        (any::<u64>(), any::<u32>()).prop_map(|(ns, task)| What::Sleep { ns, skipped: true, task }),
        any::<u64>().prop_map(|records| What::Lost { records }),
        path().prop_map(|bytes| What::Output { stream: 1, bytes, total: 0 }),
        (any::<u32>(), path(), any::<u64>(), any::<u64>(), path(), any::<bool>()).prop_map(
            |(number, path, size, offset, bytes, last)| What::File {
                number,
                path,
                reason: Reason::Deleted,
                size,
                offset: offset % 3,
                bytes,
                last
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_trace_gives_a_report(
        records in prop::collection::vec((0..9_u32, any::<u64>(), what()), 0..200),
        talks in prop::collection::vec((address(), any::<u32>(), path()), 0..50),
    ) {
        let mut maker = Maker::new(9);
        maker.settings("arm", "/tmp/a");
        for (address, at, payload) in &talks {
            let ip = address.ip().to_string();
            maker.payload(u64::from(*at), &ip, address.port(), payload);
        }
        let mut seen = maker.seen(Ended::TimeUsed);
        seen.notices = records
            .into_iter()
            .map(|(pid, at_ns, what)| Notice { at_ns, pid, what })
            .collect();
        let report = report(&SAMPLE, &[seen.clone(), seen], RuleSet::built_in());
        prop_assert!(report.timeline.len() <= TIMELINE_MAX);
        let told = text(&report);
        prop_assert!(told.chars().all(|c| c == '\n' || !c.is_control()), "{told:?}");
        serde_json::to_string(&report).expect("serialises");
    }
}

#[test]
fn a_trace_that_never_ends_gives_a_bounded_report() {
    let mut maker = Maker::new(9);
    maker.start("arm", "/tmp/a");
    for n in 0..30_000_u32 {
        let at = u64::from(n);
        let path = format!("/tmp/.{n}").into_bytes();
        maker.tell(7, at, What::Create { path: path.clone() });
        maker.tell(7, at, What::Fork { child: 10_000 + n, thread: false });
        maker.tell(
            7,
            at,
            What::Mount { source: path, target: b"/proc/7".to_vec(), kind: vec![], flags: 0 },
        );
        maker.connect(7, at, &format!("20.0.{}.{}", n / 256 % 256, n % 256), (n % 7) as u16, 6);
    }
    let seen = maker.seen(Ended::TimeUsed);
    let report = report(&SAMPLE, &[seen], RuleSet::built_in());
    assert!(report.files.len() <= FILES_MAX && report.findings.len() <= FINDINGS_MAX);
    assert!(report.processes.len() <= PROCESSES_MAX && report.contacts.len() <= CONTACTS_MAX);
    for list in ["files", "findings", "processes", "timeline"] {
        assert!(report.left_out.get(list).is_some_and(|count| *count > 0), "{:?}", report.left_out);
    }
    let size = serde_json::to_vec(&report).expect("serialises").len();
    assert!(size < 8 << 20, "{size}");
}

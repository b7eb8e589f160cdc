//! What records of Windows' event logs mean, by provider and number.

use std::net::SocketAddr;
use ukai_model::FindingKind;

/// A record, as the trace has it. Who wrote it may have been the sample.
#[derive(Clone, Copy)]
pub(super) struct Logged<'a> {
    pub(super) provider: &'a [u8],
    pub(super) id: u32,
    /// Names and texts by turns.
    pub(super) data: &'a [Vec<u8>],
}

/// What it tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Started { pid: u32, parent: u32, path: Vec<u8>, command: Vec<u8> },
    Ended { pid: u32 },
    Connected { pid: u32, protocol: u8, local: SocketAddr, remote: SocketAddr },
    Made { pid: u32, path: Vec<u8> },
    Registry { pid: u32, key: Vec<u8>, name: Vec<u8>, data: Vec<u8> },
    Finding { kind: FindingKind, how: &'static str, detail: Vec<u8> },
    Other,
}

const SECURITY: &str = "Microsoft-Windows-Security-Auditing";
const SYSMON: &str = "Microsoft-Windows-Sysmon";
const TASKS: &str = "Microsoft-Windows-TaskScheduler";
const DEFENDER: &str = "Microsoft-Windows-Windows Defender";
const LOG: &str = "Microsoft-Windows-Eventlog";
const FIREWALL: &str = "Microsoft-Windows-Windows Firewall With Advanced Security";

/// Records that are findings: provider, number, what they are, and which of their texts tell of
/// it, each behind a word; `#3` is the one behind three others, whatever its name.
type Row = (&'static str, u32, FindingKind, &'static str, &'static [(&'static str, &'static str)]);

const FINDINGS: &[Row] = {
    use FindingKind::{Hiding, Interference, Log, Persistence};
    &[
        (
            "Service Control Manager",
            7045,
            Persistence,
            "service",
            &[("", "ServiceName"), ("", "ImagePath"), ("as ", "AccountName")],
        ),
        (
            SECURITY,
            4697,
            Persistence,
            "service",
            &[("", "ServiceName"), ("", "ServiceFileName"), ("as ", "ServiceAccount")],
        ),
        (SECURITY, 4698, Persistence, "scheduled-task", &[("", "TaskName"), ("", "TaskContent")]),
        (
            SECURITY,
            4702,
            Persistence,
            "scheduled-task",
            &[("", "TaskName"), ("", "TaskContentNew")],
        ),
        (TASKS, 106, Persistence, "scheduled-task", &[("", "TaskName")]),
        (TASKS, 140, Persistence, "scheduled-task", &[("", "TaskName")]),
        (TASKS, 200, Log, "task-run", &[("", "TaskName"), ("", "ActionName")]),
        (
            SECURITY,
            4720,
            Persistence,
            "account",
            &[("", "TargetUserName"), ("by ", "SubjectUserName")],
        ),
        (
            SECURITY,
            4732,
            Persistence,
            "account",
            &[("into ", "TargetUserName"), ("", "MemberName"), ("", "MemberSid")],
        ),
        (
            SECURITY,
            4624,
            Log,
            "log-on",
            &[("", "TargetUserName"), ("type ", "LogonType"), ("from ", "IpAddress")],
        ),
        (
            SECURITY,
            4625,
            Log,
            "log-on-failed",
            &[("", "TargetUserName"), ("type ", "LogonType"), ("from ", "IpAddress")],
        ),
        (
            SECURITY,
            4648,
            Log,
            "log-on-as-other",
            &[("", "TargetUserName"), ("at ", "TargetServerName"), ("by ", "ProcessName")],
        ),
        (SECURITY, 4719, Hiding, "audit-policy", &[("by ", "SubjectUserName")]),
        (LOG, 1102, Hiding, "log-cleared", &[("Security by ", "SubjectUserName")]),
        (LOG, 104, Hiding, "log-cleared", &[("", "Channel"), ("by ", "SubjectUserName")]),
        (
            "Microsoft-Windows-PowerShell",
            4104,
            Log,
            "script",
            &[("", "Path"), ("", "ScriptBlockText")],
        ),
        (
            DEFENDER,
            1116,
            Log,
            "defender",
            &[("", "Threat Name"), ("", "Path"), ("by ", "Process Name")],
        ),
        (
            DEFENDER,
            1117,
            Log,
            "defender",
            &[("", "Threat Name"), ("", "Path"), ("", "Action Name")],
        ),
        (DEFENDER, 5001, Interference, "defences-off", &[("real-time protection", "")]),
        (DEFENDER, 5010, Interference, "defences-off", &[("scanning", "")]),
        (DEFENDER, 5012, Interference, "defences-off", &[("scanning for viruses", "")]),
        (DEFENDER, 5007, Log, "defender-settings", &[("", "New Value")]),
        (FIREWALL, 2004, Interference, "firewall", &[("", "RuleName"), ("", "ApplicationPath")]),
        (FIREWALL, 2097, Interference, "firewall", &[("", "RuleName"), ("", "ApplicationPath")]),
        (
            "Microsoft-Windows-WMI-Activity",
            5861,
            Persistence,
            "wmi-subscription",
            &[("", "ESS"), ("", "CONSUMER"), ("", "PossibleCause")],
        ),
        (
            "Microsoft-Windows-WMI-Activity",
            5860,
            Log,
            "wmi",
            &[("", "Query"), ("by process ", "Processid")],
        ),
        (
            "Application Error",
            1000,
            Log,
            "crash",
            &[("", "#0"), ("in ", "#3"), ("exception ", "#6")],
        ),
        ("Application Hang", 1002, Log, "crash", &[("", "#0")]),
        (".NET Runtime", 1026, Log, "crash", &[("", "#0")]),
        ("Microsoft-Windows-Bits-Client", 59, Log, "download", &[("", "url"), ("", "name")]),
        (SYSMON, 2, Hiding, "file-times", &[("", "TargetFilename"), ("by ", "Image")]),
        (SYSMON, 6, Log, "driver", &[("", "ImageLoaded"), ("signed: ", "Signed")]),
        (SYSMON, 8, Interference, "remote-thread", &[("", "SourceImage"), ("in ", "TargetImage")]),
        (SYSMON, 19, Persistence, "wmi-subscription", &[("", "Name"), ("", "Query")]),
        (SYSMON, 20, Persistence, "wmi-subscription", &[("", "Name"), ("", "Destination")]),
        (SYSMON, 21, Persistence, "wmi-subscription", &[("", "Consumer"), ("", "Filter")]),
        (SYSMON, 25, Hiding, "process-replaced", &[("", "Image"), ("", "Type")]),
    ]
};

impl<'a> Logged<'a> {
    fn pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.data.chunks_exact(2).map(|pair| (&pair[0][..], &pair[1][..]))
    }

    /// A text of its data, by name or by place; empty where there is none.
    fn get(&self, name: &str) -> &'a [u8] {
        let place = name.strip_prefix('#').and_then(|place| place.parse().ok());
        let pair = match place {
            Some(place) => self.pairs().nth(place),
            None => self.pairs().find(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes())),
        };
        // Windows writes this for what it does not know.
        pair.map(|(_, text)| text.trim_ascii()).filter(|text| *text != b"-").unwrap_or_default()
    }

    /// Its texts, one after the other.
    pub(super) fn texts(&self) -> Vec<u8> {
        self.pairs().map(|(_, text)| text).collect::<Vec<_>>().join(&b' ')
    }

    /// A number, as Windows writes it in decimal or hexadecimal digits.
    fn number(&self, name: &str) -> Option<u32> {
        let text = str::from_utf8(self.get(name)).ok()?;
        match text.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
    }

    fn end(&self, address: &str, port: &str) -> Option<SocketAddr> {
        let address = str::from_utf8(self.get(address)).ok()?.parse().ok()?;
        Some(SocketAddr::new(address, self.number(port)?.try_into().ok()?))
    }

    /// What it means.
    pub(super) fn meaning(&self) -> Meaning {
        let is = |provider: &str| self.provider.eq_ignore_ascii_case(provider.as_bytes());
        let known = if is(SYSMON) {
            self.of_sysmon()
        } else if is(SECURITY) {
            self.of_security()
        } else {
            None
        };
        let row = || FINDINGS.iter().find(|(provider, id, ..)| *id == self.id && is(provider));
        known.or_else(|| row().map(|row| self.finding(row))).unwrap_or(Meaning::Other)
    }

    fn of_sysmon(&self) -> Option<Meaning> {
        let pid = self.number("ProcessId");
        Some(match self.id {
            1 => Meaning::Started {
                pid: pid?,
                parent: self.number("ParentProcessId").unwrap_or_default(),
                path: self.get("Image").to_vec(),
                command: self.get("CommandLine").to_vec(),
            },
            5 => Meaning::Ended { pid: pid? },
            3 if self.get("Initiated") == b"true" => Meaning::Connected {
                pid: pid?,
                protocol: if self.get("Protocol") == b"udp" {
                    super::super::UDP
                } else {
                    super::super::TCP
                },
                local: self.end("SourceIp", "SourcePort")?,
                remote: self.end("DestinationIp", "DestinationPort")?,
            },
            11 => Meaning::Made { pid: pid?, path: self.get("TargetFilename").to_vec() },
            13 => {
                let target = self.get("TargetObject");
                let at = target.iter().rposition(|byte| *byte == b'\\')?;
                let (key, name) = (target[..at].to_vec(), target[at + 1..].to_vec());
                // The key's own value.
                let name = if name == b"(Default)" { Vec::new() } else { name };
                let (pid, data) = (pid.unwrap_or_default(), self.get("Details").to_vec());
                Meaning::Registry { pid, key, name, data }
            }
            _ => return None,
        })
    }

    fn of_security(&self) -> Option<Meaning> {
        /// Outwards, in messages' numbers.
        const OUT: &[u8] = b"%%14593";
        Some(match self.id {
            4688 => Meaning::Started {
                pid: self.number("NewProcessId")?,
                parent: self.number("ProcessId").unwrap_or_default(),
                path: self.get("NewProcessName").to_vec(),
                command: self.get("CommandLine").to_vec(),
            },
            4689 => Meaning::Ended { pid: self.number("ProcessId")? },
            5156 if self.get("Direction") == OUT => Meaning::Connected {
                pid: self.number("ProcessID")?,
                protocol: self.number("Protocol")?.try_into().ok()?,
                local: self.end("SourceAddress", "SourcePort")?,
                remote: self.end("DestAddress", "DestPort")?,
            },
            _ => return None,
        })
    }

    fn finding(&self, (_, _, kind, how, texts): &Row) -> Meaning {
        let mut parts = Vec::new();
        for (word, name) in *texts {
            let text = self.get(name);
            let content = name.starts_with("TaskContent").then(|| action(text));
            let text = content.as_deref().unwrap_or(text);
            if !text.is_empty() || name.is_empty() {
                parts.push([word.as_bytes(), text].concat());
            }
        }
        Meaning::Finding { kind: *kind, how, detail: parts.join(&b", "[..]) }
    }
}

/// What a task starts, from its XML.
fn action(xml: &[u8]) -> Vec<u8> {
    let xml = String::from_utf8_lossy(xml);
    let of = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
    };
    let parts = [of("Command"), of("Arguments")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{FINDINGS, Logged, Meaning};
    use std::collections::BTreeSet;
    use ukai_model::FindingKind;

    fn meaning(provider: &str, id: u32, data: &[(&str, &str)]) -> Meaning {
        let data: Vec<Vec<u8>> = data
            .iter()
            .flat_map(|(name, text)| [name.as_bytes().to_vec(), text.as_bytes().to_vec()])
            .collect();
        Logged { provider: provider.as_bytes(), id, data: &data }.meaning()
    }

    #[test]
    fn records_are_known_for_what_they_tell() {
        let finding = |kind, how, detail: &str| Meaning::Finding {
            kind,
            how,
            detail: detail.as_bytes().to_vec(),
        };
        let service =
            [("ServiceName", "evil"), ("ImagePath", "C:\\a.exe"), ("AccountName", "LocalSystem")];
        assert_eq!(
            meaning("Service Control Manager", 7045, &service),
            finding(FindingKind::Persistence, "service", "evil, C:\\a.exe, as LocalSystem")
        );
        let task = "<Task><Actions><Exec><Command>C:\\a.exe</Command><Arguments>-x</Arguments></Exec></Actions></Task>";
        assert_eq!(
            meaning(super::SECURITY, 4698, &[("TaskName", "\\t"), ("TaskContent", task)]),
            finding(FindingKind::Persistence, "scheduled-task", "\\t, C:\\a.exe -x")
        );
        let crash = ["a.exe", "1.0", "0", "ntdll.dll", "1", "0", "c0000005"].map(|text| ("", text));
        assert_eq!(
            meaning("Application Error", 1000, &crash),
            finding(FindingKind::Log, "crash", "a.exe, in ntdll.dll, exception c0000005")
        );
        let on = [("TargetUserName", "me"), ("LogonType", "3"), ("IpAddress", "-")];
        assert_eq!(
            meaning(super::SECURITY, 4624, &on),
            finding(FindingKind::Log, "log-on", "me, type 3")
        );
        assert_eq!(
            meaning(super::DEFENDER, 5001, &[]),
            finding(FindingKind::Interference, "defences-off", "real-time protection")
        );
        assert_eq!(meaning("Microsoft-Windows-Kernel-General", 1, &[]), Meaning::Other);
        // Of another provider a number means nothing.
        assert_eq!(meaning("Own", 7045, &service), Meaning::Other);
    }

    #[test]
    fn processes_are_told_by_two() {
        let (path, command) = (b"C:\\a.exe".to_vec(), b"a.exe -x".to_vec());
        let started = Meaning::Started { pid: 0x1a4, parent: 0x58, path, command };
        let audited = [
            ("NewProcessId", "0x1a4"),
            ("NewProcessName", "C:\\a.exe"),
            ("ProcessId", "0x58"),
            ("CommandLine", "a.exe -x"),
        ];
        assert_eq!(meaning(super::SECURITY, 4688, &audited), started);
        let told = [
            ("ProcessId", "420"),
            ("Image", "C:\\a.exe"),
            ("CommandLine", "a.exe -x"),
            ("ParentProcessId", "88"),
        ];
        assert_eq!(meaning(super::SYSMON, 1, &told), started);
        // Without a number it says nothing of a process.
        assert_eq!(meaning(super::SYSMON, 1, &told[1..]), Meaning::Other);
        let connected = [
            ("ProcessId", "420"),
            ("Protocol", "tcp"),
            ("Initiated", "true"),
            ("SourceIp", "192.0.2.1"),
            ("SourcePort", "50000"),
            ("DestinationIp", "2001:db8::1"),
            ("DestinationPort", "443"),
        ];
        let Meaning::Connected { pid, protocol, remote, .. } =
            meaning(super::SYSMON, 3, &connected)
        else {
            panic!("no connection");
        };
        assert_eq!((pid, protocol, remote.to_string().as_str()), (420, 6, "[2001:db8::1]:443"));
        let value =
            [("TargetObject", "HKU\\S-1\\Run\\x"), ("Details", "C:\\a.exe"), ("ProcessId", "420")];
        assert_eq!(
            meaning(super::SYSMON, 13, &value),
            Meaning::Registry {
                pid: 420,
                key: b"HKU\\S-1\\Run".to_vec(),
                name: b"x".to_vec(),
                data: b"C:\\a.exe".to_vec()
            }
        );
    }

    #[test]
    fn no_record_is_in_the_list_twice() {
        let all: BTreeSet<_> = FINDINGS.iter().map(|(provider, id, ..)| (provider, id)).collect();
        assert_eq!(all.len(), FINDINGS.len());
    }
}

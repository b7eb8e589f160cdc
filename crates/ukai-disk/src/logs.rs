//! Windows' event logs: the processes that were started and the services that were installed,
//! where the operator's Windows writes that down.

use crate::limits::EVENTS_MAX;
use evtx::{EvtxParser, ParserSettings};
use serde_json::Value;
use ukai_trace::What;

/// Logs that are read, below `Windows/System32/winevt/Logs`, in lower case.
pub(crate) const LOGS: [&str; 3] =
    ["security.evtx", "microsoft-windows-sysmon%4operational.evtx", "system.evtx"];

/// A process was created, by the audit policy ("Audit Process Creation", event 4688).
const AUDITED: u64 = 4_688;
/// A process was created, by Sysmon (event 1).
const SYSMON: u64 = 1;
/// A service was installed (System, event 7045).
const SERVICE: u64 = 7_045;

/// Tells what a log says of the time from `since_ns` on (nanoseconds since 1970): when, the
/// process, and what it did. `bytes` are the whole log. False: it is no log that can be read.
pub fn started(bytes: Vec<u8>, since_ns: i128, say: &mut dyn FnMut(i128, u32, What)) -> bool {
    let settings = ParserSettings::new().num_threads(1).separate_json_attributes(true);
    let Ok(parser) = EvtxParser::from_buffer(bytes) else { return false };
    let mut parser = parser.with_configuration(settings);
    // A log that was not closed has records that cannot be read.
    let records = parser.records_json_value().flatten();
    let recent = records.filter_map(|record| {
        let time_ns = record.timestamp.as_nanosecond();
        (time_ns >= since_ns).then_some((time_ns, record.data))
    });
    for (time_ns, record) in recent.take(EVENTS_MAX) {
        if let Some((pid, what)) = event(&record) {
            say(time_ns, pid, what);
        }
    }
    true
}

fn event(record: &Value) -> Option<(u32, What)> {
    let event = record.get("Event")?;
    let system = event.get("System")?;
    let data = event.get("EventData")?;
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    match number(system.get("EventID")?)? {
        AUDITED => {
            let path = text("NewProcessName")?;
            let pid = number(data.get("NewProcessId")?)?;
            let parent = data.get("ProcessId").and_then(number).unwrap_or_default();
            execute(pid, parent, path, text("CommandLine"), None)
        }
        // Other providers number their events, too.
        SYSMON if text("Image").is_some() => {
            let path = text("Image")?;
            let pid = number(data.get("ProcessId")?)?;
            let parent = data.get("ParentProcessId").and_then(number).unwrap_or_default();
            execute(pid, parent, path, text("CommandLine"), text("CurrentDirectory"))
        }
        SERVICE => {
            let name = text("ServiceName")?;
            let key = format!("HKLM\\System\\CurrentControlSet\\Services\\{name}");
            let what = What::Registry {
                key: key.into_bytes(),
                name: b"ImagePath".to_vec(),
                data: text("ImagePath").unwrap_or_default().into(),
                deleted: false,
            };
            Some((0, what))
        }
        _ => None,
    }
}

fn execute(
    pid: u64,
    parent: u64,
    path: &str,
    line: Option<&str>,
    folder: Option<&str>,
) -> Option<(u32, What)> {
    let line = line.filter(|line| !line.is_empty()).unwrap_or(path);
    let what = What::Execute {
        parent: u32::try_from(parent).unwrap_or_default(),
        path: path.into(),
        arguments: vec![line.into()],
        environment: Vec::new(),
        folder: folder.unwrap_or_default().into(),
        deleted: false,
        interpreter: Vec::new(),
    };
    Some((u32::try_from(pid).ok()?, what))
}

/// A number as JSON, as text, or as text of hexadecimal digits.
fn number(value: &Value) -> Option<u64> {
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let text = value.as_str()?;
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{event, started};
    use serde_json::json;
    use ukai_trace::What;

    fn of(record: &serde_json::Value) -> (u32, What) {
        event(record).expect("it is known")
    }

    #[test]
    fn processes_and_services_are_told() {
        let (pid, what) = of(&json!({ "Event": { "System": { "EventID": 4688 }, "EventData": {
            "NewProcessId": "0x1a2c", "ProcessId": "0x4d2", "NewProcessName": "C:\\a\\b.exe",
            "CommandLine": "b.exe /q" } } }));
        assert_eq!(pid, 0x1a2c);
        let What::Execute { parent, path, arguments, .. } = what else { panic!("{what:?}") };
        assert_eq!((parent, path), (0x4d2, b"C:\\a\\b.exe".to_vec()));
        assert_eq!(arguments, [b"b.exe /q".to_vec()]);
        let (pid, _) = of(&json!({ "Event": { "System": { "EventID": 1 }, "EventData": {
            "ProcessId": 77, "ParentProcessId": 4, "Image": "C:\\x.exe" } } }));
        assert_eq!(pid, 77);
        let (_, what) = of(&json!({ "Event": { "System": { "EventID": 7045 }, "EventData": {
            "ServiceName": "updater", "ImagePath": "C:\\u.exe" } } }));
        let What::Registry { key, data, .. } = what else { panic!("{what:?}") };
        assert_eq!(key, b"HKLM\\System\\CurrentControlSet\\Services\\updater");
        assert_eq!(data, b"C:\\u.exe");
        let other = json!({ "Event": { "System": { "EventID": 4624 }, "EventData": {} } });
        assert_eq!(event(&other), None);
    }

    #[test]
    fn what_is_no_log_is_told_as_such() {
        assert!(!started(b"not a log".to_vec(), 0, &mut |_, _, _| {}));
    }
}

//! Event logs on a disk of real tools, and what is told of them.

#[path = "../../ukai-evtx/tests/writer/mod.rs"]
#[allow(dead_code, reason = "the writer has more than this needs")]
mod writer;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use ukai_disk::{Cached, Source, Window, compare};
use ukai_trace::{Notice, What};
use writer::{Event, Value, file_time, log};

const BEGAN_S: u64 = 1_767_323_045;
const LOGS: &str = "Windows/System32/winevt/Logs";

struct Image(File);

impl Source for Image {
    fn size(&self) -> u64 {
        self.0.metadata().expect("a size").len()
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}

/// A record, so many seconds after the run's beginning.
fn event(id: u64, after_s: i64, number: u16, data: &[(&str, &str)]) -> Event {
    Event {
        id,
        written: file_time(BEGAN_S.saturating_add_signed(after_s)),
        channel: "Security".into(),
        provider: "Microsoft-Windows-Security-Auditing".into(),
        number,
        computer: "PC".into(),
        process_id: 4,
        data: data
            .iter()
            .map(|(name, text)| ((*name).into(), Value::Text((*text).into())))
            .collect(),
        ..Event::default()
    }
}

/// A disk with ext4 and these files: it has folders, which Debian's tools for NTFS do not make.
fn disk(folder: &Path, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let (disk, root) = (folder.join(name), folder.join(format!("{name}-root")));
    for (path, bytes) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    File::create(&disk).expect("a file").set_len(24 << 20).expect("a size");
    let mut make = Command::new("mkfs.ext4");
    let made = make.args(["-q", "-F", "-d"]).arg(&root).arg(&disk).output();
    let made = made.expect("mkfs.ext4 of e2fsprogs runs");
    assert!(made.status.success(), "{made:?}");
    disk
}

fn told(before: &Path, after: &Path, quiet: &[&str]) -> (Vec<Notice>, Vec<String>) {
    let open = |path: &Path| {
        Window::whole(Cached::new(Box::new(Image(File::open(path).expect("an image")))))
    };
    let quiet: BTreeSet<Vec<u8>> = quiet.iter().map(|path| path.as_bytes().to_vec()).collect();
    let mut found = Vec::new();
    let began_ns = i128::from(BEGAN_S) * 1_000_000_000;
    let notes = compare(&open(before), &open(after), began_ns, &quiet, None, &mut |notice| {
        found.push(notice.clone());
    });
    (found, notes)
}

/// Time in seconds, number of the record, event and first text of each record.
fn records(found: &[Notice]) -> Vec<(u64, u64, u32, String)> {
    let told = |notice: &Notice| {
        let What::Logged { id, record, data, .. } = &notice.what else { return None };
        let text = data.get(1).map(|text| String::from_utf8_lossy(text).into_owned());
        Some((notice.at_ns / 1_000_000_000, *record, *id, text.unwrap_or_default()))
    };
    found.iter().filter_map(told).collect()
}

#[test]
fn records_since_the_beginning_are_told_in_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let old: Vec<Event> = (1..=5).map(|id| event(id, -100, 4_624, &[("User", "old")])).collect();
    let new = [
        // It was in memory when the guest was copied.
        event(6, -50, 4_624, &[("User", "in memory")]),
        event(7, 2, 4_688, &[("NewProcessName", "C:\\a.exe")]),
        // The clock was set back, which does not hide it.
        event(8, -9_000, 1_102, &[("User", "me")]),
    ];
    let security = [&old[..], &new].concat();
    let system = |number: u16| {
        let service = [("ServiceName", "evil")];
        let event = Event { channel: "System".into(), ..event(1, 1, number, &service) };
        log(&[event], true)
    };
    let path = |name: &str| format!("{LOGS}/{name}");
    let security_path = path("Security.evtx");
    let before = disk(
        folder.path(),
        "before",
        &[(&security_path, &log(&old, true)), ("etc/x", b""), (&path("Other.evtx"), b"no log")],
    );
    let copied = log(&security, false);
    let after = disk(
        folder.path(),
        "after",
        &[
            (&security_path, &log(&security, true)),
            (&path("System.evtx"), &system(7_045)),
            ("root/copy.EVTX", &copied),
            ("etc/x", b""),
            (&path("Other.evtx"), b"no log"),
        ],
    );
    let quiet = [format!("/{security_path}"), "/etc/x".into(), format!("/{}", path("Other.evtx"))];
    let quiet: Vec<&str> = quiet.iter().map(String::as_str).collect();
    let (found, notes) = told(&before, &after, &quiet);
    assert_eq!(notes, Vec::<String>::new());
    let expected = [
        (0, 8, 1_102, "me".to_owned()),
        (1, 1, 7_045, "evil".to_owned()),
        (2, 7, 4_688, "C:\\a.exe".to_owned()),
    ];
    assert_eq!(records(&found), expected);
    // All of a record is told.
    let What::Logged { channel, provider, computer, user, writer, level, data, .. } =
        &found[1].what
    else {
        panic!("{found:?}");
    };
    assert_eq!((&channel[..], &computer[..], &user[..]), (&b"System"[..], &b"PC"[..], &b""[..]));
    assert_eq!(provider, b"Microsoft-Windows-Security-Auditing");
    assert_eq!((*writer, *level, data.len()), (4, 0, 2));
    // A log of Windows' own is not handed over as a file as well, a copy is.
    let files: BTreeSet<_> = found
        .iter()
        .filter_map(|notice| match &notice.what {
            What::File { path, .. } => Some(String::from_utf8_lossy(path).into_owned()),
            _ => None,
        })
        .collect();
    assert!(files.contains("/root/copy.EVTX"), "{files:?}");
    assert!(!files.contains(&format!("/{security_path}")), "{files:?}");
    // The same disk twice: nothing is new.
    assert_eq!(records(&told(&after, &after, &[]).0), []);
}

/// A log that was emptied and filled anew has numbers that were there before.
#[test]
fn a_log_that_was_made_anew_is_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = format!("{LOGS}/Security.evtx");
    let old: Vec<Event> = (1..=5).map(|id| event(id, -100, 4_624, &[])).collect();
    let before = disk(folder.path(), "before", &[(&path, &log(&old, false))]);
    let new: Vec<Event> = (1..=2).map(|id| event(id, 3, 4_625, &[])).collect();
    let after = disk(folder.path(), "after", &[(&path, &log(&new, true))]);
    let (found, notes) = told(&before, &after, &[]);
    assert_eq!(records(&found).len(), 2, "{found:?}");
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn what_is_broken_or_too_much_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = format!("{LOGS}/Security.evtx");
    let before = disk(folder.path(), "before", &[("etc/x", b"")]);
    let mut events: Vec<Event> =
        (1..=2_005).map(|id| event(id, 1, 4_624, &[("User", "me")])).collect();
    events.push(event(2_006, 2, 4_688, &[("NewProcessName", "C:\\a.exe")]));
    let mut bytes = log(&events, true);
    // The first record has no document.
    bytes[4_096 + 512 + 24] = 0x7f;
    let after = disk(folder.path(), "after", &[(&path, &bytes), ("etc/x", b"")]);
    let (found, notes) = told(&before, &after, &[]);
    let found = records(&found);
    // So many of one kind, and what is of another all the same.
    assert_eq!(found.len(), 2_001);
    assert_eq!(found.last().map(|record| record.2), Some(4_688));
    let expected = "event logs: 1 records that cannot be read, 1 chunks with a wrong checksum, \
                    4 records left out, for want of room";
    assert_eq!(notes, [expected]);
}

//! The same records by both readers, and what is said of broken logs.

use super::reference::{alike, exported, number};
use super::writer::{Event, Value, file_time, log, sid};
use std::collections::BTreeMap;
use std::path::Path;
use ukai_evtx::{Element, Log, NoLog, Record};

/// What both readers say of a log.
#[derive(Debug, Default)]
struct Compared {
    same: usize,
    /// Both of what is different.
    different: Vec<(Element, Element)>,
    only_theirs: usize,
    only_ours: usize,
    damaged: usize,
}

fn compared(file: &Path) -> Compared {
    let bytes = std::fs::read(file).expect("a file");
    let mut theirs = exported(file);
    let mut log = Log::open(&bytes).expect("a log");
    let mut found = Compared::default();
    for head in log.heads().to_vec() {
        let Ok(event) = log.event(&head) else {
            found.damaged += 1;
            continue;
        };
        match theirs.remove(&number(&event)) {
            None => found.only_ours += 1,
            Some(their) => {
                let (ours, their) = (alike(event), alike(their));
                if ours == their {
                    found.same += 1;
                } else {
                    found.different.push((ours, their));
                }
            }
        }
    }
    found.only_theirs = theirs.len();
    found
}

pub(super) fn event(id: u64, data: &[(&str, Value)]) -> Event {
    Event {
        id,
        written: file_time(1_767_323_045) + id * 10_000,
        channel: "Microsoft-Windows-Sysmon/Operational".into(),
        provider: "Microsoft-Windows-Sysmon".into(),
        number: 1,
        level: 4,
        computer: "DESKTOP-1".into(),
        user: Some(sid(5, &[18])),
        process_id: 2_284,
        data: data.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        own: None,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Records of all shapes and types.
pub(super) fn events() -> Vec<Event> {
    let mut events = vec![
        event(
            7,
            &[
                ("Text", text("C:\\Users\\ukai\\\u{9d5c}\u{98fc}.exe <a> & \"b\"")),
                ("Ansi", Value::Ansi(b"plain".to_vec())),
                // Of negative ones the tool changes a bit (20181227).
                ("Signed", Value::Signed(5)),
                ("Number", Value::Number(u64::MAX)),
                ("Hex", Value::Hex(0x3e7)),
                ("LongHex", Value::LongHex(0x8020_0000_0000_0000)),
                ("Yes", Value::Bool(true)),
                ("No", Value::Bool(false)),
                ("Binary", Value::Binary(vec![0, 1, 0xfe, 0xff])),
                ("Guid", Value::Guid(*b"0123456789abcdef")),
                ("Sid", Value::Sid(sid(5, &[21, 1, 2, 3, 500]))),
                ("Time", Value::FileTime(file_time(951_868_799) + 7)),
                ("System", Value::SystemTime([2024, 2, 4, 29, 23, 59, 58, 7])),
                ("Empty", text("")),
                ("Null", Value::Null),
            ],
        ),
        event(8, &[("", text("of an older program")), ("", text("without names"))]),
        event(9, &[("", Value::Texts(vec!["one".into(), "two".into(), "three".into()]))]),
        event(10, &[("Numbers", Value::Numbers(vec![1, 2, 3]))]),
        event(11, &[]),
    ];
    events.push(Event {
        user: None,
        own: Some("LogFileCleared".into()),
        channel: "Security".into(),
        provider: "Microsoft-Windows-Eventlog".into(),
        number: 1_102,
        ..event(
            12,
            &[("SubjectUserSid", Value::Sid(sid(5, &[18]))), ("SubjectUserName", text("me"))],
        )
    });
    // Until it takes several chunks, with names and templates that are there already.
    for id in 13..900 {
        let line = format!("ping -n {id} 127.0.0.1");
        events.push(event(id, &[("Image", text("PING.EXE")), ("CommandLine", text(&line))]));
    }
    events
}

#[test]
fn what_is_written_is_read_by_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.evtx");
    let events = events();
    for dirty in [false, true] {
        std::fs::write(&file, log(&events, dirty)).expect("a file");
        let found = compared(&file);
        assert_eq!(found.different, [], "dirty: {dirty}");
        let counts = (found.same, found.only_theirs, found.only_ours, found.damaged);
        assert_eq!(counts, (events.len(), 0, 0, 0), "dirty: {dirty}");
    }
}

fn records(bytes: &[u8]) -> Vec<Record> {
    let mut log = Log::open(bytes).expect("a log");
    let heads = log.heads().to_vec();
    heads.iter().map(|head| log.record(head).expect("a record")).collect()
}

#[test]
fn a_record_has_what_windows_says_of_it_and_its_data() {
    let found = records(&log(&events(), true));
    let first = &found[0];
    let pairs: Vec<(&str, &str)> =
        first.data.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let expected = [
        ("Text", "C:\\Users\\ukai\\\u{9d5c}\u{98fc}.exe <a> & \"b\""),
        ("Ansi", "plain"),
        ("Signed", "5"),
        ("Number", "18446744073709551615"),
        ("Hex", "0x3e7"),
        ("LongHex", "0x8020000000000000"),
        ("Yes", "true"),
        ("No", "false"),
        ("Binary", "0001FEFF"),
        ("Guid", "{33323130-3534-3736-3839-616263646566}"),
        ("Sid", "S-1-5-21-1-2-3-500"),
        ("Time", "2000-02-29T23:59:59.000000700Z"),
        ("System", "2024-02-29T23:59:58.007Z"),
        ("Empty", ""),
    ];
    assert_eq!(pairs, expected);
    assert_eq!((first.id, first.event_id, first.level, first.process_id), (7, 1, 4, 2_284));
    assert_eq!(first.written, file_time(1_767_323_045) + 70_000);
    assert_eq!(first.channel, "Microsoft-Windows-Sysmon/Operational");
    assert_eq!(first.provider, "Microsoft-Windows-Sysmon");
    assert_eq!((first.computer.as_str(), first.user.as_deref()), ("DESKTOP-1", Some("S-1-5-18")));
    let of = |number: usize| -> Vec<&str> {
        found[number].data.iter().map(|(_, text)| text.as_str()).collect()
    };
    assert_eq!(of(1), ["of an older program", "without names"]);
    assert_eq!(of(2), ["one", "two", "three"]);
    assert_eq!(of(3), ["1", "2", "3"]);
    assert_eq!(of(4), [""; 0]);
    assert_eq!((found[5].user.as_deref(), found[5].get("SubjectUserName")), (None, Some("me")));
    assert!(found.iter().all(|record| !record.cut));
}

#[test]
fn a_broken_chunk_is_told_and_its_records_are_read() {
    let events = events();
    let mut bytes = log(&events, true);
    let state = Log::open(&bytes).expect("a log").state();
    assert_eq!((state.dirty, state.broken, state.cut), (true, 0, false));
    assert!(state.chunks > 2, "{state:?}");
    // One byte of a text in the second chunk, and a length in the middle of the third.
    let second = 4_096 + 65_536;
    let at = bytes[second..].windows(4).position(|w| w == b"P\0I\0").expect("a text");
    bytes[second + at] = b'p';
    let starts = |bytes: &[u8]| -> Vec<usize> {
        let third = second + 65_536;
        let chunk = &bytes[third..(third + 65_536).min(bytes.len())];
        let found =
            (0..chunk.len() / 8).map(|n| n * 8).filter(|at| chunk[*at..].starts_with(b"**\0\0"));
        found.map(|at| third + at).collect()
    };
    let cut = starts(&bytes)[5];
    bytes[cut + 4] ^= 0xff;
    let mut log = Log::open(&bytes).expect("a log");
    assert_eq!(log.state(), ukai_evtx::State { broken: 2, ..state });
    let heads = log.heads().to_vec();
    assert_eq!(heads.len(), events.len() - 1);
    assert!(heads.iter().all(|head| log.record(head).is_ok()));
    // A file whose end is missing, as of a disk that was not written to the end.
    let half = Log::open(&bytes[..second + 30_000]).expect("a log");
    assert!(half.heads().len() > 100 && half.heads().len() < heads.len());
}

#[test]
fn what_is_no_log_is_told_as_such() {
    for bytes in [Vec::new(), b"ElfFile".to_vec(), b"LfLe".to_vec(), vec![0; 70_000]] {
        assert_eq!(Log::open(&bytes).err(), Some(NoLog));
    }
    let empty = log(&[], false);
    assert_eq!(Log::open(&empty).expect("a log").heads(), []);
}

/// A record whose template asks for its longest value again and again.
#[test]
fn a_record_that_grows_is_cut_or_refused() {
    let long = "x".repeat(25_000);
    let many: Vec<(&str, Value)> = vec![("a", text(&long))];
    let bytes = log(&[event(1, &many)], false);
    let record = &records(&bytes)[0];
    assert_eq!((record.get("a").map(str::len), record.cut), (Some(25_000), false));
    // As bytes it would be written in twice as many characters, and is cut.
    let bytes = log(&[event(1, &[("a", Value::Binary(vec![1; 40_000]))])], false);
    let record = &records(&bytes)[0];
    let most = ukai_evtx::limits::VALUE_BYTES_MAX;
    assert_eq!((record.get("a").map(str::len), record.cut), (Some(most), true));
    // An element for each of 20,000 numbers takes more steps than a record may.
    let numbers = Value::Numbers((0..15_000).collect());
    let bytes = log(&[event(1, &[("a", numbers)]), event(2, &[("a", text("b"))])], false);
    let mut log = Log::open(&bytes).expect("a log");
    let heads = log.heads().to_vec();
    assert!(log.record(&heads[0]).is_err());
    assert_eq!(log.record(&heads[1]).expect("a record").get("a"), Some("b"));
}

/// With real logs by hand: `UKAI_EVTX_LOGS=FOLDER cargo test -p ukai-evtx -- --ignored --nocapture`.
#[test]
#[ignore = "compares logs of one's own, in UKAI_EVTX_LOGS"]
fn logs_of_ones_own_are_read_alike() {
    let folder = std::env::var_os("UKAI_EVTX_LOGS").expect("UKAI_EVTX_LOGS is a folder");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let files: BTreeMap<_, _> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|file| (file.clone(), compared(&file)))
        .collect();
    for (file, found) in &files {
        let Compared { same, different, only_theirs, only_ours, damaged } = found;
        println!(
            "{same:6} the same, {:4} different, {only_theirs:4} only theirs, {only_ours:4} only \
             ours, {damaged:4} damaged: {}",
            different.len(),
            file.display()
        );
        if let Some((ours, theirs)) = different.first() {
            println!("ours:   {ours:?}\ntheirs: {theirs:?}");
        }
    }
    println!("{} the same", files.values().map(|found| found.same).sum::<usize>());
}

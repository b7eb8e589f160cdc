//! Segments and the log over them: torn tails, damage, and what survives it.

use crate::log::SegmentLog;
use crate::seam::{EventLog, Position};
use crate::segment::{FRAME_LEN, HEADER_LEN, Records, header, push_record, read_header};
use bytes::Bytes;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

fn segment(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = header(0).to_vec();
    for payload in payloads {
        push_record(&mut bytes, payload);
    }
    bytes
}

fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, usize, u64) {
    let mut records = Records::new(bytes, HEADER_LEN);
    let payloads = records.by_ref().map(|(_, payload)| payload.to_vec()).collect();
    (payloads, records.valid_end(), records.damaged())
}

proptest! {
    #[test]
    fn what_was_written_is_read(payloads: Vec<Vec<u8>>) {
        let bytes = segment(&payloads);
        prop_assert_eq!(read_all(&bytes), (payloads, bytes.len(), 0));
        prop_assert_eq!(read_header(&bytes), Some(0));
    }

    #[test]
    fn a_cut_costs_only_what_it_cuts(payloads: Vec<Vec<u8>>, cut: prop::sample::Index) {
        let bytes = segment(&payloads);
        let cut = cut.index(bytes.len() - HEADER_LEN + 1) + HEADER_LEN;
        let (read, end, damaged) = read_all(&bytes[..cut]);
        prop_assert_eq!(&read[..], &payloads[..read.len()]);
        prop_assert_eq!(end, segment(&read).len());
        prop_assert!(read.len() == payloads.len() || cut < segment(&payloads[..=read.len()]).len());
        prop_assert_eq!(damaged, 0);
    }

    #[test]
    fn damage_costs_only_the_records_it_hits(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20),
        hit: prop::sample::Index,
        flip in 1u8..,
    ) {
        let mut bytes = segment(&payloads);
        let at = hit.index(bytes.len() - HEADER_LEN) + HEADER_LEN;
        bytes[at] ^= flip;
        let victim = (0..payloads.len()).find(|n| segment(&payloads[..=*n]).len() > at).unwrap();
        let mut expected = payloads;
        expected.remove(victim);
        prop_assert_eq!(read_all(&bytes).0, expected);
    }

    #[test]
    fn garbage_is_read_within_bounds(garbage: Vec<u8>, payload: Vec<u8>) {
        let mut bytes = garbage;
        push_record(&mut bytes, &payload);
        let mut records = Records::new(&bytes, 0);
        let count = records.by_ref().count();
        prop_assert!(count <= bytes.len() / FRAME_LEN);
        prop_assert!(records.valid_end() <= bytes.len());
    }
}

/// A log whose records are `first 0`, `first 1`, ... in segments of ten.
fn write_log(dir: &Path, count: usize) -> Vec<Position> {
    let log = SegmentLog::open(dir, HEADER_LEN as u64 + 10 * 112).unwrap();
    let append = |n: usize| log.append(&[payload(n)]).unwrap()[0];
    (0..count).map(append).collect()
}

fn payload(n: usize) -> Bytes {
    let mut bytes = format!("record {n} ").into_bytes();
    bytes.resize(100, b'.');
    bytes.into()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn reopen(dir: &Path) -> SegmentLog {
    SegmentLog::open(dir, 1 << 20).unwrap()
}

fn all_of(log: &SegmentLog) -> (Vec<Bytes>, u64) {
    let stretch = log.read_from(Position(0), 1_000_000, 1 << 30).unwrap();
    (stretch.records.into_iter().map(|(_, record)| record).collect(), stretch.damaged)
}

#[test]
fn a_torn_tail_is_cut_off_and_written_over() {
    for torn in [1, FRAME_LEN - 1, FRAME_LEN, FRAME_LEN + 50, 111] {
        let dir = tempfile::tempdir().unwrap();
        let positions = write_log(dir.path(), 5);
        let file = files(dir.path()).pop().unwrap();
        let len = fs::metadata(&file).unwrap().len();
        fs::File::options().write(true).open(&file).unwrap().set_len(len - torn as u64).unwrap();
        let log = reopen(dir.path());
        assert_eq!(log.end(), positions[4]);
        assert_eq!(log.read(positions[4]).unwrap(), None);
        assert_eq!(log.append(&[payload(9)]).unwrap(), [positions[4]]);
        assert_eq!(log.read(positions[4]).unwrap(), Some(payload(9)));
        assert_eq!(all_of(&reopen(dir.path())).0.len(), 5);
    }
}

#[test]
fn a_tail_of_zeros_is_a_torn_tail() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), 5);
    let file = files(dir.path()).pop().unwrap();
    let len = fs::metadata(&file).unwrap().len();
    fs::File::options().write(true).open(&file).unwrap().set_len(len + 5_000).unwrap();
    assert_eq!(all_of(&reopen(dir.path())), ((0..5).map(payload).collect(), 0));
    assert_eq!(fs::metadata(&file).unwrap().len(), len);
}

#[test]
fn a_damaged_record_is_reported_and_the_rest_read() {
    let dir = tempfile::tempdir().unwrap();
    let positions = write_log(dir.path(), 35);
    let files = files(dir.path());
    assert_eq!(files.len(), 4);
    // One in a closed segment, one in the middle of the one that is written.
    for (file, record) in [(&files[1], 4), (&files[3], 2)] {
        let mut bytes = fs::read(file).unwrap();
        bytes[HEADER_LEN + record * 112 + 30] ^= 1;
        fs::write(file, bytes).unwrap();
    }
    let log = reopen(dir.path());
    let expected: Vec<Bytes> = (0..35).filter(|n| ![14, 32].contains(n)).map(payload).collect();
    assert_eq!(all_of(&log), (expected, 2));
    assert!(log.read(positions[14]).is_err());
    assert_eq!(log.read(positions[15]).unwrap(), Some(payload(15)));
    assert!(log.append(&[payload(35)]).unwrap()[0] > positions[34]);
}

#[test]
fn a_damaged_length_is_reported_and_the_rest_read() {
    for value in [0u32, 1, 99, 101, 4 << 20, u32::MAX] {
        let dir = tempfile::tempdir().unwrap();
        write_log(dir.path(), 15);
        let file = &files(dir.path())[0];
        let mut bytes = fs::read(file).unwrap();
        let at = HEADER_LEN + 3 * 112 + 4;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        fs::write(file, bytes).unwrap();
        let (records, damaged) = all_of(&reopen(dir.path()));
        assert_eq!((records.len(), damaged), (14, 1), "length {value}");
    }
}

#[test]
fn a_lost_segment_costs_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let positions = write_log(dir.path(), 35);
    fs::remove_file(&files(dir.path())[1]).unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let log = reopen(dir.path());
    assert_eq!(log.read(positions[12]).unwrap(), None);
    let expected: Vec<Bytes> = (0..10).chain(20..35).map(payload).collect();
    assert_eq!(all_of(&log).0, expected);
}

#[test]
fn an_empty_or_headless_last_segment_is_made_anew() {
    for content in [&b""[..], b"UKAI", &header(1136)[..]] {
        let dir = tempfile::tempdir().unwrap();
        let positions = write_log(dir.path(), 10);
        let end = positions[9].0 + 112;
        fs::write(dir.path().join(format!("{end:016x}.seg")), content).unwrap();
        let log = reopen(dir.path());
        let next = log.append(&[payload(10)]).unwrap()[0];
        assert_eq!(log.read(next).unwrap(), Some(payload(10)));
        assert_eq!(all_of(&reopen(dir.path())).0.len(), 11);
    }
}

#[test]
fn an_interrupted_roll_over_leaves_no_gap_for_readers() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), 10);
    let log = SegmentLog::open(dir.path(), HEADER_LEN as u64 + 10 * 112).unwrap();
    let before = log.end();
    log.append(&[payload(10)]).unwrap();
    let stretch = log.read_from(before, 10, 1 << 20).unwrap();
    assert_eq!(stretch.records.len(), 1);
    assert_eq!(stretch.next, log.end());
}

#[test]
fn only_we_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let log_dir = dir.path().join("log");
    write_log(&log_dir, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&log_dir), mode(&files(&log_dir)[0])), (0o700, 0o600));
}

fn seal_all(log: &SegmentLog, closing: bool) -> usize {
    let mut sealed = 0;
    while log.seal(closing).unwrap() {
        sealed += 1;
    }
    sealed
}

#[test]
fn a_sealed_log_reads_as_before_and_is_smaller() {
    let dir = tempfile::tempdir().unwrap();
    let positions = write_log(dir.path(), 95);
    let log = SegmentLog::open(dir.path(), HEADER_LEN as u64 + 10 * 112).unwrap();
    let before = log.used_bytes();
    assert_eq!(seal_all(&log, false), 9, "all but the one that is written");
    assert!(log.used_bytes() < before / 3, "{} of {before}", log.used_bytes());
    for log in [log, reopen(dir.path())] {
        assert_eq!(all_of(&log), ((0..95).map(payload).collect(), 0));
        for (n, position) in positions.iter().enumerate() {
            assert_eq!(log.read(*position).unwrap(), Some(payload(n)));
        }
    }
    let log = reopen(dir.path());
    let next = log.append(&[payload(95)]).unwrap()[0];
    assert_eq!(next.0, positions[94].0 + 112, "the one that is written goes on");
    while log.drop_oldest().unwrap() {}
    assert_eq!(files(dir.path()).len(), 1);
    assert_eq!(log.read(positions[89]).unwrap(), None);
}

#[test]
fn records_over_many_blocks_are_sealed_whole() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(dir.path(), 1 << 20).unwrap();
    let records: Vec<Bytes> = (0..60u64)
        .map(|n| Bytes::from(super::make::noise(n, 10_000 + (n as usize * 7_919) % 90_000)))
        .collect();
    let positions: Vec<Position> =
        records.iter().map(|r| log.append(std::slice::from_ref(r)).unwrap()[0]).collect();
    assert!(seal_all(&log, true) > 2);
    let reopened = reopen(dir.path());
    for log in [&log, &reopened] {
        for (position, record) in positions.iter().zip(&records) {
            assert_eq!(log.read(*position).unwrap().as_ref(), Some(record));
        }
        assert_eq!(all_of(log), (records.clone(), 0));
    }
    let next = reopened.append(&records[..1]).unwrap()[0];
    assert!(next > positions[59]);
    assert_eq!(reopened.read(next).unwrap().as_ref(), Some(&records[0]));
}

#[test]
fn a_crash_while_sealing_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), 25);
    let raw = files(dir.path())[0].clone();
    let copy = fs::read(&raw).unwrap();
    // Before the new file has its name.
    fs::write(raw.with_extension("unfinished"), "half").unwrap();
    assert_eq!(all_of(&reopen(dir.path())).0.len(), 25);
    assert_eq!(files(dir.path()).len(), 3);
    // After, and before the old one is gone.
    assert_eq!(seal_all(&reopen(dir.path()), false), 2);
    fs::write(&raw, copy).unwrap();
    assert_eq!(all_of(&reopen(dir.path())), ((0..25).map(payload).collect(), 0));
    assert!(!raw.exists());
}

#[test]
fn damage_in_a_sealed_segment_costs_its_block() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(dir.path(), 1 << 20).unwrap();
    let records: Vec<Bytes> = (0..90).map(|n| Bytes::from(super::make::noise(n, 10_000))).collect();
    for record in &records {
        log.append(std::slice::from_ref(record)).unwrap();
    }
    seal_all(&log, true);
    let file = &files(dir.path())[0];
    let sound = fs::read(file).unwrap();
    // In the third of seven blocks of 128 KiB.
    let mut bytes = sound.clone();
    bytes[300_000] ^= 1;
    fs::write(file, &bytes).unwrap();
    let (read, damaged) = all_of(&reopen(dir.path()));
    assert_eq!(damaged, 1);
    assert!((74..78).contains(&read.len()), "{}", read.len());
    assert!(read.iter().all(|record| records.contains(record)));
    // In the table: the segment is lost and nothing else.
    let mut bytes = sound;
    let at = bytes.len() - 20;
    bytes[at] ^= 1;
    fs::write(file, &bytes).unwrap();
    let log = reopen(dir.path());
    log.append(&records[..1]).unwrap();
    assert_eq!(all_of(&log), (vec![records[0].clone()], 1));
}

//! Logs and samples.

use super::Engine;
use crate::cart;
use crate::seam::Position;
use crate::tests::make::at;
use bytes::Bytes;
use ukai_model::Sha256;

pub(super) fn a_log_gives_back_what_it_took(engine: &Engine) {
    let records: Vec<Bytes> = (0..200u32).map(|n| Bytes::from(format!("record {n}"))).collect();
    let mut positions = engine.log.append(&records[..1]).unwrap();
    positions.extend(engine.log.append(&records[1..90]).unwrap());
    positions.extend(engine.log.append(&records[90..]).unwrap());
    assert_eq!(engine.log.append(&[]).unwrap(), []);
    assert!(positions.is_sorted());
    for (position, record) in positions.iter().zip(&records) {
        assert_eq!(engine.log.read(*position).unwrap().as_ref(), Some(record));
    }
    assert_eq!(engine.log.read(engine.log.end()).unwrap(), None);
    assert!(engine.log.used_bytes() > 0);
}

pub(super) fn a_log_is_read_in_stretches(engine: &Engine) {
    assert!(engine.log.read_from(Position(0), 10, 10).unwrap().records.is_empty());
    let records: Vec<Bytes> = (0..300u32).map(|n| Bytes::from(format!("record {n}"))).collect();
    for some in records.chunks(7) {
        engine.log.append(some).unwrap();
    }
    for (records_max, bytes_max) in [(1, 1 << 20), (7, 40), (1_000, 1), (1_000, 1 << 20)] {
        let (mut at, mut read) = (Position(0), Vec::new());
        loop {
            let stretch = engine.log.read_from(at, records_max, bytes_max).unwrap();
            assert!(stretch.records.len() <= records_max);
            assert_eq!(stretch.damaged, 0);
            if stretch.records.is_empty() {
                break;
            }
            at = stretch.next;
            read.extend(stretch.records.into_iter().map(|(_, record)| record));
        }
        assert_eq!(read, records);
        assert_eq!(at, engine.log.end());
    }
}

pub(super) fn a_log_drops_its_oldest_part_and_keeps_positions(engine: &Engine) {
    let records: Vec<Bytes> = (0..100u8).map(|n| Bytes::from(vec![n; 100])).collect();
    let mut positions = Vec::new();
    for record in &records {
        positions.extend(engine.log.append(std::slice::from_ref(record)).unwrap());
    }
    let used = engine.log.used_bytes();
    assert!(engine.log.drop_oldest().unwrap());
    let dropped = positions.iter().filter(|at| **at < engine.log.start()).count();
    assert!((1..50).contains(&dropped), "{dropped}");
    assert!(engine.log.used_bytes() < used);
    for (n, (position, record)) in positions.iter().zip(&records).enumerate() {
        let expected = (n >= dropped).then_some(record);
        assert_eq!(engine.log.read(*position).unwrap().as_ref(), expected);
    }
    let stretch = engine.log.read_from(Position(0), 1, 1).unwrap();
    assert_eq!(stretch.records[0].0, positions[dropped]);
    while engine.log.drop_oldest().unwrap() {}
    let end = engine.log.end();
    assert!(engine.log.append(&records[..1]).unwrap()[0] >= end);
}

pub(super) fn a_log_can_be_advanced(engine: &Engine) {
    let first = engine.log.append(&[Bytes::from_static(b"one")]).unwrap()[0];
    engine.log.advance_to(Position(5_000)).unwrap();
    engine.log.advance_to(Position(10)).unwrap();
    let second = engine.log.append(&[Bytes::from_static(b"two")]).unwrap()[0];
    assert!(second >= Position(5_000));
    assert_eq!(engine.log.read(first).unwrap().as_deref(), Some(&b"one"[..]));
    let stretch = engine.log.read_from(Position(0), 10, 1 << 20).unwrap();
    assert_eq!(stretch.records.len(), 2);
}

pub(super) fn a_sample_is_kept_once_and_removed_for_good(engine: &Engine) {
    let sha256 = Sha256::of(b"sample");
    let container = cart::pack(b"sample", &cart::Metadata::new());
    assert!(!engine.samples.contains(&sha256).unwrap());
    assert_eq!(engine.samples.container(&sha256).unwrap(), None);
    for _ in 0..2 {
        engine.samples.put(&sha256, &container).unwrap();
        assert!(engine.samples.contains(&sha256).unwrap());
        assert_eq!(engine.samples.container(&sha256).unwrap().as_deref(), Some(&container[..]));
    }
    engine.samples.remove(&sha256).unwrap();
    engine.samples.remove(&sha256).unwrap();
    assert_eq!(engine.samples.container(&sha256).unwrap(), None);

    engine.catalog.sample_stored(&sha256, 6, 100, at(0)).unwrap();
    engine.catalog.sample_stored(&sha256, 6, 120, at(1)).unwrap();
    assert_eq!(engine.catalog.samples_bytes().unwrap(), 120);
    assert_eq!(engine.catalog.oldest_samples(9).unwrap(), [(sha256, 120)]);
    assert!(engine.catalog.sample(&sha256).unwrap().unwrap().stored);
    engine.catalog.sample_gone(&sha256).unwrap();
    assert_eq!(engine.catalog.samples_bytes().unwrap(), 0);
    assert!(engine.catalog.oldest_samples(9).unwrap().is_empty());
    assert!(!engine.catalog.sample(&sha256).unwrap().unwrap().stored);
}

//! Any bytes are a log or none, within bounds and without a panic.

use super::logs::events;
use super::writer::log;
use proptest::prelude::*;
use std::sync::LazyLock;
use ukai_evtx::Log;
use ukai_evtx::limits::{PAIRS_MAX, RECORD_BYTES_MAX};

static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| log(&events()[..12], true));

/// Reads all of it. How many records there were.
fn read(bytes: &[u8]) -> usize {
    let Ok(mut log) = Log::open(bytes) else { return 0 };
    let heads = log.heads().to_vec();
    for head in &heads {
        let Ok(record) = log.record(head) else { continue };
        let texts = record.data.iter().map(|(_, text)| text.len()).sum::<usize>();
        assert!(texts <= RECORD_BYTES_MAX && record.data.len() <= PAIRS_MAX);
    }
    heads.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_behind_a_beginning(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        read(&[&SMALL[..4_096 + 512], &bytes].concat());
        read(&bytes);
    }

    #[test]
    fn a_log_with_changed_bytes(
        changes in proptest::collection::vec((4_096_usize..4_096 + 8_000, any::<u8>()), 1..12),
        end in 4_096_usize..4_096 + 70_000,
    ) {
        let mut bytes = SMALL.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        read(&bytes);
        read(&bytes[..end.min(bytes.len())]);
    }

    /// Places and lengths are what leads astray.
    #[test]
    fn a_log_with_changed_numbers(
        changes in proptest::collection::vec((600_usize..7_000, 0_u32..8_000), 1..20),
    ) {
        let mut bytes = SMALL.clone();
        for (at, number) in changes {
            bytes[4_096 + at..4_096 + at + 4].copy_from_slice(&number.to_le_bytes());
        }
        read(&bytes);
    }
}

#[test]
fn the_log_that_is_changed_is_one() {
    assert_eq!(read(&SMALL), 12);
}

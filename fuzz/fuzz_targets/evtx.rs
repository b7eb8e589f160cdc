//! An event log of any bytes: as a file, and as the records of one chunk. Whatever it says, it ends
//! within its steps, and what comes of it is within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_evtx::Log;
use ukai_evtx::limits::{PAIRS_MAX, RECORD_BYTES_MAX};

fn read(bytes: &[u8]) {
    let Ok(mut log) = Log::open(bytes) else { return };
    let heads = log.heads().to_vec();
    for head in &heads {
        if let Ok(record) = log.record(head) {
            let texts: usize = record.data.iter().map(|(_, text)| text.len()).sum();
            assert!(texts <= RECORD_BYTES_MAX && record.data.len() <= PAIRS_MAX);
        }
    }
}

/// A log with one chunk, in which these bytes are the document of the only record.
fn of_document(document: &[u8]) -> Vec<u8> {
    let document = &document[..document.len().min(60_000)];
    let mut file = vec![0; 4_096 + 512];
    file[..8].copy_from_slice(b"ElfFile\0");
    file[4_096..4_104].copy_from_slice(b"ElfChnk\0");
    let length = (28 + document.len()) as u32;
    file.extend(0x2a2a_u32.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.extend([0; 16]);
    file.extend(document);
    file.extend(length.to_le_bytes());
    file
}

fuzz_target!(|data: &[u8]| {
    read(data);
    read(&of_document(data));
});

//! What the records of the logs hold: events as JSON, recordings as zstd.

use crate::StoreError;
use crate::limits::{RECORD_BYTES_MAX, RECORDING_BYTES_MAX};
use bytes::Bytes;
use std::cell::RefCell;
use ukai_model::{Event, SessionId};
use zstd::bulk::{Compressor, Decompressor};

/// zstd level: recordings come by the thousand per second.
const RECORDING_LEVEL: i32 = 1;

/// An event as the log keeps it.
pub(crate) fn encode_event(event: &Event) -> Result<Bytes, StoreError> {
    let json = serde_json::to_vec(event).map_err(|error| {
        StoreError::BadQuery(format!("the event cannot be serialised: {error}"))
    })?;
    checked("event", json)
}

/// An event as the log kept it.
pub(crate) fn decode_event(record: &[u8]) -> Result<Event, StoreError> {
    serde_json::from_slice(record)
        .map_err(|error| StoreError::damaged("an event record", error.to_string()))
}

/// A recording as the log keeps it: the session's identity, then zstd.
pub(crate) fn pack_recording(session: SessionId, asciicast: &[u8]) -> Result<Bytes, StoreError> {
    thread_local! {
        // A context is much dearer than a small recording.
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    if asciicast.len() > RECORDING_BYTES_MAX {
        return Err(StoreError::TooLarge {
            what: "a recording",
            size: asciicast.len() as u64,
            limit: RECORDING_BYTES_MAX as u64,
        });
    }
    let packed = COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::new(RECORDING_LEVEL)?),
        };
        compressor.compress(asciicast)
    });
    let packed = packed.map_err(|error| StoreError::damaged("a recording", error.to_string()))?;
    let mut record = Vec::with_capacity(16 + packed.len());
    record.extend_from_slice(session.as_bytes());
    record.extend_from_slice(&packed);
    checked("recording", record)
}

/// A recording as the log kept it; an error if it is another session's.
pub(crate) fn unpack_recording(session: SessionId, record: &[u8]) -> Result<Vec<u8>, StoreError> {
    let damaged =
        |detail: String| StoreError::damaged(format!("the recording of {session}"), detail);
    let Some((owner, packed)) = record.split_at_checked(16) else {
        return Err(damaged("too short".into()));
    };
    if owner != session.as_bytes() {
        return Err(damaged("it belongs to another session".into()));
    }
    Decompressor::new()
        .and_then(|mut d| d.decompress(packed, RECORDING_BYTES_MAX.min(capacity(packed))))
        .map_err(|error| damaged(error.to_string()))
}

/// Room for the unpacked form: what the frame says, within the limit.
fn capacity(packed: &[u8]) -> usize {
    zstd::zstd_safe::get_frame_content_size(packed)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(RECORDING_BYTES_MAX)
}

fn checked(what: &'static str, record: Vec<u8>) -> Result<Bytes, StoreError> {
    if record.len() > RECORD_BYTES_MAX {
        return Err(StoreError::TooLarge {
            what,
            size: record.len() as u64,
            limit: RECORD_BYTES_MAX as u64,
        });
    }
    Ok(record.into())
}

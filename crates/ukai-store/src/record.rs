//! What the records of the logs hold: events as JSON, recordings plain or as zstd.

use crate::StoreError;
use crate::limits::{RECORD_BYTES_MAX, RECORDING_BYTES_MAX, RECORDING_PLAIN_BYTES_MAX};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::io;
use std::path::Path;
use ukai_model::{Event, SessionId};
use zstd::bulk::{Compressor, Decompressor};

/// zstd level: recordings come by the thousand per second.
const ZSTD_LEVEL: i32 = 1;

/// Largest recording or value unpacked, in bytes.
const UNPACKED_BYTES_MAX: usize = RECORDING_BYTES_MAX;

/// An event as the log keeps it.
pub(crate) fn encode_event(event: &Event) -> Result<Bytes, StoreError> {
    let json = serde_json::to_vec(event).map_err(|error| {
        StoreError::BadQuery(format!("the event cannot be serialised: {error}"))
    })?;
    checked("an event", json)
}

/// An event as the log kept it.
pub(crate) fn decode_event(record: &[u8]) -> Result<Event, StoreError> {
    serde_json::from_slice(record)
        .map_err(|error| StoreError::damaged("an event record", error.to_string()))
}

/// The first bytes of a zstd frame (RFC 8878, 3.1.1). No asciicast begins so.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A recording as the log keeps it: the session's identity, then zstd; a short one plain,
/// to be packed with its neighbours when the segment is sealed.
pub(crate) fn pack_recording(session: SessionId, asciicast: &[u8]) -> Result<Bytes, StoreError> {
    if asciicast.len() > RECORDING_BYTES_MAX {
        return Err(StoreError::TooLarge {
            what: "a recording",
            size: asciicast.len() as u64,
            limit: RECORDING_BYTES_MAX as u64,
        });
    }
    let mut record = session.as_bytes().to_vec();
    if asciicast.len() <= RECORDING_PLAIN_BYTES_MAX && !asciicast.starts_with(&ZSTD_MAGIC) {
        record.extend_from_slice(asciicast);
    } else {
        record.extend_from_slice(&compress(asciicast)?);
    }
    checked("a recording", record)
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
    if !packed.starts_with(&ZSTD_MAGIC) {
        return Ok(packed.to_vec());
    }
    decompress(packed).map_err(|error| damaged(error.to_string()))
}

/// A value as the catalogue keeps it: JSON, zstd.
pub(crate) fn pack_json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(value)
        .map_err(|error| StoreError::BadQuery(format!("this cannot be serialised: {error}")))?;
    compress(&json)
}

/// A value as the catalogue kept it.
pub(crate) fn unpack_json<T: DeserializeOwned>(what: &str, packed: &[u8]) -> Result<T, StoreError> {
    let json = decompress(packed).map_err(|error| StoreError::damaged(what, error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| StoreError::damaged(what, error.to_string()))
}

pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    thread_local! {
        // A context is much dearer than a small recording.
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR
        .with_borrow_mut(|slot| {
            let compressor = match slot {
                Some(compressor) => compressor,
                None => slot.insert(Compressor::new(ZSTD_LEVEL)?),
            };
            compressor.compress(bytes)
        })
        .map_err(StoreError::io(Path::new("zstd")))
}

pub(crate) fn decompress(packed: &[u8]) -> io::Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    let room = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(UNPACKED_BYTES_MAX);
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(Decompressor::new()?),
        };
        decompressor.decompress(packed, room.min(UNPACKED_BYTES_MAX))
    })
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

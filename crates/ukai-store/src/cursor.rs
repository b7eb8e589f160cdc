//! Opaque cursors for keyset pagination, and page sizes.

use crate::StoreError;
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};

/// The number of entries that a query gets.
pub(crate) fn page_size(limit: Option<u32>) -> u32 {
    limit.filter(|&limit| limit > 0).unwrap_or(PAGE_DEFAULT).min(PAGE_MAX)
}

/// The cursor that names a key.
pub(crate) fn encode(key: &[u8]) -> String {
    hex::encode(key)
}

/// The key that a cursor names; `N` is its length.
pub(crate) fn decode<const N: usize>(cursor: Option<&str>) -> Result<Option<[u8; N]>, StoreError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    let mut key = [0; N];
    hex::decode_to_slice(cursor, &mut key).map_err(|_| {
        StoreError::BadQuery(
            "this cursor is not one of ours: use `next` of the previous page".into(),
        )
    })?;
    Ok(Some(key))
}

/// A key that sorts by time, then by name.
pub(crate) fn time_key<const N: usize>(time: u64, name: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    key[..8].copy_from_slice(&time.to_be_bytes());
    key[8..].copy_from_slice(&name[..N - 8]);
    key
}

/// The time in a [`time_key`].
pub(crate) fn key_time(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&key[..8]);
    u64::from_be_bytes(bytes)
}

/// The smallest UUIDv7 of a time: bounds ranges of identities.
pub(crate) fn uuid_floor(millis: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.min((1 << 48) - 1).to_be_bytes()[2..]);
    bytes
}

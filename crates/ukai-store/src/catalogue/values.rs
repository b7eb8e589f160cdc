//! Between the model's types and SQLite's.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ukai_model::{EventId, IndicatorId, PeerText, SessionId, Sha256, Timestamp};

/// An unsigned number as SQLite has it; what is over its range becomes its largest.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A time as SQLite has it.
pub(super) fn time(value: Timestamp) -> i64 {
    int(value.nanos())
}

/// An address: 4 or 16 bytes.
pub(super) struct Ip(pub(super) IpAddr);

impl ToSql for Ip {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            IpAddr::V4(ip) => ip.octets().to_vec().into(),
            IpAddr::V6(ip) => ip.octets().to_vec().into(),
        })
    }
}

impl FromSql for Ip {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
            return Ok(Self(Ipv4Addr::from(octets).into()));
        }
        match <[u8; 16]>::try_from(bytes) {
            Ok(octets) => Ok(Self(Ipv6Addr::from(octets).into())),
            Err(_) => {
                Err(FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: bytes.len() })
            }
        }
    }
}

/// A time read back.
pub(super) struct Time(pub(super) Timestamp);

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u64::column_result(value).map(|nanos| Self(Timestamp::from_nanos(nanos)))
    }
}

/// A fixed number of bytes read back.
pub(super) struct Fixed<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> FromSql for Fixed<N> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; N]>::column_result(value).map(Self)
    }
}

impl From<Fixed<16>> for EventId {
    fn from(bytes: Fixed<16>) -> Self {
        Self::from_bytes(bytes.0)
    }
}

impl From<Fixed<16>> for SessionId {
    fn from(bytes: Fixed<16>) -> Self {
        Self::from_bytes(bytes.0)
    }
}

impl From<Fixed<32>> for Sha256 {
    fn from(bytes: Fixed<32>) -> Self {
        Self::from_bytes(bytes.0)
    }
}

/// Identities as bytes for a statement.
pub(super) fn id_bytes(id: &IndicatorId) -> &[u8] {
    id.as_bytes()
}

/// An enum without fields as its serialised name.
pub(super) fn name_of<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// An enum without fields from its serialised name.
pub(super) struct Named<T>(pub(super) T);

impl<T: for<'de> Deserialize<'de> + DeserializeOwned> FromSql for Named<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        let read: Result<T, value::Error> = T::deserialize(name.into_deserializer());
        read.map(Self).map_err(FromSqlError::other)
    }
}

/// A peer's text, escaped.
pub(super) struct Escaped(pub(super) PeerText);

impl FromSql for Escaped {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(|text| Self(PeerText::parse(text)))
    }
}

/// Peers' texts, escaped, one a line: the escaped form has no line breaks.
pub(super) fn lines_of(texts: &[PeerText]) -> String {
    texts.iter().map(PeerText::escaped).collect::<Vec<_>>().join("\n")
}

/// Peers' texts read back.
pub(super) struct Lines(pub(super) Vec<PeerText>);

impl FromSql for Lines {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(|text| Self(text.lines().map(PeerText::parse).collect()))
    }
}

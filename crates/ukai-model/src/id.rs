//! Identities: events, sessions, sensors.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! uuid_v7 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid")]
        pub struct $name(Uuid);

        impl $name {
            /// A new identity (UUIDv7, RFC 9562): sorts by `time` to a quarter of a
            /// microsecond (§6.2, method 3), so that what happens in one millisecond keeps
            /// its order; `random` must come from a generator whose output a peer cannot
            /// foresee.
            pub fn new(time: Timestamp, random: u128) -> Self {
                let fraction = (time.nanos() % 1_000_000) * 4_096 / 1_000_000;
                let random = (random >> 64) as u64 ^ random as u64;
                let mut tail = [0; 10];
                tail[..2].copy_from_slice(&(fraction as u16).to_be_bytes());
                tail[2..].copy_from_slice(&random.to_be_bytes());
                Self(uuid::Builder::from_unix_timestamp_millis(time.millis(), &tail).into_uuid())
            }

            /// The 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From 16 bytes, as read back from a store.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_v7! {
    /// The identity of one event.
    EventId
}
uuid_v7! {
    /// The identity of one flow and of the session understood in it.
    SessionId
}

/// The identity of a sensor: a short name given by the operator, `[a-z0-9._-]`,
/// 1 to 64 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub struct SensorId(std::sync::Arc<str>);

impl SensorId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SensorId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-".contains(&c);
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(format!("\"{}\" is no sensor name: 1 to 64 of a-z 0-9 . _ -", text.escape_debug()))
        }
    }
}

impl TryFrom<String> for SensorId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<SensorId> for String {
    fn from(id: SensorId) -> Self {
        id.0.to_string()
    }
}

impl fmt::Display for SensorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SensorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EventId;
    use crate::{Duration, Timestamp};

    #[test]
    fn identities_sort_by_time_within_a_millisecond() {
        let start = Timestamp::from_secs(1_700_000_000);
        let ids: Vec<EventId> = (0..2_000)
            .map(|micros| {
                EventId::new(start + Duration::from_micros(micros), u128::MAX - u128::from(micros))
            })
            .collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(&ids[0].to_string()[14..15], "7");
    }
}

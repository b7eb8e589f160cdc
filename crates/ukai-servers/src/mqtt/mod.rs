//! MQTT 3.1, 3.1.1 and 5.0 (OASIS standards of 2014 and 2019) as a broker that takes
//! everybody: what is published is recorded, kept if it is to be retained, and given to
//! the same client where it has subscribed to it. Other clients are not known to a session.
//!
//! What the broker says of itself is Mosquitto 2.0's (Debian 12).
//!
//! The codec is ours: what crates.io has either knows no 3.1 (`MQIsdp`, which many bots and
//! meters speak) or is not kept any more.

mod packet;
mod properties;
mod session;
mod topic;

use ukai_emulators::{Emulator, Open, Session};

/// The broker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mqtt;

impl Mqtt {
    /// Whether a client's first bytes are a CONNECT.
    pub fn looks_like(bytes: &[u8]) -> bool {
        let Some((0x10, rest)) = bytes.split_first() else { return false };
        let length = rest.iter().take(4).take_while(|byte| **byte & 0x80 != 0).count() + 1;
        rest.get(length..).is_some_and(|rest| {
            rest.starts_with(b"\0\x04MQTT") || rest.starts_with(b"\0\x06MQIsdp")
        })
    }
}

impl Emulator for Mqtt {
    fn name(&self) -> &'static str {
        "mqtt"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(session::MqttSession::new(&open))
    }
}

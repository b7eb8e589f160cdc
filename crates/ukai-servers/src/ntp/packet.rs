//! The packet of time (RFC 5905, 7.3).

use crate::clock::secs_1900;
use ukai_model::Timestamp;

/// Length without extension fields and authentication, in bytes.
pub(crate) const PACKET_BYTES: usize = 48;

/// The association modes of the first byte.
pub(crate) mod mode {
    pub(crate) const UNSPECIFIED: u8 = 0;
    pub(crate) const ACTIVE: u8 = 1;
    pub(crate) const PASSIVE: u8 = 2;
    pub(crate) const CLIENT: u8 = 3;
    pub(crate) const SERVER: u8 = 4;
    pub(crate) const BROADCAST: u8 = 5;
    pub(crate) const CONTROL: u8 = 6;
    pub(crate) const PRIVATE: u8 = 7;
}

/// A time in NTP's 64 bits: seconds since 1900, and fractions of 2^-32 s.
pub(crate) fn timestamp(time: Timestamp) -> u64 {
    let fraction = ((time.nanos() % 1_000_000_000) << 32) / 1_000_000_000;
    u64::from(secs_1900(time)) << 32 | fraction
}

/// What is read of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) version: u8,
    pub(crate) mode: u8,
    pub(crate) poll: u8,
    /// The asker's clock, or whatever it put there.
    pub(crate) transmit: u64,
}

impl Question {
    /// Reads it; `None` if it is too short.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let packet: &[u8; PACKET_BYTES] = bytes.first_chunk()?;
        Some(Self {
            version: packet[0] >> 3 & 7,
            mode: packet[0] & 7,
            poll: packet[2],
            transmit: u64::from_be_bytes(*packet.last_chunk()?),
        })
    }
}

/// What is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) version: u8,
    pub(crate) mode: u8,
    pub(crate) stratum: u8,
    pub(crate) poll: u8,
    /// In 2^-16 s.
    pub(crate) root_delay: u32,
    /// In 2^-16 s.
    pub(crate) root_dispersion: u32,
    /// Address of the server that this one follows.
    pub(crate) reference: [u8; 4],
    pub(crate) set: u64,
    pub(crate) originate: u64,
    pub(crate) receive: u64,
    pub(crate) transmit: u64,
}

impl Answer {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PACKET_BYTES);
        // Precision: 2^-23 s, as ntpd measures it on common machines.
        bytes.extend([self.version << 3 | self.mode, self.stratum, self.poll, 0xe9]);
        bytes.extend(self.root_delay.to_be_bytes());
        bytes.extend(self.root_dispersion.to_be_bytes());
        bytes.extend(self.reference);
        for time in [self.set, self.originate, self.receive, self.transmit] {
            bytes.extend(time.to_be_bytes());
        }
        bytes
    }
}

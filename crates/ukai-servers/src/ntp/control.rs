//! Control messages (RFC 9327): the variables of the server itself are read out; whatever
//! else is asked for is refused. There are no associations.

use super::packet::{self, mode};
use std::fmt::Write as _;
use ukai_model::Timestamp;

const HEADER_BYTES: usize = 12;
const RESPONSE: u8 = 0x80;
const ERROR: u8 = 0x40;
const READ_STATUS: u8 = 1;
const READ_VARIABLES: u8 = 2;
/// Synchronised by NTP, no recent event.
const SYSTEM_STATUS: u16 = 0x0615;
const BAD_OPERATION: u16 = 3 << 8;
const BAD_ASSOCIATION: u16 = 4 << 8;

/// What a control message asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command {
    version: u8,
    operation: u8,
    sequence: [u8; 2],
    association: u16,
}

impl Command {
    /// Reads it; `None` if it is too short, or an answer.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        (header[1] & RESPONSE == 0).then_some(Self {
            version: header[0] >> 3 & 7,
            operation: header[1] & 0x1f,
            sequence: [header[2], header[3]],
            association: u16::from_be_bytes([header[6], header[7]]),
        })
    }

    /// Its name as `ntpq` has it.
    pub(super) fn name(self) -> &'static str {
        match self.operation {
            READ_STATUS => "readstat",
            READ_VARIABLES => "readvar",
            3 => "writevar",
            4 => "readclock",
            5 => "writeclock",
            6 => "settrap",
            8 => "configure",
            10 => "readmru",
            11 => "readordlist",
            12 => "requestnonce",
            _ => "control",
        }
    }

    /// The answer of a server that follows `reference`.
    pub(super) fn answer(self, now: Timestamp, reference: [u8; 4]) -> Vec<u8> {
        let (error, status, data) = match (self.operation, self.association) {
            (READ_STATUS, 0) => (0, SYSTEM_STATUS, String::new()),
            (READ_VARIABLES, 0) => (0, SYSTEM_STATUS, variables(now, reference)),
            (READ_STATUS | READ_VARIABLES, _) => (ERROR, BAD_ASSOCIATION, String::new()),
            _ => (ERROR, BAD_OPERATION, String::new()),
        };
        let mut bytes = vec![self.version << 3 | mode::CONTROL, RESPONSE | error | self.operation];
        bytes.extend(self.sequence);
        bytes.extend(status.to_be_bytes());
        bytes.extend(self.association.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }
}

fn variables(now: Timestamp, [a, b, c, d]: [u8; 4]) -> String {
    let clock = packet::timestamp(now);
    let mut text =
        String::from("version=\"ntpd 4.2.8p15\", processor=\"x86_64\", system=\"Linux\"");
    let _ = write!(text, ", leap=0, stratum=2, precision=-23, refid={a}.{b}.{c}.{d}");
    let _ = write!(text, ", clock=0x{:08x}.{:08x}\r\n", clock >> 32, clock as u32);
    text
}

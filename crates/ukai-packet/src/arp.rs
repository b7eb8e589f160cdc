//! ARP for IPv4 on Ethernet (RFC 826).

use crate::ether::Mac;
use crate::{Malformed, be16};
use std::net::Ipv4Addr;

/// Bytes of a message.
pub const BYTES: usize = 28;

/// What a message asks or tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Who has the target's address?
    Request,
    /// The sender has it.
    Reply,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// What it asks or tells.
    pub operation: Operation,
    /// Who sends it.
    pub sender: (Mac, Ipv4Addr),
    /// Whom it is about; the station is unknown in a request.
    pub target: (Mac, Ipv4Addr),
}

impl Arp {
    /// Reads a message; padding behind it is passed over.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() < BYTES {
            return Err(Malformed::Truncated);
        }
        if bytes[..6] != [0, 1, 8, 0, 6, 4] {
            return Err(Malformed::Version);
        }
        let operation = match be16(bytes, 6) {
            1 => Operation::Request,
            2 => Operation::Reply,
            _ => return Err(Malformed::Version),
        };
        let station = |at: usize| {
            let mut mac = [0; 6];
            mac.copy_from_slice(&bytes[at..at + 6]);
            let ip = [bytes[at + 6], bytes[at + 7], bytes[at + 8], bytes[at + 9]];
            (Mac(mac), Ipv4Addr::from(ip))
        };
        Ok(Self { operation, sender: station(8), target: station(18) })
    }

    /// Writes a message.
    pub fn write(&self, out: &mut Vec<u8>) {
        let operation = if self.operation == Operation::Request { 1 } else { 2 };
        out.extend_from_slice(&[0, 1, 8, 0, 6, 4, 0, operation]);
        for (mac, ip) in [self.sender, self.target] {
            out.extend_from_slice(&mac.0);
            out.extend_from_slice(&ip.octets());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arp, Operation};
    use crate::ether::Mac;

    #[test]
    fn what_is_written_is_read() {
        let arp = Arp {
            operation: Operation::Reply,
            sender: (Mac([2, 0, 0, 0, 0, 7]), [192, 0, 2, 1].into()),
            target: (Mac([2, 0, 0, 0, 0, 8]), [192, 0, 2, 9].into()),
        };
        let mut bytes = Vec::new();
        arp.write(&mut bytes);
        bytes.extend_from_slice(&[0; 18]);
        assert_eq!(Arp::parse(&bytes), Ok(arp));
    }
}

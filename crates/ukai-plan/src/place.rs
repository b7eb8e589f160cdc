//! The places of a block, in an order that a number decides.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Places of one block that are tried.
const TRIES: u64 = 65_536;

/// The lowest byte of IPv6 hosts: those that people give their servers, and that scanners
/// therefore try (RFC 7707, 4.1).
const LOW_HOSTS: u64 = 255;

/// The places of a block.
pub(crate) struct Places {
    block: IpNet,
    first: u64,
    step: u64,
    tried: u64,
}

impl Places {
    pub(crate) fn new(block: IpNet, number: u64) -> Self {
        // An odd step passes every place of a power of two once.
        Self { block, first: number >> 16, step: (number & 0xffff) << 1 | 1, tried: 0 }
    }
}

impl Iterator for Places {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        loop {
            let tried = self.tried;
            if tried >= TRIES {
                return None;
            }
            self.tried += 1;
            match self.block {
                IpNet::V4(block) => {
                    let size = 1_u64 << (32 - block.prefix_len());
                    if tried >= size {
                        return None;
                    }
                    let place = self.first.wrapping_add(tried.wrapping_mul(self.step)) % size;
                    let address = Ipv4Addr::from(u32::from(block.network()) | place as u32);
                    // Scanners pass over what may be a network's or a broadcast address.
                    if block.prefix_len() <= 30 && matches!(address.octets()[3], 0 | 255) {
                        continue;
                    }
                    return Some(IpAddr::V4(address));
                }
                IpNet::V6(block) => {
                    let bits = 128 - u32::from(block.prefix_len());
                    let size = if bits >= 8 { LOW_HOSTS } else { 1 << bits };
                    let (subnet, turn) = (tried / size, tried % size);
                    // Further subnets of 64 bits, when the first is full.
                    if bits < 64 && subnet > 0 || bits < 80 && subnet >> (bits.max(64) - 64) > 0 {
                        return None;
                    }
                    let low = (self.first.wrapping_add(turn)) % size;
                    let low = if bits >= 8 { low + 1 } else { low };
                    let network = u128::from(block.network());
                    let address = network | u128::from(subnet) << 64 | u128::from(low);
                    return Some(IpAddr::V6(Ipv6Addr::from(address)));
                }
            }
        }
    }
}

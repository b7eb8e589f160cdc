//! The Internet's checksum (RFC 1071): the ones' complement sum of 16-bit words.

use std::net::IpAddr;

/// A sum that grows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// The sum of nothing.
    #[inline]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Adds bytes. An odd number of them counts as if a zero followed: only the last part
    /// of a message may be odd.
    #[must_use]
    #[inline]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        // Words of 32 bits in 64: more than a jumbo frame's worth cannot overflow, and
        // folding makes the width of words irrelevant (RFC 1071, 2. (A)).
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            self.0 += u64::from(u32::from_be_bytes(*word));
        }
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        self.0 += u64::from(u32::from_be_bytes(last));
        self
    }

    /// Adds a word.
    #[must_use]
    #[inline]
    pub fn word(mut self, word: u16) -> Self {
        self.0 += u64::from(word);
        self
    }

    /// Adds the pseudo-header of an upper protocol (RFC 9293, 3.1; RFC 8200, 8.1). `length`
    /// is that of the upper protocol's header and payload, in bytes.
    #[must_use]
    #[inline]
    pub fn pseudo_header(self, src: IpAddr, dst: IpAddr, protocol: u8, length: usize) -> Self {
        let sum = self.address(src).address(dst);
        let mut sum = sum.word(u16::from(protocol));
        sum.0 += length as u64;
        sum
    }

    #[inline]
    fn address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(a) => self.bytes(&a.octets()),
            IpAddr::V6(a) => self.bytes(&a.octets()),
        }
    }

    /// The checksum: zero if what was added has a right one in it.
    #[inline]
    pub const fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum >> 16 != 0 {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn the_rfcs_example() {
        // RFC 1071, 3: the words 0001 f203 f4f5 f6f7 have the sum ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::new().bytes(&bytes).finish(), !0xddf2);
    }

    #[test]
    fn an_odd_byte_is_the_high_one() {
        assert_eq!(Sum::new().bytes(&[0x12]).finish(), !0x1200);
        assert_eq!(Sum::new().bytes(&[1, 2, 3, 4, 5]).finish(), !(0x0102 + 0x0304 + 0x0500));
    }
}

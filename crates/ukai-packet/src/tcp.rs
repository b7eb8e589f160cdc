//! TCP's header and options (RFC 9293; 7323 for scale and timestamps, 2018 for SACK).

use crate::checksum::Sum;
use crate::ip::{Header, Ip};
use crate::{Malformed, be16, be32};
use std::fmt;
use std::ops::{BitOr, Sub};

/// Bytes of a header without options.
pub const HEADER_BYTES: usize = 20;

/// Most bytes of options.
pub const OPTIONS_BYTES_MAX: usize = 40;

/// The control bits, with the reserved ones.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x001);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgement field counts.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x020);
    /// Congestion was experienced (RFC 3168).
    pub const ECE: Self = Self(0x040);
    /// The congestion window was reduced (RFC 3168).
    pub const CWR: Self = Self(0x080);

    /// Whether all of `flags` are set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any of `flags` is set.
    pub const fn any(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Sub for Flags {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = ["F", "S", "R", "P", ".", "U", "E", "W"];
        for (bit, letter) in letters.iter().enumerate() {
            if self.0 & 1 << bit != 0 {
                f.write_str(letter)?;
            }
        }
        if self.0 >> 8 != 0 {
            write!(f, "+{:x}", self.0 >> 8)?;
        }
        Ok(())
    }
}

/// A segment.
#[derive(Clone, Copy)]
pub struct Tcp<'a> {
    header: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Tcp<'a> {
    /// Reads what `ip` carries. The checksum must fit.
    #[inline]
    pub fn parse(ip: &Ip<'a>) -> Result<Self, Malformed> {
        let segment = Self::parse_unverified(ip.payload)?;
        if ip.pseudo_header().bytes(ip.payload).finish() != 0 {
            return Err(Malformed::Checksum);
        }
        Ok(segment)
    }

    /// Reads a segment whose checksum is not looked at, as where a network card does that.
    #[inline]
    pub fn parse_unverified(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() < HEADER_BYTES {
            return Err(Malformed::Truncated);
        }
        let header_bytes = usize::from(bytes[12] >> 4) * 4;
        if header_bytes < HEADER_BYTES {
            return Err(Malformed::Length);
        }
        if bytes.len() < header_bytes {
            return Err(Malformed::Truncated);
        }
        let (header, payload) = bytes.split_at(header_bytes);
        Ok(Self { header, payload })
    }

    /// From which port.
    #[inline]
    pub fn src_port(&self) -> u16 {
        be16(self.header, 0)
    }

    /// To which port.
    #[inline]
    pub fn dst_port(&self) -> u16 {
        be16(self.header, 2)
    }

    /// Number of the first byte, or of the SYN.
    #[inline]
    pub fn seq(&self) -> u32 {
        be32(self.header, 4)
    }

    /// Number of the byte that is expected next.
    #[inline]
    pub fn ack(&self) -> u32 {
        be32(self.header, 8)
    }

    /// The control bits, with the four reserved ones above them.
    #[inline]
    pub fn flags(&self) -> Flags {
        Flags(be16(self.header, 12) & 0x0fff)
    }

    /// The window as it stands, not scaled.
    #[inline]
    pub fn window(&self) -> u16 {
        be16(self.header, 14)
    }

    /// The urgent pointer.
    pub fn urgent(&self) -> u16 {
        be16(self.header, 18)
    }

    /// The bytes of the options.
    #[inline]
    pub fn option_bytes(&self) -> &'a [u8] {
        &self.header[HEADER_BYTES..]
    }

    /// The options in their order, up to the end or the first that is broken.
    pub fn options(&self) -> Options<'a> {
        Options { rest: self.option_bytes() }
    }

    /// What it carries.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Debug for Tcp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} > {}: {:?} seq {} ack {} win {} len {}",
            self.src_port(),
            self.dst_port(),
            self.flags(),
            self.seq(),
            self.ack(),
            self.window(),
            self.payload.len()
        )
    }
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// Nothing: fills up.
    Nop,
    /// The longest segment that the sender takes, in bytes of payload.
    Mss(u16),
    /// The sender's windows are shifted left by so many bits.
    WindowScale(u8),
    /// The sender takes selective acknowledgements.
    SackPermitted,
    /// Blocks that arrived out of order: pairs of numbers, 8 bytes each.
    Sack(&'a [u8]),
    /// The sender's clock, and the last that it saw of ours.
    Timestamps(u32, u32),
    /// Any other: its kind and its bytes.
    Other(u8, &'a [u8]),
}

/// The options of a segment.
#[derive(Clone)]
pub struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Options<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let kind = *self.rest.first()?;
        if kind == 0 {
            self.rest = &[];
            return None;
        }
        if kind == 1 {
            self.rest = &self.rest[1..];
            return Some(TcpOption::Nop);
        }
        let length = usize::from(*self.rest.get(1)?);
        let Some(value) = self.rest.get(2..length) else {
            self.rest = &[];
            return None;
        };
        self.rest = &self.rest[length..];
        Some(match (kind, value.len()) {
            (2, 2) => TcpOption::Mss(be16(value, 0)),
            (3, 1) => TcpOption::WindowScale(value[0]),
            (4, 0) => TcpOption::SackPermitted,
            (5, 8 | 16 | 24 | 32) => TcpOption::Sack(value),
            (8, 8) => TcpOption::Timestamps(be32(value, 0), be32(value, 4)),
            _ => TcpOption::Other(kind, value),
        })
    }
}

/// A segment to be written.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// From which port.
    pub src_port: u16,
    /// To which port.
    pub dst_port: u16,
    /// Number of the first byte.
    pub seq: u32,
    /// Number of the byte that is expected next.
    pub ack: u32,
    /// The control bits.
    pub flags: Flags,
    /// The window, not scaled.
    pub window: u16,
    /// The urgent pointer.
    pub urgent: u16,
    /// The options: a multiple of four bytes, at most [`OPTIONS_BYTES_MAX`].
    pub options: &'a [u8],
    /// What it carries, in two parts: as a queue that wraps gives it.
    pub payload: [&'a [u8]; 2],
}

impl Segment<'_> {
    /// Writes a packet of IP with this segment.
    pub fn write(&self, ip: &Header, out: &mut Vec<u8>) {
        debug_assert!(
            self.options.len() <= OPTIONS_BYTES_MAX && self.options.len().is_multiple_of(4)
        );
        let header_bytes = HEADER_BYTES + self.options.len();
        let length = header_bytes + self.payload[0].len() + self.payload[1].len();
        ip.write(out, length);
        let start = out.len();
        let mut header = [0; HEADER_BYTES];
        header[0..2].copy_from_slice(&self.src_port.to_be_bytes());
        header[2..4].copy_from_slice(&self.dst_port.to_be_bytes());
        header[4..8].copy_from_slice(&self.seq.to_be_bytes());
        header[8..12].copy_from_slice(&self.ack.to_be_bytes());
        let offset = ((header_bytes / 4) as u16) << 12 | self.flags.0 & 0x0fff;
        header[12..14].copy_from_slice(&offset.to_be_bytes());
        header[14..16].copy_from_slice(&self.window.to_be_bytes());
        header[18..20].copy_from_slice(&self.urgent.to_be_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(self.options);
        out.extend_from_slice(self.payload[0]);
        out.extend_from_slice(self.payload[1]);
        let sum = Sum::new().pseudo_header(ip.src, ip.dst, ip.protocol, length);
        let sum = sum.bytes(&out[start..]).finish();
        out[start + 16..start + 18].copy_from_slice(&sum.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{Flags, Segment, Tcp, TcpOption};
    use crate::Malformed;
    use crate::ip::{Header, Ip};

    fn ip() -> Header {
        Header {
            src: "2001:db8::1".parse().unwrap(),
            dst: "2001:db8::2".parse().unwrap(),
            protocol: 6,
            hop_limit: 64,
            traffic_class: 0,
            id: 0,
            dont_fragment: true,
            flow_label: 0,
        }
    }

    const OPTIONS: &[u8] = &[2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7];

    fn written(payload: [&[u8]; 2]) -> Vec<u8> {
        let segment = Segment {
            src_port: 80,
            dst_port: 40_000,
            seq: 0xffff_fffe,
            ack: 5,
            flags: Flags::SYN | Flags::ACK,
            window: 28_960,
            urgent: 0,
            options: OPTIONS,
            payload,
        };
        let mut bytes = Vec::new();
        segment.write(&ip(), &mut bytes);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = written([b"abc", b"defg"]);
        let ip = Ip::parse(&bytes).unwrap();
        let tcp = Tcp::parse(&ip).unwrap();
        assert_eq!((tcp.src_port(), tcp.dst_port()), (80, 40_000));
        assert_eq!((tcp.seq(), tcp.ack(), tcp.window()), (0xffff_fffe, 5, 28_960));
        assert_eq!(tcp.flags(), Flags::SYN | Flags::ACK);
        assert_eq!(tcp.payload(), b"abcdefg");
        let options: Vec<_> = tcp.options().collect();
        let expected = [
            TcpOption::Mss(1460),
            TcpOption::SackPermitted,
            TcpOption::Timestamps(7, 0),
            TcpOption::Nop,
            TcpOption::WindowScale(7),
        ];
        assert_eq!(options, expected);
    }

    #[test]
    fn a_wrong_bit_anywhere_is_noticed() {
        let good = written([b"abc", b""]);
        for bit in 40 * 8..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let ip = Ip::parse(&bytes).unwrap();
            assert!(Tcp::parse(&ip).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn broken_options_end_the_list() {
        for rest in [&[2, 4, 5][..], &[5, 0, 1, 1], &[8, 1], &[3]] {
            let options = super::Options { rest };
            assert_eq!(options.count(), 0, "{rest:?}");
        }
    }

    #[test]
    fn a_header_longer_than_the_segment_is_refused() {
        let mut bytes = [0; 24];
        bytes[12] = 0xf0;
        assert_eq!(Tcp::parse_unverified(&bytes).unwrap_err(), Malformed::Truncated);
        bytes[12] = 0x40;
        assert_eq!(Tcp::parse_unverified(&bytes).unwrap_err(), Malformed::Length);
    }
}

//! Options: what a segment brings, and those that a segment gets.

use crate::cookie::Offer;
use crate::personality::{OptionOrder, Personality};
use ukai_packet::tcp::{OPTIONS_BYTES_MAX, Tcp, TcpOption};

/// The MSS of who names none (RFC 9293, 3.7.1), in bytes.
const MSS_DEFAULT: u16 = 536;

/// The smallest MSS that is used, whatever a peer names, in bytes (Linux's
/// `tcp_min_snd_mss`).
const MSS_LEAST: u16 = 48;

/// The highest scale (RFC 7323, 2.3).
const SCALE_MAX: u8 = 14;

/// What a segment's options say.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) offer: Offer,
    /// The peer's clock, and the last that it saw of ours.
    pub(super) stamps: Option<(u32, u32)>,
    pub(super) sack: &'a [u8],
}

impl<'a> Seen<'a> {
    pub(super) fn read(tcp: &Tcp<'a>) -> Self {
        let mut seen = Self {
            offer: Offer { mss: MSS_DEFAULT, scale: None, sack: false },
            stamps: None,
            sack: &[],
        };
        for option in tcp.options() {
            match option {
                TcpOption::Mss(mss) => seen.offer.mss = mss.max(MSS_LEAST),
                TcpOption::WindowScale(scale) => seen.offer.scale = Some(scale.min(SCALE_MAX)),
                TcpOption::SackPermitted => seen.offer.sack = true,
                TcpOption::Timestamps(value, echo) => seen.stamps = Some((value, echo)),
                TcpOption::Sack(blocks) => seen.sack = blocks,
                TcpOption::Nop | TcpOption::Other(..) => {}
            }
        }
        seen
    }

    /// The blocks that the peer has out of order.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (u32, u32)> + use<'a> {
        let (blocks, _) = self.sack.as_chunks::<8>();
        blocks.iter().map(|[a, b, c, d, end @ ..]| {
            (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes(*end))
        })
    }
}

/// Options that are being written.
#[derive(Clone, Copy)]
pub(super) struct Written {
    bytes: [u8; OPTIONS_BYTES_MAX],
    length: usize,
}

impl Written {
    pub(super) const NONE: Self = Self { bytes: [0; OPTIONS_BYTES_MAX], length: 0 };

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// More than fits is left out.
    fn push(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + bytes.len()) {
            place.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    fn stamps(&mut self, (ours, theirs): (u32, u32)) {
        self.push(&[8, 10]);
        self.push(&ours.to_be_bytes());
        self.push(&theirs.to_be_bytes());
    }

    /// Options of a SYN or of its answer.
    pub(super) fn of_syn(
        personality: &Personality,
        mss: u16,
        scale: Option<u8>,
        sack: bool,
        stamps: Option<(u32, u32)>,
    ) -> Self {
        const NOP: u8 = 1;
        let mut out = Self::NONE;
        let [high, low] = mss.to_be_bytes();
        out.push(&[2, 4, high, low]);
        match personality.options {
            OptionOrder::Linux => {
                match (stamps, sack) {
                    (Some(stamps), true) => {
                        out.push(&[4, 2]);
                        out.stamps(stamps);
                    }
                    (Some(stamps), false) => {
                        out.push(&[NOP, NOP]);
                        out.stamps(stamps);
                    }
                    (None, true) => out.push(&[NOP, NOP, 4, 2]),
                    (None, false) => {}
                }
                if let Some(scale) = scale {
                    out.push(&[NOP, 3, 3, scale]);
                }
            }
            OptionOrder::Bsd | OptionOrder::Windows => {
                if let Some(scale) = scale {
                    out.push(&[NOP, 3, 3, scale]);
                }
                match (stamps, sack) {
                    (Some(stamps), sack) => {
                        out.push(if sack { &[4, 2] } else { &[NOP, NOP] });
                        out.stamps(stamps);
                    }
                    (None, true) if personality.options == OptionOrder::Bsd => {
                        out.push(&[4, 2, 0, 0]);
                    }
                    (None, true) => out.push(&[NOP, NOP, 4, 2]),
                    (None, false) => {}
                }
            }
        }
        out
    }

    /// Options of any other segment: the clocks, and as many blocks as fit (RFC 2018, 3).
    pub(super) fn of_segment(stamps: Option<(u32, u32)>, blocks: &[(u32, u32)]) -> Self {
        let mut out = Self::NONE;
        if let Some(stamps) = stamps {
            out.push(&[1, 1]);
            out.stamps(stamps);
        }
        let count = blocks.len().min((OPTIONS_BYTES_MAX - out.length - 4) / 8);
        if count > 0 {
            out.push(&[1, 1, 5, (2 + count * 8) as u8]);
            for (start, end) in &blocks[..count] {
                out.push(&start.to_be_bytes());
                out.push(&end.to_be_bytes());
            }
        }
        out
    }
}

//! The peer of a script: makes segments, and puts into words what is answered. Numbers are
//! relative, so that two implementations can be compared.

use super::script::{LETTERS, Number, Script, Template};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use ukai_packet::checksum::Sum;
use ukai_packet::ip::{Header, Ip};
use ukai_packet::protocol;
use ukai_packet::tcp::{Flags, HEADER_BYTES, Tcp, TcpOption};

/// Where the peer's numbers and its clock begin.
const FIRST: u32 = 0xffff_f000;
const CLOCK: u32 = 1_000_000;

/// The service's address, and the port of a script without anybody listening.
pub(crate) const LOCAL: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
pub(crate) const CLOSED: u16 = 7;
pub(crate) const PEER_PORT: u16 = 40_000;

/// What the service says, and the peer, at a place of its stream.
pub(crate) fn byte_at(place: usize) -> u8 {
    (place * 7 % 251) as u8
}

pub(crate) struct Peer {
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
    /// The service's first number, once it is seen.
    their_first: Option<u32>,
    /// Behind the last byte that the service has sent.
    their_max: u32,
    /// Behind the last byte that may be sent, relative to [`FIRST`].
    edge: u32,
    scale: u8,
    their_stamp: u32,
    stamps: bool,
    /// Bytes the service has been told to say.
    pub(crate) said: usize,
    seen_syn: bool,
}

impl Peer {
    /// The peer of the script that is `index` in its list.
    pub(crate) fn new(index: usize, script: &Script) -> Self {
        let [high, low] = (index as u16).to_be_bytes();
        Self {
            address: Ipv4Addr::new(198, 18, high, low),
            port: if script.is_closed { CLOSED } else { 1_000 + index as u16 },
            their_first: None,
            their_max: 0,
            edge: 0,
            scale: 0,
            their_stamp: 0,
            stamps: false,
            said: 0,
            seen_syn: false,
        }
    }

    /// The acknowledgement that completes the handshake that `opening` began.
    pub(crate) fn completing(&self, opening: &Template) -> Template {
        Template {
            flags: Flags::ACK.0,
            seq: Number::At(1),
            ack: Number::At(1),
            stamp: opening.stamp.filter(|_| self.stamps),
            ..Template::default()
        }
    }

    /// A segment up to the edge; `None`: the window is closed.
    pub(crate) fn filling(&self, from: u32) -> Option<Template> {
        let length = self.edge.wrapping_sub(from).min(1_000) as usize;
        (length > 0 && length <= 1_000).then(|| Template {
            flags: Flags::ACK.0,
            seq: Number::At(i64::from(from)),
            ack: Number::Max(0),
            length,
            ..Template::default()
        })
    }

    pub(crate) const fn edge(&self) -> u32 {
        self.edge
    }

    pub(crate) fn packet(&self, template: &Template) -> Vec<u8> {
        let base = self.their_first.unwrap_or(0);
        let resolve = |number: Number, first: u32| match number {
            Number::At(at) => first.wrapping_add(at as u32),
            Number::Edge(off) => first.wrapping_add(self.edge).wrapping_add(off as u32),
            Number::Max(off) => self.their_max.wrapping_add(off as u32),
        };
        let seq = resolve(template.seq, FIRST);
        let has_ack = template.flags & Flags::ACK.0 != 0;
        let ack = if has_ack { resolve(template.ack, base) } else { 0 };
        let mut options = template.options.clone();
        if let Some(stamp) = template.stamp {
            options.extend([1, 1, 8, 10]);
            options.extend(CLOCK.wrapping_add(stamp).to_be_bytes());
            options.extend(self.their_stamp.to_be_bytes());
        }
        if let Some((start, end)) = template.sack {
            options.extend([1, 1, 5, 10]);
            options.extend(base.wrapping_add(start).to_be_bytes());
            options.extend(base.wrapping_add(end).to_be_bytes());
        }
        options.resize(options.len().next_multiple_of(4), 0);
        let words = template.header_words.unwrap_or(((HEADER_BYTES + options.len()) / 4) as u8);
        let mut tcp = Vec::new();
        tcp.extend(PEER_PORT.to_be_bytes());
        tcp.extend(self.port.to_be_bytes());
        tcp.extend(seq.to_be_bytes());
        tcp.extend(ack.to_be_bytes());
        tcp.extend((u16::from(words) << 12 | template.flags).to_be_bytes());
        tcp.extend(template.window.to_be_bytes());
        tcp.extend([0, 0]);
        tcp.extend(template.urgent.to_be_bytes());
        tcp.extend(options);
        let place = seq.wrapping_sub(FIRST).wrapping_sub(1) as usize;
        tcp.extend((0..template.length).map(|at| byte_at(place.wrapping_add(at))));
        tcp.truncate(template.cut.unwrap_or(usize::MAX));
        let (src, dst) = (IpAddr::V4(self.address), IpAddr::V4(LOCAL));
        if tcp.len() >= HEADER_BYTES {
            let sum = Sum::new().pseudo_header(src, dst, protocol::TCP, tcp.len());
            let sum = sum.bytes(&tcp).finish() ^ u16::from(template.bad_sum);
            tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        }
        let header = Header {
            src,
            dst,
            protocol: protocol::TCP,
            hop_limit: 60,
            traffic_class: 0,
            id: 1,
            dont_fragment: true,
            flow_label: 0,
        };
        let mut out = Vec::new();
        header.write(&mut out, tcp.len());
        out.extend(tcp);
        out
    }

    /// An answer in words; `None`: it is sent again by itself, unless `all` counts.
    pub(crate) fn told(&mut self, packet: &[u8], all: bool, asked_syn: bool) -> Option<String> {
        let ip = Ip::parse(packet).expect("a packet");
        let tcp = Tcp::parse(&ip).expect("a segment");
        let flags = tcp.flags();
        let syn = flags.any(Flags::SYN);
        if syn {
            let again = self.seen_syn && self.their_first == Some(tcp.seq());
            if again && !all && !asked_syn {
                return None;
            }
            self.seen_syn = true;
            self.their_first = Some(tcp.seq());
            self.their_max = tcp.seq();
            self.scale = 0;
        }
        let first = self.their_first.unwrap_or(0);
        let length = tcp.payload().len() as u32 + u32::from(flags.any(Flags::FIN)) + u32::from(syn);
        let end = tcp.seq().wrapping_add(length);
        let news = (end.wrapping_sub(self.their_max) as i32) > 0;
        let old_probe = length == 0
            && !flags.any(Flags::RST)
            && (tcp.seq().wrapping_sub(self.their_max) as i32) < 0;
        if news && !flags.any(Flags::RST) {
            self.their_max = end;
        } else if !news && !syn && !all && length > 0 || old_probe && !all {
            return None;
        }
        let mut out = String::new();
        // Where PSH stands among data depends on how much Linux hands over at once.
        let hidden = if tcp.payload().is_empty() { Flags(0) } else { Flags::PSH };
        for (bit, letter) in LETTERS.chars().enumerate() {
            if (flags - hidden).0 & 1 << bit != 0 {
                out.push(letter);
            }
        }
        let seq = tcp.seq().wrapping_sub(first);
        match tcp.seq() {
            0 => out.push_str(" zero"),
            _ => _ = write!(out, " {seq}"),
        }
        if !tcp.payload().is_empty() {
            let _ = write!(out, " len {}", tcp.payload().len());
            let right = |(at, byte): (usize, &u8)| *byte == byte_at(seq as usize - 1 + at);
            if !tcp.payload().iter().enumerate().all(right) {
                out.push_str(" other bytes than were said");
            }
        }
        if flags.has(Flags::ACK) || tcp.ack() != 0 {
            let _ = write!(out, " ack {}", tcp.ack().wrapping_sub(FIRST));
        }
        if syn || tcp.window() == 0 {
            let _ = write!(out, " win {}", tcp.window());
        }
        for option in tcp.options() {
            let _ = match option {
                TcpOption::Nop => Ok(()),
                TcpOption::Mss(mss) => write!(out, " mss {mss}"),
                TcpOption::WindowScale(scale) => {
                    self.scale = scale;
                    write!(out, " ws {scale}")
                }
                TcpOption::SackPermitted => write!(out, " sackok"),
                TcpOption::Sack(blocks) => {
                    let (numbers, _) = blocks.as_chunks::<4>();
                    let each = |b: &[u8; 4]| u32::from_be_bytes(*b).wrapping_sub(FIRST).to_string();
                    write!(out, " sack {}", numbers.iter().map(each).collect::<Vec<_>>().join(":"))
                }
                TcpOption::Timestamps(value, echo) => {
                    self.their_stamp = value;
                    self.stamps |= syn;
                    write!(out, " ts {}", echo.wrapping_sub(CLOCK))
                }
                TcpOption::Other(kind, _) => write!(out, " option {kind}"),
            };
        }
        if ip.hop_limit != 64 || !ip.dont_fragment || ip.traffic_class & !3 != 0 {
            let _ = write!(out, " ttl {} tos {}", ip.hop_limit, ip.traffic_class);
        }
        if flags.has(Flags::ACK) && !flags.any(Flags::RST) {
            let scale = if syn { 0 } else { self.scale };
            let window = u32::from(tcp.window()) << scale;
            let edge = tcp.ack().wrapping_sub(FIRST).wrapping_add(window);
            if syn || (edge.wrapping_sub(self.edge) as i32) > 0 {
                self.edge = edge;
            }
        }
        Some(out)
    }
}

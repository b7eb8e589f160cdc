//! Segments of TCP, by their flags (RFC 9293, 3.10.7.1: what a host answers to a segment
//! that belongs to no connection).

use crate::class::{Answer, Class, Mistake, Scan, Vector, Verdict, Victim};
use crate::seen::{Seen, Segment};
use ukai_packet::tcp::Flags;

/// The bits that say what a segment is for; ECN's and the reserved ones do not.
const MEANING: u16 = 0x3f;

/// Whether flags exclude each other: no connection begins and ends at once.
pub(super) fn contradicts_itself(flags: Flags) -> bool {
    let ends = Flags::FIN | Flags::RST;
    (flags.has(Flags::SYN) && flags.any(ends)) || flags.has(ends)
}

#[inline]
pub(super) fn classify(seen: &Seen<'_>, segment: &Segment<'_>) -> Verdict {
    const SYN: u16 = Flags::SYN.0;
    const ACK: u16 = Flags::ACK.0;
    const RST: u16 = Flags::RST.0;
    const FIN: u16 = Flags::FIN.0;
    const PSH: u16 = Flags::PSH.0;
    const URG: u16 = Flags::URG.0;
    const SYN_ACK: u16 = SYN | ACK;
    const RST_ACK: u16 = RST | ACK;
    const XMAS: u16 = FIN | PSH | URG;
    const FIN_ACK: u16 = FIN | ACK;
    // PSH and URG may stand beside what decides.
    let answer = match segment.flags.0 & MEANING & !(PSH | URG) {
        SYN_ACK => Some(Answer::SynAck),
        RST => Some(Answer::Rst),
        RST_ACK => Some(Answer::RstAck),
        _ => None,
    };
    if let Some(answer) = answer {
        let victim =
            Victim { address: seen.src, vector: Vector::Tcp, port: Some(segment.src_port) };
        return Verdict { class: Class::Backscatter(answer), victim: Some(victim) };
    }
    let class = match segment.flags.0 & MEANING {
        0 => Class::Scan(Scan::Null),
        SYN => Class::Scan(Scan::Syn),
        FIN => Class::Scan(Scan::Fin),
        XMAS => Class::Scan(Scan::Xmas),
        ACK if segment.payload.is_empty() => Class::Scan(Scan::Ack),
        FIN_ACK if segment.payload.is_empty() => Class::Scan(Scan::Maimon),
        flags if flags & ACK != 0 && flags & SYN == 0 => {
            Class::Misconfiguration(Mistake::StrayData)
        }
        _ => Class::Scan(Scan::Flags),
    };
    Verdict { class, victim: None }
}

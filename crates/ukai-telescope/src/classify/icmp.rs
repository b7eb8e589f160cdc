//! Messages of ICMP and ICMPv6. Types of backscatter are those of Corsaro's RSDoS (0, 3, 4,
//! 5, 11, 12, 14, 16, 18) and their counterparts in ICMPv6 (RFC 4443).

use crate::class::{Answer, Class, Mistake, Other, Scan, Vector, Verdict, Victim};
use crate::seen::{Message, Seen, quoted};
use ukai_packet::icmp::{v4, v6};
use ukai_packet::protocol;

const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ROUTER_ADVERTISEMENT: u8 = 9;
const ROUTER_SOLICITATION: u8 = 10;
const PARAMETER_PROBLEM: u8 = 12;
const INFORMATION: u8 = 15;
const INFORMATION_REPLY: u8 = 16;
const MASK: u8 = 17;
const MASK_REPLY: u8 = 18;

enum Meaning {
    Asks(Scan),
    Answers(Answer),
    Quotes(Answer),
    Local,
    Nothing,
}

pub(super) fn classify(seen: &Seen<'_>, message: &Message<'_>) -> Verdict {
    let meaning = if seen.src.is_ipv6() { meaning_v6(message.kind) } else { meaning(message.kind) };
    let (class, victim) = match meaning {
        Meaning::Asks(scan) => (Class::Scan(scan), None),
        Meaning::Answers(answer) => {
            let victim = Victim { address: seen.src, vector: Vector::Icmp, port: None };
            (Class::Backscatter(answer), Some(victim))
        }
        Meaning::Quotes(answer) => return error(seen, message, answer),
        Meaning::Local => (Class::Misconfiguration(Mistake::LocalNetwork), None),
        Meaning::Nothing => (Class::Other(Other::Icmp), None),
    };
    Verdict { class, victim }
}

/// An error is about a packet that somebody sent in our name: the victim is to whom.
fn error(seen: &Seen<'_>, message: &Message<'_>, answer: Answer) -> Verdict {
    let Some(quoted) = quoted(message.body) else {
        return Verdict { class: Class::Other(Other::Cut), victim: None };
    };
    if quoted.src != seen.dst {
        return Verdict { class: Class::Misconfiguration(Mistake::MisdirectedError), victim: None };
    }
    let vector = match quoted.protocol {
        protocol::TCP => Vector::Tcp,
        protocol::UDP => Vector::Udp,
        protocol::ICMP | protocol::ICMP6 => Vector::Icmp,
        other => Vector::Protocol(other),
    };
    let port = quoted.ports.map(|(_, to)| to);
    let victim = Victim { address: quoted.dst, vector, port };
    Verdict { class: Class::Backscatter(answer), victim: Some(victim) }
}

fn meaning(kind: u8) -> Meaning {
    match kind {
        v4::ECHO => Meaning::Asks(Scan::Echo),
        v4::TIMESTAMP | INFORMATION | MASK => Meaning::Asks(Scan::Icmp),
        v4::ECHO_REPLY => Meaning::Answers(Answer::EchoReply),
        v4::TIMESTAMP_REPLY | INFORMATION_REPLY | MASK_REPLY => Meaning::Answers(Answer::IcmpReply),
        v4::UNREACHABLE => Meaning::Quotes(Answer::Unreachable),
        v4::TIME_EXCEEDED => Meaning::Quotes(Answer::TimeExceeded),
        SOURCE_QUENCH | REDIRECT | PARAMETER_PROBLEM => Meaning::Quotes(Answer::IcmpError),
        ROUTER_ADVERTISEMENT | ROUTER_SOLICITATION => Meaning::Local,
        _ => Meaning::Nothing,
    }
}

fn meaning_v6(kind: u8) -> Meaning {
    match kind {
        v6::ECHO => Meaning::Asks(Scan::Echo),
        v6::ECHO_REPLY => Meaning::Answers(Answer::EchoReply),
        v6::UNREACHABLE => Meaning::Quotes(Answer::Unreachable),
        v6::TIME_EXCEEDED => Meaning::Quotes(Answer::TimeExceeded),
        v6::TOO_BIG | v6::PARAMETER_PROBLEM => Meaning::Quotes(Answer::IcmpError),
        // Multicast listeners (RFC 2710), routers and neighbours (RFC 4861).
        130..=137 | 143 => Meaning::Local,
        _ => Meaning::Nothing,
    }
}

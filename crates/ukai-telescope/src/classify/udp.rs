//! Datagrams: a service's answer, a probe for one, or neither. Answers are told by the
//! bits that each protocol has for it, where the service's port is the source; a reflector
//! is attacked, or abused, by whoever forged our address.

use crate::class::{Answer, Class, Mistake, Other, PeerToPeer, Scan, Vector, Verdict, Victim};
use crate::seen::{Datagram, Seen};
use crate::service::Service;

pub(super) fn classify(seen: &Seen<'_>, datagram: &Datagram<'_>) -> Verdict {
    if let Some(service) = answer(datagram.src_port, datagram.payload) {
        let victim = Victim {
            address: seen.src,
            vector: Vector::Service(service),
            port: Some(datagram.src_port),
        };
        return Verdict { class: Class::Backscatter(Answer::Udp(service)), victim: Some(victim) };
    }
    let class = if let Some(network) = peer_to_peer(datagram) {
        Class::PeerToPeer(network)
    } else if let Some(mistake) = mistake(datagram) {
        Class::Misconfiguration(mistake)
    } else {
        match probe(datagram.dst_port, datagram.payload) {
            Some(service) => Class::Scan(Scan::Udp(service)),
            // Somebody's low port speaks to a high one: neither asks.
            None if datagram.src_port < 1024 && datagram.dst_port >= 1024 => {
                Class::Other(Other::Udp)
            }
            None => Class::Scan(Scan::Udp(Service::Unknown)),
        }
    };
    Verdict { class, victim: None }
}

/// The service that answers with this from that port.
fn answer(port: u16, payload: &[u8]) -> Option<Service> {
    let first = *payload.first()?;
    let at = |index: usize| payload.get(index).copied().unwrap_or(0);
    let service = match port {
        // RFC 1035, 4.1.1: QR.
        53 if payload.len() >= 12 && at(2) & 0x80 != 0 => Service::Dns,
        5353 if payload.len() >= 12 && at(2) & 0x80 != 0 => Service::Mdns,
        // RFC 5905, 7.3: a server's mode; modes 6 and 7 have a bit for answers (RFC 9327,
        // and ntp_request.h).
        123 if payload.len() >= 4 => match first & 7 {
            2 | 4 | 5 => Service::Ntp,
            6 if at(1) & 0x80 != 0 => Service::Ntp,
            7 if first & 0x80 != 0 => Service::Ntp,
            _ => return None,
        },
        // RFC 3416: a Response-PDU, or a Report.
        161 if first == 0x30 && matches!(snmp_pdu(payload), Some(0xa2 | 0xa8)) => Service::Snmp,
        1900 if payload.starts_with(b"HTTP/1.1 ") => Service::Ssdp,
        // RFC 4511: an entry, or the end, of a search.
        389 if first == 0x30 && matches!(ldap_operation(payload), Some(0x64 | 0x65)) => {
            Service::Cldap
        }
        11211 if memcached_answer(payload) => Service::Memcached,
        443 | 8443 | 4433 if quic_long(payload) => Service::Quic,
        19 if payload.len() >= 64 => Service::Chargen,
        17 => Service::Qotd,
        137 if payload.len() >= 12 && at(2) & 0x80 != 0 => Service::Netbios,
        69 if first == 0 && matches!(at(1), 3..=6) => Service::Tftp,
        // RFC 5531: a reply.
        111 | 2049 if payload.len() >= 24 && payload[4..8] == [0, 0, 0, 1] => Service::Rpc,
        // RFC 7252: an acknowledgement, or a response's code.
        5683 if first >> 6 == 1 && matches!(at(1) >> 5, 2 | 4 | 5) => Service::Coap,
        3702 if contains(payload, b"Matches") => Service::WsDiscovery,
        623 if first == 6 && at(4) != 0 && payload.len() > 23 => Service::Ipmi,
        1434 if first == 5 => Service::MsSqlBrowser,
        10001 if first == 1 && payload.len() > 4 => Service::Ubiquiti,
        // RFC 7296, 3.1: the responder's bit; RFC 2408: both cookies are set.
        500 | 4500 if payload.len() >= 28 && payload[8..16] != [0; 8] => Service::Ike,
        1194 if matches!(first >> 3, 8) => Service::OpenVpn,
        51820 if payload.starts_with(&[2, 0, 0, 0]) => Service::Wireguard,
        3283 if first == 0 && payload.len() > 100 => Service::AppleRemote,
        27000..=27050 if payload.starts_with(b"\xff\xff\xff\xff") && at(4) != b'T' => {
            Service::Steam
        }
        27960 if payload.starts_with(b"\xff\xff\xff\xff") && contains(payload, b"Response") => {
            Service::Quake
        }
        5060 if payload.starts_with(b"SIP/2.0 ") => Service::Sip,
        // A ServerHello, or a HelloVerifyRequest (RFC 6347, 4.2.1).
        _ if first == 22 && at(1) == 0xfe && matches!(at(13), 2 | 3) => Service::Dtls,
        520 if first == 2 && matches!(at(1), 1 | 2) => Service::Rip,
        _ => return None,
    };
    Some(service)
}

/// The service that is asked like this at that port.
fn probe(port: u16, payload: &[u8]) -> Option<Service> {
    let Some(&first) = payload.first() else { return Some(Service::Empty) };
    let at = |index: usize| payload.get(index).copied().unwrap_or(0);
    let service = match port {
        53 => Service::Dns,
        123 => Service::Ntp,
        161 => Service::Snmp,
        389 => Service::Cldap,
        1900 => Service::Ssdp,
        11211 => Service::Memcached,
        443 | 8443 | 4433 if quic_long(payload) => Service::Quic,
        5060 | 5061 => Service::Sip,
        137 => Service::Netbios,
        5353 => Service::Mdns,
        69 if first == 0 && matches!(at(1), 1 | 2) => Service::Tftp,
        111 | 2049 => Service::Rpc,
        5683 => Service::Coap,
        3702 => Service::WsDiscovery,
        19 => Service::Chargen,
        17 => Service::Qotd,
        623 => Service::Ipmi,
        1434 => Service::MsSqlBrowser,
        10001 => Service::Ubiquiti,
        500 | 4500 => Service::Ike,
        1194 => Service::OpenVpn,
        51820 => Service::Wireguard,
        3283 => Service::AppleRemote,
        37810 => Service::Dvr,
        27000..=27050 => Service::Steam,
        27960 => Service::Quake,
        177 => Service::Xdmcp,
        53413 => Service::Netis,
        520 => Service::Rip,
        47808 => Service::Bacnet,
        1701 => Service::L2tp,
        // On any port, by their bytes.
        _ if first == 22 && at(1) == 0xfe => Service::Dtls,
        _ if payload.starts_with(b"M-SEARCH ") => Service::Ssdp,
        _ if payload.starts_with(b"OPTIONS sip:") || payload.starts_with(b"REGISTER sip:") => {
            Service::Sip
        }
        _ if payload.starts_with(b"\xff\xff\xff\xffTSource Engine") => Service::Steam,
        _ if quic_long(payload) && payload.len() >= 1200 => Service::Quic,
        _ => return None,
    };
    Some(service)
}

fn peer_to_peer(datagram: &Datagram<'_>) -> Option<PeerToPeer> {
    let payload = datagram.payload;
    let at = |index: usize| payload.get(index).copied().unwrap_or(0);
    // BEP 5: a dictionary with the keys a, r or e first.
    if payload.len() >= 20 && payload[0] == b'd' && matches!(&payload[1..3], b"1:" | b"2:") {
        return matches!(payload[3], b'a' | b'r' | b'e' | b'i' | b'v').then_some(PeerToPeer::Dht);
    }
    // BEP 15: connect, with its magic number.
    if payload.len() >= 16 && payload.starts_with(&[0, 0, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80]) {
        return Some(PeerToPeer::BitTorrent);
    }
    // BEP 29: version 1, a known type and extension, a header of at least 20 bytes.
    let high_ports = datagram.src_port >= 1024 && datagram.dst_port >= 1024;
    if payload.len() >= 20 && at(0) & 0x0f == 1 && at(0) >> 4 <= 4 && at(1) <= 2 && high_ports {
        return Some(PeerToPeer::BitTorrent);
    }
    // RFC 8489, 5: the magic cookie.
    if payload.len() >= 20 && payload[4..8] == [0x21, 0x12, 0xa4, 0x42] && payload[0] < 4 {
        return Some(PeerToPeer::Stun);
    }
    let known_port =
        matches!(datagram.dst_port, 4661..=4672) || matches!(datagram.src_port, 4661..=4672);
    if known_port && matches!(at(0), 0xe3 | 0xe4 | 0xe5 | 0xc5) {
        return Some(PeerToPeer::Edonkey);
    }
    if payload.starts_with(b"GND") || (payload.len() >= 23 && datagram.dst_port == 6346) {
        return Some(PeerToPeer::Gnutella);
    }
    None
}

fn mistake(datagram: &Datagram<'_>) -> Option<Mistake> {
    let payload = datagram.payload;
    let at = |index: usize| payload.get(index).copied().unwrap_or(0);
    Some(match datagram.dst_port {
        // RFC 5424, 6.2.1: a priority in angle brackets.
        514 if at(0) == b'<' && at(1).is_ascii_digit() => Mistake::Log,
        // RFC 3416: traps.
        162 if at(0) == 0x30 => Mistake::Telemetry,
        // NetFlow 5 and 9, IPFIX (RFC 3954, 7011), and sFlow 5.
        2055 | 9995 | 9996 | 4739 if at(0) == 0 && matches!(at(1), 5 | 9 | 10) => {
            Mistake::Telemetry
        }
        6343 if payload.starts_with(&[0, 0, 0, 5]) => Mistake::Telemetry,
        // RADIUS (RFC 2865), with a length that fits.
        1812 | 1813 if payload.len() >= 20 && at(0) <= 5 => Mistake::Telemetry,
        67 | 68 if payload.len() >= 240 => Mistake::LocalNetwork,
        546 | 547 | 138 | 5355 | 1985 | 520 if !payload.is_empty() && at(0) != 1 => {
            Mistake::LocalNetwork
        }
        _ => return None,
    })
}

/// The type of an SNMP message's PDU: behind the version and the community (RFC 1901).
fn snmp_pdu(payload: &[u8]) -> Option<u8> {
    let inner = der_value(payload, 0x30)?;
    let after_version = der_skip(inner)?;
    // Version 3 (RFC 3412) encrypts what follows: a report has its own marks, unseen here.
    let after_community = der_skip(after_version)?;
    after_community.first().copied()
}

/// The operation of an LDAP message: behind its number (RFC 4511, 4.1.1).
fn ldap_operation(payload: &[u8]) -> Option<u8> {
    der_skip(der_value(payload, 0x30)?)?.first().copied()
}

/// What a value of the given tag contains, as far as it was captured.
fn der_value(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (&first, rest) = bytes.split_first()?;
    if first != tag {
        return None;
    }
    let (&length, rest) = rest.split_first()?;
    if length < 0x80 { Some(rest) } else { rest.get(usize::from(length & 0x7f)..) }
}

/// What follows a value with a short length.
fn der_skip(bytes: &[u8]) -> Option<&[u8]> {
    let length = usize::from(*bytes.get(1)?);
    if length >= 0x80 {
        return None;
    }
    bytes.get(2 + length..)
}

/// memcached's frame (protocol.txt, "UDP protocol": request, number, total, reserved), and
/// the words that answers begin with.
fn memcached_answer(payload: &[u8]) -> bool {
    let Some((head, text)) = payload.split_at_checked(8) else { return false };
    if head[6..] != [0, 0] {
        return false;
    }
    let words: [&[u8]; 6] = [b"VALUE ", b"STAT ", b"END", b"VERSION ", b"ERROR", b"STORED"];
    words.iter().any(|word| text.starts_with(word)) || head[2..4] != [0, 0]
}

/// A long header of QUIC (RFC 8999, 5.1): the form bit, and lengths of connection numbers
/// that version 1 allows.
fn quic_long(payload: &[u8]) -> bool {
    let [first, _, _, _, _, length, ..] = *payload else { return false };
    first & 0x80 != 0
        && length <= 20
        && payload.len() > 7 + usize::from(length)
        && (first & 0x40 != 0 || payload[1..5] == [0; 4])
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.len() <= 1500 && haystack.windows(needle.len()).any(|window| window == needle)
}

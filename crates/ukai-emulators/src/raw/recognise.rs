//! Which protocol a client's first bytes belong to: a table, each rule with its source.

use crate::limits::RECOGNISE_BYTES;
use memchr::memmem;

/// What first bytes were recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Name of the protocol.
    pub protocol: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
}

type Rule = (&'static str, &'static str, fn(&[u8]) -> bool);

/// Recognises the protocol of a client's first bytes, on whatever port they came.
/// Looks at no more than the first [`RECOGNISE_BYTES`].
pub fn recognise(payload: &[u8]) -> Option<Recognised> {
    let start = &payload[..payload.len().min(RECOGNISE_BYTES)];
    RULES
        .iter()
        .find(|(_, _, matches)| matches(start))
        .map(|(protocol, source, _)| Recognised { protocol, source })
}

/// From the surest to the vaguest: the first that matches counts.
static RULES: &[Rule] = &[
    ("tls", "RFC 8446, 5.1", |b| matches!(b, [0x16, 3, 0..=4, _, _, 1, ..])),
    ("tls", "RFC 5246, E.2 (SSLv2 hello)", |b| matches!(b, [0x80..=0xff, _, 1, 3, 0..=3, ..])),
    ("ssh", "RFC 4253, 4.2", |b| b.starts_with(b"SSH-")),
    ("http2", "RFC 9113, 3.4", |b| b.starts_with(b"PRI * HTTP/2")),
    ("rtsp", "RFC 2326, 6", |b| first_line(b).ends_with(b"RTSP/1.0")),
    ("sip", "RFC 3261, 7.1", |b| first_line(b).ends_with(b"SIP/2.0")),
    ("http", "RFC 9112, 3", is_http),
    ("proxy-protocol", "haproxy, proxy-protocol.txt", |b| {
        b.starts_with(b"PROXY ") || b.starts_with(b"\r\n\r\n\0\r\nQUIT\n")
    }),
    ("smb", "[MS-SMB2] 2.1, [MS-CIFS] 2.2.3", |b| {
        matches!(b, [0, _, _, _, 0xfe | 0xff, b'S', b'M', b'B', ..])
    }),
    ("netbios-ssn", "RFC 1002, 4.3.2", |b| matches!(b, [0x81, 0, 0, 0x44, 0x20, ..])),
    ("s7", "RFC 1006; S7comm TSAP parameters", |b| {
        tpkt(b, 0xe0) && memmem::find(b, &[0xc2, 2]).is_some()
            || tpkt(b, 0xf0) && b.get(7) == Some(&0x32)
    }),
    ("rdp", "[MS-RDPBCGR] 2.2.1.1", |b| tpkt(b, 0xe0)),
    ("mqtt", "MQTT 3.1.1, 3.1", |b| {
        b.first() == Some(&0x10)
            && (memmem::find(&b[..b.len().min(12)], b"\0\x04MQTT").is_some()
                || memmem::find(&b[..b.len().min(14)], b"\0\x06MQIsdp").is_some())
    }),
    ("redis", "Redis serialization protocol", |b| {
        matches!(b, [b'*', b'0'..=b'9', ..]) && memmem::find(b, b"\r\n$").is_some()
            || one_of(first_line(b), &[b"PING", b"INFO", b"QUIT"]) && b.ends_with(b"\r\n")
    }),
    ("memcached", "memcached, protocol.txt", |b| {
        one_of(first_line(b), &[b"stats", b"version", b"flush_all"])
            || [&b"get "[..], b"gets ", b"set ", b"add "].iter().any(|verb| b.starts_with(verb))
                && b.contains(&b'\n')
            || matches!(b, [0x80, 0..=0x22, _, _, _, _, 0, 0, ..]) && b.len() == 24
    }),
    ("adb", "Android, adb/protocol.txt", |b| {
        b.starts_with(b"CNXN") && b.get(20..24) == Some(&[0xbc, 0xb1, 0xa7, 0xb1])
    }),
    ("postgres", "PostgreSQL, message formats", |b| {
        matches!(b, [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2e..=0x30, ..])
            || matches!(b, [0, 0, _, _, 0, 3, 0, 0, ..]) && memmem::find(b, b"user\0").is_some()
    }),
    ("mongodb", "MongoDB wire protocol", |b| {
        matches!(b.get(12..16), Some([0xd4 | 0xdc | 0xdd, 7, 0, 0])) && little32(b, 0) < 1 << 26
    }),
    ("mssql", "[MS-TDS] 2.2.3.1", |b| matches!(b, [0x12, 0 | 1, _, _, 0, 0, _, 0, ..])),
    ("oracle", "TNS connect packet", |b| {
        b.len() > 26 && b.get(4) == Some(&1) && usize::from(big16(b, 0)) == b.len()
    }),
    ("mysql", "MySQL, HandshakeResponse41", |b| {
        b.len() > 36 && b[3] == 1 && b[13..36].iter().all(|byte| *byte == 0)
    }),
    ("x11", "X Window System Protocol, 8", |b| {
        matches!(b, [b'l', 0, 11, 0, 0, 0, ..] | [b'B', 0, 0, 11, 0, 0, ..])
    }),
    ("ajp", "AJPv13", |b| matches!(b, [0x12, 0x34, _, _, 2 | 7 | 8 | 10, ..])),
    ("bittorrent", "BEP 3", |b| b.starts_with(b"\x13BitTorrent protocol")),
    ("stratum", "Stratum mining protocol", |b| {
        b.first() == Some(&b'{')
            && [&b"mining."[..], b"\"login\"", b"eth_submitLogin"]
                .iter()
                .any(|word| memmem::find(b, word).is_some())
    }),
    ("json-rpc", "JSON-RPC 2.0", |b| {
        b.first() == Some(&b'{') && memmem::find(b, b"\"method\"").is_some()
    }),
    ("printer", "HP PJL reference", |b| b.starts_with(b"\x1b%-12345X") || b.starts_with(b"@PJL")),
    ("vnc", "RFC 6143, 7.1.1", |b| b.starts_with(b"RFB 00")),
    ("jdwp", "Java Debug Wire Protocol", |b| b.starts_with(b"JDWP-Handshake")),
    ("java-rmi", "Java RMI wire protocol, 10.2", |b| b.starts_with(b"JRMI\0")),
    ("java-serialised", "Java Object Serialization, 6.4", |b| b.starts_with(b"\xac\xed\0\x05")),
    ("t3", "WebLogic T3 bootstrap", |b| b.starts_with(b"t3 ") || b.starts_with(b"t3s ")),
    ("giop", "CORBA GIOP, 15.4.1", |b| b.starts_with(b"GIOP\x01")),
    ("amqp", "AMQP 0-9-1, 4.2.2", |b| b.starts_with(b"AMQP")),
    ("rsync", "rsync, clientserver.c", |b| b.starts_with(b"@RSYNCD:")),
    ("git", "git, gitprotocol-pack", |b| memmem::find(b, b"git-upload-pack ") == Some(4)),
    ("xmpp", "RFC 6120, 4.2", |b| memmem::find(b, b"<stream:stream").is_some()),
    ("hl7", "HL7 MLLP", |b| b.starts_with(b"\x0bMSH|")),
    ("fox", "Niagara Fox", |b| b.starts_with(b"fox a ")),
    ("pptp", "RFC 2637, 2.1", |b| b.get(4..8) == Some(&[0x1a, 0x2b, 0x3c, 0x4d])),
    ("dcerpc", "DCE 1.1 RPC, 12.6", |b| matches!(b, [5, 0, 11 | 14, _, 0x10, 0, 0, 0, ..])),
    ("sun-rpc", "RFC 5531, 9 and 11", |b| {
        matches!(b, [0x80, 0, _, _, ..]) && b.get(8..16) == Some(&[0, 0, 0, 0, 0, 0, 0, 2])
    }),
    ("smart-install", "Cisco Smart Install", |b| {
        b.starts_with(&[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 8])
    }),
    ("dvrip", "Sofia DVRIP", |b| {
        matches!(b, [0xff, 0 | 1, 0, 0, ..]) && b.len() >= 20 && little32(b, 16) < 1 << 16
    }),
    ("dahua", "Dahua DVR", |b| matches!(b, [0xa0, 0 | 1 | 5, 0, 0 | 0x60, ..]) && b.len() >= 32),
    ("telnet", "RFC 854", |b| matches!(b, [0xff, 0xf0..=0xfe, ..])),
    ("modbus", "Modbus TCP, 3.1.3", |b| {
        b.len() >= 8
            && b[2..4] == [0, 0]
            && usize::from(big16(b, 4)) == b.len() - 6
            && matches!(b[7], 1..=24 | 43)
    }),
    (
        "iec104",
        "IEC 60870-5-104, 5.1",
        |b| matches!(b, [0x68, length @ 4..=253, ..] if b.len() >= usize::from(*length) + 2),
    ),
    ("dnp3", "IEEE 1815, 9.2", |b| matches!(b, [5, 0x64, 5..=255, ..])),
    ("ethernet-ip", "EtherNet/IP encapsulation", |b| {
        matches!(b, [4 | 0x63 | 0x64 | 0x65, 0, ..]) && b.len() >= 24 && b[8..12] == [0; 4]
    }),
    ("bacnet", "ASHRAE 135, annex J", |b| {
        matches!(b, [0x81, 0x0a | 0x0b, ..]) && usize::from(big16(b, 2)) == b.len()
    }),
    ("ldap", "RFC 4511, 4.1.1", is_ldap),
    (
        "socks5",
        "RFC 1928, 3",
        |b| matches!(b, [5, methods @ 1..=255, ..] if b.len() == 2 + usize::from(*methods)),
    ),
    ("socks4", "SOCKS 4", |b| matches!(b, [4, 1 | 2, ..]) && b.len() >= 9 && b.ends_with(&[0])),
    ("cassandra", "CQL binary protocol v4", |b| {
        matches!(b, [3..=5, 0, 0, _, 1 | 5, 0, 0, ..]) && b.len() >= 9
    }),
    ("kafka", "Kafka protocol guide", |b| {
        matches!(b, [0, 0, _, _, 0, 3 | 18, 0, 0..=12, ..])
            && b.len() >= 14
            && big16(b, 2) as usize == b.len() - 4
    }),
    ("openvpn", "OpenVPN, ssl_pkt.h", |b| matches!(b, [0, 14..=255, 0x38 | 0x50, ..])),
    ("epmd", "Erlang distribution protocol", |b| b == b"\0\x01n"),
    ("zookeeper", "ZooKeeper four letter words", |b| {
        one_of(first_line(b), &[b"ruok", b"stat", b"envi", b"srvr", b"mntr", b"conf"])
    }),
    ("irc", "RFC 2812, 3.1", |b| {
        b.starts_with(b"NICK ")
            || b.starts_with(b"CAP LS")
            || b.starts_with(b"USER ") && memchr::memchr_iter(b' ', first_line(b)).count() >= 4
    }),
    ("smtp", "RFC 5321, 4.1.1.1", |b| b.starts_with(b"EHLO ") || b.starts_with(b"HELO ")),
    ("ftp", "RFC 959, 5.3", |b| b.starts_with(b"USER ") || first_line(b) == b"AUTH TLS"),
    ("imap", "RFC 9051, 6", |b| {
        let upper = first_line(b).to_ascii_uppercase();
        upper.ends_with(b" CAPABILITY") || memmem::find(&upper, b" LOGIN ").is_some()
    }),
    ("dns", "RFC 1035, 4.2.2", |b| {
        b.len() >= 19
            && usize::from(big16(b, 0)) == b.len() - 2
            && b[4] & 0xf8 == 0
            && b[6..10] == [0, 1, 0, 0]
    }),
    ("rlogin", "RFC 1282", |b| {
        b.first() == Some(&0) && memchr::memchr_iter(0, b).count() == 4 && b.contains(&b'/')
    }),
];

fn first_line(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let line = &bytes[..end];
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn one_of(line: &[u8], words: &[&[u8]]) -> bool {
    words.contains(&line)
}

fn big16(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..at + 2) {
        Some([high, low]) => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

fn little32(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4) {
        Some([a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => u32::MAX,
    }
}

/// RFC 1006: a TPKT with this COTP type.
fn tpkt(bytes: &[u8], kind: u8) -> bool {
    matches!(bytes, [3, 0, _, _, _, code, ..] if *code == kind)
}

/// A request line: method, target, version.
fn is_http(bytes: &[u8]) -> bool {
    let line = first_line(bytes);
    let method = line.iter().take_while(|b| b.is_ascii_uppercase() || **b == b'-').count();
    if !(2..=20).contains(&method) || line.get(method) != Some(&b' ') {
        return false;
    }
    memmem::find(line, b" HTTP/").is_some()
        || matches!(&line[..method], b"GET" | b"POST" | b"HEAD")
            && line.get(method + 1) == Some(&b'/')
}

/// A sequence holding a small message number and an LDAP operation.
fn is_ldap(bytes: &[u8]) -> bool {
    let ([0x30, 0x84, _, _, _, _, inner @ ..]
    | [0x30, 0x81, _, inner @ ..]
    | [0x30, 0..=0x7f, inner @ ..]) = bytes
    else {
        return false;
    };
    matches!(inner, [2, 1, _, 0x60 | 0x63 | 0x77 | 0x42, ..])
}

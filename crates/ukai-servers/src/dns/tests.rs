//! Queries of every type, and bytes that are none.

use super::{Answer, Dns, Found, Place, Via, Zone, answer, looks_like_dns};
use crate::stage::{START, Stage};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use proptest::prelude::*;
use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::{EventKind, Timestamp};

/// Every name is at 192.0.2.1 and 2001:db8::1 but those that begin with `no`.
struct Anything;

impl Zone for Anything {
    fn find(&self, name: &str, _: Timestamp) -> Found {
        match name {
            _ if name.starts_with("no") => Found::Nowhere,
            _ if name.starts_with("broken") => Found::Fails,
            _ if name.starts_with("silent") => Found::Silent,
            _ => Found::Here(Place {
                aliases: if name.starts_with("cdn") {
                    vec!["edge.cdn.example".to_owned()]
                } else {
                    Vec::new()
                },
                v4: vec![[192, 0, 2, 1].into()],
                v6: vec!["2001:db8::1".parse().expect("an address")],
                texts: Vec::new(),
                ttl: 60,
            }),
        }
    }

    fn name_of(&self, address: IpAddr) -> Option<String> {
        (address.to_string() == "192.0.2.1" || address.to_string() == "2001:db8::1")
            .then(|| "c2.example".to_owned())
    }

    fn version(&self) -> Option<String> {
        Some("9.18.33".to_owned())
    }
}

fn query(name: &str, record: RecordType) -> Message {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).expect("a name"), record));
    message
}

fn ask(name: &str, record: RecordType) -> (ResponseCode, Vec<String>) {
    let asked = query(name, record).to_vec().expect("a message");
    let Answer { message, fact } = answer(&asked, Via::Udp, &Anything, START);
    assert!(matches!(fact, Some(EventKind::DnsQuery { .. })));
    let reply = Message::from_vec(&message.expect("an answer")).expect("a message");
    assert_eq!((reply.metadata.id, reply.queries.len()), (7, 1));
    let data =
        reply.answers.iter().map(|record| format!("{} {}", record.record_type(), record.data));
    (reply.metadata.response_code, data.collect())
}

#[test]
fn every_type_has_its_records() {
    use RecordType as T;
    for (name, record, expected) in [
        ("c2.example.", T::A, &["A 192.0.2.1"][..]),
        ("C2.Example.", T::AAAA, &["AAAA 2001:db8::1"]),
        ("c2.example.", T::ANY, &["A 192.0.2.1", "AAAA 2001:db8::1"]),
        ("c2.example.", T::MX, &["MX 10 mail.c2.example."]),
        ("www.c2.example.", T::NS, &["NS ns1.c2.example.", "NS ns2.c2.example."]),
        ("c2.example.", T::TXT, &["TXT v=spf1 a mx ~all"]),
        ("_dmarc.c2.example.", T::TXT, &["TXT v=DMARC1; p=none"]),
        ("_xmpp-client._tcp.c2.example.", T::SRV, &["SRV 0 5 5222 c2.example."]),
        ("cdn.example.", T::A, &["CNAME edge.cdn.example.", "A 192.0.2.1"]),
        ("cdn.example.", T::CNAME, &["CNAME edge.cdn.example."]),
        ("1.2.0.192.in-addr.arpa.", T::PTR, &["PTR c2.example."]),
        (
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
            T::PTR,
            &["PTR c2.example."],
        ),
        ("9.9.9.9.in-addr.arpa.", T::PTR, &[]),
        ("c2.example.", T::DNSKEY, &[]),
        ("c2.example.", T::HTTPS, &[]),
        ("c2.example.", T::Unknown(65_280), &[]),
    ] {
        assert_eq!(
            ask(name, record),
            (ResponseCode::NoError, strings(expected)),
            "{name} {record}"
        );
    }
    assert_eq!(ask(".", T::NS).1.len(), 13);
    let (code, soa) = ask("c2.example.", T::SOA);
    assert!(code == ResponseCode::NoError && soa[0].starts_with("SOA ns1.c2.example. hostmaster."));
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn names_that_are_not_there_are_told_with_an_authority() {
    assert_eq!(ask("no.example.", RecordType::A).0, ResponseCode::NXDomain);
    assert_eq!(ask("broken.example.", RecordType::A).0, ResponseCode::ServFail);
    assert_eq!(ask("c2.example.", RecordType::AXFR).0, ResponseCode::Refused);
    let asked = query("silent.example.", RecordType::A).to_vec().expect("a message");
    let silent = answer(&asked, Via::Udp, &Anything, START);
    assert!(silent.message.is_none() && silent.fact.is_some());
    let asked = query("no.example.", RecordType::A).to_vec().expect("a message");
    let reply = answer(&asked, Via::Udp, &Anything, START).message.expect("an answer");
    let reply = Message::from_vec(&reply).expect("a message");
    assert_eq!(reply.authorities.len(), 1);
}

#[test]
fn edns_is_answered_and_later_versions_are_refused() {
    let mut asked = query("c2.example.", RecordType::A);
    let mut edns = Edns::new();
    edns.set_max_payload(4_096).set_dnssec_ok(true);
    asked.edns = Some(edns.clone());
    let reply = answer(&asked.to_vec().expect("a message"), Via::Udp, &Anything, START);
    let reply = Message::from_vec(&reply.message.expect("an answer")).expect("a message");
    assert_eq!(reply.edns.expect("EDNS").max_payload(), 1_232);
    edns.set_version(9);
    asked.edns = Some(edns);
    let reply = answer(&asked.to_vec().expect("a message"), Via::Udp, &Anything, START);
    let reply = Message::from_vec(&reply.message.expect("an answer")).expect("a message");
    assert_eq!(u16::from(reply.metadata.response_code), u16::from(ResponseCode::BADVERS));
}

#[test]
fn streams_carry_messages_in_any_pieces() {
    let message = query("c2.example.", RecordType::A).to_vec().expect("a message");
    let framed = [&(message.len() as u16).to_be_bytes()[..], &message].concat();
    assert!(looks_like_dns(&framed));
    let mut stage = Stage::open(&Dns::new(Arc::new(Anything)), 53);
    let two = framed.repeat(2);
    let replies: Vec<u8> = two.chunks(5).flat_map(|piece| stage.say(piece)).collect();
    let length = usize::from(u16::from_be_bytes([replies[0], replies[1]]));
    assert_eq!(replies.len(), 2 * (2 + length));
    assert_eq!(stage.kinds(), ["dns.query", "dns.query"]);
}

#[test]
fn what_is_no_query_gets_an_error_or_nothing() {
    for (bytes, answered) in [
        (&b""[..], false),
        (b"abc", false),
        (b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\xff", true),
        (b"\0\x07\x81\0\0\x01\0\0\0\0\0\0\xff", false),
    ] {
        assert_eq!(answer(bytes, Via::Udp, &Anything, START).message.is_some(), answered);
    }
}

proptest! {
    #[test]
    fn any_bytes_get_a_bounded_answer(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let reply = answer(&bytes, Via::Udp, &Anything, START).message.unwrap_or_default();
        prop_assert!(reply.len() <= 1_232);
    }

    #[test]
    fn damaged_queries_get_a_bounded_answer(
        at in 0_usize..40, value in any::<u8>(), cut in 0_usize..40,
    ) {
        let mut message = query("www.c2.example.", RecordType::A).to_vec().expect("a message");
        let at = at % message.len();
        message[at] = value;
        message.truncate(message.len().saturating_sub(cut));
        let reply = answer(&message, Via::Udp, &Anything, START).message.unwrap_or_default();
        prop_assert!(reply.len() <= 1_232);
    }
}

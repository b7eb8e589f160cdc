//! One message in, one message out (RFC 1034, 1035, 6891).

use super::records::{Asked, records};
use super::zone::{Found, Zone};
use crate::limits::{DNS_ANSWERS_TOLD, DNS_UDP_BYTES};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use ukai_model::{EventKind, PeerText, Timestamp};

/// How a query came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A datagram.
    Udp,
    /// TCP.
    Tcp,
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTPS (RFC 8484).
    Https,
}

impl Via {
    /// Its name, as in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Https => "https",
        }
    }
}

/// An answer, and what is told of it.
#[derive(Debug)]
pub struct Answer {
    /// The message; `None`: nothing is answered.
    pub message: Option<Vec<u8>>,
    /// The query as a fact.
    pub fact: Option<EventKind>,
}

impl Answer {
    const fn nothing() -> Self {
        Self { message: None, fact: None }
    }
}

/// Answers a message. What is no query at all is passed over, as servers do: an answer to
/// a response would go on for ever.
pub fn answer(message: &[u8], via: Via, zone: &dyn Zone, now: Timestamp) -> Answer {
    let Ok(asked) = Message::from_vec(message) else { return malformed(message) };
    if asked.metadata.message_type != MessageType::Query {
        return Answer::nothing();
    }
    let mut reply = Message::response(asked.metadata.id, asked.metadata.op_code);
    reply.metadata.recursion_desired = asked.metadata.recursion_desired;
    reply.metadata.recursion_available = true;
    reply.metadata.checking_disabled = asked.metadata.checking_disabled;
    reply.queries.clone_from(&asked.queries);
    if let Some(edns) = &asked.edns {
        let mut own = Edns::new();
        own.set_max_payload(DNS_UDP_BYTES);
        own.set_dnssec_ok(edns.flags().dnssec_ok);
        if edns.version() > 0 {
            reply.metadata.response_code = ResponseCode::BADVERS;
            reply.edns = Some(own);
            return Answer { message: reply.to_vec().ok(), fact: None };
        }
        reply.edns = Some(own);
    }
    let [query] = &asked.queries[..] else {
        reply.metadata.response_code = ResponseCode::FormErr;
        return Answer { message: reply.to_vec().ok(), fact: None };
    };
    let silent = fill(&mut reply, query, zone, now);
    let code = reply.metadata.response_code;
    let fact = Some(told(query, via, code, silent, &reply));
    if silent {
        return Answer { message: None, fact };
    }
    let room = match (via, &asked.edns) {
        (Via::Udp, None) => 512,
        (Via::Udp, Some(edns)) => edns.max_payload().clamp(512, DNS_UDP_BYTES),
        _ => u16::MAX,
    };
    Answer { message: fitted(&reply, usize::from(room)), fact }
}

/// Fills in the answer; whether none is to be given at all.
fn fill(reply: &mut Message, query: &Query, zone: &dyn Zone, now: Timestamp) -> bool {
    if reply.metadata.op_code != OpCode::Query {
        reply.metadata.response_code = ResponseCode::NotImp;
        return false;
    }
    let record = query.query_type();
    if query.query_class() == DNSClass::CH {
        chaos(reply, query, zone);
        return false;
    }
    if matches!(record, RecordType::AXFR | RecordType::IXFR) {
        reply.metadata.response_code = ResponseCode::Refused;
        return false;
    }
    let text = text_of(query.name());
    let found = zone.find(&text, now);
    let place = match found {
        Found::Silent => return true,
        Found::Fails => {
            reply.metadata.response_code = ResponseCode::ServFail;
            return false;
        }
        Found::Nowhere => {
            reply.metadata.response_code = ResponseCode::NXDomain;
            None
        }
        Found::Here(place) => Some(place),
    };
    if let Some(place) = place {
        let asked = Asked { name: query.name(), text: &text, record, zone };
        reply.answers = records(&asked, &place);
    }
    if reply.answers.is_empty() {
        reply.authorities.extend(super::records::authority(query.name()));
    }
    false
}

/// What name servers tell of themselves (RFC 4892).
fn chaos(reply: &mut Message, query: &Query, zone: &dyn Zone) {
    let name = text_of(query.name());
    match zone.version() {
        Some(version) if name == "version.bind" || name == "version.server" => {
            let data = RData::TXT(hickory_proto::rr::rdata::TXT::new(vec![version]));
            let mut record = Record::from_rdata(query.name().clone(), 0, data);
            record.dns_class = DNSClass::CH;
            reply.answers.push(record);
        }
        _ => reply.metadata.response_code = ResponseCode::Refused,
    }
}

/// A name in lower case, without the last dot; what is no letter or digit is escaped.
pub(super) fn text_of(name: &Name) -> String {
    let mut text = name.to_ascii();
    text.make_ascii_lowercase();
    if text.ends_with('.') && !text.ends_with("\\.") {
        text.pop();
    }
    text
}

fn told(query: &Query, via: Via, code: ResponseCode, silent: bool, reply: &Message) -> EventKind {
    let record = match query.query_type() {
        RecordType::Unknown(number) => format!("TYPE{number}"),
        known => known.to_string(),
    };
    EventKind::DnsQuery {
        name: PeerText::from(text_of(query.name()).as_bytes()),
        record,
        via: via.name().to_owned(),
        code: if silent { "none".to_owned() } else { code_name(code) },
        answers: reply
            .answers
            .iter()
            .take(DNS_ANSWERS_TOLD)
            .map(|record| record.data.to_string())
            .collect(),
    }
}

/// Names as in IANA's registry and in every tool.
fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "NOERROR",
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::NXDomain => "NXDOMAIN",
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::Refused => "REFUSED",
        other => return u16::from(other).to_string(),
    }
    .to_owned()
}

/// The message, cut as RFC 2181 (9) has it where it does not fit.
fn fitted(reply: &Message, room: usize) -> Option<Vec<u8>> {
    let whole = reply.to_vec().ok()?;
    if whole.len() <= room {
        return Some(whole);
    }
    let mut cut = reply.truncate();
    cut.metadata.truncation = true;
    cut.to_vec().ok()
}

/// A header that can be read gets `FORMERR`.
fn malformed(message: &[u8]) -> Answer {
    let Some((&[high, low, flags, _], _)) = message.split_first_chunk::<4>() else {
        return Answer::nothing();
    };
    if message.len() < 12 || flags & 0x80 != 0 {
        return Answer::nothing();
    }
    let id = u16::from_be_bytes([high, low]);
    let reply = Message::error_msg(id, OpCode::Query, ResponseCode::FormErr);
    Answer { message: reply.to_vec().ok(), fact: None }
}

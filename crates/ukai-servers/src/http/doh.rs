//! DNS over HTTPS: messages (RFC 8484), and the JSON of dns.google and Cloudflare.

use super::answer::Answer;
use super::request::Request;
use super::text::json;
use crate::dns::{Via, Zone, answer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};
use ukai_emulators::Context;
use ukai_model::Timestamp;

/// The answer to a query, if the request is one.
pub(super) fn respond(
    request: &Request<'_>,
    zone: &dyn Zone,
    cx: &mut Context<'_>,
) -> Option<Answer> {
    if let Some(message) = message(request) {
        return Some(match ask(&message, zone, request.now, cx) {
            Some(message) => {
                Answer::of("application/dns-message", message).with("Cache-Control", "max-age=60")
            }
            None => Answer::error(400),
        });
    }
    if request.path != b"/resolve" && !request.path.ends_with(b"/dns-query") {
        return None;
    }
    let name = request.parameter("name")?;
    let Some(query) = query(&name, request.parameter("type").as_deref()) else {
        return Some(Answer::error(400));
    };
    let reply = ask(&query, zone, request.now, cx)?;
    let reply = Message::from_vec(&reply).ok()?;
    Some(Answer::of("application/dns-json", as_json(&reply)))
}

/// The message that a request carries (RFC 8484, 4.1).
fn message(request: &Request<'_>) -> Option<Vec<u8>> {
    if request.header("content-type") == Some(b"application/dns-message") {
        return Some(request.body.to_vec());
    }
    if !request.path.ends_with(b"/dns-query") {
        return None;
    }
    let text = request.parameter("dns")?;
    Some(URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_default())
}

fn ask(message: &[u8], zone: &dyn Zone, now: Timestamp, cx: &mut Context<'_>) -> Option<Vec<u8>> {
    let answer = answer(message, Via::Https, zone, now);
    if let Some(fact) = answer.fact {
        cx.record(fact);
    }
    answer.message
}

/// The query for a name and a type, which may be a number.
fn query(name: &str, record: Option<&str>) -> Option<Vec<u8>> {
    let name = Name::from_ascii(name).ok()?.to_lowercase();
    let record = match record {
        None => RecordType::A,
        Some(text) => match text.parse::<u16>() {
            Ok(number) => RecordType::from(number),
            Err(_) => text.to_ascii_uppercase().parse().ok()?,
        },
    };
    let mut message = Message::new(0, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name, record));
    message.to_vec().ok()
}

fn as_json(reply: &Message) -> String {
    let questions = reply.queries.iter().map(|query| {
        let kind = u16::from(query.query_type());
        format!("{{\"name\":{},\"type\":{kind}}}", json(&query.name().to_string()))
    });
    let answers = reply.answers.iter().map(|record| {
        format!(
            "{{\"name\":{},\"type\":{},\"TTL\":{},\"data\":{}}}",
            json(&record.name.to_string()),
            u16::from(record.record_type()),
            record.ttl,
            json(&record.data.to_string())
        )
    });
    let questions: Vec<String> = questions.collect();
    let answers: Vec<String> = answers.collect();
    format!(
        "{{\"Status\":{},\"TC\":false,\"RD\":true,\"RA\":true,\"AD\":false,\"CD\":false,\
         \"Question\":[{}],\"Answer\":[{}]}}",
        u16::from(reply.metadata.response_code),
        questions.join(","),
        answers.join(",")
    )
}

//! Suggested rules for Suricata (6 and later), from what the report knows of C&C,
//! distribution and update servers. What is well-known or a victim gets none.

use crate::limits::IDS_RULES_MAX;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use ukai_model::{Class, Contact, IdsRule, PeerText, Sha256, Transport};

/// Local rules: Suricata's documentation leaves 1,000,000 to 1,999,999 to them.
const SID_FIRST: u32 = 1_000_000;
const SIDS: u32 = 1_000_000;

/// Bytes of a payload that a rule looks for, and fewer of which say nothing.
const PAYLOAD_BYTES: usize = 24;
const PAYLOAD_BYTES_MIN: usize = 4;

/// Rules for the contacts, in their order.
pub(crate) fn rules(sample: &Sha256, contacts: &[Contact]) -> Vec<IdsRule> {
    let mut made =
        Made { sample: *sample, used: BTreeSet::new(), texts: BTreeSet::new(), rules: Vec::new() };
    for contact in contacts {
        let role = match contact.class {
            Class::C2 => "C&C",
            Class::Distribution => "distribution",
            Class::Update => "update",
            Class::MiningPool => "mining pool",
            _ => continue,
        };
        if contact.name.is_empty() {
            by_address(&mut made, contact, role);
        } else {
            by_name(&mut made, contact, role);
        }
        by_requests(&mut made, contact, role);
        by_payload(&mut made, contact, role);
    }
    made.rules
}

struct Made {
    sample: Sha256,
    used: BTreeSet<u32>,
    texts: BTreeSet<String>,
    rules: Vec<IdsRule>,
}

impl Made {
    /// Adds a rule: `head` is what stands before the options, `options` ends in `;`.
    fn add(&mut self, head: &str, about: &str, options: &str) {
        let key = format!("{head} {options}");
        if self.rules.len() >= IDS_RULES_MAX || !self.texts.insert(key.clone()) {
            return;
        }
        // The number follows from the rule, so that the same rule keeps it.
        let digest = Sha256::of(key.as_bytes());
        let mut number = u32::from_be_bytes([
            0,
            digest.as_bytes()[0],
            digest.as_bytes()[1],
            digest.as_bytes()[2],
        ]) % SIDS;
        while !self.used.insert(number) {
            number = (number + 1) % SIDS;
        }
        let sid = SID_FIRST + number;
        let message = format!("ukai {about}");
        let message: String = message
            .chars()
            .filter(|c| c.is_ascii_graphic() && !"\";\\:".contains(*c) || *c == ' ')
            .collect();
        let class = "classtype:trojan-activity";
        let sample = self.sample.to_string();
        let text = format!(
            "alert {head} (msg:\"{message}\"; {options} {class}; metadata:sample {sample}; sid:{sid}; rev:1;)"
        );
        let system = "suricata".to_owned();
        self.rules.push(IdsRule { sid, system, text, about: about.to_owned() });
    }
}

fn by_address(made: &mut Made, contact: &Contact, role: &str) {
    let transport = transport(contact);
    for address in contact.addresses.iter().take(1) {
        let address = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        let head = format!("{transport} any any -> {address} {}", contact.port);
        let about = format!("{role} server {address} port {}", contact.port);
        made.add(&head, &about, "threshold:type limit, track by_src, count 1, seconds 60;");
    }
}

fn by_name(made: &mut Made, contact: &Contact, role: &str) {
    let name = contact.name.to_string().to_ascii_lowercase();
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        return;
    }
    let about = format!("{role} server {name}");
    let dns = format!("dns.query; content:\"{name}\"; nocase; bsize:{};", name.len());
    made.add("dns any any -> any any", &format!("name of the {about} looked up"), &dns);
    if contact.protocols.iter().any(|protocol| protocol == "tls") {
        let tls = format!("tls.sni; content:\"{name}\"; nocase; bsize:{};", name.len());
        made.add("tls any any -> any any", &format!("TLS to the {about}"), &tls);
    }
}

/// Requests in the clear, by path and by what the client calls itself.
fn by_requests(made: &mut Made, contact: &Contact, role: &str) {
    let clear = !contact.protocols.iter().any(|protocol| protocol == "tls");
    if !clear {
        return;
    }
    for line in contact.said.iter().take(4) {
        let line = String::from_utf8_lossy(line.as_bytes()).into_owned();
        let Some((method, url)) = line.split_once(' ') else { continue };
        let Some(rest) = url.strip_prefix("http://") else { continue };
        let path = rest.find('/').map_or("/", |at| &rest[at..]);
        let path = path.split('?').next().unwrap_or(path);
        if !method.bytes().all(|b| b.is_ascii_uppercase()) || path.len() < 4 {
            continue;
        }
        let mut options = format!(
            "flow:established,to_server; http.method; content:\"{method}\"; http.uri; content:{}; startswith;",
            content(path.as_bytes())
        );
        if let Some(agent) = contact.agents.first().filter(|agent| !is_browser(agent)) {
            let agent = agent.as_bytes();
            let start = content(&agent[..agent.len().min(64)]);
            let _ = write!(options, " http.user_agent; content:{start}; startswith;");
        }
        let about =
            format!("request to a {role} server {}", PeerText::truncated(path.as_bytes(), 60));
        made.add("http any any -> any any", &about, &options);
    }
}

/// The first bytes of a conversation in no known protocol.
fn by_payload(made: &mut Made, contact: &Contact, role: &str) {
    let payload = contact.first_payload.as_bytes();
    if payload.len() < PAYLOAD_BYTES_MIN || contact.protocols.iter().any(|p| p == "tls") {
        return;
    }
    let start = &payload[..payload.len().min(PAYLOAD_BYTES)];
    let transport = transport(contact);
    let flow = if transport == "tcp" { "flow:established,to_server; " } else { "" };
    let options = format!("{flow}content:{}; startswith;", content(start));
    let head = format!("{transport} any any -> any {}", contact.port);
    made.add(&head, &format!("first bytes to a {role} server"), &options);
}

const fn transport(contact: &Contact) -> &'static str {
    match contact.transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

/// What a browser calls itself says nothing about the sample.
fn is_browser(agent: &PeerText) -> bool {
    agent.as_bytes().starts_with(b"Mozilla/")
}

/// Bytes as the `content` keyword has them: all that is not plain stands as hexadecimal.
fn content(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    let mut inside = false;
    for byte in bytes {
        let plain = byte.is_ascii_graphic() && !b"\"\\;:|".contains(byte);
        if plain == inside {
            out.push('|');
            inside = !plain;
        } else if !plain {
            out.push(' ');
        }
        if plain {
            out.push(*byte as char);
        } else {
            let _ = write!(out, "{byte:02x}");
        }
    }
    if inside {
        out.push('|');
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::content;

    #[test]
    fn bytes_stand_as_suricata_has_them() {
        assert_eq!(content(b"GET /"), "\"GET|20|/\"");
        assert_eq!(content(b"\x00\x01ab;"), "\"|00 01|ab|3b|\"");
        assert_eq!(content(b"ab"), "\"ab\"");
    }
}

//! What a run has shown, for a reader: names, destinations, protocols, what was sent. Made
//! of events, as they come or from a record; bounded, whatever a sample does.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use ukai_model::{Event, EventKind, Flow, Timestamp, Transport};

/// Entries of each list; further ones are counted.
const ENTRIES_MAX: usize = 10_000;

/// Texts that are kept of one entry.
const TEXTS_MAX: usize = 16;

/// Characters of one text that are shown in a table.
const SHOWN_CHARS: usize = 100;

/// What a run has shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// When it began.
    pub began: Option<Timestamp>,
    /// When the last thing happened.
    pub last: Option<Timestamp>,
    /// Events altogether.
    pub events: u64,
    /// Events that are in no file, since there were too many.
    pub missed: u64,
    /// Entries that found no room in the lists.
    pub left_out: u64,
    /// Names by what was asked.
    pub names: BTreeMap<String, NameRow>,
    /// Destinations, as `tcp 203.0.113.7:443`.
    pub destinations: BTreeMap<String, DestinationRow>,
    /// Requests of HTTP by method and URL.
    pub requests: BTreeMap<String, RequestRow>,
    /// Log-ins, as `protocol user password`.
    pub logins: BTreeMap<String, u64>,
    /// What was said in chats, the first.
    pub chat: Vec<String>,
    /// Mails, as sender and subject.
    pub mails: BTreeMap<String, u64>,
    /// Uploads by SHA-256, with their size in bytes.
    pub uploads: BTreeMap<String, u64>,
    /// Scans and floods.
    pub traffic: Vec<TrafficRow>,
    /// Names that look generated, the most in a minute.
    pub generated_names: u64,
    /// TLS clients by JA4.
    pub tls_clients: BTreeMap<String, u64>,
    /// Events by kind.
    pub kinds: BTreeMap<String, u64>,
}

/// A name that was looked up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NameRow {
    /// How often.
    pub asked: u64,
    /// Types of records.
    pub records: BTreeSet<String>,
    /// How: `udp`, `https` ...
    pub via: BTreeSet<String>,
    /// The last answer's code.
    pub code: String,
    /// What was answered.
    pub answers: BTreeSet<String>,
    /// When first.
    pub first: Option<Timestamp>,
    /// When last.
    pub last: Option<Timestamp>,
}

/// Where a sample connected to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DestinationRow {
    /// The name that led there; empty: the sample knew the address.
    pub name: String,
    /// What was spoken.
    pub protocols: BTreeSet<String>,
    /// Conversations.
    pub conversations: u64,
    /// Bytes that the sample sent.
    pub bytes_sent: u64,
    /// Bytes that it got.
    pub bytes_got: u64,
    /// First payloads of unknown protocols, escaped.
    pub payloads: Vec<String>,
    /// When first.
    pub first: Option<Timestamp>,
    /// When last.
    pub last: Option<Timestamp>,
}

/// A request of HTTP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestRow {
    /// How often.
    pub count: u64,
    /// The last answer's status.
    pub status: u16,
    /// User agents.
    pub user_agents: BTreeSet<String>,
    /// Bytes of bodies.
    pub body_bytes: u64,
}

/// A scan or a flood.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrafficRow {
    /// `scan` or `flood`.
    pub traffic: String,
    /// Of what.
    pub packets_of: String,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// For how long, in milliseconds.
    pub duration_ms: u64,
    /// To how many addresses, the most in a time.
    pub targets: u64,
    /// To which ports.
    pub ports: Vec<u16>,
    /// To which addresses, some.
    pub examples: Vec<String>,
}

impl Summary {
    /// Of nothing yet.
    pub fn new(began: Timestamp) -> Self {
        Self { began: Some(began), ..Self::default() }
    }

    /// Reads a record's events.
    pub fn read(lines: impl Iterator<Item = std::io::Result<String>>) -> std::io::Result<Self> {
        let mut summary = Self::default();
        for line in lines {
            // The last line of a run that was cut off may be half.
            if let Ok(event) = serde_json::from_str(&line?) {
                summary.add(&event);
            }
        }
        Ok(summary)
    }

    /// Takes an event in.
    pub fn add(&mut self, event: &Event) {
        self.events += 1;
        self.began.get_or_insert(event.time);
        self.last = Some(event.time);
        match self.kinds.get_mut(event.kind.name()) {
            Some(count) => *count += 1,
            None => drop(self.kinds.insert(event.kind.name().to_owned(), 1)),
        }
        if let Some(flow) = &event.flow {
            self.add_to_destination(event, flow);
        }
        self.add_kind(event);
    }

    fn add_to_destination(&mut self, event: &Event, flow: &Flow) {
        let transport = if flow.transport == Transport::Tcp { "tcp" } else { "udp" };
        let key = format!("{transport} {}", flow.local());
        let Some(row) = entry(&mut self.destinations, key, &mut self.left_out) else { return };
        row.first.get_or_insert(event.time);
        row.last = Some(event.time);
        match &event.kind {
            EventKind::Destination { name, .. } => row.name = name.to_string(),
            EventKind::SessionOpen { .. } => row.conversations += 1,
            EventKind::SessionClose { protocol, bytes_in, bytes_out, .. } => {
                row.bytes_sent += bytes_in;
                row.bytes_got += bytes_out;
                insert(&mut row.protocols, protocol);
            }
            EventKind::ProtocolRecognised { protocol } => {
                insert(&mut row.protocols, protocol);
            }
            EventKind::TlsHello { .. } => {
                insert(&mut row.protocols, "tls");
            }
            EventKind::DnsQuery { .. } => {
                insert(&mut row.protocols, "dns");
            }
            EventKind::PayloadFirst { payload, .. } if row.payloads.len() < TEXTS_MAX => {
                row.payloads.push(shown(&payload.to_string()));
            }
            _ => {}
        }
    }

    fn add_kind(&mut self, event: &Event) {
        let left_out = &mut self.left_out;
        match &event.kind {
            EventKind::DnsQuery { name, record, via, code, answers } => {
                let Some(row) = entry(&mut self.names, name.to_string(), left_out) else { return };
                row.asked += 1;
                insert(&mut row.records, record);
                insert(&mut row.via, via);
                row.code.clone_from(code);
                for answer in answers {
                    if row.answers.len() < TEXTS_MAX {
                        insert(&mut row.answers, answer);
                    }
                }
                row.first.get_or_insert(event.time);
                row.last = Some(event.time);
            }
            EventKind::HttpRequest {
                method, target, host, status, user_agent, body_size, ..
            } => {
                let url = match host {
                    Some(host) if target.as_bytes().starts_with(b"/") => format!("{host}{target}"),
                    _ => target.to_string(),
                };
                let key = format!("{method} {}", shown_to(&url, 512));
                let Some(row) = entry(&mut self.requests, key, left_out) else { return };
                row.count += 1;
                row.status = *status;
                row.body_bytes += body_size;
                if let Some(agent) = user_agent
                    && row.user_agents.len() < TEXTS_MAX
                {
                    row.user_agents.insert(shown_to(&agent.to_string(), 256));
                }
            }
            EventKind::LoginAttempt { protocol, user, password, .. } => {
                let key = shown_to(&format!("{protocol} {user} {password}"), 256);
                if let Some(count) = entry(&mut self.logins, key, left_out) {
                    *count += 1;
                }
            }
            EventKind::ChatMessage { from, target, text, .. } => {
                if self.chat.len() < ENTRIES_MAX {
                    self.chat.push(shown_to(&format!("<{from}> {target}: {text}"), 512));
                } else {
                    *left_out += 1;
                }
            }
            EventKind::MailReceived { from, subject, .. } => {
                let key = shown_to(&format!("{from} {subject}"), 256);
                if let Some(count) = entry(&mut self.mails, key, left_out) {
                    *count += 1;
                }
            }
            EventKind::SampleCaptured { sha256, size, .. } => {
                if let Some(known) = entry(&mut self.uploads, sha256.to_string(), left_out) {
                    *known = *size;
                }
            }
            EventKind::TlsHello { ja4, .. } => {
                if let Some(count) = entry(&mut self.tls_clients, ja4.clone(), left_out) {
                    *count += 1;
                }
            }
            EventKind::DnsGenerated { names, .. } => {
                self.generated_names = self.generated_names.max(*names);
            }
            EventKind::TrafficOutgoing { .. } => self.add_traffic(&event.kind),
            _ => {}
        }
    }

    /// Windows of the same scan or flood become one row.
    fn add_traffic(&mut self, kind: &EventKind) {
        let EventKind::TrafficOutgoing {
            traffic,
            packets_of,
            packets,
            bytes,
            duration_ms,
            targets,
            ports,
            examples,
            ..
        } = kind
        else {
            return;
        };
        let same = self
            .traffic
            .iter_mut()
            .find(|row| row.traffic == *traffic && row.packets_of == *packets_of);
        if let Some(row) = same {
            row.packets += packets;
            row.bytes += bytes;
            row.duration_ms += duration_ms;
            row.targets = row.targets.max(*targets);
            for port in ports {
                if row.ports.len() < TEXTS_MAX && !row.ports.contains(port) {
                    row.ports.push(*port);
                }
            }
        } else if self.traffic.len() < TEXTS_MAX {
            self.traffic.push(TrafficRow {
                traffic: traffic.clone(),
                packets_of: packets_of.clone(),
                packets: *packets,
                bytes: *bytes,
                duration_ms: *duration_ms,
                targets: *targets,
                ports: ports.clone(),
                examples: examples.clone(),
            });
        }
    }
}

/// An entry of a list that has room, or that is there.
fn entry<'a, T: Default>(
    list: &'a mut BTreeMap<String, T>,
    key: String,
    left_out: &mut u64,
) -> Option<&'a mut T> {
    if list.len() >= ENTRIES_MAX && !list.contains_key(&key) {
        *left_out += 1;
        return None;
    }
    Some(list.entry(key).or_default())
}

/// Most have been seen before, and allocate nothing.
fn insert(set: &mut BTreeSet<String>, text: &str) {
    if !set.contains(text) {
        set.insert(text.to_owned());
    }
}

fn shown(text: &str) -> String {
    shown_to(text, SHOWN_CHARS)
}

fn shown_to(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let seconds = match (self.began, self.last) {
            (Some(began), Some(last)) => last.since(began).as_secs_f64(),
            _ => 0.0,
        };
        let _ = writeln!(text, "{} events in {seconds:.1} s", self.events);
        if self.missed > 0 {
            let _ = writeln!(text, "{} events are in no file: there were too many", self.missed);
        }
        section(
            &mut text,
            "Names looked up",
            self.names.iter().map(|(name, row)| {
                let answers: Vec<&str> = row.answers.iter().take(3).map(String::as_str).collect();
                let records: Vec<&str> = row.records.iter().map(String::as_str).collect();
                format!(
                    "{:>6} {name} {} {} {}",
                    row.asked,
                    records.join(","),
                    row.code,
                    answers.join(" ")
                )
            }),
        );
        section(
            &mut text,
            "Destinations",
            self.destinations.iter().map(|(key, row)| {
                let protocols: Vec<&str> = row.protocols.iter().map(String::as_str).collect();
                let name =
                    if row.name.is_empty() { "(address known beforehand)" } else { &row.name };
                let first =
                    row.payloads.first().map_or(String::new(), |payload| format!(" {payload}"));
                format!(
                    "{:>6} {key} {name} {} sent {} B, got {} B{first}",
                    row.conversations,
                    protocols.join(","),
                    row.bytes_sent,
                    row.bytes_got
                )
            }),
        );
        section(
            &mut text,
            "Requests of HTTP",
            self.requests
                .iter()
                .map(|(key, row)| format!("{:>6} {} {}", row.count, row.status, shown(key))),
        );
        section(
            &mut text,
            "Log-ins",
            self.logins.iter().map(|(key, count)| format!("{count:>6} {}", shown(key))),
        );
        section(
            &mut text,
            "Said in chats",
            self.chat.iter().map(|line| format!("       {}", shown(line))),
        );
        section(
            &mut text,
            "Mails",
            self.mails.iter().map(|(key, count)| format!("{count:>6} {}", shown(key))),
        );
        section(
            &mut text,
            "Uploads",
            self.uploads.iter().map(|(sha256, size)| format!("       {sha256} {size} B")),
        );
        section(
            &mut text,
            "Scans and floods",
            self.traffic.iter().map(|row| {
                let ports: Vec<String> = row.ports.iter().map(ToString::to_string).collect();
                let rate = row.packets * 1_000 / row.duration_ms.max(1);
                format!(
                    "       {} of {} to {} addresses, ports {}: {} packets, {} B, {rate}/s",
                    row.traffic,
                    row.packets_of,
                    row.targets,
                    ports.join(","),
                    row.packets,
                    row.bytes
                )
            }),
        );
        if self.generated_names > 0 {
            let _ = writeln!(
                text,
                "\n{} names in a minute look generated by an algorithm",
                self.generated_names
            );
        }
        f.write_str(&text)
    }
}

/// At most so many lines of a section are shown.
const LINES_MAX: usize = 40;

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut count = 0;
    for line in lines {
        if count == 0 {
            let _ = writeln!(text, "\n{title}");
        }
        if count < LINES_MAX {
            let _ = writeln!(text, "{line}");
        }
        count += 1;
    }
    if count > LINES_MAX {
        let _ = writeln!(text, "       ... and {} more", count - LINES_MAX);
    }
}

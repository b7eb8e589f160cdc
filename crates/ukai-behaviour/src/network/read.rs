//! One walk over a run's events.

use super::{Asked, Fetch, Host, Key, Outside, Place, Upload};
use crate::Seen;
use crate::facts::{Fact, Facts};
use crate::inside::{Inside, Remote, note};
use crate::limits::{
    DESTINATIONS_MAX, DROPS_MAX, EVENTS_MAX, NAMES_MAX, SERVED_MAX, SOME, TEXT_BYTES_MAX, TIMES_MAX,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use ukai_model::{Event, EventKind, FileOperation, Flow, PeerText, Proof, Transport};

/// URLs that are kept of one destination.
const URLS_MAX: usize = 32;

impl Outside {
    /// Reads a run's events, and joins them with what the guest says.
    pub(crate) fn read(run: u32, seen: &Seen, inside: &Inside, facts: &mut Facts) -> Self {
        let mut outside = Self { run, ..Self::default() };
        let mut book = Book::new(seen);
        for event in seen.events.iter().take(EVENTS_MAX) {
            outside.take(event, seen, &mut book, inside, facts);
        }
        outside.left_out += seen.events.len().saturating_sub(EVENTS_MAX) as u64;
        outside.join_unanswered(seen, &book, inside);
        outside
    }

    fn take(
        &mut self,
        event: &Event,
        seen: &Seen,
        book: &mut Book,
        inside: &Inside,
        facts: &mut Facts,
    ) {
        let at_ms = event.time.since(seen.started).as_millis() as u64;
        let mut proof = Proof { run: self.run, at_ms, pid: None, event: Some(event.id) };
        let flow = event.flow.as_ref();
        if let Some(flow) = flow {
            let transport = flow.transport;
            proof.pid = inside.sockets.behind(transport, flow.peer(), flow.local());
            proof.pid = proof.pid.map(|pid| inside.processes.process_of(pid));
        }
        self.take_kind(event, flow, &proof, facts);
        let Some(flow) = flow else { return };
        let key = book.key(flow);
        if self.places.len() >= DESTINATIONS_MAX && !self.places.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let place = self.places.entry(key).or_default();
        place.take(event, flow, &proof, at_ms);
        let remote = inside.sockets.remote(flow.transport, flow.local());
        place.pids.extend(proof.pid);
        if place.pids.is_empty() {
            let pids = remote.into_iter().flat_map(|remote| &remote.pids);
            place.pids.extend(pids.map(|pid| inside.processes.process_of(*pid)));
        }
    }

    fn take_kind(&mut self, event: &Event, flow: Option<&Flow>, proof: &Proof, facts: &mut Facts) {
        let fact = |kind| Fact::new(kind, proof.clone());
        let port = flow.map_or(0, |flow| flow.dst_port);
        match &event.kind {
            EventKind::DnsQuery { name, record, via, code, answers } => {
                facts.add(
                    fact("dns")
                        .text("name", name.as_bytes())
                        .text("record", record)
                        .text("code", code)
                        .text("via", via),
                );
                self.asked(name, record, via, code, answers, proof);
            }
            EventKind::HttpRequest {
                method, target, host, user_agent, head, body, served, ..
            } => {
                if self.served.len() < SERVED_MAX {
                    self.served.extend(served);
                }
                let url = http_url(target, host.as_ref(), port);
                let agent = user_agent.as_ref().map_or(&b""[..], PeerText::as_bytes);
                facts.add(
                    fact("http")
                        .text("method", method.as_bytes())
                        .text("url", url)
                        .text("agent", agent)
                        .text("head", head.as_bytes())
                        .text("body", body.as_bytes()),
                );
            }
            EventKind::ChatMessage { protocol, target, text, sent, .. } => facts.add(
                fact("chat")
                    .text("protocol", protocol)
                    .text("target", target.as_bytes())
                    .text("text", text.as_bytes())
                    .number("sent", u64::from(*sent)),
            ),
            EventKind::LoginAttempt { protocol, user, password, .. } => facts.add(
                fact("login")
                    .text("protocol", protocol)
                    .text("user", user.as_bytes())
                    .text("password", password.as_bytes())
                    .number("port", port),
            ),
            EventKind::PayloadFirst { protocol, payload, .. } => facts.add(
                fact("payload")
                    .text("text", payload.as_bytes())
                    .text("protocol", protocol)
                    .number("port", port),
            ),
            EventKind::ServiceRequest { protocol, request, detail } => facts.add(
                fact("request")
                    .text("protocol", protocol)
                    .text("request", request)
                    .text("detail", detail.as_bytes()),
            ),
            EventKind::FileTransfer { protocol, operation, path, served, .. } => {
                if self.served.len() < SERVED_MAX {
                    self.served.extend(served);
                }
                let request =
                    if *operation == FileOperation::Upload { "upload" } else { "download" };
                facts.add(
                    fact("request")
                        .text("protocol", protocol)
                        .text("request", request)
                        .text("detail", path.as_bytes()),
                );
            }
            EventKind::TlsHello { server_name, ja4, .. } => {
                let name = server_name.as_ref().map_or(&b""[..], PeerText::as_bytes);
                facts.add(fact("tls").text("name", name).text("ja4", ja4).number("port", port));
            }
            EventKind::AttackRecognised { attack, .. } => {
                facts.add(fact("conversation").text("id", attack).number("port", port));
            }
            EventKind::CommandInput { line, .. } => {
                facts.add(fact("command").text("line", line.as_bytes()));
            }
            EventKind::MailReceived { from, subject, recipients, .. } => facts.add(
                fact("mail")
                    .text("from", from.as_bytes())
                    .text("subject", subject.as_bytes())
                    .number("recipients", *recipients),
            ),
            EventKind::DnsGenerated { names, .. } => {
                facts.add(fact("generated-names").number("names", *names));
            }
            EventKind::SampleCaptured { sha256, size, name, .. } => {
                let known = self.uploads.iter().any(|upload| upload.sha256 == *sha256);
                if !known && self.uploads.len() < DROPS_MAX {
                    let name = name.as_ref().map_or(&b""[..], PeerText::as_bytes).to_vec();
                    self.uploads.push(Upload { sha256: *sha256, size: *size, name });
                }
            }
            EventKind::TrafficOutgoing { .. } => self.traffic(&event.kind, proof, facts),
            _ => {}
        }
    }

    fn traffic(&mut self, kind: &EventKind, proof: &Proof, facts: &mut Facts) {
        let EventKind::TrafficOutgoing {
            traffic,
            packets_of,
            packets,
            bytes,
            duration_ms,
            targets,
            ports,
            examples,
            forged_sources,
            payload,
        } = kind
        else {
            return;
        };
        let rate = packets.saturating_mul(1_000) / (*duration_ms).max(1);
        let fact = |port: u16| {
            Fact::new("traffic", proof.clone())
                .text("traffic", traffic)
                .text("of", packets_of)
                .number("port", port)
                .number("targets", *targets)
                .number("rate", rate)
                .number("forged", u64::from(*forged_sources))
        };
        if ports.is_empty() {
            facts.add(fact(0));
        }
        for port in ports.iter().take(SOME) {
            facts.add(fact(*port));
        }
        if self.attacks.len() >= crate::limits::ATTACKS_MAX {
            self.left_out += 1;
            return;
        }
        let row = self.attacks.entry((traffic.clone(), packets_of.clone())).or_default();
        row.packets = row.packets.saturating_add(*packets);
        row.bytes = row.bytes.saturating_add(*bytes);
        row.duration_ms = row.duration_ms.saturating_add(*duration_ms);
        row.targets = row.targets.max(*targets);
        row.forged |= forged_sources;
        for (rank, port) in ports.iter().take(SOME).enumerate() {
            *row.ports.entry(*port).or_default() += (SOME - rank) as u64;
        }
        for example in examples.iter().take(SOME) {
            if row.examples.len() < SOME {
                row.examples.insert(example.clone());
            }
        }
        if row.payload.is_empty() {
            row.payload = payload.as_bytes().to_vec();
        }
        note(&mut row.proofs, proof);
    }

    fn asked(
        &mut self,
        name: &PeerText,
        record: &str,
        via: &str,
        code: &str,
        answers: &[String],
        proof: &Proof,
    ) {
        let key = name.as_bytes().to_ascii_lowercase();
        if self.names.len() >= NAMES_MAX && !self.names.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let asked: &mut Asked = self.names.entry(key).or_default();
        asked.count += 1;
        keep(&mut asked.records, record.to_owned());
        keep(&mut asked.via, via.to_owned());
        code.clone_into(&mut asked.code);
        for answer in answers {
            keep(&mut asked.answers, answer.clone());
        }
        note(&mut asked.proofs, proof);
    }

    /// Adds destinations that never answered, which only the guest's trace knows.
    fn join_unanswered(&mut self, seen: &Seen, book: &Book, inside: &Inside) {
        let mut own: BTreeMap<Key, Remote> = BTreeMap::new();
        for (transport, remote, known) in inside.sockets.remotes() {
            if seen.guest.contains(&remote.ip()) || remote.ip().is_loopback() {
                continue;
            }
            let key = book.key_of(transport, remote);
            if self.places.len() >= DESTINATIONS_MAX && !self.places.contains_key(&key) {
                self.left_out += 1;
                continue;
            }
            let place = self.places.entry(key.clone()).or_default();
            place.attempts += known.attempts;
            keep(&mut place.addresses, remote.ip());
            place.pids.extend(known.pids.iter().map(|pid| inside.processes.process_of(*pid)));
            let its = own.entry(key).or_default();
            its.pids.extend(&known.pids);
            its.tasks.extend(&known.tasks);
            its.sends_ms.extend(&known.sends_ms);
            let times = inside.sleeps.own_times(&known.pids, &known.tasks, &known.times_ms);
            its.times_ms.extend(times);
            if place.sent == 0 {
                place.sent = known.sent;
            }
            if let (Some(first), Some(last)) = (known.times_ms.first(), known.times_ms.last()) {
                place.first_ms = Some(place.first_ms.map_or(*first, |known| known.min(*first)));
                place.last_ms = place.last_ms.max(*last);
                let pid = known.pids.first().map(|pid| inside.processes.process_of(*pid));
                let proof = Proof { run: self.run, at_ms: *first, pid, event: None };
                note(&mut place.proofs, &proof);
            }
        }
        // Where the guest knows as many conversations, its times count: they are those of the
        // clock by which the sample sleeps. A conversation has two others at most, its
        // beginning, and what is asked in it; with more it was kept open, and what is asked
        // lies between its sleeps: by the guest's clock, if it saw that sent, since another one
        // is too far off to tell before which sleep it was.
        for (key, its) in own {
            let Some(place) = self.places.get_mut(&key) else { continue };
            place.times = if place.times.len() <= 2 * its.times_ms.len() {
                its.times_ms
            } else {
                let sent = 2 * its.sends_ms.len() >= place.times.len();
                let asked = if sent { &its.sends_ms } else { &place.times };
                inside.sleeps.own_times(&its.pids, &its.tasks, asked)
            };
            place.times.sort_unstable();
            place.times.truncate(TIMES_MAX);
        }
    }
}

/// Which names lead to which addresses in a run.
struct Book {
    names: BTreeMap<IpAddr, Vec<u8>>,
}

impl Book {
    /// From all of the run: the event that tells a destination's name comes once, and not
    /// always first.
    fn new(seen: &Seen) -> Self {
        let mut names = BTreeMap::new();
        for event in seen.events.iter().take(EVENTS_MAX) {
            if names.len() >= DESTINATIONS_MAX {
                break;
            }
            match (&event.kind, &event.flow) {
                (EventKind::Destination { name, .. }, Some(flow)) if !name.is_empty() => {
                    names.insert(flow.dst_ip, name.as_bytes().to_ascii_lowercase());
                }
                (EventKind::DnsQuery { name, answers, .. }, _) => {
                    let addresses = answers.iter().filter_map(|answer| answer.parse().ok());
                    for address in addresses.take(SOME) {
                        let name = || name.as_bytes().to_ascii_lowercase();
                        names.entry(address).or_insert_with(name);
                    }
                }
                _ => {}
            }
        }
        Self { names }
    }

    fn key(&self, flow: &Flow) -> Key {
        self.key_of(flow.transport, flow.local())
    }

    fn key_of(&self, transport: Transport, remote: SocketAddr) -> Key {
        let host = match self.names.get(&remote.ip()) {
            Some(name) => Host::Name(name.clone()),
            None => Host::Address(remote.ip()),
        };
        let transport = if transport == Transport::Tcp { 6 } else { 17 };
        Key { transport, host, port: remote.port() }
    }
}

impl Place {
    fn take(&mut self, event: &Event, flow: &Flow, proof: &Proof, at_ms: u64) {
        self.first_ms = Some(self.first_ms.map_or(at_ms, |first| first.min(at_ms)));
        self.last_ms = self.last_ms.max(at_ms);
        keep(&mut self.addresses, flow.dst_ip);
        note(&mut self.proofs, proof);
        match &event.kind {
            EventKind::SessionOpen { .. } => {
                self.conversations += 1;
                if self.times.len() < TIMES_MAX {
                    self.times.push(at_ms);
                }
            }
            EventKind::SessionClose { protocol, bytes_in, bytes_out, duration_ms, .. } => {
                self.sent = self.sent.saturating_add(*bytes_in);
                self.got = self.got.saturating_add(*bytes_out);
                self.longest_ms = self.longest_ms.max(*duration_ms);
                keep(&mut self.protocols, protocol.clone());
            }
            EventKind::ProtocolRecognised { protocol } => {
                keep(&mut self.protocols, protocol.clone());
            }
            EventKind::DnsQuery { .. } => keep(&mut self.protocols, "dns".to_owned()),
            EventKind::PayloadFirst { payload, .. } if self.first_payload.is_empty() => {
                self.first_payload = cut(payload.as_bytes());
            }
            EventKind::TlsHello { ja4, .. } => {
                keep(&mut self.protocols, "tls".to_owned());
                keep(&mut self.ja4, ja4.clone());
            }
            EventKind::HttpRequest { method, target, host, user_agent, .. } => {
                keep(&mut self.protocols, "http".to_owned());
                let url = http_url(target, host.as_ref(), flow.dst_port);
                self.say(&[method.as_bytes(), b" ", url.as_bytes()].concat());
                if self.times.len() < TIMES_MAX {
                    self.times.push(at_ms);
                }
                let get = method.as_bytes() == b"GET";
                *(if get { &mut self.gets } else { &mut self.posts }) += 1;
                if get && self.fetches.len() < URLS_MAX {
                    self.fetches.push(Fetch { what: cut(target.as_bytes()), at_ms });
                }
                if self.urls.len() < URLS_MAX {
                    self.urls.insert(url);
                }
                if let Some(agent) = user_agent {
                    keep(&mut self.agents, cut(agent.as_bytes()));
                }
            }
            EventKind::FileTransfer { protocol, operation, path, .. } => {
                self.say(&[protocol.as_bytes(), b" ", path.as_bytes()].concat());
                if *operation == FileOperation::Download && self.fetches.len() < URLS_MAX {
                    self.fetches.push(Fetch { what: cut(path.as_bytes()), at_ms });
                }
            }
            EventKind::ChatMessage { target, text, sent, .. } => {
                self.commanded += u64::from(!sent);
                let from: &[u8] = if *sent { b"says to " } else { b"is told in " };
                self.say(&[from, target.as_bytes(), b": ", text.as_bytes()].concat());
            }
            EventKind::ServiceRequest { protocol, request, detail } => {
                let line = [protocol.as_bytes(), b" ", request.as_bytes(), b" ", detail.as_bytes()];
                self.say(&line.concat());
                if matches!(request.as_str(), "RETR" | "RRQ") && self.fetches.len() < URLS_MAX {
                    self.fetches.push(Fetch { what: cut(detail.as_bytes()), at_ms });
                }
            }
            EventKind::LoginAttempt { user, password, .. } => {
                keep(&mut self.logins, cut(&[user.as_bytes(), b" ", password.as_bytes()].concat()));
            }
            EventKind::CommandInput { line, .. } => {
                self.say(&[b"shell: ", line.as_bytes()].concat());
            }
            EventKind::MailReceived { from, subject, .. } => {
                let line = [b"mail from ", from.as_bytes(), b": ", subject.as_bytes()];
                self.say(&line.concat());
            }
            EventKind::AttackRecognised { attack, .. } => keep(&mut self.known, attack.clone()),
            _ => {}
        }
    }

    fn say(&mut self, line: &[u8]) {
        let line = cut(line);
        if self.said.len() < SOME && !self.said.contains(&line) {
            self.said.push(line);
        }
    }
}

fn cut(text: &[u8]) -> Vec<u8> {
    text[..text.len().min(TEXT_BYTES_MAX)].to_vec()
}

fn keep<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    if set.len() < SOME {
        set.insert(value);
    }
}

/// The URL of a request.
fn http_url(target: &PeerText, host: Option<&PeerText>, port: u16) -> String {
    let target = String::from_utf8_lossy(&target.as_bytes()[..target.as_bytes().len().min(1_024)])
        .into_owned();
    if !target.starts_with('/') {
        return target;
    }
    let scheme = if matches!(port, 443 | 8443) { "https" } else { "http" };
    let host = host.map_or_else(String::new, |host| {
        String::from_utf8_lossy(&host.as_bytes()[..host.as_bytes().len().min(255)]).into_owned()
    });
    format!("{scheme}://{host}{target}")
}

//! What an event means for the summaries: one meaning, used by every engine.

use crate::limits::{
    BEHAVIOUR_SERVERS_MAX, LABEL_BYTES_MAX, LABELS_PER_SAMPLE_MAX, TOP_VALUE_BYTES_MAX,
};
use crate::query::{BehaviourSummary, Bucket, ServerSeen, SessionSummary, TopBy};
use ukai_model::{Behaviour, Class, Contact, Ended, Event, EventKind, PeerText, Sighting};

/// The session as far as its first known event tells. `None` without a flow.
pub(crate) fn begin_session(event: &Event) -> Option<SessionSummary> {
    let (id, flow) = (event.session?, event.flow?);
    Some(SessionSummary {
        id,
        sensor: event.sensor.clone(),
        started: event.time,
        ended: None,
        last_event: event.time,
        protocol: own_protocol(&event.kind).unwrap_or("unknown").to_owned(),
        persona: String::new(),
        transport: flow.transport,
        src_ip: flow.src_ip,
        src_port: flow.src_port,
        dst_ip: flow.dst_ip,
        dst_port: flow.dst_port,
        logins: 0,
        login_success: false,
        commands: 0,
        downloads: 0,
        samples: 0,
        recorded: false,
        reason: None,
        bytes_in: 0,
        bytes_out: 0,
    })
}

/// What the event adds to its session.
pub(crate) fn add_to_session(session: &mut SessionSummary, event: &Event) {
    session.last_event = session.last_event.max(event.time);
    match &event.kind {
        EventKind::SessionOpen { protocol, persona } => {
            session.started = event.time;
            session.protocol.clone_from(protocol);
            session.persona.clone_from(persona);
        }
        EventKind::SessionClose { protocol, reason, bytes_in, bytes_out, recorded, .. } => {
            session.ended = Some(event.time);
            session.protocol.clone_from(protocol);
            session.reason = Some(*reason);
            session.bytes_in = *bytes_in;
            session.bytes_out = *bytes_out;
            session.recorded = *recorded;
        }
        EventKind::LoginAttempt { success, .. } => {
            session.logins += 1;
            session.login_success |= success;
        }
        EventKind::CommandInput { .. } => session.commands += 1,
        EventKind::DownloadRequest { .. } => session.downloads += 1,
        EventKind::SampleCaptured { .. } => session.samples += 1,
        _ => {}
    }
}

/// What the event adds to its span of time.
pub(crate) fn add_to_bucket(bucket: &mut Bucket, event: &Event) {
    match &event.kind {
        EventKind::SessionOpen { .. } => bucket.sessions += 1,
        EventKind::LoginAttempt { .. } => bucket.logins += 1,
        EventKind::CommandInput { .. } => bucket.commands += 1,
        EventKind::DownloadRequest { .. } => bucket.downloads += 1,
        EventKind::SampleCaptured { .. } => bucket.samples += 1,
        EventKind::AttackRecognised { .. } => bucket.attacks += 1,
        _ => {}
    }
}

/// What the event adds to the top lists.
pub(crate) fn top_values(event: &Event, mut add: impl FnMut(TopBy, String)) {
    match &event.kind {
        EventKind::SessionOpen { protocol, .. } => {
            add(TopBy::Protocol, cut(protocol));
            if let Some(flow) = &event.flow {
                add(TopBy::SrcIp, flow.src_ip.to_string());
                add(TopBy::DstPort, flow.dst_port.to_string());
            }
        }
        EventKind::LoginAttempt { protocol, user, password, method, proof, success } => {
            let user = user.escaped();
            // A key is no password, and neither is a response that fits none we know.
            if let Some(key) = proof.as_ref().filter(|_| method.as_deref() == Some("publickey")) {
                add(TopBy::PublicKey, cut(&key.escaped()));
            } else if proof.is_none() || !password.is_empty() {
                let password = password.escaped();
                add(TopBy::Credential, cut(&format!("{user}:{password}")));
                add(TopBy::Password, cut(&password));
            }
            add(TopBy::User, cut(&user));
            add(TopBy::LoginProtocol, cut(protocol));
            if *success {
                add(TopBy::LoginSuccess, cut(protocol));
            }
        }
        // Its hash follows, which is what clients are counted by.
        EventKind::ClientFingerprint { method, .. } if method == "ssh-kexinit" => {}
        EventKind::ClientFingerprint { method, value, software } => {
            let software = software.as_ref().map(PeerText::escaped).unwrap_or_default();
            add(TopBy::Client, cut(format!("{method} {value} {software}").trim_end()));
        }
        EventKind::CommandInput { line, .. } => add(TopBy::Command, cut(&line.escaped())),
        EventKind::DownloadRequest { url, .. } => add(TopBy::DownloadUrl, cut(&url.escaped())),
        _ => {}
    }
}

/// The protocol that the event itself names.
pub(crate) fn own_protocol(kind: &EventKind) -> Option<&str> {
    match kind {
        EventKind::SessionOpen { protocol, .. }
        | EventKind::SessionClose { protocol, .. }
        | EventKind::ProtocolRecognised { protocol }
        | EventKind::PayloadFirst { protocol, .. }
        | EventKind::LoginAttempt { protocol, .. } => Some(protocol),
        _ => None,
    }
}

/// The sighting that the event is, with the sample's size.
pub(crate) fn sighting(event: &Event) -> Option<(Sighting, u64)> {
    let EventKind::SampleCaptured { sha256, size, how, name, url } = &event.kind else {
        return None;
    };
    let sighting = Sighting {
        sha256: *sha256,
        time: event.time,
        event: event.id,
        sensor: event.sensor.clone(),
        session: event.session,
        src_ip: event.flow.map(|flow| flow.src_ip),
        how: *how,
        name: name.clone(),
        url: url.clone(),
    };
    Some((sighting, *size))
}

/// Adds a name or URL to the few that a sample's summary lists; `false` if it changed
/// nothing.
pub(crate) fn add_label(labels: &mut Vec<PeerText>, label: Option<&PeerText>) -> bool {
    let Some(label) = label.filter(|label| !label.is_empty()) else { return false };
    let label = PeerText::truncated(label.as_bytes(), LABEL_BYTES_MAX);
    let room = labels.len() < LABELS_PER_SAMPLE_MAX && !labels.contains(&label);
    if room {
        labels.push(label);
    }
    room
}

/// Labels of several remarks, each once.
pub(crate) fn labels<'a>(all: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for label in all.filter(|label| !label.is_empty()) {
        if !labels.iter().any(|known| known == label) {
            labels.push(label.to_owned());
        }
    }
    labels
}

fn cut(value: &str) -> String {
    value[..value.floor_char_boundary(TOP_VALUE_BYTES_MAX)].to_owned()
}

/// A sample's behaviour in one line.
pub(crate) fn behaviour(behaviour: &Behaviour) -> BehaviourSummary {
    let serves = |contact: &&Contact| {
        matches!(contact.class, Class::C2 | Class::Distribution | Class::Update | Class::MiningPool)
    };
    let mut servers: Vec<&Contact> = behaviour.contacts.iter().filter(serves).collect();
    servers.sort_by_key(|contact| std::cmp::Reverse(contact.confidence));
    let first = behaviour.runs.first();
    BehaviourSummary {
        sha256: behaviour.sha256,
        started: behaviour.started,
        runs: u32::try_from(behaviour.runs.len()).unwrap_or(u32::MAX),
        architecture: first.map(|run| run.architecture.clone()).unwrap_or_default(),
        ended: first.map_or(Ended::Failed, |run| run.ended),
        score: behaviour.score,
        summary: behaviour.summary.clone(),
        servers: servers
            .into_iter()
            .take(BEHAVIOUR_SERVERS_MAX)
            .map(|contact| ServerSeen { class: contact.class, host: host(contact) })
            .collect(),
        attacks: behaviour.attacks.len() as u64,
        drops: behaviour.drops.iter().filter(|drop| !drop.served).count() as u64,
    }
}

/// `name:port`, or the address where the sample used no name.
fn host(contact: &Contact) -> PeerText {
    let port = contact.port;
    match (contact.name.is_empty(), contact.addresses.first()) {
        (true, Some(address)) => {
            PeerText::from(std::net::SocketAddr::new(*address, port).to_string().as_str())
        }
        _ => PeerText::new([contact.name.as_bytes(), format!(":{port}").as_bytes()].concat()),
    }
}

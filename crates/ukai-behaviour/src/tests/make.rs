//! Makes runs: records as a guest tells them, events as the virtual Internet does.

use crate::{RunSettings, Seen};
use std::net::{IpAddr, SocketAddr};
use ukai_model::{
    CloseReason, Duration, Ended, Event, EventId, EventKind, Flow, PeerText, SCHEMA_VERSION,
    Sha256, Timestamp, Transport,
};
use ukai_trace::{Address, Notice, Reason, What};

pub(super) const SAMPLE: Sha256 = Sha256::from_bytes([0xab; 32]);
pub(super) const GUEST: [u8; 4] = [192, 168, 178, 23];

/// When runs begin.
const START: Timestamp = Timestamp::from_secs(1_767_323_045);

pub(super) struct Maker {
    seed: u128,
    settings: RunSettings,
    notices: Vec<Notice>,
    events: Vec<Event>,
    port: u16,
}

impl Maker {
    pub(super) fn new(seed: u128) -> Self {
        let scenario = "default".to_owned();
        let settings = RunSettings { scenario, ..RunSettings::default() };
        Self { seed: seed << 64, settings, notices: Vec::new(), events: Vec::new(), port: 40_000 }
    }

    pub(super) fn settings(&mut self, architecture: &str, path: &str) {
        self.settings.architecture = architecture.to_owned();
        self.settings.path = path.as_bytes().to_vec();
        self.settings.command = vec![path.as_bytes().to_vec()];
    }

    /// The sample is started as process 7.
    pub(super) fn start(&mut self, architecture: &str, path: &str) {
        self.settings(architecture, path);
        self.tell(1, 0, What::Started {});
        self.execute(7, 1, 1, path);
    }

    pub(super) fn tell(&mut self, pid: u32, at_ms: u64, what: What) {
        self.notices.push(Notice { at_ns: at_ms * 1_000_000, pid, what });
    }

    pub(super) fn execute(&mut self, pid: u32, parent: u32, at_ms: u64, command: &str) {
        let arguments: Vec<Vec<u8>> = command.split(' ').map(|a| a.as_bytes().to_vec()).collect();
        let path = arguments[0].clone();
        self.tell(
            pid,
            at_ms,
            What::Execute {
                parent,
                path,
                arguments,
                environment: Vec::new(),
                folder: b"/tmp".to_vec(),
                deleted: false,
                interpreter: Vec::new(),
            },
        );
    }

    pub(super) fn failed(&mut self, step: &str, error: i32) {
        self.tell(1, 0, What::Failed { step: step.as_bytes().to_vec(), error });
    }

    pub(super) fn exit(&mut self, pid: u32, at_ms: u64, status: u32) {
        self.tell(pid, at_ms, What::Exit { status });
    }

    pub(super) fn sleep(&mut self, pid: u32, at_ms: u64, seconds: u64) {
        self.tell(
            pid,
            at_ms,
            What::Sleep { ns: seconds * 1_000_000_000, skipped: true, task: pid },
        );
    }

    pub(super) fn write(&mut self, pid: u32, at_ms: u64, path: &str, size: u64) {
        let path = path.as_bytes().to_vec();
        self.tell(pid, at_ms, What::Create { path: path.clone() });
        self.tell(pid, at_ms, What::Write { path, size });
    }

    pub(super) fn file(&mut self, at_ms: u64, path: &str, bytes: &[u8]) {
        let (path, size) = (path.as_bytes().to_vec(), bytes.len() as u64);
        let reason = Reason::Dropped;
        let (number, offset, last) = (self.notices.len() as u32, 0, true);
        let bytes = bytes.to_vec();
        self.tell(1, at_ms, What::File { number, path, reason, size, offset, bytes, last });
    }

    /// The guest connects; the next conversation of the virtual Internet has these ends.
    pub(super) fn connect(&mut self, pid: u32, at_ms: u64, to: &str, port: u16, protocol: u8) {
        let local = Address::Ip(SocketAddr::new(GUEST.into(), self.port + 1));
        let remote = Address::Ip(SocketAddr::new(to.parse().expect("an address"), port));
        self.tell(pid, at_ms, What::Connect { local, remote, protocol, error: 0, task: pid });
    }

    fn event(&mut self, at_ms: u64, flow: Option<Flow>, kind: EventKind) {
        let time = START + Duration::from_millis(at_ms);
        self.seed += 1;
        self.events.push(Event {
            v: SCHEMA_VERSION,
            id: EventId::new(time, self.seed),
            time,
            sensor: "virtual-internet".parse().expect("a name"),
            session: None,
            flow,
            kind,
        });
    }

    fn flow(&mut self, transport: Transport, to: &str, port: u16) -> Flow {
        self.port += 1;
        let remote: IpAddr = to.parse().expect("an address");
        Flow::new(
            transport,
            SocketAddr::new(GUEST.into(), self.port),
            SocketAddr::new(remote, port),
        )
    }

    pub(super) fn name(&mut self, at_ms: u64, name: &str, answer: &str) {
        let kind = EventKind::DnsQuery {
            name: name.into(),
            record: "A".into(),
            via: "udp".into(),
            code: "NOERROR".into(),
            answers: vec![answer.into()],
        };
        self.event(at_ms, None, kind);
    }

    /// A conversation with what happens in it.
    pub(super) fn talk(
        &mut self,
        at_ms: u64,
        transport: Transport,
        to: &str,
        port: u16,
        protocol: &str,
        kinds: Vec<EventKind>,
    ) {
        let flow = self.flow(transport, to, port);
        let opened =
            EventKind::SessionOpen { protocol: protocol.into(), persona: "internet".into() };
        self.event(at_ms, Some(flow), opened);
        for kind in kinds {
            self.event(at_ms, Some(flow), kind);
        }
        let closed = EventKind::SessionClose {
            protocol: protocol.into(),
            reason: CloseReason::Peer,
            duration_ms: 200,
            bytes_in: 120,
            bytes_out: 4_096,
            recorded: false,
        };
        self.event(at_ms + 200, Some(flow), closed);
    }

    pub(super) fn http(
        &mut self,
        at_ms: u64,
        (to, port): (&str, u16),
        method: &str,
        host: &str,
        target: &str,
        agent: &str,
    ) {
        let kind = EventKind::HttpRequest {
            method: method.into(),
            target: target.into(),
            host: Some(host.into()),
            user_agent: (!agent.is_empty()).then(|| agent.into()),
            head: format!("{method} {target} HTTP/1.1\r\n").as_str().into(),
            body: PeerText::default(),
            body_size: 0,
            status: 200,
            served: None,
        };
        self.talk(at_ms, Transport::Tcp, to, port, "http", vec![kind]);
    }

    pub(super) fn irc(&mut self, at_ms: u64, to: &str, port: u16, channel: &str) {
        let said = |from: &str, text: &str, sent: bool| EventKind::ChatMessage {
            protocol: "irc".into(),
            from: from.into(),
            target: channel.into(),
            text: text.into(),
            sent,
        };
        let kinds = vec![said("bot", "joined", true), said("op", ".version", false)];
        self.talk(at_ms, Transport::Tcp, to, port, "irc", kinds);
    }

    pub(super) fn login(&mut self, at_ms: u64, to: &str, port: u16, user: &str, password: &str) {
        let kind = EventKind::LoginAttempt {
            protocol: "telnet".into(),
            user: user.into(),
            password: password.into(),
            method: None,
            proof: None,
            success: false,
        };
        self.talk(at_ms, Transport::Tcp, to, port, "telnet", vec![kind]);
    }

    pub(super) fn payload(&mut self, at_ms: u64, to: &str, port: u16, payload: &[u8]) {
        let kind = EventKind::PayloadFirst {
            protocol: "unknown".into(),
            payload: payload.into(),
            size: payload.len() as u64,
            sha256: None,
        };
        self.talk(at_ms, Transport::Tcp, to, port, "raw", vec![kind]);
    }

    fn traffic(
        &mut self,
        at_ms: u64,
        (traffic, of): (&str, &str),
        examples: &[String],
        port: u16,
        packets: u64,
        targets: u64,
    ) {
        let kind = EventKind::TrafficOutgoing {
            traffic: traffic.into(),
            packets_of: of.into(),
            packets,
            bytes: packets * 40,
            duration_ms: 10_000,
            targets,
            ports: vec![port],
            examples: examples.to_vec(),
            forged_sources: false,
            payload: PeerText::default(),
        };
        self.event(at_ms, None, kind);
    }

    pub(super) fn scan(&mut self, at_ms: u64, port: u16, targets: u64) {
        let examples: Vec<String> = (1..9).map(|n| format!("198.51.100.{n}")).collect();
        self.traffic(at_ms, ("scan", "tcp-syn"), &examples, port, targets, targets);
    }

    pub(super) fn flood(&mut self, at_ms: u64, of: &str, victim: &str, port: u16, packets: u64) {
        self.traffic(at_ms, ("flood", of), &[victim.to_owned()], port, packets, 1);
    }

    pub(super) fn seen(self, ended: Ended) -> Seen {
        Seen {
            settings: self.settings,
            started: START,
            duration_ms: 60_000,
            ended,
            reason: None,
            notices: self.notices,
            events: self.events,
            guest: vec![GUEST.into()],
        }
    }
}

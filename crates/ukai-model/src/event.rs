//! One fact, immutable.
#![allow(clippy::large_stack_arrays, reason = "the schema derive of a large enum builds one")]

use crate::{
    CaptureHow, CloseReason, EventId, FetchOutcome, FileOperation, Flow, ObservableKind, PeerText,
    Role, SensorId, SessionId, Sha256, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The version of the event schema. It changes when a field changes its meaning or
/// goes; new fields and new kinds do not change it.
pub const SCHEMA_VERSION: u16 = 1;

/// One fact, immutable; serialises to one flat JSON object (`docs/events.md`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Event {
    /// Version of the schema.
    pub v: u16,
    /// Identity (UUIDv7).
    pub id: EventId,
    /// When it happened, by the sensor's clock.
    pub time: Timestamp,
    /// Who observed it.
    pub sensor: SensorId,
    /// The session it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The conversation it belongs to, if any.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened. Peer-chosen bytes are [`PeerText`], escaped when serialised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind")]
pub enum EventKind {
    /// A peer completed a connection (or sent the first datagram of a flow).
    #[serde(rename = "session.open")]
    SessionOpen {
        /// Emulator that took it: `telnet`, `http`, `raw` ...
        protocol: String,
        /// Name of the persona that the address wears.
        persona: String,
    },
    /// The session is over.
    #[serde(rename = "session.close")]
    SessionClose {
        /// Protocol understood in the end (differs from the first when recognised late).
        protocol: String,
        /// Why it ended.
        reason: CloseReason,
        /// How long it lasted, in milliseconds.
        duration_ms: u64,
        /// Bytes received from the peer.
        bytes_in: u64,
        /// Bytes sent to the peer.
        bytes_out: u64,
        /// Whether a terminal recording (asciicast v2) of the session is kept.
        recorded: bool,
    },
    /// The protocol of a flow was recognised from its first bytes.
    #[serde(rename = "protocol.recognised")]
    ProtocolRecognised {
        /// What the bytes are: `http`, `tls`, `ssh`, `smb` ...
        protocol: String,
    },
    /// The first payload of a flow for which no emulator speaks.
    #[serde(rename = "payload.first")]
    PayloadFirst {
        /// What the bytes look like; `unknown` if nothing is recognised.
        protocol: String,
        /// The first bytes, at most 4,096.
        payload: PeerText,
        /// Length of the whole payload that was kept, in bytes.
        size: u64,
        /// Name of the sample under which the whole payload is kept, when it is longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<Sha256>,
    },
    /// Something by which the peer's software is known again.
    #[serde(rename = "client.fingerprint")]
    ClientFingerprint {
        /// Method: `ja3`, `ja4`, `hassh`, `ssh-kexinit`, `telnet-options` ...
        method: String,
        /// The fingerprint.
        value: String,
        /// The peer's name for its software, where the protocol carries one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        software: Option<PeerText>,
    },
    /// A TLS ClientHello was read.
    #[serde(rename = "tls.hello")]
    TlsHello {
        /// Server name asked for (SNI).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server_name: Option<PeerText>,
        /// Protocols offered (ALPN).
        alpn: Vec<PeerText>,
        /// JA3 (MD5 in hexadecimal).
        ja3: String,
        /// JA4.
        ja4: String,
    },
    /// A log-in was tried.
    #[serde(rename = "login.attempt")]
    LoginAttempt {
        /// Protocol: `telnet`, `http-basic` ...
        protocol: String,
        /// User name.
        user: PeerText,
        /// Password; empty where the method has none.
        password: PeerText,
        /// How, where it was not a plain password: `keyboard-interactive`, `publickey`,
        /// `cram-md5`, `anonymous` ...
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        /// The key that was offered, as OpenSSH prints it (`ssh-ed25519 SHA256:...`), or
        /// the response to a challenge, with which a password can be tested.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<PeerText>,
        /// Whether it was let in.
        success: bool,
    },
    /// A canary pair was used: it stands nowhere but where the operator has laid it, so
    /// whoever uses it has been there.
    #[serde(rename = "login.canary")]
    LoginCanary {
        /// Protocol.
        protocol: String,
        /// User name.
        user: PeerText,
        /// What the operator wrote down for this pair: where it was laid.
        note: String,
    },
    /// A client asked a service for something: an FTP or mail command, an SSH request.
    #[serde(rename = "service.request")]
    ServiceRequest {
        /// Protocol: `ssh`, `ftp`, `smtp` ...
        protocol: String,
        /// What was asked for: `env`, `x11-req`, `RETR`, `MAIL` ...
        request: String,
        /// The rest of it, at most 1,024 bytes; secrets of log-ins are not repeated.
        #[serde(default, skip_serializing_if = "PeerText::is_empty")]
        detail: PeerText,
    },
    /// A file was read, written or changed through a file protocol.
    #[serde(rename = "file.transfer")]
    FileTransfer {
        /// Protocol: `ftp`, `tftp`, `sftp`, `scp`.
        protocol: String,
        /// What was done.
        operation: FileOperation,
        /// The path in the virtual file system, or as it was asked for.
        path: PeerText,
        /// Length of the file in bytes, where one was moved.
        size: u64,
        /// Whether it was done.
        success: bool,
        /// What was given out, where the virtual Internet made it up: ours, not the sample's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        served: Option<Sha256>,
    },
    /// A connection onwards was asked for; it led to an emulated service of ours, if any.
    #[serde(rename = "tunnel.request")]
    TunnelRequest {
        /// How: `direct-tcpip`, `tcpip-forward`, `direct-streamlocal` ...
        how: String,
        /// Host or path that was asked for.
        host: PeerText,
        /// Port that was asked for.
        port: u16,
        /// Where the client says that it comes from.
        #[serde(default, skip_serializing_if = "PeerText::is_empty")]
        origin: PeerText,
        /// Whether it was granted.
        granted: bool,
    },
    /// A mail was taken and is kept; it is never delivered.
    #[serde(rename = "mail.received")]
    MailReceived {
        /// Sender of the envelope.
        from: PeerText,
        /// Recipients of the envelope, at most 100.
        to: Vec<PeerText>,
        /// Recipients altogether.
        recipients: u64,
        /// Subject, as it stands in the header.
        #[serde(default, skip_serializing_if = "PeerText::is_empty")]
        subject: PeerText,
        /// Length in bytes.
        size: u64,
    },
    /// A line was given to a shell.
    #[serde(rename = "command.input")]
    CommandInput {
        /// The line, at most 16,384 bytes.
        line: PeerText,
        /// Commands in it that we do not have: what to emulate next.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<PeerText>,
    },
    /// A file was started that the attacker had brought.
    #[serde(rename = "command.executed")]
    CommandExecuted {
        /// Path in the virtual file system.
        path: PeerText,
        /// The whole argument list, joined by spaces.
        arguments: PeerText,
        /// The sample that was started.
        sha256: Sha256,
    },
    /// An HTTP request was read whole.
    #[serde(rename = "http.request")]
    HttpRequest {
        /// Method.
        method: PeerText,
        /// Request target as sent.
        target: PeerText,
        /// Host header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<PeerText>,
        /// User-Agent header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_agent: Option<PeerText>,
        /// Request line and headers as sent, at most 16,384 bytes.
        head: PeerText,
        /// The first 4,096 bytes of the body.
        #[serde(default, skip_serializing_if = "PeerText::is_empty")]
        body: PeerText,
        /// Length of the body in bytes.
        body_size: u64,
        /// Status that was answered.
        status: u16,
        /// What was given back, where the virtual Internet gave it: a file of that name is
        /// ours, not the sample's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        served: Option<Sha256>,
    },
    /// A request or payload fits a known attack.
    #[serde(rename = "attack.recognised")]
    AttackRecognised {
        /// Name of what was recognised: `command-injection`, an emulation's id ...
        attack: String,
        /// The decisive part: the injected shell line, the parameter ...
        detail: PeerText,
    },
    /// The attacker asked for a file from elsewhere.
    #[serde(rename = "download.request")]
    DownloadRequest {
        /// Where from.
        url: PeerText,
        /// Command used: `wget`, `curl`, `tftp`, `ftpget` ...
        tool: String,
    },
    /// A fetch by the egress is over, well or ill.
    #[serde(rename = "download.result")]
    DownloadResult {
        /// Where from, as asked for.
        url: PeerText,
        /// How it ended.
        outcome: FetchOutcome,
        /// What came, if anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<Sha256>,
        /// Bytes received.
        size: u64,
        /// Address that served it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        server_ip: Option<IpAddr>,
        /// The last URL after redirections, when there were any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        final_url: Option<PeerText>,
        /// What went wrong, for a reader.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// Bytes were captured and are kept as a sample.
    #[serde(rename = "sample.captured")]
    SampleCaptured {
        /// The sample.
        sha256: Sha256,
        /// Length in bytes.
        size: u64,
        /// How it came.
        how: CaptureHow,
        /// Name that the attacker gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<PeerText>,
        /// Where it was fetched from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<PeerText>,
    },
    /// An analysis of a sample is over.
    #[serde(rename = "analysis.done")]
    AnalysisDone {
        /// The sample.
        sha256: Sha256,
        /// Which analysis: `static`.
        engine: String,
        /// `complete`, `partial` or `failed`.
        outcome: String,
        /// How many observables it found.
        observables: u64,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// A sample was run in the sandbox.
    #[serde(rename = "sandbox.done")]
    SandboxDone {
        /// The sample.
        sha256: Sha256,
        /// How many runs there were.
        runs: u32,
        /// 0 to 100: how much of what it did harmless programs do not do.
        score: u8,
        /// Destinations that command it, or give out programs or newer versions of it.
        servers: u64,
        /// Files that came back and were not ours.
        drops: u64,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// Anti-virus engines said something new of a sample.
    #[serde(rename = "antivirus.done")]
    AntivirusDone {
        /// The sample.
        sha256: Sha256,
        /// The family on which they agree, if they do.
        family: Option<String>,
        /// How many know it.
        detected: u32,
        /// How many know nothing of it.
        clean: u32,
        /// How many did not look, or did not say: they are asked again.
        not_scanned: u32,
    },
    /// Services that know samples by their hashes said something new of one.
    #[serde(rename = "lookup.done")]
    LookupDone {
        /// The sample.
        sha256: Sha256,
        /// Services that hold it for malware.
        malicious: u32,
        /// Services that know it and do not hold it for malware.
        known: u32,
        /// Services that have never seen it.
        unknown: u32,
        /// Services that did not say yet.
        open: u32,
        /// The first name that one of them gives it.
        name: Option<PeerText>,
    },
    /// A person said what they think of a sample.
    #[serde(rename = "sample.judged")]
    SampleJudged {
        /// The sample.
        sha256: Sha256,
        /// `malicious`, `suspicious` or `harmless`, if they decided.
        verdict: Option<String>,
        /// Their tags.
        tags: Vec<String>,
    },
    /// An indicator came into being, or its role was seen for the first time.
    #[serde(rename = "indicator.new")]
    IndicatorNew {
        /// Type of the value.
        observable: ObservableKind,
        /// The value.
        value: String,
        /// What it does.
        role: Role,
        /// 0 to 100.
        confidence: u8,
    },
    /// SYNs come in the name of a prefix that never completes a handshake: somebody scans
    /// without state, or wants the prefix flooded with our answers.
    #[serde(rename = "syn.unanswered")]
    SynUnanswered {
        /// The prefix, an IPv4 /24 or an IPv6 /48.
        prefix: String,
        /// SYNs since its last handshake.
        syns: u64,
        /// Those of them that were not answered.
        unanswered: u64,
    },
    /// A name was looked up, and what was answered.
    #[serde(rename = "dns.query")]
    DnsQuery {
        /// The name, without the last dot.
        name: PeerText,
        /// Type of record: `A`, `AAAA`, `TXT`; `TYPE65280` for one without a name.
        record: String,
        /// How it was asked: `udp`, `tcp`, `tls` or `https`.
        via: String,
        /// Code of the answer: `NOERROR`, `NXDOMAIN` ...
        code: String,
        /// Data of the answer's records, at most 16.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        answers: Vec<String>,
    },
    /// A conversation was opened by a sample: whether it knew the address by a name.
    #[serde(rename = "destination")]
    Destination {
        /// The name that had been looked up; none: the address was known to the sample
        /// beforehand, or guessed.
        #[serde(default, skip_serializing_if = "PeerText::is_empty")]
        name: PeerText,
        /// Time since the name was looked up last, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_ms: Option<u64>,
    },
    /// Somebody said something in a chat (IRC), or a server's script said it.
    #[serde(rename = "chat.message")]
    ChatMessage {
        /// Protocol: `irc`.
        protocol: String,
        /// Who said it.
        from: PeerText,
        /// To whom: a nickname or a channel.
        target: PeerText,
        /// What, at most 1,024 bytes.
        text: PeerText,
        /// Whether it came from the peer, or was told to it.
        sent: bool,
    },
    /// Packets of a sample that look like a scan or a flood: counted, never let out.
    #[serde(rename = "traffic.outgoing")]
    TrafficOutgoing {
        /// `scan` or `flood`.
        traffic: String,
        /// Transport: `tcp-syn`, `tcp`, `udp`, `icmp`, or a number of IP's protocols.
        packets_of: String,
        /// Packets in this time.
        packets: u64,
        /// Bytes in this time, headers of IP included.
        bytes: u64,
        /// This time, in milliseconds.
        duration_ms: u64,
        /// Addresses that they went to, as an estimate.
        targets: u64,
        /// The ports that most of them went to, the most frequent first, at most 16.
        ports: Vec<u16>,
        /// Addresses that they went to, at most 16.
        examples: Vec<String>,
        /// Source addresses that are not the sender's own.
        forged_sources: bool,
        /// The first payload, at most 256 bytes.
        #[serde(default, skip_serializing_if = "PeerText::is_empty")]
        payload: PeerText,
    },
    /// Many names that do not look like a person's choice were looked up in a short time:
    /// an algorithm generates them.
    #[serde(rename = "dns.generated")]
    DnsGenerated {
        /// Names in this time.
        names: u64,
        /// This time, in milliseconds.
        duration_ms: u64,
        /// Some of them, at most 16.
        examples: Vec<PeerText>,
    },
    /// A third party is under attack: its answers to packets with forged sources arrive at
    /// unused addresses (telescope).
    #[serde(rename = "telescope.attack")]
    TelescopeAttack {
        /// `began` or `ended`.
        state: String,
        /// The victim's address; a prefix if the whole of it is bombed.
        victim: String,
        /// Country of the victim (ISO 3166-1).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        country: Option<String>,
        /// Autonomous system of the victim.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asn: Option<u32>,
        /// Name of the autonomous system.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_name: Option<String>,
        /// Whether the victim is of the operator's own prefixes.
        own: bool,
        /// The first packet.
        first: Timestamp,
        /// The last packet so far.
        last: Timestamp,
        /// How it is attacked, the strongest first: `tcp`, `dns` ...
        vectors: Vec<String>,
        /// The ports that are attacked most: `80/tcp`.
        ports: Vec<String>,
        /// Packets at the telescope.
        packets: u64,
        /// Packets in the busiest minute.
        minute_peak: u64,
        /// Dark addresses that were answered.
        addresses: u64,
        /// Addresses under attack, where a prefix is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        victims: Option<u64>,
        /// Waves, where it comes in waves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waves: Option<u64>,
        /// Packets a second of the attack in its busiest minute, at least, as an estimate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate_estimated: Option<u64>,
    },
    /// A source scans unused addresses (telescope). Its address may be forged, unless it
    /// completed a handshake with a honeypot.
    #[serde(rename = "telescope.scanner")]
    TelescopeScanner {
        /// `began` or `ended`: silent for so long that it is forgotten.
        state: String,
        /// The source.
        #[schema(value_type = String)]
        source: IpAddr,
        /// Under which name it is known to scan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<String>,
        /// Country (ISO 3166-1).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        country: Option<String>,
        /// Autonomous system.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asn: Option<u32>,
        /// Name of the autonomous system.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_name: Option<String>,
        /// Whether it is of the operator's own prefixes: suspected to be infected.
        own: bool,
        /// Its first packet.
        first: Timestamp,
        /// Its last packet.
        last: Timestamp,
        /// Its packets.
        packets: u64,
        /// The tool that it uses most: `zmap`, `mirai` ...
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// The ports that it tries most: `23/tcp`.
        ports: Vec<String>,
        /// How many ports it tries.
        distinct_ports: u64,
        /// Dark addresses that it tried.
        addresses: u64,
        /// In which order: `ascending`, `each-once`, `cyclic`, `random` ...
        order: String,
        /// Packets a second if it does to all of IPv4 what it does to the telescope; with a
        /// generator, what it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        internet_rate: Option<u64>,
        /// By which ZMap goes through all of IPv4, where it was solved: the same for all
        /// shards of one scan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        generator: Option<u64>,
        /// Per mille of that scan that this source was seen to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done_permille: Option<u64>,
    },
    /// Many more sources than before try a port (telescope).
    #[serde(rename = "telescope.rise")]
    TelescopeRise {
        /// The port: `8291/tcp`.
        port: String,
        /// The interval in which it rose begins here.
        begins: Timestamp,
        /// Sources in it.
        sources: u64,
        /// Probes in it.
        packets: u64,
        /// Sources in the intervals before, the oldest first; those without any are left out.
        history: Vec<u64>,
    },
    /// A port in an interval that is over (telescope).
    #[serde(rename = "telescope.port")]
    TelescopePort {
        /// The port: `23/tcp`.
        port: String,
        /// The interval begins here.
        begins: Timestamp,
        /// How long it is, in seconds.
        length_s: u64,
        /// Its place among the ports of the interval, from 1, by sources.
        rank: u64,
        /// Sources that tried it.
        sources: u64,
        /// Probes.
        packets: u64,
    },
    /// A country in an interval that is over: one of those of the most sources (telescope).
    /// Backscatter does not count: who is said to have sent it did not.
    #[serde(rename = "telescope.country")]
    TelescopeCountry {
        /// The country (ISO 3166-1); absent for sources of which it is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        country: Option<String>,
        /// The interval begins here.
        begins: Timestamp,
        /// How long it is, in seconds.
        length_s: u64,
        /// Its place among the countries of the interval, from 1, by sources.
        rank: u64,
        /// Different sources in it: exact up to 128, then to 3.3 %.
        sources: u64,
        /// What they sent, in packets.
        packets: u64,
    },
    /// An autonomous system in an interval that is over: one of those of the most sources
    /// (telescope). Backscatter does not count.
    #[serde(rename = "telescope.system")]
    TelescopeSystem {
        /// The autonomous system; absent for sources of which it is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asn: Option<u32>,
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_name: Option<String>,
        /// The interval begins here.
        begins: Timestamp,
        /// How long it is, in seconds.
        length_s: u64,
        /// Its place among the systems of the interval, from 1, by sources.
        rank: u64,
        /// Different sources in it: exact up to 32, then to 6.5 %.
        sources: u64,
        /// What they sent, in packets.
        packets: u64,
    },
    /// How much came to each block of the telescope in an interval that is over.
    #[serde(rename = "telescope.blocks")]
    TelescopeBlocks {
        /// The interval begins here.
        begins: Timestamp,
        /// Its length in seconds.
        length_s: u64,
        /// The blocks of /24, or /48 of IPv6, to which most came, at most 256, by address.
        blocks: Vec<String>,
        /// Packets to each of them.
        packets: Vec<u64>,
    },
    /// An interval is over: what came to unused addresses in it (telescope).
    #[serde(rename = "telescope.interval")]
    TelescopeInterval {
        /// It begins here.
        begins: Timestamp,
        /// How long it is, in seconds.
        length_s: u64,
        /// Packets.
        packets: u64,
        /// Their bytes.
        bytes: u64,
        /// Different sources, to 0.8 %.
        sources: u64,
        /// Different unused addresses that were hit, to 0.8 %.
        addresses: u64,
        /// Packets that look for something.
        scan: u64,
        /// Packets that answer what was sent with a forged source.
        backscatter: u64,
        /// All others.
        other: u64,
        /// Packets that arrived and were not looked at: there was no room for them.
        dropped: u64,
    },
    /// A limit cut something short; the cost stays bounded and the fact is kept.
    #[serde(rename = "limit.reached")]
    LimitReached {
        /// Which limit, by its name in the configuration.
        limit: String,
        /// What was cut.
        detail: String,
    },
    /// Our own code failed; the session or job was cut off alone.
    #[serde(rename = "fault")]
    Fault {
        /// Component.
        component: String,
        /// What happened.
        detail: String,
    },
}

impl Event {
    /// The address of whoever acted, for look-ups by source.
    pub const fn source(&self) -> Option<IpAddr> {
        match (&self.flow, &self.kind) {
            (Some(flow), _) => Some(flow.src_ip),
            (None, EventKind::TelescopeScanner { source, .. }) => Some(*source),
            (None, _) => None,
        }
    }
}

impl EventKind {
    /// The kind's name as it stands in the `kind` field.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SessionOpen { .. } => "session.open",
            Self::SessionClose { .. } => "session.close",
            Self::ProtocolRecognised { .. } => "protocol.recognised",
            Self::PayloadFirst { .. } => "payload.first",
            Self::ClientFingerprint { .. } => "client.fingerprint",
            Self::TlsHello { .. } => "tls.hello",
            Self::LoginAttempt { .. } => "login.attempt",
            Self::LoginCanary { .. } => "login.canary",
            Self::ServiceRequest { .. } => "service.request",
            Self::FileTransfer { .. } => "file.transfer",
            Self::TunnelRequest { .. } => "tunnel.request",
            Self::MailReceived { .. } => "mail.received",
            Self::CommandInput { .. } => "command.input",
            Self::CommandExecuted { .. } => "command.executed",
            Self::HttpRequest { .. } => "http.request",
            Self::AttackRecognised { .. } => "attack.recognised",
            Self::DownloadRequest { .. } => "download.request",
            Self::DownloadResult { .. } => "download.result",
            Self::SampleCaptured { .. } => "sample.captured",
            Self::AnalysisDone { .. } => "analysis.done",
            Self::SandboxDone { .. } => "sandbox.done",
            Self::AntivirusDone { .. } => "antivirus.done",
            Self::LookupDone { .. } => "lookup.done",
            Self::SampleJudged { .. } => "sample.judged",
            Self::IndicatorNew { .. } => "indicator.new",
            Self::SynUnanswered { .. } => "syn.unanswered",
            Self::DnsQuery { .. } => "dns.query",
            Self::Destination { .. } => "destination",
            Self::ChatMessage { .. } => "chat.message",
            Self::TrafficOutgoing { .. } => "traffic.outgoing",
            Self::DnsGenerated { .. } => "dns.generated",
            Self::TelescopeAttack { .. } => "telescope.attack",
            Self::TelescopeScanner { .. } => "telescope.scanner",
            Self::TelescopeRise { .. } => "telescope.rise",
            Self::TelescopePort { .. } => "telescope.port",
            Self::TelescopeCountry { .. } => "telescope.country",
            Self::TelescopeSystem { .. } => "telescope.system",
            Self::TelescopeBlocks { .. } => "telescope.blocks",
            Self::TelescopeInterval { .. } => "telescope.interval",
            Self::LimitReached { .. } => "limit.reached",
            Self::Fault { .. } => "fault",
        }
    }

    /// The sample that the event speaks of, for look-ups by sample.
    pub const fn sample(&self) -> Option<Sha256> {
        match self {
            Self::CommandExecuted { sha256, .. }
            | Self::SampleCaptured { sha256, .. }
            | Self::AnalysisDone { sha256, .. }
            | Self::SandboxDone { sha256, .. }
            | Self::AntivirusDone { sha256, .. }
            | Self::LookupDone { sha256, .. }
            | Self::SampleJudged { sha256, .. } => Some(*sha256),
            Self::PayloadFirst { sha256, .. } | Self::DownloadResult { sha256, .. } => *sha256,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Transport;

    #[test]
    fn an_event_is_one_flat_object_and_reads_back() {
        let time = Timestamp::from_secs(1_700_000_000);
        let event = Event {
            v: SCHEMA_VERSION,
            id: EventId::new(time, 1),
            time,
            sensor: "s1".parse().expect("a sensor name"),
            session: Some(SessionId::new(time, 2)),
            flow: Some(Flow::new(
                Transport::Tcp,
                "192.0.2.1:4000".parse().expect("an address"),
                "[::ffff:198.51.100.1]:23".parse().expect("an address"),
            )),
            kind: EventKind::LoginAttempt {
                protocol: "telnet".into(),
                user: "root".into(),
                password: PeerText::from(&b"\x1b[31m"[..]),
                method: None,
                proof: None,
                success: true,
            },
        };
        let json = serde_json::to_value(&event).expect("serialises");
        assert!(json.as_object().expect("an object").values().all(|v| !v.is_object()));
        assert_eq!(json["kind"], event.kind.name());
        assert_eq!(json["dst_ip"], "198.51.100.1");
        assert_eq!(json["password"], r"\x1b[31m");
        assert_eq!(serde_json::from_value::<Event>(json).expect("reads back"), event);
    }

    #[test]
    fn an_event_without_a_flow_reads_back() {
        let time = Timestamp::from_secs(1);
        let event = Event {
            v: SCHEMA_VERSION,
            id: EventId::new(time, 1),
            time,
            sensor: "hub".parse().expect("a sensor name"),
            session: None,
            flow: None,
            kind: EventKind::Fault { component: "x".into(), detail: "y".into() },
        };
        let json = serde_json::to_string(&event).expect("serialises");
        assert_eq!(serde_json::from_str::<Event>(&json).expect("reads back"), event);
    }
}

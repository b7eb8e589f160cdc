//! What a sample did when it was run: the report of the sandbox (`docs/behaviour.md`).
//!
//! Everything in it points to what it rests on: times and processes of the guest's trace,
//! events of the virtual Internet. Lists are bounded; what found no room is counted.

use crate::{EventId, Observable, PeerText, Sha256, StringEncoding, Timestamp, Transport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The version of the report. It changes when a field changes its meaning or goes.
pub const BEHAVIOUR_VERSION: u16 = 1;

/// What a sample did in one or more runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Behaviour {
    /// Version of the report's form.
    pub v: u16,
    /// The sample.
    pub sha256: Sha256,
    /// When the first run began.
    pub started: Timestamp,
    /// The runs, in order.
    pub runs: Vec<Run>,
    /// What a reader should know first, in a few sentences made of the facts below.
    pub summary: String,
    /// 0 to 100: how much of this harmless programs do not do, from the matched rules.
    pub score: u8,
    /// What happened, in order of time; the least important left out first.
    pub timeline: Vec<Moment>,
    /// Processes, in order of their beginning.
    pub processes: Vec<Process>,
    /// Files made, changed, renamed, started or deleted.
    pub files: Vec<FileChange>,
    /// Values of Windows' registry that are others than before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registry: Vec<RegistryChange>,
    /// How it stays over a restart, hides, and looks whether it is watched.
    pub findings: Vec<Finding>,
    /// Names that were looked up.
    pub names: Vec<NameAsked>,
    /// Where it connected to, by destination.
    pub contacts: Vec<Contact>,
    /// Scans and floods: counted, never let out.
    pub attacks: Vec<Attack>,
    /// Files that came back from the guest.
    pub drops: Vec<Dropped>,
    /// What was in the memory of its processes at the end and is not in its file, where memory
    /// was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<InMemory>,
    /// Rules whose conditions were met (`rules/behaviour`).
    pub matches: Vec<RuleMatch>,
    /// Suggested rules for an intrusion detection system.
    pub ids_rules: Vec<IdsRule>,
    /// How it talks, to compare with others.
    pub fingerprint: Fingerprint,
    /// Samples that talk alike, the most alike first.
    pub alike: Vec<Alike>,
    /// What differs between the runs.
    pub differences: Vec<Difference>,
    /// What the sample printed, the first of it.
    pub output: PeerText,
    /// What found no room, by list.
    pub left_out: BTreeMap<String, u64>,
}

impl Behaviour {
    /// Of a sample of which nothing was seen.
    pub fn new(sha256: Sha256, started: Timestamp) -> Self {
        Self {
            v: BEHAVIOUR_VERSION,
            sha256,
            started,
            runs: Vec::new(),
            summary: String::new(),
            score: 0,
            timeline: Vec::new(),
            processes: Vec::new(),
            files: Vec::new(),
            registry: Vec::new(),
            findings: Vec::new(),
            names: Vec::new(),
            contacts: Vec::new(),
            attacks: Vec::new(),
            drops: Vec::new(),
            memory: Vec::new(),
            matches: Vec::new(),
            ids_rules: Vec::new(),
            fingerprint: Fingerprint::default(),
            alike: Vec::new(),
            differences: Vec::new(),
            output: PeerText::default(),
            left_out: BTreeMap::new(),
        }
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Run {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub started: Timestamp,
    /// How long it lasted, in milliseconds of the guest's clock.
    pub duration_ms: u64,
    /// What the sample was started as: `x86_64`, `arm`, `script` ...
    pub architecture: String,
    /// The command line.
    pub command: PeerText,
    /// The Internet that it met: the scenario's name.
    pub scenario: String,
    /// Settings that differ from the usual ones, as `key = value`.
    pub settings: Vec<String>,
    /// How it ended.
    pub ended: Ended,
    /// Why, where the end was not a regular one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the sample was seen to start.
    pub reached: bool,
    /// Whether the guest told what happened inside; otherwise only the network is known.
    pub traced: bool,
    /// Records of the trace.
    pub records: u64,
    /// Records that the guest had no room for.
    pub lost: u64,
    /// Events of the virtual Internet.
    pub events: u64,
    /// What could not be looked at, or not wholly, for a reader.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// All processes of the sample had ended.
    Exited,
    /// Its time was used up while it ran.
    TimeUsed,
    /// The guest stopped, crashed or restarted.
    GuestEnded,
    /// The sample could not be started.
    NotStarted,
    /// The sandbox itself failed.
    Failed,
}

/// What something in the report rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Proof {
    /// The run.
    pub run: u32,
    /// When, in milliseconds since the run began.
    pub at_ms: u64,
    /// The process, by its number in the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The event of the virtual Internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Moment {
    /// What it rests on, and when it was.
    pub proof: Proof,
    /// Kind: `process`, `file`, `network`, `persistence` ...
    pub kind: String,
    /// What happened.
    pub text: PeerText,
    /// 1 (a detail) to 5 (decisive).
    pub weight: u8,
}

/// A process of the guest that belongs to the sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Process {
    /// The run.
    pub run: u32,
    /// Its number in the guest.
    pub pid: u32,
    /// The process that made it, if that belongs to the sample too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// When it began, in milliseconds since the run did.
    pub started_ms: u64,
    /// When it ended; none: it was still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    /// How it ended: `exit 0`, `signal 9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// The name that it last gave itself, where it did.
    #[serde(default, skip_serializing_if = "PeerText::is_empty")]
    pub name: PeerText,
    /// Programs that it was, in order.
    pub programs: Vec<Program>,
    /// Threads that it made.
    pub threads: u64,
    /// Processes that it made.
    pub children: u64,
    /// What it did, in short.
    pub did: Vec<String>,
}

/// A program that a process became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Program {
    /// When, in milliseconds since the run began.
    pub at_ms: u64,
    /// Its file.
    pub path: PeerText,
    /// Its command line.
    pub command: PeerText,
    /// Whether its file was deleted already.
    pub deleted: bool,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileChange {
    /// Where.
    pub path: PeerText,
    /// Whether it is the sample's own file.
    pub own: bool,
    /// Whether it was made.
    pub created: bool,
    /// Bytes written to it.
    pub written_bytes: u64,
    /// Whether it was started.
    pub executed: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The last name that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<PeerText>,
    /// Permissions that it was given last, in octal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its content, where it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
    /// What this rests on; the first.
    pub proofs: Vec<Proof>,
}

/// A value of Windows' registry that is another one than before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RegistryChange {
    /// The key, from `HKLM` or `HKCU` on.
    pub key: PeerText,
    /// The value's name; empty: the key's own.
    pub name: PeerText,
    /// What it is now: a text, or as Wine writes it (`dword:00000001`).
    pub data: PeerText,
    /// Whether it is gone.
    pub deleted: bool,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
    /// What this rests on; the first.
    pub proofs: Vec<Proof>,
}

/// What a finding is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// It stays over a restart.
    Persistence,
    /// It hides.
    Hiding,
    /// It looks whether it is watched, or waits until nobody is.
    Evasion,
    /// It works against others on the device, or against defences.
    Interference,
    /// It deletes or breaks what is not its own.
    Destruction,
    /// The guest's own logs tell it, and it is none of the above: log-ons, scripts, crashes, programs
    /// that others started; the rest is counted as `other`.
    Log,
}

/// How it stays, hides, or looks around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// How: `cron`, `self-deletion`, `process-name` ...
    pub how: String,
    /// The decisive part.
    pub detail: PeerText,
    /// How often.
    pub count: u64,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
    /// What this rests on; the first.
    pub proofs: Vec<Proof>,
}

/// A name that was looked up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NameAsked {
    /// The name.
    pub name: PeerText,
    /// Types of records.
    pub records: Vec<String>,
    /// How it was asked: `udp`, `https` ...
    pub via: Vec<String>,
    /// How often.
    pub count: u64,
    /// The last answer's code.
    pub code: String,
    /// The addresses and texts that were answered, the first.
    pub answers: Vec<String>,
    /// Whether something was then sent there.
    pub contacted: bool,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
    /// What this rests on; the first.
    pub proofs: Vec<Proof>,
}

/// What a destination is to a sample.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Commands it.
    C2,
    /// Gives out programs that it starts.
    Distribution,
    /// Gives out newer versions of the sample itself.
    Update,
    /// Coordinates mining.
    MiningPool,
    /// Probed for a way in.
    ScanTarget,
    /// Attacked.
    AttackTarget,
    /// Asked to find out whether there is a network, or from which address.
    ConnectivityCheck,
    /// Looks up names.
    Resolver,
    /// Tells the time.
    TimeServer,
    /// In the guest's own network.
    Local,
    /// Nothing says what it is.
    Unknown,
}

impl Class {
    /// The name as serialised.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::C2 => "c2",
            Self::Distribution => "distribution",
            Self::Update => "update",
            Self::MiningPool => "mining-pool",
            Self::ScanTarget => "scan-target",
            Self::AttackTarget => "attack-target",
            Self::ConnectivityCheck => "connectivity-check",
            Self::Resolver => "resolver",
            Self::TimeServer => "time-server",
            Self::Local => "local",
            Self::Unknown => "unknown",
        }
    }
}

/// Where it connected to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Contact {
    /// The name that led there; empty: the address was known to the sample, or guessed.
    #[serde(default, skip_serializing_if = "PeerText::is_empty")]
    pub name: PeerText,
    /// Addresses, the first. Behind a name they are the virtual Internet's choice.
    #[schema(value_type = Vec<String>)]
    pub addresses: Vec<IpAddr>,
    /// Transport.
    pub transport: Transport,
    /// Port.
    pub port: u16,
    /// What was spoken.
    pub protocols: Vec<String>,
    /// What it is to the sample.
    pub class: Class,
    /// How sure that is, 0 to 100.
    pub confidence: u8,
    /// Why.
    pub reasons: Vec<String>,
    /// Conversations that were answered.
    pub conversations: u64,
    /// Connections that the guest tried, as far as its trace tells.
    pub attempts: u64,
    /// Bytes that the sample sent.
    pub bytes_sent: u64,
    /// Bytes that it got.
    pub bytes_got: u64,
    /// First contact, in milliseconds since the run began.
    pub first_ms: u64,
    /// Last contact.
    pub last_ms: u64,
    /// How regular contacts are, where there are enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhythm: Option<Rhythm>,
    /// The first bytes that the sample sent, where no protocol is known.
    #[serde(default, skip_serializing_if = "PeerText::is_empty")]
    pub first_payload: PeerText,
    /// What it asked or said: requests, chat lines, log-ins; the first of each.
    pub said: Vec<PeerText>,
    /// What its software calls itself.
    pub agents: Vec<PeerText>,
    /// TLS fingerprints (JA4).
    pub ja4: Vec<String>,
    /// The processes behind it.
    pub processes: Vec<Actor>,
    /// What may be used as an indicator: the name or address, with the port, URLs.
    pub observables: Vec<Observable>,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
    /// What this rests on; the first.
    pub proofs: Vec<Proof>,
}

impl Contact {
    /// A destination of that class, of which nothing else is known.
    pub fn new(transport: Transport, port: u16, class: Class, confidence: u8) -> Self {
        Self {
            name: PeerText::default(),
            addresses: Vec::new(),
            transport,
            port,
            protocols: Vec::new(),
            class,
            confidence,
            reasons: Vec::new(),
            conversations: 0,
            attempts: 0,
            bytes_sent: 0,
            bytes_got: 0,
            first_ms: 0,
            last_ms: 0,
            rhythm: None,
            first_payload: PeerText::default(),
            said: Vec::new(),
            agents: Vec::new(),
            ja4: Vec::new(),
            processes: Vec::new(),
            observables: Vec::new(),
            runs: Vec::new(),
            proofs: Vec::new(),
        }
    }
}

/// A process behind something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Actor {
    /// The run.
    pub run: u32,
    /// Its number in the guest.
    pub pid: u32,
    /// Its program.
    pub path: PeerText,
}

/// How regular something is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rhythm {
    /// The median interval, in milliseconds.
    pub period_ms: u64,
    /// The median deviation from it, in per cent of it.
    pub jitter_percent: u32,
    /// Intervals that were measured.
    pub intervals: u64,
    /// 0 (irregular) to 100 (a clock), by the method of RITA.
    pub score: u8,
}

/// A scan or a flood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Attack {
    /// `scan` or `flood`.
    pub traffic: String,
    /// Of what: `tcp-syn`, `tcp`, `udp`, `icmp`, or a number of IP's protocols.
    pub packets_of: String,
    /// Ports, the most frequent first.
    pub ports: Vec<u16>,
    /// Addresses, as an estimate.
    pub targets: u64,
    /// Some of them.
    pub examples: Vec<String>,
    /// Packets.
    pub packets: u64,
    /// Bytes, headers of IP included.
    pub bytes: u64,
    /// For how long, in milliseconds.
    pub duration_ms: u64,
    /// Packets per second.
    pub rate: u64,
    /// Whether sources were forged.
    pub forged_sources: bool,
    /// The first payload.
    #[serde(default, skip_serializing_if = "PeerText::is_empty")]
    pub payload: PeerText,
    /// Log-ins that were tried on targets, as `user password`; the first.
    pub logins: Vec<PeerText>,
    /// Targets that were talked to, since they answered.
    pub talked_to: u64,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
    /// What this rests on; the first.
    pub proofs: Vec<Proof>,
}

/// A file that came back from the guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Dropped {
    /// Its content.
    pub sha256: Sha256,
    /// Its length in bytes.
    pub size: u64,
    /// Bytes that came; fewer: it was cut.
    pub came: u64,
    /// Where it lay.
    pub path: PeerText,
    /// Why it was fetched: `dropped`, `changed`, `deleted`, `executed`, `uploaded`.
    pub reason: String,
    /// Whether the virtual Internet gave it out: then it is ours, not the sample's.
    #[serde(default)]
    pub served: bool,
    /// The runs in which it came.
    pub runs: Vec<u32>,
}

/// Something that was in a process' memory at the end of a run, and that neither is in the sample's
/// file nor comes to light when that is analysed: it was unpacked, decoded, loaded or told. Either
/// `value` or `yara` is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InMemory {
    /// The first process that had it.
    pub process: Actor,
    /// Where it stands there; where it is in something packed, where the stretch of memory begins.
    pub address: u64,
    /// The mapping's name (`[heap]`, a file), where it has one.
    #[serde(default, skip_serializing_if = "PeerText::is_empty")]
    pub mapping: PeerText,
    /// An observable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueInMemory>,
    /// A YARA rule that matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yara: Option<RuleInMemory>,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
}

/// An observable in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ValueInMemory {
    /// The value.
    pub observable: Observable,
    /// How it was written.
    pub encoding: StringEncoding,
    /// How sure it is that this is what it looks like, 0 to 100.
    pub confidence: u8,
}

/// A YARA rule that matches memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RuleInMemory {
    /// The rule.
    pub rule: String,
    /// The set that it is of.
    pub set: String,
    /// Whether it matches too often to say much, as its set or the operator says.
    #[serde(default)]
    pub noisy: bool,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// How bad what a rule finds is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Unusual.
    Low,
    /// Harmless programs hardly do it.
    Medium,
    /// Malware does it.
    High,
}

/// A rule whose conditions were met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RuleMatch {
    /// The rule.
    pub rule: String,
    /// What it says.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Techniques of MITRE ATT&CK, by their ids.
    pub techniques: Vec<String>,
    /// Facts that met the conditions.
    pub count: u64,
    /// The decisive parts of the first of them.
    pub details: Vec<PeerText>,
    /// The runs in which this was seen.
    pub runs: Vec<u32>,
    /// What this rests on; the first.
    pub proofs: Vec<Proof>,
}

/// A suggested rule for an intrusion detection system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdsRule {
    /// Its number, in the range for local rules.
    pub sid: u32,
    /// For which system: `suricata`.
    pub system: String,
    /// The rule, in one line.
    pub text: String,
    /// What it is for.
    pub about: String,
}

/// How a sample talks, to compare with others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fingerprint {
    /// Features, sorted; the first.
    pub features: Vec<String>,
    /// MinHash of all of them; empty if there are too few to compare.
    pub minhash: Vec<u32>,
}

/// A sample that talks alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Alike {
    /// The sample.
    pub sha256: Sha256,
    /// The part of features that both have, in per cent, as an estimate.
    pub percent: u8,
}

/// Something that only one of two reports of a sample tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportDifference {
    /// Of what: `contact`, `attack`, `rule`, `finding`, `name`, `file`, `registry`, `memory`.
    pub of: String,
    /// What.
    pub what: PeerText,
    /// Whether the first of them has it; otherwise the second.
    pub only_in_first: bool,
}

/// Something that was seen in some of the runs only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// Of what: `contact`, `attack`, `rule`, `finding`, `name`, `file`, `registry`.
    pub of: String,
    /// What.
    pub what: PeerText,
    /// Runs in which it was seen.
    pub seen_in: Vec<u32>,
    /// Runs in which it was not.
    pub missing_in: Vec<u32>,
}

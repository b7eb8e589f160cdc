//! What can be asked of the store, and what it answers.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ukai_model::{
    Analysis, Behaviour, Class, CloseReason, Ended, PeerText, SensorId, SessionId, Sha256,
    Sighting, Timestamp, Transport,
};
use utoipa::{IntoParams, ToSchema};

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// To be given as `before` for the next page; absent on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

/// Which events. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Kind, e.g. `login.attempt`.
    pub kind: Option<String>,
    /// Address of the peer.
    #[schema(value_type = Option<String>)]
    #[param(value_type = Option<String>)]
    pub src_ip: Option<IpAddr>,
    /// Session.
    #[param(value_type = Option<String>)]
    pub session: Option<SessionId>,
    /// Sample that the event speaks of.
    #[schema(value_type = Option<String>)]
    #[param(value_type = Option<String>)]
    pub sha256: Option<Sha256>,
    /// Protocol of the event, or of its session as far as it was known then.
    pub protocol: Option<String>,
    /// Not before this. Compared with the time in the event's identity, to the
    /// millisecond.
    #[schema(value_type = Option<String>, format = "date-time")]
    #[param(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// Before this; like `from`.
    #[schema(value_type = Option<String>, format = "date-time")]
    #[param(value_type = Option<String>)]
    pub to: Option<Timestamp>,
    /// Cursor from the previous page.
    pub before: Option<String>,
    /// Entries on the page, at most 1,000; 50 when absent.
    pub limit: Option<u32>,
}

/// What a session must have had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Has {
    /// A log-in attempt.
    Login,
    /// A command.
    Command,
    /// A download asked for.
    Download,
    /// A captured sample.
    Sample,
    /// A terminal recording.
    Recording,
}

/// What is known of a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Its analyses, by engine.
    pub analyses: Vec<Analysis>,
    /// What it did in the sandbox: under other settings, and last under the usual ones.
    pub behaviours: Vec<Behaviour>,
    /// What others say of it.
    pub remarks: Vec<Remark>,
    /// How it came, newest first.
    pub sightings: Vec<Sighting>,
}

impl Known {
    /// Whether nobody has said anything of it yet.
    pub fn is_nothing(&self) -> bool {
        self.analyses.is_empty() && self.behaviours.is_empty() && self.remarks.is_empty()
    }
}

/// Which sessions. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SessionQuery {
    /// Address of the peer.
    #[schema(value_type = Option<String>)]
    #[param(value_type = Option<String>)]
    pub src_ip: Option<IpAddr>,
    /// Protocol understood.
    pub protocol: Option<String>,
    /// What it must have had.
    #[param(inline)]
    pub has: Option<Has>,
    /// Cursor from the previous page.
    pub before: Option<String>,
    /// Entries on the page, at most 1,000; 50 when absent.
    pub limit: Option<u32>,
}

/// Which samples. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SampleQuery {
    /// Beginning of the SHA-256, or a part of a name, URL, description or label, ignoring
    /// ASCII case.
    pub q: Option<String>,
    /// Short name of the type, e.g. `elf`.
    pub file_type: Option<String>,
    /// A whole label, ignoring ASCII case: a family, a tag, an analyst's verdict.
    pub label: Option<String>,
    /// Cursor from the previous page.
    pub before: Option<String>,
    /// Entries on the page, at most 1,000; 50 when absent.
    pub limit: Option<u32>,
}

/// Something said of a sample besides its analyses. Who writes it knows what `body` means.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// The sample.
    pub sha256: Sha256,
    /// What kind of remark; a sample has one of each.
    pub kind: String,
    /// Words by which the sample is found; without control characters.
    pub labels: Vec<String>,
    /// What is said.
    pub body: serde_json::Value,
}

/// Which samples that were run in the sandbox. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct BehaviourQuery {
    /// At least this score, 0 to 100.
    pub min_score: Option<u8>,
    /// Cursor from the previous page.
    pub before: Option<String>,
    /// Entries on the page, at most 1,000; 50 when absent.
    pub limit: Option<u32>,
}

/// Whether an indicator is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IndicatorState {
    /// Valid and not withheld.
    Active,
    /// Withheld for a reason, valid or not.
    Withheld,
    /// No longer valid, and not withheld.
    Expired,
}

/// Which indicators. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct IndicatorQuery {
    /// Type of the value: `ip`, `domain`, `url`, `endpoint`, `sha256`.
    pub kind: Option<String>,
    /// Role: `c2`, `distribution`, `scanner`, `malware`.
    pub role: Option<String>,
    /// Whether in force.
    #[param(inline)]
    pub state: Option<IndicatorState>,
    /// Stored confidence at least this.
    pub min_confidence: Option<u8>,
    /// Part of the value, ignoring ASCII case.
    pub q: Option<String>,
    /// Cursor from the previous page.
    pub before: Option<String>,
    /// Entries on the page, at most 1,000; 50 when absent.
    pub limit: Option<u32>,
}

/// A session in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionSummary {
    /// Identity.
    pub id: SessionId,
    /// Who observed it.
    pub sensor: SensorId,
    /// When it began.
    #[schema(value_type = String, format = "date-time")]
    pub started: Timestamp,
    /// When it ended; absent while it lasts.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub ended: Option<Timestamp>,
    /// Time of its latest event.
    #[schema(value_type = String, format = "date-time")]
    pub last_event: Timestamp,
    /// Protocol understood.
    pub protocol: String,
    /// Persona that the address wore.
    pub persona: String,
    /// Transport protocol.
    pub transport: Transport,
    /// The peer's address.
    #[schema(value_type = String)]
    pub src_ip: IpAddr,
    /// The peer's port.
    pub src_port: u16,
    /// Our address, as the peer addressed it.
    #[schema(value_type = String)]
    pub dst_ip: IpAddr,
    /// Our port, as the peer addressed it.
    pub dst_port: u16,
    /// Log-ins tried.
    pub logins: u64,
    /// Whether one was let in.
    pub login_success: bool,
    /// Lines given to a shell.
    pub commands: u64,
    /// Downloads asked for.
    pub downloads: u64,
    /// Samples captured.
    pub samples: u64,
    /// Whether a terminal recording is kept.
    pub recorded: bool,
    /// Why it ended.
    pub reason: Option<CloseReason>,
    /// Bytes received from the peer.
    pub bytes_in: u64,
    /// Bytes sent to the peer.
    pub bytes_out: u64,
}

/// A sample in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SampleSummary {
    /// Its name.
    #[schema(value_type = String)]
    pub sha256: Sha256,
    /// Length in bytes.
    pub size: u64,
    /// First time it came.
    #[schema(value_type = String, format = "date-time")]
    pub first_seen: Timestamp,
    /// Last time it came.
    #[schema(value_type = String, format = "date-time")]
    pub last_seen: Timestamp,
    /// How often it came.
    pub sightings: u64,
    /// Short name of the type, once analysed.
    pub file_type: Option<String>,
    /// The type in one line, once analysed.
    pub description: Option<String>,
    /// Names that attackers gave it; the first few.
    #[schema(value_type = Vec<String>)]
    pub names: Vec<PeerText>,
    /// Where it was fetched from; the first few.
    #[schema(value_type = Vec<String>)]
    pub urls: Vec<PeerText>,
    /// Outcome of the latest analysis: `complete`, `partial`, `failed`.
    pub analysed: Option<String>,
    /// What it is called: families that engines agree on, tags and verdicts of analysts.
    pub labels: Vec<String>,
    /// Whether the bytes are still kept; retention removes the oldest.
    pub stored: bool,
}

/// What a sample did in the sandbox, in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BehaviourSummary {
    /// The sample.
    #[schema(value_type = String)]
    pub sha256: Sha256,
    /// When its first run began.
    #[schema(value_type = String, format = "date-time")]
    pub started: Timestamp,
    /// How many runs there were.
    pub runs: u32,
    /// What it was started as, in the first run.
    pub architecture: String,
    /// How the first run ended.
    pub ended: Ended,
    /// 0 to 100.
    pub score: u8,
    /// What a reader should know first.
    pub summary: String,
    /// Servers that serve it, the surest first; at most eight.
    pub servers: Vec<ServerSeen>,
    /// Scans and floods.
    pub attacks: u64,
    /// Files that came back and are the sample's.
    pub drops: u64,
}

/// A server that serves a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerSeen {
    /// What it is to the sample.
    pub class: Class,
    /// Its name or address, and the port.
    #[schema(value_type = String)]
    pub host: PeerText,
}

/// What happened in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bucket {
    /// Start of the span.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// Sessions opened.
    pub sessions: u64,
    /// Log-ins tried.
    pub logins: u64,
    /// Lines given to shells.
    pub commands: u64,
    /// Downloads asked for.
    pub downloads: u64,
    /// Samples captured.
    pub samples: u64,
    /// Attacks recognised.
    pub attacks: u64,
}

/// What a top list counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TopBy {
    /// Ports addressed, per session.
    DstPort,
    /// Peers' addresses, per session.
    SrcIp,
    /// `user:password`, escaped, per attempt.
    Credential,
    /// Passwords, escaped, per attempt.
    Password,
    /// Shell lines, escaped.
    Command,
    /// Protocols, per session.
    Protocol,
    /// URLs from which downloads were asked for, escaped.
    DownloadUrl,
    /// User names, escaped, per attempt.
    User,
    /// Protocols of log-ins, per attempt.
    LoginProtocol,
    /// Protocols of log-ins, per attempt that was let in.
    LoginSuccess,
    /// Public keys that were offered, as `ssh-ed25519 SHA256:...`, per attempt.
    PublicKey,
    /// Clients: method, fingerprint and, escaped, what the software calls itself,
    /// separated by blanks.
    Client,
}

/// One line of a top list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TopEntry {
    /// The value.
    pub value: String,
    /// How often.
    pub count: u64,
}

/// How much is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Events that can be looked up.
    pub events: u64,
    /// Sessions that can be looked up.
    pub sessions: u64,
    /// Samples known, whether or not their bytes are still kept.
    pub samples: u64,
    /// Indicators.
    pub indicators: u64,
}

/// Where the space went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiskUsage {
    /// All of the store.
    pub used_bytes: u64,
    /// What it may use; 0: no quota.
    pub quota_bytes: u64,
    /// Free on the disk.
    pub free_bytes: u64,
    /// Event segments.
    pub events_bytes: u64,
    /// Recording segments.
    pub recordings_bytes: u64,
    /// Samples.
    pub samples_bytes: u64,
    /// Catalogue, without its free pages.
    pub catalogue_bytes: u64,
}

/// Whether the store can write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Health {
    /// It can.
    Ok,
    /// It cannot; it tries again by itself.
    Degraded {
        /// What failed.
        reason: String,
        /// Since when.
        #[schema(value_type = String, format = "date-time")]
        since: Timestamp,
    },
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for a worker, or for its next attempt's time.
    Waiting,
    /// A worker has it until the lease ends.
    Leased,
    /// Failed too often; waits for a person.
    Quarantined,
}

/// One piece of work: an engine to be run on a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Identity.
    pub id: u64,
    /// Engine: `static`.
    pub kind: String,
    /// The sample.
    #[schema(value_type = String)]
    pub sha256: Sha256,
    /// Higher goes first.
    pub priority: i32,
    /// Where it stands.
    pub state: JobState,
    /// Attempts begun. With the identity it proves who holds the lease.
    pub attempts: u32,
    /// When it was asked for.
    #[schema(value_type = String, format = "date-time")]
    pub created: Timestamp,
    /// Not to be tried before this.
    #[schema(value_type = String, format = "date-time")]
    pub not_before: Timestamp,
    /// End of the lease.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub lease_until: Option<Timestamp>,
    /// Who holds, or held, the lease.
    pub worker: Option<String>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// How much work there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueStats {
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs in work.
    pub leased: u64,
    /// Jobs put aside.
    pub quarantined: u64,
}

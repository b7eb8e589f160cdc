//! From our events to Cowrie's.

use crate::kex::{self, KEXINIT_METHOD};
use crate::limits::{SAMPLES_MAX, SESSIONS_MAX, TUNNEL_DATA_BYTES_MAX};
use crate::text::{ascii, base_name, plain};
use lru::LruCache;
use serde_json::{Map, Value};
use std::collections::HashMap;
use ukai_model::{
    CaptureHow, Event, EventKind, FetchOutcome, PeerText, SessionId, Sha256, Timestamp,
};

/// Turns events into lines of Cowrie's JSON. Give it events in the order in which they
/// happened: it remembers what a session was about.
pub struct Translator {
    /// Identity of the installation, as Cowrie's `uuid`.
    uuid: String,
    /// Persona → architecture in Cowrie's words (`linux-x64-lsb`).
    architectures: HashMap<String, String>,
    sessions: LruCache<SessionId, Known>,
    samples: LruCache<Sha256, ()>,
}

/// What is known of a session.
#[derive(Clone, Default)]
struct Known {
    /// `ssh` or `telnet`; others have no counterpart.
    protocol: Option<&'static str>,
    persona: String,
    /// The client's version was told.
    version: bool,
    /// The client's algorithms were told.
    kex: bool,
    /// The architecture was told.
    params: bool,
    /// Where the last tunnel leads, and how many there were.
    tunnel: Option<(String, u16)>,
    tunnels: u64,
}

type Fields = Map<String, Value>;

impl Translator {
    /// A translator that has seen nothing yet. `architectures` leads from personas' names to
    /// what Cowrie calls their architecture.
    pub fn new(uuid: impl Into<String>, architectures: HashMap<String, String>) -> Self {
        Self {
            uuid: uuid.into(),
            architectures,
            sessions: LruCache::new(SESSIONS_MAX),
            samples: LruCache::new(SAMPLES_MAX),
        }
    }

    /// Appends the lines for an event, without line ends; often none.
    pub fn translate(&mut self, event: &Event, out: &mut Vec<String>) {
        let (Some(session), Some(flow)) = (event.session, event.flow) else { return };
        let mut known = self.sessions.get(&session).cloned().unwrap_or_default();
        let before = known.protocol;
        learn(&mut known, &event.kind);
        let mut lines = Lines { event, known: &mut known, translator: self, out };
        if lines.known.protocol.is_some() {
            if before.is_none() && begins(&event.kind) {
                let message = format!(
                    "New connection: {}:{} ({}:{}) [session: {}]",
                    flow.src_ip,
                    flow.src_port,
                    flow.dst_ip,
                    flow.dst_port,
                    short(session)
                );
                lines.put("cowrie.session.connect", message, Fields::new());
            }
            lines.translate();
        }
        if matches!(event.kind, EventKind::SessionClose { .. }) {
            self.sessions.pop(&session);
        } else {
            self.sessions.put(session, known);
        }
    }

    /// Whether a sample came before.
    fn is_duplicate(&mut self, sha256: Sha256) -> bool {
        self.samples.put(sha256, ()).is_some()
    }
}

fn learn(known: &mut Known, kind: &EventKind) {
    let protocol = match kind {
        EventKind::SessionOpen { protocol, persona } => {
            known.persona.clone_from(persona);
            protocol
        }
        EventKind::ProtocolRecognised { protocol }
        | EventKind::LoginAttempt { protocol, .. }
        | EventKind::SessionClose { protocol, .. } => protocol,
        _ => return,
    };
    known.protocol = match &**protocol {
        "ssh" => Some("ssh"),
        "telnet" => Some("telnet"),
        _ => known.protocol,
    };
}

/// Whether a session may begin with this.
fn begins(kind: &EventKind) -> bool {
    matches!(kind, EventKind::SessionOpen { .. } | EventKind::ProtocolRecognised { .. })
}

/// Cowrie's sessions have twelve digits: the last, random ones of ours.
fn short(session: SessionId) -> String {
    hex::encode(&session.as_bytes()[10..])
}

/// RFC 3339 with microseconds, as Cowrie writes it under `TZ=UTC`.
fn timestamp(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{}Z", text.get(..26).unwrap_or(&text))
}

/// Where a sample's bytes lie in the data folder, in their container.
fn sample_file(sha256: &Sha256) -> String {
    format!("samples/{:02x}/{sha256}.cart", sha256.as_bytes()[0])
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The lines of one event.
struct Lines<'a> {
    event: &'a Event,
    known: &'a mut Known,
    translator: &'a mut Translator,
    out: &'a mut Vec<String>,
}

impl Lines<'_> {
    /// Adds a line: who and when, then what. Only session, source and protocol cannot be
    /// overridden by `fields`, as in Cowrie's `EventLog.dispatch`.
    fn put(&mut self, id: &str, message: impl Into<String>, fields: Fields) {
        let (Some(session), Some(flow)) = (self.event.session, self.event.flow) else { return };
        let mut line = object([
            ("src_port", flow.src_port.into()),
            ("dst_ip", flow.dst_ip.to_string().into()),
            ("dst_port", flow.dst_port.into()),
        ]);
        line.extend(fields);
        line.extend(object([
            ("session", short(session).into()),
            ("src_ip", flow.src_ip.to_string().into()),
            ("protocol", self.known.protocol.into()),
            ("eventid", id.into()),
            ("sensor", self.event.sensor.as_str().into()),
            ("uuid", self.translator.uuid.as_str().into()),
            ("timestamp", timestamp(self.event.time).into()),
            ("message", message.into().into()),
        ]));
        self.out.push(Value::Object(line).to_string());
    }

    fn translate(&mut self) {
        let event = self.event;
        match &event.kind {
            EventKind::ClientFingerprint { method, value, software } => {
                self.client(method, value, software.as_ref());
            }
            EventKind::LoginAttempt { user, password, method, proof, success, .. } => {
                self.login(user, password, method.as_deref(), proof.as_ref(), *success);
            }
            EventKind::CommandInput { line, unknown } => self.command(line, unknown),
            EventKind::ServiceRequest { request, detail, .. } => self.request(request, detail),
            EventKind::DownloadResult { url, outcome, sha256, .. } => {
                self.download(url, *outcome, *sha256);
            }
            EventKind::SampleCaptured { sha256, how, name, .. } => {
                self.captured(*sha256, *how, name.as_ref());
            }
            EventKind::TunnelRequest { how, host, port, origin, .. } if how == "direct-tcpip" => {
                self.tunnel(host, *port, origin);
            }
            EventKind::HttpRequest { head, .. } => self.tunnel_data(head),
            EventKind::PayloadFirst { payload, .. } => self.tunnel_data(payload),
            EventKind::AttackRecognised { attack, detail } if attack == "telnet-login-option" => {
                let value = plain(detail);
                let message = format!("CVE-2026-24061 exploit attempt detected: USER={value}");
                self.put(
                    "cowrie.telnet.exploit_attempt",
                    message,
                    object([
                        ("cve", "CVE-2026-24061".into()),
                        ("name", "USER".into()),
                        ("value", value.into()),
                    ]),
                );
            }
            EventKind::SessionClose { duration_ms, bytes_in, bytes_out, recorded, .. } => {
                self.close(*duration_ms, bytes_in + bytes_out, *recorded);
            }
            _ => {}
        }
    }

    fn client(&mut self, method: &str, value: &str, software: Option<&PeerText>) {
        let version =
            software.filter(|_| self.known.protocol == Some("ssh") && !self.known.version);
        if let Some(software) = version {
            self.known.version = true;
            let version = ascii(software);
            let message = format!("Remote SSH version: {version}");
            self.put("cowrie.client.version", message, object([("version", version.into())]));
        }
        let fields = match method {
            KEXINIT_METHOD => kex::from_kexinit(value),
            "hassh" if !self.known.kex => kex::from_hassh(value),
            // The hash of what was told.
            _ => return,
        };
        self.known.kex = true;
        let hassh = fields.get("hassh").and_then(Value::as_str).unwrap_or_default();
        let message = format!("SSH client hassh fingerprint: {hassh}");
        self.put("cowrie.client.kex", message, fields);
    }

    fn login(
        &mut self,
        user: &PeerText,
        password: &PeerText,
        method: Option<&str>,
        proof: Option<&PeerText>,
        success: bool,
    ) {
        let (user, outcome) = (ascii(user), if success { "succeeded" } else { "failed" });
        let id = if success { "cowrie.login.success" } else { "cowrie.login.failed" };
        match method {
            Some("publickey") => {
                let offered = proof.map(ascii).unwrap_or_default();
                let (kind, fingerprint) = offered.split_once(' ').unwrap_or(("", offered.as_str()));
                let fields = object([
                    ("username", user.as_str().into()),
                    ("fingerprint", fingerprint.into()),
                    // Only the fingerprint of the key is kept.
                    ("key", offered.as_str().into()),
                    ("type", kind.into()),
                ]);
                let message = format!(
                    "public key attempt for user {user} of type {kind} with fingerprint {fingerprint}"
                );
                self.put("cowrie.client.fingerprint", message, fields.clone());
                let message = format!("public key login attempt for [{user}] {outcome}");
                self.put(id, message, fields);
            }
            Some("none") => {
                let message = format!("login attempt [{user}] {outcome}");
                self.put(id, message, object([("username", user.into())]));
            }
            _ => {
                let password = ascii(password);
                let message = format!("login attempt [{user}/{password}] {outcome}");
                let fields = object([("username", user.into()), ("password", password.into())]);
                self.put(id, message, fields);
            }
        }
    }

    fn command(&mut self, line: &PeerText, unknown: &[PeerText]) {
        if !self.known.params {
            self.known.params = true;
            let arch = self.translator.architectures.get(&self.known.persona).cloned();
            if let Some(arch) = arch {
                self.put("cowrie.session.params", "", object([("arch", arch.into())]));
            }
        }
        let input = plain(line);
        let message = format!("CMD: {input}");
        self.put("cowrie.command.input", message, object([("input", input.into())]));
        for name in unknown {
            let input = plain(name);
            let message = format!("Command not found: {input}");
            self.put("cowrie.command.failed", message, object([("input", input.into())]));
        }
    }

    fn request(&mut self, request: &str, detail: &PeerText) {
        let detail = plain(detail);
        match request {
            "env" => {
                let (name, value) = detail.split_once('=').unwrap_or((detail.as_str(), ""));
                let message = format!("request_env: {name}={value}");
                let fields = object([("name", name.into()), ("value", value.into())]);
                self.put("cowrie.client.var", message, fields);
            }
            "pty-req" => {
                let size = detail.split_ascii_whitespace().find_map(|word| {
                    let (width, height) = word.split_once('x')?;
                    Some((width.parse::<u32>().ok()?, height.parse::<u32>().ok()?))
                });
                if let Some((width, height)) = size {
                    let message = format!("Terminal Size: {width} {height}");
                    let fields = object([("width", width.into()), ("height", height.into())]);
                    self.put("cowrie.client.size", message, fields);
                }
            }
            _ => {}
        }
    }

    fn download(&mut self, url: &PeerText, outcome: FetchOutcome, sha256: Option<Sha256>) {
        let url = plain(url);
        let came = matches!(outcome, FetchOutcome::Complete | FetchOutcome::Partial);
        let Some(sha256) = sha256.filter(|_| came) else {
            let message = format!("Attempt to download file(s) from URL ({url}) failed");
            let fields = object([("url", url.into())]);
            self.put("cowrie.session.file_download.failed", message, fields);
            return;
        };
        let file = sample_file(&sha256);
        let message = format!("Downloaded URL ({url}) with SHA-256 {sha256} to {file}");
        let duplicate = self.translator.is_duplicate(sha256);
        let fields = object([
            ("url", url.into()),
            ("outfile", file.into()),
            ("shasum", sha256.to_string().into()),
            ("duplicate", duplicate.into()),
        ]);
        self.put("cowrie.session.file_download", message, fields);
    }

    fn captured(&mut self, sha256: Sha256, how: CaptureHow, name: Option<&PeerText>) {
        let file = sample_file(&sha256);
        let path = name.map(plain).unwrap_or_default();
        let shasum = Value::from(sha256.to_string());
        match how {
            CaptureHow::Dropped => {
                let duplicate = self.translator.is_duplicate(sha256);
                let message = format!("Saved redir contents with SHA-256 {sha256} to {file}");
                let fields = object([
                    ("duplicate", duplicate.into()),
                    ("outfile", file.into()),
                    ("shasum", shasum),
                    ("destfile", path.into()),
                ]);
                self.put("cowrie.session.file_download", message, fields);
            }
            CaptureHow::Uploaded => {
                let duplicate = self.translator.is_duplicate(sha256);
                let name = base_name(&path);
                let message = format!("SCP Uploaded file \"{name}\" to {file}");
                let fields = object([
                    ("filename", name.into()),
                    ("duplicate", duplicate.into()),
                    ("url", path.as_str().into()),
                    ("outfile", file.into()),
                    ("shasum", shasum),
                    ("destfile", path.as_str().into()),
                ]);
                self.put("cowrie.session.file_upload", message, fields);
            }
            // Fetched files are told by the end of the fetch.
            _ => {}
        }
    }

    fn tunnel(&mut self, host: &PeerText, port: u16, origin: &PeerText) {
        let (host, origin) = (plain(host), plain(origin));
        let (from, from_port) = origin.rsplit_once(':').unwrap_or((origin.as_str(), "0"));
        let from = from.trim_start_matches('[').trim_end_matches(']');
        let from_port: u16 = from_port.parse().unwrap_or(0);
        let message =
            format!("direct-tcp connection request to {host}:{port} from {from}:{from_port}");
        let fields = object([
            ("dst_ip", host.as_str().into()),
            ("dst_port", port.into()),
            ("orig_ip", from.into()),
            ("orig_port", from_port.into()),
        ]);
        self.put("cowrie.direct-tcpip.request", message, fields);
        self.known.tunnel = Some((host, port));
        self.known.tunnels += 1;
    }

    fn tunnel_data(&mut self, data: &PeerText) {
        let Some((host, port)) = self.known.tunnel.clone() else { return };
        let id = self.known.tunnels.saturating_sub(1);
        // Python's repr of bytes.
        let data = PeerText::truncated(data.as_bytes(), TUNNEL_DATA_BYTES_MAX);
        let data = format!("b'{}'", ascii(&data).replace("\\x0d", "\\r").replace("\\x0a", "\\n"));
        let message =
            format!("discarded direct-tcp forward request {id} to {host}:{port} with data {data}");
        let fields = object([
            ("dst_ip", host.into()),
            ("dst_port", port.into()),
            ("data", data.into()),
            ("id", id.into()),
        ]);
        self.put("cowrie.direct-tcpip.data", message, fields);
    }

    fn close(&mut self, duration_ms: u64, bytes: u64, recorded: bool) {
        let duration = Value::from(format!("{:.1}", duration_ms as f64 / 1e3));
        if let Some(session) = self.event.session.filter(|_| recorded) {
            let file = format!("recordings/{session}");
            let message = format!("Closing TTY Log: {file} after {duration_ms} milliseconds");
            let fields = object([
                ("ttylog", file.into()),
                ("size", bytes.into()),
                // Recordings are kept one a session, by its identity.
                ("shasum", session.to_string().into()),
                ("duplicate", false.into()),
                ("duration_ms", duration_ms.into()),
                ("duration", duration.clone()),
            ]);
            self.put("cowrie.log.closed", message, fields);
        }
        let message = format!("Connection lost after {duration_ms} milliseconds");
        let fields = object([("duration_ms", duration_ms.into()), ("duration", duration)]);
        self.put("cowrie.session.closed", message, fields);
    }
}

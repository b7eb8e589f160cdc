//! One connection: bytes become commands, commands become replies and facts.

use super::reply::{Answer, OOM, Reply, shown};
use super::save::{Purpose, cron_lines};
use super::server::Server;
use super::store::Call;
use super::table::{Command, table};
use super::wire::{Read, Wire};
use crate::injected::Injected;
use crate::limits::{
    REDIS_COMMAND_BYTES, REDIS_CRON_LINES, REDIS_OUTPUT_BYTES, REDIS_QUEUED, REDIS_SAVES,
    REDIS_WORK, REQUEST_DETAIL_BYTES,
};
use crate::mail::Requests;
use crate::{Capture, Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use ukai_model::{CaptureHow, EventKind, FileOperation, PeerText, Timestamp};
use ukai_shell::Files;

const SHELL: TimerId = TimerId(1);

/// Least size of a saved string that is kept as a sample, in bytes.
const SAMPLE_BYTES_MIN: usize = 16;

/// One connection.
pub(super) struct RedisSession {
    pub(super) open: Box<Open>,
    pub(super) client: Client,
    server: Arc<Mutex<Server>>,
    wire: Wire,
    requests: Requests,
    cron: Cron,
    saves: u32,
    over: bool,
    gone: bool,
}

/// What a server knows of its client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: u64,
    pub(super) db: usize,
    pub(super) resp3: bool,
    pub(super) authenticated: bool,
    pub(super) name: Vec<u8>,
    pub(super) since: Timestamp,
    pub(super) channels: Vec<Vec<u8>>,
    pub(super) patterns: Vec<Vec<u8>>,
    pub(super) transaction: Option<Transaction>,
    /// Nothing is answered (`CLIENT REPLY OFF`), or not the next command.
    pub(super) mute: bool,
    pub(super) mute_next: bool,
    pub(super) leaving: bool,
}

/// What waits for `EXEC`.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    pub(super) commands: Vec<Vec<Vec<u8>>>,
    bytes: usize,
    pub(super) broken: bool,
}

/// Lines of crontabs that were written, one after the other.
#[derive(Default)]
struct Cron {
    waiting: VecDeque<(String, Vec<u8>)>,
    running: Option<Box<Injected>>,
    started: u32,
    next_fetch: u32,
}

impl RedisSession {
    pub(super) fn new(open: Open, server: Arc<Mutex<Server>>) -> Self {
        let (id, authenticated) = {
            let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
            (server.new_client(open.now), server.password().is_empty())
        };
        let client = Client {
            id,
            db: 0,
            resp3: false,
            authenticated,
            name: Vec::new(),
            since: open.now,
            channels: Vec::new(),
            patterns: Vec::new(),
            transaction: None,
            mute: false,
            mute_next: false,
            leaving: false,
        };
        Self {
            open: Box::new(open),
            client,
            server,
            wire: Wire::default(),
            requests: Requests::default(),
            cron: Cron::default(),
            saves: 0,
            over: false,
            gone: false,
        }
    }

    /// Carries out what has come.
    fn go_on(&mut self, cx: &mut Context<'_>) {
        let shared = Arc::clone(&self.server);
        let mut server = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = server.host.clock(cx.now).millis();
        server.store.expire(now_ms);
        let mut out = Vec::new();
        let mut work = 0_usize;
        while !self.over {
            let Some(read) = self.wire.next(self.client.authenticated) else { break };
            match read {
                Read::Error(why) => {
                    let reply = Reply::Error(format!("ERR Protocol error: {why}").into());
                    reply.write(self.client.resp3, &mut out);
                    self.over = true;
                }
                Read::Command { words, cut } => {
                    self.one(cx, &mut server, &words, cut, &mut out);
                    self.run_cron(cx);
                    work = work.saturating_add(server.store.take_work());
                }
            }
            if out.len() > REDIS_OUTPUT_BYTES || work > REDIS_WORK {
                cx.record(EventKind::LimitReached {
                    limit: "redis-output".to_owned(),
                    detail: "one burst of commands asked for too much".to_owned(),
                });
                self.over = true;
            }
        }
        server.output += out.len() as u64;
        drop(server);
        cx.send(out);
        if self.over {
            self.wire.clear();
            cx.close();
        }
    }

    fn one(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut Server,
        words: &[Vec<u8>],
        cut: bool,
        out: &mut Vec<u8>,
    ) {
        let Some(first) = words.first() else { return };
        self.note(cx, words);
        server.commands += 1;
        let skipped = std::mem::take(&mut self.client.mute_next);
        // Redis takes these for a web browser that was led here, and hangs up.
        if first.eq_ignore_ascii_case(b"host:") || first.eq_ignore_ascii_case(b"post") {
            self.over = true;
            return;
        }
        let answer = if cut { Err(OOM) } else { self.judge(cx, server, words) };
        let reply = answer.unwrap_or_else(|text| {
            server.erred(&text);
            Reply::Error(text)
        });
        if !(self.client.mute || skipped || self.client.mute_next) {
            reply.write(self.client.resp3, out);
        }
        if self.client.leaving {
            self.over = true;
        }
    }

    fn note(&mut self, cx: &mut Context<'_>, words: &[Vec<u8>]) {
        let Some((name, args)) = words.split_first() else { return };
        let secret = name.eq_ignore_ascii_case(b"auth")
            || (name.eq_ignore_ascii_case(b"hello") && args.len() > 1);
        let mut detail = Vec::new();
        for arg in args.iter().filter(|_| !secret) {
            if detail.len() > REQUEST_DETAIL_BYTES {
                break;
            }
            if !detail.is_empty() {
                detail.push(b' ');
            }
            detail.extend_from_slice(&arg[..arg.len().min(REQUEST_DETAIL_BYTES)]);
        }
        self.requests.note(cx, "redis", name, &detail);
    }

    /// Whether a command is carried out, in the order of `processCommand`.
    fn judge(&mut self, cx: &mut Context<'_>, server: &mut Server, words: &[Vec<u8>]) -> Answer {
        let judged = self.admit(server, words);
        let command = match judged {
            Ok(command) => command,
            Err(text) => {
                if let Some(transaction) = &mut self.client.transaction {
                    transaction.broken = true;
                }
                return Err(text);
            }
        };
        let apart = ["exec", "discard", "multi", "watch", "quit", "reset"];
        if let Some(transaction) = &mut self.client.transaction
            && !apart.contains(&command.name.as_str())
        {
            transaction.bytes += words.iter().map(|word| word.len() + 48).sum::<usize>();
            if transaction.bytes > REDIS_COMMAND_BYTES || transaction.commands.len() >= REDIS_QUEUED
            {
                transaction.broken = true;
                return Err(OOM);
            }
            transaction.commands.push(words.to_vec());
            return Ok(Reply::Simple("QUEUED".into()));
        }
        self.carry_out(cx, server, command, words)
    }

    fn admit(
        &self,
        server: &Server,
        words: &[Vec<u8>],
    ) -> Result<&'static Command, Cow<'static, str>> {
        let command = find(words)?;
        if !command.takes(words.len()) {
            let name = &command.name;
            return Err(format!("ERR wrong number of arguments for '{name}' command").into());
        }
        let top = command.name.split('|').next().unwrap_or_default();
        let guard = match top {
            "debug" => Some("enable-debug-command"),
            "module" => Some("enable-module-command"),
            _ => None,
        };
        if let Some(option) = guard.filter(|option| !server.is_set(option)) {
            return Err(format!(
                "ERR {} command not allowed. If the {option} option is set to \"local\", you can \
                 run it from a local connection, otherwise you need to set this option in the \
                 configuration file, and then restart the server.",
                top.to_ascii_uppercase()
            )
            .into());
        }
        if !self.client.authenticated && !command.has("no_auth") {
            return Err("NOAUTH Authentication required.".into());
        }
        if self.client.transaction.is_some() && command.has("no_multi") {
            return Err("ERR Command not allowed inside a transaction".into());
        }
        let writes = command.has("write");
        if writes
            && server.save_failed
            && server.master.is_none()
            && server.is_set("stop-writes-on-bgsave-error")
            && !server.setting("save").is_empty()
        {
            return Err("MISCONF Redis is configured to save RDB snapshots, but it's currently \
                        unable to persist to disk. Commands that may modify the data set are \
                        disabled, because this instance is configured to report errors during \
                        writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). \
                        Please check the Redis logs for details about the RDB error."
                .into());
        }
        if writes && server.master.is_some() && server.is_set("replica-read-only") {
            return Err("READONLY You can't write against a read only replica.".into());
        }
        let listens = !(self.client.channels.is_empty() && self.client.patterns.is_empty());
        let allowed = [
            "ping",
            "quit",
            "reset",
            "subscribe",
            "unsubscribe",
            "psubscribe",
            "punsubscribe",
            "ssubscribe",
            "sunsubscribe",
        ];
        if listens && !self.client.resp3 && !allowed.contains(&command.name.as_str()) {
            return Err(format!(
                "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / \
                 RESET are allowed in this context",
                command.name
            )
            .into());
        }
        Ok(command)
    }

    /// Carries a command out.
    pub(super) fn carry_out(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut Server,
        command: &'static Command,
        words: &[Vec<u8>],
    ) -> Answer {
        *server.calls.entry(&command.name).or_default() += 1;
        let behind = 1 + usize::from(command.name.contains('|'));
        let args = words.get(behind..).unwrap_or_default();
        let now_ms = server.host.clock(cx.now).millis();
        let (db, name) = (self.client.db, command.name.as_str());
        if let Some(top) = name.strip_suffix("|help") {
            let lines = table().help.get(top).map_or(&[][..], Vec::as_slice);
            let lines = lines.iter().map(|line| Reply::Simple((*line).into()));
            return Ok(Reply::Array(lines.collect()));
        }
        if let Some(answer) = self.on_connection(cx, server, name, args, words) {
            return answer;
        }
        let data = Call { store: &mut server.store, db, now_ms, name, args }.run();
        data.unwrap_or_else(|| {
            Err(format!("NOPERM this user has no permissions to run the '{name}' command").into())
        })
    }

    /// The disk, with the rights of the server.
    pub(super) fn files(&self, now: Timestamp) -> Files {
        let persona = &self.open.host.persona;
        let runs_as = persona.redis.as_ref().map_or("root", |spec| spec.runs_as.as_str());
        let (uid, gid) =
            persona.user(runs_as.as_bytes()).map_or((65_534, 65_534), |u| (u.uid, u.gid));
        let mut files = Files::new(self.open.fs.clone(), uid, gid);
        files.at(now);
        files
    }

    /// Writes the file, and tells what it is for.
    pub(super) fn save(&mut self, cx: &mut Context<'_>, server: &mut Server) -> bool {
        const MODE: u16 = 0o644;
        let path = server.path();
        let purpose = Purpose::of(&path);
        let bytes = Bytes::from(server.dump(cx.now));
        server.store.worked(bytes.len());
        let size = bytes.len() as u64;
        let files = self.files(cx.now);
        let named = server.setting("dbfilename").trim_matches('.').is_empty();
        let saved = !named && files.store(path.as_bytes(), bytes, MODE).is_ok();
        self.saves += 1;
        if self.saves <= REDIS_SAVES {
            cx.record(EventKind::FileTransfer {
                protocol: "redis".to_owned(),
                operation: FileOperation::Upload,
                path: PeerText::truncated(path.as_bytes(), REQUEST_DETAIL_BYTES),
                size,
                success: saved,
                served: None,
            });
            if let Some(name) = purpose.attack() {
                attack(cx, name, path.as_bytes());
                self.keep(cx, server, &path, purpose);
            }
        }
        if saved {
            server.saved = server.host.clock(cx.now).secs();
            server.saves += 1;
            server.store.dirty = 0;
        }
        saved
    }

    /// Keeps what the attacker wrote, and runs it as cron would.
    fn keep(&mut self, cx: &mut Context<'_>, server: &Server, path: &str, purpose: Purpose) {
        let worth = server.texts().filter(|text| text.len() >= SAMPLE_BYTES_MIN);
        for text in worth.take(REDIS_SAVES as usize) {
            cx.effects.push(Effect::Capture(Capture {
                bytes: Bytes::copy_from_slice(text),
                how: CaptureHow::Uploaded,
                name: Some(PeerText::truncated(path.as_bytes(), REQUEST_DETAIL_BYTES)),
                url: None,
            }));
            if purpose == Purpose::Cron {
                for line in cron_lines(&server.host, path, text) {
                    let room = REDIS_CRON_LINES.saturating_sub(self.cron.started) as usize;
                    let known = self.cron.waiting.contains(&line);
                    if self.cron.waiting.len() < room && !known {
                        self.cron.waiting.push_back(line);
                    }
                }
            }
        }
    }

    /// Runs the next line of a crontab when the last one is over.
    fn run_cron(&mut self, cx: &mut Context<'_>) {
        loop {
            if let Some(running) = self.cron.running.take_if(|running| running.is_over()) {
                running.finish(cx);
            }
            if self.gone || self.cron.running.is_some() || self.cron.started >= REDIS_CRON_LINES {
                return;
            }
            let Some((user, line)) = self.cron.waiting.pop_front() else { return };
            self.cron.started += 1;
            let next_fetch = &mut self.cron.next_fetch;
            let running = Injected::start(cx, &self.open, &user, &line, next_fetch, SHELL);
            self.cron.running = Some(Box::new(running));
        }
    }

    /// The client's line of `CLIENT LIST`.
    pub(super) fn client_line(&self, cx: &Context<'_>, port: &str, command: &str) -> String {
        let client = &self.client;
        let flow = &self.open.flow;
        let age = cx.now.since(client.since).as_secs();
        let of = |ip: std::net::IpAddr, port: &dyn std::fmt::Display| match ip.to_canonical() {
            std::net::IpAddr::V6(ip) => format!("[{ip}]:{port}"),
            ip @ std::net::IpAddr::V4(_) => format!("{ip}:{port}"),
        };
        let flags =
            if client.channels.is_empty() && client.patterns.is_empty() { "N" } else { "P" };
        format!(
            "id={} addr={} laddr={} fd=8 name={} age={age} idle=0 flags={flags} db={} sub={} \
             psub={} ssub=0 multi=-1 qbuf={} qbuf-free={} argv-mem=10 multi-mem=0 rbs=1024 rbp=0 \
             obl=0 oll=0 omem=0 tot-mem=22298 events=r cmd={command} user=default redir=-1 \
             resp={}\n",
            client.id,
            of(flow.src_ip, &flow.src_port),
            of(flow.dst_ip, &port),
            shown(&client.name, 64),
            client.db,
            client.channels.len(),
            client.patterns.len(),
            command.len() + 2,
            20_474_usize.saturating_sub(command.len() + 2),
            if client.resp3 { 3 } else { 2 },
        )
    }
}

/// Records an attack.
pub(super) fn attack(cx: &mut Context<'_>, attack: &str, detail: &[u8]) {
    cx.record(EventKind::AttackRecognised {
        attack: attack.to_owned(),
        detail: PeerText::truncated(detail, REQUEST_DETAIL_BYTES),
    });
}

/// The command that words name, or what is said of one that is not there.
pub(super) fn find(words: &[Vec<u8>]) -> Result<&'static Command, Cow<'static, str>> {
    const SHOWN_BYTES: usize = 128;
    let (first, args) = words.split_first().ok_or("ERR unknown command")?;
    let name = String::from_utf8_lossy(first).to_ascii_lowercase();
    let Some(command) = table().commands.get(&name) else {
        let mut told = String::new();
        for arg in args {
            if told.len() >= SHOWN_BYTES {
                break;
            }
            let room = SHOWN_BYTES - told.len();
            let _ = write!(told, "'{}' ", shown(arg, room));
        }
        let first = shown(first, SHOWN_BYTES);
        return Err(
            format!("ERR unknown command '{first}', with args beginning with: {told}").into()
        );
    };
    let Some(second) = args.first().filter(|_| !command.below.is_empty()) else {
        return Ok(command);
    };
    command.subcommand(second).ok_or_else(|| {
        let second = shown(second, SHOWN_BYTES);
        let upper = name.to_ascii_uppercase();
        format!("ERR unknown subcommand '{second}'. Try {upper} HELP.").into()
    })
}

impl Session for RedisSession {
    fn protocol(&self) -> &'static str {
        "redis"
    }

    fn on_open(&mut self, _: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        self.server.lock().unwrap_or_else(PoisonError::into_inner).input += bytes.len() as u64;
        self.wire.feed(bytes);
        self.go_on(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = true;
            cx.close();
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if timer == SHELL
            && let Some(running) = &mut self.cron.running
        {
            running.on_timer(cx, &mut self.cron.next_fetch);
            self.run_cron(cx);
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let Some(running) = &mut self.cron.running {
            running.on_fetched(cx, &mut self.cron.next_fetch, fetch, fetched);
            self.run_cron(cx);
        }
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.over = true;
        if !self.gone {
            self.gone = true;
            let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
            server.clients = server.clients.saturating_sub(1);
        }
        if let Some(running) = self.cron.running.take() {
            running.finish(cx);
        }
    }
}

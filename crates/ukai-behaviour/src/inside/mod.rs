//! What the guest's trace says: one walk over its records, from which processes, files and
//! findings come, and facts for the rules.

mod files;
mod findings;
mod logs;
mod processes;
mod registry;
mod sleeps;

pub(crate) use findings::note;

use crate::Seen;
use crate::facts::{Fact, Facts};
use crate::limits::{FEW, NOTICES_MAX, OUTPUT_BYTES_MAX, TIMES_MAX};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use ukai_model::{FindingKind, Proof, Transport};
use ukai_trace::{Address, Notice, What};

/// What one run's trace says.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    pub(crate) run: u32,
    pub(crate) records: u64,
    pub(crate) lost: u64,
    pub(crate) reached: bool,
    pub(crate) not_started: Option<String>,
    pub(crate) processes: processes::Processes,
    pub(crate) files: files::Files,
    pub(crate) registry: registry::Registry,
    pub(crate) findings: findings::Findings,
    pub(crate) sockets: Sockets,
    pub(crate) output: Vec<u8>,
    pub(crate) slept_ms: u64,
    pub(crate) sleeps: sleeps::Sleeps,
    logs: logs::Logs,
}

/// Which process is behind which conversation.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    /// By both ends.
    exact: BTreeMap<(u8, SocketAddr, SocketAddr), u32>,
    /// By the far end: processes, attempts, bytes, times.
    by_remote: BTreeMap<(u8, SocketAddr), Remote>,
    pub(crate) left_out: u64,
}

/// What the guest says of one far end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remote {
    pub(crate) pids: Vec<u32>,
    /// Threads that connected.
    pub(crate) tasks: Vec<u32>,
    pub(crate) attempts: u64,
    pub(crate) sent: u64,
    pub(crate) times_ms: Vec<u64>,
    /// When something was sent over TCP, summed up between sleeps.
    pub(crate) sends_ms: Vec<u64>,
}

const TCP: u8 = 6;
const UDP: u8 = 17;

impl Sockets {
    /// The process behind a conversation, told by both ends.
    pub(crate) fn behind(
        &self,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Option<u32> {
        self.exact.get(&(number(transport), local, remote)).copied()
    }

    pub(crate) fn remote(&self, transport: Transport, remote: SocketAddr) -> Option<&Remote> {
        self.by_remote.get(&(number(transport), remote))
    }

    pub(crate) fn remotes(&self) -> impl Iterator<Item = (Transport, SocketAddr, &Remote)> {
        self.by_remote.iter().filter_map(|((protocol, remote), known)| {
            let transport = match *protocol {
                TCP => Transport::Tcp,
                UDP => Transport::Udp,
                _ => return None,
            };
            Some((transport, *remote, known))
        })
    }

    fn touch(
        &mut self,
        pid: u32,
        protocol: u8,
        local: &Address,
        remote: SocketAddr,
    ) -> Option<&mut Remote> {
        use crate::limits::DESTINATIONS_MAX;
        let remote = plain(remote);
        if let Address::Ip(local) = local
            && self.exact.len() < DESTINATIONS_MAX
        {
            self.exact.insert((protocol, plain(*local), remote), pid);
        }
        let key = (protocol, remote);
        if self.by_remote.len() >= DESTINATIONS_MAX && !self.by_remote.contains_key(&key) {
            self.left_out += 1;
            return None;
        }
        let known = self.by_remote.entry(key).or_default();
        if known.pids.len() < FEW && !known.pids.contains(&pid) {
            known.pids.push(pid);
        }
        Some(known)
    }
}

/// IPv4 is IPv4, also on a socket of IPv6.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

const fn number(transport: Transport) -> u8 {
    match transport {
        Transport::Tcp => TCP,
        Transport::Udp => UDP,
    }
}

impl Inside {
    /// Reads a run's trace.
    pub(crate) fn read(run: u32, seen: &Seen, facts: &mut Facts) -> Self {
        let mut inside = Self { run, ..Self::default() };
        inside.files.own.clone_from(&seen.settings.path);
        inside.records = seen.notices.len() as u64;
        for notice in seen.notices.iter().take(NOTICES_MAX) {
            inside.take(notice, facts);
        }
        inside.conclude(facts);
        inside
    }

    fn proof(&self, notice: &Notice) -> Proof {
        Proof { run: self.run, at_ms: notice.at_ns / 1_000_000, pid: Some(notice.pid), event: None }
    }

    fn take(&mut self, notice: &Notice, facts: &mut Facts) {
        let proof = self.proof(notice);
        let (pid, at_ms) = (notice.pid, proof.at_ms);
        let fact = |kind| Fact::new(kind, proof.clone());
        match &notice.what {
            What::Started {} => self.reached = true,
            What::Failed { step, error } => {
                let step = String::from_utf8_lossy(&step[..step.len().min(100)]).into_owned();
                self.not_started = Some(format!("{} failed: error {error}", step.escape_debug()));
            }
            // Those of the console are of after the run; where they come before, they were forged.
            What::Ready { .. }
            | What::Finished {}
            | What::Bind { .. }
            | What::Memory { .. }
            | What::Kept {}
            | What::Console {}
            | What::Screen { .. }
            | What::Typed { .. }
            | What::ConsoleEnded { .. } => {}
            What::Lost { records } => self.lost = self.lost.saturating_add(*records),
            What::Execute { parent, path, arguments, deleted, .. } => {
                self.reached = true;
                let command = joined(arguments);
                facts.add(
                    fact("execute")
                        .text("path", path)
                        .text("command", &command)
                        .number("deleted", u64::from(*deleted)),
                );
                self.processes.executes(pid, *parent, at_ms, path, &command, *deleted);
                self.files.executed(path, &proof);
                self.findings.executed(path, &command, *deleted, &proof);
            }
            What::Fork { child, thread } => {
                facts.add(fact("fork").number("thread", u64::from(*thread)));
                self.processes.forks(pid, *child, *thread, at_ms);
                if !thread {
                    self.sleeps.made(*child, pid, at_ms);
                }
            }
            What::Exit { status } => self.processes.exits(pid, at_ms, *status),
            What::Name { name } => {
                let program = self.processes.program(pid).to_vec();
                facts.add(fact("name").text("name", name).text("program", &program));
                self.processes.named(pid, at_ms, name);
                self.findings.named(name, &program, &proof);
            }
            What::Open { path, flags, error } => {
                const WRITES: u32 = 0o3;
                let writes = u64::from(flags & WRITES != 0);
                facts.add(fact("open").text("path", path).number("writes", writes));
                // What is not there was looked for all the same.
                const NOT_THERE: i32 = 2;
                if *error == 0 || *error == NOT_THERE {
                    self.findings.opened(path, &proof);
                }
                // Of regular files, their own records tell.
                if *error == 0 && writes == 1 && files::is_device(path) {
                    self.findings.wrote(path, false, &proof);
                }
            }
            What::Create { path } => {
                facts.add(fact("create").text("path", path));
                self.files.created(path, &proof);
                self.findings.wrote(path, true, &proof);
            }
            What::Write { path, size } => {
                facts.add(fact("write").text("path", path).number("size", *size));
                if !self.files.made_here(path) {
                    self.findings.wrote(path, false, &proof);
                }
                self.files.written(path, *size, &proof);
            }
            What::Rename { from, to } => {
                facts.add(fact("rename").text("path", from).text("to", to));
                self.files.renamed(from, to, &proof);
                self.findings.renamed(from, to, &proof);
            }
            What::Delete { path } => {
                let own = self.files.is_own(path);
                let own = own || self.processes.is_running(path);
                facts.add(fact("delete").text("path", path).number("own", u64::from(own)));
                self.files.deleted(path, &proof);
                self.findings.deleted(path, own, self.files.made_here(path), &proof);
            }
            What::Link { from, to, .. } => {
                facts.add(fact("link").text("path", from).text("to", to));
                self.findings.wrote(to, true, &proof);
            }
            What::Mode { path, mode } => {
                let executable = u64::from(mode & 0o111 != 0);
                facts.add(
                    fact("mode")
                        .text("path", path)
                        .text("mode", format!("{:o}", mode & 0o7777))
                        .number("executable", executable),
                );
                self.files.mode(path, *mode, &proof);
            }
            What::Socket { family, kind, protocol } => {
                facts.add(
                    fact("socket")
                        .number("family", u64::from(*family))
                        .number("type", u64::from(kind & 0xf))
                        .number("protocol", u64::from(*protocol)),
                );
                // There is none to be had, which a sample learns here already.
                const VSOCK: u32 = 40;
                if *family == VSOCK {
                    let kind = FindingKind::Interference;
                    self.findings.add(kind, "host-reached-for", b"vsock", &proof);
                }
            }
            What::Folder { path } => self.findings.wrote(path, true, &proof),
            What::Listen { local } => {
                let Address::Ip(local) = local else { return };
                let address = local.ip().to_canonical().to_string();
                facts.add(fact("listen").text("address", address).number("port", local.port()));
                self.processes.listens(pid, at_ms, local.port());
            }
            What::Connect { local, remote, protocol, error, task } => {
                self.processes.connects(pid, at_ms);
                // Of datagrams, it sends nothing: what is sent is told by itself.
                let silent = *protocol == UDP && *error == 0;
                let Address::Ip(remote) = remote else {
                    self.findings.reached_for(remote, &proof);
                    return;
                };
                let remote = plain(*remote);
                // So resolvers find out which of their own addresses leads there (RFC 6724).
                if remote.port() == 0 {
                    return;
                }
                facts.add(
                    fact("connect")
                        .text("address", remote.ip().to_string())
                        .number("port", remote.port())
                        .number("protocol", *protocol),
                );
                if silent {
                    return;
                }
                if let Some(known) = self.sockets.touch(pid, *protocol, local, remote) {
                    known.attempts += 1;
                    if known.tasks.len() < FEW && !known.tasks.contains(task) {
                        known.tasks.push(*task);
                    }
                    if known.times_ms.len() < TIMES_MAX {
                        known.times_ms.push(at_ms);
                    }
                }
            }
            What::Accept { .. } => self.processes.accepts(pid, at_ms),
            What::Send { local, remote, protocol, bytes, .. } => {
                self.processes.sends(pid, at_ms, *bytes);
                let Address::Ip(remote) = remote else { return };
                if let Some(known) = self.sockets.touch(pid, *protocol, local, *remote) {
                    known.sent = known.sent.saturating_add(*bytes);
                    if *protocol == TCP && known.sends_ms.len() < TIMES_MAX {
                        known.sends_ms.push(at_ms);
                    }
                    // A datagram is a contact of its own.
                    let room = *protocol == UDP && known.times_ms.len() < TIMES_MAX;
                    if room && known.times_ms.last() != Some(&at_ms) || known.times_ms.is_empty() {
                        known.times_ms.push(at_ms);
                    }
                }
            }
            What::Receive { local, remote, protocol, .. } => {
                let Address::Ip(remote) = remote else { return };
                self.sockets.touch(pid, *protocol, local, *remote);
            }
            What::Kill { target, name, signal } => {
                let own = self.processes.knows(*target);
                facts.add(
                    fact("kill")
                        .number("signal", u64::from(signal.unsigned_abs()))
                        .number("own", u64::from(own))
                        .text("name", name),
                );
                if !own && *signal != 0 {
                    self.findings.killed(name, *signal, &proof);
                }
                self.processes.kills(pid, at_ms, own);
            }
            What::Trace { target, request } => {
                let own = u64::from(matches!(*target, 0) || *target == pid);
                facts.add(fact("trace").number("request", *request).number("self", own));
                self.findings.traced(*target, *request, pid, &proof);
            }
            What::Mount { source, target, kind, .. } => {
                facts.add(
                    fact("mount").text("source", source).text("target", target).text("type", kind),
                );
                self.findings.mounted(source, target, kind, &proof);
            }
            What::Module { name } => {
                facts.add(fact("module").text("name", name));
                self.findings.add(FindingKind::Hiding, "kernel-module", name, &proof);
            }
            What::Reboot { command } => {
                facts.add(fact("reboot").number("command", *command));
                self.findings.add(FindingKind::Interference, "reboot", b"", &proof);
            }
            What::SetClock { .. } => {
                facts.add(fact("clock"));
                self.findings.add(FindingKind::Evasion, "clock-set", b"", &proof);
            }
            What::Registry { key, name, data, deleted } => {
                // Which program it was, its files do not say.
                let proof = Proof { pid: None, ..proof };
                self.registry_changed((&key[..], &name[..]), data, *deleted, proof, facts);
            }
            what @ What::Logged { .. } => self.logged(what, &proof, facts),
            What::Sleep { ns, skipped, task } => {
                let ms = ns / 1_000_000;
                if *skipped {
                    self.sleeps.skipped(pid, *task, at_ms, ms);
                }
                facts.add(fact("sleep").number("seconds", ms / 1_000));
                self.slept_ms = self.slept_ms.saturating_add(ms);
                self.findings.slept(ms, &proof);
            }
            What::Output { bytes, .. } => {
                facts.add(fact("output").text("text", bytes));
                let room = OUTPUT_BYTES_MAX - self.output.len().min(OUTPUT_BYTES_MAX);
                self.output.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            What::File { path, .. } => self.files.came(path, &proof),
        }
    }

    fn registry_changed(
        &mut self,
        (key, name): (&[u8], &[u8]),
        data: &[u8],
        deleted: bool,
        proof: Proof,
        facts: &mut Facts,
    ) {
        facts.add(
            Fact::new("registry", proof.clone())
                .text("key", key)
                .text("name", name)
                .text("data", data)
                .number("deleted", u64::from(deleted)),
        );
        if let Some((kind, how)) = registry::meaning(key, name).filter(|_| !deleted) {
            let detail = [key, b"\\", name, b" = ", data].concat();
            self.findings.add(kind, how, &detail, &proof);
        }
        let data = data.to_vec();
        self.registry.add(key, name, registry::Changed { data, deleted, proof });
    }

    /// What only the whole shows.
    fn conclude(&mut self, facts: &mut Facts) {
        self.findings.conclude(&self.files, self.run);
        for found in self.findings.all() {
            let proof = found.proofs.first().cloned().unwrap_or(Proof {
                run: self.run,
                at_ms: 0,
                pid: None,
                event: None,
            });
            facts.add(
                Fact::new("finding", proof)
                    .text("kind", found.kind_name())
                    .text("how", found.how)
                    .text("detail", &found.detail),
            );
        }
        self.processes.files_of(&self.files);
    }
}

/// A command line: arguments with a space between them, those with spaces in quotes.
fn joined(arguments: &[Vec<u8>]) -> Vec<u8> {
    const BYTES_MAX: usize = 4_096;
    let mut out = Vec::new();
    for argument in arguments {
        if !out.is_empty() {
            out.push(b' ');
        }
        if argument.is_empty() || argument.contains(&b' ') {
            out.push(b'\'');
            out.extend_from_slice(argument);
            out.push(b'\'');
        } else {
            out.extend_from_slice(argument);
        }
        if out.len() > BYTES_MAX {
            out.truncate(BYTES_MAX);
            break;
        }
    }
    out
}

/// The last part of a path.
pub(crate) fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or(path)
}

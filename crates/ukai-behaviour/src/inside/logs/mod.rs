//! What the guest's own event logs tell, where they are read after a run: processes, who talked,
//! who made files, and findings. What means nothing is counted by provider and number.

mod meaning;

use super::processes::Met;
use super::{Inside, base};
use crate::facts::{Fact, Facts};
use meaning::{Logged, Meaning};
use ukai_model::{FindingKind, Proof};
use ukai_trace::{Address, STATUS_UNKNOWN, What};

/// What is known of the numbers in the logs.
#[derive(Debug, Default)]
pub(super) struct Logs {
    /// The sample's process: its number in the guest, and the one under which it was told.
    sample: Option<(u32, u32)>,
}

/// A process that was started.
struct Started {
    pid: u32,
    parent: u32,
    path: Vec<u8>,
    command: Vec<u8>,
}

impl Inside {
    pub(super) fn logged(&mut self, what: &What, proof: &Proof, facts: &mut Facts) {
        let What::Logged { channel, provider, id, data, .. } = what else { return };
        // Who wrote it, is the log's own process.
        let proof = &Proof { pid: None, ..proof.clone() };
        let logged = Logged { provider, id: *id, data };
        facts.add(
            Fact::new("log", proof.clone())
                .text("channel", channel)
                .text("provider", provider)
                .number("id", *id)
                .text("text", logged.texts()),
        );
        match logged.meaning() {
            Meaning::Started { pid, parent, path, command } => {
                self.log_started(Started { pid, parent, path, command }, proof, facts);
            }
            Meaning::Ended { pid } => {
                if let Some(pid) = self.of_sample(pid) {
                    self.processes.exits(pid, proof.at_ms, STATUS_UNKNOWN);
                }
            }
            Meaning::Connected { pid, protocol, local, remote } => {
                let Some(pid) = self.of_sample(pid) else { return };
                self.processes.connects(pid, proof.at_ms);
                self.sockets.touch(pid, protocol, &Address::Ip(local), remote);
            }
            Meaning::Made { pid, path } => {
                let Some(pid) = self.of_sample(pid) else { return };
                let proof = Proof { pid: Some(pid), ..proof.clone() };
                facts.add(Fact::new("create", proof.clone()).text("path", &path));
                self.files.created(&path, &proof);
                self.findings.wrote(&path, true, &proof);
            }
            Meaning::Registry { pid, key, name, data } => {
                let Some(pid) = self.of_sample(pid) else { return };
                let proof = Proof { pid: Some(pid), ..proof.clone() };
                self.registry_changed((&key[..], &name[..]), &data, false, proof, facts);
            }
            Meaning::Finding { kind, how, detail } => self.findings.add(kind, how, &detail, proof),
            Meaning::Other => {
                let id = format!(" {id} in ");
                let detail = [&provider[..], id.as_bytes(), channel].concat();
                self.findings.add(FindingKind::Log, "other", &detail, proof);
            }
        }
    }

    /// The number under which a process of the sample's is told.
    fn of_sample(&self, pid: u32) -> Option<u32> {
        let pid = match self.logs.sample {
            Some((number, told)) if number == pid => told,
            _ => pid,
        };
        self.processes.knows(pid).then_some(pid)
    }

    /// What comes from the sample is a process of it; what does not, is only said to have been
    /// started: it may be the sample's doing by a service, or the system's.
    fn log_started(&mut self, started: Started, proof: &Proof, facts: &mut Facts) {
        let Started { pid, parent, path, command } = started;
        if self.logs.sample.is_none() && self.is_sample(&path, &command) {
            let told = self.processes.all().first().map(|process| process.pid);
            // The script that starts it has made its file writable before.
            if base(&path).eq_ignore_ascii_case(b"attrib.exe") {
                return;
            }
            self.logs.sample = told.map(|told| (pid, told));
            if told.is_some() {
                return;
            }
        }
        let Some(parent) = self.of_sample(parent) else {
            // Its number is another's now.
            if let Some(before) = self.of_sample(pid) {
                self.processes.exits(before, proof.at_ms, STATUS_UNKNOWN);
            }
            let what = if command.is_empty() { &path } else { &command };
            self.findings.add(FindingKind::Log, "process", what, proof);
            return;
        };
        let proof = &Proof { pid: Some(pid), ..proof.clone() };
        // Two logs may tell of the same, one with its command line.
        match self.processes.met(pid, proof.at_ms, &path, &command) {
            Met::Again => return,
            Met::WithCommand => {}
            Met::New => {
                self.processes.starts(pid, parent, proof.at_ms, &path, &command);
                self.files.executed(&path, proof);
            }
        }
        facts.add(
            Fact::new("execute", proof.clone())
                .text("path", &path)
                .text("command", &command)
                .number("deleted", 0_u64),
        );
        self.findings.executed(&path, &command, false, proof);
    }

    /// Whether a program is the sample, or was started with its file.
    fn is_sample(&self, path: &[u8], command: &[u8]) -> bool {
        let own = self.files.own.to_ascii_lowercase();
        let command = command.to_ascii_lowercase();
        !own.is_empty()
            && (path.eq_ignore_ascii_case(&own) || command.windows(own.len()).any(|w| w == own))
    }
}
